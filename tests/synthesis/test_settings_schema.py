"""The JSON Schema for editors is current, and agrees with the models on what it can express."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from settings_files import DELETE, Keys, valid, vary

from settings.load import DIRECTORY, environment_names
from synthesis import schema as settings_schema

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


def schema() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(settings_schema.SCHEMA_FILE.read_text(encoding="utf-8"))
    return document


def validator() -> Draft202012Validator:
    # Imported late: verification/charts/kubernetes_schemas.py says why.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())


def test_committed_file_is_current() -> None:
    assert settings_schema.main(["--check"]) == 0
    assert settings_schema.SCHEMA_FILE.read_text(encoding="utf-8").endswith("}\n")


def test_schema_is_one_of_its_dialect() -> None:
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    validator().check_schema(schema())


@pytest.mark.parametrize("content", [None, "{}\n"])
def test_check_tells_a_stale_file_in_one_line(
    content: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "settings.schema.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    monkeypatch.setattr(settings_schema, "SCHEMA_FILE", file)
    monkeypatch.setattr(settings_schema, "ROOT", tmp_path)

    assert settings_schema.main(["--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "settings.schema.json is not what settings/model.py says: run `make schema`"
    ]
    assert settings_schema.main([]) == 0
    assert settings_schema.main(["--check"]) == 0


@pytest.mark.parametrize("name", environment_names(DIRECTORY))
def test_shipped_settings_are_valid(name: str) -> None:
    file = DIRECTORY / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")

    assert text.startswith("# yaml-language-server: $schema=settings.schema.json\n")
    validator().validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        (("regoin",), "us-east-1", ()),
        (("network", "vpn"), True, ("network",)),
        (("region",), "us-east-9", ("region",)),
        (("size",), "huge", ("size",)),
        (("network", "nat"), "one", ("network", "nat")),
        (("network", "cidr"), "vpc", ("network", "cidr")),
        (("network", "cidr"), DELETE, ("network",)),
        (("network", "availability_zones"), ["us-east-1a"], ("network", "availability_zones")),
        (("cluster", "admin_role_arns", 0), "admin", ("cluster", "admin_role_arns", 0)),
        (("cluster", "kubernetes_version"), 1.36, ("cluster", "kubernetes_version")),
        (("cluster", "log_retention_days"), 31, ("cluster", "log_retention_days")),
        (("retention_days", "backups"), 6, ("retention_days", "backups")),
        (("namespaces", "kube-x"), valid()["namespaces"]["dev"], ("namespaces",)),
        (("namespaces", "index"), valid()["namespaces"]["dev"], ("namespaces",)),
        (("tags", "extra"), {"aws:x": "y"}, ("tags", "extra")),
    ],
    ids=str,
)
def test_wrong_settings_are_not(path: Keys, value: object, at: Keys) -> None:
    errors = list(validator().iter_errors(vary(path, value)))

    assert [tuple(error.absolute_path) for error in errors] == [at]


def test_every_setting_is_described() -> None:
    models = schema()["$defs"]

    for model in (schema(), *models.values()):
        for key, value in model["properties"].items():
            # What is the same text as the model's own description stands only there.
            referred = models.get(value.get("$ref", "").removeprefix("#/$defs/"), {})
            assert value.get("description") or referred.get("description"), key
