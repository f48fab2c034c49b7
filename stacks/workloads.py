"""Names of the service accounts that have a role in AWS: one fact for roles and for releases."""

from dataclasses import dataclass

from environments.model import OBSERVABILITY


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Service accounts that share one IAM role; `name` ends the role's name."""

    name: str
    namespace: str
    service_accounts: tuple[str, ...]


LOKI = Workload(name="loki", namespace=OBSERVABILITY, service_accounts=("loki",))
TEMPO = Workload(name="tempo", namespace=OBSERVABILITY, service_accounts=("tempo",))
THANOS_WRITER = Workload(
    name="thanos-writer",
    namespace=OBSERVABILITY,
    service_accounts=("kps-prometheus", "thanos-compactor"),
)
THANOS_READER = Workload(
    name="thanos-reader", namespace=OBSERVABILITY, service_accounts=("thanos-store",)
)
VELERO = Workload(name="velero", namespace=OBSERVABILITY, service_accounts=("velero",))
CLUSTER_AUTOSCALER = Workload(
    name="cluster-autoscaler", namespace=OBSERVABILITY, service_accounts=("cluster-autoscaler",)
)


def secrets_reader(namespace: str) -> Workload:
    """Service account by which External Secrets reads the secrets of one namespace."""
    return Workload(
        name=f"ns-{namespace}", namespace=namespace, service_accounts=("secrets-reader",)
    )
