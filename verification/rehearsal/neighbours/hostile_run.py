"""Hostile neighbours at a gateway, one after the other, beside a well-behaved one."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from verification.rehearsal.neighbours.gateway_stage import Stage, peak_mib
from verification.rehearsal.neighbours.hostile_cases import SETTLE_SECONDS, Case
from verification.rehearsal.verdicts import CheckFailedError, expect

BEATS = 4
"""Of the neighbour, after what a case has sent."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a case; `failures` is empty when all is well."""

    case: str
    failures: tuple[str, ...]
    peak_mib: int
    slowest_seconds: float


@dataclass
class Report:
    """Outcomes so far."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """Every failure with the name of its case."""
        return [f"{o.case}: {failure}" for o in self.outcomes for failure in o.failures]


def try_cases(
    stage: Stage,
    cases: Sequence[Case],
    say: Callable[[str], None] = lambda _: None,
    *,
    patience: float = SETTLE_SECONDS,
) -> Report:
    """Do what each case does, and judge it; a dead gateway ends the run.

    Args:
        stage: what runs.
        cases: in their order.
        say: is told of each outcome.
        patience: how long, in seconds, what must come of a case may take.
    """
    report = Report()
    stage.neighbour.wait_for_beats(BEATS)
    for case in cases:
        outcome = _try_case(stage, case, patience)
        report.outcomes.append(outcome)
        say(f"{case.name}: {'; '.join(outcome.failures) or 'as promised'} "
            f"(peak {outcome.peak_mib} MiB)")  # fmt: skip
        if not stage.gateway.process.is_running():
            break
    return report


def _try_case(stage: Stage, case: Case, patience: float) -> Outcome:
    stage.neighbour.slowest_seconds = 0.0
    failures: list[str] = []
    try:
        case.send(stage)
    except (CheckFailedError, OSError) as error:
        failures.append(str(error))
    peak = peak_mib(stage.gateway.process.pid)
    if peak is None:
        failures.append("the gateway ended")
    else:
        stage.neighbour.wait_for_beats(BEATS)
        if case.came_of_it is not None:
            failures += kept_in_time(partial(case.came_of_it, stage), patience)
        with stage.neighbour.paused() as sent:
            failures += kept_in_time(partial(neighbour_is_whole, stage, sent), patience)
        peak = peak_mib(stage.gateway.process.pid) or peak
        if peak > stage.memory_mib:
            failures.append(f"{peak} MiB resident, limit {stage.memory_mib}")
    return Outcome(
        case=case.name,
        failures=tuple(failures),
        peak_mib=peak or 0,
        slowest_seconds=stage.neighbour.slowest_seconds,
    )


def neighbour_is_whole(stage: Stage, sent: int) -> None:
    """Everything that the neighbour sent was acknowledged, and all `sent` beats arrived.

    The neighbour must be paused: a later beat would be counted in the place of a lost one.

    Raises:
        CheckFailedError: it was not.
    """
    expect(not stage.neighbour.given_up, "; ".join(stage.neighbour.given_up[:3]))
    for unit, number in (
        ("points stored", stage.points()),
        ("requests counted", stage.calls()),
        ("spans", stage.spans()),
        ("log records", stage.log_records()),
    ):
        expect(number >= sent, f"neighbour: {number} of {sent} {unit}")


def kept_in_time(check: Callable[[], None], patience: float) -> list[str]:
    """Check until it succeeds or the patience (seconds) ends: the last failure, or none."""
    deadline = time.monotonic() + patience
    while True:
        try:
            check()
        except (CheckFailedError, OSError) as error:
            if time.monotonic() > deadline:
                return [str(error)]
            time.sleep(0.3)
        else:
            return []
