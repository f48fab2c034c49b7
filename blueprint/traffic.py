"""Who may talk to whom in the cluster, as data: the network policies of the telemetry's path.

Every namespace denies all traffic but DNS (constructs_lib/kubernetes/namespace.py), and policies
only ever add
to what is allowed. Here is what the collectors, Loki and Tempo need; what Prometheus, Grafana,
Alertmanager and the system add-ons need stands with their releases, and what applications need
among themselves comes with the applications.

An application reaches the gateway of its own stage and no other, and no back end at all. A gateway
reaches its door and no back end, and a door is a list of what may be done (blueprint/doors.py).
Loki, Tempo and Prometheus ask for no password: they trust whoever is let in. Who that is, a policy
says at the receiving end, by labels and by namespace; labels alone would not do, as whoever may
create pods in a stage can give one any labels, and can write policies for what it sends. So each
gateway, and the Prometheus of each stage, is in a namespace of its own, `<stage>-telemetry`, in
which nobody of `editor_role_arns` may do anything.

Policies know pods and not Services. The VPC CNI compares with the port of the pod, and the EKS user
guide asks that a Service has the same one.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from blueprint import endpoints, thanos
from blueprint.names import GATEWAY as GATEWAY_NAME
from blueprint.names import telemetry_namespace
from blueprint.subnets import plan_subnets
from settings.model import OBSERVABILITY, Settings

Labels = Mapping[str, str]

OTLP = (4317, 4318)
LOAD_BALANCING = 14317
COLLECTOR_METRICS = 8888
LOKI_HTTP = 3100
TEMPO_OTLP = 4317
TEMPO_HTTP = 3200
PROMETHEUS_HTTP = 9090
CONFIG_RELOADER = 8080
THANOS_GRPC, THANOS_HTTP = thanos.GRPC_PORT, thanos.HTTP_PORT
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
TEMPO = _named("tempo")
PROMETHEUS = _named("prometheus")
GRAFANA = _named("grafana")
QUERIER = _named("thanos-querier")
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
        policies[telemetry_namespace(stage)] = tuple(_telemetry(settings, stage))
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
        ingress=(Rule(peers=(_prometheus_of(stage),), ports=(METRICS_PORT,)),),
    )


def _telemetry(settings: Settings, stage: str) -> Iterator[Policy]:
    gateway, platform = _gateway_of(stage), _in_observability(PROMETHEUS)
    yield Policy(
        name=GATEWAY_NAME,
        pods=gateway,
        ingress=(
            Rule(peers=(Pods(namespace=stage),), ports=OTLP),
            # Not from applications: on this port nothing is checked any more.
            Rule(peers=(gateway,), ports=(LOAD_BALANCING,)),
            Rule(peers=(platform,), ports=(COLLECTOR_METRICS,)),
        ),
        egress=(
            Rule(peers=(gateway,), ports=(LOAD_BALANCING,)),
            Rule(peers=(_door(endpoints.stage_door_name(stage)),), ports=(endpoints.DOOR_PORT,)),
            # Which pod an address belongs to, and which gateways there are.
            Rule(peers=(api_server(settings),), ports=(HTTPS,)),
        ),
    )
    yield Policy(
        name="prometheus",
        pods=_prometheus_of(stage),
        ingress=(
            Rule(
                peers=(
                    _door(endpoints.stage_door_name(stage)),
                    _door(endpoints.TEMPO_DOOR),
                    platform,
                ),
                ports=(PROMETHEUS_HTTP,),
            ),
            Rule(peers=(platform,), ports=(CONFIG_RELOADER, THANOS_HTTP)),
            Rule(peers=(_in_observability(QUERIER),), ports=(THANOS_GRPC,)),
        ),
        egress=(
            # On which ports the stage lets itself be scraped, it says itself.
            Rule(peers=(Pods(namespace=stage),)),
            Rule(peers=(_in_observability(ALERTMANAGER),), ports=(ALERTMANAGER_HTTP,)),
            _AWS,
        ),
    )


_AWS = Rule(peers=(Networks(cidrs=EVERYWHERE),), ports=(HTTPS,))
"""S3 and STS have no addresses of their own; the Kubernetes API is among them."""


def _observability(settings: Settings) -> Iterator[Policy]:
    loki, tempo, agent, prometheus, grafana, alertmanager = map(
        _in_observability, (LOKI, TEMPO, AGENT, PROMETHEUS, GRAFANA, ALERTMANAGER)
    )
    stages = tuple(map(_prometheus_of, settings.stages))
    stage_doors = tuple(_door(endpoints.stage_door_name(stage)) for stage in settings.stages)
    agent_door, tempo_door, grafana_door = map(
        _door, (endpoints.AGENT_DOOR, endpoints.TEMPO_DOOR, endpoints.GRAFANA_DOOR)
    )
    pushes = (endpoints.DOOR_PORT,)
    to_loki = Rule(peers=(loki,), ports=(LOKI_HTTP,))
    for stage in settings.stages:
        yield Policy(
            name=endpoints.stage_door_name(stage),
            pods=_door(endpoints.stage_door_name(stage)),
            ingress=(Rule(peers=(_gateway_of(stage),), ports=pushes),),
            egress=(
                to_loki,
                Rule(peers=(tempo,), ports=(TEMPO_OTLP,)),
                Rule(peers=(_prometheus_of(stage),), ports=(PROMETHEUS_HTTP,)),
            ),
        )
    yield Policy(
        name=endpoints.AGENT_DOOR,
        pods=agent_door,
        ingress=(Rule(peers=(agent,), ports=pushes),),
        egress=(to_loki, Rule(peers=(prometheus,), ports=(PROMETHEUS_HTTP,))),
    )
    yield Policy(
        name=endpoints.TEMPO_DOOR,
        pods=tempo_door,
        ingress=(Rule(peers=(tempo,), ports=pushes),),
        egress=(Rule(peers=stages, ports=(PROMETHEUS_HTTP,)),),
    )
    yield Policy(
        name=endpoints.GRAFANA_DOOR,
        pods=grafana_door,
        ingress=(
            Rule(
                peers=(grafana,),
                ports=(
                    endpoints.GRAFANA_DOOR_LOKI,
                    endpoints.GRAFANA_DOOR_TEMPO,
                    endpoints.GRAFANA_DOOR_ALERTMANAGER,
                ),
            ),
        ),
        egress=(
            to_loki,
            Rule(peers=(tempo,), ports=(TEMPO_HTTP,)),
            Rule(peers=(alertmanager,), ports=(ALERTMANAGER_HTTP,)),
        ),
    )
    yield Policy(
        name="loki",
        pods=loki,
        ingress=(
            # Its parts among themselves: ring, queries, caches.
            Rule(peers=(loki, prometheus)),
            Rule(peers=(*stage_doors, agent_door, grafana_door), ports=(LOKI_HTTP,)),
        ),
        egress=(Rule(peers=(loki,)), Rule(peers=(alertmanager,), ports=(ALERTMANAGER_HTTP,)), _AWS),
    )
    yield Policy(
        name="tempo",
        pods=tempo,
        ingress=(
            Rule(peers=stage_doors, ports=(TEMPO_OTLP,)),
            Rule(peers=(grafana_door,), ports=(TEMPO_HTTP,)),
            Rule(peers=(tempo, prometheus)),
        ),
        egress=(Rule(peers=(tempo,)), Rule(peers=(tempo_door,), ports=pushes), _AWS),
    )
    yield Policy(
        name="otel-agent",
        pods=agent,
        ingress=(Rule(peers=(prometheus,), ports=(COLLECTOR_METRICS,)),),
        egress=(
            Rule(peers=(agent_door,), ports=pushes),
            Rule(peers=(api_server(settings),), ports=(HTTPS,)),
            Rule(peers=(nodes(settings),), ports=(KUBELET,)),
        ),
    )
    # Beside what constructs_lib/thanos allows it in this namespace.
    yield Policy(
        name="thanos-querier-stages",
        pods=_in_observability(QUERIER),
        egress=(Rule(peers=stages, ports=(THANOS_GRPC,)),),
    )


def _door(name: str) -> Pods:
    return _in_observability(_named(name))


def _prometheus_of(stage: str) -> Pods:
    return Pods(namespace=telemetry_namespace(stage), labels=PROMETHEUS)


def _gateway_of(stage: str) -> Pods:
    return Pods(namespace=telemetry_namespace(stage), labels=GATEWAY)


def _in_observability(labels: Labels) -> Pods:
    return Pods(namespace=OBSERVABILITY, labels=labels)
