"""What may reach what: the plan's policies, evaluated as Kubernetes does."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from release_samples import with_size

from blueprint import endpoints
from blueprint.doors import doors
from blueprint.subnets import plan_subnets
from blueprint.traffic import (
    ALERTMANAGER,
    LOKI,
    PROMETHEUS,
    TEMPO,
    Anywhere,
    Flow,
    Labels,
    Networks,
    Peer,
    Pods,
    Policy,
    Rule,
    api_server,
    gateway_of,
    merge_flows,
    prometheus_of,
)
from helm_values.kube_prometheus_stack.kube_prometheus_stack_flows import (
    GRAFANA,
    KUBE_STATE_METRICS,
    OPERATOR,
    WEBHOOK_JOBS,
)
from helm_values.otel_collector.collector_flows import AGENT
from helm_values.thanos import thanos
from helm_values.traffic_plan import plan_policies

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
    """Its team brings policies for what it may send."""


@dataclass(frozen=True)
class Address:
    """Something outside of our namespaces."""

    ip: str


End = Pod | Address


def pod(namespace: str, labels: Labels | None = None) -> Pod:
    return Pod(namespace, labels or {})


def pod_of(pods: Pods) -> Pod:
    return Pod(pods.namespace, pods.labels)


def selects(peer: Peer, end: End) -> bool:
    if isinstance(peer, Anywhere):
        return True
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


def permits(rules: Iterable[Rule], other: End, port: int | str, protocol: str = "TCP") -> bool:
    return any(
        rule.protocol == protocol
        and (not rule.ports or port in rule.ports)
        and any(selects(peer, other) for peer in rule.peers)
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
    return any(permits(policy.ingress, source, port) for policy in of(destination))


def app(namespace: str) -> Pod:
    return pod(namespace, {"app.kubernetes.io/name": "checkout"})


def gateway(stage: str) -> Pod:
    return disguised(f"{stage}-telemetry")


def disguised(namespace: str) -> Pod:
    """A pod with all labels of a gateway; who may create pods can give one any labels."""
    return pod(
        namespace, {**gateway_of(SETTINGS.stages[0]).labels, "component": "standalone-collector"}
    )


LOKI_SERVER = pod("observability", {**LOKI.labels, "app.kubernetes.io/component": "single-binary"})
LOKI_CACHE = pod(
    "observability", {**LOKI.labels, "app.kubernetes.io/component": "memcached-chunks-cache"}
)
TEMPO_SERVER = pod_of(TEMPO)
AGENT_POD = pod_of(AGENT)
PROMETHEUS_POD = pod_of(PROMETHEUS)
GRAFANA_POD = pod_of(GRAFANA)
ALERTMANAGER_POD = pod_of(ALERTMANAGER)
OPERATOR_POD = pod_of(OPERATOR)
QUERIER_POD, STORE_POD, COMPACTOR_POD = map(
    pod_of, (thanos.QUERIER_PODS, thanos.STORE_PODS, thanos.COMPACTOR_PODS)
)


def door(name: str) -> Pod:
    return pod("observability", {"app.kubernetes.io/name": name})


def stage_door(stage: str) -> Pod:
    return door(endpoints.stage_door_name(stage))


def stage_prometheus(stage: str) -> Pod:
    labels = {**prometheus_of(stage).labels, "operator.prometheus.io/name": "stage"}
    return pod(f"{stage}-telemetry", labels)


AGENT_DOOR, TEMPO_DOOR, GRAFANA_DOOR = map(
    door, (endpoints.AGENT_DOOR, endpoints.TEMPO_DOOR, endpoints.GRAFANA_DOOR)
)


def labelled_pod(**labels: str) -> Pod:
    """A pod as its chart labels it, independent of what the components declare."""
    return pod("observability", {f"app.kubernetes.io/{k}": v for k, v in labels.items()})


VELERO_POD = labelled_pod(name="velero", instance="velero")
AUTOSCALER_POD = labelled_pod(name="aws-cluster-autoscaler", instance="cluster-autoscaler")
SECRETS_POD = labelled_pod(name="external-secrets")
SECRETS_WEBHOOK = labelled_pod(name="external-secrets-webhook")
OTHER = VELERO_POD

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
        (f"the {program} of {stage}", stage_prometheus(stage), port)
        for stage in SETTINGS.stages
        for program, port in (("Prometheus", 9090), ("sidecar", 10901), ("reloader", 8080))
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
    ("a stage's door to its Prometheus", stage_door("dev"), stage_prometheus("dev"), 9090),
    ("a stage's Prometheus scrapes the stage", stage_prometheus("hml"), app("hml"), "metrics"),
    ("a stage's Prometheus alerts", stage_prometheus("hml"), ALERTMANAGER_POD, 9093),
    ("a stage's sidecar to S3", stage_prometheus("hml"), Address(S3), 443),
    ("a stage's Prometheus to Kubernetes", stage_prometheus("hml"), Address(API_SERVER), 443),
    ("querier to a stage's sidecar", QUERIER_POD, stage_prometheus("prd"), 10901),
    ("Prometheus scrapes a stage's Prometheus", PROMETHEUS_POD, stage_prometheus("prd"), 9090),
    ("Prometheus scrapes a stage's sidecar", PROMETHEUS_POD, stage_prometheus("prd"), 10902),
    ("Prometheus scrapes a gateway", PROMETHEUS_POD, gateway("hml"), 8888),
    ("Prometheus scrapes Loki", PROMETHEUS_POD, LOKI_SERVER, 3100),
    ("Prometheus scrapes a cache", PROMETHEUS_POD, LOKI_CACHE, 9150),
    ("Prometheus scrapes Tempo", PROMETHEUS_POD, TEMPO_SERVER, 3200),
    ("Prometheus scrapes an agent", PROMETHEUS_POD, AGENT_POD, 8888),
    ("Prometheus scrapes itself", PROMETHEUS_POD, PROMETHEUS_POD, 9090),
    ("Prometheus alerts", PROMETHEUS_POD, ALERTMANAGER_POD, 9093),
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
    ("Tempo's door to a stage's Prometheus", TEMPO_DOOR, stage_prometheus("prd"), 9090),
    *(
        ("Grafana to its door", GRAFANA_POD, GRAFANA_DOOR, port) for port in (3100, 3200, 9093)
    ),
    ("Grafana's door to Loki", GRAFANA_DOOR, LOKI_SERVER, 3100),
    ("Grafana's door to Tempo", GRAFANA_DOOR, TEMPO_SERVER, 3200),
    ("Grafana's door to Alertmanager", GRAFANA_DOOR, ALERTMANAGER_POD, 9093),
    ("Grafana to Thanos", GRAFANA_POD, QUERIER_POD, 10902),
    ("Grafana's sidecars to the Kubernetes API", GRAFANA_POD, Address(API_SERVER), 443),
    ("Thanos' querier to a sidecar", QUERIER_POD, PROMETHEUS_POD, 10901),
    ("Thanos' querier to the store", QUERIER_POD, STORE_POD, 10901),
    ("Thanos' store to S3", STORE_POD, Address(S3), 443),
    ("Thanos' compactor to S3", COMPACTOR_POD, Address(S3), 443),
    ("Prometheus to S3", PROMETHEUS_POD, Address(S3), 443),
    ("Prometheus to a kubelet", PROMETHEUS_POD, Address(NODE), 10250),
    ("Prometheus to Alertmanager", PROMETHEUS_POD, ALERTMANAGER_POD, 9093),
    ("Prometheus scrapes its configuration's reloader", PROMETHEUS_POD, PROMETHEUS_POD, 8080),
    *(
        (f"Prometheus scrapes {program}", PROMETHEUS_POD, destination, port)
        for program, destination, port in (
            ("Grafana", GRAFANA_POD, 3000),
            ("the operator", OPERATOR_POD, 10250),
            ("kube-state-metrics", pod_of(KUBE_STATE_METRICS), 8080),
            ("Thanos' querier", QUERIER_POD, 10902),
            ("Thanos' store", STORE_POD, 10902),
            ("Thanos' compactor", COMPACTOR_POD, 10902),
            ("Velero", VELERO_POD, 8085),
            ("the autoscaler", AUTOSCALER_POD, 8085),
            ("External Secrets", SECRETS_POD, 8080),
            ("External Secrets' webhook", SECRETS_WEBHOOK, 8080),
        )
    ),
    ("Alertmanager's gossip", ALERTMANAGER_POD, ALERTMANAGER_POD, 9094),
    ("Alertmanager to Slack", ALERTMANAGER_POD, Address(S3), 443),
    ("Alertmanager to its mail server", ALERTMANAGER_POD, Address(S3), 587),
    ("the Kubernetes API to the operator's webhook", Address(API_SERVER), OPERATOR_POD, 10250),
    ("the Kubernetes API to External Secrets", Address(API_SERVER), SECRETS_WEBHOOK, 10250),
    *(
        (f"{program} to the Kubernetes API", source, Address(API_SERVER), 443)
        for program, source in (
            ("Velero", VELERO_POD),
            ("Velero's job", labelled_pod(component="upgrade-crds")),
            ("the autoscaler", AUTOSCALER_POD),
            ("External Secrets", SECRETS_POD),
            ("External Secrets' webhook", SECRETS_WEBHOOK),
            ("kube-state-metrics", pod_of(KUBE_STATE_METRICS)),
            ("the operator", OPERATOR_POD),
            *((f"the job {jobs.name}", pod_of(jobs)) for jobs in WEBHOOK_JOBS),
        )
    ),
    *(
        (f"{program} to AWS", source, Address(S3), 443)
        for program, source in (
            ("Velero", VELERO_POD),
            ("the autoscaler", AUTOSCALER_POD),
            ("External Secrets", SECRETS_POD),
        )
    ),
]  # fmt: skip

DENIED: list[tuple[str, End, End, int | str]] = [
    *(
        (f"application of {stage} to the gateway of {other}", app(stage), gateway(other), port)
        for stage in SETTINGS.stages
        for other in SETTINGS.stages
        if stage != other
        for port in (4317, 4318, 14317, 8888)
    ),
    *(
        (f"pod of {stage} with a gateway's labels to {target}", disguised(stage), destination, port)
        for stage in SETTINGS.stages
        for target, destination, port in (
            # From there it could write in the name of its stage, or of any.
            *((f"the door {item.name}", door(item.name), item.ports[0])
              for item in doors(SETTINGS)),
            *BACK_ENDS,
            ("the inner port of its gateway", gateway(stage), 14317),
            *(
                (f"the gateway of {other}", gateway(other), port)
                for other in SETTINGS.stages
                if other != stage
                for port in (4317, 4318, 14317)
            ),
        )
    ),
    # A gateway reads what strangers send: it gets as far as its door.
    *((f"gateway to {back_end}", gateway("dev"), end, port) for back_end, end, port in BACK_ENDS),
    *(
        (f"gateway to the door {item.name}", gateway("dev"), door(item.name), port)
        for item in doors(SETTINGS)
        if item.name != endpoints.stage_door_name("dev")
        for port in item.ports
    ),
    *((f"agent to {back_end}", AGENT_POD, end, port) for back_end, end, port in BACK_ENDS),
    *((f"Grafana to {back_end}", GRAFANA_POD, end, port) for back_end, end, port in BACK_ENDS),
    *(
        (f"a stage's Prometheus to {back_end}", stage_prometheus("dev"), end, port)
        for back_end, end, port in BACK_ENDS
        if back_end != "Alertmanager"
    ),
    *(
        (f"a door to the Prometheus of another stage than {stage}", stage_door(stage),
         stage_prometheus(other), 9090)
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
    ("Tempo to a stage's Prometheus", TEMPO_SERVER, stage_prometheus("dev"), 9090),
    ("Tempo to the platform's Prometheus", TEMPO_SERVER, PROMETHEUS_POD, 9090),
    ("Tempo's door to the platform's Prometheus", TEMPO_DOOR, PROMETHEUS_POD, 9090),
    ("a stage's Prometheus to another stage", stage_prometheus("dev"), app("prd"), "metrics"),
    ("a stage's Prometheus to its gateway", stage_prometheus("dev"), gateway("dev"), 8888),
    ("the platform's Prometheus to an application", PROMETHEUS_POD, app("hml"), "metrics"),
    ("the health port of a door", gateway("dev"), stage_door("dev"), 8081),
    ("application to a pod with a gateway's labels", app("dev"), disguised("dev"), 4317),
    ("application to a pod in its gateway's namespace", app("dev"), pod("dev-telemetry"), 4317),
    ("application to its own stage's Prometheus", app("dev"), stage_prometheus("dev"), 9090),
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
    *((f"application to {back_end}", app("dev"), end, port) for back_end, end, port in BACK_ENDS),
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
        (f"another pod of observability to {back_end}", OTHER, end, port)
        for back_end, end, port in BACK_ENDS
    ),
    *(
        ("another pod of observability to a door", OTHER, door(item.name), item.ports[0])
        for item in doors(SETTINGS)
    ),
    ("a pod of kube-system to a gateway", Address(HOST_NETWORK), gateway("dev"), 4317),
    ("Prometheus to an application's other ports", PROMETHEUS_POD, app("dev"), 8080),
    ("Velero to Prometheus", VELERO_POD, PROMETHEUS_POD, 9090),
    ("Grafana past Thanos to a sidecar", GRAFANA_POD, PROMETHEUS_POD, 10901),
    ("Grafana to the internet", GRAFANA_POD, Address(S3), 443),
    ("another pod of observability to Grafana", OTHER, GRAFANA_POD, 3000),
    ("another pod of observability to Alertmanager", OTHER, ALERTMANAGER_POD, 9093),
    ("another pod of observability to the store", OTHER, STORE_POD, 10901),
    ("Thanos' querier to S3", QUERIER_POD, Address(S3), 443),
    ("kube-state-metrics to the internet", pod_of(KUBE_STATE_METRICS), Address(S3), 443),
    ("the operator to the internet", OPERATOR_POD, Address(S3), 443),
    ("a node to the operator's webhook", Address(NODE), OPERATOR_POD, 10250),
    ("application to the operator's webhook", app("dev"), OPERATOR_POD, 10250),
    ("application to Alertmanager", app("dev"), ALERTMANAGER_POD, 9093),
    ("application to Velero", app("dev"), VELERO_POD, 8085),
]  # fmt: skip


@pytest.mark.parametrize(
    ("connection", "source", "destination", "port"), ALLOWED, ids=lambda v: str(v)[:50]
)
def test_allowed(connection: str, source: End, destination: End, port: int | str) -> None:
    assert allowed(source, destination, port), connection


@pytest.mark.parametrize(
    ("connection", "source", "destination", "port"), DENIED, ids=lambda v: str(v)[:50]
)
def test_denied(connection: str, source: End, destination: End, port: int | str) -> None:
    assert not allowed(source, destination, port), connection


# An application's team writes policies for it, which can only add to what it may send, and labels
# it as it likes.
SEND_ANYWHERE = [
    replace(source, has_own_policies=True)
    for source in (app("dev"), disguised("dev"), pod("dev", TEMPO.labels))
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
                if isinstance(peer, Pods)
            ]
            assert {peer.namespace for peer in peers} <= {*own, "observability"}


def test_back_ends_let_nobody_of_a_stage_in() -> None:
    # By any label: people of a stage can give a pod every one.
    rules = [rule for policy in POLICIES["observability"] for rule in policy.ingress]
    peers = [peer for rule in rules for peer in rule.peers]
    gateways = {f"{stage}-telemetry" for stage in SETTINGS.stages}
    assert {peer.namespace for peer in peers if isinstance(peer, Pods)} == {
        "observability", *gateways
    }  # fmt: skip
    # By address only the Kubernetes API, which calls webhooks.
    addresses = [peer for peer in peers if not isinstance(peer, Pods)]
    assert addresses
    assert set(addresses) == {api_server(SETTINGS)}


def test_no_peer_is_a_whole_foreign_namespace() -> None:
    for namespace, policies in POLICIES.items():
        for policy in policies:
            for rule in (*policy.ingress, *policy.egress):
                for peer in rule.peers:
                    if isinstance(peer, Pods):
                        # Of its stage, a gateway takes what any pod sends, and Prometheus asks any.
                        assert peer.labels or peer.namespace == namespace.removesuffix("-telemetry")


def test_alertmanagers_gossip_over_udp_too() -> None:
    (policy,) = of(ALERTMANAGER_POD)
    for rules in (policy.ingress, policy.egress):
        assert permits(rules, ALERTMANAGER_POD, 9094, "UDP")
        assert not permits(rules, ALERTMANAGER_POD, 9093, "UDP")


def test_only_prometheus_may_send_anywhere() -> None:
    unbounded = {
        policy.name
        for policies in POLICIES.values()
        for policy in policies
        if any(Anywhere() in rule.peers for rule in (*policy.ingress, *policy.egress))
    }
    assert unbounded == {"prometheus"}


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


# --- Merging --------------------------------------------------------------------------------------

ONE = Pods(name="one", namespace="here", labels={"app": "one"})
TWO = Pods(name="two", namespace="here", labels={"app": "two"})
ELSEWHERE = Pods(name="three", namespace="kube-system", labels={"app": "three"})


def test_a_flow_opens_both_ends_and_no_more() -> None:
    plan = merge_flows([Flow(source=ONE, destination=TWO, ports=(80,))], ["here"])

    assert plan == {
        "here": (
            Policy(name="one", pods=ONE, egress=(Rule(peers=(TWO,), ports=(80,)),)),
            Policy(name="two", pods=TWO, ingress=(Rule(peers=(ONE,), ports=(80,)),)),
        )
    }


def test_flows_on_the_same_ports_become_one_rule_with_each_peer_once() -> None:
    flows = [
        Flow(source=ONE, destination=ELSEWHERE, ports=(80,)),
        Flow(source=ONE, destination=TWO, ports=(80,)),
        Flow(source=ONE, destination=TWO, ports=(80,)),
    ]

    policy, _other = merge_flows(flows, ["here"])["here"]

    assert policy.egress == (Rule(peers=(ELSEWHERE, TWO), ports=(80,)),)


def test_pods_elsewhere_have_no_policy_and_a_namespace_without_flows_none_at_all() -> None:
    plan = merge_flows([Flow(source=ELSEWHERE, destination=ONE, ports=(80,))], ["here", "empty"])

    assert {namespace: [p.name for p in policies] for namespace, policies in plan.items()} == {
        "here": ["one"],
        "empty": [],
    }


@pytest.mark.parametrize("name", ["", "one"])
def test_pods_without_a_name_of_their_own_are_refused(name: str) -> None:
    other = Pods(name=name, namespace="here", labels={"app": "other"})

    with pytest.raises(ValueError, match=r"pods \{'app': 'other'\} of here need a name"):
        merge_flows([Flow(source=ONE, destination=other)], ["here"])
