"""A pinned Helm release that is installed completely or rolled back."""

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_helm.release import Release as HelmRelease
from constructs import Construct

from helm_values.release import Release


class ChartRelease(Construct):
    """Installs one `helm_values.release.Release`.

    Exposes: `resource`, for what must come after it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        release: Release,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.resource = HelmRelease(
            self,
            "Resource",
            name=release.name,
            namespace=release.namespace,
            repository=release.chart.repository,
            chart=release.chart.name,
            version=release.chart.version,
            values=release.documents,
            # A release that does not become ready is rolled back, and says why.
            atomic=True,
            cleanup_on_fail=True,
            wait=True,
            timeout=release.timeout_seconds,
            max_history=5,
            depends_on=list(after),
        )
