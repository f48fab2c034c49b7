"""Metrics that a gateway computes from spans: counted spans, their names, and the limits.

    traces --forward/counted--> traces/counted --span_metrics--> metrics/spans --> Prometheus

Only spans of servers and consumers are counted: these are the requests that a service answers, and
service levels are about them. The name of a counted span becomes a label, so it is the one that the
semantic conventions ask for, and nothing in it tells one request from another. Spans that are kept
in Tempo are not changed by this.

How many series there can be is bounded for each workload (Deployment, StatefulSet, DaemonSet), as
Kubernetes names it and not as the application does: whatever names an application invents, it uses
up its own room. Each kind and status has room of its own, so that no flood of successes can hide an
error, and what finds no room is still counted with its kind and status.
"""

from typing import Any, get_args

from blueprint.backend_sizes import GatewaySize
from blueprint.documents import Config
from helm_values.otel_collector import collector
from settings.model import LatencyBoundMs

SPAN_SECONDS = tuple(bound / 1000 for bound in get_args(LatencyBoundMs))
"""Bounds of the histograms."""

WORKLOAD = ("k8s.deployment.name", "k8s.statefulset.name", "k8s.daemonset.name")
"""What tells workloads apart. Not jobs: each run has another name. All of them become labels
(`promoteResourceAttributes`): two workloads that say the same of themselves write series of their
own, which Prometheus would otherwise take for one and refuse."""

SERVICE = ("service.name", "service.namespace", "service.version")
"""Resource attributes of a service, of which the metrics' resource is made again."""

UNKNOWN_SERVICE = "unknown_service"
MAX_NAME_LENGTH = 128
SEMANTIC_CONVENTIONS = "1.37.0"
"""Of the names; the oldest that `set_semconv_span_name` knows in 0.158 and in 0.160."""

_KIND, _STATUS = "telemetry.span.kind", "telemetry.status.code"
"""Kind and status as attributes of the resource, so that each has room of its own."""

_METHODS = "GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|QUERY|_OTHER"
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_IDENTIFIER = f"{_UUID}|[0-9a-fA-F]{{16,}}|[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{{26}}|[0-9]{{4,}}"
"""UUIDs, long hexadecimal numbers (ObjectIds, hashes, trace ids), ULIDs and numbers."""
_SQL = (
    "(?is)^[^a-z]*(select|insert|update|delete|with|merge)[^a-z](?:.*[^a-z])?"
    "(?:from|into|set|using)[^a-z].*$"
)


def _span(*statements: str) -> dict[str, Any]:
    return {"context": "span", "statements": list(statements)}


def _without_identifiers(path: str, where: str) -> list[str]:
    """Statements that put `{id}` in the place of identifiers in a path or name.

    Only whole parts of it: `/2fa/verify` stays. Each twice, since an expression cannot begin where
    the one before it ended: the second time finds every other part of `/1/2/3`.
    `$$1` is `$1` when the collector has read it.
    """
    identifier = (
        f'replace_pattern({path}, "(^|[^0-9A-Za-z])(?:{_IDENTIFIER})([^0-9A-Za-z]|$)", '
        f'"$$1{{id}}$$2") where {where}'
    )
    number = (
        f'replace_pattern({path}, "([/=:])[0-9]+([^0-9A-Za-z]|$)", "$$1{{id}}$$2") where {where}'
    )
    return [identifier, identifier, number, number]


