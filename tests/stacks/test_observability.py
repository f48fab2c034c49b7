"""What bounds a namespace, and where volumes come from."""

from __future__ import annotations

import pytest
from stack_files import Config, Stacks, instances, only, strings

from helm_values.telemetry_quota import telemetry_quota
from settings.model import OBSERVABILITY, Settings

NAMESPACES = ("observability", "dev", "hml", "prd")
GATEWAYS = {"dev-telemetry": "dev", "hml-telemetry": "hml", "prd-telemetry": "prd"}
"""Namespaces of the gateways, and their stages."""

both = pytest.mark.parametrize("environment", ["dev", "prd"])
every_namespace = pytest.mark.parametrize("namespace", [*NAMESPACES, *GATEWAYS])
with_secrets = pytest.mark.parametrize("namespace", NAMESPACES)


def part(stacks: Stacks, kind: str, namespace: str, name: str) -> Config:
    """An object of a namespace; it has to wait for the namespace."""
    body = instances(stacks["observability"], f"kubernetes_{kind}_v1")[f"{namespace}_{name}"]
    reference = f"${{kubernetes_namespace_v1.{namespace}.metadata[0].name}}"
    assert body["metadata"]["namespace"] == reference
    return body


@both
def test_there_is_a_namespace_for_each_of_the_settings_and_for_each_gateway(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str
) -> None:
    namespaces = instances(configs[environment]["observability"], "kubernetes_namespace_v1")
    labels = {
        body["metadata"]["name"]: body["metadata"]["labels"]["deployment.environment.name"]
        for body in namespaces.values()
    }
    # What a gateway's namespace belongs to is its stage.
    assert labels == {name: name for name in settings[environment].namespaces} | GATEWAYS


@every_namespace
@both
def test_a_namespace_is_bounded_by_its_quota(
    configs: dict[str, Stacks], settings: dict[str, Settings], environment: str, namespace: str
) -> None:
    quota = (
        telemetry_quota(settings[environment])
        if namespace in GATEWAYS
        else settings[environment].namespaces[namespace].quota
    )
    body = part(configs[environment], "resource_quota", namespace, "quota")
    assert body["spec"]["hard"] == {
        "requests.cpu": str(quota.requests_cpu),
        "requests.memory": f"{quota.requests_memory_gib}Gi",
        "limits.cpu": str(quota.limits_cpu),
        "limits.memory": f"{quota.limits_memory_gib}Gi",
        "pods": str(quota.pods),
        "persistentvolumeclaims": str(quota.persistent_volume_claims),
    }


@every_namespace
def test_a_container_that_says_nothing_still_fits_the_quota(prd: Stacks, namespace: str) -> None:
    # A quota refuses pods without requests and limits.
    body = part(prd, "limit_range", namespace, "limit-range")
    (limit,) = body["spec"]["limit"]
    assert limit["type"] == "Container"
    assert set(limit["default"]) == {"cpu", "memory"}
    assert set(limit["default_request"]) == {"cpu", "memory"}


@every_namespace
def test_a_namespace_has_no_traffic_but_dns_unless_allowed(prd: Stacks, namespace: str) -> None:
    deny = part(prd, "network_policy", namespace, "deny-all")["spec"]
    assert deny == {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]}
    allow = part(prd, "network_policy", namespace, "allow-dns")["spec"]
    assert allow["pod_selector"] == {}
    assert allow["policy_types"] == ["Egress"]
    assert "ingress" not in allow
    (egress,) = allow["egress"]
    (to,) = egress["to"]
    assert to == {
        "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
        "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
    }
    assert egress["ports"] == [
        {"port": "53", "protocol": "UDP"},
        {"port": "53", "protocol": "TCP"},
    ]


@every_namespace
def test_only_observability_may_run_privileged_pods(prd: Stacks, namespace: str) -> None:
    labels = instances(prd["observability"], "kubernetes_namespace_v1")[namespace]["metadata"][
        "labels"
    ]
    level = "privileged" if namespace == OBSERVABILITY else "baseline"
    assert labels["pod-security.kubernetes.io/enforce"] == level
    assert labels["pod-security.kubernetes.io/warn"] == "restricted"


