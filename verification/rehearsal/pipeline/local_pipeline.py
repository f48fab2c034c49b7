"""The whole pipeline of a synthesized stack on loopback, started and stopped as one.

    applications --> gateways --> doors --+--> a Prometheus of each stage --> Alertmanager
    pods' logs   --> agent -----> door ---+        `--sidecar--> S3 --store--> querier
                                          +--> Loki, Tempo, or an OTLP recorder

Beside those of the stages the platform's Prometheus, which scrapes and is pushed to by the agent.

Collectors, Prometheus, Alertmanager and Thanos are the real programs in the versions of the
cluster; S3, Slack and the mail server are stand-ins. Loki, Tempo and Grafana are real where they
are on the PATH.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from blueprint import endpoints
from blueprint.documents import Config
from blueprint.names import telemetry_namespace
from settings.model import OBSERVABILITY, Settings
from settings.types import TELEMETRY_SUFFIX
from tools.programs import program
from verification.rehearsal.aws.aws_emulator import AwsEmulator, start_aws_emulator
from verification.rehearsal.pipeline import (
    collectors,
    local_doors,
    metrics_backend,
    optional_programs,
)
from verification.rehearsal.pipeline.alerting import Alerting, alertmanager_with_sinks
from verification.rehearsal.pipeline.backend_queries import (
    LogStore,
    Loki,
    Prometheus,
    RecordedLogs,
    RecordedTraces,
    Tempo,
    TraceStore,
)
from verification.rehearsal.pipeline.collectors import Here, RunningCollector, Substitution
from verification.rehearsal.pipeline.faulty_proxy import FaultyProxy
from verification.rehearsal.pipeline.local_doors import RunningDoor
from verification.rehearsal.pipeline.metrics_backend import (
    ObjectStorage,
    Pace,
    PrometheusPlan,
    Target,
    ThanosPart,
    plan_prometheus,
    thanos_part,
)
from verification.rehearsal.pipeline.optional_programs import Addresses, Running
from verification.rehearsal.pipeline.otlp_sink import OtlpSink
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack
from verification.rehearsal.processes import LOOPBACK, RunningProcess, free_port

Say = Callable[[str], None]

DECISION_WAIT = "5s"
"""Of the sampler: longer than a slow request of the applications and their batches of spans."""

NEEDED = ("otelcol", "prometheus", "alertmanager", "thanos", "nginx")
BUCKETS = ("metrics", "logs", "traces")
STAND_IN = "OTLP recorder (stand-in)"


ALERT_SUBSTITUTIONS = (
    Substitution(
        where="alertmanager.global.slack_api_url_file",
        was="Slack",
        now="a recorder on loopback",
        why="nobody is to be woken by a rehearsal",
    ),
    Substitution(
        where="alertmanager.global.smtp_smarthost",
        was="the mail server of the settings",
        now="a recorder on loopback that speaks STARTTLS and AUTH",
        why="nobody is to be woken by a rehearsal",
    ),
    Substitution(
        where="alertmanager webhook of the dead man's switch",
        was="an external service",
        now="a recorder on loopback",
        why="nobody is to be woken by a rehearsal",
    ),
    Substitution(
        where="alertmanager.route group_wait, group_interval, repeat_interval of 1m",
        was="seconds to minutes",
        now="1s",
        why="minutes of a rehearsal, not days",
    ),
)


def is_loki(back_end: str) -> bool:
    """Whether a recorder in the place of Loki was meant: by name, or by a door's path (/otlp)."""
    return back_end in ("loki", "otlp")


def is_tempo(back_end: str) -> bool:
    """Whether the collectors mean Tempo."""
    return back_end == "tempo"


@dataclass(kw_only=True)
class LocalPrometheus:
    """A Prometheus with its sidecar. It can be lost and come back, so `process` is not fixed."""

    plan: PrometheusPlan
    process: RunningProcess
    sidecar: ThanosPart

    def stop(self) -> None:
        """Stop the one that runs now."""
        self.process.stop()


