"""A back end on loopback that takes OTLP over HTTP and remembers what it was given, as JSON.

It stands for every back end at once: the first part of a path says which one was meant, as in
`http://127.0.0.1:<port>/loki-gateway.observability.svc/otlp/v1/logs`. It can refuse, too.
"""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from verification.rehearsal.pipeline import otlp_protobuf
from verification.rehearsal.processes import LOOPBACK
from verification.rehearsal.serving import Serving

TENANT_HEADER = "X-Scope-OrgID"
_JSON = "application/json"
_OK = 200


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; `status` is what it was answered with."""

    back_end: str
    path: str
    tenant: str | None
    status: int
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Item:
    """A span, a data point or a log record, with what is said about it further up."""

    back_end: str
    tenant: str | None
    name: str
    resource: dict[str, Any]
    attributes: dict[str, Any]
    raw: dict[str, Any] = field(repr=False)


class OtlpSink(Serving):
    """The server; a context manager that stops it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: list[Request] = []
        self._items_of: dict[str, _Read] = {}
        self._status = _OK
        self._delay = 0.0
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.sink = self
        super().__init__(self._server)

    def address_of(self, back_end: str) -> str:
        """Where to send what is meant for a back end, given as host and port."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}/{back_end}"

    def answer(self, status: int) -> None:
        """Answer with this status from now on."""
        with self._changed:
            self._status = status

    def delay(self, seconds: float) -> None:
        """Answer so much later from now on."""
        with self._changed:
            self._delay = seconds

    def requests(self, *, accepted: bool = True) -> list[Request]:
        """What came and was accepted so far, or what was refused."""
        with self._changed:
            return [request for request in self._requests if (request.status == _OK) is accepted]

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition on what came; whether it was met in time."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition():
                if not self._changed.wait(min(0.5, deadline - time.monotonic())) and (
                    time.monotonic() >= deadline
                ):
                    return condition()
            return True

    def spans(self, *, accepted: bool = True) -> list[Item]:
        """Every span that was accepted (or refused) so far."""
        return self._items("resourceSpans", "scopeSpans", "spans", accepted)

    def log_records(self, *, accepted: bool = True) -> list[Item]:
        """Every log record; its name is its body."""
        return self._items("resourceLogs", "scopeLogs", "logRecords", accepted)

    def data_points(self, *, accepted: bool = True) -> list[Item]:
        """Every data point; its name is the metric's."""
        return self._items("resourceMetrics", "scopeMetrics", "metrics", accepted)

    def _items(self, resources: str, scopes: str, leaves: str, accepted: bool) -> list[Item]:
        # Whoever waits asks again and again: each request is read once.
        with self._changed:
            read = self._items_of.setdefault(leaves, _Read())
            for request in self._requests[read.requests :]:
                items = read.accepted if request.status == _OK else read.refused
                items.extend(_items_in(request, resources, scopes, leaves))
            read.requests = len(self._requests)
            return list(read.accepted if accepted else read.refused)

    def record(self, path: str, tenant: str | None, body: dict[str, Any]) -> int:
        """Remember a request; the status to answer it with."""
        _, back_end, rest = path.split("/", 2)
        if self._delay:
            time.sleep(self._delay)
        with self._changed:
            status = self._status
            self._requests.append(
                Request(back_end=back_end, path=f"/{rest}", tenant=tenant, status=status, body=body)
            )
            self._changed.notify_all()
        return status


@dataclass
class _Read:
    """Items of one kind in the first so many requests."""

    requests: int = 0
    accepted: list[Item] = field(default_factory=list)
    refused: list[Item] = field(default_factory=list)


def _items_in(request: Request, resources: str, scopes: str, leaves: str) -> Iterator[Item]:
    for resource in request.body.get(resources, ()):
        of_resource = attributes(resource.get("resource", {}))
        for scope in resource.get(scopes, ()):
            for leaf in scope.get(leaves, ()):
                for raw in _points(leaf) if leaves == "metrics" else (leaf,):
                    yield Item(
                        back_end=request.back_end,
                        tenant=request.tenant,
                        name=leaf.get("name") or _value(leaf.get("body", {})) or "",
                        resource=of_resource,
                        attributes=attributes(raw),
                        raw=raw,
                    )


def attributes(holder: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a resource, span, ... as a dictionary."""
    # Protobuf leaves out what is empty.
    return {
        attribute.get("key", ""): _value(attribute.get("value", {}))
        for attribute in holder.get("attributes", ())
    }


def _value(value: dict[str, Any]) -> Any:
    return next(iter(value.values()), None)


def _points(metric: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for data in metric.values():
        if isinstance(data, dict):
            yield from data.get("dataPoints", ())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    sink: OtlpSink


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self._body()
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        content_type = self.headers.get_content_type()
        try:
            if content_type == otlp_protobuf.CONTENT_TYPE:
                content = otlp_protobuf.to_json(self.path, body)
            elif content_type == _JSON:
                content = json.loads(body)
            else:
                self._answer(415, content_type)
                return
        except ValueError:
            self._answer(400, content_type)
            return
        status = self.server.sink.record(self.path, self.headers.get(TENANT_HEADER), content)
        self._answer(status, content_type)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        # As the exporters of Node.js and Java send: a length in hex, the chunk, until one of 0.
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, status: int, content_type: str) -> None:
        # An empty message is no bytes at all in protobuf.
        body = b"" if content_type == otlp_protobuf.CONTENT_TYPE else b"{}"
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what came is remembered."""
