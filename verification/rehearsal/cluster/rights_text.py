"""RBAC objects as short text and back, for a record that people can review.

A role is a list of rules, `get list: pods, deployments.apps named otel-gateway` or `get: /metrics`:
verbs, what they apply to (a resource with its API group, as kubectl writes it, or a path), and the
names of objects if the rule is for these alone. A binding is `ClusterRole velero to
observability/velero`: the role, and the service accounts that get it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from verification.rehearsal.cluster.kube_api import Object

API = "rbac.authorization.k8s.io"
API_VERSION = f"{API}/v1"
AGGREGATION = f"{API}/"
"""Labels of this prefix add a ClusterRole's rules to another one."""

Text = dict[str, Any]
"""Kind and name of an object to its text: `Role dev/otel-gateway`."""


class NoTextError(ValueError):
    """An object says something for which there is no text."""


def text_of(objects: Iterable[Object]) -> Text:
    """Texts of objects: service accounts, roles, bindings.

    Raises:
        NoTextError: a subject that is no service account, or a rule for resources and paths.
    """
    return {_title(manifest): _body(manifest) for manifest in objects}


def objects_of(text: Text) -> Iterator[Object]:
    """The objects that a text describes; a line with several API groups gives a rule for each."""
    for title, body in text.items():
        kind, _, name = title.partition(" ")
        namespace, _, name = name.rpartition("/")
        metadata: Object = {"name": name} | ({"namespace": namespace} if namespace else {})
        if kind == "ServiceAccount":
            yield {"apiVersion": "v1", "kind": kind, "metadata": metadata}
        elif kind.endswith("Binding"):
            yield {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, **_binding(body)}
        else:
            labels = {f"{AGGREGATION}{key}": "true" for key in body.get("adds_to", ())}
            yield {
                "apiVersion": API_VERSION,
                "kind": kind,
                "metadata": metadata | ({"labels": labels} if labels else {}),
                "rules": [rule for line in body["rules"] for rule in rules_of(line)],
            }


def rule_text(rule: Object) -> str:
    """A rule of a role as a line."""
    resources = [
        f"{resource}.{group}" if group else resource
        for resource in rule.get("resources", ())
        for group in rule.get("apiGroups", ())
    ]
    paths = rule.get("nonResourceURLs", [])
    if bool(resources) == bool(paths):
        raise NoTextError(f"a rule must be for resources or for paths: {rule}")
    names = rule.get("resourceNames") or []
    return f"{' '.join(sorted(rule['verbs']))}: {', '.join(sorted(resources or paths))}" + (
        f" named {', '.join(sorted(names))}" if names else ""
    )


def rules_of(line: str) -> list[Object]:
    """The rules of a line: one for each API group."""
    verbs, _, rest = line.partition(": ")
    scope, _, names = rest.partition(" named ")
    items = scope.split(", ")
    common: Object = {"verbs": verbs.split(" ")}
    if items[0].startswith("/"):
        return [{**common, "nonResourceURLs": items}]
    if names:
        common["resourceNames"] = names.split(", ")
    by_group: dict[str, list[str]] = {}
    for item in items:
        resource, _, group = item.partition(".")
        by_group.setdefault(group, []).append(resource)
    return [
        {**common, "apiGroups": [group], "resources": resources}
        for group, resources in by_group.items()
    ]


def _title(manifest: Object) -> str:
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace")
    return f"{manifest['kind']} {namespace + '/' if namespace else ''}{metadata['name']}"


def _body(manifest: Object) -> Any:
    if manifest["kind"] == "ServiceAccount":
        return "exists"
    if manifest["kind"].endswith("Binding"):
        role, subjects = manifest["roleRef"], manifest.get("subjects", [])
        others = [subject for subject in subjects if subject["kind"] != "ServiceAccount"]
        if others:
            raise NoTextError(f"{_title(manifest)} is for others than service accounts: {others}")
        names = sorted(f"{subject['namespace']}/{subject['name']}" for subject in subjects)
        return f"{role['kind']} {role['name']} to {', '.join(names)}"
    if manifest.get("aggregationRule"):
        raise NoTextError(f"{_title(manifest)} takes its rules from others")
    labels = manifest["metadata"].get("labels", {})
    adds_to = sorted(
        key.removeprefix(AGGREGATION)
        for key, value in labels.items()
        if key.startswith(AGGREGATION) and value == "true"
    )
    rules = list(dict.fromkeys(map(rule_text, manifest.get("rules") or [])))
    return {"rules": rules, **({"adds_to": adds_to} if adds_to else {})}


def _binding(body: str) -> Object:
    role, _, subjects = body.partition(" to ")
    kind, _, name = role.partition(" ")
    return {
        "roleRef": {"apiGroup": API, "kind": kind, "name": name},
        "subjects": [
            {"kind": "ServiceAccount", "namespace": namespace, "name": account}
            for subject in subjects.split(", ")
            for namespace, _, account in [subject.partition("/")]
        ],
    }
