"""The collectors of a load test: the synthesized gateway, the minimal one, and where both send.

    generator --> gateway (its own configuration)  --> counter (a collector that drops everything)
              `-> minimal (receiver --> exporter)  -->

Both are the same program with the same receiver, the same exporters to the same address and one
core; the minimal one has no processor, and queues and batches as its exporters have them unless
told. The counter is a collector as well, because no server in Python keeps up with one.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psutil

from blueprint.documents import Config
from helm_values.otel_collector import collector
from helm_values.otel_collector.collector import POD_IP
from verification.load.load_model import Pipeline
from verification.rehearsal.pipeline import collectors
from verification.rehearsal.pipeline.collectors import Adapted, Here, RunningCollector
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack
from verification.rehearsal.processes import LOOPBACK

HURRIED_DECISION_SECONDS = 2.0
"""The wait for a decision that `pipeline.collectors.adapt` sets when it is to hurry."""

BACK_END_GRPC, BACK_END_LOKI, BACK_END_PROMETHEUS = 24317, 24318, 24319
_KEPT = ("endpoint", "headers", "tls")
"""Settings of an exporter that say where it sends, and not how."""


@dataclass(frozen=True, kw_only=True)
class Cores:
    """The core of the collector that is measured, and that of everything else; None: not pinned."""

    measured: int | None = None
    rest: int | None = None

    @classmethod
    def of_this_computer(cls) -> "Cores":
        """The last two cores that this process may use; none where there is one, or no pinning."""
        process = psutil.Process()
        if not hasattr(process, "cpu_affinity"):
            return cls()
        allowed = sorted(process.cpu_affinity())
        return cls(measured=allowed[-1], rest=allowed[-2]) if len(allowed) > 1 else cls()


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all collectors of a run share."""

    otelcol: Path
    folder: Path
    cores: Cores
    stage: str
    memory_limit_mib: int
    """Of the gateway's container."""
    gateway: Config = field(repr=False)
    """As in the cluster."""
    hurry: bool = False
    """Whether waits are shortened as `pipeline.collectors.Here` says."""

    @property
    def decision_wait_seconds(self) -> float:
        """How long the gateway holds a trace."""
        if self.hurry:
            return HURRIED_DECISION_SECONDS
        wait: str = self.gateway["processors"]["tail_sampling"]["decision_wait"]
        return float(wait.removesuffix("s"))


def bench(otelcol: Path, folder: Path, environment: str, stage: str, today: date) -> Bench:
    """Synthesize an environment, and take the gateway of a stage out of it."""
    stack = observability_stack(environment, today)
    return Bench(
        otelcol=otelcol,
        folder=folder,
        cores=Cores.of_this_computer(),
        stage=stage,
        memory_limit_mib=collectors.memory_limit_mib(collectors.gateway_values(stack, stage)),
        gateway=collectors.gateway(stack, stage),
    )


def minimal(gateway: Config) -> Config:
    """The gateway without what it does: receiver, exporters, and one pipeline for each signal."""
    config = copy.deepcopy(gateway)
    pipelines = config["service"]["pipelines"]
    targets = {
        signal: [name for name in pipelines[last]["exporters"] if name in config["exporters"]]
        for signal, last in (
            ("traces", "traces/sampled"),
            ("metrics", "metrics/kept"),
            ("logs", "logs"),
        )
    }
    exporters = {
        name: {key: value for key, value in config["exporters"][name].items() if key in _KEPT}
        for names in targets.values()
        for name in names
    }
    return {
        "extensions": {"health_check": config["extensions"]["health_check"]},
        "receivers": {"otlp": config["receivers"]["otlp"]},
        "exporters": exporters,
        "service": {
            "telemetry": config["service"]["telemetry"],
            "extensions": ["health_check"],
            "pipelines": {
                signal: {"receivers": ["otlp"], "exporters": names}
                for signal, names in targets.items()
            },
        },
    }


