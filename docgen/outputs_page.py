"""docs/reference/outputs.md: outputs of the stacks, and their readers."""

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
        "A stack reads only these outputs of another stack. Both sides use the same class, a "
        "subclass of `Outputs` (`stacks/outputs.py`), so that a stack can read only published "
        "outputs; `tests/stacks/test_contracts.py` checks both sides. "
        '"people" means that no stack reads the output today.',
        *sections,
    )
