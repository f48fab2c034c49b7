"""Connections of Prometheus, Alertmanager, Grafana and the exporters."""

from alertmanager import routing
from blueprint import endpoints
from blueprint.traffic import (
    ALERTMANAGER,
    ALERTMANAGER_HTTP,
    EVERYWHERE,
    HTTPS,
    PROMETHEUS,
    PROMETHEUS_HTTP,
    Anywhere,
    Flow,
    Pods,
    api_server,
    door,
    labelled,
    prometheus_of,
)
from helm_values.thanos import thanos
from settings.model import OBSERVABILITY, Settings

GRAFANA = Pods(name="grafana", namespace=OBSERVABILITY, labels=labelled("grafana"))
OPERATOR = Pods(
    name="prometheus-operator",
    namespace=OBSERVABILITY,
    labels=labelled("kube-prometheus-stack-prometheus-operator"),
)
WEBHOOK_JOBS = tuple(
    Pods(
        name=f"prometheus-admission-{task}",
        namespace=OBSERVABILITY,
        labels={"app": f"kube-prometheus-stack-admission-{task}"},
    )
    for task in ("create", "patch")
)
"""They make the certificate of the operator's webhook, before and after a release."""

KUBE_STATE_METRICS = Pods(
    name="kube-state-metrics", namespace=OBSERVABILITY, labels=labelled("kube-state-metrics")
)

RELOADER_HTTP = 8080
"""Of the container that reloads a configuration, beside Prometheus and Alertmanager."""
GOSSIP = 9094
WEBHOOK_PORT = 10250
"""The cluster's security group lets the Kubernetes API reach it."""
METRICS_PORT = "metrics"
"""Name of a port on which a stage's Prometheus may scrape any pod of the stage."""


def flows(settings: Settings) -> tuple[Flow, ...]:
    """Those of every pod of the release, and the scraping of applications."""
    return (
        *_prometheus(),
        *(flow for stage in settings.stages for flow in _stage_prometheus(stage)),
        *_alertmanager(settings),
        *_grafana(settings),
        *_operator_and_exporters(settings),
    )


def every_pod(stage: str) -> Pods:
    """All pods of a stage, whatever their labels."""
    return Pods(name="telemetry", namespace=stage)


def _prometheus() -> tuple[Flow, ...]:
    own_ports = (RELOADER_HTTP, PROMETHEUS_HTTP, thanos.HTTP_PORT)
    return (
        # It scrapes in every namespace and on every node, and writes to S3.
        Flow(source=PROMETHEUS, destination=Anywhere()),
        Flow(source=PROMETHEUS, destination=PROMETHEUS, ports=own_ports),
    )


def _stage_prometheus(stage: str) -> tuple[Flow, ...]:
    prometheus = prometheus_of(stage)
    own_ports = (RELOADER_HTTP, PROMETHEUS_HTTP, thanos.HTTP_PORT)
    return (
        Flow(source=PROMETHEUS, destination=prometheus, ports=own_ports),
        Flow(source=prometheus, destination=every_pod(stage), ports=(METRICS_PORT,)),
        Flow(source=prometheus, destination=ALERTMANAGER, ports=(ALERTMANAGER_HTTP,)),
        # S3, STS and the Kubernetes API.
        Flow(source=prometheus, destination=EVERYWHERE, ports=(HTTPS,)),
    )


def _alertmanager(settings: Settings) -> tuple[Flow, ...]:
    server = routing.mail_server(settings)
    mail_ports = (int(server.smarthost.rpartition(":")[2]),) if server else ()
    ports = (RELOADER_HTTP, ALERTMANAGER_HTTP)
    return (
        Flow(source=PROMETHEUS, destination=ALERTMANAGER, ports=ports),
        Flow(source=ALERTMANAGER, destination=ALERTMANAGER, ports=(GOSSIP,)),
        Flow(source=ALERTMANAGER, destination=ALERTMANAGER, ports=(GOSSIP,), protocol="UDP"),
        # Slack or the dead man's switch, and the mail server.
        Flow(source=ALERTMANAGER, destination=EVERYWHERE, ports=(HTTPS, *mail_ports)),
    )


def _grafana(settings: Settings) -> tuple[Flow, ...]:
    return (
        Flow(source=PROMETHEUS, destination=GRAFANA, ports=(3000,)),
        # Its datasources.
        Flow(source=GRAFANA, destination=thanos.QUERIER_PODS, ports=(thanos.HTTP_PORT,)),
        Flow(
            source=GRAFANA,
            destination=door(endpoints.GRAFANA_DOOR),
            ports=(
                endpoints.GRAFANA_DOOR_LOKI,
                endpoints.GRAFANA_DOOR_TEMPO,
                endpoints.GRAFANA_DOOR_ALERTMANAGER,
            ),
        ),
        # Its sidecars read ConfigMaps.
        Flow(source=GRAFANA, destination=api_server(settings), ports=(HTTPS,)),
    )


def _operator_and_exporters(settings: Settings) -> tuple[Flow, ...]:
    api = api_server(settings)
    return (
        Flow(source=PROMETHEUS, destination=OPERATOR, ports=(WEBHOOK_PORT,)),
        Flow(source=api, destination=OPERATOR, ports=(WEBHOOK_PORT,)),
        Flow(source=PROMETHEUS, destination=KUBE_STATE_METRICS, ports=(8080,)),
        *(
            Flow(source=pods, destination=api, ports=(HTTPS,))
            for pods in (OPERATOR, *WEBHOOK_JOBS, KUBE_STATE_METRICS)
        ),
    )
