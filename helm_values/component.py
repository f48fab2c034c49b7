"""The declaration of a component of the foundation: its folder is the only place.

`helm_values/<folder>/<folder>.py` has a `COMPONENT`. Roles in AWS, outputs between stacks, network
policies and releases are derived from these declarations (helm_values/releases.py lists them).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from blueprint.iam_statements import Statement
from blueprint.traffic import Flow
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import OBSERVABILITY, Settings


@dataclass(frozen=True, kw_only=True)
class AwsResources:
    """What a role may be given access to; in the stack these are Terraform tokens.

    `bucket_arns` holds the ARN of each bucket by its purpose, as in `plan_storage_buckets`;
    `key_arn` is that of the KMS key which encrypts all of them.
    """

    bucket_arns: Mapping[str, str]
    key_arn: str
    cluster_name: str


@dataclass(frozen=True, kw_only=True)
class WorkloadRole:
    """An IAM role that exactly these service accounts may assume, of each of the namespaces.

    `name` ends the role's name. `statements` says what the role may do.
    """

    name: str
    description: str
    service_accounts: tuple[str, ...]
    statements: Callable[[AwsResources], tuple[Statement, ...]]
    namespaces: Callable[[Settings], tuple[str, ...]] = lambda _: (OBSERVABILITY,)

    @property
    def output(self) -> str:
        """Name of the Terraform output that holds the role's ARN."""
        return f"{self.name.replace('-', '_')}_role_arn"


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret in AWS Secrets Manager that must exist before the component can start.

    It becomes a Kubernetes Secret of the same name and keys in `observability`.
    """

    name: str
    keys: tuple[str, ...]


def _no_releases(_settings: Settings, _outputs: StackOutputs) -> Sequence[Release]:
    return ()


def _no_flows(_settings: Settings) -> Sequence[Flow]:
    return ()


def _no_secrets(_settings: Settings) -> Sequence[Secret]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Component:
    """Everything that other parts of the code must know about a component.

    `reads` names the outputs of the storage stack that its releases or objects need: `releases`
    gets these and no others.
    """

    name: str
    roles: tuple[WorkloadRole, ...] = ()
    flows: Callable[[Settings], Sequence[Flow]] = _no_flows
    secrets: Callable[[Settings], Sequence[Secret]] = _no_secrets
    reads: tuple[str, ...] = ()
    releases: Callable[[Settings, StackOutputs], Sequence[Release]] = _no_releases
