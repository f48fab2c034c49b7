"""Alertmanager: replicas, volumes, network. Who is told is in alertmanager/routing.py."""

from typing import Any

from alertmanager import routing, templates
from blueprint import endpoints
from blueprint.names import STORAGE_CLASS, telemetry_namespaces
from blueprint.sizes import METRICS
from helm_values.kube_prometheus_stack.prometheus_values import in_namespaces
from helm_values.network_policy import pods, tcp
from settings.model import Settings

_GOSSIP = [{"port": 9094, "protocol": protocol} for protocol in ("TCP", "UDP")]


def values(settings: Settings) -> dict[str, Any]:
    """What the settings decide of `alertmanager` in kube-prometheus-stack."""
    replicas = METRICS[settings.size].alertmanager_replicas
    return {
        # Of one replica, a budget would keep its node from being drained.
        "podDisruptionBudget": {"enabled": replicas > 1, "minAvailable": 1},
        "networkPolicy": {
            "additionalIngress": _ingress(settings),
            "egress": {"rules": _egress(settings)},
        },
        "alertmanagerSpec": {
            "replicas": replicas,
            "secrets": routing.secrets(settings),
            "storage": {"volumeClaimTemplate": {"spec": {"storageClassName": STORAGE_CLASS}}},
        },
        "config": routing.configuration(settings),
        "templateFiles": templates.texts(),
    }


def _ingress(settings: Settings) -> list[dict[str, Any]]:
    """Beside the platform's Prometheus, which the chart lets in."""
    stages = {"namespaceSelector": in_namespaces(*telemetry_namespaces(settings))}
    return [
        {"from": [pods(name="alertmanager")], "ports": _GOSSIP},
        {
            "from": [
                pods(name=endpoints.GRAFANA_DOOR),
                pods(name="loki"),
                {**stages, **pods(name="prometheus")},
            ],
            "ports": tcp(9093),
        },
    ]


def _egress(settings: Settings) -> list[dict[str, Any]]:
    server = routing.mail_server(settings)
    mail_ports = [int(server.smarthost.rpartition(":")[2])] if server else []
    return [
        {"to": [pods(name="alertmanager")], "ports": _GOSSIP},
        {"ports": tcp(443, *mail_ports)},  # Slack or the dead man's switch, mail server
    ]
