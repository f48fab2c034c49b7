"""`make fuzz N=2000`: random OTLP thrown at a gateway, beside a well-behaved neighbour.

hypothesis builds requests of every signal, in JSON and in protobuf: any value in any field, fields
left out, points of every kind, attributes of every type and nesting, and bytes that are no message
at all. Exit code 1 when the gateway ended or the neighbour lost something.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import ParseError
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tools.programs import ProgramUnavailableError, program
from verification.rehearsal.neighbours.gateway_stage import Stage, running_stage
from verification.rehearsal.neighbours.hostile_cases import post
from verification.rehearsal.neighbours.hostile_payloads import Json, Payload, Signal, payload
from verification.rehearsal.neighbours.hostile_run import BEATS, kept_in_time, neighbour_is_whole
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack
from verification.rehearsal.processes import ProcessError
from verification.rehearsal.verdicts import CheckFailedError, expect

TODAY: Final = date(2026, 11, 24)
CASES: Final = 2_000
PATIENCE_SECONDS: Final = 60
SERVICE: Final = "fuzzed"

_NOW: Final = time.time_ns()

# --- Values ---------------------------------------------------------------------------------------

_texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "service.name", "up", "kube.pod.info", "http.route", "x" * 5_000, "\0", "a/b",
         "ALERTS", "telemetry.refused", "otel.metric.overflow", "telemetry.span.kind", "%$1{id}"]
    ),
)  # fmt: skip
_numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.sampled_from([0, 1, -1, 2**31, -(2**31), 2**63 - 1])
).map(str)
_unsigned = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 2**64 - 1])).map(str)
_floats = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["NaN", "Infinity"])
)
_times = st.one_of(
    _unsigned, st.integers(_NOW - 10**13, _NOW + 10**13).map(str), st.just(str(_NOW))
)
_values = st.recursive(
    st.one_of(
        st.builds(lambda v: {"stringValue": v}, _texts),
        st.builds(lambda v: {"intValue": v}, _numbers),
        st.builds(lambda v: {"doubleValue": v}, _floats),
        st.builds(lambda v: {"boolValue": v}, st.booleans()),
        st.just({"bytesValue": "AAEC"}),
        st.just({}),
    ),
    lambda inner: st.one_of(
        st.builds(lambda v: {"arrayValue": {"values": v}}, st.lists(inner, max_size=4)),
        st.builds(
            lambda v: {"kvlistValue": {"values": v}},
            st.lists(st.builds(lambda k, x: {"key": k, "value": x}, _texts, inner), max_size=4),
        ),
    ),
    max_leaves=12,
)
_attributes = st.lists(
    st.builds(lambda key, value: {"key": key, "value": value}, _texts, _values), max_size=6
)
_small = st.integers(-(2**31), 2**31 - 1)


def _object(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """An object in which every field may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


# --- Signals --------------------------------------------------------------------------------------

_identifiers = st.sampled_from(["", "00" * 16, "ab" * 16, "cd" * 16])
_span_identifiers = st.sampled_from(["", "00" * 8, "ab" * 8])
_exemplars = st.lists(
    _object(timeUnixNano=_times, asDouble=_floats, filteredAttributes=_attributes,
            traceId=_identifiers, spanId=_span_identifiers),
    max_size=2,
)  # fmt: skip
_point = {
    "attributes": _attributes,
    "startTimeUnixNano": _times,
    "timeUnixNano": _times,
    "flags": st.integers(0, 2**32 - 1),
}
_number_points = st.lists(_object(**_point, asDouble=_floats, exemplars=_exemplars), max_size=4)
_counts = st.lists(_unsigned, max_size=5)
_histogram_points = st.lists(
    _object(**_point, count=_unsigned, sum=_floats, bucketCounts=_counts,
            explicitBounds=st.lists(_floats, max_size=5), min=_floats, max=_floats,
            exemplars=_exemplars),
    max_size=3,
)  # fmt: skip
_buckets = _object(offset=_small, bucketCounts=_counts)
_exponential_points = st.lists(
    _object(**_point, count=_unsigned, sum=_floats, scale=_small, zeroCount=_unsigned,
            positive=_buckets, negative=_buckets, zeroThreshold=_floats, exemplars=_exemplars),
    max_size=3,
)  # fmt: skip
_summary_points = st.lists(
    _object(**_point, count=_unsigned, sum=_floats,
            quantileValues=st.lists(_object(quantile=_floats, value=_floats), max_size=3)),
    max_size=3,
)  # fmt: skip
_temporality = st.integers(0, 3)
_names = {"name": _texts, "unit": _texts, "description": _texts}
_metrics = st.one_of(
    _object(**_names, gauge=_object(dataPoints=_number_points)),
    _object(**_names, sum=_object(dataPoints=_number_points, isMonotonic=st.booleans(),
                                  aggregationTemporality=_temporality)),
    _object(**_names, histogram=_object(dataPoints=_histogram_points,
                                        aggregationTemporality=_temporality)),
    _object(**_names, exponentialHistogram=_object(dataPoints=_exponential_points,
                                                   aggregationTemporality=_temporality)),
    _object(**_names, summary=_object(dataPoints=_summary_points)),
    _object(**_names),
)  # fmt: skip
_spans = _object(
    traceId=_identifiers, spanId=_span_identifiers, parentSpanId=_span_identifiers, name=_texts,
    traceState=_texts, kind=st.integers(-1, 7), startTimeUnixNano=_times, endTimeUnixNano=_times,
    attributes=_attributes, flags=st.integers(0, 2**32 - 1),
    status=_object(code=st.integers(-1, 4), message=_texts),
    events=st.lists(_object(timeUnixNano=_times, name=_texts, attributes=_attributes), max_size=2),
    links=st.lists(_object(traceId=_identifiers, spanId=_span_identifiers,
                           attributes=_attributes), max_size=2),
)  # fmt: skip
_records = _object(
    timeUnixNano=_times, observedTimeUnixNano=_times, severityNumber=st.integers(-1, 30),
    severityText=_texts, body=_values, attributes=_attributes, traceId=_identifiers,
    spanId=_span_identifiers, flags=st.integers(0, 2**32 - 1),
)  # fmt: skip
_resource_attributes = st.one_of(
    st.just([{"key": "service.name", "value": {"stringValue": SERVICE}}]), _attributes
)


