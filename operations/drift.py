"""`make drift`: report where AWS differs from the synthesized stacks.

Plans every stack without changing anything. Exit code 0: as synthesized; 1: something differs;
2: it could not be told; 130: interrupted.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operations.account_checks import AwsCheckError, check_account, read_target
from operations.deploy import (
    INTERRUPTED,
    UsageProblemError,
    ended_as_by_ctrl_c,
    synthesized_order,
)
from operations.terraform_stack import Terraform, TerraformError, installed_terraform
from tools.paths import ROOT
from tools.terraform import TerraformUnavailableError

SHOWN = 20


@dataclass(frozen=True)
class StackDrift:
    """What a plan of one stack would change: address and actions; or why it could not be told."""

    stack: str
    changes: tuple[tuple[str, str], ...] = ()
    error: str | None = None


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; the result is the exit code."""
    parser = argparse.ArgumentParser(prog="make drift ENV=<env>", description=__doc__)
    parser.add_argument("--env", required=True, help="an environment of environments/*.yaml")
    parser.add_argument(
        "--stack", action="append", default=[], metavar="NAME", help="only this stack; repeatable"
    )
    options = parser.parse_args(arguments)
    try:
        with ended_as_by_ctrl_c():
            return report(options.env, _drifts(options.env, options.stack, root))
    except (UsageProblemError, AwsCheckError, TerraformUnavailableError) as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted: nothing was changed.", file=sys.stderr)
        return INTERRUPTED


def _drifts(env: str, stacks: Sequence[str], root: Path) -> list[StackDrift]:
    if not (root / "environments" / f"{env}.yaml").is_file():
        raise UsageProblemError(f"Unknown environment {env}.")
    order = synthesized_order(env, root)
    unknown = [name for name in stacks if name not in order]
    if unknown:
        raise UsageProblemError(
            f"Unknown stack {', '.join(unknown)}; choose from {', '.join(order)}."
        )
    output = root / "cdktf.out" / env
    # The table is what is shown, and not the plans.
    terraform = dataclasses.replace(installed_terraform(), shown=False)
    target = read_target(output)
    if target:
        check_account(target)
    drifts = []
    for stack in (name for name in order if name in (stacks or order)):
        started = time.monotonic()
        drifts.append(drift(terraform, output / "stacks" / stack))
        print(f"{stack}: planned ({time.monotonic() - started:.0f} s)", file=sys.stderr, flush=True)
    return drifts


def drift(terraform: Terraform, folder: Path) -> StackDrift:
    """Plan one stack, and read what would change."""
    try:
        terraform.init(folder)
        with terraform.planned(folder, "-lock-timeout=60s") as plan:
            if not plan.has_changes:
                return StackDrift(folder.name)
            _, text = terraform.run(folder, "show", "-json", str(plan.file))
    except TerraformError as error:
        return StackDrift(folder.name, error=str(error))
    planned = json.loads(text)
    changes = [
        (item["address"], "/".join(item["change"]["actions"]))
        for item in planned.get("resource_changes", [])
        if item["mode"] == "managed" and item["change"]["actions"] != ["no-op"]
    ]
    changes += [
        (f"output {name}", "/".join(change["actions"]))
        for name, change in planned.get("output_changes", {}).items()
        if change["actions"] != ["no-op"]
    ]
    return StackDrift(folder.name, tuple(changes))


def report(environment: str, drifts: Sequence[StackDrift]) -> int:
    """Print a line for each stack and each difference; the result is the exit code."""
    # In a log there is no terminal width to keep to.
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(title=f"Drift of {environment}")
    for column in ("Stack", "Verdict", "Changes to match the synthesized stack"):
        table.add_column(column, no_wrap=column != "Changes to match the synthesized stack")
    for drift in drifts:
        if drift.error is not None:
            verdict = "[bold red]unknown[/]"
        else:
            verdict = (
                f"[yellow]{len(drift.changes)} differ[/]" if drift.changes else "[green]none[/]"
            )
        lines = [f"{actions} {address}" for address, actions in drift.changes[:SHOWN]]
        more = len(drift.changes) - SHOWN
        lines += [f"and {more} more: make plan"] if more > 0 else []
        table.add_row(drift.stack, verdict, escape("\n".join(lines)))
    console.print(table)
    errors = [drift for drift in drifts if drift.error is not None]
    for drift in errors:
        print(f"{drift.stack}: {drift.error}", file=sys.stderr)
    if errors:
        return 2
    return 1 if any(drift.changes for drift in drifts) else 0


if __name__ == "__main__":
    sys.exit(main())
