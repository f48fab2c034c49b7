"""Settings of every size and sample values of the stacks below, for tests of the releases."""

from __future__ import annotations

from typing import Final

from settings_files import TODAY

from helm_values.stack_outputs import StackOutputs, sample_stack_outputs
from settings.load import environment_names, load_environment
from settings.model import Settings
from settings.node_sizes import SIZES, Size

STACK_OUTPUTS: Final[StackOutputs] = sample_stack_outputs()


def with_size(size: Size, environment: str = "prd") -> Settings:
    """An environment's settings, with another size."""
    return load_environment(environment, TODAY).model_copy(update={"size": size})


EVERY_SETTINGS: Final[dict[str, Settings]] = {
    f"{environment}-{size}": with_size(size, environment)
    for environment in environment_names()
    for size in SIZES
}
"""Every environment in every size."""
