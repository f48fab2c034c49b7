"""The whole pipeline of a synthesized stack on loopback, started and stopped as one.

    applications --> gateways (dev, hml, prd) --+--> Prometheus --> Alertmanager --> Slack, mail
    pods' logs   --> agent ---------------------+        `--sidecar--> S3 --store--> querier
                                                +--> Loki, Tempo, or an OTLP recorder

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

import boto3

from blueprint.names import telemetry_namespace
from settings.model import OBSERVABILITY, Settings
from tools.programs import program
from verification.rehearsal.aws.aws_emulator import AwsEmulator, start_aws_emulator
from verification.rehearsal.pipeline import collectors, metrics_backend, optional_programs
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

NEEDED = ("otelcol", "prometheus", "alertmanager", "thanos")
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
    """Whether the collectors mean Loki by a host and port."""
    return back_end.startswith("loki")


def is_tempo(back_end: str) -> bool:
    """Whether the collectors mean Tempo by a host and port."""
    return back_end.startswith("tempo")


def is_prometheus(back_end: str) -> bool:
    """Whether the collectors mean a Prometheus by a host and port."""
    return back_end.startswith("prometheus")


@dataclass(kw_only=True)
class Pipeline:
    """What runs. Prometheus can be lost and come back, so it is not fixed."""

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
    prometheus_plan: PrometheusPlan
    prometheus_process: RunningProcess
    alertmanager: Alerting
    aws: AwsEmulator
    s3: FaultyProxy
    storage: ObjectStorage
    sidecar: ThanosPart
    store: ThanosPart
    querier: ThanosPart
    loki: Running | None
    tempo: Running | None
    grafana: Running | None
    substitutions: list[Substitution]

    @property
    def prometheus(self) -> Prometheus:
        """To ask it."""
        return Prometheus(url=self.prometheus_plan.url)

    @property
    def thanos(self) -> Prometheus:
        """To ask the querier."""
        return Prometheus(url=self.querier.url)

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

        prometheus_port = free_port()
        prometheus_url = f"http://{LOOPBACK}:{prometheus_port}"
        loki = _loki(exits, stack, folder, storage["logs"], note, say)
        tempo = _tempo(exits, stack, folder, storage["traces"], prometheus_url, note, say)

        def back_end(name: str) -> str:
            if is_prometheus(name):
                return prometheus_url
            if is_loki(name) and loki:
                return loki.otlp
            if is_tempo(name) and tempo:
                return tempo.otlp
            return sink.address_of(name)

        gateways: dict[str, RunningCollector] = {}
        memory: dict[str, int] = {}
        real = _Programs(loki=loki is not None, tempo=tempo is not None)
        for stage in settings.stages:
            gateways[stage], memory[stage] = _gateway(
                exits, programs["otelcol"], stack, stage, folder, back_end, real, note
            )
            say(f"gateway of {stage} at {gateways[stage].url(collectors.OTLP_HTTP)}")
        agent_folder = folder / "agent"
        agent = _agent(exits, programs["otelcol"], stack, agent_folder, back_end, real, note)
        say("agent")

        plan = plan_prometheus(
            programs["prometheus"],
            kps,
            folder / "prometheus",
            targets=_targets(gateways, agent, prometheus_port, alertmanager),
            alertmanager_address=alertmanager.url.removeprefix("http://"),
            pace=pace,
            port=prometheus_port,
        )
        note += plan.substitutions
        prometheus = exits.enter_context(plan.start())
        say(f"Prometheus at {plan.url}")
        sidecar, store, querier = _thanos(
            exits, programs["thanos"], stack, kps, plan, folder, storage["metrics"], note
        )
        say(f"Thanos: sidecar, store, and querier at {querier.url}")
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
            prometheus_plan=plan,
            prometheus_process=prometheus,
            alertmanager=alertmanager,
            aws=aws,
            s3=s3,
            storage=storage["metrics"],
            sidecar=sidecar,
            store=store,
            querier=querier,
            loki=loki,
            tempo=tempo,
            grafana=grafana,
            substitutions=note,
        )
        # What was started in the place of what was lost.
        exits.callback(lambda: pipeline.prometheus_process.stop())
        yield pipeline


def _buckets(settings: Settings, aws: AwsEmulator, s3: FaultyProxy) -> dict[str, ObjectStorage]:
    client = s3_client(aws)
    made = {}
    for purpose in BUCKETS:
        name = settings.bucket_name(purpose)
        where = (
            {}
            if settings.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": settings.region}}
        )
        client.create_bucket(Bucket=name, **where)
        made[purpose] = ObjectStorage(address=s3.address, bucket=name, environment=aws.environment)
    return made


@dataclass(frozen=True, kw_only=True)
class _Programs:
    loki: bool
    tempo: bool

    def names(self, config: collectors.Config) -> frozenset[str]:
        """The back ends in a configuration that are the real program."""
        found = set()
        for exporter in config["exporters"].values():
            name = str(exporter.get("endpoint", "")).split("://")[-1].partition("/")[0]
            if (
                is_prometheus(name)
                or (is_loki(name) and self.loki)
                or (is_tempo(name) and self.tempo)
            ):
                found.add(name)
        return frozenset(found)


def _gateway(
    exits: ExitStack,
    otelcol: Path,
    stack: Mapping[str, Any],
    stage: str,
    folder: Path,
    back_end: Callable[[str], str],
    real: _Programs,
    note: list[Substitution],
) -> tuple[RunningCollector, int]:
    values = collectors.gateway_values(stack, stage)
    config = values["alternateConfig"]
    limit = collectors.memory_limit_mib(values)
    here = Here(
        folder=folder / f"gateway-{stage}",
        back_end=back_end,
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
    back_end: Callable[[str], str],
    real: _Programs,
    note: list[Substitution],
) -> RunningCollector:
    values = collectors.release_values(stack, "otel-agent", OBSERVABILITY)
    config = values["alternateConfig"]
    here = Here(
        folder=folder,
        back_end=back_end,
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
        Substitution(where=f"{who}: {one.where}", was=one.was, now=one.now, why=one.why)
        for one in substitutions
    ]


def _targets(
    gateways: Mapping[str, RunningCollector],
    agent: RunningCollector,
    prometheus_port: int,
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
        Target(
            job="kps-prometheus",
            address=f"{LOOPBACK}:{prometheus_port}",
            namespace=OBSERVABILITY,
            service="kps-prometheus",
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
    found = optional_programs.on_path(optional_programs.LOKI)
    if found is None:
        say(f"Loki is not on the PATH: {STAND_IN} in its place")
        return None
    values = collectors.release_values(stack, "loki", OBSERVABILITY)
    running = exits.enter_context(
        optional_programs.running_loki(found, values, folder / "loki", storage, note)
    )
    say(f"Loki ({found}) at {running.url}")
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
    found = optional_programs.on_path(optional_programs.TEMPO)
    if found is None:
        say(f"Tempo is not on the PATH: {STAND_IN} in its place")
        return None
    values = collectors.release_values(stack, "tempo", OBSERVABILITY)
    if "tempo" not in values:
        say(f"Tempo is distributed in this size, which is not started here: {STAND_IN}")
        return None
    running = exits.enter_context(
        optional_programs.running_tempo(
            found, values, folder / "tempo", storage, prometheus_url, note
        )
    )
    say(f"Tempo ({found}) at {running.url}")
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
    found = optional_programs.on_path(optional_programs.GRAFANA)
    if found is None:
        say("Grafana is not on the PATH: no dashboard is drawn; their queries are asked")
        return None
    running = exits.enter_context(
        optional_programs.running_grafana(
            found, kps["grafana"], stack, folder / "grafana", addresses, note
        )
    )
    say(f"Grafana ({found}) at {running.url}")
    return running


def _thanos(
    exits: ExitStack,
    thanos: Path,
    stack: Mapping[str, Any],
    kps: Mapping[str, Any],
    plan: PrometheusPlan,
    folder: Path,
    storage: ObjectStorage,
    note: list[Substitution],
) -> tuple[ThanosPart, ThanosPart, ThanosPart]:
    file, different = storage.thanos_config(metrics_backend.synthesized_object_storage(stack))
    note += different
    sidecar = exits.enter_context(
        thanos_part(
            thanos,
            metrics_backend.sidecar_args(kps),
            folder / "thanos-sidecar",
            storage=storage,
            storage_file=file,
            more=(f"--prometheus.url={plan.url}", f"--tsdb.path={plan.data}"),
            note=note,
        )
    )
    store = exits.enter_context(
        thanos_part(
            thanos,
            metrics_backend.thanos_args(stack, "thanos-store"),
            folder / "thanos-store",
            storage=storage,
            storage_file=file,
            note=note,
        )
    )
    querier = exits.enter_context(
        thanos_part(
            thanos,
            metrics_backend.thanos_args(stack, "thanos-querier"),
            folder / "thanos-querier",
            storage=None,
            endpoints=[sidecar.grpc_address, store.grpc_address],
            note=note,
        )
    )
    return sidecar, store, querier
