"""Panels: small functions over grafana-foundation-sdk, so that all dashboards look and read alike.

Each panel has a title, a description that says what to do, and a unit. Queries are made elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    logs,
    loki,
    nodegraph,
    prometheus,
    stat,
    table,
    tempo,
    timeseries,
)
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from signals.uids import LOKI_UID, PROMETHEUS_UID, TEMPO_UID

PROMETHEUS = DataSourceRef(type_val="prometheus", uid=PROMETHEUS_UID)
LOKI = DataSourceRef(type_val="loki", uid=LOKI_UID)
TEMPO = DataSourceRef(type_val="tempo", uid=TEMPO_UID)

FULL, HALF, THIRD, QUARTER, SIXTH = 24, 12, 8, 6, 4
"""Widths in Grafana's grid of 24 columns."""
HEIGHT, STAT_HEIGHT = 8, 4

Panel = timeseries.Panel | stat.Panel | bargauge.Panel | table.Panel | logs.Panel | nodegraph.Panel


@dataclass(frozen=True, kw_only=True)
class Query:
    """A PromQL expression and how its answers are called, as in `{{service_name}}`."""

    expr: str
    legend: str
    exemplars: bool = False


@dataclass(frozen=True, kw_only=True)
class Levels:
    """From which value on a panel is yellow and red; `falling`: below which."""

    warning: float
    critical: float
    falling: bool = False


ERROR_LEVELS = Levels(warning=0.01, critical=0.05)
BUDGET_LEVELS = Levels(warning=0.5, critical=0.1, falling=True)
"""The same everywhere: share of failed requests, share of an error budget left."""


def lines(
    title: str,
    description: str,
    unit: str,
    queries: Sequence[Query],
    *,
    width: int = HALF,
    levels: Levels | None = None,
    stacked: bool = False,
    minimum: float | None = 0,
    maximum: float | None = None,
    link: str | None = None,
) -> timeseries.Panel:
    """Values over time, one line for each series, the mean and the last in the legend.

    `link` is where a click on a line leads (path below Grafana's address).
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .height(HEIGHT)
        .span(width)
        .line_width(1)
        .fill_opacity(30 if stacked else 8)
        .show_points(common_model.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(common_model.LegendDisplayMode.TABLE)
            .placement(common_model.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["mean", "lastNotNull"])
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(common_model.TooltipDisplayMode.MULTI)
            .sort(common_model.SortOrder.DESCENDING)
        )
    )
    if minimum is not None:
        panel.min(minimum)
    if maximum is not None:
        panel.max(maximum)
    if stacked:
        panel.stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL))
    if levels is not None:
        panel.thresholds(_thresholds(levels)).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(common_model.GraphThresholdsStyleMode.DASHED)
        )
    if link is not None:
        panel.data_links([_data_link(link)])
    for number, query in enumerate(queries):
        panel.with_target(_target(query, number))
    return panel


def number(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    width: int = SIXTH,
    levels: Levels | None = None,
    decimals: int | None = None,
    link: str | None = None,
) -> stat.Panel:
    """The newest value in large letters, with its course behind it."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .height(STAT_HEIGHT)
        .span(width)
        .graph_mode(common_model.BigValueGraphMode.AREA)
        .color_mode(common_model.BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(_target(query, 0))
    )
    if decimals is not None:
        panel.decimals(decimals)
    panel.thresholds(_thresholds(levels) if levels else _always("blue"))
    if link is not None:
        panel.data_links([_data_link(link)])
    return panel


def bars(
    title: str,
    description: str,
    unit: str,
    queries: Sequence[Query],
    *,
    width: int = HALF,
    levels: Levels | None = None,
    maximum: float | None = None,
) -> bargauge.Panel:
    """The newest values side by side, for what is compared and not followed."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .height(HEIGHT)
        .span(width)
        .min(0)
        .orientation(common_model.VizOrientation.HORIZONTAL)
        .display_mode(common_model.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(levels) if levels else _always("blue"))
    )
    for number, query in enumerate(queries):
        panel.with_target(_target(query, number).instant())
    if maximum is not None:
        panel.max(maximum)
    return panel


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table: its query's newest value for each row."""

    name: str
    unit: str
    expr: str
    levels: Levels | None = None


def rows(
    title: str,
    description: str,
    key: str,
    columns: Sequence[Column],
    *,
    width: int = FULL,
    link: str | None = None,
) -> table.Panel:
    """A table with one row for each value of the label `key`, sorted by the first column.

    `link` is where the key leads; `${__data.fields.<key>}` in it is the row's.
    """
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(columns[0].unit)
        .height(HEIGHT)
        .span(width)
        .sort_by([common.TableSortByFieldState().display_name(columns[0].name).desc(True)])
        .with_transformation(DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(
            DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True},
                    "renameByName": {
                        f"Value #{_letter(index)}": column.name
                        for index, column in enumerate(columns)
                    },
                    "indexByName": {
                        key: 0,
                        **{f"Value #{_letter(i)}": i + 1 for i in range(len(columns))},
                    },
                },
            )
        )
    )
    for index, column in enumerate(columns):
        query = Query(expr=column.expr, legend=column.name)
        panel.with_target(_target(query, index).instant().format(PromQueryFormat.TABLE))
        panel.override_by_name(column.name, _column_properties(column))
    if link is not None:
        panel.override_by_name(
            key, [DynamicConfigValue(id_val="links", value=[{"title": "Open", "url": link}])]
        )
    return panel


