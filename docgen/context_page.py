"""docs/context/context-generator.md: the current state, to read before a change."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Final

from blueprint.names import telemetry_namespace
from docgen.markdown import Row, code, codes, page, table
from docgen.traffic_page import STAGE
from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from settings.model import Settings
from synthesis.foundation import Foundation
from tools.paths import ROOT
from versions import (
    KUBERNETES,
    PROVIDER_RANGES,
    TERRAFORM_MINIMUM,
    THANOS_VERSION,
)

FOLDERS: Final = (
    "settings", "signals", "blueprint", "grafana", "alertmanager", "helm_values",
    "constructs_lib", "stacks", "synthesis", "operations", "cost", "verification", "docgen",
    "tools", "sample_apps/python",
)  # fmt: skip
"""Folders of Python files that the context names, one line each."""


def context_page(foundation: Foundation, settings: dict[str, Settings]) -> str:
    """Facts for whoever is about to change the infrastructure."""
    return page(
        "Context for changes of infrastructure",
        "The current state, from the settings, the code and the reviewed snapshots. Read it "
        "before any change; a pull request names the commit that was read "
        "(`.github/pull_request_template.md`). `make context` rewrites it, and a test fails if "
        "it is outdated.",
        _scope(),
        "## Environments\n\n" + _environments(settings),
        "## Stacks\n\nIn order of deployment; `make destroy` uses the reverse order. Numbers "
        f"of resources are for {' / '.join(settings)}.\n\n" + _stacks(foundation),
        "## Namespaces and their owners\n\nThe owner is responsible for alerts and changes of "
        "the namespace. Nodes are `minimum-maximum`; `× 3 zones` means one such group in each "
        "zone. CPU and memory are the quota of requests.\n\n" + _namespaces(settings),
        "## Versions\n\nFrom `versions.py`; add-ons and tools are in "
        "[versions](../reference/versions.md), Kubernetes in the first table.\n\n"
        + _versions(settings),
        "## In the cluster\n\nEach stage also has a namespace for its gateway, "
        f"{code(telemetry_namespace(STAGE))}, in which only administrators have rights, with a "
        "quota that depends on `size`. The namespaces contain the "
        "[releases](../reference/releases.md) and Thanos; "
        "[capacity](../operations/capacity.md) has their sizes, and "
        "[traffic](../reference/traffic.md) the allowed connections.",
        "## What is billed by the hour or month\n\nCounts, no prices. Nodes are the minimum and "
        "maximum of the settings; telemetry, traffic and volumes are not included.\n\n"
        + _billed(foundation, settings),
        "## Files\n\nThe purpose of each file, from its first line.\n\n" + _files(),
    )


def _scope() -> str:
    return """## Rules

1. Read the newest decision in [docs/adr](../adr/README.md) before a change of architecture; a
   change that contradicts one needs a new decision that says what was measured.
2. Stay inside the authorized scope: the stacks, namespaces and services on this page, and what the
   README lists as not built yet. Not authorized without the technical board: another AWS service,
   region, partition or account; a further stack or state; public access to anything; a longer or
   shorter retention in prd; a back end that is not open source; software with a new licence.
3. In doubt, ask the technical board first.
4. A change is reviewed by the diff of `tests/snapshots/<environment>/<stack>.tf`. A resource that
   the plan wants to replace or destroy is named in the change's description."""


def _environments(settings: dict[str, Settings]) -> str:
    rows: list[tuple[str, list[object]]] = [
        ("Prefix of all names", [code(s.prefix) for s in settings.values()]),
        ("AWS account", [code(s.account_id) for s in settings.values()]),
        ("Region", [code(s.region) for s in settings.values()]),
        ("Zones", [codes(s.network.availability_zones) for s in settings.values()]),
        ("Owner (tag)", [s.tags.owner for s in settings.values()]),
        ("Cost center (tag)", [s.tags.cost_center for s in settings.values()]),
        ("Size", [s.size for s in settings.values()]),
        ("Kubernetes", [s.cluster.kubernetes_version for s in settings.values()]),
        (
            "Standard support of it ends",
            [
                KUBERNETES[s.cluster.kubernetes_version].standard_support_end
                for s in settings.values()
            ],
        ),
        ("VPC", [code(s.network.cidr) for s in settings.values()]),
        ("NAT", [code(s.network.nat) for s in settings.values()]),
        ("Interface endpoints", [codes(s.network.interface_endpoints) for s in settings.values()]),
        (
            "Public Kubernetes API",
            [codes(s.cluster.endpoint.public_cidrs) for s in settings.values()],
        ),
        (
            "Deletion protection",
            ["on" if s.deletion_protection else "off" for s in settings.values()],
        ),
        (
            "Metrics kept, days (raw / 5 min / 1 h)",
            [
                f"{m.raw} / {m.five_minutes} / {m.one_hour}"
                for m in (s.retention_days.metrics for s in settings.values())
            ],
        ),
        ("Backups locked, days", [s.retention_days.backups for s in settings.values()]),
    ]
    return table(("", *settings), ((name, *values) for name, values in rows))


