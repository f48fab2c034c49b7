"""Draws the panels of a dashboard from the answers of a Prometheus, in Grafana's layout.

It is a preview for reviews, in Grafana's arrangement and colours but not by Grafana: what only Loki
or Tempo could answer is shown as its query.
"""

import io
import math
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from grafana.targets import Target, panels
from verification.dashboards.dashboard_units import written
from verification.rehearsal.prometheus_api import Answer, Labels

PIXELS_PER_INCH = 100
COLUMN, ROW, GAP, MARGIN, HEAD = 62, 34, 8, 16, 84
"""Pixels: of Grafana's grid, between panels, around them, and of the heading."""
COLUMNS = 24

COLORS = {"green": "#1a7f4b", "yellow": "#b97a00", "red": "#d6293e", "blue": "#2f6fd6"}
PALETTE = ("#2f6fd6", "#e8710a", "#1a9e5c", "#a855c7", "#d6293e", "#0f9bb3", "#b58900", "#6b7280",
           "#e0479e", "#4b5bd4")  # fmt: skip
_PAGE, _CARD, _BORDER, _TEXT, _FAINT, _GRID = (
    "#f3f4f6",
    "#ffffff",
    "#dfe2e6",
    "#1f2430",
    "#6b7280",
    "#e9ebee",
)
_LEGEND_LINE = 15
_PALETTE_SIZE = 192
_TITLE = 30
_FILLED = 3
"""Up to how many lines are filled; of more, the mixture would be grey."""
_TICK_SECONDS, _MAX_TICKS = (600, 900, 1800, 3600, 4 * 3600, 6 * 3600, 86_400), 6
_LABEL = re.compile(r"\{\{ *(\w+) *\}\}")

Answers = Mapping[tuple[int, str], tuple[Target, Answer]]
"""What was answered to each query, by the id of its panel and its own letter."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One series of a panel, with its name in the legend."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float:
        """The newest number, or NaN."""
        numbers = [value for _, value in self.points if math.isfinite(value)]
        return numbers[-1] if numbers else math.nan

    @property
    def mean(self) -> float:
        """The mean of the numbers, or NaN."""
        numbers = [value for _, value in self.points if math.isfinite(value)]
        return sum(numbers) / len(numbers) if numbers else math.nan


@dataclass(frozen=True, kw_only=True)
class Area:
    """A rectangle in pixels; y is from the top."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, *, left: float, top: float, right: float, bottom: float) -> "Area":
        """What is left after margins."""
        return Area(
            x=self.x + left,
            y=self.y + top,
            width=self.width - left - right,
            height=self.height - top - bottom,
        )


class Canvas:
    """A figure on which things have places in pixels from the top left."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        size = (width / PIXELS_PER_INCH, height / PIXELS_PER_INCH)
        self.figure = Figure(figsize=size, dpi=PIXELS_PER_INCH, facecolor=_PAGE)

    def text(self, x: float, y: float, words: str, size: float, **style: Any) -> None:
        """Words whose top left (or as `ha` and `va` say) is there; size in points."""
        looks: dict[str, Any] = {"color": _TEXT, "ha": "left", "va": "top", "parse_math": False}
        self.figure.text(
            x / self.width, 1 - y / self.height, words, fontsize=size, **(looks | style)
        )

    def card(self, area: Area) -> None:
        """A panel's background."""
        self.figure.add_artist(
            FancyBboxPatch(
                (area.x / self.width, 1 - (area.y + area.height) / self.height),
                area.width / self.width,
                area.height / self.height,
                boxstyle="square,pad=0",
                facecolor=_CARD,
                edgecolor=_BORDER,
                linewidth=0.8,
                transform=self.figure.transFigure,
            )
        )

    def block(self, area: Area, color: str) -> None:
        """A filled rectangle."""
        self.figure.add_artist(
            Rectangle(
                (area.x / self.width, 1 - (area.y + area.height) / self.height),
                area.width / self.width,
                area.height / self.height,
                facecolor=color,
                transform=self.figure.transFigure,
            )
        )

    def axes(self, area: Area) -> Axes:
        """Axes in a rectangle."""
        axes = self.figure.add_axes(
            (
                area.x / self.width,
                1 - (area.y + area.height) / self.height,
                area.width / self.width,
                area.height / self.height,
            ),
            zorder=2,  # above the cards
        )
        axes.patch.set_alpha(0)
        return axes

    def png(self, metadata: Mapping[str, str]) -> bytes:
        """The picture as a file, with a palette: a third of the size, and nobody sees it."""
        drawn, out = io.BytesIO(), io.BytesIO()
        self.figure.savefig(drawn, format="png", facecolor=_PAGE)
        texts = PngInfo()
        for key, text in metadata.items():
            texts.add_text(key, text)
        with Image.open(drawn) as picture:
            small = picture.convert("RGB").quantize(_PALETTE_SIZE, dither=Image.Dither.NONE)
            small.save(out, "png", optimize=True, pnginfo=texts)
        return out.getvalue()


