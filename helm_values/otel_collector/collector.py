"""Shared parts of the configurations of gateways and agents, as small pure functions.

Component names are the current ones (`otlp_grpc`, `file_log`, ...): the old ones are aliases that
will go. Everything here is in the image's distribution, otelcol-k8s, which has no exporter for
remote write and none for Loki's own protocol: all three back ends are given OTLP. `${env:...}` are
variables that the chart sets; the text is escaped for Terraform when it is rendered.
"""

from typing import Any

from blueprint import endpoints
from blueprint.documents import Config
from blueprint.names import ENVIRONMENT_LABEL
from settings.model import Settings

SET_ASIDE = "storage.set_aside"
"""Resource attribute of a collector's own metrics: how many damaged storage files there are."""

SET_ASIDE_VARIABLE = "STORAGE_SET_ASIDE"
"""Environment variable with that number (collector_start.sh)."""

_IMAGES = "ghcr.io/open-telemetry/opentelemetry-collector-releases"
IMAGE = {"repository": f"{_IMAGES}/opentelemetry-collector-k8s"}
"""The tag is the chart's app version."""

PROGRAM = "otelcol-k8s"
"""In the root of the image; the chart would start `otelcol`, which this image does not have."""

POD_IP = "${env:MY_POD_IP}"
QUEUE = "file_storage/queue"
"""The storage of the queues: what it lies on differs (see gateway and agent)."""

TENANT_HEADER = "X-Scope-OrgID"
ENVIRONMENT = ENVIRONMENT_LABEL
MIB = 1024 * 1024
MAX_MESSAGE_MIB = 3
"""Less than the 4 MiB that gRPC takes unless told otherwise (grpc-go, `MaxRecvMsgSize`)."""


def health_check() -> Config:
    """What the kubelet asks (port 13133, the chart's default)."""
    return {"endpoint": f"{POD_IP}:13133"}


def own_telemetry() -> Config:
    """The collector's own metrics for Prometheus on port 8888, its own log as JSON.

    A reader that says nothing gives names without suffixes; with them they are those of Prometheus'
    conventions and of most dashboards (`otelcol_exporter_sent_spans_total`).
    """
    prometheus = {
        "host": POD_IP,
        "port": 8888,
        "without_type_suffix": False,
        "without_units": False,
        "without_scope_info": True,
        # A label of the collector's own metrics, whose names no application may use.
        "with_resource_constant_labels": {"included": [SET_ASIDE]},
    }
    return {
        "resource": {SET_ASIDE: f"${{env:{SET_ASIDE_VARIABLE}:-none}}"},
        "logs": {"encoding": "json"},
        "metrics": {
            "level": "detailed",
            "readers": [{"pull": {"exporter": {"prometheus": prometheus}}}],
        },
    }


