"""Every alert fires in time and not before, stays quiet where it must, and says what it should."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from alert_cases import CASES, HOUR, LITTLE_TRAFFIC, Case, Series
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from alertmanager.alert_model import Alert
from alertmanager.rules.all_rules import alerts, platform_rule_groups, stage_rule_groups
from grafana.dashboards.all_dashboards import dashboards
from settings.load import load_environment
from signals import metrics as m
from synthesis import alerting_files
from tools.paths import ROOT
from tools.programs import PROGRAMS, cached, program

ENVIRONMENT = "prd"
SETTINGS = load_environment(ENVIRONMENT, TODAY)
ALERTS = alerts(SETTINGS)
NAMES = sorted({alert.name for alert in ALERTS})
RUNBOOKS = ROOT / "docs" / "runbooks" / "alerts"
FILES = alerting_files.generated_files(SETTINGS)
RULES = {
    # What watches the stage prd: the platform's Prometheus and the stage's own.
    "groups": [
        group
        for name in ("rules", "rules-prd")
        for group in yaml.safe_load(FILES[f"{ENVIRONMENT}/{name}.yaml"])["groups"]
    ]
}


@pytest.fixture(scope="module")
def promtool() -> Path:
    if not cached(PROGRAMS["promtool"]).is_file() and os.environ.get("CI") != "true":
        pytest.skip("promtool is not compiled (`make test-programs`): no alert was tried")
    return program("promtool")


def rules_of(case: Case, rules: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        rule
        for group in rules["groups"]
        for rule in group["rules"]
        if rule.get("alert") == case.alert
        and all(rule["labels"].get(key) in (None, value) for key, value in case.labels.items())
        and (case.namespace == rule["labels"]["namespace"] or "{{" in rule["labels"]["namespace"])
    ]


def said(text: str, case: Case) -> str:
    """An annotation as it must be once Prometheus has put in labels and value."""
    everything = {"namespace": case.namespace, **case.labels}
    text = re.sub(r"{{ \$value( \| \w+)? }}", case.value, text)
    text = re.sub(
        r"{{ \$labels\.(\w+) \| urlquery [^}]*}}",
        lambda match: quote(everything[match[1]], safe=""),
        text,
    )
    return re.sub(r"{{ \$labels\.(\w+) }}", lambda match: everything[match[1]], text)


def expected(case: Case, rules: dict[str, Any]) -> dict[str, Any]:
    (rule,) = rules_of(case, rules)
    return {
        "exp_labels": {
            "severity": case.severity,
            "namespace": case.namespace,
            "owner": case.owner,
            **case.labels,
        },
        "exp_annotations": {key: said(text, case) for key, text in rule["annotations"].items()},
    }


def written(case: Case, rules: dict[str, Any]) -> list[dict[str, Any]]:
    def test(
        name: str, inputs: tuple[tuple[str, str], ...], *told: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "name": name,
            "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in inputs],
            "alert_rule_test": [{"alertname": case.alert, **expectation} for expectation in told],
        }

    before = {"eval_time": f"{case.at - 1}m", "exp_alerts": []}
    after = {"eval_time": f"{case.at}m", "exp_alerts": [expected(case, rules)]}
    quiet = {"eval_time": f"{case.at}m", "exp_alerts": []}
    return [
        test(f"{case.alert} fires", case.fires, before, after),
        test(f"{case.alert} is quiet", case.quiet, quiet),
    ]


def only(name: str, rules: dict[str, Any]) -> dict[str, Any]:
    """The recordings, and of the alerts one: promtool evaluates whatever there is."""
    groups = [
        {**group, "rules": [r for r in group["rules"] if r.get("alert", name) == name]}
        for group in rules["groups"]
    ]
    if not name.startswith("Service"):
        groups = [group for group in groups if group["name"] != "slo-indicators"]
    return {"groups": [group for group in groups if group["rules"]]}


def coarse(case: Case) -> int:
    """Minutes between evaluations where the exact minute is not what is tried.

    A case of days takes promtool thousands of evaluations. That it fires in its minute and not one
    before is tried with one a minute, as of every case.
    """
    return 10 if case.at > 24 * HOUR else 1


def put(
    folder: Path,
    name: str,
    rules: dict[str, Any],
    tests: list[dict[str, Any]],
    minutes: int = 1,
) -> str:
    """Write rules and their tests; the name of promtool's file."""
    (folder / f"{name}.rules.yaml").write_text(json.dumps(rules), encoding="utf-8")
    document = {
        "rule_files": [f"{name}.rules.yaml"],
        "evaluation_interval": f"{minutes}m",
        # Without it promtool evaluates groups in any order, other in each run.
        "group_eval_order": [group["name"] for group in rules["groups"]],
        "tests": tests,
    }
    (folder / f"{name}.yaml").write_text(json.dumps(document), encoding="utf-8")
    return f"{name}.yaml"


