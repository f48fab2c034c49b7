"""The telemetry pipeline itself: from the collectors' receivers to the buckets."""

from collections.abc import Sequence

from grafana.board import PLATFORM_FOLDER, DashboardFile, Section, board
from grafana.panels import (
    ERROR_LEVELS,
    FULL,
    QUARTER,
    SIXTH,
    THIRD,
    Levels,
    Panel,
    Query,
    bars,
    lines,
    number,
)
from grafana.queries import RATE
from signals import metrics as m
from signals.uids import PIPELINE

_COLLECTOR = "{{namespace}} {{pod}}"
_PROMETHEUS = "{{namespace}} {{pod}}"
"""The platform's is in `observability`; a stage's has the name of the stage."""
_BY_SIGNAL = (
    ("spans", m.RECEIVED_SPANS, m.REFUSED_SPANS, m.SENT_SPANS, m.FAILED_SPANS, m.DROPPED_SPANS),
    (
        "data points",
        m.RECEIVED_POINTS,
        m.REFUSED_POINTS,
        m.SENT_POINTS,
        m.FAILED_POINTS,
        m.DROPPED_POINTS,
    ),
    ("log records", m.RECEIVED_LOGS, m.REFUSED_LOGS, m.SENT_LOGS, m.FAILED_LOGS, m.DROPPED_LOGS),
)


def dashboard() -> DashboardFile:
    """Dashboard `Telemetry pipeline`."""
    return board(
        PIPELINE,
        "Telemetry pipeline",
        "Shows whether telemetry arrives and where it is lost, in the order of the data flow: "
        "received, refused, queued, sent; then the back ends and their buckets.",
        folder=PLATFORM_FOLDER,
        tags=["pipeline"],
        time_from="now-3h",
        sections=[
            Section(title="Lost or at risk now", panels=_now()),
            Section(title="Received and sent", panels=_flow()),
            Section(title="Collectors", panels=_collectors()),
            Section(title="What gateways drop and shorten", panels=_guards()),
            Section(title="Prometheus and Thanos", panels=_metrics()),
            Section(title="Loki and Tempo", panels=_logs_and_traces()),
        ],
    )


def _sum(metric: m.Metric, *by: str) -> str:
    labels = f" by ({', '.join(by)})" if by else ""
    return f"sum{labels} (rate({metric}[{RATE}]))"


def _now() -> Sequence[Panel]:
    def lost(title: str, description: str, *counters: m.Metric) -> Panel:
        # A counter that never counted has no series.
        expr = " + ".join(f"(sum(increase({counter}[1h])) or vector(0))" for counter in counters)
        return number(
            title,
            description,
            "short",
            Query(expr=expr, legend=title),
            width=SIXTH,
            levels=Levels(warning=1, critical=1000),
            decimals=0,
        )

    return [
        lost(
            "Refused in an hour",
            "The collector's memory is full, or a back end is slow, so senders must retry. The "
            "data is not lost yet: SDKs retry for a while.",
            m.REFUSED_SPANS,
            m.REFUSED_POINTS,
            m.REFUSED_LOGS,
        ),
        lost(
            "Dropped in an hour",
            "The queue was full. The data is lost unless the sender retries: see Queues below.",
            m.DROPPED_SPANS,
            m.DROPPED_POINTS,
            m.DROPPED_LOGS,
        ),
        lost(
            "Given up in an hour",
            "A back end refused the data permanently, or was down for too long. The data is "
            "lost; the collector's log has the reason.",
            m.FAILED_SPANS,
            m.FAILED_POINTS,
            m.FAILED_LOGS,
        ),
        lost(
            "Refused by Loki and Tempo in an hour",
            "Lines and spans above a limit of their tenant. The reason is below.",
            m.LOKI_DISCARDED,
            m.TEMPO_DISCARDED,
        ),
        number(
            "Fullest queue",
            "The fullest queue of all collectors and exporters. Above half, a back end is too "
            "slow.",
            "percentunit",
            Query(expr=f"max({m.QUEUE_SIZE} / ({m.QUEUE_CAPACITY} > 0))", legend="queue"),
            levels=Levels(warning=0.5, critical=0.8),
        ),
        number(
            "Secrets not ready",
            "ExternalSecrets that could not be read. A pod that needs one does not start.",
            "short",
            Query(
                expr=f'sum({m.EXTERNAL_SECRET_READY}{{condition="Ready", status="False"}})'
                " or vector(0)",
                legend="secrets",
            ),
            levels=Levels(warning=1, critical=1),
        ),
    ]


