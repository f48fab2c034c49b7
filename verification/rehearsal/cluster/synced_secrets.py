"""Stands in for External Secrets and AWS Secrets Manager: each ExternalSecret gets its Secret."""

from verification.rehearsal.cluster.kube_api import ApiError, KubeApi, Object

VERSION = "external-secrets.io/v1"
ROOT = f"/apis/{VERSION}"
VALUE = "stand-in"


class ExternalSecrets:
    """`step` makes the Secrets of all ExternalSecrets that have none."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    def step(self) -> None:
        """Look at every ExternalSecret once; before the kind is defined there are none."""
        try:
            external_secrets = self._api.items(f"{ROOT}/externalsecrets")
        except ApiError as error:
            if error.status != 404:
                raise
            return
        for external in external_secrets:
            if not (external.get("status") or {}).get("conditions"):
                self._fulfil(external)

    def _fulfil(self, external: Object) -> None:
        metadata, spec = external["metadata"], external["spec"]
        target = spec.get("target") or {}
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": target.get("name") or metadata["name"],
                "namespace": metadata["namespace"],
                "ownerReferences": [
                    {
                        "apiVersion": VERSION,
                        "kind": "ExternalSecret",
                        "name": metadata["name"],
                        "uid": metadata["uid"],
                        "controller": True,
                    }
                ],
            },
            "stringData": {item["secretKey"]: VALUE for item in spec.get("data") or ()},
        }
        self._api.apply(secret)
        path = f"{ROOT}/namespaces/{metadata['namespace']}/externalsecrets/{metadata['name']}"
        ready = {"type": "Ready", "status": "True", "reason": "SecretSynced"}
        self._api.merge(f"{path}/status", {"status": {"conditions": [ready]}})
