"""The VPC, its routes, endpoints and flow logs."""

from dataclasses import dataclass

from constructs import Construct

from constructs_lib.aws.flow_logs import FlowLogs, FlowLogsProps
from constructs_lib.aws.vpc import ZonedVpc, ZonedVpcProps
from constructs_lib.aws.vpc_endpoints import VpcEndpoints, VpcEndpointsProps
from settings.model import Settings
from stacks.base import EnvironmentStack
from stacks.outputs import Outputs, output


@dataclass(frozen=True, kw_only=True)
class NetworkOutputs(Outputs):
    """Subnets are in the order of the settings' availability zones."""

    stack_id = "network"

    vpc_id: str = output("VPC")
    private_subnet_ids: list[str] = output("Subnets of nodes and pods, one per zone")
    public_subnet_ids: list[str] = output("Subnets of internet-facing load balancers")
    intra_subnet_ids: list[str] = output("Subnets of the control plane, without a way out")
    flow_logs_bucket_name: str = output("Bucket of the VPC flow logs")


class NetworkStack(EnvironmentStack):
    """Owns: VPC, subnets, routes, NAT, endpoints, flow logs. Exposes: `NetworkOutputs`."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, NetworkOutputs.stack_id, settings)
        network = settings.network
        vpc = ZonedVpc(
            self,
            "vpc",
            ZonedVpcProps(
                name=settings.prefix,
                cidr=network.cidr,
                availability_zones=network.availability_zones,
                nat=network.nat,
            ),
        )
        VpcEndpoints(
            self,
            "endpoints",
            VpcEndpointsProps(
                name=settings.prefix,
                region=settings.region,
                vpc_id=vpc.vpc_id,
                vpc_cidr=network.cidr,
                route_table_ids=[*vpc.private_route_table_ids, vpc.intra_route_table_id],
                subnet_ids=vpc.private_subnet_ids,
                interface_services=network.interface_endpoints,
            ),
        )
        flow_logs = FlowLogs(self, "flow-logs", FlowLogsProps(settings=settings, vpc_id=vpc.vpc_id))
        NetworkOutputs(
            vpc_id=vpc.vpc_id,
            private_subnet_ids=vpc.private_subnet_ids,
            public_subnet_ids=vpc.public_subnet_ids,
            intra_subnet_ids=vpc.intra_subnet_ids,
            flow_logs_bucket_name=flow_logs.bucket_name,
        ).publish(self)
