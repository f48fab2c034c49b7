"""Names that Terraform resources and Helm values must agree on. Imports no provider binding."""

from settings.model import Settings
from settings.types import TELEMETRY_SUFFIX

ENVIRONMENT_LABEL = "deployment.environment.name"
"""Label and taint of a namespace's nodes, label of the namespace, attribute of its telemetry: the
OpenTelemetry attribute's name for all."""

STORAGE_CLASS = "gp3-encrypted"
"""The default StorageClass, which encrypts."""

SECRETS_READER_SERVICE_ACCOUNT = "secrets-reader"
"""In every namespace: by its role, External Secrets reads that namespace's secrets."""

POD_TEMPLATE_HASH = "pod-template-hash"
"""Label by which a Deployment tells the pods of one rollout from those of the one before. In
`matchLabelKeys` of a topology spread, each rollout is spread by itself."""

PROMETHEUS_SERVICE_ACCOUNT = "kps-prometheus"
"""Of Prometheus' pods, in which Thanos' sidecar uploads blocks."""

STAGE_PROMETHEUS = "stage"
"""The Prometheus of a stage: first part of its objects' names in the telemetry namespace."""

GATEWAY = "otel-gateway"
"""Service of a stage's gateway: in the gateway's namespace, and as a second name of it in the
stage's."""


def telemetry_namespace(stage: str) -> str:
    """Namespace of a stage's gateway and Prometheus. It has no editors, because they could write
    data in the stage's name."""
    return f"{stage}{TELEMETRY_SUFFIX}"


def telemetry_namespaces(settings: Settings) -> tuple[str, ...]:
    """Those of all stages, in their order. The settings' own namespaces can have no such name."""
    return tuple(map(telemetry_namespace, settings.stages))


def secret_name_prefix(settings: Settings, namespace: str) -> str:
    """First part of the names of a namespace's secrets in AWS Secrets Manager."""
    return f"{settings.name}/{settings.environment}/{namespace}/"
