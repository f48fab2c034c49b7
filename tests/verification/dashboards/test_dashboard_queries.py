"""A real Prometheus on generated series answers every panel, and every rule finds its series.

The series are made from `signals.metrics` alone, so whatever a query asks for that nobody makes (a
metric, a label, a value of a stage) is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from alertmanager.alert_model import Alert
from alertmanager.rules.all_rules import rule_groups
from blueprint.names import telemetry_namespaces
from grafana.dashboards.all_dashboards import dashboards
from grafana.targets import Target, interpolated, panel_targets, panels, targets
from helm_values.kube_prometheus_stack.grafana_values import datasources
from settings.load import environment_names, load_environment
from settings.model import OBSERVABILITY
from signals import metrics
from signals.metrics import METRICS, Metric
from tools.paths import ROOT
from verification.dashboards.dashboard_checks import Checker, Window, ask, chosen
from verification.dashboards.generated_metrics import all_series
from verification.dashboards.generated_prometheus import END, scrape_seconds
from verification.dashboards.query_grammars import parsed, queries_in
from verification.rehearsal.prometheus_api import PrometheusApi

TODAY = date(2026, 11, 24)
PREFERRED = {"namespace": "prd", "service": "shop", "search": "timeout"}
WINDOW = Window(start=END - 3600, end=END, scrape_seconds=scrape_seconds())
SETTINGS = {name: load_environment(name, TODAY) for name in environment_names()}
DASHBOARDS = {
    f"{name}-{dashboard.uid}": dashboard.content
    for name, settings in SETTINGS.items()
    for dashboard in dashboards(settings)
}
every_dashboard = pytest.mark.parametrize("name", DASHBOARDS)


@pytest.fixture(scope="module")
def checker(generated_prometheus: PrometheusApi) -> Checker:
    return Checker(api=generated_prometheus, window=WINDOW)


def values(api: PrometheusApi, content: dict[str, Any]) -> dict[str, str]:
    return chosen(api, content, WINDOW, PREFERRED)


@every_dashboard
def test_every_panel_is_answered_with_data(checker: Checker, name: str) -> None:
    content = DASHBOARDS[name]
    problems = list(checker.dashboard(content, values(checker.api, content)))
    assert not problems, "\n".join(problems)


@every_dashboard
def test_variables_offer_what_there_is(checker: Checker, name: str) -> None:
    settings = SETTINGS[name.partition("-")[0]]
    content = DASHBOARDS[name]
    options = values(checker.api, content)
    assert options.get("namespace") in {None, "prd"}
    assert options.get("service") in {None, "shop"}
    if content["uid"] == "kubernetes-saturation":
        everywhere = checker.api.label_values("namespace", "kube_resourcequota", start=0, end=END)
        assert set(everywhere) == {
            *settings.namespaces,
            OBSERVABILITY,
            *telemetry_namespaces(settings),
        }


@pytest.mark.parametrize("stage", SETTINGS["prd"].stages)
def test_a_service_is_answered_in_every_stage(checker: Checker, stage: str) -> None:
    content = DASHBOARDS["prd-service-golden-signals"]
    problems = list(checker.dashboard(content, {"namespace": stage, "service": "cart"}))
    assert not problems, "\n".join(problems)


def columns(api: PrometheusApi, content: dict[str, Any]) -> Iterator[tuple[str, list[set[str]]]]:
    """Of each table of numbers: the labels that each column's answer has."""
    variables = values(api, content)
    for panel in panels(content):
        queries = [t for t in panel_targets(content["uid"], panel) if t.language == "promql"]
        if panel["type"] == "table" and queries:
            answers = [ask(api, target, variables, WINDOW) for target in queries]
            yield panel["title"], [{key for labels, _ in answer.series for key in labels}
                                   for answer in answers]  # fmt: skip


@every_dashboard
def test_columns_of_a_table_have_the_same_labels(checker: Checker, name: str) -> None:
    """Otherwise Grafana does not merge them into one row."""
    for panel, labels in columns(checker.api, DASHBOARDS[name]):
        assert len({frozenset(column) for column in labels}) == 1, f"{panel}: {labels}"


# --- Rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [group.name for group in rule_groups(SETTINGS["prd"])])
@pytest.mark.parametrize("environment", SETTINGS)
def test_every_rule_finds_its_series(checker: Checker, environment: str, group: str) -> None:
    (rule_group,) = (
        rule_group for rule_group in rule_groups(SETTINGS[environment]) if rule_group.name == group
    )
    answers = parsed([("promql", rule.expr) for rule in rule_group.rules])
    problems = [
        f"{rule.name if isinstance(rule, Alert) else rule.record}: {problem}"
        for rule, answer in zip(rule_group.rules, answers, strict=True)
        for problem in checker.parts(answer)
    ]
    assert not problems, "\n".join(problems)


def test_metrics_are_found_from_a_trace(checker: Checker) -> None:
    (tempo,) = (
        datasource for datasource in datasources(SETTINGS["prd"]) if datasource["name"] == "Tempo"
    )
    queries = [query["query"] for query in tempo["jsonData"]["tracesToMetrics"]["queries"]]
    assert queries
    for query in queries:
        expr = query.replace("$$__tags", 'service_name="shop"')
        assert checker.api.at(expr, END).has_data, expr


