"""Alertmanager: replicas, volumes, network. Who is told is in alertmanager/routing.py."""

from typing import Any

from alertmanager import routing, templates
from blueprint.names import STORAGE_CLASS
from blueprint.sizes import METRICS
from helm_values.network_policy import pods, tcp
from settings.model import Settings

_GOSSIP = [{"port": 9094, "protocol": protocol} for protocol in ("TCP", "UDP")]


def values(settings: Settings) -> dict[str, Any]:
    """What the settings decide of `alertmanager` in kube-prometheus-stack."""
    replicas = METRICS[settings.size].alertmanager_replicas
    return {
        # Of one replica, a budget would keep its node from being drained.
        "podDisruptionBudget": {"enabled": replicas > 1, "minAvailable": 1},
        "networkPolicy": {"egress": {"rules": _egress(settings)}},
        "alertmanagerSpec": {
            "replicas": replicas,
            "secrets": routing.secrets(settings),
            "storage": {"volumeClaimTemplate": {"spec": {"storageClassName": STORAGE_CLASS}}},
        },
        "config": routing.configuration(settings),
        "templateFiles": templates.texts(),
    }


def _egress(settings: Settings) -> list[dict[str, Any]]:
    mail_port = int(settings.alerting.smtp.smarthost.rpartition(":")[2])
    return [
        {"to": [pods(name="alertmanager")], "ports": _GOSSIP},
        {"ports": tcp(443, mail_port)},  # Slack, mail server
    ]
