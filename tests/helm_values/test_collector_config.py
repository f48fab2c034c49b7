"""Collectors believe nobody, bound everything, and decide on each trace as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import astuple
from itertools import pairwise
from typing import Any

import pytest
from release_samples import EVERY_SETTINGS, STACK_OUTPUTS, with_size
from settings_files import valid, vary

from blueprint import endpoints
from blueprint.backend_sizes import BACKENDS, Part
from blueprint.documents import Config
from blueprint.resources import Resources
from helm_values.otel_collector import (
    collector,
    collector_start,
    metric_guards,
    otel_agent,
    otel_gateway,
    size_limits,
    span_metrics,
)
from helm_values.otel_collector import collector_guards as guards
from helm_values.otel_collector.otel_agent_config import agent_config
from helm_values.otel_collector.otel_gateway import KEPT_DAMAGED
from helm_values.otel_collector.otel_gateway_config import (
    QUEUE_DIRECTORY,
    SDK_BATCH_SECONDS,
    decision_wait_seconds,
    gateway_config,
)
from helm_values.release import Release
from helm_values.static_values import static_values
from settings.model import OBSERVABILITY, Sampling, Settings
from settings.node_sizes import SIZES
from signals import metrics, slo
from signals.metrics import Metric
from tools.paths import ROOT

GATEWAYS = {
    f"{name}-{stage}": (settings, stage)
    for name, settings in EVERY_SETTINGS.items()
    for stage in settings.stages
}
CONFIGS: dict[str, Config] = {
    **{f"gateway-{name}": gateway_config(*of) for name, of in GATEWAYS.items()},
    **{f"agent-{name}": agent_config(settings) for name, settings in EVERY_SETTINGS.items()},
}
SECTIONS = ("receivers", "processors", "exporters", "connectors", "extensions")

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=list(CONFIGS))
every_gateway = pytest.mark.parametrize(
    ("settings", "stage"), GATEWAYS.values(), ids=list(GATEWAYS)
)
every_settings = pytest.mark.parametrize(
    "settings", EVERY_SETTINGS.values(), ids=list(EVERY_SETTINGS)
)


def pipelines(config: Config) -> dict[str, dict[str, list[str]]]:
    by_name: dict[str, dict[str, list[str]]] = config["service"]["pipelines"]
    return by_name


def upserts(config: Config, processors: list[str]) -> dict[str, str]:
    """What resource processors set, in their order: the last one wins."""
    return {
        action["key"]: action["value"]
        for name in processors
        if name.startswith("resource/")
        for action in config["processors"][name]["attributes"]
        if action["action"] == "upsert"
    }


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def statements(processor: Config, signal: str, context: str) -> list[str]:
    return [
        statement
        for group in processor[f"{signal}_statements"]
        if group["context"] == context
        for statement in group["statements"]
    ]


def patterns(ottl: list[str], function: str) -> list[str]:
    """The expression in every call of the function."""
    call = re.compile(rf'^{function}\(\w+[.]attributes, "(.*?)"\)')
    return [match[1] for statement in ottl if (match := call.match(statement))]


# --- Every configuration ------------------------------------------------------------------------


@every_config
def test_what_pipelines_name_is_defined_and_the_other_way_round(config: Config) -> None:
    used: dict[str, set[str]] = {section: set() for section in SECTIONS}
    for pipeline in pipelines(config).values():
        for section in ("receivers", "processors", "exporters"):
            used[section] |= set(pipeline[section])
    connectors = set(config.get("connectors", {}))
    used["connectors"] = connectors
    assert connectors <= used["receivers"] & used["exporters"]
    used["receivers"] -= connectors
    used["exporters"] -= connectors
    used["extensions"] = set(config["service"]["extensions"])

    assert used == {section: set(config.get(section, {})) for section in SECTIONS}


@every_config
def test_memory_is_limited_first_everywhere(config: Config) -> None:
    for name, pipeline in pipelines(config).items():
        assert pipeline["processors"][0] == "memory_limiter", name


@every_config
def test_batches_are_made_of_what_is_in_a_queue_and_by_no_processor(config: Config) -> None:
    """The processor acknowledges what it holds in memory only.

    So it may only come after sampling, where everything was in memory only before.
    """
    for name, pipeline in pipelines(config).items():
        kinds = [processor.partition("/")[0] for processor in pipeline["processors"]]
        if "batch" in kinds:
            assert kinds[-2:] == ["tail_sampling", "batch"], name
    for name, exporter in config["exporters"].items():
        if name.startswith("otlp_http/prometheus") and "load_balancing" in config["exporters"]:
            assert "batch" not in exporter["sending_queue"], name
        elif name != "load_balancing":
            batch = exporter["sending_queue"]["batch"]
            assert batch["flush_timeout"] == "2s", name
            # More than 4 MiB is refused by gRPC for good, and then dropped.
            assert batch["sizer"] == "bytes", name
            assert 0 < batch["min_size"] < batch["max_size"] < 4 * collector.MIB, name


@every_config
def test_queues_to_back_ends_are_bounded_on_disk_and_retried(config: Config) -> None:
    for name, exporter in config["exporters"].items():
        queue, retry = exporter["sending_queue"], exporter["retry_on_failure"]
        assert queue["enabled"] is retry["enabled"] is True
        assert queue["sizer"] == "bytes", name
        if name != "load_balancing":
            assert queue["storage"] in config["extensions"], name
            # Zero would be for ever: one request that is never accepted stops a consumer.
            assert retry["max_elapsed_time"] != "0s", name


@every_config
def test_metrics_are_pushed_to_every_prometheus(config: Config) -> None:
    exporters = {
        name for name, exporter in config["exporters"].items() if "/api/v1/otlp" in str(exporter)
    }

    assert exporters
    for name, pipeline in pipelines(config).items():
        if name.startswith("metrics") and "forward/kept" not in pipeline["exporters"]:
            kind = "own" if name in {"metrics/spans", "metrics/guards"} else "prometheus"
            assert set(pipeline["exporters"]) == {n for n in exporters if f"/{kind}-" in n}
    for name in exporters:
        # A Service of Prometheus would spread samples over the replicas: a path names one of them.
        replica = f"prometheus-{name.rpartition('-')[2]}"
        assert config["exporters"][name]["endpoint"].endswith(f"/{replica}/api/v1/otlp")


@every_settings
def test_there_is_an_exporter_for_each_replica_of_prometheus(settings: Settings) -> None:
    stage = settings.stages[0]
    for config, door in (
        (agent_config(settings), "door-agent"),
        (gateway_config(settings, stage), f"door-stage-{stage}"),
    ):
        urls = [e["endpoint"] for n, e in config["exporters"].items() if "prometheus" in n]
        assert urls == [
            f"http://{door}.observability.svc:8080/prometheus-{index}/api/v1/otlp"
            for index in range(endpoints.prometheus_replicas(settings))
        ]


@every_settings
def test_a_collector_sends_to_its_door_and_nowhere_else(settings: Settings) -> None:
    stage = settings.stages[-1]
    for config, door in (
        (agent_config(settings), "door-agent"),
        (gateway_config(settings, stage), f"door-stage-{stage}"),
    ):
        hosts = {
            exporter["endpoint"].split("://")[-1].partition("/")[0]
            for exporter in config["exporters"].values()
            if "endpoint" in exporter
        }
        assert hosts == {f"{door}.observability.svc:8080"}


@every_config
def test_no_name_is_one_of_the_deprecated_ones(config: Config) -> None:
    old = {
        "otlphttp", "loadbalancing", "filelog", "k8sattributes", "spanmetrics", "hostmetrics",
        "resourcedetection",
    }  # fmt: skip
    names = {name for section in SECTIONS for name in config.get(section, {})}

    assert not {name.partition("/")[0] for name in names} & old
    assert not {name for name in config["exporters"] if name.partition("/")[0] == "otlp"}


@every_config
def test_nothing_asks_the_metadata_service(config: Config) -> None:
    """Pods cannot reach it (hop limit 1)."""
    assert not [name for name in config["processors"] if name.startswith("resource_detection")]


@every_config
def test_no_text_is_taken_for_a_template_of_helm(config: Config) -> None:
    """The chart runs the configuration through `tpl`."""
    assert not [text for text in texts(config) if "{{" in text or "}}" in text]


@every_config
def test_only_known_variables_are_expanded(config: Config) -> None:
    """A `$` that begins no variable would be eaten, or refused, by the collector."""
    set_by_the_chart = {
        "MY_POD_IP", "OTEL_K8S_POD_NAME", "OTEL_K8S_NODE_NAME", "OTEL_K8S_NODE_IP",
    }  # fmt: skip
    default = f"${{env:{collector.SET_ASIDE_VARIABLE}:-none}}"
    for text in texts(config):
        assert set(re.findall(r"\$\{env:(\w+)\}", text)) <= set_by_the_chart
        # Two of them are one: `$1` of a replacement.
        rest = re.sub(r"\$\{env:\w+\}|\$\$(?=[0-9])", "", text.replace(default, ""))
        assert not re.search(r"\$[\w{$]", rest), text
        # A backslash in an OTTL string must be doubled; `[.]` needs none.
        assert "\\" not in text, text


@every_config
def test_own_metrics_have_the_names_that_rules_use(config: Config) -> None:
    """With suffixes (`_total`), which a reader leaves out unless told."""
    (reader,) = config["service"]["telemetry"]["metrics"]["readers"]
    prometheus = reader["pull"]["exporter"]["prometheus"]

    assert (prometheus["host"], prometheus["port"]) == ("${env:MY_POD_IP}", 8888)
    assert prometheus["without_type_suffix"] is prometheus["without_units"] is False


def test_terraform_gets_the_variables_escaped() -> None:
    settings = with_size("small")
    for release in (
        otel_agent.release(settings, STACK_OUTPUTS),
        *otel_gateway.releases(settings, STACK_OUTPUTS),
    ):
        (document,) = release.documents
        assert "$${env:MY_POD_IP}:13133" in document
        assert not re.search(r"(?<!\$)\$\{", document)
        assert not re.search(r"(?<!%)%\{", document)


# --- Tenants and identity -----------------------------------------------------------------------


@every_gateway
def test_a_gateway_writes_as_its_stage_alone(settings: Settings, stage: str) -> None:
    exporters = gateway_config(settings, stage)["exporters"]

    headers = {name: exporter.get("headers") for name, exporter in exporters.items()}
    assert headers["otlp_http/loki"] == headers["otlp_grpc/tempo"] == {"X-Scope-OrgID": stage}
    assert not [other for other in settings.stages if other != stage and other in str(exporters)]


@every_gateway
def test_the_environment_is_enforced_in_every_pipeline(settings: Settings, stage: str) -> None:
    config = gateway_config(settings, stage)

    for name, pipeline in pipelines(config).items():
        if any(receiver.startswith("forward/") for receiver in pipeline["receivers"]):
            # Goes on with what another pipeline has enforced already.
            assert pipeline["receivers"][0] in {
                exporter
                for other in pipelines(config).values()
                if "resource/stage" in other["processors"]
                for exporter in other["exporters"]
            }
            continue
        enforced = upserts(config, pipeline["processors"])
        assert enforced["deployment.environment.name"] == stage, name
        assert enforced["k8s.namespace.name"] == stage, name
        assert enforced["k8s.cluster.name"] == settings.prefix, name


@every_gateway
def test_claims_are_dropped_before_the_truth_is_added(settings: Settings, stage: str) -> None:
    config = gateway_config(settings, stage)

    for name, pipeline in pipelines(config).items():
        if pipeline["receivers"] != ["otlp"]:
            continue
        order = [
            pipeline["processors"].index(processor)
            for processor in ("transform/claims", "k8s_attributes", "resource/stage")
        ]
        assert order == sorted(order), name


CLAIMS = (
    "deployment.environment.name",
    "deployment.environment",
    "k8s.namespace.name",
    "k8s.pod.name",
    "collector.instance.id",
    "deployment_environment_name",
    "deployment.environment_name",
    "deployment_environment",
    "k8s_namespace_name",
    "k8s-namespace-name",
    "k8s\nnamespace.name",
    "k8s.namespace\nname",
    "service_namespace",
    "service._namespace",
)


@pytest.mark.parametrize("signal", ["trace", "metric", "log"])
def test_claims_about_the_environment_are_dropped_at_every_level(signal: str) -> None:
    processor = guards.drop_claims("dev", ("observability", "dev", "hml", "prd"))
    # Data points are the list of labels' to clean (the next test).
    levels = {"trace": ("span",), "metric": (), "log": ("log",)}[signal]

    for context in ("resource", "scope", *levels):
        dropped = patterns(statements(processor, signal, context), "delete_matching_keys")
        for claim in CLAIMS:
            assert any(re.search(pattern, claim) for pattern in dropped), (context, claim)
        for honest in (
            "service.name",
            "service.version",
            "http.route",
            "deploymentx",
            "k8sx.y",
            "servicenamespace",
        ):
            assert not any(re.search(pattern, honest) for pattern in dropped), (context, honest)


@every_gateway
def test_no_claim_of_a_data_point_becomes_a_label(settings: Settings, stage: str) -> None:
    config = gateway_config(settings, stage)

    for name, pipeline in pipelines(config).items():
        if "otlp_http/prometheus-0" in pipeline["exporters"]:
            assert "transform/metric_labels" in pipeline["processors"], name
    for claim in CLAIMS:
        assert not kept_label(claim), claim


def test_a_service_namespace_may_not_be_another_namespace() -> None:
    processor = guards.drop_claims("dev", ("observability", "dev", "hml", "prd"))
    (statement,) = [
        s
        for s in statements(processor, "trace", "resource")
        if "delete_key(" in s and "IsMatch" in s
    ]
    condition = re.search(
        r'IsMatch\(resource[.]attributes\["service.namespace"\], "(.*)"\)$', statement
    )

    assert condition is not None
    refused = [
        name
        for name in ("prd", "hml", "observability", "dev", "shop", "prd2")
        if re.search(condition[1], name)
    ]
    assert refused == ["prd", "hml", "observability"]


def test_a_service_s_name_and_namespace_lose_their_slashes_first() -> None:
    """Prometheus puts both together with a slash, as `job`."""
    processor = guards.drop_claims("dev", ("observability", "dev", "hml", "prd"))
    for signal in ("trace", "metric", "log"):
        ottl = statements(processor, signal, "resource")
        slashes = [
            ottl.index(f'replace_pattern(resource.attributes["{key}"], "/", "-")')
            for key in ("service.name", "service.namespace")
        ]
        assert max(slashes) < next(
            i for i, s in enumerate(ottl) if "service.namespace" in s and "IsMatch" in s
        )


def test_points_are_put_together_after_their_labels_were_dropped() -> None:
    groups = guards.limit_metric_labels()["metric_statements"]

    assert [group["context"] for group in groups] == ["resource", "datapoint", "metric"]


@every_gateway
def test_a_pod_is_known_by_its_address_alone(settings: Settings, stage: str) -> None:
    processor = gateway_config(settings, stage)["processors"]["k8s_attributes"]

    assert processor["pod_association"] == [{"sources": [{"from": "connection"}]}]
    assert processor["filter"] == {"namespace": stage}


@every_settings
def test_an_agent_reads_each_tenants_files_once_and_writes_as_the_tenant(
    settings: Settings,
) -> None:
    config = agent_config(settings)
    files = {
        name: f"/var/log/pods/{name}_web-5d9c_8c1b/app/0.log"
        for name in (*settings.namespaces, "kube-system", "dev-2")
    }

    for namespace, file in files.items():
        readers = [
            name for name, receiver in config["receivers"].items()
            if name.startswith("file_log") and reads(receiver, file)
        ]  # fmt: skip
        tenant = namespace if namespace in settings.namespaces else OBSERVABILITY
        assert readers == [f"file_log/{tenant}"]
        (pipeline,) = [p for p in pipelines(config).values() if p["receivers"] == readers]
        (exporter,) = pipeline["exporters"]
        assert config["exporters"][exporter]["headers"] == {"X-Scope-OrgID": tenant}
        assert upserts(config, pipeline["processors"])["deployment.environment.name"] == tenant


def reads(receiver: Config, file: str) -> bool:
    def matches(glob: str) -> bool:
        return bool(re.fullmatch(glob.replace(".", "[.]").replace("*", "[^/]*"), file))

    return any(map(matches, receiver["include"])) and not any(
        map(matches, receiver.get("exclude", ()))
    )


@every_settings
def test_an_agent_does_not_read_what_it_writes(settings: Settings) -> None:
    own = f"/var/log/pods/{OBSERVABILITY}_otel-agent-x7k2p_8c1b/opentelemetry-collector/0.log"

    for name, receiver in agent_config(settings)["receivers"].items():
        assert not (name.startswith("file_log") and reads(receiver, own))


@every_settings
def test_an_agent_waits_rather_than_losing_lines(settings: Settings) -> None:
    config = agent_config(settings)

    for name, exporter in config["exporters"].items():
        if "loki" in name:
            assert exporter["sending_queue"]["block_on_overflow"] is True
    for name, receiver in config["receivers"].items():
        if name.startswith("file_log"):
            assert receiver["storage"] in config["extensions"]
            assert receiver["retry_on_failure"]["enabled"] is True
            assert receiver["start_at"] == "beginning"


@every_settings
def test_kubelets_give_no_metric_that_cadvisor_gives(settings: Settings) -> None:
    kubelet = agent_config(settings)["receivers"]["kubeletstats"]

    assert kubelet["metric_groups"] == ["node", "pod", "volume"]
    assert kubelet["insecure_skip_verify"] is True


# --- Sampling and metrics from spans ------------------------------------------------------------


@every_gateway
def test_what_is_kept_is_what_the_settings_say(settings: Settings, stage: str) -> None:
    sampling = settings.namespaces[stage].sampling
    assert sampling is not None
    policies = gateway_config(settings, stage)["processors"]["tail_sampling"]["policies"]

    assert {policy["type"]: policy[policy["type"]] for policy in policies} == {
        "status_code": {"status_codes": ["ERROR"]},
        "latency": {"threshold_ms": sampling.slow_trace_ms},
        "probabilistic": {"sampling_percentage": sampling.sampling_percentage},
    }


@pytest.mark.parametrize("slow_trace_ms", [1, 1_000, 5_001, 30_000])
def test_a_trace_that_is_slow_is_held_until_it_is_seen_to_be(slow_trace_ms: int) -> None:
    wait = decision_wait_seconds(Sampling(sampling_percentage=1, slow_trace_ms=slow_trace_ms))

    assert wait >= 10
    assert wait * 1000 >= slow_trace_ms + SDK_BATCH_SECONDS * 1000


@every_gateway
def test_a_trace_is_decided_where_all_of_it_comes_together(settings: Settings, stage: str) -> None:
    config = gateway_config(settings, stage)
    samplers = {n: p for n, p in pipelines(config).items() if "tail_sampling" in p["processors"]}
    balancing = config["exporters"]["load_balancing"]

    assert list(samplers) == ["traces/sampled"]
    assert samplers["traces/sampled"]["receivers"] == ["otlp/lb"]
    assert samplers["traces/sampled"]["exporters"] == ["otlp_grpc/tempo"]
    assert pipelines(config)["traces"]["exporters"] == [
        "load_balancing",
        "forward/counted",
        "count/guards",
    ]
    assert balancing["routing_key"] == "traceID"
    assert balancing["resolver"]["k8s"]["service"] == f"otel-gateway-headless.{stage}-telemetry"
    (port,) = balancing["resolver"]["k8s"]["ports"]
    assert config["receivers"]["otlp/lb"]["protocols"]["grpc"]["endpoint"].endswith(f":{port}")
    # Nothing may hold spans back, or put those of several traces together, before the decision.
    assert "batch" not in balancing["sending_queue"]
    assert samplers["traces/sampled"]["processors"].index("tail_sampling") == 2


@every_gateway
def test_metrics_are_made_of_all_spans_and_each_writer_has_its_own(
    settings: Settings, stage: str
) -> None:
    config = gateway_config(settings, stage)
    connector = config["connectors"]["span_metrics"]

    assert pipelines(config)["metrics/spans"]["receivers"] == ["span_metrics"]
    assert "tail_sampling" not in pipelines(config)["traces"]["processors"]
    writer = upserts(config, pipelines(config)["metrics/spans"]["processors"])
    assert writer["service.instance.id"] == "${env:OTEL_K8S_POD_NAME}"
    assert connector["histogram"]["unit"] == "s"
    assert connector["exemplars"]["enabled"] is True
    assert connector["aggregation_cardinality_limit"] > 0


def test_spans_are_counted_per_workload_and_service_and_not_per_pod() -> None:
    config = gateway_config(with_size("small"), "dev")
    connector = config["connectors"]["span_metrics"]
    room = connector["resource_metrics_key_attributes"]
    prometheus = static_values("prometheus")["prometheus"]["prometheusSpec"]
    labels = prometheus["otlp"]["promoteResourceAttributes"]

    # What is counted apart must differ in a label, or Prometheus takes it for the same.
    assert set(span_metrics.WORKLOAD) <= set(labels)
    assert set(room) - set(config["processors"]["groupbyattrs/rooms"]["keys"]) == set(
        span_metrics.WORKLOAD
    )
    assert not [key for key in room if "pod" in key or "instance" in key]
    # The resource of the metrics is made of what is counted apart.
    dimensions = {dimension["name"] for dimension in connector["dimensions"]}
    grouped = config["processors"]["groupbyattrs/service"]["keys"]
    assert set(grouped) - {"service.name"} <= dimensions


def test_only_what_service_levels_are_about_is_counted() -> None:
    (group,) = span_metrics.counted_spans()["trace_conditions"]
    dropped_unless = set(re.findall(r"SPAN_KIND_(\w+)", group["conditions"][0]))
    kinds = re.search(r"SPAN_KIND_\((.*)\)", slo.SERVERS)

    assert kinds is not None
    assert dropped_unless == set(kinds[1].split("|"))


# --- Cardinality --------------------------------------------------------------------------------


def kept_label(name: str) -> bool:
    ottl = statements(guards.limit_metric_labels(), "metric", "datapoint")
    (allow,) = patterns(ottl, "keep_matching_keys")
    (deny,) = patterns(ottl, "delete_matching_keys")
    return bool(re.search(allow, name)) and not re.search(deny, name)


@pytest.mark.parametrize(
    "name",
    [
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "error.type",
        "url.scheme",
        "rpc.system",
        "rpc.method",
        "rpc.service",
        "db.system.name",
        "db.operation.name",
        "db.client.connection.state",
        "messaging.system",
        "messaging.destination.name",
        "messaging.operation.name",
        "server.address",
        "server.port",
        "network.protocol.version",
        "jvm.memory.type",
        "jvm.gc.name",
        "jvm.thread.state",
        "v8js.gc.type",
        "nodejs.eventloop.state",
        "cpython.gc.generation",
        "system.memory.state",
        "process.runtime.name",
        "type",
        "state",
        "http.method",
        "http.status_code",
        "gen_ai.request.model",
        "gen_ai.token.type",
        "app.payment",
    ],
)
def test_labels_of_the_semantic_conventions_stay(name: str) -> None:
    assert kept_label(name)


@pytest.mark.parametrize(
    "name",
    [
        "user.id",
        "enduser.id",
        "session.id",
        "request_id",
        "http.url",
        "http.target",
        "url.full",
        "url.path",
        "url.query",
        "client.address",
        "client.port",
        "network.peer.address",
        "db.statement",
        "db.query.text",
        "messaging.message.id",
        "messaging.client.id",
        "messaging.kafka.offset",
        "thread.id",
        "trace_id",
        "exception.message",
        "user_agent.original",
        "app.user_id",
        "app.order.id",
        "app.session.id",
        "gen_ai.conversation.id",
        "customerid",
        "rpc.grpc.request.metadata.authorization",
        "graphql.document",
        "made.up",
        "xhttp.route",
    ],
)
def test_labels_with_a_value_for_each_request_go(name: str) -> None:
    assert not kept_label(name)


def test_labels_are_bounded_in_number_and_length() -> None:
    ottl = statements(guards.limit_metric_labels(), "metric", "datapoint")

    assert any(
        s.startswith(f"truncate_all(datapoint.attributes, {guards.MAX_LABEL_LENGTH}") for s in ottl
    )
    assert any(s.startswith(f"limit(datapoint.attributes, {guards.MAX_LABELS}, ") for s in ottl)
    # First the allow-list, or the limit would keep random ones.
    kinds = [re.split(r"\W", statement)[0] for statement in ottl]
    assert kinds.index("keep_matching_keys") < kinds.index("limit")


def test_every_family_with_any_second_part_is_searched_for_identifiers() -> None:
    for family in guards.OPEN_FAMILIES:
        name = family.replace("[.]", ".")
        assert kept_label(f"{name}.tier"), name
        assert not kept_label(f"{name}.user.id"), name
        assert not kept_label(f"{name}.session_id"), name


def test_points_are_only_put_together_where_labels_were_changed() -> None:
    """Finding out which points are the same costs more than all other statements together."""
    points = statements(guards.limit_metric_labels(), "metric", "datapoint")
    metrics = statements(guards.limit_metric_labels(), "metric", "metric")
    mark = 'metric.metadata["labels_changed"]'

    noted = points.index('set(datapoint.cache["sent"], datapoint.attributes)')
    marked = points.index(
        f'set({mark}, true) where datapoint.attributes != datapoint.cache["sent"]'
    )
    changes = [n for n, s in enumerate(points) if "datapoint.attributes, " in s and n != noted]
    assert noted == 0
    assert max(changes) < marked
    assert all(f"where {mark} == true and " in s for s in metrics if "aggregate" in s)
    assert metrics[-1] == 'delete_key(metric.metadata, "labels_changed")'


def test_no_pattern_of_labels_begins_with_anything() -> None:
    """Such a pattern is tried at every place of every name (ADR 0027)."""
    for pattern in (*guards.METRIC_ATTRIBUTES, *guards.UNBOUNDED_ATTRIBUTES):
        assert not pattern.startswith((".", "(?:.")), pattern


def replaced(name: str) -> str:
    """The name after every `replace_pattern` that is for names."""
    for statement in statements(span_metrics.name_counted_spans(), "trace", "span"):
        match = re.match(
            r'replace_pattern\(span.name, "(.*?)", "(.*?)"\)(?: where (.*))?$', statement
        )
        if match is None:
            continue
        condition = re.match(r'IsMatch\(span.name, "(.*)"\)', match[3] or "")
        if condition is None or re.search(condition[1], name):
            name = re.sub(match[1], re.sub(r"\$\$([0-9])", r"\\g<\1>", match[2]), name)
    return name


@pytest.mark.parametrize(
    ("name", "general"),
    [
        ("GET /orders/123", "GET /orders/{id}"),
        ("GET /orders/123/items/4", "GET /orders/{id}/items/{id}"),
        ("GET /1/2/3", "GET /{id}/{id}/{id}"),
        ("GET /u/6f1b6c2e-4a0f-4c59-9d0e-0d7c2d0a9f11/x", "GET /u/{id}/x"),
        ("/orders/507f1f77bcf86cd799439011", "/orders/{id}"),
        ("GET /x?sessionId=6f1b6c2e-4a0f-4c59-9d0e-0d7c2d0a9f11", "GET /x"),
        ("checkout 01ARZ3NDEKTSV4RRFFQ69G5FAV", "checkout {id}"),
        ("SELECT a FROM b WHERE id=17", "SELECT"),
        ("INSERT INTO b VALUES (17, 'x')", "INSERT"),
        ("job 20241124", "job {id}"),
        ("GET /v1/orders", "GET /v1/orders"),
        ("/2fa/verify", "/2fa/verify"),
        ("GET /s3/md5", "GET /s3/md5"),
        ("publish orders", "publish orders"),
        ("delete user", "delete user"),
        ("shop.Orders/List", "shop.Orders/List"),
    ],
)
def test_span_names_lose_their_identifiers(name: str, general: str) -> None:
    assert replaced(name) == general


# --- Guards -------------------------------------------------------------------------------------


def reserved(name: str) -> bool:
    return bool(re.search(metric_guards.reserved_name(), name))


def otlp_name(metric: Metric) -> str:
    return metric.name.replace("_", ".")


def test_no_application_can_send_what_the_platform_makes() -> None:
    known = [value for value in vars(metrics).values() if isinstance(value, Metric)]
    sent = [metric for metric in known if metric.source is metrics.APPLICATION]

    assert sent
    for metric in known:
        for name in (metric.name, otlp_name(metric), f"_{metric.name}"):
            assert reserved(name) is (metric not in sent), name


@pytest.mark.parametrize(
    "name",
    ["up", "up!", " up", "ALERTS_FOR_STATE", "target.info", "target  info", "node.load1",
     "job:errors:rate5m", "kube!!pod!!info", "traces.span.metrics.calls"],
)  # fmt: skip
def test_names_that_become_one_of_the_platform_s_are_reserved(name: str) -> None:
    assert reserved(name)


@pytest.mark.parametrize(
    "name",
    ["uptime", "upload.size", "http.server.request.duration", "targets", "nodejs.eventloop.delay",
     "app.kube.pods", "process.cpu.time", "jvm.memory.used", "containers.started", "tracesx"],
)  # fmt: skip
def test_names_that_only_look_like_it_are_not_reserved(name: str) -> None:
    assert not reserved(name)


def test_points_are_dropped_before_prometheus_would_refuse_them() -> None:
    spec = static_values("prometheus")["prometheus"]["prometheusSpec"]
    minutes = int(spec["tsdb"]["outOfOrderTimeWindow"].removesuffix("m"))

    assert minutes == metric_guards.OUT_OF_ORDER_MINUTES
    # The window ends at the newest sample, which may be ahead, and a request waits in a queue.
    assert minutes > metric_guards.OLDEST_MINUTES + metric_guards.NEWEST_MINUTES
    assert metric_guards.NEWEST_MINUTES < 10


@every_gateway
def test_what_is_marked_is_counted_and_dropped(settings: Settings, stage: str) -> None:
    config = gateway_config(settings, stage)
    by_name = pipelines(config)

    assert by_name["metrics"]["processors"][-1] == "transform/refused"
    assert set(by_name["metrics"]["exporters"]) == {"forward/kept", "count/guards"}
    assert by_name["metrics/kept"]["processors"][1] == "filter/refused"
    counted = str(config["connectors"]["count/guards"])
    for reason in metric_guards.REASONS:
        assert reason in counted


def test_the_largest_log_record_that_passes_is_one_that_loki_takes() -> None:
    entries, size = size_limits.largest_structured_metadata()

    assert entries <= size_limits.LOKI_ENTRIES
    assert size <= size_limits.LOKI_BYTES
    lines = static_values("loki")["loki"]["limits_config"]
    assert lines["max_line_size"] == "256KB"
    assert size_limits.MAX_BODY_BYTES < 256 * 1000


@every_gateway
def test_what_comes_in_is_bounded_in_size_and_time(settings: Settings, stage: str) -> None:
    protocols = gateway_config(settings, stage)["receivers"]["otlp"]["protocols"]

    assert protocols["http"]["max_request_body_size"] == 2 * collector.MIB
    assert protocols["grpc"]["max_recv_msg_size_mib"] == 2
    assert protocols["http"]["read_timeout"] == "8s"
    assert protocols["grpc"]["max_concurrent_streams"] <= 16
    age = protocols["grpc"]["keepalive"]["server_parameters"]
    assert {age["max_connection_age"], age["max_connection_age_grace"]} == {"60s", "10s"}


# --- Releases -----------------------------------------------------------------------------------


@every_settings
def test_each_stage_has_a_gateway_on_its_own_nodes(settings: Settings) -> None:
    gateways = otel_gateway.releases(settings, STACK_OUTPUTS)

    assert [release.namespace for release in gateways] == [
        f"{s}-telemetry" for s in settings.stages
    ]
    for stage, release in zip(settings.stages, gateways, strict=True):
        values = release.values
        assert values["nodeSelector"] == {"deployment.environment.name": stage}
        assert values["tolerations"] == [
            {
                "key": "deployment.environment.name",
                "operator": "Equal",
                "value": stage,
                "effect": "NoSchedule",
            }
        ]


@every_settings
def test_gateways_share_no_name_outside_of_their_namespaces(settings: Settings) -> None:
    for release in otel_gateway.releases(settings, STACK_OUTPUTS):
        values = release.values
        # The chart makes a ClusterRole for this switch and for each of its presets.
        assert values["clusterRole"] == {"create": False}
        assert "presets" not in values
        kinds = {manifest["kind"] for manifest in values["extraManifests"]}
        assert kinds == {"Service", "Role", "RoleBinding"}


@every_settings
def test_a_gateway_may_read_the_pods_of_its_stage_and_the_addresses_of_its_own(
    settings: Settings,
) -> None:
    for stage, release in zip(
        settings.stages, otel_gateway.releases(settings, STACK_OUTPUTS), strict=True
    ):
        manifests = release.values["extraManifests"]
        may = {
            manifest["metadata"]["namespace"]: {
                resource for rule in manifest["rules"] for resource in rule["resources"]
            }
            for manifest in manifests
            if manifest["kind"] == "Role"
        }
        assert may == {
            stage: {"pods", "replicasets", "jobs"},
            f"{stage}-telemetry": {"endpointslices"},
        }
        bound = [manifest for manifest in manifests if manifest["kind"] == "RoleBinding"]
        assert {manifest["metadata"]["namespace"] for manifest in bound} == set(may)
        account = release.values["serviceAccount"]["name"]
        for manifest in bound:
            # In the gateway's namespace: nobody of the stage can run a pod as it.
            assert manifest["subjects"] == [
                {"kind": "ServiceAccount", "name": account, "namespace": f"{stage}-telemetry"}
            ]


@every_settings
def test_what_a_gateway_tells_of_itself_is_the_stages(settings: Settings) -> None:
    # Its alerts go where the stage's go, and dashboards show it there.
    for stage, release in zip(
        settings.stages, otel_gateway.releases(settings, STACK_OUTPUTS), strict=True
    ):
        (endpoint,) = release.values["serviceMonitor"]["metricsEndpoints"]
        assert endpoint["relabelings"] == [{"targetLabel": "namespace", "replacement": stage}]


@every_settings
def test_an_agent_is_on_every_node_and_binds_none_of_its_ports(settings: Settings) -> None:
    values = otel_agent.release(settings, STACK_OUTPUTS).values

    assert values["mode"] == "daemonset"
    assert values["tolerations"] == [{"operator": "Exists"}]
    assert [name for name, port in values["ports"].items() if port["enabled"]] == ["metrics"]


@every_settings
def test_queues_fit_into_their_volume(settings: Settings) -> None:
    """The kubelet evicts a pod whose emptyDir outgrows its limit, and the queues with it."""
    for release in otel_gateway.releases(settings, STACK_OUTPUTS):
        volume, start = release.values["extraVolumes"]
        assert start == collector_start.VOLUME
        limit = int(volume["emptyDir"]["sizeLimit"].removesuffix("Mi")) * 1024 * 1024
        config = release.values["alternateConfig"]
        queues = [e["sending_queue"] for e in config["exporters"].values()]
        on_disk = sum(queue["queue_size"] for queue in queues if "storage" in queue)
        largest = max(queue["queue_size"] for queue in queues if "storage" in queue)
        assert 2 * (on_disk + KEPT_DAMAGED * largest) <= limit
        mount, start_mount = release.values["extraVolumeMounts"]
        assert mount["mountPath"] == QUEUE_DIRECTORY
        assert start_mount == {"name": "start", "mountPath": "/start", "readOnly": True}
        assert config["extensions"]["file_storage/queue"]["directory"] == QUEUE_DIRECTORY


# --- Sizes --------------------------------------------------------------------------------------


def mebibytes(quantity: str) -> int:
    unit = {"Mi": 1, "Gi": 1024}[quantity[-2:]]
    return int(quantity[:-2]) * unit


def millicores(quantity: str) -> int:
    return int(quantity[:-1]) if quantity.endswith("m") else int(quantity) * 1000


def parts(size: Any) -> Iterator[Part]:
    row = BACKENDS[size]
    for engine in (row.loki, row.tempo):
        yield from [engine.server] if engine.server else engine.parts.values()
    yield row.door
    for cache in (row.loki.chunks_cache, row.loki.results_cache):
        yield Part(replicas=1, resources=cache.resources)


@pytest.mark.parametrize("size", SIZES)
def test_either_one_program_or_its_parts(size: Any) -> None:
    for engine in (BACKENDS[size].loki, BACKENDS[size].tempo):
        assert (engine.server is None) is (size == "large")
        assert bool(engine.parts) is (size == "large")


@pytest.mark.parametrize("size", SIZES)
def test_limits_are_never_below_requests(size: Any) -> None:
    row = BACKENDS[size]
    of_parts = [part.resources for part in parts(size)]
    for resources in (*of_parts, row.gateway.resources, row.agent.resources):
        assert millicores(resources.cpu) <= millicores(resources.cpu_limit)
        assert mebibytes(resources.memory) <= mebibytes(resources.memory_limit)


@pytest.mark.parametrize("size", SIZES)
def test_traces_that_wait_fit_into_half_of_the_memory(size: Any) -> None:
    gateway = BACKENDS[size].gateway
    kib_per_trace, spans_per_trace, seconds = 10, 10, 15

    assert (
        gateway.traces_in_memory * kib_per_trace
        <= mebibytes(gateway.resources.memory_limit) * 1024 // 2
    )
    # What comes in at the promised rate is there at the same time, on the fewest replicas.
    waiting = gateway.spans_per_second / gateway.min_replicas / spans_per_trace * seconds
    assert 2 * waiting <= gateway.traces_in_memory


@pytest.mark.parametrize("size", SIZES)
def test_requests_are_refused_before_traces_are_dropped_undecided(size: Any) -> None:
    """What a replica can take in at all, as `make load` measured it, is there at the same time."""
    gateway = BACKENDS[size].gateway
    measured = json.loads((ROOT / "cost" / "measured_load.json").read_text(encoding="utf-8"))
    cores = millicores(gateway.resources.cpu_limit) / 1000
    spans_per_trace, seconds = 10, 10

    held = measured["per_core"]["spans_per_second"] * cores / spans_per_trace * seconds
    assert held <= gateway.traces_in_memory


@pytest.mark.parametrize("size", SIZES)
def test_a_gateway_has_replicas_to_balance_between(size: Any) -> None:
    gateway = BACKENDS[size].gateway

    assert 2 <= gateway.min_replicas < gateway.max_replicas


def test_a_larger_size_promises_more() -> None:
    rows = [BACKENDS[size] for size in SIZES]
    promises = [
        (
            row.loki.gigabytes_per_day,
            row.tempo.spans_per_second,
            row.gateway.spans_per_second,
            row.gateway.max_replicas,
            row.agent.lines_per_second,
        )
        for row in rows
    ]

    for smaller, larger in pairwise(promises):
        assert all(a < b for a, b in zip(smaller, larger, strict=True))
    for less, more in pairwise(row.agent.resources for row in rows):
        assert [millicores(astuple(r)[0]) for r in (less, more)] == sorted(
            millicores(astuple(r)[0]) for r in (less, more)
        )


@pytest.mark.parametrize("environment", ["dev", "prd"])
def test_the_shipped_environments_have_room(environment: str) -> None:
    """Half of a quota at most: the rest is for metrics, add-ons, and the applications."""
    settings = EVERY_SETTINGS[f"{environment}-{'small' if environment == 'dev' else 'medium'}"]
    assert settings.size == ("small" if environment == "dev" else "medium")
    row = BACKENDS[settings.size]
    most_nodes = sum(
        group.max_size * (3 if group.zone_spread == "per_zone" else 1)
        for group in map(settings.node_group, settings.namespaces)
    )
    observability = [(part.replicas, part.resources) for part in parts(settings.size)]
    observability.append((most_nodes, row.agent.resources))

    assert fits(observability, settings, OBSERVABILITY)


def fits(pods: list[tuple[int, Resources]], settings: Settings, namespace: str) -> bool:
    quota = settings.namespaces[namespace].quota
    return (
        sum(n * millicores(r.cpu) for n, r in pods) <= quota.requests_cpu * 1000 / 2
        and sum(n * mebibytes(r.memory) for n, r in pods) <= quota.requests_memory_gib * 1024 / 2
        and sum(n * millicores(r.cpu_limit) for n, r in pods) <= quota.limits_cpu * 1000 / 2
        and sum(n * mebibytes(r.memory_limit) for n, r in pods)
        <= quota.limits_memory_gib * 1024 / 2
    )


def test_a_stage_without_sampling_is_refused_by_name() -> None:
    document = vary(("namespaces", "dev", "sampling"), None, valid())
    settings = Settings.model_validate(document)

    with pytest.raises(ValueError, match=r"namespaces\.dev\.sampling"):
        gateway_config(settings, "dev")


def test_releases_come_after_what_they_need() -> None:
    settings = with_size("small")
    releases: list[Release] = [
        otel_agent.release(settings, STACK_OUTPUTS),
        *otel_gateway.releases(settings, STACK_OUTPUTS),
    ]

    for release in releases:
        assert {"kps", "loki"} <= set(release.after)
