import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from verification.rehearsal.aws.aws_emulator import AwsEmulator, start_aws_emulator
from verification.rehearsal.aws.bucket_policy import denies

ACCOUNT = "111122223333"
REGION = "sa-east-1"
SETTLE_SECONDS = 0.7
VIEW_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
POD_IDENTITY = {
    "Effect": "Allow",
    "Principal": {"Service": "pods.eks.amazonaws.com"},
    "Action": ["sts:AssumeRole", "sts:TagSession"],
}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEmulator]:
    log_dir = tmp_path_factory.mktemp("aws")
    with start_aws_emulator(ACCOUNT, log_dir, REGION, SETTLE_SECONDS) as running:
        yield running


@pytest.fixture(scope="module")
def client(emulator: AwsEmulator) -> Callable[[str], Any]:
    session = boto3.session.Session(
        aws_access_key_id=emulator.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=emulator.environment["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    config = Config(retries={"total_max_attempts": 1}, proxies={})
    clients: dict[str, Any] = {}

    def make(service: str) -> Any:
        if service not in clients:
            clients[service] = session.client(
                service, endpoint_url=emulator.endpoint_url, config=config
            )
        return clients[service]

    return make


@dataclass
class Account:
    """What every test needs before it can create a cluster."""

    subnets: list[str]
    vpc_id: str
    role: str
    pod_role: str


@pytest.fixture(scope="module")
def account(client: Callable[[str], Any]) -> Account:
    ec2 = client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc_id, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for index, zone in enumerate("ab")
    ]
    service = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}}
    role = create_role(client, "cluster", {**service, "Action": "sts:AssumeRole"})
    return Account(subnets, vpc_id, role, create_role(client, "pod", POD_IDENTITY))


@pytest.fixture(scope="module")
def eks(client: Callable[[str], Any]) -> Any:
    return client("eks")


@pytest.fixture
def cluster(eks: Any, account: Account, request: pytest.FixtureRequest) -> Iterator[str]:
    name = create_cluster(eks, account, request.node.name)
    yield name
    for group in eks.list_nodegroups(clusterName=name)["nodegroups"]:
        eks.delete_nodegroup(clusterName=name, nodegroupName=group)
    eks.delete_cluster(name=name)


@pytest.fixture(scope="module")
def shared_cluster(eks: Any, account: Account) -> str:
    """A cluster for tests that leave it as they found it; creation is the slow part."""
    return create_cluster(eks, account, "shared")


def create_role(client: Callable[[str], Any], name: str, statement: dict[str, Any]) -> str:
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    return str(role["Role"]["Arn"])


def create_cluster(eks: Any, account: Account, name: str, **changes: Any) -> str:
    defaults: dict[str, Any] = {
        "version": "1.34",
        "roleArn": account.role,
        "resourcesVpcConfig": {"subnetIds": account.subnets, "endpointPublicAccess": False},
        "accessConfig": {
            "authenticationMode": "API",
            "bootstrapClusterCreatorAdminPermissions": False,
        },
        "bootstrapSelfManagedAddons": False,
    }
    created = eks.create_cluster(name=name[:100], **{**defaults, **changes})
    return str(created["cluster"]["name"])


def create_nodegroup(eks: Any, account: Account, cluster: str, **more: Any) -> None:
    eks.create_nodegroup(
        clusterName=cluster,
        nodegroupName="nodes",
        nodeRole=account.role,
        subnets=account.subnets,
        **more,
    )


