"""A server on loopback that answers in a thread of its own, for as long as a context lasts."""

import socketserver
import threading
from types import TracebackType
from typing import Self

POLL_SECONDS = 0.05
"""How soon it notices that it is to stop."""


class Serving:
    """A context manager that starts a server, and stops it whatever happens."""

    def __init__(self, server: socketserver.BaseServer) -> None:
        self._serving = server
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._serving.shutdown()
        self._serving.server_close()
        self._thread.join()
