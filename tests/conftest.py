"""What tests share: processors, the rehearsal that runs beside them, a Prometheus with data.

With several workers (pytest-xdist) the tests of one file stay together. What is made once for a
session, as a synthesis, is then made once for each worker. The rehearsal of the infrastructure
mostly waits, so it is started once, as soon as the tests are collected, and the test that reads its
verdict comes last. It belongs to the process that the user started: a worker may end before others.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from outcomes import not_checked

from settings.load import load_environment
from tools.paths import ROOT
from tools.programs import ProgramUnavailableError, program
from verification.dashboards.generated_prometheus import prometheus_on_generated_data
from verification.dashboards.query_grammars import GrammarsUnavailableError, parsed
from verification.rehearsal.prometheus_api import PrometheusApi

LOG = ROOT / ".cache" / "rehearse-infra.log"
STATUS = ROOT / ".cache" / "rehearse-infra.status"
VERDICT = "test_dev_is_applied_checked_and_destroyed"
"""The test that reads the verdict: the process that collects nothing knows tests by name only."""

TIMEOUT_SECONDS = 1200
STOP_SECONDS = 30
POLL_SECONDS = 0.2

FOLDERS = ("tests/verification/rehearsal/", "tests/stacks/", "tests/")
"""The files that take longest come first: begun last, they would be waited for alone."""

NOT_QUICK = (
    "tests/docs/test_commands.py",
    "tests/docs/test_onboarding.py",
    "tests/docs/test_site.py",
    "tests/operations/test_cdktf_cli.py",
    "tests/operations/test_operations.py",
    "tests/sample_apps/test_sample_apps.py",
    "tests/stacks/",
    "tests/verification/dashboards/test_dashboard",
    "tests/verification/load/test_load_run.py",
    "tests/verification/rehearsal/test_",
)
"""Tests that synthesize stacks or start programs; all others are quick (`make test-fast`)."""

SHARED = {
    f"tests/verification/dashboards/test_{name}.py": "generated_prometheus"
    for name in ("dashboard_queries", "dashboards_preview")
}
"""Files that share something made once for a session, and dear: for one worker."""


# --- Tests over the processors --------------------------------------------------------------------


def group_of(nodeid: str) -> str:
    """The tests that one worker runs in a row: those of a file, or of files that share much."""
    file = nodeid.partition("::")[0]
    return "verdict" if VERDICT in nodeid else SHARED.get(file, file)


def order_of(nodeid: str) -> int:
    """By folder, and the verdict at the very end."""
    if VERDICT in nodeid:
        return len(FOLDERS)
    return next((n for n, folder in enumerate(FOLDERS) if nodeid.startswith(folder)), 0)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    # Before `-m` selects by markers; the order is of what was selected.
    for item in items:
        if not item.nodeid.startswith(NOT_QUICK):
            item.add_marker(pytest.mark.quick)
    yield
    items.sort(key=lambda item: order_of(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group_of
    # Ours is the order, not the number of tests in a group.
    config.option.loadscopereorder = False
    return scheduler


# --- The rehearsal beside the tests ---------------------------------------------------------------


@dataclass(frozen=True)
class BackgroundRehearsal:
    """`make rehearse-infra`, running; its log and its exit code are in files."""

    child: subprocess.Popen[bytes]

    def note_end(self) -> None:
        """Wait for its end, and write down its exit code for whoever runs the test."""
        beside = STATUS.with_suffix(".new")
        beside.write_text(str(self.child.wait()), encoding="utf-8")
        beside.replace(STATUS)

    def stop(self) -> None:
        """End it gently, so that it stops what it has started."""
        if self.child.poll() is None:
            # Not SIGINT, which a program started in the background of a shell ignores.
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)


RUNNING = pytest.StashKey[BackgroundRehearsal]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Without workers, or in each worker: those leave it to the process that started them."""
    if not hasattr(session.config, "workerinput") and not session.config.option.collectonly:
        _start_if_wanted(session.config, [item.nodeid for item in session.items])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """With workers: in the process that started them, after each has collected."""
    _start_if_wanted(node.config, ids)


def _start_if_wanted(config: pytest.Config, nodeids: list[str]) -> None:
    if RUNNING in config.stash or not any(VERDICT in nodeid for nodeid in nodeids):
        return
    LOG.parent.mkdir(exist_ok=True)
    STATUS.unlink(missing_ok=True)
    with LOG.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "verification.rehearsal.aws.rehearse_infra", "--env", "dev"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    config.stash[RUNNING] = BackgroundRehearsal(child)
    threading.Thread(target=config.stash[RUNNING].note_end, daemon=True).start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUNNING in config.stash:
        config.stash[RUNNING].stop()


@pytest.fixture
def background_rehearsal(request: pytest.FixtureRequest) -> tuple[int, str]:
    """Exit code and output of the rehearsal, once it has ended."""
    assert request.node.name == VERDICT, "for another test it would not have been started"
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not STATUS.is_file():
        assert time.monotonic() < deadline, LOG.read_text(encoding="utf-8")
        time.sleep(POLL_SECONDS)
    return int(STATUS.read_text(encoding="utf-8")), LOG.read_text(encoding="utf-8")


# --- A Prometheus with data -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def generated_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusApi]:
    """With three hours of every metric, as `prd` has them."""
    try:
        program("prometheus")
        program("promtool")
        parsed([])
    except (ProgramUnavailableError, GrammarsUnavailableError) as error:
        reason = f"not checked: that panels and rules find data. {error}"
        not_checked(reason)
    folder = tmp_path_factory.mktemp("generated")
    settings = load_environment("prd", date(2026, 11, 24))
    with prometheus_on_generated_data(settings, folder, hours=3) as api:
        yield api
