"""The agent: one OpenTelemetry collector on every node."""

from environments.model import Settings
from helm_values import collector
from helm_values.backend_sizes import BACKENDS
from helm_values.otel_agent_config import agent_config
from helm_values.release import LayersBelow, Release
from versions import OPENTELEMETRY_COLLECTOR


def release(settings: Settings, below: LayersBelow) -> Release:
    """The one release of a cluster."""
    del below  # The agent calls nothing in AWS.
    return Release(
        name="otel-agent",
        chart=OPENTELEMETRY_COLLECTOR,
        static="otel_agent",
        from_settings={
            "image": collector.IMAGE,
            "command": collector.COMMAND,
            "ports": collector.ports(),
            "resources": BACKENDS[settings.size].agent.resources.values,
            "alternateConfig": agent_config(settings),
        },
        after=("kps", "loki"),
    )
