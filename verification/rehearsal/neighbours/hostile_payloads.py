"""Requests that no well-behaved SDK sends: pure functions that give bytes.

Metrics, spans and log records are built as OTLP's JSON (`otlp_client`) and sent as that or
as protobuf. What cannot be built like this, because it is nested too deep for any library, is
written in protobuf's wire format here.
"""

import gzip
import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from verification.rehearsal.pipeline import otlp_client, otlp_protobuf

Signal = Literal["traces", "metrics", "logs"]
Encoding = Literal["json", "protobuf"]
Json = dict[str, Any]

CONTENT_TYPES: dict[Encoding, str] = {
    "json": "application/json",
    "protobuf": otlp_protobuf.CONTENT_TYPE,
}


@dataclass(frozen=True, kw_only=True)
class Payload:
    """A request of OTLP over HTTP."""

    signal: Signal
    body: bytes = field(repr=False)
    encoding: Encoding = "json"
    compressed: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """Of HTTP."""
        compression = {"Content-Encoding": "gzip"} if self.compressed else {}
        return {"Content-Type": CONTENT_TYPES[self.encoding], **compression}


def payload(signal: Signal, message: Json, encoding: Encoding = "json") -> Payload:
    """A message in one of OTLP's encodings."""
    if encoding == "json":
        body = json.dumps(message).encode()
    else:
        body = otlp_protobuf.from_json(f"/v1/{signal}", message)
    return Payload(signal=signal, body=body, encoding=encoding)


def zipped(plain: Payload) -> Payload:
    """The same, compressed as well as it can be."""
    return replace(plain, body=gzip.compress(plain.body, 9), compressed=True)


# --- Metrics --------------------------------------------------------------------------------------

DELTA, CUMULATIVE = 1, 2


def sum_points(
    name: str,
    points: list[tuple[int, float]],
    *,
    temporality: int = CUMULATIVE,
    monotonic: bool = True,
    attributes: Json | None = None,
) -> Json:
    """A sum with a point for each time (ns) and value."""
    return {
        "name": name,
        "sum": {
            "aggregationTemporality": temporality,
            "isMonotonic": monotonic,
            "dataPoints": [
                {
                    "attributes": otlp_client.pairs(attributes or {}),
                    "startTimeUnixNano": str(at_ns),
                    "timeUnixNano": str(at_ns),
                    "asDouble": value,
                }
                for at_ns, value in points
            ],
        },
    }


def histogram(name: str, at_ns: int, *, temporality: int = CUMULATIVE, **rest: Any) -> Json:
    """A histogram with one point; `rest` are fields of it."""
    point = {
        "startTimeUnixNano": str(at_ns),
        "timeUnixNano": str(at_ns),
        "count": "3",
        "sum": 3.0,
        "explicitBounds": [1.0, 2.0],
        "bucketCounts": ["1", "1", "1"],
    }
    return {
        "name": name,
        "histogram": {"aggregationTemporality": temporality, "dataPoints": [point | rest]},
    }


def exponential(name: str, at_ns: int, *, temporality: int = CUMULATIVE, **rest: Any) -> Json:
    """An exponential histogram with one point; `rest` are fields of it."""
    point = {
        "startTimeUnixNano": str(at_ns),
        "timeUnixNano": str(at_ns),
        "count": "3",
        "sum": 3.0,
        "scale": 0,
        "zeroCount": "0",
        "positive": {"offset": 0, "bucketCounts": ["1", "1", "1"]},
    }
    return {
        "name": name,
        "exponentialHistogram": {
            "aggregationTemporality": temporality,
            "dataPoints": [point | rest],
        },
    }


def gauge(name: str, points: list[tuple[int, float]]) -> Json:
    """A gauge with a point for each time (ns) and value."""
    return {
        "name": name,
        "gauge": {
            "dataPoints": [{"timeUnixNano": str(at), "asDouble": value} for at, value in points]
        },
    }


def summary(name: str, at_ns: int) -> Json:
    """A summary with one point."""
    return {
        "name": name,
        "summary": {
            "dataPoints": [
                {
                    "timeUnixNano": str(at_ns),
                    "count": "2",
                    "sum": 3.0,
                    "quantileValues": [{"quantile": 0.5, "value": 1.0}],
                }
            ]
        },
    }


# --- Protobuf's wire format -----------------------------------------------------------------------

Nesting = Literal["array", "map"]

_LENGTH_DELIMITED = 2
_MORE = 0x80


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= _MORE:
        out.append(number & 0x7F | _MORE)
        number >>= 7
    out.append(number)
    return bytes(out)


def _header(field_number: int, length: int) -> bytes:
    return _varint(field_number << 3 | _LENGTH_DELIMITED) + _varint(length)


def _message(field_number: int, content: bytes) -> bytes:
    return _header(field_number, len(content)) + content


_LEVELS: dict[Nesting, tuple[int, ...]] = {
    # ArrayValue.values, AnyValue.array_value
    "array": (1, 5),
    # KeyValue.value, KeyValueList.values, AnyValue.kvlist_value
    "map": (2, 1, 6),
}


def nested_value(nesting: Nesting, largest: int) -> bytes:
    """An AnyValue in which arrays (or maps) are nested as deep as `largest` bytes allow."""
    headers: list[bytes] = []
    size = 0
    while True:
        level, level_size = [], size
        for number in _LEVELS[nesting]:
            header = _header(number, level_size)
            level.append(header)
            level_size += len(header)
        if level_size > largest:
            return b"".join(reversed(headers))
        headers += level
        size = level_size


def nested_log(nesting: Nesting, largest: int, place: Literal["body", "attribute"]) -> Payload:
    """A log record whose body, or attribute, is nested so deep."""
    value = nested_value(nesting, largest - 64)
    attribute = _message(1, b"a") + _message(2, value)
    record = _message(5, value) if place == "body" else _message(6, attribute)
    return Payload(signal="logs", body=_in_resource(record), encoding="protobuf")


def nested_span(nesting: Nesting, largest: int) -> Payload:
    """A span with an attribute that is nested so deep."""
    value = nested_value(nesting, largest - 128)
    span = (
        _message(1, b"1" * 16)
        + _message(2, b"1" * 8)
        + _message(5, b"GET /")
        + _message(9, _message(1, b"a") + _message(2, value))
    )
    return Payload(signal="traces", body=_in_resource(span), encoding="protobuf")


def nested_resource(nesting: Nesting, largest: int, signal: Signal) -> Payload:
    """A resource with an attribute that is nested so deep."""
    value = nested_value(nesting, largest - 128)
    resource = _message(1, _message(1, b"a") + _message(2, value))
    body = _message(1, _message(1, resource) + _message(2, _message(2, b"")))
    return Payload(signal=signal, body=body, encoding="protobuf")


def _in_resource(item: bytes) -> bytes:
    """An item in its scope in its resource in a request: field 2, 2 and 1."""
    return _message(1, _message(2, _message(2, item)))


def nested_json(levels: int) -> Payload:
    """A log record in JSON whose body is nested so deep."""
    opening, closing = '{"arrayValue":{"values":[', "]}}"
    body = opening * levels + '{"stringValue":"x"}' + closing * levels
    text = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + body + "}]}]}]}"
    return Payload(signal="logs", body=text.encode(), encoding="json")
