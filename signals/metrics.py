"""Every metric that a dashboard or an alert may query; their names are only here.

A metric is a constant of `Metric`, and a query writes `{METRIC}` for its name. A query may use no
other metric; `Source` says who produces a metric, and the tests look there.

Names are those in Prometheus. Of what comes by OTLP they are made by its
`otlp.translation_strategy` (helm_values/kube_prometheus_stack): dots become underscores, the
unit and `_total` are added.
"""

from dataclasses import dataclass
from typing import Literal

from signals import platform_jobs as jobs
from signals.platform_jobs import Target

Kind = Literal["counter", "gauge", "histogram"]

ENVIRONMENT = jobs.ENVIRONMENT
SERVICE = "service_name"


@dataclass(frozen=True, kw_only=True)
class Source:
    """The producer of a metric, and the labels that all of its metrics get.

    `target` is the scraped target, None for pushed and recorded series. `reference` is the page
    that documents the names of the metrics.
    """

    name: str
    target: Target | None
    labels: tuple[str, ...]
    reference: str


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric; of a histogram `name` is the base of its three names. `unit` is UCUM's."""

    name: str
    kind: Kind
    source: Source
    labels: tuple[str, ...]
    unit: str
    help: str

    def __str__(self) -> str:
        """The name, as a query writes it; of a histogram one of the three must be chosen."""
        if self.kind == "histogram":
            raise TypeError(f"{self.name} is a histogram: write .bucket, .count or .sum")
        return self.name

    @property
    def bucket(self) -> str:
        """Cumulative counts by upper bound, label `le`."""
        return f"{self.name}_bucket"

    @property
    def count(self) -> str:
        """How many values."""
        return f"{self.name}_count"

    @property
    def sum(self) -> str:
        """Sum of the values."""
        return f"{self.name}_sum"

    @property
    def series_names(self) -> tuple[str, ...]:
        """The names of its series."""
        if self.kind == "histogram":
            return self.bucket, self.count, self.sum
        return (self.name,)


# --- Sources --------------------------------------------------------------------------------------

_SCRAPED_SERVICE = ("job", "instance", "namespace", "pod", "service", "container", "endpoint")
_SCRAPED_POD = ("job", "instance", "namespace", "pod", "container", "endpoint")
# Of otlp.promoteResourceAttributes, those that the senders set.
_OTLP = ("job", "instance", SERVICE, "service_namespace", "service_version", ENVIRONMENT,
         "k8s_cluster_name", "k8s_namespace_name")  # fmt: skip

