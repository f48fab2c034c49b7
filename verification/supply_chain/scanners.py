"""Runs checkov and parliament in their own venv without a network, and reads their findings."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from blueprint.documents import Config
from synthesis.reading import POLICY_ARGUMENTS, resources
from tools.paths import ROOT
from verification.permissions.world import World
from verification.supply_chain.suppressions import Finding, Scanner

BIN: Final = ROOT / ".cache" / "scanners" / "bin"
PARLIAMENT: Final = Path(__file__).with_name("run_parliament.py")
TIMEOUT_SECONDS: Final = 600
NOWHERE: Final = "http://127.0.0.1:9"
"""A proxy that there is not: whoever tries to reach the network fails at once."""


class ScanError(Exception):
    """A scanner did not run, or did not read what it was given; the message says which and why."""


def are_installed() -> bool:
    """Whether `make scanners` has installed them."""
    return (BIN / "checkov").is_file()


def checkov(folder: Path, framework: str, scanner: Scanner) -> list[Finding]:
    """What checkov finds in a folder of files.

    Raises:
        ScanError: checkov failed, could not read a file, or judged nothing at all.
    """
    # Started by its interpreter: the script's first line names a path, which moving would break.
    command = [BIN / "python", BIN / "checkov", "--directory", folder, "--framework", framework]
    command += ["--skip-download", "--quiet", "--compact", "--output", "json"]
    done = _run([str(part) for part in command], "")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise ScanError(f"checkov printed no report: {_end(done.stderr)}") from None
    reports: list[dict[str, Any]] = report if isinstance(report, list) else [report]
    if not any("results" in part and part["summary"]["passed"] for part in reports):
        raise ScanError(f"checkov judged nothing in {folder.name}: {_end(done.stderr)}")
    findings = []
    for part in reports:
        if part["summary"]["parsing_errors"]:
            raise ScanError(
                f"checkov could not read {part['summary']['parsing_errors']} files: "
                f"{_end(done.stderr)}"
            )
        findings += [
            Finding(
                scanner=scanner,
                id=check["check_id"],
                resource=f"{_name(check['file_path'])} {check['resource']}",
                title=check["check_name"],
            )
            for check in part["results"]["failed_checks"]
        ]
    return findings


def _name(path: str) -> str:
    """`dev/storage` of the file /dev/storage/cdk.tf.json, `dev/loki` of /dev/loki/all.yaml."""
    return "/".join(path.strip("/").split("/")[:2])


def for_checkov(configs: Mapping[str, Mapping[str, Config]], folder: Path) -> None:
    """Write each stack as checkov 3.3 can read it.

    It takes every value below `terraform` for a block and gives up at `required_version`; what is
    there (versions, backends) is judged by the rules in policies/.
    """
    for environment, stacks in configs.items():
        for stack, config in stacks.items():
            file = folder / environment / stack / "cdk.tf.json"
            file.parent.mkdir(parents=True)
            readable = {key: value for key, value in config.items() if key != "terraform"}
            # Indented, as checkov finds resources by their lines.
            file.write_text(json.dumps(readable, indent=1), encoding="utf-8")


def parliament(worlds: Mapping[str, World]) -> list[Finding]:
    """What parliament finds in every IAM policy of the environments.

    Raises:
        ScanError: parliament failed.
    """
    documents = {
        f"{environment}/{stack} {address}.{argument}": _readable(
            world.resolved(stack, body[argument]), argument, world
        )
        for environment, world in worlds.items()
        for stack, config in world.stacks.items()
        for address, body in resources(config)
        for argument in POLICY_ARGUMENTS
        if argument in body
    }
    done = _run([str(BIN / "python"), str(PARLIAMENT)], json.dumps(documents))
    if done.returncode:
        raise ScanError(f"parliament failed: {_end(done.stderr)}")
    return [
        Finding(
            scanner="parliament",
            id=finding["id"],
            resource=finding["name"],
            title=finding["title"],
            detail=finding["detail"][:120],
        )
        for finding in json.loads(done.stdout)
    ]


def _readable(document: dict[str, Any], argument: str, world: World) -> dict[str, Any]:
    """The document as parliament 1.6 can read it: it does not know policies without a resource."""
    if argument != "assume_role_policy":
        return document
    role = f"arn:aws:iam::{world.settings.account_id}:role/the-role-itself"
    return {
        **document,
        "Statement": [{**statement, "Resource": role} for statement in document["Statement"]],
    }


def _run(command: list[str], stdin: str) -> subprocess.CompletedProcess[str]:
    if not are_installed():
        raise ScanError("The scanners are not installed: run `make scanners`")
    env = {**os.environ, "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": ""}
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        env=env,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def _end(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
