"""Where providers come from, and what is said of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import providers, terraform
from tools.providers import ProviderError, ProviderSource, find_source

SYSTEM = providers._platform()
REGISTRY = "registry.terraform.io"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home on a computer that has no mirror, cache or configuration."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(folder / "share"))
    monkeypatch.setenv("PROVIDER_MIRROR_ROOTS", str(tmp_path / "opt"))
    providers.missing_providers.cache_clear()
    return folder


def put(root: Path, provider: str = "aws", version: str = "5.100.0") -> Path:
    """A mirror with an unpacked provider."""
    (root / REGISTRY / "hashicorp" / provider / version / SYSTEM).mkdir(parents=True)
    return root


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def installation(mirror: Path) -> str:
    return f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'


def program(path: Path, version: str, init: str = "exit 0") -> Path:
    body = f'#!/bin/sh\n[ "$1" = version ] && {{ echo "{version}"; exit 0; }}\n{init}\n'
    written(path, body).chmod(0o755)
    return path


# --- The order ----------------------------------------------------------------------------------


def test_without_any_source_everything_comes_from_the_registry(home: Path) -> None:
    source = find_source()
    assert source == ProviderSource()
    assert source.lines() == ["Providers: aws, helm, kubernetes from the registry"]


@pytest.mark.parametrize(
    "place",
    [".terraform.d/plugins", ".local/share/terraform/plugins", "share/terraform/plugins"],
)
@pytest.mark.skipif(SYSTEM.startswith("darwin"), reason="macOS has other folders")
def test_the_implied_mirrors_of_terraform_are_used(home: Path, place: str) -> None:
    mirror = put(home / place)
    assert find_source().lines() == [
        f"Providers: aws from {mirror}; helm, kubernetes from the registry"
    ]


@pytest.mark.parametrize("which", ["variable", "configuration", "own"])
def test_a_plugin_cache_is_read_as_a_mirror(
    home: Path, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = put(
        home / "cache/eks-observability-foundation/plugins" if which == "own" else home / "c"
    )
    if which == "variable":
        monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(cache))
    if which == "configuration":
        written(home / ".terraformrc", 'plugin_cache_dir = "$HOME/c"\n')
    source = find_source()
    assert source.local == (("aws", cache),)
    # Terraform cannot install from a cache into itself.
    assert "TF_PLUGIN_CACHE_DIR" not in providers.provider_env(source, opentofu=False)


def test_a_mirror_below_a_usual_folder_is_found_last(home: Path, tmp_path: Path) -> None:
    searched = put(put(tmp_path / "opt" / "vendor" / "mirror"), "helm", "3.1.1")
    assert find_source().local == (("aws", searched), ("helm", searched))
    implied = put(home / ".terraform.d" / "plugins", "aws", "6.25.0")
    source = find_source()
    assert source.local == (("aws", implied), ("helm", searched))
    assert source.lines() == [
        f"Providers: aws from {implied}; helm from {searched}; kubernetes from the registry"
    ]


def test_a_search_is_bounded(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "opt" / "a" / "b" / "c" / "d" / "e")
    (tmp_path / "opt" / "loop").symlink_to(tmp_path)
    assert find_source().local == ()
    put(tmp_path / "opt" / "near" / "mirror")
    assert find_source().local != ()
    monkeypatch.setattr(providers, "FOLDERS", 1)
    assert find_source().local == ()


@pytest.mark.parametrize("version", ["5.99.0", "7.0.0", "6.0.0-beta1", "5.9.0"])
def test_a_version_that_the_stacks_do_not_take_is_no_source(
    home: Path, tmp_path: Path, version: str
) -> None:
    put(tmp_path / "opt" / "mirror", "aws", version)
    assert find_source().local == ()


def test_a_package_of_another_system_is_no_source(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "opt" / "mirror" / REGISTRY / "hashicorp" / "aws"
    (folder / "5.100.0" / "plan9_amd64").mkdir(parents=True)
    (folder / "terraform-provider-aws_5.100.0_plan9_amd64.zip").touch()
    assert find_source().local == ()
    (folder / f"terraform-provider-aws_5.100.0_{SYSTEM}.zip").touch()
    assert find_source().local == (("aws", tmp_path / "opt" / "mirror"),)


def test_the_usual_folders_are_searched_where_none_are_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert providers.USUAL_ROOTS == (
        "/opt",
        "/usr/local",
        "/usr/share",
        "/var/lib",
        "~/.terraform.d",
    )
    monkeypatch.delenv("PROVIDER_MIRROR_ROOTS")
    monkeypatch.setattr(providers, "USUAL_ROOTS", ("~/.terraform.d",))
    mirror = put(home / ".terraform.d" / "mirror")
    assert find_source().local == (("aws", mirror),)


# --- The user's configuration -------------------------------------------------------------------


def test_a_configuration_that_is_missing_is_one_line(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/nowhere/terraform.tfrc")
    mirror = put(tmp_path / "opt" / "mirror")
    source = find_source()
    assert source.lines() == [
        "TF_CLI_CONFIG_FILE is ignored: /nowhere/terraform.tfrc does not exist",
        f"Providers: aws from {mirror}; helm, kubernetes from the registry",
    ]
    assert providers.provider_env(source, opentofu=False)["TF_CLI_CONFIG_FILE"] != (
        "/nowhere/terraform.tfrc"
    )
    assert "TF_CLI_CONFIG_FILE" not in providers.provider_env(
        ProviderSource(ignored="/nowhere/terraform.tfrc"), opentofu=False
    )


@pytest.mark.parametrize("named", [True, False])
def test_what_the_users_configuration_says_comes_first(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    put(tmp_path / "opt" / "mirror")
    own = put(tmp_path / "own")
    file = written(tmp_path / "x.tfrc" if named else home / ".terraformrc", installation(own))
    if named:
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(file))
    source = find_source()
    assert source.lines() == [f"Providers: as {file} configures"]
    # Terraform keeps the user's file, which may hold more than a mirror; OpenTofu needs the view.
    for_terraform = providers.provider_env(source, opentofu=False)
    assert for_terraform["TF_CLI_CONFIG_FILE"] == str(file)
    assert "TF_PLUGIN_CACHE_DIR" not in for_terraform
    for_opentofu = providers.provider_env(source, opentofu=True)
    assert for_opentofu["TF_CLI_CONFIG_FILE"].endswith("opentofu.tfrc")


def test_a_network_mirror_is_left_as_it_is(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "opt" / "mirror")
    text = 'provider_installation {\n  network_mirror {\n    url = "https://x/"\n  }\n}\n'
    file = written(tmp_path / "x.tfrc", text)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(file))
    for opentofu in (True, False):
        env = providers.provider_env(find_source(), opentofu=opentofu)
        assert env["TF_CLI_CONFIG_FILE"] == str(file)


# --- What Terraform is given --------------------------------------------------------------------


def test_terraform_reads_the_mirror_as_it_is(home: Path, tmp_path: Path) -> None:
    mirror = put(tmp_path / "opt" / "mirror")
    env = providers.provider_env(find_source(), opentofu=False)
    text = Path(env["TF_CLI_CONFIG_FILE"]).read_text(encoding="utf-8")
    assert f'path = "{mirror}"' in text
    assert f'exclude = ["{REGISTRY}/hashicorp/aws"]' in text


def test_opentofu_finds_the_packages_under_its_own_registry(home: Path, tmp_path: Path) -> None:
    mirror = put(tmp_path / "opt" / "mirror")
    packages = mirror / REGISTRY / "hashicorp" / "aws"
    (packages / "5.100.0" / SYSTEM / "terraform-provider-aws_v5.100.0_x5").touch()
    (packages / f"terraform-provider-aws_6.0.0_{SYSTEM}.zip").touch()
    configs = {providers.cli_config(find_source(), opentofu=True) for _ in range(2)}
    (config,) = configs
    text = config.read_text(encoding="utf-8")
    root = re.search(r'path = "([^"]+)"', text)
    assert root is not None
    assert Path(root[1]) != mirror
    assert "registry.opentofu.org/hashicorp/aws" in text
    view = Path(root[1]) / "registry.opentofu.org" / "hashicorp" / "aws"
    assert (view / "5.100.0" / SYSTEM).is_symlink()
    assert (view / f"5.100.0/{SYSTEM}/terraform-provider-aws_v5.100.0_x5").is_file()
    assert (view / f"terraform-provider-aws_6.0.0_{SYSTEM}.zip").is_file()
    assert not [path for path in view.rglob("*") if path.name.startswith("tmp")]


def test_the_registry_means_a_shared_plugin_cache(home: Path, tmp_path: Path) -> None:
    tool = program(tmp_path / "terraform", "Terraform v1.11.4")
    env = terraform.terraform_env(tool, find_source())
    assert env["TERRAFORM_BINARY_NAME"] == str(tool)
    assert env["CHECKPOINT_DISABLE"] == "1"
    assert Path(env["TF_PLUGIN_CACHE_DIR"]).is_dir()
    assert "TF_CLI_CONFIG_FILE" not in env


# --- What is missing ----------------------------------------------------------------------------

NOT_THERE = 'echo "Error: Failed to query available provider packages"; exit 1'


def test_terraform_is_asked_for_what_no_mirror_has(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    tool = program(tmp_path / "terraform", "Terraform v1.11.4", f"echo x >> {log}; {NOT_THERE}")
    put(tmp_path / "opt" / "mirror")
    terraform.require_providers(tool, "aws")
    assert not log.exists()
    for _ in range(2):
        with pytest.raises(terraform.ProvidersUnavailableError) as caught:
            terraform.require_providers(tool, "helm", "kubernetes")
    assert str(caught.value) == (
        "no providers helm, kubernetes, neither in a mirror here nor in the registry"
    )
    assert log.read_text(encoding="utf-8").count("x") == 2, "once for each provider"


def test_a_registry_that_answers_has_them(home: Path, tmp_path: Path) -> None:
    tool = program(tmp_path / "terraform", "Terraform v1.11.4")
    terraform.require_providers(tool, "aws", "helm", "kubernetes")


def test_another_failure_is_not_taken_for_a_missing_provider(home: Path, tmp_path: Path) -> None:
    tool = program(tmp_path / "terraform", "Terraform v1.11.4", "echo 'no space left'; exit 1")
    with pytest.raises(ProviderError, match="no space left"):
        terraform.require_providers(tool, "aws")


def test_ci_runs_what_people_run() -> None:
    text = (Path(__file__).parents[2] / ".ci" / "run").read_text(encoding="utf-8")
    cd, run = [line for line in text.splitlines() if not line.startswith("#")]
    assert cd == 'cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit'
    assert run == "exec make test"


@pytest.mark.parametrize(
    ("version", "taken"), [("2.37.1", False), ("2.38.0", True), ("3.2.1", True), ("4.0.0", False)]
)
def test_two_major_versions_of_the_kubernetes_provider_are_taken(
    tmp_path: Path, version: str, taken: bool
) -> None:
    put(tmp_path, "kubernetes", version)
    assert providers.offers(tmp_path, "kubernetes") is taken
