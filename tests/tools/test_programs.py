"""Which programs the checks run, when one is compiled, and what pins it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import go_build, programs
from tools.go_build import GoProgram
from tools.programs import PROGRAMS, ProgramUnavailableError
from versions import (
    ALERTMANAGER_VERSION,
    AMTOOL_VERSION,
    COLLECTOR_VERSION,
    CONTROL_PLANE_VERSION,
    KUBE_PROMETHEUS_STACK,
    PROMETHEUS_VERSION,
    THANOS_VERSION,
)

COLLECTOR = PROGRAMS["otelcol"].module
COMPONENT_KINDS = ("receivers", "processors", "exporters", "connectors", "extensions")


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


FAKE_GO = """
[ "$1" = version ] && { echo "go version go1.99.0 linux/amd64"; exit 0; }
[ "$1" = list ] && exit 0
echo "$PWD $*" >> "@LOG@"
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
printf '#!/bin/sh\\necho "it, version 7.8.9 (branch: )"\\n' > "$out"
/bin/chmod +x "$out"
"""


@pytest.fixture
def path_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH, on a computer with an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def go_log(path_dir: Path) -> Path:
    """What a stand-in for go was called with."""
    log = path_dir.parent / "go.log"
    script(path_dir / "go", FAKE_GO.replace("@LOG@", str(log)))
    return log


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_compiled_once_from_its_module(name: str, go_log: Path) -> None:
    paths = {programs.program(name) for _ in range(2)}

    (path,) = paths
    assert path.name == name
    assert path.is_file()
    (call,) = go_log.read_text(encoding="utf-8").splitlines()
    assert call.startswith(f"{PROGRAMS[name].module} build -mod=readonly -trimpath ")
    assert call.endswith(f" {PROGRAMS[name].package}")


def test_a_program_on_the_path_is_not_used(path_dir: Path, go_log: Path) -> None:
    script(path_dir / "amtool", "echo amtool, version 0.1.0")

    assert programs.program("amtool").parent != path_dir


def test_tags_and_version_reach_the_compiler(go_log: Path) -> None:
    programs.program("promtool")

    call = go_log.read_text(encoding="utf-8")
    assert f"-X github.com/prometheus/common/version.Version={PROMETHEUS_VERSION}" in call
    assert "-tags remove_all_sd,enable_kubernetes_sd" in call


def test_a_change_of_the_module_or_of_the_flags_is_another_program(tmp_path: Path) -> None:
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("go 1.26.0\n", encoding="utf-8")

    def cached(*tags: str) -> Path:
        return programs.cached(GoProgram("it", "1.0.0", module, ".", minutes=1, tags=tags))

    before = cached()
    assert cached() == before
    assert cached("netgo") != before
    (module / "README").write_text("not compiled", encoding="utf-8")
    assert cached() == before
    (module / "main.go").write_text("package main\n", encoding="utf-8")
    assert cached() != before


def test_what_is_printed(go_log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert programs.main(["amtool", "promtool"]) == 0

    printed = capsys.readouterr()
    paths = [programs.program(name) for name in ("amtool", "promtool")]
    assert printed.out == f"amtool 7.8.9 {paths[0]}\npromtool 7.8.9 {paths[1]}\n"
    assert f"compiling amtool {AMTOOL_VERSION} once" in printed.err


def test_the_list_compiles_nothing(go_log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    programs.program("amtool")
    go_log.unlink()

    assert programs.main(["--list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [re.split("[ :]", line)[0] for line in lines] == list(programs.NAMES)
    assert f"amtool {AMTOOL_VERSION}: tools/amtool (compiled)" in lines
    assert any(line.startswith("otelcol") and "to compile" in line for line in lines)
    assert not go_log.exists()


@pytest.mark.parametrize("option", [[], ["--list"]], ids=["get", "list"])
def test_an_unknown_name_is_one_message(
    option: list[str], go_log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert programs.main([*option, "grafana"]) == 1

    assert capsys.readouterr().err == (
        "No program called grafana: there are promtool, prometheus, amtool, alertmanager, otelcol, "
        "thanos, prometheus-operator, kubernetes, helm, nginx.\n"
    )


def test_a_failed_compilation_is_one_message_and_leaves_nothing(
    path_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = '[ "$1" = version ] && { echo "go version go1.99.0"; exit 0; }\necho "disk full"; exit 2'
    script(path_dir / "go", body)

    assert programs.main(["amtool"]) == 1

    message = f"amtool {AMTOOL_VERSION} cannot be compiled here: amtool did not compile:\ndisk full"
    assert message in capsys.readouterr().err
    assert list(programs.cached(PROGRAMS["amtool"]).parent.iterdir()) == []

    # Every test that needs it would wait for the same failure.
    (path_dir / "go").unlink()
    assert programs.main(["amtool"]) == 1
    assert message in capsys.readouterr().err


def test_a_compilation_waits_for_another_and_takes_its_result(
    go_log: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = programs.cached(PROGRAMS["amtool"])
    with ThreadPoolExecutor(1) as pool:
        with go_build._one_at_a_time():
            second = pool.submit(programs.program, "amtool")
            said = ""
            while "waiting for another compilation" not in said:
                said += capfd.readouterr().err
                assert not second.done()
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        assert second.result() == target
    assert not go_log.exists()


@pytest.mark.parametrize(
    ("done", "total", "seconds", "said"),
    [
        (0, 800, 15, "0 of 800 packages, 15 s"),
        (200, 800, 60, "200 of 800 packages, 1 min 0 s, about 3 min 0 s left"),
        (801, 800, 240, "800 of 800 packages, 4 min 0 s, linking"),
        (12, 0, 15, "15 s"),
    ],
)
def test_progress_is_packages_of_all_and_time(
    done: int, total: int, seconds: float, said: str
) -> None:
    assert go_build.progress(done, total, seconds) == said


def test_a_program_that_does_not_run_is_one_message(
    go_log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script(programs.cached(PROGRAMS["amtool"]), "echo no such library >&2; exit 127")

    assert programs.main(["amtool"]) == 1

    assert "does not say its version: no such library" in capsys.readouterr().err


def test_helm_is_the_installed_one(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(path_dir / "helm", "echo v3.0.0")
    venv = tmp_path / "venv"
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(venv))
    with pytest.raises(ProgramUnavailableError, match="make setup-dev"):
        programs.program("helm")

    expected = script(venv / "helm", "echo v3.17.3")

    assert programs.program("helm") == expected


# --- What pins them -----------------------------------------------------------------------------


def prometheus_module_version(version: str) -> str:
    """Prometheus calls the Go module of its 3.16.0 v0.316.0."""
    major, minor, patch = version.split(".")
    return f"0.{major}{int(minor):02}.{patch}"


@pytest.mark.parametrize(
    ("name", "module", "version"),
    [
        (
            "promtool",
            "github.com/prometheus/prometheus",
            prometheus_module_version(PROMETHEUS_VERSION),
        ),
        ("amtool", "github.com/prometheus/alertmanager", AMTOOL_VERSION),
        ("alertmanager", "github.com/prometheus/alertmanager", ALERTMANAGER_VERSION),
        ("otelcol", "go.opentelemetry.io/collector/otelcol", COLLECTOR_VERSION),
        ("thanos", "github.com/thanos-io/thanos", THANOS_VERSION.removeprefix("v")),
        (
            "prometheus-operator",
            "github.com/prometheus-operator/prometheus-operator",
            KUBE_PROMETHEUS_STACK.app_version.removeprefix("v"),
        ),
        ("kubernetes", "k8s.io/kubernetes", CONTROL_PLANE_VERSION),
    ],
)
def test_the_go_module_pins_the_version_that_is_named(name: str, module: str, version: str) -> None:
    text = (PROGRAMS[name].module / "go.mod").read_text(encoding="utf-8")

    assert re.search(rf"^\s*{re.escape(module)} v{re.escape(version)}\b", text, re.MULTILINE)


def test_the_parts_of_kubernetes_are_of_the_same_release() -> None:
    """Kubernetes 1.36.3 publishes them as 0.36.3; go.mod must replace each with that one."""
    text = (PROGRAMS["kubernetes"].module / "go.mod").read_text(encoding="utf-8")
    replaced = re.findall(r"^\t(k8s\.io/\S+) => (\S+) v(\S+)$", text, re.MULTILINE)

    assert len(replaced) > 30
    assert {version for _, _, version in replaced} == {f"0.{CONTROL_PLANE_VERSION[2:]}"}
    assert all(module == target for module, target, _ in replaced)


def test_the_api_server_is_told_its_version(go_log: Path) -> None:
    programs.program("kubernetes")

    call = go_log.read_text(encoding="utf-8")
    assert f"-X k8s.io/component-base/version.gitVersion=v{CONTROL_PLANE_VERSION}" in call


def test_every_module_says_which_go_it_needs() -> None:
    for pinned in PROGRAMS.values():
        assert go_build.go_needed(pinned.module) >= (1, 24)


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    loaded = yaml.safe_load((COLLECTOR / "builder.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_collectors_manifest_has_one_version(manifest: dict[str, Any]) -> None:
    assert manifest["dist"]["version"] == COLLECTOR_VERSION
    components = [entry["gomod"] for kind in COMPONENT_KINDS for entry in manifest[kind]]
    others = [
        component for component in components if not component.endswith(f" v{COLLECTOR_VERSION}")
    ]
    # The Go module proxy has no newer one.
    assert others == ["go.opentelemetry.io/collector/connector/forwardconnector v0.158.0"]


def test_the_collectors_sources_are_those_of_its_manifest(manifest: dict[str, Any]) -> None:
    """Someone who changes the manifest and forgets to run the builder would test the old one."""
    sources = "\n".join(file.read_text(encoding="utf-8") for file in sorted(COLLECTOR.glob("*.go")))
    modules = set(re.findall(r'^\s+\w+ "([^"]+)"$', sources, re.MULTILINE))
    kinds = (*COMPONENT_KINDS, "providers")
    requirements = [entry["gomod"] for kind in kinds for entry in manifest[kind]]

    of_every_collector = {
        "go.opentelemetry.io/collector/otelcol",
        "go.opentelemetry.io/collector/service/telemetry/otelconftelemetry",
    }
    assert modules - of_every_collector == {entry.split(" ")[0] for entry in requirements}
    go_mod = (COLLECTOR / "go.mod").read_text(encoding="utf-8")
    for entry in [*requirements, *manifest["replaces"]]:
        assert f"{entry}\n" in go_mod
    assert f'Version:     "{COLLECTOR_VERSION}"' in sources
