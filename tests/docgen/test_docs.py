"""The documents say what is so: generated ones are current, and what they name exists."""

from __future__ import annotations

import ast
import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_stacks import sample_foundation
from settings_files import DELETE, render, vary, write

from docgen import generate_all, markdown, reference_docs
from docgen.capacity_block import capacity_block
from docgen.context_page import FOLDERS
from docgen.releases_page import releases_page
from docgen.settings_page import settings_page
from docgen.traffic_page import traffic_page
from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from helm_values.traffic_plan import plan_policies
from settings.load import FOLDER_VARIABLE
from settings.node_sizes import SIZES
from synthesis.foundation import Foundation, all_settings
from tools.paths import ROOT, SAMPLE_ENVIRONMENTS

DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda path: path.as_posix()
)
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
HEADINGS = (
    "Context",
    "Decision",
    "Do nothing",
    "Consequences",
    "What was measured",
)
# A decision keeps the names that its code had; a later one tells what moved.
CURRENT_DOCUMENTS = [path for path in DOCUMENTS if path not in ADRS]

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
WRITTEN_BY_COMMANDS = (
    "cdktf.out/",
    "terraform-state/",
    ".venv",
    "node_modules",
    "load-report/",
    "rehearsal-report/",
    "site/",
    "dashboards-preview/",
)


PICTURE_PARTS = ("", "top")
"""What may follow a picture's address: the site's style sheet shows its upper part."""


def prose(document: Path) -> str:
    """A document without its fenced blocks, which show commands and what they print."""
    return FENCED.sub("", document.read_text(encoding="utf-8"))


