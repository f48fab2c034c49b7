"""Buckets: closed to the public, owned by their owner, over TLS only, not filling for ever."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.documents import Config
from synthesis.reading import instances, policy
from verification.policies.rule import Breach, Rule, Subject

SWITCHES = (
    "block_public_acls",
    "block_public_policy",
    "ignore_public_acls",
    "restrict_public_buckets",
)


def _parts(subject: Subject, kind: str) -> Iterator[tuple[str, Config | None]]:
    """Each bucket's address with the resource that sets this up for it, if there is one."""
    by_bucket = {
        body["bucket"]: body for body in instances(subject.config, f"aws_s3_bucket_{kind}").values()
    }
    for name in instances(subject.config, "aws_s3_bucket"):
        address = f"aws_s3_bucket.{name}"
        yield address, by_bucket.get(f"${{{address}.id}}")


def _public(subject: Subject) -> Iterator[Breach]:
    for address, block in _parts(subject, "public_access_block"):
        off = [switch for switch in SWITCHES if (block or {}).get(switch) is not True]
        if off:
            yield Breach(address, f"may become public: {', '.join(off)} not on")


def _owner(subject: Subject) -> Iterator[Breach]:
    for address, ownership in _parts(subject, "ownership_controls"):
        if (ownership or {}).get("rule") != {"object_ownership": "BucketOwnerEnforced"}:
            yield Breach(address, "access control lists have an effect")


def _tls(subject: Subject) -> Iterator[Breach]:
    for address, body in _parts(subject, "policy"):
        arn = f"${{{address}.arn}}"
        expected = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        statements = policy(body["policy"]) if body else []
        without_names = [
            {key: value for key, value in statement.items() if key != "Sid"}
            for statement in statements
        ]
        if expected not in without_names:
            yield Breach(address, "answers requests that do not come over TLS")


def _uploads(subject: Subject) -> Iterator[Breach]:
    for address, lifecycle in _parts(subject, "lifecycle_configuration"):
        rules = (lifecycle or {}).get("rule", [])
        if not any(
            rule.get("abort_incomplete_multipart_upload") and rule.get("status") == "Enabled"
            for rule in rules
        ):
            yield Breach(address, "keeps parts of uploads that were never finished")


RULES = (
    Rule(
        id="buckets-are-not-public",
        title="Buckets block public access in all four ways",
        reason="A policy or list written by mistake then has no effect.",
        source="AWS Security Hub S3.8",
        check=_public,
    ),
    Rule(
        id="buckets-have-one-owner",
        title="Objects belong to the bucket's owner, and access control lists are off",
        reason="Objects written by others would be readable by their writers alone.",
        source="AWS Security Hub S3.12",
        check=_owner,
    ),
    Rule(
        id="buckets-take-tls-only",
        title="Buckets refuse what does not come over TLS",
        reason="Telemetry has user data in it.",
        source="AWS Security Hub S3.5",
        check=_tls,
    ),
    Rule(
        id="buckets-forget-broken-uploads",
        title="Uploads that were never finished are deleted",
        reason="They are paid for and invisible in listings.",
        source="AWS Security Hub S3.13",
        check=_uploads,
    ),
)
