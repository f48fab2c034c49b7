"""Damaged storage ends no collector for ever, and healthy storage is never set aside."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from outcomes import not_checked

from blueprint.documents import Config
from helm_values.otel_collector import collector_start
from helm_values.otel_collector.otel_agent_config import agent_config
from helm_values.otel_collector.otel_gateway_config import gateway_config
from settings.load import load_environment
from tools.programs import ProgramUnavailableError, program
from verification.rehearsal.pipeline import collectors
from verification.rehearsal.pipeline.collectors import Adapted, Here, started
from verification.rehearsal.pipeline.otlp_sink import OtlpSink
from verification.rehearsal.processes import ProcessError

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 24)
DEADLINE = 30
PAGE = 4096
KEEP = 3
LINES = 400


@pytest.fixture(scope="module")
def otelcol() -> Path:
    try:
        return program("otelcol")
    except ProgramUnavailableError as error:
        not_checked(f"not checked: what a collector does with damaged storage. {error}")


def agent() -> Config:
    return agent_config(load_environment("dev", TODAY))


def gateway() -> Config:
    return gateway_config(load_environment("dev", TODAY), "dev")


def pages(content: bytes) -> Callable[[bytearray], None]:
    def damage(data: bytearray) -> None:
        data[2 * PAGE : 8 * PAGE] = content

    return damage


def only_noise(data: bytearray) -> None:
    data[:] = random.Random(2).randbytes(len(data))


def first_pages(data: bytearray) -> None:
    data[: 2 * PAGE] = random.Random(3).randbytes(2 * PAGE)


def cut(data: bytearray) -> None:
    del data[PAGE + 100 :]


DAMAGES: dict[str, Callable[[bytearray], None]] = {
    "noise": pages(random.Random(1).randbytes(6 * PAGE)),
    "zeros": pages(bytes(6 * PAGE)),
    "only noise": only_noise,
    "first pages": first_pages,
    "cut": cut,
}


def damage(file: Path, how: str) -> None:
    data = bytearray(file.read_bytes())
    DAMAGES[how](data)
    file.write_bytes(data)


def wrapped(otelcol: Path, folder: Path, program_to_start: str = "") -> Path:
    """The script, as the init container writes it, for this folder."""
    directories = [d for d in (folder / "checkpoints", folder / "queue") if d.exists()]
    text = collector_start.script(
        directories=[str(directory) for directory in directories],
        keep=KEEP,
        program=program_to_start or str(otelcol),
        shell="/usr/bin/env",
        box="",
    )
    script = folder / "collector"
    script.write_text(text, encoding="utf-8")
    script.chmod(0o755)
    return script


def adapted(config: Config, sink: OtlpSink, folder: Path) -> Adapted:
    here = Here(folder=folder, back_end=sink.address_of, as_json=True, hurry=True)
    return collectors.adapt(config, here)


def fill(otelcol: Path, config: Config, sink: OtlpSink, folder: Path) -> None:
    """Queues and checkpoints that are not empty, of a collector that was killed."""
    for number in range(LINES):
        collectors.append_pod_log(folder, "dev", "web-0", f"F line {number} {'x' * 200}")
    sink.answer(503)
    with started(otelcol, adapted(config, sink, folder), folder) as running:
        deadline = time.monotonic() + DEADLINE
        is_agent = any(name.startswith("file_log") for name in config["receivers"])
        while is_agent and not running.told("otelcol_exporter_queue_size", "loki-dev"):
            assert time.monotonic() < deadline, "nothing is queued"
            time.sleep(0.1)
        time.sleep(1)
        running.kill()
    sink.answer(200)


@pytest.fixture(scope="module")
def filled(otelcol: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an agent with lines in a queue and everything noted as read."""
    folder = tmp_path_factory.mktemp("agent") / "filled"
    folder.mkdir()
    with OtlpSink() as sink:
        fill(otelcol, agent(), sink, folder)
    return folder


def copy_of(filled: Path, tmp_path: Path) -> Path:
    """The path of a log file may change: it is known by its content."""
    folder = tmp_path / "agent"
    shutil.copytree(filled, folder)
    return folder


def starts(script: Path, config: Adapted, folder: Path) -> int:
    """How many starts it took, at most three, and what it says about itself then."""
    for attempt in range(1, 4):
        with suppress(ProcessError), started(script, config, folder) as running:
            names = [name for name, _ in running.own_metrics() if "process_memory_rss" in name]
            (folder / "label").write_text(names[0], encoding="utf-8")
            return attempt
    raise AssertionError("it never starts")


