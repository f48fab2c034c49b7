"""The phases of a load test: up to saturation, side by side, and by number of series."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from verification.load.load_model import (
    UNITS,
    Pair,
    Pipeline,
    Signal,
    SignalResult,
    Step,
    next_load,
)
from verification.load.load_payloads import payloads
from verification.load.load_pipelines import Bench
from verification.load.load_trial import rig, run_step

Say = Callable[[str], None]

STEADY_SECONDS = 5.0
"""How long a step of traces goes on after the first of them were decided."""

SPAN_METRICS_SECONDS = 30.0
"""How often a gateway writes the metrics that it makes of spans (`metrics_flush_interval`)."""

SERIES = 1_000
"""Distinct series unless their number is what is varied."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured; all loads are items per second for one core."""

    seconds: float = 5.0
    first: dict[Signal, float] = field(
        default_factory=lambda: {"traces": 8_000.0, "logs": 16_000.0, "metrics": 8_000.0}
    )
    factor: float = 2.0
    refinements: int = 1
    most_steps: int = 9
    tries: int = 3
    """Of a step that something else on the computer disturbed."""
    rounds: int = 3
    series: tuple[int, ...] = (1_000, 10_000, 50_000)
    hurry: bool = False
    """Sampling decides after 2 s: less to wait for, and less to hold in memory."""


QUICK = Plan(
    seconds=2.0,
    first={"traces": 2_000.0, "logs": 4_000.0, "metrics": 2_000.0},
    refinements=0,
    most_steps=1,
    rounds=0,
    series=(),
    hurry=True,
)
"""One small load for each signal: shows that all of it works, and measures nothing to rely on."""


def measure(bench: Bench, plan: Plan, signal: Signal, say: Say) -> SignalResult:
    """Measure one signal."""
    ramp: list[Step] = []
    minimal: list[Step] = []
    load = next_load(ramp, plan.first[signal], plan.factor, plan.refinements)
    if signal == "traces" and not plan.hurry:
        # Until as many traces are held as there ever will be, and then some.
        steady = bench.decision_wait_seconds + STEADY_SECONDS
        plan = replace(plan, seconds=max(plan.seconds, steady))
    while load is not None and len(ramp) < plan.most_steps:
        ramp.append(_undisturbed(bench, plan, signal, load, say))
        if ramp[-1].sustained:
            minimal.append(_step(bench, plan, "minimal", signal, SERIES, load, say))
        load = next_load(ramp, plan.first[signal], plan.factor, plan.refinements)
    so_far = SignalResult(signal=signal, ramp=tuple(ramp), minimal_ramp=tuple(minimal))
    if so_far.limit is None:
        return so_far
    # Half the limit: what a replica carries that the autoscaler keeps below its target.
    half = so_far.limit.offered_per_second / 2
    pairs = []
    for _ in range(plan.rounds):
        ours = _step(bench, plan, "gateway", signal, SERIES, half, say)
        theirs = _step(bench, plan, "minimal", signal, SERIES, half, say)
        pairs.append(Pair(gateway=ours, minimal=theirs))
        say(f"{signal}: the gateway took {pairs[-1].ratio:.2f} times the minimal pipeline's CPU")
    by_series = []
    by_series_plan = plan
    if signal == "traces":
        # As long as it takes until metrics of spans are written once: their part of the cost.
        by_series_plan = replace(plan, seconds=max(plan.seconds, SPAN_METRICS_SECONDS))
    if signal != "logs":  # a log record has no series
        for series in plan.series:
            by_series.append(_step(bench, by_series_plan, "gateway", signal, series, half, say))
    return SignalResult(
        signal=signal,
        ramp=so_far.ramp,
        minimal_ramp=so_far.minimal_ramp,
        pairs=tuple(pairs),
        by_series=tuple(by_series),
    )


def _undisturbed(bench: Bench, plan: Plan, signal: Signal, load: float, say: Say) -> Step:
    """A step of the ramp, again where something else than the collector was the limit."""
    for _ in range(plan.tries - 1):
        step = _step(bench, plan, "gateway", signal, SERIES, load, say)
        if not step.disturbed:
            return step
        say(f"{signal}: the collector had its core for {step.cores:.0%} only: once more")
    return _step(bench, plan, "gateway", signal, SERIES, load, say)


def _step(
    bench: Bench,
    plan: Plan,
    pipeline: Pipeline,
    signal: Signal,
    series: int,
    load: float,
    say: Say,
) -> Step:
    requests = payloads(signal, series)
    with rig(bench, pipeline) as running:
        step = run_step(running, signal, requests, series, load, plan.seconds)
    verdict = "; ".join(step.limits) or "sustained"
    if step.lost:
        verdict += f"; {step.lost} LOST"
    say(
        f"{signal}: {pipeline:<7} {load:>9,.0f} {UNITS[signal]}/s, {series:>6,} series: "
        f"{step.cpu_us_per_item:5.1f} us each, {step.cores:4.0%} of a core, "
        f"p99 {step.p99_ms:6.1f} ms, {step.memory_mib:5.0f} MiB, {verdict}"
    )
    return step
