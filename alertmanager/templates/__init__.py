"""Templates of notifications, for Alertmanager's `templateFiles`."""

from pathlib import Path

FILES = {file.name: file for file in sorted(Path(__file__).parent.glob("*.tmpl"))}


def texts() -> dict[str, str]:
    """Text of each template by its file name."""
    return {name: file.read_text(encoding="utf-8") for name, file in FILES.items()}
