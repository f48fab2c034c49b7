"""Every environment is synthesized once; a variation of dev when a test asks for it.

`synthesized` and `configs` are of the environments that only tests have, `real_synthesized` and
`real_configs` of the users', which may be any.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings
from shared_synthesis import shared_folder, synthesized_once
from stack_files import Stacks, SynthesizeVariation

import constructs_lib  # noqa: F401 - before a test imports a binding, which would load them all
from settings.load import environment_names, load_environment, load_settings, settings_folder
from settings.model import Settings
from synthesis.synth import SynthesizedStack, synthesize


@pytest.fixture(scope="session")
def settings() -> dict[str, Settings]:
    return {name: load_environment(name, TODAY) for name in environment_names()}


@pytest.fixture(scope="session")
def outdirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: shared_folder(tmp_path_factory) / f"out-{name}" for name in environment_names()}


@pytest.fixture(scope="session")
def synthesized(
    settings: dict[str, Settings], outdirs: dict[str, Path]
) -> dict[str, dict[str, SynthesizedStack]]:
    """Stacks by environment and name, in order of deployment."""
    return {
        environment: {stack.name: stack for stack in synthesized_once(values, outdirs[environment])}
        for environment, values in settings.items()
    }


@pytest.fixture(scope="session")
def configs(synthesized: dict[str, dict[str, SynthesizedStack]]) -> dict[str, Stacks]:
    """The same, parsed; not to be changed."""
    return {
        environment: {name: stack.config for name, stack in stacks.items()}
        for environment, stacks in synthesized.items()
    }


@pytest.fixture(scope="session")
def real_outdirs(
    settings: dict[str, Settings],
    outdirs: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """Where the users' environments are synthesized: those of the same settings only once."""
    return {
        name: outdirs[name]
        if settings.get(name) == real_settings(name)
        else shared_folder(tmp_path_factory) / f"out-real-{name}"
        for name in REAL_ENVIRONMENTS
    }


@pytest.fixture(scope="session")
def real_synthesized(
    synthesized: dict[str, dict[str, SynthesizedStack]],
    outdirs: dict[str, Path],
    real_outdirs: dict[str, Path],
) -> dict[str, dict[str, SynthesizedStack]]:
    return {
        name: synthesized[name]
        if outdirs.get(name) == outdir
        else {stack.name: stack for stack in synthesized_once(real_settings(name), outdir)}
        for name, outdir in real_outdirs.items()
    }


@pytest.fixture(scope="session")
def real_configs(
    real_synthesized: dict[str, dict[str, SynthesizedStack]],
) -> dict[str, Stacks]:
    return {
        name: {stack.name: stack.config for stack in stacks.values()}
        for name, stacks in real_synthesized.items()
    }


@pytest.fixture(scope="session")
def dev(configs: dict[str, Stacks]) -> Stacks:
    return configs["dev"]


@pytest.fixture(scope="session")
def prd(configs: dict[str, Stacks]) -> Stacks:
    return configs["prd"]


@pytest.fixture(scope="session")
def variations() -> dict[str, Stacks]:
    """What synthesize_variation has made so far, by the changes."""
    return {}


@pytest.fixture
def synthesize_variation(variations: dict[str, Stacks], tmp_path: Path) -> SynthesizeVariation:
    """Synthesize dev with other settings: `{"network": {"nat": "none"}}` changes one value.

    A value None removes a key. The result passes the same checks as a file does.
    """

    def make(changes: Mapping[str, Any]) -> Stacks:
        key = json.dumps(changes, sort_keys=True)
        if key not in variations:
            data = yaml.safe_load((settings_folder() / "dev.yaml").read_text(encoding="utf-8"))
            file = tmp_path / "dev.yaml"
            file.write_text(yaml.safe_dump(_merged(data, changes)), encoding="utf-8")
            stacks = synthesize(load_settings(file, TODAY), tmp_path / "out")
            variations[key] = {stack.name: stack.config for stack in stacks}
        return variations[key]

    return make


def _merged(data: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(data)
    for key, value in changes.items():
        if value is None:
            del merged[key]
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged
