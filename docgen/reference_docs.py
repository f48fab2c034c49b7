"""`make docs`: writes the reference documentation from the code and the reviewed snapshots.

``python -m docgen.reference_docs`` writes it; with ``--check`` it only tells, by exit code 1,
which committed files are out of date. Facts about resources come from tests/snapshots, so that no
provider binding is loaded; a test keeps the snapshots equal to what is synthesized.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final, get_args

from blueprint.backend_sizes import BACKENDS, Part
from blueprint.names import telemetry_namespace
from blueprint.resources import Resources
from blueprint.sizes import METRICS
from blueprint.traffic import (
    EVERYWHERE,
    Networks,
    Peer,
    Pods,
    Rule,
    api_server,
    nodes,
    plan_policies,
)
from docgen import code_blocks, load_docs
from docgen.diagrams import data_path_diagrams, traffic_diagram
from docgen.markdown import Row, between, code, codes, page, table
from docgen.signal_docs import alerts_page, dashboards_page, metrics_page
from helm_values.release import Release
from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from helm_values.static_values import static_file
from settings.load import environment_names, load_environment
from settings.model import OBSERVABILITY, Settings
from settings.node_sizes import OBSERVABILITY_NODES, Size
from synthesis.synth import deployment_order
from tools.paths import ROOT
from tools.programs import PROGRAMS
from verification.charts.chart_contract import read_contracts
from verification.supply_chain.deployed import read_images
from versions import (
    KUBERNETES,
    OPENTOFU_VERSION,
    PROVIDER_RANGES,
    TERRAFORM_MINIMUM,
    THANOS_VERSION,
)

SNAPSHOTS: Final = ROOT / "tests" / "snapshots"
BEGIN: Final = "<!-- stacks: written by `make docs` -->"
END: Final = "<!-- end of stacks -->"
ARCHITECTURE: Final = "docs/architecture.md"
CAPACITY: Final = "docs/operations/capacity.md"
CAPACITY_BEGIN: Final = "<!-- sizes: written by `make docs` -->"
CAPACITY_END: Final = "<!-- end of sizes -->"
FOLDERS: Final = (
    "settings", "signals", "blueprint", "grafana", "alertmanager", "helm_values",
    "constructs_lib", "stacks", "synthesis", "operations", "cost", "verification", "docgen",
    "tools", "sample_apps/python",
)  # fmt: skip
"""Folders of Python files that the context names, one line each."""

_SIZES: Final[tuple[Size, ...]] = get_args(Size)
_READ: Final = re.compile(r"data\.terraform_remote_state\.([\w-]+)\.outputs\.(\w+)")


# --- Facts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a stack, and the stacks that read it."""

    name: str
    kind: str
    description: str
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Foundation:
    """What the snapshots say, by environment and stack."""

    configs: dict[str, dict[str, dict[str, Any]]]
    """Terraform JSON by environment and stack, stacks in order of deployment."""

    @classmethod
    def load(cls, directory: Path = SNAPSHOTS) -> Foundation:
        """Read the snapshots of every environment."""
        return cls(
            {
                environment: {
                    stack: _json(directory / environment / f"{stack}.tf.json")
                    for stack in deployment_order(_json(directory / environment / "manifest.json"))
                }
                for environment in environment_names()
            }
        )

    @property
    def stacks(self) -> list[str]:
        """Names of the stacks in order of deployment, the same in every environment."""
        return list(next(iter(self.configs.values())))

    def resources(self, environment: str, stack: str) -> Counter[str]:
        """Number of resources of a stack by type."""
        found = self.configs[environment][stack].get("resource", {})
        return Counter({type_: len(named) for type_, named in found.items()})

    @cached_property
    def outputs(self) -> dict[str, list[Output]]:
        """Outputs by stack: the same in every environment, as one contract describes them."""
        stacks = next(iter(self.configs.values()))
        reads = {
            stack: set(_READ.findall(json.dumps(config).replace('\\"', '"')))
            for stack, config in stacks.items()
        }
        return {
            producer: [
                Output(
                    name=name,
                    kind=_kind(output["value"]),
                    description=output["description"],
                    readers=tuple(s for s in self.stacks if (producer, name) in reads[s]),
                )
                for name, output in config.get("output", {}).items()
            ]
            for producer, config in stacks.items()
        }

    def read_by(self, consumer: str) -> dict[str, list[str]]:
        """Names of the outputs that a stack reads, by the stack that publishes them."""
        found = {
            producer: [output.name for output in outputs if consumer in output.readers]
            for producer, outputs in self.outputs.items()
        }
        return {producer: names for producer, names in found.items() if names}


