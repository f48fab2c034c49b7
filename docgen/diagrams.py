"""Diagrams of docs/architecture.md, drawn from the synthesized stacks and the plan of the traffic.

All are Mermaid flowcharts, so that their source is reviewed as text, and drawn by whoever shows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from blueprint.traffic import PROMETHEUS, Anywhere, Networks, Peer, Pods, api_server, nodes
from helm_values.traffic_plan import plan_policies
from settings.model import Settings
from verification.rehearsal.pipeline.collectors import release_values

STAGE: Final = "&lt;stage&gt;"
_BUCKET: Final = re.compile(r"outputs[.](\w+)_bucket_name")
_COLLECTORS: Final = ("otel-gateway", "otel-agent")

Config = Mapping[str, Any]


def _flowchart(direction: str, lines: Iterable[str]) -> str:
    return "\n".join(["```mermaid", f"flowchart {direction}", *(f"  {x}" for x in lines), "```"])


def _node(*parts: object) -> str:
    return re.sub(r"\W+", "_", "_".join(map(str, parts)))


# --- Traffic ------------------------------------------------------------------------------------


def traffic_diagram(settings: Settings) -> str:
    """Who may open a connection to whom, but for what Prometheus opens: it would hide the rest."""
    edges: dict[tuple[str, str, str], None] = {}
    labels: dict[str, dict[str, str]] = {}
    for policies in plan_policies(settings).values():
        for policy in policies:
            rules = [(rule, True) for rule in policy.ingress]
            rules += [(rule, False) for rule in policy.egress]
            for rule, inwards in rules:
                for peer in rule.peers:
                    # What leads to pods has its ingress rule, and would be drawn twice.
                    if not inwards and isinstance(peer, Pods):
                        continue
                    if (peer if inwards else policy.pods) == PROMETHEUS:
                        continue
                    here = _end(policy.pods, settings, labels)
                    there = _end(peer, settings, labels)
                    ends = (there, here) if inwards else (here, there)
                    edges[(*ends, ", ".join(map(str, rule.ports)) or "all ports")] = None
    lines = []
    for group, named in labels.items():
        lines.append(f'subgraph {_node("ns", group)}["{group}"]')
        lines += [f'  {id_}["{label}"]' for id_, label in named.items()]
        lines.append("end")
    lines += [f'{a} -- "{ports}" --> {b}' for a, b, ports in edges]
    return _flowchart("LR", lines)


def _end(peer: Peer, settings: Settings, labels: dict[str, dict[str, str]]) -> str:
    group, label = _name(peer, settings)
    id_ = _node(group, label)
    labels.setdefault(group, {})[id_] = label
    return id_


def _name(peer: Peer, settings: Settings) -> tuple[str, str]:
    if isinstance(peer, Anywhere):
        return "addresses", "anywhere"
    if isinstance(peer, Networks):
        named = {api_server(settings): "Kubernetes API", nodes(settings): "nodes"}
        return "addresses", named.get(peer, "any address (S3, STS)")
    stages = sorted(settings.stages, key=len, reverse=True)
    stage = next((s for s in stages if re.match(rf"{s}\b", peer.namespace)), None)
    namespace = peer.namespace.replace(stage, STAGE, 1) if stage else peer.namespace
    values = {key.rpartition("/")[2]: value for key, value in peer.labels.items()}
    label = values.get("instance") or " ".join(values.values()) or "every pod"
    return f"namespace {namespace}", label


# --- How data flows -------------------------------------------------------------------------------


def data_path_diagrams(stack: Config) -> str:
    """Pipelines of a gateway and of the agents, and what goes to which bucket.

    Args:
        stack: the parsed cdk.tf.json of an observability stack.
    """
    parts = []
    for name in _COLLECTORS:
        namespace = _namespace_of(stack, name)
        config = release_values(stack, name, namespace)["alternateConfig"]
        where = "one for each stage" if name == "otel-gateway" else "one on each node"
        parts.append(f"### `{name}`, {where}\n\n" + _pipelines(config))
    parts.append("### What is kept in which bucket\n\n" + _buckets(stack))
    return "\n\n".join(parts)


def _namespace_of(stack: Config, name: str) -> str:
    releases = stack["resource"]["helm_release"].values()
    return str(next(release["namespace"] for release in releases if release["name"] == name))


def _pipelines(config: Config) -> str:
    """Receivers, pipelines with their processors in order, and exporters with their addresses."""
    nodes_: dict[str, str] = {}
    edges: dict[str, None] = {}
    connectors = set(config.get("connectors", {}))
    for name, pipeline in config["service"]["pipelines"].items():
        steps = "<br/>".join(pipeline["processors"])
        id_ = _node("pipeline", name)
        nodes_[id_] = f'{id_}["<b>{name}</b><br/>{steps}"]'
        for receiver in pipeline["receivers"]:
            other = _connection(receiver, connectors, "in", config, nodes_)
            edges[f"{other} --> {id_}"] = None
        for exporter in pipeline["exporters"]:
            other = _connection(exporter, connectors, "out", config, nodes_)
            edges[f"{id_} --> {other}"] = None
    return _flowchart("LR", [*nodes_.values(), *edges])


def _connection(
    name: str, connectors: set[str], side: str, config: Config, nodes_: dict[str, str]
) -> str:
    id_ = _node("both" if name in connectors else side, name)
    if name in connectors:
        nodes_[id_] = f'{id_}{{{{"{name}"}}}}'
    elif side == "in":
        ports = ", ".join(_ports(config["receivers"][name]))
        nodes_[id_] = f'{id_}(["{name}{f"<br/>{ports}" if ports else ""}"])'
    else:
        nodes_[id_] = f'{id_}[/"{name}<br/>{_target(config["exporters"][name])}"/]'
    return id_


def _ports(receiver: Config) -> Iterator[str]:
    for protocol, options in (receiver.get("protocols") or {}).items():
        yield f"{protocol} {options['endpoint'].rpartition(':')[2]}"


def _target(exporter: Config) -> str:
    address = exporter.get("endpoint")
    if address is None:
        return "the gateways of this stage, by trace id"
    host = urlsplit(address).netloc or address
    tenant = exporter.get("headers", {}).get("X-Scope-OrgID")
    return host + (f"<br/>tenant {tenant}" if tenant else "")


def _buckets(stack: Config) -> str:
    """Which of our objects know which bucket: those whose values or files name its output."""
    edges: dict[str, None] = {}
    for kind in ("helm_release", "kubernetes_config_map_v1"):
        for id_, resource in stack["resource"].get(kind, {}).items():
            for bucket in sorted(set(_BUCKET.findall(json.dumps(resource)))):
                is_thanos = kind == "kubernetes_config_map_v1"
                name = "Thanos: store gateway, compactor" if is_thanos else _release(id_)
                edges[f'{_node(name)}["{name}"] --> {_node("bucket", bucket)}[("{bucket}")]'] = None
    return _flowchart("LR", edges)


def _release(id_: str) -> str:
    name = id_.removeprefix("release-")
    return "Prometheus with Thanos' sidecar" if name == "kps" else name
