"""The stack gives Grafana every dashboard, each in its folder."""

from __future__ import annotations

import json

import pytest
from stack_files import Stacks, instances

from grafana.dashboards.all_dashboards import dashboards
from helm_values.static_values import static_values
from settings.model import Settings
from synthesis.dashboard_files import GENERATED


@pytest.mark.parametrize("environment", ["dev", "prd"])
def test_the_stack_has_the_committed_dashboards_in_their_folders(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    sidecar = static_values("kube_prometheus_stack")["grafana"]["sidecar"]["dashboards"]
    maps = instances(configs[environment]["observability"], "kubernetes_config_map_v1")
    folders = {}
    for config_map in maps.values():
        metadata = config_map["metadata"]
        if metadata["labels"].get("grafana_dashboard") == "1":
            ((name, text),) = config_map["data"].items()
            # Terraform would take these for its own expressions; it writes them without the first.
            content = json.loads(text.replace("$${", "${").replace("%%{", "%{"))
            committed = GENERATED / environment / name
            assert content == json.loads(committed.read_text(encoding="utf-8"))
            folders[name] = metadata["annotations"][sidecar["folderAnnotation"]]
    expected = dashboards(settings[environment])
    assert folders == {f"{dashboard.uid}.json": dashboard.folder for dashboard in expected}
