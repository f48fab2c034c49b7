"""What a test says where something that it needs is missing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from grafana.targets import Language
from tools.terraform import (
    ProvidersUnavailableError,
    TerraformUnavailableError,
    build_opentofu,
    find_terraform,
    require_providers,
)
from verification.dashboards.query_grammars import GrammarsUnavailableError, Parsed, parsed


def not_checked(reason: str) -> NoReturn:
    """Skip with the reason; in CI what is missing is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def parsed_queries(queries: Sequence[tuple[Language, str]]) -> list[Parsed]:
    """What the grammars say of the queries, in a test that needs them."""
    try:
        return parsed(queries)
    except GrammarsUnavailableError as error:
        not_checked(f"not checked: the grammar of queries. {error}")


def terraform_with(*providers: str) -> Path:
    """The Terraform to run, in a test that needs the providers; without them it is not checked.

    In CI a missing AWS provider is a failure. The mirror of a CI may have no other, so a test that
    lacks one of the others only is skipped there too.
    """
    try:
        program = find_terraform() or build_opentofu()
    except TerraformUnavailableError as error:
        not_checked(f"not checked: by Terraform, {error}")
    # AWS first: where no source has any provider, the reason is the same for all tests.
    groups = ({"aws"} & set(providers), {*providers} - {"aws"})
    for names in groups:
        missing = _missing(program, names)
        if missing:
            give_up = not_checked if "aws" in names else pytest.skip
            give_up(f"not checked: by Terraform, {missing}")
    return program


def _missing(program: Path, names: set[str]) -> str:
    try:
        require_providers(program, *sorted(names))
    except ProvidersUnavailableError as error:
        return str(error)
    return ""
