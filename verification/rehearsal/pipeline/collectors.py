"""Run the collectors of a synthesized stack on one computer, with their own configuration.

    stack (cdk.tf.json) --gateway(), agent()--> what the collector reads in the cluster
                        --adapt()-------------> the same without a cluster, and a list of changes
                        --validate(), start()-> a collector on loopback

Whatever has to be different here is in `adapt`, is listed in `Adapted.substitutions`, and is
nothing else: a component that `adapt` does not know may need the cluster, so it raises.
"""

import copy
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from blueprint.documents import Config, merge, read_document
from blueprint.names import GATEWAY, telemetry_namespace
from verification.rehearsal.processes import LOOPBACK, RunningProcess, free_port, on_free_ports
from verification.rehearsal.processes import start as start_process

OTLP_HTTP, HEALTH, OWN_METRICS, KUBELET = 4318, 13133, 8888, 10250
"""Ports in the cluster, by which `RunningCollector.url` finds those on this computer."""

POD_NAME = "rehearsed-collector"
VALIDATE_SECONDS = 300

_GO_MEMORY_PERCENT = 80
"""The chart's `useGOMEMLIMIT`."""

_VARIABLES = {
    "MY_POD_IP": LOOPBACK,
    "OTEL_K8S_POD_NAME": POD_NAME,
    "OTEL_K8S_NODE_NAME": "this-computer",
    "OTEL_K8S_NODE_IP": LOOPBACK,
}
"""What the chart takes from the pod."""

_PODS_LOGS = "/var/log/pods/"
_LISTENS = re.compile(r"^\$\{env:MY_POD_IP\}:(\d+)$")
_CLUSTER_ONLY = re.compile(r"[.]svc\b|^/|https?://(?!127[.]0[.]0[.]1)|serviceAccount")
_VARIABLE = re.compile(r"\$\{env:(\w+)\}")


class NeedsClusterError(ValueError):
    """A part of a configuration that `adapt` does not know how to run without a cluster."""


@dataclass(frozen=True, kw_only=True)
class Substitution:
    """One change: what was there and what is there now (None: nothing)."""

    where: str
    was: Any
    now: Any
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.was!r} -> {self.now!r} ({self.why})"


@dataclass(frozen=True, kw_only=True)
class Here:
    """What this computer offers in place of the cluster.

    `back_end` gives the address of a back end on loopback by its name: `loki`, `tempo`, and
    `prometheus-0` and so on for the replicas of a Prometheus. With a scheme it is spoken to over
    HTTP, without one over gRPC. `door` gives the address of a door by host and port in the cluster;
    without it collectors speak to what is behind the door. `as_json` is for back ends that read no
    protobuf. `hurry` shortens waits that are long in the cluster for the sake of completeness, not
    of correctness.
    """

    folder: Path
    back_end: Callable[[str], str]
    door: Callable[[str], str] | None = None
    as_json: bool = False
    programs: frozenset[str] = frozenset()
    """Back ends, by name, that are the real program, whatever `as_json` says:
    they read protobuf."""
    hurry: bool = False
    decision_wait: str = "2s"
    """How long a trace is held when in a hurry; longer than the senders' batches."""
    other_gateways: tuple[str, ...] = ()
    memory_mib: int | None = None
    """The container's limit. Without it percentages would be of this computer's memory."""


@dataclass(frozen=True, kw_only=True)
class Adapted:
    """A configuration that runs here, and how it differs from the one in the cluster."""

    config: Config
    substitutions: tuple[Substitution, ...]
    ports: tuple[int, ...]
    """Ports in the cluster on which it listens."""
    memory_mib: int | None = None
    """The limit that it is told of, as the chart tells a container of its own."""


# --- Out of the stack ---------------------------------------------------------------------------


