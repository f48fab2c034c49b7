"""Guards of the gateways for attributes that are not trusted or would cost too much.

Regular expressions use `[.]`: a backslash would have to be doubled for OTTL, and `$` for the
collector, which expands `${...}` before it reads the expression.
"""

from collections.abc import Sequence
from typing import Any

from blueprint.documents import Config
from helm_values.otel_collector import size_limits

OPEN_FAMILIES = (
    # Semantic conventions.
    "rpc", "db", "messaging", "gen_ai", "graphql", "faas", "feature_flag",
    # Runtimes and hosts.
    "jvm", "process[.]runtime", "nodejs", "v8js", "cpython", "dotnet", "go", "system", "cpu",
    "disk", "aspnetcore",
    # What the teams add themselves.
    "app",
)  # fmt: skip
"""First parts of names of which any second part may become a label."""

_OPEN = f"(?:{'|'.join(OPEN_FAMILIES)})[.]"

METRIC_ATTRIBUTES = (
    # Semantic conventions whose values are few by definition.
    "http[.](?:request[.]method|response[.]status_code|route|method|status_code|scheme|flavor)",
    "url[.](?:scheme|template)",
    "(?:server|net[.]host|net[.]peer)[.](?:address|name|port)",
    "network[.](?:protocol[.]name|protocol[.]version|transport|type|io[.]direction)",
    "peer[.]service",
    "error[.]type",
    "(?:type|state|status|device|direction|cpu|pool|pool[.]name|generation|action|cause|count)",
    f"{_OPEN}.+",
)
"""Attributes of metric data points that become labels. All others are dropped, because an
unexpected label costs a series for each of its values."""

UNBOUNDED_ATTRIBUTES = (
    "db[.](?:statement|query[.]text|user|connection_string)",
    "messaging[.](?:message|conversation|client).*",
    "messaging[.].*(?:offset|message_key|delivery_tag)",
    "rpc[.].*metadata.*",
    "rpc[.]jsonrpc[.]request_id",
    "gen_ai[.].*(?:id|prompt|completion|message|input|output|instructions).*",
    "graphql[.]document",
    "faas[.](?:invocation_id|document.*|coldstart)",
    f"{_OPEN}.*(?:user|customer|account|order|session|request|trace|span|message)[._]?id",
)
"""Known bad ones among those: identifiers and texts, each request with another value.

Only of open families, and each pattern begins with the family's name: one that begins with `.*`
was tried at every place of every name, a quarter of what a data point cost (ADR 0027)."""

MAX_LABEL_LENGTH = 128
MAX_LABELS = 20


def _any(patterns: Sequence[str]) -> str:
    return f"^(?:{'|'.join(patterns)})$"


def _statements(context: str, *statements: str) -> dict[str, Any]:
    return {"context": context, "statements": list(statements)}


_SEPARATOR = "[^0-9A-Za-z]+"
"""What Prometheus and Loki make an underscore of: `k8s_namespace_name`, and `k8s-namespace-name`
too, would become the label that the true `k8s.namespace.name` becomes."""


def drop_claims(stage: str, namespaces: Sequence[str]) -> Config:
    """Drop what an application says about where it runs; the truth is added after this.

    `k8s_attributes` only fills gaps, so a claim would stay. Metrics from spans look at a span's own
    attributes before those of the resource, so the claim is dropped there too, and likewise from
    data points, log records, and the scope (the instrumentation) of each.

    `service.namespace` is the application's to choose, except that it may not be the name of
    another namespace: with a slash it becomes the first part of Prometheus' `job`. So neither it
    nor `service.name` may have a slash of its own.
    """
    others = [name for name in namespaces if name != stage]
    identity = [f'resource.attributes["{key}"]' for key in _IDENTITY]
    resource = _statements(
        "resource",
        # Texts, whatever was sent: 7 and "7" would be two resources and one `job`.
        *(f"set({path}, String({path})) where {path} != nil" for path in identity),
        *(
            f'delete_key(resource.attributes, "{key}") where {path} == ""'
            for key, path in zip(_IDENTITY, identity, strict=True)
        ),
        'replace_pattern(resource.attributes["service.name"], "/", "-")',
        'replace_pattern(resource.attributes["service.namespace"], "/", "-")',
        f'delete_matching_keys(resource.attributes, "^(?:k8s|container|collector){_SEPARATOR}")',
        f'delete_matching_keys(resource.attributes, "{_CLAIMED_ENVIRONMENT}")',
        # Its other spellings; the right one is judged by its value.
        'delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])'
        '[^0-9A-Za-z]*namespace$")',
        'delete_key(resource.attributes, "service.namespace") where '
        f'IsMatch(resource.attributes["service.namespace"], "{_any(others)}")',
    )
    scope = _no_claims_of("scope")
    holders = [*size_limits.limit_holders(), resource, scope]
    return {
        "error_mode": "ignore",
        "trace_statements": [*holders, _no_claims_of("span"), *size_limits.limit_spans()],
        # Not of data points: `limit_metric_labels`, which follows, lets no claim through.
        "metric_statements": holders,
        "log_statements": [*holders, _no_claims_of("log"), size_limits.limit_log_records()],
    }


