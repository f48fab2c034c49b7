"""The resources of the requests: those of the environment, its neighbours and another account.

Terraform's references in the policies become ARNs as AWS would give them; ids are made up.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from blueprint.documents import Config
from blueprint.names import secret_name_prefix
from settings.model import Settings
from synthesis.reading import instances

Stacks = Mapping[str, Config]
"""An environment's Terraform JSON by stack."""

_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}")
_DRIVER_TAG: Final = "ebs.csi.aws.com/cluster"
_GROUP_TAG: Final = "k8s.io/cluster-autoscaler"
_SECURE: Final = {"aws:SecureTransport": "true"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A resource, by a name that is the same in every environment."""

    name: str
    kind: str
    """Which actions are tried on it: see `verification.permissions.permission_matrix.TRIED`."""
    arn: str
    account_id: str
    context: Mapping[str, str] = field(default_factory=dict)
    """Condition keys that a request has because of the resource, such as its tags."""
    resource_policy: dict[str, Any] | None = None


@dataclass(frozen=True)
class World:
    """An environment as its roles meet it."""

    settings: Settings
    stacks: Stacks

    def resolved(self, stack: str, text: str) -> dict[str, Any]:
        """A policy document of a stack, with ARNs in place of references.

        Raises:
            ValueError: a reference that has no ARN here.
        """
        document: dict[str, Any] = json.loads(
            _REFERENCE.sub(lambda match: self._arn(stack, match[1]), text)
        )
        return document

    def _arn(self, stack: str, reference: str) -> str:
        known = self._elsewhere.get(reference)
        if known:
            return known
        kind, _, rest = reference.partition(".")
        name, _, attribute = rest.partition(".")
        if attribute == "arn" and kind == "aws_kms_key":
            return self._key_arn(stack, name)
        if attribute == "arn" and kind == "aws_s3_bucket":
            bucket = instances(self.stacks[stack], kind)[name]["bucket"]
            return f"arn:aws:s3:::{bucket}"
        raise ValueError(f"no ARN for {reference} in {stack}")

    @cached_property
    def _elsewhere(self) -> dict[str, str]:
        """What AWS chooses, and what other stacks publish."""
        settings = self.settings
        issuer = f"oidc.eks.{settings.region}.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
        provider = f"arn:aws:iam::{settings.account_id}:oidc-provider/{issuer}"
        published = "data.terraform_remote_state.cluster.outputs"
        return {
            f"{published}.cluster_name": self.cluster_name,
            f"{published}.oidc_issuer": issuer,
            f"{published}.oidc_provider_arn": provider,
            "local.control-plane_oidc_issuer": issuer,
            "aws_iam_openid_connect_provider.control-plane_oidc-provider.arn": provider,
        }

    @property
    def cluster_name(self) -> str:
        """Name of the EKS cluster."""
        (cluster,) = instances(self.stacks["cluster"], "aws_eks_cluster").values()
        return str(cluster["name"])

    def _key_arn(self, stack: str, name: str) -> str:
        prefix = f"arn:aws:kms:{self.settings.region}:{self.settings.account_id}:key/"
        return prefix + str(
            uuid.uuid5(uuid.NAMESPACE_URL, f"{self.settings.prefix}/{stack}/{name}")
        )

    @cached_property
    def places(self) -> list[Place]:
        """Everything of this environment that a request can be tried on."""
        return [*self._buckets(), *self._keys(), *self._secrets(), *self._compute()]

    def _place(self, name: str, kind: str, arn: str, **context: str) -> Place:
        return Place(
            name=name,
            kind=kind,
            arn=arn,
            account_id=self.settings.account_id,
            context={**_SECURE, **context},
        )

    def _buckets(self) -> list[Place]:
        places = []
        for stack, config in self.stacks.items():
            policies = {
                body["bucket"]: body["policy"]
                for body in instances(config, "aws_s3_bucket_policy").values()
            }
            for name, bucket in instances(config, "aws_s3_bucket").items():
                arn = f"arn:aws:s3:::{bucket['bucket']}"
                label = {"bucket": "state", "flow-logs_bucket": "flow logs"}.get(name, name)
                policy = self.resolved(
                    stack,
                    policies[f"${{aws_s3_bucket.{name}.id}}"],
                )
                for kind, path in (("bucket", ""), ("objects", "/a/tenant/an-object")):
                    places.append(
                        Place(
                            name=f"{label} {kind}",
                            kind=kind,
                            arn=arn + path,
                            account_id=self.settings.account_id,
                            context=_SECURE,
                            resource_policy=policy,
                        )
                    )
        return places

    def _keys(self) -> list[Place]:
        labels = {"storage": "data", "network": "flow logs"}
        return [
            Place(
                name=f"{labels.get(stack, stack)} key",
                kind="key",
                arn=self._key_arn(stack, name),
                account_id=self.settings.account_id,
                context=_SECURE,
                resource_policy=self.resolved(stack, key["policy"]),
            )
            for stack, config in self.stacks.items()
            for name, key in instances(config, "aws_kms_key").items()
        ]

    def _secrets(self) -> list[Place]:
        start = f"arn:aws:secretsmanager:{self.settings.region}:{self.settings.account_id}:secret:"
        places = []
        for namespace in self.settings.namespaces:
            prefix = start + secret_name_prefix(self.settings, namespace)
            places += [
                self._place(f"secrets of {namespace}", "secret", f"{prefix}app-AbCdEf"),
                # Its name begins like that of the namespace.
                self._place(
                    f"secrets of {namespace}2",
                    "secret",
                    f"{prefix.removesuffix('/')}2/app-AbCdEf",
                ),
            ]
        places.append(self._place("secrets of nobody", "secret", f"{start}app-AbCdEf"))
        return places

    def _compute(self) -> list[Place]:
        region, account = self.settings.region, self.settings.account_id
        ec2 = f"arn:aws:ec2:{region}:{account}"
        snapshot = f"arn:aws:ec2:{region}::snapshot/snap-0123456789abcdef"
        groups = f"arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{uuid.UUID(int=1)}"
        eks = f"arn:aws:eks:{region}:{account}"
        tags = {f"{prefix}:ResourceTag/{_DRIVER_TAG}": "true" for prefix in ("aws", "ec2")}
        asked = {f"aws:RequestTag/{_DRIVER_TAG}": "true"}
        cluster = self.cluster_name

        def group(name: str) -> dict[str, str]:
            return {
                f"{prefix}:ResourceTag/{_GROUP_TAG}/{key}": value
                for prefix in ("aws", "autoscaling")
                for key, value in (("enabled", "true"), (name, "owned"))
            }

        return [
            self._place("everything", "everything", "*"),
            self._place("volume of a pod", "volume", f"{ec2}:volume/vol-0123456789abcdef0", **tags),
            self._place("other volume", "volume", f"{ec2}:volume/vol-0fedcba9876543210"),
            self._place(
                "new volume",
                "new volume",
                f"{ec2}:volume/vol-00000000000000000",
                **asked,
                **{"ec2:CreateAction": "CreateVolume"},
            ),
            self._place("snapshot of a pod's volume", "snapshot", f"{snapshot}0", **tags),
            self._place("other snapshot", "snapshot", f"{snapshot}1"),
            self._place(
                "new snapshot",
                "new snapshot",
                f"{snapshot}2",
                **asked,
                **{"ec2:CreateAction": "CreateSnapshot"},
            ),
            self._place("instance", "instance", f"{ec2}:instance/i-0123456789abcdef0"),
            self._place(
                "group of this cluster",
                "group",
                f"{groups}:autoScalingGroupName/ours",
                **group(cluster),
            ),
            self._place(
                "group of another cluster",
                "group",
                f"{groups}:autoScalingGroupName/theirs",
                **group(f"{cluster}2"),
            ),
            self._place("other group", "group", f"{groups}:autoScalingGroupName/web"),
            self._place(
                "node group of this cluster",
                "node group",
                f"{eks}:nodegroup/{cluster}/dev/{uuid.UUID(int=2)}",
            ),
            self._place(
                "node group of another cluster",
                "node group",
                f"{eks}:nodegroup/{cluster}2/dev/{uuid.UUID(int=3)}",
            ),
            self._place(
                "another role", "role", f"arn:aws:iam::{account}:role/{self.settings.prefix}-admin"
            ),
        ]