def _flow() -> Sequence[Panel]:
    panels: list[Panel] = []
    for signal, received, refused, sent, failed, dropped in _BY_SIGNAL:
        panels += [
            lines(
                f"Received: {signal}",
                f"{signal.capitalize()} per second by namespace. If a stage is at 0, nothing "
                "sends, or nothing reaches its gateway.",
                "short",
                [Query(expr=_sum(received, "namespace"), legend="{{namespace}}")],
                width=THIRD,
            ),
            lines(
                f"Sent: {signal}",
                f"{signal.capitalize()} per second by exporter. If it stays far below the "
                "received rate, the queues fill.",
                "short",
                [
                    Query(
                        expr=_sum(sent, "namespace", "exporter"),
                        legend="{{namespace}} {{exporter}}",
                    )
                ],
                width=THIRD,
            ),
            lines(
                f"Refused, dropped, given up: {signal}",
                "The causes are full memory (refused), a full queue (dropped), or a refusal of "
                "a back end (given up).",
                "short",
                [
                    Query(expr=_sum(refused, "namespace"), legend="refused {{namespace}}"),
                    Query(expr=_sum(dropped, "namespace"), legend="dropped {{namespace}}"),
                    Query(expr=_sum(failed, "namespace"), legend="given up {{namespace}}"),
                ],
                width=THIRD,
            ),
        ]
    return panels


def _collectors() -> Sequence[Panel]:
    return [
        lines(
            "Queues",
            "Used share of each queue. It grows while a back end is down, and must shrink "
            "afterwards.",
            "percentunit",
            [
                Query(
                    expr="max by (namespace, pod, exporter) "
                    f"({m.QUEUE_SIZE} / ({m.QUEUE_CAPACITY} > 0))",
                    legend=_COLLECTOR + " {{exporter}}",
                )
            ],
            levels=Levels(warning=0.5, critical=0.8),
            maximum=1,
        ),
        lines(
            "Memory",
            "Resident memory. From 60 % of the container's limit on, new data is refused.",
            "bytes",
            [
                Query(
                    expr=f"max by (namespace, pod) ({m.COLLECTOR_MEMORY})",
                    legend=_COLLECTOR,
                )
            ],
            width=QUARTER,
        ),
        lines(
            "CPU",
            "Cores. The autoscaler adds gateways above 70 % of their request.",
            "short",
            [
                Query(
                    expr=_sum(m.COLLECTOR_CPU, "namespace", "pod"),
                    legend=_COLLECTOR,
                )
            ],
            width=QUARTER,
        ),
        lines(
            "Traces sampled",
            "Traces per second decided by the gateways: kept (true) or not (false).",
            "short",
            [
                Query(
                    expr=_sum(m.TRACES_SAMPLED, "namespace", "sampled"),
                    legend="{{namespace}} kept: {{sampled}}",
                )
            ],
        ),
        lines(
            "Traces dropped before the decision",
            "The gateway holds too many traces: add replicas, or raise the size. Above 0, "
            "traces with errors may be lost.",
            "short",
            [Query(expr=_sum(m.TRACES_DROPPED_EARLY, "namespace"), legend="{{namespace}}")],
        ),
    ]


def _guards() -> Sequence[Panel]:
    by_service = (m.ENVIRONMENT, m.SERVICE)
    return [
        lines(
            "Dropped data points",
            "Per second, by service and reason. Each reason is something that the service can "
            "change; docs/reference/gateway.md explains each reason.",
            "short",
            [
                Query(
                    expr=_sum(m.REFUSED_ITEMS, *by_service, "reason"),
                    legend=f"{{{{{m.ENVIRONMENT}}}}} {{{{{m.SERVICE}}}}}: {{{{reason}}}}",
                )
            ],
        ),
        lines(
            "Shortened spans and log records",
            "Per second, by service. They arrive without the part that was too long.",
            "short",
            [
                Query(
                    expr=_sum(m.SHORTENED_ITEMS, *by_service, "signal"),
                    legend=f"{{{{{m.ENVIRONMENT}}}}} {{{{{m.SERVICE}}}}}: {{{{signal}}}}",
                )
            ],
        ),
    ]