SPAN_METRICS = Source(
    name="span_metrics connector of the gateways",
    target=None,
    labels=_OTLP,
    reference="https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/connector/spanmetricsconnector",
)
APPLICATION = Source(
    name="OpenTelemetry SDK of an application",
    target=None,
    labels=(*_OTLP, "k8s_pod_name", "k8s_node_name", "k8s_deployment_name"),
    reference="https://opentelemetry.io/docs/specs/semconv/http/http-metrics/",
)
GUARDS = Source(
    name="guards of the gateways",
    target=None,
    labels=("instance", SERVICE, ENVIRONMENT, "k8s_cluster_name", "k8s_namespace_name"),
    reference="https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/connector/countconnector",
)
SERVICE_GRAPH = Source(
    name="service graph of Tempo's metrics generator",
    target=None,
    labels=("source", "k8s_cluster_name", ENVIRONMENT),
    reference="https://grafana.com/docs/tempo/latest/metrics-generator/service_graphs/",
)
KUBELET_STATS = Source(
    name="kubeletstats receiver of the agents",
    target=None,
    labels=(*_OTLP, "k8s_pod_name", "k8s_node_name"),
    reference="https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/main/receiver/kubeletstatsreceiver/documentation.md",
)
CADVISOR = Source(
    name="cAdvisor in the kubelet",
    target=jobs.KUBELET_OBJECTS,
    labels=(*_SCRAPED_SERVICE, "node", "metrics_path"),
    reference="https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md",
)
KUBELET = Source(
    name="kubelet",
    target=jobs.KUBELET_OBJECTS,
    labels=(*_SCRAPED_SERVICE, "node", "metrics_path"),
    reference="https://kubernetes.io/docs/reference/instrumentation/metrics/",
)
API_SERVER = Source(
    name="Kubernetes API server",
    target=jobs.API_SERVER,
    labels=("job", "instance", "namespace", "service", "endpoint"),
    reference="https://kubernetes.io/docs/reference/instrumentation/metrics/",
)
KUBE_STATE_METRICS = Source(
    name="kube-state-metrics",
    target=jobs.KUBE_STATE_METRICS,
    # Its own `namespace` and `pod` are kept: the monitor honours labels.
    labels=("job", "instance", "service", "endpoint"),
    reference="https://github.com/kubernetes/kube-state-metrics/tree/main/docs",
)
COLLECTOR = Source(
    name="OpenTelemetry collectors (gateways and agents)",
    target=jobs.COLLECTORS,
    labels=_SCRAPED_SERVICE,
    reference="https://opentelemetry.io/docs/collector/internal-telemetry/",
)
PROMETHEUS = Source(
    name="Prometheus (of the platform and of the stages)",
    target=jobs.EVERY_PROMETHEUS,
    labels=_SCRAPED_SERVICE,
    reference="https://github.com/prometheus/prometheus",
)
ALERTMANAGER = Source(
    name="Alertmanager",
    target=jobs.ALERTMANAGER,
    labels=_SCRAPED_SERVICE,
    reference="https://github.com/prometheus/alertmanager",
)
THANOS = Source(
    name="Thanos (sidecar, querier, store, compactor)",
    target=jobs.EVERY_THANOS,
    labels=_SCRAPED_SERVICE,
    reference="https://github.com/thanos-io/thanos/tree/main/mixin",
)
LOKI = Source(
    name="Loki",
    target=jobs.LOKI,
    labels=_SCRAPED_SERVICE,
    reference="https://grafana.com/docs/loki/latest/operations/observability/",
)
TEMPO = Source(
    name="Tempo",
    target=jobs.TEMPO,
    labels=_SCRAPED_SERVICE,
    reference="https://grafana.com/docs/tempo/latest/operations/monitor/",
)
EXTERNAL_SECRETS = Source(
    name="External Secrets",
    target=jobs.EXTERNAL_SECRETS,
    labels=_SCRAPED_SERVICE,
    reference="https://external-secrets.io/latest/api/metrics/",
)
VELERO = Source(
    name="Velero",
    target=jobs.VELERO,
    labels=_SCRAPED_SERVICE,
    reference="https://github.com/vmware-tanzu/velero/blob/main/pkg/metrics/metrics.go",
)
SCRAPE = Source(
    name="Prometheus, about each scrape",
    target=None,
    labels=_SCRAPED_SERVICE,
    reference="https://prometheus.io/docs/concepts/jobs_instances/",
)

RULES = Source(
    name="rules of Prometheus",
    target=None,
    labels=("namespace", "severity", "owner"),
    reference="https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/",
)


def _counter(name: str, source: Source, labels: tuple[str, ...], unit: str, help_: str) -> Metric:
    return Metric(name=name, kind="counter", source=source, labels=labels, unit=unit, help=help_)


def _gauge(name: str, source: Source, labels: tuple[str, ...], unit: str, help_: str) -> Metric:
    return Metric(name=name, kind="gauge", source=source, labels=labels, unit=unit, help=help_)


def _histogram(name: str, source: Source, labels: tuple[str, ...], unit: str, help_: str) -> Metric:
    return Metric(name=name, kind="histogram", source=source, labels=labels, unit=unit, help=help_)


# --- Requests -------------------------------------------------------------------------------------

_SPAN = ("span_name", "span_kind", "status_code", "http_request_method", "http_route",
         "http_response_status_code", "otel_metric_overflow")  # fmt: skip

CALLS = _counter("traces_span_metrics_calls_total", SPAN_METRICS, _SPAN, "{span}", "Spans.")
DURATION = _histogram(
    "traces_span_metrics_duration_seconds", SPAN_METRICS, _SPAN, "s", "Durations of spans."
)
"""Made before sampling, so both count all spans."""

_HTTP_SERVER = ("http_request_method", "http_route", "http_response_status_code", "url_scheme",
                "error_type", "network_protocol_version")  # fmt: skip
