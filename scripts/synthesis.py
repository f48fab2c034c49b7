"""Synthesize an environment into a folder so that the folder is never half-written."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments.model import Settings
from scripts.hcl import render

ROOT = Path(__file__).resolve().parent.parent
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
    """Synthesize an environment and put it in place file by file, once all of it is there.

    What Terraform keeps beside a stack (`.terraform`, lock file) stays. Stacks that are no longer
    synthesized are removed.
    """
    with _scratch_beside(folder) as scratch:
        stacks = synthesize(settings, scratch)
        hcl = scratch / "hcl"
        hcl.mkdir()
        for stack in stacks:
            (hcl / f"{stack.name}.tf").write_text(stack.hcl, encoding="utf-8")
        for source in sorted(path for path in scratch.rglob("*") if path.is_file()):
            target = folder / source.relative_to(scratch)
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
    _remove_stale(folder, {stack.name for stack in stacks})
    return stacks


@contextmanager
def _scratch_beside(folder: Path) -> Iterator[Path]:
    # On the same file system, so that moving a file is atomic.
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        yield Path(scratch)


def _remove_stale(folder: Path, names: set[str]) -> None:
    for stack in (folder / "stacks").iterdir():
        if stack.name not in names:
            shutil.rmtree(stack)
    for file in (folder / "hcl").iterdir():
        if file.stem not in names:
            file.unlink()
