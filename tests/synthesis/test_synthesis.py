"""A synthesis puts whole stacks in place, or nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from settings.load import load_environment
from settings.model import Settings
from synthesis import synth
from synthesis.synth import SynthesizedStack, deployment_order, output_folder, publish
from tools.paths import ROOT


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_environment("dev", date(2026, 11, 24))


class Synthesizer:
    """Stands in for cdktf: writes the named stacks as cdktf lays them out."""

    def __init__(self, *names: str, version: int = 1) -> None:
        self.names = names
        self.version = version
        self.outdirs: list[Path] = []

    def __call__(self, settings: Settings, outdir: Path) -> list[SynthesizedStack]:
        assert list(outdir.iterdir()) == [], "the scratch folder is not empty"
        self.outdirs.append(outdir)
        (outdir / "manifest.json").write_text(f'{{"version": {self.version}}}', encoding="utf-8")
        stacks = []
        for name in self.names:
            text = json.dumps({"terraform": {}, "locals": {"version": self.version}})
            folder = outdir / "stacks" / name
            folder.mkdir(parents=True)
            (folder / "cdk.tf.json").write_text(text, encoding="utf-8")
            stacks.append(SynthesizedStack(name=name, text=text))
        return stacks


class BreaksOff(Synthesizer):
    """Stands in for a construct that raises when half of the stacks are written."""

    def __call__(self, settings: Settings, outdir: Path) -> list[SynthesizedStack]:
        super().__call__(settings, outdir)
        raise ValueError("a construct is wrong")


class Unreadable(Synthesizer):
    """Stands in for a stack that cannot be shown as HCL."""

    def __call__(self, settings: Settings, outdir: Path) -> list[SynthesizedStack]:
        first, *_ = super().__call__(settings, outdir)
        return [first, SynthesizedStack(name="broken", text='{"terraform": {}, "moved": []}')]


def use(monkeypatch: pytest.MonkeyPatch, synthesizer: Synthesizer) -> Synthesizer:
    monkeypatch.setattr(synth, "synthesize", synthesizer)
    return synthesizer


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- Order --------------------------------------------------------------------------------------


def manifest(**dependencies: list[str]) -> dict[str, Any]:
    return {"stacks": {name: {"dependencies": names} for name, names in dependencies.items()}}


def test_each_stack_comes_after_those_it_depends_on() -> None:
    chain = manifest(a=["b"], b=["c"], c=[], d=["a"])
    assert deployment_order(chain) == ["c", "b", "a", "d"]


def test_stacks_that_share_a_dependency_come_once_and_in_a_fixed_order() -> None:
    diamond = manifest(top=["right", "left"], right=["base"], left=["base"], base=[])
    order = deployment_order(diamond)
    assert sorted(order) == sorted(diamond["stacks"])
    assert order[0] == "base"
    assert order[-1] == "top"
    reordered = {"stacks": dict(reversed(diamond["stacks"].items()))}
    assert deployment_order(reordered) == order


# --- Publishing ---------------------------------------------------------------------------------


def test_json_for_terraform_and_hcl_for_people_are_written_apart(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Synthesizer("network", "cluster"))
    folder = tmp_path / "out" / "dev"
    stacks = publish(settings, folder)
    assert [stack.name for stack in stacks] == ["network", "cluster"]
    # Side by side, Terraform would read both.
    assert sorted(contents(folder)) == [
        "hcl/cluster.tf",
        "hcl/network.tf",
        "manifest.json",
        "stacks/cluster/cdk.tf.json",
        "stacks/network/cdk.tf.json",
    ]


def test_what_terraform_keeps_beside_a_stack_stays(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Synthesizer("network"))
    publish(settings, tmp_path / "dev")
    kept = {
        "stacks/network/.terraform/terraform.tfstate": "which backend",
        "stacks/network/.terraform.lock.hcl": "which providers",
    }
    for name, text in kept.items():
        path = tmp_path / "dev" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    use(monkeypatch, Synthesizer("network", version=2))
    publish(settings, tmp_path / "dev")
    files = contents(tmp_path / "dev")
    assert kept.items() <= files.items()
    assert '"version": 2' in files["stacks/network/cdk.tf.json"]
    assert "version = 2" in files["hcl/network.tf"]


def test_a_stack_that_is_no_longer_synthesized_is_removed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Synthesizer("network", "old"))
    publish(settings, tmp_path / "dev")
    use(monkeypatch, Synthesizer("network"))
    publish(settings, tmp_path / "dev")
    assert sorted(contents(tmp_path / "dev")) == [
        "hcl/network.tf",
        "manifest.json",
        "stacks/network/cdk.tf.json",
    ]


@pytest.mark.parametrize(
    ("failing", "message"),
    [
        (BreaksOff("network", "new", version=2), "a construct is wrong"),
        (Unreadable("network", version=2), "no HCL for moved"),
    ],
    ids=["synthesis", "rendering"],
)
def test_a_failure_leaves_the_previous_output_whole(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: Synthesizer,
    message: str,
) -> None:
    use(monkeypatch, Synthesizer("network", "cluster"))
    publish(settings, tmp_path / "dev")
    before = contents(tmp_path)
    use(monkeypatch, failing)
    with pytest.raises(ValueError, match=message):
        publish(settings, tmp_path / "dev")
    assert contents(tmp_path) == before


def test_nothing_is_left_where_there_was_nothing_when_the_first_synthesis_fails(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, BreaksOff("network"))
    with pytest.raises(ValueError, match="a construct is wrong"):
        publish(settings, tmp_path / "dev")
    assert list(tmp_path.iterdir()) == []


def test_stacks_are_written_aside_on_the_same_file_system_and_the_scratch_folder_goes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesizer = use(monkeypatch, Synthesizer("network"))
    publish(settings, tmp_path / "dev")
    (scratch,) = synthesizer.outdirs
    # Moving a file is atomic only within a file system.
    assert scratch.parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["dev"]


class Killed(BaseException):
    """Stands in for the end of the process: nothing catches it."""


@pytest.mark.parametrize("moves", range(5))
def test_a_kill_between_two_moves_is_finished_by_whoever_comes_next(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    use(monkeypatch, Synthesizer("network", "old"))
    publish(settings, tmp_path / "dev")
    done: list[Path] = []
    move = synth._move

    def move_some(source: Path, target: Path) -> None:
        if len(done) == moves:
            raise Killed
        done.append(target)
        move(source, target)

    use(monkeypatch, Synthesizer("network", "cluster", version=2))
    monkeypatch.setattr(synth, "_move", move_some)
    with pytest.raises(Killed):
        publish(settings, tmp_path / "dev")
    monkeypatch.setattr(synth, "_move", move)
    synth.finish_interrupted(tmp_path / "dev")
    files = contents(tmp_path)
    assert len(files) >= 5
    for name in ("manifest.json", "stacks/network/cdk.tf.json", "stacks/cluster/cdk.tf.json"):
        assert '"version": 2' in files[f"dev/{name}"]
    assert [path.name for path in tmp_path.iterdir()] == ["dev"]


def test_what_a_killed_synthesis_left_is_removed_by_the_next(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import pathlib, sys; from synthesis import synth;"
        "scratch = synth._scratch_beside(pathlib.Path(sys.argv[1]));"
        "print(scratch.__enter__().name, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "dev")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        held = other.stdout.readline().strip()
        use(monkeypatch, Synthesizer("network"))
        try:
            publish(settings, tmp_path / "dev")
            assert {path.name for path in tmp_path.iterdir()} == {"dev", held}
        finally:
            other.kill()
    # Its process id may be that of another process by now: what counts is that nobody holds it.
    assert (tmp_path / held).is_dir()
    publish(settings, tmp_path / "dev")
    assert [path.name for path in tmp_path.iterdir()] == ["dev"]


def test_each_environment_has_a_folder_of_its_own() -> None:
    # Terraform keeps the backend that it was initialized with beside the stack.
    assert output_folder("dev") != output_folder("prd")
    assert output_folder("dev").is_relative_to(synth.OUTPUT)


def test_a_stack_is_read_as_json_and_as_hcl() -> None:
    stack = SynthesizedStack(name="a", text='{"terraform": {}, "locals": {"x": 1}}')
    assert stack.config["locals"] == {"x": 1}
    assert stack.hcl.endswith("locals {\n  x = 1\n}\n")
