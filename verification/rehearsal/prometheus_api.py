"""Queries a Prometheus through its HTTP API.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import json
import math
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Labels = dict[str, str]
_SECONDS = 60


class QueryError(RuntimeError):
    """Prometheus refused a question; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Series with their points (Unix seconds, value), and what Prometheus had to remark."""

    series: tuple[tuple[Labels, tuple[tuple[float, float], ...]], ...]
    remarks: tuple[str, ...]

    @property
    def has_data(self) -> bool:
        """Whether any value is a number."""
        return any(math.isfinite(value) for _, points in self.series for _, value in points)


@dataclass(frozen=True, kw_only=True)
class PrometheusApi:
    """One Prometheus; `url` is without a slash at its end."""

    url: str

    def at(self, expr: str, time: float) -> Answer:
        """The answer at one moment (Unix seconds).

        Raises:
            QueryError: the expression is refused, or its execution fails.
        """
        return _answer(self._get("query", query=expr, time=f"{time:.3f}"))

    def over(self, expr: str, *, start: float, end: float, step: float) -> Answer:
        """The answers from start to end, one each `step` seconds.

        Raises:
            QueryError: the expression is refused, or its execution fails.
        """
        return _answer(
            self._get(
                "query_range",
                query=expr,
                start=f"{start:.3f}",
                end=f"{end:.3f}",
                step=f"{step:g}",
            )
        )

    def label_values(
        self, label: str, series: str | None, *, start: float, end: float
    ) -> list[str]:
        """The values of a label on the series of a selector; on all, if there is none."""
        matching = {} if series is None else {"match[]": series}
        body = self._get(f"label/{label}/values", start=f"{start}", end=f"{end}", **matching)
        values: list[str] = body["data"]
        return values

    def label_names(self) -> list[str]:
        """Every label that any series has."""
        names: list[str] = self._get("labels")["data"]
        return names

    def exemplars(self, expr: str, *, start: float, end: float) -> list[Mapping[str, Any]]:
        """The exemplars of the series that an expression selects."""
        body = self._get("query_exemplars", query=expr, start=f"{start}", end=f"{end}")
        return [exemplar for series in body["data"] for exemplar in series["exemplars"]]

    def alerts(self) -> list[Mapping[str, Any]]:
        """The alerts that pend or fire."""
        alerts: list[Mapping[str, Any]] = self._get("alerts")["data"]["alerts"]
        return alerts

    def _get(self, path: str, **parameters: str) -> dict[str, Any]:
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 - http only
                body: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            told = json.loads(error.read())
            raise QueryError(f"{told.get('errorType')}: {told.get('error')}") from error
        return body


def _answer(body: Mapping[str, Any]) -> Answer:
    data = body["data"]
    remarks = (*body.get("warnings", ()), *body.get("infos", ()))
    if data["resultType"] == "scalar":
        return Answer(series=(({}, (_point(data["result"]),)),), remarks=remarks)
    return Answer(
        series=tuple(
            (
                dict(series["metric"]),
                tuple(_point(point) for point in series.get("values") or [series["value"]]),
            )
            for series in data["result"]
        ),
        remarks=remarks,
    )


def _point(point: tuple[float, str]) -> tuple[float, float]:
    time, value = point
    return float(time), float(value)
