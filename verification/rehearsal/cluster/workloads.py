"""Whether Deployments, StatefulSets and DaemonSets have their pods, and why not."""

from collections.abc import Iterator
from dataclasses import dataclass

from verification.rehearsal.cluster.kube_api import KubeApi, Object, wait_for

KINDS = {
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "DaemonSet": "/apis/apps/v1/daemonsets",
}
EVENTS_SHOWN = 3


@dataclass(frozen=True)
class Workload:
    """One object that makes pods: how many it should have, and how many are ready."""

    kind: str
    namespace: str
    name: str
    desired: int
    ready: int

    @property
    def is_ready(self) -> bool:
        """Whether it has all of its pods."""
        return self.ready >= self.desired

    def __str__(self) -> str:
        name = f"{self.kind} {self.namespace}/{self.name}"
        return f"{name}: {self.ready} of {self.desired} pods ready"


def workloads(api: KubeApi) -> list[Workload]:
    """All of a cluster, with what the controllers say of the newest generation."""
    return [
        Workload(
            kind,
            item["metadata"]["namespace"],
            item["metadata"]["name"],
            *_numbers(kind, item),
        )
        for kind, path in KINDS.items()
        for item in api.items(path)
    ]


def _numbers(kind: str, item: Object) -> tuple[int, int]:
    status = item.get("status") or {}
    if kind == "DaemonSet":
        desired, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    else:
        desired, ready = item["spec"]["replicas"], status.get("readyReplicas", 0)
    # Until the controller has seen it, what it says is of something older.
    seen = status.get("observedGeneration", 0) >= item["metadata"].get("generation", 0)
    return max(desired, 0 if seen else 1), ready if seen else 0


def not_ready(api: KubeApi, seconds: float) -> list[str]:
    """Wait until all are ready; what is not by then, with the reasons that events tell."""

    def are_ready() -> bool:
        return all(workload.is_ready for workload in workloads(api))

    if wait_for(are_ready, seconds):
        return []
    return [
        "; ".join([str(workload), *reasons(api, workload)])
        for workload in workloads(api)
        if not workload.is_ready
    ]


def reasons(api: KubeApi, workload: Workload) -> list[str]:
    """Why it has not its pods: warnings, and what its pods wait for; the newest last."""
    prefix = f"{workload.name}-"
    root = f"/api/v1/namespaces/{workload.namespace}"
    lines: dict[str, None] = {}
    for event in api.items(f"{root}/events"):
        name = event["involvedObject"].get("name", "")
        of_it = name == workload.name or name.startswith(prefix)
        if of_it and event.get("type") == "Warning":
            lines[f"{event['reason']}: {event['message']}"] = None
    for pod in api.items(f"{root}/pods"):
        if pod["metadata"]["name"].startswith(prefix):
            lines |= dict.fromkeys(_waiting_for(pod))
    return list(lines)[-EVENTS_SHOWN:]


def _waiting_for(pod: Object) -> Iterator[str]:
    for status in pod["status"].get("containerStatuses") or ():
        waiting = (status.get("state") or {}).get("waiting") or {}
        if waiting:
            yield f"{pod['metadata']['name']} waits: {waiting.get('message') or waiting['reason']}"
