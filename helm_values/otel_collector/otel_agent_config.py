"""Configuration of the agent on each node: container logs and metrics of the kubelet.

    file_log/<tenant> --> logs/<tenant> --> Loki, in the name of the tenant
    kubeletstats --> metrics -------------> Prometheus

Straight to the back ends and not through a gateway: a gateway knows pods by their address, and
would take the agent for the origin of everything.

A tenant is a namespace, and the namespace is in the path of each file, which the kubelet writes and
no application can choose. So each tenant has a receiver of its own, and nothing has to be routed
after it was read. It also means that a tenant whose logs are refused holds up no other.
"""

from blueprint import endpoints
from blueprint.backend_sizes import BACKENDS
from blueprint.documents import Config
from helm_values.otel_collector import collector, otel_agent_logs, printed_json
from helm_values.otel_collector.collector import ENVIRONMENT
from settings.model import OBSERVABILITY, Settings

STATE_DIRECTORY = "/var/lib/otelcol"
"""On the node: how far each file was read, and the queues. Survives the pod, not the node."""

CHECKPOINT_DIRECTORY = f"{STATE_DIRECTORY}/checkpoints"
QUEUE_DIRECTORY = f"{STATE_DIRECTORY}/queue"
STORAGE_DIRECTORIES = (CHECKPOINT_DIRECTORY, QUEUE_DIRECTORY)

CHECKPOINTS = "file_storage/checkpoints"
NODE_IP = "${env:OTEL_K8S_NODE_IP}"


def agent_config(settings: Settings) -> Config:
    """The whole configuration."""
    size = BACKENDS[settings.size].agent
    prometheus = collector.prometheus_exporters(settings, endpoints.AGENT_DOOR, size.queue_mib)
    tenants = list(settings.namespaces)
    return {
        "extensions": {
            "health_check": collector.health_check(),
            CHECKPOINTS: collector.file_storage(CHECKPOINT_DIRECTORY),
            collector.QUEUE: collector.file_storage(QUEUE_DIRECTORY),
        },
        "receivers": {
            **{f"file_log/{tenant}": _container_logs(tenant, tenants) for tenant in tenants},
            "kubeletstats": _kubelet(),
        },
        "processors": {
            "memory_limiter": collector.memory_limiter(),
            "transform/pod": otel_agent_logs.pod_of_path(),
            "k8s_attributes": _pods_of_this_node(),
            "filter/sent_too": printed_json.drop_what_is_sent_too(),
            "transform/printed": printed_json.understand_lines(),
            "transform/limits": otel_agent_logs.limit_pod_attributes(),
            "resource/cluster": collector.upsert(k8s_cluster_name=settings.prefix),
            "transform/environment": _environment_of_metrics(tenants),
            **{f"resource/{tenant}": _environment(tenant) for tenant in tenants},
        },
        "exporters": {
            # Blocks when its queue is full, and with it the reading of files: they are the larger
            # queue (the kubelet keeps 5 files of 10 MiB for each container).
            **{
                f"otlp_http/loki-{tenant}": collector.loki_exporter(
                    endpoints.AGENT_DOOR, tenant, size.queue_mib, blocks=True
                )
                for tenant in tenants
            },
            **prometheus,
        },
        "service": {
            "telemetry": collector.own_telemetry(),
            "extensions": ["health_check", CHECKPOINTS, collector.QUEUE],
            "pipelines": {
                **{
                    f"logs/{tenant}": {
                        "receivers": [f"file_log/{tenant}"],
                        "processors": [
                            "memory_limiter",
                            "transform/pod",
                            "k8s_attributes",
                            "filter/sent_too",
                            "transform/printed",
                            "transform/limits",
                            f"resource/{tenant}",
                            "resource/cluster",
                        ],
                        "exporters": [f"otlp_http/loki-{tenant}"],
                    }
                    for tenant in tenants
                },
                "metrics": {
                    "receivers": ["kubeletstats"],
                    "processors": [
                        "memory_limiter",
                        "k8s_attributes",
                        "transform/environment",
                        "resource/cluster",
                    ],
                    "exporters": list(prometheus),
                },
            },
        },
    }


def _container_logs(tenant: str, tenants: list[str]) -> Config:
    if tenant == OBSERVABILITY:
        # Also kube-system and whatever else is not in the settings; not its own log: a refused
        # line would be logged, read, refused, ...
        include = otel_agent_logs.patterns("*")
        exclude = [
            *(p for other in tenants if other != tenant for p in otel_agent_logs.patterns(other)),
            *otel_agent_logs.patterns(OBSERVABILITY, "otel-agent-*"),
        ]
    else:
        include, exclude = otel_agent_logs.patterns(tenant), []
    return {
        "include": include,
        "exclude": [*exclude, otel_agent_logs.UNFINISHED],
        # A node is seldom older than its agent: nothing of its first pods may be missed. After
        # that the checkpoint counts.
        "start_at": "beginning",
        "include_file_path": True,
        "include_file_name": False,
        "storage": CHECKPOINTS,
        # Rotated files are compressed; by their content they are known again. Each look opens every
        # file, and the default, 200 ms, took 9 % of a core for 40 containers with four such files.
        "compression": "auto",
        "poll_interval": "500ms",
        # As it is: a character may have been cut in two by the runtime.
        "encoding": "utf8-raw",
        "max_log_size": otel_agent_logs.MAX_LINE_BYTES,
        # Or a line that the runtime cut at a space would be put together without it.
        "preserve_trailing_whitespaces": True,
        "retry_on_failure": {"enabled": True, "max_elapsed_time": "0s"},
        "operators": otel_agent_logs.operators(),
    }


def _kubelet() -> Config:
    return {
        "auth_type": "serviceAccount",
        "endpoint": f"https://{NODE_IP}:10250",
        # The certificate of an EKS kubelet is not signed by the cluster's authority.
        "insecure_skip_verify": True,
        "collection_interval": "30s",
        # Not `container`: it gives container_memory_working_set_bytes and others, the very names
        # of cAdvisor.
        "metric_groups": ["node", "pod", "volume"],
    }


def _pods_of_this_node() -> Config:
    return collector.pod_attributes(
        filter={"node_from_env_var": "OTEL_K8S_NODE_NAME"},
        pod_association=[{"sources": [{"from": "resource_attribute", "name": "k8s.pod.uid"}]}],
        # As an application with an SDK would call itself, so that both kinds of logs meet.
        more_metadata=["service.name", "service.namespace"],
        extract={
            "otel_annotations": True,
            "annotations": [
                {"tag_name": printed_json.CHOICE, "key": printed_json.ANNOTATION, "from": "pod"}
            ],
        },
    )


def _environment(tenant: str) -> Config:
    # Of kube-system, too: everything in a tenant has the tenant's environment.
    return collector.upsert(deployment_environment_name=tenant)


def _environment_of_metrics(tenants: list[str]) -> Config:
    # Metrics of a node have no namespace and get no environment.
    namespace = 'resource.attributes["k8s.namespace.name"]'
    statement = (
        f'set(resource.attributes["{ENVIRONMENT}"], {namespace}) '
        f'where IsMatch({namespace}, "^(?:{"|".join(tenants)})$")'
    )
    return {
        "error_mode": "ignore",
        "metric_statements": [{"context": "resource", "statements": [statement]}],
    }
