"""The sample applications, run: one trace crosses the three, and every signal of each is right.

They run as they would be deployed, with the command of the image and the telemetry settings of the
manifest; an OTLP recorder stands where the gateway would be.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from outcomes import not_checked

from helm_values.otel_collector.collector_guards import METRIC_ATTRIBUTES, UNBOUNDED_ATTRIBUTES
from settings.load import environment_names, load_environment
from verification.rehearsal.pipeline.otlp_sink import Item, OtlpSink
from verification.rehearsal.pipeline.sample_apps import (
    LANGUAGES,
    Language,
    SampleApp,
    SampleAppUnavailableError,
    prepare,
    started_chain,
)
from verification.rehearsal.processes import LOOPBACK, RunningProcess, free_port

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 24)
SERVER, CLIENT = 2, 3
ERROR = 2
SECONDS = 180
NO_ANSWER = 0
ORDER = {"item": "book", "quantity": 1}
BULK = {"item": "lamp", "quantity": 12}

each_language = pytest.mark.parametrize("language", LANGUAGES)

IMPATIENT = {
    "OTEL_METRIC_EXPORT_INTERVAL": "500",
    "OTEL_BSP_SCHEDULE_DELAY": "500",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "1000",
}
"""In milliseconds (Python takes the last one for seconds, and complains at once in any case)."""
CANNOT_SEND = re.compile("refused|failed to connect|failed to export", re.IGNORECASE)
OBJECT = 'body: allowed is a JSON object as {"item": "book", "quantity": 1}'
ITEM = "item: allowed is a text of 1 to 100 characters"
QUANTITY = "quantity: allowed is a whole number of 1 or more"
REFUSED = {
    b"no json": OBJECT,
    b"[]": OBJECT,
    b"null": OBJECT,
    b'{"quantity": 1}': ITEM,
    b'{"item": "", "quantity": 1}': ITEM,
    b'{"item": 7, "quantity": 1}': ITEM,
    b'{"item": "%s", "quantity": 1}' % (b"x" * 101): ITEM,
    b'{"item": "book"}': QUANTITY,
    b'{"item": "book", "quantity": 0}': QUANTITY,
    b'{"item": "book", "quantity": 1.5}': QUANTITY,
    b'{"item": "book", "quantity": "1"}': QUANTITY,
    b'{"item": "book", "quantity": true}': QUANTITY,
}


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any


def ask(url: str, body: bytes | None = None) -> Answer:
    request = urllib.request.Request(
        url, data=body, headers={"Content-Type": "application/json"} if body is not None else {}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            return Answer(response.status, json.loads(response.read()))
    except urllib.error.HTTPError as error:
        return Answer(error.code, json.loads(error.read()))
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        return Answer(NO_ANSWER, str(error))


@dataclass(frozen=True)
class Run:
    """What was asked, what was answered, and what arrived."""

    services: dict[Language, str]
    unavailable: dict[Language, str]
    created: Answer
    listed: Answer
    failed: dict[Language, Answer]
    refused: dict[Language, dict[bytes, Answer]]
    missing: dict[Language, Answer]
    unfinished: dict[Language, Answer]
    """Requests that were being answered when SIGTERM came."""
    printed: dict[Language, str]
    sink: OtlpSink

    def need(self, language: Language) -> str:
        if reason := self.unavailable.get(language):
            unavailable(f"not checked: the sample application in {language}: {reason}")
        return self.services[language]

    def spans(self, language: Language, name: str) -> list[Item]:
        service = self.need(language)
        return [
            span
            for span in self.sink.spans()
            if span.name == name and span.resource["service.name"] == service
        ]

    def logs(self, language: Language, trace_id: str) -> list[Item]:
        service = self.need(language)
        return [
            record
            for record in self.sink.log_records()
            if record.resource["service.name"] == service and record.raw.get("traceId") == trace_id
        ]

    def points(self, language: Language, metric: str) -> list[Item]:
        service = self.need(language)
        return [
            point
            for point in self.sink.data_points()
            if point.name == metric and point.resource["service.name"] == service
        ]


def unavailable(reason: str) -> None:
    not_checked(reason)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    apps: list[SampleApp] = []
    missing: dict[Language, str] = {}
    for language in LANGUAGES:
        try:
            apps.append(prepare(language))
        except SampleAppUnavailableError as error:
            missing[language] = str(error)
    if not apps:
        unavailable(f"not checked: the sample applications: {missing}")
    with OtlpSink() as sink, ThreadPoolExecutor(2 * len(apps)) as clients:
        with started_chain(
            apps,
            otlp_endpoint=sink.address_of("gateway"),
            folder=tmp_path_factory.mktemp("sample-apps"),
        ) as running:
            urls = {language: process.url for language, process in running.items()}
            first = urls[apps[0].language]
            created = ask(f"{first}/orders", json.dumps(ORDER).encode())
            ask(f"{first}/orders", json.dumps(BULK).encode())
            listed = ask(f"{first}/orders")
            failed = {language: ask(f"{url}/orders/fail") for language, url in urls.items()}
            not_found = {language: ask(f"{url}/nothing") for language, url in urls.items()}
            refused = {
                language: {body: ask(f"{url}/orders", body) for body in REFUSED}
                for language, url in urls.items()
            }
            slow = {
                language: clients.submit(ask, f"{url}/orders/slow")
                for language, url in urls.items()
            }
            # They must have begun to be answered, which takes longer than this in each application.
            # On a busy computer, too: an answer that is complete by then cannot fail the test.
            time.sleep(0.9)
            # All at once: one after the other, the later ones would have answered by their turn.
            list(clients.map(RunningProcess.stop, running.values()))
        # All have ended: what did not arrive by now is lost.
        yield Run(
            services={app.language: app.service_name for app in apps},
            unavailable=missing,
            created=created,
            listed=listed,
            failed=failed,
            refused=refused,
            missing=not_found,
            unfinished={language: answer.result(SECONDS) for language, answer in slow.items()},
            printed={
                language: process.log_path.read_text() for language, process in running.items()
            },
            sink=sink,
        )


# --- The API --------------------------------------------------------------------------------------


def test_an_order_is_made_in_all_three(run: Run) -> None:
    for language in LANGUAGES:
        run.need(language)
    python = run.created.body
    node = python["downstream"]
    java = node["downstream"]
    assert run.created.status == 201
    for order in (python, node, java):
        assert {"id": 1, **ORDER}.items() <= order.items()
    assert java["downstream"] is None


def test_a_list_asks_the_service_downstream_too(run: Run) -> None:
    quantities = []
    answer = run.listed.body
    while answer is not None:
        quantities.append([order["quantity"] for order in answer["orders"]])
        answer = answer["downstream"]
    assert quantities == [[ORDER["quantity"], BULK["quantity"]]] * len(run.services)


@each_language
@pytest.mark.parametrize("body", REFUSED)
def test_bad_input_is_refused_with_what_is_allowed(
    run: Run, language: Language, body: bytes
) -> None:
    run.need(language)
    assert run.refused[language][body] == Answer(400, {"error": REFUSED[body]})


@each_language
def test_what_does_not_exist_is_not_found(run: Run, language: Language) -> None:
    run.need(language)
    assert run.missing[language].status == 404
    assert "error" in run.missing[language].body


@each_language
def test_a_failure_tells_the_client_nothing_of_the_inside(run: Run, language: Language) -> None:
    run.need(language)
    assert run.failed[language].status == 500
    assert "store of orders" not in json.dumps(run.failed[language].body)


# --- Traces ---------------------------------------------------------------------------------------


def test_one_trace_crosses_the_three(run: Run) -> None:
    servers = {language: run.spans(language, "POST /orders")[0] for language in LANGUAGES}
    assert len({span.raw["traceId"] for span in servers.values()}) == 1
    by_id = {span.raw["spanId"]: span for span in run.sink.spans()}
    for caller, called in itertools.pairwise(LANGUAGES):
        call = by_id[servers[called].raw["parentSpanId"]]
        assert call.raw["kind"] == CLIENT
        assert call.resource["service.name"] == run.services[caller]


@each_language
def test_requests_are_named_by_the_stable_conventions(run: Run, language: Language) -> None:
    span = run.spans(language, "POST /orders")[0]
    assert span.raw["kind"] == SERVER
    assert span.attributes["http.request.method"] == "POST"
    assert span.attributes["http.route"] == "/orders"
    assert span.attributes["http.response.status_code"] == "201"


@each_language
def test_the_custom_span_is_part_of_the_request(run: Run, language: Language) -> None:
    span = run.spans(language, "store order")[0]
    assert span.attributes["app.order.quantity"] == str(ORDER["quantity"])
    assert span.raw["traceId"] == run.spans(language, "POST /orders")[0].raw["traceId"]
    assert span.raw["parentSpanId"]


@each_language
def test_a_failure_has_error_status_and_the_exception(run: Run, language: Language) -> None:
    (span,) = run.spans(language, "GET /orders/fail")
    assert span.raw["status"]["code"] == ERROR
    exceptions = [event for event in span.raw["events"] if event["name"] == "exception"]
    assert "the store of orders cannot be reached" in json.dumps(exceptions)
    errors = [record.name for record in run.logs(language, span.raw["traceId"])]
    assert any("cannot be reached" in text or "Exception" in text for text in errors)


@each_language
@pytest.mark.parametrize("environment", environment_names())
def test_the_slow_one_counts_as_slow_at_every_gateway(
    run: Run, language: Language, environment: str
) -> None:
    settings = load_environment(environment, TODAY)
    (span,) = run.spans(language, "GET /orders/slow")
    took = int(span.raw["endTimeUnixNano"]) - int(span.raw["startTimeUnixNano"])
    for stage in settings.stages:
        assert took > settings.sampling(stage).slow_trace_ms * 1_000_000


# --- Metrics --------------------------------------------------------------------------------------


@each_language
def test_the_custom_metric_counts_the_orders(run: Run, language: Language) -> None:
    newest: dict[str, float] = {}
    for point in run.points(language, "app.orders.created"):
        value = point.raw["asInt"] if "asInt" in point.raw else point.raw["asDouble"]
        newest[point.attributes["app.order.size"]] = float(value)
    assert newest == {"single": 1, "bulk": 1}


@each_language
def test_durations_of_requests_are_measured(run: Run, language: Language) -> None:
    routes = {
        point.attributes.get("http.route")
        for point in run.points(language, "http.server.request.duration")
    }
    assert {"/orders", "/orders/slow", "/orders/fail"} <= routes


@each_language
def test_what_the_application_adds_to_metrics_passes_the_gateway(
    run: Run, language: Language
) -> None:
    for point in run.points(language, "app.orders.created"):
        for name in point.attributes:
            assert any(re.fullmatch(pattern, name) for pattern in METRIC_ATTRIBUTES)
            assert not any(re.fullmatch(pattern, name) for pattern in UNBOUNDED_ATTRIBUTES)


# --- Logs -----------------------------------------------------------------------------------------


@each_language
def test_a_request_writes_one_line_that_leads_to_its_trace(run: Run, language: Language) -> None:
    span = run.spans(language, "POST /orders")[0]
    lines = [record.name for record in run.logs(language, span.raw["traceId"])]
    assert lines == ["POST /orders answered 201"]


@each_language
def test_nothing_is_logged_twice_or_without_a_trace(run: Run, language: Language) -> None:
    service = run.need(language)
    lines = [
        record
        for record in run.sink.log_records()
        if record.resource["service.name"] == service and "answered" in record.name
    ]
    assert all(record.raw.get("traceId") for record in lines)
    answered = [record for record in lines if not record.name.startswith("GET /healthz")]
    assert len(answered) == len({record.raw["traceId"] for record in answered})


@each_language
def test_what_is_sent_is_not_printed_too(run: Run, language: Language) -> None:
    run.need(language)
    assert "answered" not in run.printed[language]
    assert "cannot be reached" not in run.printed[language]


@each_language
def test_an_sdk_that_cannot_send_says_so(
    language: Language, tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        app = prepare(language)
    except SampleAppUnavailableError as error:
        unavailable(f"not checked: the sample application in {language}: {error}")
    with app.start(
        otlp_endpoint=f"http://{LOOPBACK}:{free_port()}",
        log_path=tmp_path_factory.mktemp("unsent") / f"{language}.log",
        environment=IMPATIENT,
    ) as process:
        assert ask(f"{process.url}/orders").status == 200
        deadline = time.monotonic() + SECONDS
        while not (says := CANNOT_SEND.search(process.log_path.read_text())):
            assert time.monotonic() < deadline, process.log_path.read_text()
            time.sleep(0.2)
        assert says
        # It would try for as long as it may, and nothing of it is wanted.
        os.killpg(process.pid, signal.SIGKILL)


# --- All of it ------------------------------------------------------------------------------------


@each_language
def test_every_signal_says_which_service_it_is_of(run: Run, language: Language) -> None:
    service = run.need(language)
    expected = {
        "service.name": service,
        "service.namespace": "orders",
        "service.version": "0.1.0",
        "telemetry.sdk.language": {"node": "nodejs"}.get(language, language),
    }
    for items in (run.sink.spans(), run.sink.log_records(), run.sink.data_points()):
        of_service = [item for item in items if item.resource["service.name"] == service]
        assert of_service
        for item in of_service:
            assert expected.items() <= item.resource.items()


@each_language
def test_sigterm_loses_nothing(run: Run, language: Language) -> None:
    run.need(language)
    assert run.unfinished[language].status == 200
    (span,) = run.spans(language, "GET /orders/slow")
    (line,) = run.logs(language, span.raw["traceId"])
    assert line.name == "GET /orders/slow answered 200"
    routes = [
        point.attributes.get("http.route")
        for point in run.points(language, "http.server.request.duration")
    ]
    assert "/orders/slow" in routes


def test_what_was_sent_was_understood(run: Run) -> None:
    assert run.sink.requests()
    assert not run.sink.requests(accepted=False)


def test_an_order_fails_where_the_service_downstream_does(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    try:
        app = prepare("python")
    except SampleAppUnavailableError as error:
        unavailable(f"not checked: a failing service downstream: {error}")
    with (
        OtlpSink() as sink,
        app.start(
            otlp_endpoint=sink.address_of("gateway"),
            log_path=tmp_path_factory.mktemp("alone") / "python.log",
            downstream_url=f"http://{LOOPBACK}:{free_port()}",
        ) as process,
    ):
        assert ask(f"{process.url}/orders", json.dumps(ORDER).encode()).status == 500
    (server,) = (span for span in sink.spans() if span.raw["kind"] == SERVER)
    (call,) = (span for span in sink.spans() if span.raw["kind"] == CLIENT)
    assert server.raw["status"]["code"] == call.raw["status"]["code"] == ERROR
