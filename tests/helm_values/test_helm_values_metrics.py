"""Values of Prometheus, Alertmanager, Grafana and the system releases state what is meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from blueprint import endpoints, names
from blueprint.sizes import METRICS, PrometheusSize
from blueprint.traffic import EVERYWHERE
from helm_values import releases
from helm_values.cluster_autoscaler import cluster_autoscaler
from helm_values.external_secrets import external_secrets
from helm_values.kube_prometheus_stack import (
    grafana_values,
    kube_prometheus_stack,
    stage_prometheus,
)
from helm_values.metrics_server import metrics_server
from helm_values.prometheus_operator_crds import prometheus_operator_crds
from helm_values.release import Release
from helm_values.stack_outputs import StackOutputs
from helm_values.traffic_plan import plan_policies
from helm_values.velero import velero
from settings.load import load_environment
from settings.model import Settings
from settings.node_sizes import Size
from signals.uids import LOKI_UID, PROMETHEUS_UID, TEMPO_UID
from versions import KUBERNETES, VELERO_PLUGIN_FOR_AWS

SIZES: tuple[Size, ...] = ("small", "medium", "large")
ROLE = "arn:aws:iam::111122223333:role/"
BUCKETS = ("metrics", "logs", "traces", "backups")
STACK_OUTPUTS = StackOutputs(
    {
        **{f"{bucket}_bucket_name": f"{bucket}-bucket" for bucket in BUCKETS},
        **{role.output: f"{ROLE}{role.name}" for role in releases.workload_roles()},
    }
)
MODULES = (
    prometheus_operator_crds,
    external_secrets,
    kube_prometheus_stack,
    velero,
    metrics_server,
    cluster_autoscaler,
)


def settings_of(size: Size, environment: str = "dev") -> Settings:
    return load_environment(environment, TODAY).model_copy(update={"size": size})


def stage_values(settings: Settings, stage: str) -> dict[str, Any]:
    releases = stage_prometheus.releases(settings, STACK_OUTPUTS)
    (values,) = (
        release.values for release in releases if release.namespace == f"{stage}-telemetry"
    )
    return values


def stage_spec(settings: Settings, stage: str = "dev") -> dict[str, Any]:
    spec: dict[str, Any] = stage_values(settings, stage)["prometheus"]["prometheusSpec"]
    return spec


def all_of(settings: Settings) -> list[Release]:
    return [module.release(settings, STACK_OUTPUTS) for module in MODULES]


def kps(settings: Settings) -> dict[str, Any]:
    return kube_prometheus_stack.release(settings, STACK_OUTPUTS).values


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, str(index)))
    else:
        yield path, value


def mebibytes(quantity: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([MG])i", quantity).groups()  # type: ignore[union-attr]
    return int(number) * (1024 if unit == "G" else 1)


def cores(quantity: str) -> float:
    return int(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


# --- All of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_each_release_comes_after_what_it_names(environment: str) -> None:
    ids: list[str] = []
    for release in releases.releases(real_settings(environment), STACK_OUTPUTS):
        assert set(release.after) <= set(ids), release.id
        ids.append(release.id)

    assert len(ids) == len(set(ids))
    assert ids[:3] == ["prometheus-operator-crds", "external-secrets", "kps"]


def test_the_autoscaler_waits_for_the_crds_only() -> None:
    after = cluster_autoscaler.release(settings_of("small"), STACK_OUTPUTS).after

    assert after == ("prometheus-operator-crds",)


@pytest.mark.parametrize("size", SIZES)
def test_no_image_is_left_to_chance(size: Size) -> None:
    for release in all_of(settings_of(size)):
        assert not re.search(r"\blatest\b", json.dumps(release.values)), release.id


@pytest.mark.parametrize("size", SIZES)
def test_no_value_looks_like_a_secret(size: Size) -> None:
    secret = re.compile(r"hooks\.slack\.com|AKIA|BEGIN .*KEY|xox[abp]-")
    for release in all_of(settings_of(size)):
        for path, value in leaves(release.values):
            assert not secret.search(str(value)), path
            if re.search(r"password|secret_key|access_?key|token$|api_url$", path[-1], re.I):
                assert path[-1].endswith("_file"), path


@pytest.mark.parametrize("size", SIZES)
def test_every_volume_is_encrypted(size: Size) -> None:
    values = kps(settings_of(size))
    claims = (
        values["prometheus"]["prometheusSpec"]["storageSpec"]["volumeClaimTemplate"]["spec"],
        values["alertmanager"]["alertmanagerSpec"]["storage"]["volumeClaimTemplate"]["spec"],
        values["grafana"]["persistence"],
    )

    assert {claim["storageClassName"] for claim in claims} == {names.STORAGE_CLASS}


def test_roles_are_where_the_charts_put_them_on_service_accounts() -> None:
    settings = settings_of("small")
    accounts = {
        "thanos-writer": kps(settings)["prometheus"]["serviceAccount"],
        "velero": velero.release(settings, STACK_OUTPUTS).values["serviceAccount"]["server"],
        "cluster-autoscaler": cluster_autoscaler.release(settings, STACK_OUTPUTS).values["rbac"][
            "serviceAccount"
        ],
    }

    for role, account in accounts.items():
        assert account["annotations"] == {"eks.amazonaws.com/role-arn": f"{ROLE}{role}"}
    assert [account["name"] for account in accounts.values()] == [
        names.PROMETHEUS_SERVICE_ACCOUNT,
        velero.SERVICE_ACCOUNT,
        cluster_autoscaler.SERVICE_ACCOUNT,
    ]


@pytest.mark.parametrize("size", SIZES)
def test_tokens_of_the_stack_outputs_are_in_no_escaped_text(size: Size) -> None:
    for release in all_of(settings_of(size)):
        text = json.dumps(release.literal_values)
        assert ROLE not in text, release.id
        assert not re.search(r"(metrics|logs|traces|backups)-bucket", text), release.id


# --- Sizes ----------------------------------------------------------------------------------------


def test_a_larger_size_is_larger_everywhere() -> None:
    for less, more in pairwise(METRICS[size] for size in SIZES):
        assert less.prometheus.active_series < more.prometheus.active_series
        assert less.prometheus.volume_gib < more.prometheus.volume_gib
        assert less.grafana_volume_gib < more.grafana_volume_gib
        assert less.thanos.compactor_volume_gib < more.thanos.compactor_volume_gib
        for smaller, larger in (
            (less.prometheus.resources, more.prometheus.resources),
            (less.thanos.store, more.thanos.store),
            (less.thanos.querier, more.thanos.querier),
            (less.thanos.compactor, more.thanos.compactor),
            (less.grafana, more.grafana),
        ):
            assert mebibytes(smaller.memory_limit) < mebibytes(larger.memory_limit)
            assert cores(smaller.cpu) <= cores(larger.cpu)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("of", ["prometheus", "stage_prometheus"])
def test_the_capacity_follows_the_stated_formulas(size: Size, of: str) -> None:
    prometheus: PrometheusSize = getattr(METRICS[size], of)
    days = int(prometheus.retention.removesuffix("d"))
    wal_gb = 3 * 3600 * prometheus.samples_per_second * 10 / 1e9

    assert prometheus.samples_per_second == pytest.approx(prometheus.active_series / 30, rel=0.03)
    assert prometheus.gigabytes_per_day == pytest.approx(
        prometheus.samples_per_second * 86_400 * 2 / 1e9, rel=0.05
    )
    assert prometheus.volume_gib > 2 * (prometheus.gigabytes_per_day * days + wal_gb)
    assert mebibytes(prometheus.resources.memory_limit) > 64 + prometheus.active_series * 6 / 1024
    assert METRICS[size].thanos.compactor_volume_gib > 28 * prometheus.gigabytes_per_day


@pytest.mark.parametrize("size", SIZES)
def test_what_is_not_uploaded_yet_is_still_local(size: Size) -> None:
    for spec, row in (
        (kps(settings_of(size))["prometheus"]["prometheusSpec"], METRICS[size].prometheus),
        (stage_spec(settings_of(size)), METRICS[size].stage_prometheus),
    ):
        assert int(spec["retention"].removesuffix("d")) >= 2
        limit = int(spec["retentionSize"].removesuffix("MiB"))
        assert limit < row.volume_gib * 1024 * 0.9


@pytest.mark.parametrize("size", SIZES)
def test_a_single_replica_has_no_disruption_budget(size: Size) -> None:
    values = kps(settings_of(size))
    for part, spec in (("prometheus", "prometheusSpec"), ("alertmanager", "alertmanagerSpec")):
        replicas = values[part][spec]["replicas"]
        assert values[part]["podDisruptionBudget"]["enabled"] is (replicas > 1)


def test_alertmanager_is_available_from_medium_on() -> None:
    assert [METRICS[size].alertmanager_replicas for size in SIZES] == [1, 2, 2]


def test_every_replica_is_reached_by_itself() -> None:
    assert len(endpoints.prometheus_pods(settings_of("small"))) == 1
    domain = "svc.cluster.local:9090"
    assert endpoints.prometheus_pods(settings_of("large")) == (
        f"prometheus-kps-0.prometheus-operated.observability.{domain}",
        f"prometheus-kps-1.prometheus-operated.observability.{domain}",
    )
    assert endpoints.prometheus_pods(settings_of("large"), "dev") == (
        f"prometheus-stage-0.prometheus-operated.dev-telemetry.{domain}",
        f"prometheus-stage-1.prometheus-operated.dev-telemetry.{domain}",
    )


# --- Prometheus -----------------------------------------------------------------------------------


def test_prometheus_takes_what_is_pushed_and_late() -> None:
    platform = kps(settings_of("small"))["prometheus"]["prometheusSpec"]
    of_stage = stage_spec(settings_of("small"))
    for spec in (platform, of_stage):
        assert spec["enableOTLPReceiver"] is True
        assert spec["tsdb"] == {"outOfOrderTimeWindow": "30m"}
        assert spec["enableFeatures"] == ["exemplar-storage"]
        assert spec["exemplars"]["maxSize"] > 0
    # Tempo writes service graphs, which are the stages'.
    assert of_stage["enableRemoteWriteReceiver"] is True
    assert not platform.get("enableRemoteWriteReceiver")


STAGES_OF_DEV = ("dev", "hml", "prd")


def test_the_platforms_prometheus_takes_nothing_that_a_stage_may_make() -> None:
    spec = kps(settings_of("small"))["prometheus"]["prometheusSpec"]

    for kind in ("serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule"):
        (expression,) = spec[f"{kind}NamespaceSelector"]["matchExpressions"]
        assert (expression["key"], expression["operator"]) == ("kubernetes.io/metadata.name", "In")
        assert {"observability", "kube-system"} <= set(expression["values"])
        assert not set(expression["values"]) & set(STAGES_OF_DEV)


@pytest.mark.parametrize("stage", STAGES_OF_DEV)
def test_a_stages_prometheus_takes_what_is_of_the_stage(stage: str) -> None:
    settings = settings_of("small")
    spec = stage_spec(settings, stage)
    own = {"matchLabels": {"kubernetes.io/metadata.name": stage}}
    closed = {"matchLabels": {"kubernetes.io/metadata.name": f"{stage}-telemetry"}}

    assert spec["serviceMonitorNamespaceSelector"] == spec["podMonitorNamespaceSelector"] == own
    # A probe or a scrape configuration of the stage could name any address.
    assert spec["probeNamespaceSelector"] == spec["scrapeConfigNamespaceSelector"] == closed
    (expression,) = spec["ruleNamespaceSelector"]["matchExpressions"]
    assert expression["values"] == [stage, f"{stage}-telemetry"]
    assert spec["ignoreNamespaceSelectors"] is True
    assert spec["additionalConfig"] == {"arbitraryFSAccessThroughSMs": {"deny": True}}


@pytest.mark.parametrize("stage", STAGES_OF_DEV)
def test_nothing_in_a_stage_speaks_as_another(stage: str) -> None:
    spec = stage_spec(settings_of("small"), stage)

    assert spec["overrideHonorLabels"] is True
    assert spec["overrideHonorTimestamps"] is True
    # The operator puts the namespace of the monitor, or of the rule, into this label, after all
    # that the monitor itself relabels.
    assert spec["enforcedNamespaceLabel"] == "deployment_environment_name"
    labels = {"deployment_environment_name", "namespace", "k8s_namespace_name"}
    assert {spec["externalLabels"][label] for label in labels} == {stage}
    relabelings = spec["additionalAlertRelabelConfigs"]
    assert {
        relabeling["target_label"]: relabeling["replacement"] for relabeling in relabelings
    } == dict.fromkeys(labels, stage)


@pytest.mark.parametrize("size", SIZES)
def test_a_scrape_of_a_stage_has_bounds(size: Size) -> None:
    spec = stage_spec(settings_of(size))
    budget = METRICS[size].stage_prometheus.active_series

    assert budget / 20 <= spec["enforcedSampleLimit"] <= budget / 5
    for limit in ("Target", "Label", "LabelNameLength", "LabelValueLength"):
        assert spec[f"enforced{limit}Limit"] > 0
    assert spec["enforcedBodySizeLimit"] == "16MB"


def test_a_stages_release_is_a_prometheus_and_nothing_else() -> None:
    values = stage_values(settings_of("small"), "dev")

    for part in ("alertmanager", "grafana", "kubeStateMetrics", "nodeExporter"):
        assert values[part]["enabled"] is False
    assert values["prometheusOperator"]["enabled"] is False
    assert values["kubernetesServiceMonitors"]["enabled"] is False
    assert values["defaultRules"]["create"] is False
    # No ClusterRole: a Role in the stage.
    assert values["global"]["rbac"]["create"] is False
    for name in ("role", "role-binding"):
        assert values["extraManifests"][name]["metadata"]["namespace"] == "dev"
    verbs = {v for rule in values["extraManifests"]["role"]["rules"] for v in rule["verbs"]}
    assert verbs == {"get", "list", "watch"}


def test_alerts_of_a_stage_reach_every_alertmanager() -> None:
    (config,) = stage_spec(settings_of("large"))["additionalAlertManagerConfigs"]

    (discovery,) = config["dns_sd_configs"]
    assert discovery["names"] == ["alertmanager-operated.observability.svc.cluster.local"]
    assert (discovery["type"], discovery["port"]) == ("A", 9093)


def test_a_sidecar_of_a_stage_has_a_role_of_its_own() -> None:
    account = stage_values(settings_of("small"), "dev")["prometheus"]["serviceAccount"]

    assert account["name"] == "stage-prometheus"
    assert account["annotations"] == {"eks.amazonaws.com/role-arn": f"{ROLE}thanos-uploader"}


def test_prometheus_selects_the_monitors_and_rules_of_all() -> None:
    spec = kps(settings_of("small"))["prometheus"]["prometheusSpec"]

    kinds = ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig")
    assert [spec[f"{kind}SelectorNilUsesHelmValues"] for kind in kinds] == [False] * 5


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_blocks_go_to_the_metrics_bucket_labelled_with_their_cluster(environment: str) -> None:
    settings = real_settings(environment)
    spec = kps(settings)["prometheus"]["prometheusSpec"]

    assert spec["externalLabels"] == {"cluster": settings.prefix}
    assert spec["thanos"]["objectStorageConfig"]["secret"] == {
        "type": "S3",
        "config": {
            "bucket": "metrics-bucket",
            "endpoint": f"s3.{settings.region}.amazonaws.com",
            "region": settings.region,
            "sts_endpoint": f"https://sts.{settings.region}.amazonaws.com",
        },
    }


def test_what_eks_hides_has_neither_monitors_nor_rules() -> None:
    values = kps(settings_of("small"))
    parts = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
    rules = values["defaultRules"]["rules"]

    assert [values[part]["enabled"] for part in parts] == [False] * 4
    assert not any(rules.values())
    assert set(rules) == {
        "etcd",
        "kubeControllerManager",
        "kubeProxy",
        "kubeSchedulerAlerting",
        "kubeSchedulerRecording",
    }


# --- Alertmanager ---------------------------------------------------------------------------------


def test_alertmanager_reads_its_secrets_from_mounted_files() -> None:
    values = kps(settings_of("small"))
    mounted = values["alertmanager"]["alertmanagerSpec"]["secrets"]
    files = [
        value
        for key, value in values["alertmanager"]["config"]["global"].items()
        if key.endswith("_file")
    ]

    assert len(files) == 2
    for file in files:
        _, secret, key = re.fullmatch(  # type: ignore[union-attr]
            r"(/etc/alertmanager/secrets)/([\w-]+)/([\w-]+)", file
        ).groups()
        assert secret in mounted
        spec = values["extraManifests"][secret]["spec"]
        assert spec["target"]["name"] == secret
        assert key in [item["secretKey"] for item in spec["data"]]


@pytest.mark.parametrize(
    ("alerting", "ports", "secret"),
    [
        ({"emails": (), "smtp": None}, [443], "alertmanager-slack"),
        ({"slack_channel": None}, [443, 587], "alertmanager-smtp"),
    ],
    ids=["Slack alone", "e-mail alone"],
)
def test_alertmanager_has_what_its_receivers_need(
    alerting: dict[str, object], ports: list[int], secret: str
) -> None:
    settings = settings_of("small")
    changed = settings.model_copy(
        update={"alerting": settings.alerting.model_copy(update=alerting)}
    )
    values = kps(changed)
    (policy,) = (
        policy
        for policy in plan_policies(changed)["observability"]
        if policy.name == "alertmanager"
    )
    (outside,) = (rule for rule in policy.egress if EVERYWHERE in rule.peers)
    assert list(outside.ports) == ports
    assert values["alertmanager"]["alertmanagerSpec"]["secrets"] == [secret]
    secrets = {name for name in values["extraManifests"] if name.startswith("alertmanager-")}
    assert secrets == {secret}


# --- Secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_secrets_are_those_that_the_namespace_may_read(environment: str) -> None:
    settings = real_settings(environment)
    manifests = kps(settings)["extraManifests"].values()
    prefix = names.secret_name_prefix(settings, "observability")

    keys = [
        item["remoteRef"]["key"]
        for manifest in manifests
        if manifest["kind"] == "ExternalSecret"
        for item in manifest["spec"]["data"]
    ]
    assert len(keys) == 4 + settings.alerting.dead_mans_switch
    assert all(key.startswith(prefix) for key in keys)
    (store,) = (manifest for manifest in manifests if manifest["kind"] == "SecretStore")
    aws = store["spec"]["provider"]["aws"]
    assert aws["region"] == settings.region
    assert aws["auth"] == {
        "jwt": {"serviceAccountRef": {"name": names.SECRETS_READER_SERVICE_ACCOUNT}}
    }


def test_there_is_no_store_for_the_whole_cluster() -> None:
    values = external_secrets.release(settings_of("large"), STACK_OUTPUTS).values

    for kind in ("ClusterSecretStore", "ClusterExternalSecret", "ClusterPushSecret"):
        assert values["crds"][f"create{kind}"] is False
    for flag in ("ClusterStore", "ClusterExternalSecret", "ClusterPushSecret", "PushSecret"):
        assert values[f"process{flag}"] is False
    assert "serviceAccount" not in values


# --- Grafana --------------------------------------------------------------------------------------


def test_grafana_lets_nobody_in_without_a_password() -> None:
    values = kps(settings_of("small"))["grafana"]

    assert values["grafana.ini"]["auth.anonymous"] == {"enabled": False}
    assert values["grafana.ini"]["users"] == {"allow_sign_up": False}
    assert values["admin"] == {"existingSecret": "grafana-admin"}


def test_grafana_reads_config_maps_and_no_secrets() -> None:
    values = kps(settings_of("small"))
    role = values["extraManifests"]["grafana-cluster-role"]

    assert values["grafana"]["rbac"]["useExistingClusterRole"] == role["metadata"]["name"]
    assert [rule["resources"] for rule in role["rules"]] == [["configmaps"]]
    for sidecar in ("dashboards", "datasources"):
        assert values["grafana"]["sidecar"][sidecar]["resource"] == "configmap"
    assert values["grafana"]["sidecar"]["datasources"]["searchNamespace"] == "observability"


def test_every_signal_leads_to_the_others() -> None:
    settings = settings_of("small")
    default = kps(settings)["grafana"]["sidecar"]["datasources"]
    loki, tempo = (source["jsonData"] for source in grafana_values.datasources(settings))

    assert default["url"] == endpoints.THANOS_QUERIER
    assert default["exemplarTraceIdDestinations"]["datasourceUid"] == TEMPO_UID
    assert loki["derivedFields"][0]["datasourceUid"] == TEMPO_UID
    assert tempo["tracesToLogsV2"]["datasourceUid"] == LOKI_UID
    assert tempo["tracesToMetrics"]["datasourceUid"] == PROMETHEUS_UID
    assert tempo["serviceMap"]["datasourceUid"] == PROMETHEUS_UID
    assert tempo["nodeGraph"] == {"enabled": True}


def test_grafana_asks_every_tenant() -> None:
    settings = settings_of("small")

    for source in grafana_values.datasources(settings):
        assert source["jsonData"]["httpHeaderName1"] == "X-Scope-OrgID"
        tenants = source["secureJsonData"]["httpHeaderValue1"]
        assert tenants.split("|") == list(settings.namespaces)


def test_what_grafana_expands_itself_is_doubled_and_then_escaped_for_terraform() -> None:
    settings = settings_of("small")
    text = json.dumps(grafana_values.datasources(settings))
    rendered = kube_prometheus_stack.release(settings, STACK_OUTPUTS).documents[0]

    assert not re.search(r"(?<!\$)\$(?!\$)", text)
    assert "$$${__value.raw}" in rendered
    assert not re.search(r"(?<!\$)\$\{", rendered)


def test_tempo_is_asked_where_it_answers() -> None:
    domain = "observability.svc.cluster.local"
    assert endpoints.tempo_reader(settings_of("medium")) == f"tempo.{domain}:3200"
    assert endpoints.tempo_reader(settings_of("large")) == f"tempo-query-frontend.{domain}:3200"
    assert endpoints.tempo_writer(settings_of("medium")) == f"tempo.{domain}:4317"
    assert endpoints.tempo_writer(settings_of("large")) == f"tempo-distributor.{domain}:4317"


def test_loki_is_asked_where_it_answers() -> None:
    domain = "observability.svc.cluster.local:3100"
    for address, name in (
        (endpoints.loki_writer, "loki-distributor"),
        (endpoints.loki_reader, "loki-query-frontend"),
        (endpoints.loki_ruler, "loki-ruler"),
    ):
        assert address(settings_of("medium")) == f"loki.{domain}"
        assert address(settings_of("large")) == f"{name}.{domain}"


def test_grafana_asks_through_its_door() -> None:
    values = kps(settings_of("small"))["grafana"]
    door = "http://door-grafana.observability.svc"

    urls = {item["uid"]: item["url"] for item in values["additionalDataSources"]}
    assert urls == {"loki": f"{door}:3100", "tempo": f"{door}:3200"}
    assert values["sidecar"]["datasources"]["alertmanager"]["url"] == f"{door}:9093"


# --- Velero, autoscaler, metrics server -----------------------------------------------------------


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_backups_live_as_long_as_the_settings_say(environment: str) -> None:
    settings = real_settings(environment)
    values = velero.release(settings, STACK_OUTPUTS).values
    ttl = f"{settings.retention_days.backups * 24}h0m0s"

    assert values["configuration"]["defaultBackupTTL"] == ttl
    schedules = values["schedules"].values()
    assert {schedule["template"]["ttl"] for schedule in schedules} == {ttl}
    backed_up = [n for s in schedules for n in s["template"]["includedNamespaces"]]
    assert sorted(backed_up) == sorted(settings.namespaces)
    assert all(re.fullmatch(r"\d+ \d+ \* \* \*", s["schedule"]) for s in schedules)


def test_velero_writes_to_the_locked_bucket_with_checksums_and_without_keys() -> None:
    values = velero.release(settings_of("small"), STACK_OUTPUTS).values
    (location,) = values["configuration"]["backupStorageLocation"]

    assert location["bucket"] == "backups-bucket"
    assert location["config"]["checksumAlgorithm"] == "CRC32"
    assert values["credentials"] == {"useSecret": False}
    assert values["deployNodeAgent"] is False
    (plugin,) = values["initContainers"]
    assert plugin["image"].endswith(f":{VELERO_PLUGIN_FOR_AWS}")


@pytest.mark.parametrize("version", KUBERNETES)
def test_autoscaler_is_that_of_the_kubernetes_version(version: str) -> None:
    settings = settings_of("small")
    cluster = settings.cluster.model_copy(update={"kubernetes_version": version})
    release = cluster_autoscaler.release(
        settings.model_copy(update={"cluster": cluster}), STACK_OUTPUTS
    )

    assert release.values["image"]["tag"].startswith(f"v{version}.")


def test_autoscaler_finds_the_groups_of_its_cluster() -> None:
    settings = settings_of("small")
    values = cluster_autoscaler.release(settings, STACK_OUTPUTS).values

    assert values["autoDiscovery"] == {"clusterName": settings.prefix}
    assert values["awsRegion"] == settings.region
    assert values["extraArgs"]["expander"] == "least-waste"


def test_crds_outlive_their_release() -> None:
    values = prometheus_operator_crds.release(settings_of("small"), STACK_OUTPUTS).values

    assert values["crds"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert kps(settings_of("small"))["crds"] == {"enabled": False}
