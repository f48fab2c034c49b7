"""`make charts-check`: render our values with the real charts and check the results.

Charts come from the folder that CHARTS_DIR names (`<chart>/Chart.yaml`), or else are downloaded
once. What cannot be checked on this computer is said, and fails the command: it is never green for
lack of a chart or a program.

Exit codes: 0 all is well, 1 there are problems or unchecked things, 2 bad arguments.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from helm_values.release import Release
from helm_values.releases import releases as all_releases
from helm_values.stack_outputs import sample_stack_outputs
from helm_values.static_values import DIRECTORY, folder_of
from settings.load import SettingsError
from settings.model import Settings
from tools.programs import ProgramUnavailableError, program
from verification.charts.chart_checks import (
    collisions,
    image_problems,
    label,
    resource_problems,
    spread_problems,
)
from verification.charts.chart_configs import FindProgram, findings
from verification.charts.chart_contract import (
    SUFFIX,
    UPDATE_COMMAND,
    ChartText,
    Contract,
    KeyPath,
    SetKey,
    Values,
    compare,
    contract_key,
    contract_name,
    did_you_mean,
    dotted,
    known_paths,
    leaves,
    object_name,
    orphans,
    problems,
    read_contracts,
    release_name,
    unknown_keys,
    unproven_keys,
    value_at,
    without_stage,
)
from verification.charts.chart_pods import pod_groups
from verification.charts.chart_settings import samples, settings_to_check
from verification.charts.chart_source import (
    ChartCopy,
    ChartUnavailableError,
    Renderer,
    RenderError,
    objects,
    obtain,
    read_folder,
)
from verification.charts.kubernetes_schemas import (
    CustomSchemas,
    KubernetesSchemas,
    Object,
    version_to_use,
)
from versions import Chart

CUSTOM_RESOURCE_DEFINITION: Final = "CustomResourceDefinition"
PROBE: Final = "probe-of-charts-check"
MAX_PROBLEMS_PER_OBJECT: Final = 5

T = TypeVar("T")
Charts = dict[Chart, tuple[ChartCopy, ChartText] | ChartUnavailableError]


@dataclass(kw_only=True)
class Checked:
    """What came of one release in one environment, or in a sample, of which contracts are."""

    environment: str
    is_sample: bool = True
    release: Release
    manifests: list[Object] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    pods: dict[str, str] = field(default_factory=dict)
    digest: str | None = None
    problems: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    rendered: bool = False

    @property
    def name(self) -> str:
        """Environment, namespace and name."""
        return f"{self.environment} {release_name(self.release)}"


# --- Value keys ---------------------------------------------------------------------------------

Render = Callable[[Values], str]


def ignored_keys(render: Render, values: Values, chart: ChartText, text: str) -> list[KeyPath]:
    """Keys that the chart does not know: seen nowhere in it, and without effect on what it renders.

    A key in a map that the chart leaves empty counts as one if the map has an effect and the key
    has none.
    """
    steady = _steady_lines(text, render(values))
    suspects = unknown_keys(values, chart)
    inside = unproven_keys(values, chart)

    def has_effect(path: KeyPath) -> bool:
        return any(_differs(render, steady, changed) for changed in _changed_values(values, path))

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        ignored = _without_effect(pool, has_effect, suspects)
        proven = _without_effect(
            pool, has_effect, [path for paths in inside.values() for path in paths]
        )
        quiet = [path for path in inside if set(inside[path]) & set(proven)]
        unused = set(_without_effect(pool, has_effect, quiet))
    for path, paths in inside.items():
        if path not in unused:
            ignored += [leaf for leaf in paths if leaf in proven]
    return ignored


def _without_effect(
    pool: ThreadPoolExecutor, has_effect: Callable[[KeyPath], bool], paths: list[KeyPath]
) -> list[KeyPath]:
    return [path for path, seen in zip(paths, pool.map(has_effect, paths), strict=True) if not seen]


def _steady_lines(first: str, second: str) -> list[str | None]:
    """Lines that are the same in two renders; charts make up passwords and certificates."""
    lines, again = _sorted_lines(first), _sorted_lines(second)
    if len(lines) != len(again):
        return list(lines)
    return [line if line == other else None for line, other in zip(lines, again, strict=True)]


def _sorted_lines(text: str) -> list[str]:
    """Lines of all objects in a fixed order: Helm's own differs between runs for equal kinds."""
    return "\n".join(sorted(re.split(r"^---$", text, flags=re.MULTILINE))).splitlines()


