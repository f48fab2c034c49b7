"""Starts a control plane on loopback: etcd, API server, controllers and scheduler, all real.

They are the components of Kubernetes itself, in one program (tools/kubernetes), with the admission
plugins of EKS. There are neither kubelets nor a network: `verification.rehearsal.cluster.kubelets`
stands in for the kubelets.
"""

import json
import os
import shutil
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.programs import program
from verification.rehearsal.cluster.certificates import (
    ADMINISTRATORS,
    Authority,
    Pair,
    signing_key,
)
from verification.rehearsal.cluster.cluster_network import ClusterNetwork, server_context
from verification.rehearsal.cluster.kube_api import ApiError, Credentials, KubeApi, wait_for
from verification.rehearsal.processes import (
    LOOPBACK,
    ProcessError,
    RunningProcess,
    free_port,
    log_tail,
    on_free_ports,
    start,
)
from versions import CONTROL_PLANE_VERSION

PROGRAM = "kubernetes"

ADMISSION_PLUGINS = ("NodeRestriction", "ExtendedResourceToleration")
"""What EKS enables besides the API server's own defaults, which are LimitRanger, PodSecurity,
ResourceQuota, ValidatingAdmissionPolicy and more (EKS user guide, "Platform versions")."""

READY_SECONDS = 120
SERVICE_CIDR = "172.20.0.0/16"
ADMINISTRATOR = "administrator"
CONTROLLERS = "system:kube-controller-manager"
SCHEDULER = "system:kube-scheduler"


@dataclass(frozen=True)
class ControlPlane:
    """A control plane that answers. `authority` signs certificates that the API server trusts."""

    api: KubeApi
    url: str
    authority: Authority
    administrator: Pair
    processes: Sequence[RunningProcess]

    @property
    def version(self) -> str:
        """What the API server says of itself, such as v1.36.3."""
        return str(self.api.get("/version")["gitVersion"])


def emulation(minor: str) -> list[str]:
    """Flags with which a component behaves as another minor version, where it is not of that one.

    Kubernetes, "Compatibility Version For Kubernetes Control Plane Components".
    """
    if CONTROL_PLANE_VERSION.startswith(f"{minor}."):
        return []
    return [f"--emulated-version=kube={minor}"]


@contextmanager
def running_control_plane(
    folder: Path,
    minor: str,
    service_cidr: str = SERVICE_CIDR,
    service_namespaces: Sequence[str] = (),
) -> Iterator[ControlPlane]:
    """A control plane, with everything that it writes in a folder.

    Args:
        folder: takes certificates, data and logs; it exists.
        minor: the Kubernetes version to behave as, such as `1.36`.
        service_cidr: the network of Services.
        service_namespaces: where Services are that the API server calls (webhooks, APIs).

    Raises:
        ProgramUnavailableError: the control plane cannot be compiled here.
        ProcessError: a component does not start.
    """
    binary = program(PROGRAM)
    secrets = folder / "certificates"
    secrets.mkdir(mode=0o700, exist_ok=True)
    authority = Authority(secrets)
    with ExitStack() as stack:
        network = ClusterNetwork(server_context(authority, ["default", *service_namespaces]))
        stack.enter_context(network)
        starter = _Starter(
            binary,
            folder,
            minor,
            service_cidr,
            authority,
            network.egress_file(folder / "egress.json"),
        )
        yield on_free_ports(partial(starter.start, stack))


