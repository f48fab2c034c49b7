"""Speaks with a Kubernetes API server: plain HTTPS and JSON, as kubectl does.

Only what the rehearsal needs: requests, server-side apply with strict validation, and requests in
the name of somebody else. The official client brings models of every kind, of its own version of
Kubernetes; here the server's own discovery says what there is.
"""

import http.client
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

Object = dict[str, Any]

FIELD_MANAGER = "rehearsal"
ANSWER_SECONDS = 60
"""The API server itself gives up after as long (`--request-timeout`)."""
POLL_SECONDS = 0.2

_JSON = "application/json"
_APPLY = "application/apply-patch+yaml"
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')


class ApiError(RuntimeError):
    """The API server refused a request, or was not reached; the message is its own."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        """Kubernetes' word for the kind of refusal, such as `Forbidden` or `NotFound`."""


class UnknownKindError(ApiError):
    """The API server has no such kind."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(404, "NotFound", f"the API server has no kind {api_version} {kind}")


@dataclass(frozen=True)
class Person:
    """Somebody in whose name a request is made (impersonation)."""

    user: str
    groups: tuple[str, ...] = ()

    @classmethod
    def service_account(cls, namespace: str, name: str) -> "Person":
        """The user and the groups that a service account's token stands for."""
        return cls(
            f"system:serviceaccount:{namespace}:{name}",
            (
                "system:serviceaccounts",
                f"system:serviceaccounts:{namespace}",
                "system:authenticated",
            ),
        )


@dataclass(frozen=True)
class Kind:
    """How the API names the objects of a kind."""

    api_version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "", part: str = "") -> str:
        """The path of one object, or of all without a name; `part` is `status`, `scale`, ..."""
        root = "/api/" if "/" not in self.api_version else "/apis/"
        inside = f"/namespaces/{quote(namespace)}" if self.namespaced and namespace else ""
        steps = "".join(f"/{quote(step, safe=':')}" for step in (name, part) if step)
        return f"{root}{self.api_version}{inside}/{self.plural}{steps}"


@dataclass(frozen=True)
class Credentials:
    """Where an API server is, and how it knows us."""

    url: str
    tls: ssl.SSLContext
    token: Callable[[], str] = field(default=lambda: "")


