"""Tempo: traces of every tenant, monolithic or, for `large`, distributed."""

from typing import Any

from blueprint import endpoints
from blueprint.backend_sizes import BACKENDS, Part
from blueprint.names import STORAGE_CLASS
from blueprint.traffic import EVERYWHERE, HTTPS, PROMETHEUS, TEMPO, Flow, door
from helm_values.component import Component
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.tempo import tempo_distributed, tempo_tenants
from helm_values.tempo.tempo_role import ROLE, SERVICE_ACCOUNT
from settings.model import OBSERVABILITY, Settings
from versions import TEMPO as TEMPO_CHART


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """The one release of a cluster."""
    server = BACKENDS[settings.size].tempo.server
    if server is None:
        return tempo_distributed.release(settings, outputs)
    return Release(
        name="tempo",
        chart=TEMPO_CHART,
        static="tempo",
        from_settings=_values(settings, server),
        from_stack_outputs={
            "tempo": {"storage": {"trace": {"s3": {"bucket": outputs["traces_bucket_name"]}}}},
            "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": outputs[ROLE.output]}},
        },
        after=("kps",),
    )


def _values(settings: Settings, server: Part) -> dict[str, Any]:
    return {
        "serviceAccount": {"name": SERVICE_ACCOUNT},
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


def flows(_settings: Settings) -> tuple[Flow, ...]:
    """Connections within Tempo; clients declare their own flows."""
    return (
        # Its parts among themselves.
        Flow(source=TEMPO, destination=TEMPO),
        Flow(source=PROMETHEUS, destination=TEMPO),
        # The generator's metrics.
        Flow(source=TEMPO, destination=door(endpoints.TEMPO_DOOR), ports=(endpoints.DOOR_PORT,)),
        # S3 and STS.
        Flow(source=TEMPO, destination=EVERYWHERE, ports=(HTTPS,)),
    )


COMPONENT = Component(
    name="tempo",
    roles=(ROLE,),
    flows=flows,
    reads=("traces_bucket_name", ROLE.output),
    releases=lambda settings, outputs: [release(settings, outputs)],
)
