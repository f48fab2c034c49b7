"""Generated parts of docs/operations: cost review, and policies of retention, sampling, limits."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.backend_sizes import BACKENDS
from blueprint.buckets import NONCURRENT_STATE_DAYS, SAFETY_MARGIN_DAYS
from blueprint.sizes import METRICS
from cost import inventory
from cost.estimate import Estimate, estimate
from cost.flows import flows, kept_share
from cost.inventory import Inventory
from cost.prices import regions
from cost.recommend import FLOORS, METRICS_FLOOR, ORDER, SAMPLING_FLOOR, WORTH_PERCENT, floor
from cost.sensitivity import samplings
from cost.tables import Table, compared, components, remarks, sensitivity, shown, units
from cost.workload import Assumptions, load_workload, workload_path
from docgen.markdown import Row, between, code, table
from helm_values.kube_prometheus_stack import stage_prometheus
from helm_values.otel_collector import collector_guards, otel_gateway_config
from helm_values.static_values import static_values
from helm_values.tempo import tempo_tenants
from settings.model import Settings
from settings.node_sizes import SIZES
from synthesis.foundation import all_settings

REVIEW = "docs/operations/cost-review.md"
RETENTION = "docs/operations/retention.md"
SAMPLING = "docs/operations/sampling.md"
CARDINALITY = "docs/operations/cardinality.md"
BEGIN = "<!-- figures: written by `make docs` -->"
END = "<!-- end of figures -->"


def blocks() -> dict[str, str]:
    """The generated part of each page, by its path."""
    settings = all_settings()
    return {
        REVIEW: review_block(settings),
        RETENTION: retention_block(settings),
        SAMPLING: sampling_block(settings),
        CARDINALITY: cardinality_block(),
    }


def renewed(name: str, text: str, block: str) -> str:
    """A page with its generated part replaced.

    Raises:
        ValueError: the page has no such part.
    """
    return between(text, name, BEGIN, END, block)


# --- cost-review.md -------------------------------------------------------------------------------


def review_block(settings: dict[str, Settings]) -> str:
    """Bills of all environments, and for the most expensive of them what changes the bill.

    An environment in a region without a price table is in one line instead.
    """
    estimates = {
        name: estimate(environment, inventory.plan(environment))
        for name, environment in settings.items()
        if environment.region in regions()
    }
    sections = [
        f"Not estimated: {code(name)}, as there is no price table of {code(environment.region)} in "
        "`cost/prices/`."
        for name, environment in settings.items()
        if name not in estimates
    ]
    if estimates:
        sections += _bills(estimates)
    sections.append("## What the model assumes\n\n" + _assumptions())
    return "\n\n".join(section.rstrip() for section in sections)


def _bills(estimates: dict[str, Estimate]) -> list[str]:
    production = estimates[max(estimates, key=lambda name: estimates[name].bill.total)]
    name = production.settings.environment
    return [
        "## The month, in US dollars\n\n" + _months(estimates),
        "## Where it goes\n\n" + _components(estimates),
        f"## What a unit of telemetry costs in {name}\n\n" + _markdown(units(production)),
        f"## What one change alone makes of {name}\n\n" + _markdown(sensitivity(production)),
        f"## The telemetry of {name} bought elsewhere\n\n" + _markdown(compared(production)),
        "## How sure this is\n\n" + "\n".join(f"- {text}" for text in remarks(production)),
    ]


def _months(estimates: dict[str, Estimate]) -> str:
    rows: list[Row] = [
        ("Workload", *(estimate_.workload.description for estimate_ in estimates.values())),
        ("Size", *(estimate_.settings.size for estimate_ in estimates.values())),
        (
            "All that the stacks make",
            *(f"**{estimate_.bill.total:,.0f}**" for estimate_ in estimates.values()),
        ),
        (
            "of it telemetry",
            *(f"{estimate_.bill.telemetry:,.0f}" for estimate_ in estimates.values()),
        ),
        (
            "Budget (`cost.monthly_budget_usd`)",
            *(
                f"{estimate_.settings.cost.monthly_budget_usd:,}"
                for estimate_ in estimates.values()
            ),
        ),
        (
            "Share of the budget",
            *(
                f"{estimate_.bill.total / estimate_.settings.cost.monthly_budget_usd:.0%}"
                for estimate_ in estimates.values()
            ),
        ),
        ("A year", *(f"{estimate_.bill.total * 12:,.0f}" for estimate_ in estimates.values())),
    ]
    return table(("", *estimates), rows)


def _components(estimates: dict[str, Estimate]) -> str:
    names = list(
        dict.fromkeys(
            row[0] for estimate_ in estimates.values() for row in components(estimate_).rows
        )
    )
    # The total comes last also where an environment has a component that another has not.
    names.sort(key=lambda name: name == "Total")
    rows: list[Row] = []
    for name in names:
        cells = []
        for estimate_ in estimates.values():
            component = next(
                (row for row in components(estimate_).rows if row[0] == name), (name, 0.0, 0.0)
            )
            cells += [shown(component[1]), shown(component[2])]
        rows.append((name, *cells))
    headings = [h for name in estimates for h in (name, f"{name}: of it telemetry")]
    return table(("Component", *headings), rows)


def _markdown(figures: Table) -> str:
    return table(figures.headings, (tuple(map(shown, row)) for row in figures.rows))


def _assumptions() -> str:
    rows = (
        (code(name), field.default, " ".join((field.description or "").split()))
        for name, field in Assumptions.model_fields.items()
    )
    return table(("Assumption", "Value", "Source"), rows)


# --- retention.md ---------------------------------------------------------------------------------


def retention_block(settings: dict[str, Settings]) -> str:
    """Days of each signal and namespace: set, deleted by the back end, deleted by the bucket."""
    sections = [
        "## Days, by environment\n\n"
        + table(
            ("Environment", "What", "Kept, days", "Bucket deletes after", "Floor of proposals"),
            (row for environment in settings.values() for row in _kept(environment)),
        ),
        "## What is given up first\n\n"
        "`make cost BUDGET=...` takes these steps, in this order, and stops as soon as the bill "
        f"fits. It leaves out steps that save less than {WORTH_PERCENT} % of the budget, unless "
        "nothing else is left. No step goes below a floor.\n\n"
        + table(("", "What", "Means"), ((i, r.what, r.costs) for i, r in enumerate(ORDER, 1))),
    ]
    return "\n\n".join(section.rstrip() for section in sections)


def _kept(settings: Settings) -> Iterator[Row]:
    name = settings.environment
    planned: Inventory = inventory.plan(settings)
    buckets = dict(planned.bucket_days)
    for signal in FLOORS:
        for namespace, space in settings.namespaces.items():
            days = getattr(space.retention_days, signal)
            gone = buckets[f"{signal}/{namespace}"]
            yield name, f"{signal} of `{namespace}`", days, gone, floor(signal, namespace)
    for resolution, least in METRICS_FLOOR.items():
        days = getattr(settings.retention_days.metrics, resolution)
        words = resolution.replace("_", " ")
        yield name, f"metrics, {words}", days, buckets["metrics"], least
    backups = settings.retention_days.backups
    yield name, "backups (locked)", backups, f"{backups + SAFETY_MARGIN_DAYS}, once deleted", "-"
    yield name, "VPC flow logs", buckets["flow-logs"], buckets["flow-logs"], "-"
    yield name, "control-plane logs", settings.cluster.log_retention_days, "CloudWatch", "-"
    yield name, "replaced Terraform states", NONCURRENT_STATE_DAYS, NONCURRENT_STATE_DAYS, "-"


# --- sampling.md ----------------------------------------------------------------------------------


def sampling_block(settings: dict[str, Settings]) -> str:
    """What each stage keeps, and what that is of the committed workloads."""
    headings = (
        "Environment", "Stage", "Ordinary traces kept", "Slow from", "Decided after",
        "Spans/s before", "kept", "Share of all kept",
    )  # fmt: skip
    return (
        "## What each stage keeps\n\n"
        + table(
            headings, (row for environment in settings.values() for row in _sampled(environment))
        ).rstrip()
        + f"\n\nFloor of proposals: {SAMPLING_FLOOR} % of the ordinary traces."
    )


def _sampled(settings: Settings) -> Iterator[Row]:
    workload = load_workload(workload_path(settings.environment), settings)
    by_name = {flow.namespace: flow for flow in flows(settings, workload)}
    for stage, percent in samplings(settings).items():
        sampling = settings.sampling(stage)
        flow, load = by_name[stage], workload.namespaces.get(stage)
        share = kept_share(load.kept_anyway_percent if load else 0, percent)
        yield (
            settings.environment,
            stage,
            f"{percent} %",
            f"{sampling.slow_trace_ms:,} ms",
            f"{otel_gateway_config.decision_wait_seconds(sampling)} s",
            f"{flow.spans:,.0f}",
            f"{flow.spans_kept:,.0f}",
            f"{share:.1%}",
        )


# --- cardinality.md -------------------------------------------------------------------------------


def cardinality_block() -> str:
    """Every limit with its number in each size, from the values that enforce it."""
    limits = loki_limits()
    headings = ("Limit", *SIZES, "Enforced by", "Beyond it")
    gateway = "gateway, `helm_values/otel_collector/collector_guards.py`"
    rows: list[Row] = [
        (
            "Attributes that become labels of metrics",
            *(f"{len(collector_guards.METRIC_ATTRIBUTES)} patterns",) * 3,
            gateway,
            "dropped; points that only they told apart are added up",
        ),
        (
            "Known identifiers among those",
            *(f"{len(collector_guards.UNBOUNDED_ATTRIBUTES)} patterns",) * 3,
            gateway,
            "dropped",
        ),
        ("Labels of a data point", *(collector_guards.MAX_LABELS,) * 3, gateway, "dropped"),
        (
            "Length of a label's value and of a span's name",
            *(collector_guards.MAX_LABEL_LENGTH,) * 3,
            gateway,
            "cut",
        ),
        (
            "Series of span metrics, each gateway, workload, kind and status",
            *(f"{BACKENDS[s].gateway.span_series:,}" for s in SIZES),
            "gateway, `span_metrics.aggregation_cardinality_limit`",
            "one series with `otel_metric_overflow`; alert `SpanMetricsOverflow`",
        ),
        (
            "Traces that wait for a decision, each gateway",
            *(f"{BACKENDS[s].gateway.traces_in_memory:,}" for s in SIZES),
            "gateway, `tail_sampling.num_traces`",
            "the oldest is decided early; alert `TailSamplingDroppingEarly`",
        ),
        (
            "Active series of a stage",
            *(f"{METRICS[s].stage_prometheus.active_series:,}" for s in SIZES),
            "nothing: it is what the memory of the stage's Prometheus is made for",
            "alert `StageSeriesNearBudget`; then that Prometheus alone runs out of memory",
        ),
        (
            "Samples of one scrape in a stage",
            *(f"{stage_prometheus.sample_limit(METRICS[s].stage_prometheus):,}" for s in SIZES),
            "Prometheus, `enforcedSampleLimit`",
            "the scrape fails, and the target is down",
        ),
        (
            "Active series of the platform",
            *(f"{METRICS[s].prometheus.active_series:,}" for s in SIZES),
            "nothing: it is what the memory is made for",
            "alert `SeriesNearCapacity`; then out of memory",
        ),
        (
            "Streams of a tenant in Loki",
            *(f"{BACKENDS[s].loki.streams_per_tenant:,}" for s in SIZES),
            "Loki, `max_global_streams_per_user`",
            "new streams are refused; alert `LokiDiscardingLines`",
        ),
        (
            "Labels of a stream",
            *(limits["max_label_names_per_series"],) * 3,
            "Loki, `max_label_names_per_series`",
            "refused; alert `LokiDiscardingLines`",
        ),
        ("Length of a line", *(limits["max_line_size"],) * 3, "Loki, `max_line_size`", "cut"),
        (
            "Log bytes of a tenant, MB/s",
            *(BACKENDS[s].loki.ingestion_mb_per_second for s in SIZES),
            "Loki, `ingestion_rate_mb`",
            "refused and sent again; alert `LokiDiscardingLines`",
        ),
        (
            "Live traces of a tenant in Tempo",
            *(f"{BACKENDS[s].tempo.traces_per_tenant:,}" for s in SIZES),
            "Tempo, `max_traces_per_user`",
            "refused; alert `TempoDiscardingSpans`",
        ),
        (
            "Size of a trace, MB",
            *(tempo_tenants.MAX_TRACE_MB,) * 3,
            "Tempo, `max_bytes_per_trace`",
            "later spans of it are refused; alert `TempoDiscardingSpans`",
        ),
        (
            "Span bytes of a tenant, MB/s",
            *(BACKENDS[s].tempo.ingestion_mb_per_second for s in SIZES),
            "Tempo, `rate_limit_bytes`",
            "refused and sent again; alert `TempoDiscardingSpans`",
        ),
        (
            "Series of the service graph, each tenant",
            *(f"{BACKENDS[s].tempo.traces_per_tenant:,}" for s in SIZES),
            "Tempo, `metrics_generator.max_active_series`",
            "no new series",
        ),
    ]
    return "## Limits\n\n" + table(headings, rows).rstrip()


def loki_limits() -> dict[str, object]:
    """Limits of Loki that are the same in every size."""
    limits: dict[str, object] = static_values("loki")["loki"]["limits_config"]
    return limits
