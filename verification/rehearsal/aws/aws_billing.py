"""What the alarms of the bill need of AWS Budgets and Cost Explorer, and moto lacks.

moto keeps budgets with their notifications, and does not answer for subscribers, tags and changes;
of anomaly detection and cost-allocation tags it knows nothing. Names of operations, required
parameters and field names are checked with botocore's models; the types of errors are those of the
two API references, the wording of messages is ours unless an issue is named.
"""

import time
import uuid
from collections.abc import Callable
from typing import Any

from verification.rehearsal.aws.aws_eks_model import Json


class BillingError(Exception):
    """An error as the JSON protocol answers it: its type, and a message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def operation_of(
    front: object, service: str, name: str, request: Json
) -> Callable[[Json], Json] | None:
    """The front's method for an operation, once the request is checked with botocore's model.

    Returns None for an operation that moto answers.

    Raises:
        BillingError: a parameter is missing, unknown or of the wrong type.
    """
    import botocore.session
    from botocore import xform_name
    from botocore.validate import ParamValidator

    method: Callable[[Json], Json] | None = getattr(front, xform_name(name), None)
    if method is None:
        return None
    shape = botocore.session.get_session().get_service_model(service).operation_model(name)
    report = ParamValidator().validate(request, shape.input_shape)
    if report.has_errors():
        kind = "InvalidParameterException" if service == "budgets" else "ValidationException"
        raise BillingError(kind, report.generate_report())
    return method


class BudgetsFront:
    """Operations on budgets that moto keeps; one method per operation."""

    def __init__(self, budgets: Callable[[], dict[str, Any]]) -> None:
        self._budgets = budgets
        self._tags: dict[str, dict[str, str]] = {}

    def update_budget(self, request: Json) -> Json:
        """Replace a budget's amount and filters; its notifications stay."""
        new = request["NewBudget"]
        budget = self._budget(new["BudgetName"])
        period = budget.budget["TimePeriod"]
        budget.budget = {"TimePeriod": period, **new, "LastUpdatedTime": time.time()}
        return {}

    def describe_subscribers_for_notification(self, request: Json) -> Json:
        """Who hears of a notification."""
        return {"Subscribers": self._notification(request).subscribers}

    def tag_resource(self, request: Json) -> Json:
        """Add tags to a budget."""
        tags = self._tags.setdefault(self._existing(request["ResourceARN"]), {})
        tags |= {tag["Key"]: tag["Value"] for tag in request["ResourceTags"]}
        return {}

    def untag_resource(self, request: Json) -> Json:
        """Remove tags from a budget."""
        tags = self._tags.get(self._existing(request["ResourceARN"]), {})
        for key in request["ResourceTagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: Json) -> Json:
        """Tags of a budget."""
        return {"ResourceTags": as_list(self._tags.get(self._existing(request["ResourceARN"]), {}))}

    def created(self, request: Json) -> None:
        """Keep the tags of a new budget, which moto drops."""
        tags = {tag["Key"]: tag["Value"] for tag in request.get("ResourceTags", [])}
        self._tags[request["Budget"]["BudgetName"]] = tags

    def _budget(self, name: str) -> Any:
        if name not in self._budgets():
            raise BillingError("NotFoundException", f"Unable to get budget: {name}")
        return self._budgets()[name]

    def _existing(self, arn: str) -> str:
        name = arn.partition(":budget/")[2]
        self._budget(name)
        return name

    def _notification(self, request: Json) -> Any:
        budget = self._budget(request["BudgetName"])
        for notification in budget.notifications:
            if notification.details == request["Notification"]:
                return notification
        raise BillingError("NotFoundException", f"No such notification of {request['BudgetName']}")


class CostExplorerFront:
    """Cost anomaly detection and cost-allocation tags; one method per operation."""

    def __init__(self, account_id: str, billed_tags: Callable[[], set[str]]) -> None:
        self._account_id = account_id
        self._billed_tags = billed_tags
        self._monitors: dict[str, Json] = {}
        self._subscriptions: dict[str, Json] = {}
        self._active_tags: set[str] = set()
        self._tags: dict[str, dict[str, str]] = {}

    def create_anomaly_monitor(self, request: Json) -> Json:
        """Create a monitor; an account has one per dimension.

        The limit and its words: github.com/aws-cloudformation/cloudformation-coverage-roadmap,
        issue 2515.
        """
        monitor = request["AnomalyMonitor"]
        taken = {existing.get("MonitorDimension") for existing in self._monitors.values()} - {None}
        if monitor.get("MonitorDimension") in taken:
            raise BillingError(
                "ValidationException", "Limit exceeded on dimensional spend monitor creation"
            )
        arn = self._new_arn("anomalymonitor", request)
        self._monitors[arn] = {**monitor, "MonitorArn": arn}
        return {"MonitorArn": arn}

    def get_anomaly_monitors(self, request: Json) -> Json:
        """The monitors that are asked for by ARN, or all."""
        arns = request.get("MonitorArnList") or list(self._monitors)
        return {"AnomalyMonitors": [self._monitor(arn) for arn in arns]}

    def update_anomaly_monitor(self, request: Json) -> Json:
        """Rename a monitor."""
        monitor = self._monitor(request["MonitorArn"])
        monitor["MonitorName"] = request.get("MonitorName", monitor["MonitorName"])
        return {"MonitorArn": request["MonitorArn"]}

    def delete_anomaly_monitor(self, request: Json) -> Json:
        """Delete a monitor."""
        self._monitor(request["MonitorArn"])
        del self._monitors[request["MonitorArn"]]
        return {}

    def create_anomaly_subscription(self, request: Json) -> Json:
        """Create a subscription to monitors that exist."""
        subscription = request["AnomalySubscription"]
        self._check_subscription(subscription)
        arn = self._new_arn("anomalysubscription", request)
        self._subscriptions[arn] = {
            **subscription,
            "SubscriptionArn": arn,
            "AccountId": self._account_id,
            "Subscribers": [{"Status": "CONFIRMED", **s} for s in subscription["Subscribers"]],
        }
        return {"SubscriptionArn": arn}

    def get_anomaly_subscriptions(self, request: Json) -> Json:
        """The subscriptions that are asked for by ARN or monitor, or all."""
        arns = request.get("SubscriptionArnList") or list(self._subscriptions)
        subscriptions = [self._subscription(arn) for arn in arns]
        if monitor := request.get("MonitorArn"):
            subscriptions = [
                subscription
                for subscription in subscriptions
                if monitor in subscription["MonitorArnList"]
            ]
        return {"AnomalySubscriptions": subscriptions}

    def update_anomaly_subscription(self, request: Json) -> Json:
        """Change what is given of a subscription."""
        subscription = self._subscription(request["SubscriptionArn"])
        changed = {**subscription, **request}
        self._check_subscription(changed)
        self._subscriptions[request["SubscriptionArn"]] = changed
        return {"SubscriptionArn": request["SubscriptionArn"]}

    def delete_anomaly_subscription(self, request: Json) -> Json:
        """Delete a subscription."""
        self._subscription(request["SubscriptionArn"])
        del self._subscriptions[request["SubscriptionArn"]]
        return {}

    def update_cost_allocation_tags_status(self, request: Json) -> Json:
        """Switch tags on or off; a tag that no bill has seen is an error of that tag alone.

        AWS answers so until a resource with the tag has been billed, which takes a day
        (github.com/hashicorp/terraform-provider-aws, issue 29068).
        """
        errors = []
        for entry in request["CostAllocationTagsStatus"]:
            key = entry["TagKey"]
            if key not in self._billed_tags():
                errors.append(
                    {"TagKey": key, "Code": "TagKeysNotFoundException", "Message": "Tag not found"}
                )
            elif entry["Status"] == "Active":
                self._active_tags.add(key)
            else:
                self._active_tags.discard(key)
        return {"Errors": errors}

    def list_cost_allocation_tags(self, request: Json) -> Json:
        """Tags that a bill has seen, with whether they divide it."""
        keys = request.get("TagKeys") or sorted(self._billed_tags())
        tags = [
            {
                "TagKey": key,
                "Type": "UserDefined",
                "Status": "Active" if key in self._active_tags else "Inactive",
            }
            for key in keys
            if key in self._billed_tags()
        ]
        status = request.get("Status")
        return {"CostAllocationTags": [tag for tag in tags if status in (None, tag["Status"])]}

    def tag_resource(self, request: Json) -> Json:
        """Add tags to a monitor or subscription."""
        tags = self._tags_of(request)
        tags |= {tag["Key"]: tag["Value"] for tag in request["ResourceTags"]}
        return {}

    def untag_resource(self, request: Json) -> Json:
        """Remove tags from a monitor or subscription."""
        tags = self._tags_of(request)
        for key in request["ResourceTagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: Json) -> Json:
        """Tags of a monitor or subscription."""
        return {"ResourceTags": as_list(self._tags_of(request))}

    def _new_arn(self, kind: str, request: Json) -> str:
        arn = f"arn:aws:ce::{self._account_id}:{kind}/{uuid.uuid4()}"
        self._tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("ResourceTags", [])}
        return arn

    def _tags_of(self, request: Json) -> dict[str, str]:
        arn = request["ResourceArn"]
        if arn not in self._monitors and arn not in self._subscriptions:
            raise BillingError("ResourceNotFoundException", f"No such resource: {arn}")
        return self._tags[arn]

    def _monitor(self, arn: str) -> Json:
        if arn not in self._monitors:
            raise BillingError("UnknownMonitorException", f"No such monitor: {arn}")
        return self._monitors[arn]

    def _subscription(self, arn: str) -> Json:
        if arn not in self._subscriptions:
            raise BillingError("UnknownSubscriptionException", f"No such subscription: {arn}")
        return self._subscriptions[arn]

    def _check_subscription(self, subscription: Json) -> None:
        for arn in subscription["MonitorArnList"]:
            self._monitor(arn)
        kinds = {subscriber["Type"] for subscriber in subscription["Subscribers"]}
        # "Daily and weekly frequencies support Email subscriptions only" and the other way round
        # (AnomalySubscription in the Cost Explorer API reference).
        if kinds != ({"SNS"} if subscription["Frequency"] == "IMMEDIATE" else {"EMAIL"}):
            raise BillingError(
                "ValidationException",
                f"{subscription['Frequency']} does not go with subscribers of {sorted(kinds)}",
            )


def as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as the two APIs list them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
