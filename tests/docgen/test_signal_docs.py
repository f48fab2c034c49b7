"""The reference lists every alert, panel and metric that there is."""

from __future__ import annotations

import pytest

from alertmanager.rules.all_rules import alerts
from docgen.signal_docs import alerts_page, dashboards_page, metrics_page, panels
from grafana.dashboards.all_dashboards import dashboards
from signals.metrics import METRICS
from synthesis.foundation import all_settings

SETTINGS = all_settings()


@pytest.mark.parametrize("environment", SETTINGS)
def test_every_alert_is_there_with_its_severity(environment: str) -> None:
    text = alerts_page({environment: SETTINGS[environment]})
    for alert in alerts(SETTINGS[environment]):
        link = f"| [{alert.name}](../runbooks/alerts/{alert.name}.md) | {alert.severity} |"
        assert text.count(link) == 1


@pytest.mark.parametrize("environment", SETTINGS)
def test_every_panel_is_there_with_what_it_says(environment: str) -> None:
    text = dashboards_page({environment: SETTINGS[environment]})
    for dashboard in dashboards(SETTINGS[environment]):
        assert f"`/d/{dashboard.uid}`" in text
        for panel in panels(dashboard.content):
            if panel["type"] != "row":
                assert f"| {panel['title']} | {panel['type']} | " in text


def test_every_metric_is_there_with_its_unit() -> None:
    text = metrics_page()
    for metric in METRICS.values():
        assert f"| `{metric.name}` | {metric.kind} | `{metric.unit}` |" in text
