"""A further environment is a checked copy of one that there is, or nothing is written at all."""

from __future__ import annotations

import ipaddress
import shutil
from pathlib import Path

import pytest
import yaml
from settings_files import TODAY

from settings.load import load_environment
from synthesis import new_environment
from tools.paths import SAMPLE_ENVIRONMENTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The environments of the tests, with their workloads beside them."""
    copy = shutil.copytree(SAMPLE_ENVIRONMENTS, tmp_path / "environments")
    (copy / "workloads").rename(tmp_path / "workloads")
    return tmp_path


def run(folder: Path, *arguments: str) -> int:
    return new_environment.main(arguments, folder / "environments", folder / "workloads")


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize("source", ["dev", "prd"])
def test_a_new_environment_is_the_source_with_another_name_network_and_account(
    folder: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(folder)
    assert run(folder, "--name", "stg", "--from", source) == 0
    after = files(folder)
    assert set(after) - set(before) == {"environments/stg.yaml", "workloads/stg.yaml"}
    assert {name: after[name] for name in before} == before
    assert (
        capsys.readouterr().out == "Written: environments/stg.yaml\nWritten: workloads/stg.yaml\n"
    )

    environments = folder / "environments"
    old, new = (load_environment(name, TODAY, environments) for name in (source, "stg"))
    assert new.account_id not in {"111122223333", "444455556666"}
    assert old.account_id not in after["environments/stg.yaml"]
    expected = {
        **old.model_dump(mode="json"),
        "environment": "stg",
        "network": {
            **old.network.model_dump(mode="json"),
            "cidr": new.network.cidr,
            "reserved_cidrs": [*old.network.reserved_cidrs, old.network.cidr],
        },
    }
    text = str(expected).replace(old.account_id, new.account_id)
    assert str(new.model_dump(mode="json")) == text
    kept = [
        line.replace(f"ENV={source}", "ENV=stg")
        for line in comments(before[f"environments/{source}.yaml"])
    ]
    added = [line for line in comments(after["environments/stg.yaml"]) if line not in kept]
    assert added == ([f" {source}"] if f" {source}" not in kept else [])
    assert set(kept) <= set(comments(after["environments/stg.yaml"]))


def test_its_network_is_one_that_nobody_uses_reserves_or_comes_from(folder: Path) -> None:
    used = [
        ipaddress.IPv4Network(cidr)
        for name in ("dev", "prd")
        for settings in [load_environment(name, TODAY, folder / "environments")]
        for cidr in (
            settings.network.cidr,
            *settings.network.reserved_cidrs,
            *settings.cluster.endpoint.private_cidrs,
            settings.cluster.service_cidr,
        )
    ]
    networks = []
    for name in ("stg", "qa"):
        assert run(folder, "--name", name, "--from", "dev") == 0
        settings = load_environment(name, TODAY, folder / "environments")
        networks.append(ipaddress.IPv4Network(settings.network.cidr))
    assert networks[0].prefixlen == networks[1].prefixlen == 16
    assert not networks[0].overlaps(networks[1])
    assert not any(network.overlaps(other) for network in networks for other in used)


def test_its_workload_is_the_sources(folder: Path) -> None:
    assert run(folder, "--name", "stg", "--from", "prd") == 0
    old, new = (
        (folder / "workloads" / f"{name}.yaml").read_text(encoding="utf-8")
        for name in ("prd", "stg")
    )
    assert new == old.replace("prd's cluster", "stg's cluster")
    assert "stg's cluster" in new


@pytest.mark.parametrize("name", ["on", "null", "yes"])
def test_a_name_that_yaml_takes_for_something_else_stays_a_name(folder: Path, name: str) -> None:
    assert run(folder, "--name", name, "--from", "dev") == 0
    assert load_environment(name, TODAY, folder / "environments").environment == name
    text = (folder / "environments" / f"{name}.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["environment"] == name


REFUSED = [
    (("--name", "stg"), "NAME and FROM are needed; allowed: make new-env NAME=stg FROM=dev"),
    (("--name", "", "--from", ""), "with FROM one of dev, prd"),
    (("--name", "stg", "--from", "qa"), "FROM='qa': no such environment; allowed: dev, prd"),
    (
        ("--name", "stg", "--from", "../dev"),
        "FROM='../dev': no such environment; allowed: dev, prd",
    ),
    (
        ("--name", "prd", "--from", "dev"),
        "NAME='prd': environments/prd.yaml is there; allowed: a name",
    ),
    *(
        (("--name", name, "--from", "dev"), f"NAME={name!r}: allowed: 2 to 8 lower-case letters")
        for name in ("Stg", "s", "st-g", "1st", "../stg", "staging99", "stg ", "stg\n", "ştg")
    ),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_wrong_arguments_are_refused_in_one_line_and_nothing_is_written(
    folder: Path,
    arguments: tuple[str, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = files(folder)
    assert run(folder, *arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
    assert files(folder) == before


def test_a_workload_that_is_there_is_not_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "workloads" / "stg.yaml").write_text("mine\n", encoding="utf-8")
    before = files(folder)
    assert run(folder, "--name", "stg", "--from", "dev") == 2
    assert "NAME='stg': workloads/stg.yaml is there" in capsys.readouterr().err
    assert files(folder) == before


def test_a_source_without_a_workload_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "workloads" / "dev.yaml").unlink()
    before = files(folder)
    assert run(folder, "--name", "stg", "--from", "dev") == 2
    assert capsys.readouterr().err.startswith(
        "FROM='dev': workloads/dev.yaml is missing; allowed: "
    )
    assert files(folder) == before


def test_wrong_settings_are_named_with_their_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "environments" / "dev.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("nat: single", "nat: singel"))
    before = files(folder)
    assert run(folder, "--name", "stg", "--from", "dev") == 2
    err = capsys.readouterr().err
    assert "environments/dev.yaml:16: network.nat: 'singel': allowed: none, single, per_az" in err
    assert files(folder) == before


def test_where_no_network_is_free_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "environments" / "prd.yaml"
    text = file.read_text(encoding="utf-8").replace("10.20.0.0/16", "10.10.0.0/16")
    text = text.replace(
        "private_cidrs: [10.30.0.0/16]",
        "private_cidrs: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]",
    )
    file.write_text(text.replace("    - 10.10.0.0/16 # dev\n", "    - 10.99.0.0/16\n"))
    before = files(folder)
    assert run(folder, "--name", "stg", "--from", "dev") == 2
    assert "no private network of the size of 10.10.0.0/16 is free" in capsys.readouterr().err
    assert files(folder) == before


def test_half_of_it_is_never_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(folder)
    missing = folder / "workloads" / "gone" / "stg.yaml"
    texts = {folder / "environments" / "stg.yaml": "x", missing: "y"}
    monkeypatch.setattr(new_environment, "new_files", lambda *_: texts)
    assert run(folder, "--name", "stg", "--from", "dev") == 2
    assert "stg.yaml: cannot be written: No such file or directory" in capsys.readouterr().err
    assert files(folder) == before


def test_what_only_people_know_is_listed_with_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "--to-edit", "prd") == 0
    lines = capsys.readouterr().out.splitlines()
    text = (folder / "environments" / "prd.yaml").read_text(encoding="utf-8").splitlines()
    listed = {}
    for line in lines[1:-1]:
        place, key, _ = line.split(": ", 2)
        number = int(place.removeprefix("environments/prd.yaml:"))
        assert f"{key.rpartition('.')[2]}:" in text[number - 1]
        listed[key] = number
    assert {"account_id", "tags", "network.cidr", "cluster.admin_role_arns"} <= set(listed)
    assert {"alerting.emails", "namespaces.prd.notifications"} <= set(listed)
    assert list(listed.values()) == sorted(listed.values())
    assert lines[-1] == "cost/workloads/prd.yaml: what the applications will send"


def test_the_list_of_an_unknown_environment_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "--to-edit", "qa") == 2
    assert "allowed: dev, prd" in capsys.readouterr().err
