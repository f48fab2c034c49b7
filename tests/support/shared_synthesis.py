"""One synthesis of each environment for all workers of a test run."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from settings.model import Settings
from synthesis.synth import SynthesizedStack, read_stacks, synthesize


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder of this run that all of its workers see."""
    base = factory.getbasetemp()
    # pytest-xdist gives each worker a folder below that of the run.
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def synthesized_once(settings: Settings, outdir: Path) -> list[SynthesizedStack]:
    """The stacks in `outdir`, synthesized by whichever worker asks first.

    Args:
        settings: what to synthesize.
        outdir: a folder for these settings and this run alone; its parent exists.
    """
    with outdir.with_suffix(".lock").open("w") as lock:
        # Released when the file is closed, also if this worker is killed.
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = outdir.with_suffix(".complete")
        if not complete.exists():
            outdir.mkdir(exist_ok=True)
            synthesize(settings, outdir)
            complete.touch()
        return read_stacks(outdir)
