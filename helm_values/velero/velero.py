"""Velero: daily backups into a bucket whose objects cannot be changed."""

from typing import Any

from blueprint.durations import hours
from blueprint.iam_statements import Statement, allow, read_and_write_objects
from blueprint.resources import resources
from blueprint.sizes import METRICS
from blueprint.traffic import EVERYWHERE, HTTPS, PROMETHEUS, Flow, Pods, api_server, labelled
from helm_values.component import AwsResources, Component, WorkloadRole
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.static_values import static_values
from settings.model import OBSERVABILITY, Settings
from versions import KUBECTL_VERSION, VELERO, VELERO_PLUGIN_FOR_AWS

NAME = "velero"
SERVICE_ACCOUNT = "velero"
_PROVIDER = "velero.io/aws"
_SERVER = Pods(
    name="velero-server", namespace=OBSERVABILITY, labels=labelled("velero", instance=NAME)
)
_JOBS = Pods(
    name="velero-crds-job",
    namespace=OBSERVABILITY,
    labels={"app.kubernetes.io/component": "upgrade-crds"},
)


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """In `observability`, whose node group and role it uses."""
    return Release(
        name=NAME,
        chart=VELERO,
        static="velero",
        from_settings={
            "initContainers": [_plugin()],
            "resources": METRICS[settings.size].velero.values,
            "serviceAccount": {"server": {"name": SERVICE_ACCOUNT}},
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
            "extraObjects": [_restores_deletion()],
        },
        from_stack_outputs={
            "serviceAccount": {
                "server": {"annotations": {"eks.amazonaws.com/role-arn": outputs[ROLE.output]}}
            },
            # The whole list, since Helm replaces lists.
            "configuration": {
                "backupStorageLocation": [
                    {
                        "name": "default",
                        "default": True,
                        "provider": _PROVIDER,
                        "bucket": outputs["backups_bucket_name"],
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


def _restores_deletion() -> dict[str, Any]:
    """A hook that deletes all Restores while Velero still runs.

    Only Velero removes their finalizer (`ExternalResourcesFinalizer` in its restore_controller.go):
    with one left, the namespace would never be gone. What they restored stays. The chart's own
    `cleanUpCRDs` deletes the CRDs too, after which Helm cannot find the kinds of the release's
    other objects, and backups with them.
    """
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": "velero-delete-restores",
            "annotations": {
                "helm.sh/hook": "pre-delete",
                "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
            },
        },
        "spec": {
            "backoffLimit": 2,
            "activeDeadlineSeconds": 180,
            "template": {
                "metadata": {"labels": dict(_JOBS.labels)},
                "spec": {
                    "restartPolicy": "Never",
                    "serviceAccountName": SERVICE_ACCOUNT,
                    "securityContext": static_values("velero")["podSecurityContext"],
                    "containers": [_kubectl()],
                },
            },
        },
    }


def _kubectl() -> dict[str, Any]:
    return {
        "name": "kubectl",
        "image": f"registry.k8s.io/kubectl:{KUBECTL_VERSION}",
        "command": ["/bin/kubectl", "delete", "restores.velero.io", "--all"],
        "args": [f"--namespace={OBSERVABILITY}", "--timeout=150s"],
        "resources": resources("20m 64Mi", "100m 128Mi").values,
        "securityContext": static_values("velero")["containerSecurityContext"],
    }


def _time_to_live(settings: Settings) -> str:
    return f"{hours(settings.retention_days.backups)}0m0s"


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


def flows(settings: Settings) -> tuple[Flow, ...]:
    """The server, and the jobs before a release and before its end."""
    return (
        Flow(source=PROMETHEUS, destination=_SERVER, ports=(8085,)),
        Flow(source=_SERVER, destination=api_server(settings), ports=(HTTPS,)),
        # S3 and STS.
        Flow(source=_SERVER, destination=EVERYWHERE, ports=(HTTPS,)),
        Flow(source=_JOBS, destination=api_server(settings), ports=(HTTPS,)),
    )


def statements(aws: AwsResources) -> tuple[Statement, ...]:
    """Velero's AWS plugin (README of velero-plugin-for-aws), narrowed to Kubernetes volumes.

    The EBS CSI driver tags its volumes, and Velero copies a volume's tags to its snapshots.
    """
    tagged = {"aws:ResourceTag/ebs.csi.aws.com/cluster": "true"}
    return (
        *read_and_write_objects(
            aws.bucket_arns["backups"],
            aws.key_arn,
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
            "s3:PutObjectTagging",
        ),
        # EC2's Describe actions have no resource-level permissions.
        allow(["ec2:DescribeSnapshots", "ec2:DescribeVolumes"], "*"),
        allow(["ec2:CreateSnapshot"], "arn:aws:ec2:*:*:volume/*", StringEquals=tagged),
        allow(["ec2:CreateSnapshot"], "arn:aws:ec2:*::snapshot/*"),
        allow(["ec2:CreateVolume"], "arn:aws:ec2:*:*:volume/*"),
        allow(["ec2:CreateVolume"], "arn:aws:ec2:*::snapshot/*", StringEquals=tagged),
        # Tags only while it creates, so that it cannot tag foreign resources as its own.
        allow(
            ["ec2:CreateTags"],
            ["arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*::snapshot/*"],
            StringEquals={"ec2:CreateAction": ["CreateSnapshot", "CreateVolume"]},
        ),
        allow(["ec2:DeleteSnapshot"], "arn:aws:ec2:*::snapshot/*", StringEquals=tagged),
    )


ROLE = WorkloadRole(
    name=NAME,
    description="Role of Velero",
    service_accounts=(SERVICE_ACCOUNT,),
    statements=statements,
)

COMPONENT = Component(
    name=NAME,
    roles=(ROLE,),
    flows=flows,
    reads=("backups_bucket_name", ROLE.output),
    releases=lambda settings, outputs: [release(settings, outputs)],
)
