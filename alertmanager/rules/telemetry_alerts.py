"""Span metrics of applications: missing services, and routes that cannot be distinguished.

The Prometheus of each stage evaluates them, like the service levels.
"""

from alertmanager.alert_model import Alert, RuleGroup
from alertmanager.rules.owners import STAGE, owner, stages
from settings.model import OBSERVABILITY, Settings
from signals import uids
from signals.links import dashboard
from signals.metrics import CALLS, ENVIRONMENT, SERVICE


def alerts(settings: Settings) -> RuleGroup:
    """Alerts on the metrics that gateways compute from spans."""
    return RuleGroup(name="telemetry", rules=(_service(settings), _overflow(settings)))


def _service(settings: Settings) -> Alert:
    by = f"{ENVIRONMENT}, {SERVICE}"
    of_stages = stages(settings)
    return Alert(
        name="ServiceTelemetryAbsent",
        # The connector drops a silent service after half an hour (`metrics_expiration`), but a
        # series that no longer grows is as silent as a missing one.
        expr=f"sum by ({by}) (increase({CALLS}{{{of_stages}}}[1h] offset 1h)) > 0 "
        f"unless on ({by}) sum by ({by}) (increase({CALLS}{{{of_stages}}}[30m])) > 0",
        for_="10m",
        severity="warning",
        namespace=STAGE,
        owner=owner(settings, ENVIRONMENT),
        summary=f"{{{{ $labels.{SERVICE} }}}} in {STAGE} no longer sends traces",
        description="It sent {{ $value | humanize }} spans in an hour, and none in the last half "
        "hour.",
        dashboard=dashboard(uids.SERVICE, namespace=ENVIRONMENT, service=SERVICE),
    )


def _overflow(settings: Settings) -> Alert:
    return Alert(
        name="SpanMetricsOverflow",
        expr=f'sum by ({ENVIRONMENT}) (increase({CALLS}{{otel_metric_overflow="true"}}[15m])) > 0',
        for_="15m",
        severity="warning",
        namespace=STAGE,
        owner=settings.owner(OBSERVABILITY),
        summary=f"The gateway of {STAGE} can no longer distinguish all routes",
        description="It counted {{ $value | humanize }} spans in the overflow series in 15 "
        "minutes.",
        dashboard=dashboard(uids.CARDINALITY),
    )
