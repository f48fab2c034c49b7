"""Every wrong setting gives one line: where, what was given, what is allowed."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from settings_files import (
    DELETE,
    REAL_ENVIRONMENTS,
    TODAY,
    Keys,
    problems,
    real_settings,
    render,
    valid,
    vary,
    without,
    write,
)

from settings.aws_facts import REGIONS
from settings.load import (
    MAX_NESTING,
    SettingsError,
    environment_names,
    load_environment,
    load_settings,
)
from settings.model import least_vcpus
from settings.node_sizes import MIN_OBSERVABILITY_QUOTA, MIN_STAGE_VCPUS, Size
from settings.types import CLOUDWATCH_RETENTION_DAYS, OWN_TAGS, RESERVED_NAMESPACES
from tools.paths import ROOT, SAMPLE_ENVIRONMENTS
from versions import KUBERNETES

ROLE = "arn:aws:iam::111122223333:role/platform-admin"
NET = "network"
AZS = (NET, "availability_zones")
DEV = ("namespaces", "dev")
PRD_OBJECTIVES = ("namespaces", "prd", "objectives")
OBS = ("namespaces", "observability")
GROUP = (*DEV, "node_group")
ARNS = ("cluster", "admin_role_arns")
PUBLIC = ("cluster", "endpoint", "public_cidrs")
QUOTA_RANGES = {
    "requests_cpu": (1, 10_000),
    "requests_memory_gib": (1, 100_000),
    "limits_cpu": (1, 10_000),
    "limits_memory_gib": (1, 100_000),
    "pods": (1, 10_000),
    "persistent_volume_claims": (0, 1_000),
    "storage_gib": (0, 1_000_000),
    "ephemeral_storage_gib": (1, 1_000_000),
    "load_balancers": (0, 50),
}
OPTIONAL = ("storage_gib", "ephemeral_storage_gib")
"""An empty value is the default."""

A_GROUP = {"instance_types": ["m7i.large"], "min_size": 1, "max_size": 3}


def observability_nodes(**changes: object) -> dict[str, object]:
    return {**A_GROUP, **changes}


def ranges() -> list[tuple[Keys, int, int]]:
    """Every whole number between two bounds: its key, the least and the most."""
    return [
        ((NET, "flow_logs_retention_days"), 1, 3650),
        ((*GROUP, "min_size"), 0, 450),
        ((*GROUP, "max_size"), 1, 450),
        ((*GROUP, "disk_size_gib"), 20, 16384),
        ((*DEV, "retention_days", "logs"), 1, 3650),
        ((*DEV, "retention_days", "traces"), 1, 3650),
        ((*DEV, "sampling", "sampling_percentage"), 0, 100),
        ((*DEV, "sampling", "slow_trace_ms"), 1, 30_000),
        ((*PRD_OBJECTIVES, "minimum_failures"), 1, 10_000),
        (("retention_days", "metrics", "raw"), 2, 3650),
        (("retention_days", "metrics", "five_minutes"), 10, 3650),
        (("retention_days", "metrics", "one_hour"), 10, 3650),
        (("retention_days", "backups"), 7, 3650),
        (("cost", "monthly_budget_usd"), 1, 10_000_000),
        (("cost", "anomaly_threshold_usd"), 1, 1_000_000),
        *(((*DEV, "quota", key), least, most) for key, (least, most) in QUOTA_RANGES.items()),
    ]


@dataclass(frozen=True)
class Wrong:
    """One wrong setting: what is put at a key, and what the line must say."""

    path: Keys
    value: object
    says: tuple[str, ...]
    at: Keys | None = None
    """The key that the line names, where it is not the one that was set."""
    shows: str | None = ""
    """What the line shows of the value, where it is not what was set; None for no value."""


def wrong(
    path: Keys, value: object, *says: str, at: Keys | None = None, shows: str | None = ""
) -> Wrong:
    return Wrong(path, value, says, at, shows)


def out_of_range(path: Keys, least: int, most: int) -> list[Wrong]:
    allowed = f"allowed: a whole number from {least} to {most}"
    needed = path[-1] not in OPTIONAL
    return [
        *(wrong(path, value, allowed) for value in (least - 1, most + 1)),
        *(wrong(path, value, allowed) for value in (str(least), least + 0.5, True)),
        *([wrong(path, None, f"is empty; {allowed}", shows=None)] if needed else []),
    ]


NAME = "allowed: 1 to 16 lower-case letters, digits and inner hyphens"
ENVIRONMENT = "allowed: 2 to 8 lower-case letters and digits"
NAMESPACE = "allowed: 1 to 30 lower-case letters, digits and inner hyphens"
ARN = "allowed: an IAM role such as arn:aws:iam::111122223333:role/"
VPC = "allowed: a /16 to /20 inside 10.0.0.0/8"
SERVICES = "allowed: a /12 to /24 inside 10.0.0.0/8"
NETWORK = "allowed: an IPv4 network such as"
PUBLIC_NETWORKS = "allowed: public IPv4 networks"
PRIVATE_NETWORKS = "allowed: the IPv4 networks of people and runners, /8 or smaller"
INSTANCE = "allowed: an EC2 instance type such as m7i.large"
TAG = "allowed: 1 to 256 letters"
TAG_KEY = "allowed: 1 to 128 letters"
MAIL = "allowed: an e-mail address such as"
SMARTHOST = "allowed: a host and a port such as email-smtp.us-east-1.amazonaws.com:587"
MAIL_USER = "allowed: 1 to 128 letters a-z A-Z, digits and . + - @ _"
SLACK = "allowed: a Slack channel such as #obs-dev"
ACCOUNT = "allowed: the 12 digits of an AWS account"
MONITOR = "allowed: the ARN of a cost anomaly monitor"
UUID = "0123abcd-0123-0123-0123-0123456789ab"
MONITOR_AT = ("cost", "anomaly_monitor_arn")
ONCE = "repeated; allowed: each once"
CLOUDWATCH = "allowed: 1, 3, 5, 7, 14, 30,"

WRONG = [
    # Text with a form of its own.
    *(
        wrong(("name",), value, NAME)
        for value in (
            "",
            "Obs",
            "1obs",
            "obs-",
            "-obs",
            "a" * 17,
            "ob s",
            "obs\n",
            "xn--a",
            "sthree",
            "sthree-a",
            "amzn-s3-demo-a",
        )
    ),
    wrong(("name",), False, NAME, "not text; allowed: 1 to 16", 'in quotes: "false"'),
    *(wrong(("environment",), v, ENVIRONMENT) for v in ("d", "Dev", "d-v", "1ev", "abcdefghi")),
    *(wrong(("account_id",), v, ACCOUNT) for v in ("11112222333", "1111222233334", "١" * 12)),
    wrong(("account_id",), 111122223333, ACCOUNT, 'in quotes: "111122223333"'),
    wrong(("region",), "us-east-9", "allowed: af-south-1, ", "us-west-2"),
    wrong(("size",), "huge", "allowed: small, medium, large"),
    wrong(("deletion_protection",), "maybe", "allowed: true or false"),
    wrong(("deletion_protection",), 1, "allowed: true or false"),
    wrong(("tags", "owner"), "", TAG),
    wrong(("tags", "owner"), "a" * 257, TAG, shows="aaaa"),
    wrong(("tags", "cost_center"), "a*b", TAG),
    wrong(
        ("tags", "extra"), {"aws:team": "x"}, TAG_KEY, at=("tags", "extra", "aws:team"), shows=None
    ),
    wrong(
        ("tags", "extra"), {"AWS:team": "x"}, TAG_KEY, at=("tags", "extra", "AWS:team"), shows=None
    ),
    wrong(("tags", "extra"), {"": "x"}, TAG_KEY, at=("tags", "extra", ""), shows=None),
    wrong(
        ("tags", "extra"), {"a" * 129: "x"}, TAG_KEY, at=("tags", "extra", "a" * 129), shows=None
    ),
    *(
        wrong(("tags", "extra"), {"team": text}, TAG, at=("tags", "extra", "team"), shows=shown)
        for text, shown in (("a,b", "a,b"), ("São Paulo!", "São Paulo!"), ("a\u2028b", "a"))
    ),
    wrong(("tags", "extra"), {"team": 1}, TAG, at=("tags", "extra", "team"), shows="1"),
    wrong(
        ("tags", "extra"),
        {f"k{i}": "x" for i in range(31)},
        "31 given; allowed: 0 to 30 keys",
        shows="{'k0'",
    ),
    *(
        wrong(
            ("tags", "extra"),
            {key.swapcase(): "x"},
            f"same tag as {key}",
            "allowed: others than Project",
            at=("tags", "extra", key.swapcase()),
            shows=None,
        )
        for key in OWN_TAGS
    ),
    wrong(
        ("tags", "extra"),
        {"Owner": "x"},
        "same tag as Owner",
        at=("tags", "extra", "Owner"),
        shows=None,
    ),
    wrong(
        ("tags", "extra"),
        {"team": "x", "Team": "x"},
        "same tag as team",
        at=("tags", "extra", "Team"),
        shows=None,
    ),
    # Networks.
    *(
        wrong((NET, "cidr"), value, VPC)
        for value in (
            "",
            "vpc",
            "10.10.0.0",
            "10.0.0.0/15",
            "10.0.0.0/21",
            "11.0.0.0/16",
            "172.32.0.0/16",
            "192.169.0.0/16",
            "10.10.0.1/16",
            "10.300.0.0/16",
            "10.10.0.0/33",
            "10.10.0.0/-1",
            "10.10.0.0/16 ",
            "fd00::/16",
        )
    ),
    wrong((NET, "cidr"), "10.10.9.0/16", "did you mean 10.10.0.0/16? " + VPC),
    wrong((NET, "cidr"), "10.10.0.0/255.255.0.0", "did you mean 10.10.0.0/16? " + VPC),
    wrong(
        (NET, "cidr"), "10.20.0.0/16", "overlaps network.reserved_cidrs.0 10.20.0.0/16; allowed: "
    ),
    wrong(
        (NET, "cidr"), "10.20.16.0/20", "overlaps network.reserved_cidrs.0 10.20.0.0/16; allowed: "
    ),
    wrong(
        (NET, "reserved_cidrs", 0),
        "10.0.0.0/8",
        "overlaps network.reserved_cidrs.0 10.0.0.0/8",
        "allowed: a network",
        at=(NET, "cidr"),
        shows="10.10.0.0/16",
    ),
    wrong(
        (NET, "cidr"),
        "172.20.0.0/16",
        "allowed: a private network outside it",
        at=("cluster", "service_cidr"),
    ),
    wrong((NET, "reserved_cidrs", 0), "10.20.0.0", "did you mean 10.20.0.0/32?", NETWORK),
    wrong((NET, "reserved_cidrs", 0), "office", NETWORK),
    wrong(
        (NET, "reserved_cidrs"),
        ["10.20.0.0/16"] * 2,
        ONCE,
        at=(NET, "reserved_cidrs", 1),
        shows="10.20.0.0/16",
    ),
    wrong(
        (NET, "reserved_cidrs"),
        "10.20.0.0/16",
        "allowed: a list of 0 or more, each an IPv4 network",
    ),
    *(
        wrong(("cluster", "service_cidr"), value, SERVICES)
        for value in ("10.0.0.0/11", "10.0.0.0/25", "100.64.0.0/16", "x")
    ),
    wrong(
        ("cluster", "service_cidr"),
        "10.10.128.0/24",
        "overlaps the VPC's network.cidr 10.10.0.0/16; allowed: ",
    ),
    wrong(
        ("cluster", "service_cidr"),
        "10.20.1.0/24",
        "overlaps network.reserved_cidrs.0 10.20.0.0/16; allowed: ",
    ),
    *(
        wrong(
            ("cluster", "endpoint"),
            {"public_cidrs": [v]},
            PUBLIC_NETWORKS,
            at=(*PUBLIC, 0),
            shows=v,
        )
        for v in (
            "0.0.0.0/0",
            "128.0.0.0/7",
            "10.1.0.0/16",
            "172.0.0.0/8",
            "192.168.1.1/32",
            "203.0.113.5",
        )
    ),
    *(
        wrong(
            ("cluster", "endpoint"),
            {"private_cidrs": [v]},
            PRIVATE_NETWORKS,
            at=("cluster", "endpoint", "private_cidrs", 0),
            shows=v,
        )
        for v in ("0.0.0.0/0", "10.0.0.0/7")
    ),
    *(
        wrong(
            ("cluster", "endpoint"),
            {key: [f"8.8.{i}.0/24" for i in range(41)]},
            "41 given; allowed: a list of 0 to 40",
            at=("cluster", "endpoint", key),
            shows="['8.8.0.0/24'",
        )
        for key in ("public_cidrs", "private_cidrs")
    ),
    # Zones, NAT and endpoints.
    wrong((*AZS, 0), "us-east-2a", "allowed in region us-east-1: us-east-1a, us-east-1b"),
    wrong((*AZS, 2), "us-east-1", "allowed in region us-east-1: us-east-1a, us-east-1b"),
    wrong((*AZS, 2), "us-east-1a", ONCE),
    wrong((*AZS, 1), 7, 'not text; allowed: text, in quotes: "7"'),
    wrong((*AZS, 1), None, "is empty; allowed: text", shows=None),
    wrong(AZS, ["us-east-1a", "us-east-1b"], "2 given; allowed: a list of 3"),
    wrong(AZS, [f"us-east-1{x}" for x in "abcd"], "4 given; allowed: a list of 3"),
    wrong(AZS, "us-east-1a", "allowed: a list of 3, each text"),
    wrong(AZS, {"a": "us-east-1a"}, "allowed: a list of 3, each text"),
    wrong((NET, "nat"), "one", "allowed: none, single, per_az"),
    wrong(
        (NET, "nat"),
        "none",
        "allowed only with network.interface_endpoints",
        "missing: autoscaling, ec2, ecr.api",
    ),
    wrong(
        (NET, "interface_endpoints"),
        ["s3"],
        "allowed: autoscaling, ec2",
        at=(NET, "interface_endpoints", 0),
        shows="s3",
    ),
    wrong(
        (NET, "interface_endpoints"),
        ["sts", "ec2", "sts"],
        ONCE,
        at=(NET, "interface_endpoints", 2),
        shows="sts",
    ),
    # The cluster.
    wrong(
        ("cluster", "kubernetes_version"),
        "1.21",
        'unknown version; allowed: "1.34" (until 2026-12-02)',
    ),
    wrong(("cluster", "kubernetes_version"), 1.36, 'not text; allowed: text, in quotes: "1.36"'),
    wrong(("cluster", "support_type"), "LONG", "allowed: STANDARD, EXTENDED"),
    wrong(("cluster", "log_retention_days"), 2, CLOUDWATCH),
    wrong(("cluster", "log_retention_days"), 3654, CLOUDWATCH, "3288, 3653"),
    wrong(("cluster", "log_retention_days"), "30", CLOUDWATCH),
    wrong(ARNS, [], "0 given; allowed: a list of 1 or more, each an IAM role"),
    *(
        wrong((*ARNS, 0), value, ARN)
        for value in (
            "platform-admin",
            "arn:aws:iam::1111:role/x",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/a b",
            "arn:aws:iam::111122223333:role/" + "a" * 65,
            "arn:aws-cn:iam::111122223333:role/x",
            "arn:aws:iam::111122223333:role/path/",
        )
    ),
    wrong((*ARNS, 0), "arn:aws:iam::999988887777:role/x", "allowed: roles of account 111122223333"),
    wrong(ARNS, [ROLE, ROLE], ONCE, at=(*ARNS, 1), shows=ROLE),
    # Namespaces.
    wrong((*DEV, "editor_role_arns"), ["x"], ARN, at=(*DEV, "editor_role_arns", 0), shows="x"),
    wrong(
        (*DEV, "editor_role_arns"),
        [ROLE],
        "is in cluster.admin_role_arns",
        "allowed: other roles",
        at=(*DEV, "editor_role_arns", 0),
        shows=ROLE,
    ),
    wrong(
        (*DEV, "editor_role_arns"),
        ["arn:aws:iam::111122223333:role/a"] * 2,
        ONCE,
        at=(*DEV, "editor_role_arns", 1),
        shows="role/a",
    ),
    wrong(
        (*DEV, "editor_role_arns"),
        ["arn:aws:iam::999988887777:role/a"],
        "allowed: roles of account 111122223333",
        at=(*DEV, "editor_role_arns", 0),
        shows="role/a",
    ),
    *(
        wrong(("namespaces", name), valid()["namespaces"]["dev"], NAMESPACE, shows=None)
        for name in (
            *RESERVED_NAMESPACES,
            "kube-system",
            "Dev",
            "a" * 31,
            "1a",
            "a-",
            "",
            "a_b",
            "a/b",
            "a\nb",
            # Of the gateways.
            "dev-telemetry",
            "-telemetry",
        )
    ),
    wrong(
        ("namespaces",), {}, "allowed: 'observability', where", "one stage such as dev", shows="[]"
    ),
    wrong(
        OBS,
        DELETE,
        "allowed: 'observability', where",
        at=("namespaces",),
        shows="['dev', 'hml', 'prd']",
    ),
    wrong(
        ("namespaces",),
        {"observability": valid()["namespaces"]["observability"]},
        "one stage such as dev",
        shows="observability",
    ),
    wrong(GROUP, DELETE, "missing; allowed: a node group for every namespace", shows=None),
    wrong(GROUP, None, "missing; allowed: a node group for every namespace", shows=None),
    wrong((*DEV, "sampling"), DELETE, "missing; allowed: sampling for every stage", shows=None),
    wrong((*DEV, "sampling"), None, "missing; allowed: sampling for every stage", shows=None),
    wrong((*DEV, "sampling"), 10, "allowed: the keys sampling_percentage, slow_trace_ms"),
    wrong(
        (*DEV, "sampling", "slow_trace_ms"),
        DELETE,
        "missing: Duration from which a trace is slow",
        "a whole number from 1 to 30000",
        shows=None,
    ),
    wrong(
        (*OBS, "sampling"),
        {"sampling_percentage": 10, "slow_trace_ms": 1000},
        "has no gateway",
        "allowed: only for stages such as dev",
        shows=None,
    ),
    wrong((*GROUP, "min_size"), 4, "allowed: at most max_size, which is 3"),
    wrong(
        (*OBS, "node_group"),
        observability_nodes(min_size=0),
        "allowed: at least 1",
        at=(*OBS, "node_group", "min_size"),
        shows="0",
    ),
    wrong(
        (*GROUP, "instance_types"), [], f"0 given; allowed: a list of 1 to 20, each {INSTANCE[9:]}"
    ),
    wrong(
        (*GROUP, "instance_types"),
        [f"m7i.{i}xlarge" for i in range(21)],
        "21 given; allowed: a list of 1 to 20",
        shows="['m7i.0xlarge'",
    ),
    *(
        wrong((*GROUP, "instance_types", 0), v, INSTANCE)
        for v in ("m7i", "large", "m7i large", "M7i.large", "a1.large")
    ),
    wrong(
        (*GROUP, "instance_types", 1),
        "m7g.large",
        "allowed: types of one processor architecture",
        "is x86_64",
    ),
    wrong(
        (*GROUP, "instance_types"),
        ["c7gn.large", "m7i.large"],
        "c7gn.large is arm64",
        at=(*GROUP, "instance_types", 1),
        shows="m7i.large",
    ),
    *(
        wrong((*GROUP, "instance_types", 0), v, "too small for the agents", "small or larger")
        for v in ("t3.nano", "t3a.micro", "t3.micro")
    ),
    wrong(
        (*OBS, "node_group"),
        observability_nodes(instance_types=["m7g.large", "t4g.nano"]),
        "too small for the agents",
        at=(*OBS, "node_group", "instance_types", 1),
        shows="t4g.nano",
    ),
    wrong((*GROUP, "instance_types", 1), "m7i.large", ONCE),
    wrong((*GROUP, "capacity_type"), "spot", "allowed: ON_DEMAND, SPOT"),
    wrong((*GROUP, "zone_spread"), "zones", "allowed: balanced, per_zone"),
    *(
        wrong((*OBS, "quota", key), 1, "has no such bound", "only for stages such as dev")
        for key in ("storage_gib", "ephemeral_storage_gib", "load_balancers")
    ),
    wrong((*DEV, "quota", "requests_cpu"), 9, "allowed: at most limits_cpu, which is 8"),
    wrong(
        (*DEV, "quota", "requests_memory_gib"),
        17,
        "allowed: at most limits_memory_gib, which is 16",
    ),
    # Retention of metrics.
    wrong(("retention_days", "metrics", "raw"), 31, "allowed: at most five_minutes, which is 30"),
    wrong(
        ("retention_days", "metrics", "five_minutes"), 91, "allowed: at most one_hour, which is 90"
    ),
    # Alerting.
    *(wrong(("alerting", "slack_channel"), v, SLACK) for v in ("obs", "#", "#Obs", "#" + "a" * 80)),
    *(
        wrong(("alerting", "emails", 0), v, MAIL)
        for v in ("me", "me@x", "me@", "a b@x.org", "a@b..c")
    ),
    *(
        wrong((*path, "slack_channel"), None, f"is empty; {SLACK}", shows=None)
        for path in (("alerting",), (*DEV, "notifications"))
    ),
    wrong(
        ("alerting", "emails"),
        [f"a{i}@example.com" for i in range(11)],
        "11 given; allowed: a list of 0 to 10",
        shows="['a0@example.com'",
    ),
    wrong(
        ("alerting", "emails"),
        ["a@example.com", "a@example.com"],
        ONCE,
        at=("alerting", "emails", 1),
        shows="a@example.com",
    ),
    *(
        wrong(("alerting", "smtp", "smarthost"), v, SMARTHOST)
        for v in ("smtp.example.com", "smtp:587", "SMTP.example.com:587", "smtp.example.com:0")
    ),
    wrong(("alerting", "smtp", "sender"), "alerts", MAIL),
    wrong(("alerting", "smtp", "username"), "two words", MAIL_USER),
    # Cost.
    wrong(
        ("cost", "anomaly_threshold_usd"),
        2_000,
        f"allowed: at most monthly_budget_usd, which is {valid()['cost']['monthly_budget_usd']}",
    ),
    *(
        wrong(
            ("cost",),
            {**valid()["cost"], "anomaly_monitor_arn": v},
            says,
            at=MONITOR_AT,
            shows=v[:40],
        )
        for v, says in (
            ("default", MONITOR),
            (f"arn:aws:ce::111122223333:anomalysubscription/{UUID}", MONITOR),
            (f"arn:aws:ce::111122223333:anomalymonitor/{UUID[:-1]}", MONITOR),
            (
                f"arn:aws:ce::444455556666:anomalymonitor/{UUID}",
                "allowed: a monitor of the account_id 111122223333",
            ),
        )
    ),
    wrong(("cost", "activate_allocation_tags"), "yes", "allowed: true or false"),
    # Objectives.
    *(
        wrong((*PRD_OBJECTIVES, key), v, "allowed: a number from 95 to 99.99")
        for key in ("availability_percent", "latency_percent")
        for v in (94.9, 100, "99")
    ),
    # Keys.
    wrong(
        ("regoin",),
        "x",
        "unknown key; did you mean region? allowed: environment, name, account_id",
        shows=None,
    ),
    wrong((NET, "vpn"), "x", "unknown key; allowed: cidr, availability_zones", shows=None),
    wrong(
        (*DEV, "quotas"),
        {},
        "unknown key; did you mean quota? allowed: node_group, quota",
        shows=None,
    ),
    wrong((*DEV, "quota", "gpu"), 1, "unknown key; allowed: requests_cpu", shows=None),
    *(wrong((key,), DELETE, "missing: ", "allowed: ", shows=None) for key in valid()),
    wrong(
        (*DEV, "quota"),
        DELETE,
        "missing: Resource limits",
        "allowed: the keys requests_cpu",
        shows=None,
    ),
    wrong(
        (*DEV, "quota", "pods"),
        DELETE,
        "missing: Pods",
        "a whole number from 1 to 10000",
        shows=None,
    ),
    wrong((NET, "cidr"), DELETE, "missing: IPv4 network of the VPC", VPC, shows=None),
    *(
        wrong((key,), "x", "allowed: the keys ", *valid()[key])
        for key in ("tags", "network", "cluster", "retention_days", "alerting", "cost")
    ),
    wrong(("namespaces",), ["dev"], "allowed: 0 or more keys, each 1 to 30 lower-case"),
    wrong(("namespaces", "dev"), 5, "allowed: the keys node_group, quota"),
    wrong(GROUP, [], "allowed: the keys instance_types, capacity_type"),
    *(out for path, least, most in ranges() for out in out_of_range(path, least, most)),
]


def as_shown(value: object) -> str:
    """How a message begins to show a value: text in quotes, the rest as in the file."""
    return repr(value)[:60] if isinstance(value, str | list | dict) else json.dumps(value)


def dotted(location: Keys) -> str:
    parts = (str(part) for part in location)
    return ".".join(part if part.isprintable() and part else repr(part) for part in parts)


@pytest.mark.parametrize("case", WRONG, ids=lambda c: f"{dotted(c.path)}={c.value!r}"[:60])
def test_wrong_setting(case: Wrong, tmp_path: Path) -> None:
    text, numbers = render(vary(case.path, case.value))
    location = case.at or case.path
    deepest = next(keys for n in range(9) if (keys := location[: len(location) - n]) in numbers)

    lines = problems(write(tmp_path, text))

    assert len(lines) == 1, lines
    start = f"environments/dev.yaml:{numbers[deepest]}: {dotted(location)[:80]}"
    assert lines[0].startswith(start)
    assert "allowed" in lines[0]
    for fragment in case.says:
        assert fragment in lines[0]
    if case.shows is not None:
        assert (case.shows or as_shown(case.value)) in lines[0]


def test_dotted_key_is_followed_by_the_value(tmp_path: Path) -> None:
    text, numbers = render(vary(("region",), "mars"))

    lines = problems(write(tmp_path, text))

    line = numbers[("region",)]
    assert lines[0].startswith(f"environments/dev.yaml:{line}: region: 'mars': allowed: af-south-1")


RIGHT: list[tuple[Keys, object]] = [
    *((path, value) for path, *bounds in ranges() for value in bounds),
    *((("name",), v) for v in ("a", "a-b", "a" * 16, "sthreeb", "xn-a")),
    *((("tags", "extra"), v) for v in ({}, {"a" * 128: "b" * 256}, {"team:a/b": "x y"})),
    *((("tags", "extra"), {"city": v}) for v in ("São Paulo", "Łódź", "東京", "é" * 256)),
    (("tags", "owner"), "Plataforma e operações"),
    (("tags", "extra"), {f"k{i}": "x" for i in range(30)}),
    *((("network", "cidr"), v) for v in ("10.64.0.0/16", "10.64.0.0/20", "172.31.0.0/16")),
    *((("cluster", "service_cidr"), v) for v in ("172.16.0.0/12", "192.168.9.0/24")),
    (("network", "reserved_cidrs"), []),
    (("network", "nat"), "per_az"),
    (("network", "interface_endpoints"), ["sts", "ec2"]),
    (("network", "availability_zones"), ["us-east-1f", "us-east-1d", "us-east-1a"]),
    *((PUBLIC[:2], {"public_cidrs": [v]}) for v in ("203.0.113.5/32", "11.0.0.0/8")),
    (PUBLIC[:2], {"public_cidrs": [f"8.8.{i}.0/24" for i in range(40)]}),
    (PUBLIC[:2], {"private_cidrs": ["10.0.0.0/8"]}),
    *((("cluster", "log_retention_days"), v) for v in CLOUDWATCH_RETENTION_DAYS),
    ((*ARNS, 0), "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/A_b"),
    ((*ARNS, 0), "arn:aws:iam::111122223333:role/" + "a" * 64),
    ((*OBS, "node_group"), None),
    ((*OBS, "node_group"), observability_nodes(zone_spread="per_zone")),
    ((*GROUP, "min_size"), 3),
    ((*GROUP, "instance_types"), ["m7g.large", "c7gn.2xlarge", "im4gn.large", "t4g.small"]),
    ((*GROUP, "instance_types"), ["g4dn.xlarge", "c7i-flex.large", "u7i-12tb.224xlarge"]),
    ((*GROUP, "instance_types"), [f"m7i.{i}xlarge" for i in range(20)]),
    *((("namespaces", name), valid()["namespaces"]["dev"]) for name in ("a", "a" * 30, "indexes")),
    (("alerting", "slack_channel"), "#" + "a" * 79),
    (("alerting", "emails"), ["first.last+alerts@mail.example.com"]),
    (("alerting", "smtp", "smarthost"), "smtp.mail-1.example.com:25"),
    (("alerting", "smtp", "username"), "alerts+obs@example.com"),
    (
        ("cost", "anomaly_monitor_arn"),
        f"arn:aws:ce::111122223333:anomalymonitor/{UUID}",
    ),
    (("cost", "activate_allocation_tags"), True),
    (("size",), "small"),
    (("deletion_protection",), True),
]


@pytest.mark.parametrize("size", ["medium", "large"])
def test_a_larger_size_is_right_with_what_it_needs(size: Size, tmp_path: Path) -> None:
    quota = asdict(MIN_OBSERVABILITY_QUOTA[size])
    del quota["nodes"]
    document = vary(("size",), size, vary((*OBS, "quota"), quota))
    for stage in ("dev", "hml", "prd"):
        # With two vCPUs each.
        most = ceil(MIN_STAGE_VCPUS[size] / 2)
        document = vary(("namespaces", stage, "node_group", "max_size"), most, document)

    assert load_settings(write(tmp_path, render(document)[0]), TODAY).size == size


@pytest.mark.parametrize(("path", "value"), RIGHT, ids=lambda v: str(v)[:40])
def test_right_setting(path: Keys, value: object, tmp_path: Path) -> None:
    document = vary(path, value)
    # What limits the value from another setting is moved out of its way.
    if path[-1] == "min_size" or path[-1] == "max_size":
        other = {"min_size": ("max_size", 450), "max_size": ("min_size", 0)}[str(path[-1])]
        document = vary((*GROUP, other[0]), other[1], document)
    if str(path[-1]).startswith("requests_"):
        limits = str(path[-1]).replace("requests", "limits")
        document = vary((*DEV, "quota", limits), value, document)
    if str(path[-1]).startswith("limits_"):
        requests = str(path[-1]).replace("limits", "requests")
        document = vary((*DEV, "quota", requests), 1, document)
    if path[0] == "cost":
        document["cost"] = {"monthly_budget_usd": 10_000_000, "anomaly_threshold_usd": 1}
        document = vary(path, value, document)
    if path[:2] == ("retention_days", "metrics"):
        document = vary(path[:2], {"raw": 2, "five_minutes": 10, "one_hour": 3650}, document)
        document = vary(path, value, document)
        if path[-1] == "raw":
            document = vary((*path[:2], "five_minutes"), 3650, document)

    load_settings(write(tmp_path, render(document)[0]), TODAY)


def test_every_rule_on_ranges_is_in_the_table() -> None:
    """A number that somebody adds to the models must come with its bounds to this table."""
    from settings.model import Settings

    def paths(schema: dict[str, Any]) -> set[str]:
        integer_keys = set()
        for definition in schema["$defs"].values():
            for key, value in definition["properties"].items():
                types = {option.get("type") for option in (value, *value.get("anyOf", ()))}
                if "integer" in types and "enum" not in value:
                    integer_keys.add(key)
        return integer_keys

    assert paths(Settings.model_json_schema()) == {str(path[-1]) for path, *_ in ranges()}


# --- Support of Kubernetes versions ------------------------------------------------------------


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("support_type", ["STANDARD", "EXTENDED"])
def test_version_is_refused_on_the_day_after_its_support(
    version: str, support_type: str, tmp_path: Path
) -> None:
    document = vary(("cluster", "kubernetes_version"), version)
    text, numbers = render(vary(("cluster", "support_type"), support_type, document))
    file = write(tmp_path, text)
    facts = KUBERNETES[version]
    extended = support_type == "EXTENDED"
    last = facts.extended_support_end if extended else facts.standard_support_end

    load_settings(file, last)
    with pytest.raises(SettingsError) as caught:
        load_settings(file, last + timedelta(days=1))

    line = numbers["cluster", "kubernetes_version"]
    kind = "extended" if extended else "standard"
    start = f"environments/dev.yaml:{line}: cluster.kubernetes_version: '{version}': left {kind} "
    assert str(caught.value).startswith(f"{start}support on {last}; allowed: ")
    assert "\n" not in str(caught.value)
    assert f'"{version}" (until' not in str(caught.value)


def test_no_version_is_left_to_allow(tmp_path: Path) -> None:
    file = write(tmp_path, render(valid())[0])

    with pytest.raises(SettingsError, match=r"allowed: none that versions\.py knows$"):
        load_settings(file, date(2100, 1, 1))


# --- Several mistakes ----------------------------------------------------------------------------


def test_each_mistake_has_a_line_in_the_order_of_the_file(tmp_path: Path) -> None:
    document = vary(("size",), "huge")
    document = vary(("network", "cidr"), "10.0.0.0/8", document)
    document = vary(("alerting", "emails", 0), "nobody", document)
    document = vary(("namespaces", "prd", "quota", "pods"), 0, document)
    text, numbers = render(vary(("name",), DELETE, document))

    lines = problems(write(tmp_path, text))

    assert [line.split(": ")[1] for line in lines] == [
        "name", "size", "network.cidr", "namespaces.prd.quota.pods", "alerting.emails.0",
    ]  # fmt: skip
    assert lines[1].startswith(f"environments/dev.yaml:{numbers[('size',)]}: size: 'huge': ")


def test_another_region_makes_each_zone_wrong(tmp_path: Path) -> None:
    lines = problems(write(tmp_path, render(vary(("region",), "eu-west-1"))[0]))

    assert len(lines) == 3
    assert all("allowed in region eu-west-1: eu-west-1a, eu-west-1b" in line for line in lines)


def test_all_values_null(tmp_path: Path) -> None:
    lines = problems(write(tmp_path, "".join(f"{key}:\n" for key in valid())))

    assert len(lines) == len(valid())
    for number, (line, key) in enumerate(zip(lines, valid(), strict=True), start=1):
        assert line.startswith(f"environments/dev.yaml:{number}: {key}: is empty; allowed: ")


def test_null_at_every_depth(tmp_path: Path) -> None:
    def nulls(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: nulls(child) for key, child in value.items()}
        return [nulls(child) for child in value] if isinstance(value, list) else None

    text, numbers = render(nulls(valid()))

    lines = problems(write(tmp_path, text))

    leaves = [path for path in numbers if not any(p[:-1] == path and p for p in numbers)]
    assert len(lines) == len(leaves)
    assert all(": is empty; allowed: " in line for line in lines)


# --- Files that are not YAML, or not this YAML ---------------------------------------------------

BAD_FILES: dict[str, tuple[str | bytes, int, str]] = {
    "empty": ("", 1, "is empty; allowed: the keys environment, name, account_id"),
    "only a comment": ("# nothing\n", 1, "is empty; allowed: the keys environment"),
    "null": ("~\n", 1, "is empty; allowed: the keys environment"),
    "list": ("# a\n- environment: dev\n", 2, "[{'environment': 'dev'}]; allowed: the keys"),
    "text": ("hello\n", 1, "'hello'; allowed: the keys environment"),
    "two documents": ("a: b\n---\nc: d\n", 2, "not YAML: expected a single document"),
    "tab": ("name: obs\n\tsize: small\n", 2, "not YAML: "),
    "tab says so": ("tags:\n\towner: a\n", 2, "allowed: spaces, no tabs"),
    "unclosed list": ("name: [a, b\nsize: small\n", 2, "not YAML: while parsing a flow sequence"),
    "unclosed quote": ('name: "obs\n', 2, "not YAML: while scanning a quoted scalar"),
    "wrong indentation": ("tags:\n  owner: a\n cost: b\n", 3, "not YAML: "),
    "colon in text": ("name: a: b\n", 1, "not YAML: mapping values are not allowed here"),
    "repeated key": ("name: a\nsize: b\nname: c\n", 3, "key 'name' is given twice; allowed: "),
    "repeated key below": ("tags:\n  a: b\n  'a': c\n", 3, "key 'a' is given twice; allowed: "),
    "repeated key in flow": ("tags: {a: 1,\n a: 2}", 2, "key 'a' is given twice; allowed: "),
    "whole number as key": ("name: a\n1: b\n", 2, "key '1' is not text; allowed: text, in quotes"),
    "truth value as key": ("on: push\n", 1, "key 'on' is not text; allowed: text, in quotes"),
    "null as key": ("~: push\n", 1, "key '~' is not text; allowed: text, in quotes"),
    "list as key": ("? [a]\n: b\n", 1, "key 'sequence' is not text; allowed: text"),
    "mapping as key": ("{a: b}: c\n", 1, "key 'mapping' is not text; allowed: text"),
    "anchor": ("name: a\nsize: &x small\n", 2, "an anchor (&), alias (*) or tag (!); allowed: "),
    "alias": ("a: b\nname: *x\n", 2, "an anchor (&), alias (*) or tag (!); allowed: "),
    "alias as key": ("*x : b\n", 1, "an anchor (&), alias (*) or tag (!); allowed: "),
    "recursive": ("&a\nb: *a\n", 1, "an anchor (&), alias (*) or tag (!); allowed: "),
    "merge key": ("tags:\n  <<: {a: b}\n", 2, "merge key <<; allowed: values written out"),
    "tag": ("name: !!int x\n", 1, "an anchor (&), alias (*) or tag (!); allowed: "),
    "python tag": ("name: !!python/object:os.x {}\n", 1, "an anchor (&), alias (*) or tag (!)"),
    "unquoted star": ("region: us\nname: *\n", 2, "not YAML: while scanning an alias"),
    "unquoted at": ("name: @a\n", 1, "not YAML: while scanning for the next token"),
    "value tag": ("name: =\n", 1, "not YAML: could not determine a constructor"),
    "impossible date": ("name: 2026-02-30\n", 1, "day is out of range for month; allowed: text"),
    "long number": (f"name: {'1' * 5000}\n", 1, "; allowed: text, in quotes"),
    "no hexadecimal": ("name: 0x_\n", 1, "; allowed: text, in quotes"),
    "overflow": (f"name: 1{':59' * 400}.5\n", 1, "; allowed: text, in quotes"),
    "escape": ('a: b\nname: "\\UFFFFFFFF"\n', 2, "allowed: escapes of Unicode characters"),
    "half a character": (
        'a: b\nname: "\\ud800"\n',
        2,
        "half of a surrogate pair; allowed: Unicode",
    ),
    "half a character as key": ('a: {"\\udfff": b}\n', 1, "half of a surrogate pair; allowed: "),
    "deep lists": (
        f"a: b\nname: {'[' * 50_000}\n",
        2,
        f"allowed: nesting at most {MAX_NESTING} deep",
    ),
    "deep mappings": (
        "".join(f"{' ' * i}a:\n" for i in range(300)),
        MAX_NESTING,
        "nesting at most",
    ),
    "control character": ("name: a\nsize: \x00\n", 2, "character '\\x00'; allowed: text without"),
    "latin-1": ("name: a\nsize: é\n".encode("latin-1"), 2, "byte 0xe9; allowed: UTF-8 text"),
    "utf-16": ("name: a\n".encode("utf-16"), 1, "byte 0xff; allowed: UTF-8 text"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_file(kind: str, tmp_path: Path) -> None:
    content, line, says = BAD_FILES[kind]

    lines = problems(write(tmp_path, content))

    assert len(lines) == 1, lines
    assert lines[0].startswith(f"environments/dev.yaml:{line}: ")
    assert says in lines[0]
    assert "allowed: " in lines[0]
    assert len(lines[0]) < 700


DEV_TEXT = (SAMPLE_ENVIRONMENTS / "dev.yaml").read_text(encoding="utf-8")


def edited(old: str, new: str) -> tuple[str, int]:
    """The text of dev.yaml with one replacement, and the line in which it is."""
    assert DEV_TEXT.count(old) == 1
    return DEV_TEXT.replace(old, new), DEV_TEXT[: DEV_TEXT.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('account_id: "111122223333"', "account_id: 011122223333", "account_id: 011122223333: not"),
        (
            '_version: "1.36"',
            "_version: 1.30",
            'version: 1.30: not text; allowed: text, in quotes: "1.30"',
        ),
        ("name: obs", "name: on", "name: on: not text; allowed: 1 to 16"),
        ("name: obs", "name: 2026-01-02", 'in quotes: "2026-01-02"'),
        ("nat: single", "nat: no", "network.nat: no: allowed: none, single, per_az"),
        ('"#obs-dev"', "#obs-dev", "alerting.slack_channel: is empty; allowed: a Slack channel"),
        (
            "logs: 7, traces: 3}\n  dev",
            "logs: 7.0, traces: 3}\n  dev",
            "retention_days.logs: 7.0: allowed: a whole",
        ),
        ("backups: 7", "backups: 1e99999", "backups: '1e99999': allowed: a whole number"),
        ("backups: 7", "backups: .nan", "backups: .nan: allowed: a whole number"),
        ("backups: 7", f"backups: {'9' * 100}", "99...: allowed: a whole number from 7 to 3650"),
        ("backups: 7", "backups: " + "x" * 300, "xxx...: allowed: a whole number from 7 to 3650"),
    ],
)
def test_unquoted_values_are_shown_as_written(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    text, line = edited(old, new)

    lines = problems(write(tmp_path, text))

    assert len(lines) == 1, lines
    assert lines[0].startswith(f"environments/dev.yaml:{line}: ")
    assert says in lines[0]


@pytest.mark.parametrize(("word", "value"), [("yes", True), ("on", True), ("off", False)])
def test_truth_values_of_yaml_1_1(word: str, value: bool, tmp_path: Path) -> None:
    text, _ = edited("deletion_protection: false", f"deletion_protection: {word}")

    assert load_settings(write(tmp_path, text), TODAY).deletion_protection is value


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_mark_and_newlines_of_windows(newline: str, tmp_path: Path) -> None:
    content = DEV_TEXT.replace("\n", newline).encode("utf-8-sig")

    assert load_settings(write(tmp_path, content), TODAY).environment == "dev"


def test_a_namespace_named_like_a_setting_has_the_keys_of_a_namespace(tmp_path: Path) -> None:
    text, numbers = render(vary(("namespaces", "quota"), {"x": 1, **valid()["namespaces"]["dev"]}))

    lines = problems(write(tmp_path, text))

    line = numbers["namespaces", "quota", "x"]
    assert lines == [
        f"environments/dev.yaml:{line}: namespaces.quota.x: unknown key; allowed: node_group, "
        "quota, retention_days, sampling, editor_role_arns, objectives, notifications"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('"[key]": 1', "[key]: unknown key; allowed: environment"),
        ("namespaces: {'[key]': {}}", "namespaces.[key]: allowed: 1 to 30 lower-case"),
        ("tags: {extra: {'[key]': ''}}", "tags.extra.[key]: '': allowed: 1 to 256 letters"),
        ("tags: {extra: {'[key]': ''}}", "tags.extra.[key]: allowed: 1 to 128 letters"),
    ],
)
def test_key_that_is_the_word_by_which_pydantic_names_keys(
    text: str, says: str, tmp_path: Path
) -> None:
    lines = problems(write(tmp_path, text))

    assert any(line.startswith(f"environments/dev.yaml:1: {says}") for line in lines), lines


# --- Finding the file ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", REAL_ENVIRONMENTS)
def test_shipped_settings_are_right(name: str) -> None:
    assert real_settings(name).environment == name


@pytest.mark.usefixtures("real_environments")
def test_the_environments_are_the_files_in_their_folder() -> None:
    files = (ROOT / "environments").glob("*.yaml")
    assert environment_names() == tuple(sorted(file.stem for file in files)) == REAL_ENVIRONMENTS


def test_tests_see_environments_of_their_own() -> None:
    assert environment_names() == ("dev", "prd")
    assert load_environment("dev", TODAY) == load_environment("dev", TODAY, SAMPLE_ENVIRONMENTS)


def test_unknown_environment(tmp_path: Path) -> None:
    write(tmp_path, DEV_TEXT)

    with pytest.raises(SettingsError) as caught:
        load_environment("stg", TODAY, tmp_path / "environments")

    assert str(caught.value) == ("environment 'stg': no such file in environments/; allowed: dev")


def test_no_environment_at_all(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"allowed: none, the folder has no \*\.yaml$"):
        load_environment("../dev", TODAY, tmp_path)


def test_environment_is_the_name_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, DEV_TEXT, "stg")

    with pytest.raises(SettingsError) as caught:
        load_environment("stg", TODAY, tmp_path / "environments")

    assert str(caught.value) == (
        "environments/stg.yaml:2: environment: 'dev': allowed: stg, the name of the file"
    )


def test_missing_file(tmp_path: Path) -> None:
    file = tmp_path / "environments" / "dev.yaml"

    assert problems(file) == [
        "environments/dev.yaml: cannot be read: No such file or directory; allowed: a YAML file"
    ]


def test_folder_instead_of_file(tmp_path: Path) -> None:
    folder = tmp_path / "environments" / "dev.yaml"
    folder.mkdir(parents=True)

    assert problems(folder) == [
        "environments/dev.yaml: cannot be read: Is a directory; allowed: a YAML file"
    ]


def test_file_of_the_current_folder_is_named_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "")
    monkeypatch.chdir(tmp_path / "environments")

    assert problems(Path("dev.yaml"))[0].startswith("environments/dev.yaml:1: is empty")


# --- What the settings give ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "purpose", ["tfstate", "metrics", "logs", "traces", "backups", "flow-logs"]
)
def test_longest_bucket_name_is_one(purpose: str) -> None:
    settings = load_environment("dev", TODAY)
    longest = settings.model_copy(
        update={"name": "a" * 16, "environment": "b" * 8, "region": max(REGIONS, key=len)}
    )

    assert len(longest.bucket_name(purpose)) <= 63


def test_observability_nodes_come_from_the_size_unless_given(tmp_path: Path) -> None:
    by_size = load_environment("dev", TODAY).node_group("observability")
    custom = load_settings(
        write(tmp_path, render(vary((*OBS, "node_group"), observability_nodes(max_size=9)))[0]),
        TODAY,
    ).node_group("observability")

    assert by_size.zone_spread == "per_zone"
    assert custom.max_size == 9


def test_tags_of_the_stacks_are_those_that_settings_may_not_set() -> None:
    source = (ROOT / "stacks" / "base.py").read_text(encoding="utf-8")
    body = source.split("def default_tags")[1].split("\ndef ")[0].split("\nclass ")[0]

    assert set(re.findall(r'"(\w+)": ', body)) | {"Name"} == set(OWN_TAGS)


@pytest.mark.parametrize(
    ("instance_type", "vcpus"),
    [
        ("m7i.large", 2),
        ("m6g.xlarge", 4),
        ("c7gn.2xlarge", 8),
        ("m7i.48xlarge", 192),
        ("m7a.medium", 1),
        ("t4g.small", 2),
        # One thread on each core.
        ("hpc7a.12xlarge", 24),
        ("m7i.metal-24xl", None),
        ("m7i.0xlarge", None),
    ],
)
def test_the_fewest_vcpus_of_a_type_are_told_by_its_name(
    instance_type: str, vcpus: int | None
) -> None:
    assert least_vcpus(instance_type) == vcpus


ALERT_SLACK, ALERT_EMAILS, ALERT_SMTP = (
    ("alerting", key) for key in ("slack_channel", "emails", "smtp")
)


@pytest.mark.parametrize(
    "left_out",
    [(), (ALERT_EMAILS, ALERT_SMTP), (ALERT_EMAILS,), (ALERT_SLACK,)],
    ids=["both", "Slack alone", "Slack alone, with a mail server", "e-mail alone"],
)
def test_alerts_go_to_slack_to_addresses_or_to_both(tmp_path: Path, left_out: tuple[Keys]) -> None:
    text, _ = render(without(*left_out))
    settings = load_settings(write(tmp_path, text), TODAY)
    assert (settings.slack_channel("prd") is None) is (ALERT_SLACK in left_out)
    assert (settings.emails("prd") == ()) is (ALERT_EMAILS in left_out)


@pytest.mark.parametrize(
    ("left_out", "says"),
    [
        (
            (ALERT_SLACK, ALERT_EMAILS),
            "alerting: no receiver for alerts; allowed: slack_channel, emails or both",
        ),
        (
            (ALERT_SMTP,),
            "alerting.smtp: missing; allowed: a mail server, because alerts have e-mail addresses",
        ),
    ],
)
def test_somebody_hears_of_alerts(tmp_path: Path, left_out: tuple[Keys, ...], says: str) -> None:
    text, lines = render(without(*left_out))
    (line,) = problems(write(tmp_path, text))
    assert line == f"environments/dev.yaml:{lines['alerting',]}: {says}"


def test_addresses_of_one_stage_need_a_mail_server(tmp_path: Path) -> None:
    document = without(ALERT_EMAILS, ALERT_SMTP)
    document["namespaces"]["prd"]["notifications"] = {"emails": ["a@example.com"]}
    text, _ = render(document)
    (line,) = problems(write(tmp_path, text))
    assert "alerting.smtp: missing; allowed: a mail server" in line
