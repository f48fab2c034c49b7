"""The settings whose values are rendered: every environment, and every size that none has."""

from dataclasses import asdict
from datetime import date

from settings.checks import least_stage_nodes
from settings.load import environment_names, load_environment
from settings.model import OBSERVABILITY, Namespace, Quota, Settings
from settings.node_sizes import LEAST_OBSERVABILITY_QUOTA, SIZES, Size


def settings_to_check(today: date) -> dict[str, Settings]:
    """Settings by name: the environments', then the last one's in each size that nobody uses.

    A size that no environment has today must not turn out broken on the day that one takes it.

    Raises:
        SettingsError: an environment's file is wrong.
    """
    settings = {name: load_environment(name, today) for name in environment_names()}
    used = {item.size for item in settings.values()}
    largest = list(settings.values())[-1]
    for size in SIZES:
        if size not in used:
            settings[size] = _in_size(largest, size)
    return settings


def _in_size(settings: Settings, size: Size) -> Settings:
    """The settings in another size, with what the checks on settings ask for then."""
    namespace = settings.namespaces[OBSERVABILITY]
    given, least = namespace.quota.model_dump(), asdict(LEAST_OBSERVABILITY_QUOTA[size])
    quota = Quota(**{key: max(value, least[key]) for key, value in given.items()})
    observability = namespace.model_copy(update={"quota": quota})
    stages = {stage: _with_room(settings, stage, size) for stage in settings.stages}
    return settings.model_copy(
        update={
            "size": size,
            "environment": size,
            "namespaces": {**settings.namespaces, **stages, OBSERVABILITY: observability},
        }
    )


def _with_room(settings: Settings, stage: str, size: Size) -> Namespace:
    group = settings.node_group(stage)
    most = max(group.max_size, least_stage_nodes(group, size))
    return settings.namespaces[stage].model_copy(
        update={"node_group": group.model_copy(update={"max_size": most})}
    )
