"""Every version this project depends on, and nothing else: change a version here or nowhere.

How the add-on strings were chosen. AWS documents the newest EKS add-on build of each Kubernetes
version in the EKS user guide; the copies of its pages read on 2026-11-24 were some months old, so
newer builds may exist (``aws eks describe-addon-versions --kubernetes-version 1.35`` lists what is
on offer). Each string says where it was seen. The abbreviations:

* ``UG``: EKS user guide, https://docs.aws.amazon.com/ja_jp/eks/latest/userguide/managing-coredns.md
  and ``managing-kube-proxy.md`` (of the copies read, the Japanese ones were the newest): the row of
  that Kubernetes version, read verbatim.
* ``MATRIX``: a compatibility table in a public repository, which states that it was checked on
  2026-08-20 against the same user-guide pages and ``managing-vpc-cni.html``. It agrees with ``UG``
  in all six CoreDNS and kube-proxy strings used here. The table of the VPC CNI page itself could
  not be read.
* ``PIN``: a public repository pins it for that Kubernetes version (in parentheses: how the version
  was told). The user guide has no table for the EBS CSI driver and the Pod Identity agent.

No string is derived, and none was checked with the EKS API.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class EksAddonVersions:
    """The EKS add-on builds installed with one Kubernetes version.

    Floors: ``vpc_cni`` 1.22.1 (before it, pods of a node whose kube-proxy starts late lose their
    network for good: aws-network-policy-agent#570) and ``aws_ebs_csi_driver`` 1.58 (first that
    works with the cluster-scoped managed policy).
    """

    vpc_cni: str
    eks_pod_identity_agent: str
    coredns: str
    kube_proxy: str
    aws_ebs_csi_driver: str


@dataclass(frozen=True, slots=True)
class KubernetesVersion:
    """How long AWS supports a Kubernetes version on EKS, and the add-ons that go with it."""

    standard_support_end: date
    extended_support_end: date
    addons: EksAddonVersions
    cluster_autoscaler: str
    """Image tag. The autoscaler simulates the scheduler of its own minor version (its README,
    "Releases"), so it goes with Kubernetes and not with its chart: the newest tag of the minor
    version in github.com/kubernetes/autoscaler, snapshot of 2026-08-22."""


KUBERNETES: Final[dict[str, KubernetesVersion]] = {
    "1.34": KubernetesVersion(
        standard_support_end=date(2026, 12, 2),
        extended_support_end=date(2027, 12, 2),
        addons=EksAddonVersions(
            vpc_cni="v1.22.4-eksbuild.3",  # MATRIX; PIN (1.34)
            eks_pod_identity_agent="v1.3.10-eksbuild.3",  # PIN (1.34)
            coredns="v1.13.2-eksbuild.11",  # UG, MATRIX
            kube_proxy="v1.34.6-eksbuild.13",  # UG, MATRIX
            aws_ebs_csi_driver="v1.63.1-eksbuild.1",  # PIN (kube-proxy 1.34)
        ),
        cluster_autoscaler="v1.34.5",
    ),
    "1.35": KubernetesVersion(
        standard_support_end=date(2027, 3, 27),
        extended_support_end=date(2028, 3, 27),
        addons=EksAddonVersions(
            vpc_cni="v1.22.4-eksbuild.3",  # MATRIX; PIN (1.35)
            eks_pod_identity_agent="v1.3.10-eksbuild.3",  # PIN (1.33 to 1.35)
            coredns="v1.14.3-eksbuild.3",  # UG, MATRIX
            kube_proxy="v1.35.3-eksbuild.13",  # UG, MATRIX
            aws_ebs_csi_driver="v1.63.1-eksbuild.1",  # PIN (kube-proxy 1.35)
        ),
        cluster_autoscaler="v1.35.2",
    ),
    "1.36": KubernetesVersion(
        standard_support_end=date(2027, 8, 2),
        extended_support_end=date(2028, 8, 2),
        addons=EksAddonVersions(
            vpc_cni="v1.22.4-eksbuild.3",  # MATRIX; PIN (1.36)
            eks_pod_identity_agent="v1.3.10-eksbuild.3",  # PIN (1.36)
            coredns="v1.14.3-eksbuild.3",  # UG, MATRIX
            kube_proxy="v1.36.0-eksbuild.14",  # UG, MATRIX
            aws_ebs_csi_driver="v1.63.1-eksbuild.1",  # PIN (1.36)
        ),
        cluster_autoscaler="v1.36.1",
    ),
}
"""The Kubernetes versions a deployment may ask for, keyed by minor version.

Support dates: endoflife.date/amazon-eks, snapshot of 2026-08-22.
"""

PYTHON_VERSIONS: Final = ("3.11", "3.12", "3.13")
"""The versions of Python that lint, types and tests are tried with. The oldest is that of
pyproject.toml; a newer one than the newest may work as well."""

TERRAFORM_MINIMUM: Final = "1.10"
"""First Terraform whose S3 backend has ``use_lockfile`` (its 1.10 changelog)."""

OPENTOFU_VERSION: Final = "1.12.6"
"""The OpenTofu used where a computer has no Terraform; its Go module was built and tried here."""

PROVIDER_RANGES: Final[dict[str, str]] = {
    "aws": ">= 5.100, < 7",
    "helm": ">= 3.1, < 4",
    "kubernetes": ">= 2.38, < 4",
}
"""What replaces the exact provider pins that the prebuilt bindings write (design decision 4).

