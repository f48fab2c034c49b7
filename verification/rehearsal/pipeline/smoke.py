"""`make smoke`: does a cluster take telemetry, and give it back?

Through the gateway of each stage go one metric, one log record and one trace with a random id;
each is then looked for in Prometheus, Loki and Tempo, in the stage's own tenant and in no other.
The rehearsal runs the same code against its back ends.

Addresses are given by options or by variables (SMOKE_GATEWAY_DEV, SMOKE_PROMETHEUS, SMOKE_LOKI,
SMOKE_TEMPO), or --port-forward asks kubectl for all of them.
"""

import argparse
import os
import re
import secrets
import shutil
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from blueprint import endpoints
from blueprint.names import telemetry_namespace
from settings.load import SettingsError, environment_names, load_environment
from settings.model import OBSERVABILITY, Settings
from signals.metrics import ENVIRONMENT
from verification.rehearsal.pipeline import otlp_client
from verification.rehearsal.pipeline.backend_queries import (
    LogStore,
    Loki,
    Prometheus,
    Tempo,
    TraceStore,
)
from verification.rehearsal.processes import LOOPBACK, ProcessError, free_port, start
from verification.rehearsal.prometheus_api import QueryError
from verification.rehearsal.verdicts import CheckFailedError, Verdicts

SERVICE = "smoke-test"
DEFAULT_SECONDS = 120
"""Longer than the gateway's decision (10 s or more) and its batches together."""

SIGNALS = ("metric", "log", "trace")
_POLL_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where things are: the OTLP/HTTP address of each stage's gateway, and the back ends."""

    gateways: Mapping[str, str]
    prometheus: Prometheus
    logs: LogStore
    traces: TraceStore


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What was sent through one gateway; every name has the random id in it."""

    stage: str
    identifier: str

    @property
    def trace_id(self) -> str:
        """The trace."""
        return self.identifier

    @property
    def line(self) -> str:
        """The log record's body."""
        return f"smoke test {self.identifier}"

    @property
    def metric(self) -> str:
        """The name of the metric in Prometheus: a name for each probe, so labels cannot hide it.

        In letters alone, as a gateway refuses names with long numbers.
        """
        return f"smoke_test_{otlp_client.in_letters(self.identifier[:12])}_total"

    def send(self, url: str) -> None:
        """Send all three.

        Raises:
            CheckFailedError: the gateway refused or does not answer.
        """
        now = time.time_ns()
        resource = {"service.name": SERVICE}
        # An error, so that the sampler keeps it; of no server, so that no service level counts it
        # and nobody is woken.
        span = otlp_client.span(
            self.trace_id,
            self.identifier[:16],
            "smoke test",
            start_ns=now - 1_000_000,
            end_ns=now,
            kind=otlp_client.INTERNAL,
            status=otlp_client.ERROR,
        )
        record = otlp_client.log_record(self.line, at_ns=now)
        name = self.metric.removesuffix("_total").replace("_", ".")
        counter = otlp_client.counter(name, at_ns=now, points=[{}])
        for signal, body in (
            ("metrics", otlp_client.metrics(resource, [counter])),
            ("logs", otlp_client.logs(resource, [record])),
            ("traces", otlp_client.traces(resource, [span])),
        ):
            try:
                otlp_client.post(url, signal, body)
            except urllib.error.HTTPError as error:
                said = f"the gateway of {self.stage} answered {error.code} to {signal}"
                raise CheckFailedError(said) from error
            except OSError as error:
                raise CheckFailedError(f"the gateway of {self.stage} at {url}: {error}") from error

    def where(self, signal: str, ends: Endpoints, tenants: Sequence[str]) -> set[str]:
        """The stages in whose name a back end has a signal of this probe; raises QueryError."""
        match signal:
            case "metric":
                return {
                    series.labels.get(ENVIRONMENT, "no stage")
                    for series in ends.prometheus.query(self.metric)
                }
            case "log":
                return {tenant for tenant in tenants if ends.logs.lines(tenant, SERVICE, self.line)}
            case _:
                return {tenant for tenant in tenants if ends.traces.trace(tenant, self.trace_id)}


