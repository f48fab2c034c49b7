"""What may reach what: the plan's policies, evaluated as Kubernetes does."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from release_samples import STACK_OUTPUTS, with_size

from blueprint.subnets import plan_subnets
from blueprint.traffic import (
    AGENT,
    ALERTMANAGER,
    GATEWAY,
    GRAFANA,
    LOKI,
    LOKI_ENTRANCE,
    PROMETHEUS,
    TEMPO,
    Labels,
    Networks,
    Peer,
    Pods,
    Policy,
    Rule,
    plan_policies,
)
from helm_values.kube_prometheus_stack import kube_prometheus_stack

SETTINGS = with_size("medium", "prd")
POLICIES = plan_policies(SETTINGS)
SUBNETS = plan_subnets(SETTINGS.network.cidr)
NODE = "10.20.3.7"
API_SERVER = str(ipaddress.IPv4Network(SUBNETS.intra[0])[9])
API_SERVICE = "172.20.0.1"
S3 = "52.216.1.2"
HOST_NETWORK = "10.20.99.99"


@dataclass(frozen=True)
class Pod:
    """A pod of a namespace of ours, where everything is denied that no policy allows."""

    namespace: str
    labels: Labels = field(default_factory=dict)
    has_own_policies: bool = False
    """Its release brings policies for what it may send (or receive)."""
    lets_in: tuple[Rule, ...] | None = None
    """What the policies of its release let in, where they are looked at."""


@dataclass(frozen=True)
class Address:
    """Something outside of our namespaces."""

    ip: str


End = Pod | Address


def pod(namespace: str, labels: Labels | None = None, *, own: bool = False) -> Pod:
    return Pod(namespace, labels or {}, own)


def prometheus_lets_in() -> tuple[Rule, ...]:
    """The rules of Prometheus' release, as those of the plan."""
    release = kube_prometheus_stack.release(SETTINGS, STACK_OUTPUTS)
    return tuple(
        Rule(
            peers=tuple(
                Pods(
                    namespace=namespace,
                    labels=peer["podSelector"].get("matchLabels", {}),
                )
                for peer in rule["from"]
                for namespace in namespaces_of(peer)
            ),
            ports=tuple(port["port"] for port in rule["ports"]),
        )
        for rule in release.values["prometheus"]["networkPolicy"]["ingress"]
    )


def namespaces_of(peer: dict[str, Any]) -> list[str]:
    assert set(peer) <= {"namespaceSelector", "podSelector"}
    if "namespaceSelector" not in peer:
        return ["observability"]
    (expression,) = peer["namespaceSelector"]["matchExpressions"]
    assert (expression["key"], expression["operator"]) == ("kubernetes.io/metadata.name", "In")
    found: list[str] = expression["values"]
    return found


def selects(peer: Peer, end: End) -> bool:
    if isinstance(peer, Networks):
        # Addresses of pods change: no policy of ours may rest on one.
        return isinstance(end, Address) and any(
            ipaddress.IPv4Address(end.ip) in ipaddress.IPv4Network(cidr) for cidr in peer.cidrs
        )
    return (
        isinstance(end, Pod)
        and peer.namespace == end.namespace
        and peer.labels.items() <= end.labels.items()
    )


def permits(rules: Iterable[Rule], other: End, port: int | str) -> bool:
    return any(
        (not rule.ports or port in rule.ports) and any(selects(peer, other) for peer in rule.peers)
        for rule in rules
    )


def of(end: Pod) -> list[Policy]:
    return [policy for policy in POLICIES[end.namespace] if selects(policy.pods, end)]


def allowed(source: End, destination: End, port: int | str) -> bool:
    sends = (
        not isinstance(source, Pod)
        or source.has_own_policies
        or any(permits(policy.egress, destination, port) for policy in of(source))
    )
    return sends and receives(source, destination, port)