def all_settings() -> dict[str, Settings]:
    """Settings of every environment; whether a version is still supported is not asked here."""
    return {name: load_environment(name, today=date.min) for name in environment_names()}


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "text by namespace"
    return "list of text" if isinstance(value, list) else "text"


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _pins(path: Path, pattern: str) -> dict[str, str]:
    return dict(re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE))


# --- docs/reference/settings.md -----------------------------------------------------------------


def settings_page() -> str:
    """Every setting, from the models' JSON Schema."""
    schema = Settings.model_json_schema()
    return page(
        "Settings",
        "Every key of `environments/<environment>.yaml`. The models are in "
        "`settings/model.py`, the rules between settings in `settings/checks.py`. "
        "`<namespace>` stands for the name of a namespace, `<key>` for the name of a tag. A wrong "
        "setting stops `make synth` with one line per mistake: file, line, key, value, and what is "
        "allowed.",
        *_setting_sections(schema, schema["$defs"], ""),
    )


def _setting_sections(
    node: dict[str, Any], definitions: dict[str, Any], prefix: str
) -> Iterator[str]:
    """A section for this group of settings, then one for each group in it."""
    required = node.get("required", [])
    rows: list[Row] = []
    groups: list[tuple[str, dict[str, Any]]] = []
    for name, value in node["properties"].items():
        child, path = _resolve(value, definitions), f"{prefix}{name}"
        description = " ".join(child["description"].split())
        if "patternProperties" in child:
            (item,) = child["patternProperties"].values()
            key = "<namespace>" if "$ref" in item else "<key>"
            child, path = {**child, **_resolve(item, definitions)}, f"{path}.{key}"
        if "properties" in child:
            optional = "" if name in required else " Optional as a whole."
            groups.append((path, {**child, "description": description + optional}))
        else:
            default = "required" if name in required else code(json.dumps(value["default"]))
            rows.append((code(path), _plain(_type(child)), default, _plain(description)))
    heading = prefix.rstrip(".")
    parts = [f"## {code(heading)}" if heading else "## Top level"]
    parts += [node["description"]] if heading else []
    parts += [table(("Key", "Type", "Default", "Description"), rows)] if rows else []
    yield "\n\n".join(parts)
    for path, group in groups:
        yield from _setting_sections(group, definitions, f"{path}.")


def _plain(text: str) -> str:
    """Text in which "<name>" outside code is not taken for HTML."""
    return "".join(
        part if index % 2 else part.replace("<", "&lt;")
        for index, part in enumerate(re.split(r"(`[^`]*`)", text))
    )


