"""The monthly bill of an environment, line by line, each with its formula.

Every formula is: quantity a month times list price. Quantities come from the stacks (`inventory`),
the workload (`flows`) and the assumptions (`workload.Assumptions`); docs/operations/cost-review.md
says how sure each is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from blueprint.backend_sizes import BACKENDS, Part
from blueprint.resources import Resources, mebibytes, millicores
from blueprint.sizes import METRICS
from cost import inventory
from cost.flows import DAY, GIB, HOURS, SECONDS, Flow, Gateway, flows, gateways, shortages
from cost.inventory import Inventory
from cost.measured import MeasuredLoad
from cost.prices import Prices
from cost.workload import Workload
from settings.model import OBSERVABILITY, Settings

Signal = Literal["metrics", "logs", "traces"]
SIGNALS: tuple[Signal, ...] = ("metrics", "logs", "traces")
Shares = Mapping[Signal, float]
NO_SHARES: Shares = {}

COMPONENTS = (
    "Control plane", "Nodes: observability", "Nodes: stages", "EBS volumes", "NAT",
    "Interface endpoints", "Cross-zone traffic", "S3 storage", "S3 requests", "KMS",
    "CloudWatch Logs", "VPC flow logs", "Secrets Manager",
)  # fmt: skip
"""In the order of the outputs."""

NODE_CPU_SHARE = 0.85
NODE_MEMORY_SHARE = 0.70
"""What pods other than add-ons and the agent can request of a node: an m7i.large of 2 cores and
8 GiB has 1.93 and 5.9 allocatable, and add-ons and agent take 0.23 and 0.24
(tests/helm_values/test_node_fit.py, which has the sources). Larger nodes have more."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the bill. `shares` says how much of it each signal causes; the rest is there for
    the applications as well."""

    component: str
    item: str
    quantity: float
    price: str
    usd: float
    formula: str
    shares: Shares = field(default_factory=dict)

    @property
    def telemetry(self) -> float:
        """US dollars that the signals cause."""
        return self.usd * sum(self.shares.values())


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """What the workload is in a month."""

    log_gb: float
    spans: float
    spans_kept: float
    traces_kept: float
    trace_gb: float
    trace_gb_kept: float
    series: float
    samples: float


@dataclass(frozen=True, kw_only=True)
class Bill:
    """The bill of a month, in US dollars."""

    lines: tuple[Line, ...]
    volumes: Volumes
    shortages: tuple[str, ...]

    @property
    def total(self) -> float:
        """All lines."""
        return sum(line.usd for line in self.lines)

    @property
    def telemetry(self) -> float:
        """The part that the signals cause."""
        return sum(line.telemetry for line in self.lines)

    @property
    def by_component(self) -> dict[str, float]:
        """Sums of the components that cost anything, in order."""
        sums = {name: self.of(name) for name in COMPONENTS}
        return {name: usd for name, usd in sums.items() if usd}

    def of(self, component: str) -> float:
        """Sum of one component."""
        return sum(line.usd for line in self.lines if line.component == component)

    def of_signal(self, signal: Signal) -> float:
        """What one signal causes."""
        return sum(line.usd * line.shares.get(signal, 0) for line in self.lines)

    @property
    def unit_costs(self) -> dict[str, float]:
        """What a unit costs: all that a signal causes, by what of it arrives."""
        volumes = self.volumes
        return {
            "GB of logs": _per(self.of_signal("logs"), volumes.log_gb),
            "million spans": _per(self.of_signal("traces"), volumes.spans / 1e6),
            "million spans kept": _per(self.of_signal("traces"), volumes.spans_kept / 1e6),
            "thousand series": _per(self.of_signal("metrics"), volumes.series / 1e3),
        }


def _per(usd: float, units: float) -> float:
    return usd / units if units else 0.0


@dataclass(frozen=True, kw_only=True)
class _Context:
    settings: Settings
    workload: Workload
    prices: Prices
    inventory: Inventory
    flows: tuple[Flow, ...]
    gateways: tuple[Gateway, ...]
    node_shares: Shares

    def line(
        self,
        component: str,
        item: str,
        quantity: float,
        price: str,
        formula: str,
        shares: Shares = NO_SHARES,
        units: float | None = None,
    ) -> Line:
        """A line; `units` are the price's units where the quantity is shown in others."""
        usd = self.prices.cost(price, quantity if units is None else units)
        return Line(
            component=component,
            item=item,
            quantity=quantity,
            price=price,
            usd=usd,
            formula=formula,
            shares=shares,
        )


