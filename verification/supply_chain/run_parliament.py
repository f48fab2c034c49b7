"""Checks IAM policies with parliament; runs with the Python of the scanners.

Reads {name: document} as JSON from stdin, writes [{name, id, title, detail}] to stdout.
"""

import json
import sys

from parliament import analyze_policy_string, enhance_finding


def main() -> None:
    """Check every policy."""
    findings = []
    for name, document in json.load(sys.stdin).items():
        for finding in analyze_policy_string(json.dumps(document)).findings:
            enhanced = enhance_finding(finding)
            findings.append(
                {
                    "name": name,
                    "id": finding.issue,
                    "title": enhanced.title or finding.issue,
                    "detail": str(finding.detail),
                }
            )
    json.dump(findings, sys.stdout)


if __name__ == "__main__":
    main()
