"""What was changed by hand inside Helm releases, which neither Terraform nor Helm looks for.

Terraform compares the values of a release with those that it gave. Here the API server is asked
what applying the manifest of the release again would change (`kubectl diff --server-side`): it adds
its own defaults to both sides, and what controllers write into other fields does not count. What
was added by hand in a field that the manifest does not set is not seen either.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from operations.cluster_access import ClusterAccess, read_stack
from tools.programs import ProgramUnavailableError, program

HOW: Final = (
    "helm -n <namespace> get manifest <release> | kubectl diff --server-side --force-conflicts -f -"
)
"""The same by hand, with the namespace in kubectl's context, as `-n` refuses objects of others."""

DIFF: Final = "diff -u -N"
DIFFERENT: Final = 1
"""Exit code of `kubectl diff` for differences, and for some errors."""

COMMAND_SECONDS: Final = 300
_CHANGED: Final = re.compile(rf"^{DIFF} \S*/LIVE-[^/\s]+/(\S+) ", re.MULTILINE)


class ProgramMissingError(Exception):
    """A program that compares is not on the PATH; the message names it."""


class ComparisonError(Exception):
    """A release could not be compared; the message says which, and why."""


def changed_objects(folder: Path, access: ClusterAccess) -> list[str]:
    """Objects of the stack's releases that differ from the manifests, each with its release.

    Args:
        folder: of the stack, with its cdk.tf.json.
        access: to the cluster.

    Raises:
        ProgramMissingError: helm, kubectl or diff is not on the PATH.
        ComparisonError: one of them failed.
    """
    helm = _helm()
    for name in ("kubectl", "diff"):
        if shutil.which(name) is None:
            raise ProgramMissingError(f"{name} is not on the PATH")
    return [
        f"{changed} of release {namespace}/{release}"
        for namespace, release in sorted(_releases(folder))
        for changed in _changed(helm, namespace, release, access)
    ]


def _helm() -> str:
    """The user's own, or that of `make setup-dev`."""
    try:
        return shutil.which("helm") or str(program("helm"))
    except ProgramUnavailableError as error:
        raise ProgramMissingError(str(error)) from None


def _releases(folder: Path) -> Iterator[tuple[str, str]]:
    """Namespace and name of each."""
    for body in read_stack(folder).get("resource", {}).get("helm_release", {}).values():
        yield body["namespace"], body["name"]


def _changed(helm: str, namespace: str, release: str, access: ClusterAccess) -> list[str]:
    with TemporaryDirectory(prefix="kubeconfig-") as private:
        file = Path(private) / "config"
        file.write_text(access.kubeconfig(namespace), encoding="utf-8")
        environment = os.environ | {"KUBECONFIG": str(file), "KUBECTL_EXTERNAL_DIFF": DIFF}
        get = [helm, "get", "manifest", release, "--namespace", namespace]
        manifest = _run(get, release, environment)
        if not manifest.strip():
            return []
        compare = ["kubectl", "diff", "--server-side", "--force-conflicts", "-f", "-"]
        return _CHANGED.findall(_run(compare, release, environment, manifest))


def _run(command: list[str], release: str, environment: dict[str, str], given: str = "") -> str:
    """What the command prints; differences are no failure."""
    shown = f"{Path(command[0]).name} {command[1]}"
    try:
        done = subprocess.run(
            command,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ComparisonError(
            f"release {release}: {shown} did not end in {COMMAND_SECONDS} s"
        ) from None
    is_different = done.returncode == DIFFERENT and _CHANGED.search(done.stdout)
    if done.returncode != 0 and not is_different:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ComparisonError(f"release {release}: {shown} failed: {last}")
    return done.stdout
