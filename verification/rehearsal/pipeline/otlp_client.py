"""What an application with an SDK sends: OTLP over HTTP as JSON, from the standard library."""

import json
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

ERROR = 2
"""The status code of a span that failed."""

INTERNAL, SERVER = 1, 2
"""Kinds of spans: service levels count those of servers."""

_SECONDS = 60
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def in_letters(text: str) -> str:
    """The text with a letter for each digit, for names of metrics that have a number or an id.

    A gateway refuses a name with a long number (`identifier_in_name`). Different decimal or
    lower-case hexadecimal numbers stay different.
    """
    return text.translate(_LETTERS)


def post(url: str, signal: str, body: Json, headers: Mapping[str, str] | None = None) -> None:
    """Send to a collector; it is acknowledged once this returns.

    Args:
        url: where the collector takes OTLP over HTTP.
        signal: traces, metrics or logs.
        body: what `traces`, `metrics` or `logs` gives.
        headers: more of them.

    Raises:
        urllib.error.HTTPError: the collector refused it.
    """
    request = urllib.request.Request(  # noqa: S310 - the caller's own collector
        f"{url}/v1/{signal}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310
        pass


def claims(stage: str) -> dict[str, str]:
    """What an application can say about where it runs, in all the ways that become the same."""
    return {
        "service.namespace": stage,
        "deployment.environment.name": stage,
        "deployment.environment": stage,
        "k8s.namespace.name": stage,
        "k8s.cluster.name": stage,
        "k8s.pod.name": stage,
        # They become the same labels.
        "service_namespace": stage,
        "deployment_environment_name": stage,
        "deployment.environment_name": stage,
        "k8s_namespace_name": stage,
        "k8s-namespace-name": stage,
    }


def traces(
    resource: Mapping[str, Any], spans: Iterable[Json], scope: Mapping[str, Any] | None = None
) -> Json:
    """Spans of one resource; `scope` are attributes of the instrumentation."""
    items = {"scope": _scope(scope), "spans": list(spans)}
    return {"resourceSpans": [_of(resource, scopeSpans=[items])]}


def metrics(
    resource: Mapping[str, Any], metrics_: Iterable[Json], scope: Mapping[str, Any] | None = None
) -> Json:
    """Metrics of one resource."""
    items = {"scope": _scope(scope), "metrics": list(metrics_)}
    return {"resourceMetrics": [_of(resource, scopeMetrics=[items])]}


def logs(
    resource: Mapping[str, Any], records: Iterable[Json], scope: Mapping[str, Any] | None = None
) -> Json:
    """Log records of one resource."""
    items = {"scope": _scope(scope), "logRecords": list(records)}
    return {"resourceLogs": [_of(resource, scopeLogs=[items])]}


def span(
    trace_id: str,
    span_id: str,
    name: str,
    *,
    start_ns: int,
    end_ns: int,
    parent_id: str = "",
    kind: int = SERVER,
    status: int = 0,
    attributes: Mapping[str, Any] | None = None,
) -> Json:
    """A span, of a server unless told; identifiers are hexadecimal."""
    return {
        "traceId": trace_id,
        "spanId": span_id,
        "parentSpanId": parent_id,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(end_ns),
        "status": {"code": status},
        "attributes": pairs(attributes or {}),
    }


def counter(name: str, *, at_ns: int, points: Iterable[Mapping[str, Any]]) -> Json:
    """A cumulative counter that is 1 for each of the attribute sets."""
    data = [
        {
            "attributes": pairs(attributes),
            "startTimeUnixNano": str(at_ns),
            "timeUnixNano": str(at_ns),
            "asInt": "1",
        }
        for attributes in points
    ]
    return {
        "name": name,
        "sum": {"dataPoints": data, "aggregationTemporality": 2, "isMonotonic": True},
    }


def gauge(name: str, *, at_ns: int, points: Iterable[tuple[Mapping[str, Any], float]]) -> Json:
    """A gauge: attributes and value of each point."""
    data = [
        {"attributes": pairs(attributes), "timeUnixNano": str(at_ns), "asDouble": value}
        for attributes, value in points
    ]
    return {"name": name, "gauge": {"dataPoints": data}}


def histogram(
    name: str,
    *,
    at_ns: int,
    points: Iterable[tuple[Mapping[str, Any], list[float | str], list[int]]],
) -> Json:
    """A cumulative histogram: attributes, bounds and counts of each point (and 1 with none)."""
    data = [
        {
            "attributes": pairs(attributes),
            "startTimeUnixNano": str(at_ns),
            "timeUnixNano": str(at_ns),
            "count": str(sum(counts) or 1),
            "sum": 1.0,
            "explicitBounds": bounds,
            "bucketCounts": [str(count) for count in counts],
        }
        for attributes, bounds, counts in points
    ]
    return {"name": name, "histogram": {"dataPoints": data, "aggregationTemporality": 2}}


def log_record(body: str, *, at_ns: int, attributes: Mapping[str, Any] | None = None) -> Json:
    """A line."""
    return {
        "timeUnixNano": str(at_ns),
        "body": {"stringValue": body},
        "attributes": pairs(attributes or {}),
    }


def pairs(attributes: Mapping[str, Any]) -> list[Json]:
    """Attributes as OTLP has them."""
    return [{"key": key, "value": {"stringValue": str(value)}} for key, value in attributes.items()]


def _scope(attributes: Mapping[str, Any] | None) -> Json:
    return {"name": "rehearsal", "attributes": pairs(attributes or {})}


def _of(resource: Mapping[str, Any], **items: Any) -> Json:
    return {"resource": {"attributes": pairs(resource)}, **items}
