"""Tempo as one program per task, for `large`."""

from typing import Any

from blueprint.backend_sizes import BACKENDS, Part
from blueprint.documents import merge
from blueprint.names import STORAGE_CLASS
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.tempo import tempo_tenants
from helm_values.tempo.tempo_role import ROLE, SERVICE_ACCOUNT
from settings.model import OBSERVABILITY, Settings
from versions import TEMPO_DISTRIBUTED


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """The one release of a cluster; its names are those of the monolithic one."""
    parts = BACKENDS[settings.size].tempo.parts
    return Release(
        name="tempo",
        chart=TEMPO_DISTRIBUTED,
        static="tempo_distributed",
        from_settings=merge(_values(settings), {n: _part(p) for n, p in parts.items()}),
        from_stack_outputs={
            "storage": {"trace": {"s3": {"bucket": outputs["traces_bucket_name"]}}},
            "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": outputs[ROLE.output]}},
        },
        after=("kps",),
        timeout_seconds=900,
    )


def _values(settings: Settings) -> dict[str, Any]:
    return {
        "serviceAccount": {"name": SERVICE_ACCOUNT},
        "storage": {"trace": {"s3": tempo_tenants.s3(settings)}},
        "overrides": {"defaults": tempo_tenants.default_overrides(settings)},
        "per_tenant_overrides": tempo_tenants.tenant_overrides(settings),
        "compactor": {
            "config": {
                "compaction": {
                    "block_retention": tempo_tenants.block_retention(settings, OBSERVABILITY)
                }
            }
        },
        # The chart has no value for this one.
        "tempo": {
            "structuredConfig": {
                "query_frontend": {
                    "search": {"max_duration": tempo_tenants.longest_search(settings)}
                }
            }
        },
        "metricsGenerator": {
            "config": {
                "processor": tempo_tenants.generator_processor(),
                "registry": tempo_tenants.generator_registry(settings),
                "storage": {"remote_write": tempo_tenants.generator_remote_write(settings)},
            }
        },
    }


def _part(part: Part) -> dict[str, Any]:
    values: dict[str, Any] = {"replicas": part.replicas, "resources": part.resources.values}
    if part.volume_gib is not None:
        values["persistence"] = {
            "enabled": True,
            "size": f"{part.volume_gib}Gi",
            "storageClass": STORAGE_CLASS,
        }
    return values
