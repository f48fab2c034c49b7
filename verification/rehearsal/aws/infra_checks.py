"""Checks of the applied infrastructure, by the API of AWS and not by Terraform.

Every check reads with boto3 what exists and compares it with the settings. It raises
`CheckFailedError` with the expected and the actual value.
"""

import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from blueprint.bill_alarms import ALLOCATION_TAGS, BUDGET_ALARMS
from blueprint.buckets import (
    BucketPlan,
    plan_flow_logs_bucket,
    plan_state_bucket,
    plan_storage_buckets,
)
from helm_values.external_secrets.external_secrets import secrets_reader
from helm_values.releases import workload_roles
from settings.model import OBSERVABILITY, Settings
from verification.rehearsal.aws.bucket_policy import denies
from verification.rehearsal.verdicts import CheckFailedError
from versions import KUBERNETES

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class Applied:
    """The applied infrastructure: its settings, and how to ask AWS about it."""

    settings: Settings
    session: boto3.Session
    endpoint_url: str
    plain_http_url: str

    def client(self, service: str) -> Any:
        """A boto3 client of the emulated AWS."""
        return self.session.client(service, endpoint_url=self.endpoint_url)

    @property
    def vpc_id(self) -> str:
        """The VPC that carries the environment's name."""
        vpc = only(self.named("vpcs", "describe_vpcs"), "VPC named after the environment")
        return str(vpc["VpcId"])

    def named(self, key: str, call: str) -> list[dict[str, Any]]:
        """EC2 things whose Name tag is the environment's prefix."""
        answer = getattr(self.client("ec2"), call)(
            Filters=[{"Name": "tag:Name", "Values": [self.settings.prefix]}]
        )
        items: list[dict[str, Any]] = answer[key[0].upper() + key[1:]]
        return items

    def in_vpc(self, call: str, key: str) -> list[dict[str, Any]]:
        """Things of the VPC that an EC2 call lists."""
        answer = getattr(self.client("ec2"), call)(
            Filters=[{"Name": "vpc-id", "Values": [self.vpc_id]}]
        )
        items: list[dict[str, Any]] = answer[key]
        return items


def expect_equal(actual: object, expected: object, subject: str) -> None:
    """Compare, and say what differs.

    Raises:
        CheckFailedError: they differ.
    """
    if actual != expected:
        raise CheckFailedError(f"{subject}: expected {expected!r}, found {actual!r}")


def only(items: list[Any], subject: str) -> Any:
    """The single item of a list.

    Raises:
        CheckFailedError: there are none or several.
    """
    expect_equal(len(items), 1, f"number of: {subject}")
    return items[0]


