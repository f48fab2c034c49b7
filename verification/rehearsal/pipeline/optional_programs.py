"""Loki, Tempo and Grafana where their programs are on the PATH, as the synthesized stack has them.

No registry of packages has them, so nobody is asked to install them: without one, an OTLP recorder
takes its place (or, for Grafana, nothing does) and the report says so. The configuration is what
their charts make of our values; what needs the cluster is replaced and listed.
"""

import configparser
import copy
import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from blueprint.documents import Config, merge
from verification.rehearsal.pipeline.collectors import Substitution
from verification.rehearsal.pipeline.metrics_backend import ObjectStorage
from verification.rehearsal.processes import LOOPBACK, RunningProcess, free_port, start

LOKI, TEMPO, GRAFANA = "loki", "tempo", "grafana"
NAMES = (LOKI, TEMPO, GRAFANA)

ADMIN = ("admin", "rehearsal")
"""Login of the Grafana that is started here; in the cluster it is a secret."""

"""Loki and Tempo say that they are ready only after a while in their rings."""


def on_path(name: str) -> Path | None:
    """The program of that name on the PATH, if there is one."""
    names = (name, f"{name}-server") if name == GRAFANA else (name,)
    program = next((path for candidate in names if (path := shutil.which(candidate))), None)
    return Path(program) if program else None


@dataclass(frozen=True, kw_only=True)
class Running:
    """A program that answers; `otlp` is where it takes what collectors send."""

    process: RunningProcess
    otlp: str = ""

    @property
    def url(self) -> str:
        """Where it answers questions."""
        return self.process.url


# --- Loki -----------------------------------------------------------------------------------------

_LOKI_SECTIONS = {
    "auth_enabled": "auth_enabled",
    "analytics": "analytics",
    "commonConfig": "common",
    "compactor": "compactor",
    "distributor": "distributor",
    "ingester": "ingester",
    "limits_config": "limits_config",
    "pattern_ingester": "pattern_ingester",
    "querier": "querier",
    "rulerConfig": "ruler",
    "schemaConfig": "schema_config",
    "tracing": "tracing",
}
"""Keys of the chart's `loki` and the sections of Loki's file that its template makes of them."""


def loki_config(
    values: Mapping[str, Any], folder: Path, *, http: int, grpc: int, storage: ObjectStorage
) -> tuple[Config, Config, list[Substitution]]:
    """Loki's file, the file of its tenants' limits, and what is different from the cluster.

    Args:
        values: of the release loki.
        folder: takes what Loki writes.
        http: its port.
        grpc: its other port.
        storage: the emulated S3.
    """
    loki = values["loki"]
    adapted: Config = {
        section: copy.deepcopy(loki[key]) for key, section in _LOKI_SECTIONS.items() if key in loki
    }
    overrides: Config = copy.deepcopy(loki.get("runtimeConfig", {}))
    alone: Config = {
        "server": {
            "http_listen_address": LOOPBACK,
            "http_listen_port": http,
            "grpc_listen_address": LOOPBACK,
            "grpc_listen_port": grpc,
        },
        "common": {
            "path_prefix": str(folder / "data"),
            "replication_factor": 1,
            "instance_addr": LOOPBACK,
            "ring": {"kvstore": {"store": "inmemory"}},
            "storage": {
                "s3": {
                    "endpoint": f"http://{storage.address}",
                    "bucketnames": storage.bucket,
                    "s3forcepathstyle": True,
                    "insecure": True,
                    "region": loki["storage"]["s3"]["region"],
                }
            },
        },
        "compactor": {"working_directory": str(folder / "data" / "compactor")},
        "ruler": {
            "storage": {"type": "local", "local": {"directory": str(folder / "rules")}},
            "rule_path": str(folder / "rules-temp"),
            "wal": {"dir": str(folder / "ruler-wal")},
            "alertmanager_url": "",
            "ring": {"kvstore": {"store": "inmemory"}},
        },
        "runtime_config": {"file": str(folder / "runtime.yaml")},
    }
    return merge(adapted, alone), overrides, list(_differences("loki", adapted, alone))


@contextmanager
def running_loki(
    program: Path,
    values: Mapping[str, Any],
    folder: Path,
    storage: ObjectStorage,
    note: list[Substitution],
) -> Iterator[Running]:
    """Start Loki, wait until it is ready, and stop it at the end; raises ProcessError."""
    (folder / "rules").mkdir(parents=True)
    http, grpc = free_port(), free_port()
    config, overrides, different = loki_config(
        values, folder, http=http, grpc=grpc, storage=storage
    )
    note += different
    _write(folder / "runtime.yaml", overrides)
    file = _write(folder / "loki.yaml", config)
    with start(
        [str(program), f"-config.file={file}"],
        name=LOKI,
        port=http,
        log_path=folder / "loki.log",
        environment={"PATH": os.defpath, "HOME": str(folder), **storage.environment},
        ready_path="/ready",
    ) as process:
        yield Running(process=process, otlp=process.url)


