"""Failures without an immediate symptom: certificates, secrets, backups, capacity for series."""

from alertmanager.alert_model import Alert, RuleGroup, Severity
from alertmanager.rules.owners import NAMESPACE
from blueprint.sizes import METRICS
from settings.model import OBSERVABILITY, Settings
from signals import metrics as m
from signals import platform_jobs as jobs
from signals import uids
from signals.links import dashboard
from signals.platform_jobs import selector

DAY = 24 * 3600
SERIES = 0.8


def alerts(settings: Settings) -> RuleGroup:
    """Alerts for the platform team."""
    size = METRICS[settings.size]
    series, budget = size.prometheus.active_series, size.stage_prometheus.active_series
    of_stages = selector(m.HEAD_SERIES, jobs.STAGE_PROMETHEUS, namespace="|".join(settings.stages))
    not_ready = selector(
        m.EXTERNAL_SECRET_READY, jobs.EXTERNAL_SECRETS, 'condition="Ready"', 'status="False"'
    )
    certificate_buckets, certificate_count = (
        selector(name, jobs.API_SERVER)
        for name in (m.API_CLIENT_CERTIFICATE.bucket, m.API_CLIENT_CERTIFICATE.count)
    )

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
                f"{selector(m.KUBELET_SERVER_CERTIFICATE, jobs.KUBELET)} < {7 * DAY}",
                "1h",
                "The certificate of {{ $labels.node }}'s kubelet expires soon",
                "It expires in {{ $value | humanizeDuration }}. The kubelet should have renewed "
                "it.",
            ),
            alert(
                "ApiClientCertificateExpiring",
                f"histogram_quantile(0.01, sum by (job, le) (rate({certificate_buckets}[5m]))) "
                f"< {7 * DAY} and on (job) sum by (job) (increase({certificate_count}[5m])) > 0",
                "15m",
                "A client certificate of the Kubernetes API expires soon",
                "A certificate in use expires in {{ $value | humanizeDuration }}.",
            ),
            alert(
                "ExternalSecretNotReady",
                f"max by (exported_namespace, name) ({not_ready}) == 1",
                "10m",
                "The secret {{ $labels.name }} cannot be read from AWS Secrets Manager",
                "Condition Ready is False in {{ $labels.exported_namespace }} (value "
                "{{ $value }}). Pods that need the secret do not start.",
                namespace="{{ $labels.exported_namespace }}",
            ),
            alert(
                "BackupOverdue",
                _overdue(),
                "1h",
                "The backup {{ $labels.schedule }} is overdue",
                "No backup has succeeded for at least {{ $value | humanizeDuration }}.",
                "critical",
            ),
            alert(
                "SeriesNearCapacity",
                f"max by (pod) ({selector(m.HEAD_SERIES, jobs.PROMETHEUS)}) / {series} "
                f"> {SERIES:g}",
                "30m",
                "The platform's Prometheus has nearly reached its capacity of series",
                f"It has {{{{ $value | humanizePercentage }}}} of {series} series.",
                uid=uids.CARDINALITY,
            ),
            alert(
                "StageSeriesNearBudget",
                f"max by (namespace) ({of_stages}) / {budget} > {SERIES:g}",
                "15m",
                f"{NAMESPACE} has nearly used up its budget of series",
                f"It has {{{{ $value | humanizePercentage }}}} of {budget} series. Far above the "
                f"budget its Prometheus runs out of memory: then {NAMESPACE} has no metrics and no "
                "alerts on its services.",
                namespace=NAMESPACE,
                uid=uids.CARDINALITY,
            ),
        ),
    )


def _overdue() -> str:
    """By schedule, the seconds for which no backup has succeeded, where they are too many.

    Velero has no timestamp of a schedule that never succeeded, and no series at all of one that it
    does not know. So what it had two days ago counts, too: attempts at a schedule, or its own
    presence. Velero restores the timestamps from its backups when it starts.
    """
    every = 'schedule!=""'
    succeeded = f"max by (schedule) ({selector(m.BACKUP_LAST_SUCCESS, jobs.VELERO, every)})"
    attempted = selector(m.BACKUP_ATTEMPTS, jobs.VELERO, every)
    old = f"max by (schedule) ({attempted} offset 2d)"
    running = f"max({selector(m.UP, jobs.VELERO)} offset 2d) == 1"
    never = f"{2 * DAY} + 0 * ({old} unless on (schedule) {succeeded})"
    unknown = f"{2 * DAY} + 0 * ({running} unless on () ({succeeded} or {attempted}))"
    return (
        f"time() - {succeeded} > {2 * DAY} or {never} or "
        f'label_replace({unknown}, "schedule", "of any schedule", "", "")'
    )


def watchdog(settings: Settings) -> RuleGroup:
    """An alert that always fires: an external service notices when it stops."""
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
                summary="Alerting works",
                description="Prometheus evaluates rules (value {{ $value }}). This alert must "
                "always fire and reach the dead man's switch; it signals no problem.",
                dashboard=dashboard(uids.PIPELINE),
            ),
        ),
    )
