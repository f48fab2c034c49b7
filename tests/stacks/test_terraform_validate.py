"""Terraform itself accepts every stack, as JSON and as the HCL that people review."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from outcomes import terraform_with
from settings_files import REAL_ENVIRONMENTS
from stack_files import STACKS

from synthesis.hcl import render
from synthesis.synth import SynthesizedStack
from tools.providers import find_source
from tools.terraform import terraform_env

pytestmark = pytest.mark.terraform

Run = Callable[..., subprocess.CompletedProcess[str]]

every_stack = pytest.mark.parametrize(
    ("environment", "stack"),
    [(environment, stack) for environment in REAL_ENVIRONMENTS for stack in STACKS],
)


@pytest.fixture(scope="module")
def run() -> Run:
    """Runs Terraform in a folder, with the providers that this computer has."""
    program = terraform_with()
    env = terraform_env(program, find_source()) | {"TF_IN_AUTOMATION": "1"}
    # Terraform's own arguments from outside could change what is tested.
    env = {name: value for name, value in env.items() if not name.startswith("TF_CLI_ARGS")}
    # Each run reads the schemas of the provider anew; a fifth of that was collecting garbage.
    env |= {"GOGC": "400"}

    def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(program), *arguments],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=1200,
        )

    return call


@every_stack
def test_terraform_accepts_what_is_deployed(
    real_synthesized: dict[str, dict[str, SynthesizedStack]],
    run: Run,
    tmp_path: Path,
    environment: str,
    stack: str,
) -> None:
    text = real_synthesized[environment][stack].text
    (tmp_path / "cdk.tf.json").write_text(text, encoding="utf-8")
    _validate(run, tmp_path, real_synthesized[environment][stack])


@every_stack
def test_terraform_accepts_what_is_reviewed(
    real_synthesized: dict[str, dict[str, SynthesizedStack]],
    run: Run,
    tmp_path: Path,
    environment: str,
    stack: str,
) -> None:
    hcl = real_synthesized[environment][stack].hcl
    (tmp_path / f"{stack}.tf").write_text(hcl, encoding="utf-8")
    _validate(run, tmp_path, real_synthesized[environment][stack])


@every_stack
def test_what_is_reviewed_is_formatted_as_terraform_formats_it(
    real_synthesized: dict[str, dict[str, SynthesizedStack]],
    run: Run,
    tmp_path: Path,
    environment: str,
    stack: str,
) -> None:
    hcl = real_synthesized[environment][stack].hcl
    (tmp_path / f"{stack}.tf").write_text(hcl, encoding="utf-8")
    done = run(tmp_path, "fmt", "-check", "-diff", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr


def test_terraform_reads_the_same_values_from_json_and_from_hcl(run: Run, tmp_path: Path) -> None:
    # Values alone need no provider, so Terraform can be asked what it understood.
    values = {
        "backslash": "C:\\new \\u0041",
        "control": "\b\f\x1b\N{NO-BREAK SPACE}",
        "directive": '%{ if local.scheme == "https://" }yes%{ endif }',
        "escaped": "$${literal} %%{literal} $ % {",
        "expression": '${replace("https://x", local.scheme, "{}")}',
        "inside": '"${replace("https://x", "https://", "")}"\n\t:aud',
        "json": '{"${local.scheme}:aud": ["$${aws:username}", "a\\nb", "\\"", 1, true, null]}',
        "lines": "a: ${local.scheme}\n\n  b: 'C:\\new'\n  c: \"$${env:POD_IP}:4317\"\n",
        "lines_in_a_list": ["a: 1\nb: 2\n", "c: 3\nd: 4\n"],
        "list": ["${local.scheme}", 'a"b', {"k}": "${length([1, 2])}"}],
        "quote": 'say "hello"',
    }
    stack: dict[str, Any] = {
        "terraform": {},
        "locals": {"scheme": "https://"},
        "output": {name: {"value": value} for name, value in values.items()},
    }
    understood = []
    for file, text in (("main.tf.json", json.dumps(stack)), ("main.tf", render(stack))):
        folder = tmp_path / file
        folder.mkdir()
        (folder / file).write_text(text, encoding="utf-8")
        for arguments in (["init"], ["apply", "-auto-approve"], ["output", "-json"]):
            done = run(folder, *arguments, *([] if "output" in arguments else ["-input=false"]))
            assert done.returncode == 0, done.stdout + done.stderr
        outputs = {name: output["value"] for name, output in json.loads(done.stdout).items()}
        # jsonencode writes the same document with other white space.
        outputs["json"] = json.loads(outputs["json"])
        understood.append(outputs)
    assert understood[0] == understood[1]
    assert understood[0]["backslash"] == values["backslash"]
    assert understood[0]["inside"] == '"x"\n\t:aud'
    assert understood[0]["lines"] == "a: https://\n\n  b: 'C:\\new'\n  c: \"${env:POD_IP}:4317\"\n"


def _validate(run: Run, folder: Path, stack: SynthesizedStack) -> None:
    terraform_with(*stack.config["provider"])
    done = run(folder, "init", "-backend=false", "-input=false", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(folder, "validate", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    # A warning today is an error in the next major version of a provider.
    assert "Warning" not in done.stdout, done.stdout
