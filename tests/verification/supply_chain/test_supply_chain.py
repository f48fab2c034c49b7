"""What is installed and deployed is listed, with hashes and licences, and asked about."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from settings_files import REAL_ENVIRONMENTS

import versions
from synthesis.foundation import Foundation
from tools.paths import ROOT
from verification.supply_chain import audit, sbom
from verification.supply_chain.audit import Asked
from verification.supply_chain.deployed import Image, differences, images_in, read_images
from versions import Chart

# --- Locks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", sbom.PYTHON_LOCKS)
def test_every_package_of_a_lock_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    pinned = [entry for entry in entries if re.match(r"[\w.\[\]-]+==", entry)]
    assert len(pinned) >= 1
    assert [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry] == []
    assert "--index-url" not in text


@pytest.mark.parametrize("lock", sbom.NPM_LOCKS)
def test_every_package_of_npm_has_an_integrity(lock: str) -> None:
    packages = json.loads((ROOT / lock).read_text(encoding="utf-8"))["packages"]
    without = [path for path, package in packages.items() if path and not package.get("integrity")]
    # Bundled ones are inside the package that bundles them, which has one.
    assert [path for path in without if not packages[path].get("inBundle")] == []


def test_every_go_program_has_its_sums() -> None:
    modules = sorted((ROOT / "tools").glob("*/go.mod"))
    assert modules
    for module in modules:
        assert module.with_name("go.sum").stat().st_size > 0


# --- Images -------------------------------------------------------------------------------------


def test_images_of_our_own_constructs_are_listed() -> None:
    listed = {image.reference for image in read_images()}
    for stacks in Foundation.load(environments=REAL_ENVIRONMENTS).configs.values():
        resources = stacks["observability"]["resource"]
        typed = {kind: body for kind, body in resources.items() if kind.startswith("kubernetes_")}
        images = set(images_in(typed))
        assert images
        assert images <= listed


def test_no_image_is_listed_twice_and_none_is_latest() -> None:
    references = [image.reference for image in read_images()]
    assert len(references) == len(set(references))
    assert not any(image.tag in ("latest", "main", "") for image in read_images())


def test_programs_have_the_versions_of_their_charts() -> None:
    tags = {image.image.rpartition("/")[2]: image.tag for image in read_images()}
    for chart in (versions.LOKI, versions.TEMPO, versions.EXTERNAL_SECRETS):
        assert tags[chart.name].lstrip("v") == chart.app_version.lstrip("v")
    assert tags["velero"].lstrip("v") == versions.VELERO.app_version.lstrip("v")
    assert tags["velero-plugin-for-aws"] == versions.VELERO_PLUGIN_FOR_AWS
    assert tags["thanos"] == versions.THANOS_VERSION


def test_a_new_image_and_a_gone_one_are_named() -> None:
    old = Image(image="a/b", tag="1", releases=("r",), licence="MIT", source="x")
    assert differences({"a/b:2"}, [old]) == [
        "a/b:1 is in verification/supply_chain/deployed.yaml and nothing renders it",
        "a/b:2 is not in verification/supply_chain/deployed.yaml",
    ]
    assert differences({"a/b:1"}, [old]) == []


def test_images_are_found_at_every_depth() -> None:
    pod = {"spec": {"initContainers": [{"image": "i:1"}], "containers": [{"image": "c:1"}]}}
    assert set(images_in([pod])) == {"i:1", "c:1"}


# --- Bill of materials --------------------------------------------------------------------------


def test_the_bill_fits_the_schema_and_lists_every_kind(tmp_path: Path) -> None:
    file = tmp_path / "sbom.cdx.json"
    assert sbom.main(["--output", str(file)]) == 0
    bill = json.loads(file.read_text(encoding="utf-8"))
    purls = {component["purl"] for component in bill["components"]}
    assert {purl.partition("/")[0] for purl in purls} == {
        "pkg:golang",
        "pkg:helm",
        "pkg:maven",
        "pkg:npm",
        "pkg:oci",
        "pkg:pypi",
    }
    charts = [chart for chart in vars(versions).values() if isinstance(chart, Chart)]
    for chart in charts:
        assert any(purl.startswith(f"pkg:helm/{chart.name}@{chart.version}") for purl in purls)
    assert "pkg:pypi/cdktf@0.21.0" in purls
    assert "pkg:npm/cdktf-cli@0.21.0" in purls


def test_the_same_inputs_give_the_same_bill() -> None:
    assert sbom.make() == sbom.make()


def test_a_bill_that_does_not_fit_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = sbom.make()
    wrong["components"][0]["type"] = "planted"
    monkeypatch.setattr(sbom, "make", lambda: wrong)
    assert sbom.main(["--output", str(tmp_path / "x.json")]) == 1
    assert "planted" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# --- Audit --------------------------------------------------------------------------------------


def answers(monkeypatch: pytest.MonkeyPatch, out: str, err: str = "", status: int = 0) -> None:
    done = subprocess.CompletedProcess([], status, out, err)
    monkeypatch.setattr(audit, "_run", lambda *_: done)


def test_a_known_vulnerability_of_python_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pip-audit").touch()
    monkeypatch.setattr(audit, "BIN", tmp_path)
    package = {
        "name": "jinja2",
        "version": "2.0",
        "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.0"]}],
    }
    answers(monkeypatch, json.dumps({"dependencies": [package, {"name": "a", "version": "1"}]}))
    assert audit.pip(ROOT / "requirements.txt").known == ("jinja2 2.0: PYSEC-1, fixed in 3.0",)


def test_a_known_vulnerability_of_npm_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"vulnerabilities": {"tar": {"range": "<6", "severity": "high"}}}
    answers(monkeypatch, json.dumps(known), status=1)
    assert audit.npm().known == ("tar <6: high",)


def test_an_unreachable_registry_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, json.dumps({"message": "getaddrinfo ENOTFOUND"}), status=1)
    assert audit.npm().not_asked == "getaddrinfo ENOTFOUND"
    answers(monkeypatch, "", "beginning\nno such host", status=1)
    assert audit.npm().not_asked == "no such host"


@pytest.mark.parametrize(
    ("asked", "status", "line"),
    [
        (Asked("npm audit"), 0, "ok           npm audit"),
        (Asked("npm audit", ("tar <6: high",)), 1, "VULNERABLE   npm audit"),
        (Asked("npm audit", not_asked="no answer"), 2, "not checked  npm audit: no answer"),
    ],
)
def test_the_audit_says_what_was_asked_and_what_not(
    capsys: pytest.CaptureFixture[str], asked: Asked, status: int, line: str
) -> None:
    assert audit.report([asked]) == status
    assert line in capsys.readouterr().out