def refused(code: str, status: int, operation: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        operation(**parameters)
    response = caught.value.response
    error = (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"])
    assert error == (code, status)
    return str(response["Error"]["Message"])


def not_found(operation: Callable[..., Any], **parameters: Any) -> str:
    return refused("ResourceNotFoundException", 404, operation, **parameters)


def in_use(operation: Callable[..., Any], **parameters: Any) -> str:
    return refused("ResourceInUseException", 409, operation, **parameters)


def invalid(operation: Callable[..., Any], **parameters: Any) -> str:
    return refused("InvalidParameterException", 400, operation, **parameters)


class TestServer:
    def test_listens_on_loopback_only(self, emulator: AwsEmulator) -> None:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", emulator.process.port), timeout=60)

    def test_account_is_the_one_asked_for(self, client: Callable[[str], Any]) -> None:
        assert client("sts").get_caller_identity()["Account"] == ACCOUNT

    def test_managed_policies_of_aws_can_be_attached(
        self, client: Callable[[str], Any], account: Account
    ) -> None:
        arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
        client("iam").attach_role_policy(RoleName="cluster", PolicyArn=arn)
        attached = client("iam").list_attached_role_policies(RoleName="cluster")
        assert [policy["PolicyArn"] for policy in attached["AttachedPolicies"]] == [arn]

    def test_error_names_its_type_in_the_header(self, eks: Any) -> None:
        with pytest.raises(ClientError) as caught:
            eks.list_addons(clusterName="none")
        headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amzn-errortype"] == "ResourceNotFoundException"

    def test_missing_parameter_is_refused_by_the_server(self, emulator: AwsEmulator) -> None:
        session = boto3.session.Session("a", "b", region_name=REGION)
        unchecked = session.client(
            "eks",
            endpoint_url=emulator.endpoint_url,
            config=Config(parameter_validation=False, proxies={}),
        )
        assert "roleArn" in invalid(unchecked.create_cluster, name="c", resourcesVpcConfig={})


class TestClusters:
    def test_keeps_what_was_asked_for(self, eks: Any, account: Account) -> None:
        name = create_cluster(
            eks,
            account,
            "asked",
            upgradePolicy={"supportType": "STANDARD"},
            zonalShiftConfig={"enabled": True},
            logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
            deletionProtection=True,
        )
        cluster = eks.describe_cluster(name=name)["cluster"]
        assert cluster["accessConfig"] == {"authenticationMode": "API"}
        assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
        assert cluster["zonalShiftConfig"] == {"enabled": True}
        assert cluster["logging"]["clusterLogging"][0] == {
            "types": ["api", "audit"],
            "enabled": True,
        }
        assert cluster["resourcesVpcConfig"]["vpcId"] == account.vpc_id
        assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is False
        refused("InvalidRequestException", 400, eks.delete_cluster, name=name)
        eks.update_cluster_config(name=name, deletionProtection=False)
        eks.delete_cluster(name=name)
        not_found(eks.describe_cluster, name=name)

    def test_creation_answers_like_description(self, eks: Any, account: Account) -> None:
        created = eks.create_cluster(
            name="alike", roleArn=account.role, resourcesVpcConfig={"subnetIds": account.subnets}
        )["cluster"]
        assert created == eks.describe_cluster(name="alike")["cluster"]
        assert created["accessConfig"] == {"authenticationMode": "CONFIG_MAP"}
        eks.delete_cluster(name="alike")

    def test_issuers_differ(self, eks: Any, account: Account, cluster: str) -> None:
        other = create_cluster(eks, account, "other")
        issuers = {
            eks.describe_cluster(name=name)["cluster"]["identity"]["oidc"]["issuer"]
            for name in (cluster, other)
        }
        eks.delete_cluster(name=other)
        assert len(issuers) == 2

    def test_security_group_lives_as_long_as_the_cluster(
        self, eks: Any, account: Account, client: Callable[[str], Any]
    ) -> None:
        name = create_cluster(eks, account, "grouped")
        network = eks.describe_cluster(name=name)["cluster"]["resourcesVpcConfig"]
        ids = [network["clusterSecurityGroupId"]]
        assert client("ec2").describe_security_groups(GroupIds=ids)["SecurityGroups"]
        eks.delete_cluster(name=name)
        describe = client("ec2").describe_security_groups
        refused("InvalidGroup.NotFound", 400, describe, GroupIds=ids)

    def test_refuses_what_does_not_exist(self, eks: Any, account: Account) -> None:
        def create(**changes: Any) -> None:
            create_cluster(eks, account, "wrong", **changes)

        assert "role/none" in invalid(create, roleArn=f"arn:aws:iam::{ACCOUNT}:role/none")
        assert "subnet-1" in invalid(create, resourcesVpcConfig={"subnetIds": ["subnet-1"]})
        one_zone = {"subnetIds": account.subnets[:1]}
        assert "zones" in invalid(create, resourcesVpcConfig=one_zone)

    def test_update_can_be_described(self, eks: Any, shared_cluster: str) -> None:
        update = eks.update_cluster_config(
            name=shared_cluster, resourcesVpcConfig={"publicAccessCidrs": ["203.0.113.0/24"]}
        )["update"]
        description = eks.describe_update(name=shared_cluster, updateId=update["id"])["update"]
        assert description["status"] == "Successful"
        network = eks.describe_cluster(name=shared_cluster)["cluster"]["resourcesVpcConfig"]
        assert network["publicAccessCidrs"] == ["203.0.113.0/24"]
        not_found(eks.describe_update, name=shared_cluster, updateId="none")

    def test_version_goes_up_one_at_a_time(self, eks: Any, cluster: str) -> None:
        invalid(eks.update_cluster_version, name=cluster, version="1.36")
        eks.update_cluster_version(name=cluster, version="1.35")
        invalid(eks.update_cluster_version, name=cluster, version="1.34")

    def test_authentication_mode_goes_one_way(self, eks: Any, shared_cluster: str) -> None:
        mode = {"authenticationMode": "CONFIG_MAP"}
        invalid(eks.update_cluster_config, name=shared_cluster, accessConfig=mode)

    def test_with_node_groups_cannot_be_deleted(
        self, eks: Any, account: Account, cluster: str
    ) -> None:
        create_nodegroup(eks, account, cluster)
        in_use(eks.delete_cluster, name=cluster)

    def test_deleting_takes_add_ons_along(self, eks: Any, account: Account) -> None:
        name = create_cluster(eks, account, "again")
        eks.create_addon(clusterName=name, addonName="vpc-cni")
        eks.delete_cluster(name=name)
        create_cluster(eks, account, "again")
        assert eks.list_addons(clusterName=name)["addons"] == []
        eks.delete_cluster(name=name)


class TestNodegroups:
    def test_keeps_what_was_asked_for(
        self, eks: Any, account: Account, cluster: str, client: Callable[[str], Any]
    ) -> None:
        template = client("ec2").create_launch_template(
            LaunchTemplateName="nodes", LaunchTemplateData={"Monitoring": {"Enabled": True}}
        )["LaunchTemplate"]
        eks.create_addon(clusterName=cluster, addonName="vpc-cni")
        options = {
            "launchTemplate": {"id": template["LaunchTemplateId"], "version": "1"},
            "labels": {"pool": "dev"},
            "taints": [{"key": "environment", "value": "dev", "effect": "NO_SCHEDULE"}],
            "updateConfig": {"maxUnavailablePercentage": 33},
            "nodeRepairConfig": {"enabled": True},
            "scalingConfig": {"minSize": 1, "maxSize": 4, "desiredSize": 2},
        }
        create_nodegroup(eks, account, cluster, **options)
        nodegroup = describe_nodegroup(eks, cluster)
        assert nodegroup.pop("launchTemplate") == {
            "id": template["LaunchTemplateId"],
            "name": "nodes",
            "version": "1",
        }
        assert {key: nodegroup.get(key) for key in options if key != "launchTemplate"} == {
            key: value for key, value in options.items() if key != "launchTemplate"
        }
        assert nodegroup["version"] == "1.34"
        assert nodegroup["status"] == "ACTIVE"
        assert "remoteAccess" not in nodegroup
        assert "diskSize" not in nodegroup

    def test_new_version_of_the_launch_template(
        self, eks: Any, account: Account, cluster: str, client: Callable[[str], Any]
    ) -> None:
        ec2 = client("ec2")
        ec2.create_launch_template(LaunchTemplateName="moved", LaunchTemplateData={})
        create_nodegroup(eks, account, cluster, launchTemplate={"name": "moved", "version": "1"})
        update = {"clusterName": cluster, "nodegroupName": "nodes"}
        two = {"name": "moved", "version": "2"}
        assert "no version 2" in invalid(eks.update_nodegroup_version, **update, launchTemplate=two)
        ec2.create_launch_template_version(LaunchTemplateName="moved", LaunchTemplateData={})
        eks.update_nodegroup_version(**update, launchTemplate=two)
        assert describe_nodegroup(eks, cluster)["launchTemplate"]["version"] == "2"

    def test_launch_template_may_not_repeat_the_group(
        self, eks: Any, account: Account, shared_cluster: str, client: Callable[[str], Any]
    ) -> None:
        client("ec2").create_launch_template(
            LaunchTemplateName="typed", LaunchTemplateData={"InstanceType": "m6i.large"}
        )

        def create() -> None:
            create_nodegroup(
                eks,
                account,
                shared_cluster,
                launchTemplate={"name": "typed"},
                instanceTypes=["m6i.large"],
            )

        assert "Instance types" in invalid(create)

    def test_labels_taints_and_sizes_change(self, eks: Any, account: Account, cluster: str) -> None:
        create_nodegroup(eks, account, cluster, labels={"a": "1", "b": "1"})
        update = eks.update_nodegroup_config(
            clusterName=cluster,
            nodegroupName="nodes",
            labels={"addOrUpdateLabels": {"a": "2"}, "removeLabels": ["b"]},
            scalingConfig={"desiredSize": 1, "minSize": 1, "maxSize": 2},
        )["update"]
        described = eks.describe_update(name=cluster, nodegroupName="nodes", updateId=update["id"])
        assert described["update"]["status"] == "Successful"
        assert describe_nodegroup(eks, cluster)["labels"] == {"a": "2"}

    def test_without_cni_fails(self, eks: Any, account: Account, cluster: str) -> None:
        create_nodegroup(eks, account, cluster)
        assert describe_nodegroup(eks, cluster)["status"] == "CREATING"
        nodegroup = eventually(lambda: describe_nodegroup(eks, cluster), "CREATE_FAILED")
        assert nodegroup["health"]["issues"][0]["code"] == "NodeCreationFailure"

    def test_cni_may_come_after_the_nodes(self, eks: Any, account: Account, cluster: str) -> None:
        create_nodegroup(eks, account, cluster)
        eks.create_addon(clusterName=cluster, addonName="vpc-cni")
        assert describe_nodegroup(eks, cluster)["status"] == "ACTIVE"

    def test_role_gets_an_access_entry(self, eks: Any, account: Account, cluster: str) -> None:
        create_nodegroup(eks, account, cluster)
        entry = eks.describe_access_entry(clusterName=cluster, principalArn=account.role)
        assert entry["accessEntry"]["type"] == "EC2_LINUX"
        in_use(eks.create_access_entry, clusterName=cluster, principalArn=account.role)

    def test_tags(self, eks: Any, account: Account, cluster: str) -> None:
        create_nodegroup(eks, account, cluster, tags={"a": "1"})
        check_tags(eks, describe_nodegroup(eks, cluster)["nodegroupArn"])


class TestAddons:
    def test_needs_the_cluster(self, eks: Any) -> None:
        message = not_found(eks.create_addon, clusterName="none", addonName="vpc-cni")
        assert message == "No cluster found for name: none."
        not_found(eks.describe_addon, clusterName="none", addonName="vpc-cni")

    def test_life(self, eks: Any, account: Account, shared_cluster: str) -> None:
        key = {"clusterName": shared_cluster, "addonName": "vpc-cni"}
        eks.create_addon(
            **key,
            addonVersion="v1.2.3-eksbuild.1",
            configurationValues='{"env": {}}',
            serviceAccountRoleArn=account.role,
            tags={"a": "1"},
        )
        in_use(eks.create_addon, **key)
        addon = eks.describe_addon(**key)["addon"]
        assert addon["status"] == "ACTIVE"
        assert addon["addonVersion"] == "v1.2.3-eksbuild.1"
        assert addon["configurationValues"] == '{"env": {}}'
        check_tags(eks, addon["addonArn"])
        update = eks.update_addon(**key, addonVersion="v1.2.4-eksbuild.1")["update"]
        eks.describe_update(name=shared_cluster, addonName="vpc-cni", updateId=update["id"])
        addon = eks.describe_addon(**key)["addon"]
        assert addon["addonVersion"] == "v1.2.4-eksbuild.1"
        assert addon["serviceAccountRoleArn"] == account.role
        eks.delete_addon(**key, preserve=True)
        not_found(eks.describe_addon, **key)
        not_found(eks.delete_addon, **key)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"addonName": "none"},
            {"addonVersion": "latest"},
            {"configurationValues": "not: [json"},
            {"serviceAccountRoleArn": f"arn:aws:iam::{ACCOUNT}:role/none"},
            {"podIdentityAssociations": [{"serviceAccount": "a", "roleArn": "cluster"}]},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )
    def test_refuses(self, eks: Any, account: Account, shared_cluster: str, wrong: Any) -> None:
        if "podIdentityAssociations" in wrong:
            wrong["podIdentityAssociations"][0]["roleArn"] = account.role
        invalid(
            eks.create_addon, **{"clusterName": shared_cluster, "addonName": "vpc-cni", **wrong}
        )
        assert eks.list_addons(clusterName=shared_cluster)["addons"] == []

    def test_owns_its_pod_identity_association(
        self, eks: Any, account: Account, cluster: str
    ) -> None:
        key = {"clusterName": cluster, "addonName": "vpc-cni"}
        associations = [{"serviceAccount": "aws-node", "roleArn": account.pod_role}]
        addon = eks.create_addon(**key, podIdentityAssociations=associations)["addon"]
        (association,) = eks.list_pod_identity_associations(clusterName=cluster)["associations"]
        assert addon["podIdentityAssociations"] == [association["associationArn"]]
        assert association["ownerArn"] == addon["addonArn"]
        refused(
            "InvalidRequestException",
            400,
            eks.delete_pod_identity_association,
            clusterName=cluster,
            associationId=association["associationId"],
        )
        eks.update_addon(**key, podIdentityAssociations=[])
        assert eks.list_pod_identity_associations(clusterName=cluster)["associations"] == []

    def test_deployment_fails_when_every_node_is_tainted(
        self, eks: Any, account: Account, cluster: str
    ) -> None:
        eks.create_addon(clusterName=cluster, addonName="vpc-cni")
        taint = {"key": "environment", "value": "dev", "effect": "NO_SCHEDULE"}
        create_nodegroup(eks, account, cluster, taints=[taint])
        eks.create_addon(clusterName=cluster, addonName="coredns")
        tolerations = '{"controller": {"tolerations": [{"operator": "Exists"}]}}'
        csi = {"clusterName": cluster, "addonName": "aws-ebs-csi-driver"}
        eks.create_addon(**csi, configurationValues=tolerations)

        def describe() -> Any:
            return eks.describe_addon(clusterName=cluster, addonName="coredns")["addon"]

        assert describe()["status"] == "DEGRADED"
        assert eks.describe_addon(**csi)["addon"]["status"] == "ACTIVE"
        addon = eventually(describe, "CREATE_FAILED")
        assert addon["health"]["issues"][0]["code"] == "InsufficientNumberOfReplicas"

    def test_versions(self, eks: Any) -> None:
        (addon,) = eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.34")[
            "addons"
        ]
        assert addon["addonVersions"][0]["compatibilities"][0]["clusterVersion"] == "1.34"
        invalid(eks.describe_addon_versions, addonName="none")


