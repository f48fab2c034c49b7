"""`size` of metrics: capacity, replicas, resources and volumes, in one table.

How the numbers are calculated; none is load-tested, so watch the alerts on memory and volumes:

* samples/s = active series / scrape interval (30 s).
* GB/day = samples/s * 86 400 s * 2 bytes, the upper end of the "1-2 bytes per sample" of the
  Prometheus documentation ("Storage", "Operational aspects").
* Prometheus volume = GB/day * local retention + 3 h of WAL (the same page: "at least two hours"),
  at about 10 bytes a sample (not compacted, snappy), times two as a reserve.
* Prometheus memory: about 4 KiB for each active series in the head, and half of that in addition
  for the out-of-order window and for queries. Measured in the head alone: 64 MiB and 1.9 KiB a
  series (ADR 0036). The Prometheus of a stage has an equal memory request and limit, so a
  flood uses only its memory.
* Compactor: CPU = its concurrency (Thanos "Compactor", "Resources"); its volume holds the sources
  of the largest block (14 days) and the result: 2 * 14 * GB/day; it is a scratch disk.
* Store gateway: limits = index cache + chunk pool (their own flags) + index headers.
"""

from dataclasses import dataclass

from blueprint.resources import Resources, resources
from settings.node_sizes import Size


@dataclass(frozen=True, kw_only=True)
class PrometheusSize:
    """One Prometheus. Capacity is that of one replica; each takes all of its data."""

    active_series: int
    samples_per_second: int
    gigabytes_per_day: float
    replicas: int
    retention: str
    """Local: what is not in the bucket yet must still be here. Blocks are uploaded after 2 h, so
    this is how long the bucket may be out of reach (a weekend on the larger sizes) without loss."""
    volume_gib: int
    resources: Resources
    thanos_sidecar: Resources


@dataclass(frozen=True, kw_only=True)
class ThanosSize:
    """Reading and compacting what is in the bucket."""

    querier_replicas: int
    querier: Resources
    query_concurrency: int
    store_replicas: int
    store: Resources
    store_volume_gib: int
    index_cache: str
    chunk_pool: str
    compactor: Resources
    compactor_concurrency: int
    compactor_volume_gib: int


@dataclass(frozen=True, kw_only=True)
class MetricsSize:
    """Everything about metrics that depends on the size."""

    prometheus: PrometheusSize
    """The platform's: what is scraped of the cluster and of the back ends."""
    stage_prometheus: PrometheusSize
    """That of each stage; `active_series` is the stage's budget."""
    thanos: ThanosSize
    alertmanager_replicas: int
    grafana: Resources
    grafana_volume_gib: int
    kube_state_metrics: Resources
    prometheus_operator: Resources
    velero: Resources
    cluster_autoscaler: Resources


