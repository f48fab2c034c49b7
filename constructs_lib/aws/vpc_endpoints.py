"""Private endpoints of AWS services: S3 always, others by setting."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class VpcEndpointsProps:
    """`interface_services` are the last parts of service names, such as `ecr.api`."""

    name: str
    region: str
    vpc_id: str
    vpc_cidr: str
    route_table_ids: Sequence[str]
    subnet_ids: Sequence[str]
    interface_services: Sequence[str]


class VpcEndpoints(Construct):
    """The S3 gateway endpoint, which is free and keeps telemetry off NAT, and interface endpoints.

    Interface endpoints cost per zone and hour; they are in each zone, so that a zone's failure does
    not cut off the others.
    """

    def __init__(self, scope: Construct, id_: str, props: VpcEndpointsProps) -> None:
        super().__init__(scope, id_)
        VpcEndpoint(
            self,
            "s3",
            vpc_id=props.vpc_id,
            service_name=f"com.amazonaws.{props.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(props.route_table_ids),
            tags={"Name": f"{props.name}-s3"},
        )
        if not props.interface_services:
            return
        group = SecurityGroup(
            self,
            "security-group",
            name=f"{props.name}-vpc-endpoints",
            description="HTTPS from the VPC to AWS services",
            vpc_id=props.vpc_id,
            tags={"Name": f"{props.name}-vpc-endpoints"},
        )
        VpcSecurityGroupIngressRule(
            self,
            "https-from-vpc",
            security_group_id=group.id,
            description="HTTPS from the VPC",
            cidr_ipv4=props.vpc_cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
        )
        for service in props.interface_services:
            VpcEndpoint(
                self,
                service.replace(".", "-"),
                vpc_id=props.vpc_id,
                service_name=f"com.amazonaws.{props.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=list(props.subnet_ids),
                security_group_ids=[group.id],
                tags={"Name": f"{props.name}-{service}"},
            )
