"""All rules of an environment."""

from alertmanager.alert_model import Alert, RuleGroup
from alertmanager.rules import (
    absence_alerts,
    guard_alerts,
    housekeeping_alerts,
    pipeline_alerts,
    saturation_alerts,
    slo_alerts,
    telemetry_alerts,
)
from settings.model import OBSERVABILITY, Settings


def rule_groups(settings: Settings) -> tuple[RuleGroup, ...]:
    """Every group, in the order in which a reader should meet them, of all stages together."""
    return (*_application_groups(settings), *platform_rule_groups(settings))


def platform_rule_groups(settings: Settings) -> tuple[RuleGroup, ...]:
    """What the platform's Prometheus evaluates, in which no series of an application is."""
    return (
        absence_alerts.alerts(settings),
        saturation_alerts.alerts(settings),
        pipeline_alerts.alerts(settings),
        housekeeping_alerts.alerts(settings),
        housekeeping_alerts.watchdog(settings),
    )


def stage_rule_groups(settings: Settings, stage: str) -> tuple[RuleGroup, ...]:
    """What the Prometheus of a stage evaluates, over what its applications sent."""
    namespaces = {name: settings.namespaces[name] for name in (OBSERVABILITY, stage)}
    return _application_groups(settings.model_copy(update={"namespaces": namespaces}))


def _application_groups(settings: Settings) -> tuple[RuleGroup, ...]:
    return (
        slo_alerts.recordings(settings),
        slo_alerts.alerts(settings),
        telemetry_alerts.alerts(settings),
        guard_alerts.alerts(settings),
    )


def alerts(settings: Settings) -> tuple[Alert, ...]:
    """The alerts among them; one name may have several rules."""
    return tuple(
        rule for group in rule_groups(settings) for rule in group.rules if isinstance(rule, Alert)
    )
