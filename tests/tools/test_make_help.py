"""`make help` lists every target that has a description, under the heading of its section."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tools.paths import ROOT

MAKEFILE = """\
help: ## Show this list
{rule}
# --- Build --------

made: ## Make it
other: made ## Make the other
hidden: made

# --- Run ----------

go: ## Run it
"""


def rule() -> str:
    """The recipe of `help`, as the Makefile has it."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return text.partition("help: ## Show this list\n")[2].partition("\n\n")[0] + "\n"


def listed(folder: Path) -> dict[str, list[str]]:
    """Targets in the order of the list, by heading."""
    make = shutil.which("make")
    assert make is not None
    done = subprocess.run(
        [make, "--no-print-directory", "help"], cwd=folder, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    groups: dict[str, list[str]] = {"": []}
    for line in done.stdout.splitlines():
        if match := re.fullmatch(r"  (\S+) +\S.*", line):
            groups[list(groups)[-1]].append(match[1])
        elif line:
            groups[line] = []
    return groups


def test_every_described_target_is_listed_under_its_section() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    expected: dict[str, list[str]] = {}
    for section in re.split(r"^# --- ", text, flags=re.MULTILINE):
        heading = re.match(r"(.*?) -+\n", section)
        expected[heading[1] if heading else ""] = re.findall(
            r"^([a-z][a-z_-]*):.*## ", section, re.MULTILINE
        )
    assert listed(ROOT) == expected
    assert expected.pop("") == ["help"]
    assert all(expected.values())


def test_a_target_without_a_description_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE.format(rule=rule()), encoding="utf-8")
    assert listed(tmp_path) == {"": ["help"], "Build": ["made", "other"], "Run": ["go"]}
