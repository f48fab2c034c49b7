"""The EKS operations that moto lacks: add-ons, access entries, Pod Identity, updates.

Required parameters and field names come from botocore's model of EKS; error types and statuses are
those of the Amazon EKS API reference; the wording of messages is ours.
"""

import base64
import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from verification.rehearsal.aws.aws_backends import MotoBackends
from verification.rehearsal.aws.aws_eks_model import (
    ACCESS_ENTRY_USERNAMES,
    ACCESS_POLICIES,
    ADDONS,
    AUTHENTICATION_MODES,
    Answer,
    Call,
    ClusterState,
    InvalidParameterException,
    InvalidRequestException,
    Json,
    ResourceInUseException,
    ResourceNotFoundException,
    succeeded,
)


class EksFront:
    """The EKS operations that moto lacks or answers incompletely; one method per operation."""

    def __init__(self, moto: MotoBackends, settle_seconds: float) -> None:
        self._moto = moto
        self._settle_seconds = settle_seconds
        self._states: dict[tuple[str, str], ClusterState] = {}
        self._lock = threading.RLock()

    def answer(self, method: str, call: Call) -> Json | Answer:
        """Answer one operation, named as in Python; raises EksError."""
        with self._lock:
            handler: Callable[[Call], Json | Answer] = getattr(self, method)
            return handler(call)

    # Clusters: moto's, completed.

    def create_cluster(self, call: Call) -> Answer:
        """Create the cluster in moto, and add what moto forgets of the request."""
        request = call.parameters
        self._moto.role(request["roleArn"])
        network = request["resourcesVpcConfig"]
        subnets = self._moto.subnets(call.region, network.get("subnetIds", []))
        if len({subnet.availability_zone for subnet in subnets}) < 2:
            raise InvalidParameterException("Subnets of at least two availability zones needed.")
        self._moto.check_security_groups(call.region, network.get("securityGroupIds", []))
        answer = call.forward()
        if not succeeded(answer):
            return answer
        cluster = self._moto.cluster(call.region, call.cluster_name)
        self._complete_cluster(cluster, request, call.region, subnets[0].vpc_id)
        self._states[call.region, call.cluster_name] = ClusterState(
            self_managed_addons=request.get("bootstrapSelfManagedAddons", True)
        )
        creator_is_admin = request.get("accessConfig", {}).get(
            "bootstrapClusterCreatorAdminPermissions", True
        )
        if creator_is_admin and self._has_access_entries(call):
            # Who signed is not known to moto, which answers every key alike.
            self._add_access_entry(call, f"arn:aws:iam::{self._moto.account_id}:root", {})
        return self.describe_cluster(call)

    def describe_cluster(self, call: Call) -> Answer:
        """Answer with moto's cluster."""
        return call.read(f"/clusters/{call.cluster_name}")

    def _complete_cluster(self, cluster: Any, request: Json, region: str, vpc_id: str) -> None:
        identity = uuid.uuid4().hex.upper()
        # moto: one issuer per process, and an authority that is not base64.
        cluster.identity = {
            "oidc": {"issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{identity}"}
        }
        cluster.endpoint = f"https://{identity}.gr7.{region}.eks.amazonaws.com"
        cluster.certificate_authority = {
            "data": base64.b64encode(b"-----BEGIN CERTIFICATE-----\n(emulated)\n").decode()
        }
        group = self._moto.ec2(region).create_security_group(
            f"eks-cluster-sg-{cluster.name}-{uuid.uuid4().int % 10**10}",
            "EKS created security group applied to the control plane and managed node groups.",
            vpc_id,
            tags={f"kubernetes.io/cluster/{cluster.name}": "owned"},
        )
        cluster.resources_vpc_config = {
            "endpointPublicAccess": True,
            "endpointPrivateAccess": False,
            "publicAccessCidrs": ["0.0.0.0/0"],
            **request["resourcesVpcConfig"],
            "vpcId": vpc_id,
            "clusterSecurityGroupId": group.id,
        }
        cluster.kubernetes_network_config = {
            "serviceIpv4Cidr": "172.20.0.0/16",
            "ipFamily": "ipv4",
            "elasticLoadBalancing": {"enabled": False},
            **request.get("kubernetesNetworkConfig", {}),
        }
        cluster.logging = _all_log_types(request.get("logging", {}))
        cluster.access_config = {
            "authenticationMode": request.get("accessConfig", {}).get(
                "authenticationMode", "CONFIG_MAP"
            )
        }
        cluster.upgrade_policy = request.get("upgradePolicy", {"supportType": "EXTENDED"})
        cluster.zonal_shift_config = request.get("zonalShiftConfig", {"enabled": False})
        cluster.deletion_protection = request.get("deletionProtection", False)
        cluster.compute_config = request.get("computeConfig")
        cluster.storage_config = request.get("storageConfig")
        cluster.health = {"issues": []}

    def update_cluster_config(self, call: Call) -> Json:
        """Change a cluster; moto answers with the cluster, EKS with an update."""
        cluster = self._moto.cluster(call.region, call.cluster_name)
        request = call.parameters
        if "resourcesVpcConfig" in request:
            cluster.resources_vpc_config |= request["resourcesVpcConfig"]
        if "logging" in request:
            cluster.logging = _all_log_types(request["logging"], cluster.logging)
        if "accessConfig" in request:
            self._change_authentication_mode(cluster, request["accessConfig"])
        for name, attribute in (
            ("upgradePolicy", "upgrade_policy"),
            ("zonalShiftConfig", "zonal_shift_config"),
            ("deletionProtection", "deletion_protection"),
            ("computeConfig", "compute_config"),
            ("storageConfig", "storage_config"),
        ):
            if name in request:
                setattr(cluster, attribute, request[name])
        if "kubernetesNetworkConfig" in request:
            cluster.kubernetes_network_config |= request["kubernetesNetworkConfig"]
        return self._update(call, "ConfigUpdate")

    @staticmethod
    def _change_authentication_mode(cluster: Any, access_config: Json) -> None:
        now = AUTHENTICATION_MODES.index(cluster.access_config["authenticationMode"])
        mode = access_config.get("authenticationMode")
        if mode not in AUTHENTICATION_MODES or AUTHENTICATION_MODES.index(mode) < now:
            raise InvalidParameterException(
                f"The authentication mode cannot change from {AUTHENTICATION_MODES[now]} to {mode}."
            )
        cluster.access_config = {"authenticationMode": mode}

    def update_cluster_version(self, call: Call) -> Json:
        """Move a cluster to the next minor version."""
        cluster = self._moto.cluster(call.region, call.cluster_name)
        version = call.parameters.get("version", cluster.version)
        if _minor(version) - _minor(cluster.version) not in (0, 1):
            raise InvalidParameterException(
                f"Unsupported Kubernetes minor version update from {cluster.version} to {version}."
            )
        cluster.version = version
        return self._update(call, "VersionUpdate")

    def associate_encryption_config(self, call: Call) -> Json:
        """Encrypt the secrets of a cluster that does not encrypt them yet."""
        cluster = self._moto.cluster(call.region, call.cluster_name)
        if cluster.encryption_config:
            raise InvalidParameterException("An encryption configuration exists already.")
        cluster.encryption_config = call.parameters["encryptionConfig"]
        return self._update(call, "AssociateEncryptionConfig")

    def delete_cluster(self, call: Call) -> Answer:
        """Delete a cluster and what it owns; moto refuses one that has node groups."""
        cluster = self._moto.cluster(call.region, call.cluster_name)
        if getattr(cluster, "deletion_protection", False):
            raise InvalidRequestException("Deletion protection is enabled.")
        answer = call.forward()
        if succeeded(answer):
            self._states.pop((call.region, call.cluster_name), None)
            group_id = cluster.resources_vpc_config["clusterSecurityGroupId"]
            self._moto.ec2(call.region).delete_security_group(group_id=group_id)
        return answer

    # Updates: all of them are done when they are answered.

    def describe_update(self, call: Call) -> Json:
        """Answer for an update that this process made."""
        update_id = call.parameters["updateId"]
        if update_id not in self._state(call).updates:
            raise ResourceNotFoundException(f"No update found for ID: {update_id}.")
        return {"update": self._state(call).updates[update_id]}

    def list_updates(self, call: Call) -> Json:
        """List the ids of the updates of a cluster, its node groups and add-ons alike."""
        return {"updateIds": list(self._state(call).updates)}

    def _update(self, call: Call, kind: str) -> Json:
        update = {
            "id": str(uuid.uuid4()),
            "status": "Successful",
            "type": kind,
            "params": [],
            "createdAt": time.time(),
            "errors": [],
        }
        self._state(call).updates[str(update["id"])] = update
        return {"update": update}

    # Node groups: moto's, completed.

    def create_nodegroup(self, call: Call) -> Answer:
        """Create the node group in moto, and add what moto forgets of the request."""
        request = call.parameters
        cluster = self._moto.cluster(call.region, call.cluster_name)
        self._moto.role(request["nodeRole"])
        self._moto.subnets(call.region, request["subnets"])
        if _minor(request.get("version", cluster.version)) > _minor(cluster.version):
            raise InvalidParameterException("A node group cannot be newer than its cluster.")
        reference, template = None, Json()
        if "launchTemplate" in request:
            reference, template = self._moto.launch_template(call.region, request["launchTemplate"])
            _check_launch_template(template, request)
        answer = call.forward()
        if not succeeded(answer):
            return answer
        nodegroup = self._moto.nodegroup(call.region, call.cluster_name, request["nodegroupName"])
        _complete_nodegroup(nodegroup, request, cluster.version, reference, template)
        known = self._state(call).access_entries
        if self._has_access_entries(call) and request["nodeRole"] not in known:
            # EKS does so for every managed node group.
            self._add_access_entry(call, request["nodeRole"], {"type": "EC2_LINUX"})
        return self.describe_nodegroup(call)

    def describe_nodegroup(self, call: Call) -> Answer:
        """Answer with moto's node group, whose status depends on the CNI add-on."""
        name = call.parameters["nodegroupName"]
        self._settle_nodegroup(call, self._moto.nodegroup(call.region, call.cluster_name, name))
        return call.read(f"/clusters/{call.cluster_name}/node-groups/{name}")

    def _settle_nodegroup(self, call: Call, nodegroup: Any) -> None:
        state = self._state(call)
        if nodegroup.status != "CREATING":
            return
        if state.self_managed_addons or "vpc-cni" in state.addons:
            nodegroup.status = "ACTIVE"
        elif time.time() - nodegroup.created_at.timestamp() > self._settle_seconds:
            nodegroup.status = "CREATE_FAILED"
            nodegroup.health = {
                "issues": [
                    {
                        "code": "NodeCreationFailure",
                        "message": "Unhealthy nodes: the cluster has no CNI (add-on vpc-cni).",
                        "resourceIds": [],
                    }
                ]
            }

    def update_nodegroup_config(self, call: Call) -> Json:
        """Change labels, taints and sizes through moto, which does not keep the update."""
        name = call.parameters["nodegroupName"]
        self._moto.nodegroup(call.region, call.cluster_name, name)
        self._moto.eks(call.region).update_nodegroup_config(
            cluster_name=call.cluster_name,
            nodegroup_name=name,
            labels=call.parameters.get("labels"),
            taints=call.parameters.get("taints"),
            scaling_config=call.parameters.get("scalingConfig"),
            update_config=call.parameters.get("updateConfig"),
            node_repair_config=call.parameters.get("nodeRepairConfig"),
        )
        return self._update(call, "ConfigUpdate")

    def update_nodegroup_version(self, call: Call) -> Json:
        """Move a node group to a Kubernetes version, a release or a launch template's version."""
        request = call.parameters
        cluster = self._moto.cluster(call.region, call.cluster_name)
        nodegroup = self._moto.nodegroup(call.region, call.cluster_name, request["nodegroupName"])
        if "launchTemplate" in request:
            if nodegroup.launch_template is None:
                raise InvalidParameterException("A launch template cannot be added afterwards.")
            template = {"id": nodegroup.launch_template["id"], **request["launchTemplate"]}
            nodegroup.launch_template, _ = self._moto.launch_template(call.region, template)
        version = request.get("version", nodegroup.version)
        if _minor(version) > _minor(cluster.version):
            raise InvalidParameterException("A node group cannot be newer than its cluster.")
        if version != nodegroup.version:
            nodegroup.version, nodegroup.release_version = version, _release_version(version)
        nodegroup.release_version = request.get("releaseVersion", nodegroup.release_version)
        return self._update(call, "VersionUpdate")

    # Add-ons.

    def create_addon(self, call: Call) -> Json:
        """Install an add-on."""
        cluster = self._moto.cluster(call.region, call.cluster_name)
        state, request = self._state(call), call.parameters
        name = request["addonName"]
        if name in state.addons:
            raise ResourceInUseException(
                "Addon already exists.", clusterName=call.cluster_name, addonName=name
            )
        if name not in ADDONS:
            raise InvalidParameterException(f"Addon {name} specified is not supported.")
        self._check_addon(request)
        arn = f"arn:aws:eks:{call.region}:{self._moto.account_id}:addon/{cluster.name}/{name}"
        now = time.time()
        addon: Json = {
            "addonName": name,
            "clusterName": cluster.name,
            "status": "CREATING",
            "addonVersion": ADDONS[name].version,
            "health": {"issues": []},
            "addonArn": f"{arn}/{uuid.uuid4()}",
            "createdAt": now,
            "modifiedAt": now,
            "owner": "aws",
            "publisher": "eks",
            **call.given("addonVersion", "serviceAccountRoleArn", "configurationValues"),
            "tags": request.get("tags", {}),
            "podIdentityAssociations": [],
        }
        self._replace_associations(call, addon, request.get("podIdentityAssociations", []))
        state.addons[name] = addon
        return {"addon": addon}

    def describe_addon(self, call: Call) -> Json:
        """Answer with an add-on, whose status may depend on nodes."""
        addon = self._addon(call)
        self._settle_addon(call, addon)
        return {"addon": addon}

    def _settle_addon(self, call: Call, addon: Json) -> None:
        if addon["status"] not in ("CREATING", "DEGRADED"):
            return
        needs_nodes = ADDONS[addon["addonName"]].needs_nodes
        if not needs_nodes or self._has_place_for(call, addon):
            addon["status"], addon["health"] = "ACTIVE", {"issues": []}
            return
        gave_up = time.time() - addon["createdAt"] > self._settle_seconds
        addon["status"] = "CREATE_FAILED" if gave_up else "DEGRADED"
        issue = {
            "code": "InsufficientNumberOfReplicas",
            "message": "No node group takes its pods: none is active, or all are tainted.",
        }
        addon["health"] = {"issues": [issue]}

    def _has_place_for(self, call: Call, addon: Json) -> bool:
        tolerant = "tolerations" in addon.get("configurationValues", "")
        nodegroups = self._moto.cluster(call.region, call.cluster_name).nodegroups.values()
        for nodegroup in nodegroups:
            self._settle_nodegroup(call, nodegroup)
            repels = any(taint["effect"] != "PREFER_NO_SCHEDULE" for taint in nodegroup.taints)
            if nodegroup.status == "ACTIVE" and (tolerant or not repels):
                return True
        return False

    def update_addon(self, call: Call) -> Json:
        """Change an add-on; the parameters that are not given stay."""
        addon, request = self._addon(call), call.parameters
        self._check_addon(request)
        addon |= call.given("addonVersion", "serviceAccountRoleArn", "configurationValues")
        addon["modifiedAt"] = time.time()
        if "podIdentityAssociations" in request:
            self._replace_associations(call, addon, request["podIdentityAssociations"])
        return self._update(call, "AddonUpdate")

    def delete_addon(self, call: Call) -> Json:
        """Remove an add-on and its associations; preserving leaves only its pods, not emulated."""
        addon = self._addon(call)
        self._replace_associations(call, addon, [])
        del self._state(call).addons[addon["addonName"]]
        return {"addon": {**addon, "status": "DELETING"}}

    def list_addons(self, call: Call) -> Json:
        """List the names of a cluster's add-ons."""
        return {"addons": sorted(self._state(call).addons)}

    def describe_addon_versions(self, call: Call) -> Json:
        """Answer with the one example version of each known add-on."""
        addon_name = call.parameters.get("addonName")
        version = call.parameters.get("kubernetesVersion", "1.34")
        if addon_name and addon_name not in ADDONS:
            raise InvalidParameterException(f"Addon {addon_name} specified is not supported.")
        compatible = {
            "clusterVersion": version,
            "platformVersions": ["*"],
            "defaultVersion": True,
        }
        addons = [
            {
                "addonName": name,
                "owner": "aws",
                "publisher": "eks",
                "addonVersions": [
                    {
                        "addonVersion": facts.version,
                        "architecture": ["amd64", "arm64"],
                        "compatibilities": [compatible],
                        "requiresConfiguration": False,
                    }
                ],
            }
            for name, facts in ADDONS.items()
            if addon_name in (None, name)
        ]
        return {"addons": addons}

    def _addon(self, call: Call) -> Json:
        name = call.parameters["addonName"]
        if name not in self._state(call).addons:
            raise ResourceNotFoundException(
                f"No addon: {name} found in cluster: {call.cluster_name}",
                clusterName=call.cluster_name,
                addonName=name,
            )
        return self._state(call).addons[name]

    def _check_addon(self, request: Json) -> None:
        version = request.get("addonVersion")
        if version is not None and not re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", version):
            raise InvalidParameterException(f"Addon version {version} is not supported.")
        if request.get("resolveConflicts", "NONE") not in ("NONE", "OVERWRITE", "PRESERVE"):
            raise InvalidParameterException("Unknown way to resolve conflicts.")
        if request.get("serviceAccountRoleArn"):
            self._moto.role(request["serviceAccountRoleArn"])
        _check_configuration_values(request.get("configurationValues", ""))

    def _replace_associations(self, call: Call, addon: Json, requested: list[Json]) -> None:
        for association in requested:
            self._check_pod_identity_role(association["roleArn"])
        associations = self._state(call).associations
        owned = [
            key for key, kept in associations.items() if kept.get("ownerArn") == addon["addonArn"]
        ]
        for key in owned:
            del associations[key]
        addon["podIdentityAssociations"] = [
            self._add_association(
                call, {**association, "namespace": "kube-system"}, addon["addonArn"]
            )["associationArn"]
            for association in requested
        ]

    # Access entries.

    def create_access_entry(self, call: Call) -> Json:
        """Let a principal of IAM authenticate to the cluster."""
        self._require_access_entries(call)
        principal = call.parameters["principalArn"]
        if principal in self._state(call).access_entries:
            raise ResourceInUseException(
                "The specified access entry resource is already in use on this cluster."
            )
        self._moto.check_principal(principal)
        return {"accessEntry": self._add_access_entry(call, principal, call.parameters)}

    def _add_access_entry(self, call: Call, principal: str, request: Json) -> Json:
        kind = request.get("type", "STANDARD")
        if kind not in ACCESS_ENTRY_USERNAMES:
            raise InvalidParameterException(f"The access entry type {kind} does not exist.")
        if kind != "STANDARD" and (request.get("kubernetesGroups") or request.get("username")):
            raise InvalidParameterException(f"An entry of type {kind} has fixed groups and user.")
        _check_groups(request.get("kubernetesGroups", []))
        now = time.time()
        principal_kind, _, principal_name = principal.rpartition(":")[2].partition("/")
        entry = {
            "clusterName": call.cluster_name,
            "principalArn": principal,
            "kubernetesGroups": request.get("kubernetesGroups", []),
            "accessEntryArn": (
                f"arn:aws:eks:{call.region}:{self._moto.account_id}:access-entry/"
                f"{call.cluster_name}/{principal_kind}/{self._moto.account_id}/"
                f"{principal_name.rpartition('/')[2]}/{uuid.uuid4()}"
            ),
            "createdAt": now,
            "modifiedAt": now,
            "tags": request.get("tags", {}),
            "username": request.get("username") or _default_username(principal, kind),
            "type": kind,
        }
        self._state(call).access_entries[principal] = entry
        self._state(call).access_policies[principal] = {}
        return entry

    def describe_access_entry(self, call: Call) -> Json:
        """Answer with an access entry."""
        return {"accessEntry": self._access_entry(call)}

    def update_access_entry(self, call: Call) -> Json:
        """Change the groups or the user name of an entry."""
        entry = self._access_entry(call)
        _check_groups(call.parameters.get("kubernetesGroups", []))
        entry |= call.given("kubernetesGroups", "username")
        entry["modifiedAt"] = time.time()
        return {"accessEntry": entry}

    def delete_access_entry(self, call: Call) -> Json:
        """Delete an entry with its policies."""
        principal = self._access_entry(call)["principalArn"]
        del self._state(call).access_entries[principal]
        del self._state(call).access_policies[principal]
        return {}

    def list_access_entries(self, call: Call) -> Json:
        """List the principals, optionally those that a policy is associated with."""
        self._require_access_entries(call)
        policy = call.parameters.get("associatedPolicyArn")
        policies = self._state(call).access_policies
        return {
            "accessEntries": [
                principal for principal, own in policies.items() if policy is None or policy in own
            ]
        }

    def associate_access_policy(self, call: Call) -> Json:
        """Give an entry a policy of EKS, or change the scope of one it has."""
        entry, request = self._access_entry(call), call.parameters
        policy, scope = request["policyArn"], request["accessScope"]
        name = policy.removeprefix("arn:aws:eks::aws:cluster-access-policy/")
        if name == policy or name not in ACCESS_POLICIES:
            raise InvalidParameterException(f"The access policy {policy} does not exist.")
        if entry["type"] not in ("STANDARD", "EC2"):
            raise InvalidRequestException(f"An entry of type {entry['type']} takes no policies.")
        if scope.get("type") not in ("cluster", "namespace"):
            raise InvalidParameterException("The scope is of type cluster or namespace.")
        if (scope["type"] == "namespace") != bool(scope.get("namespaces")):
            raise InvalidParameterException("A namespace scope, and only it, names namespaces.")
        own = self._state(call).access_policies[entry["principalArn"]]
        now = time.time()
        own[policy] = {
            "policyArn": policy,
            "accessScope": {"type": scope["type"], "namespaces": scope.get("namespaces", [])},
            "associatedAt": own.get(policy, {}).get("associatedAt", now),
            "modifiedAt": now,
        }
        return {
            "clusterName": call.cluster_name,
            "principalArn": entry["principalArn"],
            "associatedAccessPolicy": own[policy],
        }

    def disassociate_access_policy(self, call: Call) -> Json:
        """Take a policy from an entry."""
        own = self._state(call).access_policies[self._access_entry(call)["principalArn"]]
        if call.parameters["policyArn"] not in own:
            raise ResourceNotFoundException("The policy is not associated with the access entry.")
        del own[call.parameters["policyArn"]]
        return {}

    def list_associated_access_policies(self, call: Call) -> Json:
        """List the policies of an entry."""
        principal = self._access_entry(call)["principalArn"]
        policies = self._state(call).access_policies[principal]
        return {
            "clusterName": call.cluster_name,
            "principalArn": principal,
            "associatedAccessPolicies": list(policies.values()),
        }

    def list_access_policies(self, _call: Call) -> Json:
        """List the policies that EKS offers."""
        prefix = "arn:aws:eks::aws:cluster-access-policy"
        return {
            "accessPolicies": [
                {"name": name, "arn": f"{prefix}/{name}"} for name in ACCESS_POLICIES
            ]
        }

    def _has_access_entries(self, call: Call) -> bool:
        cluster = self._moto.cluster(call.region, call.cluster_name)
        return bool(cluster.access_config["authenticationMode"] != "CONFIG_MAP")

    def _require_access_entries(self, call: Call) -> None:
        if not self._has_access_entries(call):
            raise InvalidRequestException(
                "The cluster's authentication mode must be set to one of "
                "[API, API_AND_CONFIG_MAP] to perform this operation."
            )

    def _access_entry(self, call: Call) -> Json:
        self._require_access_entries(call)
        principal = call.parameters["principalArn"]
        if principal not in self._state(call).access_entries:
            raise ResourceNotFoundException(
                f"The specified principalArn could not be found: {principal}"
            )
        return self._state(call).access_entries[principal]

    # Pod identity associations.

    def create_pod_identity_association(self, call: Call) -> Json:
        """Give a service account a role."""
        self._moto.cluster(call.region, call.cluster_name)
        self._check_pod_identity_role(call.parameters["roleArn"])
        return {"association": self._add_association(call, call.parameters, None)}

    def _check_pod_identity_role(self, arn: str) -> None:
        role = self._moto.role(arn)
        if not _trusts_pod_identity(json.loads(role.assume_role_policy_document)):
            raise InvalidParameterException(
                f"Trust policy of {arn} must allow pods.eks.amazonaws.com to call "
                "sts:AssumeRole and sts:TagSession."
            )

    def _add_association(self, call: Call, request: Json, owner: str | None) -> Json:
        associations = self._state(call).associations
        subject = (request["namespace"], request["serviceAccount"])
        for key, kept in associations.items():
            if (kept["namespace"], kept["serviceAccount"]) == subject:
                raise ResourceInUseException(f"Association already exists: {key}")
        key = f"a-{uuid.uuid4().hex[:17]}"
        now = time.time()
        associations[key] = {
            "clusterName": call.cluster_name,
            "namespace": request["namespace"],
            "serviceAccount": request["serviceAccount"],
            "roleArn": request["roleArn"],
            "associationArn": (
                f"arn:aws:eks:{call.region}:{self._moto.account_id}:podidentityassociation/"
                f"{call.cluster_name}/{key}"
            ),
            "associationId": key,
            "tags": request.get("tags", {}),
            "createdAt": now,
            "modifiedAt": now,
            "disableSessionTags": request.get("disableSessionTags", False),
            **{name: request[name] for name in ("targetRoleArn", "policy") if name in request},
            **({"ownerArn": owner} if owner else {}),
        }
        return associations[key]

    def describe_pod_identity_association(self, call: Call) -> Json:
        """Answer with an association."""
        return {"association": self._association(call)}

    def update_pod_identity_association(self, call: Call) -> Json:
        """Change the role of an association."""
        association = self._association(call)
        if "roleArn" in call.parameters:
            self._check_pod_identity_role(call.parameters["roleArn"])
        association |= call.given("roleArn", "targetRoleArn", "disableSessionTags", "policy")
        association["modifiedAt"] = time.time()
        return {"association": association}

    def delete_pod_identity_association(self, call: Call) -> Json:
        """Delete an association that no add-on owns."""
        association = self._association(call)
        if "ownerArn" in association:
            raise InvalidRequestException(
                f"The association belongs to {association['ownerArn']}: change the add-on."
            )
        return {"association": self._state(call).associations.pop(association["associationId"])}

    def list_pod_identity_associations(self, call: Call) -> Json:
        """List associations, optionally of one namespace or service account."""
        filters = call.given("namespace", "serviceAccount")
        return {
            "associations": [
                association
                for association in self._state(call).associations.values()
                if filters.items() <= association.items()
            ]
        }

    def _association(self, call: Call) -> Json:
        key = call.parameters["associationId"]
        if key not in self._state(call).associations:
            raise ResourceNotFoundException(f"Association {key} was not found.")
        return self._state(call).associations[key]

    # Tags.

    def list_tags_for_resource(self, call: Call) -> Json | Answer:
        """Answer for the resources of the front and for node groups; moto for the others."""
        tags = self._tags(call)
        return call.forward() if tags is None else {"tags": tags}

    def tag_resource(self, call: Call) -> Json | Answer:
        """Add tags, or change their values."""
        tags = self._tags(call)
        if tags is None:
            return call.forward()
        tags |= call.parameters["tags"]
        return {}

    def untag_resource(self, call: Call) -> Json | Answer:
        """Remove tags by their keys."""
        tags = self._tags(call)
        if tags is None:
            return call.forward()
        for key in call.parameters["tagKeys"]:
            tags.pop(key, None)
        return {}

    def _tags(self, call: Call) -> Json | None:
        arn = call.parameters["resourceArn"]
        for (region, _), state in self._states.items():
            for known, tags in state.tagged():
                if region == call.region and known == arn:
                    return tags
        for cluster in self._moto.eks(call.region).clusters.values():
            for nodegroup in cluster.nodegroups.values():
                if nodegroup.arn == arn:
                    tags_of_group: Json = nodegroup.tags
                    return tags_of_group
        return None

    def _state(self, call: Call) -> ClusterState:
        self._moto.cluster(call.region, call.cluster_name)
        return self._states[call.region, call.cluster_name]


