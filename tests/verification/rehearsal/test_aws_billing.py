"""What the emulator answers for AWS Budgets and Cost Explorer where moto does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from verification.rehearsal.aws.aws_emulator import AwsEmulator, start_aws_emulator

ACCOUNT = "111122223333"
EMAIL = {"Type": "EMAIL", "Address": "a@example.com"}
THRESHOLD = {
    "Dimensions": {
        "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
        "Values": ["50"],
        "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
    }
}
NOTIFICATION = {
    "NotificationType": "FORECASTED",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 100.0,
    "ThresholdType": "PERCENTAGE",
}
SUBSCRIBER = {"SubscriptionType": "EMAIL", "Address": "a@example.com"}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEmulator]:
    with start_aws_emulator(ACCOUNT, tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="module")
def client(emulator: AwsEmulator) -> Callable[[str], Any]:
    session = boto3.session.Session(
        aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal", region_name="us-east-1"
    )
    # Parameters reach the emulator as they are: that it checks them itself is what is tested.
    config = Config(retries={"total_max_attempts": 1}, proxies={}, parameter_validation=False)
    return lambda service: session.client(
        service, endpoint_url=emulator.endpoint_url, config=config
    )


@pytest.fixture
def budget(client: Callable[[str], Any]) -> Iterator[dict[str, str]]:
    name = {"AccountId": ACCOUNT, "BudgetName": "b"}
    client("budgets").create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": "b",
            "BudgetLimit": {"Amount": "10", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
        NotificationsWithSubscribers=[{"Notification": NOTIFICATION, "Subscribers": [SUBSCRIBER]}],
        ResourceTags=[{"Key": "Owner", "Value": "x"}],
    )
    yield name
    client("budgets").delete_budget(**name)


@pytest.fixture
def monitor(client: Callable[[str], Any]) -> Iterator[str]:
    arn: str = client("ce").create_anomaly_monitor(
        AnomalyMonitor={
            "MonitorName": "m", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE",
        },
        ResourceTags=[{"Key": "Owner", "Value": "x"}],
    )["MonitorArn"]  # fmt: skip
    yield arn
    client("ce").delete_anomaly_monitor(MonitorArn=arn)


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_the_subscribers_of_a_budget_can_be_asked_for(
    client: Callable[[str], Any], budget: dict[str, str]
) -> None:
    budgets = client("budgets")
    answer = budgets.describe_subscribers_for_notification(**budget, Notification=NOTIFICATION)
    assert answer["Subscribers"] == [SUBSCRIBER]
    with pytest.raises(ClientError) as caught:
        budgets.describe_subscribers_for_notification(
            **budget, Notification={**NOTIFICATION, "Threshold": 80.0}
        )
    assert code(caught) == "NotFoundException"


def test_the_amount_of_a_budget_can_be_changed(
    client: Callable[[str], Any], budget: dict[str, str]
) -> None:
    budgets = client("budgets")
    new = {
        "BudgetName": "b",
        "BudgetLimit": {"Amount": "20", "Unit": "USD"},
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
    }
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=new)
    assert budgets.describe_budget(**budget)["Budget"]["BudgetLimit"]["Amount"] == "20"
    assert budgets.describe_notifications_for_budget(**budget)["Notifications"] == [NOTIFICATION]
    with pytest.raises(ClientError) as caught:
        budgets.update_budget(AccountId=ACCOUNT, NewBudget={**new, "BudgetName": "c"})
    assert code(caught) == "NotFoundException"


def test_a_request_without_what_it_needs_is_refused(client: Callable[[str], Any]) -> None:
    with pytest.raises(ClientError, match="NewBudget") as caught:
        client("budgets").update_budget(AccountId=ACCOUNT)
    assert code(caught) == "InvalidParameterException"
    with pytest.raises(ClientError, match="MonitorName") as caught:
        client("ce").create_anomaly_monitor(AnomalyMonitor={"MonitorType": "CUSTOM"})
    assert code(caught) == "ValidationException"


def test_tags_of_a_budget(client: Callable[[str], Any], budget: dict[str, str]) -> None:
    budgets = client("budgets")
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/{budget['BudgetName']}"
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "Team", "Value": "y"}])
    tags = [{"Key": "Owner", "Value": "x"}, {"Key": "Team", "Value": "y"}]
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == tags
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["Owner"])
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == tags[1:]


def test_an_account_has_one_monitor_of_all_services(
    client: Callable[[str], Any], monitor: str
) -> None:
    ce = client("ce")
    with pytest.raises(ClientError, match="Limit exceeded on dimensional spend monitor creation"):
        ce.create_anomaly_monitor(
            AnomalyMonitor={
                "MonitorName": "another",
                "MonitorType": "DIMENSIONAL",
                "MonitorDimension": "SERVICE",
            }
        )
    ce.update_anomaly_monitor(MonitorArn=monitor, MonitorName="renamed")
    (body,) = ce.get_anomaly_monitors(MonitorArnList=[monitor])["AnomalyMonitors"]
    assert (body["MonitorName"], body["MonitorDimension"]) == ("renamed", "SERVICE")
    tags = ce.list_tags_for_resource(ResourceArn=monitor)["ResourceTags"]
    assert tags == [{"Key": "Owner", "Value": "x"}]


def test_a_subscription_needs_a_monitor_and_the_frequency_of_its_subscribers(
    client: Callable[[str], Any], monitor: str
) -> None:
    ce = client("ce")
    subscription = {
        "SubscriptionName": "s",
        "MonitorArnList": [monitor],
        "Subscribers": [EMAIL],
        "Frequency": "DAILY",
        "ThresholdExpression": THRESHOLD,
    }
    for change, expected in (
        ({"MonitorArnList": [monitor[:-1] + "x"]}, "UnknownMonitorException"),
        ({"Frequency": "IMMEDIATE"}, "ValidationException"),
        ({"Subscribers": [{"Type": "SNS", "Address": "arn:aws:sns:x"}]}, "ValidationException"),
    ):
        with pytest.raises(ClientError) as caught:
            ce.create_anomaly_subscription(AnomalySubscription={**subscription, **change})
        assert code(caught) == expected
    arn = ce.create_anomaly_subscription(AnomalySubscription=subscription)["SubscriptionArn"]
    ce.update_anomaly_subscription(SubscriptionArn=arn, Frequency="WEEKLY")
    (body,) = ce.get_anomaly_subscriptions(MonitorArn=monitor)["AnomalySubscriptions"]
    assert (body["SubscriptionArn"], body["Frequency"]) == (arn, "WEEKLY")
    ce.delete_anomaly_subscription(SubscriptionArn=arn)
    assert ce.get_anomaly_subscriptions()["AnomalySubscriptions"] == []
    with pytest.raises(ClientError) as caught:
        ce.delete_anomaly_subscription(SubscriptionArn=arn)
    assert code(caught) == "UnknownSubscriptionException"


def test_a_tag_is_activated_only_when_something_that_is_billed_has_it(
    client: Callable[[str], Any],
) -> None:
    ce, kms = client("ce"), client("kms")
    tags = [{"TagKey": "CostCenter", "Status": "Active"}]
    answer = ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=tags)
    assert [error["TagKey"] for error in answer["Errors"]] == ["CostCenter"]
    assert ce.list_cost_allocation_tags()["CostAllocationTags"] == []

    kms.create_key(Tags=[{"TagKey": "CostCenter", "TagValue": "x"}])
    answer = ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=tags)
    assert answer["Errors"] == []
    (tag,) = ce.list_cost_allocation_tags(Status="Active")["CostAllocationTags"]
    assert tag["TagKey"] == "CostCenter"
    ce.update_cost_allocation_tags_status(
        CostAllocationTagsStatus=[{"TagKey": "CostCenter", "Status": "Inactive"}]
    )
    assert ce.list_cost_allocation_tags(Status="Active")["CostAllocationTags"] == []
