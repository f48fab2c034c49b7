"""docs/reference/traffic.md: allowed traffic in the cluster."""

from __future__ import annotations

from typing import Final

from blueprint.names import telemetry_namespace
from blueprint.traffic import (
    EVERYWHERE,
    Anywhere,
    Networks,
    Peer,
    Pods,
    Rule,
    api_server,
    nodes,
)
from docgen.markdown import Row, code, page, table
from helm_values.traffic_plan import plan_policies
from settings.model import OBSERVABILITY, Settings

STAGE: Final = "<stage>"
_TRAFFIC_HEADER: Final = ("Pods", "Direction", "Other end", "Ports (TCP)", "Policy")


def traffic_page(settings: dict[str, Settings]) -> str:
    """Who may talk to whom: the policies that follow from the flows of all components."""
    stages: dict[Row, None] = {}
    gateways: dict[Row, None] = {}
    observability: dict[Row, None] = {}
    for values in settings.values():
        for namespace, policies in plan_policies(values).items():
            rows = stages if namespace in values.stages else gateways
            if namespace == OBSERVABILITY:
                rows = observability
            for policy in policies:
                pods = _pods(policy.pods, values)
                for direction, rules in (("from", policy.ingress), ("to", policy.egress)):
                    for rule in rules:
                        ends = _ends(rule, values)
                        rows[pods, direction, ends, _ports(rule), code(policy.name)] = None
    return page(
        "Traffic",
        "Every namespace denies all traffic except DNS "
        "(`constructs_lib/kubernetes/namespace.py`). A policy only allows more traffic, and a "
        f"connection needs a policy at both ends. {code(STAGE)} stands for each stage; a policy "
        "of a stage names no other stage. Each component declares its flows in its folder of "
        "`helm_values/`, and `blueprint/traffic.py` creates the policies of both ends. No "
        "chart installs its own policies.",
        "## In each stage\n\n" + table(_TRAFFIC_HEADER, stages),
        f"## In {code(telemetry_namespace(STAGE))}, the namespace of each stage's "
        "gateway\n\nOnly administrators may change this namespace, because back ends accept "
        "its gateway as a writer.\n\n" + table(_TRAFFIC_HEADER, gateways),
        "## In observability\n\n" + table(_TRAFFIC_HEADER, observability),
        "`metrics-server` is in `kube-system`, and `prometheus-node-exporter` on the network of "
        "its node: our policies do not apply to them.",
    )


def _pods(pods: Pods, settings: Settings) -> str:
    placeholders = {
        name: placeholder
        for stage in settings.stages
        for name, placeholder in (
            (stage, STAGE),
            (telemetry_namespace(stage), telemetry_namespace(STAGE)),
        )
    }
    namespace = placeholders.get(pods.namespace, pods.namespace)
    labels = (
        f"{key.removeprefix('app.kubernetes.io/')}={value}" for key, value in pods.labels.items()
    )
    return f"{' '.join(map(code, labels)) or 'every pod'} in {code(namespace)}"


def _ends(rule: Rule, settings: Settings) -> str:
    return "; ".join(dict.fromkeys(_end(peer, settings) for peer in rule.peers))


def _end(peer: Peer, settings: Settings) -> str:
    if isinstance(peer, Anywhere):
        return "any pod and any address"
    if isinstance(peer, Pods):
        return _pods(peer, settings)
    named: list[tuple[Networks, str]] = [
        (api_server(settings), "the Kubernetes API"),
        (nodes(settings), "the nodes"),
        (EVERYWHERE, "any address"),
    ]
    return next((name for networks, name in named if networks == peer), ", ".join(peer.cidrs))


def _ports(rule: Rule) -> str:
    ports = ", ".join(code(port) for port in rule.ports) or "all"
    return ports if rule.protocol == "TCP" else f"{ports} ({rule.protocol})"
