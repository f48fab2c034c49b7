"""Verdicts of a rehearsal: each promise, its result, and what was not checked."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["passed", "failed", "not checked"]

MARKS: dict[Status, str] = {"passed": "ok", "failed": "FAILED", "not checked": "--"}
"""How a verdict begins in the terminal."""


class CheckFailedError(AssertionError):
    """A promise was not kept; the message says what was expected and what is there."""


class NotCheckedError(RuntimeError):
    """A promise cannot be looked at here; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of one check. `numbers` are those of a fault: sent, received, lost, ..."""

    group: str
    name: str
    status: Status
    detail: str
    seconds: float
    promise: str = ""
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass
class Verdicts:
    """Runs checks one after the other, and says how each ends while it goes on."""

    say: Callable[[str], None]
    verdicts: list[Verdict] = field(default_factory=list)

    def run(self, group: str, name: str, check: Callable[[], str]) -> bool:
        """Run a check, which returns what it saw; whether it passed.

        A check raises CheckFailedError or NotCheckedError. Any other error fails it too: what a
        back end refuses to answer is no proof.
        """
        started = time.monotonic()
        status: Status = "passed"
        try:
            detail = check()
        except NotCheckedError as error:
            status, detail = "not checked", str(error)
        except CheckFailedError as error:
            status, detail = "failed", str(error)
        except Exception as error:
            status, detail = "failed", f"{type(error).__name__}: {error}"
        self.add(
            Verdict(
                group=group,
                name=name,
                status=status,
                detail=detail,
                seconds=time.monotonic() - started,
            )
        )
        return status == "passed"

    def add(self, verdict: Verdict) -> None:
        """Remember a verdict, and say it."""
        self.verdicts.append(verdict)
        seconds = f" ({verdict.seconds:.1f} s)" if verdict.seconds >= 0.1 else ""
        self.say(f"{MARKS[verdict.status]:<7} {verdict.group}: {verdict.name}{seconds}")
        if verdict.status != "passed":
            self.say(f"        {verdict.detail}")

    def count(self, status: Status) -> int:
        """How many ended so."""
        return sum(verdict.status == status for verdict in self.verdicts)

    @property
    def counts(self) -> str:
        """How many ended in each way: `3 passed, 0 failed, 1 not checked`."""
        ways: tuple[Status, ...] = ("passed", "failed", "not checked")
        return ", ".join(f"{self.count(status)} {status}" for status in ways)

    @property
    def passed(self) -> bool:
        """Whether no check failed, and at least one passed."""
        return self.count("failed") == 0 and self.count("passed") > 0


def expect(is_so: bool, otherwise: str) -> None:
    """Raise CheckFailedError unless something is so."""
    if not is_so:
        raise CheckFailedError(otherwise)


def some(values: Any, most: int = 3) -> str:
    """A few of many values, for a message."""
    listed = sorted(map(str, values))
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
