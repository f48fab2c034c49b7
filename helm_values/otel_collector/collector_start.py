"""Script that starts the collector and moves damaged storage aside (ADR 0034).

The collector's image has no shell. An init container copies one static program, busybox, and the
script to a volume that both share.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from helm_values.otel_collector import collector
from versions import BUSYBOX_VERSION

_FOLDER = "/start"
VOLUME = {"name": "start", "emptyDir": {"sizeLimit": "8Mi"}}
"""For program and script. It is mounted in the files of values of agent and gateway."""

_SHELL = f"{_FOLDER}/busybox"
_SCRIPT = Path(__file__).with_suffix(".sh")


def script(*, directories: Sequence[str], keep: int, program: str, shell: str, box: str) -> str:
    """The script for these directories of file_storage.

    Args:
        directories: paths without spaces or quotes.
        keep: how many damaged files of each directory are kept, the newest.
        program: path of the collector's program.
        shell: what runs the script.
        box: what stands before each command, as the image has none of them.

    Raises:
        ValueError: a path has a character that the script would read as something else.
    """
    for path in (*directories, program, shell):
        if set(path) & set(" '\"$`\\{}*?[],:#"):
            raise ValueError(f"{path!r}: a path must not have spaces, quotes or YAML's characters")
    text = _SCRIPT.read_text(encoding="utf-8")
    for name, value in {
        "SHELL": shell,
        "COLLECTOR": program,
        "BOX": box,
        "KEEP": str(keep),
        "DIRECTORIES": " ".join(directories),
    }.items():
        text = text.replace(f"@{name}@", value)
    return text


def values(directories: Sequence[str], keep: int, security: dict[str, Any]) -> dict[str, Any]:
    """Values of the chart: the init container and the command.

    Args:
        directories: those of the collector's file_storage.
        keep: how many damaged files of each are kept.
        security: the security context of the collector's container, for the init container as well.
    """
    text = script(
        directories=directories,
        keep=keep,
        program=f"/{collector.PROGRAM}",
        shell=_SHELL,
        box=_SHELL,
    )
    return {
        "command": {"name": f"{_FOLDER.removeprefix('/')}/collector"},
        "initContainers": [
            {
                "name": "start-script",
                "image": f"docker.io/library/busybox:{BUSYBOX_VERSION}",
                "command": [
                    "sh",
                    "-ec",
                    f'cp /bin/busybox {_SHELL}; printf %s "$0" > {_FOLDER}/collector; '
                    f"chmod 755 {_FOLDER}/collector",
                    text,
                ],
                "securityContext": security,
                "resources": {
                    "requests": {"cpu": "10m", "memory": "16Mi"},
                    "limits": {"cpu": "100m", "memory": "16Mi"},
                },
                "volumeMounts": [{"name": VOLUME["name"], "mountPath": _FOLDER}],
            }
        ],
    }
