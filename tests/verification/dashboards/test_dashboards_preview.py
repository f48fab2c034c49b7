"""Pictures of dashboards: what is in them, and that those in the documents are of today's."""

from __future__ import annotations

import io
import math
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from grafana.dashboards.all_dashboards import dashboards
from grafana.targets import Target, panels, targets
from settings.load import load_environment
from tools.programs import ProgramUnavailableError
from verification.dashboards import dashboards_preview as command
from verification.dashboards.dashboard_pictures import (
    COLUMN,
    COLUMNS,
    HEAD,
    MARGIN,
    ROW,
    draw,
    legend,
)
from verification.dashboards.dashboard_units import UNITS, written
from verification.rehearsal.prometheus_api import Answer, PrometheusApi, QueryError

TODAY = date(2026, 11, 24)
CONTENTS = {d.uid: d.content for d in dashboards(load_environment("prd", TODAY))}
MAX_BYTES = 200_000


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0, "short", None, "0"),
        (1234, "short", None, "1.23 K"),
        (62_000, "short", None, "62 K"),
        (0.00123, "short", None, "0.0012"),
        (0.5, "percentunit", None, "50 %"),
        (0.9995, "percentunit", None, "99.95 %"),
        (0.00034, "percentunit", 2, "0.03 %"),
        (2 * 2**30, "bytes", None, "2 GiB"),
        (1500, "Bps", None, "1.5 kB/s"),
        (0.245, "s", None, "245 ms"),
        (90, "s", None, "1.5 min"),
        (2 * 86_400, "s", None, "2 days"),
        (12.3, "reqps", None, "12.3 req/s"),
        (math.nan, "s", None, "–"),
        (1.4, "short", 0, "1"),
    ],
)
def test_values_are_written_as_people_read_them(
    value: float, unit: str, decimals: int | None, text: str
) -> None:
    assert written(value, unit, decimals) == text


def test_a_legend_has_the_labels_that_it_asks_for() -> None:
    target = Target(
        dashboard="d", panel="p", ref_id="A", language="promql", expr="up", legend="{{pod}} {{ x }}"
    )
    assert legend(target, {"pod": "a", "x": "b"}) == "a b"


@pytest.mark.parametrize("uid", CONTENTS)
def test_every_dashboard_is_drawn_with_all_that_prometheus_answers(
    generated_prometheus: PrometheusApi, uid: str
) -> None:
    content = CONTENTS[uid]
    png, missing = command.picture(generated_prometheus, content)
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in content["panels"])
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.size == (2 * MARGIN + COLUMNS * COLUMN, HEAD + rows * ROW + MARGIN)
        assert picture.info[command.SHOWS] == command.digest(content)
    elsewhere = {
        panel["title"]
        for panel in panels(content)
        if panel["datasource"]["type"] in {"loki", "tempo"}
    }
    assert set(missing) == elsewhere


def test_a_line_that_rises_is_drawn_from_the_left_to_the_right() -> None:
    """A panel alone on a dashboard: the pixels of its line are where its values are."""
    (panel, *_) = [p for p in panels(CONTENTS["global-overview"]) if p["type"] == "timeseries"]
    panel = {**panel, "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8}}
    (target, *_) = targets({**CONTENTS["global-overview"], "panels": [panel]})
    points = tuple((60.0 * minute, float(minute)) for minute in range(60))
    answer = Answer(series=(({"deployment_environment_name": "dev"}, points),), remarks=())
    content = {"title": "t", "description": "d", "panels": [panel]}
    drawn = draw(content, {(panel["id"], "A"): (target, answer)}, start=0, end=3540, note="n")
    png = drawn.png({})
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    blue = [
        (x, y)
        for x in range(80, picture.width)
        for y in range(HEAD + 40, HEAD + 190)
        if (pixel := picture.getpixel((x, y))) and pixel[2] > 180 and pixel[0] < 90  # type: ignore[index]
    ]
    leftmost, rightmost = min(blue), max(blue)
    assert rightmost[0] - leftmost[0] > 1000
    assert leftmost[1] > rightmost[1] + 80


@pytest.mark.parametrize("uid", command.IN_DOCUMENTS)
def test_pictures_in_the_documents_are_of_todays_dashboards(uid: str) -> None:
    file = command.DOCUMENTED / f"{uid}.png"
    assert file.stat().st_size < MAX_BYTES
    with Image.open(file) as picture:
        shown = picture.info[command.SHOWS]
    stale = "run `make dashboards-preview PREVIEW_ARGS=--docs`"
    assert shown == command.digest(CONTENTS[uid]), stale


def test_a_changed_query_makes_pictures_old() -> None:
    content = CONTENTS["global-overview"]
    changed = {**content, "panels": [{**content["panels"][1], "title": "Other"}]}
    assert command.digest(changed) != command.digest(content)


def test_the_page_has_every_panel_with_what_to_do(tmp_path: Path) -> None:
    settings = load_environment("prd", TODAY)
    text = command.page(settings, {"global-overview": b"PNG"})
    assert command.NOTE.replace("`", "&#x60;") in text or "no Grafana drew it" in text
    for panel in panels(CONTENTS["global-overview"]):
        assert panel["title"] in text
    assert "data:image/png;base64,UE5H" in text
    assert "http" not in text.replace("http_", "").replace("https_", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "test"], "--env test: allowed: dev, prd"),
        (["--only", "other"], "--only other: allowed: global-overview"),
    ],
)
def test_a_wrong_argument_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (ProgramUnavailableError("prometheus cannot be compiled"), 1, "prometheus cannot be"),
        (QueryError("bad_data: parse error"), 1, "bad_data"),
        (KeyboardInterrupt(), 130, "nothing was written"),
    ],
)
def test_what_goes_wrong_is_told_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    raised: BaseException,
    status: int,
    said: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(command, "prometheus_on_generated_data", fail)
    assert command.main(["--env", "prd", "--output", str(tmp_path / "out")]) == status
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_unit_of_a_dashboard_can_be_written() -> None:
    for content in CONTENTS.values():
        for panel in panels(content):
            defaults = panel.get("fieldConfig", {}).get("defaults", {})
            assert defaults.get("unit", "short") in UNITS
