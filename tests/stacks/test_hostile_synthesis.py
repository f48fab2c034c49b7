"""A sample of random settings becomes whole Terraform; an interrupted synthesis changes nothing."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from outcomes import terraform_with

from blueprint.stack_names import AWS_STACKS
from settings.load import load_environment
from settings.model import Settings
from synthesis.synth import SynthesizedStack, finish_interrupted
from tools.paths import ROOT
from verification.hostile import hostile_settings
from verification.hostile.hostile_settings import (
    TODAY,
    PromiseBrokenError,
    Run,
    structural_problems,
    synthesize_whole,
    throw,
)

SAMPLE = 60
SYNTHESIZED = 6
"""About a second each; `make hostile` synthesizes more."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("hostile"), most_synthesized=SYNTHESIZED, say=lambda _: None)
    throw(SAMPLE, run, start=7)
    return run


def test_a_sample_of_random_settings_becomes_whole_terraform(run: Run) -> None:
    assert run.broken == []
    assert run.counts["synthesized"] == SYNTHESIZED


@pytest.mark.terraform
def test_terraform_accepts_what_random_settings_become(run: Run, tmp_path: Path) -> None:
    terraform_with("aws")
    _, stacks = run.valid[-1]
    assert hostile_settings.validate(stacks, tmp_path) == list(AWS_STACKS)


@pytest.fixture(scope="module")
def dev() -> Settings:
    return load_environment("dev", TODAY)


def changed(
    stacks: dict[str, SynthesizedStack], name: str, change: Callable[[Any], None]
) -> list[SynthesizedStack]:
    config = stacks[name].config
    change(config)
    planted = SynthesizedStack(name=name, text=json.dumps(config))
    return [planted if stack.name == name else stack for stack in stacks.values()]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c["resource"]["aws_kms_alias"]["key_alias"].update(
                target_key_id="${aws_kms_key.gone.arn}"
            ),
            "aws_kms_key.gone is referred to and not there",
        ),
        (
            lambda c: c["resource"]["aws_kms_key"]["key"].update(description='${file("/x")}'),
            "an expression that is not ours",
        ),
        (
            lambda c: c["resource"]["aws_kms_key"]["key"].update(enable_key_rotation=False),
            "encryption-keys-rotate",
        ),
    ],
    ids=["dangling reference", "injected expression", "broken rule"],
)
def test_what_terraform_or_a_rule_would_refuse_is_found(
    synthesized: dict[str, dict[str, SynthesizedStack]],
    dev: Settings,
    change: Callable[[Any], None],
    message: str,
) -> None:
    assert list(structural_problems(dev, list(synthesized["dev"].values()))) == []
    problems = list(structural_problems(dev, changed(synthesized["dev"], "storage", change)))
    assert any(message in problem for problem in problems), problems


def test_a_crash_of_the_synthesis_is_a_broken_promise(
    dev: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> Any:
        raise KeyError("a construct is wrong")

    monkeypatch.setattr(hostile_settings, "publish", crash)
    with pytest.raises(PromiseBrokenError, match="synthesis: KeyError"):
        synthesize_whole(dev, tmp_path / "dev")


# --- Interrupted --------------------------------------------------------------------------------

PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from settings.load import load_environment
from synthesis.synth import publish
settings = load_environment("dev", date(2026, 11, 24))
if sys.argv[2] == "changed":
    tags = settings.tags.model_copy(update={"owner": "somebody-else"})
    settings = settings.model_copy(update={"tags": tags})
print("ready", flush=True)
publish(settings, Path(sys.argv[1]))
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def start(folder: Path, which: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), which],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output that no synthesis has interrupted; not to be changed."""
    folder = tmp_path_factory.mktemp("published") / "dev"
    assert start(folder, "as it is").wait(600) == 0
    return folder


@pytest.mark.usefixtures("default_interrupt")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=lambda s: s.name)
def test_an_interrupted_synthesis_leaves_whole_files(
    published: Path, stop: signal.Signals, tmp_path: Path
) -> None:
    folder = tmp_path / "dev"
    shutil.copytree(published, folder)
    before = contents(folder)
    moments = random.Random(stop)
    for _ in range(2):
        child = start(folder, "changed")
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        # Anywhere from the start of Node.js to the last file's move.
        time.sleep(moments.uniform(0.0, 2.5))
        child.send_signal(stop)
        child.wait(600)
        child.stdout.close()
        # As every reader does first.
        finish_interrupted(folder)
        after = contents(folder)
        assert after.keys() == before.keys()
        new = b"somebody-else" in after["stacks/state/cdk.tf.json"]
        stacks = [name for name in after if name.endswith((".tf", "cdk.tf.json"))]
        assert [name for name in stacks if (after[name] != before[name]) is not new] == []
        before = after
    done = start(folder, "changed")
    assert done.wait(600) == 0
    assert b"somebody-else" in contents(folder)["stacks/state/cdk.tf.json"]
    # Nothing of the interrupted ones is in the way, nor left for ever.
    assert [path.name for path in tmp_path.iterdir()] == ["dev"]
