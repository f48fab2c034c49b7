"""Thanos beside Prometheus: querier, store gateway and compactor, as data.

`constructs_lib/thanos_*.py` make Kubernetes objects of it. Flags are those of THANOS_VERSION.
"""

import json
from dataclasses import dataclass
from typing import Any

from blueprint.documents import document
from blueprint.names import THANOS_COMPACTOR_SERVICE_ACCOUNT, THANOS_STORE_SERVICE_ACCOUNT
from blueprint.resources import Resources
from blueprint.sizes import METRICS
from settings.model import OBSERVABILITY, Settings
from versions import THANOS_VERSION

IMAGE = f"quay.io/thanos/thanos:{THANOS_VERSION}"
USER_ID = 1001
"""Of the image (its Dockerfile)."""

REPLICA_LABEL = "prometheus_replica"
"""External label that tells replicas of one Prometheus apart; Prometheus operator's own name."""

GRPC_PORT = 10901
HTTP_PORT = 10902
"""Of pods and Services alike: the EKS user guide asks for it where policies are enforced."""

DATA_DIRECTORY = "/var/thanos"
OBJECT_STORAGE_DIRECTORY = "/etc/thanos"
OBJECT_STORAGE_FILE = "object-storage.yaml"

_DELETE_DELAY = "48h"
_ENDPOINTS = {
    "endpoints": [
        {"address": f"dnssrv+_grpc._tcp.{service}.{OBSERVABILITY}.svc.cluster.local"}
        for service in ("kps-thanos-discovery", THANOS_STORE_SERVICE_ACCOUNT)
    ]
}
"""By SRV records of headless Services, the querier finds every replica, and new ones."""


@dataclass(frozen=True, kw_only=True)
class Component:
    """One part of Thanos. `volume_gib` is None for one that keeps nothing."""

    name: str
    args: tuple[str, ...]
    replicas: int
    resources: Resources
    volume_gib: int | None = None


def querier(settings: Settings) -> Component:
    """Answers PromQL from the sidecars (the last hours) and the store gateway (the rest)."""
    size = METRICS[settings.size].thanos
    return Component(
        name="thanos-querier",
        replicas=size.querier_replicas,
        resources=size.querier,
        args=(
            "query",
            *_COMMON,
            # `--endpoint` is deprecated; JSON is YAML, and one line.
            f"--endpoint.sd-config={json.dumps(_ENDPOINTS)}",
            f"--query.replica-label={REPLICA_LABEL}",
            # A long range is answered from the coarsest samples that still give every step one.
            "--query.auto-downsampling",
            f"--query.max-concurrent={size.query_concurrency}",
            "--web.disable-cors",
        ),
    )


def store(settings: Settings) -> Component:
    """Reads the blocks in the bucket."""
    size = METRICS[settings.size].thanos
    return Component(
        name=THANOS_STORE_SERVICE_ACCOUNT,
        replicas=size.store_replicas,
        resources=size.store,
        volume_gib=size.store_volume_gib,
        args=(
            "store",
            *_COMMON,
            *_BUCKET,
            f"--index-cache-size={size.index_cache}",
            f"--chunk-pool-size={size.chunk_pool}",
            # Index headers take memory only while a query needs them.
            "--store.enable-index-header-lazy-reader",
            "--web.disable",
        ),
    )


def compactor(settings: Settings) -> Component:
    """Compacts, downsamples and deletes blocks. Exactly one: two would corrupt the bucket."""
    size = METRICS[settings.size].thanos
    days = settings.retention_days.metrics
    return Component(
        name=THANOS_COMPACTOR_SERVICE_ACCOUNT,
        replicas=1,
        resources=size.compactor,
        volume_gib=size.compactor_volume_gib,
        args=(
            "compact",
            "--wait",
            *(arg for arg in _COMMON if not arg.startswith("--grpc")),
            *_BUCKET,
            f"--retention.resolution-raw={days.raw}d",
            f"--retention.resolution-5m={days.five_minutes}d",
            f"--retention.resolution-1h={days.one_hour}d",
            # Less than SAFETY_MARGIN_DAYS of the bucket's lifecycle, which must come after it.
            f"--delete-delay={_DELETE_DELAY}",
            f"--compact.concurrency={size.compactor_concurrency}",
            f"--downsample.concurrency={size.compactor_concurrency}",
            # The out-of-order window makes blocks of one replica overlap. Replicas are not merged
            # here, only by the querier: that could not be undone.
            "--compact.enable-vertical-compaction",
            "--web.disable",
            "--disable-admin-operations",
        ),
    )


def object_storage_location(settings: Settings) -> dict[str, Any]:
    """Where the bucket is, without its name. Without keys, the role of the service account."""
    return {
        "endpoint": f"s3.{settings.region}.amazonaws.com",
        "region": settings.region,
        # The default is the global endpoint, which no interface endpoint in the VPC serves.
        "sts_endpoint": f"https://sts.{settings.region}.amazonaws.com",
    }


def object_storage(settings: Settings, bucket_name: str) -> str:
    """Content of the file that tells a component where its bucket is."""
    config = {"bucket": bucket_name, **object_storage_location(settings)}
    return document({"type": "S3", "config": config})


_COMMON = (
    "--log.format=json",
    f"--http-address=0.0.0.0:{HTTP_PORT}",
    f"--grpc-address=0.0.0.0:{GRPC_PORT}",
    # Collect garbage harder near the limit rather than be killed at it.
    "--enable-auto-gomemlimit",
)
_BUCKET = (
    f"--data-dir={DATA_DIRECTORY}",
    f"--objstore.config-file={OBJECT_STORAGE_DIRECTORY}/{OBJECT_STORAGE_FILE}",
)
