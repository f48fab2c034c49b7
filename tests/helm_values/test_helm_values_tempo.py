"""Tempo keeps each tenant's traces as long as the settings say, and takes none without a tenant."""

from __future__ import annotations

from typing import Any

import pytest
from release_samples import EVERY_SETTINGS, STACK_OUTPUTS, with_size

from blueprint import endpoints
from blueprint.buckets import SAFETY_MARGIN_DAYS, plan_storage_buckets
from blueprint.names import STORAGE_CLASS
from helm_values.release import Release
from helm_values.tempo import tempo, tempo_role
from settings.model import Settings
from settings.node_sizes import SIZES
from versions import TEMPO, TEMPO_DISTRIBUTED

every_settings = pytest.mark.parametrize(
    "settings", EVERY_SETTINGS.values(), ids=list(EVERY_SETTINGS)
)
every_size = pytest.mark.parametrize("size", SIZES)


def is_distributed(release: Release) -> bool:
    return release.chart == TEMPO_DISTRIBUTED


def tempo_values(release: Release) -> dict[str, Any]:
    """Where overrides and storage are: the monolithic chart has them one level deeper."""
    values: dict[str, Any] = release.values if is_distributed(release) else release.values["tempo"]
    return values


def generator(release: Release) -> dict[str, Any]:
    section: dict[str, Any] = tempo_values(release)["metricsGenerator"]
    return section["config"] if is_distributed(release) else section


def paths(value: Any, at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if not isinstance(value, dict):
        return {at}
    return {path for key, child in value.items() for path in paths(child, (*at, key))}


def test_only_large_is_distributed() -> None:
    charts = {size: tempo.release(with_size(size), STACK_OUTPUTS).chart for size in SIZES}

    assert charts == {"small": TEMPO, "medium": TEMPO, "large": TEMPO_DISTRIBUTED}


@every_settings
def test_traces_are_kept_as_long_as_the_settings_say(settings: Settings) -> None:
    overrides = tempo_values(tempo.release(settings, STACK_OUTPUTS))["per_tenant_overrides"]

    kept = {name: limits["compaction"]["block_retention"] for name, limits in overrides.items()}
    assert kept == {
        name: f"{namespace.retention_days.traces * 24}h"
        for name, namespace in settings.namespaces.items()
    }


@every_settings
def test_the_bucket_deletes_only_after_tempo(settings: Settings) -> None:
    overrides = tempo_values(tempo.release(settings, STACK_OUTPUTS))["per_tenant_overrides"]
    rules = {rule.prefix: rule for rule in plan_storage_buckets(settings)["traces"].lifecycle}

    for tenant, limits in overrides.items():
        hours = int(limits["compaction"]["block_retention"].removesuffix("h"))
        expiration = rules[f"{tenant}/"].expiration_days
        assert expiration is not None
        assert expiration * 24 == hours + SAFETY_MARGIN_DAYS * 24


@every_settings
def test_a_tenants_limits_are_complete(settings: Settings) -> None:
    """What a tenant's block leaves out is zero, not the default: no limit, no metrics."""
    values = tempo_values(tempo.release(settings, STACK_OUTPUTS))
    complete = paths(values["overrides"]["defaults"])

    assert {
        ("compaction", "block_retention"),
        ("ingestion", "rate_limit_bytes"),
        ("ingestion", "burst_size_bytes"),
        ("ingestion", "max_traces_per_user"),
        ("global", "max_bytes_per_trace"),
        ("metrics_generator", "processors"),
    } <= complete
    for limits in values["per_tenant_overrides"].values():
        assert paths(limits) == complete
        assert all(limits[section] for section in limits)


@every_size
def test_every_request_needs_a_tenant(size: Any) -> None:
    release = tempo.release(with_size(size), STACK_OUTPUTS)
    key = "multitenancyEnabled"

    assert tempo_values(release)[key] is True


@every_size
def test_no_search_stops_before_the_oldest_trace(size: Any) -> None:
    settings = with_size(size)
    values = tempo_values(tempo.release(settings, STACK_OUTPUTS))
    search = (
        values["tempo"]["structuredConfig"]["query_frontend"]["search"]
        if size == "large"
        else values["queryFrontend"]["search"]
    )

    longest = max(ns.retention_days.traces for ns in settings.namespaces.values())
    assert search["max_duration"] == f"{longest * 24}h"


@every_size
def test_generated_metrics_go_to_every_prometheus_with_exemplars(size: Any) -> None:
    settings = with_size(size)
    config = generator(tempo.release(settings, STACK_OUTPUTS))

    written = config["storage"]["remote_write"]
    assert [target["url"] for target in written] == [
        f"http://door-tempo.observability.svc:8080/prometheus-{index}/api/v1/write"
        for index in range(endpoints.prometheus_replicas(settings))
    ]
    assert all(target["send_exemplars"] for target in written)


@every_size
def test_the_service_graph_is_made_and_rates_are_not(size: Any) -> None:
    """Rates from sampled traces would be wrong; the gateways count before sampling."""
    values = tempo_values(tempo.release(with_size(size), STACK_OUTPUTS))

    for limits in (values["overrides"]["defaults"], *values["per_tenant_overrides"].values()):
        assert limits["metrics_generator"]["processors"] == ["service-graphs"]
        # As in exemplars that come by OTLP; Grafana links one name.
        assert limits["metrics_generator"]["trace_id_label_name"] == "trace_id"


@every_size
def test_generated_series_of_two_tenants_are_never_the_same(size: Any) -> None:
    registry = generator(tempo.release(with_size(size), STACK_OUTPUTS))["registry"]

    assert registry["inject_tenant_id_as"] == "deployment_environment_name"
    assert "deployment_environment_name" not in registry["external_labels"]


@every_size
def test_the_bucket_is_reached_by_the_role_and_without_keys(size: Any) -> None:
    settings = with_size(size)
    release = tempo.release(settings, STACK_OUTPUTS)
    trace = tempo_values(release)["storage"]["trace"]

    assert trace["backend"] == "s3"
    assert trace["s3"] == {
        "bucket": STACK_OUTPUTS["traces_bucket_name"],
        "endpoint": f"s3.{settings.region}.amazonaws.com",
        "region": settings.region,
        "insecure": False,
    }
    account = release.values["serviceAccount"]
    assert account["name"] == tempo_role.SERVICE_ACCOUNT
    assert account["annotations"] == {"eks.amazonaws.com/role-arn": STACK_OUTPUTS["tempo_role_arn"]}


@every_size
def test_what_is_not_in_s3_yet_is_on_an_encrypted_volume(size: Any) -> None:
    values = tempo.release(with_size(size), STACK_OUTPUTS).values

    if size == "large":
        volumes = [values[part]["persistence"] for part in ("ingester", "metricsGenerator")]
        classes = [volume["storageClass"] for volume in volumes]
    else:
        volumes = [values["persistence"]]
        classes = [volume["storageClassName"] for volume in volumes]
        wal = values["tempo"]["metricsGenerator"]["storage"]["path"]
        assert wal.startswith("/var/tempo/")
    assert all(volume["enabled"] for volume in volumes)
    assert set(classes) == {STORAGE_CLASS}


def test_the_monolithic_one_is_alone() -> None:
    """The chart makes no cluster of several replicas."""
    for size in ("small", "medium"):
        assert tempo.release(with_size(size), STACK_OUTPUTS).values["replicas"] == 1
