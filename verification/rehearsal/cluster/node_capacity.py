"""What EC2 nodes of EKS have for pods, and what EKS' own add-ons take of it."""

from dataclasses import dataclass

INSTANCE_TYPES: dict[str, tuple[int, int]] = {
    "m6i.large": (2, 8),
    "m7i.large": (2, 8),
    "m6i.xlarge": (4, 16),
    "m7i.xlarge": (4, 16),
    "m7i.2xlarge": (8, 32),
}
"""vCPUs and GiB of the types in use (EC2 user guide, general purpose instances)."""

MAX_PODS = 110
"""With prefix delegation and fewer than 30 vCPUs (EKS user guide, "Assign more IP addresses to
Amazon EKS nodes with prefixes"). EKS may reserve for fewer, so the nodes have rather more."""

FIRMWARE_SHARE = 0.075
"""Memory that hypervisor, firmware and kernel keep: Karpenter's `VM_MEMORY_OVERHEAD_PERCENT`."""


@dataclass(frozen=True)
class Amount:
    """CPU in thousandths of a core, memory in MiB."""

    cpu: int
    memory: int

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.cpu + other.cpu, self.memory + other.memory)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.cpu - other.cpu, self.memory - other.memory)

    def __mul__(self, times: int) -> "Amount":
        return Amount(self.cpu * times, self.memory * times)

    def fits(self, room: "Amount") -> bool:
        """Whether there is room for it."""
        return self.cpu <= room.cpu and self.memory <= room.memory


PER_NODE_ADDONS = Amount(50 + 100 + 30, 120)
"""Requests of the add-ons on each node: aws-node with its network policy agent (2 x 25m),
kube-proxy (100m), ebs-csi-node (3 x 10m 40Mi); the Pod Identity agent requests nothing. EKS can
change them with a version of an add-on; those of the EBS CSI driver are its chart's."""

COREDNS = Amount(100, 70)
EBS_CSI_CONTROLLER = Amount(60, 240)
"""Requests of one pod; the latter has six containers of 10m 40Mi."""

CENTRAL_ADDONS = COREDNS * 2 + EBS_CSI_CONTROLLER * 2
"""On the observability nodes, the only ones without a taint: two of each."""


def allocatable(instance_type: str) -> Amount:
    """What the kubelet gives to pods, as nodeadm of the EKS AMI sets it (`kubelet/config.go`).

    Reserved: memory 255 MiB and 11 MiB a pod; CPU 6 % of the first core, 1 % of the second, 0.5 %
    of the next two, 0.25 % of the others; evicted from 100 MiB of free memory on.

    Raises:
        KeyError: the type is not in INSTANCE_TYPES.
    """
    cores, gibibytes = INSTANCE_TYPES[instance_type]
    shares = [0.06, 0.01, 0.005, 0.005, *[0.0025] * cores]
    reserved_cpu = round(1000 * sum(shares[:cores]))
    return Amount(cores * 1000 - reserved_cpu, allocatable_memory(gibibytes, MAX_PODS))


def allocatable_memory(gibibytes: float, most_pods: int) -> int:
    """The memory of `allocatable`, in MiB."""
    usable = int(gibibytes * 1024 * (1 - FIRMWARE_SHARE))
    return usable - (255 + 11 * most_pods) - 100
