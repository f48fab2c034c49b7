"""Read `environments/<name>.yaml` into `Settings`, or report each problem in one line."""

import difflib
import functools
import os
import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.checks import Location, Problem, check
from settings.model import Settings
from tools.paths import ROOT

DIRECTORY = ROOT / "environments"
"""The users' settings."""
FOLDER_VARIABLE = "ENVIRONMENTS_FOLDER"
"""Environment variable that names another folder of settings: the tests have one of their own."""
M = TypeVar("M", bound=BaseModel)

MAX_NESTING = 20
MAX_SHOWN_LENGTH = 80


class SettingsError(Exception):
    """The settings are wrong; `str()` gives one line per problem."""


class _Loader(yaml.SafeLoader):
    """The subset of YAML in which every value is written once, in one place.

    Refuses a repeated key, of which YAML readers silently take the last, and anchors, aliases,
    merge keys and tags: with them a line of the file could set several settings.
    """

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor or event.tag:
            raise yaml.composer.ComposerError(
                None,
                None,
                "an anchor (&), alias (*) or tag (!); allowed: values written out, text that "
                "starts with one of these characters in quotes",
                event.start_mark,
            )
        if self._depth == MAX_NESTING:
            raise yaml.composer.ComposerError(
                None, None, f"allowed: nesting at most {MAX_NESTING} deep", event.start_mark
            )
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(node, yaml.ScalarNode) and re.search("[\ud800-\udfff]", node.value):
            raise yaml.composer.ComposerError(
                None,
                None,
                "half of a surrogate pair; allowed: Unicode characters",
                node.start_mark,
            )
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, ArithmeticError) as error:  # such as the date 2026-02-30
            raise yaml.constructor.ConstructorError(
                None, None, f"{error}; allowed: text, in quotes", node.start_mark
            ) from None


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key_node, _ in node.value:
        problem = ""
        if key_node.tag == "tag:yaml.org,2002:merge":
            problem = "merge key <<; allowed: values written out"
        elif key_node.tag != yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG:
            shown = key_node.value if isinstance(key_node, yaml.ScalarNode) else key_node.id
            problem = f"key {_shown(shown)} is not text; allowed: text, in quotes if need be"
        elif key_node.value in seen:
            problem = f"key {_shown(key_node.value)} is given twice; allowed: each key once"
        if problem:
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        seen.add(key_node.value)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)


def settings_folder() -> Path:
    """The folder of the settings files: `environments/`, or the one that FOLDER_VARIABLE names."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DIRECTORY)


def environment_names(directory: Path | None = None) -> tuple[str, ...]:
    """Names of the environments that have a file in a folder, by default `settings_folder()`."""
    return tuple(sorted(path.stem for path in (directory or settings_folder()).glob("*.yaml")))


def load_environment(name: str, today: date, directory: Path | None = None) -> Settings:
    """Load the settings of an environment by its name.

    Args:
        name: the environment.
        today: the day on which a Kubernetes version must still be supported.
        directory: folder of the settings files, by default `settings_folder()`.

    Raises:
        SettingsError: there is no such environment, or its file is wrong.
    """
    directory = directory or settings_folder()
    names = environment_names(directory)
    if name not in names:
        raise SettingsError(
            f"environment {name!r}: no such file in {directory.name}/; "
            f"allowed: {', '.join(names) or 'none, the folder has no *.yaml'}"
        )
    return _load(directory / f"{name}.yaml", today, name)


def load_settings(path: Path, today: date) -> Settings:
    """Load and check a settings file.

    Args:
        path: the YAML file.
        today: the day on which a Kubernetes version must still be supported.

    Raises:
        SettingsError: one line per problem: file and line, key, value, what is allowed.
    """
    return _load(path, today, None)


def _load(path: Path, today: date, name: str | None) -> Settings:
    def rules(settings: Settings) -> Iterable[Problem]:
        yield from check(settings, today)
        if name not in (None, settings.environment):
            yield Problem(
                ("environment",), settings.environment, f"allowed: {name}, the name of the file"
            )

    return load_model(path, Settings, rules)


def load_model(path: Path, model: type[M], rules: Callable[[M], Iterable[Problem]]) -> M:
    """Read a YAML file into a model, with the messages that settings have.

    Args:
        path: the YAML file.
        model: what the file must be.
        rules: yields what single values cannot say is wrong.

    Raises:
        SettingsError: one line per problem: file and line, key, value, what is allowed.
    """
    label = f"{path.absolute().parent.name}/{path.name}"
    root, data = _read(path, label)
    if not isinstance(data, dict):
        what = "is empty" if data is None else _shown(data)
        raise SettingsError(
            f"{label}:{root.start_mark.line + 1 if root else 1}: {what}; allowed: "
            + _allowed(_schema_at(model, ()))
        )
    try:
        loaded = model.model_validate(data)
    except ValidationError as error:
        problems = [_from_pydantic(model, details, root) for details in _causes(error.errors())]
    else:
        problems = list(rules(loaded))
        if not problems:
            return loaded
    lines = [(_find(root, problem.location)[0], problem) for problem in problems]
    lines.sort(key=lambda line: line[0])
    raise SettingsError("\n".join(_line(label, root, problem) for _, problem in lines))


def _read(path: Path, label: str) -> tuple[yaml.Node | None, object]:
    """The file as nodes, which know their lines, and as values."""
    try:
        content = path.read_bytes()
        text = content.decode()
    except OSError as error:
        raise SettingsError(
            f"{label}: cannot be read: {error.strerror}; allowed: a YAML file"
        ) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{label}:{line}: byte 0x{content[error.start]:02x}; allowed: UTF-8 text"
        ) from None
    loader = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return root, loader.construct_document(root) if root else None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SettingsError(
            f"{label}:{line}: character {chr(error.character)!r}; allowed: text without control "
            "characters"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = " ".join(f"{error.context or ''} {error.problem or ''}".split())
        if "allowed:" not in what:
            tab = "\\t" in what
            what = f"not YAML: {what}; allowed: " + (
                "spaces, no tabs" if tab else "YAML, text with special characters in quotes"
            )
        raise SettingsError(f"{label}:{line}: {what}") from None
    except (ValueError, ArithmeticError) as error:  # such as the escape \\UFFFFFFFF
        line = loader.get_mark().line + 1 if loader else 1
        raise SettingsError(
            f"{label}:{line}: not YAML: {error}; allowed: escapes of Unicode characters"
        ) from None


def _causes(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Drop errors that follow from others: a list with a wrong item also counts as too short."""
    return [
        error
        for error in errors
        if error["type"] != "too_short"
        or not any(
            other["loc"][: len(error["loc"])] == error["loc"] and other is not error
            for other in errors
        )
    ]


