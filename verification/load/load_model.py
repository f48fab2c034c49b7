"""What a load test measures: one step, and what all of them say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, get_args

Signal = Literal["traces", "logs", "metrics"]
SIGNALS: tuple[Signal, ...] = get_args(Signal)
UNITS: dict[Signal, str] = {"traces": "spans", "logs": "log records", "metrics": "data points"}

Pipeline = Literal["gateway", "minimal"]

MAX_RATIO = 2.5
"""Our processors may cost so many times the CPU of the same collector without them."""

MIN_ACKNOWLEDGED = 0.98
"""Of what was offered in a step, or the collector (or the computer) did not keep up."""

MAX_P99_MS = 1000.0
"""Acceptance slower than this means that requests queue: SDKs send every 5 s and give up after
10 s (`OTEL_EXPORTER_OTLP_TIMEOUT`)."""

IDLE_CORE = 0.8
"""Share of its core below which a collector that does not keep up was probably kept from it."""

BUSY_GENERATOR = 0.9
"""Share of its core from which on the generator (with the sink) may have been the limit."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One load for some seconds, and then until everything has arrived.

    `acknowledged`, `refused` and `failed` (no answer) are items, as is `lost`: acknowledged, but
    neither at the back end nor decided against by sampling. CPU is of the collector, from the first
    request until everything has arrived; `backlog_seconds` is how much longer than its waits (of
    sampling and batches) that took.
    """

    signal: Signal
    pipeline: Pipeline
    series: int
    offered_per_second: float
    seconds: float
    offered: int
    acknowledged: int
    refused: int
    failed: int
    arrived: int
    sampled_out: int
    lost: int
    bytes_sent: int
    p50_ms: float
    p99_ms: float
    cpu_seconds: float
    memory_mib: float
    backlog_seconds: float
    generator_share: float
    load_average: float
    steal_percent: float

    @property
    def per_second(self) -> float:
        """Items acknowledged in a second."""
        return self.acknowledged / self.seconds

    @property
    def cores(self) -> float:
        """Cores that the collector took for this load, all its work included."""
        return self.cpu_seconds / self.seconds

    @property
    def cpu_us_per_item(self) -> float:
        """Microseconds of CPU for each item acknowledged."""
        return self.cpu_seconds * 1e6 / self.acknowledged if self.acknowledged else float("inf")

    @property
    def per_core(self) -> float:
        """Items that a whole core carries in a second, at this load's cost of one."""
        return 1e6 / self.cpu_us_per_item

    @property
    def bytes_per_second(self) -> float:
        """Bytes acknowledged in a second, before compression."""
        return self.bytes_sent / self.seconds

    @property
    def limits(self) -> tuple[str, ...]:
        """Why this load was not sustained; nothing if it was. Loss is no reason: it is a fault."""
        reasons = []
        if self.refused:
            reasons.append(f"{self.refused} refused")
        if self.failed:
            reasons.append(f"{self.failed} without an answer")
        if self.acknowledged < MIN_ACKNOWLEDGED * self.offered:
            reasons.append(f"{self.acknowledged / self.offered:.0%} of the load acknowledged")
        if self.p99_ms > MAX_P99_MS:
            reasons.append(f"p99 {self.p99_ms:.0f} ms")
        if self.backlog_seconds > max(2.0, self.seconds / 2):
            reasons.append(f"backlog of {self.backlog_seconds:.1f} s")
        if reasons and self.generator_share > BUSY_GENERATOR:
            reasons.append("the generator was busy, too")
        if reasons and self.cores < IDLE_CORE:
            reasons.append(f"with {self.cores:.0%} of a core only")
        return tuple(reasons)

    @property
    def disturbed(self) -> bool:
        """Whether something else than the collector was the limit, as far as can be told."""
        return bool(self.limits) and not self.refused and self.cores < IDLE_CORE

    @property
    def sustained(self) -> bool:
        """Whether the collector kept up."""
        return not self.limits


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The gateway and the minimal pipeline, one directly after the other, with the same load."""

    gateway: Step
    minimal: Step

    @property
    def ratio(self) -> float:
        """How many times the CPU per item."""
        return self.gateway.cpu_us_per_item / self.minimal.cpu_us_per_item


@dataclass(frozen=True, kw_only=True)
class SignalResult:
    """Everything about one signal.

    `ramp` are the steps of the gateway up to saturation, `minimal_ramp` those of the minimal
    pipeline with the loads that the gateway sustained, `by_series` those of the gateway with half
    its limit and ever more series.
    """

    signal: Signal
    ramp: tuple[Step, ...]
    minimal_ramp: tuple[Step, ...] = ()
    pairs: tuple[Pair, ...] = ()
    by_series: tuple[Step, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them."""
        pairs = [step for pair in self.pairs for step in (pair.gateway, pair.minimal)]
        return (*self.ramp, *self.minimal_ramp, *pairs, *self.by_series)

    @property
    def limit(self) -> Step | None:
        """The largest load below which every load was sustained."""
        best = None
        for step in sorted(self.ramp, key=lambda step: step.offered_per_second):
            if not step.sustained:
                break
            best = step
        return best

    @property
    def saturated_at(self) -> Step | None:
        """The smallest load that was not sustained."""
        over = [step for step in self.ramp if not step.sustained]
        return min(over, key=lambda step: step.offered_per_second, default=None)

    @property
    def ratio(self) -> float | None:
        """Median of the pairs."""
        return median(pair.ratio for pair in self.pairs) if self.pairs else None

    def faults(self) -> list[str]:
        """What breaks a promise, one sentence each."""
        problems = []
        limit = self.limit
        if limit is None:
            problems.append(f"{self.signal}: not even the smallest load was sustained")
        elif self.saturated_at is None:
            problems.append(
                f"{self.signal}: no load saturated the gateway, so its limit is unknown"
            )
        problems += [
            f"{self.signal}: {step.lost} of {step.acknowledged} {UNITS[self.signal]} lost by the "
            f"{step.pipeline} pipeline at {step.offered_per_second:,.0f}/s, below its limit"
            for step in self.steps
            if step.lost and step.sustained
        ]
        if self.ratio is None:
            problems.append(f"{self.signal}: the ratio to the minimal pipeline was not measured")
        elif self.ratio > MAX_RATIO:
            problems.append(
                f"{self.signal}: {self.ratio:.2f} times the CPU of the minimal pipeline, allowed "
                f"are {MAX_RATIO:g}"
            )
        return problems


def next_load(ramp: Sequence[Step], first: float, factor: float, refinements: int) -> float | None:
    """The load to try next: `factor` times the last until one is not sustained, then between.

    Args:
        ramp: the steps so far.
        first: items per second to begin with.
        factor: by what to multiply.
        refinements: how many loads to try between the last sustained and the first that was not.

    Returns:
        Items per second, or None when the limit is known closely enough.
    """
    if not ramp:
        return first
    over = [step.offered_per_second for step in ramp if not step.sustained]
    if not over:
        return ramp[-1].offered_per_second * factor
    first_over = next(n for n, step in enumerate(ramp) if not step.sustained)
    if len(ramp) - first_over - 1 >= refinements:
        return None
    highest = min(over)
    below = [
        step.offered_per_second
        for step in ramp
        if step.sustained and step.offered_per_second < highest
    ]
    return (max(below) * highest) ** 0.5 if below else highest / factor
