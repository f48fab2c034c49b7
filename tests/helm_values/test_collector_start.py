"""How agent and gateways are started: with a script that sets damaged storage aside."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from release_samples import EVERY_SETTINGS, STACK_OUTPUTS

from helm_values.otel_collector import collector, collector_start, otel_agent, otel_gateway
from helm_values.release import Release
from helm_values.static_values import static_values
from versions import BUSYBOX_VERSION

SETTINGS = EVERY_SETTINGS["prd-small"]
RELEASES: dict[str, Release] = {
    "otel_agent": otel_agent.release(SETTINGS, STACK_OUTPUTS),
    "otel_gateway": otel_gateway.releases(SETTINGS, STACK_OUTPUTS)[0],
}
every_release = pytest.mark.parametrize("static", RELEASES)


def init_container(static: str) -> dict[str, Any]:
    (container,) = RELEASES[static].values["initContainers"]
    return dict(container)


@every_release
def test_the_script_looks_at_every_storage(static: str) -> None:
    config = RELEASES[static].values["alternateConfig"]
    directories = {
        extension["directory"]
        for name, extension in config["extensions"].items()
        if name.startswith("file_storage")
    }
    text = init_container(static)["command"][-1]
    (line,) = (line for line in text.splitlines() if line.startswith("directories="))
    assert set(line.removeprefix("directories='").removesuffix("'").split()) == directories


@every_release
def test_the_script_is_what_the_container_starts(static: str) -> None:
    values = RELEASES[static].values
    # The chart puts a slash before it.
    assert values["command"] == {"name": "start/collector"}
    container = init_container(static)
    assert container["command"][:2] == ["sh", "-ec"]
    assert "cp /bin/busybox /start/busybox" in container["command"][2]
    text = container["command"][-1]
    assert text.startswith("#!/start/busybox sh\n")
    assert f"collector='/{collector.PROGRAM}'" in text
    assert "@" not in text.replace("$@", "")
    # Kubernetes would make one dollar of two, and Helm read two braces.
    assert not any(sign in text for sign in ("$$", "{{"))
    assert container["image"] == f"docker.io/library/busybox:{BUSYBOX_VERSION}"
    assert {"name": "start", "mountPath": "/start"} in container["volumeMounts"]


@every_release
def test_the_init_container_has_no_more_rights_than_the_collector(static: str) -> None:
    container, security = init_container(static), static_values(static)["securityContext"]
    assert container["securityContext"] == security
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["readOnlyRootFilesystem"] is True
    assert set(container["resources"]) == {"requests", "limits"}


@every_release
def test_a_shell_can_read_the_script(static: str) -> None:
    text = init_container(static)["command"][-1]
    done = subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", ["/a b", "/a'b", "/a$b", "/a{b", "/a#b"])
def test_a_path_that_a_shell_or_yaml_would_misread_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="must not have spaces, quotes or YAML's characters"):
        collector_start.script(directories=[path], keep=1, program="/x", shell="/y", box="")
