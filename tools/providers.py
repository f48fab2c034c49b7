"""The source of Terraform providers: the first one on this computer that has them.

In this order: the CLI configuration that TF_CLI_CONFIG_FILE names (or ``~/.terraformrc``), if it
says how to install providers; Terraform's implied local mirrors and the plugin caches; a filesystem
mirror below one of the usual folders; the registry. An environment variable replaces those folders:
``PROVIDER_MIRROR_ROOTS``, separated as in PATH, empty for none.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from tools.go_build import cache_dir
from versions import PROVIDER_RANGES

REGISTRY: Final = "registry.terraform.io"
OPENTOFU_REGISTRY: Final = "registry.opentofu.org"
NAMESPACE: Final = "hashicorp"
ROOTS_VARIABLE: Final = "PROVIDER_MIRROR_ROOTS"
USUAL_ROOTS: Final = ("/opt", "/usr/local", "/usr/share", "/var/lib", "~/.terraform.d")
# Bounds of the search, so that it takes well under a second: a mirror is near the top of a root.
DEPTH: Final = 5
FOLDERS: Final = 20_000
INIT_SECONDS: Final = 600
# What `terraform init` prints when a provider is in no source, or its source does not answer.
_UNAVAILABLE: Final = ("Failed to query available provider packages", "Failed to install provider")


class ProviderError(RuntimeError):
    """Terraform cannot install a provider for another reason than that no source has it."""


@dataclass(frozen=True, slots=True)
class ProviderSource:
    """Where each provider comes from."""

    configuration: Path | None = None
    """The user's CLI configuration, if it says how to install providers."""
    local: tuple[tuple[str, Path], ...] = ()
    """Provider and root of the mirror that has it; the others come from the registry."""
    ignored: str = ""
    """A value of TF_CLI_CONFIG_FILE that names no file."""

    @property
    def mirrors(self) -> tuple[Path, ...]:
        """The roots, each once."""
        return tuple(dict.fromkeys(root for _, root in self.local))

    def lines(self) -> list[str]:
        """A message for the user: one line, and one more if TF_CLI_CONFIG_FILE is ignored."""
        notes = (
            [f"TF_CLI_CONFIG_FILE is ignored: {self.ignored} does not exist"]
            if self.ignored
            else []
        )
        if self.configuration:
            return [*notes, f"Providers: as {self.configuration} configures"]
        parts = [
            f"{', '.join(name for name, root in self.local if root == mirror)} from {mirror}"
            for mirror in self.mirrors
        ]
        others = [name for name in PROVIDER_RANGES if name not in dict(self.local)]
        parts += [f"{', '.join(others)} from the registry"] if others else []
        return [*notes, f"Providers: {'; '.join(parts)}"]


def find_source() -> ProviderSource:
    """The source of each provider on this computer. Only folders and files are looked at."""
    named = os.environ.get("TF_CLI_CONFIG_FILE", "")
    ignored = named if named and not Path(named).is_file() else ""
    configuration = Path(named) if named and not ignored else Path.home() / ".terraformrc"
    text = configuration.read_text(encoding="utf-8") if configuration.is_file() else ""
    if re.search(r"^\s*provider_installation\b", text, re.MULTILINE):
        paths = re.findall(r'filesystem_mirror\s*\{[^}]*?\bpath\s*=\s*"([^"]+)"', text)
        roots = [Path(path).expanduser() for path in paths]
        return ProviderSource(configuration=configuration, local=_local(roots), ignored=ignored)
    roots = [*_implied_mirrors(), *_plugin_caches(text), *_searched()]
    return ProviderSource(local=_local(roots), ignored=ignored)


