"""The namespace and the owner of an alert whose query spans namespaces."""

from blueprint.names import telemetry_namespaces
from settings.model import OBSERVABILITY, Settings
from signals.metrics import ENVIRONMENT

STAGE = f"{{{{ $labels.{ENVIRONMENT} }}}}"
NAMESPACE = "{{ $labels.namespace }}"
"""Templates over the labels of a result: of OTLP telemetry, and of Kubernetes' metrics."""


def stages(settings: Settings) -> str:
    """Matcher of all stages on OTLP telemetry."""
    return f'{ENVIRONMENT}=~"{"|".join(settings.stages)}"'


def namespaces(settings: Settings) -> str:
    """Regular expression of all namespaces of the settings, and the gateways'."""
    return "|".join((*settings.namespaces, *telemetry_namespaces(settings)))


def owner(settings: Settings, label: str = "namespace") -> str:
    """The team of the namespace that a label names, as a template where they differ.

    A gateway's namespace is the platform team's, like `observability`.
    """
    platform = settings.owner(OBSERVABILITY)
    others = [name for name in settings.stages if settings.owner(name) != platform]
    text = platform
    for name in reversed(others):
        condition = f'{{{{ if eq $labels.{label} "{name}" }}}}'
        text = f"{condition}{settings.owner(name)}{{{{ else }}}}{text}{{{{ end }}}}"
    return text