def tags_of(item: dict[str, Any]) -> dict[str, str]:
    """Tags of an EC2 thing as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}


def subnets_by_tier(applied: Applied) -> dict[str, list[dict[str, Any]]]:
    """Subnets of the VPC by tier, in the order of their zones."""
    tiers: dict[str, list[dict[str, Any]]] = {"public": [], "private": [], "intra": []}
    for subnet in applied.in_vpc("describe_subnets", "Subnets"):
        name = tags_of(subnet)["Name"].removeprefix(f"{applied.settings.prefix}-")
        tiers[name.split("-", 1)[0]].append(subnet)
    return {
        tier: sorted(subnets, key=lambda subnet: str(subnet["AvailabilityZone"]))
        for tier, subnets in tiers.items()
    }


def check_subnets(applied: Applied) -> None:
    """Three zones each have a public, a private and an intra subnet, tagged for load balancers."""
    zones = sorted(applied.settings.network.availability_zones)
    load_balancer_tags = {
        "public": "kubernetes.io/role/elb",
        "private": "kubernetes.io/role/internal-elb",
        "intra": None,
    }
    networks: list[ipaddress.IPv4Network] = []
    for tier, subnets in subnets_by_tier(applied).items():
        expect_equal(
            [s["AvailabilityZone"] for s in subnets], zones, f"zones of the {tier} subnets"
        )
        for subnet in subnets:
            networks.append(ipaddress.IPv4Network(subnet["CidrBlock"]))
            expect_equal(
                subnet["MapPublicIpOnLaunch"], False, f"public addresses in {tier} subnets"
            )
            roles = [key for key in tags_of(subnet) if key.startswith("kubernetes.io/role/")]
            tag = load_balancer_tags[tier]
            expect_equal(roles, [tag] if tag else [], f"load-balancer tags of {tier} subnets")
    vpc = ipaddress.IPv4Network(applied.settings.network.cidr)
    for index, network in enumerate(networks):
        expect_equal(network.subnet_of(vpc), True, f"{network} lies in the VPC {vpc}")
        for other in networks[index + 1 :]:
            expect_equal(network.overlaps(other), False, f"{network} overlaps {other}")


def check_routes(applied: Applied) -> None:
    """Public subnets reach the internet, private ones only by NAT, intra ones not at all."""
    tables = applied.in_vpc("describe_route_tables", "RouteTables")
    by_subnet = {
        association["SubnetId"]: table
        for table in tables
        for association in table["Associations"]
        if "SubnetId" in association
    }

    def default_route(subnet: dict[str, Any]) -> dict[str, Any] | None:
        routes = by_subnet[subnet["SubnetId"]]["Routes"]
        return next((r for r in routes if r.get("DestinationCidrBlock") == ANYWHERE), None)

    tiers = subnets_by_tier(applied)
    for subnet in tiers["public"]:
        gateway = (default_route(subnet) or {}).get("GatewayId", "")
        expect_equal(
            gateway.startswith("igw-"), True, "public subnets route to the internet gateway"
        )
    for subnet in tiers["intra"]:
        expect_equal(default_route(subnet), None, "default route of an intra subnet")
    _check_nat(applied, tiers, {s["SubnetId"]: default_route(s) for s in tiers["private"]})
    endpoint = only(
        [
            e
            for e in applied.in_vpc("describe_vpc_endpoints", "VpcEndpoints")
            if e["VpcEndpointType"] == "Gateway"
        ],
        "S3 gateway endpoint",
    )
    reached = {
        by_subnet[s["SubnetId"]]["RouteTableId"] for t in ("private", "intra") for s in tiers[t]
    }
    expect_equal(set(endpoint["RouteTableIds"]), reached, "route tables of the S3 gateway endpoint")


def _check_nat(
    applied: Applied,
    tiers: dict[str, list[dict[str, Any]]],
    default_routes: dict[str, dict[str, Any] | None],
) -> None:
    mode = applied.settings.network.nat
    zone_of = {s["SubnetId"]: s["AvailabilityZone"] for t in tiers.values() for s in t}
    gateways = {
        gateway["NatGatewayId"]: zone_of[gateway["SubnetId"]]
        for gateway in applied.in_vpc("describe_nat_gateways", "NatGateways")
        if gateway["State"] == "available"
    }
    expect_equal(
        len(gateways), {"none": 0, "single": 1, "per_az": 3}[mode], f"gateways of NAT {mode!r}"
    )
    for subnet_id, route in default_routes.items():
        if mode == "none":
            expect_equal(route, None, "default route of a private subnet without NAT")
            continue
        gateway_zone = gateways.get((route or {}).get("NatGatewayId", ""))
        expect_equal(gateway_zone is not None, True, "private subnets route to a NAT gateway")
        if mode == "per_az":
            expect_equal(gateway_zone, zone_of[subnet_id], "zone of a private subnet's NAT gateway")


def check_default_security_group(applied: Applied) -> None:
    """The default security group has no rules."""
    group = only(
        [
            g
            for g in applied.in_vpc("describe_security_groups", "SecurityGroups")
            if g["GroupName"] == "default"
        ],
        "default security group",
    )
    expect_equal(group["IpPermissions"], [], "ingress rules of the default security group")
    expect_equal(group["IpPermissionsEgress"], [], "egress rules of the default security group")


def check_flow_logs(applied: Applied) -> None:
    """All traffic of the VPC is logged to the flow-logs bucket."""
    answer = applied.client("ec2").describe_flow_logs(
        Filters=[{"Name": "resource-id", "Values": [applied.vpc_id]}]
    )
    flow_log = only(answer["FlowLogs"], "flow log of the VPC")
    expect_equal(flow_log["TrafficType"], "ALL", "traffic in the flow log")
    bucket = applied.settings.bucket_name("flow-logs")
    expect_equal(
        flow_log["LogDestination"], f"arn:aws:s3:::{bucket}", "destination of the flow log"
    )


def bucket_plans(settings: Settings) -> list[BucketPlan]:
    """Plans of every bucket of the environment."""
    return [
        plan_state_bucket(),
        plan_flow_logs_bucket(settings),
        *plan_storage_buckets(settings).values(),
    ]


def check_buckets_private_and_encrypted(applied: Applied) -> None:
    """Every bucket blocks public access and encrypts with a KMS key that rotates."""
    s3, kms = applied.client("s3"), applied.client("kms")
    for plan in bucket_plans(applied.settings):
        name = applied.settings.bucket_name(plan.purpose)
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        expect_equal(set(block.values()), {True}, f"public access blocks of {name}")
        configuration = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
        rule = only(configuration["Rules"], f"encryption rule of {name}")
        default = rule["ApplyServerSideEncryptionByDefault"]
        expect_equal(default["SSEAlgorithm"], "aws:kms", f"encryption of {name}")
        expect_equal(rule["BucketKeyEnabled"], True, f"bucket key of {name}")
        rotation = kms.get_key_rotation_status(KeyId=default["KMSMasterKeyID"])
        expect_equal(rotation["KeyRotationEnabled"], True, f"rotation of the key of {name}")
        ownership = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        expect_equal(
            ownership, [{"ObjectOwnership": "BucketOwnerEnforced"}], f"ownership of {name}"
        )


def check_buckets_refuse_plain_http(applied: Applied) -> None:
    """Every bucket refuses reads and writes that do not come over TLS, and takes those that do."""
    for plan in bucket_plans(applied.settings):
        name = applied.settings.bucket_name(plan.purpose)
        request = {"Bucket": name, "Key": "rehearsal"}
        s3 = applied.client("s3")
        s3.put_object(**request, Body=b"over TLS")
        plain = applied.session.client("s3", endpoint_url=applied.plain_http_url)
        for method in (plain.put_object, plain.get_object):
            status = _http_status(method, request)
            expect_equal(status, 403, f"answer of {name} to {method.__name__} without TLS")
        s3.delete_object(**request)
        policy = s3.get_bucket_policy(Bucket=name)["Policy"]
        for tls in ("false", "true"):
            # The emulator obeys bucket policies for objects only.
            denied = denies(
                policy, "s3:ListBucket", f"arn:aws:s3:::{name}", {"aws:SecureTransport": tls}
            )
            expect_equal(denied, tls == "false", f"policy of {name} denies ListBucket, TLS {tls}")


def _http_status(method: Callable[..., Any], request: dict[str, str]) -> int:
    try:
        answer = method(**request)
    except ClientError as error:
        answer = error.response
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status


def check_bucket_lifecycles(applied: Applied) -> None:
    """Objects expire as the settings' retention says; versions and Object Lock only by plan."""
    s3 = applied.client("s3")
    for plan in bucket_plans(applied.settings):
        name = applied.settings.bucket_name(plan.purpose)
        rules = {
            rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        }
        planned = {rule.id: rule for rule in plan.lifecycle}
        expect_equal(
            set(rules), {*planned, "abort-incomplete-uploads"}, f"lifecycle rules of {name}"
        )
        for id_, rule in planned.items():
            subject = f"lifecycle rule {id_} of {name}"
            expect_equal(
                rules[id_]["Filter"].get("Prefix", ""), rule.prefix, f"prefix of {subject}"
            )
            days = rules[id_].get("Expiration", {}).get("Days")
            expect_equal(days, rule.expiration_days, f"expiration of {subject}")
            noncurrent = rules[id_].get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
            expect_equal(noncurrent, rule.noncurrent_days, f"noncurrent expiration of {subject}")
        versioned = s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled"
        expect_equal(versioned, plan.versioned, f"versioning of {name}")
        if plan.object_lock_days is not None:
            lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
            retention = lock["Rule"]["DefaultRetention"]
            expect_equal(
                (retention["Mode"], retention["Days"]),
                ("GOVERNANCE", plan.object_lock_days),
                f"Object Lock of {name}",
            )


