"""Tables of the load test for docs/operations/load.md, from the figures that `make load` kept."""

import json
from typing import Any, Final

from docgen.markdown import table
from tools.paths import ROOT
from verification.load.load_model import SIGNALS, UNITS
from verification.load.load_summary import PER_SECOND

MEASURED: Final = ROOT / "cost" / "measured_load.json"
PAGE: Final = "docs/operations/load.md"
BEGIN: Final = "<!-- load: written by `make docs` -->"
END: Final = "<!-- end of load -->"


def load_block(figures: dict[str, Any] | None = None) -> str:
    """What stands between BEGIN and END.

    Args:
        figures: as `cost/measured_load.json` has them, which is read unless given.
    """
    if figures is None:
        figures = json.loads(MEASURED.read_text(encoding="utf-8"))
    parts = [
        f"Measured on {figures['measured_on']} on one core ({figures['cpu']}), with "
        f"{figures['collector']}, the gateway of {figures['stage']} in environment "
        f"{figures['environment']}, {figures['memory_limit_mib']:,} MiB, "
        f"{figures['items_per_request']} items in a request.",
        table(
            ("What", *(UNITS[signal] for signal in SIGNALS)),
            [
                ("Limit of one core, per second",
                 *(f"{figures['per_core'][PER_SECOND[s]]:,}" for s in SIGNALS)),
                ("Calculated from the CPU time of an item, per second",
                 *(f"{figures['per_core_by_cpu'][s]:,}" for s in SIGNALS)),
                ("Limit in MB/s, uncompressed",
                 *(f"{figures['bytes_per_second'][s] / 1e6:.1f}" for s in SIGNALS)),
                ("First load that was not sustained, per second",
                 *(f"{figures['saturated_at_per_second'][s]:,}" for s in SIGNALS)),
                ("Lost below the limit", *(str(figures["lost_below_limit"][s]) for s in SIGNALS)),
                ("CPU time per item, at the limit",
                 *(f"{figures['cpu_us_per_item'][s]} µs" for s in SIGNALS)),
                ("p99 of the acceptance time, at the limit",
                 *(f"{figures['p99_acceptance_ms'][s]:.0f} ms" for s in SIGNALS)),
                ("Memory, at the limit", *(f"{figures['memory_mib'][s]:,} MiB" for s in SIGNALS)),
                (f"CPU as a multiple of the minimal pipeline "
                 f"(allowed {figures['highest_ratio_allowed']:g})",
                 *(f"{figures['ratio_to_minimal'][s]:.2f}" for s in SIGNALS)),
            ],
        ),
        "At half of that load, by the number of distinct series:",
        table(
            ("Signal", "Series", "CPU time per item", "Memory"),
            [
                (signal, f"{row['series']:,}", f"{row['cpu_us_per_item']} µs",
                 f"{row['memory_mib']:,} MiB")
                for signal, rows in figures["by_series"].items()
                for row in rows
            ],
        ),
        *(f"> {warning}" for warning in figures["warnings"]),
    ]  # fmt: skip
    return "\n\n".join(parts)
