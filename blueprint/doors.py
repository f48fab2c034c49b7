"""Doors: the only access to Loki, Tempo and the Prometheus of a stage, as data.

Loki, Tempo and Prometheus trust every client, and their ports offer far more than a client needs:
deleting, shutting down, reading every tenant. So only doors reach them. A door is a small nginx
with a list of routes: it forwards the requests on the list, and refuses and logs all others with
403.

    gateway of a stage --> door-stage-<stage> --> Loki, Tempo, the stage's Prometheus    pushes
    agents ------------->  door-agent ----------> Loki, the platform's Prometheus        pushes
    Tempo -------------->  door-tempo ----------> the Prometheus of a trace's stage      pushes
    Grafana ------------>  door-grafana --------> Loki, Tempo, Alertmanager              reads

The door says which tenant a request is of. A gateway cannot choose it; agents and Tempo, which
handle all of them, can name one of the settings. `constructs_lib/door.py` makes Kubernetes objects
of this, `door_config.py` the configuration of nginx.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from blueprint import endpoints
from blueprint.backend_sizes import BACKENDS
from blueprint.resources import Resources
from settings.model import Settings
from versions import NGINX_VERSION

IMAGE = f"docker.io/nginxinc/nginx-unprivileged:{NGINX_VERSION}-alpine"
USER_ID = 101
"""Of the image (its Dockerfile)."""

HEALTH_PORT = 8081
"""For the kubelet alone: no network policy opens it."""

TENANT_HEADER = "X-Scope-OrgID"
LOKI_PUSH = "/otlp/v1/logs"
TEMPO_PUSH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
"""The one method for spans of OTLP over gRPC (opentelemetry-proto, `trace_service.proto`)."""
PROMETHEUS_OTLP = "/api/v1/otlp/v1/metrics"
PROMETHEUS_REMOTE_WRITE = "/api/v1/write"

Method = Literal["GET", "POST", "DELETE"]


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """The tenant in whose name a request goes on: `fixed`, or the one of `allowed` that the client
    names. A client that names none of those is refused. Neither: the back end has no tenants."""

    fixed: str = ""
    allowed: tuple[str, ...] = ()


NO_TENANT = Tenant()


@dataclass(frozen=True, kw_only=True)
class Call:
    """A POST to exactly one path: a push, or a method of gRPC.

    It goes to `upstream` (a name in `Door.upstreams`), as `target` unless the path stays as it is.
    `upstream_of` names one for each tenant instead.
    """

    path: str
    upstream: str = ""
    upstream_of: tuple[tuple[str, str], ...] = ()
    target: str = ""
    tenant: Tenant = NO_TENANT
    grpc: bool = False


@dataclass(frozen=True, kw_only=True)
class Read:
    """Requests whose whole target, query included, matches an expression; they go on unchanged."""

    pattern: str
    upstream: str
    methods: tuple[Method, ...] = ("GET",)


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A port. `tenant` is that of the reads; what is neither a call nor a read is refused."""

    port: int
    calls: tuple[Call, ...] = ()
    reads: tuple[Read, ...] = ()
    tenant: Tenant = NO_TENANT


@dataclass(frozen=True, kw_only=True)
class Door:
    """One nginx; `upstreams` holds host and port by name."""

    name: str
    listeners: tuple[Listener, ...]
    upstreams: Mapping[str, str]
    replicas: int
    resources: Resources

    @property
    def ports(self) -> tuple[int, ...]:
        """Ports that clients reach."""
        return tuple(listener.port for listener in self.listeners)


def doors(settings: Settings) -> tuple[Door, ...]:
    """All of them."""
    return (
        *(stage_door(settings, stage) for stage in settings.stages),
        agent_door(settings),
        tempo_door(settings),
        grafana_door(settings),
    )


def stage_door(settings: Settings, stage: str) -> Door:
    """What a stage's gateway may do: push, as its stage."""
    tenant = Tenant(fixed=stage)
    pods = endpoints.prometheus_pods(settings, stage)
    calls = (
        Call(path=LOKI_PUSH, upstream="loki", tenant=tenant),
        Call(path=TEMPO_PUSH, upstream="tempo", tenant=tenant, grpc=True),
        *_metrics_calls(pods),
    )
    return _door(
        settings,
        endpoints.stage_door_name(stage),
        (Listener(port=endpoints.DOOR_PORT, calls=calls),),
        {
            "loki": endpoints.loki_writer(settings),
            "tempo": endpoints.tempo_writer(settings),
            **_numbered("prometheus", pods),
        },
    )


def agent_door(settings: Settings) -> Door:
    """What the agents may do: push logs as any namespace of the settings, and their metrics."""
    pods = endpoints.prometheus_pods(settings)
    logs = Call(path=LOKI_PUSH, upstream="loki", tenant=Tenant(allowed=tuple(settings.namespaces)))
    return _door(
        settings,
        endpoints.AGENT_DOOR,
        (Listener(port=endpoints.DOOR_PORT, calls=(logs, *_metrics_calls(pods))),),
        {"loki": endpoints.loki_writer(settings), **_numbered("prometheus", pods)},
    )


def tempo_door(settings: Settings) -> Door:
    """What Tempo may do: write the service graph of a stage to the Prometheus of that stage."""
    upstreams: dict[str, str] = {}
    for stage in settings.stages:
        pods = endpoints.prometheus_pods(settings, stage)
        upstreams |= _numbered(f"prometheus-{stage}", pods)
    calls = tuple(
        Call(
            path=f"{endpoints.prometheus_path(index)}{PROMETHEUS_REMOTE_WRITE}",
            upstream_of=tuple((stage, f"prometheus-{stage}-{index}") for stage in settings.stages),
            target=PROMETHEUS_REMOTE_WRITE,
            tenant=Tenant(allowed=settings.stages),
        )
        for index in range(endpoints.prometheus_replicas(settings))
    )
    return _door(
        settings,
        endpoints.TEMPO_DOOR,
        (Listener(port=endpoints.DOOR_PORT, calls=calls),),
        upstreams,
    )


def grafana_door(settings: Settings) -> Door:
    """Requests of Grafana, and of its users through the data source proxy: reads and silences.

    Grafana lets only editors silence alerts (routes of its Alertmanager plugin, `reqRole`).
    """
    tenant = Tenant(fixed=endpoints.tenants(settings))
    return _door(
        settings,
        endpoints.GRAFANA_DOOR,
        (
            Listener(
                port=endpoints.GRAFANA_DOOR_LOKI,
                tenant=tenant,
                reads=(
                    Read(pattern=_LOKI_READS, upstream="loki"),
                    Read(pattern=_LOKI_RULES, upstream="loki-rules"),
                ),
            ),
            Listener(
                port=endpoints.GRAFANA_DOOR_TEMPO,
                tenant=tenant,
                calls=tuple(
                    Call(
                        path=f"/tempopb.StreamingQuerier/{method}",
                        upstream="tempo",
                        tenant=tenant,
                        grpc=True,
                    )
                    for method in _TEMPO_STREAMS
                ),
                reads=(Read(pattern=_TEMPO_READS, upstream="tempo"),),
            ),
            Listener(
                port=endpoints.GRAFANA_DOOR_ALERTMANAGER,
                reads=(
                    Read(pattern=_ALERTMANAGER_READS, upstream="alertmanager"),
                    Read(pattern=_SILENCES, upstream="alertmanager", methods=("GET", "POST")),
                    Read(pattern=_SILENCE, upstream="alertmanager", methods=("GET", "DELETE")),
                ),
            ),
        ),
        {
            "loki": endpoints.loki_reader(settings),
            "loki-rules": endpoints.loki_ruler(settings),
            "tempo": endpoints.tempo_reader(settings),
            "alertmanager": endpoints.ALERTMANAGER_HOST,
        },
    )


def _door(
    settings: Settings, name: str, listeners: tuple[Listener, ...], upstreams: dict[str, str]
) -> Door:
    size = BACKENDS[settings.size].door
    return Door(
        name=name,
        listeners=listeners,
        upstreams=upstreams,
        replicas=size.replicas,
        resources=size.resources,
    )


def _numbered(name: str, addresses: tuple[str, ...]) -> dict[str, str]:
    return {f"{name}-{index}": address for index, address in enumerate(addresses)}


def _metrics_calls(pods: tuple[str, ...]) -> tuple[Call, ...]:
    """A path for each replica of a Prometheus: everything is pushed to every one of them."""
    return tuple(
        Call(
            path=f"{endpoints.prometheus_path(index)}{PROMETHEUS_OTLP}",
            upstream=f"prometheus-{index}",
            target=PROMETHEUS_OTLP,
        )
        for index in range(len(pods))
    )


# --- What Grafana reads ---------------------------------------------------------------------------

_QUERY = r"(\?.*)?"
_NAME = r"[.]?[A-Za-z0-9_](?:[A-Za-z0-9_.:-]|%(?!2[eEfF]|5[cC]|00)[0-9A-Fa-f]{2})*"
"""A label or an attribute in a path. No encoded dot, slash or backslash: nothing that somebody
behind the door could read as another path."""
_TRACE_ID = "[0-9A-Fa-f]{1,32}"

_LOKI_READS = (
    r"/loki/api/v1/(?:query|query_range|tail|labels|series|patterns|format_query|drilldown-limits"
    r"|detected_labels|detected_fields|index/stats|index/volume|index/volume_range"
    rf"|label/{_NAME}/values|detected_field/{_NAME}/values)" + _QUERY
)
"""Loki "HTTP API", the endpoints that query; Grafana's data source sends GET."""
_LOKI_RULES = rf"/(?:loki/api/v1/rules|prometheus/api/v1/rules|prometheus/api/v1/alerts){_QUERY}"
_TEMPO_READS = (
    rf"/api/(?:echo|status/buildinfo|search|search/tags|v2/search/tags|traces/{_TRACE_ID}"
    rf"|v2/traces/{_TRACE_ID}|search/tag/{_NAME}/values|v2/search/tag/{_NAME}/values"
    rf"|metrics/query|metrics/query_range|metrics/summary){_QUERY}"
)
"""Tempo "HTTP API"; not `overrides`, by which a client changes limits."""
_TEMPO_STREAMS = (
    "Search", "SearchTags", "SearchTagsV2", "SearchTagValues", "SearchTagValuesV2",
    "MetricsQueryRange", "MetricsQueryInstant",
)  # fmt: skip
"""Tempo streams results over gRPC on the same port (`pkg/tempopb/tempo.proto`,
`StreamingQuerier`)."""
_UUID = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_ALERTMANAGER_READS = rf"/api/v2/(?:status|alerts|alerts/groups|receivers){_QUERY}"
_SILENCES = rf"/api/v2/silences{_QUERY}"
_SILENCE = rf"/api/v2/silence/{_UUID}"
"""Alertmanager's API v2 (`api/v2/openapi.yaml`). POST to `alerts` would be an alert of anybody's
making, `/-/reload` is not below `/api`."""