HTTP_SERVER_DURATION = _histogram(
    "http_server_request_duration_seconds", APPLICATION, _HTTP_SERVER, "s",
    "Durations of HTTP requests answered by a server.",
)  # fmt: skip
HTTP_SERVER_ACTIVE = _gauge(
    "http_server_active_requests", APPLICATION, ("http_request_method", "url_scheme"),
    "{request}", "HTTP requests in progress.",
)  # fmt: skip
HTTP_CLIENT_DURATION = _histogram(
    "http_client_request_duration_seconds", APPLICATION,
    ("http_request_method", "http_response_status_code", "server_address", "error_type"), "s",
    "Durations of HTTP requests sent by a client.",
)  # fmt: skip
DB_CLIENT_DURATION = _histogram(
    "db_client_operation_duration_seconds", APPLICATION,
    ("db_system_name", "db_operation_name", "db_collection_name", "error_type"), "s",
    "Durations of operations in a database.",
)  # fmt: skip

_EDGE = ("client", "server", "connection_type")
GRAPH_REQUESTS = _counter(
    "traces_service_graph_request_total", SERVICE_GRAPH, _EDGE, "{request}",
    "Requests between two services, from kept traces.",
)  # fmt: skip
GRAPH_FAILED = _counter(
    "traces_service_graph_request_failed_total", SERVICE_GRAPH, _EDGE, "{request}",
    "Failed requests between two services.",
)  # fmt: skip
GRAPH_SERVER_DURATION = _histogram(
    "traces_service_graph_request_server_seconds", SERVICE_GRAPH, _EDGE, "s",
    "Response times of the server of an edge.",
)  # fmt: skip

# --- Pods, nodes, volumes -------------------------------------------------------------------------

POD_CPU = _gauge("k8s_pod_cpu_usage", KUBELET_STATS, (), "{cpu}", "Cores that a pod uses.")
POD_MEMORY = _gauge(
    "k8s_pod_memory_working_set_bytes", KUBELET_STATS, (), "By", "Working-set memory of a pod."
)
POD_NETWORK = _counter(
    "k8s_pod_network_io_bytes_total", KUBELET_STATS, ("direction", "interface"), "By",
    "Traffic of a pod.",
)  # fmt: skip
NODE_CPU = _gauge("k8s_node_cpu_usage", KUBELET_STATS, (), "{cpu}", "Cores that a node uses.")
NODE_MEMORY_AVAILABLE = _gauge(
    "k8s_node_memory_available_bytes", KUBELET_STATS, (), "By", "Available memory of a node."
)

_CONTAINER = ("namespace", "pod", "container", "image", "id", "name")
CONTAINER_CPU = _counter(
    "container_cpu_usage_seconds_total", CADVISOR, (*_CONTAINER, "cpu"), "s", "CPU time."
)
CONTAINER_THROTTLED = _counter(
    "container_cpu_cfs_throttled_periods_total", CADVISOR, _CONTAINER, "{period}",
    "Periods of 100 ms in which the CPU limit throttled a container.",
)  # fmt: skip
CONTAINER_PERIODS = _counter(
    "container_cpu_cfs_periods_total", CADVISOR, _CONTAINER, "{period}",
    "Periods in which a container with a limit ran.",
)  # fmt: skip
CONTAINER_MEMORY = _gauge(
    "container_memory_working_set_bytes", CADVISOR, _CONTAINER, "By",
    "Working-set memory of a container, which counts for the OOM killer.",
)  # fmt: skip

_VOLUME = ("namespace", "persistentvolumeclaim")
VOLUME_AVAILABLE = _gauge(
    "kubelet_volume_stats_available_bytes", KUBELET, _VOLUME, "By", "Free space of a volume."
)
VOLUME_CAPACITY = _gauge(
    "kubelet_volume_stats_capacity_bytes", KUBELET, _VOLUME, "By", "Size of a volume."
)
KUBELET_SERVER_CERTIFICATE = _gauge(
    "kubelet_certificate_manager_server_ttl_seconds", KUBELET, (), "s",
    "Remaining validity of the certificate of a kubelet.",
)  # fmt: skip
API_CLIENT_CERTIFICATE = _histogram(
    "apiserver_client_certificate_expiration_seconds", API_SERVER, (), "s",
    "Remaining validity of the certificates of the API server's clients.",
)  # fmt: skip

