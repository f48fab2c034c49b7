"""Prometheus, Alertmanager, Grafana and exporters, by the Prometheus operator."""

from typing import Any

from alertmanager import routing
from alertmanager.rules.all_rules import platform_rule_groups
from blueprint import endpoints, thanos
from blueprint.documents import merge
from blueprint.names import PROMETHEUS_SERVICE_ACCOUNT, telemetry_namespaces
from blueprint.sizes import METRICS
from helm_values.external_secrets import external_secrets
from helm_values.external_secrets.external_secret import (
    external_secret,
    secret_store,
)
from helm_values.kube_prometheus_stack import (
    alertmanager_values,
    grafana_values,
    prometheus_values,
)
from helm_values.kube_prometheus_stack.prometheus_values import in_namespaces
from helm_values.network_policy import API_SERVER_AND_AWS, Rule, network_policy, pods, scraped, tcp
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import OBSERVABILITY, Settings
from versions import KUBE_PROMETHEUS_STACK

NAME = "kps"


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """Named `kps`: Grafana's objects take the release's name.

    The secrets in `_manifests` must be in AWS Secrets Manager before, or Grafana does not start.
    """
    size = METRICS[settings.size]
    return Release(
        name=NAME,
        chart=KUBE_PROMETHEUS_STACK,
        static="kube_prometheus_stack",
        from_settings=merge(
            prometheus_values.common(settings, size.prometheus, name=NAME, external_labels={}),
            {
                "prometheus": _prometheus(settings),
                "alertmanager": alertmanager_values.values(settings),
                "grafana": grafana_values.values(settings),
                "kube-state-metrics": {"resources": size.kube_state_metrics.values},
                "prometheusOperator": {"resources": size.prometheus_operator.values},
                "extraManifests": _manifests(settings),
                "additionalPrometheusRulesMap": {"foundation": {"groups": _rules(settings)}},
            },
        ),
        from_stack_outputs=prometheus_values.from_stack_outputs(
            outputs.thanos_writer_role_arn, outputs.metrics_bucket_name
        ),
        after=(prometheus_operator_crds.NAME, external_secrets.NAME),
        timeout_seconds=900,
    )


def _prometheus(settings: Settings) -> dict[str, Any]:
    # Namespaces in which nobody of a stage may make anything: so what a stage exposes, or calls its
    # metrics, is never taken for the platform's.
    platform = in_namespaces(OBSERVABILITY, "kube-system", *telemetry_namespaces(settings))
    return {
        "serviceAccount": {"name": PROMETHEUS_SERVICE_ACCOUNT},
        "networkPolicy": {"ingress": _prometheus_ingress()},
        "prometheusSpec": {
            "serviceMonitorNamespaceSelector": platform,
            "podMonitorNamespaceSelector": platform,
            "probeNamespaceSelector": platform,
            "scrapeConfigNamespaceSelector": platform,
            # The rules of the stages are in the telemetry namespaces.
            "ruleNamespaceSelector": in_namespaces(OBSERVABILITY, "kube-system"),
        },
    }


def _prometheus_ingress() -> list[Rule]:
    return [
        scraped(8080, 9090, 10902),
        {"from": [pods(name="thanos-querier")], "ports": tcp(10901)},
        {"from": [pods(name=endpoints.AGENT_DOOR)], "ports": tcp(9090)},
    ]


def _rules(settings: Settings) -> list[dict[str, Any]]:
    return [group.as_dict(settings) for group in platform_rule_groups(settings)]


def _manifests(settings: Settings) -> dict[str, Any]:
    return {
        "secret-store": secret_store(settings),
        "grafana-admin": external_secret(
            settings, OBSERVABILITY, "grafana-admin", ("admin-user", "admin-password")
        ),
        **{
            name: external_secret(
                settings,
                OBSERVABILITY,
                name,
                ("password",) if name == routing.SMTP_SECRET else ("url",),
            )
            for name in routing.secrets(settings)
        },
        # The chart's own policy opens DNS for UDP alone, and lets nobody in without a label.
        "grafana-network-policy": network_policy(
            "kps-grafana",
            pods(name="grafana"),
            ingress=[scraped(3000)],
            # What it reads, and nothing else of what is in this namespace; its sidecars read
            # ConfigMaps.
            egress=[
                {
                    "to": [pods(name=endpoints.GRAFANA_DOOR)],
                    "ports": tcp(
                        endpoints.GRAFANA_DOOR_LOKI,
                        endpoints.GRAFANA_DOOR_TEMPO,
                        endpoints.GRAFANA_DOOR_ALERTMANAGER,
                    ),
                },
                {"to": [pods(name="thanos-querier")], "ports": tcp(thanos.HTTP_PORT)},
                API_SERVER_AND_AWS,
            ],
        ),
    }
