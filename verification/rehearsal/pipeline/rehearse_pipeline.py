"""`make rehearse`: the applications through the real pipeline on this computer, with faults.

Starts gateways, agent, Prometheus, Alertmanager and Thanos with the configuration out of the
synthesized stack, runs the sample applications, asks the back ends what arrived, breaks things, and
writes a report. Loki, Tempo and Grafana are used where they are on the PATH.
"""

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from settings.load import SettingsError, environment_names, load_environment
from settings.model import Settings
from signals.metrics import ENVIRONMENT
from tools.paths import ROOT
from tools.programs import INSTALLED, NGINX, PROGRAMS, ProgramUnavailableError
from verification.rehearsal.pipeline import optional_programs, smoke, storage_checks
from verification.rehearsal.pipeline import rehearsal_report as report
from verification.rehearsal.pipeline.collector_samples import Sampler
from verification.rehearsal.pipeline.collectors import OTLP_HTTP, NeedsClusterError
from verification.rehearsal.pipeline.faults import (
    CANCELLED,
    FAULTS,
    MINUTE,
    Bench,
    Tried,
    try_fault,
)
from verification.rehearsal.pipeline.local_pipeline import STAND_IN, Pipeline, running_pipeline
from verification.rehearsal.pipeline.metrics_backend import QUICK
from verification.rehearsal.pipeline.received_telemetry import ORDERS_CREATED
from verification.rehearsal.pipeline.scenario import Rehearsal, Timing, memory_stays_below
from verification.rehearsal.processes import ProcessError, heed_interrupts
from verification.rehearsal.prometheus_api import QueryError
from verification.rehearsal.verdicts import CheckFailedError, Verdict, Verdicts
from versions import NGINX_VERSION

REPORT = ROOT / "rehearsal-report"
FAULT_MINUTE = 15.0
AT_ONCE = 3
"""Faults that are tried at the same time: they mostly wait, but not only."""

NOT_CHECKED = (
    "Kubernetes: network policies, quotas, probes, autoscaling, rollouts, and what k8s_attributes "
    "asks its API (no cluster runs here)",
    "AWS: IAM roles of service accounts, KMS, throttling and consistency of S3 (it is emulated)",
    "more than one replica of anything, and the hop between gateways over a network",
    "Helm charts: what they make of the values is checked by `make charts-check`",
    "waits and windows of days: those of the service levels' rules are shortened (substitutions)",
    "queries that need Kubernetes' own metrics or a database: make charts-check and the tests of "
    "dashboards look at them with generated data",
)


