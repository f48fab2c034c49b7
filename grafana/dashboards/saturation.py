"""Saturation of a namespace and the nodes: CPU, memory, quota, volumes."""

from collections.abc import Sequence

from grafana import variables
from grafana.board import PLATFORM_FOLDER, DashboardFile, Section, board
from grafana.panels import FULL, HALF, QUARTER, THIRD, Levels, Panel, Query, bars, lines
from grafana.queries import RATE
from signals import metrics as m
from signals.uids import SATURATION

_IN = 'namespace="$namespace"'
_CONTAINERS = f'{_IN}, container!=""'
_FULLNESS = Levels(warning=0.8, critical=0.9)


def dashboard() -> DashboardFile:
    """Dashboard `Kubernetes saturation`."""
    return board(
        SATURATION,
        "Kubernetes saturation",
        "The use of a namespace compared with its requests, limits and quota, and the free "
        "capacity of the nodes.",
        folder=PLATFORM_FOLDER,
        tags=["saturation", "kubernetes"],
        variables=[variables.namespace()],
        time_from="now-3h",
        sections=[
            Section(title="Namespace", panels=_namespace()),
            Section(title="Containers", panels=_containers()),
            Section(title="Volumes and nodes", panels=_volumes_and_nodes()),
        ],
    )


def _namespace() -> Sequence[Panel]:
    def sums(resource: str, used: str) -> list[Query]:
        of = f'{_IN}, resource="{resource}"'
        return [
            Query(expr=used, legend="used"),
            Query(expr=f"sum({m.REQUESTS}{{{of}}})", legend="requested"),
            Query(expr=f"sum({m.LIMITS}{{{of}}})", legend="limits"),
        ]

    return [
        lines(
            "CPU: used, requested, limits",
            "Requests far above use waste money. Use above requests depends on the free "
            "capacity of the node.",
            "short",
            sums("cpu", f"sum(rate({m.CONTAINER_CPU}{{{_CONTAINERS}}}[{RATE}]))"),
            width=THIRD,
        ),
        lines(
            "Memory: used, requested, limits",
            "If the use is near the limits, the next peak is killed.",
            "bytes",
            sums("memory", f"sum({m.CONTAINER_MEMORY}{{{_CONTAINERS}}})"),
            width=THIRD,
        ),
        bars(
            "Quota used",
            "Share of the namespace's ResourceQuota; at 100 % new pods are refused. Its numbers "
            "are in environments/*.yaml.",
            "percentunit",
            [
                Query(
                    expr=f'{m.QUOTA}{{{_IN}, type="used"}} / ignoring (type) '
                    f'({m.QUOTA}{{{_IN}, type="hard"}} > 0)',
                    legend="{{resource}}",
                )
            ],
            width=THIRD,
            levels=_FULLNESS,
            maximum=1,
        ),
    ]


def _containers() -> Sequence[Panel]:
    by = "sum by (pod, container)"
    throttled, periods = (
        f"{by} (rate({metric}{{{_CONTAINERS}}}[{RATE}]))"
        for metric in (m.CONTAINER_THROTTLED, m.CONTAINER_PERIODS)
    )
    oom = f'{m.LAST_TERMINATED}{{{_IN}, reason="OOMKilled"}}'
    return [
        lines(
            "Memory of the limit",
            "At 100 % the kernel kills the container. The panel shows the ten highest.",
            "percentunit",
            [
                Query(
                    expr=f"topk(10, {by} ({m.CONTAINER_MEMORY}{{{_CONTAINERS}}})"
                    f' / ({by} ({m.LIMITS}{{{_IN}, resource="memory"}}) > 0))',
                    legend="{{pod}} {{container}}",
                )
            ],
            width=QUARTER,
            levels=_FULLNESS,
        ),
        lines(
            "Throttled periods",
            "Share of periods in which the CPU limit throttled a container; the worst ten.",
            "percentunit",
            [
                Query(
                    expr=f"topk(10, {throttled} / ({periods} > 0))", legend="{{pod}} {{container}}"
                )
            ],
            width=QUARTER,
            levels=Levels(warning=0.1, critical=0.25),
        ),
        lines(
            "Restarts in an hour",
            "To find the cause, read the last log lines before the restart and `kubectl "
            "describe pod`.",
            "short",
            [
                Query(
                    expr=f"{by} (increase({m.RESTARTS}{{{_IN}}}[1h])) > 0",
                    legend="{{pod}} {{container}}",
                ),
                Query(expr=f"sum(increase({m.RESTARTS}{{{_IN}}}[1h]))", legend="all"),
            ],
            width=QUARTER,
        ),
        lines(
            "Containers last killed for memory",
            "Raise the limit, or find the leak.",
            "short",
            [
                Query(expr=f"{by} ({oom})", legend="{{pod}} {{container}}"),
                Query(expr=f"count({oom}) or vector(0)", legend="all"),
            ],
            width=QUARTER,
        ),
    ]


def _volumes_and_nodes() -> Sequence[Panel]:
    return [
        lines(
            "Volumes: used",
            "A full volume stops its program. The StorageClass allows larger claims.",
            "percentunit",
            [
                Query(
                    expr=f"1 - {m.VOLUME_AVAILABLE}{{{_IN}}} / ({m.VOLUME_CAPACITY}{{{_IN}}} > 0)",
                    legend="{{persistentvolumeclaim}}",
                )
            ],
            width=HALF,
            levels=_FULLNESS,
            maximum=1,
        ),
        lines(
            "Nodes: CPU of what pods may use",
            "Nodes of all namespaces. If all of them are high, the node groups are at their "
            "maximum.",
            "percentunit",
            [
                Query(
                    expr="label_replace(sum by (k8s_node_name) "
                    f'({m.NODE_CPU}), "node", "$1", "k8s_node_name", "(.+)")'
                    f' / on (node) (sum by (node) ({m.NODE_ALLOCATABLE}{{resource="cpu"}}) > 0)',
                    legend="{{node}}",
                )
            ],
            width=HALF,
            levels=_FULLNESS,
        ),
        lines(
            "Nodes: memory free",
            "Below a few hundred MiB the kubelet evicts pods.",
            "bytes",
            [
                Query(
                    expr=f"sum by (k8s_node_name) ({m.NODE_MEMORY_AVAILABLE})",
                    legend="{{k8s_node_name}}",
                )
            ],
            width=FULL,
        ),
    ]