_IDENTITY = ("service.name", "service.namespace", "service.version", "service.instance.id")

_CLAIMED_ENVIRONMENT = f"^deployment{_SEPARATOR}environment(?:{_SEPARATOR}name)?$"


CLAIM = (
    f"^(?:(?:k8s|collector){_SEPARATOR}|deployment{_SEPARATOR}environment"
    f"|service{_SEPARATOR}namespace)"
)
"""One expression and not three: it is tried on every attribute of every item. And without an end
(`$`), which made it cost twice as much (ADR 0032)."""


def _no_claims_of(item: str) -> dict[str, Any]:
    return _statements(item, f'delete_matching_keys({item}.attributes, "{CLAIM}")')


_CHANGED = "labels_changed"
"""Noted on a metric by its points, and gone when the metric leaves the processor."""


def limit_metric_labels() -> Config:
    """Keep labels few, short and bounded, and the process out of `target_info`.

    Points that differ only in a dropped label are merged, or Prometheus would keep one of them and
    refuse the others: counts and histograms are added, gauges are averaged. This happens only in a
    metric with changed labels, because the search for equal points costs more than all the rest.

    Not exponential histograms: the function puts the buckets of points with different offsets in
    wrong places, and fills the room between the offsets, which the sender chooses, with zeros: two
    points of one application would take all memory. Not summaries: it cannot add these.
    """
    histogram = "metric.type == METRIC_DATA_TYPE_HISTOGRAM"
    bounds, counts = "datapoint.explicit_bounds", "datapoint.bucket_counts"
    changed = f'metric.metadata["{_CHANGED}"] == true'
    return {
        "error_mode": "ignore",
        "metric_statements": [
            _statements(
                "resource",
                'delete_matching_keys(resource.attributes, "^process[.](?:command|executable|owner|'
                'pid|parent_pid|working_directory).*")',
            ),
            _statements(
                "datapoint",
                'set(datapoint.cache["sent"], datapoint.attributes)',
                f'keep_matching_keys(datapoint.attributes, "{_any(METRIC_ATTRIBUTES)}")',
                f'delete_matching_keys(datapoint.attributes, "{_any(UNBOUNDED_ATTRIBUTES)}")',
                f"truncate_all(datapoint.attributes, {MAX_LABEL_LENGTH})",
                f'limit(datapoint.attributes, {MAX_LABELS}, ["http.request.method", "http.route", '
                '"http.response.status_code", "error.type"])',
                f'set(metric.metadata["{_CHANGED}"], true) '
                'where datapoint.attributes != datapoint.cache["sent"]',
                # The function below takes it for granted that points with the same bounds have as
                # many buckets, and the collector ends if they have not.
                f"set({bounds}, []) where {histogram} and (Len({counts}) != Len({bounds}) + 1 "
                f'or IsMatch(Format("%v", [{bounds}]), "Inf|NaN"))',
                f"set({counts}, []) where {histogram} and Len({bounds}) == 0",
            ),
            # A group of its own, which runs when all points of the group above are done.
            _statements(
                "metric",
                f'aggregate_on_attributes("sum") where {changed} '
                f"and (metric.type == METRIC_DATA_TYPE_SUM or {histogram})",
                f'aggregate_on_attributes("mean") where {changed} '
                "and metric.type == METRIC_DATA_TYPE_GAUGE",
                f'delete_key(metric.metadata, "{_CHANGED}")',
            ),
        ],
    }
