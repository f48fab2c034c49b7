"""The settings whose values are rendered: a sample of each size, and every environment.

Contracts are of the samples (tests/environments), which nobody deploys. What users change in
environments/*.yaml changes no contract: their values only have to keep to it.
"""

from dataclasses import asdict
from datetime import date

from settings.checks import min_stage_nodes
from settings.load import environment_names, load_environment
from settings.model import OBSERVABILITY, Namespace, Settings
from settings.node_sizes import MIN_OBSERVABILITY_QUOTA, SIZES, Size
from tools.paths import SAMPLE_ENVIRONMENTS


def sample_name(size: Size) -> str:
    """What a sample is called; no environment can have such a name."""
    return f"size-{size}"


def samples(today: date) -> dict[str, Settings]:
    """A sample of each size, by its name; of a size that none of them has, the last one in it."""
    loaded = [
        load_environment(name, today, SAMPLE_ENVIRONMENTS)
        for name in environment_names(SAMPLE_ENVIRONMENTS)
    ]
    by_size = {settings.size: settings for settings in loaded}
    return {
        sample_name(size): (by_size.get(size) or _in_size(loaded[-1], size)).model_copy(
            update={"environment": sample_name(size)}
        )
        for size in SIZES
    }


def settings_to_check(today: date) -> dict[str, Settings]:
    """The samples and the settings of every environment, by name.

    Raises:
        SettingsError: an environment's file is wrong.
    """
    environments = {name: load_environment(name, today) for name in environment_names()}
    return {**samples(today), **environments}


def _in_size(settings: Settings, size: Size) -> Settings:
    """The settings in another size, adapted to pass the checks on settings."""
    namespace = settings.namespaces[OBSERVABILITY]
    current, least = dict(namespace.quota), asdict(MIN_OBSERVABILITY_QUOTA[size])
    quota = namespace.quota.model_copy(
        update={key: max(current[key], least[key]) for key in current if key in least}
    )
    observability = namespace.model_copy(update={"quota": quota})
    stages = {stage: _with_room(settings, stage, size) for stage in settings.stages}
    return settings.model_copy(
        update={
            "size": size,
            "namespaces": {**settings.namespaces, **stages, OBSERVABILITY: observability},
        }
    )


def _with_room(settings: Settings, stage: str, size: Size) -> Namespace:
    group = settings.node_group(stage)
    most = max(group.max_size, min_stage_nodes(group, size))
    return settings.namespaces[stage].model_copy(
        update={"node_group": group.model_copy(update={"max_size": most})}
    )
