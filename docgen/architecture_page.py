"""Generated parts of docs/architecture.md."""

from __future__ import annotations

from typing import Final

from docgen.diagrams import data_path_diagrams, traffic_diagram
from docgen.markdown import between
from docgen.stacks_block import stacks_block
from settings.model import Settings
from synthesis.foundation import Foundation

ARCHITECTURE: Final = "docs/architecture.md"


def architecture(foundation: Foundation, settings: dict[str, Settings], text: str) -> str:
    """The page of architecture with its diagrams renewed."""
    first = next(iter(settings))
    blocks = {
        "stacks": stacks_block(foundation),
        "traffic": traffic_diagram(settings[first]),
        "data path": data_path_diagrams(foundation.configs[first]["observability"]),
    }
    for name, block in blocks.items():
        begin, end = f"<!-- {name}: written by `make docs` -->", f"<!-- end of {name} -->"
        text = between(text, ARCHITECTURE, begin, end, block)
    return text
