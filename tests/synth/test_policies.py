"""Rules that hold for every stack of every environment, whatever is added to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from environments.load import environment_names
from environments.model import Settings
from helm_values.render import static_values
from scripts.synthesis import ROOT, SynthesizedStack
from stacks.base import default_tags
from versions import PROVIDER_RANGES, TERRAFORM_MINIMUM

from .reading import STACKS, Config, Stacks, as_list, instances, policies, resources, strings

every_stack = pytest.mark.parametrize(
    ("environment", "stack"),
    [(environment, stack) for environment in environment_names() for stack in STACKS],
)

ACCOUNT_STATEMENT = "IamPoliciesOfTheAccount"
"""The one statement that may allow a whole service: in the key policy of a KMS key, for the
account's own IAM. Without it IAM policies have no effect on the key, and nobody could manage it
any more ("Default key policy", KMS developer guide)."""

WITHOUT_RESOURCE_LEVEL = {
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeSnapshots",
    "ec2:DescribeVolumes",
    "ec2:GetInstanceTypesFromInstanceRequirements",
}
"""Actions that IAM knows for all resources or none (Service Authorization Reference)."""

MANAGED_POLICIES = {
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEBSCSIDriverPolicyV2",
    "AmazonEKSClusterPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
}
"""AWS writes these for exactly this use, and EKS changes them with its needs."""

SECRETS = {
    "AWS access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "private key": re.compile(r"BEGIN [A-Z ]*PRIVATE KEY"),
    "Slack token": re.compile(r"\bxox[abeprs]-"),
    "Slack webhook": re.compile(r"hooks\.slack\.com"),
    "password": re.compile(r"(?i)(?:password|passwd|secret_key|api_?key)\W{0,5}[=:]\W*\w"),
    "GitHub token": re.compile(r"\bgh[opsu]_\w{20}"),
    "JSON web token": re.compile(r"\beyJ[\w-]{10,}\.eyJ"),
    "credentials in a URL": re.compile(r"://[^/\s:@]+:[^/\s:@]+@"),
}
POLICY_LANGUAGE_VERSION = "2012-10-17"


def allowing(config: Config) -> list[tuple[str, Config]]:
    return [
        (address, statement)
        for address, statements in policies(config)
        for statement in statements
        if statement["Effect"] == "Allow"
    ]


def is_key_policy(address: str) -> bool:
    return address.startswith("aws_kms_key.")


def is_account_statement(address: str, statement: Config, account_id: str) -> bool:
    return (
        is_key_policy(address)
        and statement["Sid"] == ACCOUNT_STATEMENT
        and statement["Principal"] == {"AWS": f"arn:aws:iam::{account_id}:root"}
        and statement["Action"] == "kms:*"
    )


# --- IAM ----------------------------------------------------------------------------------------


@every_stack
def test_no_statement_allows_every_action_of_a_service(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str, stack: str
) -> None:
    account = settings[environment].account_id
    for address, statement in allowing(configs[environment][stack]):
        if is_account_statement(address, statement, account):
            continue
        # NotAction allows everything else.
        assert "NotAction" not in statement, address
        for action in as_list(statement["Action"]):
            service, _, name = action.partition(":")
            assert service != "*", f"{address} allows {action}"
            assert name.strip("*"), f"{address} allows {action}"
            # A family such as kms:ReEncrypt* is for AWS's own services, and under a condition.
            if "*" in action:
                assert is_key_policy(address), f"{address} allows {action}"
                assert "Service" in statement["Principal"]
                assert statement["Condition"]


@every_stack
def test_all_resources_are_allowed_only_where_iam_cannot_name_one(
    configs: dict[str, Stacks], environment: str, stack: str
) -> None:
    for address, statement in allowing(configs[environment][stack]):
        if address.endswith(".assume_role_policy"):
            continue
        assert "NotResource" not in statement, address
        if "*" not in as_list(statement["Resource"]) or is_key_policy(address):
            # In a key policy the resource "*" is the key itself.
            continue
        unnamed = set(as_list(statement["Action"])) <= WITHOUT_RESOURCE_LEVEL
        assert unnamed or statement.get("Condition"), f"{address}: {statement}"


@every_stack
def test_no_statement_allows_everybody(
    configs: dict[str, Stacks], environment: str, stack: str
) -> None:
    for address, statement in allowing(configs[environment][stack]):
        assert "NotPrincipal" not in statement, address
        for text in strings(statement.get("Principal", {})):
            assert "*" not in text, f"{address}: {statement}"
        if is_key_policy(address) and "Service" in statement["Principal"]:
            # Confused deputy: the service may act for this account's resources only.
            assert statement["Condition"], address


@every_stack
def test_only_aws_managed_policies_that_are_made_for_the_purpose_are_attached(
    configs: dict[str, Stacks], environment: str, stack: str
) -> None:
    for attachment in instances(
        configs[environment][stack], "aws_iam_role_policy_attachment"
    ).values():
        prefix, name = attachment["policy_arn"].rsplit("/", 1)
        assert prefix == "arn:aws:iam::aws:policy"
        assert name in MANAGED_POLICIES


def test_the_policies_above_are_really_looked_at(configs: dict[str, Stacks]) -> None:
    found = {stack: sum(1 for _ in policies(config)) for stack, config in configs["prd"].items()}
    text = {
        stack: sum('"2012-10-17"' in value for value in strings(config))
        for stack, config in configs["prd"].items()
    }
    assert found == text
    assert found["storage"] > 20


# --- Versions, tags -----------------------------------------------------------------------------


@every_stack
def test_versions_are_the_ranges_of_versions_py(
    configs: dict[str, Stacks], environment: str, stack: str
) -> None:
    config = configs[environment][stack]
    terraform = config["terraform"]
    assert terraform["required_version"] == f">= {TERRAFORM_MINIMUM}"
    required = terraform["required_providers"]
    assert set(required) == set(config["provider"])
    for name, provider in required.items():
        assert provider["version"] == PROVIDER_RANGES[name]


@every_stack
def test_every_resource_that_takes_tags_gets_the_default_ones(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str, stack: str
) -> None:
    config = configs[environment][stack]
    # One provider, without an alias: nothing is made by another that has no default tags.
    (provider,) = config["provider"]["aws"]
    assert "alias" not in provider
    (tags,) = provider["default_tags"]
    assert tags == {"tags": default_tags(settings[environment])}
    assert {"Project", "Environment", "Owner", "CostCenter", "ManagedBy"} <= set(tags["tags"])
    for address, body in resources(config):
        assert "provider" not in body, address
        overridden = set(body.get("tags", {})) & set(tags["tags"])
        assert not overridden, f"{address} overrides {overridden}"


@every_stack
def test_another_account_is_refused_before_anything_is_made_in_it(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str, stack: str
) -> None:
    (provider,) = configs[environment][stack]["provider"]["aws"]
    assert provider["allowed_account_ids"] == [settings[environment].account_id]
    assert provider["region"] == settings[environment].region
    others = {values.account_id for values in settings.values()}
    others.remove(settings[environment].account_id)
    for text in strings(configs[environment][stack]):
        assert not any(account in text for account in others), text


# --- What must not be in a file -----------------------------------------------------------------


@every_stack
def test_no_value_looks_like_a_secret(
    synthesized: dict[str, dict[str, SynthesizedStack]], environment: str, stack: str
) -> None:
    for kind, pattern in SECRETS.items():
        found = pattern.search(synthesized[environment][stack].text)
        assert found is None, f"{kind}: {found}"


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        "xoxb-123",
        "https://hooks.slack.com/services/T/B/x",
        "password=hunter2",
        '"admin_password": "hunter2"',
        "https://user:hunter2@example.com",
    ],
)
def test_a_secret_would_be_found(text: str) -> None:
    assert any(pattern.search(text) for pattern in SECRETS.values())


LOKI_SCHEMA_FROM = static_values("loki")["loki"]["schemaConfig"]["configs"][0]["from"]
"""The day from which Loki's schema counts: a constant that may never change."""

GO_TIME_LAYOUT = "2006-01-02 15:04:05"
"""How Go writes a form of dates: in the templates of e-mails."""


@every_stack
def test_no_value_names_this_computer_or_the_time(
    synthesized: dict[str, dict[str, SynthesizedStack]],
    outdirs: dict[str, Path],
    environment: str,
    stack: str,
) -> None:
    text = synthesized[environment][stack].text.replace(GO_TIME_LAYOUT, "")
    for path in (ROOT, Path.home(), outdirs[environment]):
        assert path == Path("/") or str(path) not in text
    for folder in ("/home/", "/Users/", "/private/", "/tmp/", "/var/folders", "C:\\"):
        assert folder not in text
    dates = set(re.findall(r"\b\d{4}-\d{2}-\d{2}\b", text))
    assert dates <= {POLICY_LANGUAGE_VERSION, LOKI_SCHEMA_FROM}
    assert re.search(r"\b\d{1,2}:\d{2}:\d{2}\b", text) is None
