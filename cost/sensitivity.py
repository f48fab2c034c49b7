"""What changes the bill, and by how much: one setting at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cost.bill import Bill, bill
from cost.measured import MeasuredLoad
from cost.prices import Prices
from cost.workload import Workload
from settings.model import Settings
from settings.node_sizes import SIZES

Change = Callable[[Settings], Settings]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One change, and the bill after it."""

    name: str
    bill: Bill
    difference: float
    """US dollars a month more than before."""


def scenarios(
    settings: Settings, workload: Workload, prices: Prices, measured: MeasuredLoad | None
) -> tuple[Scenario, ...]:
    """The bill after each change alone, compared with the bill as it is."""
    base = bill(settings, workload, prices, measured=measured).total
    results = []
    for name, change in changes(settings):
        changed = bill(change(settings), workload, prices, measured=measured)
        results.append(Scenario(name=name, bill=changed, difference=changed.total - base))
    more = bill(settings, doubled(workload), prices, measured=measured)
    results.append(Scenario(name="traffic doubled", bill=more, difference=more.total - base))
    return tuple(results)


def changes(settings: Settings) -> Iterator[tuple[str, Change]]:
    """The changes that this environment's settings leave open, each with a name."""
    yield "retention of logs doubled", lambda s: with_retention(s, "logs", 2)
    yield "retention of traces doubled", lambda s: with_retention(s, "traces", 2)
    yield "retention of metrics doubled", _metrics_doubled
    for stage, old in samplings(settings).items():
        new = 50 if old < 50 else 10
        yield f"sampling of {stage} {old} -> {new} %", _sampled(stage, new)
    for nat, words in (("single", "one NAT gateway"), ("per_az", "a NAT gateway in each zone")):
        if settings.network.nat != nat:
            yield words, _with_nat(nat)
    yield "every stage on Spot", lambda s: with_capacity(s, "SPOT")
    yield "no Spot", lambda s: with_capacity(s, "ON_DEMAND")
    for size in SIZES:
        if settings.size != size:
            yield f"size {size}", _with_size(size)


def with_namespace(settings: Settings, name: str, changes: dict[str, Any]) -> Settings:
    """Settings with other fields of one namespace."""
    space = settings.namespaces[name].model_copy(update=changes)
    return settings.model_copy(update={"namespaces": {**settings.namespaces, name: space}})


def with_retention(settings: Settings, signal: str, factor: float) -> Settings:
    """Settings whose namespaces keep a signal so many times as long."""
    for name, space in settings.namespaces.items():
        days = space.retention_days
        longer = days.model_copy(update={signal: round(getattr(days, signal) * factor)})
        settings = with_namespace(settings, name, {"retention_days": longer})
    return settings


def _metrics_doubled(settings: Settings) -> Settings:
    metrics = settings.retention_days.metrics
    doubled = {name: 2 * days for name, days in metrics.model_dump().items()}
    retention = settings.retention_days.model_copy(
        update={"metrics": metrics.model_copy(update=doubled)}
    )
    return settings.model_copy(update={"retention_days": retention})


def samplings(settings: Settings) -> dict[str, int]:
    """Sampling percentages by stage."""
    return {
        name: space.sampling.sampling_percentage
        for name, space in settings.namespaces.items()
        if space.sampling
    }


def with_sampling(settings: Settings, stage: str, percent: int) -> Settings:
    """Settings in which a stage keeps another share of its ordinary traces.

    Raises:
        ValueError: the namespace has no sampling.
    """
    changed = settings.sampling(stage).model_copy(update={"sampling_percentage": percent})
    return with_namespace(settings, stage, {"sampling": changed})


def _sampled(stage: str, percent: int) -> Change:
    return lambda settings: with_sampling(settings, stage, percent)


def _with_nat(nat: str) -> Change:
    return lambda settings: settings.model_copy(
        update={"network": settings.network.model_copy(update={"nat": nat})}
    )


def with_capacity(settings: Settings, capacity_type: str) -> Settings:
    """Settings whose stages buy their nodes so; the back ends' volumes are never on Spot."""
    for name in settings.stages:
        group = settings.node_group(name).model_copy(update={"capacity_type": capacity_type})
        settings = with_namespace(settings, name, {"node_group": group})
    return settings


def _with_size(size: str) -> Change:
    return lambda settings: settings.model_copy(update={"size": size})


def doubled(workload: Workload) -> Workload:
    """A workload with twice the requests, lines and series, from as many services and nodes."""
    namespaces = {
        name: load.model_copy(
            update={
                "requests_per_second": 2 * load.requests_per_second,
                "log_lines_per_second": 2 * load.log_lines_per_second,
                "active_series": 2 * load.active_series,
            }
        )
        for name, load in workload.namespaces.items()
    }
    return workload.model_copy(update={"namespaces": namespaces})
