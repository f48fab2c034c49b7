"""A real Alertmanager with the synthesized configuration tells stand-ins of Slack and of mail."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from outcomes import not_checked

from alertmanager import routing, templates
from alertmanager.rules.all_rules import alerts as all_alerts
from blueprint.documents import Config
from settings.load import load_environment
from settings.model import Notifications
from tools.programs import ProgramUnavailableError, program
from verification.rehearsal.pipeline.alerting import PASSWORD, Alerting, alertmanager_with_sinks
from verification.rehearsal.pipeline.collectors import release_values
from verification.rehearsal.pipeline.notification_sinks import Mail, wait_until
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack

TODAY = date(2026, 11, 24)
SETTINGS = load_environment("prd", TODAY)
WAIT_SECONDS = 180
"""For what must come: on a busy computer a second's wait takes many."""

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
    (rule, *_) = [alert.as_dict(SETTINGS) for alert in all_alerts(SETTINGS) if alert.name == name]
    all_labels = {"alertname": name, "cluster": SETTINGS.prefix, "owner": "product-teams"}
    all_labels |= {"severity": rule["labels"]["severity"], **labels}

    def said(text: str) -> str:
        text = re.sub(
            r"{{ \$labels\.(\w+) \| urlquery [^}]*}}",
            lambda at: quote(all_labels[at[1]], safe=""),
            text,
        )
        for label, content in all_labels.items():
            text = text.replace(f"{{{{ $labels.{label} }}}}", content)
        head, _, rest = text.partition("{{ $value")
        return f"{head}{value}{rest.partition('}}')[2]}" if rest else text

    return {
        "labels": all_labels,
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
    assert text.startswith("<!channel>\nshop in prd uses up its availability budget fast\n")
    assert "2% of its requests were answered with an error" in text
    assert "Owner: product-teams · Cluster: obs-prd" in text
    assert f"<{runbook}|Runbook>" in text
    assert f"<{html.escape(dashboard)}|Dashboard>" in text
    mail = here.mails[0]
    assert mail.recipient == "oncall@example.com"
    assert mail.message["To"] == "oncall@example.com"
    assert SETTINGS.alerting.smtp is not None
    assert mail.message["From"] == SETTINGS.alerting.smtp.sender
    assert mail.message["Subject"] == attachment["title"]
    assert mail.encrypted
    assert mail.login == ("alerts-prd", PASSWORD)
    assert f'<a href="{runbook}">Runbook</a>' in mail.part("text/html")
    assert f'href="{dashboard.replace("&", "&amp;")}"' in mail.part("text/html")
    assert f"Runbook: {runbook}" in lines(mail)
    assert "2% of its requests" in lines(mail)
    (resolved,) = after["attachments"]
    assert resolved["title"].startswith("[RESOLVED] ServiceAvailabilityBurnFast in prd")
    assert resolved["color"] == "good"
    assert "<!channel>" not in resolved["text"]


@pytest.mark.parametrize("kind", ["Slack", "mail"])
def test_all_alerts_go_to_the_only_kind_of_receiver(tmp_path: Path, kind: str) -> None:
    changed = {"emails": (), "smtp": None} if kind == "Slack" else {"slack_channel": None}
    namespaces = {
        name: namespace.model_copy(update={"notifications": Notifications()})
        for name, namespace in SETTINGS.namespaces.items()
    }
    alerting = SETTINGS.alerting.model_copy(update=changed)
    settings = SETTINGS.model_copy(update={"alerting": alerting, "namespaces": namespaces})
    values = {"config": routing.configuration(settings), "templateFiles": templates.texts()}
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(burning(), burning("Slow", service="cart"))

        def subjects() -> set[str]:
            if kind == "mail":
                return {mail.message["Subject"] for mail in here.mails}
            return {post["attachments"][0]["title"] for post in here.slack()}

        assert wait_until(lambda: len(subjects()) > 1, WAIT_SECONDS)
    assert subjects() == {
        "[FIRING 1] ServiceAvailabilityBurnFast in prd (critical)",
        "[FIRING 1] ServiceAvailabilityBurnSlow in prd (warning)",
    }
    assert not (here.slack() if kind == "mail" else here.mails)


def test_what_belongs_together_comes_in_one_message(values: Config, tmp_path: Path) -> None:
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(burning("Slow", "hml", "shop"), burning("Slow", "hml", "cart"))
        assert wait_until(lambda: bool(here.slack()), WAIT_SECONDS)
        assert not wait_until(lambda: len(here.slack()) > 1, QUIET_SECONDS)
    (told,) = here.slack()
    assert told["channel"] == "#obs-hml"
    assert told["attachments"][0]["title"].startswith("[FIRING 2]")
    assert {"shop in hml", "cart in hml"} <= {
        line.partition(" uses")[0] for line in told["attachments"][0]["text"].splitlines()
    }
    assert not here.mails


def summaries_of(alerting: Alerting) -> set[str]:
    """The first line of each alert that Slack was sent."""
    return {text for text in alerting.heard().splitlines() if " uses up its " in text}


@pytest.mark.parametrize("inhibited", [True, False])
def test_a_fast_burn_hides_the_slow_one(values: Config, tmp_path: Path, inhibited: bool) -> None:
    rules = values["config"]["inhibit_rules"] if inhibited else []
    with alertmanager_with_sinks(values, tmp_path, inhibit_rules=rules) as here:
        here.fire(burning("Fast"))
        assert wait_until(lambda: bool(here.slack()), WAIT_SECONDS)
        # Of another service: nothing hides it.
        here.fire(burning("Fast"), burning("Slow"), burning("Slow", service="cart"))
        slow = "{} in prd uses up its availability budget slowly"
        expected = {slow.format("cart"), "shop in prd uses up its availability budget fast"}
        expected |= set() if inhibited else {slow.format("shop")}
        assert wait_until(lambda: summaries_of(here) >= expected, WAIT_SECONDS)
        wait_until(lambda: False, QUIET_SECONDS)
    assert summaries_of(here) == expected


def channels_of(alerting: Alerting) -> set[str]:
    return {told["channel"] for told in alerting.slack()}


@pytest.mark.parametrize("at_work", [True, False])
def test_dev_is_quiet_out_of_office_hours(values: Config, tmp_path: Path, at_work: bool) -> None:
    today = datetime.now(UTC)
    day = today if at_work else today + timedelta(days=3)
    interval = {"weekdays": [day.strftime("%A").lower()], "location": "UTC"}
    hours = [{"name": "office-hours", "time_intervals": [interval]}]
    with alertmanager_with_sinks(values, tmp_path, time_intervals=hours) as here:
        # Critical, too: dev pages nobody.
        here.fire(burning("Fast", "dev"), burning("Slow", "hml"))
        expected = {"#obs-dev", "#obs-hml"} if at_work else {"#obs-hml"}
        assert wait_until(lambda: channels_of(here) >= expected, WAIT_SECONDS)
        wait_until(lambda: False, QUIET_SECONDS)
    assert channels_of(here) == expected
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


def lines(mail: Mail) -> str:
    """The text of an e-mail, whose lines end as SMTP wants it."""
    return mail.part("text/plain").replace("\r\n", "\n")


def hostile(text: str, **more: str) -> Config:
    """A rule of an application, in whose every label and annotation is a text."""
    labels = {"alertname": f"Theirs {text}", "namespace": "prd", "severity": "critical"}
    return {
        "labels": {**labels, "owner": text, "cluster": text, **more},
        "annotations": {"summary": text, "description": text},
    }


INERT = {
    "<!channel> <!here> <!everyone>": "&lt;!channel&gt; &lt;!here&gt; &lt;!everyone&gt;",
    "<@U123> <#C1> <!subteam^S1>": "&lt;@U123&gt; &lt;#C1&gt; &lt;!subteam^S1&gt;",
    "<https://evil.example|Runbook>": "&lt;https://evil.example|Runbook&gt;",
    "R&D shop|x &lt;!channel&gt;": "R&amp;D shop|x &amp;lt;!channel&amp;gt;",
    "/orders/<int:id>": "/orders/&lt;int:id&gt;",
    # Without formatting in the text they are themselves.
    "@here *bold* _so_ ~not~ `code`": "@here *bold* _so_ ~not~ `code`",
    "a\r\nBcc: all@example.com\r\n\r\nb": "a Bcc: all@example.com b",
    "one\ntwo\u2028three\u202efour\x00five": "one two three four five",
}


@pytest.mark.parametrize(("text", "inert"), INERT.items(), ids=ascii)
def test_a_text_of_an_application_does_nothing(
    values: Config, tmp_path: Path, text: str, inert: str
) -> None:
    fired = hostile(text)
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(fired)
        assert wait_until(lambda: bool(here.slack() and here.mails), WAIT_SECONDS)
        here.resolve(fired)
        assert wait_until(lambda: len(here.slack()) > 1 and len(here.mails) > 1, WAIT_SECONDS)
    for told, mention in zip(here.slack()[:2], ("<!channel>\n", ""), strict=True):
        (attachment,) = told["attachments"]
        assert attachment["mrkdwn_in"] == ["pretext"]
        assert not told.get("link_names")
        done = "" if mention else " (resolved)"
        assert attachment["text"] == (
            f"{mention}{inert}{done}\n{inert}\nOwner: {inert} · Cluster: {inert}\n\n\n"
        )
        assert attachment["title"].endswith(f"] Theirs {inert} in prd (critical)")
        assert attachment["fallback"] == attachment["title"]
    mail = here.mails[0]
    plain = html.unescape(inert)
    assert mail.message["Subject"] == f"[FIRING 1] Theirs {plain} in prd (critical)"
    assert set(mail.message.keys()) == {
        "Subject", "From", "To", "Message-Id", "Date", "Content-Type", "MIME-Version",
    }  # fmt: skip
    assert lines(mail).startswith(f"{plain}\n{plain}\nOwner: {plain}\nCluster: {plain}\n")
    written = mail.part("text/html")
    assert set(re.findall(r"<(/?[\w!]+)", written)) == {
        "!DOCTYPE", "html", "body", "h2", "/h2", "h3", "/h3", "p", "/p", "br", "/body", "/html",
    }  # fmt: skip
    assert html.unescape(written).count(plain) == 5


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://evil.example|Runbook>",
        "https://evil.example> <!channel>",
        "https://evil.example/\n<!channel>",
        "https://evil.example/" + "a" * 5000,
    ],
    ids=lambda address: ascii(address[:30]),
)
def test_what_is_no_address_is_no_link(values: Config, tmp_path: Path, address: str) -> None:
    fired = hostile("theirs")
    fired["annotations"] |= {"runbook_url": address, "dashboard_url": address}
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(fired)
        assert wait_until(lambda: bool(here.slack() and here.mails), WAIT_SECONDS)
    (attachment,) = here.slack()[0]["attachments"]
    assert "title_link" not in attachment
    assert attachment["text"].count("<") == 1
    assert "Runbook: \nDashboard: \n" in lines(here.mails[0])
    assert "<a" not in here.mails[0].part("text/html")


