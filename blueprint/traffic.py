"""Who may talk to whom in the cluster, as data: the network policies of the telemetry's path.

Every namespace denies all traffic but DNS (constructs_lib/kubernetes/namespace.py), and policies
only ever add
to what is allowed. Here is what the collectors, Loki and Tempo need; what Prometheus, Grafana,
Alertmanager and the system add-ons need stands with their releases, and what applications need
among themselves comes with the applications.

An application reaches the gateway of its own stage and no other, and no back end at all. So the
tenant that a gateway writes as, which is its stage, cannot be chosen by an application. Loki and
Tempo ask for no password: they trust whoever is let in. Who that is, a policy says at the
receiving end, by labels and by namespace; labels alone would not do, as whoever may create pods in
a stage can give one any labels, and can write policies for what it sends. So each gateway is in a
namespace of its own, `<stage>-telemetry`, in which nobody of `editor_role_arns` may do anything.

Policies know pods and not Services. The VPC CNI compares with the port of the pod, and the EKS user
guide asks that a Service has the same one; where one has not (loki-gateway: 80 and 8080) both are
named.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from blueprint.names import GATEWAY as GATEWAY_NAME
from blueprint.names import telemetry_namespace
from blueprint.subnets import plan_subnets
from settings.model import OBSERVABILITY, Settings

Labels = Mapping[str, str]

OTLP = (4317, 4318)
LOAD_BALANCING = 14317
COLLECTOR_METRICS = 8888
LOKI_GATEWAY = (80, 8080)
TEMPO_OTLP = 4317
TEMPO_HTTP = 3200
PROMETHEUS_HTTP = 9090
ALERTMANAGER_HTTP = 9093
KUBELET = 10250
HTTPS = 443
METRICS_PORT = "metrics"
"""Name of a port on which Prometheus may scrape any pod of a stage."""

EVERYWHERE = ("0.0.0.0/0",)


def _named(name: str, **more: str) -> dict[str, str]:
    labels = {"name": name, **more}
    return {f"app.kubernetes.io/{key}": value for key, value in labels.items()}


GATEWAY = _named("opentelemetry-collector", instance=GATEWAY_NAME)
AGENT = _named("opentelemetry-collector", instance="otel-agent")
LOKI = _named("loki")
LOKI_ENTRANCE = _named("loki", component="gateway")
TEMPO = _named("tempo")
PROMETHEUS = _named("prometheus")
GRAFANA = _named("grafana")
ALERTMANAGER = _named("alertmanager")


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods of a namespace that have all of the labels."""

    namespace: str
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Networks:
    """Addresses: of nodes, of the Kubernetes API, of AWS."""

    cidrs: tuple[str, ...]


Peer = Pods | Networks


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Any of the peers on any of the TCP ports, by number or by name; no ports means all."""

    peers: tuple[Peer, ...]
    ports: tuple[int | str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the pods of one namespace that have all of the labels may receive and send."""

    name: str
    pods: Pods
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()


def plan_policies(settings: Settings) -> Mapping[str, tuple[Policy, ...]]:
    """All policies, by namespace: of the back ends, of each stage and of each gateway."""
    policies = {OBSERVABILITY: tuple(_observability(settings))}
    for stage in settings.stages:
        policies[stage] = tuple(_stage(stage))
        policies[telemetry_namespace(stage)] = tuple(_gateway(settings, stage))
    return policies


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


def _stage(stage: str) -> Iterator[Policy]:
    every_pod = Pods(namespace=stage)
    yield Policy(
        name="send-telemetry",
        pods=every_pod,
        egress=(Rule(peers=(_gateway_of(stage),), ports=OTLP),),
    )
    yield Policy(
        name="be-scraped",
        pods=every_pod,
        ingress=(Rule(peers=(_in_observability(PROMETHEUS),), ports=(METRICS_PORT,)),),
    )


def _gateway(settings: Settings, stage: str) -> Iterator[Policy]:
    gateway, prometheus = _gateway_of(stage), _in_observability(PROMETHEUS)
    yield Policy(
        name=GATEWAY_NAME,
        pods=gateway,
        ingress=(
            Rule(peers=(Pods(namespace=stage),), ports=OTLP),
            # Not from applications: on this port nothing is checked any more.
            Rule(peers=(gateway,), ports=(LOAD_BALANCING,)),
            Rule(peers=(prometheus,), ports=(COLLECTOR_METRICS,)),
        ),
        egress=(
            Rule(peers=(gateway,), ports=(LOAD_BALANCING,)),
            Rule(peers=(_in_observability(LOKI_ENTRANCE),), ports=LOKI_GATEWAY),
            Rule(peers=(_in_observability(TEMPO),), ports=(TEMPO_OTLP,)),
            Rule(peers=(prometheus,), ports=(PROMETHEUS_HTTP,)),
            # Which pod an address belongs to, and which gateways there are.
            Rule(peers=(api_server(settings),), ports=(HTTPS,)),
        ),
    )


def _observability(settings: Settings) -> Iterator[Policy]:
    gateways = tuple(map(_gateway_of, settings.stages))
    loki, tempo, agent, prometheus, grafana, alertmanager = map(
        _in_observability, (LOKI, TEMPO, AGENT, PROMETHEUS, GRAFANA, ALERTMANAGER)
    )
    # S3 and STS have no addresses of their own; the Kubernetes API is among them.
    aws = Rule(peers=(Networks(cidrs=EVERYWHERE),), ports=(HTTPS,))
    yield Policy(
        name="loki-entrance",
        pods=_in_observability(LOKI_ENTRANCE),
        ingress=(Rule(peers=(*gateways, agent, grafana), ports=LOKI_GATEWAY),),
    )
    yield Policy(
        name="loki",
        pods=loki,
        # Its parts among themselves: ring, queries, caches.
        ingress=(Rule(peers=(loki, prometheus)),),
        egress=(Rule(peers=(loki,)), Rule(peers=(alertmanager,), ports=(ALERTMANAGER_HTTP,)), aws),
    )
    yield Policy(
        name="tempo",
        pods=tempo,
        ingress=(
            Rule(peers=gateways, ports=(TEMPO_OTLP,)),
            Rule(peers=(grafana,), ports=(TEMPO_HTTP,)),
            Rule(peers=(tempo, prometheus)),
        ),
        egress=(Rule(peers=(tempo,)), Rule(peers=(prometheus,), ports=(PROMETHEUS_HTTP,)), aws),
    )
    yield Policy(
        name="otel-agent",
        pods=agent,
        ingress=(Rule(peers=(prometheus,), ports=(COLLECTOR_METRICS,)),),
        egress=(
            Rule(peers=(_in_observability(LOKI_ENTRANCE),), ports=LOKI_GATEWAY),
            Rule(peers=(prometheus,), ports=(PROMETHEUS_HTTP,)),
            Rule(peers=(api_server(settings),), ports=(HTTPS,)),
            Rule(peers=(nodes(settings),), ports=(KUBELET,)),
        ),
    )


def _gateway_of(stage: str) -> Pods:
    return Pods(namespace=telemetry_namespace(stage), labels=GATEWAY)


def _in_observability(labels: Labels) -> Pods:
    return Pods(namespace=OBSERVABILITY, labels=labels)
