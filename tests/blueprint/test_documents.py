"""What the project writes for Helm is read again as it was, by whichever reader there is."""

from __future__ import annotations

import pytest
import yaml
from settings_files import REAL_ENVIRONMENTS
from stack_files import Config

from blueprint.documents import document, read_document
from helm_values.static_values import DIRECTORY
from synthesis.foundation import Foundation


def texts() -> dict[str, str]:
    """Every YAML file of a release, and every document in the reviewed stacks."""
    files = {str(path): path.read_text("utf-8") for path in DIRECTORY.glob("*/*.yaml")}
    stacks: dict[str, dict[str, Config]] = Foundation.load(environments=REAL_ENVIRONMENTS).configs
    values = {
        f"{environment} {name} {number}": text
        for environment, configs in stacks.items()
        for name, release in configs["observability"]["resource"]["helm_release"].items()
        for number, text in enumerate(release["values"])
        if not text.startswith("${")
    }
    assert files
    assert values
    return files | values


def test_both_readers_of_pyyaml_read_the_same() -> None:
    differing = [
        name for name, text in texts().items() if read_document(text) != yaml.safe_load(text)
    ]
    assert differing == []


def test_what_is_written_is_read_again() -> None:
    data = {"text": "a: b", "number": "010", "yes": True, "none": None, "list": [1, {"x": "é #"}]}
    assert read_document(document(data)) == data


@pytest.mark.parametrize("text", ["a: [", "!!python/object:os.system {}"])
def test_what_is_no_plain_yaml_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        read_document(text)
