"""Each rollout of a Deployment is spread over zones and nodes by itself.

`make charts-check` holds what the charts render to the same rule (`spread_problems`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from release_samples import STACK_OUTPUTS, with_size

from blueprint.names import POD_TEMPLATE_HASH
from helm_values.releases import releases
from settings.node_sizes import SIZES, Size

KEY = "topologySpreadConstraints"

OF_NO_DEPLOYMENT = {
    ("kps", ("alertmanager", "alertmanagerSpec")),
    ("kps", ("prometheus", "prometheusSpec")),
    ("prometheus", ("prometheus", "prometheusSpec")),
    ("loki", ("singleBinary",)),
    ("loki", ("ingester",)),
    ("loki", ("indexGateway",)),
    ("loki", ("patternIngester",)),
    ("loki", ("ruler",)),
    ("tempo", ("ingester",)),
    ("tempo", ("metricsGenerator",)),
}
"""Release and place of the spreads of StatefulSets; any other must be a Deployment's."""


def spreads(values: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each constraint in the values, with the keys that lead to it."""
    if isinstance(values, dict):
        for key, value in values.items():
            if key == KEY:
                for constraint in constraints(value):
                    yield place, constraint
            else:
                yield from spreads(value, (*place, key))


def constraints(value: Any) -> list[dict[str, Any]]:
    """As a list: Tempo's chart takes a text, of which the labels alone are a template."""
    if isinstance(value, str):
        text = "\n".join(line for line in value.splitlines() if "{{" not in line)
        value = yaml.safe_load(text)
    parsed: list[dict[str, Any]] = value
    return parsed


@pytest.mark.parametrize("size", SIZES)
def test_the_pods_of_each_rollout_are_spread_by_themselves(size: Size) -> None:
    places = set()
    for release in releases(with_size(size), STACK_OUTPUTS):
        for place, constraint in spreads(release.values):
            keys = constraint.get("matchLabelKeys", [])
            name = f"{release.id} {'.'.join(place)} {constraint['topologyKey']}"
            if (release.name, place) in OF_NO_DEPLOYMENT:
                assert keys == [], name
            else:
                assert keys == [POD_TEMPLATE_HASH], name
                places.add((release.name, place))
    assert ("otel-gateway", ()) in places
    if size == "large":
        assert places == {("otel-gateway", ())} | {
            (release, (part,))
            for release, parts in {
                "loki": ("distributor", "querier", "queryFrontend", "queryScheduler"),
                "tempo": ("distributor", "querier", "queryFrontend"),
            }.items()
            for part in parts
        }
