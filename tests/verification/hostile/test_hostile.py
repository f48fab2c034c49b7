"""2,000 random and hostile settings files are read; those that are wrong are refused in one way."""

from __future__ import annotations

import codecs
import functools
from pathlib import Path
from typing import Any

import pytest

from settings.load import SettingsError, load_environment
from synthesis import __main__, synth
from verification.hostile import hostile_settings
from verification.hostile.hostile_settings import HOSTILE_YAML, PromiseBrokenError, Run, throw

FILES = 2000


def test_2000_random_settings_are_read_or_refused(tmp_path: Path) -> None:
    run = Run(tmp_path, say=lambda _: None)
    throw(FILES, run)
    assert run.broken == []
    assert run.counts["files"] == FILES + len(HOSTILE_YAML)
    # Neither all refused nor all taken: both sides of the promise were tried.
    assert run.counts["valid"] > FILES / 20
    assert run.counts["refused"] > FILES / 5


BYTE_ORDER_MARK = codecs.BOM_UTF8
"""Before dev.yaml it makes a valid file, as YAML allows it (YAML 1.2, 5.2)."""
REFUSED = [content for content in HOSTILE_YAML if not content.startswith(BYTE_ORDER_MARK)]


@pytest.mark.parametrize("content", REFUSED, ids=range(len(REFUSED)))
def test_the_command_refuses_a_hostile_file_and_writes_nothing(
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "dev.yaml").write_bytes(content)
    # The same function on another folder: the default of its argument cannot be replaced.
    from_here = functools.partial(load_environment, directory=folder)
    monkeypatch.setattr(__main__, "load_environment", from_here)
    monkeypatch.setattr(synth, "OUTPUT", tmp_path / "cdktf.out")
    assert __main__.main(["--env", "dev"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    for line in printed.err.splitlines():
        assert line.startswith("environments/dev.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["environments"]


# --- What must be found -------------------------------------------------------------------------


def test_another_exception_is_a_broken_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> Any:
        raise RecursionError("too deep")

    monkeypatch.setattr(hostile_settings, "load_settings", crash)
    run = Run(tmp_path, say=lambda _: None)
    run.try_file(b"a: b")
    (broken,) = run.broken
    assert broken == f"{tmp_path / 'broken-1.yaml'}: RecursionError: too deep"
    assert (tmp_path / "broken-1.yaml").read_bytes() == b"a: b"


def test_a_refusal_that_does_not_say_where_is_a_broken_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vague(*_: object) -> Any:
        raise SettingsError("something is wrong")

    monkeypatch.setattr(hostile_settings, "load_settings", vague)
    with pytest.raises(PromiseBrokenError, match="a refusal without place or allowed"):
        hostile_settings.load_or_refuse(tmp_path / "dev.yaml")
