"""What EKS itself runs in a cluster: its add-ons take room on nodes before our pods come.

Only their names, requests and priorities are those of EKS; no container of theirs runs here.
"""

from verification.rehearsal.cluster.kube_api import Object
from verification.rehearsal.cluster.node_capacity import (
    COREDNS,
    EBS_CSI_CONTROLLER,
    PER_NODE_ADDONS,
    Amount,
)
from verification.rehearsal.cluster.volumes import DRIVER

SYSTEM = "kube-system"
IMAGE = "stand-in.invalid/eks-add-on:0"
"""No registry has it: no container is ever started."""


def eks_add_ons() -> list[Object]:
    """Objects of the add-ons, for kube-system."""
    return [
        _workload("DaemonSet", "eks-node-add-ons", PER_NODE_ADDONS, "system-node-critical"),
        _workload("Deployment", "coredns", COREDNS, "system-cluster-critical"),
        _workload(
            "Deployment", "ebs-csi-controller", EBS_CSI_CONTROLLER, "system-cluster-critical"
        ),
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "CSIDriver",
            "metadata": {"name": DRIVER},
            "spec": {"attachRequired": True, "podInfoOnMount": False},
        },
    ]


def _workload(kind: str, name: str, requests: Amount, priority: str) -> Object:
    labels = {"k8s-app": name}
    pod = {
        "priorityClassName": priority,
        "containers": [
            {
                "name": "add-on",
                "image": IMAGE,
                "resources": {
                    "requests": {"cpu": f"{requests.cpu}m", "memory": f"{requests.memory}Mi"}
                },
            }
        ],
    }
    spec: Object = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    if kind == "DaemonSet":
        pod["tolerations"] = [{"operator": "Exists"}]
    else:
        spec["replicas"] = 2
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": SYSTEM},
        "spec": spec,
    }
