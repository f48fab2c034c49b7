"""One namespace: its services side by side, its pods, its logs; of stages also their requests."""

from collections.abc import Sequence

from blueprint.names import telemetry_namespace
from grafana.board import NAMESPACE_TAG, DashboardFile, Section, board, path
from grafana.panels import (
    BUDGET_LEVELS,
    ERROR_LEVELS,
    THIRD,
    Column,
    Levels,
    Panel,
    Query,
    lines,
    log_lines,
    log_volume,
    number,
    rows,
)
from grafana.queries import RATE, budget_left, error_share, in_stage, quantile, requests
from settings.model import OBSERVABILITY
from signals.metrics import (
    ALERTS,
    CONTAINER_CPU,
    CONTAINER_MEMORY,
    ENVIRONMENT,
    POD_PHASE,
    QUOTA,
    RESTARTS,
    SERVICE,
)
from signals.uids import SERVICE as SERVICE_DASHBOARD
from signals.uids import namespace_overview


def dashboard(namespace: str) -> DashboardFile:
    """Dashboard `<namespace> overview`; `observability` has no gateway, so none of requests."""
    sections = [Section(title="At a glance", panels=_glance(namespace))]
    if namespace != OBSERVABILITY:
        sections.append(Section(title="Services", panels=_services(namespace)))
    sections += [
        Section(title="Pods", panels=_pods(namespace)),
        Section(title="Logs", panels=_logs(namespace)),
    ]
    return board(
        namespace_overview(namespace),
        f"{namespace} overview",
        f"Services, pods and logs of {namespace}. A click on a service opens its golden signals.",
        folder=namespace,
        tags=[NAMESPACE_TAG, namespace],
        sections=sections,
    )


def _glance(namespace: str) -> Sequence[Panel]:
    stage = in_stage(namespace)
    requests_of_stage = [
        number(
            "Requests",
            "Requests per second of all services. At 0, check whether the gateway receives "
            "anything (Pipeline).",
            "reqps",
            Query(expr=requests(stage), legend="requests"),
        ),
        number(
            "Errors",
            "Share of failed requests of all services. Above 1 %, find the service in the table "
            "below.",
            "percentunit",
            Query(expr=error_share(stage), legend="errors"),
            levels=ERROR_LEVELS,
            decimals=2,
        ),
        number(
            "p95 latency",
            "One request in twenty of all services takes longer. This mixes all services, so "
            "look at each below.",
            "s",
            Query(expr=quantile(0.95, stage), legend="p95"),
        ),
    ]
    return [
        *([] if namespace == OBSERVABILITY else requests_of_stage),
        number(
            "Alerts firing",
            "Firing alerts of this namespace, without severity info. Open them in Alerting; "
            "each links to its runbook.",
            "short",
            Query(
                expr=f'count({ALERTS}{{namespace=~"{_with_gateway(namespace)}", '
                'alertstate="firing", '
                'severity=~"critical|warning"}) or vector(0)',
                legend="alerts",
            ),
            levels=Levels(warning=1, critical=5),
        ),
        number(
            "Pods not running",
            "Pods that are pending, failed or unknown. `kubectl get pods` and `kubectl describe "
            "pod` say why.",
            "short",
            Query(
                expr=f'sum({POD_PHASE}{{namespace="{namespace}", '
                'phase=~"Pending|Failed|Unknown"}) or vector(0)',
                legend="pods",
            ),
            levels=Levels(warning=1, critical=3),
        ),
        number(
            "Restarts in an hour",
            "Restarts of containers. If there are several, check memory and probes.",
            "short",
            Query(
                expr=f'sum(increase({RESTARTS}{{namespace="{namespace}"}}[1h]))', legend="restarts"
            ),
            levels=Levels(warning=1, critical=5),
            decimals=0,
        ),
    ]


def _with_gateway(namespace: str) -> str:
    """The namespaces whose alerts go where this one's go (alertmanager/routing.py)."""
    if namespace == OBSERVABILITY:
        return namespace
    return f"{namespace}|{telemetry_namespace(namespace)}"