def bill(
    settings: Settings,
    workload: Workload,
    prices: Prices,
    stack_inventory: Inventory | None = None,
    measured: MeasuredLoad | None = None,
) -> Bill:
    """Calculate the bill of a month.

    Args:
        settings: the environment: retention, sampling, size.
        workload: what its applications send.
        prices: list prices of its region.
        stack_inventory: resources of its stacks; planned from the settings unless given.
        measured: what a core of a gateway takes; the promise of the size unless given.

    Raises:
        SettingsError: a price is missing.
    """
    context = _context(settings, workload, prices, stack_inventory, measured)
    lines = [
        *_control_plane(context),
        *_nodes(context),
        *_ebs(context),
        *_network(context),
        *_cross_zone(context),
        *_s3(context),
        *_keys(context),
        *_logs(context),
        *_secrets(context),
    ]
    lines.sort(key=lambda line: COMPONENTS.index(line.component))
    more = [*shortages(settings, workload, measured), *_node_shortages(context)]
    return Bill(lines=tuple(lines), volumes=_volumes(context), shortages=tuple(more))


def _context(
    settings: Settings,
    workload: Workload,
    prices: Prices,
    stack_inventory: Inventory | None,
    measured: MeasuredLoad | None,
) -> _Context:
    return _Context(
        settings=settings,
        workload=workload,
        prices=prices,
        inventory=stack_inventory or inventory.plan(settings),
        flows=flows(settings, workload),
        gateways=gateways(settings, workload, measured),
        node_shares=_backend_shares(settings),
    )


def application_nodes(
    settings: Settings,
    workload: Workload,
    prices: Prices,
    stack_inventory: Inventory | None = None,
    measured: MeasuredLoad | None = None,
) -> int:
    """Nodes of all stages: hosts, where a vendor bills those."""
    context = _context(settings, workload, prices, stack_inventory, measured)
    return sum(_stage_nodes(context, stage)[1] for stage in settings.stages)


def _volumes(context: _Context) -> Volumes:
    def month(name: str) -> float:
        return SECONDS * sum(float(getattr(flow, name)) for flow in context.flows)

    return Volumes(
        log_gb=month("log_bytes") / GIB,
        spans=month("spans"),
        spans_kept=month("spans_kept"),
        traces_kept=month("traces_kept"),
        trace_gb=month("trace_bytes") / GIB,
        trace_gb_kept=month("trace_bytes_kept") / GIB,
        series=sum(flow.series for flow in context.flows),
        samples=month("samples"),
    )


# --- Who causes it --------------------------------------------------------------------------------


def _backend_shares(settings: Settings) -> Shares:
    """Share of the observability nodes that each signal causes: by the memory that its back ends
    request. Grafana and the operators are spread in the same proportion."""
    metrics, backends = METRICS[settings.size], BACKENDS[settings.size]
    thanos = metrics.thanos
    gib: dict[Signal, float] = {
        "metrics": _memory(metrics.prometheus.resources) * metrics.prometheus.replicas
        + _memory(metrics.stage_prometheus.resources)
        * metrics.stage_prometheus.replicas
        * len(settings.stages)
        + _memory(thanos.querier) * thanos.querier_replicas
        + _memory(thanos.store) * thanos.store_replicas
        + _memory(thanos.compactor),
        "logs": _parts(backends.loki.server, backends.loki.parts)
        + _memory(backends.loki.chunks_cache.resources)
        + _memory(backends.loki.results_cache.resources),
        "traces": _parts(backends.tempo.server, backends.tempo.parts),
    }
    total = sum(gib.values())
    return {signal: gib[signal] / total for signal in SIGNALS}


def _memory(resources: Resources) -> float:
    return mebibytes(resources.memory) / 1024


def _parts(server: Part | None, parts: Mapping[str, Part]) -> float:
    all_parts = [*([server] if server else []), *parts.values()]
    return sum(_memory(part.resources) * part.replicas for part in all_parts)


def _volume_shares(name: str, otherwise: Shares) -> Shares:
    owners: tuple[tuple[str, Signal], ...] = (
        ("kps/prometheus", "metrics"),
        ("prometheus/", "metrics"),
        ("thanos", "metrics"),
        ("loki", "logs"),
        ("tempo", "traces"),
    )
    for prefix, signal in owners:
        if name.startswith(prefix):
            return {signal: 1.0}
    return otherwise


