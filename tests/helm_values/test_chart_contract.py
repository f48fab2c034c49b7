"""The values keep to what was seen of the charts: no network, no charts."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from helm_values.release import Release
from helm_values.releases import releases as all_releases
from helm_values.stack_outputs import sample_stack_outputs
from settings.model import OBSERVABILITY, Notifications, Settings
from settings.node_sizes import SIZES, Size
from verification.charts.chart_contract import (
    Contract,
    commented,
    compare,
    contract_key,
    contract_name,
    did_you_mean,
    dotted,
    known_paths,
    leaves,
    nearest,
    object_name,
    orphans,
    parts,
    problems,
    read_chart,
    read_contracts,
    referenced,
    set_keys,
    uncovered_keys,
    unknown_keys,
    unproven_keys,
    without_stage,
    written_whole,
)
from verification.charts.chart_settings import sample_name, samples
from versions import Chart

EXAMPLE = Chart("example", "1.2.3", "v1", "https://charts.example.com")

VALUES_YAML = """
replicas: 1
resources: {}
  # limits:
  #   memory: 1Gi
image:
  repository: example
  # tag: v1
server:
  retention: 10d
  extra: {}
limits_config:
  rate: 1
nothing: null
"""
TEMPLATES = """
{{ .Values.replicas }} {{ $.Values.hidden.flag }} {{ index .Values "with.dot" "inner" }}
{{- with .Values.server }}{{ .retention }}{{ end }}
{{ toYaml .Values.limits_config | indent 2 }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{ if .Values.nothing.deep }}x{{ end }}
"""
CHART = read_chart(VALUES_YAML, TEMPLATES)


def example(**values: Any) -> Release:
    return Release(name="sample", chart=EXAMPLE, static="example", from_settings=values)


@pytest.fixture(autouse=True)
def no_static_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the release made here has no file of its own."""
    from helm_values import release, static_values

    monkeypatch.setattr(
        release,
        "static_values",
        lambda name: {} if name == "example" else static_values.static_values(name),
    )


@pytest.fixture(scope="module")
def releases() -> dict[str, list[Release]]:
    return {
        name: all_releases(settings, sample_stack_outputs())
        for name, settings in samples(TODAY).items()
    }


def releases_of(settings: Settings) -> list[Release]:
    return all_releases(settings, sample_stack_outputs())


# --- The committed contracts --------------------------------------------------------------------


def test_values_keep_to_the_contracts(releases: dict[str, list[Release]]) -> None:
    contracts = read_contracts()
    real = {name: releases_of(real_settings(name)) for name in REAL_ENVIRONMENTS}
    messages = [
        line
        for listed in (releases, real)
        for name in listed
        for line in problems(name, listed[name], contracts)
    ]
    assert not messages, "\n".join(messages)


@pytest.mark.parametrize("size", SIZES)
def test_the_contracts_hold_for_any_stages_and_any_optional_setting(size: Size) -> None:
    sample = samples(TODAY)[sample_name(size)]
    stage = sample.namespaces["prd"].model_copy(
        update={
            "objectives": None,
            "notifications": Notifications(page=False, mute_out_of_hours=True, owner="a-team"),
        }
    )
    settings = sample.model_copy(
        update={
            "environment": "stg",
            "region": "sa-east-1",
            "namespaces": {
                OBSERVABILITY: sample.namespaces[OBSERVABILITY],
                "acceptance": stage,
                "a-b": stage,
            },
            "alerting": sample.alerting.model_copy(
                update={"dead_mans_switch": not sample.alerting.dead_mans_switch}
            ),
        }
    )
    assert problems("stg", releases_of(settings), read_contracts()) == []


def test_every_contract_is_of_a_chart_in_use(releases: dict[str, list[Release]]) -> None:
    used = [release for listed in releases.values() for release in listed]
    assert not orphans(used, read_contracts())


def test_every_size_is_checked() -> None:
    assert [settings.size for settings in samples(TODAY).values()] == list(SIZES)


def test_contracts_are_named_by_their_chart_and_list_what_it_rendered(
    releases: dict[str, list[Release]],
) -> None:
    for name, contract in read_contracts().items():
        assert name == contract.file_name
        users = {
            sample
            for sample, listed in releases.items()
            if contract.file_name in {contract_name(release.chart) for release in listed}
        }
        assert set(contract.objects) == users, name
        for sample, listed in contract.objects.items():
            assert all(listed.values()), f"{name}: a release rendered nothing in {sample}"


