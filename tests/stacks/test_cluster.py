"""The control plane, who may use it, and the order in which add-ons and nodes come."""

from __future__ import annotations

import re
from typing import Any

import pytest
from stack_files import (
    Config,
    Stacks,
    SynthesizeVariation,
    as_list,
    instances,
    only,
    policy,
    references,
)

from settings.model import OBSERVABILITY, Settings
from versions import AL2023_ARM_64, AL2023_X86_64, KUBERNETES

LABEL = "deployment.environment.name"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
OBSERVABILITY_GROUPS = {f"aws_eks_node_group.nodes-observability_{zone}" for zone in ZONES}

both = pytest.mark.parametrize("environment", ["dev", "prd"])


def control_plane(stacks: Stacks) -> Config:
    return instances(stacks["cluster"], "aws_eks_cluster")["control-plane"]


def addon(stacks: Stacks, name: str) -> Config:
    return instances(stacks["cluster"], "aws_eks_addon")[name]


def groups_of(stacks: Stacks, namespace: str) -> dict[str, Config]:
    """Node groups by name whose nodes are a namespace's."""
    return {
        name: group
        for name, group in instances(stacks["cluster"], "aws_eks_node_group").items()
        if group["labels"] == {LABEL: namespace}
    }


def waits_for(config: Config, address: str) -> set[str]:
    """Everything that exists before a resource does, directly or through others."""
    dependencies: set[str] = set()
    waiting = [address]
    while waiting:
        resource_type, name = waiting.pop().split(".")
        body = instances(config, resource_type).get(name, {})
        # The add-ons' IRSA role names the issuer by a local.
        for local in re.findall(r"local\.([\w-]+)", str(body)):
            body = {**body, local: config["locals"][local]}
        for other in references(body) - dependencies:
            dependencies.add(other)
            waiting.append(other)
    return dependencies


def subnets_of(group: Config) -> list[int]:
    """Positions of a group's subnets among the private ones, which is that of their zones."""
    expression = re.compile(
        r"\$\{element\(data\.terraform_remote_state\.network\.outputs\.private_subnet_ids, (\d)\)\}"
    )
    matches = [expression.fullmatch(subnet) for subnet in group["subnet_ids"]]
    return [int(match[1]) for match in matches if match]


# --- Control plane ------------------------------------------------------------------------------


@both
def test_nobody_becomes_administrator_by_creating_the_cluster(
    configs: dict[str, Stacks], environment: str
) -> None:
    assert control_plane(configs[environment])["access_config"] == {
        "authentication_mode": "API",
        "bootstrap_cluster_creator_admin_permissions": False,
    }


@both
def test_the_api_is_private_by_default(configs: dict[str, Stacks], environment: str) -> None:
    network = control_plane(configs[environment])["vpc_config"]
    assert network["endpoint_private_access"] is True
    assert network["endpoint_public_access"] is False
    assert "public_access_cidrs" not in network


def test_the_api_is_public_only_for_the_allow_list(
    synthesize_variation: SynthesizeVariation,
) -> None:
    stacks = synthesize_variation({"cluster": {"endpoint": {"public_cidrs": ["203.0.113.0/24"]}}})
    network = control_plane(stacks)["vpc_config"]
    assert network["endpoint_public_access"] is True
    assert network["public_access_cidrs"] == ["203.0.113.0/24"]
    assert network["endpoint_private_access"] is True


def test_private_cidrs_reach_the_api_and_no_node(synthesize_variation: SynthesizeVariation) -> None:
    cidrs = ["10.30.0.0/16", "10.31.128.0/17"]
    stacks = synthesize_variation({"cluster": {"endpoint": {"private_cidrs": cidrs}}})
    rules = instances(stacks["cluster"], "aws_vpc_security_group_ingress_rule").values()
    ((group, settings),) = instances(stacks["cluster"], "aws_security_group").items()
    group_id = f"${{aws_security_group.{group}.id}}"
    assert settings["vpc_id"] == "${data.terraform_remote_state.network.outputs.vpc_id}"
    assert sorted(rule["cidr_ipv4"] for rule in rules) == cidrs
    for rule in rules:
        assert rule["security_group_id"] == group_id
        assert (rule["ip_protocol"], rule["from_port"], rule["to_port"]) == ("tcp", 443, 443)
    # Of the control plane's interfaces alone: the cluster's own group is the nodes' too.
    assert control_plane(stacks)["vpc_config"]["security_group_ids"] == [group_id]
    assert group not in str(instances(stacks["cluster"], "aws_launch_template"))


