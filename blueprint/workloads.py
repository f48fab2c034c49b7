"""Names of the service accounts that have a role in AWS: one fact for roles and for releases."""

from dataclasses import dataclass

from blueprint import names
from settings.model import OBSERVABILITY


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Service accounts that share one IAM role; `name` ends the role's name."""

    name: str
    namespace: str
    service_accounts: tuple[str, ...]


LOKI = Workload(
    name="loki", namespace=OBSERVABILITY, service_accounts=(names.LOKI_SERVICE_ACCOUNT,)
)
TEMPO = Workload(
    name="tempo", namespace=OBSERVABILITY, service_accounts=(names.TEMPO_SERVICE_ACCOUNT,)
)
THANOS_WRITER = Workload(
    name="thanos-writer",
    namespace=OBSERVABILITY,
    service_accounts=(names.PROMETHEUS_SERVICE_ACCOUNT, names.THANOS_COMPACTOR_SERVICE_ACCOUNT),
)
THANOS_READER = Workload(
    name="thanos-reader",
    namespace=OBSERVABILITY,
    service_accounts=(names.THANOS_STORE_SERVICE_ACCOUNT,),
)
VELERO = Workload(
    name="velero", namespace=OBSERVABILITY, service_accounts=(names.VELERO_SERVICE_ACCOUNT,)
)
CLUSTER_AUTOSCALER = Workload(
    name="cluster-autoscaler",
    namespace=OBSERVABILITY,
    service_accounts=(names.CLUSTER_AUTOSCALER_SERVICE_ACCOUNT,),
)


def secrets_reader(namespace: str) -> Workload:
    """Service account by which External Secrets reads the secrets of one namespace."""
    return Workload(
        name=f"ns-{namespace}",
        namespace=namespace,
        service_accounts=(names.SECRETS_READER_SERVICE_ACCOUNT,),
    )
