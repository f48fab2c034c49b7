"""Faults: the promise for each failure, and the result of an injected failure.

Each fault has a gateway of its own, with the configuration of the stack, and a recorder as back end
that can refuse and be slow. What the gateway acknowledged is counted, and so is what arrived:
the difference is lost.
"""

import copy
import gzip
import itertools
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any

from settings.model import Settings
from verification.rehearsal.pipeline import collectors, otlp_client
from verification.rehearsal.pipeline.collector_samples import Reading, Sampler
from verification.rehearsal.pipeline.collectors import Here, RunningCollector
from verification.rehearsal.pipeline.otlp_sink import OtlpSink
from verification.rehearsal.verdicts import CheckFailedError, Verdict, expect, some

Json = dict[str, Any]

MINUTE = 60.0
"""What the issue calls a minute; `Bench.minute` says how long it is here."""

RETRY_SECONDS = 120.0
"""The exporters' longest pause between two tries (30 s), half of it for chance, and the request."""

CANCELLED = threading.Event()
"""Set when the rehearsal is interrupted: faults on other threads then end at once."""

GROUP = "faults"
_CALLS = "traces.span.metrics.calls"
_BATCH = 100


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What happened. `sent` counts what the application tried, `refused` what was not taken."""

    sent: int
    acknowledged: int
    received: int
    lost: int
    refused: int
    detail: str
    tolerated: int = 0
    """How many may be lost; the promise says why."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where faults are tried: programs, stack, a folder, and how long a minute is."""

    settings: Settings
    stack: Mapping[str, Any]
    otelcol: Path
    folder: Path
    stage: str
    minute: float

    @property
    def memory_mib(self) -> int:
        """The limit of the gateway's container."""
        return collectors.memory_limit_mib(collectors.gateway_values(self.stack, self.stage))

    @contextmanager
    def gateway(
        self,
        name: str,
        sink: OtlpSink,
        *,
        wrapper: tuple[str, ...] = (),
        queue_bytes: int | None = None,
    ) -> Iterator[RunningCollector]:
        """A gateway whose back ends are the recorder; started again in the same folder it goes on.

        Args:
            name: of the fault.
            sink: the recorder.
            wrapper: a command that is given the collector's.
            queue_bytes: bound of each queue on disk; that of the stack takes hours to fill.
        """
        folder = self.folder / name
        here = Here(
            folder=folder,
            back_end=sink.address_of,
            as_json=True,
            hurry=True,
            memory_mib=self.memory_mib,
        )
        config = copy.deepcopy(collectors.gateway(self.stack, self.stage))
        for exporter in config["exporters"].values():
            if queue_bytes is not None and "storage" in exporter["sending_queue"]:
                exporter["sending_queue"]["queue_size"] = queue_bytes
        adapted = collectors.adapt(config, here)
        with collectors.started(
            self.otelcol, adapted, folder, name=f"gateway of {name}", wrapper=wrapper
        ) as running:
            yield running


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault: what is promised, and how it is tried.

    `run` raises CheckFailedError with the outcome's own words when the promise is not kept.
    """

    name: str
    promise: str
    run: Callable[[Bench, "Watch"], Outcome]


@dataclass
class Watch:
    """What is seen while a fault is tried: readings for the plots, and the gateway's memory."""

    sampler: Sampler

    def of(self, gateway: RunningCollector) -> None:
        """Look at a gateway from now on, in the place of the one before."""
        self.sampler.collectors["gateway"] = gateway

    def mark(self, event: str) -> None:
        """Remember that something happens now."""
        self.sampler.mark(event)

    @property
    def memory_mib(self) -> float:
        """The largest memory seen."""
        return max(self.sampler.most_memory_mib().values(), default=0.0)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A fault that was tried, for the report."""

    fault: Fault
    verdict: Verdict
    readings: list[Reading]
    marks: list[tuple[float, str]]


def try_fault(fault: Fault, bench: Bench) -> Tried:
    """Try a fault, and judge it. Whatever goes wrong fails it."""
    started = time.monotonic()
    numbers: dict[str, float] = {}
    with Sampler({}, every_seconds=0.5) as sampler:
        watch = Watch(sampler)
        try:
            outcome = fault.run(bench, watch)
            memory = watch.memory_mib
            numbers = {
                "sent": outcome.sent,
                "acknowledged": outcome.acknowledged,
                "received": outcome.received,
                "lost": outcome.lost,
                "refused": outcome.refused,
                "memory MiB": round(memory),
            }
            detail = outcome.detail
            expect(
                outcome.lost <= outcome.tolerated,
                f"{outcome.lost} acknowledged items were lost. {detail}",
            )
            expect(
                memory <= bench.memory_mib,
                f"{memory:.0f} MiB, more than the limit of {bench.memory_mib} MiB. {detail}",
            )
            failed = False
        except Exception as error:
            failed = True
            detail = str(error) if isinstance(error, CheckFailedError) else repr(error)
    verdict = Verdict(
        group=GROUP,
        name=fault.name,
        status="failed" if failed else "passed",
        detail=detail,
        seconds=time.monotonic() - started,
        promise=fault.promise,
        numbers=numbers,
    )
    return Tried(
        fault=fault,
        verdict=verdict,
        readings=sampler.readings.get("gateway", []),
        marks=sampler.marks,
    )


# --- An application under load --------------------------------------------------------------------


@dataclass
class Load:
    """Log records and data points, numbered, in batches; who sends remembers what was taken."""

    url: str
    sent: int = 0
    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0
    answers: set[int] = field(default_factory=set)
    """Statuses of refusals; 0 for no answer."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def batch(self, size: int = _BATCH) -> bool:
        """Send so many log records and so many data points; whether both were taken."""
        names = [otlp_client.in_letters(f"n{next(self._numbers)}") for _ in range(size)]
        now = time.time_ns()
        lines = [otlp_client.log_record(f"log {name}", at_ns=now) for name in names]
        points = [
            otlp_client.gauge(f"load.{name}", at_ns=now, points=[({}, 1.0)]) for name in names
        ]
        service = {"service.name": "loaded"}
        taken = self._post("logs", otlp_client.logs(service, lines), {f"log {n}" for n in names})
        return (
            self._post(
                "metrics", otlp_client.metrics(service, points), {f"load.{n}" for n in names}
            )
            and taken
        )

    def during(self, seconds: float, per_second: float = 5) -> None:
        """Send batches for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not CANCELLED.is_set():
            self.batch()
            time.sleep(1 / per_second)

    def _post(self, signal: str, body: Json, names: set[str]) -> bool:
        self.sent += len(names)
        try:
            otlp_client.post(self.url, signal, body)
        except urllib.error.HTTPError as error:
            self.refused += len(names)
            self.answers.add(error.code)
            return False
        except OSError:
            self.refused += len(names)
            self.answers.add(0)
            return False
        self.acknowledged |= names
        return True


def arrived(sink: OtlpSink) -> set[str]:
    """Names of the log records and data points that a recorder accepted."""
    return {item.name for item in (*sink.log_records(), *sink.data_points())}


def outcome(load: Load, sink: OtlpSink, detail: str) -> Outcome:
    """Wait until everything acknowledged has arrived, or for RETRY_SECONDS; count what did."""
    deadline = time.monotonic() + RETRY_SECONDS
    while (missing := load.acknowledged - arrived(sink)) and time.monotonic() < deadline:
        if CANCELLED.wait(0.5):
            raise CheckFailedError("interrupted")
    return Outcome(
        sent=load.sent,
        acknowledged=len(load.acknowledged),
        received=len(load.acknowledged) - len(missing),
        lost=len(missing),
        refused=load.refused,
        detail=detail,
    )


# --- The faults -----------------------------------------------------------------------------------


def back_end_down(bench: Bench, watch: Watch) -> Outcome:
    """Every back end answers 503 for a minute, under load."""
    with OtlpSink() as sink, bench.gateway("back-end-down", sink) as gateway:
        watch.of(gateway)
        load = Load(gateway.url(collectors.OTLP_HTTP))
        load.during(bench.minute / 5)
        sink.answer(503)
        watch.mark("back ends down")
        load.during(bench.minute)
        sink.answer(200)
        watch.mark("back ends up")
        load.during(bench.minute / 5)
        result = outcome(load, sink, f"back ends away for {bench.minute:g} s")
        expect(gateway.process.is_running(), "the gateway ended")
        expect(load.refused == 0, f"{load.refused} items were refused, though the queue had room")
        return result


def killed_under_load(bench: Bench, watch: Watch) -> Outcome:
    """kill -9 while batches come in and the queues are full of what back ends refused."""
    with OtlpSink() as sink:
        sink.answer(503)
        with bench.gateway("killed", sink) as gateway:
            watch.of(gateway)
            load = Load(gateway.url(collectors.OTLP_HTTP))
            sender = threading.Thread(target=load.during, args=(bench.minute / 3, 20))
            sender.start()
            time.sleep(bench.minute / 5)
            watch.mark("kill -9")
            gateway.kill()
            sender.join()
        before, refused = len(load.acknowledged), load.refused
        expect(before > 0 and refused > 0, "it was not killed under load")
        sink.answer(200)
        with bench.gateway("killed", sink) as gateway:
            watch.of(gateway)
            watch.mark("started again")
            load.url = gateway.url(collectors.OTLP_HTTP)
            load.batch()
            return outcome(
                load, sink, f"{before} items acknowledged before the kill, in queues on disk"
            )


QUEUE_MIB = 1


def queue_full(bench: Bench, watch: Watch) -> Outcome:
    """The queues reach their bound while the back ends are away."""
    size = QUEUE_MIB * 1024 * 1024
    with OtlpSink() as sink:
        sink.answer(503)
        with bench.gateway("queue-full", sink, queue_bytes=size) as gateway:
            load = _until_refused(bench, watch, gateway, "queues full")
            return _once_back(load, sink, watch, f"queues of {QUEUE_MIB} MiB each")


DISK_MIB = 4
TOLERATED_PERCENT = 1
"""Of what was acknowledged, when the file system and not the queue's bound is full. The collector's
persistent queue notes in the same file which item it takes out; when that cannot be written, it
drops the item (exporterhelper v0.160.0, persistent_queue.go, getNextItem). The note needs new room
where the newest items are stored next to it: the file is sorted by their numbers as text, and the
note comes after the nines. ADR 0015 says what that costs; with this size about 200 requests fit,
and the number of none that waits for room begins with a nine."""

_LIMITED = (
    "import os, resource, sys; size = int(sys.argv[1]); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)); os.execv(sys.argv[2], sys.argv[2:])"
)


def disk_full(bench: Bench, watch: Watch) -> Outcome:
    """The files of the queues cannot grow any more while the back ends are away."""
    wrapper = (sys.executable, "-c", _LIMITED, str(DISK_MIB * 1024 * 1024))
    with OtlpSink() as sink:
        sink.answer(503)
        with bench.gateway("disk-full", sink, wrapper=wrapper) as gateway:
            load = _until_refused(bench, watch, gateway, "disk full")
            result = _once_back(load, sink, watch, f"files of at most {DISK_MIB} MiB each")
            return replace(result, tolerated=result.acknowledged * TOLERATED_PERCENT // 100)


def _once_back(load: Load, sink: OtlpSink, watch: Watch, room: str) -> Outcome:
    """What became of the load once the back ends are up; the gateway takes data again."""
    sink.answer(200)
    watch.mark("back ends up")
    result = outcome(load, sink, f"{room}; refused with {some(load.answers)}")
    expect(wait_for(load.batch, RETRY_SECONDS), "it takes nothing any more")
    return result


def _until_refused(bench: Bench, watch: Watch, gateway: RunningCollector, mark: str) -> Load:
    """Send until some batches were refused."""
    watch.of(gateway)
    load = Load(gateway.url(collectors.OTLP_HTTP))
    deadline = time.monotonic() + max(bench.minute, RETRY_SECONDS)
    while load.refused < 10 * _BATCH and time.monotonic() < deadline:
        load.batch(5 * _BATCH)
        if CANCELLED.is_set():
            raise CheckFailedError("interrupted")
    watch.mark(mark)
    expect(load.refused > 0, "nothing was refused: it did not become full")
    expect(gateway.process.is_running(), "the gateway ended")
    return load


SLOW_SECONDS = 1.5


def slow_back_end(bench: Bench, watch: Watch) -> Outcome:
    """Each request to a back end takes long."""
    with OtlpSink() as sink, bench.gateway("slow", sink) as gateway:
        watch.of(gateway)
        load = Load(gateway.url(collectors.OTLP_HTTP))
        sink.delay(SLOW_SECONDS)
        watch.mark("back ends slow")
        load.during(bench.minute, per_second=10)
        sink.delay(0)
        watch.mark("back ends fast")
        expect(load.refused == 0, f"{load.refused} items were refused")
        return outcome(load, sink, f"each request took {SLOW_SECONDS:g} s")


FLOOD = 20_000
_FLOOD_BATCH = 500


def flood_of_label_values(bench: Bench, watch: Watch) -> Outcome:
    """Spans with a new route each, and data points with a new user each."""
    config = collectors.gateway(bench.stack, bench.stage)
    limit = int(config["connectors"]["span_metrics"]["aggregation_cardinality_limit"])
    number = _FLOOD_BATCH * ceil(max(FLOOD, limit + limit // 4) / _FLOOD_BATCH)
    with OtlpSink() as sink, bench.gateway("flood", sink) as gateway:
        watch.of(gateway)
        url = gateway.url(collectors.OTLP_HTTP)
        watch.mark("flood")
        now = time.time_ns()
        service = {"service.name": "flooding"}
        for start in range(0, number, _FLOOD_BATCH):
            spans = [
                otlp_client.span(
                    f"{n + 1:032x}",
                    f"{n + 1:016x}",
                    "GET /x",
                    start_ns=now,
                    end_ns=now + 1000,
                    attributes={"http.route": f"/r{n}"},
                )
                for n in range(start, start + _FLOOD_BATCH)
            ]
            otlp_client.post(url, "traces", otlp_client.traces(service, spans))
            points = [({"user.id": f"u{n}"}, 1.0) for n in range(start, start + _FLOOD_BATCH)]
            gauge = otlp_client.gauge("flooded", at_ns=now, points=points)
            otlp_client.post(url, "metrics", otlp_client.metrics(service, [gauge]))
        counted = 0.0

        def everything_is_counted() -> bool:
            nonlocal counted
            counted = sum(_latest_calls(sink).values())
            return counted >= number

        wait_for(everything_is_counted, RETRY_SECONDS)
        series = len(_latest_calls(sink))
        users = {
            item.attributes.get("user.id") for item in sink.data_points() if item.name == "flooded"
        }
        expect(series <= limit + 1, f"{series} series of span metrics, allowed are {limit} and one")
        expect(users == {None}, "labels that are not on the list arrived")
        expect(gateway.process.is_running(), "the gateway ended")
        return Outcome(
            sent=2 * number,
            acknowledged=2 * number,
            received=2 * number - round(number - counted),
            lost=round(number - counted),
            refused=0,
            detail=f"{number} routes became {series} series (limit {limit}), {number} users one; "
            f"{counted:.0f} of {number} spans are counted in them",
        )


def _latest_calls(sink: OtlpSink) -> dict[str, float]:
    """Spans counted by series, as of the latest data point of each."""
    latest: dict[str, float] = {}
    for item in sink.data_points():
        if item.name == _CALLS:
            key = repr(sorted(item.attributes.items()))
            latest[key] = float(item.raw.get("asInt", item.raw.get("asDouble", 0)))
    return latest


TOO_MUCH_MIB = 24


def malformed_and_oversized(bench: Bench, watch: Watch) -> Outcome:
    """What is no OTLP, or too much of it, between requests that are well-formed."""
    with OtlpSink() as sink, bench.gateway("malformed", sink) as gateway:
        watch.of(gateway)
        url = gateway.url(collectors.OTLP_HTTP)
        load = Load(url)
        load.batch()
        refused, taken = 0, []
        zeros = bytes(TOO_MUCH_MIB * 1024 * 1024)
        shape = b'{"resourceSpans": 7, "resourceMetrics": 7, "resourceLogs": 7}'
        for defect, content_type, body, encoding in (
            ("no JSON", "application/json", b'{"resourceSpans": [', None),
            ("JSON of another shape", "application/json", shape, None),
            ("no protobuf", "application/x-protobuf", b"\xff" * 64, None),
            ("no gzip", "application/x-protobuf", b"plain", "gzip"),
            ("another type", "text/plain", b"hello", None),
            (f"{TOO_MUCH_MIB} MiB", "application/x-protobuf", zeros, None),
            (
                f"{TOO_MUCH_MIB} MiB in gzip",
                "application/x-protobuf",
                gzip.compress(zeros),
                "gzip",
            ),
        ):
            watch.mark(defect)
            for signal in ("traces", "metrics", "logs"):
                status = _raw_post(f"{url}/v1/{signal}", content_type, body, encoding)
                if status is not None and status < 400:
                    taken.append(f"{defect} as {signal}: {status}")
                refused += 1
                load.batch(10)
        expect(not taken, f"taken though malformed: {some(taken)}")
        expect(gateway.process.is_running(), "the gateway ended")
        expect(load.refused == 0, f"{load.refused} well-formed items were refused")
        return outcome(load, sink, f"{refused} malformed or oversized requests, each refused")


def _raw_post(url: str, content_type: str, body: bytes, encoding: str | None) -> int | None:
    """The status of an answer; None when the connection was closed on us."""
    headers = {"Content-Type": content_type} | ({"Content-Encoding": encoding} if encoding else {})
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def claims_to_be_another_stage(bench: Bench, watch: Watch) -> Outcome:
    """Everything an application can say about where it runs names another stage."""
    claim = next(stage for stage in reversed(bench.settings.stages) if stage != bench.stage)
    with OtlpSink() as sink, bench.gateway("claims", sink) as gateway:
        watch.of(gateway)
        url = gateway.url(collectors.OTLP_HTTP)
        lie, header = otlp_client.claims(claim), {"X-Scope-OrgID": claim}
        resource = {"service.name": "liar", **lie}
        now = time.time_ns()
        watch.mark(f"claims to be {claim}")
        bodies = {
            "logs": otlp_client.logs(
                resource, [otlp_client.log_record("a lie", at_ns=now, attributes=lie)], lie
            ),
            "metrics": otlp_client.metrics(
                resource, [otlp_client.counter("lies", at_ns=now, points=[lie])], lie
            ),
            "traces": otlp_client.traces(
                resource,
                [
                    otlp_client.span(
                        "a" * 32,
                        "b" * 16,
                        "a lie",
                        start_ns=now,
                        end_ns=now + 1000,
                        status=otlp_client.ERROR,
                        attributes=lie,
                    )
                ],
                lie,
            ),
        }
        for signal, body in bodies.items():
            otlp_client.post(url, signal, body, header)
        expected = {"a lie", "lies", _CALLS}

        def everything() -> list[Any]:
            return [*sink.log_records(), *sink.spans(), *sink.data_points()]

        wait_for(
            lambda: {item.name for item in everything()} >= expected and bool(sink.spans()),
            RETRY_SECONDS,
        )
        wrong = set()
        for item in everything():
            if item.tenant not in (None, bench.stage):
                wrong.add(f"{item.name} in the tenant {item.tenant}")
            for where, attributes in (("resource", item.resource), ("item", item.attributes)):
                wrong |= {
                    f"{item.name}: {key}={value} in the {where}"
                    for key, value in attributes.items()
                    if value == claim
                    # A log record's own attributes become no label and choose no tenant.
                    and not (where == "item" and item.name == "a lie")
                }
        expect(not wrong, f"written as {claim}: {some(wrong)}")
        got = {item.name for item in everything()}
        missing = expected - got
        return Outcome(
            sent=3,
            acknowledged=3,
            received=3 - len(missing - {_CALLS}),
            lost=len(missing - {_CALLS}),
            refused=0,
            detail=f"an application in {bench.stage} that claims to be {claim} "
            f"was written as {bench.stage}",
        )


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; whether it was met in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        if CANCELLED.wait(0.25):
            raise CheckFailedError("interrupted")
    return bool(condition())


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="back end down for a minute",
        promise="what was acknowledged waits on disk and arrives; nothing is refused meanwhile",
        run=back_end_down,
    ),
    Fault(
        name="collector killed with -9 while loaded",
        promise="acknowledged metrics and log records arrive after the restart (traces that wait "
        "for their decision in memory are excepted: ADR 0015)",
        run=killed_under_load,
    ),
    Fault(
        name="queue full by its own bound",
        promise="what does not fit is refused with an error that SDKs retry; what was acknowledged "
        "arrives, and new data is taken again",
        run=queue_full,
    ),
    Fault(
        name="disk of the queue full",
        promise="no crash; what does not fit is refused with an error that SDKs retry; new data is "
        f"taken again; the collector drops at most {TOLERATED_PERCENT} % of what was acknowledged "
        "(but not in every order, so bounds of queues are below the size of their volume: "
        "ADR 0015)",
        run=disk_full,
    ),
    Fault(
        name="slow back end",
        promise="data waits in the queue; nothing is refused or lost; memory under its limit",
        run=slow_back_end,
    ),
    Fault(
        name="flood of new label values",
        promise="series stay below the limit, every span is still counted, memory under its limit",
        run=flood_of_label_values,
    ),
    Fault(
        name="malformed and oversized OTLP",
        promise="refused with a 4xx; no crash; well-formed data in between arrives",
        run=malformed_and_oversized,
    ),
    Fault(
        name="an application that claims to be another stage",
        promise="written under its own stage only, in every signal",
        run=claims_to_be_another_stage,
    ),
)
"""Those that need a gateway alone; expired credentials are in storage_checks.py."""
