"""What is nearly full: memory, CPU, volumes, quotas.

They replace the chart's own CPUThrottlingHigh, KubePersistentVolumeFillingUp, KubeQuotaAlmostFull
and KubeQuotaFullyUsed, which know neither owner nor dashboard; thresholds are theirs where it says.
"""

from alertmanager.alert_model import Alert, RuleGroup, Severity
from alertmanager.rules.owners import NAMESPACE, namespaces, owner
from settings.model import Settings
from signals import metrics as m
from signals import uids
from signals.links import dashboard

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
    inside = namespaces(settings)
    containers = f'{inside}, container!=""'
    by = "sum by (namespace, pod, container)"
    free = f"{m.VOLUME_AVAILABLE}{{{inside}}}"
    left = f"{free} / {m.VOLUME_CAPACITY}{{{inside}}}"

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
            dashboard=dashboard(uids.SATURATION, namespace=NAMESPACE),
        )

    return RuleGroup(
        name="saturation",
        rules=(
            alert(
                "ContainerMemoryNearLimit",
                f"{by} ({m.CONTAINER_MEMORY}{{{containers}}}) / "
                f'{by} ({m.LIMITS}{{{inside}, resource="memory"}}) > {MEMORY:g}',
                "10m",
                f"{_CONTAINER} is about to be killed for its memory",
                "It has used {{ $value | humanizePercentage }} of its limit for ten minutes.",
                "warning",
            ),
            alert(
                "ContainerCpuThrottled",
                f"{by} (increase({m.CONTAINER_THROTTLED}{{{containers}}}[5m])) / "
                f"{by} (increase({m.CONTAINER_PERIODS}{{{containers}}}[5m])) > {THROTTLED:g}",
                "15m",
                f"{_CONTAINER} waits for its CPU limit",
                "It was throttled in {{ $value | humanizePercentage }} of its periods.",
                "info",
            ),
            alert(
                "ContainerOomKilled",
                f"{by} (increase({m.RESTARTS}{{{inside}}}[10m])) > 0 and on (namespace, pod, "
                f'container) {m.LAST_TERMINATED}{{{inside}, reason="OOMKilled"}} == 1',
                "0m",
                f"{_CONTAINER} was killed for its memory",
                "{{ $value | humanize }} restarts in ten minutes, the last since the limit was "
                "reached.",
                "warning",
            ),
            alert(
                "VolumeFillingUp",
                f"{left} < {VOLUME_LEFT:g} and predict_linear({free}[6h], 4 * 24 * 3600) < 0",
                "1h",
                "{{ $labels.persistentvolumeclaim }} will be full within four days",
                "{{ $value | humanizePercentage }} are left.",
                "warning",
            ),
            alert(
                "VolumeNearlyFull",
                f"{left} < {VOLUME_LEFT_CRITICAL:g}",
                "1m",
                "{{ $labels.persistentvolumeclaim }} is nearly full",
                "{{ $value | humanizePercentage }} are left.",
                "critical",
            ),
            alert(
                "NamespaceQuotaNearLimit",
                f'{m.QUOTA}{{{inside}, type="used"}} / ignoring (type) '
                f'({m.QUOTA}{{{inside}, type="hard"}} > 0) > {QUOTA:g}',
                "15m",
                f"{NAMESPACE} has used its quota of {{{{ $labels.resource }}}} nearly up",
                "{{ $value | humanizePercentage }} of it are used; at 100 % new pods are refused.",
                "warning",
            ),
        ),
    )
