"""What the parts of Thanos share: labels, service account, Services, network policy, bucket."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1, ConfigMapV1Metadata
from cdktf_cdktf_provider_kubernetes.network_policy_v1 import (
    NetworkPolicyV1,
    NetworkPolicyV1Metadata,
    NetworkPolicyV1Spec,
    NetworkPolicyV1SpecEgress,
    NetworkPolicyV1SpecEgressPorts,
    NetworkPolicyV1SpecEgressTo,
    NetworkPolicyV1SpecEgressToPodSelector,
    NetworkPolicyV1SpecIngress,
    NetworkPolicyV1SpecIngressFrom,
    NetworkPolicyV1SpecIngressFromPodSelector,
    NetworkPolicyV1SpecIngressPorts,
    NetworkPolicyV1SpecPodSelector,
)
from cdktf_cdktf_provider_kubernetes.pod_disruption_budget_v1 import (
    PodDisruptionBudgetV1,
    PodDisruptionBudgetV1Metadata,
    PodDisruptionBudgetV1Spec,
    PodDisruptionBudgetV1SpecSelector,
)
from cdktf_cdktf_provider_kubernetes.service_account_v1 import (
    ServiceAccountV1,
    ServiceAccountV1Metadata,
)
from cdktf_cdktf_provider_kubernetes.service_v1 import (
    ServiceV1,
    ServiceV1Metadata,
    ServiceV1Spec,
    ServiceV1SpecPort,
)
from constructs import Construct

from blueprint import thanos
from blueprint.thanos import Component
from settings.model import OBSERVABILITY
from versions import THANOS_VERSION

NAME_LABEL = "app.kubernetes.io/name"
PROMETHEUS = "prometheus"
"""Label of the operator's pods: they hold the sidecars, and they scrape."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of a pod, and of its Service."""

    name: str
    number: int


GRPC = Port(name="grpc", number=thanos.GRPC_PORT)
HTTP = Port(name="http", number=thanos.HTTP_PORT)


class ObjectStorage(Construct):
    """Tells components where their bucket is. A ConfigMap: it holds no secret.

    Exposes: `name`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        content: str,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        config_map = ConfigMapV1(
            self,
            "Resource",
            metadata=ConfigMapV1Metadata(
                name="thanos-object-storage", namespace=OBSERVABILITY, labels=labels("thanos")
            ),
            data={thanos.OBJECT_STORAGE_FILE: content},
            depends_on=list(after),
        )
        # The resource's name, so that Terraform makes it before the pods that mount it.
        self.name: str = config_map.metadata.name


def labels(name: str) -> dict[str, str]:
    """Labels of an object; Prometheus finds what to scrape by `part-of`."""
    return {
        **selector(name),
        "app.kubernetes.io/part-of": "thanos",
        "app.kubernetes.io/version": THANOS_VERSION,
        "app.kubernetes.io/managed-by": "terraform",
    }


def selector(name: str) -> dict[str, str]:
    """Labels that never change, by which pods are found."""
    return {NAME_LABEL: name}


def service_account(
    scope: Construct,
    component: Component,
    role_arn: str | None,
    after: Sequence[ITerraformDependable],
) -> None:
    """Make the account of the component's name. Its pods do not talk to the Kubernetes API."""
    ServiceAccountV1(
        scope,
        "service-account",
        metadata=ServiceAccountV1Metadata(
            name=component.name,
            namespace=OBSERVABILITY,
            labels=labels(component.name),
            annotations={"eks.amazonaws.com/role-arn": role_arn} if role_arn else None,
        ),
        automount_service_account_token=False,
        depends_on=list(after),
    )


def service(
    scope: Construct,
    component: Component,
    ports: Sequence[Port],
    after: Sequence[ITerraformDependable],
    *,
    headless: bool,
) -> None:
    """Make the Service; a headless one names each pod in DNS."""
    ServiceV1(
        scope,
        "service",
        metadata=ServiceV1Metadata(
            name=component.name, namespace=OBSERVABILITY, labels=labels(component.name)
        ),
        spec=ServiceV1Spec(
            cluster_ip="None" if headless else None,
            selector=selector(component.name),
            port=[
                ServiceV1SpecPort(name=port.name, port=port.number, target_port=str(port.number))
                for port in ports
            ],
        ),
        depends_on=list(after),
    )


def disruption_budget(
    scope: Construct, component: Component, after: Sequence[ITerraformDependable]
) -> None:
    """Keep one of several replicas during a drain; of one, it would keep the node from draining."""
    if component.replicas < 2:
        return
    PodDisruptionBudgetV1(
        scope,
        "disruption-budget",
        metadata=PodDisruptionBudgetV1Metadata(
            name=component.name, namespace=OBSERVABILITY, labels=labels(component.name)
        ),
        spec=PodDisruptionBudgetV1Spec(
            max_unavailable="1",
            selector=PodDisruptionBudgetV1SpecSelector(match_labels=selector(component.name)),
        ),
        depends_on=list(after),
    )


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Whom a component talks to, by the name label of pods; ports are those of the pods.

    The namespace denies all else but DNS. `to_aws` opens HTTPS to anywhere: S3 and STS have no
    fixed addresses.
    """

    grpc_from: tuple[str, ...] = ()
    http_from: tuple[str, ...] = (PROMETHEUS,)
    grpc_to: tuple[str, ...] = ()
    to_aws: bool = False


def network_policy(
    scope: Construct,
    component: Component,
    traffic: Traffic,
    after: Sequence[ITerraformDependable],
) -> None:
    """Allow the traffic, and nothing else."""
    NetworkPolicyV1(
        scope,
        "network-policy",
        metadata=NetworkPolicyV1Metadata(
            name=component.name, namespace=OBSERVABILITY, labels=labels(component.name)
        ),
        spec=NetworkPolicyV1Spec(
            pod_selector=NetworkPolicyV1SpecPodSelector(match_labels=selector(component.name)),
            policy_types=["Ingress", "Egress"],
            ingress=[
                _ingress(names, port)
                for names, port in (
                    (traffic.grpc_from, thanos.GRPC_PORT),
                    (traffic.http_from, thanos.HTTP_PORT),
                )
                if names
            ],
            egress=[
                *([_egress(traffic.grpc_to, thanos.GRPC_PORT)] if traffic.grpc_to else []),
                *([_egress((), 443)] if traffic.to_aws else []),
            ],
        ),
        depends_on=list(after),
    )


def _ingress(names: Sequence[str], port: int) -> NetworkPolicyV1SpecIngress:
    return NetworkPolicyV1SpecIngress(
        from_=[
            NetworkPolicyV1SpecIngressFrom(
                pod_selector=NetworkPolicyV1SpecIngressFromPodSelector(match_labels=selector(name))
            )
            for name in names
        ],
        ports=[NetworkPolicyV1SpecIngressPorts(port=str(port), protocol="TCP")],
    )


def _egress(names: Sequence[str], port: int) -> NetworkPolicyV1SpecEgress:
    return NetworkPolicyV1SpecEgress(
        to=[
            NetworkPolicyV1SpecEgressTo(
                pod_selector=NetworkPolicyV1SpecEgressToPodSelector(match_labels=selector(name))
            )
            for name in names
        ],
        ports=[NetworkPolicyV1SpecEgressPorts(port=str(port), protocol="TCP")],
    )
