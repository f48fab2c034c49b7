"""For each alert: series on which it fires, from which minute on, and series on which it must not.

Of the environment prd: objectives of 99.9 % and 99 % within 500 ms for its stage prd.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Series = tuple[str, str]
"""A series and its values, as promtool writes them: a value a minute."""

HOUR = 60


@dataclass(frozen=True, kw_only=True)
class Case:
    """`at` is the first minute in which it fires; one minute before it does not.

    `labels` are those it fires with, besides alertname; `value` is how its description and summary
    say the value. `quiet` are series on which it does not fire at `at`, though nearly.
    """

    alert: str
    fires: tuple[Series, ...]
    at: int
    quiet: tuple[Series, ...]
    severity: str
    namespace: str
    value: str
    owner: str = "platform-team"
    labels: dict[str, str] = field(default_factory=dict)


JOBS = {
    "kube_": "kube-state-metrics",
    "container_": "kubelet",
    "kubelet_": "kubelet",
    "apiserver_": "apiserver",
    "prometheus_tsdb_": "kps-prometheus",
    "prometheus_remote_storage_": "tempo",
    "alertmanager_": "kps-alertmanager",
    "loki_": "observability/loki",
    "tempo_": "tempo",
    "thanos_shipper_": "kps-thanos-discovery",
    "thanos_compact_": "thanos-compactor",
    "thanos_objstore_": "thanos-store",
    "externalsecret_": "external-secrets-metrics",
    "velero_": "velero",
}
"""Of the platform's metrics, by the first part of their names: the label that Prometheus gives."""


def series(name: str, values: str, /, **labels: str) -> Series:
    """A series as promtool wants it, with the job of who makes it."""
    jobs = [job for first, job in JOBS.items() if name.startswith(first)]
    labels = ({"job": jobs[0]} if jobs else {}) | labels
    text = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{text}}}", values


CALLS = "traces_span_metrics_calls_total"
DURATION = "traces_span_metrics_duration_seconds"


def span(name: str, values: str, /, **labels: str) -> Series:
    """Of requests that `shop` in prd answered."""
    return series(
        name,
        values,
        **{
            "deployment_environment_name": "prd",
            "service_name": "shop",
            "span_kind": "SPAN_KIND_SERVER",
            "status_code": "STATUS_CODE_UNSET",
        }
        | labels,
    )


def calls(good: str, bad: str, **labels: str) -> tuple[Series, ...]:
    return (
        span(CALLS, good, **labels),
        span(CALLS, bad, **labels, status_code="STATUS_CODE_ERROR"),
    )


def durations(fast: str, everything: str) -> tuple[Series, ...]:
    return (
        span(f"{DURATION}_bucket", fast, le="0.5"),
        span(f"{DURATION}_count", everything),
    )


SHOP = {"deployment_environment_name": "prd", "service_name": "shop"}
PRODUCT = "product-teams"


def pod(name: str, values: str, /, **labels: str) -> Series:
    """Of a container in prd."""
    return series(
        name, values, **{"namespace": "prd", "pod": "shop-1", "container": "shop"} | labels
    )


CONTAINER = {"pod": "shop-1", "container": "shop"}


def gateway(name: str, values: str, /, **labels: str) -> Series:
    """Of the gateway of prd."""
    where = {"namespace": "prd", "job": "otel-gateway", "pod": "otel-gateway-1"}
    return series(name, values, **where | labels)


def platform(name: str, values: str, /, **labels: str) -> Series:
    """Of something in observability."""
    return series(name, values, **{"namespace": "observability"} | labels)


def stage_prometheus(name: str, values: str, /, **labels: str) -> Series:
    """Of the Prometheus of prd."""
    where = {"namespace": "prd", "job": "stage-prometheus", "pod": "prometheus-stage-0"}
    return series(name, values, **where | labels)


BACK_ENDS = {
    "prometheus": "kps-prometheus",
    "alertmanager": "kps-alertmanager",
    "loki": "observability/loki",
    "tempo": "tempo",
    "thanos-querier": "thanos-querier",
    "thanos-store": "thanos-store",
    "thanos-compactor": "thanos-compactor",
}


