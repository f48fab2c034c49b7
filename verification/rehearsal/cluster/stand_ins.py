"""Runs the stand-ins in a thread of their own, for as long as a context lasts."""

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from verification.rehearsal.cluster.kube_api import ApiError

STEP_SECONDS = 0.25
FAILURES = 40
"""So many failed steps in a row are no busy API server any more."""


class StandIn(Protocol):
    """Does what is to be done now, and comes back."""

    def step(self) -> None:
        """Look at everything once."""


class StandIns:
    """Steps through all stand-ins again and again."""

    def __init__(self, stand_ins: Sequence[StandIn]) -> None:
        self._stand_ins = stand_ins
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure: Exception | None = None
        """What made them give up."""

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                for stand_in in self._stand_ins:
                    stand_in.step()
                failures = 0
            except ApiError as error:
                failures += 1
                if failures >= FAILURES:
                    self.failure = error
                    return
            except Exception as error:
                self.failure = error
                return
            self._stop.wait(STEP_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
