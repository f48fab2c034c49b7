"""Certificates of the rehearsed cluster."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

from verification.rehearsal.cluster.certificates import Authority
from verification.rehearsal.processes import LOOPBACK


def test_they_are_accepted_with_the_strictest_checks(tmp_path: Path) -> None:
    # Those that Python has by default since 3.13, whatever Python runs the test.
    authority = Authority(tmp_path)
    pair = authority.server("api", ["localhost"], [LOOPBACK])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair.certificate, pair.key)
    client = ssl.create_default_context(cafile=str(authority.certificate))
    client.verify_flags |= ssl.VERIFY_X509_STRICT

    with socket.create_server((LOOPBACK, 0)) as listening:

        def answer() -> None:
            accepted, _ = listening.accept()
            with server.wrap_socket(accepted, server_side=True) as connection:
                connection.sendall(b"ok")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        address = listening.getsockname()[:2]
        with (
            socket.create_connection(address, timeout=60) as plain,
            client.wrap_socket(plain, server_hostname=LOOPBACK) as connection,
        ):
            assert connection.recv(2) == b"ok"
        thread.join(60)
