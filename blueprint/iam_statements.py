"""IAM policies as data. Each workload declares its statements in its folder of `helm_values/`.

A resource "*" stands only where the action has no resource-level permission, and then with a
condition where AWS offers one.
"""

from collections.abc import Sequence
from typing import Any

Statement = dict[str, Any]
"""One statement of an IAM policy document."""


def policy_document(statements: Sequence[Statement]) -> dict[str, Any]:
    """Wrap statements into an IAM policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions: Sequence[str], resource: str | Sequence[str], **condition: Any) -> Statement:
    """Statement that allows actions on a resource, under a condition if there is one."""
    statement: Statement = {
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": resource if isinstance(resource, str) else list(resource),
    }
    if condition:
        statement["Condition"] = condition
    return statement


def read_and_write_objects(
    bucket_arn: str, kms_key_arn: str, *more_actions: str
) -> tuple[Statement, ...]:
    """List a bucket; read, write and delete its objects, which are encrypted with the key."""
    return (
        allow(["s3:ListBucket"], bucket_arn),
        allow(
            ["s3:DeleteObject", "s3:GetObject", "s3:PutObject", *more_actions], f"{bucket_arn}/*"
        ),
        # S3 encrypts with a data key of the bucket's KMS key on the caller's behalf.
        allow(["kms:Decrypt", "kms:GenerateDataKey"], kms_key_arn),
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
    oidc_provider_arn: str,
    oidc_issuer: str,
    namespaces: Sequence[str],
    service_accounts: Sequence[str],
) -> dict[str, Any]:
    """Trust policy for exactly the named service accounts of the named namespaces.

    Args:
        oidc_provider_arn: ARN of the cluster's OIDC provider.
        oidc_issuer: issuer without `https://`.
        namespaces: Kubernetes namespaces, each with all of the service accounts.
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
                            for namespace in namespaces
                            for account in service_accounts
                        ],
                    }
                },
            }
        ]
    )
