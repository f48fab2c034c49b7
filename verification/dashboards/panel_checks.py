"""Runs every PromQL query of a dashboard with the stages and services of the rehearsal."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafana.targets import Target, interpolated, macros, targets
from signals import metrics
from signals.metrics import APPLICATION, DB_CLIENT_DURATION, RULES, SPAN_METRICS, Metric
from verification.rehearsal.pipeline.optional_programs import dashboards_of
from verification.rehearsal.verdicts import expect, some

PRODUCED = (SPAN_METRICS, APPLICATION, RULES)
"""Sources that the rehearsal has; the others need Kubernetes, AWS or Tempo."""

ABSENT = (DB_CLIENT_DURATION,)
"""Metrics that the sample applications have no reason to make: they have no database."""

_RANGE_SECONDS = 300
_STEP_SECONDS = 15
_COARSE_STEPS = re.compile(r":\d+m\]")
_NAMES = {
    name: metric
    for metric in vars(metrics).values()
    if isinstance(metric, Metric)
    for name in metric.series_names
}

Ask = Callable[[str], Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What came of a dashboard's queries; `skipped` need what is not here."""

    answered: tuple[str, ...]
    empty: tuple[str, ...]
    skipped: tuple[str, ...]


def dashboard(stack: Mapping[str, Any], uid: str) -> dict[str, Any]:
    """A dashboard of the synthesized stack.

    Raises:
        LookupError: there is none of that uid.
    """
    for _, _, content in dashboards_of(stack):
        board: dict[str, Any] = json.loads(content)
        if board["uid"] == uid:
            return board
    raise LookupError(f"no dashboard {uid} in the stack")


def uids(stack: Mapping[str, Any]) -> set[str]:
    """The uid of each dashboard of the stack."""
    return {json.loads(content)["uid"] for _, _, content in dashboards_of(stack)}


def needs_more(expr: str) -> bool:
    """Whether a query uses a metric that no program of the rehearsal exports."""
    asked = [_NAMES[name] for name in re.findall(r"[a-zA-Z_:][\w:]*", expr) if name in _NAMES]
    return any(metric.source not in PRODUCED or metric in ABSENT for metric in asked)


def of_application(expr: str) -> bool:
    """Whether a query uses SDK metrics, which differ between languages."""
    return any(
        _NAMES[name].source is APPLICATION
        for name in re.findall(r"[a-zA-Z_:][\w:]*", expr)
        if name in _NAMES
    )


def ask(
    content: Mapping[str, Any],
    values: Sequence[Mapping[str, str]],
    query: Ask,
    *,
    scrape_seconds: float,
) -> Answers:
    """Ask the queries of a dashboard, with each of several sets of variables.

    A query of what an SDK sends must be answered for one of the sets at least, others for each.
    Steps of subqueries are seconds instead of minutes: there are only minutes of data.
    """
    built_in = macros(_STEP_SECONDS, scrape_seconds, _RANGE_SECONDS)
    answered, empty, skipped = [], [], []
    for target in promql(content):
        if needs_more(target.expr):
            skipped.append(target.panel)
            continue
        filled = {
            _named(row): bool(query(_shorter_steps(interpolated(target.expr, row | built_in))))
            for row in (dict(value) for value in values)
        }
        enough = any if of_application(target.expr) else all
        if enough(filled.values()):
            answered.append(target.panel)
        else:
            without = [name for name, is_there in filled.items() if not is_there]
            empty.append(f"{target.panel} ({target.ref_id}) for {some(without)}")
    return Answers(answered=tuple(answered), empty=tuple(empty), skipped=tuple(skipped))


def promql(content: Mapping[str, Any]) -> Iterator[Target]:
    """The queries of a dashboard that Prometheus answers."""
    return (target for target in targets(content) if target.language == "promql")


def _shorter_steps(expr: str) -> str:
    return _COARSE_STEPS.sub(":5s]", expr)


def _named(values: Mapping[str, str]) -> str:
    return "/".join(values.values()) or "no variables"


def queries_return_data(answers: Answers) -> str:
    """Every panel that the rehearsal can feed has data."""
    expect(bool(answers.answered) or not answers.empty, "no query was answered")
    expect(not answers.empty, f"no data in {len(answers.empty)} queries: {some(answers.empty)}")
    expect(bool(answers.answered), "there was no query to ask")
    skipped = f"; not asked, as they need Kubernetes or a database: {some(set(answers.skipped), 9)}"
    return f"{len(answers.answered)} queries with data{skipped if answers.skipped else ''}"
