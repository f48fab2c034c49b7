"""PromQL that several dashboards share, built from the names in `signals`."""

from signals.metrics import CALLS, DURATION, ENVIRONMENT, SERVICE, Metric
from signals.slo import (
    BY_SERVICE,
    ERROR,
    OBJECTIVE,
    PERIOD,
    REQUEST_RATE,
    SERVERS,
    Sli,
    error_ratio,
)

RATE = "$__rate_interval"
"""At least four scrapes, and wider as the picture gets wider."""

IN_NAMESPACE = f'{ENVIRONMENT}="$namespace"'
OF_SERVICE = f'{IN_NAMESPACE}, {SERVICE}="$service"'
"""What the variables of a dashboard select."""


def in_stage(stage: str) -> str:
    """Matcher of one stage."""
    return f'{ENVIRONMENT}="{stage}"'


def rate(metric: Metric, matchers: str = "", *by: str) -> str:
    """Increase per second of a counter, summed by labels."""
    series = f"{metric}{{{matchers}}}" if matchers else f"{metric}"
    return f"sum{_by(*by)} (rate({series}[{RATE}]))"


def requests(matchers: str, *by: str) -> str:
    """Requests per second that servers answered."""
    return rate(CALLS, f"{SERVERS}, {matchers}" if matchers else SERVERS, *by)


def error_share(matchers: str, *by: str) -> str:
    """Share of failed requests; 0 where there are requests and none failed."""
    all_of_them = requests(matchers, *by)
    failed = requests(f"{matchers}, {ERROR}" if matchers else ERROR, *by)
    return f"({failed} or 0 * {all_of_them}) / ({all_of_them} > 0)"


def quantile(share: float, matchers: str, *by: str, metric: Metric = DURATION) -> str:
    """Duration within which a share of the requests were answered."""
    if metric is DURATION:
        matchers = f"{SERVERS}, {matchers}" if matchers else SERVERS
    return (
        f"histogram_quantile({share:g}, "
        f"sum{_by(*by, 'le')} (rate({metric.bucket}{{{matchers}}}[{RATE}])))"
    )


def by_pod(series: str) -> str:
    """What comes by OTLP for each pod, with the label `pod` of Kubernetes' own metrics."""
    return f'label_replace(sum by (k8s_pod_name) ({series}), "pod", "$1", "k8s_pod_name", "(.+)")'


def budget_left(matchers: str, sli: Sli) -> str:
    """Share of the error budget that is left: 1 - bad requests / allowed ones, over PERIOD.

    Requests weigh the same whenever they came. Where less than PERIOD is kept, over what is. Not
    recorded: Prometheus keeps a few days, and Grafana asks Thanos for the rest.
    """
    of_sli = f'{matchers}, sli="{sli}"'
    both = ", ".join(BY_SERVICE)
    bad = (
        f"{error_ratio('5m')}{{{of_sli}}} * on ({both}) group_left () {REQUEST_RATE}{{{matchers}}}"
    )
    total = f"{REQUEST_RATE}{{{matchers}}}"
    return (
        f"1 - sum by ({both}) (sum_over_time(({bad})[{PERIOD}:5m]))"
        f" / (sum by ({both}) (sum_over_time({total}[{PERIOD}:5m])) > 0)"
        f" / on ({ENVIRONMENT}) group_left () {_allowed(sli)}"
    )


def burn_rate(matchers: str, sli: Sli, window: str) -> str:
    """How many times faster than allowed the budget is used up over a window."""
    of_sli = f'{matchers}, sli="{sli}"'
    return f"{error_ratio(window)}{{{of_sli}}} / on ({ENVIRONMENT}) group_left () {_allowed(sli)}"


def _allowed(sli: Sli) -> str:
    # Without the other matchers: an objective is of a stage, and has no service.
    return f'(1 - {OBJECTIVE}{{sli="{sli}"}})'


def _by(*labels: str) -> str:
    return f" by ({', '.join(labels)})" if labels else ""
