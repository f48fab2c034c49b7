"""`make synth`: write the Terraform of one environment and list the files."""

import argparse
import sys
import time
from collections import Counter
from datetime import date

from rich.console import Console
from rich.table import Table

from settings.load import SettingsError, environment_names, load_environment
from settings.warnings import warning_lines
from synthesis.synth import SynthesizedStack, output_folder, publish
from tools.paths import ROOT


def main(arguments: list[str] | None = None) -> int:
    """Run the command; exit code 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="make synth ENV=<env>", description=__doc__)
    parser.add_argument(
        "--env",
        required=True,
        help=f"environment to synthesize: {', '.join(environment_names())}",
    )
    environment: str = parser.parse_args(arguments).env
    try:
        settings = load_environment(environment, today=date.today())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    started = time.monotonic()
    print(f"Synthesizing environment {environment} ...", file=sys.stderr, flush=True)
    folder = output_folder(environment)
    stacks = publish(settings, folder)
    # In a log there is no terminal width to keep to.
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(summary(environment, stacks))
    console.print(
        f"Readable HCL: {folder.relative_to(ROOT)}/hcl/<stack>.tf   "
        f"Next: make plan ENV={environment}   ({time.monotonic() - started:.1f} s)"
    )
    for line in warning_lines(settings):
        print(line, file=sys.stderr)
    return 0


def summary(environment: str, stacks: list[SynthesizedStack]) -> Table:
    """Table of what each stack has: resources by type, outputs, and where it was written."""
    table = Table(title=f"Environment {environment}, in order of deployment", show_lines=True)
    table.add_column("Stack", no_wrap=True)
    table.add_column("Resources by type, outputs, file")
    folder = output_folder(environment).relative_to(ROOT)
    for stack in stacks:
        config = stack.config
        counts = Counter(
            {type_: len(instances) for type_, instances in config.get("resource", {}).items()}
        )
        resources = ", ".join(f"{type_}×{count}" for type_, count in sorted(counts.items()))
        outputs = ", ".join(sorted(config.get("output", {}))) or "none"
        table.add_row(
            f"[bold]{stack.name}[/]\n{counts.total()} resources",
            f"{resources}\n[bold]Outputs:[/] {outputs}\n"
            f"[bold]Written:[/] {folder}/stacks/{stack.name}/cdk.tf.json",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