_POD = ("namespace", "pod", "uid")
LIMITS = _gauge(
    "kube_pod_container_resource_limits", KUBE_STATE_METRICS,
    (*_POD, "container", "node", "resource", "unit"), "1", "Limits of containers.",
)  # fmt: skip
REQUESTS = _gauge(
    "kube_pod_container_resource_requests", KUBE_STATE_METRICS,
    (*_POD, "container", "node", "resource", "unit"), "1", "Requests of containers.",
)  # fmt: skip
RESTARTS = _counter(
    "kube_pod_container_status_restarts_total", KUBE_STATE_METRICS, (*_POD, "container"),
    "{restart}", "Restarts of containers.",
)  # fmt: skip
LAST_TERMINATED = _gauge(
    "kube_pod_container_status_last_terminated_reason", KUBE_STATE_METRICS,
    (*_POD, "container", "reason"), "1", "Reason of the last termination of a container.",
)  # fmt: skip
POD_PHASE = _gauge(
    "kube_pod_status_phase", KUBE_STATE_METRICS, (*_POD, "phase"), "1", "Phase of a pod."
)
NODE_ALLOCATABLE = _gauge(
    "kube_node_status_allocatable", KUBE_STATE_METRICS, ("node", "resource", "unit"), "1",
    "Resources that a node has for pods.",
)  # fmt: skip
DEPLOYMENT_REPLICAS = _gauge(
    "kube_deployment_spec_replicas", KUBE_STATE_METRICS, ("namespace", "deployment"), "{pod}",
    "Pods that a Deployment should have.",
)  # fmt: skip
DEPLOYMENT_AVAILABLE = _gauge(
    "kube_deployment_status_replicas_available", KUBE_STATE_METRICS, ("namespace", "deployment"),
    "{pod}", "Available pods of a Deployment.",
)  # fmt: skip
QUOTA = _gauge(
    "kube_resourcequota", KUBE_STATE_METRICS, ("namespace", "resourcequota", "resource", "type"),
    "1", "Quota of a namespace: type `hard` is the limit, `used` the use.",
)  # fmt: skip

ALERTS = _gauge(
    "ALERTS", RULES, ("alertname", "alertstate"), "1", "1 for each alert that pends or fires."
)

# --- The telemetry pipeline -----------------------------------------------------------------------

UP = _gauge("up", SCRAPE, (), "1", "1 if the last scrape succeeded, otherwise 0.")
SCRAPE_SAMPLES = _gauge(
    "scrape_samples_post_metric_relabeling", SCRAPE, (), "{sample}", "Samples of the last scrape."
)

