"""docs/reference/traffic.md: who may talk to whom in the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from blueprint.names import telemetry_namespace
from blueprint.traffic import (
    EVERYWHERE,
    Networks,
    Peer,
    Pods,
    Rule,
    api_server,
    nodes,
    plan_policies,
)
from docgen.markdown import Row, code, codes, page, table
from settings.model import OBSERVABILITY, Settings
from synthesis.foundation import Foundation
from verification.charts.chart_contract import read_contracts

STAGE: Final = "<stage>"
_TRAFFIC_HEADER: Final = ("Pods", "Direction", "Other end", "TCP ports", "Policy")


def traffic_page(foundation: Foundation, settings: dict[str, Settings]) -> str:
    """Who may talk to whom: the plan of `blueprint/traffic.py`, and where the rest stands."""
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
        "Every namespace denies all traffic but DNS (`constructs_lib/kubernetes/namespace.py`). A "
        "policy only "
        "ever adds to what is allowed, and a connection needs a policy at both of its ends. "
        f"{code(STAGE)} stands for each stage; no policy names another one than its own. These "
        "are the policies of `blueprint/traffic.py`.",
        "## In each stage\n\n" + table(_TRAFFIC_HEADER, stages),
        f"## In {code(telemetry_namespace(STAGE))}, the namespace of each stage's gateway\n\n"
        "Nobody but administrators may change anything there: whoever is let in as a gateway may "
        "write as any tenant.\n\n" + table(_TRAFFIC_HEADER, gateways),
        "## In observability\n\n" + table(_TRAFFIC_HEADER, observability),
        "## Policies that stand elsewhere\n\nWhat Prometheus, Grafana, Alertmanager and the "
        "system add-ons need. They are all in `observability`.\n\n"
        + table(("From", "Policies"), _other_policies(foundation)),
        "`metrics-server` is in `kube-system`, and `prometheus-node-exporter` on the network of "
        "its node: no policy of ours applies to them.",
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
    if isinstance(peer, Pods):
        return _pods(peer, settings)
    named: list[tuple[Networks, str]] = [
        (api_server(settings), "the Kubernetes API"),
        (nodes(settings), "the nodes"),
        (Networks(cidrs=EVERYWHERE), "any address: S3, STS, the Kubernetes API"),
    ]
    return next((name for networks, name in named if networks == peer), ", ".join(peer.cidrs))


def _ports(rule: Rule) -> str:
    return ", ".join(code(port) for port in rule.ports) or "all"


def _other_policies(foundation: Foundation) -> Iterator[Row]:
    """NetworkPolicies of the releases, as their contracts list them, and those of Thanos."""
    found: dict[str, list[str]] = {}
    for contract in read_contracts().values():
        for listed in contract.objects.values():
            for release, objects in listed.items():
                for item in objects:
                    kind, _, name = item.partition(" ")
                    if kind == "NetworkPolicy":
                        found.setdefault(release, []).append(name)
    for release, names in sorted(found.items()):
        yield f"release {code(release)}", codes(dict.fromkeys(names))
    for config in foundation.configs.values():
        policies = config["observability"]["resource"]["kubernetes_network_policy_v1"]
        names = [policy["metadata"]["name"] for policy in policies.values()]
        thanos = [name for name in names if name.startswith("thanos-")]
        yield "`constructs_lib/thanos/thanos_parts.py`", codes(sorted(thanos))
        return
