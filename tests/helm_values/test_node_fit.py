"""All pods fit the nodes and quotas that the settings give them.

What pods ask for is in the contracts (`pods`, written by `make charts-check` from the rendered
objects), what Thanos asks for in helm_values/thanos/thanos.py, what nodes have in
verification/rehearsal/cluster/node_capacity.py. A real scheduler places those pods that need no
chart (tests/verification/rehearsal/test_rehearsed_cluster.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, Final

import pytest
from settings_files import TODAY, problems, render, vary, write

from blueprint.backend_sizes import BACKENDS
from blueprint.doors import doors
from blueprint.names import telemetry_namespace
from blueprint.resources import mebibytes, millicores
from blueprint.sizes import METRICS
from helm_values.static_values import static_values
from helm_values.telemetry_quota import telemetry_quota
from helm_values.thanos import thanos
from settings.load import environment_names, load_environment
from settings.model import OBSERVABILITY, NodeGroup, Settings
from settings.node_sizes import (
    MIN_OBSERVABILITY_QUOTA,
    MIN_STAGE_VCPUS,
    OBSERVABILITY_NODES,
    SIZES,
    TOO_SMALL,
    Size,
)
from verification.charts.chart_contract import STAGE, read_contracts
from verification.charts.chart_pods import PodGroup, parse, pod_groups
from verification.charts.chart_settings import sample_name, samples
from verification.rehearsal.cluster.node_capacity import (
    CENTRAL_ADDONS,
    PER_NODE_ADDONS,
    Amount,
    allocatable,
    allocatable_memory,
)

SETTINGS: Final = samples(TODAY)
SIZES_IN_USE: Final = {load_environment(name, TODAY).size for name in environment_names()}
CONTRACTS: Final = read_contracts()

# --- What nodes have ------------------------------------------------------------------------------

SHARE_OF_GATEWAYS: Final = 0.65
"""Half of the vCPUs (`MIN_STAGE_VCPUS`), and thus somewhat more of what is left of them."""

NOTHING: Final = Amount(0, 0)

NODE_ADDONS: Final = ("aws-node", "kube-proxy", "ebs-csi-node", "eks-pod-identity-agent")


def node_room(settings: Settings, group: NodeGroup) -> Amount:
    """A node of the group's smallest type, without what runs on every node."""
    agents = sum((requests(item) for item in agents_of(settings)), NOTHING)
    rooms = [allocatable(kind) - PER_NODE_ADDONS - agents for kind in group.instance_types]
    return Amount(min(room.cpu for room in rooms), min(room.memory for room in rooms))


def zones(group: NodeGroup) -> int:
    return 3 if group.zone_spread == "per_zone" else 1


# --- What pods ask for ----------------------------------------------------------------------------


def groups(settings: Settings, namespace: str) -> list[PodGroup]:
    """Groups of pods of the charts in one namespace."""
    return [
        parse(name, text)
        for contract in CONTRACTS.values()
        for release, pods in contract.pods.get(sample_name(settings.size), {}).items()
        if release.split("/")[0] == namespace
        for name, text in pods.items()
    ]


def stage_prometheus(settings: Settings) -> Iterator[PodGroup]:
    """The Prometheus of each stage, which runs on the observability nodes.

    The operator, which is in another release, adds its reloader to each pod.
    """
    operator = static_values("kube_prometheus_stack")["prometheusOperator"]
    reloader = operator["prometheusConfigReloader"]["resources"]
    added = {
        "cpu": millicores(reloader["requests"]["cpu"]),
        "memory": mebibytes(reloader["requests"]["memory"]),
        "cpu_limit": millicores(reloader["limits"]["cpu"]),
        "memory_limit": mebibytes(reloader["limits"]["memory"]),
    }
    for stage in settings.stages:
        for item in groups(settings, telemetry_namespace(STAGE)):
            if item.kind == "Prometheus":
                # Apart and spread are its own replicas alone.
                asked = {key: getattr(item, key) + more for key, more in added.items()}
                yield PodGroup(**{**asdict(item), **asked, "name": f"{item.name} of {stage}"})


def door_groups(settings: Settings) -> Iterator[PodGroup]:
    for door in doors(settings):
        yield PodGroup(
            name=f"Deployment {door.name}",
            least=door.replicas,
            most=door.replicas,
            cpu=millicores(door.resources.cpu),
            memory=mebibytes(door.resources.memory),
            cpu_limit=millicores(door.resources.cpu_limit),
            memory_limit=mebibytes(door.resources.memory_limit),
            volumes=0,
        )


