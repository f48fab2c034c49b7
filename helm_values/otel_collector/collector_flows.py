"""Connections of applications, gateways and agents."""

from blueprint import endpoints
from blueprint.traffic import (
    COLLECTOR_METRICS,
    HTTPS,
    KUBELET,
    OTLP,
    PROMETHEUS,
    Flow,
    Pods,
    api_server,
    door,
    gateway_of,
    labelled,
    nodes,
)
from helm_values.kube_prometheus_stack.kube_prometheus_stack_flows import every_pod
from helm_values.otel_collector.otel_gateway_config import LOAD_BALANCING_PORT
from settings.model import OBSERVABILITY, Settings

AGENT = Pods(
    name="otel-agent",
    namespace=OBSERVABILITY,
    labels=labelled("opentelemetry-collector", instance="otel-agent"),
)


def flows(settings: Settings) -> tuple[Flow, ...]:
    """Those of every stage's gateway, and of the agents."""
    gateways = (flow for stage in settings.stages for flow in _gateway(settings, stage))
    return (*gateways, *_agent(settings))


def _gateway(settings: Settings, stage: str) -> tuple[Flow, ...]:
    gateway = gateway_of(stage)
    return (
        Flow(source=every_pod(stage), destination=gateway, ports=OTLP),
        # Not from applications: on this port nothing is checked any more.
        Flow(source=gateway, destination=gateway, ports=(LOAD_BALANCING_PORT,)),
        Flow(source=PROMETHEUS, destination=gateway, ports=(COLLECTOR_METRICS,)),
        Flow(
            source=gateway,
            destination=door(endpoints.stage_door_name(stage)),
            ports=(endpoints.DOOR_PORT,),
        ),
        # Which pod an address belongs to, and which gateways there are.
        Flow(source=gateway, destination=api_server(settings), ports=(HTTPS,)),
    )


def _agent(settings: Settings) -> tuple[Flow, ...]:
    return (
        Flow(source=PROMETHEUS, destination=AGENT, ports=(COLLECTOR_METRICS,)),
        Flow(source=AGENT, destination=door(endpoints.AGENT_DOOR), ports=(endpoints.DOOR_PORT,)),
        Flow(source=AGENT, destination=api_server(settings), ports=(HTTPS,)),
        Flow(source=AGENT, destination=nodes(settings), ports=(KUBELET,)),
    )
