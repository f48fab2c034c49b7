"""Onboarding is executed: each item of docs/onboarding/first-application.md has its check here.

The sample application is started as its image and manifest say, sends to the synthesized gateway of
the stage dev, and that to the synthesized Prometheus; a recorder stands in for Loki and Tempo. What
needs a cluster is verified on the manifest instead; the check's first line says so.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import yaml

from blueprint.traffic import OTLP, Pods, gateway_of
from helm_values.traffic_plan import plan_policies
from settings.load import load_environment
from tools.paths import ROOT
from tools.programs import program
from verification.charts.chart_pods import pod_groups
from verification.charts.kubernetes_schemas import KubernetesSchemas
from verification.rehearsal.pipeline import collectors, sample_apps
from verification.rehearsal.pipeline.backend_queries import Prometheus, Sample
from verification.rehearsal.pipeline.collectors import Here, release_values, started
from verification.rehearsal.pipeline.metrics_backend import QUICK, plan_prometheus
from verification.rehearsal.pipeline.otlp_sink import Item, OtlpSink
from verification.rehearsal.pipeline.synthesized_stacks import observability_stack

PAGE = ROOT / "docs" / "onboarding" / "first-application.md"
TODAY = date(2026, 11, 24)
STAGE, SERVICE = "dev", "orders-python"
ROUNDS = 4
MINUTES = 30
DEADLINE = 180

ITEM = re.compile(r"^- \[ \] (.*?)(?=^- \[ \] |^## |\Z)", re.MULTILINE | re.DOTALL)
CHECK = re.compile(r"<!-- check: ([a-z-]+) -->")
FENCED = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.slow

SETTINGS = load_environment(STAGE, TODAY)
MANIFEST = sample_apps.manifest("python")
TEXT = PAGE.read_text(encoding="utf-8")
ITEMS = {id_: item for item in ITEM.findall(TEXT) for id_ in CHECK.findall(item)}


def blocks(id_: str, language: str) -> list[str]:
    """The fenced blocks of an item in a language, without their indentation."""
    return [
        "\n".join(line.removeprefix(indent) for line in text.splitlines())
        for indent, tag, text in FENCED.findall(ITEMS[id_])
        if tag == language
    ]


def object_of(kind: str) -> dict[str, Any]:
    (manifest,) = (manifest for manifest in MANIFEST if manifest["kind"] == kind)
    return dict(manifest)


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = object_of("Deployment")["spec"]["template"]["spec"]
    return spec


def variables() -> dict[str, str]:
    (container,) = pod()["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


def quoted(id_: str) -> dict[str, str]:
    """The variables that an item tells to set."""
    (text,) = blocks(id_, "yaml")
    return {variable["name"]: variable["value"] for variable in yaml.safe_load(text)}


# --- What runs ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class World:
    """The application with traffic, and where its telemetry went."""

    sink: OtlpSink
    prometheus: Prometheus
    answers: list[tuple[str, int]]
    """Path and status of each request."""

    def spans(self) -> list[Item]:
        """What Tempo was given of the application, as the stage."""
        return [span for span in self.sink.spans() if self._is_ours(span, "tempo")]

    def lines(self) -> list[Item]:
        """What Loki was given of the application, as the stage."""
        return [record for record in self.sink.log_records() if self._is_ours(record, "loki")]

    def _is_ours(self, item: Item, back_end: str) -> bool:
        ours = item.resource.get("service.name") == SERVICE and item.tenant == STAGE
        return ours and item.back_end.startswith(back_end)

    def asked(self, expr: str) -> list[Sample]:
        """The answer, once there is one."""
        deadline = time.monotonic() + DEADLINE
        while not (samples := self.prometheus.query(expr)) and time.monotonic() < deadline:
            time.sleep(0.5)
        return samples


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("onboarding")
    app = sample_apps.prepare("python")
    stack = observability_stack(STAGE, TODAY)
    plan = plan_prometheus(
        program("prometheus"),
        release_values(stack, "prometheus", f"{STAGE}-telemetry"),
        folder / "prometheus",
        targets=[],
        alertmanager_address="127.0.0.1:9",  # nobody: what is sent is another test's matter
        pace=QUICK,
    )
    with OtlpSink() as sink, plan.start() as prometheus:

        def back_end(address: str) -> str:
            return prometheus.url if address == "prometheus-0" else sink.address_of(address)

        here = Here(folder=folder / "gateway", back_end=back_end, hurry=True)
        adapted = collectors.adapt(collectors.gateway(stack, STAGE), here)
        with started(program("otelcol"), adapted, here.folder) as gateway:
            process = app.start(
                otlp_endpoint=gateway.url(collectors.OTLP_HTTP),
                log_path=folder / "app.log",
                # Spans of one batch would be the first sample of a histogram: no rate sees it.
                environment={
                    "OTEL_METRIC_EXPORT_INTERVAL": "1000",
                    "OTEL_BSP_SCHEDULE_DELAY": "500",
                },
            )
            with process:
                answers = [answer for _ in range(ROUNDS) for answer in one_round(process.url)]
                world = World(sink=sink, prometheus=Prometheus(url=plan.url), answers=answers)
                # dev keeps every trace.
                arrived = sink.wait_until(lambda: len(servers_of(world)) >= len(answers), DEADLINE)
                assert arrived, f"{len(servers_of(world))} of {len(answers)} traces arrived"
                yield world


def servers_of(world: World) -> list[Item]:
    return [span for span in world.spans() if span.raw["kind"] in (2, "SPAN_KIND_SERVER")]


def one_round(url: str) -> list[tuple[str, int]]:
    """The requests of the item `traffic`, sent to the application here."""
    (text,) = blocks("traffic", "console")
    answers = []
    for line in text.splitlines():
        words = shlex.split(line.removeprefix("$ "))
        if words[0] != "curl":
            continue
        path = words[-1].removeprefix("http://localhost:8080")
        data = words[words.index("--data") + 1].encode() if "--data" in words else None
        request = urllib.request.Request(
            url + path, data=data, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answers.append((path, answer.status))
        except urllib.error.HTTPError as error:
            answers.append((path, error.code))
    return answers


# --- The checks, one for each item ----------------------------------------------------------------


def check_stage(_world: World) -> None:
    """On the settings: the stage is one of them, with an owner and room for people's rights."""
    assert STAGE in SETTINGS.stages
    assert SETTINGS.owner(STAGE)
    context = (ROOT / "docs" / "context" / "context-generator.md").read_text(encoding="utf-8")
    assert f"| {STAGE} | `{STAGE}` | {SETTINGS.owner(STAGE)} |" in context


