"""Scalar types of the settings: the error of each type lists the allowed values.

A `ValueError` raised here becomes the right half of the one line that a user reads, so its text
always completes the sentence "<file>: <key>: <value>: ...".
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from settings.aws_facts import REGIONS

CLOUDWATCH_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
"""What PutRetentionPolicy accepts (Amazon CloudWatch Logs API reference)."""

PRIVATE_CLUSTER_ENDPOINTS = (
    "autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "secretsmanager", "sts",
)  # fmt: skip
"""Without NAT these must have an endpoint: the EKS user guide's list for private clusters, and
what the cluster autoscaler and External Secrets call."""

OWN_TAGS = ("Project", "Environment", "Owner", "CostCenter", "ManagedBy", "Name")
"""Tags that the stacks set themselves (stacks/base.py)."""

RESERVED_NAMESPACES = ("default", "index", "rules", "fake", "single-tenant")
"""Names that no namespace may have. A namespace is a tenant, thus a folder at the top of the
buckets of Loki and Tempo. There `index` and `rules` are Loki's own and must never expire; `fake`
(Loki) and `single-tenant` (Tempo) hold what comes in while tenants are switched off."""

RFC1918 = tuple(
    ipaddress.IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


def _matching(pattern: str, allowed: str) -> Callable[[str], str]:
    # ASCII, as in the editors' JavaScript: \d and \w must not match digits and letters of others.
    compiled = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"allowed: {allowed}")
        return value

    return check


def _text(pattern: str, allowed: str) -> tuple[AfterValidator, object]:
    # Pattern and message go into the JSON Schema for editors; load.py takes the message from there
    # where a value is not even text.
    return (
        AfterValidator(_matching(pattern, allowed)),
        Field(
            json_schema_extra={"pattern": f"^(?:{pattern})$", "patternErrorMessage": allowed},
        ),
    )


def _network(
    allowed: str, accepts: Callable[[ipaddress.IPv4Network], bool]
) -> tuple[AfterValidator, object]:
    def check(value: str) -> str:
        try:
            network = ipaddress.IPv4Network(value, strict=False)
        except ValueError:
            raise ValueError(f"allowed: {allowed}") from None
        if not accepts(network):
            raise ValueError(f"allowed: {allowed}")
        # AWS takes neither host bits nor netmasks.
        if str(network) != value:
            raise ValueError(f"did you mean {network}? allowed: {allowed}")
        return value

    return (
        AfterValidator(check),
        Field(
            json_schema_extra={
                "pattern": r"^\d{1,3}(?:\.\d{1,3}){3}/\d{1,2}$",
                "patternErrorMessage": allowed,
            }
        ),
    )


def _is_private(network: ipaddress.IPv4Network) -> bool:
    return any(network.subnet_of(private) for private in RFC1918)


def _touches_private(network: ipaddress.IPv4Network) -> bool:
    return any(network.overlaps(private) for private in RFC1918)


def _cloudwatch_days(value: int) -> int:
    if value not in CLOUDWATCH_RETENTION_DAYS:
        # The list that CloudWatch Logs takes.
        raise ValueError("allowed: " + ", ".join(map(str, CLOUDWATCH_RETENTION_DAYS)))
    return value


def _region(value: str) -> str:
    if value not in REGIONS:
        raise ValueError("allowed: " + ", ".join(sorted(REGIONS)))
    return value


def _time_zone(value: str) -> str:
    # Alertmanager reads the same database; tzdata brings it where the computer has none.
    if value not in available_timezones():
        raise ValueError("allowed: a name of the IANA time zone database, as America/Sao_Paulo")
    return value


def _tag_value(value: str) -> str:
    # IAM's `tagValueType` is [\p{L}\p{Z}\p{N}_.:/=+\-@]*. Of the separators (Z), those that end a
    # line or a paragraph are left out: no tag needs them.
    def is_allowed(character: str) -> bool:
        category = unicodedata.category(character)
        return category[0] in "LN" or category == "Zs" or character in "_.:/=+-@"

    if not 1 <= len(value) <= 256 or not all(map(is_allowed, value)):
        raise ValueError(f"allowed: {TAG_VALUE}")
    return value


AnomalyMonitorArn = Annotated[
    str,
    *_text(
        r"arn:aws:ce::\d{12}:anomalymonitor/[0-9a-f-]{36}",
        "the ARN of a cost anomaly monitor, as aws ce get-anomaly-monitors shows it",
    ),
]
Name = Annotated[
    str,
    *_text(
        # S3 keeps some beginnings of bucket names for itself ("Bucket naming rules").
        r"(?!xn--|sthree(?:-|$)|amzn-s3-demo(?:-|$))[a-z](?:[a-z0-9-]{0,14}[a-z0-9])?",
        "1 to 16 lower-case letters, digits and inner hyphens, a letter first (it begins bucket "
        "and role names, which have at most 63), not starting with xn--, sthree or amzn-s3-demo",
    ),
]
EnvironmentName = Annotated[
    str, *_text(r"[a-z][a-z0-9]{1,7}", "2 to 8 lower-case letters and digits, a letter first")
]
TELEMETRY_SUFFIX = "-telemetry"
"""Ends the names of the gateways' namespaces, and thus of no other."""

