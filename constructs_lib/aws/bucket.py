"""A private, encrypted S3 bucket with the lifecycle rules of its plan."""

import json
from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_object_lock_configuration import (
    S3BucketObjectLockConfigurationA,
    S3BucketObjectLockConfigurationRuleA,
    S3BucketObjectLockConfigurationRuleDefaultRetentionA,
)
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from constructs import Construct

from blueprint.buckets import BucketPlan, LifecycleRule
from blueprint.iam_statements import Statement, policy_document


@dataclass(frozen=True, kw_only=True)
class BucketProps:
    """`plan` says what is kept and for how long; `service_statements` lets AWS services write."""

    bucket_name: str
    plan: BucketPlan
    kms_key_arn: str
    deletion_protection: bool
    service_statements: tuple[Statement, ...] = ()


class Bucket(Construct):
    """A bucket that is private, encrypted with a KMS key, and reached by TLS only.

    There is no rule that refuses uploads without an encryption header: Tempo's compaction copies
    objects without one (grafana/tempo#5711), and the default encryption covers them.

    Exposes: `name` and `arn`.
    """

    def __init__(self, scope: Construct, id_: str, props: BucketProps) -> None:
        super().__init__(scope, id_)
        plan = props.plan
        bucket = S3Bucket(
            self,
            "Resource",
            bucket=props.bucket_name,
            force_destroy=not props.deletion_protection,
            object_lock_enabled=plan.object_lock_days is not None,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=props.deletion_protection),
        )
        self.name: str = bucket.bucket
        self.arn: str = bucket.arn
        public_access_block = S3BucketPublicAccessBlock(
            self,
            "public-access-block",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        S3BucketOwnershipControls(
            self,
            "ownership",
            bucket=bucket.id,
            rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        )
        S3BucketServerSideEncryptionConfigurationA(
            self,
            "encryption",
            bucket=bucket.id,
            rule=[_encryption_rule(props.kms_key_arn)],
        )
        versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=bucket.id,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(
                status="Enabled" if plan.versioned else "Disabled"
            ),
        )
        S3BucketPolicy(
            self,
            "policy",
            bucket=bucket.id,
            policy=json.dumps(
                policy_document([deny_without_tls(bucket.arn), *props.service_statements])
            ),
            # S3 answers "conflicting operation" to both at once.
            depends_on=[public_access_block],
        )
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=bucket.id,
            rule=[
                *(_lifecycle_rule(rule) for rule in plan.lifecycle),
                _abort_incomplete_uploads(),
            ],
            depends_on=[versioning],
        )
        if plan.object_lock_days is not None:
            S3BucketObjectLockConfigurationA(
                self,
                "object-lock",
                bucket=bucket.id,
                rule=S3BucketObjectLockConfigurationRuleA(
                    default_retention=S3BucketObjectLockConfigurationRuleDefaultRetentionA(
                        # Governance: a role with s3:BypassGovernanceRetention can still clean up.
                        mode="GOVERNANCE",
                        days=plan.object_lock_days,
                    )
                ),
                depends_on=[versioning],
            )


def deny_without_tls(bucket_arn: str) -> Statement:
    """Statement that refuses every request that does not come over TLS."""
    return {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _encryption_rule(kms_key_arn: str) -> S3BucketServerSideEncryptionConfigurationRuleA:
    return S3BucketServerSideEncryptionConfigurationRuleA(
        apply_server_side_encryption_by_default=(
            S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                sse_algorithm="aws:kms", kms_master_key_id=kms_key_arn
            )
        ),
        # One KMS request per bucket and time instead of one per object.
        bucket_key_enabled=True,
    )


def _lifecycle_rule(rule: LifecycleRule) -> S3BucketLifecycleConfigurationRule:
    expiration = None
    if rule.expiration_days is not None:
        expiration = S3BucketLifecycleConfigurationRuleExpiration(days=rule.expiration_days)
    elif rule.noncurrent_days is not None:
        # Delete markers without versions below them would be listed forever.
        expiration = S3BucketLifecycleConfigurationRuleExpiration(expired_object_delete_marker=True)
    noncurrent = None
    if rule.noncurrent_days is not None:
        noncurrent = S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
            noncurrent_days=rule.noncurrent_days
        )
    return S3BucketLifecycleConfigurationRule(
        id=rule.id,
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix=rule.prefix)],
        expiration=[expiration] if expiration else None,
        noncurrent_version_expiration=[noncurrent] if noncurrent else None,
    )


def _abort_incomplete_uploads() -> S3BucketLifecycleConfigurationRule:
    return S3BucketLifecycleConfigurationRule(
        id="abort-incomplete-uploads",
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
        abort_incomplete_multipart_upload=[
            S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                # The value that Tempo's documentation of S3 advises.
                days_after_initiation=1
            )
        ],
    )
