"""The network policies of an environment, from the flows that the components declare."""

from collections.abc import Sequence

from blueprint.names import telemetry_namespaces
from blueprint.traffic import Policy, merge_flows
from helm_values.component import Component
from helm_values.releases import COMPONENTS
from settings.model import Settings


def plan_policies(
    settings: Settings, components: Sequence[Component] = COMPONENTS
) -> dict[str, tuple[Policy, ...]]:
    """All policies, by namespace: of the back ends, of each stage and of each gateway."""
    return merge_flows(
        (flow for component in components for flow in component.flows(settings)),
        (*settings.namespaces, *telemetry_namespaces(settings)),
    )