def _metrics() -> Sequence[Panel]:
    return [
        lines(
            "Series in memory",
            "Series of the platform's Prometheus (observability) and of each stage's. They "
            "determine its memory; docs/operations/capacity.md has the numbers of each size.",
            "short",
            [Query(expr=f"max by (namespace, pod) ({m.HEAD_SERIES})", legend=_PROMETHEUS)],
            width=QUARTER,
        ),
        lines(
            "Samples",
            "Samples per second received, scraped and pushed.",
            "short",
            [Query(expr=_sum(m.SAMPLES_APPENDED, "namespace", "pod"), legend=_PROMETHEUS)],
            width=QUARTER,
        ),
        lines(
            "Samples too late",
            "Samples that arrived after the out-of-order window of 30 minutes, and are lost. A "
            "gateway's queue was blocked for longer.",
            "short",
            [Query(expr=_sum(m.TOO_OLD_SAMPLES, "namespace", "pod"), legend=_PROMETHEUS)],
            width=QUARTER,
        ),
        lines(
            "Rules that failed",
            "Failed evaluations per second. The alerts of that group do not work.",
            "short",
            [Query(expr=_sum(m.RULE_FAILURES, "rule_group"), legend="{{rule_group}}")],
            width=QUARTER,
        ),
        lines(
            "Blocks on the volume",
            "Prometheus' own blocks; it deletes the oldest before the volume is full.",
            "bytes",
            [Query(expr=f"max by (namespace, pod) ({m.TSDB_BYTES})", legend=_PROMETHEUS)],
            width=QUARTER,
        ),
        lines(
            "Uploads to the bucket",
            "Blocks of two hours: one every two hours from each replica. Failures: role, key or "
            "bucket policy.",
            "short",
            [
                Query(
                    expr=f"sum by (namespace, pod) (increase({m.SHIPPER_UPLOADS}[2h]))",
                    legend=_PROMETHEUS,
                ),
                Query(
                    expr=f"sum by (namespace, pod) (increase({m.SHIPPER_FAILURES}[2h]))",
                    legend=f"{_PROMETHEUS} failed",
                ),
            ],
            width=QUARTER,
        ),
        lines(
            "Compactor",
            "Rounds and failures in six hours. Halted (1): it found blocks that it must not "
            "change; see the runbook ThanosCompactorHalted.",
            "short",
            [
                Query(expr=f"sum(increase({m.COMPACT_ITERATIONS}[6h]))", legend="rounds"),
                Query(expr=f"sum(increase({m.COMPACT_FAILURES}[6h]))", legend="failures"),
                Query(expr=f"max({m.COMPACT_HALTED})", legend="halted"),
            ],
            width=QUARTER,
        ),
        lines(
            "Requests to the bucket",
            "Requests by operation; AWS bills them. Failures are below.",
            "reqps",
            [Query(expr=_sum(m.OBJSTORE_OPERATIONS, "operation"), legend="{{operation}}")],
            width=QUARTER,
        ),
        lines(
            "Requests to the bucket that failed",
            "If it stays above 0, check role, key, endpoint and throttling.",
            "reqps",
            [Query(expr=_sum(m.OBJSTORE_FAILURES, "operation"), legend="{{operation}}")],
            width=THIRD,
        ),
        lines(
            "Blocks that the store gateway knows",
            "It must match the bucket. Without blocks, long ranges in Grafana are empty.",
            "short",
            [Query(expr=f"sum by (pod) ({m.STORE_BLOCKS})", legend="{{pod}}")],
            width=THIRD,
        ),
        lines(
            "Notifications",
            "Alertmanager's notifications in an hour by integration, and failed ones.",
            "short",
            [
                Query(
                    expr=f"sum by (integration) (increase({m.NOTIFICATIONS}[1h]))",
                    legend="{{integration}}",
                ),
                Query(
                    expr=f"sum by (integration) (increase({m.NOTIFICATIONS_FAILED}[1h]))",
                    legend="{{integration}} failed",
                ),
            ],
            width=THIRD,
        ),
    ]