@dataclass(kw_only=True)
class Pipeline:
    """What runs. `metrics` holds the Prometheus of each stage, and the platform's."""

    settings: Settings
    stack: Mapping[str, Any]
    folder: Path
    otelcol: Path
    sink: OtlpSink
    gateways: dict[str, RunningCollector]
    memory_mib: dict[str, int]
    """The limit of each gateway."""
    agent: RunningCollector
    agent_folder: Path
    metrics: dict[str, LocalPrometheus]
    doors: dict[str, RunningDoor]
    alertmanager: Alerting
    aws: AwsEmulator
    s3: FaultyProxy
    storage: ObjectStorage
    store: ThanosPart
    querier: ThanosPart
    loki: Running | None
    tempo: Running | None
    grafana: Running | None
    substitutions: list[Substitution]

    @property
    def prometheus(self) -> Prometheus:
        """To ask all of them together, as Grafana does: the querier."""
        return Prometheus(url=self.querier.url)

    def prometheus_of(self, stage: str) -> Prometheus:
        """To ask that of a stage alone."""
        return Prometheus(url=self.metrics[stage].plan.url)

    @property
    def traces(self) -> TraceStore:
        """Tempo or the recorder."""
        return Tempo(url=self.tempo.url) if self.tempo else self._recorded_traces

    @property
    def logs(self) -> LogStore:
        """Loki or the recorder."""
        return Loki(url=self.loki.url) if self.loki else RecordedLogs(self.sink, is_loki)

    @property
    def back_ends(self) -> dict[str, str]:
        """What answers for each back end."""
        return {
            "Prometheus": "prometheus",
            "Loki": "loki" if self.loki else STAND_IN,
            "Tempo": "tempo" if self.tempo else STAND_IN,
            "Grafana": "grafana" if self.grafana else "not started",
        }

    def __post_init__(self) -> None:
        self._recorded_traces = RecordedTraces(self.sink, is_tempo)

    def s3_client(self) -> Any:
        """The emulated S3, not through the proxy that can fail."""
        return s3_client(self.aws)


def s3_client(aws: AwsEmulator) -> Any:
    """A boto3 client of the emulated S3."""
    session = boto3.Session(
        aws_access_key_id=aws.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws.environment["AWS_SECRET_ACCESS_KEY"],
        region_name=aws.environment["AWS_REGION"],
    )
    return session.client("s3", endpoint_url=aws.endpoint_url)


