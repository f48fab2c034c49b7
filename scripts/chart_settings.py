"""The settings whose values are rendered: every environment, and every size that none has."""

from datetime import date
from typing import get_args

from environments.load import environment_names, load_environment
from environments.model import Settings
from environments.sizes import Size


def settings_to_check(today: date) -> dict[str, Settings]:
    """Settings by name: the environments', then the last one's in each size that nobody uses.

    A size that no environment has today must not turn out broken on the day that one takes it.

    Raises:
        SettingsError: an environment's file is wrong.
    """
    settings = {name: load_environment(name, today) for name in environment_names()}
    used = {item.size for item in settings.values()}
    largest = list(settings.values())[-1]
    for size in get_args(Size):
        if size not in used:
            settings[size] = largest.model_copy(update={"size": size, "environment": size})
    return settings
