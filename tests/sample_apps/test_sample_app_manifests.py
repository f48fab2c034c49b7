"""The sample applications' manifests, images and locks are what a stage of the cluster takes."""

from __future__ import annotations

import copy
import itertools
import json
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.names import ENVIRONMENT_LABEL
from blueprint.traffic import OTLP
from settings.load import environment_names, load_environment
from verification.charts.chart_pods import pod_groups
from verification.charts.kubernetes_schemas import KubernetesSchemas, version_to_use
from verification.rehearsal.pipeline import sample_apps
from verification.rehearsal.pipeline.sample_apps import (
    LANGUAGES,
    SOURCES,
    Language,
    SampleAppUnavailableError,
)

TODAY = date(2026, 11, 24)
STAGE = "dev"
"""The one that the manifests are written for."""
OTHERS = ("hml", "prd")
PORT = 8080
Object = dict[str, Any]

each_language = pytest.mark.parametrize("language", LANGUAGES)
each_environment = pytest.mark.parametrize("environment", environment_names())


def the(kind: str, language: Language) -> Object:
    (manifest,) = (
        manifest for manifest in sample_apps.manifest(language) if manifest["kind"] == kind
    )
    return manifest


def pod(language: Language) -> Object:
    spec: Object = the("Deployment", language)["spec"]["template"]["spec"]
    return spec


def container(language: Language) -> Object:
    (spec,) = pod(language)["containers"]
    result: Object = spec
    return result


def text(language: Language, name: str) -> str:
    return (SOURCES / language / name).read_text(encoding="utf-8")


# --- Manifests ------------------------------------------------------------------------------------


@each_environment
@each_language
def test_the_api_server_would_take_every_object(language: Language, environment: str) -> None:
    version = load_environment(environment, TODAY).cluster.kubernetes_version
    schemas = KubernetesSchemas(version_to_use(version))
    for manifest in sample_apps.manifest(language):
        assert schemas.problems(manifest) == []


def test_a_misspelt_field_is_found() -> None:
    broken = copy.deepcopy(the("Deployment", "python"))
    broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    assert KubernetesSchemas(version_to_use("1.36")).problems(broken)


