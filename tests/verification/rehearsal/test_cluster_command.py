"""What `make rehearse-cluster` refuses, and the pure parts of the rehearsal of the cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sample_stacks import sample_foundation
from settings_files import TODAY

from blueprint.access import AccessEntry, access_entries
from docgen.access_page import with_editors
from settings.load import load_environment
from settings.model import OBSERVABILITY
from tools import programs
from tools.paths import ROOT
from tools.programs import ProgramUnavailableError
from verification.rehearsal.cluster import control_plane, rehearse_cluster
from verification.rehearsal.cluster.control_plane import emulation, running_control_plane
from verification.rehearsal.cluster.eks_access import UnknownPolicyError, roles_and_bindings
from verification.rehearsal.cluster.local_stack import override, storage_outputs
from verification.rehearsal.cluster.nodes import UnknownCapacityError, node_groups
from verification.rehearsal.cluster.placement import EVERY_NODE, group_of
from verification.rehearsal.cluster.prometheus_operator import is_operator, portable
from verification.rehearsal.cluster.rights import Right, table
from verification.rehearsal.processes import ProcessError
from versions import CONTROL_PLANE_VERSION, KUBERNETES

DEV = load_environment("dev", TODAY)
CLUSTER = sample_foundation().configs["dev"]["cluster"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "verification.rehearsal.cluster.rehearse_cluster"]
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def test_an_unknown_environment_is_one_line() -> None:
    done = run("--env", "nowhere")

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "nowhere" in done.stderr


def test_a_context_that_does_not_exist_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(rehearse_cluster, "synthesized", lambda *_: {"cluster": CLUSTER})

    assert rehearse_cluster.main(["--env", "dev", "--cluster", "kind"]) == 2

    assert capsys.readouterr().err == (
        f"no kubeconfig {tmp_path / 'config'}: No such file or directory\n"
    )


def test_a_missing_program_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unavailable(name: str) -> Path:
        raise ProgramUnavailableError(f"{name} cannot be compiled here: no Go")

    monkeypatch.setattr(control_plane, "program", unavailable)
    monkeypatch.setattr(rehearse_cluster, "synthesized", lambda *_: {"cluster": CLUSTER})

    assert rehearse_cluster.main(["--env", "dev"]) == 2

    assert capsys.readouterr().err == (
        "The rehearsal did not begin: kubernetes cannot be compiled here: no Go\n"
    )


def test_a_component_that_ends_is_named_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "kubernetes"
    script.write_text("#!/bin/sh\necho no space left on device\nexit 1\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(control_plane, "program", lambda _: script)

    with pytest.raises(ProcessError) as caught, running_control_plane(tmp_path, "1.36"):
        pass

    assert "etcd ended with status 1" in str(caught.value)
    assert "no space left on device" in str(caught.value)


# --- Versions -------------------------------------------------------------------------------------


def test_the_control_plane_can_be_every_version_of_the_settings() -> None:
    newest = list(KUBERNETES)[-1]

    assert CONTROL_PLANE_VERSION.startswith(f"{newest}.")
    assert emulation(newest) == []
    # A component emulates up to three minor versions before its own.
    assert len(KUBERNETES) <= 4
    for minor in list(KUBERNETES)[:-1]:
        assert emulation(minor) == [f"--emulated-version=kube={minor}"]


def test_the_program_is_that_of_the_versions_page() -> None:
    assert programs.PROGRAMS[control_plane.PROGRAM].version == CONTROL_PLANE_VERSION


# --- Nodes ----------------------------------------------------------------------------------------


def test_nodes_are_those_of_the_node_groups() -> None:
    groups = {group.name: group for group in node_groups(CLUSTER, DEV)}
    stage, zonal = groups["dev"], groups[f"observability-{DEV.network.availability_zones[1]}"]

    node = stage.node(1)
    assert node["metadata"]["labels"]["deployment.environment.name"] == "dev"
    zone = node["metadata"]["labels"]["topology.kubernetes.io/zone"]
    assert zone == DEV.network.availability_zones[1]
    assert node["spec"]["taints"] == [
        {"key": "deployment.environment.name", "value": "dev", "effect": "NoSchedule"}
    ]
    assert node["status"]["allocatable"]["cpu"] == "1930m"
    assert zonal.zones == (DEV.network.availability_zones[1],)
    assert zonal.taints == ()


def test_an_instance_type_of_unknown_size_is_refused() -> None:
    stack = json.loads(json.dumps(CLUSTER))
    stack["resource"]["aws_eks_node_group"]["nodes-dev"]["instance_types"] = ["x9.large"]

    with pytest.raises(UnknownCapacityError, match=r"nodes-dev: CPU and memory of x9\.large"):
        node_groups(stack, DEV)


@pytest.mark.parametrize(
    ("name", "namespace", "owner", "group"),
    [
        ("otel-gateway-5d-x", "dev-telemetry", "ReplicaSet", "dev"),
        ("prometheus-stage-0", "dev-telemetry", "StatefulSet", OBSERVABILITY),
        ("loki-0", OBSERVABILITY, "StatefulSet", OBSERVABILITY),
        ("otel-agent-x", OBSERVABILITY, "DaemonSet", EVERY_NODE),
    ],
)
def test_where_pods_belong(name: str, namespace: str, owner: str, group: str) -> None:
    metadata = {"name": name, "namespace": namespace, "ownerReferences": [{"kind": owner}]}

    assert group_of({"metadata": metadata}, DEV.stages) == group


# --- Access ---------------------------------------------------------------------------------------


def test_entries_are_bound_where_they_are_valid() -> None:
    entries = access_entries(with_editors(DEV))
    bindings = [item for item in roles_and_bindings(entries) if "subjects" in item]

    places = [(item["kind"], item["metadata"].get("namespace")) for item in bindings]
    assert places == [
        ("ClusterRoleBinding", None),
        *[("RoleBinding", name) for name in DEV.namespaces],
    ]
    users = {item["metadata"].get("namespace"): item["subjects"][0]["name"] for item in bindings}
    assert users["dev"].endswith(":assumed-role/editor-of-dev/{{SessionName}}")


def test_a_policy_of_unknown_rules_is_refused() -> None:
    entry = AccessEntry(role_arn="arn:aws:iam::111122223333:role/x", policy="AmazonEKSViewPolicy")

    with pytest.raises(UnknownPolicyError, match="access policy AmazonEKSViewPolicy: its rules"):
        roles_and_bindings([entry])


def test_rights_are_rows_of_equal_verbs() -> None:
    rights = [
        Right("", "pods", "get"),
        Right("", "pods", "list"),
        Right("apps", "deployments", "list"),
        Right("apps", "deployments", "get"),
        Right("", "secrets", "get", ("a", "b")),
    ]

    assert table(rights) == [("get", "secrets (a, b)"), ("get, list", "deployments.apps; pods")]


def test_outputs_of_the_storage_stack_have_sample_values() -> None:
    text = (
        "${data.terraform_remote_state.storage.outputs.logs_bucket_name} "
        '${data.terraform_remote_state.storage.outputs.secrets_reader_role_arns[\\"dev\\"]}'
    )
    expected: dict[str, Any] = {
        "logs_bucket_name": "logs-bucket-name",
        "secrets_reader_role_arns": {
            "dev": "arn:aws:iam::111122223333:role/dev-secrets-reader-role"
        },
    }

    assert storage_outputs(text) == expected


def test_the_override_says_where_states_and_charts_are_and_nothing_else(tmp_path: Path) -> None:
    stack = sample_foundation().configs["dev"][OBSERVABILITY]
    releases = stack["resource"]["helm_release"]

    downloaded = override(stack, tmp_path, None)
    unpacked = override(stack, tmp_path, tmp_path / "charts")

    assert set(downloaded) == {"terraform", "data", "provider"}
    assert set(downloaded["data"]["terraform_remote_state"]) == {"cluster", "storage"}
    helm = downloaded["provider"]["helm"][0]["kubernetes"]
    assert helm["host"] == stack["provider"]["helm"][0]["kubernetes"]["host"]
    assert helm["exec"]["command"] == "cat"
    assert unpacked["resource"]["helm_release"] == {
        name: {"chart": str(tmp_path / "charts" / release["chart"]), "repository": None}
        for name, release in releases.items()
    }


# --- The Prometheus operator ----------------------------------------------------------------------


def test_the_operator_keeps_its_arguments_but_those_of_its_web_server() -> None:
    arguments = ["--kubelet-service=kube-system/kps-kubelet", "--web.enable-tls=true"]

    assert portable(arguments) == ["--kubelet-service=kube-system/kps-kubelet"]


@pytest.mark.parametrize(
    ("image", "is_it"),
    [
        ("quay.io/prometheus-operator/prometheus-operator:v0.93.1", True),
        ("quay.io/prometheus-operator/prometheus-config-reloader:v0.93.1", False),
    ],
)
def test_the_operator_is_known_by_its_image(image: str, is_it: bool) -> None:
    spec = {"template": {"spec": {"containers": [{"image": image}]}}}

    assert is_operator({"spec": spec}) is is_it
