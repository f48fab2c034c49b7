"""The network policies of one namespace, from `blueprint.traffic`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cdktf_cdktf_provider_kubernetes.network_policy_v1 import (
    NetworkPolicyV1,
    NetworkPolicyV1Metadata,
    NetworkPolicyV1Spec,
    NetworkPolicyV1SpecEgress,
    NetworkPolicyV1SpecEgressPorts,
    NetworkPolicyV1SpecEgressTo,
    NetworkPolicyV1SpecEgressToIpBlock,
    NetworkPolicyV1SpecEgressToNamespaceSelector,
    NetworkPolicyV1SpecEgressToPodSelector,
    NetworkPolicyV1SpecIngress,
    NetworkPolicyV1SpecIngressFrom,
    NetworkPolicyV1SpecIngressFromIpBlock,
    NetworkPolicyV1SpecIngressFromNamespaceSelector,
    NetworkPolicyV1SpecIngressFromPodSelector,
    NetworkPolicyV1SpecIngressPorts,
    NetworkPolicyV1SpecPodSelector,
)
from constructs import Construct, IConstruct

from blueprint.traffic import Anywhere, Networks, Peer, Pods, Policy, Rule
from constructs_lib.dependencies import resources_in

Block = TypeVar("Block")


@dataclass(frozen=True, kw_only=True)
class NamespacePoliciesProps:
    """`after` is what makes the namespace."""

    namespace: str
    policies: tuple[Policy, ...]
    after: Sequence[IConstruct] = ()


class NamespacePolicies(Construct):
    """One NetworkPolicy for each policy of the plan. What none of them allows stays denied."""

    def __init__(self, scope: Construct, id_: str, props: NamespacePoliciesProps) -> None:
        super().__init__(scope, id_)
        for policy in props.policies:
            if policy.pods.namespace != props.namespace:
                raise ValueError(f"policy {policy.name!r} is not of namespace {props.namespace!r}")
            NetworkPolicyV1(
                self,
                policy.name,
                metadata=NetworkPolicyV1Metadata(name=policy.name, namespace=props.namespace),
                spec=_spec(policy),
                depends_on=resources_in(*props.after),
            )


def _spec(policy: Policy) -> NetworkPolicyV1Spec:
    kinds = (("Ingress", policy.ingress), ("Egress", policy.egress))
    return NetworkPolicyV1Spec(
        pod_selector=NetworkPolicyV1SpecPodSelector(match_labels=dict(policy.pods.labels)),
        policy_types=[kind for kind, rules in kinds if rules],
        ingress=_blocks(
            NetworkPolicyV1SpecIngress(
                from_=_blocks(_source(peer) for peer in _single(rule.peers)),
                ports=_blocks(
                    NetworkPolicyV1SpecIngressPorts(port=port, protocol=rule.protocol)
                    for port in _ports(rule)
                ),
            )
            for rule in policy.ingress
        ),
        egress=_blocks(
            NetworkPolicyV1SpecEgress(
                to=_blocks(_destination(peer) for peer in _single(rule.peers)),
                ports=_blocks(
                    NetworkPolicyV1SpecEgressPorts(port=port, protocol=rule.protocol)
                    for port in _ports(rule)
                ),
            )
            for rule in policy.egress
        ),
    )


def _blocks(items: Iterable[Block]) -> list[Block] | None:
    """Blocks of one kind; None without any, as HCL has no block for an empty list."""
    return list(items) or None


def _single(peers: Iterable[Peer]) -> list[Pods | Networks]:
    """Peers with one network each, as Kubernetes takes one block in a peer; none means anywhere."""
    single: list[Pods | Networks] = []
    for peer in peers:
        if isinstance(peer, Anywhere):
            return []
        if isinstance(peer, Networks):
            single += [Networks(cidrs=(cidr,)) for cidr in peer.cidrs]
        else:
            single.append(peer)
    return single


def _ports(rule: Rule) -> list[str]:
    return [str(port) for port in rule.ports]


# Kubernetes itself sets this label on the namespace: no user can set it on another namespace.
_NAMESPACE_NAME = "kubernetes.io/metadata.name"


def _source(peer: Pods | Networks) -> NetworkPolicyV1SpecIngressFrom:
    if isinstance(peer, Networks):
        return NetworkPolicyV1SpecIngressFrom(
            ip_block=NetworkPolicyV1SpecIngressFromIpBlock(cidr=peer.cidrs[0])
        )
    return NetworkPolicyV1SpecIngressFrom(
        namespace_selector=NetworkPolicyV1SpecIngressFromNamespaceSelector(
            match_labels={_NAMESPACE_NAME: peer.namespace}
        ),
        pod_selector=NetworkPolicyV1SpecIngressFromPodSelector(match_labels=dict(peer.labels)),
    )


def _destination(peer: Pods | Networks) -> NetworkPolicyV1SpecEgressTo:
    if isinstance(peer, Networks):
        return NetworkPolicyV1SpecEgressTo(
            ip_block=NetworkPolicyV1SpecEgressToIpBlock(cidr=peer.cidrs[0])
        )
    return NetworkPolicyV1SpecEgressTo(
        namespace_selector=NetworkPolicyV1SpecEgressToNamespaceSelector(
            match_labels={_NAMESPACE_NAME: peer.namespace}
        ),
        pod_selector=NetworkPolicyV1SpecEgressToPodSelector(match_labels=dict(peer.labels)),
    )
