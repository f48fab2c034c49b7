"""The load test on real collectors: small loads are counted right and nothing is lost.

No test here looks at a time or a rate: the computer may be busy.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest
from outcomes import not_checked

from blueprint.documents import Config
from tools.programs import ProgramUnavailableError, program
from verification.load import __main__ as command
from verification.load import load_generator, load_payloads, load_trial
from verification.load.load_model import SIGNALS
from verification.load.load_pipelines import Bench, Cores, bench, started_config, started_counter
from verification.rehearsal.pipeline import collectors

TODAY = date.today()
"""As the command has it, so that both share one synthesis."""

ITEMS = 6_000

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _same_processors_afterwards() -> Iterator[None]:
    process = psutil.Process()
    if not hasattr(process, "cpu_affinity"):
        yield
        return
    before = process.cpu_affinity()
    yield
    process.cpu_affinity(before)


@pytest.fixture(scope="module")
def otelcol() -> Path:
    try:
        return program("otelcol")
    except ProgramUnavailableError as error:
        reason = f"not checked: what a gateway does under load. {error}"
        not_checked(reason)


@pytest.fixture
def prd(otelcol: Path, tmp_path: Path) -> Bench:
    return bench(otelcol, tmp_path, "prd", "prd", TODAY)


def test_a_quick_run_counts_every_item_and_loses_none(
    otelcol: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = command.main(["--quick", "--seconds", "1", "--report", str(tmp_path)])

    data = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    steps = [step for signal in SIGNALS for step in data["signals"][signal]["steps"]]
    assert len(steps) >= len(SIGNALS)
    for step in steps:
        assert step["lost"] == 0, step
        assert step["acknowledged"] > 0, step
        assert step["arrived"] + step["sampled_out"] >= step["acknowledged"], step
        assert step["cpu_seconds"] > 0, step
        assert step["memory_mib"] > 0, step
    decided = [s for s in steps if s["signal"] == "traces" and s["pipeline"] == "gateway"]
    assert all(step["sampled_out"] > 0 for step in decided)
    assert (tmp_path / "index.html").stat().st_size > 10_000
    # One load each cannot say where the limit is, and the command says so.
    assert status == 1
    assert "is unknown" in capsys.readouterr().out


def send_large_spans(prd: Bench, config: Config) -> tuple[int, int]:
    """Spans of more than a KiB, all of them kept: how many were acknowledged, and arrived."""
    large = copy.deepcopy(config)
    sampling = large["processors"]["tail_sampling"]
    sampling["decision_wait"] = "1s"
    sampling["policies"] = [{"name": "all", "type": "always_sample"}]
    requests = load_payloads.payloads("traces", 10, text=1_000)
    with (
        started_counter(prd) as back_end,
        started_config(prd, large, "large", back_end) as gateway,
    ):
        url = gateway.url(collectors.OTLP_HTTP)
        answers = load_generator.send(url, "traces", requests, ITEMS, seconds=1)
        rig = load_trial.Rig(bench=prd, pipeline="gateway", collector=gateway, back_end=back_end)
        nothing = load_trial.Counts(arrived=0, sampled_out=0)
        _, counts = load_trial.drained(
            rig, "traces", nothing, answers.acknowledged, hold=4, overdue=6
        )
    return answers.acknowledged, counts.arrived


def test_large_spans_are_split_into_what_a_back_end_takes(prd: Bench) -> None:
    acknowledged, arrived = send_large_spans(prd, prd.gateway)
    assert acknowledged > 0
    assert arrived == acknowledged


def test_batches_of_too_many_spans_are_lost_and_that_is_noticed(prd: Bench) -> None:
    config = copy.deepcopy(prd.gateway)
    batch = config["exporters"]["otlp_grpc/tempo"]["sending_queue"]["batch"]
    batch |= {"sizer": "items", "min_size": 5_000, "max_size": 8_192}
    acknowledged, arrived = send_large_spans(prd, config)
    assert arrived < acknowledged


def test_collectors_are_kept_on_different_processors() -> None:
    process: Any = psutil.Process()
    if not hasattr(process, "cpu_affinity") or len(process.cpu_affinity()) < 2:
        assert Cores.of_this_computer() == Cores()
        return
    cores = Cores.of_this_computer()
    assert cores.measured is not None
    assert cores.measured != cores.rest