def test_typo_in_any_release_is_named(releases: dict[str, list[Release]]) -> None:
    contracts = read_contracts()
    for release in releases["size-small"]:
        keys = contracts[contract_name(release.chart)].keys[contract_key(release)]
        exact = [parts(key) for key in keys if not key.endswith(".*")]
        if not exact:
            continue
        path = (*exact[0][:-1], exact[0][-1] + "zz")
        mistyped = with_value(release, path)
        (line,) = problems("dev", [mistyped], contracts)
        assert f"unknown key {dotted(path)}" in line
        assert f"did you mean {dotted(exact[0])}?" in line


def with_value(release: Release, path: tuple[str, ...]) -> Release:
    settings = copy.deepcopy(release.from_settings)
    here = settings
    for part in path[:-1]:
        here = here.setdefault(part, {})
    here[path[-1]] = "probe"
    return dataclasses.replace(release, from_settings=settings)


# --- What a mistake looks like ------------------------------------------------------------------

CONTRACT = Contract(
    chart="example",
    version="1.2.3",
    repository=EXAMPLE.repository,
    keys={"observability/sample": ["prometheus.prometheusSpec.retention", "resources.*"]},
)
CONTRACTS = {CONTRACT.file_name: CONTRACT}


def test_message_names_release_key_nearest_key_and_command() -> None:
    mistyped = example(prometheus={"prometheusSpec": {"retenshun": "3d"}})
    assert problems("dev", [mistyped], CONTRACTS) == [
        "dev: release observability/sample: unknown key prometheus.prometheusSpec.retenshun in the "
        "values of example; did you mean prometheus.prometheusSpec.retention? It is not in "
        "example-1.2.3.contract.yaml; if the chart has it, run "
        "`make charts-check UPDATE=1`"
    ]


def test_without_a_near_key_the_message_is_still_a_sentence() -> None:
    (line,) = problems("dev", [example(zzzzzz=1)], CONTRACTS)
    assert "unknown key zzzzzz in the values of example. It is not in" in line


def test_what_was_seen_is_no_problem() -> None:
    good = example(
        prometheus={"prometheusSpec": {"retention": "3d"}},
        resources={"limits": {"memory": "1Gi"}},
    )
    assert problems("dev", [good], CONTRACTS) == []


def test_chart_version_and_release_without_contract_are_told() -> None:
    (line,) = problems("prd", [example()], {})
    assert line == (
        "prd: release observability/sample has no contract "
        "example-1.2.3.contract.yaml: run `make charts-check UPDATE=1`"
    )
    other = dataclasses.replace(example(), name="other")
    (line,) = problems("prd", [other], CONTRACTS)
    assert "release observability/other is not in the contract" in line


def test_a_release_of_a_stage_has_the_same_key_in_every_stage() -> None:
    for stage in ("dev", "a-b"):
        release = dataclasses.replace(example(), namespace=f"{stage}-telemetry")
        assert contract_key(release) == "<stage>-telemetry/sample"
        for name, general in (
            (f"Role {stage}/sample", "Role <stage>/sample"),
            (f"ClusterRole x-{stage}-telemetry", "ClusterRole x-<stage>-telemetry"),
            (f"ConfigMap {stage}x", f"ConfigMap {stage}x"),
        ):
            assert without_stage(name, release) == general
    assert contract_key(example()) == "observability/sample"
    assert without_stage("Role dev/sample", example()) == "Role dev/sample"


def test_orphan_is_told() -> None:
    assert orphans([example()], ["example-1.2.3.contract.yaml", "example-1.2.2.contract.yaml"]) == [
        "example-1.2.2.contract.yaml"
    ]


@pytest.mark.parametrize(
    ("values", "uncovered"),
    [
        ({"a": {"b": 1}}, []),
        ({"a": None}, []),
        ({"open": {"x": {"y": 1}}}, []),
        ({"open": {}}, []),
        ({"a": {"b": {"c": 1}}}, [("a", "b", "c")]),
        ({"a": {"B": 1}}, [("a", "B")]),
        ({"with.dot": {"key": 1}}, []),
    ],
)
def test_uncovered_keys(values: dict[str, Any], uncovered: list[tuple[str, ...]]) -> None:
    assert uncovered_keys(values, ["a.b", "open.*", '"with.dot".key']) == uncovered


# --- What a chart knows -------------------------------------------------------------------------


def test_paths_with_dots_survive_being_written() -> None:
    for path in (("a", "b-c"), ("grafana", "grafana.ini", "x"), ("a/b",), ("eks.amazonaws.com/r",)):
        assert parts(dotted(path)) == path


def test_lists_are_one_value() -> None:
    assert leaves({"a": [{"b": 1}], "c": {}, "d": {"e": None}}) == [("a",), ("c",), ("d", "e")]


def test_references_of_templates_are_read() -> None:
    assert {("hidden", "flag"), ("with.dot", "inner"), ("replicas",)} <= set(referenced(TEMPLATES))
    assert {("limits_config",), ("resources",)} <= set(written_whole(TEMPLATES))
    assert ("replicas",) not in set(written_whole(TEMPLATES))


