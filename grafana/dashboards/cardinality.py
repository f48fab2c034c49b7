"""What telemetry costs: series, log and span bytes, and who makes most of them."""

from collections.abc import Sequence

from grafana.board import PLATFORM_FOLDER, DashboardFile, Section, board
from grafana.panels import HALF, QUARTER, Levels, Panel, Query, bars, lines, number
from grafana.queries import RATE, rate
from settings.model import OBSERVABILITY
from signals import metrics as m
from signals.metrics import ENVIRONMENT, SERVICE
from signals.uids import CARDINALITY

BY_STAGE = f"{{{{{ENVIRONMENT}}}}}"
BY_SERVICE = f"{BY_STAGE} {{{{{SERVICE}}}}}"
"""Legends: Grafana puts the value of a label in the place of its name in two braces."""

SECONDS_PER_DAY = 86_400
BYTES_PER_SAMPLE = 2
"""The upper end of the "1-2 bytes per sample" of Prometheus' documentation ("Storage")."""


def dashboard(series_of_platform: int, series_of_stage: int) -> DashboardFile:
    """Dashboard `Cost and cardinality`; the numbers are the size's series (blueprint/sizes.py)."""
    return board(
        CARDINALITY,
        "Cost and cardinality",
        "What drives the bill: series (memory of Prometheus), bytes a day (buckets), and the top "
        "talkers of each. Compare with docs/operations/capacity.md.",
        folder=PLATFORM_FOLDER,
        tags=["cost", "cardinality"],
        time_from="now-24h",
        sections=[
            Section(title="A day", panels=_per_day(series_of_platform, series_of_stage)),
            Section(title="Series", panels=_series()),
            Section(title="Top talkers", panels=_talkers()),
        ],
    )


def _daily(metric: m.Metric) -> str:
    return f"sum by (tenant) (rate({metric}[1h])) * {SECONDS_PER_DAY}"


def _per_day(series_of_platform: int, series_of_stage: int) -> Sequence[Panel]:
    return [
        number(
            "Share of its series used",
            f"Of the {series_of_stage:,} series of each stage, and the {series_of_platform:,} of "
            "the platform (observability). Above 80 %: find the top talkers below, or take the "
            "next size. Much above 100 %, the Prometheus of that stage runs out of memory.",
            "percentunit",
            Query(
                expr=f'max by (namespace) ({m.HEAD_SERIES}{{namespace="{OBSERVABILITY}"}}) '
                f"/ {series_of_platform} or max by (namespace) "
                f'({m.HEAD_SERIES}{{namespace!="{OBSERVABILITY}"}}) / {series_of_stage}',
                legend="{{namespace}}",
            ),
            width=QUARTER,
            levels=Levels(warning=0.8, critical=1),
        ),
        number(
            "Metrics a day",
            "Samples times two bytes: the upper end of what Prometheus' documentation says.",
            "bytes",
            Query(
                expr=f"sum(rate({m.SAMPLES_APPENDED}[1h])) * {SECONDS_PER_DAY * BYTES_PER_SAMPLE}",
                legend="metrics",
            ),
            width=QUARTER,
        ),
        number(
            "Logs a day",
            "Before compression, at the rate of the last hour.",
            "bytes",
            Query(expr=f"sum(rate({m.LOKI_BYTES}[1h])) * {SECONDS_PER_DAY}", legend="logs"),
            width=QUARTER,
        ),
        number(
            "Traces a day",
            "After sampling and before compression, at the rate of the last hour.",
            "bytes",
            Query(expr=f"sum(rate({m.TEMPO_BYTES}[1h])) * {SECONDS_PER_DAY}", legend="traces"),
            width=QUARTER,
        ),
        lines(
            "Logs a day by namespace",
            "GB a day if it went on like this. A step: a debug level that stayed on?",
            "bytes",
            [Query(expr=_daily(m.LOKI_BYTES), legend="{{tenant}}")],
            stacked=True,
        ),
        lines(
            "Traces a day by namespace",
            "GB a day after sampling. Less: lower sampling_percentage in the settings; errors and "
            "slow traces stay.",
            "bytes",
            [Query(expr=_daily(m.TEMPO_BYTES), legend="{{tenant}}")],
            stacked=True,
        ),
    ]


def _largest(*by: str) -> str:
    """The twenty values of labels with the most series, of those that have the labels."""
    labelled = "".join(f', {label}!=""' for label in by if label != "__name__")
    return f'topk(20, count by ({", ".join(by)}) ({{__name__=~".+"{labelled}}}))'


def _series() -> Sequence[Panel]:
    return [
        bars(
            "Series by metric",
            "The twenty largest. A histogram has a series for each bucket: fewer routes, or fewer "
            "labels.",
            "short",
            [Query(expr=_largest("__name__"), legend="{{__name__}}")],
        ),
        bars(
            "Series by namespace",
            "Scraped: by the namespace of what was scraped. Pushed: by the stage of whose gateway "
            "it came. Who grows without having grown?",
            "short",
            [
                Query(expr=_largest("namespace"), legend="{{namespace}}, scraped"),
                Query(expr=_largest(ENVIRONMENT), legend=f"{BY_STAGE}, pushed"),
            ],
        ),
        bars(
            "Series of applications by service",
            "What comes by OTLP, by stage and service: the largest twenty.",
            "short",
            [
                Query(
                    expr=_largest(ENVIRONMENT, SERVICE),
                    legend=BY_SERVICE,
                )
            ],
        ),
        bars(
            "Samples by scrape job",
            "Of one scrape of all targets. Each costs memory, every 30 seconds a sample.",
            "short",
            [Query(expr=f"topk(20, sum by (job) ({m.SCRAPE_SAMPLES}))", legend="{{job}}")],
        ),
        lines(
            "Series of span metrics by service",
            "Routes × methods × status codes × buckets. A jump: a route with an id in its name.",
            "short",
            [
                Query(
                    expr=f"count by ({ENVIRONMENT}, {SERVICE}) ({m.DURATION.bucket})",
                    legend=BY_SERVICE,
                )
            ],
        ),
        lines(
            "Requests beyond the gateway's bound of series",
            "Counted in one series with otel_metric_overflow. Above 0: routes cannot be told apart "
            "any more; find the service at the left.",
            "reqps",
            [
                Query(
                    expr=rate(m.CALLS, 'otel_metric_overflow="true"', ENVIRONMENT),
                    legend=BY_STAGE,
                )
            ],
        ),
    ]


def _talkers() -> Sequence[Panel]:
    return [
        lines(
            "Spans by service",
            "Spans per second before sampling; the ten largest. Many for each request: too much "
            "automatic instrumentation.",
            "short",
            [
                Query(
                    expr=f"topk(10, sum by ({ENVIRONMENT}, {SERVICE}) (rate({m.CALLS}[{RATE}])))",
                    legend=BY_SERVICE,
                )
            ],
            width=HALF,
        ),
        lines(
            "Log lines by namespace",
            "Lines per second. Which service: Logs, bytes by container.",
            "short",
            [Query(expr=rate(m.LOKI_LINES, "", "tenant"), legend="{{tenant}}")],
            width=HALF,
        ),
    ]
