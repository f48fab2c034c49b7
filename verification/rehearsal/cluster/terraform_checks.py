"""Terraform itself, with the real providers and charts, applies the stack to the local cluster."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from operations.terraform_stack import Outcome, Terraform, TerraformError, prepare_terraform
from settings.model import Settings
from tools.terraform import TerraformUnavailableError, build_opentofu, find_terraform
from tools.terraform import require_providers as require
from verification.charts.chart_source import CHARTS_DIR
from verification.rehearsal.cluster.control_plane import ControlPlane
from verification.rehearsal.cluster.kube_api import KubeApi
from verification.rehearsal.cluster.local_stack import publish_stack
from verification.rehearsal.cluster.rendered_charts import Rendered
from verification.rehearsal.cluster.workloads import reasons, workloads
from verification.rehearsal.verdicts import CheckFailedError, NotCheckedError, expect, some

PROVIDERS = ("helm", "kubernetes")
NO_VARIABLES: dict[str, str] = {}
_PLAN = re.compile(r"Plan: (\d+) to add, (\d+) to change, (\d+) to destroy")


@dataclass
class TerraformRun:
    """One environment's observability stack, and the Terraform that changes it."""

    settings: Settings
    plane: ControlPlane
    folder: Path
    releases: tuple[Rendered, ...]
    stack: Path = Path()
    terraform: Terraform | None = None

    @property
    def api(self) -> KubeApi:
        """Where it is applied."""
        return self.plane.api

    def prepare(self) -> str:
        """The providers and the charts are there, and they take the synthesized files.

        Raises:
            NotCheckedError: something is not there.
        """
        missing = [release.missing for release in self.releases if release.missing]
        if missing:
            raise NotCheckedError(missing[0])
        try:
            require(find_terraform() or build_opentofu(), *PROVIDERS)
            self.terraform = prepare_terraform(NO_VARIABLES)
        except TerraformUnavailableError as error:
            raise NotCheckedError(str(error)) from error
        self.publish(self.settings)
        self._terraform.init(self.stack)
        self._terraform.validate(self.stack)
        return self._terraform.program.name

    def publish(self, settings: Settings) -> None:
        """Write the stack of these settings."""
        charts = os.environ.get(CHARTS_DIR)
        self.stack = publish_stack(
            settings, self.plane, self.folder, Path(charts).resolve() if charts else None
        )

    @property
    def _terraform(self) -> Terraform:
        if self.terraform is None:
            raise NotCheckedError("there is nothing to run it with, as said above")
        return self.terraform

    def apply(self) -> str:
        """Everything is applied; what is not ready when it fails is named."""
        try:
            self._terraform.apply(self.stack)
        except TerraformError as error:
            raise CheckFailedError(f"{error}\n{some(self._not_ready(), 10)}") from error
        return f"{len(self._terraform.addresses(self.stack))} resources"

    def plan_is_empty(self) -> str:
        """A plan straight after an apply finds nothing to do."""
        changes = self._terraform.changes(self.stack)
        expect(changes is None, f"the second plan is not empty:\n{changes}")
        return "no changes"

    def a_changed_setting_is_one_change(self) -> str:
        """A pod more in a stage's quota changes the quota, and nothing else."""
        stage = self.settings.stages[0]
        namespace = self.settings.namespaces[stage]
        quota = namespace.quota.model_copy(update={"pods": namespace.quota.pods + 1})
        changed = namespace.model_copy(update={"quota": quota})
        namespaces = {**self.settings.namespaces, stage: changed}
        self.publish(self.settings.model_copy(update={"namespaces": namespaces}))
        text = self._terraform.changes(self.stack) or ""
        match = _PLAN.search(text)
        numbers = match.groups() if match else ()
        expect(numbers == ("0", "1", "0"), f"expected one change, the plan is:\n{text}")
        expect(self._terraform.apply(self.stack) is Outcome.APPLIED, "it was not applied")
        live = self.api.get(f"/api/v1/namespaces/{stage}/resourcequotas/quota")
        expect(live["spec"]["hard"]["pods"] == str(quota.pods), f"the quota is {live['spec']}")
        return f"kubernetes_resource_quota_v1 of {stage}"

    def destroy(self) -> str:
        """Everything is destroyed by itself, in the right order, and nothing is left."""
        self._terraform.destroy(self.stack)
        left = self._terraform.addresses(self.stack)
        expect(not left, f"left in the state: {some(left)}")
        ours = {*self.settings.namespaces}
        there = {item["metadata"]["name"] for item in self.api.items("/api/v1/namespaces")}
        expect(not ours & there, f"left in the cluster: namespaces {some(ours & there)}")
        return "nothing is left in the state"

    def _not_ready(self) -> list[str]:
        return [
            "; ".join([str(workload), *reasons(self.api, workload)])
            for workload in workloads(self.api)
            if not workload.is_ready
        ]
