"""OTLP as protobuf, which is what SDKs send, from and to the form of OTLP's JSON."""

import base64
import re
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

CONTENT_TYPE = "application/x-protobuf"

_REQUESTS: dict[str, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
_IDENTIFIER = re.compile(r"^(?:trace|span|parentSpan)Id$")


def to_json(path: str, body: bytes) -> dict[str, Any]:
    """Read the request of an OTLP/HTTP exporter.

    Args:
        path: what it was sent to; the last part is traces, metrics or logs.
        body: a protobuf message, not compressed.

    Returns:
        The same as OTLP's JSON encoding has it: numbers of enumerations, identifiers in hex
        (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).

    Raises:
        ValueError: the path is none of OTLP's, or the body is no such message.
    """
    signal = path.rpartition("/")[2]
    if signal not in _REQUESTS:
        raise ValueError(f"{path}: allowed at its end: {', '.join(_REQUESTS)}")
    message = _REQUESTS[signal]()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise ValueError(f"{path}: no message of OTLP: {error}") from error
    body_as_json: dict[str, Any] = _in_hex(MessageToDict(message, use_integers_for_enums=True))
    return body_as_json


def from_json(path: str, body: dict[str, Any]) -> bytes:
    """Write the request of an OTLP/HTTP exporter: what `to_json` reads.

    Raises:
        ValueError: the path is none of OTLP's, or the body is no such message.
    """
    signal = path.rpartition("/")[2]
    if signal not in _REQUESTS:
        raise ValueError(f"{path}: allowed at its end: {', '.join(_REQUESTS)}")
    message = ParseDict(_in_base64(body), _REQUESTS[signal]())
    return bytes(message.SerializeToString())


def _in_base64(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode()
            if _IDENTIFIER.match(key)
            else _in_base64(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_in_base64(item) for item in value]
    return value


def _in_hex(value: Any) -> Any:
    # Protobuf's own JSON writes bytes as base64.
    if isinstance(value, dict):
        return {
            key: base64.b64decode(item).hex() if _IDENTIFIER.match(key) else _in_hex(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_in_hex(item) for item in value]
    return value
