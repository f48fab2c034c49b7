"""A customer-managed KMS key with rotation and an alias."""

import json
from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from constructs import Construct

from blueprint.iam_statements import Statement, policy_document


@dataclass(frozen=True, kw_only=True)
class EncryptionKeyProps:
    """`service_statements` lets AWS services use the key; people and roles get it by IAM."""

    alias: str
    description: str
    account_id: str
    deletion_protection: bool
    service_statements: tuple[Statement, ...] = ()


class EncryptionKey(Construct):
    """A symmetric key, rotated yearly, that IAM policies of its account control.

    Exposes: `arn`.
    """

    def __init__(self, scope: Construct, id_: str, props: EncryptionKeyProps) -> None:
        super().__init__(scope, id_)
        # The default key policy of KMS: without this statement IAM policies have no effect on the
        # key, and it may become unmanageable ("Default key policy", KMS developer guide). In a key
        # policy the resource "*" means this key.
        account_statement: Statement = {
            "Sid": "IamPoliciesOfTheAccount",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{props.account_id}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        key = KmsKey(
            self,
            "Resource",
            description=props.description,
            enable_key_rotation=True,
            # The longest time to notice that something still needs the key.
            deletion_window_in_days=30 if props.deletion_protection else 7,
            policy=json.dumps(policy_document([account_statement, *props.service_statements])),
            lifecycle=TerraformResourceLifecycle(prevent_destroy=props.deletion_protection),
        )
        KmsAlias(self, "alias", name=props.alias, target_key_id=key.key_id)
        self.arn: str = key.arn
