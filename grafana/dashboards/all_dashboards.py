"""All dashboards of an environment."""

from blueprint.sizes import METRICS
from grafana.board import DashboardFile
from grafana.dashboards import (
    cardinality,
    error_budget,
    global_overview,
    logs,
    namespace_overview,
    saturation,
    service,
    telemetry_pipeline,
    traces,
)
from settings.model import Settings


def dashboards(settings: Settings) -> tuple[DashboardFile, ...]:
    """Each with the folder that it is in."""
    return (
        global_overview.dashboard(),
        *(namespace_overview.dashboard(name) for name in settings.namespaces),
        service.dashboard(),
        error_budget.dashboard(),
        logs.dashboard(),
        traces.dashboard(),
        telemetry_pipeline.dashboard(),
        saturation.dashboard(),
        cardinality.dashboard(
            METRICS[settings.size].prometheus.active_series,
            METRICS[settings.size].stage_prometheus.active_series,
        ),
    )
