"""Accepted findings of scanners, each with a reason, an owner and an expiry date.

A suppression that suppresses nothing is stale, and a failure like a finding.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE: Final = Path(__file__).parent / "suppressions.yaml"

Scanner = Literal["checkov", "checkov-manifests", "parliament"]
SCANNERS: Final[tuple[Scanner, ...]] = get_args(Scanner)


class SuppressionsError(Exception):
    """The file of suppressions is wrong; the message says where and what is allowed."""


class Suppression(BaseModel):
    """One accepted finding, or a family of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scanner: Scanner
    id: str
    """The scanner's own name of the check, such as CKV_AWS_18."""
    resource: str
    """Resources, as shell patterns: `*` stands for any text."""
    reason: Annotated[str, Field(min_length=20)]
    owner: str

    def covers(self, finding: Finding) -> bool:
        """Whether this accepts the finding."""
        return (
            self.scanner == finding.scanner
            and self.id == finding.id
            and fnmatchcase(finding.resource, self.resource)
        )


@dataclass(frozen=True, order=True)
class Finding:
    """What a scanner found wrong."""

    scanner: Scanner
    id: str
    resource: str
    """Where: environment/stack and address, or environment/release and object."""
    title: str
    detail: str = ""

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.scanner} {self.id} {self.resource}: {self.title}{detail}"


@dataclass(frozen=True)
class Verdict:
    """Findings nobody has accepted, those that somebody has, and suppressions of nothing."""

    open: tuple[Finding, ...]
    accepted: tuple[tuple[Finding, Suppression], ...]
    stale: tuple[Suppression, ...]

    @property
    def is_good(self) -> bool:
        """Nothing is open and nothing is stale."""
        return not self.open and not self.stale


def read_suppressions(file: Path = FILE) -> list[Suppression]:
    """The suppressions of the file.

    Raises:
        SuppressionsError: the file is no list of suppressions.
    """
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SuppressionsError(f"{file.name}: not YAML: {error}") from None
    if not isinstance(entries, list):
        raise SuppressionsError(f"{file.name}: allowed: a list of suppressions")
    suppressions = []
    for number, entry in enumerate(entries, start=1):
        try:
            suppressions.append(Suppression.model_validate(entry))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise SuppressionsError(
                f"{file.name}: entry {number}: {where}: {first['msg']}; allowed: the keys "
                f"{', '.join(Suppression.model_fields)}, scanner one of {', '.join(SCANNERS)}"
            ) from None
    return suppressions


def judge(
    findings: Sequence[Finding], suppressions: Sequence[Suppression], ran: Collection[Scanner]
) -> Verdict:
    """Match findings with suppressions; scanners that did not run are left out."""
    accepted, still_open = [], []
    for finding in sorted(set(findings)):
        cover = next((entry for entry in suppressions if entry.covers(finding)), None)
        if cover:
            accepted.append((finding, cover))
        else:
            still_open.append(finding)
    stale = [
        entry
        for entry in suppressions
        if entry.scanner in ran and not any(entry.covers(finding) for finding in findings)
    ]
    return Verdict(tuple(still_open), tuple(accepted), tuple(stale))
