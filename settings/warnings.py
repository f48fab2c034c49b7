"""Warnings: settings that the rules allow, but that need attention before a deployment."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from settings.model import Settings

EXAMPLE_ACCOUNTS: Final = frozenset(
    ("000000000000", "111122223333", "123456789012", "444455556666", "777788889999")
)
"""Accounts in AWS's documentation, and those that emulators have by themselves."""

EXAMPLE_HOST: Final = re.compile(
    r"(?:^|@|//)(?:(?:[a-z0-9-]+\.)*example\.(?:com|net|org)"
    r"|(?:[a-z0-9-]+\.)+(?:example|test|invalid))(?=[:/]|$)",
    re.IGNORECASE,
)
"""Names that RFC 2606 reserves for documentation and tests."""

EXAMPLE_REPOSITORY: Final = re.compile(r"//(?:github|gitlab)\.com/example/", re.IGNORECASE)


class Placeholder(NamedTuple):
    """A value that is still an example: its dotted key, the value, and what belongs there."""

    key: str
    value: str
    instead: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value}: an example; replace it with {self.instead}"


def placeholders(settings: Settings) -> list[Placeholder]:
    """Every value that is still one of the examples in the repository or of the same kind."""
    return [
        Placeholder(key, value, instead)
        for key, value in _texts(settings.model_dump())
        if (instead := _instead(value)) is not None
    ]


def warnings(settings: Settings) -> list[str]:
    """One line for each thing that is allowed and has consequences that are easily overlooked."""
    return [*_unreachable_api(settings), *_no_way_out(settings)]


def warning_lines(settings: Settings) -> list[str]:
    """Warnings and placeholders as `make synth` prints them, with the file that they are about."""
    file = f"environments/{settings.environment}.yaml"
    lines = [f"warning: {file}: {warning}" for warning in warnings(settings)]
    examples = placeholders(settings)
    if examples:
        lines.append(f"warning: {file}: still examples, which `make deploy` refuses:")
        lines += [f"  - {example}" for example in examples]
    return lines


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from _texts(child, f"{key}.{name}" if key else str(name))
    elif isinstance(value, tuple | list):
        for index, child in enumerate(value):
            yield from _texts(child, f"{key}.{index}")


def _instead(value: str) -> str | None:
    if value in EXAMPLE_ACCOUNTS:
        return "the number of your AWS account"
    if value.startswith("arn:") and value.split(":")[4] in EXAMPLE_ACCOUNTS:
        return "an ARN of your AWS account"
    if EXAMPLE_REPOSITORY.search(value):
        return "the address of your repository"
    if EXAMPLE_HOST.search(value):
        return "your own e-mail address" if "@" in value else "your own address"
    return None


def _unreachable_api(settings: Settings) -> Iterator[str]:
    endpoint = settings.cluster.endpoint
    if not endpoint.public_cidrs and not endpoint.private_cidrs:
        yield (
            "cluster.endpoint: the Kubernetes API is private, and no network outside is allowed: "
            f"only nodes, pods and machines of the VPC {settings.network.cidr} with the cluster's "
            "security group reach it. kubectl and the deployment of stack observability work only "
            "from there. Add the networks of your VPN or CI runners to private_cidrs, or your own "
            "address to public_cidrs."
        )


def _no_way_out(settings: Settings) -> Iterator[str]:
    if settings.network.nat == "none":
        yield (
            "network.nat: none: the cluster reaches only AWS services with an endpoint. It cannot "
            "pull images of public registries (quay.io, ghcr.io, docker.io, registry.k8s.io), and "
            "no alert reaches Slack, an SMTP server or a dead man's switch. Give the private "
            "subnets another route (transit gateway, proxy), or put the images into ECR and the "
            "receivers into a network that the VPC reaches."
        )