@with_secrets
def test_secrets_of_a_namespace_are_read_by_an_account_with_its_own_role(
    prd: Stacks, namespace: str
) -> None:
    body = part(prd, "service_account", namespace, "secrets-reader")
    assert body["metadata"]["name"] == "secrets-reader"
    role = "data.terraform_remote_state.storage.outputs.secrets_reader_role_arns"
    assert body["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": f'${{{role}["{namespace}"]}}'
    }
    # External Secrets asks for a token of this account; no pod runs as it.
    assert body["automount_service_account_token"] is False


@both
def test_the_namespace_of_a_gateway_holds_no_way_to_secrets(
    configs: dict[str, Stacks], environment: str
) -> None:
    accounts = instances(configs[environment]["observability"], "kubernetes_service_account_v1")
    assert {f"{name}_secrets-reader" for name in NAMESPACES} <= set(accounts)
    assert not [name for name in accounts if "telemetry" in name]


@both
def test_applications_know_their_gateway_by_a_name_in_their_namespace(
    configs: dict[str, Stacks], environment: str
) -> None:
    services = instances(configs[environment]["observability"], "kubernetes_service_v1")
    aliases = {
        body["metadata"]["namespace"]: body["spec"]["external_name"]
        for body in services.values()
        if body["spec"].get("type") == "ExternalName"
    }
    assert aliases == {
        stage: f"otel-gateway.{namespace}.svc.cluster.local"
        for namespace, stage in GATEWAYS.items()
    }
    for stage in GATEWAYS.values():
        service = services[f"gateway-address-{stage}"]
        assert service["metadata"]["name"] == "otel-gateway"
        assert f"kubernetes_namespace_v1.{stage}" in service["depends_on"]


@both
def test_a_gateway_waits_for_the_bounds_of_its_namespace_and_of_its_stage(
    configs: dict[str, Stacks], environment: str
) -> None:
    releases = instances(configs[environment]["observability"], "helm_release").values()
    gateways = {body["namespace"]: body for body in releases if body["name"] == "otel-gateway"}
    assert set(gateways) == set(GATEWAYS)
    for namespace, stage in GATEWAYS.items():
        after = set(gateways[namespace]["depends_on"])
        for name in (namespace, stage):
            assert f"kubernetes_namespace_v1.{name}" in after
            assert f"kubernetes_network_policy_v1.{name}_deny-all" in after
        assert f"kubernetes_resource_quota_v1.{namespace}_quota" in after
        assert f"kubernetes_network_policy_v1.traffic-{namespace}_otel-gateway" in after


def test_the_default_storage_class_makes_encrypted_volumes_where_the_pod_is(prd: Stacks) -> None:
    body = only(instances(prd["observability"], "kubernetes_storage_class_v1"))
    assert body["metadata"]["annotations"] == {
        "storageclass.kubernetes.io/is-default-class": "true"
    }
    assert body["storage_provisioner"] == "ebs.csi.aws.com"
    assert body["parameters"] == {"type": "gp3", "encrypted": "true"}
    assert body["volume_binding_mode"] == "WaitForFirstConsumer"
    assert body["allow_volume_expansion"] is True


@both
def test_the_kubernetes_provider_is_configured_from_another_state_with_a_fresh_token(
    configs: dict[str, Stacks], environment: str
) -> None:
    config = configs[environment]["observability"]
    (provider,) = config["provider"]["kubernetes"]
    outputs = "data.terraform_remote_state.cluster.outputs"
    assert provider["host"] == f"${{{outputs}.cluster_endpoint}}"
    assert provider["cluster_ca_certificate"] == (
        f"${{base64decode({outputs}.cluster_certificate_authority_data)}}"
    )
    (command,) = provider["exec"]
    assert command["command"] == "aws"
    assert command["args"][:2] == ["eks", "get-token"]
    assert f"${{{outputs}.cluster_name}}" in command["args"]
    # Never from a resource of the same state, and no token that would end up in it.
    assert not any("aws_eks_cluster." in text for text in strings(config))
    assert "token" not in provider


@both
def test_kubernetes_resources_have_a_version_in_their_names(
    configs: dict[str, Stacks], environment: str
) -> None:
    # Version 3 of the provider deprecates the others.
    kinds = set(configs[environment]["observability"]["resource"])
    of_kubernetes = {kind for kind in kinds if kind.startswith("kubernetes_")}
    assert len(of_kubernetes) > 10
    assert {kind for kind in of_kubernetes if not kind.endswith("_v1")} == set()
