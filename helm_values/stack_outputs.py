"""Outputs of other stacks that the components read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StackOutputs:
    """Values by the name of the output, such as `outputs["backups_bucket_name"]`.

    In the stack these are Terraform tokens, in checks and tests sample values.
    """

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """The value of one output.

        Raises:
            KeyError: the component does not declare in `reads` that it reads this output.
        """
        try:
            return self.values[name]
        except KeyError:
            declared = ", ".join(sorted(self.values)) or "none"
            raise KeyError(
                f"output {name} is not declared in `reads`; declared: {declared}"
            ) from None

    def only(self, names: Iterable[str]) -> "StackOutputs":
        """These outputs and no others."""
        return StackOutputs({name: self[name] for name in names})


class _Samples(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return _sample(name)


def sample_stack_outputs() -> StackOutputs:
    """Values of the same form as those that the stacks publish, for any output."""
    return StackOutputs(_Samples())


def _sample(name: str) -> str:
    text = name.replace("_", "-")
    if name.endswith("_arn"):
        return f"arn:aws:iam::111122223333:role/{text.removesuffix('-arn')}"
    return text