def _differs(render: Render, steady: list[str | None], values: Values) -> bool:
    try:
        lines = _sorted_lines(render(values))
    except RenderError:
        return True
    if len(lines) != len(steady):
        return True
    return any(
        expected is not None and expected != line
        for expected, line in zip(steady, lines, strict=True)
    )


def _changed_values(values: Values, path: KeyPath) -> Iterator[Values]:
    """The values without a key, and with another value there."""
    yield _replaced(values, path, None, remove=True)
    old = value_at(values, path)
    other: Any = PROBE
    if isinstance(old, bool):
        other = not old
    elif isinstance(old, int):
        other = old + 1
    elif isinstance(old, list):
        other = [*old, PROBE] if old and isinstance(old[0], str) else []
    elif isinstance(old, dict):
        other = {PROBE: PROBE}
    yield _replaced(values, path, other)


def _replaced(values: Values, path: KeyPath, value: Any, *, remove: bool = False) -> Values:
    copy = dict(values)
    if len(path) > 1:
        copy[path[0]] = _replaced(values[path[0]], path[1:], value, remove=remove)
    elif remove:
        del copy[path[0]]
    else:
        copy[path[0]] = value
    return copy


def contract_keys(values: Values, chart: ChartText, ignored: Iterable[KeyPath]) -> list[str]:
    """What goes into the contract; a key that only rendering could show to be known is in it."""
    unknown = set(ignored)
    keys = [
        SetKey(key.path, is_open=key.is_open or isinstance(value_at(values, key.path), dict))
        if not key.is_known
        else key
        for key in compare(values, chart)
        if key.path not in unknown
    ]
    # An open map with a wrong key in it is written key by key, so that tests see the wrong one.
    wrong_inside = {key.path for key in keys if any(_is_below(path, key.path) for path in unknown)}
    return sorted(
        {str(key) for key in keys if key.path not in wrong_inside}
        | {
            dotted(leaf)
            for path in wrong_inside
            for leaf in _leaves_at(values, path)
            if leaf not in unknown
        }
    )


def _is_below(path: KeyPath, above: KeyPath) -> bool:
    return len(path) > len(above) and path[: len(above)] == above


def _leaves_at(values: Values, path: KeyPath) -> list[KeyPath]:
    return leaves(value_at(values, path), path)


# --- Objects ------------------------------------------------------------------------------------


def schema_problems(
    manifest: Object, builtin: KubernetesSchemas, custom: CustomSchemas
) -> list[str] | None:
    """What the API server would refuse; None if nobody defines the kind."""
    if manifest["kind"] == CUSTOM_RESOURCE_DEFINITION:
        return []
    if builtin.knows(manifest):
        problems = builtin.problems(manifest)
    elif custom.knows(manifest):
        problems = custom.problems(manifest)
    else:
        return None
    return [f"{label(manifest)}: {problem}" for problem in problems[:MAX_PROBLEMS_PER_OBJECT]]


