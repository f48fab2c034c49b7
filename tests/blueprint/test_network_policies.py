"""What may reach what: the plan's policies, evaluated as Kubernetes does."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from release_samples import STACK_OUTPUTS, with_size

from blueprint import endpoints
from blueprint.doors import doors
from blueprint.subnets import plan_subnets
from blueprint.traffic import (
    AGENT,
    ALERTMANAGER,
    GATEWAY,
    GRAFANA,
    LOKI,
    PROMETHEUS,
    QUERIER,
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
    lets_out: tuple[Rule, ...] | None = None
    """The same for what it may send."""


@dataclass(frozen=True)
class Address:
    """Something outside of our namespaces."""

    ip: str


End = Pod | Address


def pod(namespace: str, labels: Labels | None = None, *, own: bool = False) -> Pod:
    return Pod(namespace, labels or {}, own)


RELEASE = kube_prometheus_stack.release(SETTINGS, STACK_OUTPUTS).values


def prometheus_lets_in() -> tuple[Rule, ...]:
    """The rules of the platform's Prometheus, as those of the plan."""
    return tuple(
        rule_of(rule, "from") for rule in RELEASE["prometheus"]["networkPolicy"]["ingress"]
    )


def alertmanager_lets_in() -> tuple[Rule, ...]:
    """What the settings add to the chart's policy, which lets the platform's Prometheus in."""
    added = RELEASE["alertmanager"]["networkPolicy"]["additionalIngress"]
    platform = Rule(peers=(Pods(namespace="observability", labels=PROMETHEUS),), ports=(9093,))
    return (platform, *(rule_of(rule, "from") for rule in added))


def grafana_lets_out() -> tuple[Rule, ...]:
    policy = RELEASE["extraManifests"]["grafana-network-policy"]
    return tuple(rule_of(rule, "to") for rule in policy["spec"]["egress"])


