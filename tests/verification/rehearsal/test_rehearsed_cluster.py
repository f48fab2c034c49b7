"""The observability stack in front of a real API server, with real controllers and scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from outcomes import not_checked
from sample_stacks import sample_foundation
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from docgen import access_page
from helm_values.releases import releases
from helm_values.stack_outputs import sample_stack_outputs
from settings.load import load_environment
from settings.model import OBSERVABILITY, Settings
from synthesis.foundation import Foundation
from tools.programs import ProgramUnavailableError, program
from verification.charts.chart_settings import samples
from verification.rehearsal.cluster import cluster_checks, contexts
from verification.rehearsal.cluster.access_matrix import Access
from verification.rehearsal.cluster.applying import apply_all
from verification.rehearsal.cluster.contexts import ContextError
from verification.rehearsal.cluster.control_plane import PROGRAM, kubeconfig
from verification.rehearsal.cluster.drains import drain
from verification.rehearsal.cluster.kube_api import ApiError, KubeApi, Object, wait_for
from verification.rehearsal.cluster.local_cluster import LocalCluster, running_cluster
from verification.rehearsal.cluster.recorded_rbac import read_record
from verification.rehearsal.cluster.terraform_objects import (
    TranslationError,
    kubernetes_objects,
    resolved,
)
from verification.rehearsal.verdicts import CheckFailedError
from versions import CONTROL_PLANE_VERSION

Stack = dict[str, Any]


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_environment("dev", TODAY)


@pytest.fixture(scope="module")
def stack() -> Stack:
    return sample_foundation().configs["dev"][OBSERVABILITY]


@pytest.fixture(scope="module")
def cluster(
    settings: Settings, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalCluster]:
    """With every object of the stack of dev in it."""
    try:
        program(PROGRAM)
    except ProgramUnavailableError as error:
        reason = f"not checked: the stack by a real API server. {error}"
        not_checked(reason)
    folder = tmp_path_factory.mktemp("cluster")
    nodes = sample_foundation().configs["dev"]["cluster"]
    with running_cluster(folder, settings, nodes) as running:
        cluster_checks.stack_objects(running.api, stack)
        yield running


@pytest.fixture
def api(cluster: LocalCluster) -> KubeApi:
    assert cluster.stand_ins.failure is None
    return cluster.api


def a_pod(name: str, namespace: str = "dev", **spec: Any) -> Object:
    """One that PodSecurity's `baseline` admits, on the nodes of its stage."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "containers": [{"name": "app", "image": "app.invalid/app:1"}],
            "nodeSelector": {"deployment.environment.name": namespace},
            "tolerations": [{"key": "deployment.environment.name", "value": namespace}],
            **spec,
        },
    }


def phase(api: KubeApi, name: str, namespace: str = "dev") -> str:
    pod = api.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
    return str(pod["status"]["phase"])


def is_running(api: KubeApi, name: str, namespace: str) -> bool:
    return phase(api, name, namespace) == "Running"


# --- The control plane ----------------------------------------------------------------------------


def test_it_is_the_kubernetes_of_the_settings(api: KubeApi, settings: Settings) -> None:
    answer = api.get("/version")

    assert f"{answer['major']}.{answer['minor']}" == settings.cluster.kubernetes_version
    assert answer["gitVersion"] == f"v{CONTROL_PLANE_VERSION}"


# --- Objects of the stack -------------------------------------------------------------------------


def test_every_object_of_the_stack_is_in_the_cluster(api: KubeApi, stack: Stack) -> None:
    objects = kubernetes_objects(stack, api)

    resources = [
        f"{kind}.{name}"
        for kind, named in stack["resource"].items()
        if kind.startswith("kubernetes_")
        for name in named
    ]
    assert sorted(item.address for item in objects) == sorted(resources)
    for item in objects:
        live = api.get(api.path_of(item.manifest))
        assert live["metadata"]["name"] == item.manifest["metadata"]["name"]


