import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import pytest

from tools.paths import ROOT
from verification.rehearsal import processes

SERVER = (
    "import http.server, sys;"
    "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])),"
    "http.server.SimpleHTTPRequestHandler).serve_forever()"
)


def start_server(log_dir: Path, ready_path: str | None = "/") -> processes.RunningProcess:
    port = processes.free_port()
    return processes.start(
        [sys.executable, "-c", SERVER, str(port)],
        name="server",
        port=port,
        log_path=log_dir / "server.log",
        working_directory=log_dir,
        ready_path=ready_path,
    )


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("ready_path", ["/", None])
def test_answers_once_started_and_is_gone_once_stopped(
    tmp_path: Path, ready_path: str | None
) -> None:
    with start_server(tmp_path, ready_path) as server:
        socket.create_connection(("127.0.0.1", server.port), timeout=60).close()
        assert server.is_running()
    assert not is_alive(server.pid)


def test_is_stopped_when_the_body_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), start_server(tmp_path) as server:
        raise KeyboardInterrupt
    assert not is_alive(server.pid)


def test_stopping_twice_is_harmless(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    server.stop()
    server.stop()


def test_a_free_port_is_bound_on_loopback_only(tmp_path: Path) -> None:
    with start_server(tmp_path) as server:
        assert server.url.startswith("http://127.0.0.1:")
        # Another address of the loopback network: a server on 0.0.0.0 would answer here.
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", server.port), timeout=60)


def test_a_port_is_never_given_twice_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = processes.free_port()
    monkeypatch.setattr(processes, "_PORTS", range(taken, taken + 1))
    with pytest.raises(processes.ProcessError, match=f"all ports from {taken} to {taken} are"):
        processes.free_port()
    other = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys; from verification.rehearsal import processes;"
            "processes._PORTS = range(int(sys.argv[1]), int(sys.argv[1]) + 1);"
            "processes.free_port()",
            str(taken),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "ProcessError: all ports" in other.stderr


def test_a_port_that_somebody_listens_on_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(processes, "_PORTS", range(port, port + 1))
        with pytest.raises(processes.ProcessError, match="are taken"):
            processes.free_port()


def test_no_more_ports_are_reserved_than_a_process_has_files_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "RESERVED", 3)
    monkeypatch.setattr(processes, "_marks", deque())
    assert len({processes.free_port() for _ in range(3)}) == 3
    processes.free_port()
    assert len(processes._marks) == 3


def server_on(port: int, folder: Path) -> processes.RunningProcess:
    return processes.start(
        [sys.executable, "-c", SERVER, str(port)],
        name="second",
        port=port,
        log_path=folder / "second.log",
        working_directory=folder,
    )


def test_a_start_is_repeated_with_another_port_when_one_was_taken(tmp_path: Path) -> None:
    with start_server(tmp_path) as other:
        with pytest.raises(processes.PortTakenError, match=f"listens on port {other.port}"):
            server_on(other.port, tmp_path)
        ports = iter([other.port, processes.free_port()])
        with processes.on_free_ports(lambda: server_on(next(ports), tmp_path)) as second:
            assert second.port != other.port
            assert second.is_running()


def test_a_second_port_that_is_taken_is_told_as_such(tmp_path: Path) -> None:
    code = "raise SystemExit('listen tcp 127.0.0.1:4317: bind: address already in use')"
    with pytest.raises(processes.PortTakenError, match="already in use"):
        processes.start(
            [sys.executable, "-c", code],
            name="second",
            port=processes.free_port(),
            log_path=tmp_path / "second.log",
        )


def test_ports_that_stay_taken_are_an_error_in_the_end() -> None:
    starts: list[int] = []

    def begin() -> processes.RunningProcess:
        starts.append(1)
        raise processes.PortTakenError("address already in use")

    with pytest.raises(processes.PortTakenError, match="in use"):
        processes.on_free_ports(begin)
    assert len(starts) == processes.ATTEMPTS


def test_error_of_a_program_that_ends_shows_the_tail_of_its_log(tmp_path: Path) -> None:
    code = "print(*range(100), sep='\\n'); raise SystemExit('the last words')"
    with pytest.raises(processes.ProcessError) as caught:
        processes.start(
            [sys.executable, "-c", code],
            name="failing",
            port=processes.free_port(),
            log_path=tmp_path / "failing.log",
        )
    message = str(caught.value)
    assert "failing ended with status 1" in message
    assert "the last words" in message
    assert "\n99\n" in message
    assert "\n50\n" not in message


def test_error_of_a_program_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(processes.ProcessError, match=r"did not answer .* in 0\.3 s"):
        processes.start(
            [sys.executable, "-c", "import time; time.sleep(60)"],
            name="silent",
            port=processes.free_port(),
            log_path=tmp_path / "silent.log",
            deadline_seconds=0.3,
        )


def test_a_program_that_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    code = (
        "import signal, subprocess, sys;"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid,"
        f" flush=True); {SERVER}"
    )
    port = processes.free_port()
    process = processes.start(
        [sys.executable, "-c", code, str(port)],
        name="stubborn",
        port=port,
        log_path=tmp_path / "stubborn.log",
        grace_seconds=0.3,
    )
    grandchild = int((tmp_path / "stubborn.log").read_text().split()[0])
    process.stop()
    assert not is_alive(process.pid)
    wait_until_gone(grandchild)


@pytest.mark.usefixtures("default_interrupt")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_is_stopped_when_the_parent_gets_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    # Without a context manager: the hooks of the module have to do it.
    code = (
        "import pathlib, sys, time;"
        "from tests.verification.rehearsal.test_processes import start_server;"
        "print(start_server(pathlib.Path(sys.argv[1])).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert parent.stdout is not None
    with parent:
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.send_signal(number)
        assert parent.wait(60) != 0
    assert not is_alive(pid)


def wait_until_gone(pid: int) -> None:
    """Wait for an orphan: whoever adopts it needs a moment to collect it."""
    deadline = time.monotonic() + 60
    while is_alive(pid) and not is_zombie(pid):
        assert time.monotonic() < deadline, f"{pid} is still alive"
        time.sleep(0.02)


def is_zombie(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.usefixtures("default_interrupt")
def test_an_interrupt_while_a_program_starts_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes when the child exists and its id is not known yet: in the middle of Popen."""
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def interrupted(*args: object, **rest: object) -> subprocess.Popen[bytes]:
        child: subprocess.Popen[bytes] = popen(*args, **rest)  # type: ignore[call-overload]
        started.append(child)
        signal.raise_signal(signal.SIGINT)
        return child

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start_server(tmp_path)
    (child,) = started
    assert child.poll() is not None
    assert not is_alive(child.pid)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
