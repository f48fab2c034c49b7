"""Finds the Terraform (or OpenTofu) to run, and configures its source of providers.

``python -m tools.terraform`` prints the path of the program, and compiles OpenTofu first on a
computer that has neither.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.go_build import GoBuildError, GoProgram, build, say
from tools.go_build import cache_dir as cache_dir
from tools.paths import ROOT
from tools.providers import ProviderSource, find_source, missing_providers, provider_env
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

Version = tuple[int, int]


class TerraformUnavailableError(RuntimeError):
    """No usable Terraform or OpenTofu; the message says why and what to do."""


class ProvidersUnavailableError(TerraformUnavailableError):
    """No source has some providers; the message names them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        what = "provider" if len(names) == 1 else "providers"
        super().__init__(
            f"no {what} {', '.join(names)}, neither in a mirror here nor in the registry"
        )


@dataclass(frozen=True, slots=True)
class Program:
    """What a ``terraform`` or ``tofu`` says of itself."""

    name: str
    version: Version


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
    match = re.match(r"(Terraform|OpenTofu) v(\d+)\.(\d+)", done.stdout)
    return Program(match[1], (int(match[2]), int(match[3]))) if match else None


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
        TerraformUnavailableError: if Go is unavailable or the compilation fails.
    """
    target = built_opentofu()
    if target.is_file():
        return target
    say(f"No terraform {TERRAFORM_MINIMUM} or later on the PATH: OpenTofu is used instead")
    try:
        return build(OPENTOFU, target)
    except GoBuildError as error:
        raise TerraformUnavailableError(_no_terraform(str(error))) from error


def terraform_env(terraform: Path, source: ProviderSource) -> dict[str, str]:
    """The environment in which to run the program, or something that runs it (the cdktf CLI)."""
    env = provider_env(source, opentofu=is_opentofu(terraform))
    env["TERRAFORM_BINARY_NAME"] = str(terraform)
    env["CHECKPOINT_DISABLE"] = "1"
    return env


def is_opentofu(terraform: Path) -> bool:
    """Whether unqualified providers come from OpenTofu's registry."""
    program = inspect(terraform)
    return program is not None and program.name == "OpenTofu"


def require_providers(terraform: Path, *names: str) -> None:
    """Check that Terraform can install the providers (`aws`, `helm`, `kubernetes`) here.

    Raises:
        ProvidersUnavailableError: no source has one of them.
    """
    missing = missing_providers(terraform, names, opentofu=is_opentofu(terraform))
    if missing:
        raise ProvidersUnavailableError(missing)


def main() -> int:
    """Print the path of the program, building it if needed; say where providers come from."""
    try:
        print(find_terraform() or build_opentofu())
    except TerraformUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    for line in find_source().lines():
        say(line)
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


if __name__ == "__main__":
    sys.exit(main())
