"""Tables of docs/operations/capacity.md: capacity of each size."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from blueprint.backend_sizes import BACKENDS, Part
from blueprint.resources import Resources
from blueprint.sizes import METRICS
from docgen.markdown import code, table
from settings.node_sizes import OBSERVABILITY_NODES, SIZES, Size
from tools.paths import ROOT


def capacity_block() -> str:
    """Capacity of each size, and how the numbers are calculated."""
    parts = (
        ("Capacity", _CAPACITY),
        ("Replicas", _REPLICAS),
        ("Volumes and local retention", _VOLUMES),
        ("Memory limits", _MEMORY),
        ("Limits that stop a flood", _LIMITS),
        ("Nodes of the observability namespace", _NODES),
    )
    sections = [
        f"## {title}\n\n"
        + table(
            ("Quantity", *SIZES),
            ((name, *(value(size) for size in SIZES)) for name, value in rows.items()),
        )
        for title, rows in parts
    ]
    for title, module in (("metrics", "sizes"), ("logs, traces and collectors", "backend_sizes")):
        path = ROOT / "blueprint" / f"{module}.py"
        bullets = "\n".join(f"- {bullet}" for bullet in _bullets(path))
        sections.append(
            f"## How the numbers are calculated: {title}\n\nSource: `blueprint/{module}.py`.\n\n"
            + bullets
        )
    return "\n\n".join(sections)


def _loki(size: Size) -> str:
    loki = BACKENDS[size].loki
    return _form(loki.server, loki.parts, f", replication factor {loki.replication_factor}")


def _tempo(size: Size) -> str:
    tempo = BACKENDS[size].tempo
    return _form(tempo.server, tempo.parts)


def _form(server: Part | None, parts: dict[str, Part], more: str = "") -> str:
    if server is not None:
        return f"{server.replicas}, monolithic{more}"
    return f"distributed{more}: " + ", ".join(f"{name} {p.replicas}" for name, p in parts.items())


def _on_volumes(server: Part | None, parts: dict[str, Part]) -> str:
    if server is not None:
        return f"{server.volume_gib} GiB"
    return ", ".join(
        f"{name} {part.volume_gib} GiB" for name, part in parts.items() if part.volume_gib
    )


def _memory(server: Part | None, parts: dict[str, Part]) -> str:
    if server is not None:
        return _limit(server.resources)
    return ", ".join(f"{name} {_limit(part.resources)}" for name, part in parts.items())


def _limit(resources: Resources) -> str:
    return resources.memory_limit


def _nodes_of(size: Size) -> str:
    group = OBSERVABILITY_NODES[size]
    return f"{group.min_size_per_zone} to {group.max_size_per_zone} {code(group.instance_type)}"


_Rows = dict[str, Callable[[Size], object]]

_CAPACITY: Final[_Rows] = {
    "Metrics of one stage: active series": (
        lambda s: f"{METRICS[s].stage_prometheus.active_series:,}"
    ),
    "Metrics of one stage: samples/s": (
        lambda s: f"{METRICS[s].stage_prometheus.samples_per_second:,}"
    ),
    "Metrics of one stage: GB/day in the bucket, for each replica": (
        lambda s: METRICS[s].stage_prometheus.gigabytes_per_day
    ),
    "Metrics of the platform: active series": (
        lambda s: f"{METRICS[s].prometheus.active_series:,}"
    ),
    "Logs: GB/day": lambda s: f"{BACKENDS[s].loki.gigabytes_per_day:,}",
    "Traces: spans/s after sampling": lambda s: f"{BACKENDS[s].tempo.spans_per_second:,}",
    "Gateway of one stage: spans/s before sampling, with the minimum of replicas": (
        lambda s: f"{BACKENDS[s].gateway.spans_per_second:,}"
    ),
    "Agent of one node: lines/s": lambda s: f"{BACKENDS[s].agent.lines_per_second:,}",
}
_REPLICAS: Final[_Rows] = {
    "Prometheus of the platform, and of each stage": lambda s: METRICS[s].prometheus.replicas,
    "Thanos querier / store gateway / compactor": (
        lambda s: f"{METRICS[s].thanos.querier_replicas} / {METRICS[s].thanos.store_replicas} / 1"
    ),
    "Alertmanager": lambda s: METRICS[s].alertmanager_replicas,
    "Loki": _loki,
    "Doors (nginx proxies): one for each stage, the agents, Tempo and Grafana": (
        lambda s: BACKENDS[s].door.replicas
    ),
    "Tempo": _tempo,
    "Gateway of each stage": (
        lambda s: f"{BACKENDS[s].gateway.min_replicas} to {BACKENDS[s].gateway.max_replicas}"
    ),
    "Agent of each node": lambda _: 1,
}
_VOLUMES: Final[_Rows] = {
    "Prometheus of the platform, each replica": (
        lambda s: f"{METRICS[s].prometheus.volume_gib} GiB, {METRICS[s].prometheus.retention}"
    ),
    "Prometheus of a stage, each replica": (
        lambda s: (
            f"{METRICS[s].stage_prometheus.volume_gib} GiB, {METRICS[s].stage_prometheus.retention}"
        )
    ),
    "Thanos store gateway, each replica": lambda s: f"{METRICS[s].thanos.store_volume_gib} GiB",
    "Thanos compactor": lambda s: f"{METRICS[s].thanos.compactor_volume_gib} GiB",
    "Loki, each replica": lambda s: _on_volumes(BACKENDS[s].loki.server, BACKENDS[s].loki.parts),
    "Tempo, each replica": lambda s: _on_volumes(BACKENDS[s].tempo.server, BACKENDS[s].tempo.parts),
    "Grafana": lambda s: f"{METRICS[s].grafana_volume_gib} GiB",
    "Queue of a gateway, for each back end": lambda s: f"{BACKENDS[s].gateway.queue_mib} MiB",
    "Queue of an agent, for each tenant and each Prometheus": (
        lambda s: f"{BACKENDS[s].agent.queue_mib} MiB"
    ),
}
_MEMORY: Final[_Rows] = {
    "Prometheus of the platform": lambda s: _limit(METRICS[s].prometheus.resources),
    "Prometheus of a stage": lambda s: _limit(METRICS[s].stage_prometheus.resources),
    "Door": lambda s: _limit(BACKENDS[s].door.resources),
    "Thanos querier": lambda s: _limit(METRICS[s].thanos.querier),
    "Thanos store gateway": lambda s: _limit(METRICS[s].thanos.store),
    "Thanos compactor": lambda s: _limit(METRICS[s].thanos.compactor),
    "Loki": lambda s: _memory(BACKENDS[s].loki.server, BACKENDS[s].loki.parts),
    "Loki's caches (chunks / results)": (
        lambda s: (
            f"{_limit(BACKENDS[s].loki.chunks_cache.resources)} / "
            f"{_limit(BACKENDS[s].loki.results_cache.resources)}"
        )
    ),
    "Tempo": lambda s: _memory(BACKENDS[s].tempo.server, BACKENDS[s].tempo.parts),
    "Grafana": lambda s: _limit(METRICS[s].grafana),
    "Gateway": lambda s: _limit(BACKENDS[s].gateway.resources),
    "Agent": lambda s: _limit(BACKENDS[s].agent.resources),
}
_LIMITS: Final[_Rows] = {
    "Logs of one tenant, MB/s": lambda s: BACKENDS[s].loki.ingestion_mb_per_second,
    "Streams of one tenant": lambda s: f"{BACKENDS[s].loki.streams_per_tenant:,}",
    "Traces of one tenant, MB/s for each distributor": (
        lambda s: BACKENDS[s].tempo.ingestion_mb_per_second
    ),
    "Traces of one tenant at the same time": (lambda s: f"{BACKENDS[s].tempo.traces_per_tenant:,}"),
    "Traces that one gateway holds before it decides": (
        lambda s: f"{BACKENDS[s].gateway.traces_in_memory:,}"
    ),
    "Label combinations in the span metrics of a service, for each gateway": (
        lambda s: f"{BACKENDS[s].gateway.span_series:,}"
    ),
    "Queries of one Thanos querier at the same time": (
        lambda s: METRICS[s].thanos.query_concurrency
    ),
}
_NODES: Final[_Rows] = {"In each of three zones": _nodes_of}


def _bullets(path: Path) -> list[str]:
    """Items of the list in a module's documentation, each on one line."""
    documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    items = re.split(r"^\* ", documentation, flags=re.MULTILINE)[1:]
    return [" ".join(item.split()) for item in items]