def back_end(backend: str) -> Case:
    """All others are up."""
    up = tuple(
        platform("up", "1x60", job=job) for name, job in BACK_ENDS.items() if name != backend
    )
    return Case(
        alert="BackendDown",
        fires=(*up, platform("up", "1x9 0x50", job=BACK_ENDS[backend])),
        at=15,
        quiet=(
            *up,
            platform("up", "0x60", job=BACK_ENDS[backend], pod="0"),
            platform("up", "1x60", job=BACK_ENDS[backend], pod="1"),
        ),
        severity="critical",
        namespace="observability",
        value="1",
        labels={"backend": backend},
    )


CASES = (
    # --- Service levels -----------------------------------------------------------------------
    Case(
        # After a clean hour half of the requests fail.
        alert="ServiceAvailabilityBurnFast",
        fires=calls("0+100x60 6050+50x60", "0x60 50+50x60"),
        at=63,
        # Half of them failed for half an hour, then none for as long.
        quiet=calls("0+50x29 1550+100x40", "0+50x29 1450x40"),
        severity="critical",
        namespace="prd",
        owner=PRODUCT,
        labels={**SHOP, "sli": "availability"},
        value="2.501%",
    ),
    Case(
        # 0.8 %: below 14.4 times the budget, above 6 times, over 30 minutes and six hours.
        alert="ServiceAvailabilityBurnFast",
        fires=calls("0+9920x120", "0+80x120"),
        at=3,
        quiet=calls("0+9950x120", "0+50x120"),
        severity="critical",
        namespace="prd",
        owner=PRODUCT,
        labels={**SHOP, "sli": "availability"},
        value="0.8%",
    ),
    Case(
        alert="ServiceAvailabilityBurnSlow",
        fires=calls("0+9980x120", "0+20x120"),
        at=16,
        quiet=calls("0+99950x120", "0+50x120"),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        labels={**SHOP, "sli": "availability"},
        value="0.2%",
    ),
    Case(
        # 20 % slower than 500 ms, and 1 % may be.
        alert="ServiceLatencyBurnFast",
        fires=durations("0+80x120", "0+100x120"),
        at=3,
        quiet=durations("0+95x120", "0+100x120"),
        severity="critical",
        namespace="prd",
        owner=PRODUCT,
        labels={**SHOP, "sli": "latency"},
        value="20%",
    ),
    Case(
        alert="ServiceLatencyBurnSlow",
        fires=durations("0+980x120", "0+1000x120"),
        at=16,
        quiet=durations("0+995x120", "0+1000x120"),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        labels={**SHOP, "sli": "latency"},
        value="2%",
    ),
    Case(
        alert="ServiceRouteErrorRateHigh",
        fires=calls("0+60x60", "0+40x60", http_route="/orders"),
        at=6,
        # As many, but of one request a minute nobody is woken.
        quiet=calls("0+0.6x60", "0+0.4x60", http_route="/orders"),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        labels={**SHOP, "http_route": "/orders"},
        value="40%",
    ),
    # --- Absence ------------------------------------------------------------------------------
    Case(
        alert="ServiceTelemetryAbsent",
        # 60 spans a minute until minute 90.
        fires=(span(CALLS, "0+60x90 5400x120"),),
        at=129,
        quiet=(span(CALLS, "0+60x240"),),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        labels=SHOP,
        value="3.6k",
    ),
    Case(
        alert="WorkloadUnavailable",
        fires=(
            series("kube_deployment_spec_replicas", "2x30", namespace="prd", deployment="shop"),
            series(
                "kube_deployment_status_replicas_available",
                "2x9 0x20",
                namespace="prd",
                deployment="shop",
            ),
        ),
        at=15,
        # Scaled to nothing on purpose.
        quiet=(
            series("kube_deployment_spec_replicas", "0x30", namespace="prd", deployment="shop"),
            series(
                "kube_deployment_status_replicas_available",
                "0x30",
                namespace="prd",
                deployment="shop",
            ),
        ),
        severity="critical",
        namespace="prd",
        owner=PRODUCT,
        labels={"deployment": "shop", "job": "kube-state-metrics"},
        value="2",
    ),
    Case(
        alert="GatewayReceivesNothing",
        fires=(gateway("otelcol_receiver_accepted_spans_total", "0+60x60 3600x120"),),
        at=104,
        # It never received anything: nothing has been deployed yet.
        quiet=(gateway("otelcol_receiver_accepted_spans_total", "0x200"),),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        value="0",
    ),
    Case(
        alert="GatewayDown",
        fires=(
            gateway("up", "1x9 0x30"),
            *(series("up", "1x40", namespace=ns, job="otel-gateway") for ns in ("dev", "hml")),
        ),
        at=15,
        quiet=tuple(
            series("up", "1x40", namespace=ns, job="otel-gateway") for ns in ("dev", "hml", "prd")
        ),
        severity="critical",
        namespace="prd",
        value="1",
    ),
    Case(
        alert="LogsAbsent",
        fires=(
            platform(
                "otelcol_receiver_accepted_log_records_total",
                "0+60x60 3600x60",
                job="observability/otel-agent",
            ),
            platform("up", "1x120", job="observability/otel-agent"),
        ),
        at=99,
        quiet=(
            platform(
                "otelcol_receiver_accepted_log_records_total",
                "0+1x120",
                job="observability/otel-agent",
            ),
            platform("up", "1x120", job="observability/otel-agent"),
        ),
        severity="critical",
        namespace="observability",
        value="0",
    ),
    *(back_end(name) for name in BACK_ENDS),
    Case(
        alert="BackendDown",
        fires=(
            stage_prometheus("up", "1x9 0x50"),
            platform("up", "1x60", job="kps-prometheus"),
        ),
        at=15,
        quiet=(
            stage_prometheus("up", "0x60"),
            stage_prometheus("up", "1x60", pod="prometheus-stage-1"),
        ),
        severity="critical",
        namespace="prd",
        value="1",
        labels={"backend": "stage-prometheus"},
    ),
    # --- Saturation ---------------------------------------------------------------------------
    Case(
        alert="ContainerMemoryNearLimit",
        fires=(
            pod("container_memory_working_set_bytes", "50x4 95x30"),
            pod("kube_pod_container_resource_limits", "100x40", resource="memory"),
        ),
        at=15,
        quiet=(
            pod("container_memory_working_set_bytes", "89x40"),
            pod("kube_pod_container_resource_limits", "100x40", resource="memory"),
        ),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        labels=CONTAINER,
        value="95%",
    ),
    Case(
        # A limit of 0 is none: it cannot be near.
        alert="ContainerMemoryNearLimit",
        fires=(
            pod("container_memory_working_set_bytes", "50x4 95x30"),
            pod("kube_pod_container_resource_limits", "100x40", resource="memory"),
        ),
        at=15,
        quiet=(
            pod("container_memory_working_set_bytes", "95x40"),
            pod("kube_pod_container_resource_limits", "0x40", resource="memory"),
        ),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        labels=CONTAINER,
        value="95%",
    ),
    Case(
        alert="ContainerCpuThrottled",
        fires=(
            pod("container_cpu_cfs_throttled_periods_total", "0+300x40"),
            pod("container_cpu_cfs_periods_total", "0+600x40"),
        ),
        at=16,
        quiet=(
            pod("container_cpu_cfs_throttled_periods_total", "0+120x40"),
            pod("container_cpu_cfs_periods_total", "0+600x40"),
        ),
        severity="info",
        namespace="prd",
        owner=PRODUCT,
        labels=CONTAINER,
        value="50%",
    ),
    Case(
        alert="ContainerOomKilled",
        fires=(
            pod("kube_pod_container_status_restarts_total", "0x19 1x20"),
            pod(
                "kube_pod_container_status_last_terminated_reason",
                "_x19 1x20",
                reason="OOMKilled",
            ),
        ),
        at=20,
        # It ended by itself, as jobs do.
        quiet=(
            pod("kube_pod_container_status_restarts_total", "0x19 1x20"),
            pod(
                "kube_pod_container_status_last_terminated_reason",
                "_x19 1x20",
                reason="Completed",
            ),
        ),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        labels=CONTAINER,
        value="1",
    ),
    # A gateway's pods are the platform team's; its namespace has another's name nearly.
    Case(
        alert="ContainerOomKilled",
        fires=tuple(
            pod(
                name,
                values,
                **{"namespace": "prd-telemetry", "pod": "otel-gateway-1", "container": "c"},
                **more,
            )
            for name, values, more in (
                ("kube_pod_container_status_restarts_total", "0x19 1x20", {}),
                (
                    "kube_pod_container_status_last_terminated_reason",
                    "_x19 1x20",
                    {"reason": "OOMKilled"},
                ),
            )
        ),
        at=20,
        # Nobody's namespace.
        quiet=tuple(
            pod(name, values, **{"namespace": "prd-other", **more})
            for name, values, more in (
                ("kube_pod_container_status_restarts_total", "0x19 1x20", {}),
                (
                    "kube_pod_container_status_last_terminated_reason",
                    "_x19 1x20",
                    {"reason": "OOMKilled"},
                ),
            )
        ),
        severity="warning",
        namespace="prd-telemetry",
        labels={"pod": "otel-gateway-1", "container": "c"},
        value="1",
    ),
    Case(
        alert="VolumeFillingUp",
        fires=(
            platform(
                "kubelet_volume_stats_available_bytes", "14-0.01x300", persistentvolumeclaim="data"
            ),
            platform(
                "kubelet_volume_stats_capacity_bytes", "100x300", persistentvolumeclaim="data"
            ),
        ),
        at=61,
        # Full to the same degree, but not getting fuller.
        quiet=(
            platform(
                "kubelet_volume_stats_available_bytes", "14x300", persistentvolumeclaim="data"
            ),
            platform(
                "kubelet_volume_stats_capacity_bytes", "100x300", persistentvolumeclaim="data"
            ),
        ),
        severity="warning",
        namespace="observability",
        labels={"persistentvolumeclaim": "data", "job": "kubelet"},
        value="13.39%",
    ),
    Case(
        alert="VolumeNearlyFull",
        fires=(
            platform(
                "kubelet_volume_stats_available_bytes", "4x9 2x9", persistentvolumeclaim="data"
            ),
            platform("kubelet_volume_stats_capacity_bytes", "100x20", persistentvolumeclaim="data"),
        ),
        at=11,
        quiet=(
            platform("kubelet_volume_stats_available_bytes", "3x20", persistentvolumeclaim="data"),
            platform("kubelet_volume_stats_capacity_bytes", "100x20", persistentvolumeclaim="data"),
        ),
        severity="critical",
        namespace="observability",
        labels={"persistentvolumeclaim": "data", "job": "kubelet"},
        value="2%",
    ),
    Case(
        alert="NamespaceQuotaNearLimit",
        fires=(
            series("kube_resourcequota", "95x40", namespace="prd", resource="pods", type="used"),
            series("kube_resourcequota", "100x40", namespace="prd", resource="pods", type="hard"),
        ),
        at=15,
        quiet=(
            series("kube_resourcequota", "90x40", namespace="prd", resource="pods", type="used"),
            series("kube_resourcequota", "100x40", namespace="prd", resource="pods", type="hard"),
        ),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        labels={"resource": "pods", "job": "kube-state-metrics"},
        value="95%",
    ),
    # --- Pipeline -----------------------------------------------------------------------------
    *(
        Case(
            alert=alert,
            fires=(gateway(f"otelcol_{counter}_{signal}_total", "0+60x40"),),
            at=at,
            quiet=(gateway(f"otelcol_{counter}_{signal}_total", "60x40"),),
            severity=severity,
            namespace="prd",
            value="1",
        )
        for alert, counter, at, severity in (
            ("CollectorRefusingData", "receiver_refused", 11, "warning"),
            ("CollectorDroppingData", "exporter_enqueue_failed", 6, "critical"),
            ("CollectorGivingUpData", "exporter_send_failed", 6, "critical"),
        )
        for signal in ("spans", "metric_points", "log_records")
    ),
    Case(
        alert="CollectorQueueNearlyFull",
        fires=(
            gateway("otelcol_exporter_queue_size", "50x4 90x40", exporter="otlp_grpc/tempo"),
            gateway("otelcol_exporter_queue_capacity", "100x50", exporter="otlp_grpc/tempo"),
        ),
        at=15,
        quiet=(
            gateway("otelcol_exporter_queue_size", "80x50", exporter="otlp_grpc/tempo"),
            gateway("otelcol_exporter_queue_capacity", "100x50", exporter="otlp_grpc/tempo"),
        ),
        severity="warning",
        namespace="prd",
        labels={"exporter": "otlp_grpc/tempo"},
        value="90%",
    ),
    Case(
        alert="CollectorStorageDamaged",
        fires=(gateway("otelcol_process_memory_rss_bytes", "5x40", storage_set_aside="2 file(s)"),),
        at=1,
        quiet=(gateway("otelcol_process_memory_rss_bytes", "5x40", storage_set_aside="none"),),
        severity="warning",
        namespace="prd",
        labels={"storage_set_aside": "2 file(s)", "pod": "otel-gateway-1"},
        value="1",
    ),
    Case(
        alert="TailSamplingDroppingEarly",
        fires=(
            gateway(
                "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total", "0+60x40"
            ),
        ),
        at=11,
        quiet=(
            gateway(
                "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total", "9x40"
            ),
        ),
        severity="critical",
        namespace="prd",
        value="1",
    ),
    Case(
        alert="SamplesTooOld",
        fires=(stage_prometheus("prometheus_tsdb_too_old_samples_total", "0+60x40"),),
        at=16,
        quiet=(stage_prometheus("prometheus_tsdb_too_old_samples_total", "60x40"),),
        severity="warning",
        namespace="prd",
        labels={"pod": "prometheus-stage-0"},
        value="1",
    ),
    Case(
        alert="RemoteWriteLagging",
        fires=(
            platform(
                "prometheus_remote_storage_highest_timestamp_in_seconds", "0+60x60", tenant="prd"
            ),
            platform(
                "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
                "0+60x10 600x40",
                tenant="prd",
            ),
        ),
        at=28,
        quiet=(
            platform(
                "prometheus_remote_storage_highest_timestamp_in_seconds", "0+60x60", tenant="prd"
            ),
            platform(
                "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
                "-120+60x60",
                tenant="prd",
            ),
        ),
        severity="warning",
        namespace="observability",
        labels={"tenant": "prd"},
        value="18m 0s",
    ),
    *(
        Case(
            alert=alert,
            fires=(platform(metric, "0+60x40", tenant="prd", reason="rate_limited"),),
            at=16,
            quiet=(platform(metric, "60x40", tenant="prd", reason="rate_limited"),),
            severity="warning",
            namespace="prd",
            labels={"tenant": "prd", "reason": "rate_limited"},
            value="1",
        )
        for alert, metric in (
            ("LokiDiscardingLines", "loki_discarded_samples_total"),
            ("TempoDiscardingSpans", "tempo_discarded_spans_total"),
        )
    ),
    *(
        Case(
            alert=f"{name}RequestsFailing",
            fires=(
                platform(metric, "0+20x40", route="push", status_code="503"),
                platform(metric, "0+80x40", route="push", status_code="200"),
            ),
            at=16,
            quiet=(
                platform(metric, "0+20x40", route="push", status_code="429"),
                platform(metric, "0+80x40", route="push", status_code="200"),
            ),
            severity="warning",
            namespace="observability",
            labels={"route": "push"},
            value="20%",
        )
        for name, metric in (
            ("Loki", "loki_request_duration_seconds_count"),
            ("Tempo", "tempo_request_duration_seconds_count"),
        )
    ),
    Case(
        alert="ThanosUploadsFailing",
        fires=(platform("thanos_shipper_upload_failures_total", "0x9 1x60", pod="kps-0"),),
        at=25,
        quiet=(platform("thanos_shipper_upload_failures_total", "1x60", pod="kps-0"),),
        severity="critical",
        namespace="observability",
        labels={"pod": "kps-0"},
        value="1",
    ),
    Case(
        alert="ThanosCompactorHalted",
        fires=(platform("thanos_compact_halted", "0x9 1x30"),),
        at=15,
        quiet=(platform("thanos_compact_halted", "0x40"),),
        severity="warning",
        namespace="observability",
        value="1",
    ),
    Case(
        alert="ThanosCompactorStale",
        fires=(platform("thanos_compact_iterations_total", "5x1600"),),
        at=61,
        quiet=(platform("thanos_compact_iterations_total", "0+1x1600"),),
        severity="warning",
        namespace="observability",
        value="0",
    ),
    Case(
        alert="ObjectStorageFailing",
        fires=(
            platform(
                "thanos_objstore_bucket_operation_failures_total",
                "0+10x40",
                pod="s",
                operation="get",
            ),
            platform(
                "thanos_objstore_bucket_operations_total", "0+100x40", pod="s", operation="get"
            ),
        ),
        at=16,
        quiet=(
            platform(
                "thanos_objstore_bucket_operation_failures_total",
                "0+4x40",
                pod="s",
                operation="get",
            ),
            platform(
                "thanos_objstore_bucket_operations_total", "0+100x40", pod="s", operation="get"
            ),
        ),
        severity="warning",
        namespace="observability",
        labels={"pod": "s", "operation": "get"},
        value="10%",
    ),
    Case(
        alert="LokiRetentionStale",
        fires=(
            platform(
                "loki_compactor_apply_retention_last_successful_run_timestamp_seconds", "599x1600"
            ),
        ),
        at=1510,
        quiet=(
            # Not run yet: Loki has only just started.
            platform(
                "loki_compactor_apply_retention_last_successful_run_timestamp_seconds", "0x1600"
            ),
        ),
        severity="warning",
        namespace="observability",
        value="1d 1h 0m 1s",
    ),
    Case(
        alert="TempoFlushFailing",
        fires=(platform("tempo_ingester_failed_flushes_total", "0x9 4x60", pod="tempo-0"),),
        at=15,
        quiet=(platform("tempo_ingester_failed_flushes_total", "0x9 1x60", pod="tempo-0"),),
        severity="critical",
        namespace="observability",
        labels={"pod": "tempo-0"},
        value="4",
    ),
    Case(
        alert="NotificationsFailing",
        fires=(
            platform(
                "alertmanager_notifications_failed_total",
                "0+5x40",
                integration="slack",
                reason="other",
            ),
            platform("alertmanager_notifications_total", "0+10x40", integration="slack"),
        ),
        at=11,
        quiet=(
            platform(
                "alertmanager_notifications_failed_total",
                "0+1x40",
                integration="slack",
                reason="other",
            ),
            platform("alertmanager_notifications_total", "0+10x40", integration="slack"),
        ),
        severity="critical",
        namespace="observability",
        labels={"integration": "slack"},
        value="50%",
    ),
    # --- Housekeeping -------------------------------------------------------------------------
    Case(
        alert="KubeletCertificateExpiring",
        fires=(
            platform(
                "kubelet_certificate_manager_server_ttl_seconds",
                "518400x100",
                namespace="kube-system",
                node="n1",
            ),
        ),
        at=60,
        quiet=(
            platform(
                "kubelet_certificate_manager_server_ttl_seconds",
                "691200x100",
                namespace="kube-system",
                node="n1",
            ),
        ),
        severity="warning",
        namespace="observability",
        labels={"node": "n1", "job": "kubelet"},
        value="6d 0h 0m 0s",
    ),
    Case(
        alert="ApiClientCertificateExpiring",
        fires=(
            *(
                series(
                    "apiserver_client_certificate_expiration_seconds_bucket",
                    "0+10x40",
                    namespace="default",
                    le=le,
                )
                for le in ("86400", "+Inf")
            ),
            series(
                "apiserver_client_certificate_expiration_seconds_count",
                "0+10x40",
                namespace="default",
            ),
        ),
        at=16,
        quiet=(
            series(
                "apiserver_client_certificate_expiration_seconds_bucket",
                "0x40",
                namespace="default",
                le="604800",
            ),
            *(
                series(
                    "apiserver_client_certificate_expiration_seconds_bucket",
                    "0+10x40",
                    namespace="default",
                    le=le,
                )
                for le in ("2592000", "+Inf")
            ),
            series(
                "apiserver_client_certificate_expiration_seconds_count",
                "0+10x40",
                namespace="default",
            ),
        ),
        severity="warning",
        namespace="observability",
        labels={"job": "apiserver"},
        value="14m 24s",
    ),
    Case(
        alert="ExternalSecretNotReady",
        fires=(
            platform(
                "externalsecret_status_condition",
                "1x40",
                exported_namespace="prd",
                name="database",
                condition="Ready",
                status="False",
            ),
        ),
        at=10,
        quiet=(
            platform(
                "externalsecret_status_condition",
                "1x40",
                exported_namespace="prd",
                name="database",
                condition="Ready",
                status="True",
            ),
        ),
        severity="warning",
        namespace="prd",
        labels={"exported_namespace": "prd", "name": "database"},
        value="1",
    ),
    Case(
        alert="BackupOverdue",
        fires=(platform("velero_backup_last_successful_timestamp", "-1x3000", schedule="daily"),),
        at=2940,
        quiet=(
            platform("velero_backup_last_successful_timestamp", "86400x3000", schedule="daily"),
        ),
        severity="critical",
        namespace="observability",
        labels={"schedule": "daily"},
        value="2d 1h 0m 1s",
    ),
    Case(
        # It tries each day, and each time fails.
        alert="BackupOverdue",
        fires=(
            platform("velero_backup_attempt_total", "0+1x3000", schedule="daily"),
            platform("velero_backup_failure_total", "0+1x3000", schedule="daily"),
        ),
        at=2940,
        # Velero has started anew, and knows when the last one succeeded.
        quiet=(
            platform("velero_backup_attempt_total", "0+1x3000", schedule="daily"),
            platform("velero_backup_last_successful_timestamp", "86400x3000", schedule="daily"),
        ),
        severity="critical",
        namespace="observability",
        labels={"schedule": "daily"},
        value="2d 0h 0m 0s",
    ),
    Case(
        # Velero runs, and knows no schedule.
        alert="BackupOverdue",
        fires=(platform("up", "1x3000", job="velero"),),
        at=2940,
        # It was installed yesterday.
        quiet=(platform("up", "_x1500 1x1500", job="velero"),),
        severity="critical",
        namespace="observability",
        labels={"schedule": "of any schedule"},
        value="2d 0h 0m 0s",
    ),
    Case(
        alert="SeriesNearCapacity",
        fires=(platform("prometheus_tsdb_head_series", "135000x60", pod="kps-0"),),
        at=30,
        quiet=(
            platform("prometheus_tsdb_head_series", "120000x60", pod="kps-0"),
            # A flood in a stage is the stage's.
            stage_prometheus("prometheus_tsdb_head_series", "900000x60"),
        ),
        severity="warning",
        namespace="observability",
        labels={"pod": "kps-0"},
        value="90%",
    ),
    Case(
        alert="ServiceTelemetryRefused",
        fires=(
            series(
                "telemetry_refused_items_total",
                "0+60x60",
                deployment_environment_name="prd",
                service_name="shop",
                reason="temporality",
            ),
        ),
        at=16,
        quiet=(
            series(
                "telemetry_refused_items_total",
                "60x60",
                deployment_environment_name="prd",
                service_name="shop",
                reason="temporality",
            ),
        ),
        severity="warning",
        namespace="prd",
        owner=PRODUCT,
        labels={
            "deployment_environment_name": "prd",
            "service_name": "shop",
            "reason": "temporality",
        },
        value="1",
    ),
    Case(
        alert="StageSeriesNearBudget",
        fires=(stage_prometheus("prometheus_tsdb_head_series", "270000x60"),),
        at=15,
        quiet=(
            stage_prometheus("prometheus_tsdb_head_series", "240000x60"),
            platform("prometheus_tsdb_head_series", "900000x60", pod="kps-0"),
        ),
        severity="warning",
        namespace="prd",
        value="90%",
    ),
    Case(
        alert="SpanMetricsOverflow",
        fires=(span(CALLS, "0+60x60", otel_metric_overflow="true"),),
        at=16,
        quiet=(span(CALLS, "0+60x60"),),
        severity="warning",
        namespace="prd",
        labels={"deployment_environment_name": "prd"},
        value="900",
    ),
)
"""Watchdog has a test of its own: there is nothing on which it must not fire."""


