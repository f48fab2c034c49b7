"""Keeps quoted code blocks of documents equal to their source.

A line `<!-- code: sample_apps/python/app.py#metric -->` before a fenced block names a file and,
after `#`, a region of it; without `#` the whole file is meant. In the source a region begins with
a comment `region metric` and ends with one `endregion`, as editors fold them. `make docs` writes
what the region says into the block, and a test fails where a block says something else.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Final

MARKER: Final = "<!-- code: "
"""How the line before a quotation begins."""

_COMMENT: Final = r"^[ \t]*(?:#|//|<!--) *"
_BEGIN: Final = re.compile(_COMMENT + r"region (?P<name>[\w-]+)(?: *-->)?$")
_END: Final = re.compile(_COMMENT + r"endregion(?: *-->)?$")
_MARKED: Final = re.compile(
    r"^(?P<indent> *)<!-- code: (?P<source>[^\s#]+)(?:#(?P<region>[\w-]+))? -->\n"
    r"(?P<blank>\n?)(?P<open>(?P=indent)```[^\n]*\n)(?P<block>.*?)^(?P<close>(?P=indent)```)$",
    re.MULTILINE | re.DOTALL,
)


def sources(text: str) -> list[tuple[str, str | None]]:
    """File and region of every quotation in a document."""
    return [(match["source"], match["region"]) for match in _MARKED.finditer(text)]


def rewrite(text: str, name: str, root: Path) -> str:
    """A document with its quotations as the source has them now.

    Args:
        text: the document.
        name: what failures call it.
        root: the folder that the files' names begin at.

    Raises:
        ValueError: a file or a region does not exist, or a marker has no block after it.
    """
    blocks = len(list(_MARKED.finditer(text)))
    if blocks != text.count(MARKER):
        raise ValueError(
            f"{name}: {text.count(MARKER) - blocks} of the lines `{MARKER}... -->` are not "
            "followed by a fenced block of the same indentation"
        )

    def current(match: re.Match[str]) -> str:
        quoted = quotation(root / match["source"], match["region"], f"{name}: {match['source']}")
        block = textwrap.indent(quoted, match["indent"])
        region = f"#{match['region']}" if match["region"] else ""
        marker = f"{match['indent']}{MARKER}{match['source']}{region} -->\n"
        return f"{marker}{match['blank']}{match['open']}{block}{match['close']}"

    return _MARKED.sub(current, text)


def quotation(path: Path, region: str | None, name: str) -> str:
    """A region of a file, or all of it, not indented and without the lines that mark regions.

    Raises:
        ValueError: the file or the region does not exist; begins with `name`.
    """
    if not path.is_file():
        raise ValueError(f"{name}: no such file")
    lines = path.read_text(encoding="utf-8").splitlines()
    if region is not None:
        lines = _within(lines, region, name)
    kept = [line for line in lines if not _BEGIN.match(line) and not _END.match(line)]
    return textwrap.dedent("\n".join(kept)).strip("\n") + "\n"


def _within(lines: list[str], region: str, name: str) -> list[str]:
    names = [match["name"] for line in lines if (match := _BEGIN.match(line))]
    if names.count(region) != 1:
        raise ValueError(
            f"{name}: {names.count(region)} regions {region!r}, expected one; there are: "
            f"{', '.join(sorted(names)) or 'none'}"
        )
    begin = next(
        at for at, line in enumerate(lines) if (m := _BEGIN.match(line)) and m["name"] == region
    )
    depth = 0
    for at, line in enumerate(lines[begin:], begin):
        depth += bool(_BEGIN.match(line)) - bool(_END.match(line))
        if depth == 0:
            return lines[begin + 1 : at]
    raise ValueError(f"{name}: region {region!r} does not end")
