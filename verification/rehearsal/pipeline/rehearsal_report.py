"""The report of a rehearsal: one HTML page that needs nothing else, JUnit XML and JSON."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from pathlib import Path

from verification.rehearsal.pipeline.collector_samples import Reading
from verification.rehearsal.pipeline.collectors import Substitution
from verification.rehearsal.pipeline.faults import GROUP as FAULTS
from verification.rehearsal.pipeline.faults import Tried
from verification.rehearsal.pipeline.plots import fault_plot, run_plot
from verification.rehearsal.verdicts import Verdict

PAGE, JUNIT, DATA = "index.html", "junit.xml", "report.json"
NUMBERS = ("sent", "acknowledged", "received", "lost", "refused", "memory MiB")


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that is reported."""

    environment: str
    began: datetime
    seconds: float
    minute: float
    """How long a minute of the faults was."""
    verdicts: Sequence[Verdict]
    tried: Sequence[Tried]
    readings: Mapping[str, Sequence[Reading]]
    marks: Sequence[tuple[float, str]]
    limits: Mapping[str, float]
    versions: Sequence[tuple[str, str, str]]
    """Name, version, and where it is from or what it stands for."""
    substitutions: Sequence[Substitution]
    not_checked: Sequence[str]
    interrupted: str = ""
    """Why it ended early."""

    @property
    def passed(self) -> bool:
        """Whether it came to its end and nothing failed."""
        failed = any(verdict.status == "failed" for verdict in self.verdicts)
        return not failed and not self.interrupted and bool(self.verdicts)


def write(report: Report, folder: Path) -> Path:
    """Write the three files, and return the page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DATA).write_text(as_json(report), encoding="utf-8")
    (folder / JUNIT).write_text(as_junit(report), encoding="utf-8")
    (folder / PAGE).write_text(as_html(report), encoding="utf-8")
    return folder / PAGE


# --- For programs ---------------------------------------------------------------------------------


def as_json(report: Report) -> str:
    """The report without its plots."""
    content = {
        "environment": report.environment,
        "began": report.began.isoformat(),
        "seconds": round(report.seconds, 1),
        "passed": report.passed,
        "interrupted": report.interrupted,
        "verdicts": [asdict(verdict) for verdict in report.verdicts],
        "versions": [
            {"name": name, "version": version, "what": origin}
            for name, version, origin in report.versions
        ],
        "substitutions": [asdict(substitution) for substitution in report.substitutions],
        "not_checked": list(report.not_checked),
        "marks": [{"at": at, "what": event} for at, event in report.marks],
        "readings": {
            name: [asdict(reading) for reading in readings]
            for name, readings in report.readings.items()
        },
    }
    return json.dumps(content, indent=1, default=str) + "\n"


def as_junit(report: Report) -> str:
    """A suite for each group of checks."""
    root = ET.Element("testsuites", name=f"rehearsal of {report.environment}")
    for group, verdicts in by_group(report.verdicts).items():
        suite = ET.SubElement(
            root,
            "testsuite",
            name=group,
            tests=str(len(verdicts)),
            failures=str(sum(verdict.status == "failed" for verdict in verdicts)),
            skipped=str(sum(verdict.status == "not checked" for verdict in verdicts)),
        )
        for verdict in verdicts:
            case = ET.SubElement(
                suite, "testcase", classname=group, name=verdict.name, time=f"{verdict.seconds:.3f}"
            )
            if verdict.status == "failed":
                ET.SubElement(case, "failure", message=_legal(verdict.detail))
            elif verdict.status == "not checked":
                ET.SubElement(case, "skipped", message=_legal(verdict.detail))
            else:
                ET.SubElement(case, "system-out").text = _legal(verdict.detail)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _legal(text: str) -> str:
    """Text without what XML does not allow, such as the colours of a log."""
    return "".join(sign for sign in text if sign in "\t\n" or ord(sign) >= 32)


def by_group(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Verdicts by group, in their order."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(verdict.group, []).append(verdict)
    return groups


# --- For people -----------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light; --line: #d0d7de; --dim: #59636e; --ok: #1a7f37; --bad: #cf222e;
  --skip: #9a6700; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; max-width: 1120px; margin: 0 auto;
  padding: 24px; }
h1 { margin: 0 0 4px; font-size: 26px; } h2 { margin: 36px 0 8px; font-size: 19px; }
p, .dim { color: var(--dim); } p { margin: 4px 0 12px; }
.verdict { display: flex; gap: 12px; align-items: stretch; flex-wrap: wrap; margin: 16px 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 10px 16px; min-width: 110px; }
.tile b { display: block; font-size: 24px; line-height: 1.2; }
.passed { color: var(--ok); } .failed { color: var(--bad); } .not-checked { color: var(--skip); }
.banner { flex: 1; border-width: 2px; }
.banner.passed { border-color: var(--ok); background: #dafbe1; }
.banner.failed { border-color: var(--bad); background: #ffebe9; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 6px 10px 6px 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; } td.number { text-align: right; white-space: nowrap; }
th.number { text-align: right; } td.status { white-space: nowrap; font-weight: 600; width: 100px; }
td.name { width: 34%; } .promise { color: var(--dim); font-size: 13px; }
table.faults td:nth-child(2) { min-width: 440px; }
svg { max-width: 100%; height: auto; } details { margin: 8px 0; } summary { cursor: pointer; }
code { font-size: 12.5px; } .scroll { overflow-x: auto; }
nav a { margin-right: 14px; } a { color: #0969da; }
"""

_WORDS = {"passed": "passed", "failed": "FAILED", "not checked": "not checked"}