def draw(
    content: Mapping[str, Any], answers: Answers, *, start: float, end: float, note: str
) -> Canvas:
    """A dashboard with all its panels, over a time in Unix seconds.

    `note` says below its title where the numbers are from.
    """
    rows = max(box["gridPos"]["y"] + box["gridPos"]["h"] for box in content["panels"])
    canvas = Canvas(2 * MARGIN + COLUMNS * COLUMN, HEAD + rows * ROW + MARGIN)
    canvas.text(MARGIN, 14, content["title"], 17, weight="bold")
    canvas.text(MARGIN, 42, content["description"], 9, color=_FAINT)
    canvas.text(MARGIN, 60, note, 9, color=COLORS["red"])
    for box in content["panels"]:
        if box["type"] == "row":
            y = HEAD + box["gridPos"]["y"] * ROW
            canvas.text(MARGIN, y + ROW / 2, f"▾  {box['title']}", 11, weight="bold", va="center")
    for panel in panels(content):
        _panel(canvas, panel, answers, (start, end))
    return canvas


def legend(target: Target, labels: Labels) -> str:
    """What a series is called: the legend with its labels, or all labels where there is none."""
    if not target.legend:
        return ", ".join(f"{key}={value}" for key, value in labels.items())
    return _LABEL.sub(lambda match: labels.get(match[1], ""), target.legend).strip()


# --- One panel ------------------------------------------------------------------------------------


def _panel(
    canvas: Canvas, panel: Mapping[str, Any], answers: Answers, time: tuple[float, float]
) -> None:
    place = panel["gridPos"]
    area = Area(
        x=MARGIN + place["x"] * COLUMN + GAP / 2,
        y=HEAD + place["y"] * ROW + GAP / 2,
        width=place["w"] * COLUMN - GAP,
        height=place["h"] * ROW - GAP,
    )
    canvas.card(area)
    title = _fit(panel["title"], area.width - 20, 10)
    canvas.text(area.x + 10, area.y + 9, title, 10, weight="bold")
    answered = [
        answers[panel["id"], target["refId"]]
        for target in panel["targets"]
        if (panel["id"], target["refId"]) in answers
    ]
    body = area.inside(left=10, top=_TITLE, right=10, bottom=8)
    if not answered:
        _query_only(canvas, body, panel)
        return
    match panel["type"]:
        case "stat":
            _number(canvas, body, panel, _lines(answered))
        case "bargauge":
            _bars(canvas, body, panel, _lines(answered))
        case "table":
            _table(canvas, body, panel, answered)
        case _:
            _graph(canvas, body, panel, _lines(answered), time)


def _lines(answered: Sequence[tuple[Target, Answer]]) -> list[Line]:
    return [
        Line(name=legend(target, labels), points=points)
        for target, answer in answered
        for labels, points in answer.series
    ]


def _query_only(canvas: Canvas, area: Area, panel: Mapping[str, Any]) -> None:
    (target, *_) = panel["targets"]
    back_end = {"loki": "Loki", "tempo": "Tempo"}[target["datasource"]["type"]]
    note = f"Not drawn: only {back_end} can answer this."
    canvas.text(area.x, area.y + 4, note, 9, color=COLORS["yellow"])
    query = target.get("expr") or target.get("query") or target.get("serviceMapQuery", "")
    wide = max(20, int(area.width / 7.4))
    lines = textwrap.wrap(query, wide, break_long_words=True)
    canvas.text(area.x, area.y + 26, "\n".join(lines[: int(area.height / 16)]), 8.5,
                color=_FAINT, family="monospace", linespacing=1.4)  # fmt: skip


