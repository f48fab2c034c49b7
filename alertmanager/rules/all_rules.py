"""All rules of an environment."""

from alertmanager.alert_model import Alert, RuleGroup
from alertmanager.rules import (
    absence_alerts,
    housekeeping_alerts,
    pipeline_alerts,
    saturation_alerts,
    slo_alerts,
)
from settings.model import Settings


def rule_groups(settings: Settings) -> tuple[RuleGroup, ...]:
    """Every group, in the order in which a reader should meet them."""
    return (
        slo_alerts.recordings(settings),
        slo_alerts.alerts(settings),
        absence_alerts.alerts(settings),
        saturation_alerts.alerts(settings),
        pipeline_alerts.alerts(settings),
        housekeeping_alerts.alerts(settings),
        housekeeping_alerts.watchdog(settings),
    )


def alerts(settings: Settings) -> tuple[Alert, ...]:
    """The alerts among them; one name may have several rules."""
    return tuple(
        rule for group in rule_groups(settings) for rule in group.rules if isinstance(rule, Alert)
    )
