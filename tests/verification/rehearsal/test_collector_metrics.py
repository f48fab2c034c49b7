"""The collector's program has every metric that `signals.metrics` says it makes.

That a name is in the program is all that can be asked without making a collector refuse, drop and
give up data; how it counts what it takes and sends, test_collectors.py sees.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator

import pytest
from outcomes import not_checked

from signals import metrics
from signals.metrics import METRICS, Metric
from tools.programs import ProgramUnavailableError, program

OURS = [m for m in METRICS.values() if m.source in {metrics.COLLECTOR, metrics.KUBELET_STATS}]
# What Prometheus' names have more than those in the program.
SUFFIXES = ("_total", "_bytes", "_seconds")


@pytest.fixture(scope="module")
def collector() -> Iterator[mmap.mmap]:
    try:
        path = program("otelcol")
    except ProgramUnavailableError as error:
        reason = f"not checked: that collectors make the metrics that are asked for. {error}"
        not_checked(reason)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def is_in(program: mmap.mmap, name: str) -> bool:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    # Receivers write dots where Prometheus has underscores.
    return re.search(name.replace("_", "[._]").encode(), program) is not None


@pytest.mark.parametrize("metric", OURS, ids=lambda metric: metric.name)
def test_the_collector_knows_the_metric(collector: mmap.mmap, metric: Metric) -> None:
    assert is_in(collector, metric.name)


def test_a_metric_that_it_does_not_know_is_noticed(collector: mmap.mmap) -> None:
    assert not is_in(collector, "otelcol_receiver_misspelt_spans_total")
