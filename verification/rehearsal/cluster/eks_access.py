"""Stands in for EKS' authorization: its access policies as roles of Kubernetes.

EKS authorizes access entries by an authorizer of its own, which no other cluster has. The rules of
its policies are in the EKS user guide, "Access policy permissions" (copy of the repository
awsdocs/amazon-eks-user-guide, read on 2026-11-26); each row there is a rule here.
"""

from collections.abc import Sequence

from blueprint.access import CLUSTER_ADMIN, EDIT, AccessEntry
from verification.rehearsal.cluster.kube_api import Object, Person

RBAC = "rbac.authorization.k8s.io"

_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]


def _rule(group: str, verbs: Sequence[str], *resources: str) -> Object:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


EVERYTHING: tuple[Object, ...] = (
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)

_WORKLOADS = ("daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale")
_OLD = ("ingresses", "networkpolicies", "replicationcontrollers/scale")
_INTO_PODS = ("pods/attach", "pods/exec", "pods/portforward", "pods/proxy")
_KEPT = ("configmaps", "persistentvolumeclaims", "replicationcontrollers",
         "replicationcontrollers/scale", "serviceaccounts", "services")  # fmt: skip

EDIT_RULES: tuple[Object, ...] = (
    _rule("apps", _WRITE, *_WORKLOADS, "deployments/rollback", "statefulsets",
          "statefulsets/scale"),
    _rule("apps", _READ, *_WORKLOADS, "controllerrevisions", "daemonsets/status",
          "deployments/status", "replicasets/status", "statefulsets", "statefulsets/scale",
          "statefulsets/status"),
    _rule("autoscaling", _READ, "horizontalpodautoscalers", "horizontalpodautoscalers/status"),
    _rule("autoscaling", _WRITE, "horizontalpodautoscalers"),
    _rule("batch", _WRITE, "cronjobs", "jobs"),
    _rule("batch", _READ, "cronjobs", "cronjobs/status", "jobs", "jobs/status"),
    _rule("discovery.k8s.io", _READ, "endpointslices"),
    _rule("extensions", _WRITE, *_WORKLOADS, *_OLD, "deployments/rollback"),
    _rule("extensions", _READ, *_WORKLOADS, *_OLD, "daemonsets/status", "deployments/status",
          "ingresses/status", "replicasets/status"),
    _rule("networking.k8s.io", _WRITE, "ingresses", "networkpolicies"),
    _rule("networking.k8s.io", _READ, "ingresses", "ingresses/status", "networkpolicies"),
    _rule("policy", _WRITE, "poddisruptionbudgets"),
    _rule("policy", _READ, "poddisruptionbudgets", "poddisruptionbudgets/status"),
    _rule("", _READ, "namespaces"),
    _rule("", _READ, *_INTO_PODS, "secrets", "services/proxy"),
    _rule("", ["impersonate"], "serviceaccounts"),
    _rule("", _WRITE, *_INTO_PODS, "pods"),
    _rule("", _WRITE, *_KEPT, "events", "secrets", "services/proxy"),
    _rule("", _READ, *_KEPT, "endpoints", "persistentvolumeclaims/status", "pods",
          "services/status"),
    _rule("", _READ, "bindings", "events", "limitranges", "namespaces/status", "pods/log",
          "pods/status", "replicationcontrollers/status", "resourcequotas",
          "resourcequotas/status"),
)  # fmt: skip

RULES = {CLUSTER_ADMIN: EVERYTHING, EDIT: EDIT_RULES}


class UnknownPolicyError(ValueError):
    """An access policy whose rules are not written down here."""


def person(entry: AccessEntry) -> Person:
    """Whom EKS takes somebody with the role for: the user of a session, in no group of its own."""
    account, role = entry.role_arn.split(":")[4], entry.role_arn.rpartition("/")[2]
    user = f"arn:aws:sts::{account}:assumed-role/{role}/{{{{SessionName}}}}"
    return Person(user, ("system:authenticated",))


def roles_and_bindings(entries: Sequence[AccessEntry]) -> list[Object]:
    """The objects that allow each entry what its policy allows.

    Raises:
        UnknownPolicyError: an entry has a policy that RULES lacks.
    """
    objects: list[Object] = []
    for policy in sorted({entry.policy for entry in entries}):
        if policy not in RULES:
            raise UnknownPolicyError(
                f"access policy {policy}: its rules are not known; known: {', '.join(RULES)}"
            )
        objects.append(
            {
                "apiVersion": f"{RBAC}/v1",
                "kind": "ClusterRole",
                "metadata": {"name": policy.lower()},
                "rules": list(RULES[policy]),
            }
        )
    for number, entry in enumerate(entries):
        objects += [_binding(entry, number, namespace) for namespace in entry.namespaces or ("",)]
    return objects


def _binding(entry: AccessEntry, number: int, namespace: str) -> Object:
    metadata = {"name": f"access-entry-{number}"}
    if namespace:
        metadata["namespace"] = namespace
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": entry.policy.lower()},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": person(entry).user}],
    }
