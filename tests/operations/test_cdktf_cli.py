"""Deploy and destroy with the real, pinned cdktf CLI and real Terraform, without any provider."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from outcomes import not_checked, terraform_with

from operations import deploy
from tools.paths import ROOT

STACKS = ("state", "network")

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _cli_is_installed() -> None:
    if not (ROOT / deploy.CLI_SCRIPT).is_file():
        missing = "the cdktf CLI is not installed (`make node_modules`): not run with the real one"
        not_checked(missing)
    terraform_with()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two stacks that `make synth` could have written; each holds one value."""
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").touch()
    (tmp_path / "cdktf.json").write_bytes((ROOT / "cdktf.json").read_bytes())
    output = tmp_path / "cdktf.out" / "dev"
    manifest: dict[str, object] = {}
    for index, name in enumerate(STACKS):
        folder = output / "stacks" / name
        folder.mkdir(parents=True)
        stack = {
            "//": {"metadata": {"backend": "local", "stackName": name, "version": "0.21.0"}},
            "terraform": {"backend": {"local": {"path": f"../../../../{name}.tfstate"}}},
            "resource": {"terraform_data": {"value": {"input": name}}},
            "output": {"value": {"value": "${terraform_data.value.output}"}},
        }
        (folder / "cdk.tf.json").write_text(json.dumps(stack), encoding="utf-8")
        manifest[name] = {
            "annotations": [],
            "constructPath": name,
            "dependencies": list(STACKS[:index]),
            "name": name,
            "stackMetadataPath": f"stacks/{name}/metadata.json",
            "synthesizedStackPath": f"stacks/{name}/cdk.tf.json",
            "workingDirectory": f"stacks/{name}",
        }
    (output / "manifest.json").write_text(
        json.dumps({"stacks": manifest, "version": "0.21.0"}), encoding="utf-8"
    )
    return tmp_path


def resources(project: Path, stack: str) -> list[str]:
    state = json.loads((project / f"{stack}.tfstate").read_text(encoding="utf-8"))
    return [resource["type"] for resource in state["resources"]]


def test_stacks_are_planned_deployed_and_destroyed(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert deploy.main(["plan", "--env", "dev", "--stack", "state"], project) == 0
    assert "terraform_data.value will be created" in capfd.readouterr().out
    assert not (project / "state.tfstate").exists()

    assert deploy.main(["deploy", "--env", "dev", "--yes"], project) == 0
    assert [resources(project, stack) for stack in STACKS] == [["terraform_data"]] * 2

    assert deploy.main(["destroy", "--env", "dev", "--yes"], project) == 0
    assert resources(project, "network") == []
    assert resources(project, "state") == ["terraform_data"], "it holds the others' states"
