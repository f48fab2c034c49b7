"""The settings of one environment: the only input of the app. Imports no provider binding."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from settings.node_sizes import OBSERVABILITY_NODES, Size
from settings.types import (
    AccountId,
    AnomalyMonitorArn,
    Cidr,
    CloudWatchRetentionDays,
    Email,
    EnvironmentName,
    HostPort,
    InstanceType,
    MailUser,
    Name,
    NamespaceName,
    OptionalSlackChannel,
    PrivateCidr,
    PublicCidr,
    Region,
    RoleArn,
    ServiceCidr,
    TagKey,
    TagValue,
    TimeOfDay,
    TimeZone,
    Url,
    VpcCidr,
)

OBSERVABILITY = "observability"
"""The namespace of the back ends, and of the nodes on which the system add-ons run."""

NatMode = Literal["none", "single", "per_az"]
InterfaceEndpoint = Literal[
    "autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "kms",
    "logs", "secretsmanager", "sts",
]  # fmt: skip
"""The services that the foundation calls from inside the VPC."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
LatencyBoundMs = Literal[5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000]
"""Bounds of the gateways' histograms of durations: those that the semantic conventions give for
HTTP, without the ones between (75 and 750 ms, 7.5 s), as each costs a series for every combination
of labels. Only at a bound is it known how many requests were faster."""


class Model(BaseModel):
    """Immutable, no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )


class Network(Model):
    """The VPC."""

    cidr: VpcCidr
    """IPv4 network of the VPC, /16 to /20."""
    availability_zones: Annotated[tuple[str, ...], Field(min_length=3, max_length=3, strict=False)]
    """Three availability zones of the region; subnets and zonal node groups follow this order."""
    nat: NatMode
    """Way out of the private subnets: `single` is cheap and lost with its zone, `per_az` is highly
    available, `none` needs an interface endpoint for every AWS service used."""
    interface_endpoints: Annotated[tuple[InterfaceEndpoint, ...], Field(strict=False)] = ()
    """AWS services reached through a private endpoint in each zone instead of NAT."""
    reserved_cidrs: Annotated[tuple[Cidr, ...], Field(strict=False)] = ()
    """Networks that the VPC is or will be connected to and must not overlap."""
    flow_logs_retention_days: Annotated[int, Field(ge=1, le=3650)]
    """Days that VPC flow logs stay in their bucket."""


class Endpoint(Model):
    """Who may reach the Kubernetes API. It is private unless `public_cidrs` is given."""

    public_cidrs: Annotated[tuple[PublicCidr, ...], Field(strict=False, max_length=40)] = ()
    """Allow-list of the public endpoint; empty switches the public endpoint off."""
    private_cidrs: Annotated[tuple[PrivateCidr, ...], Field(strict=False, max_length=40)] = ()
    """Networks outside the cluster (VPN, CI runners) that may reach the private endpoint."""


class Cluster(Model):
    """The EKS cluster."""

    kubernetes_version: str
    """Kubernetes minor version, in quotes; versions.py lists the known ones."""
    support_type: Literal["STANDARD", "EXTENDED"] = "STANDARD"
    """EKS upgrade policy. EXTENDED costs about six times the control-plane price once standard
    support has ended; STANDARD upgrades the cluster automatically then."""
    service_cidr: ServiceCidr = "172.20.0.0/16"
    """IPv4 network of the Kubernetes Services."""
    endpoint: Endpoint = Endpoint()
    """Who may reach the Kubernetes API."""
    admin_role_arns: Annotated[tuple[RoleArn, ...], Field(min_length=1, strict=False)]
    """IAM roles that administer the cluster; the role that creates it is none."""
    log_retention_days: CloudWatchRetentionDays
    """Days that control-plane logs stay in CloudWatch Logs."""


class NodeGroup(Model):
    """EC2 nodes of one namespace."""

    instance_types: Annotated[
        tuple[InstanceType, ...], Field(min_length=1, max_length=20, strict=False)
    ]
    """EC2 instance types of one processor architecture, the preferred one first."""
    capacity_type: Literal["ON_DEMAND", "SPOT"] = "ON_DEMAND"
    """How the nodes are bought."""
    min_size: Annotated[int, Field(ge=0, le=450)]
    """Fewest nodes; with `per_zone`, in each zone."""
    max_size: Annotated[int, Field(ge=1, le=450)]
    """Most nodes; with `per_zone`, in each zone."""
    disk_size_gib: Annotated[int, Field(ge=20, le=16384)] = 50
    """Root volume, encrypted gp3."""
    zone_spread: Literal["balanced", "per_zone"] = "balanced"
    """`balanced` is one group over all zones; `per_zone` is one group in each zone, for pods whose
    EBS volume ties them to a zone."""

    @property
    def is_arm64(self) -> bool:
        """Whether the first instance type has a Graviton processor."""
        return is_graviton(self.instance_types[0])


def is_graviton(instance_type: str) -> bool:
    """Whether an instance type is arm64, by its name.

    The attribute letters after the generation number contain a `g` (m7g, c7gn, im4gn), as the
    "instance type naming conventions" of the EC2 user guide say.
    """
    family = instance_type.split(".")[0]
    attributes = re.sub(r"^[a-z]+\d+", "", family)
    return "g" in attributes


def least_vcpus(instance_type: str) -> int | None:
    """The fewest vCPUs that an instance type of this name can have; None if unknown.

    EC2 "Instance type specifications": `large` has 2, `xlarge` 4, `4xlarge` 16. Types for high
    performance computing can have half, as their cores run one thread each. Below `large`, T3 and
    T4g have 2, others 1. How many a type on bare metal has, its name does not say.
    """
    family, _, size = instance_type.partition(".")
    match = re.fullmatch(r"([1-9]\d*)?xlarge", size)
    if match is not None:
        vcpus = 4 * int(match[1] or 1)
        return vcpus // 2 if family.startswith("hpc") else vcpus
    if size in ("nano", "micro", "small", "medium"):
        return 2 if family in ("t3", "t3a", "t4g") else 1
    return 2 if size == "large" else None


class Quota(Model):
    """ResourceQuota of a namespace."""

    requests_cpu: Annotated[int, Field(ge=1, le=10_000)]
    """CPU cores that all pods together may request."""
    requests_memory_gib: Annotated[int, Field(ge=1, le=100_000)]
    """Memory that all pods together may request."""
    limits_cpu: Annotated[int, Field(ge=1, le=10_000)]
    """Sum of the CPU limits of all pods, cores."""
    limits_memory_gib: Annotated[int, Field(ge=1, le=100_000)]
    """Sum of the memory limits of all pods."""
    pods: Annotated[int, Field(ge=1, le=10_000)]
    """Pods at the same time."""
    persistent_volume_claims: Annotated[int, Field(ge=0, le=1_000)]
    """Volumes that the namespace may claim."""


class NamespaceRetention(Model):
    """Days that a namespace's signals are kept; the back end and the bucket get the same number."""

    logs: Annotated[int, Field(ge=1, le=3650)]
    """Loki retention. Loki refuses less than 24 h (`retention_period`, Loki configuration)."""
    traces: Annotated[int, Field(ge=1, le=3650)]
    """Tempo block retention."""


