"""Values shared by both modes of Tempo: tenants, metrics generator, bucket."""

from typing import Any

from blueprint import endpoints
from blueprint.backend_sizes import BACKENDS
from blueprint.durations import hours
from settings.model import OBSERVABILITY, Settings
from signals.metrics import ENVIRONMENT

MB = 1_000_000
MAX_TRACE_MB = 10
EXEMPLAR_LABEL = "trace_id"
"""Tempo's default is `traceID`. Exemplars that come by OTLP have `trace_id`, and Grafana's
Prometheus data source links one name."""

TENANT_LABEL = ENVIRONMENT
"""Tenants are stages, so the generated metrics get the label that all others have. Without it, two
tenants with services of one name would write the same series."""


def tenant_overrides(settings: Settings) -> dict[str, dict[str, Any]]:
    """All limits of every tenant; they differ in how long traces are kept.

    All of them: what a tenant's block leaves out is zero and not the default (grafana/tempo#4996).
    """
    return {name: _limits(settings, name) for name in settings.namespaces}


def default_overrides(settings: Settings) -> dict[str, Any]:
    """For a tenant that is not in the settings, though no collector of ours names one."""
    return _limits(settings, OBSERVABILITY)


def block_retention(settings: Settings, namespace: str) -> str:
    """How long a namespace's traces are kept."""
    return hours(settings.namespaces[namespace].retention_days.traces)


def longest_search(settings: Settings) -> str:
    """The longest range of a search: as far back as there can be traces of any tenant."""
    longest = max(ns.retention_days.traces for ns in settings.namespaces.values())
    return hours(longest)


def s3(settings: Settings) -> dict[str, Any]:
    """Where the bucket is. The client needs the host named, and finds the web identity itself."""
    return {
        "endpoint": f"s3.{settings.region}.amazonaws.com",
        "region": settings.region,
        "insecure": False,
    }


def generator_processor() -> dict[str, Any]:
    """The service graph, for Grafana's map of services.

    Tempo only sees the traces that were kept, so this says who calls whom, not how often. Rates,
    errors and durations are what the gateways count before sampling (`traces_span_metrics_*`);
    Tempo's own `span-metrics` would be the same numbers, but wrong, so it is off.
    """
    return {"service_graphs": {"histogram_buckets": [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8]}}


def generator_registry(settings: Settings) -> dict[str, Any]:
    """Labels of all generated metrics."""
    return {
        "collection_interval": "30s",
        "external_labels": {"source": "tempo", "k8s_cluster_name": settings.prefix},
        "inject_tenant_id_as": TENANT_LABEL,
    }


def generator_remote_write(settings: Settings) -> list[dict[str, Any]]:
    """By a door to every replica of the Prometheus of the tenant's stage, with exemplars.

    Tempo names the tenant in the header X-Scope-OrgID (`remote_write_add_org_id_header`).
    """
    door = endpoints.door(endpoints.TEMPO_DOOR)
    return [
        {
            "url": f"http://{door}{endpoints.prometheus_path(index)}/api/v1/write",
            "send_exemplars": True,
        }
        for index in range(endpoints.prometheus_replicas(settings))
    ]


def _limits(settings: Settings, namespace: str) -> dict[str, Any]:
    size = BACKENDS[settings.size].tempo
    return {
        "ingestion": {
            # Of each distributor; the other strategy needs a ring of them.
            "rate_strategy": "local",
            "rate_limit_bytes": size.ingestion_mb_per_second * MB,
            "burst_size_bytes": 2 * size.ingestion_mb_per_second * MB,
            "max_traces_per_user": size.traces_per_tenant,
        },
        "read": {"max_bytes_per_tag_values_query": 5 * MB},
        "global": {"max_bytes_per_trace": MAX_TRACE_MB * MB},
        "compaction": {"block_retention": block_retention(settings, namespace)},
        "metrics_generator": {
            # Switching the generator on is not enough: without a processor it makes no metrics.
            "processors": ["service-graphs"],
            "trace_id_label_name": EXEMPLAR_LABEL,
            "max_active_series": size.traces_per_tenant,
        },
    }
