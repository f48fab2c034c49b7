"""Every rule holds for every reviewed stack, and finds what is planted against it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sample_stacks import sample_foundation
from settings_files import REAL_ENVIRONMENTS, real_settings

from blueprint.documents import Config
from synthesis.foundation import Foundation, all_settings
from synthesis.reading import as_list, policies
from verification.policies import policy_check
from verification.policies.all_policies import RULES, subjects_of
from verification.policies.rule import Finding, Rule, Subject, findings
from verification.policies.rules import iam_rules, secret_rules, workload_rules
from verification.policies.rules.version_rules import NOTICE
from versions import KUBERNETES

TODAY = date(2026, 11, 24)
BY_ID = {rule.id: rule for rule in RULES}
SETTINGS = all_settings()
REVIEWED = Foundation.load(environments=REAL_ENVIRONMENTS)

Plant = Callable[[Config], None]

DEPLOYMENT, STATEFUL_SET = "kubernetes_deployment_v1", "kubernetes_stateful_set_v1"
POD = "spec.template.spec"
CONTEXT = f"{POD}.container.0.security_context"


def subject(environment: str, stack: str, today: date = TODAY) -> Subject:
    config = copy.deepcopy(sample_foundation().configs[environment][stack])
    return Subject(settings=SETTINGS[environment], stack=stack, config=config, today=today)


def findings_of(rule_id: str, looked_at: Subject) -> list[Finding]:
    return findings([BY_ID[rule_id]], [looked_at])


def of(config: Config, kind: str) -> Config:
    """One resource of the kind."""
    body: Config = next(iter(config["resource"][kind].values()))
    return body


def setting(kind: str, path: str, value: object) -> Plant:
    """Change an argument, given as keys with dots between them."""

    def plant(config: Config) -> None:
        *parents, last = path.split(".")
        body: Any = of(config, kind)
        for part in parents:
            body = body[int(part) if part.isdigit() else part]
        body[last] = value

    return plant


def adding(kind: str, body: Config) -> Plant:
    def plant(config: Config) -> None:
        config["resource"].setdefault(kind, {})["planted"] = body

    return plant


def removing(kind: str) -> Plant:
    def plant(config: Config) -> None:
        del config["resource"][kind]

    return plant


def statement(kind: str = "aws_iam_role_policy", argument: str = "policy", **new: object) -> Plant:
    """Change the first statement of the first policy; None removes an element."""

    def plant(config: Config) -> None:
        body = of(config, kind)
        document = json.loads(body[argument])
        document["Statement"][0].update(new)
        for key in [key for key, value in new.items() if value is None]:
            del document["Statement"][0][key]
        body[argument] = json.dumps(document)

    return plant


def trust(**new: object) -> Plant:
    return statement("aws_iam_role", "assume_role_policy", **new)


def top(path: str, value: object) -> Plant:
    def plant(config: Config) -> None:
        *parents, last = path.split(".")
        body: Any = config
        for part in parents:
            body = body[int(part) if part.isdigit() else part]
        body[last] = value

    return plant


OIDC = "${data.terraform_remote_state.cluster.outputs.oidc_issuer}"
AUDIENCE = {f"{OIDC}:aud": "sts.amazonaws.com"}
SUBJECT = {f"{OIDC}:sub": ["system:serviceaccount:observability:loki"]}
RANDOM = "q7RZ2xKf9LwV0bTn4YsJ8mPc3HdG6aUe1XoB5iNvQyEk"

PLANTED: list[tuple[str, str, str, Plant]] = [
    ("iam-actions-are-named", "storage", "allows s3:*", statement(Action="s3:*")),
    ("iam-actions-are-named", "storage", "allows *", statement(Action=["*"])),
    ("iam-actions-are-named", "storage", "allows s3:Get*", statement(Action=["s3:Get*"])),
    ("iam-actions-are-named", "storage", "NotAction", statement(Action=None, NotAction="iam:*")),
    ("iam-actions-are-named", "storage", "allows kms:*", statement("aws_kms_key", Sid="Other")),
    (
        "iam-resources-are-named",
        "storage",
        "s3:ListBucket on all",
        statement(Action="s3:ListBucket", Resource="*"),
    ),
    ("iam-resources-are-named", "storage", "NotResource", statement(NotResource="x")),
    (
        "iam-resources-are-named",
        "storage",
        "allows ec2:RunInstances on all resources",
        statement(Action=["ec2:RunInstances"], Resource=["*"], Condition={"Bool": {"a": "b"}}),
    ),
    (
        "iam-principals-are-named",
        "storage",
        "allows the principal *",
        statement("aws_s3_bucket_policy", Effect="Allow"),
    ),
    (
        "iam-principals-are-named",
        "storage",
        "confused deputy",
        statement("aws_kms_key", Principal={"Service": "logs.amazonaws.com"}),
    ),
    ("iam-principals-are-named", "storage", "NotPrincipal", statement(NotPrincipal="x")),
    (
        "iam-managed-policies-fit",
        "cluster",
        "AdministratorAccess",
        setting(
            "aws_iam_role_policy_attachment",
            "policy_arn",
            "arn:aws:iam::aws:policy/AdministratorAccess",
        ),
    ),
    ("iam-managed-policies-fit", "cluster", "allowed: roles", adding("aws_iam_user", {})),
    (
        "iam-trust-has-sub-and-aud",
        "storage",
        "no subject",
        trust(Condition={"StringEquals": AUDIENCE}),
    ),
    (
        "iam-trust-has-sub-and-aud",
        "storage",
        "the audience is not",
        trust(Condition={"StringEquals": SUBJECT}),
    ),
    (
        "iam-trust-has-sub-and-aud",
        "storage",
        "StringEquals alone",
        trust(Condition={"StringLike": AUDIENCE | SUBJECT}),
    ),
    (
        "iam-trust-has-sub-and-aud",
        "storage",
        "one service account by name",
        trust(
            Condition={
                "StringEquals": AUDIENCE | {f"{OIDC}:sub": "system:serviceaccount:observability:*"}
            }
        ),
    ),
    (
        "iam-trust-has-sub-and-aud",
        "storage",
        "allowed: a service or an OIDC provider",
        trust(Principal={"AWS": "arn:aws:iam::999999999999:root"}),
    ),
    (
        "network-no-open-entrance",
        "network",
        "lets in 0.0.0.0/0",
        setting("aws_vpc_security_group_ingress_rule", "cidr_ipv4", "0.0.0.0/0"),
    ),
    (
        "network-no-open-entrance",
        "network",
        "lets in ::/0",
        setting("aws_vpc_security_group_ingress_rule", "cidr_ipv6", "::/0"),
    ),
    (
        "network-no-open-entrance",
        "network",
        # Halves of the world, by which a search for 0.0.0.0/0 is evaded.
        "lets in 128.0.0.0/1",
        adding("aws_security_group", {"ingress": [{"cidr_blocks": ["128.0.0.0/1"]}]}),
    ),
    (
        "network-no-open-entrance",
        "network",
        "lets in 0.0.0.0/0",
        adding("aws_security_group_rule", {"type": "ingress", "cidr_blocks": ["0.0.0.0/0"]}),
    ),
    (
        "network-api-is-not-open",
        "cluster",
        "open to 0.0.0.0/0",
        setting("aws_eks_cluster", "vpc_config.endpoint_public_access", True),
    ),
    (
        "network-api-is-not-open",
        "cluster",
        "over the internet",
        setting("aws_eks_cluster", "vpc_config.endpoint_private_access", False),
    ),
    (
        "network-no-public-addresses",
        "network",
        "map_public_ip_on_launch",
        setting("aws_subnet", "map_public_ip_on_launch", True),
    ),
    (
        "network-default-group-is-closed",
        "network",
        "left as AWS makes it",
        removing("aws_default_security_group"),
    ),
    (
        "network-default-group-is-closed",
        "network",
        "allows traffic",
        setting("aws_default_security_group", "egress", [{"cidr_blocks": ["0.0.0.0/0"]}]),
    ),
    (
        "network-traffic-is-logged",
        "network",
        "not all of its traffic",
        setting("aws_flow_log", "traffic_type", "REJECT"),
    ),
    (
        "network-no-load-balancers",
        "observability",
        "type LoadBalancer",
        setting("kubernetes_service_v1", "spec.type", "LoadBalancer"),
    ),
    (
        "network-no-load-balancers",
        "observability",
        "leads out of the cluster, to example.com",
        adding(
            "kubernetes_service_v1",
            {"spec": {"type": "ExternalName", "external_name": "example.com"}},
        ),
    ),
    ("network-no-load-balancers", "network", "a load balancer", adding("aws_lb", {})),
    (
        "encryption-keys-rotate",
        "state",
        "never rotated",
        setting("aws_kms_key", "enable_key_rotation", False),
    ),
    (
        "encryption-of-buckets",
        "storage",
        "no encryption of ours",
        adding("aws_s3_bucket", {"bucket": "planted"}),
    ),
    (
        "encryption-of-buckets",
        "storage",
        "is not encrypted with a KMS key",
        setting(
            "aws_s3_bucket_server_side_encryption_configuration",
            "rule.0.apply_server_side_encryption_by_default.sse_algorithm",
            "AES256",
        ),
    ),
    (
        "encryption-of-disks",
        "cluster",
        "/dev/xvda is not encrypted",
        setting("aws_launch_template", "block_device_mappings.0.ebs.encrypted", "false"),
    ),
    (
        "encryption-of-disks",
        "observability",
        "not encrypted",
        setting("kubernetes_storage_class_v1", "parameters.encrypted", "false"),
    ),
    (
        "encryption-of-claims",
        "observability",
        "storage class gp2",
        setting("helm_release", "values", ["ingester:\n  persistence:\n    storageClass: gp2\n"]),
    ),
    (
        "encryption-of-cluster-secrets",
        "cluster",
        "Secrets are not encrypted",
        setting("aws_eks_cluster", "encryption_config", {}),
    ),
    (
        "encryption-of-logs",
        "cluster",
        "is not encrypted with our own key",
        setting("aws_cloudwatch_log_group", "kms_key_id", ""),
    ),
    (
        "encryption-of-states",
        "storage",
        "is not encrypted with our own key",
        top("terraform.backend.s3.encrypt", False),
    ),
    (
        "encryption-of-states",
        "storage",
        "two may write",
        top("terraform.backend.s3.use_lockfile", False),
    ),
    (
        "encryption-of-states",
        "storage",
        "not in the state bucket",
        top("terraform.backend", {"local": {"path": "x"}}),
    ),
    (
        "cluster-imdsv2",
        "cluster",
        "IMDSv1",
        setting("aws_launch_template", "metadata_options.http_tokens", "optional"),
    ),
    (
        "cluster-imdsv2",
        "cluster",
        "hop limit",
        setting("aws_launch_template", "metadata_options.http_put_response_hop_limit", 2),
    ),
    (
        "cluster-imdsv2",
        "cluster",
        "no launch template",
        setting("aws_eks_node_group", "launch_template", None),
    ),
    (
        "cluster-logs-are-on",
        "cluster",
        "does not log audit",
        setting(
            "aws_eks_cluster",
            "enabled_cluster_log_types",
            ["api", "authenticator", "controllerManager", "scheduler"],
        ),
    ),
    (
        "cluster-logs-are-on",
        "cluster",
        "kept for ever",
        setting("aws_cloudwatch_log_group", "retention_in_days", 0),
    ),
    (
        "cluster-logs-are-on",
        "cluster",
        "its log group is not ours",
        removing("aws_cloudwatch_log_group"),
    ),
    (
        "cluster-access-is-named",
        "cluster",
        "administers it for ever",
        setting(
            "aws_eks_cluster", "access_config.bootstrap_cluster_creator_admin_permissions", True
        ),
    ),
    (
        "cluster-access-is-named",
        "cluster",
        "system:masters",
        setting("aws_eks_access_entry", "kubernetes_groups", ["system:masters"]),
    ),
    (
        "cluster-prd-is-protected",
        "storage",
        "destroyed without a word",
        setting("aws_kms_key", "lifecycle.prevent_destroy", False),
    ),
    (
        "cluster-prd-is-protected",
        "storage",
        "with what it holds",
        setting("aws_s3_bucket", "force_destroy", True),
    ),
    (
        "cluster-prd-is-protected",
        "storage",
        "less than 30 days",
        setting("aws_kms_key", "deletion_window_in_days", 7),
    ),
    (
        "buckets-are-not-public",
        "storage",
        "block_public_policy not on",
        setting("aws_s3_bucket_public_access_block", "block_public_policy", False),
    ),
    (
        "buckets-are-not-public",
        "storage",
        "may become public",
        removing("aws_s3_bucket_public_access_block"),
    ),
    (
        "buckets-have-one-owner",
        "storage",
        "access control lists",
        setting("aws_s3_bucket_ownership_controls", "rule.object_ownership", "ObjectWriter"),
    ),
    (
        "buckets-take-tls-only",
        "storage",
        "not come over TLS",
        statement("aws_s3_bucket_policy", Condition={"Bool": {"aws:SecureTransport": "true"}}),
    ),
    (
        "buckets-forget-broken-uploads",
        "storage",
        "never finished",
        removing("aws_s3_bucket_lifecycle_configuration"),
    ),
    (
        "tags-are-mandatory",
        "storage",
        "no default tag CostCenter",
        top("provider.aws.0.default_tags.0.tags.CostCenter", ""),
    ),
    (
        "tags-are-mandatory",
        "storage",
        "overrides the default tags Owner",
        setting("aws_s3_bucket", "tags", {"Owner": "me"}),
    ),
    (
        "tags-are-mandatory",
        "cluster",
        "launches instance without the tags",
        setting("aws_launch_template", "tag_specifications.0.tags", {}),
    ),
    (
        "tags-account-is-ours",
        "storage",
        "works in accounts other",
        top("provider.aws.0.allowed_account_ids", []),
    ),
    (
        "tags-account-is-ours",
        "observability",
        "aws_iam_role.planted: tags-account-is-ours: no provider says",
        adding("aws_iam_role", {"name": "planted"}),
    ),
    (
        "tags-account-is-ours",
        "observability",
        "data.aws_vpc.planted: tags-account-is-ours: no provider says",
        top("data.aws_vpc", {"planted": {}}),
    ),
    ("tags-account-is-ours", "storage", "region eu", top("provider.aws.0.region", "eu-west-1")),
    (
        "tags-no-foreign-account",
        "storage",
        "names account 999999999999",
        statement(Resource="arn:aws:iam::999999999999:role/x"),
    ),
    (
        "versions-are-ranges-of-ours",
        "storage",
        "required_providers.aws",
        top("terraform.required_providers.aws.version", ">= 1"),
    ),
    (
        "versions-are-ranges-of-ours",
        "storage",
        "required_version",
        top("terraform.required_version", ">= 0.12"),
    ),
    (
        "versions-are-supported",
        "cluster",
        "not in versions.py",
        setting("aws_eks_cluster", "version", "1.20"),
    ),
    (
        "versions-are-pinned",
        "cluster",
        "whatever version AWS offers",
        setting("aws_eks_addon", "addon_version", None),
    ),
    (
        "versions-are-pinned",
        "observability",
        "the newest chart",
        setting("helm_release", "version", None),
    ),
    (
        "secrets-are-not-in-files",
        "storage",
        "random key",
        setting("aws_iam_role", "description", RANDOM),
    ),
    (
        "secrets-are-not-in-files",
        "observability",
        "password",
        setting("helm_release", "values", ["adminPassword: hunter2\n"]),
    ),
    (
        "secrets-are-not-in-files",
        "storage",
        "AWS access key",
        top("provider.aws.0.access_key", "AKIAIOSFODNN7EXAMPLE"),
    ),
    (
        "secrets-are-not-in-states",
        "storage",
        "would hold the secret",
        adding("random_password", {"length": 20}),
    ),
    (
        "secrets-are-not-in-states",
        "storage",
        "what is read",
        top("data.aws_secretsmanager_secret_version", {"planted": {}}),
    ),
    (
        "secrets-are-not-in-states",
        "observability",
        "set_sensitive",
        setting("helm_release", "set_sensitive", [{"name": "a", "value": "b"}]),
    ),
    (
        "secrets-are-not-in-states",
        "storage",
        "readable in the state",
        top("output.planted", {"value": "x", "sensitive": True}),
    ),
    *[
        ("workloads-are-hardened", "observability", message, setting(kind, path, value))
        for kind in (DEPLOYMENT, STATEFUL_SET)
        for message, path, value in (
            ("does not set run_as_non_root", f"{CONTEXT}.run_as_non_root", None),
            ("does not set read_only_root", f"{CONTEXT}.read_only_root_filesystem", False),
            (
                "does not set allow_privilege_escalation = false",
                f"{CONTEXT}.allow_privilege_escalation",
                None,
            ),
            ("does not set run_as_non_root", f"{POD}.container.0.security_context", {}),
            ("is privileged", f"{CONTEXT}.privileged", True),
            ("keeps capabilities", f"{CONTEXT}.capabilities", {}),
            ("keeps capabilities", f"{CONTEXT}.capabilities.add", ["NET_ADMIN"]),
            ("container planted keeps", f"{POD}.init_container", [{"name": "planted"}]),
            ("the pod does not set run_as_non", f"{POD}.security_context.run_as_non_root", None),
            ("seccomp profile", f"{POD}.security_context.seccomp_profile", {}),
            ("the pod sets host_network", f"{POD}.host_network", True),
        )
    ],
    (
        "workloads-are-hardened",
        "observability",
        "kubernetes_cron_job_v1.planted: ",
        adding(
            "kubernetes_cron_job_v1",
            {"spec": {"job_template": {"spec": {"template": {"spec": {"container": []}}}}}},
        ),
    ),
    *[
        ("workloads-have-no-token", "observability", message, setting(kind, path, value))
        for kind in (DEPLOYMENT, STATEFUL_SET)
        for message, path, value in (
            ("automount_service", f"{POD}.automount_service_account_token", None),
            ("enable_service_links", f"{POD}.enable_service_links", True),
            ("default service account", f"{POD}.service_account_name", None),
        )
    ],
    (
        "workloads-spread-each-rollout",
        "observability",
        "topology.kubernetes.io/zone lacks match_label_keys",
        setting(DEPLOYMENT, f"{POD}.topology_spread_constraint.0.match_label_keys", None),
    ),
    (
        "workloads-spread-each-rollout",
        "observability",
        "has no use for match_label_keys",
        setting(
            STATEFUL_SET,
            f"{POD}.topology_spread_constraint.0.match_label_keys",
            ["pod-template-hash"],
        ),
    ),
    (
        "workloads-have-no-token",
        "observability",
        "kubernetes_service_account_v1.planted",
        adding("kubernetes_service_account_v1", {"metadata": {"name": "planted"}}),
    ),
]


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, *_ in PLANTED} == set(BY_ID)


@pytest.mark.parametrize(
    ("rule", "stack", "message", "plant"),
    PLANTED,
    ids=[f"{rule}: {message}" for rule, _, message, _ in PLANTED],
)
def test_a_planted_violation_is_found(rule: str, stack: str, message: str, plant: Plant) -> None:
    looked_at = subject("prd", stack)
    assert findings_of(rule, looked_at) == []
    plant(looked_at.config)
    messages = [str(finding) for finding in findings_of(rule, looked_at)]
    assert messages, f"{rule} found nothing"
    assert all(f": {rule}: " in text for text in messages)
    assert any(message in text for text in messages), messages


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_holds_for_every_reviewed_stack(rule: Rule, environment: str) -> None:
    subjects = subjects_of(real_settings(environment), REVIEWED.configs[environment], TODAY)
    assert [str(f) for f in findings([rule], subjects) if not f.breach.warning] == []


def test_rules_have_names_reasons_and_sources() -> None:
    assert len(BY_ID) == len(RULES)
    for rule in RULES:
        assert rule.id.startswith(f"{rule.area}-")
        assert len(rule.title) > 20
        assert len(rule.reason) > 20
        assert rule.source


def test_the_policies_are_really_looked_at() -> None:
    storage = sample_foundation().configs["prd"]["storage"]
    assert sum(1 for _ in policies(storage)) > 20


def test_the_pods_of_every_workload_are_really_looked_at() -> None:
    config = sample_foundation().configs["prd"]["observability"]
    workloads = {
        f"{kind}.{name}" for kind in (DEPLOYMENT, STATEFUL_SET) for name in config["resource"][kind]
    }
    assert {address for address, _ in workload_rules.pod_specs(config)} == workloads
    assert len(workloads) > 5


def test_every_recorded_justification_is_needed() -> None:
    allowed = {
        action
        for stacks in sample_foundation().configs.values()
        for config in stacks.values()
        for address, statements in policies(config)
        if not address.startswith("aws_kms_key.") and not address.endswith("assume_role_policy")
        for statement in statements
        if "*" in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }
    assert set(iam_rules.WITHOUT_RESOURCE_LEVEL) == allowed
    attached = {
        body["policy_arn"].rpartition("/")[2]
        for stacks in sample_foundation().configs.values()
        for config in stacks.values()
        for body in config.get("resource", {}).get("aws_iam_role_policy_attachment", {}).values()
    }
    assert set(iam_rules.MANAGED_POLICIES) == attached


# --- The command --------------------------------------------------------------------------------


def test_the_command_names_a_violation_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    planted = subject("prd", "state")
    setting("aws_kms_key", "enable_key_rotation", False)(planted.config)
    assert policy_check.report(RULES, [planted]) == 1
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if "encryption-keys-rotate" in line]
    assert "1 violated" in rows[0]
    assert "violation prd/state aws_kms_key.key: encryption-keys-rotate: is never" in rows[1]
    assert "why: A key that leaks" in printed
    assert f"{len(RULES)} rules over 1 stacks (prd): 1 violations, 0 warnings" in printed


def test_a_warning_is_no_failure_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    end = KUBERNETES[SETTINGS["prd"].cluster.kubernetes_version].standard_support_end
    assert policy_check.report(RULES, [subject("prd", "cluster", end)]) == 0
    printed = capsys.readouterr().out
    assert "warning prd/cluster aws_eks_cluster.control-plane: versions-are-supported" in printed
    assert "0 violations, 1 warnings" in printed


def test_the_command_refuses_an_unknown_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert policy_check.main(["--env", "staging"]) == 2
    assert "allowed: dev, prd" in capsys.readouterr().err


# --- Versions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_left", "expected"),
    [(NOTICE.days, None), (NOTICE.days - 1, True), (0, True), (-1, False)],
    ids=["in time", "the first day of notice", "the last day", "the day after"],
)
def test_a_version_is_warned_of_60_days_before_its_support_ends(
    days_left: int, expected: bool | None
) -> None:
    cluster = sample_foundation().configs["prd"]["cluster"]["resource"]["aws_eks_cluster"]
    (body,) = cluster.values()
    end = KUBERNETES[body["version"]].standard_support_end
    looked_at = subject("prd", "cluster", end - timedelta(days=days_left))
    assert [f.breach.warning for f in findings_of("versions-are-supported", looked_at)] == (
        [] if expected is None else [expected]
    )


# --- Secrets ------------------------------------------------------------------------------------


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
        RANDOM,
    ],
)
def test_a_secret_would_be_found(text: str) -> None:
    assert secret_rules.kinds_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::111122223333:role/obs-dev-a-rather-long-name-of-a-role",
        "${data.terraform_remote_state.storage.outputs.cluster_autoscaler_role_arn}",
        "AmazonEC2ContainerRegistryPullOnlyAmazonEBSCSIDriverPolicyV2",
    ],
)
def test_what_is_no_secret_is_not_found(text: str) -> None:
    assert secret_rules.kinds_in(text) == []


def test_a_found_secret_is_not_printed() -> None:
    looked_at = subject("prd", "storage")
    setting("aws_iam_role", "description", "password=hunter2")(looked_at.config)
    (finding,) = findings_of("secrets-are-not-in-files", looked_at)
    assert "hunter2" not in str(finding)
