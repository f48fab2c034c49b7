"""RBAC objects as short text, and back."""

from __future__ import annotations

from typing import Any

import pytest

from verification.rehearsal.cluster.recorded_rbac import read_record
from verification.rehearsal.cluster.rights_text import (
    NoTextError,
    objects_of,
    rule_text,
    rules_of,
    text_of,
)

CORE = {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list"]}
NAMED = {
    "apiGroups": ["apps"],
    "resources": ["deployments/scale"],
    "verbs": ["update"],
    "resourceNames": ["a.b", "c"],
}
PATHS = {"nonResourceURLs": ["/healthz", "/metrics"], "verbs": ["get"]}
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (CORE, "get list: pods, services"),
        (NAMED, "update: deployments/scale.apps named a.b, c"),
        (PATHS, "get: /healthz, /metrics"),
        (EVERYTHING, "*: *.*"),
    ],
)
def test_a_rule_and_its_line_say_the_same(rule: dict[str, Any], line: str) -> None:
    assert rule_text(rule) == line
    assert rules_of(line) == [rule]


def test_each_resource_is_in_each_api_group_of_its_rule() -> None:
    line = rule_text({"apiGroups": ["", "apps"], "resources": ["a", "b"], "verbs": ["get"]})
    assert line == "get: a, a.apps, b, b.apps"
    assert rules_of(line) == [
        {"apiGroups": [group], "resources": ["a", "b"], "verbs": ["get"]} for group in ("", "apps")
    ]


def test_the_record_of_the_charts_says_what_its_objects_say() -> None:
    for text in read_record().releases.values():
        objects = list(objects_of(text))
        assert list(objects_of(text_of(objects))) == objects


def test_labels_that_add_to_other_roles_stay() -> None:
    (role,) = objects_of({"ClusterRole r": {"adds_to": ["aggregate-to-view"], "rules": []}})
    assert role["metadata"]["labels"] == {
        "rbac.authorization.k8s.io/aggregate-to-view": "true"
    }  # fmt: skip


BINDING = {
    "kind": "RoleBinding",
    "metadata": {"name": "b", "namespace": "dev"},
    "roleRef": {"kind": "Role", "name": "r"},
}


@pytest.mark.parametrize(
    "manifest",
    [
        BINDING | {"subjects": [{"kind": "Group", "name": "system:masters"}]},
        {"kind": "Role", "metadata": {"name": "r"}, "rules": [CORE | PATHS]},
        {"kind": "Role", "metadata": {"name": "r"}, "rules": [{"verbs": ["get"]}]},
        {"kind": "ClusterRole", "metadata": {"name": "r"}, "aggregationRule": {"x": 1}},
    ],
)
def test_what_has_no_text_is_refused(manifest: dict[str, Any]) -> None:
    with pytest.raises(NoTextError):
        text_of([manifest])
