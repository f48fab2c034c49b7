"""Both ends of every contract between stacks: what is published is what is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from settings_files import REAL_ENVIRONMENTS, real_settings
from stack_files import STACKS, Config, Stacks

from settings.model import Settings
from stacks.base import EnvironmentStack
from stacks.cluster import ClusterOutputs
from stacks.network import NetworkOutputs
from stacks.outputs import Outputs
from stacks.state import StateOutputs
from stacks.storage import StorageOutputs
from synthesis.synth import SynthesizedStack, deployment_order, output_folder
from tools.paths import ROOT

CONTRACTS = (StateOutputs, NetworkOutputs, ClusterOutputs, StorageOutputs)

REMOTE_OUTPUT = re.compile(
    r"data\.terraform_remote_state\.(?P<stack>[\w-]+)\.outputs\.(?P<output>\w+)(?P<key>\[[^\]]*\])?"
)
LIST_ARGUMENTS = {"subnet_ids", "security_group_ids", "route_table_ids"}
"""Arguments that take a list, so that a reference which is all of one is to a list."""

both_environments = pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)


def shape(value: Any) -> str:
    shapes: dict[Any, str] = {str: "str", list: "list", dict: "map"}
    return shapes[type(value)]


def declared_shape(annotation: Any) -> str:
    return {str: "str", list[str]: "list", dict[str, str]: "map"}[annotation]


def uses(value: Any, argument: str = "") -> Iterator[tuple[str, str, str, str | None]]:
    """Producer, output, type with which it is used, and the key if it is used as a map."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from uses(key)
            yield from uses(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from uses(item)
    elif isinstance(value, str):
        for match in REMOTE_OUTPUT.finditer(value):
            whole = value == f"${{{match.group()}}}"
            key = match["key"]
            if key and key.startswith('["'):
                used, name = "map", key[2:-2]
            elif (
                key
                or value[: match.start()].endswith("element(")
                or (whole and argument in LIST_ARGUMENTS)
            ):
                used, name = "list", None
            else:
                used, name = "str", None
            yield match["stack"], match["output"], used, name


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.stack_id)
@both_environments
def test_a_stack_publishes_exactly_its_contract_with_the_declared_types(
    real_configs: dict[str, Stacks],
    environment: str,
    contract: type[Outputs],
) -> None:
    published = real_configs[environment][contract.stack_id]["output"]
    assert {name: shape(output["value"]) for name, output in published.items()} == {
        name: declared_shape(type_) for name, type_ in contract.published().items()
    }
    for output in published.values():
        assert output["description"]
        if isinstance(output["value"], dict):
            assert set(output["value"]) == set(real_settings(environment).namespaces)


def test_every_contract_is_tested() -> None:
    assert set(Outputs.__subclasses__()) == set(CONTRACTS)


@both_environments
def test_every_output_that_is_read_is_published_with_the_type_of_its_use(
    real_configs: dict[str, Stacks], environment: str
) -> None:
    stacks = real_configs[environment]
    read: set[str] = set()
    for consumer, config in stacks.items():
        for producer, output, used, key in uses(config):
            where = f"{consumer} reads {producer}.{output}"
            assert producer in config["data"]["terraform_remote_state"], where
            assert STACKS.index(producer) < STACKS.index(consumer), where
            published = stacks[producer].get("output", {})
            assert output in published, f"{where}, which is not published"
            value = published[output]["value"]
            assert used == shape(value), f"{where} as {used}, but it is a {shape(value)}"
            if key is not None:
                assert key in value, f"{where}[{key!r}], which is not published"
            read.add(producer)
    # Otherwise the test would also pass if the pattern above matched nothing.
    assert read == {"network", "cluster", "storage"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"host": "${data.terraform_remote_state.a.outputs.x}"}, ("a", "x", "str", None)),
        ({"subnet_ids": "${data.terraform_remote_state.a.outputs.x}"}, ("a", "x", "list", None)),
        (
            {"v": "${element(data.terraform_remote_state.a.outputs.x, 0)}"},
            ("a", "x", "list", None),
        ),
        ({"v": "${data.terraform_remote_state.a.outputs.x[0]}"}, ("a", "x", "list", None)),
        ({"v": '${data.terraform_remote_state.a.outputs.x["n"]}'}, ("a", "x", "map", "n")),
        ({"${data.terraform_remote_state.a.outputs.x}:aud": "v"}, ("a", "x", "str", None)),
    ],
)
def test_the_type_of_a_use_is_recognized(
    value: Config, expected: tuple[str, str, str, str | None]
) -> None:
    assert list(uses(value)) == [expected]


