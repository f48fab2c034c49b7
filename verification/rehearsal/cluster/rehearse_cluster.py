"""`make rehearse-cluster`: the observability stack in front of a real Kubernetes API server.

Starts a control plane on this computer with the nodes that the cluster stack would make, gives it
every object of the stack and of the charts, and checks what becomes of them: admission, scheduling,
disruption budgets, removal. Where the providers and the charts are available, Terraform itself then
applies, changes and destroys the stack. CLUSTER=<context> uses an existing, empty cluster instead.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from settings.load import SettingsError, environment_names, load_environment
from settings.model import OBSERVABILITY, Settings
from synthesis.synth import synthesize
from tools.programs import ProgramUnavailableError, program
from tools.providers import ProviderError
from verification.rehearsal.cluster import cluster_checks, contexts
from verification.rehearsal.cluster.control_plane import ControlPlane
from verification.rehearsal.cluster.kube_api import ApiError, KubeApi
from verification.rehearsal.cluster.local_cluster import running_cluster
from verification.rehearsal.cluster.nodes import UnknownCapacityError
from verification.rehearsal.cluster.prometheus_operator import PROGRAM, operated_pods
from verification.rehearsal.cluster.rendered_charts import Rendered, rendered_releases
from verification.rehearsal.cluster.terraform_checks import TerraformRun
from verification.rehearsal.processes import ProcessError, heed_interrupts
from verification.rehearsal.verdicts import NotCheckedError, Verdicts

OBJECTS, PODS, END, TERRAFORM = "objects", "pods", "end", "Terraform"
"""Groups of checks."""

NOT_CHECKED = (
    "containers: images, probes, what programs do with their configuration (no kubelet runs here)",
    "network policies and Services; a stand-in answers for webhooks and metrics-server",
    "what AWS does: EBS volumes, IAM roles of service accounts, load balancers; its own authorizer",
)

Stacks = dict[str, dict[str, Any]]


@dataclass(kw_only=True)
class ClusterRehearsal:
    """A rehearsal of one environment in a cluster that is there."""

    api: KubeApi
    settings: Settings
    stacks: Stacks
    releases: Sequence[Rendered]
    verdicts: Verdicts
    plane: ControlPlane | None
    """Of the cluster that was started here; None for an existing one."""
    folder: Path
    has_operator: bool
    """Whether the Prometheus operator runs once its Deployment is there."""

    def run(self) -> None:
        """Apply everything, check it, and remove it, from an existing cluster whatever happens."""
        is_done = False
        try:
            self._objects()
            is_done = True
        finally:
            # A cluster that was started here ends as a whole.
            if is_done or not self.plane:
                self._remove()
        if self.plane:
            self._terraform(self.plane)
        else:
            self.verdicts.run(TERRAFORM, "applies the stack", _foreign_cluster)

    def _objects(self) -> None:
        stack = self.stacks[OBSERVABILITY]
        run = self.verdicts.run
        run(
            OBJECTS,
            "Terraform's own are accepted",
            partial(cluster_checks.stack_objects, self.api, stack),
        )
        self._releases()
        if self.plane:
            self._pods()
        else:
            self.verdicts.run(PODS, "all are admitted, scheduled and run", _foreign_nodes)

    def _remove(self) -> None:
        stack = self.stacks[OBSERVABILITY]
        self.verdicts.run(
            END,
            "everything can be removed",
            partial(cluster_checks.everything_is_removed, self.api, stack, self.releases),
        )

    def _terraform(self, plane: ControlPlane) -> None:
        run = self.verdicts.run
        terraform = TerraformRun(self.settings, plane, self.folder, tuple(self.releases))
        if not run(TERRAFORM, "has its providers, and they take the files", terraform.prepare):
            return
        if run(TERRAFORM, "applies the stack", terraform.apply):
            run(TERRAFORM, "has nothing to do in a second plan", terraform.plan_is_empty)
            self._pods()
            run(
                TERRAFORM,
                "changes one object for a changed setting",
                terraform.a_changed_setting_is_one_change,
            )
        run(TERRAFORM, "destroys everything by itself", terraform.destroy)

    def _releases(self) -> None:
        missing = [release for release in self.releases if release.missing]
        for release in self.releases:
            if not release.missing:
                self.verdicts.run(
                    OBJECTS,
                    f"{release.name} is accepted",
                    partial(cluster_checks.release_objects, self.api, release),
                )
        if missing:
            self.verdicts.run(
                OBJECTS,
                f"{len(missing)} releases of Helm are accepted",
                partial(cluster_checks.release_objects, self.api, missing[0]),
            )

    def _operated(self, api: KubeApi) -> str:
        if not self.has_operator:
            raise NotCheckedError("pods of Prometheus and Alertmanager: the operator does not run")
        return operated_pods(api)

    def _pods(self) -> None:
        run = self.verdicts.run
        run(PODS, "the Prometheus operator makes its own", partial(self._operated, self.api))
        they_run = run(
            PODS,
            "all are admitted, scheduled and run",
            partial(cluster_checks.pods_run, self.api),
        )
        run(
            PODS,
            "each is on the node group it belongs to",
            partial(cluster_checks.pods_are_where_they_belong, self.api, self.settings),
        )
        for namespace in self.settings.namespaces:
            check = partial(cluster_checks.nodes_drain, self.api, namespace)
            run(PODS, f"the nodes of {namespace} can be drained", check if they_run else _no_drain)


def _no_drain() -> str:
    raise NotCheckedError("not all pods run: a drain would wait for them in vain")


def _foreign_cluster() -> str:
    raise NotCheckedError("only in the cluster that is started here: this one keeps real volumes")


def _foreign_nodes() -> str:
    raise NotCheckedError("the nodes of an existing cluster are not those of the node groups")


def synthesized(settings: Settings, folder: Path) -> Stacks:
    """The parsed stacks, by name."""
    return {stack.name: stack.config for stack in synthesize(settings, folder)}


@contextmanager
def cluster_of(
    settings: Settings,
    stacks: Stacks,
    folder: Path,
    existing: KubeApi | None,
    operator: Path | None,
    say: Callable[[str], None],
) -> Iterator[tuple[KubeApi, ControlPlane | None]]:
    """An empty cluster: the existing one, or one started here, with its control plane."""
    if existing:
        yield existing, None
        return
    minor = settings.cluster.kubernetes_version
    say(f"starting etcd, API server, controllers and scheduler of Kubernetes {minor}")
    with running_cluster(folder, settings, stacks["cluster"], operator) as cluster:
        nodes = len(cluster.api.items("/api/v1/nodes"))
        say(f"{cluster.plane.version} answers at {cluster.plane.url}, {nodes} nodes")
        yield cluster.api, cluster.plane
        if cluster.stand_ins.failure:
            raise ProcessError(f"a stand-in gave up: {cluster.stand_ins.failure}")
        say("stopping everything")


def existing_cluster(context: str, settings: Settings) -> KubeApi:
    """The API server of a context.

    Raises:
        ContextError: there is none, or the cluster is not empty or of another version.
    """
    api = contexts.connect(context, contexts.kubeconfig_path())
    contexts.check_version(api, settings.cluster.kubernetes_version, context)
    contexts.check_is_empty(api, context)
    return api


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    options = argparse.ArgumentParser(
        prog="make rehearse-cluster ENV=<env>",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit code: 0 all checks passed, 1 one failed, 2 wrong usage or settings, or a "
        "cluster that cannot be used, 130 interrupted.",
    )
    options.add_argument("--env", required=True, help=f"one of {', '.join(environment_names())}")
    options.add_argument(
        "--cluster", default="", metavar="CONTEXT", help="an existing, empty cluster (kubeconfig)"
    )
    options.add_argument(
        "--keep", action="store_true", help="keep the folder with data, certificates and logs"
    )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = parser().parse_args(arguments)
    try:
        settings = load_environment(options.env, today=date.today())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    heed_interrupts()
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True)

    folder = Path(tempfile.mkdtemp(prefix=f"rehearse-cluster-{options.env}-"))
    verdicts = Verdicts(say)
    status = _rehearsed(settings, folder, options.cluster, verdicts, say)
    if options.keep or status == 1:
        print(f"data, certificates and logs: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _rehearsed(
    settings: Settings,
    folder: Path,
    context: str,
    verdicts: Verdicts,
    say: Callable[[str], None],
) -> int:
    began = time.monotonic()
    try:
        existing = existing_cluster(context, settings) if context else None
        say("synthesizing the stacks")
        stacks = synthesized(settings, folder / "stacks")
        say("rendering the charts")
        releases = rendered_releases(settings)
        operator = None if existing else _operator(releases, say)
        with cluster_of(settings, stacks, folder, existing, operator, say) as (api, plane):
            ClusterRehearsal(
                api=api,
                settings=settings,
                stacks=stacks,
                releases=releases,
                verdicts=verdicts,
                plane=plane,
                folder=folder,
                has_operator=operator is not None,
            ).run()
    except KeyboardInterrupt:
        print("\nInterrupted; everything that was started is stopped.", file=sys.stderr)
        return 130
    except (contexts.ContextError, UnknownCapacityError) as error:
        print(error, file=sys.stderr)
        return 2
    except ProgramUnavailableError as error:
        print(f"The rehearsal did not begin: {error}", file=sys.stderr)
        return 2
    except (ApiError, OSError, ProcessError, ProviderError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    for line in NOT_CHECKED:
        print(f"not checked: {line}")
    seconds = time.monotonic() - began
    print(f"{'PASSED' if verdicts.passed else 'FAILED'} in {seconds:.0f} s: {verdicts.counts}")
    return 0 if verdicts.passed else 1


def _operator(releases: Sequence[Rendered], say: Callable[[str], None]) -> Path | None:
    """The Prometheus operator, where its chart is there and it can be compiled."""
    if any(release.missing for release in releases):
        return None
    try:
        return program(PROGRAM)
    except ProgramUnavailableError as error:
        say(f"without the Prometheus operator: {error}")
        return None


if __name__ == "__main__":
    sys.exit(main())
