"""`make policy`: check every synthesized stack against every rule.

Exit code 1 for a violation, 2 for wrong settings; a warning is shown and changes nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from settings.load import SettingsError, environment_names, load_environment
from settings.model import Settings
from synthesis.synth import synthesize
from verification.policies.all_policies import RULES, subjects_of
from verification.policies.rule import Finding, Rule, Subject, findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code."""
    parser = argparse.ArgumentParser(prog="make policy ENV=<env>", description=__doc__)
    parser.add_argument(
        "--env",
        action="append",
        metavar="NAME",
        help=f"only this one, repeatable: {', '.join(environment_names())}",
    )
    parser.add_argument(
        "--today",
        type=date.fromisoformat,
        default=date.today(),
        metavar="YYYY-MM-DD",
        help="the day for which version support is checked; default: today",
    )
    options = parser.parse_args(arguments)
    try:
        chosen = [
            load_environment(name, today=options.today)
            for name in options.env or environment_names()
        ]
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    subjects = [subject for settings in chosen for subject in _synthesized(settings, options.today)]
    return report(RULES, subjects)


def report(rules: Sequence[Rule], subjects: Sequence[Subject]) -> int:
    """Print a line for each rule and each finding; the result is the exit code."""
    all_findings = findings(rules, subjects)
    # In a log there is no terminal width to keep to.
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(_table(rules, all_findings))
    for finding in all_findings:
        word = "[yellow]warning[/]" if finding.breach.warning else "[bold red]violation[/]"
        console.print(f"{word} {escape(str(finding))}")
        console.print(f"  why: {escape(finding.rule.reason)} ({escape(finding.rule.source)})")
    violations = sum(not finding.breach.warning for finding in all_findings)
    console.print(
        f"{len(rules)} rules over {len(subjects)} stacks ({_environments(subjects)}): "
        f"{violations} violations, {len(all_findings) - violations} warnings"
    )
    return 1 if violations else 0


def _synthesized(settings: Settings, today: date) -> list[Subject]:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        stacks = synthesize(settings, Path(folder))
    name = settings.environment
    print(f"synthesized {name} ({time.monotonic() - started:.1f} s)", file=sys.stderr, flush=True)
    return subjects_of(settings, {stack.name: stack.config for stack in stacks}, today)


def _table(rules: Iterable[Rule], all_findings: Sequence[Finding]) -> Table:
    table = Table(title="Policies over the synthesized stacks")
    for column in ("Rule", "What it says", "Verdict"):
        table.add_column(column, no_wrap=column != "What it says")
    for rule in rules:
        own = [finding for finding in all_findings if finding.rule is rule]
        violations = sum(not finding.breach.warning for finding in own)
        if violations:
            verdict = f"[bold red]{violations} violated[/]"
        else:
            verdict = f"[yellow]{len(own)} warned[/]" if own else "[green]holds[/]"
        table.add_row(rule.id, escape(rule.title), verdict)
    return table


def _environments(subjects: Iterable[Subject]) -> str:
    return ", ".join(dict.fromkeys(subject.settings.environment for subject in subjects))


if __name__ == "__main__":
    sys.exit(main())
