"""Plans, deploys or destroys the synthesized stacks of one environment, one at a time, in order.

``python -m operations.deploy deploy --env dev`` runs Terraform in ``cdktf.out/dev``, shows what it
prints, and asks before each stack; what is applied is the plan that was shown. It stops at the
first failure and says how to go on.

Exit codes: 0 done, or nothing to change; 1 a stack failed or was not approved; 2 the command cannot
be carried out as given; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from operations.account_checks import (
    AwsCheckError,
    Leftover,
    Target,
    check_account,
    find_leftovers,
    read_target,
)
from operations.cluster_access import (
    ClusterUnavailableError,
    namespaces_of,
    read_access,
    uses_cluster,
)
from operations.not_ready import ClusterWatch, not_shown
from operations.terraform_advice import Run, advice
from operations.terraform_stack import (
    STOPPING,
    Outcome,
    Plan,
    Terraform,
    TerraformError,
    installed_terraform,
)
from settings.load import SettingsError, environment_names, load_environment
from settings.warnings import placeholders, warnings
from synthesis.synth import deployment_order, finish_interrupted
from tools.paths import ROOT
from tools.terraform import TerraformUnavailableError

# Destroying it takes the states of the others along, so the user must name it.
STATE_STACK: Final = "state"
FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
"""Exit codes; the last is what a shell gives a program that Ctrl-C ended."""

_DONE_WORD: Final = {"plan": "planned", "deploy": "deployed", "destroy": "destroyed"}


class UsageProblemError(Exception):
    """The command cannot be carried out as given; the message says what is allowed or missing."""


class NotDoneError(Exception):
    """A stack was not changed as asked, and the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """The options of the command."""

    action: str
    env: str
    stacks: tuple[str, ...] = ()
    yes: bool = False
    confirm: str | None = None
    leave: bool = False


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the project is, its stacks in order of deployment, and the Terraform to run."""

    root: Path
    order: tuple[str, ...]
    terraform: Terraform

    def folder(self, env: str, stack: str) -> Path:
        """Where Terraform runs for a stack, as `make synth ENV=<env>` wrote it."""
        return self.root / "cdktf.out" / env / "stacks" / stack


def main(argv: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Carry out the command line; the result is the exit code."""
    request = _parse(argv)
    try:
        with ended_as_by_ctrl_c():
            _check_environment(request.env, root)
            order = synthesized_order(request.env, root)
            stacks = select_stacks(request, order)
            if request.action == "deploy":
                _check_settings(request.env, root)
            workspace = Workspace(root, order, installed_terraform())
            target = read_target(root / "cdktf.out" / request.env)
            if target:
                check_account(target)
            _confirm_protected(request, root)
            return run(request, stacks, workspace, target)
    except (UsageProblemError, TerraformUnavailableError, AwsCheckError) as problem:
        print(problem, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("\nInterrupted: nothing was changed.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the output has closed it; Python would print an error at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED


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
    """Act on the stacks in turn; the exit code of the command.

    `target` is where in AWS they are; leftovers are looked for there before a stack is destroyed.
    """
    _announce(request, stacks, workspace.order)
    status = 0
    for number, stack in enumerate(stacks, start=1):
        label = f"[{number}/{len(stacks)}] {stack}:"
        rest = stacks[number:]
        _say(f"{label} {request.action} ...")
        started = time.monotonic()
        try:
            result = _act(request, stack, workspace, target)
        except KeyboardInterrupt:
            _say(f"\n{label} interrupted. {_next_step(request, rest)}")
            return INTERRUPTED
        except (NotDoneError, TerraformError, AwsCheckError) as problem:
            status = FAILED
            _say(f"{label} {_why(problem, request, stack, workspace)}")
            if request.action == "plan":
                # A plan changes nothing, so the other stacks' plans are still worth having.
                continue
            _say(_next_step(request, rest))
            return status
        _say(f"{label} {result} in {time.monotonic() - started:.0f} s")
    return status


def _act(request: Request, stack: str, workspace: Workspace, target: Target | None) -> str:
    """Carry out the action on one stack; what became of it.

    Raises:
        NotDoneError: leftovers are in the way, or the plan was not approved.
        TerraformError: Terraform failed; its message was shown.
        AwsCheckError: AWS could not be asked about leftovers.
    """
    if target and request.action == "destroy" and not request.leave:
        left = find_leftovers(target, stack)
        if left:
            raise NotDoneError(_leftovers(left))
    terraform, folder = workspace.terraform, workspace.folder(request.env, stack)
    terraform.init(folder)
    if request.action == "plan":
        with terraform.planned(folder):
            return _DONE_WORD[request.action]
    change = terraform.destroy if request.action == "destroy" else terraform.apply
    outcome = change(
        folder,
        lambda: request.yes or _approved(request, stack),
        lambda plan: _watched(terraform, folder, plan),
    )
    if outcome is Outcome.DECLINED:
        raise NotDoneError("not approved, so nothing was changed in it.")
    return _DONE_WORD[request.action] if outcome is Outcome.APPLIED else outcome.value


@contextmanager
def _watched(terraform: Terraform, folder: Path, plan: Plan) -> Iterator[None]:
    """Show what was not ready in the cluster, if the stack makes objects there and that fails."""
    if not uses_cluster(folder):
        yield
        return
    try:
        access = read_access(terraform, folder, plan)
    except ClusterUnavailableError as problem:
        try:
            yield
        except TerraformError:
            _say(not_shown(str(problem)))
            raise
        return
    with ClusterWatch(access.get, namespaces_of(folder)) as watch:
        try:
            yield
        except TerraformError:
            _say(watch.report())
            raise


def _approved(request: Request, stack: str) -> bool:
    question = f"\n{request.action.capitalize()} {stack} of {request.env} as shown above? "
    try:
        return input(f"{question}Type yes to approve: ").strip() == "yes"
    except EOFError:
        return False


def _why(
    problem: NotDoneError | TerraformError | AwsCheckError,
    request: Request,
    stack: str,
    workspace: Workspace,
) -> str:
    if not isinstance(problem, TerraformError):
        return str(problem)
    failed = Run(
        env=request.env,
        stack=stack,
        order=workspace.order,
        folder=str(workspace.folder(request.env, stack).relative_to(workspace.root)),
        program=workspace.terraform.program.name,
    )
    # Terraform's own message was shown when it came.
    known = advice(problem.output, failed)
    return f"{request.action} failed." + (f" {known}" if known else "")


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """Let the end of a CI job, or of the terminal, do what Ctrl-C does: clean up, then end.

    Further interrupts are ignored: they would break off the cleaning up, and a plan would stay.
    """

    def interrupt(_number: int, _frame: object) -> None:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parse(argv: Sequence[str] | None) -> Request:
    parser = argparse.ArgumentParser(
        prog="python -m operations.deploy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=sorted(_DONE_WORD))
    parser.add_argument("--env", required=True, help="an environment of environments/*.yaml")
    parser.add_argument(
        "--stack", action="append", default=[], metavar="NAME", help="only this stack; repeatable"
    )
    parser.add_argument("--yes", action="store_true", help="approve without asking")
    parser.add_argument(
        "--confirm", metavar="ENV", help="the environment's name, to destroy a protected one"
    )
    parser.add_argument(
        "--leave",
        action="store_true",
        help="destroy even if load balancers, volumes or interfaces are left",
    )
    args = parser.parse_args(argv)
    return Request(args.action, args.env, tuple(args.stack), args.yes, args.confirm, args.leave)


def _check_environment(env: str, root: Path) -> None:
    known = environment_names(root / "environments")
    if env not in known:
        raise UsageProblemError(f"Unknown environment {env}; choose from {', '.join(known)}.")


def _check_settings(env: str, root: Path) -> None:
    """Refuse examples, which no account has; warn of what is easily overlooked."""
    try:
        # Whether the Kubernetes version is still supported was asked when it was synthesized.
        settings = load_environment(env, date.min, root / "environments")
    except SettingsError as error:
        raise UsageProblemError(str(error)) from None
    for warning in warnings(settings):
        print(f"warning: environments/{env}.yaml: {warning}", file=sys.stderr)
    examples = placeholders(settings)
    if not examples:
        return
    listed = "".join(f"\n  - {example}" for example in examples)
    if _is_emulated():
        print(f"warning: environments/{env}.yaml: still examples:{listed}", file=sys.stderr)
        return
    raise UsageProblemError(
        f"Nothing was deployed: environments/{env}.yaml still has examples. Replace them, "
        f"`make synth ENV={env}`, then run the same command again:{listed}"
    )


def _is_emulated() -> bool:
    """Whether AWS is a program on this computer, whose account may be any."""
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))
    return endpoint.hostname in ("127.0.0.1", "::1", "localhost")


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
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        raise _not_synthesized(env, [f"{output / 'manifest.json'} is not JSON"]) from None
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


def _confirm_protected(request: Request, root: Path) -> None:
    if request.action != "plan" and not request.yes and not sys.stdin.isatty():
        raise UsageProblemError("Approving needs a terminal; pass --yes to approve in advance.")
    if request.action != "destroy" or not _is_protected(request.env, root):
        return
    typed = request.confirm
    if typed is None and sys.stdin.isatty():
        typed = input(f"This destroys {request.env}. Type its name to continue: ").strip()
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
        _say(f"Not destroyed, although they still depend on {stacks[0]}: {', '.join(above)}.")


def _next_step(request: Request, rest: Sequence[str]) -> str:
    started = f"Not started: {', '.join(rest)}. " if rest else ""
    return (
        f"{started}Fix the problem reported above, then run the same command again: it resumes "
        f"here, because stacks already {_DONE_WORD[request.action]} need no change."
    )


def _leftovers(left: Sequence[Leftover]) -> str:
    listed = "".join(f"\n  - {leftover}" for leftover in left)
    return (
        f"not destroyed: AWS still has resources that Terraform does not manage:{listed}\n"
        "Remove them, or pass --leave (make: LEAVE=1) to keep them."
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
