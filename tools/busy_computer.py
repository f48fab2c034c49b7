"""`make test-hard`: run the test suite twice at once beside a CPU load.

Green in both means that no test depends on the speed of the computer, on a port that it does not
hold, on a folder or process of another run, or on signals as a terminal sets them.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tools.paths import ROOT

RUNS: Final = 2
LOAD: Final = 8
HOURS: Final = 4
"""Bound of everything: a suite that takes 10 minutes alone takes an hour and a half here."""

STOP_SECONDS: Final = 60
LOGS: Final = ROOT / ".cache" / "test-hard"
# Ends also when this program is killed: it is then adopted by another process.
_BUSY: Final = "import os; parent = os.getppid()\nwhile os.getppid() == parent: sum(range(10**6))"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suites beside the load; 0 if each is green."""
    parser = argparse.ArgumentParser(prog="make test-hard", description=__doc__)
    parser.add_argument("--load", type=int, default=LOAD, help=f"busy processes ({LOAD})")
    parser.add_argument("pytest", nargs="*", help="arguments of pytest, after --")
    options = parser.parse_args(arguments)
    LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as running:
        for _ in range(options.load):
            running.enter_context(_stopped_at_the_end([sys.executable, "-c", _BUSY], None))
        suites = {
            log: running.enter_context(
                _stopped_at_the_end([sys.executable, "-m", "pytest", *options.pytest], log)
            )
            for log in (LOGS / f"{number}.log" for number in range(1, RUNS + 1))
        }
        try:
            for suite in suites.values():
                suite.wait(HOURS * 3600)
        except subprocess.TimeoutExpired:
            print(f"stopped: not ended after {HOURS} h", file=sys.stderr)
    for log, suite in suites.items():
        closing = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
        print(f"{log.relative_to(ROOT)}: exit code {suite.returncode}: {' '.join(closing)}")
    return 0 if all(suite.returncode == 0 for suite in suites.values()) else 1


@contextmanager
def _stopped_at_the_end(
    command: Sequence[str], log: Path | None
) -> Iterator[subprocess.Popen[bytes]]:
    """A command as a shell starts it in the background: SIGINT ignored, its output in a file."""
    with (log or Path(os.devnull)).open("wb") as output:
        child = subprocess.Popen(
            list(command),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_ignore_interrupts,
        )
        try:
            yield child
        finally:
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
