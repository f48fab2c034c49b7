"""`operations.deploy` with a stand-in for Terraform: order, stops, exit codes and messages."""

from __future__ import annotations

import json
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from settings_files import without_examples

from operations import deploy, terraform_stack
from settings.load import settings_folder
from tools.providers import ProviderSource

ALL = ["state", "network", "cluster", "storage", "observability"]

# Records each call. A file `fail-<command>-<stack>` is printed before it fails, `unchanged-<stack>`
# makes an empty plan. Plans are applied only if they are those of the stack.
STAND_IN = r"""#!/bin/sh
[ "$1" = version ] && { echo "Terraform v1.11.4"; exit 0; }
stack=${PWD##*/}
cd ../../../..
echo "$stack $*" >> calls.log
echo "$TERRAFORM_BINARY_NAME|$TF_CLI_CONFIG_FILE|$CHECKPOINT_DISABLE|$TF_WORKSPACE" >> env.log
for word in "$@"; do case $word in -out=*) plan=${word#-out=} ;; esac; last=$word; done
[ -f "interrupt-$1-$stack" ] && { kill -INT $PPID; kill -INT $PPID; sleep 0.3; }
[ -f "fail-$1-$stack" ] && { cat "fail-$1-$stack"; exit 1; }
case $1 in
init) echo "Terraform has been successfully initialized!" ;;
plan)
    stat -c %a "$plan" "${plan%/*}" >> modes.log
    echo "$plan" >> plans.log
    echo "plan of $stack" > "$plan"
    [ -f "unchanged-$stack" ] && { echo "No changes."; exit 0; }
    printf '\033[1mPlan:\033[0m 1 to add\n'
    exit 2 ;;
apply)
    grep -q "plan of $stack" "$last" || { echo "not the plan of $stack"; exit 1; }
    echo "Apply complete! Resources: 1 added" ;;
esac
"""


@dataclass
class Project:
    """A made-up checkout, with what the stand-in was asked to do."""

    root: Path
    capfd: pytest.CaptureFixture[str]

    def run(self, *argv: str) -> tuple[int, str, str]:
        status = deploy.main(argv, root=self.root)
        printed = self.capfd.readouterr()
        return status, printed.out, printed.err

    def write(self, name: str, text: str = "") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @property
    def calls(self) -> list[str]:
        return self.log("calls.log")

    def log(self, name: str) -> list[str]:
        log = self.root / name
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    @property
    def stacks(self) -> list[str]:
        """What was applied, in order."""
        return [call.split()[0] for call in self.calls if call.split()[1] == "apply"]

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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Project:
    project = Project(tmp_path / "project", capfd)
    for environment in ("dev", "prd"):
        project.write(f"environments/{environment}.yaml", without_examples(environment))
    project.synthesize("dev", ALL)
    project.synthesize("prd", ALL)
    terraform = tmp_path / "terraform"
    terraform.write_text(STAND_IN, encoding="utf-8")
    terraform.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(terraform_stack, "find_source", ProviderSource)
    return project


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
    assert "still depend on state: network, cluster, storage, observability." in out


def test_named_stacks_are_put_in_order(project: Project) -> None:
    named = ["--stack", "storage", "--stack", "network"]
    assert project.run("deploy", "--env", "dev", "--yes", *named)[0] == 0
    assert project.run("destroy", "--env", "dev", "--yes", *named)[0] == 0
    assert project.stacks == ["network", "storage", "storage", "network"]


# --- What Terraform is given ---------------------------------------------------------------------


