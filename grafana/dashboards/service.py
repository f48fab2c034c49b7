"""The four golden signals of one service: latency, traffic, errors, saturation.

After "The Four Golden Signals" in Google's SRE book, chapter 6
(https://sre.google/sre-book/monitoring-distributed-systems/). Traffic, errors and latency are what
the gateways count of spans before sampling; what the SDKs measure themselves, by the semantic
conventions, comes beside it.
"""

from collections.abc import Sequence

from grafana import variables
from grafana.board import SERVICES_FOLDER, DashboardFile, Section, board
from grafana.panels import (
    BUDGET_LEVELS,
    ERROR_LEVELS,
    FULL,
    QUARTER,
    THIRD,
    Column,
    Levels,
    Panel,
    Query,
    lines,
    log_lines,
    number,
    rows,
    traces,
)
from grafana.queries import (
    OF_SERVICE,
    RATE,
    budget_left,
    by_pod,
    error_share,
    quantile,
    rate,
    requests,
)
from signals.metrics import (
    CALLS,
    CONTAINER_PERIODS,
    CONTAINER_THROTTLED,
    DB_CLIENT_DURATION,
    ENVIRONMENT,
    HTTP_CLIENT_DURATION,
    HTTP_SERVER_ACTIVE,
    HTTP_SERVER_DURATION,
    LIMITS,
    POD_CPU,
    POD_MEMORY,
    POD_NETWORK,
    RESTARTS,
    SERVICE,
)
from signals.slo import ERROR
from signals.uids import SERVICE as UID

QUANTILES = (0.5, 0.95, 0.99)

_PODS = by_pod(f"{POD_MEMORY}{{{OF_SERVICE}}}")
"""The service's pods, with the label `pod` that Kubernetes' own metrics have."""


def dashboard() -> DashboardFile:
    """Dashboard `Service golden signals`."""
    return board(
        UID,
        "Service golden signals",
        "Latency, traffic, errors and saturation of one service. From top to bottom: the "
        "objective, the routes, the traces and the logs.",
        folder=SERVICES_FOLDER,
        tags=["service", "golden-signals"],
        variables=[variables.stage(), variables.service()],
        sections=[
            Section(title="At a glance", panels=_glance()),
            Section(title="Traffic", panels=_traffic()),
            Section(title="Errors", panels=_errors()),
            Section(title="Latency", panels=_latency()),
            Section(title="Saturation", panels=_saturation()),
            Section(title="As the application measures it", panels=_semantic_conventions()),
            Section(title="Traces and logs", panels=_details()),
        ],
    )


def _glance() -> Sequence[Panel]:
    return [
        number(
            "Requests",
            "Requests per second that the service answers. At 0, check that it is deployed and "
            "sends to otel-gateway in its namespace.",
            "reqps",
            Query(expr=requests(OF_SERVICE), legend="requests"),
        ),
        number(
            "Errors",
            "Share of requests with the span status error. Above 1 %: look at Errors below.",
            "percentunit",
            Query(expr=error_share(OF_SERVICE), legend="errors"),
            levels=ERROR_LEVELS,
            decimals=2,
        ),
        number(
            "p95 latency",
            "One request in twenty takes longer. Compare with the objective's threshold.",
            "s",
            Query(expr=quantile(0.95, OF_SERVICE), legend="p95"),
        ),
        number(
            "Restarts in an hour",
            "Restarts of the service's containers. `kubectl describe pod` shows the cause.",
            "short",
            Query(
                expr=f'sum(increase({RESTARTS}{{namespace="$namespace"}}[1h])'
                f" * on (pod) group_left () (0 * {_PODS} + 1))",
                legend="restarts",
            ),
            levels=Levels(warning=1, critical=3),
            decimals=0,
        ),
        number(
            "Availability budget left",
            "Of 30 days. Below half, delay risky releases. Below 0 the objective is missed.",
            "percentunit",
            Query(expr=budget_left(OF_SERVICE, "availability"), legend="left"),
            levels=BUDGET_LEVELS,
        ),
        number(
            "Latency budget left",
            "Of 30 days. Below half, look for the slow route. Below 0 the objective is missed.",
            "percentunit",
            Query(expr=budget_left(OF_SERVICE, "latency"), legend="left"),
            levels=BUDGET_LEVELS,
        ),
    ]


