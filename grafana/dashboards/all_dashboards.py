"""All dashboards of an environment."""

from environments.model import Settings
from grafana.board import FolderedDashboard
from grafana.dashboards import (
    cardinality,
    global_overview,
    logs,
    namespace,
    pipeline,
    saturation,
    service,
    slo,
    traces,
)
from helm_values.sizes import METRICS


def dashboards(settings: Settings) -> tuple[FolderedDashboard, ...]:
    """Each with the folder that it is in."""
    return (
        global_overview.dashboard(),
        *(namespace.dashboard(name) for name in settings.namespaces),
        service.dashboard(),
        slo.dashboard(),
        logs.dashboard(),
        traces.dashboard(),
        pipeline.dashboard(),
        saturation.dashboard(),
        cardinality.dashboard(METRICS[settings.size].prometheus.active_series),
    )
