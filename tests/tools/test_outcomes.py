"""What is missing is a failure in CI, and is said elsewhere."""

from __future__ import annotations

import pytest
from outcomes import not_checked


def test_fails_when_it_is_missing_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="not checked: the moon"):
        not_checked("not checked: the moon")


def test_is_skipped_with_its_reason_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not checked: the moon"):
        not_checked("not checked: the moon")
