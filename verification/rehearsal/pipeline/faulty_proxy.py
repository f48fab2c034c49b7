"""An HTTP proxy on loopback in front of a back end, which misbehaves on command.

It forwards every request as it came (the Host header, too, which signatures cover) until it is
told to answer in the back end's place, or to be slow.
"""

import http.client
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from verification.rehearsal.processes import LOOPBACK
from verification.rehearsal.serving import Serving

_SECONDS = 60
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What is answered in the back end's place."""

    status: int
    content_type: str
    body: bytes


EXPIRED_TOKEN = Refusal(
    status=400,
    content_type="application/xml",
    body=b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>ExpiredToken</Code>'
    b"<Message>The provided token has expired.</Message></Error>",
)
"""Amazon S3 API reference, "Error responses": ExpiredToken, 400 Bad Request."""


class FaultyProxy(Serving):
    """The proxy; a context manager that stops it."""

    def __init__(self, target_url: str) -> None:
        self.target = urlsplit(target_url).netloc
        self.refusal: Refusal | None = None
        self.delay_seconds = 0.0
        self.refused = 0
        self.forwarded = 0
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.proxy = self
        super().__init__(self._server)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self._server.server_address[1]}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: FaultyProxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        proxy = self.server.proxy
        body = self._body()
        if proxy.delay_seconds:
            time.sleep(proxy.delay_seconds)
        if proxy.refusal is not None:
            proxy.refused += 1
            self._send(
                proxy.refusal.status,
                [("Content-Type", proxy.refusal.content_type)],
                proxy.refusal.body,
            )
            return
        proxy.forwarded += 1
        back = http.client.HTTPConnection(proxy.target, timeout=_SECONDS)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            headers["Content-Length"] = str(len(body))
            back.request(self.command, self.path, body, headers)
            answer = back.getresponse()
            content = answer.read()
            self._send(answer.status, answer.getheaders(), content)
        except OSError:
            self.close_connection = True
        finally:
            back.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        length = None
        for name, value in headers:
            if name.lower() == "content-length":
                length = value
            elif name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        # The answer to a HEAD says how long the body would be.
        is_head = self.command == "HEAD"
        self.send_header("Content-Length", length if is_head and length else str(len(body)))
        self.end_headers()
        if not is_head:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what matters is counted."""
