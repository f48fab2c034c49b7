"""What several tests share: the rehearsal that runs beside them, and a Prometheus with data.

The rehearsal of the infrastructure mostly waits. It is started as soon as the tests are collected,
and the test that reads its verdict comes last.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from environments.load import load_environment
from rehearsal.generated_prometheus import prometheus_on_generated_data
from rehearsal.prometheus_api import PrometheusApi
from scripts.programs import ProgramUnavailableError, program
from scripts.query_grammars import GrammarsUnavailableError, parsed

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 1200
STOP_SECONDS = 30


@dataclass(frozen=True)
class BackgroundRehearsal:
    """`make rehearse-infra`, running."""

    child: subprocess.Popen[bytes]
    log: Path

    def verdict(self) -> tuple[int, str]:
        """Wait for its end; its exit code and what it printed."""
        status = self.child.wait(TIMEOUT_SECONDS)
        return status, self.log.read_text(encoding="utf-8")

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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("background_rehearsal") is not None)


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = any(item.get_closest_marker("background_rehearsal") for item in session.items)
    if not wanted or session.config.option.collectonly:
        return
    log = Path(session.config.rootpath) / ".cache" / "rehearse-infra.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "rehearsal.infra", "--env", "dev"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    session.config.stash[RUNNING] = BackgroundRehearsal(child, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUNNING in config.stash:
        config.stash[RUNNING].stop()


@pytest.fixture
def background_rehearsal(pytestconfig: pytest.Config) -> BackgroundRehearsal:
    return pytestconfig.stash[RUNNING]


@pytest.fixture(scope="session")
def generated_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusApi]:
    """With three hours of every metric, as `prd` has them."""
    try:
        program("prometheus")
        program("promtool")
        parsed([])
    except (ProgramUnavailableError, GrammarsUnavailableError) as error:
        reason = f"not checked: that panels and rules find data. {error}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    folder = tmp_path_factory.mktemp("generated")
    settings = load_environment("prd", date(2026, 11, 24))
    with prometheus_on_generated_data(settings, folder, hours=3) as api:
        yield api
