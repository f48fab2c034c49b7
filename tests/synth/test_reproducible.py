"""The same settings give the same bytes, on any computer and at any time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from environments.load import environment_names
from environments.model import Settings
from scripts.synthesis import ROOT, SynthesizedStack, synthesize

SYNTHESIZE = """
import sys
from datetime import date
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from environments.load import load_environment
from scripts.synthesis import synthesize
synthesize(load_environment(sys.argv[2], date(2026, 11, 24)), Path(sys.argv[3]))
"""


def package_cache() -> Path:
    """Where JSII keeps unpacked bindings unless it is told otherwise."""
    system = "Library/Caches/com.amazonaws.jsii" if sys.platform == "darwin" else ".cache/aws/jsii"
    return Path(
        os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT", Path.home() / system / "package-cache")
    )


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def synthesize_elsewhere(environment: str, tmp_path: Path, **variables: str) -> dict[str, bytes]:
    """Synthesize in a process of its own, in another folder; return the files."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    outdir = tmp_path / "other-out"
    done = subprocess.run(
        [sys.executable, "-c", SYNTHESIZE, str(ROOT), environment, str(outdir)],
        cwd=elsewhere,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    assert list(elsewhere.iterdir()) == [], "synthesis writes into the working directory"
    return files(outdir)


@pytest.mark.parametrize("environment", environment_names())
def test_another_folder_gives_the_same_bytes(
    synthesized: dict[str, dict[str, SynthesizedStack]],
    settings: dict[str, Settings],
    outdirs: dict[str, Path],
    tmp_path: Path,
    environment: str,
) -> None:
    synthesize(settings[environment], tmp_path / "again")
    assert files(tmp_path / "again") == files(outdirs[environment])


def test_another_process_home_time_zone_language_and_hash_seed_give_the_same_bytes(
    synthesized: dict[str, dict[str, SynthesizedStack]],
    outdirs: dict[str, Path],
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    made = synthesize_elsewhere(
        "prd",
        tmp_path,
        HOME=str(home),
        # Unpacking the bindings into an empty cache takes 15 s, and tells nothing.
        JSII_RUNTIME_PACKAGE_CACHE_ROOT=str(package_cache()),
        TZ="Pacific/Kiritimati",
        LANG="tr_TR.UTF-8",
        LC_ALL="C",
        PYTHONHASHSEED="1",
        USER="somebody-else",
        AWS_REGION="eu-north-1",
        AWS_PROFILE="somebody-elses",
        ENVIRONMENT="dev",
    )
    assert made == files(outdirs["prd"])
