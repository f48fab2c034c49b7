"""Promises about alerts: an error burst fires the right one, people are notified, and it resolves.

Pure functions over what Prometheus, Slack and the mail server had; rehearse_pipeline.py makes the
burst and waits.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from settings.model import Settings
from tools.paths import ROOT
from verification.rehearsal.pipeline.notification_sinks import Mail
from verification.rehearsal.verdicts import expect, some

BURST_ALERT = "ServiceAvailabilityBurnFast"
RUNBOOKS = ROOT / "docs" / "runbooks" / "alerts"

_SLACK_LINK = re.compile(r"<(https?://[^|>]+)\|(\w+)>")
_HTML_LINK = re.compile(r'<a href="([^"]+)">(\w+)</a>')


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What people were told: bodies of posts to Slack, and e-mails."""

    slack: Sequence[Mapping[str, Any]]
    mails: Sequence[Mail]


def firing(alerts: Sequence[Mapping[str, Any]], stage: str) -> list[Mapping[str, Any]]:
    """The burst's alert of a stage among those of Prometheus."""
    return [
        alert
        for alert in alerts
        if alert["labels"]["alertname"] == BURST_ALERT
        and alert["labels"].get("namespace") == stage
        and alert["state"] == "firing"
    ]


def burst_fires_the_right_alert(
    before: Sequence[Mapping[str, Any]],
    during: Sequence[Mapping[str, Any]],
    *,
    stage: str,
    service: str,
    other_stages: Collection[str],
) -> str:
    """It fires for the service that failed, in its namespace, and did not before or elsewhere."""
    expect(not firing(before, stage), f"{BURST_ALERT} fired in {stage} before the burst")
    fired = firing(during, stage)
    expect(bool(fired), f"{BURST_ALERT} does not fire in {stage}")
    services = {alert["labels"].get("service_name") for alert in fired}
    expect(services == {service}, f"it fires for {some(services)}, expected {service}")
    elsewhere = [other for other in other_stages if firing(during, other)]
    expect(not elsewhere, f"it fires in {some(elsewhere)} too, where nothing failed")
    return f"{BURST_ALERT} for {service} in {stage}"


def slack_hears_of_it(heard: Heard, settings: Settings, stage: str, uids: Collection[str]) -> str:
    """A message with summary, and links to a runbook and a dashboard that exist."""
    told = [
        message
        for message in heard.slack
        if _is_about(message["attachments"][0]["title"], stage, True)
    ]
    expect(bool(told), f"no message of {BURST_ALERT} in {stage} in Slack")
    attachment = told[0]["attachments"][0]
    links = {name: unescape(url) for url, name in _SLACK_LINK.findall(attachment["text"])}
    _links_lead_somewhere(links, settings, uids)
    return f"{told[0]['channel']}: {attachment['title']}"


def mail_hears_of_it(heard: Heard, settings: Settings, stage: str, uids: Collection[str]) -> str:
    """An e-mail over TLS and with a login, with the same links."""
    told = [
        heard_mail
        for heard_mail in heard.mails
        if _is_about(str(heard_mail.message["Subject"]), stage, True)
    ]
    expect(bool(told), f"no e-mail of {BURST_ALERT} in {stage}")
    mail = told[0]
    expect(mail.encrypted and mail.login is not None, "the e-mail came without TLS or login")
    html_links = _HTML_LINK.findall(mail.part("text/html"))
    links = {name: unescape(url) for url, name in html_links}
    _links_lead_somewhere(links, settings, uids)
    return f"{mail.recipient}: {mail.message['Subject']}"


def everybody_hears_that_it_is_over(
    heard: Heard, after: Sequence[Mapping[str, Any]], stage: str
) -> str:
    """Once errors stop the alert ends, and both channels say so."""
    expect(not firing(after, stage), f"{BURST_ALERT} still fires in {stage}")
    slack = [
        message
        for message in heard.slack
        if _is_about(message["attachments"][0]["title"], stage, False)
    ]
    mails = [
        message
        for message in heard.mails
        if _is_about(str(message.message["Subject"]), stage, False)
    ]
    expect(bool(slack), "Slack was not told that it is over")
    expect(bool(mails), "nobody was told by e-mail that it is over")
    return str(slack[0]["attachments"][0]["title"])


def _is_about(title: str, stage: str, is_firing: bool) -> bool:
    status = "[FIRING" if is_firing else "[RESOLVED"
    return title.startswith(status) and f"{BURST_ALERT} in {stage} " in title


def is_told(heard: Heard, stage: str, *, fires: bool) -> bool:
    """Whether both channels have heard that it fires, or that it is over."""
    return any(
        _is_about(message["attachments"][0]["title"], stage, fires) for message in heard.slack
    ) and any(_is_about(str(message.message["Subject"]), stage, fires) for message in heard.mails)


def _links_lead_somewhere(
    links: Mapping[str, str], settings: Settings, uids: Collection[str]
) -> None:
    expect({"Runbook", "Dashboard"} <= set(links), f"links to {some(links)} only")
    runbook = links["Runbook"]
    base = settings.alerting.runbooks_url
    expect(runbook.startswith(f"{base}/"), f"{runbook} is not under {base}")
    page = RUNBOOKS / f"{Path(urlsplit(runbook).path).stem}.md"
    expect(page.is_file(), f"{runbook}: there is no page {page.name} in docs/runbooks/alerts")
    parts = urlsplit(links["Dashboard"])
    expect(
        links["Dashboard"].startswith(settings.alerting.grafana_url),
        f"{links['Dashboard']} is not at {settings.alerting.grafana_url}",
    )
    uid = parts.path.rpartition("/d/")[2].partition("/")[0]
    expect(uid in uids, f"{links['Dashboard']}: there is no dashboard {uid!r}")
    variables = parse_qs(parts.query)
    expect(
        "{{" not in parts.query and {"var-namespace", "var-service"} <= set(variables),
        f"{links['Dashboard']} does not choose namespace and service",
    )
