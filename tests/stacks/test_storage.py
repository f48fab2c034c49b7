"""Buckets that keep data as long as the settings say, and roles that reach one bucket each."""

from __future__ import annotations

import pytest
from settings_files import TODAY
from stack_files import (
    Config,
    Stacks,
    SynthesizeVariation,
    actions,
    as_list,
    instances,
    policies,
    policy,
    strings,
)

from blueprint.buckets import SAFETY_MARGIN_DAYS
from settings.model import Settings
from verification.policies.all_policies import RULES, subjects_of
from verification.policies.rule import findings

both = pytest.mark.parametrize("environment", ["dev", "prd"])
EVERY_BUCKET = [
    ("state", "bucket"),
    ("network", "flow-logs_bucket"),
    ("storage", "metrics"),
    ("storage", "logs"),
    ("storage", "traces"),
    ("storage", "backups"),
]
every_bucket = pytest.mark.parametrize(("stack", "bucket"), EVERY_BUCKET)
OIDC_ISSUER = "${data.terraform_remote_state.cluster.outputs.oidc_issuer}"
OIDC_PROVIDER = "${data.terraform_remote_state.cluster.outputs.oidc_provider_arn}"

TRUSTED = {
    "loki": {"observability:loki"},
    "tempo": {"observability:tempo"},
    "thanos-writer": {"observability:kps-prometheus", "observability:thanos-compactor"},
    "thanos-reader": {"observability:thanos-store"},
    "thanos-uploader": {f"{stage}-telemetry:stage-prometheus" for stage in ("dev", "hml", "prd")},
    "velero": {"observability:velero"},
    "cluster-autoscaler": {"observability:cluster-autoscaler"},
    "ns-observability": {"observability:secrets-reader"},
    "ns-dev": {"dev:secrets-reader"},
    "ns-hml": {"hml:secrets-reader"},
    "ns-prd": {"prd:secrets-reader"},
}
"""Service accounts, as namespace:name, by the role that they may assume."""

