"""The frame of a dashboard: variables, links, sections, and Grafana's JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from grafana.panels import PROMETHEUS, Panel, link_to, links_to_tagged
from signals.uids import (
    CARDINALITY,
    GLOBAL_OVERVIEW,
    LOGS,
    PIPELINE,
    SATURATION,
    SERVICE,
    SLO,
    TRACES,
)

PLATFORM_FOLDER = "Observability"
SERVICES_FOLDER = "Services"


@dataclass(frozen=True, kw_only=True)
class DashboardFile:
    """Grafana's JSON of a dashboard, and the folder that it is in."""

    folder: str
    content: dict[str, Any]

    @property
    def uid(self) -> str:
        """Name of the dashboard in links, and of its file."""
        return str(self.content["uid"])

    @property
    def readable(self) -> str:
        """The JSON for people: a line for each value."""
        return json.dumps(self.content, indent=2, ensure_ascii=False) + "\n"

    @property
    def compact(self) -> str:
        """The same JSON for the cluster, in one line."""
        return json.dumps(self.content, separators=(",", ":"), ensure_ascii=False) + "\n"


@dataclass(frozen=True, kw_only=True)
class Section:
    """Panels under a heading."""

    title: str
    panels: Sequence[Panel]


LINKS = {
    "All namespaces": GLOBAL_OVERVIEW,
    "Service": SERVICE,
    "Objectives": SLO,
    "Logs": LOGS,
    "Traces": TRACES,
    "Saturation": SATURATION,
    "Pipeline": PIPELINE,
    "Cost": CARDINALITY,
}
"""At the top of every dashboard, in this order, before the list of overviews of namespaces."""
NAMESPACE_TAG = "namespace"
"""Of the overview of each namespace."""


def path(uid: str, **variables: str) -> str:
    """Path of a dashboard, with variables, for the time range that is looked at."""
    chosen = "".join(f"&var-{name}={value}" for name, value in variables.items())
    return f"/d/{uid}?${{__url_time_range}}{chosen}"


def board(
    uid: str,
    title: str,
    description: str,
    *,
    folder: str,
    tags: Sequence[str],
    sections: Sequence[Section],
    variables: Sequence[dashboard.QueryVariable | dashboard.TextBoxVariable] = (),
    time_from: str = "now-1h",
) -> DashboardFile:
    """Put a dashboard together; it cannot be changed in the browser."""
    builder = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([*tags])
        .timezone("browser")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .refresh("1m")
        .time(time_from, "now")
        .links(
            [
                *(link_to(name, f"/d/{other}") for name, other in LINKS.items() if other != uid),
                links_to_tagged("Namespaces", NAMESPACE_TAG, tooltip="Overview of one namespace"),
            ]
        )
    )
    for variable in variables:
        builder.with_variable(variable)
    for section in sections:
        builder.with_row(dashboard.Row(section.title))
        for panel in section.panels:
            builder.with_panel(panel)
    content: dict[str, Any] = json.loads(json.dumps(builder.build(), cls=JSONEncoder))
    _number(content["panels"])
    return DashboardFile(folder=folder, content=content)


def choice(name: str, label: str, query: str, *, default: str = "") -> dashboard.QueryVariable:
    """A variable whose values Prometheus knows (`label_values(...)`); one at a time."""
    variable = (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
    if default:
        variable.current(VariableOption(text=default, value=default, selected=True))
    return variable


def text(name: str, label: str) -> dashboard.TextBoxVariable:
    """A variable that people type."""
    return dashboard.TextBoxVariable(name).label(label).default_value("")


def _number(panels: list[dict[str, Any]]) -> None:
    # The SDK leaves the ids out; Grafana would give others at every load, and links to one panel
    # would not last.
    for number, panel in enumerate(panels, start=1):
        panel["id"] = number
