"""Subnets, ways out, private ways to AWS, and the record of traffic."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from stack_files import (
    Config,
    Stacks,
    SynthesizeVariation,
    instances,
    only,
    policy,
    references,
    resource,
)

from settings.model import Settings

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
ANYWHERE = "0.0.0.0/0"
# Without NAT these are required, as settings/checks.py says.
ENDPOINTS_WITHOUT_NAT = [
    "autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "secretsmanager", "sts",
]  # fmt: skip


def route_table_of(network: Config, subnet: str) -> str:
    """Address of the route table that a subnet uses."""
    (table,) = (
        address
        for association in instances(network, "aws_route_table_association").values()
        if references(association["subnet_id"]) == {f"aws_subnet.{subnet}"}
        for address in references(association["route_table_id"])
    )
    return table


def default_routes(network: Config) -> dict[str, Config]:
    """Route to the internet by the address of its route table."""
    return {
        address: route
        for route in instances(network, "aws_route").values()
        for address in references(route["route_table_id"])
        if route["destination_cidr_block"] == ANYWHERE
    }


def nat_zone_of(network: Config, zone: str) -> str:
    """Zone of the NAT gateway by which the nodes of a zone reach the internet."""
    route = default_routes(network)[route_table_of(network, f"vpc_private-{zone}")]
    (gateway,) = references(route["nat_gateway_id"])
    (subnet,) = references(resource(network, gateway)["subnet_id"])
    assert subnet.startswith("aws_subnet.vpc_public-")
    nat_zone: str = resource(network, subnet)["availability_zone"]
    return nat_zone


# --- Subnets ------------------------------------------------------------------------------------


def test_each_zone_has_a_subnet_of_each_tier(dev: Stacks) -> None:
    zones: dict[str, list[str]] = {}
    for name, subnet in instances(dev["network"], "aws_subnet").items():
        tier = name.removeprefix("vpc_").split("-")[0]
        zones.setdefault(tier, []).append(subnet["availability_zone"])
    assert {tier: tuple(sorted(names)) for tier, names in zones.items()} == {
        "private": ZONES,
        "public": ZONES,
        "intra": ZONES,
    }


def test_subnets_lie_in_the_vpc_and_apart(prd: Stacks, settings: dict[str, Settings]) -> None:
    vpc = ipaddress.IPv4Network(settings["prd"].network.cidr)
    assert instances(prd["network"], "aws_vpc")["vpc"]["cidr_block"] == str(vpc)
    subnets = [
        ipaddress.IPv4Network(subnet["cidr_block"])
        for subnet in instances(prd["network"], "aws_subnet").values()
    ]
    assert all(subnet.subnet_of(vpc) for subnet in subnets)
    for index, subnet in enumerate(subnets):
        assert not any(subnet.overlaps(other) for other in subnets[index + 1 :])


def test_nothing_gets_a_public_address_by_being_started(dev: Stacks) -> None:
    for subnet in instances(dev["network"], "aws_subnet").values():
        assert subnet["map_public_ip_on_launch"] is False


def test_private_dns_works_in_the_vpc(dev: Stacks) -> None:
    vpc = instances(dev["network"], "aws_vpc")["vpc"]
    assert vpc["enable_dns_support"] is True
    assert vpc["enable_dns_hostnames"] is True


@pytest.mark.parametrize(
    ("tier", "tags"),
    [
        ("public", {"kubernetes.io/role/elb"}),
        ("private", {"kubernetes.io/role/internal-elb"}),
        ("intra", set()),
    ],
)
def test_load_balancers_find_their_subnets_by_tag(dev: Stacks, tier: str, tags: set[str]) -> None:
    for zone in ZONES:
        subnet = instances(dev["network"], "aws_subnet")[f"vpc_{tier}-{zone}"]
        roles = {key: value for key, value in subnet["tags"].items() if "/role/" in key}
        assert roles == dict.fromkeys(tags, "1")


def test_the_default_security_group_allows_nothing(dev: Stacks) -> None:
    network = dev["network"]
    group = only(instances(network, "aws_default_security_group"))
    assert group["vpc_id"] == "${aws_vpc.vpc.id}"
    assert "ingress" not in group
    assert "egress" not in group
    name = "aws_default_security_group"
    for kind in ("aws_vpc_security_group_ingress_rule", "aws_security_group_rule"):
        for rule in instances(network, kind).values():
            assert not any(address.startswith(name) for address in references(rule))


# --- Ways out -----------------------------------------------------------------------------------


def test_public_subnets_reach_the_internet_directly(dev: Stacks) -> None:
    network = dev["network"]
    for zone in ZONES:
        route = default_routes(network)[route_table_of(network, f"vpc_public-{zone}")]
        assert references(route["gateway_id"]) == {"aws_internet_gateway.vpc_internet-gateway"}


def test_intra_subnets_have_no_default_route(prd: Stacks) -> None:
    network = prd["network"]
    for zone in ZONES:
        assert route_table_of(network, f"vpc_intra-{zone}") not in default_routes(network)


def test_nat_per_az_routes_each_private_subnet_to_its_own_zone(prd: Stacks) -> None:
    assert {zone: nat_zone_of(prd["network"], zone) for zone in ZONES} == {
        zone: zone for zone in ZONES
    }


def test_single_nat_serves_every_zone_from_the_first(dev: Stacks) -> None:
    assert len(instances(dev["network"], "aws_nat_gateway")) == 1
    assert {nat_zone_of(dev["network"], zone) for zone in ZONES} == {ZONES[0]}


def test_nat_none_has_no_nat_gateway_and_no_way_out_of_private_subnets(
    synthesize_variation: SynthesizeVariation,
) -> None:
    network = synthesize_variation(
        {"network": {"nat": "none", "interface_endpoints": ENDPOINTS_WITHOUT_NAT}}
    )["network"]
    assert instances(network, "aws_nat_gateway") == {}
    assert instances(network, "aws_eip") == {}
    for zone in ZONES:
        assert route_table_of(network, f"vpc_private-{zone}") not in default_routes(network)


@pytest.mark.parametrize("environment", ["dev", "prd"])
def test_a_nat_gateway_has_an_address_and_waits_for_the_internet_gateway(
    configs: dict[str, Stacks], environment: str
) -> None:
    network = configs[environment]["network"]
    for name, gateway in instances(network, "aws_nat_gateway").items():
        zone = name.removeprefix("vpc_nat-")
        assert references(gateway["allocation_id"]) == {f"aws_eip.vpc_nat-address-{zone}"}
        assert "aws_internet_gateway.vpc_internet-gateway" in gateway["depends_on"]


# --- Private ways to AWS ------------------------------------------------------------------------


@pytest.mark.parametrize("environment", ["dev", "prd"])
def test_s3_gateway_endpoint_is_on_private_and_intra_route_tables(
    configs: dict[str, Stacks], environment: str
) -> None:
    network = configs[environment]["network"]
    endpoint = instances(network, "aws_vpc_endpoint")["endpoints_s3"]
    assert endpoint["vpc_endpoint_type"] == "Gateway"
    assert endpoint["service_name"] == "com.amazonaws.us-east-1.s3"
    assert references(endpoint["route_table_ids"]) == {
        route_table_of(network, f"vpc_{tier}-{zone}")
        for tier in ("private", "intra")
        for zone in ZONES
    }


def test_without_interface_endpoints_there_is_only_the_free_one(dev: Stacks) -> None:
    assert list(instances(dev["network"], "aws_vpc_endpoint")) == ["endpoints_s3"]
    assert instances(dev["network"], "aws_security_group") == {}


def test_interface_endpoints_are_those_of_the_settings_in_every_zone(
    prd: Stacks, settings: dict[str, Settings]
) -> None:
    network = prd["network"]
    endpoints = {
        endpoint["service_name"].removeprefix("com.amazonaws.us-east-1."): endpoint
        for endpoint in instances(network, "aws_vpc_endpoint").values()
        if endpoint["vpc_endpoint_type"] == "Interface"
    }
    assert set(endpoints) == set(settings["prd"].network.interface_endpoints)
    for endpoint in endpoints.values():
        # Otherwise the SDKs' usual names would still lead to the public addresses.
        assert endpoint["private_dns_enabled"] is True
        assert references(endpoint["subnet_ids"]) == {
            f"aws_subnet.vpc_private-{zone}" for zone in ZONES
        }
        assert references(endpoint["security_group_ids"]) == {
            "aws_security_group.endpoints_security-group"
        }


def test_interface_endpoints_take_https_from_the_vpc_alone(prd: Stacks) -> None:
    rule = only(instances(prd["network"], "aws_vpc_security_group_ingress_rule"))
    assert references(rule["security_group_id"]) == {"aws_security_group.endpoints_security-group"}
    assert (rule["ip_protocol"], rule["from_port"], rule["to_port"]) == ("tcp", 443, 443)
    assert rule["cidr_ipv4"] == instances(prd["network"], "aws_vpc")["vpc"]["cidr_block"]


# --- Flow logs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", ["dev", "prd"])
def test_all_traffic_is_logged_to_a_bucket_by_the_hour(
    configs: dict[str, Stacks], environment: str
) -> None:
    log = only(instances(configs[environment]["network"], "aws_flow_log"))
    assert log["traffic_type"] == "ALL"
    assert log["vpc_id"] == "${aws_vpc.vpc.id}"
    assert log["log_destination_type"] == "s3"
    assert log["log_destination"] == "${aws_s3_bucket.flow-logs_bucket.arn}"
    assert log["destination_options"] == {
        "file_format": "parquet",
        "hive_compatible_partitions": True,
        "per_hour_partition": True,
    }


def test_flow_logs_wait_for_the_bucket_policy_that_lets_them_write(dev: Stacks) -> None:
    log = only(instances(dev["network"], "aws_flow_log"))
    assert "aws_s3_bucket_policy.flow-logs_bucket_policy" in log["depends_on"]


def test_flow_log_bucket_takes_deliveries_of_this_account_and_region_only(
    prd: Stacks, settings: dict[str, Settings]
) -> None:
    account = settings["prd"].account_id
    name = settings["prd"].bucket_name("flow-logs")
    bucket = instances(prd["network"], "aws_s3_bucket")["flow-logs_bucket"]
    assert bucket["bucket"] == name
    statements = {
        statement["Sid"]: statement
        for statement in policy(only(instances(prd["network"], "aws_s3_bucket_policy"))["policy"])
    }
    source: dict[str, Any] = {"ArnLike": {"aws:SourceArn": f"arn:aws:logs:us-east-1:{account}:*"}}
    write = statements["AWSLogDeliveryWrite"]
    assert write["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert write["Action"] == "s3:PutObject"
    # The folder that Hive-compatible partitions make; with the usual one EC2 refuses the flow log.
    assert write["Resource"] == f"arn:aws:s3:::{name}/AWSLogs/aws-account-id={account}/*"
    assert write["Condition"] == source | {
        "StringEquals": {
            "aws:SourceAccount": account,
            "s3:x-amz-acl": "bucket-owner-full-control",
        }
    }
    check = statements["AWSLogDeliveryAclCheck"]
    assert check["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert check["Action"] == ["s3:GetBucketAcl", "s3:ListBucket"]
    assert check["Resource"] == f"arn:aws:s3:::{name}"
    assert check["Condition"] == source | {"StringEquals": {"aws:SourceAccount": account}}
    assert set(statements) == {"DenyWithoutTls", "AWSLogDeliveryWrite", "AWSLogDeliveryAclCheck"}


def test_log_delivery_may_use_the_key_for_this_account_only(
    prd: Stacks, settings: dict[str, Settings]
) -> None:
    account = settings["prd"].account_id
    (statement,) = (
        statement
        for statement in policy(instances(prd["network"], "aws_kms_key")["flow-logs_key"]["policy"])
        if statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    )
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:logs:us-east-1:{account}:*"},
    }
    # What AWS documents for buckets with SSE-KMS: without Decrypt, objects are missing.
    assert statement["Action"] == [
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
    ]
