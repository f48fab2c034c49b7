"""A well-behaved service beside hostile ones: what it sent, and what of it arrived."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from verification.rehearsal.neighbours.hostile_payloads import Payload, payload
from verification.rehearsal.pipeline import otlp_client

SERVICE = "neighbour"
METRIC = "neighbour.beats"
ROUTE = "/beats"
EVERY_SECONDS = 0.25
PATIENCE_SECONDS = 30
_RETRY_SECONDS = 0.25
_RETRYABLE = {429, 502, 503, 504}
"""What an SDK sends again (OTLP specification, "Failures")."""


def send(url: str, request: Payload, timeout: float = PATIENCE_SECONDS) -> int:
    """Send a request; the status of the answer.

    Raises:
        OSError: there was none.
    """
    post = urllib.request.Request(  # noqa: S310 - a gateway of our own
        f"{url}/v1/{request.signal}", data=request.body, headers=request.headers
    )
    try:
        with urllib.request.urlopen(post, timeout=timeout) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


@dataclass
class Neighbour:
    """Sends a point, a span and a log record every quarter of a second, in protobuf, with retries.

    A context manager: it sends until it is left.
    """

    url: Callable[[], str]
    """Where the gateway is: asked each time, since it may have been started again."""
    sent: list[int] = field(default_factory=list)
    """Numbers of the beats of which every signal was acknowledged."""
    given_up: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    _beating: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _began: int = field(default_factory=time.time_ns)

    def __enter__(self) -> "Neighbour":
        self._thread = threading.Thread(target=self._beat_until_stopped, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    @contextmanager
    def paused(self) -> Iterator[int]:
        """No beat is sent meanwhile; gives how many were acknowledged so far.

        What arrives later than it is asked for could otherwise be taken for what was lost before.
        """
        with self._beating:
            yield len(self.sent)

    def wait_for_beats(self, number: int) -> None:
        """Return when so many more were acknowledged, or it gave up."""
        enough = len(self.sent) + number
        while len(self.sent) < enough and not self.given_up:
            time.sleep(0.05)

    def _beat_until_stopped(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            with self._beating:
                if all(self._acknowledged(request, number) for request in self._requests(number)):
                    self.sent.append(number)
            self._stop.wait(EVERY_SECONDS)

    def _acknowledged(self, request: Payload, number: int) -> bool:
        began = time.monotonic()
        reason = ""
        while time.monotonic() - began < PATIENCE_SECONDS:
            try:
                status = send(self.url(), request)
            except OSError as error:
                reason = str(error)
            else:
                if status == HTTPStatus.OK:
                    self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
                    return True
                reason = f"status {status}"
                if status not in _RETRYABLE:
                    break
            time.sleep(_RETRY_SECONDS)
        self.given_up.append(f"{request.signal} of beat {number}: {reason}")
        return False

    def _requests(self, number: int) -> list[Payload]:
        resource = {"service.name": SERVICE}
        now = time.time_ns()
        trace = sha256(f"neighbour {number}".encode()).hexdigest()
        spans: list[Any] = [
            otlp_client.span(
                trace[:32],
                trace[32:48],
                f"GET {ROUTE}",
                start_ns=now - 10_000_000,
                end_ns=now,
                attributes={"http.request.method": "GET", "http.route": ROUTE},
            )
        ]
        beats = {
            "name": METRIC,
            "sum": {
                "aggregationTemporality": 2,
                "isMonotonic": True,
                "dataPoints": [
                    {
                        "startTimeUnixNano": str(self._began),
                        "timeUnixNano": str(now),
                        "asInt": str(number),
                    }
                ],
            },
        }
        record = otlp_client.log_record(f"beat {number}", at_ns=now)
        return [
            payload("metrics", otlp_client.metrics(resource, [beats]), "protobuf"),
            payload("traces", otlp_client.traces(resource, spans), "protobuf"),
            payload("logs", otlp_client.logs(resource, [record]), "protobuf"),
        ]
