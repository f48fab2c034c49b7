"""Stands in for the network of the cluster: what the API server asks a Service is answered here.

The API server reaches webhooks and aggregated APIs by an HTTP CONNECT proxy (`--egress-selector-
config-file`), as with Konnectivity. Behind it is one server for all Services: each webhook allows
what it is asked about, and each aggregated API is there and has no resources.
"""

import base64
import json
import socketserver
import ssl
import tempfile
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any

from verification.rehearsal.cluster.certificates import Authority
from verification.rehearsal.cluster.kube_api import KubeApi, Object
from verification.rehearsal.serving import Serving

REGISTRATION = "/apis/admissionregistration.k8s.io/v1"
CONFIGURATIONS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
READ_SECONDS = 60


def server_context(authority: Authority, namespaces: Iterable[str]) -> ssl.SSLContext:
    """TLS of a server that is every Service of these namespaces."""
    pair = authority.server("services", [f"*.{namespace}.svc" for namespace in namespaces], [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


class ClusterNetwork(Serving):
    """The proxy, and every Service behind it."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        # The path of a Unix socket has at most 107 bytes (unix(7)), so not in any folder.
        self._folder = tempfile.TemporaryDirectory(prefix="services-")
        self._socket = Path(self._folder.name) / "proxy.sock"
        server = _Server(str(self._socket), _Proxy)
        server.tls = tls
        super().__init__(server)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._folder.cleanup()

    def egress_file(self, path: Path) -> Path:
        """Write the configuration that sends the API server here."""
        transport = {"uds": {"udsName": str(self._socket)}}
        connection = {"proxyProtocol": "HTTPConnect", "transport": transport}
        config = {
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [{"name": "cluster", "connection": connection}],
        }
        path.write_text(json.dumps(config), encoding="utf-8")
        return path


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    tls: ssl.SSLContext


class _Silent(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = READ_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: it would be among the progress."""


class _Proxy(_Silent):
    """Takes a connection to any address for one to a Service."""

    server: _Server

    def do_CONNECT(self) -> None:
        self.send_response(200, "Connection established")
        self.end_headers()
        self.close_connection = True
        try:
            with self.server.tls.wrap_socket(self.connection, server_side=True) as inside:
                _Service(inside, self.client_address, self.server)
        except OSError:
            # The other side closed the connection or refused the certificate, and logs why.
            return


class _Service(_Silent):
    """Answers as any Service does."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        review = json.loads(body or b"{}")
        if review.get("kind") != "AdmissionReview":
            self._answer(404, {})
            return
        answer = {"uid": review["request"]["uid"], "allowed": True}
        self._answer(200, {**review, "response": answer})

    def do_GET(self) -> None:
        # /apis/<group>/<version>
        steps = self.path.partition("?")[0].strip("/").split("/")
        if len(steps) == 3 and steps[0] == "apis":
            resources = {"kind": "APIResourceList", "apiVersion": "v1", "resources": []}
            self._answer(200, {**resources, "groupVersion": "/".join(steps[1:])})
        else:
            self._answer(404, {})

    def _answer(self, status: int, content: Object) -> None:
        payload = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


class WebhookAuthorities:
    """Stands in for what tells webhooks their authority (the certificate Job, External Secrets)."""

    def __init__(self, api: KubeApi, authority: Authority) -> None:
        self._api = api
        self._bundle = base64.b64encode(authority.certificate.read_bytes()).decode()

    def step(self) -> None:
        """Look at every webhook once."""
        for plural in CONFIGURATIONS:
            for item in self._api.items(f"{REGISTRATION}/{plural}", resourceVersion="0"):
                webhooks = item.get("webhooks") or []
                if all(hook["clientConfig"].get("caBundle") == self._bundle for hook in webhooks):
                    continue
                for hook in webhooks:
                    hook["clientConfig"]["caBundle"] = self._bundle
                path = f"{REGISTRATION}/{plural}/{item['metadata']['name']}"
                self._api.merge(path, {"webhooks": webhooks})
