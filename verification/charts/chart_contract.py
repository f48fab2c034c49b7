"""The contract of a chart: the value keys that each release sets, and the rendered results.

Charts ignore a key that they do not know, so a typo would pass unseen. `make charts-check` compares
our keys with the charts themselves and writes down what it saw, beside the values
(`helm_values/*/*.contract.yaml`); tests then check the values against it without a network. Pure
functions: `verification.charts.charts_check` reads the charts.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from blueprint.documents import merge, read_document
from helm_values.release import Release
from helm_values.static_values import DIRECTORY
from settings.types import TELEMETRY_SUFFIX
from versions import Chart

SUFFIX: Final = ".contract.yaml"
UPDATE_COMMAND: Final = "make charts-check UPDATE=1"
HEADER: Final = (
    f"# Written by `{UPDATE_COMMAND}` from the chart itself: change the values instead.\n"
    "# `a.b.*` is a map of which the chart takes any key.\n"
)

STAGE: Final = "<stage>"
"""Represents every stage: users choose the names of stages, and contracts are valid for all."""

Values = dict[str, Any]
KeyPath = tuple[str, ...]


# --- Paths --------------------------------------------------------------------------------------


def dotted(path: KeyPath) -> str:
    """A path as people write it; a part with other characters than a name's is in quotes."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in path)


def parts(text: str) -> KeyPath:
    """The path that `dotted` made the text of."""
    return tuple(quoted or plain for quoted, plain in re.findall(r'"([^"]+)"|([^".]+)', text))


def leaves(values: Any, below: KeyPath = ()) -> list[KeyPath]:
    """Paths of everything in values that is no map, or an empty one. Lists are one value."""
    if not isinstance(values, dict) or (below and not values):
        return [below]
    paths: list[KeyPath] = []
    for key, value in values.items():
        path = (*below, str(key))
        if isinstance(value, dict) and value:
            paths += leaves(value, path)
        else:
            paths.append(path)
    return paths


_MISSING: Final = object()


def value_at(values: Any, path: KeyPath, default: Any = _MISSING) -> Any:
    """The value at a path; `default` where there is none."""
    for part in path:
        if not isinstance(values, dict) or part not in values:
            return default
        values = values[part]
    return values


# --- What a chart knows -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ChartText:
    """What a chart, with its subcharts under their names, says of its values.

    `named` are paths that templates read or that values.yaml shows in comments; `passed_on` are
    maps that templates write out as a whole, so that any key in them has an effect.
    """

    defaults: Values = field(default_factory=dict)
    named: frozenset[KeyPath] = frozenset()
    passed_on: frozenset[KeyPath] = frozenset()
    templates: str = ""

    def reads(self, path: KeyPath) -> bool:
        """Whether the path itself, or something below it, is seen in the chart."""
        if value_at(self.defaults, path) is not _MISSING or path in self._prefixes:
            return True
        # `{{ with .Values.prometheus }}{{ .prometheusSpec.retention }}` names the last two parts.
        tail = rf"\.{re.escape('.'.join(path[-2:]))}\b"
        return len(path) > 1 and re.search(tail, self.templates) is not None

    def whole(self, path: KeyPath) -> KeyPath | None:
        """The nearest map, the path's own or above it, that a template writes out as a whole."""
        above = (path[:length] for length in range(len(path), 0, -1))
        return next((other for other in above if other in self.passed_on), None)

    @functools.cached_property
    def _prefixes(self) -> frozenset[KeyPath]:
        return frozenset(path[:end] for path in self.named for end in range(1, len(path) + 1))


_ACTION: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_REFERENCE: Final = re.compile(r"\.Values((?:\.[A-Za-z_]\w*)+)")
_INDEX: Final = re.compile(r'index\s+[$\w.]*\.?Values((?:\.\w+)*)((?:\s+"[^"]+")+)')
_WHOLE: Final = re.compile(r"\b(toYaml|toJson|toPrettyJson|toRawJson|range|\w*[mM]erge\w*|tpl)\b")
_WITH: Final = re.compile(r"^-?\s*with\b")
_WHOLE_DOT: Final = re.compile(r"\b(toYaml|toJson|tpl|range)\b[^}]*[ (](\.|\$\w+)[ )]")
_END: Final = re.compile(r"\{\{-?\s*end\b")
_NEAR: Final = 200


