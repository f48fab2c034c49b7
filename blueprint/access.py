"""Which IAM role has which access policy of EKS, and in which namespaces."""

from dataclasses import dataclass

from settings.model import Settings

CLUSTER_ADMIN = "AmazonEKSClusterAdminPolicy"
EDIT = "AmazonEKSEditPolicy"
"""Access policies of EKS; what they allow is in the EKS user guide, "Access policy permissions"."""


@dataclass(frozen=True, kw_only=True)
class AccessEntry:
    """One IAM role's access to the cluster; without namespaces it is to all of it."""

    role_arn: str
    policy: str
    namespaces: tuple[str, ...] = ()


def access_entries(settings: Settings) -> list[AccessEntry]:
    """Administrators everywhere, editors in their namespaces."""
    administrators = [
        AccessEntry(role_arn=role_arn, policy=CLUSTER_ADMIN)
        for role_arn in settings.cluster.admin_role_arns
    ]
    namespaces: dict[str, list[str]] = {}
    for name, namespace in settings.namespaces.items():
        for role_arn in namespace.editor_role_arns:
            namespaces.setdefault(role_arn, []).append(name)
    editors = [
        AccessEntry(role_arn=role_arn, policy=EDIT, namespaces=tuple(names))
        for role_arn, names in namespaces.items()
    ]
    return [*administrators, *editors]
