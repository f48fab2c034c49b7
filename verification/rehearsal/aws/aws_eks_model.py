"""Types, errors and facts of EKS that the emulated operations share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Environ = dict[str, Any]
# Status, headers, body: what the front looks at before it passes an answer on.
Answer = tuple[str, list[tuple[str, str]], bytes]

AUTHENTICATION_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
ACCESS_POLICIES = (
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSAutoNodePolicy",
    "AmazonEKSBlockStorageClusterPolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSComputeClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSHybridPolicy",
    "AmazonEKSLoadBalancingClusterPolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingClusterPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSViewPolicy",
)
# The types that an access entry may have, and the user name that EKS gives each by default.
NODE_USERNAME = "system:node:{{EC2PrivateDNSName}}"
ACCESS_ENTRY_USERNAMES = {
    "STANDARD": None,
    "EC2": NODE_USERNAME,
    "EC2_LINUX": NODE_USERNAME,
    "EC2_WINDOWS": NODE_USERNAME,
    "FARGATE_LINUX": "system:node:{{SessionName}}",
    "HYBRID_LINUX": "system:node:{{SessionName}}",
    "HYPERPOD_LINUX": "system:node:{{SessionName}}",
}


@dataclass(frozen=True)
class AddonFacts:
    """What the emulator knows of an add-on; its versions are an example, not AWS's list."""

    version: str
    # A Deployment needs a node that takes untolerated pods; a DaemonSet is content without nodes.
    needs_nodes: bool = False


ADDONS = {
    "vpc-cni": AddonFacts("v1.20.4-eksbuild.2"),
    "kube-proxy": AddonFacts("v1.34.0-eksbuild.2"),
    "eks-pod-identity-agent": AddonFacts("v1.3.10-eksbuild.1"),
    "eks-node-monitoring-agent": AddonFacts("v1.4.1-eksbuild.1"),
    "coredns": AddonFacts("v1.12.4-eksbuild.1", needs_nodes=True),
    "aws-ebs-csi-driver": AddonFacts("v1.53.0-eksbuild.1", needs_nodes=True),
    "aws-efs-csi-driver": AddonFacts("v2.1.13-eksbuild.1", needs_nodes=True),
    "metrics-server": AddonFacts("v0.8.0-eksbuild.3", needs_nodes=True),
    "snapshot-controller": AddonFacts("v8.3.0-eksbuild.1", needs_nodes=True),
}


class EksError(Exception):
    """An error as EKS answers it; subclasses name the exception of the EKS API reference."""

    status = "400 Bad Request"

    def __init__(self, message: str, **details: str) -> None:
        super().__init__(message)
        self.body: Json = {"message": message, **details}


class InvalidParameterException(EksError):
    """The request cannot be right, whatever the state is."""


class InvalidRequestException(EksError):
    """The request is not possible in the present state."""


class ResourceInUseException(EksError):
    """The resource exists already, or another one needs it."""

    status = "409 Conflict"


class ResourceNotFoundException(EksError):
    """There is no such resource."""

    status = "404 Not Found"


@dataclass
class ClusterState:
    """What the front keeps of one cluster, all in the shape of EKS's answers."""

    addons: dict[str, Json] = field(default_factory=dict)
    # By principal ARN; the policies of an entry are by policy ARN.
    access_entries: dict[str, Json] = field(default_factory=dict)
    access_policies: dict[str, dict[str, Json]] = field(default_factory=dict)
    associations: dict[str, Json] = field(default_factory=dict)
    updates: dict[str, Json] = field(default_factory=dict)
    self_managed_addons: bool = True

    def tagged(self) -> Iterable[tuple[str, Json]]:
        """Yield the ARN and the tags of each resource kept here."""
        for addon in self.addons.values():
            yield addon["addonArn"], addon["tags"]
        for entry in self.access_entries.values():
            yield entry["accessEntryArn"], entry["tags"]
        for association in self.associations.values():
            yield association["associationArn"], association["tags"]


@dataclass
class Call:
    """One EKS request: parameters of path, query and body together, and the way to moto."""

    region: str
    parameters: Json
    # Sends the request as it came; reads a path of the same service.
    forward: Callable[[], Answer]
    read: Callable[[str], Answer]

    @property
    def cluster_name(self) -> str:
        """The cluster that the path names."""
        return str(self.parameters["name"])

    def given(self, *names: str) -> Json:
        """Return those of the named parameters that the request has."""
        return {name: self.parameters[name] for name in names if name in self.parameters}


def succeeded(answer: Answer) -> bool:
    """Whether an answer has a status of success."""
    return answer[0].startswith("2")
