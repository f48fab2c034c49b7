"""Thresholds of AWS's e-mails about the bill, and the tags by which AWS splits the bill."""

from typing import Literal, NamedTuple


class BudgetAlarm(NamedTuple):
    """A share of the monthly budget, and what must have passed it: what is spent, or forecast."""

    kind: Literal["ACTUAL", "FORECASTED"]
    percent: int


BUDGET_ALARMS = (
    BudgetAlarm("ACTUAL", 80),
    BudgetAlarm("ACTUAL", 100),
    BudgetAlarm("FORECASTED", 100),
)
"""Early, too late, and while there is time; the forecast needs some weeks of history ("AWS Budgets
uses ... approximately 5 weeks of usage data", Managing your costs with AWS Budgets)."""

ALLOCATION_TAGS = ("Project", "Environment", "Owner", "CostCenter")
"""Those of the default tags (stacks/base.py) that divide a bill."""