def name_counted_spans() -> Config:
    """Names and attributes of counted spans with few values."""
    name, attributes = "span.name", "span.attributes"
    method, route = f'{attributes}["http.request.method"]', f'{attributes}["http.route"]'
    status = f'{attributes}["http.response.status_code"]'
    routed = f"{route} != nil"
    return {
        "error_mode": "ignore",
        "trace_statements": [
            _span(
                # The names of the older conventions.
                f'set({method}, {attributes}["http.method"]) where {method} == nil',
                f'set({status}, {attributes}["http.status_code"]) where {status} == nil',
                f'set({method}, "_OTHER") where {method} != nil and '
                f'not IsMatch({method}, "^(?:{_METHODS})$")',
                f'delete_key({attributes}, "http.response.status_code") where {status} != nil '
                f'and not IsMatch({status}, "^[1-5][0-9][0-9]$")',
                f"set({route}, String({route})) where {routed}",
                f'replace_pattern({route}, "[?#].*$", "") where {routed}',
                *_without_identifiers(route, routed),
                f'delete_key({attributes}, "http.route") where {route} == ""',
                f'set_semconv_span_name("{SEMANTIC_CONVENTIONS}")',
                f'replace_pattern({name}, "{_SQL}", "$$1")',
                f'replace_pattern({name}, "[?#].*$", "") where IsMatch({name}, "/")',
                *_without_identifiers(name, f'IsMatch({name}, "[0-9]")'),
                f"truncate_all({attributes}, {MAX_NAME_LENGTH})",
                f"set({name}, Substring({name}, 0, {MAX_NAME_LENGTH}, true)) "
                f"where Len({name}) > {MAX_NAME_LENGTH}",
                # The resource's are taken, and not what a span says.
                *(f'delete_key({attributes}, "{key}")' for key in SERVICE),
                f'set({attributes}["{_KIND}"], Concat(["SPAN_KIND_", '
                'ToUpperCase(span.kind.string)], ""))',
                f'set({attributes}["{_STATUS}"], "STATUS_CODE_UNSET")',
                f'set({attributes}["{_STATUS}"], "STATUS_CODE_OK") '
                "where span.status.code == STATUS_CODE_OK",
                f'set({attributes}["{_STATUS}"], "STATUS_CODE_ERROR") '
                "where span.status.code == STATUS_CODE_ERROR",
            )
        ],
    }


def counted_spans() -> Config:
    """A filter that leaves what service levels are about (`signals.slo.SERVERS`)."""
    return {
        "error_mode": "ignore",
        "trace_conditions": [
            {
                "context": "span",
                "conditions": ["span.kind != SPAN_KIND_SERVER and span.kind != SPAN_KIND_CONSUMER"],
            }
        ],
    }


def rooms() -> Config:
    """Puts kind and status of a span on its resource."""
    return {"keys": [_KIND, _STATUS]}


def connector(size: GatewaySize) -> Config:
    """What is made of the spans."""
    return {
        "namespace": "traces.span.metrics",
        # Prometheus' base unit: the default, ms, would give other names.
        "histogram": {
            "unit": "s",
            "explicit": {"buckets": [f"{round(bound * 1000)}ms" for bound in SPAN_SECONDS]},
        },
        "exemplars": {"enabled": True, "max_per_data_point": 5},
        "dimensions": [
            {"name": name}
            for name in (
                "http.request.method",
                "http.route",
                "http.response.status_code",
                *SERVICE[1:],
                collector.ENVIRONMENT,
            )
        ],
        "resource_metrics_key_attributes": [*WORKLOAD, _KIND, _STATUS],
        "resource_metrics_cache_size": 1000,
        # Named, since a feature gate is about to turn it off.
        "add_resource_attributes": True,
        # What is beyond goes into one series with otel.metric.overflow="true".
        "aggregation_cardinality_limit": size.span_series,
        "metrics_flush_interval": "30s",
        # A series that is gone leaves its room to another one.
        "series_expiration": "30m",
        "metrics_expiration": "30m",
    }


def identify() -> Config:
    """The metrics' identity: workload and service, not one pod's attributes.

    What found no room says whose it is by the workload's name, and which kind and status it has by
    the room that it found none in. The connector adds an identifier that is another one each time
    the collector starts; `resource/writer` names the writer instead.
    """
    kept = ", ".join(f'"{key}"' for key in (*WORKLOAD, _KIND, _STATUS))
    point, resource = "datapoint.attributes", "resource.attributes"
    workload = ", ".join(f'{resource}["{key}"]' for key in WORKLOAD)
    overflow = f'{point}["otel.metric.overflow"] == true'
    return {
        "error_mode": "ignore",
        "metric_statements": [
            {"context": "resource", "statements": [f"keep_keys({resource}, [{kept}])"]},
            {
                "context": "datapoint",
                "statements": [
                    f'delete_key({point}, "collector.instance.id")',
                    f'set({point}["span.kind"], {resource}["{_KIND}"]) where {overflow}',
                    f'set({point}["status.code"], {resource}["{_STATUS}"]) where {overflow}',
                    f'set({point}["service.name"], Coalesce([{workload}, "{UNKNOWN_SERVICE}"])) '
                    f"where {overflow}",
                ],
            },
            {
                "context": "resource",
                "statements": [f'delete_key({resource}, "{key}")' for key in (_KIND, _STATUS)],
            },
        ],
    }


def regroup() -> Config:
    """Puts the service of a point on its resource, from which `job` is made."""
    return {"keys": list(SERVICE)}