def _stacks(foundation: Foundation) -> str:
    sections = []
    for number, stack in enumerate(foundation.stacks, start=1):
        counts = [foundation.resources(environment, stack) for environment in foundation.configs]
        types = sorted(set().union(*counts))
        totals = " / ".join(str(count.total()) for count in counts)
        reads = "; ".join(
            f"{codes(names)} of {producer}" for producer, names in foundation.read_by(stack).items()
        )
        facts = [
            f"- File: `stacks/{stack}.py`. State: {_state(foundation, stack)}.",
            f"- Publishes: {codes(output.name for output in foundation.outputs[stack])}.",
            f"- Reads: {reads or '-'}.",
            f"- {totals} resources:",
        ]
        rows = ((code(t), *(count[t] for count in counts)) for t in types)
        sections.append(
            f"### {number} {stack}\n\n"
            + "\n".join(facts)
            + "\n\n"
            + table(("Type", *foundation.configs), rows)
        )
    return "\n\n".join(sections)


def _state(foundation: Foundation, stack: str) -> str:
    places = set()
    for environment, stacks in foundation.configs.items():
        ((kind, backend),) = stacks[stack]["terraform"]["backend"].items()
        where = backend.get("key") or backend["path"].lstrip("./")
        places.add((kind, where.replace(f"{environment}/", "<environment>/")))
    ((kind, where),) = places
    return f"`{where}` in the state bucket" if kind == "s3" else f"local file `{where}`"


def _namespaces(settings: dict[str, Settings]) -> str:
    rows = []
    for environment, values in settings.items():
        for name, namespace in values.namespaces.items():
            group = values.node_group(name)
            zones = " × 3 zones" if group.zone_spread == "per_zone" else ""
            rows.append(
                (
                    environment,
                    code(name),
                    values.owner(name),
                    f"{group.min_size}-{group.max_size}{zones} {codes(group.instance_types)} "
                    f"{group.capacity_type}",
                    f"{namespace.quota.requests_cpu} / {namespace.quota.requests_memory_gib} GiB",
                    f"{namespace.retention_days.logs} / {namespace.retention_days.traces}",
                )
            )
    return table(
        ("Environment", "Namespace", "Owner", "Nodes", "CPU / memory", "Days of logs / traces"),
        rows,
    )


def _versions(settings: dict[str, Settings]) -> str:
    charts = {
        release.chart.name: (release.chart.version, release.chart.app_version)
        for values in settings.values()
        for release in releases(values, sample_stack_outputs())
    }
    rows: list[Row] = [
        ("Terraform or OpenTofu", code(f">= {TERRAFORM_MINIMUM}"), "-"),
        *((f"Provider {name}", code(range_), "-") for name, range_ in PROVIDER_RANGES.items()),
        *((f"Chart {name}", code(chart), code(app)) for name, (chart, app) in charts.items()),
        ("Thanos", "-", code(THANOS_VERSION)),
    ]
    return table(("What", "Version", "Program"), rows)


def _billed(foundation: Foundation, settings: dict[str, Settings]) -> str:
    totals = {
        environment: sum(
            (foundation.resources(environment, stack) for stack in foundation.stacks),
            Counter[str](),
        )
        for environment in settings
    }
    rows: list[tuple[str, list[object]]] = [
        ("EKS control plane", [t["aws_eks_cluster"] for t in totals.values()]),
        ("EC2 nodes", [_node_range(s) for s in settings.values()]),
        ("NAT gateways", [t["aws_nat_gateway"] for t in totals.values()]),
        (
            "Interface endpoints (services × zones)",
            [
                len(s.network.interface_endpoints) * len(s.network.availability_zones)
                for s in settings.values()
            ],
        ),
        ("KMS keys", [t["aws_kms_key"] for t in totals.values()]),
    ]
    return table(("", *settings), ((name, *values) for name, values in rows))


def _node_range(settings: Settings) -> str:
    least = most = 0
    for namespace in settings.namespaces:
        group = settings.node_group(namespace)
        zones = len(settings.network.availability_zones) if group.zone_spread == "per_zone" else 1
        least, most = least + group.min_size * zones, most + group.max_size * zones
    return f"{least} to {most}"


def _files() -> str:
    paths = [ROOT / "main.py", ROOT / "versions.py"]
    for folder in FOLDERS:
        paths += sorted((ROOT / folder).rglob("*.py"))
    rows = [
        (code(path.relative_to(ROOT).as_posix()), docstring_summary(path))
        for path in paths
        if path.name != "__init__.py"
    ]
    return table(("File", "Purpose"), rows)


def docstring_summary(path: Path) -> str:
    """First paragraph of a module's docstring, on one line."""
    documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(documentation.split("\n\n")[0].split())
