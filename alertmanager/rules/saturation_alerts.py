"""Alerts on resources near their limit: memory, CPU, volumes, quotas.

They replace the chart's CPUThrottlingHigh, KubePersistentVolumeFillingUp, KubeQuotaAlmostFull and
KubeQuotaFullyUsed, which have no owner and no dashboard. Where noted, they use their thresholds.
"""

from alertmanager.alert_model import Alert, RuleGroup, Severity
from alertmanager.rules.owners import NAMESPACE, namespaces, owner
from settings.model import Settings
from signals import metrics as m
from signals import platform_jobs as jobs
from signals import uids
from signals.links import dashboard
from signals.platform_jobs import Target, selector

MEMORY = 0.9
THROTTLED = 0.25
"""As CPUThrottlingHigh of the kubernetes-mixin."""
VOLUME_LEFT = 0.15
VOLUME_LEFT_CRITICAL = 0.03
"""As KubePersistentVolumeFillingUp of the kubernetes-mixin: 15 % and full in four days, or 3 %."""
QUOTA = 0.9
"""As KubeQuotaAlmostFull of the kubernetes-mixin."""

_CONTAINER = "{{ $labels.container }} of {{ $labels.pod }}"


def alerts(settings: Settings) -> RuleGroup:
    """Alerts of every namespace of the settings."""

    def inside(series: m.Metric, target: Target, *matchers: str) -> str:
        return selector(series, target, *matchers, namespace=namespaces(settings))

    def containers(series: m.Metric) -> str:
        return inside(series, jobs.KUBELET_OBJECTS, 'container!=""')

    by = "sum by (namespace, pod, container)"
    limits = inside(m.LIMITS, jobs.KUBE_STATE_METRICS, 'resource="memory"')
    killed = inside(m.LAST_TERMINATED, jobs.KUBE_STATE_METRICS, 'reason="OOMKilled"')
    free = inside(m.VOLUME_AVAILABLE, jobs.KUBELET_OBJECTS)
    left = f"{free} / ({inside(m.VOLUME_CAPACITY, jobs.KUBELET_OBJECTS)} > 0)"
    used, hard = (
        inside(m.QUOTA, jobs.KUBE_STATE_METRICS, f'type="{kind}"') for kind in ("used", "hard")
    )

    def alert(
        name: str, expr: str, for_: str, summary: str, description: str, severity: Severity
    ) -> Alert:
        return Alert(
            name=name,
            expr=expr,
            for_=for_,
            severity=severity,
            namespace=NAMESPACE,
            owner=owner(settings),
            summary=summary,
            description=description,
            dashboard=dashboard(uids.SATURATION, namespace="namespace"),
        )

    return RuleGroup(
        name="saturation",
        rules=(
            alert(
                "ContainerMemoryNearLimit",
                f"{by} ({containers(m.CONTAINER_MEMORY)}) / ({by} ({limits}) > 0) > {MEMORY:g}",
                "10m",
                f"{_CONTAINER} has nearly reached its memory limit",
                "It has used {{ $value | humanizePercentage }} of its limit for ten minutes.",
                "warning",
            ),
            alert(
                "ContainerCpuThrottled",
                f"{by} (increase({containers(m.CONTAINER_THROTTLED)}[5m])) / "
                f"({by} (increase({containers(m.CONTAINER_PERIODS)}[5m])) > 0) > {THROTTLED:g}",
                "15m",
                f"{_CONTAINER} is throttled by its CPU limit",
                "It was throttled in {{ $value | humanizePercentage }} of its CPU periods.",
                "info",
            ),
            alert(
                "ContainerOomKilled",
                f"{by} (increase({inside(m.RESTARTS, jobs.KUBE_STATE_METRICS)}[10m])) > 0 "
                f"and on (namespace, pod, container) {killed} == 1",
                "0m",
                f"{_CONTAINER} was killed because it reached its memory limit",
                "It restarted {{ $value | humanize }} times in ten minutes, the last time because "
                "of the limit.",
                "warning",
            ),
            alert(
                "VolumeFillingUp",
                f"{left} < {VOLUME_LEFT:g} and predict_linear({free}[6h], 4 * 24 * 3600) < 0",
                "1h",
                "{{ $labels.persistentvolumeclaim }} will be full within four days",
                "{{ $value | humanizePercentage }} of its space is left.",
                "warning",
            ),
            alert(
                "VolumeNearlyFull",
                f"{left} < {VOLUME_LEFT_CRITICAL:g}",
                "1m",
                "{{ $labels.persistentvolumeclaim }} is nearly full",
                "{{ $value | humanizePercentage }} of its space is left.",
                "critical",
            ),
            alert(
                "NamespaceQuotaNearLimit",
                f"{used} / ignoring (type) ({hard} > 0) > {QUOTA:g}",
                "15m",
                f"{NAMESPACE} has nearly used up its quota of {{{{ $labels.resource }}}}",
                "{{ $value | humanizePercentage }} of it is used; at 100 % new pods are refused.",
                "warning",
            ),
        ),
    )
