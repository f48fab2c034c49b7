"""`make load`: how much a core of a gateway carries, what it costs, and that it loses nothing.

The gateway's own configuration, out of the synthesized stack, is loaded in steps until it no longer
keeps up, side by side with the same collector without processors. Exit code 0: nothing was lost
below the limit, and no signal costs more than 2.5 times the minimal pipeline. 1: one of these was
not kept. 2: the command was wrong, or the collector cannot be had here.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import psutil

from settings.load import SettingsError, load_environment
from tools.paths import ROOT
from tools.programs import ProgramUnavailableError, program
from verification.load import load_report
from verification.load.load_model import SIGNALS, Signal
from verification.load.load_payloads import ITEMS
from verification.load.load_pipelines import Bench, bench
from verification.load.load_summary import (
    Summary,
    Surroundings,
    processor_name,
    processors,
    record,
    text,
)
from verification.load.load_test import QUICK, Plan, Say, measure
from verification.rehearsal.processes import ProcessError
from versions import COLLECTOR_VERSION

FOLDER = ROOT / "load-report"
RECORD = ROOT / "cost" / "measured_load.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _options(arguments)
    try:
        settings = load_environment(options.env, date.today())
        stage = options.stage or settings.stages[-1]
        if stage not in settings.stages:
            raise SettingsError(f"--stage: {stage!r}; allowed: {', '.join(settings.stages)}")
        otelcol = program("otelcol")
    except (SettingsError, ProgramUnavailableError) as error:
        print(error, file=sys.stderr)
        return 2
    say = _Progress().say
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        say(f"synthesizing {options.env}")
        load_bench = bench(otelcol, Path(folder), options.env, stage, date.today())
        try:
            summary = _measure(load_bench, options, say)
        except ProcessError as error:
            print(error, file=sys.stderr)
            return 2
    page = load_report.write(summary, options.report)
    print(f"\n{text(summary)}\n\nreport: {page}")
    return _keep(summary, options.record) if options.record else int(bool(summary.faults))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--env", default="prd", help="environment (default: prd)")
    parser.add_argument("--stage", help="whose gateway (default: the environment's last)")
    parser.add_argument(
        "--signal", action="append", choices=SIGNALS, help="only this one; may be repeated"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one small load for each signal, about a minute"
    )
    parser.add_argument(
        "--seconds", type=_seconds, help="of each step (default: 5; with --quick: 2)"
    )
    parser.add_argument(
        "--report", type=Path, default=FOLDER, help="folder to write to (default: load-report)"
    )
    parser.add_argument(
        "--record",
        nargs="?",
        type=Path,
        const=RECORD,
        help="keep the figures in a file (default: cost/measured_load.json), if all went well",
    )
    options = parser.parse_args(arguments)
    if options.record and (options.quick or options.signal):
        parser.error("--record keeps figures of a whole run: not with --quick or --signal")
    return options


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 60:
        raise argparse.ArgumentTypeError(f"{value!r}; allowed: a number from 1 to 60")
    return seconds


def _measure(load_bench: Bench, options: argparse.Namespace, say: Say) -> Summary:
    plan = QUICK if options.quick else Plan()
    if options.seconds:
        plan = Plan(**(vars(plan) | {"seconds": options.seconds}))
    load_bench = replace(load_bench, hurry=plan.hurry)
    if load_bench.cores.rest is not None:
        psutil.Process().cpu_affinity([load_bench.cores.rest])
    signals: Sequence[Signal] = options.signal or SIGNALS
    return Summary(
        surroundings=Surroundings(
            measured_on=date.today(),
            cpu=processor_name(),
            processors=processors(),
            pinned=load_bench.cores.measured is not None,
            collector=f"OpenTelemetry Collector {COLLECTOR_VERSION}",
            environment=options.env,
            stage=load_bench.stage,
            memory_limit_mib=load_bench.memory_limit_mib,
            items_per_request=ITEMS,
            seconds_per_step=plan.seconds,
        ),
        results=tuple(measure(load_bench, plan, signal, say) for signal in signals),
    )


def _keep(summary: Summary, path: Path) -> int:
    try:
        figures = record(summary)
    except ValueError as error:
        print(f"{path} is not changed: {error}", file=sys.stderr)
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"kept in {path}; `make docs` writes the figures into docs/operations/load.md")
    return 0


class _Progress:
    def __init__(self) -> None:
        self._begin = time.monotonic()

    def say(self, line: str) -> None:
        print(f"{time.monotonic() - self._begin:5.0f} s  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
