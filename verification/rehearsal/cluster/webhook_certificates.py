"""Stands in for kube-webhook-certgen: the Job that makes a webhook's certificate makes it here."""

from collections.abc import Iterator
from pathlib import Path

from verification.rehearsal.cluster.certificates import Authority
from verification.rehearsal.cluster.kube_api import ApiError, KubeApi, Object

JOBS = "/apis/batch/v1/jobs"


class WebhookCertificates:
    """`step` makes the Secret of each Job that would make one."""

    def __init__(self, api: KubeApi, authority: Authority) -> None:
        self._api = api
        self._authority = authority
        self._made: set[str] = set()

    def step(self) -> None:
        """Look at every Job once."""
        for job in self._api.items(JOBS, resourceVersion="0"):
            uid = job["metadata"]["uid"]
            for secret, hosts in _asked_for(job):
                if uid not in self._made:
                    self._make(job["metadata"]["namespace"], secret, hosts)
                    self._made.add(uid)

    def _make(self, namespace: str, name: str, hosts: list[str]) -> None:
        pair = self._authority.server(f"{namespace}-{name}", hosts, [])
        contents = {"ca": self._authority.certificate, "cert": pair.certificate, "key": pair.key}
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace},
            "stringData": {key: Path(path).read_text("utf-8") for key, path in contents.items()},
        }
        try:
            self._api.create(f"/api/v1/namespaces/{namespace}/secrets", secret)
        except ApiError as error:
            # As the program itself: what is there stays.
            if error.status != 409:
                raise


def _asked_for(job: Object) -> Iterator[tuple[str, list[str]]]:
    """Names of the Secrets that a Job's containers make, and the hosts of their certificates.

    The arguments are `create --host=<names> --secret-name=<name>` (kube-webhook-certgen).
    """
    for container in job["spec"]["template"]["spec"]["containers"]:
        arguments = container.get("args") or []
        options = dict(argument.removeprefix("--").partition("=")[::2] for argument in arguments)
        if "create" in arguments and "secret-name" in options and "host" in options:
            yield options["secret-name"], options["host"].split(",")
