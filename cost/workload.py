"""What the applications of an environment send, and the assumptions of the model: one YAML file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from settings.checks import Problem
from settings.load import DIRECTORY as ENVIRONMENTS
from settings.load import SettingsError, load_model, settings_folder
from settings.model import OBSERVABILITY, Model, Settings
from settings.types import NamespaceName

DIRECTORY = Path(__file__).parent / "workloads"

Ratio = Annotated[float, Field(ge=0.001, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=1, le=100)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Rate = Annotated[float, Field(ge=0, le=10_000_000)]
Gigabytes = Annotated[float, Field(ge=0, le=10_000_000)]


class Assumptions(Model):
    """Assumptions of the model, each with its source. A workload file may set any of them."""

    trace_stored_ratio: Ratio = 0.15
    """Bytes in the bucket for each byte of spans. Tempo's documentation ("Compression and
    encoding"): zstd reduces storage to about 15 %, in a test that the page calls anecdotal."""
    log_stored_ratio: Ratio = 0.1667
    """Bytes in the bucket for each byte of lines, 1 / 6: OpenShift's sizing of Loki uses a factor
    of 5 to 7 (openshift/openshift-docs, pull request 116817)."""
    bytes_per_sample: Annotated[float, Field(ge=0.5, le=16)] = 2
    """Prometheus documentation ("Storage"): 1 to 2 bytes a sample; the upper end."""
    downsampled_aggregates: Annotated[int, Field(ge=1, le=9)] = 5
    """Thanos keeps count, sum, min, max and counter of each downsampled interval (Thanos
    "Compactor", "Downsampling"); each counts as one sample."""
    wire_ratio: Ratio = 0.25
    """Bytes on the wire for each byte of telemetry between collectors and back ends, which the
    collectors compress with gzip (exporters' default). Our estimate. Data from applications to a
    gateway counts in full: SDKs do not compress by default (`OTEL_EXPORTER_OTLP_COMPRESSION`).
    """
    cross_zone_share: Share = 0.667
    """Share of traffic between pods that crosses zones: 2 of 3 if a Service spreads it evenly over
    three zones."""
    bytes_per_data_point: Annotated[float, Field(ge=1, le=10_000)] = 60
    """A data point of OTLP or remote write before compression. Our estimate."""
    spot_discount: Share = 0.5
    """Discount of a Spot instance. Prices change; AWS says "up to 90 %". The Spot advisor showed
    50 to 70 % for general purpose types (output of `spotinfo`, gist alexei-led/9a22c748, 2021),
    and discounts in us-east-1 are the smallest (mmcloud.io, "Variability in AWS EC2 Spot Instance
    Discounts", 2023): the lower end."""
    chunk_bytes: Annotated[float, Field(ge=1_000, le=100_000_000)] = 400_000
    """Compressed size of a Loki chunk when it is written. Loki aims at 1.5 MB
    (`chunk_target_size`), which streams with little traffic do not reach within
    `max_chunk_age` (2 h). Our estimate."""
    trace_objects_per_hour: Annotated[float, Field(ge=1, le=100_000)] = 40
    """Objects that Tempo writes in an hour for one tenant: two blocks (`max_block_duration` 30 min)
    of about ten objects, each compacted once. Our estimate."""
    metric_objects_per_hour: Annotated[float, Field(ge=1, le=100_000)] = 10
    """Objects that Thanos writes in an hour for one Prometheus: a block of four objects in two
    hours, and those that compaction and downsampling write again. Our estimate."""
    gets_per_put: Annotated[float, Field(ge=0, le=10_000)] = 20
    """Reads of queries, compaction and polling for each object written. Our estimate."""
    kms_requests_per_s3_request: Share = 0.01
    """All buckets have bucket keys, with which S3 sends up to 99 % fewer requests to KMS ("Reducing
    the cost of SSE-KMS with Amazon S3 Bucket Keys", S3 user guide)."""
    control_plane_log_gb: Gigabytes = 30
    """Logs of the control plane a month, all five types. Our estimate: audit logs grow with
    the number of objects and controllers."""
    cloudwatch_stored_ratio: Ratio = 0.15
    """CloudWatch bills stored logs compressed: 0.15 in the examples of its pricing page, from
    memory."""
    queries_per_sample: Annotated[float, Field(ge=0, le=1_000)] = 0.2
    """Samples that dashboards and rules read for each stored sample, if the vendor bills reads. Our
    estimate."""
    flow_log_gb_per_node: Gigabytes = 4
    """Flow logs a month for each node before compression. Our estimate."""
    flow_log_stored_ratio: Ratio = 0.1
    """Bytes of compressed Parquet in the bucket for each byte of flow logs. Our estimate."""
    nat_gb: Gigabytes = 100
    """Data a month through NAT: images from public registries, Slack, mail. Our estimate."""
    endpoint_gb_per_node: Gigabytes = 5
    """Data a month through interface endpoints for each node: images from ECR, tokens, secrets. Our
    estimate."""
    backup_gb: Gigabytes = 5
    """Size of Velero's backups: objects of Kubernetes, no volumes. Our estimate."""
    secrets: Annotated[int, Field(ge=0, le=10_000)] = 8
    """Secrets in AWS Secrets Manager, each read once an hour by External Secrets."""
    overhead_series: Count = 40_000
    """Series of the foundation itself: kubelets, kube-state-metrics, collectors, back ends. Our
    estimate for a cluster of about 15 nodes."""