def read_chart(
    values_text: str,
    templates: str,
    subcharts: Mapping[str, ChartText] | None = None,
    conditions: Iterable[str] = (),
) -> ChartText:
    """Put together what a chart's files and its subcharts say.

    Args:
        values_text: the chart's values.yaml.
        templates: its templates, one after the other.
        subcharts: by alias, or by name where there is no alias.
        conditions: the values that switch subcharts on.
    """
    defaults: Values = yaml.safe_load(values_text) or {}
    named = set(referenced(templates)) | set(commented(values_text))
    named |= {tuple(condition.strip().split(".")) for condition in conditions}
    passed_on = set(written_whole(templates))
    texts = [templates]
    for name, subchart in (subcharts or {}).items():
        defaults = merge(_below(name, subchart.defaults), defaults)
        named |= {(name, *path) for path in subchart.named}
        passed_on |= {(name, *path) for path in subchart.passed_on}
        # What is below `global` is shared by all charts.
        named |= {path for path in subchart.named if path[0] == "global"}
        texts.append(subchart.templates)
    return ChartText(
        defaults=defaults,
        named=frozenset(named),
        passed_on=frozenset(passed_on),
        templates="\n".join(texts),
    )


def _below(name: str, defaults: Values) -> Values:
    return {name: defaults} | {key: defaults[key] for key in ("global",) if key in defaults}


def referenced(templates: str) -> Iterator[KeyPath]:
    """Paths that templates read by their full name."""
    for match in _REFERENCE.finditer(templates):
        yield tuple(match[1][1:].split("."))
    for match in _INDEX.finditer(templates):
        yield _indexed(match)


def _indexed(match: re.Match[str]) -> KeyPath:
    above = match[1][1:].split(".") if match[1] else []
    return (*above, *re.findall(r'"([^"]+)"', match[2]))


def written_whole(templates: str) -> Iterator[KeyPath]:
    """Paths of maps that templates write out, merge or walk through as a whole."""
    for match in _ACTION.finditer(templates):
        following = _END.split(templates[match.end() : match.end() + _NEAR], maxsplit=1)[0]
        whole = _WHOLE.search(match[1]) is not None
        if whole or (_WITH.match(match[1]) and _WHOLE_DOT.search(following)):
            yield from referenced(match[1])


_KEY_LINE: Final = re.compile(r"""^(\s*)(#+\s?)?(\s*)["']?([\w./-]+)["']?:(?:\s|$)""")


def commented(values_text: str) -> Iterator[KeyPath]:
    """Paths of keys that values.yaml shows in comments, placed by their indentation."""
    above: list[tuple[int, str, bool]] = []
    for line in values_text.splitlines():
        match = _KEY_LINE.match(line)
        if match is None:
            continue
        indent, is_comment = len(match[1]) + len(match[3]), bool(match[2])
        # What is no comment is never below a comment.
        while above and (above[-1][0] >= indent or (above[-1][2] and not is_comment)):
            above.pop()
        above.append((indent, match[4], is_comment))
        if is_comment:
            yield tuple(key for _, key, _ in above)


# --- Our keys -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetKey:
    """A key that a release sets; `is_open` where the chart takes any key below it."""

    path: KeyPath
    is_open: bool = False
    is_known: bool = True

    def __str__(self) -> str:
        return dotted(self.path) + (".*" if self.is_open else "")


def compare(values: Values, chart: ChartText, below: KeyPath = ()) -> Iterator[SetKey]:
    """Check values against a chart: every key down to where the chart accepts any."""
    for key, value in values.items():
        path = (*below, str(key))
        default = value_at(chart.defaults, path)
        if not chart.reads(path) and chart.whole(path) is None:
            yield SetKey(path, is_known=False)
        elif not isinstance(value, dict) or not value:
            yield SetKey(path)
        elif (isinstance(default, dict) and default) or _is_only_above(path, default, chart):
            yield from compare(value, chart, path)
        else:
            yield SetKey(path, is_open=True)