def test_what_terraform_says_is_what_the_api_has(api: KubeApi) -> None:
    root = "/apis/apps/v1/namespaces/observability"
    compactor = api.get(f"{root}/statefulsets/thanos-compactor")["spec"]
    pod = compactor["template"]["spec"]

    assert compactor["replicas"] == 1
    assert compactor["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "gp3-encrypted"
    assert pod["securityContext"]["runAsUser"] == 1001
    assert pod["containers"][0]["readinessProbe"]["httpGet"]["port"] == 10902
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["volumes"][0]["configMap"]["name"]


def test_an_unknown_field_is_refused(api: KubeApi) -> None:
    account = apply_all(api, [a_pod("typo", contaners=[])])

    (refusal,) = account.refused
    assert "Pod dev/typo" in refusal
    assert "contaners" in refusal


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (
            {"kubernetes_secret_sauce_v1": {"a": {}}},
            "kubernetes_secret_sauce_v1: the API server has no kind SecretSauce in v1",
        ),
        (
            {"kubernetes_config_map_v1": {"a": {"metadata": {"name": "a"}, "dato": {}}}},
            "kubernetes_config_map_v1.a: ConfigMap: the API has no field dato",
        ),
        (
            {"kubernetes_deployment_v1": {"a": {"spec": {"replicas": "two"}}}},
            "kubernetes_deployment_v1.a: Deployment.spec.replicas: 'two' is no integer",
        ),
        (
            {"kubernetes_deployment_v1": {"a": {"spec": [{}, {}]}}},
            "kubernetes_deployment_v1.a: Deployment.spec: 2 blocks where the API has one object",
        ),
    ],
)
def test_what_cannot_be_translated_is_named(api: KubeApi, resource: Stack, message: str) -> None:
    with pytest.raises(TranslationError) as caught:
        kubernetes_objects({"resource": resource}, api)

    assert str(caught.value) == message


def test_expressions_of_terraform_are_resolved() -> None:
    stack = {"resource": {"kubernetes_namespace_v1": {"a-b": {"metadata": {"name": "dev"}}}}}
    text = "${kubernetes_namespace_v1.a-b.metadata[0].name}/$${x}/%%{y}"
    role = '${data.terraform_remote_state.storage.outputs.secrets_reader_role_arns["dev"]}'

    assert resolved({"a": [text]}, stack) == {"a": ["dev/${x}/%{y}"]}
    assert resolved(role, stack).startswith("arn:aws:iam::")
    with pytest.raises(TranslationError, match=r"unknown expression \$\{timestamp\(\)\}"):
        resolved("${timestamp()}", stack)


# --- Pods -----------------------------------------------------------------------------------------


def test_every_pod_is_admitted_scheduled_and_runs(api: KubeApi) -> None:
    assert cluster_checks.pods_run(api)


def test_every_pod_is_on_the_node_group_it_belongs_to(api: KubeApi, settings: Settings) -> None:
    assert cluster_checks.pods_are_where_they_belong(api, settings)


def test_a_pod_on_other_nodes_is_noticed(api: KubeApi, settings: Settings) -> None:
    stray = a_pod("otel-gateway-stray", "dev-telemetry", nodeSelector={}, tolerations=[])
    api.apply(stray)
    try:
        assert wait_for(lambda: phase(api, "otel-gateway-stray", "dev-telemetry") == "Running", 60)
        with pytest.raises(CheckFailedError, match="stray runs on observability, belongs to dev"):
            cluster_checks.pods_are_where_they_belong(api, settings)
    finally:
        api.delete(api.path_of(stray))


def test_a_volume_is_made_in_the_zone_of_its_pod(api: KubeApi) -> None:
    (volume,) = [
        item
        for item in api.items("/api/v1/persistentvolumes")
        if item["spec"]["claimRef"]["name"] == "data-thanos-compactor-0"
    ]
    pod = api.get("/api/v1/namespaces/observability/pods/thanos-compactor-0")
    node = api.get(f"/api/v1/nodes/{pod['spec']['nodeName']}")

    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    zone = node["metadata"]["labels"]["topology.kubernetes.io/zone"]
    assert term["matchExpressions"][0]["values"] == [zone]
    assert volume["status"]["phase"] == "Bound"


