"""Every query that is written in this repository is parsed by the grammar of its language."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import pytest
import yaml
from outcomes import parsed_queries
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from grafana.dashboards.all_dashboards import dashboards
from grafana.targets import Language, interpolated, macros, targets, variables
from helm_values.kube_prometheus_stack.grafana_values import datasources
from helm_values.otel_collector.otel_gateway_config import gateway_config
from helm_values.static_values import static_values
from settings.load import load_environment
from settings.model import Settings
from synthesis import alerting_files
from tools.paths import ROOT
from verification.dashboards.query_grammars import Parsed, queries_in

RUNBOOKS = ROOT / "docs" / "runbooks"
CHOSEN = {"namespace": "prd", "service": "shop", "search": "timeout"}
PUT_IN = CHOSEN | macros(60, 30, 3600) | {"__tags": 'service_name="shop"'}
STRING = re.compile(r'"[^"]*"|`[^`]*`')
LANGUAGE: dict[str, Language] = {"promql": "promql", "logql": "logql", "traceql": "traceql"}

Query = tuple[str, Language, str]
"""Where it is, its language and its text as the back end gets it."""


def of_dashboards(settings: Settings) -> Iterator[Query]:
    for dashboard in dashboards(settings):
        for target in targets(dashboard.content):
            yield str(target), target.language, interpolated(target.expr, PUT_IN)
        for variable in variables(dashboard.content):
            if variable.series is not None:
                where = f"{variable.dashboard}, variable {variable.name}"
                yield where, "promql", interpolated(variable.series, PUT_IN)


def of_rules(settings: Settings) -> Iterator[Query]:
    text = alerting_files.generated_files(settings)[f"{settings.environment}/rules.yaml"]
    for group in yaml.safe_load(text)["groups"]:
        for rule in group["rules"]:
            yield f"rule {rule.get('alert', rule.get('record'))}", "promql", rule["expr"]


def of_datasources(settings: Settings) -> Iterator[Query]:
    """What leads from a trace to its logs and metrics; `$$` is how Grafana is told `$`."""
    (tempo,) = (
        datasource["jsonData"]
        for datasource in datasources(settings)
        if datasource["name"] == "Tempo"
    )
    of_logs = tempo["tracesToLogsV2"]["query"].replace("$$", "$")
    of_logs = of_logs.replace("${__trace.traceId}", "4bf92f")
    yield "Tempo: trace to logs", "logql", interpolated(of_logs, PUT_IN)
    for query in tempo["tracesToMetrics"]["queries"]:
        text = query["query"].replace("$$", "$")
        yield f"Tempo: trace to metrics, {query['name']}", "promql", interpolated(text, PUT_IN)


def of_documents() -> Iterator[Query]:
    for where, language, text in queries_in(RUNBOOKS):
        yield where, language, interpolated(text, PUT_IN)


@functools.cache
def everything() -> tuple[Query, ...]:
    """Made by the first test that asks: every worker imports this module."""
    items = list(of_documents())
    for environment in REAL_ENVIRONMENTS:
        settings = real_settings(environment)
        for queries in (of_dashboards(settings), of_rules(settings), of_datasources(settings)):
            items += [(f"{environment}: {where}", *rest) for where, *rest in queries]  # type: ignore[misc]
    return tuple(items)


def mistaken(queries: list[Query]) -> list[str]:
    """A line for each query that its grammar does not accept."""
    answers = parsed_queries([(language, text) for _, language, text in queries])
    return [
        f"{where}: {answer.mistake}\n  {text}"
        for (where, _, text), answer in zip(queries, answers, strict=True)
        if answer.mistake
    ]


@pytest.mark.parametrize("language", LANGUAGE)
def test_every_query_is_accepted_by_its_grammar(language: Language) -> None:
    queries = [query for query in everything() if query[1] == language]
    assert queries
    assert not mistaken(queries), "\n".join(mistaken(queries))


def test_queries_are_found_where_people_write_them() -> None:
    places = {where.partition(",")[0].partition(" ")[2] or where for where, _, _ in everything()}
    for dashboard in dashboards(load_environment("prd", TODAY)):
        assert dashboard.uid in places
    assert "rule Watchdog" in places
    assert any("Tempo" in place for place in places)
    assert any(
        where.startswith("docs/runbooks/alerts/BackendDown.md") for where, _, _ in everything()
    )


# One character is taken away: what quotes or encloses.
BREAKS: dict[Language, str] = {"promql": '()[]{}"', "logql": '[]{}"`', "traceql": '{}"'}


def without_strings(text: str) -> str:
    """As long as before, so that positions are the same: a regular expression may have brackets."""
    return STRING.sub(lambda match: match[0][0] + "_" * (len(match[0]) - 2) + match[0][-1], text)


@pytest.mark.parametrize("language", LANGUAGE)
def test_without_one_character_none_is_accepted(language: Language) -> None:
    broken: list[Query] = []
    for where, of, text in everything():
        if of == language:
            shown = without_strings(text)
            for at in {shown.find(mark) for mark in BREAKS[language]} - {-1}:
                broken.append((where, of, text[:at] + text[at + 1 :]))
    answers = parsed_queries([(of, text) for _, of, text in broken])
    accepted = [
        text for (*_, text), answer in zip(broken, answers, strict=True) if not answer.mistake
    ]
    assert len(broken) > 10
    assert not accepted, accepted


@pytest.mark.parametrize(
    ("language", "text", "quoted"),
    [
        ("promql", "sum(rate(up[5m])) by namespace", "'namespace'"),
        ("promql", "summ(up)", "'(up)'"),
        ("promql", "", "''"),
        ("logql", '{service_name="shop"} |~ ', "''"),
        ("logql", 'rate({service_name="shop"})', "')'"),
        ("traceql", "{ status=eror }", "eror"),
        ("traceql", "{ duration>500xs }", "'xs }'"),
    ],
)
def test_a_mistake_is_quoted(language: Language, text: str, quoted: str) -> None:
    (answer,) = parsed_queries([(language, text)])
    assert answer.mistake is not None
    assert quoted in answer.mistake


def test_selectors_and_labels_are_found() -> None:
    of_series, of_streams = parsed_queries(
        [
            ("promql", 'sum by (a) (rate(x{b="c"}[5m] offset 1h)) / on (d) group_left (e) y'),
            ("logql", 'sum by (a) (rate({b="c"} |= "x" | d="e" [5m]))'),
        ]
    )
    assert of_series.selectors == ('x{b="c"}', "y")
    assert (of_series.matched, of_series.grouped) == (("b",), ("a", "d", "e"))
    assert of_streams.selectors == ('{b="c"}',)
    assert (of_streams.matched, of_streams.grouped) == (("b",), ("a",))


# --- What a query of logs or traces asks for is there ---------------------------------------------

PROMOTED = {
    name.replace(".", "_")
    for name in static_values("prometheus")["prometheus"]["prometheusSpec"]["otlp"][
        "promoteResourceAttributes"
    ]
}
"""Resource attributes of all signals, as labels."""
INDEXED = {
    name.replace(".", "_")
    for name in static_values("loki")["loki"]["distributor"]["otlp_config"][
        "default_resource_attributes_as_index_labels"
    ]
}
OF_LINES = {"detected_level", "trace_id", "span_id"}
"""What Loki keeps with each line that comes by OTLP ("Ingesting logs using OpenTelemetry")."""
OF_PRINTED_LINES = {"log_iostream"}
"""The agent's attribute `log.iostream` (OpenTelemetry semantic conventions, "Log")."""
LEVELS = {"trace", "debug", "info", "warn", "error", "fatal", "critical", "unknown"}
SPANS = {
    dimension["name"]
    for dimension in gateway_config(load_environment("prd", TODAY), "prd")["connectors"][
        "span_metrics"
    ]["dimensions"]
}
FILTER = re.compile(r"[|]\s*(\w+)\s*(?:=~|!~|!=|=)\s*[\"`]([^\"`]*)")
ATTRIBUTE = re.compile(r"\b(resource|span)\.([\w.]+)")


