"""Labels, service account, Services and bucket that the parts of Thanos share."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1, ConfigMapV1Metadata
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

from helm_values.thanos import thanos
from helm_values.thanos.thanos import ThanosPart
from settings.model import OBSERVABILITY
from versions import THANOS_VERSION

NAME_LABEL = "app.kubernetes.io/name"


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of a pod, and of its Service."""

    name: str
    number: int


GRPC = Port(name="grpc", number=thanos.GRPC_PORT)
HTTP = Port(name="http", number=thanos.HTTP_PORT)


class ObjectStorage(Construct):
    """Configures the bucket of the components. A ConfigMap: it holds no secret.

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
    component: ThanosPart,
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
    component: ThanosPart,
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
    scope: Construct, component: ThanosPart, after: Sequence[ITerraformDependable]
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
