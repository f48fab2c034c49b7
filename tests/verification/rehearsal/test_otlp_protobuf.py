"""OTLP as protobuf is read into what OTLP's JSON would be."""

from __future__ import annotations

import gzip
import json
import urllib.error
import urllib.request

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from verification.rehearsal.pipeline import otlp_protobuf
from verification.rehearsal.pipeline.otlp_sink import OtlpSink


def request() -> bytes:
    message = ExportTraceServiceRequest()
    span = message.resource_spans.add().scope_spans.add().spans.add()
    span.name = "GET /orders"
    span.trace_id, span.span_id = bytes(range(16)), bytes(range(8))
    span.kind = 2  # type: ignore[assignment]
    span.start_time_unix_nano = 1_795_594_995_295_207_746
    span.attributes.add(key="app.order.quantity").value.int_value = 3
    return message.SerializeToString()


def test_identifiers_are_hex_and_enumerations_are_numbers() -> None:
    body = otlp_protobuf.to_json("/v1/traces", request())
    (span,) = body["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert span == {
        "name": "GET /orders",
        "traceId": "000102030405060708090a0b0c0d0e0f",
        "spanId": "0001020304050607",
        "kind": 2,
        "startTimeUnixNano": "1795594995295207746",
        "attributes": [{"key": "app.order.quantity", "value": {"intValue": "3"}}],
    }


def test_fails_when_the_body_is_no_message() -> None:
    with pytest.raises(ValueError, match=r"^/v1/logs: no message of OTLP"):
        otlp_protobuf.to_json("/v1/logs", b"no message")


def test_fails_when_the_path_is_none_of_otlp() -> None:
    with pytest.raises(ValueError, match=r"^/v1/profiles: allowed at its end: traces, metrics, lo"):
        otlp_protobuf.to_json("/v1/profiles", b"")


def send(sink: OtlpSink, body: bytes | list[bytes], content_type: str, encoding: str) -> int:
    # A list is sent in chunks.
    sent = urllib.request.Request(
        f"{sink.address_of('tempo')}/v1/traces",
        data=body,
        headers={"Content-Type": content_type, "Content-Encoding": encoding},
    )
    try:
        with urllib.request.urlopen(sent, timeout=60) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_recorder_reads_what_exporters_send() -> None:
    whole = gzip.compress(request())
    protobuf, as_json = "application/x-protobuf", "application/json"
    with OtlpSink() as sink:
        assert send(sink, whole, protobuf, "gzip") == 200
        assert send(sink, [whole[:9], whole[9:]], protobuf, "gzip") == 200
        body = json.dumps(otlp_protobuf.to_json("/v1/traces", request())).encode()
        assert send(sink, body, as_json, "identity") == 200
        assert send(sink, b"no message", protobuf, "identity") == 400
        assert send(sink, b"no message", as_json, "identity") == 400
        assert send(sink, b"no message", "text/plain", "identity") == 415
        spans = sink.spans()
    assert len(spans) == 3
    assert spans[0] == spans[1] == spans[2]
    assert spans[0].attributes == {"app.order.quantity": "3"}


def test_what_came_since_the_last_look_is_added_and_what_was_refused_is_apart() -> None:
    with OtlpSink() as sink:
        kind = "application/x-protobuf"
        assert send(sink, request(), kind, "identity") == 200
        first = sink.spans()
        sink.answer(503)
        assert send(sink, request(), kind, "identity") == 503
        assert (sink.spans(), len(sink.spans(accepted=False))) == (first, 1)
        sink.answer(200)
        assert send(sink, request(), kind, "identity") == 200
        # A list that was given out earlier stays as it was.
        assert (len(sink.spans()), len(first)) == (2, 1)
