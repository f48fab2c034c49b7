"""`make generated`: regenerate every file that depends on the settings.

Schema, rules, dashboards, snapshots, reference documents and the page of permissions, in this order
as the last two read the snapshots. Wrong settings or workloads are named before anything is
written, with exit code 2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Final

from cost.workload import load_workload, workload_path
from docgen import permissions_page, reference_docs
from settings.load import SettingsError
from synthesis import alerting_files, dashboard_files, schema, snapshots
from synthesis.foundation import all_settings

COMMANDS: Final[tuple[Callable[[Sequence[str]], int], ...]] = (
    schema.main,
    alerting_files.main,
    dashboard_files.main,
    snapshots.main,
    reference_docs.main,
    permissions_page.main,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code."""
    argparse.ArgumentParser(prog="make generated", description=__doc__).parse_args(arguments)
    try:
        for name, settings in all_settings().items():
            load_workload(workload_path(name), settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    return next((code for command in COMMANDS if (code := command([]))), 0)


if __name__ == "__main__":
    sys.exit(main())
