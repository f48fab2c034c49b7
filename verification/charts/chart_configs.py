"""Validates the configurations inside rendered objects with the programs that read them."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from verification.charts.chart_checks import containers, label
from verification.charts.kubernetes_schemas import Object

FindProgram = Callable[[str], Path]

CHECK_SECONDS: Final = 600

_VARIABLE: Final = re.compile(r"\$\{(?:env:)?([A-Z][A-Z0-9_]*)(?!:-|[A-Z0-9_])")
"""Of which no default stands beside it (`:-`)."""


def findings(manifests: list[Object], find: FindProgram) -> Iterator[str]:
    """Check every configuration in a release's objects.

    Raises:
        ProgramUnavailableError: from `find`.
    """
    for manifest in manifests:
        if manifest["kind"] == "PrometheusRule":
            yield from _rules(manifest, find)
        elif manifest["kind"] in ("ConfigMap", "Secret"):
            files = _files(manifest)
            yield from _prometheus(manifest, files, find)
            if "alertmanager.yaml" in files:
                yield from _alertmanager(manifest, files, find)
            for config in filter(is_collector_config, map(_parsed, files.values())):
                yield from _collector(manifest, config, _variables(manifests), find)


def _files(manifest: Object) -> dict[str, str]:
    """What a ConfigMap or Secret holds, as text."""
    data = manifest.get("data") or {}
    if manifest["kind"] == "Secret":
        data = {key: _decoded(value) for key, value in data.items()}
    data = data | (manifest.get("stringData") or {})
    # Anything else than text is refused by the schema already.
    return {key: value for key, value in data.items() if isinstance(value, str)}


def _decoded(value: str) -> str:
    return base64.b64decode(value).decode("utf-8", errors="replace")


def _parsed(text: str) -> Any:
    # Most of what ConfigMaps hold is no YAML: dashboards, scripts, templates.
    if "service:" not in text:
        return None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _run(command: list[str], env: dict[str, str] | None = None) -> str | None:
    """What the program says, if it refuses."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=CHECK_SECONDS,
        env=os.environ | (env or {}),
        check=False,
    )
    if done.returncode == 0:
        return None
    return " ".join((done.stdout + done.stderr).split())


# --- Prometheus and Alertmanager ----------------------------------------------------------------


def _rules(manifest: Object, find: FindProgram) -> Iterator[str]:
    groups = {"groups": manifest["spec"].get("groups", [])}
    # Two charts repeat a rule, which is bad style and no error.
    yield from _in_file(
        manifest, "rules.yaml", groups, [str(find("promtool")), "check", "rules", "--lint=none"]
    )


def _prometheus(manifest: Object, files: dict[str, str], find: FindProgram) -> Iterator[str]:
    for name, text in files.items():
        if name in ("prometheus.yaml", "prometheus.yml"):
            config = yaml.safe_load(text)
        elif name == "additional-scrape-configs.yaml":
            config = {"scrape_configs": yaml.safe_load(text)}
        else:
            continue
        # Rules and certificates that the configuration names are not on this computer.
        command = [str(find("promtool")), "check", "config", "--syntax-only", "--lint=none"]
        yield from _in_file(manifest, name, config, command)


def _in_file(manifest: Object, name: str, content: Any, command: list[str]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / name
        file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        refusal = _run([*command, str(file)])
    if refusal is not None:
        said = refusal.replace(scratch + os.sep, "")
        yield f"{label(manifest)}: {Path(command[0]).name}: {said}"


def _alertmanager(manifest: Object, files: dict[str, str], find: FindProgram) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in files.items():
            # The operator mounts the Secret there; templates are read by the check.
            moved = text.replace("/etc/alertmanager/config/", scratch + os.sep)
            (Path(scratch) / name).write_text(moved, encoding="utf-8")
        refusal = _run([str(find("amtool")), "check-config", f"{scratch}/alertmanager.yaml"])
    if refusal is not None:
        said = refusal.replace(scratch + os.sep, "")
        yield f"{label(manifest)}: amtool: {said}"


# --- Collector ----------------------------------------------------------------------------------


def is_collector_config(config: Any) -> bool:
    """Whether a document is a collector's configuration."""
    return (
        isinstance(config, dict)
        and isinstance(config.get("service"), dict)
        and "pipelines" in config["service"]
        and "receivers" in config
    )


def _variables(manifests: list[Object]) -> dict[str, str]:
    """The environment of a release's containers, with sample values for pod fields."""
    values: dict[str, str] = {}
    for manifest in manifests:
        for container in containers(manifest):
            for variable in container.get("env") or ():
                values[variable["name"]] = str(variable.get("value") or _sample(variable["name"]))
    return values


def _sample(name: str) -> str:
    return "127.0.0.1" if name.endswith("IP") else name.lower().replace("_", "-")


def _collector(
    manifest: Object, config: dict[str, Any], variables: dict[str, str], find: FindProgram
) -> Iterator[str]:
    collector = find("otelcol")
    unset = sorted(set(_VARIABLE.findall(yaml.safe_dump(config))) - set(variables))
    if unset:
        yield f"{label(manifest)}: variables that no container sets: {', '.join(unset)}"
    with tempfile.TemporaryDirectory() as scratch:
        config = without_kubelet_login(with_directories(config, scratch))
        file = Path(scratch) / "config.yaml"
        file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        # Sample values: Kubernetes gives a pod the real ones.
        env = {name: _sample(name) for name in unset} | variables
        refusal = _run([str(collector), "validate", "--config", str(file)], env)
    if refusal is not None:
        yield f"{label(manifest)}: otelcol validate: {refusal}"


def with_directories(config: dict[str, Any], directory: str) -> dict[str, Any]:
    """The configuration with directories that exist here, as validation looks for or makes them."""
    extensions = {
        name: _in_directory(extension, directory)
        if name.partition("/")[0] == "file_storage"
        else extension
        for name, extension in (config.get("extensions") or {}).items()
    }
    return config | {"extensions": extensions} if extensions else config


def _in_directory(extension: Any, directory: str) -> dict[str, Any]:
    options = dict(extension or {}) | {"directory": directory}
    if isinstance(options.get("compaction"), dict):
        options["compaction"] = options["compaction"] | {"directory": directory}
    return options


def without_kubelet_login(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with a kubelet that requires no credentials.

    To log in, validation would read the certificates of a pod's service account.
    """
    receivers = {
        name: dict(receiver or {}) | {"auth_type": "none"}
        if name.partition("/")[0] in ("kubeletstats", "kubelet_stats")
        else receiver
        for name, receiver in config["receivers"].items()
    }
    return config | {"receivers": receivers}
