"""All rules in one tuple, and the stacks that they are held against."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from environments.model import Settings
from policies.reading import Config
from policies.rule import Rule, Subject
from policies.rules import buckets, cluster, encryption, iam, network, secrets, tags, versions

RULES: Final[tuple[Rule, ...]] = tuple(
    rule
    for module in (iam, network, encryption, cluster, buckets, tags, versions, secrets)
    for rule in module.RULES
)


def subjects_of(settings: Settings, stacks: Mapping[str, Config], today: date) -> list[Subject]:
    """The stacks of one environment, by name, as what rules look at."""
    return [
        Subject(settings=settings, stack=name, config=config, today=today)
        for name, config in stacks.items()
    ]
