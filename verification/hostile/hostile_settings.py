"""`make hostile N=2000`: synthesize random and hostile settings.

Each file must give whole, valid Terraform that keeps every rule of policies/, or a refusal of one
line per mistake: never a traceback, never part of an output. Valid ones are synthesized, up to a
number, and three of them are validated by Terraform where it can be. Exit code 1 when a file broke
that promise; the file is kept and named.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from blueprint.stack_names import AWS_STACKS
from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from operations.terraform_stack import Terraform, TerraformError
from settings.load import SettingsError, load_settings
from settings.model import Settings
from synthesis.reading import references, resources
from synthesis.synth import SynthesizedStack, publish
from tools.paths import SAMPLE_ENVIRONMENTS
from tools.providers import find_source
from tools.terraform import (
    TerraformUnavailableError,
    find_terraform,
    require_providers,
    terraform_env,
)
from verification.charts.chart_contract import problems as contract_problems
from verification.charts.chart_contract import read_contracts
from verification.policies.all_policies import RULES, subjects_of
from verification.policies.rule import findings

TODAY: Final = date(2026, 11, 24)
VALIDATED: Final = 3
"""Stacks whose provider is in CI's mirror."""

DEV_TEXT: Final = (SAMPLE_ENVIRONMENTS / "dev.yaml").read_bytes()
DEV: Final[dict[str, Any]] = yaml.safe_load(DEV_TEXT)

Path_ = tuple[str | int, ...]


class PromiseBrokenError(Exception):
    """A file gave neither whole Terraform nor a proper refusal; the message says what it gave."""


# --- Files --------------------------------------------------------------------------------------


def _paths(value: Any, path: Path_ = ()) -> list[Path_]:
    if isinstance(value, dict):
        children: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    else:
        children = []
    below = [descendant for key, child in children for descendant in _paths(child, (*path, key))]
    return [path, *below] if path else below


PATHS: Final = _paths(DEV)

NASTY: Final = (
    "", " ", "~", "null", "yes", "0x1f", "1e999", "2026-02-30", "../../etc", "a" * 5000, "-1",
    "${aws_kms_key.key.arn}", '${file("/etc/passwd")}', "%{ for x in [1] }%{ endfor }", "{{ .V }}",
    '"}], "x": [{', "a\nb", "a\tb", "a\u2028b", "\u202eevil", "🦔", "Ünïcode", "$(id)", "`id`",
    "'; DROP TABLE", "*", "&a", "!!python/object/apply:os.system", "10.0.0.0/8", "0.0.0.0/0",
    "arn:aws:iam::*:role/*", "arn:aws:iam::999999999999:role/x", "kube-system", "default",
)  # fmt: skip
"""Texts that are dangerous somewhere: YAML, Terraform, Helm, shell, terminal, IAM, Kubernetes."""

HOSTILE_YAML: Final = (
    b"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    b"a: &a\n  <<: *a\n",
    b"!!python/object/apply:os.system [id]\n",
    b"environment: !!binary aGk=\n",
    b"environment: dev\nenvironment: prd\n",
    b"%YAML 1.1\n---\nenvironment: dev\n",
    b"--- {}\n--- {}\n",
    b"[" * 3000,
    b"{" * 3000,
    b"- " * 3000,
    b"a: " * 3000,
    b"\x00",
    b"\xff\xfe" + "environment: dev".encode("utf-16-le"),
    b"\xef\xbb\xbf" + DEV_TEXT,
    DEV_TEXT * 2,
    b"",
    b"#",
    b"? [a]\n: b\n",
    b"? {a: b}\n: c\n",
    b"account_id: " + b"9" * 5000 + b"\n",
    b"account_id: 0b" + b"1" * 5000 + b"\n",
    b"size: " + b"x" * 1_000_000 + b"\n",
    b"environment: dev\r\rname: obs\n",
    b"environment: 1:1:1:1\n",
    b'name: "\\ud800"\n',
    b"=: =\n",
)
"""Documents that have broken readers of YAML: bombs, tags, repeated keys, depth, encodings."""

SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 4000)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(NASTY)
)
VALUES: Final = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


