"""What a computer lacks is compiled in the background, one command after another."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import compiling
import pytest

from tools import programs


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer without Terraform and with an empty cache."""
    for name in ("PATH", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("TERRAFORM_BINARY_NAME", raising=False)
    return tmp_path


def test_everything_is_missing_on_a_bare_computer(bare: Path) -> None:
    terraform, others = compiling.missing()
    assert terraform[1:] == ["-m", "tools.terraform"]
    assert others[1:] == ["-m", "tools.programs", *programs.PROGRAMS]


def test_what_is_there_is_not_compiled(bare: Path) -> None:
    tool = bare / "terraform"
    tool.write_text("#!/bin/sh\necho Terraform v1.11.4\n", encoding="utf-8")
    tool.chmod(0o755)
    for name, program in programs.PROGRAMS.items():
        if name != "thanos":
            programs.cached(program).parent.mkdir(parents=True)
            programs.cached(program).touch()
    (command,) = compiling.missing()
    assert command[1:] == ["-m", "tools.programs", "thanos"]


def speaking(text: str) -> list[str]:
    return [sys.executable, "-c", f"import sys; print({text!r}, file=sys.stderr)"]


def test_progress_is_passed_on_in_the_order_of_the_commands(tmp_path: Path) -> None:
    said: list[str] = []
    both = compiling.Compilation([speaking("one"), speaking("two")], tmp_path, said.append)
    both._thread.join()
    assert said == ["one", "two"]


def test_a_stop_ends_what_a_command_has_started(tmp_path: Path) -> None:
    # The command waits for its child, as ours wait for the compiler.
    code = (
        "import subprocess, sys; print('begun', file=sys.stderr, flush=True);"
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    )
    begun = threading.Event()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        begun.set()

    commands = [[sys.executable, "-c", code], speaking("never")]
    running = compiling.Compilation(commands, tmp_path, say)
    assert begun.wait(180)
    running.stop()
    # Its standard error is closed: no child holds it open any more.
    assert not running._thread.is_alive()
    assert said == ["begun"]