def _traffic() -> Sequence[Panel]:
    return [
        lines(
            "Requests by route",
            "Look for routes that stopped and for unexpected routes. A missing route has no "
            "`http.route`: see the instrumentation runbook.",
            "reqps",
            [Query(expr=requests(OF_SERVICE, "http_route"), legend="{{http_route}}")],
            stacked=True,
        ),
        lines(
            "Requests by status code",
            "HTTP status codes. 4xx are usually caused by a caller, 5xx by this service.",
            "reqps",
            [
                Query(
                    expr=requests(OF_SERVICE, "http_response_status_code"),
                    legend="{{http_response_status_code}}",
                )
            ],
            stacked=True,
        ),
    ]


def _errors() -> Sequence[Panel]:
    return [
        lines(
            "Share of errors by route",
            "Errors in one route point to a release or to a dependency of that route. Errors in "
            "all routes point to something shared: a database, a quota, the network.",
            "percentunit",
            [Query(expr=error_share(OF_SERVICE, "http_route"), legend="{{http_route}}")],
            levels=ERROR_LEVELS,
        ),
        lines(
            "Errors by operation",
            "Failed spans per second, also of calls to others (CLIENT). A failing client span just "
            "before the server's is the cause.",
            "reqps",
            [
                Query(
                    expr="sum by (span_kind, span_name) "
                    f"(rate({CALLS}{{{OF_SERVICE}, {ERROR}}}[{RATE}]))",
                    legend="{{span_kind}} {{span_name}}",
                )
            ],
        ),
    ]


def _latency() -> Sequence[Panel]:
    return [
        lines(
            "Latency",
            "Dots are exemplars: a click opens that request's trace, if it was kept.",
            "s",
            [
                Query(expr=quantile(share, OF_SERVICE), legend=f"p{share * 100:g}", exemplars=True)
                for share in QUANTILES
            ],
        ),
        lines(
            "p95 by route",
            "Find the slow route, then open one of its slow traces below.",
            "s",
            [
                Query(
                    expr=quantile(0.95, OF_SERVICE, "http_route"),
                    legend="{{http_route}}",
                    exemplars=True,
                )
            ],
        ),
        rows(
            "Routes",
            "Each route with its traffic, errors and latency now, the busiest first.",
            "http_route",
            [
                Column(name="Requests", unit="reqps", expr=requests(OF_SERVICE, "http_route")),
                Column(
                    name="Errors",
                    unit="percentunit",
                    expr=error_share(OF_SERVICE, "http_route"),
                    levels=ERROR_LEVELS,
                ),
                Column(name="p95", unit="s", expr=quantile(0.95, OF_SERVICE, "http_route")),
                Column(name="p99", unit="s", expr=quantile(0.99, OF_SERVICE, "http_route")),
            ],
        ),
    ]


