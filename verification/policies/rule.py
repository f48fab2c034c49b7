"""The model of a rule, its subject and its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from blueprint.documents import Config
from settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One synthesized stack, with its settings and the day for which it is checked."""

    settings: Settings
    stack: str
    config: Config
    """The parsed cdk.tf.json; rules do not change it."""
    today: date

    @property
    def name(self) -> str:
        """Environment and stack, such as `prd/storage`."""
        return f"{self.settings.environment}/{self.stack}"


@dataclass(frozen=True)
class Breach:
    """What a check found: where in the stack, and what is wrong there."""

    address: str
    message: str
    warning: bool = False
    """To be done in time, and no reason to stop."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `id` begins with its area; `source` names the document that requires it."""

    id: str
    title: str
    reason: str
    source: str
    check: Callable[[Subject], Iterable[Breach]]

    @property
    def area(self) -> str:
        """First word of the id: the module in policies/rules that has it."""
        return self.id.partition("-")[0]


@dataclass(frozen=True)
class Finding:
    """A breach of a rule in one stack."""

    rule: Rule
    subject: str
    breach: Breach

    def __str__(self) -> str:
        return f"{self.subject} {self.breach.address}: {self.rule.id}: {self.breach.message}"


def findings(rules: Iterable[Rule], subjects: Iterable[Subject]) -> list[Finding]:
    """Everything that the rules find in the stacks."""
    rules = list(rules)
    return [
        Finding(rule, subject.name, breach)
        for subject in subjects
        for rule in rules
        for breach in rule.check(subject)
    ]