# --- Lines ----------------------------------------------------------------------------------------


def _control_plane(context: _Context) -> Iterator[Line]:
    extended = context.inventory.extended_support
    yield context.line(
        "Control plane",
        "EKS cluster, extended support" if extended else "EKS cluster",
        HOURS,
        "eks_cluster_extended" if extended else "eks_cluster",
        "1 cluster x 730 h",
    )


def _stage_nodes(context: _Context, namespace: str) -> tuple[int, int, float]:
    """Nodes that a stage needs, those that it gets, and the share that its gateway and agents take.

    Needed: requests of applications and gateway by what a node has for them; at least `min_size`,
    at most `max_size`, of all its groups together, as the cluster autoscaler keeps to.
    """
    groups = [group for group in context.inventory.nodes if group.namespace == namespace]
    (gateway,) = (item for item in context.gateways if item.namespace == namespace)
    (flow,) = (flow for flow in context.flows if flow.namespace == namespace)
    cores, gibibytes = instance(groups[0].instance_type)
    room_cpu, room_memory = cores * NODE_CPU_SHARE, gibibytes * NODE_MEMORY_SHARE
    needed = inventory.nodes_for(
        flow.application_cpu + gateway.cpu,
        flow.application_memory_gib + gateway.memory_gib,
        room_cpu,
        room_memory,
    )
    least, most = sum(g.min_size for g in groups), sum(g.max_size for g in groups)
    nodes = min(max(needed, least), most)
    agent = BACKENDS[context.settings.size].agent.resources
    taken_cpu = gateway.cpu + nodes * millicores(agent.cpu) / 1000
    taken_memory = gateway.memory_gib + nodes * mebibytes(agent.memory) / 1024
    share = (
        max(taken_cpu / (nodes * room_cpu), taken_memory / (nodes * room_memory)) if nodes else 0
    )
    return needed, nodes, min(1.0, share)


def _node_shortages(context: _Context) -> Iterator[str]:
    for namespace in context.settings.stages:
        needed, nodes, _ = _stage_nodes(context, namespace)
        if needed > nodes:
            yield f"nodes of {namespace}: {needed} are needed, max_size is {nodes}"


def instance(instance_type: str) -> tuple[float, float]:
    """Cores and GiB of an instance type, by the EC2 naming of sizes.

    A large has 2 vCPUs, an xlarge 4, an Nxlarge 4 N (EC2 user guide, "Instance types"); GiB for
    each vCPU: 2 of the family c, 4 of m and t, 8 of r.

    Raises:
        ValueError: another family or size.
    """
    family, _, size = instance_type.partition(".")
    multiple = {"medium": 1.0, "large": 2.0, "xlarge": 4.0}.get(size)
    if multiple is None and size.endswith("xlarge") and size[:-6].isdigit():
        multiple = 4.0 * int(size[:-6])
    memory = {"c": 2.0, "m": 4.0, "t": 4.0, "r": 8.0}.get(family[:1])
    if multiple is None or memory is None:
        raise ValueError(f"{instance_type}: only sizes of the families c, m, r and t are known")
    return multiple, multiple * memory


def _nodes(context: _Context) -> Iterator[Line]:
    """Hours of instances: nodes x 730 h x price; Spot costs less by an assumed share."""
    # The groups of a namespace are alike: one in each zone, where there are several.
    for group in {group.namespace: group for group in context.inventory.nodes}.values():
        own = group.namespace == OBSERVABILITY
        if own:
            nodes = inventory.observability_nodes(context.inventory)
            shares = context.node_shares
        else:
            _, nodes, taken = _stage_nodes(context, group.namespace)
            # A gateway works for spans and data points, agents for lines: a third each, which is
            # all that can be said before it is measured in a cluster.
            shares = dict.fromkeys(SIGNALS, taken / 3)
        discount = context.workload.assumptions.spot_discount if group.spot else 0.0
        price = f"ec2.{group.instance_type}"
        yield Line(
            component="Nodes: observability" if own else "Nodes: stages",
            item=f"{group.namespace}: {nodes} x {group.instance_type}"
            + (" Spot" if group.spot else ""),
            quantity=nodes * HOURS,
            price=price,
            usd=context.prices.cost(price, nodes * HOURS) * (1 - discount),
            formula=f"{nodes} x 730 h" + (f" x {1 - discount:.0%}" if discount else ""),
            shares=shares,
        )
        yield context.line(
            "EBS volumes",
            f"{group.namespace}: root volumes, {nodes} x {group.disk_gib} GiB",
            nodes * group.disk_gib,
            "ebs_gp3_storage",
            "nodes x GiB",
            shares,
        )