class NamespaceWorkload(Model):
    """Telemetry of one namespace, as the average of a month."""

    services: Annotated[int, Field(ge=0, le=100_000)]
    """Services that send telemetry."""
    requests_per_second: Rate
    """Requests of all its services together that begin a trace."""
    spans_per_request: Annotated[float, Field(ge=0, le=10_000)] = 8
    """Spans of one trace."""
    span_bytes: Annotated[float, Field(ge=1, le=1_000_000)] = 500
    """Size of a span in OTLP; Tempo's sizing takes 500."""
    kept_anyway_percent: Annotated[float, Field(ge=0, le=100)] = 2
    """Share of the traces that are erroneous or slow: sampling always keeps them."""
    log_lines_per_second: Rate
    """Lines of all its containers together."""
    log_line_bytes: Annotated[float, Field(ge=1, le=1_000_000)] = 250
    """Size of a line."""
    active_series: Count
    """Series that its services expose or send, those of the gateways' span metrics included."""
    pushed_percent: Annotated[float, Field(ge=0, le=100)] = 40
    """Share of the series that come by OTLP through the gateway; the others are scraped."""
    application_cpu: Annotated[float, Field(ge=0, le=100_000)] = 0
    """CPU that the applications request, cores."""
    application_memory_gib: Annotated[float, Field(ge=0, le=1_000_000)] = 0
    """Memory that the applications request."""

    @property
    def spans_per_second(self) -> float:
        """Spans before sampling."""
        return self.requests_per_second * self.spans_per_request

    @property
    def log_bytes_per_second(self) -> float:
        """Bytes of log lines."""
        return self.log_lines_per_second * self.log_line_bytes


class Workload(Model):
    """The workload of an environment."""

    description: str
    """What it represents, in one sentence: the heading of every output."""
    scrape_interval_seconds: Annotated[int, Field(ge=5, le=300)] = 30
    """Time between two samples of a series; the foundation scrapes every 30 s."""
    editors: Annotated[int, Field(ge=0, le=100_000)] = 5
    """People who change dashboards: managed Grafanas bill them."""
    viewers: Annotated[int, Field(ge=0, le=100_000)] = 20
    """People who only look."""
    namespaces: dict[NamespaceName, NamespaceWorkload]
    """By namespace; a namespace of the environment that is left out sends nothing."""
    assumptions: Assumptions = Assumptions()
    """Where this workload differs from what the model assumes."""


def load_workload(path: Path, settings: Settings) -> Workload:
    """Read a workload and check it against the environment.

    Raises:
        SettingsError: one line per mistake: file and line, key, value, what is allowed.
    """

    def rules(workload: Workload) -> Iterator[Problem]:
        for name in workload.namespaces:
            if name not in settings.namespaces:
                allowed = ", ".join(settings.namespaces)
                yield Problem(
                    ("namespaces", name),
                    None,
                    f"environment {settings.environment} has no such namespace; allowed: {allowed}",
                )
        own = workload.namespaces.get(OBSERVABILITY)
        if own and own.requests_per_second:
            yield Problem(
                ("namespaces", OBSERVABILITY, "requests_per_second"),
                own.requests_per_second,
                "allowed: 0, as this namespace has no gateway that counts and samples",
            )

    return load_model(path, Workload, rules)


def workload_path(environment: str) -> Path:
    """The committed workload of an environment.

    Settings in another folder than `environments/` have their workloads in `workloads/` there.

    Raises:
        SettingsError: it has none.
    """
    folder = DIRECTORY if settings_folder() == ENVIRONMENTS else settings_folder() / "workloads"
    path = folder / f"{environment}.yaml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
        raise SettingsError(
            f"{folder.parent.name}/workloads/{path.name}: no such file; allowed: write it, or give "
            f"one with WORKLOAD=<file> (there are: {known})"
        )
    return path
