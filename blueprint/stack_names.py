"""Names of the stacks, in the order in which they are deployed."""

from typing import Final

AWS_STACKS: Final = ("state", "network", "cluster", "storage")
"""Those that contain AWS resources only: an emulated AWS can apply them."""

STACKS: Final = (*AWS_STACKS, "observability")