def as_html(report: Report) -> str:
    """The page."""
    checks = [verdict for verdict in report.verdicts if verdict.group != FAULTS]
    parts = [
        _heading(report),
        "<h2 id='checks'>Checks</h2>",
        *(_group(name, verdicts) for name, verdicts in by_group(checks).items()),
        _plots(report),
        _faults(report),
        _not_checked(report),
        _versions(report),
        _substitutions(report),
    ]
    title = f"Rehearsal of {escape(report.environment)}"
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def _heading(report: Report) -> str:
    counts = {
        status: sum(verdict.status == status for verdict in report.verdicts)
        for status in ("passed", "failed", "not checked")
    }
    outcome = "passed" if report.passed else "failed"
    said = "Everything that was checked is as promised" if report.passed else "Not as promised"
    if report.interrupted:
        said = f"Ended early: {report.interrupted}"
    tiles = "".join(
        f"<div class='tile'><b class='{status.replace(' ', '-')}'>{number}</b>{status}</div>"
        for status, number in counts.items()
    )
    links = ("checks", "plots", "faults", "not-checked", "versions", "substitutions")
    return (
        f"<h1>Rehearsal of {escape(report.environment)}</h1>"
        f"<p>{report.began:%Y-%m-%d %H:%M:%S %Z}, {report.seconds:.0f} s, on one computer, with "
        "the configuration out of the synthesized stacks.</p>"
        f"<div class='verdict'><div class='tile banner {outcome}'><b class='{outcome}'>"
        f"{outcome.upper()}</b>{escape(said)}</div>{tiles}</div>"
        "<nav>"
        + "".join(
            f"<a href='#{section}'>{section.replace('-', ' ').capitalize()}</a>"
            for section in links
        )
        + "</nav>"
    )


def _group(name: str, verdicts: Sequence[Verdict]) -> str:
    rows = "".join(
        f"<tr><td class='status {_class(verdict)}'>{_WORDS[verdict.status]}</td>"
        f"<td class='name'>{escape(verdict.name)}</td><td>{escape(verdict.detail)}</td></tr>"
        for verdict in verdicts
    )
    heading = f"<thead><tr><th colspan='3'>{escape(name.capitalize())}</th></tr></thead>"
    return f"<table>{heading}<tbody>{rows}</tbody></table>"


def _class(verdict: Verdict) -> str:
    return verdict.status.replace(" ", "-")


def _plots(report: Report) -> str:
    if not any(report.readings.values()):
        return ""
    plot = run_plot(report.readings, report.marks, report.limits)
    return (
        "<h2 id='plots'>The run</h2><p>The gateways' own counters, read once a second.</p>"
        f"<div class='scroll'>{plot}</div>"
    )


def _faults(report: Report) -> str:
    faults = [verdict for verdict in report.verdicts if verdict.group == FAULTS]
    if not faults:
        return ""
    plots = {tried.verdict.name: tried for tried in report.tried}
    heading = "".join(f"<th class='number'>{name}</th>" for name in NUMBERS)
    rows = []
    for fault in faults:
        numbers = "".join(f"<td class='number'>{_number(fault, name)}</td>" for name in NUMBERS)
        rows.append(
            f"<tr><td class='status {_class(fault)}'>{_WORDS[fault.status]}</td>"
            f"<td><b>{escape(fault.name)}</b><div class='promise'>Promised: "
            f"{escape(fault.promise)}.</div><div>{escape(fault.detail)}</div></td>{numbers}</tr>"
        )
        tried = plots.get(fault.name)
        if tried and len(tried.readings) > 2:
            plot = fault_plot(tried.readings, tried.marks)
            rows.append(f"<tr><td></td><td colspan='{1 + len(NUMBERS)}'>{plot}</td></tr>")
    return (
        "<h2 id='faults'>Faults</h2><p>Each with a gateway of its own. Items are log records, "
        "data points and spans (blocks and orders for S3 and Prometheus); lost is what was "
        f"acknowledged and did not arrive. A minute took {report.minute:g} s here.</p>"
        "<div class='scroll'><table class='faults'><thead>"
        f"<tr><th></th><th>Fault</th>{heading}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _number(verdict: Verdict, name: str) -> str:
    return f"{verdict.numbers[name]:,.0f}" if name in verdict.numbers else "&ndash;"


def _not_checked(report: Report) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in report.not_checked)
    return f"<h2 id='not-checked'>Not checked, and why</h2><ul>{items}</ul>"


def _versions(report: Report) -> str:
    rows = "".join(
        f"<tr><td class='name'>{escape(name)}</td><td>{escape(version)}</td>"
        f"<td>{escape(origin)}</td></tr>"
        for name, version, origin in report.versions
    )
    return (
        "<h2 id='versions'>What ran</h2><table><thead><tr><th>Part</th><th>Version</th><th></th>"
        f"</tr></thead><tbody>{rows}</tbody></table>"
    )


def _substitutions(report: Report) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(change.where)}</code></td>"
        f"<td><code>{escape(_short(change.was))}</code></td>"
        f"<td><code>{escape(_short(change.now))}</code></td><td>{escape(change.why)}</td></tr>"
        for change in report.substitutions
    )
    return (
        "<h2 id='substitutions'>Substitutions</h2><p>Everything in which the configuration differs "
        "from the one in the cluster.</p><details><summary>"
        f"{len(report.substitutions)} settings</summary><div class='scroll'><table><thead><tr>"
        "<th>Where</th><th>In the cluster</th><th>Here</th><th>Why</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _short(value: object, most: int = 160) -> str:
    text = str(value)
    return text if len(text) <= most else f"{text[:most]}..."
