"""The sample applications on this computer: what makes them run, and how they are started.

    prepare("python") -> SampleApp --start(...)--> RunningProcess

An application starts with the command of its Dockerfile and the telemetry settings of its
Kubernetes manifest, so what is rehearsed is what is deployed. What must differ here are the
addresses: HOST, PORT, DOWNSTREAM_URL and OTEL_EXPORTER_OTLP_ENDPOINT.

`make sample-apps` prepares all of them, which downloads their dependencies once.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, get_args

import yaml

from constructs_lib.jsii_runtime import node_program
from tools.go_build import cache_dir, say
from tools.paths import ROOT
from verification.rehearsal.processes import LOOPBACK, RunningProcess, free_port
from verification.rehearsal.processes import start as start_process

Language = Literal["python", "node", "java"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
"""In the order in which they call one another."""

SOURCES: Final = ROOT / "sample_apps"
ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
READY_PATH: Final = "/healthz"
READY_SECONDS: Final = 180
STOP_SECONDS: Final = 20
INSTALL_SECONDS: Final = 600
_COMPLETE: Final = ".complete"
_CMD: Final = re.compile(r"^CMD (\[.*\])$", re.MULTILINE)


class SampleAppUnavailableError(RuntimeError):
    """An application cannot be made to run here; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class SampleApp:
    """An application that is ready to be started."""

    language: Language
    service_name: str
    """`service.name` of its telemetry."""
    command: tuple[str, ...]
    """That of its Dockerfile, the program by its path."""
    folder: Path
    """Where the command runs."""
    environment: Mapping[str, str] = field(repr=False)
    """PATH, and what its manifest says to OpenTelemetry besides the endpoint."""

    def start(
        self,
        *,
        otlp_endpoint: str,
        log_path: Path,
        port: int | None = None,
        downstream_url: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> RunningProcess:
        """Start it on loopback, and return once it answers; the result's `stop` sends SIGTERM.

        Args:
            otlp_endpoint: where its telemetry goes, by OTLP over HTTP, without `/v1/traces`.
            log_path: takes what it prints.
            port: where it listens; a free one unless given.
            downstream_url: the application that it calls, without a trailing slash.
            environment: more variables, such as OTEL_METRIC_EXPORT_INTERVAL in milliseconds.

        Raises:
            ProcessError: it ended before it answered, or did not answer in time.
        """
        port = port or free_port()
        addresses = {"HOST": LOOPBACK, "PORT": str(port), ENDPOINT: otlp_endpoint}
        if downstream_url is not None:
            addresses["DOWNSTREAM_URL"] = downstream_url
        return start_process(
            self.command,
            name=self.service_name,
            port=port,
            log_path=log_path,
            environment={**self.environment, **addresses, **(environment or {})},
            working_directory=self.folder,
            ready_path=READY_PATH,
            deadline_seconds=READY_SECONDS,
            grace_seconds=STOP_SECONDS,
        )


@contextmanager
def started_chain(
    apps: Sequence[SampleApp],
    *,
    otlp_endpoint: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[dict[Language, RunningProcess]]:
    """Start applications of which each calls the next, and stop them in the order of the calls.

    Args:
        apps: the first is the one to send requests to.
        otlp_endpoint: where the telemetry of all goes.
        folder: takes a log for each.
        environment: more variables for all.
    """
    running: dict[Language, RunningProcess] = {}
    downstream: str | None = None
    with ExitStack() as stack:
        for app in reversed(apps):
            process = app.start(
                otlp_endpoint=otlp_endpoint,
                log_path=folder / f"{app.service_name}.log",
                downstream_url=downstream,
                environment=environment,
            )
            running[app.language] = stack.enter_context(process)
            downstream = process.url
        yield running


# --- Prepared -----------------------------------------------------------------------------------


def prepare(language: Language) -> SampleApp:
    """Make an application ready to be started, from the per-user cache where it is there already.

    Raises:
        SampleAppUnavailableError: what it needs is not on this computer and cannot be had.
    """
    build = _BUILDS[language]
    source = SOURCES / language
    folder = cache_dir() / "sample-apps" / f"{language}-{_digest(source, build)}"
    with _alone(folder):
        if not (folder / _COMPLETE).is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            say(f"installing the sample application in {language} once ({build.takes})")
            build.install(source, folder)
            (folder / _COMPLETE).touch()
    path = os.pathsep.join([*build.programs(folder), os.defpath])
    environment = telemetry_settings(manifest(language))
    command = image_command(language)
    program = shutil.which(command[0], path=path)
    if program is None:
        raise SampleAppUnavailableError(f"{command[0]} is not in {path}")
    return SampleApp(
        language=language,
        service_name=environment["OTEL_SERVICE_NAME"],
        command=(program, *command[1:]),
        folder=build.runs_in(source, folder),
        environment={"PATH": path, **build.environment, **environment},
    )


def manifest(language: Language) -> list[dict[str, Any]]:
    """The Kubernetes objects of an application."""
    text = (SOURCES / language / "kubernetes.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load_all(text))


def telemetry_settings(objects: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The variables for OpenTelemetry in a manifest, without the endpoint."""
    (deployment,) = (manifest for manifest in objects if manifest["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {
        variable["name"]: variable["value"]
        for variable in container["env"]
        if variable["name"].startswith("OTEL_") and variable["name"] != ENDPOINT
    }


def image_command(language: Language) -> tuple[str, ...]:
    """The command of an application's image."""
    text = (SOURCES / language / "Dockerfile").read_text(encoding="utf-8")
    return tuple(json.loads(_CMD.findall(text)[-1]))


@dataclass(frozen=True, kw_only=True)
class _Build:
    """How an application is made to run; `inputs` decide whether that must be done again."""

    inputs: tuple[str, ...]
    takes: str
    install: Callable[[Path, Path], None]
    programs: Callable[[Path], tuple[str, ...]]
    runs_in: Callable[[Path, Path], Path]
    environment: Mapping[str, str] = field(default_factory=dict)


def _install_python(source: Path, folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)], source)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
    pip += ["--disable-pip-version-check", "-r", "requirements.txt"]
    _run(pip, source)


def _install_node(source: Path, folder: Path) -> None:
    for name in _NODE_FILES:
        shutil.copy(source / name, folder)
    scripts = sysconfig.get_path("scripts")
    # npm starts the first `node` on the PATH.
    path = os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])
    npm = [str(Path(scripts) / "npm"), "ci", "--omit=dev", "--loglevel=error"]
    # npm would leave a cache of compiled code in the folder for temporary files.
    _run(npm, folder, os.environ | {"PATH": path, "NODE_DISABLE_COMPILE_CACHE": "1"})