NamespaceName = Annotated[
    str,
    *_text(
        rf"(?!kube-|.*{TELEMETRY_SUFFIX}$|(?:{'|'.join(RESERVED_NAMESPACES)})$)"
        r"[a-z](?:[a-z0-9-]{0,28}[a-z0-9])?",
        "1 to 30 lower-case letters, digits and inner hyphens, a letter first, not starting with "
        f"kube-, not ending with {TELEMETRY_SUFFIX} (the gateways' namespaces do) and none of "
        f"{', '.join(RESERVED_NAMESPACES)}",
    ),
]
AccountId = Annotated[str, *_text(r"\d{12}", "the 12 digits of an AWS account")]
RoleArn = Annotated[
    str,
    *_text(
        r"arn:aws:iam::\d{12}:role/(?:[\w+=,.@-]{1,128}/){0,16}[\w+=,.@-]{1,64}",
        "an IAM role such as arn:aws:iam::111122223333:role/platform-admin (an SSO role with its "
        "whole path: role/aws-reserved/sso.amazonaws.com/<region>/AWSReservedSSO_...)",
    ),
]
InstanceType = Annotated[
    str,
    *_text(
        # https://docs.aws.amazon.com/linux/al2023/ug/system-requirements.html
        r"(?!a1\.)[a-z]+\d+[a-z]*(?:-[a-z0-9]+)*\.[a-z0-9-]+",
        "an EC2 instance type such as m7i.large, not A1, on which Amazon Linux 2023 does not run",
    ),
]
SlackChannel = Annotated[
    str, *_text(r"#[a-z0-9_-]{1,79}", "a Slack channel such as #obs-dev (lower case)")
]


def _given(value: object) -> object:
    if value is None:
        raise PydanticCustomError("string_type", "empty")
    return value


OptionalSlackChannel = Annotated[SlackChannel | None, BeforeValidator(_given)]
"""May be left out, and not be empty: YAML takes `#obs-dev` without quotes for a comment."""
Email = Annotated[
    str, *_text(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "an e-mail address such as oncall@example.com")
]
HostPort = Annotated[
    str,
    *_text(
        r"[a-z0-9-]+(?:\.[a-z0-9-]+)+:[1-9]\d{1,4}",
        "a host and a port such as email-smtp.us-east-1.amazonaws.com:587",
    ),
]
MailUser = Annotated[
    str,
    *_text(r"[\w.+@-]{1,128}", "1 to 128 letters a-z A-Z, digits and . + - @ _"),
]
Url = Annotated[
    str,
    *_text(
        r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[1-9]\d{1,4})?(?:/[\w.~/-]*[\w~-])?",
        "an http or https address without a slash at its end, such as https://grafana.example.com",
    ),
]
TimeOfDay = Annotated[
    str, *_text(r"(?:[01]\d|2[0-3]):[0-5]\d", "a time between 00:00 and 23:59, in quotes")
]
TimeZone = Annotated[
    str, AfterValidator(_time_zone), Field(json_schema_extra={"examples": ["America/Sao_Paulo"]})
]
TAG_VALUE = "1 to 256 letters of any language, digits, spaces and . : / = + - @ _"
TagValue = Annotated[
    str,
    AfterValidator(_tag_value),
    Field(
        json_schema_extra={
            # Editors read it as JavaScript, where \w is ASCII; the validator looks closer.
            "pattern": r"^[\w .:/=+@\u00a0-\uffff-]{1,256}$",
            "patternErrorMessage": TAG_VALUE,
        }
    ),
]
TagKey = Annotated[
    str,
    *_text(
        r"(?![aA][wW][sS]:)[\w.:/=+@-]{1,128}",
        "1 to 128 letters a-z A-Z, digits and . : / = + - @ _, not starting with aws:",
    ),
]
Region = Annotated[str, AfterValidator(_region), Field(json_schema_extra={"enum": sorted(REGIONS)})]
VpcCidr = Annotated[
    str,
    *_network(
        "a /16 to /20 inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        lambda network: _is_private(network) and 16 <= network.prefixlen <= 20,
    ),
]
ServiceCidr = Annotated[
    str,
    *_network(
        # The bounds of EKS (CreateCluster API reference, KubernetesNetworkConfigRequest).
        "a /12 to /24 inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        lambda network: _is_private(network) and 12 <= network.prefixlen <= 24,
    ),
]
Cidr = Annotated[str, *_network("an IPv4 network such as 10.10.0.0/16", lambda _: True)]
PrivateCidr = Annotated[
    str,
    *_network(
        "the IPv4 networks of people and runners, /8 or smaller, such as 10.30.0.0/16",
        lambda network: network.prefixlen >= 8,
    ),
]
PublicCidr = Annotated[
    str,
    *_network(
        # EKS refuses reserved addresses here (EKS user guide, "Cluster API server endpoint").
        "public IPv4 networks of people and runners, /8 or smaller, such as 203.0.113.5/32; none "
        "of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16",
        lambda network: network.prefixlen >= 8 and not _touches_private(network),
    ),
]
CloudWatchRetentionDays = Annotated[
    int,
    AfterValidator(_cloudwatch_days),
    Field(json_schema_extra={"enum": list(CLOUDWATCH_RETENTION_DAYS)}),
]
