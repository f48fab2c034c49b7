"""What a test run says at its end: how many passed, failed and were not checked, and why."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from versions import PYTHON_VERSIONS


def lines(stats: Mapping[str, Sequence[Any]], look: Sequence[str] = ()) -> list[str]:
    """The summary, without pytest's own closing line.

    Args:
        stats: reports by outcome, as pytest's terminal reporter keeps them.
        look: where details are, if anything failed.
    """
    passed, skipped = len(stats.get("passed", ())), stats.get("skipped", ())
    failed = len(stats.get("failed", ())) + len(stats.get("error", ()))
    result = [f"passed: {passed}   failed: {failed}   not checked: {len(skipped)}"]
    for reason, count in Counter(reasons(skipped)).most_common():
        result.append(f"not checked, {count} test{'s' if count > 1 else ''}: {reason}")
    result.append(not_tried(sys.version_info[:2]))
    if failed:
        result.append("where to look: each failure is told in full above, and named below")
        result += look
    return result


def reasons(skipped: Iterable[Any]) -> list[str]:
    """Why each was skipped, without what every reason begins with."""
    texts = [
        report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for report in skipped
    ]
    return [text.removeprefix("Skipped: ").removeprefix("not checked: ") for text in texts]


def not_tried(version: tuple[int, int]) -> str:
    """With which Python this run was, and with which it was not."""
    here = ".".join(map(str, version))
    others = [other for other in PYTHON_VERSIONS if other != here]
    return f"Python: tried with {here}; not tried with {', '.join(others)}"
