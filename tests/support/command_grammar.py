"""Whether a command is one that its program would read: subcommands, flags, operations."""

from __future__ import annotations

import functools
import re
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import botocore.session
from botocore import xform_name

from tools.paths import ROOT

KUBECTL_COMMON = {"-n", "--namespace", "-A", "--all-namespaces", "-o", "--output", "-l"}
_SELECT = {"-l", "--selector", "--field-selector"}
KUBECTL: dict[str, set[str]] = {
    "annotate": {"--overwrite"},
    "apply": {"-f", "-k"},
    "delete": {"-f", "--wait", "--grace-period", *_SELECT},
    "describe": _SELECT,
    "drain": {"--ignore-daemonsets", "--delete-emptydir-data"},
    "exec": {"-c", "-i", "-t", "-it"},
    "get": {"-L", "-w", "--sort-by", *_SELECT},
    "logs": {"-c", "-f", "--tail", "--since", "--previous", *_SELECT},
    "patch": {"--patch", "-p", "--type"},
    "port-forward": {"--address"},
    "rollout": {"--timeout", "--to-revision"},
    "scale": {"--replicas"},
    "top": {"--sort-by", "--containers"},
    "create": {"-f", "--dry-run"},
    "label": {"--overwrite"},
    "wait": {"--for", "--timeout", *_SELECT},
}
"""Verbs of kubectl and their flags, as far as documents use them (kubectl reference, v1.36)."""
KUBECTL_ROLLOUT = {"history", "pause", "restart", "resume", "status", "undo"}
VELERO: dict[str, set[str]] = {
    "backup create": {"--from-schedule", "--include-namespaces", "--wait"},
    "backup describe": {"--details"},
    "restore create": {
        "--from-backup", "--include-namespaces", "--include-resources", "--namespace-mappings",
        "--wait",
    },
    "restore describe": {"--details"},
}  # fmt: skip
"""Of the Velero CLI 1.18 (its documentation, "velero restore create" and so on)."""
TERRAFORM = {"init", "plan", "apply", "destroy", "import", "force-unlock", "state", "validate"}


def problem(words: list[str]) -> str | None:
    """What is wrong with a call, or None; a program that is not known here is not judged."""
    program = Path(words[0]).name
    return _CHECKS[program](words[1:]) if program in _CHECKS else None


def _flags(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)]


def _kubectl(words: list[str]) -> str | None:
    # What comes after `--` is another program's.
    if "--" in words:
        words = words[: words.index("--")]
    verbs = [word for word in words if word in KUBECTL]
    if not verbs:
        return f"kubectl {' '.join(words)}: no verb of {', '.join(sorted(KUBECTL))}"
    verb = verbs[0]
    unknown = set(_flags(words)) - KUBECTL[verb] - KUBECTL_COMMON
    if unknown:
        return f"kubectl {verb}: unknown flag {', '.join(sorted(unknown))}"
    if verb == "rollout" and not set(words) & KUBECTL_ROLLOUT:
        return f"kubectl rollout: allowed is {', '.join(sorted(KUBECTL_ROLLOUT))}"
    return None


def _velero(words: list[str]) -> str | None:
    name = " ".join(words[:2])
    if name not in VELERO:
        return f"velero {name}: allowed is {', '.join(VELERO)}"
    unknown = set(_flags(words)) - VELERO[name] - {"--namespace", "-n"}
    return f"velero {name}: unknown flag {', '.join(sorted(unknown))}" if unknown else None


def _terraform(words: list[str]) -> str | None:
    return None if words and words[0] in TERRAFORM else f"terraform: unknown {words[:1]}"


_CLI_ONLY = {"eks": {"update-kubeconfig", "get-token"}}
"""Commands that the AWS CLI has besides the operations of the API."""


def _aws(words: list[str]) -> str | None:
    service, operation, *rest = words
    if service == "s3":
        known = {"cp", "sync", "ls", "rm", "mv"}
        return None if operation in known else f"aws s3 {operation}: allowed is {sorted(known)}"
    if operation in _CLI_ONLY.get(service, ()):
        allowed = {"--region", "--name", "--cluster-name"}
    else:
        shapes = _operations("s3" if service == "s3api" else service)
        if operation not in shapes:
            return f"aws {service} {operation}: no such operation"
        allowed = shapes[operation] | {"--region", "--query", "--output", "--profile"}
    unknown = set(_flags(rest)) - allowed
    return f"aws {service} {operation}: unknown {', '.join(sorted(unknown))}" if unknown else None


@functools.cache
def _operations(service: str) -> dict[str, set[str]]:
    """Operations of a service with their parameters, in the CLI's spelling."""
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return {}
    model = session.get_service_model(service)
    return {
        xform_name(name, "-"): {
            f"--{xform_name(member, '-')}"
            for shape in [model.operation_model(name).input_shape]
            if shape is not None
            for member in shape.members
        }
        for name in model.operation_names
    }


def _helm(words: list[str]) -> str | None:
    names = [word for word in words if not word.startswith("-")]
    if "-n" in words:
        names.remove(words[words.index("-n") + 1])
    text = _helm_help(names[0])
    if f"helm {names[0]}" not in text:
        return f"helm {names[0]}: no such command"
    unknown = [flag for flag in _flags(words) if not re.search(rf"{flag}\b", text)]
    return f"helm {names[0]}: unknown flag {', '.join(unknown)}" if unknown else None


@functools.cache
def _helm_help(command: str) -> str:
    helm = Path(sysconfig.get_path("scripts"), "helm")
    done = subprocess.run([str(helm), command, "--help"], capture_output=True, text=True)
    return done.stdout


def _make(words: list[str]) -> str | None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z_-]*):", text, re.MULTILINE))
    variables = set(re.findall(r"^([A-Z_]+) \?=", text, re.MULTILINE))
    for word in words:
        name, is_set, _ = word.partition("=")
        if name not in (variables if is_set else targets | {"PLACEHOLDER"}):
            return f"make: unknown {name}"
    return None


_CHECKS: dict[str, Callable[[list[str]], str | None]] = {
    "aws": _aws,
    "helm": _helm,
    "kubectl": _kubectl,
    "make": _make,
    "terraform": _terraform,
    "velero": _velero,
}