def run(promtool: Path, folder: Path, *files: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(promtool), "test", "rules", *files],
        cwd=folder,
        # It ends soon: less time for collecting its garbage.
        env=os.environ | {"GOGC": "400"},
        # Names of files go to one, what failed in them to the other.
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def tried(
    promtool: Path,
    folder: Path,
    rules: dict[str, Any],
    tests: list[dict[str, Any]],
    minutes: int = 1,
) -> tuple[int, str]:
    return run(promtool, folder, put(folder, "test", rules, tests, minutes))


def ids(case: Case) -> str:
    return "-".join([case.alert, *case.labels.get("backend", "").split(), str(CASES.index(case))])


every_case = pytest.mark.parametrize("case", CASES, ids=ids)


def alone(case: Case, rules: dict[str, Any]) -> dict[str, Any]:
    """The rules of a case, and what they need."""
    if "backend" in case.labels:
        return {"groups": [{"name": "one", "rules": rules_of(case, rules)}]}
    return only(case.alert, rules)


@every_case
def test_it_fires_in_time_and_is_quiet_otherwise(
    promtool: Path, tmp_path: Path, case: Case
) -> None:
    status, text = tried(promtool, tmp_path, alone(case, RULES), written(case, RULES))
    assert status == 0, text


def later(rule: dict[str, Any]) -> None:
    rule["for"] = f"{int(rule['for'].removesuffix('h').removesuffix('m')) + 1}" + rule["for"][-1]


def never(rule: dict[str, Any]) -> None:
    rule["expr"] = f"({rule['expr']}) unless on () vector(1)"


def always(rule: dict[str, Any]) -> None:
    rule["expr"] = f"({rule['expr']}) or on () vector(1)"


def of_nobody(rule: dict[str, Any]) -> None:
    rule["labels"]["owner"] = ""


def unexplained(rule: dict[str, Any]) -> None:
    del rule["annotations"]["runbook_url"]


FIRES, QUIET = 0, 1
"""Places in what `written` gives."""

BREAKS: tuple[tuple[Callable[[dict[str, Any]], None], int], ...] = (
    (later, FIRES),
    (never, FIRES),
    (always, QUIET),
    (of_nobody, FIRES),
    (unexplained, FIRES),
)
"""What breaks a rule, and which of the two tests notices it."""

TRIED = re.compile(r"^Processing test file: (\w+)\.yaml$", re.MULTILINE)


@every_case
def test_a_broken_one_is_noticed(promtool: Path, tmp_path: Path, case: Case) -> None:
    intact = alone(case, RULES)
    tests = written(case, RULES)
    files = [put(tmp_path, "intact", intact, tests, coarse(case))] if coarse(case) > 1 else []
    for broken, which in BREAKS:
        rules = copy.deepcopy(intact)
        for group in rules["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    broken(rule)
        files.append(put(tmp_path, broken.__name__, rules, [tests[which]], coarse(case)))
    # One promtool for all: it says of each file whether it failed.
    _, text = run(promtool, tmp_path, *files)
    _, *parts = TRIED.split(text)
    said = dict(zip(parts[::2], parts[1::2], strict=True))
    assert [f"{name}.yaml" for name in said] == files
    noticed = {name for name, failures in said.items() if "FAILED:" in failures}
    assert noticed == {broken.__name__ for broken, _ in BREAKS}, text


BURN = "Service(Availability|Latency)Burn(Fast|Slow)"
SERVICES = {f"service-{number}": traffic for number, traffic in enumerate(LITTLE_TRAFFIC)}
"""All at once, since promtool takes the time for evaluations and not for services."""


def of_service(service: str, series: Series) -> Series:
    name, values = series
    assert 'service_name="shop"' in name
    return name.replace('service_name="shop"', f'service_name="{service}"'), values


def test_few_failures_are_no_burn_and_many_are(promtool: Path, tmp_path: Path) -> None:
    firing = [
        {
            "expr": f'count by (alertname) (ALERTS{{alertstate="firing", alertname=~"{BURN}", '
            f'service_name="{service}"}}) # {traffic.of}',
            "eval_time": f"{minute}m",
            "exp_samples": [
                {"labels": f'{{alertname="{name}"}}', "value": 1} for name in traffic.alerts
            ],
        }
        for service, traffic in SERVICES.items()
        for minute in traffic.at
    ]
    input_series = [
        of_service(service, series)
        for service, traffic in SERVICES.items()
        for series in traffic.series
    ]
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in input_series],
        "promql_expr_test": firing,
    }
    rules = {"groups": [group for group in RULES["groups"] if group["name"].startswith("slo-")]}
    status, text = tried(promtool, tmp_path, rules, [test])
    assert status == 0, text


