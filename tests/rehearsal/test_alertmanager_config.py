"""The synthesized configuration of Alertmanager, checked and asked for its routes by amtool."""

from __future__ import annotations

import copy
import os
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from environments.load import load_environment
from rehearsal.collectors import release_values
from rehearsal.synthesized import observability_stack
from scripts.programs import ProgramUnavailableError, program

Config = dict[str, Any]

TODAY = date(2026, 11, 24)
SECONDS = 30

ROUTES = {
    # Labels of an alert: who is told.
    ("alertname=Watchdog", "severity=none"): "null",
    ("alertname=InfoInhibitor", "severity=none"): "null",
    ("alertname=KubePodCrashLooping", "namespace=prd", "severity=warning"): "slack",
    ("alertname=CPUThrottlingHigh", "severity=info"): "slack",
    ("alertname=WithoutSeverity",): "slack",
    ("alertname=KubeAPIDown", "severity=critical"): "critical",
    ("alertname=OtelGatewayDown", "namespace=dev", "severity=critical"): "critical",
}

every_environment = pytest.mark.parametrize("environment", ["dev", "prd"])
every_alert = pytest.mark.parametrize("labels", ROUTES, ids=", ".join)


@pytest.fixture(scope="module")
def amtool() -> Path:
    try:
        return program("amtool")
    except ProgramUnavailableError as error:
        reason = f"not checked: whom Alertmanager tells about which alert. {error}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def config_of(environment: str) -> Config:
    values = release_values(observability_stack(environment, TODAY), "kps", "observability")
    config: Config = copy.deepcopy(values["alertmanager"]["config"])
    return config


def run(amtool: Path, config: Config, folder: Path, *arguments: str) -> tuple[int, str]:
    file = folder / "alertmanager.yaml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    done = subprocess.run(
        [str(amtool), *(a.replace("FILE", str(file)) for a in arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={"HOME": str(folder)},  # no settings of the user
    )
    return done.returncode, done.stdout + done.stderr


def told(amtool: Path, config: Config, folder: Path, labels: tuple[str, ...]) -> str:
    """Whom amtool finds for an alert."""
    status, text = run(
        amtool, config, folder, "config", "routes", "test", "--config.file=FILE", *labels
    )
    assert status == 0, text
    return text.strip()


@every_environment
def test_alertmanager_accepts_it(amtool: Path, environment: str, tmp_path: Path) -> None:
    status, text = run(amtool, config_of(environment), tmp_path, "check-config", "FILE")
    assert status == 0, text
    assert "3 receivers" in text


def test_a_route_to_nobody_is_refused(amtool: Path, tmp_path: Path) -> None:
    config = config_of("dev")
    config["receivers"] = [r for r in config["receivers"] if r["name"] != "critical"]
    status, text = run(amtool, config, tmp_path, "check-config", "FILE")
    assert status != 0
    assert "critical" in text


@every_environment
@every_alert
def test_an_alert_is_told_to(
    amtool: Path, environment: str, labels: tuple[str, ...], tmp_path: Path
) -> None:
    assert told(amtool, config_of(environment), tmp_path, labels) == ROUTES[labels]


@every_environment
def test_receivers_are_those_of_the_settings(environment: str) -> None:
    alerting = load_environment(environment, TODAY).alerting
    config = config_of(environment)
    receivers = {r.pop("name"): r for r in config["receivers"]}
    slack = {"channel": alerting.slack_channel, "send_resolved": True}
    assert receivers == {
        "null": {},
        "slack": {"slack_configs": [slack]},
        "critical": {
            "slack_configs": [slack],
            "email_configs": [{"to": to, "send_resolved": True} for to in alerting.emails],
        },
    }
    assert alerting.emails
    # A secret is a file in the pod, never a value here.
    assert config["global"]["slack_api_url_file"].startswith("/etc/alertmanager/secrets/")
    assert config["global"]["smtp_auth_password_file"].startswith("/etc/alertmanager/secrets/")
    assert not {"slack_api_url", "smtp_auth_password"} & set(config["global"])


@pytest.mark.parametrize("index", [0, 1])
def test_without_its_route_an_alert_goes_elsewhere(
    amtool: Path, index: int, tmp_path: Path
) -> None:
    config = config_of("dev")
    removed = config["route"]["routes"].pop(index)["receiver"]
    found = {labels: told(amtool, config, tmp_path, labels) for labels in ROUTES}
    moved = {labels for labels in ROUTES if found[labels] != ROUTES[labels]}
    assert moved == {labels for labels in ROUTES if ROUTES[labels] == removed}