METRICS: dict[Size, MetricsSize] = {
    "small": MetricsSize(
        prometheus=PrometheusSize(
            active_series=60_000,
            samples_per_second=2_000,
            gigabytes_per_day=0.35,
            replicas=1,
            retention="4d",  # the slowest burn-rate alerts look three days back
            volume_gib=5,
            resources=resources("150m 512Mi", "1 1Gi"),
            thanos_sidecar=resources("20m 64Mi", "300m 256Mi"),
        ),
        stage_prometheus=PrometheusSize(
            active_series=50_000,
            samples_per_second=1_700,
            gigabytes_per_day=0.29,
            replicas=1,
            retention="4d",
            volume_gib=5,
            resources=resources("100m 448Mi", "1 448Mi"),
            thanos_sidecar=resources("10m 48Mi", "200m 128Mi"),
        ),
        thanos=ThanosSize(
            querier_replicas=1,
            querier=resources("50m 128Mi", "1 512Mi"),
            query_concurrency=10,
            store_replicas=1,
            store=resources("50m 256Mi", "1 768Mi"),
            store_volume_gib=5,
            index_cache="128MB",
            chunk_pool="256MB",
            compactor=resources("50m 256Mi", "1 1Gi"),
            compactor_concurrency=1,
            compactor_volume_gib=30,
        ),
        alertmanager_replicas=1,
        grafana=resources("50m 256Mi", "1 512Mi"),
        grafana_volume_gib=5,
        kube_state_metrics=resources("20m 64Mi", "200m 256Mi"),
        prometheus_operator=resources("50m 96Mi", "300m 256Mi"),
        velero=resources("20m 128Mi", "500m 512Mi"),
        cluster_autoscaler=resources("20m 128Mi", "300m 512Mi"),
    ),
    "medium": MetricsSize(
        prometheus=PrometheusSize(
            active_series=150_000,
            samples_per_second=5_000,
            gigabytes_per_day=0.86,
            replicas=1,
            retention="4d",
            volume_gib=10,
            resources=resources("300m 1Gi", "2 2Gi"),
            thanos_sidecar=resources("20m 64Mi", "300m 256Mi"),
        ),
        stage_prometheus=PrometheusSize(
            active_series=300_000,
            samples_per_second=10_000,
            gigabytes_per_day=1.7,
            replicas=1,
            retention="4d",
            volume_gib=25,
            resources=resources("500m 2Gi", "2 2Gi"),
            thanos_sidecar=resources("20m 96Mi", "300m 256Mi"),
        ),
        thanos=ThanosSize(
            querier_replicas=2,
            querier=resources("100m 256Mi", "2 1536Mi"),
            query_concurrency=20,
            store_replicas=1,
            store=resources("100m 768Mi", "2 2Gi"),
            store_volume_gib=10,
            index_cache="256MB",
            chunk_pool="768MB",
            compactor=resources("100m 512Mi", "1 3Gi"),
            compactor_concurrency=1,
            compactor_volume_gib=90,
        ),
        alertmanager_replicas=2,
        grafana=resources("100m 384Mi", "2 1Gi"),
        grafana_volume_gib=10,
        kube_state_metrics=resources("50m 128Mi", "500m 512Mi"),
        prometheus_operator=resources("50m 128Mi", "500m 512Mi"),
        velero=resources("50m 256Mi", "1 1Gi"),
        cluster_autoscaler=resources("50m 256Mi", "500m 768Mi"),
    ),
    # Two replicas of each Prometheus, put together by the querier: one may restart for minutes (WAL
    # replay) without a gap. Both scrape everything; what is pushed must be pushed to both
    # (blueprint/endpoints.py).
    "large": MetricsSize(
        prometheus=PrometheusSize(
            active_series=500_000,
            samples_per_second=17_000,
            gigabytes_per_day=2.9,
            replicas=2,
            retention="4d",
            volume_gib=40,
            resources=resources("1 3Gi", "3 5Gi"),
            thanos_sidecar=resources("50m 128Mi", "500m 512Mi"),
        ),
        stage_prometheus=PrometheusSize(
            active_series=1_000_000,
            samples_per_second=33_000,
            gigabytes_per_day=5.8,
            replicas=2,
            retention="4d",
            volume_gib=75,
            resources=resources("1 7Gi", "4 7Gi"),
            thanos_sidecar=resources("100m 256Mi", "1 512Mi"),
        ),
        thanos=ThanosSize(
            querier_replicas=2,
            querier=resources("500m 1Gi", "4 4Gi"),
            query_concurrency=40,
            store_replicas=2,
            store=resources("500m 2Gi", "4 6Gi"),
            store_volume_gib=30,
            index_cache="1GB",
            chunk_pool="3GB",
            compactor=resources("500m 2Gi", "2 8Gi"),
            compactor_concurrency=2,
            # Two streams of blocks, one for each replica, and two at a time.
            compactor_volume_gib=700,
        ),
        alertmanager_replicas=2,
        grafana=resources("250m 512Mi", "2 2Gi"),
        grafana_volume_gib=20,
        kube_state_metrics=resources("100m 512Mi", "1 1536Mi"),
        prometheus_operator=resources("100m 256Mi", "1 1Gi"),
        velero=resources("100m 512Mi", "1 2Gi"),
        cluster_autoscaler=resources("100m 512Mi", "1 1Gi"),
    ),
}
