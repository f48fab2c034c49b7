"""The components of the foundation, and every Helm release of an environment."""

from collections.abc import Sequence
from importlib import import_module

from helm_values.component import Component, WorkloadRole
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from settings.model import Settings

FOLDERS = (
    "prometheus_operator_crds",
    "external_secrets",
    "kube_prometheus_stack",
    "thanos",
    "back_end_doors",
    "loki",
    "tempo",
    "otel_collector",
    "velero",
    "metrics_server",
    "cluster_autoscaler",
)
"""Folders of `helm_values/`, in the order in which the releases can be installed."""


def _component(folder: str) -> Component:
    component: Component = import_module(f"helm_values.{folder}.{folder}").COMPONENT
    return component


COMPONENTS = tuple(map(_component, FOLDERS))


def releases(settings: Settings, outputs: StackOutputs) -> list[Release]:
    """All releases; each names what it comes after."""
    return [
        release
        for component in COMPONENTS
        for release in component.releases(settings, outputs.only(component.reads))
    ]


def split_at_stages(in_order: Sequence[Release]) -> tuple[list[Release], list[Release]]:
    """The releases up to the last one that outlives the stages, and those after it.

    Args:
        in_order: releases in the order of installation.
    """
    first = max((n for n, release in enumerate(in_order, 1) if release.outlives_stages), default=0)
    return list(in_order[:first]), list(in_order[first:])


def workload_roles(components: Sequence[Component] = COMPONENTS) -> tuple[WorkloadRole, ...]:
    """Every role that components declare; each has one output of the storage stack."""
    return tuple(role for component in components for role in component.roles)


def outputs_read(components: Sequence[Component] = COMPONENTS) -> tuple[str, ...]:
    """Names of the outputs that any component reads."""
    return tuple(dict.fromkeys(name for component in components for name in component.reads))
