"""`make snapshots`: write the synthesized Terraform to tests/snapshots, for review by diff.

For each stack: the very file that Terraform runs, and the same as HCL, which is what to review.
The manifest holds the order in which the stacks depend on one another.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from settings.load import SettingsError, environment_names, load_environment
from synthesis.synth import SynthesizedStack, synthesize
from tools.paths import ROOT

SNAPSHOTS = ROOT / "tests" / "snapshots"


def snapshot_files(
    environment: str, stacks: list[SynthesizedStack], manifest: str
) -> dict[str, str]:
    """Contents of an environment's snapshots by path below tests/snapshots."""
    files = {f"{environment}/manifest.json": manifest + "\n"}
    for stack in stacks:
        files[f"{environment}/{stack.name}.tf"] = stack.hcl
        files[f"{environment}/{stack.name}.tf.json"] = stack.text + "\n"
    return files


def write(files: dict[str, str], directory: Path = SNAPSHOTS) -> list[str]:
    """Write the snapshots, delete those of stacks that are gone, and return what changed."""
    changed: list[str] = []
    for name, text in files.items():
        path = directory / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        if str(path.relative_to(directory)) not in files:
            path.unlink()
            changed.append(f"{path.relative_to(directory)} (deleted)")
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; exit code 2 for wrong settings."""
    argparse.ArgumentParser(prog="make snapshots", description=__doc__).parse_args(arguments)
    try:
        every_settings = [load_environment(name, date.today()) for name in environment_names()]
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    files: dict[str, str] = {}
    for settings in every_settings:
        with tempfile.TemporaryDirectory() as outdir:
            stacks = synthesize(settings, Path(outdir))
            manifest = (Path(outdir) / "manifest.json").read_text(encoding="utf-8")
            files |= snapshot_files(settings.environment, stacks, manifest)
    changed = write(files)
    print("\n".join(changed) or "tests/snapshots is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
