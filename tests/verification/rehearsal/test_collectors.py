"""The synthesized collectors, started: each promise of theirs is kept, and could be broken.

Every collector runs on a configuration out of the stack, changed only as `adapt` lists. All of
them run at the same time, each with a back end of its own; the tests look at what arrived there.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
import socket
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from outcomes import not_checked

from blueprint.documents import Config
from helm_values.otel_collector.collector_guards import MAX_LABEL_LENGTH, MAX_LABELS
from helm_values.otel_collector.span_metrics import SPAN_SECONDS
from tools.programs import ProgramUnavailableError, program
from verification.rehearsal.pipeline import collectors, otlp_client
from verification.rehearsal.pipeline.collectors import Here, RunningCollector, started
from verification.rehearsal.pipeline.otlp_sink import Item, OtlpSink
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack
from verification.rehearsal.processes import free_port

TODAY = date(2026, 11, 24)
ENVIRONMENTS = ("dev", "prd")
STAGES = ("dev", "hml", "prd")
DEADLINE = 180
"""For what must come: on a busy computer it takes long."""

GRACE = 1.0
"""For what should not arrive, after the last of what should."""

NOW = time.time_ns()
MS = 1_000_000
ORDINARY, ERRONEOUS, SLOW = 200, 3, 3
SPANS = 1 + ORDINARY + 2 * ERRONEOUS + 2 * SLOW
SHARE = range(5 * ORDINARY // 100, 16 * ORDINARY // 100)
"""How many of the ordinary traces 10 % may be. Their identifiers are always the same ones."""

pytestmark = pytest.mark.slow


def stack(environment: str) -> dict[str, Any]:
    return observability_stack(environment, TODAY)


@pytest.fixture(scope="module")
def otelcol() -> Path:
    try:
        return program("otelcol")
    except ProgramUnavailableError as error:
        reason = f"not checked: what collectors do with their configuration. {error}"
        not_checked(reason)


# --- Ways to break a configuration ----------------------------------------------------------------

Change = Callable[[Config], None]


def nothing(config: Config) -> None:
    """As it is."""


def keep_none_of_the_rest(config: Config) -> None:
    share = config["processors"]["tail_sampling"]["policies"][2]
    share["probabilistic"]["sampling_percentage"] = 0


def without_policy(name: str) -> Change:
    def change(config: Config) -> None:
        keep_none_of_the_rest(config)
        sampling = config["processors"]["tail_sampling"]
        sampling["policies"] = [p for p in sampling["policies"] if p["name"] != name]

    return change


def without_processor(name: str) -> Change:
    def change(config: Config) -> None:
        for pipeline in config["service"]["pipelines"].values():
            pipeline["processors"] = [p for p in pipeline["processors"] if p != name]

    return change


def without_tenant(config: Config) -> None:
    for exporter in config["exporters"].values():
        exporter.pop("headers", None)


def count_what_is_kept(config: Config) -> None:
    keep_none_of_the_rest(config)
    config["service"]["pipelines"]["traces"]["exporters"].remove("forward/counted")
    config["service"]["pipelines"]["traces/sampled"]["exporters"].append("forward/counted")


def without_retry(config: Config) -> None:
    for name, exporter in config["exporters"].items():
        if name != "load_balancing":
            exporter["retry_on_failure"] = {"enabled": False}


def without_pauses(config: Config) -> None:
    exporter = config["exporters"]["load_balancing"]
    exporter["retry_on_failure"] = {"enabled": True, "max_elapsed_time": "60s"}


def queues_in_memory(config: Config) -> None:
    for exporter in config["exporters"].values():
        exporter["sending_queue"].pop("storage", None)


def batch_before_queues(config: Config) -> None:
    config["processors"]["batch"] = {"timeout": "2s", "send_batch_size": 4096}
    for pipeline in config["service"]["pipelines"].values():
        if "load_balancing" not in pipeline["exporters"]:
            pipeline["processors"] = [*pipeline["processors"], "batch"]


def large_queue_of_logs(config: Config) -> None:
    config["exporters"]["otlp_http/loki"]["sending_queue"]["queue_size"] = 256 * SMALL_QUEUE


def hold_few_traces(config: Config) -> None:
    config["processors"]["tail_sampling"]["num_traces"] = FULL_TRACES * 3 // 4


def without_aggregation(config: Config) -> None:
    labels = config["processors"]["transform/metric_labels"]
    labels["metric_statements"] = [
        group for group in labels["metric_statements"] if group["context"] != "metric"
    ]


def observability_takes_all(config: Config) -> None:
    config["receivers"]["file_log/observability"].pop("exclude")


def swap_tenants(config: Config) -> None:
    exporters = config["exporters"]
    dev, prd = exporters["otlp_http/loki-dev"], exporters["otlp_http/loki-prd"]
    dev["headers"], prd["headers"] = prd["headers"], dev["headers"]


def trim_lines(config: Config) -> None:
    for name, receiver in config["receivers"].items():
        if name.startswith("file_log"):
            del receiver["preserve_trailing_whitespaces"]


def forget_what_was_read(config: Config) -> None:
    for name, receiver in config["receivers"].items():
        if name.startswith("file_log"):
            del receiver["storage"]


# --- What happens to a collector ------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Run:
    """What arrived from a collector; `stage` and `claim` of a gateway."""

    sink: OtlpSink
    cluster: str
    stage: str = ""
    claim: str = ""
    retries: int = 0
    """What its log says."""
    full: Full | None = None


@dataclass(frozen=True, kw_only=True)
class Full:
    """What a gateway with full queues did: names of log records, and how many it counted."""

    acknowledged: frozenset[str]
    refused: frozenset[str]
    statuses: frozenset[int]
    counted_records: int
    spans: int
    counted_spans: int


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Where collectors run."""

    otelcol: Path
    folder: Path

    def adapted(
        self, config: Config, change: Change, sink: OtlpSink, folder: Path
    ) -> collectors.Adapted:
        changed = copy.deepcopy(config)
        change(changed)
        return collectors.adapt(changed, on_this_computer(sink, folder))


