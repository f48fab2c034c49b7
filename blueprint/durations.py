"""Retention as the back ends' configurations write it."""

from typing import Final

HOURS_PER_DAY: Final = 24


def hours(days: int) -> str:
    """Days as a Go duration in hours: 7 becomes `168h`, since Go knows no unit above the hour."""
    return f"{days * HOURS_PER_DAY}h"
