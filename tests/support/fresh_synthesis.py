"""Synthesis in a process of its own, and the bytes that it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.paths import ROOT

SYNTHESIZE = """
import sys
from datetime import date
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from settings.load import load_environment
from synthesis.synth import synthesize
synthesize(load_environment(sys.argv[2], date(2026, 11, 24)), Path(sys.argv[3]))
"""


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
