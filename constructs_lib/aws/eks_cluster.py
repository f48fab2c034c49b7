"""The EKS control plane: private, encrypted, logged, and administered only by named roles."""

from dataclasses import dataclass

from cdktf import Fn, TerraformLocal, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.eks_cluster import (
    EksCluster,
    EksClusterAccessConfig,
    EksClusterEncryptionConfig,
    EksClusterEncryptionConfigProvider,
    EksClusterKubernetesNetworkConfig,
    EksClusterUpgradePolicy,
    EksClusterVpcConfig,
    EksClusterZonalShiftConfig,
)
from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from blueprint.iam_statements import Statement, service_trust
from constructs_lib.aws.iam_role import Role, RoleProps
from constructs_lib.aws.kms_key import EncryptionKey, EncryptionKeyProps
from constructs_lib.dependencies import resources_in
from settings.model import Settings

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@dataclass(frozen=True, kw_only=True)
class ControlPlaneProps:
    """`subnet_ids` hold the control plane's network interfaces, one per zone."""

    settings: Settings
    vpc_id: str
    subnet_ids: list[str]


class ControlPlane(Construct):
    """The cluster with its key, log group, role and OIDC provider.

    Nobody becomes an administrator by creating it: access is by access entries alone, so that a
    plan by another identity changes nothing (terraform-aws-eks#2911).

    Exposes: `cluster_name`, `endpoint`, `certificate_authority_data`, `security_group_id`,
    `oidc_provider_arn`, `oidc_issuer` (without `https://`).
    """

    def __init__(self, scope: Construct, id_: str, props: ControlPlaneProps) -> None:
        super().__init__(scope, id_)
        settings = props.settings
        name = settings.prefix
        log_group_name = f"/aws/eks/{name}/cluster"
        key = EncryptionKey(
            self,
            "key",
            EncryptionKeyProps(
                alias=f"alias/{name}-cluster",
                description=f"Kubernetes secrets and control-plane logs of {name}",
                account_id=settings.account_id,
                deletion_protection=settings.deletion_protection,
                service_statements=(_log_group_encrypts(settings, log_group_name),),
            ),
        )
        role = Role(
            self,
            "role",
            RoleProps(
                name=f"{name}-cluster",
                description=f"Control plane of {name}",
                trust=service_trust("eks.amazonaws.com"),
                managed_policies=("AmazonEKSClusterPolicy",),
                statements=(_cluster_uses(key.arn),),
            ),
        )
        # Made before the cluster: otherwise EKS makes it, unencrypted and kept for ever.
        log_group = CloudwatchLogGroup(
            self,
            "logs",
            name=log_group_name,
            retention_in_days=settings.cluster.log_retention_days,
            kms_key_id=key.arn,
        )
        public_cidrs = settings.cluster.endpoint.public_cidrs
        cluster = EksCluster(
            self,
            "Resource",
            name=name,
            version=settings.cluster.kubernetes_version,
            role_arn=role.arn,
            enabled_cluster_log_types=list(LOG_TYPES),
            # The add-ons of the cluster stack replace the unmanaged ones, with pinned versions.
            bootstrap_self_managed_addons=False,
            access_config=EksClusterAccessConfig(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            vpc_config=EksClusterVpcConfig(
                subnet_ids=props.subnet_ids,
                security_group_ids=self._private_access(props) or None,
                endpoint_private_access=True,
                endpoint_public_access=bool(public_cidrs),
                public_access_cidrs=list(public_cidrs) or None,
            ),
            kubernetes_network_config=EksClusterKubernetesNetworkConfig(
                service_ipv4_cidr=settings.cluster.service_cidr
            ),
            encryption_config=EksClusterEncryptionConfig(
                provider=EksClusterEncryptionConfigProvider(key_arn=key.arn),
                resources=["secrets"],
            ),
            upgrade_policy=EksClusterUpgradePolicy(support_type=settings.cluster.support_type),
            # Lets AWS, or an operator, move traffic away from a zone that is impaired.
            zonal_shift_config=EksClusterZonalShiftConfig(enabled=True),
            lifecycle=TerraformResourceLifecycle(prevent_destroy=settings.deletion_protection),
            depends_on=resources_in(log_group, role),
        )
        self.cluster_name: str = cluster.name
        self.endpoint: str = cluster.endpoint
        self.certificate_authority_data: str = cluster.certificate_authority.get(0).data
        self.security_group_id: str = cluster.vpc_config.cluster_security_group_id
        issuer_url = cluster.identity.get(0).oidc.get(0).issuer
        oidc_provider = IamOpenidConnectProvider(
            self, "oidc-provider", url=issuer_url, client_id_list=["sts.amazonaws.com"]
        )
        self.oidc_provider_arn: str = oidc_provider.arn
        # A local, so that policies that name the issuer stay readable (and valid JSON).
        self.oidc_issuer: str = TerraformLocal(
            self, "oidc_issuer", Fn.replace(issuer_url, "https://", "")
        ).as_string

    def _private_access(self, props: ControlPlaneProps) -> list[str]:
        """Ids of the security groups that let networks outside the cluster reach its API.

        Not a rule of the cluster's own security group: that one is the nodes' too, so such a
        network would reach port 443 of every node and of pods on the host's network.
        """
        cidrs = props.settings.cluster.endpoint.private_cidrs
        if not cidrs:
            return []
        name = f"{props.settings.prefix}-kubernetes-api"
        group = SecurityGroup(
            self,
            "api-security-group",
            name=name,
            description="Kubernetes API from networks outside the cluster",
            vpc_id=props.vpc_id,
            tags={"Name": name},
        )
        for cidr in cidrs:
            VpcSecurityGroupIngressRule(
                self,
                f"api-from-{cidr.replace('.', '-').replace('/', '_')}",
                security_group_id=group.id,
                description="Kubernetes API from a network outside the cluster",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
            )
        return [group.id]


def _log_group_encrypts(settings: Settings, log_group_name: str) -> Statement:
    # "Encrypt log data using AWS KMS", CloudWatch Logs user guide.
    log_group_arn = (
        f"arn:aws:logs:{settings.region}:{settings.account_id}:log-group:{log_group_name}"
    )
    return {
        "Sid": "ControlPlaneLogs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{settings.region}.amazonaws.com"},
        "Action": [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        "Resource": "*",
        "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": log_group_arn}},
    }


def _cluster_uses(key_arn: str) -> Statement:
    # AmazonEKSClusterPolicy has only kms:DescribeKey.
    return {
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
        "Resource": key_arn,
    }
