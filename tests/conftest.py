"""What tests share: processors, what runs beside them, the summary, a Prometheus with data.

With several workers (pytest-xdist) the tests of one file stay together. What is made once for a
session, as a synthesis, is then made once for each worker. The rehearsal of the infrastructure
mostly waits, so it is started once, as soon as the tests are collected, and the test that reads its
verdict comes last. It belongs to the process that the user started: a worker may end before others.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import compiling
import pytest
import run_summary
from outcomes import not_checked, parsed_queries, terraform_with

from settings.load import FOLDER_VARIABLE, load_environment
from tools.paths import ROOT, SAMPLE_ENVIRONMENTS
from tools.programs import ProgramUnavailableError, program
from tools.providers import find_source
from verification.dashboards.generated_prometheus import prometheus_on_generated_data
from verification.rehearsal.prometheus_api import PrometheusApi

RUNS = ROOT / ".cache" / "test-runs"
"""A folder for each run, so that several of one checkout do not meet."""

LOG, STATUS = "rehearse-infra.log", "rehearse-infra.status"
VERDICT = "test_dev_is_applied_checked_and_destroyed"
"""The test that reads the verdict: the process that collects nothing knows tests by name only."""

STOP_SECONDS = 30
POLL_SECONDS = 0.2

ORDER = (
    "tests/verification/rehearsal/test_rehearse.py",
    "tests/verification/rehearsal/test_hostile_neighbours.py",
    "tests/operations/test_cdktf_cli.py",
    "tests/stacks/test_environments_are_data.py",
    "tests/stacks/test_hostile_synthesis.py",
    "tests/verification/rehearsal/",
    "tests/operations/",
    "tests/stacks/",
    # Of the quick ones.
    "tests/alertmanager/",
    "tests/verification/permissions/",
    "tests/verification/charts/",
    "tests/",
)
"""The files that take longest come first: begun last, they would be waited for alone."""

NOT_QUICK = (
    "tests/docs/test_commands.py",
    "tests/docs/test_onboarding.py",
    "tests/docs/test_site.py",
    "tests/operations/test_cdktf_cli.py",
    "tests/operations/test_deploy_terraform.py",
    "tests/operations/test_operations.py",
    "tests/sample_apps/test_sample_apps.py",
    "tests/stacks/",
    "tests/test_import_contracts.py",
    "tests/verification/dashboards/test_dashboard",
    "tests/verification/hostile/test_hostile.py::test_2000_random_settings",
    "tests/verification/load/test_load_run.py",
    "tests/verification/rehearsal/test_",
)
"""Tests that synthesize stacks, start what serves, or take long; all others are quick
(`make test-fast`)."""

SHARED = {
    f"tests/verification/dashboards/test_{name}.py": "generated_prometheus"
    for name in ("dashboard_queries", "dashboards_preview")
}
"""Files that share something made once for a session, and dear: for one worker."""


DECIDED = pytest.StashKey[dict[str, Any]]()
COMPILATION = pytest.StashKey[compiling.Compilation]()
GREEN = pytest.StashKey[bool]()
REHEARSAL = pytest.StashKey["BackgroundRehearsal"]()


# --- Environments -------------------------------------------------------------------------------


def pytest_sessionstart() -> None:
    """Tests, and what they start, see tests/environments: users may change environments/*.yaml."""
    os.environ[FOLDER_VARIABLE] = str(SAMPLE_ENVIRONMENTS)


@pytest.fixture
def real_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that hold for every environment, and of files that are made of all of them."""
    monkeypatch.delenv(FOLDER_VARIABLE)


# --- Tests over the processors --------------------------------------------------------------------


def group_of(nodeid: str) -> str:
    """The tests that one worker runs in a row: those of a file, or of files that share much."""
    file = nodeid.partition("::")[0]
    return "verdict" if VERDICT in nodeid else SHARED.get(file, file)


def order_of(nodeid: str, *, quick_first: bool = False) -> int:
    """By folder, the verdict at the very end; quick tests first while programs compile."""
    if VERDICT in nodeid:
        return len(ORDER)
    if quick_first and not nodeid.startswith(NOT_QUICK):
        return -2
    if quick_first and nodeid.startswith("tests/stacks/"):
        # Of what is compiled they need Terraform alone, which is compiled first.
        return -1
    return next((n for n, prefix in enumerate(ORDER) if nodeid.startswith(prefix)), 0)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m quick`, files without a quick test are not imported, nor what they import."""
    if config.option.markexpr == "quick" and not is_quick(collection_path):
        return True
    return None


def is_quick(file: Path) -> bool:
    """Whether the tests of a file, or some of a folder, are quick."""
    # The last slash is that of a folder.
    return not f"{file.relative_to(ROOT).as_posix()}/".startswith(NOT_QUICK)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    # Before `-m` selects by markers; the order is of what was selected.
    for item in items:
        if not item.nodeid.startswith(NOT_QUICK):
            item.add_marker(pytest.mark.quick)
    yield
    # All workers have to agree, so the process that starts them decides.
    quick_first = _from_starter(config)["quick_first"]
    items.sort(key=lambda item: order_of(item.nodeid, quick_first=quick_first))


def _from_starter(config: pytest.Config) -> dict[str, Any]:
    """What the process that the user started has decided for all workers."""
    told: dict[str, Any] = getattr(config, "workerinput", config.stash.get(DECIDED, {}))
    return told


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput.update(node.config.stash[DECIDED])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A worker more than processors, as many tests wait; the quick ones do not."""
    from xdist.plugin import pytest_xdist_auto_num_workers as one_for_each_processor

    workers: int = one_for_each_processor(config)
    return workers if config.option.markexpr == "quick" else workers + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group_of
    # Ours is the order, not the number of tests in a group.
    config.option.loadscopereorder = False
    return scheduler


# --- Programs, compiled beside the tests ----------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--compile",
        action="store_true",
        help="compile missing programs in the background, and run the quick tests first meanwhile",
    )


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    option = config.option
    commands = compiling.missing() if option.compile and not option.collectonly else []
    run = RUNS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
    config.stash[DECIDED] = {"quick_first": bool(commands), "run": str(run)}
    if commands:
        config.stash[COMPILATION] = compiling.Compilation(commands, ROOT, partial(_say, config))


def pytest_report_header() -> list[str]:
    return find_source().lines()


def _say(config: pytest.Config, line: str) -> None:
    """A line of its own among the dots."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.ensure_newline()
        reporter.write_line(line)


# --- The rehearsal beside the tests ---------------------------------------------------------------


@dataclass(frozen=True)
class BackgroundRehearsal:
    """`make rehearse-infra`, running; its log and its exit code are in files of a folder."""

    child: subprocess.Popen[bytes]
    folder: Path

    @classmethod
    def begin(cls, folder: Path) -> BackgroundRehearsal:
        """Start it. Its folder is new, so whatever is in it is of this run."""
        folder.mkdir(parents=True)
        with (folder / LOG).open("wb") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "verification.rehearsal.aws.rehearse_infra", "--env", "dev"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = cls(child, folder)
        threading.Thread(target=running.note_end, daemon=True).start()
        return running

    def note_end(self) -> None:
        """Wait for its end, and write down its exit code for whoever runs the test."""
        beside = self.folder / "status.new"
        status = str(self.child.wait())
        with suppress(FileNotFoundError):
            beside.write_text(status, encoding="utf-8")
            beside.replace(self.folder / STATUS)

    def stop(self) -> None:
        """End it gently, so that it stops what it has started."""
        if self.child.poll() is None:
            # Not SIGINT, which a program started in the background of a shell ignores.
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Without workers, or in each worker: those leave it to the process that started them."""
    if not hasattr(session.config, "workerinput") and not session.config.option.collectonly:
        _start_if_wanted(session.config, [item.nodeid for item in session.items])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """With workers: in the process that started them, after each has collected."""
    _start_if_wanted(node.config, ids)


def _start_if_wanted(config: pytest.Config, nodeids: list[str]) -> None:
    if REHEARSAL in config.stash or not any(VERDICT in nodeid for nodeid in nodeids):
        return
    config.stash[REHEARSAL] = BackgroundRehearsal.begin(Path(config.stash[DECIDED]["run"]))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[GREEN] = exitstatus == pytest.ExitCode.OK


def pytest_unconfigure(config: pytest.Config) -> None:
    if COMPILATION in config.stash:
        config.stash[COMPILATION].stop()
    if REHEARSAL in config.stash:
        config.stash[REHEARSAL].stop()
        if config.stash.get(GREEN, False):
            shutil.rmtree(config.stash[REHEARSAL].folder)


@pytest.fixture
def background_rehearsal(request: pytest.FixtureRequest) -> tuple[int, str]:
    """Exit code and output of the rehearsal, once it has ended."""
    assert request.node.name == VERDICT, "for another test it would not have been started"
    terraform_with("aws")
    folder = Path(_from_starter(request.config)["run"])
    # Each command of the rehearsal ends in its own time, or is ended.
    while not (folder / STATUS).is_file():
        time.sleep(POLL_SECONDS)
    status = int((folder / STATUS).read_text(encoding="utf-8"))
    return status, (folder / LOG).read_text(encoding="utf-8")


# --- The summary ----------------------------------------------------------------------------------


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    log = Path(_from_starter(config)["run"]) / LOG
    terminalreporter.section("summary")
    look = [f"the rehearsal of the infrastructure: {log}"] if log.is_file() else []
    for line in run_summary.lines(terminalreporter.stats, look):
        terminalreporter.write_line(line)


# --- Signals --------------------------------------------------------------------------------------


@pytest.fixture
def default_interrupt() -> Iterator[None]:
    """SIGINT as in a terminal: a shell starts background jobs with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# --- A Prometheus with data -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def generated_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusApi]:
    """With three hours of every metric, as `prd` has them."""
    try:
        program("prometheus")
        program("promtool")
    except ProgramUnavailableError as error:
        reason = f"not checked: that panels and rules find data. {error}"
        not_checked(reason)
    parsed_queries([])
    folder = tmp_path_factory.mktemp("generated")
    settings = load_environment("prd", date(2026, 11, 24))
    with prometheus_on_generated_data(settings, folder, hours=3) as api:
        yield api
