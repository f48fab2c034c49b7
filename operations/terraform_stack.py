"""Run Terraform on one synthesized stack, and keep its own words when it fails."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.providers import find_source
from tools.terraform import build_opentofu, find_terraform, terraform_env

COMMAND_SECONDS = 1800
"""The slowest command of a rehearsal takes 1/30 of it; the provider would wait for an hour."""

NO_CHANGES, CHANGES = 0, 2
"""Exit codes of `terraform plan -detailed-exitcode`."""


class TerraformError(RuntimeError):
    """Terraform refused or failed; the message is what it printed."""


@dataclass(frozen=True, kw_only=True)
class Terraform:
    """A Terraform program and the environment that it runs in."""

    program: Path
    environment: dict[str, str]

    def run(
        self, folder: Path, *arguments: str, allowed: tuple[int, ...] = (0,)
    ) -> tuple[int, str]:
        """Run a command in a stack's folder; return its exit code and what it printed.

        Raises:
            TerraformError: the exit code is not among the allowed ones, or it takes too long.
        """
        command = f"{self.program.name} {' '.join(arguments)} in {folder.name}"
        try:
            done = subprocess.run(
                [str(self.program), arguments[0], "-no-color", *arguments[1:]],
                cwd=folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=COMMAND_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            printed = error.stdout.decode(errors="replace") if error.stdout else ""
            raise TerraformError(
                f"{command} did not end within {COMMAND_SECONDS} s; it had printed:\n"
                + "\n".join(printed.splitlines()[-20:])
            ) from None
        if done.returncode not in allowed:
            raise TerraformError(
                f"{command} ended with exit code {done.returncode}:\n{_errors_of(done.stdout)}"
            )
        return done.returncode, done.stdout

    def init(self, folder: Path) -> None:
        """Install the providers and set up the backend."""
        self.run(folder, "init", "-input=false")

    def validate(self, folder: Path) -> None:
        """Check the stack against the schemas of the real providers."""
        self.run(folder, "validate")

    def apply(self, folder: Path) -> None:
        """Plan, then apply exactly that plan."""
        self.run(folder, "plan", "-input=false", "-out=plan")
        self.run(folder, "apply", "-input=false", "plan")

    def changes(self, folder: Path) -> str | None:
        """What a plan would change, or None for an empty plan."""
        code, text = self.run(
            folder, "plan", "-input=false", "-detailed-exitcode", allowed=(NO_CHANGES, CHANGES)
        )
        return text if code == CHANGES else None

    def destroy(self, folder: Path) -> None:
        """Destroy everything in the stack's state."""
        self.run(folder, "destroy", "-input=false", "-auto-approve")

    def addresses(self, folder: Path) -> list[str]:
        """Addresses of the managed resources in the stack's state."""
        _, text = self.run(folder, "show", "-json")
        root = json.loads(text).get("values", {}).get("root_module", {})
        return [item["address"] for item in root.get("resources", []) if item["mode"] == "managed"]


def prepare_terraform(environment: dict[str, str]) -> Terraform:
    """Find Terraform (or build OpenTofu) and its providers, and point it to an emulated AWS.

    Args:
        environment: variables that replace every AWS setting of the caller's environment.

    Raises:
        TerraformUnavailableError: there is none and none can be built.
    """
    program = find_terraform() or build_opentofu()
    inherited = {
        name: value
        for name, value in terraform_env(program, find_source()).items()
        if not name.startswith("AWS_")
    }
    return Terraform(
        program=program, environment={**inherited, **environment, "TF_IN_AUTOMATION": "1"}
    )


def _errors_of(text: str) -> str:
    """The part that says what went wrong: what was planned before it is of no use."""
    start = text.find("\nError: ")
    return text[start:].strip() if start >= 0 else text.strip()
