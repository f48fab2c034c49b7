"""A part of Thanos with a volume that works on the bucket: store gateway and compactor."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.stateful_set_v1 import (
    StatefulSetV1,
    StatefulSetV1Metadata,
    StatefulSetV1Spec,
    StatefulSetV1SpecPersistentVolumeClaimRetentionPolicy,
    StatefulSetV1SpecSelector,
    StatefulSetV1SpecTemplate,
    StatefulSetV1SpecTemplateMetadata,
    StatefulSetV1SpecTemplateSpec,
    StatefulSetV1SpecTemplateSpecContainer,
    StatefulSetV1SpecTemplateSpecContainerEnv,
    StatefulSetV1SpecTemplateSpecContainerLivenessProbe,
    StatefulSetV1SpecTemplateSpecContainerLivenessProbeHttpGet,
    StatefulSetV1SpecTemplateSpecContainerPort,
    StatefulSetV1SpecTemplateSpecContainerReadinessProbe,
    StatefulSetV1SpecTemplateSpecContainerReadinessProbeHttpGet,
    StatefulSetV1SpecTemplateSpecContainerResources,
    StatefulSetV1SpecTemplateSpecContainerSecurityContext,
    StatefulSetV1SpecTemplateSpecContainerSecurityContextCapabilities,
    StatefulSetV1SpecTemplateSpecContainerVolumeMount,
    StatefulSetV1SpecTemplateSpecSecurityContext,
    StatefulSetV1SpecTemplateSpecSecurityContextSeccompProfile,
    StatefulSetV1SpecTemplateSpecTopologySpreadConstraint,
    StatefulSetV1SpecTemplateSpecTopologySpreadConstraintLabelSelector,
    StatefulSetV1SpecTemplateSpecVolume,
    StatefulSetV1SpecTemplateSpecVolumeConfigMap,
    StatefulSetV1SpecVolumeClaimTemplate,
    StatefulSetV1SpecVolumeClaimTemplateMetadata,
    StatefulSetV1SpecVolumeClaimTemplateSpec,
    StatefulSetV1SpecVolumeClaimTemplateSpecResources,
)
from constructs import Construct

from blueprint.names import STORAGE_CLASS
from constructs_lib.thanos.thanos_parts import Port, labels, selector
from helm_values.thanos import thanos
from helm_values.thanos.thanos import ThanosPart
from settings.model import OBSERVABILITY


@dataclass(frozen=True, kw_only=True)
class StatefulComponentProps:
    """`config_map_name` names the bucket configuration; pods restart when `bucket_name` changes."""

    component: ThanosPart
    ports: tuple[Port, ...]
    config_map_name: str
    bucket_name: str
    after: Sequence[ITerraformDependable] = ()


def stateful_set(scope: Construct, props: StatefulComponentProps) -> StatefulSetV1:
    """Make the StatefulSet, with a volume for each pod."""
    component = props.component
    return StatefulSetV1(
        scope,
        "Resource",
        metadata=StatefulSetV1Metadata(
            name=component.name, namespace=OBSERVABILITY, labels=labels(component.name)
        ),
        spec=StatefulSetV1Spec(
            replicas=str(component.replicas),
            service_name=component.name,
            selector=StatefulSetV1SpecSelector(match_labels=selector(component.name)),
            template=_template(props),
            volume_claim_template=[_volume_claim(component)],
            # They hold caches and work in progress: all of it is made again from the bucket.
            persistent_volume_claim_retention_policy=[
                StatefulSetV1SpecPersistentVolumeClaimRetentionPolicy(
                    when_deleted="Delete", when_scaled="Delete"
                )
            ],
        ),
        depends_on=list(props.after),
    )


def _template(props: StatefulComponentProps) -> StatefulSetV1SpecTemplate:
    component = props.component
    return StatefulSetV1SpecTemplate(
        metadata=StatefulSetV1SpecTemplateMetadata(
            labels=labels(component.name), annotations={"thanos/bucket": props.bucket_name}
        ),
        spec=StatefulSetV1SpecTemplateSpec(
            service_account_name=component.name,
            automount_service_account_token=False,
            # Else every Service of the namespace becomes environment variables.
            enable_service_links=False,
            security_context=StatefulSetV1SpecTemplateSpecSecurityContext(
                run_as_non_root=True,
                run_as_user=str(thanos.USER_ID),
                run_as_group=str(thanos.USER_ID),
                fs_group=str(thanos.USER_ID),
                fs_group_change_policy="OnRootMismatch",
                seccomp_profile=StatefulSetV1SpecTemplateSpecSecurityContextSeccompProfile(
                    type="RuntimeDefault"
                ),
            ),
            topology_spread_constraint=[
                StatefulSetV1SpecTemplateSpecTopologySpreadConstraint(
                    max_skew=1,
                    topology_key="topology.kubernetes.io/zone",
                    # A pod cannot leave the zone of its volume, so it rather waits for a node.
                    when_unsatisfiable="DoNotSchedule",
                    label_selector=[
                        StatefulSetV1SpecTemplateSpecTopologySpreadConstraintLabelSelector(
                            match_labels=selector(component.name)
                        )
                    ],
                )
            ],
            container=[_container(props)],
            volume=[
                StatefulSetV1SpecTemplateSpecVolume(
                    name="object-storage",
                    config_map=StatefulSetV1SpecTemplateSpecVolumeConfigMap(
                        name=props.config_map_name
                    ),
                )
            ],
        ),
    )


def _container(props: StatefulComponentProps) -> StatefulSetV1SpecTemplateSpecContainer:
    component = props.component
    http_port = str(thanos.HTTP_PORT)
    return StatefulSetV1SpecTemplateSpecContainer(
        name="thanos",
        image=thanos.IMAGE,
        args=list(component.args),
        env=[
            # The root file system is read-only.
            StatefulSetV1SpecTemplateSpecContainerEnv(name="TMPDIR", value=thanos.DATA_DIRECTORY)
        ],
        port=[
            StatefulSetV1SpecTemplateSpecContainerPort(name=port.name, container_port=port.number)
            for port in props.ports
        ],
        liveness_probe=StatefulSetV1SpecTemplateSpecContainerLivenessProbe(
            http_get=StatefulSetV1SpecTemplateSpecContainerLivenessProbeHttpGet(
                path="/-/healthy", port=http_port
            ),
            period_seconds=30,
            failure_threshold=4,
        ),
        readiness_probe=StatefulSetV1SpecTemplateSpecContainerReadinessProbe(
            http_get=StatefulSetV1SpecTemplateSpecContainerReadinessProbeHttpGet(
                path="/-/ready", port=http_port
            ),
            period_seconds=5,
            failure_threshold=20,
        ),
        resources=StatefulSetV1SpecTemplateSpecContainerResources(
            requests=component.resources.requests, limits=component.resources.limits
        ),
        security_context=StatefulSetV1SpecTemplateSpecContainerSecurityContext(
            # The provider sends `false` for what is unset, over what the pod says.
            run_as_non_root=True,
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=StatefulSetV1SpecTemplateSpecContainerSecurityContextCapabilities(
                drop=["ALL"]
            ),
        ),
        volume_mount=[
            StatefulSetV1SpecTemplateSpecContainerVolumeMount(
                name="data", mount_path=thanos.DATA_DIRECTORY
            ),
            StatefulSetV1SpecTemplateSpecContainerVolumeMount(
                name="object-storage", mount_path=thanos.OBJECT_STORAGE_DIRECTORY, read_only=True
            ),
        ],
    )


def _volume_claim(component: ThanosPart) -> StatefulSetV1SpecVolumeClaimTemplate:
    return StatefulSetV1SpecVolumeClaimTemplate(
        metadata=StatefulSetV1SpecVolumeClaimTemplateMetadata(name="data"),
        spec=StatefulSetV1SpecVolumeClaimTemplateSpec(
            access_modes=["ReadWriteOnce"],
            storage_class_name=STORAGE_CLASS,
            resources=StatefulSetV1SpecVolumeClaimTemplateSpecResources(
                requests={"storage": f"{component.volume_gib}Gi"}
            ),
        ),
    )
