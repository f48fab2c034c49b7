"""`cdktf synth` and `cdktf deploy` by hand: the pinned CLI, real Terraform, an emulated AWS."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from outcomes import not_checked, terraform_with

from constructs_lib.jsii_runtime import node_program
from operations.terraform_stack import prepare_terraform
from tools.paths import ROOT
from verification.rehearsal.aws.aws_emulator import AwsEmulator, start_aws_emulator

CLI = ROOT / "node_modules" / "cdktf-cli" / "bundle" / "bin" / "cdktf"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEmulator]:
    with start_aws_emulator("111122223333", tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose cdktf.json is the project's, with this program as its app."""
    config = json.loads((ROOT / "cdktf.json").read_text(encoding="utf-8"))
    python, app = config["app"].split()
    assert (ROOT / python).exists()
    config["app"] = shlex.join([sys.executable, str(ROOT / app)])
    (tmp_path / "cdktf.json").write_text(json.dumps(config), encoding="utf-8")
    return tmp_path


def cdktf(project: Path, emulator: AwsEmulator, *arguments: str) -> str:
    done = subprocess.run(
        [str(node_program()), str(CLI), *arguments],
        cwd=project,
        env={**prepare_terraform(emulator.environment).environment, "ENVIRONMENT": "dev"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.mark.terraform
@pytest.mark.slow
def test_cdktf_synthesizes_deploys_and_destroys_by_hand(
    project: Path, emulator: AwsEmulator
) -> None:
    if not CLI.is_file():
        not_checked("the cdktf CLI is not installed (`make node_modules`): not run by hand")
    terraform_with("aws")
    cdktf(project, emulator, "synth")
    options = (
        *("--skip-synth", "--auto-approve"),
        # A registry would be asked for the hashes of other systems.
        "--skip-provider-lock",
        # One by one, as the CLI initializes all at first, when the bucket of the states is missing;
        # it would refuse one alone for the sake of those that are not named.
        "--ignore-missing-stack-dependencies",
    )
    for stack in ("state", "network"):
        cdktf(project, emulator, "deploy", stack, *options)

    session = boto3.Session("rehearsal", "rehearsal", region_name="us-east-1")
    bucket = "obs-dev-111122223333-us-east-1-tfstate"
    s3 = session.client("s3", endpoint_url=emulator.endpoint_url)
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["dev/network.tfstate"]
    local = project / "terraform-state" / "dev" / "state.tfstate"
    assert json.loads(local.read_text(encoding="utf-8"))["resources"]
    ec2 = session.client("ec2", endpoint_url=emulator.endpoint_url)
    ours = [{"Name": "tag:Project", "Values": ["obs"]}]
    assert len(ec2.describe_vpcs(Filters=ours)["Vpcs"]) == 1

    cdktf(project, emulator, "destroy", "network", *options)
    assert ec2.describe_vpcs(Filters=ours)["Vpcs"] == []


def run_app(folder: Path, environment: str, output: str | None) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "ENVIRONMENT": environment}
    variables.pop("CDKTF_OUTDIR", None)
    if output:
        variables["CDKTF_OUTDIR"] = output
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py")],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("output", ["cdktf.out", "cdktf.out/dev"])
def test_no_environment_is_synthesized_into_the_folder_of_another(
    tmp_path: Path, output: str
) -> None:
    done = run_app(tmp_path, "prd", output)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"The output of prd must not be {output}: each environment has a folder of its own. "
        "Pass --output cdktf.out/prd to cdktf.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_environment_is_synthesized_into_its_own_folder(tmp_path: Path) -> None:
    done = run_app(tmp_path, "dev", None)
    assert done.returncode == 0, done.stderr
    assert "account_id: 111122223333: an example" in done.stderr
    assert (tmp_path / "cdktf.out" / "dev" / "manifest.json").is_file()


def test_the_lock_of_the_cli_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"]["node_modules/cdktf-cli"]["version"] == "0.21.0"
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
