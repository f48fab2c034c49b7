"""Synthesizes an environment into a folder that is never left half-written."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settings.model import Settings
from synthesis.hcl import render
from tools.paths import ROOT

OUTPUT = ROOT / "cdktf.out"


@dataclass(frozen=True, kw_only=True)
class SynthesizedStack:
    """A stack as Terraform runs it (`text`, the content of cdk.tf.json) and as people read it."""

    name: str
    text: str

    @property
    def config(self) -> dict[str, Any]:
        """The parsed file."""
        config: dict[str, Any] = json.loads(self.text)
        return config

    @property
    def hcl(self) -> str:
        """The same as HCL."""
        return render(self.config)


def output_folder(environment: str) -> Path:
    """Where `make synth` writes an environment.

    Each has a folder of its own, since Terraform keeps the backend it was initialized with beside
    the stack, and would take one environment's state for the other's.
    """
    return OUTPUT / environment


def synthesize(settings: Settings, outdir: Path) -> list[SynthesizedStack]:
    """Write an environment's stacks into an empty folder and return them in order of deployment."""
    from main import build_app

    build_app(settings, str(outdir)).synth()
    return read_stacks(outdir)


def read_stacks(outdir: Path) -> list[SynthesizedStack]:
    """The stacks that `synthesize` wrote into a folder, in order of deployment."""
    manifest = json.loads((outdir / "manifest.json").read_text(encoding="utf-8"))
    return [
        SynthesizedStack(
            name=name,
            text=(outdir / manifest["stacks"][name]["synthesizedStackPath"]).read_text("utf-8"),
        )
        for name in deployment_order(manifest)
    ]


def deployment_order(manifest: dict[str, Any]) -> list[str]:
    """Names of the stacks, each after those that it depends on.

    Args:
        manifest: the parsed manifest.json that cdktf writes.
    """
    ordered: list[str] = []

    def visit(name: str) -> None:
        for dependency in manifest["stacks"][name]["dependencies"]:
            visit(dependency)
        if name not in ordered:
            ordered.append(name)

    for name in sorted(manifest["stacks"]):
        visit(name)
    return ordered


def publish(settings: Settings, folder: Path) -> list[SynthesizedStack]:
    """Synthesize an environment and put it in place, once all of it is there.

    What Terraform keeps beside a stack (`.terraform`, lock file) stays. Stacks that are no longer
    synthesized are removed. Killed at whatever moment, it leaves the earlier output whole, or one
    that `finish_interrupted` makes the new one.
    """
    finish_interrupted(folder)
    with _scratch_beside(folder) as scratch:
        stacks = synthesize(settings, scratch)
        hcl = scratch / "hcl"
        hcl.mkdir()
        for stack in stacks:
            (hcl / f"{stack.name}.tf").write_text(stack.hcl, encoding="utf-8")
        # From here on the new output is complete, and the next process continues with it.
        scratch.rename(_ready(folder))
    finish_interrupted(folder)
    return stacks


def finish_interrupted(folder: Path) -> None:
    """Put an output in place that is whole, but was not moved when its synthesis was stopped.

    To be called before an output is used: between two moves, some of its files are new and others
    are not.
    """
    ready = _ready(folder)
    if not (ready / "manifest.json").exists():
        return
    # The manifest comes last: as long as it is here, there may be more to move.
    sources = [path for path in ready.rglob("*") if path.is_file() and path.name != "manifest.json"]
    for source in sorted(sources):
        _move(source, folder / source.relative_to(ready))
    # Folders stay when their files are moved, so these are the stacks also after an interruption.
    _remove_stale(folder, {path.name for path in (ready / "stacks").iterdir()})
    _move(ready / "manifest.json", folder / "manifest.json")
    shutil.rmtree(ready)


def _ready(folder: Path) -> Path:
    """Where an output waits to be put in place."""
    return folder.parent / f".{folder.name}.ready"


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


@contextmanager
def _scratch_beside(folder: Path) -> Iterator[Path]:
    # On the same file system, so that moving a file is atomic.
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{folder.name}.scratch-"
    with _locked(folder.parent):
        _remove_abandoned(folder.parent.glob(f"{prefix}*"))
        shutil.rmtree(_ready(folder), ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
        held = ExitStack()
        held.enter_context(_locked(scratch))
    with held:
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder; the kernel releases it when the process ends, however it ends.

    Raises:
        BlockingIOError: another process holds it, and there is no waiting.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def _remove_abandoned(folders: Iterable[Path]) -> None:
    """Remove scratch folders without a lock: their processes were killed.

    The lock decides, not a process id, because a later process may have the same id.
    """
    for folder in folders:
        # Not found: its owner has removed it meanwhile. Blocked: its owner still holds the lock.
        with suppress(FileNotFoundError, BlockingIOError), _locked(folder, wait=False):
            shutil.rmtree(folder, ignore_errors=True)


def _remove_stale(folder: Path, names: set[str]) -> None:
    for stack in (folder / "stacks").iterdir():
        if stack.name not in names:
            shutil.rmtree(stack)
    for file in (folder / "hcl").iterdir():
        if file.stem not in names:
            file.unlink()
