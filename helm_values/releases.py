"""Every Helm release of an environment, in the order in which they can be installed."""

from helm_values.cluster_autoscaler import cluster_autoscaler
from helm_values.external_secrets import external_secrets
from helm_values.kube_prometheus_stack import kube_prometheus_stack
from helm_values.loki import loki
from helm_values.metrics_server import metrics_server
from helm_values.otel_collector import otel_agent, otel_gateway
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.tempo import tempo
from helm_values.velero import velero
from settings.model import Settings


def releases(settings: Settings, outputs: StackOutputs) -> list[Release]:
    """All releases; each names what it comes after."""
    return [
        prometheus_operator_crds.release(settings, outputs),
        external_secrets.release(settings, outputs),
        kube_prometheus_stack.release(settings, outputs),
        loki.release(settings, outputs),
        tempo.release(settings, outputs),
        otel_agent.release(settings, outputs),
        *otel_gateway.releases(settings, outputs),
        velero.release(settings, outputs),
        metrics_server.release(settings, outputs),
        cluster_autoscaler.release(settings, outputs),
    ]
