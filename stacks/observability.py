"""Workloads of the cluster: namespaces with their limits, then the releases in order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cdktf import Fn, TerraformResource
from cdktf_cdktf_provider_helm.provider import (
    HelmProvider,
    HelmProviderKubernetes,
    HelmProviderKubernetesExec,
)
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider, KubernetesProviderExec
from constructs import Construct

from blueprint import doors
from blueprint.names import SECRETS_READER_SERVICE_ACCOUNT, telemetry_namespace
from constructs_lib.dependencies import resources_in
from constructs_lib.kubernetes.dashboard import Dashboard, DashboardProps
from constructs_lib.kubernetes.door import BackEndDoor, BackEndDoorProps
from constructs_lib.kubernetes.gateway_address import GatewayAddress, GatewayAddressProps
from constructs_lib.kubernetes.helm_release import ChartRelease
from constructs_lib.kubernetes.namespace import (
    BoundedNamespace,
    BoundedNamespaceProps,
    SecretsReader,
)
from constructs_lib.kubernetes.network_policies import NamespacePolicies, NamespacePoliciesProps
from constructs_lib.kubernetes.storage_class import EncryptedStorageClass
from constructs_lib.thanos.thanos_compactor import (
    ThanosCompactor,
    ThanosCompactorProps,
)
from constructs_lib.thanos.thanos_parts import ObjectStorage
from constructs_lib.thanos.thanos_querier import ThanosQuerier, ThanosQuerierProps
from constructs_lib.thanos.thanos_store import ThanosStore, ThanosStoreProps
from grafana.dashboards.all_dashboards import dashboards
from helm_values.release import Release
from helm_values.releases import outputs_read, releases, split_at_stages
from helm_values.stack_outputs import StackOutputs
from helm_values.telemetry_quota import telemetry_quota
from helm_values.thanos import thanos
from helm_values.traffic_plan import plan_policies
from settings.model import OBSERVABILITY, Settings
from stacks.base import EnvironmentStack
from stacks.cluster import ClusterOutputs
from stacks.storage import StorageOutputs


class ObservabilityStack(EnvironmentStack):
    """Owns: objects in the cluster. Expects: `ClusterOutputs` and `StorageOutputs`.

    The Kubernetes and Helm providers are configured from the cluster stack's state, never from a
    resource of this one, and take a fresh token for every run.
    """

    stack_id = "observability"
    makes_aws_resources = False

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, self.stack_id, settings)
        storage = StorageOutputs.read(self, settings)
        self._providers(ClusterOutputs.read(self, settings))
        storage_class = EncryptedStorageClass(self, "storage-class")
        outputs = _stack_outputs(storage)
        platform, others = split_at_stages(releases(settings, outputs))
        platform_objects = self._namespace(_bounds(settings, OBSERVABILITY, storage))
        ready = {OBSERVABILITY: resources_in(storage_class, *platform_objects)}
        installed = self._install(platform, ready, {})
        outliving = [installed[item.id].resource for item in platform if item.outlives_stages]
        for name, parts in self._stage_namespaces(storage, outliving).items():
            ready[name] = resources_in(storage_class, *parts)
        for door in doors.doors(settings):
            BackEndDoor(self, door.name, BackEndDoorProps(door=door, after=ready[OBSERVABILITY]))
        kps = self._install(others, ready, installed)["kps"]
        self._thanos(outputs.only(thanos.COMPONENT.reads), [*ready[OBSERVABILITY], kps.resource])
        for dashboard in dashboards(settings):
            Dashboard(
                self,
                f"dashboard-{dashboard.uid}",
                DashboardProps(dashboard=dashboard, after=ready[OBSERVABILITY]),
            )

    def _stage_namespaces(
        self, storage: StorageOutputs, after: Sequence[TerraformResource]
    ) -> dict[str, list[Construct]]:
        """Make a namespace for each stage and one for its gateway; what there is in each, by name.

        `after` are the releases whose controllers remove finalizers there.
        """
        settings = self.settings
        namespace_objects = {
            name: self._namespace(replace(_bounds(settings, name, storage), after=after))
            for name in settings.stages
        }
        for stage in settings.stages:
            address = GatewayAddress(
                self,
                f"gateway-address-{stage}",
                GatewayAddressProps(stage=stage, after=namespace_objects[stage]),
            )
            # A gateway also asks for the pods of its stage, by a Role there.
            name = telemetry_namespace(stage)
            bounds = BoundedNamespaceProps(
                name=name, environment=stage, quota=telemetry_quota(settings), after=after
            )
            namespace_objects[name] = [*self._namespace(bounds), *namespace_objects[stage]]
            namespace_objects[stage].append(address)
        return namespace_objects

    def _namespace(self, bounds: BoundedNamespaceProps) -> list[Construct]:
        namespace = BoundedNamespace(self, bounds.name, bounds)
        traffic = NamespacePolicies(
            self,
            f"traffic-{bounds.name}",
            NamespacePoliciesProps(
                namespace=bounds.name,
                policies=plan_policies(self.settings)[bounds.name],
                after=[namespace],
            ),
        )
        return [namespace, traffic]

    def _install(
        self,
        in_order: Sequence[Release],
        ready: Mapping[str, Sequence[TerraformResource]],
        before: Mapping[str, ChartRelease],
    ) -> dict[str, ChartRelease]:
        """Install each release once its namespace, with its bounds, and earlier ones are there.

        Returns:
            By id, the releases that were there before and these.
        """
        installed = dict(before)
        for release in in_order:
            earlier = [installed[id_].resource for id_ in release.after]
            installed[release.id] = ChartRelease(
                self,
                f"release-{release.id}",
                release,
                # kube-system, where metrics-server runs, is there from the start.
                [*ready.get(release.namespace, []), *earlier],
            )
        return installed

    def _thanos(self, outputs: StackOutputs, after: list[TerraformResource]) -> None:
        settings, bucket_name = self.settings, outputs["metrics_bucket_name"]
        bucket = ObjectStorage(
            self, "thanos-bucket", thanos.object_storage(settings, bucket_name), after
        )
        ThanosQuerier(self, "thanos-querier", ThanosQuerierProps(settings=settings, after=after))
        ThanosStore(
            self,
            "thanos-store",
            ThanosStoreProps(
                settings=settings,
                bucket_name=bucket_name,
                role_arn=outputs[thanos.READER_ROLE.output],
                object_storage=bucket,
                after=after,
            ),
        )
        ThanosCompactor(
            self,
            "thanos-compactor",
            ThanosCompactorProps(
                settings=settings,
                bucket_name=bucket_name,
                role_arn=outputs[thanos.WRITER_ROLE.output],
                object_storage=bucket,
                after=after,
            ),
        )

    def _providers(self, cluster: ClusterOutputs) -> None:
        certificate = Fn.base64decode(cluster.cluster_certificate_authority_data)
        # A token of `aws eks get-token` lives 15 minutes; asked for at each run, never in a state.
        version, command = "client.authentication.k8s.io/v1", "aws"
        arguments = ["eks", "get-token", "--cluster-name", cluster.cluster_name]
        arguments += ["--region", self.settings.region]
        KubernetesProvider(
            self,
            "kubernetes",
            host=cluster.cluster_endpoint,
            cluster_ca_certificate=certificate,
            exec=[KubernetesProviderExec(api_version=version, command=command, args=arguments)],
        )
        HelmProvider(
            self,
            "helm",
            kubernetes=HelmProviderKubernetes(
                host=cluster.cluster_endpoint,
                cluster_ca_certificate=certificate,
                exec=HelmProviderKubernetesExec(
                    api_version=version, command=command, args=arguments
                ),
            ),
        )
        self.require_provider("kubernetes")
        self.require_provider("helm")


def _bounds(settings: Settings, name: str, storage: StorageOutputs) -> BoundedNamespaceProps:
    return BoundedNamespaceProps(
        name=name,
        environment=name,
        quota=settings.namespaces[name].quota,
        secrets_reader=SecretsReader(
            service_account=SECRETS_READER_SERVICE_ACCOUNT,
            role_arn=storage.secrets_reader_role_arns[name],
        ),
    )


def _stack_outputs(storage: StorageOutputs) -> StackOutputs:
    """The outputs that components declare to read.

    Raises:
        ValueError: the storage stack does not publish one of them.
    """
    published = storage.by_name()
    unknown = sorted(set(outputs_read()) - published.keys())
    if unknown:
        raise ValueError(
            f"components read outputs that the storage stack does not publish: "
            f"{', '.join(unknown)}; published: {', '.join(sorted(published))}"
        )
    return StackOutputs({name: published[name] for name in outputs_read()})
