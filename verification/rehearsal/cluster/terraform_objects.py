"""Turns the `kubernetes_*` resources of synthesized Terraform into objects of the Kubernetes API.

Terraform's provider names fields in snake_case, in the singular where they repeat, and writes one
block where the API may have a list of one. What a field really is, the API server's own schema
says (/openapi/v3), so that no table of fields can become outdated here. What the provider adds by
itself (such as `false` for a bool that is not set) is not imitated.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from helm_values.stack_outputs import sample_stack_outputs
from verification.rehearsal.cluster.kube_api import KubeApi, Object

PREFIX = "kubernetes_"

NOT_OF_THE_API = frozenset(
    {
        "//", "count", "depends_on", "for_each", "lifecycle", "provider", "timeouts",
        "wait_for_completion", "wait_for_default_service_account", "wait_for_load_balancer",
        "wait_for_rollout", "wait_until_bound",
    }
)  # fmt: skip
"""Arguments of Terraform and of the provider that say nothing about the object."""

OTHER_NAMES = {"storage_provisioner": "provisioner"}
"""Fields that the provider calls otherwise than the API: `provisioner` is a word of Terraform."""

ORDER = ("Namespace", "StorageClass", "ServiceAccount", "ResourceQuota", "LimitRange", "ConfigMap")
"""What others need comes first; all other kinds follow."""

_EXPRESSION = re.compile(r"(?<!\$)\$\{([^}]*)\}")
_NAME_OF = re.compile(r"(kubernetes_\w+)\.([\w-]+)\.metadata\[0\]\.name")
_OUTPUT = re.compile(r'data\.terraform_remote_state\.\w+\.outputs\.(\w+?)(s\["([\w-]+)"\])?')


class TranslationError(ValueError):
    """Terraform says something that the API has no place for; the message says where."""


@dataclass(frozen=True)
class Translated:
    """A resource's address in Terraform, and its object."""

    address: str
    manifest: Object


def kubernetes_objects(stack: Mapping[str, Any], api: KubeApi) -> list[Translated]:
    """Every `kubernetes_*` resource of a parsed cdk.tf.json, in an order for applying.

    Args:
        stack: the stack's configuration.
        api: the server whose schemas say what fields are.

    Raises:
        TranslationError: a resource cannot be translated.
    """
    schemas = Schemas(api)
    objects = [
        Translated(f"{kind}.{name}", _manifest(f"{kind}.{name}", kind, resource, stack, schemas))
        for kind, resources in stack["resource"].items()
        if kind.startswith(PREFIX)
        for name, resource in resources.items()
    ]
    return sorted(objects, key=lambda item: _place(item.manifest["kind"]))


def _place(kind: str) -> int:
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _manifest(
    address: str, type_: str, resource: Object, stack: Mapping[str, Any], schemas: "Schemas"
) -> Object:
    version, kind = schemas.kind(type_)
    plain = {key: value for key, value in resource.items() if key not in NOT_OF_THE_API}
    try:
        fields = _object(schemas, schemas.of(version, kind), resolved(plain, stack), kind)
    except TranslationError as error:
        raise TranslationError(f"{address}: {error}") from error
    return {"apiVersion": version, "kind": kind, **fields}


# --- Expressions ----------------------------------------------------------------------------------


def resolved(value: Any, stack: Mapping[str, Any]) -> Any:
    """A value with every expression of Terraform replaced by what it would give.

    Raises:
        TranslationError: an expression is of a form that is not known here.
    """
    if isinstance(value, dict):
        return {key: resolved(item, stack) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, stack) for item in value]
    if isinstance(value, str):
        text = _EXPRESSION.sub(lambda match: _evaluated(match[1], stack), value)
        return text.replace("$${", "${").replace("%%{", "%{")
    return value


def _evaluated(expression: str, stack: Mapping[str, Any]) -> str:
    if match := _NAME_OF.fullmatch(expression):
        name: str = stack["resource"][match[1]][match[2]]["metadata"]["name"]
        return name
    if match := _OUTPUT.fullmatch(expression):
        # Of a map of outputs, such as secrets_reader_role_arns["dev"], each value is of its own.
        output = f"{match[3]}_{match[1]}" if match[3] else match[1]
        return sample_stack_outputs()[output]
    raise TranslationError(f"unknown expression ${{{expression}}}")


# --- Fields ---------------------------------------------------------------------------------------


