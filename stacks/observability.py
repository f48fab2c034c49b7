"""What runs in the cluster: the namespaces with their bounds, and the default StorageClass."""

from cdktf import Fn
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider, KubernetesProviderExec
from constructs import Construct

from constructs_lib.namespace import BoundedNamespace, BoundedNamespaceProps
from constructs_lib.storage_class import EncryptedStorageClass
from environments.model import Settings
from stacks import workloads
from stacks.base import EnvironmentStack
from stacks.cluster import ClusterOutputs
from stacks.storage import StorageOutputs


class ObservabilityStack(EnvironmentStack):
    """Owns: objects in the cluster. Expects: `ClusterOutputs` and `StorageOutputs`.

    The Kubernetes provider is configured from the cluster stack's state, never from a resource of
    this one, and takes a fresh token for every run.
    """

    stack_id = "observability"

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, self.stack_id, settings)
        cluster = ClusterOutputs.read(self, settings)
        storage = StorageOutputs.read(self, settings)
        self._kubernetes_provider(cluster)
        EncryptedStorageClass(self, "storage-class")
        for name, namespace in settings.namespaces.items():
            reader = workloads.secrets_reader(name)
            BoundedNamespace(
                self,
                name,
                BoundedNamespaceProps(
                    name=name,
                    quota=namespace.quota,
                    secrets_reader_service_account=reader.service_accounts[0],
                    secrets_reader_role_arn=storage.secrets_reader_role_arns[name],
                ),
            )

    def _kubernetes_provider(self, cluster: ClusterOutputs) -> None:
        KubernetesProvider(
            self,
            "kubernetes",
            host=cluster.cluster_endpoint,
            cluster_ca_certificate=Fn.base64decode(cluster.cluster_certificate_authority_data),
            exec=[
                KubernetesProviderExec(
                    api_version="client.authentication.k8s.io/v1",
                    command="aws",
                    args=[
                        "eks",
                        "get-token",
                        "--cluster-name",
                        cluster.cluster_name,
                        "--region",
                        self.settings.region,
                    ],
                )
            ],
        )
        self.require_provider("kubernetes")
