"""A cluster on this computer: a real control plane, with stand-ins for what is no part of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blueprint.names import telemetry_namespace
from settings.model import Settings
from verification.rehearsal.cluster.cluster_network import WebhookAuthorities
from verification.rehearsal.cluster.control_plane import ControlPlane, running_control_plane
from verification.rehearsal.cluster.eks_add_ons import SYSTEM, eks_add_ons
from verification.rehearsal.cluster.kube_api import KubeApi, wait_for
from verification.rehearsal.cluster.kubelets import Kubelets
from verification.rehearsal.cluster.nodes import Fleet, node_groups
from verification.rehearsal.cluster.prometheus_operator import PrometheusOperator
from verification.rehearsal.cluster.stand_ins import StandIns
from verification.rehearsal.cluster.synced_secrets import ExternalSecrets
from verification.rehearsal.cluster.volumes import EbsVolumes
from verification.rehearsal.cluster.webhook_certificates import WebhookCertificates
from verification.rehearsal.processes import ProcessError

START_SECONDS = 60


@dataclass(frozen=True)
class LocalCluster:
    """A cluster whose nodes are ready."""

    plane: ControlPlane
    fleet: Fleet
    stand_ins: StandIns

    @property
    def api(self) -> KubeApi:
        """Its API server, for the administrator."""
        return self.plane.api


@contextmanager
def running_cluster(
    folder: Path,
    settings: Settings,
    cluster_stack: Mapping[str, Any],
    operator: Path | None = None,
) -> Iterator[LocalCluster]:
    """An empty cluster with the nodes of an environment.

    Args:
        folder: takes certificates, data and logs; it exists.
        settings: of the environment.
        cluster_stack: its parsed cluster stack, of which the node groups are.
        operator: the Prometheus operator, which is started when its Deployment is there.

    Raises:
        ProgramUnavailableError: the control plane cannot be compiled here.
        ProcessError: a component does not start.
        UnknownCapacityError: what an instance type has is not known.
    """
    groups = node_groups(cluster_stack, settings)
    version, services = settings.cluster.kubernetes_version, settings.cluster.service_cidr
    namespaces = [SYSTEM, *settings.namespaces, *map(telemetry_namespace, settings.stages)]
    with running_control_plane(folder, version, services, namespaces) as plane:
        api, fleet = plane.api, Fleet(plane.api, groups)
        _wait_for_namespaces(api)
        fleet.start()
        for manifest in eks_add_ons():
            api.apply(manifest)
        operators = [_operator(operator, plane, folder)] if operator else []
        stand_ins = StandIns(
            [
                *operators,
                Kubelets(api, fleet),
                EbsVolumes(api),
                ExternalSecrets(api),
                WebhookCertificates(api, plane.authority),
                WebhookAuthorities(api, plane.authority),
            ]
        )
        try:
            with stand_ins:
                yield LocalCluster(plane, fleet, stand_ins)
        finally:
            for running in operators:
                running.stop()


def _operator(binary: Path, plane: ControlPlane, folder: Path) -> PrometheusOperator:
    return PrometheusOperator(
        binary,
        plane.api,
        plane.url,
        plane.authority.certificate,
        plane.administrator,
        folder,
    )


def _wait_for_namespaces(api: KubeApi) -> None:
    """The API server makes them itself, and the controllers a service account in each."""

    def are_there() -> bool:
        accounts = api.items("/api/v1/serviceaccounts")
        namespaces = {
            item["metadata"]["namespace"]
            for item in accounts
            if item["metadata"]["name"] == "default"
        }
        return {SYSTEM, "default", "kube-node-lease"} <= namespaces

    if not wait_for(are_there, START_SECONDS):
        raise ProcessError(f"no service accounts in {SYSTEM} after {START_SECONDS} s")
