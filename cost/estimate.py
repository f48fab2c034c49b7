"""One estimate: everything that the outputs show, calculated once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blueprint.stack_names import STACKS
from cost import inventory
from cost.alternatives import Alternative, alternatives
from cost.bill import Bill, application_nodes, bill
from cost.inventory import Inventory
from cost.measured import MeasuredLoad, load_measured
from cost.prices import Prices, load_prices
from cost.sensitivity import Scenario, scenarios
from cost.workload import Workload, load_workload, workload_path
from settings.load import SettingsError
from settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The bill of an environment's month, and what it is compared with."""

    settings: Settings
    workload: Workload
    prices: Prices
    measured: MeasuredLoad | None
    bill: Bill
    scenarios: tuple[Scenario, ...]
    alternatives: tuple[Alternative, ...]

    @property
    def unverified(self) -> tuple[str, ...]:
        """Names of prices in use that no dated copy confirms."""
        used = {line.price for line in self.bill.lines}
        used |= {name for alternative in self.alternatives for name in alternative.prices}
        return tuple(sorted(used & set(self.prices.unverified())))


def estimate(
    settings: Settings,
    stack_inventory: Inventory,
    workload_file: Path | None = None,
    measured: MeasuredLoad | None = None,
) -> Estimate:
    """Calculate everything for an environment.

    Args:
        settings: the environment.
        stack_inventory: resources of its stacks.
        workload_file: its workload; the committed one unless given.
        measured: what a core of a gateway takes; from `cost/measured_load.json` unless given.

    Raises:
        SettingsError: the workload, the price table or the measured load is wrong or missing.
    """
    workload = load_workload(workload_file or workload_path(settings.environment), settings)
    prices = load_prices(stack_inventory.region)
    measured = measured or load_measured()
    whole = bill(settings, workload, prices, stack_inventory, measured)
    hosts = application_nodes(settings, workload, prices, stack_inventory, measured)
    return Estimate(
        settings=settings,
        workload=workload,
        prices=prices,
        measured=measured,
        bill=whole,
        scenarios=scenarios(settings, workload, prices, measured),
        alternatives=alternatives(settings, workload, prices, whole, hosts),
    )


def read_stacks(folder: Path) -> dict[str, Any] | None:
    """The synthesized stacks below cdktf.out/<env>; None unless all are there."""
    files = {name: folder / "stacks" / name / "cdk.tf.json" for name in STACKS}
    if not all(file.is_file() for file in files.values()):
        return None
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}


def checked_inventory(stacks: Mapping[str, Any], settings: Settings) -> Inventory:
    """What the stacks contain, if it matches the settings.

    Raises:
        SettingsError: it is not, so variations of the settings could not be compared with it.
    """
    stack_inventory = inventory.read(stacks, settings)
    if different := stack_inventory.differences(inventory.plan(settings)):
        raise SettingsError(
            f"the synthesized stacks of {settings.environment} and the settings differ in "
            f"{', '.join(different)}; allowed: none (cost/inventory.py has to follow a change of "
            "the stacks)"
        )
    return stack_inventory
