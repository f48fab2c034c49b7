"""What gets through a door and what does not, on the real nginx with its own configuration."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from http2 import SECONDS, GrpcRecorder, Received, request
from outcomes import not_checked
from settings_files import TODAY

from blueprint import doors, endpoints
from blueprint.door_config import nginx_config
from settings.load import load_environment
from tools.programs import ProgramUnavailableError, program
from verification.charts.chart_settings import settings_to_check
from verification.rehearsal.pipeline import local_doors
from verification.rehearsal.pipeline.local_doors import RunningDoor
from verification.rehearsal.pipeline.scenario import wait_until
from verification.rehearsal.processes import LOOPBACK
from verification.rehearsal.serving import Serving

SETTINGS = load_environment("dev", today=TODAY)
PUSH, LOKI, TEMPO, ALERTMANAGER = (
    endpoints.DOOR_PORT,
    endpoints.GRAFANA_DOOR_LOKI,
    endpoints.GRAFANA_DOOR_TEMPO,
    endpoints.GRAFANA_DOOR_ALERTMANAGER,
)
LOGS = doors.LOKI_PUSH
SPANS = doors.TEMPO_PUSH
METRICS = "/prometheus-0/api/v1/otlp/v1/metrics"
GRAPH = "/prometheus-0/api/v1/write"
TENANT = doors.TENANT_HEADER.lower()


class HttpRecorder(Serving):
    """A back end that answers everything with 200 and remembers it."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _record(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                recorder.received.append(Received(self.command, self.path, headers))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _record

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        super().__init__(server)
        self.address = f"{LOOPBACK}:{server.server_address[1]}"


class Doors:
    """All doors of dev, and what the back ends behind them got."""

    def __init__(self, exits: ExitStack, folder: Path) -> None:
        self.http: dict[str, HttpRecorder] = {}
        self.grpc = exits.enter_context(GrpcRecorder())
        self._exits = exits
        self.running: dict[str, RunningDoor] = {}
        nginx = program("nginx")
        for door in doors.doors(SETTINGS):
            where = folder / door.name
            where.mkdir()
            local = local_doors.adapt(nginx_config(door), where, self._back_end)
            self.running[door.name] = exits.enter_context(
                local_doors.started(nginx, local, where, name=door.name)
            )

    def _back_end(self, name: str) -> str:
        if name == endpoints.tempo_writer(SETTINGS):
            return self.grpc.address
        if name not in self.http:
            self.http[name] = self._exits.enter_context(HttpRecorder())
        return self.http[name].address

    @property
    def received(self) -> list[tuple[str, Received]]:
        """Everything that came through, with the name of the back end."""
        over_http = [
            (name, request) for name, sink in self.http.items() for request in sink.received
        ]
        return [*over_http, *(("tempo", request) for request in self.grpc.received)]

    def forget(self) -> None:
        for received in (*(sink.received for sink in self.http.values()), self.grpc.received):
            received.clear()

    def send(
        self,
        door: str,
        port: int,
        target: str,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        body: bytes = b"x",
    ) -> int:
        """HTTP/1.1 with the target byte for byte; the status."""
        client = http.client.HTTPConnection(self.running[door].address(port), timeout=SECONDS)
        client.putrequest(method, target, skip_host=False, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            client.putheader(name, value)
        client.putheader("Content-Length", str(len(body)))
        client.endheaders(body)
        status = client.getresponse().status
        client.close()
        return status


@pytest.fixture(scope="module")
def all_doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    try:
        program("nginx")
    except ProgramUnavailableError as error:
        not_checked(str(error))
    with ExitStack() as exits:
        yield Doors(exits, tmp_path_factory.mktemp("doors"))


@pytest.fixture
def opened(all_doors: Doors) -> Doors:
    all_doors.forget()
    return all_doors


STAGE = endpoints.stage_door_name("dev")

# --- What a gateway may do ------------------------------------------------------------------------


def test_a_gateway_pushes_logs_as_its_stage(opened: Doors) -> None:
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}

    assert opened.send(STAGE, PUSH, LOGS, headers=headers) == 200

    ((back_end, got),) = opened.received
    assert back_end == "loki.observability.svc.cluster.local:3100"
    assert (got.method, got.path, got.headers[TENANT]) == ("POST", LOGS, "dev")
    assert got.headers["content-type"] == "application/x-protobuf"
    assert got.headers["content-encoding"] == "gzip"