def _at(document: Any, path: Path_) -> Any:
    for part in path:
        document = document[part]
    return document


def _put(document: dict[str, Any], path: Path_, value: object) -> None:
    with contextlib.suppress(KeyError, IndexError, TypeError):
        _at(document, path[:-1])[path[-1]] = copy.deepcopy(value)


def _allowed() -> dict[Path_, st.SearchStrategy[Any]]:
    """Values that are allowed by themselves; together some contradict each other."""
    days = st.integers(1, 3650)
    roles = st.lists(
        st.sampled_from([f"arn:aws:iam::111122223333:role/r{n}" for n in range(5)]),
        min_size=1,
        max_size=3,
        unique=True,
    )
    strategies: dict[Path_, st.SearchStrategy[Any]] = {
        ("name",): st.from_regex(r"\A[a-z][a-z0-9]{1,8}\Z"),
        ("size",): st.sampled_from(["small", "medium", "large"]),
        ("deletion_protection",): st.booleans(),
        ("tags", "owner"): st.from_regex(r"\A[A-Za-z0-9 _.:/=+@-]{1,40}\Z"),
        ("tags", "extra"): st.dictionaries(
            st.from_regex(r"\A[A-Za-z0-9_.-]{1,20}\Z"), st.sampled_from(NASTY), max_size=3
        ),
        ("network", "nat"): st.sampled_from(["none", "single", "per_az"]),
        ("network", "cidr"): st.sampled_from(
            ["10.0.0.0/16", "10.99.0.0/20", "172.16.0.0/16", "192.168.0.0/16"]
        ),
        ("network", "interface_endpoints"): st.lists(
            st.sampled_from(["ecr_api", "ecr_dkr", "sts", "secretsmanager", "logs", "ec2"]),
            max_size=4,
        ),
        ("network", "flow_logs_retention_days"): days,
        ("cluster", "kubernetes_version"): st.sampled_from(["1.34", "1.35", "1.36"]),
        ("cluster", "support_type"): st.sampled_from(["STANDARD", "EXTENDED"]),
        ("cluster", "admin_role_arns"): roles,
        ("cluster", "endpoint"): st.fixed_dictionaries(
            {},
            optional={
                "public_cidrs": st.lists(
                    st.sampled_from(["203.0.113.0/24", "8.8.8.8/32", "0.0.0.0/0", "0.0.0.0/1"]),
                    max_size=2,
                ),
                "private_cidrs": st.lists(
                    st.sampled_from(["10.30.0.0/16", "192.168.7.0/24"]), max_size=2
                ),
            },
        ),
        ("retention_days", "backups"): st.integers(7, 3650),
        ("alerting", "dead_mans_switch"): st.booleans(),
    }
    for namespace in ("dev", "hml", "prd"):
        start: Path_ = ("namespaces", namespace)
        strategies |= {
            (*start, "node_group", "min_size"): st.integers(0, 5),
            (*start, "node_group", "max_size"): st.integers(1, 450),
            (*start, "node_group", "zone_spread"): st.sampled_from(["balanced", "per_zone"]),
            (*start, "node_group", "instance_types"): st.lists(
                st.sampled_from(["m7i.large", "m7g.large", "c7i.xlarge", "t3.medium"]),
                min_size=1,
                max_size=2,
                unique=True,
            ),
            (*start, "retention_days", "logs"): days,
            (*start, "retention_days", "traces"): days,
            (*start, "sampling", "sampling_percentage"): st.integers(0, 100),
            (*start, "sampling", "slow_trace_ms"): st.integers(1, 30_000),
            (*start, "editor_role_arns"): roles,
            (*start, "quota", "pods"): st.integers(10, 10_000),
        }
    return strategies


ALLOWED: Final = _allowed()