def thanos_groups(settings: Settings) -> Iterator[PodGroup]:
    for component in (
        thanos.querier(settings), thanos.store(settings), thanos.compactor(settings)
    ):  # fmt: skip
        has_volume = component.volume_gib is not None
        yield PodGroup(
            name=f"{'StatefulSet' if has_volume else 'Deployment'} {component.name}",
            least=component.replicas,
            most=component.replicas,
            cpu=millicores(component.resources.cpu),
            memory=mebibytes(component.resources.memory),
            cpu_limit=millicores(component.resources.cpu_limit),
            memory_limit=mebibytes(component.resources.memory_limit),
            volumes=int(has_volume),
            even_over_zones=has_volume,
        )


def observability(settings: Settings) -> list[PodGroup]:
    return [
        *groups(settings, OBSERVABILITY), *thanos_groups(settings), *door_groups(settings)
    ]  # fmt: skip


def agents_of(settings: Settings) -> list[PodGroup]:
    return [item for item in groups(settings, OBSERVABILITY) if item.kind == "DaemonSet"]


def running(settings: Settings) -> list[PodGroup]:
    """What stays on the observability nodes; hooks of releases are gone soon."""
    central = [
        *observability(settings),
        *stage_prometheus(settings),
        *groups(settings, "kube-system"),
    ]
    return [item for item in central if item.kind not in ("DaemonSet", "Job")]


def gateway(settings: Settings) -> PodGroup:
    """That of any stage."""
    return {item.name: item for item in groups(settings, telemetry_namespace(STAGE))}[
        "Deployment otel-gateway"
    ]


def requests(group: PodGroup) -> Amount:
    return Amount(group.cpu, group.memory)


def limits(group: PodGroup) -> Amount:
    return Amount(group.cpu_limit, group.memory_limit)


def surge(group: PodGroup) -> int:
    """Pods beside the old ones during a rollout: a quarter, Kubernetes' default, or the one more of
    the gateways."""
    return ceil(group.most / 4) if group.kind == "Deployment" else 0


# --- The scheduler, roughly -----------------------------------------------------------------------


@dataclass
class Node:
    zone: int
    room: Amount
    groups: list[str] = field(default_factory=list)


def nodes_of(settings: Settings, per_zone: int, in_zones: Iterable[int] = range(3)) -> list[Node]:
    room = node_room(settings, settings.node_group(OBSERVABILITY))
    return [Node(zone, room) for zone in in_zones for _ in range(per_zone)]


def place(pods: Iterable[PodGroup], nodes: list[Node]) -> tuple[list[str], dict[str, list[int]]]:
    """Put the largest first, each where most is free; what finds no place, and zones by group."""
    unplaced: list[str] = []
    zones_of: dict[str, list[int]] = {}
    for group in sorted(pods, key=lambda item: (item.memory, item.cpu), reverse=True):
        for _ in range(group.most):
            taken = zones_of.setdefault(group.name, [])
            fewest = min((taken.count(zone) for zone in {node.zone for node in nodes}), default=0)
            possible = [
                node
                for node in nodes
                if requests(group).fits(node.room)
                and not (group.one_per_node and group.name in node.groups)
                and not (group.even_over_zones and taken.count(node.zone) > fewest)
            ]
            if not possible:
                unplaced.append(group.name)
                continue
            node = max(possible, key=lambda item: (-taken.count(item.zone), item.room.memory))
            node.room -= requests(group)
            node.groups.append(group.name)
            taken.append(node.zone)
    return unplaced, zones_of


def addons() -> PodGroup:
    half = Amount(CENTRAL_ADDONS.cpu // 2, CENTRAL_ADDONS.memory // 2)
    return PodGroup(
        name="Deployment add-ons", least=2, most=2, cpu=half.cpu, memory=half.memory,
        cpu_limit=0, memory_limit=0, volumes=0,
    )  # fmt: skip


# --- Tests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instance_type", "cpu", "memory"),
    # CPU is what Karpenter's "Instance Types" page lists; its memory is 891 MiB more, for 29 pods.
    [("m7i.large", 1930, 6012), ("m7i.xlarge", 3920, 13590), ("m7i.2xlarge", 7910, 28745)],
)
def test_allocatable_is_less_than_the_instance_has(
    instance_type: str, cpu: int, memory: int
) -> None:
    assert allocatable(instance_type) == Amount(cpu, memory)


