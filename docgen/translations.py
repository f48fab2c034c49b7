"""Finds Portuguese pages that are missing or outdated.

``python -m docgen.translations`` lists them, exit code 1 if there are any. A translation names in
its first line the page that it is of and the hash of what was translated, so a changed page makes
it outdated until a translator has looked: ``--accept docs/pt-BR/runbooks/destroy.md``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from tools.paths import ROOT

PORTUGUESE: Final = "pt-BR"
TRANSLATED: Final = ("index.md", "onboarding", "runbooks")
"""What of docs/ has a translation; of a folder, everything in it."""
DIGITS: Final = 12

_FIRST_LINE: Final = re.compile(rf"<!-- translation of: (\S+) sha256: ([0-9a-f]{{{DIGITS}}}) -->\n")
_INLINE: Final = re.compile(r"`([^`]+)`")
_FENCED: Final = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A page of docs/ whose translation is not as it should be."""

    page: str
    what: str

    def __str__(self) -> str:
        """One line for people."""
        return f"docs/{PORTUGUESE}/{self.page}: {self.what}"


def pages(docs: Path) -> list[str]:
    """The pages that must have a translation, relative to docs/."""
    files = (
        path
        for name in TRANSLATED
        for path in ([docs / name] if name.endswith(".md") else (docs / name).rglob("*.md"))
    )
    return sorted(path.relative_to(docs).as_posix() for path in files)


def digest(page: Path) -> str:
    """What a translation notes of the page that it is of."""
    return sha256(page.read_bytes()).hexdigest()[:DIGITS]


def code_blocks(text: str) -> list[tuple[str, str]]:
    """Language and text of the fenced blocks, without their indentation."""
    return [
        (language, "\n".join(line.removeprefix(indent) for line in body.splitlines()))
        for indent, language, body in _FENCED.findall(text)
    ]


def problems(docs: Path) -> Iterator[Problem]:
    """Pages without a translation, outdated ones, and translations of nothing."""
    expected = pages(docs)
    for name in expected:
        translation = docs / PORTUGUESE / name
        if not translation.is_file():
            yield Problem(page=name, what=f"not translated: write it from docs/{name}")
            continue
        text = translation.read_text(encoding="utf-8")
        match = _FIRST_LINE.match(text)
        if match is None or match[1] != name:
            yield Problem(page=name, what=f"the first line is not {first_line(docs, name)!r}")
        elif match[2] != digest(docs / name):
            yield Problem(page=name, what=f"outdated: docs/{name} has changed")
        if difference := _other_code(docs, name):
            yield Problem(page=name, what=difference)
    there = (docs / PORTUGUESE).rglob("*.md")
    for name in sorted(path.relative_to(docs / PORTUGUESE).as_posix() for path in there):
        if name not in expected:
            yield Problem(page=name, what=f"a translation of docs/{name}, which is not there")


def first_line(docs: Path, name: str) -> str:
    """The first line of a translation that is up to date."""
    return f"<!-- translation of: {name} sha256: {digest(docs / name)} -->"


def names_in_text(text: str) -> set[str]:
    """What stands as code in running text: commands, settings, files, messages."""
    return {" ".join(name.split()) for name in _INLINE.findall(_FENCED.sub("", text))}


def _other_code(docs: Path, name: str) -> str | None:
    """What of the code differs first: commands, queries and names are not translated."""
    here_is = (docs / name).read_text(encoding="utf-8")
    there_is = (docs / PORTUGUESE / name).read_text(encoding="utf-8")
    if different := names_in_text(here_is) ^ names_in_text(there_is):
        return f"in only one of the two languages: {', '.join(sorted(different))}"
    english, translated = code_blocks(here_is), code_blocks(there_is)
    if len(english) != len(translated):
        return f"{len(translated)} code blocks, docs/{name} has {len(english)}"
    for number, (there, here) in enumerate(zip(english, translated, strict=True), start=1):
        if there != here:
            return f"code block {number} is not that of docs/{name}: {here[1].splitlines()[:1]}"
    return None


def accept(docs: Path, name: str) -> None:
    """Note in a translation that it is of the page as it is now.

    Raises:
        ValueError: there is no such page or translation, or its code differs.
    """
    translation = docs / PORTUGUESE / name
    if name not in pages(docs) or not translation.is_file():
        raise ValueError(f"docs/{PORTUGUESE}/{name}: allowed is the translation of a page that is")
    if difference := _other_code(docs, name):
        raise ValueError(f"docs/{PORTUGUESE}/{name}: {difference}")
    text = translation.read_text(encoding="utf-8")
    body = _FIRST_LINE.sub("", text, count=1) if _FIRST_LINE.match(text) else text
    translation.write_text(f"{first_line(docs, name)}\n{body}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None, docs: Path = ROOT / "docs") -> int:
    """List what is to be translated, or accept translations; the result is the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m docgen.translations",
        description="List Portuguese pages that are missing or outdated (exit code 1).",
    )
    parser.add_argument(
        "--accept", nargs="+", metavar="PAGE", default=[],
        help="note that these translations are of their pages as they are now",
    )  # fmt: skip
    chosen = parser.parse_args(arguments).accept
    try:
        for page in chosen:
            accept(docs, page.partition(f"{PORTUGUESE}/")[2] or page)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if chosen:
        return 0
    remaining = list(problems(docs))
    print("\n".join(map(str, remaining)) or f"{len(pages(docs))} pages are translated")
    return 1 if remaining else 0


if __name__ == "__main__":
    sys.exit(main())
