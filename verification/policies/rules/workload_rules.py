"""Workloads that Terraform itself makes: hardened, without a token, spread anew by each rollout.

The Kubernetes provider sends its own value for a boolean that is not set, also where Kubernetes
would take the pod's, so each of them must be set. Pods of charts: verification/charts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from blueprint.documents import Config
from blueprint.names import POD_TEMPLATE_HASH
from synthesis.reading import as_list, instances, resources
from verification.policies.rule import Breach, Rule, Subject

CONTAINER_SETS: Final = {
    "run_as_non_root": True,
    "allow_privilege_escalation": False,
    "read_only_root_filesystem": True,
}
"""Arguments of a container's security context; the provider would send the opposite of each."""

POD_SETS: Final = {"automount_service_account_token": False, "enable_service_links": False}
"""Arguments of a pod; the provider would send `true`."""

HOST: Final = ("host_network", "host_pid", "host_ipc", "share_process_namespace")


def pod_specs(config: Config) -> Iterator[tuple[str, Config]]:
    """Every pod specification in the `kubernetes_*` resources of a stack, with its address."""
    for address, body in resources(config):
        if address.startswith("kubernetes_"):
            for spec in _with_containers(body):
                yield address, spec


def _with_containers(value: Any) -> Iterator[Config]:
    if isinstance(value, dict):
        if "container" in value:
            yield value
        for item in value.values():
            yield from _with_containers(item)
    elif isinstance(value, list):
        for item in value:
            yield from _with_containers(item)


def _block(body: Config, name: str) -> Config:
    """A block that may be missing, stand alone or be the only one of a list."""
    blocks = as_list(body.get(name) or {})
    block: Config = blocks[0] if blocks else {}
    return block


def _hardened(subject: Subject) -> Iterator[Breach]:
    for address, pod in pod_specs(subject.config):
        context = _block(pod, "security_context")
        if context.get("run_as_non_root") is not True:
            yield Breach(address, "the pod does not set run_as_non_root = true")
        if _block(context, "seccomp_profile").get("type") != "RuntimeDefault":
            yield Breach(address, "the pod has not the seccomp profile RuntimeDefault")
        for argument in HOST:
            if pod.get(argument):
                yield Breach(address, f"the pod sets {argument}")
        for kind in ("init_container", "container"):
            for container in as_list(pod.get(kind, [])):
                for problem in _container_problems(container):
                    yield Breach(address, f"container {container['name']} {problem}")


def _container_problems(container: Config) -> Iterator[str]:
    context = _block(container, "security_context")
    for argument, value in CONTAINER_SETS.items():
        if context.get(argument) is not value:
            yield f"does not set {argument} = {str(value).lower()}"
    if context.get("privileged"):
        yield "is privileged"
    capabilities = _block(context, "capabilities")
    if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
        yield "keeps capabilities"


def _tokens(subject: Subject) -> Iterator[Breach]:
    for address, pod in pod_specs(subject.config):
        for argument, value in POD_SETS.items():
            if pod.get(argument) is not value:
                yield Breach(address, f"the pod does not set {argument} = {str(value).lower()}")
        if not pod.get("service_account_name"):
            yield Breach(address, "the pod runs as the namespace's default service account")
    for name, account in instances(subject.config, "kubernetes_service_account_v1").items():
        if account.get("automount_service_account_token") is not False:
            address = f"kubernetes_service_account_v1.{name}"
            yield Breach(address, "does not set automount_service_account_token = false")


def _spreads(subject: Subject) -> Iterator[Breach]:
    for address, pod in pod_specs(subject.config):
        is_deployment = address.startswith("kubernetes_deployment")
        for constraint in as_list(pod.get("topology_spread_constraint", [])):
            keys = constraint.get("match_label_keys") or []
            if (POD_TEMPLATE_HASH in keys) is not is_deployment:
                verb = "lacks" if is_deployment else "has no use for"
                yield Breach(
                    address,
                    f"its spread over {constraint['topology_key']} {verb} "
                    f"match_label_keys = [{POD_TEMPLATE_HASH}]",
                )


RULES = (
    Rule(
        id="workloads-are-hardened",
        title="Pods of our own run as no root, without capabilities and on a read-only file system",
        reason="For what is not set, the provider sends a value that undoes what the pod says.",
        source="Kubernetes documentation, Pod Security Standards (restricted); "
        "terraform-provider-kubernetes, kubernetes/schema_container.go",
        check=_hardened,
    ),
    Rule(
        id="workloads-have-no-token",
        title="Pods of our own get no token of the Kubernetes API and no addresses of Services",
        reason="None of them calls the Kubernetes API, and whoever breaks into one would.",
        source="Kubernetes documentation, Configure Service Accounts for Pods; "
        "terraform-provider-kubernetes, kubernetes/schema_pod_spec.go",
        check=_tokens,
    ),
    Rule(
        id="workloads-spread-each-rollout",
        title="A Deployment of our own spreads the pods of each rollout by themselves",
        reason="With the old pods counted, the new ones may end up on one node or in one zone.",
        source="Kubernetes documentation, Pod Topology Spread Constraints, matchLabelKeys",
        check=_spreads,
    ),
)
