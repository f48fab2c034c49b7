"""`make dashboards-preview`: draw every dashboard of ENV, for reviews, without a cluster.

A real Prometheus answers each panel's PromQL on a generated day (generated_metrics.py);
nothing is measured. A picture for each dashboard and one page with all of them, their descriptions
and queries are written to dashboards-preview/<env>. No Grafana draws, so what only Loki or Tempo
can answer shows its query.
"""

import argparse
import base64
import hashlib
import html
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from grafana.dashboards.all_dashboards import dashboards
from grafana.targets import panel_targets, panels
from settings.load import SettingsError, environment_names, load_environment
from settings.model import Settings
from tools.paths import ROOT
from verification.dashboards.dashboard_checks import Window, ask, chosen
from verification.dashboards.dashboard_pictures import Answers, draw, not_drawn
from verification.dashboards.generated_prometheus import (
    END,
    prometheus_on_generated_data,
    scrape_seconds,
)
from verification.rehearsal.prometheus_api import PrometheusApi

OUTPUT = ROOT / "dashboards-preview"
DOCUMENTED = ROOT / "docs" / "images" / "dashboards"
IN_DOCUMENTS = (
    "global-overview",
    "service-golden-signals",
    "slo-error-budget",
    "cost-cardinality",
)
"""The dashboards of `--docs`."""
DOCUMENTS_OF = "prd"
HOURS = 24
PREFERRED = {"namespace": "prd", "service": "shop"}
NOTE = (
    "Preview drawn from generated data by `make dashboards-preview`: nothing is measured, and no "
    "Grafana drew it."
)
SHOWS = "Shows"
"""Key of a picture's metadata: the digest of what is in it, so that a test sees an old one."""
_PER_UNIT = {"m": 60, "h": 3600, "d": 86_400}


def window(content: Mapping[str, Any]) -> Window:
    """The time that a dashboard opens with, before the end of what is generated."""
    text = str(content["time"]["from"]).removeprefix("now-")
    seconds = int(text[:-1]) * _PER_UNIT[text[-1]]
    return Window(start=END - seconds, end=END, scrape_seconds=scrape_seconds())


def answers(api: PrometheusApi, content: Mapping[str, Any]) -> tuple[Answers, dict[str, str]]:
    """What Prometheus answers to each query of a dashboard, and the values of its variables."""
    looked_at = window(content)
    values = chosen(api, content, looked_at, PREFERRED)
    answered = {}
    for panel in panels(content):
        for target in panel_targets(content["uid"], panel):
            if target.language == "promql" and not target.expr.startswith("{"):
                answer = ask(api, target, values, looked_at)
                answered[panel["id"], target.ref_id] = (target, answer)
    return answered, values


def digest(content: Mapping[str, Any]) -> str:
    """Of what a picture shows of a dashboard: arrangement, titles, units, bounds and queries."""
    text = json.dumps(content["panels"], sort_keys=True) + content["title"] + content["description"]
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def picture(api: PrometheusApi, content: Mapping[str, Any]) -> tuple[bytes, list[str]]:
    """A dashboard as PNG, and the titles of what is not drawn."""
    answered, values = answers(api, content)
    of = ", ".join(f"{name} = {value}" for name, value in values.items() if value)
    note = NOTE + (f"   Shown: {of}, {content['time']['from']} to now." if of else "")
    metadata = {SHOWS: digest(content), "Software": "make dashboards-preview"}
    looked_at = window(content)
    canvas = draw(content, answered, start=looked_at.start, end=looked_at.end, note=note)
    return canvas.png(metadata), list(not_drawn(content, answered))


