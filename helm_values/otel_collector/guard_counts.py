"""Counters of the items that a gateway changed or dropped, by service and reason.

    traces, metrics, logs --count/guards--> metrics/guards --> Prometheus

Data points that were dropped are counted by the reasons of `metric_guards`; spans and log records,
of which something was cut off (`size_limits`), by signal. `signals.metrics` has both names as
Prometheus writes them.
"""

from blueprint.documents import Config
from helm_values.otel_collector.metric_guards import REASON, REASONS
from helm_values.otel_collector.size_limits import SHORTENED
from helm_values.otel_collector.span_metrics import UNKNOWN_SERVICE

REFUSED = "telemetry.refused.items"
SHORTENED_ITEMS = "telemetry.shortened.items"
MAX_SERIES = 1_000
"""Of both together, in one gateway; a service beyond is not counted by name any more."""

_SIGNAL = "telemetry.signal"


def _shortened(item: str, signal: str) -> Config:
    return {
        SHORTENED_ITEMS: {
            "description": "Items of which something was cut off.",
            "conditions": [f'{item}.attributes["{SHORTENED}"] == true'],
            "attributes": [
                {"key": "service.name", "default_value": UNKNOWN_SERVICE},
                {"key": _SIGNAL, "default_value": signal},
            ],
        }
    }


def connector() -> Config:
    """Counts what carries a note of `metric_guards` or `size_limits`."""
    reasons = "|".join(REASONS)
    point = f'datapoint.attributes["{REASON}"]'
    return {
        "datapoints": {
            REFUSED: {
                "description": "Data points that were dropped.",
                "conditions": [f'{point} != nil and IsMatch({point}, "^(?:{reasons})$")'],
                "attributes": [
                    {"key": "service.name", "default_value": UNKNOWN_SERVICE},
                    {"key": REASON},
                ],
            }
        },
        "spans": _shortened("span", "traces"),
        "logs": _shortened("log", "logs"),
    }


def processors() -> dict[str, Config]:
    """Makes cumulative series of the counts, one point of each every half minute."""
    point = "datapoint.attributes"
    return {
        # The connector copies the sender's resource, and takes the time of what it counts, which
        # may be what is wrong with it.
        "transform/guard_counts": {
            "error_mode": "ignore",
            "metric_statements": [
                {"context": "resource", "statements": ["keep_keys(resource.attributes, [])"]},
                {"context": "scope", "statements": ['set(scope.name, "guards")']},
                {
                    "context": "datapoint",
                    "statements": [
                        "set(datapoint.time, Now())",
                        "set(datapoint.start_time, datapoint.time)",
                        f'set({point}["reason"], {point}["{REASON}"])',
                        f'delete_key({point}, "{REASON}")',
                        f'set({point}["signal"], {point}["{_SIGNAL}"])',
                        f'delete_key({point}, "{_SIGNAL}")',
                    ],
                },
            ],
        },
        "deltatocumulative": {"max_stale": "60m", "max_streams": MAX_SERIES},
        "interval": {"interval": "30s"},
    }
