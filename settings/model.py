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
"""Bounds of the gateways' histograms of durations: those of the semantic conventions for HTTP
without 75 ms, 750 ms and 7.5 s, because each bound costs a series for every combination of labels.
Only a bound has the exact number of faster requests."""


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
    """Internet access of the private subnets: `single` is cheap but fails with its zone, `per_az`
    is highly available, `none` needs an interface endpoint for every AWS service used."""
    interface_endpoints: Annotated[tuple[InterfaceEndpoint, ...], Field(strict=False)] = ()
    """AWS services reached through a private endpoint in each zone instead of NAT."""
    reserved_cidrs: Annotated[tuple[Cidr, ...], Field(strict=False)] = ()
    """Networks that the VPC must not overlap, because it is or will be connected to them."""
    flow_logs_retention_days: Annotated[int, Field(ge=1, le=3650)]
    """Days that VPC flow logs stay in their bucket."""


class Endpoint(Model):
    """Who may reach the Kubernetes API. It is private unless `public_cidrs` is given."""

    public_cidrs: Annotated[tuple[PublicCidr, ...], Field(strict=False, max_length=40)] = ()
    """Allow-list of the public endpoint; an empty list disables it."""
    private_cidrs: Annotated[tuple[PrivateCidr, ...], Field(strict=False, max_length=40)] = ()
    """Networks outside the cluster (VPN, CI runners) that may reach the private endpoint."""


class Cluster(Model):
    """The EKS cluster."""

    kubernetes_version: str
    """Kubernetes minor version, in quotes; versions.py lists the known ones."""
    support_type: Literal["STANDARD", "EXTENDED"] = "STANDARD"
    """EKS upgrade policy. After the end of standard support, EXTENDED costs about six times the
    control-plane price, and STANDARD upgrades the cluster automatically."""
    service_cidr: ServiceCidr = "172.20.0.0/16"
    """IPv4 network of the Kubernetes Services."""
    endpoint: Endpoint = Endpoint()
    """Who may reach the Kubernetes API."""
    admin_role_arns: Annotated[tuple[RoleArn, ...], Field(min_length=1, strict=False)]
    """IAM roles that administer the cluster; the role that creates it gets no rights."""
    log_retention_days: CloudWatchRetentionDays
    """Days that control-plane logs stay in CloudWatch Logs."""


class NodeGroup(Model):
    """EC2 nodes of one namespace."""

    instance_types: Annotated[
        tuple[InstanceType, ...], Field(min_length=1, max_length=20, strict=False)
    ]
    """EC2 instance types of one processor architecture, the preferred one first."""
    capacity_type: Literal["ON_DEMAND", "SPOT"] = "ON_DEMAND"
    """On-demand or Spot."""
    min_size: Annotated[int, Field(ge=0, le=450)]
    """Minimum number of nodes; with `per_zone`, in each zone."""
    max_size: Annotated[int, Field(ge=1, le=450)]
    """Maximum number of nodes; with `per_zone`, in each zone."""
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
    storage_gib: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Size of all volumes of a stage together. Default: 100 for each volume that it may claim."""
    ephemeral_storage_gib: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Disk of the nodes that all pods of a stage may fill together. Default: 2 for each pod."""
    load_balancers: Annotated[int, Field(ge=0, le=50)] = 0
    """Services of type LoadBalancer of a stage, each of which may publish it to the internet."""


class NamespaceRetention(Model):
    """Days that a namespace's signals are kept; the back end and the bucket get the same number."""

    logs: Annotated[int, Field(ge=1, le=3650)]
    """Loki retention. Loki refuses less than 24 h (`retention_period`, Loki configuration)."""
    traces: Annotated[int, Field(ge=1, le=3650)]
    """Tempo block retention."""


class Sampling(Model):
    """The traces of a stage that are kept. Metrics count all traces, before sampling."""

    sampling_percentage: Annotated[int, Field(ge=0, le=100)]
    """Share of ordinary traces that is kept; traces with errors and slow traces are always kept."""
    slow_trace_ms: Annotated[int, Field(ge=1, le=30_000)]
    """Duration from which a trace is slow. A gateway holds all traces in memory for longer than
    this before it decides, so it is at most half a minute."""


