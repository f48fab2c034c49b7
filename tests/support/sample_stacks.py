"""Synthesized stacks of the environments that only tests have, for tests that synthesize nothing.

The snapshots are of the users' environments. As long as one of those is still the same as a sample,
its snapshot serves; otherwise the sample is synthesized, once in each process.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from settings.load import environment_names, load_environment
from synthesis.foundation import Foundation


@functools.cache
def sample_foundation() -> Foundation:
    """As `Foundation.load`, of tests/environments; not to be changed."""
    return Foundation({name: _stacks(name) for name in environment_names()})


def _stacks(name: str) -> dict[str, dict[str, Any]]:
    settings = load_environment(name, TODAY)
    if name in REAL_ENVIRONMENTS and real_settings(name) == settings:
        return Foundation.load(environments=[name]).configs[name]
    # Only then: it loads the provider bindings.
    from synthesis.synth import synthesize

    with tempfile.TemporaryDirectory() as folder:
        return {stack.name: stack.config for stack in synthesize(settings, Path(folder))}
