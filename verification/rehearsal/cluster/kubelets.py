"""Stands in for kubelets: keeps nodes alive, and lets pods run once what they mount is there.

Nothing of a container is started. A pod runs as soon as its node is chosen and the Secrets,
ConfigMaps and claims are there that a kubelet would wait for; the pod of a Job then succeeds. What
a pod waits for is in its status, as a kubelet writes it.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from verification.rehearsal.cluster.kube_api import ApiError, KubeApi, Object
from verification.rehearsal.cluster.nodes import Fleet

LEASE_SECONDS = 10.0
"""A kubelet renews its lease so often (`nodeLeaseDurationSeconds`, a quarter of 40 s)."""

GROW_SECONDS = 20.0
"""A pod that found no node is tried again within it, when there is a new one."""

FINISHED = ("Succeeded", "Failed")


def now() -> str:
    """The time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Kubelets:
    """One stand-in for the kubelets of all nodes; `step` is called again and again."""

    def __init__(self, api: KubeApi, fleet: Fleet) -> None:
        self._api = api
        self._fleet = fleet
        self._renewed: dict[str, datetime] = {}
        self._waiting: dict[str, str] = {}
        self._grown: dict[str, float] = {}
        self._addresses = 0

    def step(self) -> None:
        """Look at every node and pod once."""
        self._renew_leases()
        for pod in self._api.items("/api/v1/pods", resourceVersion="0"):
            try:
                self._pod(pod)
            except ApiError as error:
                # Changed or deleted since it was listed: the next step sees it as it is now.
                if error.status not in (404, 409):
                    raise

    def _renew_leases(self) -> None:
        moment = datetime.now(UTC)
        for node in self._api.items("/api/v1/nodes", resourceVersion="0"):
            name = node["metadata"]["name"]
            last = self._renewed.get(name)
            if last and (moment - last).total_seconds() < LEASE_SECONDS:
                continue
            lease = {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": name, "namespace": "kube-node-lease"},
                "spec": {
                    "holderIdentity": name,
                    "leaseDurationSeconds": int(4 * LEASE_SECONDS),
                    "renewTime": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                },
            }
            self._api.apply(lease)
            self._renewed[name] = moment

    def _pod(self, pod: Object) -> None:
        metadata, status = pod["metadata"], pod["status"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        if metadata.get("deletionTimestamp"):
            if pod["spec"].get("nodeName"):
                # A kubelet confirms that the containers have ended.
                self._api.delete(path, {"gracePeriodSeconds": 0})
            return
        if not pod["spec"].get("nodeName"):
            if _is_unschedulable(pod):
                self._grow(pod)
            return
        if status.get("phase") == "Pending":
            missing = next(self._missing(pod), "")
            if missing:
                self._wait(path, pod, missing)
            else:
                self._run(path, pod)
        elif status.get("phase") == "Running" and _ends_by_itself(pod):
            self._api.merge(f"{path}/status", {"status": {"phase": "Succeeded", **_ended(pod)}})

    def _grow(self, pod: Object) -> None:
        """Ask for a node, but not again before the scheduler has seen it."""
        uid, moment = pod["metadata"]["uid"], time.monotonic()
        if moment - self._grown.get(uid, -GROW_SECONDS) >= GROW_SECONDS:
            self._grown[uid] = moment
            self._fleet.grow(pod)

    def _wait(self, path: str, pod: Object, missing: str) -> None:
        uid = pod["metadata"]["uid"]
        if self._waiting.get(uid) == missing:
            return
        self._waiting[uid] = missing
        statuses = [
            _container(container, {"waiting": {"reason": "ContainerCreating", "message": missing}})
            for container in pod["spec"]["containers"]
        ]
        self._api.merge(f"{path}/status", {"status": {"containerStatuses": statuses}})

    def _run(self, path: str, pod: Object) -> None:
        self._addresses += 1
        address = f"10.255.{self._addresses // 250}.{self._addresses % 250 + 1}"
        self._api.merge(f"{path}/status", {"status": _running(pod, address)})

    # --- What a kubelet waits for -----------------------------------------------------------------

    def _missing(self, pod: Object) -> Iterator[str]:
        namespace = pod["metadata"]["namespace"]
        for kind, name, plural in _needed(pod):
            try:
                there = self._api.get(f"/api/v1/namespaces/{namespace}/{plural}/{name}")
            except ApiError as error:
                if error.status != 404:
                    raise
                yield f'{kind} "{name}" not found'
                continue
            if kind == "persistentvolumeclaim" and there["status"].get("phase") != "Bound":
                yield f'{kind} "{name}" is not bound'


def _needed(pod: Object) -> Iterator[tuple[str, str, str]]:
    """Kind, name and plural of the objects without which no container starts."""
    spec = pod["spec"]
    for volume in spec.get("volumes") or ():
        sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
        for source in sources:
            # A Secret is named differently in a volume and elsewhere.
            yield from _reference(source.get("secret"), "secret", ("secretName", "name"))
            yield from _reference(source.get("configMap"), "configmap", ("name",))
            yield from _reference(
                source.get("persistentVolumeClaim"), "persistentvolumeclaim", ("claimName",)
            )
    for container in [*(spec.get("initContainers") or ()), *spec["containers"]]:
        for variable in container.get("env") or ():
            source = variable.get("valueFrom") or {}
            yield from _reference(source.get("secretKeyRef"), "secret", ("name",))
            yield from _reference(source.get("configMapKeyRef"), "configmap", ("name",))
        for source in container.get("envFrom") or ():
            yield from _reference(source.get("secretRef"), "secret", ("name",))
            yield from _reference(source.get("configMapRef"), "configmap", ("name",))


def _reference(source: Any, kind: str, keys: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    if source and not source.get("optional"):
        name = next((source[key] for key in keys if source.get(key)), "")
        if name:
            yield kind, name, f"{kind}s"


# --- Status ---------------------------------------------------------------------------------------


def _is_unschedulable(pod: Object) -> bool:
    return any(
        condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable"
        for condition in pod["status"].get("conditions") or ()
    )


def _ends_by_itself(pod: Object) -> bool:
    return any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences") or ())


def _running(pod: Object, address: str) -> Object:
    moment = now()
    kinds = ("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready")
    conditions = [{"type": kind, "status": "True", "lastTransitionTime": moment} for kind in kinds]
    scheduled = [
        condition
        for condition in pod["status"].get("conditions") or ()
        if condition["type"] == "PodScheduled"
    ]
    ended = {"terminated": {"exitCode": 0, "startedAt": moment, "finishedAt": moment}}
    running = {"running": {"startedAt": moment}}
    spec = pod["spec"]
    return {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": moment,
        "conditions": [*scheduled, *conditions],
        "containerStatuses": [
            _container(container, running, is_ready=True) for container in spec["containers"]
        ],
        "initContainerStatuses": [
            # One that is restarted always is a sidecar, and goes on.
            _container(container, running, is_ready=True)
            if container.get("restartPolicy") == "Always"
            else _container(container, ended, is_ready=True)
            for container in spec.get("initContainers") or ()
        ],
    }


def _ended(pod: Object) -> Object:
    moment = now()
    ended = {"terminated": {"exitCode": 0, "startedAt": moment, "finishedAt": moment}}
    return {
        "containerStatuses": [
            _container(container, ended) for container in pod["spec"]["containers"]
        ]
    }


def _container(container: Object, state: Object, *, is_ready: bool = False) -> Object:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": is_ready,
        "started": is_ready,
        "restartCount": 0,
        "state": state,
    }