class Objectives(Model):
    """Service level objectives of a stage's services, each over 30 days.

    An objective is at least 95 %: the burn rate of 14.4, which pages, is possible only with an
    error budget below 1 / 14.4 = 6.9 %.
    """

    availability_percent: Annotated[float, Field(ge=95, le=99.99)] = 99.5
    """Share of requests answered without an error."""
    latency_percent: Annotated[float, Field(ge=95, le=99.99)] = 95
    """Share of requests answered within `latency_threshold_ms`."""
    latency_threshold_ms: LatencyBoundMs = 500
    """A slower response is too slow; a bound of the gateways' histograms."""
    minimum_failures: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Failed or slow requests that a service must have within the long window of a burn rate (1 h,
    6 h or 3 d) before it alerts. With six requests in an hour, a single error is 17 %, more than a
    hundred times the budget of 99.9 % ("Low-Traffic Services and Error Budget Alerting", Google's
    SRE Workbook, chapter 5, which names no number). With ten failures the standard error is a third
    (a Poisson count: 1 / square root of 10); with one failure it is as large as the rate. A smaller
    number detects problems of rarely used services earlier; 1 means no minimum."""


class Notifications(Model):
    """Receivers of a namespace's alerts, if they differ from those in `alerting`."""

    owner: TagValue | None = None
    """Team responsible for the namespace's alerts; `tags.owner` by default."""
    slack_channel: OptionalSlackChannel = None
    """Channel of the namespace's alerts; `alerting.slack_channel` by default."""
    emails: Annotated[tuple[Email, ...], Field(strict=False)] = ()
    """Receivers of its critical alerts; `alerting.emails` by default."""
    page: bool = True
    """Whether its critical alerts page: at any time, by e-mail, and with a mention of the whole
    channel. Otherwise they use the route of its other alerts."""
    mute_out_of_hours: bool = False
    """Whether alerts that do not page wait for `alerting.office_hours`."""


class Namespace(Model):
    """One stage (dev, hml, prd) or the observability namespace, with its isolation."""

    node_group: NodeGroup | None = None
    """Nodes of the namespace. Only `observability` may leave it out: `size` sets it then. Those of
    a stage must hold its gateway at the maximum of this `size`, and the same amount again."""
    quota: Quota
    """Resource limits of the namespace. Those of `observability` must be enough for the back ends
    of the `size`, and for the agents on all nodes of the cluster."""
    retention_days: NamespaceRetention
    """Retention of logs and traces."""
    sampling: Sampling | None = None
    """Traces that the stage's gateway keeps. `observability` has no gateway and must leave it out.
    """
    editor_role_arns: Annotated[tuple[RoleArn, ...], Field(strict=False)] = ()
    """IAM roles that may edit the objects of this namespace."""
    objectives: Objectives | None = None
    """Service level objectives of the stage's services; the defaults below apply if it is missing.
    A gateway counts no requests of `observability`, which must leave it out."""
    notifications: Notifications = Notifications()
    """Receivers of the namespace's alerts."""


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
    """Mail server of the alerts, with TLS. The password is a secret and not in this file."""

    smarthost: HostPort
    """Host and port; Amazon SES has one in each region."""
    sender: Email
    """Address that alerts come from; the server must allow it."""
    username: MailUser
    """Login at the server. It is not secret, and Alertmanager reads only the password from a file.
    """


class OfficeHours(Model):
    """Hours in which alerts that are not urgent are sent."""

    weekdays: Annotated[
        tuple[Weekday, ...], Field(min_length=1, max_length=7, strict=False)
    ] = ("monday", "tuesday", "wednesday", "thursday", "friday")  # fmt: skip
    """Working days."""
    start: TimeOfDay = "08:00"
    """Beginning of a working day."""
    end: TimeOfDay = "20:00"
    """End of a working day, later than `start`."""
    time_zone: TimeZone = "UTC"
    """Time zone of `start` and `end`."""


