"""Code in documents is what the source says, and a block that differs is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docgen import code_blocks, reference_docs
from helm_values.otel_collector.collector_guards import MAX_LABEL_LENGTH, MAX_LABELS
from tools.paths import ROOT

SOURCE = """\
def f():
    # region outer
    one()

    # region inner
    if two():
        three()
    # endregion
    # endregion
    # region open
"""
QUOTED = "one()\n\nif two():\n    three()\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(SOURCE)
    (tmp_path / "a.js").write_text("  // region x\n  y();\n  // endregion\n")
    (tmp_path / "a.xml").write_text("<!-- region x -->\n<y/>\n<!-- endregion -->\n")
    return tmp_path


def document(marker: str, block: str, indent: str = "") -> str:
    lines = ["Text.", "", f"{indent}<!-- code: {marker} -->", f"{indent}```python"]
    lines += [indent + line if line else line for line in block.splitlines()]
    return "\n".join([*lines, f"{indent}```", "", "More.", ""])


@pytest.mark.parametrize("indent", ["", "  "])
def test_a_block_becomes_what_the_region_says(folder: Path, indent: str) -> None:
    old = document("a.py#outer", "something else\n\n", indent)
    assert code_blocks.rewrite(old, "d.md", folder) == document("a.py#outer", QUOTED, indent)


@pytest.mark.parametrize("indent", ["", "  "])
def test_a_block_that_is_current_stays(folder: Path, indent: str) -> None:
    current = document("a.py#outer", QUOTED, indent)
    assert code_blocks.rewrite(current, "d.md", folder) == current


@pytest.mark.parametrize(("name", "text"), [("a.js", "y();\n"), ("a.xml", "<y/>\n")])
def test_regions_are_found_in_every_language(folder: Path, name: str, text: str) -> None:
    assert code_blocks.quotation(folder / name, "x", name) == text


def test_a_whole_file_is_quoted_without_the_marks_of_regions(folder: Path) -> None:
    assert code_blocks.quotation(folder / "a.js", None, "a.js") == "y();\n"


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("no.py#outer", r"^d\.md: no\.py: no such file$"),
        ("a.py#nothing", r"^d\.md: a\.py: 0 regions 'nothing', expected one; there are: inner, op"),
        ("a.py#open", r"^d\.md: a\.py: region 'open' does not end$"),
    ],
)
def test_fails_when_there_is_nothing_to_quote(folder: Path, marker: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        code_blocks.rewrite(document(marker, "x"), "d.md", folder)


def test_fails_when_a_marker_has_no_block(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"^d\.md: 1 of the lines `<!-- code: \.\.\. -->` are not"):
        code_blocks.rewrite("<!-- code: a.py#outer -->\nText.\n", "d.md", folder)


def test_make_docs_writes_every_document_that_quotes() -> None:
    quoting = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "docs").rglob("*.md")
        if "<!-- code: " in path.read_text(encoding="utf-8")
    }
    assert quoting
    assert quoting <= set(reference_docs.render_all())


@pytest.mark.parametrize("language", ["python", "node", "java"])
def test_a_translation_quotes_what_the_page_quotes(language: str) -> None:
    page = f"runbooks/instrument-{language}.md"
    english = (ROOT / "docs" / page).read_text(encoding="utf-8")
    portuguese = (ROOT / "docs" / "pt-BR" / page).read_text(encoding="utf-8")
    assert len(code_blocks.sources(english)) >= 5
    assert code_blocks.sources(portuguese) == code_blocks.sources(english)


@pytest.mark.parametrize("language", ["python", "node", "java"])
@pytest.mark.parametrize("folder", ["docs", "docs/pt-BR"])
def test_the_limits_of_labels_are_those_of_the_gateway(language: str, folder: str) -> None:
    text = (ROOT / folder / "runbooks" / f"instrument-{language}.md").read_text(encoding="utf-8")
    (longest,) = re.findall(r"\b(\d+) (?:characters|caracteres)", text)
    (most,) = re.findall(r"at most (\d+) labels|no máximo (\d+) labels", text)
    assert int(longest) == MAX_LABEL_LENGTH
    assert int("".join(most)) == MAX_LABELS