@dataclass(kw_only=True)
class Run:
    """A rehearsal, and what is known of it so far."""

    settings: Settings
    folder: Path
    say: Callable[[str], None]
    app_stages: tuple[str, ...]
    minute: float
    timing: Timing
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    pipeline: Pipeline | None = None
    tried: list[Tried] = field(default_factory=list)
    interrupted: str = ""

    def __post_init__(self) -> None:
        self.verdicts = Verdicts(self.say)
        self.sampler = Sampler({})
        self._started = time.monotonic()

    @property
    def alert_stage(self) -> str:
        """The stage with the error burst: the last one, which pages people."""
        return self.app_stages[-1]

    def run(self) -> None:
        """Do everything; whatever was started is stopped, whatever happens.

        Raises:
            CheckFailedError, NeedsClusterError, OSError, ProcessError, ProgramUnavailableError,
            QueryError: it could not go on.
        """
        today = self.began.date()
        self.say("synthesizing the stack and starting what it describes")
        with running_pipeline(
            self.settings, self.folder, today=today, pace=QUICK, say=self._part
        ) as pipeline:
            self.pipeline = pipeline
            self.sampler.collectors |= {
                f"gateway {stage}": gateway for stage, gateway in pipeline.gateways.items()
            }
            with self.sampler:
                self._smoke(pipeline)
                expiry = _Background(lambda: self._expire(pipeline))
                rehearsal = Rehearsal(
                    pipeline=pipeline,
                    verdicts=self.verdicts,
                    say=self.say,
                    app_stages=self.app_stages,
                    alert_stage=self.alert_stage,
                    timing=self.timing,
                )
                rehearsal.run(self.sampler)
                self.sampler.mark("faults")
                self._faults(pipeline)
                self.say("waiting for S3 with expired credentials to come to its end")
                self.verdicts.add(expiry.result())
                self.sampler.mark("Prometheus loses its disk")
                stage = self.app_stages[0]
                self.verdicts.add(
                    storage_checks.judged(
                        "drill: Prometheus loses its disk",
                        storage_checks.DRILL_PROMISE,
                        lambda: storage_checks.lose_prometheus_disk(
                            pipeline, stage, f'sum({ORDERS_CREATED}{{{ENVIRONMENT}="{stage}"}})'
                        ),
                    )
                )
            memory_stays_below(self.verdicts, self.sampler.most_memory_mib(), self.limits)
            self.say("stopping everything")

    @property
    def limits(self) -> dict[str, float]:
        """Memory limits of the gateways in MiB."""
        limits = self.pipeline.memory_mib if self.pipeline else {}
        return {f"gateway {stage}": float(limit) for stage, limit in limits.items()}

    def _part(self, line: str) -> None:
        self.say(f"        {line}")

    def _smoke(self, pipeline: Pipeline) -> None:
        """The same code as `make smoke`, against the back ends here."""
        ends = smoke.Endpoints(
            gateways={
                stage: gateway.url(OTLP_HTTP) for stage, gateway in pipeline.gateways.items()
            },
            prometheus=pipeline.prometheus,
            logs=pipeline.logs,
            traces=pipeline.traces,
        )
        smoke.smoke(self.settings.stages, ends, tuple(self.settings.namespaces), self.verdicts, 60)

    def _expire(self, pipeline: Pipeline) -> Verdict:
        return storage_checks.judged(
            "expired credentials (Thanos, S3)",
            storage_checks.EXPIRED_PROMISE,
            lambda: storage_checks.credentials_expire(pipeline),
        )

    def _faults(self, pipeline: Pipeline) -> None:
        bench = Bench(
            settings=self.settings,
            stack=pipeline.stack,
            otelcol=pipeline.otelcol,
            folder=self.folder / "faults",
            stage=self.settings.stages[0],
            minute=self.minute,
        )
        self.say(f"{len(FAULTS)} faults, a minute takes {self.minute:g} s")
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            trying = [pool.submit(try_fault, fault, bench) for fault in FAULTS]
            try:
                for tried in map(Future.result, trying):
                    self.tried.append(tried)
                    self.verdicts.add(tried.verdict)
            except BaseException:
                CANCELLED.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def report(self) -> report.Report:
        """What is known by now."""
        return report.Report(
            environment=self.settings.environment,
            began=self.began,
            seconds=time.monotonic() - self._started,
            minute=self.minute,
            verdicts=self.verdicts.verdicts,
            tried=self.tried,
            readings=self.sampler.readings,
            marks=self.sampler.marks,
            limits=self.limits,
            versions=versions(self.pipeline),
            substitutions=self.pipeline.substitutions if self.pipeline else [],
            not_checked=not_checked(self),
            interrupted=self.interrupted,
        )


class _Background:
    """A check that runs beside others, as it mostly waits."""

    def __init__(self, check: Callable[[], Verdict]) -> None:
        self._result: list[Verdict] = []
        self._thread = threading.Thread(target=lambda: self._result.append(check()), daemon=True)
        self._thread.start()

    def result(self) -> Verdict:
        """Wait for its end."""
        self._thread.join()
        return self._result[0]


def versions(pipeline: Pipeline | None) -> list[tuple[str, str, str]]:
    """Name, version and origin of what ran."""
    programs = [
        (name, PROGRAMS[name].version, "compiled from its Go module, the version of the cluster")
        for name in ("otelcol", "prometheus", "alertmanager", "thanos")
    ]
    programs.append((NGINX, NGINX_VERSION, f"PyPI's {INSTALLED[NGINX]}: the doors"))
    if pipeline is None:
        return programs
    for name in optional_programs.NAMES:
        running = getattr(pipeline, name)
        path = optional_programs.on_path(name)
        if running:
            programs.append((name, "that of the PATH", str(path)))
        elif name != optional_programs.GRAFANA:
            programs.append((STAND_IN, "this project", f"in the place of {name.capitalize()}"))
    programs.append(("AWS emulator (stand-in)", "moto", "in the place of S3"))
    programs.append(("recorders (stand-ins)", "this project", "in the place of Slack and mail"))
    return programs


