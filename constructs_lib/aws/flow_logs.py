"""VPC flow logs in a bucket: half the price of CloudWatch Logs, and queried with Athena."""

from dataclasses import dataclass

from cdktf_cdktf_provider_aws.flow_log import FlowLog, FlowLogDestinationOptions
from constructs import Construct

from blueprint.buckets import plan_flow_logs_bucket
from blueprint.iam_statements import Statement
from constructs_lib.aws.bucket import Bucket, BucketProps
from constructs_lib.aws.kms_key import EncryptionKey, EncryptionKeyProps
from constructs_lib.dependencies import resources_in
from settings.model import Settings

LOG_DELIVERY = "delivery.logs.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class FlowLogsProps:
    """The VPC whose traffic is logged."""

    settings: Settings
    vpc_id: str


class FlowLogs(Construct):
    """Accepted and rejected traffic of a VPC, in Parquet files by hour.

    Exposes: `bucket_name`.
    """

    def __init__(self, scope: Construct, id_: str, props: FlowLogsProps) -> None:
        super().__init__(scope, id_)
        settings = props.settings
        key = EncryptionKey(
            self,
            "key",
            EncryptionKeyProps(
                alias=f"alias/{settings.prefix}-flow-logs",
                description=f"VPC flow logs of {settings.prefix}",
                account_id=settings.account_id,
                deletion_protection=settings.deletion_protection,
                service_statements=(_delivery_encrypts(settings),),
            ),
        )
        plan = plan_flow_logs_bucket(settings)
        name = settings.bucket_name(plan.purpose)
        bucket = Bucket(
            self,
            "bucket",
            BucketProps(
                bucket_name=name,
                plan=plan,
                kms_key_arn=key.arn,
                deletion_protection=settings.deletion_protection,
                service_statements=_delivery_writes(settings, f"arn:aws:s3:::{name}"),
            ),
        )
        self.bucket_name = bucket.name
        FlowLog(
            self,
            "Resource",
            vpc_id=props.vpc_id,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=bucket.arn,
            destination_options=FlowLogDestinationOptions(
                file_format="parquet", hive_compatible_partitions=True, per_hour_partition=True
            ),
            tags={"Name": settings.prefix},
            # EC2 tries the bucket's policy when the flow log is created.
            depends_on=resources_in(bucket),
        )


def _source(settings: Settings) -> dict[str, dict[str, str]]:
    # Confused deputy: only this account's deliveries ("Publish flow logs to Amazon S3", VPC guide).
    return {
        "StringEquals": {"aws:SourceAccount": settings.account_id},
        "ArnLike": {"aws:SourceArn": f"arn:aws:logs:{settings.region}:{settings.account_id}:*"},
    }


def _delivery_encrypts(settings: Settings) -> Statement:
    # With Decrypt, as AWS documents it ("Required key policy for use with SSE-KMS", VPC guide): S3
    # completes an upload in parts only for principals that may decrypt. Without it the flow log is
    # active, and objects are missing.
    return {
        "Sid": "LogDeliveryEncrypts",
        "Effect": "Allow",
        "Principal": {"Service": LOG_DELIVERY},
        "Action": [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        "Resource": "*",
        "Condition": _source(settings),
    }


def _delivery_writes(settings: Settings, bucket_arn: str) -> tuple[Statement, ...]:
    # Exactly what AWS would attach by itself, replacing our policy, if it were missing. With
    # Hive-compatible prefixes the account's folder is "aws-account-id=<account>".
    owned_by_bucket = {
        **_source(settings)["StringEquals"],
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    return (
        {
            "Sid": "AWSLogDeliveryWrite",
            "Effect": "Allow",
            "Principal": {"Service": LOG_DELIVERY},
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/AWSLogs/aws-account-id={settings.account_id}/*",
            "Condition": {**_source(settings), "StringEquals": owned_by_bucket},
        },
        {
            "Sid": "AWSLogDeliveryAclCheck",
            "Effect": "Allow",
            "Principal": {"Service": LOG_DELIVERY},
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
            "Resource": bucket_arn,
            "Condition": _source(settings),
        },
    )