@contextmanager
def running_pipeline(
    settings: Settings, folder: Path, *, today: date, pace: Pace, say: Say
) -> Iterator[Pipeline]:
    """Start everything, and stop it at the end in the reverse order.

    Args:
        settings: the environment.
        folder: an existing one; takes configurations, data and logs.
        today: the date by which the settings were checked.
        pace: which waits are shortened.
        say: gets a line for each part that runs.

    Raises:
        ProgramUnavailableError: a program that is needed cannot be had here.
        ProcessError: a program did not start.
    """
    stack = observability_stack(settings.environment, today)
    kps = collectors.release_values(stack, "kps", OBSERVABILITY)
    programs = {name: program(name) for name in NEEDED}
    note: list[Substitution] = list(ALERT_SUBSTITUTIONS)
    with ExitStack() as exits:
        aws = exits.enter_context(start_aws_emulator(settings.account_id, folder, settings.region))
        s3 = exits.enter_context(FaultyProxy(aws.endpoint_url))
        storage = _buckets(settings, aws, s3)
        say(f"AWS emulator (moto), S3 at {s3.address}, as ordered with faults")
        sink = exits.enter_context(OtlpSink())
        (folder / "alertmanager").mkdir()
        alertmanager = exits.enter_context(
            alertmanager_with_sinks(kps["alertmanager"], folder / "alertmanager")
        )
        say(f"Alertmanager at {alertmanager.url}, recorders of Slack and mail")

        ports = {name: free_port() for name in settings.namespaces}
        loki = _loki(exits, stack, folder, storage["logs"], note, say)
        # A single Tempo here writes to a single Prometheus, that of the first stage.
        graph_url = f"http://{LOOPBACK}:{ports[settings.stages[0]]}"
        tempo = _tempo(exits, stack, folder, storage["traces"], graph_url, note, say)
        doors = _doors(
            exits, stack, settings, folder,
            _BackEnds(
                prometheus=ports,
                loki=urlsplit(loki.otlp if loki else sink.address_of("")).netloc,
                tempo=tempo.otlp if tempo else f"{LOOPBACK}:1",
            ),
            note,
        )  # fmt: skip
        say(f"{len(doors)} doors (nginx)")

        def door(address: str) -> str:
            name = address.partition(".")[0]
            return f"http://{doors[name].address(endpoints.DOOR_PORT)}"

        def back_end(name: str) -> str:
            # The recorder in the place of Tempo speaks HTTP, and is reached past the door.
            return tempo.otlp if tempo else sink.address_of(name)

        gateways: dict[str, RunningCollector] = {}
        memory: dict[str, int] = {}
        real = _Programs(loki=loki is not None, tempo=tempo is not None)
        for stage in settings.stages:
            gateways[stage], memory[stage] = _gateway(
                exits, programs["otelcol"], stack, stage, folder, (back_end, door), real, note
            )
            say(f"gateway of {stage} at {gateways[stage].url(collectors.OTLP_HTTP)}")
        agent_folder = folder / "agent"
        agent = _agent(
            exits, programs["otelcol"], stack, agent_folder, (back_end, door), real, note
        )
        say("agent")

        file, different = storage["metrics"].thanos_config(
            metrics_backend.synthesized_object_storage(stack)
        )
        note += different
        thanos = _Thanos(exits, programs["thanos"], folder, storage["metrics"], file, note)
        metrics = {
            name: _prometheus(
                thanos, programs["prometheus"], stack, name, alertmanager, pace, ports[name],
                _targets(gateways, agent, ports, alertmanager) if name == OBSERVABILITY else [],
            )
            for name in settings.namespaces
        }  # fmt: skip
        say(f"{len(metrics)} Prometheus, each with a sidecar")
        store, querier = thanos.readers(stack, [backend.sidecar for backend in metrics.values()])
        say(f"Thanos: store, and querier at {querier.url}")
        grafana = _grafana(
            exits, stack, kps, folder, note, say,
            Addresses(
                prometheus=querier.url,
                loki=loki.url if loki else "http://127.0.0.1:1",
                tempo=tempo.url if tempo else "http://127.0.0.1:1",
                alertmanager=alertmanager.url,
            ),
        )  # fmt: skip
        pipeline = Pipeline(
            settings=settings,
            stack=stack,
            folder=folder,
            otelcol=programs["otelcol"],
            sink=sink,
            gateways=gateways,
            memory_mib=memory,
            agent=agent,
            agent_folder=agent_folder,
            metrics=metrics,
            doors=doors,
            alertmanager=alertmanager,
            aws=aws,
            s3=s3,
            storage=storage["metrics"],
            store=store,
            querier=querier,
            loki=loki,
            tempo=tempo,
            grafana=grafana,
            substitutions=note,
        )
        # What was started in the place of what was lost.
        for backend in metrics.values():
            exits.callback(backend.stop)
        yield pipeline


def _buckets(settings: Settings, aws: AwsEmulator, s3: FaultyProxy) -> dict[str, ObjectStorage]:
    client = s3_client(aws)
    storages = {}
    for purpose in BUCKETS:
        name = settings.bucket_name(purpose)
        where = (
            {}
            if settings.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": settings.region}}
        )
        client.create_bucket(Bucket=name, **where)
        storages[purpose] = ObjectStorage(
            address=s3.address, bucket=name, environment=aws.environment
        )
    return storages


@dataclass(frozen=True, kw_only=True)
class _Programs:
    loki: bool
    tempo: bool

    def names(self, config: Config) -> frozenset[str]:
        """The back ends of a configuration that are the real program: every Prometheus is."""
        replicas = {
            name.partition("/")[2] for name in config["exporters"] if "/prometheus-" in name
        }
        return frozenset(
            {*replicas, *(["loki"] if self.loki else []), *(["tempo"] if self.tempo else [])}
        )


@dataclass(frozen=True, kw_only=True)
class _BackEnds:
    """Where they are on this computer: ports of each Prometheus, host and port of the others."""

    prometheus: Mapping[str, int]
    loki: str
    tempo: str

    def address(self, in_cluster: str) -> str:
        """Host and port on this computer, by those in the cluster."""
        name, *rest = in_cluster.split(".")
        if name.startswith("prometheus-"):
            stage = rest[1].removesuffix(TELEMETRY_SUFFIX)
            return f"{LOOPBACK}:{self.prometheus[stage]}"
        return self.loki if name.startswith("loki") else self.tempo


