"""Every role may do exactly what its back end calls: tried, and seen to fail when it is not so."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from outcomes import not_checked
from sample_stacks import sample_foundation
from settings_files import REAL_ENVIRONMENTS, real_settings

from docgen import permissions_page
from synthesis.foundation import Foundation, all_settings
from verification.permissions import simulate
from verification.permissions.managed_policies import managed_document
from verification.permissions.permission_matrix import TRIED, Matrix, try_roles
from verification.permissions.simulate import Request, SimulationError, decide, is_installed
from verification.permissions.world import World

SETTINGS = all_settings()
REAL_SETTINGS = {name: real_settings(name) for name in REAL_ENVIRONMENTS}
REVIEWED = Foundation.load(environments=REAL_ENVIRONMENTS)

Statement = dict[str, Any]


@pytest.fixture(autouse=True, scope="module")
def _evaluator() -> None:
    if not is_installed():
        missing = "the evaluator of IAM policies is not installed (`make node_modules`): not tried"
        not_checked(missing)


@pytest.fixture(scope="module")
def matrices() -> list[Matrix]:
    """Of the users' environments."""
    return permissions_page.matrices(REAL_SETTINGS, REVIEWED.configs)


def test_every_role_may_do_its_calls_and_nothing_else(matrices: list[Matrix]) -> None:
    assert [problem for matrix in matrices for problem in matrix.problems] == []


def test_the_page_of_permissions_is_current(matrices: list[Matrix]) -> None:
    assert not permissions_page.stale(permissions_page.render(REAL_SETTINGS, matrices)), (
        "run `make permissions`"
    )


def test_every_kind_of_resource_was_refused_to_every_role(matrices: list[Matrix]) -> None:
    for matrix in matrices:
        world = World(REAL_SETTINGS[matrix.environment], REVIEWED.configs[matrix.environment])
        assert {place.kind for place in world.places} == set(TRIED)
        for role in matrix.roles:
            refused = {trial.place for trial in matrix.trials if trial.role == role} - set(
                matrix.allowed(role)
            )
            assert {"state bucket", "state objects", "state key", "another role"} <= refused
            others = any(place.endswith("of another environment") for place in refused)
            assert others == (len(REAL_ENVIRONMENTS) > 1)


# --- What must be found -------------------------------------------------------------------------


def planted(role: str, change: Callable[[list[Statement]], None]) -> list[str]:
    """Problems of the role after a change of its statements."""
    stacks = copy.deepcopy(sample_foundation().configs["dev"])
    body = stacks["storage"]["resource"]["aws_iam_role_policy"][f"role-{role}_policy"]
    document = json.loads(body["policy"])
    change(document["Statement"])
    body["policy"] = json.dumps(document)
    return list(try_roles(SETTINGS["dev"], stacks, only=[role]).problems)


def on_objects(statements: list[Statement]) -> Statement:
    return next(s for s in statements if str(s["Resource"]).endswith(".arn}/*"))


def test_an_extra_action_is_named() -> None:
    problems = planted("loki", lambda s: on_objects(s)["Action"].append("s3:PutObjectAcl"))
    assert "loki may s3:PutObjectAcl on logs objects, as no call needs" in problems
    assert "loki is allowed s3:PutObjectAcl, which its back end never calls" in problems


def test_an_extra_action_that_is_never_tried_is_named() -> None:
    problems = planted("loki", lambda s: on_objects(s)["Action"].append("s3:RestoreObject"))
    assert problems == ["loki is allowed s3:RestoreObject, which its back end never calls"]


def test_a_missing_action_is_named() -> None:
    problems = planted("tempo", lambda s: on_objects(s)["Action"].remove("s3:PutObject"))
    assert problems == [
        "tempo may not s3:PutObject on traces objects, though its back end calls it"
    ]


def test_a_missing_key_permission_is_named() -> None:
    def change(statements: list[Statement]) -> None:
        statements[:] = [s for s in statements if "kms:Decrypt" not in s["Action"]]

    problems = planted("thanos-reader", change)
    assert problems == [
        "thanos-reader may not kms:Decrypt on data key, though its back end calls it"
    ]


def test_a_wider_resource_is_named() -> None:
    def change(statements: list[Statement]) -> None:
        on_objects(statements)["Resource"] = "arn:aws:s3:::*/*"

    problems = planted("loki", change)
    for bucket in ("metrics", "traces", "backups", "state", "flow logs"):
        assert f"loki may s3:GetObject on {bucket} objects, as no call needs" in problems


