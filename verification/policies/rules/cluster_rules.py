"""Cluster: node credentials, logs, access and protection against deletion."""

from __future__ import annotations

from collections.abc import Iterator

from synthesis.reading import instances, resources
from verification.policies.rule import Breach, Rule, Subject

LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}

HOLDS_DATA = ("aws_s3_bucket", "aws_kms_key", "aws_eks_cluster")
"""Types of resources whose loss cannot be undone."""


def _imds(subject: Subject) -> Iterator[Breach]:
    for name, template in instances(subject.config, "aws_launch_template").items():
        options = template.get("metadata_options", {})
        address = f"aws_launch_template.{name}"
        if options.get("http_tokens") != "required":
            yield Breach(address, "IMDSv1 answers without a token")
        if options.get("http_put_response_hop_limit") != 1:
            yield Breach(address, "pods reach the node's credentials: hop limit is not 1")
    for address, body in resources(subject.config):
        if address.startswith("aws_instance."):
            yield Breach(address, "an instance of its own; allowed: node groups")
        if address.startswith("aws_eks_node_group.") and not body.get("launch_template"):
            yield Breach(address, "has no launch template, so none of its metadata options")


def _logs(subject: Subject) -> Iterator[Breach]:
    groups = {
        group["name"]: group
        for group in instances(subject.config, "aws_cloudwatch_log_group").values()
    }
    for name, cluster in instances(subject.config, "aws_eks_cluster").items():
        address = f"aws_eks_cluster.{name}"
        missing = LOGS - set(cluster.get("enabled_cluster_log_types", []))
        if missing:
            yield Breach(address, f"does not log {', '.join(sorted(missing))}")
        # Otherwise EKS makes it, unencrypted and for ever.
        if f"/aws/eks/{cluster['name']}/cluster" not in groups:
            yield Breach(address, "its log group is not ours")
    for name, group in groups.items():
        if not group.get("retention_in_days"):
            yield Breach(f"aws_cloudwatch_log_group ({name})", "is kept for ever")


def _access(subject: Subject) -> Iterator[Breach]:
    for name, cluster in instances(subject.config, "aws_eks_cluster").items():
        access = cluster.get("access_config", {})
        address = f"aws_eks_cluster.{name}"
        if access.get("authentication_mode") != "API":
            yield Breach(address, "a ConfigMap in the cluster gives access as well")
        if access.get("bootstrap_cluster_creator_admin_permissions") is not False:
            yield Breach(address, "whoever creates it administers it for ever")
    entries = instances(subject.config, "aws_eks_access_entry")
    for name, entry in entries.items():
        if "system:masters" in entry.get("kubernetes_groups", []):
            yield Breach(f"aws_eks_access_entry.{name}", "system:masters cannot be taken away")


def _protection(subject: Subject) -> Iterator[Breach]:
    if subject.settings.environment != "prd":
        return
    for kind in HOLDS_DATA:
        for name, body in instances(subject.config, kind).items():
            if body.get("lifecycle", {}).get("prevent_destroy") is not True:
                yield Breach(f"{kind}.{name}", "is destroyed without a word")
    for name, bucket in instances(subject.config, "aws_s3_bucket").items():
        if bucket.get("force_destroy"):
            yield Breach(f"aws_s3_bucket.{name}", "is destroyed with what it holds")
    for name, key in instances(subject.config, "aws_kms_key").items():
        if key.get("deletion_window_in_days", 0) < 30:
            yield Breach(f"aws_kms_key.{name}", "less than 30 days to notice that it is deleted")


RULES = (
    Rule(
        id="cluster-imdsv2",
        title="Nodes answer for metadata by IMDSv2 alone, and not to pods",
        reason="A pod, or a request forged through one, would have the node's permissions.",
        source="AWS Security Hub EC2.8; EKS best practices guide, Restrict access to IMDS",
        check=_imds,
    ),
    Rule(
        id="cluster-logs-are-on",
        title="All logs of the control plane are kept, for a time",
        reason="Who did what in the cluster is in them alone.",
        source="AWS Security Hub EKS.8",
        check=_logs,
    ),
    Rule(
        id="cluster-access-is-named",
        title="Access by entries alone, and none for having created the cluster",
        reason="The creator's right is invisible and cannot be taken away.",
        source="EKS user guide, Grant IAM users access to Kubernetes with EKS access entries",
        check=_access,
    ),
    Rule(
        id="cluster-prd-is-protected",
        title="What holds data in prd cannot be destroyed by mistake",
        reason="A rename in Python would be a deletion in Terraform.",
        source="README.md, Security properties",
        check=_protection,
    ),
)