def test_the_contract_names_every_release_that_makes_pods() -> None:
    for settings in SETTINGS.values():
        names = {item.name for item in observability(settings)}
        assert {"Prometheus kps", "DaemonSet otel-agent", "Deployment kps-grafana"} <= names
        assert [item.name for item in groups(settings, "kube-system")] == [
            "Deployment metrics-server"
        ]
        assert gateway(settings).least >= 2
        assert len(list(stage_prometheus(settings))) == len(settings.stages)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_observability_nodes_hold_their_pods(name: str) -> None:
    settings = SETTINGS[name]
    group = settings.node_group(OBSERVABILITY)
    room = node_room(settings, group)
    need = sum((requests(item) * item.most for item in running(settings)), CENTRAL_ADDONS)

    for per_zone, share in ((group.max_size, 0.5), (group.min_size, 0.95)):
        have = room * (per_zone * 3)
        # Half at the maximum, so that a rollout, and a size's growth, find room.
        assert max(need.cpu / have.cpu, need.memory / have.memory) <= share, (need, have)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_pod_finds_a_node_even_with_the_fewest_nodes(name: str) -> None:
    settings = SETTINGS[name]
    per_zone = settings.node_group(OBSERVABILITY).min_size

    unplaced, zones_of = place([*running(settings), addons()], nodes_of(settings, per_zone))

    assert not unplaced
    for group in running(settings):
        if group.volumes and group.most > 1:
            # A volume keeps its pod in its zone for good: so each must get one of its own.
            assert len(set(zones_of[group.name])) == min(3, group.most), group.name


@pytest.mark.parametrize("name", SETTINGS)
def test_after_the_loss_of_a_zone_the_others_hold_what_can_move(name: str) -> None:
    settings = SETTINGS[name]
    group = settings.node_group(OBSERVABILITY)
    pods = [*running(settings), addons()]
    _, zones_of = place(pods, nodes_of(settings, group.min_size))

    for lost in range(3):
        stays = [
            # What has its volume there waits for the zone.
            PodGroup(**{**asdict(item), "most": item.most - zones_of[item.name].count(lost)})
            if item.volumes
            else item
            for item in pods
        ]
        others = [zone for zone in range(3) if zone != lost]
        unplaced, _ = place(stays, nodes_of(settings, group.max_size, others))
        assert not unplaced, lost


@pytest.mark.parametrize("name", SETTINGS)
def test_pods_that_share_no_node_have_nodes_enough(name: str) -> None:
    settings = SETTINGS[name]
    nodes = 3 * settings.node_group(OBSERVABILITY).min_size
    for item in running(settings):
        if item.one_per_node:
            # A rollout of fewer than four makes the new pod before it takes an old one away.
            beside = surge(item) if item.most < 4 else 0
            assert item.most + beside <= nodes, item.name


@pytest.mark.parametrize("name", SETTINGS)
def test_replicas_with_a_volume_are_spread_over_zones_for_good(name: str) -> None:
    for item in running(SETTINGS[name]):
        if item.volumes and item.most > 1:
            assert item.even_over_zones, item.name


@pytest.mark.parametrize("name", SETTINGS)
def test_no_pod_is_larger_than_a_node(name: str) -> None:
    settings = SETTINGS[name]
    for namespace in settings.namespaces:
        room = node_room(settings, settings.node_group(namespace))
        pods = running(settings) if namespace == OBSERVABILITY else [gateway(settings)]
        for item in pods:
            assert requests(item).fits(room), (namespace, item.name)


