"""The agent: one OpenTelemetry collector on every node."""

from blueprint.backend_sizes import BACKENDS
from helm_values.otel_collector import collector, collector_start
from helm_values.otel_collector.otel_agent_config import STORAGE_DIRECTORIES, agent_config
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.static_values import static_values
from settings.model import Settings
from versions import OPENTELEMETRY_COLLECTOR


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """The one release of a cluster."""
    del outputs  # The agent calls nothing in AWS.
    return Release(
        name="otel-agent",
        chart=OPENTELEMETRY_COLLECTOR,
        static="otel_agent",
        from_settings={
            "image": collector.IMAGE,
            "ports": collector.ports(),
            "resources": BACKENDS[settings.size].agent.resources.values,
            "alternateConfig": agent_config(settings),
            **collector_start.values(
                STORAGE_DIRECTORIES, 3, static_values("otel_agent")["securityContext"]
            ),
        },
        after=("kps", "loki"),
    )