def test_a_link_to_a_dashboard_carries_any_name_of_a_service(
    values: Config, tmp_path: Path
) -> None:
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(burning(service="R&D shop|x"))
        assert wait_until(lambda: bool(here.slack() and here.mails), WAIT_SECONDS)
    (attachment,) = here.slack()[0]["attachments"]
    address = (
        f"{SETTINGS.alerting.grafana_url}/d/service-golden-signals"
        "?var-namespace=prd&var-service=R%26D%20shop%7Cx"
    )
    assert attachment["title_link"] == address
    assert f"<{html.escape(address)}|Dashboard>" in attachment["text"]
    assert "R&amp;D shop|x in prd uses up" in attachment["text"]
    assert f"Dashboard: {address}\n" in lines(here.mails[0])
    assert f'href="{html.escape(address)}"' in here.mails[0].part("text/html")


MANY, SHOWN, MAX_CHARACTERS = 400, 10, 40_000
"""Slack cuts a message at 40,000 characters (`chat.postMessage`, "Truncating content")."""


def many(text: str) -> list[Config]:
    return [
        hostile(f"Number {number} {text}", alertname="Theirs", cluster="c")
        for number in range(MANY)
    ]


def told(here: Alerting, title: str) -> tuple[str, str, str]:
    """What people were told under a title, once they were: in Slack, as text and as HTML."""

    def both() -> tuple[list[str], list[Mail]]:
        attachments = [post["attachments"][0] for post in here.slack()]
        return (
            [attachment["text"] for attachment in attachments if attachment["title"] == title],
            [mail for mail in here.mails if mail.message["Subject"] == title],
        )

    assert wait_until(lambda: all(both()), WAIT_SECONDS), [m.message["Subject"] for m in here.mails]
    slack, mails = both()
    return slack[-1], lines(mails[-1]), mails[-1].part("text/html")


