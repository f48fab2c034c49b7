"""Runs Alertmanager with its synthesized configuration on loopback, among sinks that remember.

Of the configuration only what points outside is replaced (addresses, files of secrets and
templates), and the waits, which are seconds here.
"""

import copy
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from blueprint.documents import Config
from tools.programs import program
from verification.rehearsal.pipeline.notification_sinks import Mail, Post, mail_server, webhooks
from verification.rehearsal.processes import (
    LOOPBACK,
    RunningProcess,
    free_port,
    on_free_ports,
    start,
)

PASSWORD = "secret of the rehearsal"  # noqa: S105 - for a mail server that takes any
_SLACK, _SWITCH = "/slack", "/switch"


@dataclass(frozen=True)
class Alerting:
    """An Alertmanager that runs, and what its sinks were told."""

    url: str
    posts: list[Post]
    mails: list[Mail]

    def fire(self, *alerts: Config) -> None:
        """Tell it of alerts, as Prometheus does."""
        self._post(list(alerts))

    def resolve(self, *alerts: Config) -> None:
        """Tell it that alerts have ended."""
        ended = datetime.now(UTC).isoformat()
        self._post([{**alert, "endsAt": ended} for alert in alerts])

    def slack(self) -> list[Config]:
        """The messages that Slack was sent."""
        return [post.body for post in self.posts if post.path == _SLACK]

    def switch(self) -> list[Config]:
        """What the dead man's switch was sent."""
        return [post.body for post in self.posts if post.path == _SWITCH]

    def heard(self) -> str:
        """All that was said in Slack."""
        return "\n".join(message["attachments"][0]["text"] for message in self.slack())

    def _post(self, alerts: list[Config]) -> None:
        request = urllib.request.Request(  # noqa: S310 - http on loopback
            f"{self.url}/api/v2/alerts",
            data=json.dumps(alerts).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60):  # noqa: S310
            pass


@contextmanager
def alertmanager_with_sinks(values: Config, folder: Path, **changed: Any) -> Iterator[Alerting]:
    """Run it until the block ends.

    Args:
        values: `alertmanager` of kube-prometheus-stack's values.
        folder: for its files.
        changed: parts of the configuration that are others.

    Raises:
        ProgramUnavailableError: Alertmanager cannot be had here.
        ProcessError: it does not start.
    """
    config: Config = copy.deepcopy(values["config"]) | changed
    with webhooks() as (address, posts), mail_server(folder) as (mail_port, trusted, mails):
        secrets = {
            "slack": f"{address}{_SLACK}",
            "password": PASSWORD,
            "switch": f"{address}{_SWITCH}",
        }
        for name, text in {**secrets, **values["templateFiles"]}.items():
            (folder / name).write_text(text, encoding="utf-8")
        sinks = {
            "slack_api_url_file": str(folder / "slack"),
            "smtp_auth_password_file": str(folder / "password"),
            "smtp_smarthost": f"{LOOPBACK}:{mail_port}",
        }
        # Only where the configuration has an address.
        config["global"] |= {key: sinks[key] for key in sinks if key in config["global"]}
        config["global"]["smtp_tls_config"] = {"ca_file": str(trusted)}
        config["templates"] = [str(folder / "*.tmpl")]
        for receiver in config["receivers"]:
            for webhook in receiver.get("webhook_configs", ()):
                webhook["url_file"] = str(folder / "switch")
        _hurry(config["route"])
        file = folder / "alertmanager.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")

        def begin() -> RunningProcess:
            port = free_port()
            command = [str(program("alertmanager")), f"--config.file={file}"]
            command += [f"--storage.path={folder / 'alertmanager'}"]
            command += [f"--web.listen-address={LOOPBACK}:{port}", "--cluster.listen-address="]
            return start(
                command,
                name="alertmanager",
                port=port,
                log_path=folder / "alertmanager.log",
                ready_path="/-/ready",
            )

        with on_free_ports(begin) as process:
            yield Alerting(process.url, posts, mails)


def _hurry(route: Config) -> None:
    """Make the waits of a route, and of those below it, a second."""
    for key in ("group_wait", "group_interval"):
        if key in route:
            route[key] = "1s"
    # The dead man's switch: the others repeat after hours, here too.
    if route.get("repeat_interval") == "1m":
        route["repeat_interval"] = "1s"
    for below in route.get("routes", ()):
        _hurry(below)
