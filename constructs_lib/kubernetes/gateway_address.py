"""The address of a stage's gateway for its applications; the gateway is in another namespace."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_kubernetes.service_v1 import ServiceV1, ServiceV1Metadata, ServiceV1Spec
from constructs import Construct, IConstruct

from blueprint.names import GATEWAY, telemetry_namespace
from constructs_lib.dependencies import resources_in

CLUSTER_DOMAIN = "cluster.local"
"""Of every EKS cluster: the domain that CoreDNS answers for and that kubelets tell their pods."""


@dataclass(frozen=True, kw_only=True)
class GatewayAddressProps:
    """`after` is what makes the stage's namespace."""

    stage: str
    after: Sequence[IConstruct] = ()


class GatewayAddress(Construct):
    """`otel-gateway.<stage>.svc`: an alias in DNS of the gateway's own Service.

    Editors of the stage may change it. That only turns their own applications away from their
    gateway: what a gateway or a back end accepts is said at its own end.
    """

    def __init__(self, scope: Construct, id_: str, props: GatewayAddressProps) -> None:
        super().__init__(scope, id_)
        target = f"{GATEWAY}.{telemetry_namespace(props.stage)}.svc.{CLUSTER_DOMAIN}"
        ServiceV1(
            self,
            "Resource",
            metadata=ServiceV1Metadata(name=GATEWAY, namespace=props.stage),
            spec=ServiceV1Spec(type="ExternalName", external_name=target),
            depends_on=resources_in(*props.after),
        )
