"""Documents of AWS's managed policies, from the copy that moto carries.

AWS may have changed one since; moto's copy says when it was made (CreateDate, UpdateDate).
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

PREFIX = "arn:aws:iam::aws:policy/"


def managed_document(arn: str) -> dict[str, Any]:
    """The document of a managed policy.

    Raises:
        ValueError: moto has none of this name.
    """
    name = arn.removeprefix(PREFIX)
    if not arn.startswith(PREFIX) or name not in _known():
        raise ValueError(f"no document of the managed policy {arn}")
    document: dict[str, Any] = _known()[name]["Document"]
    return document


@cache
def _known() -> dict[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    known: dict[str, Any] = json.loads(aws_managed_policies_data)
    return known