def not_restricted(spec: Object) -> list[str]:
    """What the Pod Security Standard `restricted` refuses of a pod.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    """
    context = spec.get("securityContext", {})
    problems = [f"{key} is set" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    if not context.get("runAsNonRoot") or context.get("runAsUser") == 0:
        problems.append("may run as root")
    if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        problems.append("no seccomp profile")
    volumes = {kind for volume in spec.get("volumes", ()) for kind in volume if kind != "name"}
    allowed = {"emptyDir", "configMap", "secret", "projected", "persistentVolumeClaim"}
    problems += [f"volume {kind}" for kind in volumes - allowed]
    for container in spec["containers"]:
        security = container.get("securityContext", {})
        if security.get("allowPrivilegeEscalation") is not False:
            problems.append("may escalate privileges")
        if "ALL" not in security.get("capabilities", {}).get("drop", ()):
            problems.append("keeps capabilities")
        if any("hostPort" in port for port in container.get("ports", ())):
            problems.append("hostPort is set")
    return problems


@each_language
def test_pods_are_restricted(language: Language) -> None:
    assert not_restricted(pod(language)) == []
    assert container(language)["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod(language)["automountServiceAccountToken"] is False


def test_a_pod_that_is_not_restricted_is_found() -> None:
    bare = {"hostNetwork": True, "containers": [{"ports": [{"hostPort": 80}]}]}
    assert len(not_restricted({**bare, "volumes": [{"name": "a", "hostPath": {}}]})) == 7


@each_language
def test_pods_run_on_the_nodes_of_their_stage(language: Language) -> None:
    assert pod(language)["nodeSelector"] == {ENVIRONMENT_LABEL: STAGE}
    assert pod(language)["tolerations"] == [
        {"key": ENVIRONMENT_LABEL, "value": STAGE, "effect": "NoSchedule"}
    ]


@each_environment
def test_the_three_fit_the_quota_also_while_they_are_replaced(environment: str) -> None:
    settings = load_environment(environment, TODAY)
    groups = [
        group for language in LANGUAGES for group in pod_groups(sample_apps.manifest(language))
    ]
    assert all(group.cpu and group.memory and group.cpu_limit for group in groups)
    assert all(group.memory_limit >= group.memory for group in groups)
    for stage in settings.stages:
        quota = settings.namespaces[stage].quota
        assert 2 * sum(group.cpu for group in groups) <= quota.requests_cpu * 1000
        assert 2 * sum(group.memory for group in groups) <= quota.requests_memory_gib * 1024
        assert 2 * sum(group.cpu_limit for group in groups) <= quota.limits_cpu * 1000
        assert 2 * sum(group.memory_limit for group in groups) <= quota.limits_memory_gib * 1024


@each_language
@pytest.mark.parametrize("stage", OTHERS)
def test_one_word_moves_a_manifest_to_another_stage(language: Language, stage: str) -> None:
    moved = re.sub(r"\bdev\b", stage, text(language, "kubernetes.yaml"))
    before = json.dumps(sample_apps.manifest(language))
    after = json.dumps(list(yaml.safe_load_all(moved)))
    assert f"http://otel-gateway.{stage}.svc:4318" in after
    assert after == before.replace(STAGE, stage)
    assert before.count(STAGE) == len(re.findall(r"\bdev\b", before))


@each_language
def test_names_and_ports_agree(language: Language) -> None:
    name = f"orders-{language}"
    for manifest in sample_apps.manifest(language):
        assert manifest["metadata"]["name"] == name
        assert manifest["metadata"]["namespace"] == STAGE
    deployment, service = the("Deployment", language), the("Service", language)
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["spec"]["selector"].items() <= labels.items()
    (served,) = service["spec"]["ports"]
    assert (served["port"], served["targetPort"]) == (PORT, "http")
    assert container(language)["ports"] == [{"name": "http", "containerPort": PORT}]
    variables = {variable["name"]: variable["value"] for variable in container(language)["env"]}
    assert variables["PORT"] == str(PORT)
    assert f"EXPOSE {PORT}" in text(language, "Dockerfile")


@each_language
def test_health_is_asked_for(language: Language) -> None:
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container(language)[probe]["httpGet"] == {"path": "/healthz", "port": "http"}


def permits(policy: Object, direction: str, peer: str) -> bool:
    side = {"Ingress": "from", "Egress": "to"}[direction]
    return any(
        {"podSelector": {"matchLabels": {"app.kubernetes.io/name": peer}}} in rule[side]
        and rule["ports"] == [{"protocol": "TCP", "port": PORT}]
        for rule in policy["spec"].get(direction.lower(), ())
    )


def test_each_application_may_call_the_next_and_no_other() -> None:
    policies = {language: the("NetworkPolicy", language) for language in LANGUAGES}
    allowed = {
        (source, destination)
        for source, destination in itertools.permutations(LANGUAGES, 2)
        if permits(policies[source], "Egress", f"orders-{destination}")
        and permits(policies[destination], "Ingress", f"orders-{source}")
    }
    assert allowed == set(itertools.pairwise(LANGUAGES))


def test_each_application_calls_the_next() -> None:
    called = {
        language: {
            variable["name"]: variable["value"] for variable in container(language)["env"]
        }.get("DOWNSTREAM_URL")
        for language in LANGUAGES
    }
    assert called == {
        "python": f"http://orders-node:{PORT}",
        "node": f"http://orders-java:{PORT}",
        "java": None,
    }


# --- Telemetry ------------------------------------------------------------------------------------


@each_language
def test_telemetry_goes_to_the_gateway_of_the_own_stage(language: Language) -> None:
    variables = {variable["name"]: variable["value"] for variable in container(language)["env"]}
    address = re.fullmatch(
        r"http://otel-gateway\.(\w+)\.svc:(\d+)", variables["OTEL_EXPORTER_OTLP_ENDPOINT"]
    )
    assert address is not None
    assert address[1] == the("Deployment", language)["metadata"]["namespace"]
    assert int(address[2]) in OTLP
    # 4318 is HTTP, and SDKs differ in what they speak unless told.
    assert (address[2], variables["OTEL_EXPORTER_OTLP_PROTOCOL"]) == ("4318", "http/protobuf")


@each_language
def test_nothing_is_claimed_that_the_gateway_says(language: Language) -> None:
    settings = sample_apps.telemetry_settings(sample_apps.manifest(language))
    assert settings["OTEL_SERVICE_NAME"] == f"orders-{language}"
    assert settings["OTEL_RESOURCE_ATTRIBUTES"] == "service.namespace=orders,service.version=0.1.0"
    assert "OTEL_TRACES_SAMPLER" not in settings


@each_language
def test_the_rehearsal_starts_what_the_image_starts(language: Language) -> None:
    command = sample_apps.image_command(language)
    assert command[0] in ("opentelemetry-instrument", "node", "java")
    if language == "node":
        start = json.loads(text("node", "package.json"))["scripts"]["start"]
        assert start == " ".join(command)


# --- Images and locks -----------------------------------------------------------------------------


@each_language
def test_images_are_built_in_two_stages_from_pinned_bases(language: Language) -> None:
    bases = re.findall(r"^FROM (\S+)", text(language, "Dockerfile"), re.MULTILINE)
    assert len(bases) == 2
    for base in bases:
        assert re.search(r":\d+\.\d+\.\d+", base), base


@each_language
def test_images_run_as_the_user_of_the_manifest(language: Language) -> None:
    context = pod(language)["securityContext"]
    user = f"USER {context['runAsUser']}:{context['runAsGroup']}"
    assert user in text(language, "Dockerfile").splitlines()
    assert context["runAsUser"] > 0


@each_language
def test_the_image_gets_what_its_build_copies_and_no_more(language: Language) -> None:
    ignored, *kept = text(language, ".dockerignore").split()
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text(language, "Dockerfile"), re.M)
        for name in line.split()
    }
    assert ignored == "*"
    assert {name.removeprefix("!") for name in kept} == copied


