"""The manifests of the Helm releases, where the charts are available."""

from collections.abc import Sequence
from dataclasses import dataclass

from helm_values.release import Release
from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from settings.model import Settings
from verification.charts.chart_source import (
    ChartUnavailableError,
    Renderer,
    RenderError,
    objects,
    obtain,
)
from verification.charts.kubernetes_schemas import CustomSchemas, Object

DEFINITION = "CustomResourceDefinition"


@dataclass(frozen=True)
class Rendered:
    """A release and its manifests; `missing` says why there are none."""

    release: Release
    manifests: Sequence[Object] = ()
    missing: str = ""

    @property
    def name(self) -> str:
        """Namespace and name."""
        return f"{self.release.namespace}/{self.release.name}"


def rendered_releases(settings: Settings) -> list[Rendered]:
    """Every release of an environment, in the order of installation.

    Charts come from CHARTS_DIR or the cache, or are downloaded. After one that is unavailable no
    other is asked for: each would take as long to fail.
    """
    rendered: list[Rendered] = []
    definitions: list[Object] = []
    reason = ""
    for release in releases(settings, sample_stack_outputs()):
        if not reason:
            try:
                manifests = _render(settings, release, definitions)
            except (ChartUnavailableError, RenderError) as error:
                reason = f"{release.chart.name} {release.chart.version}: {error}"
            else:
                definitions += [item for item in manifests if item["kind"] == DEFINITION]
                rendered.append(Rendered(release, manifests))
                continue
        rendered.append(Rendered(release, missing=reason))
    return rendered


def _render(settings: Settings, release: Release, definitions: list[Object]) -> list[Object]:
    copy = obtain(release.chart)
    api_versions = tuple(CustomSchemas(definitions).api_versions)
    version = settings.cluster.kubernetes_version
    return objects(Renderer(copy, release, version, api_versions)(release.values))
