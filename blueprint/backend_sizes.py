"""`size` of logs, traces and collectors: capacity, replicas, resources, volumes.

How the numbers are calculated; only a gateway's core is load-tested (docs/operations/load.md), so
watch the alerts on memory, queues and volumes:

* Loki small: "up to approximately 20GB per day" in monolithic mode (Loki "Deployment modes").
* Loki medium: three replicas for availability, not for capacity: with replication factor 3 each
  one receives every line. Loki "Size the cluster" plans six ingesters of 2 CPU and 4 GiB for 3
  TB/day, and each of them receives half (3 x 3 / 6 = 1.5 TB/day). A replica here also distributes
  and answers queries, so this table promises a tenth of that.
* Loki large: half the replicas of the same table for "less than 3 TB/day", rounded up to three
  zones: half its capacity.
* Tempo: "Size the cluster" of Tempo 2.x: one distributor (2 CPU, 2 GiB) for each 10 MB/s, one
  ingester (2.5 CPU, 4-20 GiB) for each 3-5 MB/s, with 500 bytes for a span. The monolithic mode
  does all of this in one process, so its CPU is the limit. These are spans after sampling.
* Gateways: contrib's load tests (testbed, TestTrace10kSPS) allow 30 % of a core for 10 000 spans/s
  by OTLP. Here every span passes two gateways, which change, count and hold it: this table
  promises 1 500 spans/s for each core of the minimum of replicas together; the HPA adds replicas.
* Traces held in a gateway: as many as fit into half of the memory limit at 10 KiB each, rounded
  down. Above that, the gateway would drop the oldest traces undecided, after their
  acknowledgement. So CPU or memory must reach their limit first: then requests are refused
  (docs/operations/load.md).
* Agents: the same tests (TestLog10kDPS) allow half a core for 10 000 lines/s from files; this
  table promises half of the rate that the CPU limit would allow.
"""

from dataclasses import dataclass, field

from blueprint.resources import Resources, resources
from settings.node_sizes import Size


@dataclass(frozen=True, kw_only=True)
class Part:
    """Replicas of one program; `volume_gib` for those that keep a write-ahead log or an index."""

    replicas: int
    resources: Resources
    volume_gib: int | None = None


@dataclass(frozen=True, kw_only=True)
class Cache:
    """A memcached; the chart's defaults would take 9.8 GiB of a node for chunks alone."""

    megabytes: int
    resources: Resources


@dataclass(frozen=True, kw_only=True)
class LokiSize:
    """`server` is the monolithic Loki, `parts` the distributed one by name in the chart."""

    gigabytes_per_day: int
    replication_factor: int
    server: Part | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    chunks_cache: Cache
    results_cache: Cache
    ingestion_mb_per_second: int
    """Limit of one tenant, far above the capacity: it stops a flood, not a busy day."""
    streams_per_tenant: int


@dataclass(frozen=True, kw_only=True)
class TempoSize:
    """`server` is the monolithic Tempo, `parts` the distributed one by name in the chart."""

    spans_per_second: int
    server: Part | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    ingestion_mb_per_second: int
    """Limit of one tenant."""
    traces_per_tenant: int
    """Traces of one tenant that are being written at the same time."""


@dataclass(frozen=True, kw_only=True)
class GatewaySize:
    """The gateway of one stage; `queue_mib` is on disk, for each back end."""

    spans_per_second: int
    min_replicas: int
    max_replicas: int
    resources: Resources
    traces_in_memory: int
    span_series: int
    """Combinations of labels that one gateway makes metrics of from a service's spans."""
    queue_mib: int


@dataclass(frozen=True, kw_only=True)
class AgentSize:
    """The agent of one node; `queue_mib` is on the node's disk, for each tenant and Prometheus."""

    lines_per_second: int
    resources: Resources
    queue_mib: int


@dataclass(frozen=True, kw_only=True)
class BackendSize:
    """Everything about logs, traces and collectors that depends on the size.

    `door` is each nginx in front of the back ends (blueprint/doors.py), two replicas of each at
    least: while one restarts, nothing is refused.
    """

    loki: LokiSize
    tempo: TempoSize
    gateway: GatewaySize
    agent: AgentSize
    door: Part