def test_what_terraform_is_given(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of another project; it would make every stack use another state.
    monkeypatch.setenv("TF_WORKSPACE", "other")
    project.run("plan", "--env", "dev", "--stack", "network")
    project.run("deploy", "--env", "dev", "--yes", "--stack", "network")
    project.run("destroy", "--env", "dev", "--yes", "--stack", "network")
    planned, deployed, destroyed = project.log("plans.log")
    init = "network init -no-color -input=false"
    plan = "network plan -no-color -input=false -detailed-exitcode -out="
    apply = "network apply -no-color -input=false "
    assert project.calls == [
        *(init, plan + planned),
        *(init, plan + deployed, apply + deployed),
        *(init, f"{plan}{destroyed} -destroy", apply + destroyed),
    ]
    assert set(project.log("env.log")) == {f"{tmp_path / 'terraform'}||1|"}


def test_the_provider_mirror_is_passed_on(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    source = ProviderSource(local=(("aws", mirror),))
    monkeypatch.setattr(terraform_stack, "find_source", lambda: source)
    project.run("plan", "--env", "dev", "--stack", "network")
    config = project.log("env.log")[0].split("|")[1]
    assert str(mirror) in Path(config).read_text(encoding="utf-8")


@pytest.mark.parametrize("action", ["plan", "deploy", "destroy"])
def test_a_plan_is_private_and_deleted(project: Project, action: str) -> None:
    project.write("fail-apply-storage")
    project.run(action, "--env", "dev", "--yes")
    modes = project.log("modes.log")
    assert set(modes[::2]) == {"600"}, "it may hold values"
    assert set(modes[1::2]) == {"700"}
    plans = [Path(plan) for plan in project.log("plans.log")]
    assert len(plans) > 1
    assert [plan for plan in plans if plan.exists() or plan.parent.exists()] == []


def test_what_terraform_prints_is_shown(project: Project) -> None:
    _, out, _ = project.run("deploy", "--env", "dev", "--yes", "--stack", "network")
    assert "Terraform has been successfully initialized!" in out
    assert "Apply complete! Resources: 1 added" in out


def test_a_stack_without_changes_is_not_asked_about(project: Project, terminal: None) -> None:
    for stack in ALL:
        project.write(f"unchanged-{stack}")
    status, out, _ = project.run("deploy", "--env", "dev")
    assert (status, project.stacks) == (0, [])
    assert out.count("nothing to change in") == 5
    assert project.run("destroy", "--env", "dev")[0] == 0


# --- Approving ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "applied"), [("yes", True), (" yes ", True), ("y", False), ("no", False), ("", False)]
)
def test_each_stack_is_asked_about(
    project: Project,
    terminal: None,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    applied: bool,
) -> None:
    questions = []

    def answer(question: str) -> str:
        questions.append(question)
        return typed if "network" in question else "yes"

    monkeypatch.setattr("builtins.input", answer)
    status, out, _ = project.run("deploy", "--env", "dev", "--stack", "state", "--stack", "network")
    assert "Deploy state of dev as shown above?" in questions[0]
    if applied:
        assert (status, project.stacks) == (0, ["state", "network"])
    else:
        assert (status, project.stacks) == (1, ["state"])
        assert "network: not approved, so nothing was changed in it." in out


def test_no_answer_is_no_approval(
    project: Project, terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", end)
    assert project.run("deploy", "--env", "dev")[0] == 1
    assert project.stacks == []


def test_ctrl_c_at_the_question_changes_nothing(
    project: Project, terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupt)
    status, out, _ = project.run("deploy", "--env", "dev")
    assert (status, project.stacks) == (130, [])
    assert "[1/5] state: interrupted." in out
    assert not Path(project.log("plans.log")[0]).exists()


# --- Stopping and resuming ----------------------------------------------------------------------


@pytest.mark.parametrize("command", ["init", "plan", "apply"])
def test_stops_at_the_first_failure_and_resumes(project: Project, command: str) -> None:
    project.write(f"fail-{command}-cluster", "Error: no such thing\n")
    status, out, _ = project.run("deploy", "--env", "dev", "--yes")
    assert status == 1
    done = ["state", "network"]
    assert project.stacks == (done if command != "apply" else [*done, "cluster"])
    assert "Error: no such thing" in out
    assert "[3/5] cluster: deploy failed." in out
    assert "Not started: storage, observability." in out
    assert "run the same command again: it resumes" in out

    (project.root / f"fail-{command}-cluster").unlink()
    assert project.run("deploy", "--env", "dev", "--yes")[0] == 0
    assert project.stacks[-5:] == ALL


def test_a_failed_destroy_does_not_go_on_to_what_it_stands_on(project: Project) -> None:
    project.write("fail-apply-storage")
    status, out, _ = project.run("destroy", "--env", "dev", "--yes")
    assert status == 1
    assert project.stacks == ["observability", "storage"]
    assert "Not started: cluster, network." in out


@pytest.mark.parametrize("ends", [0, 1])
def test_ctrl_c_waits_for_terraform_and_goes_no_further(project: Project, ends: int) -> None:
    project.write("interrupt-apply-network")
    if ends == 1:
        project.write("fail-apply-network")
    before = signal.getsignal(signal.SIGINT)
    status, out, err = project.run("deploy", "--env", "dev", "--yes")
    assert (status, project.stacks) == (130, ["state", "network"])
    assert err.count("Interrupted: waiting for Terraform to stop cleanly.") == 1
    assert "[2/5] network: interrupted. Not started: cluster, storage" in out
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    "message",
    [
        "│ Error: Unable to find remote state",
        'Error: S3 bucket "a-very-long-name-of-a-bucket" does not\n│ exist.',
    ],
)
def test_a_plan_explains_a_missing_upstream_and_goes_on(project: Project, message: str) -> None:
    project.write("fail-plan-cluster", f"{message}\n")
    status, out, _ = project.run("plan", "--env", "dev")
    assert status == 1
    assert [call.split()[0] for call in project.calls if " plan " in call] == ALL
    assert "cluster reads the outputs of stacks that are not applied yet" in out
    assert "below it (state, network): `make deploy ENV=dev`" in out


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


def test_a_manifest_that_was_damaged_is_synthesized_again(project: Project) -> None:
    project.write("cdktf.out/dev/manifest.json", '{"stacks": ')
    status, _, err = project.run("deploy", "--env", "dev", "--yes")
    assert status == 2
    assert err.splitlines()[1:] == ["  - cdktf.out/dev/manifest.json is not JSON"]


def test_a_missing_terraform_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform_stack, "find_terraform", lambda: None)
    status, _, err = project.run("plan", "--env", "dev")
    assert status == 2
    assert "run `make terraform`" in err


