"""Users add environments, rename and remove stages, and change regions in the settings alone.

In a copy of the repository an environment is added and others are changed. Then everything is
generated again, and the checks of what is generated are run there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cost.prices import regions
from settings.aws_facts import REGIONS
from settings.load import FOLDER_VARIABLE
from tools.paths import ROOT, SAMPLE_ENVIRONMENTS

pytestmark = pytest.mark.slow

NOT_COPIED = shutil.ignore_patterns(
    ".*", "node_modules", "cdktf.out", "site", "__pycache__", "*-report", "dashboards-preview"
)
NO_PRICES = next(region for region in sorted(REGIONS) if region not in regions())

CHECKS = (
    "tests/alertmanager/test_alerts.py::test_the_committed_files_are_current",
    "tests/cost/test_cost_model.py",
    "tests/docgen/test_docs.py::test_generated_documents_are_current",
    "tests/docgen/test_docs.py::test_every_path_in_the_repository_exists",
    "tests/docgen/test_operations_docs.py",
    "tests/grafana/test_dashboards.py::test_the_committed_dashboards_are_current",
    "tests/helm_values/test_chart_contract.py",
    "tests/settings/test_settings.py::test_shipped_settings_are_right",
    "tests/stacks/test_contracts.py",
    "tests/stacks/test_snapshots.py",
    "tests/stacks/test_stack_policies.py",
)
"""Of the users' environments, and some of those that need the tests' own: `make test` has more."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as if its environments were still those of the tests."""
    folder = tmp_path_factory.mktemp("copy") / "repository"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    # Documents name files in it.
    shutil.copytree(ROOT / ".github", folder / ".github")
    if (ROOT / "node_modules").is_dir():
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
    for source, target in (
        (SAMPLE_ENVIRONMENTS, folder / "environments"),
        (SAMPLE_ENVIRONMENTS / "workloads", folder / "cost" / "workloads"),
    ):
        for file in target.glob("*.yaml"):
            file.unlink()
        for file in source.glob("*.yaml"):
            shutil.copy(file, target)
    return folder


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {
        name: value
        for name, value in os.environ.items()
        if name != FOLDER_VARIABLE and not name.startswith("PYTEST_")
    }
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=copy,
        env=variables,
        capture_output=True,
        text=True,
        timeout=600,
    )


def edit(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def without_hml(document: dict[str, Any]) -> None:
    del document["namespaces"]["hml"]


def with_other_names(document: dict[str, Any]) -> None:
    names = {"dev": "sandbox", "prd": "production"}
    document["namespaces"] = {
        names.get(name, name): space for name, space in document["namespaces"].items()
    }


def in_a_region_without_prices(document: dict[str, Any]) -> None:
    document["region"] = NO_PRICES
    document["network"]["availability_zones"] = list(REGIONS[NO_PRICES][:3])


def test_everything_follows_the_settings(copy: Path) -> None:
    added = run(copy, "synthesis.new_environment", "--name", "stg", "--from", "prd")
    assert (added.returncode, added.stderr) == (0, "")
    environments, workloads = copy / "environments", copy / "cost" / "workloads"
    edit(environments / "dev.yaml", without_hml)
    edit(environments / "dev.yaml", in_a_region_without_prices)
    edit(environments / "prd.yaml", with_other_names)
    edit(workloads / "prd.yaml", with_other_names)

    forgotten = run(copy, "docgen.generate_all")
    assert forgotten.returncode == 2
    assert forgotten.stderr == (
        "workloads/dev.yaml:14: namespaces.hml: environment dev has no such namespace; allowed: "
        "observability, dev, prd\n"
    )

    edit(workloads / "dev.yaml", without_hml)
    generated = run(copy, "docgen.generate_all")
    assert generated.returncode == 0, generated.stderr
    review = (copy / "docs" / "operations" / "cost-review.md").read_text(encoding="utf-8")
    assert f"Not estimated: `dev`, as there is no price table of `{NO_PRICES}`" in review
    assert " | prd | stg |" in review
    for name in ("dev", "prd", "stg"):
        assert (copy / "tests" / "snapshots" / name / "observability.tf").is_file()

    checked = run(copy, "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", *CHECKS)
    assert checked.returncode == 0, checked.stdout[-5000:] + checked.stderr