def _value(schemas: "Schemas", schema: Object, value: Any, place: str) -> Any:
    schema = schemas.resolve(schema)
    if "properties" in schema:
        return _object(schemas, schema, value, place)
    if schema.get("type") == "array":
        items = value if isinstance(value, list) else [value]
        return [_value(schemas, schema["items"], item, place) for item in items]
    if schema.get("type") == "object":
        values = schema.get("additionalProperties") or {}
        return {key: _value(schemas, values, item, f"{place}.{key}") for key, item in value.items()}
    return _scalar(schema, value, place)


def _object(schemas: "Schemas", schema: Object, value: Any, place: str) -> Object:
    if isinstance(value, list):
        if len(value) != 1:
            raise TranslationError(f"{place}: {len(value)} blocks where the API has one object")
        (value,) = value
    fields = _by_terraform_name(tuple(schema["properties"]))
    translated = {}
    for key, item in value.items():
        field = _field(fields, key)
        if field is None:
            raise TranslationError(f"{place}: the API has no field {key}")
        if item is not None:
            translated[field] = _value(
                schemas, schema["properties"][field], item, f"{place}.{field}"
            )
    return translated


@cache
def _by_terraform_name(names: tuple[str, ...]) -> dict[str, str]:
    return {name.lower(): name for name in names}


def _field(fields: Mapping[str, str], key: str) -> str | None:
    word = OTHER_NAMES.get(key, key).replace("_", "").lower()
    plurals = (word, f"{word}s", f"{word}es", re.sub("y$", "ies", word))
    return next((fields[plural] for plural in plurals if plural in fields), None)


def _scalar(schema: Object, value: Any, place: str) -> Any:
    kind = schema.get("type")
    try:
        if schema.get("format") == "int-or-string":
            return int(value) if str(value).isdecimal() else value
        if kind == "integer":
            return int(value)
        if kind == "boolean":
            return {"true": True, "false": False}[str(value).lower()]
    except (KeyError, ValueError):
        raise TranslationError(f"{place}: {value!r} is no {kind}") from None
    return str(value) if kind == "string" else value


# --- Schemas --------------------------------------------------------------------------------------


class Schemas:
    """The schemas of one API server, read when they are first needed."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._paths: Object = api.get("/openapi/v3")["paths"]
        self._documents: dict[str, Object] = {}
        self._kinds: dict[tuple[str, str], str] = {}

    def kind(self, type_: str) -> tuple[str, str]:
        """API version and kind of a resource of Terraform, such as `kubernetes_deployment_v1`.

        Raises:
            TranslationError: the server has none of that name.
        """
        words = type_.removeprefix(PREFIX).split("_")
        version = words.pop() if re.fullmatch(r"v\d+\w*", words[-1]) else "v1"
        name = "".join(word.capitalize() for word in words)
        if not self._kinds:
            self._kinds = dict(self._discovered())
        api_version = self._kinds.get((name, version))
        if api_version is None:
            raise TranslationError(f"{type_}: the API server has no kind {name} in {version}")
        return api_version, name

    def _discovered(self) -> Iterator[tuple[tuple[str, str], str]]:
        groups = [f"apis/{group['name']}" for group in self._api.get("/apis")["groups"]]
        paths = [f"{group}/v1" for group in groups if f"{group}/v1" in self._paths]
        # Last, the core's: it has an Event as well as a group of its own.
        for path in [*paths, "api/v1"]:
            for item in self._api.get(f"/{path}")["resources"]:
                if "/" not in item["name"]:
                    version = path.removeprefix("apis/").removeprefix("api/")
                    yield (item["kind"], "v1"), version

    def of(self, api_version: str, kind: str) -> Object:
        """The schema of a kind."""
        group, _, version = api_version.rpartition("/")
        path = f"apis/{api_version}" if group else f"api/{api_version}"
        if path not in self._documents:
            self._documents[path] = self._api.get(self._paths[path]["serverRelativeURL"])
        self._document = self._documents[path]
        identity = {"group": group, "kind": kind, "version": version}
        for schema in self._document["components"]["schemas"].values():
            if identity in schema.get("x-kubernetes-group-version-kind", ()):
                matching: Object = schema
                return matching
        raise TranslationError(f"the API server has no schema of {api_version} {kind}")

    def resolve(self, schema: Object) -> Object:
        """The schema itself where it is a reference to another one."""
        while True:
            if len(schema.get("allOf", ())) == 1:
                schema = schema["allOf"][0]
            if "$ref" not in schema:
                return schema
            name = schema["$ref"].rpartition("/")[2]
            schema = self._document["components"]["schemas"][name]