def memory_limiter() -> Config:
    """Refuse what comes in before the kernel kills the collector: the first of every pipeline.

    Percentages of the container's limit. The chart sets GOMEMLIMIT to 80 % of it: above that the
    garbage collector already works hard, so new data is refused from 80 % - 20 % on.
    """
    return {"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 20}


def file_storage(directory: str) -> Config:
    """Files of queues or checkpoints; the space of what was sent is given back while it runs."""
    return {
        "directory": directory,
        "create_directory": True,
        "timeout": "10s",
        "compaction": {"on_start": True, "on_rebound": True, "directory": directory},
    }


_FAST_GZIP = {"compression": "gzip", "compression_params": {"level": 1}}
"""Prometheus and Loki take no other compression; level 1 needs half the CPU of the default."""

_BATCHES = {
    # Fewer, larger requests, built from data that is already in the queue. The processor `batch`
    # would acknowledge data that is only in memory, and hide a full queue from the sender. The
    # limit is in bytes: a gRPC receiver such as Tempo's permanently refuses more than 4 MiB, which
    # 8,192 spans of half a KiB exceed, and the exporter drops them (ADR 0027).
    "flush_timeout": "2s",
    "sizer": "bytes",
    "min_size": MIB,
    "max_size": MAX_MESSAGE_MIB * MIB,
}


def _delivery(
    queue_mib: int, patience: str, *, blocks: bool = False, batches: bool = True
) -> Config:
    return {
        "timeout": "30s",
        # Bounded in bytes and on disk: a back end's outage neither fills the memory nor is
        # forgotten when the collector is killed.
        "sending_queue": {
            "enabled": True,
            "storage": QUEUE,
            "sizer": "bytes",
            "queue_size": queue_mib * MIB,
            "num_consumers": 10,
            "block_on_overflow": blocks,
            **({"batch": dict(_BATCHES)} if batches else {}),
        },
        "retry_on_failure": {
            "enabled": True,
            "initial_interval": "5s",
            "max_interval": "30s",
            "max_elapsed_time": patience,
        },
    }


def loki_exporter(door: str, tenant: str, queue_mib: int, *, blocks: bool = False) -> Config:
    """Logs to Loki by a door, in the name of a tenant. The exporter appends /v1/logs.

    Six hours: Loki takes what is late (it refuses after a week), but one request that it will
    never accept must not keep a consumer of the queue for ever.
    """
    return {
        "endpoint": f"http://{endpoints.door(door)}/otlp",
        "headers": {TENANT_HEADER: tenant},
        **_FAST_GZIP,
        **_delivery(queue_mib, "6h", blocks=blocks),
    }


def tempo_exporter(door: str, tenant: str, queue_mib: int) -> Config:
    """Traces to Tempo by a door, in the name of a tenant."""
    return {
        "endpoint": endpoints.door(door),
        # Inside the cluster, held apart by network policies: no service mesh, no certificates.
        "tls": {"insecure": True},
        # Tempo takes OTLP with the collector's own receiver, which knows snappy. The default, gzip,
        # takes far more CPU (ADR 0027).
        "compression": "snappy",
        "headers": {TENANT_HEADER: tenant},
        **_delivery(queue_mib, "6h"),
    }


def prometheus_exporters(
    settings: Settings, door: str, queue_mib: int, *, kind: str = "prometheus", batches: bool = True
) -> dict[str, Config]:
    """Metrics by a door to every replica of the Prometheus behind it. Appended: /v1/metrics.

    Half an hour, since Prometheus then refuses the samples as too old (its
    `out_of_order_time_window`).

    Args:
        settings: of the environment.
        door: its name.
        queue_mib: on disk, for each replica.
        kind: first part of their names; each kind has queues of its own.
        batches: whether requests of several senders are put together. Prometheus refuses a request
            as a whole, so only what nobody but us has made may be.
    """
    return {
        f"otlp_http/{kind}-{index}": {
            "endpoint": f"http://{endpoints.door(door)}{endpoints.prometheus_path(index)}"
            "/api/v1/otlp",
            **_FAST_GZIP,
            **_delivery(queue_mib, "30m", batches=batches),
        }
        for index in range(endpoints.prometheus_replicas(settings))
    }


def upsert(**attributes: str) -> Config:
    """A resource processor that sets attributes whatever they were; `_` stands for a dot."""
    return {
        "attributes": [
            {"key": key.replace("_", "."), "value": value, "action": "upsert"}
            for key, value in attributes.items()
        ]
    }


def enforced_identity(settings: Settings, namespace: str) -> Config:
    """Where data comes from, as we know it and not as the application claims it."""
    return upsert(
        deployment_environment_name=namespace,
        k8s_namespace_name=namespace,
        k8s_cluster_name=settings.prefix,
    )


def pod_attributes(**rest: Any) -> Config:
    """What Kubernetes knows of the pod that data comes from.

    No uid of a workload and no label of a namespace: these would need more rights. No detector of
    EC2 or EKS anywhere: pods cannot reach the instance metadata service (hop limit 1).
    """
    return {
        "extract": {
            "metadata": [
                "k8s.pod.name",
                "k8s.pod.uid",
                "k8s.node.name",
                "k8s.deployment.name",
                "k8s.statefulset.name",
                "k8s.daemonset.name",
                "k8s.cronjob.name",
                "k8s.job.name",
                "k8s.container.name",
                "container.image.name",
                "container.image.tag",
                *rest.pop("more_metadata", ()),
            ],
            **rest.pop("extract", {}),
        },
        **rest,
    }


# --- Values of the chart that are the same for gateways and agents --------------------------------

CLOSED_PORTS = ("jaeger-compact", "jaeger-thrift", "jaeger-grpc", "zipkin")


def ports(**open_or_closed: bool) -> dict[str, Any]:
    """The chart opens every port it knows, and an agent even those of its host."""
    closed = {name: {"enabled": False} for name in CLOSED_PORTS}
    return closed | {
        name.replace("_", "-"): {"enabled": is_open} for name, is_open in open_or_closed.items()
    }
