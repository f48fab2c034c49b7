"""CPU and memory of a container."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Requests and limits, all four always.

    The namespace's quota counts limits, and its LimitRange gives a container that names none
    500m and 256Mi: less than the requests of most, so that the pod would be refused.
    """

    cpu: str
    memory: str
    cpu_limit: str
    memory_limit: str

    @property
    def requests(self) -> dict[str, str]:
        """What the scheduler reserves."""
        return {"cpu": self.cpu, "memory": self.memory}

    @property
    def limits(self) -> dict[str, str]:
        """What the container may use."""
        return {"cpu": self.cpu_limit, "memory": self.memory_limit}

    @property
    def values(self) -> dict[str, dict[str, str]]:
        """As charts take it."""
        return {"requests": self.requests, "limits": self.limits}


def resources(requests: str, limits: str) -> Resources:
    """Write `"100m 128Mi"`, `"1 256Mi"`: CPU and memory."""
    cpu, memory = requests.split()
    cpu_limit, memory_limit = limits.split()
    return Resources(cpu=cpu, memory=memory, cpu_limit=cpu_limit, memory_limit=memory_limit)


def millicores(quantity: object) -> int:
    """CPU of Kubernetes, `100m` or `1.5`, in thousandths of a core."""
    text = str(quantity)
    return int(text[:-1]) if text.endswith("m") else round(float(text) * 1000)


def mebibytes(quantity: object) -> int:
    """Memory of Kubernetes in MiB, in the units that the values use."""
    match = re.fullmatch(r"(\d+)([MG])i", str(quantity))
    if match is None:
        raise ValueError(f"memory {quantity!r}; allowed: whole Mi or Gi")
    return int(match[1]) * (1024 if match[2] == "G" else 1)
