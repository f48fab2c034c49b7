"""The estimate as one self-contained HTML page without external scripts, fonts or pictures."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from cost.estimate import Estimate
from cost.tables import Table, compared, components, remarks, sensitivity, shown, units

_STYLE = """
:root { --metrics: #3b6fb6; --logs: #d98a29; --traces: #4b9a6a; --seats: #8a7fb5; --rest: #b6bcc6;
  --ink: #1c2330; --muted: #5d6675; --line: #e3e6ec; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 32px 24px 64px; color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 40px 0 10px; }
p { margin: 6px 0; } .muted { color: var(--muted); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px;
  margin: 22px 0; }
.figure { border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.figure b { display: block; font-size: 24px; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { border-bottom: 1px solid var(--line); padding: 6px 10px; text-align: left;
  vertical-align: top; }
th { color: var(--muted); font-weight: 600; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
table.short td:first-child { white-space: nowrap; }
tr.total td { font-weight: 700; border-top: 2px solid var(--ink); }
.chart { display: grid; grid-template-columns: minmax(150px, 250px) 1fr 110px; gap: 6px 12px;
  align-items: center; margin: 12px 0 20px; font-size: 14px; }
.bar { display: flex; height: 20px; background: #f4f5f8; border-radius: 3px; overflow: hidden; }
.bar i { display: block; height: 100%; }
.value { text-align: right; font-variant-numeric: tabular-nums; }
.two { display: flex; height: 20px; }
.two > div { width: 50%; display: flex; background: #f4f5f8; }
.two > div:first-child { justify-content: flex-end; border-right: 1px solid var(--muted); }
.legend span { margin-right: 16px; } .legend i { display: inline-block; width: 12px; height: 12px;
  border-radius: 2px; margin-right: 5px; vertical-align: -1px; }
.warning { border-left: 4px solid #c0392b; background: #fdf3f1; padding: 8px 14px; }
@media print { body { padding: 0; } h2 { break-after: avoid; } }
"""

_COLOURS = {
    "metrics": "var(--metrics)", "logs": "var(--logs)", "traces": "var(--traces)",
    "seats, fees": "var(--seats)", "applications as well": "var(--rest)",
}  # fmt: skip


def page(estimate: Estimate) -> str:
    """The whole page."""
    settings, bill = estimate.settings, estimate.bill
    budget = settings.cost.monthly_budget_usd
    title = f"Cost of environment {settings.environment}"
    shortages = "".join(f"<p class=warning>{escape(text)}</p>" for text in bill.shortages)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p class=muted>{escape(estimate.workload.description)}. Size {settings.size}, region
{escape(estimate.prices.region)}.</p>
<div class=figures>
{_figure(f"${bill.total:,.0f}", "a month, at list price")}
{_figure(f"${bill.telemetry:,.0f}", "caused by telemetry")}
{_figure(f"{bill.total / budget:.0%}", f"of the budget of ${budget:,}")}
{_figure(f"${bill.total * 12:,.0f}", "a year")}
</div>
{shortages}
<h2>Cost by component</h2>
{_legend(("metrics", "logs", "traces", "applications as well"))}
{_component_chart(estimate)}
{_table(components(estimate), total=True)}
<h2>Cost per unit of telemetry</h2>
{_table(units(estimate))}
<h2>Effect of a single change</h2>
{_sensitivity_chart(estimate)}
{_table(sensitivity(estimate))}
<h2>The same telemetry at the list prices of other vendors</h2>
{_legend(("metrics", "logs", "traces", "seats, fees"))}
{_alternatives_chart(estimate)}
{_table(compared(estimate))}
<h2>Every line</h2>
{_lines(estimate)}
<h2>Accuracy</h2>
<ul>{"".join(f"<li>{escape(remark)}</li>" for remark in remarks(estimate))}</ul>
</body>
</html>
"""


def _figure(value: str, words: str) -> str:
    return f"<div class=figure><b>{escape(value)}</b><span class=muted>{escape(words)}</span></div>"


def _legend(names: Iterable[str]) -> str:
    items = (f'<span><i style="background:{_COLOURS[name]}"></i>{name}</span>' for name in names)
    return f"<p class='legend muted'>{''.join(items)}</p>"


def _bar(parts: Iterable[tuple[str, float]], most: float) -> str:
    pieces = "".join(
        f'<i style="width:{100 * usd / most:.2f}%;background:{_COLOURS[name]}" '
        f'title="{name}: ${usd:,.2f}"></i>'
        for name, usd in parts
        if usd > 0
    )
    return f"<div class=bar>{pieces}</div>"


def _component_chart(estimate: Estimate) -> str:
    sums = estimate.bill.by_component
    most = max(sums.values(), default=1)
    rows = []
    for name, usd in sums.items():
        of_signal = {
            signal: sum(
                line.usd * share
                for line in estimate.bill.lines
                if line.component == name
                for key, share in line.shares.items()
                if key == signal
            )
            for signal in ("metrics", "logs", "traces")
        }
        rest = usd - sum(of_signal.values())
        parts = [*of_signal.items(), ("applications as well", rest)]
        rows.append(_row(name, _bar(parts, most), f"${usd:,.2f}"))
    return f"<div class=chart>{''.join(rows)}</div>"


def _alternatives_chart(estimate: Estimate) -> str:
    most = max(alternative.total for alternative in estimate.alternatives) or 1
    rows = [
        _row(
            alternative.name,
            _bar(
                (
                    ("metrics", alternative.metrics),
                    ("logs", alternative.logs),
                    ("traces", alternative.traces),
                    ("seats, fees", alternative.seats),
                ),
                most,
            ),
            f"${alternative.total:,.0f}",
        )
        for alternative in estimate.alternatives
    ]
    return f"<div class=chart>{''.join(rows)}</div>"


def _sensitivity_chart(estimate: Estimate) -> str:
    most = max((abs(scenario.difference) for scenario in estimate.scenarios), default=1) or 1
    rows = []
    for scenario in estimate.scenarios:
        width = f"width:{100 * abs(scenario.difference) / most:.2f}%"
        less = (
            f'<i style="{width};background:var(--traces)"></i>' if scenario.difference < 0 else ""
        )
        more = f'<i style="{width};background:var(--logs)"></i>' if scenario.difference > 0 else ""
        bar = f"<div class=two><div>{less}</div><div>{more}</div></div>"
        impossible = " (does not fit)" if scenario.bill.shortages else ""
        rows.append(_row(scenario.name + impossible, bar, f"{scenario.difference:+,.2f}"))
    return f"<div class=chart>{''.join(rows)}</div>"


def _row(name: str, bar: str, value: str) -> str:
    return f"<span>{escape(name)}</span>{bar}<span class=value>{escape(value)}</span>"


def _table(table: Table, total: bool = False) -> str:
    numeric = [
        not isinstance(cell, str) or name in ("units a month", "times")
        for name, cell in zip(table.headings, table.rows[0], strict=True)
    ]
    kinds = [" class=n" if is_number else "" for is_number in numeric]
    head = "".join(
        f"<th{kind}>{escape(name)}</th>" for name, kind in zip(table.headings, kinds, strict=True)
    )
    body = "".join(
        ("<tr class=total>" if total and row is table.rows[-1] else "<tr>")
        + "".join(
            f"<td{kind}>{escape(shown(cell))}</td>" for cell, kind in zip(row, kinds, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    return f"<table class=short><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _lines(estimate: Estimate) -> str:
    rows = []
    for line in estimate.bill.lines:
        price = estimate.prices[line.price]
        source = estimate.prices.source(line.price)
        amount = "in tiers" if price.usd is None else f"${price.usd:g}"
        day = f"as of {source.as_of}" if source.as_of else "undated"
        mark = "" if price.is_verified else ", not verified"
        rows.append(
            f"<tr><td>{escape(line.component)}</td><td>{escape(line.item)}"
            f"<br><span class=muted>{escape(line.formula)}</span></td>"
            f"<td class=n>{line.quantity:,.1f}</td>"
            f'<td><a href="{escape(source.url)}">{amount}</a> {escape(price.unit)}'
            f"<br><span class=muted>{day}{mark}</span></td>"
            f"<td class=n>{line.usd:,.2f}</td></tr>"
        )
    return (
        "<table class=short><thead><tr><th>Component</th><th>Item</th><th class=n>Quantity</th>"
        "<th>List price for each</th><th class=n>USD a month</th></tr></thead><tbody>"
        + "".join(rows)
        + "</tbody></table>"
    )
