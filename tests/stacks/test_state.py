"""The bucket of the Terraform states: what is lost with it cannot be synthesized again."""

from __future__ import annotations

import pytest
from stack_files import Stacks, instances, only, policy

from blueprint.buckets import NONCURRENT_STATE_DAYS
from settings.model import Settings

both = pytest.mark.parametrize("environment", ["dev", "prd"])


@both
def test_an_earlier_state_can_be_restored(configs: dict[str, Stacks], environment: str) -> None:
    state = configs[environment]["state"]
    versioning = only(instances(state, "aws_s3_bucket_versioning"))
    assert versioning["bucket"] == "${aws_s3_bucket.bucket.id}"
    assert versioning["versioning_configuration"] == {"status": "Enabled"}
    (rule,) = (
        rule
        for rule in only(instances(state, "aws_s3_bucket_lifecycle_configuration"))["rule"]
        if "noncurrent_version_expiration" in rule
    )
    assert rule["noncurrent_version_expiration"] == [{"noncurrent_days": NONCURRENT_STATE_DAYS}]


@both
def test_a_current_state_never_expires(configs: dict[str, Stacks], environment: str) -> None:
    body = only(instances(configs[environment]["state"], "aws_s3_bucket_lifecycle_configuration"))
    assert not any("days" in rule.get("expiration", [{}])[0] for rule in body["rule"])


@both
def test_states_are_encrypted_with_a_key_that_only_the_accounts_iam_gives_out(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    state = configs[environment]["state"]
    encryption = only(instances(state, "aws_s3_bucket_server_side_encryption_configuration"))
    (rule,) = encryption["rule"]
    assert rule["apply_server_side_encryption_by_default"] == {
        "kms_master_key_id": "${aws_kms_key.key.arn}",
        "sse_algorithm": "aws:kms",
    }
    (statement,) = policy(only(instances(state, "aws_kms_key"))["policy"])
    account = settings[environment].account_id
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{account}:root"}


@both
def test_the_bucket_has_the_name_that_the_backends_use(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    bucket = only(instances(configs[environment]["state"], "aws_s3_bucket"))
    assert bucket["bucket"] == settings[environment].state_bucket_name
