"""Results of a load test: verdict, warnings about the computer, and the recorded figures."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from verification.load.load_model import MAX_RATIO, UNITS, Signal, SignalResult

BUSY_LOAD = 0.5
"""Load average per processor, besides our own two, from which on neighbours change figures."""

BUSY_STEAL_PERCENT = 2.0
OURS = 2
"""Processors that the test itself keeps busy."""

PER_SECOND: dict[Signal, str] = {
    "traces": "spans_per_second",
    "logs": "log_records_per_second",
    "metrics": "data_points_per_second",
}
"""Names of the figures in `cost/measured_load.json`."""

NOT_MEASURED = (
    "k8s_attributes: no Kubernetes API here. It looks the sender up once for each request and adds "
    "about eleven attributes to its resource.",
    "The way to another gateway: here each gateway is the owner of all its traces, so a span is "
    "received twice by the same collector, as it is in the middle of several replicas.",
    "TLS: the pipeline has none inside the cluster.",
    "Back ends that are slow or away: `make rehearse` has these faults.",
)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where it was measured."""

    measured_on: date
    cpu: str
    processors: int
    pinned: bool
    collector: str
    environment: str
    stage: str
    memory_limit_mib: int
    items_per_request: int
    seconds_per_step: float


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Everything that the report shows."""

    surroundings: Surroundings
    results: tuple[SignalResult, ...]

    @property
    def faults(self) -> list[str]:
        """Broken promises; none means that the verdict is good."""
        return [fault for result in self.results for fault in result.faults()]

    @property
    def warnings(self) -> list[str]:
        """Why the figures may be worse than the collector is."""
        return busy(self.surroundings, self.results)


def busy(surroundings: Surroundings, results: Sequence[SignalResult]) -> list[str]:
    """What disturbed the measurement."""
    steps = [step for result in results for step in result.steps]
    warnings = []
    allowed = OURS + BUSY_LOAD * surroundings.processors
    high = [step.load_average for step in steps if step.load_average > allowed]
    if high:
        warnings.append(
            f"The computer was busy with other work in {len(high)} of {len(steps)} steps: load "
            f"average up to {max(high):.1f} with {surroundings.processors} processors."
        )
    stolen = [step.steal_percent for step in steps if step.steal_percent > BUSY_STEAL_PERCENT]
    if stolen:
        warnings.append(
            f"The hypervisor gave up to {max(stolen):.0f} % of the processors' time to other "
            f"guests in {len(stolen)} of {len(steps)} steps."
        )
    for result in results:
        over = result.saturated_at
        if over is not None and over.disturbed:
            warnings.append(
                f"{result.signal}: at {over.offered_per_second:,.0f}/s, where the gateway did not "
                f"keep up, it had its core for {over.cores:.0%} only: its limit is higher."
            )
    if not surroundings.pinned:
        warnings.append(
            "Collector and generator shared the processors: this computer cannot keep a program "
            "on one of them, or has only one."
        )
    if warnings:
        warnings.append(
            "Limits (items per second) may be too low because of that; ratios, CPU for each item "
            "and losses hold, as both sides of a pair ran under the same conditions."
        )
    return warnings


def record(summary: Summary) -> dict[str, Any]:
    """The figures that `cost/measured_load.json` keeps.

    `per_core` is the highest load that one core took with nothing lost, and every smaller one too;
    `cpu_us_per_item` is what an item cost at that load, `per_core_by_cpu` what a whole core would
    carry at this cost: more, where memory gave out first or others used the core.

    Raises:
        ValueError: a promise was broken or a signal was not measured; the message says which.
    """
    if summary.faults:
        raise ValueError("; ".join(summary.faults))
    results = {result.signal: result for result in summary.results}
    missing = [signal for signal in PER_SECOND if signal not in results]
    if missing:
        raise ValueError(f"not measured: {', '.join(missing)}; a record has all signals")
    where = summary.surroundings
    limits = {signal: result.limit for signal, result in results.items() if result.limit}
    return {
        "measured_on": where.measured_on.isoformat(),
        "cpu": where.cpu,
        "cores_used": 1,
        "collector": where.collector,
        "environment": where.environment,
        "stage": where.stage,
        "items_per_request": where.items_per_request,
        "memory_limit_mib": where.memory_limit_mib,
        "highest_ratio_allowed": MAX_RATIO,
        "per_core": {PER_SECOND[signal]: round(step.per_second) for signal, step in limits.items()},
        "per_core_by_cpu": {s: round(step.per_core) for s, step in limits.items()},
        "bytes_per_second": {s: round(step.bytes_per_second) for s, step in limits.items()},
        "cpu_us_per_item": {s: round(step.cpu_us_per_item, 1) for s, step in limits.items()},
        "p99_acceptance_ms": {s: round(step.p99_ms, 1) for s, step in limits.items()},
        "memory_mib": {s: round(step.memory_mib) for s, step in limits.items()},
        "saturated_at_per_second": {s: round(_saturated(result)) for s, result in results.items()},
        "lost_below_limit": {
            s: sum(step.lost for step in result.steps if step.sustained)
            for s, result in results.items()
        },
        "ratio_to_minimal": {s: round(r.ratio or 0.0, 2) for s, r in results.items()},
        "by_series": {
            s: [
                {
                    "series": step.series,
                    "cpu_us_per_item": round(step.cpu_us_per_item, 1),
                    "memory_mib": round(step.memory_mib),
                }
                for step in result.by_series
            ]
            for s, result in results.items()
            if result.by_series
        },
        "warnings": summary.warnings,
    }


def _saturated(result: SignalResult) -> float:
    step = result.saturated_at
    return step.offered_per_second if step else 0.0


def as_json(summary: Summary) -> dict[str, Any]:
    """Every step, for other programs."""
    return {
        "surroundings": asdict(summary.surroundings)
        | {"measured_on": summary.surroundings.measured_on.isoformat()},
        "verdict": "failed" if summary.faults else "passed",
        "faults": summary.faults,
        "warnings": summary.warnings,
        "not_measured": list(NOT_MEASURED),
        "signals": {
            result.signal: {
                "limit_per_second": result.limit.per_second if result.limit else None,
                "saturated_at_per_second": _saturated(result) or None,
                "ratio_to_minimal": result.ratio,
                "ratios": [pair.ratio for pair in result.pairs],
                "steps": [asdict(step) | {"limits": step.limits} for step in result.steps],
            }
            for result in summary.results
        },
    }


def text(summary: Summary) -> str:
    """A few lines for the terminal."""
    lines = []
    for result in summary.results:
        limit = result.limit
        if limit is None:
            lines.append(f"{result.signal:<8} nothing was sustained")
            continue
        ratio = f"{result.ratio:.2f}" if result.ratio is not None else "-"
        over = result.saturated_at
        lines.append(
            f"{result.signal:<8} {limit.per_second:>8,.0f} {UNITS[result.signal]}/s on one core "
            f"({limit.bytes_per_second / 1e6:.1f} MB/s, p99 {limit.p99_ms:.0f} ms, "
            f"{limit.memory_mib:.0f} MiB), "
            + (f"saturated at {over.offered_per_second:,.0f}/s ({', '.join(over.limits)}), "
               if over else "not saturated, ")
            + f"{ratio} times the minimal pipeline (allowed {MAX_RATIO:g})"
        )  # fmt: skip
    lines += [f"warning: {warning}" for warning in summary.warnings]
    lines += [f"FAILED: {fault}" for fault in summary.faults]
    if not summary.faults:
        lines.append("passed: zero loss below each limit, and every ratio is allowed")
    return "\n".join(lines)


def processor_name() -> str:
    """The model as the kernel names it."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def processors() -> int:
    """How many this computer has."""
    return os.cpu_count() or 1
