"""Whatever a file holds, it gives settings, or lines that begin with the file's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from settings_files import DELETE, DEV, TODAY, Keys, render, vary, write

from settings.load import SettingsError, load_settings
from tools.paths import SAMPLE_ENVIRONMENTS

DEV_BYTES = (SAMPLE_ENVIRONMENTS / "dev.yaml").read_bytes()

quick = settings(derandomize=True, max_examples=150, deadline=None, database=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # One for all examples of a property: hypothesis runs them within one test.
    return tmp_path_factory.mktemp("settings")


def is_settings_or_lines(file: Path) -> bool:
    """Load the file; True for settings, False for a refusal of the promised form."""
    try:
        load_settings(file, TODAY)
    except SettingsError as error:
        # splitlines also splits at what a terminal or an editor may take for a line's end.
        lines = str(error).splitlines()
        assert lines
        for line in lines:
            assert line.startswith("environments/dev.yaml:")
            assert "allowed" in line
        return False
    return True


def paths_in(value: Any, path: Keys = ()) -> list[Keys]:
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    else:
        children = []
    below = [descendant for key, child in children for descendant in paths_in(child, (*path, key))]
    return [path, *below] if path else below


def at(path: Keys) -> Any:
    value: Any = DEV
    for part in path:
        value = value[part]
    return value


PATHS = paths_in(DEV)
MAPPINGS: list[Keys] = [(), *(path for path in PATHS if isinstance(at(path), dict))]

WORDS = ["10.0.0.0/16", "us-east-1a", "sts", "arn:aws:iam::111122223333:role/a", "1.36", "a\u2028b"]
TEXT = st.text(max_size=12) | st.sampled_from(WORDS)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 4000)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


@quick
@given(path=st.sampled_from(PATHS), value=VALUES)
def test_any_value_anywhere(folder: Path, path: Keys, value: object) -> None:
    is_settings_or_lines(write(folder, render(vary(path, value))[0]))


@quick
@given(path=st.sampled_from(MAPPINGS), key=TEXT, value=VALUES)
def test_any_key_anywhere(folder: Path, path: Keys, key: str, value: object) -> None:
    is_settings_or_lines(write(folder, render(vary((*path, key), value))[0]))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_anything_left_out(folder: Path, path: Keys) -> None:
    is_settings_or_lines(write(folder, render(vary(path, DELETE))[0]))


@quick
@given(value=VALUES)
def test_any_document(folder: Path, value: object) -> None:
    file = write(folder, yaml.safe_dump(value, allow_unicode=True))

    assert not is_settings_or_lines(file)


TOKENS = rb"""
- & * &a *a << <<: ! !!int [ { } ' " # % | > \ ? ~ : , 0x_ 1:1 = @ `
"\ud800" "\UFFFFFFFF" 2026-99-99 1e999
""".split()
SPACES = [b" ", b"\t", b"\n", b"\r", b": ", b"- ", b"&a ", b"--- ", "\ufeff".encode(), b"\xc2\x85"]
BYTES = st.binary(max_size=4) | st.sampled_from([*TOKENS, *SPACES])
EDITS = st.lists(
    st.tuples(st.integers(0, len(DEV_BYTES)), st.integers(0, 8), BYTES), min_size=1, max_size=3
)


@quick
@given(edits=EDITS)
def test_any_bytes_in_the_file(folder: Path, edits: list[tuple[int, int, bytes]]) -> None:
    content = DEV_BYTES
    for start, length, new in edits:
        content = content[:start] + new + content[start + length :]

    is_settings_or_lines(write(folder, content))


@quick
@given(
    path=st.sampled_from([path for path in PATHS if not isinstance(at(path), dict | list)]),
    written=BYTES.filter(lambda b: b.isascii())
    | st.text(max_size=8).map(lambda s: s.encode("utf-8")),
)
def test_any_scalar_as_somebody_may_write_it(folder: Path, path: Keys, written: bytes) -> None:
    text = render(vary(path, "@@"))[0]

    is_settings_or_lines(write(folder, text.encode().replace(b'"@@"', written)))
