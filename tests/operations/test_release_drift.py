"""`make drift` sees what was changed by hand inside a Helm release, or says that it does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from operations import drift, release_drift
from operations.cluster_access import ClusterAccess, ClusterUnavailableError
from operations.drift import StackDrift
from operations.release_drift import ComparisonError, ProgramMissingError, changed_objects
from operations.terraform_stack import Terraform
from tools.programs import ProgramUnavailableError

ACCESS = ClusterAccess("https://cluster", "a PEM", ("aws", "eks", "get-token"))

# As Helm does, for a release whose manifest is in a file of its name.
HELM = r"""#!/bin/sh
[ "$1 $2 $4" = "get manifest --namespace" ] || { echo "got $*" >&2; exit 9; }
[ -f "${0%/*}/$3.manifest" ] || { echo "Error: release: not found" >&2; exit 1; }
cat "${0%/*}/$3.manifest"
"""
# As kubectl does for live objects that are not as the manifest: it runs diff on two folders.
KUBECTL = r"""#!/bin/sh
[ "$*" = "diff --server-side --force-conflicts -f -" ] || { echo "got $*" >&2; exit 9; }
folder=${0%/*}
cp "$KUBECONFIG" "$folder/kubeconfig"
work=$folder/run-$$
mkdir -p "$work/LIVE-123" "$work/MERGED-456"
while read -r object replicas; do
    echo "replicas: $replicas" > "$work/MERGED-456/$object"
    echo "replicas: $(cat "$folder/live-$object")" > "$work/LIVE-123/$object"
done
[ -f "$folder/refused" ] && { cat "$folder/refused" >&2; exit 1; }
cd "$work"
for object in LIVE-123/*; do
    diff=$($KUBECTL_EXTERNAL_DIFF "$work/$object" "$work/MERGED-456/${object#*/}") && continue
    echo "$KUBECTL_EXTERNAL_DIFF $work/$object $work/MERGED-456/${object#*/}"
    echo "$diff"
    code=1
