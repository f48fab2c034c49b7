"""The synthesized configuration of Alertmanager, checked and asked for its routes by amtool."""

from __future__ import annotations

import copy
import subprocess
from datetime import date
from pathlib import Path

import pytest
import yaml
from outcomes import not_checked

from alertmanager import routing
from blueprint.documents import Config
from settings.load import load_environment
from tools.programs import ProgramUnavailableError, program
from verification.rehearsal.pipeline.collectors import release_values
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack

TODAY = date(2026, 11, 24)
SECONDS = 180

ROUTES = {
    # Labels of an alert: who is told, in dev and in prd.
    ("alertname=Watchdog", "namespace=observability", "severity=none"): (
        "null",
        "dead-mans-switch",
    ),
    # A rule of a stage may have the same name: it is no sign of life of the platform.
    ("alertname=Watchdog", "namespace=dev", "severity=none"): ("dev-channel", "dev-channel"),
    ("alertname=InfoInhibitor", "severity=none"): ("null", "null"),
    ("namespace=dev", "severity=critical"): ("dev-channel", "dev-channel"),
    ("namespace=dev", "severity=warning"): ("dev-channel", "dev-channel"),
    ("namespace=dev", "severity=info"): ("dev-channel", "dev-channel"),
    ("namespace=hml", "severity=critical"): ("hml-channel", "hml-channel"),
    ("namespace=hml", "severity=warning"): ("hml-channel", "hml-channel"),
    ("namespace=prd", "severity=critical"): ("prd-page", "prd-page"),
    ("namespace=prd", "severity=warning"): ("prd-channel", "prd-channel"),
    ("namespace=prd", "severity=info"): ("prd-channel", "prd-channel"),
    ("namespace=observability", "severity=critical"): ("observability-page",) * 2,
    ("namespace=observability", "severity=warning"): ("observability-channel",) * 2,
    # Of a gateway's own namespace: the stage's.
    ("namespace=dev-telemetry", "severity=warning"): ("dev-channel", "dev-channel"),
    ("namespace=prd-telemetry", "severity=critical"): ("prd-page", "prd-page"),
    # Of no namespace of the settings, or of none at all: the platform team's.
    ("namespace=kube-system", "severity=critical"): ("observability-page",) * 2,
    ("alertname=KubeAPIDown", "severity=critical"): ("observability-page",) * 2,
    ("alertname=WithoutSeverity",): ("observability-channel",) * 2,
}
WHO = {
    (environment, labels): told[index]
    for labels, told in ROUTES.items()
    for index, environment in enumerate(("dev", "prd"))
}

every_environment = pytest.mark.parametrize("environment", ["dev", "prd"])


@pytest.fixture(scope="module")
def amtool() -> Path:
    try:
        return program("amtool")
    except ProgramUnavailableError as error:
        reason = f"not checked: whom Alertmanager tells about which alert. {error}"
        not_checked(reason)


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


def test_a_route_to_nobody_is_refused(amtool: Path, tmp_path: Path) -> None:
    config = config_of("dev")
    config["receivers"] = [r for r in config["receivers"] if r["name"] != "prd-page"]
    status, text = run(amtool, config, tmp_path, "check-config", "FILE")
    assert status != 0
    assert "prd-page" in text


@pytest.mark.parametrize(("environment", "labels"), WHO, ids=str)
def test_an_alert_is_told_to(
    amtool: Path, environment: str, labels: tuple[str, ...], tmp_path: Path
) -> None:
    assert told(amtool, config_of(environment), tmp_path, labels) == WHO[environment, labels]


@every_environment
def test_every_receiver_is_told_of_something(environment: str) -> None:
    receivers = {receiver["name"] for receiver in config_of(environment)["receivers"]}
    assert receivers == {who for (of, _), who in WHO.items() if of == environment}


@every_environment
def test_receivers_are_those_of_the_settings(environment: str) -> None:
    settings = load_environment(environment, TODAY)
    alerting = settings.alerting
    config = config_of(environment)
    receivers = {receiver["name"]: receiver for receiver in config["receivers"]}
    for name, namespace in settings.namespaces.items():
        notifications = namespace.notifications
        channel = notifications.slack_channel or alerting.slack_channel
        (slack,) = receivers[f"{name}-channel"]["slack_configs"]
        assert (slack["channel"], slack["send_resolved"]) == (channel, True)
        assert (f"{name}-page" in receivers) is notifications.page
        if notifications.page:
            page = receivers[f"{name}-page"]
            assert [slack["channel"] for slack in page["slack_configs"]] == [channel]
            mails = [mail["to"] for mail in page["email_configs"]]
            assert mails == list(notifications.emails or alerting.emails)
    # A secret is a file in the pod, never a value here.
    assert config["global"]["slack_api_url_file"].startswith("/etc/alertmanager/secrets/")
    assert config["global"]["smtp_auth_password_file"].startswith("/etc/alertmanager/secrets/")
    assert not {"slack_api_url", "smtp_auth_password"} & set(config["global"])


SLACK_ALONE: Config = {"emails": (), "smtp": None}
MAIL_ALONE: Config = {"slack_channel": None}


@pytest.mark.parametrize("changed", [SLACK_ALONE, MAIL_ALONE], ids=["Slack alone", "mail alone"])
def test_one_kind_of_receiver_is_enough(amtool: Path, changed: Config, tmp_path: Path) -> None:
    settings = load_environment("dev", TODAY)
    alerting = settings.alerting.model_copy(update=changed)
    config = routing.configuration(settings.model_copy(update={"alerting": alerting}))
    status, text = run(amtool, config, tmp_path, "check-config", "FILE")
    assert status == 0, text
    kind, other = ("slack_configs", "smtp_") if changed is SLACK_ALONE else ("email_configs", "sl")
    receivers = [receiver for receiver in config["receivers"] if receiver["name"] != "null"]
    assert {key for receiver in receivers for key in receiver} == {"name", kind}
    assert all(receiver[kind] for receiver in receivers)
    assert not [key for key in config["global"] if key.startswith(other)]


@every_environment
def test_the_dead_mans_switch_needs_its_secret(environment: str) -> None:
    values = release_values(observability_stack(environment, TODAY), "kps", "observability")
    expected = load_environment(environment, TODAY).alerting.dead_mans_switch
    name = "alertmanager-dead-mans-switch"
    assert (name in values["alertmanager"]["alertmanagerSpec"]["secrets"]) is expected
    assert (name in values["extraManifests"]) is expected


@pytest.mark.parametrize("index", range(6))
def test_without_its_route_an_alert_goes_elsewhere(
    amtool: Path, index: int, tmp_path: Path
) -> None:
    config = config_of("prd")
    removed = config["route"]["routes"].pop(index)
    names = {removed["receiver"], *(below["receiver"] for below in removed.get("routes", ()))}
    expected = {labels: told[1] for labels, told in ROUTES.items()}
    receivers = {labels: told(amtool, config, tmp_path, labels) for labels in ROUTES}
    moved = {expected[labels] for labels in ROUTES if receivers[labels] != expected[labels]}
    # Of the branch of observability only the pages move: the rest goes to the same channel.
    assert moved == names - {config["route"]["receiver"]}