class TestAccessEntries:
    def test_life(self, eks: Any, account: Account, shared_cluster: str) -> None:
        key = {"clusterName": shared_cluster, "principalArn": account.role}
        not_found(eks.describe_access_entry, **key)
        eks.create_access_entry(**key, kubernetesGroups=["viewers"])
        message = in_use(eks.create_access_entry, **key)
        assert "already in use" in message
        entry = eks.describe_access_entry(**key)["accessEntry"]
        assert entry["type"] == "STANDARD"
        assert entry["username"] == (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/cluster/{{{{SessionName}}}}"
        )
        check_tags(eks, entry["accessEntryArn"])
        eks.update_access_entry(**key, kubernetesGroups=["editors"])
        entry = eks.describe_access_entry(**key)["accessEntry"]
        assert entry["kubernetesGroups"] == ["editors"]
        assert eks.list_access_entries(clusterName=shared_cluster)["accessEntries"] == [
            account.role
        ]
        eks.delete_access_entry(**key)
        not_found(eks.delete_access_entry, **key)

    def test_refuses(self, eks: Any, account: Account, shared_cluster: str) -> None:
        create = eks.create_access_entry
        key = {"clusterName": shared_cluster, "principalArn": account.role}
        none = f"arn:aws:iam::{ACCOUNT}:role/none"
        not_found(create, **{**key, "clusterName": "none"})
        invalid(create, **{**key, "principalArn": none})
        invalid(create, **key, kubernetesGroups=["system:masters"])
        invalid(create, **key, type="NONE")
        invalid(create, **key, type="EC2_LINUX", kubernetesGroups=["viewers"])

    def test_needs_the_right_authentication_mode(self, eks: Any, account: Account) -> None:
        mode = {"authenticationMode": "CONFIG_MAP"}
        name = create_cluster(eks, account, "map", accessConfig=mode)
        key = {"clusterName": name, "principalArn": account.role}
        refused("InvalidRequestException", 400, eks.create_access_entry, **key)
        eks.delete_cluster(name=name)

    def test_policies(self, eks: Any, account: Account, cluster: str) -> None:
        key = {"clusterName": cluster, "principalArn": account.role}
        scope = {"type": "namespace", "namespaces": ["dev"]}
        associate = eks.associate_access_policy
        not_found(associate, **key, policyArn=VIEW_POLICY, accessScope=scope)
        eks.create_access_entry(**key)
        unknown = VIEW_POLICY.replace("View", "Unknown")
        invalid(associate, **key, policyArn=unknown, accessScope=scope)
        invalid(associate, **key, policyArn=VIEW_POLICY, accessScope={"type": "namespace"})
        associate(**key, policyArn=VIEW_POLICY, accessScope={"type": "cluster"})
        associate(**key, policyArn=VIEW_POLICY, accessScope=scope)
        (policy,) = eks.list_associated_access_policies(**key)["associatedAccessPolicies"]
        assert policy["accessScope"] == scope
        listed = eks.list_access_entries(clusterName=cluster, associatedPolicyArn=VIEW_POLICY)
        assert listed["accessEntries"] == [account.role]
        eks.disassociate_access_policy(**key, policyArn=VIEW_POLICY)
        not_found(eks.disassociate_access_policy, **key, policyArn=VIEW_POLICY)
        listed = eks.list_access_entries(clusterName=cluster, associatedPolicyArn=VIEW_POLICY)
        assert listed["accessEntries"] == []

    def test_policies_of_eks_are_listed(self, eks: Any) -> None:
        arns = [policy["arn"] for policy in eks.list_access_policies()["accessPolicies"]]
        assert VIEW_POLICY in arns


