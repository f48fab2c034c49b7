"""A real Alertmanager with the synthesized configuration tells stand-ins of Slack and of mail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from outcomes import not_checked

from alertmanager.rules.all_rules import alerts as all_alerts
from settings.load import load_environment
from tools.programs import ProgramUnavailableError, program
from verification.rehearsal.pipeline.alerting import PASSWORD, alertmanager_with_sinks
from verification.rehearsal.pipeline.collectors import release_values
from verification.rehearsal.pipeline.notification_sinks import wait_until
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack

Config = dict[str, Any]

TODAY = date(2026, 11, 24)
SETTINGS = load_environment("prd", TODAY)
WAIT_SECONDS = 15
QUIET_SECONDS = 3
"""Longer than the group wait of a second: what has not come by then was not sent."""


@pytest.fixture(scope="module")
def values() -> Config:
    try:
        program("alertmanager")
    except ProgramUnavailableError as error:
        reason = f"not checked: what Alertmanager delivers. {error}"
        not_checked(reason)
    stack = observability_stack("prd", TODAY)
    synthesized: Config = release_values(stack, "kps", "observability")["alertmanager"]
    return synthesized


def alert(name: str, value: str, **labels: str) -> Config:
    """An alert of ours as Prometheus sends it, with labels and value put in."""
    (rule, *_) = [one.as_dict(SETTINGS) for one in all_alerts(SETTINGS) if one.name == name]
    given = {"alertname": name, "cluster": SETTINGS.prefix, "owner": "product-teams"}
    given |= {"severity": rule["labels"]["severity"], **labels}

    def said(text: str) -> str:
        for label, content in given.items():
            text = text.replace(f"{{{{ $labels.{label} }}}}", content)
        head, _, rest = text.partition("{{ $value")
        return f"{head}{value}{rest.partition('}}')[2]}" if rest else text

    return {
        "labels": given,
        "annotations": {key: said(text) for key, text in rule["annotations"].items()},
        "startsAt": (datetime.now(UTC) - timedelta(minutes=5)).isoformat(),
    }


def burning(kind: str = "Fast", stage: str = "prd", service: str = "shop") -> Config:
    return alert(
        f"ServiceAvailabilityBurn{kind}",
        "2%",
        namespace=stage,
        deployment_environment_name=stage,
        service_name=service,
        sli="availability",
    )


def test_a_critical_alert_of_prd_pages_by_slack_and_mail_and_resolves(
    values: Config, tmp_path: Path
) -> None:
    fast = burning()
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(fast)
        assert wait_until(lambda: bool(here.slack() and here.mails), WAIT_SECONDS)
        here.resolve(fast)
        assert wait_until(lambda: len(here.slack()) > 1 and len(here.mails) > 1, WAIT_SECONDS)
    told, after = here.slack()[:2]
    assert told["channel"] == "#oncall-prd"
    (attachment,) = told["attachments"]
    assert attachment["title"] == "[FIRING 1] ServiceAvailabilityBurnFast in prd (critical)"
    assert attachment["color"] == "danger"
    grafana, runbooks = SETTINGS.alerting.grafana_url, SETTINGS.alerting.runbooks_url
    dashboard = f"{grafana}/d/service-golden-signals?var-namespace=prd&var-service=shop"
    runbook = f"{runbooks}/ServiceAvailabilityBurnFast.md"
    assert attachment["title_link"] == dashboard
    text = attachment["text"]
    assert text.startswith("<!channel>\n*shop in prd uses up its availability budget fast*")
    assert "2% of its requests were answered with an error" in text
    assert "Owner: product-teams · Cluster: obs-prd" in text
    assert f"<{runbook}|Runbook>" in text
    assert f"<{dashboard}|Dashboard>" in text
    mail = here.mails[0]
    assert mail.recipient == "oncall@example.com"
    assert mail.message["To"] == "oncall@example.com"
    assert mail.message["From"] == SETTINGS.alerting.smtp.sender
    assert mail.message["Subject"] == attachment["title"]
    assert mail.encrypted
    assert mail.login == ("alerts-prd", PASSWORD)
    assert f'<a href="{runbook}">Runbook</a>' in mail.part("text/html")
    assert f'href="{dashboard.replace("&", "&amp;")}"' in mail.part("text/html")
    assert f"Runbook: {runbook}" in mail.part("text/plain")
    assert "2% of its requests" in mail.part("text/plain")
    (resolved,) = after["attachments"]
    assert resolved["title"].startswith("[RESOLVED] ServiceAvailabilityBurnFast in prd")
    assert resolved["color"] == "good"
    assert "<!channel>" not in resolved["text"]


def test_what_belongs_together_comes_in_one_message(values: Config, tmp_path: Path) -> None:
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(burning("Slow", "hml", "shop"), burning("Slow", "hml", "cart"))
        assert wait_until(lambda: bool(here.slack()), WAIT_SECONDS)
        assert not wait_until(lambda: len(here.slack()) > 1, QUIET_SECONDS)
    (told,) = here.slack()
    assert told["channel"] == "#obs-hml"
    assert told["attachments"][0]["title"].startswith("[FIRING 2]")
    assert {"*shop in hml", "*cart in hml"} <= {
        line.partition(" uses")[0] for line in told["attachments"][0]["text"].splitlines()
    }
    assert not here.mails


@pytest.mark.parametrize("inhibited", [True, False])
def test_a_fast_burn_hides_the_slow_one(values: Config, tmp_path: Path, inhibited: bool) -> None:
    rules = values["config"]["inhibit_rules"] if inhibited else []
    with alertmanager_with_sinks(values, tmp_path, inhibit_rules=rules) as here:
        here.fire(burning("Fast"))
        assert wait_until(lambda: bool(here.slack()), WAIT_SECONDS)
        # Of another service: nothing hides it.
        here.fire(burning("Fast"), burning("Slow"), burning("Slow", service="cart"))
        wanted = 2 if inhibited else 3
        assert wait_until(lambda: "cart" in here.heard(), WAIT_SECONDS)
        wait_until(lambda: False, QUIET_SECONDS)
    assert ("*shop in prd uses up its availability budget slowly*" in here.heard()) is not inhibited
    assert "*cart in prd uses up its availability budget slowly*" in here.heard()
    assert len({text for text in here.heard().splitlines() if text.startswith("*")}) == wanted


@pytest.mark.parametrize("at_work", [True, False])
def test_dev_is_quiet_out_of_office_hours(values: Config, tmp_path: Path, at_work: bool) -> None:
    today = datetime.now(UTC)
    day = today if at_work else today + timedelta(days=3)
    interval = {"weekdays": [day.strftime("%A").lower()], "location": "UTC"}
    hours = [{"name": "office-hours", "time_intervals": [interval]}]
    with alertmanager_with_sinks(values, tmp_path, time_intervals=hours) as here:
        # Critical, too: dev pages nobody.
        here.fire(burning("Fast", "dev"), burning("Slow", "hml"))
        assert wait_until(lambda: bool(here.slack()), WAIT_SECONDS)
        wait_until(lambda: False, QUIET_SECONDS)
    channels = {told["channel"] for told in here.slack()}
    assert channels == ({"#obs-dev", "#obs-hml"} if at_work else {"#obs-hml"})
    assert not here.mails


def test_the_dead_mans_switch_hears_again_and_again(values: Config, tmp_path: Path) -> None:
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(alert("Watchdog", "1", namespace="observability"))
        assert wait_until(lambda: len(here.posts) > 1, WAIT_SECONDS)
    assert {post.path for post in here.posts} == {"/switch"}
    assert here.posts[0].body["alerts"][0]["labels"]["alertname"] == "Watchdog"


def test_an_alert_of_a_chart_without_our_annotations_is_told_nevertheless(
    values: Config, tmp_path: Path
) -> None:
    labels = {"alertname": "KubeNodeNotReady", "severity": "warning", "node": "n1"}
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire({"labels": labels, "annotations": {"description": "n1 has been unready."}})
        assert wait_until(lambda: bool(here.slack()), WAIT_SECONDS)
    (told,) = here.slack()
    assert told["channel"] == SETTINGS.alerting.slack_channel
    assert told["attachments"][0]["title"] == (
        "[FIRING 1] KubeNodeNotReady in the cluster (warning)"
    )
    assert "n1 has been unready." in told["attachments"][0]["text"]
    assert "Runbook" not in told["attachments"][0]["text"]
