"""Whether a bucket policy denies a request: the subset of IAM's evaluation that we need.

moto 5.2.5 does not enforce bucket policies, and its IAMPolicyStatement answers DENIED for a Deny
statement whose condition does not hold, so it cannot tell a good TLS-only policy from one that
locks everybody out. Source: "IAM JSON policy elements" in the IAM user guide.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_KNOWN_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


def denies(
    policy: str | Mapping[str, Any],
    action: str,
    resource: str,
    context: Mapping[str, str],
    principal: str = "*",
) -> bool:
    """Tell whether a statement of the policy denies the action on the resource explicitly.

    `policy` is the document or its JSON; `context` holds the request's condition keys, for example
    {"aws:SecureTransport": "false"}; `principal` is an ARN, or "*" for an anonymous caller.
    Raises ValueError for an element or a condition operator that this function does not evaluate.
    """
    document: Mapping[str, Any] = json.loads(policy) if isinstance(policy, str) else policy
    return any(
        _principal_matches(statement["Principal"], principal)
        and _any_matches(statement["Action"], action, re.IGNORECASE)
        and _any_matches(statement["Resource"], resource)
        and _conditions_hold(statement.get("Condition", {}), context)
        for statement in _deny_statements(document)
    )


def _deny_statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the Deny statements, the only ones that can deny explicitly."""
    statements = [s for s in _as_list(document["Statement"]) if s["Effect"] == "Deny"]
    for statement in statements:
        unknown = set(statement) - _KNOWN_ELEMENTS
        if unknown:
            raise ValueError(f"cannot evaluate the policy elements {sorted(unknown)}")
    return statements


def _principal_matches(principals: str | Mapping[str, Any], principal: str) -> bool:
    if principals == "*":
        return True
    if isinstance(principals, str):
        raise ValueError(f"the principal {principals!r} is neither '*' nor a map")
    unknown = set(principals) - {"AWS"}
    if unknown:
        raise ValueError(f"cannot evaluate the principal kinds {sorted(unknown)}")
    # In a principal, "*" stands alone: IAM knows no other wildcards there.
    return any(value in ("*", principal) for value in _as_list(principals["AWS"]))


def _any_matches(patterns: str | list[str], value: str, flags: int = 0) -> bool:
    return any(re.fullmatch(_regex(pattern), value, flags) for pattern in _as_list(patterns))


def _regex(pattern: str) -> str:
    if "${" in pattern:
        raise ValueError(f"cannot evaluate the policy variable in {pattern!r}")
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def _conditions_hold(
    conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]
) -> bool:
    unknown = set(conditions) - {"Bool"}
    if unknown:
        raise ValueError(f"cannot evaluate the condition operators {sorted(unknown)}")
    keys = {key.lower(): value.lower() for key, value in context.items()}
    # A key that the request does not carry makes Bool false (BoolIfExists would make it true).
    return all(
        keys.get(key.lower()) in [str(value).lower() for value in _as_list(values)]
        for key, values in conditions.get("Bool", {}).items()
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