def _requests(signal: Signal) -> st.SearchStrategy[Json]:
    resources, scopes, items, item = {
        "metrics": ("resourceMetrics", "scopeMetrics", "metrics", _metrics),
        "traces": ("resourceSpans", "scopeSpans", "spans", _spans),
        "logs": ("resourceLogs", "scopeLogs", "logRecords", _records),
    }[signal]
    scope = _object(
        scope=_object(name=_texts, version=_texts, attributes=_attributes),
        schemaUrl=_texts,
        **{items: st.lists(item, max_size=4)},
    )
    resource = _object(
        resource=_object(attributes=_resource_attributes),
        schemaUrl=_texts,
        **{scopes: st.lists(scope, max_size=2)},
    )
    return st.builds(lambda entries: {resources: entries}, st.lists(resource, max_size=3))


SIGNALS: Final[tuple[Signal, ...]] = ("metrics", "traces", "logs")


@st.composite
def payloads(draw: st.DrawFn) -> Payload:
    """A request: JSON, protobuf, or bytes that are neither."""
    signal = draw(st.sampled_from(SIGNALS))
    kind = draw(st.sampled_from(["json", "protobuf", "protobuf", "cut", "bytes"]))
    if kind == "bytes":
        return Payload(signal=signal, body=draw(st.binary(max_size=300)), encoding="protobuf")
    message = draw(_requests(signal))
    if kind == "json":
        return Payload(signal=signal, body=json.dumps(message).encode(), encoding="json")
    # What protobuf has no place for (an enumeration's unknown number, a NaN as text) goes as JSON.
    with suppress(ParseError, ValueError):
        whole = payload(signal, message, "protobuf")
        if kind == "cut" and whole.body:
            cut = draw(st.integers(0, len(whole.body) - 1))
            return Payload(signal=signal, body=whole.body[:cut], encoding="protobuf")
        return whole
    return Payload(signal=signal, body=json.dumps(message).encode(), encoding="json")


# --- The run --------------------------------------------------------------------------------------


def throw(stage: Stage, number: int, number_of_seed: int) -> Counter[int]:
    """Send so many requests; how many were answered with each status.

    Raises:
        CheckFailedError: the gateway ended, or the neighbour lost something.
    """
    statuses: Counter[int] = Counter()

    @seed(number_of_seed)
    @hypothesis_settings(
        max_examples=number,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(payloads())
    def send(request: Payload) -> None:
        statuses[post(stage, request)] += 1
        expect(stage.gateway.process.is_running(), f"the gateway ended: {request.body!r}")

    send()
    stage.neighbour.wait_for_beats(BEATS)
    with stage.neighbour.paused() as sent:
        failures = kept_in_time(partial(neighbour_is_whole, stage, sent), PATIENCE_SECONDS)
    expect(not failures, "; ".join(failures))
    return statuses


def fuzz(
    folder: Path, number: int, number_of_seed: int, say: Callable[[str], None] = print
) -> Counter[int]:
    """Start a gateway and throw requests at it; raises as `throw` and `running_stage` do."""
    with running_stage(
        observability_stack("dev", TODAY),
        "dev",
        folder,
        otelcol=program("otelcol"),
        prometheus=program("prometheus"),
    ) as stage:
        statuses = throw(stage, number, number_of_seed)
        beats = len(stage.neighbour.sent)
    answers = ", ".join(f"{count} with {status}" for status, count in sorted(statuses.items()))
    say(f"{sum(statuses.values())} requests answered ({answers}); neighbour: {beats} of {beats}")
    return statuses


def main(arguments: list[str] | None = None) -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(description="Throw random OTLP at a gateway.")
    parser.add_argument("-n", type=int, default=CASES, help=f"requests (default {CASES})")
    parser.add_argument("--seed", type=int, default=0, help="of the requests (default 0)")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            fuzz(Path(folder), chosen.n, chosen.seed)
        except (CheckFailedError, ProcessError, ProgramUnavailableError) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
