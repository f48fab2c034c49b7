"""`make new-env NAME=stg FROM=dev`: write the settings and the workload of a new environment.

It copies those of an environment that there is, with their comments, and changes what must be
another: the name, the AWS account and the network. `make new-env` then writes all that is generated
and lists the settings that a person must edit (`--to-edit`).
"""

from __future__ import annotations

import argparse
import ipaddress
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from settings import rewrite
from settings.load import DIRECTORY, SettingsError, environment_names, load_environment
from settings.model import Settings
from settings.types import RFC1918, EnvironmentName
from tools.paths import ROOT

WORKLOADS: Final = ROOT / "cost" / "workloads"

EXAMPLE_ACCOUNTS: Final = ("111122223333", "444455556666", "777788889999", "123456789012")
"""Account ids of AWS' documentation, which nobody has: nothing is deployed by mistake."""

TO_EDIT: Final = (
    (("account_id",), "the AWS account: the providers refuse any other"),
    (("region",), "the AWS region, with network.availability_zones"),
    (("size",), "how much telemetry there will be"),
    (("deletion_protection",), "true for what must not be destroyed by mistake"),
    (("tags",), "owner and cost center"),
    (("network", "cidr"), "a network of your address plan, which others then reserve"),
    (("cluster", "endpoint"), "networks that may reach the Kubernetes API"),
    (("cluster", "admin_role_arns"), "IAM roles of the account that administer the cluster"),
    (("alerting", "slack_channel"), "Slack channel"),
    (("alerting", "emails"), "receivers of critical alerts"),
    (("alerting", "smtp"), "mail server, sender and login"),
    (("alerting", "grafana_url"), "where people will open Grafana"),
    (("cost", "monthly_budget_usd"), "budget of the whole account"),
    (
        ("cost", "anomaly_monitor_arn"),
        "monitor of the account; needed where another environment is in the same account",
    ),
)
"""Settings that a person must edit, by their place."""

OF_EACH_NAMESPACE: Final = (
    (("editor_role_arns",), "IAM roles of the account that may edit the namespace"),
    (("notifications",), "who hears of its alerts"),
)


class NewEnvironmentError(Exception):
    """Nothing was written; the message says in one line what is wrong and what is allowed."""


def new_settings(text: str, source: Settings, name: str, others: Iterable[Settings]) -> str:
    """The text of the settings file of a further environment.

    Args:
        text: the settings file of the environment to copy.
        source: the same, loaded.
        name: the new environment.
        others: every environment that there is, the source included.

    Raises:
        NewEnvironmentError: no network of the source's size is free.
    """
    others = list(others)
    cidr = free_network(source, others)
    text = rewrite.rewritten(text, {("environment",): name, ("network", "cidr"): cidr})
    for other in others:
        # The networks may once be connected, and then cannot be changed any more.
        if other.network.cidr not in source.network.reserved_cidrs:
            text = rewrite.with_item(
                text, ("network", "reserved_cidrs"), other.network.cidr, other.environment
            )
    text = text.replace(source.account_id, _free_account(others))
    # In comments.
    return re.sub(rf"\bENV={source.environment}\b", f"ENV={name}", text)


def free_network(source: Settings, others: Iterable[Settings]) -> str:
    """The first private network as large as the source's, after it, that nobody uses or reserves.

    Raises:
        NewEnvironmentError: there is none.
    """
    taken = [ipaddress.IPv4Network(source.cluster.service_cidr)]
    for other in others:
        settings, endpoint = other.network, other.cluster.endpoint
        cidrs = (settings.cidr, *settings.reserved_cidrs, *endpoint.private_cidrs)
        taken += map(ipaddress.IPv4Network, cidrs)
    own = ipaddress.IPv4Network(source.network.cidr)
    blocks = sorted(RFC1918, key=lambda block: not own.subnet_of(block))
    networks = [subnet for block in blocks for subnet in block.subnets(new_prefix=own.prefixlen)]
    start = networks.index(own)
    for network in networks[start:] + networks[:start]:
        if not any(network.overlaps(other) for other in taken):
            return str(network)
    raise NewEnvironmentError(
        f"no private network of the size of {own} is free; allowed: an environment with fewer "
        "network.reserved_cidrs to copy"
    )


def _free_account(others: Iterable[Settings]) -> str:
    used = {other.account_id for other in others}
    return next((free for free in EXAMPLE_ACCOUNTS if free not in used), EXAMPLE_ACCOUNTS[-1])


