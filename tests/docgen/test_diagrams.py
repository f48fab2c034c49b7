"""Diagrams show what is synthesized and planned, and nothing else."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from sample_stacks import sample_foundation

from blueprint.traffic import LOKI, TEMPO, Policy, Rule
from docgen import diagrams
from helm_values.traffic_plan import plan_policies
from settings.model import OBSERVABILITY
from synthesis.foundation import all_settings
from verification.rehearsal.pipeline.collectors import gateway

SETTINGS = all_settings()["dev"]
STAGE = SETTINGS.stages[0]


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    return sample_foundation().configs["dev"]["observability"]


def edges(diagram: str) -> set[tuple[str, str, str]]:
    return set(re.findall(r'^  (\w+) -- "(.*?)" --> (\w+)$', diagram, re.MULTILINE))


def test_an_application_reaches_its_gateway_and_no_back_end() -> None:
    arrows = edges(diagrams.traffic_diagram(SETTINGS))
    (pod,) = {source for source, ports, _ in arrows if ports == "4317, 4318"}
    assert {target.rpartition("_")[2] for source, _, target in arrows if source == pod} == {
        "gateway"
    }


def test_every_back_end_is_drawn_with_who_may_reach_it() -> None:
    arrows = edges(diagrams.traffic_diagram(SETTINGS))
    ends = {target for _, _, target in arrows}
    for name in ("door_grafana", "tempo", "loki", "prometheus"):
        assert any(end.endswith(name) for end in ends), name


def test_a_new_rule_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    before = edges(diagrams.traffic_diagram(SETTINGS))
    more = Policy(name="more", pods=LOKI, ingress=(Rule(peers=(TEMPO,), ports=(1234,)),))
    policies = dict(plan_policies(SETTINGS))
    policies[OBSERVABILITY] = (*policies[OBSERVABILITY], more)
    monkeypatch.setattr(diagrams, "plan_policies", lambda _: policies)
    (added,) = edges(diagrams.traffic_diagram(SETTINGS)) - before
    assert added[1] == "1234"


def test_every_pipeline_is_drawn_with_its_processors_in_order(stack: dict[str, Any]) -> None:
    text = diagrams.data_path_diagrams(stack)
    for name, pipeline in gateway(stack, STAGE)["service"]["pipelines"].items():
        steps = "<br/>".join(pipeline["processors"])
        assert f'["<b>{name}</b><br/>{steps}"]' in text


def test_every_exporter_is_drawn_with_its_address(stack: dict[str, Any]) -> None:
    text = diagrams.data_path_diagrams(stack)
    for name, exporter in gateway(stack, STAGE)["exporters"].items():
        assert f"{name}<br/>" in text
        if "endpoint" in exporter:
            assert exporter["endpoint"].removeprefix("http://").partition("/")[0] in text


def test_another_order_is_another_diagram(stack: dict[str, Any]) -> None:
    changed = copy.deepcopy(stack)
    for release in changed["resource"]["helm_release"].values():
        release["values"] = [
            text.replace("- memory_limiter\n", "- memory_limiter_2\n") for text in release["values"]
        ]
    assert diagrams.data_path_diagrams(changed) != diagrams.data_path_diagrams(stack)


@pytest.mark.parametrize(
    ("writer", "bucket"),
    [
        ("Prometheus with Thanos' sidecar", "metrics"),
        ("Thanos: store gateway, compactor", "metrics"),
        ("loki", "logs"),
        ("tempo", "traces"),
        ("velero", "backups"),
    ],
)
def test_every_bucket_is_drawn_with_who_uses_it(
    stack: dict[str, Any], writer: str, bucket: str
) -> None:
    text = diagrams.data_path_diagrams(stack)
    assert re.search(rf'\["{re.escape(writer)}"\] --> \w+\[\("{bucket}"\)\]', text)