def _ebs(context: _Context) -> Iterator[Line]:
    for volume in context.inventory.volumes:
        yield context.line(
            "EBS volumes",
            f"{volume.name}: {volume.replicas} x {volume.gib:g} GiB",
            volume.gib * volume.replicas,
            "ebs_gp3_storage",
            "replicas x GiB, baseline IOPS",
            _volume_shares(volume.name, context.node_shares),
        )


def _network(context: _Context) -> Iterator[Line]:
    stack_inventory, assumed = context.inventory, context.workload.assumptions
    gateways_, interfaces = stack_inventory.nat_gateways, stack_inventory.interface_endpoints
    if gateways_:
        hours = f"{gateways_} x 730 h"
        yield context.line("NAT", "gateways", gateways_ * HOURS, "nat_gateway", hours)
        yield context.line("NAT", "public addresses", gateways_ * HOURS, "public_ipv4", hours)
        yield context.line(
            "NAT", "data", assumed.nat_gb, "nat_gateway_data", "nat_gb of the assumptions"
        )
    if interfaces:
        yield context.line(
            "Interface endpoints",
            "interfaces",
            interfaces * HOURS,
            "interface_endpoint",
            f"{interfaces} (services x zones) x 730 h",
        )
        yield context.line(
            "Interface endpoints",
            "data",
            _node_count(context) * assumed.endpoint_gb_per_node,
            "interface_endpoint_data",
            "nodes x endpoint_gb_per_node",
        )


def _node_count(context: _Context) -> int:
    stages = sum(_stage_nodes(context, stage)[1] for stage in context.settings.stages)
    return inventory.observability_nodes(context.inventory) + stages


def _cross_zone(context: _Context) -> Iterator[Line]:
    """Traffic that changes the zone, billed in both directions: bytes/s x share x month x 2.

    Spans: application to gateway in full, gateway to gateway compressed. Data points: application
    to gateway in full. Compressed, by way of a door and thus twice: spans that are kept to Tempo,
    data points to each replica of Prometheus, lines from the agent to Loki; and lines once more to
    each copy where Loki keeps several.
    """
    assumed = context.workload.assumptions
    copies = BACKENDS[context.settings.size].loki.replication_factor
    replicas = METRICS[context.settings.size].prometheus.replicas
    wire = assumed.wire_ratio
    spans = sum(f.trace_bytes * (1 + wire) + f.trace_bytes_kept * wire * 2 for f in context.flows)
    points = sum(f.samples for f in context.flows) * assumed.bytes_per_data_point
    lines = sum(f.log_bytes for f in context.flows)
    bytes_per_second: dict[Signal, float] = {
        "traces": spans,
        "metrics": points * (1 + wire * 2 * replicas),
        "logs": lines * wire * (2 + (copies if copies > 1 else 0)),
    }
    for signal in SIGNALS:
        gigabytes = bytes_per_second[signal] * assumed.cross_zone_share * SECONDS / GIB
        yield context.line(
            "Cross-zone traffic",
            signal,
            gigabytes,
            "cross_zone_data",
            f"bytes/s x {assumed.cross_zone_share:.0%} x month, in and out",
            {signal: 1.0},
            units=2 * gigabytes,
        )


def stored_gb(settings: Settings, workload: Workload) -> dict[Signal, float]:
    """GB in the buckets of the back ends once retention is reached.

    Logs and traces: bytes/s x retention of the namespace x stored ratio. Metrics, for each
    Prometheus: samples/s x raw retention x bytes per sample, and of each series an aggregate of
    five samples every 5 minutes and every hour, for their retention.
    """
    assumed, days = workload.assumptions, settings.retention_days.metrics
    all_flows = flows(settings, workload)
    retention = {name: space.retention_days for name, space in settings.namespaces.items()}
    logs = sum(f.log_bytes * retention[f.namespace].logs for f in all_flows)
    traces = sum(f.trace_bytes_kept * retention[f.namespace].traces for f in all_flows)
    samples_per_day = sum(f.samples for f in all_flows) * DAY
    series = sum(f.series for f in all_flows)
    aggregates = series * assumed.downsampled_aggregates
    metrics = (
        samples_per_day * days.raw
        + aggregates * (DAY / 300) * days.five_minutes
        + aggregates * 24 * days.one_hour
    )
    replicas = METRICS[settings.size].prometheus.replicas
    return {
        "metrics": metrics * assumed.bytes_per_sample * replicas / GIB,
        "logs": logs * DAY * assumed.log_stored_ratio / GIB,
        "traces": traces * DAY * assumed.trace_stored_ratio / GIB,
    }


