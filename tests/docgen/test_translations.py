"""Translations are there, current, and have the same commands; what is not is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from docgen.translations import first_line, main, pages, problems
from tools.paths import ROOT

ENGLISH = "# One\n\nText.\n\n1. Do:\n\n   ```console\n   $ make help\n   ```\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Documents with one page and its translation."""
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "onboarding").mkdir()
    (tmp_path / "pt-BR" / "runbooks").mkdir(parents=True)
    (tmp_path / "index.md").write_text("# Home\n", encoding="utf-8")
    (tmp_path / "runbooks" / "one.md").write_text(ENGLISH, encoding="utf-8")
    for name, text in (("index.md", "# Início\n"), ("runbooks/one.md", ENGLISH)):
        translation = f"{first_line(tmp_path, name)}\n{text}"
        (tmp_path / "pt-BR" / name).write_text(translation, encoding="utf-8")
    return tmp_path


def messages(docs: Path) -> list[str]:
    return [str(problem) for problem in problems(docs)]


def test_every_page_is_translated_and_current() -> None:
    assert messages(ROOT / "docs") == []


def test_onboarding_and_runbooks_are_translated() -> None:
    assert {name.partition("/")[0] for name in pages(ROOT / "docs")} == {
        "index.md",
        "onboarding",
        "runbooks",
    }


def test_nothing_is_said_of_what_is_current(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert messages(docs) == []
    assert main([], docs) == 0
    assert capsys.readouterr().out == "2 pages are translated\n"


def test_a_page_without_translation_is_named(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs / "runbooks" / "two.md").write_text("# Two\n", encoding="utf-8")
    said = "docs/pt-BR/runbooks/two.md: not translated: write it from docs/runbooks/two.md"
    assert messages(docs) == [said]
    assert main([], docs) == 1
    assert capsys.readouterr().out == f"{said}\n"


def test_an_outdated_translation_is_named_until_it_is_accepted(docs: Path) -> None:
    page = docs / "runbooks" / "one.md"
    page.write_text(ENGLISH.replace("Text", "Other text"), encoding="utf-8")
    assert messages(docs) == [
        "docs/pt-BR/runbooks/one.md: outdated: docs/runbooks/one.md has changed"
    ]
    assert main(["--accept", "docs/pt-BR/runbooks/one.md"], docs) == 0
    assert messages(docs) == []


def test_a_translation_of_nothing_is_named(docs: Path) -> None:
    (docs / "runbooks" / "one.md").unlink()
    assert messages(docs) == [
        "docs/pt-BR/runbooks/one.md: a translation of docs/runbooks/one.md, which is not there"
    ]


def test_a_translation_without_its_first_line_is_named(docs: Path) -> None:
    (docs / "pt-BR" / "index.md").write_text("# Início\n", encoding="utf-8")
    (said,) = messages(docs)
    assert said.startswith(
        "docs/pt-BR/index.md: the first line is not '<!-- translation of: index.md"
    )


def test_translated_code_is_refused(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    translation = docs / "pt-BR" / "runbooks" / "one.md"
    text = translation.read_text(encoding="utf-8")
    translation.write_text(text.replace("make help", "make ajuda"), encoding="utf-8")
    (said,) = messages(docs)
    assert "code block 1 is not that of docs/runbooks/one.md: ['$ make ajuda']" in said
    assert main(["--accept", "docs/pt-BR/runbooks/one.md"], docs) == 2
    assert "code block 1" in capsys.readouterr().err


def test_a_name_that_was_lost_or_translated_is_named(docs: Path) -> None:
    page = docs / "runbooks" / "one.md"
    page.write_text(f"{ENGLISH}\nSee `make synth`.\n", encoding="utf-8")
    said = "docs/pt-BR/runbooks/one.md: in only one of the two languages: make synth"
    assert said in messages(docs)


def test_an_unknown_page_cannot_be_accepted(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--accept", "docs/pt-BR/no.md"], docs) == 2
    assert "docs/pt-BR/no.md: allowed is" in capsys.readouterr().err
