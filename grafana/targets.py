"""The queries of built dashboards, with the values of variables and macros filled in.

They are read from Grafana's JSON and not from the functions that make it: what is checked, drawn
and rehearsed is what the cluster gets.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["promql", "logql", "traceql"]

LANGUAGES: dict[str, Language] = {"prometheus": "promql", "loki": "logql", "tempo": "traceql"}
"""The language of each type of datasource."""

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_LABEL_VALUES = re.compile(r"label_values\((?:(?P<selector>.+), *)?(?P<label>\w+)\)")


@dataclass(frozen=True, kw_only=True)
class Target:
    """One query of a panel. `legend` is how its series are called, as in `{{pod}}`.

    `expr` of a service map is the PromQL selector by which Tempo's datasource asks Prometheus for
    the series of the graph.
    """

    dashboard: str
    panel: str
    ref_id: str
    language: Language
    expr: str
    legend: str = ""
    instant: bool = False
    exemplars: bool = False

    def __str__(self) -> str:
        """Where it is: what a failing test names."""
        return f"{self.dashboard}, panel {self.panel!r}, query {self.ref_id}"


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable of a dashboard; without a query people type its value.

    `series` is None where the label's values of all series are meant.
    """

    dashboard: str
    name: str
    query: str = ""
    series: str | None = None
    label: str = ""


def panels(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The panels of a dashboard, without the headings between them."""
    return [panel for panel in content["panels"] if panel["type"] != "row"]


def targets(content: Mapping[str, Any]) -> Iterator[Target]:
    """Every query of a dashboard's JSON."""
    for panel in panels(content):
        yield from panel_targets(str(content["uid"]), panel)


def panel_targets(dashboard: str, panel: Mapping[str, Any]) -> Iterator[Target]:
    """Every query of one panel's JSON."""
    for target in panel.get("targets", ()):
        language = LANGUAGES[target["datasource"]["type"]]
        expr = target.get("expr") or target.get("query") or ""
        if target.get("queryType") == "serviceMap":
            language, expr = "promql", target["serviceMapQuery"]
        yield Target(
            dashboard=dashboard,
            panel=panel["title"],
            ref_id=target["refId"],
            language=language,
            expr=expr,
            legend=target.get("legendFormat", ""),
            instant=target.get("instant", False),
            exemplars=target.get("exemplar", False),
        )


def variables(content: Mapping[str, Any]) -> Iterator[Variable]:
    """Every variable of a dashboard's JSON.

    Raises:
        ValueError: its query is no `label_values(series, label)`.
    """
    for variable in content["templating"].get("list", ()):
        where, name = str(content["uid"]), str(variable["name"])
        if variable["type"] == "textbox":
            yield Variable(dashboard=where, name=name)
            continue
        parts = _LABEL_VALUES.fullmatch(str(variable["query"]))
        if parts is None:
            raise ValueError(f"{where}, variable {name}: cannot read {variable['query']!r}")
        yield Variable(
            dashboard=where,
            name=name,
            query=str(variable["query"]),
            series=parts["selector"],
            label=parts["label"],
        )


def interpolated(text: str, values: Mapping[str, str]) -> str:
    """A query with its variables put in.

    Raises:
        LookupError: it uses a variable that has no value.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in values:
            raise LookupError(f"no variable ${name} for: {text}")
        return values[name]

    return _VARIABLE.sub(value, text)


def macros(step_seconds: float, scrape_seconds: float, range_seconds: float) -> dict[str, str]:
    """What Grafana puts in for its own variables; a point of a picture is `step_seconds` wide.

    `$__rate_interval` is max($__interval + scrape interval, 4 * scrape interval): Grafana,
    "Prometheus template variables". `$__auto` of Loki is the step.
    """
    step = math.ceil(step_seconds)
    rate = math.ceil(max(step_seconds + scrape_seconds, 4 * scrape_seconds))
    return {
        "__interval": f"{step}s",
        "__auto": f"{step}s",
        "__rate_interval": f"{rate}s",
        "__range": f"{math.ceil(range_seconds)}s",
    }
