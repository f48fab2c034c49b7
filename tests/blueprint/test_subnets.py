"""Nine subnets: inside the VPC, apart from each other, and as large as documented."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

import pytest

from blueprint.subnets import ZONES, plan_subnets

VPCS = [
    "10.0.0.0/16", "10.255.0.0/16", "172.16.0.0/17", "192.168.64.0/18", "10.10.32.0/19",
    "172.31.240.0/20",
]  # fmt: skip


def tiers(vpc: str) -> dict[str, list[IPv4Network]]:
    plan = plan_subnets(vpc)
    return {
        "private": list(map(IPv4Network, plan.private)),
        "public": list(map(IPv4Network, plan.public)),
        "intra": list(map(IPv4Network, plan.intra)),
    }


@pytest.mark.parametrize("vpc", VPCS)
def test_one_subnet_for_each_tier_and_zone(vpc: str) -> None:
    assert {tier: len(subnets) for tier, subnets in tiers(vpc).items()} == {
        "private": ZONES, "public": ZONES, "intra": ZONES,
    }  # fmt: skip


@pytest.mark.parametrize("vpc", VPCS)
def test_subnets_are_in_the_vpc_and_apart(vpc: str) -> None:
    subnets = [subnet for tier in tiers(vpc).values() for subnet in tier]

    assert all(subnet.subnet_of(IPv4Network(vpc)) for subnet in subnets)
    assert not any(a.overlaps(b) for a, b in combinations(subnets, 2))


@pytest.mark.parametrize("vpc", VPCS)
def test_sizes_are_what_the_docstring_says(vpc: str) -> None:
    length = IPv4Network(vpc).prefixlen
    sizes = {tier: {s.prefixlen for s in subnets} for tier, subnets in tiers(vpc).items()}

    assert sizes == {"private": {length + 2}, "public": {length + 4}, "intra": {length + 6}}
    # AWS takes subnets of /16 to /28, and keeps five addresses of each.
    assert max(max(lengths) for lengths in sizes.values()) <= 26


def test_a_plan_is_stable() -> None:
    """An address that changes replaces the subnet and everything in it."""
    plan = plan_subnets("10.10.0.0/16")

    assert plan.private == ("10.10.0.0/18", "10.10.64.0/18", "10.10.128.0/18")
    assert plan.public == ("10.10.192.0/20", "10.10.208.0/20", "10.10.224.0/20")
    assert plan.intra == ("10.10.240.0/22", "10.10.244.0/22", "10.10.248.0/22")
