"""Renders data as the text that Terraform passes to Helm and Kubernetes, and reads it again."""

from typing import Any

import yaml

Config = dict[str, Any]
"""A mapping as YAML and JSON have it: values of a chart, a configuration, a resource."""


class _WithoutAliases(yaml.SafeDumper):
    """Writes a value that occurs twice twice: `*id001` cannot be reviewed."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is the base class's
        return True


def escape_terraform(text: str) -> str:
    """Make literal text out of what Terraform would read as a template.

    Collector configurations and dashboards are full of `${...}`. Only for text without Terraform
    tokens, which must stay as they are.
    """
    return text.replace("${", "$${").replace("%{", "%%{")


def document(values: dict[str, Any]) -> str:
    """YAML of values, one line per scalar, in the given order."""
    return yaml.dump(
        values, Dumper=_WithoutAliases, sort_keys=False, width=10_000, allow_unicode=True
    )


# Of libyaml, which PyYAML's wheels have: it reads ten times as fast, and the same.
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_document(text: str) -> Any:
    """The data in YAML that the project has written itself.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Merge values as Helm does: maps key by key, everything else replaced."""
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged
