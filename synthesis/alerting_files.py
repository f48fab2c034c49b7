"""`make rules`: write what Prometheus and Alertmanager are given to alertmanager/generated."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

import yaml

from alertmanager import routing
from alertmanager.rules.all_rules import platform_rule_groups, stage_rule_groups
from settings.load import SettingsError, environment_names, load_environment
from settings.model import Settings
from synthesis.snapshots import write
from tools.paths import ROOT

GENERATED = ROOT / "alertmanager" / "generated"


def generated_files(settings: Settings) -> dict[str, str]:
    """Text of each file by its path below alertmanager/generated."""
    by_prometheus = {
        "rules": platform_rule_groups(settings),
        **{f"rules-{stage}": stage_rule_groups(settings, stage) for stage in settings.stages},
    }
    return {
        **{
            f"{settings.environment}/{name}.yaml": _yaml(
                {"groups": [group.as_dict(settings) for group in groups]}
            )
            for name, groups in by_prometheus.items()
        },
        f"{settings.environment}/alertmanager.yaml": _yaml(routing.configuration(settings)),
    }


def _yaml(document: Any) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; exit code 2 for wrong settings."""
    argparse.ArgumentParser(prog="make rules", description=__doc__).parse_args(arguments)
    files: dict[str, str] = {}
    try:
        for environment in environment_names():
            files |= generated_files(load_environment(environment, today=date.today()))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(write(files, GENERATED)) or "alertmanager/generated is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