OF_THE_PLATFORM = [
    case for case in CASES if not case.fires[0][0].startswith(("traces_", "telemetry_"))
]


def forged(series: tuple[tuple[str, str], ...], *, pushed: bool) -> tuple[tuple[str, str], ...]:
    """Series as an application of dev makes them.

    A scraped target gets its own namespace and job. What is pushed can have any label, but its
    gateway sets the stage.
    """
    if pushed:
        return tuple(
            (name.replace("{", '{deployment_environment_name="dev", ', 1), values)
            for name, values in series
        )
    return tuple(
        (re.sub(r'\b(namespace|job)="[^"]*"', swapped, name), values) for name, values in series
    )


def swapped(label: re.Match[str]) -> str:
    return f'{label[1]}="{"dev" if label[1] == "namespace" else "shop"}"'


def with_forgeries(case: Case) -> list[dict[str, Any]]:
    """It still fires beside forged signs of health, and is quiet beside forged signs of trouble."""
    tests = []
    for pushed in (False, True):
        masked = replace(case, fires=(*case.fires, *forged(case.quiet, pushed=pushed)))
        raised = replace(case, quiet=(*case.quiet, *forged(case.fires, pushed=pushed)))
        fires, _ = written(masked, RULES)
        _, is_quiet = written(raised, RULES)
        tests += [fires, is_quiet]
    return tests


@pytest.mark.parametrize("case", OF_THE_PLATFORM, ids=ids)
def test_an_application_can_neither_forge_nor_mask_it(
    promtool: Path, tmp_path: Path, case: Case
) -> None:
    rules = alone(case, RULES)
    status, text = tried(promtool, tmp_path, rules, with_forgeries(case), coarse(case))
    assert status == 0, text


@pytest.mark.parametrize(
    "labels", [("namespace", "job"), ("deployment_environment_name",)], ids=str
)
def test_without_the_labels_a_forgery_is_noticed(
    promtool: Path, tmp_path: Path, labels: tuple[str, ...]
) -> None:
    (case,) = (case for case in CASES if case.alert == "ThanosCompactorStale")
    rules = copy.deepcopy(alone(case, RULES))
    (rule,) = (rule for group in rules["groups"] for rule in group["rules"])
    for gone in labels:
        rule["expr"] = re.sub(rf'{gone}="[^"]*",? ?', "", rule["expr"])
    status, text = tried(promtool, tmp_path, rules, with_forgeries(case))
    assert status != 0
    assert "ThanosCompactorStale" in text


def test_the_watchdog_fires_from_the_first_evaluation_on(promtool: Path, tmp_path: Path) -> None:
    (alert,) = (a for a in ALERTS if a.name == "Watchdog")
    rule = alert.as_dict(SETTINGS)
    annotations = dict(rule["annotations"])
    annotations["description"] = annotations["description"].replace("{{ $value }}", "1")
    told = {"exp_labels": rule["labels"], "exp_annotations": annotations}
    test = {
        "interval": "1m",
        "alert_rule_test": [{"eval_time": "0m", "alertname": "Watchdog", "exp_alerts": [told]}],
    }
    status, text = tried(promtool, tmp_path, only("Watchdog", RULES), [test])
    assert status == 0, text


def test_every_alert_has_a_case() -> None:
    assert {case.alert for case in CASES} | {"Watchdog"} == set(NAMES)


def test_a_stage_is_watched_by_rules_over_its_own_telemetry_alone() -> None:
    of_applications = {m.SPAN_METRICS, m.GUARDS, m.APPLICATION, m.SERVICE_GRAPH}
    names = {
        name: metric.source in of_applications
        for metric in m.METRICS.values()
        for name in metric.series_names
    }
    for groups, applications in (
        (platform_rule_groups(SETTINGS), False),
        *((stage_rule_groups(SETTINGS, stage), True) for stage in SETTINGS.stages),
    ):
        queries = [rule.expr for group in groups for rule in group.rules]
        asked = {name for query in queries for name in re.findall(r"[a-z]\w+", query)} & set(names)
        assert asked
        assert {names[name] for name in asked} == {applications}