_RECEIVER = ("receiver", "transport")
_EXPORTER = ("exporter",)
RECEIVED_SPANS = _counter(
    "otelcol_receiver_accepted_spans_total", COLLECTOR, _RECEIVER, "{span}", "Spans received."
)
RECEIVED_POINTS = _counter(
    "otelcol_receiver_accepted_metric_points_total", COLLECTOR, _RECEIVER, "{datapoint}",
    "Data points received.",
)  # fmt: skip
RECEIVED_LOGS = _counter(
    "otelcol_receiver_accepted_log_records_total", COLLECTOR, _RECEIVER, "{record}",
    "Log records received.",
)  # fmt: skip
REFUSED_SPANS = _counter(
    "otelcol_receiver_refused_spans_total", COLLECTOR, _RECEIVER, "{span}", "Spans refused."
)
REFUSED_POINTS = _counter(
    "otelcol_receiver_refused_metric_points_total", COLLECTOR, _RECEIVER, "{datapoint}",
    "Data points refused.",
)  # fmt: skip
REFUSED_LOGS = _counter(
    "otelcol_receiver_refused_log_records_total", COLLECTOR, _RECEIVER, "{record}",
    "Log records refused.",
)  # fmt: skip
SENT_SPANS = _counter(
    "otelcol_exporter_sent_spans_total", COLLECTOR, _EXPORTER, "{span}", "Spans delivered."
)
SENT_POINTS = _counter(
    "otelcol_exporter_sent_metric_points_total", COLLECTOR, _EXPORTER, "{datapoint}",
    "Data points delivered.",
)  # fmt: skip
SENT_LOGS = _counter(
    "otelcol_exporter_sent_log_records_total", COLLECTOR, _EXPORTER, "{record}",
    "Log records delivered.",
)  # fmt: skip
FAILED_SPANS = _counter(
    "otelcol_exporter_send_failed_spans_total", COLLECTOR, _EXPORTER, "{span}",
    "Spans dropped: refused permanently, or retried for too long.",
)  # fmt: skip
FAILED_POINTS = _counter(
    "otelcol_exporter_send_failed_metric_points_total", COLLECTOR, _EXPORTER, "{datapoint}",
    "Data points dropped: refused permanently, or retried for too long.",
)  # fmt: skip
FAILED_LOGS = _counter(
    "otelcol_exporter_send_failed_log_records_total", COLLECTOR, _EXPORTER, "{record}",
    "Log records dropped: refused permanently, or retried for too long.",
)  # fmt: skip
DROPPED_SPANS = _counter(
    "otelcol_exporter_enqueue_failed_spans_total", COLLECTOR, _EXPORTER, "{span}",
    "Spans that did not fit into the queue.",
)  # fmt: skip
DROPPED_POINTS = _counter(
    "otelcol_exporter_enqueue_failed_metric_points_total", COLLECTOR, _EXPORTER, "{datapoint}",
    "Data points that did not fit into the queue.",
)  # fmt: skip
DROPPED_LOGS = _counter(
    "otelcol_exporter_enqueue_failed_log_records_total", COLLECTOR, _EXPORTER, "{record}",
    "Log records that did not fit into the queue.",
)  # fmt: skip
QUEUE_SIZE = _gauge(
    "otelcol_exporter_queue_size", COLLECTOR, (*_EXPORTER, "data_type"), "By", "Bytes in the queue."
)
QUEUE_CAPACITY = _gauge(
    "otelcol_exporter_queue_capacity", COLLECTOR, (*_EXPORTER, "data_type"), "By",
    "Capacity of the queue in bytes.",
)  # fmt: skip
REFUSED_ITEMS = _counter(
    "telemetry_refused_items_total", GUARDS, ("reason",), "{item}",
    "Data points that a gateway dropped.",
)  # fmt: skip
SHORTENED_ITEMS = _counter(
    "telemetry_shortened_items_total", GUARDS, ("signal",), "{item}",
    "Spans and log records that a gateway shortened.",
)  # fmt: skip
COLLECTOR_MEMORY = _gauge(
    "otelcol_process_memory_rss_bytes", COLLECTOR, ("storage_set_aside",), "By",
    "Memory of a collector; `storage_set_aside`, which all its metrics have, names damaged files.",
)  # fmt: skip
COLLECTOR_CPU = _counter(
    "otelcol_process_cpu_seconds_total", COLLECTOR, (), "s", "CPU time of a collector."
)
TRACES_SAMPLED = _counter(
    "otelcol_processor_tail_sampling_global_count_traces_sampled_total", COLLECTOR,
    ("sampled",), "{trace}", "Traces with a sampling decision; label `sampled` has the decision.",
)  # fmt: skip
TRACES_DROPPED_EARLY = _counter(
    "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total", COLLECTOR, (),
    "{trace}", "Traces dropped before the sampling decision, because there were too many.",
)  # fmt: skip

HEAD_SERIES = _gauge("prometheus_tsdb_head_series", PROMETHEUS, (), "{series}", "Series in memory.")
SAMPLES_APPENDED = _counter(
    "prometheus_tsdb_head_samples_appended_total", PROMETHEUS, ("type",), "{sample}",
    "Samples received.",
)  # fmt: skip
TSDB_BYTES = _gauge(
    "prometheus_tsdb_storage_blocks_bytes", PROMETHEUS, (), "By", "Blocks on the volume."
)
RULE_FAILURES = _counter(
    "prometheus_rule_evaluation_failures_total", PROMETHEUS, ("rule_group",), "{evaluation}",
    "Rules that could not be evaluated.",
)  # fmt: skip
TOO_OLD_SAMPLES = _counter(
    "prometheus_tsdb_too_old_samples_total", PROMETHEUS, ("type",), "{sample}",
    "Samples refused because they arrived after the out-of-order window.",
)  # fmt: skip
NOTIFICATIONS = _counter(
    "alertmanager_notifications_total", ALERTMANAGER, ("integration",), "{notification}",
    "Attempted notifications.",
)  # fmt: skip
NOTIFICATIONS_FAILED = _counter(
    "alertmanager_notifications_failed_total", ALERTMANAGER, ("integration", "reason"),
    "{notification}", "Notifications that failed.",
)  # fmt: skip

