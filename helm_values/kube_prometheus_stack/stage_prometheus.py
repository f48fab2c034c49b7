"""The Prometheus of each stage: pushed and scraped metrics, and the rules of the stage.

A stage's metrics are in a Prometheus of their own, so a flood of series or a forged name in one
stage changes nothing in another one, nor for the platform (ADR 0036).
"""

from collections.abc import Callable
from math import ceil
from typing import Any

from alertmanager.rules.all_rules import stage_rule_groups
from blueprint.documents import merge
from blueprint.endpoints import ALERTMANAGER_PODS
from blueprint.names import (
    ENVIRONMENT_LABEL,
    STAGE_PROMETHEUS,
    telemetry_namespace,
)
from blueprint.resources import mebibytes, millicores
from blueprint.sizes import METRICS, PrometheusSize
from helm_values.kube_prometheus_stack import prometheus_values
from helm_values.kube_prometheus_stack.prometheus_values import in_namespaces
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.static_values import static_values
from helm_values.thanos import thanos
from settings.model import OBSERVABILITY, Quota, Settings
from signals.metrics import ENVIRONMENT
from versions import KUBE_PROMETHEUS_STACK

NAME = "prometheus"
SERVICE_ACCOUNT = f"{STAGE_PROMETHEUS}-prometheus"
RULES = "foundation"


def releases(settings: Settings, outputs: StackOutputs) -> list[Release]:
    """One release for each stage, in its telemetry namespace."""
    return [
        Release(
            name=NAME,
            namespace=telemetry_namespace(stage),
            chart=KUBE_PROMETHEUS_STACK,
            static="stage_prometheus",
            from_settings=_values(settings, stage),
            from_stack_outputs=prometheus_values.from_stack_outputs(
                outputs[thanos.UPLOADER_ROLE.output], outputs["metrics_bucket_name"]
            ),
            after=("kps",),
        )
        for stage in settings.stages
    ]


def sample_limit(size: PrometheusSize) -> int:
    """Samples that one scrape may bring: a tenth of the stage's budget of series."""
    return size.active_series // 10


def quota(settings: Settings) -> Quota:
    """What it may use of the quota of its namespace: that of its pods, which a StatefulSet never
    has more of than replicas."""
    size = METRICS[settings.size].stage_prometheus
    operator = static_values("kube_prometheus_stack")["prometheusOperator"]
    reloader = operator["prometheusConfigReloader"]["resources"]
    containers = [
        size.resources.values,
        size.thanos_sidecar.values,
        reloader,
    ]

    def of_all(kind: str, what: str, unit: Callable[[object], int], per_unit: int) -> int:
        replica = sum(unit(container[kind][what]) for container in containers)
        return ceil(size.replicas * replica / per_unit)

    return Quota(
        requests_cpu=of_all("requests", "cpu", millicores, 1000),
        requests_memory_gib=of_all("requests", "memory", mebibytes, 1024),
        limits_cpu=of_all("limits", "cpu", millicores, 1000),
        limits_memory_gib=of_all("limits", "memory", mebibytes, 1024),
        pods=size.replicas,
        persistent_volume_claims=size.replicas,
    )


def external_labels(stage: str) -> dict[str, str]:
    """What everything in a stage's Prometheus is labelled with in Thanos, whatever it says."""
    return {ENVIRONMENT: stage, "namespace": stage, "k8s_namespace_name": stage}


def _values(settings: Settings, stage: str) -> dict[str, Any]:
    size = METRICS[settings.size].stage_prometheus
    common = prometheus_values.common(
        settings, size, name=STAGE_PROMETHEUS, external_labels=external_labels(stage)
    )
    own = telemetry_namespace(stage)
    # What Prometheus and its sidecar say of themselves is the stage's, as with the gateway.
    as_stage = {"relabelings": [{"targetLabel": "namespace", "replacement": stage}]}
    prometheus = {
        "serviceAccount": {"name": SERVICE_ACCOUNT},
        "serviceMonitor": as_stage,
        "thanosServiceMonitor": as_stage,
        "prometheusSpec": {
            # Not on the stage's nodes, which may be few, and taken away at any time.
            "nodeSelector": {ENVIRONMENT_LABEL: OBSERVABILITY},
            "serviceMonitorNamespaceSelector": in_namespaces(stage),
            "podMonitorNamespaceSelector": in_namespaces(stage),
            # Not of the stage: these name addresses instead of pods.
            "probeNamespaceSelector": in_namespaces(own),
            "scrapeConfigNamespaceSelector": in_namespaces(own),
            "ruleNamespaceSelector": in_namespaces(stage, own),
            # Ours are in its own namespace, and need no label added.
            "excludedFromEnforcement": [
                {
                    "group": "monitoring.coreos.com",
                    "resource": "prometheusrules",
                    "namespace": own,
                    "name": f"{STAGE_PROMETHEUS}-{RULES}",
                }
            ],
            "enforcedSampleLimit": sample_limit(size),
            # By DNS, all replicas: asking Kubernetes would need a Role in `observability`.
            "additionalAlertManagerConfigs": [
                {
                    "api_version": "v2",
                    "dns_sd_configs": [{"names": [ALERTMANAGER_PODS], "type": "A", "port": 9093}],
                }
            ],
            # Whatever a rule of the stage says, its alerts are the stage's.
            "additionalAlertRelabelConfigs": [
                {"target_label": label, "replacement": stage} for label in external_labels(stage)
            ],
        },
    }
    return merge(
        common,
        {
            "prometheus": prometheus,
            "additionalPrometheusRulesMap": {
                RULES: {
                    "groups": [
                        group.as_dict(settings) for group in stage_rule_groups(settings, stage)
                    ]
                }
            },
            "extraManifests": _may_read(stage),
        },
    )


def _may_read(stage: str) -> dict[str, Any]:
    """The pods and Services of the stage, to find what is to be scraped."""
    metadata = {"name": SERVICE_ACCOUNT, "namespace": stage}
    api = "rbac.authorization.k8s.io"
    verbs = ["get", "list", "watch"]
    return {
        "role": {
            "apiVersion": f"{api}/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": [
                {"apiGroups": [""], "resources": ["endpoints", "pods", "services"], "verbs": verbs},
                {
                    "apiGroups": ["discovery.k8s.io"],
                    "resources": ["endpointslices"],
                    "verbs": verbs,
                },
            ],
        },
        "role-binding": {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {
                "apiGroup": api,
                "kind": "Role",
                "name": SERVICE_ACCOUNT,
            },
            "subjects": [
                {
                    "kind": "ServiceAccount",
                    "name": SERVICE_ACCOUNT,
                    "namespace": telemetry_namespace(stage),
                }
            ],
        },
    }