def release_values(stack: Mapping[str, Any], name: str, namespace: str) -> dict[str, Any]:
    """The values that Helm gets for a release: Terraform's escapes undone, documents merged.

    Args:
        stack: the parsed cdk.tf.json of the observability stack.
        name: the release's name.
        namespace: the release's namespace.

    Raises:
        LookupError: there is no such release, or several.
    """
    releases = [
        release
        for release in stack.get("resource", {}).get("helm_release", {}).values()
        if (release["name"], release["namespace"]) == (name, namespace)
    ]
    if len(releases) != 1:
        raise LookupError(
            f"{len(releases)} releases {namespace}/{name} in the stack, expected one."
        )
    values: dict[str, Any] = {}
    for text in releases[0]["values"]:
        values = merge(values, read_document(unescape_terraform(text)) or {})
    return values


def unescape_terraform(text: str) -> str:
    """What Terraform makes of a text; its references stay as they are."""
    return text.replace("$${", "${").replace("%%{", "%{")


def gateway_values(stack: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """What Helm gets for a stage's gateway."""
    return release_values(stack, GATEWAY, telemetry_namespace(stage))


def gateway(stack: Mapping[str, Any], stage: str) -> Config:
    """The configuration of a stage's gateway."""
    config: Config = gateway_values(stack, stage)["alternateConfig"]
    return config


def memory_limit_mib(values: Mapping[str, Any]) -> int:
    """The memory limit of a collector's container, which the chart also derives GOMEMLIMIT from."""
    limit = str(values["resources"]["limits"]["memory"])
    units = {"Mi": 1, "Gi": 1024}
    return int(limit[:-2]) * units[limit[-2:]]


def agent(stack: Mapping[str, Any]) -> Config:
    """The configuration of the agent."""
    config: Config = release_values(stack, "otel-agent", "observability")["alternateConfig"]
    return config


# --- Adapted to one computer --------------------------------------------------------------------


def adapt(config: Config, here: Here) -> Adapted:
    """Take the cluster out of a configuration; the given one is left as it is.

    Raises:
        NeedsClusterError: it has a component that is not known here, or a part of a known one that
            refers to the cluster and has no substitution.
    """
    change = _Change(copy.deepcopy(config), here)
    for section in ("extensions", "receivers", "processors", "connectors", "exporters"):
        for name in list(change.config.get(section, {})):
            kind = name.partition("/")[0]
            if (section, kind) not in _COMPONENTS:
                raise NeedsClusterError(
                    f"{section}.{name}: {__name__} does not know whether it needs the "
                    "cluster; add it to _COMPONENTS."
                )
            if substitute := _COMPONENTS[section, kind]:
                substitute(change, (section, name))
    _own_metrics(change)
    _refuse_what_is_left(change.config, here, ())
    return Adapted(
        config=change.config,
        substitutions=tuple(change.substitutions),
        ports=tuple(sorted(change.ports)),
        memory_mib=here.memory_mib,
    )


Place = tuple[str | int, ...]


@dataclass
class _Change:
    config: Config
    here: Here
    substitutions: list[Substitution] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)

    def get(self, place: Place) -> Any:
        value: Any = self.config
        for key in place:
            value = value[key]
        return value

    def set(self, place: Place, now: Any, why: str) -> None:
        holder = self.get(place[:-1])
        was = holder.get(place[-1]) if isinstance(holder, dict) else holder[place[-1]]
        holder[place[-1]] = now
        self._note(place, was, now, why)

    def remove(self, place: Place, why: str) -> None:
        """Remove a component here and from the pipelines."""
        was = self.get(place[:-1]).pop(place[-1])
        self._in_pipelines(place, [])
        self._note(place, was, None, why)

    def drop(self, place: Place, why: str) -> None:
        """Remove a setting; `why` says what is there instead."""
        self._note(place, self.get(place[:-1]).pop(place[-1]), None, why)

    def replace(self, place: Place, name: str, now: Any, why: str) -> None:
        """Put another component in the place of one, here and in the pipelines."""
        section = self.get(place[:-1])
        was = section.pop(place[-1])
        section[name] = now
        self._in_pipelines(place, [name])
        self._note(place, was, {name: now}, why)

    def rename(self, place: Place, name: str, why: str) -> None:
        """Give a component another kind, with the same settings."""
        section = self.get(place[:-1])
        section[name] = section.pop(place[-1])
        self._in_pipelines(place, [name])
        self._note(place, place[-1], name, why)

    def listen(self, place: Place) -> None:
        match = _LISTENS.match(str(self.get(place)))
        if match is None:
            raise NeedsClusterError(f"{_dotted(place)}: listens on {self.get(place)!r}")
        self.ports.add(int(match[1]))
        address = f"${{env:MY_POD_IP}}:{_port_variable(int(match[1]))}"
        self.set(place, address, "a free port")

    def _in_pipelines(self, place: Place, names: list[str]) -> None:
        section, old = place
        for pipeline in self.config["service"]["pipelines"].values():
            if old in pipeline.get(section, ()):
                index = pipeline[section].index(old)
                pipeline[section][index : index + 1] = names

    def _note(self, place: Place, was: Any, now: Any, why: str) -> None:
        self.substitutions.append(Substitution(where=_dotted(place), was=was, now=now, why=why))


