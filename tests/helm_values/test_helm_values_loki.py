"""Loki keeps each tenant's logs as long as the settings say, and takes nothing without a tenant."""

from __future__ import annotations

from typing import Any

import pytest
from release_samples import EVERY_SETTINGS, STACK_OUTPUTS, with_size

from blueprint.backend_sizes import BACKENDS
from blueprint.buckets import SAFETY_MARGIN_DAYS, plan_storage_buckets
from blueprint.names import STORAGE_CLASS
from helm_values.loki import loki
from helm_values.stack_outputs import StackOutputs
from settings.model import Settings
from settings.node_sizes import SIZES

LABELS_THAT_ARE_MANY = {"k8s.pod.name", "k8s.pod.uid", "service.instance.id", "k8s.node.name"}
MAX_LABELS_OF_LOKI = 15

every_settings = pytest.mark.parametrize(
    "settings", EVERY_SETTINGS.values(), ids=list(EVERY_SETTINGS)
)
every_size = pytest.mark.parametrize("size", SIZES)


def values(settings: Settings) -> dict[str, Any]:
    return loki.release(settings, STACK_OUTPUTS).values


@every_settings
def test_logs_are_kept_as_long_as_the_settings_say(settings: Settings) -> None:
    overrides = values(settings)["loki"]["runtimeConfig"]["overrides"]

    assert {tenant: limits["retention_period"] for tenant, limits in overrides.items()} == {
        name: f"{namespace.retention_days.logs * 24}h"
        for name, namespace in settings.namespaces.items()
    }
    # Without the compactor nothing is ever deleted, and without a store it does not start.
    compactor = values(settings)["loki"]["compactor"]
    assert compactor["retention_enabled"] is True
    assert compactor["delete_request_store"] == "s3"


@every_settings
def test_the_bucket_deletes_only_after_loki(settings: Settings) -> None:
    overrides = values(settings)["loki"]["runtimeConfig"]["overrides"]
    rules = {rule.prefix: rule for rule in plan_storage_buckets(settings)["logs"].lifecycle}

    for tenant, limits in overrides.items():
        hours = int(limits["retention_period"].removesuffix("h"))
        expiration = rules[f"{tenant}/"].expiration_days
        assert expiration is not None
        assert expiration * 24 == hours + SAFETY_MARGIN_DAYS * 24


@every_size
def test_every_request_needs_a_tenant(size: Any) -> None:
    assert values(with_size(size))["loki"]["auth_enabled"] is True


@every_size
def test_labels_are_few_and_bounded(size: Any) -> None:
    loki_values = values(with_size(size))["loki"]
    labels = loki_values["distributor"]["otlp_config"][
        "default_resource_attributes_as_index_labels"
    ]
    limit = loki_values["limits_config"]["max_label_names_per_series"]

    assert not LABELS_THAT_ARE_MANY & set(labels)
    assert {"deployment.environment.name", "service.name", "k8s.namespace.name"} <= set(labels)
    assert len(labels) <= limit <= MAX_LABELS_OF_LOKI


@every_size
def test_the_bucket_is_reached_by_the_role_and_without_keys(size: Any) -> None:
    chart_values = values(with_size(size))
    storage = chart_values["loki"]["storage"]

    assert storage["type"] == "s3"
    assert set(storage["bucketNames"].values()) == {STACK_OUTPUTS["logs_bucket_name"]}
    # Neither keys nor encryption: the SDK finds the web identity, the bucket its KMS key.
    assert set(storage["s3"]) == {"region", "s3ForcePathStyle", "insecure"}
    account = chart_values["serviceAccount"]
    assert account["name"] == loki.SERVICE_ACCOUNT
    assert account["annotations"] == {"eks.amazonaws.com/role-arn": STACK_OUTPUTS["loki_role_arn"]}


def test_what_comes_from_the_stacks_below_is_kept_apart() -> None:
    other = StackOutputs({"logs_bucket_name": "another", "loki_role_arn": "another-role"})
    ours, theirs = (loki.release(with_size("small"), outputs) for outputs in (STACK_OUTPUTS, other))

    assert ours.literal_values == theirs.literal_values
    assert ours.from_stack_outputs != theirs.from_stack_outputs


@every_size
def test_the_form_is_one_that_the_chart_accepts(size: Any) -> None:
    chart_values = values(with_size(size))
    replicas = {
        name: chart_values.get(name, {}).get("replicas") for name in ("read", "write", "backend")
    }

    assert set(replicas.values()) == {0}
    if size == "large":
        assert chart_values["deploymentMode"] == "Distributed"
        assert chart_values["singleBinary"]["replicas"] == 0
        assert chart_values["ingester"]["replicas"] >= 3
    else:
        assert chart_values["deploymentMode"] == "Monolithic"
        assert chart_values["singleBinary"]["replicas"] >= 1
        assert "ingester" not in chart_values


@every_size
def test_there_are_enough_replicas_for_the_copies(size: Any) -> None:
    chart_values = values(with_size(size))
    writers = chart_values["ingester"] if size == "large" else chart_values["singleBinary"]

    assert chart_values["loki"]["commonConfig"]["replication_factor"] <= writers["replicas"]


@every_size
def test_what_is_not_in_s3_yet_is_on_an_encrypted_volume(size: Any) -> None:
    chart_values = values(with_size(size))

    if size == "large":
        volumes = chart_values["ingester"]["persistence"]["claims"]
        assert chart_values["ingester"]["persistence"]["enabled"] is True
    else:
        volumes = [chart_values["singleBinary"]["persistence"]]
        assert volumes[0]["enabled"] is True
    assert [volume["storageClass"] for volume in volumes] == [STORAGE_CLASS]


@every_size
def test_caches_fit_the_nodes(size: Any) -> None:
    """The chart's defaults ask a node for 9.8 GiB; memcached itself needs a fifth on top."""
    chart_values = values(with_size(size))
    row = BACKENDS[size].loki

    for name, cache in (("chunksCache", row.chunks_cache), ("resultsCache", row.results_cache)):
        assert chart_values[name]["allocatedMemory"] == cache.megabytes
        limit = chart_values[name]["resources"]["limits"]["memory"]
        assert limit.endswith("Mi")
        assert int(limit.removesuffix("Mi")) >= cache.megabytes * 1.2


@every_size
def test_lokis_own_nginx_which_passes_everything_on_is_off(size: Any) -> None:
    assert values(with_size(size))["gateway"] == {"enabled": False}


@every_size
def test_rules_come_from_files_by_tenant_and_never_from_secrets(size: Any) -> None:
    chart_values = values(with_size(size))

    assert chart_values["loki"]["rulerConfig"]["storage"]["type"] == "local"
    directory = chart_values["loki"]["rulerConfig"]["storage"]["local"]["directory"]
    assert chart_values["sidecar"]["rules"]["folder"] == directory
    assert chart_values["sidecar"]["rules"]["resource"] == "configmap"
    assert chart_values["rbac"]["namespaced"] is True
