"""Allowed traffic in the cluster: flows as data, and the network policies derived from them.

Every namespace denies all traffic but DNS (constructs_lib/kubernetes/namespace.py), and policies
only ever add to what is allowed. Each component declares its flows in its folder of `helm_values/`;
`merge_flows` creates the policies of both ends, so that the two ends cannot disagree. Applications
bring the policies for connections between them.

An application reaches the gateway of its own stage and no other, and no back end at all. A gateway
reaches its door and no back end, and a door allows only listed requests (blueprint/doors.py).
Loki, Tempo and Prometheus require no password: they trust every client. So a policy at the
receiving end selects the clients by labels and namespace. Labels alone are not enough: an editor of
a stage can create a pod with any labels, and policies for its outgoing traffic. So each gateway,
and the Prometheus of each stage, runs in a separate namespace, `<stage>-telemetry`, in which the
roles of `editor_role_arns` have no rights.

Policies know pods and not Services. The VPC CNI compares with the port of the pod, and the EKS user
guide asks that a Service has the same one.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from blueprint.names import GATEWAY, telemetry_namespace
from blueprint.subnets import plan_subnets
from settings.model import OBSERVABILITY, Settings

Labels = Mapping[str, str]
Protocol = Literal["TCP", "UDP"]

OTLP = (4317, 4318)
COLLECTOR_METRICS = 8888
LOKI_HTTP = 3100
TEMPO_OTLP = 4317
TEMPO_HTTP = 3200
PROMETHEUS_HTTP = 9090
ALERTMANAGER_HTTP = 9093
KUBELET = 10250
HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods of a namespace that have all of the labels.

    `name` is that of their network policy. Two are equal if they select the same pods.
    """

    name: str = field(default="", compare=False)
    namespace: str
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Networks:
    """Addresses: of nodes, of the Kubernetes API, of AWS."""

    cidrs: tuple[str, ...]


@dataclass(frozen=True)
class Anywhere:
    """Every address and every pod. Only Prometheus sends there: it scrapes what it discovers."""


Peer = Pods | Networks | Anywhere

EVERYWHERE = Networks(cidrs=("0.0.0.0/0",))
"""What has no addresses of its own: S3, STS, mail servers."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Connections that `source` opens to `destination`, on ports by number or name; none means all.

    A component declares what its own pods open, and what Prometheus opens to scrape them.
    """

    source: Peer
    destination: Peer
    ports: tuple[int | str, ...] = ()
    protocol: Protocol = "TCP"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Any of the peers on any of the ports, by number or by name; no ports means all."""

    peers: tuple[Peer, ...]
    ports: tuple[int | str, ...] = ()
    protocol: Protocol = "TCP"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the pods of one namespace that have all of the labels may receive and send."""

    name: str
    pods: Pods
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()


# --- Pods that several components name ------------------------------------------------------------


def labelled(name: str, **more: str) -> Labels:
    """The labels `app.kubernetes.io/name` and, for example, `app.kubernetes.io/component`."""
    return {f"app.kubernetes.io/{key}": value for key, value in {"name": name, **more}.items()}


def gateway_of(stage: str) -> Pods:
    """Pods of a stage's gateway."""
    return Pods(
        name=GATEWAY,
        namespace=telemetry_namespace(stage),
        labels=labelled("opentelemetry-collector", instance=GATEWAY),
    )


def prometheus_of(stage: str) -> Pods:
    """Pods of a stage's Prometheus."""
    return Pods(
        name="prometheus", namespace=telemetry_namespace(stage), labels=labelled("prometheus")
    )


def door(name: str) -> Pods:
    """Pods of a door (blueprint/doors.py)."""
    return Pods(name=name, namespace=OBSERVABILITY, labels=labelled(name))


PROMETHEUS = Pods(name="prometheus", namespace=OBSERVABILITY, labels=labelled("prometheus"))
ALERTMANAGER = Pods(name="alertmanager", namespace=OBSERVABILITY, labels=labelled("alertmanager"))
LOKI = Pods(name="loki", namespace=OBSERVABILITY, labels=labelled("loki"))
TEMPO = Pods(name="tempo", namespace=OBSERVABILITY, labels=labelled("tempo"))


def api_server(settings: Settings) -> Networks:
    """The Kubernetes API: its network interfaces, and the address of the Service before them.

    Where a policy is enforced (at the pod, before the Service's address is replaced, or after)
    depends on the network plugin. The first address of the Services is that of `kubernetes`.
    """
    service = next(ipaddress.IPv4Network(settings.cluster.service_cidr).hosts())
    return Networks(cidrs=(*plan_subnets(settings.network.cidr).intra, f"{service}/32"))


def nodes(settings: Settings) -> Networks:
    """Where the nodes are: a policy cannot name them otherwise."""
    return Networks(cidrs=plan_subnets(settings.network.cidr).private)


# --- From flows to policies -----------------------------------------------------------------------

_Key = tuple[str, tuple[tuple[str, str], ...]]


def merge_flows(flows: Iterable[Flow], namespaces: Iterable[str]) -> dict[str, tuple[Policy, ...]]:
    """Policies by namespace: for each pods one, with what its flows send and receive.

    Args:
        flows: of all components, in any order.
        namespaces: those that deny all traffic unless a policy allows it. Ends of flows that are
            elsewhere, such as in kube-system, need no policy.

    Raises:
        ValueError: pods have no name, or two different pods of a namespace have the same one.
    """
    pods: dict[_Key, Pods] = {}
    sent: dict[_Key, list[tuple[Peer, Flow]]] = {}
    received: dict[_Key, list[tuple[Peer, Flow]]] = {}
    for flow in flows:
        ends = ((flow.source, flow.destination, sent), (flow.destination, flow.source, received))
        for here, there, rules in ends:
            if isinstance(here, Pods):
                pods.setdefault(_key(here), here)
                rules.setdefault(_key(here), []).append((there, flow))
    policies: dict[str, dict[str, Policy]] = {namespace: {} for namespace in namespaces}
    for key, selected in pods.items():
        if selected.namespace not in policies:
            continue
        if not selected.name or selected.name in policies[selected.namespace]:
            raise ValueError(
                f"pods {dict(selected.labels)} of {selected.namespace} need a name that no other "
                f"pods there have, not {selected.name!r}"
            )
        policies[selected.namespace][selected.name] = Policy(
            name=selected.name,
            pods=selected,
            ingress=_rules(received.get(key, [])),
            egress=_rules(sent.get(key, [])),
        )
    return {namespace: tuple(named.values()) for namespace, named in policies.items()}


def _key(pods: Pods) -> _Key:
    return pods.namespace, tuple(sorted(pods.labels.items()))


def _rules(ends: Iterable[tuple[Peer, Flow]]) -> tuple[Rule, ...]:
    """One rule for each set of ports, with every peer once."""
    peers: dict[tuple[tuple[int | str, ...], Protocol], list[Peer]] = {}
    for peer, flow in ends:
        listed = peers.setdefault((flow.ports, flow.protocol), [])
        if peer not in listed:
            listed.append(peer)
    # A rule without bounds makes all others superfluous.
    if Anywhere() in peers.get(((), "TCP"), []):
        return (Rule(peers=(Anywhere(),)),)
    return tuple(
        Rule(peers=tuple(listed), ports=ports, protocol=protocol)
        for (ports, protocol), listed in peers.items()
    )
