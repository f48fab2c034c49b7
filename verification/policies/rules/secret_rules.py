"""Secrets: none in Terraform, in Helm values, or in what Terraform would put into its state."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from blueprint.documents import Config
from synthesis.reading import resources, strings
from verification.policies.rule import Breach, Rule, Subject

PATTERNS = {
    "AWS access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "private key": re.compile(r"BEGIN [A-Z ]*PRIVATE KEY"),
    "Slack token": re.compile(r"\bxox[abeprs]-"),
    "Slack webhook": re.compile(r"hooks\.slack\.com"),
    "password": re.compile(r"(?i)(?:password|passwd|secret_key|api_?key)\W{0,5}[=:]\W*\w"),
    "GitHub token": re.compile(r"\bgh[opsu]_\w{20}"),
    "JSON web token": re.compile(r"\beyJ[\w-]{10,}\.eyJ"),
    "credentials in a URL": re.compile(r"://[^/\s:@]+:[^/\s:@]+@"),
}
"""What a secret looks like, by kind."""

_WORD = re.compile(r"(?<![\w/+=.-])[A-Za-z0-9+/=_]{40,}(?![\w/+=.-])")
RANDOM_BITS = 4.6
"""Bits per character above which 40 characters in a row look random (Shannon entropy). Counted on
20,000 keys of 30 random bytes in base64, as AWS's secret keys are: 92 % have more. Two names of
managed policies put together have 4.596, hexadecimal digests at most 4."""

INTO_STATE = (
    "random_password",
    "random_string",
    "tls_private_key",
    "aws_iam_access_key",
    "aws_secretsmanager_secret_version",
    "aws_ssm_parameter",
    "kubernetes_secret",
    "kubernetes_secret_v1",
    "kubernetes_token_request_v1",
)
"""Types of resources whose state holds the secret itself."""

READ_INTO_STATE = (
    "aws_eks_cluster_auth",
    "aws_secretsmanager_secret_version",
    "aws_secretsmanager_random_password",
    "aws_ssm_parameter",
    "kubernetes_secret",
    "kubernetes_secret_v1",
)
"""Types of data sources that read a secret, and so write it into the state."""


def kinds_in(text: str) -> list[str]:
    """Kinds of secrets that the text looks like."""
    kinds = [kind for kind, pattern in PATTERNS.items() if pattern.search(text)]
    if any(_bits(word) > RANDOM_BITS for word in _WORD.findall(text)):
        kinds.append("random key")
    return kinds


def _bits(word: str) -> float:
    counts = Counter(word).values()
    return -sum(n / len(word) * math.log2(n / len(word)) for n in counts)


def _texts(config: Config) -> Iterator[tuple[str, str]]:
    """Every text with the address that holds it."""
    for address, body in resources(config):
        for text in strings(body):
            yield address, text
    for section, content in config.items():
        if section not in ("resource", "//"):
            for text in strings(content):
                yield section, text


def _values(subject: Subject) -> Iterator[Breach]:
    for address, text in _texts(subject.config):
        for kind in kinds_in(text):
            # What was found is not printed: it may be a secret.
            yield Breach(address, f"looks like a secret: {kind}")


def _state(subject: Subject) -> Iterator[Breach]:
    for address, body in resources(subject.config):
        if address.partition(".")[0] in INTO_STATE:
            yield Breach(address, "its state would hold the secret")
        for argument in ("set_sensitive", "repository_password"):
            if body.get(argument):
                yield Breach(address, f"{argument} is in the state as it is written")
    for kind, named in subject.config.get("data", {}).items():
        if kind in READ_INTO_STATE:
            for name in named:
                yield Breach(f"data.{kind}.{name}", "what is read would be in the state")
    for name, output in subject.config.get("output", {}).items():
        if output.get("sensitive"):
            yield Breach(f"output.{name}", "is hidden on the terminal and readable in the state")


RULES = (
    Rule(
        id="secrets-are-not-in-files",
        title="No value in Terraform or Helm values looks like a secret",
        reason="What is in a file is in Git, in plans and in every copy of them.",
        source="OWASP Secrets Management Cheat Sheet",
        check=_values,
    ),
    Rule(
        id="secrets-are-not-in-states",
        title="Nothing is made or read that writes a secret into a state",
        reason="A state is readable for whoever runs a plan.",
        source="Terraform documentation, Sensitive data in state",
        check=_state,
    ),
)