def _line(label: str, root: yaml.Node | None, problem: Problem) -> str:
    line, node = _find(root, problem.location)
    key = ".".join(map(_shown_key, problem.location))
    value = problem.value
    shown = "" if value is None else f" {_as_written(node) or _shown(value)}:"
    return f"{label}:{line}: {key}:{shown} {problem.message}"


def _find(node: yaml.Node | None, location: Location) -> tuple[int, yaml.Node | None]:
    """Line of the deepest part of a location that the file has, and the node if it has all."""
    line = node.start_mark.line + 1 if node else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            entry = next(((k, v) for k, v in node.value if k.value == part), None)
            if entry is None:
                return line, None
            line, node = entry[0].start_mark.line + 1, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line, None
    return line, node


def _as_written(node: yaml.Node | None) -> str | None:
    """What the file has for a number, date or truth value: YAML makes 1.3 of 1.30."""
    if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":str"):
        return None
    return _shorten(node.value)


def _shown(value: object) -> str:
    return _shorten(repr(value))


def _shown_key(part: str | int) -> str:
    text = str(part)
    return _shorten(text) if text.isprintable() and text else _shown(text)


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_LENGTH else text[: MAX_SHOWN_LENGTH - 3] + "..."


def _from_pydantic(
    model: type[BaseModel], details: ErrorDetails, root: yaml.Node | None
) -> Problem:
    location = details["loc"]
    if location and location[-1] == "[key]" and _find(root, location)[1] is None:
        # It is the key that is wrong, not the value of a key with this name.
        location = location[:-1]
        allowed = _allowed(_schema_at(model, location[:-1])["propertyNames"])
        return Problem(location, None, f"allowed: {allowed}")
    value: object = details["input"]
    schema = _schema_at(model, location)
    allowed = f"allowed: {_allowed(schema)}"
    match details["type"]:
        case "missing":
            what = " ".join(schema.get("description", "").split())
            return Problem(location, None, f"missing: {what}{' ' if what else ''}{allowed}")
        case "extra_forbidden":
            keys = _schema_at(model, location[:-1]).get("properties", {})
            near = difflib.get_close_matches(str(location[-1]), keys, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            return Problem(location, None, f"unknown key; {hint}allowed: {', '.join(keys)}")
        case "value_error":
            return Problem(location, value, str(details["ctx"]["error"]))
        case "too_short" | "too_long":
            return Problem(location, value, f"{len(details['input'])} given; {allowed}")
    if value is None:
        return Problem(location, None, f"is empty; {allowed}")
    written = _as_written(_find(root, location)[1])
    if details["type"] == "string_type" and written is not None:
        return Problem(location, value, f'not text; {allowed}, in quotes: "{written}"')
    return Problem(location, value, allowed)


@functools.cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _schema_at(model: type[BaseModel], location: Location) -> dict[str, Any]:
    """JSON Schema of a model at a location, empty where there can be none."""
    root = _schema(model)
    schema = root
    for part in location:
        keys = schema.get("properties", {})
        # The values of a dictionary stand under the pattern of its keys, where they have one.
        free = schema.get("additionalProperties")
        values = next(iter(schema.get("patternProperties", {}).values()), free or None)
        step = schema.get("items") if isinstance(part, int) else keys.get(part, values)
        if step is None:
            return {}
        # An optional model is a choice of the model and null.
        step = {**step, **next(iter(step.get("anyOf", ())), {})}
        definition = root["$defs"].get(step.get("$ref", "").split("/")[-1], {})
        schema = {**definition, **step}
    return schema


def _allowed(schema: dict[str, Any]) -> str:
    """What a value may be, in words."""
    if "patternErrorMessage" in schema:
        return str(schema["patternErrorMessage"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    match schema.get("type"):
        case "integer":
            return f"a whole number from {schema['minimum']} to {schema['maximum']}"
        case "number":
            return f"a number from {schema['minimum']:.10g} to {schema['maximum']:.10g}"
        case "boolean":
            return "true or false"
        case "array":
            return f"a list of {_count(schema)}, each {_allowed(schema['items'])}"
        case "object" if "properties" in schema:
            return "the keys " + ", ".join(schema["properties"])
        case "object":
            return f"{_count(schema)} keys, each {_allowed(schema['propertyNames'])}"
    return "text"


def _count(schema: dict[str, Any]) -> str:
    least = schema.get("minItems", 0)
    most = schema.get("maxItems", schema.get("maxProperties"))
    if most is None:
        return f"{least} or more"
    return str(least) if least == most else f"{least} to {most}"
