"""Reference pages of alerts, dashboards and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alertmanager.alert_model import Alert
from alertmanager.rules.all_rules import rule_groups
from docgen.markdown import Row, code, codes, page, table
from grafana.dashboards.all_dashboards import dashboards
from settings.model import Settings
from signals.metrics import METRICS, Metric, Source


def alerts_page(settings: dict[str, Settings]) -> str:
    """Every alert: when it fires, how bad it is, and whose it is."""
    sections = []
    for environment, values in settings.items():
        for group in rule_groups(values):
            alerts = [rule for rule in group.rules if isinstance(rule, Alert)]
            if alerts:
                sections.append((environment, group.name, [_alert(alert) for alert in alerts]))
    first = next(iter(settings))
    titles = ("Alert", "Severity", "Waits", "Owner", "Expression")
    return page(
        "Alerts",
        "Every alert of `alertmanager/rules/`, with its expression, and how long the "
        "expression must be true before the alert fires. Objectives and thresholds come from "
        "the settings, so expressions differ by environment: this page shows those of "
        f"{code(first)}, and `alertmanager/generated/` has all of them. For a rule of every "
        "stage, it shows the first stage. Summaries and mitigation: [alert "
        "pages](../runbooks/alerts/README.md).",
        *(
            f"## {name}\n\n" + table(titles, _once(rows))
            for environment, name, rows in sections
            if environment == first
        ),
    )


def _alert(alert: Alert) -> Row:
    link = f"[{alert.name}](../runbooks/alerts/{alert.name}.md)"
    owner = "that of the namespace" if "{{" in alert.owner else alert.owner
    return (link, alert.severity, alert.for_, owner, code(" ".join(alert.expr.split())))


def _once(rows: list[Row]) -> Iterator[Row]:
    """Of several alerts of one name the first."""
    seen = set()
    for row in rows:
        if row[0] not in seen:
            seen.add(row[0])
            yield row


def dashboards_page(settings: dict[str, Settings]) -> str:
    """Every dashboard with its panels."""
    first, values = next(iter(settings.items()))
    sections = []
    for dashboard in dashboards(values):
        content = dashboard.content
        rows = [
            (panel["title"], panel["type"], panel.get("description", ""))
            for panel in panels(content)
            if panel["type"] != "row"
        ]
        variables = [variable["name"] for variable in content["templating"].get("list", ())]
        sections.append(
            f"## {content['title']}\n\n{content['description']}\n\nFolder {dashboard.folder}, "
            f"address `/d/{dashboard.uid}`, variables: {codes(variables)}.\n\n"
            + table(("Panel", "Kind", "What it says"), rows)
        )
    return page(
        "Dashboards",
        "Every dashboard of `grafana/dashboards/`, as Grafana reads it from "
        f"`grafana/generated/`. Thresholds come from the settings; those of {code(first)} are "
        "described.",
        *sections,
    )


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The panels of a dashboard, those in rows too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panels({"panels": panel.get("panels", [])})


def metrics_page() -> str:
    """Every metric that a dashboard or an alert may query, by source."""
    sources: dict[Source, list[Metric]] = {}
    for metric in METRICS.values():
        sources.setdefault(metric.source, []).append(metric)
    return page(
        "Metrics",
        "Every metric that a dashboard or an alert may query (`signals/metrics.py`), with its "
        "name in Prometheus. For a histogram this is the base: its series end in `_bucket`, "
        "`_count` and `_sum`. Units are those of [UCUM](https://ucum.org).",
        *(
            f"## {source.name}\n\n"
            + (f"Job {code(source.target.job)}. " if source.target else "")
            + f"All have {codes(source.labels)}. [Reference]({source.reference}).\n\n"
            + table(
                ("Metric", "Kind", "Unit", "Labels of its own", "Says"),
                ((code(m.name), m.kind, code(m.unit), codes(m.labels), m.help) for m in metrics),
            )
            for source, metrics in sources.items()
        ),
    )
