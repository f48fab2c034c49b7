"""The collectors: an agent on every node, and a gateway for each stage."""

from collections.abc import Sequence

from helm_values.component import Component
from helm_values.otel_collector import collector_flows, otel_agent, otel_gateway
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import Settings


def releases(settings: Settings, outputs: StackOutputs) -> Sequence[Release]:
    """The agent's release and one for each gateway."""
    return [
        otel_agent.release(settings, outputs),
        *otel_gateway.releases(settings, outputs),
    ]


COMPONENT = Component(name="otel-collector", flows=collector_flows.flows, releases=releases)
