"""docs/reference/settings.md: every setting, from the models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from docgen.markdown import Row, code, codes, page, table
from settings.model import Settings


def settings_page() -> str:
    """Every setting, from the models' JSON Schema."""
    schema = Settings.model_json_schema()
    return page(
        "Settings",
        "Every key of `environments/<environment>.yaml`. The models are in `settings/model.py`, "
        "the rules between settings in `settings/checks.py`. `<namespace>` stands for the name "
        "of a namespace, `<key>` for the name of a tag. A wrong setting stops `make synth` with "
        "one line per mistake: file, line, key, value and allowed values.",
        *_setting_sections(schema, schema["$defs"], ""),
    )


def _setting_sections(
    node: dict[str, Any], definitions: dict[str, Any], prefix: str
) -> Iterator[str]:
    """A section for this group of settings, then one for each group in it."""
    required = node.get("required", [])
    rows: list[Row] = []
    groups: list[tuple[str, dict[str, Any]]] = []
    for name, value in node["properties"].items():
        child, path = _resolve(value, definitions), f"{prefix}{name}"
        description = " ".join(child["description"].split())
        if "patternProperties" in child:
            (item,) = child["patternProperties"].values()
            key = "<namespace>" if "$ref" in item else "<key>"
            child, path = {**child, **_resolve(item, definitions)}, f"{path}.{key}"
        if "properties" in child:
            optional = "" if name in required else " Optional as a whole."
            groups.append((path, {**child, "description": description + optional}))
        else:
            default = "required" if name in required else code(json.dumps(value["default"]))
            rows.append((code(path), _plain(_type(child)), default, _plain(description)))
    heading = prefix.rstrip(".")
    parts = [f"## {code(heading)}" if heading else "## Top level"]
    parts += [node["description"]] if heading else []
    parts += [table(("Key", "Type", "Default", "Description"), rows)] if rows else []
    yield "\n\n".join(parts)
    for path, group in groups:
        yield from _setting_sections(group, definitions, f"{path}.")


def _plain(text: str) -> str:
    """Text in which "<name>" outside code is not taken for HTML."""
    return "".join(
        part if index % 2 else part.replace("<", "&lt;")
        for index, part in enumerate(re.split(r"(`[^`]*`)", text))
    )


def _resolve(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to; of an optional model, the model."""
    schema = {**schema, **next(iter(schema.get("anyOf", ())), {})}
    reference = schema.get("$ref", "").rpartition("/")[2]
    return {**definitions.get(reference, {}), **schema}


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {codes(schema['enum'])}"
    if "patternErrorMessage" in schema:
        return str(schema["patternErrorMessage"])
    match schema["type"]:
        case "integer":
            return f"whole number, {schema['minimum']} to {schema['maximum']}"
        case "boolean":
            return "`true` or `false`"
        case "array":
            return f"list{_bounds(schema)}, each {_type(schema['items'])}"
    return "text"


def _bounds(schema: dict[str, Any]) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if least == most:
        return f" of {least}"
    return f" of {least} to {most}" if most else f" of {least} or more"
