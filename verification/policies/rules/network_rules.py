"""Network: nothing is open to the world, and all traffic is logged."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from blueprint.documents import Config
from synthesis.reading import as_list, instances, resources
from verification.policies.rule import Breach, Rule, Subject

WIDEST = 8
"""Shortest prefix of a network that may be let in: 10.0.0.0/8 is the widest private one."""

IN_THE_CLUSTER = ".svc.cluster.local"
"""End of the names of Services, as the cluster's DNS knows them."""

_CIDRS = ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks")


def _is_open(cidr: str) -> bool:
    return "${" not in cidr and ip_network(cidr, strict=False).prefixlen < WIDEST


def _entrances(config: Config) -> Iterator[tuple[str, Config]]:
    """What lets traffic in, whichever of Terraform's three forms it has."""
    for address, body in resources(config):
        kind = address.partition(".")[0]
        is_rule = kind == "aws_security_group_rule" and body.get("type") == "ingress"
        if kind == "aws_vpc_security_group_ingress_rule" or is_rule:
            yield address, body
        for block in as_list(body.get("ingress", [])):
            if kind in ("aws_security_group", "aws_default_security_group", "aws_network_acl"):
                yield address, block


def _ingress(subject: Subject) -> Iterator[Breach]:
    for address, body in _entrances(subject.config):
        for argument in _CIDRS:
            for cidr in as_list(body.get(argument, [])):
                if _is_open(cidr):
                    yield Breach(address, f"lets in {cidr}")


def _api(subject: Subject) -> Iterator[Breach]:
    for name, cluster in instances(subject.config, "aws_eks_cluster").items():
        address = f"aws_eks_cluster.{name}"
        vpc = cluster["vpc_config"]
        if vpc.get("endpoint_private_access") is not True:
            yield Breach(address, "nodes would reach the API over the internet")
        # What AWS takes when the argument is left out.
        if vpc.get("endpoint_public_access", True) is False:
            continue
        allowed = vpc.get("public_access_cidrs", ["0.0.0.0/0"])
        for cidr in allowed or ["0.0.0.0/0"]:
            if _is_open(cidr):
                yield Breach(address, f"the API is open to {cidr}")


def _addresses(subject: Subject) -> Iterator[Breach]:
    for address, body in resources(subject.config):
        for argument in ("map_public_ip_on_launch", "associate_public_ip_address"):
            if body.get(argument, False) is not False:
                yield Breach(address, f"{argument}: a machine is on the internet by being started")


def _default_group(subject: Subject) -> Iterator[Breach]:
    closed = {
        group["vpc_id"]
        for group in instances(subject.config, "aws_default_security_group").values()
    }
    for name in instances(subject.config, "aws_vpc"):
        if f"${{aws_vpc.{name}.id}}" not in closed:
            yield Breach(f"aws_vpc.{name}", "its default security group is left as AWS makes it")
    for name, group in instances(subject.config, "aws_default_security_group").items():
        if group.get("ingress") or group.get("egress"):
            yield Breach(f"aws_default_security_group.{name}", "allows traffic")


def _flow_logs(subject: Subject) -> Iterator[Breach]:
    logged = {
        log["vpc_id"]
        for log in instances(subject.config, "aws_flow_log").values()
        if log.get("traffic_type") == "ALL"
    }
    for name in instances(subject.config, "aws_vpc"):
        if f"${{aws_vpc.{name}.id}}" not in logged:
            yield Breach(f"aws_vpc.{name}", "not all of its traffic is logged")


def _services(subject: Subject) -> Iterator[Breach]:
    for address, body in resources(subject.config):
        if address.partition(".")[0] in ("kubernetes_service", "kubernetes_service_v1"):
            for spec in as_list(body["spec"]):
                kind = spec.get("type", "ClusterIP")
                if kind == "ExternalName":
                    name = spec.get("external_name", "")
                    if not name.endswith(IN_THE_CLUSTER):
                        yield Breach(address, f"leads out of the cluster, to {name}")
                elif kind != "ClusterIP":
                    yield Breach(address, f"type {kind}; allowed: ClusterIP, ExternalName")
        if address.partition(".")[0] in ("aws_lb", "aws_alb", "aws_elb"):
            yield Breach(address, "a load balancer; allowed: none")


RULES = (
    Rule(
        id="network-no-open-entrance",
        title="No security group lets in the world",
        reason="What listens would be attacked by everybody.",
        source="AWS Security Hub EC2.18, EC2.19",
        check=_ingress,
    ),
    Rule(
        id="network-api-is-not-open",
        title="The Kubernetes API is private, or open to an allow-list",
        reason="Its authentication would be the only thing between the world and the cluster.",
        source="AWS Security Hub EKS.1",
        check=_api,
    ),
    Rule(
        id="network-no-public-addresses",
        title="Nothing gets a public address by being started",
        reason="A node in the wrong subnet would be on the internet.",
        source="AWS Security Hub EC2.15",
        check=_addresses,
    ),
    Rule(
        id="network-default-group-is-closed",
        title="A VPC's default security group allows nothing",
        reason="Whatever names no group gets this one.",
        source="AWS Security Hub EC2.2",
        check=_default_group,
    ),
    Rule(
        id="network-traffic-is-logged",
        title="All traffic of a VPC is logged",
        reason="Without it an intrusion cannot be followed.",
        source="AWS Security Hub EC2.6",
        check=_flow_logs,
    ),
    Rule(
        id="network-no-load-balancers",
        title="No load balancer, and Services inside the cluster only",
        reason="One would be a way in that no settings name, and survives `make destroy`.",
        source="docs/reference/traffic.md: every way in is in blueprint/traffic.py",
        check=_services,
    ),
)