class _Starter:
    """Starts the components one after the other: each needs the one before."""

    def __init__(
        self,
        binary: Path,
        folder: Path,
        minor: str,
        service_cidr: str,
        authority: Authority,
        egress: Path,
    ) -> None:
        self._binary, self._folder, self._authority = binary, folder, authority
        self._minor, self._service_cidr, self._egress = minor, service_cidr, egress
        self._tokens = signing_key(folder / "certificates" / "service-accounts.key")
        self._processes: list[RunningProcess] = []

    def start(self, stack: ExitStack) -> ControlPlane:
        """Start all of them; what has been started is stopped if one fails."""
        self._processes = []
        with ExitStack() as started:
            self._stack = started
            plane = self._plane()
            # From here on the caller stops them.
            stack.push(started.pop_all())
        return plane

    def _plane(self) -> ControlPlane:
        # Of a start that found a port taken.
        shutil.rmtree(self._folder / "etcd", ignore_errors=True)
        etcd = self._etcd()
        administrator = self._authority.client(ADMINISTRATOR, ADMINISTRATORS)
        url = self._api_server(etcd)
        tls = client_context(self._authority.certificate, administrator)
        plane = ControlPlane(
            KubeApi(Credentials(url, tls)), url, self._authority, administrator, self._processes
        )
        self._wait(plane.api)
        self._controllers(url)
        self._scheduler(url)
        return plane

    def _etcd(self) -> str:
        client, peer = free_port(), free_port()
        own, url = f"http://{LOOPBACK}:{peer}", f"http://{LOOPBACK}:{client}"
        # What it holds is thrown away: nothing has to be on the disk when it answers.
        self._run(
            "etcd",
            client,
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls={own}",
            f"--initial-advertise-peer-urls={own}",
            f"--initial-cluster=default={own}",
            "--unsafe-no-fsync=true",
            "--log-level=warn",
            ready_path="/health",
        )
        return url

    def _api_server(self, etcd: str) -> str:
        port = free_port()
        server = self._authority.server("api-server", ["localhost"], [LOOPBACK])
        issuer = f"https://{LOOPBACK}:{port}"
        self._run(
            "kube-apiserver",
            port,
            f"--etcd-servers={etcd}",
            f"--bind-address={LOOPBACK}",
            f"--advertise-address={LOOPBACK}",
            f"--secure-port={port}",
            f"--tls-cert-file={server.certificate}",
            f"--tls-private-key-file={server.key}",
            f"--client-ca-file={self._authority.certificate}",
            f"--service-account-issuer={issuer}",
            f"--service-account-key-file={self._tokens}",
            f"--service-account-signing-key-file={self._tokens}",
            f"--service-cluster-ip-range={self._service_cidr}",
            "--authorization-mode=Node,RBAC",
            # As in EKS: what is privileged, PodSecurity decides in each namespace.
            "--allow-privileged=true",
            f"--enable-admission-plugins={','.join(ADMISSION_PLUGINS)}",
            "--anonymous-auth=false",
            "--profiling=false",
            # The default Service `kubernetes` would name an address of loopback, which is refused.
            "--endpoint-reconciler-type=none",
            f"--egress-selector-config-file={self._egress}",
            *emulation(self._minor),
        )
        return issuer

    def _controllers(self, url: str) -> None:
        self._component(
            "kube-controller-manager",
            url,
            CONTROLLERS,
            f"--root-ca-file={self._authority.certificate}",
            f"--service-account-private-key-file={self._tokens}",
            "--use-service-account-credentials=true",
            # Nobody stands in for the machines of AWS that routes and addresses would be for.
            "--allocate-node-cidrs=false",
        )

    def _scheduler(self, url: str) -> None:
        self._component("kube-scheduler", url, SCHEDULER)

    def _component(self, name: str, url: str, user: str, *flags: str) -> None:
        port = free_port()
        server = self._authority.server(name, ["localhost"], [LOOPBACK])
        config = kubeconfig(
            self._folder / f"{name}.kubeconfig",
            url,
            self._authority.certificate,
            self._authority.client(user, ""),
        )
        self._run(
            name,
            port,
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={port}",
            f"--tls-cert-file={server.certificate}",
            f"--tls-private-key-file={server.key}",
            # One of each: nobody else would want to lead.
            "--leader-elect=false",
            "--profiling=false",
            *flags,
            *emulation(self._minor),
        )

    def _run(self, name: str, port: int, *flags: str, ready_path: str | None = None) -> None:
        process = start(
            [str(self._binary), name, *flags],
            name=name,
            port=port,
            log_path=self._folder / f"{name}.log",
            environment=_environment(),
            working_directory=self._folder,
            ready_path=ready_path,
            # They hold nothing that has to be saved.
            grace_seconds=5,
        )
        self._stack.callback(process.stop)
        self._processes.append(process)

    def _wait(self, api: KubeApi) -> None:
        def is_ready() -> bool:
            for process in self._processes:
                if not process.is_running():
                    tail = log_tail(process.log_path)
                    raise ProcessError(f"{process.name} ended. Its log ends:\n{tail}")
            try:
                return api.text("/readyz") == "ok"
            except ApiError:
                return False

        if not wait_for(is_ready, READY_SECONDS):
            log = self._folder / "kube-apiserver.log"
            raise ProcessError(f"kube-apiserver is not ready after {READY_SECONDS} s: {log}")


def client_context(authority: Path, pair: Pair) -> ssl.SSLContext:
    """TLS to a server that the authority signed, by somebody whom it signed too."""
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def kubeconfig(path: Path, url: str, authority: Path, pair: Pair) -> Path:
    """Write how a client reaches the API server; JSON is YAML."""
    cluster = {"server": url, "certificate-authority": str(authority)}
    user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    context = {"cluster": "rehearsal", "user": "rehearsal"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "rehearsal", "cluster": cluster}],
        "users": [{"name": "rehearsal", "user": user}],
        "contexts": [{"name": "rehearsal", "context": context}],
        "current-context": "rehearsal",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _environment() -> dict[str, str]:
    # A proxy, or a kubeconfig of the user, must not take part.
    unwanted = ("KUBECONFIG", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    return {name: value for name, value in os.environ.items() if name not in unwanted}