def _logs_and_traces() -> Sequence[Panel]:
    def failing(metric: m.Metric) -> str:
        of_server = f'rate({metric.count}{{status_code=~"5.."}}[{RATE}])'
        return (
            f"(sum by (route) ({of_server}) or 0 * sum by (route) (rate({metric.count}[{RATE}])))"
            f" / (sum by (route) (rate({metric.count}[{RATE}])) > 0)"
        )

    return [
        lines(
            "Loki: lines",
            "Lines per second by tenant, which is the namespace.",
            "short",
            [Query(expr=_sum(m.LOKI_LINES, "tenant"), legend="{{tenant}}")],
            width=QUARTER,
        ),
        lines(
            "Loki: lines refused",
            "By reason: rate_limited (raise the size), greater_than_max_sample_age (a queue was "
            "blocked), ...",
            "short",
            [
                Query(
                    expr=_sum(m.LOKI_DISCARDED, "tenant", "reason"), legend="{{tenant}} {{reason}}"
                )
            ],
            width=QUARTER,
        ),
        lines(
            "Loki: streams in memory",
            "Each combination of labels is a stream. A jump points to a label with too many "
            "values.",
            "short",
            [Query(expr=f"sum by (tenant) ({m.LOKI_STREAMS})", legend="{{tenant}}")],
            width=QUARTER,
        ),
        lines(
            "Loki: share of requests that fail",
            "Responses of 500 and above, by route.",
            "percentunit",
            [Query(expr=failing(m.LOKI_REQUESTS), legend="{{route}}")],
            width=QUARTER,
            levels=ERROR_LEVELS,
        ),
        lines(
            "Tempo: spans",
            "Spans per second by tenant, after sampling.",
            "short",
            [Query(expr=_sum(m.TEMPO_SPANS, "tenant"), legend="{{tenant}}")],
            width=QUARTER,
        ),
        lines(
            "Tempo: spans refused",
            "By reason: rate_limited, trace_too_large, live_traces_exceeded, ...",
            "short",
            [
                Query(
                    expr=_sum(m.TEMPO_DISCARDED, "tenant", "reason"), legend="{{tenant}} {{reason}}"
                )
            ],
            width=QUARTER,
        ),
        lines(
            "Tempo: traces in memory",
            "Traces that are still being written; Tempo's memory depends on them.",
            "short",
            [Query(expr=f"sum by (tenant) ({m.TEMPO_LIVE})", legend="{{tenant}}")],
            width=QUARTER,
        ),
        lines(
            "Tempo: share of requests that fail",
            "Responses of 500 and above, by route.",
            "percentunit",
            [Query(expr=failing(m.TEMPO_REQUESTS), legend="{{route}}")],
            width=QUARTER,
            levels=ERROR_LEVELS,
        ),
        lines(
            "Tempo: blocks that could not be written",
            "Flushes per second that failed. Meanwhile traces accumulate on the volume.",
            "short",
            [Query(expr=_sum(m.TEMPO_FLUSH_FAILURES, "pod"), legend="{{pod}}")],
            width=THIRD,
        ),
        lines(
            "Service graph: how late Prometheus gets it",
            "Newest created sample minus newest sample received by Prometheus. Above two "
            "minutes, Prometheus refuses samples or is down.",
            "s",
            [
                Query(
                    expr=f"max by (tenant) ({m.REMOTE_WRITE_NEWEST})"
                    f" - min by (tenant) ({m.REMOTE_WRITE_SENT})",
                    legend="{{tenant}}",
                )
            ],
            width=THIRD,
            levels=Levels(warning=60, critical=120),
        ),
        lines(
            "Loki: since retention was applied",
            "It grows to the compaction interval and falls back. If it reaches hours, logs are "
            "kept too long.",
            "s",
            [Query(expr=f"time() - max({m.LOKI_RETENTION})", legend="since")],
            width=THIRD,
        ),
        bars(
            "Targets up",
            "Share of each job's targets that answer. Below 100 %, run `kubectl get pods` in "
            "its namespace.",
            "percentunit",
            [Query(expr=f"avg by (namespace, job) ({m.UP})", legend="{{namespace}} {{job}}")],
            width=FULL,
            levels=Levels(warning=1, critical=0.5, falling=True),
            maximum=1,
        ),
    ]
