"""Stand-ins on loopback for what Alertmanager talks to: Slack, other webhooks, a mail server.

They remember what they were sent. The mail server speaks as much of SMTP (RFC 5321, STARTTLS of
RFC 3207, AUTH PLAIN of RFC 4954) as a client needs that insists on TLS and has a password.
"""

import base64
import datetime
import email
import email.policy
import ipaddress
import json
import socketserver
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from verification.rehearsal.processes import LOOPBACK
from verification.rehearsal.serving import POLL_SECONDS, Serving


@dataclass(frozen=True, kw_only=True)
class Post:
    """A webhook that was called: the path says which one."""

    path: str
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Mail:
    """An e-mail, the address it was delivered to, and whether over TLS and with which login."""

    recipient: str
    encrypted: bool
    login: tuple[str, str] | None
    message: EmailMessage

    def part(self, kind: str) -> str:
        """The body of a content type such as `text/html`."""
        for part in self.message.iter_parts():
            if part.get_content_type() == kind:
                return str(part.get_content())
        raise LookupError(f"no {kind} in the e-mail")


class _Posts(ThreadingHTTPServer):
    daemon_threads = True
    posts: list[Post]


class _PostHandler(BaseHTTPRequestHandler):
    server: _Posts

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append(Post(path=self.path, body=json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what came is remembered."""


@contextmanager
def webhooks() -> Iterator[tuple[str, list[Post]]]:
    """Address without a slash at its end, and the list that fills while the server runs."""
    server = _Posts((LOOPBACK, 0), _PostHandler)
    server.posts = []
    with Serving(server):
        yield f"http://{LOOPBACK}:{server.server_address[1]}", server.posts


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    mails: list[Mail]
    tls: ssl.SSLContext


class _MailHandler(socketserver.StreamRequestHandler):
    server: _MailServer

    def handle(self) -> None:
        self.encrypted = False
        self.login: tuple[str, str] | None = None
        self.recipients: list[str] = []
        # A client that is stopped hangs up in the middle: what it did not finish, it did not send.
        with suppress(OSError):
            self._serve()

    def _serve(self) -> None:
        self._say("220 sink ESMTP")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            self._answer(verb.upper(), rest)

    def _answer(self, verb: str, rest: str) -> None:
        match verb:
            case "EHLO" | "HELO":
                offered = "AUTH PLAIN" if self.encrypted else "STARTTLS"
                self._say(f"250-sink\r\n250 {offered}")
            case "STARTTLS":
                self._say("220 go on")
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
                self.encrypted = True
                self.setup()
            case "AUTH":
                _, user, password = base64.b64decode(rest.split()[-1]).decode().split("\0")
                self.login = (user, password)
                self._say("235 welcome")
            case "RCPT":
                self.recipients.append(rest.partition(":")[2].strip("<> "))
                self._say("250 ok")
            case "DATA":
                self._say("354 end with a dot")
                self._take()
                self._say("250 taken")
            case _:
                self._say("250 ok")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise ConnectionAbortedError
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        for recipient in self.recipients:
            self.server.mails.append(
                Mail(
                    recipient=recipient,
                    encrypted=self.encrypted,
                    login=self.login,
                    message=message,
                )
            )

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(folder: Path) -> Iterator[tuple[int, Path, list[Mail]]]:
    """Port, certificate to trust (made here, for an hour), and the list that fills."""
    certificate, key = _certificate(folder)
    server = _MailServer((LOOPBACK, 0), _MailHandler)
    server.mails = []
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate, key)
    with Serving(server):
        yield int(server.server_address[1]), certificate, server.mails


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; whether it was met in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(POLL_SECONDS)
    return condition()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail sink")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address(LOOPBACK))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    files = folder / "mail.pem", folder / "mail.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files
