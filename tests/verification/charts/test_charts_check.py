"""Each check of `make charts-check` fails on what it is for. The chart is made here: no network."""

from __future__ import annotations

import functools
import hashlib
import subprocess
import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from settings_files import TODAY

from helm_values import release as release_module
from helm_values.release import Release
from tools.programs import PROGRAMS, ProgramUnavailableError, cached
from verification.charts import charts_check
from verification.charts.chart_checks import (
    collisions,
    image_problems,
    resource_problems,
    spread_problems,
)
from verification.charts.chart_configs import (
    findings,
    is_collector_config,
    with_directories,
    without_kubelet_login,
)
from verification.charts.chart_settings import samples, settings_to_check
from verification.charts.chart_source import CHARTS_DIR, find_helm, objects
from verification.charts.kubernetes_schemas import (
    CustomSchemas,
    KubernetesSchemas,
    json_schema,
    shipped_versions,
    version_to_use,
)
from versions import KUBERNETES, Chart

TINY = Chart("tiny", "1.0.0", "v1", "https://charts.invalid")
ABSENT = Chart("absent", "1.0.0", "v1", "https://charts.invalid")

VALUES = """
replicas: 1
image: example/app:1.0
labels: {}
resources:
  requests: {cpu: 10m, memory: 32Mi}
  limits: {memory: 32Mi}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  labels: {{- toYaml .Values.labels | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: tiny}}
  template:
    metadata: {labels: {app: tiny}}
    spec:
      {{- with .Values.topologySpreadConstraints }}
      topologySpreadConstraints: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: app
          image: {{ .Values.image }}
          resources: {{- toYaml .Values.resources | nindent 12 }}
          {{- if .Values.probe }}
          livenessProbe: {{- toYaml .Values.probe | nindent 12 }}
          {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tiny}
rules: []
{{- with .Values.widget }}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: one}
spec: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.config }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config}
data: {{- toYaml . | nindent 2 }}
{{- end }}
"""
CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "metadata": {"type": "object"},
                            "spec": {
                                "type": "object",
                                "required": ["size"],
                                "properties": {
                                    "size": {"type": "integer"},
                                    "port": {"x-kubernetes-int-or-string": True},
                                    "mode": {"type": "string", "enum": ["=", "!="]},
                                    "free": {
                                        "type": "object",
                                        "x-kubernetes-preserve-unknown-fields": True,
                                    },
                                },
                            },
                        },
                    }
                },
            }
        ],
    },
}


def no_program(name: str) -> Path:
    raise ProgramUnavailableError(f"{name} is not built")


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "charts" / TINY.name
    (folder / "templates").mkdir(parents=True)
    (folder / "crds").mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: tiny\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text(VALUES)
    (folder / "templates" / "all.yaml").write_text(DEPLOYMENT)
    (folder / "crds" / "crd.yaml").write_text(yaml.safe_dump(CRD))
    monkeypatch.setenv(CHARTS_DIR, str(folder.parent))
    # Nothing that another run left may help, and a download must fail at once.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    return folder


