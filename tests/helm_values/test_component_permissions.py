"""What each workload may do in AWS, as its documentation says it needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest
from settings_files import TODAY

from blueprint import iam_statements
from blueprint.iam_statements import Statement
from helm_values.cluster_autoscaler import cluster_autoscaler
from helm_values.component import AwsResources
from helm_values.external_secrets import external_secrets
from helm_values.loki import loki
from helm_values.tempo import tempo_role
from helm_values.thanos import thanos
from helm_values.velero import velero
from settings.load import load_environment

BUCKET = "arn:aws:s3:::bucket"
KEY = "arn:aws:kms:us-east-1:111122223333:key/k"

AWS = AwsResources(
    bucket_arns=dict.fromkeys(("metrics", "logs", "traces", "backups"), BUCKET),
    key_arn=KEY,
    cluster_name="obs-dev",
)
BackEnd = Callable[[AwsResources], tuple[Statement, ...]]

READ_WRITE = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]


def on(statements: Sequence[Statement], resource: str) -> list[str]:
    """Actions allowed on exactly this resource."""
    return [
        action
        for statement in statements
        if statement["Resource"] == resource
        for action in statement["Action"]
    ]


@pytest.mark.parametrize(
    ("back_end", "objects", "key"),
    [
        (loki.statements, READ_WRITE, ["kms:Decrypt", "kms:GenerateDataKey"]),
        (
            tempo_role.statements,
            sorted([*READ_WRITE, "s3:GetObjectTagging", "s3:PutObjectTagging"]),
            ["kms:Decrypt", "kms:GenerateDataKey"],
        ),
        (thanos.writer_statements, READ_WRITE, ["kms:Decrypt", "kms:GenerateDataKey"]),
        (thanos.reader_statements, ["s3:GetObject"], ["kms:Decrypt"]),
        (
            velero.statements,
            sorted(
                [
                    *READ_WRITE,
                    "s3:AbortMultipartUpload",
                    "s3:ListMultipartUploadParts",
                    "s3:PutObjectTagging",
                ]
            ),
            ["kms:Decrypt", "kms:GenerateDataKey"],
        ),
    ],
    ids=["loki", "tempo", "thanos_writer", "thanos_reader", "velero"],
)
def test_a_back_end_may_do_to_its_bucket_what_it_needs_and_no_more(
    back_end: BackEnd, objects: list[str], key: list[str]
) -> None:
    statements = back_end(AWS)
    # Listing is an action on the bucket; on its objects it would allow nothing.
    assert on(statements, BUCKET) == ["s3:ListBucket"]
    assert on(statements, f"{BUCKET}/*") == objects
    assert on(statements, KEY) == key


@pytest.mark.parametrize(
    "back_end",
    [
        loki.statements,
        tempo_role.statements,
        thanos.writer_statements,
        thanos.reader_statements,
    ],
)
def test_a_back_end_may_do_nothing_else(back_end: BackEnd) -> None:
    resources = {statement["Resource"] for statement in back_end(AWS)}
    assert resources == {BUCKET, f"{BUCKET}/*", KEY}


def test_velero_changes_only_what_belongs_to_kubernetes() -> None:
    statements = velero.statements(AWS)
    for action in ("ec2:CreateSnapshot", "ec2:DeleteSnapshot", "ec2:CreateTags"):
        conditions = [s.get("Condition") for s in statements if action in s["Action"]]
        assert any(conditions), action
    (tags,) = (s for s in statements if "ec2:CreateTags" in s["Action"])
    assert tags["Condition"] == {
        "StringEquals": {"ec2:CreateAction": ["CreateSnapshot", "CreateVolume"]}
    }
    (restores,) = (
        s
        for s in statements
        if s["Resource"] == "arn:aws:ec2:*::snapshot/*" and s["Action"] == ["ec2:CreateVolume"]
    )
    assert restores["Condition"]
    anything = [s for s in statements if s["Resource"] == "*"]
    assert [s["Action"] for s in anything] == [["ec2:DescribeSnapshots", "ec2:DescribeVolumes"]]


def test_the_autoscaler_changes_only_tagged_groups_of_its_cluster() -> None:
    changing = [
        statement
        for statement in cluster_autoscaler.statements(AWS)
        if not all(
            action.split(":")[1].startswith(("Describe", "Get")) for action in statement["Action"]
        )
    ]
    assert changing == [
        {
            "Effect": "Allow",
            "Action": [
                "autoscaling:SetDesiredCapacity",
                "autoscaling:TerminateInstanceInAutoScalingGroup",
            ],
            "Resource": "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*",
            "Condition": {
                "StringEquals": {
                    "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true",
                    "aws:ResourceTag/k8s.io/cluster-autoscaler/obs-dev": "owned",
                }
            },
        }
    ]


def test_the_autoscaler_describes_node_groups_of_its_cluster() -> None:
    resource = "arn:aws:eks:*:*:nodegroup/obs-dev/*/*"
    assert on(cluster_autoscaler.statements(AWS), resource) == ["eks:DescribeNodegroup"]


def test_secrets_are_read_below_a_prefix_and_not_listed() -> None:
    settings = load_environment("dev", TODAY)
    (statement,) = external_secrets.secrets_reader(settings, "prd").statements(AWS)
    start = f"arn:aws:secretsmanager:{settings.region}:{settings.account_id}:secret"
    assert statement["Resource"] == f"{start}:obs/dev/prd/*"
    assert statement["Action"] == [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:ListSecretVersionIds",
    ]


# --- Trust --------------------------------------------------------------------------------------


def test_irsa_trusts_exactly_the_named_service_accounts_and_audience() -> None:
    document = iam_statements.irsa_trust("arn:provider", "oidc.eks/id/1", ["ns"], ["one", "two"])
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": "arn:provider"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "oidc.eks/id/1:aud": "sts.amazonaws.com",
                        "oidc.eks/id/1:sub": [
                            "system:serviceaccount:ns:one",
                            "system:serviceaccount:ns:two",
                        ],
                    }
                },
            }
        ],
    }


def test_pod_identity_may_also_set_session_tags() -> None:
    (statement,) = iam_statements.pod_identity_trust()["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]


def test_a_service_may_assume_its_role() -> None:
    assert iam_statements.service_trust("ec2.amazonaws.com")["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]


def test_policies_need_no_provider() -> None:
    # What tests policies, or renders documentation from them, must not wait for the bindings.
    program = (
        "import sys, blueprint.iam_statements, helm_values.releases\n"
        "print([name for name in ('cdktf', 'jsii', 'constructs') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=600
    )
    assert done.stdout.strip() == "[]"