def test_first_queries_of_runbooks_find_series(checker: Checker) -> None:
    """With any value where a reader puts in the one of the alert."""
    first_queries = [
        query for query in queries_in(ROOT / "docs" / "runbooks" / "alerts") if query[1] == "promql"
    ]
    put_in = {"namespace": "prd", "service": "shop", **WINDOW.macros}
    texts = [PLACEHOLDER.sub('=~".+"', interpolated(text, put_in)) for *_, text in first_queries]
    assert len(texts) > 20
    problems = [
        f"{where}: {problem}"
        for (where, *_), answer in zip(
            first_queries, parsed([("promql", t) for t in texts]), strict=True
        )
        for problem in checker.parts(answer)
    ]
    assert not problems, "\n".join(problems)


# --- Each of these checks can fail ----------------------------------------------------------------

METRIC = re.compile(r"\b[a-z]\w*:\w[\w:]*|\b(?:" + "|".join(
    sorted((series for metric in METRICS.values() for series in metric.series_names), reverse=True)
) + r")\b")  # fmt: skip
PLACEHOLDER = re.compile(r'=~?"[^"]*<[^"]*"')
LABEL = re.compile(r"\b(\w+)(=~|!=|=)\"")


def broken(target: Target) -> Iterator[Target]:
    """With each name of a metric, and each label and value that selects, misspelt by itself."""
    text = target.expr
    for match in METRIC.finditer(text):
        yield replace(target, expr=f"{text[: match.start()]}misspelt_{text[match.start() :]}")
    for match in LABEL.finditer(text):
        if match[2] != "!=":
            # A label that must be absent is absent under any name.
            if not text.startswith('"', match.end()):
                yield replace(
                    target, expr=f"{text[: match.start()]}misspelt_{text[match.start() :]}"
                )
            yield replace(target, expr=f"{text[: match.end()]}misspelt{text[match.end() :]}")


@pytest.mark.parametrize("name", [name for name in DASHBOARDS if name.startswith("prd-")])
def test_a_misspelt_name_in_any_panel_is_noticed(checker: Checker, name: str) -> None:
    content = DASHBOARDS[name]
    variables = values(checker.api, content)
    queries = [target for target in targets(content) if target.language == "promql"]
    mistaken = [variant for target in queries for variant in broken(target)]
    assert len(mistaken) >= len(queries)
    unnoticed = [
        f"{target}: {interpolated(target.expr, {**variables, **WINDOW.macros})}"
        for target, problems in zip(mistaken, checker.targets(mistaken, variables), strict=True)
        if not problems
    ]
    assert not unnoticed, "\n".join(unnoticed)


@pytest.mark.parametrize("rule", [r.expr for g in rule_groups(SETTINGS["prd"]) for r in g.rules])
def test_a_misspelt_name_in_any_rule_is_noticed(checker: Checker, rule: str) -> None:
    whole = Target(dashboard="", panel="", ref_id="", language="promql", expr=rule)
    mistaken = [variant.expr for variant in broken(whole)]
    for text, answer in zip(mistaken, parsed([("promql", t) for t in mistaken]), strict=True):
        assert list(checker.parts(answer)), text


@pytest.mark.parametrize(
    ("expr", "legend", "problem"),
    [
        ("sum by (servce) (up)", "up", "no series has the label servce"),
        ("sum by (job) (up)", "{{pod}}", "the legend asks for pod, which no series"),
        ("sum(missing) or vector(0)", "n", "there are no series missing"),
        ("up == 7", "n", "no data for up == 7"),
        ("up + on (job) up", "n", "many-to-many"),
        ("rate(prometheus_tsdb_head_series[5m])", "n", "metric might not be a counter"),
        ("sum(up", "n", "not accepted from '' on"),
    ],
)
def test_a_problem_is_told(checker: Checker, expr: str, legend: str, problem: str) -> None:
    target = Target(
        dashboard="d", panel="p", ref_id="A", language="promql", expr=expr, legend=legend
    )
    (problems,) = checker.targets([target], {})
    assert any(problem in text for text in problems), problems


def test_a_metric_that_nothing_makes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    new = replace(metrics.UP, name="made_by_nobody")
    monkeypatch.setitem(METRICS, new.name, new)
    with pytest.raises(LookupError, match="made_by_nobody"):
        list(all_series(SETTINGS["prd"]))


def test_series_are_those_of_the_metrics(tmp_path: Path) -> None:
    every_series = list(all_series(SETTINGS["prd"]))
    by_name: dict[str, Metric] = {
        series: metric for metric in METRICS.values() for series in metric.series_names
    }
    assert {series.name for series in every_series} == set(by_name)
    assert len({(series.name, *sorted(series.labels.items())) for series in every_series}) == len(
        every_series
    )
    for series in every_series:
        metric = by_name[series.name]
        assert set(series.labels) - {"le"} == {*metric.source.labels, *metric.labels}
