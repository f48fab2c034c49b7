"""`make scan`: scan the reviewed Terraform and the rendered charts with checkov and parliament.

Zero findings, or a suppression with reason and owner in suppressions.yaml. Exit code 1 for
an open finding or a stale suppression, 2 when a scanner cannot run. Charts are rendered when they
are available (CHARTS_DIR, or a download with --charts); otherwise it reports them as not scanned.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from settings.load import SettingsError
from synthesis.foundation import Foundation, all_settings
from tools.programs import program
from verification.charts.chart_source import CHARTS_DIR
from verification.charts.charts_check import EnvironmentCheck
from verification.permissions.world import World
from verification.supply_chain.deployed import differences, images_in, read_images
from verification.supply_chain.scanners import ScanError, checkov, for_checkov, parliament
from verification.supply_chain.suppressions import (
    Finding,
    Scanner,
    SuppressionsError,
    Verdict,
    judge,
    read_suppressions,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code."""
    parser = argparse.ArgumentParser(prog="make scan", description=__doc__)
    parser.add_argument(
        "--charts",
        action="store_true",
        default=CHARTS_DIR in os.environ,
        help=f"render the charts too, downloading them where {CHARTS_DIR} is not set",
    )
    with_charts = parser.parse_args(arguments).charts
    try:
        suppressions = read_suppressions()
        findings, ran, not_checked = scan(with_charts)
    except (ScanError, SettingsError, SuppressionsError) as error:
        print(error, file=sys.stderr)
        return 2
    return report(judge(findings, suppressions, ran), not_checked)


def scan(with_charts: bool) -> tuple[list[Finding], set[Scanner], list[str]]:
    """Run every scanner; findings, which scanners ran, and what was not checked."""
    settings = all_settings()
    configs = Foundation.load().configs
    worlds = {name: World(settings[name], configs[name]) for name in settings}
    with tempfile.TemporaryDirectory() as scratch:
        _say("checkov over the Terraform ...")
        terraform = Path(scratch, "terraform")
        for_checkov(configs, terraform)
        findings = checkov(terraform, "terraform_json", "checkov")
        _say("parliament over the IAM policies ...")
        findings += parliament(worlds)
        ran: set[Scanner] = {"checkov", "parliament"}
        if not with_charts:
            return findings, ran, [f"the rendered charts: set {CHARTS_DIR} or pass --charts"]
        manifests = Path(scratch, "manifests")
        missing = _render(manifests)
        if not missing:
            _say("checkov over the rendered charts ...")
            findings += checkov(manifests, "kubernetes", "checkov-manifests")
            ran.add("checkov-manifests")
    return findings, ran, missing


def _render(folder: Path) -> list[str]:
    """Write what every release renders; the result is what could not be rendered."""
    missing: list[str] = []
    images: set[str] = set()
    for environment, settings in all_settings().items():
        check = EnvironmentCheck(settings, program, {})
        for release in releases(settings, sample_stack_outputs()):
            started = time.monotonic()
            done = check.check(release, selected=False)
            missing += [f"{done.name}: {text}" for text in [*done.not_checked, *done.problems]]
            images |= set(images_in(done.manifests))
            file = folder / environment / f"{release.namespace}-{release.name}" / "all.yaml"
            file.parent.mkdir(parents=True)
            file.write_text(yaml.safe_dump_all(done.manifests), encoding="utf-8")
            _say(f"rendered {done.name} ({time.monotonic() - started:.1f} s)")
    if not missing:
        missing += differences(images, read_images())
    return missing


def report(verdict: Verdict, not_checked: Sequence[str]) -> int:
    """Print what is open, accepted, stale and not checked; the result is the exit code."""
    # In a log there is no terminal width to keep to.
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(
        title="Accepted findings (verification/supply_chain/suppressions.yaml)", show_lines=True
    )
    for column in ("Scanner", "Check", "Times", "Reason", "Owner"):
        table.add_column(column, no_wrap=column not in ("Check", "Reason"))
    for suppression in dict.fromkeys(cover for _, cover in verdict.accepted):
        covered = [finding for finding, cover in verdict.accepted if cover is suppression]
        table.add_row(
            suppression.scanner,
            escape(f"{suppression.id}: {covered[0].title}"),
            str(len(covered)),
            escape(suppression.reason),
            suppression.owner,
        )
    console.print(table)
    for finding in verdict.open:
        console.print(f"[bold red]open[/] {escape(str(finding))}", soft_wrap=True)
    for stale in verdict.stale:
        console.print(
            f"[bold red]stale[/] {stale.scanner} {stale.id} {escape(stale.resource)}: suppresses "
            "nothing; remove it",
            soft_wrap=True,
        )
    for text in not_checked:
        console.print(f"[yellow]not checked[/] {escape(text)}")
    console.print(
        f"{len(verdict.open)} open findings, {len(verdict.accepted)} accepted, "
        f"{len(verdict.stale)} stale suppressions"
    )
    return 0 if verdict.is_good else 1


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
