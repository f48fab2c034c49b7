"""`make audit`: check locked packages for known vulnerabilities, and report what was not checked.

pip-audit (Python locks), npm audit (package-lock.json) and govulncheck (the compiled programs).
Exit code 0: asked and nothing known; 1: something is known; 2: something could not be asked.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from constructs_lib.jsii_runtime import node_program
from tools.paths import ROOT
from verification.supply_chain.scanners import BIN

SECONDS: Final = 300


@dataclass(frozen=True)
class Asked:
    """What came of one question: the vulnerabilities, or why it could not be asked."""

    audit: str
    known: tuple[str, ...] = ()
    not_asked: str | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code."""
    argparse.ArgumentParser(prog="make audit", description=__doc__).parse_args(arguments)
    return report([*(pip(lock) for lock in _locks()), npm(), *map(go, _modules())])


def report(answers: Sequence[Asked]) -> int:
    """Print a line for each question and each vulnerability; the result is the exit code."""
    for answer in answers:
        if answer.not_asked is not None:
            print(f"not checked  {answer.audit}: {answer.not_asked}")
            continue
        print(f"{'VULNERABLE' if answer.known else 'ok':<12} {answer.audit}")
        for text in answer.known:
            print(f"  {text}")
    if any(answer.known for answer in answers):
        return 1
    return 2 if any(answer.not_asked is not None for answer in answers) else 0


def pip(lock: Path) -> Asked:
    """Ask PyPI's advisories for the packages of a lock file."""
    program = BIN / "pip-audit"
    audit = f"pip-audit {lock.relative_to(ROOT)}"
    if not program.is_file():
        return Asked(audit, not_asked="pip-audit is not installed: run `make scanners`")
    command = [str(BIN / "python"), str(program), "--requirement", str(lock)]
    command += ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner=off"]
    answer = _json(command)
    if not isinstance(answer, dict) or "dependencies" not in answer:
        return Asked(audit, not_asked=str(answer))
    known = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in "
        f"{', '.join(vulnerability['fix_versions']) or 'none'}"
        for package in answer["dependencies"]
        for vulnerability in package.get("vulns", [])
    ]
    return Asked(audit, tuple(known))


def npm() -> Asked:
    """Ask npm's advisories for package-lock.json."""
    program = node_program().parent / "npm"
    audit = "npm audit"
    npm_program = shutil.which("npm", path=f"{ROOT / '.venv' / 'bin'}{os.pathsep}{program.parent}")
    if not npm_program:
        return Asked(audit, not_asked="npm is not installed: run `make setup`")
    answer = _json([npm_program, "audit", "--json", "--package-lock-only", "--audit=true"])
    if not isinstance(answer, dict) or "vulnerabilities" not in answer:
        reason = answer.get("message", "no answer") if isinstance(answer, dict) else answer
        return Asked(audit, not_asked=str(reason))
    known = [
        f"{name} {advisory['range']}: {advisory['severity']}"
        for name, advisory in answer["vulnerabilities"].items()
    ]
    return Asked(audit, tuple(known))


def go(module: Path) -> Asked:
    """Ask Go's database of vulnerabilities for a program of tools/."""
    audit = f"govulncheck tools/{module.name}"
    program = shutil.which("govulncheck")
    if not program:
        return Asked(audit, not_asked="govulncheck is not on the PATH")
    done = _run([program, "-C", str(module), "-format", "text", "./..."])
    if isinstance(done, str):
        return Asked(audit, not_asked=done)
    # Exit code 3 is "vulnerabilities found" (its documentation); others but 0 are failures.
    if done.returncode not in (0, 3):
        return Asked(audit, not_asked=_last(done.stderr))
    vulnerabilities = [
        line for line in done.stdout.splitlines() if line.startswith("Vulnerability #")
    ]
    return Asked(audit, tuple(vulnerabilities))


def _locks() -> list[Path]:
    return [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]


def _modules() -> list[Path]:
    return sorted(file.parent for file in (ROOT / "tools").glob("*/go.mod"))


def _json(command: list[str]) -> Any:
    """What the command printed as JSON, or as text why it printed none."""
    done = _run(command)
    if isinstance(done, str):
        return done
    try:
        return json.loads(done.stdout)
    except ValueError:
        return _last(done.stderr)


def _run(command: list[str]) -> subprocess.CompletedProcess[str] | str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {SECONDS} s"
    except OSError as error:
        return str(error)


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


if __name__ == "__main__":
    sys.exit(main())
