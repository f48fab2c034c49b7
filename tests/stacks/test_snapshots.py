"""The committed snapshots are what is synthesized, so that a review of them is a review of it."""

from __future__ import annotations

import difflib
from itertools import islice
from pathlib import Path

import pytest
from settings_files import REAL_ENVIRONMENTS
from stack_files import STACKS

from synthesis.snapshots import SNAPSHOTS, snapshot_files
from synthesis.synth import SynthesizedStack

HINT = "run `make snapshots` and review the diff"
DIFF_LINES = 40
LINE_LENGTH = 200


NAMES = [
    f"{environment}/{file}"
    for environment in REAL_ENVIRONMENTS
    for file in (
        "manifest.json",
        *(f"{stack}{end}" for stack in STACKS for end in (".tf", ".tf.json")),
    )
]


@pytest.fixture(scope="module")
def snapshots(
    real_synthesized: dict[str, dict[str, SynthesizedStack]], real_outdirs: dict[str, Path]
) -> dict[str, str]:
    files: dict[str, str] = {}
    for environment, stacks in real_synthesized.items():
        manifest = (real_outdirs[environment] / "manifest.json").read_text(encoding="utf-8")
        files |= snapshot_files(environment, list(stacks.values()), manifest)
    return files


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_snapshot_is_what_is_synthesized(
    snapshots: dict[str, str], name: str
) -> None:
    expected = snapshots[name]
    path = SNAPSHOTS / name
    if not path.is_file():
        pytest.fail(f"tests/snapshots/{name} is missing: {HINT}", pytrace=False)
    committed = path.read_text(encoding="utf-8")
    if committed != expected:
        difference = difflib.unified_diff(
            committed.splitlines(),
            expected.splitlines(),
            f"tests/snapshots/{name}",
            "synthesized",
            n=2,
            lineterm="",
        )
        lines = "\n".join(line[:LINE_LENGTH] for line in islice(difference, DIFF_LINES))
        pytest.fail(f"tests/snapshots/{name} is out of date: {HINT}\n{lines}", pytrace=False)


def test_every_snapshot_is_compared(snapshots: dict[str, str]) -> None:
    assert set(snapshots) == set(NAMES)


def test_no_snapshot_is_left_of_a_stack_that_is_gone(snapshots: dict[str, str]) -> None:
    committed = {
        str(path.relative_to(SNAPSHOTS)) for path in SNAPSHOTS.rglob("*") if path.is_file()
    }
    assert committed - set(snapshots) == set(), HINT
