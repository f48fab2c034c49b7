"""The queries of the dashboards against numbers worked out by hand, and their committed JSON."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from settings_files import TODAY

from environments.load import environment_names, load_environment
from environments.model import OBSERVABILITY
from grafana import queries
from grafana.board import LINKS, NAMESPACE_TAG, FolderedDashboard
from grafana.dashboards import namespace
from grafana.dashboards.all_dashboards import dashboards
from scripts import dashboards as command
from scripts.programs import PROGRAMS, cached, program
from signals.metrics import CALLS, DURATION
from signals.slo import OBJECTIVE, REQUEST_RATE, error_ratio

DEV = queries.in_stage("dev")
ALL = {
    environment: dashboards(load_environment(environment, TODAY))
    for environment in environment_names()
}
every_dashboard = pytest.mark.parametrize(
    "dashboard",
    [pytest.param(d, id=f"{e}-{d.uid}") for e, found in ALL.items() for d in found],
)


@pytest.fixture(scope="module")
def promtool() -> Path:
    if not cached(PROGRAMS["promtool"]).is_file() and os.environ.get("CI") != "true":
        pytest.skip("promtool is not compiled (`make test-programs`): queries were not evaluated")
    return program("promtool")


def series(name: str, stage: str, values: str, **labels: str) -> dict[str, str]:
    everything = {
        "deployment_environment_name": stage,
        "service_name": "shop",
        **labels,
    }
    text = ", ".join(f'{key}="{value}"' for key, value in everything.items() if value)
    return {"series": f"{name}{{{text}}}", "values": values}


def served(name: str, stage: str, values: str, **labels: str) -> dict[str, str]:
    spans = {"span_kind": "SPAN_KIND_SERVER", "status_code": "STATUS_CODE_UNSET"}
    return series(name, stage, values, **spans | labels)


# 60 requests a minute, of which 6 with an error; a tenth of them takes longer than 0.1 s.
REQUESTS = [
    served(CALLS.name, "dev", "0+54x10"),
    served(CALLS.name, "dev", "0+6x10", status_code="STATUS_CODE_ERROR"),
    served(CALLS.name, "dev", "0+60x10", service_name="quiet"),
    served(CALLS.name, "dev", "0+999x10", span_kind="SPAN_KIND_CLIENT"),
    served(CALLS.name, "prd", "0+999x10"),
    served(DURATION.bucket, "dev", "0+54x10", le="0.1"),
    served(DURATION.bucket, "dev", "0+60x10", le="0.2"),
    served(DURATION.bucket, "dev", "0+60x10", le="+Inf"),
    served(DURATION.bucket, "prd", "0+999x10", le="10"),
    served(DURATION.bucket, "prd", "0+999x10", le="+Inf"),
]
# For five minutes 1 request a second of which 2 in 1000 are bad, then 3 a second, all good: of
# the four there were, 0.0005 are bad on average, and 0.001 may be. So half of the budget is left.
BUDGET = [
    series(REQUEST_RATE, "dev", "1x0 _x4 3x0"),
    series(error_ratio("5m"), "dev", "0.002x0 _x4 0x0", sli="availability"),
    series(error_ratio("5m"), "dev", "0.9x10", sli="latency"),
    series(OBJECTIVE, "dev", "0.999x10", sli="availability", service_name=""),
    series(OBJECTIVE, "dev", "0.9x10", sli="latency", service_name=""),
    series(error_ratio("1h"), "dev", "0.0144x10", sli="availability"),
]


def evaluated(
    promtool: Path, folder: Path, given: list[dict[str, str]], expected: dict[str, Any], at: str
) -> None:
    """Check that each expression gives, rounded, the value for each set of labels."""
    tests = {
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": given,
                "promql_expr_test": [
                    {
                        "expr": f"round({expr.replace(queries.RATE, '5m')}, 0.001)",
                        "eval_time": at,
                        "exp_samples": [
                            {"labels": labels, "value": value} for labels, value in answer.items()
                        ],
                    }
                    for expr, answer in expected.items()
                ],
            }
        ],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    done = subprocess.run(
        [str(promtool), "test", "rules", "test.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_requests_are_those_that_servers_of_the_stage_answered(
    promtool: Path, tmp_path: Path
) -> None:
    quiet, shop = '{service_name="quiet"}', '{service_name="shop"}'
    evaluated(
        promtool,
        tmp_path,
        REQUESTS,
        {
            queries.requests(DEV, "service_name"): {quiet: 1.0, shop: 1.0},
            queries.requests(DEV): {"{}": 2.0},
            queries.error_share(DEV, "service_name"): {quiet: 0.0, shop: 0.1},
            queries.quantile(0.95, DEV, "service_name"): {shop: 0.15},
        },
        at="10m",
    )


def test_the_budget_weighs_requests_and_not_minutes(promtool: Path, tmp_path: Path) -> None:
    shop = '{deployment_environment_name="dev", service_name="shop"}'
    evaluated(
        promtool,
        tmp_path,
        BUDGET,
        {
            queries.budget_left(DEV, "availability"): {shop: 0.5},
            # An objective has no service: asked for one, there must be the same answer.
            queries.budget_left(f'{DEV}, service_name="shop"', "availability"): {shop: 0.5},
        },
        at="5m",
    )


def test_a_burn_rate_is_relative_to_the_objective_of_the_stage(
    promtool: Path, tmp_path: Path
) -> None:
    shop = '{deployment_environment_name="dev", service_name="shop", sli="availability"}'
    evaluated(
        promtool,
        tmp_path,
        BUDGET,
        {queries.burn_rate(DEV, "availability", "1h"): {shop: 14.4}},
        at="5m",
    )


def panels(dashboard: FolderedDashboard) -> Iterator[dict[str, Any]]:
    for panel in dashboard.content["panels"]:
        if panel["type"] != "row":
            yield panel


@every_dashboard
def test_it_cannot_be_changed_in_the_browser(dashboard: FolderedDashboard) -> None:
    assert dashboard.content["editable"] is False


@every_dashboard
def test_it_links_to_all_the_others(dashboard: FolderedDashboard) -> None:
    *links, namespaces = dashboard.content["links"]
    linked = {link["url"].removeprefix("/d/") for link in links}
    assert linked == set(LINKS.values()) - {dashboard.uid}
    assert (namespaces["type"], namespaces["tags"]) == ("dashboards", [NAMESPACE_TAG])
    assert namespaces["asDropdown"] is True


@every_dashboard
def test_it_fits_into_a_config_map(dashboard: FolderedDashboard) -> None:
    assert len(dashboard.compact.encode()) < 1_000_000


@pytest.mark.parametrize("environment", ALL)
def test_dashboards_have_names_and_titles_of_their_own(environment: str) -> None:
    found = ALL[environment]
    assert len({d.uid for d in found}) == len({d.content["title"] for d in found}) == len(found)
    assert {*LINKS.values()} <= {d.uid for d in found}


def test_a_stage_has_an_overview_of_itself_alone() -> None:
    text = namespace.dashboard("dev").compact
    assert '"hml' not in text
    assert '"prd' not in text


def test_observability_has_no_requests_that_a_gateway_counts() -> None:
    assert CALLS.name in namespace.dashboard("dev").compact
    assert CALLS.name not in namespace.dashboard(OBSERVABILITY).compact


@pytest.mark.parametrize("environment", ALL)
def test_the_committed_dashboards_are_current(environment: str) -> None:
    files = command.generated_files(load_environment(environment, TODAY))
    folder = command.GENERATED / environment
    committed = {
        f"{environment}/{file.name}": file.read_text(encoding="utf-8") for file in folder.iterdir()
    }
    assert committed == files, "run `make dashboards`"
    assert all(json.loads(text)["panels"] for text in committed.values())
