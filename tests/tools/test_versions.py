"""versions.py is complete, well-formed, and the only place that names a version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass

import pytest

import versions
from tools.paths import ROOT
from versions import KUBERNETES, EksAddonVersions


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def test_kubernetes_versions_are_minor_versions_in_ascending_order() -> None:
    assert all(re.fullmatch(r"1\.\d{2}", version) for version in KUBERNETES)
    assert list(KUBERNETES) == sorted(KUBERNETES, key=numbers)


@pytest.mark.parametrize("version", KUBERNETES)
def test_extended_support_follows_standard_support(version: str) -> None:
    facts = KUBERNETES[version]

    # EKS gives 14 months of standard and 12 of extended support.
    assert 360 <= (facts.extended_support_end - facts.standard_support_end).days <= 370


def test_later_versions_are_supported_longer() -> None:
    for end in ("standard_support_end", "extended_support_end"):
        ends = [getattr(facts, end) for facts in KUBERNETES.values()]
        assert ends == sorted(set(ends))


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("addon", [field.name for field in fields(EksAddonVersions)])
def test_addon_is_an_eks_build(version: str, addon: str) -> None:
    build = getattr(KUBERNETES[version].addons, addon)

    assert re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", build)


@pytest.mark.parametrize("version", KUBERNETES)
def test_addons_fit_the_kubernetes_version_and_the_floors(version: str) -> None:
    addons = KUBERNETES[version].addons

    assert numbers(addons.kube_proxy)[:2] == numbers(version)
    assert numbers(addons.vpc_cni) >= (1, 22, 1)
    assert numbers(addons.aws_ebs_csi_driver) >= (1, 58)


def test_addons_do_not_go_back_with_a_later_kubernetes() -> None:
    for field in fields(EksAddonVersions):
        builds = [numbers(getattr(facts.addons, field.name)) for facts in KUBERNETES.values()]
        assert builds == sorted(builds)


def test_provider_ranges_have_both_ends() -> None:
    for provider, bounds in versions.PROVIDER_RANGES.items():
        assert re.fullmatch(r">= \d+\.\d+(\.\d+)?, < \d+", bounds), provider
        least, most = bounds.split(", ")
        assert numbers(least) < numbers(most)


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts_in(key)
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from texts_in(asdict(value))


def version_texts() -> set[str]:
    """Every text in versions.py that has the form of a version, whatever it is later called."""
    public = {name: value for name, value in vars(versions).items() if not name.startswith("_")}
    return {text for text in texts_in(public) if re.fullmatch(r"v?\d+(\.\d+)+[\w.+-]*", text)}


def test_the_scan_knows_the_versions() -> None:
    assert version_texts() >= {*KUBERNETES, KUBERNETES["1.36"].addons.coredns}


@pytest.mark.parametrize("folder", ["settings", "blueprint", "stacks", "constructs_lib"])
def test_no_version_is_repeated_elsewhere(folder: str) -> None:
    either = "|".join(re.escape(text) for text in sorted(version_texts(), key=len, reverse=True))
    repeated = re.compile(rf"(?<![\w.])(?:{either})(?![\w.]*\d)")

    repetitions = [
        f"{file.relative_to(ROOT)}:{number}: {match[0]}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        for match in repeated.finditer(line)
    ]

    assert repetitions == []