def test_every_rule_is_evaluated_once() -> None:
    stages = [stage_rule_groups(SETTINGS, stage) for stage in SETTINGS.stages]
    by_prometheus = [platform_rule_groups(SETTINGS), *stages]
    names = [
        {rule.name for group in groups for rule in group.rules if isinstance(rule, Alert)}
        for groups in by_prometheus
    ]
    assert set().union(*names) == set(NAMES)
    assert all(not names[0] & of_stage for of_stage in names[1:])


def test_the_rules_of_a_stage_name_no_other_stage() -> None:
    for stage in SETTINGS.stages:
        text = FILES[f"{ENVIRONMENT}/rules-{stage}.yaml"]
        others = set(SETTINGS.stages) - {stage}
        assert stage in text
        assert not [other for other in others if re.search(rf"\b{other}\b", text)]


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_promtool_finds_nothing_to_say(promtool: Path, environment: str) -> None:
    files = sorted((alerting_files.GENERATED / environment).glob("rules*.yaml"))
    assert files
    done = subprocess.run(
        [str(promtool), "check", "rules", "--lint-fatal", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_indicators_are_zero_without_an_error_and_the_objectives_those_of_the_settings(
    promtool: Path, tmp_path: Path
) -> None:
    shop = 'deployment_environment_name="prd", service_name="shop"'
    labels = f'{{{shop}, span_kind="SPAN_KIND_SERVER"}}'
    name = "namespace_service_sli:bad_requests:ratio_rate5m"
    sample = f'{name}{{{shop}, sli="availability"}}'
    objective = "namespace:slo_objective:ratio"
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f"traces_span_metrics_calls_total{labels}", "values": "0+60x10"}
        ],
        "promql_expr_test": [
            {"expr": name, "eval_time": "10m", "exp_samples": [{"labels": sample, "value": 0}]},
            {
                "expr": f'{objective}{{deployment_environment_name="prd"}}',
                "eval_time": "10m",
                "exp_samples": [
                    {
                        "labels": f'{objective}{{deployment_environment_name="prd", sli="{sli}"}}',
                        "value": share,
                    }
                    for sli, share in (("availability", 0.999), ("latency", 0.99))
                ],
            },
        ],
    }
    status, text = tried(promtool, tmp_path, RULES, [test])
    assert status == 0, text


def test_the_runbook_of_every_alert_is_there() -> None:
    addresses = {
        alert.name: alert.as_dict(SETTINGS)["annotations"]["runbook_url"] for alert in ALERTS
    }
    assert addresses == {name: f"{SETTINGS.alerting.runbooks_url}/{name}.md" for name in NAMES}
    assert [name for name in NAMES if not (RUNBOOKS / f"{name}.md").is_file()] == []


def test_every_runbook_is_of_an_alert_and_listed() -> None:
    pages = {file.stem for file in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == set(NAMES)
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    for alert in ALERTS:
        assert f"| [{alert.name}]({alert.name}.md) | {alert.severity} |" in index


def test_the_dashboard_of_every_alert_is_there_and_has_its_variables() -> None:
    variables_by_uid = {
        d.uid: {v["name"] for v in d.content["templating"].get("list", ())}
        for d in dashboards(SETTINGS)
    }
    wrong = []
    for alert in ALERTS:
        uid, _, query = alert.dashboard.removeprefix("/d/").partition("?")
        asked = {part.split("=")[0].removeprefix("var-") for part in query.split("&") if part}
        if uid not in variables_by_uid or not asked <= variables_by_uid[uid]:
            wrong.append(f"{alert.name}-{alert.namespace}: {alert.dashboard}")
    assert wrong == []


def test_every_alert_says_its_value() -> None:
    assert [alert.name for alert in ALERTS if "$value" not in alert.description] == []


def test_every_alert_is_about_a_namespace_of_the_settings_or_a_label() -> None:
    strange = [
        f"{alert.name}: {alert.namespace}"
        for alert in ALERTS
        if alert.namespace not in SETTINGS.namespaces
        and not alert.namespace.startswith("{{ $labels.")
    ]
    assert strange == []


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_the_committed_files_are_current(environment: str) -> None:
    files = alerting_files.generated_files(real_settings(environment))
    folder = alerting_files.GENERATED / environment
    committed = {
        f"{environment}/{file.name}": file.read_text(encoding="utf-8") for file in folder.iterdir()
    }
    assert committed == files, "run `make rules`"