@st.composite
def _plausible(draw: st.DrawFn) -> bytes:
    """A file in which a few settings have other allowed values."""
    document = copy.deepcopy(DEV)
    for path in draw(st.lists(st.sampled_from(sorted(ALLOWED)), min_size=1, max_size=4)):
        _put(document, path, draw(ALLOWED[path]))
    if draw(st.booleans()):
        name = draw(st.from_regex(r"\A[a-z][a-z0-9-]{0,9}[a-z0-9]\Z"))
        document["namespaces"][name] = copy.deepcopy(document["namespaces"]["hml"])
    return _dump(document)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """A file with wrong values, unknown keys, or parts left out."""
    document = copy.deepcopy(DEV)
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3)):
        mutation = draw(st.sampled_from(["value", "key", "delete"]))
        if mutation == "value":
            _put(document, path, draw(VALUES))
        elif mutation == "key":
            _put(document, (*path[:-1], draw(st.text(max_size=8))), draw(VALUES))
        else:
            with contextlib.suppress(KeyError, IndexError, TypeError):
                del _at(document, path[:-1])[path[-1]]
    return _dump(document)


@st.composite
def _edited(draw: st.DrawFn) -> bytes:
    """A file with bytes changed, as by an accident or an attack on the reader."""
    content = DEV_TEXT
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        new = draw(st.binary(max_size=6) | st.sampled_from(HOSTILE_YAML).map(lambda b: b[:200]))
        content = content[:start] + new + content[start + draw(st.integers(0, 12)) :]
    return content


def _dump(document: dict[str, Any]) -> bytes:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode(
        "utf-8", "surrogatepass"
    )


FILES: Final = st.one_of(_plausible(), _plausible(), _mutated(), _mutated(), _edited())
"""Files as bytes; two in five have allowed values only, so that many are synthesized."""


# --- What is promised ---------------------------------------------------------------------------


def load_or_refuse(file: Path) -> Settings | None:
    """The settings, or None for a refusal of the promised form.

    Raises:
        PromiseBrokenError: another exception, or a refusal without place or allowed values.
    """
    try:
        return load_settings(file, TODAY)
    except SettingsError as error:
        for line in str(error).splitlines() or [""]:
            if not line.startswith("environments/") or "allowed" not in line:
                raise PromiseBrokenError(f"a refusal without place or allowed: {line!r}") from None
        return None
    except Exception as error:
        raise PromiseBrokenError(f"{type(error).__name__}: {error}") from error


def synthesize_whole(settings: Settings, folder: Path) -> list[SynthesizedStack]:
    """Publish the stacks and look at them as a whole.

    Raises:
        PromiseBrokenError: the synthesis failed, left something beside its output, names resources
            that there are not, or breaks a rule of policies/.
    """
    try:
        stacks = publish(settings, folder)
    except Exception as error:
        raise PromiseBrokenError(f"synthesis: {type(error).__name__}: {error}") from error
    problems = list(structural_problems(settings, stacks))
    left = [path.name for path in folder.parent.iterdir() if path.name.startswith(".")]
    if left:
        problems.append(f"left behind: {', '.join(left)}")
    if problems:
        raise PromiseBrokenError("; ".join(problems[:5]))
    return stacks


def structural_problems(settings: Settings, stacks: Sequence[SynthesizedStack]) -> Iterator[str]:
    """What Terraform would refuse, as far as can be told without it, violated rules, and values
    that no chart was seen to take."""
    names = [stack.name for stack in stacks]
    for stack in stacks:
        config = stack.config
        there = {address for address, _ in resources(config)}
        for address in sorted(references(config) - there):
            # Also a key of EKS or Kubernetes may look like one; those have no body of ours.
            yield f"{stack.name}: {address} is referred to and not there"
        for name, data in config.get("data", {}).get("terraform_remote_state", {}).items():
            if name not in names[: names.index(stack.name)]:
                yield f"{stack.name}: reads {name}, which is not deployed before it"
            if not data["config"]["bucket"]:
                yield f"{stack.name}: no state bucket"
        if re.search(
            r"(?<!\$)\$\{(?!aws_|base64decode\(|data\.|local\.|replace\(|element\(|kubernetes_|helm_)",
            stack.text,
        ):
            yield f"{stack.name}: an expression that is not ours"
    subjects = subjects_of(settings, {stack.name: stack.config for stack in stacks}, TODAY)
    for finding in findings(RULES, subjects):
        if not finding.breach.warning:
            yield str(finding)
    installed = releases(settings, sample_stack_outputs())
    yield from contract_problems(settings.environment, installed, read_contracts())


