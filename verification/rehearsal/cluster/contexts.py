"""An existing cluster, by a context of the user's kubeconfig."""

import base64
import json
import os
import ssl
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from verification.rehearsal.cluster.kube_api import ApiError, Credentials, KubeApi, Object

TOKEN_SECONDS = 60
OWN_NAMESPACES = frozenset(
    {"default", "kube-node-lease", "kube-public", "kube-system", "local-path-storage"}
)
"""What a new cluster has; the last is kind's and k3d's."""


class ContextError(ValueError):
    """The context cannot be used; the message says why and what is allowed."""


def kubeconfig_path() -> Path:
    """The kubeconfig of the user: the first of KUBECONFIG, or the usual one."""
    named = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(named) if named else Path.home() / ".kube" / "config"


def connect(context: str, path: Path) -> KubeApi:
    """The API server of a context, known to answer.

    Raises:
        ContextError: there is no such context, or its server does not answer.
    """
    config = _read(path)
    names = _by_name(config, "contexts", "context")
    if context not in names:
        allowed = ", ".join(sorted(names)) or "none"
        raise ContextError(f"CLUSTER={context}: {path} has no such context; it has: {allowed}")
    chosen = names[context]
    cluster = _by_name(config, "clusters", "cluster").get(chosen["cluster"])
    user = _by_name(config, "users", "user").get(chosen["user"])
    if cluster is None or user is None:
        raise ContextError(f"CLUSTER={context}: {path} lacks its cluster or its user")
    try:
        api = KubeApi(Credentials(cluster["server"], _tls(cluster, user), _token(user)))
        api.get("/version")
    except (ApiError, OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise ContextError(f"CLUSTER={context}: its API server does not answer: {error}") from error
    return api


def check_is_empty(api: KubeApi, context: str) -> None:
    """Refuse a cluster in which there is anything.

    Raises:
        ContextError: there are namespaces, or objects in `default`.
    """
    names = {item["metadata"]["name"] for item in api.items("/api/v1/namespaces")}
    foreign = sorted(names - OWN_NAMESPACES)
    if foreign:
        raise ContextError(
            f"CLUSTER={context} is not empty: it has namespaces {', '.join(foreign)}; "
            f"allowed are {', '.join(sorted(OWN_NAMESPACES))}"
        )
    pods = api.items("/api/v1/namespaces/default/pods")
    if pods:
        raise ContextError(f"CLUSTER={context} is not empty: {len(pods)} pods in default")


def check_version(api: KubeApi, minor: str, context: str) -> None:
    """Refuse a cluster of another minor version than that of the settings.

    Raises:
        ContextError: it has another one.
    """
    answer = api.get("/version")
    # EKS writes a + behind the minor version.
    running = f"{answer['major']}.{answer['minor'].rstrip('+')}"
    if running != minor:
        raise ContextError(
            f"CLUSTER={context} is Kubernetes {running}; cluster.kubernetes_version is {minor}"
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ContextError(f"no kubeconfig {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ContextError(f"{path} is no kubeconfig: {error}") from error
    if not isinstance(config, dict):
        raise ContextError(f"{path} is no kubeconfig")
    return config


def _by_name(config: dict[str, Any], key: str, inside: str) -> dict[str, Object]:
    return {item["name"]: item.get(inside) or {} for item in config.get(key) or ()}


def _tls(cluster: Object, user: Object) -> ssl.SSLContext:
    authority = _bytes(cluster, "certificate-authority")
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    certificate, key = _bytes(user, "client-certificate"), _bytes(user, "client-key")
    if certificate and key:
        # The standard library reads them from files only.
        with tempfile.TemporaryDirectory() as private:
            paths = Path(private) / "client.crt", Path(private) / "client.key"
            for path, content in zip(paths, (certificate, key), strict=True):
                path.touch(mode=0o600)
                path.write_bytes(content)
            context.load_cert_chain(*paths)
    return context


def _bytes(source: Object, key: str) -> bytes:
    """A certificate or key, which is in the kubeconfig itself or in a file that it names."""
    if data := source.get(f"{key}-data"):
        return base64.b64decode(data)
    return Path(source[key]).read_bytes() if source.get(key) else b""


def _token(user: Object) -> Callable[[], str]:
    if token := user.get("token"):
        return lambda: str(token)
    if command := user.get("exec"):
        # A token of AWS lives for 15 minutes: asked for once, a rehearsal takes less.
        answer = _asked(command)
        return lambda: answer
    return lambda: ""


def _asked(command: Object) -> str:
    arguments = [command["command"], *(command.get("args") or ())]
    variables = {item["name"]: item["value"] for item in command.get("env") or ()}
    done = subprocess.run(
        arguments,
        capture_output=True,
        text=True,
        timeout=TOKEN_SECONDS,
        env=os.environ | variables,
        check=False,
    )
    if done.returncode != 0:
        raise ValueError(f"{arguments[0]}: {done.stderr.strip()}")
    return str(json.loads(done.stdout)["status"]["token"])
