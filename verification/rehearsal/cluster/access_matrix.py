"""What every identity of an environment may do in the cluster, asked of a real API server."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from blueprint.access import AccessEntry
from verification.rehearsal.cluster.applying import apply_all
from verification.rehearsal.cluster.dangerous_requests import DANGEROUS
from verification.rehearsal.cluster.eks_access import person, roles_and_bindings
from verification.rehearsal.cluster.kube_api import KubeApi, Object, Person
from verification.rehearsal.cluster.rights import Right, may, rights_by_place
from verification.rehearsal.verdicts import CheckFailedError, some

ALL = "all"


@dataclass(frozen=True)
class Subject:
    """Somebody, with the name under which tables list them, and where they are at home."""

    name: str
    person: Person
    home: tuple[str, ...] = ()


@dataclass(frozen=True)
class Access:
    """What somebody may do: rights by place, and dangerous requests with where they are allowed."""

    subject: Subject
    rights: Mapping[str, frozenset[Right]]
    dangers: Mapping[str, tuple[str, ...]]


def subjects(entries: Iterable[AccessEntry], service_accounts: Iterable[Object]) -> list[Subject]:
    """Access entries first, then service accounts by namespace and name."""
    people = [
        Subject(f"{entry.policy} in {', '.join(entry.namespaces) or 'the cluster'}",
                person(entry), entry.namespaces)
        for entry in entries
    ]  # fmt: skip
    accounts = sorted(
        {(item["metadata"]["namespace"], item["metadata"]["name"]) for item in service_accounts}
    )
    return people + [
        Subject(f"{namespace}/{name}", Person.service_account(namespace, name), (namespace,))
        for namespace, name in accounts
    ]


def grant(api: KubeApi, entries: Sequence[AccessEntry], rbac: Sequence[Object]) -> None:
    """Make the roles and bindings of access entries and of service accounts.

    Raises:
        CheckFailedError: the server refuses one.
    """
    account = apply_all(api, [*roles_and_bindings(entries), *rbac])
    if account.refused:
        raise CheckFailedError(f"refused: {some(account.refused)}")


def access_of(api: KubeApi, subject: Subject, namespaces: Sequence[str]) -> Access:
    """Ask the server about one subject in all of these namespaces."""
    rights = rights_by_place(api, subject.person, namespaces)
    # Rules only allow: in a namespace without any, nothing more can be allowed than everywhere.
    asked_in = [name for name in namespaces if name in rights]
    dangers = {
        request.words: places
        for request in DANGEROUS
        if rights
        and (places := _allowed(api, subject, request.attributes, request.in_namespaces, asked_in))
    }
    return Access(subject, rights, dangers)


def _allowed(
    api: KubeApi,
    subject: Subject,
    attributes: Mapping[str, str],
    in_namespaces: bool,
    namespaces: Sequence[str],
) -> tuple[str, ...]:
    if may(api, subject.person, attributes):
        return (ALL,)
    if not in_namespaces:
        return ()
    return tuple(name for name in namespaces if may(api, subject.person, attributes, name))
