"""Connections of the doors. blueprint/doors.py has the requests that they forward."""

from blueprint import endpoints
from blueprint.traffic import (
    ALERTMANAGER,
    ALERTMANAGER_HTTP,
    LOKI,
    LOKI_HTTP,
    PROMETHEUS,
    PROMETHEUS_HTTP,
    TEMPO,
    TEMPO_HTTP,
    TEMPO_OTLP,
    Flow,
    door,
    prometheus_of,
)
from helm_values.component import Component
from settings.model import Settings


def flows(settings: Settings) -> tuple[Flow, ...]:
    """Connections from each door to its back ends; clients of a door declare their own flows."""
    agent, tempo, grafana = map(
        door, (endpoints.AGENT_DOOR, endpoints.TEMPO_DOOR, endpoints.GRAFANA_DOOR)
    )
    return (
        *(flow for stage in settings.stages for flow in _stage(stage)),
        Flow(source=agent, destination=LOKI, ports=(LOKI_HTTP,)),
        Flow(source=agent, destination=PROMETHEUS, ports=(PROMETHEUS_HTTP,)),
        *(
            Flow(source=tempo, destination=prometheus_of(stage), ports=(PROMETHEUS_HTTP,))
            for stage in settings.stages
        ),
        Flow(source=grafana, destination=LOKI, ports=(LOKI_HTTP,)),
        Flow(source=grafana, destination=TEMPO, ports=(TEMPO_HTTP,)),
        Flow(source=grafana, destination=ALERTMANAGER, ports=(ALERTMANAGER_HTTP,)),
    )


def _stage(stage: str) -> tuple[Flow, ...]:
    pods = door(endpoints.stage_door_name(stage))
    return (
        Flow(source=pods, destination=LOKI, ports=(LOKI_HTTP,)),
        Flow(source=pods, destination=TEMPO, ports=(TEMPO_OTLP,)),
        Flow(source=pods, destination=prometheus_of(stage), ports=(PROMETHEUS_HTTP,)),
    )


COMPONENT = Component(name="doors", flows=flows)
