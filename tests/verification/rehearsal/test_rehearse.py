"""`make rehearse`, run once and shortened; its faults on broken configurations; its report."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from typing import Any

import psutil
import pytest
from outcomes import not_checked

from blueprint.documents import Config
from blueprint.names import telemetry_namespace
from settings.load import load_environment
from tools.paths import ROOT
from tools.programs import ProgramUnavailableError, program
from verification.rehearsal.pipeline import collectors, faults, rehearsal_report, rehearse_pipeline
from verification.rehearsal.pipeline.collector_samples import Reading, Sampler
from verification.rehearsal.pipeline.collectors import Substitution
from verification.rehearsal.pipeline.faults import FAULTS, Bench, Tried, try_fault
from verification.rehearsal.pipeline.optional_programs import NAMES, on_path
from verification.rehearsal.pipeline.plots import per_second
from verification.rehearsal.pipeline.sample_apps import LANGUAGES
from verification.rehearsal.pipeline.scenario import memory_stays_below
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack
from verification.rehearsal.verdicts import Verdict, Verdicts

TODAY = date(2026, 11, 24)
IN_CI = os.environ.get("CI") == "true"
REHEARSAL_SECONDS = 3600
STOP_SECONDS = 300


@pytest.fixture(scope="module")
def otelcol() -> Path:
    try:
        return program("otelcol")
    except ProgramUnavailableError as error:
        reason = f"not checked: the rehearsal. {error}"
        not_checked(reason)


# --- The whole of it ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rehearsed:
    status: int
    printed: str
    folder: Path
    temporary: Path

    @property
    def data(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(
            (self.folder / rehearsal_report.DATA).read_text(encoding="utf-8")
        )
        return content

    def verdicts(self) -> dict[str, str]:
        return {
            f"{verdict['group']}: {verdict['name']}": verdict["status"]
            for verdict in self.data["verdicts"]
        }


def rehearsing(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (folder / "tmp").mkdir(parents=True)
    command = [
        sys.executable,
        "-m",
        "verification.rehearsal.pipeline.rehearse_pipeline",
        "--env",
        "dev",
        "--short",
        "--stage",
        "prd",
    ]
    return subprocess.Popen(
        [*command, "--report", str(folder / "report"), *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder / "tmp")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def left_over(folder: Path) -> list[str]:
    """Programs whose command names something in a folder."""
    lines = (
        " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    )
    return [line for line in lines if f"{folder}/tmp" in line]


@pytest.fixture(scope="module")
def rehearsed(otelcol: Path, tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    folder = tmp_path_factory.mktemp("rehearsed")
    child = rehearsing(folder)
    try:
        printed, _ = child.communicate(timeout=REHEARSAL_SECONDS)
    finally:
        # Also when the tests are interrupted: it stops what it has started.
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            child.wait(STOP_SECONDS)
    return Rehearsed(child.returncode, printed, folder / "report", folder)


@pytest.mark.slow
def test_everything_is_as_promised(rehearsed: Rehearsed) -> None:
    failed = [name for name, status in rehearsed.verdicts().items() if status == "failed"]
    assert (rehearsed.status, failed) == (0, []), rehearsed.printed
    assert rehearsed.data["passed"]


@pytest.mark.slow
def test_nothing_is_left_out_silently(rehearsed: Rehearsed) -> None:
    verdicts = rehearsed.verdicts()
    open_checks = {name for name, status in verdicts.items() if status == "not checked"}
    allowed = (
        set() if on_path("grafana") else {"dashboards: are all in Grafana, with its datasources"}
    )
    if not IN_CI:
        allowed |= {f"applications: {language} is ready" for language in LANGUAGES}
    assert open_checks <= allowed
    groups = {name.partition(":")[0] for name in verdicts}
    assert groups == {
        *("smoke", "applications", "alerts", "traces", "logs", "metrics", "dashboards"),
        *("faults", "collectors"),
    }
    assert sum(name.startswith("faults") for name in verdicts) == len(FAULTS) + 2
    said = "\n".join(rehearsed.data["not_checked"])
    for name in NAMES:
        assert (name.capitalize() in said) is (on_path(name) is None)
    assert "Kubernetes" in said
    assert all(line in rehearsed.printed for line in rehearsed.data["not_checked"])


@pytest.mark.slow
def test_what_stands_in_is_called_so(rehearsed: Rehearsed) -> None:
    parts = {part["name"]: part for part in rehearsed.data["versions"]}
    assert {"otelcol", "prometheus", "alertmanager", "thanos"} <= set(parts)
    if on_path("loki") is None:
        assert "OTLP recorder (stand-in)" in parts
        assert "OTLP recorder (stand-in) in its place" in rehearsed.printed
    assert "AWS emulator (stand-in)" in parts
    assert len(rehearsed.data["substitutions"]) > 50


@pytest.mark.slow
def test_the_page_needs_nothing_else(rehearsed: Rehearsed) -> None:
    page = (rehearsed.folder / rehearsal_report.PAGE).read_text(encoding="utf-8")
    assert page.count("<svg") >= 5
    # Namespaces in SVG are no addresses of anything that is loaded.
    assert not re.search(r"<(?:script|link|img|iframe)\b", page)
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page.replace('xlink:href="#', ""))
    for verdict in rehearsed.data["verdicts"]:
        assert escape(verdict["name"]) in page


@pytest.mark.slow
def test_junit_counts_the_same(rehearsed: Rehearsed) -> None:
    root = ET.fromstring((rehearsed.folder / rehearsal_report.JUNIT).read_text(encoding="utf-8"))
    assert len(root.findall(".//testcase")) == len(rehearsed.data["verdicts"])
    assert len(root.findall(".//failure")) == 0


@pytest.mark.slow
def test_nothing_runs_afterwards(rehearsed: Rehearsed) -> None:
    assert left_over(rehearsed.temporary) == []
    # On a busy computer JSII ends its own process before that has removed its folder.
    names = [path.name for path in (rehearsed.temporary / "tmp").iterdir()]
    assert [name for name in names if not name.startswith("jsii-kernel-")] == []


@pytest.mark.slow
def test_an_interrupt_stops_everything_and_leaves_a_report(otelcol: Path, tmp_path: Path) -> None:
    child = rehearsing(tmp_path)
    assert child.stdout is not None
    printed = []
    for line in child.stdout:
        printed.append(line)
        if "querier at" in line:
            break
    assert left_over(tmp_path)
    child.send_signal(signal.SIGINT)
    rest, _ = child.communicate(timeout=STOP_SECONDS)
    assert child.returncode == 130, "".join(printed) + rest
    assert left_over(tmp_path) == []
    assert "Interrupted" in rest
    assert "Traceback" not in rest
    data = json.loads((tmp_path / "report" / rehearsal_report.DATA).read_text(encoding="utf-8"))
    assert data["interrupted"] == "it was interrupted"
    assert not data["passed"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--env", "nowhere"], "nowhere"),
        (["--env", "dev", "--stage", "qa"], "--stage qa: allowed are dev, hml, prd"),
    ],
)
def test_wrong_usage_is_one_message(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rehearse_pipeline.main(arguments) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("minute", ["0", "61", "x"])
def test_a_minute_is_no_longer_than_a_minute(
    minute: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        rehearse_pipeline.main(["--env", "dev", "--minute", minute])
    assert ended.value.code == 2
    assert "allowed are 3 to 60 seconds" in capsys.readouterr().err


# --- Faults on broken configurations --------------------------------------------------------------

Change = Callable[[Config], None]


def queues_in_memory(config: Config) -> None:
    for exporter in config["exporters"].values():
        exporter["sending_queue"].pop("storage", None)


def without_retry(config: Config) -> None:
    for name, exporter in config["exporters"].items():
        if name != "load_balancing":
            exporter["retry_on_failure"] = {"enabled": False}


def claims_believed(config: Config) -> None:
    for pipeline in config["service"]["pipelines"].values():
        pipeline["processors"] = [
            processor
            for processor in pipeline["processors"]
            if processor not in ("transform/claims", "resource/stage")
        ]


def labels_not_limited(config: Config) -> None:
    kept = config["service"]["pipelines"]["metrics/kept"]
    kept["processors"].remove("transform/metric_labels")


def short_queues(config: Config) -> None:
    for exporter in config["exporters"].values():
        exporter["sending_queue"] |= {"queue_size": 16 * 1024, "num_consumers": 1}
        exporter["sending_queue"].pop("batch", None)


BROKEN: list[tuple[Callable[..., Any], Change, str]] = [
    (faults.back_end_down, without_retry, "acknowledged items were lost"),
    (faults.killed_under_load, queues_in_memory, "acknowledged items were lost"),
    (faults.slow_back_end, short_queues, "items were refused"),
    (faults.flood_of_label_values, labels_not_limited, "labels that are not on the list arrived"),
    (faults.claims_to_be_another_stage, claims_believed, "written as prd"),
]


def changed(stack: dict[str, Any], change: Change) -> dict[str, Any]:
    """The stack with another configuration of the gateways of dev."""
    values = collectors.gateway_values(stack, "dev")
    config = copy.deepcopy(values["alternateConfig"])
    change(config)
    release = {
        "name": "otel-gateway",
        "namespace": telemetry_namespace("dev"),
        # JSON is YAML; Terraform would unescape what is doubled here.
        "values": [
            json.dumps(values | {"alternateConfig": config})
            .replace("${", "$${")
            .replace("%{", "%%{")
        ],
    }
    return {"resource": {"helm_release": {"gateway": release}}}


@pytest.fixture(scope="module")
def tried(
    otelcol: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Tried]]]:
    """All at the same time: they mostly wait."""
    stack = observability_stack("dev", TODAY)
    bench = Bench(
        settings=load_environment("dev", TODAY),
        stack=stack,
        otelcol=otelcol,
        folder=tmp_path_factory.mktemp("faults"),
        stage="dev",
        minute=4,
    )
    by_function = {fault.run: fault for fault in FAULTS}
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(BROKEN)) as pool:
        # What is lost does not come: waiting for it longer would find no more.
        patch.setattr(faults, "RETRY_SECONDS", 12)
        patch.setattr(faults, "FLOOD", 2000)
        yield {
            change.__name__: pool.submit(
                try_fault,
                by_function[function],
                replace(bench, stack=changed(stack, change), folder=bench.folder / change.__name__),
            )
            for function, change, _ in BROKEN
        }


@pytest.mark.slow
@pytest.mark.parametrize(("name", "says"), [(change.__name__, says) for _, change, says in BROKEN])
def test_a_fault_that_does_harm_is_noticed(
    name: str, says: str, tried: dict[str, Future[Tried]]
) -> None:
    verdict = tried[name].result().verdict
    assert verdict.status == "failed"
    assert says in verdict.detail


@pytest.mark.parametrize(("lost", "status"), [(4, "passed"), (5, "failed")])
def test_no_more_is_lost_than_is_tolerated(lost: int, status: str, tmp_path: Path) -> None:
    happened = faults.Outcome(
        sent=50, acknowledged=50, received=50 - lost, lost=lost, refused=0, detail="", tolerated=4
    )
    bench = Bench(
        settings=load_environment("dev", TODAY),
        stack=observability_stack("dev", TODAY),
        otelcol=tmp_path,
        folder=tmp_path,
        stage="dev",
        minute=4,
    )
    fault = faults.Fault(name="n", promise="p", run=lambda bench, watch: happened)
    assert try_fault(fault, bench).verdict.status == status


def test_memory_above_the_limit_is_noticed() -> None:
    verdicts = Verdicts(lambda line: None)
    memory_stays_below(verdicts, {"a": 99.0, "b": 101.0}, {"a": 100.0, "b": 100.0})
    assert [verdict.status for verdict in verdicts.verdicts] == ["passed", "failed"]


# --- The report -----------------------------------------------------------------------------------


def report_of(*verdicts: Verdict, interrupted: str = "") -> rehearsal_report.Report:
    return rehearsal_report.Report(
        environment="dev",
        began=datetime(2026, 11, 24, tzinfo=UTC),
        seconds=12.3,
        minute=15,
        verdicts=verdicts,
        tried=[],
        readings={
            "gateway dev": [
                Reading(at=at, received=at * 10, sent=0, refused=0, queue=5, memory_mib=90)
                for at in (0.0, 1.0, 2.0)
            ]
        },
        marks=[(1.0, "burst")],
        limits={"gateway dev": 768.0},
        versions=[("loki", "1", "x")],
        substitutions=[Substitution(where="a.b", was="<svc>", now=None, why="no cluster")],
        not_checked=["Grafana: not here"],
        interrupted=interrupted,
    )


def verdict(status: Any, detail: str = "seen") -> Verdict:
    return Verdict(group="traces", name=f"name {status}", status=status, detail=detail, seconds=1)


def test_a_failed_check_is_in_every_form_of_the_report(tmp_path: Path) -> None:
    failing = report_of(
        verdict("passed"), verdict("not checked"), verdict("failed", "<b> & \x1b[31mred")
    )
    assert not failing.passed
    page = rehearsal_report.write(failing, tmp_path).read_text(encoding="utf-8")
    assert "&lt;b&gt; &amp;" in page
    assert "FAILED" in page
    root = ET.fromstring((tmp_path / rehearsal_report.JUNIT).read_text(encoding="utf-8"))
    (failure,) = root.findall(".//failure")
    assert failure.get("message") == "<b> & [31mred"
    assert len(root.findall(".//skipped")) == 1
    data = json.loads((tmp_path / rehearsal_report.DATA).read_text(encoding="utf-8"))
    assert not data["passed"]
    assert data["substitutions"][0]["was"] == "<svc>"


@pytest.mark.parametrize(
    "report", [report_of(), report_of(verdict("passed"), interrupted="it was interrupted")]
)
def test_what_came_to_no_end_has_not_passed(report: rehearsal_report.Report) -> None:
    assert not report.passed


def test_a_counter_that_starts_again_is_no_negative_rate() -> None:
    readings = [
        Reading(at=float(at), received=value, sent=0, refused=0, queue=0, memory_mib=0)
        for at, value in enumerate((0.0, 10.0, 20.0, 3.0, 13.0))
    ]
    times, rates = per_second(readings, "received", 1)
    assert times == [1.0, 2.0, 3.0, 4.0]
    assert rates == [10.0, 10.0, 3.0, 10.0]
    assert per_second(readings, "received", 2)[1][-1] == 6.5


def test_the_clock_of_samples_begins_when_they_do() -> None:
    before = time.monotonic()
    sampler = Sampler({})
    time.sleep(0.05)
    with sampler:
        now = sampler.now
    assert now <= time.monotonic() - before - 0.05