def _doors(
    exits: ExitStack,
    stack: Mapping[str, Any],
    settings: Settings,
    folder: Path,
    back_ends: _BackEnds,
    note: list[Substitution],
) -> dict[str, RunningDoor]:
    """Those that collectors push through."""
    nginx = program("nginx")
    names = [*map(endpoints.stage_door_name, settings.stages), endpoints.AGENT_DOOR]
    running = {}
    for name in names:
        where = folder / name
        where.mkdir()
        door = local_doors.adapt(
            local_doors.synthesized_config(stack, name), where, back_ends.address
        )
        note += named(name, door.substitutions)
        running[name] = exits.enter_context(local_doors.started(nginx, door, where, name=name))
    return running


def _gateway(
    exits: ExitStack,
    otelcol: Path,
    stack: Mapping[str, Any],
    stage: str,
    folder: Path,
    ways: tuple[Callable[[str], str], Callable[[str], str]],
    real: _Programs,
    note: list[Substitution],
) -> tuple[RunningCollector, int]:
    values = collectors.gateway_values(stack, stage)
    config = values["alternateConfig"]
    limit = collectors.memory_limit_mib(values)
    here = Here(
        folder=folder / f"gateway-{stage}",
        back_end=ways[0],
        door=ways[1],
        as_json=True,
        programs=real.names(config),
        hurry=True,
        decision_wait=DECISION_WAIT,
        memory_mib=limit,
    )
    adapted = collectors.adapt(config, here)
    note += named(f"gateway {stage}", adapted.substitutions)
    running = exits.enter_context(
        collectors.started(otelcol, adapted, here.folder, name=f"gateway of {stage}")
    )
    return running, limit


def _agent(
    exits: ExitStack,
    otelcol: Path,
    stack: Mapping[str, Any],
    folder: Path,
    ways: tuple[Callable[[str], str], Callable[[str], str]],
    real: _Programs,
    note: list[Substitution],
) -> RunningCollector:
    values = collectors.release_values(stack, "otel-agent", OBSERVABILITY)
    config = values["alternateConfig"]
    here = Here(
        folder=folder,
        back_end=ways[0],
        door=ways[1],
        as_json=True,
        programs=real.names(config),
        hurry=True,
        memory_mib=collectors.memory_limit_mib(values),
    )
    adapted = collectors.adapt(config, here)
    note += named("agent", adapted.substitutions)
    return exits.enter_context(collectors.started(otelcol, adapted, folder, name="agent"))


def named(who: str, substitutions: tuple[Substitution, ...]) -> list[Substitution]:
    """Substitutions with the name of the program before their place."""
    return [
        Substitution(
            where=f"{who}: {substitution.where}",
            was=substitution.was,
            now=substitution.now,
            why=substitution.why,
        )
        for substitution in substitutions
    ]


def _targets(
    gateways: Mapping[str, RunningCollector],
    agent: RunningCollector,
    ports: Mapping[str, int],
    alertmanager: Alerting,
) -> list[Target]:
    def own(collector: RunningCollector) -> str:
        return collector.url(collectors.OWN_METRICS).removeprefix("http://")

    return [
        *(
            Target(
                job="otel-gateway",
                address=own(gateway),
                namespace=telemetry_namespace(stage),
                service="otel-gateway",
            )
            for stage, gateway in gateways.items()
        ),
        Target(job="otel-agent", address=own(agent), namespace=OBSERVABILITY, service="otel-agent"),
        *(
            Target(
                job="kps-prometheus" if name == OBSERVABILITY else "stage-prometheus",
                address=f"{LOOPBACK}:{port}",
                # As the monitor of a stage's Prometheus says.
                namespace=name,
                service="kps-prometheus" if name == OBSERVABILITY else "stage-prometheus",
            )
            for name, port in ports.items()
        ),
        Target(
            job="kps-alertmanager",
            address=alertmanager.url.removeprefix("http://"),
            namespace=OBSERVABILITY,
            service="kps-alertmanager",
        ),
    ]


def _loki(
    exits: ExitStack,
    stack: Mapping[str, Any],
    folder: Path,
    storage: ObjectStorage,
    note: list[Substitution],
    say: Say,
) -> Running | None:
    program = optional_programs.on_path(optional_programs.LOKI)
    if program is None:
        say(f"Loki is not on the PATH: {STAND_IN} in its place")
        return None
    values = collectors.release_values(stack, "loki", OBSERVABILITY)
    running = exits.enter_context(
        optional_programs.running_loki(program, values, folder / "loki", storage, note)
    )
    say(f"Loki ({program}) at {running.url}")
    return running


