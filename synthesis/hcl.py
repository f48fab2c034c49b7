"""Renders a synthesized stack as HCL for reviewers.

The input is the very JSON that Terraform runs, so the two cannot differ; tests run
`terraform validate` on both. cdktf can write HCL itself, but its output has policies as one broken
line and does not parse (docs/adr/0003-readable-hcl.md).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

INDENT = "  "

MAP_ATTRIBUTES = frozenset(
    {
        "annotations",
        "config",
        "data",
        "default",
        "default_request",
        "hard",
        "kubernetes",
        "labels",
        "limits",
        "match_labels",
        "parameters",
        "requests",
        "required_providers",
        "tags",
        "value",
    }
)
"""Arguments whose value is a map. Every other object is a nested block, as Terraform's JSON syntax
cannot tell the two apart; `terraform validate` of the HCL fails where this is wrong."""

REFERENCE_ARGUMENTS = frozenset({"depends_on", "ignore_changes", "replace_triggered_by"})
"""Arguments whose strings are references, not text."""

HEREDOC_END = "EOT"

TOP_LEVEL = frozenset({"//", "terraform", "provider", "locals", "data", "resource", "output"})

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def render(stack: Mapping[str, Any]) -> str:
    """Render a stack's `cdk.tf.json` as formatted HCL.

    Args:
        stack: the parsed file.

    Returns:
        HCL as `terraform fmt` would leave it, blocks sorted by kind, type and name.

    Raises:
        ValueError: the stack has a kind of block that would be missing in the HCL.
    """
    unknown = sorted(set(stack) - TOP_LEVEL)
    if unknown:
        raise ValueError(f"no HCL for {', '.join(unknown)}; known: {', '.join(sorted(TOP_LEVEL))}")
    blocks = [_block("terraform", stack["terraform"], 0)]
    for name, configurations in sorted(stack.get("provider", {}).items()):
        blocks += [_block(f'provider "{name}"', body, 0) for body in configurations]
    if "locals" in stack:
        blocks.append(_block("locals", stack["locals"], 0))
    for kind in ("data", "resource"):
        for type_, instances in sorted(stack.get(kind, {}).items()):
            blocks += [
                _block(f'{kind} "{type_}" "{name}"', body, 0)
                for name, body in sorted(instances.items())
            ]
    for name, body in sorted(stack.get("output", {}).items()):
        blocks.append(_block(f'output "{name}"', body, 0))
    return "\n\n".join(blocks) + "\n"


def _block(header: str, body: Mapping[str, Any], depth: int) -> str:
    attributes: list[tuple[str, str]] = []
    nested: list[str] = []
    for key, value in body.items():
        if key == "//":
            continue
        if key == "backend" and isinstance(value, dict):
            nested += [
                _block(f'backend "{kind}"', inner, depth + 1) for kind, inner in value.items()
            ]
        elif key == "required_providers":
            nested.append(_required_providers(value, depth + 1))
        elif _is_block(key, value):
            for item in value if isinstance(value, list) else [value]:
                nested.append(_block(key, item, depth + 1))
        else:
            attributes.append(
                (key, _value(value, depth + 1, references=key in REFERENCE_ARGUMENTS))
            )
    pad = INDENT * depth
    parts = list(_aligned(attributes, depth + 1))
    if nested:
        if parts:
            parts.append("")
        parts.append("\n\n".join(nested) if depth == 0 else "\n".join(nested))
    if not parts:
        return f"{pad}{header} {{\n{pad}}}"
    return "\n".join([f"{pad}{header} {{", *parts, f"{pad}}}"])


def _required_providers(providers: Mapping[str, Any], depth: int) -> str:
    entries = [(name, _value(spec, depth + 1)) for name, spec in sorted(providers.items())]
    pad = INDENT * depth
    return "\n".join([f"{pad}required_providers {{", *_aligned(entries, depth + 1), f"{pad}}}"])


def _is_block(key: str, value: Any) -> bool:
    if key in MAP_ATTRIBUTES or (key == "selector" and not _selects_by_expression(value)):
        return False
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _selects_by_expression(value: Any) -> bool:
    # A Service selects by a map of labels, everything else in Kubernetes by a block.
    selectors = value if isinstance(value, list) else [value]
    return any({"match_labels", "match_expressions"} & set(selector) for selector in selectors)


def _aligned(entries: list[tuple[str, str]], depth: int) -> Iterator[str]:
    """Lines of `key = value`, the equals signs of neighbouring one-line entries in a column."""
    pad = INDENT * depth
    run: list[tuple[str, str]] = []

    def flush() -> Iterator[str]:
        width = max((len(key) for key, _ in run), default=0)
        yield from (f"{pad}{key.ljust(width)} = {value}" for key, value in run)
        run.clear()

    for key, value in entries:
        if "\n" in value:
            yield from flush()
            yield f"{pad}{key} = {value}"
        else:
            run.append((key, value))
    yield from flush()


def _value(value: Any, depth: int, references: bool = False) -> str:
    """An expression whose first line stands at `depth`."""
    pad, inner = INDENT * depth, INDENT * (depth + 1)
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return json.dumps(value, allow_nan=False)
        case None:
            return "null"
        case str():
            document = _json_object(value)
            if document is not None:
                return f"jsonencode({_value(document, depth)})"
            if references:
                return value
            return _heredoc(value) if _reads_better_in_lines(value) else _string(value)
        case list():
            items = [_value(item, depth + 1, references) for item in value]
            line = f"[{', '.join(items)}]"
            if len(line) <= 80 and "\n" not in line:
                return line
            # The marker that ends a heredoc stands alone on its line.
            ended = (
                f"{item}\n{inner}," if item.endswith(f"\n{HEREDOC_END}") else f"{item},"
                for item in items
            )
            return "\n".join(["[", *(f"{inner}{item}" for item in ended), f"{pad}]"])
        case dict():
            if not value:
                return "{}"
            entries = [(_key(key), _value(item, depth + 1)) for key, item in value.items()]
            return "\n".join(["{", *_aligned(entries, depth + 1), f"{pad}}}"])
        case _:
            raise TypeError(f"{value!r} cannot stand in Terraform JSON")


def _reads_better_in_lines(text: str) -> bool:
    # A heredoc always ends with a line break, cannot hold every character, and ends at its marker.
    lines = text.split("\n")
    return (
        len(lines) > 2
        and lines[-1] == ""
        and HEREDOC_END not in (line.strip() for line in lines)
        and all(character.isprintable() for line in lines for character in line)
    )


def _heredoc(text: str) -> str:
    """Text of several lines as it is: in a heredoc no character escapes another."""
    list(_template(text))  # refuses an expression without an end
    return f"<<{HEREDOC_END}\n{text}{HEREDOC_END}"


def _key(key: str) -> str:
    return key if _IDENTIFIER.fullmatch(key) else _string(key, bare=False)


def _string(text: str, bare: bool = True) -> str:
    """Quote text, leaving its `${...}` and `%{...}` sequences as they are.

    In Terraform's JSON a backslash is an ordinary character, in quoted HCL it escapes.
    """
    parts = list(_template(text))
    if bare and len(parts) == 1:
        is_sequence, part = parts[0]
        expression = part[2:-1]
        # "${~ x ~}" strips white space around it, which only a template can.
        if is_sequence and part[0] == "$" and "~" not in (expression[:1], expression[-1:]):
            return expression.strip()
    quoted = (part if is_sequence else _escape(part) for is_sequence, part in parts)
    return f'"{"".join(quoted)}"'


def _template(text: str) -> Iterator[tuple[bool, str]]:
    """Split a template into literal text (False) and `${...}` or `%{...}` sequences (True)."""
    literal = position = 0
    while position < len(text):
        if text.startswith(("$${", "%%{"), position):
            position += 3
        elif text.startswith(("${", "%{"), position):
            end = _sequence_end(text, position)
            if literal < position:
                yield False, text[literal:position]
            yield True, text[position:end]
            literal = position = end
        else:
            position += 1
    if literal < len(text):
        yield False, text[literal:]


def _sequence_end(text: str, start: int) -> int:
    """Position after the `}` that ends the sequence at `start`; braces and quotes may nest."""
    depth, position = 1, start + 2
    while position < len(text):
        character = text[position]
        if character == '"':
            position = _quoted_end(text, position)
            continue
        position += 1
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return position
    raise ValueError(f"{text!r}: the sequence at {start} has no end")


def _quoted_end(text: str, start: int) -> int:
    """Position after the quote that ends the quoted template at `start`."""
    position = start + 1
    while position < len(text):
        if text[position] == "\\":
            position += 2
        elif text.startswith(("$${", "%%{"), position):
            position += 3
        elif text.startswith(("${", "%{"), position):
            position = _sequence_end(text, position)
        elif text[position] == '"':
            return position + 1
        else:
            position += 1
    raise ValueError(f"{text!r}: the quote at {start} has no end")


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(text: str) -> str:
    # HCL has no other escapes by letter (JSON's \b and \f are errors in it).
    return "".join(
        _ESCAPES.get(character)
        or (character if character.isprintable() else _escape_by_number(character))
        for character in text
    )


def _escape_by_number(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
