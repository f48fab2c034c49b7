"""Lifecycles never delete what a back end still needs, and come from its own retention."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings, valid

from blueprint.buckets import (
    NONCURRENT_STATE_DAYS,
    SAFETY_MARGIN_DAYS,
    BucketPlan,
    plan_flow_logs_bucket,
    plan_state_bucket,
    plan_storage_buckets,
)
from settings.load import load_environment
from settings.model import Settings
from settings.types import NamespaceName

# What Loki and Tempo write beside the tenants' folders.
NOT_OF_A_TENANT = {
    "logs": [
        "index/index_20781/1790000000-compactor.tsdb.gz", "index/delete_requests/1.gz",
        "loki_cluster_seed.json", "rules/dev/group", "fake/1/2",
    ],
    "traces": ["work.json", "tempo_cluster_seed.json", "single-tenant/1/meta.json"],
}  # fmt: skip

days = st.integers(1, 3650)
namespace_names = st.from_regex(r"[a-z][a-z0-9-]{0,12}[a-z0-9]", fullmatch=True) | st.sampled_from(
    ["in", "indexes", "rule", "dev", "dev-2", "fak"]
)


@st.composite
def settings_with_any_retention(draw: st.DrawFn) -> Settings:
    document: dict[str, Any] = valid()
    stage = document["namespaces"]["dev"]
    names = draw(st.lists(namespace_names.filter(is_allowed), min_size=1, max_size=4, unique=True))
    document["namespaces"] = {
        name: {**stage, "retention_days": {"logs": draw(days), "traces": draw(days)}}
        for name in ["observability", *names]
    }
    resolutions = sorted(draw(st.tuples(*[st.integers(10, 3650)] * 3)))
    document["retention_days"] = {
        "metrics": dict(zip(("raw", "five_minutes", "one_hour"), resolutions, strict=True)),
        "backups": draw(st.integers(7, 3650)),
    }
    return Settings.model_validate(document)


def is_allowed(name: str) -> bool:
    try:
        TypeAdapter(NamespaceName).validate_python(name)
    except ValidationError:
        return False
    return True


def expirations(plan: BucketPlan, key: str) -> list[int]:
    """Ages at which the rules of a bucket delete the object with this key."""
    return [
        rule.expiration_days
        for rule in plan.lifecycle
        if rule.expiration_days is not None and key.startswith(rule.prefix)
    ]


@settings(derandomize=True, max_examples=100, deadline=None, database=None)
@given(settings_with_any_retention())
def test_objects_outlive_the_retention_of_their_back_end(drawn: Settings) -> None:
    plans = plan_storage_buckets(drawn)

    assert list(plans) == ["metrics", "logs", "traces", "backups"]
    for name, namespace in drawn.namespaces.items():
        for signal, retention in (
            ("logs", namespace.retention_days.logs),
            ("traces", namespace.retention_days.traces),
        ):
            # Exactly one rule applies: that of the namespace, never that of one named alike.
            assert expirations(plans[signal], f"{name}/a/b") == [retention + SAFETY_MARGIN_DAYS]
    metrics = drawn.retention_days.metrics
    assert expirations(plans["metrics"], "01J0000000000000000000000/chunks/000001") == [
        max(metrics.raw, metrics.five_minutes, metrics.one_hour) + SAFETY_MARGIN_DAYS
    ]
    for signal in ("logs", "traces"):
        assert all(rule.prefix.endswith("/") for rule in plans[signal].lifecycle)
        for key in NOT_OF_A_TENANT[signal]:
            assert expirations(plans[signal], key) == []
    backups = plans["backups"]
    assert backups.object_lock_days == drawn.retention_days.backups
    assert all(rule.expiration_days is None for rule in backups.lifecycle)
    assert all((rule.noncurrent_days or 0) > backups.object_lock_days for rule in backups.lifecycle)


@pytest.mark.parametrize("name", ["index", "rules", "fake", "single-tenant", "work.json"])
def test_names_of_the_back_ends_are_no_namespaces(name: str) -> None:
    assert not is_allowed(name)


@pytest.mark.parametrize("name", REAL_ENVIRONMENTS)
def test_object_lock_and_versions_are_only_where_objects_are_written_once(name: str) -> None:
    loaded = real_settings(name)
    plans = [
        *plan_storage_buckets(loaded).values(), plan_state_bucket(), plan_flow_logs_bucket(loaded)
    ]  # fmt: skip

    assert {plan.purpose for plan in plans if plan.object_lock_days} == {"backups"}
    assert {plan.purpose for plan in plans if plan.versioned} == {"backups", "tfstate"}
    for plan in plans:
        assert len({rule.id for rule in plan.lifecycle}) == len(plan.lifecycle)
        # A rule that does nothing is refused by S3.
        assert all(rule.expiration_days or rule.noncurrent_days for rule in plan.lifecycle)


def test_states_are_never_deleted_but_replaced_ones_are() -> None:
    (rule,) = plan_state_bucket().lifecycle

    assert rule.expiration_days is None
    assert rule.noncurrent_days == NONCURRENT_STATE_DAYS


def test_flow_logs_expire_when_the_settings_say() -> None:
    loaded = load_environment("dev", TODAY)

    (rule,) = plan_flow_logs_bucket(loaded).lifecycle

    assert rule.expiration_days == loaded.network.flow_logs_retention_days
