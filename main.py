"""Composition root: settings in, one Terraform stack per layer out.

`ENVIRONMENT` names the settings (environments/<name>.yaml). `make synth` imports this module; the
cdktf CLI, used by hand, runs it. One environment per synthesis, so that no command can ever touch
two.
"""

from __future__ import annotations

import itertools
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import constructs_lib  # noqa: F401 - pins Node.js before cdktf starts it
from settings.load import SettingsError, environment_names, load_environment
from settings.model import Settings
from settings.warnings import warning_lines

if TYPE_CHECKING:
    from cdktf import App


def build_app(settings: Settings, outdir: str | None = None) -> App:
    """Make the app of one environment; its `synth()` writes the stacks.

    Args:
        settings: the environment.
        outdir: where to write; by default the folder of the cdktf CLI, or `cdktf.out`.
    """
    from cdktf import App

    from stacks.cluster import ClusterStack
    from stacks.network import NetworkStack
    from stacks.observability import ObservabilityStack
    from stacks.state import StateStack
    from stacks.storage import StorageStack

    app = App(outdir=outdir)
    stacks = [
        StateStack(app, settings),
        NetworkStack(app, settings),
        ClusterStack(app, settings),
        StorageStack(app, settings),
        ObservabilityStack(app, settings),
    ]
    # Reading another stack's state by name makes no dependency; the order must be said.
    for earlier, later in itertools.pairwise(stacks):
        later.add_dependency(earlier)
    return app


def main() -> int:
    """Synthesize the environment that `ENVIRONMENT` names, into the folder that the CLI names.

    Exit code 2 for wrong settings, and for a folder that is another environment's.
    """
    environment = os.environ.get("ENVIRONMENT", "")
    if not environment:
        print(f"ENVIRONMENT is not set; allowed: {', '.join(environment_names())}", file=sys.stderr)
        return 2
    try:
        settings = load_environment(environment, today=date.today())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    output = Path(os.environ.get("CDKTF_OUTDIR") or f"cdktf.out/{environment}")
    if output.name in {"cdktf.out", *environment_names()} - {environment}:
        # Terraform would take one environment's state for the other's, and the state stack's own
        # state, whose path is relative, would lie outside the project.
        print(
            f"The output of {environment} must not be {output}: each environment has a folder of "
            f"its own. Pass --output cdktf.out/{environment} to cdktf.",
            file=sys.stderr,
        )
        return 2
    # The CLI makes no folder in a folder that does not exist.
    output.mkdir(parents=True, exist_ok=True)
    build_app(settings, str(output)).synth()
    for line in warning_lines(settings):
        print(line, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
