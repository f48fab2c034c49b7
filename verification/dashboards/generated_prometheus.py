"""Starts a real Prometheus with 24 hours of generated metrics and our own rules.

    signals.metrics --generated_metrics--> OpenMetrics --promtool--> blocks \\
    alertmanager.rules (recordings) -----------------------promtool--> blocks --> Prometheus

The day ends at a fixed moment in the past, so that what is drawn or checked is the same at every
run. Prometheus listens on loopback and scrapes nothing.
"""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml

from alertmanager.rules.all_rules import rule_groups
from helm_values.static_values import static_values
from settings.model import Settings
from tools.programs import program
from verification.dashboards.generated_metrics import all_series, write_openmetrics
from verification.rehearsal.processes import (
    LOOPBACK,
    RunningProcess,
    free_port,
    on_free_ports,
    start,
)
from verification.rehearsal.prometheus_api import PrometheusApi

END = int(datetime(2026, 11, 24, 15, tzinfo=UTC).timestamp())
"""A Tuesday noon in Sao Paulo: the end of what is generated."""

FINE_SECONDS, COARSE_SECONDS = 60, 150
"""Between two samples: in the last three hours and before, where rates over five minutes still find
two of them."""
_FINE_HOURS = 3
_PROMTOOL_SECONDS = 300


def scrape_seconds() -> int:
    """The scrape interval in the cluster, as in Grafana's Prometheus datasource."""
    text: str = static_values("prometheus")["prometheus"]["prometheusSpec"]["scrapeInterval"]
    return int(text.removesuffix("s"))


def times(hours: int) -> list[int]:
    """Moments of the samples of the last hours before END."""
    fine = min(hours, _FINE_HOURS) * 3600
    return [
        *range(END - hours * 3600, END - fine, COARSE_SECONDS),
        *range(END - fine, END + 1, FINE_SECONDS),
    ]


@contextmanager
def prometheus_on_generated_data(
    settings: Settings, folder: Path, *, hours: int
) -> Iterator[PrometheusApi]:
    """A Prometheus with the last `hours` before END; it is stopped at the end of the block.

    Raises:
        ProgramUnavailableError: promtool or prometheus is unavailable.
        RuntimeError: promtool refuses the data or the rules.
    """
    moments = times(hours)
    data, generated = folder / "data", folder / "generated.txt"
    write_openmetrics(all_series(settings), generated, moments)
    _promtool("create-blocks-from", "openmetrics", "--max-block-duration=48h", generated, data)
    generated.unlink()
    rules = folder / "recordings.yaml"
    rules.write_text(yaml.safe_dump({"groups": _recordings(settings)}), encoding="utf-8")
    with serving(folder, data) as first:
        _promtool(
            "create-blocks-from",
            "rules",
            f"--url={first.url}",
            f"--start={moments[0]}",
            f"--end={END}",
            f"--eval-interval={FINE_SECONDS}s",
            f"--output-dir={data.resolve()}",
            # By the path of its file a group is evaluated some seconds earlier or later.
            rules.name,
            folder=folder,
        )
    # Blocks of others are read at the start.
    with serving(folder, data) as second:
        yield PrometheusApi(url=second.url)


@contextmanager
def serving(
    folder: Path, data: Path, *, configuration: str = "", arguments: Sequence[str] = ()
) -> Iterator[RunningProcess]:
    """A Prometheus on loopback over a folder of blocks, with a configuration (none, if empty)."""
    file = folder / "prometheus.yaml"
    file.write_text(configuration or "{}\n", encoding="utf-8")

    def begin() -> RunningProcess:
        port = free_port()
        command = [
            str(program("prometheus")),
            f"--config.file={file}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address={LOOPBACK}:{port}",
            # The generated day may be old.
            "--storage.tsdb.retention.time=100y",
            "--log.level=warn",
            *arguments,
        ]
        return start(
            command,
            name="prometheus",
            port=port,
            log_path=folder / "prometheus.log",
            ready_path="/-/ready",
        )

    with on_free_ports(begin) as process:
        yield process


def _recordings(settings: Settings) -> list[dict[str, object]]:
    groups = [group.as_dict(settings) for group in rule_groups(settings)]
    return [
        {**group, "rules": recordings}
        for group in groups
        if (recordings := [rule for rule in group["rules"] if "record" in rule])
    ]


def _promtool(*arguments: str | Path, folder: Path | None = None) -> None:
    done = subprocess.run(
        [str(program("promtool")), "tsdb", *(str(argument) for argument in arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=_PROMTOOL_SECONDS,
        cwd=folder,
    )
    if done.returncode != 0:
        raise RuntimeError(f"promtool {arguments[0]} {arguments[1]}: {done.stderr.strip()}")