def _is_only_above(path: KeyPath, default: Any, chart: ChartText) -> bool:
    """Whether the chart has no default for a map, but reads single keys of it only."""
    if default is not _MISSING or path in chart.named or chart.whole(path):
        return False
    return any(other[: len(path)] == path for other in chart.named)


def set_keys(values: Values, chart: ChartText | None = None) -> list[str]:
    """Sorted dotted paths of what we set; with a chart, only down to where it takes any key."""
    if chart is None:
        return sorted(dotted(path) for path in leaves(values))
    return sorted(str(key) for key in compare(values, chart) if key.is_known)


def unknown_keys(values: Values, chart: ChartText) -> list[KeyPath]:
    """Paths that are seen neither in the chart's values nor in its templates."""
    return [key.path for key in compare(values, chart) if not key.is_known]


def unproven_keys(values: Values, chart: ChartText) -> dict[KeyPath, list[KeyPath]]:
    """Leaves that are not seen in the chart, by the map above them that allows for any key.

    Such a map is left empty by the chart, or a template writes it out, merges it or walks through
    it, which can also mean that only some keys of it are read. What is below an empty map that is
    written out counts as proven.
    """
    inside_of: dict[KeyPath, list[KeyPath]] = {}
    for key in compare(values, chart):
        whole = chart.whole(key.path)
        if not chart.reads(key.path) and whole:
            inside_of.setdefault(whole, []).extend(leaves(value_at(values, key.path), key.path))
        elif key.is_open and not whole:
            inside_of.setdefault(key.path, []).extend(leaves(value_at(values, key.path), key.path))
    unseen = {
        path: [leaf for leaf in inside if leaf not in chart.named]
        for path, inside in inside_of.items()
    }
    return {path: inside for path, inside in unseen.items() if inside}


def nearest(path: KeyPath, known: Iterable[KeyPath]) -> KeyPath | None:
    """The known path that was probably meant: a misspelled key, or one in the wrong place."""
    candidates = list(known)
    beside = {other[len(path) - 1]: other for other in candidates if other[:-1] == path[:-1]}
    names = difflib.get_close_matches(path[-1], beside, n=1, cutoff=0.6)
    if names:
        return beside[names[0]]
    texts = {dotted(other): other for other in candidates}
    same_name = [text for text, other in texts.items() if other[-1] == path[-1]]
    pool, cutoff = (same_name, 0.6) if same_name else (list(texts), 0.75)
    close = difflib.get_close_matches(dotted(path), pool, n=1, cutoff=cutoff)
    return texts[close[0]] if close else None


def known_paths(chart: ChartText) -> set[KeyPath]:
    """Every path of a chart's values, maps included."""
    known = set(chart.named)
    for leaf in leaves(chart.defaults):
        known |= {leaf[:end] for end in range(1, len(leaf) + 1)}
    return known


def did_you_mean(path: KeyPath, known: Iterable[KeyPath]) -> str:
    """A hint to add to a message, or nothing."""
    near = nearest(path, known)
    return f"; did you mean {dotted(near)}?" if near else ""


# --- The contract -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What was seen of one chart version; releases are named by `contract_key`.

    `objects` and `pods` are by the sample of a size (`verification.charts.chart_settings`); `pods`
    are `verification.charts.chart_pods.PodGroup` as text, by object.
    """

    chart: str
    version: str
    repository: str
    digest: str | None = None
    keys: dict[str, list[str]] = field(default_factory=dict)
    objects: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    pods: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """Name of the file in the folder of the release."""
        return f"{self.chart}-{self.version}{SUFFIX}"

    @property
    def text(self) -> str:
        """The file, the same for the same content."""
        content = dataclasses.asdict(self)
        content["keys"] = {name: sorted(self.keys[name]) for name in sorted(self.keys)}
        content["objects"] = {
            sample: {name: sorted(by_name[name]) for name in sorted(by_name)}
            for sample, by_name in sorted(self.objects.items())
        }
        content["pods"] = {
            sample: {name: dict(sorted(by_name[name].items())) for name in sorted(by_name)}
            for sample, by_name in sorted(self.pods.items())
        }
        return HEADER + yaml.safe_dump(content, sort_keys=False, width=10_000)


def contract_name(chart: Chart) -> str:
    """Name of the file that holds a chart's contract."""
    return f"{chart.name}-{chart.version}{SUFFIX}"


