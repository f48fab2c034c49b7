"""A larger size is never smaller in anything, and its nodes are nodes that settings may ask for."""

from __future__ import annotations

from dataclasses import astuple
from itertools import pairwise

import pytest
from settings_files import TODAY

from settings.load import load_environment
from settings.model import NodeGroup, Settings
from settings.node_sizes import OBSERVABILITY_NODES, SIZES, Size


def with_size(size: Size) -> Settings:
    return load_environment("dev", TODAY).model_copy(update={"size": size})


def test_every_size_has_nodes_in_ascending_order() -> None:
    assert tuple(OBSERVABILITY_NODES) == SIZES == ("small", "medium", "large")
    for smaller, larger in pairwise(OBSERVABILITY_NODES.values()):
        assert all(a <= b for a, b in zip(astuple(smaller)[1:], astuple(larger)[1:], strict=True))


@pytest.mark.parametrize("size", SIZES)
def test_nodes_pass_the_checks_on_settings(size: Size) -> None:
    group = with_size(size).node_group("observability")

    assert NodeGroup.model_validate(group.model_dump()) == group
    assert 1 <= group.min_size <= group.max_size
    # Volumes of Prometheus and Loki are tied to a zone.
    assert group.zone_spread == "per_zone"
