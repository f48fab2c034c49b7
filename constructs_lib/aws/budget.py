"""Alarms for the AWS bill: a monthly budget, cost anomalies and cost-allocation tags."""

from dataclasses import dataclass

from cdktf_cdktf_provider_aws.budgets_budget import BudgetsBudget, BudgetsBudgetNotification
from cdktf_cdktf_provider_aws.ce_anomaly_monitor import CeAnomalyMonitor
from cdktf_cdktf_provider_aws.ce_anomaly_subscription import (
    CeAnomalySubscription,
    CeAnomalySubscriptionSubscriber,
    CeAnomalySubscriptionThresholdExpression,
    CeAnomalySubscriptionThresholdExpressionDimension,
)
from cdktf_cdktf_provider_aws.ce_cost_allocation_tag import CeCostAllocationTag
from constructs import Construct

from blueprint.bill_alarms import BUDGET_ALARMS


@dataclass(frozen=True, kw_only=True)
class BillAlarmsProps:
    """Amounts in US dollars. `monitor_arn` is an existing monitor of the account.

    Without `emails` there is no receiver: the budget is created, but no subscription.
    """

    name: str
    monthly_budget_usd: int
    anomaly_threshold_usd: int
    emails: tuple[str, ...]
    monitor_arn: str | None
    allocation_tags: tuple[str, ...]


class BillAlarms(Construct):
    """Mails before and after the account costs more than planned.

    The budget covers the account and is not filtered by tags: a tag divides the bill only once it
    is activated, and traffic and requests without one would never be counted (ADR 0025).
    """

    def __init__(self, scope: Construct, id_: str, props: BillAlarmsProps) -> None:
        super().__init__(scope, id_)
        BudgetsBudget(
            self,
            "Resource",
            name=props.name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(props.monthly_budget_usd),
            limit_unit="USD",
            notification=[
                BudgetsBudgetNotification(
                    comparison_operator="GREATER_THAN",
                    notification_type=alarm.kind,
                    threshold=alarm.percent,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=list(props.emails),
                )
                for alarm in BUDGET_ALARMS
                if props.emails
            ],
        )
        if props.emails:
            self._anomalies(props)
        for key in props.allocation_tags:
            CeCostAllocationTag(self, f"allocation-tag-{key}", tag_key=key, status="Active")

    def _anomalies(self, props: BillAlarmsProps) -> None:
        CeAnomalySubscription(
            self,
            "anomalies",
            name=props.name,
            # Anomalies by e-mail come once a day; at once they come only by SNS (Cost Explorer API
            # reference, AnomalySubscription).
            frequency="DAILY",
            monitor_arn_list=[props.monitor_arn or self._monitor(props.name)],
            subscriber=[
                CeAnomalySubscriptionSubscriber(type="EMAIL", address=email)
                for email in props.emails
            ],
            threshold_expression=CeAnomalySubscriptionThresholdExpression(
                dimension=CeAnomalySubscriptionThresholdExpressionDimension(
                    key="ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    match_options=["GREATER_THAN_OR_EQUAL"],
                    values=[str(props.anomaly_threshold_usd)],
                )
            ),
        )

    def _monitor(self, name: str) -> str:
        monitor = CeAnomalyMonitor(
            self,
            "monitor",
            name=name,
            monitor_type="DIMENSIONAL",
            monitor_dimension="SERVICE",
        )
        arn: str = monitor.arn
        return arn
