"""What an application with an SDK sends: OTLP over HTTP as JSON, from the standard library."""

import json
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

ERROR = 2
"""The status code of a span that failed."""

_SECONDS = 10


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


def traces(resource: Mapping[str, Any], spans: Iterable[Json]) -> Json:
    """Spans of one resource."""
    return {"resourceSpans": [_of(resource, scopeSpans=[{"spans": list(spans)}])]}


def metrics(resource: Mapping[str, Any], found: Iterable[Json]) -> Json:
    """Metrics of one resource."""
    return {"resourceMetrics": [_of(resource, scopeMetrics=[{"metrics": list(found)}])]}


def logs(resource: Mapping[str, Any], records: Iterable[Json]) -> Json:
    """Log records of one resource."""
    return {"resourceLogs": [_of(resource, scopeLogs=[{"logRecords": list(records)}])]}


def span(
    trace_id: str,
    span_id: str,
    name: str,
    *,
    start_ns: int,
    end_ns: int,
    parent_id: str = "",
    status: int = 0,
    attributes: Mapping[str, Any] | None = None,
) -> Json:
    """A span of a server; identifiers are hexadecimal."""
    return {
        "traceId": trace_id,
        "spanId": span_id,
        "parentSpanId": parent_id,
        "name": name,
        "kind": 2,
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


def _of(resource: Mapping[str, Any], **items: Any) -> Json:
    return {"resource": {"attributes": pairs(resource)}, **items}