def _node_folder(_folder: Path) -> tuple[str, ...]:
    # Not the script that `make setup` installs, which would not hand SIGTERM on.
    try:
        return (str(node_program().parent),)
    except ModuleNotFoundError as error:
        raise SampleAppUnavailableError(str(error)) from error


def _install_java(source: Path, folder: Path) -> None:
    _build_java(source, folder)
    jars, lock = _jars(folder / "target"), (source / _JAVA_LOCK).read_text(encoding="utf-8")
    # A pom.xml pins versions, not what is in them.
    if different := sorted({line.split()[1] for line in {*lock.splitlines()} ^ {*jars}}):
        raise SampleAppUnavailableError(
            f"not the jars of sample_apps/java/{_JAVA_LOCK}: {', '.join(different)}"
        )


def _build_java(source: Path, folder: Path) -> None:
    maven = _java_program("mvn", "Maven 3.8 or later")
    _java_program("java", "a JDK, 17 or later")
    shutil.copy(source / "pom.xml", folder)
    shutil.copytree(source / "src", folder / "src")
    _run([maven, "--batch-mode", "--quiet", "package"], folder)


def _jars(folder: Path) -> list[str]:
    """Every jar that the application is started with but its own, as `sha256sum` writes them."""
    return [
        f"{sha256(jar.read_bytes()).hexdigest()}  {jar.relative_to(folder).as_posix()}"
        for part in ("lib", "agent")
        for jar in sorted((folder / part).glob("*.jar"))
    ]


