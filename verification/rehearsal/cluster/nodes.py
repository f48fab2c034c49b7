"""Nodes without machines, as the node groups of the synthesized cluster stack would make them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from settings.model import Settings
from verification.rehearsal.cluster.kube_api import KubeApi, Object
from verification.rehearsal.cluster.node_capacity import (
    INSTANCE_TYPES,
    MAX_PODS,
    allocatable,
)
from versions import AL2023_ARM_64

ZONE = "topology.kubernetes.io/zone"
REGION = "topology.kubernetes.io/region"
HOST = "kubernetes.io/hostname"
ARCHITECTURE = "kubernetes.io/arch"
SYSTEM = "kubernetes.io/os"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
NODE_GROUP = "eks.amazonaws.com/nodegroup"
CAPACITY_TYPE = "eks.amazonaws.com/capacityType"
"""Labels that a kubelet of EKS sets (EKS user guide, "Managed node groups")."""

EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}
"""The EKS API's words for the effects of taints, and Kubernetes'."""


class UnknownCapacityError(ValueError):
    """What an instance type has is not known here; the message names the type."""


@dataclass(frozen=True, kw_only=True)
class NodeGroup:
    """A managed node group; its nodes are spread evenly over its zones."""

    name: str
    instance_type: str
    capacity_type: str
    is_arm64: bool
    labels: Mapping[str, str]
    taints: tuple[Object, ...]
    zones: tuple[str, ...]
    region: str
    disk_gib: int
    min_size: int
    max_size: int

    def node(self, number: int) -> Object:
        """The node with a number, from 0 on, which is ready."""
        name = f"{self.name}-{number}.node"
        zone = self.zones[number % len(self.zones)]
        cpus, gibibytes = INSTANCE_TYPES[self.instance_type]
        room = allocatable(self.instance_type)
        common = {"pods": str(MAX_PODS), "ephemeral-storage": f"{self.disk_gib}Gi"}
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": name,
                "labels": {
                    HOST: name,
                    SYSTEM: "linux",
                    ARCHITECTURE: "arm64" if self.is_arm64 else "amd64",
                    INSTANCE_TYPE: self.instance_type,
                    ZONE: zone,
                    REGION: self.region,
                    NODE_GROUP: self.name,
                    CAPACITY_TYPE: self.capacity_type,
                    **self.labels,
                },
            },
            "spec": {
                "providerID": f"aws:///{zone}/{name}",
                "taints": [dict(taint) for taint in self.taints],
            },
            "status": {
                "capacity": {"cpu": str(cpus), "memory": f"{gibibytes}Gi", **common},
                "allocatable": {"cpu": f"{room.cpu}m", "memory": f"{room.memory}Mi", **common},
                "conditions": conditions(),
                "nodeInfo": NODE_INFO,
            },
        }


NODE_INFO = {
    "architecture": "",
    "bootID": "",
    "containerRuntimeVersion": "",
    "kernelVersion": "",
    "kubeProxyVersion": "",
    "kubeletVersion": "v0.0.0-stand-in",
    "machineID": "",
    "operatingSystem": "linux",
    "osImage": "",
    "systemUUID": "",
}
"""Required of a node; the version says that no kubelet is behind it."""


def conditions() -> list[Object]:
    """What a healthy kubelet says of its node."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    good = {
        "Ready": ("True", "KubeletReady"),
        "MemoryPressure": ("False", "KubeletHasSufficientMemory"),
        "DiskPressure": ("False", "KubeletHasNoDiskPressure"),
        "PIDPressure": ("False", "KubeletHasSufficientPID"),
    }
    return [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        for kind, (status, reason) in good.items()
    ]


def node_groups(cluster_stack: Mapping[str, Any], settings: Settings) -> list[NodeGroup]:
    """The node groups of a parsed cluster stack (its cdk.tf.json).

    Raises:
        UnknownCapacityError: INSTANCE_TYPES lacks the first instance type of a group.
    """
    templates = cluster_stack["resource"]["aws_launch_template"]
    return [
        _node_group(name, group, templates, settings)
        for name, group in cluster_stack["resource"]["aws_eks_node_group"].items()
    ]