# --- Tempo ----------------------------------------------------------------------------------------


def tempo_config(
    values: Mapping[str, Any],
    folder: Path,
    *,
    http: int,
    grpc: int,
    otlp: int,
    storage: ObjectStorage,
    prometheus_url: str,
) -> tuple[Config, Config, list[Substitution]]:
    """Tempo's file, the file of its tenants' limits, and what is different from the cluster.

    Args:
        values: of the release tempo.
        folder: takes what Tempo writes.
        http: its port for questions.
        grpc: its own port for itself.
        otlp: where it takes traces over gRPC.
        storage: the emulated S3.
        prometheus_url: where the service graph goes.
    """
    tempo = values["tempo"]
    generator = {
        key: copy.deepcopy(tempo["metricsGenerator"][key])
        for key in ("processor", "registry", "storage", "traces_storage")
    }
    adapted: Config = {
        "multitenancy_enabled": tempo["multitenancyEnabled"],
        "stream_over_http_enabled": tempo["streamOverHttpEnabled"],
        "usage_report": {"reporting_enabled": tempo["reportingEnabled"]},
        "compactor": {"compaction": {"block_retention": tempo["retention"]}},
        "ingester": copy.deepcopy(tempo["ingester"]),
        "query_frontend": copy.deepcopy(tempo["queryFrontend"]),
        "overrides": {"defaults": copy.deepcopy(tempo["overrides"]["defaults"])},
        "metrics_generator": generator,
        "storage": {"trace": copy.deepcopy(tempo["storage"]["trace"])},
    }
    remote_write = [
        {**target, "url": f"{prometheus_url}/api/v1/write"}
        for target in generator["storage"]["remote_write"]
    ]
    alone: Config = {
        "server": {
            "http_listen_address": LOOPBACK,
            "http_listen_port": http,
            "grpc_listen_address": LOOPBACK,
            "grpc_listen_port": grpc,
        },
        "distributor": {
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"{LOOPBACK}:{otlp}"}}}}
        },
        "storage": {
            "trace": {
                "wal": {"path": str(folder / "wal")},
                "s3": {
                    "endpoint": storage.address,
                    "bucket": storage.bucket,
                    "insecure": True,
                    "forcepathstyle": True,
                },
            }
        },
        "metrics_generator": {
            "storage": {"path": str(folder / "generator" / "wal"), "remote_write": remote_write},
            "traces_storage": {"path": str(folder / "generator" / "traces")},
        },
        "overrides": {"per_tenant_override_config": str(folder / "overrides.yaml")},
    }  # fmt: skip
    tenants = {"overrides": copy.deepcopy(tempo["per_tenant_overrides"])}
    return merge(adapted, alone), tenants, list(_differences("tempo", adapted, alone))


@contextmanager
def running_tempo(
    program: Path,
    values: Mapping[str, Any],
    folder: Path,
    storage: ObjectStorage,
    prometheus_url: str,
    note: list[Substitution],
) -> Iterator[Running]:
    """Start Tempo, wait until it is ready, and stop it at the end; raises ProcessError."""
    folder.mkdir(parents=True)
    http, grpc, otlp = free_port(), free_port(), free_port()
    config, tenants, different = tempo_config(
        values,
        folder,
        http=http,
        grpc=grpc,
        otlp=otlp,
        storage=storage,
        prometheus_url=prometheus_url,
    )
    note += different
    _write(folder / "overrides.yaml", tenants)
    file = _write(folder / "tempo.yaml", config)
    with start(
        [str(program), f"-config.file={file}"],
        name=TEMPO,
        port=http,
        log_path=folder / "tempo.log",
        environment={"PATH": os.defpath, "HOME": str(folder), **storage.environment},
        ready_path="/ready",
    ) as process:
        # Without a scheme the collectors keep speaking gRPC, as in the cluster.
        yield Running(process=process, otlp=f"{LOOPBACK}:{otlp}")


# --- Grafana --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where the datasources are here."""

    prometheus: str
    loki: str
    tempo: str
    alertmanager: str


