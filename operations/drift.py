"""`make drift`: report where AWS and the cluster differ from the synthesized stacks.

Plans every stack, and compares the objects of Helm releases, without changing anything. Exit code
0: as synthesized; 1: something differs; 2: it could not be told; 130: interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operations.account_checks import AwsCheckError, check_account, read_target
from operations.cluster_access import ClusterUnavailableError, read_access, uses_cluster
from operations.deploy import (
    INTERRUPTED,
    UsageProblemError,
    ended_as_by_ctrl_c,
    synthesized_order,
)
from operations.release_drift import (
    HOW,
    ComparisonError,
    ProgramMissingError,
    changed_objects,
)
from operations.terraform_stack import Plan, Terraform, TerraformError, installed_terraform
from tools.paths import ROOT
from tools.terraform import TerraformUnavailableError

SHOWN = 20
NOT_COMPARED = f"""\
Hand-made changes inside Helm releases are not seen: Terraform compares the values of a release, and
the objects of the cluster were not compared here: {{why}}. To see them, release by release:
  {HOW}"""


@dataclass(frozen=True)
class StackDrift:
    """What a plan of one stack would change: address and actions; or why it could not be told.

    `by_hand` names changed objects of releases; `not_compared` says why there are none of them.
    """

    stack: str
    changes: tuple[tuple[str, str], ...] = ()
    by_hand: tuple[str, ...] = ()
    not_compared: str | None = None
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
    terraform = installed_terraform().quiet()
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
            changes = _changes(terraform, folder, plan) if plan.has_changes else ()
            if not uses_cluster(folder):
                return StackDrift(folder.name, changes)
            return _with_releases(StackDrift(folder.name, changes), terraform, folder, plan)
    except TerraformError as error:
        return StackDrift(folder.name, error=str(error))


def _with_releases(drift: StackDrift, terraform: Terraform, folder: Path, plan: Plan) -> StackDrift:
    """The drift with what was changed by hand inside the stack's releases."""
    try:
        by_hand = changed_objects(folder, read_access(terraform, folder, plan))
    except (ClusterUnavailableError, ProgramMissingError) as problem:
        return replace(drift, not_compared=str(problem))
    except ComparisonError as error:
        return replace(drift, error=str(error))
    return replace(drift, by_hand=tuple(by_hand))


def _changes(terraform: Terraform, folder: Path, plan: Plan) -> tuple[tuple[str, str], ...]:
    _, text = terraform.run(folder, "show", "-json", str(plan.file))
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
    return tuple(changes)


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
            count = len(drift.changes) + len(drift.by_hand)
            verdict = f"[yellow]{count} differ[/]" if count else "[green]none[/]"
        lines = [f"{actions} {address}" for address, actions in drift.changes[:SHOWN]]
        more = len(drift.changes) - SHOWN
        lines += [f"and {more} more: make plan"] if more > 0 else []
        lines += [f"leave {name}, changed by hand" for name in drift.by_hand]
        table.add_row(drift.stack, verdict, escape("\n".join(lines)))
    console.print(table)
    for drift in drifts:
        if drift.not_compared:
            print(NOT_COMPARED.format(why=drift.not_compared))
    errors = [drift for drift in drifts if drift.error is not None]
    for drift in errors:
        print(f"{drift.stack}: {drift.error}", file=sys.stderr)
    if errors:
        return 2
    return 1 if any(drift.changes or drift.by_hand for drift in drifts) else 0


if __name__ == "__main__":
    sys.exit(main())
