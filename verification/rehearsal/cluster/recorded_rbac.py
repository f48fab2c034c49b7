"""The rights that the charts give to their service accounts, recorded.

Charts are not always available. What they give is recorded once for each version, with `<stage>`
for the name of any stage, so that a test without a network can ask a real API server what each
service account may do. `make access RECORD=1` writes the record, which
`verification/rehearsal/cluster/chart_rbac.yaml` holds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from blueprint.names import telemetry_namespace
from verification.charts.chart_contract import STAGE, contract_key, stage_of
from verification.rehearsal.cluster.kube_api import Object
from verification.rehearsal.cluster.rendered_charts import Rendered
from verification.rehearsal.cluster.rights_text import Text, objects_of, text_of

FILE = Path(__file__).with_name("chart_rbac.yaml")
HEADER = (
    "# Written by `make access RECORD=1` from the charts themselves: change the values instead.\n"
)
KINDS = ("ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")


class RecordError(ValueError):
    """The record cannot be made, or is not of the charts in versions.py."""


@dataclass(frozen=True)
class Record:
    """Texts of objects by release (with `<stage>`), and the charts' versions."""

    charts: dict[str, str]
    releases: dict[str, Text]

    @property
    def text(self) -> str:
        """The file, the same for the same content."""
        content = {"charts": self.charts, "releases": self.releases}
        return HEADER + yaml.safe_dump(content, sort_keys=True, width=1000)

    def objects(self, stages: Sequence[str]) -> list[Object]:
        """The objects in a cluster with these stages."""
        return [
            _in_stage(manifest, stage)
            for name, text in self.releases.items()
            for stage in (stages if STAGE in name else ("",))
            for manifest in objects_of(text)
        ]


def read_record(path: Path = FILE) -> Record:
    """The committed record."""
    return Record(**yaml.safe_load(path.read_text("utf-8")))


def record(rendered: Iterable[Rendered]) -> Record:
    """What rendered releases give.

    Raises:
        RecordError: a release could not be rendered, or stages get different rights.
        NoTextError: rights for which the record has no text.
    """
    charts: dict[str, str] = {}
    releases: dict[str, Text] = {}
    for item in rendered:
        if item.missing:
            raise RecordError(f"{item.name} is not rendered: {item.missing}")
        chart = item.release.chart
        charts[chart.name] = chart.version
        key = contract_key(item.release)
        text = _general(item)
        if text and releases.setdefault(key, text) != text:
            raise RecordError(f"{item.name} gives other rights than in another stage")
    return Record(charts, releases)


def _general(item: Rendered) -> Text:
    stage = stage_of(item.release)
    words = {}
    if stage is not None:
        words = {stage: STAGE, telemetry_namespace(stage): telemetry_namespace(STAGE)}
    return text_of(
        _mapped(_placed(manifest, item.release.namespace), lambda word: words.get(word, word))
        for manifest in item.manifests
        if manifest["kind"] in KINDS
    )


def _placed(manifest: Object, namespace: str) -> Object:
    """With its namespace, which a chart may leave to the release."""
    if manifest["kind"].startswith("Cluster"):
        return manifest
    return manifest | {"metadata": {"namespace": namespace} | manifest["metadata"]}


def _in_stage(manifest: Object, stage: str) -> Object:
    replaced: Object = _mapped(manifest, lambda text: text.replace(STAGE, stage))
    return replaced


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """A value in which each text is changed."""
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return change(value) if isinstance(value, str) else value
