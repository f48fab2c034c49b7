"""The querier of Thanos: one Prometheus API for the last hours and the bucket."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.deployment_v1 import (
    DeploymentV1,
    DeploymentV1Metadata,
    DeploymentV1Spec,
    DeploymentV1SpecSelector,
    DeploymentV1SpecTemplate,
    DeploymentV1SpecTemplateMetadata,
    DeploymentV1SpecTemplateSpec,
    DeploymentV1SpecTemplateSpecContainer,
    DeploymentV1SpecTemplateSpecContainerLivenessProbe,
    DeploymentV1SpecTemplateSpecContainerLivenessProbeHttpGet,
    DeploymentV1SpecTemplateSpecContainerPort,
    DeploymentV1SpecTemplateSpecContainerReadinessProbe,
    DeploymentV1SpecTemplateSpecContainerReadinessProbeHttpGet,
    DeploymentV1SpecTemplateSpecContainerResources,
    DeploymentV1SpecTemplateSpecContainerSecurityContext,
    DeploymentV1SpecTemplateSpecContainerSecurityContextCapabilities,
    DeploymentV1SpecTemplateSpecSecurityContext,
    DeploymentV1SpecTemplateSpecSecurityContextSeccompProfile,
    DeploymentV1SpecTemplateSpecTopologySpreadConstraint,
    DeploymentV1SpecTemplateSpecTopologySpreadConstraintLabelSelector,
)
from constructs import Construct

from blueprint.names import POD_TEMPLATE_HASH
from constructs_lib.thanos.thanos_parts import (
    GRPC,
    HTTP,
    disruption_budget,
    labels,
    selector,
    service,
    service_account,
)
from helm_values.thanos import thanos
from helm_values.thanos.thanos import ThanosPart
from settings.model import OBSERVABILITY, Settings


@dataclass(frozen=True, kw_only=True)
class ThanosQuerierProps:
    """`after` must be there first, the namespace at least."""

    settings: Settings
    after: Sequence[ITerraformDependable] = ()


class ThanosQuerier(Construct):
    """Keeps nothing and calls nothing in AWS."""

    def __init__(self, scope: Construct, id_: str, props: ThanosQuerierProps) -> None:
        super().__init__(scope, id_)
        component = thanos.querier(props.settings)
        service_account(self, component, None, props.after)
        service(self, component, (GRPC, HTTP), props.after, headless=False)
        disruption_budget(self, component, props.after)
        _deployment(self, component, props.after)


def _deployment(
    scope: Construct, component: ThanosPart, after: Sequence[ITerraformDependable]
) -> None:
    DeploymentV1(
        scope,
        "Resource",
        metadata=DeploymentV1Metadata(
            name=component.name, namespace=OBSERVABILITY, labels=labels(component.name)
        ),
        spec=DeploymentV1Spec(
            replicas=str(component.replicas),
            selector=DeploymentV1SpecSelector(match_labels=selector(component.name)),
            template=DeploymentV1SpecTemplate(
                metadata=DeploymentV1SpecTemplateMetadata(labels=labels(component.name)),
                spec=DeploymentV1SpecTemplateSpec(
                    service_account_name=component.name,
                    automount_service_account_token=False,
                    # Else every Service of the namespace becomes environment variables.
                    enable_service_links=False,
                    security_context=DeploymentV1SpecTemplateSpecSecurityContext(
                        run_as_non_root=True,
                        run_as_user=str(thanos.USER_ID),
                        run_as_group=str(thanos.USER_ID),
                        seccomp_profile=DeploymentV1SpecTemplateSpecSecurityContextSeccompProfile(
                            type="RuntimeDefault"
                        ),
                    ),
                    topology_spread_constraint=[
                        DeploymentV1SpecTemplateSpecTopologySpreadConstraint(
                            max_skew=1,
                            topology_key="topology.kubernetes.io/zone",
                            when_unsatisfiable="ScheduleAnyway",
                            # Else the pods that a rollout is about to remove count too.
                            match_label_keys=[POD_TEMPLATE_HASH],
                            label_selector=[
                                DeploymentV1SpecTemplateSpecTopologySpreadConstraintLabelSelector(
                                    match_labels=selector(component.name)
                                )
                            ],
                        )
                    ],
                    container=[_container(component)],
                ),
            ),
        ),
        depends_on=list(after),
    )


def _container(component: ThanosPart) -> DeploymentV1SpecTemplateSpecContainer:
    http_port = str(thanos.HTTP_PORT)
    return DeploymentV1SpecTemplateSpecContainer(
        name="thanos",
        image=thanos.IMAGE,
        args=list(component.args),
        port=[
            DeploymentV1SpecTemplateSpecContainerPort(name=port.name, container_port=port.number)
            for port in (GRPC, HTTP)
        ],
        liveness_probe=DeploymentV1SpecTemplateSpecContainerLivenessProbe(
            http_get=DeploymentV1SpecTemplateSpecContainerLivenessProbeHttpGet(
                path="/-/healthy", port=http_port
            ),
            period_seconds=30,
            failure_threshold=4,
        ),
        readiness_probe=DeploymentV1SpecTemplateSpecContainerReadinessProbe(
            http_get=DeploymentV1SpecTemplateSpecContainerReadinessProbeHttpGet(
                path="/-/ready", port=http_port
            ),
            period_seconds=5,
            failure_threshold=20,
        ),
        resources=DeploymentV1SpecTemplateSpecContainerResources(
            requests=component.resources.requests, limits=component.resources.limits
        ),
        security_context=DeploymentV1SpecTemplateSpecContainerSecurityContext(
            # The provider sends `false` for what is unset, over what the pod says.
            run_as_non_root=True,
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=DeploymentV1SpecTemplateSpecContainerSecurityContextCapabilities(
                drop=["ALL"]
            ),
        ),
    )
