"""Evaluates IAM policies with an independent simulator.

Not our own and not moto's: moto 5.2.5 evaluates neither bucket policies nor most conditions.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from constructs_lib.jsii_runtime import node_program
from tools.paths import ROOT

SCRIPT: Final = Path("verification", "permissions", "simulate.mjs")
PACKAGE: Final = Path("node_modules", "@cloud-copilot", "iam-simulate")
TIMEOUT_SECONDS: Final = 300

Document = dict[str, Any]


class SimulationError(Exception):
    """The evaluator did not run or refused a request; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to AWS: principal, action, resource and context."""

    role_arn: str
    action: str
    resource: str
    account_id: str
    """Account of the resource."""
    context: dict[str, str] = field(default_factory=dict)
    """Condition keys of the request, such as `aws:SecureTransport`."""
    identity_policies: tuple[Document, ...] = ()
    resource_policy: Document | None = None

    def simulation(self) -> dict[str, Any]:
        """The request as the evaluator takes it."""
        return {
            "request": {
                "principal": self.role_arn,
                "action": self.action,
                "resource": {"resource": self.resource, "accountId": self.account_id},
                "contextVariables": self.context,
            },
            "identityPolicies": [
                {"name": f"policy-{index}", "policy": policy}
                for index, policy in enumerate(self.identity_policies)
            ],
            "resourcePolicy": self.resource_policy,
        }


def is_installed() -> bool:
    """Whether `make node_modules` has installed the evaluator."""
    return (ROOT / PACKAGE).is_dir()


def decide(requests: Sequence[Request]) -> list[bool]:
    """Whether each request is allowed, in the same order.

    Raises:
        SimulationError: the evaluator is missing, or a request is none that AWS knows: an unknown
            action, a resource that the action has not, a condition key that it does not carry.
    """
    if not is_installed():
        raise SimulationError(f"{PACKAGE} is missing: run `make node_modules`")
    done = subprocess.run(
        [str(node_program()), str(ROOT / SCRIPT)],
        input=json.dumps([request.simulation() for request in requests]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise SimulationError(f"the evaluator failed: {done.stderr.strip()[-500:]}")
    decisions = json.loads(done.stdout)
    for request, decision in zip(requests, decisions, strict=True):
        subject = f"{request.action} on {request.resource}"
        if decision["error"]:
            raise SimulationError(f"{subject}: {decision['error']}")
    return [decision["result"] == "Allowed" for decision in decisions]