def check_instrumented(_world: World) -> None:
    """The image starts the program with what instruments it, and that is how it runs here."""
    assert sample_apps.image_command("python")[0] == "opentelemetry-instrument"


def check_identity(world: World) -> None:
    """What the page tells to set is what the application has, and arrives."""
    told = quoted("identity")
    assert told.items() <= variables().items()
    resources = [span.resource for span in world.spans()]
    expected = dict(part.split("=") for part in told["OTEL_RESOURCE_ATTRIBUTES"].split(","))
    assert all(expected.items() <= resource.items() for resource in resources)


def check_address(world: World) -> None:
    """The manifest's address is the gateway that the stage's policies lead to; origin is added."""
    told = quoted("address")
    assert told.items() <= variables().items()
    host, _, port = told["OTEL_EXPORTER_OTLP_ENDPOINT"].removeprefix("http://").partition(":")
    name, namespace, _ = host.split(".")
    reachable = [
        peer
        for policy in plan_policies(SETTINGS)[STAGE]
        if policy.pods.labels == {}
        for rule in policy.egress
        for peer in rule.peers
        if int(port) in rule.ports
    ]
    (gateway,) = reachable
    assert isinstance(gateway, Pods)
    assert gateway == gateway_of(STAGE)
    # In the stage itself, or in a namespace of its own to which the stage's name leads.
    assert {namespace, gateway.namespace.partition("-")[0]} == {STAGE}
    assert name == gateway.labels["app.kubernetes.io/instance"]
    assert int(port) in OTLP
    environments = {span.resource["deployment.environment.name"] for span in world.spans()}
    assert environments == {STAGE}


