terraform {
  required_version = ">= 1.10"

  backend "s3" {
    bucket       = "obs-dev-111122223333-us-east-1-tfstate"
    encrypt      = true
    key          = "dev/observability.tfstate"
    kms_key_id   = "arn:aws:kms:us-east-1:111122223333:alias/obs-dev-tfstate"
    region       = "us-east-1"
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "aws"
      version = ">= 5.100, < 7"
    }
    helm = {
      source  = "helm"
      version = ">= 3.1, < 4"
    }
    kubernetes = {
      source  = "kubernetes"
      version = ">= 2.38, < 3"
    }
  }
}

provider "aws" {
  allowed_account_ids = ["111122223333"]
  region              = "us-east-1"

  default_tags {
    tags = {
      CostCenter  = "cc-1001"
      Environment = "dev"
      ManagedBy   = "terraform"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }
}

provider "helm" {
  kubernetes = {
    cluster_ca_certificate = base64decode(data.terraform_remote_state.cluster.outputs.cluster_certificate_authority_data)
    exec = {
      api_version = "client.authentication.k8s.io/v1"
      args = [
        "eks",
        "get-token",
        "--cluster-name",
        data.terraform_remote_state.cluster.outputs.cluster_name,
        "--region",
        "us-east-1",
      ]
      command = "aws"
    }
    host = data.terraform_remote_state.cluster.outputs.cluster_endpoint
  }
}

provider "kubernetes" {
  cluster_ca_certificate = base64decode(data.terraform_remote_state.cluster.outputs.cluster_certificate_authority_data)
  host                   = data.terraform_remote_state.cluster.outputs.cluster_endpoint

  exec {
    api_version = "client.authentication.k8s.io/v1"
    args = [
      "eks",
      "get-token",
      "--cluster-name",
      data.terraform_remote_state.cluster.outputs.cluster_name,
      "--region",
      "us-east-1",
    ]
    command = "aws"
  }
}

data "terraform_remote_state" "cluster" {
  backend = "s3"
  config = {
    bucket     = "obs-dev-111122223333-us-east-1-tfstate"
    encrypt    = true
    key        = "dev/cluster.tfstate"
    kms_key_id = "arn:aws:kms:us-east-1:111122223333:alias/obs-dev-tfstate"
    region     = "us-east-1"
  }
}

data "terraform_remote_state" "storage" {
  backend = "s3"
  config = {
    bucket     = "obs-dev-111122223333-us-east-1-tfstate"
    encrypt    = true
    key        = "dev/storage.tfstate"
    kms_key_id = "arn:aws:kms:us-east-1:111122223333:alias/obs-dev-tfstate"
    region     = "us-east-1"
  }
}

resource "helm_release" "release-cluster-autoscaler" {
  atomic          = true
  chart           = "cluster-autoscaler"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-prometheus-operator-crds,
  ]
  max_history = 5
  name        = "cluster-autoscaler"
  namespace   = "observability"
  repository  = "https://kubernetes.github.io/autoscaler"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: cluster-autoscaler
cloudProvider: aws
extraArgs:
  expander: least-waste
  balance-similar-node-groups: true
  skip-nodes-with-local-storage: false
containerSecurityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
    - ALL
securityContext:
  runAsNonRoot: true
  runAsUser: 65534
  runAsGroup: 65534
  fsGroup: 65534
  seccompProfile:
    type: RuntimeDefault
serviceMonitor:
  enabled: true
  namespace: observability
  interval: 30s
  selector:
    release: kps
autoDiscovery:
  clusterName: obs-dev
awsRegion: us-east-1
image:
  tag: v1.36.1
rbac:
  serviceAccount:
    name: cluster-autoscaler
resources:
  requests:
    cpu: 20m
    memory: 128Mi
  limits:
    cpu: 300m
    memory: 512Mi
extraObjects:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    name: cluster-autoscaler
  spec:
    podSelector:
      matchLabels:
        app.kubernetes.io/name: aws-cluster-autoscaler
        app.kubernetes.io/instance: cluster-autoscaler
    policyTypes:
    - Ingress
    - Egress
    ingress:
    - from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: prometheus
      ports:
      - port: 8085
        protocol: TCP
    egress:
    - ports:
      - port: 443
        protocol: TCP
EOT
    ,
    <<EOT
rbac:
  serviceAccount:
    annotations:
      eks.amazonaws.com/role-arn: ${data.terraform_remote_state.storage.outputs.cluster_autoscaler_role_arn}
EOT
    ,
  ]
  version = "9.59.0"
  wait    = true
}

resource "helm_release" "release-external-secrets" {
  atomic          = true
  chart           = "external-secrets"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-prometheus-operator-crds,
  ]
  max_history = 5
  name        = "external-secrets"
  namespace   = "observability"
  repository  = "https://charts.external-secrets.io"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: external-secrets
crds:
  createClusterSecretStore: false
  createClusterExternalSecret: false
  createClusterGenerator: false
  createClusterPushSecret: false
  createPushSecret: false
processClusterStore: false
processClusterExternalSecret: false
processClusterGenerator: false
processClusterPushSecret: false
processPushSecret: false
rbac:
  serviceAccountTokenCreate: true
leaderElect: true
resources:
  requests:
    cpu: 20m
    memory: 64Mi
  limits:
    cpu: 300m
    memory: 256Mi
livenessProbe:
  enabled: true
readinessProbe:
  enabled: true
networkPolicy:
  enabled: true
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: prometheus
    ports:
    - port: 8080
      protocol: TCP
  egress:
  - ports:
    - port: 443
      protocol: TCP
webhook:
  resources:
    requests:
      cpu: 10m
      memory: 32Mi
    limits:
      cpu: 200m
      memory: 128Mi
  networkPolicy:
    enabled: true
    ingress:
    - ports:
      - port: 10250
        protocol: TCP
    - from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: prometheus
      ports:
      - port: 8080
        protocol: TCP
    egress:
    - ports:
      - port: 443
        protocol: TCP
  replicaCount: 1
  podDisruptionBudget:
    enabled: false
certController:
  resources:
    requests:
      cpu: 10m
      memory: 64Mi
    limits:
      cpu: 200m
      memory: 256Mi
  networkPolicy:
    enabled: true
    ingress:
    - from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: prometheus
      ports:
      - port: 8080
        protocol: TCP
    egress:
    - ports:
      - port: 443
        protocol: TCP
serviceMonitor:
  enabled: true
  renderMode: alwaysRender
grafanaDashboard:
  enabled: true
  annotations:
    grafana_folder: Platform
replicaCount: 1
EOT
    ,
  ]
  version = "2.9.0"
  wait    = true
}

resource "helm_release" "release-kps" {
  atomic          = true
  chart           = "kube-prometheus-stack"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-prometheus-operator-crds,
    helm_release.release-external-secrets,
  ]
  max_history = 5
  name        = "kps"
  namespace   = "observability"
  repository  = "https://prometheus-community.github.io/helm-charts"
  timeout     = 900
  values = [
    <<EOT
fullnameOverride: kps
cleanPrometheusOperatorObjectNames: true
crds:
  enabled: false
kubeControllerManager:
  enabled: false
kubeScheduler:
  enabled: false
kubeEtcd:
  enabled: false
kubeProxy:
  enabled: false
defaultRules:
  rules:
    etcd: false
    kubeControllerManager: false
    kubeProxy: false
    kubeSchedulerAlerting: false
    kubeSchedulerRecording: false
kubelet:
  serviceMonitor:
    cAdvisorInterval: 30s
prometheus:
  serviceAccount:
    create: true
    name: kps-prometheus
  thanosService:
    enabled: true
  thanosServiceMonitor:
    enabled: true
  additionalServiceMonitors:
  - name: thanos
    selector:
      matchLabels:
        app.kubernetes.io/part-of: thanos
    namespaceSelector:
      matchNames:
      - observability
    endpoints:
    - port: http
      interval: 30s
  networkPolicy:
    enabled: true
    egress:
    - {}
    ingress:
    - from:
      - podSelector: {}
      ports:
      - port: 8080
        protocol: TCP
      - port: 9090
        protocol: TCP
      - port: 10901
        protocol: TCP
      - port: 10902
        protocol: TCP
    - from:
      - namespaceSelector:
          matchExpressions:
          - key: kubernetes.io/metadata.name
            operator: In
            values:
            - dev
            - hml
            - prd
        podSelector:
          matchLabels:
            app.kubernetes.io/name: opentelemetry-collector
      ports:
      - port: 9090
        protocol: TCP
  prometheusSpec:
    scrapeInterval: 30s
    evaluationInterval: 30s
    enableRemoteWriteReceiver: true
    enableOTLPReceiver: true
    otlp:
      translationStrategy: UnderscoreEscapingWithSuffixes
      keepIdentifyingResourceAttributes: true
      promoteResourceAttributes:
      - service.name
      - service.namespace
      - service.instance.id
      - service.version
      - deployment.environment.name
      - k8s.cluster.name
      - k8s.namespace.name
      - k8s.deployment.name
      - k8s.statefulset.name
      - k8s.daemonset.name
      - k8s.pod.name
      - k8s.container.name
      - k8s.node.name
      - collector.instance.id
    tsdb:
      outOfOrderTimeWindow: 30m
    enableFeatures:
    - exemplar-storage
    exemplars:
      maxSize: 100000
    ruleSelectorNilUsesHelmValues: false
    serviceMonitorSelectorNilUsesHelmValues: false
    podMonitorSelectorNilUsesHelmValues: false
    probeSelectorNilUsesHelmValues: false
    scrapeConfigSelectorNilUsesHelmValues: false
    storageSpec:
      volumeClaimTemplate:
        spec:
          accessModes:
          - ReadWriteOnce
          storageClassName: gp3-encrypted
          resources:
            requests:
              storage: 10Gi
    podAntiAffinity: hard
    topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: DoNotSchedule
      labelSelector:
        matchLabels:
          app.kubernetes.io/name: prometheus
          operator.prometheus.io/name: kps
    thanos:
      logFormat: json
      objectStorageConfig:
        secret:
          type: S3
          config:
            endpoint: s3.us-east-1.amazonaws.com
            region: us-east-1
            sts_endpoint: https://sts.us-east-1.amazonaws.com
      resources:
        requests:
          cpu: 20m
          memory: 64Mi
        limits:
          cpu: 300m
          memory: 256Mi
    replicas: 1
    externalLabels:
      cluster: obs-dev
    replicaExternalLabelName: prometheus_replica
    retention: 4d
    retentionSize: 8GiB
    resources:
      requests:
        cpu: 300m
        memory: 1Gi
      limits:
        cpu: '2'
        memory: 2Gi
  podDisruptionBudget:
    enabled: false
    minAvailable: 1
alertmanager:
  networkPolicy:
    enabled: true
    policyTypes:
    - Ingress
    - Egress
    additionalIngress:
    - from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: alertmanager
      ports:
      - port: 9094
        protocol: TCP
      - port: 9094
        protocol: UDP
    - from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: grafana
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: loki
      ports:
      - port: 9093
        protocol: TCP
    egress:
      enabled: true
      rules:
      - to:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: alertmanager
        ports:
        - port: 9094
          protocol: TCP
        - port: 9094
          protocol: UDP
      - ports:
        - port: 443
          protocol: TCP
        - port: 587
          protocol: TCP
  alertmanagerSpec:
    podAntiAffinity: hard
    topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: DoNotSchedule
      labelSelector:
        matchLabels:
          app.kubernetes.io/name: alertmanager
          alertmanager: kps
    retention: 120h
    storage:
      volumeClaimTemplate:
        spec:
          accessModes:
          - ReadWriteOnce
          resources:
            requests:
              storage: 2Gi
          storageClassName: gp3-encrypted
    resources:
      requests:
        cpu: 20m
        memory: 64Mi
      limits:
        cpu: 200m
        memory: 256Mi
    secrets:
    - alertmanager-slack
    - alertmanager-smtp
    alertmanagerConfigSelector:
      matchLabels:
        alertmanagerConfig: enabled
    replicas: 1
  config:
    global:
      resolve_timeout: 5m
      slack_api_url_file: /etc/alertmanager/secrets/alertmanager-slack/url
      smtp_auth_password_file: /etc/alertmanager/secrets/alertmanager-smtp/password
      smtp_require_tls: true
      smtp_smarthost: email-smtp.us-east-1.amazonaws.com:587
      smtp_from: obs-alerts@example.com
      smtp_auth_username: alerts-dev
    route:
      receiver: slack
      group_by:
      - alertname
      - namespace
      - cluster
      group_wait: 30s
      group_interval: 5m
      repeat_interval: 4h
      routes:
      - receiver: 'null'
        matchers:
        - alertname =~ "Watchdog|InfoInhibitor"
      - receiver: critical
        matchers:
        - severity = "critical"
    receivers:
    - name: 'null'
    - name: slack
      slack_configs:
      - channel: '#obs-dev'
        send_resolved: true
    - name: critical
      slack_configs:
      - channel: '#obs-dev'
        send_resolved: true
      email_configs:
      - to: platform-team@example.com
        send_resolved: true
  podDisruptionBudget:
    enabled: false
    minAvailable: 1
grafana:
  admin:
    existingSecret: grafana-admin
  rbac:
    useExistingClusterRole: kps-grafana-configmaps
  persistence:
    enabled: true
    type: pvc
    accessModes:
    - ReadWriteOnce
    storageClassName: gp3-encrypted
    size: 5Gi
  deploymentStrategy:
    type: Recreate
  initChownData:
    enabled: false
  testFramework:
    enabled: false
  plugins: []
  defaultDashboardsTimezone: browser
  grafana.ini:
    analytics:
      check_for_updates: false
      check_for_plugin_updates: false
      reporting_enabled: false
    auth.anonymous:
      enabled: false
    news:
      news_feed_enabled: false
    plugins:
      preinstall_disabled: true
    security:
      disable_gravatar: true
    snapshots:
      external_enabled: false
    users:
      allow_sign_up: false
  sidecar:
    resources:
      requests:
        cpu: 10m
        memory: 80Mi
      limits:
        cpu: 200m
        memory: 192Mi
    dashboards:
      resource: configmap
      searchNamespace: ALL
      folderAnnotation: grafana_folder
      annotations:
        grafana_folder: Kubernetes
      provider:
        foldersFromFilesStructure: true
        allowUiUpdates: false
    datasources:
      resource: configmap
      searchNamespace: observability
      name: Prometheus
      uid: prometheus
      exemplarTraceIdDestinations:
        datasourceUid: tempo
        traceIdLabelName: trace_id
        urlDisplayLabel: View trace
      extraJsonData:
        prometheusType: Thanos
      url: http://thanos-querier.observability.svc:10902
  resources:
    requests:
      cpu: 50m
      memory: 256Mi
    limits:
      cpu: '1'
      memory: 512Mi
  additionalDataSources:
  - name: Loki
    type: loki
    uid: loki
    access: proxy
    url: http://loki-gateway.observability.svc
    jsonData:
      httpHeaderName1: X-Scope-OrgID
      maxLines: 1000
      derivedFields:
      - name: trace_id
        matcherType: label
        matcherRegex: trace_id
        datasourceUid: tempo
        url: $$${__value.raw}
        urlDisplayLabel: View trace
    secureJsonData:
      httpHeaderValue1: observability|dev|hml|prd
  - name: Tempo
    type: tempo
    uid: tempo
    access: proxy
    url: http://tempo.observability.svc:3200
    jsonData:
      httpHeaderName1: X-Scope-OrgID
      httpMethod: GET
      serviceMap:
        datasourceUid: prometheus
      nodeGraph:
        enabled: true
      search:
        hide: false
      tracesToLogsV2:
        datasourceUid: loki
        spanStartTimeShift: -5m
        spanEndTimeShift: 5m
        tags:
        - key: service.name
          value: service_name
        customQuery: true
        query: '{$$${__tags}} | trace_id="$$${__trace.traceId}"'
      tracesToMetrics:
        datasourceUid: prometheus
        spanStartTimeShift: -10m
        spanEndTimeShift: 10m
        tags:
        - key: service.name
          value: service_name
        queries:
        - name: Request rate
          query: sum(rate(traces_span_metrics_calls_total{$$__tags}[5m]))
        - name: Error rate
          query: sum(rate(traces_span_metrics_calls_total{$$__tags, status_code="STATUS_CODE_ERROR"}[5m]))
        - name: 95th percentile of duration
          query: histogram_quantile(0.95, sum by (le) (rate(traces_span_metrics_duration_seconds_bucket{$$__tags}[5m])))
    secureJsonData:
      httpHeaderValue1: observability|dev|hml|prd
kube-state-metrics:
  collectors:
  - certificatesigningrequests
  - configmaps
  - cronjobs
  - daemonsets
  - deployments
  - endpointslices
  - horizontalpodautoscalers
  - ingresses
  - jobs
  - leases
  - limitranges
  - mutatingwebhookconfigurations
  - namespaces
  - networkpolicies
  - nodes
  - persistentvolumeclaims
  - persistentvolumes
  - poddisruptionbudgets
  - pods
  - replicasets
  - replicationcontrollers
  - resourcequotas
  - services
  - statefulsets
  - storageclasses
  - validatingwebhookconfigurations
  - volumeattachments
  networkPolicy:
    enabled: true
    ingress:
    - from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: prometheus
      ports:
      - port: 8080
        protocol: TCP
    egress:
    - ports:
      - port: 443
        protocol: TCP
  resources:
    requests:
      cpu: 20m
      memory: 64Mi
    limits:
      cpu: 200m
      memory: 256Mi
prometheus-node-exporter:
  resources:
    requests:
      cpu: 10m
      memory: 32Mi
    limits:
      cpu: 200m
      memory: 96Mi
prometheusOperator:
  networkPolicy:
    enabled: true
  prometheusConfigReloader:
    resources:
      requests:
        cpu: 10m
        memory: 32Mi
      limits:
        cpu: 100m
        memory: 96Mi
  admissionWebhooks:
    failurePolicy: Ignore
    patch:
      resources:
        requests:
          cpu: 10m
          memory: 32Mi
        limits:
          cpu: 200m
          memory: 96Mi
  resources:
    requests:
      cpu: 50m
      memory: 96Mi
    limits:
      cpu: 300m
      memory: 256Mi
extraManifests:
  grafana-cluster-role:
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: kps-grafana-configmaps
    rules:
    - apiGroups:
      - ''
      resources:
      - configmaps
      verbs:
      - get
      - list
      - watch
  secret-store:
    apiVersion: external-secrets.io/v1
    kind: SecretStore
    metadata:
      name: aws-secrets-manager
    spec:
      provider:
        aws:
          service: SecretsManager
          region: us-east-1
          auth:
            jwt:
              serviceAccountRef:
                name: secrets-reader
  grafana-admin:
    apiVersion: external-secrets.io/v1
    kind: ExternalSecret
    metadata:
      name: grafana-admin
    spec:
      refreshInterval: 1h
      secretStoreRef:
        kind: SecretStore
        name: aws-secrets-manager
      target:
        name: grafana-admin
        creationPolicy: Owner
        deletionPolicy: Retain
      data:
      - secretKey: admin-user
        remoteRef:
          key: obs/dev/observability/grafana-admin
          property: admin-user
      - secretKey: admin-password
        remoteRef:
          key: obs/dev/observability/grafana-admin
          property: admin-password
  alertmanager-slack:
    apiVersion: external-secrets.io/v1
    kind: ExternalSecret
    metadata:
      name: alertmanager-slack
    spec:
      refreshInterval: 1h
      secretStoreRef:
        kind: SecretStore
        name: aws-secrets-manager
      target:
        name: alertmanager-slack
        creationPolicy: Owner
        deletionPolicy: Retain
      data:
      - secretKey: url
        remoteRef:
          key: obs/dev/observability/alertmanager-slack
          property: url
  alertmanager-smtp:
    apiVersion: external-secrets.io/v1
    kind: ExternalSecret
    metadata:
      name: alertmanager-smtp
    spec:
      refreshInterval: 1h
      secretStoreRef:
        kind: SecretStore
        name: aws-secrets-manager
      target:
        name: alertmanager-smtp
        creationPolicy: Owner
        deletionPolicy: Retain
      data:
      - secretKey: password
        remoteRef:
          key: obs/dev/observability/alertmanager-smtp
          property: password
  grafana-network-policy:
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: kps-grafana
    spec:
      podSelector:
        matchLabels:
          app.kubernetes.io/name: grafana
      policyTypes:
      - Ingress
      - Egress
      ingress:
      - from:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: prometheus
        ports:
        - port: 3000
          protocol: TCP
      egress:
      - to:
        - podSelector: {}
      - ports:
        - port: 443
          protocol: TCP
EOT
    ,
    <<EOT
prometheus:
  serviceAccount:
    annotations:
      eks.amazonaws.com/role-arn: ${data.terraform_remote_state.storage.outputs.thanos_writer_role_arn}
  prometheusSpec:
    thanos:
      objectStorageConfig:
        secret:
          config:
            bucket: ${data.terraform_remote_state.storage.outputs.metrics_bucket_name}
EOT
    ,
  ]
  version = "88.5.3"
  wait    = true
}

