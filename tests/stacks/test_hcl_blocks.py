"""What is a block and what a map in our HCL agrees with the bindings, which know the providers.

`terraform validate` would tell as well, but not where a provider cannot be had.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from stack_files import STACKS

from synthesis.synth import SynthesizedStack
from tools.paths import ROOT

RESOURCE = re.compile(r'^resource "([^"]+)"')
BLOCK = re.compile(r"^\s+(?:dynamic )?([A-Za-z_]\w*) \{$")
MAP = re.compile(r"^\s+([A-Za-z_]\w*)\s+= \{$")
OF_TERRAFORM = {"lifecycle"}


@pytest.fixture(scope="module")
def hcl_of_cdktf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stacks as cdktf writes them in HCL: broken in places, but true about blocks and maps."""
    outdir = tmp_path_factory.mktemp("hcl")
    subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env={
            **os.environ,
            "ENVIRONMENT": "dev",
            "CDKTF_OUTDIR": str(outdir),
            "SYNTH_HCL_OUTPUT": "true",
        },
        check=True,
    )
    return outdir


def kinds(hcl: str) -> dict[tuple[str, str], set[str]]:
    """By type of resource and argument: whether it stands there as a block or as a map."""
    forms: dict[tuple[str, str], set[str]] = defaultdict(set)
    resource = ""
    for line in hcl.splitlines():
        header = RESOURCE.match(line)
        if header or line.startswith(("data ", "provider ", "output ", "terraform ", "locals ")):
            resource = header[1] if header else ""
        elif resource:
            for kind, pattern in (("block", BLOCK), ("map", MAP)):
                match = pattern.match(line if line.startswith(" ") else f" {line}")
                if match and match[1] not in OF_TERRAFORM:
                    forms[resource, match[1]].add(kind)
    return forms


@pytest.mark.parametrize("stack", STACKS)
def test_blocks_and_maps_are_what_the_bindings_say(
    synthesized: dict[str, dict[str, SynthesizedStack]], hcl_of_cdktf: Path, stack: str
) -> None:
    theirs = kinds((hcl_of_cdktf / "stacks" / stack / "cdk.tf").read_text(encoding="utf-8"))
    ours = kinds(synthesized["dev"][stack].hcl)
    both = set(theirs) & set(ours)
    assert {argument: ours[argument] for argument in both} == {
        argument: theirs[argument] for argument in both
    }
    assert len(both) >= 5, "there is something to compare"


def empty_lists(value: Any, place: str) -> list[str]:
    """Places of empty lists in a value."""
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in empty_lists(item, f"{place}.{key}")]
    if isinstance(value, list):
        nested = [line for item in value for line in empty_lists(item, place)]
        return nested if value else [place]
    return []


@pytest.mark.parametrize("stack", STACKS)
def test_no_argument_is_an_empty_list(
    synthesized: dict[str, dict[str, SynthesizedStack]], stack: str
) -> None:
    # JSON does not tell whether it stands for blocks, and HCL has no list of blocks.
    resources = synthesized["dev"][stack].config["resource"]
    assert empty_lists(resources, "resource") == []


def test_an_empty_list_is_found_at_any_depth() -> None:
    value = {"spec": {"egress": [{"to": []}], "ports": [1], "labels": {}}}
    assert empty_lists(value, "policy") == ["policy.spec.egress.to"]
