"""Parses PromQL, LogQL and TraceQL with the grammars of Prometheus and Grafana.

The grammars are the npm packages that the editors of Prometheus and Grafana use, pinned in
package.json; the pinned Node.js runs them.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.jsii_runtime import node_program
from grafana.targets import Language
from tools.paths import ROOT

_SCRIPT = Path(__file__).with_name("query_grammars.mjs")
_GRAMMARS = ROOT / "node_modules" / "@prometheus-io" / "lezer-promql"
_SECONDS = 600
_BLOCK = re.compile(r"^ *```(promql|logql|traceql)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


class GrammarsUnavailableError(RuntimeError):
    """The grammars are not installed; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """What a grammar says of a query.

    `mistake` quotes where the first one is, or is None. `selectors` are those of series (PromQL)
    or log streams (LogQL), as they are written; `matched` the labels in them; `grouped` the labels
    of `by`, `on`, `ignoring` and the like; `divisors` what stands right of each `/` (PromQL).
    """

    mistake: str | None
    selectors: tuple[str, ...]
    matched: tuple[str, ...]
    grouped: tuple[str, ...]
    divisors: tuple[str, ...]


def parsed(queries: Sequence[tuple[Language, str]]) -> list[Parsed]:
    """Parse each pair of language and text; variables and macros must have been put in.

    Raises:
        GrammarsUnavailableError: node_modules lacks the grammars.
        RuntimeError: the parser itself failed.
    """
    if not _GRAMMARS.is_dir():
        raise GrammarsUnavailableError("The grammars are not installed: run `make node_modules`.")
    done = subprocess.run(
        [str(node_program()), str(_SCRIPT)],
        input=json.dumps([{"language": language, "text": text} for language, text in queries]),
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{_SCRIPT.name} failed: {done.stderr.strip()}")
    return [
        Parsed(
            mistake=_said(text, result["errors"][0]["from"]) if result["errors"] else None,
            selectors=tuple(result["selectors"]),
            matched=tuple(result["matched"]),
            grouped=tuple(result["grouped"]),
            divisors=tuple(result["divisors"]),
        )
        for (_, text), result in zip(queries, json.loads(done.stdout), strict=True)
    ]


def queries_in(folder: Path) -> Iterator[tuple[str, Language, str]]:
    """The queries in fenced blocks of a folder's Markdown: where, in which language, and text."""
    for page in sorted(folder.rglob("*.md")):
        blocks = _BLOCK.findall(page.read_text(encoding="utf-8"))
        for number, (language, text) in enumerate(blocks, 1):
            yield f"{page.relative_to(ROOT)}, query {number}", language, text.strip()


def _said(text: str, position: int) -> str:
    # JavaScript counts UTF-16 units.
    before = text.encode("utf-16-le")[: 2 * position].decode("utf-16-le", "replace")
    return f"not accepted from {text[len(before) :][:30]!r} on, after {before[-30:]!r}"
