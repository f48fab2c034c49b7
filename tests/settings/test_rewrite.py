"""Values are changed in the text of a file; its comments and its form stay."""

from __future__ import annotations

import pytest
import yaml

from settings.rewrite import line_of, rewritten, with_item


@pytest.mark.parametrize(
    ("text", "path", "value", "expected"),
    [
        ("a: 1 # why\nb: 2\n", ("a",), 3, "a: 3 # why\nb: 2\n"),
        ("a: {b: 1, c: 2}\n", ("a", "b"), 10, "a: {b: 10, c: 2}\n"),
        ("a: {b: 1}\n", ("a", "c"), "X", "a: {b: 1, c: X}\n"),
        ("a:\n  b: 1 # why\nc: 2\n", ("a", "d"), "X", "a:\n  b: 1 # why\n  d: X\nc: 2\n"),
        ("a:\n  b: 1", ("a", "d"), 2, "a:\n  b: 1\n  d: 2"),
        ("a: x\n", ("a",), "1.3", "a: '1.3'\n"),
        (
            "a:\n  b:\n    - 1\n# of c\nc: 2\n",
            ("a", "d"),
            3,
            "a:\n  b:\n    - 1\n  d: 3\n# of c\nc: 2\n",
        ),
    ],
)
def test_a_value_is_written_where_it_stands(
    text: str, path: tuple[str, ...], value: object, expected: str
) -> None:
    assert rewritten(text, {path: value}) == expected
    loaded = yaml.safe_load(expected)
    for part in path:
        loaded = loaded[part]
    assert loaded == value


@pytest.mark.parametrize("path", [("b", "c"), ("a", "b")])
def test_a_place_that_the_file_does_not_have_is_an_error(path: tuple[str, ...]) -> None:
    with pytest.raises(KeyError):
        rewritten("a: 1\n", {path: 1})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a:\n  b:\n    - x # why\n\n# of c\nc: 1\n",
            "a:\n  b:\n    - x # why\n    - y # of y\n\n# of c\nc: 1\n",
        ),
        ("a:\n  b: [x] # why\n", "a:\n  b: [x, y] # why\n"),
        ("a:\n  b: []\n", "a:\n  b: [y]\n"),
        ("a: {b: [x]}", "a: {b: [x, y]}"),
        ("a:\n  c: 1 # why\nd: 2\n", "a:\n  c: 1 # why\n  b: [y]\nd: 2\n"),
    ],
)
def test_an_item_is_added_at_the_end_of_a_list(text: str, expected: str) -> None:
    assert with_item(text, ("a", "b"), "y", "of y") == expected
    assert yaml.safe_load(expected)["a"]["b"][-1] == "y"


def test_no_list_can_be_added_where_there_is_no_mapping() -> None:
    with pytest.raises(KeyError, match=r"a\.b"):
        with_item("a: 1\n", ("a", "b"), "y")


def test_a_key_is_found_in_its_line() -> None:
    text = "# first\na:\n  b: {c: 1}\n  d:\n    - e\n"
    assert [line_of(text, path) for path in (("a",), ("a", "b", "c"), ("a", "d"))] == [2, 3, 4]
    assert [line_of(text, path) for path in (("x",), ("a", "d", "e"), ("a", "b", "c", "x"))] == [
        None,
        None,
        None,
    ]