SETTINGS, SAMPLES = settings_to_check(TODAY), samples(TODAY)
ONE_SAMPLE = {"size-small": SAMPLES["size-small"]}
ONE_OF_EACH = {**ONE_SAMPLE, "dev": SETTINGS["dev"]}

Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(
    chart: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Check:
    """Run the command on releases; the contract is written first unless it is to be compared.

    Unless `everywhere`, for a sample of one size and one environment alone.
    """
    monkeypatch.setattr(release_module, "static_values", lambda name: {})
    monkeypatch.setattr(charts_check, "folder_of", lambda name: "tiny")

    def run(
        *releases: Release, arguments: tuple[str, ...] = ("--update",), everywhere: bool = False
    ) -> tuple[int, str]:
        some = (SETTINGS, SAMPLES) if everywhere else (ONE_OF_EACH, ONE_SAMPLE)
        for name, known in zip(("settings_to_check", "samples"), some, strict=True):
            monkeypatch.setattr(charts_check, name, lambda today, known=known: known)
        monkeypatch.setattr(charts_check, "all_releases", lambda settings, below: list(releases))
        code = charts_check.main(arguments, directory=tmp_path, find=no_program)
        return code, capsys.readouterr().out

    return run


def tiny(name: str = "one", chart: Chart = TINY, **values: Any) -> Release:
    return Release(name=name, chart=chart, static="tiny", from_settings=values)


# --- The command --------------------------------------------------------------------------------


def test_good_release_passes_and_its_contract_holds(check: Check, tmp_path: Path) -> None:
    code, output = check(tiny(labels={"team": "a"}), everywhere=True)
    assert code == 0, output
    assert "dev observability/one: 3 objects" in output
    contract = yaml.safe_load((tmp_path / "tiny" / "tiny-1.0.0.contract.yaml").read_text())
    assert contract["keys"] == {"observability/one": ["labels.*"]}
    assert contract["objects"]["size-medium"]["observability/one"] == [
        "ClusterRole tiny",
        "CustomResourceDefinition widgets.example.com",
        "Deployment one",
    ]
    assert contract["pods"]["size-medium"] == {
        "observability/one": {"Deployment one": "1 x 10m 32Mi, limits 0m 32Mi, 0 volumes"}
    }


def test_contract_that_says_something_else_fails(check: Check) -> None:
    check(tiny())
    assert check(tiny(), arguments=())[0] == 0
    code, output = check(tiny(replicas=2), arguments=())
    assert code == 1
    assert "tiny-1.0.0.contract.yaml is out of date (+ observability/one key replicas, " in output
    assert "+ size-small observability/one Deployment one: 2 x" in output


def test_unknown_key_is_named_with_the_known_one(check: Check, tmp_path: Path) -> None:
    code, output = check(tiny(replicsa=2, resources={"limits": {"memory": "64Mi"}}))
    assert code == 1
    assert "unknown key replicsa in the values of tiny; did you mean replicas?" in output
    assert "replicsa" not in (tmp_path / "tiny" / "tiny-1.0.0.contract.yaml").read_text()


def test_key_that_only_a_render_shows_to_be_read_is_known(chart: Path, check: Check) -> None:
    template = chart / "templates" / "more.yaml"
    template.write_text(
        "{{ $v := .Values }}"
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {x: {{ $v.hidden | quote }}}}"
    )
    code, output = check(tiny(hidden="y", hiden="y"))
    assert code == 1
    assert "unknown key hiden in" in output
    assert "unknown key hidden" not in output


def test_object_that_kubernetes_refuses(check: Check) -> None:
    code, output = check(tiny(probe={"httpGet": {"path": "/", "prot": 80}}))
    assert code == 1
    assert "Deployment one: spec.template.spec.containers[0].livenessProbe.httpGet" in output
    assert "'prot' was unexpected" in output


def test_custom_resource_that_its_definition_refuses(check: Check) -> None:
    assert check(tiny(widget={"size": 1, "port": "http", "mode": "=", "free": {"a": 1}}))[0] == 0
    code, output = check(tiny(widget={"size": "big", "colour": "red"}))
    assert code == 1
    assert "Widget one: spec.size: 'big' is not of type 'integer'" in output
    assert "'colour' was unexpected" in output


def test_kind_that_no_release_before_defines(chart: Path, check: Check) -> None:
    (chart / "crds" / "crd.yaml").unlink()
    code, output = check(tiny(widget={"size": 1}))
    assert code == 1
    assert "no release that is installed before (`after`) defines example.com/v1 Widget" in output


def test_latest_tag(check: Check) -> None:
    code, output = check(tiny(image="example/app:latest"))
    assert code == 1
    assert "Deployment one: image example/app:latest has the tag latest" in output


def test_missing_limit(check: Check) -> None:
    code, output = check(tiny(resources={"limits": None}))
    assert code == 1
    assert "Deployment one: container app has no limits.memory" in output


def spread(**more: Any) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "tiny"}},
        **more,
    }


def test_spread_that_counts_the_pods_of_the_rollout_before(check: Check) -> None:
    good = spread(matchLabelKeys=["pod-template-hash"])
    assert check(tiny(topologySpreadConstraints=[good]))[0] == 0
    code, output = check(tiny(topologySpreadConstraints=[good, spread()]))
    assert code == 1
    assert (
        "Deployment one: its topology spread over kubernetes.io/hostname lacks "
        "matchLabelKeys: [pod-template-hash]" in output
    )


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_spread_of_pods_without_the_label_of_a_rollout(kind: str) -> None:
    def manifest(constraint: dict[str, Any]) -> dict[str, Any]:
        pods = {"topologySpreadConstraints": [constraint]}
        metadata = {"name": "one"}
        return {"kind": kind, "metadata": metadata, "spec": {"template": {"spec": pods}}}

    assert spread_problems(manifest(spread())) == []
    (problem,) = spread_problems(manifest(spread(matchLabelKeys=["pod-template-hash"])))
    assert problem.startswith(f"{kind} one: its topology spread over kubernetes.io/hostname has no")


def test_colliding_cluster_roles(check: Check) -> None:
    code, output = check(tiny("one"), tiny("two"))
    assert code == 1
    assert "ClusterRole tiny is in 2 releases: observability/one, observability/two" in output


def test_colliding_cluster_roles_of_one_name_in_two_namespaces(check: Check) -> None:
    other = Release(name="one", chart=TINY, static="tiny", namespace="dev")
    code, output = check(tiny("one"), other)
    assert code == 1
    assert "ClusterRole tiny is in 2 releases: observability/one, dev/one" in output


def test_values_that_the_chart_refuses(chart: Path, check: Check) -> None:
    (chart / "templates" / "more.yaml").write_text('{{ fail "replicas must be odd" }}')
    code, output = check(tiny())
    assert code == 1
    assert "the chart refuses the values: " in output
    assert "replicas must be odd" in output


def test_map_where_the_chart_has_none_is_told(check: Check) -> None:
    code, output = check(tiny(resources={"limits": 5}))
    assert code == 1
    assert "helm: cannot overwrite table with non table for tiny.resources.limits" in output


def test_amount_in_a_unit_that_is_not_added_up_is_told(check: Check) -> None:
    code, output = check(tiny(resources={"limits": {"memory": "64M"}}))
    assert code == 1
    assert "memory '64M'; allowed: whole Mi or Gi" in output


def test_typo_is_seen_although_helm_changes_the_order(chart: Path, check: Check) -> None:
    # Helm orders objects of one kind and file at random.
    template = "{{ range $name, $_ := .Values.extra }}\n---\n" + (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: {{ $name }}}, data: {}}\n{{ end }}"
    )
    (chart / "templates" / "more.yaml").write_text(template)
    extra: dict[str, Any] = {f"map-{number}": {} for number in range(20)}
    for _ in range(3):
        code, output = check(tiny(extra=extra, replicsa=2))
        assert code == 1
        assert "unknown key replicsa in the values of tiny" in output


def test_made_up_passwords_hide_no_typo(chart: Path, check: Check) -> None:
    template = (
        "{apiVersion: v1, kind: Secret, metadata: {name: x}, "
        "stringData: {password: {{ randAlphaNum 20 }}x}}"
    )
    (chart / "templates" / "more.yaml").write_text(template)
    code, output = check(tiny(replicsa=2))
    assert code == 1
    assert "unknown key replicsa in the values of tiny" in output