def _saturation() -> Sequence[Panel]:
    limit = f'(sum by (pod) ({LIMITS}{{namespace="$namespace", resource="%s"}}) > 0)'
    throttled, periods = (
        f'sum by (pod) (rate({metric}{{namespace="$namespace", container!=""}}[{RATE}]))'
        for metric in (CONTAINER_THROTTLED, CONTAINER_PERIODS)
    )
    return [
        lines(
            "CPU of the limit",
            "If it stays above 80 %, raise the limit or the replicas; see also the throttled "
            "periods.",
            "percentunit",
            [
                Query(
                    expr=by_pod(f"{POD_CPU}{{{OF_SERVICE}}}") + f" / on (pod) {limit % 'cpu'}",
                    legend="{{pod}}",
                )
            ],
            width=THIRD,
            levels=Levels(warning=0.8, critical=0.95),
        ),
        lines(
            "Memory of the limit",
            "At 100 % the kernel kills the container. A line that only rises points to a memory "
            "leak.",
            "percentunit",
            [Query(expr=f"{_PODS} / on (pod) {limit % 'memory'}", legend="{{pod}}")],
            width=THIRD,
            levels=Levels(warning=0.8, critical=0.9),
        ),
        lines(
            "Throttled periods",
            "Share of 100 ms periods in which the CPU limit throttled a pod. The CPU graph does "
            "not show this latency. Above 25 %: raise the limit.",
            "percentunit",
            [
                Query(
                    expr=f"({throttled} / ({periods} > 0)) * on (pod) (0 * {_PODS} + 1)",
                    legend="{{pod}}",
                )
            ],
            width=THIRD,
            levels=Levels(warning=0.1, critical=0.25),
        ),
    ]


def _semantic_conventions() -> Sequence[Panel]:
    return [
        lines(
            "HTTP server p95",
            "`http.server.request.duration` of the SDK. If it is much lower than the latency "
            "above, the time passes before the application, or in code that it does not measure.",
            "s",
            [
                Query(
                    expr=quantile(0.95, OF_SERVICE, "http_route", metric=HTTP_SERVER_DURATION),
                    legend="{{http_route}}",
                )
            ],
            width=QUARTER,
        ),
        lines(
            "Requests in flight",
            "`http.server.active_requests`. It rises when responses become slow, before errors "
            "appear.",
            "short",
            [
                Query(
                    expr=f"sum by (http_request_method) ({HTTP_SERVER_ACTIVE}{{{OF_SERVICE}}})",
                    legend="{{http_request_method}}",
                )
            ],
            width=QUARTER,
        ),
        lines(
            "Calls to other services, p95",
            "`http.client.request.duration` by called service. Look for a slow dependency.",
            "s",
            [
                Query(
                    expr=quantile(0.95, OF_SERVICE, "server_address", metric=HTTP_CLIENT_DURATION),
                    legend="{{server_address}}",
                )
            ],
            width=QUARTER,
        ),
        lines(
            "Database operations, p95",
            "`db.client.operation.duration` by operation. If it is always slow, check indexes; "
            "if it is slow in bursts, check locks and connections.",
            "s",
            [
                Query(
                    expr=quantile(
                        0.95,
                        OF_SERVICE,
                        "db_system_name",
                        "db_operation_name",
                        metric=DB_CLIENT_DURATION,
                    ),
                    legend="{{db_system_name}} {{db_operation_name}}",
                )
            ],
            width=QUARTER,
        ),
        lines(
            "Network",
            "Bytes per second of the service's pods, by direction. Unexpected growth costs money "
            "between zones.",
            "Bps",
            [Query(expr=rate(POD_NETWORK, OF_SERVICE, "direction"), legend="{{direction}}")],
            width=FULL,
        ),
    ]


def _details() -> Sequence[Panel]:
    of_service = (
        'resource.deployment.environment.name="$namespace" && resource.service.name="$service"'
    )
    return [
        traces(
            "Failed traces",
            "Every trace with an error is kept. Open one and look for the deepest red span.",
            f"{{ {of_service} && status=error }}",
            width=12,
        ),
        traces(
            "Slow traces",
            "Traces slower than half a second; those above the stage's `slow_trace_ms` are all "
            "kept.",
            f"{{ {of_service} && duration>500ms }}",
            width=12,
        ),
        log_lines(
            "Logs: warnings and errors",
            "Newest first. A line with a trace id links to its trace. All lines: Logs above.",
            f'{{{ENVIRONMENT}="$namespace", {SERVICE}="$service"}}'
            ' | detected_level=~"warn|error|fatal"',
        ),
    ]
