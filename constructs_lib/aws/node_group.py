"""The managed nodes of one namespace."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_aws.eks_node_group import (
    EksNodeGroup,
    EksNodeGroupLaunchTemplate,
    EksNodeGroupNodeRepairConfig,
    EksNodeGroupScalingConfig,
    EksNodeGroupTaint,
    EksNodeGroupUpdateConfig,
)
from cdktf_cdktf_provider_aws.launch_template import (
    LaunchTemplate,
    LaunchTemplateBlockDeviceMappings,
    LaunchTemplateBlockDeviceMappingsEbs,
    LaunchTemplateMetadataOptions,
    LaunchTemplateTagSpecifications,
)
from constructs import Construct, IConstruct

from blueprint.names import ENVIRONMENT_LABEL
from constructs_lib.dependencies import resources_in
from settings.model import OBSERVABILITY, NodeGroup
from versions import AL2023_ARM_64, AL2023_X86_64


@dataclass(frozen=True, kw_only=True)
class NamespaceNodesProps:
    """`subnet_ids` are in the order of `availability_zones`; `tags` go onto instances and volumes,
    which the provider's default tags do not reach."""

    cluster_name: str
    kubernetes_version: str
    namespace: str
    node_group: NodeGroup
    node_role_arn: str
    availability_zones: tuple[str, ...]
    subnet_ids: Sequence[str]
    tags: dict[str, str]
    after: Sequence[IConstruct]


class NamespaceNodes(Construct):
    """One node group over all zones, or one per zone, for the pods of one namespace.

    The nodes are labelled, and tainted so that other namespaces' pods stay off. The observability
    nodes are not tainted: CoreDNS and the other system add-ons need a place to run.
    """

    def __init__(self, scope: Construct, id_: str, props: NamespaceNodesProps) -> None:
        super().__init__(scope, id_)
        template = _launch_template(self, props)
        if props.node_group.zone_spread == "per_zone":
            for zone, subnet_id in zip(props.availability_zones, props.subnet_ids, strict=True):
                name = f"{props.namespace}-{zone}"
                _node_group(self, zone, name, props, template, [subnet_id])
        else:
            _node_group(self, "Resource", props.namespace, props, template, list(props.subnet_ids))


def _launch_template(scope: Construct, props: NamespaceNodesProps) -> LaunchTemplate:
    name = f"{props.cluster_name}-{props.namespace}"
    tags = {**props.tags, "Name": name}
    return LaunchTemplate(
        scope,
        "launch-template",
        name=name,
        description=f"Nodes of namespace {props.namespace}",
        update_default_version=True,
        metadata_options=LaunchTemplateMetadataOptions(
            http_endpoint="enabled",
            http_tokens="required",
            # Pods without the host's network cannot reach the node's credentials.
            http_put_response_hop_limit=1,
        ),
        block_device_mappings=[
            LaunchTemplateBlockDeviceMappings(
                device_name="/dev/xvda",
                ebs=LaunchTemplateBlockDeviceMappingsEbs(
                    volume_type="gp3",
                    volume_size=props.node_group.disk_size_gib,
                    # By the account's key for EBS: one of our own would need a grant for a
                    # service-linked role that a new account does not have yet.
                    encrypted="true",
                    delete_on_termination="true",
                ),
            )
        ],
        tag_specifications=[
            LaunchTemplateTagSpecifications(resource_type=kind, tags=tags)
            for kind in ("instance", "volume", "network-interface")
        ],
    )


def _node_group(
    scope: Construct,
    id_: str,
    name: str,
    props: NamespaceNodesProps,
    template: LaunchTemplate,
    subnet_ids: list[str],
) -> None:
    group = props.node_group
    EksNodeGroup(
        scope,
        id_,
        cluster_name=props.cluster_name,
        node_group_name=name,
        node_role_arn=props.node_role_arn,
        subnet_ids=subnet_ids,
        version=props.kubernetes_version,
        ami_type=AL2023_ARM_64 if group.is_arm64 else AL2023_X86_64,
        capacity_type=group.capacity_type,
        instance_types=list(group.instance_types),
        labels={ENVIRONMENT_LABEL: props.namespace},
        taint=None
        if props.namespace == OBSERVABILITY
        else [
            EksNodeGroupTaint(key=ENVIRONMENT_LABEL, value=props.namespace, effect="NO_SCHEDULE")
        ],
        scaling_config=EksNodeGroupScalingConfig(
            min_size=group.min_size, desired_size=group.min_size, max_size=group.max_size
        ),
        update_config=EksNodeGroupUpdateConfig(max_unavailable_percentage=33),
        node_repair_config=EksNodeGroupNodeRepairConfig(enabled=True),
        launch_template=EksNodeGroupLaunchTemplate(
            id=template.id, version=Token.as_string(template.latest_version)
        ),
        lifecycle=TerraformResourceLifecycle(
            # The cluster autoscaler owns the number of nodes between the two bounds.
            ignore_changes=["scaling_config[0].desired_size"]
        ),
        depends_on=resources_in(*props.after),
    )
