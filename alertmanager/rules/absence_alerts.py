"""Alerts on telemetry that has stopped. Without them, missing data looks like a healthy system."""

from alertmanager.alert_model import Alert, RuleGroup
from alertmanager.rules.owners import NAMESPACE, namespaces, owner
from settings.model import OBSERVABILITY, Settings
from signals import platform_jobs as jobs
from signals import uids
from signals.links import dashboard
from signals.metrics import (
    DEPLOYMENT_AVAILABLE,
    DEPLOYMENT_REPLICAS,
    RECEIVED_LOGS,
    RECEIVED_SPANS,
    UP,
    Metric,
)
from signals.platform_jobs import Target, selector

_PIPELINE = dashboard(uids.PIPELINE)
BACK_ENDS = {
    "prometheus": jobs.PROMETHEUS,
    "alertmanager": jobs.ALERTMANAGER,
    "loki": jobs.LOKI,
    "tempo": jobs.TEMPO,
    "thanos-querier": jobs.THANOS_QUERIER,
    "thanos-store": jobs.THANOS_STORE,
    "thanos-compactor": jobs.THANOS_COMPACTOR,
}
"""Programs that must always answer."""


def alerts(settings: Settings) -> RuleGroup:
    """Alerts on missing workloads, telemetry and back ends."""
    stage_alerts = tuple(alert for stage in settings.stages for alert in _of_stage(settings, stage))
    return RuleGroup(
        name="absence",
        rules=(
            _workload(settings),
            *stage_alerts,
            _logs(settings),
            *(_back_end(settings, name, target) for name, target in BACK_ENDS.items()),
            *(_prometheus_of(settings, stage) for stage in settings.stages),
        ),
    )


def _workload(settings: Settings) -> Alert:
    def deployments(series: Metric) -> str:
        return selector(series, jobs.KUBE_STATE_METRICS, namespace=namespaces(settings))

    return Alert(
        name="WorkloadUnavailable",
        expr=f"{deployments(DEPLOYMENT_REPLICAS)} > 0 and on (namespace, deployment) "
        f"{deployments(DEPLOYMENT_AVAILABLE)} == 0",
        for_="5m",
        severity="critical",
        namespace=NAMESPACE,
        owner=owner(settings),
        summary=f"{{{{ $labels.deployment }}}} in {NAMESPACE} has no available pod",
        description="0 of {{ $value }} pods are available.",
        dashboard=dashboard(uids.SATURATION, namespace="namespace"),
    )


def _of_stage(settings: Settings, stage: str) -> tuple[Alert, ...]:
    received = selector(RECEIVED_SPANS, jobs.GATEWAYS, namespace=stage)
    return (
        Alert(
            name="GatewayReceivesNothing",
            # A stage that never sent anything is no problem: it must have sent within a day.
            expr=f"sum by (namespace) (increase({received}[30m])) == 0 "
            f"and on (namespace) sum by (namespace) (increase({received}[1d])) > 0",
            for_="15m",
            severity="warning",
            namespace=stage,
            owner=settings.owner(stage),
            summary=f"The gateway of {stage} receives no spans",
            description="It received {{ $value }} spans in half an hour, but some within a day.",
            dashboard=_PIPELINE,
        ),
        Alert(
            name="GatewayDown",
            expr=f"absent({selector(UP, jobs.GATEWAYS, namespace=stage)} == 1)",
            for_="5m",
            severity="critical",
            namespace=stage,
            owner=settings.owner(OBSERVABILITY),
            summary=f"No gateway of {stage} answers",
            description="Prometheus cannot scrape any replica of otel-gateway (value "
            "{{ $value }}). Applications lose telemetry once their SDKs' buffers are full.",
            dashboard=_PIPELINE,
        ),
    )


def _logs(settings: Settings) -> Alert:
    received = selector(RECEIVED_LOGS, jobs.AGENT)
    return Alert(
        name="LogsAbsent",
        expr=f"sum by (namespace) (increase({received}[30m])) == 0 "
        f"or absent({selector(UP, jobs.AGENT)} == 1)",
        for_="10m",
        severity="critical",
        namespace=OBSERVABILITY,
        owner=settings.owner(OBSERVABILITY),
        summary="No agent reads container logs",
        description="{{ $value }} log records from all nodes in half an hour, or no agent answers.",
        dashboard=_PIPELINE,
    )


def _back_end(settings: Settings, name: str, target: Target) -> Alert:
    return Alert(
        name="BackendDown",
        expr=f"absent({selector(UP, target)} == 1)",
        for_="5m",
        severity="critical",
        namespace=OBSERVABILITY,
        owner=settings.owner(OBSERVABILITY),
        summary=f"{name} does not answer",
        description=f"Prometheus could not scrape any replica of {name} for five minutes (value "
        "{{ $value }}). Collectors queue meanwhile.",
        dashboard=_PIPELINE,
        labels={"backend": name},
    )


def _prometheus_of(settings: Settings, stage: str) -> Alert:
    return Alert(
        name="BackendDown",
        expr=f"absent({selector(UP, jobs.STAGE_PROMETHEUS, namespace=stage)} == 1)",
        for_="5m",
        severity="critical",
        namespace=stage,
        owner=settings.owner(OBSERVABILITY),
        summary=f"The Prometheus of {stage} does not answer",
        description="No replica could be scraped for five minutes (value {{ $value }}). Meanwhile "
        f"{stage} has no alerts on its service levels, and its gateway queues metrics.",
        dashboard=_PIPELINE,
        labels={"backend": "stage-prometheus"},
    )
