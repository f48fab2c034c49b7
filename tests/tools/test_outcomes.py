"""What is missing is a failure in CI, and is said elsewhere."""

from __future__ import annotations

from pathlib import Path

import outcomes
import pytest
from outcomes import not_checked, terraform_with

from tools.terraform import ProvidersUnavailableError


def test_fails_when_it_is_missing_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="not checked: the moon"):
        not_checked("not checked: the moon")


def test_is_skipped_with_its_reason_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not checked: the moon"):
        not_checked("not checked: the moon")


# --- Providers ----------------------------------------------------------------------------------

TERRAFORM = Path("/usr/bin/terraform")


@pytest.fixture
def available(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The providers that are there; none, until a test adds some."""
    names: set[str] = set()

    def require(_: Path, *providers: str) -> None:
        if missing := tuple(name for name in providers if name not in names):
            raise ProvidersUnavailableError(missing)

    monkeypatch.setattr(outcomes, "find_terraform", lambda: TERRAFORM)
    monkeypatch.setattr(outcomes, "require_providers", require)
    return names


@pytest.mark.parametrize("ci", ["true", "false"])
def test_with_all_providers_a_test_goes_on(
    available: set[str], monkeypatch: pytest.MonkeyPatch, ci: str
) -> None:
    monkeypatch.setenv("CI", ci)
    available |= {"aws", "helm"}
    assert terraform_with("helm", "aws") == TERRAFORM
    assert terraform_with() == TERRAFORM


def test_the_reason_is_the_same_for_all_tests_without_any_provider(
    available: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    reasons = set()
    for providers in (("aws",), ("kubernetes", "helm", "aws")):
        with pytest.raises(pytest.skip.Exception) as skipped:
            terraform_with(*providers)
        reasons.add(str(skipped.value))
    assert reasons == {
        "not checked: by Terraform, no provider aws, neither in a mirror here nor in the registry"
    }


def test_in_ci_a_missing_aws_provider_is_a_failure_and_another_is_not(
    available: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no provider aws"):
        terraform_with("aws")
    available.add("aws")
    with pytest.raises(pytest.skip.Exception, match="no providers helm, kubernetes, neither"):
        terraform_with("aws", "helm", "kubernetes")