def test_without_private_cidrs_only_the_cluster_reaches_its_api(dev: Stacks) -> None:
    assert instances(dev["cluster"], "aws_vpc_security_group_ingress_rule") == {}
    assert "security_group_ids" not in control_plane(dev)["vpc_config"]


@both
def test_the_control_plane_is_in_the_subnets_without_a_way_out(
    configs: dict[str, Stacks], environment: str
) -> None:
    subnets = control_plane(configs[environment])["vpc_config"]["subnet_ids"]
    assert subnets == "${data.terraform_remote_state.network.outputs.intra_subnet_ids}"


@both
def test_kubernetes_secrets_are_encrypted_with_a_key_of_our_own(
    configs: dict[str, Stacks], environment: str
) -> None:
    assert control_plane(configs[environment])["encryption_config"] == {
        "provider": {"key_arn": "${aws_kms_key.control-plane_key.arn}"},
        "resources": ["secrets"],
    }
    key = only(instances(configs[environment]["cluster"], "aws_kms_key"))
    assert key["enable_key_rotation"] is True


@both
def test_every_control_plane_log_is_kept_encrypted_for_the_time_of_the_settings(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    stacks = configs[environment]
    cluster = control_plane(stacks)
    assert set(cluster["enabled_cluster_log_types"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    group = only(instances(stacks["cluster"], "aws_cloudwatch_log_group"))
    assert group["name"] == f"/aws/eks/{cluster['name']}/cluster"
    assert group["retention_in_days"] == settings[environment].cluster.log_retention_days
    assert group["kms_key_id"] == "${aws_kms_key.control-plane_key.arn}"
    # Otherwise EKS makes the group itself: unencrypted, and kept for ever.
    assert "aws_cloudwatch_log_group.control-plane_logs" in cluster["depends_on"]


def test_the_log_service_may_use_the_key_for_this_log_group_only(prd: Stacks) -> None:
    (statement,) = (
        statement
        for statement in policy(only(instances(prd["cluster"], "aws_kms_key"))["policy"])
        if "Service" in statement["Principal"]
    )
    assert statement["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnEquals": {
            "kms:EncryptionContext:aws:logs:arn": (
                "arn:aws:logs:us-east-1:444455556666:log-group:/aws/eks/obs-prd/cluster"
            )
        }
    }


def test_the_cluster_waits_for_the_rights_of_its_role(dev: Stacks) -> None:
    assert {
        "aws_iam_role_policy.control-plane_role_policy",
        "aws_iam_role_policy_attachment.control-plane_role_AmazonEKSClusterPolicy",
    } <= set(control_plane(dev)["depends_on"])


def test_a_version_that_leaves_standard_support_is_not_paid_for_unless_asked(
    dev: Stacks, synthesize_variation: SynthesizeVariation
) -> None:
    assert control_plane(dev)["upgrade_policy"] == {"support_type": "STANDARD"}
    extended = synthesize_variation({"cluster": {"support_type": "EXTENDED"}})
    assert control_plane(extended)["upgrade_policy"] == {"support_type": "EXTENDED"}


def test_a_zone_can_be_taken_out_of_the_traffic(dev: Stacks) -> None:
    assert control_plane(dev)["zonal_shift_config"] == {"enabled": True}


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("prd", True)])
def test_prd_refuses_to_destroy_the_cluster_and_dev_does_not(
    configs: dict[str, Stacks], environment: str, protected: bool
) -> None:
    cluster = control_plane(configs[environment])
    assert cluster["lifecycle"] == {"prevent_destroy": protected}


# --- Access -------------------------------------------------------------------------------------


@both
def test_exactly_the_named_roles_administer_the_cluster(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    assert access(configs[environment], "AmazonEKSClusterAdminPolicy") == {
        arn: {"type": "cluster"} for arn in settings[environment].cluster.admin_role_arns
    }


def test_an_editor_of_several_namespaces_edits_these_and_no_other(prd: Stacks) -> None:
    assert access(prd, "AmazonEKSEditPolicy") == {
        "arn:aws:iam::444455556666:role/developers": {
            "type": "namespace",
            "namespaces": ["dev", "hml"],
        }
    }


def test_editors_of_different_namespaces_have_entries_of_their_own(
    synthesize_variation: SynthesizeVariation,
) -> None:
    role = "arn:aws:iam::111122223333:role/team"
    stacks = synthesize_variation(
        {
            "namespaces": {
                "dev": {"editor_role_arns": [f"{role}-a"]},
                "hml": {"editor_role_arns": [f"{role}-b"]},
            }
        }
    )
    assert access(stacks, "AmazonEKSEditPolicy") == {
        f"{role}-a": {"type": "namespace", "namespaces": ["dev"]},
        f"{role}-b": {"type": "namespace", "namespaces": ["hml"]},
    }


def test_nobody_edits_the_namespace_of_a_gateway(
    configs: dict[str, Stacks],
    settings: dict[str, Settings],
    synthesize_variation: SynthesizeVariation,
) -> None:
    # Loki and Tempo trust what is in there: who may make pods in it may write as any tenant.
    role = "arn:aws:iam::111122223333:role/everywhere"
    editors = {name: {"editor_role_arns": [role]} for name in settings["dev"].namespaces}
    everywhere = synthesize_variation({"namespaces": editors})
    assert set(access(everywhere, "AmazonEKSEditPolicy")) == {role}

    for stacks in (*configs.values(), everywhere):
        for association in instances(
            stacks["cluster"], "aws_eks_access_policy_association"
        ).values():
            # The administrators aside, nobody is let in without a list of namespaces.
            if association["policy_arn"].endswith("/AmazonEKSClusterAdminPolicy"):
                continue
            scope = association["access_scope"]
            assert scope["type"] == "namespace"
            assert scope["namespaces"]
            assert not [name for name in scope["namespaces"] if "telemetry" in name or "*" in name]


@both
def test_each_role_has_one_entry_and_nodes_have_none(
    configs: dict[str, Stacks], environment: str
) -> None:
    entries = instances(configs[environment]["cluster"], "aws_eks_access_entry").values()
    principals = [entry["principal_arn"] for entry in entries]
    assert len(principals) == len(set(principals))
    # EKS makes the entries of managed node groups; another of ours would be a conflict (409).
    assert all(principal.startswith("arn:aws:iam::") for principal in principals)
    assert all(entry["type"] == "STANDARD" for entry in entries)


def access(stacks: Stacks, policy_name: str) -> dict[str, Config]:
    """Scope by the role that has an EKS access policy."""
    cluster = stacks["cluster"]
    scopes: dict[str, Config] = {}
    for association in instances(cluster, "aws_eks_access_policy_association").values():
        assert association["policy_arn"].startswith("arn:aws:eks::aws:cluster-access-policy/")
        if association["policy_arn"].endswith(f"/{policy_name}"):
            (entry,) = references(association["principal_arn"])
            role = instances(cluster, "aws_eks_access_entry")[entry.split(".")[1]]
            scopes[role["principal_arn"]] = association["access_scope"]
    return scopes


# --- Add-ons ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vpc-cni", "pod-identity-agent", "kube-proxy"])
def test_what_nodes_need_to_become_ready_does_not_wait_for_nodes(dev: Stacks, name: str) -> None:
    before = waits_for(dev["cluster"], f"aws_eks_addon.{name}")
    assert "aws_eks_cluster.control-plane" in before
    assert not any(address.startswith("aws_eks_node_group.") for address in before)


@both
def test_every_node_group_waits_for_the_addons_that_run_on_each_node(
    configs: dict[str, Stacks], environment: str
) -> None:
    # Without the network plugin a node never becomes ready (terraform-aws-eks#1972). Where
    # kube-proxy comes later, pods have no network (aws-network-policy-agent#570).
    before_nodes = {
        f"aws_eks_addon.{name}" for name in ("vpc-cni", "pod-identity-agent", "kube-proxy")
    }
    groups = instances(configs[environment]["cluster"], "aws_eks_node_group")
    assert len(groups) == 6
    for name, group in groups.items():
        assert before_nodes <= set(group["depends_on"]), name


def test_node_groups_wait_for_the_rights_of_their_role(dev: Stacks) -> None:
    for group in instances(dev["cluster"], "aws_eks_node_group").values():
        assert {
            "aws_iam_role_policy_attachment.node-role_AmazonEKSWorkerNodePolicy",
            "aws_iam_role_policy_attachment.node-role_AmazonEC2ContainerRegistryPullOnly",
        } <= set(group["depends_on"])


@pytest.mark.parametrize("name", ["coredns", "ebs-csi"])
def test_what_needs_nodes_waits_for_the_untainted_observability_nodes(
    dev: Stacks, name: str
) -> None:
    assert set(addon(dev, name)["depends_on"]) >= OBSERVABILITY_GROUPS


@pytest.mark.parametrize(
    ("name", "attachment"),
    [
        ("vpc-cni", "vpc-cni-role_AmazonEKS_CNI_Policy"),
        ("ebs-csi", "ebs-csi-role_AmazonEBSCSIDriverPolicyV2"),
    ],
)
def test_an_add_on_waits_for_the_rights_of_its_role(
    dev: Stacks, name: str, attachment: str
) -> None:
    assert f"aws_iam_role_policy_attachment.{attachment}" in addon(dev, name)["depends_on"]


@pytest.mark.parametrize("version", sorted(KUBERNETES))
def test_add_ons_and_nodes_have_the_versions_that_go_with_the_kubernetes_version(
    synthesize_variation: SynthesizeVariation, version: str
) -> None:
    stacks = synthesize_variation({"cluster": {"kubernetes_version": version}})
    versions = KUBERNETES[version].addons
    addons = instances(stacks["cluster"], "aws_eks_addon").values()
    assert {item["addon_name"]: item["addon_version"] for item in addons} == {
        "vpc-cni": versions.vpc_cni,
        "eks-pod-identity-agent": versions.eks_pod_identity_agent,
        "coredns": versions.coredns,
        "kube-proxy": versions.kube_proxy,
        "aws-ebs-csi-driver": versions.aws_ebs_csi_driver,
    }
    assert control_plane(stacks)["version"] == version
    for group in instances(stacks["cluster"], "aws_eks_node_group").values():
        assert group["version"] == version


def test_add_ons_are_ours_alone_and_win_over_changes_by_hand(dev: Stacks) -> None:
    # Otherwise EKS installs unmanaged, unpinned ones first.
    assert control_plane(dev)["bootstrap_self_managed_addons"] is False
    for item in instances(dev["cluster"], "aws_eks_addon").values():
        assert item["resolve_conflicts_on_create"] == "OVERWRITE"
        assert item["resolve_conflicts_on_update"] == "OVERWRITE"


def test_network_policies_are_enforced(dev: Stacks) -> None:
    # The deny-all policies of the namespaces mean nothing without it.
    assert '"enableNetworkPolicy": "true"' in addon(dev, "vpc-cni")["configuration_values"]


def test_the_network_plugin_has_its_own_role_by_irsa(dev: Stacks) -> None:
    # By Pod Identity it would wait for an agent that waits for the network.
    assert addon(dev, "vpc-cni")["service_account_role_arn"] == "${aws_iam_role.vpc-cni-role.arn}"
    assert "pod_identity_association" not in addon(dev, "vpc-cni")
    trust = only_trust(dev, "vpc-cni-role")
    assert trust["Principal"] == {
        "Federated": "${aws_iam_openid_connect_provider.control-plane_oidc-provider.arn}"
    }
    assert trust["Condition"] == {
        "StringEquals": {
            "${local.control-plane_oidc_issuer}:aud": "sts.amazonaws.com",
            "${local.control-plane_oidc_issuer}:sub": [
                "system:serviceaccount:kube-system:aws-node"
            ],
        }
    }


def test_the_volume_driver_has_its_role_by_pod_identity(dev: Stacks) -> None:
    assert addon(dev, "ebs-csi")["pod_identity_association"] == [
        {"role_arn": "${aws_iam_role.ebs-csi-role.arn}", "service_account": "ebs-csi-controller-sa"}
    ]
    trust = only_trust(dev, "ebs-csi-role")
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    # Pod Identity also sets session tags, and fails without the second.
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]


def only_trust(stacks: Stacks, role: str) -> Config:
    body = instances(stacks["cluster"], "aws_iam_role")[role]
    (statement,) = policy(body["assume_role_policy"])
    return statement


def test_the_issuer_in_trust_policies_is_the_clusters_without_its_scheme(dev: Stacks) -> None:
    issuer = "aws_eks_cluster.control-plane.identity[0].oidc[0].issuer"
    local = f'${{replace({issuer}, "https://", "")}}'
    assert dev["cluster"]["locals"] == {"control-plane_oidc_issuer": local}
    provider = only(instances(dev["cluster"], "aws_iam_openid_connect_provider"))
    assert provider["url"] == f"${{{issuer}}}"
    assert provider["client_id_list"] == ["sts.amazonaws.com"]


# --- Nodes --------------------------------------------------------------------------------------


@both
def test_nodes_keep_their_credentials_from_pods_and_their_disks_encrypted(
    configs: dict[str, Stacks], environment: str
) -> None:
    templates = instances(configs[environment]["cluster"], "aws_launch_template")
    assert len(templates) == 4
    for template in templates.values():
        assert template["metadata_options"] == {
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
        }
        (disk,) = template["block_device_mappings"]
        assert disk["device_name"] == "/dev/xvda"
        assert disk["ebs"]["volume_type"] == "gp3"
        assert disk["ebs"]["encrypted"] == "true"
        assert disk["ebs"]["delete_on_termination"] == "true"


@both
def test_every_node_group_uses_the_launch_template_of_its_namespace(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    for namespace in settings[environment].namespaces:
        template = f"aws_launch_template.nodes-{namespace}_launch-template"
        for group in groups_of(configs[environment], namespace).values():
            assert references(group["launch_template"]) == {template}
            # A change of the template then rolls the nodes.
            assert group["launch_template"]["version"] == f"${{{template}.latest_version}}"


@both
def test_every_namespace_has_labelled_nodes_of_its_own_tainted_against_others(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    for namespace in settings[environment].stages:
        groups = groups_of(configs[environment], namespace)
        assert groups, namespace
        for group in groups.values():
            assert group["taint"] == [{"key": LABEL, "value": namespace, "effect": "NO_SCHEDULE"}]


@both
def test_observability_nodes_are_untainted_so_that_system_add_ons_have_a_place(
    configs: dict[str, Stacks], environment: str
) -> None:
    groups = groups_of(configs[environment], OBSERVABILITY)
    assert groups
    for group in groups.values():
        assert "taint" not in group


@both
def test_per_zone_gives_one_group_per_zone_in_the_subnet_of_that_zone(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    groups = groups_of(configs[environment], OBSERVABILITY)
    assert {name: subnets_of(group) for name, group in groups.items()} == {
        f"nodes-observability_{zone}": [index]
        for index, zone in enumerate(settings[environment].network.availability_zones)
    }
    assert [group["node_group_name"] for group in groups.values()] == [
        f"observability-{zone}" for zone in ZONES
    ]


def test_zones_and_subnets_stay_together_when_the_zones_are_in_another_order(
    synthesize_variation: SynthesizeVariation,
) -> None:
    zones = ["us-east-1d", "us-east-1a", "us-east-1f"]
    stacks = synthesize_variation({"network": {"availability_zones": zones}})
    published = stacks["network"]["output"]["private_subnet_ids"]["value"]
    for index, zone in enumerate(zones):
        (subnet,) = references(published[index])
        body = instances(stacks["network"], "aws_subnet")[subnet.split(".")[1]]
        assert body["availability_zone"] == zone
        group = groups_of(stacks, OBSERVABILITY)[f"nodes-observability_{zone}"]
        assert subnets_of(group) == [index]


@both
def test_balanced_gives_one_group_over_all_zones(
    configs: dict[str, Stacks], environment: str
) -> None:
    for namespace in ("dev", "hml", "prd"):
        groups = groups_of(configs[environment], namespace)
        assert list(groups) == [f"nodes-{namespace}"]
        assert subnets_of(only(groups)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("instance_types", "ami_type"),
    [
        (["m7g.large", "c7gn.large"], AL2023_ARM_64),
        (["m7i.large", "g5.xlarge"], AL2023_X86_64),
    ],
)
def test_the_image_is_made_for_the_processor_of_the_instance_types(
    synthesize_variation: SynthesizeVariation, instance_types: list[str], ami_type: str
) -> None:
    stacks = synthesize_variation(
        {"namespaces": {"hml": {"node_group": {"instance_types": instance_types}}}}
    )
    group = only(groups_of(stacks, "hml"))
    assert group["instance_types"] == instance_types
    assert group["ami_type"] == ami_type


@both
def test_groups_have_the_size_and_price_of_the_settings(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    for namespace in settings[environment].namespaces:
        planned = settings[environment].node_group(namespace)
        for group in groups_of(configs[environment], namespace).values():
            assert group["capacity_type"] == planned.capacity_type
            assert group["scaling_config"] == {
                "min_size": planned.min_size,
                "desired_size": planned.min_size,
                "max_size": planned.max_size,
            }


def test_terraform_leaves_the_number_of_nodes_to_the_autoscaler(dev: Stacks) -> None:
    for group in instances(dev["cluster"], "aws_eks_node_group").values():
        assert group["lifecycle"] == {"ignore_changes": ["scaling_config[0].desired_size"]}


def test_nodes_are_replaced_a_third_at_a_time_and_repaired(dev: Stacks) -> None:
    for group in instances(dev["cluster"], "aws_eks_node_group").values():
        assert group["update_config"] == {"max_unavailable_percentage": 33}
        assert group["node_repair_config"] == {"enabled": True}


def test_the_tags_reach_instances_volumes_and_interfaces(dev: Stacks) -> None:
    tags: dict[str, Any] = dev["cluster"]["provider"]["aws"][0]["default_tags"][0]["tags"]
    for template in instances(dev["cluster"], "aws_launch_template").values():
        specifications = {
            item["resource_type"]: item["tags"] for item in template["tag_specifications"]
        }
        assert set(specifications) == {"instance", "volume", "network-interface"}
        for resource_tags in specifications.values():
            assert tags.items() <= resource_tags.items()


def test_nodes_may_join_and_pull_images_and_nothing_else(dev: Stacks) -> None:
    trust = only_trust(dev, "node-role")
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}
    attached = {
        attachment["policy_arn"].rsplit("/", 1)[1]
        for attachment in instances(dev["cluster"], "aws_iam_role_policy_attachment").values()
        if references(attachment["role"]) == {"aws_iam_role.node-role"}
    }
    # Not AmazonEKS_CNI_Policy, which would give every node the network plugin's rights.
    assert attached == {"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"}
    inline = {
        address
        for body in instances(dev["cluster"], "aws_iam_role_policy").values()
        for address in references(as_list(body["role"]))
    }
    assert "aws_iam_role.node-role" not in inline