def _tempo(
    exits: ExitStack,
    stack: Mapping[str, Any],
    folder: Path,
    storage: ObjectStorage,
    prometheus_url: str,
    note: list[Substitution],
    say: Say,
) -> Running | None:
    program = optional_programs.on_path(optional_programs.TEMPO)
    if program is None:
        say(f"Tempo is not on the PATH: {STAND_IN} in its place")
        return None
    values = collectors.release_values(stack, "tempo", OBSERVABILITY)
    if "tempo" not in values:
        say(f"Tempo is distributed in this size, which is not started here: {STAND_IN}")
        return None
    running = exits.enter_context(
        optional_programs.running_tempo(
            program, values, folder / "tempo", storage, prometheus_url, note
        )
    )
    say(f"Tempo ({program}) at {running.url}")
    return running


def _grafana(
    exits: ExitStack,
    stack: Mapping[str, Any],
    kps: Mapping[str, Any],
    folder: Path,
    note: list[Substitution],
    say: Say,
    addresses: Addresses,
) -> Running | None:
    program = optional_programs.on_path(optional_programs.GRAFANA)
    if program is None:
        say("Grafana is not on the PATH: no dashboard is drawn; their queries are asked")
        return None
    running = exits.enter_context(
        optional_programs.running_grafana(
            program, kps["grafana"], stack, folder / "grafana", addresses, note
        )
    )
    say(f"Grafana ({program}) at {running.url}")
    return running


@dataclass(frozen=True)
class _Thanos:
    """Starts parts of Thanos."""

    exits: ExitStack
    program: Path
    folder: Path
    storage: ObjectStorage
    storage_file: Mapping[str, Any]
    note: list[Substitution]

    def sidecar(self, values: Mapping[str, Any], name: str, plan: PrometheusPlan) -> ThanosPart:
        """That of a Prometheus."""
        return self._part(
            metrics_backend.sidecar_args(values),
            f"thanos-sidecar-{name}",
            more=(f"--prometheus.url={plan.url}", f"--tsdb.path={plan.data}"),
        )

    def readers(
        self, stack: Mapping[str, Any], sidecars: list[ThanosPart]
    ) -> tuple[ThanosPart, ThanosPart]:
        """Store gateway and querier."""
        store = self._part(metrics_backend.thanos_args(stack, "thanos-store"), "thanos-store")
        querier = self.exits.enter_context(
            thanos_part(
                self.program,
                metrics_backend.thanos_args(stack, "thanos-querier"),
                self.folder / "thanos-querier",
                storage=None,
                endpoints=[part.grpc_address for part in (*sidecars, store)],
                note=self.note,
            )
        )
        return store, querier

    def _part(self, args: list[str], name: str, more: tuple[str, ...] = ()) -> ThanosPart:
        return self.exits.enter_context(
            thanos_part(
                self.program,
                args,
                self.folder / name,
                storage=self.storage,
                storage_file=self.storage_file,
                more=more,
                note=self.note,
            )
        )


def _prometheus(
    thanos: _Thanos,
    program: Path,
    stack: Mapping[str, Any],
    name: str,
    alertmanager: Alerting,
    pace: Pace,
    port: int,
    targets: list[Target],
) -> LocalPrometheus:
    """The platform's, or that of a stage, with its sidecar."""
    platform = name == OBSERVABILITY
    namespace = OBSERVABILITY if platform else telemetry_namespace(name)
    values = collectors.release_values(stack, "kps" if platform else "prometheus", namespace)
    plan = plan_prometheus(
        program,
        values,
        thanos.folder / f"prometheus-{name}",
        targets=targets,
        alertmanager_address=alertmanager.url.removeprefix("http://"),
        pace=pace,
        port=port,
        namespace=namespace,
    )
    thanos.note.extend(named(f"Prometheus of {name}", plan.substitutions))
    process = thanos.exits.enter_context(plan.start())
    return LocalPrometheus(plan=plan, process=process, sidecar=thanos.sidecar(values, name, plan))