def test_a_prefix_without_its_slash_is_named() -> None:
    def change(statements: list[Statement]) -> None:
        statements[0]["Resource"] = statements[0]["Resource"].replace("/prd/*", "/prd*")

    problems = planted("ns-prd", change)
    assert (
        "ns-prd may secretsmanager:GetSecretValue on secrets of prd2, as no call needs" in problems
    )
    assert not any("secrets of dev" in problem for problem in problems)


def test_a_dropped_condition_is_named() -> None:
    def change(statements: list[Statement]) -> None:
        for statement in statements:
            if statement["Action"] in (["ec2:DeleteSnapshot"], ["ec2:CreateTags"]):
                del statement["Condition"]

    problems = planted("velero", change)
    assert "velero may ec2:DeleteSnapshot on other snapshot, as no call needs" in problems
    assert "velero may ec2:CreateTags on other volume, as no call needs" in problems


def test_the_autoscaler_of_one_cluster_is_held_from_another() -> None:
    def change(statements: list[Statement]) -> None:
        for statement in statements:
            statement.pop("Condition", None)

    problems = planted("cluster-autoscaler", change)
    for group in ("group of another cluster", "other group"):
        action = "autoscaling:TerminateInstanceInAutoScalingGroup"
        assert f"cluster-autoscaler may {action} on {group}, as no call needs" in problems


def test_a_bucket_that_takes_plain_http_is_named() -> None:
    stacks = copy.deepcopy(sample_foundation().configs["dev"])
    policy = stacks["storage"]["resource"]["aws_s3_bucket_policy"]["logs_policy"]
    policy["policy"] = policy["policy"].replace("aws:SecureTransport", "aws:Insecure")
    problems = try_roles(SETTINGS["dev"], stacks, only=["loki"]).problems
    assert "loki may s3:GetObject on logs objects without TLS, as no call needs" in problems


def test_a_role_without_calls_is_named() -> None:
    stacks = copy.deepcopy(sample_foundation().configs["dev"])
    roles = stacks["storage"]["resource"]["aws_iam_role"]
    roles["planted"] = {"name": f"{SETTINGS['dev'].prefix}-planted"}
    outcome = try_roles(SETTINGS["dev"], stacks, only=["planted"])
    assert outcome.problems == ("planted is a role for which aws_calls.py has no calls",)


def test_a_missing_role_is_named() -> None:
    stacks = copy.deepcopy(sample_foundation().configs["dev"])
    del stacks["storage"]["resource"]["aws_iam_role"]["role-loki"]
    assert "loki has no role" in try_roles(SETTINGS["dev"], stacks, only=["loki"]).problems


# --- The evaluator ------------------------------------------------------------------------------

ROLE = "arn:aws:iam::111122223333:role/r"


def request(action: str, **statement: object) -> Request:
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"} | statement
    policy = {"Version": "2012-10-17", "Statement": [allow]}
    return Request(
        role_arn=ROLE,
        action=action,
        resource="arn:aws:s3:::bucket/key",
        account_id="111122223333",
        identity_policies=(policy,),
    )


def test_the_evaluator_allows_and_refuses() -> None:
    asked = [
        request("s3:GetObject"),
        request("s3:GetObject", Action="s3:PutObject"),
        request("s3:GetObject", Resource="arn:aws:s3:::other/*"),
        request("s3:GetObject", Effect="Deny"),
    ]
    assert decide(asked) == [True, False, False, False]


def test_an_action_that_aws_does_not_have_is_an_error() -> None:
    with pytest.raises(SimulationError, match="s3:GetObjekt"):
        decide([request("s3:GetObjekt")])


def test_a_missing_evaluator_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "is_installed", lambda: False)
    with pytest.raises(SimulationError, match="make node_modules"):
        decide([request("s3:GetObject")])


def test_the_command_fails_when_a_role_may_too_much(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = Matrix("dev", (), ("loki may s3:DeleteBucket on logs bucket, as no call needs",))
    monkeypatch.setattr(permissions_page, "matrices", lambda *_: [wrong])
    assert permissions_page.main(["--check"]) == 1
    assert "dev: loki may s3:DeleteBucket on logs bucket" in capsys.readouterr().err


def test_an_unknown_managed_policy_is_an_error() -> None:
    with pytest.raises(ValueError, match="NoSuchPolicy"):
        managed_document("arn:aws:iam::aws:policy/NoSuchPolicy")


def test_a_reference_without_an_arn_is_an_error() -> None:
    world = World(SETTINGS["dev"], sample_foundation().configs["dev"])
    with pytest.raises(ValueError, match=r"no ARN for aws_sqs_queue\.q\.arn in storage"):
        world.resolved("storage", '{"a": "${aws_sqs_queue.q.arn}"}')
