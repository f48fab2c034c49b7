"""A client and a recording server of HTTP/2 without TLS, as gRPC inside the cluster speaks it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import h2.config
import h2.connection
import h2.events

SECONDS = 10
_CHUNK = 65_536


@dataclass(frozen=True)
class Answer:
    """Status of HTTP, and of gRPC where there is one."""

    status: int
    grpc_status: str | None


def request(
    address: str,
    path: str,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """One request on a connection of its own; `path` goes out as it is."""
    host, port = address.split(":")
    connection = h2.connection.H2Connection(
        h2.config.H2Configuration(
            header_encoding="utf-8",
            # What is sent may be wrong on purpose.
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
    )
    with socket.create_connection((host, int(port)), timeout=SECONDS) as client:
        connection.initiate_connection()
        stream = connection.get_next_available_stream_id()
        fields = [
            (":method", method),
            (":scheme", "http"),
            (":authority", address),
            (":path", path),
            *(headers or {"content-type": "application/grpc", "te": "trailers"}).items(),
        ]
        connection.send_headers(stream, fields, end_stream=not body)
        if body:
            connection.send_data(stream, body, end_stream=True)
        client.sendall(connection.data_to_send())
        return _answer(client, connection)


def _answer(client: socket.socket, connection: h2.connection.H2Connection) -> Answer:
    answered: dict[str, str] = {}
    while True:
        data = client.recv(_CHUNK)
        if not data:
            raise ConnectionError("the connection was closed before an answer")
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
                answered |= _texts(event.headers or [])
            if isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                status = answered.get(":status", "400")
                return Answer(int(status), answered.get("grpc-status"))
            if isinstance(event, h2.events.StreamEnded):
                return Answer(int(answered[":status"]), answered.get("grpc-status"))
        client.sendall(connection.data_to_send())


def _texts(headers: Sequence[tuple[object, object]]) -> dict[str, str]:
    def text(value: object) -> str:
        return value.decode() if isinstance(value, bytes) else str(value)

    return {text(name): text(value) for name, value in headers}


@dataclass(frozen=True)
class Received:
    """A request as a back end saw it."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


class GrpcRecorder:
    """A back end that answers every call with OK and remembers it; a context manager."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:" + str(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._converse, args=(client,), daemon=True).start()

    def _converse(self, client: socket.socket) -> None:
        connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        connection.initiate_connection()
        with client:
            client.sendall(connection.data_to_send())
            while data := client.recv(_CHUNK):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        headers = _texts(event.headers or [])
                        self.received.append(
                            Received(headers[":method"], headers[":path"], headers)
                        )
                    if isinstance(event, h2.events.DataReceived) and event.stream_id:
                        connection.acknowledge_received_data(
                            event.flow_controlled_length or 0, event.stream_id
                        )
                    if isinstance(event, h2.events.StreamEnded) and event.stream_id:
                        ok = [(":status", "200"), ("content-type", "application/grpc")]
                        connection.send_headers(event.stream_id, ok)
                        connection.send_headers(
                            event.stream_id, [("grpc-status", "0")], end_stream=True
                        )
                client.sendall(connection.data_to_send())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
