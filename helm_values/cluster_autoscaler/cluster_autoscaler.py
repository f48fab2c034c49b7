"""Cluster autoscaler: nodes as pods need them, within the bounds of the node groups."""

from blueprint.names import CLUSTER_AUTOSCALER_SERVICE_ACCOUNT
from blueprint.sizes import METRICS
from helm_values.network_policy import API_SERVER_AND_AWS, network_policy, pods, scraped
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import Settings
from versions import CLUSTER_AUTOSCALER, KUBERNETES

NAME = "cluster-autoscaler"


def release(settings: Settings, outputs: StackOutputs) -> Release:
    """After the CRDs only, so that the other releases get the nodes that they need."""
    return Release(
        name=NAME,
        chart=CLUSTER_AUTOSCALER,
        static="cluster_autoscaler",
        from_settings={
            # EKS tags the Auto Scaling groups of its node groups with the cluster's name.
            "autoDiscovery": {"clusterName": settings.prefix},
            "awsRegion": settings.region,
            # The chart's own tag is that of one Kubernetes version; versions.py has one for each.
            "image": {"tag": KUBERNETES[settings.cluster.kubernetes_version].cluster_autoscaler},
            "rbac": {"serviceAccount": {"name": CLUSTER_AUTOSCALER_SERVICE_ACCOUNT}},
            "resources": METRICS[settings.size].cluster_autoscaler.values,
            "extraObjects": [
                network_policy(
                    NAME,
                    pods(name="aws-cluster-autoscaler", instance=NAME),
                    ingress=[scraped(8085)],
                    egress=[API_SERVER_AND_AWS],
                )
            ],
        },
        from_stack_outputs={
            "rbac": {
                "serviceAccount": {
                    "annotations": {
                        "eks.amazonaws.com/role-arn": outputs.cluster_autoscaler_role_arn
                    }
                }
            }
        },
        after=(prometheus_operator_crds.NAME,),
    )
