"""How to reach the cluster that a stack's Kubernetes provider is configured for.

Address and certificate come from the outputs that the plan has read, the token from the command
that the provider runs as well. No token is written into a file.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from operations.terraform_stack import Plan, Terraform, TerraformError

TOKEN_SECONDS: Final = 600
"""A token of `aws eks get-token` lives 15 minutes (EKS best practices, "Cluster access")."""

COMMAND_SECONDS: Final = 60
REQUEST_SECONDS: Final = 20

_OUTPUT: Final = re.compile(r"data\.terraform_remote_state\.(\w+)\.outputs\.(\w+)")


class _NoRedirect(HTTPRedirectHandler):
    """The token must go to no other host; a redirect becomes an `HTTPError`."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


class ClusterUnavailableError(Exception):
    """The cluster cannot be asked; the message says why."""


@dataclass
class ClusterAccess:
    """`certificate` is the PEM of the API server's CA; `command` prints an `ExecCredential`."""

    server: str
    certificate: str
    command: tuple[str, ...]
    _token: str = field(default="", repr=False)
    _fetched: float = 0.0

    def get(self, path: str) -> Any:
        """The parsed answer of the Kubernetes API to a GET of a path.

        Raises:
            ClusterUnavailableError: no token, no connection, or another status than 200.
        """
        request = Request(  # noqa: S310 - the address is the cluster's, from the state
            self.server + path, headers={"Authorization": f"Bearer {self._fresh_token()}"}
        )
        try:
            opener = build_opener(HTTPSHandler(context=_trusting(self.certificate)), _NoRedirect())
            with opener.open(request, timeout=REQUEST_SECONDS) as response:
                return json.load(response)
        except HTTPError as error:
            raise ClusterUnavailableError(
                f"{self.server} answers {path} with {error.code} {error.reason}"
            ) from None
        except (URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise ClusterUnavailableError(f"{self.server} does not answer: {reason}") from None

    def kubeconfig(self, namespace: str) -> str:
        """A kubeconfig (JSON is YAML) for kubectl and Helm. It holds no secret."""
        encoded = base64.b64encode(self.certificate.encode("ascii")).decode("ascii")
        login = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": self.command[0],
            "args": list(self.command[1:]),
            "interactiveMode": "Never",
        }
        name = "foundation"
        cluster = {"server": self.server, "certificate-authority-data": encoded}
        context = {"cluster": name, "user": name, "namespace": namespace}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": name, "cluster": cluster}],
                "users": [{"name": name, "user": {"exec": login}}],
                "contexts": [{"name": name, "context": context}],
                "current-context": name,
            }
        )

    def _fresh_token(self) -> str:
        if not self._token or time.monotonic() - self._fetched > TOKEN_SECONDS:
            self._token, self._fetched = _token(self.command), time.monotonic()
        return self._token


def _trusting(certificate: str) -> ssl.SSLContext:
    """Trust one CA alone, as the provider does.

    Raises:
        ValueError: it is not a PEM (`ssl.SSLError` is an `OSError`).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certificate)
    # Without VERIFY_X509_STRICT, which Python 3.13 sets in its default context: CAs of EKS lack the
    # authority key identifier that it requires (github.com/kubernetes-client/python/issues/2394).
    return context


def read_access(terraform: Terraform, folder: Path, plan: Plan) -> ClusterAccess:
    """The access of the Kubernetes provider in a stack's folder.

    Args:
        terraform: with which the plan was made.
        folder: of the stack, with its cdk.tf.json.
        plan: of the stack; it holds the outputs of other stacks that it has read.

    Raises:
        ClusterUnavailableError: the plan does not say where the cluster is.
    """
    config = read_stack(folder)
    try:
        (provider,) = config["provider"]["kubernetes"]
        (login,) = provider["exec"]
        host, certificate = provider["host"], provider["cluster_ca_certificate"]
        command = [login["command"], *login["args"]]
    except (KeyError, ValueError):
        raise ClusterUnavailableError(
            "the Kubernetes provider is not configured with host, cluster_ca_certificate and exec"
        ) from None
    outputs = _outputs(terraform, folder, plan)
    encoded = _filled(_reference(certificate), outputs)
    try:
        pem = base64.b64decode(encoded, validate=True).decode("ascii")
    except ValueError:
        raise ClusterUnavailableError("the cluster's certificate is no base64 of a PEM") from None
    return ClusterAccess(
        server=_filled(host, outputs).rstrip("/"),
        certificate=pem,
        command=tuple(_filled(argument, outputs) for argument in command),
    )


def read_stack(folder: Path) -> dict[str, Any]:
    """The synthesized stack in a folder."""
    config: dict[str, Any] = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
    return config


def uses_cluster(folder: Path) -> bool:
    """Whether the stack in the folder makes objects in a cluster."""
    return "kubernetes" in read_stack(folder).get("provider", {})


def namespaces_of(folder: Path) -> set[str]:
    """Namespaces in which the stack in the folder has releases or that it makes."""
    resources = read_stack(folder).get("resource", {})
    namespaces = resources.get("kubernetes_namespace_v1", {}).values()
    releases = resources.get("helm_release", {}).values()
    return {body["metadata"]["name"] for body in namespaces} | {
        body["namespace"] for body in releases
    }


def _outputs(terraform: Terraform, folder: Path, plan: Plan) -> dict[tuple[str, str], str]:
    """Outputs of other stacks, by stack and name."""
    try:
        _, text = terraform.quiet().run(folder, "show", "-json", str(plan.file))
        values = json.loads(text)["prior_state"]["values"]["root_module"]["resources"]
    except (TerraformError, ValueError, KeyError):
        raise ClusterUnavailableError("the plan has no outputs of the cluster's stack") from None
    return {
        (item["name"], name): str(value)
        for item in values
        if item["type"] == "terraform_remote_state"
        for name, value in (item["values"].get("outputs") or {}).items()
    }


def _reference(expression: str) -> str:
    """The output in an expression such as `${base64decode(...)}`, as an expression of its own."""
    match = _OUTPUT.search(expression)
    return f"${{{match[0]}}}" if match else expression


def _filled(expression: str, outputs: dict[tuple[str, str], str]) -> str:
    def value(match: re.Match[str]) -> str:
        try:
            return outputs[match[1], match[2]]
        except KeyError:
            raise ClusterUnavailableError(
                f"stack {match[1]} has no output {match[2]} yet"
            ) from None

    return re.sub(rf"\$\{{{_OUTPUT.pattern}\}}", value, expression)


def _token(command: tuple[str, ...]) -> str:
    shown = " ".join(command[:3])
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise ClusterUnavailableError(f"{command[0]} is not on the PATH") from None
    except subprocess.TimeoutExpired:
        raise ClusterUnavailableError(f"{shown} did not end in {COMMAND_SECONDS} s") from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ClusterUnavailableError(f"{shown} failed: {last}")
    try:
        token: str = json.loads(done.stdout)["status"]["token"]
    except (ValueError, KeyError, TypeError):
        raise ClusterUnavailableError(f"{shown} printed no token") from None
    return token
