"""What an environment's stacks make that costs money: read from the synthesized JSON, or planned.

Two ways to the same: `read` counts what `make synth` wrote, and `plan` says what the settings will
make, in a moment, for the many variations that the model compares. A test and the command itself
hold the one to the other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blueprint.buckets import plan_flow_logs_bucket, plan_storage_buckets
from blueprint.documents import read_document
from blueprint.names import ENVIRONMENT_LABEL
from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from helm_values.thanos import thanos
from settings.model import OBSERVABILITY, Settings
from settings.node_sizes import Size

_UNITS = {"Ki": 2**-20, "Mi": 2**-10, "Gi": 1.0, "Ti": 2.0**10}
KEYS = 4
"""KMS keys: of the states, the flow logs, the cluster's secrets, and the data."""


@dataclass(frozen=True, kw_only=True, order=True)
class Nodes:
    """One EKS node group."""

    namespace: str
    instance_type: str
    spot: bool
    min_size: int
    max_size: int
    disk_gib: int


@dataclass(frozen=True, kw_only=True, order=True)
class Volume:
    """Equal EBS volumes that pods of one release claim."""

    name: str
    gib: float
    replicas: int


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What is billed, but for what the workload decides."""

    region: str
    extended_support: bool
    nodes: tuple[Nodes, ...]
    volumes: tuple[Volume, ...]
    nat_gateways: int
    interface_endpoints: int
    """Network interfaces of endpoints: services times zones."""
    kms_keys: int
    log_retention_days: int
    """Of the control plane's log group."""
    bucket_days: tuple[tuple[str, int], ...]
    """Days after which each lifecycle rule deletes: `logs/prd`, `flow-logs`."""

    @property
    def volume_gib(self) -> float:
        """All claimed volumes together."""
        return sum(volume.gib * volume.replicas for volume in self.volumes)

    def differences(self, other: Inventory) -> list[str]:
        """Names of the fields in which two differ."""
        return [name for name in vars(self) if getattr(self, name) != getattr(other, name)]


# --- From the synthesized stacks ------------------------------------------------------------------


def read(stacks: Mapping[str, Mapping[str, Any]], settings: Settings) -> Inventory:
    """Count what the synthesized stacks make.

    Args:
        stacks: the parsed cdk.tf.json by stack, all five.
        settings: only for the region, which stands in the provider block.
    """
    network, cluster = stacks["network"], stacks["cluster"]
    (provider,) = network["provider"]["aws"]
    (control_plane,) = _of(cluster, "aws_eks_cluster").values()
    (log_group,) = _of(cluster, "aws_cloudwatch_log_group").values()
    return Inventory(
        region=provider.get("region", settings.region),
        extended_support=control_plane["upgrade_policy"]["support_type"] == "EXTENDED",
        nodes=tuple(sorted(_node_groups(cluster))),
        volumes=tuple(sorted(_claims(stacks["observability"]))),
        nat_gateways=len(_of(network, "aws_nat_gateway")),
        interface_endpoints=sum(
            len(endpoint["subnet_ids"])
            for endpoint in _of(network, "aws_vpc_endpoint").values()
            if endpoint["vpc_endpoint_type"] == "Interface"
        ),
        kms_keys=sum(len(_of(stack, "aws_kms_key")) for stack in stacks.values()),
        log_retention_days=log_group["retention_in_days"],
        bucket_days=tuple(sorted(_lifecycles(stacks))),
    )


def _of(stack: Mapping[str, Any], type_: str) -> dict[str, Any]:
    bodies: dict[str, Any] = stack.get("resource", {}).get(type_, {})
    return bodies


def _node_groups(cluster: Mapping[str, Any]) -> Iterator[Nodes]:
    templates = _of(cluster, "aws_launch_template")
    for group in _of(cluster, "aws_eks_node_group").values():
        name = re.split(r"[.]", group["launch_template"]["id"])[1]
        (mapping,) = templates[name]["block_device_mappings"]
        yield Nodes(
            namespace=group["labels"][ENVIRONMENT_LABEL],
            instance_type=group["instance_types"][0],
            spot=group["capacity_type"] == "SPOT",
            min_size=group["scaling_config"]["min_size"],
            max_size=group["scaling_config"]["max_size"],
            disk_gib=mapping["ebs"]["volume_size"],
        )


