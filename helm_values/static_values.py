"""Constants of the releases: one YAML file or more in the folder of each."""

from pathlib import Path
from typing import Any

from blueprint.documents import read_document

DIRECTORY = Path(__file__).parent


def static_values(name: str) -> dict[str, Any]:
    """Constants of a release, from `helm_values/<release>/<name>.yaml`.

    Raises:
        FileNotFoundError: no release has a file of that name.
    """
    values: dict[str, Any] = read_document(static_file(name).read_text("utf-8"))
    return values


def folder_of(name: str) -> str:
    """Name of the folder of the release whose constants are in `<name>.yaml`.

    Raises:
        FileNotFoundError: no release has a file of that name.
    """
    return static_file(name).parent.name


def static_file(name: str) -> Path:
    """The YAML file itself.

    Raises:
        FileNotFoundError: no release has a file of that name.
    """
    paths = list(DIRECTORY.glob(f"*/{name}.yaml"))
    if not paths:
        raise FileNotFoundError(f"no {name}.yaml in a folder of {DIRECTORY.name}/")
    return paths[0]