@both_environments
def test_a_consumer_looks_for_the_state_where_its_producer_keeps_it(
    real_configs: dict[str, Stacks], environment: str
) -> None:
    stacks = real_configs[environment]
    looked_for = 0
    for config in stacks.values():
        for producer, remote in config.get("data", {}).get("terraform_remote_state", {}).items():
            looked_for += 1
            assert remote["backend"] == "s3"
            kept = dict(stacks[producer]["terraform"]["backend"]["s3"])
            # Only a writer locks.
            del kept["use_lockfile"]
            assert remote["config"] == kept
    assert looked_for == 4


@both_environments
def test_states_are_encrypted_locked_and_one_per_stack(
    real_configs: dict[str, Stacks], environment: str
) -> None:
    values = real_settings(environment)
    stacks = {name: config for name, config in real_configs[environment].items() if name != "state"}
    backends = {name: config["terraform"]["backend"]["s3"] for name, config in stacks.items()}
    for name, backend in backends.items():
        assert backend == {
            "bucket": values.state_bucket_name,
            "key": f"{environment}/{name}.tfstate",
            "region": values.region,
            "encrypt": True,
            "kms_key_id": (
                f"arn:aws:kms:{values.region}:{values.account_id}:alias/{values.prefix}-tfstate"
            ),
            "use_lockfile": True,
        }


@both_environments
def test_the_states_are_kept_in_the_bucket_and_with_the_key_of_the_state_stack(
    real_configs: dict[str, Stacks], environment: str
) -> None:
    stacks = real_configs[environment]
    state = stacks["state"]["resource"]
    backend = stacks["network"]["terraform"]["backend"]["s3"]
    assert state["aws_s3_bucket"]["bucket"]["bucket"] == backend["bucket"]
    assert backend["kms_key_id"].endswith(f":{state['aws_kms_alias']['key_alias']['name']}")


@both_environments
def test_the_state_stack_keeps_its_own_state_below_the_project_on_every_computer(
    real_configs: dict[str, Stacks], environment: str
) -> None:
    (backend,) = real_configs[environment]["state"]["terraform"]["backend"].items()
    kind, arguments = backend
    path = Path(arguments["path"])
    assert kind == "local"
    assert not path.is_absolute()
    runs_in = output_folder(environment) / "stacks" / "state"
    expected = ROOT / "terraform-state" / environment / "state.tfstate"
    assert (runs_in / path).resolve() == expected.resolve()


@both_environments
def test_stacks_are_deployed_in_the_order_of_their_contracts(
    real_synthesized: dict[str, dict[str, SynthesizedStack]],
    real_outdirs: dict[str, Path],
    environment: str,
) -> None:
    assert tuple(real_synthesized[environment]) == STACKS
    manifest = json.loads((real_outdirs[environment] / "manifest.json").read_text(encoding="utf-8"))
    assert tuple(deployment_order(manifest)) == STACKS
    dependencies = {name: stack["dependencies"] for name, stack in manifest["stacks"].items()}
    assert dependencies == {
        "state": [],
        "network": ["state"],
        "cluster": ["network"],
        "storage": ["cluster"],
        "observability": ["storage"],
    }


@both_environments
def test_no_stack_refers_to_another_behind_the_contracts_back(
    real_synthesized: dict[str, dict[str, SynthesizedStack]], environment: str
) -> None:
    # The names that cdktf gives to what it passes between stacks by itself.
    for stack in real_synthesized[environment].values():
        assert "cross-stack" not in stack.text, stack.name


def test_fails_when_another_stack_publishes_a_contract(settings: dict[str, Settings]) -> None:
    from cdktf import App

    stack = EnvironmentStack(App(), "elsewhere", settings["dev"])
    outputs = StateOutputs(state_bucket_name="bucket", state_key_arn="arn")
    with pytest.raises(
        ValueError, match=r"StateOutputs is published by stack 'state', not by 'elsewhere'"
    ):
        outputs.publish(stack)
