"""Buckets of the back ends, and the IAM roles of everything in the cluster that calls AWS."""

from dataclasses import dataclass

from constructs import Construct

from blueprint import iam_statements
from blueprint.buckets import plan_storage_buckets
from constructs_lib.aws.bucket import Bucket, BucketProps
from constructs_lib.aws.iam_role import Role, RoleProps
from constructs_lib.aws.kms_key import EncryptionKey, EncryptionKeyProps
from helm_values.component import AwsResources, WorkloadRole
from helm_values.external_secrets.external_secrets import secrets_reader
from helm_values.releases import workload_roles
from settings.model import Settings
from stacks.base import EnvironmentStack
from stacks.cluster import ClusterOutputs
from stacks.outputs import Outputs, output, outputs


@dataclass(frozen=True, kw_only=True)
class StorageOutputs(Outputs):
    """Bucket names and role ARNs, for the values of the releases."""

    stack_id = "storage"

    metrics_bucket_name: str = output("Bucket of Thanos blocks")
    logs_bucket_name: str = output("Bucket of Loki")
    traces_bucket_name: str = output("Bucket of Tempo")
    backups_bucket_name: str = output("Bucket of Velero")
    data_key_arn: str = output("KMS key that encrypts the four buckets")
    role_arns: dict[str, str] = outputs(
        {role.output: role.description for role in workload_roles()}
    )
    secrets_reader_role_arns: dict[str, str] = output(
        "Roles that read the secrets of one namespace, by namespace"
    )


class StorageStack(EnvironmentStack):
    """Owns: buckets, their key, roles. Expects: `ClusterOutputs`. Exposes: `StorageOutputs`."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, StorageOutputs.stack_id, settings)
        self._cluster = ClusterOutputs.read(self, settings)
        key = EncryptionKey(
            self,
            "key",
            EncryptionKeyProps(
                alias=f"alias/{settings.prefix}-data",
                description=f"Metrics, logs, traces and backups of {settings.prefix}",
                account_id=settings.account_id,
                deletion_protection=settings.deletion_protection,
            ),
        )
        buckets = {
            purpose: Bucket(
                self,
                purpose,
                BucketProps(
                    bucket_name=settings.bucket_name(purpose),
                    plan=plan,
                    kms_key_arn=key.arn,
                    deletion_protection=settings.deletion_protection,
                ),
            )
            for purpose, plan in plan_storage_buckets(settings).items()
        }
        aws = AwsResources(
            bucket_arns={purpose: bucket.arn for purpose, bucket in buckets.items()},
            key_arn=key.arn,
            cluster_name=self._cluster.cluster_name,
        )
        StorageOutputs(
            metrics_bucket_name=buckets["metrics"].name,
            logs_bucket_name=buckets["logs"].name,
            traces_bucket_name=buckets["traces"].name,
            backups_bucket_name=buckets["backups"].name,
            data_key_arn=key.arn,
            role_arns={role.output: self._role(role, aws) for role in workload_roles()},
            secrets_reader_role_arns={
                namespace: self._role(secrets_reader(settings, namespace), aws)
                for namespace in settings.namespaces
            },
        ).publish(self)

    def _role(self, workload: WorkloadRole, aws: AwsResources) -> str:
        namespaces = workload.namespaces(self.settings)
        role = Role(
            self,
            f"role-{workload.name}",
            RoleProps(
                name=f"{self.settings.prefix}-{workload.name}",
                description=f"{', '.join(workload.service_accounts)} in {', '.join(namespaces)}",
                trust=iam_statements.irsa_trust(
                    self._cluster.oidc_provider_arn,
                    self._cluster.oidc_issuer,
                    namespaces,
                    workload.service_accounts,
                ),
                statements=workload.statements(aws),
            ),
        )
        return role.arn
