"""Let parliament judge IAM policies; runs with the scanners' own Python, not with the project's.

Reads {name: document} as JSON from stdin, writes [{name, id, title, detail}] to stdout.
"""

import json
import sys

from parliament import analyze_policy_string, enhance_finding


def main() -> None:
    """Judge every policy."""
    found = []
    for name, document in json.load(sys.stdin).items():
        for finding in analyze_policy_string(json.dumps(document)).findings:
            enhanced = enhance_finding(finding)
            found.append(
                {
                    "name": name,
                    "id": finding.issue,
                    "title": enhanced.title or finding.issue,
                    "detail": str(finding.detail),
                }
            )
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
