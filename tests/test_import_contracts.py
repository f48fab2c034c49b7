"""The layers of the code (pyproject.toml, import-linter): kept, and a planted import is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.paths import ROOT

PACKAGES: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
    "importlinter"
]["root_packages"]
LAYERS = "Each layer imports from lower layers only"
MAIN = "main.py stands above the stacks"
NO_JSII = "What only reads settings starts no jsii runtime"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo"],
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules of the code, alone in a folder."""
    folder = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "main.py", "versions.py"):
        shutil.copy(ROOT / name, folder)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return folder


def test_the_contracts_are_kept(copied_tree: Path) -> None:
    done = lint_imports(copied_tree)

    assert done.returncode == 0, done.stdout
    assert "Contracts: 3 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("settings/model.py", "import blueprint.names", LAYERS),
        ("blueprint/names.py", "import helm_values.release", LAYERS),
        ("settings/model.py", "import signals.slo", LAYERS),
        ("signals/slo.py", "import blueprint.names", LAYERS),
        ("grafana/board.py", "import alertmanager.routing", LAYERS),
        ("alertmanager/routing.py", "import grafana.board", LAYERS),
        ("helm_values/release.py", "import constructs_lib.dependencies", LAYERS),
        ("stacks/base.py", "import synthesis.synth", LAYERS),
        ("synthesis/synth.py", "import verification.policies", LAYERS),
        ("operations/deploy.py", "import cost.bill", LAYERS),
        ("cost/bill.py", "import verification.policies", LAYERS),
        ("verification/policies/__init__.py", "import docgen.markdown", LAYERS),
        ("tools/paths.py", "import settings.model", LAYERS),
        ("stacks/base.py", "import main", MAIN),
        ("settings/load.py", "import cdktf", NO_JSII),
        ("tools/paths.py", "import constructs", NO_JSII),
        ("helm_values/loki/loki.py", "import cdktf_cdktf_provider_aws.s3_bucket", NO_JSII),
    ],
)
def test_an_import_from_above_is_refused(
    copied_tree: Path, module: str, statement: str, contract: str
) -> None:
    path = copied_tree / module
    text = path.read_text("utf-8")
    path.write_text(f"{text}\n{statement}\n", "utf-8")
    try:
        done = lint_imports(copied_tree)
    finally:
        path.write_text(text, "utf-8")

    assert done.returncode == 1
    assert f"{contract} BROKEN" in done.stdout
    assert module.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".") in done.stdout


def test_no_two_modules_have_the_same_name() -> None:
    modules = [
        path.name
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.stem not in ("__init__", "__main__")
    ]
    assert sorted(modules) == sorted(set(modules))
