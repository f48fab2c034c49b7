"""Accessors for a stack's Terraform JSON, for rules and tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from blueprint.documents import Config

REFERENCE = re.compile(r"\b((?:aws|kubernetes|helm)_[a-z0-9_]+\.[A-Za-z_][\w-]*)")

POLICY_ARGUMENTS = ("policy", "assume_role_policy")
"""Arguments of resources that hold a policy document."""


def instances(config: Config, resource_type: str) -> dict[str, Config]:
    """Resources of a type by name; none is an empty dictionary."""
    bodies: dict[str, Config] = config.get("resource", {}).get(resource_type, {})
    return bodies


def resources(config: Config) -> Iterator[tuple[str, Config]]:
    """Every resource with its address."""
    for resource_type, named in config.get("resource", {}).items():
        for name, body in named.items():
            yield f"{resource_type}.{name}", body


def as_list(value: Any) -> list[Any]:
    """A value that may stand alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]


def references(value: Any) -> set[str]:
    """Addresses of the resources that a value names."""
    return {address for text in strings(value) for address in REFERENCE.findall(text)}


def strings(value: Any) -> Iterator[str]:
    """Every text in a value, keys included, without cdktf's own notes."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "//":
                yield key
                yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def policy(text: str) -> list[Config]:
    """Statements of a policy document.

    Raises:
        ValueError: not a document of the current policy language.
    """
    document = json.loads(text)
    if document["Version"] != "2012-10-17":
        raise ValueError(f"policy language {document['Version']!r}; allowed: 2012-10-17")
    statements: list[Config] = document["Statement"]
    return statements


def policies(config: Config) -> Iterator[tuple[str, list[Config]]]:
    """Statements of every policy document in a stack, with the address that holds it."""
    for address, body in resources(config):
        for argument in POLICY_ARGUMENTS:
            if argument in body:
                yield f"{address}.{argument}", policy(body[argument])
