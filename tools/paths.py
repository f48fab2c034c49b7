"""Where the repository is on this computer."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
"""The top folder of the checkout."""
