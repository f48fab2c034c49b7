"""The CRDs of the Prometheus operator, which every other release writes objects of.

A release of its own, since Helm installs what is in a chart's `crds/` once and never upgrades it.
"""

from environments.model import Settings
from helm_values.release import LayersBelow, Release
from versions import PROMETHEUS_OPERATOR_CRDS

NAME = "prometheus-operator-crds"


def release(_settings: Settings, _below: LayersBelow) -> Release:
    """Same in every environment."""
    return Release(name=NAME, chart=PROMETHEUS_OPERATOR_CRDS, static="prometheus_operator_crds")