def test_a_gateway_pushes_spans_as_its_stage(opened: Doors) -> None:
    answer = request(opened.running[STAGE].address(PUSH), SPANS, body=b"\0\0\0\0\0")

    assert (answer.status, answer.grpc_status) == (200, "0")
    ((_, got),) = opened.received
    assert (got.path, got.headers[TENANT]) == (SPANS, "dev")


@pytest.mark.parametrize("stage", SETTINGS.stages)
def test_a_gateway_pushes_metrics_to_the_prometheus_of_its_stage(opened: Doors, stage: str) -> None:
    assert opened.send(endpoints.stage_door_name(stage), PUSH, METRICS) == 200

    ((back_end, got),) = opened.received
    assert back_end.startswith(f"prometheus-stage-0.prometheus-operated.{stage}-telemetry.")
    assert got.path == "/api/v1/otlp/v1/metrics"


@pytest.mark.parametrize("name", ["X-Scope-OrgID", "x-scope-orgid", "X-SCOPE-ORGID"])
@pytest.mark.parametrize("tenant", ["prd", "dev|prd", "", "dev, prd"])
def test_the_door_says_which_tenant_it_is(opened: Doors, name: str, tenant: str) -> None:
    assert opened.send(STAGE, PUSH, LOGS, headers={name: tenant}) == 200
    more = {"content-type": "application/grpc", "te": "trailers", name.lower(): tenant}
    assert request(opened.running[STAGE].address(PUSH), SPANS, headers=more).status == 200

    assert [got.headers[TENANT] for _, got in opened.received] == ["dev", "dev"]


def test_two_tenant_headers_are_not_more_than_one(opened: Doors) -> None:
    client = socket.create_connection(
        (LOOPBACK, opened.running[STAGE].ports[PUSH]), timeout=SECONDS
    )
    with client:
        client.sendall(
            f"POST {LOGS} HTTP/1.1\r\nHost: a\r\nX-Scope-OrgID: prd\r\nX-Scope-OrgID: hml\r\n"
            "X_Scope_OrgID: prd\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx".encode()
        )
        assert b" 200 " in client.recv(4096).split(b"\r\n")[0]

    ((_, got),) = opened.received
    assert got.headers[TENANT] == "dev"


def test_a_push_passes_on_no_other_header(opened: Doors) -> None:
    headers = {"Authorization": "Bearer a", "X-Loki-Query-Limits": "{}", "Cookie": "a=b"}

    assert opened.send(STAGE, PUSH, LOGS, headers=headers) == 200

    ((_, got),) = opened.received
    assert set(got.headers) == {"host", "content-length", TENANT}


# --- What it may not ------------------------------------------------------------------------------

CLOSED = (
    "/", "/loki/api/v1/delete", "/loki/api/v1/delete?query={a=%22b%22}", "/loki/api/v1/push",
    "/api/prom/push", "/ingester/shutdown", "/ingester/shutdown?flush=true",
    "/ingester/prepare_shutdown", "/flush", "/config", "/services", "/metrics", "/ready",
    "/debug/pprof/heap", "/memberlist", "/ring", "/loki/api/v1/query?query={a=%22b%22}",
    "/loki/api/v1/query_range", "/loki/api/v1/labels", "/loki/api/v1/rules",
    "/loki/api/v1/cache/generation_numbers", "/shutdown", "/api/search", "/api/overrides",
    "/-/quit", "/-/reload", "/-/healthy", "/api/v1/query?query=up", "/api/v1/write",
    "/api/v1/admin/tsdb/delete_series", "/api/v1/otlp/v1/metrics", "/federate",
    "/prometheus-0/", "/prometheus-0/-/quit", "/prometheus-0/api/v1/write",
    "/prometheus-0/api/v1/query?query=up", "/prometheus-1/api/v1/otlp/v1/metrics",
    "/prometheus-hml-0/api/v1/otlp/v1/metrics", "/v1/traces", "/v1/logs", "/v1/metrics", "*",
)  # fmt: skip
"""D1 to D3, and their like."""


