"""Tags and the account: owner, cost center, and the only allowed account."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.documents import Config
from synthesis.reading import resources, strings
from verification.policies.rule import Breach, Rule, Subject

MANDATORY = ("Project", "Environment", "Owner", "CostCenter", "ManagedBy")

_ACCOUNT = re.compile(r"\barn:aws:[\w-]+:[\w*-]*:(\d{12}):")


def _providers(subject: Subject) -> list[Config]:
    """Those of AWS; a stack that makes nothing there needs none."""
    providers: list[Config] = subject.config["provider"].get("aws", [])
    return providers


def _without_provider(subject: Subject) -> list[str]:
    """Addresses of what is made or read in AWS although no provider says in which account."""
    if _providers(subject):
        return []
    read = subject.config.get("data", {})
    return [
        *(address for address, _ in resources(subject.config) if address.startswith("aws_")),
        *(f"data.{kind}.{name}" for kind in read if kind.startswith("aws_") for name in read[kind]),
    ]


def _tags(subject: Subject) -> Iterator[Breach]:
    default_tags: set[str] = set()
    for provider in _providers(subject):
        address = f"provider.aws{'.' + str(provider['alias']) if 'alias' in provider else ''}"
        tags = {
            k: v for block in provider.get("default_tags", []) for k, v in block["tags"].items()
        }
        default_tags |= set(tags)
        for key in MANDATORY:
            if not tags.get(key):
                yield Breach(address, f"no default tag {key}")
        if tags.get("Environment") not in (None, subject.settings.environment):
            yield Breach(address, f"tag Environment is {tags['Environment']}")
    for address, body in resources(subject.config):
        overridden = set(body.get("tags", {})) & default_tags
        if overridden:
            yield Breach(address, f"overrides the default tags {', '.join(sorted(overridden))}")
        # AWS copies default tags to a launch template, but not to what is launched from it.
        for specification in body.get("tag_specifications", []):
            missing = sorted(set(MANDATORY) - set(specification.get("tags", {})))
            if missing:
                kind = specification["resource_type"]
                yield Breach(address, f"launches {kind} without the tags {', '.join(missing)}")


def _account(subject: Subject) -> Iterator[Breach]:
    settings = subject.settings
    for address in _without_provider(subject):
        yield Breach(address, "no provider says in which account it is, or with which tags")
    for provider in _providers(subject):
        if provider.get("allowed_account_ids") != [settings.account_id]:
            yield Breach("provider.aws", f"works in accounts other than {settings.account_id}")
        if provider.get("region") != settings.region and "alias" not in provider:
            yield Breach("provider.aws", f"region {provider.get('region')}")


def _foreign(subject: Subject) -> Iterator[Breach]:
    # Administrators' roles may be in another account, which the settings then name.
    known = {subject.settings.account_id}
    for text in strings(subject.settings.model_dump(mode="json")):
        known |= set(_ACCOUNT.findall(text))
    for address, body in resources(subject.config):
        for text in strings(body):
            for account in sorted(set(_ACCOUNT.findall(text)) - known):
                yield Breach(address, f"names account {account}")


RULES = (
    Rule(
        id="tags-are-mandatory",
        title="Everything has the five tags, also what nodes are launched with",
        reason="What belongs to nobody is paid for by everybody and deleted by no one.",
        source="AWS whitepaper Best Practices for Tagging AWS Resources",
        check=_tags,
    ),
    Rule(
        id="tags-account-is-ours",
        title="Another account or region is refused before anything is made in it",
        reason="A wrong profile would build prd in dev's account.",
        source="Terraform AWS provider, allowed_account_ids",
        check=_account,
    ),
    Rule(
        id="tags-no-foreign-account",
        title="No policy names an account that the settings do not",
        reason="It could be a copy of another environment, or a way in.",
        source="IAM user guide, Cross-account resource access",
        check=_foreign,
    ),
)
