"""From samples to a message: Prometheus with the synthesized rules, Alertmanager, Slack and mail.

What happened in the last minutes is generated; only intervals are shorter than in the cluster.
Prometheus also has the cluster's OTLP receiver and keeps exemplars.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import yaml
from outcomes import not_checked

from blueprint.documents import Config
from blueprint.names import telemetry_namespace
from grafana.dashboards.all_dashboards import dashboards
from grafana.targets import interpolated, macros, targets
from helm_values.otel_collector.span_metrics import SPAN_SECONDS
from settings.load import load_environment
from signals import metrics
from signals.metrics import CALLS, DURATION, METRICS, Source
from tools.programs import ProgramUnavailableError, program
from verification.dashboards.generated_metrics import Series, write_openmetrics
from verification.dashboards.generated_prometheus import serving
from verification.rehearsal.pipeline import otlp_client
from verification.rehearsal.pipeline.alerting import Alerting, alertmanager_with_sinks
from verification.rehearsal.pipeline.collectors import release_values
from verification.rehearsal.pipeline.notification_sinks import Mail, wait_until
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack
from verification.rehearsal.prometheus_api import PrometheusApi

TODAY = date(2026, 11, 24)
SETTINGS = load_environment("prd", TODAY)
WAIT_SECONDS = 180
"""For what must come. The generated samples fill the rules' short window for four minutes."""

SHOP = {"deployment_environment_name": "prd", "service_name": "shop"}
SPAN = {**SHOP, "span_kind": "SPAN_KIND_SERVER"}


@pytest.fixture(scope="module")
def values() -> Config:
    try:
        for name in ("prometheus", "promtool", "alertmanager"):
            program(name)
    except ProgramUnavailableError as error:
        reason = f"not checked: that a firing alert is heard. {error}"
        not_checked(reason)
    stack = observability_stack("prd", TODAY)
    values = copy.deepcopy(release_values(stack, "kps", "observability"))
    # One Prometheus here for two in the cluster: the platform's rules, and those of the stage prd.
    stage = release_values(stack, "prometheus", telemetry_namespace("prd"))
    platform_groups = values["additionalPrometheusRulesMap"]["foundation"]["groups"]
    platform_groups += stage["additionalPrometheusRulesMap"]["foundation"]["groups"]
    return values


def failing(share: float, service: str = "shop") -> list[Series]:
    """A hundred requests a second to a service in prd, of which a share fails."""

    def calls(status: str, rate: float) -> Series:
        labels = {**SPAN, "service_name": service, "status_code": f"STATUS_CODE_{status}"}
        return Series(name=str(CALLS), labels=labels, value=lambda _: rate, is_counter=True)

    return [calls("UNSET", 100 * (1 - share)), calls("ERROR", 100 * share)]


def without_waits(groups: list[Config]) -> list[Config]:
    """The rules, those of service levels and Watchdog without `for`: the rest stay silent."""
    changed = copy.deepcopy(groups)
    for group in changed:
        for rule in group["rules"]:
            if "alert" in rule and group["name"] == "slo-alerts":
                rule["for"] = "0s"
    return changed


@contextmanager
def prometheus(
    values: Config, folder: Path, told: str | None = None, series: list[Series] | None = None
) -> Iterator[PrometheusApi]:
    """With the cluster's labels, rules, OTLP receiver and exemplars; `told` is an Alertmanager."""
    spec = values["prometheus"]["prometheusSpec"]
    otlp, window = spec["otlp"], spec["tsdb"]["outOfOrderTimeWindow"]
    rules = folder / "rules.yaml"
    groups = without_waits(values["additionalPrometheusRulesMap"]["foundation"]["groups"])
    rules.write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
    config: Config = {
        "global": {"evaluation_interval": "1s", "external_labels": spec["externalLabels"]},
        "rule_files": [str(rules)],
        "storage": {"tsdb": {"out_of_order_time_window": window}},
        "otlp": {
            "translation_strategy": otlp["translationStrategy"],
            "keep_identifying_resource_attributes": otlp["keepIdentifyingResourceAttributes"],
            "promote_resource_attributes": otlp["promoteResourceAttributes"],
        },
    }
    if told:
        target = told.removeprefix("http://")
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [target]}]}]}
    data = folder / "data"
    if series:
        now = int(time.time())
        text = folder / "series.txt"
        write_openmetrics(series, text, range(now - 3600, now + 1, 30))
        command = [str(program("promtool")), "tsdb", "create-blocks-from", "openmetrics"]
        subprocess.run([*command, str(text), str(data)], check=True, capture_output=True)
    arguments = [f"--enable-feature={','.join(spec['enableFeatures'])}"]
    # An alert that fires before Alertmanager is found is sent again, by default in a minute.
    arguments += ["--rules.alert.resend-delay=1s"]
    arguments += ["--web.enable-otlp-receiver"] if spec["enableOTLPReceiver"] else []
    with serving(
        folder, data, configuration=yaml.safe_dump(config), arguments=arguments
    ) as process:
        yield PrometheusApi(url=process.url)


@contextmanager
def both(
    values: Config, folder: Path, series: list[Series]
) -> Iterator[tuple[Alerting, PrometheusApi]]:
    with (
        alertmanager_with_sinks(values["alertmanager"], folder) as alerting,
        prometheus(values, folder, alerting.url, series) as api,
    ):
        yield alerting, api