@pytest.mark.parametrize("target", CLOSED)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_nothing_but_the_pushes_is_open_to_a_gateway(
    opened: Doors, target: str, method: str
) -> None:
    assert opened.send(STAGE, PUSH, target, method) >= 400
    assert opened.received == []


@pytest.mark.parametrize("target", [LOGS, SPANS, METRICS])
@pytest.mark.parametrize(
    "method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "post"]
)
def test_a_push_is_a_post(opened: Doors, target: str, method: str) -> None:
    assert opened.send(STAGE, PUSH, target, method) >= 400
    assert opened.received == []


TRICKS = (
    "//otlp/v1/logs", "/otlp//v1/logs", "/./otlp/v1/logs", "/otlp/v1/./logs", "/otlp/v1/logs/",
    "/otlp/v1/logs/.", "/OTLP/V1/LOGS", "/otlp/v1/Logs", "/otlp/v1/%6cogs", "/%6ftlp/v1/logs",
    "/otlp%2fv1%2flogs", "/a/../otlp/v1/logs", "/a/%2e%2e/otlp/v1/logs", "/otlp/v1/logs?",
    "/otlp/v1/logs?a=b", "/otlp/v1/logs#a", "/otlp/v1/logs;a", "/otlp/v1/logs%00",
    "/otlp/v1/logs%20", "/otlp/v1/logs%0a", "/otlp/v1/logs\\",
    "/otlp/v1/logs/../../../ingester/shutdown", "/otlp/v1/logs/..%2f..%2f..%2fflush",
    "/otlp/v1/logs/%2e%2e/%2e%2e/%2e%2e/config", "/otlp/v1/logs/..;/..;/..;/flush",
    "/otlp/v1/logs%2f..%2f..%2f..%2fflush", "/otlp/v1/logs/%252e%252e/flush",
    "/otlp/v1/logs/\\..\\..\\flush", "/prometheus-0/api/v1/otlp/v1/metrics/../../../../-/quit",
    "/prometheus-0/api/v1/otlp/v1/metrics/%2e%2e/%2e%2e/%2e%2e/query?query=up",
    "/prometheus-0//api/v1/otlp/v1/metrics", "/PROMETHEUS-0/api/v1/otlp/v1/metrics",
)  # fmt: skip


@pytest.mark.parametrize("target", TRICKS)
def test_no_other_spelling_of_a_path_gets_through(opened: Doors, target: str) -> None:
    assert opened.send(STAGE, PUSH, target) >= 400
    assert request(opened.running[STAGE].address(PUSH), target).status >= 400
    assert opened.received == []


@pytest.mark.parametrize(
    "target",
    [
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        "/opentelemetry.proto.collector.trace.v1.TraceService/export",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export/",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Delete",
        "//opentelemetry.proto.collector.trace.v1.TraceService/Export",
        "/tempopb.Querier/FindTraceByID",
        "/tempopb.StreamingQuerier/Search",
        "/tempopb.Pusher/PushBytesV2",
        "/tempopb.MetricsGenerator/PushSpans",
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/frontend.Frontend/Process",
    ],
)
def test_no_other_grpc_method_is_open(opened: Doors, target: str) -> None:
    answer = request(opened.running[STAGE].address(PUSH), target, body=b"\0\0\0\0\0")

    assert answer.status == 403
    assert opened.received == []


