"""Scanners find what is planted, and what they find in our stacks is accepted with a reason."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from outcomes import not_checked
from sample_stacks import sample_foundation
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from settings.load import load_environment
from synthesis.foundation import Foundation
from verification.permissions.world import World
from verification.supply_chain import scan, scanners
from verification.supply_chain.suppressions import (
    Finding,
    Suppression,
    SuppressionsError,
    Verdict,
    judge,
    read_suppressions,
)

REASON = "A reason that is long enough to be one."
PLANTED = "planted"


def finding(resource: str = "dev/storage aws_s3_bucket.logs", id_: str = "CKV_AWS_18") -> Finding:
    return Finding(scanner="checkov", id=id_, resource=resource, title="Access logging")


def suppression(resource: str = "*", id_: str = "CKV_AWS_18") -> Suppression:
    return Suppression(scanner="checkov", id=id_, resource=resource, reason=REASON, owner="me")


# --- Judging ------------------------------------------------------------------------------------


def test_a_finding_that_nobody_accepted_is_open() -> None:
    verdict = judge([finding()], [suppression(id_="CKV_AWS_21")], {"checkov"})
    assert verdict.open == (finding(),)
    assert not verdict.is_good


def test_an_accepted_finding_is_not_open() -> None:
    verdict = judge([finding()], [suppression("dev/storage *")], {"checkov"})
    assert (verdict.open, verdict.stale) == ((), ())
    assert verdict.is_good


def test_a_suppression_covers_only_its_resources() -> None:
    verdict = judge([finding("prd/storage x"), finding()], [suppression("dev/*")], {"checkov"})
    assert [finding.resource for finding in verdict.open] == ["prd/storage x"]


def test_a_suppression_of_nothing_is_stale() -> None:
    verdict = judge([], [suppression()], {"checkov"})
    assert verdict.stale == (suppression(),)
    assert not verdict.is_good


def test_a_suppression_of_a_scanner_that_did_not_run_is_not_stale() -> None:
    assert judge([], [suppression()], {"parliament"}).is_good


# --- The file -----------------------------------------------------------------------------------


def test_every_suppression_has_a_reason_and_an_owner() -> None:
    for suppression in read_suppressions():
        assert len(suppression.reason) >= 20
        assert suppression.owner


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{scanner: checkov, id: a, resource: b, owner: c}", "entry 1: reason: "),
        ("{scanner: trivy, id: a, resource: b, reason: 'x', owner: c}", "entry 1: scanner: "),
        (f"{{scanner: checkov, id: a, resource: b, reason: '{REASON}'}}", "entry 1: owner: "),
        ("{scanner: checkov, id: a, resource: b, reason: short, owner: c}", "entry 1: reason: "),
    ],
)
def test_a_wrong_suppression_is_named(tmp_path: Path, entry: str, message: str) -> None:
    file = tmp_path / "suppressions.yaml"
    file.write_text(f"- {entry}\n", encoding="utf-8")
    with pytest.raises(SuppressionsError, match=message) as caught:
        read_suppressions(file)
    assert "allowed: " in str(caught.value)


@pytest.mark.parametrize("text", ["a: b", "- [", ""])
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "suppressions.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SuppressionsError):
        read_suppressions(file)


# --- The scanners, run --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def _installed() -> None:
    if not scanners.are_installed():
        missing = "checkov and parliament are not installed (`make scanners`): nothing was scanned"
        not_checked(missing)


def with_a_planted_environment() -> dict[str, dict[str, Any]]:
    """The reviewed stacks, and beside them those of the tests' dev with violations in them."""
    configs: dict[str, dict[str, Any]] = dict(
        Foundation.load(environments=REAL_ENVIRONMENTS).configs
    )
    planted = copy.deepcopy(sample_foundation().configs["dev"])
    resources = planted["storage"]["resource"]
    del resources["aws_s3_bucket_public_access_block"]["logs_public-access-block"]
    resources["aws_kms_key"]["key"]["enable_key_rotation"] = False
    resources["aws_security_group"] = {"open": {"description": "Open", "vpc_id": "vpc-1"}}
    resources["aws_vpc_security_group_ingress_rule"] = {
        "open": {
            "description": "SSH from everywhere",
            "security_group_id": "${aws_security_group.open.id}",
            "cidr_ipv4": "0.0.0.0/0",
            "from_port": 22,
            "to_port": 22,
            "ip_protocol": "tcp",
        }
    }
    # An action that there is not, and one on a bucket that is for objects.
    for role, action in (("loki", "s3:ListBuckets"), ("tempo", "s3:GetObject")):
        body = resources["aws_iam_role_policy"][f"role-{role}_policy"]
        document = json.loads(body["policy"])
        document["Statement"][0]["Action"] = action
        body["policy"] = json.dumps(document)
    return {**configs, PLANTED: {"storage": planted["storage"]}}


