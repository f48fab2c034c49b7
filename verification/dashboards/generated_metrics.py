"""Makes series of every metric in `signals.metrics`, as a day of a busy cluster would.

Which metrics there are, of which kind and with which labels, is taken from `signals.metrics`, never
from a dashboard or an alert: a query that asks for anything else finds nothing. Here is only what
the labels' values are and how high the numbers go. Also what should not happen (refusals,
failures, full queues) happens a little, in a burst half an hour before the end, so that no panel is
empty; the numbers are otherwise made up.
"""

import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from helm_values.otel_collector import otel_gateway
from helm_values.otel_collector.span_metrics import SPAN_SECONDS
from helm_values.release import Release
from helm_values.stack_outputs import sample_stack_outputs
from settings.model import OBSERVABILITY, Settings
from signals import metrics as m

Labels = dict[str, str]

HOUR, DAY = 3600, 86_400
GIB, MIB = 2**30, 2**20

SERVICES = {"shop": ("/orders", "/orders/{id}"), "cart": ("/cart",), "payments": ("/charge",)}
"""Services of each stage, and their routes."""
NODES = tuple(f"ip-10-0-{zone}-{10 + zone}.ec2.internal" for zone in (1, 2, 3))

_BURST_BEFORE_END, _BURST_WIDTH = 1800.0, 400.0
_STEP = 2.0**-20
_SECONDS_BOUNDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_CERTIFICATE_BOUNDS = (0.0, HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series. `value` is of the moment, in seconds before the end; a counter's is per second.

    NaN means that there is no sample. With `is_time` the value is how many seconds ago a moment
    was that the series tells.
    """

    name: str
    labels: Labels
    value: Callable[[float], float]
    is_counter: bool
    is_time: bool = False


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """How high a metric goes, for which senders and values of its own labels.

    Of a histogram `level` is values per second and `median` their middle, in the metric's unit.
    """

    origins: Sequence[Labels]
    level: float | Callable[[Labels], float]
    details: Sequence[Labels] = ({},)
    swing: float = 0.25
    burst: float | Callable[[Labels], float] = 0
    median: float = 0
    bounds: tuple[float, ...] = _SECONDS_BOUNDS
    is_time: bool = False
    only_in_burst: Callable[[Labels], bool] = lambda _: False


def all_series(settings: Settings) -> Iterator[Series]:
    """Every series of every metric in `signals.metrics.METRICS`.

    Raises:
        LookupError: a metric, or a label of one, has no values here.
    """
    plans = _plans(settings)
    for metric in m.METRICS.values():
        if metric.name not in plans:
            raise LookupError(
                f"{metric.name}: verification/dashboards/generated_metrics.py makes no values"
            )
        plan = plans[metric.name]
        for origin in plan.origins:
            for detail in plan.details:
                yield from _of(metric, plan, origin | detail)


def write_openmetrics(series: Iterable[Series], file: Path, times: Sequence[int]) -> int:
    """Write the values at each of the times (Unix seconds, ascending); how many there were.

    The end, before which the burst is, is the last of the times. No metadata is written: with it,
    Prometheus would write the bounds of histograms in another way than those that come by OTLP.
    """
    end = times[-1]
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for item in series:
            text = ",".join(f'{key}="{value}"' for key, value in item.labels.items() if value)
            head = f"{item.name}{{{text}}}"
            total, before = 0.0, times[0]
            lines = []
            for time in times:
                value = item.value(end - time)
                if math.isnan(value):
                    continue
                if item.is_counter:
                    # In steps that add up exactly: a bucket must never outgrow a larger one.
                    total += math.floor(value * (time - before) / _STEP) * _STEP
                    before, value = time, total
                elif item.is_time:
                    value = time - value
                lines.append(f"{head} {value!r} {time}\n")
            out.writelines(lines)
            count += len(lines)
        out.write("# EOF\n")
    return count


# --- From a plan to series ------------------------------------------------------------------------


def _of(metric: m.Metric, plan: _Plan, labels_given: Labels) -> Iterator[Series]:
    names = dict.fromkeys((*metric.source.labels, *metric.labels))
    missing = [name for name in names if name not in labels_given]
    if missing:
        raise LookupError(
            f"{metric.name}: no value of {missing} in verification/dashboards/generated_metrics.py"
        )
    labels = {name: labels_given[name] for name in names}
    level = plan.level(labels_given) if callable(plan.level) else plan.level
    burst = plan.burst(labels_given) if callable(plan.burst) else plan.burst
    share = zlib.crc32((metric.name + repr(labels)).encode()) / 2**32
    course = _course(level, plan.swing, burst, share)
    if plan.only_in_burst(labels_given):
        course = _now_and_then(course, share)
    if metric.kind != "histogram":
        yield Series(
            name=metric.name,
            labels=labels,
            value=course,
            is_counter=metric.kind == "counter",
            is_time=plan.is_time,
        )
        return
    median = _median(plan.median, share)
    yield Series(name=metric.count, labels=labels, value=course, is_counter=True)
    yield Series(
        name=metric.sum, labels=labels, value=_times(course, 1.2 * plan.median), is_counter=True
    )
    for bound in (*plan.bounds, math.inf):
        yield Series(
            name=metric.bucket,
            labels={**labels, "le": "+Inf" if bound == math.inf else f"{bound:g}"},
            value=_within(course, bound, median),
            is_counter=True,
        )


def _course(level: float, swing: float, burst: float, share: float) -> Callable[[float], float]:
    """Waves around a level, the same at every run; `share` (0 to 1) tells series apart."""
    phase = share * math.tau

    def value(before_end: float) -> float:
        waves = 0.6 * math.sin(before_end / 5000 + phase) + 0.3 * math.sin(
            before_end / 700 + 3 * phase
        )
        noise = 0.3 * math.sin(before_end * (1 + phase))
        return level * (1 + swing * (waves + noise)) * (1 + burst * _bump(before_end))

    return value


def _bump(before_end: float) -> float:
    return math.exp(-(((before_end - _BURST_BEFORE_END) / _BURST_WIDTH) ** 2))


def _times(course: Callable[[float], float], factor: float) -> Callable[[float], float]:
    return lambda before_end: factor * course(before_end)


def _now_and_then(course: Callable[[float], float], share: float) -> Callable[[float], float]:
    return lambda before_end: course(before_end) if _bump(before_end) > 0.9 * share else math.nan


def _median(level: float, share: float) -> Callable[[float], float]:
    """The middle of a histogram's values, which rises in the burst, for some more than others."""
    high = level * (0.7 + 0.8 * share)

    def value(before_end: float) -> float:
        return high * (1 + 0.15 * math.sin(before_end / 900 + share) + share * _bump(before_end))

    return value


def _within(
    course: Callable[[float], float], bound: float, median: Callable[[float], float]
) -> Callable[[float], float]:
    """Values per second up to a bound: log-normal around the median."""

    def value(before_end: float) -> float:
        if bound == math.inf:
            return course(before_end)
        if bound <= 0:
            return 0.0
        distance = math.log(bound / median(before_end)) / 0.8
        return course(before_end) * 0.5 * (1 + math.erf(distance / 2**0.5))

    return value


# --- Who sends ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Pod:
    namespace: str
    name: str
    container: str
    node: str
    service: str = ""


def _apps(settings: Settings) -> list[_Pod]:
    return [
        _Pod(
            namespace=stage,
            name=f"{service}-{5 + place}c9f7d-{'xq'[replica]}2{place}k",
            container=service,
            node=NODES[(place + replica) % len(NODES)],
            service=service,
        )
        for stage in settings.stages
        for place, service in enumerate(SERVICES)
        for replica in range(2)
    ]


def _gateway_releases(settings: Settings) -> dict[str, Release]:
    """The gateway of each stage, wherever it is installed."""
    of_stages = otel_gateway.releases(settings, sample_stack_outputs())
    return dict(zip(settings.stages, of_stages, strict=True))


def _gateways(settings: Settings) -> list[_Pod]:
    return [pod for pods in _gateway_pods(settings).values() for pod in pods]


def _gateway_pods(settings: Settings) -> dict[str, list[_Pod]]:
    return {
        stage: [
            _Pod(
                namespace=release.namespace,
                name=f"{release.name}-6b8d4-{replica}",
                container="opentelemetry-collector",
                node=NODES[replica],
            )
            for replica in range(2)
        ]
        for stage, release in _gateway_releases(settings).items()
    }


def _scraped_gateways(settings: Settings) -> list[Labels]:
    """With the labels that their ServiceMonitor gives them."""
    gateways = []
    for stage, release in _gateway_releases(settings).items():
        (endpoint,) = release.values["serviceMonitor"]["metricsEndpoints"]
        fixed = {
            relabeling["targetLabel"]: relabeling["replacement"]
            for relabeling in endpoint["relabelings"]
        }
        gateways += [
            _scraped(otel_gateway.NAME, pod) | fixed for pod in _gateway_pods(settings)[stage]
        ]
    return gateways


def _namespaces(settings: Settings) -> list[str]:
    """Those of the settings, and those of gateways."""
    of_gateways = [release.namespace for release in _gateway_releases(settings).values()]
    return list(dict.fromkeys([*settings.namespaces, *of_gateways]))


def _platform() -> list[tuple[str, _Pod]]:
    """Label `job` and pod of what is in `observability`."""
    return [
        (job, _Pod(namespace=OBSERVABILITY, name=name, container=container, node=NODES[place % 3]))
        for place, (job, name, container) in enumerate(
            (
                ("kps-prometheus", "prometheus-kps-0", "prometheus"),
                ("kps-alertmanager", "alertmanager-kps-0", "alertmanager"),
                ("kps-thanos-discovery", "prometheus-kps-0", "thanos-sidecar"),
                ("thanos-querier", "thanos-querier-5f6c-a", "thanos"),
                ("thanos-store", "thanos-store-0", "thanos"),
                ("thanos-compactor", "thanos-compactor-0", "thanos"),
                (f"{OBSERVABILITY}/loki", "loki-0", "loki"),
                ("tempo", "tempo-0", "tempo"),
                (f"{OBSERVABILITY}/otel-agent", "otel-agent-8x2", "opentelemetry-collector"),
                ("external-secrets-metrics", "external-secrets-7d-b", "external-secrets"),
                ("velero", "velero-58f-c", "velero"),
            )
        )
    ]


def _stages_prometheus(settings: Settings) -> dict[str, list[Labels]]:
    """The Prometheus of each stage and its sidecar, by job; their monitors name the stage."""
    return {
        job: [
            _scraped(job, _Pod(namespace=stage, name="prometheus-stage-0", container=container,
                               node=NODES[0]))
            for stage in settings.stages
        ]
        for job, container in (
            ("stage-prometheus", "prometheus"),
            ("stage-thanos-discovery", "thanos-sidecar"),
        )
    }  # fmt: skip


def _scraped(job: str, pod: _Pod) -> Labels:
    return {
        "job": job,
        "instance": f"10.0.0.{zlib.crc32((pod.namespace + pod.name).encode()) % 250}:9090",
        "namespace": pod.namespace,
        "pod": pod.name,
        "service": job.rpartition("/")[2],
        "container": pod.container,
        "endpoint": "http-metrics",
    }


def _otlp(settings: Settings, stage: str, service: str) -> Labels:
    return {
        "job": f"store/{service}",
        "instance": f"{service}-1",
        m.SERVICE: service,
        "service_namespace": "store",
        "service_version": "1.4.2",
        m.ENVIRONMENT: stage,
        "k8s_cluster_name": settings.prefix,
        "k8s_namespace_name": stage,
    }


def _each(label: str, *values: str) -> list[Labels]:
    return [{label: value} for value in values]


def _by_label(label: str, levels: dict[str, float]) -> Callable[[Labels], float]:
    return lambda labels: levels[labels[label]]


def _cross(*lists: Sequence[Labels]) -> list[Labels]:
    result: list[Labels] = [{}]
    for labels in lists:
        result = [base | other for base in result for other in labels]
    return result


# --- What each metric's numbers are ---------------------------------------------------------------


def _plans(settings: Settings) -> dict[str, _Plan]:
    plans = (
        _requests(settings)
        | _pods(settings)
        | _objects(settings)
        | _collectors(settings)
        | _back_ends(settings)
        | _housekeeping(settings)
    )
    return {metric.name: plan for metric, plan in plans.items()}


def _requests(settings: Settings) -> dict[m.Metric, _Plan]:
    of_services = [
        _otlp(settings, stage, service) | {"http_route": route}
        for stage in settings.stages
        for service, routes in SERVICES.items()
        for route in routes
    ]
    of_pods = [
        _otlp(settings, pod.namespace, pod.service)
        | {
            "instance": pod.name,
            "k8s_pod_name": pod.name,
            "k8s_node_name": pod.node,
            "k8s_deployment_name": pod.service,
            "http_route": SERVICES[pod.service][0],
        }
        for pod in _apps(settings)
    ]
    spans = [
        {
            "span_name": "request",
            "span_kind": kind,
            "status_code": f"STATUS_CODE_{status}",
            "http_request_method": method,
            "http_response_status_code": code,
            "otel_metric_overflow": overflow,
        }
        for kind, status, method, code, overflow in (
            ("SPAN_KIND_SERVER", "UNSET", "GET", "200", ""),
            ("SPAN_KIND_SERVER", "UNSET", "POST", "201", ""),
            ("SPAN_KIND_SERVER", "ERROR", "POST", "500", ""),
            ("SPAN_KIND_CLIENT", "UNSET", "GET", "200", ""),
            ("SPAN_KIND_SERVER", "UNSET", "", "", "true"),
        )
    ]
    http = {
        "http_request_method": "GET",
        "http_response_status_code": "200",
        "url_scheme": "http",
        "error_type": "",
        "network_protocol_version": "1.1",
    }
    edges = [
        {"client": client, "server": server, "connection_type": ""}
        for client, server in (("shop", "cart"), ("shop", "payments"), ("cart", "payments"))
    ]
    graphs = [
        {"source": "tempo", "k8s_cluster_name": settings.prefix, m.ENVIRONMENT: stage}
        for stage in settings.stages
    ]

    def busy(labels: Labels) -> float:
        by_stage = {"dev": 2.0, "hml": 6.0}.get(labels[m.ENVIRONMENT], 40.0)
        share = 0.0006 if labels.get("status_code", "").endswith("ERROR") else 1.0
        if labels.get("otel_metric_overflow"):
            share = 0.002
        return by_stage * share * (1.6 if labels["http_route"] == "/orders" else 1)

    durations = _Plan(
        origins=of_services, details=spans, level=busy, median=0.045, bounds=SPAN_SECONDS
    )
    return {
        m.CALLS: _Plan(
            origins=of_services,
            details=spans,
            level=busy,
            burst=lambda labels: 25.0 if labels["status_code"].endswith("ERROR") else 0.2,
        ),
        m.DURATION: durations,
        m.HTTP_SERVER_DURATION: _Plan(origins=of_pods, details=[http], level=busy, median=0.03),
        m.HTTP_SERVER_ACTIVE: _Plan(origins=of_pods, details=[http], level=4, burst=3),
        m.HTTP_CLIENT_DURATION: _Plan(
            origins=of_pods,
            details=[http | labels for labels in _each("server_address", "cart", "payments")],
            level=busy,
            median=0.02,
        ),
        m.DB_CLIENT_DURATION: _Plan(
            origins=of_pods,
            details=[
                {
                    "db_system_name": "postgresql",
                    "db_operation_name": operation,
                    "db_collection_name": "orders",
                    "error_type": "",
                }
                for operation in ("SELECT", "INSERT")
            ],
            level=busy,
            median=0.008,
        ),
        m.GRAPH_REQUESTS: _Plan(origins=graphs, details=edges, level=3),
        m.GRAPH_FAILED: _Plan(origins=graphs, details=edges, level=0.02, burst=10),
        m.GRAPH_SERVER_DURATION: _Plan(origins=graphs, details=edges, level=3, median=0.06),
    }


def _pods(settings: Settings) -> dict[m.Metric, _Plan]:
    apps = _apps(settings)
    pods = [*apps, *_gateways(settings), *(pod for _, pod in _platform())]
    seen_by_agent = [
        _otlp(settings, pod.namespace, pod.service)
        | {"k8s_pod_name": pod.name, "k8s_node_name": pod.node}
        for pod in apps
    ]
    nodes = [
        dict.fromkeys(m.KUBELET_STATS.labels, "")
        | {"k8s_cluster_name": settings.prefix, "k8s_node_name": node}
        for node in NODES
    ]

    def kubelet(node: str, path: str) -> Labels:
        return {
            "job": "kubelet",
            "instance": f"{node}:10250",
            "namespace": "kube-system",
            "pod": "",
            "service": "kps-kubelet",
            "container": "",
            "endpoint": "https-metrics",
            "node": node,
            "metrics_path": path,
        }

    containers = [
        kubelet(pod.node, "/metrics/cadvisor")
        | {
            "namespace": pod.namespace,
            "pod": pod.name,
            "container": pod.container,
            "image": f"registry.example.com/{pod.container}:1",
            "id": f"/kubepods/{pod.name}/{pod.container}",
            "name": pod.container,
            "cpu": "total",
        }
        for pod in pods
    ]
    volumes = [
        kubelet(NODES[0], "/metrics") | {"namespace": namespace, "persistentvolumeclaim": claim}
        for namespace in _namespaces(settings)
        for claim in ("data-0", "data-1")
    ] + [
        kubelet(NODES[1], "/metrics") | {"namespace": OBSERVABILITY, "persistentvolumeclaim": claim}
        for claim in ("storage-tempo-0", "data-thanos-compactor-0")
    ]
    kubelets = [kubelet(node, "/metrics") for node in NODES]
    return {
        m.POD_CPU: _Plan(origins=seen_by_agent, level=0.3),
        m.POD_MEMORY: _Plan(origins=seen_by_agent, level=300 * MIB, swing=0.1),
        m.POD_NETWORK: _Plan(
            origins=seen_by_agent,
            details=[
                labels | {"interface": "eth0"}
                for labels in _each("direction", "receive", "transmit")
            ],
            level=200_000,
        ),
        m.NODE_CPU: _Plan(origins=nodes, level=2.2),
        m.NODE_MEMORY_AVAILABLE: _Plan(origins=nodes, level=5 * GIB, swing=0.1),
        m.CONTAINER_CPU: _Plan(origins=containers, level=0.3),
        m.CONTAINER_THROTTLED: _Plan(origins=containers, level=0.4, burst=5),
        m.CONTAINER_PERIODS: _Plan(origins=containers, level=10),
        m.CONTAINER_MEMORY: _Plan(origins=containers, level=300 * MIB, swing=0.1),
        m.VOLUME_AVAILABLE: _Plan(
            origins=volumes,
            level=lambda labels: (
                2.5 * GIB if labels["persistentvolumeclaim"] == "data-1" else 6 * GIB
            ),
            swing=0.03,
        ),
        m.VOLUME_CAPACITY: _Plan(origins=volumes, level=10 * GIB, swing=0),
        m.KUBELET_SERVER_CERTIFICATE: _Plan(origins=kubelets, level=200 * DAY, swing=0),
    }


def _objects(settings: Settings) -> dict[m.Metric, _Plan]:
    """What Kubernetes says of its objects."""
    exporter = [
        {
            "job": "kube-state-metrics",
            "instance": "10.0.0.9:8080",
            "service": "kps-kube-state-metrics",
            "endpoint": "http",
        }
    ]
    containers = [
        {"namespace": pod.namespace, "pod": pod.name, "uid": pod.name, "container": pod.container}
        | {"node": pod.node}
        for pod in (*_apps(settings), *_gateways(settings), *(pod for _, pod in _platform()))
    ]
    # Of one with several containers once.
    pods = list(
        {(container["namespace"], container["pod"]): container for container in containers}.values()
    )
    resources = [
        {"resource": "cpu", "unit": "core"},
        {"resource": "memory", "unit": "byte"},
    ]
    deployments = [
        {"namespace": stage, "deployment": service}
        for stage in _namespaces(settings)
        for service in SERVICES
    ]
    quotas = [
        {"namespace": name, "resourcequota": "bounds", "resource": resource, "type": kind}
        for name in _namespaces(settings)
        for resource in ("requests.cpu", "requests.memory", "pods")
        for kind in ("hard", "used")
    ]

    def quota(labels: Labels) -> float:
        hard = {"requests.cpu": 12.0, "requests.memory": 48.0 * GIB, "pods": 80.0}
        used = {"requests.cpu": 0.86, "requests.memory": 0.55, "pods": 0.3}
        share = 1.0 if labels["type"] == "hard" else used[labels["resource"]]
        return hard[labels["resource"]] * share

    return {
        m.LIMITS: _Plan(
            origins=exporter,
            details=_cross(containers, resources),
            level=_by_label("resource", {"cpu": 0.5, "memory": 400.0 * MIB}),
            swing=0,
        ),
        m.REQUESTS: _Plan(
            origins=exporter,
            details=_cross(containers, resources),
            level=_by_label("resource", {"cpu": 0.25, "memory": 256.0 * MIB}),
            swing=0,
        ),
        m.RESTARTS: _Plan(origins=exporter, details=containers, level=0.2 / HOUR, burst=10),
        m.LAST_TERMINATED: _Plan(
            origins=exporter,
            details=_cross(containers, _each("reason", "OOMKilled", "Error")),
            level=1,
            swing=0,
        ),
        m.POD_PHASE: _Plan(
            origins=exporter,
            details=_cross(
                pods, _each("phase", "Running", "Pending", "Failed", "Unknown", "Succeeded")
            ),
            level=lambda labels: float(labels["phase"] == "Running"),
            swing=0,
        ),
        m.NODE_ALLOCATABLE: _Plan(
            origins=exporter,
            details=_cross(_each("node", *NODES), resources),
            level=_by_label("resource", {"cpu": 3.9, "memory": 15.0 * GIB}),
            swing=0,
        ),
        m.DEPLOYMENT_REPLICAS: _Plan(origins=exporter, details=deployments, level=2, swing=0),
        m.DEPLOYMENT_AVAILABLE: _Plan(origins=exporter, details=deployments, level=2, swing=0),
        m.QUOTA: _Plan(origins=exporter, details=quotas, level=quota, swing=0),
    }


def _collectors(settings: Settings) -> dict[m.Metric, _Plan]:
    gateways = _scraped_gateways(settings)
    guarded = [
        {
            "instance": "otel-gateway-0",
            m.SERVICE: service,
            m.ENVIRONMENT: stage,
            "k8s_cluster_name": settings.prefix,
            "k8s_namespace_name": stage,
        }
        for stage in settings.stages
        for service in list(SERVICES)[:2]
    ]
    agents = [_scraped(job, pod) for job, pod in _platform() if job.endswith("/otel-agent")]
    both = gateways + agents
    receivers = [{"receiver": "otlp", "transport": "grpc"}]
    exporters = _each("exporter", "otlp_http/prometheus-0", "otlp_http/loki", "otlp_grpc/tempo")
    queues = [exporter | {"data_type": "metrics"} for exporter in exporters]
    plans: dict[m.Metric, _Plan] = {}
    for received, refused, sent, failed, dropped, level in (
        (m.RECEIVED_SPANS, m.REFUSED_SPANS, m.SENT_SPANS, m.FAILED_SPANS, m.DROPPED_SPANS, 400),
        (
            m.RECEIVED_POINTS,
            m.REFUSED_POINTS,
            m.SENT_POINTS,
            m.FAILED_POINTS,
            m.DROPPED_POINTS,
            250,
        ),
        (m.RECEIVED_LOGS, m.REFUSED_LOGS, m.SENT_LOGS, m.FAILED_LOGS, m.DROPPED_LOGS, 120),
    ):
        plans |= {
            received: _Plan(origins=both, details=receivers, level=level),
            sent: _Plan(origins=both, details=exporters, level=0.99 * level),
            refused: _Plan(origins=both, details=receivers, level=0.01, burst=200),
            failed: _Plan(origins=both, details=exporters, level=0.002, burst=100),
            dropped: _Plan(origins=both, details=exporters, level=0.002, burst=100),
        }
    return plans | {
        m.QUEUE_SIZE: _Plan(origins=both, details=queues, level=4 * MIB, burst=9),
        m.QUEUE_CAPACITY: _Plan(origins=both, details=queues, level=64 * MIB, swing=0),
        m.REFUSED_ITEMS: _Plan(
            origins=guarded, details=_each("reason", "temporality", "too_old"), level=0.2, burst=20
        ),
        m.SHORTENED_ITEMS: _Plan(
            origins=guarded, details=_each("signal", "logs", "traces"), level=0.1
        ),
        m.COLLECTOR_MEMORY: _Plan(
            origins=both,
            details=_each("storage_set_aside", "none", "1 file(s)"),
            level=250 * MIB,
            swing=0.1,
        ),
        m.COLLECTOR_CPU: _Plan(origins=both, level=0.25),
        m.TRACES_SAMPLED: _Plan(
            origins=gateways,
            details=_each("sampled", "true", "false"),
            level=_by_label("sampled", {"true": 8, "false": 60}),
        ),
        m.TRACES_DROPPED_EARLY: _Plan(origins=gateways, level=0.01, burst=60),
    }


def _back_ends(settings: Settings) -> dict[m.Metric, _Plan]:
    by_job = {job: _scraped(job, pod) for job, pod in _platform()}
    of_stages = _stages_prometheus(settings)
    prometheus = [by_job["kps-prometheus"], *of_stages["stage-prometheus"]]
    alertmanager = [by_job["kps-alertmanager"]]
    thanos = [labels for job, labels in by_job.items() if "thanos" in job]
    sidecars = [by_job["kps-thanos-discovery"], *of_stages["stage-thanos-discovery"]]
    compactors, stores = ([by_job[job]] for job in ("thanos-compactor", "thanos-store"))
    loki, tempo = [by_job[f"{OBSERVABILITY}/loki"]], [by_job["tempo"]]
    samples = [{"type": "float"}]
    integrations = [
        labels | {"reason": "clientError"} for labels in _each("integration", "slack", "email")
    ]
    bucket = [
        labels | {"bucket": f"{settings.prefix}-metrics"}
        for labels in _each("operation", "get", "upload", "iter")
    ]
    tenants = _each("tenant", *settings.namespaces)

    def requests(*routes: str) -> list[Labels]:
        return [
            {"method": "GET", "route": route, "status_code": code, "ws": "false"}
            for route in routes
            for code in ("200", "500")
        ]

    served = _by_label("status_code", {"200": 5.0, "500": 0.01})
    queue = [
        {"remote_name": "prometheus", "url": "http://prometheus", **labels} for labels in tenants
    ]
    return {
        m.HEAD_SERIES: _Plan(origins=prometheus, level=62_000, swing=0.05),
        m.SAMPLES_APPENDED: _Plan(origins=prometheus, details=samples, level=2_100),
        m.TSDB_BYTES: _Plan(origins=prometheus, level=3 * GIB, swing=0.05),
        m.RULE_FAILURES: _Plan(
            origins=prometheus, details=_each("rule_group", "slo-alerts"), level=0.001, burst=20
        ),
        m.TOO_OLD_SAMPLES: _Plan(origins=prometheus, details=samples, level=0.02, burst=50),
        m.NOTIFICATIONS: _Plan(origins=alertmanager, details=integrations, level=12 / HOUR),
        m.NOTIFICATIONS_FAILED: _Plan(
            origins=alertmanager, details=integrations, level=0.2 / HOUR, burst=10
        ),
        m.SHIPPER_UPLOADS: _Plan(origins=sidecars, level=0.5 / HOUR),
        m.SHIPPER_FAILURES: _Plan(origins=sidecars, level=0.02 / HOUR, burst=5),
        m.COMPACT_HALTED: _Plan(origins=compactors, level=0, swing=0),
        m.COMPACT_ITERATIONS: _Plan(origins=compactors, level=2 / HOUR),
        m.COMPACT_FAILURES: _Plan(
            origins=compactors, details=_each("resolution", "0"), level=0.05 / HOUR
        ),
        m.OBJSTORE_OPERATIONS: _Plan(origins=thanos, details=bucket, level=0.8),
        m.OBJSTORE_FAILURES: _Plan(origins=thanos, details=bucket, level=0.001, burst=100),
        m.STORE_BLOCKS: _Plan(origins=stores, level=96, swing=0.02),
        m.LOKI_BYTES: _Plan(
            origins=loki,
            details=[labels | {"retention_hours": "720"} for labels in tenants],
            level=9_000,
        ),
        m.LOKI_LINES: _Plan(origins=loki, details=tenants, level=60),
        m.LOKI_DISCARDED: _Plan(
            origins=loki,
            details=_cross(tenants, _each("reason", "rate_limited")),
            level=0.002,
            burst=100,
        ),
        m.LOKI_STREAMS: _Plan(origins=loki, details=tenants, level=140, swing=0.1),
        m.LOKI_REQUESTS: _Plan(
            origins=loki,
            details=requests("loki_api_v1_push", "loki_api_v1_query_range"),
            level=served,
            median=0.02,
        ),
        m.LOKI_RETENTION: _Plan(origins=loki, level=1500, is_time=True),
        m.TEMPO_BYTES: _Plan(origins=tempo, details=tenants, level=14_000),
        m.TEMPO_SPANS: _Plan(origins=tempo, details=tenants, level=45),
        m.TEMPO_DISCARDED: _Plan(
            origins=tempo,
            details=_cross(tenants, _each("reason", "trace_too_large")),
            level=0.002,
            burst=100,
        ),
        m.TEMPO_LIVE: _Plan(origins=tempo, details=tenants, level=220),
        m.TEMPO_FLUSH_FAILURES: _Plan(origins=tempo, level=0.0002, burst=30),
        m.TEMPO_REQUESTS: _Plan(
            origins=tempo,
            details=requests("/tempopb.Pusher/PushBytesV2", "api_search"),
            level=served,
            median=0.02,
        ),
        m.REMOTE_WRITE_NEWEST: _Plan(origins=tempo, details=tenants, level=10, is_time=True),
        m.REMOTE_WRITE_SENT: _Plan(origins=tempo, details=queue, level=25, burst=3, is_time=True),
    }


def _housekeeping(settings: Settings) -> dict[m.Metric, _Plan]:
    by_job = {job: _scraped(job, pod) for job, pod in _platform()}
    secrets = [by_job["external-secrets-metrics"]]
    velero = [by_job["velero"]]
    gateways = _scraped_gateways(settings)
    of_stages = [labels for series in _stages_prometheus(settings).values() for labels in series]
    targets = [*by_job.values(), *gateways, *of_stages]
    api_server = [
        {
            "job": "apiserver",
            "instance": "10.0.0.2:443",
            "namespace": "default",
            "service": "kubernetes",
            "endpoint": "https",
        }
    ]
    firing = [
        {"namespace": name, "severity": severity, "owner": settings.owner(OBSERVABILITY)}
        | {"alertname": alert, "alertstate": "firing"}
        for name in _namespaces(settings)
        for severity, alert in (
            ("critical", "ServiceAvailabilityBurnFast"),
            ("warning", "NamespaceQuotaNearLimit"),
        )
    ]
    watchdog = {
        "namespace": OBSERVABILITY,
        "severity": "none",
        "owner": settings.owner(OBSERVABILITY),
        "alertname": "Watchdog",
        "alertstate": "firing",
    }
    ready = [
        {
            "name": "grafana-admin",
            "exported_namespace": OBSERVABILITY,
            "condition": "Ready",
            "status": status,
        }
        for status in ("True", "False")
    ]
    down = by_job["velero"]["pod"]
    return {
        m.UP: _Plan(origins=targets, level=lambda labels: float(labels["pod"] != down), swing=0),
        m.SCRAPE_SAMPLES: _Plan(origins=targets, level=900, swing=0.02),
        m.ALERTS: _Plan(
            origins=[*firing, watchdog],
            level=1,
            swing=0,
            only_in_burst=lambda labels: labels["alertname"] != "Watchdog",
        ),
        m.API_CLIENT_CERTIFICATE: _Plan(
            origins=api_server, level=0.2, median=200 * DAY, bounds=_CERTIFICATE_BOUNDS
        ),
        m.EXTERNAL_SECRET_READY: _Plan(
            origins=secrets,
            details=ready,
            level=_by_label("status", {"True": 1, "False": 0}),
            swing=0,
        ),
        m.BACKUP_ATTEMPTS: _Plan(origins=velero, details=_each("schedule", "daily"), level=1 / DAY),
        m.BACKUP_LAST_SUCCESS: _Plan(
            origins=velero, details=_each("schedule", "daily"), level=6 * HOUR, is_time=True
        ),
    }
