"""Loki: logs of every tenant, monolithic or, for `large`, distributed."""

from typing import Any

from blueprint import endpoints
from blueprint.backend_sizes import BACKENDS, Cache, LokiSize, Part
from blueprint.documents import merge
from blueprint.durations import hours
from blueprint.iam_statements import Statement, read_and_write_objects
from blueprint.names import STORAGE_CLASS
from blueprint.traffic import (
    ALERTMANAGER,
    ALERTMANAGER_HTTP,
    EVERYWHERE,
    HTTPS,
    LOKI,
    PROMETHEUS,
    Flow,
)
from helm_values.component import AwsResources, Component, WorkloadRole
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.static_values import static_values
from settings.model import OBSERVABILITY, Settings
from versions import LOKI as LOKI_CHART

SERVICE_ACCOUNT = "loki"


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """The one release of a cluster."""
    size = BACKENDS[settings.size].loki
    form = _monolithic(size.server) if size.server else _distributed(size.parts)
    return Release(
        name="loki",
        chart=LOKI_CHART,
        static="loki",
        from_settings=merge(form, _values(settings, size)),
        from_stack_outputs={
            "loki": {
                "storage": {
                    "bucketNames": {
                        "chunks": outputs["logs_bucket_name"],
                        # The chart wants it named, though the rules are in files.
                        "ruler": outputs["logs_bucket_name"],
                    }
                }
            },
            "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": outputs[ROLE.output]}},
        },
        after=("kps",),
        timeout_seconds=900,
    )


def tenant_limits(settings: Settings) -> dict[str, dict[str, Any]]:
    """Limits of every tenant that differ from the defaults: how long its logs are kept.

    A query for a longer range is rejected up front.
    """
    return {
        name: _kept(namespace.retention_days.logs)
        for name, namespace in settings.namespaces.items()
    }


def _kept(days: int) -> dict[str, str]:
    kept = hours(days)
    return {"retention_period": kept, "max_query_lookback": kept}


def _values(settings: Settings, size: LokiSize) -> dict[str, Any]:
    rate = size.ingestion_mb_per_second
    return {
        "serviceAccount": {"name": SERVICE_ACCOUNT},
        "loki": {
            "commonConfig": {"replication_factor": size.replication_factor},
            "storage": {"s3": {"region": settings.region}},
            "limits_config": {
                # For a tenant that is not in the settings, though no collector of ours names one.
                "retention_period": tenant_limits(settings)[OBSERVABILITY]["retention_period"],
                "ingestion_rate_mb": rate,
                "ingestion_burst_size_mb": 2 * rate,
                # One container may take a third of its tenant's rate.
                "per_stream_rate_limit": f"{max(1, rate // 3)}MB",
                "per_stream_rate_limit_burst": f"{rate}MB",
                "max_global_streams_per_user": size.streams_per_tenant,
            },
            "rulerConfig": {"alertmanager_url": endpoints.ALERTMANAGER},
            # Read again while Loki runs: a new retention needs no restart.
            "runtimeConfig": {"overrides": tenant_limits(settings)},
        },
        "chunksCache": _cache(size.chunks_cache),
        "resultsCache": _cache(size.results_cache),
    }


def _cache(cache: Cache) -> dict[str, Any]:
    return {"allocatedMemory": cache.megabytes, "resources": cache.resources.values}


def _monolithic(server: Part) -> dict[str, Any]:
    return merge(
        static_values("loki_monolithic"),
        {
            "singleBinary": {
                "replicas": server.replicas,
                "resources": server.resources.values,
                "persistence": {
                    "enabled": True,
                    "size": f"{server.volume_gib}Gi",
                    "storageClass": STORAGE_CLASS,
                },
            }
        },
    )


def _distributed(parts: dict[str, Part]) -> dict[str, Any]:
    values = {name: _part(name, part) for name, part in parts.items()}
    return merge(static_values("loki_distributed"), values)


def _part(name: str, part: Part) -> dict[str, Any]:
    values: dict[str, Any] = {"replicas": part.replicas, "resources": part.resources.values}
    if part.volume_gib is not None:
        volume = {"size": f"{part.volume_gib}Gi", "storageClass": STORAGE_CLASS}
        values["persistence"] = {"enabled": True, **_claimed(name, volume)}
    return values


def _claimed(name: str, volume: dict[str, str]) -> dict[str, Any]:
    # The chart takes a list of volumes for these, and one volume for the others.
    if name not in ("ingester", "patternIngester", "compactor"):
        return volume
    return {"claims": [{"name": "data", "accessModes": ["ReadWriteOnce"], **volume}]}


def flows(_settings: Settings) -> tuple[Flow, ...]:
    """Who writes and asks does so through a door (helm_values/back_end_doors)."""
    return (
        # Its parts among themselves: ring, queries, caches.
        Flow(source=LOKI, destination=LOKI),
        Flow(source=PROMETHEUS, destination=LOKI),
        Flow(source=LOKI, destination=ALERTMANAGER, ports=(ALERTMANAGER_HTTP,)),
        # S3 and STS.
        Flow(source=LOKI, destination=EVERYWHERE, ports=(HTTPS,)),
    )


def statements(aws: AwsResources) -> tuple[Statement, ...]:
    """Loki on S3 ("Deploy Loki on AWS"); the compactor's retention deletes."""
    return read_and_write_objects(aws.bucket_arns["logs"], aws.key_arn)


ROLE = WorkloadRole(
    name="loki",
    description="Role of Loki",
    service_accounts=(SERVICE_ACCOUNT,),
    statements=statements,
)


COMPONENT = Component(
    name="loki",
    roles=(ROLE,),
    flows=flows,
    reads=("logs_bucket_name", ROLE.output),
    releases=lambda settings, outputs: [release(settings, outputs)],
)
