"""What collectors say about themselves, once a second, for the plots of the report."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from verification.rehearsal.pipeline.collectors import RunningCollector

SIGNALS = ("spans", "metric_points", "log_records")
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Counters since the start, and the size of queues and memory at a moment."""

    at: float
    """Seconds since the sampler began."""
    received: float
    sent: float
    refused: float
    queue: float
    """In the queue's own unit: bytes, or requests."""
    memory_mib: float


def reading(collector: RunningCollector, at: float) -> Reading:
    """Ask a collector.

    Raises:
        OSError: it does not answer.
    """
    lines = collector.own_metrics()

    def told(name: str, without: str = "") -> float:
        return sum(
            value
            for line, value in lines
            if line.startswith(name) and not (without and without in line)
        )

    # What gateways send one another is no data of applications.
    between = 'receiver="otlp/lb"'
    return Reading(
        at=at,
        received=sum(told(f"otelcol_receiver_accepted_{s}_total", between) for s in SIGNALS),
        sent=sum(told(f"otelcol_exporter_sent_{s}_total", "load_balancing") for s in SIGNALS),
        refused=sum(told(f"otelcol_receiver_refused_{s}_total") for s in SIGNALS),
        queue=told("otelcol_exporter_queue_size"),
        memory_mib=told("otelcol_process_memory_rss") / MIB,
    )


@dataclass
class Sampler:
    """Reads collectors while it is open; one that does not answer is left out of that second."""

    collectors: dict[str, RunningCollector]
    readings: dict[str, list[Reading]] = field(default_factory=dict)
    marks: list[tuple[float, str]] = field(default_factory=list)
    """What happened when, for the plots."""
    every_seconds: float = 1.0
    _started: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
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

    @property
    def now(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._started

    def mark(self, event: str) -> None:
        """Remember that something happens now."""
        self.marks.append((self.now, event))

    def most_memory_mib(self) -> Mapping[str, float]:
        """The largest memory that was seen of each collector."""
        return {
            name: max(sample.memory_mib for sample in readings)
            for name, readings in self.readings.items()
        }

    def _run(self) -> None:
        while True:
            for name, collector in list(self.collectors.items()):
                try:
                    sample = reading(collector, self.now)
                except OSError:
                    continue
                self.readings.setdefault(name, []).append(sample)
            if self._stop.wait(self.every_seconds):
                return