def _minor(version: str) -> int:
    match = re.fullmatch(r"1\.(\d+)", version)
    if match is None:
        raise InvalidParameterException(f"unsupported Kubernetes version {version}")
    return int(match[1])


def _release_version(version: str) -> str:
    return f"{version}.0-20200101"


def _all_log_types(requested: Json, before: Json | None = None) -> Json:
    """Return the logging of a cluster: every type once, enabled or not."""
    states = dict.fromkeys(
        ("api", "audit", "authenticator", "controllerManager", "scheduler"), False
    )
    for setup in (before or {}, requested):
        for group in setup.get("clusterLogging", []):
            states |= dict.fromkeys(group.get("types", []), group.get("enabled", False))
    groups = [
        {"types": [name for name, on in states.items() if on is enabled], "enabled": enabled}
        for enabled in (True, False)
    ]
    return {"clusterLogging": [group for group in groups if group["types"]]}


def _check_launch_template(template: Json, request: Json) -> None:
    """Refuse what a managed node group's launch template may not hold, or holds twice.

    Source: "Customize managed nodes with launch templates" in the EKS user guide.
    """
    if "IamInstanceProfile" in template:
        raise InvalidParameterException("The launch template names an instance profile.")
    if "InstanceType" in template and request.get("instanceTypes"):
        raise InvalidParameterException("Instance types are in the launch template already.")
    if "ImageId" in template and request.get("amiType", "CUSTOM") != "CUSTOM":
        raise InvalidParameterException("The launch template names an AMI: amiType is CUSTOM.")


