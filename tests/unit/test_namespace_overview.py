"""Each namespace has a first dashboard, in a folder of its own, that is about it alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from settings_files import TODAY

from environments.load import load_environment
from grafana.namespace_overview import dashboard, queries
from scripts.programs import PROGRAMS, cached, program
from signals.metrics import CALLS, DURATION

NAMESPACES = list(load_environment("prd", TODAY).namespaces)


@pytest.fixture(scope="module")
def promtool() -> Path:
    if not cached(PROGRAMS["promtool"]).is_file() and os.environ.get("CI") != "true":
        pytest.skip("promtool is not compiled (`make test-programs`): queries were not evaluated")
    return program("promtool")


def series(name: str, stage: str, values: str, **labels: str) -> dict[str, str]:
    everything = {
        "deployment_environment_name": stage,
        "service_name": "shop",
        "span_kind": "SPAN_KIND_SERVER",
        "status_code": "STATUS_CODE_UNSET",
        **labels,
    }
    text = ", ".join(f'{key}="{value}"' for key, value in everything.items())
    return {"series": f"{name}{{{text}}}", "values": values}


def test_the_queries_count_the_requests_of_their_stage_alone(
    promtool: Path, tmp_path: Path
) -> None:
    # 60 requests a minute, of which 6 with an error; a tenth of them takes longer than 0.1 s.
    given = [
        series(CALLS.name, "dev", "0+54x10"),
        series(CALLS.name, "dev", "0+6x10", status_code="STATUS_CODE_ERROR"),
        series(CALLS.name, "dev", "0+60x10", service_name="quiet"),
        series(CALLS.name, "dev", "0+999x10", span_kind="SPAN_KIND_CLIENT"),
        series(CALLS.name, "prd", "0+999x10"),
        series(DURATION.bucket, "dev", "0+54x10", le="0.1"),
        series(DURATION.bucket, "dev", "0+60x10", le="0.2"),
        series(DURATION.bucket, "dev", "0+60x10", le="+Inf"),
    ]
    expected = {
        "Requests": {"quiet": 1.0, "shop": 1.0},
        "Errors": {"quiet": 0.0, "shop": 0.1},
        "Latency, 95th percentile": {"shop": 0.15},
    }
    tests = {
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": given,
                "promql_expr_test": [
                    {
                        "expr": f"round({query}, 0.001)",
                        "eval_time": "10m",
                        "exp_samples": [
                            {"labels": f'{{service_name="{service}"}}', "value": value}
                            for service, value in expected[title].items()
                        ],
                    }
                    for title, query in queries("dev").items()
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    done = subprocess.run(
        [str(promtool), "test", "rules", "test.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_panel_has_a_description_and_no_place_of_another(namespace: str) -> None:
    panels = dashboard(namespace)["panels"]
    assert all(panel["description"] for panel in panels)
    taken = [
        (x, y)
        for panel in panels
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24, "Grafana has 24 columns"


def test_dashboards_have_names_of_their_own() -> None:
    assert len({dashboard(namespace)["uid"] for namespace in NAMESPACES}) == len(NAMESPACES)
