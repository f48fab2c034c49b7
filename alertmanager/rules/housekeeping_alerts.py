"""What runs out or is left undone quietly: certificates, secrets, backups, room for series."""

from alertmanager.alert_model import Alert, RuleGroup, Severity
from alertmanager.rules.owners import STAGE
from blueprint.sizes import METRICS
from settings.model import OBSERVABILITY, Settings
from signals import metrics as m
from signals import uids
from signals.links import dashboard

DAY = 24 * 3600
SERIES = 0.8


def alerts(settings: Settings) -> RuleGroup:
    """Alerts for the platform team."""
    series = METRICS[settings.size].prometheus.active_series

    def alert(
        name: str,
        expr: str,
        for_: str,
        summary: str,
        description: str,
        severity: Severity = "warning",
        namespace: str = OBSERVABILITY,
        uid: str = uids.PIPELINE,
    ) -> Alert:
        return Alert(
            name=name,
            expr=expr,
            for_=for_,
            severity=severity,
            namespace=namespace,
            owner=settings.owner(OBSERVABILITY),
            summary=summary,
            description=description,
            dashboard=dashboard(uid),
        )

    return RuleGroup(
        name="housekeeping",
        rules=(
            alert(
                "KubeletCertificateExpiring",
                f"{m.KUBELET_SERVER_CERTIFICATE} < {7 * DAY}",
                "1h",
                "The certificate of {{ $labels.node }}'s kubelet runs out",
                "It is valid for {{ $value | humanizeDuration }}. The kubelet should have renewed "
                "it.",
            ),
            alert(
                "ApiClientCertificateExpiring",
                f"histogram_quantile(0.01, sum by (job, le) (rate({m.API_CLIENT_CERTIFICATE.bucket}"
                f'{{job="apiserver"}}[5m]))) < {7 * DAY} and on (job) '
                f'sum by (job) (increase({m.API_CLIENT_CERTIFICATE.count}{{job="apiserver"}}[5m])) '
                "> 0",
                "15m",
                "Somebody uses a client certificate of the cluster that runs out",
                "One of those in use is valid for {{ $value | humanizeDuration }} only.",
            ),
            alert(
                "ExternalSecretNotReady",
                f'max by (exported_namespace, name) ({m.EXTERNAL_SECRET_READY}{{condition="Ready", '
                'status="False"}) == 1',
                "10m",
                "The secret {{ $labels.name }} cannot be read from AWS Secrets Manager",
                "Condition Ready is False ({{ $value }}) in {{ $labels.exported_namespace }}. Pods "
                "that need it do not start.",
                namespace="{{ $labels.exported_namespace }}",
            ),
            alert(
                "BackupOverdue",
                f'time() - max by (schedule) ({m.BACKUP_LAST_SUCCESS}{{schedule!=""}}) > {2 * DAY}',
                "1h",
                "The backup {{ $labels.schedule }} is overdue",
                "The last one that succeeded is {{ $value | humanizeDuration }} old.",
                "critical",
            ),
            alert(
                "SeriesNearCapacity",
                f"max by (pod) ({m.HEAD_SERIES}) / {series} > {SERIES:g}",
                "30m",
                "Prometheus has nearly all the series that its size is made for",
                f"{{{{ $value | humanizePercentage }}}} of {series} series.",
                uid=uids.CARDINALITY,
            ),
            alert(
                "SpanMetricsOverflow",
                f"sum by ({m.ENVIRONMENT}) "
                f'(increase({m.CALLS}{{otel_metric_overflow="true"}}[15m])) > 0',
                "15m",
                f"The gateway of {STAGE} cannot tell all routes apart any more",
                "{{ $value | humanize }} spans were counted in the overflow series in 15 minutes.",
                namespace=STAGE,
                uid=uids.CARDINALITY,
            ),
        ),
    )


def watchdog(settings: Settings) -> RuleGroup:
    """An alert that always fires: somebody outside notices when it stops."""
    return RuleGroup(
        name="watchdog",
        rules=(
            Alert(
                name="Watchdog",
                expr="vector(1)",
                for_="0m",
                severity="none",
                namespace=OBSERVABILITY,
                owner=settings.owner(OBSERVABILITY),
                summary="Alerts work",
                description="{{ $value }} means: Prometheus evaluates rules. This must always fire "
                "and reach the dead man's switch; it tells of no trouble.",
                dashboard=dashboard(uids.PIPELINE),
            ),
        ),
    )
