"""A component is one folder and one line: added or removed so, everything else follows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fresh_synthesis import SYNTHESIZE
from settings_files import TODAY
from stack_files import Config, Stacks, instances, policy

from helm_values.releases import COMPONENTS, FOLDERS, outputs_read, workload_roles
from helm_values.stack_outputs import StackOutputs, sample_stack_outputs
from settings.load import load_environment
from stacks.storage import StorageOutputs
from tools.paths import ROOT

PRODUCT = (
    "alertmanager", "blueprint", "constructs_lib", "environments", "grafana", "helm_values",
    "settings", "signals", "stacks", "synthesis", "tools",
)  # fmt: skip

CHART = """
DEMO: Final = Chart("demo", "1.2.3", "v1.2.3", "https://charts.example.com")
"""
VALUES = """
fullnameOverride: demo
resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {cpu: 100m, memory: 64Mi}}
"""
MODULE = '''
"""Demo: keeps what it is given in the bucket of the backups."""

from blueprint.iam_statements import allow
from blueprint.traffic import EVERYWHERE, HTTPS, PROMETHEUS, Flow, Pods, labelled
from helm_values.component import Component, WorkloadRole
from helm_values.release import Release
from settings.model import OBSERVABILITY
from versions import DEMO

NAME = "demo"
PODS = Pods(name=NAME, namespace=OBSERVABILITY, labels=labelled(NAME))
ROLE = WorkloadRole(
    name=NAME,
    description="Role of Demo",
    service_accounts=(NAME,),
    statements=lambda aws: (allow(["s3:GetObject"], f"{aws.bucket_arns['backups']}/demo/*"),),
)


def release(outputs):
    return Release(
        name=NAME,
        chart=DEMO,
        static="demo",
        from_stack_outputs={
            "bucket": outputs["backups_bucket_name"],
            "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": outputs[ROLE.output]}},
        },
        after=("kps",),
    )


COMPONENT = Component(
    name=NAME,
    roles=(ROLE,),
    flows=lambda settings: (
        Flow(source=PROMETHEUS, destination=PODS, ports=(8080,)),
        Flow(source=PODS, destination=EVERYWHERE, ports=(HTTPS,)),
    ),
    reads=("backups_bucket_name", ROLE.output),
    releases=lambda settings, outputs: [release(outputs)],
)
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What is synthesized from, in a folder of its own."""
    folder = tmp_path / "tree"
    for name in PRODUCT:
        shutil.copytree(
            ROOT / name,
            folder / name,
            ignore=shutil.ignore_patterns("generated", "__pycache__", "*.go", "go.*"),
        )
    for name in ("main.py", "versions.py"):
        shutil.copy(ROOT / name, folder)
    return folder


def synthesize(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SYNTHESIZE, str(tree), "dev", str(tree / "out")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, timeout=120
    )


