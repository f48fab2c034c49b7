"""The telemetry that the back ends received: read once, then checked by pure functions.

Traffic.sent --+
back ends  ----+--read()--> Arrived --rehearsal/checks.py--> verdicts
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from settings.model import Settings
from signals.metrics import CALLS, DURATION, ENVIRONMENT, SERVICE
from signals.slo import SERVERS
from verification.rehearsal.pipeline.app_traffic import Sent
from verification.rehearsal.pipeline.backend_queries import (
    Exemplar,
    LogLine,
    LogStore,
    Prometheus,
    Sample,
    Span,
    TraceStore,
)

ORDERS_CREATED = "app_orders_created_total"
"""The custom metric of the sample applications, `app.orders.created`."""

_HEALTH = 'http_route!~".*healthz"'
_BY = f"{ENVIRONMENT}, {SERVICE}"


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """Everything that the checks look at.

    `traces` has each sent trace by tenant and identifier, `logs` the lines by tenant and service,
    `created` and `calls` a count for each stage and service.
    """

    settings: Settings
    services: tuple[str, ...]
    stages: tuple[str, ...]
    """Those with applications."""
    sent: tuple[Sent, ...]
    traces: Mapping[tuple[str, str], Sequence[Span]]
    logs: Mapping[tuple[str, str], Sequence[LogLine]]
    created: Mapping[tuple[str, str], float]
    calls: Mapping[tuple[str, str], float]
    series: Sequence[Mapping[str, str]]
    exemplars: Sequence[Exemplar]
    exemplar_traces: Mapping[tuple[str, str], Sequence[Span]]
    """The traces that exemplars point to, by stage and identifier."""

    def of_stage(self, stage: str) -> list[Sent]:
        """What was sent in a stage."""
        return [request for request in self.sent if request.stage == stage]

    def expected(self, *kinds: str) -> dict[tuple[str, str], int]:
        """Requests by stage and service that took part; of some kinds, or of all."""
        counts: dict[tuple[str, str], int] = {}
        for request in self.sent:
            if not kinds or request.kind in kinds:
                for service in request.services:
                    counts[request.stage, service] = counts.get((request.stage, service), 0) + 1
        return counts


def read(
    settings: Settings,
    stages: Sequence[str],
    services: Sequence[str],
    sent: Sequence[Sent],
    *,
    prometheus: Prometheus,
    traces: TraceStore,
    logs: LogStore,
    seconds: float,
) -> Arrived:
    """Ask the back ends about what was sent.

    Args:
        settings: of the environment.
        stages: those with applications.
        services: the names of the applications.
        sent: all requests.
        prometheus: where metrics are.
        traces: where traces are.
        logs: where log lines are.
        seconds: how long ago the first request was.

    Raises:
        QueryError: a back end did not answer.
    """
    service_names = "|".join(services)
    by_service = f'{SERVICE}=~"{service_names}"'
    exemplars = prometheus.exemplars(f"{DURATION.bucket}{{{by_service}}}", seconds)
    return Arrived(
        settings=settings,
        services=tuple(services),
        stages=tuple(stages),
        sent=tuple(sent),
        traces={
            (tenant, request.trace_id): traces.trace(tenant, request.trace_id)
            for request in sent
            for tenant in settings.stages
        },
        logs={
            (tenant, service): logs.lines(tenant, service)
            for tenant in settings.namespaces
            for service in services
        },
        created=_counts(prometheus, f"sum by ({_BY}) ({ORDERS_CREATED}{{{by_service}}})"),
        calls=_counts(
            prometheus, f"sum by ({_BY}) ({CALLS}{{{SERVERS}, {by_service}, {_HEALTH}}})"
        ),
        series=prometheus.series(f"{{{by_service}}}"),
        exemplars=exemplars,
        exemplar_traces={
            key: traces.trace(*key)
            for key in {
                (request.series.get(ENVIRONMENT, ""), request.trace_id) for request in exemplars
            }
        },
    )


def _counts(prometheus: Prometheus, expr: str) -> dict[tuple[str, str], float]:
    samples: Sequence[Sample] = prometheus.query(expr)
    return {
        (sample.labels.get(ENVIRONMENT, ""), sample.labels.get(SERVICE, "")): sample.value
        for sample in samples
    }
