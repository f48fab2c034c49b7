"""Runbooks: each alert page answers the same five questions, and every query in them parses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from outcomes import parsed_queries
from settings_files import TODAY

from docgen.translations import code_blocks
from helm_values.traffic_plan import plan_policies
from settings.load import load_environment
from signals.metrics import METRICS
from tools.paths import ROOT

RUNBOOKS = ROOT / "docs" / "runbooks"
ALERT_PAGES = sorted(p for p in (RUNBOOKS / "alerts").glob("*.md") if p.stem != "README")
PAGES = sorted([*RUNBOOKS.rglob("*.md"), *(ROOT / "docs" / "onboarding").rglob("*.md")])
HEADINGS = ["Meaning", "Impact", "First queries", "Mitigation"]
LANGUAGES = ("promql", "logql", "traceql")

SUBJECTS = {
    "cdktf, and the way out": "0001",
    "states and their contracts": "0002",
    "where states are kept": "0004",
    "the range of providers": "0005",
    "retention": "0006",
    "Thanos": "0012",
    "gateways per namespace": "0014",
    "who may edit a gateway": "0022",
    "sampling": "0016",
    "Loki's form and Tempo's version": "0017",
    "secrets": "0018",
    "the documentation site": "0028",
    "backups and recovery": "0031",
    "folders and imports": "0038",
}
"""The decisions of the design, and where each is written down."""


def queries(pages: list[Path]) -> list[tuple[str, str, str]]:
    """Page, language and text of every query."""
    return [
        (page.name, language, text)
        for page in pages
        for language, text in code_blocks(page.read_text(encoding="utf-8"))
        if language in LANGUAGES
    ]


def mistakes(texts: list[tuple[str, str, str]]) -> list[str]:
    answers = parsed_queries([(language, text) for _, language, text in texts])  # type: ignore[misc]
    return [
        f"{page}: {answer.mistake}"
        for (page, _, _), answer in zip(texts, answers, strict=True)
        if answer.mistake
    ]


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("page", ALERT_PAGES, ids=lambda page: page.stem)
def test_an_alert_page_says_what_to_know_and_to_do(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}\n")
    assert headings(text) == HEADINGS
    sections = re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]
    assert all(section.strip() for section in sections)
    # Something to ask, and something to do.
    assert code_blocks(sections[2])
    assert re.search(r"^1\. ", sections[3], re.MULTILINE)


@pytest.mark.parametrize(
    ("folder", "heading"), [("docs", "Escalation"), ("docs/pt-BR", "Escalonamento")]
)
def test_escalation_is_written_once_for_all_alerts(folder: str, heading: str) -> None:
    text = (ROOT / folder / "runbooks" / "alerts" / "README.md").read_text(encoding="utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n|")[0]
    assert "`owner`" in section
    assert "ADR" in section


def test_every_query_parses() -> None:
    texts = queries(PAGES)
    assert {language for _, language, _ in texts} == set(LANGUAGES)
    assert len(texts) > 60
    assert mistakes(texts) == []


OTHERS = {
    "ALERTS": "https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/",
    "apiserver_requested_deprecated_apis": (
        "https://kubernetes.io/docs/reference/instrumentation/metrics/"
    ),
    "process_start_time_seconds": "https://prometheus.io/docs/instrumenting/writing_clientlibs/",
    "thanos_objstore_bucket_last_successful_upload_time": (
        "https://github.com/thanos-io/objstore/blob/main/objstore.go"
    ),
    "app_orders_created_total": "sample_apps/python/app.py",
}
"""What runbooks ask for besides the metrics of `signals/metrics.py`, and who produces it."""


def strangers(texts: list[tuple[str, str, str]]) -> set[str]:
    """Metrics in queries that nobody is known to produce."""
    promql = [(language, text) for _, language, text in texts if language == "promql"]
    names = {
        name[0]
        for answer in parsed_queries(promql)  # type: ignore[arg-type]
        for selector in answer.selectors
        if (name := re.match(r"[a-zA-Z_:]+\w*", selector))
    }
    known = {series for metric in METRICS.values() for series in metric.series_names}
    return names - known - set(OTHERS)


def test_every_query_asks_for_what_somebody_produces() -> None:
    assert strangers(queries(PAGES)) == set()
    assert strangers([("some.md", "promql", "rate(invented_total[5m])")]) == {"invented_total"}


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("promql", "sum by (pod) (rate(up[5m])"),
        ("logql", '{namespace="dev" |= "x"'),
        ("traceql", "{ status=error && }"),
    ],
)
def test_a_query_that_does_not_parse_is_noticed(language: str, query: str) -> None:
    (mistake,) = mistakes([("some.md", language, query)])
    assert mistake.startswith("some.md: ")


def test_every_page_is_in_the_index() -> None:
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    for page in RUNBOOKS.glob("*.md"):
        if page.name != "README.md":
            assert f"]({page.name})" in index


def test_every_component_has_a_recovery_point_and_time() -> None:
    text = (RUNBOOKS / "disaster-recovery.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| Component \|.*?(?=^$)", text, re.MULTILINE | re.DOTALL)
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert len(rows) > 10
    assert all(len(row) == 5 and all(cell.strip() for cell in row) for row in rows)


def test_the_drill_is_one_that_the_rehearsal_does() -> None:
    text = (RUNBOOKS / "disaster-recovery.md").read_text(encoding="utf-8")
    (name,) = re.findall(r'"(drill: [^"]+)"', text)
    assert f'"{name}"' in (
        ROOT / "verification" / "rehearsal" / "pipeline" / "rehearse_pipeline.py"
    ).read_text(encoding="utf-8")


def test_every_decision_of_the_design_is_written_down() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    # "accepted", or "accepted, amended by ...": not proposed, and not replaced.
    accepted = set(
        re.findall(r"^\| \[(\d{4})\].* \| (?:accepted|amended)\b.* \|$", index, re.MULTILINE)
    )
    assert {subject for subject, number in SUBJECTS.items() if number not in accepted} == set()


def test_a_pull_request_asks_for_the_decision_and_the_scope() -> None:
    text = (ROOT / ".github" / "pull_request_template.md").read_text(encoding="utf-8")
    assert "ADR consulted" in text
    assert "Scope authorized by" in text
    assert "docs/context/context-generator.md" in text


def test_the_network_policies_that_pages_name_exist() -> None:
    plan = plan_policies(load_environment("dev", TODAY)).values()
    planned = {policy.name for policies in plan for policy in policies}
    pattern = r"networkpolicy/([\w-]+)|get networkpolicy` \w+ `([\w-]+)`"
    pages = [*PAGES, *(ROOT / "docs" / "pt-BR").rglob("*.md")]
    named = {
        first or other
        for page in pages
        for first, other in re.findall(pattern, page.read_text("utf-8"))
    }
    assert named
    assert named <= planned


def test_no_page_restarts_an_object_of_ours_by_changing_it() -> None:
    """`rollout restart` writes into the object; the next deployment would undo it, with a restart.

    An application's object is its team's.
    """
    command = re.compile(r"kubectl -n (\S+) rollout restart (\S+)")
    pages = [page for page in (ROOT / "docs").rglob("*.md") if "adr" not in page.parts]
    restarts = {
        page.relative_to(ROOT / "docs"): command.findall(page.read_text(encoding="utf-8"))
        for page in pages
        if re.search(r"kubectl[^`\n]*rollout\s+restart", page.read_text(encoding="utf-8"))
    }
    applications = [("<namespace>", "deployment/<name>`.")]
    assert restarts == {
        Path("runbooks/secrets-rotation.md"): applications,
        Path("pt-BR/runbooks/secrets-rotation.md"): applications,
    }