def _number(canvas: Canvas, area: Area, panel: Mapping[str, Any], lines: Sequence[Line]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    line = lines[0] if lines else Line(name="", points=())
    color = COLORS[_threshold_color(line.last, defaults)]
    plot = Area(
        x=area.x - 9, y=area.y + area.height * 0.55, width=area.width + 18,
        height=area.height * 0.45 + 7,
    )  # fmt: skip
    axes = canvas.axes(plot)
    axes.set_axis_off()
    times = [time for time, _ in line.points]
    numbers = [value for _, value in line.points]
    finite = [value for value in numbers if math.isfinite(value)]
    if finite:
        floor = min(finite) - 0.15 * (max(finite) - min(finite) or 1)
        axes.fill_between(times, numbers, floor, color=color, alpha=0.15, linewidth=0)
        axes.plot(times, numbers, color=color, linewidth=1)
        axes.set_xlim(times[0], times[-1])
        axes.set_ylim(floor, max(finite) + 0.15 * (max(finite) - min(finite) or 1))
    value = written(line.last, defaults["unit"], defaults.get("decimals"))
    canvas.text(area.x + area.width / 2, area.y + area.height * 0.3, value, 22, color=color,
                weight="bold", ha="center", va="center")  # fmt: skip


def _bars(canvas: Canvas, area: Area, panel: Mapping[str, Any], lines: Sequence[Line]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    shown = sorted(lines, key=lambda line: -line.last)
    height = min(24.0, area.height / max(len(shown), 1))
    fits = int(area.height / max(height, 13))
    height = area.height / fits if len(shown) > fits else height
    most = defaults.get("max") or max((line.last for line in shown), default=1) or 1
    name_width = min(area.width * 0.62, 7.6 * max((len(line.name) for line in shown), default=1))
    size = min(8.5, height * 0.5)
    for place, line in enumerate(shown[:fits]):
        y = area.y + place * height
        rest = area.width - name_width - 68
        name = _fit(line.name, name_width, size)
        canvas.text(area.x, y + height / 2, name, size, va="center")
        bar = Area(x=area.x + name_width + 8, y=y + height * 0.18, width=rest, height=height * 0.64)
        canvas.block(bar, _GRID)
        color = COLORS[_threshold_color(line.last, defaults)]
        share = min(max(line.last / most, 0), 1)
        canvas.block(Area(x=bar.x, y=bar.y, width=rest * share, height=bar.height), color)
        value = written(line.last, defaults["unit"])
        canvas.text(area.x + area.width, y + height / 2, value, size, va="center", ha="right",
                    color=color, weight="bold")  # fmt: skip


def _table(
    canvas: Canvas,
    area: Area,
    panel: Mapping[str, Any],
    answered: Sequence[tuple[Target, Answer]],
) -> None:
    overrides = {
        override["matcher"]["options"]: {p["id"]: p["value"] for p in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    }
    columns = [target.legend for target, _ in answered]
    rows: dict[str, dict[str, float]] = {}
    for target, answer in answered:
        for labels, points in answer.series:
            row = rows.setdefault(" ".join(labels.values()), {})
            row[target.legend] = points[-1][1]
    key = next((" ".join(labels) for _, answer in answered for labels, _ in answer.series), "")
    order = sorted(rows, key=lambda name: -rows[name].get(columns[0], 0))
    widths = [0.28, *[0.72 / len(columns)] * len(columns)]
    starts = [area.x + area.width * sum(widths[:index]) for index in range(len(widths))]
    for start, name in zip(starts, (key, *columns), strict=True):
        canvas.text(start, area.y + 2, name, 8.5, color=COLORS["blue"], weight="bold")
    for place, name in enumerate(order[: int((area.height - 24) / 25)]):
        y = area.y + 26 + place * 25
        canvas.block(Area(x=area.x, y=y - 2, width=area.width, height=1), _GRID)
        canvas.text(starts[0], y + 5, name, 9, color=COLORS["blue"])
        for start, column in zip(starts[1:], columns, strict=True):
            how = overrides.get(column, {})
            value = rows[name].get(column, math.nan)
            color = COLORS[_threshold_color(value, how)] if "thresholds" in how else _TEXT
            canvas.text(start, y + 5, written(value, how["unit"]), 9, color=color)


def _graph(
    canvas: Canvas,
    area: Area,
    panel: Mapping[str, Any],
    lines: Sequence[Line],
    time: tuple[float, float],
) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    custom, unit = defaults.get("custom", {}), defaults["unit"]
    shown = _legend_rows(lines, area)
    rows = len(shown) + 1 + (len(shown) < len(lines))
    axes = canvas.axes(area.inside(left=62, top=4, right=6, bottom=rows * _LEGEND_LINE + 26))
    _style(axes, unit)
    colors = [PALETTE[place % len(PALETTE)] for place in range(len(lines))]
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    layers = _stacked(lines) if stacked else lines
    low, high = _bounds(layers, defaults)
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(mpl.ticker.FixedLocator(_ticks(low, high, unit)))
    # The highest first, so that each layer of a stack covers what is below it.
    for line, color in reversed(list(zip(layers, colors, strict=True))):
        times = [time for time, _ in line.points]
        numbers = [value for _, value in line.points]
        axes.plot(times, numbers, color=color, linewidth=1.2)
        if stacked:
            axes.fill_between(times, numbers, low, color=_mixed(color, 0.35), linewidth=0)
        elif len(lines) <= _FILLED:
            axes.fill_between(times, numbers, low, color=color, alpha=0.05, linewidth=0)
    if custom.get("thresholdsStyle"):
        for step in defaults["thresholds"]["steps"]:
            if step["value"] is not None and low <= step["value"] <= high:
                axes.axhline(step["value"], color=COLORS[step["color"]], linewidth=1,
                             linestyle=(0, (5, 4)))  # fmt: skip
    _time_axis(axes, *time)
    _legend(canvas, area, unit, shown, lines, colors)


def _bounds(lines: Sequence[Line], defaults: Mapping[str, Any]) -> tuple[float, float]:
    """Of the axis: the panel's, where it has them, else what holds all numbers."""
    numbers = [value for line in lines for _, value in line.points if math.isfinite(value)]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    room = 0.08 * ((high - low) or abs(high) or 1)
    fixed_low, fixed_high = defaults.get("min"), defaults.get("max")
    low = low - room if fixed_low is None else fixed_low
    high = high + room if fixed_high is None else min(high + room, fixed_high)
    return low, high if high > low else low + 1


def _ticks(low: float, high: float, unit: str) -> list[float]:
    """About four round numbers in the unit that is written: 2 GiB, and not 2.79."""
    scale = 1.0
    if unit == "bytes":
        scale = 1024.0 ** max(0, math.floor(math.log(max(abs(high), 1), 1024)))
    elif unit == "s" and high >= 60:
        scale = 60.0 if high < 3600 else 3600.0
    ticks = mpl.ticker.MaxNLocator(4).tick_values(low / scale, high / scale)
    return [tick * scale for tick in ticks if low <= tick * scale <= high]


def _stacked(lines: Sequence[Line]) -> list[Line]:
    times = sorted({time for line in lines for time, _ in line.points})
    below = dict.fromkeys(times, 0.0)
    layers = []
    for line in lines:
        for time, value in line.points:
            below[time] += value if math.isfinite(value) else 0
        layers.append(Line(name=line.name, points=tuple(below.items())))
    return layers


def _mixed(color: str, share: float) -> tuple[float, float, float]:
    """A colour thinned with white, so that layers below do not shine through."""
    red, green, blue = mpl.colors.to_rgb(color)
    return tuple(1 - share * (1 - part) for part in (red, green, blue))  # type: ignore[return-value]


def _style(axes: Axes, unit: str) -> None:
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.grid(True, color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, labelcolor=_FAINT, length=0)
    axes.yaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: written(value, unit)))


def _time_axis(axes: Axes, start: float, end: float) -> None:
    axes.set_xlim(start, end)
    every = next(seconds for seconds in _TICK_SECONDS if (end - start) / seconds <= _MAX_TICKS)
    ticks = [tick for tick in range(int(start // every) * every, int(end) + 1, every)
             if start + (end - start) * 0.02 <= tick <= end - (end - start) * 0.04]  # fmt: skip
    texts = [datetime.fromtimestamp(tick, UTC).strftime("%H:%M") for tick in ticks]
    axes.set_xticks(ticks, texts)


def _legend_rows(lines: Sequence[Line], area: Area) -> list[int]:
    fits = max(1, int((area.height * 0.42) / _LEGEND_LINE) - 1)
    return list(range(len(lines)))[: fits if len(lines) <= fits else fits - 1]


def _legend(
    canvas: Canvas,
    area: Area,
    unit: str,
    shown: Sequence[int],
    lines: Sequence[Line],
    colors: Sequence[str],
) -> None:
    hidden = len(lines) - len(shown)
    y = area.y + area.height - (len(shown) + (1 if not hidden else 2)) * _LEGEND_LINE + 2
    right = area.x + area.width
    for x, words in ((right - 78, "Mean"), (right, "Last")):
        canvas.text(x, y, words, 7.5, color=COLORS["blue"], ha="right")
    for place, index in enumerate(shown, 1):
        line, at = lines[index], y + place * _LEGEND_LINE
        canvas.block(Area(x=area.x + 2, y=at + 5, width=12, height=3), colors[index])
        canvas.text(area.x + 20, at, _fit(line.name, area.width - 185, 8), 8)
        for x, value in ((right - 78, line.mean), (right, line.last)):
            canvas.text(x, at, written(value, unit), 8, ha="right")
    if hidden:
        at = y + (len(shown) + 1) * _LEGEND_LINE
        canvas.text(area.x + 20, at, f"and {hidden} more", 8, color=_FAINT)


def _threshold_color(value: float, defaults: Mapping[str, Any]) -> str:
    color = "blue"
    for step in defaults.get("thresholds", {}).get("steps", ()):
        if step["value"] is None or value >= step["value"]:
            color = step["color"]
    return color


def _fit(words: str, width: float, size: float) -> str:
    """As many letters as fit into a width; one is about 0.86 of the size wide, in pixels."""
    most = max(4, int(width / (size * 0.86)))
    return words if len(words) <= most else words[: most - 1] + "…"


def not_drawn(content: Mapping[str, Any], answers: Answers) -> Iterator[str]:
    """The titles of panels that show their query only."""
    for panel in panels(content):
        if not any(identity == panel["id"] for identity, _ in answers):
            yield panel["title"]
