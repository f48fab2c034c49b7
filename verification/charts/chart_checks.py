"""Checks of every rendered object beyond its schema: images, resources, spread, names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from blueprint.names import POD_TEMPLATE_HASH
from verification.charts.kubernetes_schemas import Object

WITHOUT_RESOURCES: Final[dict[str, str]] = {}
"""Containers that need no requests and limits, as `Kind name container`, and why."""

OPERATED: Final = frozenset({"Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"})
"""Kinds of which the Prometheus operator makes pods, with the resources in their spec."""

CLUSTER_SCOPED: Final = frozenset(
    {
        "APIService", "CSIDriver", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
        "FlowSchema", "IngressClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration", "Namespace", "PersistentVolume", "PriorityClass",
        "PriorityLevelConfiguration", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    }
)  # fmt: skip
"""Kinds of Kubernetes itself that are in no namespace: their names must differ cluster-wide."""

_IMAGE_ARGUMENT: Final = re.compile(r"(?:^|=)((?:[\w.-]+/)+[\w.-]+):latest$")


def label(manifest: Object) -> str:
    """How messages name an object."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def pod_specs(manifest: Object) -> Iterator[Object]:
    """Specs of the pods that an object of Kubernetes itself makes."""
    spec = manifest.get("spec") or {}
    match manifest["kind"]:
        case "Pod":
            yield spec
        case "CronJob":
            yield spec["jobTemplate"]["spec"]["template"]["spec"]
        case "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job":
            yield spec["template"]["spec"]


def containers(manifest: Object) -> Iterator[Object]:
    """Every container of an object's pods, those that run before the others included."""
    for spec in pod_specs(manifest):
        yield from spec.get("initContainers") or ()
        yield from spec.get("containers") or ()


def image_problems(manifest: Object) -> list[str]:
    """Images that may be another tomorrow."""
    problems = [
        f"{label(manifest)}: {problem}"
        for image in _images(manifest)
        if (problem := _image_problem(image))
    ]
    for container in containers(manifest):
        for argument in [*(container.get("args") or ()), *(container.get("command") or ())]:
            match = _IMAGE_ARGUMENT.search(str(argument))
            if match:
                problems.append(f"{label(manifest)}: image {match[1]}:latest has the tag latest")
    return problems


def _images(manifest: Object) -> list[str]:
    if manifest["kind"] in OPERATED:
        spec = manifest["spec"]
        specs = [spec, *(spec.get("containers") or ()), spec.get("thanos") or {}]
        return [str(part["image"]) for part in specs if part.get("image")]
    return [str(container.get("image", "")) for container in containers(manifest)]


def _image_problem(image: str) -> str | None:
    if not image:
        return "a container has no image"
    if "@sha256:" in image:
        return None
    tag = image.rpartition("/")[2].partition(":")[2]
    if not tag:
        return f"image {image} has no tag"
    return f"image {image} has the tag latest" if tag == "latest" else None


def resource_problems(manifest: Object) -> list[str]:
    """Containers that the scheduler cannot place by size, or that may take a node's memory."""
    named = [(str(item.get("name")), item.get("resources")) for item in containers(manifest)]
    if manifest["kind"] in OPERATED:
        named = [(manifest["kind"].lower(), manifest["spec"].get("resources"))]
        if manifest["spec"].get("thanos"):
            named.append(("thanos-sidecar", manifest["spec"]["thanos"].get("resources")))
    return [
        f"{label(manifest)}: container {name} has no {' and no '.join(missing)}"
        for name, resources in named
        if (missing := _missing(resources or {}))
        and f"{label(manifest)} {name}" not in WITHOUT_RESOURCES
    ]


def _missing(resources: dict[str, Any]) -> list[str]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    # Without requests, Kubernetes takes the limits for them.
    missing = [f"requests.{name}" for name in ("cpu", "memory") if name not in requests | limits]
    return missing if "memory" in limits else [*missing, "limits.memory"]


def spread_problems(manifest: Object) -> list[str]:
    """Topology spreads of Deployments that also count the pods which a rollout is about to remove.

    With those counted, the new pods may end up together. A StatefulSet replaces a pod by one of
    the same place, and its pods do not have the label.
    """
    is_deployment = manifest["kind"] == "Deployment"
    return [
        f"{label(manifest)}: its topology spread over {spread['topologyKey']} "
        + ("lacks" if is_deployment else "has no use for")
        + f" matchLabelKeys: [{POD_TEMPLATE_HASH}]"
        for pods in pod_specs(manifest)
        for spread in pods.get("topologySpreadConstraints") or ()
        if (POD_TEMPLATE_HASH in (spread.get("matchLabelKeys") or ())) is not is_deployment
    ]


def collisions(
    rendered: Iterable[tuple[str, str, Object]], cluster_scoped: Iterable[tuple[str, str]]
) -> list[str]:
    """Objects that two releases would both own: the second installation fails, or takes it over.

    Args:
        rendered: name of the release, its namespace, object.
        cluster_scoped: API version and kind of custom resources that are in no namespace.
    """
    custom = set(cluster_scoped)
    owners: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for release, namespace, manifest in rendered:
        kind, metadata = manifest["kind"], manifest["metadata"]
        group = manifest["apiVersion"].rpartition("/")[0]
        is_global = kind in CLUSTER_SCOPED or (manifest["apiVersion"], kind) in custom
        place = "" if is_global else f"{metadata.get('namespace', namespace)}/"
        owners[group, kind, place + metadata["name"]].append(release)
    return [
        f"{kind} {name} is in {len(names)} releases: {', '.join(names)}"
        if len(set(names)) > 1
        else f"{kind} {name} is {len(names)} times in release {names[0]}"
        for (_, kind, name), names in sorted(owners.items())
        if len(names) > 1
    ]
