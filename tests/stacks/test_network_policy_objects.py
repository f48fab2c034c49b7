"""The network policies in Terraform say what the plan says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from stack_files import Config, as_list, instances

from blueprint.traffic import Anywhere, Networks, Pods, Policy, Rule
from constructs_lib.kubernetes.network_policies import NamespacePolicies, NamespacePoliciesProps
from helm_values.traffic_plan import plan_policies
from settings.model import Settings


def synthesize(namespace: str, policies: tuple[Policy, ...], folder: Path) -> dict[str, Config]:
    app = App(outdir=str(folder))
    stack = TerraformStack(app, "policies")
    KubernetesProvider(stack, "kubernetes")
    NamespacePolicies(
        stack, "policies", NamespacePoliciesProps(namespace=namespace, policies=policies)
    )
    app.synth()
    text = (folder / "stacks" / "policies" / "cdk.tf.json").read_text("utf-8")
    objects = instances(json.loads(text), "kubernetes_network_policy_v1")
    return {item["metadata"]["name"]: item for item in objects.values()}


def understood(rules: Any, direction: str) -> set[Rule]:
    """The rules of the plan, read back out of Terraform JSON."""
    return {
        Rule(
            peers=tuple(map(_peer, as_list(rule.get(direction, [])))) or (Anywhere(),),
            ports=tuple(_port(port["port"]) for port in as_list(rule.get("ports", []))),
            protocol=_protocol(as_list(rule.get("ports", []))),
        )
        for rule in as_list(rules)
    }


def _peer(peer: Config) -> Pods | Networks:
    if "ip_block" in peer:
        assert set(peer) == {"ip_block"}
        return Networks(cidrs=(peer["ip_block"]["cidr"],))
    # In one peer, so that both must be true.
    assert set(peer) == {"namespace_selector", "pod_selector"}
    labels = peer["namespace_selector"]["match_labels"]
    assert set(labels) == {"kubernetes.io/metadata.name"}
    return Pods(
        namespace=labels["kubernetes.io/metadata.name"],
        labels=_Labels(peer["pod_selector"].get("match_labels", {})),
    )


class _Labels(dict[str, str]):
    """Labels that can be in a set."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items())))


def _protocol(ports: list[Config]) -> Any:
    (protocol,) = {port["protocol"] for port in ports} or {"TCP"}
    return protocol


def _port(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def planned(rules: tuple[Rule, ...]) -> set[Rule]:
    return {
        Rule(
            peers=tuple(
                single
                for peer in rule.peers
                for single in (
                    [Networks(cidrs=(cidr,)) for cidr in peer.cidrs]
                    if isinstance(peer, Networks)
                    else [Pods(namespace=peer.namespace, labels=_Labels(peer.labels))]
                    if isinstance(peer, Pods)
                    else [peer]
                )
            ),
            ports=rule.ports,
            protocol=rule.protocol,
        )
        for rule in rules
    }


@pytest.mark.parametrize(
    "namespace", ["observability", "dev", "dev-telemetry", "prd", "prd-telemetry"]
)
def test_terraform_says_what_the_plan_says(
    namespace: str, settings: dict[str, Settings], tmp_path: Path
) -> None:
    policies = plan_policies(settings["prd"])[namespace]
    objects = synthesize(namespace, policies, tmp_path)

    assert set(objects) == {policy.name for policy in policies}
    for policy in policies:
        body = objects[policy.name]
        spec = body["spec"]
        assert body["metadata"]["namespace"] == namespace
        assert spec["pod_selector"].get("match_labels", {}) == policy.pods.labels
        # Only the direction that it speaks of: the other one is other policies' business.
        kinds = {"Ingress": policy.ingress, "Egress": policy.egress}
        assert set(spec["policy_types"]) == {kind for kind, rules in kinds.items() if rules}
        assert understood(spec.get("ingress", []), "from") == planned(policy.ingress)
        assert understood(spec.get("egress", []), "to") == planned(policy.egress)


def test_a_policy_of_another_namespace_is_refused(
    settings: dict[str, Settings], tmp_path: Path
) -> None:
    policies = plan_policies(settings["prd"])["dev"]

    with pytest.raises(ValueError, match="not of namespace 'prd'"):
        synthesize("prd", policies, tmp_path)
