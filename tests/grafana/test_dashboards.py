"""The queries of the dashboards against numbers worked out by hand, and their committed JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from grafana import queries
from grafana.board import LINKS, NAMESPACE_TAG, DashboardFile
from grafana.dashboards import namespace_overview
from grafana.dashboards.all_dashboards import dashboards
from settings.load import environment_names, load_environment
from settings.model import OBSERVABILITY
from signals.metrics import CALLS, DURATION
from signals.slo import OBJECTIVE, REQUEST_RATE, error_ratio
from signals.uids import LOKI_UID, PROMETHEUS_UID, TEMPO_UID
from synthesis import dashboard_files as command
from tools.programs import PROGRAMS, cached, program

DEV = queries.in_stage("dev")
ALL = {
    environment: dashboards(load_environment(environment, TODAY))
    for environment in environment_names()
}
every_dashboard = pytest.mark.parametrize(
    "dashboard",
    [pytest.param(d, id=f"{e}-{d.uid}") for e, files in ALL.items() for d in files],
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
    promtool: Path, folder: Path, series: list[dict[str, str]], expected: dict[str, Any], at: str
) -> None:
    """Check that each expression gives, rounded, the value for each set of labels."""
    tests = {
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series,
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


def panels(dashboard: DashboardFile) -> Iterator[dict[str, Any]]:
    for panel in dashboard.content["panels"]:
        if panel["type"] != "row":
            yield panel


UNITS = {"short", "percentunit", "reqps", "s", "bytes", "Bps"}
ERRORS = [None, 0.01, 0.05]
BUDGETS = [None, 0.1, 0.5]


def steps(config: dict[str, Any]) -> list[float | None]:
    """The bounds of a panel or of a column."""
    return [step["value"] for step in config.get("thresholds", {}).get("steps", ())]


def complaints(panel: dict[str, Any]) -> Iterator[str]:
    """What a panel lacks, or has otherwise than all the others."""
    if not panel.get("title"):
        yield "no title"
    if not panel.get("description", "").endswith((".", "?", ")")):
        yield "no description"
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    # Lines of a log have none.
    if panel["type"] != "logs" and defaults.get("unit") not in UNITS:
        yield f"unit {defaults.get('unit')}"
    looks = {"": defaults} | {
        override["matcher"]["options"]: {p["id"]: p["value"] for p in override["properties"]}
        for override in panel.get("fieldConfig", {}).get("overrides") or ()
    }
    for name, look in looks.items():
        words = f"{panel['title'] if not name else ''} {name}".lower()
        if look.get("unit") not in {None, *UNITS}:
            yield f"unit {look['unit']}"
        if look.get("unit") == "percentunit" and steps(look):
            if words.strip().startswith("errors") and steps(look) != ERRORS:
                yield f"bounds of errors: {steps(look)}"
            if "budget" in words and steps(look) != BUDGETS:
                yield f"bounds of budgets: {steps(look)}"
    if not panel.get("targets"):
        yield "no query"
    if len({target["refId"] for target in panel.get("targets", ())}) != len(panel["targets"]):
        yield "two queries with one name"
    for target in panel.get("targets", ()):
        if target["datasource"]["uid"] not in {PROMETHEUS_UID, LOKI_UID, TEMPO_UID}:
            yield f"datasource {target['datasource']['uid']}"


@every_dashboard
def test_every_panel_is_complete_and_like_the_others(dashboard: DashboardFile) -> None:
    problems = [
        f"{panel['title']}: {complaint}"
        for panel in panels(dashboard)
        for complaint in complaints(panel)
    ]
    assert not problems


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"title": ""}, "no title"),
        ({"description": ""}, "no description"),
        ({"fieldConfig": {"defaults": {}}}, "unit None"),
        ({"fieldConfig": {"defaults": {"unit": "ms"}}}, "unit ms"),
        (
            {
                "title": "Errors",
                "fieldConfig": {
                    "defaults": {
                        "unit": "percentunit",
                        "thresholds": {"steps": [{"value": None}, {"value": 0.2}]},
                    }
                },
            },
            "bounds of errors: [None, 0.2]",
        ),
        ({"targets": []}, "no query"),
    ],
)
def test_what_a_panel_lacks_is_noticed(change: dict[str, Any], complaint: str) -> None:
    (panel, *_) = panels(ALL["prd"][0])
    assert not list(complaints(panel))
    assert complaint in complaints({**panel, **change})


def test_errors_and_budgets_have_their_bounds_wherever_they_are() -> None:
    """The lint above looks at those that have any; these are the ones that must."""
    bounded = {
        (dashboard.uid, panel["title"])
        for dashboard in ALL["prd"]
        for panel in panels(dashboard)
        if steps(panel.get("fieldConfig", {}).get("defaults", {})) in (ERRORS, BUDGETS)
    }
    assert {
        ("global-overview", "Errors"),
        ("global-overview", "Errors by stage"),
        ("prd-overview", "Errors"),
        ("service-golden-signals", "Errors"),
        ("service-golden-signals", "Availability budget left"),
        ("service-golden-signals", "Latency budget left"),
    } <= bounded


@pytest.mark.parametrize("environment", ALL)
def test_a_variable_is_the_same_wherever_it_is(environment: str) -> None:
    """Links take the values along. Namespaces with pods are more than those with requests."""
    queries: dict[str, set[str]] = {}
    for dashboard in ALL[environment]:
        for variable in dashboard.content["templating"].get("list", ()):
            queries.setdefault(variable["name"], set()).add(str(variable.get("query")))
    assert {name: len(variants) for name, variants in queries.items()} == {
        "namespace": 2,
        "service": 1,
        "search": 1,
    }


def places(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Where the links of panels lead: the panel, and the path."""
    for panel in content["panels"]:
        if panel["type"] == "row":
            continue
        config = panel.get("fieldConfig", {})
        links = list(config.get("defaults", {}).get("links") or ()) + [
            link
            for override in config.get("overrides") or ()
            for setting in override["properties"]
            if setting["id"] == "links"
            for link in setting["value"]
        ]
        for link in links:
            yield panel["title"], link["url"]


