"""Silence: what sent and does not any more. Without these, no data looks like no trouble."""

from alertmanager.alert_model import Alert, RuleGroup
from alertmanager.rules.owners import NAMESPACE, STAGE, namespaces, owner, stages
from settings.model import OBSERVABILITY, Settings
from signals import uids
from signals.links import dashboard
from signals.metrics import (
    CALLS,
    DEPLOYMENT_AVAILABLE,
    DEPLOYMENT_REPLICAS,
    ENVIRONMENT,
    RECEIVED_LOGS,
    RECEIVED_SPANS,
    SERVICE,
    UP,
)

_PIPELINE = dashboard(uids.PIPELINE)
BACK_ENDS = {
    "prometheus": "kps-prometheus",
    "alertmanager": "kps-alertmanager",
    "loki": f"{OBSERVABILITY}/loki.*",
    "tempo": "(.*/)?tempo.*",
    "thanos-querier": "thanos-querier",
    "thanos-store": "thanos-store",
    "thanos-compactor": "thanos-compactor",
}
"""What must be there, with the label `job` as a regular expression: the names of the Services, to
which Loki's chart adds the namespace and Tempo's distributed one the component."""


def alerts(settings: Settings) -> RuleGroup:
    """Alerts on what is missing."""
    stage_alerts = tuple(alert for stage in settings.stages for alert in _of_stage(settings, stage))
    return RuleGroup(
        name="absence",
        rules=(
            _service(settings),
            _workload(settings),
            *stage_alerts,
            _logs(settings),
            *(_back_end(settings, name, job) for name, job in BACK_ENDS.items()),
        ),
    )


def _service(settings: Settings) -> Alert:
    by = f"{ENVIRONMENT}, {SERVICE}"
    of_stages = stages(settings)
    return Alert(
        name="ServiceTelemetryAbsent",
        # The connector forgets a silent service after half an hour (`metrics_expiration`), but a
        # series that stopped to grow is as silent as one that is gone.
        expr=f"sum by ({by}) (increase({CALLS}{{{of_stages}}}[1h] offset 1h)) > 0 "
        f"unless on ({by}) sum by ({by}) (increase({CALLS}{{{of_stages}}}[30m])) > 0",
        for_="10m",
        severity="warning",
        namespace=STAGE,
        owner=owner(settings, ENVIRONMENT),
        summary=f"{{{{ $labels.{SERVICE} }}}} in {STAGE} sends no traces any more",
        description="It sent {{ $value | humanize }} spans in an hour, and none in the last half "
        "hour.",
        dashboard=dashboard(uids.SERVICE, namespace=STAGE, service=f"{{{{ $labels.{SERVICE} }}}}"),
    )


def _workload(settings: Settings) -> Alert:
    names = namespaces(settings)
    return Alert(
        name="WorkloadUnavailable",
        expr=f"{DEPLOYMENT_REPLICAS}{{{names}}} > 0 and on (namespace, deployment) "
        f"{DEPLOYMENT_AVAILABLE}{{{names}}} == 0",
        for_="5m",
        severity="critical",
        namespace=NAMESPACE,
        owner=owner(settings),
        summary=f"{{{{ $labels.deployment }}}} in {NAMESPACE} has no pod that serves",
        description="Of {{ $value }} pods none is available.",
        dashboard=dashboard(uids.SATURATION, namespace=NAMESPACE),
    )


def _of_stage(settings: Settings, stage: str) -> tuple[Alert, ...]:
    gateway = f'namespace="{stage}", job="otel-gateway"'
    return (
        Alert(
            name="GatewayReceivesNothing",
            # A stage that never sent anything is no trouble: it must have, within a day.
            expr=f"sum by (namespace) (increase({RECEIVED_SPANS}{{{gateway}}}[30m])) == 0 "
            f"and on (namespace) sum by (namespace) "
            f"(increase({RECEIVED_SPANS}{{{gateway}}}[1d])) > 0",
            for_="15m",
            severity="warning",
            namespace=stage,
            owner=settings.owner(stage),
            summary=f"The gateway of {stage} receives no spans",
            description="{{ $value }} spans in half an hour, after some within a day.",
            dashboard=_PIPELINE,
        ),
        Alert(
            name="GatewayDown",
            expr=f"absent({UP}{{{gateway}}} == 1)",
            for_="5m",
            severity="critical",
            namespace=stage,
            owner=settings.owner(OBSERVABILITY),
            summary=f"No gateway of {stage} answers",
            description="{{ $value }} means: no replica of otel-gateway could be scraped. "
            "Applications lose telemetry once their SDKs' buffers are full.",
            dashboard=_PIPELINE,
        ),
    )


def _logs(settings: Settings) -> Alert:
    agent = 'job="observability/otel-agent"'
    return Alert(
        name="LogsAbsent",
        expr=f"sum by (namespace) (increase({RECEIVED_LOGS}{{{agent}}}[30m])) == 0 "
        f"or absent({UP}{{{agent}}} == 1)",
        for_="10m",
        severity="critical",
        namespace=OBSERVABILITY,
        owner=settings.owner(OBSERVABILITY),
        summary="No agent reads container logs",
        description="{{ $value }} log records from all nodes in half an hour (or no agent is "
        "there at all).",
        dashboard=_PIPELINE,
    )


def _back_end(settings: Settings, name: str, job: str) -> Alert:
    return Alert(
        name="BackendDown",
        expr=f'absent({UP}{{namespace="{OBSERVABILITY}", job=~"{job}"}} == 1)',
        for_="5m",
        severity="critical",
        namespace=OBSERVABILITY,
        owner=settings.owner(OBSERVABILITY),
        summary=f"{name} does not answer",
        description=f"{{{{ $value }}}} means: no replica of {name} could be scraped for five "
        "minutes. Collectors queue meanwhile.",
        dashboard=_PIPELINE,
        labels={"backend": name},
    )
