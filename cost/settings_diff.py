"""The difference between a proposal and the settings: changed values, and a diff of the file."""

from __future__ import annotations

import difflib
from typing import Any

from settings.model import Settings
from settings.rewrite import Path


def changed_paths(before: Settings, after: Settings) -> dict[Path, Any]:
    """The settings that differ: new values by their place in the file."""
    return _differences(before.model_dump(mode="json"), after.model_dump(mode="json"), ())


def _differences(before: Any, after: Any, path: Path) -> dict[Path, Any]:
    if isinstance(before, dict) and isinstance(after, dict):
        differences: dict[Path, Any] = {}
        for key, value in after.items():
            differences |= _differences(before.get(key), value, (*path, key))
        return differences
    return {} if before == after else {path: after}


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