def test_a_pod_waits_for_its_secret_and_ends_when_it_is_deleted(api: KubeApi) -> None:
    pod = a_pod("patient", volumes=[{"name": "s", "secret": {"secretName": "late"}}])
    path = api.path_of(api.apply(pod)[0])

    def waits_for() -> str:
        (container,) = api.get(path)["status"].get("containerStatuses") or [{}]
        return str(container.get("state", {}).get("waiting", {}).get("message", ""))

    assert wait_for(lambda: waits_for() == 'secret "late" not found', 60)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "late"}}
    api.apply(secret, namespace="dev")
    assert wait_for(lambda: phase(api, "patient") == "Running", 60)

    api.delete(path)
    api.delete("/api/v1/namespaces/dev/secrets/late")

    def is_gone() -> bool:
        try:
            api.get(path)
        except ApiError as error:
            return error.status == 404
        return False

    assert wait_for(is_gone, 60)


def test_limits_of_the_namespace_come_to_a_pod_that_names_none(api: KubeApi) -> None:
    admitted, _ = api.apply(a_pod("modest"), dry_run=True)

    limits = api.items("/api/v1/namespaces/dev/limitranges")[0]["spec"]["limits"][0]
    resources = admitted["spec"]["containers"][0]["resources"]
    assert resources == {"limits": limits["default"], "requests": limits["defaultRequest"]}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"hostNetwork": True}, "violates PodSecurity"),
        ({"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}, "violates PodSecurity"),
        (
            {
                "containers": [
                    {
                        "name": "app",
                        "image": "app.invalid/app:1",
                        "resources": {"limits": {"memory": "900Gi", "cpu": "1"}},
                    }
                ]
            },
            "exceeded quota: quota",
        ),
    ],
    ids=["host network", "host path", "quota"],
)
def test_what_a_stage_must_not_have_is_refused(api: KubeApi, spec: Object, message: str) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        api.apply(a_pod("greedy", **spec), dry_run=True)

    assert caught.value.status == 403


def a_service(kind: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "public", "namespace": "dev"},
        "spec": {"type": kind, "selector": {"app": "app"}, "ports": [{"port": 80}]},
    }


def a_claim(size: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "large", "namespace": "dev"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


def a_greedy_pod(size: str) -> Object:
    container = {"name": "app", "image": "app.invalid/app:1"}
    limits = {"limits": {"ephemeral-storage": size}, "requests": {"ephemeral-storage": "1Mi"}}
    return a_pod("disk", containers=[{**container, "resources": limits}])


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (a_service("LoadBalancer"), "exceeded quota: quota, requested: services.loadbalancers=1"),
        (a_service("NodePort"), "exceeded quota: quota, requested: services.nodeports=1"),
        (a_claim("16Ti"), "exceeded quota: quota, requested: requests.storage=16Ti"),
        (a_greedy_pod("200Gi"), "exceeded quota: quota, requested: limits.ephemeral-storage=200Gi"),
        *(
            (
                a_pod("vital", priorityClassName=f"system-{kind}-critical"),
                "exceeded quota: no-system-priority, requested: pods=1",
            )
            for kind in ("node", "cluster")
        ),
    ],
    ids=["load balancer", "node port", "volume", "disk", "node priority", "cluster priority"],
)
def test_what_harms_others_is_refused_in_a_stage(
    api: KubeApi, manifest: Object, message: str
) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        api.apply(manifest, dry_run=True)

    assert caught.value.status == 403


@pytest.mark.parametrize(
    "manifest",
    [a_service("ClusterIP"), a_claim("100Gi"), a_greedy_pod("20Gi"), a_pod("usual")],
    ids=["service", "volume", "disk", "pod"],
)
def test_what_applications_need_is_admitted_in_a_stage(api: KubeApi, manifest: Object) -> None:
    api.apply(manifest, dry_run=True)


def test_a_stage_cannot_fill_etcd(api: KubeApi) -> None:
    def config_map(number: int) -> Object:
        name = f"filler-{number}"
        metadata = {"name": name, "namespace": "hml"}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}

    paths, refusal = [], ""
    try:
        for number in range(600):
            paths.append(api.path_of(api.apply(config_map(number))[0]))
    except ApiError as error:
        refusal = str(error)
    finally:
        for path in paths:
            api.delete(path)
    assert "exceeded quota: quota, requested: count/configmaps=1" in refusal
    assert len(paths) >= 450


