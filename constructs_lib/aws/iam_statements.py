"""What each workload may do in AWS: pure functions from ARNs to IAM statements.

Every function cites where its actions come from. A resource "*" stands only where the action has no
resource-level permission, and then with a condition where AWS offers one.
"""

from collections.abc import Sequence
from typing import Any

Statement = dict[str, Any]
"""One statement of an IAM policy document."""


def policy_document(statements: Sequence[Statement]) -> dict[str, Any]:
    """Wrap statements into an IAM policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(actions: Sequence[str], resource: str | Sequence[str], **condition: Any) -> Statement:
    statement: Statement = {
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": resource if isinstance(resource, str) else list(resource),
    }
    if condition:
        statement["Condition"] = condition
    return statement


def _objects(bucket_arn: str, kms_key_arn: str, *more_actions: str) -> tuple[Statement, ...]:
    return (
        _allow(["s3:ListBucket"], bucket_arn),
        _allow(
            ["s3:DeleteObject", "s3:GetObject", "s3:PutObject", *more_actions], f"{bucket_arn}/*"
        ),
        # S3 encrypts with a data key of the bucket's KMS key on the caller's behalf.
        _allow(["kms:Decrypt", "kms:GenerateDataKey"], kms_key_arn),
    )


def loki(bucket_arn: str, kms_key_arn: str) -> tuple[Statement, ...]:
    """Loki on S3 ("Deploy Loki on AWS"); the compactor's retention deletes."""
    return _objects(bucket_arn, kms_key_arn)


def tempo(bucket_arn: str, kms_key_arn: str) -> tuple[Statement, ...]:
    """Tempo on S3 ("Amazon S3 permissions"), which tags blocks as it compacts them."""
    return _objects(bucket_arn, kms_key_arn, "s3:GetObjectTagging", "s3:PutObjectTagging")


def thanos_writer(bucket_arn: str, kms_key_arn: str) -> tuple[Statement, ...]:
    """Thanos sidecar and compactor on S3 ("Storage", section S3, of the Thanos documentation)."""
    return _objects(bucket_arn, kms_key_arn)


def thanos_reader(bucket_arn: str, kms_key_arn: str) -> tuple[Statement, ...]:
    """Thanos store gateway: it only reads blocks."""
    return (
        _allow(["s3:ListBucket"], bucket_arn),
        _allow(["s3:GetObject"], f"{bucket_arn}/*"),
        _allow(["kms:Decrypt"], kms_key_arn),
    )


def velero(bucket_arn: str, kms_key_arn: str) -> tuple[Statement, ...]:
    """Velero's AWS plugin (README of velero-plugin-for-aws), narrowed to Kubernetes volumes.

    The EBS CSI driver tags its volumes, and Velero copies a volume's tags to its snapshots.
    """
    tagged = {"aws:ResourceTag/ebs.csi.aws.com/cluster": "true"}
    return (
        *_objects(
            bucket_arn,
            kms_key_arn,
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
            "s3:PutObjectTagging",
        ),
        # EC2's Describe actions have no resource-level permissions.
        _allow(["ec2:DescribeSnapshots", "ec2:DescribeVolumes"], "*"),
        _allow(["ec2:CreateSnapshot"], "arn:aws:ec2:*:*:volume/*", StringEquals=tagged),
        _allow(["ec2:CreateSnapshot"], "arn:aws:ec2:*::snapshot/*"),
        _allow(["ec2:CreateVolume"], "arn:aws:ec2:*:*:volume/*"),
        _allow(["ec2:CreateVolume"], "arn:aws:ec2:*::snapshot/*", StringEquals=tagged),
        # Tags only while it creates, so that it cannot tag foreign resources as its own.
        _allow(
            ["ec2:CreateTags"],
            ["arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*::snapshot/*"],
            StringEquals={"ec2:CreateAction": ["CreateSnapshot", "CreateVolume"]},
        ),
        _allow(["ec2:DeleteSnapshot"], "arn:aws:ec2:*::snapshot/*", StringEquals=tagged),
    )


def cluster_autoscaler(cluster_name: str) -> tuple[Statement, ...]:
    """Cluster autoscaler with auto-discovery (its AWS README, "Full Cluster Autoscaler Features").

    EKS tags the Auto Scaling groups of managed node groups with the names in the condition.
    """
    group_tag = "aws:ResourceTag/k8s.io/cluster-autoscaler"
    return (
        # Describe actions have no resource-level permissions.
        _allow(
            [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            ],
            "*",
        ),
        _allow(["eks:DescribeNodegroup"], f"arn:aws:eks:*:*:nodegroup/{cluster_name}/*/*"),
        _allow(
            ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            # EKS chooses the groups' names, so their tags say which are meant.
            "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*",
            StringEquals={
                f"{group_tag}/enabled": "true",
                f"{group_tag}/{cluster_name}": "owned",
            },
        ),
    )


def secrets_reader(secret_arn_prefix: str) -> tuple[Statement, ...]:
    """External Secrets for one namespace ("AWS Secrets Manager", minimal policy).

    `secret_arn_prefix` ends with "/", so that namespace `prd` does not match `prd2`.
    """
    return (
        _allow(
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:ListSecretVersionIds",
            ],
            f"{secret_arn_prefix}*",
        ),
    )


def service_trust(service: str, *actions: str) -> dict[str, Any]:
    """Trust policy of a role that an AWS service assumes."""
    return policy_document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": list(actions) or "sts:AssumeRole",
            }
        ]
    )


def pod_identity_trust() -> dict[str, Any]:
    """Trust policy for EKS Pod Identity, which also sets session tags (EKS user guide)."""
    return service_trust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")


def irsa_trust(
    oidc_provider_arn: str, oidc_issuer: str, namespace: str, service_accounts: Sequence[str]
) -> dict[str, Any]:
    """Trust policy for exactly the named service accounts of one namespace.

    Args:
        oidc_provider_arn: ARN of the cluster's OIDC provider.
        oidc_issuer: issuer without `https://`.
        namespace: Kubernetes namespace of the service accounts.
        service_accounts: their names; no wildcards.
    """
    return policy_document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": oidc_provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{oidc_issuer}:aud": "sts.amazonaws.com",
                        f"{oidc_issuer}:sub": [
                            f"system:serviceaccount:{namespace}:{account}"
                            for account in service_accounts
                        ],
                    }
                },
            }
        ]
    )