@functools.cache
def anchors(document: Path) -> set[str]:
    """Anchors that GitHub gives to the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading.lower().strip()).replace(" ", "-") for heading in headings
    }


def makefile_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z_-]*):", text, re.MULTILINE))


def shown(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


@functools.cache
def functions(*folders: str) -> set[str]:
    return {
        node.name
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.usefixtures("real_environments")
def test_generated_documents_are_current() -> None:
    assert reference_docs.stale(reference_docs.render_all()) == [], "run `make docs`"


@pytest.mark.usefixtures("real_environments")
def test_the_reference_is_made_without_provider_bindings() -> None:
    script = (
        "import sys\nfrom docgen import reference_docs\nreference_docs.render_all()\n"
        "print(*(name for name in sys.modules if name.split('.')[0].startswith(\n"
        "    ('cdktf', 'jsii', 'constructs', 'stacks'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert (done.stderr, done.stdout.split()) == ("", [])


def test_check_names_what_is_out_of_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reference_docs, "render_all", lambda: {"README.md": "", "no/such.md": ""})
    assert reference_docs.main(["--check"]) == 1
    assert capsys.readouterr().err == "out of date, run `make docs`: README.md, no/such.md\n"


def test_a_stage_that_only_the_workload_names_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.copytree(SAMPLE_ENVIRONMENTS, tmp_path / "environments")
    file = write(tmp_path, render(vary(("namespaces", "hml"), DELETE))[0])
    foundation = sample_foundation()
    monkeypatch.setenv(FOLDER_VARIABLE, str(file.parent))
    monkeypatch.setattr(Foundation, "load", lambda: foundation)
    for command in (reference_docs.main, generate_all.main):
        assert command([]) == 2
        assert capsys.readouterr().err == (
            "workloads/dev.yaml:14: namespaces.hml: environment dev has no such namespace; "
            "allowed: observability, dev, prd\n"
        )


def test_an_environment_without_snapshots_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # Of no environment there are any in this folder.
    monkeypatch.setattr(Foundation, "load", functools.partial(Foundation.load, tmp_path))
    assert reference_docs.main([]) == 2
    assert capsys.readouterr().err == (
        "environment 'dev': no snapshots; allowed: those that `make snapshots` writes\n"
    )


def test_fails_when_a_document_has_no_place_for_its_tables() -> None:
    with pytest.raises(ValueError, match=r"some\.md has no lines '<begin>' and '<end>'"):
        markdown.between("<end> <begin>", "some.md", "<begin>", "<end>", "tables")


def test_every_release_is_in_the_reference_with_its_version() -> None:
    settings = all_settings()
    text = releases_page(settings)
    for values in settings.values():
        for size in SIZES:
            sized = values.model_copy(update={"size": size})
            for release in releases(sized, sample_stack_outputs()):
                chart = release.chart
                assert f"| `{release.id}` | `{chart.name}` | `{chart.version}` |" in text


def test_a_release_of_some_sizes_says_which() -> None:
    rows = releases_page(all_settings()).splitlines()
    sizes = {
        row.split(" | ")[1]: row.split(" | ")[-1] for row in rows if row.startswith("| `tempo` |")
    }
    assert sizes == {"`tempo`": "`small`, `medium` |", "`tempo-distributed`": "`large` |"}


def test_every_policy_is_in_the_reference() -> None:
    settings = all_settings()
    text = traffic_page(settings)
    for values in settings.values():
        for policies in plan_policies(values).values():
            for policy in policies:
                assert f"| `{policy.name}` |" in text
    # One row for all stages, and no address of one environment.
    assert re.findall(r"\d+\.\d+\.\d+\.\d+", text) == []
    assert not any(f"in `{stage}" in text for stage in settings["prd"].stages)
    assert "in `<stage>-telemetry`" in text
    assert "`grafana`" in text
    assert "`thanos-store-gateway`" in text


def test_every_size_is_in_the_table_of_capacity() -> None:
    text = capacity_block()
    assert "| Quantity | small | medium | large |" in text
    assert "| Logs: GB/day | 20 | 150 | 1,500 |" in text
    # The reasons, from the modules' documentation.
    assert "- samples/s = active series / scrape interval (30 s)." in text
    assert '- Loki small: "up to approximately 20GB per day"' in text


def test_every_setting_is_in_the_reference() -> None:
    text = settings_page()
    for key in (
        "environment",
        "network.interface_endpoints",
        "cluster.endpoint.public_cidrs",
        "tags.extra.<key>",
        "namespaces.<namespace>.node_group.zone_spread",
        "retention_days.metrics.raw",
    ):
        assert f"| `{key}` |" in text


# Each loops over all documents in one test: a test for each document took longer than its check.


def test_every_relative_link_leads_somewhere() -> None:
    assert [fault for document in DOCUMENTS for fault in broken_links(document)] == []


def broken_links(document: Path) -> Iterator[str]:
    for link in LINK.findall(prose(document)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or not target.is_relative_to(ROOT):
            yield f"{shown(document)}: {link}: no such file in the repository"
        elif target.suffix == ".png" and anchor in PICTURE_PARTS:
            continue
        elif anchor and anchor not in anchors(target):
            yield f"{shown(document)}: {link}: no such heading"


def test_every_target_of_make_exists() -> None:
    targets = makefile_targets()
    unknown = {
        f"{shown(document)}: make {target}"
        for document in DOCUMENTS
        for target in re.findall(
            r"(?:`|^\$ )make ([a-z][a-z_-]*)", document.read_text(encoding="utf-8"), re.MULTILINE
        )
        if target not in targets
    }
    assert unknown == set()


def test_every_path_in_the_repository_exists() -> None:
    missing = {
        f"{shown(document)}: {text}"
        for document in CURRENT_DOCUMENTS
        for text in CODE.findall(prose(document))
        if names_a_path(text) and not (ROOT / text).exists()
    }
    assert missing == set()


def names_a_path(text: str) -> bool:
    return (
        re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*/?", text) is not None
        and text.endswith((".py", ".md", ".yaml", ".toml", ".in", "/"))
        and not text.startswith(WRITTEN_BY_COMMANDS)
    )


def test_every_test_and_check_that_is_named_exists() -> None:
    known = functions("tests", "verification")
    unknown = {
        f"{shown(document)}: {text}"
        for document in CURRENT_DOCUMENTS
        for text in CODE.findall(prose(document))
        if re.fullmatch(r"(?:test|check)_\w+", text) and text not in known
    }
    assert unknown == set()


def test_documents_name_no_path_of_one_computer() -> None:
    paths = {
        f"{shown(document)}: {path}"
        for document in DOCUMENTS
        for path in re.findall(
            r"(?<![\w.])/(?:home|work|root|tmp|Users)/\S*", document.read_text(encoding="utf-8")
        )
    }
    assert paths == set()


def test_the_index_lists_every_decision_in_order() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \|", index, re.MULTILINE)
    assert listed == [(path.name[:4], path.name) for path in ADRS]


def test_a_decision_has_every_heading_of_the_template() -> None:
    assert [adr.stem for adr in ADRS if not has_the_form_of_a_decision(adr)] == []


def has_the_form_of_a_decision(adr: Path) -> bool:
    text = adr.read_text(encoding="utf-8")
    status = r"^Status: (?:proposed|accepted(?:, amend(?:s|ed by) \d{4})?|replaced by \d{4})$"
    return (
        text.startswith(f"# {adr.name[:4]}: ")
        and re.search(status, text, re.MULTILINE) is not None
        and tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)) == HEADINGS
    )


def test_only_the_composition_imports_cdktf() -> None:
    importers = {
        path.relative_to(ROOT).parts[0]
        for path in [*ROOT.glob("*.py"), *(p for f in FOLDERS for p in (ROOT / f).rglob("*.py"))]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in imported(node)
        if name.split(".")[0].startswith(("cdktf", "constructs"))
        and not name.startswith("constructs_lib")
    }
    assert importers == {"main.py", "stacks", "constructs_lib"}


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def test_the_readme_stays_short_enough_to_be_read_whole() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= 12_000
