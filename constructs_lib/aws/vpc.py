"""The VPC: three zones with private, public and intra subnets, and routes to the internet."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.route import Route
from cdktf_cdktf_provider_aws.route_table import RouteTable
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct

from blueprint.subnets import plan_subnets
from settings.model import NatMode

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class ZonedVpcProps:
    """`availability_zones` are three; NAT mode `single` puts the gateway into the first."""

    name: str
    cidr: str
    availability_zones: tuple[str, ...]
    nat: NatMode


class ZonedVpc(Construct):
    """A VPC whose subnets follow `blueprint.subnets.plan_subnets`.

    Each private subnet has a route table of its own, so that it can have a NAT gateway of its own.
    Intra subnets have no route out of the VPC.

    Exposes: `vpc_id`; by tier and in the order of the zones `private_subnet_ids`,
    `public_subnet_ids`, `intra_subnet_ids`; `private_route_table_ids`, `intra_route_table_id`.
    """

    def __init__(self, scope: Construct, id_: str, props: ZonedVpcProps) -> None:
        super().__init__(scope, id_)
        self._props = props
        plan = plan_subnets(props.cidr)
        vpc = Vpc(
            self,
            "Resource",
            cidr_block=props.cidr,
            # Interface endpoints and the private EKS endpoint are found by private DNS.
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": props.name},
        )
        self.vpc_id: str = vpc.id
        # No rules at all: nothing can use the default group by accident.
        DefaultSecurityGroup(
            self, "default-security-group", vpc_id=vpc.id, tags={"Name": f"{props.name}-closed"}
        )
        public = self._subnets("public", plan.public, {"kubernetes.io/role/elb": "1"})
        private = self._subnets("private", plan.private, {"kubernetes.io/role/internal-elb": "1"})
        intra = self._subnets("intra", plan.intra, {})
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.intra_subnet_ids = [subnet.id for subnet in intra]

        internet_gateway = InternetGateway(
            self, "internet-gateway", vpc_id=vpc.id, tags={"Name": props.name}
        )
        public_table = self._route_table("public", public)
        Route(
            self,
            "public-internet",
            route_table_id=public_table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=internet_gateway.id,
        )
        self.intra_route_table_id: str = self._route_table("intra", intra).id
        private_tables = [
            self._route_table(f"private-{zone}", [subnet])
            for zone, subnet in zip(props.availability_zones, private, strict=True)
        ]
        self.private_route_table_ids = [table.id for table in private_tables]
        self._nat(public, private_tables, internet_gateway)

    def _subnets(self, tier: str, cidrs: Sequence[str], tags: dict[str, str]) -> list[Subnet]:
        return [
            Subnet(
                self,
                f"{tier}-{zone}",
                vpc_id=self.vpc_id,
                availability_zone=zone,
                cidr_block=cidr,
                # A load balancer or NAT gateway asks for its address itself.
                map_public_ip_on_launch=False,
                tags={"Name": f"{self._props.name}-{tier}-{zone}", **tags},
            )
            for zone, cidr in zip(self._props.availability_zones, cidrs, strict=True)
        ]

    def _route_table(self, name: str, subnets: Sequence[Subnet]) -> RouteTable:
        table = RouteTable(
            self,
            f"{name}-routes",
            vpc_id=self.vpc_id,
            tags={"Name": f"{self._props.name}-{name}"},
        )
        for subnet in subnets:
            RouteTableAssociation(
                self,
                f"{subnet.node.id}-association",
                subnet_id=subnet.id,
                route_table_id=table.id,
            )
        return table

    def _nat(
        self,
        public_subnets: Sequence[Subnet],
        private_tables: Sequence[RouteTable],
        internet_gateway: InternetGateway,
    ) -> None:
        zones = self._props.availability_zones
        gateways = {
            zone: self._nat_gateway(zone, subnet, internet_gateway)
            for zone, subnet in zip(zones, public_subnets, strict=True)
            if self._props.nat == "per_az" or (self._props.nat == "single" and zone == zones[0])
        }
        if not gateways:
            return
        for zone, table in zip(zones, private_tables, strict=True):
            Route(
                self,
                f"private-{zone}-nat",
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateways.get(zone, gateways[zones[0]]).id,
            )

    def _nat_gateway(
        self, zone: str, subnet: Subnet, internet_gateway: InternetGateway
    ) -> NatGateway:
        name = f"{self._props.name}-nat-{zone}"
        address = Eip(self, f"nat-address-{zone}", domain="vpc", tags={"Name": name})
        return NatGateway(
            self,
            f"nat-{zone}",
            allocation_id=address.id,
            subnet_id=subnet.id,
            tags={"Name": name},
            depends_on=[internet_gateway],
        )
