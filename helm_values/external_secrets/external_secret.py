"""Secrets of AWS Secrets Manager, as objects for External Secrets."""

from typing import Any

from blueprint.names import SECRETS_READER_SERVICE_ACCOUNT, secret_name_prefix
from settings.model import Settings

_API_VERSION = "external-secrets.io/v1"
_STORE = "aws-secrets-manager"


def secret_store(settings: Settings) -> dict[str, Any]:
    """The store of one namespace: it can read what that namespace's role can, and no more."""
    return {
        "apiVersion": _API_VERSION,
        "kind": "SecretStore",
        "metadata": {"name": _STORE},
        "spec": {
            "provider": {
                "aws": {
                    "service": "SecretsManager",
                    "region": settings.region,
                    "auth": {
                        "jwt": {"serviceAccountRef": {"name": SECRETS_READER_SERVICE_ACCOUNT}}
                    },
                }
            }
        },
    }


def external_secret(
    settings: Settings, namespace: str, name: str, keys: tuple[str, ...]
) -> dict[str, Any]:
    """A Secret, and the secret of the same name and keys (as JSON) that it is made of."""
    remote = f"{secret_name_prefix(settings, namespace)}{name}"
    return {
        "apiVersion": _API_VERSION,
        "kind": "ExternalSecret",
        "metadata": {"name": name},
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": "SecretStore", "name": _STORE},
            # A secret deleted by mistake in AWS must not take the alerts' way out with it.
            "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "data": [
                {"secretKey": key, "remoteRef": {"key": remote, "property": key}} for key in keys
            ],
        },
    }
