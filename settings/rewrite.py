"""Change values in the text of a settings file; its comments and its form stay as they are."""

from __future__ import annotations

from typing import Any

import yaml

Path = tuple[str, ...]


def rewritten(text: str, changes: dict[Path, Any]) -> str:
    """The file with other values; everything else of it stays as it is.

    A key that the file leaves to its default is added as the last of its mapping.

    Raises:
        KeyError: the file has no mapping at a place.
    """
    for path, value in changes.items():
        text = _with_value(text, path, value)
    return text


def with_item(text: str, path: Path, value: str, comment: str = "") -> str:
    """The file with one more item at the end of a list, which is added where the file has none.

    Args:
        text: the file.
        path: the list.
        value: the item.
        comment: written behind the item, where it has a line of its own.

    Raises:
        KeyError: the file has no mapping to add the list to.
    """
    node = _node_at(text, path)
    if not isinstance(node, yaml.SequenceNode):
        return _with_value(text, path, [value])
    item = _written(value)
    if node.flow_style:
        # Behind the last item, or behind the bracket of an empty list.
        at = node.value[-1].end_mark.index if node.value else node.start_mark.index + 1
        return f"{text[:at]}{', ' if node.value else ''}{item}{text[at:]}"
    end = _end_of_line(text, _end(node.value[-1]))
    indent = " " * node.start_mark.column
    return f"{text[:end]}\n{indent}- {item}{f' # {comment}' if comment else ''}{text[end:]}"


def line_of(text: str, path: Path) -> int | None:
    """Number of the line, from 1, of a key; None where the file does not have it."""
    above = _node_at(text, path[:-1])
    if not isinstance(above, yaml.MappingNode):
        return None
    lines = [key.start_mark.line + 1 for key, _ in above.value if key.value == path[-1]]
    return lines[0] if lines else None


def _node_at(text: str, path: Path) -> yaml.Node | None:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for part in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == part), None)
    return node


def _with_value(text: str, path: Path, value: Any) -> str:
    node = _node_at(text, path)
    if node is not None:
        return text[: node.start_mark.index] + _written(value) + text[node.end_mark.index :]
    above = _node_at(text, path[:-1])
    if not isinstance(above, yaml.MappingNode):
        raise KeyError(".".join(path))
    return _with_key(text, above, path[-1], value)


def _with_key(text: str, node: yaml.MappingNode, key: str, value: Any) -> str:
    last_key, last = node.value[-1]
    at = _end(last)
    if node.flow_style:
        return f"{text[:at]}, {key}: {_written(value)}{text[at:]}"
    # Behind the whole last line, where a comment may stand.
    end = _end_of_line(text, at)
    indent = " " * last_key.start_mark.column
    return f"{text[:end]}\n{indent}{key}: {_written(value)}{text[end:]}"


def _end(node: yaml.Node) -> int:
    """Where a value ends. YAML ends a block only at what follows, behind comments."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, yaml.MappingNode) else last)
    return node.end_mark.index


def _end_of_line(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _written(value: Any) -> str:
    """A value as YAML in one line."""
    return str(yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip())
