"""Prometheus and Thanos as the synthesized stack configures them, on loopback.

    values of kps  --flags(), config()--> what the Prometheus operator would make of them
    thanos objects --args()-------------> what their containers are started with

Whatever differs from the cluster is returned as substitutions and is nothing else: how targets are
found, addresses, folders, and the waits that `Pace` shortens.
"""

import copy
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helm_values.thanos.thanos import GRPC_PORT, HTTP_PORT, OBJECT_STORAGE_DIRECTORY
from verification.rehearsal.pipeline.collectors import Substitution
from verification.rehearsal.processes import LOOPBACK, RunningProcess, free_port, start

Values = Mapping[str, Any]

BLOCK_SECONDS = 20
"""How much a block holds here; two hours in the cluster."""

_WINDOW = re.compile(r"\[(\d+[mhd])\]")
_DURATION = re.compile(r"^(\d+)([smhd])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Waits that are shortened; `None` leaves those of the stack.

    `windows` maps the windows of the rules about service levels to those used here.
    """

    scrape_seconds: int | None = None
    evaluation_seconds: int | None = None
    windows: Mapping[str, str] = field(default_factory=dict)
    for_seconds: int | None = None


QUICK = Pace(
    scrape_seconds=2,
    evaluation_seconds=1,
    windows={
        "5m": "12s",
        "10m": "15s",
        "30m": "18s",
        "1h": "30s",
        "6h": "40s",
        "3d": "60s",
    },
    for_seconds=3,
)
"""Of the rehearsal: an error burst fires and resolves within a minute instead of hours."""

SLO_GROUPS = ("slo-indicators", "slo-alerts")


@dataclass(frozen=True, kw_only=True)
class Target:
    """Something to scrape, with the labels that the monitors of the cluster would give."""

    job: str
    address: str
    namespace: str
    service: str

    def as_dict(self) -> dict[str, Any]:
        """An entry of `scrape_configs`."""
        labels = {"namespace": self.namespace, "service": self.service, "pod": f"{self.service}-0"}
        return {
            "job_name": f"{self.namespace}/{self.service}",
            "static_configs": [{"targets": [self.address], "labels": labels | {"job": self.job}}],
        }


# --- Prometheus ---------------------------------------------------------------------------------


def flags(spec: Values) -> list[str]:
    """The flags that the operator derives from `prometheusSpec`, without addresses and folders."""
    arguments = [
        f"--storage.tsdb.retention.time={spec['retention']}",
        f"--storage.tsdb.retention.size={spec['retentionSize']}",
    ]
    if spec.get("enableRemoteWriteReceiver"):
        arguments.append("--web.enable-remote-write-receiver")
    if spec.get("enableOTLPReceiver"):
        arguments.append("--web.enable-otlp-receiver")
    if features := spec.get("enableFeatures"):
        arguments.append(f"--enable-feature={','.join(features)}")
    return arguments


def config(spec: Values, *, namespace: str = "observability", name: str = "kps") -> dict[str, Any]:
    """The configuration that the operator derives from `prometheusSpec`, without targets."""
    replica = f"prometheus-{name}-0"
    otlp = spec["otlp"]
    return {
        "global": {
            "scrape_interval": spec["scrapeInterval"],
            "evaluation_interval": spec["evaluationInterval"],
            "external_labels": {
                "prometheus": f"{namespace}/{name}",
                spec["replicaExternalLabelName"]: replica,
                **spec["externalLabels"],
            },
        },
        "otlp": {
            "translation_strategy": otlp["translationStrategy"],
            "keep_identifying_resource_attributes": otlp["keepIdentifyingResourceAttributes"],
            "promote_resource_attributes": otlp["promoteResourceAttributes"],
        },
        "storage": {
            "tsdb": {"out_of_order_time_window": spec["tsdb"]["outOfOrderTimeWindow"]},
            "exemplars": {"max_exemplars": spec["exemplars"]["maxSize"]},
        },
        "rule_files": [],
        "alerting": {
            "alert_relabel_configs": [
                {"action": "labeldrop", "regex": spec["replicaExternalLabelName"]},
                *spec.get("additionalAlertRelabelConfigs", ()),
            ],
            "alertmanagers": [],
        },
        "scrape_configs": [],
    }


def rule_groups(values: Values) -> list[dict[str, Any]]:
    """The groups of rules in the release's values."""
    groups: list[dict[str, Any]] = values["additionalPrometheusRulesMap"]["foundation"]["groups"]
    return groups


def hurried(
    groups: list[dict[str, Any]], pace: Pace
) -> tuple[list[dict[str, Any]], list[Substitution]]:
    """Rules about service levels with shorter windows and waits; all others as they are."""
    substitutions: list[Substitution] = []
    changed = copy.deepcopy(groups)
    for group in changed:
        if group["name"] not in SLO_GROUPS:
            continue
        for rule in group["rules"]:
            name = rule.get("alert") or rule["record"]
            where = f"rules.{group['name']}.{name}"
            windows = sorted(set(_WINDOW.findall(rule["expr"])), key=seconds)
            shorter = {window: pace.windows.get(window, window) for window in windows}
            if list(shorter) != list(shorter.values()):
                substitutions.append(
                    _shorter(f"{where} windows", ", ".join(windows), ", ".join(shorter.values()))
                )
            rule["expr"] = _WINDOW.sub(lambda match: f"[{shorter[match[1]]}]", rule["expr"])  # noqa: B023
            if "for" in rule and pace.for_seconds is not None:
                substitutions.append(_shorter(f"{where} for", rule["for"], f"{pace.for_seconds}s"))
                rule["for"] = f"{pace.for_seconds}s"
    return changed, substitutions


def seconds(duration: str) -> int:
    """Seconds of a duration such as `5m`.

    Raises:
        ValueError: it is none.
    """
    match = _DURATION.match(duration)
    if match is None:
        raise ValueError(f"{duration!r}: allowed is a number and one of s, m, h, d")
    return int(match[1]) * _SECONDS[match[2]]


def _shorter(where: str, was: Any, now: Any) -> Substitution:
    return Substitution(where=where, was=was, now=now, why="minutes of a rehearsal, not days")


@dataclass(frozen=True, kw_only=True)
class PrometheusPlan:
    """A Prometheus that can be started again and again on the same data."""

    program: Path
    folder: Path
    port: int
    command: tuple[str, ...]
    substitutions: tuple[Substitution, ...]

    @property
    def data(self) -> Path:
        """Its disk."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> RunningProcess:
        """Start it, and return once it answers; raises ProcessError."""
        return start(
            self.command,
            name="prometheus",
            port=self.port,
            log_path=self.folder / "prometheus.log",
            ready_path="/-/ready",
        )


def plan_prometheus(
    program: Path,
    values: Values,
    folder: Path,
    *,
    targets: list[Target],
    alertmanager_address: str,
    pace: Pace,
    port: int | None = None,
    namespace: str = "observability",
) -> PrometheusPlan:
    """Write the configuration of a Prometheus of the stack, and say how it is started.

    Args:
        program: a Prometheus.
        values: of its release.
        folder: takes configuration, data and log.
        targets: what monitors would find in the cluster.
        alertmanager_address: host and port.
        pace: which waits are shortened.
        port: where it listens; a free one unless given.
        namespace: of its release.
    """
    spec = values["prometheus"]["prometheusSpec"]
    port = port or free_port()
    prometheus_config = config(spec, namespace=namespace, name=values["fullnameOverride"])
    rules, substitutions = hurried(rule_groups(values), pace)
    for key, chosen in (
        ("scrape_interval", pace.scrape_seconds),
        ("evaluation_interval", pace.evaluation_seconds),
    ):
        if chosen is not None:
            where = f"prometheus.global.{key}"
            substitutions.append(_shorter(where, prometheus_config["global"][key], f"{chosen}s"))
            prometheus_config["global"][key] = f"{chosen}s"
    folder.mkdir(parents=True, exist_ok=True)
    rule_file = folder / "rules.yaml"
    rule_file.write_text(yaml.safe_dump({"groups": rules}, sort_keys=False), encoding="utf-8")
    prometheus_config["rule_files"] = [str(rule_file)]
    prometheus_config["alerting"]["alertmanagers"] = [
        {"api_version": "v2", "static_configs": [{"targets": [alertmanager_address]}]}
    ]
    prometheus_config["scrape_configs"] = [target.as_dict() for target in targets]
    substitutions += [
        Substitution(
            where="prometheus.scrape_configs",
            was="ServiceMonitors and PodMonitors, found through the Kubernetes API",
            now=f"{len(targets)} addresses on loopback",
            why="no Kubernetes API to ask",
        ),
        Substitution(
            where="prometheus.alerting",
            was="kps-alertmanager, found through the Kubernetes API",
            now=alertmanager_address,
            why="no Kubernetes API to ask",
        ),
        Substitution(
            where="prometheus --storage.tsdb.min-block-duration, max-block-duration",
            was="2h",
            now=f"{BLOCK_SECONDS}s",
            why="a block is to be uploaded while the rehearsal runs",
        ),
    ]
    config_file = folder / "prometheus.yaml"
    config_file.write_text(yaml.safe_dump(prometheus_config, sort_keys=False), encoding="utf-8")
    command = (
        str(program),
        f"--config.file={config_file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        # With a sidecar that uploads, the operator sets both to the same: Thanos compacts.
        f"--storage.tsdb.min-block-duration={BLOCK_SECONDS}s",
        f"--storage.tsdb.max-block-duration={BLOCK_SECONDS}s",
        *flags(spec),
    )
    return PrometheusPlan(
        program=program,
        folder=folder,
        port=port,
        command=command,
        substitutions=tuple(substitutions),
    )


# --- Thanos -------------------------------------------------------------------------------------

SYNC_SECONDS = 3


@dataclass(frozen=True, kw_only=True)
class ObjectStorage:
    """The emulated S3, as Thanos is told of it."""

    address: str
    """Host and port, without a scheme."""
    bucket: str
    environment: Mapping[str, str]

    def thanos_config(self, synthesized: Values) -> tuple[dict[str, Any], list[Substitution]]:
        """The stack's object storage file with the emulator's address in it."""
        adapted = copy.deepcopy(dict(synthesized))
        substitutions = []
        for key, now in (
            ("bucket", self.bucket),
            ("endpoint", self.address),
            ("insecure", True),
            ("bucket_lookup_type", "path"),
            ("sts_endpoint", None),
        ):
            was = adapted["config"].get(key)
            adapted["config"][key] = now
            if now is None:
                del adapted["config"][key]
            substitutions.append(
                Substitution(
                    where=f"thanos.object-storage.{key}", was=was, now=now, why="the emulated S3"
                )
            )
        return adapted, substitutions


def thanos_args(stack: Mapping[str, Any], name: str) -> list[str]:
    """The arguments of a Thanos container in the synthesized stack.

    Raises:
        LookupError: there is no such Deployment or StatefulSet.
    """
    for kind in ("kubernetes_deployment_v1", "kubernetes_stateful_set_v1"):
        if body := stack["resource"].get(kind, {}).get(name):
            (container,) = body["spec"]["template"]["spec"]["container"]
            return list(container["args"])
    raise LookupError(f"no Deployment or StatefulSet {name} in the stack")


def synthesized_object_storage(stack: Mapping[str, Any]) -> dict[str, Any]:
    """The file that tells store and compactor where the bucket is."""
    text = stack["resource"]["kubernetes_config_map_v1"]["thanos-bucket"]["data"]
    storage: dict[str, Any] = yaml.safe_load(text["object-storage.yaml"])
    return storage


def adapt_thanos_args(
    args: list[str], *, folder: Path, http: int, grpc: int, endpoints: list[str]
) -> tuple[list[str], list[Substitution]]:
    """Arguments with addresses and folders of this computer.

    Args:
        args: as in the cluster; the first is the name of the component.
        folder: of this component.
        http: its port for HTTP.
        grpc: its port for gRPC.
        endpoints: what a querier asks.
    """
    here = {
        "--http-address": f"{LOOPBACK}:{http}",
        "--grpc-address": f"{LOOPBACK}:{grpc}",
        "--data-dir": str(folder / "data"),
        "--objstore.config-file": str(folder / "object-storage.yaml"),
        "--endpoint.sd-config": json.dumps(
            {"endpoints": [{"address": endpoint} for endpoint in endpoints]}
        ),
    }
    adapted, substitutions = [], []
    for arg in args:
        name, _, was = arg.partition("=")
        if name == "--enable-auto-gomemlimit":
            substitutions.append(
                Substitution(where=f"thanos {args[0]} {name}", was=True, now=None,
                             why="this process has no memory limit of its own")
            )  # fmt: skip
        elif name in here:
            adapted.append(f"{name}={here[name]}")
            substitutions.append(
                Substitution(
                    where=f"thanos {args[0]} {name}", was=was, now=here[name], why="this computer"
                )
            )
        else:
            adapted.append(arg)
    if args[0] == "store":
        adapted.append(f"--sync-block-duration={SYNC_SECONDS}s")
        substitutions.append(_shorter("thanos store --sync-block-duration", "15m", "3s"))
    return adapted, substitutions


def sidecar_args(values: Values) -> list[str]:
    """The arguments that the operator gives the sidecar, from `prometheusSpec.thanos`."""
    thanos = values["prometheus"]["prometheusSpec"]["thanos"]
    return [
        "sidecar",
        f"--grpc-address=:{GRPC_PORT}",
        f"--http-address=:{HTTP_PORT}",
        f"--log.format={thanos['logFormat']}",
        f"--objstore.config-file={OBJECT_STORAGE_DIRECTORY}/object-storage.yaml",
    ]


@dataclass(frozen=True, kw_only=True)
class ThanosPart:
    """A part of Thanos that runs."""

    process: RunningProcess
    grpc_address: str

    @property
    def url(self) -> str:
        """Where it answers over HTTP."""
        return self.process.url


@contextmanager
def thanos_part(
    program: Path,
    args: list[str],
    folder: Path,
    *,
    storage: ObjectStorage | None,
    storage_file: Mapping[str, Any] | None = None,
    endpoints: list[str] | None = None,
    more: tuple[str, ...] = (),
    note: list[Substitution] | None = None,
) -> Iterator[ThanosPart]:
    """Start a part, wait until it is ready, and stop it at the end; raises ProcessError.

    Args:
        program: Thanos.
        args: as in the cluster.
        folder: of this part.
        storage: gives the credentials; a querier needs none.
        storage_file: content of the object storage file.
        endpoints: what a querier asks.
        more: arguments that only this computer needs.
        note: gets the substitutions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if storage_file is not None:
        text = yaml.safe_dump(dict(storage_file))
        (folder / "object-storage.yaml").write_text(text, encoding="utf-8")
    http, grpc = free_port(), free_port()
    arguments, substitutions = adapt_thanos_args(
        args, folder=folder, http=http, grpc=grpc, endpoints=endpoints or []
    )
    if note is not None:
        note += substitutions
    environment = {"PATH": os.defpath, **(storage.environment if storage else {})}
    process = start(
        [str(program), *arguments, *more],
        name=f"thanos {args[0]}",
        port=http,
        log_path=folder / f"{args[0]}.log",
        environment=environment,
        ready_path="/-/ready",
    )
    with process:
        yield ThanosPart(process=process, grpc_address=f"{LOOPBACK}:{grpc}")
