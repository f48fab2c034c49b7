"""Divides the network of a VPC into subnets: a pure function that can be tested alone."""

import ipaddress
from dataclasses import dataclass

ZONES = 3


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """CIDR blocks by tier, one per availability zone and in the order of the zones."""

    private: tuple[str, ...]
    public: tuple[str, ...]
    intra: tuple[str, ...]


def plan_subnets(vpc_cidr: str) -> SubnetPlan:
    """Cut a VPC's network into three tiers of three subnets.

    Pods take their addresses from the private subnets, so these get a quarter of the VPC each. The
    last quarter is divided in four again: three public subnets (load balancers, NAT), and from its
    last part three intra subnets (control-plane network interfaces, no route to the internet).
    A /16 gives private /18, public /20 and intra /22; a /20 gives /22, /24 and /26.

    Args:
        vpc_cidr: an IPv4 network of /16 to /20 (the settings check this).
    """
    *private, rest = ipaddress.IPv4Network(vpc_cidr).subnets(prefixlen_diff=2)
    *public, last = rest.subnets(prefixlen_diff=2)
    intra = list(last.subnets(prefixlen_diff=2))[:ZONES]
    return SubnetPlan(
        private=tuple(map(str, private)),
        public=tuple(map(str, public)),
        intra=tuple(map(str, intra)),
    )