def _written_objects(context: _Context) -> dict[Signal, float]:
    """Objects written to S3 in a month."""
    assumed = context.workload.assumptions
    lines = sum(f.log_bytes for f in context.flows) * SECONDS * assumed.log_stored_ratio
    # Each replica of each Prometheus uploads blocks of its own.
    copies = METRICS[context.settings.size].prometheus.replicas * len(context.settings.namespaces)
    tenants = sum(1 for flow in context.flows if flow.spans)
    return {
        "metrics": assumed.metric_objects_per_hour * HOURS * copies,
        "logs": lines / assumed.chunk_bytes,
        "traces": assumed.trace_objects_per_hour * HOURS * tenants,
    }


def _s3(context: _Context) -> Iterator[Line]:
    assumed = context.workload.assumptions
    stored = stored_gb(context.settings, context.workload)
    written = _written_objects(context)
    for signal in SIGNALS:
        yield context.line(
            "S3 storage",
            signal,
            stored[signal],
            "s3_storage",
            "bytes/s x retention x stored ratio",
            {signal: 1.0},
        )
        yield context.line(
            "S3 requests",
            f"{signal}: writes",
            written[signal],
            "s3_put",
            "objects written a month",
            {signal: 1.0},
            units=written[signal] / 1e3,
        )
        yield context.line(
            "S3 requests",
            f"{signal}: reads",
            written[signal] * assumed.gets_per_put,
            "s3_get",
            "writes x gets_per_put",
            {signal: 1.0},
            units=written[signal] * assumed.gets_per_put / 1e3,
        )
    yield context.line(
        "S3 storage", "backups", assumed.backup_gb, "s3_storage", "backup_gb of the assumptions"
    )


def _keys(context: _Context) -> Iterator[Line]:
    assumed = context.workload.assumptions
    keys = context.inventory.kms_keys
    yield context.line("KMS", "keys", keys, "kms_key", "keys of the stacks")
    requests = sum(_written_objects(context).values()) * (1 + assumed.gets_per_put)
    asked = requests * assumed.kms_requests_per_s3_request
    yield context.line(
        "KMS",
        "requests",
        asked,
        "kms_request",
        "S3 requests x kms_requests_per_s3_request",
        context.node_shares,
        units=asked / 1e4,
    )


def _logs(context: _Context) -> Iterator[Line]:
    assumed = context.workload.assumptions
    ingested = assumed.control_plane_log_gb
    months = context.inventory.log_retention_days * 24 / HOURS
    yield context.line(
        "CloudWatch Logs",
        "control plane, ingested",
        ingested,
        "logs_ingested",
        "control_plane_log_gb of the assumptions",
    )
    yield context.line(
        "CloudWatch Logs",
        "control plane, stored",
        ingested * months * assumed.cloudwatch_stored_ratio,
        "logs_stored",
        f"GB a month x {months:.1f} months x stored ratio",
    )
    delivered = _node_count(context) * assumed.flow_log_gb_per_node
    kept = dict(context.inventory.bucket_days)["flow-logs"] * 24 / HOURS
    yield context.line(
        "VPC flow logs", "delivered", delivered, "logs_delivered_to_s3", "nodes x GB a node"
    )
    yield context.line(
        "VPC flow logs", "as Parquet", delivered, "logs_converted_to_parquet", "the same GB"
    )
    yield context.line(
        "VPC flow logs",
        "stored",
        delivered * kept * assumed.flow_log_stored_ratio,
        "s3_storage",
        f"GB a month x {kept:.1f} months x stored ratio",
    )


def _secrets(context: _Context) -> Iterator[Line]:
    secrets = context.workload.assumptions.secrets
    yield context.line("Secrets Manager", "secrets", secrets, "secret", "secrets")
    yield context.line(
        "Secrets Manager",
        "reads",
        secrets * HOURS,
        "secret_request",
        "secrets x 730, one read an hour",
        units=secrets * HOURS / 1e4,
    )