@pytest.mark.parametrize("target", ["/flush", "/-/quit", "/shutdown", LOGS + "/../flush"])
def test_an_absolute_target_is_no_way_round(opened: Doors, target: str) -> None:
    for host in ("loki.observability.svc.cluster.local:3100", "a"):
        assert opened.send(STAGE, PUSH, f"http://{host}{target}") >= 400
    assert opened.send(STAGE, PUSH, "loki.observability.svc.cluster.local:3100", "CONNECT") >= 400
    assert opened.received == []


def test_a_request_hidden_in_the_body_of_a_push_is_not_seen(opened: Doors) -> None:
    hidden = b"POST /flush HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    address = (LOOPBACK, opened.running[STAGE].ports[PUSH])
    for framing in (
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
        f"Transfer-Encoding: chunked\r\nContent-Length: {len(hidden)}\r\n\r\n".encode() + hidden,
        f"Transfer-Encoding : chunked\r\nContent-Length: {len(hidden)}\r\n\r\n".encode() + hidden,
        b"Content-Length: 0\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + hidden,
    ):
        with socket.create_connection(address, timeout=SECONDS) as client:
            head = f"POST {LOGS} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            client.sendall(head.encode() + framing)
            # Until nginx closes: whatever it passed on was answered before.
            while client.recv(65536):
                pass

    assert {got.path for _, got in opened.received} <= {LOGS}
    assert all("upgrade" not in got.headers for _, got in opened.received)


def test_too_large_a_push_is_refused(opened: Doors) -> None:
    length = {"Content-Length": str(17 * 1024 * 1024)}
    client = http.client.HTTPConnection(opened.running[STAGE].address(PUSH), timeout=SECONDS)
    client.request("POST", LOGS, headers=length)

    assert client.getresponse().status == 413
    client.close()
    assert opened.received == []


def test_a_refusal_is_logged_with_what_was_tried(opened: Doors) -> None:
    target = "/ingester/shutdown?flush=%22logged"
    refusals = opened.running[STAGE].refusals

    assert opened.send(STAGE, PUSH, target) == 403

    # nginx answers first and logs afterwards.
    assert wait_until(lambda: target in refusals.read_text(), SECONDS, every=0.05)
    (line,) = (
        line for line in map(json.loads, refusals.read_text().splitlines())
        if line["target"] == target
    )  # fmt: skip
    assert (line["status"], line["method"]) == (403, "POST")


# --- Agents and Tempo -----------------------------------------------------------------------------


@pytest.mark.parametrize("tenant", SETTINGS.namespaces)
def test_an_agent_pushes_the_logs_of_each_namespace(opened: Doors, tenant: str) -> None:
    headers = {"X-Scope-OrgID": tenant}
    assert opened.send(endpoints.AGENT_DOOR, PUSH, LOGS, headers=headers) == 200

    ((_, got),) = opened.received
    assert got.headers[TENANT] == tenant


@pytest.mark.parametrize("tenant", ["", "DEV", "dev|prd", "dev,prd", "other", "dev\tprd", "devx"])
def test_an_agent_pushes_as_no_other_tenant(opened: Doors, tenant: str) -> None:
    headers = {"X-Scope-OrgID": tenant}
    assert opened.send(endpoints.AGENT_DOOR, PUSH, LOGS, headers=headers) == 403
    assert opened.received == []


def test_an_agent_measures_for_the_platform(opened: Doors) -> None:
    assert opened.send(endpoints.AGENT_DOOR, PUSH, METRICS) == 200

    ((back_end, got),) = opened.received
    assert back_end.startswith("prometheus-kps-0.")
    assert got.path == "/api/v1/otlp/v1/metrics"


@pytest.mark.parametrize("target", [*CLOSED, SPANS])
def test_nothing_else_is_open_to_an_agent(opened: Doors, target: str) -> None:
    headers = {"X-Scope-OrgID": "dev"}
    for method in ("GET", "POST", "DELETE"):
        assert opened.send(endpoints.AGENT_DOOR, PUSH, target, method, headers) >= 400
    assert opened.received == []


