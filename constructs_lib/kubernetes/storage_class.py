"""The default StorageClass: encrypted gp3, bound where the pod runs."""

from cdktf_cdktf_provider_kubernetes.storage_class_v1 import (
    StorageClassV1,
    StorageClassV1Metadata,
)
from constructs import Construct

from blueprint.names import STORAGE_CLASS


class EncryptedStorageClass(Construct):
    """EKS has no default class since 1.30, and the driver's own does not encrypt."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        StorageClassV1(
            self,
            "Resource",
            metadata=StorageClassV1Metadata(
                name=STORAGE_CLASS,
                annotations={"storageclass.kubernetes.io/is-default-class": "true"},
            ),
            storage_provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true"},
            reclaim_policy="Delete",
            allow_volume_expansion=True,
            # A volume lives in one zone: it must be made in the zone that its pod is put in.
            volume_binding_mode="WaitForFirstConsumer",
        )
