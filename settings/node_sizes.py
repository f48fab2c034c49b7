"""Nodes of each `size`: node groups and minimum resources, in one table."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Size = Literal["small", "medium", "large"]
SIZES: Final[tuple[Size, ...]] = get_args(Size)


@dataclass(frozen=True, kw_only=True)
class ObservabilityNodes:
    """Nodes of the observability namespace, per availability zone."""

    instance_type: str
    min_size_per_zone: int
    max_size_per_zone: int
    disk_size_gib: int


OBSERVABILITY_NODES: dict[Size, ObservabilityNodes] = {
    "small": ObservabilityNodes(
        instance_type="m7i.large", min_size_per_zone=1, max_size_per_zone=2, disk_size_gib=50
    ),
    "medium": ObservabilityNodes(
        instance_type="m7i.xlarge", min_size_per_zone=1, max_size_per_zone=3, disk_size_gib=80
    ),
    "large": ObservabilityNodes(
        instance_type="m7i.2xlarge", min_size_per_zone=2, max_size_per_zone=6, disk_size_gib=100
    ),
}


@dataclass(frozen=True, kw_only=True)
class MinimumQuota:
    """What the observability namespace needs at least, in a cluster of up to `nodes` nodes and
    four stages.

    All its pods, those that a rollout makes beside the old ones, and the agents that run on the
    nodes of every namespace: where the quota is used up, a new node gets no agent.
    """

    nodes: int
    requests_cpu: int
    requests_memory_gib: int
    limits_cpu: int
    limits_memory_gib: int
    pods: int
    persistent_volume_claims: int


MIN_OBSERVABILITY_QUOTA: dict[Size, MinimumQuota] = {
    "small": MinimumQuota(
        nodes=20,
        requests_cpu=4,
        requests_memory_gib=12,
        limits_cpu=32,
        limits_memory_gib=32,
        pods=90,
        persistent_volume_claims=10,
    ),
    "medium": MinimumQuota(
        nodes=40,
        requests_cpu=10,
        requests_memory_gib=32,
        limits_cpu=70,
        limits_memory_gib=72,
        pods=140,
        persistent_volume_claims=15,
    ),
    "large": MinimumQuota(
        nodes=60,
        requests_cpu=56,
        requests_memory_gib=136,
        limits_cpu=224,
        limits_memory_gib=288,
        pods=250,
        persistent_volume_claims=30,
    ),
}
"""tests/helm_values/test_node_fit.py holds these to what the charts render."""

MIN_STAGE_VCPUS: dict[Size, int] = {"small": 2, "medium": 5, "large": 26}
"""vCPUs that the nodes of a stage must be able to grow to: twice what the most replicas of its
gateway request, and one more that a rollout makes. With fewer they would wait for nodes in vain,
and a rollout would not end; the other half is for applications.

tests/helm_values/test_node_fit.py holds these to the gateways' sizes (blueprint/backend_sizes.py).
"""

TOO_SMALL: Final = ("nano", "micro")
"""Sizes of instances, in every family, that have no room for what runs on each node: aws-node,
kube-proxy, ebs-csi-node, the Pod Identity agent, the node exporter and the agent of logs. They take
4 pods (`eni-max-pods.txt` of the EKS AMI); with prefix delegation they take 34, and the memory
reserved for these leaves too little. tests/helm_values/test_node_fit.py calculates both.
"""
