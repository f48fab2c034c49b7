"""The synthesized observability stack in a folder where Terraform can apply it to a local cluster.

The files are those of `make synth`, unchanged. An override file beside them says only what is
otherwise here: where states are, how to log in, and where charts are.
"""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helm_values.stack_outputs import sample_stack_outputs
from settings.model import OBSERVABILITY, Settings
from synthesis.synth import publish
from verification.rehearsal.cluster.certificates import Pair
from verification.rehearsal.cluster.control_plane import ControlPlane

OVERRIDE = "rehearsal_override.tf.json"
"""Terraform merges files of this kind into the blocks of the same name ("Override Files")."""

_OUTPUT = re.compile(r'terraform_remote_state\.storage\.outputs\.(\w+)(?:\[\\?"([\w-]+)\\?"\])?')


def publish_stack(
    settings: Settings, plane: ControlPlane, folder: Path, charts: Path | None
) -> Path:
    """Write the stack and what it needs; return the folder in which Terraform runs.

    Args:
        settings: of the environment.
        plane: where it is applied.
        folder: takes the stacks, states and credentials.
        charts: unpacked charts (CHARTS_DIR); None: Terraform downloads them.
    """
    output = folder / "cdktf.out" / settings.environment
    publish(settings, output)
    stack = output / "stacks" / OBSERVABILITY
    text = (stack / "cdk.tf.json").read_text("utf-8")
    changes = override(json.loads(text), folder, charts)
    (stack / OVERRIDE).write_text(json.dumps(changes, indent=2), encoding="utf-8")
    _write_state(folder / "storage.tfstate", storage_outputs(text))
    authority = base64.b64encode(plane.authority.certificate.read_bytes()).decode()
    cluster = {
        "cluster_name": settings.prefix,
        "cluster_endpoint": plane.url,
        "cluster_certificate_authority_data": authority,
    }
    _write_state(folder / "cluster.tfstate", cluster)
    _write_login(folder / "login.json", plane.administrator)
    return stack


def storage_outputs(text: str) -> dict[str, Any]:
    """Sample values of the outputs of the storage stack that a stack's text reads."""
    samples = sample_stack_outputs()
    outputs: dict[str, Any] = {}
    for name, key in _OUTPUT.findall(text):
        if key:
            outputs.setdefault(name, {})[key] = samples[f"{key}_{name.removesuffix('s')}"]
        else:
            outputs[name] = samples[name]
    return outputs


def override(stack: Mapping[str, Any], folder: Path, charts: Path | None) -> dict[str, Any]:
    """What is otherwise here than in an account: states, the login, and unpacked charts."""
    login = {
        "api_version": "client.authentication.k8s.io/v1",
        "command": "cat",
        "args": [str(folder / "login.json")],
    }
    (helm,) = stack["provider"]["helm"]
    changes: dict[str, Any] = {
        "terraform": {"backend": {"local": {"path": str(folder / "observability.tfstate")}}},
        "data": {
            "terraform_remote_state": {
                name: {"backend": "local", "config": {"path": str(folder / f"{name}.tfstate")}}
                for name in stack["data"]["terraform_remote_state"]
            }
        },
        "provider": {
            "kubernetes": [{"exec": [login]}],
            "helm": [{"kubernetes": {**helm["kubernetes"], "exec": login}}],
        },
    }
    if charts is not None:
        changes["resource"] = {
            "helm_release": {
                name: {"chart": str(charts / release["chart"]), "repository": None}
                for name, release in stack["resource"]["helm_release"].items()
            }
        }
    return changes


def _write_state(path: Path, outputs: Mapping[str, Any]) -> None:
    state = {
        "version": 4,
        "terraform_version": "1.10.0",
        "serial": 1,
        "lineage": "rehearsal",
        "outputs": {
            name: {"value": value, "type": "string" if isinstance(value, str) else _map_type(value)}
            for name, value in outputs.items()
        },
        "resources": [],
    }
    path.write_text(json.dumps(state), encoding="utf-8")


def _map_type(value: Mapping[str, str]) -> list[Any]:
    return ["object", dict.fromkeys(value, "string")]


def _write_login(path: Path, administrator: Pair) -> None:
    """What `aws eks get-token` would print, with a certificate in the place of a token."""
    status = {
        "clientCertificateData": administrator.certificate.read_text("utf-8"),
        "clientKeyData": administrator.key.read_text("utf-8"),
    }
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": status,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(credential), encoding="utf-8")
