"""The estimate as tables: the terminal, the CSV file and the page show the same rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cost.bill import SIGNALS
from cost.estimate import Estimate

Cell = str | float


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows below headings; numbers are US dollars unless a heading says otherwise."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tables(estimate: Estimate) -> tuple[Table, ...]:
    """All tables of an estimate, in the order of reading."""
    return (components(estimate), units(estimate), sensitivity(estimate), compared(estimate))


def components(estimate: Estimate) -> Table:
    """The bill by component, with what telemetry causes of it."""
    bill = estimate.bill
    rows: list[tuple[Cell, ...]] = []
    for name, usd in bill.by_component.items():
        telemetry = sum(line.telemetry for line in bill.lines if line.component == name)
        rows.append((name, usd, telemetry))
    rows.append(("Total", bill.total, bill.telemetry))
    return Table(
        title=f"Month of {estimate.settings.environment}, by component",
        headings=("Component", "USD a month", "telemetry share"),
        rows=tuple(rows),
    )


def units(estimate: Estimate) -> Table:
    """Cost of a unit of telemetry, and the number of units a month."""
    volumes = estimate.bill.volumes
    counts = {
        "GB of logs": volumes.log_gb,
        "million spans": volumes.spans / 1e6,
        "million spans kept": volumes.spans_kept / 1e6,
        "thousand series": volumes.series / 1e3,
    }
    return Table(
        title="Cost per unit of telemetry",
        headings=("Unit", "USD each", "units a month"),
        rows=tuple(
            (f"1 {name}", usd, f"{counts[name]:,.0f}")
            for name, usd in estimate.bill.unit_costs.items()
        ),
    )


def sensitivity(estimate: Estimate) -> Table:
    """The bill after a single change."""
    return Table(
        title="Effect of a single change",
        headings=("Change", "USD a month", "difference", "not possible because"),
        rows=tuple(
            (
                scenario.name,
                scenario.bill.total,
                scenario.difference,
                "; ".join(scenario.bill.shortages),
            )
            for scenario in estimate.scenarios
        ),
    )


def compared(estimate: Estimate) -> Table:
    """The telemetry part beside list prices of other vendors."""
    return Table(
        title="The same telemetry at the list prices of other vendors",
        headings=("Vendor", "metrics", "logs", "traces", "seats, fees", "USD a month", "times"),
        rows=tuple(
            (
                alternative.name,
                alternative.metrics,
                alternative.logs,
                alternative.traces,
                alternative.seats,
                alternative.total,
                f"{alternative.total / estimate.bill.telemetry:.1f}"
                if estimate.bill.telemetry
                else "",
            )
            for alternative in estimate.alternatives
        ),
    )


def shown(value: Cell) -> str:
    """A cell as people read it: dollars with two digits, more of them below a dollar."""
    if isinstance(value, str):
        return value
    return f"{value:,.4f}" if 0 < abs(value) < 0.1 else f"{value:,.2f}"


def remarks(estimate: Estimate) -> list[str]:
    """Remarks about the accuracy of the numbers."""
    prices = estimate.prices
    dates = [source.as_of for table in prices.tables for source in table.sources.values()]
    known = [date for date in dates if date]
    texts = [
        f"List prices of {prices.region} in US dollars, on demand, without tax and discounts. "
        f"Copies read on {prices.tables[0].read} are of {min(known)} to {max(known)}; "
        f"{len(dates) - len(known)} sources have no date. Check the live pages before you sign.",
    ]
    if estimate.unverified:
        texts.append(
            "From memory, not verified in a dated copy: " + ", ".join(estimate.unverified) + "."
        )
    load = estimate.measured
    texts.append(
        f"Gateways are sized by the load measured on {load.measured_on} ({load.cpu}, "
        f"{load.collector})."
        if load
        else "Gateways are sized by the promise in docs/operations/capacity.md: "
        "cost/measured_load.json is missing (make load)."
    )
    texts += [
        f"{alternative.name}: {alternative.note}." for alternative in estimate.alternatives[1:]
    ]
    texts += [f"Does not fit: {problem}." for problem in estimate.bill.shortages]
    return texts


_COLUMNS = (
    "table", "item", "quantity", "unit", "usd", *SIGNALS, "formula", "price", "source", "as_of",
    "verified",
)  # fmt: skip


def write_csv(estimate: Estimate, path: Path) -> None:
    """Write every line of the bill, then the other tables, as one CSV file.

    `usd` is the amount of the row, the columns of the signals what each causes of it.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_csv_rows(estimate))


def _csv_rows(estimate: Estimate) -> Iterator[dict[str, Cell]]:
    prices = estimate.prices
    for line in estimate.bill.lines:
        price, source = prices[line.price], prices.source(line.price)
        yield {
            "table": line.component,
            "item": line.item,
            "quantity": round(line.quantity, 3),
            "unit": price.unit,
            "usd": round(line.usd, 4),
            **{name: round(line.usd * line.shares.get(name, 0), 4) for name in SIGNALS},
            "formula": line.formula,
            "price": line.price,
            "source": source.url,
            "as_of": str(source.as_of or "undated"),
            "verified": "yes" if price.is_verified else "no",
        }
    for name, usd in estimate.bill.unit_costs.items():
        yield {"table": "Unit", "item": name, "quantity": 1, "unit": name, "usd": round(usd, 6)}
    for scenario in estimate.scenarios:
        yield {
            "table": "Change",
            "item": scenario.name,
            "usd": round(scenario.bill.total, 2),
            "formula": "; ".join(scenario.bill.shortages),
        }
    for alternative in estimate.alternatives:
        yield {
            "table": "Elsewhere",
            "item": alternative.name,
            "usd": round(alternative.total, 2),
            **{name: round(getattr(alternative, name), 2) for name in SIGNALS},
            "formula": alternative.note,
            "price": " ".join(alternative.prices),
        }
