"""Rules as data. `RuleGroup.as_dict` renders Prometheus' own format at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from settings.model import Settings

Severity = Literal["critical", "warning", "info", "none"]
"""`critical`: act now; it pages if the namespace has paging. `warning`: act in the next days.
`info`: worth knowing. `none`: Watchdog, which signals no problem."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A query whose result is stored as a series."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self, settings: Settings) -> dict[str, Any]:
        """As Prometheus takes it."""
        del settings
        rule: dict[str, Any] = {"record": self.record, "expr": self.expr}
        return rule | ({"labels": dict(self.labels)} if self.labels else {})


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A query whose result signals a problem.

    `namespace` and `owner` are text or a template over the labels of the result. `description` has
    the value (`{{ $value | humanize }}` or similar). `dashboard` is the path and query of a
    dashboard below Grafana's address, from `signals.links`.
    """

    name: str
    expr: str
    for_: str
    severity: Severity
    namespace: str
    owner: str
    summary: str
    description: str
    dashboard: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self, settings: Settings) -> dict[str, Any]:
        """In Prometheus' format, with the links that the settings complete."""
        alerting = settings.alerting
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.for_,
            "labels": {
                "severity": self.severity,
                "namespace": self.namespace,
                "owner": self.owner,
                **self.labels,
            },
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"{alerting.runbooks_url}/{self.name}.md",
                "dashboard_url": f"{alerting.grafana_url}{self.dashboard}",
            },
        }


@dataclass(frozen=True, kw_only=True)
class RuleGroup:
    """Rules that Prometheus evaluates one after another."""

    name: str
    rules: tuple[Recording | Alert, ...]
    interval: str | None = None

    def as_dict(self, settings: Settings) -> dict[str, Any]:
        """As Prometheus takes it."""
        group: dict[str, Any] = {"name": self.name}
        if self.interval is not None:
            group["interval"] = self.interval
        return group | {"rules": [rule.as_dict(settings) for rule in self.rules]}
