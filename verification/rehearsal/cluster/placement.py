"""On which nodes the pods of our namespaces are, and on which they belong."""

from collections.abc import Sequence
from dataclasses import dataclass

from blueprint.names import ENVIRONMENT_LABEL, telemetry_namespace
from settings.model import OBSERVABILITY, Settings
from verification.rehearsal.cluster.kube_api import KubeApi, Object

GATEWAY = "otel-gateway"
"""The only pods of ours on the nodes of a stage, besides those that run on every node."""


@dataclass(frozen=True)
class Placed:
    """A pod, the node group's namespace that it runs in, and the one that it belongs to.

    `runs_in` is empty where it has no node. A pod that belongs on every node `belongs_to` all.
    """

    name: str
    runs_in: str
    belongs_to: str

    @property
    def is_right(self) -> bool:
        """Whether it is where it belongs."""
        return bool(self.runs_in) and self.belongs_to in (self.runs_in, EVERY_NODE)


EVERY_NODE = "every node"


def placed_pods(api: KubeApi, settings: Settings) -> list[Placed]:
    """Every pod of the namespaces that the observability stack makes."""
    groups = {
        node["metadata"]["name"]: node["metadata"]["labels"].get(ENVIRONMENT_LABEL, "")
        for node in api.items("/api/v1/nodes")
    }
    owned = {OBSERVABILITY, *map(telemetry_namespace, settings.stages)}
    return [
        Placed(
            f"{pod['metadata']['namespace']}/{pod['metadata']['name']}",
            groups.get(pod["spec"].get("nodeName", ""), ""),
            group_of(pod, settings.stages),
        )
        for pod in api.items("/api/v1/pods")
        if pod["metadata"]["namespace"] in owned
    ]


def group_of(pod: Object, stages: Sequence[str]) -> str:
    """The namespace whose node group a pod belongs to."""
    metadata = pod["metadata"]
    owners = [owner["kind"] for owner in metadata.get("ownerReferences") or ()]
    if "DaemonSet" in owners:
        return EVERY_NODE
    if metadata["name"].startswith(f"{GATEWAY}-"):
        for stage in stages:
            if metadata["namespace"] == telemetry_namespace(stage):
                return stage
    return OBSERVABILITY
