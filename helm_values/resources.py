"""CPU and memory of a container."""

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