def check_states(applied: Applied) -> None:
    """The states lie in the state bucket, encrypted with its key."""
    s3 = applied.client("s3")
    settings = applied.settings
    for stack in ("network", "cluster", "storage"):
        head = s3.head_object(
            Bucket=settings.state_bucket_name, Key=f"{settings.environment}/{stack}.tfstate"
        )
        expect_equal(
            head.get("ServerSideEncryption"), "aws:kms", f"encryption of the state of {stack}"
        )


def check_cluster(applied: Applied) -> None:
    """The control plane is private, encrypted, logged and of the wanted version."""
    settings = applied.settings
    cluster = applied.client("eks").describe_cluster(name=settings.prefix)["cluster"]
    expect_equal(cluster["version"], settings.cluster.kubernetes_version, "Kubernetes version")
    vpc = cluster["resourcesVpcConfig"]
    expect_equal(vpc["endpointPrivateAccess"], True, "private endpoint")
    public = settings.cluster.endpoint.public_cidrs
    expect_equal(vpc["endpointPublicAccess"], bool(public), "public endpoint")
    if public:
        expect_equal(
            sorted(vpc["publicAccessCidrs"]), sorted(public), "allow-list of the public endpoint"
        )
    intra = {subnet["SubnetId"] for subnet in subnets_by_tier(applied)["intra"]}
    expect_equal(set(vpc["subnetIds"]), intra, "subnets of the control plane")
    expect_equal(cluster["accessConfig"]["authenticationMode"], "API", "authentication mode")
    encryption = only(cluster["encryptionConfig"], "encryption configuration of the cluster")
    expect_equal(encryption["resources"], ["secrets"], "what the cluster's key encrypts")
    enabled = {
        kind
        for log in cluster["logging"]["clusterLogging"]
        if log["enabled"]
        for kind in log["types"]
    }
    expect_equal(len(enabled), 5, "control-plane log types that are on")
    expect_equal(
        cluster["upgradePolicy"]["supportType"], settings.cluster.support_type, "upgrade policy"
    )
    groups = applied.client("logs").describe_log_groups(
        logGroupNamePrefix=f"/aws/eks/{settings.prefix}/cluster"
    )["logGroups"]
    group = only(groups, "log group of the control plane")
    expect_equal(
        group["retentionInDays"],
        settings.cluster.log_retention_days,
        "retention of control-plane logs",
    )
    expect_equal("kmsKeyId" in group, True, "encryption of control-plane logs")


