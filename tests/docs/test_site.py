"""The documentation site builds without a warning, has every page, and needs no network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from outcomes import not_checked

from docgen import site_check
from docgen.site_hooks import (
    FOLDED_FROM,
    MERMAID,
    PROJECT_PAGES,
    folded,
    indented,
    slug,
    target_of,
    unbroken,
)
from tools.paths import ROOT

NEEDED = ("docs", "tools/site", "mkdocs.yml", *(n for n in PROJECT_PAGES if (ROOT / n).is_file()))
CODE = ("docgen/__init__.py", "docgen/site_hooks.py", "tools/__init__.py", "tools/paths.py")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the site is made of, to be changed at will."""
    if not MERMAID.is_file():
        reason = "not checked: the site. What draws its diagrams is not installed: `make setup`"
        not_checked(reason)
    folder = tmp_path_factory.mktemp("site")
    for name in (*NEEDED, *CODE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copy(ROOT / name, folder / name)
    # The hook knows the rest of the repository only as links to it.
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def build(sources: Path) -> subprocess.CompletedProcess[str]:
    # Not --quiet: with it mkdocs counts no warnings either.
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=sources,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(sources: Path) -> Path:
    done = build(sources)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "WARNING" not in said
    return sources / "site"


def test_every_document_is_a_page(site: Path) -> None:
    documents = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    pages = {
        path.with_name("index.html" if path.stem in ("README", "index") else f"{path.stem}.html")
        for path in documents
    }
    assert {page for page in pages if not (site / page).is_file()} == set()
    assert len(pages) == len(documents)


def test_every_page_is_in_the_navigation(site: Path) -> None:
    # A page that is in it has its tab lit; mkdocs gives those that are not an empty place.
    for page in site.rglob("*.html"):
        if page.name != "404.html":
            assert "md-tabs__item--active" in page.read_text(encoding="utf-8"), page


def test_a_portuguese_page_speaks_portuguese(site: Path) -> None:
    for page in (site / "pt-BR").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert '<html lang="pt-BR"' in text, page
        assert "Buscar" in text
    assert '<html lang="en"' in (site / "index.html").read_text(encoding="utf-8")


def tabs(page: Path) -> list[str]:
    (names,) = re.findall(r'<ul class="md-tabs__list">(.*?)</ul>', page.read_text("utf-8"), re.S)
    return [" ".join(name.split()) for name in re.findall(r"<a [^>]*>([^<]*)</a>", names)]


def test_the_navigation_is_in_the_language_of_the_page(site: Path) -> None:
    english = ["Home", "Onboarding", "Runbooks", "Operations", "Decisions", "Reference"]
    assert tabs(site / "index.html") == tabs(site / "reference" / "alerts.html") == english
    portuguese = ["Início", "Primeiros passos", "Runbooks"]
    portuguese += [f"{name} (em inglês)" for name in ("Operação", "Decisões", "Referência")]
    for page in (site / "pt-BR").rglob("*.html"):
        assert tabs(page) == portuguese, page


def test_long_expressions_of_the_reference_are_folded(site: Path) -> None:
    alerts = (site / "reference" / "alerts.html").read_text(encoding="utf-8")
    assert '<details class="expression"><summary><code>' in alerts
    unfolded = re.findall(r"<td[^>]*><code[^>]*>([^<]+)</code></td>", alerts)
    assert unfolded
    assert max(map(len, unfolded)) < FOLDED_FROM


def test_a_page_leads_to_its_other_language(site: Path) -> None:
    english = (site / "runbooks" / "destroy.html").read_text(encoding="utf-8")
    assert '<a href="../pt-BR/runbooks/destroy.html">Em português</a>' in english
    translated = (site / "pt-BR" / "runbooks" / "destroy.html").read_text(encoding="utf-8")
    assert '<a href="../../runbooks/destroy.html">In English</a>' in translated


def test_no_markdown_is_left_over(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "```" not in text, page
        assert re.findall(r"^(?:<p>)?(?:\d+\.|-|\*) \S", text, re.MULTILINE) == [], page


def test_nothing_is_loaded_from_elsewhere(site: Path, tmp_path: Path) -> None:
    assert site_check.external(site) == []
    (tmp_path / "x.html").write_text('<script src="https://cdn.example/x.js">', encoding="utf-8")
    assert site_check.external(tmp_path) != []


FAULTS = {
    # What is added to a file, and what the build says of it.
    "docs/index.md": ("[x](runbooks/no.md)", "'runbooks/no.md'"),
    "docs/architecture.md": ("[x](runbooks/destroy.md#no)", "'#no'"),
    "docs/onboarding/platform-team.md": ("[x](/runbooks/destroy.md)", "absolute link"),
    "docs/loose/page.md": ("# Nowhere in the navigation", "loose/page.md"),
    "README.md": ("[x](docs/runbooks/never.md)", "runbooks/never.md"),
    "mkdocs.yml": ("  - Gone: gone.md", "gone.md"),
}


def test_a_fault_fails_the_build(site: Path, sources: Path, tmp_path: Path) -> None:
    broken = tmp_path / "sources"
    shutil.copytree(sources, broken, symlinks=True, ignore=shutil.ignore_patterns("site/*"))
    for name, (text, _) in FAULTS.items():
        file = broken / name
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as end:
            end.write(f"\n{text}\n")
    done = build(broken)
    said = done.stdout + done.stderr
    assert f"Aborted with {len(FAULTS)} warnings in strict mode" in said
    assert done.returncode != 0
    assert [name for name, (_, expected) in FAULTS.items() if expected not in said] == []


# --- What the hooks do ----------------------------------------------------------------------------

REPOSITORY = "https://example.com/blob"


@pytest.mark.parametrize(
    ("document", "uri", "link", "expected"),
    [
        ("docs/runbooks/destroy.md", "runbooks/destroy.md", "../../README.md#destroy",
         "../project/readme.md#destroy"),
        ("README.md", "project/readme.md", "docs/adr/README.md", "../adr/README.md"),
        ("README.md", "project/readme.md", "#secrets", "#secrets"),
        ("README.md", "project/readme.md", "docs/adr", "../adr/README.md"),
        ("docs/index.md", "index.md", "https://example.com/x.md", "https://example.com/x.md"),
        ("docs/index.md", "index.md", "../Makefile", f"{REPOSITORY}/Makefile"),
        ("docs/adr/0001.md", "adr/0001.md", "0002.md#context", "0002.md#context"),
    ],
)  # fmt: skip
def test_a_link_leads_to_the_page_or_the_file(
    document: str, uri: str, link: str, expected: str
) -> None:
    assert target_of(link, ROOT / document, uri, REPOSITORY) == expected


def test_anchors_are_those_of_github() -> None:
    heading = "`namespaces.<namespace>`: what it is, and why"
    assert slug(heading, "-") == "namespacesnamespace-what-it-is-and-why"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n  b\n", "- a\n    b\n"),
        ("1. a\n\n   b\n2. c\n", "1. a\n\n    b\n\n2. c\n"),
        ("text\n- a\n- b\n", "text\n\n- a\n- b\n"),
        ("1. a\n   - b\n     c\n", "1. a\n    - b\n        c\n"),
        ("- a\n\n  ```sh\n  x\n    y\n  ```\n", "- a\n\n    ```sh\n    x\n      y\n    ```\n"),
        ("- [ ] a\n\n  b\n", "- [ ] a\n\n    b\n"),
        ("- a\n\ntext\n", "- a\n\ntext\n"),
        ("```\n- a\n  b\n```\n", "```\n- a\n  b\n```\n"),
    ],
)
def test_lists_are_indented_as_mkdocs_wants(text: str, expected: str) -> None:
    assert indented(text) == expected


