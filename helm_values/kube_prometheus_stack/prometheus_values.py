"""Values shared by the Prometheus of the platform and those of the stages."""

from typing import Any

from blueprint.documents import merge
from blueprint.names import STORAGE_CLASS
from blueprint.sizes import PrometheusSize
from helm_values.static_values import static_values
from helm_values.thanos import thanos
from settings.model import Settings

Values = dict[str, Any]

_USABLE_PERCENT = 85
"""Of the volume; the rest is for the WAL's growth while the bucket is out of reach."""


def common(
    settings: Settings, size: PrometheusSize, *, name: str, external_labels: dict[str, str]
) -> Values:
    """Values of the chart, over the constants of prometheus.yaml.

    Args:
        settings: the environment.
        size: replicas, resources, volume.
        name: of the Prometheus object, by which its pods are labelled.
        external_labels: beside the cluster's, by which Thanos tells Prometheus apart. There they
            win over labels of a series, so nothing in a stage can pass for something else.
    """
    return merge(
        static_values("prometheus"),
        {
            "prometheus": {
                # Of one replica, a budget would keep its node from being drained.
                "podDisruptionBudget": {"enabled": size.replicas > 1, "minAvailable": 1},
                "prometheusSpec": {
                    "replicas": size.replicas,
                    "externalLabels": {"cluster": settings.prefix, **external_labels},
                    "replicaExternalLabelName": thanos.REPLICA_LABEL,
                    "retention": size.retention,
                    "retentionSize": f"{size.volume_gib * 1024 * _USABLE_PERCENT // 100}MiB",
                    "resources": size.resources.values,
                    "topologySpreadConstraints": [_spread(name)],
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
        },
    )


def from_stack_outputs(role_arn: str, bucket_name: str) -> Values:
    """The role of the sidecar and its bucket."""
    return {
        "prometheus": {
            "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": role_arn}},
            "prometheusSpec": {
                "thanos": {"objectStorageConfig": {"secret": {"config": {"bucket": bucket_name}}}}
            },
        }
    }


def in_namespaces(*names: str) -> Values:
    """Selector of namespaces by name."""
    if len(names) == 1:
        return {"matchLabels": {"kubernetes.io/metadata.name": names[0]}}
    expression = {
        "key": "kubernetes.io/metadata.name",
        "operator": "In",
        "values": list(names),
    }
    return {"matchExpressions": [expression]}


def _spread(name: str) -> Values:
    # In one zone, two replicas would be lost together. Each zone has nodes of its own.
    labels = {"app.kubernetes.io/name": "prometheus", "operator.prometheus.io/name": name}
    return {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": labels},
    }