@pytest.mark.parametrize("name", SETTINGS)
def test_gateways_fit_the_nodes_of_their_stage(name: str) -> None:
    settings = SETTINGS[name]
    for stage in settings.stages:
        group, item = settings.node_group(stage), gateway(settings)
        room = node_room(settings, group)
        per_node = min(room.cpu // item.cpu, room.memory // item.memory)
        nodes = group.max_size * zones(group)

        # The most, and one more during a rollout; the autoscaler adds nodes for them.
        assert item.most + 1 <= per_node * nodes, stage
        # The rest of the stage's nodes is for applications.
        assert requests(item).cpu * item.most <= room.cpu * nodes * SHARE_OF_GATEWAYS, stage
        assert requests(item).memory * item.most <= room.memory * nodes * SHARE_OF_GATEWAYS, stage
        if settings.size in SIZES_IN_USE:
            assert item.least <= per_node * group.min_size * zones(group), stage


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(
    ("size", "gibibytes", "pod_limits"),
    # Pods with and without prefix delegation: (ENIs x (addresses - 1) [x 16]) + 2.
    [("nano", 0.5, (4, 34)), ("micro", 1, (4, 34)), ("small", 2, (11, 110))],
)
def test_sizes_without_room_for_what_runs_on_each_node_are_refused(
    name: str, size: str, gibibytes: float, pod_limits: tuple[int, ...]
) -> None:
    agents = agents_of(SETTINGS[name])
    memory = PER_NODE_ADDONS.memory + sum(agent.memory for agent in agents)
    has_room = [
        len(NODE_ADDONS) + len(agents) < most_pods
        and memory <= allocatable_memory(gibibytes, most_pods)
        for most_pods in pod_limits
    ]
    assert any(has_room) == (size not in TOO_SMALL)


@pytest.mark.parametrize("size", SIZES)
def test_a_stage_must_have_room_for_twice_the_gateway_of_the_size(size: Size) -> None:
    gateway_size = BACKENDS[size].gateway
    rollout = static_values("otel_gateway")["rollout"]["rollingUpdate"]
    most = gateway_size.max_replicas + rollout["maxSurge"]
    cpu = most * millicores(gateway_size.resources.cpu) / 1000
    assert MIN_STAGE_VCPUS[size] == ceil(2 * cpu)


@pytest.mark.parametrize("size", SIZES)
def test_too_few_nodes_for_the_gateway_are_refused(size: Size, tmp_path: Path) -> None:
    group = ("namespaces", "dev", "node_group")
    for kind, vcpus in (("m7i.large", 2), ("m7i.xlarge", 4), ("hpc7a.12xlarge", 24)):
        least = ceil(MIN_STAGE_VCPUS[size] / vcpus)
        for most in {least, least - 1} - {0}:
            document = vary(("size",), size)
            for key, value in (("instance_types", [kind]), ("min_size", 0), ("max_size", most)):
                document = vary((*group, key), value, document)
            # So that there is always something to refuse.
            document = vary(("namespaces", "dev", "sampling"), None, document)
            lines = problems(write(tmp_path, render(document)[0]))
            refusals = [line for line in lines if "namespaces.dev.node_group.max_size:" in line]
            if most == least:
                assert not refusals
            else:
                (line,) = refusals
                assert f"at least {least} with {kind}, or larger types: size {size} needs" in line


@pytest.mark.parametrize("name", SETTINGS)
def test_quota_of_a_telemetry_namespace_holds_a_rollout_of_the_most_and_not_much_more(
    name: str,
) -> None:
    settings = SETTINGS[name]
    quota = telemetry_quota(settings)
    prometheus = next(stage_prometheus(settings))
    item = gateway(settings)
    # Beside them one that a rollout makes (`maxSurge`), and one that is ending.
    most = item.most + 2
    request = requests(item) * most + requests(prometheus) * prometheus.most
    limit = limits(item) * most + limits(prometheus) * prometheus.most
    needed = {
        "requests_cpu": request.cpu / 1000,
        "requests_memory_gib": request.memory / 1024,
        "limits_cpu": limit.cpu / 1000,
        "limits_memory_gib": limit.memory / 1024,
    }
    for key, amount in needed.items():
        # Whole cores and GiB, of each of the two.
        assert amount <= getattr(quota, key) < amount + 2, key
    assert quota.pods == most + prometheus.most
    assert quota.persistent_volume_claims == prometheus.most * prometheus.volumes
    assert item.volumes == 0


@pytest.mark.parametrize("name", SETTINGS)
def test_the_prometheus_of_a_stage_takes_no_more_memory_than_it_has_reserved(name: str) -> None:
    resources = METRICS[SETTINGS[name].size].stage_prometheus.resources
    # What is above the request is taken from whoever is on the node.
    assert resources.memory == resources.memory_limit


def minimum_quota(settings: Settings, nodes: int) -> dict[str, float]:
    """What the observability namespace uses at most: all rollouts and hooks at the same time, and
    the agents on so many nodes."""
    pods = observability(settings)
    count = {item.name: item.most + surge(item) for item in pods}
    count |= {item.name: nodes for item in agents_of(settings)}
    asked = sum((requests(item) * count[item.name] for item in pods), NOTHING)
    allowed = sum((limits(item) * count[item.name] for item in pods), NOTHING)
    return {
        "requests_cpu": asked.cpu / 1000,
        "requests_memory_gib": asked.memory / 1024,
        "limits_cpu": allowed.cpu / 1000,
        "limits_memory_gib": allowed.memory / 1024,
        "pods": sum(count.values()),
        "persistent_volume_claims": sum(item.volumes * item.most for item in pods),
    }


@pytest.mark.parametrize("name", SETTINGS)
def test_quota_of_observability_holds_everything_on_the_most_nodes(name: str) -> None:
    settings = SETTINGS[name]
    most_nodes = sum(
        group.max_size * zones(group) for group in map(settings.node_group, settings.namespaces)
    )
    quota = settings.namespaces[OBSERVABILITY].quota.model_dump()
    for key, needed in minimum_quota(settings, most_nodes).items():
        assert needed <= quota[key], key


@pytest.mark.parametrize("name", SETTINGS)
def test_least_quota_of_a_size_is_enough_and_not_much_more(name: str) -> None:
    settings = SETTINGS[name]
    least = asdict(MIN_OBSERVABILITY_QUOTA[settings.size])
    for key, needed in minimum_quota(settings, least["nodes"]).items():
        assert needed <= least[key] <= 2 * needed + 2, (key, needed)


@pytest.mark.parametrize("key", ["requests_cpu", "limits_memory_gib", "pods"])
def test_too_small_a_quota_for_the_size_is_refused(key: str, tmp_path: Path) -> None:
    sizes: tuple[Size, ...] = ("small", "medium", "large")
    assert tuple(MIN_OBSERVABILITY_QUOTA) == sizes == tuple(OBSERVABILITY_NODES)
    least = asdict(MIN_OBSERVABILITY_QUOTA["large"])[key]
    lines = problems(write(tmp_path, render(vary(("size",), "large"))[0]))
    (line,) = [line for line in lines if f"namespaces.observability.quota.{key}:" in line]
    assert f"at least {least}, which the back ends of size large need" in line


# --- How objects are read -------------------------------------------------------------------------


def workload(kind: str, **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "a"}, "spec": spec}


