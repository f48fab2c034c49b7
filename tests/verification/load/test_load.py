"""The judgement of the load test, on planted figures: limit, loss, ratio, disturbance."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from docgen import load_docs
from helm_values.otel_collector.otel_gateway_config import gateway_config
from settings.load import load_environment
from verification.load import __main__ as command
from verification.load import load_payloads, load_pipelines, load_report
from verification.load.load_generator import Answers
from verification.load.load_model import (
    MAX_RATIO,
    SIGNALS,
    Pair,
    Signal,
    SignalResult,
    Step,
    next_load,
)
from verification.load.load_summary import PER_SECOND, Summary, Surroundings, as_json, record, text

TODAY = date(2026, 11, 24)


def step(load: float = 1_000, **changed: Any) -> Step:
    """Ten seconds with nothing wrong: 10 µs of CPU for each item."""
    offered = int(load * 10)
    values: dict[str, Any] = {
        "signal": "logs",
        "pipeline": "gateway",
        "series": 1_000,
        "offered_per_second": load,
        "seconds": 10.0,
        "offered": offered,
        "acknowledged": offered,
        "refused": 0,
        "failed": 0,
        "arrived": offered,
        "sampled_out": 0,
        "lost": 0,
        "bytes_sent": offered * 300,
        "p50_ms": 1.0,
        "p99_ms": 5.0,
        "cpu_seconds": offered * 10e-6,
        "memory_mib": 200.0,
        "backlog_seconds": 0.0,
        "generator_share": 0.2,
        "load_average": 1.0,
        "steal_percent": 0.0,
    }
    return Step(**(values | changed))


def saturated(load: float) -> Step:
    return step(load, refused=5, acknowledged=int(load * 10) - 5, cpu_seconds=9.8)


def pair(ratio: float) -> Pair:
    ours = step(pipeline="gateway", cpu_seconds=ratio * 0.1)
    return Pair(gateway=ours, minimal=step(pipeline="minimal", cpu_seconds=0.1))


def result(**changed: Any) -> SignalResult:
    values: dict[str, Any] = {
        "signal": "logs",
        "ramp": (step(1_000), step(2_000), saturated(4_000)),
        "pairs": (pair(2.0), pair(2.2), pair(2.1)),
    }
    return SignalResult(**(values | changed))


def summary(*results: SignalResult) -> Summary:
    return Summary(
        surroundings=Surroundings(
            measured_on=TODAY,
            cpu="a processor",
            processors=2,
            pinned=True,
            collector="OpenTelemetry Collector 1.2.3",
            environment="prd",
            stage="prd",
            memory_limit_mib=1536,
            items_per_request=200,
            seconds_per_step=10,
        ),
        results=results,
    )


def of(signal: Signal, **changed: Any) -> SignalResult:
    template = result(**changed)
    named = {
        name: tuple(replace(step, signal=signal) for step in getattr(template, name))
        for name in ("ramp", "minimal_ramp", "by_series")
    }
    return replace(template, signal=signal, **named)


EVERYTHING = tuple(of(signal) for signal in SIGNALS)


# --- One step -------------------------------------------------------------------------------------


def test_a_step_is_counted_by_the_second_and_by_the_item() -> None:
    load_step = step(1_000)
    assert (load_step.per_second, load_step.bytes_per_second) == (1_000, 300_000)
    assert load_step.cpu_us_per_item == pytest.approx(10)
    assert load_step.per_core == pytest.approx(100_000)
    assert load_step.cores == pytest.approx(0.01)
    assert load_step.sustained


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"refused": 1}, "1 refused"),
        ({"failed": 7}, "7 without an answer"),
        ({"acknowledged": 9_799}, "98% of the load acknowledged"),
        ({"p99_ms": 1_001.0}, "p99 1001 ms"),
        ({"backlog_seconds": 5.1}, "backlog of 5.1 s"),
    ],
)
def test_a_load_that_is_not_kept_up_with_is_not_sustained(
    changed: dict[str, Any], reason: str
) -> None:
    assert step(cpu_seconds=9.5, **changed).limits == (reason,)


@pytest.mark.parametrize(
    "changed", [{"acknowledged": 9_800}, {"p99_ms": 1_000.0}, {"backlog_seconds": 5.0}]
)
def test_what_is_just_allowed_is_sustained(changed: dict[str, Any]) -> None:
    assert step(**changed).sustained


def test_a_busy_generator_is_named_as_a_reason_and_is_none_by_itself() -> None:
    assert step(generator_share=0.99).sustained
    busy = step(refused=1, generator_share=0.99, cpu_seconds=9.5)
    assert busy.limits[-1] == "the generator was busy, too"


def test_a_collector_that_was_kept_from_its_core_is_told_from_a_saturated_one() -> None:
    assert not step(p99_ms=2_000.0, cpu_seconds=8.1).disturbed
    assert not step(refused=3, cpu_seconds=1.0).disturbed
    assert not step(cpu_seconds=1.0).disturbed
    kept_from = step(p99_ms=2_000.0, cpu_seconds=3.0)
    assert kept_from.disturbed
    assert kept_from.limits == ("p99 2000 ms", "with 30% of a core only")
    warnings = summary(result(ramp=(step(500), kept_from))).warnings
    assert "it had its core for 30% only: its limit is higher" in warnings[0]


# --- Steps up to saturation -----------------------------------------------------------------------


def ramp_to(limit: float, refinements: int = 2) -> list[float]:
    """Loads that are tried on a collector that sustains no more than `limit`."""
    ramp: list[Step] = []
    while (load := next_load(ramp, 1_000, 2, refinements)) is not None:
        ramp.append(step(load) if load <= limit else saturated(load))
        assert len(ramp) < 30
    return [round(load_step.offered_per_second) for load_step in ramp]


def test_loads_double_until_one_is_not_sustained_and_then_close_in() -> None:
    assert ramp_to(5_000) == [1_000, 2_000, 4_000, 8_000, 5_657, 4_757]
    assert ramp_to(7_000) == [1_000, 2_000, 4_000, 8_000, 5_657, 6_727]
    assert ramp_to(7_000, refinements=0) == [1_000, 2_000, 4_000, 8_000]


def test_a_first_load_that_is_too_high_is_halved() -> None:
    assert ramp_to(600) == [1_000, 500, 707]
    assert ramp_to(1) == [1_000, 500, 250]


def test_the_limit_is_below_the_first_load_that_was_not_sustained() -> None:
    # 3,000 was sustained by luck: 2,500 was not.
    measurement = result(ramp=(step(1_000), saturated(2_500), step(3_000), step(2_000)))
    assert measurement.limit is not None
    assert measurement.saturated_at is not None
    assert measurement.limit.offered_per_second == 2_000
    assert measurement.saturated_at.offered_per_second == 2_500


# --- Verdict --------------------------------------------------------------------------------------


def test_zero_loss_and_an_allowed_ratio_pass() -> None:
    assert result().faults() == []
    assert "passed" in text(summary(*EVERYTHING))


@pytest.mark.parametrize("where", ["ramp", "minimal_ramp", "by_series", "pairs"])
def test_a_loss_below_the_limit_fails(where: str) -> None:
    losing = step(2_000, lost=3)
    changed: tuple[Any, ...] = (losing,)
    if where == "ramp":
        changed = (step(1_000), losing, saturated(4_000))
    if where == "pairs":
        changed = (Pair(gateway=losing, minimal=losing),)
    (fault, *_) = result(**{where: changed}).faults()
    assert "3 of 20000 log records lost by the gateway pipeline at 2,000/s" in fault
    assert "FAILED" in text(summary(result(**{where: changed})))


def test_a_loss_beyond_the_limit_is_shown_and_does_not_fail() -> None:
    over = replace(saturated(4_000), lost=3)
    report = summary(result(ramp=(step(1_000), over)))
    assert report.faults == []
    assert as_json(report)["signals"]["logs"]["steps"][1]["lost"] == 3


@pytest.mark.parametrize(
    ("ratios", "passes"),
    [
        ((2.5, 2.5, 2.5), True),
        ((2.6, 2.6, 2.6), False),
        ((1.0, 2.6, 2.7), False),
        ((9, 2, 2), True),
    ],
)
def test_the_median_of_the_ratios_decides(ratios: tuple[float, ...], passes: bool) -> None:
    faults = result(pairs=tuple(map(pair, ratios))).faults()
    assert (faults == []) is passes
    if not passes:
        assert faults == ["logs: 2.60 times the CPU of the minimal pipeline, allowed are 2.5"]


def test_what_was_not_measured_fails() -> None:
    assert result(ramp=(step(1_000),)).faults() == [
        "logs: no load saturated the gateway, so its limit is unknown"
    ]
    assert "not even the smallest load" in result(ramp=(saturated(1_000),)).faults()[0]
    assert "ratio to the minimal pipeline was not measured" in result(pairs=()).faults()[0]


# --- The computer ---------------------------------------------------------------------------------


def test_a_calm_computer_gives_no_warning() -> None:
    assert summary(*EVERYTHING).warnings == []


@pytest.mark.parametrize(
    ("changed", "warning"),
    [
        ({"load_average": 3.1}, "busy with other work in 1 of 9 steps: load average up to 3.1"),
        ({"steal_percent": 12.0}, "up to 12 % of the processors' time to other guests"),
    ],
)
def test_a_busy_computer_is_told(changed: dict[str, Any], warning: str) -> None:
    report = summary(result(ramp=(step(1_000, **changed), step(2_000), saturated(4_000))))
    assert any(warning in line for line in report.warnings)
    assert f"warning: {report.warnings[0]}" in text(report)


def test_a_collector_that_was_not_by_itself_is_told() -> None:
    report = summary(*EVERYTHING)
    shared = replace(report, surroundings=replace(report.surroundings, pinned=False))
    assert "shared the processors" in shared.warnings[0]


# --- What is written ------------------------------------------------------------------------------


def test_the_report_is_one_page_that_loads_nothing(tmp_path: Path) -> None:
    results = tuple(
        replace(
            measurement,
            minimal_ramp=(step(pipeline="minimal"),),
            by_series=(step(), step(series=9)),
        )
        for measurement in EVERYTHING
    )
    busy = replace(results[0], ramp=(*results[0].ramp, replace(saturated(9_000), lost=4321)))
    busy = replace(busy, ramp=(replace(busy.ramp[0], load_average=9.0), *busy.ramp[1:]))
    results = (busy, *results[1:])
    page = load_report.write(summary(*results), tmp_path).read_text(encoding="utf-8")

    assert ">4,321<" in page
    assert "load average up to 9.0" in page
    assert page.count("<svg") == 1 + 2 * len(SIGNALS)
    for loads in ("src=", "<link", "<script", "@import", "url(http"):
        assert loads not in page
    assert "Passed" in page
    assert "k8s_attributes" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "load.json"]
    data = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    assert data == json.loads(json.dumps(as_json(summary(*results))))
    assert data["verdict"] == "passed"
    assert data["signals"]["logs"]["limit_per_second"] == 2_000
    assert data["signals"]["logs"]["ratio_to_minimal"] == pytest.approx(2.1)


def test_the_record_has_what_the_cost_model_reads() -> None:
    figures = record(summary(*EVERYTHING))

    assert figures["measured_on"] == "2026-11-24"
    assert figures["per_core"] == {
        "spans_per_second": 2_000,
        "log_records_per_second": 2_000,
        "data_points_per_second": 2_000,
    }
    assert figures["ratio_to_minimal"] == {"traces": 2.1, "logs": 2.1, "metrics": 2.1}
    assert figures["lost_below_limit"] == {"traces": 0, "logs": 0, "metrics": 0}
    assert figures["saturated_at_per_second"]["logs"] == 4_000


def test_nothing_is_recorded_of_a_run_that_broke_a_promise_or_left_out_a_signal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "measured.json"
    assert command._keep(summary(*EVERYTHING[:2]), kept) == 1
    assert "not measured: metrics" in capsys.readouterr().err
    assert command._keep(summary(*EVERYTHING[:2], of("metrics", pairs=(pair(2.6),))), kept) == 1
    assert "2.60 times" in capsys.readouterr().err
    assert not kept.exists()
    assert command._keep(summary(*EVERYTHING), kept) == 0
    assert json.loads(kept.read_text(encoding="utf-8"))["cores_used"] == 1


def test_the_document_says_what_was_kept() -> None:
    figures = record(
        summary(*(replace(measurement, by_series=(step(series=77),)) for measurement in EVERYTHING))
    )
    figures["warnings"] = ["busy"]
    block = load_docs.load_block(figures)

    assert "| Limit of one core, per second | 2,000 | 2,000 | 2,000 |" in block
    assert "| Lost below the limit | 0 | 0 | 0 |" in block
    assert "(allowed 2.5) | 2.10 | 2.10 | 2.10 |" in block
    assert "| traces | 77 | 10.0 µs | 200 MiB |" in block
    assert block.endswith("> busy")


def test_the_kept_figures_are_of_a_run_that_kept_the_promises() -> None:
    figures = json.loads(load_docs.MEASURED.read_text(encoding="utf-8"))
    assert set(figures) == set(record(summary(*EVERYTHING)))
    for signal in SIGNALS:
        assert figures["lost_below_limit"][signal] == 0
        assert figures["ratio_to_minimal"][signal] <= MAX_RATIO
        assert figures["per_core"][PER_SECOND[signal]] < figures["saturated_at_per_second"][signal]


# --- Requests -------------------------------------------------------------------------------------


def test_percentiles_count_acknowledged_requests() -> None:
    assert Answers(milliseconds=list(map(float, range(1, 101)))).percentile(50) == 50.5
    assert Answers().percentile(99) == 0


def test_trace_ids_are_new_in_every_request_and_shared_within_a_trace() -> None:
    payload, random = load_payloads.payloads("traces", 10)[0], Random(1)
    seen: set[bytes] = set()
    for _ in range(3):
        request = ExportTraceServiceRequest.FromString(payload.renewed(random))
        spans = request.resource_spans[0].scope_spans[0].spans
        ids = [span.trace_id for span in spans]
        assert len(ids) == payload.items == load_payloads.ITEMS
        assert len(set(ids)) == load_payloads.ITEMS // load_payloads.SPANS_PER_TRACE
        for first in range(0, len(ids), load_payloads.SPANS_PER_TRACE):
            assert len(set(ids[first : first + load_payloads.SPANS_PER_TRACE])) == 1
        assert not seen & set(ids)
        seen |= set(ids)


@pytest.mark.parametrize("series", [10, 1_000, 5_000])
def test_metrics_have_as_many_series_as_are_asked_for(series: int) -> None:
    routes = set()
    for payload in load_payloads.payloads("metrics", series):
        request = ExportMetricsServiceRequest.FromString(bytes(payload.body))
        for metric in request.resource_metrics[0].scope_metrics[0].metrics:
            for data in (metric.sum, metric.gauge, metric.histogram):
                for point in data.data_points:
                    routes |= {a.value.string_value for a in point.attributes if "route" in a.key}
    assert len(routes) == series


@pytest.mark.parametrize("series", [10, 1_000, 5_000])
def test_spans_make_as_many_series_as_are_asked_for(series: int) -> None:
    keys = set()
    for payload in load_payloads.payloads("traces", series):
        request = ExportTraceServiceRequest.FromString(bytes(payload.body))
        (resource,) = request.resource_spans
        service = resource.resource.attributes[0].value.string_value
        for span in resource.scope_spans[0].spans:
            routes = [a.value.string_value for a in span.attributes if a.key == "http.route"]
            keys.add((service, *routes, span.kind))
    assert len(keys) == series


def test_log_records_are_as_many_as_are_said() -> None:
    payload = load_payloads.payloads("logs", 10)[0]
    request = ExportLogsServiceRequest.FromString(bytes(payload.body))
    assert len(request.resource_logs[0].scope_logs[0].log_records) == payload.items


# --- Pipelines ------------------------------------------------------------------------------------


def test_the_minimal_pipeline_is_receiver_and_exporter_of_the_gateway_only() -> None:
    gateway = gateway_config(load_environment("prd", TODAY), "prd")
    config = load_pipelines.minimal(gateway)

    assert "processors" not in config
    assert "connectors" not in config
    assert config["receivers"] == {"otlp": gateway["receivers"]["otlp"]}
    for name, exporter in config["exporters"].items():
        assert set(exporter) <= {"endpoint", "headers", "tls"}
        assert exporter.items() <= gateway["exporters"][name].items()
    assert config["service"]["pipelines"] == {
        "traces": {"receivers": ["otlp"], "exporters": ["otlp_grpc/tempo"]},
        "metrics": {"receivers": ["otlp"], "exporters": ["otlp_http/prometheus-0"]},
        "logs": {"receivers": ["otlp"], "exporters": ["otlp_http/loki"]},
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--env", "nowhere"], "nowhere"),
        (["--stage", "qa"], "--stage: 'qa'; allowed: dev, hml, prd"),
        (["--seconds", "0"], "allowed: a number from 1 to 60"),
        (["--seconds", "long"], "allowed: a number from 1 to 60"),
        (["--signal", "profiles"], "profiles"),
        (["--record", "--quick"], "--record keeps figures of a whole run"),
    ],
)
def test_a_wrong_command_is_refused_in_one_message(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: Any = command.main(arguments)
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert says in capsys.readouterr().err