The bindings (wheel metadata) were generated from aws 6.25.0, helm 3.1.1 and kubernetes 2.38.0. The
lower bound of aws is the oldest provider the stacks were applied with; those of helm and kubernetes
are the binding's own. The upper bounds are the next major versions, of kubernetes the one after:
3.0 only deprecates resources without a version in their names, and the stacks have none of those.
"""

AL2023_X86_64: Final = "AL2023_x86_64_STANDARD"
"""EKS ``amiType`` of Amazon Linux 2023 on Intel and AMD instances (EKS API, ``Nodegroup``)."""

AL2023_ARM_64: Final = "AL2023_ARM_64_STANDARD"
"""EKS ``amiType`` of Amazon Linux 2023 on Graviton instances (EKS API, ``Nodegroup``)."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A Helm chart at an exact version, and the version of the program that it installs."""

    name: str
    version: str
    app_version: str
    repository: str


_PROMETHEUS_COMMUNITY: Final = "https://prometheus-community.github.io/helm-charts"
_GRAFANA_COMMUNITY: Final = "https://grafana-community.github.io/helm-charts"

PROMETHEUS_OPERATOR_CRDS: Final = Chart(
    "prometheus-operator-crds", "31.0.1", "v0.93.1", _PROMETHEUS_COMMUNITY
)
"""Goes with KUBE_PROMETHEUS_STACK: both are made for the same Prometheus operator."""

KUBE_PROMETHEUS_STACK: Final = Chart(
    "kube-prometheus-stack", "88.5.3", "v0.93.1", _PROMETHEUS_COMMUNITY
)
LOKI: Final = Chart("loki", "18.11.0", "3.7.6", _GRAFANA_COMMUNITY)
TEMPO: Final = Chart("tempo", "2.2.4", "2.10.8", _GRAFANA_COMMUNITY)
TEMPO_DISTRIBUTED: Final = Chart("tempo-distributed", "2.26.2", "2.10.7", _GRAFANA_COMMUNITY)
"""The last line that needs no Kafka; 3.x does."""

OPENTELEMETRY_COLLECTOR: Final = Chart(
    "opentelemetry-collector",
    "0.170.0",
    "0.158.0",
    "https://open-telemetry.github.io/opentelemetry-helm-charts",
)
EXTERNAL_SECRETS: Final = Chart(
    "external-secrets", "2.9.0", "v2.9.0", "https://charts.external-secrets.io"
)
VELERO: Final = Chart("velero", "12.1.0", "1.18.1", "https://vmware-tanzu.github.io/helm-charts")
METRICS_SERVER: Final = Chart(
    "metrics-server", "3.13.1", "0.8.1", "https://kubernetes-sigs.github.io/metrics-server"
)
CLUSTER_AUTOSCALER: Final = Chart(
    "cluster-autoscaler", "9.59.0", "1.35.0", "https://kubernetes.github.io/autoscaler"
)
"""Its image is `KubernetesVersion.cluster_autoscaler`; the chart's own is that of 1.35."""

THANOS_VERSION: Final = "v0.42.4"
"""The Thanos that KUBE_PROMETHEUS_STACK starts as sidecar; the other parts must be able to read
what it writes."""

NGINX_VERSION: Final = "1.31.3"
"""Of the doors (blueprint/doors.py) and of the checks (requirements-dev.in): the newest on PyPI.
1.27.3 is the first whose upstreams are resolved again while it runs (its CHANGES, parameter
`resolve`). The image is not pinned by digest: none could be looked up."""

BUSYBOX_VERSION: Final = "1.37.0-musl"
"""A static program: it also runs in an image without libraries, the collector's. The same image is
pinned by public repositories that copy the program alone; it was not pulled here."""

VELERO_PLUGIN_FOR_AWS: Final = "v1.14.2"
"""1.14 goes with Velero 1.18 (its README, branch release-1.14). The newest patch that public
repositories pin; the image itself was not looked up."""

KUBECTL_VERSION: Final = "v1.35.3"
"""Of the job that deletes Velero's Restores before Velero goes. It may be one minor version older
or newer than the cluster (Kubernetes, "Version Skew Policy"). A kubectl is released with each patch
of Kubernetes, and EKS has a kube-proxy of this one; the image itself was not looked up."""

PROMETHEUS_VERSION: Final = "3.16.0"
"""The promtool and prometheus that the checks run (tools/programs.py); the cluster's comes with
KUBE_PROMETHEUS_STACK. Prometheus calls its Go module v0.316.0."""

AMTOOL_VERSION: Final = "0.34.2"
"""The amtool that the checks run (tools/programs.py)."""

ALERTMANAGER_VERSION: Final = "0.28.1"
"""The alertmanager that the checks run (tools/programs.py). It is older than amtool: the Go
module of 0.34.2 lacks the built web pages, without which the program does not compile."""

COLLECTOR_VERSION: Final = "0.160.0"
"""The OpenTelemetry Collector with which the checks read its configurations (tools/programs.py);
the cluster's comes with OPENTELEMETRY_COLLECTOR."""

CONTROL_PLANE_VERSION: Final = "1.36.3"
"""The Kubernetes whose control plane the checks run (tools/programs.py). It can behave as each
older minor version of KUBERNETES (``--emulated-version``)."""
