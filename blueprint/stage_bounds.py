"""Bounds of a stage beside CPU, memory and pods: storage, exposure, priority, numbers of objects.

Editors of a stage may create these objects (AmazonEKSEditPolicy). Without a bound, one of them can
fill the disks of nodes or etcd, or publish the stage to the internet. Namespaces of the platform
have no editors, and only the releases create objects there.
"""

from typing import Final

from settings.model import Quota

STORAGE_GIB_PER_CLAIM: Final = 100
EPHEMERAL_GIB_PER_POD: Final = 2

NODE_PORTS_PER_LOAD_BALANCER: Final = 10
"""Kubernetes takes a node port for each port of a Service of type LoadBalancer."""

OBJECTS: Final = {
    "services": "100",
    "count/configmaps": "500",
    "count/secrets": "500",
    "count/jobs.batch": "500",
    "count/cronjobs.batch": "100",
}
"""Far more than applications of 100 pods have, far less than fills etcd (EKS: 8 GiB, and at most
1 MiB for an object)."""

CONTAINER_EPHEMERAL_REQUEST: Final = "100Mi"
CONTAINER_EPHEMERAL_LIMIT: Final = "1Gi"
"""For containers that set none: the kubelet evicts a pod that fills more of the node's disk."""

SYSTEM_PRIORITIES: Final = ("system-cluster-critical", "system-node-critical")
"""Priority classes of Kubernetes itself: pods of these displace any other pod of the cluster."""


def stage_bounds(quota: Quota) -> dict[str, str]:
    """Names and values of a ResourceQuota, in addition to CPU, memory, pods and claims."""
    storage, ephemeral = quota.storage_gib, quota.ephemeral_storage_gib
    if storage is None:
        storage = STORAGE_GIB_PER_CLAIM * quota.persistent_volume_claims
    if ephemeral is None:
        ephemeral = EPHEMERAL_GIB_PER_POD * quota.pods
    return {
        "requests.storage": f"{storage}Gi",
        "limits.ephemeral-storage": f"{ephemeral}Gi",
        "services.loadbalancers": str(quota.load_balancers),
        "services.nodeports": str(NODE_PORTS_PER_LOAD_BALANCER * quota.load_balancers),
        **OBJECTS,
    }
