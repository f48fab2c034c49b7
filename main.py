"""Composition root: settings in, one Terraform stack per layer out.

`ENVIRONMENT` names the settings (environments/<name>.yaml); the cdktf CLI and `make synth` both run
this file. One environment per synthesis, so that no command can ever touch two.
"""

from __future__ import annotations

import itertools
import os
import sys
from datetime import date
from typing import TYPE_CHECKING

import constructs_lib  # noqa: F401 - pins Node.js before cdktf starts it
from settings.load import SettingsError, environment_names, load_environment
from settings.model import Settings

if TYPE_CHECKING:
    from cdktf import App


def build_app(settings: Settings, outdir: str | None = None) -> App:
    """Make the app of one environment; its `synth()` writes the stacks.

    Args:
        settings: the environment.
        outdir: where to write; by default what the cdktf CLI asks for, or `cdktf.out`.
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
    """Synthesize the environment that `ENVIRONMENT` names; exit code 2 for wrong settings."""
    environment = os.environ.get("ENVIRONMENT", "")
    if not environment:
        print(f"ENVIRONMENT is not set; allowed: {', '.join(environment_names())}", file=sys.stderr)
        return 2
    try:
        settings = load_environment(environment, today=date.today())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    build_app(settings).synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
