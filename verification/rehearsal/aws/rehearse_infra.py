"""`make rehearse-infra`: apply, check and destroy every AWS stack, with no AWS account.

The Terraform is the one that `make synth` writes, unchanged, run by real Terraform with the real
AWS provider; only the AWS API behind it is an emulator on this computer.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from blueprint.stack_names import AWS_STACKS
from operations.terraform_stack import Terraform, TerraformError, prepare_terraform
from settings.load import SettingsError, environment_names, load_environment
from settings.model import Settings
from stacks.base import state_key
from synthesis.synth import publish
from tools.terraform import (
    TerraformUnavailableError,
    build_opentofu,
    find_terraform,
    require_providers,
)
from verification.rehearsal.aws.aws_emulator import AwsEmulator, start_aws_emulator
from verification.rehearsal.aws.infra_checks import (
    CHECKS,
    Applied,
    check_allocation_tags,
    check_nothing_left,
    expect_equal,
)
from verification.rehearsal.processes import ProcessError
from verification.rehearsal.verdicts import CheckFailedError

NOT_CHECKED = (
    "observability: its objects live in Kubernetes, which this rehearsal does not start",
    "that EC2 instances boot and join: the emulator has no machines",
    "quotas, prices and eventual consistency of AWS",
)

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class InfraRehearsal:
    """A rehearsal of one environment in a folder of its own."""

    settings: Settings
    terraform: Terraform
    emulator: AwsEmulator
    workdir: Path
    report: Report

    def run(self) -> None:
        """Apply everything in order, check it, and destroy it in reverse.

        Raises:
            TerraformError: Terraform failed; the message is its own.
            CheckFailedError: what exists is not what the settings ask for.
        """
        self._make_given_roles()
        self.apply(self.settings)
        self.check()
        self.check_second_plan_is_empty()
        self.check_lock_is_held()
        self.check_tags_are_activated_a_day_later()
        if self.settings.deletion_protection:
            self.check_destroy_is_refused()
            # What an operator does before destroying such an environment.
            self.apply(self.settings.model_copy(update={"deletion_protection": False}))
        self.destroy()
        with self._step("check: nothing is left"):
            check_nothing_left(self.applied)

    @property
    def applied(self) -> Applied:
        """What the checks ask."""
        session = boto3.Session(
            aws_access_key_id=self.emulator.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.emulator.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.settings.region,
        )
        return Applied(
            settings=self.settings,
            session=session,
            endpoint_url=self.emulator.endpoint_url,
            plain_http_url=self.emulator.plain_http_url,
        )

    def folder(self, stack: str) -> Path:
        """Where Terraform runs for a stack."""
        return self._output / "stacks" / stack

    @property
    def _output(self) -> Path:
        # As deep as in the project, for the relative path of the state stack's own state.
        return self.workdir / "cdktf.out" / self.settings.environment

    def apply(self, settings: Settings) -> None:
        """Synthesize, then init, validate, plan and apply each stack in order."""
        with self._step("synthesize"):
            publish(settings, self._output)
        for stack in AWS_STACKS:
            folder = self.folder(stack)
            with self._step(f"{stack}: init and validate"):
                self.terraform.init(folder)
                self.terraform.validate(folder)
            with self._step(f"{stack}: plan and apply"):
                self.terraform.apply(folder)

    def check(self) -> None:
        """Ask AWS's API whether everything is as the settings say."""
        applied = self.applied
        for check in CHECKS:
            with self._step(f"check: {(check.__doc__ or check.__name__).rstrip('.')}"):
                check(applied)

    def check_second_plan_is_empty(self) -> None:
        """A plan straight after an apply must find nothing to do."""
        for stack in AWS_STACKS:
            with self._step(f"check: second plan of {stack} is empty"):
                changes = self.terraform.changes(self.folder(stack))
                if changes is not None:
                    raise CheckFailedError(f"the second plan of {stack} is not empty:\n{changes}")

    def check_lock_is_held(self) -> None:
        """While somebody else holds the lock of a state, Terraform refuses to plan."""
        s3 = self.applied.client("s3")
        bucket = self.settings.state_bucket_name
        key = state_key(self.settings.environment, "network") + ".tflock"
        with self._step("check: a locked state refuses a second writer"):
            s3.put_object(Bucket=bucket, Key=key, Body=b'{"ID":"rehearsal","Who":"rehearsal"}')
            try:
                code, text = self.terraform.run(
                    self.folder("network"), "plan", "-input=false", allowed=(0, 1)
                )
            finally:
                s3.delete_object(Bucket=bucket, Key=key)
            expect_equal(
                (code, "Error acquiring the state lock" in text),
                (1, True),
                "plan while the state is locked: exit code, and lock error",
            )

    def check_tags_are_activated_a_day_later(self) -> None:
        """When the bill has the tags, an operator switches `cost.activate_allocation_tags` on."""
        cost = self.settings.cost.model_copy(update={"activate_allocation_tags": True})
        publish(self.settings.model_copy(update={"cost": cost}), self._output)
        with self._step("check: the tags that divide the bill are activated when it has them"):
            self.terraform.apply(self.folder("state"))
            check_allocation_tags(self.applied)

    def check_destroy_is_refused(self) -> None:
        """With deletion protection Terraform refuses to destroy what holds data."""
        for stack in ("storage", "cluster", "network", "state"):
            with self._step(f"check: deletion protection refuses to destroy {stack}"):
                code, text = self.terraform.run(
                    self.folder(stack), "plan", "-destroy", "-input=false", allowed=(0, 1)
                )
                expect_equal(
                    (code, "Instance cannot be destroyed" in text),
                    (1, True),
                    f"destroy of {stack}: exit code, and refusal",
                )

    def destroy(self) -> None:
        """Destroy every stack in reverse order, the states' bucket last."""
        for stack in reversed(AWS_STACKS):
            with self._step(f"{stack}: destroy"):
                self.terraform.destroy(self.folder(stack))
                expect_equal(self.terraform.addresses(self.folder(stack)), [], f"left in {stack}")

    def _make_given_roles(self) -> None:
        # Roles that the settings name belong to the account, not to the stacks.
        iam = self.applied.client("iam")
        for arn in sorted({arn for _, arn in self.settings.role_arns()}):
            path, name = ("/" + arn.split(":role/", 1)[1]).rsplit("/", 1)
            iam.create_role(
                RoleName=name,
                Path=f"{path}/",
                AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}',
            )

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            self.report(f"FAILED  {title}")
            raise CheckFailedError(f"{title}: {error}") from error
        except Exception:
            self.report(f"FAILED  {title}")
            raise
        self.report(f"ok      {title} ({time.monotonic() - started:.1f} s)")


