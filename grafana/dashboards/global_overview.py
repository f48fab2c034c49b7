"""All namespaces on one page: where to look first."""

from collections.abc import Sequence

from grafana.board import PLATFORM_FOLDER, DashboardFile, Section, board, path
from grafana.panels import (
    BUDGET_LEVELS,
    ERROR_LEVELS,
    THIRD,
    Column,
    Levels,
    Panel,
    Query,
    lines,
    number,
    rows,
)
from grafana.queries import RATE, budget_left, error_share, quantile, requests
from signals.metrics import (
    ALERTS,
    CONTAINER_CPU,
    CONTAINER_MEMORY,
    ENVIRONMENT,
    NODE_ALLOCATABLE,
    NODE_CPU,
    NODE_MEMORY_AVAILABLE,
    UP,
)
from signals.uids import GLOBAL_OVERVIEW

_ANY = f'{ENVIRONMENT}!=""'
_LEGEND = f"{{{{{ENVIRONMENT}}}}}"
_TROUBLE = 'alertstate="firing", severity=~"critical|warning"'


def dashboard() -> DashboardFile:
    """Dashboard `All namespaces`."""
    return board(
        GLOBAL_OVERVIEW,
        "All namespaces",
        "Every stage side by side: requests, errors, latency, budgets, alerts, and what the "
        "cluster has left.",
        folder=PLATFORM_FOLDER,
        tags=["overview"],
        sections=[
            Section(title="Now", panels=_now()),
            Section(title="Stages", panels=_stages()),
            Section(title="Alerts and cluster", panels=_cluster()),
        ],
    )


def _now() -> Sequence[Panel]:
    return [
        number(
            "Requests",
            "Requests per second of all stages. 0: look at the pipeline first.",
            "reqps",
            Query(expr=requests(_ANY), legend="requests"),
        ),
        number(
            "Errors",
            "Share of failed requests of all stages. The table below says whose.",
            "percentunit",
            Query(expr=error_share(_ANY), legend="errors"),
            levels=ERROR_LEVELS,
            decimals=2,
        ),
        number(
            "Critical alerts",
            "Somebody has been paged. Open Alerting; each alert links to its runbook.",
            "short",
            Query(
                expr=f'count({ALERTS}{{alertstate="firing", severity="critical"}}) or vector(0)',
                legend="alerts",
            ),
            levels=Levels(warning=1, critical=1),
        ),
        number(
            "Targets down",
            "Scrape targets that do not answer. Which: Status, Targets in Prometheus.",
            "short",
            Query(expr=f"count({UP} == 0) or vector(0)", legend="targets"),
            levels=Levels(warning=1, critical=3),
        ),
        number(
            "CPU of all nodes",
            "Share of the cores that pods may use. Above 80 %: the autoscaler has no room, or the "
            "largest size is reached.",
            "percentunit",
            Query(
                expr=f'sum({NODE_CPU}) / (sum({NODE_ALLOCATABLE}{{resource="cpu"}}) > 0)',
                legend="cpu",
            ),
            levels=Levels(warning=0.7, critical=0.85),
        ),
        number(
            "Memory free on nodes",
            "Memory that all nodes together can still give.",
            "bytes",
            Query(expr=f"sum({NODE_MEMORY_AVAILABLE})", legend="free"),
        ),
    ]


def _stages() -> Sequence[Panel]:
    def worst(expression: str) -> str:
        return f"min by ({ENVIRONMENT}) ({expression})"

    return [
        rows(
            "Stages",
            "A click opens a stage. The budgets are those of its worst service.",
            ENVIRONMENT,
            [
                Column(name="Requests", unit="reqps", expr=requests(_ANY, ENVIRONMENT)),
                Column(
                    name="Errors",
                    unit="percentunit",
                    expr=error_share(_ANY, ENVIRONMENT),
                    levels=ERROR_LEVELS,
                ),
                Column(name="p95", unit="s", expr=quantile(0.95, _ANY, ENVIRONMENT)),
                Column(
                    name="Least availability budget",
                    unit="percentunit",
                    expr=worst(budget_left(_ANY, "availability")),
                    levels=BUDGET_LEVELS,
                ),
                Column(
                    name="Least latency budget",
                    unit="percentunit",
                    expr=worst(budget_left(_ANY, "latency")),
                    levels=BUDGET_LEVELS,
                ),
            ],
            link=path(f"${{__data.fields.{ENVIRONMENT}}}-overview"),
        ),
        lines(
            "Requests by stage",
            "A stage that falls to nothing has lost its gateway or its callers.",
            "reqps",
            [Query(expr=requests(_ANY, ENVIRONMENT), legend=_LEGEND)],
            width=THIRD,
        ),
        lines(
            "Errors by stage",
            "Errors in dev are work; in prd they use up the budget.",
            "percentunit",
            [Query(expr=error_share(_ANY, ENVIRONMENT), legend=_LEGEND)],
            width=THIRD,
            levels=ERROR_LEVELS,
        ),
        lines(
            "p95 by stage",
            "A stage's mixture of services; open it for each.",
            "s",
            [
                Query(
                    expr=quantile(0.95, _ANY, ENVIRONMENT),
                    legend=_LEGEND,
                )
            ],
            width=THIRD,
        ),
    ]


def _cluster() -> Sequence[Panel]:
    return [
        lines(
            "Alerts firing by namespace",
            "Critical and warning. A step in all namespaces at once is something they share.",
            "short",
            [
                Query(
                    expr=f"count by (namespace, severity) ({ALERTS}{{{_TROUBLE}}})",
                    legend="{{namespace}} {{severity}}",
                )
            ],
            stacked=True,
            width=THIRD,
        ),
        lines(
            "CPU by namespace",
            "Cores used. Who grows?",
            "short",
            [
                Query(
                    expr=f'sum by (namespace) (rate({CONTAINER_CPU}{{container!=""}}[{RATE}]))',
                    legend="{{namespace}}",
                )
            ],
            stacked=True,
            width=THIRD,
        ),
        lines(
            "Memory by namespace",
            "Working set. The back ends in observability grow with series, streams and traces.",
            "bytes",
            [
                Query(
                    expr=f'sum by (namespace) ({CONTAINER_MEMORY}{{container!=""}})',
                    legend="{{namespace}}",
                )
            ],
            stacked=True,
            width=THIRD,
        ),
    ]
