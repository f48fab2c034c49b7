"""Access to the cluster by IAM role."""

import hashlib
import re
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.eks_access_entry import EksAccessEntry
from cdktf_cdktf_provider_aws.eks_access_policy_association import (
    EksAccessPolicyAssociation,
    EksAccessPolicyAssociationAccessScope,
)
from constructs import Construct

from blueprint.access import AccessEntry, access_entries
from settings.model import Settings

POLICY = "arn:aws:eks::aws:cluster-access-policy"


@dataclass(frozen=True, kw_only=True)
class AccessEntriesProps:
    """The settings name the roles: administrators, and editors by namespace."""

    settings: Settings
    cluster_name: str


class AccessEntries(Construct):
    """An access entry per IAM role: administrators everywhere, editors in their namespaces.

    EKS itself makes the entries of managed node groups; making them here would be a conflict.
    """

    def __init__(self, scope: Construct, id_: str, props: AccessEntriesProps) -> None:
        super().__init__(scope, id_)
        self._cluster_name = props.cluster_name
        for access in access_entries(props.settings):
            self._associate(self._entry(access.role_arn), access.policy, _scope(access))

    def _entry(self, role_arn: str) -> EksAccessEntry:
        return EksAccessEntry(
            self,
            f"entry-{_role_id(role_arn)}",
            cluster_name=self._cluster_name,
            principal_arn=role_arn,
            type="STANDARD",
        )

    def _associate(
        self, entry: EksAccessEntry, policy: str, scope: EksAccessPolicyAssociationAccessScope
    ) -> None:
        EksAccessPolicyAssociation(
            self,
            entry.node.id.replace("entry-", "policy-", 1),
            cluster_name=self._cluster_name,
            principal_arn=entry.principal_arn,
            policy_arn=f"{POLICY}/{policy}",
            access_scope=scope,
        )


def _scope(access: AccessEntry) -> EksAccessPolicyAssociationAccessScope:
    if not access.namespaces:
        return EksAccessPolicyAssociationAccessScope(type="cluster")
    return EksAccessPolicyAssociationAccessScope(
        type="namespace", namespaces=list(access.namespaces)
    )


def _role_id(role_arn: str) -> str:
    """The role's path and name, as far as a Terraform name can hold them; unique in its account."""
    role = role_arn.split(":role/", 1)[1]
    readable = re.sub(r"[^A-Za-z0-9_-]", "-", role)
    if readable == role:
        return role
    # "team/admin" and "team-admin" are two roles.
    return f"{readable}-{hashlib.sha256(role.encode()).hexdigest()[:8]}"
