"""Velero: daily backups into a bucket whose objects cannot be changed."""

from typing import Any

from blueprint.names import VELERO_SERVICE_ACCOUNT
from blueprint.resources import resources
from blueprint.sizes import METRICS
from helm_values.network_policy import API_SERVER_AND_AWS, network_policy, pods, scraped
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import OBSERVABILITY, Settings
from versions import VELERO, VELERO_PLUGIN_FOR_AWS

NAME = "velero"
_PROVIDER = "velero.io/aws"


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """In `observability`, whose node group and role it uses."""
    return Release(
        name=NAME,
        chart=VELERO,
        static="velero",
        from_settings={
            "initContainers": [_plugin()],
            "resources": METRICS[settings.size].velero.values,
            "serviceAccount": {"server": {"name": VELERO_SERVICE_ACCOUNT}},
            "configuration": {
                "defaultBackupTTL": _time_to_live(settings),
                "volumeSnapshotLocation": [
                    {
                        "name": "default",
                        "provider": _PROVIDER,
                        "config": {"region": settings.region},
                    }
                ],
            },
            "schedules": _schedules(settings),
            "extraObjects": _network_policies(),
        },
        from_stack_outputs={
            "serviceAccount": {
                "server": {"annotations": {"eks.amazonaws.com/role-arn": outputs.velero_role_arn}}
            },
            # The whole list, since Helm replaces lists.
            "configuration": {
                "backupStorageLocation": [
                    {
                        "name": "default",
                        "default": True,
                        "provider": _PROVIDER,
                        "bucket": outputs.backups_bucket_name,
                        "config": {
                            "region": settings.region,
                            # S3 takes an upload to a bucket with Object Lock only with a checksum.
                            # It is the plugin's default, but an upload without one would fail.
                            "checksumAlgorithm": "CRC32",
                        },
                    }
                ]
            },
        },
        after=(prometheus_operator_crds.NAME,),
    )


def _plugin() -> dict[str, Any]:
    return {
        "name": "velero-plugin-for-aws",
        "image": f"docker.io/velero/velero-plugin-for-aws:{VELERO_PLUGIN_FOR_AWS}",
        "resources": resources("10m 32Mi", "200m 128Mi").values,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"mountPath": "/target", "name": "plugins"}],
    }


def _time_to_live(settings: Settings) -> str:
    return f"{settings.retention_days.backups * 24}h0m0s"


def _schedules(settings: Settings) -> dict[str, Any]:
    # Hours at which little is written; UTC, as Velero's clock is.
    return {
        "stages": {
            "schedule": "0 3 * * *",
            "template": {
                "ttl": _time_to_live(settings),
                "includedNamespaces": list(settings.stages),
                "snapshotVolumes": True,
            },
        },
        # What matters in these volumes is in buckets, and dashboards are in the repository; a
        # snapshot would mostly hold caches and the compactor's scratch disk.
        OBSERVABILITY: {
            "schedule": "30 3 * * *",
            "template": {
                "ttl": _time_to_live(settings),
                "includedNamespaces": [OBSERVABILITY],
                "snapshotVolumes": False,
            },
        },
    }


def _network_policies() -> list[dict[str, Any]]:
    upgrade = network_policy(
        "velero-upgrade-crds",
        pods(component="upgrade-crds"),
        ingress=[],
        egress=[API_SERVER_AND_AWS],
    )
    # Before the hook that upgrades the CRDs, and gone after it.
    upgrade["metadata"]["annotations"] = {
        "helm.sh/hook": "pre-install,pre-upgrade,pre-rollback",
        "helm.sh/hook-weight": "-6",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
    }
    server = network_policy(
        NAME,
        pods(name="velero", instance=NAME),
        ingress=[scraped(8085)],
        egress=[API_SERVER_AND_AWS],
    )
    return [server, upgrade]
