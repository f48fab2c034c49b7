"""IAM statements of Tempo, in both of its modes."""

from blueprint.iam_statements import Statement, read_and_write_objects
from helm_values.component import AwsResources, WorkloadRole

SERVICE_ACCOUNT = "tempo"


def statements(aws: AwsResources) -> tuple[Statement, ...]:
    """Tempo on S3 ("Amazon S3 permissions"), which tags blocks as it compacts them."""
    return read_and_write_objects(
        aws.bucket_arns["traces"], aws.key_arn, "s3:GetObjectTagging", "s3:PutObjectTagging"
    )


ROLE = WorkloadRole(
    name="tempo",
    description="Role of Tempo",
    service_accounts=(SERVICE_ACCOUNT,),
    statements=statements,
)
