"""Runs the queries of every panel on a Prometheus, as Grafana would, and reports missing data."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana.targets import Target, interpolated, macros, targets, variables
from verification.dashboards.query_grammars import Parsed, parsed
from verification.rehearsal.prometheus_api import Answer, PrometheusApi, QueryError

_LEGEND = re.compile(r"\{\{ *(\w+) *\}\}")
_ANY_OF = re.compile(r'(\w+)=~"([^"()]+\|[^"()]+)"')
POINTS = 60
"""Points of a picture, and so its step: about what a panel of a few hundred pixels has."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time that is looked at (Unix seconds), and how often Prometheus scrapes."""

    start: float
    end: float
    scrape_seconds: float

    @property
    def step(self) -> float:
        """Seconds between two points; never less than between two samples."""
        return max((self.end - self.start) / POINTS, self.scrape_seconds)

    @property
    def macros(self) -> dict[str, str]:
        """What Grafana puts in for its own variables."""
        return macros(self.step, self.scrape_seconds, self.end - self.start)


def chosen(
    api: PrometheusApi, content: Mapping[str, Any], window: Window, preferred: Mapping[str, str]
) -> dict[str, str]:
    """A value for each variable of a dashboard: the preferred one where Prometheus knows it.

    Raises:
        LookupError: Prometheus knows no value.
    """
    values: dict[str, str] = {}
    for variable in variables(content):
        if variable.series is None and not variable.query:
            values[variable.name] = preferred.get(variable.name, "")
            continue
        series = None if variable.series is None else interpolated(variable.series, values)
        known = api.label_values(variable.label, series, start=window.start, end=window.end)
        if not known:
            raise LookupError(
                f"{variable.dashboard}, variable {variable.name}: no value, asked by "
                f"{variable.query}"
            )
        choice = preferred.get(variable.name)
        values[variable.name] = choice if choice in known else known[0]
    return values


def ask(api: PrometheusApi, target: Target, values: Mapping[str, str], window: Window) -> Answer:
    """The answer to a PromQL target.

    Raises:
        QueryError: Prometheus refuses it.
    """
    expr = interpolated(target.expr, {**values, **window.macros})
    if target.instant:
        return api.at(expr, window.end)
    return api.over(expr, start=window.start, end=window.end, step=window.step)


def alternatives(selector: str) -> Iterator[str]:
    """A selector with each alternative of its `label=~"one|other"` by itself."""
    for match in _ANY_OF.finditer(selector):
        for value in match[2].split("|"):
            yield f'{selector[: match.start()]}{match[1]}=~"{value}"{selector[match.end() :]}'


@dataclass
class Checker:
    """Checks PromQL against one Prometheus; what several panels ask is asked once."""

    api: PrometheusApi
    window: Window
    _selected: dict[str, bool] = field(default_factory=dict)
    _labels: frozenset[str] = frozenset()

    def dashboard(self, content: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[str]:
        """What is wrong with the PromQL of a dashboard: a sentence each, naming the panel."""
        promql = [target for target in targets(content) if target.language == "promql"]
        for target, problems in zip(promql, self.targets(promql, values), strict=True):
            for problem in problems:
                yield f"{target}: {problem}"

    def targets(self, promql: Sequence[Target], values: Mapping[str, str]) -> Iterator[list[str]]:
        """For each PromQL target, what is wrong with it."""
        everything = {**values, **self.window.macros}
        texts = [interpolated(target.expr, everything) for target in promql]
        for target, answer in zip(promql, parsed([("promql", t) for t in texts]), strict=True):
            yield [*self.parts(answer), *self._answer(target, values)]

    def parts(self, query: Parsed) -> Iterator[str]:
        """What the parts of a query miss, which the answer as a whole may hide (`or vector(0)`)."""
        if query.mistake:
            yield query.mistake
            return
        for selector in query.selectors:
            for matcher in (selector, *alternatives(selector)):
                if not self._selects(matcher):
                    yield f"there are no series {matcher}"
        for label in set(query.grouped) - self._known_labels():
            yield f"no series has the label {label}"

    def _answer(self, target: Target, values: Mapping[str, str]) -> Iterator[str]:
        # Tempo's datasource queries the series of a service map itself, by their selector.
        if target.expr.startswith("{"):
            return
        try:
            answer = ask(self.api, target, values, self.window)
        except QueryError as error:
            yield str(error)
            return
        if not answer.has_data:
            yield f"no data for {interpolated(target.expr, {**values, **self.window.macros})}"
        yield from answer.remarks
        for label in _LEGEND.findall(target.legend):
            if answer.series and not any(label in labels for labels, _ in answer.series):
                yield f"the legend asks for {label}, which no series of the answer has"

    def _selects(self, selector: str) -> bool:
        if selector not in self._selected:
            # Some time in the window: what has ended is there, too.
            seconds = int(self.window.end - self.window.start)
            answer = self.api.at(f"count(last_over_time({selector}[{seconds}s]))", self.window.end)
            self._selected[selector] = answer.has_data
        return self._selected[selector]

    def _known_labels(self) -> frozenset[str]:
        if not self._labels:
            self._labels = frozenset(self.api.label_names())
        return self._labels