def stack(tree: Path, name: str) -> Config:
    path = tree / "out" / "stacks" / name / "cdk.tf.json"
    config: Config = json.loads(path.read_text("utf-8"))
    return config


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def add_demo(tree: Path) -> None:
    """The way of CONTRIBUTING: the version, the folder, the line."""
    with (tree / "versions.py").open("a", encoding="utf-8") as file:
        file.write(CHART)
    folder = tree / "helm_values" / "demo"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Demo: values."""\n', "utf-8")
    (folder / "demo.yaml").write_text(VALUES, "utf-8")
    (folder / "demo.py").write_text(MODULE, "utf-8")
    edit(tree / "helm_values" / "releases.py", '    "velero",\n', '    "velero",\n    "demo",\n')


def test_a_component_is_added_by_a_folder_and_a_line(tree: Path, dev: Stacks) -> None:
    add_demo(tree)

    done = synthesize(tree)

    assert done.returncode == 0, done.stderr
    storage, observability = stack(tree, "storage"), stack(tree, "observability")
    role = instances(storage, "aws_iam_role")["role-demo"]
    assert role["name"] == "obs-dev-demo"
    (trust,) = policy(role["assume_role_policy"])
    assert "system:serviceaccount:observability:demo" in json.dumps(trust)
    (statement,) = policy(instances(storage, "aws_iam_role_policy")["role-demo_policy"]["policy"])
    assert statement["Action"] == ["s3:GetObject"]
    assert statement["Resource"] == "${aws_s3_bucket.backups.arn}/demo/*"
    assert storage["output"].keys() - dev["storage"]["output"].keys() == {"demo_role_arn"}
    release = instances(observability, "helm_release")["release-demo"]
    assert (release["chart"], release["version"]) == ("demo", "1.2.3")
    values = "\n".join(release["values"])
    assert "fullnameOverride: demo" in values
    for output in ("demo_role_arn", "backups_bucket_name"):
        assert f"data.terraform_remote_state.storage.outputs.{output}" in values
    rules = instances(observability, "kubernetes_network_policy_v1")["traffic-observability_demo"]
    assert [rule["ports"][0]["port"] for rule in rules["spec"]["ingress"]] == ["8080"]
    assert [rule["ports"][0]["port"] for rule in rules["spec"]["egress"]] == ["443"]
    assert "kubernetes_network_policy_v1.traffic-observability_demo" in release["depends_on"]


def test_components_are_removed_by_their_folders_and_their_lines(tree: Path, dev: Stacks) -> None:
    removed = {"metrics_server": "metrics-server-kube-system", "velero": "velero"}
    for folder in removed:
        shutil.rmtree(tree / "helm_values" / folder)
        edit(tree / "helm_values" / "releases.py", f'    "{folder}",\n', "")

    done = synthesize(tree)

    assert done.returncode == 0, done.stderr
    before = instances(dev["observability"], "helm_release")
    after = instances(stack(tree, "observability"), "helm_release")
    assert before.keys() - after.keys() == {f"release-{id_}" for id_ in removed.values()}
    outputs = dev["storage"]["output"].keys() - stack(tree, "storage")["output"].keys()
    assert outputs == {"velero_role_arn"}


def test_an_output_that_no_stack_publishes_is_refused(tree: Path) -> None:
    add_demo(tree)
    edit(tree / "helm_values" / "demo" / "demo.py", 'reads=("backups', 'reads=("backup')

    done = synthesize(tree)

    assert done.returncode != 0
    assert "outputs that the storage stack does not publish: backup_bucket_name" in done.stderr


def test_a_component_gets_no_output_that_it_does_not_declare() -> None:
    outputs = StackOutputs({"a": "1", "b": "2"}).only(["a"])

    assert outputs["a"] == "1"
    with pytest.raises(KeyError, match="output b is not declared in `reads`; declared: a"):
        outputs["b"]


def test_every_output_that_a_component_reads_is_published() -> None:
    assert set(outputs_read()) <= StorageOutputs.published().keys()
    assert {role.output for role in workload_roles()} <= StorageOutputs.published().keys()


def test_every_component_reads_what_it_declares() -> None:
    settings = load_environment("dev", TODAY)

    class Recorded(dict[str, str]):
        """Remembers which outputs were asked for."""

        def __missing__(self, name: str) -> str:
            self[name] = sample_stack_outputs()[name]
            return self[name]

    for component in COMPONENTS:
        recorded = Recorded()
        component.releases(settings, StackOutputs(recorded))
        if component.name == "thanos":
            # Its objects are constructs, which the stack gives them to.
            continue
        assert recorded.keys() == set(component.reads), component.name


def test_names_of_components_and_roles_are_unique_and_every_folder_is_listed() -> None:
    folders = {path.parent.name for path in (ROOT / "helm_values").glob("*/__init__.py")}
    assert folders == set(FOLDERS)
    for names in (
        [component.name for component in COMPONENTS],
        [role.name for role in workload_roles()],
    ):
        assert len(set(names)) == len(names)
