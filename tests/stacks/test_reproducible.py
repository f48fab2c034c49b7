"""The same settings give the same bytes, on any computer and at any time."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from fresh_synthesis import files, synthesize_elsewhere

from settings.load import environment_names
from settings.model import Settings
from synthesis.synth import SynthesizedStack, synthesize


def package_cache() -> Path:
    """Where JSII keeps unpacked bindings unless it is told otherwise."""
    system = "Library/Caches/com.amazonaws.jsii" if sys.platform == "darwin" else ".cache/aws/jsii"
    return Path(
        os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT", Path.home() / system / "package-cache")
    )


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
    output = synthesize_elsewhere(
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
    assert output == files(outdirs["prd"])