BACKENDS: dict[Size, BackendSize] = {
    # One replica each: while its zone is out, agents and gateways queue, and nothing can be read.
    "small": BackendSize(
        loki=LokiSize(
            gigabytes_per_day=20,
            replication_factor=1,
            server=Part(
                replicas=1, resources=resources("250m 768Mi", "1500m 1536Mi"), volume_gib=10
            ),
            chunks_cache=Cache(megabytes=256, resources=resources("20m 320Mi", "200m 320Mi")),
            results_cache=Cache(megabytes=64, resources=resources("10m 96Mi", "200m 96Mi")),
            ingestion_mb_per_second=4,
            streams_per_tenant=5_000,
        ),
        tempo=TempoSize(
            spans_per_second=1_000,
            server=Part(
                replicas=1, resources=resources("200m 768Mi", "1500m 1536Mi"), volume_gib=10
            ),
            ingestion_mb_per_second=5,
            traces_per_tenant=10_000,
        ),
        gateway=GatewaySize(
            spans_per_second=1_500,
            min_replicas=2,
            max_replicas=4,
            resources=resources("150m 384Mi", "500m 2Gi"),
            traces_in_memory=35_000,
            span_series=2_000,
            queue_mib=256,
        ),
        agent=AgentSize(
            lines_per_second=2_000, resources=resources("30m 96Mi", "200m 256Mi"), queue_mib=128
        ),
        door=Part(replicas=2, resources=resources("10m 24Mi", "200m 64Mi")),
    ),
    # Loki survives a zone. Tempo does not: its chart makes no cluster of several replicas. While
    # its zone is out, the gateways queue traces.
    "medium": BackendSize(
        loki=LokiSize(
            gigabytes_per_day=150,
            replication_factor=3,
            server=Part(replicas=3, resources=resources("500m 2Gi", "2 4Gi"), volume_gib=20),
            chunks_cache=Cache(megabytes=1_024, resources=resources("50m 1280Mi", "500m 1280Mi")),
            results_cache=Cache(megabytes=256, resources=resources("20m 320Mi", "300m 320Mi")),
            ingestion_mb_per_second=16,
            streams_per_tenant=20_000,
        ),
        tempo=TempoSize(
            spans_per_second=3_000,
            server=Part(replicas=1, resources=resources("500m 2Gi", "3 4Gi"), volume_gib=30),
            ingestion_mb_per_second=15,
            traces_per_tenant=50_000,
        ),
        gateway=GatewaySize(
            spans_per_second=3_000,
            min_replicas=2,
            max_replicas=6,
            resources=resources("300m 768Mi", "1 2Gi"),
            traces_in_memory=75_000,
            span_series=5_000,
            queue_mib=512,
        ),
        agent=AgentSize(
            lines_per_second=4_000, resources=resources("50m 128Mi", "400m 384Mi"), queue_mib=256
        ),
        door=Part(replicas=2, resources=resources("20m 32Mi", "500m 128Mi")),
    ),
    # Everything survives a zone.
    "large": BackendSize(
        loki=LokiSize(
            gigabytes_per_day=1_500,
            replication_factor=3,
            parts={
                "ingester": Part(replicas=3, resources=resources("2 4Gi", "4 8Gi"), volume_gib=50),
                "distributor": Part(replicas=3, resources=resources("1 512Mi", "2 1Gi")),
                "indexGateway": Part(
                    replicas=2, resources=resources("500m 2Gi", "2 3Gi"), volume_gib=30
                ),
                "querier": Part(replicas=5, resources=resources("1 1Gi", "3 3Gi")),
                "queryFrontend": Part(replicas=2, resources=resources("500m 1Gi", "2 2Gi")),
                "queryScheduler": Part(replicas=2, resources=resources("100m 256Mi", "1 512Mi")),
                # One at a time: two would compact the same tables.
                "compactor": Part(
                    replicas=1, resources=resources("1 4Gi", "2 10Gi"), volume_gib=50
                ),
                "ruler": Part(replicas=2, resources=resources("200m 512Mi", "1 2Gi")),
                "patternIngester": Part(
                    replicas=3, resources=resources("200m 512Mi", "1 1Gi"), volume_gib=10
                ),
            },
            chunks_cache=Cache(megabytes=6_144, resources=resources("500m 7400Mi", "1 7400Mi")),
            results_cache=Cache(megabytes=1_024, resources=resources("100m 1280Mi", "1 1280Mi")),
            ingestion_mb_per_second=64,
            streams_per_tenant=100_000,
        ),
        tempo=TempoSize(
            spans_per_second=20_000,
            parts={
                "distributor": Part(replicas=3, resources=resources("500m 512Mi", "2 2Gi")),
                "ingester": Part(replicas=3, resources=resources("1 4Gi", "3 8Gi"), volume_gib=30),
                "querier": Part(replicas=3, resources=resources("500m 1Gi", "2 4Gi")),
                "queryFrontend": Part(replicas=2, resources=resources("200m 512Mi", "1 2Gi")),
                "compactor": Part(replicas=2, resources=resources("500m 1Gi", "2 3Gi")),
                "metricsGenerator": Part(
                    replicas=2, resources=resources("300m 512Mi", "1 2Gi"), volume_gib=10
                ),
                "memcached": Part(replicas=2, resources=resources("50m 1280Mi", "500m 1280Mi")),
            },
            ingestion_mb_per_second=40,
            traces_per_tenant=200_000,
        ),
        gateway=GatewaySize(
            spans_per_second=9_000,
            min_replicas=3,
            max_replicas=12,
            resources=resources("1 2Gi", "2 4Gi"),
            traces_in_memory=200_000,
            span_series=10_000,
            queue_mib=1_024,
        ),
        agent=AgentSize(
            lines_per_second=8_000, resources=resources("100m 192Mi", "800m 512Mi"), queue_mib=512
        ),
        door=Part(replicas=2, resources=resources("100m 64Mi", "1 256Mi")),
    ),
}
