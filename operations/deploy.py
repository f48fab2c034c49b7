"""Plans, deploys or destroys the synthesized stacks of one environment, one at a time, in order.

``python -m operations.deploy deploy --env dev`` runs the cdktf CLI pinned in package.json on
``cdktf.out/dev``. It adds what the CLI does not do: the order of separate states, one line per
stack, and a stop at the first failure that says what to do next.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from constructs_lib.jsii_runtime import node_program
from operations.account_checks import (
    AwsCheckError,
    Leftover,
    Target,
    check_account,
    find_leftovers,
    read_target,
)
from settings.load import environment_names
from synthesis.synth import deployment_order, finish_interrupted
from tools.paths import ROOT
from tools.providers import find_source
from tools.terraform import TerraformUnavailableError, find_terraform, terraform_env

# Destroying it takes the states of the others along, so it must be asked for by name.
STATE_STACK: Final = "state"
CLI_SCRIPT: Final = Path("node_modules", "cdktf-cli", "bundle", "bin", "cdktf")

_CLI_COMMAND: Final = {"plan": "diff", "deploy": "deploy", "destroy": "destroy"}
_DONE_WORD: Final = {"plan": "planned", "deploy": "deployed", "destroy": "destroyed"}
# What Terraform says at the end. The CLI exits with 0 as well when the user answers "Dismiss" or
# "Stop", and going on to the next stack would then be wrong, most of all when destroying.
_DONE_SIGN: Final = {"deploy": "Apply complete!", "destroy": "Destroy complete!"}
# The second is the S3 backend's before the bucket of the state stack exists.
_UPSTREAM_MISSING: Final = re.compile(
    r'Unable to find remote state|NoSuchBucket|S3 bucket "[^"]*" does not exist'
)
_COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")
_CURSOR: Final = re.compile(r"\x1b\[[0-9;?]*[A-HJKlh]|\r")
_SPINNER: Final = re.compile(r"^\s*(?:[\u2800-\u28ff]\s+\w+|\d+ Stacks? \w+ing\s+\d+ Stack.*)$")


class UsageProblemError(Exception):
    """The command cannot be carried out as given; the message says what is allowed or missing."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for."""

    action: str
    env: str
    stacks: tuple[str, ...] = ()
    yes: bool = False
    confirm: str | None = None
    leave: bool = False


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the project is, and the programs and environment to run it with."""

    root: Path
    order: tuple[str, ...]
    node: Path
    child_env: dict[str, str] = field(default_factory=dict)

    def output_dir(self, env: str) -> Path:
        """The folder that `make synth ENV=<env>` writes, relative to the root."""
        return Path("cdktf.out", env)


def main(argv: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Carry out the command line; the result is the exit code."""
    request = _parse(argv)
    try:
        _check_environment(request.env, root)
        order = synthesized_order(request.env, root)
        stacks = select_stacks(request, order)
        workspace = _workspace(root, order)
        target = read_target(root / "cdktf.out" / request.env)
        if target:
            check_account(target)
        _confirm_protected(request, root)
        return run(request, stacks, workspace, target)
    except (UsageProblemError, TerraformUnavailableError, AwsCheckError) as problem:
        print(problem, file=sys.stderr)
        return 2


def select_stacks(request: Request, order: Sequence[str]) -> list[str]:
    """The stacks to act on, in the order to do it.

    Raises:
        UsageProblemError: if a stack is unknown.
    """
    unknown = [name for name in request.stacks if name not in order]
    if unknown:
        raise UsageProblemError(
            f"Unknown stack {', '.join(unknown)}; choose from {', '.join(order)}."
        )
    chosen = [name for name in order if name in (request.stacks or order)]
    if request.action != "destroy":
        return chosen
    if not request.stacks:
        chosen.remove(STATE_STACK)
    return chosen[::-1]


