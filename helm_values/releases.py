"""Every Helm release of an environment, in the order in which they can be installed."""

from environments.model import Settings
from helm_values import (
    cluster_autoscaler,
    external_secrets,
    kube_prometheus_stack,
    loki,
    metrics_server,
    otel_agent,
    otel_gateway,
    prometheus_operator_crds,
    tempo,
    velero,
)
from helm_values.release import LayersBelow, Release


def releases(settings: Settings, below: LayersBelow) -> list[Release]:
    """All releases; each names what it comes after."""
    return [
        prometheus_operator_crds.release(settings, below),
        external_secrets.release(settings, below),
        kube_prometheus_stack.release(settings, below),
        loki.release(settings, below),
        tempo.release(settings, below),
        otel_agent.release(settings, below),
        *otel_gateway.releases(settings, below),
        velero.release(settings, below),
        metrics_server.release(settings, below),
        cluster_autoscaler.release(settings, below),
    ]
