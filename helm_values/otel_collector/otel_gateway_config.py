"""Configuration of a stage's gateway: a pure function from settings to what the collector reads.

    application --4317/4318--> traces --14317, by trace id--> traces/sampled --> Tempo
                                 `--> span_metrics --> metrics/spans --> Prometheus
                               metrics -------------------------------> Prometheus
                               logs ----------------------------------> Loki

All spans of a trace must meet in one replica before it can be decided whether the trace is kept:
`load_balancing` sends each to the replica that its trace id belongs to. Metrics are made of spans
before that, so they count every request, whatever is kept. Their exemplars may thus name a trace
that was not; erroneous and slow ones always lead to a trace.
"""

from math import ceil
from typing import get_args

from blueprint import endpoints
from blueprint.backend_sizes import BACKENDS, GatewaySize
from blueprint.names import GATEWAY, telemetry_namespace, telemetry_namespaces
from helm_values.otel_collector import collector, collector_guards
from helm_values.otel_collector.collector import POD_IP, Config
from settings.model import LatencyBoundMs, Sampling, Settings

HEADLESS_SERVICE = f"{GATEWAY}-headless"
LOAD_BALANCING_PORT = 14317
QUEUE_DIRECTORY = "/var/lib/otelcol/queue"
SDK_BATCH_SECONDS = 5
"""The longest that an SDK keeps a span back (`OTEL_BSP_SCHEDULE_DELAY`)."""

INCOMING = ["memory_limiter", "transform/claims", "k8s_attributes", "resource/stage"]
"""First processors of whatever comes from applications."""


def gateway_config(settings: Settings, stage: str) -> Config:
    """The whole configuration."""
    size = BACKENDS[settings.size].gateway
    door = endpoints.stage_door_name(stage)
    prometheus = collector.prometheus_exporters(settings, door, size.queue_mib)
    return {
        "extensions": {
            "health_check": collector.health_check(),
            collector.QUEUE: collector.file_storage(QUEUE_DIRECTORY),
        },
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": f"{POD_IP}:4317", "max_recv_msg_size_mib": 16},
                    "http": {"endpoint": f"{POD_IP}:4318"},
                }
            },
            # From other gateways only: a network policy keeps applications from this port, where
            # claims are not dropped again.
            "otlp/lb": {
                "protocols": {
                    "grpc": {
                        "endpoint": f"{POD_IP}:{LOAD_BALANCING_PORT}",
                        # More than `otlp` takes (over HTTP 20 MiB), or what was acknowledged there
                        # would be refused here for good.
                        "max_recv_msg_size_mib": 32,
                    }
                }
            },
        },
        "processors": {
            "memory_limiter": collector.memory_limiter(),
            "transform/claims": collector_guards.drop_claims(
                stage, (*settings.namespaces, *telemetry_namespaces(settings))
            ),
            "k8s_attributes": _pods_of(stage),
            "resource/stage": collector.enforced_identity(settings, stage),
            "transform/span_names": collector_guards.generalize_span_names(),
            "transform/metric_labels": collector_guards.limit_metric_labels(),
            "transform/service_identity": collector_guards.keep_service_identity(),
            # Several replicas count the same service, and each must write series of its own: it
            # becomes the `instance` of these metrics.
            "resource/writer": collector.upsert(service_instance_id="${env:OTEL_K8S_POD_NAME}"),
            "tail_sampling": _tail_sampling(_sampling(settings, stage), size),
            # Sampling gives each trace by itself to the queue, which would write each to the disk
            # by itself: half of what a span costs where all are kept (ADR 0027). Nothing waits here
            # that was safe before: until it is decided, a trace is in memory anyway.
            "batch/sampled": {
                "timeout": "200ms",
                "send_batch_size": 4096,
                "send_batch_max_size": 4096,
            },
        },
        "connectors": {"span_metrics": _span_metrics(size)},
        "exporters": {
            "load_balancing": _load_balancing(stage, size),
            "otlp_grpc/tempo": collector.tempo_exporter(door, stage, size.queue_mib),
            "otlp_http/loki": collector.loki_exporter(door, stage, size.queue_mib),
            **prometheus,
        },
        "service": {
            "telemetry": collector.own_telemetry(),
            "extensions": ["health_check", collector.QUEUE],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": [*INCOMING, "transform/span_names"],
                    "exporters": ["load_balancing", "span_metrics"],
                },
                "traces/sampled": {
                    "receivers": ["otlp/lb"],
                    "processors": [
                        "memory_limiter",
                        "resource/stage",
                        "tail_sampling",
                        "batch/sampled",
                    ],
                    "exporters": ["otlp_grpc/tempo"],
                },
                "metrics": {
                    "receivers": ["otlp"],
                    "processors": [*INCOMING, "transform/metric_labels"],
                    "exporters": list(prometheus),
                },
                "metrics/spans": {
                    "receivers": ["span_metrics"],
                    "processors": [
                        "memory_limiter",
                        "transform/service_identity",
                        "resource/stage",
                        "resource/writer",
                    ],
                    "exporters": list(prometheus),
                },
                "logs": {
                    "receivers": ["otlp"],
                    "processors": INCOMING,
                    "exporters": ["otlp_http/loki"],
                },
            },
        },
    }