def run(
    request: Request, stacks: Sequence[str], workspace: Workspace, target: Target | None = None
) -> int:
    """Act on the stacks in turn; the exit code of the first failure, or 0.

    `target` is where in AWS they are; leftovers are looked for there before a stack is destroyed.
    """
    _announce(request, stacks, workspace.order)
    worst = 0
    for number, stack in enumerate(stacks, start=1):
        label = f"[{number}/{len(stacks)}] {stack}:"
        if target and request.action == "destroy" and not request.leave:
            left = find_leftovers(target, stack)
            if left:
                _say(_leftovers(label, left))
                return 1
        _say(f"{label} {request.action} ...")
        started = time.monotonic()
        status, output = _run_cli(request, stack, workspace)
        if status == 0 and not _is_done(request.action, output):
            _say(f"{label} not approved, so nothing was changed in it.")
            status = 1
        took = f"{time.monotonic() - started:.0f} s"
        if status == 0:
            _say(f"{label} {_DONE_WORD[request.action]} in {took}")
            continue
        _say(f"{label} {request.action} stopped with exit code {status} after {took}")
        if _UPSTREAM_MISSING.search(output):
            _say(_upstream_hint(stack, request.env, workspace.order))
        if request.action != "plan":
            _say(_next_step(request, stacks[number:]))
            return status
        # A plan changes nothing, so the other stacks' plans are still worth having.
        worst = worst or status
    return worst


def _parse(argv: Sequence[str] | None) -> Request:
    parser = argparse.ArgumentParser(prog="python -m operations.deploy", description=__doc__)
    parser.add_argument("action", choices=sorted(_CLI_COMMAND))
    parser.add_argument("--env", required=True, help="an environment of environments/*.yaml")
    parser.add_argument(
        "--stack", action="append", default=[], metavar="NAME", help="only this one; repeatable"
    )
    parser.add_argument("--yes", action="store_true", help="approve without asking")
    parser.add_argument(
        "--confirm", metavar="ENV", help="the environment's name, to destroy a protected one"
    )
    parser.add_argument(
        "--leave",
        action="store_true",
        help="destroy although load balancers, volumes or interfaces are left behind",
    )
    args = parser.parse_args(argv)
    return Request(args.action, args.env, tuple(args.stack), args.yes, args.confirm, args.leave)


def _check_environment(env: str, root: Path) -> None:
    known = environment_names(root / "environments")
    if env not in known:
        raise UsageProblemError(f"Unknown environment {env}; choose from {', '.join(known)}.")


def synthesized_order(env: str, root: Path) -> tuple[str, ...]:
    """Names of the synthesized stacks in order of deployment.

    Raises:
        UsageProblemError: the environment was not synthesized, or not since its last change.
    """
    output = Path("cdktf.out", env)
    finish_interrupted(root / output)
    manifest = root / output / "manifest.json"
    if not manifest.is_file():
        raise _not_synthesized(env, [f"{output / 'manifest.json'} is missing"])
    content = json.loads(manifest.read_text(encoding="utf-8"))
    problems = [
        f"{output / stack['synthesizedStackPath']} is missing"
        for stack in content["stacks"].values()
        if not (root / output / stack["synthesizedStackPath"]).is_file()
    ]
    settings = root / "environments" / f"{env}.yaml"
    if settings.stat().st_mtime > manifest.stat().st_mtime:
        problems.append(f"{settings.relative_to(root)} was changed after {output} was written")
    if problems:
        raise _not_synthesized(env, problems)
    return tuple(deployment_order(content))


def _not_synthesized(env: str, problems: Sequence[str]) -> UsageProblemError:
    listed = "".join(f"\n  - {problem}" for problem in problems)
    return UsageProblemError(f"Run `make synth ENV={env}` first:{listed}")


def _workspace(root: Path, order: tuple[str, ...]) -> Workspace:
    if not (root / CLI_SCRIPT).is_file():
        raise UsageProblemError("The cdktf CLI is not installed: run `make node_modules`.")
    terraform = find_terraform()
    if terraform is None:
        raise UsageProblemError(
            "No Terraform on the PATH that is new enough; `python -m tools.terraform` says more "
            "and builds OpenTofu."
        )
    return Workspace(root, order, node_program(), terraform_env(terraform, find_source()))


def _confirm_protected(request: Request, root: Path) -> None:
    if request.action != "plan" and not request.yes and not sys.stdin.isatty():
        raise UsageProblemError("Approving needs a terminal; pass --yes to approve beforehand.")
    if request.action != "destroy" or not _is_protected(request.env, root):
        return
    typed = request.confirm
    if typed is None and sys.stdin.isatty():
        typed = input(f"This destroys {request.env}. Type its name to go on: ").strip()
    if typed != request.env:
        raise UsageProblemError(
            f"Nothing was destroyed: {request.env} is protected. Type its name when asked, or pass "
            f"--confirm {request.env}."
        )