@dataclass
class EnvironmentCheck:
    """Checks the releases of one environment in the order of their installation.

    The keys of a sample are tried one by one. Those of an environment only have to be in the
    contract.
    """

    settings: Settings
    find: FindProgram
    charts: Charts
    is_sample: bool = True
    done: list[Checked] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the schemas of the environment's Kubernetes version."""
        self.version = self.settings.cluster.kubernetes_version
        self.builtin = KubernetesSchemas(version_to_use(self.version))

    def check(self, release: Release, *, selected: bool) -> Checked:
        """Render a release; if it is selected, check all of it."""
        checked = Checked(
            environment=self.settings.environment, is_sample=self.is_sample, release=release
        )
        self.done.append(checked)
        try:
            copy, text = self._chart(release.chart)
        except ChartUnavailableError as error:
            checked.not_checked.append(
                f"{release.chart.name} {release.chart.version} cannot be downloaded: {error}"
            )
            return checked
        custom = self._custom_schemas(release)
        render = Renderer(copy, release, self.version, tuple(custom.api_versions))
        checked.digest = copy.digest
        try:
            rendered = render(release.values)
            checked.problems += [f"helm: {warning}" for warning in sorted(render.warnings)]
            checked.manifests = objects(rendered)
            checked.rendered = True
            if selected and self.is_sample:
                self._check_keys(checked, render, text, rendered)
            if selected:
                self._check_objects(checked)
        except RenderError as error:
            checked.problems.append(f"the chart refuses the values: {error}")
        return checked

    def _chart(self, chart: Chart) -> tuple[ChartCopy, ChartText]:
        if chart not in self.charts:
            try:
                copy = obtain(chart)
                self.charts[chart] = (copy, read_folder(copy.folder))
            except ChartUnavailableError as error:
                self.charts[chart] = error
        rendered = self.charts[chart]
        if isinstance(rendered, ChartUnavailableError):
            raise rendered
        return rendered

    def _before(self, release: Release) -> list[Checked]:
        """The releases that are installed when this one is, itself included."""
        names = with_those_before([item.release for item in self.done], [release.name])
        # Of several with its own name, only itself: they are in other namespaces.
        return [
            item
            for item in self.done
            if item.release.name in names
            and (item.release is release or item.release.name != release.name)
        ]

    def _custom_schemas(self, release: Release) -> CustomSchemas:
        return CustomSchemas(
            manifest
            for checked in self._before(release)
            for manifest in checked.manifests
            if manifest["kind"] == CUSTOM_RESOURCE_DEFINITION
        )

    def _check_keys(self, checked: Checked, render: Render, text: ChartText, first: str) -> None:
        values = checked.release.values
        ignored = ignored_keys(render, values, text, first)
        known = known_paths(text)
        checked.problems += [
            f"unknown key {dotted(path)} in the values of {checked.release.static}"
            f"{did_you_mean(path, known)}"
            for path in ignored
        ]
        checked.keys = contract_keys(values, text, ignored)

    def _check_objects(self, checked: Checked) -> None:
        custom = self._custom_schemas(checked.release)
        valid: list[Object] = []
        undefined: set[str] = set()
        for manifest in checked.manifests:
            problems = schema_problems(manifest, self.builtin, custom)
            if problems is None:
                undefined.add(f"{manifest['apiVersion']} {manifest['kind']}")
            elif problems:
                checked.problems += problems
            else:
                valid.append(manifest)
        self._report_undefined(checked, sorted(undefined))
        # The other checks rely on the form that the schemas require.
        for manifest in valid:
            for problems_of in (image_problems, resource_problems, spread_problems):
                checked.problems += problems_of(manifest)
        try:
            checked.pods = {group.name: group.text for group in pod_groups(valid)}
        except ValueError as error:
            checked.problems.append(str(error))
        try:
            checked.problems += findings(valid, self.find)
        except ProgramUnavailableError as error:
            checked.not_checked.append(f"configurations: {error}")

    def _report_undefined(self, checked: Checked, undefined: list[str]) -> None:
        missing = [item.release.name for item in self._before(checked.release) if not item.rendered]
        for kind in undefined:
            if missing:
                checked.not_checked.append(f"{kind}: its definition may be in {', '.join(missing)}")
            else:
                checked.problems.append(
                    f"no release that is installed before (`after`) defines {kind}"
                )


# --- Contract -----------------------------------------------------------------------------------


def seen_contracts(
    results: Sequence[Checked],
    committed: dict[str, Contract],
    *,
    all_releases: bool,
    all_samples: bool,
) -> dict[str, Contract]:
    """Contracts that say what was seen, for the charts of which all was rendered.

    Args:
        results: what was checked; contracts are of the samples among them.
        committed: the present contracts; their digests stay where nothing was downloaded.
        all_releases: otherwise what the contracts say of others stays.
        all_samples: otherwise what they say of others, and keys that others set, stays.
    """
    results = [result for result in results if result.is_sample]
    contracts: dict[str, Contract] = {}
    charts = dict.fromkeys(result.release.chart for result in results)
    for chart in charts:
        of_chart = [result for result in results if result.release.chart == chart]
        if all(result.rendered for result in of_chart):
            name = contract_name(chart)
            old = committed.get(name)
            kept = _kept(old, of_chart, all_releases, all_samples)
            contracts[name] = _contract(chart, of_chart, old.digest if old else None, kept)
    return contracts


def _kept(
    old: Contract | None, results: list[Checked], all_releases: bool, all_samples: bool
) -> Contract | None:
    """What a contract says of releases and samples that were not looked at."""
    if old is None or (all_releases and all_samples):
        return None
    if not all_samples:
        return old
    seen = {contract_key(result.release) for result in results}
    return dataclasses.replace(
        old, keys={name: keys for name, keys in old.keys.items() if name not in seen}
    )