def _dotted(place: Place) -> str:
    return ".".join(str(key) for key in place)


def _port_variable(port: int) -> str:
    return f"${{env:PORT_{port}}}"


def _health_check(change: _Change, place: Place) -> None:
    change.listen((*place, "endpoint"))


def _file_storage(change: _Change, place: Place) -> None:
    directory = str(change.here.folder / Path(change.get((*place, "directory"))).name)
    change.set((*place, "directory"), directory, "a folder of this computer")
    if "compaction" in change.get(place):
        change.set((*place, "compaction", "directory"), directory, "a folder of this computer")


def _otlp_receiver(change: _Change, place: Place) -> None:
    for protocol in change.get((*place, "protocols")):
        change.listen((*place, "protocols", protocol, "endpoint"))


def _file_log(change: _Change, place: Place) -> None:
    for key in ("include", "exclude"):
        for index, pattern in enumerate(change.get(place).get(key, ())):
            if not pattern.startswith(_PODS_LOGS):
                raise NeedsClusterError(f"{_dotted(place)}.{key}: reads {pattern}")
            moved = f"{pods_logs(change.here.folder)}/{pattern.removeprefix(_PODS_LOGS)}"
            change.set((*place, key, index), moved, "a folder of this computer")


def _kubeletstats(change: _Change, place: Place) -> None:
    name = f"otlp/{place[-1]}"
    change.ports.add(KUBELET)
    endpoint = f"${{env:MY_POD_IP}}:{_port_variable(KUBELET)}"
    change.replace(
        place,
        name,
        {"protocols": {"http": {"endpoint": endpoint}}},
        "no kubelet: what it measures can be sent by OTLP instead",
    )


def _k8s_attributes(change: _Change, place: Place) -> None:
    change.remove(place, "no Kubernetes API to ask")


def _memory_limiter(change: _Change, place: Place) -> None:
    if change.here.memory_mib is None:
        return
    for key in ("limit", "spike_limit"):
        was = f"{key}_percentage"
        mib = change.get((*place, was)) * change.here.memory_mib // 100
        change.get(place)[f"{key}_mib"] = mib
        change.drop((*place, was), f"{key}_mib: {mib}, of the container's {change.here.memory_mib}")


def _tail_sampling(change: _Change, place: Place) -> None:
    if change.here.hurry:
        change.set((*place, "decision_wait"), change.here.decision_wait, "nothing here is slower")


def _span_metrics(change: _Change, place: Place) -> None:
    if change.here.hurry:
        change.set((*place, "metrics_flush_interval"), "1s", "sooner, not other metrics")


def _interval(change: _Change, place: Place) -> None:
    if change.here.hurry:
        change.set((*place, "interval"), "1s", "sooner, not other metrics")


