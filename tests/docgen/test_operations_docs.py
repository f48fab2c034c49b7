"""The pages for operations: their figures are fresh, and say what the values enforce."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from settings_files import TODAY

from blueprint.buckets import SAFETY_MARGIN_DAYS
from cost import inventory
from cost.estimate import estimate
from cost.recommend import FLOORS, PRODUCTION
from docgen import cost_docs, reference_docs
from helm_values.loki import loki
from helm_values.otel_collector.otel_gateway_config import gateway_config
from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from helm_values.tempo import tempo_tenants
from helm_values.thanos import thanos
from settings.load import environment_names, load_environment
from settings.node_sizes import SIZES, Size
from tools.paths import ROOT

SETTINGS = {name: load_environment(name, TODAY) for name in environment_names()}
BLOCKS = cost_docs.blocks()
"""Of the environments that only tests have; `real_blocks` are those of the pages."""


@pytest.fixture
def real_blocks(real_environments: None) -> dict[str, str]:
    return cost_docs.blocks()


@pytest.mark.parametrize("name", BLOCKS)
def test_the_figures_are_fresh(name: str, real_blocks: dict[str, str]) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert cost_docs.renewed(name, text, real_blocks[name]) == text, "run `make docs`"


@pytest.mark.parametrize("name", BLOCKS)
def test_a_figure_that_somebody_types_in_is_found(
    name: str, real_blocks: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    number = re.search(r"\d+", text.partition(cost_docs.BEGIN)[2])
    assert number is not None
    at = text.index(cost_docs.BEGIN) + len(cost_docs.BEGIN) + number.start()
    changed = f"{text[:at]}9{text[at:]}"
    assert cost_docs.renewed(name, changed, real_blocks[name]) != changed
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(changed, encoding="utf-8")
    monkeypatch.setattr(reference_docs, "ROOT", tmp_path)
    assert reference_docs.stale({name: text}) == [name]


@pytest.mark.parametrize("environment", SETTINGS)
def test_the_review_has_the_totals_of_the_estimate(environment: str) -> None:
    settings = SETTINGS[environment]
    bill = estimate(settings, inventory.plan(settings)).bill
    assert f"**{bill.total:,.0f}**" in BLOCKS[cost_docs.REVIEW]


def test_a_page_without_its_markers_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"x\.md has no lines"):
        cost_docs.renewed("x.md", "nothing", "block")


def test_every_alert_that_a_limit_names_has_a_runbook() -> None:
    alerts = set(re.findall(r"alert `(\w+)`", "".join(BLOCKS.values())))
    assert alerts
    for alert in alerts:
        assert (ROOT / "docs" / "runbooks" / "alerts" / f"{alert}.md").exists(), alert


# --- The policies are what is enforced ------------------------------------------------------------


@pytest.mark.parametrize("environment", SETTINGS)
def test_every_retention_is_the_same_in_back_end_and_bucket(environment: str) -> None:
    settings = SETTINGS[environment]
    buckets = dict(inventory.plan(settings).bucket_days)
    for name, space in settings.namespaces.items():
        days = space.retention_days
        hours = loki.tenant_limits(settings)[name]["retention_period"]
        assert hours == f"{days.logs * 24}h"
        assert buckets[f"logs/{name}"] == days.logs + SAFETY_MARGIN_DAYS
        assert tempo_tenants.block_retention(settings, name) == f"{days.traces * 24}h"
        assert buckets[f"traces/{name}"] == days.traces + SAFETY_MARGIN_DAYS
    metrics = settings.retention_days.metrics
    args = thanos.compactor(settings).args
    for flag, kept in (
        ("raw", metrics.raw),
        ("5m", metrics.five_minutes),
        ("1h", metrics.one_hour),
    ):
        assert f"--retention.resolution-{flag}={kept}d" in args
    assert buckets["metrics"] == metrics.one_hour + SAFETY_MARGIN_DAYS


def test_production_is_not_below_the_floor_of_its_own_policy() -> None:
    days = SETTINGS["prd"].namespaces[PRODUCTION].retention_days
    assert days.logs >= FLOORS["logs"][PRODUCTION]
    assert days.traces >= FLOORS["traces"][PRODUCTION]


def row(name: str) -> list[str]:
    (line,) = (
        line
        for line in BLOCKS[cost_docs.CARDINALITY].splitlines()
        if line.startswith(f"| {name} |")
    )
    return [cell.strip() for cell in line.strip("| ").split(" | ")][1:4]


def values_of(release: str, size: Size) -> dict[str, Any]:
    settings = SETTINGS["prd"].model_copy(update={"size": size})
    chosen = next(r for r in releases(settings, sample_stack_outputs()) if r.id == release)
    return chosen.literal_values


@pytest.mark.parametrize("size", SIZES)
def test_the_limits_are_those_in_the_values(size: Size) -> None:
    column = SIZES.index(size)
    gateway = gateway_config(SETTINGS["prd"].model_copy(update={"size": size}), "prd")
    span_metrics = gateway["connectors"]["span_metrics"]
    tail_sampling = gateway["processors"]["tail_sampling"]
    limits = values_of("loki", size)["loki"]["limits_config"]
    settings = SETTINGS["prd"].model_copy(update={"size": size})
    tenant = tempo_tenants.tenant_overrides(settings)["prd"]
    for name, value in (
        (
            "Series of span metrics, each gateway, workload, kind and status",
            f"{span_metrics['aggregation_cardinality_limit']:,}",
        ),
        ("Traces that wait for a decision, each gateway", f"{tail_sampling['num_traces']:,}"),
        ("Streams of a tenant in Loki", f"{limits['max_global_streams_per_user']:,}"),
        ("Labels of a stream", str(limits["max_label_names_per_series"])),
        ("Length of a line", str(limits["max_line_size"])),
        ("Log bytes of a tenant, MB/s", str(limits["ingestion_rate_mb"])),
        ("Live traces of a tenant in Tempo", f"{tenant['ingestion']['max_traces_per_user']:,}"),
        ("Size of a trace, MB", str(tenant["global"]["max_bytes_per_trace"] // 10**6)),
        ("Span bytes of a tenant, MB/s", str(tenant["ingestion"]["rate_limit_bytes"] // 10**6)),
        (
            "Series of the service graph, each tenant",
            f"{tenant['metrics_generator']['max_active_series']:,}",
        ),
    ):
        assert row(name)[column] == value, name


def test_the_gateway_applies_its_limits_to_metrics_of_applications() -> None:
    text = str(gateway_config(SETTINGS["prd"], "prd")["processors"])
    for name in ("Labels of a data point", "Length of a label's value and of a span's name"):
        assert f", {row(name)[0]}" in text, name
