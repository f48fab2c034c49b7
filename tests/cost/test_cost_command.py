"""`make cost`: what it prints and writes, its exit codes, and the settings that it proposes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_stacks import sample_foundation
from settings_files import TODAY

from cost import __main__ as command
from cost import inventory
from cost.bill import bill
from cost.estimate import Estimate, estimate
from cost.page import page
from cost.prices import load_prices
from cost.recommend import FLOORS, METRICS_FLOOR, ORDER, SAMPLING_FLOOR, floor, recommend
from cost.settings_diff import changed_paths, unified_diff
from cost.workload import Workload, load_workload, workload_path
from settings.checks import check
from settings.load import environment_names, load_environment, load_settings, settings_folder
from settings.model import Settings
from settings.rewrite import rewritten
from tools.paths import ROOT

PRICES = load_prices("us-east-1")
SETTINGS = {name: load_environment(name, TODAY) for name in environment_names()}
WORKLOADS = {name: load_workload(workload_path(name), SETTINGS[name]) for name in SETTINGS}


def make(environment: str) -> Estimate:
    settings = SETTINGS[environment]
    return estimate(settings, inventory.plan(settings))


@pytest.fixture(autouse=True)
def _planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a synthesis, as tests/cost/test_cost_model.py holds the plan to the stacks; and
    without what was measured, so that a new measurement changes no expectation here."""
    monkeypatch.setattr(command, "_inventory", inventory.plan)
    monkeypatch.setattr("cost.estimate.load_measured", lambda: None)


# --- Settings that fit ----------------------------------------------------------------------------


def busy(environment: str) -> Workload:
    """So many lines and spans that what is stored costs as much as the nodes."""
    workload = WORKLOADS[environment]
    loads = {
        name: load.model_copy(
            update={
                "log_lines_per_second": load.log_lines_per_second * 3,
                "requests_per_second": load.requests_per_second * 2,
            }
        )
        for name, load in workload.namespaces.items()
    }
    return workload.model_copy(update={"namespaces": loads})


def test_what_fits_already_is_left_alone() -> None:
    recommendation = recommend(SETTINGS["prd"], WORKLOADS["prd"], PRICES, 10_000)
    assert recommendation.fits
    assert recommendation.steps == ()
    assert recommendation.settings == SETTINGS["prd"]


@pytest.mark.parametrize("environment", SETTINGS)
@pytest.mark.parametrize("share", [0.99, 0.97, 0.95, 0.9, 0.5])
def test_no_budget_makes_it_go_below_a_floor(environment: str, share: float) -> None:
    before, workload = SETTINGS[environment], busy(environment)
    budget = bill(before, workload, PRICES).total * share
    recommendation = recommend(before, workload, PRICES, budget)
    after = recommendation.settings
    assert recommendation.fits == (recommendation.bill.total <= budget)
    for name, space in after.namespaces.items():
        old = before.namespaces[name]
        for signal in FLOORS:
            days = getattr(space.retention_days, signal)
            assert days >= min(floor(signal, name), getattr(old.retention_days, signal))
        if space.sampling and old.sampling:
            now, then = space.sampling.sampling_percentage, old.sampling.sampling_percentage
            assert now >= min(SAMPLING_FLOOR, then)
            assert space.sampling.slow_trace_ms == old.sampling.slow_trace_ms
    for resolution, least in METRICS_FLOOR.items():
        kept = getattr(after.retention_days.metrics, resolution)
        assert kept >= min(least, getattr(before.retention_days.metrics, resolution))
    assert list(check(after, TODAY)) == []
    assert bill(after, workload, PRICES).total == pytest.approx(recommendation.bill.total)
    assert set(recommendation.bill.shortages) <= set(recommendation.start.shortages)


def test_the_same_budget_gives_the_same_settings() -> None:
    first, second = (recommend(SETTINGS["prd"], busy("prd"), PRICES, 2_150) for _ in range(2))
    assert first.settings == second.settings
    assert first.steps


def test_steps_come_in_the_documented_order_and_each_saves() -> None:
    recommendation = recommend(SETTINGS["prd"], busy("prd"), PRICES, 1)
    assert not recommendation.fits
    worthwhile = [step for step in recommendation.steps if step.saves >= 0.005]
    assert worthwhile == list(recommendation.steps)
    places = [ORDER.index(rule) for rule, _, _ in recommendation.given_up()]
    assert places == sorted(places)
    assert recommendation.bill.total == pytest.approx(
        recommendation.start.total - sum(step.saves for step in recommendation.steps)
    )