done
exit ${code:-0}
"""
GRAFANA = "apps.v1.Deployment.observability.kps-grafana"
LOKI = "apps.v1.StatefulSet.observability.loki"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with stand-ins, which is the PATH; both objects are as their manifests."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("helm", HELM), ("kubectl", KUBECTL)):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    for name in ("cat", "cp", "mkdir", "diff"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for release, line in (("kps", f"{GRAFANA} 1"), ("loki", f"{LOKI} 3")):
        (folder / f"{release}.manifest").write_text(f"{line}\n", encoding="utf-8")
    (folder / f"live-{GRAFANA}").write_text("1", encoding="utf-8")
    (folder / f"live-{LOKI}").write_text("3", encoding="utf-8")
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / "observability"
    folder.mkdir()
    releases = {name: {"name": name, "namespace": "observability"} for name in ("loki", "kps")}
    config = {"provider": {"kubernetes": [{}]}, "resource": {"helm_release": releases}}
    (folder / "cdk.tf.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_objects_as_their_manifests_are_no_drift(stack: Path, programs: Path) -> None:
    assert changed_objects(stack, ACCESS) == []


def test_a_scaled_deployment_is_named(stack: Path, programs: Path) -> None:
    (programs / f"live-{GRAFANA}").write_text("4", encoding="utf-8")
    assert changed_objects(stack, ACCESS) == [f"{GRAFANA} of release observability/kps"]


def test_the_cluster_is_that_of_the_stack_and_its_namespace_the_default(
    stack: Path, programs: Path
) -> None:
    changed_objects(stack, ACCESS)
    config = json.loads((programs / "kubeconfig").read_text(encoding="utf-8"))
    (cluster,), (user,), (context,) = config["clusters"], config["users"], config["contexts"]
    assert cluster["cluster"]["server"] == "https://cluster"
    assert user["user"]["exec"]["args"] == ["eks", "get-token"]
    assert context["context"]["namespace"] == "observability"
    assert config["current-context"] == context["name"]


def test_a_failure_is_not_taken_for_agreement(stack: Path, programs: Path) -> None:
    # kubectl uses exit code 1 for differences and for some errors.
    (programs / "refused").write_text("error: You must be logged in\n", encoding="utf-8")
    with pytest.raises(ComparisonError, match="release kps: kubectl diff failed: error: You must"):
        changed_objects(stack, ACCESS)
    (programs / "kps.manifest").unlink()
    with pytest.raises(ComparisonError, match="release kps: helm get failed: Error: release: not"):
        changed_objects(stack, ACCESS)


@pytest.mark.parametrize("name", ["kubectl", "diff", "helm"])
def test_a_missing_program_is_named(
    stack: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def not_installed(program: str) -> Path:
        raise ProgramUnavailableError(f"{program} is not installed: run `make setup-dev`")

    monkeypatch.setattr(release_drift, "program", not_installed)
    (programs / name).unlink()
    with pytest.raises(ProgramMissingError, match=f"{name} is not "):
        changed_objects(stack, ACCESS)


# --- The command --------------------------------------------------------------------------------


class PlannedTerraform(Terraform):
    """Makes an empty plan, or one with a changed release."""

    def init(self, folder: Path) -> None: ...

    def run(self, folder: Path, *arguments: str, allowed: Any = (0,)) -> tuple[int, str]:
        changed = (folder / "changed").is_file()
        if arguments[0] == "plan":
            return (2 if changed else 0), ""
        change = {
            "address": "helm_release.loki",
            "mode": "managed",
            "change": {"actions": ["update"]},
        }
        return 0, json.dumps({"resource_changes": [change] if changed else []})


TERRAFORM = PlannedTerraform(program=Path("terraform"), environment={})


@pytest.fixture
def access(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "read_access", lambda *_: ACCESS)


@pytest.mark.parametrize("changed", [False, True])
def test_both_kinds_of_drift_are_reported(
    stack: Path,
    programs: Path,
    access: None,
    capsys: pytest.CaptureFixture[str],
    changed: bool,
) -> None:
    if changed:
        (stack / "changed").touch()
    (programs / f"live-{GRAFANA}").write_text("4", encoding="utf-8")
    assert drift.report("dev", [drift.drift(TERRAFORM, stack)]) == 1
    printed = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert f"{1 + changed} differ" in printed
    assert ("update helm_release.loki" in printed) is changed
    assert f"leave {GRAFANA} of release observability/kps, changed by hand" in printed
    assert "are not seen" not in printed


def test_without_kubectl_it_says_what_is_not_seen_and_how_to_see_it(
    stack: Path, programs: Path, access: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (programs / "kubectl").unlink()
    assert drift.report("dev", [drift.drift(TERRAFORM, stack)]) == 0
    printed = capsys.readouterr().out
    assert "Hand-made changes inside Helm releases are not seen" in printed
    assert "kubectl is not on the PATH" in printed
    assert f"  {release_drift.HOW}\n" in printed


def test_without_access_it_says_so_too(
    stack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> ClusterAccess:
        raise ClusterUnavailableError("stack cluster has no output cluster_endpoint yet")

    monkeypatch.setattr(drift, "read_access", refuse)
    assert drift.report("dev", [drift.drift(TERRAFORM, stack)]) == 0
    assert "not compared here: stack cluster has no output" in capsys.readouterr().out


def test_a_comparison_that_fails_is_no_agreement(
    stack: Path, programs: Path, access: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (programs / "refused").write_text("error: forbidden\n", encoding="utf-8")
    assert drift.report("dev", [drift.drift(TERRAFORM, stack)]) == 2
    assert "release kps: kubectl diff failed: error: forbidden" in capsys.readouterr().err


def test_a_stack_without_a_cluster_needs_no_kubectl(
    stack: Path, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (programs / "kubectl").unlink()
    (stack / "cdk.tf.json").write_text('{"provider": {"aws": [{}]}}', encoding="utf-8")
    assert drift.drift(TERRAFORM, stack) == StackDrift("observability")
    assert drift.report("dev", [StackDrift("observability")]) == 0
    assert "are not seen" not in capsys.readouterr().out