def _services(namespace: str) -> Sequence[Panel]:
    stage = in_stage(namespace)
    to_service = path(
        SERVICE_DASHBOARD, namespace=namespace, service="${__field.labels.service_name}"
    )
    return [
        rows(
            "Services",
            "The busiest first. A click opens the golden signals of a service.",
            SERVICE,
            [
                Column(name="Requests", unit="reqps", expr=requests(stage, SERVICE)),
                Column(
                    name="Errors",
                    unit="percentunit",
                    expr=error_share(stage, SERVICE),
                    levels=ERROR_LEVELS,
                ),
                Column(name="p95", unit="s", expr=quantile(0.95, stage, SERVICE)),
                Column(
                    name="Availability budget left",
                    unit="percentunit",
                    expr=f"max by ({SERVICE}) ({budget_left(stage, 'availability')})",
                    levels=BUDGET_LEVELS,
                ),
                Column(
                    name="Latency budget left",
                    unit="percentunit",
                    expr=f"max by ({SERVICE}) ({budget_left(stage, 'latency')})",
                    levels=BUDGET_LEVELS,
                ),
            ],
            link=path(
                SERVICE_DASHBOARD, namespace=namespace, service="${__data.fields.service_name}"
            ),
        ),
        lines(
            "Requests",
            "Requests per second that each service answered. If a service stops, check that it "
            "is deployed and sends to otel-gateway in its namespace.",
            "reqps",
            [Query(expr=requests(stage, SERVICE), legend="{{service_name}}")],
            width=THIRD,
            link=to_service,
        ),
        lines(
            "Errors",
            "Share of requests whose span has the status error. Open the traces of a service: "
            "traces with errors are always kept.",
            "percentunit",
            [Query(expr=error_share(stage, SERVICE), legend="{{service_name}}")],
            width=THIRD,
            levels=ERROR_LEVELS,
            link=to_service,
        ),
        lines(
            "Latency, 95th percentile",
            "One request in twenty took longer. The dots are exemplars; only kept traces can be "
            "opened.",
            "s",
            [Query(expr=quantile(0.95, stage, SERVICE), legend="{{service_name}}", exemplars=True)],
            width=THIRD,
            link=to_service,
        ),
    ]


def _pods(namespace: str) -> Sequence[Panel]:
    containers = f'namespace="{namespace}", container!=""'
    used, hard = (f'{QUOTA}{{namespace="{namespace}", type="{kind}"}}' for kind in ("used", "hard"))
    return [
        lines(
            "CPU",
            "Cores by pod. Compare with the quota. A pod that uses much more than it requests "
            "slows down its neighbours.",
            "short",
            [
                Query(
                    expr=f"sum by (pod) (rate({CONTAINER_CPU}{{{containers}}}[{RATE}]))",
                    legend="{{pod}}",
                )
            ],
            width=THIRD,
        ),
        lines(
            "Memory",
            "Working set by pod, which counts against the limit.",
            "bytes",
            [Query(expr=f"sum by (pod) ({CONTAINER_MEMORY}{{{containers}}})", legend="{{pod}}")],
            width=THIRD,
        ),
        lines(
            "Quota used",
            "Share of the namespace's ResourceQuota. At 100 % new pods are refused: raise it in "
            "the settings, or request less.",
            "percentunit",
            [Query(expr=f"{used} / ignoring (type) ({hard} > 0)", legend="{{resource}}")],
            width=THIRD,
            levels=Levels(warning=0.8, critical=0.95),
        ),
    ]


def _logs(namespace: str) -> Sequence[Panel]:
    stream = f'{{{ENVIRONMENT}="{namespace}"}}'
    return [
        log_volume(
            "Log lines by level",
            "Lines per second. A jump of errors goes with a jump of lines; debug lines cost money.",
            "short",
            f"sum by (detected_level) (rate({stream} [$__auto]))",
            "{{detected_level}}",
        ),
        log_lines(
            "Warnings and errors",
            "Newest first. A line with a trace id links to its trace.",
            f'{stream} | detected_level=~"warn|error|fatal"',
        ),
    ]