def test_every_dependency_in_python_has_a_hash() -> None:
    lock = text("python", "requirements.txt")
    packages = re.findall(r"^([\w.-]+)==\S+ (.*)$", lock, re.MULTILINE)
    assert len(packages) > 20
    assert lock.count("--hash=sha256:") >= len(packages)
    for name in re.findall(r"^[a-z][\w-]+$", text("python", "requirements.in"), re.MULTILINE):
        assert name in dict(packages)


def test_every_dependency_in_node_has_a_hash_and_names_no_registry() -> None:
    lock = json.loads(text("node", "package-lock.json"))["packages"]
    packages = {name: package for name, package in lock.items() if name}
    assert len(packages) > 100
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
    assert lock[""]["dependencies"] == json.loads(text("node", "package.json"))["dependencies"]


def test_every_dependency_in_java_has_a_hash() -> None:
    names = [line.split()[1] for line in text("java", "dependencies.sha256").splitlines()]
    pinned = re.findall(
        r"<artifactId>([\w-]+)</artifactId>\s*<version>([\d.]+)</version>", text("java", "pom.xml")
    )
    versions = dict(pinned)
    assert f"lib/gson-{versions['gson']}.jar" in names
    assert f"lib/opentelemetry-api-{versions['opentelemetry-api']}.jar" in names
    assert "agent/opentelemetry-javaagent.jar" in names


# --- Made to run here -----------------------------------------------------------------------------


def test_fails_when_a_jar_is_not_the_locked_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def build(_source: Path, folder: Path) -> None:
        for name in ("lib/a.jar", "lib/b.jar", "agent/c.jar"):
            (folder / "target" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "target" / name).write_bytes(name.encode())

    monkeypatch.setattr(sample_apps, "_build_java", build)
    build(tmp_path, tmp_path)
    changed, _added, right = sample_apps._jars(tmp_path / "target")
    lock = tmp_path / "dependencies.sha256"
    lock.write_text(f"{changed.replace(changed[0], 'x')}\n{right}\n")
    with pytest.raises(SampleAppUnavailableError, match=r"dependencies\.sha256: lib/a\.jar, lib/b"):
        sample_apps._install_java(tmp_path, tmp_path)
    lock.write_text("\n".join(sample_apps._jars(tmp_path / "target")))
    sample_apps._install_java(tmp_path, tmp_path)


def test_says_what_is_missing_where_there_is_no_java(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert sample_apps.main(["java"]) == 1
    assert "not available: java: mvn is not on the PATH: install Maven" in capsys.readouterr().err


def test_an_install_that_did_not_end_is_done_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    attempts = []

    def install(_source: Path, folder: Path) -> None:
        attempts.append(sorted(path.name for path in folder.iterdir()))
        (folder / "half").touch()
        if len(attempts) == 1:
            raise SampleAppUnavailableError("no network")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    here = str(Path(shutil.which("sh") or "").parent)
    monkeypatch.setattr(sample_apps, "image_command", lambda _language: ("sh",))
    build = replace(sample_apps._BUILDS["python"], install=install, programs=lambda _: (here,))
    monkeypatch.setitem(sample_apps._BUILDS, "python", build)
    with pytest.raises(SampleAppUnavailableError, match="no network"):
        sample_apps.prepare("python")
    app = sample_apps.prepare("python")
    assert app == sample_apps.prepare("python")
    assert attempts == [[], []]


def test_an_unknown_language_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        sample_apps.main(["cobol"])
    assert stopped.value.code == 2
    assert "cobol: allowed: python, node, java" in capsys.readouterr().err