def on_this_computer(sink: OtlpSink, folder: Path) -> Here:
    return Here(folder=folder, back_end=sink.address_of, as_json=True, hurry=True)


def resource(name: str, claim: str = "") -> dict[str, str]:
    return {"service.name": name, **(otlp_client.claims(claim) if claim else {})}


def identifier(*parts: object, characters: int = 32) -> str:
    return sha256(repr(parts).encode()).hexdigest()[:characters]


def span(kind: str, number: int, part: int, start_ms: int, end_ms: int, **rest: Any) -> Any:
    return otlp_client.span(
        identifier(kind, number),
        identifier(kind, number, part, characters=16),
        f"GET /{kind}/{number}",
        start_ns=NOW + start_ms * MS,
        end_ns=NOW + end_ms * MS,
        parent_id=identifier(kind, number, 0, characters=16) if part else "",
        **rest,
    )


METRIC_LABELS = {
    "http.request.method": "GET",
    "http.route": "/orders/{id}",
    "app.tier": "gold",
    "app.long": "x" * 500,
}
"""Some that are allowed."""

UNWANTED_LABELS = {
    "user.id": "4711",
    "app.order.id": "12",
    "db.query.text": "select 1",
    "url.full": "https://example.com/?a=b",
    "thread.id": "77",
    "made.up": "1",
}


def send_everything(gateway: RunningCollector, claim: str) -> None:
    """Each signal once, in the name of another stage; what is sent last is called `sentinel`."""
    url, tenant = gateway.url(collectors.OTLP_HTTP), {"X-Scope-OrgID": claim}
    shop, lie = resource("shop", claim), otlp_client.claims(claim)

    def send_spans(*spans: Any) -> None:
        otlp_client.post(url, "traces", otlp_client.traces(shop, spans, lie), tenant)

    send_spans(span("warm", 0, 0, 0, 10))
    # A gateway calls itself before it listens, and waits a second before it tries again.
    wait_for_spans(gateway, 1)
    send_spans(*(span("ordinary", n, 0, 0, 10, attributes=lie) for n in range(ORDINARY)))
    # The two spans of a trace come in two requests, and neither alone takes a second.
    send_spans(
        *(span("erroneous", n, 0, 0, 10, attributes=lie) for n in range(ERRONEOUS)),
        *(span("slow", n, 0, 0, 800, attributes=lie) for n in range(SLOW)),
    )
    send_spans(
        *(span("erroneous", n, 1, 0, 5, status=otlp_client.ERROR) for n in range(ERRONEOUS)),
        *(span("slow", n, 1, 700, 1500) for n in range(SLOW)),
    )
    many = {f"app.n{n}": "1" for n in range(30)}
    first, second = ({"thread.id": thread} for thread in ("77", "78"))
    metrics = [
        otlp_client.counter("orders", at_ns=NOW, points=[METRIC_LABELS | UNWANTED_LABELS | lie]),
        otlp_client.counter("crowded", at_ns=NOW, points=[many | {"error.type": "timeout"}]),
        otlp_client.counter("jobs", at_ns=NOW, points=[first, second, {"app.tier": "gold"}]),
        otlp_client.gauge("load", at_ns=NOW, points=[(first, 1.0), (second, 4.0)]),
        otlp_client.histogram(
            "sizes", at_ns=NOW, points=[(first, [1, 2], [1, 2, 3]), (second, [1, 2], [1, 0, 1])]
        ),
        # Would end the collector, if they were added as they are.
        otlp_client.histogram("bare", at_ns=NOW, points=[(first, [], []), (second, [], [3])]),
        otlp_client.histogram(
            "broken", at_ns=NOW, points=[(first, [1, 2], []), (second, [1, 2], [1, 2, 3])]
        ),
        otlp_client.histogram(
            "endless",
            at_ns=NOW,
            points=[(first, ["Infinity"], [1, 0]), (second, [1, "Infinity"], [1, 2, 0])],
        ),
    ]
    otlp_client.post(url, "metrics", otlp_client.metrics(shop, metrics, lie), tenant)
    line = otlp_client.log_record("a line", at_ns=NOW, attributes=lie | {"order.id": "12"})
    otlp_client.post(url, "logs", otlp_client.logs(shop, [line], lie), tenant)
    forged = otlp_client.metrics(
        {"service.name": f"{claim}/shop"}, [otlp_client.counter("forged", at_ns=NOW, points=[{}])]
    )
    otlp_client.post(url, "metrics", forged)

    wait_for_spans(gateway, SPANS)
    send_sentinel(url)


def wait_for_spans(gateway: RunningCollector, number: int) -> None:
    """Wait until the sampler has so many."""
    deadline = time.monotonic() + DEADLINE
    while gateway.told("otelcol_receiver_accepted_spans_total", 'receiver="otlp/lb"') < number:
        assert time.monotonic() < deadline, "spans did not reach the sampler"
        time.sleep(0.05)


def send_sentinel(url: str, name: str = "sentinel") -> None:
    """A log record, a metric, and a trace that is kept for two reasons."""
    origin = resource(name)
    last = span(name, 0, 0, 0, 3000, status=otlp_client.ERROR)
    counter = otlp_client.counter(name, at_ns=NOW, points=[{}])
    otlp_client.post(url, "traces", otlp_client.traces(origin, [last]))
    otlp_client.post(url, "metrics", otlp_client.metrics(origin, [counter]))
    otlp_client.post(
        url, "logs", otlp_client.logs(origin, [otlp_client.log_record(name, at_ns=NOW)])
    )


