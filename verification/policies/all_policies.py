"""All rules in one tuple, and the stacks that they check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from blueprint.documents import Config
from settings.model import Settings
from verification.policies.rule import Rule, Subject
from verification.policies.rules import (
    bucket_rules,
    cluster_rules,
    encryption_rules,
    iam_rules,
    network_rules,
    secret_rules,
    tag_rules,
    version_rules,
    workload_rules,
)

RULES: Final[tuple[Rule, ...]] = tuple(
    rule
    for module in (
        iam_rules,
        network_rules,
        encryption_rules,
        cluster_rules,
        bucket_rules,
        tag_rules,
        version_rules,
        secret_rules,
        workload_rules,
    )
    for rule in module.RULES
)


def subjects_of(settings: Settings, stacks: Mapping[str, Config], today: date) -> list[Subject]:
    """The stacks of one environment, by name, as what rules look at."""
    return [
        Subject(settings=settings, stack=name, config=config, today=today)
        for name, config in stacks.items()
    ]
