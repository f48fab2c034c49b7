"""Metrics server: `kubectl top` and horizontal pod autoscalers."""

from environments.model import Settings
from helm_values import prometheus_operator_crds
from helm_values.release import LayersBelow, Release
from versions import METRICS_SERVER

NAME = "metrics-server"


def release(settings: Settings, _below: LayersBelow) -> Release:
    """In kube-system, where the API server's own parts are.

    Its chart has no NetworkPolicy, and `observability` denies what none allows.
    """
    replicas = 1 if settings.size == "small" else 2
    return Release(
        name=NAME,
        namespace="kube-system",
        chart=METRICS_SERVER,
        static="metrics_server",
        from_settings={
            "replicas": replicas,
            # Of one replica, a budget would keep its node from being drained.
            "podDisruptionBudget": {"enabled": replicas > 1, "minAvailable": 1},
        },
        after=(prometheus_operator_crds.NAME,),
    )
