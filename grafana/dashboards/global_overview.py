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
        "All stages: requests, errors, latency, budgets and alerts, and the free capacity of "
        "the cluster.",
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
            "Requests per second of all stages. At 0, check the pipeline first.",
            "reqps",
            Query(expr=requests(_ANY), legend="requests"),
        ),
        number(
            "Errors",
            "Share of failed requests of all stages. The table below shows the stage.",
            "percentunit",
            Query(expr=error_share(_ANY), legend="errors"),
            levels=ERROR_LEVELS,
            decimals=2,
        ),
        number(
            "Critical alerts",
            "These alerts page. Open Alerting; each alert links to its runbook.",
            "short",
            Query(
                expr=f'count({ALERTS}{{alertstate="firing", severity="critical"}}) or vector(0)',
                legend="alerts",
            ),
            levels=Levels(warning=1, critical=1),
        ),
        number(
            "Targets down",
            "Scrape targets that do not answer. Prometheus lists them under Status, Targets.",
            "short",
            Query(expr=f"count({UP} == 0) or vector(0)", legend="targets"),
            levels=Levels(warning=1, critical=3),
        ),
        number(
            "CPU of all nodes",
            "Share of the cores that pods may use. Above 80 %, the node groups may have reached "
            "their maximum.",
            "percentunit",
            Query(
                expr=f'sum({NODE_CPU}) / (sum({NODE_ALLOCATABLE}{{resource="cpu"}}) > 0)',
                legend="cpu",
            ),
            levels=Levels(warning=0.7, critical=0.85),
        ),
        number(
            "Memory free on nodes",
            "Free memory of all nodes together.",
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
            "A click opens a stage. The budgets are those of the worst service of a stage.",
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
            "If a stage falls to 0, its gateway is down or it has no callers.",
            "reqps",
            [Query(expr=requests(_ANY, ENVIRONMENT), legend=_LEGEND)],
            width=THIRD,
        ),
        lines(
            "Errors by stage",
            "Errors in dev are normal work; errors in prd use up the error budget.",
            "percentunit",
            [Query(expr=error_share(_ANY, ENVIRONMENT), legend=_LEGEND)],
            width=THIRD,
            levels=ERROR_LEVELS,
        ),
        lines(
            "p95 by stage",
            "All services of a stage together; open the stage to see each service.",
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
            "Critical and warning. A rise in all namespaces at once has a common cause.",
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
            "Cores used. Look for namespaces that grow.",
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