def unknown(language: Language, text: str, answer: Parsed) -> set[str]:
    """Labels, levels and attributes that no line or span has."""
    if language == "traceql":
        known = {"resource": {name.replace(".", "_") for name in PROMOTED}}
        known["span"] = {name.replace(".", "_") for name in SPANS}
        return {
            f"{scope}.{name}"
            for scope, name in ATTRIBUTE.findall(without_strings(text))
            if name.replace(".", "_") not in known[scope]
        }
    filters = FILTER.findall(text)
    levels = {level for label, values in filters if label == "detected_level"
              for level in values.split("|")}  # fmt: skip
    asked = {label for label, _ in filters} | set(answer.grouped)
    return (
        (asked - PROMOTED - INDEXED - OF_LINES - OF_PRINTED_LINES)
        # A label that is not indexed is there with the line, but selects no stream.
        | (set(answer.matched) - INDEXED)
        | (levels - LEVELS)
    )


def of_logs_and_traces() -> list[Query]:
    return [query for query in everything() if query[1] != "promql"]


def test_logs_and_traces_are_asked_for_what_they_have() -> None:
    answers = parsed_queries([(language, text) for _, language, text in of_logs_and_traces()])
    strangers = {
        where: unknown(language, text, answer)
        for (where, language, text), answer in zip(of_logs_and_traces(), answers, strict=True)
    }
    assert {where: names for where, names in strangers.items() if names} == {}


