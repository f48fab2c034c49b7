"""Runs the real Prometheus operator beside the control plane, with its service account's rights.

It makes the pods of Prometheus and Alertmanager. Its arguments are those of its Deployment; only
what needs a container is otherwise: how it reaches the API server, and where it listens.
"""

from collections.abc import Sequence
from pathlib import Path

from verification.rehearsal.cluster.certificates import Pair
from verification.rehearsal.cluster.kube_api import KubeApi, Object, UnknownKindError, wait_for
from verification.rehearsal.cluster.workloads import KINDS
from verification.rehearsal.processes import LOOPBACK, RunningProcess, free_port, start
from verification.rehearsal.verdicts import expect, some

PROGRAM = "prometheus-operator"
IMAGE = "/prometheus-operator:"
GROUP = "monitoring.coreos.com/v1"
OPERATED = ("Prometheus", "Alertmanager")
MADE_SECONDS = 90


class PrometheusOperator:
    """`step` starts the operator when its Deployment is there, and stops it when it is gone."""

    def __init__(
        self, binary: Path, api: KubeApi, url: str, authority: Path, login: Pair, folder: Path
    ) -> None:
        self._binary, self._api, self._folder = binary, api, folder
        self._reach = [
            f"--apiserver={url}",
            f"--ca-file={authority}",
            f"--cert-file={login.certificate}",
            f"--key-file={login.key}",
        ]
        self._process: RunningProcess | None = None

    def step(self) -> None:
        """Look whether the Deployment is there."""
        deployment = next(filter(is_operator, self._api.items(KINDS["Deployment"])), None)
        if deployment and self._process is None:
            self._process = self._start(deployment)
        elif deployment is None:
            self.stop()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process:
            self._process.stop()
            self._process = None

    def _start(self, deployment: Object) -> RunningProcess:
        pod = deployment["spec"]["template"]["spec"]
        namespace = deployment["metadata"]["namespace"]
        port = free_port()
        return start(
            [
                str(self._binary),
                *portable(pod["containers"][0]["args"]),
                *self._reach,
                f"--as=system:serviceaccount:{namespace}:{pod['serviceAccountName']}",
                f"--web.listen-address={LOOPBACK}:{port}",
            ],
            name=PROGRAM,
            port=port,
            log_path=self._folder / f"{PROGRAM}.log",
            grace_seconds=5,
        )


def is_operator(deployment: Object) -> bool:
    """Whether a Deployment is that of the operator, by its image."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return any(IMAGE in container["image"] for container in containers)


def portable(arguments: Sequence[str]) -> list[str]:
    """Without those about its web server, whose certificate is in a file of the container."""
    return [argument for argument in arguments if not argument.startswith("--web.")]


def operated_pods(api: KubeApi) -> str:
    """Each Prometheus and Alertmanager gets its StatefulSet from the operator.

    Raises:
        CheckFailedError: one does not.
    """
    expected = {
        (item["metadata"]["namespace"], f"{kind.lower()}-{item['metadata']['name']}")
        for kind in OPERATED
        for item in _all_of(api, kind)
    }
    expect(bool(expected), "there is no Prometheus and no Alertmanager")

    def missing() -> list[str]:
        there = {
            (item["metadata"]["namespace"], item["metadata"]["name"])
            for item in api.items(KINDS["StatefulSet"])
        }
        return ["/".join(name) for name in expected - there]

    wait_for(lambda: not missing(), MADE_SECONDS)
    expect(not missing(), f"no StatefulSet after {MADE_SECONDS} s: {some(missing())}")
    return f"{len(expected)} StatefulSets"


def _all_of(api: KubeApi, kind: str) -> list[Object]:
    try:
        return api.items(api.kind_of({"apiVersion": GROUP, "kind": kind}).path())
    except UnknownKindError:
        return []