# --- The long run -------------------------------------------------------------------------------


@dataclass
class Run:
    """What has come of the files so far."""

    folder: Path
    most_synthesized: int = 0
    say: Callable[[str], None] = print
    counts: Counter[str] = field(default_factory=Counter)
    valid: list[tuple[str, list[SynthesizedStack]]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def try_file(self, content: bytes) -> None:
        """Try one file and count what came of it; a broken promise is kept with its file."""
        file = self.folder / "environments" / "dev.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        self.counts["files"] += 1
        try:
            settings = load_or_refuse(file)
            if settings is None:
                self.counts["refused"] += 1
            else:
                self.counts["valid"] += 1
                if self.counts["synthesized"] < self.most_synthesized:
                    self._synthesize(settings)
        except PromiseBrokenError as error:
            kept = self.folder / f"broken-{len(self.broken) + 1}.yaml"
            kept.write_bytes(content)
            self.broken.append(f"{kept}: {error}")

    def _synthesize(self, settings: Settings) -> None:
        stacks = synthesize_whole(settings, self.folder / "out" / settings.environment)
        self.counts["synthesized"] += 1
        if len(self.valid) < VALIDATED or self.counts["synthesized"] % 50 == 0:
            self.valid = [*self.valid[-VALIDATED + 1 :], (settings.model_dump_json(), stacks)]


def throw(number: int, run: Run, start: int = 0) -> None:
    """Try the known hostile files, then random ones: the same ones for the same start."""
    started = time.monotonic()
    for content in HOSTILE_YAML:
        run.try_file(content)

    @seed(start)
    @hypothesis_settings(
        max_examples=number,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=False,
    )
    @given(FILES)
    def each(content: bytes) -> None:
        run.try_file(content)
        if run.counts["files"] % 200 == 0:
            seconds = time.monotonic() - started
            run.say(f"{run.counts['files']} files, {seconds:.0f} s: {dict(run.counts)}")

    each()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code."""
    parser = argparse.ArgumentParser(prog="make hostile", description=__doc__)
    parser.add_argument("-n", type=int, default=2000, metavar="FILES", help="how many (2000)")
    parser.add_argument("--seed", type=int, default=0, help="another number throws others (0)")
    parser.add_argument(
        "--synth", type=int, default=300, metavar="FILES", help="most valid ones synthesized (300)"
    )
    options = parser.parse_args(arguments)
    if options.n < 1:
        parser.error("-n: allowed: 1 or more")
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    run = Run(folder, most_synthesized=options.synth, say=_say)
    throw(options.n, run, options.seed)
    problems = list(run.broken)
    for number, (_, stacks) in enumerate(run.valid, start=1):
        try:
            _say(f"validated sample {number}: {', '.join(validate(stacks, folder))}")
        except TerraformUnavailableError as error:
            _say(f"not checked: whether Terraform accepts the samples: {error}")
            break
        except TerraformError as error:
            problems.append(f"sample {number}: {error}")
    for problem in problems:
        print(problem, file=sys.stderr)
    _say(", ".join(f"{count} {outcome}" for outcome, count in run.counts.items()))
    _say(f"{len(problems)} broken promises")
    return 1 if problems else 0


def validate(stacks: Sequence[SynthesizedStack], folder: Path) -> list[str]:
    """Let Terraform validate the stacks whose provider can be had; their names.

    Raises:
        TerraformUnavailableError: there is no Terraform, or no AWS provider for it.
        TerraformError: Terraform refuses a stack.
    """
    program = find_terraform()
    if program is None:
        raise TerraformUnavailableError("no Terraform on this computer: `make terraform`")
    require_providers(program, "aws")
    environment = terraform_env(program, find_source()) | {"TF_IN_AUTOMATION": "1"}
    terraform = Terraform(program=program, environment=environment)
    done = []
    for stack in stacks:
        if stack.name in AWS_STACKS:
            place = Path(tempfile.mkdtemp(dir=folder))
            (place / "cdk.tf.json").write_text(stack.text, encoding="utf-8")
            terraform.run(place, "init", "-backend=false", "-input=false")
            terraform.validate(place)
            done.append(stack.name)
    return done


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