def test_commented_keys_have_the_place_of_their_indentation() -> None:
    assert {("resources", "limits"), ("resources", "limits", "memory"), ("image", "tag")} == set(
        commented(VALUES_YAML)
    )


@pytest.mark.parametrize(
    "values",
    [
        {"replicas": 2},
        {"resources": {"limits": {"memory": "1Gi"}}},
        {"image": {"tag": "v2"}},
        {"server": {"extra": {"any": 1}}},
        {"limits_config": {"burst": 2}},
        {"hidden": {"flag": True}},
        {"with.dot": {"inner": 1}},
        {"nothing": {"deep": 1}},
        {"replicas": None},
    ],
)
def test_known_keys(values: dict[str, Any]) -> None:
    assert unknown_keys(values, CHART) == []


@pytest.mark.parametrize(
    ("values", "unknown", "meant"),
    [
        ({"replicsa": 2}, ("replicsa",), "replicas"),
        ({"server": {"retenshun": "3d"}}, ("server", "retenshun"), "server.retention"),
        ({"image": {"tga": "v2"}}, ("image", "tga"), "image.tag"),
        ({"hidden": {"flagg": True}}, ("hidden", "flagg"), "hidden.flag"),
        ({"servers": {"retention": "3d"}}, ("servers",), "server"),
        ({"image": {"retention": "3d"}}, ("image", "retention"), "server.retention"),
        ({"zzz": 1}, ("zzz",), None),
    ],
)
def test_unknown_keys(values: dict[str, Any], unknown: tuple[str, ...], meant: str | None) -> None:
    assert unknown_keys(values, CHART) == [unknown]
    expected = f"; did you mean {meant}?" if meant else ""
    assert did_you_mean(unknown, known_paths(CHART)) == expected


def test_keys_stop_where_the_chart_takes_any() -> None:
    values = {
        "replicas": 2,
        "resources": {"limits": {"memory": "1Gi"}},
        "server": {"extra": {"a": {"b": 1}}, "retention": "1d"},
        "limits_config": {"burst": 2},
        "typo": {"x": 1},
    }
    assert set_keys(values, CHART) == [
        "limits_config.burst",
        "replicas",
        "resources.*",
        "server.extra.*",
        "server.retention",
    ]
    assert [key.path for key in compare(values, CHART) if not key.is_known] == [("typo",)]


def test_keys_without_a_chart_are_all_leaves() -> None:
    assert set_keys({"b": {"c": [1]}, "a": 1}) == ["a", "b.c"]


def test_keys_that_only_a_whole_map_allows_for_are_unproven() -> None:
    values = {"limits_config": {"burst": 2, "rate": 3}, "server": {"extra": {"a": 1}}}
    assert unproven_keys(values, CHART) == {
        ("limits_config",): [("limits_config", "burst")],
        ("server", "extra"): [("server", "extra", "a")],
    }


def test_subcharts_are_read_under_their_alias_and_condition() -> None:
    sub = read_chart("port: 80\nglobal: {domain: x}", "{{ .Values.host }}")
    chart = read_chart("sub: {port: 81}", "", {"sub": sub}, ["sub.enabled"])
    good = {"sub": {"port": 1, "host": "h", "enabled": False}, "global": {"domain": "y"}}
    assert unknown_keys(good, chart) == []
    assert unknown_keys({"sub": {"prot": 1}}, chart) == [("sub", "prot")]
    assert chart.defaults["sub"]["port"] == 81


def test_key_in_a_wrong_place_is_found_elsewhere() -> None:
    known = [("prometheus", "prometheusSpec", "retention"), ("grafana", "enabled")]
    assert nearest(("prometheus", "retention"), known) == known[0]


def test_objects_are_named_with_a_foreign_namespace() -> None:
    service = {"kind": "Service", "metadata": {"name": "dns", "namespace": "kube-system"}}
    assert object_name(service, "observability") == "Service kube-system/dns"
    assert object_name(service, "kube-system") == "Service dns"


def test_contract_survives_being_written(tmp_path: Any) -> None:
    (tmp_path / "example").mkdir()
    (tmp_path / "example" / CONTRACT.file_name).write_text(CONTRACT.text, encoding="utf-8")
    assert read_contracts(tmp_path) == CONTRACTS


def test_no_chart_brings_a_network_policy() -> None:
    # Flows are declared by the components (blueprint/traffic.py): two sources would drift apart.
    listed = [
        f"{release}: {item}"
        for contract in read_contracts().values()
        for objects in contract.objects.values()
        for release, items in objects.items()
        for item in items
        if item.startswith("NetworkPolicy ")
    ]
    assert listed == []
