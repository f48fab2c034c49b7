"""Markdown of generated pages: tables, code, the notice, and blocks between two lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

NOTICE: Final = (
    "<!-- Written by `make docs` (docgen/reference_docs.py): change its sources instead. -->"
)

Row = Sequence[object]


def table(header: Row, rows: Iterable[Row]) -> str:
    """A Markdown table; a vertical bar in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def page(title: str, *parts: str) -> str:
    """A generated page."""
    return "\n\n".join([f"# {title}", NOTICE, *parts]) + "\n"


def code(text: object) -> str:
    """Text as code."""
    return f"`{text}`"


def codes(items: Iterable[object]) -> str:
    """A list of code, or a dash for none."""
    return ", ".join(map(code, items)) or "-"


def between(text: str, name: str, begin: str, end: str, block: str) -> str:
    """A document with what is between two lines renewed.

    Raises:
        ValueError: the document has no such lines.
    """
    before, marker, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not marker or not closed:
        raise ValueError(f"{name} has no lines {begin!r} and {end!r}")
    return f"{before}{begin}\n{block}\n{end}{after}"
