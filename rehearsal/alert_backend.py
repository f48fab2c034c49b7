"""Alertmanager with the synthesized configuration, talking to stand-ins of Slack and of mail.

Of the configuration only what points outside is replaced: addresses, files of secrets and
templates, and the waits, which are seconds here.
"""

import copy
import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from rehearsal.collectors import Substitution
from rehearsal.notification_sinks import Mail, Post, mail_server, webhooks
from rehearsal.processes import LOOPBACK, RunningProcess, free_port, start

Config = dict[str, Any]

SUBSTITUTIONS = (
    Substitution(
        where="alertmanager.global.slack_api_url_file",
        was="Slack",
        now="a recorder on loopback",
        why="nobody is to be woken by a rehearsal",
    ),
    Substitution(
        where="alertmanager.global.smtp_smarthost",
        was="the mail server of the settings",
        now="a recorder on loopback that speaks STARTTLS and AUTH",
        why="nobody is to be woken by a rehearsal",
    ),
    Substitution(
        where="alertmanager webhook of the dead man's switch",
        was="an external service",
        now="a recorder on loopback",
        why="nobody is to be woken by a rehearsal",
    ),
    Substitution(
        where="alertmanager.route group_wait, group_interval, repeat_interval of 1m",
        was="seconds to minutes",
        now="1s",
        why="minutes of a rehearsal, not days",
    ),
)


@dataclass(frozen=True)
class RunningAlertmanager:
    """An Alertmanager, and what its recipients were told."""

    process: RunningProcess
    posts: list[Post]
    mails: list[Mail]

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return self.process.url

    def fire(self, *alerts: Config) -> None:
        """Send alerts as Prometheus does."""
        self._post(list(alerts))

    def resolve(self, *alerts: Config) -> None:
        """Say that alerts have ended."""
        ended = datetime.now(UTC).isoformat()
        self._post([{**alert, "endsAt": ended} for alert in alerts])

    def slack(self) -> list[Config]:
        """What was said in Slack."""
        return [post.body for post in self.posts if post.path == "/slack"]

    def heard(self) -> str:
        """All that was said in Slack, as one text."""
        return "\n".join(one["attachments"][0]["text"] for one in self.slack())

    def _post(self, alerts: list[Config]) -> None:
        request = urllib.request.Request(  # noqa: S310 - our own Alertmanager
            f"{self.url}/api/v2/alerts",
            data=json.dumps(alerts).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            assert answer.status == 200


def at_once(route: Config) -> None:
    """The waits of a route and of those below it, in seconds; the once a minute of Watchdog too."""
    for key, seconds in (("group_wait", 1), ("group_interval", 1)):
        if key in route:
            route[key] = f"{seconds}s"
    if route.get("repeat_interval") == "1m":
        route["repeat_interval"] = "1s"
    for below in route.get("routes", ()):
        at_once(below)


@contextmanager
def running_alertmanager(
    program: Path, values: Mapping[str, Any], folder: Path, **changed: Any
) -> Iterator[RunningAlertmanager]:
    """Start it, wait until it answers, and stop it at the end.

    Args:
        program: an Alertmanager.
        values: `alertmanager` in the values of the release kps.
        folder: exists; takes configuration, data, secrets and log.
        changed: parts of the configuration in the place of the stack's.
    """
    config: Config = copy.deepcopy(values["config"]) | changed
    with webhooks() as (address, posts), mail_server(folder) as (mail_port, trusted, mails):
        for name, text in (
            ("slack", f"{address}/slack"),
            ("password", "secret of the test"),
            ("switch", f"{address}/switch"),
        ):
            (folder / name).write_text(text, encoding="utf-8")
        for name, text in values["templateFiles"].items():
            (folder / name).write_text(text, encoding="utf-8")
        config["global"] |= {
            "slack_api_url_file": str(folder / "slack"),
            "smtp_auth_password_file": str(folder / "password"),
            "smtp_smarthost": f"{LOOPBACK}:{mail_port}",
            "smtp_tls_config": {"ca_file": str(trusted)},
        }
        config["templates"] = [str(folder / "*.tmpl")]
        for receiver in config["receivers"]:
            for webhook in receiver.get("webhook_configs", ()):
                webhook["url_file"] = str(folder / "switch")
        at_once(config["route"])
        file = folder / "alertmanager.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        port = free_port()
        command = [str(program), f"--config.file={file}", f"--storage.path={folder / 'data'}"]
        command += [f"--web.listen-address={LOOPBACK}:{port}", "--cluster.listen-address="]
        with start(
            command,
            name="alertmanager",
            port=port,
            log_path=folder / "alertmanager.log",
            ready_path="/-/ready",
        ) as process:
            yield RunningAlertmanager(process, posts, mails)
