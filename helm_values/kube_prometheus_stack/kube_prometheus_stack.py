"""Prometheus, Alertmanager, Grafana and exporters, by the Prometheus operator."""

from typing import Any

from alertmanager import routing
from alertmanager.rules.all_rules import rule_groups
from blueprint import thanos
from blueprint.names import PROMETHEUS_SERVICE_ACCOUNT, STORAGE_CLASS, telemetry_namespaces
from blueprint.sizes import METRICS
from helm_values.external_secrets import external_secrets
from helm_values.external_secrets.external_secret import (
    external_secret,
    secret_store,
)
from helm_values.kube_prometheus_stack import (
    alertmanager_values,
    grafana_values,
)
from helm_values.network_policy import API_SERVER_AND_AWS, Rule, network_policy, pods, scraped, tcp
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import OBSERVABILITY, Settings
from versions import KUBE_PROMETHEUS_STACK

NAME = "kps"
_USABLE_PERCENT = 85
"""Of the volume; the rest is for the WAL's growth while the bucket is out of reach."""


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """Named `kps`: Grafana's objects take the release's name.

    The secrets in `_manifests` must be in AWS Secrets Manager before, or Grafana does not start.
    """
    size = METRICS[settings.size]
    return Release(
        name=NAME,
        chart=KUBE_PROMETHEUS_STACK,
        static="kube_prometheus_stack",
        from_settings={
            "prometheus": _prometheus(settings),
            "alertmanager": alertmanager_values.values(settings),
            "grafana": grafana_values.values(settings),
            "kube-state-metrics": {"resources": size.kube_state_metrics.values},
            "prometheusOperator": {"resources": size.prometheus_operator.values},
            "extraManifests": _manifests(settings),
            "additionalPrometheusRulesMap": {"foundation": {"groups": _rules(settings)}},
        },
        from_stack_outputs={
            "prometheus": {
                "serviceAccount": {
                    "annotations": {"eks.amazonaws.com/role-arn": outputs.thanos_writer_role_arn}
                },
                "prometheusSpec": {
                    "thanos": {
                        "objectStorageConfig": {
                            "secret": {"config": {"bucket": outputs.metrics_bucket_name}}
                        }
                    }
                },
            }
        },
        after=(prometheus_operator_crds.NAME, external_secrets.NAME),
        timeout_seconds=900,
    )


def _prometheus(settings: Settings) -> dict[str, Any]:
    size = METRICS[settings.size].prometheus
    return {
        "serviceAccount": {"name": PROMETHEUS_SERVICE_ACCOUNT},
        # Of one replica, a budget would keep its node from being drained.
        "podDisruptionBudget": {"enabled": size.replicas > 1, "minAvailable": 1},
        "networkPolicy": {"ingress": _prometheus_ingress(settings)},
        "prometheusSpec": {
            "replicas": size.replicas,
            # Thanos tells clusters, and by another label replicas, apart by these.
            "externalLabels": {"cluster": settings.prefix},
            "replicaExternalLabelName": thanos.REPLICA_LABEL,
            "retention": size.retention,
            "retentionSize": f"{size.volume_gib * _USABLE_PERCENT // 100}GiB",
            "resources": size.resources.values,
            "storageSpec": {
                "volumeClaimTemplate": {
                    "spec": {
                        "storageClassName": STORAGE_CLASS,
                        "resources": {"requests": {"storage": f"{size.volume_gib}Gi"}},
                    }
                }
            },
            "thanos": {
                "resources": size.thanos_sidecar.values,
                "objectStorageConfig": {
                    "secret": {"config": thanos.object_storage_location(settings)}
                },
            },
        },
    }


def _prometheus_ingress(settings: Settings) -> list[Rule]:
    return [
        {"from": [{"podSelector": {}}], "ports": tcp(8080, 9090, 10901, 10902)},
        # The gateways push; applications themselves have no business here.
        {
            "from": [
                {
                    "namespaceSelector": {
                        "matchExpressions": [
                            {
                                "key": "kubernetes.io/metadata.name",
                                "operator": "In",
                                "values": list(telemetry_namespaces(settings)),
                            }
                        ]
                    },
                    **pods(name="opentelemetry-collector"),
                }
            ],
            "ports": tcp(9090),
        },
    ]


def _rules(settings: Settings) -> list[dict[str, Any]]:
    return [group.as_dict(settings) for group in rule_groups(settings)]


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
            # Its datasources, all in this namespace; its sidecars read ConfigMaps.
            egress=[{"to": [{"podSelector": {}}]}, API_SERVER_AND_AWS],
        ),
    }
