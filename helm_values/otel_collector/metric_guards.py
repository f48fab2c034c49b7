"""Data points that a gateway drops: each reason is one entry of `REASONS`.

Prometheus takes an OTLP request as a whole or not at all
(`storage/remote/write_otlp_handler.go`: any error rolls everything back). Two things follow:

* A request to Prometheus holds what one sender sent in one request, and is never put together with
  that of another sender (`collector.prometheus_exporters`): whatever is refused, and for whatever
  reason, only its sender loses it.
* What is known to be refused is taken out of its request and counted, so that the sender keeps the
  rest of it.

A point is marked first and dropped later, so that it can be counted between the two.
"""

from collections.abc import Iterable

from blueprint.documents import Config
from signals import metrics
from signals.metrics import Metric

REASON = "telemetry.refused"
"""Attribute of a point, and metadata of a metric, that is going to be dropped: the reason."""

OUT_OF_ORDER_MINUTES = 30
"""Prometheus' `out_of_order_time_window` (helm_values/kube_prometheus_stack)."""
OLDEST_MINUTES = 25
"""Five minutes less: it also waits in the queue, and the window ends at the newest sample of all,
which may be `NEWEST_MINUTES` ahead."""
NEWEST_MINUTES = 2
"""Prometheus takes ten (`maxAheadTime`), but each minute ahead is one that the window for late
samples of everybody else is shorter."""
SMALLEST_SCALE = -4
"""Of exponential histograms: the widest buckets of a native histogram (`ExponentialSchemaMin`)."""
MAX_NAME_LENGTH = 128

OTHERS_FAMILIES = (
    # What only the rules of kube-prometheus-stack read.
    "node", "aggregator", "config_reloader", "rest_client", "workqueue", "coredns",
    # What Prometheus writes itself.
    "up", "scrape", "ALERTS", "target_info",
)  # fmt: skip


def _first_word(metric: Metric) -> str:
    return metric.name.partition("_")[0]


def _all_metrics() -> list[Metric]:
    return [value for value in vars(metrics).values() if isinstance(value, Metric)]


def reserved_families(known: Iterable[Metric] | None = None) -> tuple[str, ...]:
    """First words of the names of metrics that the platform makes and its alerts believe.

    Of every metric that a dashboard or an alert reads, except those that applications send.
    """
    platform = {
        _first_word(metric)
        for metric in (_all_metrics() if known is None else known)
        if metric.source is not metrics.APPLICATION
    }
    return tuple(sorted(platform | {*OTHERS_FAMILIES}))


_BETWEEN = "[^0-9A-Za-z:]"
"""What Prometheus makes an underscore of, as often as it follows itself, and drops at the ends."""


def reserved_name() -> str:
    """A regular expression for names that would become one of the platform's in Prometheus.

    A colon is for recording rules alone.
    """
    families = "|".join(reserved_families()).replace("_", f"{_BETWEEN}+")
    return f"^{_BETWEEN}*(?:{families})(?:{_BETWEEN}|$)|:"


_METRIC = "metric"
_POINT = "datapoint"
_MINUTE_NS = 60_000_000_000

IDENTIFIER = "[0-9]{4}|[0-9a-fA-F]{16}|[0-9A-HJKMNP-TV-Z]{26}"

REASONS: dict[str, tuple[str, str, str]] = {
    "reserved_name": (
        _METRIC,
        f'IsMatch(metric.name, "{reserved_name()}")',
        "The name in Prometheus begins like a metric of the platform.",
    ),
    "invalid_name": (
        _METRIC,
        f'Len(metric.name) > {MAX_NAME_LENGTH} or not IsMatch(metric.name, "[0-9A-Za-z]")',
        f"The name has no letter or digit, or more than {MAX_NAME_LENGTH} characters.",
    ),
    "identifier_in_name": (
        _METRIC,
        f'IsMatch(metric.name, "{IDENTIFIER}")',
        "The name has a number of four or more digits, or another identifier: each would be a "
        "separate metric. Put it into an attribute.",
    ),
    "temporality": (
        _METRIC,
        "metric.aggregation_temporality != nil and metric.aggregation_temporality != "
        "AGGREGATION_TEMPORALITY_CUMULATIVE",
        "A counter or histogram sends differences (delta temporality) instead of sums. To add "
        "them up, one program must receive all points of a series, but each replica of a "
        "gateway receives only some of them.",
    ),
    "in_the_future": (
        _POINT,
        f"datapoint.time_unix_nano > UnixNano(Now()) + {NEWEST_MINUTES * _MINUTE_NS}",
        f"The point is more than {NEWEST_MINUTES} minutes ahead: a clock is wrong.",
    ),
    "too_old": (
        _POINT,
        f"datapoint.time_unix_nano < UnixNano(Now()) - {OLDEST_MINUTES * _MINUTE_NS}",
        f"The point is more than {OLDEST_MINUTES} minutes old, or has no time.",
    ),
    "histogram_scale": (
        _POINT,
        "metric.type == METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM and "
        f"datapoint.scale < {SMALLEST_SCALE}",
        f"An exponential histogram with a scale below {SMALLEST_SCALE}, which Prometheus cannot "
        "hold.",
    ),
}
"""Reason to what it is found on, the condition, and what it says."""


def _mark(level: str) -> list[str]:
    holder = {_METRIC: "metric.metadata", _POINT: "datapoint.attributes"}[level]
    return [
        f'set({holder}["{REASON}"], "{reason}") where {condition}'
        for reason, (found_on, condition, _) in REASONS.items()
        if found_on == level
    ]


def mark_refused() -> Config:
    """Note on each point that is going to be dropped why; a sender's own notes are removed."""
    return {
        "error_mode": "ignore",
        "metric_statements": [
            {
                "context": _METRIC,
                "statements": [f'delete_key(metric.metadata, "{REASON}")', *_mark(_METRIC)],
            },
            {
                "context": _POINT,
                "statements": [
                    f'delete_key(datapoint.attributes, "{REASON}")',
                    *_mark(_POINT),
                    f'set(datapoint.attributes["{REASON}"], metric.metadata["{REASON}"]) '
                    f'where metric.metadata["{REASON}"] != nil',
                ],
            },
        ],
    }


def drop_refused() -> Config:
    """Drop what is marked, and metrics without any data, which Prometheus refuses too."""
    return {
        "error_mode": "ignore",
        "metric_conditions": [
            {
                "context": _METRIC,
                "conditions": [
                    f'metric.metadata["{REASON}"] != nil',
                    "metric.type == METRIC_DATA_TYPE_NONE",
                ],
            },
            {
                "context": _POINT,
                "conditions": [f'datapoint.attributes["{REASON}"] != nil'],
            },
        ],
    }
