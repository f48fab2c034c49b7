"""A Kubernetes namespace with its quota, limits and network isolation."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.limit_range_v1 import (
    LimitRangeV1,
    LimitRangeV1Metadata,
    LimitRangeV1Spec,
    LimitRangeV1SpecLimit,
)
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata
from cdktf_cdktf_provider_kubernetes.network_policy_v1 import (
    NetworkPolicyV1,
    NetworkPolicyV1Metadata,
    NetworkPolicyV1Spec,
    NetworkPolicyV1SpecEgress,
    NetworkPolicyV1SpecEgressPorts,
    NetworkPolicyV1SpecEgressTo,
    NetworkPolicyV1SpecEgressToNamespaceSelector,
    NetworkPolicyV1SpecEgressToPodSelector,
    NetworkPolicyV1SpecPodSelector,
)
from cdktf_cdktf_provider_kubernetes.resource_quota_v1 import (
    ResourceQuotaV1,
    ResourceQuotaV1Metadata,
    ResourceQuotaV1Spec,
)
from cdktf_cdktf_provider_kubernetes.service_account_v1 import (
    ServiceAccountV1,
    ServiceAccountV1Metadata,
)
from constructs import Construct

from blueprint.names import ENVIRONMENT_LABEL
from settings.model import OBSERVABILITY, Quota

CONTAINER_DEFAULT_REQUEST = {"cpu": "50m", "memory": "64Mi"}
CONTAINER_DEFAULT_LIMIT = {"cpu": "500m", "memory": "256Mi"}
"""For containers that say nothing: a quota refuses pods without requests and limits."""


@dataclass(frozen=True, kw_only=True)
class SecretsReader:
    """Service account, and its role in AWS, by which External Secrets reads."""

    service_account: str
    role_arn: str


@dataclass(frozen=True, kw_only=True)
class BoundedNamespaceProps:
    """`environment` is the label: the stage, or `observability`.

    `after` must be there before the namespace, and longer than it.
    """

    name: str
    environment: str
    quota: Quota
    secrets_reader: SecretsReader | None = None
    after: Sequence[ITerraformDependable] = ()


class BoundedNamespace(Construct):
    """A namespace with quota, defaults for containers, and no traffic but DNS unless allowed."""

    def __init__(self, scope: Construct, id_: str, props: BoundedNamespaceProps) -> None:
        super().__init__(scope, id_)
        namespace = NamespaceV1(
            self,
            "Resource",
            metadata=NamespaceV1Metadata(name=props.name, labels=_labels(props.environment)),
            depends_on=list(props.after) or None,
        )
        # The resource's name rather than the setting, so that Terraform makes the namespace first.
        name = namespace.metadata.name
        ResourceQuotaV1(
            self,
            "quota",
            metadata=ResourceQuotaV1Metadata(name="quota", namespace=name),
            spec=ResourceQuotaV1Spec(hard=_hard_limits(props.quota)),
        )
        LimitRangeV1(
            self,
            "limit-range",
            metadata=LimitRangeV1Metadata(name="container-defaults", namespace=name),
            spec=LimitRangeV1Spec(
                limit=[
                    LimitRangeV1SpecLimit(
                        type="Container",
                        default_request=CONTAINER_DEFAULT_REQUEST,
                        default=CONTAINER_DEFAULT_LIMIT,
                    )
                ]
            ),
        )
        NetworkPolicyV1(
            self,
            "deny-all",
            metadata=NetworkPolicyV1Metadata(name="deny-all", namespace=name),
            spec=NetworkPolicyV1Spec(
                pod_selector=NetworkPolicyV1SpecPodSelector(), policy_types=["Ingress", "Egress"]
            ),
        )
        NetworkPolicyV1(
            self,
            "allow-dns",
            metadata=NetworkPolicyV1Metadata(name="allow-dns", namespace=name),
            spec=NetworkPolicyV1Spec(
                pod_selector=NetworkPolicyV1SpecPodSelector(),
                policy_types=["Egress"],
                egress=[_egress_to_dns()],
            ),
        )
        if props.secrets_reader is not None:
            ServiceAccountV1(
                self,
                "secrets-reader",
                metadata=ServiceAccountV1Metadata(
                    name=props.secrets_reader.service_account,
                    namespace=name,
                    annotations={"eks.amazonaws.com/role-arn": props.secrets_reader.role_arn},
                ),
                # External Secrets requests a token of this account; no pod runs as it.
                automount_service_account_token=False,
            )


def _labels(environment: str) -> dict[str, str]:
    # Node exporter and the log agent need the host's network and paths.
    level = "privileged" if environment == OBSERVABILITY else "baseline"
    return {
        ENVIRONMENT_LABEL: environment,
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/warn": "restricted",
    }


def _hard_limits(quota: Quota) -> dict[str, str]:
    return {
        "requests.cpu": str(quota.requests_cpu),
        "requests.memory": f"{quota.requests_memory_gib}Gi",
        "limits.cpu": str(quota.limits_cpu),
        "limits.memory": f"{quota.limits_memory_gib}Gi",
        "pods": str(quota.pods),
        "persistentvolumeclaims": str(quota.persistent_volume_claims),
    }


def _egress_to_dns() -> NetworkPolicyV1SpecEgress:
    return NetworkPolicyV1SpecEgress(
        to=[
            NetworkPolicyV1SpecEgressTo(
                namespace_selector=NetworkPolicyV1SpecEgressToNamespaceSelector(
                    match_labels={"kubernetes.io/metadata.name": "kube-system"}
                ),
                pod_selector=NetworkPolicyV1SpecEgressToPodSelector(
                    match_labels={"k8s-app": "kube-dns"}
                ),
            )
        ],
        ports=[
            NetworkPolicyV1SpecEgressPorts(port="53", protocol=protocol)
            for protocol in ("UDP", "TCP")
        ],
    )