def test_a_terraform_below_the_minimum_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "terraform").write_text('#!/bin/sh\necho "Terraform v1.9.8"\n', encoding="utf-8")
    status, _, err = project.run("deploy", "--env", "dev", "--yes")
    assert status == 2
    assert "is Terraform 1.9; 1.10 or later is needed" in err
    assert project.calls == []


# --- Examples and warnings ----------------------------------------------------------------------


def with_examples(project: Project) -> None:
    text = (settings_folder() / "dev.yaml").read_text(encoding="utf-8")
    project.write("environments/dev.yaml", text)
    project.synthesize("dev", ALL)


def test_examples_of_the_repository_are_not_deployed(project: Project) -> None:
    with_examples(project)
    status, out, err = project.run("deploy", "--env", "dev", "--yes")
    assert (status, out, project.calls) == (2, "", [])
    refusal = err[err.index("Nothing was deployed") :].splitlines()
    assert refusal[0] == (
        "Nothing was deployed: environments/dev.yaml still has examples. Replace them, "
        "`make synth ENV=dev`, then run the same command again:"
    )
    number = "replace it with the number of your AWS account"
    assert f"  - account_id: 111122223333: an example; {number}" in refusal
    assert any("platform-team@example.com" in line for line in refusal)


@pytest.mark.parametrize("action", ["plan", "destroy"])
def test_examples_may_be_planned_and_destroyed(project: Project, action: str) -> None:
    with_examples(project)
    assert project.run(action, "--env", "dev", "--yes")[0] == 0


@pytest.mark.parametrize(
    ("url", "status"), [("http://127.0.0.1:5000", 0), ("https://aws.acme.com", 2)]
)
def test_an_emulator_takes_examples(
    project: Project, monkeypatch: pytest.MonkeyPatch, url: str, status: int
) -> None:
    with_examples(project)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    done, _, err = project.run("deploy", "--env", "dev", "--yes")
    assert done == status
    assert "111122223333" in err


def test_a_deployment_warns_of_an_api_that_nobody_reaches(project: Project) -> None:
    assert (
        "cluster.endpoint: the Kubernetes API is private"
        in (project.run("deploy", "--env", "dev", "--yes")[2])
    )
    assert project.run("deploy", "--env", "prd", "--yes")[2] == ""


def test_settings_that_became_wrong_are_not_deployed(project: Project) -> None:
    project.write("environments/dev.yaml", "environment: dev\n")
    project.synthesize("dev", ALL)
    status, _, err = project.run("deploy", "--env", "dev", "--yes")
    assert (status, project.calls) == (2, [])
    assert "environments/dev.yaml" in err


# --- Production ---------------------------------------------------------------------------------


@pytest.mark.parametrize("confirm", [[], ["--confirm", "dev"]])
def test_prd_is_not_destroyed_by_yes_alone(project: Project, confirm: list[str]) -> None:
    status, _, err = project.run("destroy", "--env", "prd", "--yes", *confirm)
    assert status == 2
    assert "Nothing was destroyed: prd is protected." in err
    assert project.calls == []


def test_prd_is_destroyed_when_confirmed(project: Project) -> None:
    assert project.run("destroy", "--env", "prd", "--yes", "--confirm", "prd")[0] == 0
    assert len(project.stacks) == 4


@pytest.mark.parametrize(("typed", "status"), [("prd ", 0), ("yes", 2), ("", 2)])
def test_prd_is_destroyed_when_its_name_is_typed(
    project: Project, terminal: None, monkeypatch: pytest.MonkeyPatch, typed: str, status: int
) -> None:
    monkeypatch.setattr("builtins.input", lambda question: typed if "name" in question else "yes")
    assert project.run("destroy", "--env", "prd", "--stack", "network")[0] == status
    assert project.stacks == (["network"] if status == 0 else [])


def test_deploying_prd_asks_for_no_name(project: Project) -> None:
    assert project.run("deploy", "--env", "prd", "--yes")[0] == 0
