"""`make rules`: write what Prometheus and Alertmanager are given to alertmanager/generated."""

import argparse
import sys
from datetime import date
from typing import Any

import yaml

from alertmanager import routing
from alertmanager.rules.all_rules import rule_groups
from settings.load import environment_names, load_environment
from settings.model import Settings
from synthesis.snapshots import write
from tools.paths import ROOT

GENERATED = ROOT / "alertmanager" / "generated"


def generated_files(settings: Settings) -> dict[str, str]:
    """Text of each file by its path below alertmanager/generated."""
    rules = {"groups": [group.as_dict(settings) for group in rule_groups(settings)]}
    return {
        f"{settings.environment}/rules.yaml": _yaml(rules),
        f"{settings.environment}/alertmanager.yaml": _yaml(routing.configuration(settings)),
    }


def _yaml(document: Any) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)
    return text


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    argparse.ArgumentParser(prog="make rules", description=__doc__).parse_args(arguments)
    files: dict[str, str] = {}
    for environment in environment_names():
        files |= generated_files(load_environment(environment, today=date.today()))
    print("\n".join(write(files, GENERATED)) or "alertmanager/generated is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