@pytest.mark.parametrize("stage", SETTINGS.stages)
def test_a_service_graph_goes_to_the_prometheus_of_its_stage(opened: Doors, stage: str) -> None:
    version = {"X-Prometheus-Remote-Write-Version": "0.1.0", "X-Scope-OrgID": stage}
    assert opened.send(endpoints.TEMPO_DOOR, PUSH, GRAPH, headers=version) == 200

    ((back_end, got),) = opened.received
    assert back_end.startswith(f"prometheus-stage-0.prometheus-operated.{stage}-telemetry.")
    assert got.path == "/api/v1/write"
    assert got.headers["x-prometheus-remote-write-version"] == "0.1.0"


@pytest.mark.parametrize("tenant", ["observability", "", "PRD", "dev|prd", "other"])
def test_a_service_graph_of_no_stage_is_refused(opened: Doors, tenant: str) -> None:
    headers = {"X-Scope-OrgID": tenant}
    assert opened.send(endpoints.TEMPO_DOOR, PUSH, GRAPH, headers=headers) == 403
    assert opened.received == []


@pytest.mark.parametrize(
    "target", [*(target for target in CLOSED if target != GRAPH), LOGS, METRICS]
)
def test_nothing_else_is_open_to_tempo(opened: Doors, target: str) -> None:
    headers = {"X-Scope-OrgID": "dev"}
    for method in ("GET", "POST"):
        assert opened.send(endpoints.TEMPO_DOOR, PUSH, target, method, headers) >= 400
    assert opened.received == []


# --- Grafana --------------------------------------------------------------------------------------

READS = (
    (LOKI, "/loki/api/v1/query_range?query=%7Bservice_name%3D%22a%22%7D&start=1&end=2&limit=10"),
    (LOKI, "/loki/api/v1/query?query=vector(1)%2Bvector(1)"),
    (LOKI, "/loki/api/v1/labels?start=1"),
    (LOKI, "/loki/api/v1/label/service_name/values?query=%7Ba%3D%22b%22%7D"),
    (LOKI, "/loki/api/v1/series?match%5B%5D=%7Ba%3D%22b%22%7D"),
    (LOKI, "/loki/api/v1/index/volume_range?query=a"),
    (LOKI, "/loki/api/v1/detected_field/trace_id/values"),
    (LOKI, "/loki/api/v1/patterns?query=a"),
    (LOKI, "/loki/api/v1/rules"),
    (LOKI, "/prometheus/api/v1/rules?type=alert"),
    (TEMPO, "/api/traces/0af7651916cd43dd8448eb211c80319c?start=1&end=2"),
    (TEMPO, "/api/v2/traces/0af7651916cd43dd8448eb211c80319c"),
    (TEMPO, "/api/search?q=%7B%20status%20%3D%20error%20%7D&limit=20"),
    (TEMPO, "/api/v2/search/tags?scope=span"),
    (TEMPO, "/api/v2/search/tag/resource.service.name/values?q=%7B%7D"),
    (TEMPO, "/api/v2/search/tag/.http.route/values"),
    (TEMPO, "/api/v2/search/tag/span.my%20key/values"),
    (TEMPO, "/api/metrics/query_range?q=%7B%7D%7Crate()"),
    (TEMPO, "/api/echo"),
    (ALERTMANAGER, "/api/v2/alerts/groups?active=true"),
    (ALERTMANAGER, "/api/v2/silences"),
    (ALERTMANAGER, "/api/v2/status"),
)


@pytest.mark.parametrize(("port", "target"), READS)
def test_grafana_reads(opened: Doors, port: int, target: str) -> None:
    encoding = "X-Loki-Response-Encoding-Flags"
    headers = {"X-Scope-OrgID": "other", encoding: "categorize-labels"}
    assert opened.send(endpoints.GRAFANA_DOOR, port, target, "GET", headers, b"") == 200

    ((_, got),) = opened.received
    assert (got.method, got.path) == ("GET", target)
    assert got.headers[encoding.lower()] == "categorize-labels"
    tenants = None if port == ALERTMANAGER else "observability|dev|hml|prd"
    assert got.headers.get(TENANT) == tenants


