"""The estimate as tables: the terminal, the CSV file and the page show the same rows."""

from __future__ import annotations

import csv
from collections.abc import Sequence
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
        headings=("Component", "USD a month", "of it telemetry"),
        rows=tuple(rows),
    )


def units(estimate: Estimate) -> Table:
    """What a unit of telemetry costs, and how many of them a month has."""
    volumes = estimate.bill.volumes
    counts = {
        "GB of logs": volumes.log_gb,
        "million spans": volumes.spans / 1e6,
        "million spans kept": volumes.spans_kept / 1e6,
        "thousand series": volumes.series / 1e3,
    }
    return Table(
        title="What a unit of telemetry costs",
        headings=("Unit", "USD each", "units a month"),
        rows=tuple(
            (f"1 {name}", usd, f"{counts[name]:,.0f}")
            for name, usd in estimate.bill.unit_costs.items()
        ),
    )


def sensitivity(estimate: Estimate) -> Table:
    """What one change alone makes of the bill."""
    return Table(
        title="One change alone",
        headings=("Change", "USD a month", "difference", "not possible because"),
        rows=tuple(
            (one.name, one.bill.total, one.difference, "; ".join(one.bill.shortages))
            for one in estimate.scenarios
        ),
    )


def compared(estimate: Estimate) -> Table:
    """The telemetry part side by side with list prices of others."""
    return Table(
        title="The same telemetry bought elsewhere, list prices",
        headings=("Where", "metrics", "logs", "traces", "seats, fees", "USD a month", "times"),
        rows=tuple(
            (
                one.name,
                one.metrics,
                one.logs,
                one.traces,
                one.seats,
                one.total,
                f"{one.total / estimate.bill.telemetry:.1f}" if estimate.bill.telemetry else "",
            )
            for one in estimate.alternatives
        ),
    )


def shown(value: Cell) -> str:
    """A cell as people read it: dollars with two digits, more of them below a dollar."""
    if isinstance(value, str):
        return value
    return f"{value:,.4f}" if 0 < abs(value) < 0.1 else f"{value:,.2f}"


def remarks(estimate: Estimate) -> list[str]:
    """What a reader must know besides the numbers."""
    prices = estimate.prices
    dates = [source.as_of for table in prices.tables for source in table.sources.values()]
    known = [date for date in dates if date]
    found = [
        f"List prices of {prices.region} in US dollars, on demand, without tax and discounts. "
        f"Copies read on {prices.tables[0].read} are of {min(known)} to {max(known)}; "
        f"{len(dates) - len(known)} sources have no date. Check the live pages before you sign.",
    ]
    if estimate.unverified:
        found.append(
            "Not verified in a dated copy, from memory: " + ", ".join(estimate.unverified) + "."
        )
    load = estimate.measured
    found.append(
        f"Gateways are sized by the load measured on {load.measured_on} ({load.cpu}, "
        f"{load.collector})."
        if load
        else "Gateways are sized by the promise in docs/operations/capacity.md: "
        "cost/measured_load.json is not there (make load)."
    )
    found += [f"{one.name}: {one.note}." for one in estimate.alternatives[1:]]
    found += [f"Does not fit: {problem}." for problem in estimate.bill.shortages]
    return found


def write_csv(estimate: Estimate, path: Path) -> None:
    """Write every line of the bill, then the other tables, as one CSV file.

    Columns: table, item, quantity, unit, usd, share of each signal, formula, source, as_of.

    Raises:
        OSError: the file cannot be written.
    """
    headings = (
        "table", "item", "quantity", "unit", "usd", *SIGNALS, "formula", "price", "source", "as_of",
        "verified",
    )  # fmt: skip
    rows: list[Sequence[Cell]] = [headings]
    prices = estimate.prices
    for line in estimate.bill.lines:
        price, source = prices[line.price], prices.source(line.price)
        rows.append(
            (
                line.component,
                line.item,
                round(line.quantity, 3),
                price.unit,
                round(line.usd, 4),
                *(round(line.usd * line.shares.get(signal, 0), 4) for signal in SIGNALS),
                line.formula,
                line.price,
                source.url,
                str(source.as_of or "undated"),
                "yes" if price.is_verified else "no",
            )
        )
    empty = ("",) * 6
    for name, usd in estimate.bill.unit_costs.items():
        rows.append(("Unit", name, 1, name, round(usd, 6), *("",) * 3, *("",) * 5))
    for scenario in estimate.scenarios:
        total = round(scenario.bill.total, 2)
        note = "; ".join(scenario.bill.shortages)
        rows.append(("Change", scenario.name, "", "", total, "", "", "", note, *empty[:4]))
    for one in estimate.alternatives:
        parts = (round(one.metrics, 2), round(one.logs, 2), round(one.traces, 2))
        total = round(one.total, 2)
        names = " ".join(one.prices)
        rows.append(("Elsewhere", one.name, "", "", total, *parts, one.note, names, "", "", ""))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
