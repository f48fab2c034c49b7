"""Write changed settings into the text of an environment file, with its comments and its form."""

from __future__ import annotations

import difflib
from typing import Any

import yaml

from settings.model import Settings

Path = tuple[str, ...]


def changed_paths(before: Settings, after: Settings) -> dict[Path, Any]:
    """The settings that differ: new values by their place in the file."""
    return _differences(before.model_dump(mode="json"), after.model_dump(mode="json"), ())


def _differences(before: Any, after: Any, path: Path) -> dict[Path, Any]:
    if isinstance(before, dict) and isinstance(after, dict):
        found: dict[Path, Any] = {}
        for key, value in after.items():
            found |= _differences(before.get(key), value, (*path, key))
        return found
    return {} if before == after else {path: after}


def rewritten(text: str, changes: dict[Path, Any]) -> str:
    """The file with other values; everything else of it stays as it is.

    A key that the file leaves to its default is added as the last of its mapping.

    Raises:
        KeyError: the file has no mapping at a place.
    """
    for path, value in changes.items():
        text = _with_value(text, path, value)
    return text


def unified_diff(before: str, after: str, name: str) -> str:
    """The difference as `diff -u` and `git apply` know it; empty for none."""
    return "".join(
        difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            fromfile=f"a/{name}",
            tofile=f"b/{name}",
        )
    )


def _with_value(text: str, path: Path, value: Any) -> str:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for index, part in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            raise KeyError(".".join(path[: index + 1]))
        child = next((v for k, v in node.value if k.value == part), None)
        if child is None:
            if index < len(path) - 1:
                raise KeyError(".".join(path[: index + 1]))
            return _with_key(text, node, part, value)
        node = child
    if node is None:
        raise KeyError(".".join(path))
    return text[: node.start_mark.index] + _scalar(value) + text[node.end_mark.index :]


def _with_key(text: str, node: yaml.MappingNode, key: str, value: Any) -> str:
    last_key, last = node.value[-1]
    at = last.end_mark.index
    if node.flow_style:
        return f"{text[:at]}, {key}: {_scalar(value)}{text[at:]}"
    # Behind the whole last line, where a comment may stand.
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    indent = " " * last_key.start_mark.column
    return f"{text[:end]}\n{indent}{key}: {_scalar(value)}{text[end:]}"


def _scalar(value: Any) -> str:
    return str(yaml.safe_dump(value).removesuffix("...\n").strip())