def _resolve(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to; of an optional model, the model."""
    schema = {**schema, **next(iter(schema.get("anyOf", ())), {})}
    reference = schema.get("$ref", "").rpartition("/")[2]
    return {**definitions.get(reference, {}), **schema}


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {codes(schema['enum'])}"
    if "patternErrorMessage" in schema:
        return str(schema["patternErrorMessage"])
    match schema["type"]:
        case "integer":
            return f"whole number, {schema['minimum']} to {schema['maximum']}"
        case "boolean":
            return "`true` or `false`"
        case "array":
            return f"list{_bounds(schema)}, each {_type(schema['items'])}"
    return "text"


def _bounds(schema: dict[str, Any]) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if least == most:
        return f" of {least}"
    return f" of {least} to {most}" if most else f" of {least} or more"


# --- docs/reference/outputs.md ------------------------------------------------------------------


def outputs_page(foundation: Foundation) -> str:
    """The contract of every stack."""
    sections = []
    for stack in foundation.stacks:
        outputs = foundation.outputs[stack]
        rows = [
            (code(o.name), o.kind, o.description, codes(o.readers) if o.readers else "people")
            for o in outputs
        ]
        text = table(("Output", "Type", "Meaning", "Read by"), rows) if rows else "None."
        sections.append(f"## {code(stack)}\n\nContract: `stacks/{stack}.py`.\n\n{text}")
    return page(
        "Outputs",
        "A stack knows of another only what that one publishes under these names. Both sides use "
        "the same class, a subclass of `Outputs` (`stacks/outputs.py`), so that an output cannot "
        "be read that is not published; `tests/stacks/test_contracts.py` holds both ends together. "
        '"people" means that no stack reads the output today.',
        *sections,
    )


# --- docs/reference/versions.md -----------------------------------------------------------------


def versions_page(settings: dict[str, Settings]) -> str:
    """Versions, from versions.py and the files that pin tools."""
    used: dict[str, list[str]] = {}
    for name, values in settings.items():
        used.setdefault(values.cluster.kubernetes_version, []).append(name)
    names = ("vpc_cni", "eks_pod_identity_agent", "coredns", "kube_proxy", "aws_ebs_csi_driver")
    python = _pins(ROOT / "requirements.in", r"^([\w-]+)==([\w.]+)$")
    npm = _json(ROOT / "package.json")["devDependencies"]
    grammars = {name: version for name, version in npm.items() if "lezer" in name}
    site = {name: version for name, version in npm.items() if "mermaid" in name}
    cli = {name: npm[name] for name in npm if name not in grammars and name not in site}
    return page(
        "Versions",
        "`versions.py` is the place to change what the stacks use, and says where each string "
        "comes from.",
        "## Kubernetes on EKS\n\n"
        + table(
            ("Version", "Standard support ends", "Extended support ends", "Used by"),
            (
                (v, k.standard_support_end, k.extended_support_end, codes(used.get(v, ())))
                for v, k in KUBERNETES.items()
            ),
        ),
        "## EKS add-ons by Kubernetes version\n\n"
        + table(
            ("Add-on", *KUBERNETES),
            (
                (
                    code(name.replace("_", "-")),
                    *(code(getattr(k.addons, name)) for k in KUBERNETES.values()),
                )
                for name in names
            ),
        ),
        "## Terraform and providers\n\n"
        + table(
            ("What", "Version"),
            (
                ("Terraform or OpenTofu", code(f">= {TERRAFORM_MINIMUM}")),
                ("OpenTofu, compiled where there is neither", code(OPENTOFU_VERSION)),
                *((f"Provider {name}", code(v)) for name, v in PROVIDER_RANGES.items()),
            ),
        ),
        "## Tools that make the Terraform\n\nPinned in `requirements.in` and `package.json`; the "
        "lock files have the hashes.\n\n"
        + table(("Package", "Version"), ((code(n), code(v)) for n, v in {**python, **cli}.items())),
        "## Grammars of PromQL, LogQL and TraceQL\n\nPinned in `package.json`; the tests parse "
        "every query by them (`verification/dashboards/query_grammars.py`).\n\n"
        + table(("Package", "Version"), ((code(n), code(v)) for n, v in grammars.items())),
        "## Tools of the documentation site\n\nPinned in `requirements-dev.in` and "
        "`package.json`.\n\n"
        + table(
            ("Package", "Version"),
            ((code(n), code(v)) for n, v in {**_site_tools(), **site}.items()),
        ),
        "## What runs in the cluster\n\nCharts and their programs: [releases](releases.md). Thanos "
        f"is {code(THANOS_VERSION)}. The cluster autoscaler's image goes with Kubernetes:\n\n"
        + table(
            ("Kubernetes", "Cluster autoscaler"),
            ((v, code(k.cluster_autoscaler)) for v, k in KUBERNETES.items()),
        ),
        "## Programs that the checks run\n\nCompiled by `make programs` from the modules in "
        "`tools/`; not the versions that run in the cluster.\n\n"
        + table(
            ("Program", "Version", "Minutes to compile on 2 cores"),
            ((code(p.name), code(p.version), p.minutes) for p in PROGRAMS.values()),
        ),
    )


def _site_tools() -> dict[str, str]:
    pins = _pins(ROOT / "requirements-dev.in", r"^([\w-]+)==([\w.]+)$")
    return {name: version for name, version in pins.items() if name.startswith("mkdocs")}


# --- docs/reference/releases.md -----------------------------------------------------------------


def releases_page(settings: dict[str, Settings]) -> str:
    """Every Helm release: what it is, where it runs and what it waits for."""
    used: dict[Row, list[tuple[str, Size]]] = {}
    for environment, values in settings.items():
        for size in _SIZES:
            sized = values.model_copy(update={"size": size})
            for release in releases(sized, sample_stack_outputs()):
                used.setdefault(_release_row(release), []).append((environment, size))
    everywhere = [(environment, size) for environment in settings for size in _SIZES]
    rows = [(*row, _where(found, everywhere)) for row, found in used.items()]
    return page(
        "Releases",
        "Every Helm release of an environment, in an order in which they can be installed "
        "(`helm_values/releases.py`). Each is installed whole or rolled back. Besides these, "
        f"querier, store gateway and compactor of Thanos {code(THANOS_VERSION)} are plain "
        "Kubernetes objects (`constructs_lib/thanos/`), made after "
        "`kps`.",
        table(
            ("Release", "Chart", "Version", "Program", "Namespace", "After", "For", "Size"), rows
        ),
        '"Program" is the version that the chart names as its own; for `kps` it is that of the '
        "Prometheus operator. The cluster autoscaler's image is another one, which goes with "
        "Kubernetes ([versions](versions.md#what-runs-in-the-cluster)).",
        "Each has a folder in `helm_values/`: a Python module and a YAML file of the same name "
        "with its values, and its chart contract, which lists what it renders.",
    )


def _release_row(release: Release) -> Row:
    purpose = _first_line(static_file(release.static).with_suffix(".py"))
    chart = release.chart
    return (
        code(release.id),
        code(chart.name),
        code(chart.version),
        code(chart.app_version),
        code(release.namespace),
        codes(release.after),
        purpose,
    )


def _where(found: list[tuple[str, Size]], everywhere: list[tuple[str, Size]]) -> str:
    """The environments and sizes that have a release, as far as not all of them do."""
    if found == everywhere:
        return "all"
    lists: list[list[str]] = [
        list(dict.fromkeys(pair[part] for pair in found))
        for part in (0, 1)
        if {pair[part] for pair in found} != {pair[part] for pair in everywhere}
    ]
    return "; ".join(map(codes, lists))


# --- docs/reference/traffic.md ------------------------------------------------------------------

STAGE: Final = "<stage>"
_TRAFFIC_HEADER: Final = ("Pods", "Direction", "Other end", "TCP ports", "Policy")


def traffic_page(foundation: Foundation, settings: dict[str, Settings]) -> str:
    """Who may talk to whom: the plan of `blueprint/traffic.py`, and where the rest stands."""
    stages: dict[Row, None] = {}
    gateways: dict[Row, None] = {}
    observability: dict[Row, None] = {}
    for values in settings.values():
        for namespace, policies in plan_policies(values).items():
            rows = stages if namespace in values.stages else gateways
            if namespace == OBSERVABILITY:
                rows = observability
            for policy in policies:
                pods = _pods(policy.pods, values)
                for direction, rules in (("from", policy.ingress), ("to", policy.egress)):
                    for rule in rules:
                        ends = _ends(rule, values)
                        rows[pods, direction, ends, _ports(rule), code(policy.name)] = None
    return page(
        "Traffic",
        "Every namespace denies all traffic but DNS (`constructs_lib/kubernetes/namespace.py`). A "
        "policy only "
        "ever adds to what is allowed, and a connection needs a policy at both of its ends. "
        f"{code(STAGE)} stands for each stage; no policy names another one than its own. These "
        "are the policies of `blueprint/traffic.py`.",
        "## In each stage\n\n" + table(_TRAFFIC_HEADER, stages),
        f"## In {code(telemetry_namespace(STAGE))}, the namespace of each stage's gateway\n\n"
        "Nobody but administrators may change anything there: whoever is let in as a gateway may "
        "write as any tenant.\n\n" + table(_TRAFFIC_HEADER, gateways),
        "## In observability\n\n" + table(_TRAFFIC_HEADER, observability),
        "## Policies that stand elsewhere\n\nWhat Prometheus, Grafana, Alertmanager and the "
        "system add-ons need. They are all in `observability`.\n\n"
        + table(("From", "Policies"), _other_policies(foundation)),
        "`metrics-server` is in `kube-system`, and `prometheus-node-exporter` on the network of "
        "its node: no policy of ours applies to them.",
    )


def _pods(pods: Pods, settings: Settings) -> str:
    placeholders = {
        name: placeholder
        for stage in settings.stages
        for name, placeholder in (
            (stage, STAGE),
            (telemetry_namespace(stage), telemetry_namespace(STAGE)),
        )
    }
    namespace = placeholders.get(pods.namespace, pods.namespace)
    labels = (
        f"{key.removeprefix('app.kubernetes.io/')}={value}" for key, value in pods.labels.items()
    )
    return f"{' '.join(map(code, labels)) or 'every pod'} in {code(namespace)}"


def _ends(rule: Rule, settings: Settings) -> str:
    return "; ".join(dict.fromkeys(_end(peer, settings) for peer in rule.peers))


def _end(peer: Peer, settings: Settings) -> str:
    if isinstance(peer, Pods):
        return _pods(peer, settings)
    named: list[tuple[Networks, str]] = [
        (api_server(settings), "the Kubernetes API"),
        (nodes(settings), "the nodes"),
        (Networks(cidrs=EVERYWHERE), "any address: S3, STS, the Kubernetes API"),
    ]
    return next((name for networks, name in named if networks == peer), ", ".join(peer.cidrs))


def _ports(rule: Rule) -> str:
    return ", ".join(code(port) for port in rule.ports) or "all"


def _other_policies(foundation: Foundation) -> Iterator[Row]:
    """NetworkPolicies of the releases, as their contracts list them, and those of Thanos."""
    found: dict[str, list[str]] = {}
    for contract in read_contracts().values():
        for listed in contract.objects.values():
            for release, objects in listed.items():
                for item in objects:
                    kind, _, name = item.partition(" ")
                    if kind == "NetworkPolicy":
                        found.setdefault(release, []).append(name)
    for release, names in sorted(found.items()):
        yield f"release {code(release)}", codes(dict.fromkeys(names))
    for config in foundation.configs.values():
        policies = config["observability"]["resource"]["kubernetes_network_policy_v1"]
        names = [policy["metadata"]["name"] for policy in policies.values()]
        thanos = [name for name in names if name.startswith("thanos-")]
        yield "`constructs_lib/thanos/thanos_parts.py`", codes(sorted(thanos))
        return


# --- docs/operations/capacity.md ----------------------------------------------------------------


def capacity_block() -> str:
    """What each size is made for, and how the numbers come about."""
    parts = (
        ("Capacity", _CAPACITY),
        ("Replicas", _REPLICAS),
        ("Volumes and local retention", _VOLUMES),
        ("Memory limits", _MEMORY),
        ("Limits that stop a flood", _LIMITS),
        ("Nodes of the observability namespace", _NODES),
    )
    sections = [
        f"## {title}\n\n"
        + table(
            ("What", *_SIZES),
            ((name, *(value(size) for size in _SIZES)) for name, value in rows.items()),
        )
        for title, rows in parts
    ]
    for title, module in (("metrics", "sizes"), ("logs, traces and collectors", "backend_sizes")):
        path = ROOT / "blueprint" / f"{module}.py"
        bullets = "\n".join(f"- {bullet}" for bullet in _bullets(path))
        sections.append(
            f"## How the numbers come about: {title}\n\nFrom `blueprint/{module}.py`.\n\n" + bullets
        )
    return "\n\n".join(sections)


def _loki(size: Size) -> str:
    loki = BACKENDS[size].loki
    return _form(loki.server, loki.parts, f", replication factor {loki.replication_factor}")


def _tempo(size: Size) -> str:
    tempo = BACKENDS[size].tempo
    return _form(tempo.server, tempo.parts)


def _form(server: Part | None, parts: dict[str, Part], more: str = "") -> str:
    if server is not None:
        return f"{server.replicas}, monolithic{more}"
    return f"distributed{more}: " + ", ".join(f"{name} {p.replicas}" for name, p in parts.items())


def _on_volumes(server: Part | None, parts: dict[str, Part]) -> str:
    if server is not None:
        return f"{server.volume_gib} GiB"
    return ", ".join(
        f"{name} {part.volume_gib} GiB" for name, part in parts.items() if part.volume_gib
    )


def _memory(server: Part | None, parts: dict[str, Part]) -> str:
    if server is not None:
        return _limit(server.resources)
    return ", ".join(f"{name} {_limit(part.resources)}" for name, part in parts.items())


def _limit(resources: Resources) -> str:
    return resources.memory_limit


def _nodes_of(size: Size) -> str:
    group = OBSERVABILITY_NODES[size]
    return f"{group.min_size_per_zone} to {group.max_size_per_zone} {code(group.instance_type)}"


_Rows = dict[str, Callable[[Size], object]]

_CAPACITY: Final[_Rows] = {
    "Metrics of one stage: active series": (
        lambda s: f"{METRICS[s].stage_prometheus.active_series:,}"
    ),
    "Metrics of one stage: samples/s": (
        lambda s: f"{METRICS[s].stage_prometheus.samples_per_second:,}"
    ),
    "Metrics of one stage: GB/day in the bucket, for each replica": (
        lambda s: METRICS[s].stage_prometheus.gigabytes_per_day
    ),
    "Metrics of the platform: active series": (
        lambda s: f"{METRICS[s].prometheus.active_series:,}"
    ),
    "Logs: GB/day": lambda s: f"{BACKENDS[s].loki.gigabytes_per_day:,}",
    "Traces: spans/s after sampling": lambda s: f"{BACKENDS[s].tempo.spans_per_second:,}",
    "Gateway of one stage: spans/s before sampling, with its fewest replicas": (
        lambda s: f"{BACKENDS[s].gateway.spans_per_second:,}"
    ),
    "Agent of one node: lines/s": lambda s: f"{BACKENDS[s].agent.lines_per_second:,}",
}
_REPLICAS: Final[_Rows] = {
    "Prometheus of the platform, and of each stage": lambda s: METRICS[s].prometheus.replicas,
    "Thanos querier / store gateway / compactor": (
        lambda s: f"{METRICS[s].thanos.querier_replicas} / {METRICS[s].thanos.store_replicas} / 1"
    ),
    "Alertmanager": lambda s: METRICS[s].alertmanager_replicas,
    "Loki": _loki,
    "Doors (nginx): one for each stage, the agents, Tempo and Grafana": (
        lambda s: BACKENDS[s].door.replicas
    ),
    "Tempo": _tempo,
    "Gateway of each stage": (
        lambda s: f"{BACKENDS[s].gateway.min_replicas} to {BACKENDS[s].gateway.max_replicas}"
    ),
    "Agent of each node": lambda _: 1,
}
_VOLUMES: Final[_Rows] = {
    "Prometheus of the platform, each replica": (
        lambda s: f"{METRICS[s].prometheus.volume_gib} GiB, {METRICS[s].prometheus.retention}"
    ),
    "Prometheus of a stage, each replica": (
        lambda s: (
            f"{METRICS[s].stage_prometheus.volume_gib} GiB, {METRICS[s].stage_prometheus.retention}"
        )
    ),
    "Thanos store gateway, each replica": lambda s: f"{METRICS[s].thanos.store_volume_gib} GiB",
    "Thanos compactor": lambda s: f"{METRICS[s].thanos.compactor_volume_gib} GiB",
    "Loki, each replica": lambda s: _on_volumes(BACKENDS[s].loki.server, BACKENDS[s].loki.parts),
    "Tempo, each replica": lambda s: _on_volumes(BACKENDS[s].tempo.server, BACKENDS[s].tempo.parts),
    "Grafana": lambda s: f"{METRICS[s].grafana_volume_gib} GiB",
    "Queue of a gateway, for each back end": lambda s: f"{BACKENDS[s].gateway.queue_mib} MiB",
    "Queue of an agent, for each tenant and each Prometheus": (
        lambda s: f"{BACKENDS[s].agent.queue_mib} MiB"
    ),
}
_MEMORY: Final[_Rows] = {
    "Prometheus of the platform": lambda s: _limit(METRICS[s].prometheus.resources),
    "Prometheus of a stage": lambda s: _limit(METRICS[s].stage_prometheus.resources),
    "Door": lambda s: _limit(BACKENDS[s].door.resources),
    "Thanos querier": lambda s: _limit(METRICS[s].thanos.querier),
    "Thanos store gateway": lambda s: _limit(METRICS[s].thanos.store),
    "Thanos compactor": lambda s: _limit(METRICS[s].thanos.compactor),
    "Loki": lambda s: _memory(BACKENDS[s].loki.server, BACKENDS[s].loki.parts),
    "Loki's caches (chunks / results)": (
        lambda s: (
            f"{_limit(BACKENDS[s].loki.chunks_cache.resources)} / "
            f"{_limit(BACKENDS[s].loki.results_cache.resources)}"
        )
    ),
    "Tempo": lambda s: _memory(BACKENDS[s].tempo.server, BACKENDS[s].tempo.parts),
    "Grafana": lambda s: _limit(METRICS[s].grafana),
    "Gateway": lambda s: _limit(BACKENDS[s].gateway.resources),
    "Agent": lambda s: _limit(BACKENDS[s].agent.resources),
}
_LIMITS: Final[_Rows] = {
    "Logs of one tenant, MB/s": lambda s: BACKENDS[s].loki.ingestion_mb_per_second,
    "Streams of one tenant": lambda s: f"{BACKENDS[s].loki.streams_per_tenant:,}",
    "Traces of one tenant, MB/s for each distributor": (
        lambda s: BACKENDS[s].tempo.ingestion_mb_per_second
    ),
    "Traces of one tenant at the same time": (lambda s: f"{BACKENDS[s].tempo.traces_per_tenant:,}"),
    "Traces that one gateway holds before it decides": (
        lambda s: f"{BACKENDS[s].gateway.traces_in_memory:,}"
    ),
    "Combinations of labels that one gateway makes metrics of from a service's spans": (
        lambda s: f"{BACKENDS[s].gateway.span_series:,}"
    ),
    "Queries of one Thanos querier at the same time": (
        lambda s: METRICS[s].thanos.query_concurrency
    ),
}
_NODES: Final[_Rows] = {"In each of three zones": _nodes_of}


def _bullets(path: Path) -> list[str]:
    """Items of the list in a module's documentation, each on one line."""
    documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    items = re.split(r"^\* ", documentation, flags=re.MULTILINE)[1:]
    return [" ".join(item.split()) for item in items]


# --- README.md: the picture of the stacks -------------------------------------------------------


def stacks_block(foundation: Foundation) -> str:
    """The stacks in order of deployment: a picture, and the table that it abbreviates."""
    environments = list(foundation.configs)
    lines = ["```mermaid", "flowchart TB"]
    for number, stack in enumerate(foundation.stacks, start=1):
        counts = ", ".join(
            f"{environment} {foundation.resources(environment, stack).total()}"
            for environment in environments
        )
        published = len(foundation.outputs[stack])
        label = f"<b>{number} {stack}</b><br/>resources: {counts}<br/>outputs: {published}"
        lines.append(f'  {stack}["{label}"]')
    for below, above in itertools.pairwise(foundation.stacks):
        if below not in foundation.read_by(above):
            label = "keeps its state" if below == "state" else "before"
            lines.append(f'  {below} -. "{label}" .-> {above}')
    for consumer in foundation.stacks:
        for producer, names in foundation.read_by(consumer).items():
            lines.append(f'  {producer} -- "{"<br/>".join(names)}" --> {consumer}')
    rows = [
        (number, code(stack), readers, codes(names))
        for number, stack in enumerate(foundation.stacks, start=1)
        for readers, names in _names_by_readers(foundation.outputs[stack])
    ]
    return "\n".join([*lines, "```", "", table(("", "Stack", "Read by", "Outputs"), rows)])


def _names_by_readers(outputs: Sequence[Output]) -> Iterator[tuple[str, list[str]]]:
    """Outputs that the same stacks read, those for people last."""
    names: dict[str, list[str]] = {}
    for output in sorted(outputs, key=lambda output: not output.readers):
        names.setdefault(", ".join(output.readers) or "people", []).append(output.name)
    yield from names.items()
    if not names:
        yield "-", []


def readme(foundation: Foundation, text: str) -> str:
    """The README with its picture of the stacks renewed."""
    return between(text, "README.md", BEGIN, END, stacks_block(foundation))


# --- docs/architecture.md -----------------------------------------------------------------------


def architecture(foundation: Foundation, settings: dict[str, Settings], text: str) -> str:
    """The page of architecture with its diagrams renewed."""
    first = next(iter(settings))
    blocks = {
        "stacks": stacks_block(foundation),
        "traffic": traffic_diagram(settings[first]),
        "data path": data_path_diagrams(foundation.configs[first]["observability"]),
    }
    for name, block in blocks.items():
        begin, end = f"<!-- {name}: written by `make docs` -->", f"<!-- end of {name} -->"
        text = between(text, ARCHITECTURE, begin, end, block)
    return text


# --- docs/context/context-generator.md ----------------------------------------------------------


def context_page(foundation: Foundation, settings: dict[str, Settings]) -> str:
    """Facts for whoever is about to change the infrastructure."""
    return page(
        "Context for changes of infrastructure",
        "What exists today, taken from the settings, the code and the reviewed snapshots. It is "
        "consulted before any change; a pull request says of which commit it was read "
        "(`.github/pull_request_template.md`). `make context` writes it anew, and a test fails "
        "when it is stale.",
        _scope(),
        "## Environments\n\n" + _environments(settings),
        "## Stacks\n\nIn order of deployment; destroying goes the other way. Numbers of resources "
        f"are for {' / '.join(settings)}.\n\n" + _stacks(foundation),
        "## Namespaces and their owners\n\nThe owner answers for alerts and for changes of the "
        "namespace. Nodes are `fewest-most`; `× 3 zones` means one such group in each zone. CPU "
        "and memory are the quota of requests.\n\n" + _namespaces(settings),
        "## Versions\n\nFrom `versions.py`; add-ons and tools are in "
        "[versions](../reference/versions.md), Kubernetes in the first table.\n\n"
        + _versions(settings),
        "## In the cluster\n\nBesides, each stage has a namespace for its gateway, "
        f"{code(telemetry_namespace(STAGE))}, in which only administrators may do "
        "anything, with a quota that follows from `size`. The namespaces hold the "
        "[releases](../reference/releases.md) and the parts of Thanos; what a size means for them "
        "is in [capacity](../operations/capacity.md), who may talk to whom in "
        "[traffic](../reference/traffic.md).",
        "## What is billed by the hour or month\n\nCounts, no prices. Nodes are what the settings "
        "allow at least and at most; telemetry, traffic and volumes come on top.\n\n"
        + _billed(foundation, settings),
        "## Files\n\nEach file says in its first line what it is for.\n\n" + _files(),
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
    found = set()
    for environment, stacks in foundation.configs.items():
        ((kind, backend),) = stacks[stack]["terraform"]["backend"].items()
        where = backend.get("key") or backend["path"].lstrip("./")
        found.add((kind, where.replace(f"{environment}/", "<environment>/")))
    ((kind, where),) = found
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
        (code(path.relative_to(ROOT).as_posix()), _first_line(path))
        for path in paths
        if path.name != "__init__.py"
    ]
    return table(("File", "What it is for"), rows)


def _first_line(path: Path) -> str:
    documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(documentation.split("\n\n")[0].split())


def licences_page() -> str:
    """Every image that is deployed, with the licence of its program."""
    images = read_images()
    copyleft = [one for one in images if one.licence.startswith("AGPL")]
    rows = [
        (
            code(one.image),
            code(one.tag),
            codes(one.releases) if one.releases else "-",
            one.licence,
            one.source,
        )
        for one in images
    ]
    return page(
        "Licences of what is deployed",
        "What the releases run in the cluster, with the licence (SPDX) of the program in each "
        "image, from `verification/supply_chain/deployed.yaml`. The base images have licences of "
        "their own. "
        "`NOASSERTION`: the licence was not looked up.",
        f"Under the AGPL-3.0: {codes(one.image for one in copyleft)}. Running them unchanged asks "
        "for nothing; who changes one and lets others use it over a network has to offer them its "
        "source (section 13).",
        table(("Image", "Tag", "Releases", "Licence", "Source"), rows),
    )


# --- Command ------------------------------------------------------------------------------------


def render_all() -> dict[str, str]:
    """Text of every generated file by its path."""
    # It uses the helpers above.
    from docgen import cost_docs

    foundation, settings = Foundation.load(), all_settings()
    operations = {
        name: cost_docs.renewed(name, (ROOT / name).read_text(encoding="utf-8"), block)
        for name, block in cost_docs.blocks().items()
    }
    return {
        **operations,
        "README.md": readme(foundation, (ROOT / "README.md").read_text(encoding="utf-8")),
        ARCHITECTURE: architecture(
            foundation, settings, (ROOT / ARCHITECTURE).read_text(encoding="utf-8")
        ),
        "docs/context/context-generator.md": context_page(foundation, settings),
        CAPACITY: between(
            (ROOT / CAPACITY).read_text(encoding="utf-8"),
            CAPACITY,
            CAPACITY_BEGIN,
            CAPACITY_END,
            capacity_block(),
        ),
        "docs/reference/licences.md": licences_page(),
        "docs/reference/alerts.md": alerts_page(settings),
        "docs/reference/dashboards.md": dashboards_page(settings),
        "docs/reference/metrics.md": metrics_page(),
        load_docs.PAGE: between(
            (ROOT / load_docs.PAGE).read_text(encoding="utf-8"),
            load_docs.PAGE,
            load_docs.BEGIN,
            load_docs.END,
            load_docs.load_block(),
        ),
        "docs/reference/outputs.md": outputs_page(foundation),
        "docs/reference/releases.md": releases_page(settings),
        "docs/reference/settings.md": settings_page(),
        "docs/reference/traffic.md": traffic_page(foundation, settings),
        "docs/reference/versions.md": versions_page(settings),
        **quoting_documents(),
    }


def quoting_documents() -> dict[str, str]:
    """Text of every document that quotes source code, by its path."""
    documents = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "docs").rglob("*.md"))
    }
    return {
        name: code_blocks.rewrite(text, name, ROOT)
        for name, text in documents.items()
        if code_blocks.MARKER in text
    }


def stale(files: dict[str, str]) -> list[str]:
    """Paths of the files that are missing or say something else."""
    return [
        name
        for name, text in files.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the files; exit code 1 where the check fails."""
    parser = argparse.ArgumentParser(prog="python -m docgen.reference_docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is stale")
    files = render_all()
    parser.add_argument("--only", choices=sorted(files), metavar="FILE", help="only this file")
    options = parser.parse_args(arguments)
    if options.only:
        files = {options.only: files[options.only]}
    changed = stale(files)
    if options.check:
        if changed:
            print(f"out of date, run `make docs`: {', '.join(changed)}", file=sys.stderr)
        return 1 if changed else 0
    for name in changed:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(files[name], encoding="utf-8")
    print("\n".join(changed) or "the reference documentation is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