def test_production_gives_up_its_logs_last() -> None:
    """A budget between: hml is on Spot, and nothing of production has changed."""
    recommendation = recommend(SETTINGS["prd"], WORKLOADS["prd"], PRICES, 2_200)
    assert recommendation.fits
    assert [value.key for _, values, _ in recommendation.given_up() for value in values] == [
        "hml.node_group.capacity_type"
    ]
    assert recommendation.settings.namespaces["prd"] == SETTINGS["prd"].namespaces["prd"]
    assert "logs of prd" in ORDER[-1].what


def test_a_smaller_size_is_taken_only_where_the_workload_fits_it() -> None:
    settings = SETTINGS["prd"]
    assert recommend(settings, WORKLOADS["prd"], PRICES, 1).settings.size == "medium"
    loads = {
        name: load.model_copy(update={"active_series": 10_000, "log_lines_per_second": 50})
        for name, load in WORKLOADS["prd"].namespaces.items()
    }
    little = WORKLOADS["prd"].model_copy(update={"namespaces": loads})
    # 250 requests/s of 8 spans are more than one gateway of size small takes.
    loads["prd"] = loads["prd"].model_copy(update={"requests_per_second": 20})
    assert recommend(settings, little, PRICES, 1).settings.size == "small"


def test_one_nat_gateway_is_proposed_outside_production_only() -> None:
    network = SETTINGS["dev"].network.model_copy(update={"nat": "per_az"})
    dev = SETTINGS["dev"].model_copy(update={"network": network})
    assert recommend(dev, WORKLOADS["dev"], PRICES, 550).settings.network.nat == "single"
    assert recommend(SETTINGS["prd"], WORKLOADS["prd"], PRICES, 1).settings.network.nat == "per_az"


# --- The diff -------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", SETTINGS)
def test_the_diff_makes_a_file_of_the_proposed_settings(environment: str, tmp_path: Path) -> None:
    before = SETTINGS[environment]
    recommendation = recommend(before, busy(environment), PRICES, 1)
    text = (settings_folder() / f"{environment}.yaml").read_text()
    changed = rewritten(text, changed_paths(before, recommendation.settings))

    file = tmp_path / f"{environment}.yaml"
    file.write_text(changed)
    assert load_settings(file, TODAY) == recommendation.settings
    comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    assert [line.partition("#")[2] for line in changed.splitlines() if "#" in line] == comments
    assert unified_diff(text, changed, "x").startswith("--- a/x\n+++ b/x\n@@")
    assert unified_diff(text, text, "x") == ""


# --- The command ----------------------------------------------------------------------------------


def test_the_bill_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--env", "prd"]) == 0
    out = capsys.readouterr().out
    total = make("prd").bill.total
    assert f"{total:,.2f}" in out
    for words in ("Nodes: observability", "1 GB of logs", "sampling of prd 10 -> 50 %", "Datadog"):
        assert words in out
    assert "not verified in a dated copy" in out
    assert "of the budget of 3,000 USD" in out


