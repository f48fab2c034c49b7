"""Evaluates every role on every resource: its own calls are allowed, and nothing else.

A request is decided with the role's policies, and the bucket's or key's own policy, by the
evaluator in `verification.permissions.simulate`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from settings.model import Settings
from synthesis.reading import as_list, instances
from verification.permissions.aws_calls import Calls, calls
from verification.permissions.managed_policies import managed_document
from verification.permissions.simulate import Request, decide
from verification.permissions.world import Place, Stacks, World

EVERYTHING: Final = "everything"

TRIED: Final[Mapping[str, tuple[str, ...]]] = {
    "bucket": (
        "s3:ListBucket",
        "s3:DeleteBucket",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
    ),
    "objects": (
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "s3:PutObjectTagging",
        "s3:BypassGovernanceRetention",
        "s3:DeleteObjectVersion",
        "s3:GetObjectVersion",
        "s3:PutObjectAcl",
        "s3:PutObjectRetention",
    ),
    "key": (
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:CreateGrant",
        "kms:DisableKey",
        "kms:Encrypt",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
    ),
    "secret": (
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:ListSecretVersionIds",
        "secretsmanager:DeleteSecret",
        "secretsmanager:PutResourcePolicy",
        "secretsmanager:PutSecretValue",
    ),
    "volume": (
        "ec2:AttachVolume",
        "ec2:CreateSnapshot",
        "ec2:CreateTags",
        "ec2:DeleteVolume",
        "ec2:DetachVolume",
        "ec2:ModifyVolume",
    ),
    "new volume": ("ec2:CreateTags", "ec2:CreateVolume"),
    "snapshot": (
        "ec2:CreateTags",
        "ec2:CreateVolume",
        "ec2:DeleteSnapshot",
        "ec2:ModifySnapshotAttribute",
    ),
    "new snapshot": ("ec2:CreateSnapshot", "ec2:CreateTags"),
    "instance": ("ec2:AttachVolume", "ec2:DetachVolume", "ec2:TerminateInstances"),
    "group": (
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "autoscaling:DeleteAutoScalingGroup",
        "autoscaling:UpdateAutoScalingGroup",
    ),
    "node group": ("eks:DescribeNodegroup", "eks:DeleteNodegroup", "eks:UpdateNodegroupConfig"),
    "role": ("iam:PassRole", "iam:PutRolePolicy", "sts:AssumeRole"),
    EVERYTHING: (
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeSnapshots",
        "ec2:DescribeVolumes",
        "ec2:GetInstanceTypesFromInstanceRequirements",
        "s3:ListAllMyBuckets",
        "secretsmanager:ListSecrets",
    ),
}
"""Actions tried on each kind of resource: all that some role needs, and what would hurt."""


@dataclass(frozen=True)
class Role:
    """A role with its policies, references resolved."""

    name: str
    """Last part of the role's name."""
    arn: str
    policies: tuple[dict[str, Any], ...]

    @property
    def actions(self) -> set[str]:
        """Every action that some statement allows."""
        return {
            action
            for policy in self.policies
            for statement in policy["Statement"]
            if statement["Effect"] == "Allow"
            for action in as_list(statement["Action"])
        }


@dataclass(frozen=True)
class Trial:
    """One request, what is expected of it, and what was decided."""

    role: str
    action: str
    place: str
    expected: bool
    allowed: bool

    def __str__(self) -> str:
        return (
            f"{self.role} {'may' if self.allowed else 'may not'} {self.action} on {self.place}, "
            f"{'as no call needs' if self.allowed else 'though its back end calls it'}"
        )


@dataclass(frozen=True)
class Matrix:
    """Every trial of an environment, and what is wrong."""

    environment: str
    trials: tuple[Trial, ...]
    problems: tuple[str, ...]

    @property
    def roles(self) -> list[str]:
        """Roles in the order of the stacks."""
        return list(dict.fromkeys(trial.role for trial in self.trials))

    def allowed(self, role: str) -> dict[str, list[str]]:
        """Actions that a role may do, by resource."""
        by_place: dict[str, list[str]] = {}
        for trial in self.trials:
            if trial.role == role and trial.allowed:
                by_place.setdefault(trial.place, []).append(trial.action)
        return by_place

    def refused(self, role: str) -> int:
        """Number of requests of a role that were refused."""
        return sum(trial.role == role and not trial.allowed for trial in self.trials)


