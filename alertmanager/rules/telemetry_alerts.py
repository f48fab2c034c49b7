"""What applications send of themselves: whether it still comes, and whether it can be told apart.

Evaluated by the Prometheus of each stage, as the service levels are.
"""

from alertmanager.alert_model import Alert, RuleGroup
from alertmanager.rules.owners import STAGE, owner, stages
from settings.model import OBSERVABILITY, Settings
from signals import uids
from signals.links import dashboard
from signals.metrics import CALLS, ENVIRONMENT, SERVICE


def alerts(settings: Settings) -> RuleGroup:
    """Alerts on the metrics that gateways make of spans."""
    return RuleGroup(name="telemetry", rules=(_service(settings), _overflow(settings)))


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
        summary=f"The gateway of {STAGE} cannot tell all routes apart any more",
        description="{{ $value | humanize }} spans were counted in the overflow series in 15 "
        "minutes.",
        dashboard=dashboard(uids.CARDINALITY),
    )
