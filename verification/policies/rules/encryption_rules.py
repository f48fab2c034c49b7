"""Encryption: all stored data is encrypted with our own rotating keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.documents import read_document
from blueprint.names import STORAGE_CLASS
from synthesis.reading import instances, resources
from verification.policies.rule import Breach, Rule, Subject

_OWN_KEY = re.compile(r"\$\{aws_kms_key\.([\w-]+)\.(?:arn|key_id|id)\}")


def _rotation(subject: Subject) -> Iterator[Breach]:
    for name, key in instances(subject.config, "aws_kms_key").items():
        if key.get("enable_key_rotation") is not True:
            yield Breach(f"aws_kms_key.{name}", "is never rotated")


def _buckets(subject: Subject) -> Iterator[Breach]:
    settings = instances(subject.config, "aws_s3_bucket_server_side_encryption_configuration")
    by_bucket = {body["bucket"]: body for body in settings.values()}
    for name in instances(subject.config, "aws_s3_bucket"):
        address = f"aws_s3_bucket.{name}"
        body = by_bucket.get(f"${{{address}.id}}")
        if body is None:
            yield Breach(address, "no encryption of ours")
            continue
        for rule in body["rule"]:
            default = rule["apply_server_side_encryption_by_default"]
            key = _OWN_KEY.fullmatch(default.get("kms_master_key_id", ""))
            if default["sse_algorithm"] != "aws:kms" or key is None:
                yield Breach(address, "is not encrypted with a KMS key of its stack")
            elif key[1] not in instances(subject.config, "aws_kms_key"):
                yield Breach(address, f"its key {key[1]} is not in the stack")
            if rule.get("bucket_key_enabled") is not True:
                yield Breach(address, "every object costs a KMS request: no bucket key")


def _disks(subject: Subject) -> Iterator[Breach]:
    for name, template in instances(subject.config, "aws_launch_template").items():
        address = f"aws_launch_template.{name}"
        mappings = template.get("block_device_mappings", [])
        if not mappings:
            yield Breach(address, "its disks are those of the image, encrypted or not")
        for mapping in mappings:
            if str(mapping.get("ebs", {}).get("encrypted")).lower() != "true":
                yield Breach(address, f"disk {mapping.get('device_name')} is not encrypted")
    for address, body in resources(subject.config):
        if address.startswith("aws_ebs_volume.") and body.get("encrypted") is not True:
            yield Breach(address, "is not encrypted")
        if address.startswith("kubernetes_storage_class") and (
            body.get("parameters", {}).get("encrypted") != "true"
        ):
            yield Breach(address, "makes volumes that are not encrypted")


def _cluster(subject: Subject) -> Iterator[Breach]:
    for name, cluster in instances(subject.config, "aws_eks_cluster").items():
        config = cluster.get("encryption_config", {})
        key = config.get("provider", {}).get("key_arn", "")
        if "secrets" not in config.get("resources", []) or not _OWN_KEY.fullmatch(key):
            yield Breach(f"aws_eks_cluster.{name}", "Secrets are not encrypted with our own key")


def _logs(subject: Subject) -> Iterator[Breach]:
    for name, group in instances(subject.config, "aws_cloudwatch_log_group").items():
        if not _OWN_KEY.fullmatch(group.get("kms_key_id", "")):
            yield Breach(f"aws_cloudwatch_log_group.{name}", "is not encrypted with our own key")
    for name, topic in instances(subject.config, "aws_sns_topic").items():
        if not topic.get("kms_master_key_id"):
            yield Breach(f"aws_sns_topic.{name}", "is not encrypted")


def _states(subject: Subject) -> Iterator[Breach]:
    backend = subject.config["terraform"].get("backend", {})
    places = [("terraform.backend.s3", backend["s3"])] if "s3" in backend else []
    if "s3" not in backend and subject.stack != "state":
        yield Breach("terraform.backend", "the state is not in the state bucket")
    for name, data in subject.config.get("data", {}).get("terraform_remote_state", {}).items():
        places.append((f"data.terraform_remote_state.{name}", data["config"]))
    for address, body in places:
        if body.get("encrypt") is not True or not body.get("kms_key_id"):
            yield Breach(address, "is not encrypted with our own key")
    if "s3" in backend and backend["s3"].get("use_lockfile") is not True:
        yield Breach("terraform.backend.s3", "two may write the state at once")


def _claims(value: object) -> Iterator[str]:
    """Storage classes that a release's values name, wherever charts have them."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("storageClass", "storageClassName") and isinstance(item, str):
                yield item
            else:
                yield from _claims(item)
    elif isinstance(value, list):
        for item in value:
            yield from _claims(item)


def _volumes(subject: Subject) -> Iterator[Breach]:
    for address, body in resources(subject.config):
        documents = body.get("values", []) if address.startswith("helm_release.") else []
        values = [_parsed(text) for text in documents]
        for name in _claims([values, body.get("spec", {})]):
            if name and "${" not in name and name != STORAGE_CLASS:
                yield Breach(address, f"storage class {name}; allowed: {STORAGE_CLASS}")


def _parsed(text: str) -> object:
    # A document with Terraform's expressions may be no YAML before Terraform has evaluated it.
    if text.startswith("${"):
        return None
    return read_document(text)


RULES = (
    Rule(
        id="encryption-keys-rotate",
        title="Every KMS key rotates",
        reason="A key that leaks is worth less when it is replaced.",
        source="AWS Security Hub KMS.4",
        check=_rotation,
    ),
    Rule(
        id="encryption-of-buckets",
        title="Buckets encrypt with a KMS key of our own and a bucket key",
        reason="Reading then needs the key's permission as well as the bucket's.",
        source="AWS Security Hub S3.17",
        check=_buckets,
    ),
    Rule(
        id="encryption-of-disks",
        title="Disks of nodes and volumes of pods are encrypted",
        reason="A snapshot or a disk taken away is unreadable.",
        source="AWS Security Hub EC2.3",
        check=_disks,
    ),
    Rule(
        id="encryption-of-claims",
        title="Releases ask for the encrypted storage class only",
        reason="Another class could exist in the cluster that does not encrypt.",
        source="constructs_lib/kubernetes/storage_class.py",
        check=_volumes,
    ),
    Rule(
        id="encryption-of-cluster-secrets",
        title="Kubernetes Secrets are encrypted with a key of our own",
        reason="etcd would hold them readable for whoever gets a backup of it.",
        source="AWS Security Hub EKS.3",
        check=_cluster,
    ),
    Rule(
        id="encryption-of-logs",
        title="Log groups and topics are encrypted with a key of our own",
        reason="Audit logs name users, addresses and objects.",
        source="CloudWatch Logs user guide, Encrypt log data using AWS KMS",
        check=_logs,
    ),
    Rule(
        id="encryption-of-states",
        title="States are in the state bucket, encrypted and locked",
        reason="A state names everything there is, and two writers destroy it.",
        source="docs/adr/0004-state-backend.md",
        check=_states,
    ),
)
