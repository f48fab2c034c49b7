"""Finds the Terraform (or OpenTofu) to run, and sets up where it takes its providers from.

``python -m tools.terraform`` prints the path of the program, and compiles OpenTofu first on a
computer that has neither.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from tools.go_build import GoBuildError, GoProgram, build, say
from tools.go_build import cache_dir as cache_dir
from tools.paths import ROOT
from versions import OPENTOFU_VERSION, TERRAFORM_MINIMUM

OPENTOFU: Final = GoProgram(
    name="OpenTofu",
    version=OPENTOFU_VERSION,
    module=ROOT / "tools" / "opentofu",
    package="github.com/opentofu/opentofu/cmd/tofu",
    minutes=4,
    # As in OpenTofu's releases; without it the version ends in -dev.
    ldflags=("-X github.com/opentofu/opentofu/version.dev=no",),
)
# Beside the repository, not in it: only some computers have a provider mirror.
MIRROR_FINDER: Final = ROOT.parent / "shared" / "ci" / "terraform-mirror"

Version = tuple[int, int]


class TerraformUnavailableError(RuntimeError):
    """No usable Terraform or OpenTofu; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a ``terraform`` or ``tofu`` says of itself."""

    name: str
    version: Version

    @property
    def is_opentofu(self) -> bool:
        """Whether unqualified providers come from OpenTofu's registry."""
        return self.name == "OpenTofu"


def built_opentofu() -> Path:
    """Where `build_opentofu` puts its result."""
    return cache_dir() / f"opentofu-{OPENTOFU_VERSION}" / "tofu"


def inspect(program: Path | str) -> Program | None:
    """What the program says of itself, or None if it cannot be run or is something else."""
    # A CLI configuration that names a missing file, or a call home, must not decide the answer.
    env = {k: v for k, v in os.environ.items() if k != "TF_CLI_CONFIG_FILE"}
    env["CHECKPOINT_DISABLE"] = "1"
    try:
        done = subprocess.run(
            [str(program), "version"], capture_output=True, text=True, timeout=60, env=env
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"(Terraform|OpenTofu) v(\d+)\.(\d+)", done.stdout)
    return Program(found[1], (int(found[2]), int(found[3]))) if found else None


def find_terraform() -> Path | None:
    """The program to run, without building one; None if there is none.

    Raises:
        TerraformUnavailableError: if TERRAFORM_BINARY_NAME names one that cannot be used. An
            explicit choice is never replaced silently.
    """
    chosen = os.environ.get("TERRAFORM_BINARY_NAME")
    if chosen:
        return _explicit(chosen)
    for name in ("terraform", "tofu"):
        path = shutil.which(name)
        if path and _new_enough(inspect(path)):
            return Path(path)
    built = built_opentofu()
    return built if _new_enough(inspect(built)) else None


def build_opentofu() -> Path:
    """Compile the OpenTofu pinned in tools/opentofu into the cache, unless it is there already.

    Raises:
        TerraformUnavailableError: if Go cannot be had or the compilation fails.
    """
    target = built_opentofu()
    if target.is_file():
        return target
    say(f"No terraform {TERRAFORM_MINIMUM} or later on the PATH: OpenTofu is used instead")
    try:
        return build(OPENTOFU, target)
    except GoBuildError as error:
        raise TerraformUnavailableError(_no_terraform(str(error))) from error


def find_mirror() -> Path | None:
    """The root of a provider mirror on this computer, or None: providers then come from a registry.

    An existing TF_CLI_CONFIG_FILE is asked first, as looking for a mirror reads the whole disk.
    """
    return _mirror_in(_configured_file()) or _mirror_in(_run_mirror_finder())


def cli_config(terraform: Path, mirror: Path | None) -> Path | None:
    """Write the CLI configuration with which the program takes what it can from the mirror.

    OpenTofu reads ``hashicorp/aws`` as its own registry's, so it gets a view of the mirror in which
    that registry has the same packages. What the mirror lacks still comes from a registry.
    """
    if mirror is None:
        return None
    if _needs_view(terraform):
        name, root = "opentofu.tfrc", _opentofu_view(mirror)
    else:
        name, root = "terraform.tfrc", mirror
    config = _private_dir(mirror) / name
    _write_if_changed(config, _cli_config_text(root))
    return config


def terraform_env(terraform: Path, mirror: Path | None) -> dict[str, str]:
    """The environment in which to run the program, or something that runs it (the cdktf CLI)."""
    env = dict(os.environ)
    env["TERRAFORM_BINARY_NAME"] = str(terraform)
    env["CHECKPOINT_DISABLE"] = "1"
    configured = _configured_file()
    if configured is None:
        # One that names a missing file only makes Terraform warn at every run.
        env.pop("TF_CLI_CONFIG_FILE", None)
    config = cli_config(terraform, mirror)
    if config is None:
        _use_plugin_cache(env)
    elif configured is None or _mirror_in(configured) is None or _needs_view(terraform):
        env["TF_CLI_CONFIG_FILE"] = str(config)
    return env


