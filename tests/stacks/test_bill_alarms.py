"""The alarms of the bill: who is told, when, and what they count."""

from __future__ import annotations

import pytest
from stack_files import Stacks, SynthesizeVariation, instances, only

from blueprint.bill_alarms import ALLOCATION_TAGS, BUDGET_ALARMS
from settings.model import Settings
from stacks.base import default_tags

MONITOR = "arn:aws:ce::111122223333:anomalymonitor/0123abcd-0123-0123-0123-0123456789ab"

both = pytest.mark.parametrize("environment", ["dev", "prd"])


@both
def test_a_budget_warns_before_and_after_it_is_passed(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    budget = only(instances(configs[environment]["state"], "aws_budgets_budget"))
    amount = settings[environment].cost.monthly_budget_usd
    assert (budget["limit_amount"], budget["limit_unit"]) == (str(amount), "USD")
    assert (budget["budget_type"], budget["time_unit"]) == ("COST", "MONTHLY")
    assert {(n["notification_type"], n["threshold"]) for n in budget["notification"]} == set(
        BUDGET_ALARMS
    )
    assert ("FORECASTED", 100) in BUDGET_ALARMS
    assert any(kind == "ACTUAL" and percent < 100 for kind, percent in BUDGET_ALARMS)
    for notification in budget["notification"]:
        assert notification["comparison_operator"] == "GREATER_THAN"
        assert notification["threshold_type"] == "PERCENTAGE"
        emails = list(settings[environment].alerting.emails)
        assert notification["subscriber_email_addresses"] == emails


@both
def test_the_budget_counts_the_whole_account(configs: dict[str, Stacks], environment: str) -> None:
    budget = only(instances(configs[environment]["state"], "aws_budgets_budget"))
    assert not {"cost_filter", "filter_expression", "cost_types"} & set(budget)


@both
def test_unusual_spend_of_any_service_is_mailed_daily(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    state = configs[environment]["state"]
    monitor = only(instances(state, "aws_ce_anomaly_monitor"))
    assert (monitor["monitor_type"], monitor["monitor_dimension"]) == ("DIMENSIONAL", "SERVICE")
    subscription = only(instances(state, "aws_ce_anomaly_subscription"))
    assert subscription["frequency"] == "DAILY"
    assert subscription["monitor_arn_list"] == ["${aws_ce_anomaly_monitor.bill_monitor.arn}"]
    assert subscription["subscriber"] == [
        {"type": "EMAIL", "address": email} for email in settings[environment].alerting.emails
    ]
    assert subscription["threshold_expression"] == {
        "dimension": {
            "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
            "match_options": ["GREATER_THAN_OR_EQUAL"],
            "values": [str(settings[environment].cost.anomaly_threshold_usd)],
        }
    }


def test_a_monitor_that_the_account_has_already_is_used(
    synthesize_variation: SynthesizeVariation,
) -> None:
    state = synthesize_variation({"cost": {"anomaly_monitor_arn": MONITOR}})["state"]
    assert instances(state, "aws_ce_anomaly_monitor") == {}
    subscription = only(instances(state, "aws_ce_anomaly_subscription"))
    assert subscription["monitor_arn_list"] == [MONITOR]


@both
def test_no_tag_is_activated_before_a_bill_has_it(
    configs: dict[str, Stacks], environment: str
) -> None:
    assert instances(configs[environment]["state"], "aws_ce_cost_allocation_tag") == {}


def test_tags_are_activated_when_asked_for(synthesize_variation: SynthesizeVariation) -> None:
    state = synthesize_variation({"cost": {"activate_allocation_tags": True}})["state"]
    tags = instances(state, "aws_ce_cost_allocation_tag").values()
    assert {tag["tag_key"] for tag in tags} == set(ALLOCATION_TAGS)
    assert {tag["status"] for tag in tags} == {"Active"}


@both
def test_every_resource_carries_the_tags_that_divide_the_bill(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    assert set(ALLOCATION_TAGS) <= set(default_tags(settings[environment]))
    for name, stack in configs[environment].items():
        if name == "observability":
            continue  # It makes nothing in AWS.
        (provider,) = stack["provider"]["aws"]
        (tags,) = provider["default_tags"]
        assert tags["tags"] == default_tags(settings[environment]), name


@both
def test_the_alarms_outlive_the_stacks_that_cost(
    configs: dict[str, Stacks], environment: str
) -> None:
    """`make destroy` leaves the state stack, so what is left behind is still watched."""
    for name, stack in configs[environment].items():
        assert bool(instances(stack, "aws_budgets_budget")) == (name == "state")


def test_without_addresses_nobody_is_mailed(synthesize_variation: SynthesizeVariation) -> None:
    state = synthesize_variation({"alerting": {"emails": []}})["state"]
    budget = only(instances(state, "aws_budgets_budget"))
    assert not budget.get("notification")
    assert instances(state, "aws_ce_anomaly_subscription") == {}
    assert instances(state, "aws_ce_anomaly_monitor") == {}
