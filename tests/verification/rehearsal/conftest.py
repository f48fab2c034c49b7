"""A stack that is rehearsed is synthesized once for all workers, as those of tests/stacks are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shared_synthesis import shared_folder, synthesized_once

from settings.model import Settings
from synthesis.synth import SynthesizedStack
from verification.rehearsal.pipeline import synthesized_stacks


@pytest.fixture(scope="session", autouse=True)
def _shared_stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # The folder of tests/stacks/conftest.py.
    folder = shared_folder(tmp_path_factory)

    def read_or_synthesize(settings: Settings, _: Path) -> list[SynthesizedStack]:
        return synthesized_once(settings, folder / f"out-{settings.environment}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthesized_stacks, "synthesize", read_or_synthesize)
        yield
