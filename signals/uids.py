"""Names by which dashboards, alerts and datasources refer to one another."""

PROMETHEUS_UID = "prometheus"
LOKI_UID = "loki"
TEMPO_UID = "tempo"

GLOBAL_OVERVIEW = "global-overview"
SERVICE = "service-golden-signals"
SLO = "slo-error-budget"
LOGS = "logs-explorer"
TRACES = "traces-service-graph"
PIPELINE = "telemetry-pipeline"
SATURATION = "kubernetes-saturation"
CARDINALITY = "cost-cardinality"


def namespace_overview(namespace: str) -> str:
    """Dashboard of one namespace."""
    return f"{namespace}-overview"
