"""All rules of an environment."""

from alertmanager.model import Alert, RuleGroup
from alertmanager.rules import absence, housekeeping, pipeline, saturation, slo
from environments.model import Settings


def rule_groups(settings: Settings) -> tuple[RuleGroup, ...]:
    """Every group, in the order in which a reader should meet them."""
    return (
        slo.recordings(settings),
        slo.alerts(settings),
        absence.alerts(settings),
        saturation.alerts(settings),
        pipeline.alerts(settings),
        housekeeping.alerts(settings),
        housekeeping.watchdog(settings),
    )


def alerts(settings: Settings) -> tuple[Alert, ...]:
    """The alerts among them; one name may have several rules."""
    return tuple(
        rule for group in rule_groups(settings) for rule in group.rules if isinstance(rule, Alert)
    )
