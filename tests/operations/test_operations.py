"""Before a change AWS is asked: who am I, what is left, what has drifted; here an emulated one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from outcomes import terraform_with
from sample_stacks import sample_foundation
from settings_files import without_examples

from operations import deploy, drift
from operations.account_checks import (
    AwsCheckError,
    Leftover,
    Target,
    check_account,
    find_leftovers,
    read_target,
)
from operations.terraform_stack import Outcome, Plan, Terraform, prepare_terraform
from verification.rehearsal.aws.aws_emulator import AwsEmulator, start_aws_emulator

ACCOUNT = "111122223333"
TARGET = Target(
    account_id=ACCOUNT,
    region="us-east-1",
    project="obs",
    environment="dev",
    cluster_name="obs-dev",
)
TAGS = [{"Key": "Project", "Value": "obs"}, {"Key": "Environment", "Value": "dev"}]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEmulator]:
    with start_aws_emulator(ACCOUNT, tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(autouse=True)
def _asked(emulator: AwsEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)


# --- Account ------------------------------------------------------------------------------------


def test_the_target_is_what_was_synthesized(tmp_path: Path) -> None:
    for stack in ("state", "cluster"):
        folder = tmp_path / "stacks" / stack
        folder.mkdir(parents=True)
        text = json.dumps(sample_foundation().configs["dev"][stack])
        (folder / "cdk.tf.json").write_text(text, encoding="utf-8")
    assert read_target(tmp_path) == TARGET


def test_the_right_account_is_taken() -> None:
    check_account(TARGET)


def test_another_account_is_refused() -> None:
    other = Target(**{**vars(TARGET), "account_id": "444455556666", "environment": "prd"})
    with pytest.raises(AwsCheckError, match=r"Wrong account: .* in 1111\d+, and prd is in 4444"):
        check_account(other)


def test_another_region_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(AwsCheckError, match="Wrong region: AWS_DEFAULT_REGION is eu-west-1"):
        check_account(TARGET)


def test_without_credentials_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    boto3.setup_default_session()
    with pytest.raises(AwsCheckError, match="Log in to account 111122223333"):
        check_account(TARGET)
    boto3.DEFAULT_SESSION = None


# --- Leftovers ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def account(emulator: AwsEmulator) -> dict[str, str]:
    """An account with what controllers leave behind, and beside it what is nobody's business."""
    session = boto3.Session(
        aws_access_key_id=emulator.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=emulator.environment["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=emulator.endpoint_url)

    ec2 = client("ec2")
    ids: dict[str, str] = {}

    def tagged(kind: str, *more: dict[str, str]) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": [*TAGS, *more]}]

    for name, tags in (("ours", tagged("vpc")), ("theirs", [])):
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)[
                "Subnet"
            ]["SubnetId"]
            for n, zone in enumerate(("us-east-1a", "us-east-1b"))
        ]
        group = ec2.create_security_group(
            GroupName="k8s-elb-app", Description="by a controller", VpcId=vpc
        )["GroupId"]
        interface = ec2.create_network_interface(SubnetId=subnets[0])["NetworkInterface"]
        ids |= {f"{name} group": group, f"{name} interface": interface["NetworkInterfaceId"]}
        client("elbv2").create_load_balancer(Name=f"{name}-nlb", Subnets=subnets, Type="network")
        client("elb").create_load_balancer(
            LoadBalancerName=f"{name}-classic",
            Listeners=[{"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 80}],
            Subnets=subnets,
        )
        ec2.create_security_group(
            GroupName="obs-dev-vpc-endpoints",
            Description="by Terraform",
            VpcId=vpc,
            TagSpecifications=tagged("security-group", {"Key": "ManagedBy", "Value": "terraform"}),
        )
    claim = {"Key": "kubernetes.io/created-for/pvc/name", "Value": "data-loki-0"}
    for name, tags in (
        ("ours", [{"Key": "kubernetes.io/cluster/obs-dev", "Value": "owned"}, claim]),
        ("node disk", [{"Key": "kubernetes.io/cluster/obs-dev", "Value": "owned"}]),
        ("theirs", [{"Key": "kubernetes.io/cluster/obs-dev2", "Value": "owned"}, claim]),
    ):
        volume = ec2.create_volume(
            AvailabilityZone="us-east-1a",
            Size=10,
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )
        ids[f"{name} volume"] = volume["VolumeId"]
    return ids


def test_volumes_and_load_balancers_are_found_before_the_cluster_goes(
    account: dict[str, str],
) -> None:
    leftovers = {(leftover.kind, leftover.id) for leftover in find_leftovers(TARGET, "cluster")}
    assert leftovers == {
        ("load balancer", "ours-nlb"),
        ("classic load balancer", "ours-classic"),
        ("volume", account["ours volume"]),
    }


def test_interfaces_and_groups_are_found_before_the_network_goes(account: dict[str, str]) -> None:
    leftovers = {(leftover.kind, leftover.id) for leftover in find_leftovers(TARGET, "network")}
    assert ("network interface", account["ours interface"]) in leftovers
    assert ("network interface", account["theirs interface"]) not in leftovers
    groups = {id_ for kind, id_ in leftovers if kind == "security group"}
    assert account["ours group"] in groups
    assert account["theirs group"] not in groups


def test_other_stacks_have_no_leftovers(account: dict[str, str]) -> None:
    assert find_leftovers(TARGET, "storage") == []


def test_an_account_without_the_environment_has_no_leftovers(account: dict[str, str]) -> None:
    other = Target(**{**vars(TARGET), "project": "other", "cluster_name": "other-dev"})
    assert find_leftovers(other, "cluster") == []
    assert find_leftovers(other, "network") == []


# --- Drift --------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A synthesized project of one stack with one bucket, as cheap as the real ones are not."""
    folder = tmp_path / "cdktf.out" / "dev" / "stacks" / "state"
    folder.mkdir(parents=True)
    (tmp_path / "environments").mkdir()
    settings = tmp_path / "environments" / "dev.yaml"
    settings.write_text(without_examples("dev"), encoding="utf-8")
    state = sample_foundation().configs["dev"]["state"]
    stack = {
        "terraform": {**state["terraform"], "backend": {"local": {"path": "own.tfstate"}}},
        "provider": state["provider"],
        "resource": {
            "aws_s3_bucket": {"bucket": {"bucket": "drifting"}},
            "aws_s3_bucket_public_access_block": {
                "block": {
                    "bucket": "${aws_s3_bucket.bucket.id}",
                    "block_public_acls": True,
                    "block_public_policy": True,
                }
            },
        },
    }
    (folder / "cdk.tf.json").write_text(json.dumps(stack), encoding="utf-8")
    manifest = {"state": {"dependencies": [], "synthesizedStackPath": "stacks/state/cdk.tf.json"}}
    (tmp_path / "cdktf.out" / "dev" / "manifest.json").write_text(
        json.dumps({"stacks": manifest}), encoding="utf-8"
    )
    return tmp_path


@pytest.mark.terraform
def test_drift_is_found_and_named(
    project: Path, emulator: AwsEmulator, capsys: pytest.CaptureFixture[str]
) -> None:
    terraform_with("aws")
    folder = project / "cdktf.out" / "dev" / "stacks" / "state"
    terraform = prepare_terraform(emulator.environment)
    terraform.init(folder)
    assert terraform.apply(folder) is Outcome.APPLIED
    assert terraform.apply(folder) is Outcome.UNCHANGED

    assert drift.main(["--env", "dev"], project) == 0
    assert "none" in capsys.readouterr().out

    s3 = boto3.client("s3", region_name="us-east-1", endpoint_url=emulator.endpoint_url)
    s3.put_public_access_block(
        Bucket="drifting",
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": False,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": False,
            "RestrictPublicBuckets": False,
        },
    )
    assert drift.main(["--env", "dev"], project) == 1
    printed = capsys.readouterr().out
    assert "1 differ" in printed
    assert "update aws_s3_bucket_public_access_block.block" in printed


def test_drift_that_cannot_be_told_is_no_agreement(
    capsys: pytest.CaptureFixture[str],
) -> None:
    drifts = [drift.StackDrift("state"), drift.StackDrift("network", error="no state bucket")]
    assert drift.report("dev", drifts) == 2
    assert "network: no state bucket" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "staging"], "Unknown environment staging"),
        (["--env", "dev", "--stack", "nope"], "Unknown stack nope; choose from state"),
    ],
)
def test_drift_refuses_what_it_does_not_know(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert drift.main(arguments, project) == 2
    assert message in capsys.readouterr().err


# --- In deploy and destroy ----------------------------------------------------------------------


def test_deploy_refuses_another_account_before_anything_else(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "run", lambda *_: pytest.fail("it went on"))

    def wrong(_: Target) -> None:
        raise AwsCheckError("Wrong account: you are elsewhere")

    monkeypatch.setattr(deploy, "check_account", wrong)
    assert deploy.main(["deploy", "--env", "dev", "--yes"], project) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "Wrong account: you are elsewhere"


@pytest.mark.parametrize("leave", [False, True])
def test_destroy_stops_before_leftovers_unless_they_may_stay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], leave: bool
) -> None:
    done: list[str] = []

    def act(_: Terraform, folder: Path, *options: str) -> Iterator[Plan]:
        done.append(folder.name)
        yield Plan(folder, has_changes=False)

    left = {"cluster": [Leftover("volume", "vol-1", "holds the data of claim data-loki-0")]}
    monkeypatch.setattr(Terraform, "init", lambda *_: None)
    monkeypatch.setattr(Terraform, "planned", contextmanager(act))
    monkeypatch.setattr(deploy, "find_leftovers", lambda _, stack: left.get(stack, []))
    order = ("state", "network", "cluster", "storage")
    workspace = deploy.Workspace(Path(), order, Terraform(program=Path(), environment={}))
    request = deploy.Request("destroy", "dev", yes=True, leave=leave)
    status = deploy.run(request, ["storage", "cluster", "network"], workspace, TARGET)
    printed = capsys.readouterr().out
    if leave:
        assert (status, done) == (0, ["storage", "cluster", "network"])
    else:
        assert (status, done) == (1, ["storage"])
        assert "volume vol-1: holds the data of claim data-loki-0" in printed
        assert "--leave" in printed


def test_destroy_stops_when_aws_does_not_say_what_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(*_: object) -> list[Leftover]:
        raise AwsCheckError("AWS could not list leftovers: ExpiredToken")

    monkeypatch.setattr(deploy, "find_leftovers", silent)
    terraform = Terraform(program=Path(), environment={})
    workspace = deploy.Workspace(Path(), ("state", "network", "cluster"), terraform)
    request = deploy.Request("destroy", "dev", yes=True)
    assert deploy.run(request, ["cluster", "network"], workspace, TARGET) == 1
    printed = capsys.readouterr().out
    assert "[1/2] cluster: AWS could not list leftovers: ExpiredToken" in printed
    assert "Not started: network." in printed
