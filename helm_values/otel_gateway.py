"""Gateways: one OpenTelemetry collector release for each stage."""

from typing import Any

from environments.model import Settings
from helm_values import collector
from helm_values.backend_sizes import BACKENDS, GatewaySize
from helm_values.collector import ENVIRONMENT
from helm_values.otel_gateway_config import gateway_config
from helm_values.release import LayersBelow, Release
from versions import OPENTELEMETRY_COLLECTOR

NAME = "otel-gateway"
AFTER = ("kps", "loki", "tempo")
"""The ServiceMonitor needs its CRD; the back ends come first, so that no queue fills."""


def releases(settings: Settings, below: LayersBelow) -> list[Release]:
    """One release in each stage's namespace."""
    del below  # Gateways call nothing in AWS.
    return [
        Release(
            name=NAME,
            namespace=stage,
            chart=OPENTELEMETRY_COLLECTOR,
            static="otel_gateway",
            from_settings=_values(settings, stage),
            after=AFTER,
        )
        for stage in settings.stages
    ]


def queue_volume_mib(settings: Settings) -> int:
    """Room for the queues of Tempo, Loki and every Prometheus, twice: deleted entries leave holes.

    The kubelet evicts a pod whose emptyDir outgrows its limit, so the limit must never be reached.
    """
    size = BACKENDS[settings.size].gateway
    queues = 2 + len(collector.prometheus_exporters(settings, size.queue_mib))
    return queues * size.queue_mib * 2


def _values(settings: Settings, stage: str) -> dict[str, Any]:
    size = BACKENDS[settings.size].gateway
    return {
        "image": collector.IMAGE,
        "command": collector.COMMAND,
        "ports": collector.ports(),
        "resources": size.resources.values,
        "autoscaling": _autoscaling(size),
        # The stage's nodes, which others' pods are kept off.
        "nodeSelector": {ENVIRONMENT: stage},
        "tolerations": [
            {"key": ENVIRONMENT, "operator": "Equal", "value": stage, "effect": "NoSchedule"}
        ],
        "extraVolumes": [
            {"name": "queue", "emptyDir": {"sizeLimit": f"{queue_volume_mib(settings)}Mi"}}
        ],
        # Instead of `config`, which would be merged with receivers for Jaeger and Zipkin.
        "alternateConfig": gateway_config(settings, stage),
    }


def _autoscaling(size: GatewaySize) -> dict[str, int]:
    return {"minReplicas": size.min_replicas, "maxReplicas": size.max_replicas}