def log_lines(title: str, description: str, expr: str, *, height: int = 14) -> logs.Panel:
    """Log lines, newest first; one with a trace id links to its trace (derived field of Loki)."""
    return (
        logs.Panel()
        .title(title)
        .description(description)
        .datasource(LOKI)
        .height(height)
        .span(FULL)
        .show_time(True)
        .wrap_log_message(True)
        .enable_log_details(True)
        .sort_order(common_model.LogsSortOrder.DESCENDING)
        .with_target(loki.Dataquery().expr(expr).ref_id("A").datasource(LOKI))
    )


def log_volume(
    title: str, description: str, unit: str, expr: str, legend: str, *, width: int = FULL
) -> timeseries.Panel:
    """What Loki counts of log lines over time, stacked."""
    return (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(LOKI)
        .unit(unit)
        .height(HEIGHT)
        .span(width)
        .draw_style(common_model.GraphDrawStyle.BARS)
        .fill_opacity(60)
        .stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL))
        .with_target(loki.Dataquery().expr(expr).legend_format(legend).ref_id("A").datasource(LOKI))
    )


def traces(title: str, description: str, traceql: str, *, width: int = FULL) -> table.Panel:
    """Traces that TraceQL finds; the id opens the trace."""
    return (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(TEMPO)
        .unit("short")
        .height(HEIGHT)
        .span(width)
        .with_target(
            tempo.TempoQuery()
            .query_type("traceql")
            .query(traceql)
            .limit(50)
            .ref_id("A")
            .datasource(TEMPO)
        )
    )


def service_map(title: str, description: str, query: str) -> nodegraph.Panel:
    """Who calls whom: Tempo's data source draws its service graph's series.

    `query` is a selector over them, in braces.
    """
    return (
        nodegraph.Panel()
        .title(title)
        .description(description)
        .datasource(TEMPO)
        .unit("short")
        .height(2 * HEIGHT)
        .span(FULL)
        .with_target(
            tempo.TempoQuery()
            .query_type("serviceMap")
            .service_map_query(query)
            .ref_id("A")
            .datasource(TEMPO)
        )
    )


def link_to(title: str, path: str, *, tooltip: str = "") -> dashboard.DashboardLink:
    """A link at the top of a dashboard, which takes time range and variables along."""
    return (
        dashboard.DashboardLink(title)
        .type(DashboardLinkType.LINK)
        .url(path)
        .tooltip(tooltip)
        .include_vars(True)
        .keep_time(True)
    )


def links_to_tagged(title: str, tag: str, *, tooltip: str = "") -> dashboard.DashboardLink:
    """A list at the top of a dashboard of all others with a tag; the time range goes along."""
    return (
        dashboard.DashboardLink(title)
        .type(DashboardLinkType.DASHBOARDS)
        .tags([tag])
        .as_dropdown(True)
        .tooltip(tooltip)
        .keep_time(True)
    )


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _target(query: Query, number: int) -> prometheus.Dataquery:
    target = (
        prometheus.Dataquery()
        .expr(query.expr)
        .legend_format(query.legend)
        .ref_id(_letter(number))
        .datasource(PROMETHEUS)
    )
    return target.exemplar(True) if query.exemplars else target


def _thresholds(levels: Levels) -> dashboard.ThresholdsConfig:
    colors = ("red", "yellow", "green") if levels.falling else ("green", "yellow", "red")
    first, second = (
        (levels.critical, levels.warning) if levels.falling else (levels.warning, levels.critical)
    )
    return (
        dashboard.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps(
            [
                # Without a value: from minus infinity on.
                Threshold(color=colors[0]),
                Threshold(value=first, color=colors[1]),
                Threshold(value=second, color=colors[2]),
            ]
        )
    )


def _always(color: str) -> dashboard.ThresholdsConfig:
    return (
        dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([Threshold(color=color)])
    )


def _data_link(path: str) -> dashboard.DashboardLink:
    return dashboard.DashboardLink("Open").url(path)


def _column_properties(column: Column) -> list[DynamicConfigValue]:
    properties = [DynamicConfigValue(id_val="unit", value=column.unit)]
    if column.levels is not None:
        properties += [
            DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
            DynamicConfigValue(id_val="color", value={"mode": FieldColorModeId.THRESHOLDS}),
            DynamicConfigValue(id_val="thresholds", value=_thresholds(column.levels).build()),
        ]
    return properties
