"""`make test-hard` and `make test-bare`: what they start and allow, and that they can fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import bare_computer, busy_computer


def test_two_suites_beside_a_load_are_green_only_if_both_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(busy_computer, "ROOT", tmp_path)
    monkeypatch.setattr(busy_computer, "LOGS", tmp_path / "logs")
    # Green in the one that comes first, red in the other; SIGINT is ignored, as in a background.
    test = (
        "import pathlib, signal\n"
        "def test_it():\n"
        "    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN\n"
        "    pathlib.Path('first').touch(exist_ok=False)\n"
    )
    (tmp_path / "test_it.py").write_text(test, encoding="utf-8")
    arguments = ["--load", "1", "--", "-p", "no:cacheprovider", "test_it.py"]
    assert busy_computer.main(arguments) == 1
    printed = capsys.readouterr().out
    assert "logs/1.log: exit code " in printed
    assert sorted(line.split("exit code ")[1][0] for line in printed.splitlines()) == ["0", "1"]
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n", encoding="utf-8")
    assert busy_computer.main(arguments) == 0


def test_a_bare_environment_has_python_make_and_coreutils_alone(tmp_path: Path) -> None:
    outside = {
        "PATH": "/usr/bin",
        "HOME": "/root",
        "GOFLAGS": "-mod=mod",
        "TF_CLI_CONFIG_FILE": "/x",
        "HTTPS_PROXY": "http://proxy:3128",
        "PIP_CERT": "/etc/ssl/cert.pem",
    }
    environment = bare_computer.bare_environment(tmp_path, outside)
    assert environment == {
        "PATH": str(tmp_path / "bin"),
        "HOME": str(tmp_path / "home"),
        "HTTPS_PROXY": "http://proxy:3128",
        "PIP_CERT": "/etc/ssl/cert.pem",
    }
    names = {path.name for path in (tmp_path / "bin").iterdir()}
    assert names == {"python3", "make", *bare_computer.COREUTILS}
    assert not names & {"go", "git", "node", "npm", "terraform", "cc", "gcc", "curl"}


def test_an_unknown_program_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert bare_computer.main(["grafana"]) == 2
    assert capsys.readouterr().err.startswith("No program called grafana: there are opentofu, ")


def test_a_command_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(bare_computer.BareTestError, match=r"-c raise SystemExit.* exit code 3"):
        bare_computer._run([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, {"PATH": ""})


def test_a_program_that_was_there_already_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(bare_computer.BareTestError, match="was there already"):
        bare_computer._check_go(Path("/usr/bin/terraform"), tmp_path)
