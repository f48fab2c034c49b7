"""A dashboard in a folder of Grafana, as a ConfigMap that its sidecar picks up."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1, ConfigMapV1Metadata
from constructs import Construct

from blueprint.documents import escape_terraform
from grafana.board import DashboardFile
from settings.model import OBSERVABILITY


@dataclass(frozen=True, kw_only=True)
class DashboardProps:
    """The folder is made with the dashboard."""

    dashboard: DashboardFile
    after: Sequence[ITerraformDependable]


class Dashboard(Construct):
    """One dashboard; Grafana does not let it be changed in the browser."""

    def __init__(self, scope: Construct, id_: str, props: DashboardProps) -> None:
        super().__init__(scope, id_)
        uid = props.dashboard.uid
        ConfigMapV1(
            self,
            "Resource",
            metadata=ConfigMapV1Metadata(
                name=f"dashboard-{uid}",
                namespace=OBSERVABILITY,
                # The names that the sidecar's values in kube_prometheus_stack.yaml and its
                # chart's default have.
                labels={"grafana_dashboard": "1"},
                annotations={"grafana_folder": props.dashboard.folder},
            ),
            # In one line: to read and to review is the same in grafana/generated.
            data={f"{uid}.json": escape_terraform(props.dashboard.compact)},
            depends_on=list(props.after),
        )
