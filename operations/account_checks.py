"""Asks AWS before an environment is changed: is it the right account, and what is left in it?

Both read what was synthesized, which is what Terraform would change, and not the settings.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CLUSTER_TAG: Final = "kubernetes.io/cluster/"
"""Beginning of the tag that the EBS CSI driver and controllers put on what they make."""

OWN_GROUPS: Final = ("default", "eks-cluster-sg-")
"""Names, or beginnings of names, of security groups that go with the VPC and the cluster."""


class AwsCheckError(Exception):
    """AWS could not be asked, or it is the wrong account; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The account, region and names that the synthesized stacks are for."""

    account_id: str
    region: str
    project: str
    environment: str
    cluster_name: str | None


@dataclass(frozen=True)
class Leftover:
    """Something that Terraform did not make and that would be lost, cost money or be in the way."""

    kind: str
    id: str
    why: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}: {self.why}"


def read_target(output: Path) -> Target | None:
    """What the stacks in a synthesized folder are for; None if they are not for AWS."""
    state = _config(output, "state")
    providers = state.get("provider", {}).get("aws")
    if not providers:
        return None
    (provider,) = providers
    tags = provider["default_tags"][0]["tags"]
    clusters = _config(output, "cluster").get("resource", {}).get("aws_eks_cluster", {})
    names = [str(cluster["name"]) for cluster in clusters.values()]
    return Target(
        account_id=provider["allowed_account_ids"][0],
        region=provider["region"],
        project=tags["Project"],
        environment=tags["Environment"],
        cluster_name=names[0] if names else None,
    )


def _config(output: Path, stack: str) -> dict[str, Any]:
    file = output / "stacks" / stack / "cdk.tf.json"
    if not file.is_file():
        return {}
    config: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return config


def check_account(target: Target) -> None:
    """Make sure that the credentials are those of the environment's account and region.

    Raises:
        AwsCheckError: they are not, or there are none.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        region = os.environ.get(variable, target.region)
        if region != target.region:
            raise AwsCheckError(
                f"Wrong region: {variable} is {region}, and {target.environment} is in "
                f"{target.region}. Unset it, or set it to {target.region}."
            )
    try:
        identity = _client(target, "sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise AwsCheckError(
            f"AWS did not accept the credentials: {error} Log in to account {target.account_id} "
            "(aws sso login, AWS_PROFILE)."
        ) from None
    if identity["Account"] != target.account_id:
        raise AwsCheckError(
            f"Wrong account: you are {identity['Arn']} in {identity['Account']}, and "
            f"{target.environment} is in {target.account_id}. Choose another AWS_PROFILE."
        )


def find_leftovers(target: Target, stack: str) -> list[Leftover]:
    """What blocks the destruction of a stack, or would still cost money after it.

    Raises:
        AwsCheckError: AWS could not be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        if stack == "cluster":
            return [*_load_balancers(target), *_volumes(target)]
        if stack == "network":
            return [*_load_balancers(target), *_interfaces(target), *_security_groups(target)]
    except (BotoCoreError, ClientError) as error:
        raise AwsCheckError(f"AWS could not list leftovers: {error}") from None
    return []


def _client(target: Target, service: str) -> Any:
    # Installed by `make setup-dev`, which deploy, destroy and drift depend on.
    import boto3

    return boto3.client(service, region_name=target.region)


def _vpcs(target: Target) -> list[str]:
    filters = [
        {"Name": "tag:Project", "Values": [target.project]},
        {"Name": "tag:Environment", "Values": [target.environment]},
    ]
    vpcs = _client(target, "ec2").describe_vpcs(Filters=filters)["Vpcs"]
    return [vpc["VpcId"] for vpc in vpcs]


def _load_balancers(target: Target) -> Iterator[Leftover]:
    vpcs = _vpcs(target)
    why = "created by a controller in the cluster, which must remove it while it runs"
    for page in _client(target, "elbv2").get_paginator("describe_load_balancers").paginate():
        for balancer in page["LoadBalancers"]:
            if balancer["VpcId"] in vpcs:
                yield Leftover("load balancer", balancer["LoadBalancerName"], why)
    for page in _client(target, "elb").get_paginator("describe_load_balancers").paginate():
        for balancer in page["LoadBalancerDescriptions"]:
            if balancer.get("VPCId") in vpcs:
                yield Leftover("classic load balancer", balancer["LoadBalancerName"], why)


def _volumes(target: Target) -> Iterator[Leftover]:
    if not target.cluster_name:
        return
    filters = [{"Name": "tag-key", "Values": [f"{CLUSTER_TAG}{target.cluster_name}"]}]
    ec2 = _client(target, "ec2")
    for page in ec2.get_paginator("describe_volumes").paginate(Filters=filters):
        for volume in page["Volumes"]:
            tags = {tag["Key"]: tag["Value"] for tag in volume.get("Tags", [])}
            claim = tags.get("kubernetes.io/created-for/pvc/name")
            # Disks of nodes go with their nodes.
            if claim:
                why = (
                    f"holds the data of claim {claim} and still costs money ({volume['Size']} GiB)"
                )
                yield Leftover("volume", volume["VolumeId"], why)


def _interfaces(target: Target) -> Iterator[Leftover]:
    vpcs = _vpcs(target)
    if not vpcs:
        return
    filters = [{"Name": "vpc-id", "Values": vpcs}, {"Name": "status", "Values": ["available"]}]
    ec2 = _client(target, "ec2")
    for page in ec2.get_paginator("describe_network_interfaces").paginate(Filters=filters):
        for interface in page["NetworkInterfaces"]:
            why = "is not attached, and its subnet cannot be deleted before it"
            yield Leftover("network interface", interface["NetworkInterfaceId"], why)


def _security_groups(target: Target) -> Iterator[Leftover]:
    vpcs = _vpcs(target)
    if not vpcs:
        return
    filters = [{"Name": "vpc-id", "Values": vpcs}]
    ec2 = _client(target, "ec2")
    for page in ec2.get_paginator("describe_security_groups").paginate(Filters=filters):
        for group in page["SecurityGroups"]:
            tags = {tag["Key"]: tag["Value"] for tag in group.get("Tags", [])}
            ours = tags.get("ManagedBy") == "terraform" or group["GroupName"].startswith(OWN_GROUPS)
            if not ours:
                why = f"{group['GroupName']} is not ours, and the VPC cannot be deleted before it"
                yield Leftover("security group", group["GroupId"], why)
