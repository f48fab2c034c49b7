"""Cluster autoscaler: nodes as pods need them, within the bounds of the node groups."""

from blueprint.iam_statements import Statement, allow
from blueprint.sizes import METRICS
from blueprint.traffic import EVERYWHERE, HTTPS, PROMETHEUS, Flow, Pods, api_server, labelled
from helm_values.component import AwsResources, Component, WorkloadRole
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import OBSERVABILITY, Settings
from versions import CLUSTER_AUTOSCALER, KUBERNETES

NAME = "cluster-autoscaler"
SERVICE_ACCOUNT = "cluster-autoscaler"
_PODS = Pods(
    name="autoscaler",
    namespace=OBSERVABILITY,
    labels=labelled("aws-cluster-autoscaler", instance=NAME),
)


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
            "rbac": {"serviceAccount": {"name": SERVICE_ACCOUNT}},
            "resources": METRICS[settings.size].cluster_autoscaler.values,
        },
        from_stack_outputs={
            "rbac": {
                "serviceAccount": {
                    "annotations": {"eks.amazonaws.com/role-arn": outputs[ROLE.output]}
                }
            }
        },
        after=(prometheus_operator_crds.NAME,),
    )


def flows(settings: Settings) -> tuple[Flow, ...]:
    """Pods and nodes from the Kubernetes API, groups of nodes from AWS."""
    return (
        Flow(source=PROMETHEUS, destination=_PODS, ports=(8085,)),
        Flow(source=_PODS, destination=api_server(settings), ports=(HTTPS,)),
        Flow(source=_PODS, destination=EVERYWHERE, ports=(HTTPS,)),
    )


def statements(aws: AwsResources) -> tuple[Statement, ...]:
    """Cluster autoscaler with auto-discovery (its AWS README, "Full Cluster Autoscaler Features").

    EKS tags the Auto Scaling groups of managed node groups with the names in the condition.
    """
    group_tag = "aws:ResourceTag/k8s.io/cluster-autoscaler"
    return (
        # Describe actions have no resource-level permissions.
        allow(
            [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            ],
            "*",
        ),
        allow(["eks:DescribeNodegroup"], f"arn:aws:eks:*:*:nodegroup/{aws.cluster_name}/*/*"),
        allow(
            ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            # EKS chooses the groups' names, so their tags say which are meant.
            "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*",
            StringEquals={
                f"{group_tag}/enabled": "true",
                f"{group_tag}/{aws.cluster_name}": "owned",
            },
        ),
    )


ROLE = WorkloadRole(
    name=NAME,
    description="Role of the cluster autoscaler",
    service_accounts=(SERVICE_ACCOUNT,),
    statements=statements,
)

COMPONENT = Component(
    name=NAME,
    roles=(ROLE,),
    flows=flows,
    reads=(ROLE.output,),
    releases=lambda settings, outputs: [release(settings, outputs)],
)
