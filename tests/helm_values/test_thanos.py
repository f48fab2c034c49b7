"""Flags of Thanos say what the settings and the size mean."""

from __future__ import annotations

import json

import pytest
import yaml
from release_samples import STACK_OUTPUTS
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from blueprint.buckets import SAFETY_MARGIN_DAYS
from helm_values.kube_prometheus_stack import kube_prometheus_stack
from helm_values.thanos import thanos
from helm_values.thanos.thanos import ThanosPart
from settings.load import load_environment
from settings.model import Settings
from settings.node_sizes import Size
from versions import THANOS_VERSION

SIZES: tuple[Size, ...] = ("small", "medium", "large")


def settings_of(size: Size) -> Settings:
    return load_environment("dev", TODAY).model_copy(update={"size": size})


def flags(component: ThanosPart) -> dict[str, str]:
    return dict(arg.removeprefix("--").partition("=")[::2] for arg in component.args[1:])


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_compactor_keeps_each_resolution_as_long_as_the_settings_say(environment: str) -> None:
    settings = real_settings(environment)
    days = settings.retention_days.metrics
    arguments = flags(thanos.compactor(settings))

    assert arguments["retention.resolution-raw"] == f"{days.raw}d"
    assert arguments["retention.resolution-5m"] == f"{days.five_minutes}d"
    assert arguments["retention.resolution-1h"] == f"{days.one_hour}d"


def test_compactor_deletes_before_the_lifecycle_of_the_bucket_does() -> None:
    delay = flags(thanos.compactor(settings_of("small")))["delete-delay"]

    assert int(delay.removesuffix("h")) < SAFETY_MARGIN_DAYS * 24


@pytest.mark.parametrize("size", SIZES)
def test_there_is_one_compactor_which_merges_late_samples_but_no_replicas(size: Size) -> None:
    compactor = thanos.compactor(settings_of(size))

    assert compactor.replicas == 1
    assert "compact.enable-vertical-compaction" in flags(compactor)
    assert not any(name.startswith("deduplication") for name in flags(compactor))


@pytest.mark.parametrize("size", SIZES)
def test_querier_puts_together_what_prometheus_replicas_label(size: Size) -> None:
    settings = settings_of(size)
    prometheus = kube_prometheus_stack.release(settings, STACK_OUTPUTS).values["prometheus"]
    spec = prometheus["prometheusSpec"]

    assert flags(thanos.querier(settings))["query.replica-label"] == thanos.REPLICA_LABEL
    assert spec["replicaExternalLabelName"] == thanos.REPLICA_LABEL


def test_querier_finds_sidecars_and_store_gateways_by_dns() -> None:
    discovery = flags(thanos.querier(settings_of("small")))["endpoint.sd-config"]

    assert [endpoint["address"] for endpoint in json.loads(discovery)["endpoints"]] == [
        "dnssrv+_grpc._tcp.thanos-store.observability.svc.cluster.local",
        "dnssrv+_grpc._tcp.kps-thanos-discovery.observability.svc.cluster.local",
        *(
            f"dnssrv+_grpc._tcp.stage-thanos-discovery.{stage}-telemetry.svc.cluster.local"
            for stage in ("dev", "hml", "prd")
        ),
    ]


def test_object_storage_names_no_keys() -> None:
    settings = settings_of("small")
    config = yaml.safe_load(thanos.object_storage(settings, "metrics-bucket"))

    assert config == {
        "type": "S3",
        "config": {
            "bucket": "metrics-bucket",
            "endpoint": f"s3.{settings.region}.amazonaws.com",
            "region": settings.region,
            "sts_endpoint": f"https://sts.{settings.region}.amazonaws.com",
        },
    }


@pytest.mark.parametrize("size", SIZES)
def test_caches_of_the_store_gateway_fit_into_its_memory(size: Size) -> None:
    store = thanos.store(settings_of(size))
    caches = sum(
        int(flags(store)[name].removesuffix("MB").removesuffix("GB"))
        * (1000 if flags(store)[name].endswith("GB") else 1)
        for name in ("index-cache-size", "chunk-pool-size")
    )
    number, unit = store.resources.memory_limit[:-2], store.resources.memory_limit[-2:]

    assert caches < 0.75 * int(number) * (1024 if unit == "Gi" else 1)


def test_image_is_the_one_that_the_operator_runs_as_sidecar() -> None:
    assert f"quay.io/thanos/thanos:{THANOS_VERSION}" == thanos.IMAGE