def own_metrics(url: str) -> dict[str, set[str]]:
    """What a program tells of itself: the labels of each metric."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    by_metric: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^(\w+)(?:{(.*)})? ", text, re.MULTILINE):
        by_metric.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return by_metric


def unknown(source: Source, told: dict[str, set[str]]) -> list[str]:
    """The metrics of a source, and their labels, that it does not have."""
    return [
        f"{metric.name}: {set(metric.labels) - told.get(metric.name, set())}"
        for metric in METRICS.values()
        if metric.source == source
        if metric.name not in told or not set(metric.labels) <= told[metric.name]
    ]


def slack(alerting: Alerting, title: str) -> list[Config]:
    return [told for told in alerting.slack() if told["attachments"][0]["title"] == title]


def mails(alerting: Alerting, subject: str) -> list[Mail]:
    return [mail for mail in alerting.mails if mail.message["Subject"] == subject]


def test_failing_requests_of_prd_reach_slack_and_mail(values: Config, tmp_path: Path) -> None:
    title = "[FIRING 1] ServiceAvailabilityBurnFast in prd (critical)"
    with both(values, tmp_path, failing(0.1)) as (alerting, api):
        # Of the rules that fire, any may be the first to be evaluated.
        assert wait_until(lambda: bool(slack(alerting, title)), WAIT_SECONDS)
        assert wait_until(lambda: bool(mails(alerting, title)), WAIT_SECONDS)
        assert wait_until(lambda: bool(alerting.switch()), WAIT_SECONDS)
        of_prometheus, of_alertmanager = own_metrics(api.url), own_metrics(alerting.url)
    # The two programs really have the metrics of theirs that dashboards and alerts ask for.
    assert not unknown(metrics.PROMETHEUS, of_prometheus)
    assert not unknown(metrics.ALERTMANAGER, of_alertmanager)
    assert unknown(metrics.PROMETHEUS, of_alertmanager)
    told = slack(alerting, title)[0]
    (attachment,) = told["attachments"]
    assert told["channel"] == "#oncall-prd"
    alert_settings = SETTINGS.alerting
    dashboard = f"{alert_settings.grafana_url}/d/service-golden-signals"
    assert attachment["title_link"] == f"{dashboard}?var-namespace=prd&var-service=shop"
    text = attachment["text"]
    assert text.startswith("<!channel>\nshop in prd uses up its availability budget fast\n")
    # The value, out of the samples, by the recorded ratio and the template.
    assert "\n10% of its requests were answered with an error" in text
    assert "Owner: product-teams · Cluster: obs-prd" in text
    assert f"<{alert_settings.runbooks_url}/ServiceAvailabilityBurnFast.md|Runbook>" in text
    mail = mails(alerting, title)[0]
    assert mail.recipient == "oncall@example.com"
    assert "10% of its requests" in mail.part("text/plain")
    assert alerting.switch()[0]["alerts"][0]["labels"]["alertname"] == "Watchdog"


def test_any_name_of_a_service_leads_to_its_dashboard(values: Config, tmp_path: Path) -> None:
    with both(values, tmp_path, failing(0.1, "R&D shop|+x")) as (alerting, _):
        assert wait_until(lambda: bool(alerting.slack() and alerting.mails), WAIT_SECONDS)
    dashboard = f"{SETTINGS.alerting.grafana_url}/d/service-golden-signals"
    address = f"{dashboard}?var-namespace=prd&var-service=R%26D%20shop%7C%2Bx"
    (attachment,) = alerting.slack()[0]["attachments"]
    assert attachment["title_link"] == address
    assert attachment["text"].startswith("<!channel>\nR&amp;D shop|+x in prd uses up")
    assert f"Dashboard: {address}" in alerting.mails[0].part("text/plain")


def test_requests_within_the_objective_alarm_nobody(values: Config, tmp_path: Path) -> None:
    with both(values, tmp_path, failing(0.0005)) as (alerting, _):
        # By the second time, every rule was evaluated and every group told.
        assert wait_until(lambda: len(alerting.switch()) > 1, WAIT_SECONDS)
    assert not alerting.slack()
    assert not alerting.mails


def test_exemplars_of_span_metrics_are_those_that_panels_ask_for(
    values: Config, tmp_path: Path
) -> None:
    now_ns = time.time_ns()
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    duration = otlp_client.histogram(
        "traces.span.metrics.duration",
        at_ns=now_ns,
        points=[
            (
                {"span.kind": "SPAN_KIND_SERVER", "http.route": "/orders"},
                list(SPAN_SECONDS),
                [0] * len(SPAN_SECONDS) + [1],
            )
        ],
    )
    duration["unit"] = "s"
    duration["histogram"]["dataPoints"][0]["exemplars"] = [
        {
            "timeUnixNano": str(now_ns),
            "asDouble": 12.5,
            "traceId": trace_id,
            "spanId": "00f067aa0ba902b7",
        }
    ]
    resource = {"deployment.environment.name": "prd", "service.name": "shop"}
    seconds = now_ns / 1e9
    put_in = {"namespace": "prd", "service": "shop"} | macros(60, 30, 3600)
    asked = [
        target
        for dashboard in dashboards(SETTINGS)
        for target in targets(dashboard.content)
        if target.exemplars and dashboard.uid in {"prd-overview", "service-golden-signals"}
    ]
    assert len(asked) > 3
    with prometheus(values, tmp_path) as api:
        otlp_client.post(
            f"{api.url}/api/v1/otlp", "metrics", otlp_client.metrics(resource, [duration])
        )
        for target in asked:
            expr = interpolated(target.expr, put_in)
            exemplars = api.exemplars(expr, start=seconds - 60, end=seconds + 60)
            label = values["grafana"]["sidecar"]["datasources"]["exemplarTraceIdDestinations"]
            assert [exemplar["labels"][label["traceIdLabelName"]] for exemplar in exemplars] == [
                trace_id
            ], target
        names = api.label_values("__name__", None, start=seconds - 60, end=seconds + 60)
        assert set(DURATION.series_names) <= set(names), json.dumps(names)
