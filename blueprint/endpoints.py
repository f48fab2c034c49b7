"""Where the back ends are reached inside the cluster.

The names need `fullnameOverride`s that the releases set: one fact for who serves and who calls.
"""

from blueprint.sizes import METRICS
from settings.model import OBSERVABILITY, Settings

_DOMAIN = f"{OBSERVABILITY}.svc"

PROMETHEUS = f"http://kps-prometheus.{_DOMAIN}:9090"
"""For questions about the last hours. Behind it are all replicas: never push to it."""

ALERTMANAGER = f"http://kps-alertmanager.{_DOMAIN}:9093"
THANOS_QUERIER = f"http://thanos-querier.{_DOMAIN}:10902"
LOKI = f"http://loki-gateway.{_DOMAIN}"
GRAFANA = f"http://kps-grafana.{_DOMAIN}"


def prometheus_replicas(settings: Settings) -> tuple[str, ...]:
    """Each Prometheus by itself: whoever pushes, pushes everything to every one of them.

    Through the Service each sample would reach one replica only, and the querier fills gaps from
    another replica but cannot join series that are spread over two. OTLP goes to
    `<url>/api/v1/otlp`, remote write to `<url>/api/v1/write`.
    """
    return tuple(
        f"http://prometheus-kps-{index}.prometheus-operated.{_DOMAIN}:9090"
        for index in range(METRICS[settings.size].prometheus.replicas)
    )


def tempo(settings: Settings) -> str:
    """Tempo's HTTP API for queries: monolithic, or the front end of the distributed one."""
    name = "tempo-query-frontend" if settings.size == "large" else "tempo"
    return f"http://{name}.{_DOMAIN}:3200"


def tenants(settings: Settings) -> str:
    """Every tenant of Loki and Tempo, as X-Scope-OrgID takes several. A tenant is a namespace."""
    return "|".join(settings.namespaces)