SHIPPER_UPLOADS = _counter(
    "thanos_shipper_uploads_total", THANOS, (), "{block}", "Blocks uploaded."
)
SHIPPER_FAILURES = _counter(
    "thanos_shipper_upload_failures_total", THANOS, (), "{block}", "Uploads that failed."
)
COMPACT_HALTED = _gauge("thanos_compact_halted", THANOS, (), "1", "1 if the compactor has halted.")
COMPACT_ITERATIONS = _counter(
    "thanos_compact_iterations_total", THANOS, (), "{iteration}", "Runs of the compactor."
)
COMPACT_FAILURES = _counter(
    "thanos_compact_group_compactions_failures_total", THANOS, ("resolution",), "{compaction}",
    "Compactions that failed.",
)  # fmt: skip
OBJSTORE_OPERATIONS = _counter(
    "thanos_objstore_bucket_operations_total", THANOS, ("bucket", "operation"), "{operation}",
    "Requests to the bucket.",
)  # fmt: skip
OBJSTORE_FAILURES = _counter(
    "thanos_objstore_bucket_operation_failures_total", THANOS, ("bucket", "operation"),
    "{operation}", "Requests to the bucket that failed.",
)  # fmt: skip
STORE_BLOCKS = _gauge(
    "thanos_bucket_store_blocks_loaded",
    THANOS,
    (),
    "{block}",
    "Blocks that a store gateway has loaded.",
)

_TENANT = ("tenant",)
LOKI_BYTES = _counter(
    "loki_distributor_bytes_received_total", LOKI, (*_TENANT, "retention_hours"), "By",
    "Log bytes received, before compression.",
)  # fmt: skip
LOKI_LINES = _counter(
    "loki_distributor_lines_received_total", LOKI, _TENANT, "{line}", "Log lines received."
)
LOKI_DISCARDED = _counter(
    "loki_discarded_samples_total", LOKI, (*_TENANT, "reason"), "{line}", "Log lines refused."
)
LOKI_STREAMS = _gauge(
    "loki_ingester_memory_streams", LOKI, _TENANT, "{stream}", "Streams in memory."
)
LOKI_REQUESTS = _histogram(
    "loki_request_duration_seconds", LOKI, ("method", "route", "status_code", "ws"), "s",
    "Durations of requests to Loki.",
)  # fmt: skip
LOKI_RETENTION = _gauge(
    "loki_compactor_apply_retention_last_successful_run_timestamp_seconds", LOKI, (), "s",
    "Time of the last retention run.",
)  # fmt: skip

TEMPO_BYTES = _counter(
    "tempo_distributor_bytes_received_total", TEMPO, _TENANT, "By", "Span bytes received."
)
TEMPO_SPANS = _counter(
    "tempo_distributor_spans_received_total", TEMPO, _TENANT, "{span}", "Spans received."
)
TEMPO_DISCARDED = _counter(
    "tempo_discarded_spans_total", TEMPO, (*_TENANT, "reason"), "{span}", "Spans refused."
)
TEMPO_LIVE = _gauge("tempo_ingester_live_traces", TEMPO, _TENANT, "{trace}", "Traces in memory.")
TEMPO_FLUSH_FAILURES = _counter(
    "tempo_ingester_failed_flushes_total", TEMPO, (), "{flush}",
    "Blocks that could not be written to the bucket.",
)  # fmt: skip
TEMPO_REQUESTS = _histogram(
    "tempo_request_duration_seconds", TEMPO, ("method", "route", "status_code", "ws"), "s",
    "Durations of requests to Tempo.",
)  # fmt: skip
_REMOTE = ("remote_name", "url", "tenant")
REMOTE_WRITE_NEWEST = _gauge(
    "prometheus_remote_storage_highest_timestamp_in_seconds", TEMPO, ("tenant",), "s",
    "Newest sample that Tempo's generator created.",
)  # fmt: skip
REMOTE_WRITE_SENT = _gauge(
    "prometheus_remote_storage_queue_highest_sent_timestamp_seconds", TEMPO, _REMOTE, "s",
    "Newest sample that Prometheus has received from it.",
)  # fmt: skip

EXTERNAL_SECRET_READY = _gauge(
    "externalsecret_status_condition", EXTERNAL_SECRETS,
    ("name", "exported_namespace", "condition", "status"), "1",
    "1 if External Secrets could read a secret from AWS Secrets Manager.",
)  # fmt: skip
BACKUP_ATTEMPTS = _counter(
    "velero_backup_attempt_total", VELERO, ("schedule",), "{backup}", "Backups started."
)
BACKUP_LAST_SUCCESS = _gauge(
    "velero_backup_last_successful_timestamp", VELERO, ("schedule",), "s",
    "Time of the last successful backup of a schedule.",
)  # fmt: skip

METRICS: dict[str, Metric] = {
    metric.name: metric for metric in list(globals().values()) if isinstance(metric, Metric)
}
"""All of them by name; of histograms, by the base of their names."""