def _complete_nodegroup(
    nodegroup: Any, request: Json, cluster_version: str, reference: Json | None, template: Json
) -> None:
    nodegroup.status = "CREATING"
    nodegroup.version = request.get("version", cluster_version)
    nodegroup.release_version = request.get("releaseVersion", _release_version(nodegroup.version))
    nodegroup.health = {"issues": []}
    nodegroup.update_config = request.get("updateConfig", {"maxUnavailable": 1})
    nodegroup.node_repair_config = request.get("nodeRepairConfig")
    nodegroup.ami_type = request.get("amiType", "AL2023_x86_64_STANDARD")
    # moto answers with a key pair that nobody asked for.
    nodegroup.remote_access = request.get("remoteAccess")
    if nodegroup.remote_access is None:
        del nodegroup.resources["remoteAccessSecurityGroup"]
    nodegroup.launch_template = reference
    nodegroup.disk_size = None if reference else request.get("diskSize", 20)
    if "InstanceType" in template:
        nodegroup.instance_types = None
    if "ImageId" in template:
        nodegroup.ami_type, nodegroup.release_version = "CUSTOM", template["ImageId"]


def _check_configuration_values(values: str) -> None:
    # EKS takes YAML too; our stacks write JSON, and a parser for YAML is no dependency of theirs.
    try:
        parsed = json.loads(values or "{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise InvalidParameterException("ConfigurationValue is not in valid JSON format.")


def _check_groups(groups: list[str]) -> None:
    for group in groups:
        if group.startswith(("system:", "eks:", "aws:", "amazon:", "iam:")):
            raise InvalidParameterException(f"The kubernetes group name {group} is reserved.")


def _default_username(principal: str, kind: str) -> str:
    fixed = ACCESS_ENTRY_USERNAMES[kind]
    if fixed is not None:
        return fixed
    account, _, resource = principal.removeprefix("arn:aws:iam::").partition(":")
    if not resource.startswith("role/"):
        return principal
    name = resource.rpartition("/")[2]
    return f"arn:aws:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}"


def _trusts_pod_identity(policy: Json) -> bool:
    allowed: set[str] = set()
    for statement in _as_list(policy["Statement"]):
        services = _as_list(statement.get("Principal", {}).get("Service", []))
        if statement["Effect"] == "Allow" and "pods.eks.amazonaws.com" in services:
            allowed.update(_as_list(statement["Action"]))
    return {"sts:AssumeRole", "sts:TagSession"} <= allowed


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
