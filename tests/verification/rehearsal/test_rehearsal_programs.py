"""How the rehearsal makes configurations of the synthesized values, and starts what is on the PATH.

Loki, Tempo and Grafana are played by a program that says how it was started: what is tested is that
they are found, told what the stack says, and asked as their APIs want.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from blueprint.names import telemetry_namespace
from tools.paths import ROOT
from tools.programs import program
from verification.rehearsal.pipeline import (
    collectors,
    local_pipeline,
    metrics_backend,
    optional_programs,
)
from verification.rehearsal.pipeline.backend_queries import Loki, Prometheus, Tempo
from verification.rehearsal.pipeline.collectors import Here, Substitution, release_values
from verification.rehearsal.pipeline.faulty_proxy import EXPIRED_TOKEN, FaultyProxy
from verification.rehearsal.pipeline.metrics_backend import (
    QUICK,
    ObjectStorage,
    Target,
    plan_prometheus,
)
from verification.rehearsal.pipeline.optional_programs import Addresses
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack
from verification.rehearsal.prometheus_api import QueryError

TODAY = date(2026, 11, 24)
FAKE = ROOT / "tests" / "support" / "fake_back_end.py"
STORAGE = ObjectStorage(
    address="127.0.0.1:9", bucket="obs-dev-logs", environment={"AWS_ACCESS_KEY_ID": "x"}
)


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    return observability_stack("dev", TODAY)


@pytest.fixture(scope="module")
def kps(stack: dict[str, Any]) -> dict[str, Any]:
    return release_values(stack, "kps", "observability")


@pytest.fixture(scope="module")
def stage_prometheus(stack: dict[str, Any]) -> dict[str, Any]:
    return release_values(stack, "prometheus", telemetry_namespace("prd"))


# --- Prometheus and Thanos ------------------------------------------------------------------------


def test_prometheus_gets_what_the_operator_would_give_it(
    kps: dict[str, Any], stage_prometheus: dict[str, Any]
) -> None:
    spec = kps["prometheus"]["prometheusSpec"]
    assert metrics_backend.flags(spec) == [
        "--storage.tsdb.retention.time=4d",
        "--storage.tsdb.retention.size=4352MiB",
        "--web.enable-otlp-receiver",
        "--enable-feature=exemplar-storage",
    ]
    config = metrics_backend.config(spec)
    assert config["global"]["external_labels"] == {
        "prometheus": "observability/kps",
        "prometheus_replica": "prometheus-kps-0",
        "cluster": "obs-dev",
    }
    assert config["storage"]["tsdb"] == {"out_of_order_time_window": "30m"}
    assert "deployment.environment.name" in config["otlp"]["promote_resource_attributes"]
    switched_off = {**spec, "enableOTLPReceiver": False, "enableFeatures": []}
    assert not {"--web.enable-otlp-receiver", "--enable-feature=exemplar-storage"} & set(
        metrics_backend.flags(switched_off)
    )
    # Only a stage's takes remote write: Tempo writes what it makes of the stage's spans.
    assert "--web.enable-remote-write-receiver" in metrics_backend.flags(
        stage_prometheus["prometheus"]["prometheusSpec"]
    )


def test_promtool_accepts_what_is_written(kps: dict[str, Any], tmp_path: Path) -> None:
    target = Target(job="j", address="127.0.0.1:1", namespace="dev", service="s")
    plan_prometheus(
        Path("prometheus"),
        kps,
        tmp_path,
        targets=[target],
        alertmanager_address="127.0.0.1:2",
        pace=QUICK,
    )
    done = subprocess.run(
        [str(program("promtool")), "check", "config", str(tmp_path / "prometheus.yaml")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_rules_about_service_levels_are_hurried_and_it_is_said(
    stage_prometheus: dict[str, Any],
) -> None:
    groups = metrics_backend.rule_groups(stage_prometheus)
    hurried, said = metrics_backend.hurried(groups, QUICK)
    before = {group["name"]: group for group in groups}
    for group in hurried:
        changed = group != before[group["name"]]
        assert changed is (group["name"] in metrics_backend.SLO_GROUPS), group["name"]
    burst = next(
        rule
        for group in hurried
        for rule in group["rules"]
        if rule.get("alert") == "ServiceAvailabilityBurnFast"
    )
    assert burst["for"] == "3s"
    assert "rules.slo-alerts.ServiceAvailabilityBurnFast for: '2m' -> '3s'" in "".join(
        map(str, said)
    )
    assert any(
        substitution.where.startswith("rules.slo-indicators")
        and (substitution.was, substitution.now) == ("1h", "30s")
        for substitution in said
    )


def test_windows_that_stay_are_not_said_to_change() -> None:
    groups = [{"name": "slo-indicators", "rules": [{"record": "a", "expr": "rate(x[2m])"}]}]
    assert metrics_backend.hurried(groups, QUICK) == (groups, [])


@pytest.mark.parametrize("text", ["5", "m", "1w", ""])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="allowed is"):
        metrics_backend.seconds(text)


def test_thanos_gets_the_stack_s_arguments_with_addresses_of_here(
    stack: dict[str, Any], tmp_path: Path
) -> None:
    arguments = metrics_backend.thanos_args(stack, "thanos-store")
    adapted, said = metrics_backend.adapt_thanos_args(
        arguments, folder=tmp_path, http=1, grpc=2, endpoints=[]
    )
    assert adapted[:3] == ["store", "--log.format=json", "--http-address=127.0.0.1:1"]
    assert f"--objstore.config-file={tmp_path / 'object-storage.yaml'}" in adapted
    assert "--index-cache-size=128MB" in adapted
    assert {substitution.where.split(" ")[-1] for substitution in said} == {
        "--http-address",
        "--grpc-address",
        "--enable-auto-gomemlimit",
        "--data-dir",
        "--objstore.config-file",
        "--sync-block-duration",
    }
    with pytest.raises(LookupError, match="thanos-ruler"):
        metrics_backend.thanos_args(stack, "thanos-ruler")


def test_the_bucket_s_file_keeps_what_is_not_about_where_it_is(stack: dict[str, Any]) -> None:
    config, said = STORAGE.thanos_config(metrics_backend.synthesized_object_storage(stack))
    assert config["type"] == "S3"
    assert config["config"]["region"] == "us-east-1"
    assert config["config"]["endpoint"] == "127.0.0.1:9"
    assert "sts_endpoint" not in config["config"]
    assert len(said) == 5


# --- Loki, Tempo, Grafana -------------------------------------------------------------------------


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH with all three."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = shlex.join([sys.executable, str(FAKE)])
    for name in optional_programs.NAMES:
        script = folder / name
        record = shlex.quote(f"{tmp_path}/{name}.started")
        script.write_text(
            f'#!/bin/sh\nRECORD={record} exec {program} "$@"\n',
            encoding="utf-8",
        )
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin:/bin")
    return folder


def started(folder: Path, name: str) -> dict[str, Any]:
    (line,) = (folder / f"{name}.started").read_text(encoding="utf-8").splitlines()
    record: dict[str, Any] = json.loads(line)
    return record


def test_programs_are_found_on_the_path_only(
    on_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in optional_programs.NAMES:
        assert optional_programs.on_path(name) == on_path / name
    (on_path / "grafana").rename(on_path / "grafana-server")
    assert optional_programs.on_path("grafana") == on_path / "grafana-server"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert optional_programs.on_path("loki") is None


def test_loki_is_started_with_the_stack_s_configuration(
    on_path: Path, stack: dict[str, Any], tmp_path: Path
) -> None:
    note: list[Substitution] = []
    values = release_values(stack, "loki", "observability")
    with optional_programs.running_loki(
        on_path / "loki", values, tmp_path / "loki", STORAGE, note
    ) as loki:
        assert loki.otlp == loki.url
    run = started(tmp_path, "loki")
    config = yaml.safe_load((tmp_path / "loki" / "loki.yaml").read_text(encoding="utf-8"))
    assert run["env"]["AWS_ACCESS_KEY_ID"] == "x"
    assert config["auth_enabled"] is True
    assert config["schema_config"]["configs"][0]["schema"] == "v13"
    assert config["limits_config"] == values["loki"]["limits_config"]
    assert config["common"]["storage"]["s3"]["bucketnames"] == "obs-dev-logs"
    limits = yaml.safe_load((tmp_path / "loki" / "runtime.yaml").read_text(encoding="utf-8"))
    assert limits["overrides"]["prd"]["retention_period"] == "336h"
    assert {"loki.common.path_prefix", "loki.server.http_listen_port"} <= {
        substitution.where for substitution in note
    }


def test_tempo_is_started_with_the_stack_s_configuration(
    on_path: Path, stack: dict[str, Any], tmp_path: Path
) -> None:
    note: list[Substitution] = []
    values = release_values(stack, "tempo", "observability")
    with optional_programs.running_tempo(
        on_path / "tempo", values, tmp_path / "tempo", STORAGE, "http://127.0.0.1:7", note
    ) as tempo:
        # The collectors keep speaking gRPC.
        assert "://" not in tempo.otlp
    config = yaml.safe_load((tmp_path / "tempo" / "tempo.yaml").read_text(encoding="utf-8"))
    assert config["multitenancy_enabled"] is True
    assert config["metrics_generator"]["storage"]["remote_write"] == [
        {"send_exemplars": True, "url": "http://127.0.0.1:7/api/v1/write"}
    ]
    receivers = config["distributor"]["receivers"]["otlp"]["protocols"]
    assert receivers["grpc"]["endpoint"] == tempo.otlp
    tenants = yaml.safe_load((tmp_path / "tempo" / "overrides.yaml").read_text(encoding="utf-8"))
    assert tenants["overrides"]["prd"]["compaction"]["block_retention"] == "168h"
    assert any(substitution.where == "tempo.storage.trace.s3.endpoint" for substitution in note)


def test_grafana_is_started_with_datasources_and_dashboards(
    on_path: Path, stack: dict[str, Any], kps: dict[str, Any], tmp_path: Path
) -> None:
    addresses = Addresses(
        prometheus="http://p", loki="http://l", tempo="http://t", alertmanager="http://a"
    )
    folder = tmp_path / "grafana"
    with optional_programs.running_grafana(
        on_path / "grafana", kps["grafana"], stack, folder, addresses, []
    ):
        pass
    run = started(tmp_path, "grafana")
    assert run["argv"][1:] == ["server", f"--config={folder / 'grafana.ini'}"]
    ini = (folder / "grafana.ini").read_text(encoding="utf-8")
    assert "[auth.anonymous]\nenabled = false" in ini
    file = folder / "provisioning" / "datasources" / "all.yaml"
    sources = {
        source["uid"]: source
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["datasources"]
    }
    assert {uid: source["url"] for uid, source in sources.items()} == {
        "prometheus": "http://p",
        "loki": "http://l",
        "tempo": "http://t",
    }
    assert sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"][0] == {
        "name": "trace_id",
        "datasourceUid": "tempo",
        "urlDisplayLabel": "View trace",
    }
    assert (folder / "dashboards" / "dev" / "dev-overview.json").is_file()
    assert len(list((folder / "dashboards").glob("*/*.json"))) == 12


def test_the_pipeline_takes_what_is_on_the_path_and_says_what_is_not(
    on_path: Path,
    stack: dict[str, Any],
    kps: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    addresses = Addresses(prometheus="p", loki="l", tempo="t", alertmanager="a")

    def all_three(exits: ExitStack, folder: Path) -> list[Any]:
        return [
            local_pipeline._loki(exits, stack, folder, STORAGE, [], said.append),
            local_pipeline._tempo(exits, stack, folder, STORAGE, "http://p", [], said.append),
            local_pipeline._grafana(exits, stack, kps, folder, [], said.append, addresses),
        ]

    with ExitStack() as exits:
        running = all_three(exits, tmp_path / "with")
        assert all(running)
    for name, line in zip(optional_programs.NAMES, said, strict=True):
        assert f"({on_path / name})" in line
    said.clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with ExitStack() as exits:
        assert all_three(exits, tmp_path / "without") == [None, None, None]
    assert [local_pipeline.STAND_IN in line for line in said] == [True, True, False]
    assert all("not on the PATH" in line for line in said)


@pytest.mark.parametrize("real", [True, False])
def test_collectors_speak_protobuf_to_programs_and_json_to_stand_ins(
    real: bool, stack: dict[str, Any], tmp_path: Path
) -> None:
    config = collectors.gateway(stack, "dev")
    programs = local_pipeline._Programs(loki=real, tempo=real).names(config)
    here = Here(
        folder=tmp_path,
        back_end=lambda name: (
            "127.0.0.1:7" if name.startswith("tempo") and real else "http://127.0.0.1:8"
        ),
        as_json=True,
        programs=programs,
    )
    exporters = collectors.adapt(config, here).config["exporters"]
    assert "encoding" not in exporters["otlp_http/prometheus-0"]
    assert ("encoding" in exporters["otlp_http/loki"]) is not real
    assert ("otlp_grpc/tempo" in exporters) is real


# --- What they answer -----------------------------------------------------------------------------


class Canned(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, Any]]
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.asked.append((self.path, self.headers.get("X-Scope-OrgID")))
        status, body = self.answers.get(path, (404, {"message": "not found"}))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def answering(answers: dict[str, tuple[int, Any]]) -> Iterator[tuple[str, list[Any]]]:
    asked: list[Any] = []
    handler = type("Handler", (Canned,), {"answers": answers, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_loki_is_asked_in_the_name_of_a_tenant() -> None:
    stream = {"service_name": "shop", "trace_id": "ab", "deployment_environment_name": "dev"}
    result = [{"stream": stream, "values": [["1", "one"], ["2", "two"]]}]
    body = {"status": "success", "data": {"resultType": "streams", "result": result}}
    with answering({"/loki/api/v1/query_range": (200, body)}) as (url, asked):
        lines = Loki(url=url).lines("dev", "shop", "o")
        Loki(url=url).lines("dev", "")
    assert [(line.body, line.trace_id, line.service) for line in lines] == [
        ("one", "ab", "shop"),
        ("two", "ab", "shop"),
    ]
    assert lines[0].resource["deployment.environment.name"] == "dev"
    assert "query=%7Bservice_name%3D%22shop%22%7D+%7C%3D+%22o%22" in asked[0][0]
    assert "deployment_environment_name%3D~%22.%2B%22" in asked[1][0]
    assert asked[0][1] == "dev"


def test_tempo_is_asked_in_the_name_of_a_tenant() -> None:
    trace_id = "000102030405060708090a0b0c0d0e0f"
    span = {
        "traceId": "AAECAwQFBgcICQoLDA0ODw==",
        "spanId": "AAECAwQFBgc=",
        "name": "GET",
        "startTimeUnixNano": "1000000000",
        "endTimeUnixNano": "2500000000",
        "status": {"code": "STATUS_CODE_ERROR"},
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    body = {"batches": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
    answers = {
        f"/api/traces/{trace_id}": (200, body),
        "/api/search": (200, {"traces": [{"traceID": trace_id.lstrip("0")}]}),
        "/api/traces/broken": (500, {}),
    }
    with answering(answers) as (url, asked):
        (result,) = Tempo(url=url).trace("prd", trace_id)
        assert Tempo(url=url).trace("prd", "unknown") == []
        assert Tempo(url=url).traces_of("prd", "shop") == {trace_id}
        with pytest.raises(QueryError, match="answered 500"):
            Tempo(url=url).trace("prd", "broken")
    assert (result.trace_id, result.span_id) == (trace_id, "0001020304050607")
    assert (result.error, result.seconds, result.service) == (True, 1.5, "shop")
    assert {tenant for _, tenant in asked} == {"prd"}


def test_a_back_end_that_does_not_answer_is_one_message() -> None:
    with pytest.raises(QueryError, match=r"127\.0\.0\.1:1/"):
        Prometheus(url="http://127.0.0.1:1").query("up")


# --- The proxy ------------------------------------------------------------------------------------


def test_the_proxy_forwards_refuses_and_forwards_again() -> None:
    with answering({"/a": (200, {"x": 1})}) as (url, _), FaultyProxy(url) as proxy:

        def status() -> tuple[int, bytes]:
            try:
                with urllib.request.urlopen(f"http://{proxy.address}/a", timeout=60) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.read()

        assert status() == (200, b'{"x": 1}')
        proxy.refusal = EXPIRED_TOKEN
        refused, body = status()
        assert refused == 400
        assert b"<Code>ExpiredToken</Code>" in body
        proxy.refusal = None
        assert status()[0] == 200
        assert (proxy.refused, proxy.forwarded) == (1, 2)