def receives(source: End, destination: End, port: int | str) -> bool:
    if not isinstance(destination, Pod):
        return True
    if destination.lets_in is not None:
        return permits(destination.lets_in, source, port)
    return destination.has_own_policies or any(
        permits(policy.ingress, source, port) for policy in of(destination)
    )


def app(namespace: str) -> Pod:
    return pod(namespace, {"app.kubernetes.io/name": "checkout"})


def gateway(stage: str) -> Pod:
    return disguised(f"{stage}-telemetry")


def disguised(namespace: str) -> Pod:
    """A pod with all labels of a gateway; who may create pods can give one any labels."""
    return pod(namespace, {**GATEWAY, "component": "standalone-collector"})


LOKI_NGINX = pod("observability", {**LOKI_ENTRANCE, "app.kubernetes.io/instance": "loki"})
LOKI_SERVER = pod("observability", {**LOKI, "app.kubernetes.io/component": "single-binary"})
LOKI_CACHE = pod("observability", {**LOKI, "app.kubernetes.io/component": "memcached-chunks-cache"})
TEMPO_SERVER = pod("observability", TEMPO)
AGENT_POD = pod("observability", AGENT)
PROMETHEUS_POD = Pod("observability", PROMETHEUS, True, prometheus_lets_in())
GRAFANA_POD = pod("observability", GRAFANA, own=True)
ALERTMANAGER_POD = pod("observability", ALERTMANAGER, own=True)
OTHER = pod("observability", {"app.kubernetes.io/name": "velero"}, own=True)

ALLOWED: list[tuple[str, End, End, int | str]] = [
    *(
        (f"application to the gateway of {stage}", app(stage), gateway(stage), port)
        for stage in SETTINGS.stages
        for port in (4317, 4318)
    ),
    ("pod without labels to its gateway", pod("dev"), gateway("dev"), 4317),
    ("gateway to gateway", gateway("prd"), gateway("prd"), 14317),
    ("gateway to Loki", gateway("dev"), LOKI_NGINX, 8080),
    ("gateway to Tempo", gateway("dev"), TEMPO_SERVER, 4317),
    ("gateway to Prometheus", gateway("dev"), PROMETHEUS_POD, 9090),
    ("gateway to the Kubernetes API", gateway("dev"), Address(API_SERVER), 443),
    ("gateway to the Kubernetes API's Service", gateway("dev"), Address(API_SERVICE), 443),
    ("Prometheus scrapes a gateway", PROMETHEUS_POD, gateway("hml"), 8888),
    ("Prometheus scrapes an application", PROMETHEUS_POD, app("hml"), "metrics"),
    ("Prometheus scrapes Loki", PROMETHEUS_POD, LOKI_SERVER, 3100),
    ("Prometheus scrapes a cache", PROMETHEUS_POD, LOKI_CACHE, 9150),
    ("Prometheus scrapes Tempo", PROMETHEUS_POD, TEMPO_SERVER, 3200),
    ("Prometheus scrapes an agent", PROMETHEUS_POD, AGENT_POD, 8888),
    ("agent to Loki", AGENT_POD, LOKI_NGINX, 8080),
    ("agent to Prometheus", AGENT_POD, PROMETHEUS_POD, 9090),
    ("agent to a kubelet", AGENT_POD, Address(NODE), 10250),
    ("agent to the Kubernetes API", AGENT_POD, Address(API_SERVER), 443),
    ("nginx to Loki", LOKI_NGINX, LOKI_SERVER, 3100),
    ("Loki to Loki", LOKI_SERVER, LOKI_SERVER, 7946),
    ("Loki to its cache", LOKI_SERVER, LOKI_CACHE, 11211),
    ("Loki to S3", LOKI_SERVER, Address(S3), 443),
    ("Loki's ruler to Alertmanager", LOKI_SERVER, ALERTMANAGER_POD, 9093),
    ("Tempo to S3", TEMPO_SERVER, Address(S3), 443),
    ("Tempo's generator to Prometheus", TEMPO_SERVER, PROMETHEUS_POD, 9090),
    ("Grafana to Loki", GRAFANA_POD, LOKI_NGINX, 8080),
    ("Grafana to Tempo", GRAFANA_POD, TEMPO_SERVER, 3200),
]