def container(cpu: str, memory: str, **more: Any) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu, "memory": memory}, **more}}


def test_a_pod_asks_for_its_containers_or_its_largest_first_one() -> None:
    pods = {
        "initContainers": [container("1", "16Mi")],
        "containers": [container("100m", "1Gi"), container("0.2", "32Mi")],
    }
    (group,) = pod_groups([workload("Deployment", replicas=3, template={"spec": pods})])

    assert (group.least, group.cpu, group.memory) == (3, 1000, 1056)
    assert parse(group.name, group.text) == group


def test_without_requests_the_limits_count() -> None:
    pods = {"containers": [{"resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}]}
    (group,) = pod_groups([workload("StatefulSet", template={"spec": pods})])

    assert (group.least, group.cpu, group.memory, group.cpu_limit) == (1, 2000, 1024, 2000)


def test_an_autoscaler_says_how_many() -> None:
    scaler = workload(
        "HorizontalPodAutoscaler",
        scaleTargetRef={"kind": "Deployment", "name": "a"},
        minReplicas=2,
        maxReplicas=9,
    )
    pods = {"containers": [container("1", "1Gi")]}
    (group,) = pod_groups([workload("Deployment", template={"spec": pods}), scaler])

    assert (group.least, group.most) == (2, 9)
    assert group.text.startswith("2-9 x 1000m 1024Mi")
    assert parse(group.name, group.text) == group


def test_the_operators_pods_have_its_reloader_and_what_is_said_of_nodes_and_zones() -> None:
    operator = workload(
        "Deployment",
        template={
            "spec": {
                "containers": [
                    {
                        "args": [
                            "--config-reloader-cpu-request=10m",
                            "--config-reloader-memory-limit=96Mi",
                            "--other=1",
                        ]
                    }
                ]
            }
        },
    )
    apart = [{"topologyKey": "kubernetes.io/hostname"}]
    zone = "topology.kubernetes.io/zone"
    prometheus = workload(
        "Prometheus",
        replicas=2,
        thanos=container("20m", "64Mi"),
        storage={"volumeClaimTemplate": {"spec": {}}},
        affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": apart}},
        topologySpreadConstraints=[{"topologyKey": zone, "whenUnsatisfiable": "DoNotSchedule"}],
        **container("1", "2Gi"),
    )
    group = pod_groups([operator, prometheus])[1]

    assert (group.cpu, group.memory, group.volumes) == (1030, 2048 + 96 + 64, 1)
    assert group.one_per_node
    assert group.even_over_zones
    assert parse(group.name, group.text) == group


def test_what_is_no_such_text_is_refused() -> None:
    with pytest.raises(ValueError, match="does not tell what pods ask for"):
        parse("Deployment a", "2 x 1m")
    with pytest.raises(ValueError, match="allowed: whole Mi or Gi"):
        mebibytes("512M")