def _contract(
    chart: Chart, results: list[Checked], old_digest: str | None, kept: Contract | None
) -> Contract:
    keys = {name: set(paths) for name, paths in kept.keys.items()} if kept else {}
    listed: dict[str, dict[str, list[str]]] = {}
    pods: dict[str, dict[str, dict[str, str]]] = {}
    for result in results:
        sample, release, key = result.environment, result.release, contract_key(result.release)
        keys.setdefault(key, set()).update(result.keys)
        names = sorted(
            without_stage(object_name(manifest, release.namespace), release)
            for manifest in result.manifests
        )
        first_names = listed.setdefault(sample, {}).setdefault(key, names)
        first_pods = pods.setdefault(sample, {}).setdefault(key, result.pods)
        if (names, result.pods) != (first_names, first_pods):
            result.problems.append(
                "other objects or pods than in another stage; allowed: the same in every stage"
            )
    if kept:
        listed = _over(kept.objects, listed)
        pods = _over(kept.pods, pods)
    digest = next((result.digest for result in results if result.digest), old_digest)
    return Contract(
        chart=chart.name,
        version=chart.version,
        repository=chart.repository,
        digest=digest,
        keys={name: sorted(paths) for name, paths in keys.items()},
        objects=listed,
        pods={
            sample: with_pods
            for sample, by_name in pods.items()
            if (with_pods := {name: groups for name, groups in by_name.items() if groups})
        },
    )


def _over(kept: dict[str, dict[str, T]], seen: dict[str, dict[str, T]]) -> dict[str, dict[str, T]]:
    """What was seen of each sample, with what is kept of the releases that were not looked at."""
    return {name: kept.get(name, {}) | seen.get(name, {}) for name in {**kept, **seen}}


def contract_problems(seen: dict[str, Contract], committed: dict[str, Contract]) -> list[str]:
    """Where the committed contracts say something else than what was seen."""
    problems: list[str] = []
    for name, contract in seen.items():
        old = committed.get(name)
        if old is None:
            problems.append(f"{name} is missing: run `{UPDATE_COMMAND}`")
            continue
        if contract.digest and old.digest and contract.digest != old.digest:
            problems.append(
                f"{name}: the repository has another package under this version: "
                f"{contract.digest} instead of {old.digest}"
            )
        changes = _changes(contract, old)
        if changes:
            problems.append(f"{name} is out of date ({changes}): run `{UPDATE_COMMAND}`")
    return problems


def _changes(new: Contract, old: Contract) -> str:
    """The first differences, `+` for what is new."""
    before, after = set(_facts(old)), set(_facts(new))
    lines = [f"+ {fact}" for fact in sorted(after - before)]
    lines += [f"- {fact}" for fact in sorted(before - after)]
    more = f", and {len(lines) - 5} more" if len(lines) > 5 else ""
    return ", ".join(lines[:5]) + more


def _facts(contract: Contract) -> Iterator[str]:
    for name, keys in contract.keys.items():
        yield from (f"{name} key {key}" for key in keys)
    for environment, releases in contract.objects.items():
        for name, listed in releases.items():
            yield from (f"{environment} {name} {item}" for item in listed)
    for environment, by_name in contract.pods.items():
        for name, groups in by_name.items():
            yield from (f"{environment} {name} {item}: {text}" for item, text in groups.items())


def write(contracts: dict[str, Contract], folders: dict[str, str], directory: Path) -> list[str]:
    """Write contracts, delete those of charts that no release uses, and return what changed.

    Args:
        contracts: by the names of their files.
        folders: the folder of each contract in use, below `directory`, by the name of its file.
        directory: `helm_values`.
    """
    changed: list[str] = []
    for name, contract in contracts.items():
        path = directory / folders[name] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text("utf-8") != contract.text:
            path.write_text(contract.text, encoding="utf-8")
            changed.append(name)
    for path in sorted(directory.glob(f"*/*{SUFFIX}")):
        if path.name not in folders:
            path.unlink()
            changed.append(f"{path.name} (deleted)")
    return changed


# --- Command ------------------------------------------------------------------------------------


def check_environment(
    settings: Settings,
    releases: list[Release],
    only: Sequence[str],
    find: FindProgram,
    charts: Charts,
    is_sample: bool,
) -> tuple[list[Checked], list[str]]:
    """Check the selected releases of an environment or a sample, saying so line by line.

    Returns:
        What came of each release, and what is wrong with all of them together.
    """
    check = EnvironmentCheck(settings, find, charts, is_sample)
    if check.version != version_to_use(check.version):
        print(
            f"{settings.environment}: no schemas of Kubernetes {check.version} are installed: "
            f"checking with those of {version_to_use(check.version)}"
        )
    needed = with_those_before(releases, only)
    results: list[Checked] = []
    for release in releases:
        if release.name not in needed:
            continue
        started = time.monotonic()
        selected = not only or release.name in only
        result = check.check(release, selected=selected)
        if selected:
            results.append(result)
            seconds = time.monotonic() - started
            print(f"{result.name}: {len(result.manifests)} objects, {seconds:.1f} s", flush=True)
    return results, _clashes(settings.environment, check.done)