def main() -> int:
    """Print the path of the program to use, building it if needed."""
    try:
        print(find_terraform() or build_opentofu())
    except TerraformUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _explicit(chosen: str) -> Path:
    path = shutil.which(chosen)
    program = inspect(path) if path else None
    if path is None or program is None:
        raise TerraformUnavailableError(
            f"TERRAFORM_BINARY_NAME={chosen} is not a Terraform or OpenTofu that runs here. "
            "Correct it, or unset it to use the one on the PATH."
        )
    if not _new_enough(program):
        raise TerraformUnavailableError(
            f"TERRAFORM_BINARY_NAME={chosen} is {program.name} "
            f"{program.version[0]}.{program.version[1]}; {TERRAFORM_MINIMUM} or later is needed, "
            "because the state backend locks with S3 itself (use_lockfile)."
        )
    return Path(path).absolute()


def _new_enough(program: Program | None) -> bool:
    return program is not None and program.version >= _version(TERRAFORM_MINIMUM)


def _version(text: str) -> Version:
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


def _no_terraform(why: str) -> str:
    return (
        f"No usable Terraform. Install Terraform or OpenTofu {TERRAFORM_MINIMUM} or later, or set "
        f"TERRAFORM_BINARY_NAME. OpenTofu could not be built here: {why}"
    )


def _configured_file() -> Path | None:
    named = os.environ.get("TF_CLI_CONFIG_FILE")
    return Path(named) if named and Path(named).is_file() else None


def _run_mirror_finder() -> Path | None:
    if not MIRROR_FINDER.is_file():
        return None
    done = subprocess.run(["bash", str(MIRROR_FINDER)], capture_output=True, text=True, check=False)  # noqa: S607
    printed = done.stdout.strip()
    return Path(printed) if printed and Path(printed).is_file() else None


def _mirror_in(config: Path | None) -> Path | None:
    if config is None:
        return None
    text = config.read_text(encoding="utf-8")
    found = re.search(r'filesystem_mirror\s*\{[^}]*?\bpath\s*=\s*"([^"]+)"', text)
    return Path(found[1]) if found and Path(found[1]).is_dir() else None


def _needs_view(terraform: Path) -> bool:
    program = inspect(terraform)
    return program is not None and program.is_opentofu


def _private_dir(mirror: Path) -> Path:
    return cache_dir() / "mirrors" / sha256(str(mirror.resolve()).encode()).hexdigest()[:12]


def _opentofu_view(mirror: Path) -> Path:
    """A mirror with each package of registry.terraform.io under registry.opentofu.org as well."""
    view = _private_dir(mirror) / "opentofu"
    for package in _packages(mirror):
        relative = package.relative_to(mirror)
        for host in ("registry.terraform.io", "registry.opentofu.org"):
            link = view / host / Path(*relative.parts[1:])
            # OpenTofu follows a link to a package, but not one to a folder above it.
            _link(link, package)
    return view


def _packages(mirror: Path) -> list[Path]:
    providers = [path for path in mirror.glob("registry.terraform.io/*/*") if path.is_dir()]
    unpacked = [path for provider in providers for path in provider.glob("*/*") if path.is_dir()]
    return unpacked + [path for provider in providers for path in provider.glob("*.zip")]


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(target.resolve(), target_is_directory=target.is_dir())


def _cli_config_text(root: Path) -> str:
    providers = sorted(
        "/".join(path.relative_to(root).parts)
        for path in root.glob("registry.*/*/*")
        if path.is_dir()
    )
    # Without the exclusion Terraform would ask the registry for versions newer than the mirror's.
    excluded = ", ".join(json.dumps(provider) for provider in providers)
    return (
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path = {json.dumps(str(root))}\n  }}\n"
        f"  direct {{\n    exclude = [{excluded}]\n  }}\n"
        "}\n"
    )


def _write_if_changed(path: Path, text: str) -> None:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _use_plugin_cache(env: dict[str, str]) -> None:
    plugins = cache_dir() / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    env.setdefault("TF_PLUGIN_CACHE_DIR", str(plugins))
    # Without a lock file, as in a freshly synthesized folder, the cache is not used otherwise.
    # What may break is a lock file made on another system; those here are never shared.
    env.setdefault("TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE", "true")
    # The cdktf CLI would put a cache of its own in place of this one.
    env["CDKTF_DISABLE_PLUGIN_CACHE_ENV"] = "1"


if __name__ == "__main__":
    sys.exit(main())
