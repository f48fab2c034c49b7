"""Starts a program that listens on loopback, waits until it answers, and always stops it.

Each program gets its own session, so that a Ctrl-C in the terminal reaches only this process, which
then stops its programs in order, and so that a program's own children are stopped with it.
A SIGKILL of this process is the one case that leaves programs behind.
"""

import atexit
import http.client
import os
import random
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self, TypeVar

LOOPBACK = "127.0.0.1"
T = TypeVar("T")
START_SECONDS = 180
"""A program that has not answered by then hangs: on a busy computer a start may take a minute."""

ANSWER_SECONDS = 5
ATTEMPTS = 3
RESERVED = 256
# Below those from which systems take the ports of connections (Linux from 32768, IANA from 49152):
# no connection takes one between its choice and its use.
_PORTS = range(20_000, 32_000)
_marks: deque[socket.socket] = deque()
_POLL_SECONDS = 0.05
_LOG_TAIL_LINES = 20

_running: list["RunningProcess"] = []
_hooks_installed = False


class ProcessError(RuntimeError):
    """A program ended before it answered, or did not answer in time."""


class PortTakenError(ProcessError):
    """Another program listens on the port of one that is to be started."""


def free_port() -> int:
    """Return a TCP port of loopback that is free, and that nothing of ours takes before its user.

    It is marked by its UDP port, which this process keeps bound: no process of the computer gets
    the same port from this function meanwhile, whatever its folders and variables are. The last
    RESERVED ports are kept.

    Raises:
        ProcessError: every port of the range is taken.
    """
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            mark.bind((LOOPBACK, port))
        except OSError:
            mark.close()
            continue
        if _is_taken(port):
            mark.close()
            continue
        _marks.append(mark)
        if len(_marks) > RESERVED:
            _marks.popleft().close()
        return port
    raise ProcessError(f"all ports from {_PORTS.start} to {_PORTS.stop - 1} are taken")


def on_free_ports(begin: Callable[[], T]) -> T:
    """Begin again, with other ports, where a program found its port taken.

    `begin` chooses the ports and starts the program. Another program may take a port of a fixed
    number between the two.

    Raises:
        ProcessError: it failed for another reason, or ATTEMPTS times for this one.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(PortTakenError):
            return begin()
    return begin()


def log_tail(log_path: Path, lines: int = _LOG_TAIL_LINES) -> str:
    """Return the last lines of a log, or a sentence saying that there are none."""
    text = log_path.read_text(errors="replace") if log_path.exists() else ""
    return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"


@dataclass
class RunningProcess:
    """A program that was started by `start`; also a context manager that stops it."""

    name: str
    port: int
    log_path: Path
    grace_seconds: float
    _child: subprocess.Popen[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group."""
        return self._child.pid

    @property
    def url(self) -> str:
        """Where the program listens, without a trailing slash."""
        return f"http://{LOOPBACK}:{self.port}"

    def is_running(self) -> bool:
        """Tell whether the program has not ended yet."""
        return self._child.poll() is None

    def stop(self) -> None:
        """Terminate the program and its children, and kill what is left after the grace period."""
        if self in _running:
            _running.remove(self)
        self._signal_group(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(self.grace_seconds)
        # Also when the program has ended: one of its children may have outlived it.
        self._signal_group(signal.SIGKILL)
        self._child.wait()

    def kill(self) -> None:
        """End the program as the kernel does when memory runs out: it can save nothing."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    command: Sequence[str],
    *,
    name: str,
    port: int,
    log_path: Path,
    environment: Mapping[str, str] | None = None,
    working_directory: Path | None = None,
    ready_path: str | None = None,
    deadline_seconds: float = START_SECONDS,
    grace_seconds: float = 10,
) -> RunningProcess:
    """Start a command that listens on `port` of loopback, and return once it answers.

    `environment` replaces the environment where given. With `ready_path` the program is ready when
    that path answers with a status below 400, otherwise when the port accepts a connection.
    Raises ProcessError, with the tail of the log, when the program ends or the deadline passes;
    OSError when the command cannot be run.
    """
    if _is_taken(port):
        # Its answers would be taken for those of the program that is to be started.
        raise PortTakenError(f"{name} cannot start: another program listens on port {port}")
    _install_hooks()
    log_path.parent.mkdir(parents=True, exist_ok=True)
    process: RunningProcess | None = None
    try:
        with log_path.open("wb") as log, _no_interrupt():
            child = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                cwd=working_directory,
                start_new_session=True,
            )
            process = RunningProcess(name, port, log_path, grace_seconds, child)
            _running.append(process)
        _wait_until_ready(process, ready_path, deadline_seconds)
    except BaseException:
        if process is not None:
            process.stop()
        raise
    return process


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until what was started is known, or nobody could stop it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are handled in the main thread only
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            # None: a handler that Python did not install.
            signal.signal(number, handler or signal.SIG_DFL)
        if came:
            signal.raise_signal(came[0])


def _wait_until_ready(process: RunningProcess, ready_path: str | None, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answered = _answers(process, ready_path)
        # Looked at after the answer: another program on the same port must not count as ours.
        if not process.is_running():
            raise _failure(process, f"ended with status {process._child.returncode}")
        if answered:
            return
        time.sleep(_POLL_SECONDS)
    raise _failure(process, f"did not answer on {process.url}{ready_path or ''} in {seconds:g} s")


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of a program that has ended here do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def _answers(process: RunningProcess, ready_path: str | None) -> bool:
    if ready_path is None:
        with (
            suppress(OSError),
            socket.create_connection((LOOPBACK, process.port), timeout=ANSWER_SECONDS),
        ):
            return True
        return False
    try:
        # The scheme is always http and the host always loopback.
        with urllib.request.urlopen(f"{process.url}{ready_path}", timeout=ANSWER_SECONDS):  # noqa: S310
            return True
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return False


def _failure(process: RunningProcess, problem: str) -> ProcessError:
    tail = log_tail(process.log_path)
    kind = PortTakenError if "address already in use" in tail.lower() else ProcessError
    return kind(f"{process.name} {problem}. The end of {process.log_path}:\n{tail}")


def _install_hooks() -> None:
    """Make a normal exit and SIGTERM stop every program; SIGINT raises KeyboardInterrupt anyway."""
    global _hooks_installed
    if _hooks_installed:
        return
    _hooks_installed = True
    atexit.register(_stop_all)
    in_main_thread = threading.current_thread() is threading.main_thread()
    # A handler that the caller set is the caller's decision.
    if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit_on_sigterm)


def heed_interrupts() -> None:
    """Let SIGINT raise KeyboardInterrupt, also where it was ignored, as in a shell's background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _exit_on_sigterm(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _stop_all() -> None:
    for process in reversed(_running.copy()):
        process.stop()
