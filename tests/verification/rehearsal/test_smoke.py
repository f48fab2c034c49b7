"""`make smoke`: verdicts on back ends that are played, and messages for wrong usage."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import urllib.error
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from blueprint.names import telemetry_namespace
from helm_values.otel_collector.metric_guards import IDENTIFIER, reserved_name
from tools.paths import ROOT
from verification.rehearsal.pipeline import otlp_client, smoke
from verification.rehearsal.pipeline.backend_queries import (
    LogLine,
    RecordedLogs,
    RecordedTraces,
    Sample,
    Span,
)
from verification.rehearsal.pipeline.otlp_sink import OtlpSink
from verification.rehearsal.pipeline.smoke import Endpoints, Probe
from verification.rehearsal.prometheus_api import QueryError
from verification.rehearsal.verdicts import Verdicts

TENANTS = ("observability", "dev", "prd")
FAKE = ROOT / "tests" / "support" / "fake_back_end.py"


@dataclass
class Cluster:
    """Gateways and back ends in one: `to` says where what comes through a gateway is written."""

    to: dict[str, str] = field(default_factory=lambda: {"dev": "dev", "prd": "prd"})
    loses: set[str] = field(default_factory=set)
    silent: bool = False
    refuses: bool = False
    written: list[tuple[str, str, str]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    def post(self, url: str, signal: str, body: dict[str, Any]) -> None:
        if self.refuses:
            raise urllib.error.HTTPError(url, 503, "no", None, None)  # type: ignore[arg-type]
        self.sent.append(body)
        if signal not in self.loses:
            self.written.append((self.to[url], signal, json.dumps(body)))

    def has(self, tenant: str, signal: str, text: str) -> bool:
        if self.silent:
            raise QueryError("no answer")
        return any((tenant, signal) == (t, s) and text in body for t, s, body in self.written)

    def query(self, expr: str) -> list[Sample]:
        name = expr.removesuffix("_total").replace("_", ".")
        return [
            Sample(labels={"deployment_environment_name": tenant}, value=1)
            for tenant in TENANTS
            if self.has(tenant, "metrics", name)
        ]

    def lines(self, tenant: str, service: str, contains: str = "") -> list[Any]:
        return [LogLine] if self.has(tenant, "logs", contains) else []

    def trace(self, tenant: str, trace_id: str) -> list[Any]:
        return [Span] if self.has(tenant, "traces", trace_id) else []


def verdicts_of(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str]]:
    monkeypatch.setattr(otlp_client, "post", cluster.post)
    monkeypatch.setattr(smoke, "_POLL_SECONDS", 0.01)
    ends = Endpoints(
        gateways={"dev": "dev", "prd": "prd"}, prometheus=cluster, logs=cluster, traces=cluster
    )
    verdicts = Verdicts(lambda line: None)
    smoke.smoke(("dev", "prd"), ends, TENANTS, verdicts, seconds=0.05)
    return {verdict.name: (verdict.status, verdict.detail) for verdict in verdicts.verdicts}


def test_every_signal_of_every_stage_has_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = verdicts_of(Cluster(), monkeypatch)
    assert len(verdicts) == 2 + 2 * 3
    assert {status for status, _ in verdicts.values()} == {"passed"}


def test_each_probe_has_an_id_of_its_own_and_wakes_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster()
    verdicts_of(cluster, monkeypatch)
    spans = [
        body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        for body in cluster.sent
        if "resourceSpans" in body
    ]
    assert len({span["traceId"] for span in spans}) == 2
    # The sampler keeps errors; service levels count servers.
    assert {(span["status"]["code"], span["kind"]) for span in spans} == {(2, 1)}


@pytest.mark.parametrize(
    ("signal", "name"), [("metrics", "metric"), ("logs", "log"), ("traces", "trace")]
)
def test_a_signal_that_is_lost_fails_alone(
    signal: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts = verdicts_of(Cluster(loses={signal}), monkeypatch)
    failed = {check for check, (status, _) in verdicts.items() if status == "failed"}
    assert failed == {f"{stage}: the {name} is found, there only" for stage in ("dev", "prd")}


def test_a_signal_in_a_wrong_namespace_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = verdicts_of(Cluster(to={"dev": "prd", "prd": "prd"}), monkeypatch)
    status, detail = verdicts["dev: the trace is found, there only"]
    assert (status, detail) == ("failed", "what went through the gateway of dev is in prd")
    assert verdicts["prd: the trace is found, there only"][0] == "passed"


def test_a_gateway_that_refuses_is_said_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdicts = verdicts_of(Cluster(refuses=True), monkeypatch)
    assert verdicts == {
        f"{stage}: the gateway takes metric, log and trace": (
            "failed",
            f"the gateway of {stage} answered 503 to metrics",
        )
        for stage in ("dev", "prd")
    }


def test_a_back_end_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = verdicts_of(Cluster(silent=True), monkeypatch)
    assert verdicts["dev: the log is found, there only"] == ("failed", "no answer")


ALL = [
    *("--prometheus", "http://p", "--loki", "http://l", "--tempo", "http://t"),
    *("--gateway", "dev=http://g"),
]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--env", "nowhere"], "nowhere"),
        (["--env", "dev"], "gateway-dev: no address. Give --gateway dev=<address>"),
        (["--env", "dev", "--stage", "qa"], "--stage qa: allowed are dev, hml, prd"),
        (["--env", "dev", "--stage", "dev", *ALL[2:]], "prometheus: no address"),
        (["--env", "dev", "--stage", "dev", *ALL, "--loki", "loki:3100"], "allowed is http://"),
        (["--env", "dev", "--port-forward"], "needs kubectl on the PATH"),
    ],
)
def test_wrong_usage_is_one_message(
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert smoke.main(arguments) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("option", [["--seconds", "0"], ["--gateway", "dev"]])
def test_an_option_that_is_wrong_is_refused(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        smoke.main(["--env", "dev", *option])
    assert ended.value.code == 2
    assert "allowed" in capsys.readouterr().err


def test_addresses_may_be_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    options = smoke.parser().parse_args(["--env", "dev", "--loki", "https://logs.example/x/"])
    variables = {
        "SMOKE_GATEWAY_DEV": "http://g:4318",
        "SMOKE_PROMETHEUS": "http://p",
        "SMOKE_LOKI": "http://not-this",
        "SMOKE_TEMPO": "http://t/",
    }
    assert smoke.given(options, ("dev",), variables) == {
        "gateway-dev": "http://g:4318",
        "prometheus": "http://p",
        "loki": "https://logs.example/x",
        "tempo": "http://t",
    }


def test_ports_are_forwarded_by_kubectl_and_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kubectl = tmp_path / "kubectl"
    program = shlex.join([sys.executable, str(FAKE)])
    kubectl.write_text(f'#!/bin/sh\nexec {program} "$@"\n', encoding="utf-8")
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")
    monkeypatch.setenv("RECORD", str(tmp_path / "started"))
    # What answers has no telemetry, and does not even take it.
    status = smoke.main(
        ["--env", "dev", "--port-forward", "--context", "mine", "--stage", "prd", "--seconds", "1"]
    )
    assert status == 1
    assert "FAILED  smoke: prd: the gateway takes metric, log and trace" in capsys.readouterr().out
    lines = (tmp_path / "started").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line)["argv"][1:] for line in lines]
    assert {tuple(arguments[:-1]) for arguments in asked} == {
        ("--context", "mine", "--namespace", namespace, "port-forward", "--address", "127.0.0.1",
         f"service/{service}")
        for namespace, service in (
            (telemetry_namespace("prd"), "otel-gateway"),
            ("observability", "thanos-querier"),
            ("observability", "loki"),
            ("observability", "tempo"),
        )
    }  # fmt: skip
    assert {arguments[-1].partition(":")[2] for arguments in asked} == {
        "4318",
        "10902",
        "3100",
        "3200",
    }


def test_a_port_that_cannot_be_forwarded_is_said_in_kubectl_s_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text("#!/bin/sh\necho 'services \"otel-gateway\" not found'; exit 1\n")
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")
    assert smoke.main(["--env", "dev", "--port-forward"]) == 1
    printed = capsys.readouterr().err
    assert 'services "otel-gateway" not found' in printed
    assert "Traceback" not in printed


def test_the_stand_ins_answer_the_same_questions() -> None:
    """What is recorded for one tenant is found in no other."""
    resource = {"service.name": smoke.SERVICE}
    record = otlp_client.log_record("smoke test 1", at_ns=1)
    span = otlp_client.span("a" * 32, "b" * 16, "smoke test", start_ns=0, end_ns=1)
    with OtlpSink() as sink:
        for back_end, signal, body in (
            ("loki", "logs", otlp_client.logs(resource, [record])),
            ("tempo", "traces", otlp_client.traces(resource, [span])),
        ):
            otlp_client.post(sink.address_of(back_end), signal, body, {"X-Scope-OrgID": "dev"})
        logs = RecordedLogs(sink, lambda name: name.startswith("loki"))
        traces = RecordedTraces(sink, lambda name: name.startswith("tempo"))
        assert [line.body for line in logs.lines("dev", smoke.SERVICE, "test 1")] == [
            "smoke test 1"
        ]
        assert logs.lines("prd", smoke.SERVICE, "test 1") == []
        assert logs.lines("dev", smoke.SERVICE, "test 2") == []
        assert [span.name for span in traces.trace("dev", "a" * 32)] == ["smoke test"]
        assert traces.trace("prd", "a" * 32) == []
        assert traces.traces_of("dev", smoke.SERVICE) == {"a" * 32}


def test_prometheus_is_asked_for_a_metric_of_the_probe_alone() -> None:
    first, second = (smoke.Probe(stage="dev", identifier=letter * 32) for letter in "ab")
    assert first.metric == f"smoke_test_{'a' * 12}_total"
    assert first.metric != second.metric


def test_a_gateway_takes_the_name_of_any_metric_of_a_probe() -> None:
    refused = re.compile(f"{reserved_name()}|{IDENTIFIER}")
    for identifier in ("0" * 32, "9" * 32, "f" * 32, "0123456789abcdef" * 2):
        name = Probe(stage="dev", identifier=identifier).metric.removesuffix("_total")
        assert not refused.search(name.replace("_", "."))
    # A name for each probe.
    digits = "0123456789abcdef"
    assert len({Probe(stage="dev", identifier=digit * 32).metric for digit in digits}) == 16


def test_numbers_in_letters_stay_different() -> None:
    names = [otlp_client.in_letters(str(number)) for number in range(5_000)]
    assert len(set(names)) == len(names)
    assert not any(character.isdigit() for name in names for character in name)