def _load_balancing(change: _Change, place: Place) -> None:
    (port,) = change.get((*place, "resolver", "k8s", "ports"))
    gateways = change.here.other_gateways or (f"${{env:MY_POD_IP}}:{_port_variable(port)}",)
    change.set(
        (*place, "resolver"),
        {"static": {"hostnames": list(gateways)}},
        "no Kubernetes API that lists the gateways",
    )


_BEHIND_DOOR = re.compile(r"^/(prometheus-\d+)(/.*)$")


def _otlp_http(change: _Change, place: Place) -> None:
    url = urlsplit(change.get((*place, "endpoint")))
    match = _BEHIND_DOOR.match(url.path)
    name, path = (match[1], match[2]) if match else ("loki", url.path)
    if change.here.door:
        address, why = change.here.door(url.netloc) + url.path, "a door of this computer"
    else:
        address, why = change.here.back_end(name) + path, "a back end of this computer"
    change.set((*place, "endpoint"), address, why)
    if name not in change.here.programs:
        _encoding(change, place)


def _otlp_grpc(change: _Change, place: Place) -> None:
    endpoint = change.get((*place, "endpoint"))
    address = change.here.back_end("tempo")
    if change.here.door and "://" not in address:
        address = change.here.door(endpoint).removeprefix("http://")
    change.set((*place, "endpoint"), address, "a back end of this computer")
    if "://" in address:
        # Past the door, which passes on what Tempo speaks.
        name = f"otlp_http/{str(place[-1]).partition('/')[2]}"
        change.rename(place, name, "the back end of this computer speaks HTTP")
        change.set((place[0], name, "compression"), "gzip", "and knows no other compression")
        _encoding(change, (place[0], name))


def _encoding(change: _Change, place: Place) -> None:
    if change.here.as_json:
        change.set((*place, "encoding"), "json", "the back end of this computer reads JSON only")


_COMPONENTS: dict[tuple[str, str], Callable[[_Change, Place], None] | None] = {
    ("extensions", "health_check"): _health_check,
    ("extensions", "file_storage"): _file_storage,
    ("receivers", "otlp"): _otlp_receiver,
    ("receivers", "file_log"): _file_log,
    ("receivers", "kubeletstats"): _kubeletstats,
    ("processors", "memory_limiter"): _memory_limiter,
    ("processors", "batch"): None,  # works here as it does in the cluster
    ("processors", "transform"): None,  # works here as it does in the cluster
    ("processors", "resource"): None,  # works here as it does in the cluster
    ("processors", "filter"): None,  # works here as it does in the cluster
    ("processors", "groupbyattrs"): None,  # works here as it does in the cluster
    ("processors", "deltatocumulative"): None,  # works here as it does in the cluster
    ("processors", "interval"): _interval,
    ("processors", "k8s_attributes"): _k8s_attributes,
    ("processors", "tail_sampling"): _tail_sampling,
    ("connectors", "span_metrics"): _span_metrics,
    ("connectors", "forward"): None,  # works here as it does in the cluster
    ("connectors", "count"): None,  # works here as it does in the cluster
    ("exporters", "load_balancing"): _load_balancing,
    ("exporters", "otlp_http"): _otlp_http,
    ("exporters", "otlp_grpc"): _otlp_grpc,
}


def _own_metrics(change: _Change) -> None:
    readers = change.config["service"]["telemetry"]["metrics"]["readers"]
    for index, reader in enumerate(readers):
        place = ("service", "telemetry", "metrics", "readers", index, *_PROMETHEUS, "port")
        port = reader["pull"]["exporter"]["prometheus"]["port"]
        change.ports.add(port)
        change.set(place, _port_variable(port), "a free port")


_PROMETHEUS = ("pull", "exporter", "prometheus")


