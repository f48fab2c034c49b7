"""External Secrets: copies secrets from AWS Secrets Manager into their namespace."""

from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import Settings
from versions import EXTERNAL_SECRETS

NAME = "external-secrets"


def release(settings: Settings, _outputs: StackOutputs) -> Release:
    """One replica where a pause is no harm: secrets are copies and outlive the controller."""
    replicas = 1 if settings.size == "small" else 2
    return Release(
        name=NAME,
        chart=EXTERNAL_SECRETS,
        static="external_secrets",
        from_settings={
            "replicaCount": replicas,
            # While the webhook is away, nobody can change a SecretStore or an ExternalSecret.
            "webhook": {
                "replicaCount": replicas,
                "podDisruptionBudget": {"enabled": replicas > 1},
            },
        },
        after=(prometheus_operator_crds.NAME,),
    )
