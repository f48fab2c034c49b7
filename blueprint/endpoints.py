"""Addresses of the back ends inside the cluster, and the doors to them.

The names need `fullnameOverride`s that the releases set: shared by servers and clients. Addresses
without a scheme are host and port, as the doors need them.
"""

from blueprint.names import STAGE_PROMETHEUS, telemetry_namespace
from blueprint.sizes import METRICS
from settings.model import OBSERVABILITY, Settings

_DOMAIN = f"{OBSERVABILITY}.svc"
_CLUSTER_DOMAIN = "svc.cluster.local"
_FULL_DOMAIN = f"{OBSERVABILITY}.{_CLUSTER_DOMAIN}"
"""nginx resolves names by itself, without the search domains of the pod."""

PROMETHEUS = f"http://kps-prometheus.{_DOMAIN}:9090"
"""For questions about the platform. Behind it are all replicas: never push to it."""

ALERTMANAGER_HOST = f"kps-alertmanager.{_FULL_DOMAIN}:9093"
ALERTMANAGER_PODS = f"alertmanager-operated.{_FULL_DOMAIN}"
"""In DNS, the addresses of all replicas: alerts go to each of them."""
ALERTMANAGER = f"http://kps-alertmanager.{_DOMAIN}:9093"
THANOS_QUERIER = f"http://thanos-querier.{_DOMAIN}:10902"
GRAFANA = f"http://kps-grafana.{_DOMAIN}"

DOOR_PORT = 8080
AGENT_DOOR = "door-agent"
TEMPO_DOOR = "door-tempo"
GRAFANA_DOOR = "door-grafana"
GRAFANA_DOOR_LOKI, GRAFANA_DOOR_TEMPO, GRAFANA_DOOR_ALERTMANAGER = 3100, 3200, 9093
"""Ports of the door of Grafana: those of the back ends themselves."""


def prometheus_replicas(settings: Settings) -> int:
    """How many replicas each Prometheus has."""
    return METRICS[settings.size].prometheus.replicas


def prometheus_pods(settings: Settings, stage: str | None = None) -> tuple[str, ...]:
    """Each replica of a stage's Prometheus, or of the platform's, as host and port.

    Clients push all data to every replica. Through the Service each sample would reach only one
    replica; the querier fills gaps from another replica, but cannot join series that are spread
    over two.
    """
    name = STAGE_PROMETHEUS if stage else "kps"
    namespace = telemetry_namespace(stage) if stage else OBSERVABILITY
    return tuple(
        f"prometheus-{name}-{index}.prometheus-operated.{namespace}.{_CLUSTER_DOMAIN}:9090"
        for index in range(prometheus_replicas(settings))
    )


def prometheus_path(index: int) -> str:
    """First part of the path by which a door knows a replica of a Prometheus."""
    return f"/prometheus-{index}"


def stage_door_name(stage: str) -> str:
    """Name of the door of a stage's gateway; `stage` in it, as a stage may be called `agent`."""
    return f"door-stage-{stage}"


def door(name: str, port: int = DOOR_PORT) -> str:
    """Host and port of a door."""
    return f"{name}.{_DOMAIN}:{port}"


def loki_writer(settings: Settings) -> str:
    """Loki's API for pushes: monolithic, or the distributor of the distributed one."""
    return _loki(settings, "loki-distributor")


def loki_reader(settings: Settings) -> str:
    """Loki's API for queries."""
    return _loki(settings, "loki-query-frontend")


def loki_ruler(settings: Settings) -> str:
    """Loki's API of rules."""
    return _loki(settings, "loki-ruler")


def _loki(settings: Settings, part: str) -> str:
    return f"{part if settings.size == 'large' else 'loki'}.{_FULL_DOMAIN}:3100"


def tempo_writer(settings: Settings) -> str:
    """Tempo's OTLP over gRPC: monolithic, or the distributor of the distributed one."""
    name = "tempo-distributor" if settings.size == "large" else "tempo"
    return f"{name}.{_FULL_DOMAIN}:4317"


def tempo_reader(settings: Settings) -> str:
    """Tempo's HTTP API for queries: monolithic, or the front end of the distributed one."""
    name = "tempo-query-frontend" if settings.size == "large" else "tempo"
    return f"{name}.{_FULL_DOMAIN}:3200"


def tenants(settings: Settings) -> str:
    """Every tenant of Loki and Tempo, as X-Scope-OrgID takes several. A tenant is a namespace."""
    return "|".join(settings.namespaces)
