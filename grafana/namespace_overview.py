"""The first dashboard of each namespace: its requests as its gateway counts them, and its logs.

Span metrics are made before sampling, so the numbers are of all requests. Labels are those of the
gateways' span_metrics connector (helm_values/otel_gateway_config.py).
"""

from typing import Any

from environments.model import OBSERVABILITY
from grafana.uids import LOKI_UID, PROMETHEUS_UID
from signals.metrics import CALLS, DURATION
from signals.slo import ERROR

Panel = dict[str, Any]

WIDTH, HEIGHT = 12, 8


def dashboard(namespace: str) -> dict[str, Any]:
    """Dashboard `<namespace> overview`; `observability` has no gateway, so its has only logs."""
    panels = [] if namespace == OBSERVABILITY else _requests(namespace)
    panels.append(_logs(namespace, y=HEIGHT * ((len(panels) + 1) // 2)))
    return {
        "uid": f"{namespace}-overview",
        "title": f"{namespace} overview",
        "tags": [namespace],
        "timezone": "browser",
        "editable": False,
        "refresh": "1m",
        "time": {"from": "now-1h", "to": "now"},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, start=1)],
    }


def queries(namespace: str) -> dict[str, str]:
    """PromQL by panel: of the requests that services of a stage answered."""
    of_servers = (
        f'deployment_environment_name="{namespace}", span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"'
    )
    rate = f"sum by (service_name) (rate({CALLS}{{{of_servers}}}[5m]))"
    errors = f"sum by (service_name) (rate({CALLS}{{{of_servers}, {ERROR}}}[5m]))"
    return {
        "Requests": rate,
        # A service without an error has no series of errors: 0 of its requests, not nothing.
        "Errors": f"({errors} or 0 * {rate}) / {rate}",
        "Latency, 95th percentile": (
            f"histogram_quantile(0.95, sum by (service_name, le) "
            f"(rate({DURATION.bucket}{{{of_servers}}}[5m])))"
        ),
    }


def _requests(namespace: str) -> list[Panel]:
    units = {"Requests": "reqps", "Errors": "percentunit", "Latency, 95th percentile": "s"}
    told = {
        "Requests": "Requests per second that each service answered. None: is it deployed, and "
        "does it send to otel-gateway in its namespace?",
        "Errors": "Share of requests whose span has the status error. Open the traces of one: "
        "errors are never sampled away.",
        "Latency, 95th percentile": "One request in twenty took longer. The dots are exemplars; "
        "one that was not sampled has no trace.",
    }
    return [
        {
            "title": title,
            "description": told[title],
            "type": "timeseries",
            "datasource": {"type": "prometheus", "uid": PROMETHEUS_UID},
            "gridPos": {
                "x": WIDTH * (index % 2),
                "y": HEIGHT * (index // 2),
                "w": WIDTH,
                "h": HEIGHT,
            },
            "fieldConfig": {"defaults": {"unit": units[title], "min": 0}, "overrides": []},
            "targets": [
                {
                    "refId": "A",
                    "expr": query,
                    "legendFormat": "{{service_name}}",
                    "exemplar": units[title] == "s",
                }
            ],
        }
        for index, (title, query) in enumerate(queries(namespace).items())
    ]


def _logs(namespace: str, y: int) -> Panel:
    return {
        "title": "Logs",
        "description": "Newest first. A line with a trace id links to its trace.",
        "type": "logs",
        "datasource": {"type": "loki", "uid": LOKI_UID},
        "gridPos": {"x": 0, "y": y, "w": 2 * WIDTH, "h": 12},
        "options": {"showTime": True, "sortOrder": "Descending", "enableLogDetails": True},
        "targets": [
            {"refId": "A", "expr": f'{{deployment_environment_name="{namespace}"}}'},
        ],
    }