def test_chart_is_downloaded_once_and_its_digest_kept(
    chart: Path, check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    helm = str(find_helm())
    subprocess.run([helm, "package", str(chart), "--destination", str(site)], check=True)
    subprocess.run([helm, "repo", "index", str(site)], check=True)
    monkeypatch.delenv(CHARTS_DIR)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        served = Chart("tiny", "1.0.0", "v1", f"http://127.0.0.1:{server.server_port}")
        code, output = check(tiny(chart=served))
        server.shutdown()
    assert code == 0, output
    digest = hashlib.sha256((site / "tiny-1.0.0.tgz").read_bytes()).hexdigest()
    contract = tmp_path / "tiny" / "tiny-1.0.0.contract.yaml"
    assert yaml.safe_load(contract.read_text())["digest"] == f"sha256:{digest}"
    # Now without a server.
    assert check(tiny(chart=served), arguments=())[0] == 0
    contract.write_text(contract.read_text().replace(digest, "0" * 64))
    code, output = check(tiny(chart=served), arguments=())
    assert code == 1
    assert "the repository has another package under this version" in output


def test_chart_that_cannot_be_had_is_never_green(check: Check, tmp_path: Path) -> None:
    code, output = check(tiny(chart=ABSENT))
    assert code == 1
    assert "not checked: dev observability/one: absent 1.0.0 cannot be downloaded: " in output
    assert not (tmp_path / "tiny" / "absent-1.0.0.contract.yaml").exists()


def test_chart_of_another_version_is_not_used(chart: Path, check: Check) -> None:
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: tiny\nversion: 0.9.0\n")
    code, output = check(tiny())
    assert code == 1
    assert "CHARTS_DIR has version 0.9.0, versions.py wants 1.0.0" in output


def test_program_that_cannot_be_had_is_never_green(check: Check) -> None:
    code, output = check(tiny(config={"relay": yaml.safe_dump(COLLECTOR)}))
    assert code == 1
    assert "not checked: dev observability/one: configurations: otelcol is not built" in output


@pytest.mark.parametrize(
    "arguments",
    [("--env", "none"), ("--only", "none"), ("--update", "--env", "size-small"), ("x",)],
)
def test_bad_arguments(check: Check, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        check(tiny(), arguments=arguments)
    assert stopped.value.code == 2


def test_one_release_is_checked_with_those_before_it(check: Check) -> None:
    before, other = tiny("before"), tiny("other", image="example/app:latest")
    release = Release(name="one", chart=TINY, static="tiny", after=("before",))
    code, output = check(before, other, release, arguments=("--only", "one", "--env", "dev"))
    assert code == 1
    assert "ClusterRole tiny is in 2 releases: observability/before, observability/one" in output
    assert "other" not in output


def of_stage(stage: str, **values: Any) -> Release:
    return Release(
        name="gateway",
        chart=TINY,
        static="tiny",
        namespace=f"{stage}-telemetry",
        from_settings=values,
    )


def test_the_contract_has_each_release_of_the_stages_once(check: Check, tmp_path: Path) -> None:
    check(of_stage("dev"), of_stage("acceptance", labels={"team": "a"}), everywhere=True)
    contract = yaml.safe_load((tmp_path / "tiny" / "tiny-1.0.0.contract.yaml").read_text())
    assert contract["keys"] == {"<stage>-telemetry/gateway": ["labels.*"]}
    for facts in (contract["objects"], contract["pods"]):
        assert set(facts) == {"size-small", "size-medium", "size-large"}
        assert all(
            set(by_release) == {"<stage>-telemetry/gateway"} for by_release in facts.values()
        )
    # Another name changes nothing in it.
    renamed = of_stage("qa"), of_stage("prd", labels={"team": "a"})
    _, output = check(*renamed, arguments=(), everywhere=True)
    assert "out of date" not in output


def test_a_release_that_differs_between_stages_is_told(check: Check) -> None:
    code, output = check(of_stage("dev"), of_stage("prd", replicas=3))
    assert code == 1
    assert (
        "size-small prd-telemetry/gateway: other objects or pods than in another stage; "
        "allowed: the same in every stage" in output
    )


def test_an_environment_alone_is_held_to_the_contract(check: Check, tmp_path: Path) -> None:
    check(tiny())
    before = (tmp_path / "tiny" / "tiny-1.0.0.contract.yaml").read_text()
    assert check(tiny(), arguments=("--env", "dev"))[0] == 0
    # More pods are the environment's own affair, a key is not.
    code, output = check(tiny(labels={"a": "b"}), arguments=("--env", "dev"))
    assert code == 1
    assert "problem: dev: release observability/one: unknown key labels.a" in output
    assert (tmp_path / "tiny" / "tiny-1.0.0.contract.yaml").read_text() == before


# --- Single checks ------------------------------------------------------------------------------


def test_every_kubernetes_version_of_the_project_has_schemas() -> None:
    assert set(KUBERNETES) <= set(shipped_versions())
    assert version_to_use("9.99") == shipped_versions()[-1]


def test_quantities_and_nulls_are_read_as_kubernetes_does() -> None:
    schemas = KubernetesSchemas(max(KUBERNETES))
    claim: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "x", "annotations": None},
        "spec": {"resources": {"requests": {"storage": "10Gi"}}},
    }
    assert schemas.problems(claim) == []
    claim["spec"]["resources"]["requests"]["storage"] = "10GB"
    assert schemas.problems(claim)


def test_definitions_with_an_equals_sign_can_be_read() -> None:
    (read,) = objects("kind: CustomResourceDefinition\nenum:\n  - =\n  - 2026-01-01\n")
    assert read["enum"] == ["=", "2026-01-01"]


def test_parts_of_alternatives_stay_open() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "anyOf": [{"type": "object", "properties": {"a": {"enum": ["x"]}}, "required": ["a"]}],
    }
    strict_schema = json_schema(schema)
    assert strict_schema["additionalProperties"] is False
    assert "additionalProperties" not in strict_schema["anyOf"][0]
    assert CustomSchemas([CRD]).api_versions == ["example.com/v1", "example.com/v1/Widget"]


@pytest.mark.parametrize(
    ("image", "pinned"),
    [
        ("registry:5000/app", False),
        ("registry:5000/app:1.0", True),
        ("app@sha256:" + "0" * 64, True),
        ("app:latest", False),
        ("", False),
    ],
)
def test_images(image: str, pinned: bool) -> None:
    assert (image_problems(pod({"image": image})) == []) is pinned


def test_image_in_an_argument() -> None:
    assert image_problems(pod({"image": "a:1", "args": ["--reloader=quay.io/x/y:latest"]}))


