"""What bounds a stage beside CPU, memory and pods."""

from __future__ import annotations

import pytest

from blueprint.stage_bounds import OBJECTS, stage_bounds
from settings.model import Quota

QUOTA = Quota(
    requests_cpu=1,
    requests_memory_gib=1,
    limits_cpu=1,
    limits_memory_gib=1,
    pods=50,
    persistent_volume_claims=5,
)


def test_defaults_follow_claims_and_pods_and_publish_nothing() -> None:
    assert stage_bounds(QUOTA) == {
        "requests.storage": "500Gi",
        "limits.ephemeral-storage": "100Gi",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        **OBJECTS,
    }


@pytest.mark.parametrize(
    ("setting", "value", "bounds"),
    [
        ("storage_gib", 0, {"requests.storage": "0Gi"}),
        ("storage_gib", 2000, {"requests.storage": "2000Gi"}),
        ("ephemeral_storage_gib", 7, {"limits.ephemeral-storage": "7Gi"}),
        # A Service of type LoadBalancer takes a node port for each of its ports.
        ("load_balancers", 2, {"services.loadbalancers": "2", "services.nodeports": "20"}),
    ],
)
def test_settings_decide(setting: str, value: int, bounds: dict[str, str]) -> None:
    quota = QUOTA.model_copy(update={setting: value})
    assert stage_bounds(quota) == stage_bounds(QUOTA) | bounds
