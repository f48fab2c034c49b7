"""The rights that the charts give to their service accounts, recorded.

Charts are not always available. What they give is recorded once for each version, with `<stage>`
for the name of any stage, so that a test without a network can ask a real API server what each
service account may do. `make access RECORD=1` writes the record, which
`verification/rehearsal/cluster/chart_rbac.yaml` holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from blueprint.names import telemetry_namespace
from verification.charts.chart_contract import STAGE, contract_key, stage_of
from verification.rehearsal.cluster.kube_api import Object
from verification.rehearsal.cluster.rendered_charts import Rendered

FILE = Path(__file__).with_name("chart_rbac.yaml")
HEADER = (
    "# Written by `make access RECORD=1` from the charts themselves: change the values instead.\n"
)
KINDS = ("ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
AGGREGATION = "rbac.authorization.k8s.io/"
"""Labels of this prefix add a ClusterRole's rules to another one."""


class RecordError(ValueError):
    """The record cannot be made, or is not of the charts in versions.py."""


@dataclass(frozen=True)
class Record:
    """Objects by release (with `<stage>`), and the charts' versions."""

    charts: dict[str, str]
    releases: dict[str, list[Object]]

    @property
    def text(self) -> str:
        """The file, the same for the same content."""
        content = {"charts": self.charts, "releases": self.releases}
        return HEADER + yaml.dump(content, Dumper=_Dumper, sort_keys=True, width=100)

    def objects(self, stages: Sequence[str]) -> list[Object]:
        """The objects in a cluster with these stages."""
        return [
            _replaced(manifest, {STAGE: stage})
            for name, manifests in self.releases.items()
            for stage in (stages if STAGE in name else ("",))
            for manifest in manifests
        ]


class _Dumper(yaml.SafeDumper):
    """Without anchors: each object can be read by itself."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def read_record(path: Path = FILE) -> Record:
    """The committed record."""
    return Record(**yaml.safe_load(path.read_text("utf-8")))


def record(rendered: Iterable[Rendered]) -> Record:
    """What rendered releases give.

    Raises:
        RecordError: a release could not be rendered, or stages get different rights.
    """
    charts: dict[str, str] = {}
    releases: dict[str, list[Object]] = {}
    for item in rendered:
        if item.missing:
            raise RecordError(f"{item.name} is not rendered: {item.missing}")
        chart = item.release.chart
        charts[chart.name] = chart.version
        key = contract_key(item.release)
        objects = _general(item)
        if objects and releases.setdefault(key, objects) != objects:
            raise RecordError(f"{item.name} gives other rights than in another stage")
    return Record(charts, releases)


def _general(item: Rendered) -> list[Object]:
    stage = stage_of(item.release)
    words = {}
    if stage is not None:
        words = {stage: STAGE, telemetry_namespace(stage): telemetry_namespace(STAGE)}
    return [
        _words_replaced(_reduced(manifest, item.release.namespace), words)
        for manifest in item.manifests
        if manifest["kind"] in KINDS
    ]


def _reduced(manifest: Object, namespace: str) -> Object:
    """Without what has nothing to do with rights: annotations, and labels of the chart."""
    metadata = {"name": manifest["metadata"]["name"]}
    if not manifest["kind"].startswith("Cluster"):
        metadata["namespace"] = manifest["metadata"].get("namespace", namespace)
    labels = {
        key: value
        for key, value in (manifest["metadata"].get("labels") or {}).items()
        if key.startswith(AGGREGATION)
    }
    rest = {
        key: manifest[key]
        for key in ("apiVersion", "kind", "aggregationRule", "roleRef", "rules", "subjects")
        if manifest.get(key) is not None
    }
    return {**rest, "metadata": {**metadata, **({"labels": labels} if labels else {})}}


def _words_replaced(value: Any, words: dict[str, str]) -> Any:
    """A value in which texts that are exactly a word are another one."""
    if isinstance(value, dict):
        return {key: _words_replaced(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_words_replaced(item, words) for item in value]
    return words.get(value, value) if isinstance(value, str) else value


def _replaced(value: Any, parts: dict[str, str]) -> Any:
    """A value in whose texts parts are replaced."""
    if isinstance(value, dict):
        return {key: _replaced(item, parts) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, parts) for item in value]
    if isinstance(value, str):
        for old, new in parts.items():
            value = value.replace(old, new)
    return value
