"""One step on real collectors: send for some seconds, wait for delivery, and count.

Nothing that was acknowledged may be missing at the end, so every item is looked for: at the back
end, or among the traces that sampling decided against. The collectors' own counters say both.
"""

import os
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from verification.load import load_generator
from verification.load.load_model import Pipeline, Signal, Step
from verification.load.load_payloads import SPANS_PER_TRACE, Payload
from verification.load.load_pipelines import Bench, started_counter, started_pipeline
from verification.rehearsal.pipeline import collectors
from verification.rehearsal.pipeline.collectors import RunningCollector

ARRIVED: dict[Signal, str] = {
    "traces": "otelcol_receiver_accepted_spans_total",
    "logs": "otelcol_receiver_accepted_log_records_total",
    "metrics": "otelcol_receiver_accepted_metric_points_total",
}
NOT_SAMPLED = "otelcol_processor_tail_sampling_global_count_traces_sampled_total"
FLUSH_SECONDS = 2.0
"""`flush_timeout` of the exporters' batches: how long the last items may wait in any case."""

WARM_UP = 0.5
MAX_DRAIN_SECONDS = 30.0
"""How long to wait, besides the decision of sampling, for what does not arrive."""

POLL_SECONDS = 0.1
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A collector under load, and the back end behind it."""

    bench: Bench
    pipeline: Pipeline
    collector: RunningCollector
    back_end: RunningCollector


@contextmanager
def rig(bench: Bench, pipeline: Pipeline) -> Iterator[Rig]:
    """Start both, fresh: nothing is left of an earlier step in queues or caches."""
    with (
        started_counter(bench) as back_end,
        started_pipeline(bench, pipeline, back_end) as collector,
    ):
        yield Rig(bench=bench, pipeline=pipeline, collector=collector, back_end=back_end)


def run_step(
    rig: Rig,
    signal: Signal,
    payloads: Sequence[Payload],
    series: int,
    per_second: float,
    seconds: float,
) -> Step:
    """Send at a rate, wait until everything has arrived or is overdue, and account for it."""
    time.sleep(WARM_UP)
    before = Counts.read(rig, signal)
    with _watched(rig) as watch:
        answers = load_generator.send(
            rig.collector.url(collectors.OTLP_HTTP), signal, payloads, per_second, seconds
        )
        generator_share = watch.rest_share()
        hold = FLUSH_SECONDS
        if signal == "traces" and rig.pipeline == "gateway":
            hold += rig.bench.decision_wait_seconds + 1
        drain, counts = drained(rig, signal, before, answers.acknowledged, hold)
    return Step(
        signal=signal,
        pipeline=rig.pipeline,
        series=series,
        offered_per_second=per_second,
        seconds=seconds,
        offered=answers.offered,
        acknowledged=answers.acknowledged,
        refused=answers.refused,
        failed=answers.failed,
        arrived=counts.arrived,
        sampled_out=counts.sampled_out,
        # More may arrive than was acknowledged: an answer that came too late, a retry.
        lost=max(0, answers.acknowledged - counts.arrived - counts.sampled_out),
        bytes_sent=answers.bytes_sent,
        p50_ms=answers.percentile(50),
        p99_ms=answers.percentile(99),
        cpu_seconds=watch.cpu_seconds(),
        memory_mib=watch.peak_mib,
        backlog_seconds=max(0.0, drain - hold),
        generator_share=generator_share,
        load_average=os.getloadavg()[0],
        steal_percent=watch.steal_percent(),
    )


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Items at the back end, and those in traces that sampling decided against."""

    arrived: int
    sampled_out: int

    @classmethod
    def read(cls, rig: Rig, signal: Signal) -> "Counts":
        """What the collectors say now."""
        arrived = total(rig.back_end, ARRIVED[signal], _BACK_END_RECEIVER[signal])
        not_sampled = 0.0
        if signal == "traces" and rig.pipeline == "gateway":
            not_sampled = total(rig.collector, NOT_SAMPLED, 'sampled="false"')
        return cls(arrived=int(arrived), sampled_out=int(not_sampled) * SPANS_PER_TRACE)

    def since(self, other: "Counts") -> "Counts":
        """What came after the others were read."""
        return Counts(
            arrived=self.arrived - other.arrived, sampled_out=self.sampled_out - other.sampled_out
        )


_BACK_END_RECEIVER: dict[Signal, str] = {
    "traces": 'receiver="otlp/tempo"',
    "logs": 'receiver="otlp/loki"',
    "metrics": 'receiver="otlp/prometheus"',
}


def drained(
    rig: Rig,
    signal: Signal,
    before: Counts,
    acknowledged: int,
    hold: float,
    overdue: float = MAX_DRAIN_SECONDS,
) -> tuple[float, Counts]:
    """Seconds until everything is accounted for (or is overdue), and the counts by then.

    Args:
        rig: the collector and its back end.
        signal: what was sent.
        before: counts before it was sent.
        acknowledged: items.
        hold: seconds that the collector waits by design.
        overdue: seconds after these, when what has not arrived is lost.
    """
    begin = time.monotonic()
    while True:
        counts = Counts.read(rig, signal).since(before)
        waited = time.monotonic() - begin
        if counts.arrived + counts.sampled_out >= acknowledged or waited > hold + overdue:
            return waited, counts
        time.sleep(POLL_SECONDS)


def total(collector: RunningCollector, name: str, label: str = "") -> float:
    """The sum of what a collector tells Prometheus about itself under a name and a label."""
    url = f"{collector.url(collectors.OWN_METRICS)}/metrics"
    # The scheme is always http and the host always loopback.
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
        lines = answer.read().decode().splitlines()
    matching = (line for line in lines if line.startswith(f"{name}{{") and label in line)
    return sum(float(line.rpartition(" ")[2]) for line in matching)


class _Watch:
    """CPU and memory of the collector, and CPU of what loads it, since it was made."""

    def __init__(self, rig: Rig) -> None:
        self._collector = psutil.Process(rig.collector.process.pid)
        self._rest = (psutil.Process(), psutil.Process(rig.back_end.process.pid))
        self._cpu_before = _cpu(self._collector)
        self._rest_before = [_cpu(process) for process in self._rest]
        self._times_before = psutil.cpu_times()
        self._begin = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak_mib = 0.0

    def _sample(self) -> None:
        while True:
            self.peak_mib = max(self.peak_mib, self._collector.memory_info().rss / MIB)
            if self._stop.wait(POLL_SECONDS):
                return

    def cpu_seconds(self) -> float:
        return _cpu(self._collector) - self._cpu_before

    def rest_share(self) -> float:
        """Of one core, what generator and back end took since the beginning."""
        spent = sum(map(_cpu, self._rest)) - sum(self._rest_before)
        return spent / (time.monotonic() - self._begin)

    def steal_percent(self) -> float:
        """Time that the hypervisor gave to other guests (Linux)."""
        now = psutil.cpu_times()
        spent = sum(now) - sum(self._times_before)
        stolen = getattr(now, "steal", 0.0) - getattr(self._times_before, "steal", 0.0)
        return 100 * stolen / spent if spent > 0 else 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@contextmanager
def _watched(rig: Rig) -> Iterator[_Watch]:
    watch = _Watch(rig)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
