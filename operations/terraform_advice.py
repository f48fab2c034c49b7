"""What to do about an error of Terraform, where Terraform itself does not say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Run:
    """The run that failed."""

    env: str
    stack: str
    order: Sequence[str]
    """Names of all stacks in order of deployment."""
    folder: str
    """Where Terraform ran, relative to the project."""
    program: str
    """`terraform` or `tofu`."""


def advice(output: str, run: Run) -> str | None:
    """One line that says what to do, or None if the output has no error that is known here.

    Args:
        output: what Terraform printed, without colours.
        run: what was run.
    """
    text = _unwrapped(output)
    return next((say(text, run) for sign, say in _ADVICE if sign.search(text)), None)


def _unwrapped(output: str) -> str:
    """The text without the frame and the line breaks that Terraform puts in."""
    return " ".join(output.replace("│", " ").split())


def _locked(text: str, run: Run) -> str:
    lock = {
        name: match[1]
        for name in ("ID", "Who", "Created")
        if (match := re.search(rf"\b{name}: (\S+(?: [\d:.]+ \S+ \S+)?)", text))
    }
    by = f" by {lock['Who']}" if "Who" in lock else ""
    since = f" since {lock['Created']}" if "Created" in lock else ""
    if "ID" not in lock:
        return (
            f"Terraform could not lock the state of {run.stack}. Check the account, and that this "
            "role may write to the state bucket."
        )
    unlock = f"cd {run.folder} && {run.program} force-unlock {lock['ID']}"
    return (
        f"The state of {run.stack} is locked{by}{since}. Wait for that run to end, then run the "
        f"same command again. If it was killed and no longer runs: `{unlock}`."
    )


def _upstream_missing(_: str, run: Run) -> str:
    below = ", ".join(run.order[: run.order.index(run.stack)])
    return (
        f"{run.stack} reads the outputs of stacks that are not applied yet. First apply the stacks "
        f"below it ({below}): `make deploy ENV={run.env}`."
    )


def _unsaved(_: str, run: Run) -> str:
    return (
        f"Terraform could not save the state, and kept it in {run.folder}/errored.tfstate. First "
        f"run `cd {run.folder} && {run.program} state push errored.tfstate`."
    )


def _fixed(text: str) -> Callable[[str, Run], str]:
    return lambda _, run: text.format(run=run)


_ADVICE: Final[tuple[tuple[re.Pattern[str], Callable[[str, Run], str]], ...]] = (
    # What must be done at once comes first; else the first that matches counts.
    (re.compile(r"errored\.tfstate"), _unsaved),
    (re.compile(r"Error acquiring the state lock"), _locked),
    # The second is the S3 backend's before the bucket of the state stack exists.
    (
        re.compile(r'Unable to find remote state|NoSuchBucket|S3 bucket "[^"]*" does not exist'),
        _upstream_missing,
    ),
    (
        re.compile(
            r"ExpiredToken|InvalidClientTokenId|UnrecognizedClientException"
            r"|No valid credential sources found|failed to refresh cached credentials"
            r"|security token included in the request is (?:expired|invalid)"
        ),
        _fixed(
            "AWS no longer accepts the credentials: log in again (`aws sso login`, "
            "AWS_PROFILE), then run the same command again."
        ),
    ),
    (
        re.compile(r"AWS account ID not allowed"),
        _fixed("These are credentials of another account: choose another AWS_PROFILE."),
    ),
    (
        re.compile(r"Saved plan is stale"),
        _fixed(
            "{run.stack} changed after it was planned, so nothing was applied. Run the same "
            "command again: it creates a new plan."
        ),
    ),
    (
        re.compile(r"does not match configured version constraint"),
        _fixed(
            "The range of a provider was changed. Delete {run.folder}/.terraform.lock.hcl, then "
            "run the same command again."
        ),
    ),
    (
        re.compile(r"Backend configuration (?:has )?changed|Backend type changed"),
        _fixed(
            "The location of the state has changed. If the state is already there, run "
            "`cd {run.folder} && {run.program} init -reconfigure`; to move it, run "
            "`{run.program} init -migrate-state`."
        ),
    ),
    (
        re.compile(r"Instance cannot be destroyed"),
        _fixed(
            "Deletion protection prevents this. docs/runbooks/destroy.md explains how to disable "
            "it first."
        ),
    ),
    (
        re.compile(r"Failed to query available provider packages|Failed to install provider"),
        _fixed(
            "Terraform could not download a provider: check that its registry or mirror is "
            "reachable, then run the same command again."
        ),
    ),
)
