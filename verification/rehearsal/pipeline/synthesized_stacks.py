"""Stacks as `make synth` writes them, once for each process that asks."""

import tempfile
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from settings.load import load_environment
from synthesis.synth import synthesize


@cache
def observability_stack(environment: str, today: date) -> dict[str, Any]:
    """The parsed cdk.tf.json of an environment's observability stack; not to be changed."""
    with tempfile.TemporaryDirectory() as folder:
        stacks = synthesize(load_environment(environment, today), Path(folder))
    (config,) = (stack.config for stack in stacks if stack.name == "observability")
    return config
