"""Sends requests at a fixed rate, and records the answers of the collector.

The rate does not wait for answers (an open loop), and a request's time runs from when it was due:
a collector that stalls is charged for every request that had to wait meanwhile, as applications
would be ("coordinated omission", G. Tene).
"""

import http.client
import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlsplit

import numpy as np

from verification.load.load_model import Signal
from verification.load.load_payloads import Payload

CONNECTIONS = 8
TIMEOUT_SECONDS = 10
"""What an SDK waits for an answer (`OTEL_EXPORTER_OTLP_TIMEOUT`)."""


@dataclass
class Answers:
    """What came of the requests of one step; counts are of items."""

    offered: int = 0
    acknowledged: int = 0
    refused: int = 0
    failed: int = 0
    bytes_sent: int = 0
    """Of what was acknowledged."""
    milliseconds: list[float] = field(default_factory=list)
    """Of acknowledged requests, from when each was due."""

    def percentile(self, percent: float) -> float:
        """Milliseconds; 0 if nothing was acknowledged."""
        return float(np.percentile(self.milliseconds, percent)) if self.milliseconds else 0.0

    def add(self, other: "Answers") -> None:
        """Put another connection's answers to these."""
        self.acknowledged += other.acknowledged
        self.refused += other.refused
        self.failed += other.failed
        self.bytes_sent += other.bytes_sent
        self.milliseconds += other.milliseconds


def send(
    url: str,
    signal: Signal,
    payloads: Sequence[Payload],
    per_second: float,
    seconds: float,
    connections: int = CONNECTIONS,
) -> Answers:
    """Send for some seconds; what is not sent by then counts as offered and not acknowledged.

    Args:
        url: where the collector takes OTLP over HTTP.
        signal: what the payloads are.
        payloads: sent in turn.
        per_second: items.
        seconds: how long.
        connections: how many at the same time.
    """
    items = payloads[0].items
    requests = max(1, round(per_second * seconds / items))
    numbers = itertools.count()  # next() is atomic in CPython
    begin = time.monotonic() + 0.05
    results = [Answers() for _ in range(connections)]
    threads = [
        threading.Thread(
            target=_connection,
            args=(url, signal, payloads, numbers, requests, begin, seconds, result, seed),
            daemon=True,
        )
        for seed, result in enumerate(results)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = Answers(offered=requests * items)
    for result in results:
        total.add(result)
    return total


def _connection(
    url: str,
    signal: Signal,
    payloads: Sequence[Payload],
    numbers: "itertools.count[int]",
    requests: int,
    begin: float,
    seconds: float,
    answers: Answers,
    seed: int,
) -> None:
    where = urlsplit(url)
    random = Random(f"{seed} {time.time_ns()}")  # noqa: S311 - ids of traces, no secrets
    connection = http.client.HTTPConnection(where.netloc, timeout=TIMEOUT_SECONDS)
    headers = {"Content-Type": "application/x-protobuf"}
    while (number := next(numbers)) < requests:
        payload = payloads[number % len(payloads)]
        due = begin + seconds * number / requests
        body = payload.renewed(random)
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        if time.monotonic() > begin + seconds:
            return
        try:
            connection.request("POST", f"/v1/{signal}", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            answers.failed += payload.items
            connection.close()
            continue
        if answer.status == http.client.OK:
            answers.acknowledged += payload.items
            answers.bytes_sent += len(body)
            answers.milliseconds.append((time.monotonic() - due) * 1000)
        else:
            answers.refused += payload.items
    connection.close()