resource "helm_release" "release-loki" {
  atomic          = true
  chart           = "loki"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]
  max_history = 5
  name        = "loki"
  namespace   = "observability"
  repository  = "https://grafana-community.github.io/helm-charts"
  timeout     = 900
  values = [
    <<EOT
fullnameOverride: loki
serviceAccount:
  create: true
  name: loki
rbac:
  namespaced: true
loki:
  auth_enabled: true
  analytics:
    reporting_enabled: false
  commonConfig:
    path_prefix: /var/loki
    replication_factor: 1
  storage:
    type: s3
    s3:
      s3ForcePathStyle: false
      insecure: false
      region: us-east-1
  schemaConfig:
    configs:
    - from: '2024-04-01'
      store: tsdb
      object_store: s3
      schema: v13
      index:
        prefix: loki_index_
        period: 24h
  limits_config:
    allow_structured_metadata: true
    volume_enabled: true
    reject_old_samples: true
    reject_old_samples_max_age: 168h
    max_line_size: 256KB
    max_line_size_truncate: true
    max_label_names_per_series: 12
    retention_period: 168h
    ingestion_rate_mb: 4
    ingestion_burst_size_mb: 8
    per_stream_rate_limit: 1MB
    per_stream_rate_limit_burst: 4MB
    max_global_streams_per_user: 5000
  distributor:
    otlp_config:
      default_resource_attributes_as_index_labels:
      - deployment.environment.name
      - k8s.namespace.name
      - k8s.container.name
      - service.name
      - k8s.deployment.name
      - k8s.statefulset.name
      - k8s.daemonset.name
      - k8s.cronjob.name
  compactor:
    working_directory: /var/loki/compactor
    compaction_interval: 10m
    retention_enabled: true
    retention_delete_delay: 2h
    delete_request_store: s3
  ingester:
    chunk_encoding: snappy
    autoforget_unhealthy: true
    wal:
      flush_on_shutdown: true
  pattern_ingester:
    enabled: true
  querier:
    max_concurrent: 4
    multi_tenant_queries_enabled: true
  tracing:
    enabled: false
  rulerConfig:
    storage:
      type: local
      local:
        directory: /rules
    rule_path: /var/loki/rules-temp
    wal:
      dir: /var/loki/ruler-wal
    enable_alertmanager_v2: true
    enable_api: true
    ring:
      kvstore:
        store: memberlist
    alertmanager_url: http://kps-alertmanager.observability.svc:9093
  runtimeConfig:
    overrides:
      observability:
        retention_period: 168h
        max_query_lookback: 168h
      dev:
        retention_period: 168h
        max_query_lookback: 168h
      hml:
        retention_period: 168h
        max_query_lookback: 168h
      prd:
        retention_period: 336h
        max_query_lookback: 336h
sidecar:
  rules:
    enabled: true
    label: loki_rule
    folder: /rules
    folderAnnotation: loki_rule_tenant
    resource: configmap
  resources:
    requests:
      cpu: 10m
      memory: 64Mi
    limits:
      cpu: 100m
      memory: 128Mi
gateway:
  enabled: true
  verboseLogging: false
  nginxConfig:
    clientMaxBodySize: 16M
  podDisruptionBudget:
    maxUnavailable: 1
  metrics:
    resources:
      requests:
        cpu: 10m
        memory: 64Mi
      limits:
        cpu: 100m
        memory: 128Mi
  topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        app.kubernetes.io/name: loki
        app.kubernetes.io/instance: '{{ .Release.Name }}'
        app.kubernetes.io/component: gateway
  replicas: 1
  resources:
    requests:
      cpu: 20m
      memory: 32Mi
    limits:
      cpu: 200m
      memory: 64Mi
chunksCache:
  writebackSizeLimit: 50MB
  allocatedMemory: 256
  resources:
    requests:
      cpu: 20m
      memory: 320Mi
    limits:
      cpu: 200m
      memory: 320Mi
memcachedExporter:
  resources:
    requests:
      cpu: 10m
      memory: 64Mi
    limits:
      cpu: 100m
      memory: 128Mi
lokiCanary:
  enabled: false
test:
  enabled: false
networkPolicy:
  enabled: false
monitoring:
  serviceMonitor:
    enabled: true
    labels:
      release: kps
  dashboards:
    enabled: true
    labels:
      grafana_dashboard: '1'
    annotations:
      grafana_folder: Loki
  rules:
    enabled: true
    labels:
      release: kps
  alerts:
    enabled: true
    labels:
      release: kps
deploymentMode: Monolithic
singleBinary:
  podDisruptionBudget:
    maxUnavailable: 1
  terminationGracePeriodSeconds: 300
  topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: DoNotSchedule
    labelSelector:
      matchLabels:
        app.kubernetes.io/name: loki
        app.kubernetes.io/instance: '{{ .Release.Name }}'
        app.kubernetes.io/component: single-binary
  replicas: 1
  resources:
    requests:
      cpu: 250m
      memory: 768Mi
    limits:
      cpu: 1500m
      memory: 1536Mi
  persistence:
    enabled: true
    size: 10Gi
    storageClass: gp3-encrypted
read:
  replicas: 0
write:
  replicas: 0
backend:
  replicas: 0
resultsCache:
  allocatedMemory: 64
  resources:
    requests:
      cpu: 10m
      memory: 96Mi
    limits:
      cpu: 200m
      memory: 96Mi
EOT
    ,
    <<EOT
loki:
  storage:
    bucketNames:
      chunks: ${data.terraform_remote_state.storage.outputs.logs_bucket_name}
      ruler: ${data.terraform_remote_state.storage.outputs.logs_bucket_name}
serviceAccount:
  annotations:
    eks.amazonaws.com/role-arn: ${data.terraform_remote_state.storage.outputs.loki_role_arn}
EOT
    ,
  ]
  version = "18.11.0"
  wait    = true
}

resource "helm_release" "release-metrics-server-kube-system" {
  atomic          = true
  chart           = "metrics-server"
  cleanup_on_fail = true
  depends_on      = [helm_release.release-prometheus-operator-crds]
  max_history     = 5
  name            = "metrics-server"
  namespace       = "kube-system"
  repository      = "https://kubernetes-sigs.github.io/metrics-server"
  timeout         = 600
  values = [
    <<EOT
fullnameOverride: metrics-server
resources:
  requests:
    cpu: 50m
    memory: 96Mi
  limits:
    cpu: 500m
    memory: 256Mi
metrics:
  enabled: true
serviceMonitor:
  enabled: true
replicas: 1
podDisruptionBudget:
  enabled: false
  minAvailable: 1
EOT
    ,
  ]
  version = "3.13.1"
  wait    = true
}

resource "helm_release" "release-otel-agent" {
  atomic          = true
  chart           = "opentelemetry-collector"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
    helm_release.release-loki,
  ]
  max_history = 5
  name        = "otel-agent"
  namespace   = "observability"
  repository  = "https://open-telemetry.github.io/opentelemetry-helm-charts"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: otel
mode: daemonset
serviceAccount:
  create: true
  name: otel-agent
clusterRole:
  create: true
  name: otel-agent
  clusterRoleBinding:
    name: otel-agent
  rules:
  - apiGroups:
    - ''
    resources:
    - pods
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - apps
    resources:
    - replicasets
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - batch
    resources:
    - jobs
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - ''
    resources:
    - nodes/stats
    verbs:
    - get
ports:
  otlp:
    enabled: false
  otlp-http:
    enabled: false
  metrics:
    enabled: true
  jaeger-compact:
    enabled: false
  jaeger-thrift:
    enabled: false
  jaeger-grpc:
    enabled: false
  zipkin:
    enabled: false
service:
  enabled: false
podMonitor:
  enabled: true
  extraLabels:
    release: kps
  metricsEndpoints:
  - port: metrics
    interval: 30s
tolerations:
- operator: Exists
priorityClassName: system-node-critical
rollout:
  strategy: RollingUpdate
  rollingUpdate:
    maxUnavailable: 25%
extraVolumes:
- name: logs
  hostPath:
    path: /var/log/pods
- name: state
  hostPath:
    path: /var/lib/otelcol
    type: DirectoryOrCreate
extraVolumeMounts:
- name: logs
  mountPath: /var/log/pods
  readOnly: true
- name: state
  mountPath: /var/lib/otelcol
podSecurityContext:
  seccompProfile:
    type: RuntimeDefault
securityContext:
  runAsUser: 0
  runAsGroup: 0
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
    - ALL
prometheusRule:
  enabled: false
networkPolicy:
  enabled: false
image:
  repository: ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s
command:
  name: otelcol-k8s
resources:
  requests:
    cpu: 30m
    memory: 96Mi
  limits:
    cpu: 200m
    memory: 256Mi
