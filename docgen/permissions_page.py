"""`make permissions`: evaluate what each role may do, and write docs/reference/permissions.md.

Exit code 1 when a role may do what no call of its back end needs, or may not do what one needs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from settings.load import SettingsError
from settings.model import Settings
from synthesis.foundation import Foundation, all_settings
from tools.paths import ROOT
from verification.permissions.aws_calls import calls
from verification.permissions.permission_matrix import Matrix, try_roles
from verification.permissions.simulate import SimulationError
from verification.permissions.world import Stacks, World

PAGE: Final = ROOT / "docs" / "reference" / "permissions.md"
NOTICE: Final = (
    "<!-- Written by `make permissions` (docgen/permissions_page.py): change its sources. -->"
)
ACTIONS_SHOWN: Final = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code, 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="make permissions", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when out of date")
    check = parser.parse_args(arguments).check
    try:
        settings = all_settings()
        results = matrices(settings, Foundation.load().configs)
    except (SettingsError, SimulationError) as error:
        print(error, file=sys.stderr)
        return 2
    for matrix in results:
        _show(matrix)
    problems = [f"{matrix.environment}: {text}" for matrix in results for text in matrix.problems]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    page = render(settings, results)
    if check and stale(page):
        print("out of date, run `make permissions`: docs/reference/permissions.md", file=sys.stderr)
        return 1
    if not check:
        PAGE.write_text(page, encoding="utf-8")
        print(f"Written: {PAGE.relative_to(ROOT)}")
    return 0


def matrices(settings: Mapping[str, Settings], configs: Mapping[str, Stacks]) -> list[Matrix]:
    """Each environment's roles, tested on its own resources and on those of another environment."""
    worlds = {name: World(settings[name], configs[name]) for name in settings}
    results = []
    for name, world in worlds.items():
        others = [worlds[other] for other in worlds if other != name]
        print(f"testing the roles of {name} ...", file=sys.stderr, flush=True)
        results.append(try_roles(world.settings, world.stacks, others[0] if others else None))
    return results


def render(settings: Mapping[str, Settings], results: Sequence[Matrix]) -> str:
    """The page, from matrices without problems."""
    first = results[0]
    lines = [
        "# What each role may do in AWS",
        "",
        NOTICE,
        "",
        "Each role's policies, from the synthesized Terraform, are tested with requests by an",
        "independent evaluator of IAM policies (`verification/permissions/simulate.mjs`), with",
        "the policies of buckets and keys. A role must be allowed the calls of its back end",
        "(`verification/permissions/aws_calls.py`), over TLS, and must be refused all other",
        "keys, secrets, volumes and groups, harmful actions, and all resources of another",
        "environment.",
        "",
        "| Environment | Requests | Allowed | Refused |",
        "| --- | --- | --- | --- |",
    ]
    for matrix in results:
        allowed = sum(trial.allowed for trial in matrix.trials)
        total = len(matrix.trials)
        lines.append(f"| {matrix.environment} | {total:,} | {allowed:,} | {total - allowed:,} |")
    same = all(
        matrix.allowed(role) == first.allowed(role) for matrix in results for role in matrix.roles
    )
    for matrix in results[:1] if same else results:
        title = "every environment" if same else matrix.environment
        lines += ["", f"## Allowed in {title}", *_allowed(matrix, settings[matrix.environment])]
    lines += [
        "",
        "Not tested: who may assume a role (the trust policies define this:",
        "`test_each_role_trusts_exactly_its_service_accounts`), the roles of the nodes and of the",
        "control plane, whose policies AWS writes, and AWS itself.",
        "",
    ]
    return "\n".join(lines)


def _allowed(matrix: Matrix, settings: Settings) -> list[str]:
    sources = {call.role: call.source for call in calls(settings)}
    lines = []
    for role in matrix.roles:
        lines += ["", f"### {role}", "", f"Source: {sources[role]}.", ""]
        lines += ["| On | May |", "| --- | --- |"]
        for place, actions in matrix.allowed(role).items():
            lines.append(f"| {place} | {', '.join(f'`{action}`' for action in actions)} |")
        lines.append(f"| anything else | nothing: {matrix.refused(role):,} requests refused |")
    return lines


def _show(matrix: Matrix) -> None:
    # In a log there is no terminal width to keep to.
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(title=f"What each role may do in {matrix.environment}", show_lines=True)
    for column in ("Role", "May", "Refused"):
        table.add_column(column, no_wrap=column != "May")
    for role in matrix.roles:
        may = []
        for place, actions in matrix.allowed(role).items():
            shown = ", ".join(actions[:ACTIONS_SHOWN])
            more = len(actions) - ACTIONS_SHOWN
            may.append(f"[bold]{place}[/]: {shown}{f' and {more} more' if more > 0 else ''}")
        table.add_row(role, "\n".join(may), f"{matrix.refused(role):,}")
    console.print(table)


def stale(page: str, path: Path = PAGE) -> bool:
    """Whether the committed page is outdated."""
    return not path.exists() or path.read_text(encoding="utf-8") != page


if __name__ == "__main__":
    sys.exit(main())
