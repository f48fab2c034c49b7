"""Tests are spread over processors so that what they share is made once, the verdict last."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from tools.paths import ROOT

UNIT, SYNTH = "tests/settings/test_a.py::test_x", "tests/stacks/test_b.py::test_y[dev]"
REHEARSAL = "tests/verification/rehearsal/test_c.py::TestD::test_z"


@pytest.fixture
def conftest(pytestconfig: pytest.Config) -> Any:
    """tests/conftest.py, as pytest has loaded it."""
    return pytestconfig.pluginmanager.get_plugin(str(ROOT / "tests" / "conftest.py"))


def test_tests_of_a_file_stay_together(conftest: Any) -> None:
    assert conftest.group_of(UNIT) == "tests/settings/test_a.py"
    assert conftest.group_of(REHEARSAL) == "tests/verification/rehearsal/test_c.py"
    assert conftest.group_of(SYNTH) == "tests/stacks/test_b.py"


def test_all_files_that_share_a_prometheus_are_one_group(conftest: Any) -> None:
    using = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if re.search(r"\bgenerated_prometheus: ", path.read_text(encoding="utf-8"))
    }
    assert using == set(conftest.SHARED)
    assert {conftest.group_of(f"{file}::test_x") for file in using} == {"generated_prometheus"}


def test_what_waits_comes_first_and_the_verdict_last(conftest: Any) -> None:
    last = f"tests/verification/rehearsal/test_infra.py::{conftest.VERDICT}"
    tests = [UNIT, last, SYNTH, REHEARSAL]
    assert sorted(tests, key=conftest.order_of) == [REHEARSAL, SYNTH, UNIT, last]
    quick_first = partial(conftest.order_of, quick_first=True)
    assert sorted(tests, key=quick_first) == [UNIT, SYNTH, REHEARSAL, last]
    assert conftest.group_of(last) == "verdict"
    assert all((ROOT / place).exists() for place in conftest.ORDER)


def test_what_takes_longest_comes_before_the_rest_of_its_folder(conftest: Any) -> None:
    first = [place for place in conftest.ORDER if place.endswith(".py")]
    tests = [REHEARSAL, SYNTH, UNIT, *(f"{file}::test_x" for file in reversed(first))]
    ordered = [nodeid.partition("::")[0] for nodeid in sorted(tests, key=conftest.order_of)]
    assert ordered[: len(first)] == first


def test_files_without_a_quick_test_are_not_imported_for_the_quick_ones(
    conftest: Any, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        *(ROOT / "tests").rglob("test_*.py"),
        *(path for path in (ROOT / "tests").rglob("*") if path.is_dir()),
    ]
    monkeypatch.setattr(pytestconfig.option, "markexpr", "quick")
    ignored = {
        path.relative_to(ROOT).as_posix()
        for path in paths
        if conftest.pytest_ignore_collect(path, pytestconfig)
    }
    assert {name for name in conftest.NOT_QUICK if name.endswith(".py")} <= ignored
    assert {"tests/stacks", "tests/verification/rehearsal/test_doors.py"} <= ignored
    assert not ignored & {"tests", "tests/verification", "tests/verification/rehearsal"}
    # The tests of all others are marked as quick.
    assert all(name.startswith(conftest.NOT_QUICK) or name == "tests/stacks" for name in ignored)
    monkeypatch.setattr(pytestconfig.option, "markexpr", "")
    assert not any(conftest.pytest_ignore_collect(path, pytestconfig) for path in paths)


@pytest.mark.parametrize(("expression", "more"), [("quick", 0), ("", 1), ("not slow", 1)])
def test_a_worker_more_than_processors_where_tests_wait(
    conftest: Any,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
    expression: str,
    more: int,
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "2")
    monkeypatch.setattr(pytestconfig.option, "markexpr", expression)
    assert conftest.pytest_xdist_auto_num_workers(pytestconfig) == 2 + more


def test_the_verdict_is_known_by_the_name_that_its_test_has(conftest: Any) -> None:
    text = (ROOT / "tests" / "verification" / "rehearsal" / "test_infra.py").read_text(
        encoding="utf-8"
    )
    assert text.count(f"def {conftest.VERDICT}(background_rehearsal") == 1
