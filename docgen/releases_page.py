"""docs/reference/releases.md: every Helm release."""

from __future__ import annotations

from docgen.context_page import docstring_summary
from docgen.markdown import Row, code, codes, page, table
from helm_values.release import Release
from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from helm_values.static_values import static_file
from settings.model import Settings
from settings.node_sizes import SIZES, Size
from versions import (
    THANOS_VERSION,
)


def releases_page(settings: dict[str, Settings]) -> str:
    """Every Helm release: what it is, where it runs and what it waits for."""
    used: dict[Row, list[tuple[str, Size]]] = {}
    for environment, values in settings.items():
        for size in SIZES:
            sized = values.model_copy(update={"size": size})
            for release in releases(sized, sample_stack_outputs()):
                used.setdefault(_release_row(release), []).append((environment, size))
    everywhere = [(environment, size) for environment in settings for size in SIZES]
    rows = [(*row, _where(places, everywhere)) for row, places in used.items()]
    return page(
        "Releases",
        "Every Helm release of an environment, in a valid order of installation "
        "(`helm_values/releases.py`). Each is installed completely or rolled back. In "
        f"addition, querier, store gateway and compactor of Thanos {code(THANOS_VERSION)} are "
        "plain Kubernetes objects (`constructs_lib/thanos/`), made after `kps`.",
        table(
            ("Release", "Chart", "Version", "Program", "Namespace", "After", "For", "Size"), rows
        ),
        '"Program" is the program version of the chart; for `kps` it is that of the '
        "Prometheus operator. The cluster autoscaler uses another image, which matches "
        "Kubernetes ([versions](versions.md#what-runs-in-the-cluster)).",
        "Each has a folder in `helm_values/`: a Python module and a YAML file of the same name "
        "with its values, and its chart contract, which lists the rendered objects.",
    )


def _release_row(release: Release) -> Row:
    purpose = docstring_summary(static_file(release.static).with_suffix(".py"))
    chart = release.chart
    return (
        code(release.id),
        code(chart.name),
        code(chart.version),
        code(chart.app_version),
        code(release.namespace),
        codes(release.after),
        purpose,
    )


def _where(places: list[tuple[str, Size]], everywhere: list[tuple[str, Size]]) -> str:
    """The environments and sizes that have a release, as far as not all of them do."""
    if places == everywhere:
        return "all"
    lists: list[list[str]] = [
        list(dict.fromkeys(pair[part] for pair in places))
        for part in (0, 1)
        if {pair[part] for pair in places} != {pair[part] for pair in everywhere}
    ]
    return "; ".join(map(codes, lists))
