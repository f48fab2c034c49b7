"""The contract between stacks: outputs that one publishes and another reads by name and type.

A subclass of `Outputs` is the contract of one stack. Its producer calls `publish`, its consumers
`read`, and both are driven by the same fields, so an output cannot be read that is not published.
"""

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self, get_type_hints

from cdktf import TerraformOutput

from settings.model import Settings
from stacks.base import EnvironmentStack


def output(description: str) -> Any:
    """Declare an output: the field of an `Outputs` subclass with its description."""
    return field(metadata={"description": description})


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Base of the contracts. Field types: `str`, `list[str]`, or `dict[str, str]` by namespace."""

    stack_id: ClassVar[str]
    """Id of the stack that publishes these outputs."""

    def publish(self, stack: EnvironmentStack) -> None:
        """Write one Terraform output per field.

        Raises:
            ValueError: another stack than the contract's publishes it.
        """
        if stack.node.id != self.stack_id:
            raise ValueError(
                f"{type(self).__name__} is published by stack {self.stack_id!r}, "
                f"not by {stack.node.id!r}"
            )
        for item in fields(self):
            TerraformOutput(
                stack,
                item.name,
                value=getattr(self, item.name),
                description=item.metadata["description"],
            )

    @classmethod
    def read(cls, consumer: EnvironmentStack, settings: Settings) -> Self:
        """Read the outputs from the producer's state, as tokens that Terraform resolves.

        A `dict[str, str]` has the settings' namespaces as keys.
        """
        state = consumer.remote_state(cls.stack_id)
        types = get_type_hints(cls)
        values: dict[str, Any] = {}
        for item in fields(cls):
            if types[item.name] is str:
                values[item.name] = state.get_string(item.name)
            elif types[item.name] == list[str]:
                values[item.name] = state.get_list(item.name)
            else:
                values[item.name] = {
                    namespace: state.get_string(f'{item.name}["{namespace}"]')
                    for namespace in settings.namespaces
                }
        return cls(**values)
