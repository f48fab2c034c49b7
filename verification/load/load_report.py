"""The report: one HTML page with its plots inside, and the same as JSON, in one folder."""

import json
from collections.abc import Callable, Sequence
from html import escape
from io import StringIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from verification.load.load_model import MAX_P99_MS, MAX_RATIO, UNITS, SignalResult, Step
from verification.load.load_summary import NOT_MEASURED, Summary, as_json

GATEWAY, MINIMAL, BAD = "#1f5fa8", "#8a8f98", "#c0392b"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Load test of the gateway</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem;
  color: #1d2430; }}
h1 {{ margin-bottom: .2rem }} h2 {{ margin-top: 2.5rem; border-bottom: 1px solid #d8dce3 }}
.verdict {{ padding: .7rem 1rem; border-radius: .4rem; font-weight: 600; color: #fff }}
.passed {{ background: #1e7d46 }} .failed {{ background: {bad} }}
.warning {{ background: #fff4d6; border-left: 4px solid #d9a400; padding: .4rem .8rem }}
.scroll {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }}
th, td {{ padding: .25rem .6rem; border-bottom: 1px solid #e4e7ec }}
th, td {{ text-align: right; white-space: nowrap }}
th:first-child, td:first-child, td:last-child, th:last-child {{ text-align: left }}
tr.over td {{ color: {bad} }}
td:last-child {{ white-space: normal; min-width: 12rem }}
svg {{ width: 100%; height: auto }}
.facts td {{ text-align: left; white-space: normal }}
details {{ margin: .6rem 0 }}
</style></head><body>
{body}
</body></html>
"""


def write(summary: Summary, folder: Path) -> Path:
    """Write `index.html` and `load.json`, each as a whole or not at all; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / "load.json", json.dumps(as_json(summary), indent=2) + "\n")
    return _replace(folder / "index.html", page(summary))


def _replace(path: Path, content: str) -> Path:
    beside = path.with_suffix(f"{path.suffix}.new")
    beside.write_text(content, encoding="utf-8")
    return beside.replace(path)


def page(summary: Summary) -> str:
    """The whole page."""
    where = summary.surroundings
    parts = [
        "<h1>Load test of the gateway</h1>",
        f"<p>{escape(where.stage)} of environment {escape(where.environment)}, one core, "
        f"{where.memory_limit_mib} MiB, {escape(where.collector)}, "
        f"measured on {where.measured_on:%Y-%m-%d} on {escape(where.cpu)}.</p>",
        _verdict(summary),
        *(f'<p class="warning">{escape(text)}</p>' for text in summary.warnings),
        "<h2>Summary</h2>",
        _overview(summary),
        _ratio_figure(summary.results),
        *(part for result in summary.results for part in _of_signal(result)),
        "<h2>How it was measured</h2>",
        _method(summary),
        "<h2>Not measured</h2><ul>",
        *(f"<li>{escape(text)}</li>" for text in NOT_MEASURED),
        "</ul>",
    ]
    return _PAGE.format(body="\n".join(parts), bad=BAD)


def _verdict(summary: Summary) -> str:
    if summary.faults:
        faults = "<br>".join(escape(fault) for fault in summary.faults)
        return f'<p class="verdict failed">Failed<br>{faults}</p>'
    return (
        '<p class="verdict passed">Passed: nothing was lost below any limit, and no signal costs '
        f"more than {MAX_RATIO:g} times the minimal pipeline.</p>"
    )


def _overview(summary: Summary) -> str:
    header = ("Signal", "Limit of one core", "MB/s", "p99 of acceptance", "CPU per item", "Memory",
              "Lost below", "Saturated at", "Ratio to minimal", "What gave way")  # fmt: skip
    rows = []
    for result in summary.results:
        limit, over = result.limit, result.saturated_at
        rows.append(
            (
                result.signal,
                f"{limit.per_second:,.0f} {UNITS[result.signal]}/s" if limit else "-",
                f"{limit.bytes_per_second / 1e6:.1f}" if limit else "-",
                f"{limit.p99_ms:.0f} ms" if limit else "-",
                f"{limit.cpu_us_per_item:.1f} µs" if limit else "-",
                f"{limit.memory_mib:.0f} MiB" if limit else "-",
                str(sum(step.lost for step in result.steps if step.sustained)),
                f"{over.offered_per_second:,.0f}/s" if over else "-",
                f"{result.ratio:.2f}" if result.ratio is not None else "-",
                ", ".join(over.limits) if over else "-",
            )
        )
    return _table(header, rows)


def _of_signal(result: SignalResult) -> list[str]:
    parts = [
        f"<h2>{result.signal.capitalize()}</h2>",
        _ramp_figure(result),
        "<details><summary>Every step</summary>",
        _steps_table(result.steps),
        "</details>",
    ]
    if result.by_series:
        parts.insert(2, _series_figure(result))
    return parts


def _steps_table(steps: Sequence[Step]) -> str:
    header = ("Pipeline", "Series", "Offered/s", "Acknowledged/s", "MB/s", "Refused", "No answer",
              "Lost", "p50 ms", "p99 ms", "CPU µs each", "Cores", "Memory MiB", "Backlog s",
              "Generator", "Load avg.", "Steal %", "Not sustained because")  # fmt: skip
    rows = [
        (
            step.pipeline, f"{step.series:,}", f"{step.offered_per_second:,.0f}",
            f"{step.per_second:,.0f}", f"{step.bytes_per_second / 1e6:.1f}", f"{step.refused:,}",
            f"{step.failed:,}", f"{step.lost:,}", f"{step.p50_ms:.1f}", f"{step.p99_ms:.1f}",
            f"{step.cpu_us_per_item:.1f}", f"{step.cores:.2f}", f"{step.memory_mib:.0f}",
            f"{step.backlog_seconds:.1f}", f"{step.generator_share:.0%}",
            f"{step.load_average:.1f}", f"{step.steal_percent:.1f}", "; ".join(step.limits),
        )
        for step in steps
    ]  # fmt: skip
    return _table(header, rows, over=[not step.sustained for step in steps])


def _table(
    header: Sequence[str], rows: Sequence[Sequence[str]], over: Sequence[bool] | None = None
) -> str:
    marks = over or [False] * len(rows)
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        f"<tr{' class=over' if mark else ''}>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row)
        + "</tr>"
        for row, mark in zip(rows, marks, strict=True)
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _method(summary: Summary) -> str:
    where = summary.surroundings
    facts = (
        ("Configuration", "The gateway's own, out of the synthesized stack; what differs here is "
         "what verification/rehearsal/pipeline/collectors.py lists. The minimal pipeline is the "
         "same program with the "
         "same receiver and exporters, without processors, and the exporters' default queues."),
        ("Load", f"OTLP over HTTP in protobuf, {where.items_per_request} items in a request, at a "
         f"fixed rate for {where.seconds_per_step:g} s, whatever the answers; latency counts from "
         "when a request was due. 1 trace of 50 has an error, 1 of 100 is slow."),
        ("CPU", "User and system time of the collector from the first request until everything "
         "had arrived, decisions of sampling included, divided by items acknowledged."),
        ("Loss", "Acknowledged, less what arrived at the back end and what sampling decided "
         "against."),
        ("Sustained", "Nothing refused or unanswered, 98 % of the load acknowledged, p99 below "
         f"{MAX_P99_MS:.0f} ms, and no backlog beyond half the step's length."),
        ("Processors", f"{where.processors}, the collector "
         + ("on one by itself, generator and back end on another."
            if where.pinned else "NOT kept on one.")),
    )  # fmt: skip
    rows = "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in facts)
    return f'<table class="facts">{rows}</table>'


# --- Plots ----------------------------------------------------------------------------------------


def _svg(figure: Figure) -> str:
    # Text stays text, and nothing in the file depends on the time or on chance.
    out = StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "load"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    # Without the XML declaration, which has no place inside a page.
    return out.getvalue()[out.getvalue().index("<svg") :]


def _thousands(value: float, _position: int) -> str:
    return f"{value / 1000:,g}k" if value >= 1000 else f"{value:,g}"


def _axes(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True, color="#e4e7ec", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _ramp_figure(result: SignalResult) -> str:
    ramp = sorted(result.ramp, key=lambda step: step.offered_per_second)
    minimal = sorted(result.minimal_ramp, key=lambda step: step.offered_per_second)
    unit = UNITS[result.signal]
    figure = Figure(figsize=(13, 7.6), layout="constrained")
    (taken, latency), (cost, memory) = figure.subplots(2, 2)
    offered = f"offered {unit}/s"

    _axes(taken, "Acknowledged against offered", offered, f"{unit}/s")
    top = max(step.offered_per_second for step in ramp)
    taken.plot([0, top], [0, top], color="#b9bec7", linestyle=":", label="all that is offered")
    _line(taken, ramp, lambda step: step.per_second, GATEWAY, "acknowledged by the gateway")
    _line(taken, ramp, lambda step: step.lost / step.seconds, BAD, "lost", marker="x")
    _axes(latency, "Acceptance, 99th percentile", offered, "ms")
    _line(latency, ramp, lambda step: max(step.p99_ms, 0.1), GATEWAY, "gateway")
    _line(latency, minimal, lambda step: max(step.p99_ms, 0.1), MINIMAL, "minimal")
    latency.set_yscale("log")
    latency.axhline(MAX_P99_MS, color=BAD, linestyle="--", linewidth=1, label="allowed")
    _axes(cost, "CPU for each item", offered, "µs")
    _line(cost, ramp, lambda step: step.cpu_us_per_item, GATEWAY, "gateway")
    _line(cost, minimal, lambda step: step.cpu_us_per_item, MINIMAL, "minimal")
    cost.set_ylim(0, 1.15 * max(step.cpu_us_per_item for step in ramp))
    _axes(memory, "Memory at its highest", offered, "MiB")
    _line(memory, ramp, lambda step: step.memory_mib, GATEWAY, "gateway")
    _line(memory, minimal, lambda step: step.memory_mib, MINIMAL, "minimal")
    memory.set_ylim(0, 1.15 * max(step.memory_mib for step in ramp))
    for axes in (taken, latency, cost, memory):
        axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
        axes.set_xlim(left=0)
        _mark_limit(axes, result)
        axes.legend(fontsize=8, frameon=False, loc="best")
    taken.yaxis.set_major_formatter(FuncFormatter(_thousands))
    return _svg(figure)


def _line(
    axes: Axes,
    steps: Sequence[Step],
    value: Callable[[Step], float],
    colour: str,
    label: str,
    marker: str = "o",
) -> None:
    axes.plot(
        [step.offered_per_second for step in steps],
        [value(step) for step in steps],
        color=colour,
        marker=marker,
        markersize=5,
        label=label,
    )


def _mark_limit(axes: Axes, result: SignalResult) -> None:
    if result.limit is not None:
        axes.axvline(result.limit.offered_per_second, color="#1e7d46", linewidth=1.2, label="limit")
    if result.saturated_at is not None:
        axes.axvspan(
            result.saturated_at.offered_per_second,
            axes.get_xlim()[1],
            color=BAD,
            alpha=0.07,
            label="saturated",
        )


def _series_figure(result: SignalResult) -> str:
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    cost, memory = figure.subplots(1, 2)
    steps = sorted(result.by_series, key=lambda step: step.series)
    load = f"distinct series, at {steps[0].offered_per_second:,.0f} {UNITS[result.signal]}/s"
    for axes, title, unit, values in (
        (cost, "CPU for each item, by series", "µs", [step.cpu_us_per_item for step in steps]),
        (memory, "Memory at its highest, by series", "MiB", [step.memory_mib for step in steps]),
    ):
        _axes(axes, title, load, unit)
        axes.plot([step.series for step in steps], values, color=GATEWAY, marker="o")
        axes.set_xscale("log")
        axes.set_ylim(0, max(values) * 1.15)
    return _svg(figure)


def _ratio_figure(results: Sequence[SignalResult]) -> str:
    measured = [result for result in results if result.ratio is not None]
    if not measured:
        return ""
    figure = Figure(figsize=(13, 0.9 + 0.7 * len(measured)), layout="constrained")
    axes = figure.subplots()
    _axes(axes, "CPU for each item, as a multiple of the minimal pipeline", "times", "")
    for row, result in enumerate(measured):
        ratio = result.ratio or 0.0
        axes.barh(row, ratio, color=GATEWAY if ratio <= MAX_RATIO else BAD, height=0.5)
        pairs = [pair.ratio for pair in result.pairs]
        axes.plot(pairs, [row] * len(pairs), "o", color="#1d2430", markersize=4)
        axes.text(0.04, row, f"{ratio:.2f}", va="center", color="white", fontweight="bold")
    axes.axvline(MAX_RATIO, color=BAD, linestyle="--", linewidth=1.2)
    axes.axvline(1, color=MINIMAL, linewidth=1.2)
    axes.set_yticks(range(len(measured)), [result.signal for result in measured])
    axes.invert_yaxis()
    return _svg(figure)
