"""The contract between stacks: outputs that one publishes and another reads by name and type.

A subclass of `Outputs` is the contract of one stack. Its producer calls `publish`, its consumers
`read`, and both are driven by the same fields, so an output cannot be read that is not published.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, Self, get_type_hints

from cdktf import TerraformOutput

from settings.model import Settings
from stacks.base import EnvironmentStack


def output(description: str) -> Any:
    """Declare an output: the field of an `Outputs` subclass with its description."""
    return field(metadata={"description": description})


def outputs(descriptions: Mapping[str, str]) -> Any:
    """Declare several outputs as one field of type `dict[str, str]`.

    Args:
        descriptions: description of each output by its name.
    """
    return field(metadata={"descriptions": dict(descriptions)})


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Base of the contracts. Field types: `str`, `list[str]`, or `dict[str, str]` by namespace.

    A field that `outputs` declares is a `dict[str, str]` by the names of Terraform outputs.
    """

    stack_id: ClassVar[str]
    """Id of the stack that publishes these outputs."""

    def publish(self, stack: EnvironmentStack) -> None:
        """Write one Terraform output per field, and one per name of a field of several.

        Raises:
            ValueError: another stack than the contract's publishes it.
        """
        if stack.node.id != self.stack_id:
            raise ValueError(
                f"{type(self).__name__} is published by stack {self.stack_id!r}, "
                f"not by {stack.node.id!r}"
            )
        values = self.by_name()
        for item in fields(self):
            for name, description in _descriptions(item).items():
                TerraformOutput(stack, name, value=values[name], description=description)

    def by_name(self) -> dict[str, Any]:
        """Value of every Terraform output by its name."""
        values: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            values |= value if _is_several(item) else {item.name: value}
        return values

    @classmethod
    def read(cls, consumer: EnvironmentStack, settings: Settings) -> Self:
        """Read the outputs from the producer's state, as tokens that Terraform resolves.

        A `dict[str, str]` has the settings' namespaces as keys.
        """
        state = consumer.remote_state(cls.stack_id)
        types = get_type_hints(cls)
        values: dict[str, Any] = {}
        for item in fields(cls):
            if _is_several(item):
                values[item.name] = {name: state.get_string(name) for name in _descriptions(item)}
            elif types[item.name] is str:
                values[item.name] = state.get_string(item.name)
            elif types[item.name] == list[str]:
                values[item.name] = state.get_list(item.name)
            else:
                values[item.name] = {
                    namespace: state.get_string(f'{item.name}["{namespace}"]')
                    for namespace in settings.namespaces
                }
        return cls(**values)

    @classmethod
    def published(cls) -> dict[str, Any]:
        """Type of every Terraform output by its name."""
        types = get_type_hints(cls)
        return {
            name: str if _is_several(item) else types[item.name]
            for item in fields(cls)
            for name in _descriptions(item)
        }


def _is_several(item: Field[Any]) -> bool:
    return "descriptions" in item.metadata


def _descriptions(item: Field[Any]) -> dict[str, str]:
    if _is_several(item):
        return dict(item.metadata["descriptions"])
    return {item.name: item.metadata["description"]}
