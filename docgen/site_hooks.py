"""Hooks of the documentation site (mkdocs.yml, `hooks`).

Documents are written for GitHub: they link to files outside docs/, and indent the content of list
items by two or three spaces, where Python-Markdown requires four. These hooks turn the README and
its neighbours into pages, links to other files into links to the repository, and folders of the
navigation into their pages. Long expressions in tables fold, and Portuguese pages get a Portuguese
navigation.
"""

from __future__ import annotations

import copy
import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

from tools.paths import ROOT

DOCS: Final = ROOT / "docs"
PORTUGUESE: Final = "pt-BR"
PROJECT: Final = "project/"
PROJECT_PAGES: Final = {
    name: f"{PROJECT}{name.removesuffix('.md').lower()}.md"
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
}
"""Documents at the top level, and their pages."""
MERMAID: Final = ROOT / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"

WIDE: Final = ("architecture.md",)
"""Pages whose diagrams use the whole width: they show neither navigation nor contents."""

FOLDED_FROM: Final = 160
"""Characters from which an expression in a table folds."""
SHOWN: Final = 60
"""Characters of it that are shown."""

_FIRST_COMMENT: Final = re.compile(r"\A<!--.*?-->\s*")
_LINK: Final = re.compile(r"(\]\()([^)\s]+)(\))")
_NOT_PROSE: Final = re.compile(r"(^ *```.*?^ *```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_WORD: Final = re.compile(r"<code>([^<\s]{1,40})</code>")
_IN_CELL: Final = re.compile(r"(<td[^>]*>)<code>([^<]+)</code>(?=</td>)")
_ELSEWHERE: Final = ("https://", "http://", "mailto:", "#")


def slug(heading: str, separator: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower().strip()).replace(" ", separator)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of a folder in its place in the navigation."""
    config.nav = _expanded(config.nav or [], _named(config.nav))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents at the top level, and the program that draws diagrams.

    Raises:
        PluginError: the program is not installed.
    """
    for name, uri in PROJECT_PAGES.items():
        if (ROOT / name).is_file():
            files.append(File.generated(config, uri, abs_src_path=str(ROOT / name)))
    if not MERMAID.is_file():
        raise PluginError("The program that draws diagrams is missing: run `make node_modules`.")
    files.append(File.generated(config, "assets/mermaid.js", abs_src_path=str(MERMAID)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite links that point outside docs/, and link to the other language."""
    if page.file.src_uri in WIDE:
        page.meta["hide"] = ["navigation", "toc"]
    markdown = _FIRST_COMMENT.sub("", markdown)
    source = source_of(page.file.src_uri)
    repository = str(config.extra["repository"])
    parts = _NOT_PROSE.split(markdown)
    parts[::2] = [_relinked(part, source, page.file.src_uri, repository) for part in parts[::2]]
    return indented(_with_other_language("".join(parts), page.file.src_uri, files))


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Fold long expressions in tables, and keep names on one line."""
    return unbroken(folded(html))


def on_page_context(
    context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation
) -> dict[str, Any]:
    """Show the navigation of the page's language."""
    context["nav"] = localized(nav, page.file.src_uri, config.extra["portuguese"])
    return context


def folded(html: str) -> str:
    """HTML in which a long expression that fills a table cell shows its beginning."""
    return _IN_CELL.sub(_fold, html)


def unbroken(html: str) -> str:
    """HTML in which a name such as `us-east-1` is not broken at its hyphens."""
    return _WORD.sub(r'<code class="word">\1</code>', html)


def _fold(match: re.Match[str]) -> str:
    cell, expression = match[1], match[2]
    if len(expression) < FOLDED_FROM:
        return match[0]
    # Not inside an entity such as &quot;
    start = re.sub(r"&[^;]*$", "", expression[:SHOWN])
    return (
        f'{cell}<details class="expression"><summary><code>{start}…</code></summary>'
        f"<code>{expression}</code></details>"
    )


def localized(nav: Navigation, uri: str, portuguese: dict[str, Any]) -> Navigation:
    """The navigation of a page: its own language, and for Portuguese what exists in English only.

    Args:
        nav: the whole navigation.
        uri: the page's path in the site's sources.
        portuguese: `section` is the title of the Portuguese section, `english_only` has the titles
            of English sections with their Portuguese titles.
    """
    sections = {item.title: item for item in nav.items if isinstance(item, Section)}
    translated = sections[portuguese["section"]]
    if not uri.startswith(f"{PORTUGUESE}/"):
        return Navigation([item for item in nav.items if item is not translated], nav.pages)
    items = list(translated.children)
    for title, name in portuguese["english_only"].items():
        section = copy.copy(sections[title])
        section.title = name
        items.append(section)
    home = Navigation(items, nav.pages)
    home.homepage = next(
        page for page in nav.pages if page.file.src_uri == f"{PORTUGUESE}/index.md"
    )
    return home


def source_of(uri: str) -> Path:
    """The file that a page is made of."""
    names = {page: name for name, page in PROJECT_PAGES.items()}
    return ROOT / names[uri] if uri in names else DOCS / uri


def target_of(link: str, source: Path, uri: str, repository: str) -> str:
    """Where a link of a document leads in the site.

    Args:
        link: as it is written, relative to the document.
        source: the document.
        uri: the page's path in the site's sources.
        repository: address of the repository's files.
    """
    name, mark, anchor = link.partition("#")
    if link.startswith(_ELSEWHERE) or not name:
        return link
    target = Path(os.path.normpath(source.parent / name))
    if name.startswith("/") or not target.is_relative_to(ROOT):
        return link  # mkdocs has a warning for it
    inside = target.relative_to(ROOT).as_posix()
    if inside in PROJECT_PAGES:
        page = PROJECT_PAGES[inside]
    elif target.is_relative_to(DOCS):
        page = target.relative_to(DOCS).as_posix()
        if target.is_dir():
            page += "/README.md"
    else:
        return f"{repository}/{inside}"
    return posixpath.relpath(page, posixpath.dirname(uri) or ".") + mark + anchor


def _relinked(text: str, source: Path, uri: str, repository: str) -> str:
    def change(match: re.Match[str]) -> str:
        return match[1] + target_of(match[2], source, uri, repository) + match[3]

    return _LINK.sub(change, text)


def _with_other_language(text: str, uri: str, files: Files) -> str:
    translated = uri.startswith(f"{PORTUGUESE}/")
    other = uri.removeprefix(f"{PORTUGUESE}/") if translated else f"{PORTUGUESE}/{uri}"
    if files.get_file_from_path(other) is None:
        return text
    link = posixpath.relpath(other, posixpath.dirname(uri) or ".")
    title, heading, rest = re.split(r"(^# .*$)", text, maxsplit=1, flags=re.MULTILINE)
    name = "In English" if translated else "Em português"
    return f"{title}{heading}\n\n[{name}]({link})\n{rest}"


# --- Lists ----------------------------------------------------------------------------------------

_ITEM: Final = re.compile(r"^( *)((?:[-*+]|\d+[.])(?: \[[ x]\])? +)(?=\S)")
_FENCE: Final = re.compile(r"^ *(`{3,})")
_STEP: Final = 4


def indented(markdown: str) -> str:
    """A document in which what belongs to an item of a list is indented by four for each level.

    Which lines belong to an item is as CommonMark says ("List items"): those that are indented as
    far as its text, and those that go on with its paragraph.
    """
    result: list[str] = []
    columns: list[int] = []  # where the text of each open item begins
    fence = before = ""
    loose = False  # whether an empty line was in the list that is open
    for line in markdown.splitlines():
        column = len(line) - len(line.lstrip())
        item = None if fence else _ITEM.match(line)
        if line.strip() and not fence and (item or not before.strip() or _FENCE.match(line)):
            while columns and column < columns[-1]:
                columns.pop()
        # An item may follow a paragraph directly; Markdown in Python wants a line between.
        if item and before.strip() and (loose or not _is_in_list(before)):
            result.append("")
        inside = column - (columns[-1] if columns else 0)
        result.append(" " * (_STEP * len(columns) + max(inside, 0)) + line.lstrip() if line else "")
        if opening := _FENCE.match(line):
            fence = "" if fence else opening[1]
        if item:
            columns.append(len(item[1]) + len(item[2].split("[")[0]))
        if not columns or not line.strip():
            loose = bool(columns)
        before = line
    return "\n".join(result) + "\n"


def _is_in_list(line: str) -> bool:
    return bool(_ITEM.match(line)) or line.startswith(" ")


# --- Navigation -----------------------------------------------------------------------------------


def _named(nav: Any) -> set[str]:
    """Pages that the navigation names one by one."""
    if isinstance(nav, str):
        return set() if nav.endswith("/") else {nav}
    items = nav.values() if isinstance(nav, dict) else nav or ()
    return {name for item in items for name in _named(item)}


def _expanded(items: list[Any], named: set[str]) -> list[Any]:
    expanded: list[Any] = []
    for item in items:
        if isinstance(item, str):
            expanded += pages_in(item, named) if item.endswith("/") else [item]
            continue
        ((title, value),) = item.items()
        if isinstance(value, str):
            value = list(pages_in(value, named)) if value.endswith("/") else value
        else:
            value = _expanded(value, named)
        expanded.append({title: value})
    return expanded


def pages_in(folder: str, named: set[str]) -> Iterator[str]:
    """The pages of a folder of docs/, the first that readers should meet first."""
    if folder == PROJECT:
        there = (page for name, page in PROJECT_PAGES.items() if (ROOT / name).is_file())
        yield from (page for page in there if page not in named)
        return
    files = sorted(
        (DOCS / folder).glob("*.md"), key=lambda path: (path.stem != "README", path.name)
    )
    for path in files:
        uri = path.relative_to(DOCS).as_posix()
        if uri not in named:
            yield uri