def grafana_files(
    values: Mapping[str, Any], stack: Mapping[str, Any], addresses: Addresses, folder: Path
) -> tuple[dict[Path, str], list[Substitution]]:
    """What Grafana reads, by where it is, and what is different from the cluster.

    Args:
        values: `grafana` in the values of the release kps.
        stack: the synthesized stack, whose ConfigMaps hold the dashboards.
        addresses: of the datasources.
        folder: of this Grafana.
    """
    ini = configparser.ConfigParser(interpolation=None)
    for section, settings in values["grafana.ini"].items():
        ini[section] = {key: _ini(value) for key, value in settings.items()}
    text = io.StringIO()
    ini.write(text)
    sources, different = _datasources(values, addresses)
    dashboards = folder / "dashboards"
    provider = {
        "name": "sidecarProvider",
        "type": "file",
        "allowUiUpdates": values["sidecar"]["dashboards"]["provider"]["allowUiUpdates"],
        "options": {"path": str(dashboards), "foldersFromFilesStructure": True},
    }
    provisioning = folder / "provisioning"
    files = {
        folder / "grafana.ini": text.getvalue(),
        provisioning / "datasources" / "all.yaml": yaml.safe_dump(
            {"apiVersion": 1, "datasources": sources}
        ),
        provisioning / "dashboards" / "all.yaml": yaml.safe_dump(
            {"apiVersion": 1, "providers": [provider]}
        ),
    }
    for metadata, name, content in dashboards_of(stack):
        files[dashboards / metadata["annotations"]["grafana_folder"] / name] = content
    return files, different


def dashboards_of(stack: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """Metadata, file name and content of each dashboard in the stack's ConfigMaps."""
    for config_map in stack["resource"]["kubernetes_config_map_v1"].values():
        if config_map["metadata"].get("labels", {}).get("grafana_dashboard"):
            for name, content in config_map["data"].items():
                yield config_map["metadata"], name, content


def _datasources(
    values: Mapping[str, Any], addresses: Addresses
) -> tuple[list[Config], list[Substitution]]:
    ours = values["sidecar"]["datasources"]
    exemplars = ours["exemplarTraceIdDestinations"]
    prometheus = {
        "name": ours["name"],
        "type": "prometheus",
        "uid": ours["uid"],
        "url": ours["url"],
        "access": "proxy",
        "isDefault": True,
        "jsonData": {
            **ours["extraJsonData"],
            "exemplarTraceIdDestinations": [
                {
                    "name": exemplars["traceIdLabelName"],
                    "datasourceUid": exemplars["datasourceUid"],
                    "urlDisplayLabel": exemplars["urlDisplayLabel"],
                }
            ],
        },
    }
    here = {
        "prometheus": addresses.prometheus,
        "loki": addresses.loki,
        "tempo": addresses.tempo,
        "alertmanager": addresses.alertmanager,
    }
    sources = [prometheus, *copy.deepcopy(values["additionalDataSources"])]
    different = []
    for source in sources:
        was, source["url"] = source["url"], here[source["type"]]
        different.append(
            Substitution(
                where=f"grafana datasource {source['name']} url",
                was=was,
                now=source["url"],
                why="this computer",
            )
        )
    return sources, different


@contextmanager
def running_grafana(
    program: Path,
    values: Mapping[str, Any],
    stack: Mapping[str, Any],
    folder: Path,
    addresses: Addresses,
    note: list[Substitution],
) -> Iterator[Running]:
    """Start Grafana with datasources and dashboards, stop it at the end; raises ProcessError."""
    files, different = grafana_files(values, stack, addresses, folder)
    note += different
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    port = free_port()
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "GF_PATHS_DATA": str(folder / "data"),
        "GF_PATHS_LOGS": str(folder / "logs"),
        "GF_PATHS_PLUGINS": str(folder / "plugins"),
        "GF_PATHS_PROVISIONING": str(folder / "provisioning"),
        "GF_SERVER_HTTP_ADDR": LOOPBACK,
        "GF_SERVER_HTTP_PORT": str(port),
        "GF_SECURITY_ADMIN_USER": ADMIN[0],
        "GF_SECURITY_ADMIN_PASSWORD": ADMIN[1],
    }
    note.append(
        Substitution(
            where="grafana paths, address and admin",
            was="volumes and the secret grafana-admin",
            now="a folder, a port and a login of this computer",
            why="no cluster",
        )
    )
    command = [str(program), *(["server"] if program.name == GRAFANA else [])]
    if home := _grafana_home(program):
        command.append(f"--homepath={home}")
    with start(
        [*command, f"--config={folder / 'grafana.ini'}"],
        name=GRAFANA,
        port=port,
        log_path=folder / "grafana.log",
        environment=environment,
        working_directory=folder,
        ready_path="/api/health",
    ) as process:
        yield Running(process=process)


def _grafana_home(program: Path) -> Path | None:
    """Where its pages are: beside the program in an archive, elsewhere in a distribution."""
    candidates = (program.resolve().parent.parent, Path("/usr/share/grafana"))
    return next(
        (folder for folder in candidates if (folder / "conf" / "defaults.ini").is_file()), None
    )


def _ini(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _write(file: Path, content: Config) -> Path:
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return file


def _differences(
    where: str, was: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[Substitution]:
    """What a document that is merged over another changes."""
    for key, value in now.items():
        before = was.get(key)
        if isinstance(value, Mapping) and (before is None or isinstance(before, Mapping)):
            yield from _differences(f"{where}.{key}", before or {}, value)
        elif before != value:
            yield Substitution(
                where=f"{where}.{key}", was=before, now=value, why="one process, this computer"
            )
