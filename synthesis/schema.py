"""Writes the JSON Schema with which editors complete and check ``environments/*.yaml``.

``python -m synthesis.schema`` writes it; with ``--check`` it only tells, by exit code 1,
whether the committed file differs from what the models say.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, Final

from settings.model import Settings
from tools.paths import ROOT

SCHEMA_FILE: Final = ROOT / "environments" / "settings.schema.json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def render() -> str:
    """Text of the schema file, the same for the same models."""
    schema = {"$schema": DIALECT, **_for_editors(Settings.model_json_schema())}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _for_editors(node: Any) -> Any:
    """Drop pydantic's made-up titles, unwrap descriptions, and refuse keys of a wrong form."""
    if isinstance(node, list):
        return [_for_editors(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {
        key: _for_editors(value)
        for key, value in node.items()
        # A property may be called "title", but then its value is a schema and no text.
        if key != "title" or not isinstance(value, str)
    }
    if isinstance(schema.get("description"), str):
        schema["description"] = " ".join(schema["description"].split())
    if "patternProperties" in schema:
        schema["additionalProperties"] = False
    return schema


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the file; exit code 1 where the check fails."""
    parser = argparse.ArgumentParser(prog="python -m synthesis.schema", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, report if outdated")
    options = parser.parse_args(arguments)
    name = SCHEMA_FILE.relative_to(ROOT)
    if not options.check:
        SCHEMA_FILE.write_text(render(), encoding="utf-8")
        return 0
    if not SCHEMA_FILE.is_file() or SCHEMA_FILE.read_text(encoding="utf-8") != render():
        print(f"{name} is not what settings/model.py says: run `make schema`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