def test_a_workload_whose_pods_are_refused_says_why(api: KubeApi) -> None:
    labels = {"app": "privileged"}
    container = {
        "name": "app",
        "image": "app.invalid/app:1",
        "securityContext": {"privileged": True},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "privileged", "namespace": "dev"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
    api.apply(deployment)
    try:
        with pytest.raises(CheckFailedError, match="privileged") as caught:
            cluster_checks.pods_run(api, seconds=3)
    finally:
        api.delete(api.path_of(deployment))
    assert "Deployment dev/privileged: 0 of 1 pods ready" in str(caught.value)
    assert "violates PodSecurity" in str(caught.value)


def test_the_observability_nodes_can_be_drained(api: KubeApi) -> None:
    assert cluster_checks.nodes_drain(api, OBSERVABILITY)


def test_a_budget_that_allows_no_disruption_is_noticed(api: KubeApi) -> None:
    pod = a_pod("stubborn")
    pod["metadata"]["labels"] = {"app": "stubborn"}
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "stubborn", "namespace": "dev"},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "stubborn"}}},
    }
    paths = [api.path_of(api.apply(item)[0]) for item in (pod, budget)]
    try:
        assert wait_for(lambda: phase(api, "stubborn") == "Running", 60)
        node = api.get(paths[0])["spec"]["nodeName"]
        (kept,) = drain(api, node, seconds=3)
        assert kept.startswith("dev/stubborn: Cannot evict pod")
        assert not api.get(f"/api/v1/nodes/{node}")["spec"].get("unschedulable")
    finally:
        for path in paths:
            api.delete(path)


# --- Stand-ins ------------------------------------------------------------------------------------


def test_a_webhook_is_called_and_answered(api: KubeApi) -> None:
    """Without an answer, or without the authority of its certificate, it would refuse all."""
    service = {"name": "any", "namespace": "observability", "path": "/validate"}
    webhook = {
        "name": "any.example.com",
        "clientConfig": {"service": service},
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["configmaps"],
            }
        ],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "hml"}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "any"},
        "webhooks": [webhook],
    }
    target = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "any", "namespace": "observability"},
        "spec": {"ports": [{"port": 443}]},
    }
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "checked", "namespace": "hml"},
    }
    paths = [api.path_of(api.apply(item)[0]) for item in (target, configuration)]

    def is_allowed() -> bool:
        try:
            api.apply(config_map, dry_run=True)
        except ApiError as error:
            refusals.append(str(error))
            return False
        return True

    refusals: list[str] = []
    try:
        assert wait_for(is_allowed, 60), refusals[-1]
        assert all("failed calling webhook" in refusal for refusal in refusals)
        (hook,) = api.get(paths[1])["webhooks"]
        assert hook["clientConfig"]["caBundle"]
    finally:
        for path in paths:
            api.delete(path)


def test_the_job_of_a_webhooks_certificate_makes_its_secret(api: KubeApi) -> None:
    arguments = ["create", "--host=any,any.dev.svc", "--namespace=dev", "--secret-name=any-tls"]
    container = {"name": "create", "image": "certgen.invalid/certgen:1", "args": arguments}
    pod = a_pod("certgen", containers=[container], restartPolicy="Never")["spec"]
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "certgen", "namespace": "dev"},
        "spec": {"template": {"spec": pod}},
    }
    path = api.path_of(api.apply(job)[0])
    try:
        assert wait_for(lambda: api.get(path)["status"].get("succeeded") == 1, 60)
        secret = api.get("/api/v1/namespaces/dev/secrets/any-tls")
        assert set(secret["data"]) == {"ca", "cert", "key"}
    finally:
        api.delete(path, {"propagationPolicy": "Background"})


