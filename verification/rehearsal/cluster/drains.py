"""Drains a node as an upgrade of its node group does: evicts its pods, within their budgets."""

import time

from verification.rehearsal.cluster.kube_api import ApiError, KubeApi, Object

DRAIN_SECONDS = 120
"""EKS gives up after 15 minutes (`PodEvictionFailure`); here a pod runs in a moment."""
RETRY_SECONDS = 1.0


def drain(api: KubeApi, node: str, seconds: float = DRAIN_SECONDS) -> list[str]:
    """Evict what is on a node; what its disruption budgets did not let go in time.

    The node takes no pods meanwhile, and does again afterwards. Pods of DaemonSets stay, as with
    kubectl.
    """
    path = f"/api/v1/nodes/{node}"
    api.merge(path, {"spec": {"unschedulable": True}})
    try:
        deadline = time.monotonic() + seconds
        refused: dict[str, str] = {}
        while pods := evictable(api, node):
            refused = {}
            for pod in pods:
                if reason := _evicted(api, pod):
                    refused[_name(pod)] = reason
            if time.monotonic() > deadline:
                return [f"{name}: {reason}" for name, reason in refused.items()] or list(
                    map(_name, pods)
                )
            time.sleep(RETRY_SECONDS)
        return []
    finally:
        api.merge(path, {"spec": {"unschedulable": None}})


def evictable(api: KubeApi, node: str) -> list[Object]:
    """The pods of a node that a drain moves."""
    return [
        pod
        for pod in api.items("/api/v1/pods", fieldSelector=f"spec.nodeName={node}")
        if pod["status"].get("phase") not in ("Succeeded", "Failed")
        and not any(
            owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences") or ()
        )
    ]


def _evicted(api: KubeApi, pod: Object) -> str:
    """Ask for the eviction of a pod; why it is refused, or nothing."""
    metadata = pod["metadata"]
    if metadata.get("deletionTimestamp"):
        return ""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
    }
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/eviction"
    try:
        api.create(path, eviction)
    except ApiError as error:
        # 429: a budget allows no disruption now. 404: it is gone.
        return "" if error.status == 404 else str(error)
    return ""


def _name(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
