"""`make docs`: writes the reference documentation from the code and the reviewed snapshots.

``python -m docgen.reference_docs`` writes it; with ``--check`` it only tells, by exit code 1,
which committed files are out of date. Facts about resources come from tests/snapshots, so that no
provider binding is loaded; a test keeps the snapshots equal to what is synthesized.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from docgen import code_blocks, cost_docs, load_docs
from docgen.architecture_page import ARCHITECTURE, architecture
from docgen.capacity_block import capacity_block
from docgen.context_page import context_page
from docgen.gateway_docs import gateway_page
from docgen.licences_page import licences_page
from docgen.markdown import between
from docgen.outputs_page import outputs_page
from docgen.releases_page import releases_page
from docgen.settings_page import settings_page
from docgen.signal_docs import alerts_page, dashboards_page, metrics_page
from docgen.traffic_page import traffic_page
from docgen.versions_page import versions_page
from settings.load import SettingsError
from synthesis.foundation import Foundation, all_settings
from tools.paths import ROOT

CAPACITY: Final = "docs/operations/capacity.md"
CAPACITY_BEGIN: Final = "<!-- sizes: written by `make docs` -->"
CAPACITY_END: Final = "<!-- end of sizes -->"


def render_all() -> dict[str, str]:
    """Text of every generated file by its path."""
    foundation, settings = Foundation.load(), all_settings()
    operations = {
        name: cost_docs.renewed(name, (ROOT / name).read_text(encoding="utf-8"), block)
        for name, block in cost_docs.blocks().items()
    }
    return {
        **operations,
        ARCHITECTURE: architecture(
            foundation, settings, (ROOT / ARCHITECTURE).read_text(encoding="utf-8")
        ),
        "docs/context/context-generator.md": context_page(foundation, settings),
        CAPACITY: between(
            (ROOT / CAPACITY).read_text(encoding="utf-8"),
            CAPACITY,
            CAPACITY_BEGIN,
            CAPACITY_END,
            capacity_block(),
        ),
        "docs/reference/licences.md": licences_page(),
        "docs/reference/alerts.md": alerts_page(settings),
        "docs/reference/dashboards.md": dashboards_page(settings),
        "docs/reference/metrics.md": metrics_page(),
        load_docs.PAGE: between(
            (ROOT / load_docs.PAGE).read_text(encoding="utf-8"),
            load_docs.PAGE,
            load_docs.BEGIN,
            load_docs.END,
            load_docs.load_block(),
        ),
        "docs/reference/gateway.md": gateway_page(),
        "docs/reference/outputs.md": outputs_page(foundation),
        "docs/reference/releases.md": releases_page(settings),
        "docs/reference/settings.md": settings_page(),
        "docs/reference/traffic.md": traffic_page(settings),
        "docs/reference/versions.md": versions_page(settings),
        **quoting_documents(),
    }


def quoting_documents() -> dict[str, str]:
    """Text of every document that quotes source code, by its path."""
    documents = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "docs").rglob("*.md"))
    }
    return {
        name: code_blocks.rewrite(text, name, ROOT)
        for name, text in documents.items()
        if code_blocks.MARKER in text
    }


def stale(files: dict[str, str]) -> list[str]:
    """Paths of the files that are missing or say something else."""
    return [
        name
        for name, text in files.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the files; exit code 1 where the check fails, 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="python -m docgen.reference_docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is stale")
    try:
        files = render_all()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    parser.add_argument("--only", choices=sorted(files), metavar="FILE", help="only this file")
    options = parser.parse_args(arguments)
    if options.only:
        files = {options.only: files[options.only]}
    changed = stale(files)
    if options.check:
        if changed:
            print(f"out of date, run `make docs`: {', '.join(changed)}", file=sys.stderr)
        return 1 if changed else 0
    for name in changed:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(files[name], encoding="utf-8")
    print("\n".join(changed) or "the reference documentation is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
