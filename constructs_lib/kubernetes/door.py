"""A door to the back ends: nginx with a list of allowed requests, from `blueprint.doors`."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1, ConfigMapV1Metadata
from cdktf_cdktf_provider_kubernetes.deployment_v1 import (
    DeploymentV1,
    DeploymentV1Metadata,
    DeploymentV1Spec,
    DeploymentV1SpecSelector,
    DeploymentV1SpecStrategy,
    DeploymentV1SpecStrategyRollingUpdate,
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
    DeploymentV1SpecTemplateSpecContainerVolumeMount,
    DeploymentV1SpecTemplateSpecSecurityContext,
    DeploymentV1SpecTemplateSpecSecurityContextSeccompProfile,
    DeploymentV1SpecTemplateSpecTopologySpreadConstraint,
    DeploymentV1SpecTemplateSpecTopologySpreadConstraintLabelSelector,
    DeploymentV1SpecTemplateSpecVolume,
    DeploymentV1SpecTemplateSpecVolumeConfigMap,
    DeploymentV1SpecTemplateSpecVolumeEmptyDir,
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

from blueprint import doors
from blueprint.documents import escape_terraform
from blueprint.door_config import SCRATCH_DIRECTORY, nginx_config
from blueprint.doors import Door
from blueprint.names import POD_TEMPLATE_HASH
from settings.model import OBSERVABILITY
from versions import NGINX_VERSION

CONFIG_FILE = "nginx.conf"
_CONFIG_PATH = f"/etc/nginx/{CONFIG_FILE}"


@dataclass(frozen=True, kw_only=True)
class BackEndDoorProps:
    """`after` must be there first, the namespace at least."""

    door: Door
    after: Sequence[ITerraformDependable] = ()


class BackEndDoor(Construct):
    """Deployment, Service, configuration and disruption budget of one door."""

    def __init__(self, scope: Construct, id_: str, props: BackEndDoorProps) -> None:
        super().__init__(scope, id_)
        door, after = props.door, list(props.after)
        config = nginx_config(door)
        config_map = ConfigMapV1(
            self,
            "config",
            metadata=ConfigMapV1Metadata(
                name=door.name, namespace=OBSERVABILITY, labels=_labels(door)
            ),
            data={CONFIG_FILE: escape_terraform(config)},
            depends_on=after,
        )
        ServiceAccountV1(
            self,
            "service-account",
            metadata=ServiceAccountV1Metadata(
                name=door.name, namespace=OBSERVABILITY, labels=_labels(door)
            ),
            automount_service_account_token=False,
            depends_on=after,
        )
        ServiceV1(
            self,
            "service",
            metadata=ServiceV1Metadata(
                name=door.name, namespace=OBSERVABILITY, labels=_labels(door)
            ),
            spec=ServiceV1Spec(
                selector=_selector(door),
                port=[
                    ServiceV1SpecPort(name=f"http-{port}", port=port, target_port=str(port))
                    for port in door.ports
                ],
            ),
            depends_on=after,
        )
        PodDisruptionBudgetV1(
            self,
            "disruption-budget",
            metadata=PodDisruptionBudgetV1Metadata(
                name=door.name, namespace=OBSERVABILITY, labels=_labels(door)
            ),
            spec=PodDisruptionBudgetV1Spec(
                max_unavailable="1",
                selector=PodDisruptionBudgetV1SpecSelector(match_labels=_selector(door)),
            ),
            depends_on=after,
        )
        DeploymentV1(
            self,
            "Resource",
            metadata=DeploymentV1Metadata(
                name=door.name, namespace=OBSERVABILITY, labels=_labels(door)
            ),
            spec=DeploymentV1Spec(
                replicas=str(door.replicas),
                selector=DeploymentV1SpecSelector(match_labels=_selector(door)),
                strategy=DeploymentV1SpecStrategy(
                    rolling_update=DeploymentV1SpecStrategyRollingUpdate(
                        max_surge="1", max_unavailable="0"
                    )
                ),
                template=DeploymentV1SpecTemplate(
                    metadata=DeploymentV1SpecTemplateMetadata(
                        labels=_labels(door),
                        # nginx reads its configuration when it starts: another one, other pods.
                        annotations={"door/config": sha256(config.encode()).hexdigest()},
                    ),
                    spec=_pod(door, config_map.metadata.name),
                ),
            ),
            depends_on=after,
        )


def _selector(door: Door) -> dict[str, str]:
    return {"app.kubernetes.io/name": door.name}


def _labels(door: Door) -> dict[str, str]:
    return {
        **_selector(door),
        "app.kubernetes.io/part-of": "doors",
        "app.kubernetes.io/version": NGINX_VERSION,
        "app.kubernetes.io/managed-by": "terraform",
    }


def _pod(door: Door, config_map_name: str) -> DeploymentV1SpecTemplateSpec:
    return DeploymentV1SpecTemplateSpec(
        service_account_name=door.name,
        automount_service_account_token=False,
        # Else every Service of the namespace becomes environment variables.
        enable_service_links=False,
        security_context=DeploymentV1SpecTemplateSpecSecurityContext(
            run_as_non_root=True,
            run_as_user=str(doors.USER_ID),
            run_as_group=str(doors.USER_ID),
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
                        match_labels=_selector(door)
                    )
                ],
            )
        ],
        container=[_container(door)],
        volume=[
            DeploymentV1SpecTemplateSpecVolume(
                name="config",
                config_map=DeploymentV1SpecTemplateSpecVolumeConfigMap(name=config_map_name),
            ),
            DeploymentV1SpecTemplateSpecVolume(
                name="scratch",
                empty_dir=DeploymentV1SpecTemplateSpecVolumeEmptyDir(size_limit="64Mi"),
            ),
        ],
    )


def _container(door: Door) -> DeploymentV1SpecTemplateSpecContainer:
    health_port = str(doors.HEALTH_PORT)
    return DeploymentV1SpecTemplateSpecContainer(
        name="nginx",
        image=doors.IMAGE,
        port=[
            DeploymentV1SpecTemplateSpecContainerPort(name=f"http-{port}", container_port=port)
            for port in door.ports
        ],
        liveness_probe=DeploymentV1SpecTemplateSpecContainerLivenessProbe(
            http_get=DeploymentV1SpecTemplateSpecContainerLivenessProbeHttpGet(
                path="/", port=health_port
            ),
            period_seconds=30,
            failure_threshold=4,
        ),
        readiness_probe=DeploymentV1SpecTemplateSpecContainerReadinessProbe(
            http_get=DeploymentV1SpecTemplateSpecContainerReadinessProbeHttpGet(
                path="/", port=health_port
            ),
            period_seconds=5,
        ),
        resources=DeploymentV1SpecTemplateSpecContainerResources(
            requests=door.resources.requests, limits=door.resources.limits
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
        volume_mount=[
            DeploymentV1SpecTemplateSpecContainerVolumeMount(
                name="config", mount_path=_CONFIG_PATH, sub_path=CONFIG_FILE, read_only=True
            ),
            DeploymentV1SpecTemplateSpecContainerVolumeMount(
                name="scratch", mount_path=SCRATCH_DIRECTORY
            ),
        ],
    )
