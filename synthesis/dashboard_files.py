"""`make dashboards`: write every dashboard's JSON to grafana/generated/<environment>, for review.

It is the JSON that the stack puts into ConfigMaps, there in one line, here in many.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date

from grafana.dashboards.all_dashboards import dashboards
from settings.load import SettingsError, environment_names, load_environment
from settings.model import Settings
from synthesis.snapshots import write
from tools.paths import ROOT

GENERATED = ROOT / "grafana" / "generated"


def generated_files(settings: Settings) -> dict[str, str]:
    """Text of each file by its path below grafana/generated."""
    return {
        f"{settings.environment}/{dashboard.uid}.json": dashboard.readable
        for dashboard in dashboards(settings)
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; exit code 2 for wrong settings."""
    argparse.ArgumentParser(prog="make dashboards", description=__doc__).parse_args(arguments)
    files: dict[str, str] = {}
    try:
        for environment in environment_names():
            files |= generated_files(load_environment(environment, today=date.today()))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(write(files, GENERATED)) or "grafana/generated is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