def release_name(release: Release) -> str:
    """Name of a release that is unique in a cluster."""
    return f"{release.namespace}/{release.name}"


def stage_of(release: Release) -> str | None:
    """The stage that a release is of, one in its telemetry namespace; None for all others."""
    stage = release.namespace.removesuffix(TELEMETRY_SUFFIX)
    return stage if stage != release.namespace else None


def without_stage(text: str, release: Release) -> str:
    """A text with `<stage>` for the release's stage, where a namespace is named."""
    stage = stage_of(release)
    if stage is None:
        return text
    pattern = rf"(?<![a-z0-9]){re.escape(stage)}(?={TELEMETRY_SUFFIX}\b|/)"
    return re.sub(pattern, STAGE, text)


def contract_key(release: Release) -> str:
    """Name of a release in its contract, the same in every stage."""
    return without_stage(release_name(release), release)


def read_contracts(directory: Path = DIRECTORY) -> dict[str, Contract]:
    """The contracts in the folders of the releases, by the names of their files."""
    return {
        path.name: Contract(**read_document(path.read_text("utf-8")))
        for path in sorted(directory.glob(f"*/*{SUFFIX}"))
    }


def object_name(manifest: Mapping[str, Any], namespace: str) -> str:
    """`Kind name`, and the namespace where it is not the release's."""
    metadata = manifest["metadata"]
    other = metadata.get("namespace", namespace)
    prefix = "" if other == namespace else f"{other}/"
    return f"{manifest['kind']} {prefix}{metadata['name']}"


def uncovered_keys(values: Values, contract_keys: Iterable[str]) -> list[KeyPath]:
    """Paths that are set now and were not when the contract was written."""
    keys = list(contract_keys)
    exact = {parts(key) for key in keys if not key.endswith(".*")}
    open_ = {parts(key.removesuffix(".*")) for key in keys if key.endswith(".*")}
    # A whole map may be emptied or switched off with null.
    above = {path[:end] for path in exact | open_ for end in range(1, len(path))}
    allowed = exact | open_ | above
    return [
        path
        for path in leaves(values)
        if path not in allowed and not any(path[:length] in open_ for length in range(1, len(path)))
    ]


def problems(
    environment: str, releases: Iterable[Release], contracts: Mapping[str, Contract]
) -> list[str]:
    """What an environment's releases set beyond the contracts, one line each."""
    messages: list[str] = []
    for release in releases:
        name, file = release_name(release), contract_name(release.chart)
        contract = contracts.get(file)
        key = contract_key(release)
        if contract is None or key not in contract.keys:
            problem = "has no contract" if contract is None else "is not in the contract"
            messages.append(
                f"{environment}: release {name} {problem} {file}: run `{UPDATE_COMMAND}`"
            )
            continue
        known = [parts(path.removesuffix(".*")) for path in contract.keys[key]]
        messages += [
            f"{environment}: release {name}: unknown key {dotted(path)} in the values of "
            f"{release.static}{did_you_mean(path, known) or '.'} It is not in {file}; "
            f"if the chart has it, run `{UPDATE_COMMAND}`"
            for path in uncovered_keys(release.values, contract.keys[key])
        ]
    return messages


def orphans(releases: Iterable[Release], contracts: Iterable[str]) -> list[str]:
    """Names of contract files of charts, or chart versions, that no release uses."""
    return sorted(set(contracts) - {contract_name(release.chart) for release in releases})
