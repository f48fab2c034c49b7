"""Run Terraform on one synthesized stack: the same code deploys, rehearses and looks for drift."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from tools.providers import find_source
from tools.terraform import (
    TerraformUnavailableError,
    build_opentofu,
    find_terraform,
    terraform_env,
)

COMMAND_SECONDS = 1800
"""The slowest command of a rehearsal takes 1/30 of it; the provider would wait for an hour."""

NO_CHANGES, CHANGES = 0, 2
"""Exit codes of `terraform plan -detailed-exitcode`."""

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, the end of a CI job, and a terminal that is closed."""

_NOT_INHERITED = ("TF_WORKSPACE", "TF_DATA_DIR")
"""Set for another project, they would make every stack use another state, or all stacks one."""

_COLOR = re.compile(r"\x1b\[[0-9;]*m")


class TerraformError(RuntimeError):
    """Terraform refused or failed; the message says which command did, and what it printed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output
        """Everything that the command printed, without colours."""


class Outcome(Enum):
    """What became of a plan."""

    UNCHANGED = "nothing to change"
    APPLIED = "applied"
    DECLINED = "not approved"


@dataclass(frozen=True)
class Plan:
    """A saved plan: its file, which ends with the block that made it, and whether it is empty."""

    file: Path
    has_changes: bool


Watch = Callable[[Plan], AbstractContextManager[object]]
"""Makes what looks on while a plan is being applied."""


@dataclass(frozen=True, kw_only=True)
class Terraform:
    """A Terraform program, the environment that it runs in, and what becomes of its output."""

    program: Path
    environment: dict[str, str]
    shown: bool = False
    """Show what it prints while it runs; otherwise it is only kept."""
    timeout: float | None = COMMAND_SECONDS
    """Seconds after which a command is killed; None: never, as it may be changing AWS."""

    def run(
        self, folder: Path, *arguments: str, allowed: tuple[int, ...] = (0,)
    ) -> tuple[int, str]:
        """Run a command in a stack's folder; return its exit code and what it printed.

        An interrupt of this process reaches Terraform once, and Terraform is waited for: it then
        saves its state and releases its lock.

        Raises:
            TerraformError: the exit code is not among the allowed ones, or it takes too long.
            KeyboardInterrupt: this process was interrupted; Terraform has ended.
        """
        command = f"{self.program.name} {' '.join(arguments)} in {folder.name}"
        colors = self.shown and sys.stdout.isatty() and not self.environment.get("NO_COLOR")
        options = () if colors else ("-no-color",)
        code, output, late = self._run_child(
            [str(self.program), arguments[0], *options, *arguments[1:]], folder
        )
        text = _COLOR.sub("", output)
        if late:
            raise TerraformError(
                f"{command} did not end within {self.timeout} s; it had printed:\n"
                + "\n".join(text.splitlines()[-20:]),
                text,
            )
        if code not in allowed:
            raise TerraformError(
                f"{command} ended with exit code {code}:\n{_errors_of(text)}", text
            )
        return code, text

    def init(self, folder: Path) -> None:
        """Install the providers and set up the backend."""
        self.run(folder, "init", "-input=false")

    def validate(self, folder: Path) -> None:
        """Check the stack against the schemas of the real providers."""
        self.run(folder, "validate")

    @contextmanager
    def planned(self, folder: Path, *options: str) -> Iterator[Plan]:
        """Plan a stack into a file that only this user can read, and delete it afterwards.

        A plan holds values of the state, secrets among them.

        Args:
            folder: of the stack.
            options: further options of `terraform plan`, such as `-destroy`.
        """
        with TemporaryDirectory(prefix="terraform-plan-") as private:
            file = Path(private) / f"{folder.name}.tfplan"
            # Terraform keeps the mode of a file that exists, and would make one that all can read.
            file.touch(mode=0o600, exist_ok=False)
            code, _ = self.run(
                folder,
                "plan",
                "-input=false",
                "-detailed-exitcode",
                f"-out={file}",
                *options,
                allowed=(NO_CHANGES, CHANGES),
            )
            yield Plan(file, code == CHANGES)

    def apply(
        self,
        folder: Path,
        approve: Callable[[], bool] = lambda: True,
        watch: Watch = nullcontext,
    ) -> Outcome:
        """Plan, ask, then apply exactly that plan.

        Args:
            folder: of the stack.
            approve: asked after a plan that changes something.
            watch: entered with the plan for as long as it is being applied.
        """
        return self._change(folder, approve, watch)

    def destroy(
        self,
        folder: Path,
        approve: Callable[[], bool] = lambda: True,
        watch: Watch = nullcontext,
    ) -> Outcome:
        """Plan to destroy everything in the stack's state, ask, then apply exactly that plan."""
        return self._change(folder, approve, watch, "-destroy")

    def quiet(self) -> Terraform:
        """The same, without showing what it prints."""
        return replace(self, shown=False)

    def changes(self, folder: Path) -> str | None:
        """What a plan would change, or None for an empty plan."""
        code, text = self.run(
            folder, "plan", "-input=false", "-detailed-exitcode", allowed=(NO_CHANGES, CHANGES)
        )
        return text if code == CHANGES else None

    def addresses(self, folder: Path) -> list[str]:
        """Addresses of the managed resources in the stack's state."""
        _, text = self.run(folder, "show", "-json")
        root = json.loads(text).get("values", {}).get("root_module", {})
        return [item["address"] for item in root.get("resources", []) if item["mode"] == "managed"]

    def _change(
        self, folder: Path, approve: Callable[[], bool], watch: Watch, *options: str
    ) -> Outcome:
        with self.planned(folder, *options) as plan:
            if not plan.has_changes:
                return Outcome.UNCHANGED
            if not approve():
                return Outcome.DECLINED
            with watch(plan):
                self.run(folder, "apply", "-input=false", str(plan.file))
            return Outcome.APPLIED

    def _run_child(self, command: list[str], folder: Path) -> tuple[int, str, bool]:
        """Exit code, output, and whether it was killed because it took too long."""
        with (
            _Interrupts().received() as interrupts,
            subprocess.Popen(
                command,
                cwd=folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # A Ctrl-C in the terminal then reaches only this process, which passes one on.
                start_new_session=True,
            ) as child,
        ):
            interrupts.pass_on_to(child)
            assert child.stdout is not None
            with _killed_after(self.timeout, child) as killed:
                output = _copy(child.stdout.fileno(), shown=self.shown)
                code = child.wait()
        if interrupts.count:
            # The caller's handler decides what a further interrupt does.
            signal.raise_signal(signal.SIGINT)
            raise KeyboardInterrupt
        return code, output.decode(errors="replace"), killed.is_set()


