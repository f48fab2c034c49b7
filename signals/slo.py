"""Service levels: the requests that count, and the names of the recorded series.

The method is multi-window, multi-burn-rate alerting of Google's SRE Workbook, chapter 5 "Alerting
on SLOs" (https://sre.google/workbook/alerting-on-slos/), section 6 and table 5-8: budget over 30
days; page at a burn rate of 14.4 over 1 h and 5 min, or 6 over 6 h and 30 min; ticket at 1 over 3 d
and 6 h. The short window makes an alert end soon after the problem.
"""

from dataclasses import dataclass
from typing import Literal

from signals.metrics import CALLS, DURATION, ENVIRONMENT, SERVICE

Sli = Literal["availability", "latency"]
SLIS: tuple[Sli, ...] = ("availability", "latency")

PERIOD = "30d"
"""Time over which an objective counts."""

SERVERS = 'span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"'
"""Requests that a service answered, not those that it sent."""
ERROR = 'status_code="STATUS_CODE_ERROR"'
"""By the semantic conventions, a server's span is an error from 500 on: not for a 404."""

BY_SERVICE = (ENVIRONMENT, SERVICE)
"""Labels of the recorded series; those of one indicator also have `sli`."""


@dataclass(frozen=True, kw_only=True)
class BurnRate:
    """One pair of windows; `factor` times the error budget over both of them."""

    long: str
    short: str
    factor: float
    budget_percent: int
    """Share of the budget of 30 days that is used when the long window is full."""


PAGE = (
    BurnRate(long="1h", short="5m", factor=14.4, budget_percent=2),
    BurnRate(long="6h", short="30m", factor=6, budget_percent=5),
)
TICKET = (BurnRate(long="3d", short="6h", factor=1, budget_percent=10),)

WINDOWS = ("5m", "30m", "1h", "6h", "3d")

OBJECTIVE = "namespace:slo_objective:ratio"
"""The objectives of the settings as series, labels ENVIRONMENT and `sli`: 0.999 for 99.9 %."""
MINIMUM_FAILURES = "namespace:slo_minimum_failures:count"
"""Their `minimum_failures`, by ENVIRONMENT."""
REQUEST_RATE = "namespace_service:requests:rate5m"
"""Requests per second."""


def error_ratio(window: str) -> str:
    """Name of the recorded share of bad requests over a window, with the label `sli`."""
    return f"namespace_service_sli:bad_requests:ratio_rate{window}"


def failures(window: str) -> str:
    """Name of the recorded number of bad requests in a window, with the label `sli`."""
    return f"namespace_service_sli:bad_requests:increase{window}"


def requests(window: str) -> str:
    """PromQL: requests per second by stage and service."""
    return _by_service(f"rate({CALLS}{{{SERVERS}}}[{window}])")


def errors(window: str) -> str:
    """PromQL: failed requests per second; a service without failures has no series."""
    return _by_service(f"rate({CALLS}{{{SERVERS}, {ERROR}}}[{window}])")


def error_count(window: str) -> str:
    """PromQL: number of failed requests in a window; a service without failures has no series."""
    return _by_service(f"increase({CALLS}{{{SERVERS}, {ERROR}}}[{window}])")


def slow(window: str, stage: str, threshold_ms: int) -> str:
    """PromQL: share of a stage's requests that took longer than a threshold.

    The threshold is a bound of the histogram. Prometheus writes OTLP bounds without a fraction if
    they have none: `le="1"`.
    """
    every, in_time = _durations(stage, threshold_ms)
    return (
        f"1 - {_by_service(f'rate({in_time}[{window}])')} "
        f"/ ({_by_service(f'rate({every}[{window}])')} > 0)"
    )


def slow_count(window: str, stage: str, threshold_ms: int) -> str:
    """PromQL: number of a stage's requests that took longer than a threshold."""
    every, in_time = _durations(stage, threshold_ms)
    return (
        f"{_by_service(f'increase({every}[{window}])')} "
        f"- {_by_service(f'increase({in_time}[{window}])')}"
    )


def _durations(stage: str, threshold_ms: int) -> tuple[str, str]:
    """Selectors of all requests of a stage, and of those within the threshold."""
    of_stage = f'{SERVERS}, {ENVIRONMENT}="{stage}"'
    return (
        f"{DURATION.count}{{{of_stage}}}",
        f'{DURATION.bucket}{{{of_stage}, le="{threshold_ms / 1000:g}"}}',
    )


def _by_service(rates: str) -> str:
    return f"sum by ({', '.join(BY_SERVICE)}) ({rates})"
