"""Reference page of the data that a gateway accepts, changes and drops, from its code."""

from __future__ import annotations

from blueprint.backend_sizes import BACKENDS
from docgen.markdown import code, codes, page, table
from helm_values.otel_collector import (
    collector_guards,
    guard_counts,
    metric_guards,
    otel_gateway_config,
    size_limits,
    span_metrics,
)
from settings.node_sizes import SIZES
from signals.metrics import REFUSED_ITEMS, SHORTENED_ITEMS


def gateway_page() -> str:
    """What an application may send, what is made of it, and how it notices."""
    return page(
        "What the gateway accepts, changes and drops",
        "Applications send OTLP to the gateway of their stage. It passes on what the back ends "
        "take, and keeps what one application sends from hurting another: metrics of different "
        "senders never share a request to Prometheus, which refuses requests as a whole.",
        "## What it refuses\n\n" + _requests(),
        "## What it drops\n\n" + _dropped(),
        "## What it changes\n\n" + _changed(),
        "## What it counts\n\n" + _counted(),
        "## How an application notices\n\n" + _notices(),
    )


def _requests() -> str:
    mib = otel_gateway_config.MAX_BODY_MIB
    http = otel_gateway_config.http_protocol()
    grpc = otel_gateway_config.grpc_protocol()
    return table(
        ("What", "Bound", "Answer", "What to do"),
        [
            (
                "Size of a request after decompression, by HTTP and by gRPC",
                f"{mib} MiB",
                "400 or 413, or `RESOURCE_EXHAUSTED`: the SDK drops the batch",
                "smaller batches: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, "
                "`OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`",
            ),
            (
                "Time to send a request by HTTP",
                http["read_timeout"],
                "the connection is closed, and the SDK retries",
                "nothing",
            ),
            (
                "Age of a connection by gRPC",
                grpc["keepalive"]["server_parameters"]["max_connection_age"],
                "the client receives GOAWAY and opens another one automatically",
                "nothing",
            ),
            (
                "Requests at a time on one connection by gRPC",
                grpc["max_concurrent_streams"],
                "the client waits",
                "nothing",
            ),
            (
                "Memory of the gateway",
                "60 % of its limit",
                "503 or `UNAVAILABLE`: the SDK retries",
                "ask the platform team (alert `CollectorRefusingData`)",
            ),
        ],
    )


def _dropped() -> str:
    reasons = table(
        ("Reason", "Data points that are dropped"),
        ((code(reason), text) for reason, (_, _, text) in metric_guards.REASONS.items()),
    )
    return (
        f"The gateway forwards the rest of the request.\n\n{reasons}\n\nThe platform reserves "
        "names that begin with one of these words and a separator: "
        f"{codes(metric_guards.reserved_families())}; and every name with a "
        "colon.\n\nPrometheus still refuses some requests, such as one with two values for the "
        "same series and time. Then only the request of that sender is lost, and the alert "
        "`CollectorGivingUpData` fires."
    )


def _changed() -> str:
    few, many, span = size_limits.FEW, size_limits.MANY, size_limits.SPAN
    resource = size_limits.RESOURCE
    return table(
        ("What", "What becomes of it"),
        [
            (
                "Attributes of environment, cluster, namespace and pod",
                "dropped, and replaced with the values from Kubernetes",
            ),
            (
                "Attributes of a data point",
                f"at most {collector_guards.MAX_LABELS} of a list, with values of at most "
                f"{collector_guards.MAX_LABEL_LENGTH} bytes; points that become equal are added "
                "up",
            ),
            (
                "Attributes of a log record",
                f"at most {many.attributes}; values of at most {few.value} bytes, and "
                f"{many.value} if there are more than {few.attributes}; a stack trace of at "
                f"most {size_limits.STACK_TRACE_BYTES}; entries of maps become attributes",
            ),
            ("Body of a log record", f"at most {size_limits.MAX_BODY_BYTES} bytes"),
            (
                "Attributes of a span",
                f"at most {span.attributes}, with values of at most {span.value} bytes",
            ),
            (
                "Attributes of a resource",
                f"at most {resource.attributes}, with values of at most {resource.value} bytes",
            ),
            ("Names of attributes", f"at most {size_limits.MAX_KEY_LENGTH} characters, or dropped"),
        ],
    ) + (
        f"\n\nA shortened text ends in {code(size_limits.MARK)}, and a shortened span or log "
        f"record has the attribute {code(size_limits.SHORTENED)}."
    )


def _counted() -> str:
    rooms = ", ".join(f"{BACKENDS[size].gateway.span_series:,} in {size}" for size in SIZES)
    return (
        "Spans of servers and consumers become the metrics of service levels; all others only "
        "go to Tempo. The counted name follows the semantic conventions "
        f"({span_metrics.SEMANTIC_CONVENTIONS}): method and route, or only the method if there "
        "is no route. Identifiers in it become `{id}`, and queries are removed. In Tempo a "
        "span keeps its name.\n\nEach workload may have this number of label combinations for "
        f"each kind and status: {rooms}. "
        'Further combinations are counted with `otel_metric_overflow="true"`, with their kind and '
        "status, and with the name of the workload as the service."
    )


def _notices() -> str:
    return (
        f"- {code(REFUSED_ITEMS)} counts dropped data points by service and `reason`; the alert "
        "[ServiceTelemetryRefused](../runbooks/alerts/ServiceTelemetryRefused.md) notifies the "
        f"stage's owner after 15 minutes.\n- {code(SHORTENED_ITEMS)} counts shortened items by "
        "service and `signal`.\n"
        '- Both are on the dashboard "Telemetry pipeline", in the section "What gateways drop and '
        'shorten".\n'
        f"- A gateway counts up to {guard_counts.MAX_SERIES:,} combinations of them."
    )
