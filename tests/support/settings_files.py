"""The environments of the tests, and variations of their dev.yaml of which every line is known.

Tests see tests/environments (`pytest_sessionstart`). What must hold for the users' environments as
well, which may be any, is tested with REAL_ENVIRONMENTS and `real_settings`.
"""

from __future__ import annotations

import copy
import enum
import json
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from settings.load import (
    DIRECTORY,
    SettingsError,
    environment_names,
    load_environment,
    load_settings,
    settings_folder,
)
from settings.model import Settings

TODAY: Final = date(2026, 11, 24)

REAL_ENVIRONMENTS: Final = environment_names(DIRECTORY)
"""Names of the users' environments."""


def real_settings(name: str) -> Settings:
    """Settings of one of REAL_ENVIRONMENTS."""
    return load_environment(name, TODAY, DIRECTORY)


class Change(enum.Enum):
    """What `vary` does that no value can say."""

    DELETE = enum.auto()


DELETE: Final = Change.DELETE

Keys = tuple[str | int, ...]


DEV: Final[dict[str, Any]] = yaml.safe_load((settings_folder() / "dev.yaml").read_text("utf-8"))


def valid() -> dict[str, Any]:
    """The settings of tests/environments/dev.yaml."""
    return copy.deepcopy(DEV)


def without_examples(environment: str) -> str:
    """The file of an environment, with values where the repository has placeholders."""
    text = (settings_folder() / f"{environment}.yaml").read_text("utf-8")
    for example, real in (
        ("111122223333", "210987654321"),
        ("444455556666", "310987654321"),
        ("example.com", "acme.com.br"),
        ("github.com/example/", "github.com/acme/"),
    ):
        text = text.replace(example, real)
    return text


def vary(path: Keys, value: object, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """A copy of the document, by default dev's, with one value replaced, added or deleted."""
    document = copy.deepcopy(DEV if document is None else document)
    parent: Any = document
    for part in path[:-1]:
        parent = parent[part]
    if value is DELETE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return document


def without(*paths: Keys, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """A copy of the document, by default dev's, without some values."""
    for path in paths:
        document = vary(path, DELETE, document)
    return valid() if document is None else document


def render(document: dict[str, Any]) -> tuple[str, dict[Keys, int]]:
    """The document as YAML with one setting in each line, and the line number of each."""
    lines: list[str] = []
    numbers: dict[Keys, int] = {(): 1}

    def add(container: Any, path: Keys, indent: str) -> None:
        is_dict = isinstance(container, dict)
        for key, value in container.items() if is_dict else enumerate(container):
            start = indent + (f"{json.dumps(key)}:" if is_dict else "-")
            numbers[*path, key] = len(lines) + 1
            if isinstance(value, dict | list) and value:
                lines.append(start)
                add(value, (*path, key), indent + "  ")
            else:
                lines.append(f"{start} {json.dumps(value)}")

    add(document, (), "")
    return "\n".join(lines) + "\n", numbers


def write(folder: Path, text: str | bytes, name: str = "dev") -> Path:
    """The text as `<folder>/environments/<name>.yaml`."""
    file = folder / "environments" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def problems(file: Path) -> list[str]:
    """The lines with which a wrong file is refused."""
    with pytest.raises(SettingsError) as caught:
        load_settings(file, TODAY)
    return str(caught.value).split("\n")
