"""Prometheus, Alertmanager, Grafana and exporters, by the Prometheus operator."""

from typing import Any

from alertmanager import routing
from alertmanager.rules.all_rules import platform_rule_groups
from blueprint.documents import merge
from blueprint.names import PROMETHEUS_SERVICE_ACCOUNT, telemetry_namespaces
from blueprint.sizes import METRICS
from helm_values.component import Component, Secret
from helm_values.external_secrets import external_secrets
from helm_values.external_secrets.external_secret import (
    external_secret,
    secret_store,
)
from helm_values.kube_prometheus_stack import (
    alertmanager_values,
    grafana_values,
    kube_prometheus_stack_flows,
    prometheus_values,
    stage_prometheus,
)
from helm_values.kube_prometheus_stack.prometheus_values import in_namespaces
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.thanos import thanos
from settings.model import OBSERVABILITY, Settings
from versions import KUBE_PROMETHEUS_STACK

NAME = "kps"


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """Named `kps`: Grafana's objects take the release's name.

    The `secrets` must be in AWS Secrets Manager before, or Grafana does not start.
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
            outputs[thanos.WRITER_ROLE.output], outputs["metrics_bucket_name"]
        ),
        after=(prometheus_operator_crds.NAME, external_secrets.NAME),
        timeout_seconds=900,
    )


def _prometheus(settings: Settings) -> dict[str, Any]:
    # Namespaces in which editors of a stage may create nothing: so metrics of a stage, with any
    # name, are never counted as metrics of the platform.
    platform = in_namespaces(OBSERVABILITY, "kube-system", *telemetry_namespaces(settings))
    return {
        "serviceAccount": {"name": PROMETHEUS_SERVICE_ACCOUNT},
        "prometheusSpec": {
            "serviceMonitorNamespaceSelector": platform,
            "podMonitorNamespaceSelector": platform,
            "probeNamespaceSelector": platform,
            "scrapeConfigNamespaceSelector": platform,
            # The rules of the stages are in the telemetry namespaces.
            "ruleNamespaceSelector": in_namespaces(OBSERVABILITY, "kube-system"),
        },
    }


def _rules(settings: Settings) -> list[dict[str, Any]]:
    return [group.as_dict(settings) for group in platform_rule_groups(settings)]


def _manifests(settings: Settings) -> dict[str, Any]:
    return {
        "secret-store": secret_store(settings),
        **{
            secret.name: external_secret(settings, OBSERVABILITY, secret.name, secret.keys)
            for secret in secrets(settings)
        },
    }


def secrets(settings: Settings) -> tuple[Secret, ...]:
    """Secrets of Grafana's administrator, and of Alertmanager's receivers."""
    return (
        Secret(name="grafana-admin", keys=("admin-user", "admin-password")),
        *(
            Secret(name=name, keys=("password",) if name == routing.SMTP_SECRET else ("url",))
            for name in routing.secrets(settings)
        ),
    )


COMPONENT = Component(
    name=NAME,
    flows=kube_prometheus_stack_flows.flows,
    secrets=secrets,
    reads=("metrics_bucket_name", thanos.WRITER_ROLE.output, thanos.UPLOADER_ROLE.output),
    releases=lambda settings, outputs: [
        release(settings, outputs),
        *stage_prometheus.releases(settings, outputs),
    ],
)