class TestPodIdentity:
    def test_life(self, eks: Any, account: Account, shared_cluster: str) -> None:
        subject = {"clusterName": shared_cluster, "namespace": "velero", "serviceAccount": "velero"}
        parameters = {**subject, "roleArn": account.pod_role}
        created = eks.create_pod_identity_association(**parameters)["association"]
        in_use(eks.create_pod_identity_association, **parameters)
        key = {"clusterName": shared_cluster, "associationId": created["associationId"]}
        association = eks.describe_pod_identity_association(**key)["association"]
        assert association == created
        check_tags(eks, association["associationArn"])
        eks.update_pod_identity_association(**key, roleArn=account.pod_role)
        listed = eks.list_pod_identity_associations(clusterName=shared_cluster, namespace="velero")
        assert [association["associationId"] for association in listed["associations"]] == [
            key["associationId"]
        ]
        listed = eks.list_pod_identity_associations(clusterName=shared_cluster, namespace="other")
        assert listed["associations"] == []
        eks.delete_pod_identity_association(**key)
        not_found(eks.describe_pod_identity_association, **key)

    def test_needs_cluster_role_and_trust(
        self, eks: Any, account: Account, shared_cluster: str, client: Callable[[str], Any]
    ) -> None:
        create = eks.create_pod_identity_association
        parameters = {
            "clusterName": shared_cluster,
            "namespace": "velero",
            "serviceAccount": "velero",
            "roleArn": account.pod_role,
        }
        not_found(create, **{**parameters, "clusterName": "none"})
        invalid(create, **{**parameters, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/none"})
        untagged = create_role(client, "untagged", {**POD_IDENTITY, "Action": "sts:AssumeRole"})
        assert "sts:TagSession" in invalid(create, **{**parameters, "roleArn": untagged})


class TestOtherServices:
    def test_lock_is_taken_once(self, client: Callable[[str], Any]) -> None:
        s3 = create_bucket(client, "state")
        lock = {"Bucket": "state", "Key": "dev/network.tfstate.tflock", "Body": b"{}"}
        s3.put_object(**lock, IfNoneMatch="*", ServerSideEncryption="aws:kms")
        refused("PreconditionFailed", 412, s3.put_object, **lock, IfNoneMatch="*")
        s3.delete_object(Bucket="state", Key=lock["Key"])
        s3.put_object(**lock, IfNoneMatch="*")

    def test_object_keeps_its_key(self, client: Callable[[str], Any]) -> None:
        s3 = create_bucket(client, "encrypted")
        s3.put_object(
            Bucket="encrypted",
            Key="a",
            Body=b"b",
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId="alias/obs",
        )
        answer = s3.get_object(Bucket="encrypted", Key="a")
        assert answer["ServerSideEncryption"] == "aws:kms"
        assert answer["SSEKMSKeyId"] == "alias/obs"

    def test_lifecycle_is_kept_whole(self, client: Callable[[str], Any]) -> None:
        s3 = create_bucket(client, "rules")
        read = s3.get_bucket_lifecycle_configuration
        refused("NoSuchLifecycleConfiguration", 404, read, Bucket="rules")
        rule = {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "dev/", "ObjectSizeGreaterThan": 1}},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2},
        }
        configuration = {"Rules": [rule]}
        s3.put_bucket_lifecycle_configuration(Bucket="rules", LifecycleConfiguration=configuration)
        assert read(Bucket="rules")["Rules"] == [rule]
        s3.delete_bucket_lifecycle(Bucket="rules")
        refused("NoSuchLifecycleConfiguration", 404, read, Bucket="rules")

    def test_event_bridge_is_kept(self, client: Callable[[str], Any]) -> None:
        s3 = create_bucket(client, "events")
        configuration: dict[str, Any] = {"EventBridgeConfiguration": {}}
        s3.put_bucket_notification_configuration(
            Bucket="events", NotificationConfiguration=configuration
        )
        answer = s3.get_bucket_notification_configuration(Bucket="events")
        assert "EventBridgeConfiguration" in answer

    def test_flow_log_keeps_its_options(
        self, client: Callable[[str], Any], account: Account
    ) -> None:
        create_bucket(client, "flows")
        options = {
            "FileFormat": "parquet",
            "HiveCompatiblePartitions": True,
            "PerHourPartition": True,
        }
        ids = client("ec2").create_flow_logs(
            ResourceIds=[account.vpc_id],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::flows",
            DestinationOptions=options,
        )["FlowLogIds"]
        (flow_log,) = client("ec2").describe_flow_logs(FlowLogIds=ids)["FlowLogs"]
        assert flow_log["DestinationOptions"] == options

    def test_launch_template_shows_tags_of_today(self, client: Callable[[str], Any]) -> None:
        ec2 = client("ec2")
        answer = ec2.create_launch_template(LaunchTemplateName="dated", LaunchTemplateData={})
        ids = [answer["LaunchTemplate"]["LaunchTemplateId"]]
        tags = [{"Key": "a", "Value": "1"}]
        ec2.create_tags(Resources=ids, Tags=tags)
        templates = ec2.describe_launch_templates(LaunchTemplateIds=ids)["LaunchTemplates"]
        assert templates[0]["Tags"] == tags

    def test_launch_template_does_not_tag_itself_in_its_data(
        self, client: Callable[[str], Any]
    ) -> None:
        tags = [{"Key": "a", "Value": "1"}]
        for_volumes = {"ResourceType": "volume", "Tags": tags}
        client("ec2").create_launch_template(
            LaunchTemplateName="tagged",
            LaunchTemplateData={"TagSpecifications": [for_volumes]},
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
        )
        (version,) = client("ec2").describe_launch_template_versions(
            LaunchTemplateName="tagged", Versions=["1"]
        )["LaunchTemplateVersions"]
        assert version["LaunchTemplateData"]["TagSpecifications"] == [for_volumes]

    @pytest.mark.parametrize("asked", [{}, {"RotationPeriodInDays": 180}])
    def test_key_keeps_its_rotation_period(
        self, client: Callable[[str], Any], asked: dict[str, int]
    ) -> None:
        kms = client("kms")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=arn)
        kms.enable_key_rotation(KeyId=arn, **asked)
        status = kms.get_key_rotation_status(KeyId=arn)
        assert status["RotationPeriodInDays"] == asked.get("RotationPeriodInDays", 365)


