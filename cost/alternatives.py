"""What the same telemetry costs at the list prices of other vendors.

Each is the same workload: what arrives is billed by what the vendor counts. Traces are sampled
before they are sent, at the settings' percentages, so that nobody pays for spans that the
foundation would not keep. Applications, their nodes and the collectors are left out everywhere, as
they are needed either way; so the foundation's side is the telemetry part of the bill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cost.bill import Bill, Volumes
from cost.flows import DAY, GIB, HOURS, Flow, flows
from cost.prices import Prices
from cost.workload import Workload
from settings.model import Settings

DATADOG_METRICS_PER_HOST = 100
"""Custom metrics that Pro includes (Datadog pricing)."""
DATADOG_GB_PER_HOST = 150
DATADOG_SPANS_PER_HOST = 1_000_000
"""Ingested and indexed spans that an APM host includes (Datadog, "View and Alert on APM Usage")."""
DATADOG_DAYS = 15
"""Days for which the priced index keeps lines and spans."""
X_RAY_DAYS = 30
"""X-Ray keeps traces so long at no further charge (AWS X-Ray pricing)."""
GRAFANA_DAYS = 30
"""Days of retention that Grafana Cloud's paid plans include for logs and traces."""


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """One of them: US dollars a month by signal, and what is not the same."""

    name: str
    metrics: float
    logs: float
    traces: float
    seats: float
    """People, and fees that belong to no signal."""
    prices: tuple[str, ...]
    note: str

    @property
    def total(self) -> float:
        """All of it."""
        return self.metrics + self.logs + self.traces + self.seats


def foundation(bill: Bill) -> Alternative:
    """The telemetry part of the foundation's own bill."""
    return Alternative(
        name="This foundation",
        metrics=bill.of_signal("metrics"),
        logs=bill.of_signal("logs"),
        traces=bill.of_signal("traces"),
        seats=0,
        prices=(),
        note="infrastructure only: no row includes the people who operate it",
    )


def alternatives(
    settings: Settings, workload: Workload, prices: Prices, bill: Bill, nodes: int
) -> tuple[Alternative, ...]:
    """All of them, the foundation first.

    Args:
        settings: retention and sampling.
        workload: what arrives, and people.
        prices: list prices.
        bill: the foundation's bill for the same.
        nodes: nodes of the cluster that run applications: hosts, where those are billed.
    """
    volumes = bill.volumes
    all_flows = flows(settings, workload)
    return (
        foundation(bill),
        _cloudwatch(settings, workload, prices, volumes, all_flows),
        _managed(settings, workload, prices, volumes, all_flows),
        _datadog(workload, prices, volumes, nodes),
        _grafana_cloud(settings, workload, prices, volumes, all_flows),
    )


def _stored_log_gb(settings: Settings, all_flows: Iterable[Flow], ratio: float) -> float:
    days = {name: space.retention_days.logs for name, space in settings.namespaces.items()}
    return sum(f.log_bytes * days[f.namespace] for f in all_flows) * DAY * ratio / GIB


def _cloudwatch_logs(
    settings: Settings,
    workload: Workload,
    prices: Prices,
    volumes: Volumes,
    all_flows: Iterable[Flow],
) -> float:
    stored = _stored_log_gb(settings, all_flows, workload.assumptions.cloudwatch_stored_ratio)
    return prices.cost("logs_ingested", volumes.log_gb) + prices.cost("logs_stored", stored)


def _cloudwatch(
    settings: Settings,
    workload: Workload,
    prices: Prices,
    volumes: Volumes,
    all_flows: tuple[Flow, ...],
) -> Alternative:
    """CloudWatch metrics, logs and X-Ray: a custom metric for each series; lines by GB; traces."""
    return Alternative(
        name="CloudWatch and X-Ray",
        metrics=prices.cost("cloudwatch_metric", volumes.series),
        logs=_cloudwatch_logs(settings, workload, prices, volumes, all_flows),
        traces=prices.cost("x_ray_trace", volumes.traces_kept / 1e6),
        seats=0,
        prices=("cloudwatch_metric", "logs_ingested", "logs_stored", "x_ray_trace"),
        note=f"traces are kept {X_RAY_DAYS} days; queries, dashboards and alarms are not counted",
    )


