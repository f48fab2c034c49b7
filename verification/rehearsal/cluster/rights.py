"""Asks the API server what somebody may do: the rules that it applies, and single requests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from verification.rehearsal.cluster.kube_api import KubeApi, Object, Person

REVIEWS = "/apis/authorization.k8s.io/v1"
ANYBODY = Person("somebody", ("system:authenticated", "system:serviceaccounts"))
"""Has no rights of its own: what it may do, everybody or every service account may do."""

CLUSTER = "the whole cluster"
WITHOUT_BINDINGS = "default"
"""In this namespace no release and no stack binds a role: what is allowed is allowed everywhere."""


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource; `names` are the only objects that it is for, if there are any."""

    group: str
    resource: str
    verb: str
    names: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """The resource with its group, as kubectl writes it, or a path that is no resource."""
        text = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{text} ({', '.join(self.names)})" if self.names else text


def rights_in(api: KubeApi, person: Person, namespace: str) -> frozenset[Right]:
    """The rights of somebody in a namespace, those in the whole cluster included.

    The server's own answer (SelfSubjectRulesReview), asked in the name of that person.
    """
    review = api.acting_as(person).create(
        f"{REVIEWS}/selfsubjectrulesreviews", {"spec": {"namespace": namespace}}
    )
    status = review["status"]
    if status.get("incomplete") and not status.get("resourceRules"):
        raise ValueError(f"no rules of {person.user}: {status.get('evaluationError')}")
    rights = {
        Right(group, resource, verb, tuple(sorted(rule.get("resourceNames") or ())))
        for rule in status.get("resourceRules") or ()
        for group in rule.get("apiGroups") or ("",)
        for resource in rule.get("resources") or ()
        for verb in rule["verbs"]
    }
    paths = {
        Right("", path, verb)
        for rule in status.get("nonResourceRules") or ()
        for path in rule.get("nonResourceURLs") or ()
        for verb in rule["verbs"]
    }
    return frozenset(rights | paths)


def rights_by_place(
    api: KubeApi, person: Person, namespaces: Sequence[str]
) -> dict[str, frozenset[Right]]:
    """The rights of somebody in the whole cluster, and those that come to them in each namespace.

    What everybody may do is left out, and places without a right.
    """
    common = rights_in(api, ANYBODY, WITHOUT_BINDINGS)
    everywhere = rights_in(api, person, WITHOUT_BINDINGS)
    places = {CLUSTER: everywhere - common}
    for namespace in namespaces:
        places[namespace] = rights_in(api, person, namespace) - everywhere - common
    return {place: rights for place, rights in places.items() if rights}


def may(api: KubeApi, person: Person, request: Mapping[str, str], namespace: str = "") -> bool:
    """Whether the server would allow somebody a single request (SelfSubjectAccessReview).

    Args:
        api: the server.
        person: in whose name it is asked.
        request: `verb`, `resource`, and what else belongs to `resourceAttributes`.
        namespace: where; empty for all namespaces, or for what is in none.
    """
    attributes: Object = {**request, **({"namespace": namespace} if namespace else {})}
    answer = api.acting_as(person).create(
        f"{REVIEWS}/selfsubjectaccessreviews", {"spec": {"resourceAttributes": attributes}}
    )
    return bool(answer["status"]["allowed"])


def table(rights: Iterable[Right]) -> list[tuple[str, str]]:
    """Rights as rows: the verbs, and the resources that they are the verbs of."""
    verbs: dict[str, set[str]] = {}
    for right in rights:
        verbs.setdefault(right.what, set()).add(right.verb)
    resources: dict[tuple[str, ...], list[str]] = {}
    for what, allowed in sorted(verbs.items()):
        resources.setdefault(tuple(sorted(allowed)), []).append(what)
    return [(", ".join(verbs), "; ".join(whats)) for verbs, whats in sorted(resources.items())]