DENIED: list[tuple[str, End, End, int | str]] = [
    *(
        (f"application of {one} to the gateway of {other}", app(one), gateway(other), port)
        for one in SETTINGS.stages
        for other in SETTINGS.stages
        if one != other
        for port in (4317, 4318, 14317, 8888)
    ),
    *(
        (f"pod of {one} with a gateway's labels to {what}", disguised(one), destination, port)
        for one in SETTINGS.stages
        for what, destination, port in (
            # From there it could write as any tenant.
            ("Loki", LOKI_NGINX, 8080),
            ("Loki's Service", LOKI_NGINX, 80),
            ("Loki itself", LOKI_SERVER, 3100),
            ("Tempo", TEMPO_SERVER, 4317),
            ("Prometheus", PROMETHEUS_POD, 9090),
            ("the inner port of its gateway", gateway(one), 14317),
            *(
                (f"the gateway of {other}", gateway(other), port)
                for other in SETTINGS.stages
                if other != one
                for port in (4317, 4318, 14317)
            ),
        )
    ),
    ("application to a pod with a gateway's labels", app("dev"), disguised("dev"), 4317),
    ("application to a pod in its gateway's namespace", app("dev"), pod("dev-telemetry"), 4317),
    ("pod in a gateway's namespace to Loki", pod("dev-telemetry"), LOKI_NGINX, 8080),
    ("pod in a gateway's namespace to Prometheus", pod("dev-telemetry"), PROMETHEUS_POD, 9090),
    ("gateway to its own receiver", gateway("dev"), gateway("dev"), 4317),
    ("gateway to an application", gateway("dev"), app("dev"), 8080),
    ("gateway of dev to the gateway of prd", gateway("dev"), gateway("prd"), 14317),
    (
        "gateway of dev to the gateway of prd, as an application",
        gateway("dev"),
        gateway("prd"),
        4317,
    ),
    # On this port an application could say that it is another pod, or skip sampling.
    ("application to the inner port of its gateway", app("dev"), gateway("dev"), 14317),
    # These would let an application choose its tenant.
    ("application to Loki", app("dev"), LOKI_NGINX, 8080),
    ("application to Loki itself", app("dev"), LOKI_SERVER, 3100),
    ("application to Tempo", app("dev"), TEMPO_SERVER, 4317),
    ("application to Tempo's queries", app("dev"), TEMPO_SERVER, 3200),
    ("application to Prometheus", app("dev"), PROMETHEUS_POD, 9090),
    ("application to Grafana", app("dev"), GRAFANA_POD, 3000),
    ("application to the Kubernetes API", app("dev"), Address(API_SERVER), 443),
    ("application to the internet", app("dev"), Address(S3), 443),
    ("application to a kubelet", app("dev"), Address(NODE), 10250),
    ("application to an application of another stage", app("dev"), app("prd"), 8080),
    (
        "an application with a gateway's instance label alone",
        pod("dev", {"app.kubernetes.io/instance": "otel-gateway"}),
        LOKI_NGINX,
        8080,
    ),
    ("gateway to Loki itself, past nginx", gateway("dev"), LOKI_SERVER, 3100),
    ("gateway to Tempo's queries", gateway("dev"), TEMPO_SERVER, 3200),
    ("gateway to the internet", gateway("dev"), Address(S3), 443),
    ("gateway to a kubelet", gateway("dev"), Address(NODE), 10250),
    ("gateway to Alertmanager", gateway("dev"), ALERTMANAGER_POD, 9093),
    ("agent to a gateway", AGENT_POD, gateway("dev"), 4317),
    ("agent to the internet", AGENT_POD, Address(S3), 443),
    ("Tempo to Loki", TEMPO_SERVER, LOKI_NGINX, 8080),
    ("another pod of observability to Loki", OTHER, LOKI_NGINX, 8080),
    ("another pod of observability to Tempo", OTHER, TEMPO_SERVER, 4317),
    ("Grafana to Tempo's receiver", GRAFANA_POD, TEMPO_SERVER, 4317),
    ("Prometheus to an application's other ports", PROMETHEUS_POD, app("dev"), 8080),
    ("a pod of kube-system to a gateway", Address(HOST_NETWORK), gateway("dev"), 4317),
]