@pytest.mark.parametrize(
    ("port", "target"), [(port, target) for port, target in READS if "silences" not in target]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "get"])
def test_grafana_only_reads(opened: Doors, port: int, target: str, method: str) -> None:
    assert opened.send(endpoints.GRAFANA_DOOR, port, target, method) >= 400
    assert opened.received == []


OPEN_READS = {f"/loki/api/v1/{name}" for name in ("query", "query_range", "labels", "rules")}


@pytest.mark.parametrize("port", [LOKI, TEMPO, ALERTMANAGER])
@pytest.mark.parametrize(
    "target",
    [
        *CLOSED[:20],
        *(target for target in CLOSED if "/-/" in target or "shutdown" in target),
        "/api/overrides",
        "/status/config",
        "/api/v2/alerts/",
        "/api/v2/silence/not-a-uuid",
        "/loki/api/v1/query/../delete",
        "/loki/api/v1/query/%2e%2e/delete",
        "/loki/api/v1/label/../../../../flush",
        "/loki/api/v1/label/%2e%2e%2f%2e%2e%2fdelete/values",
        "/loki/api/v1/label/a%2f..%2f..%2fdelete/values",
        "/loki/api/v1/label/a%5c..%5cdelete/values",
        "/LOKI/api/v1/query",
        "//loki/api/v1/query",
        "/api/search/tag/../../../shutdown/values",
        "/api/traces/../../shutdown",
        "/api/traces/%2e%2e%2f%2e%2e%2fshutdown",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_no_read_is_closed_to_grafana(
    opened: Doors, port: int, target: str, method: str
) -> None:
    if (port, method) == (LOKI, "GET") and target.split("?")[0] in OPEN_READS:
        return
    assert opened.send(endpoints.GRAFANA_DOOR, port, target, method) >= 400
    assert opened.received == []


def test_grafana_silences_and_makes_no_alerts(opened: Doors) -> None:
    silence = "/api/v2/silence/0b6f3c1e-8d0a-4c52-9f35-6a1d2f4b7e90"
    for method, target, allowed in (
        ("POST", "/api/v2/silences", True),
        ("DELETE", silence, True),
        ("POST", "/api/v2/alerts", False),
        ("DELETE", "/api/v2/silences", False),
        ("POST", silence, False),
        ("POST", "/-/reload", False),
        ("POST", "/api/v1/alerts", False),
    ):
        status = opened.send(endpoints.GRAFANA_DOOR, ALERTMANAGER, target, method)
        assert (status == 200) is allowed, (method, target)
    assert len(opened.received) == 2


def test_logs_are_followed_by_a_web_socket_and_nothing_else_is_upgraded(opened: Doors) -> None:
    target = "/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D"
    for upgrade, passed in (("websocket", "websocket"), ("h2c", None)):
        opened.forget()
        headers = {"Upgrade": upgrade, "Connection": "Upgrade"}
        assert opened.send(endpoints.GRAFANA_DOOR, LOKI, target, "GET", headers, b"") == 200
        ((_, got),) = opened.received
        assert got.headers.get("upgrade") == passed


# --- Every size -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", settings_to_check(TODAY))
def test_nginx_takes_the_configuration_of_every_size(name: str, tmp_path: Path) -> None:
    try:
        nginx = program("nginx")
    except ProgramUnavailableError as error:
        not_checked(str(error))
    for door in doors.doors(settings_to_check(TODAY)[name]):
        folder = tmp_path / door.name
        folder.mkdir()
        local = local_doors.adapt(nginx_config(door), folder, lambda _: "127.0.0.1:1")
        with local_doors.started(nginx, local, folder, name=door.name) as running:
            assert set(running.ports) == {*door.ports, doors.HEALTH_PORT}
