"""Versions: ranges come from versions.py, and Kubernetes is within AWS's support."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from synthesis.reading import instances
from verification.policies.rule import Breach, Rule, Subject
from versions import KUBERNETES, PROVIDER_RANGES, TERRAFORM_MINIMUM

NOTICE = timedelta(days=60)
"""How long before its end a version is warned of: time for an upgrade of three stages."""


def _ranges(subject: Subject) -> Iterator[Breach]:
    terraform = subject.config["terraform"]
    if terraform["required_version"] != f">= {TERRAFORM_MINIMUM}":
        yield Breach("terraform.required_version", str(terraform["required_version"]))
    required = terraform["required_providers"]
    for name in set(required) ^ set(subject.config["provider"]):
        yield Breach(f"provider.{name}", "is configured or required, but not both")
    for name, provider in required.items():
        if provider.get("version") != PROVIDER_RANGES.get(name):
            yield Breach(f"terraform.required_providers.{name}", str(provider.get("version")))


def _support(subject: Subject) -> Iterator[Breach]:
    for name, cluster in instances(subject.config, "aws_eks_cluster").items():
        address = f"aws_eks_cluster.{name}"
        version = cluster["version"]
        known = KUBERNETES.get(version)
        if known is None:
            yield Breach(address, f"Kubernetes {version} is not in versions.py")
            continue
        extended = cluster.get("upgrade_policy", {}).get("support_type") != "STANDARD"
        end = known.extended_support_end if extended else known.standard_support_end
        if subject.today > end:
            yield Breach(address, f"support of Kubernetes {version} ended on {end}")
        elif subject.today > end - NOTICE:
            left = (end - subject.today).days
            yield Breach(
                address, f"support of Kubernetes {version} ends on {end}, in {left} days", True
            )
        if extended and subject.today <= known.standard_support_end:
            yield Breach(address, "extended support costs six times as much when it begins", True)


def _add_ons(subject: Subject) -> Iterator[Breach]:
    for name, addon in instances(subject.config, "aws_eks_addon").items():
        if not addon.get("addon_version"):
            yield Breach(f"aws_eks_addon.{name}", "takes whatever version AWS offers")
    for name, release in instances(subject.config, "helm_release").items():
        if not release.get("version"):
            yield Breach(f"helm_release.{name}", "takes the newest chart")


RULES = (
    Rule(
        id="versions-are-ranges-of-ours",
        title="Terraform's and the providers' versions are the ranges of versions.py",
        reason="Without a range, an upgrade happens unnoticed.",
        source="docs/adr/0005-provider-ranges.md",
        check=_ranges,
    ),
    Rule(
        id="versions-are-supported",
        title="Kubernetes is within its support; a warning comes 60 days before",
        reason="Afterwards AWS upgrades it on a day of its choice, or charges six times the price.",
        source="EKS user guide, Understand the Kubernetes version lifecycle on EKS; versions.py",
        check=_support,
    ),
    Rule(
        id="versions-are-pinned",
        title="Add-ons and charts are pinned",
        reason="The same commit must install the same thing tomorrow.",
        source="versions.py; helm_values/releases.py",
        check=_add_ons,
    ),
)
