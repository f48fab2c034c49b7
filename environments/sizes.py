"""What the one `size` setting means. Everything that a size changes is in this table."""

from dataclasses import dataclass
from typing import Literal

Size = Literal["small", "medium", "large"]


@dataclass(frozen=True, kw_only=True)
class ObservabilityNodes:
    """Nodes of the observability namespace, per availability zone."""

    instance_type: str
    min_size_per_zone: int
    max_size_per_zone: int
    disk_size_gib: int


OBSERVABILITY_NODES: dict[Size, ObservabilityNodes] = {
    "small": ObservabilityNodes(
        instance_type="m7i.large", min_size_per_zone=1, max_size_per_zone=2, disk_size_gib=50
    ),
    "medium": ObservabilityNodes(
        instance_type="m7i.xlarge", min_size_per_zone=1, max_size_per_zone=3, disk_size_gib=80
    ),
    "large": ObservabilityNodes(
        instance_type="m7i.2xlarge", min_size_per_zone=2, max_size_per_zone=6, disk_size_gib=100
    ),
}
