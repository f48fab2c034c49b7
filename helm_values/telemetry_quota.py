"""The quota of a telemetry namespace, for exactly the workloads in it."""

from helm_values.kube_prometheus_stack import stage_prometheus
from helm_values.otel_collector import otel_gateway
from settings.model import Quota, Settings


def telemetry_quota(settings: Settings) -> Quota:
    """What the gateway and the Prometheus of a stage may use together."""
    # Not the bounds of stages: nobody but the releases creates objects here.
    gateway = otel_gateway.quota(settings).model_dump(exclude_defaults=True)
    prometheus = stage_prometheus.quota(settings).model_dump(exclude_defaults=True)
    return Quota(**{key: gateway[key] + prometheus[key] for key in gateway})
