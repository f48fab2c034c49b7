"""Metrics have one place for their names, somebody who makes them, somebody who asks for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from settings_files import TODAY

from alertmanager.rules.all_rules import rule_groups
from grafana.dashboards.all_dashboards import dashboards
from helm_values.otel_collector import guard_counts
from helm_values.otel_collector.otel_gateway_config import gateway_config
from helm_values.static_values import static_values
from settings.load import load_environment
from signals import metrics as m
from signals import slo
from signals.metrics import METRICS, Metric, Source
from tools.paths import ROOT

SETTINGS = load_environment("prd", TODAY)
ASKED = "\n".join(
    [
        *(dashboard.compact for dashboard in dashboards(SETTINGS)),
        *(rule.expr for group in rule_groups(SETTINGS) for rule in group.rules),
    ]
)
SOURCES = {source.name: source for source in vars(m).values() if isinstance(source, Source)}
PUSHED = {m.SPAN_METRICS, m.GUARDS, m.APPLICATION, m.SERVICE_GRAPH, m.KUBELET_STATS}
MADE_BY_PROMETHEUS = {m.SCRAPE, m.RULES}
MONITORS = {
    # Who is scraped: the chart, and its objects that tell Prometheus so.
    m.CADVISOR: ("kube-prometheus-stack", {"ServiceMonitor kps-kubelet"}),
    m.KUBELET: ("kube-prometheus-stack", {"ServiceMonitor kps-kubelet"}),
    m.API_SERVER: ("kube-prometheus-stack", {"ServiceMonitor kps-apiserver"}),
    m.KUBE_STATE_METRICS: ("kube-prometheus-stack", {"ServiceMonitor kps-kube-state-metrics"}),
    m.PROMETHEUS: ("kube-prometheus-stack", {"ServiceMonitor kps-prometheus"}),
    m.ALERTMANAGER: ("kube-prometheus-stack", {"ServiceMonitor kps-alertmanager"}),
    m.THANOS: (
        "kube-prometheus-stack",
        {"ServiceMonitor kps-thanos-sidecar", "ServiceMonitor thanos"},
    ),
    m.COLLECTOR: (
        "opentelemetry-collector",
        {"ServiceMonitor otel-gateway", "PodMonitor otel-agent"},
    ),
    m.LOKI: ("loki", {"ServiceMonitor loki"}),
    m.TEMPO: ("tempo", {"ServiceMonitor tempo"}),
    m.EXTERNAL_SECRETS: ("external-secrets", {"ServiceMonitor external-secrets-metrics"}),
    m.VELERO: ("velero", {"ServiceMonitor velero"}),
}
# Words of everyday language, too.
COMMON_WORDS = {"up", "ALERTS"}
# An example in a docstring, and where a metric is made.
ELSEWHERE = {
    "helm_values/otel_collector/collector.py": {m.SENT_SPANS.name},
    "helm_values/otel_collector/otel_agent_config.py": {m.CONTAINER_MEMORY.name},
}


def test_every_metric_of_the_module_is_asked_for() -> None:
    unused = [
        name
        for name, metric in METRICS.items()
        if not any(re.search(rf"\b{series}\b", ASKED) for series in metric.series_names)
    ]
    assert not unused


def test_every_recorded_name_is_asked_for() -> None:
    names = [
        name
        for name, value in vars(slo).items()
        if isinstance(value, str) and value.startswith("namespace") and ":" in value
        if value not in ASKED
    ]
    assert not names


def python_files() -> list[Path]:
    return [
        file
        for folder in ("alertmanager", "grafana", "helm_values")
        for file in sorted((ROOT / folder).rglob("*.py"))
    ]


def written(text: str) -> set[str]:
    """Names of metrics that a text has."""
    names = {series for metric in METRICS.values() for series in metric.series_names}
    return {name for name in names - COMMON_WORDS if re.search(rf"\b{name}\b", text)}


@pytest.mark.parametrize("file", python_files(), ids=lambda f: f.relative_to(ROOT).as_posix())
def test_names_of_metrics_are_in_their_module_only(file: Path) -> None:
    allowed = ELSEWHERE.get(file.relative_to(ROOT).as_posix(), set())
    assert written(file.read_text(encoding="utf-8")) == allowed


def test_a_name_elsewhere_is_noticed() -> None:
    assert written(f'expr = "sum({m.CALLS})"') == {m.CALLS.name}
    assert written(f"{m.DURATION.name}_bucket") == {m.DURATION.bucket}


def test_every_source_of_a_metric_is_known_to_be_scraped_or_to_push() -> None:
    assert {*MONITORS, *PUSHED, *MADE_BY_PROMETHEUS} == set(SOURCES.values())
    assert {metric.source for metric in METRICS.values()} == set(SOURCES.values())


@pytest.mark.parametrize("source", MONITORS, ids=lambda source: source.name)
def test_prometheus_is_told_to_scrape_it(source: Source) -> None:
    chart, monitors = MONITORS[source]
    (file,) = (ROOT / "helm_values").glob(f"*/{chart}-[0-9]*.contract.yaml")
    contract = yaml.safe_load(file.read_text(encoding="utf-8"))
    for by_release in contract["objects"].values():
        assert monitors <= {name for names in by_release.values() for name in names}


def test_span_metrics_have_the_names_that_the_gateway_gives_them() -> None:
    connector = gateway_config(SETTINGS, "prd")["connectors"]["span_metrics"]
    prefix = connector["namespace"].replace(".", "_")
    strategy = static_values("prometheus")["prometheus"]["prometheusSpec"]["otlp"]
    assert strategy["translationStrategy"] == "UnderscoreEscapingWithSuffixes"
    assert m.CALLS.name == f"{prefix}_calls_total"
    assert connector["histogram"]["unit"] == "s"
    assert m.DURATION.name == f"{prefix}_duration_seconds"
    asked = {"span_name", "span_kind", "status_code", "otel_metric_overflow"}  # its own
    asked |= {dimension["name"].replace(".", "_") for dimension in connector["dimensions"]}
    assert set(m.CALLS.labels) <= asked


def test_counts_of_the_guards_have_the_names_that_the_gateway_gives_them() -> None:
    for metric, sent in (
        (m.REFUSED_ITEMS, guard_counts.REFUSED),
        (m.SHORTENED_ITEMS, guard_counts.SHORTENED_ITEMS),
    ):
        assert metric.name == f"{sent.replace('.', '_')}_total"


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_names_and_units_keep_the_conventions(metric: Metric) -> None:
    """Prometheus' "Metric and label naming": base units, and `_total` of what only grows."""
    name = metric.name
    assert metric.help.endswith(".")
    assert len(set(metric.labels)) == len(metric.labels)
    if metric.kind == "counter":
        assert name.endswith("_total")
    elif metric.kind == "histogram":
        assert (name.endswith("_seconds")) == (metric.unit == "s")
        assert not name.endswith(("_bucket", "_count", "_sum", "_total"))
    assert not re.search(r"_(milliseconds|ms|kilobytes|megabytes)\b", name)