def check_access(applied: Applied) -> None:
    """Exactly the roles of the settings have access, each as far as the settings say."""
    settings, eks = applied.settings, applied.client("eks")
    expected: dict[str, set[tuple[str, str]]] = {
        arn: {("AmazonEKSClusterAdminPolicy", "")} for arn in settings.cluster.admin_role_arns
    }
    for name, namespace in settings.namespaces.items():
        for arn in namespace.editor_role_arns:
            expected.setdefault(arn, set()).add(("AmazonEKSEditPolicy", name))
    actual: dict[str, set[tuple[str, str]]] = {}
    for arn in eks.list_access_entries(clusterName=settings.prefix)["accessEntries"]:
        entry = eks.describe_access_entry(clusterName=settings.prefix, principalArn=arn)
        if entry["accessEntry"]["type"] != "STANDARD":
            continue  # EKS makes the entry of the nodes itself.
        policies = eks.list_associated_access_policies(
            clusterName=settings.prefix, principalArn=arn
        )["associatedAccessPolicies"]
        actual[arn] = {
            (policy["policyArn"].rsplit("/", 1)[1], namespace)
            for policy in policies
            for namespace in policy["accessScope"].get("namespaces") or [""]
        }
    expect_equal(actual, expected, "access entries")


def check_addons(applied: Applied) -> None:
    """The five add-ons run in the versions of versions.py."""
    settings, eks = applied.settings, applied.client("eks")
    pinned = KUBERNETES[settings.cluster.kubernetes_version].addons
    expected = {
        "vpc-cni": pinned.vpc_cni,
        "eks-pod-identity-agent": pinned.eks_pod_identity_agent,
        "coredns": pinned.coredns,
        "kube-proxy": pinned.kube_proxy,
        "aws-ebs-csi-driver": pinned.aws_ebs_csi_driver,
    }
    addons = {
        name: eks.describe_addon(clusterName=settings.prefix, addonName=name)["addon"]
        for name in eks.list_addons(clusterName=settings.prefix)["addons"]
    }
    expect_equal({n: a["addonVersion"] for n, a in addons.items()}, expected, "add-ons")
    for name, addon in addons.items():
        expect_equal(addon["status"], "ACTIVE", f"status of add-on {name}")
    configuration = json.loads(addons["vpc-cni"]["configurationValues"])
    expect_equal(configuration["enableNetworkPolicy"], "true", "network policies of the VPC CNI")
    associations = eks.list_pod_identity_associations(clusterName=settings.prefix)["associations"]
    only(associations, "Pod Identity association (of the EBS CSI driver)")


