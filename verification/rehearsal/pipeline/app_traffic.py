"""Requests to the sample applications, and what each of them should have left in the back ends.

Every request carries a `traceparent` (W3C Trace Context) of its own, so it is known which trace
must exist, where, and whether the sampler must keep it.
"""

import http.client
import json
import secrets
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["list", "create", "slow", "fail"]

PATHS: dict[Kind, tuple[str, str, int]] = {
    "list": ("GET", "/orders", 200),
    "create": ("POST", "/orders", 201),
    "slow": ("GET", "/orders/slow", 200),
    "fail": ("GET", "/orders/fail", 500),
}
"""Method, path and expected status of each kind of request."""

SECONDS = 30
ORDER = json.dumps({"item": "book", "quantity": 1})


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request that was answered; `services` take part in its trace, the called one first."""

    stage: str
    services: tuple[str, ...]
    kind: Kind
    trace_id: str
    status: int
    seconds: float
    at: float

    @property
    def failed(self) -> bool:
        """Whether its trace has an error."""
        return self.status >= 500


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Applications of one stage of which each calls the next.

    `urls` are by service and in the order of the calls.
    """

    stage: str
    urls: Mapping[str, str]

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services, in the order of the calls."""
        return tuple(self.urls)

    def behind(self, service: str, kind: Kind) -> tuple[str, ...]:
        """The services that take part when one is asked."""
        if kind in ("slow", "fail"):
            return (service,)  # they are answered without asking the next one
        return self.services[self.services.index(service) :]


class UnexpectedAnswerError(RuntimeError):
    """An application did not answer as its kind of request is answered."""


def send(chain: Chain, service: str, kind: Kind) -> Sent:
    """Send one request.

    Raises:
        UnexpectedAnswerError: the status is another one, or there was no answer.
    """
    method, path, expected = PATHS[kind]
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    if method == "POST":
        headers["Content-Type"] = "application/json"
    url = chain.urls[service]
    started = time.time()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
    try:
        connection.request(method, path, ORDER if method == "POST" else None, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise UnexpectedAnswerError(f"{method} {path} of {service}: {error!r}") from error
    finally:
        connection.close()
    if answer.status != expected:
        raise UnexpectedAnswerError(
            f"{method} {path} of {service} in {chain.stage}: {answer.status}, expected {expected}"
        )
    return Sent(
        stage=chain.stage,
        services=chain.behind(service, kind),
        kind=kind,
        trace_id=trace_id,
        status=answer.status,
        seconds=time.time() - started,
        at=started,
    )


@dataclass
class Traffic:
    """Requests that go on until they are stopped; what was sent is in `sent`."""

    chains: Sequence[Chain]
    per_second: float = 4.0
    sent: list[Sent] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _burst: set[str] = field(default_factory=set)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Send to every chain at the same time."""
        for chain in self.chains:
            thread = threading.Thread(target=self._run, args=(chain,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stop, and wait for the last answers."""
        self._stop.set()
        for thread in self._threads:
            thread.join(SECONDS)

    def fail_in(self, stage: str, *, on: bool) -> None:
        """Let every second request of a stage fail, or no more than before."""
        (self._burst.add if on else self._burst.discard)(stage)

    def once(self, plan: Iterable[tuple[Chain, str, Kind]]) -> None:
        """Send some requests at the same time and wait for their answers."""
        with ThreadPoolExecutor(max_workers=8) as pool:
            for chain, service, kind in plan:
                pool.submit(self._send, chain, service, kind)

    def _run(self, chain: Chain) -> None:
        first = chain.services[0]
        number = 0
        while not self._stop.wait(1 / self.per_second):
            number += 1
            if chain.stage in self._burst and number % 2:
                self._send(chain, first, "fail")
            else:
                self._send(chain, first, "create" if number % 3 == 0 else "list")

    def _send(self, chain: Chain, service: str, kind: Kind) -> None:
        try:
            self.sent.append(send(chain, service, kind))
        except UnexpectedAnswerError as error:
            self.unexpected.append(str(error))


def every_kind(chains: Sequence[Chain], times: int) -> list[tuple[Chain, str, Kind]]:
    """Slow and failing requests to every application, so many of each."""
    kinds: tuple[Kind, ...] = ("slow", "fail")
    return [
        (chain, service, kind)
        for _ in range(times)
        for chain in chains
        for service in chain.services
        for kind in kinds
    ]