def test_a_group_grows_for_a_pod_that_finds_no_node(api: KubeApi) -> None:
    selector = "deployment.environment.name=hml"
    before = len(api.items("/api/v1/nodes", labelSelector=selector))
    apart = {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {
                    "labelSelector": {"matchLabels": {"app": "apart"}},
                    "topologyKey": "kubernetes.io/hostname",
                }
            ]
        }
    }
    pods = [a_pod(f"apart-{number}", "hml", affinity=apart) for number in range(before + 1)]
    for pod in pods:
        pod["metadata"]["labels"] = {"app": "apart"}
        api.apply(pod)
    try:
        for pod in pods:
            name = pod["metadata"]["name"]
            assert wait_for(partial(is_running, api, name, "hml"), 90), name
        assert len(api.items("/api/v1/nodes", labelSelector=selector)) == before + 1
    finally:
        for pod in pods:
            api.delete(api.path_of(pod))


# --- Rights ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def accesses(cluster: LocalCluster) -> list[Access]:
    """Of the first of the users' environments, as the page has them."""
    name = REAL_ENVIRONMENTS[0]
    observability = Foundation.load(environments=[name]).configs[name][OBSERVABILITY]
    return access_page.asked(cluster.api, real_settings(name), observability, read_record())


def test_the_page_of_access_is_current(cluster: LocalCluster, accesses: list[Access]) -> None:
    name = REAL_ENVIRONMENTS[0]
    page = access_page.render(accesses, real_settings(name), cluster.plane.version)

    assert not access_page.stale(page), "run `make access`"


def test_an_editor_may_edit_its_stage_and_touch_no_other(accesses: list[Access]) -> None:
    (access,) = [item for item in accesses if item.subject.name == "AmazonEKSEditPolicy in dev"]

    assert set(access.rights) == {"dev"}
    assert access.dangers["run commands in pods"] == ("dev",)
    assert "bind roles" not in access.dangers
    # AWS' policy knows no custom resources: teams cannot make their own ServiceMonitors.
    assert not [right for right in access.rights["dev"] if "monitoring" in right.group]


def test_service_accounts_of_terraform_may_nothing(accesses: list[Access]) -> None:
    rights = {access.subject.name: access.rights for access in accesses}

    assert rights["observability/thanos-compactor"] == {}
    assert rights["observability/kps-operator"]


def test_the_record_is_of_the_charts_in_use() -> None:
    charts = {
        release.chart.name: release.chart.version
        for settings in samples(TODAY).values()
        for release in releases(settings, sample_stack_outputs())
    }

    assert read_record().charts == charts, "run `make access RECORD=1`"


# --- The command ----------------------------------------------------------------------------------


@pytest.fixture
def kubeconfig_of(cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's kubeconfig, with the context `rehearsal` of the running cluster."""
    plane = cluster.plane
    path = kubeconfig(
        tmp_path / "config", plane.url, plane.authority.certificate, plane.administrator
    )
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


def test_a_context_of_a_cluster_that_is_not_empty_is_refused(
    kubeconfig_of: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api = contexts.connect("rehearsal", kubeconfig_of)
    before = {item["metadata"]["name"] for item in api.items("/api/v1/namespaces")}

    with pytest.raises(ContextError) as caught:
        contexts.check_is_empty(api, "rehearsal")

    assert str(caught.value).startswith(
        "CLUSTER=rehearsal is not empty: it has namespaces dev, dev-telemetry, "
    )
    assert before == {item["metadata"]["name"] for item in api.items("/api/v1/namespaces")}


def test_a_context_of_another_version_is_refused(kubeconfig_of: Path) -> None:
    api = contexts.connect("rehearsal", kubeconfig_of)

    contexts.check_version(api, "1.36", "rehearsal")
    with pytest.raises(ContextError, match=r"is Kubernetes 1\.36; cluster\.kubernetes"):
        contexts.check_version(api, "1.34", "rehearsal")


def test_a_context_that_does_not_exist_is_refused(kubeconfig_of: Path, tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="no such context; it has: rehearsal"):
        contexts.connect("kind", kubeconfig_of)
    with pytest.raises(ContextError, match=r"no kubeconfig .*nowhere: No such file"):
        contexts.connect("kind", tmp_path / "nowhere")


# --- Removal, last --------------------------------------------------------------------------------


def test_everything_can_be_removed(api: KubeApi, stack: Stack) -> None:
    assert cluster_checks.everything_is_removed(api, stack, []) == "7 namespaces"
