"""Every command in the documents, and what becomes of it in the tests.

A command that no rule here knows fails a test: whoever writes it says whether it is run, which test
stands for it, or what it needs that one computer does not have.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.paths import ROOT

FENCED = re.compile(r"^( *)```(console|shell|sh|bash)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
PLACEHOLDER = re.compile(r"<[a-zA-Z][\w -]*>")
PROGRAMS = ("kubectl", "helm", "aws", "velero", "terraform", "amtool", "make")
"""Commands of these are checked in running text too."""
SEPARATORS = ("|", "||", ";", "&", "&&")


@dataclass(frozen=True, kw_only=True)
class Run:
    """It is run, in a copy of the repository."""


@dataclass(frozen=True, kw_only=True)
class Covered:
    """A test or a check stands for it."""

    by: str


@dataclass(frozen=True, kw_only=True)
class Needs:
    """It cannot run on one computer: what it needs."""

    what: str


Fate = Run | Covered | Needs

CLUSTER = Needs(what="a cluster")
ACCOUNT = Needs(what="an AWS account")
READER = Needs(what="the reader's own values")

RULES: tuple[tuple[str, Fate], ...] = (
    # The first that matches counts.
    (r"make help", Run()),
    (r"make (new-env NAME=stg FROM=dev|generated)", Covered(by="test_new_environment.py")),
    (r"make synth( ENV=prd)?", Run()),
    (r"make synth ENV=dev", Covered(by="the run of `make synth`, whose default it is")),
    (r"make synth ENV=<env>", READER),
    (r"make rehearse( .*)?", Covered(by="test_everything_is_as_promised")),
    (r"make smoke( .*)?", CLUSTER),
    (r"make dashboards-preview ENV=prd", Covered(by="test_dashboards_preview.py")),
    (r"python -m [\w.]+ --help", Run()),
    (r"make test", Covered(by="CI: it is what CI runs")),
    (r"make charts-check", Covered(by="test_values_keep_to_the_contracts")),
    (
        r"make rehearse-cluster( .*)?",
        Covered(by="tests/verification/rehearsal/test_rehearsed_cluster.py"),
    ),
    (r"make access( RECORD=1)?", Covered(by="test_the_page_of_access_is_current")),
    (r"make rehearse-infra", Covered(by="test_dev_is_applied_checked_and_destroyed")),
    (r"make (plan|deploy|destroy)\b.*", Covered(by="test_deploy.py")),
    (r"make node_modules", Covered(by="`make test`, which needs it")),
    (
        r"node_modules/\.bin/cdktf .*|export PATH=.* ENVIRONMENT=dev",
        Covered(by="test_cdktf_synthesizes_deploys_and_destroys_by_hand"),
    ),
    (r"amtool config routes test .*", Run()),
    # The sample applications are started so, with another exporter.
    (
        r"OTEL_TRACES_EXPORTER=console .* (opentelemetry-instrument|node|java) .*",
        Covered(by="test_one_trace_crosses_the_three"),
    ),
    (r"git diff --stat tests/snapshots|git checkout environments tests/snapshots", Run()),
    (r"git revert <commit>", READER),
    (r"(kubectl|velero)\b.*", CLUSTER),
    (r"helm -n \w+ .*", CLUSTER),
    (r"curl .*http://localhost:.*", Needs(what="a cluster, by `kubectl port-forward`")),
    (r"aws .*|\w+=\$\(aws .*\)", ACCOUNT),
    (r"cd cdktf\.out/dev/stacks/\w+", Covered(by="the run of `make synth`")),
    (r"terraform (init|import|plan|apply|force-unlock)\b.*", ACCOUNT),
    (r"[A-Z]+=[\w/-]+", Needs(what="the commands after it")),
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One line of a document's code block, or a command in its text."""

    document: str
    text: str

    @property
    def fate(self) -> Fate | None:
        """What becomes of it; None if no rule knows it."""
        alone = self.text.removesuffix(" &").strip()
        return next((fate for rule, fate in RULES if re.fullmatch(rule, alone)), None)


def documents() -> list[Path]:
    """The documents whose commands are checked; translations have the same blocks."""
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for folder in ("onboarding", "operations", "runbooks"):
        paths += sorted((ROOT / "docs" / folder).rglob("*.md"))
    return paths


def fenced_commands(document: str, text: str) -> Iterator[Command]:
    """The commands of the code blocks; of a console, the lines that begin with `$`."""
    for _, language, body in FENCED.findall(text):
        for line in body.replace("\\\n", " ").splitlines():
            command = line.strip()
            if language == "console":
                if not command.startswith("$ "):
                    continue
                command = command.removeprefix("$ ")
            if command and not command.startswith("#"):
                yield Command(document=document, text=command)


def inline_commands(document: str, text: str) -> Iterator[Command]:
    """Commands of known programs in running text."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for snippet in INLINE.findall(prose):
        command = " ".join(snippet.split())
        if command.split(" ")[0] in PROGRAMS and " " in command:
            yield Command(document=document, text=command)


def calls(command: str) -> list[list[str]]:
    """The words of each program that a line of shell calls.

    Raises:
        ValueError: quotes are not closed.
    """
    inner = re.findall(r"\$\(([^)]*)\)", command)
    outer = re.sub(r"\$\([^)]*\)", "RESULT", PLACEHOLDER.sub("PLACEHOLDER", command))
    programs: list[list[str]] = [[]]
    # As a shell splits: operators are words of their own unless quoted.
    lexer = shlex.shlex(outer, posix=True, punctuation_chars="|;&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    for word in lexer:
        if word in SEPARATORS:
            programs.append([])
        else:
            programs[-1].append(word)
    commands = [words for words in programs if words and not re.fullmatch(r"[A-Z]+=.*", words[0])]
    return commands + [call for text in inner for call in calls(text)]