def create_bucket(client: Callable[[str], Any], name: str) -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


def describe_nodegroup(eks: Any, cluster: str) -> dict[str, Any]:
    nodegroup = eks.describe_nodegroup(clusterName=cluster, nodegroupName="nodes")["nodegroup"]
    return dict(nodegroup)


def eventually(describe: Callable[[], Any], status: str) -> Any:
    deadline = time.monotonic() + SETTLE_SECONDS + 60
    while (description := describe())["status"] != status:
        assert time.monotonic() < deadline, description
        time.sleep(0.1)
    return description


def check_tags(eks: Any, arn: str) -> None:
    eks.tag_resource(resourceArn=arn, tags={"added": "1", "kept": "2"})
    eks.untag_resource(resourceArn=arn, tagKeys=["added"])
    tags = eks.list_tags_for_resource(resourceArn=arn)["tags"]
    assert tags["kept"] == "2"
    assert "added" not in tags


TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


class TestBucketPolicy:
    @staticmethod
    def denies_put(context: dict[str, str], **changes: Any) -> bool:
        policy = {"Version": "2012-10-17", "Statement": [{**TLS_ONLY, **changes}]}
        return denies(json.dumps(policy), "s3:PutObject", "arn:aws:s3:::logs/a", context)

    def test_denies_plain_http_only(self) -> None:
        assert self.denies_put({"aws:SecureTransport": "false"})
        assert not self.denies_put({"aws:SecureTransport": "true"})
        assert not self.denies_put({})

    @pytest.mark.parametrize(
        "changes",
        [
            {"Effect": "Allow"},
            {"Action": "s3:GetObject"},
            {"Action": ["s3:Get*", "kms:*"]},
            {"Resource": "arn:aws:s3:::logs"},
            {"Resource": "arn:aws:s3:::other/*"},
            {"Principal": {"AWS": "arn:aws:iam::111122223333:role/other"}},
        ],
        ids=str,
    )
    def test_does_not_deny_what_the_statement_is_not_about(self, changes: dict[str, Any]) -> None:
        assert not self.denies_put({"aws:SecureTransport": "false"}, **changes)

    @pytest.mark.parametrize(
        "changes",
        [{"Action": "s3:put*"}, {"Action": "*"}, {"Principal": {"AWS": "*"}}, {"Condition": {}}],
        ids=str,
    )
    def test_denies(self, changes: dict[str, Any]) -> None:
        assert self.denies_put({"AWS:securetransport": "false"}, **changes)

    @pytest.mark.parametrize(
        "changes",
        [
            {"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}},
            {"NotAction": "s3:*"},
            {"Principal": {"Service": "logs.amazonaws.com"}},
            {"Resource": "arn:aws:s3:::${aws:PrincipalTag/bucket}/*"},
        ],
        ids=str,
    )
    def test_raises_for_what_it_does_not_evaluate(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="cannot evaluate"):
            self.denies_put({"aws:SecureTransport": "false"}, **changes)