BUCKET_OF = {
    "loki": "logs",
    "tempo": "traces",
    "thanos-writer": "metrics",
    "thanos-reader": "metrics",
    "thanos-uploader": "metrics",
    "velero": "backups",
}
READ_WRITE = {"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}
OBJECT_ACTIONS = {
    "loki": READ_WRITE,
    "tempo": READ_WRITE | {"s3:GetObjectTagging", "s3:PutObjectTagging"},
    "thanos-writer": READ_WRITE,
    "thanos-reader": {"s3:GetObject"},
    # A stage's sidecar deletes no block, least of all another stage's.
    "thanos-uploader": {"s3:GetObject", "s3:PutObject"},
    "velero": READ_WRITE
    | {"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObjectTagging"},
}


def part(config: Config, bucket: str, kind: str, name: str) -> Config:
    """One of the resources that set a bucket up; it has to point at that bucket."""
    body = instances(config, f"aws_s3_bucket_{kind}")[f"{bucket}_{name}"]
    assert body["bucket"] == f"${{aws_s3_bucket.{bucket}.id}}"
    return body


def lifecycle(config: Config, bucket: str) -> dict[str, Config]:
    rules: list[Config] = part(config, bucket, "lifecycle_configuration", "lifecycle")["rule"]
    assert all(rule["status"] == "Enabled" for rule in rules)
    return {rule["id"]: rule for rule in rules}


def expirations(config: Config, bucket: str) -> dict[str, int]:
    """Days after which the current objects under a prefix are deleted."""
    return {
        rule["filter"][0]["prefix"]: rule["expiration"][0]["days"]
        for rule in lifecycle(config, bucket).values()
        if "days" in rule.get("expiration", [{}])[0]
    }


def statements_of(stacks: Stacks, workload: str) -> list[Config]:
    body = instances(stacks["storage"], "aws_iam_role_policy")[f"role-{workload}_policy"]
    assert body["role"] == f"${{aws_iam_role.role-{workload}.name}}"
    return policy(body["policy"])


# --- What all buckets have ----------------------------------------------------------------------


def test_every_bucket_is_looked_at(prd: Stacks) -> None:
    buckets = {
        (stack, name)
        for stack, config in prd.items()
        for name in instances(config, "aws_s3_bucket")
    }
    assert buckets == set(EVERY_BUCKET)


def breaches(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str, *rules: str
) -> list[str]:
    """What the rules find in any stack of the environment."""
    subjects = subjects_of(settings[environment], configs[environment], TODAY)
    chosen = [rule for rule in RULES if rule.id in rules]
    assert len(chosen) == len(rules)
    return [str(finding) for finding in findings(chosen, subjects)]


@both
def test_a_bucket_is_closed_to_the_public(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    rules = ("buckets-are-not-public", "buckets-have-one-owner")
    assert breaches(configs, settings, environment, *rules) == []


@both
def test_a_bucket_refuses_whatever_does_not_come_over_tls(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    assert breaches(configs, settings, environment, "buckets-take-tls-only") == []


@both
def test_a_bucket_encrypts_by_default_with_a_key_of_our_own(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    rules = ("encryption-of-buckets", "encryption-keys-rotate")
    assert breaches(configs, settings, environment, *rules) == []


@every_bucket
def test_no_bucket_refuses_uploads_without_an_encryption_header(
    prd: Stacks, stack: str, bucket: str
) -> None:
    # Tempo's compaction copies objects without one (grafana/tempo#5711).
    text = part(prd[stack], bucket, "policy", "policy")["policy"]
    assert "x-amz-server-side-encryption" not in text


@every_bucket
def test_a_bucket_forgets_uploads_that_were_never_finished(
    prd: Stacks, stack: str, bucket: str
) -> None:
    rule = lifecycle(prd[stack], bucket)["abort-incomplete-uploads"]
    assert rule["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 1}]
    assert rule["filter"] == [{"prefix": ""}]
    assert "expiration" not in rule


@every_bucket
@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("prd", True)])
def test_a_protected_bucket_is_neither_destroyed_nor_emptied(
    configs: dict[str, Stacks], environment: str, protected: bool, stack: str, bucket: str
) -> None:
    body = instances(configs[environment][stack], "aws_s3_bucket")[bucket]
    assert body["lifecycle"] == {"prevent_destroy": protected}
    assert body["force_destroy"] is not protected


@pytest.mark.parametrize(
    ("environment", "protected", "days"), [("dev", False, 7), ("prd", True, 30)]
)
def test_a_protected_key_is_not_destroyed(
    configs: dict[str, Stacks], environment: str, protected: bool, days: int
) -> None:
    keys = [
        key
        for config in configs[environment].values()
        for key in instances(config, "aws_kms_key").values()
    ]
    assert len(keys) == 4
    for key in keys:
        assert key["lifecycle"] == {"prevent_destroy": protected}
        assert key["deletion_window_in_days"] == days
        assert key["enable_key_rotation"] is True


# --- How long data is kept ----------------------------------------------------------------------


@pytest.mark.parametrize("signal", ["logs", "traces"])
@both
def test_a_namespaces_logs_and_traces_expire_after_its_own_retention(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str, signal: str
) -> None:
    expected = {
        f"{name}/": getattr(namespace.retention_days, signal) + SAFETY_MARGIN_DAYS
        for name, namespace in settings[environment].namespaces.items()
    }
    assert expirations(configs[environment]["storage"], signal) == expected


@pytest.mark.parametrize("signal", ["logs", "traces"])
def test_what_lies_beside_the_tenants_never_expires(prd: Stacks, signal: str) -> None:
    # Loki's index, cluster seed and delete requests are not below a tenant's prefix.
    assert "" not in expirations(prd["storage"], signal)


@both
def test_metrics_expire_after_the_longest_of_their_retentions(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    kept = settings[environment].retention_days.metrics
    assert expirations(configs[environment]["storage"], "metrics") == {
        "": max(kept.raw, kept.five_minutes, kept.one_hour) + SAFETY_MARGIN_DAYS
    }


@both
def test_flow_logs_expire_after_their_retention(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    assert expirations(configs[environment]["network"], "flow-logs_bucket") == {
        "": settings[environment].network.flow_logs_retention_days
    }


def test_one_number_of_the_settings_moves_the_lifecycle(
    dev: Stacks, synthesize_variation: SynthesizeVariation
) -> None:
    changed = synthesize_variation({"namespaces": {"prd": {"retention_days": {"logs": 100}}}})
    before, after = (expirations(stacks["storage"], "logs") for stacks in (dev, changed))
    assert after == before | {"prd/": 100 + SAFETY_MARGIN_DAYS}


@both
def test_backups_are_versioned_and_locked_for_their_retention(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    storage = configs[environment]["storage"]
    days = settings[environment].retention_days.backups
    assert instances(storage, "aws_s3_bucket")["backups"]["object_lock_enabled"] is True
    lock = part(storage, "backups", "object_lock_configuration", "object-lock")
    assert lock["rule"] == {"default_retention": {"mode": "GOVERNANCE", "days": days}}
    assert "aws_s3_bucket_versioning.backups_versioning" in lock["depends_on"]
    rule = lifecycle(storage, "backups")["deleted-backups"]
    assert rule["noncurrent_version_expiration"] == [{"noncurrent_days": days + SAFETY_MARGIN_DAYS}]
    # Delete markers without versions below them would be listed for ever.
    assert rule["expiration"] == [{"expired_object_delete_marker": True}]
    assert expirations(storage, "backups") == {}


def test_versions_are_kept_only_where_objects_are_written_once(prd: Stacks) -> None:
    # A compacting back end deletes all day: each deleted block would go on costing.
    status = {
        f"{stack}.{name}": versioning["versioning_configuration"]["status"]
        for stack, config in prd.items()
        for name, versioning in instances(config, "aws_s3_bucket_versioning").items()
    }
    assert status == {
        "state.bucket_versioning": "Enabled",
        "network.flow-logs_bucket_versioning": "Disabled",
        "storage.metrics_versioning": "Disabled",
        "storage.logs_versioning": "Disabled",
        "storage.traces_versioning": "Disabled",
        "storage.backups_versioning": "Enabled",
    }


def test_object_lock_is_on_backups_alone(prd: Stacks) -> None:
    locked = {
        name
        for config in prd.values()
        for name, bucket in instances(config, "aws_s3_bucket").items()
        if bucket["object_lock_enabled"]
    }
    assert locked == {"backups"}
    assert list(instances(prd["storage"], "aws_s3_bucket_object_lock_configuration")) == [
        "backups_object-lock"
    ]


# --- Roles --------------------------------------------------------------------------------------


@both
def test_each_role_trusts_exactly_its_service_accounts(
    configs: dict[str, Stacks], environment: str
) -> None:
    roles = instances(configs[environment]["storage"], "aws_iam_role")
    assert set(roles) == {f"role-{workload}" for workload in TRUSTED}
    for workload, accounts in TRUSTED.items():
        (statement,) = policy(roles[f"role-{workload}"]["assume_role_policy"])
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Principal"] == {"Federated": OIDC_PROVIDER}
        # StringEquals and not StringLike: a "*" in it would be an ordinary character.
        assert set(statement["Condition"]) == {"StringEquals"}
        condition = statement["Condition"]["StringEquals"]
        assert set(condition) == {f"{OIDC_ISSUER}:aud", f"{OIDC_ISSUER}:sub"}
        assert condition[f"{OIDC_ISSUER}:aud"] == "sts.amazonaws.com"
        subjects = condition[f"{OIDC_ISSUER}:sub"]
        assert set(subjects) == {f"system:serviceaccount:{account}" for account in accounts}
        assert len({subject.split(":")[2] for subject in subjects}) == 1 or (
            # The same account, of each stage.
            len({subject.split(":")[3] for subject in subjects}) == 1
        )


@pytest.mark.parametrize(("workload", "bucket"), BUCKET_OF.items())
def test_a_back_end_touches_only_its_own_bucket(prd: Stacks, workload: str, bucket: str) -> None:
    statements = statements_of(prd, workload)
    buckets = {
        text for statement in statements for text in as_list(statement["Resource"]) if "s3" in text
    }
    arn = f"${{aws_s3_bucket.{bucket}.arn}}"
    assert buckets == {arn, f"{arn}/*"}
    assert actions([s for s in statements if s["Resource"] == arn]) == {"s3:ListBucket"}
    on_objects = actions([s for s in statements if s["Resource"] == f"{arn}/*"])
    assert on_objects == OBJECT_ACTIONS[workload]


@pytest.mark.parametrize("workload", BUCKET_OF)
def test_a_back_end_uses_the_key_of_the_buckets_and_no_other(prd: Stacks, workload: str) -> None:
    (statement,) = (
        statement
        for statement in statements_of(prd, workload)
        if any(action.startswith("kms:") for action in statement["Action"])
    )
    assert statement["Resource"] == "${aws_kms_key.key.arn}"
    reads_only = workload == "thanos-reader"
    expected = {"kms:Decrypt"} if reads_only else {"kms:Decrypt", "kms:GenerateDataKey"}
    assert set(statement["Action"]) == expected


def test_no_other_role_touches_a_bucket(prd: Stacks) -> None:
    for address, statements in policies(prd["storage"]):
        workload = address.split(".")[1].removeprefix("role-").removesuffix("_policy")
        if address.startswith("aws_iam_role_policy.") and workload not in BUCKET_OF:
            assert not any("s3" in text for text in strings(statements)), address


@pytest.mark.parametrize("environment", ["dev", "prd"])
@pytest.mark.parametrize("namespace", ["observability", "dev", "hml", "prd"])
def test_a_namespace_reads_only_the_secrets_under_its_own_prefix(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str, namespace: str
) -> None:
    account = settings[environment].account_id
    (statement,) = statements_of(configs[environment], f"ns-{namespace}")
    # The slash before the star: namespace prd must not match prd2.
    assert statement["Resource"] == (
        f"arn:aws:secretsmanager:us-east-1:{account}:secret:obs/{environment}/{namespace}/*"
    )
    assert set(statement["Action"]) == {
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:ListSecretVersionIds",
    }


def test_the_autoscaler_changes_only_the_groups_of_this_cluster(prd: Stacks) -> None:
    cluster = "${data.terraform_remote_state.cluster.outputs.cluster_name}"
    (changing,) = (
        statement
        for statement in statements_of(prd, "cluster-autoscaler")
        if "autoscaling:SetDesiredCapacity" in statement["Action"]
    )
    tag = "aws:ResourceTag/k8s.io/cluster-autoscaler"
    assert changing["Condition"] == {
        "StringEquals": {f"{tag}/enabled": "true", f"{tag}/{cluster}": "owned"}
    }


def test_velero_deletes_only_snapshots_of_kubernetes_volumes(prd: Stacks) -> None:
    (deleting,) = (
        statement
        for statement in statements_of(prd, "velero")
        if "ec2:DeleteSnapshot" in statement["Action"]
    )
    assert deleting["Condition"]["StringEquals"]


def test_role_names_fit_iam_and_bucket_names_fit_s3_with_the_longest_settings(
    synthesize_variation: SynthesizeVariation,
) -> None:
    namespace = "a" * 30
    stacks = synthesize_variation(
        {
            "name": "n" * 16,
            "region": "ap-southeast-1",
            "network": {
                "availability_zones": [f"ap-southeast-1{letter}" for letter in "abc"],
            },
            "namespaces": {namespace: _namespace()},
        }
    )
    for config in stacks.values():
        for role in instances(config, "aws_iam_role").values():
            assert len(role["name"]) <= 64, role["name"]
        for bucket in instances(config, "aws_s3_bucket").values():
            assert 3 <= len(bucket["bucket"]) <= 63, bucket["bucket"]


def _namespace() -> Config:
    quota = {
        "requests_cpu": 1,
        "requests_memory_gib": 1,
        "limits_cpu": 1,
        "limits_memory_gib": 1,
        "pods": 1,
        "persistent_volume_claims": 1,
    }
    group = {"instance_types": ["m7i.large"], "min_size": 0, "max_size": 1}
    return {
        "quota": quota,
        "node_group": group,
        "retention_days": {"logs": 1, "traces": 1},
        "sampling": {"sampling_percentage": 100, "slow_trace_ms": 1000},
    }