def rehearse(settings: Settings, workdir: Path, report: Report) -> None:
    """Rehearse an environment's infrastructure; everything started is stopped again.

    Args:
        settings: the environment.
        workdir: an existing folder for stacks, local states and logs.
        report: gets one line per step.

    Raises:
        TerraformUnavailableError: there is no Terraform and none can be built, or no AWS provider.
        ProcessError: the emulator does not start.
        TerraformError: Terraform failed.
        CheckFailedError: what exists is not what the settings ask for.
    """
    require_providers(find_terraform() or build_opentofu(), "aws")
    with start_aws_emulator(settings.account_id, workdir, settings.region) as emulator:
        report(f"ok      AWS emulator at {emulator.endpoint_url}")
        terraform = prepare_terraform(emulator.environment)
        InfraRehearsal(
            settings=settings,
            terraform=terraform,
            emulator=emulator,
            workdir=workdir,
            report=report,
        ).run()


def main(arguments: list[str] | None = None) -> int:
    """Run the command: 0 when all is well, 1 when a step failed, 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="make rehearse-infra ENV=<env>", description=__doc__)
    parser.add_argument("--env", required=True, help=f"one of {', '.join(environment_names())}")
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder with stacks, states and logs"
    )
    options = parser.parse_args(arguments)
    try:
        settings = load_environment(options.env, today=date.today())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    workdir = Path(tempfile.mkdtemp(prefix=f"rehearse-infra-{options.env}-"))
    started = time.monotonic()
    keep = options.keep
    try:
        rehearse(settings, workdir, report=lambda line: print(line, flush=True))
    except KeyboardInterrupt:
        print("\nInterrupted; the emulator is stopped and what it held is gone.", file=sys.stderr)
        return 130
    except TerraformUnavailableError as error:
        print(f"The rehearsal did not begin: {error}", file=sys.stderr)
        return 1
    except (CheckFailedError, TerraformError, ProcessError) as error:
        keep = True
        print(f"\n{error}\n\nStacks, states and logs are kept in {workdir}", file=sys.stderr)
        return 1
    finally:
        if not keep:
            shutil.rmtree(workdir)
    for line in NOT_CHECKED:
        print(f"not checked: {line}")
    print(
        f"Environment {options.env} was applied, checked and destroyed, with an empty second plan"
    )
    print(f"in between, in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