@pytest.mark.parametrize(
    ("what", "source", "destination", "port"), ALLOWED, ids=lambda v: str(v)[:50]
)
def test_allowed(what: str, source: End, destination: End, port: int | str) -> None:
    assert allowed(source, destination, port), what


@pytest.mark.parametrize(
    ("what", "source", "destination", "port"), DENIED, ids=lambda v: str(v)[:50]
)
def test_denied(what: str, source: End, destination: End, port: int | str) -> None:
    assert not allowed(source, destination, port), what


# An application's team writes policies for it, which can only add to what it may send, and labels
# it as it likes.
SEND_ANYWHERE = [
    replace(one, has_own_policies=True) for one in (app("dev"), disguised("dev"), pod("dev", TEMPO))
]


@pytest.mark.parametrize(
    ("destination", "port"),
    [
        (gateway("dev"), 14317),
        (gateway("dev"), 8888),
        (gateway("prd"), 4317),
        (gateway("prd"), 14317),
        (LOKI_NGINX, 8080),
        (LOKI_SERVER, 3100),
        (LOKI_CACHE, 11211),
        (TEMPO_SERVER, 4317),
        (TEMPO_SERVER, 3200),
        (AGENT_POD, 8888),
        (PROMETHEUS_POD, 9090),
    ],
    ids=str,
)
def test_an_application_that_may_send_anywhere_is_not_let_in(destination: Pod, port: int) -> None:
    for source in SEND_ANYWHERE:
        assert not allowed(source, destination, port)
        assert allowed(source, gateway("dev"), 4317)


def test_every_namespace_has_policies_of_its_own() -> None:
    gateways = {f"{stage}-telemetry" for stage in SETTINGS.stages}
    assert set(POLICIES) == {*SETTINGS.namespaces, *gateways}
    for namespace, policies in POLICIES.items():
        assert {policy.pods.namespace for policy in policies} == {namespace}
        assert len({policy.name for policy in policies}) == len(policies)
        # One without rules would deny, and everything is denied already.
        assert all(policy.ingress or policy.egress for policy in policies)


def test_no_stage_is_named_in_the_policies_of_another() -> None:
    for stage in SETTINGS.stages:
        own = {stage, f"{stage}-telemetry"}
        for namespace in own:
            peers = [
                peer
                for policy in POLICIES[namespace]
                for rule in (*policy.ingress, *policy.egress)
                for peer in rule.peers
                if not isinstance(peer, Networks)
            ]
            assert {peer.namespace for peer in peers} <= {*own, "observability"}


def test_back_ends_let_nobody_of_a_stage_in() -> None:
    # By any label: people of a stage can give a pod every one.
    rules = [rule for policy in POLICIES["observability"] for rule in policy.ingress]
    peers = [peer for rule in (*rules, *prometheus_lets_in()) for peer in rule.peers]
    gateways = {f"{stage}-telemetry" for stage in SETTINGS.stages}
    assert {peer.namespace for peer in peers if isinstance(peer, Pods)} == {
        "observability", *gateways
    }  # fmt: skip
    assert not [peer for peer in peers if isinstance(peer, Networks)]


def test_no_peer_is_a_whole_foreign_namespace() -> None:
    for namespace, policies in POLICIES.items():
        for policy in policies:
            for rule in (*policy.ingress, *policy.egress):
                for peer in rule.peers:
                    if not isinstance(peer, Networks):
                        # Of its stage, a gateway takes what any pod sends.
                        assert peer.labels or peer.namespace == namespace.removesuffix("-telemetry")