class _Interrupts:
    """Passes the first interrupt on to Terraform, as SIGINT, and no other.

    At a second one Terraform exits at once: "Note that data loss may have occurred"
    (internal/command/views/operation.go), and its lock stays.
    """

    def __init__(self) -> None:
        self.count = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._unsent = [signal.SIGINT]

    @contextmanager
    def received(self) -> Iterator[_Interrupts]:
        """Take the signals of this process for the time of the block."""
        # Python takes signals in its main thread only.
        taken = STOPPING if threading.current_thread() is threading.main_thread() else ()
        before = {number: signal.signal(number, self._receive) for number in taken}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def pass_on_to(self, child: subprocess.Popen[bytes]) -> None:
        """Pass on to this process what comes, and what has come already."""
        self._child = child
        if self.count:
            self._pass_on()

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            _tell("Terraform is already stopping: it finishes the running operations and saves.")
            return
        _tell("Interrupted: waiting for Terraform to stop cleanly.")
        self._pass_on()

    def _pass_on(self) -> None:
        # A signal may come in the middle of this; taking from a list is atomic.
        if self._child is not None:
            with suppress(IndexError):
                self._child.send_signal(self._unsent.pop())


def installed_terraform() -> Terraform:
    """The Terraform with which to change a real account: shown while it runs, never killed.

    Raises:
        TerraformUnavailableError: there is none.
    """
    program = find_terraform()
    if program is None:
        raise TerraformUnavailableError(
            "No Terraform on the PATH is new enough: run `make terraform`, which shows the reason "
            "and builds OpenTofu."
        )
    return Terraform(program=program, environment=_environment(program), shown=True, timeout=None)


def prepare_terraform(environment: dict[str, str]) -> Terraform:
    """Find Terraform (or build OpenTofu) and its providers, and point it to an emulated AWS.

    Args:
        environment: variables that replace every AWS setting of the caller's environment.

    Raises:
        TerraformUnavailableError: there is none and none can be built.
    """
    program = find_terraform() or build_opentofu()
    inherited = {
        name: value for name, value in _environment(program).items() if not name.startswith("AWS_")
    }
    return Terraform(program=program, environment={**inherited, **environment})


def _environment(program: Path) -> dict[str, str]:
    variables = terraform_env(program, find_source())
    kept = {name: value for name, value in variables.items() if name not in _NOT_INHERITED}
    return kept | {"TF_IN_AUTOMATION": "1"}


def _copy(descriptor: int, *, shown: bool) -> bytes:
    """Read to the end, and show it as it comes."""
    output = bytearray()
    while chunk := os.read(descriptor, 65536):
        output += chunk
        if shown:
            try:
                sys.stdout.flush()
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
            except BrokenPipeError:
                # The reader has closed the output (`make deploy | head`); Terraform must continue.
                shown = False
    return bytes(output)


@contextmanager
def _killed_after(
    seconds: float | None, child: subprocess.Popen[bytes]
) -> Iterator[threading.Event]:
    """Kill a process and its providers after a while; the event says that it was done."""
    killed = threading.Event()

    def kill() -> None:
        killed.set()
        os.killpg(child.pid, signal.SIGKILL)

    timer = threading.Timer(seconds, kill) if seconds else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield killed
    finally:
        if timer:
            timer.cancel()


def _tell(line: str) -> None:
    # In a signal handler: `print` may be what was interrupted, and does not allow a second call.
    os.write(2, f"{line}\n".encode())


def _errors_of(text: str) -> str:
    """The part that says what went wrong: what was planned before it is of no use."""
    start = text.find("\nError: ")
    return text[start:].strip() if start >= 0 else text.strip()
