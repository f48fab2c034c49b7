"""The calls to AWS that each back end makes, with the document or source that says so.

A role must be able to make exactly these. Names of resources are those of
`verification.permissions.world`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class Calls:
    """What one role is for: actions by the resources that they are done to."""

    role: str
    """Last part of the role's name, as in `COMPONENT.roles` of a component."""
    source: str
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Actions by the name of a resource."""
    managed: bool = False
    """The policy is written by AWS, which may allow more than is listed here."""

    def pairs(self) -> set[tuple[str, str]]:
        """Every (action, resource)."""
        return {(action, name) for name, actions in self.allowed.items() for action in actions}


_READ: Final = ("s3:GetObject",)
_READ_WRITE: Final = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
_ADD: Final = ("s3:GetObject", "s3:PutObject")
_KEY_READ: Final = ("kms:Decrypt",)
_KEY_READ_WRITE: Final = ("kms:Decrypt", "kms:GenerateDataKey")
"""S3 asks for a data key to write, and for decryption to read and to finish a multipart upload
("Protecting data with AWS KMS keys", S3 user guide)."""


def _bucket(
    purpose: str, objects: tuple[str, ...], key: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    return {
        f"{purpose} bucket": ("s3:ListBucket",),
        f"{purpose} objects": objects,
        "data key": key,
    }


EBS_CSI: Final = Calls(
    role="ebs-csi",
    source="AWS's policy AmazonEBSCSIDriverPolicyV2, as moto 5.2.5 carries it",
    managed=True,
    allowed={
        "everything": ("ec2:DescribeInstanceTypes", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"),
        "volume of a pod": (
            "ec2:AttachVolume",
            "ec2:CreateSnapshot",
            "ec2:DeleteVolume",
            "ec2:DetachVolume",
            "ec2:ModifyVolume",
        ),
        "snapshot of a pod's volume": ("ec2:CreateVolume", "ec2:DeleteSnapshot"),
        "new volume": ("ec2:CreateTags", "ec2:CreateVolume"),
        "new snapshot": ("ec2:CreateSnapshot", "ec2:CreateTags"),
        "instance": ("ec2:AttachVolume", "ec2:DetachVolume"),
    },
)
"""The EBS CSI driver: volumes that it has tagged itself, and attaching them to any instance."""


def _secrets_reader(namespace: str) -> Calls:
    actions = (
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:ListSecretVersionIds",
    )
    return Calls(
        role=f"ns-{namespace}",
        source="external-secrets.io, AWS Secrets Manager, IAM policy",
        allowed={f"secrets of {namespace}": actions},
    )


BACK_ENDS: Final = (
    Calls(
        role="loki",
        source=(
            "Grafana Loki documentation, Deploy Loki on AWS; its S3 client calls ListObjectsV2, "
            "GetObject, HeadObject, PutObject, DeleteObject"
        ),
        allowed=_bucket("logs", _READ_WRITE, _KEY_READ_WRITE),
    ),
    Calls(
        role="tempo",
        source="Grafana Tempo documentation, Amazon S3 permissions",
        allowed=_bucket(
            "traces",
            (*_READ_WRITE, "s3:GetObjectTagging", "s3:PutObjectTagging"),
            _KEY_READ_WRITE,
        ),
    ),
    Calls(
        role="thanos-writer",
        source="Thanos documentation, Storage, S3: policy for the components that write",
        allowed=_bucket("metrics", _READ_WRITE, _KEY_READ_WRITE),
    ),
    Calls(
        role="thanos-uploader",
        source="Thanos documentation, Storage, S3, without deleting; Sidecar: it uploads blocks",
        allowed=_bucket("metrics", _ADD, _KEY_READ_WRITE),
    ),
    Calls(
        role="thanos-reader",
        source="Thanos documentation, Storage, S3; the store gateway lists and reads",
        allowed=_bucket("metrics", _READ, _KEY_READ),
    ),
    Calls(
        role="velero",
        source="velero-plugin-for-aws, README, Set permissions for Velero",
        allowed={
            **_bucket(
                "backups",
                (
                    *_READ_WRITE,
                    "s3:AbortMultipartUpload",
                    "s3:ListMultipartUploadParts",
                    "s3:PutObjectTagging",
                ),
                _KEY_READ_WRITE,
            ),
            "everything": ("ec2:DescribeSnapshots", "ec2:DescribeVolumes"),
            "volume of a pod": ("ec2:CreateSnapshot",),
            "snapshot of a pod's volume": ("ec2:CreateVolume", "ec2:DeleteSnapshot"),
            "new volume": ("ec2:CreateTags", "ec2:CreateVolume"),
            "new snapshot": ("ec2:CreateSnapshot", "ec2:CreateTags"),
        },
    ),
    Calls(
        role="cluster-autoscaler",
        source="kubernetes/autoscaler, AWS README, Full Cluster Autoscaler Features",
        allowed={
            "everything": (
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            ),
            "group of this cluster": (
                "autoscaling:SetDesiredCapacity",
                "autoscaling:TerminateInstanceInAutoScalingGroup",
            ),
            "node group of this cluster": ("eks:DescribeNodegroup",),
        },
    ),
)


def calls(settings: Settings) -> tuple[Calls, ...]:
    """What every role of an environment's workloads is for."""
    return (
        *BACK_ENDS,
        EBS_CSI,
        *(_secrets_reader(namespace) for namespace in settings.namespaces),
    )
