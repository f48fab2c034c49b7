"""The labels by which rules distinguish the platform's own series from those of applications.

An application can expose or send a metric with any name, for example
`thanos_compact_iterations_total`. So a selector of a rule, except for telemetry of applications,
names the namespace and the job of the scraped target, and requires that no stage is named.
Prometheus sets the first two for a scraped target and overrides the target's own values; the
gateways set the third, `deployment_environment_name`, on everything that they send.

`job` is the name of the Service that a ServiceMonitor finds, `<namespace>/<PodMonitor>` for a
PodMonitor (Prometheus operator, "jobLabel"), and `<namespace>/<Service>` by the monitors of the
charts of Loki and of distributed Tempo.
"""

import re
from dataclasses import dataclass

from settings.model import OBSERVABILITY

ENVIRONMENT = "deployment_environment_name"
"""The label of the stage on all OTLP telemetry, enforced by the gateways."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Labels of a scraped target: each a value, or a regular expression of the whole value.

    `namespace` is None if a series names the namespace that it describes, such as that of a pod:
    then the rule selects the namespaces.
    """

    job: str
    namespace: str | None = OBSERVABILITY


def either(*targets: Target) -> Target:
    """Several targets of one namespace."""
    (namespace,) = {target.namespace for target in targets}
    return Target(job="|".join(target.job for target in targets), namespace=namespace)


API_SERVER = Target(job="apiserver", namespace="default")
KUBELET = Target(job="kubelet", namespace="kube-system")
"""A kubelet's metrics about itself."""
KUBELET_OBJECTS = Target(job="kubelet", namespace=None)
"""A kubelet's metrics about containers and volumes."""
KUBE_STATE_METRICS = Target(job="kube-state-metrics", namespace=None)
PROMETHEUS = Target(job="kps-prometheus")
STAGE_PROMETHEUS = Target(job="stage-prometheus", namespace=None)
STAGE_SIDECAR = Target(job="stage-thanos-discovery", namespace=None)
"""Those of the stages; their ServiceMonitors give them the namespace of their stage."""
EVERY_PROMETHEUS = Target(job=f"{PROMETHEUS.job}|{STAGE_PROMETHEUS.job}", namespace=None)
ALERTMANAGER = Target(job="kps-alertmanager")
THANOS_SIDECAR = Target(job="kps-thanos-discovery")
EVERY_SIDECAR = Target(job=f"{THANOS_SIDECAR.job}|{STAGE_SIDECAR.job}", namespace=None)
THANOS_QUERIER = Target(job="thanos-querier")
THANOS_STORE = Target(job="thanos-store")
THANOS_COMPACTOR = Target(job="thanos-compactor")
THANOS = either(THANOS_SIDECAR, THANOS_QUERIER, THANOS_STORE, THANOS_COMPACTOR)
EVERY_THANOS = Target(job=f"{THANOS.job}|{STAGE_SIDECAR.job}", namespace=None)
LOKI = Target(job=f"{OBSERVABILITY}/loki.*")
TEMPO = Target(job=f"({OBSERVABILITY}/)?tempo.*")
EXTERNAL_SECRETS = Target(job="external-secrets-metrics")
VELERO = Target(job="velero")
AGENT = Target(job=f"{OBSERVABILITY}/otel-agent")
GATEWAYS = Target(job="otel-gateway", namespace=None)
"""Their ServiceMonitors give them the namespace of their stage."""
COLLECTORS = Target(job=f"{GATEWAYS.job}|{AGENT.job}", namespace=None)


def selector(series: object, target: Target, *matchers: str, namespace: str | None = None) -> str:
    """PromQL: the series of a name that a target exposes.

    Args:
        series: the name; empty if a matcher of `__name__` selects it.
        target: the target that exposes them.
        matchers: further matchers, such as `resource="memory"`.
        namespace: value or regular expression, if the target has none.

    Raises:
        ValueError: neither, or both, of target and caller name the namespace.
    """
    if (target.namespace is None) == (namespace is None):
        raise ValueError(f"{series}: job {target.job} needs one namespace")
    labels = (
        _matcher("namespace", target.namespace or namespace or ""),
        _matcher("job", target.job),
        _matcher(ENVIRONMENT, ""),
    )
    return f"{series}{{{', '.join((*labels, *matchers))}}}"


def _matcher(label: str, value: str) -> str:
    operator = "=" if re.fullmatch(r"[\w/-]*", value) else "=~"
    return f'{label}{operator}"{value}"'
