"""The bucket with the states of the other stacks, and the cost alarms."""

from dataclasses import dataclass

from constructs import Construct

from blueprint.bill_alarms import ALLOCATION_TAGS
from blueprint.buckets import plan_state_bucket
from constructs_lib.aws.bucket import Bucket, BucketProps
from constructs_lib.aws.budget import BillAlarms, BillAlarmsProps
from constructs_lib.aws.kms_key import EncryptionKey, EncryptionKeyProps
from settings.model import Settings
from stacks.base import LocalStateStack, state_key_alias
from stacks.outputs import Outputs, output


@dataclass(frozen=True, kw_only=True)
class StateOutputs(Outputs):
    """For people: the other stacks know the bucket's name from the settings."""

    stack_id = "state"

    state_bucket_name: str = output("Bucket of the Terraform states")
    state_key_arn: str = output("KMS key that encrypts the states")


class StateStack(LocalStateStack):
    """Owns: the state bucket and its key, the alarms of the bill. Expects: nothing.

    The alarms are here because this stack is made before anything costs much, and stays when the
    others are destroyed (ADR 0025). Exposes: `StateOutputs`.
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, StateOutputs.stack_id, settings)
        key = EncryptionKey(
            self,
            "key",
            EncryptionKeyProps(
                alias=state_key_alias(settings),
                description=f"Terraform states of {settings.prefix}",
                account_id=settings.account_id,
                deletion_protection=settings.deletion_protection,
            ),
        )
        bucket = Bucket(
            self,
            "bucket",
            BucketProps(
                bucket_name=settings.state_bucket_name,
                plan=plan_state_bucket(),
                kms_key_arn=key.arn,
                deletion_protection=settings.deletion_protection,
            ),
        )
        cost = settings.cost
        BillAlarms(
            self,
            "bill",
            BillAlarmsProps(
                name=settings.prefix,
                monthly_budget_usd=cost.monthly_budget_usd,
                anomaly_threshold_usd=cost.anomaly_threshold_usd,
                emails=settings.alerting.emails,
                monitor_arn=cost.anomaly_monitor_arn,
                allocation_tags=ALLOCATION_TAGS if cost.activate_allocation_tags else (),
            ),
        )
        StateOutputs(state_bucket_name=bucket.name, state_key_arn=key.arn).publish(self)