def _node_group(
    name: str, group: Object, templates: Mapping[str, Object], settings: Settings
) -> NodeGroup:
    instance_type = _smallest(name, group["instance_types"])
    zones = settings.network.availability_zones
    if len(group["subnet_ids"]) == 1:
        # A group of one zone is called after it.
        zones = tuple(zone for zone in zones if group["node_group_name"].endswith(zone))
    return NodeGroup(
        name=group["node_group_name"],
        instance_type=instance_type,
        capacity_type=group["capacity_type"],
        is_arm64=group["ami_type"] == AL2023_ARM_64,
        labels=group["labels"],
        taints=tuple(
            {"key": taint["key"], "value": taint["value"], "effect": EFFECTS[taint["effect"]]}
            for taint in group.get("taint", ())
        ),
        zones=zones,
        region=settings.region,
        disk_gib=_disk_gib(group, templates),
        min_size=group["scaling_config"]["min_size"],
        max_size=group["scaling_config"]["max_size"],
    )


def _smallest(name: str, instance_types: Sequence[str]) -> str:
    """The type with the least room: with Spot, AWS takes whichever it has."""
    unknown = sorted(set(instance_types) - INSTANCE_TYPES.keys())
    if unknown:
        raise UnknownCapacityError(
            f"{name}: CPU and memory of {', '.join(unknown)} are not known here; known: "
            f"{', '.join(INSTANCE_TYPES)} (verification/rehearsal/cluster/node_capacity.py)"
        )
    return min(instance_types, key=lambda type_: INSTANCE_TYPES[type_])


def _disk_gib(group: Object, templates: Mapping[str, Object]) -> int:
    # "${aws_launch_template.nodes-dev_launch-template.id}"
    template = templates[group["launch_template"]["id"].split(".")[1]]
    (disk,) = template["block_device_mappings"]
    size: int = disk["ebs"]["volume_size"]
    return size


class Fleet:
    """The nodes of all groups, which grow as the cluster autoscaler would let them."""

    def __init__(self, api: KubeApi, groups: Sequence[NodeGroup]) -> None:
        self._api = api
        self._sizes = {group.name: 0 for group in groups}
        self.groups = groups

    def start(self) -> None:
        """Make the fewest nodes of each group."""
        for group in self.groups:
            for _ in range(group.min_size):
                self._add(group)

    def group_for(self, pod: Object) -> NodeGroup | None:
        """A group that can grow and whose nodes the pod selects, if there is one."""
        selector = pod["spec"].get("nodeSelector") or {}
        fitting = (
            group
            for group in self.groups
            if self._sizes[group.name] < group.max_size
            and all(selector.get(key, value) == value for key, value in group.labels.items())
            and _tolerated(pod, group)
        )
        return min(fitting, key=lambda group: self._sizes[group.name], default=None)

    def grow(self, pod: Object) -> str:
        """Add a node for a pod that finds none; its name, or nothing where no group can grow."""
        group = self.group_for(pod)
        return self._add(group) if group else ""

    def _add(self, group: NodeGroup) -> str:
        node = group.node(self._sizes[group.name])
        self._api.create("/api/v1/nodes", node)
        self._sizes[group.name] += 1
        name: str = node["metadata"]["name"]
        return name


def _tolerated(pod: Object, group: NodeGroup) -> bool:
    tolerations = pod["spec"].get("tolerations") or ()
    return all(
        any(_tolerates(toleration, taint) for toleration in tolerations)
        for taint in group.taints
        if taint["effect"] != "PreferNoSchedule"
    )


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect", taint["effect"]) != taint["effect"]:
        return False
    if toleration.get("operator") == "Exists":
        return bool(toleration.get("key", taint["key"]) == taint["key"])
    return (toleration.get("key"), toleration.get("value", "")) == (taint["key"], taint["value"])
