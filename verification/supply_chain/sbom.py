"""`make sbom`: write the bill of materials (CycloneDX JSON) of what is installed and deployed.

From the lock files, the charts of versions.py and deployed.yaml; validated against the schema of
CycloneDX. The same inputs give the same file.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import versions
from tools.paths import ROOT
from verification.supply_chain.deployed import read_images

OUTPUT: Final = ROOT / "cdktf.out" / "sbom.cdx.json"
PYTHON_LOCKS: Final = (
    "requirements.txt",
    "requirements-dev.txt",
    "tools/requirements-go.txt",
    "tools/requirements-scanners.txt",
    "sample_apps/python/requirements.txt",
)
NPM_LOCKS: Final = ("package-lock.json", "sample_apps/node/package-lock.json")
POMS: Final = ("sample_apps/java/pom.xml",)
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
_MODULE: Final = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/\S+) (v\S+)", re.MULTILINE)

_ARTIFACT: Final = re.compile(
    r"<groupId>([^<]+)</groupId>\s*<artifactId>([^<]+)</artifactId>\s*<version>([^<]+)</version>"
)

Component = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; exit code 1 when the bill does not fit CycloneDX's schema."""
    parser = argparse.ArgumentParser(prog="make sbom", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT, help="file to write")
    output = parser.parse_args(arguments).output
    bill = make()
    problem = schema_problem(bill)
    if problem:
        print(problem, file=sys.stderr)
        return 1
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    kinds = Counter(component["purl"].partition("/")[0] for component in bill["components"])
    print(f"{output}: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    return 0


def make(root: Path = ROOT) -> dict[str, Any]:
    """The bill of materials, components in order of their package URLs."""
    by_purl = {component["purl"]: component for component in _components(root)}
    components = [by_purl[purl] for purl in sorted(by_purl)]
    digest = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{digest}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "eks-observability-foundation",
                "name": "eks-observability-foundation",
            }
        },
        "components": components,
    }


def schema_problem(bill: dict[str, Any]) -> str | None:
    """Why the bill does not fit the schema of CycloneDX; None if it does."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill))
    return None if error is None else str(error)


def _components(root: Path) -> Iterator[Component]:
    for lock in PYTHON_LOCKS:
        for name, version in _PIN.findall((root / lock).read_text(encoding="utf-8")):
            yield _component("library", name, version, f"pkg:pypi/{name.lower()}@{version}")
    for lock in NPM_LOCKS:
        packages = json.loads((root / lock).read_text(encoding="utf-8"))["packages"]
        for path, package in packages.items():
            if path:
                name = package.get("name", path.rpartition("node_modules/")[2])
                yield _npm(name, package)
    for pom in POMS:
        yield from _maven(root / pom)
    for file in sorted((root / "tools").glob("*/go.mod")):
        for name, version in _MODULE.findall(file.read_text(encoding="utf-8")):
            purl = f"pkg:golang/{name.lower()}@{version}"
            yield _component("library", name, version, purl)
    for chart in vars(versions).values():
        if isinstance(chart, versions.Chart):
            purl = f"pkg:helm/{chart.name}@{chart.version}?repository_url={chart.repository}"
            yield _component("application", chart.name, chart.version, purl)
    for image in read_images():
        name = image.image.rpartition("/")[2]
        purl = f"pkg:oci/{name}?repository_url={image.image}&tag={image.tag}"
        component = _component("container", image.image, image.tag, purl)
        if image.licence != "NOASSERTION":
            component["licenses"] = [{"license": {"id": image.licence}}]
        yield component


def _maven(pom: Path) -> Iterator[Component]:
    """What the file itself gives a version; what Maven chooses is not in a lock."""
    text = pom.read_text(encoding="utf-8")
    properties = dict(re.findall(r"<([\w.-]+)>([^<>]+)</\1>", text))
    for group, name, version in _ARTIFACT.findall(text):
        known = re.sub(r"\$\{([\w.-]+)\}", lambda match: properties.get(match[1], ""), version)
        if known:
            purl = f"pkg:maven/{group}/{name}@{known}"
            yield _component("library", f"{group}:{name}", known, purl)


def _npm(name: str, package: dict[str, Any]) -> Component:
    version = package["version"]
    quoted = name.replace("@", "%40")
    component = _component("library", name, version, f"pkg:npm/{quoted}@{version}")
    algorithm, _, digest = package.get("integrity", "").partition("-")
    if algorithm == "sha512":
        content = base64.b64decode(digest).hex()
        component["hashes"] = [{"alg": "SHA-512", "content": content}]
    return component


def _component(kind: str, name: str, version: str, purl: str) -> Component:
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}


if __name__ == "__main__":
    sys.exit(main())