def _clashes(environment: str, done: list[Checked]) -> list[str]:
    rendered = [
        (release_name(result.release), result.release.namespace, manifest)
        for result in done
        for manifest in result.manifests
    ]
    scopes = CustomSchemas(
        item for _, _, item in rendered if item["kind"] == CUSTOM_RESOURCE_DEFINITION
    )
    return [f"{environment}: {clash}" for clash in collisions(rendered, scopes.cluster_scoped)]


def with_those_before(releases: Iterable[Release], only: Sequence[str]) -> set[str]:
    """Names of some releases and of all that they come after; of all, if none is named."""
    after: dict[str, set[str]] = {}
    for release in releases:
        # Releases of the same name are in different namespaces.
        after.setdefault(release.name, set()).update(release.after)
    needed: set[str] = set()
    waiting = list(only or after)
    while waiting:
        name = waiting.pop()
        if name not in needed and name in after:
            needed.add(name)
            waiting += after[name]
    return needed


def table(results: Sequence[Checked]) -> str:
    """Release, chart, objects, problems: one line each."""
    rows = [("release", "chart", "objects", "problems", "not checked")]
    for result in results:
        chart = result.release.chart
        rows.append(
            (
                result.name,
                f"{chart.name} {chart.version}",
                str(len(result.manifests)),
                str(len(result.problems)),
                str(len(result.not_checked)),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def report(results: Sequence[Checked], general: Sequence[str]) -> int:
    """Print what was found, with what concerns no single release, and return the exit code."""
    for result in results:
        for title, lines in (("problem", result.problems), ("not checked", result.not_checked)):
            for line, times in Counter(lines).items():
                repeated = f" ({times} times)" if times > 1 else ""
                print(f"{title}: {result.name}: {line}{repeated}")
    for line in general:
        print(f"problem: {line}")
    print()
    print(table(results))
    bad = any(result.problems or result.not_checked for result in results)
    return 1 if bad or general else 0


def _arguments(arguments: Sequence[str] | None, names: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make charts-check", description=__doc__)
    parser.add_argument(
        "--update", action="store_true", help="rewrite helm_values/*/*.contract.yaml"
    )
    parser.add_argument(
        "--env",
        action="append",
        choices=names,
        help="an environment, or the sample of a size (all)",
    )
    parser.add_argument("--only", action="append", metavar="RELEASE", help="(all)")
    options = parser.parse_args(arguments)
    if options.update and options.env:
        parser.error("--update takes no --env: a contract is about the samples of all sizes")
    options.everywhere = not options.env
    options.env = list(dict.fromkeys(options.env or names))
    options.only = options.only or []
    options.parser = parser
    return options


def main(
    arguments: Sequence[str] | None = None,
    *,
    directory: Path = DIRECTORY,
    find: FindProgram = program,
) -> int:
    """Run the command."""
    try:
        known = settings_to_check(today=date.today())
        sample_names = set(samples(today=date.today()))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    options = _arguments(arguments, list(known))
    settings = [known[name] for name in options.env]
    releases = [all_releases(item, sample_stack_outputs()) for item in settings]
    names = {release.name for listed in releases for release in listed}
    unknown = sorted(set(options.only) - names)
    if unknown:
        options.parser.error(
            f"no release {', '.join(unknown)}; there are: {', '.join(sorted(names))}"
        )
    charts: Charts = {}
    results: list[Checked] = []
    general: list[str] = []
    for name, item, listed in zip(options.env, settings, releases, strict=True):
        is_sample = name in sample_names
        checked, clashes = check_environment(item, listed, options.only, find, charts, is_sample)
        results += checked
        general += clashes
    used = [release for listed in releases for release in listed]
    general += _contract_step(options, results, used, directory)
    contracts = read_contracts(directory)
    for result in results:
        if not result.is_sample:
            general += problems(result.environment, [result.release], contracts)
    return report(results, general)


def _contract_step(
    options: argparse.Namespace, results: list[Checked], used: list[Release], directory: Path
) -> list[str]:
    """Write the contracts, or report where they differ from the charts."""
    committed = read_contracts(directory)
    everything = not options.only
    everywhere: bool = options.everywhere
    seen = seen_contracts(results, committed, all_releases=everything, all_samples=everywhere)
    if options.update:
        folders = {contract_name(release.chart): folder_of(release.static) for release in used}
        for line in write(seen, folders, directory):
            print(f"contract: {line}")
        return []
    problems = contract_problems(seen, committed)
    if everything and everywhere:
        unused = orphans(used, committed)
        problems += [f"{name} is of no release: run `{UPDATE_COMMAND}`" for name in unused]
    return problems


if __name__ == "__main__":
    sys.exit(main())
