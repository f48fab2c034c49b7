"""`make bench`: how long a synthesis takes, against the stock import of the provider bindings.

Each measurement is a whole process that synthesizes the same environment; ours and the stock one
take turns, so that a change in the computer's speed hits both. The cost of one more namespace is
measured inside one process, where nothing but the namespaces differs.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from settings.load import SettingsError, load_environment
from settings.model import Settings
from synthesis.synth import synthesize
from tools.paths import ROOT

TARGET_RATIO = 4.0
NAMESPACE_COUNTS = (4, 10, 20, 30, 40, 50)


def run_synth(environment: str, eager: bool) -> float:
    """Seconds that a process takes to synthesize an environment."""
    with tempfile.TemporaryDirectory() as outdir:
        variables = {
            **os.environ,
            "ENVIRONMENT": environment,
            "CDKTF_OUTDIR": outdir,
            "EAGER_BINDINGS": "1" if eager else "0",
        }
        started = time.monotonic()
        subprocess.run([sys.executable, "main.py"], cwd=ROOT, env=variables, check=True)
        return time.monotonic() - started


def compare(environment: str, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of ours and of the stock import, taking turns, after one uncounted run of each."""
    ours: list[float] = []
    stock: list[float] = []
    for number in range(rounds + 1):
        for eager, seconds in ((False, ours), (True, stock)):
            elapsed = run_synth(environment, eager)
            label = "warm-up" if number == 0 else f"round {number} of {rounds}"
            print(f"{label}: {'stock' if eager else 'ours':<5} {elapsed:6.1f} s", flush=True)
            if number:
                seconds.append(elapsed)
    return ours, stock


def with_namespaces(settings: Settings, count: int) -> Settings:
    """The same settings with `count` namespaces: copies of the first stage are added."""
    stage = settings.namespaces[settings.stages[0]]
    added = {f"stage-{n}": stage for n in range(count - len(settings.namespaces))}
    return settings.model_copy(update={"namespaces": {**settings.namespaces, **added}})


def seconds_by_namespaces(settings: Settings, repeats: int) -> dict[int, float]:
    """Fastest of several syntheses in this process, by number of namespaces."""
    seconds: dict[int, float] = {}
    _timed(settings)  # imports the bindings
    for count in NAMESPACE_COUNTS:
        changed = with_namespaces(settings, count)
        seconds[count] = min(_timed(changed) for _ in range(repeats))
        print(f"{count:>3} namespaces: {seconds[count]:5.2f} s", flush=True)
    return seconds


def _timed(settings: Settings) -> float:
    with tempfile.TemporaryDirectory() as outdir:
        started = time.monotonic()
        synthesize(settings, Path(outdir))
        return time.monotonic() - started


def growth_exponent(seconds: dict[int, float]) -> float:
    """Exponent e of the growth of the added cost, seconds ~ added namespaces ** e; 1 is linear.

    Between the half-way point and the end of the range, less the cost of the smallest environment.
    """
    counts = sorted(seconds)
    first, middle, last = counts[0], counts[len(counts) // 2], counts[-1]
    added_middle = seconds[middle] - seconds[first]
    added_last = seconds[last] - seconds[first]
    ratio_of_costs = added_last / added_middle
    ratio_of_counts = (last - first) / (middle - first)
    return math.log(ratio_of_costs) / math.log(ratio_of_counts)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; exit code 1 when a target is missed, 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--env", default="dev", help="environment to synthesize (default: dev)")
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds (default: 3)")
    parser.add_argument(
        "--repeats", type=int, default=3, help="syntheses per number of namespaces (default: 3)"
    )
    options = parser.parse_args(arguments)
    try:
        settings = load_environment(options.env, today=date.today())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    ours, stock = compare(options.env, options.rounds)
    ratios = [theirs / own for theirs, own in zip(stock, ours, strict=True)]
    ratio = statistics.median(ratios)
    seconds = seconds_by_namespaces(settings, options.repeats)
    counts = sorted(seconds)
    per_namespace = (seconds[counts[-1]] - seconds[counts[0]]) / (counts[-1] - counts[0])
    print(
        f"\nours {statistics.median(ours):.1f} s, stock {statistics.median(stock):.1f} s (medians)"
        f"\nstock takes {ratio:.1f} times as long "
        f"(pair by pair {min(ratios):.1f} to {max(ratios):.1f}; target: at least {TARGET_RATIO:g})"
        f"\none more namespace costs {per_namespace * 1000:.0f} ms; "
        f"growth exponent {growth_exponent(seconds):.2f} (1 is linear)"
    )
    return 0 if ratio >= TARGET_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