def per_minute(minutes: int, every: int, start: int = 0) -> str:
    """A counter that rises by one each `every` minutes, from the minute `start` on."""
    return " ".join(str(max(0, minute - start) // every) for minute in range(minutes))


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What a service answers, and which of its burn alerts fire in the minutes `at`."""

    of: str
    series: tuple[Series, ...]
    at: tuple[int, ...]
    alerts: tuple[str, ...] = ()


def failed(values: str) -> Series:
    return span(CALLS, values, status_code="STATUS_CODE_ERROR")


SIX_AN_HOUR = span(CALLS, per_minute(400, 10))
LITTLE_TRAFFIC = (
    Traffic(
        of="six requests an hour, one error",
        series=(SIX_AN_HOUR, failed("0x199 1x200")),
        at=(200, 201, 202, 203, 205, 215, 260, 399),
    ),
    Traffic(
        of="six requests an hour, one error, which is the first of the service",
        series=(SIX_AN_HOUR, failed("_x199 1x200")),
        at=(200, 201, 202, 203, 205, 215, 260, 399),
    ),
    Traffic(
        of="six requests an hour, one of which fails in each hour",
        series=(SIX_AN_HOUR, failed(per_minute(400, 60))),
        at=(61, 65, 120, 180, 240, 300, 360, 399),
    ),
    Traffic(
        of="six requests an hour, one of which is slow",
        series=durations(per_minute(400, 10), per_minute(200, 10) + " " + "21x199"),
        at=(200, 201, 202, 203, 205, 215, 260, 399),
    ),
    Traffic(
        # Ten failures take a hundred minutes; the window of six hours sees them.
        of="six requests an hour, all of which fail",
        series=(failed(per_minute(400, 10)),),
        at=(125,),
        alerts=("ServiceAvailabilityBurnFast", "ServiceAvailabilityBurnSlow"),
    ),
    Traffic(
        of="a request a minute, all of which fail",
        series=(failed(per_minute(60, 1)),),
        at=(15,),
        alerts=("ServiceAvailabilityBurnFast",),
    ),
    Traffic(
        of="a request a minute, all of which are slow",
        series=durations("0x60", per_minute(60, 1)),
        at=(15,),
        alerts=("ServiceLatencyBurnFast",),
    ),
    Traffic(
        # The gateway forgets a series half an hour after its last request. The next begins at 1,
        # from which no increase can be told: docs/runbooks/alerts/ServiceAvailabilityBurnFast.md.
        of="a request each 40 minutes, all slow and failing, whose series expire",
        series=(
            failed("1x29 stale _x9 " * 20),
            *durations("0x29 stale _x9 " * 20, "1x29 stale _x9 " * 20),
        ),
        at=(15, 130, 400, 799),
    ),
)