def check_nodes(applied: Applied) -> None:
    """Each namespace has its nodes, labelled and tainted, hardened and over the zones."""
    settings, eks, ec2 = applied.settings, applied.client("eks"), applied.client("ec2")
    label = "deployment.environment.name"
    private = {s["SubnetId"] for s in subnets_by_tier(applied)["private"]}
    subnets: dict[str, list[set[str]]] = {}
    for name in eks.list_nodegroups(clusterName=settings.prefix)["nodegroups"]:
        group = eks.describe_nodegroup(clusterName=settings.prefix, nodegroupName=name)["nodegroup"]
        namespace = group["labels"][label]
        subnets.setdefault(namespace, []).append(set(group["subnets"]))
        taints = (
            []
            if namespace == OBSERVABILITY
            else [{"key": label, "value": namespace, "effect": "NO_SCHEDULE"}]
        )
        expect_equal(group.get("taints", []), taints, f"taints of {name}")
        node_group = settings.node_group(namespace)
        expect_equal(
            group["instanceTypes"], list(node_group.instance_types), f"instance types of {name}"
        )
        scaling = group["scalingConfig"]
        expect_equal(
            (scaling["minSize"], scaling["maxSize"]),
            (node_group.min_size, node_group.max_size),
            f"size of {name}",
        )
        template = ec2.describe_launch_template_versions(
            LaunchTemplateId=group["launchTemplate"]["id"],
            Versions=[group["launchTemplate"]["version"]],
        )["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        metadata = template["MetadataOptions"]
        expect_equal(metadata["HttpTokens"], "required", f"IMDSv2 on nodes of {name}")
        expect_equal(metadata["HttpPutResponseHopLimit"], 1, f"hop limit on nodes of {name}")
        ebs = only(template["BlockDeviceMappings"], f"volume of {name}")["Ebs"]
        expect_equal((ebs["Encrypted"], ebs["VolumeType"]), (True, "gp3"), f"root volume of {name}")
    expect_equal(set(subnets), set(settings.namespaces), "namespaces that have nodes")
    for namespace, groups in subnets.items():
        expect_equal(set().union(*groups), private, f"subnets of the nodes of {namespace}")
        zonal = settings.node_group(namespace).zone_spread == "per_zone"
        expect_equal(len(groups), 3 if zonal else 1, f"node groups of {namespace}")


def check_role_trust(applied: Applied) -> None:
    """Each workload's role trusts exactly its own service accounts, by subject and audience."""
    settings, iam = applied.settings, applied.client("iam")
    cluster = applied.client("eks").describe_cluster(name=settings.prefix)["cluster"]
    issuer = cluster["identity"]["oidc"]["issuer"].removeprefix("https://")
    provider_arn = f"arn:aws:iam::{settings.account_id}:oidc-provider/{issuer}"
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider_arn)
    expect_equal(provider["ClientIDList"], ["sts.amazonaws.com"], "audience of the OIDC provider")
    for workload in (
        *workload_roles(),
        *(secrets_reader(settings, namespace) for namespace in settings.namespaces),
    ):
        role = iam.get_role(RoleName=f"{settings.prefix}-{workload.name}")["Role"]
        statement = only(
            role["AssumeRolePolicyDocument"]["Statement"], f"trust statement of {workload.name}"
        )
        expect_equal(
            statement["Principal"], {"Federated": provider_arn}, f"who {workload.name} trusts"
        )
        subjects = [
            f"system:serviceaccount:{namespace}:{account}"
            for namespace in workload.namespaces(settings)
            for account in workload.service_accounts
        ]
        expect_equal(
            statement["Condition"],
            {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subjects}},
            f"condition under which {workload.name} is trusted",
        )