def provider_env(source: ProviderSource, *, opentofu: bool) -> dict[str, str]:
    """This process' environment, changed so that Terraform uses the source.

    OpenTofu reads ``hashicorp/aws`` as its own registry's, so it gets a view of each mirror in
    which that registry has the same packages.
    """
    env = dict(os.environ)
    if source.ignored:
        # Terraform would only warn of it at every run.
        env.pop("TF_CLI_CONFIG_FILE", None)
    if source.configuration and not (opentofu and source.local):
        # It may hold more than mirrors, so it is used as it is.
        env["TF_CLI_CONFIG_FILE"] = str(source.configuration)
    elif source.local:
        env["TF_CLI_CONFIG_FILE"] = str(cli_config(source, opentofu=opentofu))
        # Terraform cannot install a package of a plugin cache into that cache.
        env.pop("TF_PLUGIN_CACHE_DIR", None)
    else:
        _use_plugin_cache(env)
    return env


def cli_config(source: ProviderSource, *, opentofu: bool) -> Path:
    """Write the CLI configuration that takes from the mirrors what they have; return its path."""
    roots = [(_opentofu_view(root) if opentofu else root) for root in source.mirrors]
    hosts = (REGISTRY, OPENTOFU_REGISTRY) if opentofu else (REGISTRY,)
    # Without the exclusion Terraform would ask the registry for versions newer than the mirror's.
    excluded = [f"{host}/{NAMESPACE}/{name}" for host in hosts for name, _ in source.local]
    blocks = [
        f"  filesystem_mirror {{\n    path = {json.dumps(str(root))}\n  }}\n" for root in roots
    ]
    text = "provider_installation {\n"
    text += "".join(blocks)
    text += f"  direct {{\n    exclude = {json.dumps(excluded)}\n  }}\n}}\n"
    name = "opentofu.tfrc" if opentofu else "terraform.tfrc"
    config = cache_dir() / "mirrors" / sha256(text.encode()).hexdigest()[:12] / name
    _write_if_changed(config, text)
    return config


@lru_cache
def missing_providers(
    terraform: Path, names: tuple[str, ...], *, opentofu: bool
) -> tuple[str, ...]:
    """The providers of the given ones that no source has; Terraform is asked once per process.

    Raises:
        ProviderError: `terraform init` fails for another reason.
    """
    source = find_source()
    env = provider_env(source, opentofu=opentofu) | {"CHECKPOINT_DISABLE": "1"}
    # Arguments from outside could change the answer.
    env = {key: value for key, value in env.items() if not key.startswith("TF_CLI_ARGS")}
    there = () if source.configuration else tuple(dict(source.local))
    return tuple(
        name for name in names if name not in there and not _installs(terraform, name, env)
    )


def offers(root: Path, name: str) -> bool:
    """Whether a mirror or cache has a version of the provider that the stacks take, for here."""
    folder = root / REGISTRY / NAMESPACE / name
    system = _platform()
    unpacked = [path.parent.name for path in folder.glob(f"*/{system}") if path.is_dir()]
    pattern = re.compile(rf"terraform-provider-{name}_(.+)_{system}\.zip")
    packed = [match[1] for path in folder.glob("*.zip") if (match := pattern.fullmatch(path.name))]
    return any(in_range(version, PROVIDER_RANGES[name]) for version in unpacked + packed)


def in_range(version: str, allowed: str) -> bool:
    """Whether a released version such as 5.100.0 is within a range such as `>= 5.100, < 7`."""
    if not re.fullmatch(r"\d+(\.\d+)*", version):
        return False
    least, below = re.findall(r"[\d.]+", allowed)
    return _numbers(least) <= _numbers(version) < _numbers(below)


def _local(roots: Sequence[Path]) -> tuple[tuple[str, Path], ...]:
    choices = [
        (name, next((root for root in roots if offers(root, name)), None))
        for name in PROVIDER_RANGES
    ]
    return tuple((name, root) for name, root in choices if root)


def _implied_mirrors() -> Iterator[Path]:
    """As documented: Terraform CLI configuration, "Implied Local Mirror Directories"."""
    yield Path.home() / ".terraform.d" / "plugins"
    if sys.platform == "darwin":
        support = Path("Library/Application Support/io.hashicorp.terraform/plugins")
        yield Path.home() / support
        yield Path("/") / support
        return
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    for folder in (data, *filter(None, shared.split(":"))):
        yield Path(folder) / "terraform" / "plugins"


