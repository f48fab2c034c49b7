"""An IAM role whose trust, inline policy and managed policies are given in full."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from blueprint.iam_statements import Statement, policy_document


@dataclass(frozen=True, kw_only=True)
class RoleProps:
    """`managed_policies` are names of AWS managed policies below `arn:aws:iam::aws:policy/`."""

    name: str
    description: str
    trust: dict[str, Any]
    statements: tuple[Statement, ...] = ()
    managed_policies: Sequence[str] = ()


class Role(Construct):
    """An IAM role.

    Exposes: `arn`, known once its policies are attached (other resources wait for them), and
    `name`.
    """

    def __init__(self, scope: Construct, id_: str, props: RoleProps) -> None:
        super().__init__(scope, id_)
        role = IamRole(
            self,
            "Resource",
            name=props.name,
            description=props.description,
            assume_role_policy=json.dumps(props.trust),
        )
        self.arn: str = role.arn
        self.name: str = role.name
        if props.statements:
            IamRolePolicy(
                self,
                "policy",
                name=props.name,
                role=role.name,
                policy=json.dumps(policy_document(props.statements)),
            )
        for policy in props.managed_policies:
            IamRolePolicyAttachment(
                self,
                policy,
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/{policy}",
            )