@pytest.fixture(scope="module")
def scanned(_installed: None, tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """What both scanners find in the reviewed stacks and in the planted one, in one run each."""
    configs = with_a_planted_environment()
    folder = tmp_path_factory.mktemp("scanned")
    scanners.for_checkov(configs, folder)
    worlds = {name: World(real_settings(name), configs[name]) for name in REAL_ENVIRONMENTS}
    stacks = {**sample_foundation().configs["dev"], **configs[PLANTED]}
    worlds[PLANTED] = World(load_environment("dev", TODAY), stacks)
    return [
        *scanners.checkov(folder, "terraform_json", "checkov"),
        *scanners.parliament(worlds),
    ]


def test_zero_findings_or_a_suppression(scanned: list[Finding]) -> None:
    ours = [finding for finding in scanned if not finding.resource.startswith(PLANTED)]
    verdict = judge(ours, read_suppressions(), {"checkov", "parliament"})
    assert [str(finding) for finding in verdict.open] == []
    assert [
        f"{suppression.scanner} {suppression.id} {suppression.resource}"
        for suppression in verdict.stale
    ] == []


@pytest.mark.parametrize(
    ("check", "name"),
    [
        ("CKV2_AWS_6", "logs"),
        ("CKV_AWS_7", "key"),
        ("CKV_AWS_24", "open"),
        ("UNKNOWN_ACTION", "role-loki_policy.policy"),
        ("RESOURCE_MISMATCH", "role-tempo_policy.policy"),
    ],
)
def test_scanners_find_what_is_planted(scanned: list[Finding], check: str, name: str) -> None:
    # checkov calls a resource by its type in some checks, and `resource` in others.
    seen = [
        finding
        for finding in scanned
        if finding.id == check and finding.resource.startswith(PLANTED)
    ]
    assert any(finding.resource.endswith(f".{name}") for finding in seen), seen


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("Traceback", "printed no report: the end"),
        ('{"passed": 0, "failed": 0}', "judged nothing in dev"),
        (
            '{"summary": {"passed": 1, "parsing_errors": 2}, "results": {"failed_checks": []}}',
            "could not read 2 files: the end",
        ),
    ],
    ids=["no report", "nothing judged", "unreadable"],
)
def test_a_scan_that_is_none_is_an_error(
    monkeypatch: pytest.MonkeyPatch, printed: str, message: str
) -> None:
    done = subprocess.CompletedProcess([], 0, printed, "beginning\nthe end\n")
    monkeypatch.setattr(scanners, "_run", lambda *_: done)
    with pytest.raises(scanners.ScanError, match=message):
        scanners.checkov(Path("dev"), "terraform_json", "checkov")


def test_missing_scanners_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scanners, "BIN", tmp_path)
    with pytest.raises(scanners.ScanError, match="make scanners"):
        scanners.checkov(tmp_path, "terraform_json", "checkov")


# --- What is said -------------------------------------------------------------------------------


def test_the_report_names_open_and_stale_and_what_was_not_checked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    accepted = ((finding(), suppression()),)
    verdict = Verdict((finding("dev/state x"),), accepted, (suppression(id_="CKV_OLD"),))
    assert scan.report(verdict, ["the rendered charts"]) == 1
    printed = capsys.readouterr().out
    assert "open checkov CKV_AWS_18 dev/state x: Access logging" in printed
    assert "stale checkov CKV_OLD *: suppresses nothing; remove it" in printed
    assert "not checked the rendered charts" in printed
    assert "1 open findings, 1 accepted, 1 stale suppressions" in printed


def test_the_report_of_a_good_verdict_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert scan.report(Verdict((), ((finding(), suppression()),), ()), []) == 0
    assert "0 open findings, 1 accepted" in capsys.readouterr().out