def lock_java() -> Path:
    """Rewrite the hashes of the jars after a change of pom.xml; returns their file.

    Raises:
        SampleAppUnavailableError: there is no Maven, or the build fails.
    """
    source = SOURCES / "java"
    with tempfile.TemporaryDirectory() as folder:
        _build_java(source, Path(folder))
        lines = _jars(Path(folder) / "target")
    lock = source / _JAVA_LOCK
    lock.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return lock


def _java_program(name: str, package: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise SampleAppUnavailableError(f"{name} is not on the PATH: install {package}")
    return program


def _java_folder(_folder: Path) -> tuple[str, ...]:
    return (str(Path(_java_program("java", "a JDK, 17 or later")).parent),)


_JAVA_LOCK: Final = "dependencies.sha256"
_NODE_FILES: Final = (".npmrc", "app.js", "package.json", "package-lock.json")

_BUILDS: Final[Mapping[Language, _Build]] = {
    "python": _Build(
        inputs=("requirements.txt",),
        takes="half a minute",
        install=_install_python,
        programs=lambda folder: (str(folder / "bin"),),
        runs_in=lambda source, _folder: source,
        environment={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
    ),
    "node": _Build(
        # Node.js looks for packages beside the file, so this is a copy.
        inputs=_NODE_FILES,
        takes="half a minute",
        install=_install_node,
        programs=_node_folder,
        runs_in=lambda _source, folder: folder,
        environment={"NODE_ENV": "production"},
    ),
    "java": _Build(
        inputs=("pom.xml", _JAVA_LOCK, "src"),
        takes="a minute",
        install=_install_java,
        programs=_java_folder,
        runs_in=lambda _source, folder: folder / "target",
    ),
}


def _digest(source: Path, build: _Build) -> str:
    # The Python too: a virtual environment is of one.
    digest = sha256(sys.version.encode())
    for name in build.inputs:
        for file in [source / name, *sorted((source / name).rglob("*"))]:
            if file.is_file():
                path = file.relative_to(source).as_posix()
                digest.update(path.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time install; the others find it done."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SampleAppUnavailableError(f"{Path(command[0]).name}: {error}") from error
    if done.returncode != 0:
        end = "\n".join(done.stdout.splitlines()[-20:])
        raise SampleAppUnavailableError(
            f"`{' '.join(command)}` ended with exit code {done.returncode}:\n{end}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare the applications named (all, if none is), and print how they start."""
    parser = argparse.ArgumentParser(
        prog="python -m verification.rehearsal.pipeline.sample_apps",
        description="Install and build the sample applications, once, in the per-user cache.",
    )
    parser.add_argument(
        "languages", nargs="*", metavar="LANGUAGE", help=f"of {', '.join(LANGUAGES)} (all)"
    )
    parser.add_argument(
        "--lock-java", action="store_true", help=f"only rewrite sample_apps/java/{_JAVA_LOCK}"
    )
    options = parser.parse_args(arguments)
    chosen = options.languages or LANGUAGES
    if unknown := sorted(set(chosen) - set(LANGUAGES)):
        parser.error(f"{', '.join(unknown)}: allowed: {', '.join(LANGUAGES)}")
    if options.lock_java:
        return _told("java", lambda: lock_java().relative_to(ROOT).as_posix())
    return max(_told(language, partial(_prepared, language)) for language in chosen)


def _prepared(language: Language) -> str:
    app = prepare(language)
    return f"{app.service_name}: {' '.join(app.command)}"


def _told(language: Language, result: Callable[[], str]) -> int:
    """Print a result; the exit code."""
    try:
        print(result(), flush=True)
    except SampleAppUnavailableError as error:
        print(f"not available: {language}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
