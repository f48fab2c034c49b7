"""Addresses of what holds data or an address that others know, or of which there can be but one.

Terraform knows a resource by its address. An address comes from the ids of the constructs on the
way to it, so a renamed id, or one more construct around it, makes Terraform destroy the resource
and create another: the VPC with everything in it, the buckets with all telemetry, the keys without
which nothing can be read again. If a test here fails, the change needs a `moved` block or a plan
for the data; only then change the list.
"""

from __future__ import annotations

import re

import pytest
from cdktf import App
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct
from stack_files import Stacks, SynthesizeVariation, resources

from settings.model import Settings
from stacks.base import EnvironmentStack

STATEFUL_TYPES = {
    "aws_budgets_budget",
    "aws_ce_anomaly_monitor",
    "aws_cloudwatch_log_group",
    "aws_eip",
    "aws_eks_cluster",
    "aws_eks_node_group",
    "aws_iam_openid_connect_provider",
    "aws_kms_alias",
    "aws_kms_key",
    "aws_s3_bucket",
    "aws_subnet",
    "aws_vpc",
    "kubernetes_namespace_v1",
}

ADDRESSES = {
    "state": """
        aws_budgets_budget.bill
        aws_ce_anomaly_monitor.bill_monitor
        aws_kms_alias.key_alias
        aws_kms_key.key
        aws_s3_bucket.bucket
    """,
    "network": """
        aws_eip.vpc_nat-address-us-east-1a
        aws_kms_alias.flow-logs_key_alias
        aws_kms_key.flow-logs_key
        aws_s3_bucket.flow-logs_bucket
        aws_subnet.vpc_intra-us-east-1a
        aws_subnet.vpc_intra-us-east-1b
        aws_subnet.vpc_intra-us-east-1c
        aws_subnet.vpc_private-us-east-1a
        aws_subnet.vpc_private-us-east-1b
        aws_subnet.vpc_private-us-east-1c
        aws_subnet.vpc_public-us-east-1a
        aws_subnet.vpc_public-us-east-1b
        aws_subnet.vpc_public-us-east-1c
        aws_vpc.vpc
    """,
    "cluster": """
        aws_cloudwatch_log_group.control-plane_logs
        aws_eks_cluster.control-plane
        aws_eks_node_group.nodes-dev
        aws_eks_node_group.nodes-hml
        aws_eks_node_group.nodes-observability_us-east-1a
        aws_eks_node_group.nodes-observability_us-east-1b
        aws_eks_node_group.nodes-observability_us-east-1c
        aws_eks_node_group.nodes-prd
        aws_iam_openid_connect_provider.control-plane_oidc-provider
        aws_kms_alias.control-plane_key_alias
        aws_kms_key.control-plane_key
    """,
    "storage": """
        aws_kms_alias.key_alias
        aws_kms_key.key
        aws_s3_bucket.backups
        aws_s3_bucket.logs
        aws_s3_bucket.metrics
        aws_s3_bucket.traces
    """,
    "observability": """
        kubernetes_namespace_v1.dev
        kubernetes_namespace_v1.dev-telemetry
        kubernetes_namespace_v1.hml
        kubernetes_namespace_v1.hml-telemetry
        kubernetes_namespace_v1.observability
        kubernetes_namespace_v1.prd
        kubernetes_namespace_v1.prd-telemetry
    """,
}
MORE_IN_PRD = {
    # A NAT gateway in each zone. Partners allow-list these addresses.
    "network": """
        aws_eip.vpc_nat-address-us-east-1b
        aws_eip.vpc_nat-address-us-east-1c
    """,
}

# "A name must start with a letter or underscore and may contain only letters, digits, underscores,
# and dashes" (Terraform).
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@pytest.mark.parametrize("stack", ADDRESSES)
@pytest.mark.parametrize("environment", ["dev", "prd"])
def test_what_holds_data_keeps_its_address(
    configs: dict[str, Stacks], environment: str, stack: str
) -> None:
    expected = set(ADDRESSES[stack].split())
    if environment == "prd":
        expected |= set(MORE_IN_PRD.get(stack, "").split())
    addresses = {
        address
        for address, _ in resources(configs[environment][stack])
        if address.split(".")[0] in STATEFUL_TYPES
    }
    assert addresses == expected


def test_every_name_is_one_that_terraform_accepts(
    configs: dict[str, Stacks], synthesize_variation: SynthesizeVariation
) -> None:
    sso = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/us-east-1/AWSReservedSSO_"
    variation = synthesize_variation(
        {
            "cluster": {
                "admin_role_arns": [f"{sso}Administrators_0123456789abcdef"],
                "endpoint": {"private_cidrs": ["10.30.0.0/16"]},
            },
            "namespaces": {
                "dev": {"editor_role_arns": ["arn:aws:iam::111122223333:role/team+a=b,c.d@e"]}
            },
        }
    )
    for stacks in (*configs.values(), variation):
        for config in stacks.values():
            names = [address.split(".", 1)[1] for address, _ in resources(config)]
            names += [*config.get("output", {}), *config.get("locals", {})]
            assert [name for name in names if not NAME.fullmatch(name)] == []


def test_fails_when_two_resources_of_a_type_would_have_the_same_address(
    settings: dict[str, Settings],
) -> None:
    stack = EnvironmentStack(App(), "network", settings["dev"])
    first = Vpc(Construct(stack, "a"), "b_c", cidr_block="10.0.0.0/16")
    assert first.friendly_unique_id == "a_b_c"
    second = Vpc(Construct(stack, "a_b"), "c", cidr_block="10.0.0.0/16")
    message = r"aws_vpc\.a_b_c is the name of both network/a/b_c and network/a_b/c"
    with pytest.raises(ValueError, match=message):
        stack._allocate_logical_id(second)
    with pytest.raises(Exception, match=message):
        _ = second.friendly_unique_id


def test_a_child_called_resource_takes_its_parents_name(settings: dict[str, Settings]) -> None:
    stack = EnvironmentStack(App(), "network", settings["dev"])
    vpc = Vpc(Construct(stack, "vpc"), "Resource", cidr_block="10.0.0.0/16")
    assert vpc.friendly_unique_id == "vpc"
