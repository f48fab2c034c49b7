"""Rules tell the platform's series from those that an application makes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from outcomes import parsed_queries
from settings_files import TODAY

from alertmanager.rules.all_rules import rule_groups
from settings.load import environment_names, load_environment
from signals import metrics as m
from signals import platform_jobs as jobs
from signals.metrics import METRICS, Metric
from signals.platform_jobs import Target, selector
from verification.dashboards.generated_metrics import Series, all_series

SETTINGS = load_environment("prd", TODAY)
OF_APPLICATIONS = {m.SPAN_METRICS, m.GUARDS, m.APPLICATION, m.SERVICE_GRAPH, m.KUBELET_STATS}
GENERATED = tuple(all_series(SETTINGS))
SERIES = {name: metric for metric in METRICS.values() for name in metric.series_names}
_NAME = re.compile(r"^([a-zA-Z_:][\w:]*)|__name__=~?\"([^\"]+)\"")


def expressions(environment: str) -> list[str]:
    settings = load_environment(environment, TODAY)
    return sorted({rule.expr for group in rule_groups(settings) for rule in group.rules})


def names(text: str) -> list[str]:
    """The names of series that a selector asks for."""
    return "|".join("".join(groups) for groups in _NAME.findall(text)).split("|")


def of_platform(name: str) -> bool:
    """Whether a series is neither the telemetry of an application nor made by a rule."""
    return ":" not in name and SERIES[name].source not in OF_APPLICATIONS


def unclear(texts: list[str]) -> list[str]:
    """Selectors of the platform's series that an application's series could match."""
    selectors = [
        text
        for query in parsed_queries([("promql", text) for text in texts])
        for text in query.selectors
    ]
    said = zip(selectors, parsed_queries([("promql", text) for text in selectors]), strict=True)
    return [
        text
        for text, selector in said
        if any(map(of_platform, names(text)))
        and not {"namespace", "job", m.ENVIRONMENT} <= set(selector.matched)
    ]


@pytest.mark.parametrize("environment", environment_names())
def test_every_selector_of_the_platform_names_namespace_job_and_no_stage(environment: str) -> None:
    texts = expressions(environment)
    assert not unclear(texts)
    # All of them name it empty: what comes through a gateway has a stage.
    everything = "\n".join(texts)
    assert everything.count('namespace="') + everything.count('namespace=~"') == (
        everything.count(f'{m.ENVIRONMENT}=""')
    )


@pytest.mark.parametrize(
    "text",
    [
        "sum(increase(thanos_compact_iterations_total[1d])) == 0",
        'up{namespace="prd"} == 1',
        'up{job="velero"} == 1',
        'kube_resourcequota{namespace="dev", job="kube-state-metrics"}',
        'rate({__name__=~"otelcol_receiver_refused_spans_total", job="x"}[5m])',
    ],
)
def test_a_selector_that_an_application_can_reach_is_noticed(text: str) -> None:
    assert unclear([text])


TARGETS = {name: value for name, value in vars(jobs).items() if isinstance(value, Target)}


def scraped_by(target: Target) -> Iterator[Series]:
    """Generated series that have the labels of a target."""
    for series in GENERATED:
        if re.fullmatch(target.job, series.labels.get("job", "")) and (
            target.namespace in (None, series.labels.get("namespace"))
        ):
            yield series


@pytest.mark.parametrize(("name", "target"), TARGETS.items())
def test_every_target_is_one_of_the_generated_cluster(name: str, target: Target) -> None:
    assert next(scraped_by(target), None), name


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_metric_is_made_by_the_target_of_its_source(metric: Metric) -> None:
    target = metric.source.target
    samples = [series for series in GENERATED if series.name in metric.series_names]
    assert samples
    if target is not None:
        assert all(re.fullmatch(target.job, series.labels["job"]) for series in samples)
        assert target.namespace in (None, *(series.labels.get("namespace") for series in samples))


def test_the_namespace_is_said_once() -> None:
    assert selector("up", jobs.VELERO) == (
        'up{namespace="observability", job="velero", deployment_environment_name=""}'
    )
    assert selector("up", jobs.GATEWAYS, 'pod="a"', namespace="dev|prd") == (
        'up{namespace=~"dev|prd", job="otel-gateway", deployment_environment_name="", pod="a"}'
    )
    with pytest.raises(ValueError, match="up: job otel-gateway needs one namespace"):
        selector("up", jobs.GATEWAYS)
    with pytest.raises(ValueError, match="up: job velero needs one namespace"):
        selector("up", jobs.VELERO, namespace="dev")
