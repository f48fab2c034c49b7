"""Thanos beside Prometheus: querier, store gateway and compactor, as data.

`constructs_lib/thanos/` makes Kubernetes objects of it. Flags are those of THANOS_VERSION.
"""

import json
from dataclasses import dataclass
from typing import Any

from blueprint.documents import document
from blueprint.iam_statements import Statement, allow, read_and_write_objects
from blueprint.names import (
    PROMETHEUS_SERVICE_ACCOUNT,
    STAGE_PROMETHEUS,
    telemetry_namespace,
    telemetry_namespaces,
)
from blueprint.resources import Resources
from blueprint.sizes import METRICS
from blueprint.traffic import (
    EVERYWHERE,
    HTTPS,
    PROMETHEUS,
    Flow,
    Pods,
    labelled,
    prometheus_of,
)
from helm_values.component import AwsResources, Component, WorkloadRole
from settings.model import OBSERVABILITY, Settings
from versions import THANOS_VERSION

COMPACTOR = "thanos-compactor"
QUERIER = "thanos-querier"
STORE = "thanos-store"
"""Names of the parts, and of the service account of each."""

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


@dataclass(frozen=True, kw_only=True)
class ThanosPart:
    """One part of Thanos. `volume_gib` is None for one that keeps nothing."""

    name: str
    args: tuple[str, ...]
    replicas: int
    resources: Resources
    volume_gib: int | None = None


def querier(settings: Settings) -> ThanosPart:
    """Answers PromQL from the sidecars (the last hours) and the store gateway (the rest)."""
    size = METRICS[settings.size].thanos
    return ThanosPart(
        name=QUERIER,
        replicas=size.querier_replicas,
        resources=size.querier,
        args=(
            "query",
            *_COMMON,
            # `--endpoint` is deprecated; JSON is YAML, and one line.
            f"--endpoint.sd-config={json.dumps(_endpoints(settings))}",
            f"--query.replica-label={REPLICA_LABEL}",
            # A long range is answered from the coarsest samples that still give every step one.
            "--query.auto-downsampling",
            f"--query.max-concurrent={size.query_concurrency}",
            "--web.disable-cors",
        ),
    )


def _endpoints(settings: Settings) -> dict[str, Any]:
    """Store gateway and the sidecars of every Prometheus.

    By SRV records of headless Services, the querier finds every replica, and new ones.
    """
    services = [
        (STORE, OBSERVABILITY),
        ("kps-thanos-discovery", OBSERVABILITY),
        *(
            (f"{STAGE_PROMETHEUS}-thanos-discovery", telemetry_namespace(stage))
            for stage in settings.stages
        ),
    ]
    return {
        "endpoints": [
            {"address": f"dnssrv+_grpc._tcp.{service}.{namespace}.svc.cluster.local"}
            for service, namespace in services
        ]
    }


def store(settings: Settings) -> ThanosPart:
    """Reads the blocks in the bucket."""
    size = METRICS[settings.size].thanos
    return ThanosPart(
        name=STORE,
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


def compactor(settings: Settings) -> ThanosPart:
    """Compacts, downsamples and deletes blocks. Exactly one: two would corrupt the bucket."""
    size = METRICS[settings.size].thanos
    days = settings.retention_days.metrics
    return ThanosPart(
        name=COMPACTOR,
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


def writer_statements(aws: AwsResources) -> tuple[Statement, ...]:
    """Thanos sidecar and compactor on S3 ("Storage", section S3, of the Thanos documentation)."""
    return read_and_write_objects(aws.bucket_arns["metrics"], aws.key_arn)


def uploader_statements(aws: AwsResources) -> tuple[Statement, ...]:
    """Thanos sidecar alone: it adds blocks. What a failed upload leaves behind, the compactor
    deletes ("Compactor", section "Partial uploads"); so no stage can delete another's blocks."""
    bucket_arn = aws.bucket_arns["metrics"]
    return (
        allow(["s3:ListBucket"], bucket_arn),
        allow(["s3:GetObject", "s3:PutObject"], f"{bucket_arn}/*"),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], aws.key_arn),
    )


def reader_statements(aws: AwsResources) -> tuple[Statement, ...]:
    """Thanos store gateway: it only reads blocks."""
    bucket_arn = aws.bucket_arns["metrics"]
    return (
        allow(["s3:ListBucket"], bucket_arn),
        allow(["s3:GetObject"], f"{bucket_arn}/*"),
        allow(["kms:Decrypt"], aws.key_arn),
    )


WRITER_ROLE = WorkloadRole(
    name="thanos-writer",
    description="Role of the Thanos sidecar and compactor",
    # The sidecar is a container of Prometheus' pods.
    service_accounts=(PROMETHEUS_SERVICE_ACCOUNT, COMPACTOR),
    statements=writer_statements,
)
UPLOADER_ROLE = WorkloadRole(
    name="thanos-uploader",
    description="Role of the Thanos sidecars in the stages' Prometheus",
    namespaces=telemetry_namespaces,
    service_accounts=(f"{STAGE_PROMETHEUS}-prometheus",),
    statements=uploader_statements,
)
READER_ROLE = WorkloadRole(
    name="thanos-reader",
    description="Role of the Thanos store gateway",
    service_accounts=(STORE,),
    statements=reader_statements,
)


def _pods(part: str, policy: str) -> Pods:
    return Pods(name=policy, namespace=OBSERVABILITY, labels=labelled(part))


QUERIER_PODS = _pods(QUERIER, "thanos-query")
STORE_PODS = _pods(STORE, "thanos-store-gateway")
COMPACTOR_PODS = _pods(COMPACTOR, "thanos-compact")


def flows(settings: Settings) -> tuple[Flow, ...]:
    """The querier asks sidecars and store; what works on the bucket calls S3 and STS."""
    return (
        *(
            Flow(source=PROMETHEUS, destination=pods, ports=(HTTP_PORT,))
            for pods in (QUERIER_PODS, STORE_PODS, COMPACTOR_PODS)
        ),
        *(
            Flow(source=QUERIER_PODS, destination=pods, ports=(GRPC_PORT,))
            for pods in (PROMETHEUS, STORE_PODS, *map(prometheus_of, settings.stages))
        ),
        *(
            Flow(source=pods, destination=EVERYWHERE, ports=(HTTPS,))
            for pods in (STORE_PODS, COMPACTOR_PODS)
        ),
    )


COMPONENT = Component(
    name="thanos",
    flows=flows,
    roles=(WRITER_ROLE, UPLOADER_ROLE, READER_ROLE),
    reads=("metrics_bucket_name", WRITER_ROLE.output, READER_ROLE.output),
)