# --- In a browser ---------------------------------------------------------------------------------


ONLY_A_BROWSER_TELLS = {view.name: view for view in site_check.VIEWS}


def seen(site: Path, name: str) -> list[str]:
    program = site_check.browser()
    if program is None:
        pytest.skip(site_check.NOT_CHECKED)
    return site_check.looked_at(program, site, ONLY_A_BROWSER_TELLS[name], None)


@pytest.mark.parametrize("name", ["architecture", "search"])
def test_diagrams_are_drawn_and_the_search_finds(site: Path, name: str) -> None:
    assert seen(site, name) == []


def test_a_browser_notices_that_a_diagram_is_missing(site: Path, tmp_path: Path) -> None:
    broken = tmp_path / "site"
    shutil.copytree(site, broken)
    (broken / "assets" / "mermaid.js").unlink()
    assert seen(broken, "architecture") != []


def test_an_expression_folds_from_its_length_on() -> None:
    short = f"<td><code>{'a' * (FOLDED_FROM - 1)}</code></td>"
    assert folded(short) == short
    long = f"<td><code>{'a' * 55}&quot;{'b' * FOLDED_FROM}</code></td>"
    details = folded(long)
    assert details.startswith(f'<td><details class="expression"><summary><code>{"a" * 55}')
    # An entity is shown whole or not at all.
    assert re.search(r"&[^;<…]*…", details) is None
    assert f"<code>{'a' * 55}&quot;{'b' * FOLDED_FROM}</code></details></td>" in details
    in_text = f"<p><code>{'a ' * FOLDED_FROM}</code></p>"
    assert folded(in_text) == in_text


def test_a_name_is_not_broken_and_a_command_is() -> None:
    assert unbroken("<code>us-east-1</code>") == '<code class="word">us-east-1</code>'
    command = "<code>make synth ENV=prd</code>"
    assert unbroken(command) == command
