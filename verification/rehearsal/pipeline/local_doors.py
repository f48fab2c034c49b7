"""Run a door of the synthesized stack on one computer, with its own configuration.

    ConfigMap of the stack --adapt()--> the same on loopback, and a list of changes
                           --started()--> a real nginx

Only addresses and folders differ; what a door lets through and refuses does not.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blueprint.door_config import SCRATCH_DIRECTORY
from blueprint.doors import HEALTH_PORT
from verification.rehearsal.pipeline.collectors import Substitution
from verification.rehearsal.processes import LOOPBACK, RunningProcess, free_port, start

_RESOLVER = re.compile(r"^  resolver .*;\n", re.MULTILINE)
_SERVER = re.compile(r"server (\S+):(\d+) resolve;")
_LISTEN = re.compile(r"listen (\d+);")


class UnknownDoorError(LookupError):
    """The stack has no such door."""


@dataclass(frozen=True, kw_only=True)
class LocalDoor:
    """A configuration that runs here, and how it differs from the one in the cluster.

    `ports` gives the port on this computer by that of the cluster.
    """

    text: str
    ports: Mapping[int, int]
    substitutions: tuple[Substitution, ...]


@dataclass(frozen=True, kw_only=True)
class RunningDoor:
    """A door that runs."""

    ports: Mapping[int, int]
    process: RunningProcess
    refusals: Path
    """Its log, a line of JSON for each request that was refused."""

    def address(self, port: int) -> str:
        """Host and port on this computer, by the port in the cluster."""
        return f"{LOOPBACK}:{self.ports[port]}"


def synthesized_config(stack: Mapping[str, Any], name: str) -> str:
    """The nginx.conf of a door, from the parsed cdk.tf.json of the observability stack.

    Raises:
        UnknownDoorError: the stack has none of that name.
    """
    for config_map in stack["resource"].get("kubernetes_config_map_v1", {}).values():
        if config_map["metadata"]["name"] == name and "nginx.conf" in config_map["data"]:
            text: str = config_map["data"]["nginx.conf"]
            return text.replace("$${", "${").replace("%%{", "%{")
    raise UnknownDoorError(f"no ConfigMap {name} with an nginx.conf in the stack")


def adapt(config: str, folder: Path, back_end: Callable[[str], str]) -> LocalDoor:
    """Take the cluster out of a configuration.

    Args:
        config: the nginx.conf.
        folder: where its files go.
        back_end: host and port on loopback for those of the cluster.
    """
    changes: list[Substitution] = []
    ports: dict[int, int] = {}

    def local_server(match: re.Match[str]) -> str:
        was = f"{match[1]}:{match[2]}"
        now = back_end(was)
        changes.append(Substitution(where="upstream", was=was, now=now, why="a local program"))
        return f"server {now};"

    def local_listener(match: re.Match[str]) -> str:
        ports[int(match[1])] = free_port()
        return f"listen {LOOPBACK}:{ports[int(match[1])]};"

    text = _RESOLVER.sub("", config)
    changes.append(
        Substitution(where="resolver", was="kube-dns", now=None, why="every address is given")
    )
    text = _LISTEN.sub(local_listener, _SERVER.sub(local_server, text))
    text = text.replace(f"{SCRATCH_DIRECTORY}/", f"{folder}/")
    text = text.replace("/dev/stdout", str(folder / "refusals.log"))
    text = text.replace("/dev/stderr", str(folder / "error.log"))
    return LocalDoor(text=text, ports=ports, substitutions=tuple(changes))


@contextmanager
def started(nginx: Path, door: LocalDoor, folder: Path, *, name: str) -> Iterator[RunningDoor]:
    """Start a door, and stop it at the end.

    Raises:
        ProcessError: nginx refuses the configuration, or does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nginx.conf"
    # The image starts it in the foreground, and never as root.
    head = "daemon off;\n" + ("user root;\n" if os.geteuid() == 0 else "")
    file.write_text(head + door.text, encoding="utf-8")
    process = start(
        [str(nginx), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(file)],
        name=name,
        port=door.ports[HEALTH_PORT],
        log_path=folder / "nginx.log",
        ready_path="/",
    )
    with process:
        yield RunningDoor(ports=door.ports, process=process, refusals=folder / "refusals.log")
