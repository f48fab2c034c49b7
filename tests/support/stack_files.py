"""How the tests look into a stack's Terraform JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from blueprint.documents import Config
from blueprint.stack_names import STACKS
from synthesis.reading import (
    as_list,
    instances,
    policies,
    policy,
    references,
    resources,
    strings,
)

__all__ = [
    "STACKS",
    "Config",
    "Stacks",
    "SynthesizeVariation",
    "actions",
    "as_list",
    "instances",
    "only",
    "policies",
    "policy",
    "references",
    "resource",
    "resources",
    "strings",
]

Stacks = dict[str, Config]
"""An environment's stacks by name."""

SynthesizeVariation = Callable[[Mapping[str, Any]], Stacks]
"""Synthesizes dev with some settings changed."""


def resource(config: Config, address: str) -> Config:
    resource_type, name = address.split(".")
    return instances(config, resource_type)[name]


def only(instances: dict[str, Config]) -> Config:
    (body,) = instances.values()
    return body


def actions(statements: list[Config], resource_suffix: str = "") -> set[str]:
    """Allowed actions on the resources that end so."""
    return {
        action
        for statement in statements
        if statement["Effect"] == "Allow"
        and any(str(item).endswith(resource_suffix) for item in as_list(statement["Resource"]))
        for action in as_list(statement["Action"])
    }