def counter() -> Config:
    """A collector that takes what is meant for Tempo, Loki and Prometheus, counts and drops it."""
    loki, prometheus = "/otlp/v1/logs", "/api/v1/otlp/v1/metrics"
    receivers = {
        # Tempo's receiver takes no larger message than gRPC does unless told (4 MiB).
        "otlp/tempo": {"protocols": {"grpc": {"endpoint": f"{POD_IP}:{BACK_END_GRPC}"}}},
        "otlp/loki": _http(BACK_END_LOKI, logs_url_path=loki),
        "otlp/prometheus": _http(BACK_END_PROMETHEUS, metrics_url_path=prometheus),
    }
    return {
        "extensions": {"health_check": collector.health_check()},
        "receivers": receivers,
        "exporters": {"nop": {}},
        "service": {
            "telemetry": collector.own_telemetry(),
            "extensions": ["health_check"],
            "pipelines": {
                signal: {"receivers": [receiver], "exporters": ["nop"]}
                for signal, receiver in zip(("traces", "logs", "metrics"), receivers, strict=True)
            },
        },
    }


def _http(port: int, **paths: str) -> Config:
    return {"protocols": {"http": {"endpoint": f"{POD_IP}:{port}", **paths}}}


@contextmanager
def started_counter(bench: Bench) -> Iterator[RunningCollector]:
    """Start the back end."""
    config = counter()
    ports = (collectors.HEALTH, collectors.OWN_METRICS)
    with _started(bench, config, "counter", (*ports, *_BACK_END_PORTS)) as running:
        _pin(running, bench.cores.rest)
        yield running


_BACK_END_PORTS = (BACK_END_GRPC, BACK_END_LOKI, BACK_END_PROMETHEUS)


@contextmanager
def _started(
    bench: Bench, config: Config, name: str, ports: tuple[int, ...]
) -> Iterator[RunningCollector]:
    listening = _with_ports(config, ports)
    adapted = Adapted(config=listening, substitutions=(), ports=ports)
    with collectors.started(bench.otelcol, adapted, bench.folder / name) as running:
        yield running


def _with_ports(config: Config, ports: tuple[int, ...]) -> Config:
    """The same with each port of the cluster replaced by the variable of the one here."""
    if isinstance(config, dict):
        return {key: _with_ports(value, ports) for key, value in config.items()}
    if isinstance(config, list):
        return [_with_ports(value, ports) for value in config]
    if isinstance(config, str) and config.startswith(f"{POD_IP}:"):
        return f"{POD_IP}:${{env:PORT_{config.rpartition(':')[2]}}}"
    if isinstance(config, int) and not isinstance(config, bool) and config in ports:
        return f"${{env:PORT_{config}}}"
    return config


@contextmanager
def started_pipeline(
    bench: Bench, pipeline: Pipeline, back_end: RunningCollector
) -> Iterator[RunningCollector]:
    """Start the gateway or the minimal pipeline on its one core, with the container's memory."""
    config = bench.gateway if pipeline == "gateway" else minimal(bench.gateway)
    with started_config(bench, config, pipeline, back_end) as running:
        yield running


@contextmanager
def started_config(
    bench: Bench, config: Config, name: str, back_end: RunningCollector
) -> Iterator[RunningCollector]:
    """Start any configuration of the cluster as `started_pipeline` does."""
    folder = bench.folder / name
    adapted = collectors.adapt(
        config,
        Here(
            folder=folder,
            back_end=lambda name: _address(back_end, name),
            hurry=bench.hurry,
            memory_mib=bench.memory_limit_mib,
        ),
    )
    # As many threads of Go as cores: it does not see that it will be kept on one.
    one_core = ("env", "GOMAXPROCS=1")
    with collectors.started(bench.otelcol, adapted, folder, wrapper=one_core) as running:
        _pin(running, bench.cores.measured)
        yield running


def _address(back_end: RunningCollector, name: str) -> str:
    if name == "tempo":
        return f"{LOOPBACK}:{back_end.ports[BACK_END_GRPC]}"
    return back_end.url(BACK_END_LOKI if name == "loki" else BACK_END_PROMETHEUS)


def _pin(running: RunningCollector, core: int | None) -> None:
    if core is not None:
        # Every thread: the affinity of a process is that of its first one.
        process = psutil.Process(running.process.pid)
        for thread in process.threads():
            psutil.Process(thread.id).cpu_affinity([core])