def decision_wait_seconds(sampling: Sampling) -> int:
    """How long a trace is held: until a trace that just counts as slow has ended and was sent."""
    return max(10, ceil(sampling.slow_trace_ms / 1000) + SDK_BATCH_SECONDS)


def _sampling(settings: Settings, stage: str) -> Sampling:
    sampling = settings.namespaces[stage].sampling
    if sampling is None:
        # The checks on settings refuse this.
        raise ValueError(f"namespaces.{stage}.sampling: missing; allowed: sampling for every stage")
    return sampling


def _pods_of(stage: str) -> Config:
    return collector.pod_attributes(
        # Only the stage is asked for, so that a Role there is enough: a gateway cannot read what
        # runs in other stages.
        filter={"namespace": stage},
        # By the sender's address and by nothing that the sender says.
        pod_association=[{"sources": [{"from": "connection"}]}],
    )


def _tail_sampling(sampling: Sampling, size: GatewaySize) -> Config:
    wait = decision_wait_seconds(sampling)
    return {
        "decision_wait": f"{wait}s",
        "num_traces": size.traces_in_memory,
        "expected_new_traces_per_sec": max(1, size.traces_in_memory // wait),
        # A span that comes after its trace was decided goes the same way.
        "decision_cache": {
            "sampled_cache_size": size.traces_in_memory * 4,
            "non_sampled_cache_size": size.traces_in_memory * 4,
        },
        # One yes is enough.
        "policies": [
            {"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}},
            {
                "name": "slow",
                "type": "latency",
                "latency": {"threshold_ms": sampling.slow_trace_ms},
            },
            {
                "name": "share-of-the-rest",
                "type": "probabilistic",
                "probabilistic": {"sampling_percentage": sampling.sampling_percentage},
            },
        ],
    }


SPAN_SECONDS = tuple(bound / 1000 for bound in get_args(LatencyBoundMs))
"""Bounds of the histograms."""


def _span_metrics(size: GatewaySize) -> Config:
    return {
        "namespace": "traces.span.metrics",
        # Prometheus' base unit: the default, ms, would give other names.
        "histogram": {
            "unit": "s",
            "explicit": {"buckets": [f"{round(bound * 1000)}ms" for bound in SPAN_SECONDS]},
        },
        "exemplars": {"enabled": True, "max_per_data_point": 5},
        "dimensions": [
            {"name": "http.request.method"},
            {"name": "http.route"},
            {"name": "http.response.status_code"},
            {"name": collector.ENVIRONMENT},
        ],
        # Counted per service: with the pod in the key, each new pod would begin new series, and
        # with the pod out of it but still on the metrics, two pods would write the same series.
        "resource_metrics_key_attributes": list(collector_guards.SPAN_METRIC_IDENTITY),
        # Named, since a feature gate is about to turn it off.
        "add_resource_attributes": True,
        # What is beyond goes into one series with otel.metric.overflow="true".
        "aggregation_cardinality_limit": size.span_series,
        "metrics_flush_interval": "30s",
        # A service that is gone ends its series after a while.
        "metrics_expiration": "30m",
    }


def _load_balancing(stage: str, size: GatewaySize) -> Config:
    return {
        "routing_key": "traceID",
        # What fails goes back to this level and to another replica, not again to one that may be
        # gone; so queue and retries are here and not in the exporter of each replica.
        "timeout": "10s",
        # In memory: a hop of milliseconds between two gateways is not worth a write to disk.
        "sending_queue": {
            "enabled": True,
            "sizer": "bytes",
            "queue_size": size.queue_mib * collector.MIB // 8,
        },
        # All of them: this exporter has no defaults, and zero would be tried without a pause.
        "retry_on_failure": {
            "enabled": True,
            "initial_interval": "1s",
            "randomization_factor": 0.5,
            "multiplier": 1.5,
            "max_interval": "5s",
            "max_elapsed_time": "60s",
        },
        "protocol": {
            "otlp": {
                "timeout": "5s",
                # The default, gzip, took a fifth of what a span costs (ADR 0027).
                "compression": "snappy",
                "tls": {"insecure": True},
                "sending_queue": {"enabled": False},
                "retry_on_failure": {"enabled": False},
            }
        },
        "resolver": {
            "k8s": {
                "service": f"{HEADLESS_SERVICE}.{telemetry_namespace(stage)}",
                "ports": [LOAD_BALANCING_PORT],
            }
        },
    }
