"""Payloads of applications, OTLP in protobuf, built once and sent many times.

Every request looks like one of an SDK: one resource, a batch of items with the attributes of the
semantic conventions. Only trace ids are renewed for each request, in place: a trace that was
decided is not sampled again, so the same ids would skip most of a gateway's work.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import numpy as np
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from verification.load.load_model import Signal

ITEMS = 200
"""Items in a request. SDKs send up to 512 spans or log records (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`),
and what there is after 5 s (`OTEL_BSP_SCHEDULE_DELAY`): this is a pod with 40 spans/s."""

SPANS_PER_TRACE = 10
ERRONEOUS_EVERY, SLOW_EVERY = 50, 100
"""One trace of so many has an error, one is slow: sampling always keeps these."""

TRACE_ID_BYTES = 16
MS = 1_000_000
SERVICES = 20
FEWEST = 5
"""Different requests at least: among their traces are one of 50 and one of 100."""

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The SDKs' default for durations in seconds (semantic conventions, HTTP metrics)."""


@dataclass
class Payload:
    """One request: `places[i]` is where in the body a trace id of group i stands."""

    body: bytearray
    items: int
    places: np.ndarray = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))

    def renewed(self, random: Random) -> bytes:
        """The request with trace ids that were never sent."""
        if not self.places.size:
            return bytes(self.body)
        # A copy: several connections send at the same time.
        body = np.frombuffer(self.body, dtype=np.uint8).copy()
        groups = self.places.shape[0]
        ids = np.frombuffer(random.randbytes(groups * TRACE_ID_BYTES), dtype=np.uint8)
        places = self.places[:, :, np.newaxis] + np.arange(TRACE_ID_BYTES)
        body[places] = ids.reshape(groups, 1, TRACE_ID_BYTES)
        return body.tobytes()


def payloads(signal: Signal, series: int, items: int = ITEMS, text: int = 0) -> list[Payload]:
    """Requests that together have about so many distinct series, to be sent in turn.

    Args:
        signal: traces, logs or metrics.
        series: distinct sets of attributes; of traces, those that span metrics are made for.
        items: spans, log records or data points in each.
        text: characters of a query that each span has besides.
    """
    distinct = -(-series // items)
    numbers = range(max(FEWEST, distinct))
    if signal == "traces":
        return [_traces(number, items, series, number % distinct, text) for number in numbers]
    make = _logs if signal == "logs" else _metrics
    return [make(number, items, series, number % distinct) for number in numbers]


def _traces(number: int, items: int, series: int, sender: int, text: int) -> Payload:
    random, now = Random(number), time.time_ns()  # noqa: S311 - no secret, and the same every run
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add()
    of_resource.resource.CopyFrom(_resource(sender))
    of_scope = of_resource.scope_spans.add()
    of_scope.scope.name = "opentelemetry.instrumentation.asgi"
    groups = items // SPANS_PER_TRACE
    for group in range(groups):
        trace_id = random.randbytes(TRACE_ID_BYTES)
        nth = number * groups + group
        for part in range(SPANS_PER_TRACE):
            route = _nth_of(number * items + group * SPANS_PER_TRACE + part, series)
            slow = part == 0 and nth % SLOW_EVERY == 1
            of_scope.spans.append(
                Span(
                    trace_id=trace_id,
                    span_id=random.randbytes(8),
                    parent_span_id=random.randbytes(8) if part else b"",
                    name=f"GET /api/{route}/orders/{1000 + part}",
                    kind=Span.SPAN_KIND_SERVER if part % 2 == 0 else Span.SPAN_KIND_CLIENT,
                    start_time_unix_nano=now + part * MS,
                    end_time_unix_nano=now + (2500 if slow else 20 + part) * MS,
                    attributes=_span_attributes(route, random, text),
                    status=Status(
                        code=Status.STATUS_CODE_ERROR
                        if part == 0 and nth % ERRONEOUS_EVERY == 0
                        else Status.STATUS_CODE_UNSET
                    ),
                )
            )
    body = request.SerializeToString()
    ids = [of_scope.spans[n * SPANS_PER_TRACE].trace_id for n in range(groups)]
    places = np.array([list(_places(body, trace_id)) for trace_id in ids], dtype=np.int64)
    return Payload(bytearray(body), items, places)


def _span_attributes(route: str, random: Random, text: int) -> list[KeyValue]:
    query: dict[str, str | int] = {"db.query.text": "x" * text} if text else {}
    return _pairs(
        query
        | {
            "http.request.method": "GET",
            "http.route": f"/api/{route}/orders/{{id}}",
            "http.response.status_code": 200,
            "url.scheme": "https",
            "url.path": f"/api/{route}/orders/{random.randrange(10**6)}",
            "server.address": "orders.shop.example",
            "server.port": 8443,
            "client.address": f"10.0.{random.randrange(256)}.{random.randrange(256)}",
            "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
            "network.protocol.version": "1.1",
        }
    )


def _logs(number: int, items: int, series: int, sender: int) -> Payload:
    random, now = Random(number), time.time_ns()  # noqa: S311 - no secret, and the same every run
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    of_resource.resource.CopyFrom(_resource(sender))
    of_scope = of_resource.scope_logs.add()
    of_scope.scope.name = "app.orders"
    for line in range(items):
        record = of_scope.log_records.add(
            time_unix_nano=now + line * MS,
            observed_time_unix_nano=now + line * MS,
            severity_number=9,
            severity_text="INFO",
            trace_id=random.randbytes(TRACE_ID_BYTES),
            span_id=random.randbytes(8),
            attributes=_pairs(
                {
                    "code.function.name": "OrderService.create",
                    "code.line.number": 42 + line,
                    "thread.name": f"worker-{line % 8}",
                    "app.shard": _nth_of(number * items + line, series),
                }
            ),
        )
        order, customer = random.randrange(10**8), random.randrange(10**6)
        record.body.string_value = (
            f"order {order} of customer {customer} accepted: 3 items, 129.90 EUR, "
            f"payment by card in {random.randrange(500)} ms, stock reserved in warehouse "
            f"{random.randrange(20)}, shipment planned"
        )
    return Payload(bytearray(request.SerializeToString()), items)


def _metrics(number: int, items: int, series: int, sender: int) -> Payload:
    """Half the points are of counters, a quarter of gauges, a quarter of histograms."""
    random, now = Random(number), time.time_ns()  # noqa: S311 - no secret, and the same every run
    request = ExportMetricsServiceRequest()
    of_resource = request.resource_metrics.add()
    of_resource.resource.CopyFrom(_resource(sender))
    of_scope = of_resource.scope_metrics.add()
    of_scope.scope.name = "opentelemetry.instrumentation.asgi"
    counter, gauge, histogram = (
        Metric(name="app.orders.created", unit="{order}"),
        Metric(name="app.queue.length", unit="{item}"),
        Metric(name="http.server.request.duration", unit="s"),
    )
    for data in (counter.sum, histogram.histogram):
        data.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    counter.sum.is_monotonic = True
    times = {"start_time_unix_nano": now - 60_000 * MS, "time_unix_nano": now}
    for point in range(items):
        labels: dict[str, str | int] = {
            "http.request.method": "GET",
            "http.route": f"/api/{_nth_of(number * items + point, series)}/orders/{{id}}",
            "http.response.status_code": 200,
            "url.scheme": "https",
            "network.protocol.version": "1.1",
        }
        if point % 4 == 1:
            # Not on the list of labels: a gateway drops it, and adds up what is the same then.
            labels["worker"] = str(point % 8)
        attributes = _pairs(labels)
        if point % 4 in (0, 2):
            counter.sum.data_points.add(
                attributes=attributes, as_int=random.randrange(10**6), **times
            )
        elif point % 4 == 1:
            gauge.gauge.data_points.add(attributes=attributes, as_double=random.random(), **times)
        else:
            counts = [random.randrange(1000) for _ in range(len(BOUNDS) + 1)]
            histogram.histogram.data_points.add(
                attributes=attributes,
                count=sum(counts),
                sum=float(sum(counts)),
                explicit_bounds=BOUNDS,
                bucket_counts=counts,
                **times,
            )
    of_scope.metrics.extend([counter, gauge, histogram])
    return Payload(bytearray(request.SerializeToString()), items)


def _resource(sender: int) -> Resource:
    service = sender % SERVICES
    return Resource(
        attributes=_pairs(
            {
                "service.name": f"orders-{service}",
                "service.version": "1.4.2",
                "service.instance.id": f"orders-{service}-{sender}",
                "telemetry.sdk.name": "opentelemetry",
                "telemetry.sdk.language": "python",
                "telemetry.sdk.version": "1.45.2",
                "process.pid": 1,
                "process.runtime.name": "cpython",
                # Claims, as a library or an application makes them: a gateway drops them.
                "deployment.environment.name": "dev",
                "k8s.namespace.name": "dev",
            }
        )
    )


def _nth_of(number: int, series: int) -> str:
    return f"r{number % max(series, 1):06d}"


def _pairs(attributes: dict[str, str | int]) -> list[KeyValue]:
    return [
        KeyValue(
            key=key,
            value=AnyValue(int_value=value)
            if isinstance(value, int)
            else AnyValue(string_value=value),
        )
        for key, value in attributes.items()
    ]


def _places(body: bytes, pattern: bytes) -> Iterator[int]:
    place = body.find(pattern)
    while place >= 0:
        yield place
        place = body.find(pattern, place + len(pattern))
