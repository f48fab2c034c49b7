"""Paths of the repository on this computer."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
"""The top folder of the checkout."""

SAMPLE_ENVIRONMENTS = ROOT / "tests" / "environments"
"""Settings of the tests and of the chart contracts. They are never deployed or changed by users."""
