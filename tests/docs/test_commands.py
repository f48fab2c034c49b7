"""Commands in the documents work: run where one computer can, otherwise known to be well-formed."""

from __future__ import annotations

import ast
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_grammar import problem
from documented_commands import (
    Command,
    Covered,
    Run,
    calls,
    documents,
    fenced_commands,
    inline_commands,
)
from outcomes import not_checked

from tools.paths import ROOT
from tools.programs import program

TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in documents()
}
FENCED = [command for name, text in TEXTS.items() for command in fenced_commands(name, text)]
EVERY = FENCED + [
    command for name, text in TEXTS.items() for command in inline_commands(name, text)
]
RUN = sorted({c.text for c in FENCED if isinstance(c.fate, Run)})
SECONDS = 1200
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "cdktf.out", ".cache", "site", "__pycache__", ".*_cache",
    ".ci", "rehearsal-report",
)  # fmt: skip


def unknown(commands: list[Command]) -> list[str]:
    return sorted({f"{c.document}: {c.text}" for c in commands if c.fate is None})


def malformed(commands: list[Command]) -> list[str]:
    return sorted(
        {
            f"{command.document}: {mistake}"
            for command in commands
            for words in calls(command.text)
            if (mistake := problem(words))
        }
    )


def test_every_command_is_run_or_covered_or_needs_what_one_computer_lacks() -> None:
    assert unknown(FENCED) == [], "add a rule to tests/support/documented_commands.py"


def test_every_command_is_one_that_its_program_reads() -> None:
    assert malformed(EVERY) == []


def test_what_stands_for_a_command_exists() -> None:
    there = {
        node.name
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    } | {path.name for path in (ROOT / "tests").rglob("*.py")}
    named = {c.fate.by for c in FENCED if isinstance(c.fate, Covered)}
    assert {name for name in named if name.startswith("test_")} - there == set()


def test_there_are_commands() -> None:
    # The way to find them has not lost them all.
    assert len(FENCED) > 80
    assert {"make synth", "make help"} & set(RUN)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("kubectl -n x gett pods", "no verb"),
        ("kubectl get pods --sortby=.x", "unknown flag --sortby"),
        ("kubectl rollout again deployment/x", "allowed is"),
        ("aws secretsmanager put-secret --secret-id x", "no such operation"),
        ("aws eks describe-nodegroup --cluster x", "unknown --cluster"),
        ("aws s3 synk a b", "allowed is"),
        ("helm -n x lst", "no such command"),
        ("helm -n x history kps --maximum 3", "unknown flag --maximum"),
        ("make sinth", "unknown sinth"),
        ("make synth ENVIRONMENT=dev", "unknown ENVIRONMENT"),
        ("terraform unlock x", "unknown"),
        ("velero restore make x", "allowed is"),
        ("X=$(aws kms describe-keys)", "no such operation"),
        ("kubectl get pods | kubectl apple -f -", "no verb"),
    ],
)
def test_a_malformed_command_is_noticed(command: str, said: str) -> None:
    (mistake,) = malformed([Command(document="x.md", text=command)])
    assert said in mistake


def test_a_command_without_a_rule_is_noticed() -> None:
    text = "```console\n$ docker ps\nno command\n$ make help\n```\n"
    assert unknown(list(fenced_commands("x.md", text))) == ["x.md: docker ps"]


# --- Run ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with what is installed, but nothing else of this computer."""
    folder = tmp_path_factory.mktemp("commands") / "repository"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    for name in (".venv", "node_modules"):
        if (ROOT / name).is_dir():
            (folder / name).symlink_to(ROOT / name)
    if shutil.which("git") is None:
        return folder
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for command in (
        ["init", "--quiet"],
        ["add", "environments", "tests/snapshots"],
        [*identity, "commit", "--quiet", "-m", "x"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return folder


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    programs = [str(program("amtool").parent), str(Path(sys.executable).parent)]
    path = os.pathsep.join([*programs, os.environ["PATH"]])
    return subprocess.run(
        shlex.split(command),
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


@pytest.mark.parametrize("command", RUN)
def test_it_runs(command: str, copy: Path) -> None:
    if command.startswith("git ") and shutil.which("git") is None:
        not_checked("not checked: the documented commands of git, which is not here")
    done = shell(command, copy)
    assert done.returncode == 0, done.stdout + done.stderr
    if command.startswith("make synth"):
        environment = command.partition("ENV=")[2] or "dev"
        assert (copy / "cdktf.out" / environment / "stacks" / "state" / "cdk.tf.json").is_file()


def test_a_command_that_fails_is_noticed(copy: Path) -> None:
    assert shell("make synth ENV=nowhere", copy).returncode != 0
