"""Gateways: one OpenTelemetry collector release for each stage."""

from math import ceil
from typing import Any

from blueprint import endpoints
from blueprint.backend_sizes import BACKENDS, GatewaySize
from blueprint.names import GATEWAY, telemetry_namespace
from blueprint.resources import mebibytes, millicores
from blueprint.traffic import gateway_of
from helm_values.otel_collector import collector, collector_start
from helm_values.otel_collector.collector import ENVIRONMENT
from helm_values.otel_collector.otel_gateway_config import (
    HEADLESS_SERVICE,
    LOAD_BALANCING_PORT,
    OWN_QUEUE_SHARE,
    QUEUE_DIRECTORY,
    gateway_config,
)
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.static_values import static_values
from settings.model import Quota, Settings
from versions import OPENTELEMETRY_COLLECTOR

NAME = GATEWAY
KEPT_DAMAGED = 1
"""Damaged files of queues that are kept. One, as the volume is small."""

AFTER = ("kps", "loki", "tempo")
"""The ServiceMonitor needs its CRD; the back ends come first, so that no queue fills."""


def releases(settings: Settings, outputs: StackOutputs) -> list[Release]:
    """One release for each stage, in the gateway's namespace."""
    del outputs  # Gateways call nothing in AWS.
    return [
        Release(
            name=NAME,
            namespace=telemetry_namespace(stage),
            chart=OPENTELEMETRY_COLLECTOR,
            static="otel_gateway",
            from_settings=_values(settings, stage),
            after=AFTER,
        )
        for stage in settings.stages
    ]


def queue_volume_mib(settings: Settings) -> int:
    """Room for the queues of Tempo, Loki and each replica of Prometheus, twice: holes are left.

    Each Prometheus has two: one for what applications send, and a smaller one for what we make.
    And for damaged files that were set aside.

    The kubelet evicts a pod whose emptyDir outgrows its limit, so the limit must never be reached.
    """
    size = BACKENDS[settings.size].gateway
    prometheus = endpoints.prometheus_replicas(settings)
    own = size.queue_mib // OWN_QUEUE_SHARE
    return ((2 + prometheus + KEPT_DAMAGED) * size.queue_mib + prometheus * own) * 2


def quota(settings: Settings) -> Quota:
    """What a gateway may use of the quota of its namespace.

    Pods = the most replicas of the autoscaler + 2 * `maxSurge`: those that a rollout makes beside
    them, and as many again that are ending (`terminationGracePeriodSeconds`), which a quota counts
    until they are gone. Where more are ending, the rollout waits for them. CPU and memory = pods *
    what one asks for, or may take, rounded up to whole cores and GiB.
    """
    size = BACKENDS[settings.size].gateway
    rollout = static_values("otel_gateway")["rollout"]["rollingUpdate"]
    pods = size.max_replicas + 2 * rollout["maxSurge"]
    of_one = size.resources
    return Quota(
        requests_cpu=ceil(pods * millicores(of_one.cpu) / 1000),
        requests_memory_gib=ceil(pods * mebibytes(of_one.memory) / 1024),
        limits_cpu=ceil(pods * millicores(of_one.cpu_limit) / 1000),
        limits_memory_gib=ceil(pods * mebibytes(of_one.memory_limit) / 1024),
        pods=pods,
        persistent_volume_claims=0,
    )


def _values(settings: Settings, stage: str) -> dict[str, Any]:
    size = BACKENDS[settings.size].gateway
    return {
        "image": collector.IMAGE,
        "ports": collector.ports(),
        "resources": size.resources.values,
        "autoscaling": _autoscaling(size),
        # The stage's nodes, which others' pods are kept off.
        "nodeSelector": {ENVIRONMENT: stage},
        "tolerations": [
            {"key": ENVIRONMENT, "operator": "Equal", "value": stage, "effect": "NoSchedule"}
        ],
        "extraVolumes": [
            {"name": "queue", "emptyDir": {"sizeLimit": f"{queue_volume_mib(settings)}Mi"}},
            collector_start.VOLUME,
        ],
        "serviceMonitor": {"metricsEndpoints": [_scraped(stage)]},
        "extraManifests": _manifests(stage),
        # Instead of `config`, which would be merged with receivers for Jaeger and Zipkin.
        "alternateConfig": gateway_config(settings, stage),
        **collector_start.values(
            [QUEUE_DIRECTORY], KEPT_DAMAGED, static_values("otel_gateway")["securityContext"]
        ),
    }


def _autoscaling(size: GatewaySize) -> dict[str, int]:
    return {"minReplicas": size.min_replicas, "maxReplicas": size.max_replicas}


def _scraped(stage: str) -> dict[str, Any]:
    # What a gateway tells of itself is the stage's: so its alerts go where the stage's go, and
    # dashboards show it there.
    stage_as_namespace = {"targetLabel": "namespace", "replacement": stage}
    return {"port": "metrics", "interval": "30s", "relabelings": [stage_as_namespace]}


def _manifests(stage: str) -> list[dict[str, Any]]:
    """The addresses of all replicas, for `load_balancing`, and what a gateway may read.

    That is the pods of its stage, by a Role in the stage's namespace, and the addresses of the
    other replicas in its own.
    """
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": HEADLESS_SERVICE, "namespace": telemetry_namespace(stage)},
            "spec": {
                "clusterIP": "None",
                "ports": [
                    {
                        "name": "otlp-lb",
                        "port": LOAD_BALANCING_PORT,
                        "targetPort": LOAD_BALANCING_PORT,
                        "protocol": "TCP",
                    }
                ],
                "selector": {**gateway_of(stage).labels, "component": "standalone-collector"},
            },
        },
        *_may_read(stage, stage, {"": "pods", "apps": "replicasets", "batch": "jobs"}),
        *_may_read(telemetry_namespace(stage), stage, {"discovery.k8s.io": "endpointslices"}),
    ]


def _may_read(namespace: str, stage: str, kinds: dict[str, str]) -> list[dict[str, Any]]:
    """Role and RoleBinding in a namespace; `kinds` holds resources by API group."""
    metadata = {"name": NAME, "namespace": namespace}
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": telemetry_namespace(stage)}
    api = "rbac.authorization.k8s.io"
    return [
        {
            "apiVersion": f"{api}/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": [
                {"apiGroups": [group], "resources": [kind], "verbs": ["get", "list", "watch"]}
                for group, kind in kinds.items()
            ],
        },
        {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": api, "kind": "Role", "name": NAME},
            "subjects": [account],
        },
    ]
