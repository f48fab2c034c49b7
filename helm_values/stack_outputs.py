"""Outputs of other stacks that the releases read."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StackOutputs:
    """What other stacks publish and the releases need.

    In the stack these are Terraform tokens, in checks and tests sample values.
    """

    metrics_bucket_name: str
    logs_bucket_name: str
    traces_bucket_name: str
    backups_bucket_name: str
    loki_role_arn: str
    tempo_role_arn: str
    thanos_writer_role_arn: str
    thanos_reader_role_arn: str
    velero_role_arn: str
    cluster_autoscaler_role_arn: str


def sample_stack_outputs() -> StackOutputs:
    """Values of the same form as those that the stacks publish."""
    return StackOutputs(
        **{field_.name: _sample(field_.name) for field_ in dataclasses.fields(StackOutputs)}
    )


def _sample(name: str) -> str:
    text = name.replace("_", "-")
    if name.endswith("_arn"):
        return f"arn:aws:iam::111122223333:role/{text.removesuffix('-arn')}"
    return text
