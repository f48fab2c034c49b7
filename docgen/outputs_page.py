"""docs/reference/outputs.md: what stacks publish, and who reads it."""

from __future__ import annotations

from docgen.markdown import code, codes, page, table
from synthesis.foundation import Foundation


def outputs_page(foundation: Foundation) -> str:
    """The contract of every stack."""
    sections = []
    for stack in foundation.stacks:
        outputs = foundation.outputs[stack]
        rows = [
            (code(o.name), o.kind, o.description, codes(o.readers) if o.readers else "people")
            for o in outputs
        ]
        text = table(("Output", "Type", "Meaning", "Read by"), rows) if rows else "None."
        sections.append(f"## {code(stack)}\n\nContract: `stacks/{stack}.py`.\n\n{text}")
    return page(
        "Outputs",
        "A stack knows of another only what that one publishes under these names. Both sides use "
        "the same class, a subclass of `Outputs` (`stacks/outputs.py`), so that an output cannot "
        "be read that is not published; `tests/stacks/test_contracts.py` holds both ends together. "
        '"people" means that no stack reads the output today.',
        *sections,
    )
