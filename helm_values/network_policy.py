"""NetworkPolicies for pods whose chart has none of use: each namespace denies by default."""

from typing import Any

Rule = dict[str, Any]

API_SERVER_AND_AWS: Rule = {"ports": [{"port": 443, "protocol": "TCP"}]}
"""The Kubernetes API and the AWS APIs. No addresses: those of the API server are only known in the
cluster, those of AWS change."""


def pods(**labels: str) -> Rule:
    """Pods of the same namespace by `app.kubernetes.io/` labels, such as `name="prometheus"`."""
    return {
        "podSelector": {
            "matchLabels": {f"app.kubernetes.io/{key}": value for key, value in labels.items()}
        }
    }


def tcp(*ports: int) -> list[Rule]:
    """TCP ports of a rule."""
    return [{"port": port, "protocol": "TCP"} for port in ports]


def scraped(*ports: int) -> Rule:
    """Let Prometheus in."""
    return {"from": [pods(name="prometheus")], "ports": tcp(*ports)}


def network_policy(
    name: str, selector: Rule, *, ingress: list[Rule], egress: list[Rule]
) -> dict[str, Any]:
    """Policy as an object; `selector` is what `pods` gives. DNS is allowed for all already."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {
            **selector,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }
