"""Queries the back ends for received data: Prometheus, Loki, Tempo, or their recorder.

Each question has one shape, whoever answers it, so that checks and smoke test are the same code in
the rehearsal and against a cluster.
"""

import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from verification.rehearsal.pipeline.otlp_sink import TENANT_HEADER, Item, OtlpSink, attributes
from verification.rehearsal.prometheus_api import QueryError

SECONDS = 60
_LIMIT = 5000
_ERROR = (2, "STATUS_CODE_ERROR")
_NANO = 1e9


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One series at one moment; `value` is its latest."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, kw_only=True)
class Exemplar:
    """A value of a series that points to a trace."""

    series: Mapping[str, str]
    trace_id: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Span:
    """A span as a back end has it."""

    tenant: str
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    error: bool
    seconds: float
    resource: Mapping[str, Any] = field(repr=False)

    @property
    def service(self) -> str:
        """`service.name`."""
        return str(self.resource.get("service.name", ""))


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A log record as a back end has it; `trace_id` is empty where it has none."""

    tenant: str
    body: str
    trace_id: str
    resource: Mapping[str, Any] = field(repr=False)

    @property
    def service(self) -> str:
        """`service.name`."""
        return str(self.resource.get("service.name", ""))


class TraceStore(Protocol):
    """Tempo, or what stands in for it."""

    def trace(self, tenant: str, trace_id: str) -> list[Span]:
        """The spans of a trace that a tenant has; none where there is no such trace."""

    def traces_of(self, tenant: str, service: str) -> set[str]:
        """Identifiers of a tenant's traces in which a service takes part."""


class LogStore(Protocol):
    """Loki, or what stands in for it."""

    def lines(self, tenant: str, service: str, contains: str = "") -> list[LogLine]:
        """A tenant's lines of a service (or of any, without one) that contain a text."""


# --- Prometheus -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Prometheus:
    """Prometheus or a Thanos querier: they answer the same questions."""

    url: str

    def query(self, expr: str, at: float | None = None) -> list[Sample]:
        """Answer an instant query; raises QueryError."""
        asked = {"query": expr} | ({} if at is None else {"time": f"{at:.3f}"})
        data = self._get("query", asked)
        if data["resultType"] == "scalar":
            return [Sample(labels={}, value=float(data["result"][1]))]
        return [
            Sample(labels=entry["metric"], value=float(entry["value"][1]))
            for entry in data["result"]
        ]

    def total(self, expr: str) -> float:
        """The sum of an instant query; 0 where it finds nothing."""
        return sum(sample.value for sample in self.query(expr))

    def values(self, expr: str, start: float, end: float, step: float) -> list[tuple[float, float]]:
        """Time and sum over the series of a range query."""
        asked = {"query": f"sum({expr})", "start": start, "end": end, "step": step}
        result = self._get("query_range", asked)["result"]
        return [(float(at), float(value)) for at, value in result[0]["values"]] if result else []

    def exemplars(self, expr: str, seconds: float) -> list[Exemplar]:
        """Exemplars of the last seconds that name a trace."""
        now = time.time()
        data = self._get("query_exemplars", {"query": expr, "start": now - seconds, "end": now + 1})
        return [
            Exemplar(
                series=series["seriesLabels"],
                trace_id=exemplar["labels"]["trace_id"],
                value=float(exemplar["value"]),
            )
            for series in data
            for exemplar in series["exemplars"]
            if "trace_id" in exemplar["labels"]
        ]

    def series(self, selector: str) -> list[dict[str, str]]:
        """The label sets of the series of the last hour."""
        now = time.time()
        asked = {"match[]": selector, "start": now - 3600, "end": now}
        series_labels: list[dict[str, str]] = self._get("series", asked)
        return series_labels

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that pend or fire."""
        active: list[dict[str, Any]] = self._get("alerts", {})["alerts"]
        return active

    def _get(self, path: str, asked: Mapping[str, Any]) -> Any:
        answer = get_json(f"{self.url}/api/v1/{path}", asked)
        if answer.get("status") != "success":
            raise QueryError(f"{self.url}: {answer.get('error')}")
        return answer["data"]


def get_json(url: str, asked: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
    """Ask over HTTP; raises QueryError with the back end's own words."""
    full = f"{url}?{urllib.parse.urlencode(asked)}" if asked else url
    request = urllib.request.Request(full, headers=dict(headers or {}))  # noqa: S310 - http(s) only
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace").strip()[:300]
        raise QueryError(f"{url} answered {error.code}: {said}") from error
    except (OSError, ValueError) as error:
        raise QueryError(f"{url}: {error}") from error


# --- Loki and Tempo -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Loki:
    """Loki's HTTP API: `/loki/api/v1/query_range`."""

    url: str

    def lines(self, tenant: str, service: str, contains: str = "") -> list[LogLine]:
        """A tenant's lines of the last hour; raises QueryError."""
        line_filter = f' |= "{contains}"' if contains else ""
        now = time.time_ns()
        # Loki wants a label that is not empty; every line of ours has the environment's.
        of = f'service_name="{service}"' if service else 'deployment_environment_name=~".+"'
        asked = {
            "query": f"{{{of}}}{line_filter}",
            "start": now - 3600 * 10**9,
            "end": now + 10**9,
            "limit": _LIMIT,
        }
        answer = get_json(f"{self.url}/loki/api/v1/query_range", asked, {TENANT_HEADER: tenant})
        return [
            LogLine(
                tenant=tenant,
                body=value[1],
                # Structured metadata is part of a stream's labels unless one asks otherwise.
                trace_id=stream["stream"].get("trace_id", ""),
                resource=_dotted(stream["stream"]),
            )
            for stream in answer["data"]["result"]
            for value in stream["values"]
        ]


_RESOURCE = {
    "service_name": "service.name",
    "service_namespace": "service.namespace",
    "deployment_environment_name": "deployment.environment.name",
    "k8s_cluster_name": "k8s.cluster.name",
    "k8s_namespace_name": "k8s.namespace.name",
}


def _dotted(labels: Mapping[str, str]) -> dict[str, str]:
    # Loki writes underscores; only these are asked for.
    return {_RESOURCE.get(name, name): value for name, value in labels.items()}


@dataclass(frozen=True, kw_only=True)
class Tempo:
    """Tempo's HTTP API: `/api/traces/<id>` and `/api/search`."""

    url: str

    def trace(self, tenant: str, trace_id: str) -> list[Span]:
        """The spans of a trace; raises QueryError."""
        try:
            answer = get_json(
                f"{self.url}/api/traces/{trace_id}",
                {},
                {TENANT_HEADER: tenant, "Accept": "application/json"},
            )
        except QueryError as error:
            if " answered 404" in str(error):
                return []
            raise
        return [
            _span(tenant, attributes(batch.get("resource", {})), span)
            for batch in answer.get("batches") or answer.get("resourceSpans") or ()
            for scope in batch.get("scopeSpans", ())
            for span in scope.get("spans", ())
        ]

    def traces_of(self, tenant: str, service: str) -> set[str]:
        """Identifiers of the traces of the last hour; raises QueryError."""
        now = int(time.time())
        asked = {
            "q": f'{{resource.service.name="{service}"}}',
            "start": now - 3600,
            "end": now + 1,
            "limit": _LIMIT,
        }
        answer = get_json(f"{self.url}/api/search", asked, {TENANT_HEADER: tenant})
        # Tempo leaves out leading zeros.
        return {trace["traceID"].zfill(32) for trace in answer.get("traces", ())}


def _span(tenant: str, resource: Mapping[str, Any], raw: Mapping[str, Any]) -> Span:
    return Span(
        tenant=tenant,
        trace_id=_hexadecimal(raw["traceId"], 32),
        span_id=_hexadecimal(raw["spanId"], 16),
        parent_id=_hexadecimal(raw.get("parentSpanId", ""), 16),
        name=raw["name"],
        error=raw.get("status", {}).get("code") in _ERROR,
        seconds=(int(raw["endTimeUnixNano"]) - int(raw["startTimeUnixNano"])) / _NANO,
        resource=resource,
    )


def _hexadecimal(text: str, digits: int) -> str:
    # OTLP's JSON has hexadecimal identifiers, protobuf's own JSON (which Tempo answers) base64.
    if not text or len(text) == digits:
        return text.lower()
    return base64.b64decode(text).hex()


# --- Stand-in -------------------------------------------------------------------------------------


@dataclass
class RecordedTraces:
    """In the place of Tempo: what an OTLP recorder was given for it."""

    sink: OtlpSink
    is_tempo: Callable[[str], bool]
    """Which back ends of the recorder are Tempo."""
    _read: int = 0
    _traces: dict[tuple[str, str], list[Span]] = field(default_factory=dict, repr=False)

    def trace(self, tenant: str, trace_id: str) -> list[Span]:
        """The spans of a trace that a tenant has."""
        return self._up_to_date().get((tenant, trace_id), [])

    def traces_of(self, tenant: str, service: str) -> set[str]:
        """Identifiers of a tenant's traces in which a service takes part."""
        return {
            trace_id
            for (owner, trace_id), spans in self._up_to_date().items()
            if owner == tenant and any(span.service == service for span in spans)
        }

    def _up_to_date(self) -> dict[tuple[str, str], list[Span]]:
        # A check asks for hundreds of traces: what was recorded is read again only when it grew.
        if (so_far := len(self.sink.requests())) != self._read:
            self._traces = {}
            for item in self.sink.spans():
                if self.is_tempo(item.back_end):
                    span = _span(item.tenant or "", item.resource, item.raw)
                    self._traces.setdefault((span.tenant, span.trace_id), []).append(span)
            self._read = so_far
        return self._traces


@dataclass(frozen=True)
class RecordedLogs:
    """In the place of Loki: what an OTLP recorder was given for it."""

    sink: OtlpSink
    is_loki: Callable[[str], bool]

    def lines(self, tenant: str, service: str, contains: str = "") -> list[LogLine]:
        """A tenant's lines of a service that contain a text."""
        return [
            LogLine(
                tenant=tenant,
                body=item.name,
                trace_id=_hexadecimal(item.raw.get("traceId", ""), 32),
                resource=item.resource,
            )
            for item in self.sink.log_records()
            if self._is_wanted(item, tenant, service) and contains in item.name
        ]

    def _is_wanted(self, item: Item, tenant: str, service: str) -> bool:
        return (
            self.is_loki(item.back_end)
            and item.tenant == tenant
            and service in ("", item.resource.get("service.name"))
        )
