"""The rehearsal of the infrastructure: its verdict, and that each of its checks can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from blueprint.bill_alarms import BUDGET_ALARMS
from blueprint.stack_names import AWS_STACKS
from operations.terraform_stack import TerraformError, prepare_terraform
from settings.load import load_environment
from verification.rehearsal.aws import rehearse_infra
from verification.rehearsal.aws.aws_emulator import AwsEmulator, start_aws_emulator
from verification.rehearsal.aws.infra_checks import (
    CHECKS,
    Applied,
    check_allocation_tags,
    check_budget,
    check_nothing_left,
)
from verification.rehearsal.verdicts import CheckFailedError

SETTINGS = load_environment("dev", date(2026, 11, 24))


@pytest.mark.slow
@pytest.mark.terraform
@pytest.mark.background_rehearsal
def test_dev_is_applied_checked_and_destroyed(background_rehearsal: tuple[int, str]) -> None:
    status, log = background_rehearsal
    assert status == 0, log
    for stack in AWS_STACKS:
        assert f"ok      {stack}: plan and apply" in log
        assert f"ok      check: second plan of {stack} is empty" in log
        assert f"ok      {stack}: destroy" in log
    for check in CHECKS:
        assert f"ok      check: {(check.__doc__ or '').rstrip('.')}" in log
    assert "ok      check: the tags that divide the bill are activated when it has them" in log
    assert "ok      check: nothing is left" in log
    assert "not checked: observability" in log


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEmulator]:
    with start_aws_emulator(SETTINGS.account_id, tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def empty_account(emulator: AwsEmulator) -> Applied:
    session = boto3.Session(
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
        region_name=SETTINGS.region,
    )
    return Applied(
        settings=SETTINGS,
        session=session,
        endpoint_url=emulator.endpoint_url,
        plain_http_url=emulator.plain_http_url,
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_no_check_passes_where_nothing_was_applied(
    empty_account: Applied, check: Callable[[Applied], None]
) -> None:
    with pytest.raises((CheckFailedError, ClientError)):
        check(empty_account)


def test_nothing_left_is_true_of_an_empty_account_only(empty_account: Applied) -> None:
    check_nothing_left(empty_account)
    s3 = empty_account.client("s3")
    s3.create_bucket(Bucket="left-behind")
    with pytest.raises(CheckFailedError, match="left-behind"):
        check_nothing_left(empty_account)
    s3.delete_bucket(Bucket="left-behind")


def test_a_budget_of_which_somebody_does_not_hear_is_found(empty_account: Applied) -> None:
    budgets = empty_account.client("budgets")
    account = {"AccountId": SETTINGS.account_id}
    alarms = [
        {
            "Notification": {
                "NotificationType": alarm.kind,
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": alarm.percent,
                "ThresholdType": "PERCENTAGE",
            },
            "Subscribers": [
                {"SubscriptionType": "EMAIL", "Address": email}
                for email in SETTINGS.alerting.emails
            ],
        }
        for alarm in BUDGET_ALARMS
    ]

    def create(amount: int) -> None:
        budgets.create_budget(
            **account,
            Budget={
                "BudgetName": SETTINGS.prefix,
                "BudgetLimit": {"Amount": str(amount), "Unit": "USD"},
                "TimeUnit": "MONTHLY",
                "BudgetType": "COST",
            },
            NotificationsWithSubscribers=alarms,
        )

    create(SETTINGS.cost.monthly_budget_usd)
    check_budget(empty_account)
    with pytest.raises(CheckFailedError, match="budgets: expected"):
        check_nothing_left(empty_account)
    budgets.delete_budget(**account, BudgetName=SETTINGS.prefix)

    create(SETTINGS.cost.monthly_budget_usd + 1)
    with pytest.raises(CheckFailedError, match="amount of the budget"):
        check_budget(empty_account)
    budgets.delete_budget(**account, BudgetName=SETTINGS.prefix)

    alarms[0]["Subscribers"][0]["Address"] = "nobody@example.com"  # type: ignore[index]
    create(SETTINGS.cost.monthly_budget_usd)
    with pytest.raises(CheckFailedError, match="who hears of ACTUAL 80"):
        check_budget(empty_account)
    budgets.delete_budget(**account, BudgetName=SETTINGS.prefix)


def test_tags_that_are_not_active_are_found(empty_account: Applied) -> None:
    with pytest.raises(CheckFailedError, match="active cost-allocation tags"):
        check_allocation_tags(empty_account)


def test_a_bucket_without_a_policy_takes_plain_http_and_one_with_it_does_not(
    empty_account: Applied,
) -> None:
    plain = empty_account.session.client("s3", endpoint_url=empty_account.plain_http_url)
    plain.create_bucket(Bucket="tls-only")
    plain.put_object(Bucket="tls-only", Key="key", Body=b"")
    plain.put_bucket_policy(
        Bucket="tls-only",
        Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",'
        '"Action":"s3:*","Resource":"arn:aws:s3:::tls-only/*",'
        '"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}',
    )
    with pytest.raises(ClientError, match="403"):
        plain.put_object(Bucket="tls-only", Key="key", Body=b"")
    over_tls = empty_account.client("s3")
    over_tls.put_object(Bucket="tls-only", Key="key", Body=b"")
    over_tls.delete_object(Bucket="tls-only", Key="key")
    over_tls.delete_bucket(Bucket="tls-only")


@pytest.mark.terraform
def test_an_error_of_terraform_is_shown_as_terraform_words_it(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "terraform_data" "x" {\n  colour = "red"\n}\n')
    terraform = prepare_terraform({})
    terraform.init(tmp_path)
    with pytest.raises(TerraformError, match='argument named "colour" is not expected') as caught:
        terraform.validate(tmp_path)
    assert "Traceback" not in str(caught.value)


def test_an_unknown_environment_is_answered_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert rehearse_infra.main(["--env", "qa"]) == 2
    assert "allowed: dev, prd" in capsys.readouterr().err


def test_a_failed_step_ends_with_exit_code_1_and_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CheckFailedError("zones of the private subnets: expected 3, found 2")

    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setattr(rehearse_infra, "rehearse", fail)
    monkeypatch.setattr(
        "verification.rehearsal.aws.rehearse_infra.tempfile.mkdtemp", lambda **_: str(kept)
    )
    assert rehearse_infra.main(["--env", "dev"]) == 1
    err = capsys.readouterr().err
    assert "zones of the private subnets: expected 3, found 2" in err
    assert str(kept) in err
    assert kept.is_dir()
