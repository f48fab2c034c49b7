"""Settings that fit a budget: the steps that save money, in a documented order.

The search takes one step at a time and stops at the first settings that fit. It does not look for
the cheapest settings: it takes the way that hurts least, by this order. A first pass leaves out
steps that save less than WORTH_PERCENT of the budget; only if nothing else fits are they taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from cost.bill import Bill, bill
from cost.measured import MeasuredLoad
from cost.prices import Prices
from cost.sensitivity import samplings, with_namespace, with_sampling
from cost.workload import Workload
from settings.model import OBSERVABILITY, Settings
from settings.node_sizes import Size

PRODUCTION = "prd"
"""The stage that is reduced last."""

FLOORS: dict[str, dict[str, int]] = {
    "logs": {PRODUCTION: 90, "other": 7},
    "traces": {PRODUCTION: 7, "other": 3},
}
"""Fewest days of retention, by signal and stage (docs/operations/retention.md says why)."""

METRICS_FLOOR = {"raw": 7, "five_minutes": 30, "one_hour": 90}
"""Fewest days of metrics: the burn-rate windows look 3 days back, objectives count over 30 days,
and a quarter is compared with the one before."""

SAMPLING_FLOOR = 5
"""Smallest percentage of ordinary traces: below it a service with one request a second has fewer
than three traces a minute to compare with. Erroneous and slow ones are always kept."""

WORTH_PERCENT = 0.5
"""Smallest saving of a step in the first pass, in percent of the budget."""

SMALLER: dict[Size, Size] = {"large": "medium", "medium": "small"}


class Value(NamedTuple):
    """One setting that changes."""

    key: str
    before: object
    after: object


class Change(NamedTuple):
    """What one step changes, and the settings after it."""

    values: tuple[Value, ...]
    settings: Settings


class Rule(NamedTuple):
    """One thing that can be reduced, in steps."""

    what: str
    costs: str
    """The disadvantage of the reduction."""
    step: Callable[[Settings], Change | None]
    """The next step down, or None at the floor."""


def _single_nat(settings: Settings) -> Change | None:
    network = settings.network
    if settings.environment == PRODUCTION or network.nat != "per_az":
        return None
    changed = network.model_copy(update={"nat": "single"})
    return Change(
        (Value("network.nat", "per_az", "single"),),
        settings.model_copy(update={"network": changed}),
    )


def _spot(settings: Settings) -> Change | None:
    for name in _others(settings):
        group = settings.namespaces[name].node_group
        if group and group.capacity_type != "SPOT":
            changed = group.model_copy(update={"capacity_type": "SPOT"})
            return Change(
                (Value(f"{name}.node_group.capacity_type", "ON_DEMAND", "SPOT"),),
                with_namespace(settings, name, {"node_group": changed}),
            )
    return None


def _smaller(settings: Settings) -> Change | None:
    size = SMALLER.get(settings.size)
    if size is None:
        return None
    return Change((Value("size", settings.size, size),), settings.model_copy(update={"size": size}))


def _retention(
    names: Callable[[Settings], tuple[str, ...]], signal: str
) -> Callable[[Settings], Change | None]:
    def step(settings: Settings) -> Change | None:
        for name in names(settings):
            retention = settings.namespaces[name].retention_days
            days: int = getattr(retention, signal)
            fewer = _less(days, 0.75, floor(signal, name))
            if fewer != days:
                changed = retention.model_copy(update={signal: fewer})
                return Change(
                    (Value(f"{name}.retention_days.{signal}", days, fewer),),
                    with_namespace(settings, name, {"retention_days": changed}),
                )
        return None

    return step


def _sampling(names: Callable[[Settings], tuple[str, ...]]) -> Callable[[Settings], Change | None]:
    def step(settings: Settings) -> Change | None:
        for name, percent in samplings(settings).items():
            fewer = _less(percent, 0.5, SAMPLING_FLOOR)
            if name in names(settings) and fewer != percent:
                return Change(
                    (Value(f"{name}.sampling.sampling_percentage", percent, fewer),),
                    with_sampling(settings, name, fewer),
                )
        return None

    return step


def _metrics(settings: Settings) -> Change | None:
    metrics = settings.retention_days.metrics
    fewer = {
        name: _less(getattr(metrics, name), 0.75, least) for name, least in METRICS_FLOOR.items()
    }
    changed = metrics.model_copy(update=fewer)
    if changed == metrics:
        return None
    values = tuple(
        Value(f"retention_days.metrics.{name}", getattr(metrics, name), days)
        for name, days in fewer.items()
        if getattr(metrics, name) != days
    )
    retention = settings.retention_days.model_copy(update={"metrics": changed})
    return Change(values, settings.model_copy(update={"retention_days": retention}))


def _others(settings: Settings) -> tuple[str, ...]:
    return tuple(name for name in settings.stages if name != PRODUCTION)


def _not_production(settings: Settings) -> tuple[str, ...]:
    return (*_others(settings), OBSERVABILITY)


def _production(settings: Settings) -> tuple[str, ...]:
    return (PRODUCTION,) if PRODUCTION in settings.namespaces else ()


def _less(value: int, factor: float, least: int) -> int:
    """So much less, but not below the floor; what is below it already stays."""
    return value if value <= least else max(least, int(value * factor))


def floor(signal: str, namespace: str) -> int:
    """Fewest days of retention of a signal in a namespace."""
    days = FLOORS[signal]
    return days.get(namespace, days["other"])


ORDER = (
    Rule(
        "One NAT gateway instead of one in each zone, in environments other than prd",
        "a failure of its zone disconnects the other zones from the internet",
        _single_nat,
    ),
    Rule(
        "Spot nodes for stages other than prd", "AWS reclaims nodes with two minutes' notice", _spot
    ),
    Rule(
        "A smaller size of the back ends, if the workload fits it",
        "less room for growth, and the change needs work by hand (docs/operations/capacity.md)",
        _smaller,
    ),
    Rule(
        "Retention of traces outside prd, by a quarter",
        "shorter history",
        _retention(_not_production, "traces"),
    ),
    Rule(
        "Retention of logs outside prd, by a quarter",
        "shorter history",
        _retention(_not_production, "logs"),
    ),
    Rule(
        "Sampling of stages other than prd, by half",
        "fewer ordinary traces; traces with errors and slow traces are kept",
        _sampling(_others),
    ),
    Rule(
        "Sampling of prd, by half",
        "fewer ordinary traces; traces with errors and slow traces are kept",
        _sampling(_production),
    ),
    Rule(
        "Retention of traces of prd, by a quarter",
        "shorter history in production",
        _retention(_production, "traces"),
    ),
    Rule("Retention of metrics, by a quarter", "shorter comparisons", _metrics),
    Rule(
        "Retention of logs of prd, by a quarter",
        "the evidence of an incident is deleted earlier",
        _retention(_production, "logs"),
    ),
)
"""Reductions, first to last: first without a visible effect, then in stages other than production,
then in production; the evidence of incidents is last."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing given up, by which rule, and the bill after it."""

    rule: Rule
    values: tuple[Value, ...]
    saves: float
    bill: Bill


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The steps to the budget; if it does not fit, `bill` is the floor."""

    budget: float
    start: Bill
    steps: tuple[Step, ...]
    settings: Settings
    bill: Bill

    def given_up(self) -> list[tuple[Rule, list[Value], float]]:
        """By rule, in order: each setting as it was and as it is now, and what that saves."""
        given_up = []
        for rule in ORDER:
            steps = [step for step in self.steps if step.rule is rule]
            first: dict[str, Value] = {}
            for value in (value for step in steps for value in step.values):
                first[value.key] = first.get(value.key, value)._replace(after=value.after)
            if steps:
                given_up.append((rule, list(first.values()), sum(step.saves for step in steps)))
        return given_up

    @property
    def fits(self) -> bool:
        """Whether the last settings cost no more than the budget."""
        return self.bill.total <= self.budget


def recommend(
    settings: Settings,
    workload: Workload,
    prices: Prices,
    budget: float,
    measured: MeasuredLoad | None = None,
) -> Recommendation:
    """Give up one thing after another, in `ORDER`, until the bill fits the budget.

    No step goes below a floor or takes a size that the workload does not fit.

    Args:
        settings: the environment as it is.
        workload: what its applications send.
        prices: list prices of its region.
        budget: US dollars a month for everything that the stacks make.
        measured: what a core of a gateway takes.
    """

    def cost(candidate: Settings) -> Bill:
        return bill(candidate, workload, prices, measured=measured)

    start = current = cost(settings)
    steps: list[Step] = []
    for worth in (budget * WORTH_PERCENT / 100, 0.005):
        for rule in ORDER:
            passed: Settings = settings
            values: list[Value] = []
            while current.total > budget and (change := rule.step(passed)):
                passed = change.settings
                values += change.values
                after = cost(passed)
                if set(after.shortages) - set(start.shortages):
                    break
                saves = current.total - after.total
                if saves >= worth:
                    settings, current = passed, after
                    steps.append(Step(rule=rule, values=tuple(values), saves=saves, bill=after))
                    values = []
    return Recommendation(
        budget=budget, start=start, steps=tuple(steps), settings=settings, bill=current
    )