class Alerting(Model):
    """Receivers of alerts: a Slack channel, e-mail addresses, or both. The Slack webhook and the
    SMTP password are secrets and not in this file."""

    slack_channel: OptionalSlackChannel = None
    """Channel of all alerts. Without it, all alerts go to `emails`."""
    emails: Annotated[tuple[Email, ...], Field(max_length=10, strict=False)] = ()
    """Receivers of critical alerts, and of cost alarms: AWS Budgets notifies at most 10 addresses.
    Without them, AWS sends no e-mail about the bill."""
    smtp: Smtp | None = None
    """Mail server of the alerts; required if alerts have e-mail addresses."""
    grafana_url: Url
    """Address of Grafana: alerts link to its dashboards."""
    runbooks_url: Url
    """Address of docs/runbooks/alerts: each alert links to its page, <url>/<alert>.md."""
    office_hours: OfficeHours = OfficeHours()
    """Outside of these hours, namespaces with `mute_out_of_hours` send only alerts that page."""
    dead_mans_switch: bool = False
    """Whether an external service (healthchecks.io, PagerDuty, Dead Man's Snitch, ...) receives a
    signal every minute while alerts work, and raises an alarm when the signal stops. Its address is
    the secret `alertmanager-dead-mans-switch` (key `url`), which must exist before the
    deployment."""


class Cost(Model):
    """The budget of the account; alarms about it go to `alerting.emails`."""

    monthly_budget_usd: Annotated[int, Field(ge=1, le=10_000_000)]
    """AWS Budget of the whole account, in US dollars a month before tax. AWS sends e-mails at 80 %
    and 100 % of it, and when it forecasts that the month will exceed it."""
    anomaly_threshold_usd: Annotated[int, Field(ge=1, le=1_000_000)]
    """AWS sends e-mails about unusual spend of a service from this impact on, in US dollars."""
    anomaly_monitor_arn: AnomalyMonitorArn | None = None
    """Existing cost anomaly monitor of all AWS services: AWS allows one in an account, and creates
    it automatically in many. Without this setting, the state stack creates the monitor."""
    activate_allocation_tags: bool = False
    """Whether the tags are activated for Cost Explorer. This is possible a day after the first
    deployment, when the bill has the tags, in the account that pays, and in one environment of an
    account."""


class Tags(Model):
    """Tags on every AWS resource."""

    owner: TagValue
    """Team responsible for the resources."""
    cost_center: TagValue
    """Cost center of the bill (a cost-allocation tag, see `cost.activate_allocation_tags`)."""
    extra: Annotated[dict[TagKey, TagValue], Field(max_length=30)] = {}
    """More tags (AWS allows 50 on a resource; the stacks and AWS services set some of them)."""


class Settings(Model):
    """One environment: one AWS account and region, one VPC, one EKS cluster."""

    environment: EnvironmentName
    """Name of the environment; the file is environments/<environment>.yaml."""
    name: Name
    """First part of every name, so that several foundations fit in one account."""
    account_id: AccountId
    """AWS account; the providers refuse any other account."""
    region: Region
    """AWS region."""
    size: Size
    """Capacity of the back ends."""
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
    """Retention of data that all namespaces share."""
    namespaces: dict[NamespaceName, Namespace]
    """The stages and `observability`."""
    alerting: Alerting
    """Receivers of alerts."""
    cost: Cost
    """Budget and cost alarms of the account."""

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
        """Nodes of a namespace; `size` sets those of `observability` by default."""
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
        """Channel of a namespace's alerts; None if they go only by e-mail."""
        return self.namespaces[namespace].notifications.slack_channel or self.alerting.slack_channel

    def emails(self, namespace: str) -> tuple[str, ...]:
        """Addresses of a namespace's alerts; none if they go only to Slack."""
        return self.namespaces[namespace].notifications.emails or self.alerting.emails

    def owner(self, namespace: str) -> str:
        """Team responsible for a namespace's alerts."""
        return self.namespaces[namespace].notifications.owner or self.tags.owner

    def role_arns(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every IAM role that the settings name, with its place in the file."""
        for index, arn in enumerate(self.cluster.admin_role_arns):
            yield ("cluster", "admin_role_arns", index), arn
        for name, namespace in self.namespaces.items():
            for index, arn in enumerate(namespace.editor_role_arns):
                yield ("namespaces", name, "editor_role_arns", index), arn
