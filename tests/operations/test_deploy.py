"""`operations.deploy` with a stand-in for the cdktf CLI: order, stops, exit codes and messages."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from operations import deploy
from tools.paths import ROOT
from tools.providers import ProviderSource

ALL = ["state", "network", "cluster", "storage", "observability"]

# Records each call; a file fail-STACK holds the exit code, and decline-STACK is a "Dismiss", after
# which the real CLI exits with 0. It is started as `sh CLI_SCRIPT <command> <stack> ...`.
FAKE_CLI = r"""
echo "$*" >> calls.log
echo "$TERRAFORM_BINARY_NAME|$TF_CLI_CONFIG_FILE|$CHECKPOINT_DISABLE" >> env.log
printf '\033[2K\033[1A\342\240\213  Processing\n1 Stack deploying     0 Stacks done\n\n\n'
[ -f "message-$2" ] && cat "message-$2"
[ -f "interrupt-$2" ] && { kill -INT $PPID; sleep 0.1; }
[ -f "fail-$2" ] && exit "$(cat "fail-$2")"
if [ -f "decline-$2" ]; then echo "Apply cancelled."; exit 0; fi
case $1 in
deploy) echo "Apply complete! Resources: 0 added" ;;
destroy) echo "Destroy complete! Resources: 1 destroyed" ;;
esac
"""


@dataclass
class Project:
    """A made-up checkout, with what the stand-in was asked to do."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *argv: str) -> tuple[int, str, str]:
        status = deploy.main(argv, root=self.root)
        printed = self.capsys.readouterr()
        return status, printed.out, printed.err

    def write(self, name: str, text: str = "") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @property
    def calls(self) -> list[str]:
        log = self.root / "calls.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    @property
    def stacks(self) -> list[str]:
        return [call.split()[1] for call in self.calls]

    def synthesize(self, env: str, stacks: list[str]) -> None:
        manifest = {}
        for name in sorted(stacks):
            path = f"stacks/{name}/cdk.tf.json"
            below = stacks[: stacks.index(name)][-1:]
            manifest[name] = {"dependencies": below, "synthesizedStackPath": path}
            self.write(f"cdktf.out/{env}/{path}", "{}")
        self.write(f"cdktf.out/{env}/manifest.json", json.dumps({"stacks": manifest}))


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Project:
    made = Project(tmp_path / "project", capsys)
    made.write("environments/dev.yaml")
    made.write("environments/prd.yaml")
    made.write(str(deploy.CLI_SCRIPT), FAKE_CLI)
    made.synthesize("dev", ALL)
    made.synthesize("prd", ALL)
    terraform = tmp_path / "terraform"
    terraform.write_text('#!/bin/sh\necho "Terraform v1.11.4"\n', encoding="utf-8")
    terraform.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setattr(deploy, "node_program", lambda: Path("/bin/sh"))
    monkeypatch.setattr(deploy, "find_source", ProviderSource)
    return made


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is a terminal (which the stand-in does not read)."""
    monkeypatch.setattr("sys.stdin", open(os.devnull, encoding="utf-8"))  # noqa: PTH123, SIM115
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)


# --- Order --------------------------------------------------------------------------------------


def test_deploys_in_order_whatever_the_manifests_order(project: Project) -> None:
    status, out, _ = project.run("deploy", "--env", "dev", "--yes")
    assert status == 0
    assert project.stacks == ALL
    assert [re.sub(r"\d+ s$", "N s", line) for line in out.splitlines() if line[0:1] == "["] == [
        line
        for number, name in enumerate(ALL, start=1)
        for line in (f"[{number}/5] {name}: deploy ...", f"[{number}/5] {name}: deployed in N s")
    ]


def test_destroys_in_reverse_order_and_keeps_the_states(project: Project) -> None:
    status, out, _ = project.run("destroy", "--env", "dev", "--yes")
    assert status == 0
    assert project.stacks == ["observability", "storage", "cluster", "network"]
    assert "The state stack stays: its bucket holds the states of the others." in out


def test_the_state_stack_is_destroyed_when_named(project: Project) -> None:
    status, out, _ = project.run("destroy", "--env", "dev", "--yes", "--stack", "state")
    assert status == 0
    assert project.stacks == ["state"]
    assert "stand on state: network, cluster, storage, observability." in out


def test_named_stacks_are_put_in_order(project: Project) -> None:
    named = ["--stack", "storage", "--stack", "network"]
    assert project.run("deploy", "--env", "dev", "--yes", *named)[0] == 0
    assert project.run("destroy", "--env", "dev", "--yes", *named)[0] == 0
    assert project.stacks == ["network", "storage", "storage", "network"]


# --- The command line of the CLI ----------------------------------------------------------------


def test_what_the_cli_is_given(project: Project, tmp_path: Path) -> None:
    project.run("plan", "--env", "dev", "--stack", "network")
    project.run("deploy", "--env", "dev", "--yes", "--stack", "network")
    common = "network --skip-synth --output cdktf.out/dev --skip-provider-lock"
    assert project.calls == [
        f"diff {common}",
        f"deploy {common} --ignore-missing-stack-dependencies --auto-approve",
    ]
    env = (project.root / "env.log").read_text(encoding="utf-8").splitlines()
    assert set(env) == {f"{tmp_path / 'terraform'}||1"}


def test_the_provider_mirror_is_passed_on(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    monkeypatch.setattr(deploy, "find_source", lambda: ProviderSource(local=(("aws", mirror),)))
    project.run("plan", "--env", "dev", "--stack", "network")
    config = (project.root / "env.log").read_text(encoding="utf-8").split("|")[1]
    assert str(mirror) in Path(config).read_text(encoding="utf-8")


def test_the_animation_of_the_cli_is_left_out(project: Project) -> None:
    _, out, _ = project.run("deploy", "--env", "dev", "--yes", "--stack", "network")
    assert "Processing" not in out
    assert "Stack deploying" not in out
    assert "\x1b" not in out
    assert "Apply complete! Resources: 0 added" in out


# --- Stopping and resuming ----------------------------------------------------------------------


def test_stops_at_the_first_failure_and_resumes(project: Project) -> None:
    project.write("fail-cluster", "7")
    status, out, _ = project.run("deploy", "--env", "dev", "--yes")
    assert status == 7
    assert project.stacks == ["state", "network", "cluster"]
    assert "[3/5] cluster: deploy stopped with exit code 7 after" in out
    assert "Not started: storage, observability." in out
    assert "run the same command again: it resumes" in out

    (project.root / "fail-cluster").unlink()
    assert project.run("deploy", "--env", "dev", "--yes")[0] == 0
    assert project.stacks[3:] == ALL


def test_a_failed_destroy_does_not_go_on_to_what_it_stands_on(project: Project) -> None:
    project.write("fail-storage", "1")
    status, out, _ = project.run("destroy", "--env", "dev", "--yes")
    assert status == 1
    assert project.stacks == ["observability", "storage"]
    assert "Not started: cluster, network." in out


def test_a_declined_stack_stops_although_the_cli_exits_with_0(
    project: Project, terminal: None
) -> None:
    project.write("decline-network")
    status, out, _ = project.run("deploy", "--env", "dev")
    assert status == 1
    assert project.stacks == ["state", "network"]
    assert "--auto-approve" not in " ".join(project.calls)
    assert "network: not approved, so nothing was changed in it." in out


def test_ctrl_c_waits_for_terraform_and_goes_no_further(project: Project) -> None:
    project.write("interrupt-network")
    project.write("fail-network", "1")
    status, out, _ = project.run("deploy", "--env", "dev", "--yes")
    assert status == 1
    assert project.stacks == ["state", "network"]
    assert "Interrupted: waiting for Terraform to stop cleanly." in out


@pytest.mark.parametrize(
    "message",
    [
        "│ Error: Unable to find remote state",
        'Error: S3 bucket "a-very-long-name-of-a-bucket" does not\n│ exist.',
    ],
)
def test_a_plan_explains_a_missing_upstream_and_goes_on(project: Project, message: str) -> None:
    project.write("message-cluster", f"{message}\n")
    project.write("fail-cluster", "1")
    status, out, _ = project.run("plan", "--env", "dev")
    assert status == 1
    assert project.stacks == ALL
    assert "cluster reads the outputs of stacks that are not applied yet" in out
    assert "(state, network) first: `make deploy ENV=dev`" in out


# --- Refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["plan", "--env", "qa"], "Unknown environment qa; choose from dev, prd."),
        (
            ["plan", "--env", "dev", "--stack", "vpc"],
            f"Unknown stack vpc; choose from {', '.join(ALL)}.",
        ),
    ],
)
def test_unknown_names_are_answered_with_the_allowed(
    project: Project, argv: list[str], message: str
) -> None:
    assert project.run(*argv) == (2, "", f"{message}\n")
    assert project.calls == []


def test_what_was_not_synthesized_is_listed(project: Project) -> None:
    (project.root / "cdktf.out/dev/manifest.json").unlink()
    status, _, err = project.run("deploy", "--env", "dev", "--yes")
    assert status == 2
    assert err.splitlines() == [
        "Run `make synth ENV=dev` first:",
        "  - cdktf.out/dev/manifest.json is missing",
    ]

    project.synthesize("dev", ALL)
    for stack in ("network", "storage"):
        (project.root / f"cdktf.out/dev/stacks/{stack}/cdk.tf.json").unlink()
    _, _, err = project.run("deploy", "--env", "dev", "--yes")
    assert err.splitlines()[1:] == [
        "  - cdktf.out/dev/stacks/network/cdk.tf.json is missing",
        "  - cdktf.out/dev/stacks/storage/cdk.tf.json is missing",
    ]
    assert project.calls == []


def test_settings_newer_than_the_synthesis_are_refused(project: Project) -> None:
    later = (project.root / "cdktf.out/dev/manifest.json").stat().st_mtime + 10
    os.utime(project.root / "environments/dev.yaml", (later, later))
    status, _, err = project.run("deploy", "--env", "dev", "--yes")
    assert status == 2
    assert "environments/dev.yaml was changed after cdktf.out/dev was written" in err


def test_another_stack_takes_its_place_in_the_manifests_order(project: Project) -> None:
    project.synthesize("dev", [*ALL[:2], "extra", *ALL[2:]])
    assert project.run("destroy", "--env", "dev", "--yes")[0] == 0
    assert project.stacks == ["observability", "storage", "cluster", "extra", "network"]


def test_an_environment_with_deletion_protection_is_not_destroyed_by_yes_alone(
    project: Project,
) -> None:
    project.write("cdktf.out/dev/stacks/state/cdk.tf.json", '{"prevent_destroy": true}')
    status, _, err = project.run("destroy", "--env", "dev", "--yes")
    assert (status, project.calls) == (2, [])
    assert "dev is protected" in err


def test_nobody_to_ask_means_yes_must_be_said(project: Project) -> None:
    status, _, err = project.run("deploy", "--env", "dev")
    assert status == 2
    assert "pass --yes" in err
    assert project.calls == []


def test_a_missing_cli_is_named(project: Project) -> None:
    (project.root / deploy.CLI_SCRIPT).unlink()
    status, _, err = project.run("plan", "--env", "dev")
    assert (status, err) == (2, "The cdktf CLI is not installed: run `make node_modules`.\n")


def test_a_terraform_below_the_minimum_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "terraform").write_text('#!/bin/sh\necho "Terraform v1.9.8"\n', encoding="utf-8")
    status, _, err = project.run("deploy", "--env", "dev", "--yes")
    assert status == 2
    assert "is Terraform 1.9; 1.10 or later is needed" in err
    assert project.calls == []


# --- Production ---------------------------------------------------------------------------------


@pytest.mark.parametrize("confirm", [[], ["--confirm", "dev"]])
def test_prd_is_not_destroyed_by_yes_alone(project: Project, confirm: list[str]) -> None:
    status, _, err = project.run("destroy", "--env", "prd", "--yes", *confirm)
    assert status == 2
    assert "Nothing was destroyed: prd is protected." in err
    assert project.calls == []


def test_prd_is_destroyed_when_confirmed(project: Project) -> None:
    assert project.run("destroy", "--env", "prd", "--yes", "--confirm", "prd")[0] == 0
    assert len(project.calls) == 4


@pytest.mark.parametrize(("typed", "status"), [("prd ", 0), ("yes", 2), ("", 2)])
def test_prd_is_destroyed_when_its_name_is_typed(
    project: Project, terminal: None, monkeypatch: pytest.MonkeyPatch, typed: str, status: int
) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: typed)
    assert project.run("destroy", "--env", "prd", "--stack", "network")[0] == status
    assert len(project.calls) == (1 if status == 0 else 0)


def test_deploying_prd_asks_for_no_name(project: Project) -> None:
    assert project.run("deploy", "--env", "prd", "--yes")[0] == 0


# --- The pinned CLI -----------------------------------------------------------------------------


def test_the_lock_of_the_cli_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"]["node_modules/cdktf-cli"]["version"] == "0.21.0"
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
