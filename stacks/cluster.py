"""The EKS cluster with its add-ons and nodes, in the order in which they can work."""

from dataclasses import dataclass

from cdktf import Fn
from constructs import Construct

from blueprint.iam_statements import irsa_trust, pod_identity_trust, service_trust
from constructs_lib.aws.access_entries import AccessEntries, AccessEntriesProps
from constructs_lib.aws.eks_addon import Addon, AddonProps
from constructs_lib.aws.eks_cluster import ControlPlane, ControlPlaneProps
from constructs_lib.aws.iam_role import Role, RoleProps
from constructs_lib.aws.node_group import NamespaceNodes, NamespaceNodesProps
from settings.model import OBSERVABILITY, Settings
from stacks.base import EnvironmentStack, default_tags
from stacks.network import NetworkOutputs
from stacks.outputs import Outputs, output
from versions import KUBERNETES


@dataclass(frozen=True, kw_only=True)
class ClusterOutputs(Outputs):
    """What is needed to reach the cluster and to trust its service accounts."""

    stack_id = "cluster"

    cluster_name: str = output("EKS cluster")
    cluster_endpoint: str = output("URL of the Kubernetes API")
    cluster_certificate_authority_data: str = output("Certificate of the Kubernetes API, base64")
    cluster_security_group_id: str = output("Security group of control plane and nodes")
    oidc_provider_arn: str = output("IAM OIDC provider of the cluster")
    oidc_issuer: str = output("Issuer of service account tokens, without https://")


class ClusterStack(EnvironmentStack):
    """Owns: EKS, add-ons, nodes, access. Expects: `NetworkOutputs`. Exposes: `ClusterOutputs`.

    Order: control plane, then what a node needs to become ready (network plugin, Pod Identity
    agent), then nodes, then what needs nodes. Without the network plugin a node group fails after
    about 24 minutes (terraform-aws-eks#1972).
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, ClusterOutputs.stack_id, settings)
        self._network = NetworkOutputs.read(self, settings)
        self._addon_versions = KUBERNETES[settings.cluster.kubernetes_version].addons
        control_plane = ControlPlane(
            self,
            "control-plane",
            ControlPlaneProps(
                settings=settings,
                vpc_id=self._network.vpc_id,
                subnet_ids=self._network.intra_subnet_ids,
            ),
        )
        self._control_plane = control_plane
        AccessEntries(
            self,
            "access",
            AccessEntriesProps(settings=settings, cluster_name=control_plane.cluster_name),
        )
        before_nodes = self._addons_before_nodes()
        nodes = self._nodes(before_nodes)
        self._addons_after_nodes(nodes[OBSERVABILITY])
        ClusterOutputs(
            cluster_name=control_plane.cluster_name,
            cluster_endpoint=control_plane.endpoint,
            cluster_certificate_authority_data=control_plane.certificate_authority_data,
            cluster_security_group_id=control_plane.security_group_id,
            oidc_provider_arn=control_plane.oidc_provider_arn,
            oidc_issuer=control_plane.oidc_issuer,
        ).publish(self)

    def _addons_before_nodes(self) -> list[Addon]:
        control_plane = self._control_plane
        prefix = self.settings.prefix
        # The network plugin runs before Pod Identity can, so its role comes by IRSA.
        vpc_cni_role = Role(
            self,
            "vpc-cni-role",
            RoleProps(
                name=f"{prefix}-vpc-cni",
                description="VPC CNI: addresses for pods",
                trust=irsa_trust(
                    control_plane.oidc_provider_arn,
                    control_plane.oidc_issuer,
                    ["kube-system"],
                    ["aws-node"],
                ),
                managed_policies=("AmazonEKS_CNI_Policy",),
            ),
        )
        vpc_cni = Addon(
            self,
            "vpc-cni",
            AddonProps(
                cluster_name=control_plane.cluster_name,
                name="vpc-cni",
                version=self._addon_versions.vpc_cni,
                configuration={
                    "enableNetworkPolicy": "true",
                    # 16 addresses at a time: more pods per node, fewer EC2 calls.
                    "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
                },
                irsa_role_arn=vpc_cni_role.arn,
                after=[vpc_cni_role],
            ),
        )
        pod_identity_agent = Addon(
            self,
            "pod-identity-agent",
            AddonProps(
                cluster_name=control_plane.cluster_name,
                name="eks-pod-identity-agent",
                version=self._addon_versions.eks_pod_identity_agent,
            ),
        )
        # The network policy agent reaches the API by a Service's address, which needs kube-proxy.
        # Where kube-proxy comes later, pods have no network (aws-network-policy-agent#570).
        kube_proxy = Addon(
            self,
            "kube-proxy",
            AddonProps(
                cluster_name=control_plane.cluster_name,
                name="kube-proxy",
                version=self._addon_versions.kube_proxy,
            ),
        )
        return [vpc_cni, pod_identity_agent, kube_proxy]

    def _nodes(self, before_nodes: list[Addon]) -> dict[str, NamespaceNodes]:
        settings = self.settings
        node_role = Role(
            self,
            "node-role",
            RoleProps(
                name=f"{settings.prefix}-node",
                description="EC2 nodes: join the cluster and pull images, nothing else",
                trust=service_trust("ec2.amazonaws.com"),
                managed_policies=(
                    "AmazonEKSWorkerNodePolicy",
                    "AmazonEC2ContainerRegistryPullOnly",
                ),
            ),
        )
        zones = settings.network.availability_zones
        subnet_ids = [
            Fn.element(self._network.private_subnet_ids, index) for index in range(len(zones))
        ]
        return {
            namespace: NamespaceNodes(
                self,
                f"nodes-{namespace}",
                NamespaceNodesProps(
                    cluster_name=self._control_plane.cluster_name,
                    kubernetes_version=settings.cluster.kubernetes_version,
                    namespace=namespace,
                    node_group=settings.node_group(namespace),
                    node_role_arn=node_role.arn,
                    availability_zones=zones,
                    subnet_ids=subnet_ids,
                    tags=default_tags(settings),
                    after=[*before_nodes, node_role],
                ),
            )
            for namespace in settings.namespaces
        }

    def _addons_after_nodes(self, observability_nodes: NamespaceNodes) -> None:
        cluster_name = self._control_plane.cluster_name
        versions = self._addon_versions
        after = [observability_nodes]
        ebs_csi_role = Role(
            self,
            "ebs-csi-role",
            RoleProps(
                name=f"{self.settings.prefix}-ebs-csi",
                description="EBS CSI driver: volumes of this driver only",
                trust=pod_identity_trust(),
                # V2 touches only volumes that the driver has tagged; the first version any volume.
                managed_policies=("AmazonEBSCSIDriverPolicyV2",),
            ),
        )
        Addon(
            self,
            "coredns",
            AddonProps(
                cluster_name=cluster_name, name="coredns", version=versions.coredns, after=after
            ),
        )
        Addon(
            self,
            "ebs-csi",
            AddonProps(
                cluster_name=cluster_name,
                name="aws-ebs-csi-driver",
                version=versions.aws_ebs_csi_driver,
                pod_identity_roles={"ebs-csi-controller-sa": ebs_csi_role.arn},
                after=[*after, ebs_csi_role],
            ),
        )