def _lifecycles(stacks: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    for stack in ("network", "storage"):
        buckets = _of(stacks[stack], "aws_s3_bucket")
        for body in _of(stacks[stack], "aws_s3_bucket_lifecycle_configuration").values():
            bucket = buckets[body["bucket"].split(".")[1]]["bucket"]
            purpose = re.sub(r".*\d{12}-[a-z]+(?:-[a-z]+)+-\d-", "", bucket)
            for rule in body["rule"]:
                prefix = rule["filter"][0]["prefix"].rstrip("/")
                for expiration in rule.get("expiration", []):
                    if "days" in expiration:
                        yield f"{purpose}/{prefix}".rstrip("/"), expiration["days"]


def _claims(observability: Mapping[str, Any]) -> Iterator[Volume]:
    for release in _of(observability, "helm_release").values():
        # The first document is literal; the second holds what other stacks publish, no volumes.
        values = read_document(release["values"][0].replace("$${", "${"))
        yield from volumes_in(values, release["name"])
    for set_ in _of(observability, "kubernetes_stateful_set_v1").values():
        spec = set_["spec"]
        for claim in spec.get("volume_claim_template", []):
            yield Volume(
                name=set_["metadata"]["name"],
                gib=_gibibytes(claim["spec"]["resources"]["requests"]["storage"]),
                replicas=int(spec["replicas"]),
            )


def volumes_in(values: Any, name: str) -> Iterator[Volume]:
    """Volumes that a chart's values claim, in the two forms that our charts have.

    `persistence: {size: 10Gi}` beside `replicas`, and a `volumeClaimTemplate` in the `storage` or
    `storageSpec` of an object with `replicas`.
    """
    if not isinstance(values, Mapping):
        return
    replicas = int(values.get("replicas", 1))
    persistence = values.get("persistence")
    if isinstance(persistence, Mapping) and persistence.get("enabled", True):
        if "size" in persistence:
            yield Volume(name=name, gib=_gibibytes(persistence["size"]), replicas=replicas)
        for claim in persistence.get("claims", []):
            yield Volume(name=name, gib=_gibibytes(claim["size"]), replicas=replicas)
    for key in ("storage", "storageSpec"):
        template = values.get(key)
        if isinstance(template, Mapping) and "volumeClaimTemplate" in template:
            size = template["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]
            yield Volume(name=name, gib=_gibibytes(size), replicas=replicas)
    for key, child in values.items():
        yield from volumes_in(child, f"{name}/{key}")


def _gibibytes(quantity: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti)", quantity)
    if match is None:
        raise ValueError(f"{quantity!r} is no size of a volume in Ki, Mi, Gi or Ti")
    return float(match[1]) * _UNITS[match[2]]


# --- From the settings ----------------------------------------------------------------------------


_known_volumes: dict[tuple[Size, int], tuple[Volume, ...]] = {}
"""Volumes depend on the size and the number of stages alone (a test holds them to that), and take a
while to find in all values of all releases."""


def plan(settings: Settings) -> Inventory:
    """What the stacks of these settings will make."""
    key = (settings.size, len(settings.stages))
    if key not in _known_volumes:
        _known_volumes[key] = tuple(sorted(planned_volumes(settings)))
    zones = len(settings.network.availability_zones)
    return Inventory(
        region=settings.region,
        extended_support=settings.cluster.support_type == "EXTENDED",
        nodes=tuple(sorted(_planned_nodes(settings))),
        volumes=_known_volumes[key],
        nat_gateways={"none": 0, "single": 1, "per_az": zones}[settings.network.nat],
        interface_endpoints=len(settings.network.interface_endpoints) * zones,
        kms_keys=KEYS,
        log_retention_days=settings.cluster.log_retention_days,
        bucket_days=tuple(sorted(_planned_lifecycles(settings))),
    )


def _planned_nodes(settings: Settings) -> Iterator[Nodes]:
    for namespace in settings.namespaces:
        group = settings.node_group(namespace)
        per_zone = group.zone_spread == "per_zone"
        for _ in settings.network.availability_zones if per_zone else ("all",):
            yield Nodes(
                namespace=namespace,
                instance_type=group.instance_types[0],
                spot=group.capacity_type == "SPOT",
                min_size=group.min_size,
                max_size=group.max_size,
                disk_gib=group.disk_size_gib,
            )


def planned_volumes(settings: Settings) -> Iterator[Volume]:
    """Volumes that the releases and Thanos claim."""
    for release in releases(settings, sample_stack_outputs()):
        yield from volumes_in(release.literal_values, release.name)
    for component in (thanos.store(settings), thanos.compactor(settings)):
        if component.volume_gib:
            yield Volume(name=component.name, gib=component.volume_gib, replicas=component.replicas)


def _planned_lifecycles(settings: Settings) -> Iterator[tuple[str, int]]:
    plans = [plan_flow_logs_bucket(settings), *plan_storage_buckets(settings).values()]
    for bucket in plans:
        for rule in bucket.lifecycle:
            if rule.expiration_days is not None:
                yield f"{bucket.purpose}/{rule.prefix}".rstrip("/"), rule.expiration_days


def observability_nodes(inventory: Inventory) -> int:
    """Nodes of the back ends: the fewest of each zone.

    tests/helm_values/test_node_fit.py holds every pod of the back ends to them, at 95 % at most.
    """
    return sum(group.min_size for group in inventory.nodes if group.namespace == OBSERVABILITY)


def nodes_for(cpu: float, memory_gib: float, room_cpu: float, room_memory_gib: float) -> int:
    """Nodes that hold so much CPU and memory of requests, whichever is scarcer."""
    return math.ceil(max(cpu / room_cpu, memory_gib / room_memory_gib) - 1e-9)