def came(sink: OtlpSink, name: str = "sentinel", *, accepted: bool = True) -> set[str]:
    """Which signals of what is called so have come (or been refused)."""
    points = sink.data_points(accepted=accepted)
    spans = sink.spans(accepted=accepted)
    arrivals = {
        "logs": any(item.name == name for item in sink.log_records(accepted=accepted)),
        "metrics": any(item.name == name for item in points),
        "traces": any(item.resource["service.name"] == name for item in spans),
        "span metrics": any(is_call(p) and p.resource["service.name"] == name for p in points),
    }
    return {signal for signal, is_there in arrivals.items() if is_there}


EVERY_SIGNAL = {"logs", "metrics", "traces", "span metrics"}


def is_call(point: Item) -> bool:
    return point.name == "traces.span.metrics.calls"


def wait_for(sink: OtlpSink, condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
    assert sink.wait_until(condition, seconds), "what should arrive, or be refused, did not"


def patience(change: Change, seconds: float) -> float:
    """How long to wait for what arrives with our configuration, and not with a broken one."""
    return DEADLINE if change is nothing else seconds


def run_gateway(workshop: Workshop, name: str, environment: str, stage: str, change: Change) -> Run:
    """Send everything there is, in the name of another stage."""
    config = collectors.gateway(stack(environment), stage)
    claim = "prd" if stage != "prd" else "hml"
    folder = workshop.folder / name
    with OtlpSink() as sink:
        adapted = workshop.adapted(config, change, sink, folder)
        with started(workshop.otelcol, adapted, folder) as gateway:
            send_everything(gateway, claim)
            wait_for(sink, lambda: came(sink) == EVERY_SIGNAL)
            time.sleep(GRACE)
    return Run(sink=sink, cluster=f"obs-{environment}", stage=stage, claim=claim)


OUTAGE_SECONDS = 2
MAX_FIRST_RETRY_SECONDS = 7.5 + 2
"""The exporters' initial_interval, and half of it, and some more."""


def run_outage(workshop: Workshop, name: str, change: Change) -> Run:
    """Send something while every back end answers 503."""
    folder = workshop.folder / name
    with OtlpSink() as sink:
        adapted = workshop.adapted(collectors.gateway(stack("dev"), "dev"), change, sink, folder)
        sink.answer(503)
        with started(workshop.otelcol, adapted, folder) as gateway:
            send_sentinel(gateway.url(collectors.OTLP_HTTP), "during")
            wait_for(sink, lambda: came(sink, "during", accepted=False) == EVERY_SIGNAL)
            time.sleep(OUTAGE_SECONDS)
            sink.answer(200)
            seconds = patience(change, MAX_FIRST_RETRY_SECONDS)
            sink.wait_until(lambda: came(sink, "during") == EVERY_SIGNAL, seconds)
    return Run(sink=sink, cluster="obs-dev", stage="dev")


BATCHES, BATCH = 14, 4096
"""More batches of log records than there are workers, so that some wait in the queue."""


def run_kill(workshop: Workshop, name: str, change: Change) -> Run:
    """Fill the queues while the back ends refuse, kill the collector, start it again.

    It is killed directly after it has acknowledged the last request.
    """
    folder = workshop.folder / name
    with OtlpSink() as sink:
        adapted = workshop.adapted(collectors.gateway(stack("dev"), "dev"), change, sink, folder)
        assert adapted.config["exporters"]["otlp_http/loki"]["sending_queue"]["num_consumers"] < (
            BATCHES
        )
        sink.answer(503)
        with started(workshop.otelcol, adapted, folder) as gateway:
            url = gateway.url(collectors.OTLP_HTTP)
            # Traces wait for their decision in memory.
            send_sentinel(url, "before")
            wait_for(sink, lambda: came(sink, "before", accepted=False) == EVERY_SIGNAL)
            numbers = itertools.count()
            for _ in range(BATCHES):
                records = [
                    otlp_client.log_record(str(next(numbers)), at_ns=NOW) for _ in range(BATCH)
                ]
                otlp_client.post(url, "logs", otlp_client.logs(resource("shop"), records))
            send_sentinel(url, "during")
            gateway.kill()
        sink.answer(200)
        with started(workshop.otelcol, adapted, folder) as gateway:
            send_sentinel(gateway.url(collectors.OTLP_HTTP), "after")
            wait_for(sink, lambda: came(sink, "after") == EVERY_SIGNAL)
            sink.wait_until(lambda: has_everything_acknowledged(sink), patience(change, 5 * GRACE))
    return Run(sink=sink, cluster="obs-dev", stage="dev")


def has_everything_acknowledged(sink: OtlpSink) -> bool:
    numbers = {name for name in bodies(sink) if name.isdecimal()}
    return (
        numbers == {str(n) for n in range(BATCHES * BATCH)}
        and came(sink, "before") == EVERY_SIGNAL
        and came(sink, "during") >= {"logs", "metrics"}
    )


SMALL_QUEUE = 64 * 1024
REFUSED, MAX_REQUESTS, FULL_TRACES = 5, 1000, 300
TEXT = "x" * 500


def run_full(workshop: Workshop, name: str, change: Change) -> Run:
    """Send until the queues are full, and for a while after that; then the back ends are back.

    The queues are made small, to be full soon, and batches with them.
    """
    folder = workshop.folder / name

    def small(config: Config) -> None:
        for exporter in ("otlp_http/loki", "otlp_grpc/tempo"):
            queue = config["exporters"][exporter]["sending_queue"]
            queue["queue_size"] = SMALL_QUEUE
            queue["batch"] |= {"min_size": SMALL_QUEUE // 4, "max_size": SMALL_QUEUE // 2}
        few = FULL_TRACES // 20
        config["processors"]["batch/sampled"] |= {
            "send_batch_size": few,
            "send_batch_max_size": few,
        }
        change(config)

    with OtlpSink() as sink:
        adapted = workshop.adapted(collectors.gateway(stack("dev"), "dev"), small, sink, folder)
        sink.answer(503)
        with started(workshop.otelcol, adapted, folder) as gateway:
            url = gateway.url(collectors.OTLP_HTTP)
            spans = [
                span("kept", n, 0, 0, 10, status=otlp_client.ERROR, attributes={"text": TEXT})
                for n in range(FULL_TRACES)
            ]
            otlp_client.post(url, "traces", otlp_client.traces(resource("shop"), spans))
            # The sampler takes its time.
            acknowledged, refused = fill_logs(url)
            dropped = "otelcol_exporter_enqueue_failed_spans_total"
            deadline = time.monotonic() + DEADLINE
            while not gateway.told(dropped, "otlp_http/tempo") and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(GRACE)
            counted = [
                int(gateway.told(f"otelcol_exporter_enqueue_failed_{kind}_total", exporter))
                for kind, exporter in (("log_records", "loki"), ("spans", "otlp_http/tempo"))
            ]
            sink.answer(200)
            seconds = patience(change, 2 * MAX_FIRST_RETRY_SECONDS)
            sink.wait_until(lambda: acknowledged <= bodies(sink), seconds)
            sink.wait_until(lambda: len(sink.spans()) + counted[1] >= FULL_TRACES, seconds)
    return Run(
        sink=sink,
        cluster="obs-dev",
        stage="dev",
        full=Full(
            acknowledged=frozenset(acknowledged),
            refused=frozenset(refused),
            statuses=frozenset(refused.values()),
            counted_records=counted[0],
            spans=FULL_TRACES,
            counted_spans=counted[1],
        ),
    )


def fill_logs(url: str) -> tuple[set[str], dict[str, int]]:
    """Names of the log records that were acknowledged, and of those refused, with the status."""
    acknowledged: set[str] = set()
    refused: dict[str, int] = {}
    for number in range(MAX_REQUESTS):
        name = f"{number} {TEXT}"
        record = otlp_client.log_record(name, at_ns=NOW)
        try:
            otlp_client.post(url, "logs", otlp_client.logs(resource("shop"), [record]))
            acknowledged.add(name)
        except urllib.error.HTTPError as error:
            refused[name] = error.code
        if len(refused) == REFUSED:
            break
    return acknowledged, refused


def run_agent_kill(workshop: Workshop, name: str, change: Change) -> Run:
    """Kill the agent when it has read lines and noted how far it is, but could send nothing."""
    folder = workshop.folder / name
    collectors.append_pod_log(folder, "dev", "web-0", "F dev first")
    with OtlpSink() as sink:
        adapted = workshop.adapted(collectors.agent(stack("dev")), change, sink, folder)
        sink.answer(503)
        with started(workshop.otelcol, adapted, folder) as agent:
            deadline = time.monotonic() + DEADLINE
            while not agent.told("otelcol_receiver_accepted_log_records_total"):
                assert time.monotonic() < deadline, "the line was not read"
                time.sleep(0.05)
            time.sleep(CHECKPOINT_SECONDS)
            agent.kill()
        sink.answer(200)
        collectors.append_pod_log(folder, "dev", "web-0", "F dev second")
        with started(workshop.otelcol, adapted, folder):
            wait_for(sink, lambda: "dev second" in bodies(sink))
            sink.wait_until(lambda: "dev first" in bodies(sink), patience(change, 2 * GRACE))
    return Run(sink=sink, cluster="obs-dev")


CHECKPOINT_SECONDS = 0.6
"""Until the receiver has noted how far it is; less than a batch would be held."""


def run_without_other_gateways(workshop: Workshop, name: str, change: Change) -> Run:
    """Send a trace to a gateway that cannot reach the one that the trace belongs to."""
    folder = workshop.folder / name
    config = copy.deepcopy(collectors.gateway(stack("dev"), "dev"))
    change(config)
    with OtlpSink() as sink:
        nobody = f"127.0.0.1:{free_port()}"
        here = replace(on_this_computer(sink, folder), other_gateways=(nobody,))
        with started(workshop.otelcol, collectors.adapt(config, here), folder) as gateway:
            spans = [span("ordinary", 0, 0, 0, 10)]
            url = gateway.url(collectors.OTLP_HTTP)
            otlp_client.post(url, "traces", otlp_client.traces(resource("shop"), spans))
            time.sleep(UNREACHABLE_SECONDS)
    log = (folder / "otelcol.log").read_text(encoding="utf-8")
    return Run(sink=sink, cluster="obs-dev", retries=log.count("Will retry the request"))


UNREACHABLE_SECONDS = 3
MAX_RETRIES = 5
"""A half, three quarters, one second, ... apart, when chance makes pauses shortest."""


POD_LOGS = {
    # By namespace: the one whose tenant gets it.
    "dev": "dev",
    "hml": "hml",
    "prd": "prd",
    "observability": "observability",
    "kube-system": "observability",
    "dev-tools": "observability",  # begins like a tenant
    "dev-telemetry": "observability",  # of its gateway
    "prdx": "observability",
}


def run_agent(workshop: Workshop, name: str, environment: str, change: Change) -> Run:
    """Let it read logs of several namespaces, stop it, and let it read one more line."""
    folder = workshop.folder / name
    for namespace in POD_LOGS:
        collectors.append_pod_log(folder, namespace, "web-0", f"P {namespace} first ")
        collectors.append_pod_log(folder, namespace, "web-0", "F  half")
        collectors.append_pod_log(folder, namespace, "web-0", f"F {namespace} second")
    collectors.append_pod_log(folder, "observability", "otel-agent-x7x7x", "F its own log")
    with OtlpSink() as sink:
        adapted = workshop.adapted(collectors.agent(stack(environment)), change, sink, folder)
        with started(workshop.otelcol, adapted, folder) as agent:
            for namespace in ("dev", "kube-system"):
                body = otlp_client.metrics(
                    {"k8s.namespace.name": namespace},
                    [otlp_client.counter(namespace, at_ns=NOW, points=[{}])],
                )
                otlp_client.post(agent.url(collectors.KUBELET), "metrics", body)
            wait_for(sink, lambda: len(bodies(sink)) >= 2 * len(POD_LOGS))
            wait_for(sink, lambda: len(sink.data_points()) >= 2)
            time.sleep(GRACE)
        collectors.append_pod_log(folder, "dev", "web-0", "F dev after the restart")
        with started(workshop.otelcol, adapted, folder):
            wait_for(sink, lambda: "dev after the restart" in bodies(sink))
            time.sleep(GRACE)
    return Run(sink=sink, cluster=f"obs-{environment}")


def bodies(sink: OtlpSink) -> set[str]:
    return {record.name for record in sink.log_records()}


# --- Promises -------------------------------------------------------------------------------------

Promise = Callable[[Run], None]


def is_whole_environment(run: Run) -> None:
    """Whatever was claimed, everything arrives as the stage's, and is written as its tenant."""
    sink = run.sink
    for items, back_end, tenant in (
        (sink.spans(), "tempo", run.stage),
        (sink.log_records(), "loki", run.stage),
        (sink.data_points(), "prometheus-0", None),
    ):
        for item in items:
            assert item.tenant == tenant
            assert item.resource.get("deployment.environment.name") == run.stage
            assert item.resource.get("k8s.namespace.name") == run.stage
            assert item.resource.get("k8s.cluster.name") == run.cluster
        assert back_end in {item.back_end for item in items}
    for request in sink.requests():
        assert f'"{run.claim}"' not in json.dumps(request.body)


def keeps(kind: str, number: int) -> Promise:
    def promise(run: Run) -> None:
        assert kept(run, kind) == {identifier(kind, n): 2 for n in range(number)}

    promise.__name__ = f"keeps_{kind}"
    return promise


def kept(run: Run, kind: str) -> Counter[str]:
    """Number of spans that arrived, by trace."""
    ids = {identifier(kind, n) for n in range(ORDINARY)}
    return Counter(i.raw["traceId"] for i in run.sink.spans() if i.raw["traceId"] in ids)


keeps_erroneous = keeps("erroneous", ERRONEOUS)
keeps_slow = keeps("slow", SLOW)


def keeps_nothing_else(run: Run) -> None:
    assert not kept(run, "ordinary")


def keeps_a_share(run: Run) -> None:
    assert len(kept(run, "ordinary")) in SHARE


def keeps_all(run: Run) -> None:
    assert len(kept(run, "ordinary")) == ORDINARY


def counts_every_span(run: Run) -> None:
    """Cumulative, so the last of each series counts."""
    series: dict[str, int] = {}
    for point in run.sink.data_points():
        if is_call(point) and point.resource["service.name"] == "shop":
            key = json.dumps([point.resource, point.attributes], sort_keys=True)
            series[key] = max(series.get(key, 0), int(point.raw["asInt"]))
    assert sum(series.values()) == SPANS


def names_no_single_request(run: Run) -> None:
    names = {item.attributes["span.name"] for item in run.sink.data_points() if is_call(item)}
    kinds = ("warm", "ordinary", "erroneous", "slow", "sentinel")
    assert names == {f"GET /{kind}/{{id}}" for kind in kinds}


def counts_in_seconds_and_for_each_writer(run: Run) -> None:
    durations = [p for p in run.sink.data_points() if p.name == "traces.span.metrics.duration"]
    assert durations
    for point in durations:
        assert tuple(point.raw["explicitBounds"]) == SPAN_SECONDS
        assert point.resource["service.instance.id"] == collectors.POD_NAME
        assert "collector.instance.id" not in point.attributes


def bounds_labels(run: Run) -> None:
    (orders,) = (p for p in run.sink.data_points() if p.name == "orders")
    assert orders.attributes == METRIC_LABELS | {"app.long": "x" * MAX_LABEL_LENGTH}
    (crowded,) = (p for p in run.sink.data_points() if p.name == "crowded")
    assert len(crowded.attributes) == MAX_LABELS
    assert crowded.attributes["error.type"] == "timeout"


def adds_what_only_dropped_labels_told_apart(run: Run) -> None:
    points: dict[str, list[Any]] = {}
    for point in run.sink.data_points():
        points.setdefault(point.name, []).append((point.attributes, point.raw))
    jobs = {attributes.get("app.tier"): raw["asInt"] for attributes, raw in points["jobs"]}
    assert len(points["jobs"]) == 2
    assert jobs == {None: "2", "gold": "1"}
    assert [raw["asDouble"] for _, raw in points["load"]] == [2.5]
    ((_, sizes),) = points["sizes"]
    assert (sizes["count"], sizes["bucketCounts"]) == ("8", ["2", "2", "4"])
    assert [raw["count"] for _, raw in points["bare"]] == ["4"]
    assert sorted(raw["count"] for _, raw in points["broken"]) == ["1", "6"]
    assert [raw["count"] for _, raw in points["endless"]] == ["4"]


def forges_no_job(run: Run) -> None:
    (forged,) = (point for point in run.sink.data_points() if point.name == "forged")
    assert forged.resource["service.name"] == f"{run.claim}-shop"


def leaves_attributes_of_log_records(run: Run) -> None:
    (line,) = (record for record in run.sink.log_records() if record.name == "a line")
    assert line.attributes == {"order.id": "12"}


def loses_nothing_in_an_outage(run: Run) -> None:
    assert came(run.sink, "during") == EVERY_SIGNAL


def loses_nothing_when_killed(run: Run) -> None:
    assert has_everything_acknowledged(run.sink)


def full(run: Run) -> Full:
    assert run.full is not None
    return run.full


def refuses_logs_that_find_no_room(run: Run) -> None:
    told_off = full(run)
    assert len(told_off.refused) == REFUSED
    # OTLP: the sender shall try again.
    assert told_off.statuses <= {429, 502, 503, 504}
    assert told_off.counted_records == REFUSED


def loses_no_log_that_it_acknowledged(run: Run) -> None:
    assert bodies(run.sink) == full(run).acknowledged


def counts_spans_that_find_no_room(run: Run) -> None:
    arrived = len(run.sink.spans())
    assert 0 < arrived < full(run).spans
    assert arrived + full(run).counted_spans == full(run).spans


def loses_no_line_when_killed(run: Run) -> None:
    assert bodies(run.sink) == {"dev first", "dev second"}


def pauses_between_retries(run: Run) -> None:
    assert 1 <= run.retries <= MAX_RETRIES


def gives_logs_to_the_namespace_s_tenant(run: Run) -> None:
    expected = {(tenant, f"{ns} first  half") for ns, tenant in POD_LOGS.items()}
    expected |= {(tenant, f"{ns} second") for ns, tenant in POD_LOGS.items()}
    expected |= {("dev", "dev after the restart")}
    assert {(record.tenant, record.name) for record in run.sink.log_records()} == expected
    for record in run.sink.log_records():
        namespace = record.resource["k8s.namespace.name"]
        assert record.name.startswith(f"{namespace} ")
        assert record.resource["deployment.environment.name"] == POD_LOGS[namespace]
        assert record.resource["k8s.cluster.name"] == run.cluster
        assert record.resource["k8s.pod.name"] == "web-0"
        assert record.resource["k8s.container.name"] == "web"


def reads_no_line_twice(run: Run) -> None:
    assert set(Counter(r.name for r in run.sink.log_records()).values()) == {1}


def tells_metrics_environment(run: Run) -> None:
    environments = {
        point.name: point.resource.get("deployment.environment.name")
        for point in run.sink.data_points()
    }
    assert environments == {"dev": "dev", "kube-system": None}


# --- Runs -----------------------------------------------------------------------------------------

GATEWAY = (
    is_whole_environment,
    keeps_erroneous,
    keeps_slow,
    counts_every_span,
    names_no_single_request,
    counts_in_seconds_and_for_each_writer,
    bounds_labels,
    adds_what_only_dropped_labels_told_apart,
    forges_no_job,
    leaves_attributes_of_log_records,
)
AGENT = (gives_logs_to_the_namespace_s_tenant, reads_no_line_twice, tells_metrics_environment)


def of_gateway(environment: str, stage: str, change: Change) -> Callable[[Workshop, str], Run]:
    return lambda workshop, name: run_gateway(workshop, name, environment, stage, change)


def of_agent(environment: str, change: Change) -> Callable[[Workshop, str], Run]:
    return lambda workshop, name: run_agent(workshop, name, environment, change)


def in_outage(change: Change) -> Callable[[Workshop, str], Run]:
    return lambda workshop, name: run_outage(workshop, name, change)


def when_killed(change: Change) -> Callable[[Workshop, str], Run]:
    return lambda workshop, name: run_kill(workshop, name, change)


def when_full(change: Change) -> Callable[[Workshop, str], Run]:
    return lambda workshop, name: run_full(workshop, name, change)


def agent_killed(change: Change) -> Callable[[Workshop, str], Run]:
    return lambda workshop, name: run_agent_kill(workshop, name, change)


def alone(change: Change) -> Callable[[Workshop, str], Run]:
    return lambda workshop, name: run_without_other_gateways(workshop, name, change)


KEPT: dict[str, tuple[Callable[[Workshop, str], Run], tuple[Promise, ...]]] = {
    "gateway-dev": (of_gateway("dev", "dev", nothing), (*GATEWAY, keeps_all)),
    "gateway-prd": (of_gateway("prd", "prd", nothing), (*GATEWAY, keeps_a_share)),
    "gateway-0%": (
        of_gateway("dev", "dev", keep_none_of_the_rest),
        (keeps_erroneous, keeps_slow, keeps_nothing_else, counts_every_span),
    ),
    "agent-dev": (of_agent("dev", nothing), AGENT),
    "agent-prd": (of_agent("prd", nothing), AGENT),
    "outage": (in_outage(nothing), (loses_nothing_in_an_outage,)),
    "kill": (when_killed(nothing), (loses_nothing_when_killed,)),
    "full": (
        when_full(nothing),
        (
            refuses_logs_that_find_no_room,
            loses_no_log_that_it_acknowledged,
            counts_spans_that_find_no_room,
        ),
    ),
    "agent-kill": (agent_killed(nothing), (loses_no_line_when_killed,)),
    "alone": (alone(nothing), (pauses_between_retries,)),
}
BROKEN: dict[str, tuple[Callable[[Workshop, str], Run], Promise]] = {
    "claims believed": (
        of_gateway("dev", "dev", without_processor("transform/claims")),
        is_whole_environment,
    ),
    "no stage set": (
        of_gateway("dev", "dev", without_processor("resource/stage")),
        is_whole_environment,
    ),
    "no tenant": (
        of_gateway("dev", "dev", without_tenant),
        is_whole_environment,
    ),
    "no policy for errors": (of_gateway("dev", "dev", without_policy("errors")), keeps_erroneous),
    "no policy for slow": (of_gateway("dev", "dev", without_policy("slow")), keeps_slow),
    "all kept": (of_gateway("dev", "dev", nothing), keeps_nothing_else),
    "counted after sampling": (of_gateway("dev", "dev", count_what_is_kept), counts_every_span),
    "no bounds for labels": (
        of_gateway("dev", "dev", without_processor("transform/metric_labels")),
        bounds_labels,
    ),
    "span names as they are": (
        of_gateway("dev", "dev", without_processor("transform/span_names")),
        names_no_single_request,
    ),
    "no retries": (in_outage(without_retry), loses_nothing_in_an_outage),
    "no pauses": (alone(without_pauses), pauses_between_retries),
    "queues in memory": (when_killed(queues_in_memory), loses_nothing_when_killed),
    "batches before queues": (when_killed(batch_before_queues), loses_nothing_when_killed),
    "batches before full queues": (
        when_full(batch_before_queues),
        loses_no_log_that_it_acknowledged,
    ),
    "room for everything": (when_full(large_queue_of_logs), refuses_logs_that_find_no_room),
    "too many traces held": (when_full(hold_few_traces), counts_spans_that_find_no_room),
    "batches of lines before queues": (
        agent_killed(batch_before_queues),
        loses_no_line_when_killed,
    ),
    "points not added": (
        of_gateway("dev", "dev", without_aggregation),
        adds_what_only_dropped_labels_told_apart,
    ),
    "slashes in names": (
        of_gateway("dev", "dev", without_processor("transform/claims")),
        forges_no_job,
    ),
    "nothing excluded": (
        of_agent("dev", observability_takes_all),
        gives_logs_to_the_namespace_s_tenant,
    ),
    "tenants swapped": (of_agent("dev", swap_tenants), gives_logs_to_the_namespace_s_tenant),
    "whitespace trimmed": (of_agent("dev", trim_lines), gives_logs_to_the_namespace_s_tenant),
    "no checkpoints": (of_agent("dev", forget_what_was_read), reads_no_line_twice),
}


@pytest.fixture(scope="module")
def runs(otelcol: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """All at the same time: they mostly wait."""
    for environment in ENVIRONMENTS:
        stack(environment)
    workshop = Workshop(otelcol=otelcol, folder=tmp_path_factory.mktemp("collectors"))
    # The first one from the main thread: there SIGTERM is made to stop those of other threads, too.
    first = workshop.folder / "first"
    with started(otelcol, adapt_here(collectors.agent(stack("dev")), first), first):
        pass
    functions = {name: run for name, (run, _) in (*KEPT.items(), *BROKEN.items())}
    with ThreadPoolExecutor(max_workers=len(functions)) as pool:
        started_runs: dict[str, Future[Run]] = {
            name: pool.submit(run, workshop, re.sub(r"\W+", "-", name))
            for name, run in functions.items()
        }
        yield started_runs


@pytest.mark.parametrize(
    ("name", "promise"),
    [(name, promise) for name, (_, promises) in KEPT.items() for promise in promises],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_promise_is_kept(runs: dict[str, Future[Run]], name: str, promise: Promise) -> None:
    promise(runs[name].result())


@pytest.mark.parametrize("name", BROKEN)
def test_a_promise_is_not_kept_by_a_broken_configuration(
    runs: dict[str, Future[Run]], name: str
) -> None:
    run = runs[name].result()
    with pytest.raises(AssertionError):
        BROKEN[name][1](run)


# --- Every configuration, not started -------------------------------------------------------------

COLLECTORS = [(environment, name) for environment in ENVIRONMENTS for name in ("agent", *STAGES)]
every_collector = pytest.mark.parametrize(("environment", "name"), COLLECTORS)


def config_of(environment: str, name: str) -> Config:
    """The agent's, or the gateway's of a stage."""
    if name == "agent":
        return collectors.agent(stack(environment))
    return collectors.gateway(stack(environment), name)


def adapt_here(config: Config, folder: Path) -> collectors.Adapted:
    return collectors.adapt(
        config, Here(folder=folder, back_end=lambda back_end: f"http://127.0.0.1:1/{back_end}")
    )


@every_collector
def test_a_collector_accepts_the_configuration_and_is_healthy(
    otelcol: Path, environment: str, name: str, tmp_path: Path
) -> None:
    adapted = adapt_here(config_of(environment, name), tmp_path)
    assert collectors.validate(otelcol, adapted, tmp_path) is None
    with started(otelcol, adapted, tmp_path) as collector:
        for port in adapted.ports:
            address = ("127.0.0.1", collector.ports[port])
            socket.create_connection(address, timeout=60).close()
        assert collector.process.is_running()


def test_a_collector_refuses_what_is_wrong(otelcol: Path, tmp_path: Path) -> None:
    config = copy.deepcopy(collectors.gateway(stack("dev"), "dev"))
    statements = config["processors"]["transform/claims"]["log_statements"][0]["statements"]
    statements[0] = statements[0].replace("delete_matching_keys", "delete_every_key")
    refusal = collectors.validate(otelcol, adapt_here(config, tmp_path), tmp_path)
    assert "delete_every_key" in (refusal or "")


def limit_memory_first(config: Config) -> None:
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"


@every_collector
def test_memory_is_limited_first_in_every_pipeline(
    environment: str, name: str, tmp_path: Path
) -> None:
    limit_memory_first(config_of(environment, name))
    limit_memory_first(adapt_here(config_of(environment, name), tmp_path).config)


@every_collector
def test_memory_limited_second_is_noticed(environment: str, name: str) -> None:
    changed = copy.deepcopy(config_of(environment, name))
    processors = next(iter(changed["service"]["pipelines"].values()))["processors"]
    processors[:2] = reversed(processors[:2])
    with pytest.raises(AssertionError):
        limit_memory_first(changed)


# --- Substitutions --------------------------------------------------------------------------------


def test_what_is_changed_in_a_gateway_is_this_and_no_more(tmp_path: Path) -> None:
    with OtlpSink() as sink:
        adapted = collectors.adapt(
            collectors.gateway(stack("dev"), "dev"), on_this_computer(sink, tmp_path)
        )
    assert [change.where for change in adapted.substitutions] == [
        "extensions.health_check.endpoint",
        "extensions.file_storage/queue.directory",
        "extensions.file_storage/queue.compaction.directory",
        "receivers.otlp.protocols.grpc.endpoint",
        "receivers.otlp.protocols.http.endpoint",
        "receivers.otlp/lb.protocols.grpc.endpoint",
        "processors.k8s_attributes",
        "processors.interval.interval",
        "processors.tail_sampling.decision_wait",
        "connectors.span_metrics.metrics_flush_interval",
        "exporters.load_balancing.resolver",
        "exporters.otlp_grpc/tempo.endpoint",
        "exporters.otlp_grpc/tempo",
        "exporters.otlp_http/tempo.compression",
        "exporters.otlp_http/tempo.encoding",
        "exporters.otlp_http/loki.endpoint",
        "exporters.otlp_http/loki.encoding",
        "exporters.otlp_http/prometheus-0.endpoint",
        "exporters.otlp_http/prometheus-0.encoding",
        "exporters.otlp_http/own-0.endpoint",
        "exporters.otlp_http/own-0.encoding",
        "service.telemetry.metrics.readers.0.pull.exporter.prometheus.port",
    ]
    assert adapted.ports == (4317, 4318, 8888, 13133, 14317)


@every_collector
def test_every_difference_is_listed(environment: str, name: str, tmp_path: Path) -> None:
    before = copy.deepcopy(config_of(environment, name))
    adapted = adapt_here(config_of(environment, name), tmp_path)
    assert config_of(environment, name) == before

    listed = {change.where for change in adapted.substitutions}
    renamed = {
        f"exporters.{name.replace('otlp_grpc', 'otlp_http')}"
        for name in before["exporters"]
        if f"exporters.{name}" in listed
    } | {"receivers.otlp/kubeletstats"}
    for place in different(before, adapted.config):
        if place.startswith("service.pipelines"):
            continue  # follow from a component that was removed or renamed
        assert any(place.startswith(where) for where in listed | renamed), place


def different(left: Any, right: Any, place: str = "") -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in left | right:
            below = f"{place}.{key}" if place else str(key)
            yield from different(left.get(key), right.get(key), below)
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, pair in enumerate(zip(left, right, strict=True)):
            yield from different(*pair, f"{place}.{index}")
    elif left != right:
        yield place


@pytest.mark.parametrize(
    ("section", "name", "component"),
    [
        ("processors", "resource_detection", {"detectors": ["eks"]}),
        ("receivers", "prometheus", {}),
        ("exporters", "debug", {}),
        ("extensions", "k8s_observer", {}),
        ("receivers", "otlp/more", {"protocols": {"grpc": {"endpoint": "0.0.0.0:1"}}}),
        ("receivers", "file_log/more", {"include": ["/var/log/messages"]}),
        ("processors", "k8s_attributes/more", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_may_need_the_cluster_is_refused_unless_it_is_known(
    section: str, name: str, component: Any, tmp_path: Path
) -> None:
    config = copy.deepcopy(collectors.gateway(stack("dev"), "dev"))
    config[section][name] = component
    if component is None:
        assert name not in adapt_here(config, tmp_path).config[section]
        return
    with pytest.raises(collectors.NeedsClusterError, match=name):
        adapt_here(config, tmp_path)


@pytest.mark.parametrize(
    ("section", "name", "setting"),
    [
        ("exporters", "otlp_http/loki", {"proxy_url": "http://proxy.observability.svc"}),
        ("exporters", "otlp_http/loki", {"tls": {"ca_file": "/var/run/ca.crt"}}),
        ("extensions", "health_check", {"path": "${env:NODE_NAME}"}),
    ],
)
def test_what_is_left_of_the_cluster_in_a_known_component_is_refused(
    section: str, name: str, setting: Config, tmp_path: Path
) -> None:
    config = copy.deepcopy(collectors.gateway(stack("dev"), "dev"))
    config[section][name] |= setting
    with pytest.raises(collectors.NeedsClusterError, match="not on this computer"):
        adapt_here(config, tmp_path)


def test_values_are_merged_and_unescaped_as_terraform_and_helm_do() -> None:
    release = {
        "name": "a",
        "namespace": "b",
        "values": ["x: {y: '$${env:A}', z: [1]}", "x: {z: ['${data.c.d}', '%%{if}']}"],
    }
    config = {"resource": {"helm_release": {"one": release}}}
    assert collectors.release_values(config, "a", "b") == {
        "x": {"y": "${env:A}", "z": ["${data.c.d}", "%{if}"]}
    }
    with pytest.raises(LookupError, match="b/c"):
        collectors.release_values(config, "c", "b")
