"""The Kubernetes objects of Thanos: hardened, bounded, and in touch with whom they need only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from stack_files import Config, as_list, instances

from blueprint import endpoints, names
from blueprint.sizes import METRICS
from constructs_lib.thanos.thanos_compactor import (
    ThanosCompactor,
    ThanosCompactorProps,
)
from constructs_lib.thanos.thanos_parts import ObjectStorage
from constructs_lib.thanos.thanos_querier import ThanosQuerier, ThanosQuerierProps
from constructs_lib.thanos.thanos_store import ThanosStore, ThanosStoreProps
from helm_values.thanos import thanos
from settings.model import Settings

ROLE = "arn:aws:iam::111122223333:role/"
WORKLOADS = ("thanos-querier", "thanos-store", "thanos-compactor")


def synthesize(settings: Settings, folder: Path) -> Config:
    app = App(outdir=str(folder))
    stack = TerraformStack(app, "thanos")
    KubernetesProvider(stack, "kubernetes")
    storage = ObjectStorage(
        stack, "thanos-bucket", thanos.object_storage(settings, "metrics-bucket")
    )
    ThanosQuerier(stack, "thanos-querier", ThanosQuerierProps(settings=settings))
    ThanosStore(
        stack,
        "thanos-store",
        ThanosStoreProps(
            settings=settings,
            bucket_name="metrics-bucket",
            role_arn=f"{ROLE}reader",
            object_storage=storage,
        ),
    )
    ThanosCompactor(
        stack,
        "thanos-compactor",
        ThanosCompactorProps(
            settings=settings,
            bucket_name="metrics-bucket",
            role_arn=f"{ROLE}writer",
            object_storage=storage,
        ),
    )
    app.synth()
    config: Config = json.loads((folder / "stacks" / "thanos" / "cdk.tf.json").read_text("utf-8"))
    return config


@pytest.fixture(scope="module", params=["small", "large"])
def settings_of_size(request: pytest.FixtureRequest, settings: dict[str, Settings]) -> Settings:
    return settings["dev"].model_copy(update={"size": request.param})


@pytest.fixture(scope="module")
def config(settings_of_size: Settings, tmp_path_factory: pytest.TempPathFactory) -> Config:
    return synthesize(settings_of_size, tmp_path_factory.mktemp("thanos"))


def single(value: Any) -> Any:
    """The only element of what Terraform JSON may write as a block or a list of one."""
    (element,) = as_list(value)
    return element


def by_name(config: Config, kind: str) -> dict[str, Config]:
    return {
        single(body["metadata"])["name"]: body
        for body in instances(config, f"kubernetes_{kind}").values()
    }


def workloads(config: Config) -> dict[str, Config]:
    return by_name(config, "deployment_v1") | by_name(config, "stateful_set_v1")


def pod(workload: Config) -> Config:
    spec: Config = single(single(single(workload["spec"])["template"])["spec"])
    return spec


def container(workload: Config) -> Config:
    spec: Config = single(pod(workload)["container"])
    return spec


def test_there_are_three_parts(config: Config) -> None:
    assert sorted(workloads(config)) == sorted(WORKLOADS)


@pytest.mark.parametrize("name", WORKLOADS)
def test_container_may_do_nothing_but_run(name: str, config: Config) -> None:
    spec = pod(workloads(config)[name])
    security = single(spec["security_context"])
    own = single(container(workloads(config)[name])["security_context"])

    assert security["run_as_non_root"] is True
    assert security["run_as_user"] == "1001"
    assert single(security["seccomp_profile"])["type"] == "RuntimeDefault"
    assert own["allow_privilege_escalation"] is False
    assert own["read_only_root_filesystem"] is True
    assert single(own["capabilities"])["drop"] == ["ALL"]
    assert spec["automount_service_account_token"] is False


@pytest.mark.parametrize("name", WORKLOADS)
def test_container_is_bounded_and_probed(name: str, config: Config) -> None:
    spec = container(workloads(config)[name])
    resources = single(spec["resources"])

    for bound in ("requests", "limits"):
        assert set(resources[bound]) == {"cpu", "memory"}
    for probe, path in (("liveness_probe", "/-/healthy"), ("readiness_probe", "/-/ready")):
        http = single(single(spec[probe])["http_get"])
        assert (http["path"], http["port"]) == (path, str(thanos.HTTP_PORT))
    assert spec["image"] == thanos.IMAGE


def test_only_what_calls_s3_has_a_role(config: Config) -> None:
    roles = {
        name: (single(account["metadata"]).get("annotations") or {}).get(
            "eks.amazonaws.com/role-arn"
        )
        for name, account in by_name(config, "service_account_v1").items()
    }

    assert roles == {
        "thanos-querier": None,
        thanos.STORE: f"{ROLE}reader",
        thanos.COMPACTOR: f"{ROLE}writer",
    }


@pytest.mark.parametrize("name", WORKLOADS)
def test_pod_runs_as_the_account_of_its_name(name: str, config: Config) -> None:
    assert pod(workloads(config)[name])["service_account_name"] == name


def test_volumes_are_encrypted_and_as_large_as_the_size_says(
    config: Config, settings_of_size: Settings
) -> None:
    size = METRICS[settings_of_size.size].thanos
    claims = {
        name: single(single(single(body["spec"])["volume_claim_template"])["spec"])
        for name, body in by_name(config, "stateful_set_v1").items()
    }

    assert {claim["storage_class_name"] for claim in claims.values()} == {names.STORAGE_CLASS}
    assert {name: single(c["resources"])["requests"]["storage"] for name, c in claims.items()} == {
        "thanos-store": f"{size.store_volume_gib}Gi",
        "thanos-compactor": f"{size.compactor_volume_gib}Gi",
    }


def test_pods_with_a_volume_are_spread_over_zones_for_good(config: Config) -> None:
    # tests/helm_values/test_node_fit.py counts on it.
    for name in WORKLOADS:
        constraint = single(pod(workloads(config)[name])["topology_spread_constraint"])
        keeps = "ScheduleAnyway" if name == "thanos-querier" else "DoNotSchedule"
        assert constraint["topology_key"] == "topology.kubernetes.io/zone"
        assert constraint["when_unsatisfiable"] == keeps
        selector = single(constraint["label_selector"])
        assert selector["match_labels"] == {"app.kubernetes.io/name": name}


def test_bucket_is_in_a_config_map_that_the_pods_mount(config: Config) -> None:
    (address,) = instances(config, "kubernetes_config_map_v1")
    mounted = {
        single(single(pod(body)["volume"])["config_map"])["name"]
        for body in by_name(config, "stateful_set_v1").values()
    }

    assert mounted == {f"${{kubernetes_config_map_v1.{address}.metadata[0].name}}"}


def test_store_gateways_are_found_one_by_one(config: Config) -> None:
    spec = single(by_name(config, "service_v1")["thanos-store"]["spec"])

    assert spec["cluster_ip"] == "None"
    assert [port["name"] for port in as_list(spec["port"])] == ["grpc", "http"]


def test_querier_answers_where_grafana_asks(config: Config) -> None:
    spec = single(by_name(config, "service_v1")["thanos-querier"]["spec"])
    port = next(port for port in as_list(spec["port"]) if port["name"] == "http")

    assert f"http://thanos-querier.observability.svc:{port['port']}" == endpoints.THANOS_QUERIER
    assert port["target_port"] == str(thanos.HTTP_PORT)


def test_only_several_replicas_have_a_disruption_budget(
    config: Config, settings_of_size: Settings
) -> None:
    size = METRICS[settings_of_size.size].thanos
    several = {
        name
        for name, replicas in (
            ("thanos-querier", size.querier_replicas),
            ("thanos-store", size.store_replicas),
        )
        if replicas > 1
    }

    assert set(by_name(config, "pod_disruption_budget_v1")) == several
