"""`operations.deploy` with real Terraform: what is shown, asked, interrupted, locked, and left.

The stack needs no provider; its state is in a bucket of an emulated AWS, with the lock beside it.
"""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from outcomes import terraform_with
from settings_files import without_examples

from operations.terraform_stack import prepare_terraform
from tools.paths import ROOT
from verification.rehearsal.aws.aws_emulator import AwsEmulator, start_aws_emulator

ACCOUNT = "111122223333"
BUCKET = "states"
KEY = "dev/network.tfstate"
LOCK = f"{KEY}.tflock"
DEADLINE = 120.0
COLOR = "\x1b[32m"
TAKE_TERMINAL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "

pytestmark = pytest.mark.terraform


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEmulator]:
    with start_aws_emulator(ACCOUNT, tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def s3(emulator: AwsEmulator) -> Iterator[Any]:
    session = boto3.Session("rehearsal", "rehearsal", region_name="us-east-1")
    client = session.client("s3", endpoint_url=emulator.endpoint_url)
    client.create_bucket(Bucket=BUCKET)
    yield client
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def project(tmp_path: Path, s3: Any) -> Path:
    """A synthesized stack that makes `first`, then `second`, which waits for a file `go`."""
    terraform_with()
    (tmp_path / "environments").mkdir()
    settings = tmp_path / "environments" / "dev.yaml"
    settings.write_text(without_examples("dev"), encoding="utf-8")
    waits = f"touch {tmp_path}/begun; until [ -f {tmp_path}/go ]; do sleep 0.1; done"
    stack = {
        "terraform": {
            "backend": {
                "s3": {"bucket": BUCKET, "key": KEY, "region": "us-east-1", "use_lockfile": True}
            }
        },
        "resource": {
            "terraform_data": {
                "first": {"input": "one"},
                "second": {
                    "input": "${terraform_data.first.output}",
                    "provisioner": [{"local-exec": {"command": waits}}],
                },
            }
        },
    }
    folder = tmp_path / "cdktf.out" / "dev" / "stacks" / "network"
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text(json.dumps(stack), encoding="utf-8")
    manifest = {
        "network": {"dependencies": [], "synthesizedStackPath": "stacks/network/cdk.tf.json"}
    }
    (tmp_path / "cdktf.out" / "dev" / "manifest.json").write_text(
        json.dumps({"stacks": manifest}), encoding="utf-8"
    )
    return tmp_path


def command(project: Path, *arguments: str, before: str = "") -> list[str]:
    code = (
        f"{before}import sys; from pathlib import Path; from operations import deploy; "
        f"sys.exit(deploy.main(sys.argv[1:], Path({str(project)!r})))"
    )
    return [sys.executable, "-c", code, *arguments, "--env", "dev"]


class Running:
    """A deployment on a terminal of its own, and what it has shown so far."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self.shown = ""
        self._terminal = terminal

    def wait_for(self, text: str) -> None:
        """Read until a text is shown, while the program goes on."""
        ends = time.monotonic() + DEADLINE
        while text not in self.shown:
            assert time.monotonic() < ends, self.shown
            assert self._read(), f"it ended without {text!r}: {self.shown}"

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def end(self) -> int:
        while self._read():
            pass
        return self.process.wait(DEADLINE)

    def _read(self) -> bool:
        try:
            chunk = os.read(self._terminal, 65536)
        except OSError:  # Linux says so when the last program has closed the terminal.
            return False
        self.shown += chunk.decode(errors="replace")
        return bool(chunk)


@contextmanager
def deployment(project: Path, emulator: AwsEmulator, *arguments: str) -> Iterator[Running]:
    """Run on a terminal, whose Ctrl-C reaches the foreground as in a shell."""
    ours, theirs = pty.openpty()
    temporary = project / "tmp"
    temporary.mkdir(exist_ok=True)
    process = subprocess.Popen(
        command(project, *arguments, before=TAKE_TERMINAL),
        cwd=ROOT,
        env={**prepare_terraform(emulator.environment).environment, "TMPDIR": str(temporary)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Running(process, ours)
    finally:
        (project / "go").touch()
        os.close(ours)
        process.wait(DEADLINE)


def keys(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def state(s3: Any) -> dict[str, str]:
    """Names of the resources in the state, and their status."""
    saved = json.loads(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())
    return {
        resource["name"]: instance.get("status", "whole")
        for resource in saved["resources"]
        for instance in resource["instances"]
    }


def test_the_plan_that_is_shown_is_asked_about_and_applied(
    project: Path, emulator: AwsEmulator, s3: Any
) -> None:
    (project / "go").touch()
    with deployment(project, emulator, "deploy") as running:
        running.wait_for("Type yes to approve: ")
        assert "2 to add" in running.shown
        assert COLOR in running.shown, "colours are kept on a terminal"
        (plan,) = (project / "tmp").rglob("*.tfplan")
        assert plan.stat().st_mode & 0o777 == 0o600, "it may hold values"
        assert plan.stat().st_size > 0
        # What is synthesized meanwhile is not what was shown.
        file = project / "cdktf.out" / "dev" / "stacks" / "network" / "cdk.tf.json"
        file.write_text(file.read_text(encoding="utf-8").replace('"one"', '"two"'))
        running.type("yes\n")
        assert running.end() == 0, running.shown
    assert "Apply complete!" in running.shown
    assert not list((project / "tmp").rglob("*"))
    assert keys(s3) == [KEY]
    saved = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read().decode()
    assert '"one"' in saved
    assert '"two"' not in saved


def test_no_other_word_than_yes_applies(project: Path, emulator: AwsEmulator, s3: Any) -> None:
    with deployment(project, emulator, "deploy") as running:
        running.wait_for("Type yes to approve: ")
        running.type("y\n")
        assert running.end() == 1
    assert "network: not approved, so nothing was changed in it." in running.shown
    assert keys(s3) == []


def test_ctrl_c_at_the_question_leaves_nothing(
    project: Path, emulator: AwsEmulator, s3: Any
) -> None:
    with deployment(project, emulator, "deploy") as running:
        running.wait_for("Type yes to approve: ")
        running.type("\x03")
        assert running.end() == 130
    assert "network: interrupted." in running.shown
    assert "Traceback" not in running.shown
    assert not list((project / "tmp").rglob("*"))
    assert keys(s3) == []


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "the terminal is closed"])
def test_an_interrupted_apply_keeps_its_state_and_no_lock(
    project: Path, emulator: AwsEmulator, s3: Any, how: str
) -> None:
    with deployment(project, emulator, "deploy", "--yes") as running:
        running.wait_for("terraform_data.second: Provisioning")
        while not (project / "begun").exists():
            time.sleep(0.05)
        assert keys(s3).count(LOCK) == 1
        if how == "Ctrl-C":
            # The impatient press it again.
            running.type("\x03")
            running.wait_for("Interrupted: waiting for Terraform to stop cleanly.")
            running.type("\x03")
        else:
            number = signal.SIGTERM if how == "SIGTERM" else signal.SIGHUP
            os.kill(running.process.pid, number)
        assert running.end() == 130, running.shown
    shown = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", running.shown).split())
    assert shown.count("Interrupt received.") == 1, "as Terraform says at the first"
    assert "Two interrupts received" not in shown
    assert "run the same command again: it resumes here" in shown
    assert keys(s3) == [KEY], "no lock"
    assert state(s3) == {"first": "whole", "second": "tainted"}
    assert not list((project / "tmp").rglob("*"))

    # `go` is there now.
    with deployment(project, emulator, "deploy", "--yes") as again:
        assert again.end() == 0, again.shown
    assert state(s3) == {"first": "whole", "second": "whole"}


def test_a_locked_state_says_who_holds_it_and_what_to_do(
    project: Path, emulator: AwsEmulator, s3: Any
) -> None:
    lock = {
        "ID": "5f1c",
        "Operation": "OperationTypeApply",
        "Who": "ana@laptop",
        "Version": "1.11.4",
        "Created": "2026-11-26T10:00:00Z",
        "Path": f"{BUCKET}/{KEY}",
    }
    s3.put_object(Bucket=BUCKET, Key=LOCK, Body=json.dumps(lock).encode())
    done = subprocess.run(
        command(project, "deploy", "--yes"),
        cwd=ROOT,
        env=prepare_terraform(emulator.environment).environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert (
        "[1/1] network: deploy failed. The state of network is locked by ana@laptop since "
        "2026-11-26 10:00:00 +0000 UTC. Wait for that run to end, then run the same command again. "
        "If it was killed and no longer runs: `cd cdktf.out/dev/stacks/network && terraform "
        "force-unlock 5f1c`.\n"
    ) in done.stdout
    assert COLOR not in done.stdout, "no colours in a log"
    assert keys(s3) == [LOCK], "nothing was written"


def test_a_reader_that_goes_away_stops_nothing_half_way(
    project: Path, emulator: AwsEmulator, s3: Any
) -> None:
    (project / "go").touch()
    with subprocess.Popen(
        command(project, "deploy", "--yes"),
        cwd=ROOT,
        env=prepare_terraform(emulator.environment).environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
        assert process.wait(DEADLINE) == 1
    assert keys(s3) == [KEY]
    assert state(s3) == {"first": "whole", "second": "whole"}
