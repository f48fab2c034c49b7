"""Rules that hold for every stack of every environment, whatever is added to it.

The rules, their reasons and what each has been seen to find: policies/ and
tests/verification/policies/test_policy_rules.py. Here they meet what is synthesized.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings
from stack_files import STACKS, Stacks, policies, resources, strings

from helm_values.static_values import static_values
from stacks.base import default_tags
from synthesis.synth import SynthesizedStack
from tools.paths import ROOT
from verification.policies.all_policies import RULES
from verification.policies.rule import Subject, findings

every_stack = pytest.mark.parametrize(
    ("environment", "stack"),
    [(environment, stack) for environment in REAL_ENVIRONMENTS for stack in STACKS],
)

POLICY_LANGUAGE_VERSION = "2012-10-17"

Breaches = Callable[[str, str, str], list[str]]


@pytest.fixture
def breaches(real_configs: dict[str, Stacks]) -> Breaches:
    """What a rule, by id, or all rules of an area find in a stack; warnings aside."""

    def find(prefix: str, environment: str, stack: str) -> list[str]:
        chosen = [rule for rule in RULES if rule.id.startswith(prefix)]
        assert chosen, f"no rule {prefix}"
        subject = Subject(
            settings=real_settings(environment),
            stack=stack,
            config=real_configs[environment][stack],
            today=TODAY,
        )
        return [str(f) for f in findings(chosen, [subject]) if not f.breach.warning]

    return find


@every_stack
def test_every_rule_holds(breaches: Breaches, environment: str, stack: str) -> None:
    assert breaches("", environment, stack) == []


# --- IAM ----------------------------------------------------------------------------------------


@every_stack
def test_no_statement_allows_every_action_of_a_service(
    breaches: Breaches, environment: str, stack: str
) -> None:
    assert breaches("iam-actions-are-named", environment, stack) == []


@every_stack
def test_all_resources_are_allowed_only_where_iam_cannot_name_one(
    breaches: Breaches, environment: str, stack: str
) -> None:
    assert breaches("iam-resources-are-named", environment, stack) == []


@every_stack
def test_no_statement_allows_everybody(breaches: Breaches, environment: str, stack: str) -> None:
    assert breaches("iam-principals-are-named", environment, stack) == []


def test_the_policies_above_are_really_looked_at(configs: dict[str, Stacks]) -> None:
    counts = {stack: sum(1 for _ in policies(config)) for stack, config in configs["prd"].items()}
    text = {
        stack: sum('"2012-10-17"' in value for value in strings(config))
        for stack, config in configs["prd"].items()
    }
    assert counts == text
    assert counts["storage"] > 20


# --- Versions, tags, account --------------------------------------------------------------------


@every_stack
def test_versions_are_the_ranges_of_versions_py(
    breaches: Breaches, environment: str, stack: str
) -> None:
    assert breaches("versions-", environment, stack) == []


@every_stack
def test_every_resource_that_takes_tags_gets_the_default_ones(
    real_configs: dict[str, Stacks], environment: str, stack: str
) -> None:
    config = real_configs[environment][stack]
    if stack == "observability":
        # It makes nothing in AWS, and does not download a provider of 700 MB.
        assert set(config["provider"]) == {"helm", "kubernetes"}
        assert set(config["terraform"]["required_providers"]) == {"helm", "kubernetes"}
        assert [address for address, _ in resources(config) if address.startswith("aws_")] == []
        assert set(config["data"]) == {"terraform_remote_state"}
        return
    # One provider, without an alias: nothing is made by another that has no default tags.
    (provider,) = config["provider"]["aws"]
    assert "alias" not in provider
    (tags,) = provider["default_tags"]
    assert tags == {"tags": default_tags(real_settings(environment))}
    for address, body in resources(config):
        assert "provider" not in body, address


@every_stack
def test_another_account_is_refused_before_anything_is_made_in_it(
    real_configs: dict[str, Stacks],
    breaches: Breaches,
    environment: str,
    stack: str,
) -> None:
    assert breaches("tags-account-is-ours", environment, stack) == []
    others = {real_settings(name).account_id for name in REAL_ENVIRONMENTS}
    # Several environments may share an account.
    others.discard(real_settings(environment).account_id)
    for text in strings(real_configs[environment][stack]):
        assert not any(account in text for account in others), text


# --- What must not be in a file -----------------------------------------------------------------


@every_stack
def test_no_value_looks_like_a_secret(breaches: Breaches, environment: str, stack: str) -> None:
    assert breaches("secrets-", environment, stack) == []


LOKI_SCHEMA_FROM = static_values("loki")["loki"]["schemaConfig"]["configs"][0]["from"]
"""The day from which Loki's schema counts: a constant that may never change."""

GO_DAY, GO_TIME = "2006-01-02", "15:04:05"
"""The moment by which Go's templates, as Alertmanager's are, say how a time is written."""


@every_stack
def test_no_value_names_this_computer_or_the_time(
    real_synthesized: dict[str, dict[str, SynthesizedStack]],
    real_outdirs: dict[str, Path],
    environment: str,
    stack: str,
) -> None:
    text = real_synthesized[environment][stack].text
    for path in (ROOT, Path.home(), real_outdirs[environment]):
        assert path == Path("/") or str(path) not in text
    for folder in ("/home/", "/Users/", "/private/", "/tmp/", "/var/folders", "C:\\"):
        assert folder not in text
    dates = set(re.findall(r"\b\d{4}-\d{2}-\d{2}\b", text))
    assert dates <= {POLICY_LANGUAGE_VERSION, LOKI_SCHEMA_FROM, GO_DAY}
    assert set(re.findall(r"\b\d{1,2}:\d{2}:\d{2}\b", text)) <= {GO_TIME}
