"""What hostile neighbours send, and what must come of it: one case is one entry.

A case sends something to a gateway and may look at what came of it. That the gateway lives, stays
below its memory limit and loses nothing of the neighbour's is looked at for every one.
"""

import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from verification.rehearsal.neighbours import hostile_payloads as payloads
from verification.rehearsal.neighbours.gateway_stage import Stage
from verification.rehearsal.neighbours.hostile_payloads import (
    Encoding,
    Json,
    Payload,
    payload,
    zipped,
)
from verification.rehearsal.neighbours.neighbour import send
from verification.rehearsal.pipeline import otlp_client
from verification.rehearsal.verdicts import expect

MINUTE_NS = 60_000_000_000
MIB = 1024 * 1024
MAX_BODY = 2 * MIB
HOSTILE = "hostile"
OK, BAD_REQUEST, TOO_LARGE, CLOSED = 200, 400, 413, 0
REFUSED = (BAD_REQUEST, TOO_LARGE, CLOSED)
TAKEN_OR_REFUSED = (OK, *REFUSED)
SETTLE_SECONDS = 40


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that a hostile neighbour does."""

    name: str
    send: Callable[[Stage], None]
    """Sends it."""
    came_of_it: Callable[[Stage], None] | None = None
    """Raises CheckFailedError while what must come of it has not."""


# --- Building blocks ------------------------------------------------------------------------------


def post(stage: Stage, request: Payload, *, by_grpc: bool = False) -> int:
    """Send a request, and return the status: CLOSED where the server closed the connection.

    It does that when it has read as much as it takes and answered, and more is coming.
    """
    try:
        return send(stage.relay_url if by_grpc else stage.url, request)
    except OSError:
        return CLOSED


def metrics(*items: Json, service: str = HOSTILE, encoding: Encoding = "json") -> Payload:
    """A request with these metrics of a service."""
    return payload("metrics", otlp_client.metrics({"service.name": service}, items), encoding)


def server_span(name: str, number: int, *, service: str = HOSTILE, **rest: Any) -> Json:
    """A span of a server that took 10 ms and ended just now."""
    now = time.time_ns()
    identifier = f"{abs(hash((service, name, number, now))):032x}"[-32:]
    return otlp_client.span(
        identifier, identifier[:16], name, start_ns=now - 10_000_000, end_ns=now, **rest
    )


def traces(spans: Iterable[Json], *, service: str = HOSTILE) -> Payload:
    """A request with these spans of a service."""
    return payload("traces", otlp_client.traces({"service.name": service}, spans), "protobuf")


def refused(reason: str, at_least: int = 1) -> Callable[[Stage], None]:
    """What was sent is counted as refused for a reason."""

    def check(stage: Stage) -> None:
        query = f'telemetry_refused_items_total{{service_name="{HOSTILE}",reason="{reason}"}}'
        counted = stage.value(query)
        expect(counted >= at_least, f"{query} is {counted:g}, not at least {at_least}")

    return check


def stored(query: str, number: int) -> Callable[[Stage], None]:
    """A query gives so many series."""

    def check(stage: Stage) -> None:
        series = stage.value(f"count({query})")
        expect(series == number, f"{query} gives {series:g} series, not {number}")

    return check


def both(*checks: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """All of them."""

    def check(stage: Stage) -> None:
        for expectation in checks:
            expectation(stage)

    return check


def metric_case(
    name: str,
    build: Callable[[int], Json],
    reason: str,
    *,
    offset_minutes: float = 0,
    encoding: Encoding = "json",
    by_grpc: bool = False,
) -> Case:
    """A case with one metric that is refused, every 0.2 s for two seconds."""

    def send_it(stage: Stage) -> None:
        for _ in range(10):
            at_ns = time.time_ns() + int(offset_minutes * MINUTE_NS)
            good = payloads.gauge("hostile.good", [(time.time_ns(), 1.0)])
            request = metrics(build(at_ns), good, encoding=encoding)
            status = post(stage, request, by_grpc=by_grpc)
            expect(status == OK, f"the gateway answered {status}, not 200")
            time.sleep(0.2)

    return Case(
        name=name,
        send=send_it,
        came_of_it=both(refused(reason), stored(f'hostile_good{{service_name="{HOSTILE}"}}', 1)),
    )


# --- A1 to A6: points that Prometheus refuses -----------------------------------------------------


def _delta(kind: str) -> Callable[[int], Json]:
    if kind == "sum":
        return lambda at: payloads.sum_points(
            "hostile.delta", [(at, 1.0)], temporality=payloads.DELTA
        )
    make = payloads.histogram if kind == "histogram" else payloads.exponential
    return lambda at: make("hostile.delta", at, temporality=payloads.DELTA)


def _gauge(at_ns: int) -> Json:
    return payloads.gauge("hostile.late", [(at_ns, 1.0)])


def _same_series_twice(stage: Stage) -> None:
    for _ in range(10):
        now = time.time_ns()
        post(stage, metrics(payloads.gauge("hostile.twice", [(now, 1.0), (now, 2.0)])))
        time.sleep(0.2)


def _ten_services_send_spans(stage: Stage) -> None:
    """While points come that Prometheus refuses."""
    for number in range(20):
        for service in range(10):
            route = {"http.request.method": "GET", "http.route": "/shop"}
            span = server_span("GET /shop", number, service=f"shop-{service}", attributes=route)
            post(stage, traces([span], service=f"shop-{service}"))
        at_ns = time.time_ns()
        delta = payloads.sum_points("d", [(at_ns, 1.0)], temporality=payloads.DELTA)
        future = payloads.gauge("f", [(at_ns + 120 * MINUTE_NS, 1.0)])
        for bad in (delta, future, payloads.exponential("e", at_ns, scale=-5)):
            post(stage, metrics(bad))
        now = time.time_ns()
        post(stage, metrics(payloads.gauge("t", [(now, 1.0), (now, 2.0)])))


def _spans_are_counted(stage: Stage) -> None:
    for service in range(10):
        query = f'sum(traces_span_metrics_calls_total{{service_name="shop-{service}"}})'
        calls = stage.value(query)
        expect(calls == 20, f"{query} is {calls:g}, not 20")


REFUSED_POINTS = (
    *(
        metric_case(f"A1 delta {kind}", _delta(kind), "temporality")
        for kind in ("sum", "histogram", "exponential histogram")
    ),
    metric_case("A1 delta sum in protobuf", _delta("sum"), "temporality", encoding="protobuf"),
    metric_case("A1 delta sum by gRPC", _delta("sum"), "temporality", by_grpc=True),
    *(
        metric_case(f"A2 {minutes} min ahead", _gauge, "in_the_future", offset_minutes=minutes)
        for minutes in (120, 11, 9, 3)
    ),
    metric_case(
        "A2 histogram ahead",
        lambda at: payloads.histogram("hostile.late", at),
        "in_the_future",
        offset_minutes=11,
    ),
    *(
        metric_case(f"A3 {minutes} min late", _gauge, "too_old", offset_minutes=-minutes)
        for minutes in (27, 31, 600)
    ),
    metric_case(
        "A3 without a time", lambda _: payloads.gauge("hostile.late", [(0, 1.0)]), "too_old"
    ),
    metric_case(
        "A3 summary late",
        lambda at: payloads.summary("hostile.late", at),
        "too_old",
        offset_minutes=-31,
    ),
    *(
        metric_case(
            f"A4 scale {scale}",
            lambda at, scale=scale: (  # type: ignore[misc]
                payloads.exponential("hostile.wide", at, scale=scale)
            ),
            "histogram_scale",
        )
        for scale in (-5, -10)
    ),
    Case(name="A5 same series twice", send=_same_series_twice),
    Case(
        name="A5 buckets that are no sum",
        send=lambda stage: _ten_times(
            stage, lambda at: payloads.exponential("hostile.sum", at, count="1")
        ),
    ),
    Case(
        name="A5 bounds in disorder",
        send=lambda stage: _ten_times(
            stage, lambda at: payloads.histogram("hostile.bounds", at, explicitBounds=[2.0, 2.0])
        ),
    ),
    Case(
        name="A5 metric without data",
        send=lambda stage: _ten_times(stage, lambda _: {"name": "hostile.empty"}),
    ),
    Case(
        name="A6 spans of ten services beside them",
        send=_ten_services_send_spans,
        came_of_it=_spans_are_counted,
    ),
)


def _ten_times(stage: Stage, build: Callable[[int], Json]) -> None:
    for _ in range(10):
        post(stage, metrics(build(time.time_ns())))
        time.sleep(0.1)


# --- A7 to A11: names of spans --------------------------------------------------------------------


def names_of(service: str, most: int) -> Callable[[Stage], None]:
    """A service has at most so many span names."""

    def check(stage: Stage) -> None:
        query = (
            f'group by (span_name) (traces_span_metrics_calls_total{{service_name="{service}"}})'
        )
        number = stage.value(f"count({query})")
        expect(0 < number <= most, f"{service} has {number:g} span names, not 1 to {most}")

    return check


def calls_of(service: str, number: int, selector: str = "") -> Callable[[Stage], None]:
    """So many requests of a service are counted."""

    def check(stage: Stage) -> None:
        query = f'sum(traces_span_metrics_calls_total{{service_name="{service}"{selector}}})'
        calls = stage.value(query)
        expect(calls == number, f"{query} is {calls:g}, not {number}")

    return check


ERRORS = ',span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"'


def _scanned(service: str, attributes: Callable[[int], Json]) -> Callable[[Stage], None]:
    """3,000 requests for pages that are not there, then 20 for one that fails."""

    def send_it(stage: Stage) -> None:
        words = [f"/{(number * 2654435761) % 2**32:x}word" for number in range(3000)]
        for start in range(0, len(words), 500):
            post(
                stage,
                traces(
                    [
                        server_span(
                            f"GET {word}", number, service=service, attributes=attributes(number)
                        )
                        for number, word in enumerate(words[start : start + 500], start)
                    ],
                    service=service,
                ),
            )
        route = {
            "http.request.method": "GET",
            "http.route": "/fails",
            "http.response.status_code": "500",
        }
        for number in range(20):
            span = server_span(
                "GET /fails", number, service=service, status=otlp_client.ERROR, attributes=route
            )
            post(stage, traces([span], service=service))

    return send_it


NAMES = {
    "/orders/507f1f77bcf86cd799439011": "/orders/{id}",
    "/2fa/verify": "/2fa/verify",
    "GET /a/1/2/3/b": "GET /a/{id}/{id}/{id}/b",
    "GET /x?sessionId=0f8fad5b-d9cb-469f-a165-70867728950e": "GET /x",
    "checkout 01ARZ3NDEKTSV4RRFFQ69G5FAV": "checkout {id}",
    "process order-01ARZ3NDEKTSV4RRFFQ69G5FAV": "process order-{id}",
    "SELECT name FROM users WHERE id=17": "SELECT",
    "select * from a where b in (1, 2, 3)": "select",
    "GET /orders/0f8fad5b-d9cb-469f-a165-70867728950e/items": "GET /orders/{id}/items",
    "job 88412": "job {id}",
    "GET /v2/s3/objects": "GET /v2/s3/objects",
    "shop.Orders/List": "shop.Orders/List",
}
"""Names without HTTP attributes, and what they become."""


def _send_names(stage: Stage) -> None:
    post(
        stage,
        traces([server_span(name, 1, service="names") for name in NAMES], service="names"),
    )


def _are_named(stage: Stage) -> None:
    answer = stage.prometheus.at(
        'group by (span_name) (traces_span_metrics_calls_total{service_name="names"})', time.time()
    )
    names = {labels["span_name"] for labels, _ in answer.series}
    expect(names == set(NAMES.values()), f"the names are {sorted(names)}")


def _send_internal(stage: Stage) -> None:
    spans = [
        server_span(f"middleware {n} http send", n, service="fastapi", kind=otlp_client.INTERNAL)
        for n in range(8)
    ]
    spans.append(
        server_span(
            "GET /",
            9,
            service="fastapi",
            attributes={"http.request.method": "GET", "http.route": "/"},
        )
    )
    post(stage, traces(spans, service="fastapi"))


SPAN_NAMES = (
    Case(
        name="A7 random words",
        send=_scanned("flask", lambda _: {"http.request.method": "GET"}),
        came_of_it=both(
            names_of("flask", 5), calls_of("flask", 20, ERRORS), calls_of("flask", 3020)
        ),
    ),
    Case(
        name="A7 random words, older conventions",
        send=_scanned("flask-old", lambda n: {"http.method": "GET", "http.target": f"/{n}"}),
        came_of_it=both(names_of("flask-old", 5), calls_of("flask-old", 20, ERRORS)),
    ),
    Case(
        name="A7 random methods",
        send=_scanned("methods", lambda n: {"http.request.method": f"M{n}"}),
        came_of_it=both(names_of("methods", 5), calls_of("methods", 20, ERRORS)),
    ),
    Case(name="A8 A9 A10 identifiers in names", send=_send_names, came_of_it=_are_named),
    Case(
        name="A11 internal spans",
        send=_send_internal,
        came_of_it=both(names_of("fastapi", 1), calls_of("fastapi", 1)),
    ),
)


# --- A12 to A14: many and forged names ------------------------------------------------------------


def _many_services(stage: Stage) -> None:
    for request in range(20):
        resources = [
            otlp_client.traces(
                {"service.name": f"invented-{request}-{number}"},
                [
                    server_span(
                        "GET /",
                        number,
                        service=f"invented-{request}-{number}",
                        attributes={"http.request.method": "GET", "http.route": "/"},
                    )
                ],
            )["resourceSpans"][0]
            for number in range(1000)
        ]
        post(stage, payload("traces", {"resourceSpans": resources}, "protobuf"))


def _services_are_bounded(stage: Stage) -> None:
    limit = stage.room
    series = stage.value('count(traces_span_metrics_calls_total{service_name=~"invented-.*"})')
    expect(0 < series <= limit, f"{series:g} series of invented services, not 1 to {limit}")
    beyond = stage.value('sum(traces_span_metrics_calls_total{otel_metric_overflow="true"})')
    expect(beyond > 0, "nothing is counted as beyond the limit")


def _many_metrics(stage: Stage) -> None:
    for start in range(0, 100_000, 5_000):
        now = time.time_ns()
        gauges = [payloads.gauge(f"invented.{start + n}", [(now, 1.0)]) for n in range(5_000)]
        post(stage, metrics(*gauges, encoding="protobuf"))


def _metrics_are_bounded(stage: Stage) -> None:
    names = stage.value('count(group by (__name__) ({__name__=~"invented_.*"}))')
    expect(names <= 1_000, f"{names:g} invented metrics, not at most 1,000")


FORGED = (
    "up",
    "UP!up",
    "ALERTS",
    "ALERTS_FOR_STATE",
    "kube_pod_info",
    "kube.pod.info",
    "__kube__pod__info",
    "node.load1",
    "otelcol.exporter.queue.size",
    "loki_request_duration_seconds",
    "tempo.discarded.spans",
    "thanos_compact_iterations",
    "prometheus.tsdb.head.series",
    "alertmanager-notifications-failed",
    "traces.span.metrics.calls",
    "traces_span_metrics_calls_total",
    "target.info",
    "target_info",
    "scrape_samples_scraped",
    "service:requests:rate5m",
    "k8s.pod.cpu.usage",
    "container_cpu_usage_seconds",
    "kubelet.volume.stats.available",
    "velero_backup_attempt",
    "telemetry.refused.items",
    "externalsecret_status_condition",
)


def _forge(stage: Stage) -> None:
    now = time.time_ns()
    gauges = [payloads.gauge(name, [(now, 0.0)]) for name in FORGED if name != "UP!up"]
    sums = [payloads.sum_points(name, [(now, 0.0)]) for name in FORGED if name != "UP!up"]
    for batch in (gauges, sums):
        status = post(stage, metrics(*batch, service="forger", encoding="protobuf"))
        expect(status == OK, f"the gateway answered {status}, not 200")


def _nothing_is_forged(stage: Stage) -> None:
    query = 'count({service_name="forger",__name__!="telemetry_refused_items_total"})'
    series = stage.value(query)
    expect(series == 0, f"{query} is {series:g}, not 0")
    refused_points = stage.value(
        'sum(telemetry_refused_items_total{service_name="forger",reason="reserved_name"})'
    )
    number = 2 * (len(FORGED) - 1)
    expect(refused_points == number, f"{refused_points:g} points refused, not {number}")


MANY_NAMES = (
    Case(name="A14 names of the platform", send=_forge, came_of_it=_nothing_is_forged),
    Case(name="A12 20,000 services", send=_many_services, came_of_it=_services_are_bounded),
    Case(name="A13 100,000 metrics", send=_many_metrics, came_of_it=_metrics_are_bounded),
)


# --- A15 to A18: large bodies ---------------------------------------------------------------------


def _expect_one_of(*statuses: int) -> Callable[[int], None]:
    def check(status: int) -> None:
        expect(status in statuses, f"the gateway answered {status}, not one of {statuses}")

    return check


def nested_case(name: str, request: Callable[[], Payload], *statuses: int) -> Case:
    """A case with one deeply nested request, plain and compressed."""

    def send_it(stage: Stage) -> None:
        plain = request()
        for message in (plain, zipped(plain)):
            _expect_one_of(*statuses)(post(stage, message))

    return Case(name=name, send=send_it)


def _at_once(number: int, request: Callable[[], Payload]) -> Callable[[Stage], None]:
    def send_it(stage: Stage) -> None:
        message = request()
        with ThreadPoolExecutor(max_workers=number) as pool:
            list(pool.map(lambda _: post(stage, message), range(number)))

    return send_it


def _bomb(bytes_: int) -> Payload:
    """A body of so many bytes that are almost nothing when compressed."""
    record = otlp_client.log_record("x" * bytes_, at_ns=time.time_ns())
    return zipped(
        payload("logs", otlp_client.logs({"service.name": HOSTILE}, [record]), "protobuf")
    )


def _long_attribute(stage: Stage) -> None:
    span = server_span("GET /", 1, attributes={"long": "x" * (19 * MIB)})
    _expect_one_of(*REFUSED)(post(stage, zipped(traces([span]))))
    span = server_span("GET /long", 1, attributes={"long": "x" * MIB})
    _expect_one_of(OK)(post(stage, traces([span])))


def _many_attributes(stage: Stage) -> None:
    span = server_span("GET /many", 1, attributes={f"a{n}": "1" for n in range(100_000)})
    _expect_one_of(OK)(post(stage, traces([span])))


def _is_shortened(name: str) -> Callable[[Stage], None]:
    def check(stage: Stage) -> None:
        spans = [span for span in stage.sink.spans() if span.name == name]
        expect(len(spans) == 1, f"{len(spans)} spans {name}, not 1")
        attributes = spans[0].attributes
        expect(attributes.get("telemetry.shortened") is True, f"{name} is not marked")
        expect(len(attributes) <= 129, f"{name} has {len(attributes)} attributes")
        longest = max(len(str(value)) for value in attributes.values())
        expect(longest <= 4096, f"{name} has a value of {longest} characters")
        counted = stage.value(
            f'telemetry_shortened_items_total{{service_name="{HOSTILE}",signal="traces"}}'
        )
        expect(counted > 0, "nothing is counted as shortened")

    return check


def _large_by_grpc(stage: Stage) -> None:
    record = otlp_client.log_record("x" * (3 * MIB), at_ns=time.time_ns())
    message = otlp_client.logs({"service.name": HOSTILE}, [record])
    status = post(stage, payload("logs", message, "protobuf"), by_grpc=True)
    expect(status != OK, "3 MiB were taken by gRPC")


HALF_OPEN, HALF_OPEN_SECONDS = 3_000, 10


def _half_bodies(stage: Stage) -> None:
    """Announce bodies and send half of them; they are closed before long."""
    host, port = urlsplit(stage.url).netloc.split(":")
    head = (
        b"POST /v1/logs HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/x-protobuf\r\n"
        b"Content-Length: 4000\r\n\r\n" + b"\0" * 2000
    )
    with ExitStack() as exits:
        connections = []
        for _ in range(HALF_OPEN):
            connection = exits.enter_context(socket.create_connection((host, int(port)), 30))
            connection.sendall(head)
            connections.append(connection)
        time.sleep(HALF_OPEN_SECONDS)
        still_open = sum(map(_is_open, connections))
    expect(still_open == 0, f"{still_open} of {HALF_OPEN} are open after {HALF_OPEN_SECONDS} s")


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    with suppress(ConnectionError):
        while True:
            try:
                if not connection.recv(4096):
                    return False
            except BlockingIOError:
                return True
    return False


LARGE_BODIES = (
    nested_case(
        "A15 18 MiB of nested arrays",
        lambda: payloads.nested_log("array", 18 * MIB, "body"),
        *REFUSED,
    ),
    *(
        nested_case(
            f"A15 nested {nesting}s in a log's {place}",
            lambda nesting=nesting, place=place: (  # type: ignore[misc]
                payloads.nested_log(nesting, MAX_BODY - 1024, place)
            ),
            *TAKEN_OR_REFUSED,
        )
        for nesting in ("array", "map")
        for place in ("body", "attribute")
    ),
    nested_case(
        "A15 nested maps in a span",
        lambda: payloads.nested_span("map", MAX_BODY - 1024),
        *TAKEN_OR_REFUSED,
    ),
    *(
        nested_case(
            f"A15 nested arrays in a resource of {signal}",
            lambda signal=signal: (  # type: ignore[misc]
                payloads.nested_resource("array", MAX_BODY - 1024, signal)
            ),
            *TAKEN_OR_REFUSED,
        )
        for signal in ("metrics", "traces", "logs")
    ),
    nested_case("A15 nested JSON", lambda: payloads.nested_json(130_000), *TAKEN_OR_REFUSED),
    Case(name="A16 120 bodies of 19 MB at once", send=_at_once(120, lambda: _bomb(19_000_000))),
    Case(
        name="A16 120 of the largest bodies at once",
        send=_at_once(120, lambda: _bomb(MAX_BODY - 100_000)),
    ),
    Case(
        name="A17 attribute of 19 MB", send=_long_attribute, came_of_it=_is_shortened("GET /long")
    ),
    Case(
        name="A17 100,000 attributes", send=_many_attributes, came_of_it=_is_shortened("GET /many")
    ),
    Case(name="A17 larger than a body may be, by gRPC", send=_large_by_grpc),
    Case(name="A18 3,000 bodies sent half", send=_half_bodies),
)


# --- A19 and A20 ----------------------------------------------------------------------------------

LOKI_ENTRIES, LOKI_BYTES = 128, 64 * 1024


def _large_logs(stage: Stage) -> None:
    stack = otlp_client.log_record(
        "with a stack", at_ns=time.time_ns(), attributes={"exception.stacktrace": "at x\n" * 60_000}
    )
    many = otlp_client.log_record(
        "with many", at_ns=time.time_ns(), attributes={f"key.{n}": "v" * 1000 for n in range(300)}
    )
    long_keys = otlp_client.log_record(
        "with long keys",
        at_ns=time.time_ns(),
        attributes={f"{n}" * 400: "v" for n in range(100, 200)},
    )
    inner = [{"key": f"k{n}", "value": {"stringValue": "v" * 100}} for n in range(500)]
    deep = otlp_client.log_record("with a map", at_ns=time.time_ns())
    deep["attributes"] = [{"key": "map", "value": {"kvlistValue": {"values": inner}}}]
    records = [stack, many, long_keys, deep]
    resource = {"service.name": HOSTILE, **{f"r{n}": "w" * 3000 for n in range(60)}}
    post(stage, payload("logs", otlp_client.logs(resource, records), "protobuf"))


def _logs_fit(stage: Stage) -> None:
    names = ("with a stack", "with many", "with long keys", "with a map")
    for name in names:
        records = [record for record in stage.sink.log_records() if record.name == name]
        expect(len(records) == 1, f"{len(records)} records {name}, not 1")
        (record,) = records
        held = {**record.resource, **record.attributes}
        expect(
            len(record.resource) + len(record.attributes) <= LOKI_ENTRIES - 16,
            f"{name}: {len(held)} entries",
        )
        size = sum(len(key) + len(str(value)) for key, value in record.attributes.items())
        size += sum(len(key) + len(str(value)) for key, value in record.resource.items())
        expect(size <= LOKI_BYTES - 1024, f"{name}: {size} bytes")
        expect(record.attributes.get("telemetry.shortened") is True, f"{name} is not marked")
        expect(
            all(not isinstance(value, dict | list) for value in record.attributes.values()),
            f"{name}: has attributes that are no texts",
        )
    (stack,) = (r for r in stage.sink.log_records() if r.name == "with a stack")
    text = stack.attributes["exception.stacktrace"]
    expect(text.startswith("at x\n" * 3000) and text.endswith("...[shortened]"), text[-40:])


def _strange_times(stage: Stage) -> None:
    now = time.time_ns()
    attributes = {"http.request.method": "GET", "http.route": "/strange"}
    spans = [
        otlp_client.span(
            "a" * 32,
            "a" * 16,
            "GET /strange",
            start_ns=now,
            end_ns=now - 10**9,
            attributes=attributes,
        ),
        otlp_client.span(
            "b" * 32,
            "b" * 16,
            "GET /strange",
            start_ns=now + 10**13,
            end_ns=now + 10**13,
            attributes=attributes,
        ),
    ]
    post(stage, traces(spans, service="strange"))


def _strange_times_are_kept(stage: Stage) -> None:
    spans = [span for span in stage.sink.spans() if span.name == "GET /strange"]
    expect(len(spans) == 2, f"{len(spans)} spans with strange times, not 2")
    calls_of("strange", 2)(stage)
    seconds = stage.value('sum(traces_span_metrics_duration_seconds_sum{service_name="strange"})')
    expect(seconds == 0, f"their durations are {seconds:g} s, not 0")


OTHERS = (
    Case(name="A19 large log records", send=_large_logs, came_of_it=_logs_fit),
    Case(
        name="A20 strange times of spans", send=_strange_times, came_of_it=_strange_times_are_kept
    ),
)

AREAS = {
    "points": REFUSED_POINTS,
    "names of spans": SPAN_NAMES,
    "others": OTHERS,
    "many names": MANY_NAMES,
    "large bodies": LARGE_BODIES,
}
"""The cases of an area run at one gateway, in this order."""

CASES = tuple(case for cases in AREAS.values() for case in cases)
