"""Finds what the API server would reject, by the schemas of Kubernetes and of CRDs.

Unknown fields are refused as well, as the API server does with `fieldValidation: Strict`. What CRDs
say in CEL (`x-kubernetes-validations`) is not evaluated.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from referencing import Registry, Resource

if TYPE_CHECKING:
    # Importing it takes 1.5 s of a processor, for grammars of addresses: only who validates does.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

Object = dict[str, Any]

_SCHEMAS: Final = resources.files("kubernetes_validate") / "kubernetes-json-schema"
_QUANTITY: Final = "io.k8s.apimachinery.pkg.api.resource.Quantity"
# The schemas say of a quantity only that it is text, and would let "1GB" pass.
_QUANTITY_PATTERN: Final = r"^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$"
_OF_METADATA: Final[Object] = {"apiVersion": {}, "kind": {}, "metadata": {}}
_LONGEST: Final = 240


def shipped_versions() -> list[str]:
    """Minor versions of Kubernetes whose schemas are installed, oldest first."""
    versions = {
        match[1]
        for folder in _SCHEMAS.iterdir()
        if (match := re.fullmatch(r"v(\d+\.\d+)\.\d+-local-strict", folder.name))
    }
    return sorted(versions, key=lambda version: [int(part) for part in version.split(".")])


def version_to_use(version: str) -> str:
    """The wanted minor version, or the newest that is installed."""
    shipped = shipped_versions()
    return version if version in shipped else shipped[-1]


class KubernetesSchemas:
    """Validators of one minor version's objects."""

    def __init__(self, version: str) -> None:
        """Read the definitions that all schemas refer to."""
        self._folder = _SCHEMAS / f"v{version}.0-local-strict"
        definitions = json.loads((self._folder / "_definitions.json").read_text("utf-8"))
        definitions["$defs"][_QUANTITY] = {
            "type": ["string", "number"],
            "pattern": _QUANTITY_PATTERN,
        }
        self._registry: Registry[Any] = Resource.from_contents(definitions) @ Registry()
        self._validator = functools.cache(self._read)

    def knows(self, manifest: Object) -> bool:
        """Whether Kubernetes itself has this kind."""
        return self._validator(manifest["apiVersion"], manifest["kind"]) is not None

    def problems(self, manifest: Object) -> list[str]:
        """What is wrong with an object of a kind that Kubernetes itself has."""
        validator = self._validator(manifest["apiVersion"], manifest["kind"])
        assert validator is not None, f"ask first whether {manifest['kind']} is known"
        return _problems(validator, manifest)

    def _read(self, api_version: str, kind: str) -> Draft202012Validator | None:
        # The files leave out the domain of a group: rbac.authorization.k8s.io/v1 is rbac-v1.
        short = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
        file = self._folder / f"{kind.lower()}-{short}.json"
        if not file.is_file():
            return None
        schema = json.loads(file.read_text("utf-8"))
        # Two groups can share a first label (events.k8s.io and a custom events.example.com).
        if api_version not in schema["properties"].get("apiVersion", {}).get("enum", ()):
            return None
        registry = Resource.from_contents(schema) @ self._registry
        return _validator(schema, registry=registry)


class CustomSchemas:
    """Validators of the kinds that CustomResourceDefinitions define."""

    def __init__(self, definitions: Iterable[Object]) -> None:
        """Make the validator of each served version when it is first needed."""
        self._schemas: dict[tuple[str, str], Object] = {}
        self.cluster_scoped: set[tuple[str, str]] = set()
        for definition in definitions:
            spec = definition["spec"]
            for version in spec["versions"]:
                if not version["served"]:
                    continue
                kind = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                self._schemas[kind] = version["schema"]["openAPIV3Schema"]
                if spec["scope"] == "Cluster":
                    self.cluster_scoped.add(kind)
        self._validator = functools.cache(self._make)

    @property
    def api_versions(self) -> list[str]:
        """What `helm template --api-versions` must know to render what needs these kinds."""
        kinds = {f"{group}/{kind}" for group, kind in self._schemas}
        return sorted(kinds | {group for group, _ in self._schemas})

    def knows(self, manifest: Object) -> bool:
        """Whether a definition has this version and kind."""
        return (manifest["apiVersion"], manifest["kind"]) in self._schemas

    def problems(self, manifest: Object) -> list[str]:
        """What is wrong with an object of a defined kind."""
        return _problems(self._validator(manifest["apiVersion"], manifest["kind"]), manifest)

    def _make(self, api_version: str, kind: str) -> Draft202012Validator:
        schema = json_schema(self._schemas[api_version, kind])
        # The definition says nothing of metadata, which is Kubernetes' own.
        schema["properties"] = schema.get("properties", {}) | _OF_METADATA
        return _validator(schema)


def json_schema(structural: Object, *, closed: bool = True) -> Object:
    """A CRD's schema as JSON Schema that refuses the fields which the API server would drop.

    Args:
        structural: an `openAPIV3Schema`, or a part of one.
        closed: false inside of `allOf` and the like, which repeat only some of the fields.
    """
    schema: Object = {key: structural[key] for key in _PLAIN_KEYWORDS if key in structural}
    if "pattern" in structural and _compiles(structural["pattern"]):
        schema["pattern"] = structural["pattern"]
    if "properties" in structural:
        schema["properties"] = {
            name: json_schema(part, closed=closed)
            for name, part in structural["properties"].items()
        }
    for keyword in ("items", "additionalProperties", "not"):
        if isinstance(structural.get(keyword), dict):
            schema[keyword] = json_schema(structural[keyword], closed=closed and keyword != "not")
    if structural.get("x-kubernetes-int-or-string"):
        schema["type"] = ["integer", "string"]
        return schema
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in structural:
            schema[keyword] = [json_schema(part, closed=False) for part in structural[keyword]]
    if structural.get("x-kubernetes-embedded-resource"):
        schema["properties"] = schema.get("properties", {}) | _OF_METADATA
    if closed and _drops_unknown(structural):
        schema["additionalProperties"] = False
    return schema


_PLAIN_KEYWORDS: Final[tuple[str, ...]] = (
    "type", "required", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    "multipleOf", "uniqueItems",
)  # fmt: skip


def _drops_unknown(structural: Object) -> bool:
    return (
        structural.get("type") == "object"
        and "additionalProperties" not in structural
        and not structural.get("x-kubernetes-preserve-unknown-fields")
        # metadata at the root is an object without properties.
        and "properties" in structural
    )


def _compiles(pattern: str) -> bool:
    # CRDs are written for Go's expressions, which differ from Python's in rare cases.
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _validator(schema: Object, **arguments: Any) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema, **arguments)


def _problems(validator: Draft202012Validator, manifest: Object) -> list[str]:
    return [_text(error) for error in _errors(validator, _without_nulls(manifest))]


def _errors(validator: Draft202012Validator, manifest: Object) -> Iterator[ValidationError]:
    from jsonschema.exceptions import best_match

    for error in validator.iter_errors(manifest):
        # Of alternatives, the one that fits best tells what was meant.
        yield best_match([error]) or error


def _text(error: ValidationError) -> str:
    place = error.json_path.removeprefix("$").removeprefix(".") or "object"
    message = error.message
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + "..."
    return f"{place}: {message}"


def _without_nulls(value: Any) -> Any:
    """The API server takes a field that is null for one that is not there."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