def new_files(
    name: str, source_name: str, today: date, environments: Path, workloads: Path
) -> dict[Path, str]:
    """The files of a further environment by their paths, checked as `make synth` checks them.

    Raises:
        NewEnvironmentError: the name or the source is wrong, or a file is there already.
        SettingsError: the settings of an environment are wrong.
    """
    names = environment_names(environments)
    if source_name not in names:
        raise NewEnvironmentError(
            f"FROM={source_name!r}: no such environment; allowed: {', '.join(names)}"
        )
    try:
        TypeAdapter(EnvironmentName).validate_python(name)
    except ValidationError as error:
        raise NewEnvironmentError(f"NAME={name!r}: {error.errors()[0]['ctx']['error']}") from None
    settings_file, workload_file = environments / f"{name}.yaml", workloads / f"{name}.yaml"
    for file in (settings_file, workload_file):
        if file.exists():
            raise NewEnvironmentError(
                f"NAME={name!r}: {file.parent.name}/{file.name} is there; allowed: a name that "
                "is not in use"
            )
    source_workload = workloads / f"{source_name}.yaml"
    if not source_workload.is_file():
        raise NewEnvironmentError(
            f"FROM={source_name!r}: {workloads.name}/{source_name}.yaml is missing; allowed: an "
            "environment with a workload"
        )
    others = [load_environment(other, today, environments) for other in names]
    source = others[names.index(source_name)]
    text = (environments / f"{source_name}.yaml").read_text(encoding="utf-8")
    settings_text = new_settings(text, source, name, others)
    _check(name, settings_text, today)
    workload_text = source_workload.read_text(encoding="utf-8").replace(
        f"{source_name}'s cluster", f"{name}'s cluster"
    )
    return {settings_file: settings_text, workload_file: workload_text}


def _check(name: str, text: str, today: date) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "environments"
        folder.mkdir()
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        load_environment(name, today, folder)


def write(files: Mapping[Path, str]) -> None:
    """Write files that are not there yet: all of them, or none.

    Raises:
        NewEnvironmentError: one cannot be written.
    """
    written: list[Path] = []
    try:
        for path, text in files.items():
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise NewEnvironmentError(
            f"{error.filename}: cannot be written: {error.strerror}"
        ) from None


def to_edit(text: str, settings: Settings) -> list[str]:
    """Settings that a person must edit, one line for each in the file: line, key and why."""
    places = [
        *TO_EDIT,
        *(
            (("namespaces", namespace, *path), why)
            for namespace in settings.namespaces
            for path, why in OF_EACH_NAMESPACE
        ),
    ]
    lines = [(rewrite.line_of(text, path), path, why) for path, why in places]
    return [
        f"environments/{settings.environment}.yaml:{line}: {'.'.join(path)}: {why}"
        for line, path, why in sorted(item for item in lines if item[0] is not None)
    ]


def main(
    arguments: Sequence[str] | None = None,
    environments: Path = DIRECTORY,
    workloads: Path = WORKLOADS,
) -> int:
    """Run the command; exit code 2 for wrong arguments or settings, and then nothing is written."""
    parser = argparse.ArgumentParser(prog="make new-env NAME=<new> FROM=<env>", description=__doc__)
    parser.add_argument("--name", metavar="NAME", help="the new environment")
    parser.add_argument("--from", dest="source", metavar="ENV", help="the environment to copy")
    parser.add_argument("--to-edit", metavar="ENV", help="only list what is to be edited in ENV")
    options = parser.parse_args(arguments)
    try:
        if options.to_edit is not None:
            return _list(options.to_edit, environments)
        if not options.name or not options.source:
            raise NewEnvironmentError(
                "NAME and FROM are needed; allowed: make new-env NAME=stg FROM=dev, with FROM one "
                f"of {', '.join(environment_names(environments))}"
            )
        files = new_files(options.name, options.source, date.today(), environments, workloads)
        write(files)
    except (NewEnvironmentError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 2
    for path in files:
        print(f"Written: {path.relative_to(environments.parent)}")
    return 0


def _list(name: str, environments: Path) -> int:
    settings = load_environment(name, date.today(), environments)
    text = (environments / f"{name}.yaml").read_text(encoding="utf-8")
    workload = f"cost/workloads/{name}.yaml: what the applications will send"
    print(f"Edit before the first deployment of {name}, then run `make generated`:")
    print("\n".join([*to_edit(text, settings), workload]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
