"""Buckets of the back ends, and the IAM roles of everything in the cluster that calls AWS."""

from dataclasses import dataclass

from constructs import Construct

from blueprint import workloads
from blueprint.buckets import plan_storage_buckets
from blueprint.names import secret_name_prefix
from blueprint.workloads import Workload
from constructs_lib.aws import iam_statements
from constructs_lib.aws.bucket import Bucket, BucketProps
from constructs_lib.aws.iam_role import Role, RoleProps
from constructs_lib.aws.iam_statements import Statement
from constructs_lib.aws.kms_key import EncryptionKey, EncryptionKeyProps
from settings.model import Settings
from stacks.base import EnvironmentStack
from stacks.cluster import ClusterOutputs
from stacks.outputs import Outputs, output


@dataclass(frozen=True, kw_only=True)
class StorageOutputs(Outputs):
    """Bucket names and role ARNs, for the values of the releases."""

    stack_id = "storage"

    metrics_bucket_name: str = output("Bucket of Thanos blocks")
    logs_bucket_name: str = output("Bucket of Loki")
    traces_bucket_name: str = output("Bucket of Tempo")
    backups_bucket_name: str = output("Bucket of Velero")
    data_key_arn: str = output("KMS key that encrypts the four buckets")
    loki_role_arn: str = output("Role of Loki")
    tempo_role_arn: str = output("Role of Tempo")
    thanos_writer_role_arn: str = output("Role of the Thanos sidecar and compactor")
    thanos_reader_role_arn: str = output("Role of the Thanos store gateway")
    velero_role_arn: str = output("Role of Velero")
    cluster_autoscaler_role_arn: str = output("Role of the cluster autoscaler")
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
        metrics, logs, traces, backups = (
            buckets[purpose] for purpose in ("metrics", "logs", "traces", "backups")
        )
        cluster_name = self._cluster.cluster_name
        StorageOutputs(
            metrics_bucket_name=metrics.name,
            logs_bucket_name=logs.name,
            traces_bucket_name=traces.name,
            backups_bucket_name=backups.name,
            data_key_arn=key.arn,
            loki_role_arn=self._role(workloads.LOKI, iam_statements.loki(logs.arn, key.arn)),
            tempo_role_arn=self._role(workloads.TEMPO, iam_statements.tempo(traces.arn, key.arn)),
            thanos_writer_role_arn=self._role(
                workloads.THANOS_WRITER, iam_statements.thanos_writer(metrics.arn, key.arn)
            ),
            thanos_reader_role_arn=self._role(
                workloads.THANOS_READER, iam_statements.thanos_reader(metrics.arn, key.arn)
            ),
            velero_role_arn=self._role(
                workloads.VELERO, iam_statements.velero(backups.arn, key.arn)
            ),
            cluster_autoscaler_role_arn=self._role(
                workloads.CLUSTER_AUTOSCALER, iam_statements.cluster_autoscaler(cluster_name)
            ),
            secrets_reader_role_arns={
                namespace: self._role(
                    workloads.secrets_reader(namespace),
                    iam_statements.secrets_reader(self._secret_arn_prefix(namespace)),
                )
                for namespace in settings.namespaces
            },
        ).publish(self)

    def _role(self, workload: Workload, statements: tuple[Statement, ...]) -> str:
        role = Role(
            self,
            f"role-{workload.name}",
            RoleProps(
                name=f"{self.settings.prefix}-{workload.name}",
                description=f"{', '.join(workload.service_accounts)} in {workload.namespace}",
                trust=iam_statements.irsa_trust(
                    self._cluster.oidc_provider_arn,
                    self._cluster.oidc_issuer,
                    workload.namespace,
                    workload.service_accounts,
                ),
                statements=statements,
            ),
        )
        return role.arn

    def _secret_arn_prefix(self, namespace: str) -> str:
        settings = self.settings
        return (
            f"arn:aws:secretsmanager:{settings.region}:{settings.account_id}:secret:"
            f"{secret_name_prefix(settings, namespace)}"
        )
