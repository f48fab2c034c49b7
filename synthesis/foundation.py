"""Facts for the generated documents, from the reviewed snapshots and the settings."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from settings.load import SettingsError, environment_names, load_environment
from settings.model import Settings
from synthesis.synth import deployment_order
from tools.paths import ROOT

_READ: Final = re.compile(r"data\.terraform_remote_state\.([\w-]+)\.outputs\.(\w+)")


SNAPSHOTS: Final = ROOT / "tests" / "snapshots"


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a stack, and the stacks that read it."""

    name: str
    kind: str
    description: str
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Foundation:
    """What the snapshots say, by environment and stack."""

    configs: dict[str, dict[str, dict[str, Any]]]
    """Terraform JSON by environment and stack, stacks in order of deployment."""

    @classmethod
    def load(
        cls, directory: Path = SNAPSHOTS, environments: Sequence[str] | None = None
    ) -> Foundation:
        """Read the snapshots of every environment, or of some.

        Raises:
            SettingsError: an environment has no snapshots yet.
        """
        environments = environments or environment_names()
        for environment in environments:
            if not (directory / environment / "manifest.json").is_file():
                raise SettingsError(
                    f"environment {environment!r}: no snapshots; allowed: those that "
                    "`make snapshots` writes"
                )
        return cls(
            {
                environment: {
                    stack: read_json(directory / environment / f"{stack}.tf.json")
                    for stack in deployment_order(
                        read_json(directory / environment / "manifest.json")
                    )
                }
                for environment in environments
            }
        )

    @property
    def stacks(self) -> list[str]:
        """Names of the stacks in order of deployment, the same in every environment."""
        return list(next(iter(self.configs.values())))

    def resources(self, environment: str, stack: str) -> Counter[str]:
        """Number of resources of a stack by type."""
        resources = self.configs[environment][stack].get("resource", {})
        return Counter({type_: len(named) for type_, named in resources.items()})

    @cached_property
    def outputs(self) -> dict[str, list[Output]]:
        """Outputs by stack: the same in every environment, as one contract describes them."""
        stacks = next(iter(self.configs.values()))
        reads = {
            stack: set(_READ.findall(json.dumps(config).replace('\\"', '"')))
            for stack, config in stacks.items()
        }
        return {
            producer: [
                Output(
                    name=name,
                    kind=_kind(output["value"]),
                    description=output["description"],
                    readers=tuple(s for s in self.stacks if (producer, name) in reads[s]),
                )
                for name, output in config.get("output", {}).items()
            ]
            for producer, config in stacks.items()
        }

    def read_by(self, consumer: str) -> dict[str, list[str]]:
        """Names of the outputs that a stack reads, by the stack that publishes them."""
        outputs_read = {
            producer: [output.name for output in outputs if consumer in output.readers]
            for producer, outputs in self.outputs.items()
        }
        return {producer: names for producer, names in outputs_read.items() if names}


def all_settings() -> dict[str, Settings]:
    """Settings of every environment; whether a version is still supported is not asked here."""
    return {name: load_environment(name, today=date.min) for name in environment_names()}


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "text by namespace"
    return "list of text" if isinstance(value, list) else "text"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def pins(path: Path, pattern: str) -> dict[str, str]:
    """Versions by name: the two groups of each match of the pattern in a file."""
    return dict(re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE))
