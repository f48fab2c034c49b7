"""What the gateways do with attributes that they cannot trust or that would cost too much.

Regular expressions use `[.]`: a backslash would have to be doubled for OTTL, and `$` for the
collector, which expands `${...}` before it reads the expression.
"""

from collections.abc import Sequence
from typing import Any

from helm_values.collector import ENVIRONMENT

Config = dict[str, Any]

METRIC_ATTRIBUTES = (
    # Semantic conventions whose values are few by definition.
    "http[.](?:request[.]method|response[.]status_code|route|method|status_code|scheme|flavor)",
    "url[.](?:scheme|template)",
    "(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag)[.].+",
    "(?:server|net[.]host|net[.]peer)[.](?:address|name|port)",
    "network[.](?:protocol[.]name|protocol[.]version|transport|type|io[.]direction)",
    "peer[.]service",
    "error[.]type",
    # Runtimes and hosts.
    "(?:jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore)[.].+",
    "(?:type|state|status|device|direction|cpu|pool|pool[.]name|generation|action|cause|count)",
    # What the teams add themselves.
    "app[.].+",
)
"""Attributes of metric data points that become labels. Everything else is dropped: a label that
nobody thought about costs a series for each of its values."""

UNBOUNDED_ATTRIBUTES = (
    "db[.](?:statement|query[.]text|user|connection_string)",
    "messaging[.](?:message|conversation|client).*",
    "messaging[.].*(?:offset|message_key|delivery_tag)",
    "rpc[.].*metadata.*",
    "rpc[.]jsonrpc[.]request_id",
    "gen_ai[.].*(?:id|prompt|completion|message|input|output|instructions).*",
    "graphql[.]document",
    "faas[.](?:invocation_id|document.*|coldstart)",
    ".*(?:user|customer|account|order|session|request|trace|span|message)[._]?id",
)
"""Known bad ones among those: identifiers and texts, each request with another value."""

LONGEST_VALUE = 128
MOST_LABELS = 20
SPAN_METRIC_IDENTITY = (
    "service.name", "service.namespace", "service.version", ENVIRONMENT, "k8s.namespace.name",
    "k8s.cluster.name",
)  # fmt: skip
"""Resource attributes of metrics made from spans: those of a service, not of its pods."""


def _any(patterns: Sequence[str]) -> str:
    return f"^(?:{'|'.join(patterns)})$"


def _statements(context: str, *statements: str) -> dict[str, Any]:
    return {"context": context, "statements": list(statements)}


def drop_claims(stage: str, namespaces: Sequence[str]) -> Config:
    """Drop what an application says about where it runs; the truth is added after this.

    `k8s_attributes` only fills gaps, so a claim would stay. Metrics from spans look at a span's own
    attributes before those of the resource, so the claim is dropped there too, and likewise from
    data points and log records. `service.namespace` is the application's to choose, except that
    it may not be the name of another namespace: it becomes the first part of Prometheus' `job`.
    """
    others = [name for name in namespaces if name != stage]
    resource = _statements(
        "resource",
        'delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[.]")',
        'delete_matching_keys(resource.attributes, "^deployment[.]environment([.]name)?$")',
        'delete_key(resource.attributes, "service.namespace") where '
        f'IsMatch(resource.attributes["service.namespace"], "{_any(others)}")',
    )
    return {
        "error_mode": "ignore",
        "trace_statements": [resource, _no_claims_of("span")],
        "metric_statements": [resource, _no_claims_of("datapoint")],
        "log_statements": [resource, _no_claims_of("log")],
    }


def _no_claims_of(item: str) -> dict[str, Any]:
    return _statements(
        item,
        f'delete_matching_keys({item}.attributes, "^(?:k8s|collector)[.]")',
        f"delete_matching_keys({item}.attributes, "
        '"^(?:deployment[.]environment([.]name)?|service[.]namespace)$")',
    )


def limit_metric_labels() -> Config:
    """Keep labels few, short and bounded, and the process out of `target_info`."""
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
                f'keep_matching_keys(datapoint.attributes, "{_any(METRIC_ATTRIBUTES)}")',
                f'delete_matching_keys(datapoint.attributes, "{_any(UNBOUNDED_ATTRIBUTES)}")',
                f"truncate_all(datapoint.attributes, {LONGEST_VALUE})",
                f'limit(datapoint.attributes, {MOST_LABELS}, ["http.request.method", "http.route", '
                '"http.response.status_code", "error.type"])',
            ),
        ],
    }


def generalize_span_names() -> Config:
    """Identifiers out of span names, which become labels: `GET /orders/123` is `GET /orders/{id}`.

    The semantic conventions ask for such names; the whole path stays in `url.path`.
    """
    return {
        "error_mode": "ignore",
        "trace_statements": [
            _statements(
                "span",
                'replace_pattern(span.name, "/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", '
                '"/{id}")',
                'replace_pattern(span.name, "/[0-9]+", "/{id}")',
                f"set(span.name, Substring(span.name, 0, {LONGEST_VALUE}, true)) "
                f"where Len(span.name) > {LONGEST_VALUE}",
            )
        ],
    }


def keep_service_identity() -> Config:
    """Metrics from spans are counted per service, so they must not carry one pod's attributes.

    The connector adds an identifier that is another one each time the collector starts; the writer
    is told by `service.instance.id` (the pod) instead, so that a restart begins no new series.
    """
    keys = ", ".join(f'"{key}"' for key in SPAN_METRIC_IDENTITY)
    return {
        "error_mode": "ignore",
        "metric_statements": [
            _statements("resource", f"keep_keys(resource.attributes, [{keys}])"),
            _statements("datapoint", 'delete_key(datapoint.attributes, "collector.instance.id")'),
        ],
    }