def roles(world: World) -> list[Role]:
    """The roles that a workload's calls are known of, and every role of the storage stack."""
    callers = {call.role for call in calls(world.settings)}
    result = []
    for stack in ("storage", "cluster"):
        config = world.stacks[stack]
        for name, body in instances(config, "aws_iam_role").items():
            short = str(body["name"]).removeprefix(f"{world.settings.prefix}-")
            if stack == "storage" or short in callers:
                arn = f"arn:aws:iam::{world.settings.account_id}:role/{body['name']}"
                result.append(Role(short, arn, tuple(_policies(world, stack, name))))
    return result


def _policies(world: World, stack: str, role: str) -> Iterator[dict[str, Any]]:
    reference = f"${{aws_iam_role.{role}.name}}"
    for body in instances(world.stacks[stack], "aws_iam_role_policy").values():
        if body["role"] == reference:
            yield world.resolved(stack, body["policy"])
    for body in instances(world.stacks[stack], "aws_iam_role_policy_attachment").values():
        if body["role"] == reference:
            yield managed_document(body["policy_arn"])


def try_roles(
    settings: Settings,
    stacks: Stacks,
    other: World | None = None,
    only: Collection[str] | None = None,
) -> Matrix:
    """Try each role of an environment on its resources, and on those of another environment.

    Args:
        settings: the environment.
        stacks: its Terraform JSON.
        other: another environment, on which nothing may succeed.
        only: names of roles; by default all.

    Raises:
        SimulationError: the evaluator could not be asked.
    """
    world = World(settings, stacks)
    expected = {call.role: call for call in calls(settings) if only is None or call.role in only}
    tested = [role for role in roles(world) if only is None or role.name in only]
    requests = [
        request for role in tested for request in _requests(role, world.places, expected, other)
    ]
    decisions = decide([request for _, request in requests])
    trials = tuple(
        dataclasses.replace(trial, allowed=allowed)
        for (trial, _), allowed in zip(requests, decisions, strict=True)
    )
    problems = [str(trial) for trial in trials if trial.allowed is not trial.expected]
    problems += _unused(tested, expected)
    problems += [f"{name} has no role" for name in expected.keys() - {role.name for role in tested}]
    tried = {(trial.role, trial.action, trial.place) for trial in trials}
    problems += [
        f"{role} was never tried: {action} on {place}"
        for role, call in expected.items()
        for action, place in sorted(call.pairs())
        if (role, action, place) not in tried
    ]
    return Matrix(settings.environment, trials, tuple(problems))


def _unused(tried: Sequence[Role], expected: Mapping[str, Calls]) -> Iterator[str]:
    for role in tried:
        if role.name not in expected:
            yield f"{role.name} is a role for which aws_calls.py has no calls"
            continue
        if expected[role.name].managed:
            continue
        called = {action for action, _ in expected[role.name].pairs()}
        for action in sorted(role.actions - called):
            yield f"{role.name} is allowed {action}, which its back end never calls"


def _requests(
    role: Role, places: Sequence[Place], expected: Mapping[str, Calls], other: World | None
) -> Iterator[tuple[Trial, Request]]:
    pairs = expected[role.name].pairs() if role.name in expected else set()
    for place in places:
        for action in TRIED[place.kind]:
            may = (action, place.name) in pairs
            yield _try(role, action, place, place.name, may)
            if place.kind in ("bucket", "objects") and may:
                plain = {**place.context, "aws:SecureTransport": "false"}
                without = dataclasses.replace(place, context=plain)
                yield _try(role, action, without, f"{place.name} without TLS", False)
    for place in other.places if other else ():
        if place.kind in ("bucket", "objects", "key", "secret"):
            for action in TRIED[place.kind]:
                name = f"{place.name} of another environment"
                yield _try(role, action, place, name, False)


def _try(role: Role, action: str, place: Place, name: str, expected: bool) -> tuple[Trial, Request]:
    request = Request(
        role_arn=role.arn,
        action=action,
        resource=place.arn,
        account_id=place.account_id,
        context=dict(place.context),
        identity_policies=role.policies,
        resource_policy=place.resource_policy,
    )
    return Trial(role.name, action, name, expected, allowed=False), request
