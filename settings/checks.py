"""Rules between settings, which the type of a single value cannot check."""

import ipaddress
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from math import ceil
from typing import NamedTuple

from settings.aws_facts import REGIONS
from settings.model import OBSERVABILITY, NodeGroup, Quota, Settings, is_graviton, least_vcpus
from settings.node_sizes import MIN_OBSERVABILITY_QUOTA, MIN_STAGE_VCPUS, TOO_SMALL, Size
from settings.types import OWN_TAGS, PRIVATE_CLUSTER_ENDPOINTS
from versions import KUBERNETES

Location = tuple[str | int, ...]

STAGE_QUOTAS = ("storage_gib", "ephemeral_storage_gib", "load_balancers")
"""Bounds for the objects that editors of a stage create."""


class Problem(NamedTuple):
    """A wrong setting: where, what was given, and what is allowed."""

    location: Location
    value: object
    message: str


def check(settings: Settings, today: date) -> Iterator[Problem]:
    """Yield every rule that the settings break.

    Args:
        settings: settings whose values are each valid by themselves.
        today: the day on which a Kubernetes version must still be supported.
    """
    yield from _check_repeats(settings.model_dump())
    yield from _check_tags(settings)
    yield from _check_zones(settings)
    yield from _check_networks(settings)
    yield from _check_nat(settings)
    yield from _check_kubernetes(settings, today)
    yield from _check_roles(settings)
    yield from _check_namespaces(settings)
    yield from _check_metrics_retention(settings)
    yield from _check_alerting(settings)
    yield from _check_cost(settings)


