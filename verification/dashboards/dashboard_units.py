"""Formats a number in the units of the dashboards, similar to Grafana."""

import math
from collections.abc import Callable

_SI = ("", " K", " Mil", " Bil")
_IEC = (" B", " KiB", " MiB", " GiB", " TiB")
_SI_BYTES = (" B/s", " kB/s", " MB/s", " GB/s")


def _digits(value: float) -> str:
    """Three of them, without useless zeros."""
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(places, 4)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(value: float, base: int, names: tuple[str, ...]) -> str:
    power = 0
    while abs(value) >= base and power < len(names) - 1:
        value /= base
        power += 1
    return f"{_digits(value)}{names[power]}"


def _seconds(value: float) -> str:
    size = abs(value)
    for limit, factor, name in ((1, 1000.0, "ms"), (60, 1.0, "s"), (3600, 1 / 60, "min")):
        if size < limit:
            return f"{_digits(value * factor)} {name}"
    return f"{_digits(value / 3600)} h" if size < 86_400 else f"{_digits(value / 86_400)} days"


def _percent(value: float) -> str:
    # Objectives are near 100 %, where three digits would make all of them the same.
    return f"{100 * value:.2f} %" if 0.99 <= value < 1 else f"{_digits(100 * value)} %"


UNITS: dict[str, Callable[[float], str]] = {
    "short": lambda value: _scaled(value, 1000, _SI),
    "percentunit": _percent,
    "reqps": lambda value: f"{_scaled(value, 1000, _SI)} req/s",
    "s": _seconds,
    "bytes": lambda value: _scaled(value, 1024, _IEC),
    "Bps": lambda value: _scaled(value, 1000, _SI_BYTES),
}
"""By Grafana's id of the unit: the ones that dashboards may use."""


def written(value: float, unit: str, decimals: int | None = None) -> str:
    """A value with its unit; `decimals` where the panel fixes them.

    Raises:
        LookupError: the unit is none of UNITS.
    """
    if not math.isfinite(value):
        return "–"
    if decimals is not None and unit == "percentunit":
        return f"{100 * value:.{decimals}f} %"
    return UNITS[unit](round(value, decimals) if decimals is not None else value)