@every_dashboard
def test_links_of_panels_lead_to_dashboards_and_their_variables(
    dashboard: DashboardFile,
) -> None:
    there = {d.uid: d.content for files in ALL.values() for d in files}
    stages = load_environment("prd", TODAY).stages
    for panel, url in places(dashboard.content):
        uid, _, query = url.removeprefix("/d/").partition("?")
        # A row of a table leads to the dashboard of its stage.
        uids = [uid.replace("${__data.fields.deployment_environment_name}", s) for s in stages]
        for target in uids:
            assert target in there, f"{panel}: {url}"
            known = {v["name"] for v in there[target]["templating"].get("list", ())}
            assert set(re.findall(r"var-(\w+)=", query)) <= known, f"{panel}: {url}"
        assert "${__url_time_range}" in query, f"{panel}: {url}"


def test_some_panels_have_links() -> None:
    linked = {panel for dashboard in ALL["prd"] for panel, _ in places(dashboard.content)}
    assert {"Stages", "Services", "Availability: budgets", "Latency: budgets"} <= linked


@every_dashboard
def test_it_cannot_be_changed_in_the_browser(dashboard: DashboardFile) -> None:
    assert dashboard.content["editable"] is False


@every_dashboard
def test_it_links_to_all_the_others(dashboard: DashboardFile) -> None:
    *links, namespaces = dashboard.content["links"]
    linked = {link["url"].removeprefix("/d/") for link in links}
    assert linked == set(LINKS.values()) - {dashboard.uid}
    assert (namespaces["type"], namespaces["tags"]) == ("dashboards", [NAMESPACE_TAG])
    assert namespaces["asDropdown"] is True


@every_dashboard
def test_it_fits_into_a_config_map(dashboard: DashboardFile) -> None:
    assert len(dashboard.compact.encode()) < 1_000_000


@pytest.mark.parametrize("environment", ALL)
def test_dashboards_have_names_and_titles_of_their_own(environment: str) -> None:
    files = ALL[environment]
    assert len({d.uid for d in files}) == len({d.content["title"] for d in files}) == len(files)
    assert {*LINKS.values()} <= {d.uid for d in files}


def test_a_stage_has_an_overview_of_itself_alone() -> None:
    text = namespace_overview.dashboard("dev").compact
    assert '"hml' not in text
    assert '"prd' not in text


def test_observability_has_no_requests_that_a_gateway_counts() -> None:
    assert CALLS.name in namespace_overview.dashboard("dev").compact
    assert CALLS.name not in namespace_overview.dashboard(OBSERVABILITY).compact


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_the_committed_dashboards_are_current(environment: str) -> None:
    files = command.generated_files(real_settings(environment))
    folder = command.GENERATED / environment
    committed = {
        f"{environment}/{file.name}": file.read_text(encoding="utf-8") for file in folder.iterdir()
    }
    assert committed == files, "run `make dashboards`"
    assert all(json.loads(text)["panels"] for text in committed.values())
