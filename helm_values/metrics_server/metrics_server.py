"""Metrics server: `kubectl top` and horizontal pod autoscalers."""

from helm_values.component import Component
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import Settings
from versions import METRICS_SERVER

NAME = "metrics-server"


def release(settings: Settings, _outputs: StackOutputs) -> Release:
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


COMPONENT = Component(name=NAME, releases=lambda settings, outputs: [release(settings, outputs)])
