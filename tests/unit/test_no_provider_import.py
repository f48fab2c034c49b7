"""Settings, and whatever reads only them, start in a moment: no binding is loaded with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import environments

ROOT = Path(environments.__file__).parents[1]
MODULES = [f"environments.{file.stem}" for file in sorted(ROOT.glob("environments/[!_]*.py"))]


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