def test_a_budget_is_answered_with_a_diff(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--env", "prd", "--budget", "2200"]) == 0
    out = capsys.readouterr().out
    assert "--- a/environments/prd.yaml\n+++ b/environments/prd.yaml\n" in out
    assert "+      capacity_type: SPOT\n" in out
    assert (settings_folder() / "prd.yaml").read_text().count("SPOT") == 1, "nothing is changed"


def test_enough_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--env", "dev", "--budget", "9,000"]) == 0
    assert "The settings already fit the budget." in capsys.readouterr().out


def test_where_nothing_fits_the_floor_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--env", "prd", "--budget", "100"]) == 1
    out = capsys.readouterr().out
    least = recommend(SETTINGS["prd"], WORKLOADS["prd"], PRICES, 100).bill.total
    assert f"Nothing fits 100.00 USD. The floor is {least:,.2f}" in " ".join(out.split())
    assert "--- a/" not in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--env", "qa"], "environment 'qa': no such file"),
        (["--env", "dev", "--budget", "much"], "'much': allowed: US dollars a month"),
        (["--env", "dev", "--budget", "-5"], "'-5': allowed: US dollars a month"),
        (["--env", "dev", "--workload", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["--env", "dev", "--csv", "nowhere/x.csv"], "allowed: a file in an existing folder"),
        (["--env", "dev", "--budget", "5", "--csv", "x.csv"], "--budget: allowed without --csv"),
        ([], "--env"),
    ],
)
def test_a_wrong_argument_ends_with_2_and_one_message(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = command.main(arguments)
    except SystemExit as exit_:
        status = exit_.code
    captured = capsys.readouterr()
    assert status == 2
    assert says in captured.err
    assert captured.out == ""


def test_the_csv_file_adds_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bill.csv"
    assert command.main(["--env", "prd", "--csv", str(file)]) == 0
    assert f"Written: {file}" in capsys.readouterr().out
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert None not in rows[0], "no row is longer than the headings"
    lines = [row for row in rows if row["table"] not in ("Unit", "Change", "Elsewhere")]
    costs = make("prd").bill
    assert len(lines) == len(costs.lines)
    assert sum(float(row["usd"]) for row in lines) == pytest.approx(costs.total, abs=0.01)
    shares = sum(float(row[name]) for row in lines for name in ("metrics", "logs", "traces"))
    assert shares == pytest.approx(costs.telemetry, abs=0.01)
    assert all(row["source"].startswith("https://") for row in lines)
    assert {row["item"] for row in rows if row["table"] == "Elsewhere"} >= {"Datadog"}


class _Reader(HTMLParser):
    """What a page refers to, its text, and whether its elements are closed."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.bars: list[float] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("script", "link", "img", "iframe"):
            self.loads.append(tag)
        if "width:" in (style := attributes.get("style") or ""):
            self.bars.append(float(style.split("width:")[1].split("%")[0]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "bill.html"
    assert command.main(["--env", "prd", "--html", str(file)]) == 0
    text = file.read_text(encoding="utf-8")
    reader = _Reader()
    reader.feed(text)
    assert reader.open == []
    assert reader.loads == []
    assert "url(" not in text
    assert "@import" not in text
    estimate = make("prd")
    assert f"${estimate.bill.total:,.0f}" in reader.text
    for line in estimate.bill.lines:
        assert line.item in reader.text
    assert reader.bars
    assert max(reader.bars) <= 100
    assert min(reader.bars) >= 0


def test_the_page_escapes_what_people_write() -> None:
    estimate = make("dev")
    workload = estimate.workload.model_copy(update={"description": "<script>alert(1)</script>"})
    hostile = Estimate(**{**vars(estimate), "workload": workload})
    assert "<script>" not in page(hostile)


def test_the_model_loads_no_provider_binding() -> None:
    modules = ", ".join(
        f"cost.{file.stem}"
        for file in sorted((ROOT / "cost").glob("*.py"))
        if file.stem != "__init__"
    )
    script = (
        f"import sys, {modules}\n"
        "print(*(name for name in sys.modules if name.split('.')[0].startswith(\n"
        "    ('cdktf', 'jsii', 'constructs', 'aws_cdk', 'stacks'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script.replace("cost.__main__, ", "")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.stderr == ""
    assert done.stdout.split() == []


def test_stacks_are_synthesized_where_they_are_not_those_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    calls = []

    def publish(settings: Settings, folder: Path) -> None:
        calls.append(settings.environment)
        for stack, config in sample_foundation().configs[settings.environment].items():
            target = folder / "stacks" / stack / "cdk.tf.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(config))

    monkeypatch.setattr(command, "publish", publish)
    monkeypatch.setattr(command, "output_folder", lambda _: tmp_path)
    resources = command._inventory(SETTINGS["dev"])
    assert resources == inventory.plan(SETTINGS["dev"])
    command._inventory(SETTINGS["dev"])
    assert calls == ["dev"], "what is there already is taken"

    file = tmp_path / "stacks" / "network" / "cdk.tf.json"
    network = json.loads(file.read_text())
    del network["resource"]["aws_nat_gateway"]
    file.write_text(json.dumps(network))
    command._inventory(SETTINGS["dev"])
    assert calls == ["dev", "dev"], "what is not the settings' is made again"
    assert "Synthesizing environment dev" in capsys.readouterr().err
