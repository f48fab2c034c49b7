"""Plots of a rehearsal as SVG, to be put into one page."""

import io
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verification.rehearsal.pipeline.collector_samples import Reading

Marks = Sequence[tuple[float, str]]

mpl.rcParams["svg.fonttype"] = "none"  # text stays text: it can be searched and is small
mpl.rcParams["svg.hashsalt"] = "rehearsal"

_COLORS = ("#1f6feb", "#d29922", "#8250df", "#1a7f37")


def per_second(
    readings: Sequence[Reading], counter: str, over_seconds: float
) -> tuple[list[float], list[float]]:
    """Times, and the rate of a counter over the seconds before each.

    Collectors send in batches of two seconds: over less, a steady flow looks like a saw. A counter
    that falls was started again from zero.
    """
    times, rates, grown, first = [], [], [0.0], 0
    for before, after in pairwise(readings):
        old, new = getattr(before, counter), getattr(after, counter)
        grown.append(grown[-1] + (new - old if new >= old else new))
    for last, reading in enumerate(readings[1:], start=1):
        while first < last - 1 and reading.at - readings[first + 1].at >= over_seconds:
            first += 1
        times.append(reading.at)
        seconds = max(reading.at - readings[first].at, 0.001)
        rates.append((grown[last] - grown[first]) / seconds)
    return times, rates


def run_plot(
    readings: Mapping[str, Sequence[Reading]], marks: Marks, limits: Mapping[str, float]
) -> str:
    """Received and sent per second, queues, and memory beside its limit, of every gateway."""
    figure = Figure(figsize=(11, 8.5), layout="constrained")
    axes = figure.subplots(4, 1, sharex=True)
    for color, (name, samples) in zip(_COLORS * len(readings), readings.items(), strict=False):
        axes[0].plot(*per_second(samples, "received", 5), color=color, label=name)
        axes[1].plot(*per_second(samples, "sent", 5), color=color, label=name)
        at = [sample.at for sample in samples]
        axes[2].plot(at, [sample.queue / 1024 for sample in samples], color=color, label=name)
        axes[3].plot(at, [sample.memory_mib for sample in samples], color=color, label=name)
    for limit in sorted(set(limits.values())):
        axes[3].axhline(limit, color="#cf222e", linestyle="--", linewidth=1)
        axes[3].annotate(
            f"limit {limit:g} MiB", (0, limit), fontsize=8, color="#cf222e", va="bottom"
        )
    if limits:
        axes[3].set_ylim(top=1.2 * max(limits.values()))
    titles = (
        "Received per second (spans, data points, log records), over 5 s",
        "Sent to back ends per second, over 5 s",
        "Queues, KiB",
        "Memory, MiB",
    )
    for axis, title in zip(axes, titles, strict=True):
        _dress(axis, title)
        if axis is axes[0]:
            axis.set_ylim(top=axis.get_ylim()[1] * 1.6)
        _mark(axis, marks, named=axis is axes[0])
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", fontsize=8, frameon=False, ncols=4)
    axes[-1].set_xlabel("seconds", fontsize=9)
    return _svg(figure)


def fault_plot(readings: Sequence[Reading], marks: Marks) -> str:
    """What one gateway received, sent and held while something was broken."""
    figure = Figure(figsize=(6.2, 2.1), layout="constrained")
    axis = figure.subplots()
    axis.plot(*per_second(readings, "received", 1), color=_COLORS[0], label="received/s")
    axis.plot(*per_second(readings, "sent", 1), color=_COLORS[3], label="sent/s")
    _dress(axis, "")
    held = axis.twinx()
    held.fill_between(
        [sample.at for sample in readings],
        [sample.queue / 1024 for sample in readings],
        color=_COLORS[1],
        alpha=0.25,
        label="queue, KiB",
    )
    held.tick_params(labelsize=7)
    held.set_ylim(bottom=0)
    held.spines["top"].set_visible(False)
    axis.set_ylim(top=axis.get_ylim()[1] * 1.7)
    _mark(axis, marks, named=len(marks) <= 3)
    handles = axis.get_legend_handles_labels(), held.get_legend_handles_labels()
    axis.legend(
        handles[0][0] + handles[1][0], handles[0][1] + handles[1][1], fontsize=7, frameon=False,
        loc="upper right", ncols=3, borderaxespad=0,
    )  # fmt: skip
    return _svg(figure)


def _dress(axis: Axes, title: str) -> None:
    axis.set_title(title, fontsize=10, loc="left")
    axis.tick_params(labelsize=8)
    axis.grid(visible=True, color="#d0d7de", linewidth=0.5)
    axis.set_ylim(bottom=0)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _mark(axis: Axes, marks: Marks, *, named: bool) -> None:
    top = axis.get_ylim()[1]
    for number, (at, event) in enumerate(marks):
        axis.axvline(at, color="#656d76", linewidth=0.8, linestyle=":")
        if named:
            # Rows of their own, so that neighbours do not cover one another.
            height = top * (0.86 - 0.13 * (number % 3))
            axis.annotate(f" {event}", (at, height), fontsize=7, color="#424a53", va="top")


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return re.sub(r"^.*?(?=<svg)", "", text.getvalue(), flags=re.DOTALL)
