"""Whatever a hostile service sends, the gateway lives and its well-behaved neighbour loses nothing.

All cases run at one gateway of the synthesized stack, beside a neighbour that sends all the time.
Then each guard is taken out of the configuration, and the case that it is for must fail.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from outcomes import not_checked

from blueprint.documents import Config
from tools.programs import ProgramUnavailableError, program
from verification.rehearsal.neighbours.fuzz import fuzz
from verification.rehearsal.neighbours.gateway_stage import Change, running_stage
from verification.rehearsal.neighbours.hostile_cases import CASES, Case
from verification.rehearsal.neighbours.hostile_run import Outcome, Report, try_cases
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack

TODAY = date(2026, 11, 24)
PATIENCE = 12
"""Seconds until a broken configuration is known to be broken."""

pytestmark = pytest.mark.slow


def run_cases(
    folder: Path, cases: tuple[Case, ...], change: Change | None = None, **rest: Any
) -> Report:
    with running_stage(
        observability_stack("dev", TODAY),
        "dev",
        folder,
        otelcol=program("otelcol"),
        prometheus=program("prometheus"),
        change=change,
    ) as stage:
        return try_cases(stage, cases, **rest)


@pytest.fixture(scope="module")
def programs() -> None:
    try:
        for name in ("otelcol", "prometheus"):
            program(name)
    except ProgramUnavailableError as error:
        reason = f"not checked: what hostile services do to their neighbours. {error}"
        not_checked(reason)


@pytest.fixture(scope="module")
def report(programs: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    done = run_cases(tmp_path_factory.mktemp("hostile"), CASES)
    return {outcome.case: outcome for outcome in done.outcomes}


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_a_hostile_service_hurts_nobody_else(report: dict[str, Outcome], name: str) -> None:
    assert name in report, f"not tried: the gateway ended after {list(report)[-1]}"
    assert report[name].failures == ()


RANDOM = 200
"""Requests; `make fuzz` sends 2,000."""


def test_random_requests_hurt_nobody(programs: None, tmp_path: Path) -> None:
    statuses = fuzz(tmp_path, RANDOM, number_of_seed=0)
    assert sum(statuses.values()) >= RANDOM
    # Some are messages, and some are not.
    assert statuses[200] > RANDOM // 4
    assert statuses[400] > 0


# --- Each guard, taken out ------------------------------------------------------------------------


def without(*processors: str) -> Change:
    def change(config: Config) -> None:
        for pipeline in config["service"]["pipelines"].values():
            pipeline["processors"] = [p for p in pipeline["processors"] if p not in processors]

    return change


def without_statements(pattern: str) -> Change:
    """Take what matches out of the first transformation."""

    def change(config: Config) -> None:
        for signal in ("trace", "metric", "log"):
            for group in config["processors"]["transform/claims"][f"{signal}_statements"]:
                group["statements"] = [
                    text for text in group["statements"] if not re.search(pattern, text)
                ] or ['set(cache["nothing"], 1)']

    return change


def batches_of_all_senders(config: Config) -> None:
    config["exporters"]["otlp_http/prometheus-0"]["sending_queue"]["batch"] = {
        "flush_timeout": "2s",
        "min_size": 1_000_000,
        "max_size": 3_000_000,
    }


def large_bodies(config: Config) -> None:
    config["receivers"]["otlp"]["protocols"]["http"]["max_request_body_size"] = 64 * 1024 * 1024


def patient_reading(config: Config) -> None:
    http = config["receivers"]["otlp"]["protocols"]["http"]
    http |= {"read_timeout": "60s", "read_header_timeout": "60s"}


def boundless_rooms(config: Config) -> None:
    config["connectors"]["span_metrics"]["aggregation_cardinality_limit"] = 0


BROKEN: dict[str, tuple[Change, str]] = {
    "batches of all senders": (batches_of_all_senders, "A5 buckets that are no sum"),
    "nothing marked": (without("transform/refused"), "A1 delta sum"),
    "nothing dropped": (without("filter/refused"), "A14 names of the platform"),
    "names as they come": (without("transform/span_names"), "A7 random words"),
    "every kind of span counted": (without("filter/counted"), "A11 internal spans"),
    "rooms without bounds": (boundless_rooms, "A12 20,000 services"),
    "large bodies": (large_bodies, "A15 18 MiB of nested arrays"),
    "attributes as they come": (
        without_statements("^truncate_all|^limit"),
        "A19 large log records",
    ),
    "spans as they come": (without_statements("span[.]attributes"), "A17 100,000 attributes"),
    "patient reading": (patient_reading, "A18 3,000 bodies sent half"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_without_its_guard_the_case_fails(programs: None, tmp_path: Path, name: str) -> None:
    change, case = BROKEN[name]
    cases = tuple(attempt for attempt in CASES if attempt.name == case)
    assert cases
    assert run_cases(tmp_path, cases, change, patience=PATIENCE).failures