def _managed(
    settings: Settings,
    workload: Workload,
    prices: Prices,
    volumes: Volumes,
    all_flows: tuple[Flow, ...],
) -> Alternative:
    """Amazon Managed Prometheus and Grafana, with CloudWatch Logs and X-Ray.

    Samples by 10 million; storage at the longest retention of metrics; samples read.
    """
    months = settings.retention_days.metrics.one_hour * 24 / HOURS
    stored = volumes.samples * months * workload.assumptions.bytes_per_sample / GIB
    read = volumes.samples * workload.assumptions.queries_per_sample
    return Alternative(
        name="Amazon Managed Prometheus and Grafana",
        metrics=prices.cost("amp_sample", volumes.samples / 1e7)
        + prices.cost("amp_storage", stored)
        + prices.cost("amp_query", read / 1e9),
        logs=_cloudwatch_logs(settings, workload, prices, volumes, all_flows),
        traces=prices.cost("x_ray_trace", volumes.traces_kept / 1e6),
        seats=prices.cost("amg_editor", workload.editors)
        + prices.cost("amg_viewer", workload.viewers),
        prices=(
            "amp_sample", "amp_storage", "amp_query", "logs_ingested", "logs_stored",
            "x_ray_trace", "amg_editor", "amg_viewer",
        ),
        note="raw metrics are kept as long as the foundation keeps its coarsest metrics",
    )  # fmt: skip


def _datadog(workload: Workload, prices: Prices, volumes: Volumes, nodes: int) -> Alternative:
    """Datadog Pro: hosts with infrastructure and APM; series beyond those included; lines and spans
    both ingested by GB and indexed by million for 15 days."""
    lines = sum(load.log_lines_per_second for load in workload.namespaces.values())
    indexed_lines = lines * HOURS * 3600 / 1e6
    custom = max(0.0, volumes.series - workload.assumptions.overhead_series)
    beyond = max(0.0, custom - DATADOG_METRICS_PER_HOST * nodes)
    span_gb = max(0.0, volumes.trace_gb_kept - DATADOG_GB_PER_HOST * nodes)
    spans = max(0.0, volumes.spans_kept - DATADOG_SPANS_PER_HOST * nodes)
    return Alternative(
        name="Datadog",
        metrics=prices.cost("datadog_custom_metrics", beyond / 100),
        logs=prices.cost("datadog_log_ingested", volumes.log_gb)
        + prices.cost("datadog_log_indexed", indexed_lines),
        traces=prices.cost("datadog_apm_host", nodes)
        + prices.cost("datadog_span_ingested", span_gb)
        + prices.cost("datadog_span_indexed", spans / 1e6),
        seats=prices.cost("datadog_host", nodes),
        prices=(
            "datadog_host", "datadog_apm_host", "datadog_custom_metrics", "datadog_log_ingested",
            "datadog_log_indexed", "datadog_span_ingested", "datadog_span_indexed",
        ),
        note=f"lines and spans are kept {DATADOG_DAYS} days; every kept line and span is indexed",
    )  # fmt: skip


def _grafana_cloud(
    settings: Settings,
    workload: Workload,
    prices: Prices,
    volumes: Volumes,
    all_flows: tuple[Flow, ...],
) -> Alternative:
    """Grafana Cloud Pro: series at one data point a minute, so twice where they are scraped every
    30 s; GB processed and written, and kept beyond 30 days; active users."""
    points_per_minute = 60 / workload.scrape_interval_seconds
    log_days = {name: space.retention_days.logs for name, space in settings.namespaces.items()}
    beyond = sum(
        flow.log_bytes * HOURS * 3600 / GIB * max(0.0, log_days[flow.namespace] / GRAFANA_DAYS - 1)
        for flow in all_flows
    )
    return Alternative(
        name="Grafana Cloud",
        metrics=prices.cost("grafana_series", volumes.series * max(1, points_per_minute) / 1e3),
        logs=prices.cost("grafana_processed", volumes.log_gb)
        + prices.cost("grafana_written", volumes.log_gb)
        + prices.cost("grafana_retained", beyond),
        traces=prices.cost("grafana_processed", volumes.trace_gb_kept)
        + prices.cost("grafana_written", volumes.trace_gb_kept),
        seats=prices.cost("grafana_platform", 1)
        + prices.cost("grafana_user", workload.editors + workload.viewers),
        prices=(
            "grafana_series", "grafana_processed", "grafana_written", "grafana_retained",
            "grafana_platform", "grafana_user",
        ),
        note=f"logs and traces are kept {GRAFANA_DAYS} days at least; without Adaptive Telemetry",
    )  # fmt: skip
