"""docs/reference/versions.md: every pinned version."""

from __future__ import annotations

from docgen.markdown import code, codes, page, table
from settings.model import Settings
from synthesis.foundation import pins, read_json
from tools.paths import ROOT
from tools.programs import PROGRAMS
from versions import (
    KUBERNETES,
    OPENTOFU_VERSION,
    PROVIDER_RANGES,
    TERRAFORM_MINIMUM,
    THANOS_VERSION,
)


def versions_page(settings: dict[str, Settings]) -> str:
    """Versions, from versions.py and the files that pin tools."""
    used: dict[str, list[str]] = {}
    for name, values in settings.items():
        used.setdefault(values.cluster.kubernetes_version, []).append(name)
    names = ("vpc_cni", "eks_pod_identity_agent", "coredns", "kube_proxy", "aws_ebs_csi_driver")
    python = pins(ROOT / "requirements.in", r"^([\w-]+)==([\w.]+)$")
    npm = read_json(ROOT / "package.json")["devDependencies"]
    grammars = {name: version for name, version in npm.items() if "lezer" in name}
    site = {name: version for name, version in npm.items() if "mermaid" in name}
    cli = {name: npm[name] for name in npm if name not in grammars and name not in site}
    return page(
        "Versions",
        "`versions.py` is the place to change what the stacks use, and says where each string "
        "comes from.",
        "## Kubernetes on EKS\n\n"
        + table(
            ("Version", "Standard support ends", "Extended support ends", "Used by"),
            (
                (v, k.standard_support_end, k.extended_support_end, codes(used.get(v, ())))
                for v, k in KUBERNETES.items()
            ),
        ),
        "## EKS add-ons by Kubernetes version\n\n"
        + table(
            ("Add-on", *KUBERNETES),
            (
                (
                    code(name.replace("_", "-")),
                    *(code(getattr(k.addons, name)) for k in KUBERNETES.values()),
                )
                for name in names
            ),
        ),
        "## Terraform and providers\n\n"
        + table(
            ("What", "Version"),
            (
                ("Terraform or OpenTofu", code(f">= {TERRAFORM_MINIMUM}")),
                ("OpenTofu, compiled where there is neither", code(OPENTOFU_VERSION)),
                *((f"Provider {name}", code(v)) for name, v in PROVIDER_RANGES.items()),
            ),
        ),
        "## Tools that make the Terraform\n\nPinned in `requirements.in` and `package.json`; the "
        "lock files have the hashes.\n\n"
        + table(("Package", "Version"), ((code(n), code(v)) for n, v in {**python, **cli}.items())),
        "## Grammars of PromQL, LogQL and TraceQL\n\nPinned in `package.json`; the tests parse "
        "every query by them (`verification/dashboards/query_grammars.py`).\n\n"
        + table(("Package", "Version"), ((code(n), code(v)) for n, v in grammars.items())),
        "## Tools of the documentation site\n\nPinned in `requirements-dev.in` and "
        "`package.json`.\n\n"
        + table(
            ("Package", "Version"),
            ((code(n), code(v)) for n, v in {**_site_tools(), **site}.items()),
        ),
        "## What runs in the cluster\n\nCharts and their programs: [releases](releases.md). Thanos "
        f"is {code(THANOS_VERSION)}. The cluster autoscaler's image goes with Kubernetes:\n\n"
        + table(
            ("Kubernetes", "Cluster autoscaler"),
            ((v, code(k.cluster_autoscaler)) for v, k in KUBERNETES.items()),
        ),
        "## Programs that the checks run\n\nCompiled by `make programs` from the modules in "
        "`tools/`; not the versions that run in the cluster.\n\n"
        + table(
            ("Program", "Version", "Minutes to compile on 2 cores"),
            ((code(p.name), code(p.version), p.minutes) for p in PROGRAMS.values()),
        ),
    )


def _site_tools() -> dict[str, str]:
    python = pins(ROOT / "requirements-dev.in", r"^([\w-]+)==([\w.]+)$")
    return {name: version for name, version in python.items() if name.startswith("mkdocs")}
