"""Grafana: datasources that lead from each signal to the others.

Grafana expands `$NAME` in what it provisions, so a `$` for itself is written `$$`.
"""

from typing import Any

from blueprint import endpoints
from blueprint.names import STORAGE_CLASS
from blueprint.sizes import METRICS
from settings.model import Settings
from signals.metrics import CALLS, DURATION
from signals.slo import ERROR
from signals.uids import LOKI_UID, PROMETHEUS_UID, TEMPO_UID


def values(settings: Settings) -> dict[str, Any]:
    """What the settings decide of `grafana` in kube-prometheus-stack."""
    size = METRICS[settings.size]
    return {
        "resources": size.grafana.values,
        "persistence": {
            "storageClassName": STORAGE_CLASS,
            "size": f"{size.grafana_volume_gib}Gi",
        },
        # The default datasource. Through Thanos: one that knows the last hours and all the rest,
        # and puts replicas together.
        "sidecar": {
            "datasources": {
                "url": endpoints.THANOS_QUERIER,
                "alertmanager": {"url": _door(endpoints.GRAFANA_DOOR_ALERTMANAGER)},
            }
        },
        "additionalDataSources": datasources(settings),
    }


def datasources(settings: Settings) -> list[dict[str, Any]]:
    """Loki and Tempo; Prometheus and Alertmanager are the chart's."""
    return [
        _datasource(settings, "Loki", LOKI_UID, _door(endpoints.GRAFANA_DOOR_LOKI), _loki()),
        _datasource(settings, "Tempo", TEMPO_UID, _door(endpoints.GRAFANA_DOOR_TEMPO), _tempo()),
    ]


def _door(port: int) -> str:
    """A user who may view a dashboard may send any request to its data sources, through Grafana's
    proxy: so Grafana reaches only its door."""
    return f"http://{endpoints.door(endpoints.GRAFANA_DOOR, port)}"


def _datasource(
    settings: Settings, name: str, uid: str, url: str, json_data: dict[str, Any]
) -> dict[str, Any]:
    return {
        "name": name,
        "type": uid,
        "uid": uid,
        "access": "proxy",
        "url": url,
        # In both back ends each namespace is a tenant, and every request must name one. Grafana
        # stores header values as secrets, although a list of namespaces is no secret.
        "jsonData": {"httpHeaderName1": "X-Scope-OrgID", **json_data},
        "secureJsonData": {"httpHeaderValue1": endpoints.tenants(settings)},
    }


def _loki() -> dict[str, Any]:
    return {
        "maxLines": 1000,
        "derivedFields": [
            {
                "name": "trace_id",
                # Structured metadata of OTLP logs: no expression over the line.
                "matcherType": "label",
                "matcherRegex": "trace_id",
                "datasourceUid": TEMPO_UID,
                "url": "$${__value.raw}",
                "urlDisplayLabel": "View trace",
            }
        ],
    }


def _tempo() -> dict[str, Any]:
    return {
        "httpMethod": "GET",
        "serviceMap": {"datasourceUid": PROMETHEUS_UID},
        "nodeGraph": {"enabled": True},
        "search": {"hide": False},
        "tracesToLogsV2": {
            "datasourceUid": LOKI_UID,
            "spanStartTimeShift": "-5m",
            "spanEndTimeShift": "5m",
            "tags": [{"key": "service.name", "value": "service_name"}],
            # Grafana's own query looks for the id in the line, where OTLP logs do not have it.
            "customQuery": True,
            "query": '{$${__tags}} | trace_id="$${__trace.traceId}"',
        },
        "tracesToMetrics": {
            "datasourceUid": PROMETHEUS_UID,
            "spanStartTimeShift": "-10m",
            "spanEndTimeShift": "10m",
            "tags": [{"key": "service.name", "value": "service_name"}],
            "queries": [
                {"name": "Request rate", "query": f"sum(rate({CALLS}{{$$__tags}}[5m]))"},
                {
                    "name": "Error rate",
                    "query": f"sum(rate({CALLS}{{$$__tags, {ERROR}}}[5m]))",
                },
                {
                    "name": "95th percentile of duration",
                    "query": "histogram_quantile(0.95, sum by (le) "
                    f"(rate({DURATION.bucket}{{$$__tags}}[5m])))",
                },
            ],
        },
    }
