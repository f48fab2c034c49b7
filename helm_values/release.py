"""What a Helm release is made of, as data.

The stack installs it, and `make charts-check` renders it.
"""

from dataclasses import dataclass, field
from typing import Any

from environments.model import OBSERVABILITY
from helm_values.render import document, escape_terraform, merge, static_values
from versions import Chart


@dataclass(frozen=True, kw_only=True)
class LayersBelow:
    """What the stacks below publish and the releases need.

    In the stack these are Terraform tokens, in checks and tests sample values.
    """

    metrics_bucket_name: str
    logs_bucket_name: str
    traces_bucket_name: str
    backups_bucket_name: str
    loki_role_arn: str
    tempo_role_arn: str
    thanos_writer_role_arn: str
    thanos_reader_role_arn: str
    velero_role_arn: str
    cluster_autoscaler_role_arn: str


@dataclass(frozen=True, kw_only=True)
class Release:
    """One Helm release.

    `static` names the YAML file of the constants; `from_settings` is what the settings decide;
    `from_layers_below` holds strings out of `LayersBelow` and nothing else, since they are tokens.
    Later ones win, key by key. `after` holds ids of releases that must be installed before.
    """

    name: str
    chart: Chart
    static: str
    namespace: str = OBSERVABILITY
    from_settings: dict[str, Any] = field(default_factory=dict)
    from_layers_below: dict[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
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
        return merge(self.literal_values, self.from_layers_below)

    @property
    def documents(self) -> list[str]:
        """The texts for `helm_release`: literal text is escaped, tokens are not."""
        documents = [escape_terraform(document(self.literal_values))]
        if self.from_layers_below:
            documents.append(document(self.from_layers_below))
        return documents