def not_checked(run: Run) -> list[str]:
    """What this run says nothing about, and why."""
    gaps = [
        f"{verdict.group}: {verdict.name}: {verdict.detail}"
        for verdict in run.verdicts.verdicts
        if verdict.status == "not checked"
    ]
    if run.pipeline:
        for name in (optional_programs.LOKI, optional_programs.TEMPO):
            if getattr(run.pipeline, name) is None:
                gaps.append(
                    f"{name.capitalize()} itself (ingestion, limits, retention, its queries): its "
                    f"program is not on the PATH; an {STAND_IN} took what it would have been sent"
                )
    without = [stage for stage in run.settings.stages if stage not in run.app_stages]
    if without:
        gaps.append(
            f"applications in {', '.join(without)}: not asked for (--stage); the smoke test was"
        )
    return [*gaps, *NOT_CHECKED]


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    parser = argparse.ArgumentParser(
        prog="make rehearse ENV=<env>",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit code: 0 all is as promised, 1 something is not, 2 wrong usage or settings, "
        "130 interrupted.",
    )
    parser.add_argument("--env", required=True, help=f"one of {', '.join(environment_names())}")
    parser.add_argument(
        "--stage",
        action="append",
        default=[],
        help="run the applications in this stage (repeatable; all stages unless given)",
    )
    parser.add_argument(
        "--short",
        action="store_true",
        help="shorter traffic and faults, as in the tests",
    )
    parser.add_argument(
        "--minute",
        type=_minute,
        help=f"how many seconds a minute of the faults takes ({FAULT_MINUTE:g})",
    )
    parser.add_argument(
        "--report", type=Path, default=REPORT, metavar="FOLDER", help="rehearsal-report"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder with configurations, data and logs"
    )
    return parser


def _minute(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 3 <= seconds <= MINUTE:
        raise argparse.ArgumentTypeError(f"{text!r}: allowed are 3 to {MINUTE:g} seconds")
    return seconds


SHORT = Timing(healthy=12, each_kind=2)
SHORT_MINUTE = 6.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = parser().parse_args(arguments)
    try:
        settings = load_environment(options.env, today=date.today())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if unknown := sorted(set(options.stage) - set(settings.stages)):
        allowed = ", ".join(settings.stages)
        print(f"--stage {', '.join(unknown)}: allowed are {allowed}", file=sys.stderr)
        return 2
    heed_interrupts()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"rehearse-{options.env}-"))
    run = Run(
        settings=settings,
        folder=folder,
        say=lambda line: print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True),
        app_stages=tuple(stage for stage in settings.stages if stage in options.stage)
        or settings.stages,
        minute=options.minute or (SHORT_MINUTE if options.short else FAULT_MINUTE),
        timing=SHORT if options.short else Timing(),
    )
    return _finished(run, options.report, keep=options.keep)


def _finished(run: Run, folder: Path, *, keep: bool) -> int:
    status = 1
    try:
        run.run()
    except KeyboardInterrupt:
        run.interrupted, status = "it was interrupted", 130
        print("\nInterrupted; everything that was started is stopped.", file=sys.stderr)
    except (
        CheckFailedError,
        NeedsClusterError,
        OSError,
        ProcessError,
        ProgramUnavailableError,
        QueryError,
    ) as error:
        run.interrupted = str(error)
        print(f"\n{error}", file=sys.stderr)
    written = run.report()
    page = report.write(written, folder)
    if written.passed:
        status = 0
    for line in written.not_checked:
        print(f"not checked: {line}")
    if keep or status == 1:
        print(f"configurations, data and logs: {run.folder}")
    else:
        shutil.rmtree(run.folder, ignore_errors=True)
    outcome = "PASSED" if status == 0 else "FAILED"
    print(f"{outcome} in {written.seconds:.0f} s: {run.verdicts.counts}")
    print(f"report: {page}")
    return status


if __name__ == "__main__":
    sys.exit(main())
