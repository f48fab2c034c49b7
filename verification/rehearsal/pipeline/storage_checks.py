"""Promises about metrics in S3: credentials that expire, and a Prometheus that loses its disk.

Both use the pipeline that runs: its sidecar, store and querier, and the emulated S3 behind a proxy
that can answer as S3 does to an expired token.
"""

import json
import shutil
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

from signals.metrics import ENVIRONMENT
from verification.rehearsal.pipeline import collectors, otlp_client
from verification.rehearsal.pipeline.faults import GROUP
from verification.rehearsal.pipeline.faulty_proxy import EXPIRED_TOKEN
from verification.rehearsal.pipeline.local_pipeline import Pipeline
from verification.rehearsal.pipeline.metrics_backend import BLOCK_SECONDS
from verification.rehearsal.pipeline.scenario import wait_until
from verification.rehearsal.processes import RunningProcess
from verification.rehearsal.verdicts import CheckFailedError, Verdict, expect

UPLOAD_SECONDS = 30
"""How often the sidecar looks for blocks to upload; not a setting of Thanos."""

QUERIER_SECONDS = 120
"""In which the querier learns what the store has by now; it asks every five seconds."""

EXPIRED_PROMISE = (
    "no process ends; the last hours can still be asked for; every block is uploaded once the "
    "credentials are valid again"
)
DRILL_PROMISE = (
    "samples in uploaded blocks are answered from the bucket with the same values; the new "
    "Prometheus takes data again, and what gateways held meanwhile arrives"
)
_MARGIN_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of Prometheus in the bucket; times in seconds since 1970."""

    name: str
    start: float
    end: float


def uploaded_blocks(pipeline: Pipeline, stage: str | None = None) -> list[Block]:
    """The blocks whose upload is complete (meta.json comes last), the oldest first.

    Of the Prometheus of a stage, which its external labels name, or of all.
    """
    s3, bucket = pipeline.s3_client(), pipeline.storage.bucket
    blocks = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", ()):
            name, _, rest = item["Key"].partition("/")
            if rest != "meta.json":
                continue
            meta = json.loads(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
            if stage and meta["thanos"]["labels"].get(ENVIRONMENT) != stage:
                continue
            blocks.append(
                Block(name=name, start=meta["minTime"] / 1000, end=meta["maxTime"] / 1000)
            )
    return sorted(blocks, key=lambda block: block.end)


def local_blocks(pipeline: Pipeline) -> set[str]:
    """The blocks on the disk of every Prometheus."""
    folders = [prometheus.plan.data for prometheus in pipeline.metrics.values()]
    return {meta.parent.name for data in folders for meta in data.glob("*/meta.json")}


def metric_of(process: RunningProcess, name: str) -> float:
    """The sum of a metric that a part of Thanos tells about itself."""
    with urllib.request.urlopen(f"{process.url}/metrics", timeout=60) as answer:  # noqa: S310
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def credentials_expire(pipeline: Pipeline) -> tuple[str, dict[str, float]]:
    """S3 answers ExpiredToken until sidecar and store have met it, and then works again.

    Returns:
        What happened, and the numbers of it.

    Raises:
        CheckFailedError: a promise was not kept.
    """
    wait = 2 * BLOCK_SECONDS + 2 * UPLOAD_SECONDS
    expect(
        wait_until(lambda: bool(local_blocks(pipeline)), wait, every=1), "Prometheus wrote no block"
    )
    sidecars = [prometheus.sidecar.process for prometheus in pipeline.metrics.values()]
    parts = [
        *sidecars,
        pipeline.store.process,
        pipeline.querier.process,
        *(prometheus.process for prometheus in pipeline.metrics.values()),
    ]
    users = [*sidecars, pipeline.store.process]
    before, failures = pipeline.s3.refused, [_failures(user) for user in users]
    pipeline.s3.refusal = EXPIRED_TOKEN
    try:
        expect(
            wait_until(
                lambda: all(
                    _failures(user) > so_far for user, so_far in zip(users, failures, strict=True)
                ),
                wait,
            ),
            f"sidecars and store did not all fail within {wait} s: is the bucket used at all?",
        )
        ended = [process.name for process in parts if not process.is_running()]
        expect(not ended, f"ended: {', '.join(ended)}")
        expect(
            bool(pipeline.prometheus.query("up")), "the querier does not answer for the last hours"
        )
    finally:
        pipeline.s3.refusal = None
    refused = pipeline.s3.refused - before
    local = local_blocks(pipeline)
    wait_until(lambda: local <= {block.name for block in uploaded_blocks(pipeline)}, wait, every=1)
    missing = local - {block.name for block in uploaded_blocks(pipeline)}
    expect(not missing, f"{len(missing)} of {len(local)} blocks are not in the bucket")
    numbers = {
        "sent": float(len(local)),
        "acknowledged": float(len(local)),
        "received": float(len(local)),
        "lost": 0.0,
        "refused": float(refused),
    }
    return f"{refused} requests to S3 were refused; all {len(local)} blocks are there now", numbers


def _failures(process: RunningProcess) -> float:
    # Not thanos_shipper_upload_failures_total: an upload that cannot even look is no upload there.
    return metric_of(process, "thanos_objstore_bucket_operation_failures_total")


def lose_prometheus_disk(pipeline: Pipeline, stage: str, expr: str) -> tuple[str, dict[str, float]]:
    """Kill a stage's Prometheus, delete its disk, read what it had from the bucket, start it again.

    Args:
        pipeline: the one that runs.
        stage: whose Prometheus it is.
        expr: what is asked before and after; it must have a value in an uploaded block.

    Returns:
        What happened, and the numbers of it.

    Raises:
        CheckFailedError: a promise was not kept.
    """
    lost = pipeline.metrics[stage]
    at, expected = _known_value(pipeline, stage, expr)
    blocks = uploaded_blocks(pipeline, stage)
    started = time.monotonic()
    lost.process.kill()
    shutil.rmtree(lost.plan.data)
    meanwhile = f"drill.{otlp_client.in_letters(str(int(time.time())))}"
    _send_counter(pipeline, stage, meanwhile)
    wait_until(lambda: _total(pipeline, expr, at) == expected, QUERIER_SECONDS)
    from_bucket = _total(pipeline, expr, at)
    expect(
        from_bucket == expected,
        f"{expr} at {at:.0f} was {expected:g}, from the bucket it is {from_bucket:g}",
    )
    lost.process = lost.plan.start()
    back = time.monotonic() - started
    name = f"{meanwhile.replace('.', '_')}_total"
    expect(
        wait_until(lambda: bool(pipeline.prometheus_of(stage).query(name)), 60),
        "what the gateway held while Prometheus was away did not arrive",
    )
    expect(
        wait_until(
            lambda: (
                _total(pipeline, expr, at) == expected and bool(pipeline.prometheus.query(name))
            ),
            60,
        ),
        "the querier does not give old and new data together",
    )
    detail = (
        f"{expr} gave {expected:g} before, and from {len(blocks)} blocks in the bucket; a new, "
        f"empty Prometheus answered after {back:.1f} s and got what the gateway held"
    )
    numbers = {"sent": expected, "received": from_bucket, "lost": expected - from_bucket}
    return detail, numbers


def _known_value(pipeline: Pipeline, stage: str, expr: str) -> tuple[float, float]:
    """A moment in a block that the store has loaded, and what the stage's Prometheus says of it."""

    def is_loaded() -> bool:
        loaded = metric_of(pipeline.store.process, "thanos_bucket_store_blocks_loaded")
        return bool(uploaded_blocks(pipeline)) and loaded >= len(uploaded_blocks(pipeline))

    wait = 2 * BLOCK_SECONDS + 2 * UPLOAD_SECONDS
    expect(wait_until(is_loaded, wait, every=1), "the store has not loaded the blocks uploaded")
    for block in reversed(uploaded_blocks(pipeline, stage)):
        at = block.end - _MARGIN_SECONDS
        value = sum(sample.value for sample in pipeline.prometheus_of(stage).query(expr, at))
        if value and at > block.start:
            return at, value
    raise CheckFailedError(f"no uploaded block has a value of {expr}")


def _total(pipeline: Pipeline, expr: str, at: float) -> float:
    return sum(sample.value for sample in pipeline.prometheus.query(expr, at))


def _send_counter(pipeline: Pipeline, stage: str, name: str) -> None:
    counter = otlp_client.counter(name, at_ns=time.time_ns(), points=[{}])
    otlp_client.post(
        pipeline.gateways[stage].url(collectors.OTLP_HTTP),
        "metrics",
        otlp_client.metrics({"service.name": "drill"}, [counter]),
    )


def judged(name: str, promise: str, run: Any) -> Verdict:
    """The verdict of one of the two."""
    started = time.monotonic()
    numbers: dict[str, float] = {}
    try:
        detail, numbers = run()
        failed = False
    except Exception as error:
        failed = True
        detail = str(error) if isinstance(error, CheckFailedError) else repr(error)
    return Verdict(
        group=GROUP,
        name=name,
        status="failed" if failed else "passed",
        detail=detail,
        seconds=time.monotonic() - started,
        promise=promise,
        numbers=numbers,
    )
