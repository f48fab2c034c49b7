"""A stage for hostile neighbours: its gateway and a Prometheus, as the stack configures them.

The gateway runs under the memory limit of its container: in a control group of its own where this
process may make one, and with its peak measured in either case. Loki and Tempo are stood in for by
a server that keeps what arrives.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from blueprint.documents import Config
from blueprint.names import telemetry_namespace
from verification.rehearsal.neighbours.neighbour import METRIC, ROUTE, SERVICE, Neighbour
from verification.rehearsal.pipeline import collectors, metrics_backend
from verification.rehearsal.pipeline.collectors import Here, RunningCollector
from verification.rehearsal.pipeline.otlp_sink import OtlpSink
from verification.rehearsal.processes import LOOPBACK, RunningProcess, free_port, start
from verification.rehearsal.prometheus_api import PrometheusApi

OTLP_GRPC = 4317
MAX_REPLICAS = 3
Change = Callable[[Config], None]

_GROUPS = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
_numbers = count()


@contextmanager
def memory_group(mib: int) -> Iterator[tuple[str, ...]]:
    """A control group with a memory limit: a command that starts another one in it.

    Of either version of control groups. Nothing (an empty command) where it cannot be made.
    """
    group = next(filter(None, (_make_group(root, mib) for root in _GROUPS)), None)
    if group is None:
        yield ()
        return
    try:
        yield ("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh")
    finally:
        group.rmdir()


def _make_group(root: Path, mib: int) -> Path | None:
    group = root / f"hostile-{os.getpid()}-{next(_numbers)}"
    try:
        group.mkdir()
    except OSError:
        return None
    for name in ("memory.max", "memory.limit_in_bytes"):
        limit = group / name
        try:
            if limit.exists():
                limit.write_text(str(mib * 1024 * 1024))
                return group
        except OSError:
            break
    group.rmdir()
    return None


def peak_mib(pid: int) -> int | None:
    """The most memory that a process has had resident so far, in MiB (Linux' VmHWM).

    None of a process that has ended.
    """
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What runs."""

    gateway: RunningCollector
    prometheus: PrometheusApi
    sink: OtlpSink
    neighbour: Neighbour
    memory_mib: int
    relay_url: str
    """Where something is sent by HTTP that then reaches the gateway by gRPC."""
    room: int
    """Combinations of labels that the span metrics of one workload may have."""
    grouped: bool
    """Whether the gateway runs in a control group with this limit."""

    @property
    def url(self) -> str:
        """Where the gateway takes OTLP over HTTP."""
        return self.gateway.url(collectors.OTLP_HTTP)

    def value(self, query: str) -> float:
        """The sum of what a query gives; 0 for nothing."""
        answer = self.prometheus.at(query, time.time())
        return sum(value for _, points in answer.series for _, value in points)

    # --- What arrived of the neighbour ----------------------------------------------------------

    def points(self) -> int:
        """Points of the neighbour that Prometheus has stored."""
        name = METRIC.replace(".", "_") + "_total"
        return int(self.value(f'sum(count_over_time({name}{{service_name="{SERVICE}"}}[1h]))'))

    def calls(self, selector: str = "") -> int:
        """Requests of the neighbour that the span metrics have counted."""
        return int(
            self.value(
                f'sum(traces_span_metrics_calls_total{{service_name="{SERVICE}",'
                f'http_route="{ROUTE}"{selector}}})'
            )
        )

    def spans(self) -> int:
        """Spans of the neighbour that arrived."""
        return len({s.raw["spanId"] for s in self.sink.spans() if is_neighbours(s.resource)})

    def log_records(self) -> int:
        """Log records of the neighbour that arrived."""
        return len({r.name for r in self.sink.log_records() if is_neighbours(r.resource)})


def is_neighbours(resource: Mapping[str, Any]) -> bool:
    """Whether a resource is the neighbour's."""
    return bool(resource.get("service.name") == SERVICE)


@contextmanager
def running_prometheus(program: Path, values: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """A Prometheus with the stack's flags and configuration, without targets and rules."""
    spec = values["prometheus"]["prometheusSpec"]
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "prometheus.yaml"
    configuration = metrics_backend.config(spec)
    configuration.pop("alerting")
    config.write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    port = free_port()
    process: RunningProcess = start(
        [
            str(program),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
            *metrics_backend.flags(spec),
        ],
        name="prometheus",
        port=port,
        log_path=folder / "prometheus.log",
        ready_path="/-/ready",
        deadline_seconds=120,
    )
    with process:
        yield process.url


@contextmanager
def _running_collector(
    otelcol: Path, config: Config, folder: Path, *options: str
) -> Iterator[RunningProcess]:
    """A collector of ours, which is not the one that is tried."""
    folder.mkdir(parents=True, exist_ok=True)
    health = free_port()
    file = folder / "config.yaml"
    service = {
        "extensions": ["health_check"],
        "telemetry": {"metrics": {"level": "none"}},
        **config["service"],
    }
    extensions = {"health_check": {"endpoint": f"{LOOPBACK}:{health}"}}
    whole = config | {"service": service, "extensions": extensions}
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    process = start(
        [str(otelcol), "--config", str(file), *options],
        name=folder.name,
        port=health,
        log_path=folder / "otelcol.log",
        ready_path="/",
        deadline_seconds=60,
    )
    with process:
        yield process


_AT_ONCE = {"sending_queue": {"enabled": False}, "retry_on_failure": {"enabled": False}}


@contextmanager
def running_relay(otelcol: Path, gateway: RunningCollector, folder: Path) -> Iterator[str]:
    """A collector that passes on by gRPC what it is sent by HTTP, and answers as it is answered."""
    port = free_port()
    http = {"endpoint": f"{LOOPBACK}:{port}", "max_request_body_size": 64 * 1024 * 1024}
    config = {
        "receivers": {"otlp": {"protocols": {"http": http}}},
        "exporters": {
            "otlp_grpc": {
                "endpoint": f"{LOOPBACK}:{gateway.ports[OTLP_GRPC]}",
                "tls": {"insecure": True},
                **_AT_ONCE,
            }
        },
        "service": {
            "pipelines": {
                signal: {"receivers": ["otlp"], "exporters": ["otlp_grpc"]}
                for signal in ("traces", "metrics", "logs")
            }
        },
    }
    with _running_collector(otelcol, config, folder):
        yield f"http://{LOOPBACK}:{port}"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Stands in for Loki and Tempo: addresses by the names of both."""

    addresses: Mapping[str, str]


@contextmanager
def running_reader(otelcol: Path, sink: OtlpSink, folder: Path) -> Iterator[Reader]:
    """Takes logs and traces as Loki and Tempo do, and hands on what the sink can read.

    Both are written in Go and read OTLP with the collector's own library, however deep values are
    nested. The sink's library reads a hundred levels. So nested values are cut off in between.
    """
    grpc, http = free_port(), free_port()
    flat = [
        f"set({path}, Filter({path}, (_, value) => not IsMap(value) and not IsList(value)))"
        for path in ("resource.attributes",)
    ]

    def statements(item: str) -> list[Config]:
        path = f"{item}.attributes"
        return [
            {"context": "resource", "statements": flat},
            {"context": item, "statements": [text.replace("resource.attributes", path)
                                             for text in flat]},
        ]  # fmt: skip

    config = {
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": f"{LOOPBACK}:{grpc}"},
                    "http": {"endpoint": f"{LOOPBACK}:{http}", "logs_url_path": "/otlp/v1/logs"},
                }
            }
        },
        "processors": {
            "transform": {
                "error_mode": "ignore",
                "trace_statements": statements("span"),
                "log_statements": [
                    *statements("log"),
                    {
                        "context": "log",
                        "statements": [
                            'set(log.body, "nested") where IsMap(log.body) or IsList(log.body)'
                        ],
                    },
                ],
            }
        },
        "exporters": {
            f"otlp_http/{name}": {
                "endpoint": sink.address_of(name),
                "encoding": "json",
                "compression": "none",
                **_AT_ONCE,
            }
            for name in ("loki", "tempo")
        },
        "service": {
            "pipelines": {
                signal: {
                    "receivers": ["otlp"],
                    "processors": ["transform"],
                    "exporters": [f"otlp_http/{name}"],
                }
                for signal, name in (("logs", "loki"), ("traces", "tempo"))
            }
        },
    }
    lambdas = "--feature-gates=ottl.functions.enableLambda"
    with _running_collector(otelcol, config, folder, lambdas):
        yield Reader(addresses={"loki": f"http://{LOOPBACK}:{http}", "tempo": f"{LOOPBACK}:{grpc}"})


@contextmanager
def running_stage(
    stack: Mapping[str, Any],
    stage: str,
    folder: Path,
    *,
    otelcol: Path,
    prometheus: Path,
    change: Change | None = None,
) -> Iterator[Stage]:
    """Start it all, with a neighbour that sends until it is stopped.

    Args:
        stack: the parsed observability stack.
        stage: whose gateway.
        folder: takes configurations, data and logs.
        otelcol: a collector.
        prometheus: a Prometheus.
        change: what to do to the gateway's configuration first.

    Raises:
        ProcessError: something did not start.
    """
    values = collectors.gateway_values(stack, stage)
    config = deepcopy(values["alternateConfig"])
    if change is not None:
        change(config)
    memory = collectors.memory_limit_mib(values)
    # Each of them is this one Prometheus.
    replicas = frozenset(f"prometheus-{index}" for index in range(MAX_REPLICAS))
    namespace = telemetry_namespace(stage)
    metrics = collectors.release_values(stack, "prometheus", namespace)
    with ExitStack() as exits:
        url = exits.enter_context(running_prometheus(prometheus, metrics, folder / "prometheus"))
        sink = exits.enter_context(OtlpSink())
        reader = exits.enter_context(running_reader(otelcol, sink, folder / "reader"))
        adapted = collectors.adapt(
            config,
            Here(
                folder=folder / "gateway",
                back_end=lambda name: url if name in replicas else reader.addresses[name],
                programs=replicas,
                hurry=True,
                memory_mib=memory,
            ),
        )
        wrapper = exits.enter_context(memory_group(memory))
        gateway = exits.enter_context(
            collectors.started(otelcol, adapted, folder / "gateway", wrapper=wrapper)
        )
        relay = exits.enter_context(running_relay(otelcol, gateway, folder / "relay"))
        neighbour = exits.enter_context(Neighbour(url=lambda: gateway.url(collectors.OTLP_HTTP)))
        yield Stage(
            gateway=gateway,
            prometheus=PrometheusApi(url=url),
            sink=sink,
            neighbour=neighbour,
            memory_mib=memory,
            relay_url=relay,
            room=config["connectors"]["span_metrics"]["aggregation_cardinality_limit"],
            grouped=bool(wrapper),
        )
