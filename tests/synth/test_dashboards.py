"""Grafana gets a folder per namespace."""

from __future__ import annotations

import json

import pytest

from environments.model import Settings
from helm_values.render import static_values

from .reading import Stacks, instances


@pytest.mark.parametrize("environment", ["dev", "prd"])
def test_each_namespace_has_a_folder_with_its_overview(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    sidecar = static_values("kube_prometheus_stack")["grafana"]["sidecar"]["dashboards"]
    maps = instances(configs[environment]["observability"], "kubernetes_config_map_v1")
    folders = {}
    for config_map in maps.values():
        metadata = config_map["metadata"]
        if metadata["labels"].get("grafana_dashboard") == "1":
            ((name, text),) = config_map["data"].items()
            assert name == f"{json.loads(text)['uid']}.json"
            folders[metadata["annotations"][sidecar["folderAnnotation"]]] = json.loads(text)
    assert set(folders) == set(settings[environment].namespaces)
    for namespace, dashboard in folders.items():
        assert dashboard["title"] == f"{namespace} overview"