class KubeApi:
    """One API server. Several threads may use it: each has a connection of its own."""

    def __init__(self, credentials: Credentials, person: Person | None = None) -> None:
        self._credentials = credentials
        self._person = person
        self._connections = threading.local()
        self._kinds: dict[tuple[str, str], Kind] = {}

    def acting_as(self, person: Person) -> "KubeApi":
        """The same server, for requests in the name of somebody else."""
        api = KubeApi(self._credentials, person)
        api._kinds = self._kinds
        return api

    # --- Requests ---------------------------------------------------------------------------------

    def get(self, path: str, **query: str) -> Object:
        """Read an object or a list.

        Raises:
            ApiError: it is refused.
        """
        return self.request("GET", path, query=query)[0]

    def items(self, path: str, **query: str) -> list[Object]:
        """The objects of a list."""
        items: list[Object] = self.get(path, **query)["items"] or []
        return items

    def create(self, path: str, body: Object, **query: str) -> Object:
        """Make an object."""
        return self.request("POST", path, body, query=query)[0]

    def merge(self, path: str, change: Object) -> Object:
        """Change an object by a merge patch (RFC 7386)."""
        kind = "application/merge-patch+json"
        return self.request("PATCH", path, change, content_type=kind)[0]

    def delete(self, path: str, body: Object | None = None) -> None:
        """Delete an object; it may be gone already."""
        try:
            self.request("DELETE", path, body)
        except ApiError as error:
            if error.status != 404:
                raise

    def apply(
        self, manifest: Object, *, namespace: str = "", dry_run: bool = False
    ) -> tuple[Object, list[str]]:
        """Server-side apply, in which an unknown or doubled field is an error.

        Args:
            manifest: the object.
            namespace: where it goes if it names no namespace.
            dry_run: the server checks and admits it, and keeps nothing.

        Returns:
            The object as the server has it, and the server's warnings.

        Raises:
            ApiError: it is refused.
        """
        query = {"fieldManager": FIELD_MANAGER, "force": "true", "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        return self.request(
            "PATCH", self.path_of(manifest, namespace), manifest, query=query, content_type=_APPLY
        )

    def request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = _JSON,
    ) -> tuple[Object, list[str]]:
        """The answer's JSON, and the server's warnings.

        Raises:
            ApiError: it is refused, or the server is not reached (status 0).
        """
        target = path + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": _JSON, "Content-Type": content_type, **self._identity()}
        payload = None if body is None else json.dumps(body).encode()
        try:
            status, text, headers_text = self._exchange(method, target, payload, headers)
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, "Unreachable", f"{self._credentials.url}: {error}") from error
        if status >= 400:
            raise _refusal(status, text)
        warnings = [match[1].replace('\\"', '"') for match in _WARNING.finditer(headers_text)]
        return (json.loads(text) if text else {}), warnings

    def text(self, path: str) -> str:
        """An answer that is no JSON, such as that of /readyz."""
        try:
            status, text, _ = self._exchange("GET", path, None, self._identity())
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, "Unreachable", f"{self._credentials.url}: {error}") from error
        if status >= 400:
            raise _refusal(status, text)
        return text.decode(errors="replace")

    def _identity(self) -> dict[str, str]:
        token = self._credentials.token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if self._person:
            headers["Impersonate-User"] = self._person.user
            # A list of groups is a header with a line for each; see `_exchange`.
            headers["Impersonate-Group"] = "\n".join(self._person.groups)
        return headers

    def _exchange(
        self, method: str, target: str, payload: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes, str]:
        connection = self._connection()
        try:
            return _send(connection, method, target, payload, headers)
        except (ConnectionError, http.client.HTTPException):
            # The server closed a connection that was idle: nothing of the request was done.
            connection.close()
            return _send(connection, method, target, payload, headers)

    def _connection(self) -> http.client.HTTPSConnection:
        connection: http.client.HTTPSConnection | None = getattr(
            self._connections, "connection", None
        )
        if connection is None:
            address = urlsplit(self._credentials.url)
            connection = http.client.HTTPSConnection(
                address.hostname or "",
                address.port or 443,
                timeout=ANSWER_SECONDS,
                context=self._credentials.tls,
            )
            self._connections.connection = connection
        return connection

    # --- Kinds ------------------------------------------------------------------------------------

    def kind_of(self, manifest: Object) -> Kind:
        """How the API names the objects of a manifest's kind.

        Raises:
            UnknownKindError: the server has no such kind.
        """
        version, name = manifest["apiVersion"], manifest["kind"]
        if (version, name) not in self._kinds:
            root = "/api/" if "/" not in version else "/apis/"
            with suppress(ApiError):
                for item in self.get(f"{root}{version}")["resources"]:
                    if "/" not in item["name"]:
                        self._kinds[version, item["kind"]] = Kind(
                            version, item["name"], item["namespaced"]
                        )
        kind = self._kinds.get((version, name))
        if kind is None:
            raise UnknownKindError(version, name)
        return kind

    def path_of(self, manifest: Object, namespace: str = "") -> str:
        """The path of the object that a manifest describes."""
        metadata = manifest["metadata"]
        return self.kind_of(manifest).path(metadata.get("namespace") or namespace, metadata["name"])


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether something became true in time; asked again and again."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _send(
    connection: http.client.HTTPSConnection,
    method: str,
    target: str,
    payload: bytes | None,
    headers: Mapping[str, str],
) -> tuple[int, bytes, str]:
    try:
        connection.putrequest(method, target)
        for name, value in _lines(headers):
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(payload or b"")))
        connection.endheaders(payload)
        answer = connection.getresponse()
        text = answer.read()
    except BaseException:
        connection.close()
        raise
    return answer.status, text, " ".join(answer.headers.get_all("Warning") or ())


def _lines(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, values in headers.items():
        for value in values.splitlines():
            yield name, value


def _refusal(status: int, text: bytes) -> ApiError:
    try:
        answer = json.loads(text)
        return ApiError(status, answer.get("reason", ""), answer.get("message", ""))
    except (ValueError, AttributeError):
        return ApiError(status, "", text.decode(errors="replace").strip())