class Sampling(Model):
    """Which traces of a stage are kept. Metrics are made of all of them, before this choice."""

    sampling_percentage: Annotated[int, Field(ge=0, le=100)]
    """Share of the traces kept that are neither erroneous nor slow; those two are always kept."""
    slow_trace_ms: Annotated[int, Field(ge=1, le=30_000)]
    """Duration from which a trace is slow. A gateway holds all traces in memory for longer than
    this before it decides, so it is at most half a minute."""


class Objectives(Model):
    """Service level objectives of a stage's services, each over 30 days.

    At most 95 % can be missed for the burn rate of 14.4, at which somebody is paged, to be possible
    at all: it takes 14.4 times the error budget, thus a budget below 1 / 14.4 = 6.9 %.
    """

    availability_percent: Annotated[float, Field(ge=95, le=99.99)] = 99.5
    """Share of requests answered without an error."""
    latency_percent: Annotated[float, Field(ge=95, le=99.99)] = 95
    """Share of requests answered within `latency_threshold_ms`."""
    latency_threshold_ms: LatencyBoundMs = 500
    """From here on an answer is slow; a bound of the gateways' histograms."""
    minimum_failures: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Failed or slow requests that a service must have within the long window of a burn rate (1 h,
    6 h or 3 d) before anybody hears of it. Of six requests in an hour, a single error is 17 %, more
    than a hundred times the budget of 99.9 % ("Low-Traffic Services and Error Budget Alerting",
    Google's SRE Workbook, chapter 5, which names no number). Of ten failures the standard error is
    a third (a Poisson count: 1 / square root of 10), of one it is as large as the rate. Less finds
    trouble of rarely used services sooner; 1 is no minimum."""


class Notifications(Model):
    """Who hears of a namespace's alerts, where it is not who `alerting` names."""

    owner: TagValue | None = None
    """Team that answers for the namespace's alerts; `tags.owner` unless given."""
    slack_channel: OptionalSlackChannel = None
    """Channel of the namespace's alerts; `alerting.slack_channel` unless given."""
    emails: Annotated[tuple[Email, ...], Field(strict=False)] = ()
    """Receivers of its critical alerts; `alerting.emails` unless given."""
    page: bool = True
    """Whether its critical alerts page: at any time, by e-mail, and with a mention of the whole
    channel. Otherwise they go where its other alerts go."""
    mute_out_of_hours: bool = False
    """Whether what pages nobody waits for `alerting.office_hours`."""


class Namespace(Model):
    """One stage (dev, hml, prd) or the observability namespace, with what isolates it."""

    node_group: NodeGroup | None = None
    """Nodes of the namespace. Only `observability` may leave it out: `size` sets it then. Those of
    a stage must be able to hold its gateway as it grows in this `size`, and as much again."""
    quota: Quota
    """Upper bounds of what the namespace may use. Those of `observability` must be enough for the
    back ends of the `size`, and for the agents on all nodes of the cluster."""
    retention_days: NamespaceRetention
    """Retention of logs and traces."""
    sampling: Sampling | None = None
    """Traces that the stage's gateway keeps. `observability` has no gateway and must leave it out.
    """
    editor_role_arns: Annotated[tuple[RoleArn, ...], Field(strict=False)] = ()
    """IAM roles that may edit what is in this namespace."""
    objectives: Objectives | None = None
    """Service level objectives of the stage's services; the defaults below unless given.
    `observability` has no requests that a gateway counts and must leave it out."""
    notifications: Notifications = Notifications()
    """Who hears of the namespace's alerts."""


class MetricsRetention(Model):
    """Days that metrics are kept, per Thanos resolution, for all namespaces together."""

    raw: Annotated[int, Field(ge=2, le=3650)]
    """Raw samples. At least 2: Thanos makes 5-minute blocks only from blocks older than 40 h."""
    five_minutes: Annotated[int, Field(ge=10, le=3650)]
    """5-minute samples. At least 10: Thanos makes 1-hour blocks from blocks older than 10 d."""
    one_hour: Annotated[int, Field(ge=10, le=3650)]
    """1-hour samples, the longest kept."""


class Retention(Model):
    """Retention that does not depend on the namespace."""

    metrics: MetricsRetention
    """Prometheus blocks in object storage, those of all namespaces."""
    backups: Annotated[int, Field(ge=7, le=3650)]
    """Days that a backup can be neither deleted nor overwritten (S3 Object Lock), and Velero's
    time to live."""


class Smtp(Model):
    """Mail server that takes the alerts, with TLS. The password is a secret and not here."""

    smarthost: HostPort
    """Host and port; Amazon SES has one in each region."""
    sender: Email
    """Address that alerts come from; the server must allow it."""
    username: MailUser
    """Login at the server. It is not secret, and Alertmanager reads only the password from a file.
    """


class OfficeHours(Model):
    """When somebody reads what is not urgent."""

    weekdays: Annotated[
        tuple[Weekday, ...], Field(min_length=1, max_length=7, strict=False)
    ] = ("monday", "tuesday", "wednesday", "thursday", "friday")  # fmt: skip
    """Working days."""
    start: TimeOfDay = "08:00"
    """Beginning of a working day."""
    end: TimeOfDay = "20:00"
    """End of a working day, later than `start`."""
    time_zone: TimeZone = "UTC"
    """Where that is the time."""


class Alerting(Model):
    """Who hears of alerts: a Slack channel, e-mail addresses, or both. The Slack webhook and the
    SMTP password are secrets and not here."""

    slack_channel: OptionalSlackChannel = None
    """Channel of all alerts. Without it, all of them go to `emails`."""
    emails: Annotated[tuple[Email, ...], Field(max_length=10, strict=False)] = ()
    """Receivers of critical alerts, and of the alarms of the AWS bill: AWS Budgets notifies at most
    10 addresses. Without them, AWS mails nobody about the bill."""
    smtp: Smtp | None = None
    """Mail server of the alerts; needed where there are e-mail addresses."""
    grafana_url: Url
    """Where people open Grafana: alerts link to its dashboards."""
    runbooks_url: Url
    """Where people read docs/runbooks/alerts: alerts link to a page each, <url>/<alert>.md."""
    office_hours: OfficeHours = OfficeHours()
    """Outside of them the namespaces with `mute_out_of_hours` are quiet."""
    dead_mans_switch: bool = False
    """Whether an external service (healthchecks.io, PagerDuty, Dead Man's Snitch, ...) receives a
    signal every minute while alerts work, and raises an alarm when the signal stops. Its address is
    the secret `alertmanager-dead-mans-switch` (key `url`), which must exist before."""


class Cost(Model):
    """The budget of the account; alarms about it go to `alerting.emails`."""

    monthly_budget_usd: Annotated[int, Field(ge=1, le=10_000_000)]
    """AWS Budget of the whole account, in US dollars a month before tax. Mails come at 80 % and
    100 % of it, and when AWS forecasts that the month will pass it."""
    anomaly_threshold_usd: Annotated[int, Field(ge=1, le=1_000_000)]
    """Mails about an unusual spend of an AWS service come from this impact on, in US dollars."""
    anomaly_monitor_arn: AnomalyMonitorArn | None = None
    """Cost anomaly monitor of all AWS services that the account has already: AWS allows one in an
    account and makes it by itself in many. Without it the state stack makes the monitor."""
    activate_allocation_tags: bool = False
    """Whether the tags are activated for Cost Explorer. Possible a day after the first deployment,
    when the bill has them, in the account that pays, and in one environment of an account."""


class Tags(Model):
    """Tags on every AWS resource."""

    owner: TagValue
    """Team that answers for the resources."""
    cost_center: TagValue
    """Where the bill goes (a cost-allocation tag, see `cost.activate_allocation_tags`)."""
    extra: Annotated[dict[TagKey, TagValue], Field(max_length=30)] = {}
    """More tags (AWS takes 50 on a resource; the stacks and AWS services set some)."""


class Settings(Model):
    """One environment: one AWS account and region, one VPC, one EKS cluster."""

    environment: EnvironmentName
    """Name of the environment; the file is environments/<environment>.yaml."""
    name: Name
    """First part of every name, so that several foundations fit in one account."""
    account_id: AccountId
    """AWS account; the providers refuse any other."""
    region: Region
    """AWS region."""
    size: Size
    """How much telemetry the back ends are made for."""
    deletion_protection: bool
    """Whether Terraform refuses to destroy the cluster, the keys and the buckets. Without it,
    destroying empties the buckets first."""
    tags: Tags
    """Tags on every AWS resource."""
    network: Network
    """The VPC."""
    cluster: Cluster
    """The EKS cluster."""
    retention_days: Retention
    """Retention of what is shared by all namespaces."""
    namespaces: dict[NamespaceName, Namespace]
    """The stages and `observability`."""
    alerting: Alerting
    """Who hears of alerts."""
    cost: Cost
    """What the account may cost."""

    @property
    def prefix(self) -> str:
        """First part of every name in AWS; also the cluster's name."""
        return f"{self.name}-{self.environment}"

    @property
    def state_bucket_name(self) -> str:
        """Bucket of the Terraform states."""
        return self.bucket_name("tfstate")

    def bucket_name(self, purpose: str) -> str:
        """Globally unique bucket name (at most 63 characters: the settings bound each part)."""
        return f"{self.prefix}-{self.account_id}-{self.region}-{purpose}"

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the namespaces that hold applications."""
        return tuple(name for name in self.namespaces if name != OBSERVABILITY)

    def node_group(self, namespace: str) -> NodeGroup:
        """Nodes of a namespace; those of `observability` come from `size` unless given."""
        group = self.namespaces[namespace].node_group
        if group is not None:
            return group
        nodes = OBSERVABILITY_NODES[self.size]
        return NodeGroup(
            instance_types=(nodes.instance_type,),
            min_size=nodes.min_size_per_zone,
            max_size=nodes.max_size_per_zone,
            disk_size_gib=nodes.disk_size_gib,
            zone_spread="per_zone",
        )

    def sampling(self, stage: str) -> Sampling:
        """Sampling of a stage.

        Raises:
            ValueError: the namespace is no stage; the checks on settings refuse a stage without.
        """
        sampling = self.namespaces[stage].sampling
        if sampling is None:
            raise ValueError(
                f"namespaces.{stage}.sampling: missing; allowed: sampling for every stage"
            )
        return sampling

    def objectives(self, stage: str) -> Objectives:
        """Service level objectives of a stage."""
        return self.namespaces[stage].objectives or Objectives()

    def slack_channel(self, namespace: str) -> str | None:
        """Channel of a namespace's alerts; None where they go by e-mail alone."""
        return self.namespaces[namespace].notifications.slack_channel or self.alerting.slack_channel

    def emails(self, namespace: str) -> tuple[str, ...]:
        """Addresses of a namespace's alerts; none where they go to Slack alone."""
        return self.namespaces[namespace].notifications.emails or self.alerting.emails

    def owner(self, namespace: str) -> str:
        """Team that answers for a namespace's alerts."""
        return self.namespaces[namespace].notifications.owner or self.tags.owner

    def role_arns(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every IAM role that the settings name, with its place in the file."""
        for index, arn in enumerate(self.cluster.admin_role_arns):
            yield ("cluster", "admin_role_arns", index), arn
        for name, namespace in self.namespaces.items():
            for index, arn in enumerate(namespace.editor_role_arns):
                yield ("namespaces", name, "editor_role_arns", index), arn
