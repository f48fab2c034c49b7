"""Warnings and placeholders: what they name, and that settings without them have none."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from settings_files import TODAY, without_examples

from settings.load import environment_names, load_environment
from settings.model import Settings
from settings.warnings import placeholders, warning_lines, warnings


def changed(environment: str, **parts: Any) -> Settings:
    """Settings of the repository with parts of some sections replaced."""
    settings = load_environment(environment, TODAY)
    update = {
        section: getattr(settings, section).model_copy(update=values)
        for section, values in parts.items()
    }
    return settings.model_copy(update=update)


def own(environment: str = "prd") -> Settings:
    """Settings of which every example was replaced."""
    return Settings.model_validate(yaml.safe_load(without_examples(environment)))


@pytest.mark.parametrize("environment", environment_names())
def test_settings_without_examples_have_no_placeholder(environment: str) -> None:
    assert placeholders(own(environment)) == []


def test_every_example_of_dev_is_named() -> None:
    lines = [str(placeholder) for placeholder in placeholders(load_environment("dev", TODAY))]
    assert lines == [
        "account_id: 111122223333: an example; replace it with the number of your AWS account",
        "cluster.admin_role_arns.0: arn:aws:iam::111122223333:role/platform-admin: an example; "
        "replace it with an ARN of your AWS account",
        "alerting.emails.0: platform-team@example.com: an example; replace it with your own e-mail "
        "address",
        "alerting.smtp.sender: obs-alerts@example.com: an example; replace it with your own e-mail "
        "address",
        "alerting.runbooks_url: https://github.com/example/eks-observability-foundation/blob/main/"
        "docs/runbooks/alerts: an example; replace it with the address of your repository",
    ]


def test_an_example_deep_in_the_settings_is_named() -> None:
    keys = {placeholder.key for placeholder in placeholders(load_environment("prd", TODAY))}
    assert "namespaces.prd.notifications.emails.0" in keys
    assert "namespaces.dev.editor_role_arns.0" in keys
    assert "alerting.grafana_url" in keys


@pytest.mark.parametrize(
    "url",
    [
        "https://grafana.example.org",
        "https://example.net/x",
        "http://grafana.test",
        "https://obs.invalid",
        "https://grafana.example:8443",
    ],
)
def test_reserved_names_are_placeholders(url: str) -> None:
    alerting = own().alerting.model_copy(update={"grafana_url": url})
    examples = placeholders(own().model_copy(update={"alerting": alerting}))
    assert [example.key for example in examples] == ["alerting.grafana_url"]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000",
        "https://example.com.br",
        "https://myexample.com",
        "https://grafana.acme.com/test",
        "https://test.acme.com",
        "https://acme.com/example",
    ],
)
def test_names_of_real_hosts_are_none(url: str) -> None:
    alerting = own().alerting.model_copy(update={"grafana_url": url})
    assert placeholders(own().model_copy(update={"alerting": alerting})) == []


def test_an_api_that_nobody_outside_reaches_is_warned_about() -> None:
    (line,) = warnings(load_environment("dev", TODAY))
    assert line.startswith("cluster.endpoint: ")
    for part in (
        "the VPC 10.10.0.0/16",
        "security group",
        "kubectl",
        "private_cidrs",
        "public_cid",
    ):
        assert part in line


@pytest.mark.parametrize(
    "open_to", [{"private_cidrs": ("10.30.0.0/16",)}, {"public_cidrs": ("203.0.113.5/32",)}]
)
def test_an_api_that_a_network_reaches_is_not(open_to: dict[str, tuple[str, ...]]) -> None:
    endpoint = load_environment("dev", TODAY).cluster.endpoint.model_copy(update=open_to)
    assert warnings(changed("dev", cluster={"endpoint": endpoint})) == []


def test_no_way_out_names_what_no_longer_works() -> None:
    assert warnings(load_environment("prd", TODAY)) == []
    (line,) = warnings(changed("prd", network={"nat": "none"}))
    assert line.startswith("network.nat: none: ")
    for part in ("images", "Slack", "SMTP server", "dead man's switch"):
        assert part in line


def test_lines_name_the_file() -> None:
    lines = warning_lines(load_environment("dev", TODAY))
    assert lines[0].startswith("warning: environments/dev.yaml: cluster.endpoint: ")
    assert lines[1] == (
        "warning: environments/dev.yaml: still examples, which `make deploy` refuses:"
    )
    assert len(lines) == 7
    assert warning_lines(own("prd")) == []
