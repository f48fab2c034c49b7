"""The CRDs of the Prometheus operator, which all other releases use.

A release of its own, since Helm installs what is in a chart's `crds/` once and never upgrades it.
"""

from helm_values.component import Component
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import Settings
from versions import PROMETHEUS_OPERATOR_CRDS

NAME = "prometheus-operator-crds"


def release(_settings: Settings, _outputs: StackOutputs) -> Release:
    """Same in every environment."""
    return Release(name=NAME, chart=PROMETHEUS_OPERATOR_CRDS, static="prometheus_operator_crds")


COMPONENT = Component(name=NAME, releases=lambda settings, outputs: [release(settings, outputs)])