def smoke(
    stages: Sequence[str],
    ends: Endpoints,
    tenants: Sequence[str],
    verdicts: Verdicts,
    seconds: float,
) -> None:
    """Send a probe through each gateway, and give a verdict for each signal of each stage.

    Args:
        stages: whose gateways are tried.
        ends: where everything is.
        tenants: where log records and traces are looked for.
        verdicts: takes the verdicts.
        seconds: how long each signal may take to be found, all together.
    """
    probes = []
    for stage in stages:
        probe = Probe(stage=stage, identifier=secrets.token_hex(16))

        def send(probe: Probe = probe) -> str:
            probe.send(ends.gateways[probe.stage])
            return f"id {probe.identifier}"

        if verdicts.run("smoke", f"{stage}: the gateway takes metric, log and trace", send):
            probes.append(probe)
    deadline = time.monotonic() + seconds
    for probe in probes:
        for signal in SIGNALS:

            def check(probe: Probe = probe, signal: str = signal) -> str:
                return _found(probe, signal, ends, tenants, deadline)

            verdicts.run("smoke", f"{probe.stage}: the {signal} is found, there only", check)


def _found(
    probe: Probe, signal: str, ends: Endpoints, tenants: Sequence[str], deadline: float
) -> str:
    started = time.monotonic()
    trouble = ""
    while True:
        try:
            where = probe.where(signal, ends, tenants)
            trouble = ""
        except QueryError as error:
            where, trouble = set(), str(error)
        if where == {probe.stage}:
            return f"after {time.monotonic() - started:.0f} s"
        if where - {probe.stage}:
            raise CheckFailedError(
                f"what went through the gateway of {probe.stage} is in {', '.join(sorted(where))}"
            )
        if time.monotonic() >= deadline:
            raise CheckFailedError(trouble or "it was taken, but is not found in time")
        time.sleep(_POLL_SECONDS)


# --- A cluster ------------------------------------------------------------------------------------

_OTLP_HTTP = 4318


class UsageError(ValueError):
    """What was asked for cannot be done; the message says what is allowed."""


@contextmanager
def forwarded(
    settings: Settings, stages: Sequence[str], context: str | None
) -> Iterator[dict[str, str]]:
    """Forward a port to each gateway and back end with kubectl; stopped at the end.

    Args:
        settings: of the environment.
        stages: whose gateways are tried.
        context: of kubectl; the current one unless given.

    Yields:
        Address by name: gateway-<stage>, prometheus, loki, tempo.

    Raises:
        UsageError: there is no kubectl.
        ProcessError: a port cannot be forwarded; the message has kubectl's words.
    """
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise UsageError("--port-forward needs kubectl on the PATH; or give the addresses")
    targets = {
        f"gateway-{stage}": (telemetry_namespace(stage), "otel-gateway", _OTLP_HTTP)
        for stage in stages
    }
    for name, address in (
        # Of all stages together, what each one's Prometheus has.
        ("prometheus", endpoints.THANOS_QUERIER.removeprefix("http://")),
        ("loki", endpoints.loki_reader(settings)),
        ("tempo", endpoints.tempo_reader(settings)),
    ):
        host, _, port = address.rpartition(":")
        targets[name] = (OBSERVABILITY, host.partition(".")[0], int(port))
    addresses = {}
    with TemporaryDirectory() as folder, ExitStack() as exits:
        for name, (namespace, service, there) in targets.items():
            here = free_port()
            command = [kubectl, *(["--context", context] if context else [])]
            command += ["--namespace", namespace, "port-forward", "--address", LOOPBACK]
            process = start(
                [*command, f"service/{service}", f"{here}:{there}"],
                name=f"kubectl port-forward {namespace}/{service}",
                port=here,
                log_path=Path(folder) / f"{name}.log",
                # kubectl finds its configuration and plugins for logins by these.
                environment=dict(os.environ),
            )
            exits.enter_context(process)
            addresses[name] = process.url
        yield addresses


