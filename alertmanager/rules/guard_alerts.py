"""Telemetry of a service that a gateway drops: alerts for the owners of the stage."""

from alertmanager.alert_model import Alert, RuleGroup
from alertmanager.rules.owners import STAGE, owner, stages
from settings.model import Settings
from signals import uids
from signals.links import dashboard
from signals.metrics import ENVIRONMENT, REFUSED_ITEMS, SERVICE


def alerts(settings: Settings) -> RuleGroup:
    """Alerts on dropped telemetry, for reasons that its sender can fix."""
    return RuleGroup(
        name="guards",
        rules=(
            Alert(
                name="ServiceTelemetryRefused",
                expr=f"sum by ({ENVIRONMENT}, {SERVICE}, reason) "
                f"(rate({REFUSED_ITEMS}{{{stages(settings)}}}[10m])) > 0",
                for_="15m",
                severity="warning",
                namespace=STAGE,
                owner=owner(settings, ENVIRONMENT),
                summary=f"The gateway of {STAGE} drops data points of {{{{ $labels.{SERVICE} }}}}",
                description="{{ $value | humanize }} points a second are dropped: "
                "{{ $labels.reason }}.",
                dashboard=dashboard(uids.PIPELINE),
            ),
        ),
    )