def _check_repeats(value: object, location: Location = ()) -> Iterator[Problem]:
    """Items given twice in a list: never meant, and some would be two constructs of one name."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _check_repeats(child, (*location, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            if item in value[:index]:
                yield Problem((*location, index), item, "repeated; allowed: each once in a list")


def _check_tags(settings: Settings) -> Iterator[Problem]:
    # IAM refuses tags of one resource that differ only in upper and lower case.
    taken = {key.lower(): key for key in OWN_TAGS}
    for key in settings.tags.extra:
        other = taken.setdefault(key.lower(), key)
        if other != key or key in OWN_TAGS:
            yield Problem(
                ("tags", "extra", key),
                None,
                f"is the same tag as {other}; allowed: others than {', '.join(OWN_TAGS)}, each "
                "once, where upper and lower case make no difference",
            )


def _check_zones(settings: Settings) -> Iterator[Problem]:
    zones = REGIONS[settings.region]
    for index, zone in enumerate(settings.network.availability_zones):
        if zone not in zones:
            yield Problem(
                ("network", "availability_zones", index),
                zone,
                f"allowed in region {settings.region}: " + ", ".join(zones),
            )


def _check_networks(settings: Settings) -> Iterator[Problem]:
    vpc = ipaddress.IPv4Network(settings.network.cidr)
    service_cidr = settings.cluster.service_cidr
    if vpc.overlaps(ipaddress.IPv4Network(service_cidr)):
        yield Problem(
            ("cluster", "service_cidr"),
            service_cidr,
            f"overlaps the VPC's network.cidr {vpc}; allowed: a private network outside it",
        )
    for index, reserved in enumerate(settings.network.reserved_cidrs):
        if vpc.overlaps(ipaddress.IPv4Network(reserved)):
            yield Problem(
                ("network", "cidr"),
                settings.network.cidr,
                f"overlaps network.reserved_cidrs.{index} {reserved}; "
                "allowed: a network outside every reserved one",
            )
        if ipaddress.IPv4Network(service_cidr).overlaps(ipaddress.IPv4Network(reserved)):
            # Pods could not reach that network: its addresses would be those of Services.
            yield Problem(
                ("cluster", "service_cidr"),
                service_cidr,
                f"overlaps network.reserved_cidrs.{index} {reserved}; "
                "allowed: a private network outside every reserved one",
            )


def _check_nat(settings: Settings) -> Iterator[Problem]:
    if settings.network.nat != "none":
        return
    missing = sorted(set(PRIVATE_CLUSTER_ENDPOINTS) - set(settings.network.interface_endpoints))
    if missing:
        yield Problem(
            ("network", "nat"),
            "none",
            "allowed only with network.interface_endpoints for every service that nodes call; "
            "missing: " + ", ".join(missing),
        )


def _check_kubernetes(settings: Settings, today: date) -> Iterator[Problem]:
    cluster = settings.cluster
    extended = cluster.support_type == "EXTENDED"
    ends = {
        version: facts.extended_support_end if extended else facts.standard_support_end
        for version, facts in KUBERNETES.items()
    }
    allowed = ", ".join(f'"{v}" (until {end})' for v, end in ends.items() if end >= today)
    kind = "extended" if extended else "standard"
    location = ("cluster", "kubernetes_version")
    if cluster.kubernetes_version not in KUBERNETES:
        yield Problem(
            location, cluster.kubernetes_version, f"unknown version; allowed: {allowed or 'none'}"
        )
    elif ends[cluster.kubernetes_version] < today:
        yield Problem(
            location,
            cluster.kubernetes_version,
            f"left {kind} support on {ends[cluster.kubernetes_version]}; allowed: "
            + (allowed or "none that versions.py knows"),
        )


def _check_roles(settings: Settings) -> Iterator[Problem]:
    for location, arn in settings.role_arns():
        if arn.split(":")[4] != settings.account_id:
            yield Problem(
                location,
                arn,
                f"allowed: roles of account {settings.account_id}, EKS takes no others",
            )
    admins = set(settings.cluster.admin_role_arns)
    for location, arn in settings.role_arns():
        if location[0] == "namespaces" and arn in admins:
            yield Problem(
                location,
                arn,
                "is in cluster.admin_role_arns and needs nothing more; allowed: other roles",
            )


def _check_namespaces(settings: Settings) -> Iterator[Problem]:
    if OBSERVABILITY not in settings.namespaces or not settings.stages:
        yield Problem(
            ("namespaces",),
            list(settings.namespaces),
            f"allowed: '{OBSERVABILITY}', where the back ends and the system add-ons run, and at "
            "least one stage such as dev",
        )
    for name, namespace in settings.namespaces.items():
        location: Location = ("namespaces", name, "node_group")
        if namespace.node_group is not None:
            yield from _check_node_group(location, namespace.node_group, name)
            if name != OBSERVABILITY:
                yield from _check_room_for_gateway(location, namespace.node_group, settings)
        elif name != OBSERVABILITY:
            yield Problem(
                location,
                None,
                "missing; allowed: a node group for every namespace, only "
                f"'{OBSERVABILITY}' may leave it to the size setting",
            )
        yield from _check_sampling(name, settings)
        yield from _check_objectives(name, settings)
        yield from _check_quota(name, settings)


def _check_sampling(name: str, settings: Settings) -> Iterator[Problem]:
    sampling = settings.namespaces[name].sampling
    location: Location = ("namespaces", name, "sampling")
    if sampling is None and name != OBSERVABILITY:
        yield Problem(
            location,
            None,
            "missing; allowed: sampling for every stage, whose gateway decides on traces",
        )
    elif sampling is not None and name == OBSERVABILITY:
        yield Problem(
            location,
            None,
            f"'{OBSERVABILITY}' has no gateway that samples; allowed: only for stages such as dev",
        )


def _check_objectives(name: str, settings: Settings) -> Iterator[Problem]:
    if name == OBSERVABILITY and settings.namespaces[name].objectives is not None:
        yield Problem(
            ("namespaces", name, "objectives"),
            None,
            f"'{OBSERVABILITY}' has no requests that a gateway counts; allowed: only for stages "
            "such as dev",
        )


def _check_alerting(settings: Settings) -> Iterator[Problem]:
    hours = settings.alerting.office_hours
    if hours.end <= hours.start:
        yield Problem(
            ("alerting", "office_hours", "end"),
            hours.end,
            f"allowed: a time after start, which is {hours.start}",
        )
    alerting = settings.alerting
    if alerting.slack_channel is None and not alerting.emails:
        yield Problem(
            ("alerting",),
            None,
            "no receiver for alerts; allowed: slack_channel, emails or both",
        )
    if alerting.smtp is None and any(map(settings.emails, settings.namespaces)):
        yield Problem(
            ("alerting", "smtp"),
            None,
            "missing; allowed: a mail server, because alerts have e-mail addresses",
        )


def _check_node_group(location: Location, group: NodeGroup, namespace: str) -> Iterator[Problem]:
    if group.min_size > group.max_size:
        yield Problem(
            (*location, "min_size"),
            group.min_size,
            f"allowed: at most max_size, which is {group.max_size}",
        )
    if namespace == OBSERVABILITY and group.min_size < 1:
        yield Problem(
            (*location, "min_size"),
            group.min_size,
            "allowed: at least 1, since CoreDNS and the other system add-ons run on these nodes",
        )
    for index, instance_type in enumerate(group.instance_types):
        if instance_type.partition(".")[2] in TOO_SMALL:
            yield Problem(
                (*location, "instance_types", index),
                instance_type,
                "too small for the agents and add-ons of each node; allowed: small or larger",
            )
        if is_graviton(instance_type) != group.is_arm64:
            yield Problem(
                (*location, "instance_types", index),
                instance_type,
                "allowed: types of one processor architecture in a group, and "
                f"{group.instance_types[0]} is {'arm64' if group.is_arm64 else 'x86_64'}",
            )


def min_stage_nodes(group: NodeGroup, size: Size) -> int:
    """The least `max_size` of a stage's node group: enough for its gateway, and as much again.

    By the smallest of the instance types; bare-metal names give no vCPUs: one node is enough.
    """
    known = [vcpus for kind in group.instance_types if (vcpus := least_vcpus(kind)) is not None]
    zones = 3 if group.zone_spread == "per_zone" else 1
    return ceil(MIN_STAGE_VCPUS[size] / (min(known) * zones)) if known else 1


def _check_room_for_gateway(
    location: Location, group: NodeGroup, settings: Settings
) -> Iterator[Problem]:
    least = min_stage_nodes(group, settings.size)
    if group.max_size < least:
        yield Problem(
            (*location, "max_size"),
            group.max_size,
            f"allowed: at least {least} with {', '.join(group.instance_types)}, or larger types: "
            f"size {settings.size} needs {MIN_STAGE_VCPUS[settings.size]} vCPUs in a stage, half "
            "of them for its gateway when it has grown",
        )


def _check_quota(name: str, settings: Settings) -> Iterator[Problem]:
    quota = settings.namespaces[name].quota
    for requests, limits in (
        ("requests_cpu", "limits_cpu"),
        ("requests_memory_gib", "limits_memory_gib"),
    ):
        if getattr(quota, requests) > getattr(quota, limits):
            yield Problem(
                ("namespaces", name, "quota", requests),
                getattr(quota, requests),
                f"allowed: at most {limits}, which is {getattr(quota, limits)}",
            )
    if name == OBSERVABILITY:
        for key in STAGE_QUOTAS:
            if getattr(quota, key) != Quota.model_fields[key].default:
                yield Problem(
                    ("namespaces", name, "quota", key),
                    getattr(quota, key),
                    f"'{OBSERVABILITY}' has no such bound; allowed: only for stages such as dev",
                )
        for key, least in asdict(MIN_OBSERVABILITY_QUOTA[settings.size]).items():
            # Not the number of nodes: it is what the others are enough for.
            if key in Quota.model_fields and getattr(quota, key) < least:
                yield Problem(
                    ("namespaces", name, "quota", key),
                    getattr(quota, key),
                    f"allowed: at least {least}, which the back ends of size {settings.size} need",
                )


def _check_metrics_retention(settings: Settings) -> Iterator[Problem]:
    metrics = settings.retention_days.metrics
    for finer, coarser in (("raw", "five_minutes"), ("five_minutes", "one_hour")):
        if getattr(metrics, finer) > getattr(metrics, coarser):
            yield Problem(
                ("retention_days", "metrics", finer),
                getattr(metrics, finer),
                f"allowed: at most {coarser}, which is {getattr(metrics, coarser)}: "
                "a coarser resolution is kept at least as long as a finer one",
            )


def _check_cost(settings: Settings) -> Iterator[Problem]:
    cost = settings.cost
    if cost.anomaly_threshold_usd > cost.monthly_budget_usd:
        yield Problem(
            ("cost", "anomaly_threshold_usd"),
            cost.anomaly_threshold_usd,
            f"allowed: at most monthly_budget_usd, which is {cost.monthly_budget_usd}",
        )
    arn = cost.anomaly_monitor_arn
    if arn is not None and arn.split(":")[4] != settings.account_id:
        yield Problem(
            ("cost", "anomaly_monitor_arn"),
            arn,
            f"allowed: a monitor of the account_id {settings.account_id}",
        )