def given(
    options: argparse.Namespace, stages: Sequence[str], variables: Mapping[str, str]
) -> dict[str, str]:
    """The addresses that options and variables give.

    Raises:
        UsageError: one is missing, or is no http address.
    """
    addresses: dict[str, str] = {}
    for name in (*(f"gateway-{stage}" for stage in stages), "prometheus", "loki", "tempo"):
        variable = f"SMOKE_{name.replace('-', '_').upper()}"
        address = _option(options, name) or variables.get(variable, "")
        if not address:
            raise UsageError(
                f"{name}: no address. Give --{_flag(name)}, or {variable}, or --port-forward."
            )
        if not re.fullmatch(r"https?://[^/\s]+(/\S*)?", address):
            raise UsageError(f"{name}: {address!r}; allowed is http://host:port or https://host")
        addresses[name] = address.rstrip("/")
    return addresses


def _flag(name: str) -> str:
    stage = name.removeprefix("gateway-")
    return f"gateway {stage}=<address>" if stage != name else f"{name} <address>"


def _option(options: argparse.Namespace, name: str) -> str:
    stage = name.removeprefix("gateway-")
    if stage != name:
        return str(dict(options.gateway).get(stage, ""))
    return str(getattr(options, name) or "")


def endpoints_at(addresses: Mapping[str, str], stages: Sequence[str]) -> Endpoints:
    """The endpoints of a cluster."""
    return Endpoints(
        gateways={stage: addresses[f"gateway-{stage}"] for stage in stages},
        prometheus=Prometheus(url=addresses["prometheus"]),
        logs=Loki(url=addresses["loki"]),
        traces=Tempo(url=addresses["tempo"]),
    )


def _pair(text: str) -> tuple[str, str]:
    stage, equals, address = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: allowed is <stage>=<address>")
    return stage, address


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r}: allowed are 1 to 3600 seconds")
    return seconds


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    parser = argparse.ArgumentParser(
        prog="make smoke ENV=<env>",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit code: 0 everything was found, 1 something was not, 2 wrong usage.",
    )
    parser.add_argument("--env", required=True, help=f"one of {', '.join(environment_names())}")
    parser.add_argument("--stage", action="append", default=[], help="only this stage (repeatable)")
    parser.add_argument(
        "--gateway",
        action="append",
        default=[],
        type=_pair,
        metavar="STAGE=URL",
        help="OTLP/HTTP address of a stage's gateway, such as dev=http://127.0.0.1:4318",
    )
    for name in ("prometheus", "loki", "tempo"):
        parser.add_argument(f"--{name}", metavar="URL", help=f"where {name.capitalize()} answers")
    parser.add_argument(
        "--port-forward", action="store_true", help="let kubectl forward a port to each of them"
    )
    parser.add_argument("--context", help="of kubectl (the current one)")
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=DEFAULT_SECONDS,
        help="how long everything may take to be found (%(default)s)",
    )
    return parser


def main(arguments: Sequence[str] | None = None, say: Callable[[str], None] | None = None) -> int:
    """Run the command: 0 when everything was found, 1 when not, 2 for wrong usage."""
    options = parser().parse_args(arguments)
    say = say or (lambda line: print(line, flush=True))
    try:
        settings = load_environment(options.env, today=date.today())
        stages = _stages(options.stage, settings)
        with ExitStack() as exits:
            addresses = (
                exits.enter_context(forwarded(settings, stages, options.context))
                if options.port_forward
                else given(options, stages, os.environ)
            )
            verdicts = Verdicts(say)
            smoke(
                stages,
                endpoints_at(addresses, stages),
                tuple(settings.namespaces),
                verdicts,
                options.seconds,
            )
    except (SettingsError, UsageError) as error:
        print(error, file=sys.stderr)
        return 2
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    passed, failed = verdicts.count("passed"), verdicts.count("failed")
    say(f"{options.env}: {passed} passed, {failed} failed")
    return 0 if verdicts.passed else 1


def _stages(names: Sequence[str], settings: Settings) -> tuple[str, ...]:
    if unknown := sorted(set(names) - set(settings.stages)):
        raise UsageError(f"--stage {', '.join(unknown)}: allowed are {', '.join(settings.stages)}")
    return tuple(names) or settings.stages


if __name__ == "__main__":
    sys.exit(main())