def numbers(text: str) -> list[str]:
    """Which of many alerts a text shows, by the beginning of a line."""
    return re.findall(r"^(?:<h3>)?Number (\d+)", text, re.MULTILINE)


@pytest.mark.parametrize("text", ["", "long " * 2000], ids=["short", "long"])
def test_of_many_alerts_ten_are_told(values: Config, tmp_path: Path, text: str) -> None:
    fired = many(text)
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(*fired)
        firing = told(here, f"[FIRING {MANY}] Theirs in prd (critical)")
        here.resolve(*fired)
        resolved = told(here, "[RESOLVED] Theirs in prd (critical)")
    for channel, mail, page in (firing, resolved):
        for shown, alerts in ((channel, 2), (mail, 2), (page, 1)):
            # As summary and, but in HTML, as description at the beginning of a line.
            assert len(numbers(shown)) == alerts * SHOWN
            assert f"and {MANY - SHOWN} more" in shown
            assert len(shown) < MAX_CHARACTERS


def test_of_many_alerts_those_that_fire_come_first(values: Config, tmp_path: Path) -> None:
    fired = many("")
    over, still = fired[:-3], fired[-3:]
    with alertmanager_with_sinks(values, tmp_path) as here:
        here.fire(*fired)
        told(here, f"[FIRING {MANY}] Theirs in prd (critical)")
        here.resolve(*over)
        texts = told(here, "[FIRING 3] Theirs in prd (critical)")
    for text in texts:
        assert set(numbers(text)) == {str(number) for number in range(MANY - len(still), MANY)}
        assert f"and {len(over)} more" in text
