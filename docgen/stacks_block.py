"""The picture and the table of the stacks in docs/architecture.md."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from docgen.markdown import code, codes, table
from synthesis.foundation import Foundation, Output

END: Final = "<!-- end of stacks -->"

BEGIN: Final = "<!-- stacks: written by `make docs` -->"


def stacks_block(foundation: Foundation) -> str:
    """The stacks in order of deployment: a picture, and the table that it abbreviates."""
    environments = list(foundation.configs)
    lines = ["```mermaid", "flowchart TB"]
    for number, stack in enumerate(foundation.stacks, start=1):
        counts = ", ".join(
            f"{environment} {foundation.resources(environment, stack).total()}"
            for environment in environments
        )
        published = len(foundation.outputs[stack])
        label = f"<b>{number} {stack}</b><br/>resources: {counts}<br/>outputs: {published}"
        lines.append(f'  {stack}["{label}"]')
    for below, above in itertools.pairwise(foundation.stacks):
        if below not in foundation.read_by(above):
            label = "keeps its state" if below == "state" else "before"
            lines.append(f'  {below} -. "{label}" .-> {above}')
    for consumer in foundation.stacks:
        for producer, names in foundation.read_by(consumer).items():
            lines.append(f'  {producer} -- "{"<br/>".join(names)}" --> {consumer}')
    rows = [
        (number, code(stack), readers, codes(names))
        for number, stack in enumerate(foundation.stacks, start=1)
        for readers, names in _names_by_readers(foundation.outputs[stack])
    ]
    return "\n".join([*lines, "```", "", table(("", "Stack", "Read by", "Outputs"), rows)])


def _names_by_readers(outputs: Sequence[Output]) -> Iterator[tuple[str, list[str]]]:
    """Outputs that the same stacks read, those for people last."""
    names: dict[str, list[str]] = {}
    for output in sorted(outputs, key=lambda output: not output.readers):
        names.setdefault(", ".join(output.readers) or "people", []).append(output.name)
    yield from names.items()
    if not names:
        yield "-", []