def rule_of(rule: dict[str, Any], direction: str) -> Rule:
    """One rule of a policy as an object, as one of the plan."""
    peers: tuple[Peer, ...] = tuple(
        Pods(namespace=namespace, labels=peer["podSelector"].get("matchLabels", {}))
        for peer in rule.get(direction, ())
        for namespace in namespaces_of(peer)
    )
    everywhere = (Networks(cidrs=("0.0.0.0/0",)),)
    return Rule(
        peers=peers if direction in rule else everywhere,
        ports=tuple(port["port"] for port in rule["ports"]),
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
    return sends(source, destination, port) and receives(source, destination, port)


def sends(source: End, destination: End, port: int | str) -> bool:
    if not isinstance(source, Pod):
        return True
    if source.lets_out is not None:
        return permits(source.lets_out, destination, port)
    return source.has_own_policies or any(
        permits(policy.egress, destination, port) for policy in of(source)
    )


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


def door(name: str) -> Pod:
    return pod("observability", {"app.kubernetes.io/name": name})


def stage_door(stage: str) -> Pod:
    return door(endpoints.stage_door_name(stage))


def prometheus_of(stage: str) -> Pod:
    return pod(f"{stage}-telemetry", {**PROMETHEUS, "operator.prometheus.io/name": "stage"})


LOKI_SERVER = pod("observability", {**LOKI, "app.kubernetes.io/component": "single-binary"})
LOKI_CACHE = pod("observability", {**LOKI, "app.kubernetes.io/component": "memcached-chunks-cache"})
TEMPO_SERVER = pod("observability", TEMPO)
AGENT_POD = pod("observability", AGENT)
AGENT_DOOR, TEMPO_DOOR, GRAFANA_DOOR = map(
    door, (endpoints.AGENT_DOOR, endpoints.TEMPO_DOOR, endpoints.GRAFANA_DOOR)
)
PROMETHEUS_POD = Pod("observability", PROMETHEUS, True, prometheus_lets_in())
GRAFANA_POD = Pod("observability", GRAFANA, True, None, grafana_lets_out())
ALERTMANAGER_POD = Pod("observability", ALERTMANAGER, True, alertmanager_lets_in())
QUERIER_POD = pod("observability", QUERIER)
OTHER = pod("observability", {"app.kubernetes.io/name": "velero"}, own=True)

BACK_ENDS: list[tuple[str, End, int]] = [
    ("Loki", LOKI_SERVER, 3100),
    ("Loki's ring", LOKI_SERVER, 7946),
    ("Loki's cache", LOKI_CACHE, 11211),
    ("Tempo's receiver", TEMPO_SERVER, 4317),
    ("Tempo's receiver over HTTP", TEMPO_SERVER, 4318),
    ("Tempo's API", TEMPO_SERVER, 3200),
    ("the platform's Prometheus", PROMETHEUS_POD, 9090),
    ("the platform's sidecar", PROMETHEUS_POD, 10901),
    ("Alertmanager", ALERTMANAGER_POD, 9093),
    *(
        (f"the {what} of {stage}", prometheus_of(stage), port)
        for stage in SETTINGS.stages
        for what, port in (("Prometheus", 9090), ("sidecar", 10901), ("reloader", 8080))
    ),
]

ALLOWED: list[tuple[str, End, End, int | str]] = [
    *(
        (f"application to the gateway of {stage}", app(stage), gateway(stage), port)
        for stage in SETTINGS.stages
        for port in (4317, 4318)
    ),
    ("pod without labels to its gateway", pod("dev"), gateway("dev"), 4317),
    ("gateway to gateway", gateway("prd"), gateway("prd"), 14317),
    ("gateway to its door", gateway("dev"), stage_door("dev"), 8080),
    ("gateway to the Kubernetes API", gateway("dev"), Address(API_SERVER), 443),
    ("gateway to the Kubernetes API's Service", gateway("dev"), Address(API_SERVICE), 443),
    ("a stage's door to Loki", stage_door("dev"), LOKI_SERVER, 3100),
    ("a stage's door to Tempo", stage_door("dev"), TEMPO_SERVER, 4317),
    ("a stage's door to its Prometheus", stage_door("dev"), prometheus_of("dev"), 9090),
    ("a stage's Prometheus scrapes the stage", prometheus_of("hml"), app("hml"), "metrics"),
    ("a stage's Prometheus alerts", prometheus_of("hml"), ALERTMANAGER_POD, 9093),
    ("a stage's sidecar to S3", prometheus_of("hml"), Address(S3), 443),
    ("a stage's Prometheus to the Kubernetes API", prometheus_of("hml"), Address(API_SERVER), 443),
    ("querier to a stage's sidecar", QUERIER_POD, prometheus_of("prd"), 10901),
    ("Prometheus scrapes a stage's Prometheus", PROMETHEUS_POD, prometheus_of("prd"), 9090),
    ("Prometheus scrapes a stage's sidecar", PROMETHEUS_POD, prometheus_of("prd"), 10902),
    ("Prometheus scrapes a gateway", PROMETHEUS_POD, gateway("hml"), 8888),
    ("Prometheus scrapes Loki", PROMETHEUS_POD, LOKI_SERVER, 3100),
    ("Prometheus scrapes a cache", PROMETHEUS_POD, LOKI_CACHE, 9150),
    ("Prometheus scrapes Tempo", PROMETHEUS_POD, TEMPO_SERVER, 3200),
    ("Prometheus scrapes an agent", PROMETHEUS_POD, AGENT_POD, 8888),
    ("Prometheus scrapes itself", PROMETHEUS_POD, PROMETHEUS_POD, 9090),
    ("Prometheus alerts", PROMETHEUS_POD, ALERTMANAGER_POD, 9093),
    ("querier to the platform's sidecar", replace(QUERIER_POD, has_own_policies=True),
     PROMETHEUS_POD, 10901),
    ("agent to its door", AGENT_POD, AGENT_DOOR, 8080),
    ("the agents' door to Loki", AGENT_DOOR, LOKI_SERVER, 3100),
    ("the agents' door to Prometheus", AGENT_DOOR, PROMETHEUS_POD, 9090),
    ("agent to a kubelet", AGENT_POD, Address(NODE), 10250),
    ("agent to the Kubernetes API", AGENT_POD, Address(API_SERVER), 443),
    ("Loki to Loki", LOKI_SERVER, LOKI_SERVER, 7946),
    ("Loki to its cache", LOKI_SERVER, LOKI_CACHE, 11211),
    ("Loki to S3", LOKI_SERVER, Address(S3), 443),
    ("Loki's ruler to Alertmanager", LOKI_SERVER, ALERTMANAGER_POD, 9093),
    ("Tempo to S3", TEMPO_SERVER, Address(S3), 443),
    ("Tempo's generator to its door", TEMPO_SERVER, TEMPO_DOOR, 8080),
    ("Tempo's door to a stage's Prometheus", TEMPO_DOOR, prometheus_of("prd"), 9090),
    *(
        ("Grafana to its door", GRAFANA_POD, GRAFANA_DOOR, port) for port in (3100, 3200, 9093)
    ),
    ("Grafana to the querier", GRAFANA_POD, replace(QUERIER_POD, has_own_policies=True), 10902),
    ("Grafana's door to Loki", GRAFANA_DOOR, LOKI_SERVER, 3100),
    ("Grafana's door to Tempo", GRAFANA_DOOR, TEMPO_SERVER, 3200),
    ("Grafana's door to Alertmanager", GRAFANA_DOOR, ALERTMANAGER_POD, 9093),
]  # fmt: skip

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
            # From there it could write in the name of its stage, or of any.
            *((f"the door {item.name}", door(item.name), item.ports[0])
              for item in doors(SETTINGS)),
            *BACK_ENDS,
            ("the inner port of its gateway", gateway(one), 14317),
            *(
                (f"the gateway of {other}", gateway(other), port)
                for other in SETTINGS.stages
                if other != one
                for port in (4317, 4318, 14317)
            ),
        )
    ),
    # A gateway reads what strangers send: it gets as far as its door.
    *((f"gateway to {what}", gateway("dev"), end, port) for what, end, port in BACK_ENDS),
    *(
        (f"gateway to the door {item.name}", gateway("dev"), door(item.name), port)
        for item in doors(SETTINGS)
        if item.name != endpoints.stage_door_name("dev")
        for port in item.ports
    ),
    *((f"agent to {what}", AGENT_POD, end, port) for what, end, port in BACK_ENDS),
    *((f"Grafana to {what}", GRAFANA_POD, end, port) for what, end, port in BACK_ENDS),
    *(
        (f"a stage's Prometheus to {what}", prometheus_of("dev"), end, port)
        for what, end, port in BACK_ENDS
        if what != "Alertmanager"
    ),
    *(
        (f"a door to the Prometheus of another stage than {stage}", stage_door(stage),
         prometheus_of(other), 9090)
        for stage in SETTINGS.stages
        for other in SETTINGS.stages
        if other != stage
    ),
    ("a stage's door to the platform's Prometheus", stage_door("dev"), PROMETHEUS_POD, 9090),
    ("a stage's door to Tempo's API", stage_door("dev"), TEMPO_SERVER, 3200),
    ("a stage's door to Alertmanager", stage_door("dev"), ALERTMANAGER_POD, 9093),
    ("a stage's door to the internet", stage_door("dev"), Address(S3), 443),
    ("the agents' door to Tempo", AGENT_DOOR, TEMPO_SERVER, 4317),
    ("Grafana's door to Prometheus", GRAFANA_DOOR, PROMETHEUS_POD, 9090),
    ("Tempo to a stage's Prometheus", TEMPO_SERVER, prometheus_of("dev"), 9090),
    ("Tempo to the platform's Prometheus", TEMPO_SERVER, PROMETHEUS_POD, 9090),
    ("Tempo's door to the platform's Prometheus", TEMPO_DOOR, PROMETHEUS_POD, 9090),
    ("a stage's Prometheus to another stage", prometheus_of("dev"), app("prd"), "metrics"),
    ("a stage's Prometheus to its gateway", prometheus_of("dev"), gateway("dev"), 8888),
    ("the platform's Prometheus to an application", PROMETHEUS_POD, app("hml"), "metrics"),
    ("the health port of a door", gateway("dev"), stage_door("dev"), 8081),
    ("application to a pod with a gateway's labels", app("dev"), disguised("dev"), 4317),
    ("application to a pod in its gateway's namespace", app("dev"), pod("dev-telemetry"), 4317),
    ("application to its own stage's Prometheus", app("dev"), prometheus_of("dev"), 9090),
    ("pod in a gateway's namespace to its door", pod("dev-telemetry"), stage_door("dev"), 8080),
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
    *((f"application to {what}", app("dev"), end, port) for what, end, port in BACK_ENDS),
    ("application to the door of its stage", app("dev"), stage_door("dev"), 8080),
    ("application to Grafana", app("dev"), GRAFANA_POD, 3000),
    ("application to the Kubernetes API", app("dev"), Address(API_SERVER), 443),
    ("application to the internet", app("dev"), Address(S3), 443),
    ("application to a kubelet", app("dev"), Address(NODE), 10250),
    ("application to an application of another stage", app("dev"), app("prd"), 8080),
    (
        "an application with a gateway's instance label alone",
        pod("dev", {"app.kubernetes.io/instance": "otel-gateway"}),
        stage_door("dev"),
        8080,
    ),
    ("gateway to the internet", gateway("dev"), Address(S3), 443),
    ("gateway to a kubelet", gateway("dev"), Address(NODE), 10250),
    ("agent to a gateway", AGENT_POD, gateway("dev"), 4317),
    ("agent to a stage's door", AGENT_POD, stage_door("dev"), 8080),
    ("agent to the internet", AGENT_POD, Address(S3), 443),
    ("Tempo to Loki", TEMPO_SERVER, LOKI_SERVER, 3100),
    ("Loki to Tempo", LOKI_SERVER, TEMPO_SERVER, 3200),
    *(
        (f"another pod of observability to {what}", OTHER, end, port)
        for what, end, port in BACK_ENDS
    ),
    *(
        ("another pod of observability to a door", OTHER, door(item.name), item.ports[0])
        for item in doors(SETTINGS)
    ),
    ("a pod of kube-system to a gateway", Address(HOST_NETWORK), gateway("dev"), 4317),
]  # fmt: skip


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
        *((end, port) for _, end, port in BACK_ENDS),
        *((door(item.name), port) for item in doors(SETTINGS) for port in item.ports),
        (AGENT_POD, 8888),
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
                        # Of its stage, a gateway takes what any pod sends, and Prometheus asks any.
                        assert peer.labels or peer.namespace == namespace.removesuffix("-telemetry")


def test_only_doors_and_what_scrapes_reach_a_back_end() -> None:
    names = {item.name for item in doors(SETTINGS)}
    for policy in POLICIES["observability"]:
        if policy.name in ("loki", "tempo"):
            own = {policy.name, "prometheus"}
            sources = {
                peer.labels["app.kubernetes.io/name"]
                for rule in policy.ingress
                for peer in rule.peers
                if isinstance(peer, Pods)
            }
            assert sources - own <= names
