"""Calls between services, and interesting traces.

The service graph is made of the traces that were kept, so its numbers are smaller than the truth
where sampling is on; who calls whom is right. Rates of services are in the other dashboards.
"""

from collections.abc import Sequence

from grafana import variables
from grafana.board import SERVICES_FOLDER, DashboardFile, Section, board
from grafana.panels import HALF, THIRD, Panel, Query, lines, service_map, traces
from grafana.queries import IN_NAMESPACE, RATE, quantile, rate
from signals.metrics import (
    GRAPH_FAILED,
    GRAPH_REQUESTS,
    GRAPH_SERVER_DURATION,
    TRACES_SAMPLED,
)
from signals.uids import TRACES

_STAGE = 'resource.deployment.environment.name="$namespace"'
_EDGE = "{{client}} → {{server}}"


def dashboard() -> DashboardFile:
    """Dashboard `Traces and service graph`."""
    return board(
        TRACES,
        "Traces and service graph",
        "The calls between services of a stage, failed and slow calls, and their traces.",
        folder=SERVICES_FOLDER,
        tags=["traces"],
        variables=[variables.stage(), variables.service()],
        sections=[
            Section(
                title="Service graph",
                panels=[
                    service_map(
                        "Service graph",
                        "Computed from kept traces: edges are correct, rates are after "
                        "sampling. A missing service is not instrumented, or loses the trace "
                        "context.",
                        f"{{{IN_NAMESPACE}}}",
                    )
                ],
            ),
            Section(title="Calls between services", panels=_edges()),
            Section(title="Traces", panels=_found()),
        ],
    )


def _edges() -> Sequence[Panel]:
    edge = ("client", "server")
    calls, failed = (rate(metric, IN_NAMESPACE, *edge) for metric in (GRAPH_REQUESTS, GRAPH_FAILED))
    return [
        lines(
            "Calls kept",
            "Calls per second between two services, from kept traces.",
            "reqps",
            [Query(expr=calls, legend=_EDGE)],
            width=THIRD,
        ),
        lines(
            "Failed calls kept",
            "Failed calls per second. All failures are kept, so compare these with each other and "
            "not with the calls kept.",
            "reqps",
            [Query(expr=failed, legend=_EDGE)],
            width=THIRD,
        ),
        lines(
            "p95 of calls kept",
            "Response time of the server. All slow traces are kept, so the real value is lower.",
            "s",
            [
                Query(
                    expr=quantile(0.95, IN_NAMESPACE, *edge, metric=GRAPH_SERVER_DURATION),
                    legend=_EDGE,
                )
            ],
            width=THIRD,
        ),
    ]


def _found() -> Sequence[Panel]:
    of_service = f'{_STAGE} && resource.service.name="$service"'
    return [
        lines(
            "Traces decided by the gateway",
            "Traces per second that were kept (true) and not (false). To change the share, see "
            "sampling in the settings.",
            "short",
            [
                Query(
                    expr="sum by (sampled) "
                    f'(rate({TRACES_SAMPLED}{{namespace="$namespace"}}[{RATE}]))',
                    legend="kept: {{sampled}}",
                )
            ],
            width=24,
            stacked=True,
        ),
        traces(
            "Failed traces of the service",
            "Look for the deepest red span: the error began there.",
            f"{{ {of_service} && status=error }}",
            width=HALF,
        ),
        traces(
            "Slow traces of the service",
            "Slower than half a second. Look for the widest span without children.",
            f"{{ {of_service} && duration>500ms }}",
            width=HALF,
        ),
        traces(
            "Traces that cross services with an error",
            "Traces of the service with an error in any service.",
            f"{{ {of_service} }} && {{ {_STAGE} && status=error }}",
        ),
    ]
