"""What a workload becomes on its way: spans kept, bytes stored, cores of gateways."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from blueprint.backend_sizes import BACKENDS
from blueprint.resources import mebibytes, millicores
from blueprint.sizes import METRICS
from cost.measured import MeasuredLoad, promised
from cost.workload import Workload
from helm_values.static_values import static_values
from settings.model import OBSERVABILITY, Settings

HOURS = 730.0
"""Hours of a month, as AWS's price pages and calculator count."""
SECONDS = HOURS * 3600
DAY = 86_400
GIB = 2.0**30
"""Bytes of what AWS bills as a GB ("1 GB is 2^30 bytes", Amazon Managed Service for Prometheus
pricing; S3 counts the same way)."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What one namespace sends, a second; `series` in all."""

    namespace: str
    spans: float
    spans_kept: float
    traces: float
    traces_kept: float
    span_bytes: float
    log_lines: float
    log_bytes: float
    series: float
    samples: float
    pushed: float
    """Samples a second that come through the gateway."""
    application_cpu: float
    application_memory_gib: float

    @property
    def trace_bytes(self) -> float:
        """Bytes of spans before sampling."""
        return self.spans * self.span_bytes

    @property
    def trace_bytes_kept(self) -> float:
        """Bytes of spans after sampling."""
        return self.spans_kept * self.span_bytes


def kept_share(anyway_percent: float, sampling_percent: float) -> float:
    """Share of the traces that a gateway keeps: k + (1 - k) s.

    Erroneous and slow ones (k) are always kept, of the rest the share s
    (helm_values/otel_collector/otel_gateway_config.py).
    """
    anyway, sampled = anyway_percent / 100, sampling_percent / 100
    return anyway + (1 - anyway) * sampled


def flows(settings: Settings, workload: Workload) -> tuple[Flow, ...]:
    """What each namespace of the environment sends."""
    return tuple(_flow(settings, workload, name) for name in settings.namespaces)


def _flow(settings: Settings, workload: Workload, name: str) -> Flow:
    load = workload.namespaces.get(name)
    series = float(load.active_series if load else 0)
    if name == OBSERVABILITY:
        series += workload.assumptions.overhead_series
    sampling = settings.namespaces[name].sampling
    share = kept_share(
        load.kept_anyway_percent if load else 0, sampling.sampling_percentage if sampling else 100
    )
    traces = load.requests_per_second if load else 0
    spans = load.spans_per_second if load else 0
    return Flow(
        namespace=name,
        spans=spans,
        spans_kept=spans * share,
        traces=traces,
        traces_kept=traces * share,
        span_bytes=load.span_bytes if load else 0,
        log_lines=load.log_lines_per_second if load else 0,
        log_bytes=load.log_bytes_per_second if load else 0,
        series=series,
        samples=series / workload.scrape_interval_seconds,
        pushed=(load.active_series * load.pushed_percent / 100 if load else 0)
        / workload.scrape_interval_seconds,
        application_cpu=load.application_cpu if load else 0,
        application_memory_gib=load.application_memory_gib if load else 0,
    )


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The gateway of a stage: what its load needs, and what the size gives."""

    namespace: str
    cores: float
    most_cores: float
    """Cores that the most replicas may use, at the target of the HPA."""
    replicas: int
    cpu: float
    """CPU requests of all replicas, cores."""
    memory_gib: float
    """Memory requests of all replicas."""


def gateways(
    settings: Settings, workload: Workload, measured: MeasuredLoad | None
) -> tuple[Gateway, ...]:
    """Size the gateways by the measured load.

    cores = spans/s / (spans/s a core) + pushed data points/s / (data points/s a core).
    replicas = cores / (CPU request x target of the HPA), within the bounds of the size's HPA: the
    target is a share of the requests (Kubernetes, "Horizontal Pod Autoscaling").
    """
    size = BACKENDS[settings.size].gateway
    request, limit = (
        millicores(cpu) / 1000 for cpu in (size.resources.cpu, size.resources.cpu_limit)
    )
    # What is promised is promised for the CPU limits of the fewest replicas together.
    fallback = promised(size.spans_per_second / (limit * size.min_replicas))
    load = (measured or fallback).per_core
    target = hpa_target()
    loads = []
    for flow in flows(settings, workload):
        if flow.namespace == OBSERVABILITY:
            continue
        cores = flow.spans / load.spans_per_second + flow.pushed / load.data_points_per_second
        needed = max(math.ceil(cores / (request * target)), size.min_replicas)
        replicas = min(needed, size.max_replicas)
        loads.append(
            Gateway(
                namespace=flow.namespace,
                cores=cores,
                most_cores=size.max_replicas * limit * target,
                replicas=replicas,
                cpu=replicas * request,
                memory_gib=replicas * mebibytes(size.resources.memory) / 1024,
            )
        )
    return tuple(loads)


@cache
def hpa_target() -> float:
    """Share of its CPU request that a gateway uses when the HPA adds another."""
    percent: int = static_values("otel_gateway")["autoscaling"]["targetCPUUtilizationPercentage"]
    return percent / 100


def shortages(
    settings: Settings, workload: Workload, measured: MeasuredLoad | None
) -> Iterator[str]:
    """Say where the workload is more than the size is made for (docs/operations/capacity.md)."""
    all_flows = flows(settings, workload)
    backends, metrics = BACKENDS[settings.size], METRICS[settings.size]
    logs = sum(flow.log_bytes for flow in all_flows) * DAY / 1e9
    spans = sum(flow.spans_kept for flow in all_flows)
    for what, need, have, unit in (
        *(
            (
                f"series of {flow.namespace}",
                flow.series,
                (
                    metrics.prometheus
                    if flow.namespace == OBSERVABILITY
                    else metrics.stage_prometheus
                ).active_series,
                "",
            )
            for flow in all_flows
        ),
        ("logs", logs, backends.loki.gigabytes_per_day, " GB/day"),
        ("spans/s after sampling", spans, backends.tempo.spans_per_second, ""),
    ):
        if need > have:
            yield (
                f"{what}: {need:,.0f}{unit} are more than the {have:,}{unit} of size "
                f"{settings.size}"
            )
    for gateway in gateways(settings, workload, measured):
        if gateway.cores > gateway.most_cores:
            yield (
                f"gateway of {gateway.namespace}: {gateway.cores:.1f} cores are more than the "
                f"{gateway.most_cores:.1f} of the most replicas of size {settings.size}"
            )