def test_a_misspelt_name_in_any_of_them_is_noticed() -> None:
    names = re.compile(r"\b\w+(?=\s*(?:=~|!=|=)\s*[\"`])|(?<=by \()\w+")
    mistaken: list[tuple[Language, str]] = []
    for _, language, text in of_logs_and_traces():
        for match in names.finditer(text):
            mistaken.append((language, f"{text[: match.end()]}_misspelt{text[match.end() :]}"))
    assert len(mistaken) >= len(of_logs_and_traces())
    for (language, text), answer in zip(mistaken, parsed_queries(mistaken), strict=True):
        assert unknown(language, text, answer), text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("logql", '{k8s_pod_name="a"}'),
        ("logql", '{service_name="a"} | detected_level="eror"'),
        ("traceql", '{ span.http.path="/" }'),
    ],
)
def test_what_is_not_there_is_noticed(language: Language, text: str) -> None:
    assert unknown(language, text, parsed_queries([(language, text)])[0])


# A number; what was compared with zero or more; an error budget, as no objective is 100 %.
NOT_ZERO = re.compile(
    r"\d+|\(.* > [\d.]+\)|\(1 - namespace:slo_objective:ratio\{[^}]*\}\)", re.DOTALL
)


def divisors(queries: list[Query]) -> list[tuple[str, str]]:
    """Where something is divided, and by what."""
    said = parsed_queries([(language, text) for _, language, text in queries])
    return [
        (where, text)
        for (where, _, _), query in zip(queries, said, strict=True)
        for text in query.divisors
    ]


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_no_rule_and_no_panel_divides_by_zero(environment: str) -> None:
    settings = real_settings(environment)
    for queries in (list(of_dashboards(settings)), list(of_rules(settings))):
        denominators = divisors([query for query in queries if query[1] == "promql"])
        assert len(denominators) > 10
        assert not [
            denominator for denominator in denominators if not NOT_ZERO.fullmatch(denominator[1])
        ]


@pytest.mark.parametrize(
    "text", ["a / b", "a / sum(b)", "a / on (x) (b >= 0)", "1 - a / (b)", "a / (1 - b)"]
)
def test_a_division_that_could_be_by_zero_is_noticed(text: str) -> None:
    ((_, divisor),) = divisors([("here", "promql", text)])
    assert not NOT_ZERO.fullmatch(divisor)