def check_tags(applied: Applied) -> None:
    """What costs money carries the tags by which the bill is divided."""
    settings = applied.settings
    expected = {
        "Environment": settings.environment,
        "Owner": settings.tags.owner,
        "CostCenter": settings.tags.cost_center,
    }

    def compare(tags: dict[str, str], subject: str) -> None:
        expect_equal({key: tags.get(key) for key in expected}, expected, f"tags of {subject}")

    for gateway in applied.in_vpc("describe_nat_gateways", "NatGateways"):
        compare(tags_of(gateway), "a NAT gateway")
    compare(
        applied.client("eks").describe_cluster(name=settings.prefix)["cluster"]["tags"],
        "the cluster",
    )
    s3 = applied.client("s3")
    for plan in bucket_plans(settings):
        name = settings.bucket_name(plan.purpose)
        tag_set = s3.get_bucket_tagging(Bucket=name)["TagSet"]
        compare({tag["Key"]: tag["Value"] for tag in tag_set}, name)


def check_budget(applied: Applied) -> None:
    """The account has its monthly budget, and those who hear of alerts hear of it."""
    settings = applied.settings
    account = {"AccountId": settings.account_id, "BudgetName": settings.prefix}
    budgets = applied.client("budgets")
    budget = budgets.describe_budget(**account)["Budget"]
    expect_equal(
        (float(budget["BudgetLimit"]["Amount"]), budget["BudgetLimit"]["Unit"]),
        (settings.cost.monthly_budget_usd, "USD"),
        "amount of the budget",
    )
    expect_equal(
        (budget["BudgetType"], budget["TimeUnit"]), ("COST", "MONTHLY"), "kind of the budget"
    )
    expect_equal(
        budget.get("CostFilters") or budget.get("FilterExpression"), None, "filter of the budget"
    )
    notifications = budgets.describe_notifications_for_budget(**account)["Notifications"]
    expect_equal(
        {(n["NotificationType"], n["Threshold"], n["ThresholdType"]) for n in notifications},
        {
            (alarm.kind, alarm.percent, "PERCENTAGE")
            for alarm in BUDGET_ALARMS
            if settings.alerting.emails
        },
        "alarms of the budget",
    )
    for notification in notifications:
        subscribers = budgets.describe_subscribers_for_notification(
            **account, Notification=notification
        )["Subscribers"]
        expect_equal(
            {(s["SubscriptionType"], s["Address"]) for s in subscribers},
            {("EMAIL", email) for email in settings.alerting.emails},
            f"who hears of {notification['NotificationType']} {notification['Threshold']} %",
        )


