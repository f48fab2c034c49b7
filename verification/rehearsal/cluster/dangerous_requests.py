"""Single requests that would let somebody take over more than is meant for them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class DangerousRequest:
    """A request, in words and as `resourceAttributes`; `in_namespaces` if it is in one of them."""

    words: str
    attributes: dict[str, str]
    in_namespaces: bool = True


def _request(
    words: str, verb: str, resource: str, *, group: str = "", part: str = "", inside: bool = True
) -> DangerousRequest:
    attributes = {"verb": verb, "resource": resource, "group": group, "subresource": part}
    return DangerousRequest(
        words, {key: value for key, value in attributes.items() if value}, inside
    )


RBAC: Final = "rbac.authorization.k8s.io"
ADMISSION: Final = "admissionregistration.k8s.io"

DANGEROUS: Final = (
    _request("read Secrets", "get", "secrets"),
    _request("run commands in pods", "create", "pods", part="exec"),
    _request("start pods", "create", "pods"),
    _request("get tokens of service accounts", "create", "serviceaccounts", part="token"),
    _request("act as service accounts", "impersonate", "serviceaccounts"),
    _request("bind roles", "create", "rolebindings", group=RBAC),
    _request("act as users", "impersonate", "users", inside=False),
    _request(
        "bind roles in the cluster", "create", "clusterrolebindings", group=RBAC, inside=False
    ),
    _request("reach kubelets", "get", "nodes", part="proxy", inside=False),
    _request("delete namespaces", "delete", "namespaces", inside=False),
    _request(
        "change admission", "update", "validatingwebhookconfigurations", group=ADMISSION,
        inside=False,
    ),
)  # fmt: skip
"""Kubernetes documentation, "Role Based Access Control Good Practices", privilege escalation."""
