"""Alertmanager: replicas and volumes. Receivers are in alertmanager/routing.py."""

from typing import Any

from alertmanager import routing, templates
from blueprint.names import STORAGE_CLASS
from blueprint.sizes import METRICS
from settings.model import Settings


def values(settings: Settings) -> dict[str, Any]:
    """What the settings decide of `alertmanager` in kube-prometheus-stack."""
    replicas = METRICS[settings.size].alertmanager_replicas
    return {
        # Of one replica, a budget would keep its node from being drained.
        "podDisruptionBudget": {"enabled": replicas > 1, "minAvailable": 1},
        "alertmanagerSpec": {
            "replicas": replicas,
            "secrets": routing.secrets(settings),
            "storage": {"volumeClaimTemplate": {"spec": {"storageClassName": STORAGE_CLASS}}},
        },
        "config": routing.configuration(settings),
        "templateFiles": templates.texts(),
    }