def _plugin_caches(configuration: str) -> Iterator[Path]:
    """A cache has the layout of a mirror; as a cache alone it is of no use without a registry."""
    if named := os.environ.get("TF_PLUGIN_CACHE_DIR"):
        yield Path(named)
    for path in re.findall(r'^\s*plugin_cache_dir\s*=\s*"([^"]+)"', configuration, re.MULTILINE):
        yield Path(os.path.expandvars(path)).expanduser()
    yield _own_plugin_cache()


def _searched() -> list[Path]:
    """Mirrors below the usual folders, the nearest to the top first."""
    value = os.environ.get(ROOTS_VARIABLE)
    roots = USUAL_ROOTS if value is None else [root for root in value.split(os.pathsep) if root]
    level = [Path(root).expanduser() for root in roots]
    mirrors: list[Path] = []
    seen = 0
    for _ in range(DEPTH):
        below: list[Path] = []
        for folder in level:
            names = _subfolders(folder)
            seen += len(names)
            if REGISTRY in names:
                mirrors.append(folder)
            else:
                below += [folder / name for name in names]
        if seen > FOLDERS:
            break
        level = below
    return mirrors


def _subfolders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        # Missing, or not ours to read.
        return []


def _installs(terraform: Path, name: str, env: dict[str, str]) -> bool:
    required = {name: {"source": f"{NAMESPACE}/{name}", "version": PROVIDER_RANGES[name]}}
    with tempfile.TemporaryDirectory() as folder:
        stack = {"terraform": {"required_providers": required}}
        (Path(folder) / "main.tf.json").write_text(json.dumps(stack), encoding="utf-8")
        done = subprocess.run(
            [str(terraform), "init", "-input=false", "-no-color"],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=INIT_SECONDS,
        )
    output = done.stdout + done.stderr
    if done.returncode != 0 and not any(sign in output for sign in _UNAVAILABLE):
        raise ProviderError(f"terraform init with provider {name} alone: {output}")
    return done.returncode == 0


def _opentofu_view(mirror: Path) -> Path:
    """A mirror with each package of registry.terraform.io under registry.opentofu.org as well."""
    view = cache_dir() / "mirrors" / sha256(str(mirror.resolve()).encode()).hexdigest()[:12]
    view /= "opentofu"
    for package in _packages(mirror):
        relative = package.relative_to(mirror)
        for host in (REGISTRY, OPENTOFU_REGISTRY):
            # OpenTofu follows a link to a package, but not one to a folder above it.
            _link(view / host / Path(*relative.parts[1:]), package)
    return view


def _packages(mirror: Path) -> list[Path]:
    providers = [path for path in mirror.glob(f"{REGISTRY}/*/*") if path.is_dir()]
    unpacked = [path for provider in providers for path in provider.glob("*/*") if path.is_dir()]
    return unpacked + [path for provider in providers for path in provider.glob("*.zip")]


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() and link.exists():
        return
    # Put in place whole: another run may do the same at this moment.
    with tempfile.TemporaryDirectory(dir=link.parent) as scratch:
        fresh = Path(scratch) / link.name
        fresh.symlink_to(target.resolve(), target_is_directory=target.is_dir())
        fresh.replace(link)


def _write_if_changed(path: Path, text: str) -> None:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        fresh = Path(scratch) / path.name
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)


def _use_plugin_cache(env: dict[str, str]) -> None:
    plugins = _own_plugin_cache()
    plugins.mkdir(parents=True, exist_ok=True)
    env.setdefault("TF_PLUGIN_CACHE_DIR", str(plugins))
    # Without a lock file, as in a freshly synthesized folder, the cache is not used otherwise.
    # What may break is a lock file made on another system; those here are never shared.
    env.setdefault("TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE", "true")
    # The cdktf CLI would put a cache of its own in place of this one.
    env["CDKTF_DISABLE_PLUGIN_CACHE_ENV"] = "1"


def _own_plugin_cache() -> Path:
    return cache_dir() / "plugins"


def _platform() -> str:
    """Operating system and processor as in the names of providers' packages."""
    machine = platform.machine().lower()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}_{machine}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
