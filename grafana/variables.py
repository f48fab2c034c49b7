"""The variables that dashboards share: one name everywhere, so that links keep their values."""

from grafana_foundation_sdk.builders.dashboard import QueryVariable

from grafana.board import choice
from signals.metrics import CALLS, ENVIRONMENT, QUOTA, SERVICE


def stage() -> QueryVariable:
    """`$namespace`: a stage whose gateway has counted requests."""
    return choice("namespace", "Namespace", f"label_values({CALLS}, {ENVIRONMENT})")


def service() -> QueryVariable:
    """`$service`: a service of that stage."""
    return choice(
        "service",
        "Service",
        f'label_values({CALLS}{{{ENVIRONMENT}="$namespace"}}, {SERVICE})',
    )


def namespace() -> QueryVariable:
    """`$namespace`: any namespace that has bounds, so also that of the back ends."""
    return choice("namespace", "Namespace", f"label_values({QUOTA}, namespace)")
