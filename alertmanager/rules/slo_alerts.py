"""Service levels: recorded indicators, and alerts on how fast error budgets are used up."""

from alertmanager.alert_model import Alert, Recording, RuleGroup, Severity
from alertmanager.rules.owners import STAGE, owner, stages
from settings.model import Settings
from signals import uids
from signals.links import dashboard
from signals.metrics import CALLS, ENVIRONMENT, SERVICE
from signals.slo import (
    ERROR,
    MINIMUM_FAILURES,
    OBJECTIVE,
    PAGE,
    REQUEST_RATE,
    SERVERS,
    SLIS,
    TICKET,
    WINDOWS,
    BurnRate,
    Sli,
    error_count,
    error_ratio,
    errors,
    failures,
    requests,
    slow,
    slow_count,
)

SERVICE_NAME = f"{{{{ $labels.{SERVICE} }}}}"
_DASHBOARD = dashboard(uids.SERVICE, namespace=ENVIRONMENT, service=SERVICE)

ROUTE_ERRORS = 0.2
ROUTE_REQUESTS_PER_SECOND = 0.05
"""A fifth of a route's requests fail, and it has at least three a minute: with fewer, one failure
would be a fifth (our choice; the Workbook's "Low-Traffic Services" has no number)."""


def recordings(settings: Settings) -> RuleGroup:
    """The share of bad requests per window, and the objectives as series."""
    rules = [Recording(record=REQUEST_RATE, expr=requests("5m"))]
    for stage in settings.stages:
        objectives = settings.objectives(stage)
        percents = {
            "availability": objectives.availability_percent,
            "latency": objectives.latency_percent,
        }
        rules += [
            Recording(
                record=OBJECTIVE,
                expr=f"vector({round(percents[sli] / 100, 6):g})",
                labels={ENVIRONMENT: stage, "sli": sli},
            )
            for sli in SLIS
        ]
        rules.append(
            Recording(
                record=MINIMUM_FAILURES,
                expr=f"vector({objectives.minimum_failures})",
                labels={ENVIRONMENT: stage},
            )
        )
    for window in WINDOWS:
        rules.append(
            Recording(
                record=error_ratio(window),
                # A service without an error has no series of errors: 0 of its requests, not none.
                expr=f"({errors(window)} or 0 * {requests(window)}) / ({requests(window)} > 0)",
                labels={"sli": "availability"},
            )
        )
        rules.append(
            Recording(
                record=error_ratio(window),
                # Each stage has a threshold of its own; their series do not overlap.
                expr=" or ".join(
                    slow(window, stage, settings.objectives(stage).latency_threshold_ms)
                    for stage in settings.stages
                ),
                labels={"sli": "latency"},
            )
        )
    for rate in (*PAGE, *TICKET):
        rules.append(
            Recording(
                record=failures(rate.long),
                expr=error_count(rate.long),
                labels={"sli": "availability"},
            )
        )
        rules.append(
            Recording(
                record=failures(rate.long),
                expr=" or ".join(
                    slow_count(rate.long, stage, settings.objectives(stage).latency_threshold_ms)
                    for stage in settings.stages
                ),
                labels={"sli": "latency"},
            )
        )
    return RuleGroup(name="slo-indicators", rules=tuple(rules))


def alerts(settings: Settings) -> RuleGroup:
    """Fast burns page, slow burns are tickets; one is for a route that the total hides."""
    return RuleGroup(
        name="slo-alerts",
        rules=(
            _burn(settings, "availability", "ServiceAvailabilityBurnFast", PAGE, "critical"),
            _burn(settings, "availability", "ServiceAvailabilityBurnSlow", TICKET, "warning"),
            _burn(settings, "latency", "ServiceLatencyBurnFast", PAGE, "critical"),
            _burn(settings, "latency", "ServiceLatencyBurnSlow", TICKET, "warning"),
            _route(settings),
        ),
    )


_BAD = {"availability": "answered with an error", "latency": "answered too slowly"}


def _burn(
    settings: Settings, sli: Sli, name: str, rates: tuple[BurnRate, ...], severity: Severity
) -> Alert:
    longest = rates[-1].long
    return Alert(
        name=name,
        expr=" or ".join(_burning(sli, rate) for rate in rates),
        # The short window already checks that it continues; a wait would only delay the page.
        for_="2m" if severity == "critical" else "15m",
        severity=severity,
        namespace=STAGE,
        owner=owner(settings, ENVIRONMENT),
        summary=f"{SERVICE_NAME} in {STAGE} uses up its {sli} budget "
        f"{'fast' if severity == 'critical' else 'slowly'}",
        description=f"{{{{ $value | humanizePercentage }}}} of its requests were {_BAD[sli]}. At "
        f"this pace it uses at least {rates[-1].budget_percent} % of the budget of 30 days in "
        f"{longest}.",
        dashboard=_DASHBOARD,
    )


def _burning(sli: Sli, rate: BurnRate) -> str:
    def above(window: str) -> str:
        return (
            f'{error_ratio(window)}{{sli="{sli}"}} > on ({ENVIRONMENT}, sli) group_left () '
            f'({rate.factor:g} * (1 - {OBJECTIVE}{{sli="{sli}"}}))'
        )

    # Of few requests a single failure is a large share, and says little about the service.
    enough = (
        f'{failures(rate.long)}{{sli="{sli}"}} >= on ({ENVIRONMENT}) group_left () '
        f"{MINIMUM_FAILURES}"
    )
    return f"({above(rate.long)} and {above(rate.short)} and {enough})"


def _route(settings: Settings) -> Alert:
    by = f"{ENVIRONMENT}, {SERVICE}, http_route"
    of_routes = f'{SERVERS}, http_route!="", {stages(settings)}'
    failed = f"sum by ({by}) (rate({CALLS}{{{of_routes}, {ERROR}}}[10m]))"
    answered = f"sum by ({by}) (rate({CALLS}{{{of_routes}}}[10m]))"
    return Alert(
        name="ServiceRouteErrorRateHigh",
        expr=f"{failed} / ({answered} > {ROUTE_REQUESTS_PER_SECOND:g}) > {ROUTE_ERRORS:g}",
        for_="5m",
        severity="warning",
        namespace=STAGE,
        owner=owner(settings, ENVIRONMENT),
        summary=f"{{{{ $labels.http_route }}}} of {SERVICE_NAME} in {STAGE} fails",
        description="{{ $value | humanizePercentage }} of the requests to this route failed in ten "
        "minutes. The service as a whole may still look healthy.",
        dashboard=_DASHBOARD,
    )