def page(settings: Settings, pictures: Mapping[str, bytes]) -> str:
    """One page with all pictures, and each panel's description and queries below them."""
    contents = {dashboard.uid: dashboard.content for dashboard in dashboards(settings)}
    parts = [
        "<!DOCTYPE html><html lang='en'><meta charset='utf-8'>"
        f"<title>Dashboards of {html.escape(settings.environment)}</title><style>"
        "body{font:15px system-ui,sans-serif;margin:2rem auto;max-width:1560px;color:#1f2430}"
        "img{width:100%;border:1px solid #dfe2e6}code{white-space:pre-wrap;font-size:12px}"
        "td,th{vertical-align:top;text-align:left;padding:.3rem .6rem;border-top:1px solid #dfe2e6}"
        "table{border-collapse:collapse;width:100%}.note{color:#d6293e}nav a{margin-right:1rem}"
        f"</style><h1>Dashboards of {html.escape(settings.environment)}</h1>"
        f"<p class='note'>{html.escape(NOTE)}</p><nav>",
        *(f"<a href='#{uid}'>{html.escape(contents[uid]['title'])}</a>" for uid in pictures),
        "</nav>",
    ]
    for uid, png in pictures.items():
        content = contents[uid]
        encoded = base64.b64encode(png).decode()
        parts.append(
            f"<h2 id='{uid}'>{html.escape(content['title'])}</h2>"
            f"<p>{html.escape(content['description'])}</p>"
            f"<img alt='{html.escape(content['title'])}' src='data:image/png;base64,{encoded}'>"
            "<details><summary>Panels, what to do, and queries</summary><table>"
            "<tr><th>Panel<th>What to do<th>Queries</tr>"
        )
        for panel in panels(content):
            queries = "<br>".join(
                f"<code>{html.escape(target.expr)}</code>" for target in panel_targets(uid, panel)
            )
            parts.append(
                f"<tr><td>{html.escape(panel['title'])}<td>{html.escape(panel['description'])}"
                f"<td>{queries}</tr>"
            )
        parts.append("</table></details>")
    return "".join(parts) + "</html>\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 drawn, 1 a program is missing or a query fails, 2 wrong arguments."""
    parser = argparse.ArgumentParser(prog="make dashboards-preview", description=__doc__)
    parser.add_argument("--env", default="dev", help="environment (default: dev)")
    parser.add_argument("--only", action="append", metavar="UID", help="draw only this one")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder to write to")
    parser.add_argument(
        "--docs",
        action="store_true",
        help=f"rewrite the pictures of {DOCUMENTS_OF} in {DOCUMENTED.relative_to(ROOT)}",
    )
    options = parser.parse_args(arguments)
    environment = DOCUMENTS_OF if options.docs else options.env
    if environment not in environment_names():
        parser.error(f"--env {environment}: allowed: {', '.join(environment_names())}")
    try:
        settings = load_environment(environment, today=date.today())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    contents = {dashboard.uid: dashboard.content for dashboard in dashboards(settings)}
    chosen = list(IN_DOCUMENTS) if options.docs else options.only or list(contents)
    if unknown := [uid for uid in chosen if uid not in contents]:
        parser.error(f"--only {unknown[0]}: allowed: {', '.join(contents)}")
    folder = DOCUMENTED if options.docs else options.output / environment
    try:
        drawn = _draw(settings, {uid: contents[uid] for uid in chosen})
    except KeyboardInterrupt:
        print("\nInterrupted; Prometheus is stopped and nothing was written.", file=sys.stderr)
        return 130
    except (LookupError, RuntimeError) as error:
        # A program, a query or a value is missing; the message says which.
        print(error, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for uid, png in drawn.items():
        (folder / f"{uid}.png").write_bytes(png)
    if not options.docs:
        (folder / "index.html").write_text(page(settings, drawn), encoding="utf-8")
        print(f"all of them: {folder / 'index.html'}")
    return 0


def _draw(settings: Settings, contents: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    begun = time.monotonic()
    print(
        f"generating {HOURS} hours of every metric, and starting Prometheus on them ...",
        flush=True,
    )
    pictures = {}
    with (
        tempfile.TemporaryDirectory() as work,
        prometheus_on_generated_data(settings, Path(work), hours=HOURS) as api,
    ):
        print(f"ok  Prometheus answers ({time.monotonic() - begun:.0f} s)", flush=True)
        for uid, content in contents.items():
            pictures[uid], missing = picture(api, content)
            told = f"   not drawn: {', '.join(missing)}" if missing else ""
            print(f"ok  {uid} ({len(pictures[uid]) // 1000} kB){told}", flush=True)
    return pictures


if __name__ == "__main__":
    sys.exit(main())
