"""Programs that are missing are compiled while the tests that need none of them run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.programs import PROGRAMS, cached
from tools.terraform import TerraformUnavailableError, find_terraform

STOP_SECONDS = 30


def missing() -> list[list[str]]:
    """The commands that compile what this computer lacks; Terraform's first, as it is read last."""
    commands = []
    try:
        if find_terraform() is None:
            commands.append([sys.executable, "-m", "tools.terraform"])
    except TerraformUnavailableError:
        # An explicit choice that cannot be used: the tests say so.
        pass
    names = [name for name, program in PROGRAMS.items() if not cached(program).is_file()]
    if names:
        commands.append([sys.executable, "-m", "tools.programs", *names])
    return commands


class Compilation:
    """Commands that run one after another in the background, and what they say meanwhile."""

    def __init__(
        self, commands: Sequence[Sequence[str]], root: Path, say: Callable[[str], None]
    ) -> None:
        self._commands, self._root, self._say = commands, root, say
        self._child: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; the next compilation throws away what this one leaves."""
        self._stopped.set()
        child = self._child
        if child is not None and child.poll() is None:
            # With the compiler that it has started.
            os.killpg(child.pid, signal.SIGTERM)
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        for command in self._commands:
            if self._stopped.is_set():
                return
            with subprocess.Popen(
                command,
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            ) as self._child:
                assert self._child.stderr is not None
                for line in self._child.stderr:
                    self._say(line.rstrip())
