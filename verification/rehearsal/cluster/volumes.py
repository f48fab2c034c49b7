"""Stands in for the EBS CSI driver: makes a volume for a claim, in the zone of its pod's node."""

from verification.rehearsal.cluster.kube_api import ApiError, KubeApi, Object
from verification.rehearsal.cluster.nodes import ZONE

DRIVER = "ebs.csi.aws.com"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""Where the scheduler writes for which node it wants the volume (`WaitForFirstConsumer`)."""

CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"


class EbsVolumes:
    """`step` makes the volumes that are asked for, and deletes those that are released."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    def step(self) -> None:
        """Look at every claim and every volume once."""
        for claim in self._api.items(CLAIMS, resourceVersion="0"):
            annotations = claim["metadata"].get("annotations") or {}
            if claim["status"].get("phase") == "Pending" and SELECTED_NODE in annotations:
                self._provision(claim, annotations[SELECTED_NODE])
        for volume in self._api.items(VOLUMES, resourceVersion="0"):
            if volume["status"].get("phase") == "Released":
                self._api.delete(f"{VOLUMES}/{volume['metadata']['name']}")

    def _provision(self, claim: Object, node_name: str) -> None:
        node = self._api.get(f"/api/v1/nodes/{node_name}")
        class_name = claim["spec"]["storageClassName"]
        storage_class = self._api.get(f"/apis/storage.k8s.io/v1/storageclasses/{class_name}")
        if storage_class["provisioner"] != DRIVER:
            return
        metadata = claim["metadata"]
        name = f"pvc-{metadata['uid']}"
        zone = node["metadata"]["labels"][ZONE]
        in_zone = {"key": ZONE, "operator": "In", "values": [zone]}
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": name,
                "annotations": {"pv.kubernetes.io/provisioned-by": DRIVER},
            },
            "spec": {
                "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
                "accessModes": claim["spec"]["accessModes"],
                "persistentVolumeReclaimPolicy": storage_class["reclaimPolicy"],
                "storageClassName": class_name,
                "csi": {"driver": DRIVER, "volumeHandle": f"vol-{metadata['uid']}"},
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "name": metadata["name"],
                    "namespace": metadata["namespace"],
                    "uid": metadata["uid"],
                },
                "nodeAffinity": {
                    "required": {"nodeSelectorTerms": [{"matchExpressions": [in_zone]}]}
                },
            },
        }
        try:
            self._api.create(VOLUMES, volume)
        except ApiError as error:
            # Made in an earlier step; the claim is bound soon.
            if error.status != 409:
                raise
