"""Service level objectives: how much of the budgets is left, and how fast they are spent."""

from collections.abc import Sequence

from grafana import variables
from grafana.board import SERVICES_FOLDER, DashboardFile, Section, board, path
from grafana.panels import (
    BUDGET_LEVELS,
    HALF,
    Column,
    Levels,
    Panel,
    Query,
    lines,
    rows,
)
from grafana.queries import IN_NAMESPACE, budget_left, burn_rate
from signals.metrics import SERVICE
from signals.slo import OBJECTIVE, PAGE, REQUEST_RATE, SLIS, TICKET, Sli, error_ratio
from signals.uids import SERVICE as SERVICE_DASHBOARD
from signals.uids import SLO

_SAID = {
    "availability": "Bad requests are those with the span status error.",
    "latency": "Bad requests are those slower than the stage's latency_threshold_ms.",
}


def dashboard() -> DashboardFile:
    """Dashboard `Objectives and error budgets`."""
    return board(
        SLO,
        "Objectives and error budgets",
        "Objectives per stage come from the settings and count over 30 days. Alerts fire on burn "
        "rates (SRE Workbook, chapter 5): 14.4 over an hour or 6 over six hours page, 1 over three "
        "days is a ticket.",
        folder=SERVICES_FOLDER,
        tags=["slo"],
        variables=[variables.stage()],
        time_from="now-24h",
        sections=[
            *(Section(title=sli.capitalize(), panels=_objective(sli)) for sli in SLIS),
            Section(title="Traffic behind it", panels=_traffic()),
        ],
    )


def _objective(sli: Sli) -> Sequence[Panel]:
    of_sli = f'{IN_NAMESPACE}, sli="{sli}"'
    page = PAGE[0]
    return [
        rows(
            f"{sli.capitalize()}: budgets",
            f"{_SAID[sli]} Budget left below half: slow down; below 0: the objective of 30 days "
            "is missed. A click opens the service.",
            SERVICE,
            [
                Column(
                    name="Budget left",
                    unit="percentunit",
                    expr=f"max by ({SERVICE}) ({budget_left(IN_NAMESPACE, sli)})",
                    levels=BUDGET_LEVELS,
                ),
                *(
                    Column(
                        name=f"Burn rate {window}",
                        unit="short",
                        expr=f"max by ({SERVICE}) ({burn_rate(IN_NAMESPACE, sli, window)})",
                        levels=Levels(warning=TICKET[0].factor, critical=factor),
                    )
                    for window, factor in _columns()
                ),
            ],
            link=path(
                SERVICE_DASHBOARD, namespace="$namespace", service="${__data.fields.service_name}"
            ),
        ),
        lines(
            f"{sli.capitalize()}: share of good requests in an hour",
            f"{_SAID[sli]} The 30 days together must reach the line of the objective.",
            "percentunit",
            [
                Query(
                    expr=f"1 - {error_ratio('1h')}{{{of_sli}}}",
                    legend="{{service_name}}",
                ),
                Query(expr=f"{OBJECTIVE}{{{of_sli}}}", legend="objective"),
            ],
            width=HALF,
            minimum=None,
            maximum=1,
        ),
        lines(
            f"{sli.capitalize()}: burn rate in an hour",
            f"A rate of 1 uses up exactly the budget of 30 days. A rate of {page.factor:g} uses "
            f"{page.budget_percent} % of it in an hour, and pages.",
            "short",
            [
                Query(
                    expr=burn_rate(IN_NAMESPACE, sli, page.long),
                    legend="{{service_name}}",
                )
            ],
            width=HALF,
            levels=Levels(warning=PAGE[1].factor, critical=page.factor),
        ),
    ]


def _columns() -> list[tuple[str, float]]:
    return [(rate.long, rate.factor) for rate in (*PAGE, *TICKET)]


def _traffic() -> Sequence[Panel]:
    return [
        lines(
            "Requests",
            "With few requests the value jumps: with 20 requests a day, one failure is 5 %.",
            "reqps",
            [Query(expr=f"{REQUEST_RATE}{{{IN_NAMESPACE}}}", legend="{{service_name}}")],
            width=24,
        )
    ]
