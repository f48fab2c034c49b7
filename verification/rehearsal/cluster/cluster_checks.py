"""Checks of the observability stack in a cluster, by the API server and not by Terraform.

Each returns what it saw, or raises CheckFailedError with what is not as it should be.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from blueprint.names import ENVIRONMENT_LABEL
from settings.model import Settings
from verification.rehearsal.cluster.applying import NOT_KEPT, Account, apply_all
from verification.rehearsal.cluster.drains import drain
from verification.rehearsal.cluster.kube_api import KubeApi, UnknownKindError, wait_for
from verification.rehearsal.cluster.placement import placed_pods
from verification.rehearsal.cluster.rendered_charts import Rendered
from verification.rehearsal.cluster.terraform_objects import kubernetes_objects
from verification.rehearsal.cluster.workloads import not_ready, workloads
from verification.rehearsal.verdicts import CheckFailedError, NotCheckedError, expect, some

READY_SECONDS = 120
GONE_SECONDS = 120


def stack_objects(api: KubeApi, stack: Mapping[str, Any]) -> str:
    """Every `kubernetes_*` object of the stack is accepted, with strict validation."""
    objects = kubernetes_objects(stack, api)
    account = apply_all(api, [item.manifest for item in objects])
    return _said(account)


def release_objects(api: KubeApi, release: Rendered) -> str:
    """Every manifest of a release is accepted, with strict validation.

    Raises:
        NotCheckedError: its chart is unavailable.
    """
    if release.missing:
        raise NotCheckedError(f"{release.name}: {release.missing}")
    account = apply_all(api, release.manifests, release.release.namespace)
    return _said(account)


def _said(account: Account) -> str:
    if account.refused:
        raise CheckFailedError(f"{len(account.refused)} refused: {some(account.refused)}")
    return f"{len(account.accepted)} objects"


def pods_run(api: KubeApi, seconds: float = READY_SECONDS) -> str:
    """Quota, LimitRange and PodSecurity admit every pod; each has a node and what it mounts."""
    missing = not_ready(api, seconds)
    expect(not missing, f"{len(missing)} not ready: {some(missing)}")
    listed = workloads(api)
    return f"{sum(item.ready for item in listed)} pods of {len(listed)} workloads"


def pods_are_where_they_belong(api: KubeApi, settings: Settings) -> str:
    """Each pod is on the node group that is meant for it."""
    pods = placed_pods(api, settings)
    wrong = [
        f"{pod.name} runs on {pod.runs_in or 'no node'}, belongs to {pod.belongs_to}"
        for pod in pods
        if not pod.is_right
    ]
    expect(bool(pods), "there are no pods at all")
    expect(not wrong, f"{len(wrong)} of {len(pods)}: {some(wrong)}")
    return f"{len(pods)} pods"


def nodes_drain(api: KubeApi, namespace: str) -> str:
    """Disruption budgets let each node of a namespace's group be drained, one after the other."""
    nodes = [
        node["metadata"]["name"]
        for node in api.items("/api/v1/nodes", labelSelector=f"{ENVIRONMENT_LABEL}={namespace}")
    ]
    for node in nodes:
        kept = drain(api, node)
        expect(not kept, f"{node}: {some(kept)}")
        missing = not_ready(api, READY_SECONDS)
        expect(not missing, f"after the drain of {node}: {some(missing)}")
    return f"{len(nodes)} nodes"


def everything_is_removed(
    api: KubeApi, stack: Mapping[str, Any], releases: Sequence[Rendered]
) -> str:
    """What was applied can be deleted in reverse order, and no namespace is held by a finalizer."""
    own = [item.manifest for item in kubernetes_objects(stack, api)]
    for release in reversed(releases):
        _delete(api, release.manifests, release.release.namespace)
    _delete(api, own, "")
    names = {item["metadata"]["name"] for item in own if item["kind"] == "Namespace"}

    def left() -> list[str]:
        return [
            f"{item['metadata']['name']}: {_why_held(item)}"
            for item in api.items("/api/v1/namespaces")
            if item["metadata"]["name"] in names
        ]

    if not wait_for(lambda: not left(), GONE_SECONDS):
        raise CheckFailedError(f"still there after {GONE_SECONDS} s: {some(left())}")
    return f"{len(names)} namespaces"


def _delete(api: KubeApi, manifests: Sequence[dict[str, Any]], namespace: str) -> None:
    # Definitions of kinds last: their objects go with them otherwise, without finalizers' owners.
    kept = [item for item in manifests if item["kind"] not in NOT_KEPT]
    for manifest in sorted(kept, key=lambda item: item["kind"] == "CustomResourceDefinition"):
        # Where its definition was refused, there is no such kind, and no object of it.
        with suppress(UnknownKindError):
            api.delete(api.path_of(manifest, namespace), {"propagationPolicy": "Background"})


def _why_held(namespace: dict[str, Any]) -> str:
    conditions = (namespace.get("status") or {}).get("conditions") or ()
    held = [item["message"] for item in conditions if item["status"] == "True"]
    return "; ".join(held) or "no reason given"