def check_cost_anomalies(applied: Applied) -> None:
    """Unusual spend of any AWS service is mailed to those who hear of alerts."""
    settings = applied.settings
    explorer = applied.client("ce")
    subscriptions = [
        subscription
        for subscription in explorer.get_anomaly_subscriptions()["AnomalySubscriptions"]
        if subscription["SubscriptionName"] == settings.prefix
    ]
    if not settings.alerting.emails:
        expect_equal(subscriptions, [], "subscriptions to cost anomalies without an address")
        return
    subscription = only(subscriptions, "subscription to cost anomalies")
    expect_equal(
        {(s["Type"], s["Address"]) for s in subscription["Subscribers"]},
        {("EMAIL", email) for email in settings.alerting.emails},
        "who hears of cost anomalies",
    )
    expect_equal(
        subscription["ThresholdExpression"]["Dimensions"],
        {
            "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
            "Values": [str(settings.cost.anomaly_threshold_usd)],
            "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
        },
        "threshold of cost anomalies",
    )
    monitors = explorer.get_anomaly_monitors(MonitorArnList=subscription["MonitorArnList"])
    monitor = only(monitors["AnomalyMonitors"], "cost anomaly monitor of the subscription")
    expect_equal(monitor["MonitorDimension"], "SERVICE", "what the cost anomaly monitor divides by")


def check_allocation_tags(applied: Applied) -> None:
    """The tags that divide the bill are active."""
    active = applied.client("ce").list_cost_allocation_tags(Status="Active")["CostAllocationTags"]
    expect_equal(
        {tag["TagKey"] for tag in active}, set(ALLOCATION_TAGS), "active cost-allocation tags"
    )


CHECKS: tuple[Callable[[Applied], None], ...] = (
    check_subnets,
    check_routes,
    check_default_security_group,
    check_flow_logs,
    check_buckets_private_and_encrypted,
    check_buckets_refuse_plain_http,
    check_bucket_lifecycles,
    check_states,
    check_cluster,
    check_access,
    check_addons,
    check_nodes,
    check_role_trust,
    check_tags,
    check_budget,
    check_cost_anomalies,
)


def check_nothing_left(applied: Applied) -> None:
    """Nothing that the stacks made exists any more, and keys are waiting for deletion."""
    settings = applied.settings
    ec2, iam, kms = applied.client("ec2"), applied.client("iam"), applied.client("kms")
    expect_equal(applied.named("vpcs", "describe_vpcs"), [], "VPCs")
    for call, key in (
        ("describe_addresses", "Addresses"),
        ("describe_launch_templates", "LaunchTemplates"),
        ("describe_flow_logs", "FlowLogs"),
    ):
        expect_equal(getattr(ec2, call)()[key], [], key)
    nat = [g for g in ec2.describe_nat_gateways()["NatGateways"] if g["State"] != "deleted"]
    expect_equal(nat, [], "NAT gateways")
    expect_equal(applied.client("eks").list_clusters()["clusters"], [], "clusters")
    expect_equal([b["Name"] for b in applied.client("s3").list_buckets()["Buckets"]], [], "buckets")
    expect_equal(applied.client("logs").describe_log_groups()["logGroups"], [], "log groups")
    budgets = applied.client("budgets").describe_budgets(AccountId=settings.account_id)["Budgets"]
    expect_equal(budgets, [], "budgets")
    explorer = applied.client("ce")
    expect_equal(explorer.get_anomaly_subscriptions()["AnomalySubscriptions"], [], "subscriptions")
    expect_equal(explorer.get_anomaly_monitors()["AnomalyMonitors"], [], "cost anomaly monitors")
    active = explorer.list_cost_allocation_tags(Status="Active")["CostAllocationTags"]
    expect_equal(active, [], "active cost-allocation tags")
    settings_arns = {arn for _, arn in settings.role_arns()}
    roles = [role["Arn"] for role in iam.list_roles()["Roles"] if role["Arn"] not in settings_arns]
    expect_equal(roles, [], "roles")
    providers = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    expect_equal(providers, [], "OIDC providers")
    for key in kms.list_keys()["Keys"]:
        metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if metadata["KeyManager"] == "CUSTOMER":
            expect_equal(metadata["KeyState"], "PendingDeletion", f"state of key {key['KeyId']}")