def test_operated_pods_need_resources_too() -> None:
    prometheus = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": "kps"},
        "spec": {"image": "quay.io/prometheus/prometheus:v3", "resources": {}},
    }
    assert resource_problems(prometheus) == [
        "Prometheus kps: container prometheus has no requests.cpu and no requests.memory and no "
        "limits.memory"
    ]


def test_names_collide_only_in_one_namespace() -> None:
    role = {"apiVersion": "v1", "kind": "Role", "metadata": {"name": "x"}}
    assert collisions([("a/one", "a", role), ("b/one", "b", role)], ()) == []
    assert collisions([("a/one", "a", role), ("a/two", "a", role)], ()) == [
        "Role a/x is in 2 releases: a/one, a/two"
    ]


def pod(container: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", **container}]},
    }


# --- Configurations -----------------------------------------------------------------------------

COLLECTOR: dict[str, Any] = {
    "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "${env:MY_POD_IP}:4317"}}}},
    "exporters": {"debug": {}},
    "service": {"pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["debug"]}}},
}


def program(name: str) -> Path:
    path = cached(PROGRAMS[name])
    if not path.is_file():
        # Minutes: these tests are the fast ones.
        pytest.skip(f"{name} is not compiled yet: run `python -m tools.programs {name}`")
    return path


def config_map(**data: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "config"},
        "data": {key: yaml.safe_dump(value) for key, value in data.items()},
    }


POD_WITH_ADDRESS = pod({"image": "a:1", "env": [{"name": "MY_POD_IP", "valueFrom": {}}]})


def test_good_collector_configuration() -> None:
    assert list(findings([config_map(relay=COLLECTOR), POD_WITH_ADDRESS], program)) == []


def test_bad_collector_configuration() -> None:
    bad = COLLECTOR | {"exporters": {"debug": {"verbosity": "very"}}}
    (finding,) = findings([config_map(relay=bad), POD_WITH_ADDRESS], program)
    assert "ConfigMap config: otelcol validate: " in finding
    assert "verbosity" in finding


def test_variable_that_no_container_sets() -> None:
    (finding,) = findings([config_map(relay=COLLECTOR)], program)
    assert "variables that no container sets: MY_POD_IP" in finding


def test_variable_with_a_default_needs_no_container() -> None:
    telemetry = {"telemetry": {"resource": {"a": "${env:NOT_SET:-none}"}}}
    config = COLLECTOR | {"service": COLLECTOR["service"] | telemetry}
    assert list(findings([config_map(relay=config), POD_WITH_ADDRESS], program)) == []


def test_bad_rules() -> None:
    rule = {"alert": "X", "expr": "sum(up"}
    manifest = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "r"},
        "spec": {"groups": [{"name": "g", "rules": [rule]}]},
    }
    (finding,) = findings([manifest], program)
    assert finding.startswith("PrometheusRule r: promtool: ")
    rule["expr"] = "sum(up)"
    assert list(findings([manifest], program)) == []


def test_bad_scrape_configuration() -> None:
    bad = config_map(**{"prometheus.yml": {"scrape_configs": [{"job": "x"}]}})
    (finding,) = findings([bad], program)
    assert finding.startswith("ConfigMap config: promtool: ")


def test_bad_alertmanager_configuration() -> None:
    secret: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "am"},
        "stringData": {"alertmanager.yaml": "route: {receiver: nobody}\nreceivers: [{name: a}]"},
    }
    (finding,) = findings([secret], program)
    assert finding.startswith("Secret am: amtool: ")
    secret["stringData"]["alertmanager.yaml"] = "route: {receiver: a}\nreceivers: [{name: a}]"
    assert list(findings([secret], program)) == []


def test_only_collector_configurations_are_taken_for_one() -> None:
    assert is_collector_config(COLLECTOR)
    assert not is_collector_config({"service": {"pipelines": {}}})
    assert not is_collector_config("text")


def test_directories_of_a_pod_are_not_looked_for_here() -> None:
    storage = {"directory": "/var/x", "compaction": {"directory": "/var/y"}}
    config = COLLECTOR | {"extensions": {"file_storage/queue": storage, "pprof": None}}
    assert with_directories(config, "here")["extensions"] == {
        "file_storage/queue": {"directory": "here", "compaction": {"directory": "here"}},
        "pprof": None,
    }


def test_certificates_of_a_pod_are_not_looked_for_here() -> None:
    kubelet = {"auth_type": "serviceAccount", "collection_interval": "30s"}
    config = COLLECTOR | {"receivers": {"kubeletstats": kubelet, "otlp": None}}
    assert without_kubelet_login(config)["receivers"] == {
        "kubeletstats": {"auth_type": "none", "collection_interval": "30s"},
        "otlp": None,
    }
