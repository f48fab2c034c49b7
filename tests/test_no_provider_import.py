"""Settings, and whatever reads only them, start in a moment: no binding is loaded with them."""

from __future__ import annotations

import subprocess
import sys

from tools.paths import ROOT

MODULES = [
    f"{folder}.{file.stem}"
    for folder in ("settings", "signals", "blueprint")
    for file in sorted((ROOT / folder).glob("[!_]*.py"))
]


def test_settings_load_no_provider_binding() -> None:
    script = (
        f"import sys, {', '.join([*MODULES, 'versions'])}\n"
        "print(*(name for name in sys.modules if name.split('.')[0].startswith(\n"
        "    ('cdktf', 'jsii', 'constructs', 'aws_cdk', 'stacks'))))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=600
    )

    assert done.stderr == ""
    assert done.stdout.split() == []
