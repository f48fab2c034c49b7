"""A Helm release as data.

The stack installs it, and `make charts-check` renders it.
"""

from dataclasses import dataclass, field
from typing import Any

from blueprint.documents import document, escape_terraform, merge
from helm_values.static_values import static_values
from settings.model import OBSERVABILITY
from versions import Chart


@dataclass(frozen=True, kw_only=True)
class Release:
    """One Helm release.

    `static` names the YAML file of the constants; `from_settings` is what the settings decide;
    `from_stack_outputs` holds strings out of `StackOutputs` and nothing else: they are tokens.
    Later ones win, key by key. `after` holds ids of releases that must be installed before.
    `outlives_stages`: stages may have objects whose finalizers only this release's controller
    removes, so their namespaces are made after it and destroyed before it.
    """

    name: str
    chart: Chart
    static: str
    namespace: str = OBSERVABILITY
    from_settings: dict[str, Any] = field(default_factory=dict)
    from_stack_outputs: dict[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    outlives_stages: bool = False
    timeout_seconds: int = 600

    @property
    def id(self) -> str:
        """Unique name: a gateway's release is called the same in every stage."""
        return self.name if self.namespace == OBSERVABILITY else f"{self.name}-{self.namespace}"

    @property
    def literal_values(self) -> dict[str, Any]:
        """Constants and what the settings decide."""
        return merge(static_values(self.static), self.from_settings)

    @property
    def values(self) -> dict[str, Any]:
        """Everything that Helm gets, as it merges it."""
        return merge(self.literal_values, self.from_stack_outputs)

    @property
    def documents(self) -> list[str]:
        """The texts for `helm_release`: literal text is escaped, tokens are not."""
        documents = [escape_terraform(document(self.literal_values))]
        if self.from_stack_outputs:
            documents.append(document(self.from_stack_outputs))
        return documents
