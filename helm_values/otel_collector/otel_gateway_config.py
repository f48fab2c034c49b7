"""Configuration of a stage's gateway: a pure function from settings to what the collector reads.

    application --4317/4318--> traces --14317, by trace id--> traces/sampled --> Tempo
                                 `--> traces/counted --> metrics/spans --> Prometheus
                               metrics --> metrics/kept --> Prometheus
                               logs --> Loki
                               each of them --> metrics/guards --> Prometheus

What an application sends is believed by nobody and can hurt nobody else: claims are dropped
(`collector_guards`), what a back end would refuse is shortened (`size_limits`) or dropped
(`metric_guards`), and both is counted by service and reason (`guard_counts`).

All spans of a trace must meet in one replica before it can be decided whether the trace is kept:
`load_balancing` sends each to the replica that its trace id belongs to. Metrics are made of spans
before that, so they count every request, whatever is kept. Their exemplars may thus name a trace
that was not; erroneous and slow ones always lead to a trace.
"""

from math import ceil

from blueprint import endpoints
from blueprint.backend_sizes import BACKENDS, GatewaySize
from blueprint.documents import Config
from blueprint.names import GATEWAY, telemetry_namespace, telemetry_namespaces
from helm_values.otel_collector import (
    collector,
    collector_guards,
    guard_counts,
    metric_guards,
    span_metrics,
)
from helm_values.otel_collector.collector import POD_IP
from settings.model import Sampling, Settings

HEADLESS_SERVICE = f"{GATEWAY}-headless"
LOAD_BALANCING_PORT = 14317
OWN_QUEUE_SHARE = 4
"""What the gateway makes itself has a queue of this part: it is far less than what is sent."""
QUEUE_DIRECTORY = "/var/lib/otelcol/queue"
SDK_BATCH_SECONDS = 5
"""The longest that an SDK keeps a span back (`OTEL_BSP_SCHEDULE_DELAY`)."""

MAX_BODY_MIB = 2
"""Of one request, after decompression: four times what an SDK's largest batch has, 512 spans or log
records, at 1 KiB each. Nested values need up to 250 times their bytes while they are decoded, and
there is no other bound for them (ADR 0032)."""

INCOMING = ["memory_limiter", "transform/claims", "k8s_attributes", "resource/stage"]
"""First processors of whatever comes from applications."""


