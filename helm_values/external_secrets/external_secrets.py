"""External Secrets: copies secrets from AWS Secrets Manager into their namespace."""

from blueprint.iam_statements import Statement, allow
from blueprint.names import SECRETS_READER_SERVICE_ACCOUNT, secret_name_prefix
from blueprint.traffic import EVERYWHERE, HTTPS, PROMETHEUS, Flow, Pods, api_server, labelled
from helm_values.component import Component, WorkloadRole
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import OBSERVABILITY, Settings
from versions import EXTERNAL_SECRETS

NAME = "external-secrets"
METRICS_PORT = 8080
WEBHOOK_PORT = 10250
"""The cluster's security group lets the Kubernetes API reach it."""


def _pods(name: str) -> Pods:
    return Pods(name=name, namespace=OBSERVABILITY, labels=labelled(name))


_CONTROLLER = _pods(NAME)
_WEBHOOK = _pods(f"{NAME}-webhook")
_CERT_CONTROLLER = _pods(f"{NAME}-cert-controller")


def release(settings: Settings, _outputs: StackOutputs) -> Release:
    """One replica where a pause is no harm: secrets are copies and outlive the controller."""
    replicas = 1 if settings.size == "small" else 2
    return Release(
        name=NAME,
        chart=EXTERNAL_SECRETS,
        static="external_secrets",
        from_settings={
            "replicaCount": replicas,
            # While the webhook is down, SecretStores and ExternalSecrets cannot be changed.
            "webhook": {
                "replicaCount": replicas,
                "podDisruptionBudget": {"enabled": replicas > 1},
            },
        },
        after=(prometheus_operator_crds.NAME,),
        # Every ExternalSecret has the finalizer `externalsecret-cleanup`.
        outlives_stages=True,
    )


def flows(settings: Settings) -> tuple[Flow, ...]:
    """All three are scraped and ask the Kubernetes API; the controller alone calls AWS."""
    api = api_server(settings)
    return (
        *(
            flow
            for pods in (_CONTROLLER, _WEBHOOK, _CERT_CONTROLLER)
            for flow in (
                Flow(source=PROMETHEUS, destination=pods, ports=(METRICS_PORT,)),
                Flow(source=pods, destination=api, ports=(HTTPS,)),
            )
        ),
        Flow(source=api, destination=_WEBHOOK, ports=(WEBHOOK_PORT,)),
        # STS and Secrets Manager.
        Flow(source=_CONTROLLER, destination=EVERYWHERE, ports=(HTTPS,)),
    )


def secrets_reader(settings: Settings, namespace: str) -> WorkloadRole:
    """Role by which External Secrets reads the secrets of one namespace, and of no other."""
    return WorkloadRole(
        name=f"ns-{namespace}",
        description=f"Role that reads the secrets of {namespace}",
        namespaces=lambda _: (namespace,),
        service_accounts=(SECRETS_READER_SERVICE_ACCOUNT,),
        statements=lambda _aws: secrets_reader_statements(settings, namespace),
    )


def secrets_reader_statements(settings: Settings, namespace: str) -> tuple[Statement, ...]:
    """External Secrets for one namespace ("AWS Secrets Manager", minimal policy).

    The prefix ends with "/", so that namespace `prd` does not match `prd2`.
    """
    arn = f"arn:aws:secretsmanager:{settings.region}:{settings.account_id}:secret"
    return (
        allow(
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:ListSecretVersionIds",
            ],
            f"{arn}:{secret_name_prefix(settings, namespace)}*",
        ),
    )


COMPONENT = Component(
    name=NAME, flows=flows, releases=lambda settings, outputs: [release(settings, outputs)]
)
