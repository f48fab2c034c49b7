"""`make cost`: the monthly bill of an environment, and settings that fit a budget.

    make cost ENV=prd                        the bill, what changes it, what others would take
    make cost ENV=prd CSV=bill.csv HTML=bill.html
    make cost ENV=prd BUDGET=2100            settings that fit, as a diff of environments/prd.yaml
    make cost ENV=prd WORKLOAD=mine.yaml     for another workload

It reads the stacks in cdktf.out and synthesizes them first where they are missing or not those of
the settings.
"""

from __future__ import annotations

import argparse
import math
import sys
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from cost.bill import Bill
from cost.estimate import Estimate, checked_inventory, estimate, read_stacks
from cost.inventory import Inventory
from cost.page import page
from cost.recommend import Recommendation, recommend
from cost.settings_diff import changed_paths, unified_diff
from cost.tables import Table, remarks, shown, tables, write_csv
from settings.load import SettingsError, environment_names, load_environment, settings_folder
from settings.model import Settings
from settings.rewrite import rewritten
from synthesis.synth import output_folder, publish


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns:
        0; 1 when no settings fit the budget; 2 for wrong settings, workload or arguments.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.budget is not None and (options.csv or options.html):
        parser.error("--budget: allowed without --csv and --html, which are for the bill as it is")
    # In a log there is no terminal width to keep to.
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    try:
        settings = load_environment(options.env, today=date.today())
        stack_inventory = _inventory(settings)
        forecast = estimate(settings, stack_inventory, options.workload)
        if options.budget is not None:
            return _recommendation(console, forecast, options.budget)
        _show(console, forecast)
        for path, write in ((options.csv, write_csv), (options.html, _write_page)):
            if path:
                write(forecast, path)
                print(f"Written: {path}")
    except (SettingsError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make cost ENV=<env>",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--env", required=True, help=f"one of {', '.join(environment_names())}")
    parser.add_argument(
        "--workload", type=Path, help="YAML file; cost/workloads/<env>.yaml if none"
    )
    parser.add_argument("--csv", type=_target, help="write every line of the bill to this file")
    parser.add_argument("--html", type=_target, help="write a page with charts to this file")
    parser.add_argument(
        "--budget",
        type=_dollars,
        help="propose settings that cost at most this many US dollars a month",
    )
    return parser


def _dollars(text: str) -> float:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = math.nan
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r}: allowed: US dollars a month, for example 4000")
    return value


def _target(text: str) -> Path:
    path = Path(text)
    if not path.parent.is_dir() or path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}: allowed: a file in an existing folder")
    return path


def _inventory(settings: Settings) -> Inventory:
    folder = output_folder(settings.environment)
    stacks = read_stacks(folder)
    if stacks is not None:
        try:
            return checked_inventory(stacks, settings)
        except (SettingsError, KeyError, ValueError):
            pass  # Of other settings than today's, or of an earlier version.
    print(f"Synthesizing environment {settings.environment} ...", file=sys.stderr, flush=True)
    publish(settings, folder)
    stacks = read_stacks(folder)
    assert stacks is not None
    return checked_inventory(stacks, settings)


def _write_page(forecast: Estimate, path: Path) -> None:
    path.write_text(page(forecast), encoding="utf-8")


def _show(console: Console, forecast: Estimate) -> None:
    console.print(f"{forecast.workload.description}.\n")
    for table in tables(forecast):
        console.print(_rich(table))
    budget = forecast.settings.cost.monthly_budget_usd
    share = forecast.bill.total / budget
    console.print(f"\n{share:.0%} of the budget of {budget:,} USD (cost.monthly_budget_usd).")
    for remark in remarks(forecast):
        console.print(f"[dim]-[/] {remark}", soft_wrap=True)


def _rich(table: Table) -> RichTable:
    rich = RichTable(title=table.title, title_justify="left")
    for index, heading in enumerate(table.headings):
        number = not isinstance(table.rows[0][index], str) or heading in ("units a month", "times")
        rich.add_column(heading, justify="right" if number else "left", no_wrap=number)
    for row in table.rows:
        is_total = row[0] == "Total"
        rich.add_row(*map(shown, row), style="bold" if is_total else None)
    return rich


def _recommendation(console: Console, forecast: Estimate, budget: float) -> int:
    result = recommend(
        forecast.settings, forecast.workload, forecast.prices, budget, forecast.measured
    )
    console.print(
        f"{forecast.settings.environment} costs {result.start.total:,.2f} USD a month, "
        f"the budget is {budget:,.2f}."
    )
    if result.fits and not result.steps:
        console.print("The settings already fit the budget.")
        return 0
    console.print(_steps(result))
    if not result.fits:
        console.print(
            f"[bold]Nothing fits {budget:,.2f} USD.[/] The floor is {result.bill.total:,.2f}: each "
            "step above is already at its minimum. The remaining bill:"
        )
        console.print(_rich(_left(result.bill)))
        console.print(
            "Fewer or smaller nodes of the stages, or less traffic, depend on the applications, so "
            "this command does not propose them."
        )
        return 1
    console.print(f"It then costs [bold]{result.bill.total:,.2f} USD[/] a month.\n")
    print(_diff(forecast.settings, result.settings), end="")
    return 0


def _steps(result: Recommendation) -> RichTable:
    rich = RichTable(title="Reductions, in this order", title_justify="left")
    for heading in ("Reduction", "Change", "Consequence"):
        rich.add_column(heading)
    rich.add_column("saves USD", justify="right", no_wrap=True)
    for rule, values, saves in result.given_up():
        changes = "\n".join(f"{key} {before} -> {after}" for key, before, after in values)
        rich.add_row(rule.what, changes, rule.costs, shown(saves))
    return rich


def _left(bill: Bill) -> Table:
    rows = tuple((name, usd) for name, usd in bill.by_component.items())
    return Table(title="", headings=("Component", "USD a month"), rows=rows)


def _diff(before: Settings, after: Settings) -> str:
    path = settings_folder() / f"{before.environment}.yaml"
    text = path.read_text(encoding="utf-8")
    changed = rewritten(text, changed_paths(before, after))
    return unified_diff(text, changed, f"{path.parent.name}/{path.name}")


if __name__ == "__main__":
    sys.exit(main())