def set_aside(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*/damaged/*"))


def storage_of(folder: Path, part: str) -> Path:
    (file,) = (f for f in folder.glob("*/*") if part in f.name and f.is_file())
    return file


DAMAGED = {
    "noise": "_loki-dev",
    "zeros": "filelog_dev",
    "only noise": "filelog_hml",
    "first pages": "filelog_prd",
    "cut": "_loki-hml",
}
"""Files of an agent, by how each is damaged. Others are left as they are."""


def test_an_agent_starts_whatever_its_storage_looks_like(
    otelcol: Path, tmp_path: Path, filled: Path
) -> None:
    folder = copy_of(filled, tmp_path)
    files = {how: storage_of(folder, part) for how, part in DAMAGED.items()}
    for how, file in files.items():
        damage(file, how)
    untouched = {file for file in folder.glob("*/*") if file.is_file()} - set(files.values())
    older = folder / "queue" / "damaged"
    older.mkdir()
    for number in range(KEEP + 2):
        (older / f"older.{number}").write_text("x", "utf-8")
        os.utime(older / f"older.{number}", (0, 0))
    with OtlpSink() as sink:
        script = wrapped(otelcol, folder)
        assert starts(script, adapted(agent(), sink, folder), folder) == 2
        with started(script, adapted(agent(), sink, folder), folder):
            # What was noted of the file is gone: it is read again.
            assert sink.wait_until(
                lambda: len({record.name for record in sink.log_records()}) == LINES, DEADLINE
            )
    names = {name.rpartition(".")[0] for name in set_aside(folder)}
    assert names - {"older"} == {file.name for file in files.values()}
    # Few are kept, the newest.
    assert len(list(older.iterdir())) == KEEP
    assert len(untouched) > 2
    assert all(file.exists() for file in untouched)
    assert 'storage_set_aside="6 file(s)"' in (folder / "label").read_text("utf-8")


def test_without_the_script_it_never_starts(otelcol: Path, tmp_path: Path, filled: Path) -> None:
    folder = copy_of(filled, tmp_path)
    damage(storage_of(folder, "_loki-dev"), "noise")
    with OtlpSink() as sink, pytest.raises(AssertionError, match="never starts"):
        starts(otelcol, adapted(agent(), sink, folder), folder)


def test_a_gateway_starts_with_a_damaged_queue(otelcol: Path, tmp_path: Path) -> None:
    with OtlpSink() as sink:
        config = gateway()
        fill(otelcol, config, sink, tmp_path)
        damage(storage_of(tmp_path, "loki"), "zeros")
        script = wrapped(otelcol, tmp_path)
        assert starts(script, adapted(config, sink, tmp_path), tmp_path) == 2
    assert [name.rpartition("_")[0] for name in set_aside(tmp_path)] == ["exporter_otlp_http_loki"]


def child_of(pid: int) -> int:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
        if children:
            return int(children[0])
        time.sleep(0.05)
    raise AssertionError("it starts nothing")


def test_storage_of_a_killed_collector_stays(otelcol: Path, tmp_path: Path, filled: Path) -> None:
    """A kill for memory is no reason to lose a queue."""
    folder = copy_of(filled, tmp_path)
    before = {file.name for file in folder.glob("*/*") if file.is_file()}
    with OtlpSink() as sink:
        sink.answer(503)
        script = wrapped(otelcol, folder)
        with started(script, adapted(agent(), sink, folder), folder) as running:
            os.kill(child_of(running.process.pid), signal.SIGKILL)
            deadline = time.monotonic() + 2 * DEADLINE
            while running.process.is_running():
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert not set_aside(folder)
        assert before <= {file.name for file in folder.glob("*/*") if file.is_file()}
        sink.answer(200)
        with started(script, adapted(agent(), sink, folder), folder):
            # Out of the queue: the file was read before.
            assert sink.wait_until(
                lambda: len({record.name for record in sink.log_records()}) == LINES, DEADLINE
            )


def test_storage_stays_where_the_program_is_at_fault(
    otelcol: Path, tmp_path: Path, filled: Path
) -> None:
    """A collector that cannot start for another reason says nothing about its storage."""
    folder = copy_of(filled, tmp_path)
    damage(storage_of(folder, "_loki-dev"), "noise")
    script = wrapped(otelcol, folder, program_to_start=str(shutil.which("false")))
    done = subprocess.run([str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert not set_aside(folder)
    assert "no file is set aside" in done.stderr


def test_a_regular_end_looks_at_nothing(otelcol: Path, tmp_path: Path, filled: Path) -> None:
    folder = copy_of(filled, tmp_path)
    with OtlpSink() as sink:
        script = wrapped(otelcol, folder)
        with started(script, adapted(agent(), sink, folder), folder) as running:
            pass
        assert not running.process.is_running()
    log = (folder / "otelcol.log").read_text("utf-8")
    assert "Shutdown complete" in log
    assert "collector_start.sh" not in log
    assert not list(folder.glob("*/check"))
