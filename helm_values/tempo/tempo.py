"""Tempo: traces of every tenant, monolithic or, for `large`, distributed."""

from typing import Any

from blueprint.backend_sizes import BACKENDS, Part
from blueprint.names import STORAGE_CLASS, TEMPO_SERVICE_ACCOUNT
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.tempo import tempo_distributed, tempo_tenants
from settings.model import OBSERVABILITY, Settings
from versions import TEMPO


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """The one release of a cluster."""
    server = BACKENDS[settings.size].tempo.server
    if server is None:
        return tempo_distributed.release(settings, outputs)
    return Release(
        name="tempo",
        chart=TEMPO,
        static="tempo",
        from_settings=_values(settings, server),
        from_stack_outputs={
            "tempo": {"storage": {"trace": {"s3": {"bucket": outputs.traces_bucket_name}}}},
            "serviceAccount": {
                "annotations": {"eks.amazonaws.com/role-arn": outputs.tempo_role_arn}
            },
        },
        after=("kps",),
    )


def _values(settings: Settings, server: Part) -> dict[str, Any]:
    return {
        "serviceAccount": {"name": TEMPO_SERVICE_ACCOUNT},
        "tempo": {
            "resources": server.resources.values,
            # Default of a tenant without a block of its own; the chart's is one day.
            "retention": tempo_tenants.block_retention(settings, OBSERVABILITY),
            "storage": {"trace": {"s3": tempo_tenants.s3(settings)}},
            "queryFrontend": {"search": {"max_duration": tempo_tenants.longest_search(settings)}},
            "overrides": {"defaults": tempo_tenants.default_overrides(settings)},
            "per_tenant_overrides": tempo_tenants.tenant_overrides(settings),
            "metricsGenerator": {
                "processor": tempo_tenants.generator_processor(),
                "registry": tempo_tenants.generator_registry(settings),
                "storage": {"remote_write": tempo_tenants.generator_remote_write(settings)},
            },
        },
        "persistence": {
            "size": f"{server.volume_gib}Gi",
            "storageClassName": STORAGE_CLASS,
        },
    }