def check_unsampled(world: World) -> None:
    """Nothing samples before the gateway: it counts every request that was answered."""
    assert "OTEL_TRACES_SAMPLER" not in variables()
    sent = sum(path == "/orders" for path, _ in world.answers)
    expr = (
        f'sum(traces_span_metrics_calls_total{{service_name="{SERVICE}", http_route="/orders", '
        f'span_kind="SPAN_KIND_SERVER"}}) >= {sent}'
    )
    assert world.asked(expr), world.prometheus.query(expr.partition(" >=")[0])


def check_fits(_world: World) -> None:
    """On the manifest: valid, inside the quota, on the stage's nodes, and not privileged."""
    schemas = KubernetesSchemas(SETTINGS.cluster.kubernetes_version)
    assert [problem for manifest in MANIFEST for problem in schemas.problems(manifest)] == []
    (group,) = pod_groups(MANIFEST)
    quota = SETTINGS.namespaces[STAGE].quota
    assert group.most * group.cpu <= quota.requests_cpu * 1000
    assert group.most * group.memory <= quota.requests_memory_gib * 1024
    assert group.most * group.cpu_limit <= quota.limits_cpu * 1000
    assert group.most * group.memory_limit <= quota.limits_memory_gib * 1024
    (text,) = blocks("fits", "yaml")
    told = yaml.safe_load(text)
    assert told.items() <= pod().items()
    assert told["nodeSelector"] == {"deployment.environment.name": STAGE}
    assert pod()["securityContext"]["runAsNonRoot"] is True
    (container,) = pod()["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False


def check_network(_world: World) -> None:
    """On the manifest: its policy selects its own pods and opens named ports only."""
    policy = object_of("NetworkPolicy")["spec"]
    labels = object_of("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert all(rule.get("ports") for rule in policy.get("egress", []))


def check_deployed(_world: World) -> None:
    """On the page: its commands are about the file and the Deployment that there are."""
    (text,) = blocks("deployed", "console")
    assert "$ kubectl apply -f sample_apps/python/kubernetes.yaml" in text
    metadata = object_of("Deployment")["metadata"]
    assert f"-n {metadata['namespace']} rollout status deployment/{metadata['name']} " in text


def check_traffic(world: World) -> None:
    """The requests of the page, answered as it says."""
    expected = [("/orders", 200), ("/orders", 201), ("/orders/slow", 200), ("/orders/fail", 500)]
    assert world.answers == expected * ROUNDS


def check_metrics(world: World) -> None:
    """The page's query finds the routes, and the failures."""
    (expr,) = blocks("metrics", "promql")
    answers = {(s.labels.get("http_route"), s.labels["status_code"]) for s in world.asked(expr)}
    assert {("/orders", "STATUS_CODE_UNSET"), ("/orders/fail", "STATUS_CODE_ERROR")} <= answers


def check_traces(world: World) -> None:
    """Without a Tempo, what it was given: the spans that the page's query selects are there."""
    (query,) = blocks("traces", "traceql")
    assert f'resource.service.name="{SERVICE}"' in query
    errors = (2, "STATUS_CODE_ERROR")
    failed = [span for span in world.spans() if span.raw.get("status", {}).get("code") in errors]
    slow = [
        span
        for span in world.spans()
        if int(span.raw["endTimeUnixNano"]) - int(span.raw["startTimeUnixNano"]) > 10**9
    ]
    assert len(failed) >= ROUNDS
    assert len(slow) >= ROUNDS


def check_logs(world: World) -> None:
    """Without a Loki, what it was given: a line for each request, in the trace of a span."""
    (query,) = blocks("logs", "logql")
    assert f'service_name="{SERVICE}"' in query
    assert world.sink.wait_until(lambda: len(requests_of(world)) >= 4 * ROUNDS, DEADLINE)
    traces = {span.raw["traceId"] for span in world.spans()}
    assert {line.raw["traceId"] for line in requests_of(world)} <= traces


def requests_of(world: World) -> list[Item]:
    return [line for line in world.lines() if " answered " in line.name]


NOT_OF_THIS_APPLICATION = re.compile(
    r"http_client_|db_client_|k8s_|kube_|container_|jvm_|\$__range|^\{|http_server_active_requests|30d"
)
"""It calls nobody here and has no database, and has not run for a month; the rest are measured by
Kubernetes."""


def check_dashboard(world: World) -> None:
    """Every query of the dashboard about requests answers with this application."""
    folder = ROOT / "grafana" / "generated" / STAGE
    (file,) = folder.rglob("service-golden-signals.json")
    queries = [
        target["expr"]
        for panel in panels(json.loads(file.read_text(encoding="utf-8")))
        for target in panel.get("targets", [])
        if "expr" in target and not NOT_OF_THIS_APPLICATION.search(target["expr"])
    ]
    assert len(queries) > 10
    empty = [expr for expr in queries if not world.asked(as_grafana_asks(expr))]
    assert empty == []


def as_grafana_asks(expr: str) -> str:
    for name, value in {
        "$__rate_interval": "1m",
        "$namespace": STAGE,
        "$service": SERVICE,
    }.items():
        expr = expr.replace(name, value)
    return expr


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panels({"panels": panel.get("panels", [])})


def check_own_metric(world: World) -> None:
    """The page's query finds the metric with its label."""
    (expr,) = blocks("own-metric", "promql")
    assert {sample.labels.get("app_order_size") for sample in world.asked(expr)} == {"single"}


def check_objectives(world: World) -> None:
    """The recorded indicators have this service, beside the stage's objectives."""
    of_service = f'deployment_environment_name="{STAGE}", service_name="{SERVICE}"'
    for sli in ("availability", "latency"):
        # The highest of the run: without requests there is no share.
        name = "namespace_service_sli:bad_requests:ratio_rate5m"
        assert world.asked(f'max_over_time({name}{{{of_service}, sli="{sli}"}}[10m]) > 0')
    assert world.asked(f'namespace:slo_objective:ratio{{deployment_environment_name="{STAGE}"}}')


def check_alert(world: World) -> None:
    """The failures of this run, with the rules' windows of a rehearsal, raise the alert."""
    expr = f'ALERTS{{service_name="{SERVICE}", alertname="ServiceRouteErrorRateHigh"}}'
    (alert,) = {
        (sample.labels["http_route"], sample.labels["owner"], sample.labels["severity"])
        for sample in world.asked(f"last_over_time({expr}[5m])")
    }
    assert alert == ("/orders/fail", SETTINGS.owner(STAGE), "warning")


def check_route(_world: World) -> None:
    """amtool answers what the page says that it answers."""
    (text,) = blocks("route", "console")
    command, answer = text.removeprefix("$ ").split("\n", 1)
    words = shlex.split(command)
    done = subprocess.run(
        [str(program("amtool")), *words[1:]],
        cwd=ROOT,
        env={"HOME": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (answer.strip(), "")


Check = Callable[[World], None]
CHECKS: dict[str, Check] = {
    name.removeprefix("check_").replace("_", "-"): check
    for name, check in list(globals().items())
    if name.startswith("check_")
}


def without_checks(text: str) -> list[str]:
    """Items that name no check, or not exactly one that exists."""
    return [
        item.splitlines()[0]
        for item in ITEM.findall(text)
        if [id_ for id_ in CHECK.findall(item) if id_ in CHECKS] != CHECK.findall(item)
        or len(CHECK.findall(item)) != 1
    ]


def test_every_item_has_a_check_and_every_check_an_item() -> None:
    assert without_checks(TEXT) == []
    assert set(ITEMS) == set(CHECKS)
    assert len(ITEM.findall(TEXT)) == len(CHECKS)


@pytest.mark.parametrize(
    "item",
    ["**Something new** (1 min).", "**X** (1 min).\n  <!-- check: unknown -->\n"],
)
def test_an_item_without_a_check_is_noticed(item: str) -> None:
    assert without_checks(f"{TEXT}\n- [ ] {item}\n") == [item.splitlines()[0]]


def test_it_takes_half_an_hour() -> None:
    minutes = [
        int(number) for item in ITEM.findall(TEXT) for number in re.findall(r"\((\d+) min\)", item)
    ]
    assert len(minutes) == len(CHECKS)
    assert sum(minutes) <= MINUTES


@pytest.mark.parametrize("id_", CHECKS)
def test_item(id_: str, world: World) -> None:
    CHECKS[id_](world)