def gateway_config(settings: Settings, stage: str) -> Config:
    """The whole configuration."""
    size = BACKENDS[settings.size].gateway
    door = endpoints.stage_door_name(stage)
    applications = collector.prometheus_exporters(settings, door, size.queue_mib, batches=False)
    ours = collector.prometheus_exporters(
        settings, door, size.queue_mib // OWN_QUEUE_SHARE, kind="own"
    )
    return {
        "extensions": {
            "health_check": collector.health_check(),
            collector.QUEUE: collector.file_storage(QUEUE_DIRECTORY),
        },
        "receivers": {
            "otlp": {"protocols": {"grpc": grpc_protocol(), "http": http_protocol()}},
            # From other gateways only: a network policy keeps applications from this port, where
            # claims are not dropped again.
            "otlp/lb": {
                "protocols": {
                    "grpc": {
                        "endpoint": f"{POD_IP}:{LOAD_BALANCING_PORT}",
                        # More than `otlp` takes, or what was acknowledged there and has got the
                        # pod's attributes since would be refused here for good.
                        "max_recv_msg_size_mib": 4 * MAX_BODY_MIB,
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
            "transform/refused": metric_guards.mark_refused(),
            "filter/refused": metric_guards.drop_refused(),
            "transform/metric_labels": collector_guards.limit_metric_labels(),
            "filter/counted": span_metrics.counted_spans(),
            "transform/span_names": span_metrics.name_counted_spans(),
            "groupbyattrs/rooms": span_metrics.rooms(),
            "transform/span_identity": span_metrics.identify(),
            "groupbyattrs/service": span_metrics.regroup(),
            **guard_counts.processors(),
            # Several replicas count the same service, and each must write series of its own: it
            # becomes the `instance` of these metrics.
            "resource/writer": collector.upsert(service_instance_id="${env:OTEL_K8S_POD_NAME}"),
            "tail_sampling": _tail_sampling(settings.sampling(stage), size),
            # Sampling gives each trace by itself to the queue, which would write each to the disk
            # by itself: half of what a span costs where all are kept (ADR 0027). Nothing waits here
            # that was safe before: until it is decided, a trace is in memory anyway.
            "batch/sampled": {
                "timeout": "200ms",
                "send_batch_size": 4096,
                "send_batch_max_size": 4096,
            },
        },
        "connectors": {
            "span_metrics": span_metrics.connector(size),
            "forward/counted": {},
            "forward/kept": {},
            "count/guards": guard_counts.connector(),
        },
        "exporters": {
            "load_balancing": _load_balancing(stage, size),
            "otlp_grpc/tempo": collector.tempo_exporter(door, stage, size.queue_mib),
            "otlp_http/loki": collector.loki_exporter(door, stage, size.queue_mib),
            **applications,
            **ours,
        },
        "service": {
            "telemetry": collector.own_telemetry(),
            "extensions": ["health_check", collector.QUEUE],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": INCOMING,
                    "exporters": ["load_balancing", "forward/counted", "count/guards"],
                },
                "traces/counted": {
                    "receivers": ["forward/counted"],
                    "processors": [
                        "memory_limiter",
                        "filter/counted",
                        "transform/span_names",
                        "groupbyattrs/rooms",
                    ],
                    "exporters": ["span_metrics"],
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
                    "processors": [*INCOMING, "transform/refused"],
                    "exporters": ["forward/kept", "count/guards"],
                },
                "metrics/kept": {
                    "receivers": ["forward/kept"],
                    "processors": ["memory_limiter", "filter/refused", "transform/metric_labels"],
                    "exporters": list(applications),
                },
                "metrics/spans": {
                    "receivers": ["span_metrics"],
                    "processors": [
                        "memory_limiter",
                        "transform/span_identity",
                        "groupbyattrs/service",
                        "resource/stage",
                        "resource/writer",
                    ],
                    "exporters": list(ours),
                },
                "metrics/guards": {
                    "receivers": ["count/guards"],
                    "processors": [
                        "memory_limiter",
                        *guard_counts.processors(),
                        "resource/stage",
                        "resource/writer",
                    ],
                    "exporters": list(ours),
                },
                "logs": {
                    "receivers": ["otlp"],
                    "processors": INCOMING,
                    "exporters": ["otlp_http/loki", "count/guards"],
                },
            },
        },
    }


def grpc_protocol() -> Config:
    """What is taken by gRPC."""
    return {
        "endpoint": f"{POD_IP}:4317",
        "max_recv_msg_size_mib": MAX_BODY_MIB,
        # An SDK has one or two requests under way, and a collector as many as it has consumers.
        "max_concurrent_streams": 16,
        "keepalive": {
            "server_parameters": {
                # gRPC knows no timeout for a request that never ends; a connection's age is one.
                # Clients open the next one by themselves, and reach another replica.
                "max_connection_idle": "60s",
                "max_connection_age": "60s",
                "max_connection_age_grace": "10s",
            }
        },
    }


def http_protocol() -> Config:
    """What is taken by HTTP."""
    return {
        "endpoint": f"{POD_IP}:4318",
        "max_request_body_size": MAX_BODY_MIB * collector.MIB,
        # For the whole request: a body that is sent half does not stay in memory.
        "read_header_timeout": "5s",
        "read_timeout": "8s",
    }


def decision_wait_seconds(sampling: Sampling) -> int:
    """How long a trace is held: until a trace that just counts as slow has ended and was sent."""
    return max(10, ceil(sampling.slow_trace_ms / 1000) + SDK_BATCH_SECONDS)


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