alternateConfig:
  extensions:
    health_check:
      endpoint: $${env:MY_POD_IP}:13133
    file_storage/checkpoints:
      directory: /var/lib/otelcol/checkpoints
      create_directory: true
      timeout: 10s
      compaction:
        on_start: true
        on_rebound: true
        directory: /var/lib/otelcol/checkpoints
    file_storage/queue:
      directory: /var/lib/otelcol/queue
      create_directory: true
      timeout: 10s
      compaction:
        on_start: true
        on_rebound: true
        directory: /var/lib/otelcol/queue
  receivers:
    file_log/observability:
      include:
      - /var/log/pods/*_*/*/*.log
      exclude:
      - /var/log/pods/dev_*/*/*.log
      - /var/log/pods/hml_*/*/*.log
      - /var/log/pods/prd_*/*/*.log
      - /var/log/pods/observability_otel-agent-*/*/*.log
      start_at: beginning
      include_file_path: true
      include_file_name: false
      storage: file_storage/checkpoints
      preserve_trailing_whitespaces: true
      retry_on_failure:
        enabled: true
        max_elapsed_time: 0s
      operators:
      - type: container
        id: container
        max_log_size: 262144
    file_log/dev:
      include:
      - /var/log/pods/dev_*/*/*.log
      start_at: beginning
      include_file_path: true
      include_file_name: false
      storage: file_storage/checkpoints
      preserve_trailing_whitespaces: true
      retry_on_failure:
        enabled: true
        max_elapsed_time: 0s
      operators:
      - type: container
        id: container
        max_log_size: 262144
    file_log/hml:
      include:
      - /var/log/pods/hml_*/*/*.log
      start_at: beginning
      include_file_path: true
      include_file_name: false
      storage: file_storage/checkpoints
      preserve_trailing_whitespaces: true
      retry_on_failure:
        enabled: true
        max_elapsed_time: 0s
      operators:
      - type: container
        id: container
        max_log_size: 262144
    file_log/prd:
      include:
      - /var/log/pods/prd_*/*/*.log
      start_at: beginning
      include_file_path: true
      include_file_name: false
      storage: file_storage/checkpoints
      preserve_trailing_whitespaces: true
      retry_on_failure:
        enabled: true
        max_elapsed_time: 0s
      operators:
      - type: container
        id: container
        max_log_size: 262144
    kubeletstats:
      auth_type: serviceAccount
      endpoint: https://$${env:OTEL_K8S_NODE_IP}:10250
      insecure_skip_verify: true
      collection_interval: 30s
      metric_groups:
      - node
      - pod
      - volume
  processors:
    memory_limiter:
      check_interval: 1s
      limit_percentage: 80
      spike_limit_percentage: 20
    k8s_attributes:
      extract:
        metadata:
        - k8s.pod.name
        - k8s.pod.uid
        - k8s.node.name
        - k8s.deployment.name
        - k8s.statefulset.name
        - k8s.daemonset.name
        - k8s.cronjob.name
        - k8s.job.name
        - k8s.container.name
        - container.image.name
        - container.image.tag
        - service.name
        - service.namespace
        otel_annotations: true
      filter:
        node_from_env_var: OTEL_K8S_NODE_NAME
      pod_association:
      - sources:
        - from: resource_attribute
          name: k8s.pod.uid
    resource/cluster:
      attributes:
      - key: k8s.cluster.name
        value: obs-dev
        action: upsert
    transform/environment:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - set(resource.attributes["deployment.environment.name"], resource.attributes["k8s.namespace.name"]) where IsMatch(resource.attributes["k8s.namespace.name"], "^(?:observability|dev|hml|prd)$")
    resource/observability:
      attributes:
      - key: deployment.environment.name
        value: observability
        action: upsert
    resource/dev:
      attributes:
      - key: deployment.environment.name
        value: dev
        action: upsert
    resource/hml:
      attributes:
      - key: deployment.environment.name
        value: hml
        action: upsert
    resource/prd:
      attributes:
      - key: deployment.environment.name
        value: prd
        action: upsert
  exporters:
    otlp_http/loki-observability:
      endpoint: http://loki-gateway.observability.svc/otlp
      headers:
        X-Scope-OrgID: observability
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 134217728
        num_consumers: 10
        block_on_overflow: true
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki-dev:
      endpoint: http://loki-gateway.observability.svc/otlp
      headers:
        X-Scope-OrgID: dev
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 134217728
        num_consumers: 10
        block_on_overflow: true
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki-hml:
      endpoint: http://loki-gateway.observability.svc/otlp
      headers:
        X-Scope-OrgID: hml
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 134217728
        num_consumers: 10
        block_on_overflow: true
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki-prd:
      endpoint: http://loki-gateway.observability.svc/otlp
      headers:
        X-Scope-OrgID: prd
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 134217728
        num_consumers: 10
        block_on_overflow: true
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/prometheus-0:
      endpoint: http://prometheus-kps-0.prometheus-operated.observability.svc:9090/api/v1/otlp
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 134217728
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 30m
  service:
    telemetry:
      logs:
        encoding: json
      metrics:
        level: detailed
        readers:
        - pull:
            exporter:
              prometheus:
                host: $${env:MY_POD_IP}
                port: 8888
                without_type_suffix: false
                without_units: false
                without_scope_info: true
    extensions:
    - health_check
    - file_storage/checkpoints
    - file_storage/queue
    pipelines:
      logs/observability:
        receivers:
        - file_log/observability
        processors:
        - memory_limiter
        - k8s_attributes
        - resource/observability
        - resource/cluster
        exporters:
        - otlp_http/loki-observability
      logs/dev:
        receivers:
        - file_log/dev
        processors:
        - memory_limiter
        - k8s_attributes
        - resource/dev
        - resource/cluster
        exporters:
        - otlp_http/loki-dev
      logs/hml:
        receivers:
        - file_log/hml
        processors:
        - memory_limiter
        - k8s_attributes
        - resource/hml
        - resource/cluster
        exporters:
        - otlp_http/loki-hml
      logs/prd:
        receivers:
        - file_log/prd
        processors:
        - memory_limiter
        - k8s_attributes
        - resource/prd
        - resource/cluster
        exporters:
        - otlp_http/loki-prd
      metrics:
        receivers:
        - kubeletstats
        processors:
        - memory_limiter
        - k8s_attributes
        - transform/environment
        - resource/cluster
        exporters:
        - otlp_http/prometheus-0
EOT
    ,
  ]
  version = "0.170.0"
  wait    = true
}

resource "helm_release" "release-otel-gateway-dev" {
  atomic          = true
  chart           = "opentelemetry-collector"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.dev,
    kubernetes_resource_quota_v1.dev_quota,
    kubernetes_limit_range_v1.dev_limit-range,
    kubernetes_network_policy_v1.dev_deny-all,
    kubernetes_network_policy_v1.dev_allow-dns,
    kubernetes_service_account_v1.dev_secrets-reader,
    kubernetes_network_policy_v1.traffic-dev_send-telemetry,
    kubernetes_network_policy_v1.traffic-dev_be-scraped,
    kubernetes_network_policy_v1.traffic-dev_otel-gateway,
    helm_release.release-kps,
    helm_release.release-loki,
    helm_release.release-tempo,
  ]
  max_history = 5
  name        = "otel-gateway"
  namespace   = "dev"
  repository  = "https://open-telemetry.github.io/opentelemetry-helm-charts"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: otel-gateway
mode: deployment
extraVolumeMounts:
- name: queue
  mountPath: /var/lib/otelcol/queue
serviceAccount:
  create: true
  name: otel-gateway
clusterRole:
  create: false
ports:
  metrics:
    enabled: true
  otlp-lb:
    enabled: true
    containerPort: 14317
    servicePort: 14317
    protocol: TCP
    appProtocol: grpc
  jaeger-compact:
    enabled: false
  jaeger-thrift:
    enabled: false
  jaeger-grpc:
    enabled: false
  zipkin:
    enabled: false
podSecurityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
    - ALL
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: otel-gateway
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: otel-gateway
podDisruptionBudget:
  enabled: true
  maxUnavailable: 1
rollout:
  rollingUpdate:
    maxSurge: 1
    maxUnavailable: 0
terminationGracePeriodSeconds: 45
autoscaling:
  enabled: true
  targetCPUUtilizationPercentage: 70
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
      - type: Pods
        value: 1
        periodSeconds: 120
  minReplicas: 2
  maxReplicas: 4
serviceMonitor:
  enabled: true
  extraLabels:
    release: kps
  metricsEndpoints:
  - port: metrics
    interval: 30s
prometheusRule:
  enabled: false
networkPolicy:
  enabled: false
extraManifests:
- apiVersion: v1
  kind: Service
  metadata:
    name: otel-gateway-headless
    namespace: '{{ .Release.Namespace }}'
  spec:
    clusterIP: None
    ports:
    - name: otlp-lb
      port: 14317
      targetPort: 14317
      protocol: TCP
    selector:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: '{{ .Release.Name }}'
      component: standalone-collector
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: otel-gateway
    namespace: '{{ .Release.Namespace }}'
  rules:
  - apiGroups:
    - ''
    resources:
    - pods
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - apps
    resources:
    - replicasets
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - batch
    resources:
    - jobs
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - discovery.k8s.io
    resources:
    - endpointslices
    verbs:
    - get
    - list
    - watch
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata:
    name: otel-gateway
    namespace: '{{ .Release.Namespace }}'
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: Role
    name: otel-gateway
  subjects:
  - kind: ServiceAccount
    name: otel-gateway
    namespace: '{{ .Release.Namespace }}'
image:
  repository: ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s
command:
  name: otelcol-k8s
resources:
  requests:
    cpu: 150m
    memory: 384Mi
  limits:
    cpu: 500m
    memory: 768Mi
nodeSelector:
  deployment.environment.name: dev
tolerations:
- key: deployment.environment.name
  operator: Equal
  value: dev
  effect: NoSchedule
extraVolumes:
- name: queue
  emptyDir:
    sizeLimit: 1536Mi
alternateConfig:
  extensions:
    health_check:
      endpoint: $${env:MY_POD_IP}:13133
    file_storage/queue:
      directory: /var/lib/otelcol/queue
      create_directory: true
      timeout: 10s
      compaction:
        on_start: true
        on_rebound: true
        directory: /var/lib/otelcol/queue
  receivers:
    otlp:
      protocols:
        grpc:
          endpoint: $${env:MY_POD_IP}:4317
          max_recv_msg_size_mib: 16
        http:
          endpoint: $${env:MY_POD_IP}:4318
    otlp/lb:
      protocols:
        grpc:
          endpoint: $${env:MY_POD_IP}:14317
          max_recv_msg_size_mib: 16
  processors:
    memory_limiter:
      check_interval: 1s
      limit_percentage: 80
      spike_limit_percentage: 20
    transform/claims:
      error_mode: ignore
      trace_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|hml|prd)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(scope.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(scope.attributes, "^service[^0-9A-Za-z]+namespace$")
      - context: span
        statements:
        - delete_matching_keys(span.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(span.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(span.attributes, "^service[^0-9A-Za-z]+namespace$")
      metric_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|hml|prd)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(scope.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(scope.attributes, "^service[^0-9A-Za-z]+namespace$")
      - context: datapoint
        statements:
        - delete_matching_keys(datapoint.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(datapoint.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(datapoint.attributes, "^service[^0-9A-Za-z]+namespace$")
      log_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|hml|prd)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(scope.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(scope.attributes, "^service[^0-9A-Za-z]+namespace$")
      - context: log
        statements:
        - delete_matching_keys(log.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(log.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(log.attributes, "^service[^0-9A-Za-z]+namespace$")
    k8s_attributes:
      extract:
        metadata:
        - k8s.pod.name
        - k8s.pod.uid
        - k8s.node.name
        - k8s.deployment.name
        - k8s.statefulset.name
        - k8s.daemonset.name
        - k8s.cronjob.name
        - k8s.job.name
        - k8s.container.name
        - container.image.name
        - container.image.tag
      filter:
        namespace: dev
      pod_association:
      - sources:
        - from: connection
    resource/stage:
      attributes:
      - key: deployment.environment.name
        value: dev
        action: upsert
      - key: k8s.namespace.name
        value: dev
        action: upsert
      - key: k8s.cluster.name
        value: obs-dev
        action: upsert
    transform/span_names:
      error_mode: ignore
      trace_statements:
      - context: span
        statements:
        - replace_pattern(span.name, "/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "/{id}")
        - replace_pattern(span.name, "/[0-9]+", "/{id}")
        - set(span.name, Substring(span.name, 0, 128, true)) where Len(span.name) > 128
    transform/metric_labels:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - delete_matching_keys(resource.attributes, "^process[.](?:command|executable|owner|pid|parent_pid|working_directory).*")
      - context: datapoint
        statements:
        - keep_matching_keys(datapoint.attributes, "^(?:http[.](?:request[.]method|response[.]status_code|route|method|status_code|scheme|flavor)|url[.](?:scheme|template)|(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag)[.].+|(?:server|net[.]host|net[.]peer)[.](?:address|name|port)|network[.](?:protocol[.]name|protocol[.]version|transport|type|io[.]direction)|peer[.]service|error[.]type|(?:jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore)[.].+|(?:type|state|status|device|direction|cpu|pool|pool[.]name|generation|action|cause|count)|app[.].+)$")
        - delete_matching_keys(datapoint.attributes, "^(?:db[.](?:statement|query[.]text|user|connection_string)|messaging[.](?:message|conversation|client).*|messaging[.].*(?:offset|message_key|delivery_tag)|rpc[.].*metadata.*|rpc[.]jsonrpc[.]request_id|gen_ai[.].*(?:id|prompt|completion|message|input|output|instructions).*|graphql[.]document|faas[.](?:invocation_id|document.*|coldstart)|.*(?:user|customer|account|order|session|request|trace|span|message)[._]?id)$")
        - truncate_all(datapoint.attributes, 128)
        - limit(datapoint.attributes, 20, ["http.request.method", "http.route", "http.response.status_code", "error.type"])
        - set(datapoint.explicit_bounds, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and (Len(datapoint.bucket_counts) != Len(datapoint.explicit_bounds) + 1 or IsMatch(Format("%v", [datapoint.explicit_bounds]), "Inf|NaN"))
        - set(datapoint.bucket_counts, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and Len(datapoint.explicit_bounds) == 0
      - context: metric
        statements:
        - aggregate_on_attributes("sum") where metric.type == METRIC_DATA_TYPE_SUM or metric.type == METRIC_DATA_TYPE_HISTOGRAM
        - aggregate_on_attributes("mean") where metric.type == METRIC_DATA_TYPE_GAUGE
    transform/service_identity:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - keep_keys(resource.attributes, ["service.name", "service.namespace", "service.version", "deployment.environment.name", "k8s.namespace.name", "k8s.cluster.name"])
      - context: datapoint
        statements:
        - delete_key(datapoint.attributes, "collector.instance.id")
    resource/writer:
      attributes:
      - key: service.instance.id
        value: $${env:OTEL_K8S_POD_NAME}
        action: upsert
    tail_sampling:
      decision_wait: 10s
      num_traces: 5000
      expected_new_traces_per_sec: 500
      decision_cache:
        sampled_cache_size: 20000
        non_sampled_cache_size: 20000
      policies:
      - name: errors
        type: status_code
        status_code:
          status_codes:
          - ERROR
      - name: slow
        type: latency
        latency:
          threshold_ms: 1000
      - name: share-of-the-rest
        type: probabilistic
        probabilistic:
          sampling_percentage: 100
  connectors:
    span_metrics:
      namespace: traces.span.metrics
      histogram:
        unit: s
        explicit:
          buckets:
          - 5ms
          - 10ms
          - 25ms
          - 50ms
          - 100ms
          - 250ms
          - 500ms
          - 1000ms
          - 2500ms
          - 5000ms
          - 10000ms
      exemplars:
        enabled: true
        max_per_data_point: 5
      dimensions:
      - name: http.request.method
      - name: http.route
      - name: http.response.status_code
      - name: deployment.environment.name
      resource_metrics_key_attributes:
      - service.name
      - service.namespace
      - service.version
      - deployment.environment.name
      - k8s.namespace.name
      - k8s.cluster.name
      add_resource_attributes: true
      aggregation_cardinality_limit: 2000
      metrics_flush_interval: 30s
      metrics_expiration: 30m
  exporters:
    load_balancing:
      routing_key: traceID
      timeout: 10s
      sending_queue:
        enabled: true
        sizer: bytes
        queue_size: 33554432
      retry_on_failure:
        enabled: true
        initial_interval: 1s
        randomization_factor: 0.5
        multiplier: 1.5
        max_interval: 5s
        max_elapsed_time: 60s
      protocol:
        otlp:
          timeout: 5s
          tls:
            insecure: true
          sending_queue:
            enabled: false
          retry_on_failure:
            enabled: false
      resolver:
        k8s:
          service: otel-gateway-headless.dev
          ports:
          - 14317
    otlp_grpc/tempo:
      endpoint: tempo.observability.svc:4317
      tls:
        insecure: true
      headers:
        X-Scope-OrgID: dev
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki:
      endpoint: http://loki-gateway.observability.svc/otlp
      headers:
        X-Scope-OrgID: dev
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/prometheus-0:
      endpoint: http://prometheus-kps-0.prometheus-operated.observability.svc:9090/api/v1/otlp
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 30m
  service:
    telemetry:
      logs:
        encoding: json
      metrics:
        level: detailed
        readers:
        - pull:
            exporter:
              prometheus:
                host: $${env:MY_POD_IP}
                port: 8888
                without_type_suffix: false
                without_units: false
                without_scope_info: true
    extensions:
    - health_check
    - file_storage/queue
    pipelines:
      traces:
        receivers:
        - otlp
        processors:
        - memory_limiter
        - transform/claims
        - k8s_attributes
        - resource/stage
        - transform/span_names
        exporters:
        - load_balancing
        - span_metrics
      traces/sampled:
        receivers:
        - otlp/lb
        processors:
        - memory_limiter
        - resource/stage
        - tail_sampling
        exporters:
        - otlp_grpc/tempo
      metrics:
        receivers:
        - otlp
        processors:
        - memory_limiter
        - transform/claims
        - k8s_attributes
        - resource/stage
        - transform/metric_labels
        exporters:
        - otlp_http/prometheus-0
      metrics/spans:
        receivers:
        - span_metrics
        processors:
        - memory_limiter
        - transform/service_identity
        - resource/stage
        - resource/writer
        exporters:
        - otlp_http/prometheus-0
      logs:
        receivers:
        - otlp
        processors:
        - memory_limiter
        - transform/claims
        - k8s_attributes
        - resource/stage
        exporters:
        - otlp_http/loki
EOT
    ,
  ]
  version = "0.170.0"
  wait    = true
}

resource "helm_release" "release-otel-gateway-hml" {
  atomic          = true
  chart           = "opentelemetry-collector"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.hml,
    kubernetes_resource_quota_v1.hml_quota,
    kubernetes_limit_range_v1.hml_limit-range,
    kubernetes_network_policy_v1.hml_deny-all,
    kubernetes_network_policy_v1.hml_allow-dns,
    kubernetes_service_account_v1.hml_secrets-reader,
    kubernetes_network_policy_v1.traffic-hml_send-telemetry,
    kubernetes_network_policy_v1.traffic-hml_be-scraped,
    kubernetes_network_policy_v1.traffic-hml_otel-gateway,
    helm_release.release-kps,
    helm_release.release-loki,
    helm_release.release-tempo,
  ]
  max_history = 5
  name        = "otel-gateway"
  namespace   = "hml"
  repository  = "https://open-telemetry.github.io/opentelemetry-helm-charts"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: otel-gateway
mode: deployment
extraVolumeMounts:
- name: queue
  mountPath: /var/lib/otelcol/queue
serviceAccount:
  create: true
  name: otel-gateway
clusterRole:
  create: false
ports:
  metrics:
    enabled: true
  otlp-lb:
    enabled: true
    containerPort: 14317
    servicePort: 14317
    protocol: TCP
    appProtocol: grpc
  jaeger-compact:
    enabled: false
  jaeger-thrift:
    enabled: false
  jaeger-grpc:
    enabled: false
  zipkin:
    enabled: false
podSecurityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
    - ALL
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: otel-gateway
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: otel-gateway
podDisruptionBudget:
  enabled: true
  maxUnavailable: 1
rollout:
  rollingUpdate:
    maxSurge: 1
    maxUnavailable: 0
terminationGracePeriodSeconds: 45
autoscaling:
  enabled: true
  targetCPUUtilizationPercentage: 70
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
      - type: Pods
        value: 1
        periodSeconds: 120
  minReplicas: 2
  maxReplicas: 4
serviceMonitor:
  enabled: true
  extraLabels:
    release: kps
  metricsEndpoints:
  - port: metrics
    interval: 30s
prometheusRule:
  enabled: false
networkPolicy:
  enabled: false
extraManifests:
- apiVersion: v1
  kind: Service
  metadata:
    name: otel-gateway-headless
    namespace: '{{ .Release.Namespace }}'
  spec:
    clusterIP: None
    ports:
    - name: otlp-lb
      port: 14317
      targetPort: 14317
      protocol: TCP
    selector:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: '{{ .Release.Name }}'
      component: standalone-collector
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: otel-gateway
    namespace: '{{ .Release.Namespace }}'
  rules:
  - apiGroups:
    - ''
    resources:
    - pods
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - apps
    resources:
    - replicasets
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - batch
    resources:
    - jobs
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - discovery.k8s.io
    resources:
    - endpointslices
    verbs:
    - get
    - list
    - watch
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata:
    name: otel-gateway
    namespace: '{{ .Release.Namespace }}'
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: Role
    name: otel-gateway
  subjects:
  - kind: ServiceAccount
    name: otel-gateway
    namespace: '{{ .Release.Namespace }}'
image:
  repository: ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s
command:
  name: otelcol-k8s
resources:
  requests:
    cpu: 150m
    memory: 384Mi
  limits:
    cpu: 500m
    memory: 768Mi
nodeSelector:
  deployment.environment.name: hml
tolerations:
- key: deployment.environment.name
  operator: Equal
  value: hml
  effect: NoSchedule
extraVolumes:
- name: queue
  emptyDir:
    sizeLimit: 1536Mi
alternateConfig:
  extensions:
    health_check:
      endpoint: $${env:MY_POD_IP}:13133
    file_storage/queue:
      directory: /var/lib/otelcol/queue
      create_directory: true
      timeout: 10s
      compaction:
        on_start: true
        on_rebound: true
        directory: /var/lib/otelcol/queue
  receivers:
    otlp:
      protocols:
        grpc:
          endpoint: $${env:MY_POD_IP}:4317
          max_recv_msg_size_mib: 16
        http:
          endpoint: $${env:MY_POD_IP}:4318
    otlp/lb:
      protocols:
        grpc:
          endpoint: $${env:MY_POD_IP}:14317
          max_recv_msg_size_mib: 16
  processors:
    memory_limiter:
      check_interval: 1s
      limit_percentage: 80
      spike_limit_percentage: 20
    transform/claims:
      error_mode: ignore
      trace_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|prd)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(scope.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(scope.attributes, "^service[^0-9A-Za-z]+namespace$")
      - context: span
        statements:
        - delete_matching_keys(span.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(span.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(span.attributes, "^service[^0-9A-Za-z]+namespace$")
      metric_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|prd)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(scope.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(scope.attributes, "^service[^0-9A-Za-z]+namespace$")
      - context: datapoint
        statements:
        - delete_matching_keys(datapoint.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(datapoint.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(datapoint.attributes, "^service[^0-9A-Za-z]+namespace$")
      log_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|prd)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(scope.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(scope.attributes, "^service[^0-9A-Za-z]+namespace$")
      - context: log
        statements:
        - delete_matching_keys(log.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(log.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(log.attributes, "^service[^0-9A-Za-z]+namespace$")
    k8s_attributes:
      extract:
        metadata:
        - k8s.pod.name
        - k8s.pod.uid
        - k8s.node.name
        - k8s.deployment.name
        - k8s.statefulset.name
        - k8s.daemonset.name
        - k8s.cronjob.name
        - k8s.job.name
        - k8s.container.name
        - container.image.name
        - container.image.tag
      filter:
        namespace: hml
      pod_association:
      - sources:
        - from: connection
    resource/stage:
      attributes:
      - key: deployment.environment.name
        value: hml
        action: upsert
      - key: k8s.namespace.name
        value: hml
        action: upsert
      - key: k8s.cluster.name
        value: obs-dev
        action: upsert
    transform/span_names:
      error_mode: ignore
      trace_statements:
      - context: span
        statements:
        - replace_pattern(span.name, "/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "/{id}")
        - replace_pattern(span.name, "/[0-9]+", "/{id}")
        - set(span.name, Substring(span.name, 0, 128, true)) where Len(span.name) > 128
    transform/metric_labels:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - delete_matching_keys(resource.attributes, "^process[.](?:command|executable|owner|pid|parent_pid|working_directory).*")
      - context: datapoint
        statements:
        - keep_matching_keys(datapoint.attributes, "^(?:http[.](?:request[.]method|response[.]status_code|route|method|status_code|scheme|flavor)|url[.](?:scheme|template)|(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag)[.].+|(?:server|net[.]host|net[.]peer)[.](?:address|name|port)|network[.](?:protocol[.]name|protocol[.]version|transport|type|io[.]direction)|peer[.]service|error[.]type|(?:jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore)[.].+|(?:type|state|status|device|direction|cpu|pool|pool[.]name|generation|action|cause|count)|app[.].+)$")
        - delete_matching_keys(datapoint.attributes, "^(?:db[.](?:statement|query[.]text|user|connection_string)|messaging[.](?:message|conversation|client).*|messaging[.].*(?:offset|message_key|delivery_tag)|rpc[.].*metadata.*|rpc[.]jsonrpc[.]request_id|gen_ai[.].*(?:id|prompt|completion|message|input|output|instructions).*|graphql[.]document|faas[.](?:invocation_id|document.*|coldstart)|.*(?:user|customer|account|order|session|request|trace|span|message)[._]?id)$")
        - truncate_all(datapoint.attributes, 128)
        - limit(datapoint.attributes, 20, ["http.request.method", "http.route", "http.response.status_code", "error.type"])
        - set(datapoint.explicit_bounds, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and (Len(datapoint.bucket_counts) != Len(datapoint.explicit_bounds) + 1 or IsMatch(Format("%v", [datapoint.explicit_bounds]), "Inf|NaN"))
        - set(datapoint.bucket_counts, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and Len(datapoint.explicit_bounds) == 0
      - context: metric
        statements:
        - aggregate_on_attributes("sum") where metric.type == METRIC_DATA_TYPE_SUM or metric.type == METRIC_DATA_TYPE_HISTOGRAM
        - aggregate_on_attributes("mean") where metric.type == METRIC_DATA_TYPE_GAUGE
    transform/service_identity:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - keep_keys(resource.attributes, ["service.name", "service.namespace", "service.version", "deployment.environment.name", "k8s.namespace.name", "k8s.cluster.name"])
      - context: datapoint
        statements:
        - delete_key(datapoint.attributes, "collector.instance.id")
    resource/writer:
      attributes:
      - key: service.instance.id
        value: $${env:OTEL_K8S_POD_NAME}
        action: upsert
    tail_sampling:
      decision_wait: 10s
      num_traces: 5000
      expected_new_traces_per_sec: 500
      decision_cache:
        sampled_cache_size: 20000
        non_sampled_cache_size: 20000
      policies:
      - name: errors
        type: status_code
        status_code:
          status_codes:
          - ERROR
      - name: slow
        type: latency
        latency:
          threshold_ms: 1000
      - name: share-of-the-rest
        type: probabilistic
        probabilistic:
          sampling_percentage: 100
  connectors:
    span_metrics:
      namespace: traces.span.metrics
      histogram:
        unit: s
        explicit:
          buckets:
          - 5ms
          - 10ms
          - 25ms
          - 50ms
          - 100ms
          - 250ms
          - 500ms
          - 1000ms
          - 2500ms
          - 5000ms
          - 10000ms
      exemplars:
        enabled: true
        max_per_data_point: 5
      dimensions:
      - name: http.request.method
      - name: http.route
      - name: http.response.status_code
      - name: deployment.environment.name
      resource_metrics_key_attributes:
      - service.name
      - service.namespace
      - service.version
      - deployment.environment.name
      - k8s.namespace.name
      - k8s.cluster.name
      add_resource_attributes: true
      aggregation_cardinality_limit: 2000
      metrics_flush_interval: 30s
      metrics_expiration: 30m
  exporters:
    load_balancing:
      routing_key: traceID
      timeout: 10s
      sending_queue:
        enabled: true
        sizer: bytes
        queue_size: 33554432
      retry_on_failure:
        enabled: true
        initial_interval: 1s
        randomization_factor: 0.5
        multiplier: 1.5
        max_interval: 5s
        max_elapsed_time: 60s
      protocol:
        otlp:
          timeout: 5s
          tls:
            insecure: true
          sending_queue:
            enabled: false
          retry_on_failure:
            enabled: false
      resolver:
        k8s:
          service: otel-gateway-headless.hml
          ports:
          - 14317
    otlp_grpc/tempo:
      endpoint: tempo.observability.svc:4317
      tls:
        insecure: true
      headers:
        X-Scope-OrgID: hml
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki:
      endpoint: http://loki-gateway.observability.svc/otlp
      headers:
        X-Scope-OrgID: hml
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/prometheus-0:
      endpoint: http://prometheus-kps-0.prometheus-operated.observability.svc:9090/api/v1/otlp
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 30m
  service:
    telemetry:
      logs:
        encoding: json
      metrics:
        level: detailed
        readers:
        - pull:
            exporter:
              prometheus:
                host: $${env:MY_POD_IP}
                port: 8888
                without_type_suffix: false
                without_units: false
                without_scope_info: true
    extensions:
    - health_check
    - file_storage/queue
    pipelines:
      traces:
        receivers:
        - otlp
        processors:
        - memory_limiter
        - transform/claims
        - k8s_attributes
        - resource/stage
        - transform/span_names
        exporters:
        - load_balancing
        - span_metrics
      traces/sampled:
        receivers:
        - otlp/lb
        processors:
        - memory_limiter
        - resource/stage
        - tail_sampling
        exporters:
        - otlp_grpc/tempo
      metrics:
        receivers:
        - otlp
        processors:
        - memory_limiter
        - transform/claims
        - k8s_attributes
        - resource/stage
        - transform/metric_labels
        exporters:
        - otlp_http/prometheus-0
      metrics/spans:
        receivers:
        - span_metrics
        processors:
        - memory_limiter
        - transform/service_identity
        - resource/stage
        - resource/writer
        exporters:
        - otlp_http/prometheus-0
      logs:
        receivers:
        - otlp
        processors:
        - memory_limiter
        - transform/claims
        - k8s_attributes
        - resource/stage
        exporters:
        - otlp_http/loki
EOT
    ,
  ]
  version = "0.170.0"
  wait    = true
}

resource "helm_release" "release-otel-gateway-prd" {
  atomic          = true
  chart           = "opentelemetry-collector"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.prd,
    kubernetes_resource_quota_v1.prd_quota,
    kubernetes_limit_range_v1.prd_limit-range,
    kubernetes_network_policy_v1.prd_deny-all,
    kubernetes_network_policy_v1.prd_allow-dns,
    kubernetes_service_account_v1.prd_secrets-reader,
    kubernetes_network_policy_v1.traffic-prd_send-telemetry,
    kubernetes_network_policy_v1.traffic-prd_be-scraped,
    kubernetes_network_policy_v1.traffic-prd_otel-gateway,
    helm_release.release-kps,
    helm_release.release-loki,
    helm_release.release-tempo,
  ]
  max_history = 5
  name        = "otel-gateway"
  namespace   = "prd"
  repository  = "https://open-telemetry.github.io/opentelemetry-helm-charts"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: otel-gateway
mode: deployment
extraVolumeMounts:
- name: queue
  mountPath: /var/lib/otelcol/queue
serviceAccount:
  create: true
  name: otel-gateway
clusterRole:
  create: false
ports:
  metrics:
    enabled: true
  otlp-lb:
    enabled: true
    containerPort: 14317
    servicePort: 14317
    protocol: TCP
    appProtocol: grpc
  jaeger-compact:
    enabled: false
  jaeger-thrift:
    enabled: false
  jaeger-grpc:
    enabled: false
  zipkin:
    enabled: false
podSecurityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
    - ALL
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: otel-gateway
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: otel-gateway
podDisruptionBudget:
  enabled: true
  maxUnavailable: 1
rollout:
  rollingUpdate:
    maxSurge: 1
    maxUnavailable: 0
terminationGracePeriodSeconds: 45
autoscaling:
  enabled: true
  targetCPUUtilizationPercentage: 70
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
      - type: Pods
        value: 1
        periodSeconds: 120
  minReplicas: 2
  maxReplicas: 4
serviceMonitor:
  enabled: true
  extraLabels:
    release: kps
  metricsEndpoints:
  - port: metrics
    interval: 30s
prometheusRule:
  enabled: false
networkPolicy:
  enabled: false
extraManifests:
- apiVersion: v1
  kind: Service
  metadata:
    name: otel-gateway-headless
    namespace: '{{ .Release.Namespace }}'
  spec:
    clusterIP: None
    ports:
    - name: otlp-lb
      port: 14317
      targetPort: 14317
      protocol: TCP
    selector:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: '{{ .Release.Name }}'
      component: standalone-collector
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: otel-gateway
    namespace: '{{ .Release.Namespace }}'
  rules:
  - apiGroups:
    - ''
    resources:
    - pods
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - apps
    resources:
    - replicasets
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - batch
    resources:
    - jobs
    verbs:
    - get
    - list
    - watch
  - apiGroups:
    - discovery.k8s.io
    resources:
    - endpointslices
    verbs:
    - get
    - list
    - watch
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata:
    name: otel-gateway
    namespace: '{{ .Release.Namespace }}'
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: Role
    name: otel-gateway
  subjects:
  - kind: ServiceAccount
    name: otel-gateway
    namespace: '{{ .Release.Namespace }}'
image:
  repository: ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s
command:
  name: otelcol-k8s
resources:
  requests:
    cpu: 150m
    memory: 384Mi
  limits:
    cpu: 500m
    memory: 768Mi
nodeSelector:
  deployment.environment.name: prd
tolerations:
- key: deployment.environment.name
  operator: Equal
  value: prd
  effect: NoSchedule
extraVolumes:
- name: queue
  emptyDir:
    sizeLimit: 1536Mi
alternateConfig:
  extensions:
    health_check:
      endpoint: $${env:MY_POD_IP}:13133
    file_storage/queue:
      directory: /var/lib/otelcol/queue
      create_directory: true
      timeout: 10s
      compaction:
        on_start: true
        on_rebound: true
        directory: /var/lib/otelcol/queue
  receivers:
    otlp:
      protocols:
        grpc:
          endpoint: $${env:MY_POD_IP}:4317
          max_recv_msg_size_mib: 16
        http:
          endpoint: $${env:MY_POD_IP}:4318
    otlp/lb:
      protocols:
        grpc:
          endpoint: $${env:MY_POD_IP}:14317
          max_recv_msg_size_mib: 16
  processors:
    memory_limiter:
      check_interval: 1s
      limit_percentage: 80
      spike_limit_percentage: 20
    transform/claims:
      error_mode: ignore
      trace_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|hml)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(scope.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(scope.attributes, "^service[^0-9A-Za-z]+namespace$")
      - context: span
        statements:
        - delete_matching_keys(span.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(span.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(span.attributes, "^service[^0-9A-Za-z]+namespace$")
      metric_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|hml)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(scope.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(scope.attributes, "^service[^0-9A-Za-z]+namespace$")
      - context: datapoint
        statements:
        - delete_matching_keys(datapoint.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(datapoint.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(datapoint.attributes, "^service[^0-9A-Za-z]+namespace$")
      log_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|hml)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(scope.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(scope.attributes, "^service[^0-9A-Za-z]+namespace$")
      - context: log
        statements:
        - delete_matching_keys(log.attributes, "^(?:k8s|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(log.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(log.attributes, "^service[^0-9A-Za-z]+namespace$")
    k8s_attributes:
      extract:
        metadata:
        - k8s.pod.name
        - k8s.pod.uid
        - k8s.node.name
        - k8s.deployment.name
        - k8s.statefulset.name
        - k8s.daemonset.name
        - k8s.cronjob.name
        - k8s.job.name
        - k8s.container.name
        - container.image.name
        - container.image.tag
      filter:
        namespace: prd
      pod_association:
      - sources:
        - from: connection
    resource/stage:
      attributes:
      - key: deployment.environment.name
        value: prd
        action: upsert
      - key: k8s.namespace.name
        value: prd
        action: upsert
      - key: k8s.cluster.name
        value: obs-dev
        action: upsert
    transform/span_names:
      error_mode: ignore
      trace_statements:
      - context: span
        statements:
        - replace_pattern(span.name, "/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "/{id}")
        - replace_pattern(span.name, "/[0-9]+", "/{id}")
        - set(span.name, Substring(span.name, 0, 128, true)) where Len(span.name) > 128
    transform/metric_labels:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - delete_matching_keys(resource.attributes, "^process[.](?:command|executable|owner|pid|parent_pid|working_directory).*")
      - context: datapoint
        statements:
        - keep_matching_keys(datapoint.attributes, "^(?:http[.](?:request[.]method|response[.]status_code|route|method|status_code|scheme|flavor)|url[.](?:scheme|template)|(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag)[.].+|(?:server|net[.]host|net[.]peer)[.](?:address|name|port)|network[.](?:protocol[.]name|protocol[.]version|transport|type|io[.]direction)|peer[.]service|error[.]type|(?:jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore)[.].+|(?:type|state|status|device|direction|cpu|pool|pool[.]name|generation|action|cause|count)|app[.].+)$")
        - delete_matching_keys(datapoint.attributes, "^(?:db[.](?:statement|query[.]text|user|connection_string)|messaging[.](?:message|conversation|client).*|messaging[.].*(?:offset|message_key|delivery_tag)|rpc[.].*metadata.*|rpc[.]jsonrpc[.]request_id|gen_ai[.].*(?:id|prompt|completion|message|input|output|instructions).*|graphql[.]document|faas[.](?:invocation_id|document.*|coldstart)|.*(?:user|customer|account|order|session|request|trace|span|message)[._]?id)$")
        - truncate_all(datapoint.attributes, 128)
        - limit(datapoint.attributes, 20, ["http.request.method", "http.route", "http.response.status_code", "error.type"])
        - set(datapoint.explicit_bounds, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and (Len(datapoint.bucket_counts) != Len(datapoint.explicit_bounds) + 1 or IsMatch(Format("%v", [datapoint.explicit_bounds]), "Inf|NaN"))
        - set(datapoint.bucket_counts, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and Len(datapoint.explicit_bounds) == 0
      - context: metric
        statements:
        - aggregate_on_attributes("sum") where metric.type == METRIC_DATA_TYPE_SUM or metric.type == METRIC_DATA_TYPE_HISTOGRAM
        - aggregate_on_attributes("mean") where metric.type == METRIC_DATA_TYPE_GAUGE
    transform/service_identity:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - keep_keys(resource.attributes, ["service.name", "service.namespace", "service.version", "deployment.environment.name", "k8s.namespace.name", "k8s.cluster.name"])
      - context: datapoint
        statements:
        - delete_key(datapoint.attributes, "collector.instance.id")
    resource/writer:
      attributes:
      - key: service.instance.id
        value: $${env:OTEL_K8S_POD_NAME}
        action: upsert
    tail_sampling:
      decision_wait: 10s
      num_traces: 5000
      expected_new_traces_per_sec: 500
      decision_cache:
        sampled_cache_size: 20000
        non_sampled_cache_size: 20000
      policies:
      - name: errors
        type: status_code
        status_code:
          status_codes:
          - ERROR
      - name: slow
        type: latency
        latency:
          threshold_ms: 1000
      - name: share-of-the-rest
        type: probabilistic
        probabilistic:
          sampling_percentage: 50
  connectors:
    span_metrics:
      namespace: traces.span.metrics
      histogram:
        unit: s
        explicit:
          buckets:
          - 5ms
          - 10ms
          - 25ms
          - 50ms
          - 100ms
          - 250ms
          - 500ms
          - 1000ms
          - 2500ms
          - 5000ms
          - 10000ms
      exemplars:
        enabled: true
        max_per_data_point: 5
      dimensions:
      - name: http.request.method
      - name: http.route
      - name: http.response.status_code
      - name: deployment.environment.name
      resource_metrics_key_attributes:
      - service.name
      - service.namespace
      - service.version
      - deployment.environment.name
      - k8s.namespace.name
      - k8s.cluster.name
      add_resource_attributes: true
      aggregation_cardinality_limit: 2000
      metrics_flush_interval: 30s
      metrics_expiration: 30m
  exporters:
    load_balancing:
      routing_key: traceID
      timeout: 10s
      sending_queue:
        enabled: true
        sizer: bytes
        queue_size: 33554432
      retry_on_failure:
        enabled: true
        initial_interval: 1s
        randomization_factor: 0.5
        multiplier: 1.5
        max_interval: 5s
        max_elapsed_time: 60s
      protocol:
        otlp:
          timeout: 5s
          tls:
            insecure: true
          sending_queue:
            enabled: false
          retry_on_failure:
            enabled: false
      resolver:
        k8s:
          service: otel-gateway-headless.prd
          ports:
          - 14317
    otlp_grpc/tempo:
      endpoint: tempo.observability.svc:4317
      tls:
        insecure: true
      headers:
        X-Scope-OrgID: prd
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki:
      endpoint: http://loki-gateway.observability.svc/otlp
      headers:
        X-Scope-OrgID: prd
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/prometheus-0:
      endpoint: http://prometheus-kps-0.prometheus-operated.observability.svc:9090/api/v1/otlp
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: items
          min_size: 4096
          max_size: 8192
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 30m
  service:
    telemetry:
      logs:
        encoding: json
      metrics:
        level: detailed
        readers:
        - pull:
            exporter:
              prometheus:
                host: $${env:MY_POD_IP}
                port: 8888
                without_type_suffix: false
                without_units: false
                without_scope_info: true
    extensions:
    - health_check
    - file_storage/queue
    pipelines:
      traces:
        receivers:
        - otlp
        processors:
        - memory_limiter
        - transform/claims
        - k8s_attributes
        - resource/stage
        - transform/span_names
        exporters:
        - load_balancing
        - span_metrics
      traces/sampled:
        receivers:
        - otlp/lb
        processors:
        - memory_limiter
        - resource/stage
        - tail_sampling
        exporters:
        - otlp_grpc/tempo
      metrics:
        receivers:
        - otlp
        processors:
        - memory_limiter
        - transform/claims
        - k8s_attributes
        - resource/stage
        - transform/metric_labels
        exporters:
        - otlp_http/prometheus-0
      metrics/spans:
        receivers:
        - span_metrics
        processors:
        - memory_limiter
        - transform/service_identity
        - resource/stage
        - resource/writer
        exporters:
        - otlp_http/prometheus-0
      logs:
        receivers:
        - otlp
        processors:
        - memory_limiter
        - transform/claims
        - k8s_attributes
        - resource/stage
        exporters:
        - otlp_http/loki
EOT
    ,
  ]
  version = "0.170.0"
  wait    = true
}

resource "helm_release" "release-prometheus-operator-crds" {
  atomic          = true
  chart           = "prometheus-operator-crds"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
  ]
  max_history = 5
  name        = "prometheus-operator-crds"
  namespace   = "observability"
  repository  = "https://prometheus-community.github.io/helm-charts"
  timeout     = 600
  values = [
    <<EOT
crds:
  annotations:
    helm.sh/resource-policy: keep
EOT
    ,
  ]
  version = "31.0.1"
  wait    = true
}

resource "helm_release" "release-tempo" {
  atomic          = true
  chart           = "tempo"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]
  max_history = 5
  name        = "tempo"
  namespace   = "observability"
  repository  = "https://grafana-community.github.io/helm-charts"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: tempo
replicas: 1
serviceAccount:
  create: true
  automountServiceAccountToken: false
  name: tempo
tempo:
  multitenancyEnabled: true
  reportingEnabled: false
  streamOverHttpEnabled: true
  memBallastSizeMbs: 0
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop:
      - ALL
  storage:
    trace:
      backend: s3
      wal:
        path: /var/tempo/wal
      s3:
        endpoint: s3.us-east-1.amazonaws.com
        region: us-east-1
        insecure: false
  ingester:
    trace_idle_period: 10s
    max_block_duration: 30m
    complete_block_timeout: 15m
  metricsGenerator:
    enabled: true
    storage:
      path: /var/tempo/generator/wal
      remote_write:
      - url: http://prometheus-kps-0.prometheus-operated.observability.svc:9090/api/v1/write
        send_exemplars: true
    traces_storage:
      path: /var/tempo/generator/traces
    processor:
      service_graphs:
        histogram_buckets:
        - 0.1
        - 0.2
        - 0.4
        - 0.8
        - 1.6
        - 3.2
        - 6.4
        - 12.8
    registry:
      collection_interval: 30s
      external_labels:
        source: tempo
        k8s_cluster_name: obs-dev
      inject_tenant_id_as: deployment_environment_name
  resources:
    requests:
      cpu: 200m
      memory: 768Mi
    limits:
      cpu: 1500m
      memory: 1536Mi
  retention: 72h
  queryFrontend:
    search:
      max_duration: 168h
  overrides:
    defaults:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 5000000
        burst_size_bytes: 10000000
        max_traces_per_user: 10000
      read:
        max_bytes_per_tag_values_query: 5000000
      global:
        max_bytes_per_trace: 10000000
      compaction:
        block_retention: 72h
      metrics_generator:
        processors:
        - service-graphs
        trace_id_label_name: trace_id
        max_active_series: 10000
  per_tenant_overrides:
    observability:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 5000000
        burst_size_bytes: 10000000
        max_traces_per_user: 10000
      read:
        max_bytes_per_tag_values_query: 5000000
      global:
        max_bytes_per_trace: 10000000
      compaction:
        block_retention: 72h
      metrics_generator:
        processors:
        - service-graphs
        trace_id_label_name: trace_id
        max_active_series: 10000
    dev:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 5000000
        burst_size_bytes: 10000000
        max_traces_per_user: 10000
      read:
        max_bytes_per_tag_values_query: 5000000
      global:
        max_bytes_per_trace: 10000000
      compaction:
        block_retention: 72h
      metrics_generator:
        processors:
        - service-graphs
        trace_id_label_name: trace_id
        max_active_series: 10000
    hml:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 5000000
        burst_size_bytes: 10000000
        max_traces_per_user: 10000
      read:
        max_bytes_per_tag_values_query: 5000000
      global:
        max_bytes_per_trace: 10000000
      compaction:
        block_retention: 72h
      metrics_generator:
        processors:
        - service-graphs
        trace_id_label_name: trace_id
        max_active_series: 10000
    prd:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 5000000
        burst_size_bytes: 10000000
        max_traces_per_user: 10000
      read:
        max_bytes_per_tag_values_query: 5000000
      global:
        max_bytes_per_trace: 10000000
      compaction:
        block_retention: 168h
      metrics_generator:
        processors:
        - service-graphs
        trace_id_label_name: trace_id
        max_active_series: 10000
securityContext:
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
persistence:
  enabled: true
  size: 10Gi
  storageClassName: gp3-encrypted
serviceMonitor:
  enabled: true
  interval: 30s
  additionalLabels:
    release: kps
networkPolicy:
  enabled: false
EOT
    ,
    <<EOT
tempo:
  storage:
    trace:
      s3:
        bucket: ${data.terraform_remote_state.storage.outputs.traces_bucket_name}
serviceAccount:
  annotations:
    eks.amazonaws.com/role-arn: ${data.terraform_remote_state.storage.outputs.tempo_role_arn}
EOT
    ,
  ]
  version = "2.2.4"
  wait    = true
}

resource "helm_release" "release-velero" {
  atomic          = true
  chart           = "velero"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-prometheus-operator-crds,
  ]
  max_history = 5
  name        = "velero"
  namespace   = "observability"
  repository  = "https://vmware-tanzu.github.io/helm-charts"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: velero
deployNodeAgent: false
snapshotsEnabled: true
credentials:
  useSecret: false
rbac:
  clusterAdministrator: true
podSecurityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
containerSecurityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
    - ALL
upgradeCRDs: true
upgradeJobResources:
  requests:
    cpu: 20m
    memory: 64Mi
  limits:
    cpu: 500m
    memory: 256Mi
kubectl:
  labels:
    app.kubernetes.io/component: upgrade-crds
metrics:
  enabled: true
  serviceMonitor:
    enabled: true
    autodetect: false
initContainers:
- name: velero-plugin-for-aws
  image: docker.io/velero/velero-plugin-for-aws:v1.14.2
  resources:
    requests:
      cpu: 10m
      memory: 32Mi
    limits:
      cpu: 200m
      memory: 128Mi
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop:
      - ALL
  volumeMounts:
  - mountPath: /target
    name: plugins
resources:
  requests:
    cpu: 20m
    memory: 128Mi
  limits:
    cpu: 500m
    memory: 512Mi
serviceAccount:
  server:
    name: velero
configuration:
  defaultBackupTTL: 168h0m0s
  volumeSnapshotLocation:
  - name: default
    provider: velero.io/aws
    config:
      region: us-east-1
schedules:
  stages:
    schedule: 0 3 * * *
    template:
      ttl: 168h0m0s
      includedNamespaces:
      - dev
      - hml
      - prd
      snapshotVolumes: true
  observability:
    schedule: 30 3 * * *
    template:
      ttl: 168h0m0s
      includedNamespaces:
      - observability
      snapshotVolumes: false
extraObjects:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    name: velero
  spec:
    podSelector:
      matchLabels:
        app.kubernetes.io/name: velero
        app.kubernetes.io/instance: velero
    policyTypes:
    - Ingress
    - Egress
    ingress:
    - from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: prometheus
      ports:
      - port: 8085
        protocol: TCP
    egress:
    - ports:
      - port: 443
        protocol: TCP
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    name: velero-upgrade-crds
    annotations:
      helm.sh/hook: pre-install,pre-upgrade,pre-rollback
      helm.sh/hook-weight: '-6'
      helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
  spec:
    podSelector:
      matchLabels:
        app.kubernetes.io/component: upgrade-crds
    policyTypes:
    - Ingress
    - Egress
    ingress: []
    egress:
    - ports:
      - port: 443
        protocol: TCP
EOT
    ,
    <<EOT
serviceAccount:
  server:
    annotations:
      eks.amazonaws.com/role-arn: ${data.terraform_remote_state.storage.outputs.velero_role_arn}
configuration:
  backupStorageLocation:
  - name: default
    default: true
    provider: velero.io/aws
    bucket: ${data.terraform_remote_state.storage.outputs.backups_bucket_name}
    config:
      region: us-east-1
      checksumAlgorithm: CRC32
EOT
    ,
  ]
  version = "12.1.0"
  wait    = true
}

resource "kubernetes_config_map_v1" "dashboard-dev" {
  data = {
    "dev-overview.json" = jsonencode({
      uid      = "dev-overview"
      title    = "dev overview"
      tags     = ["dev"]
      timezone = "browser"
      editable = false
      refresh  = "1m"
      time = {
        from = "now-1h"
        to   = "now"
      }
      panels = [
        {
          id          = 1
          title       = "Requests"
          description = "Requests per second that each service answered. None: is it deployed, and does it send to otel-gateway in its namespace?"
          type        = "timeseries"
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            x = 0
            y = 0
            w = 12
            h = 8
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
            }
            overrides = []
          }
          targets = [
            {
              refId        = "A"
              expr         = "sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"dev\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m]))"
              legendFormat = "{{service_name}}"
              exemplar     = false
            },
          ]
        },
        {
          id          = 2
          title       = "Errors"
          description = "Share of requests whose span has the status error. Open the traces of one: errors are never sampled away."
          type        = "timeseries"
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            x = 12
            y = 0
            w = 12
            h = 8
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
            }
            overrides = []
          }
          targets = [
            {
              refId        = "A"
              expr         = "(sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"dev\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", status_code=\"STATUS_CODE_ERROR\"}[5m])) or 0 * sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"dev\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m]))) / sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"dev\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m]))"
              legendFormat = "{{service_name}}"
              exemplar     = false
            },
          ]
        },
        {
          id          = 3
          title       = "Latency, 95th percentile"
          description = "One request in twenty took longer. The dots are exemplars; one that was not sampled has no trace."
          type        = "timeseries"
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            x = 0
            y = 8
            w = 12
            h = 8
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
            }
            overrides = []
          }
          targets = [
            {
              refId        = "A"
              expr         = "histogram_quantile(0.95, sum by (service_name, le) (rate(traces_span_metrics_duration_seconds_bucket{deployment_environment_name=\"dev\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m])))"
              legendFormat = "{{service_name}}"
              exemplar     = true
            },
          ]
        },
        {
          id          = 4
          title       = "Logs"
          description = "Newest first. A line with a trace id links to its trace."
          type        = "logs"
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            x = 0
            y = 16
            w = 24
            h = 12
          }
          options = {
            showTime         = true
            sortOrder        = "Descending"
            enableLogDetails = true
          }
          targets = [
            {
              refId = "A"
              expr  = "{deployment_environment_name=\"dev\"}"
            },
          ]
        },
      ]
    })
  }
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
  ]

  metadata {
    annotations = {
      grafana_folder = "dev"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-dev-overview"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-hml" {
  data = {
    "hml-overview.json" = jsonencode({
      uid      = "hml-overview"
      title    = "hml overview"
      tags     = ["hml"]
      timezone = "browser"
      editable = false
      refresh  = "1m"
      time = {
        from = "now-1h"
        to   = "now"
      }
      panels = [
        {
          id          = 1
          title       = "Requests"
          description = "Requests per second that each service answered. None: is it deployed, and does it send to otel-gateway in its namespace?"
          type        = "timeseries"
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            x = 0
            y = 0
            w = 12
            h = 8
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
            }
            overrides = []
          }
          targets = [
            {
              refId        = "A"
              expr         = "sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"hml\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m]))"
              legendFormat = "{{service_name}}"
              exemplar     = false
            },
          ]
        },
        {
          id          = 2
          title       = "Errors"
          description = "Share of requests whose span has the status error. Open the traces of one: errors are never sampled away."
          type        = "timeseries"
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            x = 12
            y = 0
            w = 12
            h = 8
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
            }
            overrides = []
          }
          targets = [
            {
              refId        = "A"
              expr         = "(sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"hml\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", status_code=\"STATUS_CODE_ERROR\"}[5m])) or 0 * sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"hml\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m]))) / sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"hml\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m]))"
              legendFormat = "{{service_name}}"
              exemplar     = false
            },
          ]
        },
        {
          id          = 3
          title       = "Latency, 95th percentile"
          description = "One request in twenty took longer. The dots are exemplars; one that was not sampled has no trace."
          type        = "timeseries"
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            x = 0
            y = 8
            w = 12
            h = 8
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
            }
            overrides = []
          }
          targets = [
            {
              refId        = "A"
              expr         = "histogram_quantile(0.95, sum by (service_name, le) (rate(traces_span_metrics_duration_seconds_bucket{deployment_environment_name=\"hml\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m])))"
              legendFormat = "{{service_name}}"
              exemplar     = true
            },
          ]
        },
        {
          id          = 4
          title       = "Logs"
          description = "Newest first. A line with a trace id links to its trace."
          type        = "logs"
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            x = 0
            y = 16
            w = 24
            h = 12
          }
          options = {
            showTime         = true
            sortOrder        = "Descending"
            enableLogDetails = true
          }
          targets = [
            {
              refId = "A"
              expr  = "{deployment_environment_name=\"hml\"}"
            },
          ]
        },
      ]
    })
  }
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
  ]

  metadata {
    annotations = {
      grafana_folder = "hml"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-hml-overview"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-observability" {
  data = {
    "observability-overview.json" = jsonencode({
      uid      = "observability-overview"
      title    = "observability overview"
      tags     = ["observability"]
      timezone = "browser"
      editable = false
      refresh  = "1m"
      time = {
        from = "now-1h"
        to   = "now"
      }
      panels = [
        {
          id          = 1
          title       = "Logs"
          description = "Newest first. A line with a trace id links to its trace."
          type        = "logs"
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            x = 0
            y = 0
            w = 24
            h = 12
          }
          options = {
            showTime         = true
            sortOrder        = "Descending"
            enableLogDetails = true
          }
          targets = [
            {
              refId = "A"
              expr  = "{deployment_environment_name=\"observability\"}"
            },
          ]
        },
      ]
    })
  }
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
  ]

  metadata {
    annotations = {
      grafana_folder = "observability"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-observability-overview"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-prd" {
  data = {
    "prd-overview.json" = jsonencode({
      uid      = "prd-overview"
      title    = "prd overview"
      tags     = ["prd"]
      timezone = "browser"
      editable = false
      refresh  = "1m"
      time = {
        from = "now-1h"
        to   = "now"
      }
      panels = [
        {
          id          = 1
          title       = "Requests"
          description = "Requests per second that each service answered. None: is it deployed, and does it send to otel-gateway in its namespace?"
          type        = "timeseries"
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            x = 0
            y = 0
            w = 12
            h = 8
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
            }
            overrides = []
          }
          targets = [
            {
              refId        = "A"
              expr         = "sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"prd\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m]))"
              legendFormat = "{{service_name}}"
              exemplar     = false
            },
          ]
        },
        {
          id          = 2
          title       = "Errors"
          description = "Share of requests whose span has the status error. Open the traces of one: errors are never sampled away."
          type        = "timeseries"
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            x = 12
            y = 0
            w = 12
            h = 8
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
            }
            overrides = []
          }
          targets = [
            {
              refId        = "A"
              expr         = "(sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"prd\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", status_code=\"STATUS_CODE_ERROR\"}[5m])) or 0 * sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"prd\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m]))) / sum by (service_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"prd\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m]))"
              legendFormat = "{{service_name}}"
              exemplar     = false
            },
          ]
        },
        {
          id          = 3
          title       = "Latency, 95th percentile"
          description = "One request in twenty took longer. The dots are exemplars; one that was not sampled has no trace."
          type        = "timeseries"
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            x = 0
            y = 8
            w = 12
            h = 8
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
            }
            overrides = []
          }
          targets = [
            {
              refId        = "A"
              expr         = "histogram_quantile(0.95, sum by (service_name, le) (rate(traces_span_metrics_duration_seconds_bucket{deployment_environment_name=\"prd\", span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\"}[5m])))"
              legendFormat = "{{service_name}}"
              exemplar     = true
            },
          ]
        },
        {
          id          = 4
          title       = "Logs"
          description = "Newest first. A line with a trace id links to its trace."
          type        = "logs"
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            x = 0
            y = 16
            w = 24
            h = 12
          }
          options = {
            showTime         = true
            sortOrder        = "Descending"
            enableLogDetails = true
          }
          targets = [
            {
              refId = "A"
              expr  = "{deployment_environment_name=\"prd\"}"
            },
          ]
        },
      ]
    })
  }
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
  ]

  metadata {
    annotations = {
      grafana_folder = "prd"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-prd-overview"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "thanos-bucket" {
  data = {
    "object-storage.yaml" = <<EOT
type: S3
config:
  bucket: ${data.terraform_remote_state.storage.outputs.metrics_bucket_name}
  endpoint: s3.us-east-1.amazonaws.com
  region: us-east-1
  sts_endpoint: https://sts.us-east-1.amazonaws.com
EOT
  }
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-object-storage"
    namespace = "observability"
  }
}

resource "kubernetes_deployment_v1" "thanos-querier" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-querier"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-querier"
    namespace = "observability"
  }

  spec {
    replicas = "1"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "thanos-querier"
      }
    }
    template {
      metadata {
        labels = {
          "app.kubernetes.io/managed-by" = "terraform"
          "app.kubernetes.io/name"       = "thanos-querier"
          "app.kubernetes.io/part-of"    = "thanos"
          "app.kubernetes.io/version"    = "v0.42.4"
        }
      }
      spec {
        automount_service_account_token = false
        enable_service_links            = false
        service_account_name            = "thanos-querier"

        container {
          args = [
            "query",
            "--log.format=json",
            "--http-address=0.0.0.0:10902",
            "--grpc-address=0.0.0.0:10901",
            "--enable-auto-gomemlimit",
            "--endpoint.sd-config={\"endpoints\": [{\"address\": \"dnssrv+_grpc._tcp.kps-thanos-discovery.observability.svc.cluster.local\"}, {\"address\": \"dnssrv+_grpc._tcp.thanos-store.observability.svc.cluster.local\"}]}",
            "--query.replica-label=prometheus_replica",
            "--query.auto-downsampling",
            "--query.max-concurrent=10",
            "--web.disable-cors",
          ]
          image = "quay.io/thanos/thanos:v0.42.4"
          name  = "thanos"

          liveness_probe {
            failure_threshold = 4
            period_seconds    = 30

            http_get {
              path = "/-/healthy"
              port = "10902"
            }
          }
          port {
            container_port = 10901
            name           = "grpc"
          }
          port {
            container_port = 10902
            name           = "http"
          }
          readiness_probe {
            failure_threshold = 20
            period_seconds    = 5

            http_get {
              path = "/-/ready"
              port = "10902"
            }
          }
          resources {
            limits = {
              cpu    = "1"
              memory = "512Mi"
            }
            requests = {
              cpu    = "50m"
              memory = "128Mi"
            }
          }
          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true

            capabilities {
              drop = ["ALL"]
            }
          }
        }
        security_context {
          run_as_group    = "1001"
          run_as_non_root = true
          run_as_user     = "1001"

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }
        topology_spread_constraint {
          max_skew           = 1
          topology_key       = "topology.kubernetes.io/zone"
          when_unsatisfiable = "ScheduleAnyway"

          label_selector {
            match_labels = {
              "app.kubernetes.io/name" = "thanos-querier"
            }
          }
        }
      }
    }
  }
}

resource "kubernetes_limit_range_v1" "dev_limit-range" {
  metadata {
    name      = "container-defaults"
    namespace = kubernetes_namespace_v1.dev.metadata[0].name
  }

  spec {
    limit {
      default = {
        cpu    = "500m"
        memory = "256Mi"
      }
      default_request = {
        cpu    = "50m"
        memory = "64Mi"
      }
      type = "Container"
    }
  }
}

resource "kubernetes_limit_range_v1" "hml_limit-range" {
  metadata {
    name      = "container-defaults"
    namespace = kubernetes_namespace_v1.hml.metadata[0].name
  }

  spec {
    limit {
      default = {
        cpu    = "500m"
        memory = "256Mi"
      }
      default_request = {
        cpu    = "50m"
        memory = "64Mi"
      }
      type = "Container"
    }
  }
}

resource "kubernetes_limit_range_v1" "observability_limit-range" {
  metadata {
    name      = "container-defaults"
    namespace = kubernetes_namespace_v1.observability.metadata[0].name
  }

  spec {
    limit {
      default = {
        cpu    = "500m"
        memory = "256Mi"
      }
      default_request = {
        cpu    = "50m"
        memory = "64Mi"
      }
      type = "Container"
    }
  }
}

resource "kubernetes_limit_range_v1" "prd_limit-range" {
  metadata {
    name      = "container-defaults"
    namespace = kubernetes_namespace_v1.prd.metadata[0].name
  }

  spec {
    limit {
      default = {
        cpu    = "500m"
        memory = "256Mi"
      }
      default_request = {
        cpu    = "50m"
        memory = "64Mi"
      }
      type = "Container"
    }
  }
}

resource "kubernetes_namespace_v1" "dev" {
  metadata {
    labels = {
      "deployment.environment.name"        = "dev"
      "pod-security.kubernetes.io/enforce" = "baseline"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
    name = "dev"
  }
}

resource "kubernetes_namespace_v1" "hml" {
  metadata {
    labels = {
      "deployment.environment.name"        = "hml"
      "pod-security.kubernetes.io/enforce" = "baseline"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
    name = "hml"
  }
}

resource "kubernetes_namespace_v1" "observability" {
  metadata {
    labels = {
      "deployment.environment.name"        = "observability"
      "pod-security.kubernetes.io/enforce" = "privileged"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
    name = "observability"
  }
}

resource "kubernetes_namespace_v1" "prd" {
  metadata {
    labels = {
      "deployment.environment.name"        = "prd"
      "pod-security.kubernetes.io/enforce" = "baseline"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
    name = "prd"
  }
}

resource "kubernetes_network_policy_v1" "dev_allow-dns" {
  metadata {
    name      = "allow-dns"
    namespace = kubernetes_namespace_v1.dev.metadata[0].name
  }

  spec {
    policy_types = ["Egress"]

    egress {
      ports {
        port     = "53"
        protocol = "UDP"
      }
      ports {
        port     = "53"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "kube-system"
          }
        }
        pod_selector {
          match_labels = {
            k8s-app = "kube-dns"
          }
        }
      }
    }
    pod_selector {
    }
  }
}

resource "kubernetes_network_policy_v1" "dev_deny-all" {
  metadata {
    name      = "deny-all"
    namespace = kubernetes_namespace_v1.dev.metadata[0].name
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    pod_selector {
    }
  }
}

resource "kubernetes_network_policy_v1" "hml_allow-dns" {
  metadata {
    name      = "allow-dns"
    namespace = kubernetes_namespace_v1.hml.metadata[0].name
  }

  spec {
    policy_types = ["Egress"]

    egress {
      ports {
        port     = "53"
        protocol = "UDP"
      }
      ports {
        port     = "53"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "kube-system"
          }
        }
        pod_selector {
          match_labels = {
            k8s-app = "kube-dns"
          }
        }
      }
    }
    pod_selector {
    }
  }
}

resource "kubernetes_network_policy_v1" "hml_deny-all" {
  metadata {
    name      = "deny-all"
    namespace = kubernetes_namespace_v1.hml.metadata[0].name
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    pod_selector {
    }
  }
}

resource "kubernetes_network_policy_v1" "observability_allow-dns" {
  metadata {
    name      = "allow-dns"
    namespace = kubernetes_namespace_v1.observability.metadata[0].name
  }

  spec {
    policy_types = ["Egress"]

    egress {
      ports {
        port     = "53"
        protocol = "UDP"
      }
      ports {
        port     = "53"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "kube-system"
          }
        }
        pod_selector {
          match_labels = {
            k8s-app = "kube-dns"
          }
        }
      }
    }
    pod_selector {
    }
  }
}

resource "kubernetes_network_policy_v1" "observability_deny-all" {
  metadata {
    name      = "deny-all"
    namespace = kubernetes_namespace_v1.observability.metadata[0].name
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    pod_selector {
    }
  }
}

resource "kubernetes_network_policy_v1" "prd_allow-dns" {
  metadata {
    name      = "allow-dns"
    namespace = kubernetes_namespace_v1.prd.metadata[0].name
  }

  spec {
    policy_types = ["Egress"]

    egress {
      ports {
        port     = "53"
        protocol = "UDP"
      }
      ports {
        port     = "53"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "kube-system"
          }
        }
        pod_selector {
          match_labels = {
            k8s-app = "kube-dns"
          }
        }
      }
    }
    pod_selector {
    }
  }
}

resource "kubernetes_network_policy_v1" "prd_deny-all" {
  metadata {
    name      = "deny-all"
    namespace = kubernetes_namespace_v1.prd.metadata[0].name
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    pod_selector {
    }
  }
}

resource "kubernetes_network_policy_v1" "thanos-compactor_network-policy" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-compactor"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-compactor"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      to = []

      ports {
        port     = "443"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      ports {
        port     = "10902"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "thanos-compactor"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "thanos-querier_network-policy" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-querier"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-querier"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "10901"
        protocol = "TCP"
      }
      to {
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      to {
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "thanos-store"
          }
        }
      }
    }
    ingress {
      from {
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      from {
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "grafana"
          }
        }
      }
      ports {
        port     = "10902"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "thanos-querier"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "thanos-store_network-policy" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-store"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-store"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      to = []

      ports {
        port     = "443"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "thanos-querier"
          }
        }
      }
      ports {
        port     = "10901"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      ports {
        port     = "10902"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "thanos-store"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-dev_be-scraped" {
  depends_on = [
    kubernetes_namespace_v1.dev,
    kubernetes_resource_quota_v1.dev_quota,
    kubernetes_limit_range_v1.dev_limit-range,
    kubernetes_network_policy_v1.dev_deny-all,
    kubernetes_network_policy_v1.dev_allow-dns,
    kubernetes_service_account_v1.dev_secrets-reader,
  ]

  metadata {
    name      = "be-scraped"
    namespace = "dev"
  }

  spec {
    egress       = []
    policy_types = ["Ingress"]

    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      ports {
        port     = "metrics"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {}
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-dev_otel-gateway" {
  depends_on = [
    kubernetes_namespace_v1.dev,
    kubernetes_resource_quota_v1.dev_quota,
    kubernetes_limit_range_v1.dev_limit-range,
    kubernetes_network_policy_v1.dev_deny-all,
    kubernetes_network_policy_v1.dev_allow-dns,
    kubernetes_service_account_v1.dev_secrets-reader,
  ]

  metadata {
    name      = "otel-gateway"
    namespace = "dev"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "14317"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
    }
    egress {
      ports {
        port     = "80"
        protocol = "TCP"
      }
      ports {
        port     = "8080"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/component" = "gateway"
            "app.kubernetes.io/name"      = "loki"
          }
        }
      }
    }
    egress {
      ports {
        port     = "4317"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "tempo"
          }
        }
      }
    }
    egress {
      ports {
        port     = "9090"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    egress {
      ports {
        port     = "443"
        protocol = "TCP"
      }
      to {
        ip_block {
          cidr = "10.10.240.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.10.244.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.10.248.0/22"
        }
      }
      to {
        ip_block {
          cidr = "172.20.0.1/32"
        }
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev"
          }
        }
        pod_selector {
          match_labels = {}
        }
      }
      ports {
        port     = "4317"
        protocol = "TCP"
      }
      ports {
        port     = "4318"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      ports {
        port     = "14317"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      ports {
        port     = "8888"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/instance" = "otel-gateway"
        "app.kubernetes.io/name"     = "opentelemetry-collector"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-dev_send-telemetry" {
  depends_on = [
    kubernetes_namespace_v1.dev,
    kubernetes_resource_quota_v1.dev_quota,
    kubernetes_limit_range_v1.dev_limit-range,
    kubernetes_network_policy_v1.dev_deny-all,
    kubernetes_network_policy_v1.dev_allow-dns,
    kubernetes_service_account_v1.dev_secrets-reader,
  ]

  metadata {
    name      = "send-telemetry"
    namespace = "dev"
  }

  spec {
    ingress      = []
    policy_types = ["Egress"]

    egress {
      ports {
        port     = "4317"
        protocol = "TCP"
      }
      ports {
        port     = "4318"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
    }
    pod_selector {
      match_labels = {}
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-hml_be-scraped" {
  depends_on = [
    kubernetes_namespace_v1.hml,
    kubernetes_resource_quota_v1.hml_quota,
    kubernetes_limit_range_v1.hml_limit-range,
    kubernetes_network_policy_v1.hml_deny-all,
    kubernetes_network_policy_v1.hml_allow-dns,
    kubernetes_service_account_v1.hml_secrets-reader,
  ]

  metadata {
    name      = "be-scraped"
    namespace = "hml"
  }

  spec {
    egress       = []
    policy_types = ["Ingress"]

    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      ports {
        port     = "metrics"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {}
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-hml_otel-gateway" {
  depends_on = [
    kubernetes_namespace_v1.hml,
    kubernetes_resource_quota_v1.hml_quota,
    kubernetes_limit_range_v1.hml_limit-range,
    kubernetes_network_policy_v1.hml_deny-all,
    kubernetes_network_policy_v1.hml_allow-dns,
    kubernetes_service_account_v1.hml_secrets-reader,
  ]

  metadata {
    name      = "otel-gateway"
    namespace = "hml"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "14317"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
    }
    egress {
      ports {
        port     = "80"
        protocol = "TCP"
      }
      ports {
        port     = "8080"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/component" = "gateway"
            "app.kubernetes.io/name"      = "loki"
          }
        }
      }
    }
    egress {
      ports {
        port     = "4317"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "tempo"
          }
        }
      }
    }
    egress {
      ports {
        port     = "9090"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    egress {
      ports {
        port     = "443"
        protocol = "TCP"
      }
      to {
        ip_block {
          cidr = "10.10.240.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.10.244.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.10.248.0/22"
        }
      }
      to {
        ip_block {
          cidr = "172.20.0.1/32"
        }
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml"
          }
        }
        pod_selector {
          match_labels = {}
        }
      }
      ports {
        port     = "4317"
        protocol = "TCP"
      }
      ports {
        port     = "4318"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      ports {
        port     = "14317"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      ports {
        port     = "8888"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/instance" = "otel-gateway"
        "app.kubernetes.io/name"     = "opentelemetry-collector"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-hml_send-telemetry" {
  depends_on = [
    kubernetes_namespace_v1.hml,
    kubernetes_resource_quota_v1.hml_quota,
    kubernetes_limit_range_v1.hml_limit-range,
    kubernetes_network_policy_v1.hml_deny-all,
    kubernetes_network_policy_v1.hml_allow-dns,
    kubernetes_service_account_v1.hml_secrets-reader,
  ]

  metadata {
    name      = "send-telemetry"
    namespace = "hml"
  }

  spec {
    ingress      = []
    policy_types = ["Egress"]

    egress {
      ports {
        port     = "4317"
        protocol = "TCP"
      }
      ports {
        port     = "4318"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
    }
    pod_selector {
      match_labels = {}
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-observability_loki" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "loki"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports = []

      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "loki"
          }
        }
      }
    }
    egress {
      ports {
        port     = "9093"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "alertmanager"
          }
        }
      }
    }
    egress {
      ports {
        port     = "443"
        protocol = "TCP"
      }
      to {
        ip_block {
          cidr = "0.0.0.0/0"
        }
      }
    }
    ingress {
      ports = []

      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "loki"
          }
        }
      }
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "loki"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-observability_loki-entrance" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "loki-entrance"
    namespace = "observability"
  }

  spec {
    egress       = []
    policy_types = ["Ingress"]

    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-agent"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "grafana"
          }
        }
      }
      ports {
        port     = "80"
        protocol = "TCP"
      }
      ports {
        port     = "8080"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/component" = "gateway"
        "app.kubernetes.io/name"      = "loki"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-observability_otel-agent" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "otel-agent"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "80"
        protocol = "TCP"
      }
      ports {
        port     = "8080"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/component" = "gateway"
            "app.kubernetes.io/name"      = "loki"
          }
        }
      }
    }
    egress {
      ports {
        port     = "9090"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    egress {
      ports {
        port     = "443"
        protocol = "TCP"
      }
      to {
        ip_block {
          cidr = "10.10.240.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.10.244.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.10.248.0/22"
        }
      }
      to {
        ip_block {
          cidr = "172.20.0.1/32"
        }
      }
    }
    egress {
      ports {
        port     = "10250"
        protocol = "TCP"
      }
      to {
        ip_block {
          cidr = "10.10.0.0/18"
        }
      }
      to {
        ip_block {
          cidr = "10.10.64.0/18"
        }
      }
      to {
        ip_block {
          cidr = "10.10.128.0/18"
        }
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      ports {
        port     = "8888"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/instance" = "otel-agent"
        "app.kubernetes.io/name"     = "opentelemetry-collector"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-observability_tempo" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "tempo"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports = []

      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "tempo"
          }
        }
      }
    }
    egress {
      ports {
        port     = "9090"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    egress {
      ports {
        port     = "443"
        protocol = "TCP"
      }
      to {
        ip_block {
          cidr = "0.0.0.0/0"
        }
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      ports {
        port     = "4317"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "grafana"
          }
        }
      }
      ports {
        port     = "3200"
        protocol = "TCP"
      }
    }
    ingress {
      ports = []

      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "tempo"
          }
        }
      }
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "tempo"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-prd_be-scraped" {
  depends_on = [
    kubernetes_namespace_v1.prd,
    kubernetes_resource_quota_v1.prd_quota,
    kubernetes_limit_range_v1.prd_limit-range,
    kubernetes_network_policy_v1.prd_deny-all,
    kubernetes_network_policy_v1.prd_allow-dns,
    kubernetes_service_account_v1.prd_secrets-reader,
  ]

  metadata {
    name      = "be-scraped"
    namespace = "prd"
  }

  spec {
    egress       = []
    policy_types = ["Ingress"]

    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      ports {
        port     = "metrics"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {}
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-prd_otel-gateway" {
  depends_on = [
    kubernetes_namespace_v1.prd,
    kubernetes_resource_quota_v1.prd_quota,
    kubernetes_limit_range_v1.prd_limit-range,
    kubernetes_network_policy_v1.prd_deny-all,
    kubernetes_network_policy_v1.prd_allow-dns,
    kubernetes_service_account_v1.prd_secrets-reader,
  ]

  metadata {
    name      = "otel-gateway"
    namespace = "prd"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "14317"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
    }
    egress {
      ports {
        port     = "80"
        protocol = "TCP"
      }
      ports {
        port     = "8080"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/component" = "gateway"
            "app.kubernetes.io/name"      = "loki"
          }
        }
      }
    }
    egress {
      ports {
        port     = "4317"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "tempo"
          }
        }
      }
    }
    egress {
      ports {
        port     = "9090"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    egress {
      ports {
        port     = "443"
        protocol = "TCP"
      }
      to {
        ip_block {
          cidr = "10.10.240.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.10.244.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.10.248.0/22"
        }
      }
      to {
        ip_block {
          cidr = "172.20.0.1/32"
        }
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd"
          }
        }
        pod_selector {
          match_labels = {}
        }
      }
      ports {
        port     = "4317"
        protocol = "TCP"
      }
      ports {
        port     = "4318"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
      ports {
        port     = "14317"
        protocol = "TCP"
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      ports {
        port     = "8888"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/instance" = "otel-gateway"
        "app.kubernetes.io/name"     = "opentelemetry-collector"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-prd_send-telemetry" {
  depends_on = [
    kubernetes_namespace_v1.prd,
    kubernetes_resource_quota_v1.prd_quota,
    kubernetes_limit_range_v1.prd_limit-range,
    kubernetes_network_policy_v1.prd_deny-all,
    kubernetes_network_policy_v1.prd_allow-dns,
    kubernetes_service_account_v1.prd_secrets-reader,
  ]

  metadata {
    name      = "send-telemetry"
    namespace = "prd"
  }

  spec {
    ingress      = []
    policy_types = ["Egress"]

    egress {
      ports {
        port     = "4317"
        protocol = "TCP"
      }
      ports {
        port     = "4318"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/instance" = "otel-gateway"
            "app.kubernetes.io/name"     = "opentelemetry-collector"
          }
        }
      }
    }
    pod_selector {
      match_labels = {}
    }
  }
}

resource "kubernetes_resource_quota_v1" "dev_quota" {
  metadata {
    name      = "quota"
    namespace = kubernetes_namespace_v1.dev.metadata[0].name
  }

  spec {
    hard = {
      "limits.cpu"           = "8"
      "limits.memory"        = "16Gi"
      persistentvolumeclaims = "5"
      pods                   = "50"
      "requests.cpu"         = "4"
      "requests.memory"      = "12Gi"
    }
  }
}

resource "kubernetes_resource_quota_v1" "hml_quota" {
  metadata {
    name      = "quota"
    namespace = kubernetes_namespace_v1.hml.metadata[0].name
  }

  spec {
    hard = {
      "limits.cpu"           = "8"
      "limits.memory"        = "16Gi"
      persistentvolumeclaims = "5"
      pods                   = "50"
      "requests.cpu"         = "4"
      "requests.memory"      = "12Gi"
    }
  }
}

resource "kubernetes_resource_quota_v1" "observability_quota" {
  metadata {
    name      = "quota"
    namespace = kubernetes_namespace_v1.observability.metadata[0].name
  }

  spec {
    hard = {
      "limits.cpu"           = "32"
      "limits.memory"        = "48Gi"
      persistentvolumeclaims = "20"
      pods                   = "100"
      "requests.cpu"         = "12"
      "requests.memory"      = "36Gi"
    }
  }
}

resource "kubernetes_resource_quota_v1" "prd_quota" {
  metadata {
    name      = "quota"
    namespace = kubernetes_namespace_v1.prd.metadata[0].name
  }

  spec {
    hard = {
      "limits.cpu"           = "8"
      "limits.memory"        = "16Gi"
      persistentvolumeclaims = "5"
      pods                   = "50"
      "requests.cpu"         = "4"
      "requests.memory"      = "12Gi"
    }
  }
}

resource "kubernetes_service_account_v1" "dev_secrets-reader" {
  automount_service_account_token = false

  metadata {
    annotations = {
      "eks.amazonaws.com/role-arn" = data.terraform_remote_state.storage.outputs.secrets_reader_role_arns["dev"]
    }
    name      = "secrets-reader"
    namespace = kubernetes_namespace_v1.dev.metadata[0].name
  }
}

resource "kubernetes_service_account_v1" "hml_secrets-reader" {
  automount_service_account_token = false

  metadata {
    annotations = {
      "eks.amazonaws.com/role-arn" = data.terraform_remote_state.storage.outputs.secrets_reader_role_arns["hml"]
    }
    name      = "secrets-reader"
    namespace = kubernetes_namespace_v1.hml.metadata[0].name
  }
}

resource "kubernetes_service_account_v1" "observability_secrets-reader" {
  automount_service_account_token = false

  metadata {
    annotations = {
      "eks.amazonaws.com/role-arn" = data.terraform_remote_state.storage.outputs.secrets_reader_role_arns["observability"]
    }
    name      = "secrets-reader"
    namespace = kubernetes_namespace_v1.observability.metadata[0].name
  }
}

resource "kubernetes_service_account_v1" "prd_secrets-reader" {
  automount_service_account_token = false

  metadata {
    annotations = {
      "eks.amazonaws.com/role-arn" = data.terraform_remote_state.storage.outputs.secrets_reader_role_arns["prd"]
    }
    name      = "secrets-reader"
    namespace = kubernetes_namespace_v1.prd.metadata[0].name
  }
}

resource "kubernetes_service_account_v1" "thanos-compactor_service-account" {
  automount_service_account_token = false
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    annotations = {
      "eks.amazonaws.com/role-arn" = data.terraform_remote_state.storage.outputs.thanos_writer_role_arn
    }
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-compactor"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-compactor"
    namespace = "observability"
  }
}

resource "kubernetes_service_account_v1" "thanos-querier_service-account" {
  automount_service_account_token = false
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-querier"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-querier"
    namespace = "observability"
  }
}

resource "kubernetes_service_account_v1" "thanos-store_service-account" {
  automount_service_account_token = false
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    annotations = {
      "eks.amazonaws.com/role-arn" = data.terraform_remote_state.storage.outputs.thanos_reader_role_arn
    }
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-store"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-store"
    namespace = "observability"
  }
}

resource "kubernetes_service_v1" "thanos-compactor_service" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-compactor"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-compactor"
    namespace = "observability"
  }

  spec {
    cluster_ip = "None"
    selector = {
      "app.kubernetes.io/name" = "thanos-compactor"
    }

    port {
      name        = "http"
      port        = 10902
      target_port = "10902"
    }
  }
}

resource "kubernetes_service_v1" "thanos-querier_service" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-querier"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-querier"
    namespace = "observability"
  }

  spec {
    selector = {
      "app.kubernetes.io/name" = "thanos-querier"
    }

    port {
      name        = "grpc"
      port        = 10901
      target_port = "10901"
    }
    port {
      name        = "http"
      port        = 10902
      target_port = "10902"
    }
  }
}

resource "kubernetes_service_v1" "thanos-store_service" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-store"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-store"
    namespace = "observability"
  }

  spec {
    cluster_ip = "None"
    selector = {
      "app.kubernetes.io/name" = "thanos-store"
    }

    port {
      name        = "grpc"
      port        = 10901
      target_port = "10901"
    }
    port {
      name        = "http"
      port        = 10902
      target_port = "10902"
    }
  }
}

resource "kubernetes_stateful_set_v1" "thanos-compactor" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-compactor"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-compactor"
    namespace = "observability"
  }

  spec {
    replicas     = "1"
    service_name = "thanos-compactor"

    persistent_volume_claim_retention_policy {
      when_deleted = "Delete"
      when_scaled  = "Delete"
    }
    selector {
      match_labels = {
        "app.kubernetes.io/name" = "thanos-compactor"
      }
    }
    template {
      metadata {
        annotations = {
          "thanos/bucket" = data.terraform_remote_state.storage.outputs.metrics_bucket_name
        }
        labels = {
          "app.kubernetes.io/managed-by" = "terraform"
          "app.kubernetes.io/name"       = "thanos-compactor"
          "app.kubernetes.io/part-of"    = "thanos"
          "app.kubernetes.io/version"    = "v0.42.4"
        }
      }
      spec {
        automount_service_account_token = false
        enable_service_links            = false
        service_account_name            = "thanos-compactor"

        container {
          args = [
            "compact",
            "--wait",
            "--log.format=json",
            "--http-address=0.0.0.0:10902",
            "--enable-auto-gomemlimit",
            "--data-dir=/var/thanos",
            "--objstore.config-file=/etc/thanos/object-storage.yaml",
            "--retention.resolution-raw=7d",
            "--retention.resolution-5m=30d",
            "--retention.resolution-1h=90d",
            "--delete-delay=48h",
            "--compact.concurrency=1",
            "--downsample.concurrency=1",
            "--compact.enable-vertical-compaction",
            "--web.disable",
            "--disable-admin-operations",
          ]
          image = "quay.io/thanos/thanos:v0.42.4"
          name  = "thanos"

          env {
            name  = "TMPDIR"
            value = "/var/thanos"
          }
          liveness_probe {
            failure_threshold = 4
            period_seconds    = 30

            http_get {
              path = "/-/healthy"
              port = "10902"
            }
          }
          port {
            container_port = 10902
            name           = "http"
          }
          readiness_probe {
            failure_threshold = 20
            period_seconds    = 5

            http_get {
              path = "/-/ready"
              port = "10902"
            }
          }
          resources {
            limits = {
              cpu    = "1"
              memory = "1Gi"
            }
            requests = {
              cpu    = "50m"
              memory = "256Mi"
            }
          }
          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true

            capabilities {
              drop = ["ALL"]
            }
          }
          volume_mount {
            mount_path = "/var/thanos"
            name       = "data"
          }
          volume_mount {
            mount_path = "/etc/thanos"
            name       = "object-storage"
            read_only  = true
          }
        }
        security_context {
          fs_group               = "1001"
          fs_group_change_policy = "OnRootMismatch"
          run_as_group           = "1001"
          run_as_non_root        = true
          run_as_user            = "1001"

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }
        topology_spread_constraint {
          max_skew           = 1
          topology_key       = "topology.kubernetes.io/zone"
          when_unsatisfiable = "DoNotSchedule"

          label_selector {
            match_labels = {
              "app.kubernetes.io/name" = "thanos-compactor"
            }
          }
        }
        volume {
          name = "object-storage"

          config_map {
            name = kubernetes_config_map_v1.thanos-bucket.metadata[0].name
          }
        }
      }
    }
    volume_claim_template {
      metadata {
        name = "data"
      }
      spec {
        access_modes       = ["ReadWriteOnce"]
        storage_class_name = "gp3-encrypted"

        resources {
          requests = {
            storage = "30Gi"
          }
        }
      }
    }
  }
}

resource "kubernetes_stateful_set_v1" "thanos-store" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_loki-entrance,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    helm_release.release-kps,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "thanos-store"
      "app.kubernetes.io/part-of"    = "thanos"
      "app.kubernetes.io/version"    = "v0.42.4"
    }
    name      = "thanos-store"
    namespace = "observability"
  }

  spec {
    replicas     = "1"
    service_name = "thanos-store"

    persistent_volume_claim_retention_policy {
      when_deleted = "Delete"
      when_scaled  = "Delete"
    }
    selector {
      match_labels = {
        "app.kubernetes.io/name" = "thanos-store"
      }
    }
    template {
      metadata {
        annotations = {
          "thanos/bucket" = data.terraform_remote_state.storage.outputs.metrics_bucket_name
        }
        labels = {
          "app.kubernetes.io/managed-by" = "terraform"
          "app.kubernetes.io/name"       = "thanos-store"
          "app.kubernetes.io/part-of"    = "thanos"
          "app.kubernetes.io/version"    = "v0.42.4"
        }
      }
      spec {
        automount_service_account_token = false
        enable_service_links            = false
        service_account_name            = "thanos-store"

        container {
          args = [
            "store",
            "--log.format=json",
            "--http-address=0.0.0.0:10902",
            "--grpc-address=0.0.0.0:10901",
            "--enable-auto-gomemlimit",
            "--data-dir=/var/thanos",
            "--objstore.config-file=/etc/thanos/object-storage.yaml",
            "--index-cache-size=128MB",
            "--chunk-pool-size=256MB",
            "--store.enable-index-header-lazy-reader",
            "--web.disable",
          ]
          image = "quay.io/thanos/thanos:v0.42.4"
          name  = "thanos"

          env {
            name  = "TMPDIR"
            value = "/var/thanos"
          }
          liveness_probe {
            failure_threshold = 4
            period_seconds    = 30

            http_get {
              path = "/-/healthy"
              port = "10902"
            }
          }
          port {
            container_port = 10901
            name           = "grpc"
          }
          port {
            container_port = 10902
            name           = "http"
          }
          readiness_probe {
            failure_threshold = 20
            period_seconds    = 5

            http_get {
              path = "/-/ready"
              port = "10902"
            }
          }
          resources {
            limits = {
              cpu    = "1"
              memory = "768Mi"
            }
            requests = {
              cpu    = "50m"
              memory = "256Mi"
            }
          }
          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true

            capabilities {
              drop = ["ALL"]
            }
          }
          volume_mount {
            mount_path = "/var/thanos"
            name       = "data"
          }
          volume_mount {
            mount_path = "/etc/thanos"
            name       = "object-storage"
            read_only  = true
          }
        }
        security_context {
          fs_group               = "1001"
          fs_group_change_policy = "OnRootMismatch"
          run_as_group           = "1001"
          run_as_non_root        = true
          run_as_user            = "1001"

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }
        topology_spread_constraint {
          max_skew           = 1
          topology_key       = "topology.kubernetes.io/zone"
          when_unsatisfiable = "DoNotSchedule"

          label_selector {
            match_labels = {
              "app.kubernetes.io/name" = "thanos-store"
            }
          }
        }
        volume {
          name = "object-storage"

          config_map {
            name = kubernetes_config_map_v1.thanos-bucket.metadata[0].name
          }
        }
      }
    }
    volume_claim_template {
      metadata {
        name = "data"
      }
      spec {
        access_modes       = ["ReadWriteOnce"]
        storage_class_name = "gp3-encrypted"

        resources {
          requests = {
            storage = "5Gi"
          }
        }
      }
    }
  }
}

resource "kubernetes_storage_class_v1" "storage-class" {
  allow_volume_expansion = true
  parameters = {
    encrypted = "true"
    type      = "gp3"
  }
  reclaim_policy      = "Delete"
  storage_provisioner = "ebs.csi.aws.com"
  volume_binding_mode = "WaitForFirstConsumer"

  metadata {
    annotations = {
      "storageclass.kubernetes.io/is-default-class" = "true"
    }
    name = "gp3-encrypted"
  }
}
