"""What to do about an error of Terraform: each known error gets its line, others get none."""

from __future__ import annotations

import pytest

from operations.terraform_advice import Run, advice

RUN = Run(
    env="dev",
    stack="cluster",
    order=("state", "network", "cluster"),
    folder="cdktf.out/dev/stacks/cluster",
    program="tofu",
)
LOCKED = """
│ Error: Error acquiring the state lock
│
│ Error message: operation error S3: PutObject, PreconditionFailed
│ Lock Info:
│   ID:        0d7e0f3c-6a0b-9d2a-8f0e-1b1c5a4f3e2d
│   Path:      bucket/dev/cluster.tfstate
│   Operation: OperationTypeApply
│   Who:       ana@laptop
│   Version:   1.11.4
│   Created:   2026-11-26 10:00:00.123 +0000 UTC
│   Info:
"""


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            LOCKED,
            "The state of cluster is locked by ana@laptop since 2026-11-26 10:00:00.123 +0000 UTC. "
            "Wait for that run to end, then run the same command again. If it was killed and "
            "no longer runs: `cd cdktf.out/dev/stacks/cluster && tofu force-unlock "
            "0d7e0f3c-6a0b-9d2a-8f0e-1b1c5a4f3e2d`.",
        ),
        (
            "Error: Error acquiring the state lock\n\nError message: AccessDenied",
            "role may write to the state bucket",
        ),
        (
            "│ Error: Unable to find remote\n│ state",
            "First apply the stacks below it (state, network): `make deploy ENV=dev`.",
        ),
        ('Error: S3 bucket "b" does not\nexist', "cluster reads the outputs of stacks that are"),
        (
            "Error: validating provider credentials: ... ExpiredToken: The security token",
            "log in again (`aws sso login`, AWS_PROFILE)",
        ),
        ("Error: No valid credential sources found", "log in again"),
        ("Error: AWS account ID not allowed: 444455556666", "choose another AWS_PROFILE"),
        ("Error: Saved plan is stale", "it creates a new plan"),
        (
            "locked provider x 5.1 does not match\n│ configured version constraint ~> 6",
            "Delete cdktf.out/dev/stacks/cluster/.terraform.lock.hcl",
        ),
        ("Error: Backend configuration changed", "tofu init -reconfigure"),
        ("Error: Instance cannot be destroyed", "docs/runbooks/destroy.md"),
        ("Error: Failed to query available provider packages", "registry or mirror"),
        # What is lost if it is not done at once comes before everything else.
        (
            "ExpiredToken ... Error: Failed to save state ... written to the file errored.tfstate",
            "`cd cdktf.out/dev/stacks/cluster && tofu state push errored.tfstate`",
        ),
    ],
)
def test_a_known_error_says_what_to_do(output: str, expected: str) -> None:
    said = advice(output, RUN)
    assert said is not None
    assert expected in said
    assert "\n" not in said


@pytest.mark.parametrize("output", ["", "Apply complete!", 'Error: Unsupported argument\n "color"'])
def test_of_other_errors_terraform_says_enough(output: str) -> None:
    assert advice(output, RUN) is None
