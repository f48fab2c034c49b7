"""What a good rehearsal reads from its back ends, made by hand, to be broken by tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from settings.load import load_environment
from verification.rehearsal.pipeline.app_traffic import PATHS, Kind, Sent
from verification.rehearsal.pipeline.backend_queries import Exemplar, LogLine, Span
from verification.rehearsal.pipeline.received_telemetry import Arrived

SETTINGS = load_environment("dev", date(2026, 11, 24))
SERVICES = ("orders-python", "orders-node")
STAGES = ("dev", "prd")


def resource(stage: str, service: str) -> dict[str, str]:
    return {
        "service.name": service,
        "deployment.environment.name": stage,
        "k8s.namespace.name": stage,
        "k8s.cluster.name": "obs-dev",
    }


def identifier(number: int) -> str:
    return f"{number:032x}"


def request(number: int, stage: str, kind: Kind) -> Sent:
    return Sent(
        stage=stage,
        services=SERVICES if kind in ("list", "create") else SERVICES[:1],
        kind=kind,
        trace_id=identifier(number),
        status=PATHS[kind][2],
        seconds=1.3 if kind == "slow" else 0.01,
        at=float(number),
    )


def spans(sent: Sent) -> list[Span]:
    return [
        Span(
            tenant=sent.stage,
            trace_id=sent.trace_id,
            span_id=f"{depth + 1:016x}",
            # The first one's parent is the sender's, which is in no back end.
            parent_id=f"{depth:016x}" if depth else "f" * 16,
            name="GET /orders",
            error=sent.failed,
            seconds=sent.seconds - 0.001,
            resource=resource(sent.stage, service),
        )
        for depth, service in enumerate(sent.services)
    ]


def good() -> Arrived:
    """In prd every second ordinary trace is sampled away, as its settings say."""
    ordinary: list[Kind] = ["list", "create"]
    kinds: list[Kind] = [*(ordinary * 20), "slow", "fail"]
    sent = tuple(
        request(100 * index + number, stage, kind)
        for index, stage in enumerate(STAGES)
        for number, kind in enumerate(kinds)
    )
    traces: dict[tuple[str, str], list[Span]] = {
        (tenant, call.trace_id): [] for call in sent for tenant in SETTINGS.stages
    }
    for number, call in enumerate(sent):
        is_ordinary = call.kind in ("list", "create")
        if call.stage == "dev" or not is_ordinary or number % 2:
            traces[call.stage, call.trace_id] = spans(call)
    logs = {
        (tenant, service): [
            LogLine(
                tenant=tenant,
                body="GET /orders answered 200",
                trace_id=call.trace_id,
                resource=resource(tenant, service),
            )
            for call in sent
            if call.stage == tenant and service in call.services
        ]
        for tenant in SETTINGS.namespaces
        for service in SERVICES
    }
    exemplars = [
        Exemplar(
            series={"deployment_environment_name": call.stage, "service_name": service},
            trace_id=call.trace_id,
            value=call.seconds,
        )
        for call in sent
        for service in call.services
    ]
    series = [
        {
            "__name__": "traces_span_metrics_calls_total",
            "service_name": service,
            "deployment_environment_name": stage,
            "k8s_namespace_name": stage,
            "k8s_cluster_name": "obs-dev",
        }
        for stage in STAGES
        for service in SERVICES
    ]
    empty: Sequence[Any] = ()
    arrived = Arrived(
        settings=SETTINGS,
        services=SERVICES,
        stages=STAGES,
        sent=sent,
        traces=traces,
        logs=logs,
        created={},
        calls={},
        series=series,
        exemplars=exemplars,
        exemplar_traces={
            (call.stage, call.trace_id): traces[call.stage, call.trace_id] or empty for call in sent
        },
    )
    return replace(
        arrived,
        created={key: float(number) for key, number in arrived.expected("create").items()},
        calls={key: float(number) for key, number in arrived.expected().items()},
    )
