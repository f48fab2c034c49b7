"""Terraform destroys a controller after everything that may wait for it.

It destroys in the reverse order of `depends_on` and of references. An object with a finalizer, and
its namespace, stay until the controller that added the finalizer has removed it.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator

import pytest
from stack_files import Config, Stacks, instances, references, resources

from helm_values.release import Release
from helm_values.releases import releases, split_at_stages
from helm_values.stack_outputs import sample_stack_outputs
from settings.model import OBSERVABILITY, Settings
from verification.charts.chart_contract import contract_key, contract_name, read_contracts
from verification.charts.chart_settings import sample_name

both = pytest.mark.parametrize("environment", ["dev", "prd"])

FINALIZED_BY = {
    "ExternalSecret": "external-secrets",
    "SecretStore": "external-secrets",
    "PushSecret": "external-secrets",
    "Prometheus": "kps",
    "PrometheusAgent": "kps",
    "Alertmanager": "kps",
    "ThanosRuler": "kps",
    "Backup": "velero",
    "Restore": "velero",
    "Schedule": "velero",
    "BackupStorageLocation": "velero",
    "VolumeSnapshotLocation": "velero",
}
"""Release of the controller that finalizes, or removes, what belongs to an object of the kind."""

OUTLIVES_STAGES = ("external-secrets",)
"""Releases of whose kinds a stage's team makes objects: the names are pinned here."""


def needs(config: Config) -> dict[str, set[str]]:
    """What each resource depends on, by address."""
    return {
        address: (references(body) | set(body.get("depends_on", []))) - {address}
        for address, body in resources(config)
    }


def all_needed(graph: dict[str, set[str]], address: str) -> set[str]:
    """What a resource depends on, also through others."""
    needed: set[str] = set()
    waiting = [address]
    while waiting:
        new = graph.get(waiting.pop(), set()) - needed
        needed |= new
        waiting += new
    return needed


def rendered_kinds(release: Release, settings: Settings) -> set[str]:
    """Kinds of the objects that the chart makes, as its contract has them."""
    contract = read_contracts()[contract_name(release.chart)]
    listed = contract.objects[sample_name(settings.size)][contract_key(release)]
    return {entry.split(" ", maxsplit=1)[0] for entry in listed}


def with_finalized_objects(settings: Settings) -> Iterator[tuple[Release, str]]:
    """Releases that make objects which another release finalizes, and that one's name."""
    for release in releases(settings, sample_stack_outputs()):
        kinds = rendered_kinds(release, settings)
        for controller in {FINALIZED_BY[kind] for kind in kinds & FINALIZED_BY.keys()}:
            if controller != release.name:
                yield release, controller


@both
def test_there_is_an_order(configs: dict[str, Stacks], environment: str) -> None:
    for config in configs[environment].values():
        graph = needs(config)
        assert set(graphlib.TopologicalSorter(graph).static_order()) >= set(graph)


@both
def test_the_namespaces_of_stages_go_before_the_controllers_of_what_is_in_them(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    config = configs[environment]["observability"]
    graph = needs(config)
    platform, _ = split_at_stages(releases(settings[environment], sample_stack_outputs()))
    controllers = [release.id for release in platform if release.outlives_stages]
    assert tuple(controllers) == OUTLIVES_STAGES
    namespaces = set(instances(config, "kubernetes_namespace_v1"))
    assert len(namespaces) > len(settings[environment].namespaces)
    for controller in controllers:
        for namespace in namespaces - {OBSERVABILITY}:
            needed = all_needed(graph, f"kubernetes_namespace_v1.{namespace}")
            assert f"helm_release.release-{controller}" in needed, namespace


@both
def test_objects_of_a_release_go_before_the_controller_that_finalizes_them(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    graph = needs(configs[environment]["observability"])
    pairs = list(with_finalized_objects(settings[environment]))
    assert {(release.name, controller) for release, controller in pairs} == {
        ("kps", "external-secrets"),
        ("prometheus", "kps"),
    }
    for release, controller in pairs:
        needed = all_needed(graph, f"helm_release.release-{release.id}")
        assert f"helm_release.release-{controller}" in needed, release.id


@both
def test_a_controller_keeps_its_traffic_and_its_account_until_it_has_gone(
    configs: dict[str, Stacks], environment: str
) -> None:
    # Without them it could not remove a finalizer.
    config = configs[environment]["observability"]
    graph = needs(config)
    needed = all_needed(graph, "helm_release.release-external-secrets")
    policies = {
        f"kubernetes_network_policy_v1.{name}"
        for name, body in instances(config, "kubernetes_network_policy_v1").items()
        if body["metadata"]["name"].startswith("external-secrets")
    }
    assert len(policies) == 3
    assert policies | {f"kubernetes_namespace_v1.{OBSERVABILITY}"} <= needed


@both
def test_velero_deletes_its_restores_before_it_goes(
    settings: dict[str, Settings], environment: str
) -> None:
    # They are in the namespace that Velero itself runs in, so that no order of Terraform helps.
    every = releases(settings[environment], sample_stack_outputs())
    (velero,) = [release for release in every if release.name == "velero"]
    (job,) = velero.values["extraObjects"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-delete"
    pods = job["spec"]["template"]
    assert pods["spec"]["serviceAccountName"] == velero.values["serviceAccount"]["server"]["name"]
    (container,) = pods["spec"]["containers"]
    assert container["command"][1:] == ["delete", "restores.velero.io", "--all"]
    assert "--namespace=observability" in container["args"]
    # Helm waits for hooks as long as for the release, and the job must have said why by then.
    assert job["spec"]["activeDeadlineSeconds"] < velero.timeout_seconds
    # The network policy of Velero's jobs selects it.
    labels = velero.values["kubectl"]["labels"]
    assert pods["metadata"]["labels"] == labels
