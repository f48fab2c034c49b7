"""Applies manifests as server-side apply does, and keeps account of what the server said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from verification.rehearsal.cluster.kube_api import ApiError, KubeApi, Object, wait_for

DEFINITION = "CustomResourceDefinition"
NOT_KEPT = ("APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
"""Kinds that name a Service which the API server would call: no container answers it here. The
server checks them and keeps nothing (dry run)."""

FIRST = ("Namespace", "ServiceAccount", "ConfigMap", "Secret")
LAST = ("Pod", "Job", *NOT_KEPT)
"""Kinds before and after all others; Helm has an order of the same kind (`InstallOrder`)."""

ESTABLISHED_SECONDS = 30


@dataclass
class Account:
    """What came of applying."""

    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def apply_all(api: KubeApi, manifests: Sequence[Object], namespace: str = "") -> Account:
    """Apply manifests in an order in which each finds what it needs; definitions of kinds first.

    Args:
        api: the server.
        manifests: of one release, or of a stack.
        namespace: where those go that name none.
    """
    definitions = [item for item in manifests if item["kind"] == DEFINITION]
    account = Account()
    for manifest in ordered(definitions):
        _apply(api, manifest, namespace, account)
    # Each takes some seconds until it is served, all together no longer.
    account.refused += [
        f"{label(item, namespace)}: not served after {ESTABLISHED_SECONDS} s"
        for item in definitions
        if label(item, namespace) in account.accepted and not _is_established(api, item)
    ]
    for manifest in ordered(item for item in manifests if item["kind"] != DEFINITION):
        _apply(api, manifest, namespace, account)
    return account


def _apply(api: KubeApi, manifest: Object, namespace: str, account: Account) -> None:
    name = label(manifest, namespace)
    try:
        _, warnings = api.apply(manifest, namespace=namespace, dry_run=manifest["kind"] in NOT_KEPT)
    except ApiError as error:
        account.refused.append(f"{name}: {error}")
        return
    account.accepted.append(name)
    account.warnings += [f"{name}: {warning}" for warning in warnings]


def ordered(manifests: Iterable[Object]) -> list[Object]:
    """The manifests in the order of their kinds."""

    def place(manifest: Object) -> int:
        kind = manifest["kind"]
        if kind in FIRST:
            return FIRST.index(kind)
        return len(FIRST) + (LAST.index(kind) + 1 if kind in LAST else 0)

    return sorted(manifests, key=place)


def label(manifest: Object, namespace: str = "") -> str:
    """Kind, namespace and name, for people."""
    metadata = manifest["metadata"]
    inside = metadata.get("namespace") or namespace
    return f"{manifest['kind']} {inside}{'/' if inside else ''}{metadata['name']}"


def _is_established(api: KubeApi, definition: Object) -> bool:
    spec = definition["spec"]
    version = next(item["name"] for item in spec["versions"] if item["served"])
    example = {"apiVersion": f"{spec['group']}/{version}", "kind": spec["names"]["kind"]}

    def is_served() -> bool:
        try:
            api.get(api.kind_of(example).path())
        except ApiError:
            return False
        return True

    return wait_for(is_served, ESTABLISHED_SECONDS)
