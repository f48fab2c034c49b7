"""Every check of the rehearsal passes on what is good, and fails once that is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from rehearsed import SETTINGS, good, spans

from verification.dashboards import panel_checks
from verification.rehearsal.pipeline import alert_checks, signal_checks
from verification.rehearsal.pipeline.alert_checks import Heard
from verification.rehearsal.pipeline.backend_queries import Span
from verification.rehearsal.pipeline.notification_sinks import Mail
from verification.rehearsal.pipeline.received_telemetry import Arrived
from verification.rehearsal.verdicts import CheckFailedError, NotCheckedError, Verdicts

Break = Callable[[Arrived], Arrived]


def with_spans(arrived: Arrived, change: Callable[[Span], Span | None]) -> Arrived:
    return replace(
        arrived,
        traces={
            key: [new for span in spans if (new := change(span))]
            for key, spans in arrived.traces.items()
        },
    )


def without_the_second_service(arrived: Arrived) -> Arrived:
    return with_spans(arrived, lambda span: None if span.service == "orders-node" else span)


def torn_apart(arrived: Arrived) -> Arrived:
    return with_spans(arrived, lambda span: replace(span, parent_id="e" * 16))


def written_as_another_stage(arrived: Arrived) -> Arrived:
    request = arrived.sent[0]
    copies = {
        **arrived.traces,
        ("hml", request.trace_id): arrived.traces[request.stage, request.trace_id],
    }
    return replace(arrived, traces=copies)


def without_environment_processor(arrived: Arrived) -> Arrived:
    """What `resource/stage` would have set is what the application claims."""
    return with_spans(
        arrived,
        lambda span: replace(
            span, resource={**span.resource, "deployment.environment.name": "production"}
        ),
    )


def without(kind: str) -> Break:
    def broken(arrived: Arrived) -> Arrived:
        gone = {request.trace_id for request in arrived.sent if request.kind == kind}
        return with_spans(arrived, lambda span: None if span.trace_id in gone else span)

    return broken


def errors_unmarked(arrived: Arrived) -> Arrived:
    return with_spans(arrived, lambda span: replace(span, error=False))


def everything_kept(arrived: Arrived) -> Arrived:
    return replace(
        arrived,
        traces=dict(arrived.traces)
        | {(request.stage, request.trace_id): spans(request) for request in arrived.sent},
    )


def nothing_ordinary_kept(arrived: Arrived) -> Arrived:
    return without("create")(without("list")(arrived))


def logs_without_trace_id(arrived: Arrived) -> Arrived:
    key = ("dev", "orders-node")
    first, *rest = arrived.logs[key]
    return replace(arrived, logs=dict(arrived.logs) | {key: [replace(first, trace_id=""), *rest]})


def logs_in_a_wrong_tenant(arrived: Arrived) -> Arrived:
    stray = replace(arrived.logs["prd", "orders-node"][0], tenant="dev")
    key = ("dev", "orders-node")
    return replace(arrived, logs=dict(arrived.logs) | {key: [*arrived.logs[key], stray]})


def one_order_lost(arrived: Arrived) -> Arrived:
    key = ("dev", "orders-node")
    return replace(arrived, created=dict(arrived.created) | {key: arrived.created[key] - 1})


def counted_after_sampling(arrived: Arrived) -> Arrived:
    kept = {key: number / 2 if key[0] == "prd" else number for key, number in arrived.calls.items()}
    return replace(arrived, calls=kept)


def counted_in_a_stage_without_applications(arrived: Arrived) -> Arrived:
    return replace(arrived, calls=dict(arrived.calls) | {("hml", "orders-node"): 1.0})


def series_of_another_cluster(arrived: Arrived) -> Arrived:
    changed = [{**series, "k8s_cluster_name": "mine"} for series in arrived.series]
    return replace(arrived, series=changed)


def series_without_stage(arrived: Arrived) -> Arrived:
    stray = {**arrived.series[0], "deployment_environment_name": "default"}
    return replace(arrived, series=[*arrived.series, stray])


def no_exemplars(arrived: Arrived) -> Arrived:
    return replace(arrived, exemplars=[])


def exemplars_that_lead_nowhere(arrived: Arrived) -> Arrived:
    return replace(arrived, exemplar_traces={})


def exemplars_of_one_service_only(arrived: Arrived) -> Arrived:
    only = [
        exemplar
        for exemplar in arrived.exemplars
        if exemplar.series["service_name"] == "orders-python"
    ]
    return replace(arrived, exemplars=only)


BROKEN: list[tuple[signal_checks.Check, Break, str]] = [
    (signal_checks.traces_arrive_whole, without_the_second_service, "without orders-node"),
    (signal_checks.traces_arrive_whole, torn_apart, "no parent of"),
    (signal_checks.traces_stay_in_their_namespace, written_as_another_stage, "of dev in hml"),
    (
        signal_checks.spans_say_where_they_come_from,
        without_environment_processor,
        "deployment.environment.name is 'production', expected",
    ),
    (signal_checks.sampling_keeps_errors_and_slow_ones, without("fail"), "error"),
    (signal_checks.sampling_keeps_errors_and_slow_ones, without("slow"), "slow"),
    (signal_checks.sampling_keeps_errors_and_slow_ones, errors_unmarked, "error"),
    (signal_checks.sampling_keeps_its_share_of_the_rest, everything_kept, "prd: 40 of 40"),
    (signal_checks.sampling_keeps_its_share_of_the_rest, nothing_ordinary_kept, "dev: 0 of 40"),
    (signal_checks.logs_carry_the_trace_id, logs_without_trace_id, "1 of 164 lines are missing"),
    (signal_checks.logs_stay_in_their_namespace, logs_in_a_wrong_tenant, "a line of prd in dev"),
    (signal_checks.own_metrics_arrive, one_order_lost, "orders-node in dev: 19 of 20"),
    (
        signal_checks.every_request_is_counted,
        counted_after_sampling,
        "orders-python in prd: 21 of 42",
    ),
    (
        signal_checks.every_request_is_counted,
        counted_in_a_stage_without_applications,
        "orders-node in 'hml'",
    ),
    (signal_checks.metrics_stay_in_their_namespace, series_of_another_cluster, "'mine'"),
    (signal_checks.metrics_stay_in_their_namespace, series_without_stage, "'default'"),
    (signal_checks.exemplars_point_to_traces, no_exemplars, "0 exemplars"),
    (signal_checks.exemplars_point_to_traces, exemplars_that_lead_nowhere, "lead nowhere"),
    (
        signal_checks.exemplars_point_to_traces,
        exemplars_of_one_service_only,
        "no exemplar of orders-node",
    ),
]


@pytest.mark.parametrize("check", [check for _, _, check in signal_checks.CHECKS])
def test_a_check_passes_on_what_is_good(check: signal_checks.Check) -> None:
    assert check(good())


@pytest.mark.parametrize(
    ("check", "broken", "says"), BROKEN, ids=[f"{c.__name__}-{b.__name__}" for c, b, _ in BROKEN]
)
def test_a_check_fails_once_it_is_broken(
    check: signal_checks.Check, broken: Break, says: str
) -> None:
    with pytest.raises(CheckFailedError) as caught:
        check(broken(good()))
    assert says in str(caught.value)


def test_every_check_has_been_seen_to_fail() -> None:
    assert {check for check, _, _ in BROKEN} == {check for _, _, check in signal_checks.CHECKS}


@pytest.mark.parametrize("check", [check for _, _, check in signal_checks.CHECKS])
def test_nothing_at_all_is_no_success(check: signal_checks.Check) -> None:
    nothing = replace(
        good(),
        sent=(),
        traces={},
        logs={},
        created={},
        calls={},
        series=[],
        exemplars=[],
        exemplar_traces={},
    )
    if check is signal_checks.traces_stay_in_their_namespace:
        assert check(nothing).startswith("0 traces")
        return
    if check is signal_checks.sampling_keeps_its_share_of_the_rest:
        assert check(nothing).startswith("dev 0 of 0")
        return
    with pytest.raises(CheckFailedError):
        check(nothing)


# --- Alerts ---------------------------------------------------------------------------------------

BURST = {
    "state": "firing",
    "labels": {
        "alertname": alert_checks.BURST_ALERT,
        "namespace": "prd",
        "service_name": "orders-python",
    },
}
RUNBOOK = f"{SETTINGS.alerting.runbooks_url}/{alert_checks.BURST_ALERT}.md"
DASHBOARD = (
    f"{SETTINGS.alerting.grafana_url}/d/service-golden-signals?var-namespace=prd&var-service=x"
)
UIDS = {"service-golden-signals"}


def slack(
    status: str = "FIRING 1", runbook: str = RUNBOOK, dashboard: str = DASHBOARD
) -> dict[str, Any]:
    return {
        "channel": "#oncall",
        "attachments": [
            {
                "title": f"[{status}] {alert_checks.BURST_ALERT} in prd (critical)",
                "text": f"x\n<{runbook}|Runbook> · <{dashboard.replace('&', '&amp;')}|Dashboard>",
            }
        ],
    }


def mail(status: str = "FIRING 1", *, encrypted: bool = True, dashboard: str = DASHBOARD) -> Mail:
    message = EmailMessage()
    message["Subject"] = f"[{status}] {alert_checks.BURST_ALERT} in prd (critical)"
    message.set_content("text")
    html = dashboard.replace("&", "&amp;")
    message.add_alternative(
        f'<p><a href="{RUNBOOK}">Runbook</a> <a href="{html}">Dashboard</a></p>', subtype="html"
    )
    return Mail(
        recipient="oncall@example.com", encrypted=encrypted, login=("a", "b"), message=message
    )


def test_alert_checks_pass_on_what_is_good() -> None:
    heard = Heard(slack=[slack()], mails=[mail()])
    assert alert_checks.burst_fires_the_right_alert(
        [], [BURST], stage="prd", service="orders-python", other_stages=["dev"]
    )
    assert alert_checks.slack_hears_of_it(heard, SETTINGS, "prd", UIDS).startswith("#oncall")
    assert alert_checks.mail_hears_of_it(heard, SETTINGS, "prd", UIDS).startswith("oncall@")
    over = Heard(slack=[slack("RESOLVED")], mails=[mail("RESOLVED")])
    assert alert_checks.everybody_hears_that_it_is_over(over, [], "prd").startswith("[RESOLVED]")


@pytest.mark.parametrize(
    ("before", "during", "says"),
    [
        ([], [], "does not fire"),
        ([], [{**BURST, "state": "pending"}], "does not fire"),
        ([BURST], [BURST], "before the burst"),
        ([], [{**BURST, "labels": {**BURST["labels"], "service_name": "other"}}], "for other"),  # type: ignore[dict-item]
        (
            [],
            [BURST, {**BURST, "labels": {**BURST["labels"], "namespace": "dev"}}],  # type: ignore[dict-item]
            "in dev too",
        ),
    ],
)
def test_a_wrong_alert_is_noticed(before: list[Any], during: list[Any], says: str) -> None:
    with pytest.raises(CheckFailedError, match=says):
        alert_checks.burst_fires_the_right_alert(
            before, during, stage="prd", service="orders-python", other_stages=["dev"]
        )


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (None, "no message"),
        (slack("RESOLVED"), "no message"),
        (slack(runbook="https://elsewhere.example/x.md"), "is not under"),
        (slack(runbook=f"{SETTINGS.alerting.runbooks_url}/NoSuchAlert.md"), "no page NoSuchAlert"),
        (slack(dashboard=DASHBOARD.replace("golden", "silver")), "no dashboard"),
        (slack(dashboard=DASHBOARD.partition("?")[0]), "does not choose"),
        (slack(dashboard="http://other.example/d/service-golden-signals"), "is not at"),
    ],
)
def test_a_message_without_working_links_is_noticed(message: Any, says: str) -> None:
    heard = Heard(slack=[message] if message else [], mails=[])
    with pytest.raises(CheckFailedError, match=says):
        alert_checks.slack_hears_of_it(heard, SETTINGS, "prd", UIDS)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (None, "no e-mail"),
        (mail(encrypted=False), "without TLS"),
        (mail(dashboard="http://localhost:3000/d/nothing"), "no dashboard"),
    ],
)
def test_an_e_mail_that_helps_nobody_is_noticed(message: Any, says: str) -> None:
    heard = Heard(slack=[], mails=[message] if message else [])
    with pytest.raises(CheckFailedError, match=says):
        alert_checks.mail_hears_of_it(heard, SETTINGS, "prd", UIDS)


def test_an_alert_that_does_not_end_is_noticed() -> None:
    over = Heard(slack=[slack("RESOLVED")], mails=[mail("RESOLVED")])
    with pytest.raises(CheckFailedError, match="still fires"):
        alert_checks.everybody_hears_that_it_is_over(over, [BURST], "prd")
    for heard in (Heard(slack=[], mails=over.mails), Heard(slack=over.slack, mails=[])):
        with pytest.raises(CheckFailedError, match="told"):
            alert_checks.everybody_hears_that_it_is_over(heard, [], "prd")


# --- Panels ---------------------------------------------------------------------------------------


def content(*expressions: str) -> dict[str, Any]:
    return {
        "uid": "made",
        "panels": [
            {
                "type": "timeseries",
                "title": f"panel {number}",
                "targets": [
                    {"refId": "A", "expr": expr, "datasource": {"type": "prometheus", "uid": "p"}}
                ],
            }
            for number, expr in enumerate(expressions)
        ],
    }


def test_a_panel_without_data_is_noticed() -> None:
    dashboard = content('up{namespace="$namespace"}', "traces_span_metrics_calls_total", "absent")
    values = [{"namespace": "dev"}, {"namespace": "prd"}]
    answers = panel_checks.ask(
        dashboard, values, lambda expr: [] if expr == "absent" else [1], scrape_seconds=2
    )
    # `up` comes from a scrape, of which the rehearsal has other ones than the cluster.
    assert answers.skipped == ("panel 0",)
    assert answers.answered == ("panel 1",)
    with pytest.raises(CheckFailedError, match=r"panel 2 .* for dev, prd"):
        panel_checks.queries_return_data(answers)


def test_what_an_sdk_sends_may_differ_between_languages() -> None:
    dashboard = content(
        'http_server_active_requests{service_name="$service"}', 'calls{s="$service"}'
    )
    values = [{"service": "a"}, {"service": "b"}]
    answers = panel_checks.ask(
        dashboard, values, lambda expr: [1] if '"a"' in expr else [], scrape_seconds=2
    )
    assert answers.answered == ("panel 0",)
    assert answers.empty == ("panel 1 (A) for b",)


def test_steps_of_subqueries_become_seconds() -> None:
    asked: list[str] = []
    panel_checks.ask(
        content("sum_over_time(x[30d:5m]) / rate(y[$__rate_interval])"),
        [{}],
        lambda expr: asked.append(expr) or [1],  # type: ignore[func-returns-value]
        scrape_seconds=2,
    )
    assert asked == ["sum_over_time(x[30d:5s]) / rate(y[17s])"]


# --- Verdicts -------------------------------------------------------------------------------------


def test_verdicts_say_what_failed_and_what_was_not_checked() -> None:
    said: list[str] = []
    verdicts = Verdicts(said.append)

    def fails() -> str:
        raise CheckFailedError("3 are missing")

    def breaks() -> str:
        raise ValueError("no answer")

    def cannot() -> str:
        raise NotCheckedError("no Grafana")

    assert not verdicts.passed
    assert verdicts.run("a", "good", lambda: "all there")
    assert verdicts.passed
    assert not verdicts.run("a", "cannot", cannot)
    assert verdicts.passed
    assert not verdicts.run("a", "bad", fails)
    assert not verdicts.run("a", "broken", breaks)
    assert not verdicts.passed
    assert said == [
        "ok      a: good",
        "--      a: cannot",
        "        no Grafana",
        "FAILED  a: bad",
        "        3 are missing",
        "FAILED  a: broken",
        "        ValueError: no answer",
    ]
