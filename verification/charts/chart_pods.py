"""Resource requests of rendered pods: replicas, CPU, memory, volumes, and placement on nodes.

`make charts-check` writes it into the contract, so that a test without a network can check whether
all pods fit their nodes and quotas (tests/helm_values/test_node_fit.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from blueprint.resources import mebibytes, millicores
from verification.charts.chart_checks import OPERATED
from verification.charts.kubernetes_schemas import Object

HOST: Final = "kubernetes.io/hostname"
ZONE: Final = "topology.kubernetes.io/zone"

_TEXT: Final = re.compile(
    r"(\d+)(?:-(\d+))? x (\d+)m (\d+)Mi, limits (\d+)m (\d+)Mi, (\d+) volumes"
    r"(, one per node)?(, even over zones)?"
)


@dataclass(frozen=True, kw_only=True)
class PodGroup:
    """Equal pods of one object; of a DaemonSet, `least` and `most` are for each node.

    CPU is in thousandths of a core, memory in MiB. `one_per_node` and `even_over_zones` are what
    the scheduler must keep to, not what it prefers.
    """

    name: str
    least: int
    most: int
    cpu: int
    memory: int
    cpu_limit: int
    memory_limit: int
    volumes: int
    one_per_node: bool = False
    even_over_zones: bool = False

    @property
    def kind(self) -> str:
        """Kind of the object that makes them."""
        return self.name.split(" ", maxsplit=1)[0]

    @property
    def text(self) -> str:
        """One line for people; `parse` reads it."""
        times = str(self.least) if self.least == self.most else f"{self.least}-{self.most}"
        return (
            f"{times} x {self.cpu}m {self.memory}Mi, limits {self.cpu_limit}m "
            f"{self.memory_limit}Mi, {self.volumes} volumes"
            + (", one per node" if self.one_per_node else "")
            + (", even over zones" if self.even_over_zones else "")
        )


def parse(name: str, text: str) -> PodGroup:
    """Read back what `PodGroup.text` wrote.

    Raises:
        ValueError: it is something else.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{name}: {text!r} does not tell what pods ask for")
    least, most, cpu, memory, cpu_limit, memory_limit, volumes = (
        int(number or match[1]) for number in match.groups()[:7]
    )
    return PodGroup(
        name=name,
        least=least,
        most=most,
        cpu=cpu,
        memory=memory,
        cpu_limit=cpu_limit,
        memory_limit=memory_limit,
        volumes=volumes,
        one_per_node=match[8] is not None,
        even_over_zones=match[9] is not None,
    )


def pod_groups(manifests: Iterable[Object]) -> list[PodGroup]:
    """Every group of pods that a release makes, those of its hooks included."""
    listed = list(manifests)
    scaled = {
        (target["kind"], target["name"]): (spec.get("minReplicas") or 1, spec["maxReplicas"])
        for spec in (item["spec"] for item in listed if item["kind"] == "HorizontalPodAutoscaler")
        for target in (spec["scaleTargetRef"],)
    }
    reloader = _config_reloader(listed)
    return [
        _group(manifest, pods, scaled)
        for manifest in listed
        if (pods := _pods(manifest, reloader)) is not None
    ]


def _pods(manifest: Object, reloader: Object) -> Object | None:
    """The spec of an object's pods; the Prometheus operator makes those of its own kinds."""
    spec: Object = manifest.get("spec") or {}
    if manifest["kind"] in OPERATED:
        main = {"resources": spec.get("resources")}
        sidecars = [spec["thanos"]] if spec.get("thanos") else []
        return {**spec, "containers": [main, reloader, *sidecars], "initContainers": [reloader]}
    if manifest["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job"):
        pods: Object = spec["template"]["spec"]
        return pods
    return None


def _config_reloader(manifests: list[Object]) -> Object:
    """The container that the operator adds, whose resources are among its own arguments."""
    pattern = re.compile(r"--config-reloader-(cpu|memory)-(request|limit)=(.+)")
    resources: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    for manifest in manifests:
        if manifest["kind"] == "Deployment":
            for container in manifest["spec"]["template"]["spec"]["containers"]:
                for argument in container.get("args") or ():
                    if match := pattern.fullmatch(str(argument)):
                        resources[f"{match[2]}s"][match[1]] = match[3]
    return {"resources": resources}


def _group(
    manifest: Object, pods: Object, scaled: dict[tuple[str, str], tuple[int, int]]
) -> PodGroup:
    kind, name, spec = manifest["kind"], manifest["metadata"]["name"], manifest["spec"]
    replicas = spec.get("replicas")
    once = 1 if replicas is None else int(replicas)
    least, most = scaled.get((kind, name), (once, once))
    return PodGroup(
        name=f"{kind} {name}",
        least=least,
        most=most,
        cpu=_together(pods, "requests", "cpu"),
        memory=_together(pods, "requests", "memory"),
        cpu_limit=_together(pods, "limits", "cpu"),
        memory_limit=_together(pods, "limits", "memory"),
        volumes=sum(1 for _ in _volumes(spec, pods)),
        one_per_node=any(
            term.get("topologyKey") == HOST
            for term in ((pods.get("affinity") or {}).get("podAntiAffinity") or {}).get(
                "requiredDuringSchedulingIgnoredDuringExecution"
            )
            or ()
        ),
        even_over_zones=any(
            item["topologyKey"] == ZONE and item["whenUnsatisfiable"] == "DoNotSchedule"
            for item in pods.get("topologySpreadConstraints") or ()
        ),
    )


def _together(pods: Object, which: str, resource: str) -> int:
    """A pod's sum, or its largest init container if that requests more, as the scheduler does."""
    amount = millicores if resource == "cpu" else mebibytes

    def of(container: Object) -> int:
        resources = container.get("resources") or {}
        # Without a request, Kubernetes takes the limit for it.
        amounts = {**(resources.get("limits") or {}), **(resources.get(which) or {})}
        return amount(amounts[resource]) if resource in amounts else 0

    return max(
        sum(of(container) for container in pods.get("containers") or ()),
        *(of(container) for container in pods.get("initContainers") or ()),
        0,
    )


def _volumes(spec: Object, pods: Object) -> Iterator[Any]:
    """Claims of one pod: made for each, made by the operator for each, or there already."""
    yield from spec.get("volumeClaimTemplates") or ()
    yield from (
        volume for volume in pods.get("volumes") or () if volume.get("persistentVolumeClaim")
    )
    storage = spec.get("storage")
    if isinstance(storage, dict) and storage.get("volumeClaimTemplate"):
        yield storage