def _refuse_what_is_left(value: Any, here: Here, place: Place) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_what_is_left(item, here, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_what_is_left(item, here, (*place, index))
    elif isinstance(value, str) and place[0] != "processors":
        # Processors that are known here open nothing; their texts are expressions.
        unknown = {name for name in _VARIABLE.findall(value) if name not in _VARIABLES} - {
            name for name in _VARIABLE.findall(value) if name.startswith("PORT_")
        }
        is_here = value.startswith(str(here.folder)) or value.startswith(f"http://{LOOPBACK}:")
        if unknown or (_CLUSTER_ONLY.search(value) and not is_here):
            raise NeedsClusterError(f"{_dotted(place)}: {value!r} is not on this computer")


# --- Started ------------------------------------------------------------------------------------


def pods_logs(folder: Path) -> Path:
    """Where an agent that was adapted to this folder looks for logs of pods."""
    return folder / "pods"


def append_pod_log(folder: Path, namespace: str, pod: str, text: str) -> None:
    """Write as the kubelet does for a container; `text` begins with F, or with P for a part."""
    uid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    file = pods_logs(folder) / f"{namespace}_{pod}_{uid}" / "web" / "0.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as log:
        log.write(f"{datetime.now(UTC).isoformat().removesuffix('+00:00')}000Z stdout {text}\n")


@dataclass(frozen=True, kw_only=True)
class RunningCollector:
    """A collector that answers its health check."""

    process: RunningProcess
    ports: Mapping[int, int]
    """Ports in the cluster to ports here."""

    def url(self, port: int) -> str:
        """Where it listens here for what it listens for on that port in the cluster."""
        return f"http://{LOOPBACK}:{self.ports[port]}"

    def own_metrics(self) -> list[tuple[str, float]]:
        """Name with labels, and value, of each thing that it tells Prometheus about itself.

        Raises:
            OSError: it does not answer.
        """
        url = f"{self.url(OWN_METRICS)}/metrics"
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - our own collector
            lines = answer.read().decode().splitlines()
        parts = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return [(name, float(value)) for name, _, value in parts]

    def told(self, name: str, label: str = "") -> float:
        """The sum of what it tells under a name; raises OSError."""
        return sum(
            value for line, value in self.own_metrics() if line.startswith(name) and label in line
        )

    def kill(self) -> None:
        """End it as the kernel does when memory runs out: it can save nothing."""
        self.process.kill()


def validate(otelcol: Path, adapted: Adapted, folder: Path) -> str | None:
    """What the collector has to say against a configuration."""
    file = _write(adapted, folder)
    done = subprocess.run(
        [str(otelcol), "validate", "--config", str(file)],
        env=_environment({port: port for port in adapted.ports}),
        capture_output=True,
        text=True,
        check=False,
        timeout=VALIDATE_SECONDS,
    )
    return None if done.returncode == 0 else (done.stdout + done.stderr).strip()


@contextmanager
def started(
    otelcol: Path,
    adapted: Adapted,
    folder: Path,
    *,
    name: str = "otelcol",
    wrapper: Sequence[str] = (),
) -> Iterator[RunningCollector]:
    """Start a collector, wait for its health check, and stop it at the end.

    `name` is what failures call it; `wrapper` is a command that is given the collector's.

    Raises:
        ProcessError: it ended, or did not become healthy in time.
    """

    def begin() -> RunningCollector:
        ports = {port: free_port() for port in adapted.ports}
        environment = _environment(ports)
        if adapted.memory_mib is not None:
            environment["GOMEMLIMIT"] = f"{adapted.memory_mib * _GO_MEMORY_PERCENT // 100}MiB"
        process = start_process(
            [*wrapper, str(otelcol), "--config", str(_write(adapted, folder))],
            name=name,
            port=ports[HEALTH],
            log_path=folder / "otelcol.log",
            environment=environment,
            working_directory=folder,
            ready_path="/",
        )
        return RunningCollector(process=process, ports=ports)

    collector = on_free_ports(begin)
    with collector.process:
        yield collector


def _write(adapted: Adapted, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(adapted.config, sort_keys=False), encoding="utf-8")
    return file


def _environment(ports: Mapping[int, int]) -> dict[str, str]:
    return _VARIABLES | {f"PORT_{there}": str(here) for there, here in ports.items()}