def _is_protected(env: str, root: Path) -> bool:
    """Production, and whatever was protected when its state bucket was last synthesized."""
    state = root / "cdktf.out" / env / "stacks" / STATE_STACK / "cdk.tf.json"
    return env == "prd" or '"prevent_destroy": true' in state.read_text(encoding="utf-8")


def _announce(request: Request, stacks: Sequence[str], order: Sequence[str]) -> None:
    if request.action != "destroy":
        return
    if STATE_STACK not in stacks:
        _say(
            f"The {STATE_STACK} stack stays: its bucket holds the states of the others. When they "
            f"are all destroyed, `--stack {STATE_STACK}` removes it."
        )
    above = order[order.index(stacks[0]) + 1 :]
    if above:
        _say(f"Not destroyed, though they stand on {stacks[0]}: {', '.join(above)}.")


def _run_cli(request: Request, stack: str, workspace: Workspace) -> tuple[int, str]:
    command = [str(workspace.node), str(workspace.root / CLI_SCRIPT), _CLI_COMMAND[request.action]]
    command += [stack, "--skip-synth", "--output", str(workspace.output_dir(request.env))]
    # The lock files in cdktf.out are never shared, so they need no hashes of other systems, which
    # would come from the registry even where a provider mirror is configured.
    command += ["--skip-provider-lock"]
    interactive = request.action != "plan" and not request.yes
    if request.action != "plan":
        # One stack at a time: the CLI would refuse each for the sake of those not named.
        command += ["--ignore-missing-stack-dependencies"]
        command += ["--auto-approve"] if request.yes else []
    with _interrupts_left_to_the_child():
        child = subprocess.Popen(
            command,
            cwd=workspace.root,
            env=workspace.child_env,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert child.stdout is not None
        output = (_copy_raw if interactive else _copy_readable)(child.stdout)
        return child.wait(), _unwrapped(output)


@contextmanager
def _interrupts_left_to_the_child() -> Iterator[None]:
    """Let Ctrl-C reach only the child: Terraform then stops cleanly and releases its lock."""

    def explain(_signal: int, _frame: object) -> None:
        _say("Interrupted: waiting for Terraform to stop cleanly.")

    before = signal.signal(signal.SIGINT, explain)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _copy_raw(stream: IO[bytes]) -> str:
    """Show the CLI's question as it draws it, and keep the text."""
    kept = bytearray()
    while chunk := os.read(stream.fileno(), 65536):
        kept += chunk
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
    return _CURSOR.sub("", kept.decode(errors="replace"))


def _copy_readable(stream: IO[bytes]) -> str:
    """Show the lines without the CLI's animation, which makes a log unreadable."""
    keep_color: Callable[[str], str] = str if sys.stdout.isatty() else _strip_color
    kept: list[str] = []
    for raw in stream:
        line = _CURSOR.sub("", raw.decode(errors="replace")).rstrip()
        if _SPINNER.match(line) or (not line and (not kept or not kept[-1])):
            continue
        kept.append(line)
        print(keep_color(line), flush=True)
    return "\n".join(kept)


def _unwrapped(output: str) -> str:
    """The text without color and without the frame and line breaks put in to fit the screen."""
    return " ".join(_COLOR.sub("", output).replace("│", " ").split())


def _strip_color(line: str) -> str:
    return _COLOR.sub("", line)


def _is_done(action: str, output: str) -> bool:
    return action == "plan" or _DONE_SIGN[action] in output


def _upstream_hint(stack: str, env: str, order: Sequence[str]) -> str:
    below = ", ".join(order[: order.index(stack)])
    return (
        f"{stack} reads the outputs of stacks that are not applied yet. Apply those below it "
        f"({below}) first: `make deploy ENV={env}`."
    )


def _next_step(request: Request, rest: Sequence[str]) -> str:
    started = f"Not started: {', '.join(rest)}. " if rest else ""
    return (
        f"{started}Correct what is reported above, then run the same command again: it resumes "
        f"here, as stacks already {_DONE_WORD[request.action]} have nothing left to change."
    )


def _leftovers(label: str, left: Sequence[Leftover]) -> str:
    listed = "".join(f"\n  - {one}" for one in left)
    return (
        f"{label} not destroyed, as this is left in AWS and not Terraform's:{listed}\n"
        "Remove it and run the same command again, or pass --leave (make: LEAVE=1) to leave it."
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
