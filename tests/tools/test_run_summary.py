"""The end of a test run says what was checked, what was not and why."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import run_summary

from versions import PYTHON_VERSIONS


def skipped(reason: str) -> Any:
    return SimpleNamespace(longrepr=("tests/x.py", 3, f"Skipped: {reason}"))


def test_each_reason_is_one_line_with_the_number_of_its_tests() -> None:
    reports = [skipped("not checked: no moon"), *[skipped("no provider aws")] * 20]
    lines = run_summary.lines({"passed": [None] * 5, "skipped": reports})
    assert lines[:3] == [
        "passed: 5   failed: 0   not checked: 21",
        "not checked, 20 tests: no provider aws",
        "not checked, 1 test: no moon",
    ]
    assert not any("where to look" in line for line in lines)


def test_a_failure_says_where_to_look() -> None:
    lines = run_summary.lines({"failed": [None], "error": [None]}, ["the log: x"])
    assert lines[0] == "passed: 0   failed: 2   not checked: 0"
    assert lines[-2:] == [
        "where to look: each failure is told in full above, and named below",
        "the log: x",
    ]
    assert "the log: x" not in run_summary.lines({"passed": [None]}, ["the log: x"])


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ((3, 12), "Python: tried with 3.12; not tried with 3.11, 3.13"),
        ((3, 99), "Python: tried with 3.99; not tried with 3.11, 3.12, 3.13"),
    ],
)
def test_the_pythons_that_a_run_was_not_tried_with_are_named(
    version: tuple[int, int], said: str
) -> None:
    assert PYTHON_VERSIONS == ("3.11", "3.12", "3.13")
    assert run_summary.not_tried(version) == said
