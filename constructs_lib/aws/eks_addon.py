"""A pinned EKS add-on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cdktf_cdktf_provider_aws.eks_addon import EksAddon, EksAddonPodIdentityAssociation
from constructs import Construct, IConstruct

from constructs_lib.dependencies import resources_in


@dataclass(frozen=True, kw_only=True)
class AddonProps:
    """A role reaches the add-on by IRSA (`irsa_role_arn`) or by Pod Identity, as
    `pod_identity_roles`: role ARN by service account."""

    cluster_name: str
    name: str
    version: str
    configuration: dict[str, Any] = field(default_factory=dict)
    irsa_role_arn: str | None = None
    pod_identity_roles: dict[str, str] = field(default_factory=dict)
    after: Sequence[IConstruct] = ()


class Addon(Construct):
    """An EKS add-on at an exact version; `after` names what must exist before it."""

    def __init__(self, scope: Construct, id_: str, props: AddonProps) -> None:
        super().__init__(scope, id_)
        EksAddon(
            self,
            "Resource",
            cluster_name=props.cluster_name,
            addon_name=props.name,
            addon_version=props.version,
            configuration_values=json.dumps(props.configuration) if props.configuration else None,
            service_account_role_arn=props.irsa_role_arn,
            pod_identity_association=[
                EksAddonPodIdentityAssociation(service_account=account, role_arn=role_arn)
                for account, role_arn in props.pod_identity_roles.items()
            ]
            or None,
            # The settings overwrite manual changes in the cluster.
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            depends_on=resources_in(*props.after) or None,
        )
