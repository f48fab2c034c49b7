terraform {
  required_version = ">= 1.10"

  backend "s3" {
    bucket       = "obs-prd-444455556666-us-east-1-tfstate"
    encrypt      = true
    key          = "prd/observability.tfstate"
    kms_key_id   = "arn:aws:kms:us-east-1:444455556666:alias/obs-prd-tfstate"
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
  allowed_account_ids = ["444455556666"]
  region              = "us-east-1"

  default_tags {
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
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
    bucket     = "obs-prd-444455556666-us-east-1-tfstate"
    encrypt    = true
    key        = "prd/cluster.tfstate"
    kms_key_id = "arn:aws:kms:us-east-1:444455556666:alias/obs-prd-tfstate"
    region     = "us-east-1"
  }
}

data "terraform_remote_state" "storage" {
  backend = "s3"
  config = {
    bucket     = "obs-prd-444455556666-us-east-1-tfstate"
    encrypt    = true
    key        = "prd/storage.tfstate"
    kms_key_id = "arn:aws:kms:us-east-1:444455556666:alias/obs-prd-tfstate"
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
  clusterName: obs-prd
awsRegion: us-east-1
image:
  tag: v1.36.1
rbac:
  serviceAccount:
    name: cluster-autoscaler
resources:
  requests:
    cpu: 50m
    memory: 256Mi
  limits:
    cpu: 500m
    memory: 768Mi
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
  replicaCount: 2
  podDisruptionBudget:
    enabled: true
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
replicaCount: 2
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
  disabled:
    CPUThrottlingHigh: true
    KubeClientCertificateExpiration: true
    KubeletServerCertificateExpiration: true
    KubePersistentVolumeFillingUp: true
    KubeQuotaAlmostFull: true
    KubeQuotaFullyUsed: true
    Watchdog: true
kubelet:
  serviceMonitor:
    cAdvisorInterval: 30s
prometheus:
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
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: prometheus
      ports:
      - port: 8080
        protocol: TCP
      - port: 9090
        protocol: TCP
      - port: 10902
        protocol: TCP
    - from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: thanos-querier
      ports:
      - port: 10901
        protocol: TCP
    - from:
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: door-agent
      ports:
      - port: 9090
        protocol: TCP
  serviceAccount:
    create: true
    name: kps-prometheus
  thanosService:
    enabled: true
  thanosServiceMonitor:
    enabled: true
  prometheusSpec:
    scrapeInterval: 30s
    evaluationInterval: 30s
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
      cluster: obs-prd
    replicaExternalLabelName: prometheus_replica
    retention: 4d
    retentionSize: 8704MiB
    resources:
      requests:
        cpu: 300m
        memory: 1Gi
      limits:
        cpu: '2'
        memory: 2Gi
    topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: DoNotSchedule
      labelSelector:
        matchLabels:
          app.kubernetes.io/name: prometheus
          operator.prometheus.io/name: kps
    serviceMonitorNamespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        - observability
        - kube-system
        - dev-telemetry
        - hml-telemetry
        - prd-telemetry
    podMonitorNamespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        - observability
        - kube-system
        - dev-telemetry
        - hml-telemetry
        - prd-telemetry
    probeNamespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        - observability
        - kube-system
        - dev-telemetry
        - hml-telemetry
        - prd-telemetry
    scrapeConfigNamespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        - observability
        - kube-system
        - dev-telemetry
        - hml-telemetry
        - prd-telemetry
    ruleNamespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        - observability
        - kube-system
  podDisruptionBudget:
    enabled: false
    minAvailable: 1
alertmanager:
  networkPolicy:
    enabled: true
    policyTypes:
    - Ingress
    - Egress
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
            app.kubernetes.io/name: door-grafana
      - podSelector:
          matchLabels:
            app.kubernetes.io/name: loki
      - namespaceSelector:
          matchExpressions:
          - key: kubernetes.io/metadata.name
            operator: In
            values:
            - dev-telemetry
            - hml-telemetry
            - prd-telemetry
        podSelector:
          matchLabels:
            app.kubernetes.io/name: prometheus
      ports:
      - port: 9093
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
    alertmanagerConfigSelector:
      matchLabels:
        alertmanagerConfig: enabled
    replicas: 2
    secrets:
    - alertmanager-slack
    - alertmanager-smtp
    - alertmanager-dead-mans-switch
  podDisruptionBudget:
    enabled: true
    minAvailable: 1
  config:
    global:
      resolve_timeout: 5m
      slack_api_url_file: /etc/alertmanager/secrets/alertmanager-slack/url
      smtp_auth_password_file: /etc/alertmanager/secrets/alertmanager-smtp/password
      smtp_require_tls: true
      smtp_smarthost: email-smtp.us-east-1.amazonaws.com:587
      smtp_from: obs-alerts@example.com
      smtp_auth_username: alerts-prd
    route:
      receiver: observability-channel
      group_by:
      - alertname
      - namespace
      - cluster
      group_wait: 30s
      group_interval: 5m
      repeat_interval: 12h
      routes:
      - receiver: dead-mans-switch
        matchers:
        - alertname = "Watchdog"
        - namespace = "observability"
        group_wait: 0s
        group_interval: 1m
        repeat_interval: 1m
      - receiver: 'null'
        matchers:
        - alertname = "InfoInhibitor"
      - receiver: dev-channel
        matchers:
        - namespace =~ "dev|dev-telemetry"
        active_time_intervals:
        - office-hours
        routes:
        - receiver: dev-channel
          matchers:
          - severity = "info"
          group_wait: 5m
          repeat_interval: 24h
          active_time_intervals:
          - office-hours
      - receiver: hml-channel
        matchers:
        - namespace =~ "hml|hml-telemetry"
        routes:
        - receiver: hml-channel
          matchers:
          - severity = "info"
          group_wait: 5m
          repeat_interval: 24h
      - receiver: prd-channel
        matchers:
        - namespace =~ "prd|prd-telemetry"
        routes:
        - receiver: prd-page
          matchers:
          - severity = "critical"
          group_wait: 10s
          repeat_interval: 1h
        - receiver: prd-channel
          matchers:
          - severity = "info"
          group_wait: 5m
          repeat_interval: 24h
      - receiver: observability-channel
        routes:
        - receiver: observability-page
          matchers:
          - severity = "critical"
          group_wait: 10s
          repeat_interval: 1h
        - receiver: observability-channel
          matchers:
          - severity = "info"
          group_wait: 5m
          repeat_interval: 24h
    inhibit_rules:
    - source_matchers:
      - severity = "critical"
      target_matchers:
      - severity =~ "warning|info"
      equal:
      - namespace
      - alertname
    - source_matchers:
      - alertname = "ServiceAvailabilityBurnFast"
      target_matchers:
      - alertname = "ServiceAvailabilityBurnSlow"
      equal:
      - namespace
      - service_name
    - source_matchers:
      - alertname = "ServiceLatencyBurnFast"
      target_matchers:
      - alertname = "ServiceLatencyBurnSlow"
      equal:
      - namespace
      - service_name
    - source_matchers:
      - alertname = "VolumeNearlyFull"
      target_matchers:
      - alertname = "VolumeFillingUp"
      equal:
      - namespace
      - persistentvolumeclaim
    - source_matchers:
      - alertname = "GatewayDown"
      target_matchers:
      - alertname =~ "GatewayReceivesNothing|ServiceTelemetryAbsent"
      equal:
      - namespace
    - source_matchers:
      - alertname = "BackendDown"
      - namespace = "observability"
      - backend =~ "prometheus|loki|tempo"
      target_matchers:
      - alertname = "CollectorQueueNearlyFull"
    - source_matchers:
      - alertname = "BackendDown"
      target_matchers:
      - alertname = "CollectorQueueNearlyFull"
      equal:
      - namespace
    - source_matchers:
      - alertname = "InfoInhibitor"
      target_matchers:
      - severity = "info"
      equal:
      - namespace
    receivers:
    - name: 'null'
    - name: dead-mans-switch
      webhook_configs:
      - url_file: /etc/alertmanager/secrets/alertmanager-dead-mans-switch/url
        send_resolved: false
    - name: observability-channel
      slack_configs:
      - channel: '#obs-prd'
        send_resolved: true
        color: '{{ template "foundation.color" . }}'
        title: '{{ template "foundation.slack.title" . }}'
        title_link: '{{ template "foundation.link" .CommonAnnotations.dashboard_url }}'
        text: '{{ template "foundation.slack.text" . }}'
        fallback: '{{ template "foundation.slack.title" . }}'
        mrkdwn_in:
        - pretext
    - name: observability-page
      slack_configs:
      - channel: '#obs-prd'
        send_resolved: true
        color: '{{ template "foundation.color" . }}'
        title: '{{ template "foundation.slack.title" . }}'
        title_link: '{{ template "foundation.link" .CommonAnnotations.dashboard_url }}'
        text: '{{ template "foundation.slack.page" . }}'
        fallback: '{{ template "foundation.slack.title" . }}'
        mrkdwn_in:
        - pretext
      email_configs:
      - to: oncall@example.com
        send_resolved: true
        headers:
          Subject: '{{ template "foundation.title" . }}'
        html: '{{ template "foundation.email.html" . }}'
        text: '{{ template "foundation.email.text" . }}'
      - to: platform-team@example.com
        send_resolved: true
        headers:
          Subject: '{{ template "foundation.title" . }}'
        html: '{{ template "foundation.email.html" . }}'
        text: '{{ template "foundation.email.text" . }}'
    - name: dev-channel
      slack_configs:
      - channel: '#obs-dev'
        send_resolved: true
        color: '{{ template "foundation.color" . }}'
        title: '{{ template "foundation.slack.title" . }}'
        title_link: '{{ template "foundation.link" .CommonAnnotations.dashboard_url }}'
        text: '{{ template "foundation.slack.text" . }}'
        fallback: '{{ template "foundation.slack.title" . }}'
        mrkdwn_in:
        - pretext
    - name: hml-channel
      slack_configs:
      - channel: '#obs-hml'
        send_resolved: true
        color: '{{ template "foundation.color" . }}'
        title: '{{ template "foundation.slack.title" . }}'
        title_link: '{{ template "foundation.link" .CommonAnnotations.dashboard_url }}'
        text: '{{ template "foundation.slack.text" . }}'
        fallback: '{{ template "foundation.slack.title" . }}'
        mrkdwn_in:
        - pretext
    - name: prd-channel
      slack_configs:
      - channel: '#oncall-prd'
        send_resolved: true
        color: '{{ template "foundation.color" . }}'
        title: '{{ template "foundation.slack.title" . }}'
        title_link: '{{ template "foundation.link" .CommonAnnotations.dashboard_url }}'
        text: '{{ template "foundation.slack.text" . }}'
        fallback: '{{ template "foundation.slack.title" . }}'
        mrkdwn_in:
        - pretext
    - name: prd-page
      slack_configs:
      - channel: '#oncall-prd'
        send_resolved: true
        color: '{{ template "foundation.color" . }}'
        title: '{{ template "foundation.slack.title" . }}'
        title_link: '{{ template "foundation.link" .CommonAnnotations.dashboard_url }}'
        text: '{{ template "foundation.slack.page" . }}'
        fallback: '{{ template "foundation.slack.title" . }}'
        mrkdwn_in:
        - pretext
      email_configs:
      - to: oncall@example.com
        send_resolved: true
        headers:
          Subject: '{{ template "foundation.title" . }}'
        html: '{{ template "foundation.email.html" . }}'
        text: '{{ template "foundation.email.text" . }}'
    time_intervals:
    - name: office-hours
      time_intervals:
      - weekdays:
        - monday
        - tuesday
        - wednesday
        - thursday
        - friday
        times:
        - start_time: 08:00
          end_time: '19:00'
        location: America/Sao_Paulo
    templates:
    - /etc/alertmanager/config/*.tmpl
  templateFiles:
    notifications.tmpl: "{{/* What people read: in Slack and in e-mails. Labels and annotations are those of\n     alertmanager/alert_model.py; alerts of the charts may lack owner and dashboard.\n\n     Applications choose the names of services and routes, and may bring rules of their own: every\n     label and annotation is untrusted text. It stays on one line and is cut to 300 characters.\n     Slack reads nothing but what is between < and > in a message without formatting (`mrkdwn_in` in\n     alertmanager/routing.py), so `&`, `<` and `>` are written as entities:\n     https://docs.slack.dev/messaging/formatting-message-text. HTML is escaped by Go's\n     html/template, headers of e-mails by Alertmanager. */}}\n\n{{ define \"foundation.line\" -}}\n{{ . | reReplaceAll `[\\s\\p{Z}\\p{C}]+` \" \" | reReplaceAll `^(.{300}).+$` \"$1…\" }}\n{{- end }}\n\n{{ define \"foundation.slack.line\" -}}\n{{ . | reReplaceAll `[\\s\\p{Z}\\p{C}]+` \" \" | reReplaceAll `^(.{300}).+$` \"$1…\" | reReplaceAll \"&\" \"&amp;\" | reReplaceAll \"<\" \"&lt;\" | reReplaceAll \">\" \"&gt;\" }}\n{{- end }}\n\n{{ define \"foundation.title\" -}}\n[{{ .Status | toUpper }}{{ if eq .Status \"firing\" }} {{ .Alerts.Firing | len }}{{ end }}] {{ template \"foundation.line\" .CommonLabels.alertname }} in {{ template \"foundation.line\" (or .CommonLabels.namespace \"the cluster\") }} ({{ template \"foundation.line\" (or .CommonLabels.severity \"no severity\") }})\n{{- end }}\n\n{{ define \"foundation.slack.title\" -}}\n[{{ .Status | toUpper }}{{ if eq .Status \"firing\" }} {{ .Alerts.Firing | len }}{{ end }}] {{ template \"foundation.slack.line\" .CommonLabels.alertname }} in {{ template \"foundation.slack.line\" (or .CommonLabels.namespace \"the cluster\") }} ({{ template \"foundation.slack.line\" (or .CommonLabels.severity \"no severity\") }})\n{{- end }}\n\n{{ define \"foundation.color\" -}}\n{{ if eq .Status \"resolved\" }}good{{ else if eq .CommonLabels.severity \"critical\" }}danger{{ else if eq .CommonLabels.severity \"warning\" }}warning{{ else }}#439FE0{{ end }}\n{{- end }}\n\n{{/* An address, or nothing: `>` and `|` would end it early and show other text. */}}\n{{ define \"foundation.link\" -}}\n{{ if match `^https?://[^\\s\\p{Z}\\p{C}<>|\"]{1,1000}$` . }}{{ . }}{{ end }}\n{{- end }}\n\n{{ define \"foundation.slack.links\" -}}\n{{ $address := `^https?://[^\\s\\p{Z}\\p{C}<>|\"]{1,1000}$` }}\n{{- if match $address .Annotations.runbook_url }}<{{ .Annotations.runbook_url | reReplaceAll \"&\" \"&amp;\" }}|Runbook>{{ end }}\n{{- if match $address .Annotations.dashboard_url }} · <{{ .Annotations.dashboard_url | reReplaceAll \"&\" \"&amp;\" }}|Dashboard>{{ end }}\n{{- end }}\n\n{{ define \"foundation.slack.alert\" -}}\n{{ template \"foundation.slack.line\" (or .Annotations.summary .Labels.alertname) }}{{ if eq .Status \"resolved\" }} (resolved){{ end }}\n{{ template \"foundation.slack.line\" .Annotations.description }}\n{{ if .Labels.owner }}Owner: {{ template \"foundation.slack.line\" .Labels.owner }} · {{ end }}Cluster: {{ template \"foundation.slack.line\" .Labels.cluster }}\n{{ template \"foundation.slack.links\" . }}\n\n{{ end }}\n\n{{/* A text has at most ten alerts: those that fire, then resolved ones if that makes ten at most,\n     or if nothing fires. */}}\n{{ define \"foundation.slack.text\" -}}\n{{ range $index, $alert := .Alerts.Firing }}{{ if lt $index 10 }}{{ template \"foundation.slack.alert\" $alert }}{{ end }}{{ end }}\n{{- if or (le (len .Alerts) 10) (not .Alerts.Firing) }}{{ range $index, $alert := .Alerts.Resolved }}{{ if lt $index 10 }}{{ template \"foundation.slack.alert\" $alert }}{{ end }}{{ end }}{{ end }}\n{{- template \"foundation.more\" . }}\n{{- end }}\n\n{{ define \"foundation.more\" -}}\n{{ if gt (len .Alerts) 10 }}and {{ if and .Alerts.Firing (lt (len .Alerts.Firing) 10) }}{{ len .Alerts.Resolved }}{{ else }}{{ len (slice .Alerts 10) }}{{ end }} more{{ end }}\n{{- end }}\n\n{{ define \"foundation.slack.page\" -}}\n{{ if eq .Status \"firing\" }}<!channel>\n{{ end }}{{ template \"foundation.slack.text\" . }}\n{{- end }}\n\n{{ define \"foundation.email.text.alert\" -}}\n{{ template \"foundation.line\" (or .Annotations.summary .Labels.alertname) }}{{ if eq .Status \"resolved\" }} (resolved){{ end }}\n{{ template \"foundation.line\" .Annotations.description }}\nOwner: {{ template \"foundation.line\" .Labels.owner }}\nCluster: {{ template \"foundation.line\" .Labels.cluster }}\nSince: {{ .StartsAt.Format \"2006-01-02 15:04:05 MST\" }}\nRunbook: {{ template \"foundation.link\" .Annotations.runbook_url }}\nDashboard: {{ template \"foundation.link\" .Annotations.dashboard_url }}\n\n{{ end }}\n\n{{ define \"foundation.email.text\" -}}\n{{ range $index, $alert := .Alerts.Firing }}{{ if lt $index 10 }}{{ template \"foundation.email.text.alert\" $alert }}{{ end }}{{ end }}\n{{- if or (le (len .Alerts) 10) (not .Alerts.Firing) }}{{ range $index, $alert := .Alerts.Resolved }}{{ if lt $index 10 }}{{ template \"foundation.email.text.alert\" $alert }}{{ end }}{{ end }}{{ end }}\n{{- template \"foundation.more\" . }}\n{{- end }}\n\n{{ define \"foundation.email.html.alert\" -}}\n<h3>{{ template \"foundation.line\" (or .Annotations.summary .Labels.alertname) }}{{ if eq .Status \"resolved\" }} (resolved){{ end }}</h3>\n<p>{{ template \"foundation.line\" .Annotations.description }}</p>\n<p>Owner: {{ template \"foundation.line\" .Labels.owner }}<br>Cluster: {{ template \"foundation.line\" .Labels.cluster }}<br>Since: {{ .StartsAt.Format \"2006-01-02 15:04:05 MST\" }}</p>\n{{ $address := `^https?://[^\\s\\p{Z}\\p{C}<>|\"]{1,1000}$` -}}\n<p>{{ if match $address .Annotations.runbook_url }}<a href=\"{{ .Annotations.runbook_url }}\">Runbook</a>{{ end }}\n{{ if match $address .Annotations.dashboard_url }}<a href=\"{{ .Annotations.dashboard_url }}\">Dashboard</a>{{ end }}</p>\n{{ end }}\n\n{{ define \"foundation.email.html\" -}}\n<!DOCTYPE html>\n<html><body style=\"font-family: sans-serif\">\n<h2>{{ template \"foundation.title\" . }}</h2>\n{{ range $index, $alert := .Alerts.Firing }}{{ if lt $index 10 }}{{ template \"foundation.email.html.alert\" $alert }}{{ end }}{{ end }}\n{{- if or (le (len .Alerts) 10) (not .Alerts.Firing) }}{{ range $index, $alert := .Alerts.Resolved }}{{ if lt $index 10 }}{{ template \"foundation.email.html.alert\" $alert }}{{ end }}{{ end }}{{ end }}\n<p>{{ template \"foundation.more\" . }}</p>\n</body></html>\n{{- end }}\n"
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
    size: 10Gi
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
      alertmanager:
        url: http://door-grafana.observability.svc:9093
  resources:
    requests:
      cpu: 100m
      memory: 384Mi
    limits:
      cpu: '2'
      memory: 1Gi
  additionalDataSources:
  - name: Loki
    type: loki
    uid: loki
    access: proxy
    url: http://door-grafana.observability.svc:3100
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
    url: http://door-grafana.observability.svc:3200
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
      cpu: 50m
      memory: 128Mi
    limits:
      cpu: 500m
      memory: 512Mi
prometheus-node-exporter:
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  containerSecurityContext:
    allowPrivilegeEscalation: false
    capabilities:
      drop:
      - ALL
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
      memory: 128Mi
    limits:
      cpu: 500m
      memory: 512Mi
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
          key: obs/prd/observability/grafana-admin
          property: admin-user
      - secretKey: admin-password
        remoteRef:
          key: obs/prd/observability/grafana-admin
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
          key: obs/prd/observability/alertmanager-slack
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
          key: obs/prd/observability/alertmanager-smtp
          property: password
  alertmanager-dead-mans-switch:
    apiVersion: external-secrets.io/v1
    kind: ExternalSecret
    metadata:
      name: alertmanager-dead-mans-switch
    spec:
      refreshInterval: 1h
      secretStoreRef:
        kind: SecretStore
        name: aws-secrets-manager
      target:
        name: alertmanager-dead-mans-switch
        creationPolicy: Owner
        deletionPolicy: Retain
      data:
      - secretKey: url
        remoteRef:
          key: obs/prd/observability/alertmanager-dead-mans-switch
          property: url
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
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: door-grafana
        ports:
        - port: 3100
          protocol: TCP
        - port: 3200
          protocol: TCP
        - port: 9093
          protocol: TCP
      - to:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: thanos-querier
        ports:
        - port: 10902
          protocol: TCP
      - ports:
        - port: 443
          protocol: TCP
cleanPrometheusOperatorObjectNames: true
crds:
  enabled: false
additionalPrometheusRulesMap:
  foundation:
    groups:
    - name: absence
      rules:
      - alert: WorkloadUnavailable
        expr: kube_deployment_spec_replicas{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kube-state-metrics", deployment_environment_name=""} > 0 and on (namespace, deployment) kube_deployment_status_replicas_available{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kube-state-metrics", deployment_environment_name=""} == 0
        for: 5m
        labels:
          severity: critical
          namespace: '{{ $labels.namespace }}'
          owner: '{{ if eq $labels.namespace "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.deployment }} in {{ $labels.namespace }} has no pod that serves'
          description: Of {{ $value }} pods none is available.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/WorkloadUnavailable.md
          dashboard_url: https://grafana.example.com/d/kubernetes-saturation?var-namespace={{ $labels.namespace | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: GatewayReceivesNothing
        expr: sum by (namespace) (increase(otelcol_receiver_accepted_spans_total{namespace="dev", job="otel-gateway", deployment_environment_name=""}[30m])) == 0 and on (namespace) sum by (namespace) (increase(otelcol_receiver_accepted_spans_total{namespace="dev", job="otel-gateway", deployment_environment_name=""}[1d])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: dev
          owner: platform-team
        annotations:
          summary: The gateway of dev receives no spans
          description: '{{ $value }} spans in half an hour, after some within a day.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/GatewayReceivesNothing.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: GatewayDown
        expr: absent(up{namespace="dev", job="otel-gateway", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: dev
          owner: platform-team
        annotations:
          summary: No gateway of dev answers
          description: '{{ $value }} means: no replica of otel-gateway could be scraped. Applications lose telemetry once their SDKs'' buffers are full.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/GatewayDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: GatewayReceivesNothing
        expr: sum by (namespace) (increase(otelcol_receiver_accepted_spans_total{namespace="hml", job="otel-gateway", deployment_environment_name=""}[30m])) == 0 and on (namespace) sum by (namespace) (increase(otelcol_receiver_accepted_spans_total{namespace="hml", job="otel-gateway", deployment_environment_name=""}[1d])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: hml
          owner: platform-team
        annotations:
          summary: The gateway of hml receives no spans
          description: '{{ $value }} spans in half an hour, after some within a day.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/GatewayReceivesNothing.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: GatewayDown
        expr: absent(up{namespace="hml", job="otel-gateway", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: hml
          owner: platform-team
        annotations:
          summary: No gateway of hml answers
          description: '{{ $value }} means: no replica of otel-gateway could be scraped. Applications lose telemetry once their SDKs'' buffers are full.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/GatewayDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: GatewayReceivesNothing
        expr: sum by (namespace) (increase(otelcol_receiver_accepted_spans_total{namespace="prd", job="otel-gateway", deployment_environment_name=""}[30m])) == 0 and on (namespace) sum by (namespace) (increase(otelcol_receiver_accepted_spans_total{namespace="prd", job="otel-gateway", deployment_environment_name=""}[1d])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: prd
          owner: product-teams
        annotations:
          summary: The gateway of prd receives no spans
          description: '{{ $value }} spans in half an hour, after some within a day.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/GatewayReceivesNothing.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: GatewayDown
        expr: absent(up{namespace="prd", job="otel-gateway", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: prd
          owner: platform-team
        annotations:
          summary: No gateway of prd answers
          description: '{{ $value }} means: no replica of otel-gateway could be scraped. Applications lose telemetry once their SDKs'' buffers are full.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/GatewayDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: LogsAbsent
        expr: sum by (namespace) (increase(otelcol_receiver_accepted_log_records_total{namespace="observability", job="observability/otel-agent", deployment_environment_name=""}[30m])) == 0 or absent(up{namespace="observability", job="observability/otel-agent", deployment_environment_name=""} == 1)
        for: 10m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
        annotations:
          summary: No agent reads container logs
          description: '{{ $value }} log records from all nodes in half an hour (or no agent is there at all).'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/LogsAbsent.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="observability", job="kps-prometheus", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
          backend: prometheus
        annotations:
          summary: prometheus does not answer
          description: '{{ $value }} means: no replica of prometheus could be scraped for five minutes. Collectors queue meanwhile.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="observability", job="kps-alertmanager", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
          backend: alertmanager
        annotations:
          summary: alertmanager does not answer
          description: '{{ $value }} means: no replica of alertmanager could be scraped for five minutes. Collectors queue meanwhile.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="observability", job=~"observability/loki.*", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
          backend: loki
        annotations:
          summary: loki does not answer
          description: '{{ $value }} means: no replica of loki could be scraped for five minutes. Collectors queue meanwhile.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="observability", job=~"(observability/)?tempo.*", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
          backend: tempo
        annotations:
          summary: tempo does not answer
          description: '{{ $value }} means: no replica of tempo could be scraped for five minutes. Collectors queue meanwhile.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="observability", job="thanos-querier", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
          backend: thanos-querier
        annotations:
          summary: thanos-querier does not answer
          description: '{{ $value }} means: no replica of thanos-querier could be scraped for five minutes. Collectors queue meanwhile.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="observability", job="thanos-store", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
          backend: thanos-store
        annotations:
          summary: thanos-store does not answer
          description: '{{ $value }} means: no replica of thanos-store could be scraped for five minutes. Collectors queue meanwhile.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="observability", job="thanos-compactor", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
          backend: thanos-compactor
        annotations:
          summary: thanos-compactor does not answer
          description: '{{ $value }} means: no replica of thanos-compactor could be scraped for five minutes. Collectors queue meanwhile.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="dev", job="stage-prometheus", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: dev
          owner: platform-team
          backend: stage-prometheus
        annotations:
          summary: The Prometheus of dev does not answer
          description: '{{ $value }} means: no replica could be scraped for five minutes. Nobody watches the service levels of dev meanwhile; its gateway queues metrics.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="hml", job="stage-prometheus", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: hml
          owner: platform-team
          backend: stage-prometheus
        annotations:
          summary: The Prometheus of hml does not answer
          description: '{{ $value }} means: no replica could be scraped for five minutes. Nobody watches the service levels of hml meanwhile; its gateway queues metrics.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackendDown
        expr: absent(up{namespace="prd", job="stage-prometheus", deployment_environment_name=""} == 1)
        for: 5m
        labels:
          severity: critical
          namespace: prd
          owner: platform-team
          backend: stage-prometheus
        annotations:
          summary: The Prometheus of prd does not answer
          description: '{{ $value }} means: no replica could be scraped for five minutes. Nobody watches the service levels of prd meanwhile; its gateway queues metrics.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackendDown.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
    - name: saturation
      rules:
      - alert: ContainerMemoryNearLimit
        expr: sum by (namespace, pod, container) (container_memory_working_set_bytes{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kubelet", deployment_environment_name="", container!=""}) / (sum by (namespace, pod, container) (kube_pod_container_resource_limits{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kube-state-metrics", deployment_environment_name="", resource="memory"}) > 0) > 0.9
        for: 10m
        labels:
          severity: warning
          namespace: '{{ $labels.namespace }}'
          owner: '{{ if eq $labels.namespace "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.container }} of {{ $labels.pod }} is about to be killed for its memory'
          description: It has used {{ $value | humanizePercentage }} of its limit for ten minutes.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ContainerMemoryNearLimit.md
          dashboard_url: https://grafana.example.com/d/kubernetes-saturation?var-namespace={{ $labels.namespace | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ContainerCpuThrottled
        expr: sum by (namespace, pod, container) (increase(container_cpu_cfs_throttled_periods_total{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kubelet", deployment_environment_name="", container!=""}[5m])) / (sum by (namespace, pod, container) (increase(container_cpu_cfs_periods_total{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kubelet", deployment_environment_name="", container!=""}[5m])) > 0) > 0.25
        for: 15m
        labels:
          severity: info
          namespace: '{{ $labels.namespace }}'
          owner: '{{ if eq $labels.namespace "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.container }} of {{ $labels.pod }} waits for its CPU limit'
          description: It was throttled in {{ $value | humanizePercentage }} of its periods.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ContainerCpuThrottled.md
          dashboard_url: https://grafana.example.com/d/kubernetes-saturation?var-namespace={{ $labels.namespace | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ContainerOomKilled
        expr: sum by (namespace, pod, container) (increase(kube_pod_container_status_restarts_total{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kube-state-metrics", deployment_environment_name=""}[10m])) > 0 and on (namespace, pod, container) kube_pod_container_status_last_terminated_reason{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kube-state-metrics", deployment_environment_name="", reason="OOMKilled"} == 1
        for: 0m
        labels:
          severity: warning
          namespace: '{{ $labels.namespace }}'
          owner: '{{ if eq $labels.namespace "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.container }} of {{ $labels.pod }} was killed for its memory'
          description: '{{ $value | humanize }} restarts in ten minutes, the last since the limit was reached.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ContainerOomKilled.md
          dashboard_url: https://grafana.example.com/d/kubernetes-saturation?var-namespace={{ $labels.namespace | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: VolumeFillingUp
        expr: kubelet_volume_stats_available_bytes{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kubelet", deployment_environment_name=""} / (kubelet_volume_stats_capacity_bytes{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kubelet", deployment_environment_name=""} > 0) < 0.15 and predict_linear(kubelet_volume_stats_available_bytes{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kubelet", deployment_environment_name=""}[6h], 4 * 24 * 3600) < 0
        for: 1h
        labels:
          severity: warning
          namespace: '{{ $labels.namespace }}'
          owner: '{{ if eq $labels.namespace "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.persistentvolumeclaim }} will be full within four days'
          description: '{{ $value | humanizePercentage }} are left.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/VolumeFillingUp.md
          dashboard_url: https://grafana.example.com/d/kubernetes-saturation?var-namespace={{ $labels.namespace | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: VolumeNearlyFull
        expr: kubelet_volume_stats_available_bytes{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kubelet", deployment_environment_name=""} / (kubelet_volume_stats_capacity_bytes{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kubelet", deployment_environment_name=""} > 0) < 0.03
        for: 1m
        labels:
          severity: critical
          namespace: '{{ $labels.namespace }}'
          owner: '{{ if eq $labels.namespace "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.persistentvolumeclaim }} is nearly full'
          description: '{{ $value | humanizePercentage }} are left.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/VolumeNearlyFull.md
          dashboard_url: https://grafana.example.com/d/kubernetes-saturation?var-namespace={{ $labels.namespace | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: NamespaceQuotaNearLimit
        expr: kube_resourcequota{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kube-state-metrics", deployment_environment_name="", type="used"} / ignoring (type) (kube_resourcequota{namespace=~"observability|dev|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry", job="kube-state-metrics", deployment_environment_name="", type="hard"} > 0) > 0.9
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.namespace }}'
          owner: '{{ if eq $labels.namespace "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.namespace }} has used its quota of {{ $labels.resource }} nearly up'
          description: '{{ $value | humanizePercentage }} of it are used; at 100 % new pods are refused.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/NamespaceQuotaNearLimit.md
          dashboard_url: https://grafana.example.com/d/kubernetes-saturation?var-namespace={{ $labels.namespace | urlquery | reReplaceAll "[+]" "%20" }}
    - name: pipeline
      rules:
      - alert: CollectorRefusingData
        expr: sum by (namespace) (rate({namespace=~"dev|hml|prd|observability", job=~"otel-gateway|observability/otel-agent", deployment_environment_name="", __name__=~"otelcol_receiver_refused_spans_total|otelcol_receiver_refused_metric_points_total|otelcol_receiver_refused_log_records_total"}[5m])) > 0
        for: 10m
        labels:
          severity: warning
          namespace: '{{ $labels.namespace }}'
          owner: platform-team
        annotations:
          summary: Collectors of {{ $labels.namespace }} refuse data
          description: '{{ $value | humanize }} items a second were refused: senders repeat them for a while, then they are lost.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/CollectorRefusingData.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: CollectorDroppingData
        expr: sum by (namespace) (rate({namespace=~"dev|hml|prd|observability", job=~"otel-gateway|observability/otel-agent", deployment_environment_name="", __name__=~"otelcol_exporter_enqueue_failed_spans_total|otelcol_exporter_enqueue_failed_metric_points_total|otelcol_exporter_enqueue_failed_log_records_total"}[5m])) > 0
        for: 5m
        labels:
          severity: critical
          namespace: '{{ $labels.namespace }}'
          owner: platform-team
        annotations:
          summary: Collectors of {{ $labels.namespace }} have no room in their queues
          description: '{{ $value | humanize }} items a second found the queue full.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/CollectorDroppingData.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: CollectorGivingUpData
        expr: sum by (namespace) (rate({namespace=~"dev|hml|prd|observability", job=~"otel-gateway|observability/otel-agent", deployment_environment_name="", __name__=~"otelcol_exporter_send_failed_spans_total|otelcol_exporter_send_failed_metric_points_total|otelcol_exporter_send_failed_log_records_total"}[5m])) > 0
        for: 5m
        labels:
          severity: critical
          namespace: '{{ $labels.namespace }}'
          owner: platform-team
        annotations:
          summary: Collectors of {{ $labels.namespace }} lose data that a back end refuses
          description: '{{ $value | humanize }} items a second were given up.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/CollectorGivingUpData.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: CollectorQueueNearlyFull
        expr: max by (namespace, exporter) (otelcol_exporter_queue_size{namespace=~"dev|hml|prd|observability", job=~"otel-gateway|observability/otel-agent", deployment_environment_name=""} / (otelcol_exporter_queue_capacity{namespace=~"dev|hml|prd|observability", job=~"otel-gateway|observability/otel-agent", deployment_environment_name=""} > 0)) > 0.8
        for: 10m
        labels:
          severity: warning
          namespace: '{{ $labels.namespace }}'
          owner: platform-team
        annotations:
          summary: A queue of {{ $labels.namespace }} to {{ $labels.exporter }} is nearly full
          description: '{{ $value | humanizePercentage }} of its room are taken: the back end is away or too slow.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/CollectorQueueNearlyFull.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: TailSamplingDroppingEarly
        expr: sum by (namespace) (rate(otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total{namespace=~"dev|hml|prd|observability", job=~"otel-gateway|observability/otel-agent", deployment_environment_name=""}[5m])) > 0
        for: 10m
        labels:
          severity: critical
          namespace: '{{ $labels.namespace }}'
          owner: platform-team
        annotations:
          summary: The gateway of {{ $labels.namespace }} has more traces than fit into its memory
          description: '{{ $value | humanize }} traces a second were dropped before the decision, errors among them.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/TailSamplingDroppingEarly.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: SamplesTooOld
        expr: sum by (namespace, pod) (rate(prometheus_tsdb_too_old_samples_total{namespace=~"dev|hml|prd|observability", job=~"kps-prometheus|stage-prometheus", deployment_environment_name=""}[5m])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.namespace }}'
          owner: platform-team
        annotations:
          summary: The Prometheus of {{ $labels.namespace }} refuses samples that come too late
          description: '{{ $value | humanize }} samples a second came after the out-of-order window.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/SamplesTooOld.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: RemoteWriteLagging
        expr: max by (tenant) (prometheus_remote_storage_highest_timestamp_in_seconds{namespace="observability", job=~"(observability/)?tempo.*", deployment_environment_name=""}) - on (tenant) min by (tenant) (prometheus_remote_storage_queue_highest_sent_timestamp_seconds{namespace="observability", job=~"(observability/)?tempo.*", deployment_environment_name=""}) > 120
        for: 15m
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: Tempo's service graph reaches Prometheus late
          description: '{{ $value | humanizeDuration }} behind.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/RemoteWriteLagging.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: LokiDiscardingLines
        expr: sum by (tenant, reason) (rate(loki_discarded_samples_total{namespace="observability", job=~"observability/loki.*", deployment_environment_name=""}[5m])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.tenant }}'
          owner: platform-team
        annotations:
          summary: Loki refuses lines of {{ $labels.tenant }}
          description: '{{ $value | humanize }} lines a second: {{ $labels.reason }}.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/LokiDiscardingLines.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: TempoDiscardingSpans
        expr: sum by (tenant, reason) (rate(tempo_discarded_spans_total{namespace="observability", job=~"(observability/)?tempo.*", deployment_environment_name=""}[5m])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.tenant }}'
          owner: platform-team
        annotations:
          summary: Tempo refuses spans of {{ $labels.tenant }}
          description: '{{ $value | humanize }} spans a second: {{ $labels.reason }}.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/TempoDiscardingSpans.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: LokiRequestsFailing
        expr: sum by (route) (rate(loki_request_duration_seconds_count{namespace="observability", job=~"observability/loki.*", deployment_environment_name="", status_code=~"5.."}[5m])) / (sum by (route) (rate(loki_request_duration_seconds_count{namespace="observability", job=~"observability/loki.*", deployment_environment_name=""}[5m])) > 0) > 0.1
        for: 15m
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: Loki fails requests to {{ $labels.route }}
          description: '{{ $value | humanizePercentage }} of them were answered with 500 or above.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/LokiRequestsFailing.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: TempoRequestsFailing
        expr: sum by (route) (rate(tempo_request_duration_seconds_count{namespace="observability", job=~"(observability/)?tempo.*", deployment_environment_name="", status_code=~"5.."}[5m])) / (sum by (route) (rate(tempo_request_duration_seconds_count{namespace="observability", job=~"(observability/)?tempo.*", deployment_environment_name=""}[5m])) > 0) > 0.1
        for: 15m
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: Tempo fails requests to {{ $labels.route }}
          description: '{{ $value | humanizePercentage }} of them were answered with 500 or above.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/TempoRequestsFailing.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: ThanosUploadsFailing
        expr: sum by (namespace, pod) (increase(thanos_shipper_upload_failures_total{namespace=~"dev|hml|prd|observability", job=~"kps-thanos-discovery|stage-thanos-discovery", deployment_environment_name=""}[3h])) > 0
        for: 15m
        labels:
          severity: critical
          namespace: '{{ $labels.namespace }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.pod }} of {{ $labels.namespace }} cannot upload blocks of metrics'
          description: '{{ $value | humanize }} uploads failed in three hours. Blocks wait on the volume until its retention.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ThanosUploadsFailing.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: ThanosCompactorHalted
        expr: max(thanos_compact_halted{namespace="observability", job="thanos-compactor", deployment_environment_name=""}) == 1
        for: 5m
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: The compactor has stopped for good
          description: '{{ $value }} means halted: it found blocks that it must not touch. Nothing is deleted or downsampled meanwhile.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ThanosCompactorHalted.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: ThanosCompactorStale
        expr: sum(increase(thanos_compact_iterations_total{namespace="observability", job="thanos-compactor", deployment_environment_name=""}[1d])) == 0
        for: 1h
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: The compactor has not finished a round in a day
          description: '{{ $value }} rounds in 24 hours.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ThanosCompactorStale.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: ObjectStorageFailing
        expr: sum by (pod, operation) (rate(thanos_objstore_bucket_operation_failures_total{namespace="observability", job=~"kps-thanos-discovery|thanos-querier|thanos-store|thanos-compactor", deployment_environment_name=""}[5m])) / (sum by (pod, operation) (rate(thanos_objstore_bucket_operations_total{namespace="observability", job=~"kps-thanos-discovery|thanos-querier|thanos-store|thanos-compactor", deployment_environment_name=""}[5m])) > 0) > 0.05
        for: 15m
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: '{{ $labels.pod }} fails to {{ $labels.operation }} in the bucket of metrics'
          description: '{{ $value | humanizePercentage }} of the requests failed.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ObjectStorageFailing.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: LokiRetentionStale
        expr: time() - max(loki_compactor_apply_retention_last_successful_run_timestamp_seconds{namespace="observability", job=~"observability/loki.*", deployment_environment_name=""} > 0) > 24 * 3600
        for: 1h
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: Loki has not applied retention for a day
          description: 'The last time was {{ $value | humanizeDuration }} ago: logs are kept too long.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/LokiRetentionStale.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: TempoFlushFailing
        expr: sum by (pod) (increase(tempo_ingester_failed_flushes_total{namespace="observability", job=~"(observability/)?tempo.*", deployment_environment_name=""}[1h])) > 2
        for: 5m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
        annotations:
          summary: '{{ $labels.pod }} cannot write traces to the bucket'
          description: '{{ $value | humanize }} flushes failed in an hour.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/TempoFlushFailing.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: NotificationsFailing
        expr: sum by (integration) (rate(alertmanager_notifications_failed_total{namespace="observability", job="kps-alertmanager", deployment_environment_name=""}[15m])) / (sum by (integration) (rate(alertmanager_notifications_total{namespace="observability", job="kps-alertmanager", deployment_environment_name=""}[15m])) > 0) > 0.1
        for: 10m
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
        annotations:
          summary: Alertmanager cannot notify by {{ $labels.integration }}
          description: '{{ $value | humanizePercentage }} of its notifications failed.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/NotificationsFailing.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
    - name: housekeeping
      rules:
      - alert: KubeletCertificateExpiring
        expr: kubelet_certificate_manager_server_ttl_seconds{namespace="kube-system", job="kubelet", deployment_environment_name=""} < 604800
        for: 1h
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: The certificate of {{ $labels.node }}'s kubelet runs out
          description: It is valid for {{ $value | humanizeDuration }}. The kubelet should have renewed it.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/KubeletCertificateExpiring.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: ApiClientCertificateExpiring
        expr: histogram_quantile(0.01, sum by (job, le) (rate(apiserver_client_certificate_expiration_seconds_bucket{namespace="default", job="apiserver", deployment_environment_name=""}[5m]))) < 604800 and on (job) sum by (job) (increase(apiserver_client_certificate_expiration_seconds_count{namespace="default", job="apiserver", deployment_environment_name=""}[5m])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: Somebody uses a client certificate of the cluster that runs out
          description: One of those in use is valid for {{ $value | humanizeDuration }} only.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ApiClientCertificateExpiring.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: ExternalSecretNotReady
        expr: max by (exported_namespace, name) (externalsecret_status_condition{namespace="observability", job="external-secrets-metrics", deployment_environment_name="", condition="Ready", status="False"}) == 1
        for: 10m
        labels:
          severity: warning
          namespace: '{{ $labels.exported_namespace }}'
          owner: platform-team
        annotations:
          summary: The secret {{ $labels.name }} cannot be read from AWS Secrets Manager
          description: Condition Ready is False ({{ $value }}) in {{ $labels.exported_namespace }}. Pods that need it do not start.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ExternalSecretNotReady.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: BackupOverdue
        expr: time() - max by (schedule) (velero_backup_last_successful_timestamp{namespace="observability", job="velero", deployment_environment_name="", schedule!=""}) > 172800 or 172800 + 0 * (max by (schedule) (velero_backup_attempt_total{namespace="observability", job="velero", deployment_environment_name="", schedule!=""} offset 2d) unless on (schedule) max by (schedule) (velero_backup_last_successful_timestamp{namespace="observability", job="velero", deployment_environment_name="", schedule!=""})) or label_replace(172800 + 0 * (max(up{namespace="observability", job="velero", deployment_environment_name=""} offset 2d) == 1 unless on () (max by (schedule) (velero_backup_last_successful_timestamp{namespace="observability", job="velero", deployment_environment_name="", schedule!=""}) or velero_backup_attempt_total{namespace="observability", job="velero", deployment_environment_name="", schedule!=""})), "schedule", "of any schedule", "", "")
        for: 1h
        labels:
          severity: critical
          namespace: observability
          owner: platform-team
        annotations:
          summary: The backup {{ $labels.schedule }} is overdue
          description: None has succeeded for at least {{ $value | humanizeDuration }}.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/BackupOverdue.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
      - alert: SeriesNearCapacity
        expr: max by (pod) (prometheus_tsdb_head_series{namespace="observability", job="kps-prometheus", deployment_environment_name=""}) / 150000 > 0.8
        for: 30m
        labels:
          severity: warning
          namespace: observability
          owner: platform-team
        annotations:
          summary: The platform's Prometheus has nearly all the series that its size is made for
          description: '{{ $value | humanizePercentage }} of 150000 series.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/SeriesNearCapacity.md
          dashboard_url: https://grafana.example.com/d/cost-cardinality
      - alert: StageSeriesNearBudget
        expr: max by (namespace) (prometheus_tsdb_head_series{namespace=~"dev|hml|prd", job="stage-prometheus", deployment_environment_name=""}) / 300000 > 0.8
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.namespace }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.namespace }} has used its budget of series nearly up'
          description: '{{ $value | humanizePercentage }} of 300000 series. Much above the budget its Prometheus runs out of memory, and {{ $labels.namespace }} alone has no metrics and no alerts on its services.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/StageSeriesNearBudget.md
          dashboard_url: https://grafana.example.com/d/cost-cardinality
    - name: watchdog
      rules:
      - alert: Watchdog
        expr: vector(1)
        for: 0m
        labels:
          severity: none
          namespace: observability
          owner: platform-team
        annotations:
          summary: Alerts work
          description: '{{ $value }} means: Prometheus evaluates rules. This must always fire and reach the dead man''s switch; it tells of no trouble.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/Watchdog.md
          dashboard_url: https://grafana.example.com/d/telemetry-pipeline
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    replication_factor: 3
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
    retention_period: 720h
    ingestion_rate_mb: 16
    ingestion_burst_size_mb: 32
    per_stream_rate_limit: 5MB
    per_stream_rate_limit_burst: 16MB
    max_global_streams_per_user: 20000
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
        retention_period: 720h
        max_query_lookback: 720h
      dev:
        retention_period: 168h
        max_query_lookback: 168h
      hml:
        retention_period: 336h
        max_query_lookback: 336h
      prd:
        retention_period: 2160h
        max_query_lookback: 2160h
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
  enabled: false
chunksCache:
  writebackSizeLimit: 50MB
  allocatedMemory: 1024
  resources:
    requests:
      cpu: 50m
      memory: 1280Mi
    limits:
      cpu: 500m
      memory: 1280Mi
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
  replicas: 3
  resources:
    requests:
      cpu: 500m
      memory: 2Gi
    limits:
      cpu: '2'
      memory: 4Gi
  persistence:
    enabled: true
    size: 20Gi
    storageClass: gp3-encrypted
read:
  replicas: 0
write:
  replicas: 0
backend:
  replicas: 0
resultsCache:
  allocatedMemory: 256
  resources:
    requests:
      cpu: 20m
      memory: 320Mi
    limits:
      cpu: 300m
      memory: 320Mi
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
replicas: 2
podDisruptionBudget:
  enabled: true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    cpu: 50m
    memory: 128Mi
  limits:
    cpu: 400m
    memory: 384Mi
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
        value: obs-prd
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
      endpoint: http://door-agent.observability.svc:8080/otlp
      headers:
        X-Scope-OrgID: observability
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: true
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki-dev:
      endpoint: http://door-agent.observability.svc:8080/otlp
      headers:
        X-Scope-OrgID: dev
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: true
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki-hml:
      endpoint: http://door-agent.observability.svc:8080/otlp
      headers:
        X-Scope-OrgID: hml
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: true
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki-prd:
      endpoint: http://door-agent.observability.svc:8080/otlp
      headers:
        X-Scope-OrgID: prd
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 268435456
        num_consumers: 10
        block_on_overflow: true
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/prometheus-0:
      endpoint: http://door-agent.observability.svc:8080/prometheus-0/api/v1/otlp
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
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
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

resource "helm_release" "release-otel-gateway-dev-telemetry" {
  atomic          = true
  chart           = "opentelemetry-collector"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.dev-telemetry,
    kubernetes_resource_quota_v1.dev-telemetry_quota,
    kubernetes_limit_range_v1.dev-telemetry_limit-range,
    kubernetes_network_policy_v1.dev-telemetry_deny-all,
    kubernetes_network_policy_v1.dev-telemetry_allow-dns,
    kubernetes_network_policy_v1.traffic-dev-telemetry_otel-gateway,
    kubernetes_network_policy_v1.traffic-dev-telemetry_prometheus,
    kubernetes_namespace_v1.dev,
    kubernetes_resource_quota_v1.dev_quota,
    kubernetes_limit_range_v1.dev_limit-range,
    kubernetes_network_policy_v1.dev_deny-all,
    kubernetes_network_policy_v1.dev_allow-dns,
    kubernetes_service_account_v1.dev_secrets-reader,
    kubernetes_network_policy_v1.traffic-dev_send-telemetry,
    kubernetes_network_policy_v1.traffic-dev_be-scraped,
    helm_release.release-kps,
    helm_release.release-loki,
    helm_release.release-tempo,
  ]
  max_history = 5
  name        = "otel-gateway"
  namespace   = "dev-telemetry"
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
  maxReplicas: 6
serviceMonitor:
  enabled: true
  extraLabels:
    release: kps
  metricsEndpoints:
  - port: metrics
    interval: 30s
    relabelings:
    - targetLabel: namespace
      replacement: dev
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
    cpu: 300m
    memory: 768Mi
  limits:
    cpu: '1'
    memory: 1536Mi
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
    sizeLimit: 3072Mi
extraManifests:
- apiVersion: v1
  kind: Service
  metadata:
    name: otel-gateway-headless
    namespace: dev-telemetry
  spec:
    clusterIP: None
    ports:
    - name: otlp-lb
      port: 14317
      targetPort: 14317
      protocol: TCP
    selector:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: otel-gateway
      component: standalone-collector
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: otel-gateway
    namespace: dev
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
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata:
    name: otel-gateway
    namespace: dev
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: Role
    name: otel-gateway
  subjects:
  - kind: ServiceAccount
    name: otel-gateway
    namespace: dev-telemetry
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: otel-gateway
    namespace: dev-telemetry
  rules:
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
    namespace: dev-telemetry
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: Role
    name: otel-gateway
  subjects:
  - kind: ServiceAccount
    name: otel-gateway
    namespace: dev-telemetry
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
          max_recv_msg_size_mib: 32
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
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      - context: span
        statements:
        - delete_matching_keys(span.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      metric_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      log_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|hml|prd|dev-telemetry|hml-telemetry|prd-telemetry)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      - context: log
        statements:
        - delete_matching_keys(log.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
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
        value: obs-prd
        action: upsert
    transform/span_names:
      error_mode: ignore
      trace_statements:
      - context: span
        statements:
        - replace_pattern(span.name, "/(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+)", "/{id}")
        - set(span.name, Substring(span.name, 0, 128, true)) where Len(span.name) > 128
    transform/metric_labels:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - delete_matching_keys(resource.attributes, "^process[.](?:command|executable|owner|pid|parent_pid|working_directory).*")
      - context: datapoint
        statements:
        - set(datapoint.cache["sent"], datapoint.attributes)
        - keep_matching_keys(datapoint.attributes, "^(?:http[.](?:request[.]method|response[.]status_code|route|method|status_code|scheme|flavor)|url[.](?:scheme|template)|(?:server|net[.]host|net[.]peer)[.](?:address|name|port)|network[.](?:protocol[.]name|protocol[.]version|transport|type|io[.]direction)|peer[.]service|error[.]type|(?:type|state|status|device|direction|cpu|pool|pool[.]name|generation|action|cause|count)|(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag|jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore|app)[.].+)$")
        - delete_matching_keys(datapoint.attributes, "^(?:db[.](?:statement|query[.]text|user|connection_string)|messaging[.](?:message|conversation|client).*|messaging[.].*(?:offset|message_key|delivery_tag)|rpc[.].*metadata.*|rpc[.]jsonrpc[.]request_id|gen_ai[.].*(?:id|prompt|completion|message|input|output|instructions).*|graphql[.]document|faas[.](?:invocation_id|document.*|coldstart)|(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag|jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore|app)[.].*(?:user|customer|account|order|session|request|trace|span|message)[._]?id)$")
        - truncate_all(datapoint.attributes, 128)
        - limit(datapoint.attributes, 20, ["http.request.method", "http.route", "http.response.status_code", "error.type"])
        - set(metric.metadata["labels_changed"], true) where datapoint.attributes != datapoint.cache["sent"]
        - set(datapoint.explicit_bounds, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and (Len(datapoint.bucket_counts) != Len(datapoint.explicit_bounds) + 1 or IsMatch(Format("%v", [datapoint.explicit_bounds]), "Inf|NaN"))
        - set(datapoint.bucket_counts, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and Len(datapoint.explicit_bounds) == 0
      - context: metric
        statements:
        - aggregate_on_attributes("sum") where metric.metadata["labels_changed"] == true and (metric.type == METRIC_DATA_TYPE_SUM or metric.type == METRIC_DATA_TYPE_HISTOGRAM)
        - aggregate_on_attributes("mean") where metric.metadata["labels_changed"] == true and metric.type == METRIC_DATA_TYPE_GAUGE
        - delete_key(metric.metadata, "labels_changed")
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
      num_traces: 75000
      expected_new_traces_per_sec: 7500
      decision_cache:
        sampled_cache_size: 300000
        non_sampled_cache_size: 300000
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
    batch/sampled:
      timeout: 200ms
      send_batch_size: 4096
      send_batch_max_size: 4096
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
      aggregation_cardinality_limit: 5000
      metrics_flush_interval: 30s
      metrics_expiration: 30m
  exporters:
    load_balancing:
      routing_key: traceID
      timeout: 10s
      sending_queue:
        enabled: true
        sizer: bytes
        queue_size: 67108864
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
          compression: snappy
          tls:
            insecure: true
          sending_queue:
            enabled: false
          retry_on_failure:
            enabled: false
      resolver:
        k8s:
          service: otel-gateway-headless.dev-telemetry
          ports:
          - 14317
    otlp_grpc/tempo:
      endpoint: door-stage-dev.observability.svc:8080
      tls:
        insecure: true
      headers:
        X-Scope-OrgID: dev
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 536870912
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki:
      endpoint: http://door-stage-dev.observability.svc:8080/otlp
      headers:
        X-Scope-OrgID: dev
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 536870912
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/prometheus-0:
      endpoint: http://door-stage-dev.observability.svc:8080/prometheus-0/api/v1/otlp
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 536870912
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
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
        - batch/sampled
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

resource "helm_release" "release-otel-gateway-hml-telemetry" {
  atomic          = true
  chart           = "opentelemetry-collector"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.hml-telemetry,
    kubernetes_resource_quota_v1.hml-telemetry_quota,
    kubernetes_limit_range_v1.hml-telemetry_limit-range,
    kubernetes_network_policy_v1.hml-telemetry_deny-all,
    kubernetes_network_policy_v1.hml-telemetry_allow-dns,
    kubernetes_network_policy_v1.traffic-hml-telemetry_otel-gateway,
    kubernetes_network_policy_v1.traffic-hml-telemetry_prometheus,
    kubernetes_namespace_v1.hml,
    kubernetes_resource_quota_v1.hml_quota,
    kubernetes_limit_range_v1.hml_limit-range,
    kubernetes_network_policy_v1.hml_deny-all,
    kubernetes_network_policy_v1.hml_allow-dns,
    kubernetes_service_account_v1.hml_secrets-reader,
    kubernetes_network_policy_v1.traffic-hml_send-telemetry,
    kubernetes_network_policy_v1.traffic-hml_be-scraped,
    helm_release.release-kps,
    helm_release.release-loki,
    helm_release.release-tempo,
  ]
  max_history = 5
  name        = "otel-gateway"
  namespace   = "hml-telemetry"
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
  maxReplicas: 6
serviceMonitor:
  enabled: true
  extraLabels:
    release: kps
  metricsEndpoints:
  - port: metrics
    interval: 30s
    relabelings:
    - targetLabel: namespace
      replacement: hml
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
    cpu: 300m
    memory: 768Mi
  limits:
    cpu: '1'
    memory: 1536Mi
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
    sizeLimit: 3072Mi
extraManifests:
- apiVersion: v1
  kind: Service
  metadata:
    name: otel-gateway-headless
    namespace: hml-telemetry
  spec:
    clusterIP: None
    ports:
    - name: otlp-lb
      port: 14317
      targetPort: 14317
      protocol: TCP
    selector:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: otel-gateway
      component: standalone-collector
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: otel-gateway
    namespace: hml
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
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata:
    name: otel-gateway
    namespace: hml
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: Role
    name: otel-gateway
  subjects:
  - kind: ServiceAccount
    name: otel-gateway
    namespace: hml-telemetry
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: otel-gateway
    namespace: hml-telemetry
  rules:
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
    namespace: hml-telemetry
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: Role
    name: otel-gateway
  subjects:
  - kind: ServiceAccount
    name: otel-gateway
    namespace: hml-telemetry
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
          max_recv_msg_size_mib: 32
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
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|prd|dev-telemetry|hml-telemetry|prd-telemetry)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      - context: span
        statements:
        - delete_matching_keys(span.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      metric_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|prd|dev-telemetry|hml-telemetry|prd-telemetry)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      log_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|prd|dev-telemetry|hml-telemetry|prd-telemetry)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      - context: log
        statements:
        - delete_matching_keys(log.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
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
        value: obs-prd
        action: upsert
    transform/span_names:
      error_mode: ignore
      trace_statements:
      - context: span
        statements:
        - replace_pattern(span.name, "/(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+)", "/{id}")
        - set(span.name, Substring(span.name, 0, 128, true)) where Len(span.name) > 128
    transform/metric_labels:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - delete_matching_keys(resource.attributes, "^process[.](?:command|executable|owner|pid|parent_pid|working_directory).*")
      - context: datapoint
        statements:
        - set(datapoint.cache["sent"], datapoint.attributes)
        - keep_matching_keys(datapoint.attributes, "^(?:http[.](?:request[.]method|response[.]status_code|route|method|status_code|scheme|flavor)|url[.](?:scheme|template)|(?:server|net[.]host|net[.]peer)[.](?:address|name|port)|network[.](?:protocol[.]name|protocol[.]version|transport|type|io[.]direction)|peer[.]service|error[.]type|(?:type|state|status|device|direction|cpu|pool|pool[.]name|generation|action|cause|count)|(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag|jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore|app)[.].+)$")
        - delete_matching_keys(datapoint.attributes, "^(?:db[.](?:statement|query[.]text|user|connection_string)|messaging[.](?:message|conversation|client).*|messaging[.].*(?:offset|message_key|delivery_tag)|rpc[.].*metadata.*|rpc[.]jsonrpc[.]request_id|gen_ai[.].*(?:id|prompt|completion|message|input|output|instructions).*|graphql[.]document|faas[.](?:invocation_id|document.*|coldstart)|(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag|jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore|app)[.].*(?:user|customer|account|order|session|request|trace|span|message)[._]?id)$")
        - truncate_all(datapoint.attributes, 128)
        - limit(datapoint.attributes, 20, ["http.request.method", "http.route", "http.response.status_code", "error.type"])
        - set(metric.metadata["labels_changed"], true) where datapoint.attributes != datapoint.cache["sent"]
        - set(datapoint.explicit_bounds, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and (Len(datapoint.bucket_counts) != Len(datapoint.explicit_bounds) + 1 or IsMatch(Format("%v", [datapoint.explicit_bounds]), "Inf|NaN"))
        - set(datapoint.bucket_counts, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and Len(datapoint.explicit_bounds) == 0
      - context: metric
        statements:
        - aggregate_on_attributes("sum") where metric.metadata["labels_changed"] == true and (metric.type == METRIC_DATA_TYPE_SUM or metric.type == METRIC_DATA_TYPE_HISTOGRAM)
        - aggregate_on_attributes("mean") where metric.metadata["labels_changed"] == true and metric.type == METRIC_DATA_TYPE_GAUGE
        - delete_key(metric.metadata, "labels_changed")
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
      num_traces: 75000
      expected_new_traces_per_sec: 7500
      decision_cache:
        sampled_cache_size: 300000
        non_sampled_cache_size: 300000
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
    batch/sampled:
      timeout: 200ms
      send_batch_size: 4096
      send_batch_max_size: 4096
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
      aggregation_cardinality_limit: 5000
      metrics_flush_interval: 30s
      metrics_expiration: 30m
  exporters:
    load_balancing:
      routing_key: traceID
      timeout: 10s
      sending_queue:
        enabled: true
        sizer: bytes
        queue_size: 67108864
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
          compression: snappy
          tls:
            insecure: true
          sending_queue:
            enabled: false
          retry_on_failure:
            enabled: false
      resolver:
        k8s:
          service: otel-gateway-headless.hml-telemetry
          ports:
          - 14317
    otlp_grpc/tempo:
      endpoint: door-stage-hml.observability.svc:8080
      tls:
        insecure: true
      headers:
        X-Scope-OrgID: hml
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 536870912
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki:
      endpoint: http://door-stage-hml.observability.svc:8080/otlp
      headers:
        X-Scope-OrgID: hml
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 536870912
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/prometheus-0:
      endpoint: http://door-stage-hml.observability.svc:8080/prometheus-0/api/v1/otlp
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 536870912
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
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
        - batch/sampled
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

resource "helm_release" "release-otel-gateway-prd-telemetry" {
  atomic          = true
  chart           = "opentelemetry-collector"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.prd-telemetry,
    kubernetes_resource_quota_v1.prd-telemetry_quota,
    kubernetes_limit_range_v1.prd-telemetry_limit-range,
    kubernetes_network_policy_v1.prd-telemetry_deny-all,
    kubernetes_network_policy_v1.prd-telemetry_allow-dns,
    kubernetes_network_policy_v1.traffic-prd-telemetry_otel-gateway,
    kubernetes_network_policy_v1.traffic-prd-telemetry_prometheus,
    kubernetes_namespace_v1.prd,
    kubernetes_resource_quota_v1.prd_quota,
    kubernetes_limit_range_v1.prd_limit-range,
    kubernetes_network_policy_v1.prd_deny-all,
    kubernetes_network_policy_v1.prd_allow-dns,
    kubernetes_service_account_v1.prd_secrets-reader,
    kubernetes_network_policy_v1.traffic-prd_send-telemetry,
    kubernetes_network_policy_v1.traffic-prd_be-scraped,
    helm_release.release-kps,
    helm_release.release-loki,
    helm_release.release-tempo,
  ]
  max_history = 5
  name        = "otel-gateway"
  namespace   = "prd-telemetry"
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
  maxReplicas: 6
serviceMonitor:
  enabled: true
  extraLabels:
    release: kps
  metricsEndpoints:
  - port: metrics
    interval: 30s
    relabelings:
    - targetLabel: namespace
      replacement: prd
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
    cpu: 300m
    memory: 768Mi
  limits:
    cpu: '1'
    memory: 1536Mi
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
    sizeLimit: 3072Mi
extraManifests:
- apiVersion: v1
  kind: Service
  metadata:
    name: otel-gateway-headless
    namespace: prd-telemetry
  spec:
    clusterIP: None
    ports:
    - name: otlp-lb
      port: 14317
      targetPort: 14317
      protocol: TCP
    selector:
      app.kubernetes.io/name: opentelemetry-collector
      app.kubernetes.io/instance: otel-gateway
      component: standalone-collector
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: otel-gateway
    namespace: prd
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
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata:
    name: otel-gateway
    namespace: prd
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: Role
    name: otel-gateway
  subjects:
  - kind: ServiceAccount
    name: otel-gateway
    namespace: prd-telemetry
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata:
    name: otel-gateway
    namespace: prd-telemetry
  rules:
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
    namespace: prd-telemetry
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: Role
    name: otel-gateway
  subjects:
  - kind: ServiceAccount
    name: otel-gateway
    namespace: prd-telemetry
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
          max_recv_msg_size_mib: 32
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
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|hml|dev-telemetry|hml-telemetry|prd-telemetry)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      - context: span
        statements:
        - delete_matching_keys(span.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      metric_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|hml|dev-telemetry|hml-telemetry|prd-telemetry)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      log_statements:
      - context: resource
        statements:
        - replace_pattern(resource.attributes["service.name"], "/", "-")
        - replace_pattern(resource.attributes["service.namespace"], "/", "-")
        - delete_matching_keys(resource.attributes, "^(?:k8s|container|collector)[^0-9A-Za-z]+")
        - delete_matching_keys(resource.attributes, "^deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$")
        - delete_matching_keys(resource.attributes, "^service(?:[^.0-9A-Za-z]|[.][^0-9A-Za-z])[^0-9A-Za-z]*namespace$")
        - delete_key(resource.attributes, "service.namespace") where IsMatch(resource.attributes["service.namespace"], "^(?:observability|dev|hml|dev-telemetry|hml-telemetry|prd-telemetry)$")
      - context: scope
        statements:
        - delete_matching_keys(scope.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
      - context: log
        statements:
        - delete_matching_keys(log.attributes, "^(?:(?:k8s|collector)[^0-9A-Za-z]+|deployment[^0-9A-Za-z]+environment(?:[^0-9A-Za-z]+name)?$|service[^0-9A-Za-z]+namespace$)")
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
        value: obs-prd
        action: upsert
    transform/span_names:
      error_mode: ignore
      trace_statements:
      - context: span
        statements:
        - replace_pattern(span.name, "/(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+)", "/{id}")
        - set(span.name, Substring(span.name, 0, 128, true)) where Len(span.name) > 128
    transform/metric_labels:
      error_mode: ignore
      metric_statements:
      - context: resource
        statements:
        - delete_matching_keys(resource.attributes, "^process[.](?:command|executable|owner|pid|parent_pid|working_directory).*")
      - context: datapoint
        statements:
        - set(datapoint.cache["sent"], datapoint.attributes)
        - keep_matching_keys(datapoint.attributes, "^(?:http[.](?:request[.]method|response[.]status_code|route|method|status_code|scheme|flavor)|url[.](?:scheme|template)|(?:server|net[.]host|net[.]peer)[.](?:address|name|port)|network[.](?:protocol[.]name|protocol[.]version|transport|type|io[.]direction)|peer[.]service|error[.]type|(?:type|state|status|device|direction|cpu|pool|pool[.]name|generation|action|cause|count)|(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag|jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore|app)[.].+)$")
        - delete_matching_keys(datapoint.attributes, "^(?:db[.](?:statement|query[.]text|user|connection_string)|messaging[.](?:message|conversation|client).*|messaging[.].*(?:offset|message_key|delivery_tag)|rpc[.].*metadata.*|rpc[.]jsonrpc[.]request_id|gen_ai[.].*(?:id|prompt|completion|message|input|output|instructions).*|graphql[.]document|faas[.](?:invocation_id|document.*|coldstart)|(?:rpc|db|messaging|gen_ai|graphql|faas|feature_flag|jvm|process[.]runtime|nodejs|v8js|cpython|dotnet|go|system|cpu|disk|aspnetcore|app)[.].*(?:user|customer|account|order|session|request|trace|span|message)[._]?id)$")
        - truncate_all(datapoint.attributes, 128)
        - limit(datapoint.attributes, 20, ["http.request.method", "http.route", "http.response.status_code", "error.type"])
        - set(metric.metadata["labels_changed"], true) where datapoint.attributes != datapoint.cache["sent"]
        - set(datapoint.explicit_bounds, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and (Len(datapoint.bucket_counts) != Len(datapoint.explicit_bounds) + 1 or IsMatch(Format("%v", [datapoint.explicit_bounds]), "Inf|NaN"))
        - set(datapoint.bucket_counts, []) where metric.type == METRIC_DATA_TYPE_HISTOGRAM and Len(datapoint.explicit_bounds) == 0
      - context: metric
        statements:
        - aggregate_on_attributes("sum") where metric.metadata["labels_changed"] == true and (metric.type == METRIC_DATA_TYPE_SUM or metric.type == METRIC_DATA_TYPE_HISTOGRAM)
        - aggregate_on_attributes("mean") where metric.metadata["labels_changed"] == true and metric.type == METRIC_DATA_TYPE_GAUGE
        - delete_key(metric.metadata, "labels_changed")
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
      num_traces: 75000
      expected_new_traces_per_sec: 7500
      decision_cache:
        sampled_cache_size: 300000
        non_sampled_cache_size: 300000
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
          sampling_percentage: 10
    batch/sampled:
      timeout: 200ms
      send_batch_size: 4096
      send_batch_max_size: 4096
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
      aggregation_cardinality_limit: 5000
      metrics_flush_interval: 30s
      metrics_expiration: 30m
  exporters:
    load_balancing:
      routing_key: traceID
      timeout: 10s
      sending_queue:
        enabled: true
        sizer: bytes
        queue_size: 67108864
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
          compression: snappy
          tls:
            insecure: true
          sending_queue:
            enabled: false
          retry_on_failure:
            enabled: false
      resolver:
        k8s:
          service: otel-gateway-headless.prd-telemetry
          ports:
          - 14317
    otlp_grpc/tempo:
      endpoint: door-stage-prd.observability.svc:8080
      tls:
        insecure: true
      headers:
        X-Scope-OrgID: prd
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 536870912
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/loki:
      endpoint: http://door-stage-prd.observability.svc:8080/otlp
      headers:
        X-Scope-OrgID: prd
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 536870912
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
      retry_on_failure:
        enabled: true
        initial_interval: 5s
        max_interval: 30s
        max_elapsed_time: 6h
    otlp_http/prometheus-0:
      endpoint: http://door-stage-prd.observability.svc:8080/prometheus-0/api/v1/otlp
      timeout: 30s
      sending_queue:
        enabled: true
        storage: file_storage/queue
        sizer: bytes
        queue_size: 536870912
        num_consumers: 10
        block_on_overflow: false
        batch:
          flush_timeout: 2s
          sizer: bytes
          min_size: 1048576
          max_size: 3145728
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
        - batch/sampled
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

resource "helm_release" "release-prometheus-dev-telemetry" {
  atomic          = true
  chart           = "kube-prometheus-stack"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.dev-telemetry,
    kubernetes_resource_quota_v1.dev-telemetry_quota,
    kubernetes_limit_range_v1.dev-telemetry_limit-range,
    kubernetes_network_policy_v1.dev-telemetry_deny-all,
    kubernetes_network_policy_v1.dev-telemetry_allow-dns,
    kubernetes_network_policy_v1.traffic-dev-telemetry_otel-gateway,
    kubernetes_network_policy_v1.traffic-dev-telemetry_prometheus,
    kubernetes_namespace_v1.dev,
    kubernetes_resource_quota_v1.dev_quota,
    kubernetes_limit_range_v1.dev_limit-range,
    kubernetes_network_policy_v1.dev_deny-all,
    kubernetes_network_policy_v1.dev_allow-dns,
    kubernetes_service_account_v1.dev_secrets-reader,
    kubernetes_network_policy_v1.traffic-dev_send-telemetry,
    kubernetes_network_policy_v1.traffic-dev_be-scraped,
    helm_release.release-kps,
  ]
  max_history = 5
  name        = "prometheus"
  namespace   = "dev-telemetry"
  repository  = "https://prometheus-community.github.io/helm-charts"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: stage
alertmanager:
  enabled: false
grafana:
  enabled: false
kubeStateMetrics:
  enabled: false
nodeExporter:
  enabled: false
prometheusOperator:
  enabled: false
kubernetesServiceMonitors:
  enabled: false
defaultRules:
  create: false
global:
  rbac:
    create: false
prometheus:
  prometheusSpec:
    enableRemoteWriteReceiver: true
    ignoreNamespaceSelectors: true
    additionalConfig:
      arbitraryFSAccessThroughSMs:
        deny: true
    overrideHonorLabels: true
    overrideHonorTimestamps: true
    enforcedNamespaceLabel: deployment_environment_name
    enforcedTargetLimit: 500
    enforcedLabelLimit: 64
    enforcedLabelNameLengthLimit: 256
    enforcedLabelValueLengthLimit: 1024
    enforcedBodySizeLimit: 16MB
    enforcedKeepDroppedTargets: 100
    scrapeInterval: 30s
    evaluationInterval: 30s
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
              storage: 25Gi
    podAntiAffinity: hard
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
          memory: 96Mi
        limits:
          cpu: 300m
          memory: 256Mi
    replicas: 1
    externalLabels:
      cluster: obs-prd
      deployment_environment_name: dev
      namespace: dev
      k8s_namespace_name: dev
    replicaExternalLabelName: prometheus_replica
    retention: 4d
    retentionSize: 21760MiB
    resources:
      requests:
        cpu: 500m
        memory: 2Gi
      limits:
        cpu: '2'
        memory: 2Gi
    topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: DoNotSchedule
      labelSelector:
        matchLabels:
          app.kubernetes.io/name: prometheus
          operator.prometheus.io/name: stage
    nodeSelector:
      deployment.environment.name: observability
    serviceMonitorNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: dev
    podMonitorNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: dev
    probeNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: dev-telemetry
    scrapeConfigNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: dev-telemetry
    ruleNamespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        - dev
        - dev-telemetry
    excludedFromEnforcement:
    - group: monitoring.coreos.com
      resource: prometheusrules
      namespace: dev-telemetry
      name: stage-foundation
    enforcedSampleLimit: 30000
    additionalAlertManagerConfigs:
    - api_version: v2
      dns_sd_configs:
      - names:
        - alertmanager-operated.observability.svc.cluster.local
        type: A
        port: 9093
    additionalAlertRelabelConfigs:
    - target_label: deployment_environment_name
      replacement: dev
    - target_label: namespace
      replacement: dev
    - target_label: k8s_namespace_name
      replacement: dev
  serviceAccount:
    create: true
    name: stage-prometheus
  thanosService:
    enabled: true
  thanosServiceMonitor:
    enabled: true
    relabelings:
    - targetLabel: namespace
      replacement: dev
  podDisruptionBudget:
    enabled: false
    minAvailable: 1
  serviceMonitor:
    relabelings:
    - targetLabel: namespace
      replacement: dev
cleanPrometheusOperatorObjectNames: true
crds:
  enabled: false
additionalPrometheusRulesMap:
  foundation:
    groups:
    - name: slo-indicators
      rules:
      - record: namespace_service:requests:rate5m
        expr: sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[5m]))
      - record: namespace:slo_objective:ratio
        expr: vector(0.995)
        labels:
          deployment_environment_name: dev
          sli: availability
      - record: namespace:slo_objective:ratio
        expr: vector(0.95)
        labels:
          deployment_environment_name: dev
          sli: latency
      - record: namespace:slo_minimum_failures:count
        expr: vector(10)
        labels:
          deployment_environment_name: dev
      - record: namespace_service_sli:bad_requests:ratio_rate5m
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[5m])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[5m]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[5m])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate5m
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev", le="0.5"}[5m])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev"}[5m])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate30m
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[30m])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[30m]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[30m])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate30m
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev", le="0.5"}[30m])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev"}[30m])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate1h
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[1h])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[1h]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[1h])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate1h
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev", le="0.5"}[1h])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev"}[1h])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate6h
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[6h])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[6h]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[6h])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate6h
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev", le="0.5"}[6h])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev"}[6h])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate3d
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[3d])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[3d]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[3d])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate3d
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev", le="0.5"}[3d])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev"}[3d])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:increase1h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[1h]))
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:increase1h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev"}[1h])) - sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev", le="0.5"}[1h]))
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:increase6h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[6h]))
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:increase6h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev"}[6h])) - sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev", le="0.5"}[6h]))
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:increase3d
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[3d]))
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:increase3d
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev"}[3d])) - sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="dev", le="0.5"}[3d]))
        labels:
          sli: latency
    - name: slo-alerts
      rules:
      - alert: ServiceAvailabilityBurnFast
        expr: (namespace_service_sli:bad_requests:ratio_rate1h{sli="availability"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:ratio_rate5m{sli="availability"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:increase1h{sli="availability"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count) or (namespace_service_sli:bad_requests:ratio_rate6h{sli="availability"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:ratio_rate30m{sli="availability"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:increase6h{sli="availability"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 2m
        labels:
          severity: critical
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its availability budget fast'
          description: '{{ $value | humanizePercentage }} of its requests were answered with an error; over 6h at this pace at least 5 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceAvailabilityBurnFast.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceAvailabilityBurnSlow
        expr: (namespace_service_sli:bad_requests:ratio_rate3d{sli="availability"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:ratio_rate6h{sli="availability"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:increase3d{sli="availability"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its availability budget slowly'
          description: '{{ $value | humanizePercentage }} of its requests were answered with an error; over 3d at this pace at least 10 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceAvailabilityBurnSlow.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceLatencyBurnFast
        expr: (namespace_service_sli:bad_requests:ratio_rate1h{sli="latency"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:ratio_rate5m{sli="latency"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:increase1h{sli="latency"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count) or (namespace_service_sli:bad_requests:ratio_rate6h{sli="latency"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:ratio_rate30m{sli="latency"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:increase6h{sli="latency"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 2m
        labels:
          severity: critical
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its latency budget fast'
          description: '{{ $value | humanizePercentage }} of its requests were answered too slowly; over 6h at this pace at least 5 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceLatencyBurnFast.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceLatencyBurnSlow
        expr: (namespace_service_sli:bad_requests:ratio_rate3d{sli="latency"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:ratio_rate6h{sli="latency"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:increase3d{sli="latency"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its latency budget slowly'
          description: '{{ $value | humanizePercentage }} of its requests were answered too slowly; over 3d at this pace at least 10 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceLatencyBurnSlow.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceRouteErrorRateHigh
        expr: sum by (deployment_environment_name, service_name, http_route) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", http_route!="", deployment_environment_name=~"dev", status_code="STATUS_CODE_ERROR"}[10m])) / (sum by (deployment_environment_name, service_name, http_route) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", http_route!="", deployment_environment_name=~"dev"}[10m])) > 0.05) > 0.2
        for: 5m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.http_route }} of {{ $labels.service_name }} in {{ $labels.deployment_environment_name }} fails'
          description: '{{ $value | humanizePercentage }} of the requests to this route failed in ten minutes. The service as a whole may still look healthy.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceRouteErrorRateHigh.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
    - name: telemetry
      rules:
      - alert: ServiceTelemetryAbsent
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{deployment_environment_name=~"dev"}[1h] offset 1h)) > 0 unless on (deployment_environment_name, service_name) sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{deployment_environment_name=~"dev"}[30m])) > 0
        for: 10m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} sends no traces any more'
          description: It sent {{ $value | humanize }} spans in an hour, and none in the last half hour.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceTelemetryAbsent.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: SpanMetricsOverflow
        expr: sum by (deployment_environment_name) (increase(traces_span_metrics_calls_total{otel_metric_overflow="true"}[15m])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: The gateway of {{ $labels.deployment_environment_name }} cannot tell all routes apart any more
          description: '{{ $value | humanize }} spans were counted in the overflow series in 15 minutes.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/SpanMetricsOverflow.md
          dashboard_url: https://grafana.example.com/d/cost-cardinality
extraManifests:
  role:
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: stage-prometheus
      namespace: dev
    rules:
    - apiGroups:
      - ''
      resources:
      - endpoints
      - pods
      - services
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
  role-binding:
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: stage-prometheus
      namespace: dev
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: stage-prometheus
    subjects:
    - kind: ServiceAccount
      name: stage-prometheus
      namespace: dev-telemetry
EOT
    ,
    <<EOT
prometheus:
  serviceAccount:
    annotations:
      eks.amazonaws.com/role-arn: ${data.terraform_remote_state.storage.outputs.stage_prometheus_role_arns["dev"]}
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

resource "helm_release" "release-prometheus-hml-telemetry" {
  atomic          = true
  chart           = "kube-prometheus-stack"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.hml-telemetry,
    kubernetes_resource_quota_v1.hml-telemetry_quota,
    kubernetes_limit_range_v1.hml-telemetry_limit-range,
    kubernetes_network_policy_v1.hml-telemetry_deny-all,
    kubernetes_network_policy_v1.hml-telemetry_allow-dns,
    kubernetes_network_policy_v1.traffic-hml-telemetry_otel-gateway,
    kubernetes_network_policy_v1.traffic-hml-telemetry_prometheus,
    kubernetes_namespace_v1.hml,
    kubernetes_resource_quota_v1.hml_quota,
    kubernetes_limit_range_v1.hml_limit-range,
    kubernetes_network_policy_v1.hml_deny-all,
    kubernetes_network_policy_v1.hml_allow-dns,
    kubernetes_service_account_v1.hml_secrets-reader,
    kubernetes_network_policy_v1.traffic-hml_send-telemetry,
    kubernetes_network_policy_v1.traffic-hml_be-scraped,
    helm_release.release-kps,
  ]
  max_history = 5
  name        = "prometheus"
  namespace   = "hml-telemetry"
  repository  = "https://prometheus-community.github.io/helm-charts"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: stage
alertmanager:
  enabled: false
grafana:
  enabled: false
kubeStateMetrics:
  enabled: false
nodeExporter:
  enabled: false
prometheusOperator:
  enabled: false
kubernetesServiceMonitors:
  enabled: false
defaultRules:
  create: false
global:
  rbac:
    create: false
prometheus:
  prometheusSpec:
    enableRemoteWriteReceiver: true
    ignoreNamespaceSelectors: true
    additionalConfig:
      arbitraryFSAccessThroughSMs:
        deny: true
    overrideHonorLabels: true
    overrideHonorTimestamps: true
    enforcedNamespaceLabel: deployment_environment_name
    enforcedTargetLimit: 500
    enforcedLabelLimit: 64
    enforcedLabelNameLengthLimit: 256
    enforcedLabelValueLengthLimit: 1024
    enforcedBodySizeLimit: 16MB
    enforcedKeepDroppedTargets: 100
    scrapeInterval: 30s
    evaluationInterval: 30s
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
              storage: 25Gi
    podAntiAffinity: hard
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
          memory: 96Mi
        limits:
          cpu: 300m
          memory: 256Mi
    replicas: 1
    externalLabels:
      cluster: obs-prd
      deployment_environment_name: hml
      namespace: hml
      k8s_namespace_name: hml
    replicaExternalLabelName: prometheus_replica
    retention: 4d
    retentionSize: 21760MiB
    resources:
      requests:
        cpu: 500m
        memory: 2Gi
      limits:
        cpu: '2'
        memory: 2Gi
    topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: DoNotSchedule
      labelSelector:
        matchLabels:
          app.kubernetes.io/name: prometheus
          operator.prometheus.io/name: stage
    nodeSelector:
      deployment.environment.name: observability
    serviceMonitorNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: hml
    podMonitorNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: hml
    probeNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: hml-telemetry
    scrapeConfigNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: hml-telemetry
    ruleNamespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        - hml
        - hml-telemetry
    excludedFromEnforcement:
    - group: monitoring.coreos.com
      resource: prometheusrules
      namespace: hml-telemetry
      name: stage-foundation
    enforcedSampleLimit: 30000
    additionalAlertManagerConfigs:
    - api_version: v2
      dns_sd_configs:
      - names:
        - alertmanager-operated.observability.svc.cluster.local
        type: A
        port: 9093
    additionalAlertRelabelConfigs:
    - target_label: deployment_environment_name
      replacement: hml
    - target_label: namespace
      replacement: hml
    - target_label: k8s_namespace_name
      replacement: hml
  serviceAccount:
    create: true
    name: stage-prometheus
  thanosService:
    enabled: true
  thanosServiceMonitor:
    enabled: true
    relabelings:
    - targetLabel: namespace
      replacement: hml
  podDisruptionBudget:
    enabled: false
    minAvailable: 1
  serviceMonitor:
    relabelings:
    - targetLabel: namespace
      replacement: hml
cleanPrometheusOperatorObjectNames: true
crds:
  enabled: false
additionalPrometheusRulesMap:
  foundation:
    groups:
    - name: slo-indicators
      rules:
      - record: namespace_service:requests:rate5m
        expr: sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[5m]))
      - record: namespace:slo_objective:ratio
        expr: vector(0.99)
        labels:
          deployment_environment_name: hml
          sli: availability
      - record: namespace:slo_objective:ratio
        expr: vector(0.95)
        labels:
          deployment_environment_name: hml
          sli: latency
      - record: namespace:slo_minimum_failures:count
        expr: vector(10)
        labels:
          deployment_environment_name: hml
      - record: namespace_service_sli:bad_requests:ratio_rate5m
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[5m])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[5m]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[5m])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate5m
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml", le="0.5"}[5m])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml"}[5m])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate30m
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[30m])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[30m]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[30m])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate30m
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml", le="0.5"}[30m])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml"}[30m])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate1h
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[1h])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[1h]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[1h])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate1h
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml", le="0.5"}[1h])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml"}[1h])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate6h
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[6h])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[6h]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[6h])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate6h
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml", le="0.5"}[6h])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml"}[6h])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate3d
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[3d])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[3d]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[3d])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate3d
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml", le="0.5"}[3d])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml"}[3d])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:increase1h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[1h]))
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:increase1h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml"}[1h])) - sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml", le="0.5"}[1h]))
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:increase6h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[6h]))
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:increase6h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml"}[6h])) - sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml", le="0.5"}[6h]))
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:increase3d
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[3d]))
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:increase3d
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml"}[3d])) - sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="hml", le="0.5"}[3d]))
        labels:
          sli: latency
    - name: slo-alerts
      rules:
      - alert: ServiceAvailabilityBurnFast
        expr: (namespace_service_sli:bad_requests:ratio_rate1h{sli="availability"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:ratio_rate5m{sli="availability"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:increase1h{sli="availability"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count) or (namespace_service_sli:bad_requests:ratio_rate6h{sli="availability"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:ratio_rate30m{sli="availability"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:increase6h{sli="availability"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 2m
        labels:
          severity: critical
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its availability budget fast'
          description: '{{ $value | humanizePercentage }} of its requests were answered with an error; over 6h at this pace at least 5 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceAvailabilityBurnFast.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceAvailabilityBurnSlow
        expr: (namespace_service_sli:bad_requests:ratio_rate3d{sli="availability"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:ratio_rate6h{sli="availability"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:increase3d{sli="availability"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its availability budget slowly'
          description: '{{ $value | humanizePercentage }} of its requests were answered with an error; over 3d at this pace at least 10 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceAvailabilityBurnSlow.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceLatencyBurnFast
        expr: (namespace_service_sli:bad_requests:ratio_rate1h{sli="latency"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:ratio_rate5m{sli="latency"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:increase1h{sli="latency"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count) or (namespace_service_sli:bad_requests:ratio_rate6h{sli="latency"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:ratio_rate30m{sli="latency"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:increase6h{sli="latency"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 2m
        labels:
          severity: critical
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its latency budget fast'
          description: '{{ $value | humanizePercentage }} of its requests were answered too slowly; over 6h at this pace at least 5 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceLatencyBurnFast.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceLatencyBurnSlow
        expr: (namespace_service_sli:bad_requests:ratio_rate3d{sli="latency"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:ratio_rate6h{sli="latency"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:increase3d{sli="latency"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its latency budget slowly'
          description: '{{ $value | humanizePercentage }} of its requests were answered too slowly; over 3d at this pace at least 10 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceLatencyBurnSlow.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceRouteErrorRateHigh
        expr: sum by (deployment_environment_name, service_name, http_route) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", http_route!="", deployment_environment_name=~"hml", status_code="STATUS_CODE_ERROR"}[10m])) / (sum by (deployment_environment_name, service_name, http_route) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", http_route!="", deployment_environment_name=~"hml"}[10m])) > 0.05) > 0.2
        for: 5m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.http_route }} of {{ $labels.service_name }} in {{ $labels.deployment_environment_name }} fails'
          description: '{{ $value | humanizePercentage }} of the requests to this route failed in ten minutes. The service as a whole may still look healthy.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceRouteErrorRateHigh.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
    - name: telemetry
      rules:
      - alert: ServiceTelemetryAbsent
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{deployment_environment_name=~"hml"}[1h] offset 1h)) > 0 unless on (deployment_environment_name, service_name) sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{deployment_environment_name=~"hml"}[30m])) > 0
        for: 10m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} sends no traces any more'
          description: It sent {{ $value | humanize }} spans in an hour, and none in the last half hour.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceTelemetryAbsent.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: SpanMetricsOverflow
        expr: sum by (deployment_environment_name) (increase(traces_span_metrics_calls_total{otel_metric_overflow="true"}[15m])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: The gateway of {{ $labels.deployment_environment_name }} cannot tell all routes apart any more
          description: '{{ $value | humanize }} spans were counted in the overflow series in 15 minutes.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/SpanMetricsOverflow.md
          dashboard_url: https://grafana.example.com/d/cost-cardinality
extraManifests:
  role:
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: stage-prometheus
      namespace: hml
    rules:
    - apiGroups:
      - ''
      resources:
      - endpoints
      - pods
      - services
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
  role-binding:
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: stage-prometheus
      namespace: hml
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: stage-prometheus
    subjects:
    - kind: ServiceAccount
      name: stage-prometheus
      namespace: hml-telemetry
EOT
    ,
    <<EOT
prometheus:
  serviceAccount:
    annotations:
      eks.amazonaws.com/role-arn: ${data.terraform_remote_state.storage.outputs.stage_prometheus_role_arns["hml"]}
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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

resource "helm_release" "release-prometheus-prd-telemetry" {
  atomic          = true
  chart           = "kube-prometheus-stack"
  cleanup_on_fail = true
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.prd-telemetry,
    kubernetes_resource_quota_v1.prd-telemetry_quota,
    kubernetes_limit_range_v1.prd-telemetry_limit-range,
    kubernetes_network_policy_v1.prd-telemetry_deny-all,
    kubernetes_network_policy_v1.prd-telemetry_allow-dns,
    kubernetes_network_policy_v1.traffic-prd-telemetry_otel-gateway,
    kubernetes_network_policy_v1.traffic-prd-telemetry_prometheus,
    kubernetes_namespace_v1.prd,
    kubernetes_resource_quota_v1.prd_quota,
    kubernetes_limit_range_v1.prd_limit-range,
    kubernetes_network_policy_v1.prd_deny-all,
    kubernetes_network_policy_v1.prd_allow-dns,
    kubernetes_service_account_v1.prd_secrets-reader,
    kubernetes_network_policy_v1.traffic-prd_send-telemetry,
    kubernetes_network_policy_v1.traffic-prd_be-scraped,
    helm_release.release-kps,
  ]
  max_history = 5
  name        = "prometheus"
  namespace   = "prd-telemetry"
  repository  = "https://prometheus-community.github.io/helm-charts"
  timeout     = 600
  values = [
    <<EOT
fullnameOverride: stage
alertmanager:
  enabled: false
grafana:
  enabled: false
kubeStateMetrics:
  enabled: false
nodeExporter:
  enabled: false
prometheusOperator:
  enabled: false
kubernetesServiceMonitors:
  enabled: false
defaultRules:
  create: false
global:
  rbac:
    create: false
prometheus:
  prometheusSpec:
    enableRemoteWriteReceiver: true
    ignoreNamespaceSelectors: true
    additionalConfig:
      arbitraryFSAccessThroughSMs:
        deny: true
    overrideHonorLabels: true
    overrideHonorTimestamps: true
    enforcedNamespaceLabel: deployment_environment_name
    enforcedTargetLimit: 500
    enforcedLabelLimit: 64
    enforcedLabelNameLengthLimit: 256
    enforcedLabelValueLengthLimit: 1024
    enforcedBodySizeLimit: 16MB
    enforcedKeepDroppedTargets: 100
    scrapeInterval: 30s
    evaluationInterval: 30s
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
              storage: 25Gi
    podAntiAffinity: hard
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
          memory: 96Mi
        limits:
          cpu: 300m
          memory: 256Mi
    replicas: 1
    externalLabels:
      cluster: obs-prd
      deployment_environment_name: prd
      namespace: prd
      k8s_namespace_name: prd
    replicaExternalLabelName: prometheus_replica
    retention: 4d
    retentionSize: 21760MiB
    resources:
      requests:
        cpu: 500m
        memory: 2Gi
      limits:
        cpu: '2'
        memory: 2Gi
    topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: DoNotSchedule
      labelSelector:
        matchLabels:
          app.kubernetes.io/name: prometheus
          operator.prometheus.io/name: stage
    nodeSelector:
      deployment.environment.name: observability
    serviceMonitorNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: prd
    podMonitorNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: prd
    probeNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: prd-telemetry
    scrapeConfigNamespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: prd-telemetry
    ruleNamespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        - prd
        - prd-telemetry
    excludedFromEnforcement:
    - group: monitoring.coreos.com
      resource: prometheusrules
      namespace: prd-telemetry
      name: stage-foundation
    enforcedSampleLimit: 30000
    additionalAlertManagerConfigs:
    - api_version: v2
      dns_sd_configs:
      - names:
        - alertmanager-operated.observability.svc.cluster.local
        type: A
        port: 9093
    additionalAlertRelabelConfigs:
    - target_label: deployment_environment_name
      replacement: prd
    - target_label: namespace
      replacement: prd
    - target_label: k8s_namespace_name
      replacement: prd
  serviceAccount:
    create: true
    name: stage-prometheus
  thanosService:
    enabled: true
  thanosServiceMonitor:
    enabled: true
    relabelings:
    - targetLabel: namespace
      replacement: prd
  podDisruptionBudget:
    enabled: false
    minAvailable: 1
  serviceMonitor:
    relabelings:
    - targetLabel: namespace
      replacement: prd
cleanPrometheusOperatorObjectNames: true
crds:
  enabled: false
additionalPrometheusRulesMap:
  foundation:
    groups:
    - name: slo-indicators
      rules:
      - record: namespace_service:requests:rate5m
        expr: sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[5m]))
      - record: namespace:slo_objective:ratio
        expr: vector(0.999)
        labels:
          deployment_environment_name: prd
          sli: availability
      - record: namespace:slo_objective:ratio
        expr: vector(0.99)
        labels:
          deployment_environment_name: prd
          sli: latency
      - record: namespace:slo_minimum_failures:count
        expr: vector(10)
        labels:
          deployment_environment_name: prd
      - record: namespace_service_sli:bad_requests:ratio_rate5m
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[5m])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[5m]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[5m])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate5m
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd", le="0.5"}[5m])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd"}[5m])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate30m
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[30m])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[30m]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[30m])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate30m
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd", le="0.5"}[30m])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd"}[30m])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate1h
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[1h])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[1h]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[1h])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate1h
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd", le="0.5"}[1h])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd"}[1h])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate6h
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[6h])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[6h]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[6h])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate6h
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd", le="0.5"}[6h])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd"}[6h])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:ratio_rate3d
        expr: (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[3d])) or 0 * sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[3d]))) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}[3d])) > 0)
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:ratio_rate3d
        expr: 1 - sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd", le="0.5"}[3d])) / (sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd"}[3d])) > 0)
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:increase1h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[1h]))
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:increase1h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd"}[1h])) - sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd", le="0.5"}[1h]))
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:increase6h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[6h]))
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:increase6h
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd"}[6h])) - sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd", le="0.5"}[6h]))
        labels:
          sli: latency
      - record: namespace_service_sli:bad_requests:increase3d
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", status_code="STATUS_CODE_ERROR"}[3d]))
        labels:
          sli: availability
      - record: namespace_service_sli:bad_requests:increase3d
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_count{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd"}[3d])) - sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_duration_seconds_bucket{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", deployment_environment_name="prd", le="0.5"}[3d]))
        labels:
          sli: latency
    - name: slo-alerts
      rules:
      - alert: ServiceAvailabilityBurnFast
        expr: (namespace_service_sli:bad_requests:ratio_rate1h{sli="availability"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:ratio_rate5m{sli="availability"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:increase1h{sli="availability"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count) or (namespace_service_sli:bad_requests:ratio_rate6h{sli="availability"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:ratio_rate30m{sli="availability"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:increase6h{sli="availability"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 2m
        labels:
          severity: critical
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: '{{ if eq $labels.deployment_environment_name "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its availability budget fast'
          description: '{{ $value | humanizePercentage }} of its requests were answered with an error; over 6h at this pace at least 5 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceAvailabilityBurnFast.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceAvailabilityBurnSlow
        expr: (namespace_service_sli:bad_requests:ratio_rate3d{sli="availability"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:ratio_rate6h{sli="availability"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="availability"})) and namespace_service_sli:bad_requests:increase3d{sli="availability"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: '{{ if eq $labels.deployment_environment_name "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its availability budget slowly'
          description: '{{ $value | humanizePercentage }} of its requests were answered with an error; over 3d at this pace at least 10 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceAvailabilityBurnSlow.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceLatencyBurnFast
        expr: (namespace_service_sli:bad_requests:ratio_rate1h{sli="latency"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:ratio_rate5m{sli="latency"} > on (deployment_environment_name, sli) group_left () (14.4 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:increase1h{sli="latency"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count) or (namespace_service_sli:bad_requests:ratio_rate6h{sli="latency"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:ratio_rate30m{sli="latency"} > on (deployment_environment_name, sli) group_left () (6 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:increase6h{sli="latency"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 2m
        labels:
          severity: critical
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: '{{ if eq $labels.deployment_environment_name "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its latency budget fast'
          description: '{{ $value | humanizePercentage }} of its requests were answered too slowly; over 6h at this pace at least 5 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceLatencyBurnFast.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceLatencyBurnSlow
        expr: (namespace_service_sli:bad_requests:ratio_rate3d{sli="latency"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:ratio_rate6h{sli="latency"} > on (deployment_environment_name, sli) group_left () (1 * (1 - namespace:slo_objective:ratio{sli="latency"})) and namespace_service_sli:bad_requests:increase3d{sli="latency"} >= on (deployment_environment_name) group_left () namespace:slo_minimum_failures:count)
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: '{{ if eq $labels.deployment_environment_name "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} uses up its latency budget slowly'
          description: '{{ $value | humanizePercentage }} of its requests were answered too slowly; over 3d at this pace at least 10 % of the budget of 30 days are gone.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceLatencyBurnSlow.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: ServiceRouteErrorRateHigh
        expr: sum by (deployment_environment_name, service_name, http_route) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", http_route!="", deployment_environment_name=~"prd", status_code="STATUS_CODE_ERROR"}[10m])) / (sum by (deployment_environment_name, service_name, http_route) (rate(traces_span_metrics_calls_total{span_kind=~"SPAN_KIND_(SERVER|CONSUMER)", http_route!="", deployment_environment_name=~"prd"}[10m])) > 0.05) > 0.2
        for: 5m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: '{{ if eq $labels.deployment_environment_name "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.http_route }} of {{ $labels.service_name }} in {{ $labels.deployment_environment_name }} fails'
          description: '{{ $value | humanizePercentage }} of the requests to this route failed in ten minutes. The service as a whole may still look healthy.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceRouteErrorRateHigh.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
    - name: telemetry
      rules:
      - alert: ServiceTelemetryAbsent
        expr: sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{deployment_environment_name=~"prd"}[1h] offset 1h)) > 0 unless on (deployment_environment_name, service_name) sum by (deployment_environment_name, service_name) (increase(traces_span_metrics_calls_total{deployment_environment_name=~"prd"}[30m])) > 0
        for: 10m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: '{{ if eq $labels.deployment_environment_name "prd" }}product-teams{{ else }}platform-team{{ end }}'
        annotations:
          summary: '{{ $labels.service_name }} in {{ $labels.deployment_environment_name }} sends no traces any more'
          description: It sent {{ $value | humanize }} spans in an hour, and none in the last half hour.
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/ServiceTelemetryAbsent.md
          dashboard_url: https://grafana.example.com/d/service-golden-signals?var-namespace={{ $labels.deployment_environment_name | urlquery | reReplaceAll "[+]" "%20" }}&var-service={{ $labels.service_name | urlquery | reReplaceAll "[+]" "%20" }}
      - alert: SpanMetricsOverflow
        expr: sum by (deployment_environment_name) (increase(traces_span_metrics_calls_total{otel_metric_overflow="true"}[15m])) > 0
        for: 15m
        labels:
          severity: warning
          namespace: '{{ $labels.deployment_environment_name }}'
          owner: platform-team
        annotations:
          summary: The gateway of {{ $labels.deployment_environment_name }} cannot tell all routes apart any more
          description: '{{ $value | humanize }} spans were counted in the overflow series in 15 minutes.'
          runbook_url: https://github.com/example/eks-observability-foundation/blob/main/docs/runbooks/alerts/SpanMetricsOverflow.md
          dashboard_url: https://grafana.example.com/d/cost-cardinality
extraManifests:
  role:
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: stage-prometheus
      namespace: prd
    rules:
    - apiGroups:
      - ''
      resources:
      - endpoints
      - pods
      - services
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
  role-binding:
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: stage-prometheus
      namespace: prd
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: stage-prometheus
    subjects:
    - kind: ServiceAccount
      name: stage-prometheus
      namespace: prd-telemetry
EOT
    ,
    <<EOT
prometheus:
  serviceAccount:
    annotations:
      eks.amazonaws.com/role-arn: ${data.terraform_remote_state.storage.outputs.stage_prometheus_role_arns["prd"]}
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
      - url: http://door-tempo.observability.svc:8080/prometheus-0/api/v1/write
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
        k8s_cluster_name: obs-prd
      inject_tenant_id_as: deployment_environment_name
  resources:
    requests:
      cpu: 500m
      memory: 2Gi
    limits:
      cpu: '3'
      memory: 4Gi
  retention: 168h
  queryFrontend:
    search:
      max_duration: 336h
  overrides:
    defaults:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 15000000
        burst_size_bytes: 30000000
        max_traces_per_user: 50000
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
        max_active_series: 50000
  per_tenant_overrides:
    observability:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 15000000
        burst_size_bytes: 30000000
        max_traces_per_user: 50000
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
        max_active_series: 50000
    dev:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 15000000
        burst_size_bytes: 30000000
        max_traces_per_user: 50000
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
        max_active_series: 50000
    hml:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 15000000
        burst_size_bytes: 30000000
        max_traces_per_user: 50000
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
        max_active_series: 50000
    prd:
      ingestion:
        rate_strategy: local
        rate_limit_bytes: 15000000
        burst_size_bytes: 30000000
        max_traces_per_user: 50000
      read:
        max_bytes_per_tag_values_query: 5000000
      global:
        max_bytes_per_trace: 10000000
      compaction:
        block_retention: 336h
      metrics_generator:
        processors:
        - service-graphs
        trace_id_label_name: trace_id
        max_active_series: 50000
securityContext:
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
persistence:
  enabled: true
  size: 30Gi
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    cpu: 50m
    memory: 256Mi
  limits:
    cpu: '1'
    memory: 1Gi
serviceAccount:
  server:
    name: velero
configuration:
  defaultBackupTTL: 720h0m0s
  volumeSnapshotLocation:
  - name: default
    provider: velero.io/aws
    config:
      region: us-east-1
schedules:
  stages:
    schedule: 0 3 * * *
    template:
      ttl: 720h0m0s
      includedNamespaces:
      - dev
      - hml
      - prd
      snapshotVolumes: true
  observability:
    schedule: 30 3 * * *
    template:
      ttl: 720h0m0s
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

resource "kubernetes_config_map_v1" "dashboard-cost-cardinality" {
  data = {
    "cost-cardinality.json" = jsonencode({
      schemaVersion = 41
      templating    = {}
      annotations   = {}
      uid           = "cost-cardinality"
      title         = "Cost and cardinality"
      description   = "What drives the bill: series (memory of Prometheus), bytes a day (buckets), and the top talkers of each. Compare with docs/operations/capacity.md."
      tags          = ["cost", "cardinality"]
      timezone      = "browser"
      editable      = false
      graphTooltip  = 1
      time = {
        from = "now-24h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "A day"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "max by (namespace) (prometheus_tsdb_head_series{namespace=\"observability\"}) / 150000 or max by (namespace) (prometheus_tsdb_head_series{namespace!=\"observability\"}) / 300000"
              refId        = "A"
              legendFormat = "{{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Share of its series used"
          description = "Of the 300,000 series of each stage, and the 150,000 of the platform (observability). Above 80 %: find the top talkers below, or take the next size. Much above 100 %, the Prometheus of that stage runs out of memory."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 6
            x = 0
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 1
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(rate(prometheus_tsdb_head_samples_appended_total[1h])) * 172800"
              refId        = "A"
              legendFormat = "metrics"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Metrics a day"
          description = "Samples times two bytes: the upper end of what Prometheus' documentation says."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 6
            x = 6
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(rate(loki_distributor_bytes_received_total[1h])) * 86400"
              refId        = "A"
              legendFormat = "logs"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Logs a day"
          description = "Before compression, at the rate of the last hour."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 6
            x = 12
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(rate(tempo_distributor_bytes_received_total[1h])) * 86400"
              refId        = "A"
              legendFormat = "traces"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Traces a day"
          description = "After sampling and before compression, at the rate of the last hour."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 6
            x = 18
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 5
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (tenant) (rate(loki_distributor_bytes_received_total[1h])) * 86400"
              refId        = "A"
              legendFormat = "{{tenant}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Logs a day by namespace"
          description = "GB a day if it went on like this. A step: a debug level that stayed on?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 5
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 30
                showPoints  = "never"
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (tenant) (rate(tempo_distributor_bytes_received_total[1h])) * 86400"
              refId        = "A"
              legendFormat = "{{tenant}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Traces a day by namespace"
          description = "GB a day after sampling. Less: lower sampling_percentage in the settings; errors and slow traces stay."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 5
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 30
                showPoints  = "never"
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type      = "row"
          collapsed = false
          id        = 8
          panels    = []
          title     = "Series"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 13
          }
        },
        {
          type = "bargauge"
          targets = [
            {
              expr         = "topk(20, count by (__name__) ({__name__=~\".+\"}))"
              refId        = "A"
              instant      = true
              range        = false
              legendFormat = "{{__name__}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Series by metric"
          description = "The twenty largest. A histogram has a series for each bucket: fewer routes, or fewer labels."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 14
          }
          repeatDirection = "h"
          options = {
            displayMode   = "basic"
            valueMode     = "color"
            namePlacement = "auto"
            showUnfilled  = true
            sizing        = "auto"
            minVizWidth   = 8
            minVizHeight  = 16
            legend = {
              displayMode = "list"
              placement   = "bottom"
              showLegend  = false
              calcs       = []
            }
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            maxVizHeight = 300
            orientation  = "horizontal"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 9
        },
        {
          type = "bargauge"
          targets = [
            {
              expr         = "topk(20, count by (namespace) ({__name__=~\".+\", namespace!=\"\"}))"
              refId        = "A"
              instant      = true
              range        = false
              legendFormat = "{{namespace}}, scraped"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "topk(20, count by (deployment_environment_name) ({__name__=~\".+\", deployment_environment_name!=\"\"}))"
              refId        = "B"
              instant      = true
              range        = false
              legendFormat = "{{deployment_environment_name}}, pushed"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Series by namespace"
          description = "Scraped: by the namespace of what was scraped. Pushed: by the stage of whose gateway it came. Who grows without having grown?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 14
          }
          repeatDirection = "h"
          options = {
            displayMode   = "basic"
            valueMode     = "color"
            namePlacement = "auto"
            showUnfilled  = true
            sizing        = "auto"
            minVizWidth   = 8
            minVizHeight  = 16
            legend = {
              displayMode = "list"
              placement   = "bottom"
              showLegend  = false
              calcs       = []
            }
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            maxVizHeight = 300
            orientation  = "horizontal"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 10
        },
        {
          type = "bargauge"
          targets = [
            {
              expr         = "topk(20, count by (deployment_environment_name, service_name) ({__name__=~\".+\", deployment_environment_name!=\"\", service_name!=\"\"}))"
              refId        = "A"
              instant      = true
              range        = false
              legendFormat = "{{deployment_environment_name}} {{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Series of applications by service"
          description = "What comes by OTLP, by stage and service: the largest twenty."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 22
          }
          repeatDirection = "h"
          options = {
            displayMode   = "basic"
            valueMode     = "color"
            namePlacement = "auto"
            showUnfilled  = true
            sizing        = "auto"
            minVizWidth   = 8
            minVizHeight  = 16
            legend = {
              displayMode = "list"
              placement   = "bottom"
              showLegend  = false
              calcs       = []
            }
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            maxVizHeight = 300
            orientation  = "horizontal"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 11
        },
        {
          type = "bargauge"
          targets = [
            {
              expr         = "topk(20, sum by (job) (scrape_samples_post_metric_relabeling))"
              refId        = "A"
              instant      = true
              range        = false
              legendFormat = "{{job}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Samples by scrape job"
          description = "Of one scrape of all targets. Each costs memory, every 30 seconds a sample."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 22
          }
          repeatDirection = "h"
          options = {
            displayMode   = "basic"
            valueMode     = "color"
            namePlacement = "auto"
            showUnfilled  = true
            sizing        = "auto"
            minVizWidth   = 8
            minVizHeight  = 16
            legend = {
              displayMode = "list"
              placement   = "bottom"
              showLegend  = false
              calcs       = []
            }
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            maxVizHeight = 300
            orientation  = "horizontal"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 12
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "count by (deployment_environment_name, service_name) (traces_span_metrics_duration_seconds_bucket)"
              refId        = "A"
              legendFormat = "{{deployment_environment_name}} {{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Series of span metrics by service"
          description = "Routes × methods × status codes × buckets. A jump: a route with an id in its name."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 30
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 13
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (deployment_environment_name) (rate(traces_span_metrics_calls_total{otel_metric_overflow=\"true\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{deployment_environment_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests beyond the gateway's bound of series"
          description = "Counted in one series with otel_metric_overflow. Above 0: routes cannot be told apart any more; find the service at the left."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 30
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 14
        },
        {
          type      = "row"
          collapsed = false
          id        = 15
          panels    = []
          title     = "Top talkers"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 38
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "topk(10, sum by (deployment_environment_name, service_name) (rate(traces_span_metrics_calls_total[$__rate_interval])))"
              refId        = "A"
              legendFormat = "{{deployment_environment_name}} {{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Spans by service"
          description = "Spans per second before sampling; the ten largest. Many for each request: too much automatic instrumentation."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 39
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 16
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (tenant) (rate(loki_distributor_lines_received_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{tenant}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Log lines by namespace"
          description = "Lines per second. Which service: Logs, bytes by container."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 39
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 17
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    annotations = {
      grafana_folder = "Observability"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-cost-cardinality"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-dev-overview" {
  data = {
    "dev-overview.json" = jsonencode({
      schemaVersion = 41
      templating    = {}
      annotations   = {}
      uid           = "dev-overview"
      title         = "dev overview"
      description   = "What runs in dev and how it does. A click on a service opens its golden signals."
      tags          = ["namespace", "dev"]
      timezone      = "browser"
      editable      = false
      graphTooltip  = 1
      time = {
        from = "now-1h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "At a glance"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests"
          description = "Requests per second of all services. 0: does the gateway receive anything (Pipeline)?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 0
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "(sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval]))) / (sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors"
          description = "Share of failed requests of all services. Above 1 %: the table below says whose."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 4
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "percentunit"
              decimals = 2
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval])))"
              refId        = "A"
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "p95 latency"
          description = "One request in twenty of all services takes longer; a mixture, so look at each below."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 8
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "count(ALERTS{namespace=~\"dev|dev-telemetry\", alertstate=\"firing\", severity=~\"critical|warning\"}) or vector(0)"
              refId        = "A"
              legendFormat = "alerts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Alerts firing"
          description = "Alerts of this namespace that fire, without those that only inform. Open them in Alerting; each links to its runbook."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 12
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 5
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 5
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(kube_pod_status_phase{namespace=\"dev\", phase=~\"Pending|Failed|Unknown\"}) or vector(0)"
              refId        = "A"
              legendFormat = "pods"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Pods not running"
          description = "Pods that wait, failed or are unknown. `kubectl get pods` and `kubectl describe pod` say why."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 16
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 3
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(increase(kube_pod_container_status_restarts_total{namespace=\"dev\"}[1h]))"
              refId        = "A"
              legendFormat = "restarts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Restarts in an hour"
          description = "Restarts of containers. Several: out of memory, or a probe that fails?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 20
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "short"
              decimals = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 5
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type      = "row"
          collapsed = false
          id        = 8
          panels    = []
          title     = "Services"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 5
          }
        },
        {
          type = "table"
          targets = [
            {
              expr         = "sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval]))"
              refId        = "A"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "(sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval]))) / (sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval])) > 0)"
              refId        = "B"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "histogram_quantile(0.95, sum by (service_name, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval])))"
              refId        = "C"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"dev\", sli=\"availability\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"dev\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"dev\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"}))"
              refId        = "D"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Availability budget left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"dev\", sli=\"latency\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"dev\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"dev\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"}))"
              refId        = "E"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Latency budget left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Services"
          description = "The busiest first. A click opens the golden signals of a service."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 6
          }
          repeatDirection = "h"
          transformations = [
            {
              id      = "merge"
              options = {}
            },
            {
              id = "organize"
              options = {
                excludeByName = {
                  Time = true
                }
                renameByName = {
                  "Value #A" = "Requests"
                  "Value #B" = "Errors"
                  "Value #C" = "p95"
                  "Value #D" = "Availability budget left"
                  "Value #E" = "Latency budget left"
                }
                indexByName = {
                  service_name = 0
                  "Value #A"   = 1
                  "Value #B"   = 2
                  "Value #C"   = 3
                  "Value #D"   = 4
                  "Value #E"   = 5
                }
              }
            },
          ]
          options = {
            frameIndex    = 0
            showHeader    = true
            showTypeIcons = false
            sortBy = [
              {
                displayName = "Requests"
                desc        = true
              },
            ]
            footer = {
              show      = false
              reducer   = []
              countRows = false
            }
            cellHeight = "sm"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
            }
            overrides = [
              {
                matcher = {
                  id      = "byName"
                  options = "Requests"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "reqps"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Errors"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 0.01
                          color = "yellow"
                        },
                        {
                          value = 0.05
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "p95"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "s"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Availability budget left"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Latency budget left"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "service_name"
                }
                properties = [
                  {
                    id = "links"
                    value = [
                      {
                        title = "Open"
                        url   = "/d/service-golden-signals?$${__url_time_range}&var-namespace=dev&var-service=$${__data.fields.service_name}"
                      },
                    ]
                  },
                ]
              },
            ]
          }
          id = 9
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests"
          description = "Requests per second that each service answered. One that ended: is it deployed, and does it send to otel-gateway in its namespace?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              links = [
                {
                  title       = "Open"
                  type        = "link"
                  icon        = ""
                  tooltip     = ""
                  tags        = []
                  asDropdown  = false
                  targetBlank = false
                  includeVars = false
                  keepTime    = false
                  url         = "/d/service-golden-signals?$${__url_time_range}&var-namespace=dev&var-service=$${__field.labels.service_name}"
                },
              ]
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 10
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "(sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval]))) / (sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors"
          description = "Share of requests whose span has the status error. Open the traces of one: errors are never sampled away."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
              links = [
                {
                  title       = "Open"
                  type        = "link"
                  icon        = ""
                  tooltip     = ""
                  tags        = []
                  asDropdown  = false
                  targetBlank = false
                  includeVars = false
                  keepTime    = false
                  url         = "/d/service-golden-signals?$${__url_time_range}&var-namespace=dev&var-service=$${__field.labels.service_name}"
                },
              ]
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 11
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (service_name, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"dev\"}[$__rate_interval])))"
              refId        = "A"
              exemplar     = true
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Latency, 95th percentile"
          description = "One request in twenty took longer. The dots are exemplars; one that was not sampled has no trace."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              links = [
                {
                  title       = "Open"
                  type        = "link"
                  icon        = ""
                  tooltip     = ""
                  tags        = []
                  asDropdown  = false
                  targetBlank = false
                  includeVars = false
                  keepTime    = false
                  url         = "/d/service-golden-signals?$${__url_time_range}&var-namespace=dev&var-service=$${__field.labels.service_name}"
                },
              ]
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 12
        },
        {
          type      = "row"
          collapsed = false
          id        = 13
          panels    = []
          title     = "Pods"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 22
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (rate(container_cpu_usage_seconds_total{namespace=\"dev\", container!=\"\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "CPU"
          description = "Cores by pod. Compare with the quota; who uses much more than it requests slows down its neighbours."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 14
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (container_memory_working_set_bytes{namespace=\"dev\", container!=\"\"})"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory"
          description = "Working set by pod: what counts against the limit."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 15
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "kube_resourcequota{namespace=\"dev\", type=\"used\"} / ignoring (type) (kube_resourcequota{namespace=\"dev\", type=\"hard\"} > 0)"
              refId        = "A"
              legendFormat = "{{resource}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Quota used"
          description = "Share of the namespace's ResourceQuota. At 100 % new pods are refused: raise it in the settings, or request less."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.95
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 16
        },
        {
          type      = "row"
          collapsed = false
          id        = 17
          panels    = []
          title     = "Logs"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 31
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (detected_level) (rate({deployment_environment_name=\"dev\"} [$__auto]))"
              refId        = "A"
              legendFormat = "{{detected_level}}"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Log lines by level"
          description = "Lines per second. A jump of errors goes with a jump of lines; debug lines cost money."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 32
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
              custom = {
                drawStyle   = "bars"
                fillOpacity = 60
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 18
        },
        {
          type = "logs"
          targets = [
            {
              expr  = "{deployment_environment_name=\"dev\"} | detected_level=~\"warn|error|fatal\""
              refId = "A"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Warnings and errors"
          description = "Newest first. A line with a trace id links to its trace."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 14
            w = 24
            x = 0
            y = 40
          }
          repeatDirection = "h"
          options = {
            showLabels           = false
            showCommonLabels     = false
            showTime             = true
            showLogContextToggle = false
            wrapLogMessage       = true
            prettifyLogMessage   = false
            enableLogDetails     = true
            sortOrder            = "Descending"
            dedupStrategy        = "none"
          }
          id = 19
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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

resource "kubernetes_config_map_v1" "dashboard-global-overview" {
  data = {
    "global-overview.json" = jsonencode({
      schemaVersion = 41
      templating    = {}
      annotations   = {}
      uid           = "global-overview"
      title         = "All namespaces"
      description   = "Every stage side by side: requests, errors, latency, budgets, alerts, and what the cluster has left."
      tags          = ["overview"]
      timezone      = "browser"
      editable      = false
      graphTooltip  = 1
      time = {
        from = "now-1h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "Now"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests"
          description = "Requests per second of all stages. 0: look at the pipeline first."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 0
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "(sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval]))) / (sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors"
          description = "Share of failed requests of all stages. The table below says whose."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 4
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "percentunit"
              decimals = 2
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "count(ALERTS{alertstate=\"firing\", severity=\"critical\"}) or vector(0)"
              refId        = "A"
              legendFormat = "alerts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Critical alerts"
          description = "Somebody has been paged. Open Alerting; each alert links to its runbook."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 8
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 1
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "count(up == 0) or vector(0)"
              refId        = "A"
              legendFormat = "targets"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Targets down"
          description = "Scrape targets that do not answer. Which: Status, Targets in Prometheus."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 12
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 3
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 5
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(k8s_node_cpu_usage) / (sum(kube_node_status_allocatable{resource=\"cpu\"}) > 0)"
              refId        = "A"
              legendFormat = "cpu"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "CPU of all nodes"
          description = "Share of the cores that pods may use. Above 80 %: the autoscaler has no room, or the largest size is reached."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 16
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.7
                    color = "yellow"
                  },
                  {
                    value = 0.85
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(k8s_node_memory_available_bytes)"
              refId        = "A"
              legendFormat = "free"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory free on nodes"
          description = "Memory that all nodes together can still give."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 20
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type      = "row"
          collapsed = false
          id        = 8
          panels    = []
          title     = "Stages"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 5
          }
        },
        {
          type = "table"
          targets = [
            {
              expr         = "sum by (deployment_environment_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval]))"
              refId        = "A"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "(sum by (deployment_environment_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (deployment_environment_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval]))) / (sum by (deployment_environment_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval])) > 0)"
              refId        = "B"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "histogram_quantile(0.95, sum by (deployment_environment_name, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval])))"
              refId        = "C"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "min by (deployment_environment_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name!=\"\", sli=\"availability\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name!=\"\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name!=\"\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"}))"
              refId        = "D"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Least availability budget"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "min by (deployment_environment_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name!=\"\", sli=\"latency\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name!=\"\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name!=\"\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"}))"
              refId        = "E"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Least latency budget"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Stages"
          description = "A click opens a stage. The budgets are those of its worst service."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 6
          }
          repeatDirection = "h"
          transformations = [
            {
              id      = "merge"
              options = {}
            },
            {
              id = "organize"
              options = {
                excludeByName = {
                  Time = true
                }
                renameByName = {
                  "Value #A" = "Requests"
                  "Value #B" = "Errors"
                  "Value #C" = "p95"
                  "Value #D" = "Least availability budget"
                  "Value #E" = "Least latency budget"
                }
                indexByName = {
                  deployment_environment_name = 0
                  "Value #A"                  = 1
                  "Value #B"                  = 2
                  "Value #C"                  = 3
                  "Value #D"                  = 4
                  "Value #E"                  = 5
                }
              }
            },
          ]
          options = {
            frameIndex    = 0
            showHeader    = true
            showTypeIcons = false
            sortBy = [
              {
                displayName = "Requests"
                desc        = true
              },
            ]
            footer = {
              show      = false
              reducer   = []
              countRows = false
            }
            cellHeight = "sm"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
            }
            overrides = [
              {
                matcher = {
                  id      = "byName"
                  options = "Requests"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "reqps"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Errors"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 0.01
                          color = "yellow"
                        },
                        {
                          value = 0.05
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "p95"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "s"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Least availability budget"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Least latency budget"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "deployment_environment_name"
                }
                properties = [
                  {
                    id = "links"
                    value = [
                      {
                        title = "Open"
                        url   = "/d/$${__data.fields.deployment_environment_name}-overview?$${__url_time_range}"
                      },
                    ]
                  },
                ]
              },
            ]
          }
          id = 9
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (deployment_environment_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{deployment_environment_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests by stage"
          description = "A stage that falls to nothing has lost its gateway or its callers."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 10
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "(sum by (deployment_environment_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (deployment_environment_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval]))) / (sum by (deployment_environment_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "{{deployment_environment_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors by stage"
          description = "Errors in dev are work; in prd they use up the budget."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 11
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (deployment_environment_name, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name!=\"\"}[$__rate_interval])))"
              refId        = "A"
              legendFormat = "{{deployment_environment_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "p95 by stage"
          description = "A stage's mixture of services; open it for each."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 12
        },
        {
          type      = "row"
          collapsed = false
          id        = 13
          panels    = []
          title     = "Alerts and cluster"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 22
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "count by (namespace, severity) (ALERTS{alertstate=\"firing\", severity=~\"critical|warning\"})"
              refId        = "A"
              legendFormat = "{{namespace}} {{severity}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Alerts firing by namespace"
          description = "Critical and warning. A step in all namespaces at once is something they share."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 30
                showPoints  = "never"
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 14
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=\"\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "CPU by namespace"
          description = "Cores used. Who grows?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 30
                showPoints  = "never"
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 15
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace) (container_memory_working_set_bytes{container!=\"\"})"
              refId        = "A"
              legendFormat = "{{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory by namespace"
          description = "Working set. The back ends in observability grow with series, streams and traces."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 30
                showPoints  = "never"
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 16
        },
      ]
      links = [
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    annotations = {
      grafana_folder = "Observability"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-global-overview"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-hml-overview" {
  data = {
    "hml-overview.json" = jsonencode({
      schemaVersion = 41
      templating    = {}
      annotations   = {}
      uid           = "hml-overview"
      title         = "hml overview"
      description   = "What runs in hml and how it does. A click on a service opens its golden signals."
      tags          = ["namespace", "hml"]
      timezone      = "browser"
      editable      = false
      graphTooltip  = 1
      time = {
        from = "now-1h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "At a glance"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests"
          description = "Requests per second of all services. 0: does the gateway receive anything (Pipeline)?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 0
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "(sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval]))) / (sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors"
          description = "Share of failed requests of all services. Above 1 %: the table below says whose."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 4
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "percentunit"
              decimals = 2
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval])))"
              refId        = "A"
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "p95 latency"
          description = "One request in twenty of all services takes longer; a mixture, so look at each below."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 8
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "count(ALERTS{namespace=~\"hml|hml-telemetry\", alertstate=\"firing\", severity=~\"critical|warning\"}) or vector(0)"
              refId        = "A"
              legendFormat = "alerts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Alerts firing"
          description = "Alerts of this namespace that fire, without those that only inform. Open them in Alerting; each links to its runbook."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 12
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 5
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 5
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(kube_pod_status_phase{namespace=\"hml\", phase=~\"Pending|Failed|Unknown\"}) or vector(0)"
              refId        = "A"
              legendFormat = "pods"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Pods not running"
          description = "Pods that wait, failed or are unknown. `kubectl get pods` and `kubectl describe pod` say why."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 16
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 3
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(increase(kube_pod_container_status_restarts_total{namespace=\"hml\"}[1h]))"
              refId        = "A"
              legendFormat = "restarts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Restarts in an hour"
          description = "Restarts of containers. Several: out of memory, or a probe that fails?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 20
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "short"
              decimals = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 5
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type      = "row"
          collapsed = false
          id        = 8
          panels    = []
          title     = "Services"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 5
          }
        },
        {
          type = "table"
          targets = [
            {
              expr         = "sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval]))"
              refId        = "A"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "(sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval]))) / (sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval])) > 0)"
              refId        = "B"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "histogram_quantile(0.95, sum by (service_name, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval])))"
              refId        = "C"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"hml\", sli=\"availability\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"hml\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"hml\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"}))"
              refId        = "D"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Availability budget left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"hml\", sli=\"latency\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"hml\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"hml\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"}))"
              refId        = "E"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Latency budget left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Services"
          description = "The busiest first. A click opens the golden signals of a service."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 6
          }
          repeatDirection = "h"
          transformations = [
            {
              id      = "merge"
              options = {}
            },
            {
              id = "organize"
              options = {
                excludeByName = {
                  Time = true
                }
                renameByName = {
                  "Value #A" = "Requests"
                  "Value #B" = "Errors"
                  "Value #C" = "p95"
                  "Value #D" = "Availability budget left"
                  "Value #E" = "Latency budget left"
                }
                indexByName = {
                  service_name = 0
                  "Value #A"   = 1
                  "Value #B"   = 2
                  "Value #C"   = 3
                  "Value #D"   = 4
                  "Value #E"   = 5
                }
              }
            },
          ]
          options = {
            frameIndex    = 0
            showHeader    = true
            showTypeIcons = false
            sortBy = [
              {
                displayName = "Requests"
                desc        = true
              },
            ]
            footer = {
              show      = false
              reducer   = []
              countRows = false
            }
            cellHeight = "sm"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
            }
            overrides = [
              {
                matcher = {
                  id      = "byName"
                  options = "Requests"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "reqps"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Errors"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 0.01
                          color = "yellow"
                        },
                        {
                          value = 0.05
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "p95"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "s"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Availability budget left"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Latency budget left"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "service_name"
                }
                properties = [
                  {
                    id = "links"
                    value = [
                      {
                        title = "Open"
                        url   = "/d/service-golden-signals?$${__url_time_range}&var-namespace=hml&var-service=$${__data.fields.service_name}"
                      },
                    ]
                  },
                ]
              },
            ]
          }
          id = 9
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests"
          description = "Requests per second that each service answered. One that ended: is it deployed, and does it send to otel-gateway in its namespace?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              links = [
                {
                  title       = "Open"
                  type        = "link"
                  icon        = ""
                  tooltip     = ""
                  tags        = []
                  asDropdown  = false
                  targetBlank = false
                  includeVars = false
                  keepTime    = false
                  url         = "/d/service-golden-signals?$${__url_time_range}&var-namespace=hml&var-service=$${__field.labels.service_name}"
                },
              ]
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 10
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "(sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval]))) / (sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors"
          description = "Share of requests whose span has the status error. Open the traces of one: errors are never sampled away."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
              links = [
                {
                  title       = "Open"
                  type        = "link"
                  icon        = ""
                  tooltip     = ""
                  tags        = []
                  asDropdown  = false
                  targetBlank = false
                  includeVars = false
                  keepTime    = false
                  url         = "/d/service-golden-signals?$${__url_time_range}&var-namespace=hml&var-service=$${__field.labels.service_name}"
                },
              ]
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 11
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (service_name, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"hml\"}[$__rate_interval])))"
              refId        = "A"
              exemplar     = true
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Latency, 95th percentile"
          description = "One request in twenty took longer. The dots are exemplars; one that was not sampled has no trace."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              links = [
                {
                  title       = "Open"
                  type        = "link"
                  icon        = ""
                  tooltip     = ""
                  tags        = []
                  asDropdown  = false
                  targetBlank = false
                  includeVars = false
                  keepTime    = false
                  url         = "/d/service-golden-signals?$${__url_time_range}&var-namespace=hml&var-service=$${__field.labels.service_name}"
                },
              ]
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 12
        },
        {
          type      = "row"
          collapsed = false
          id        = 13
          panels    = []
          title     = "Pods"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 22
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (rate(container_cpu_usage_seconds_total{namespace=\"hml\", container!=\"\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "CPU"
          description = "Cores by pod. Compare with the quota; who uses much more than it requests slows down its neighbours."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 14
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (container_memory_working_set_bytes{namespace=\"hml\", container!=\"\"})"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory"
          description = "Working set by pod: what counts against the limit."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 15
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "kube_resourcequota{namespace=\"hml\", type=\"used\"} / ignoring (type) (kube_resourcequota{namespace=\"hml\", type=\"hard\"} > 0)"
              refId        = "A"
              legendFormat = "{{resource}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Quota used"
          description = "Share of the namespace's ResourceQuota. At 100 % new pods are refused: raise it in the settings, or request less."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.95
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 16
        },
        {
          type      = "row"
          collapsed = false
          id        = 17
          panels    = []
          title     = "Logs"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 31
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (detected_level) (rate({deployment_environment_name=\"hml\"} [$__auto]))"
              refId        = "A"
              legendFormat = "{{detected_level}}"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Log lines by level"
          description = "Lines per second. A jump of errors goes with a jump of lines; debug lines cost money."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 32
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
              custom = {
                drawStyle   = "bars"
                fillOpacity = 60
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 18
        },
        {
          type = "logs"
          targets = [
            {
              expr  = "{deployment_environment_name=\"hml\"} | detected_level=~\"warn|error|fatal\""
              refId = "A"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Warnings and errors"
          description = "Newest first. A line with a trace id links to its trace."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 14
            w = 24
            x = 0
            y = 40
          }
          repeatDirection = "h"
          options = {
            showLabels           = false
            showCommonLabels     = false
            showTime             = true
            showLogContextToggle = false
            wrapLogMessage       = true
            prettifyLogMessage   = false
            enableLogDetails     = true
            sortOrder            = "Descending"
            dedupStrategy        = "none"
          }
          id = 19
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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

resource "kubernetes_config_map_v1" "dashboard-kubernetes-saturation" {
  data = {
    "kubernetes-saturation.json" = jsonencode({
      schemaVersion = 41
      templating = {
        list = [
          {
            type        = "query"
            name        = "namespace"
            label       = "Namespace"
            skipUrlSync = false
            query       = "label_values(kube_resourcequota, namespace)"
            datasource = {
              type = "prometheus"
              uid  = "prometheus"
            }
            multi            = false
            allowCustomValue = true
            refresh          = 2
            sort             = 1
            includeAll       = false
            auto             = false
            auto_min         = "10s"
            auto_count       = 30
          },
        ]
      }
      annotations  = {}
      uid          = "kubernetes-saturation"
      title        = "Kubernetes saturation"
      description  = "What a namespace uses of what it requested, of its limits and of its quota, and what the nodes have left."
      tags         = ["saturation", "kubernetes"]
      timezone     = "browser"
      editable     = false
      graphTooltip = 1
      time = {
        from = "now-3h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "Namespace"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum(rate(container_cpu_usage_seconds_total{namespace=\"$namespace\", container!=\"\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "used"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum(kube_pod_container_resource_requests{namespace=\"$namespace\", resource=\"cpu\"})"
              refId        = "B"
              legendFormat = "requested"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum(kube_pod_container_resource_limits{namespace=\"$namespace\", resource=\"cpu\"})"
              refId        = "C"
              legendFormat = "limits"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "CPU: used, requested, limits"
          description = "Requested far above used: paid for nothing. Used above requested: it lives from what neighbours leave."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 1
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum(container_memory_working_set_bytes{namespace=\"$namespace\", container!=\"\"})"
              refId        = "A"
              legendFormat = "used"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum(kube_pod_container_resource_requests{namespace=\"$namespace\", resource=\"memory\"})"
              refId        = "B"
              legendFormat = "requested"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum(kube_pod_container_resource_limits{namespace=\"$namespace\", resource=\"memory\"})"
              refId        = "C"
              legendFormat = "limits"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory: used, requested, limits"
          description = "Used near the limits: the next peak is killed."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 1
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "bargauge"
          targets = [
            {
              expr         = "kube_resourcequota{namespace=\"$namespace\", type=\"used\"} / ignoring (type) (kube_resourcequota{namespace=\"$namespace\", type=\"hard\"} > 0)"
              refId        = "A"
              instant      = true
              range        = false
              legendFormat = "{{resource}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Quota used"
          description = "Share of the namespace's ResourceQuota; at 100 % new pods are refused. Its numbers are in environments/*.yaml."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 1
          }
          repeatDirection = "h"
          options = {
            displayMode   = "basic"
            valueMode     = "color"
            namePlacement = "auto"
            showUnfilled  = true
            sizing        = "auto"
            minVizWidth   = 8
            minVizHeight  = 16
            legend = {
              displayMode = "list"
              placement   = "bottom"
              showLegend  = false
              calcs       = []
            }
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            maxVizHeight = 300
            orientation  = "horizontal"
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              max  = 1
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.9
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type      = "row"
          collapsed = false
          id        = 5
          panels    = []
          title     = "Containers"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 9
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "topk(10, sum by (pod, container) (container_memory_working_set_bytes{namespace=\"$namespace\", container!=\"\"}) / (sum by (pod, container) (kube_pod_container_resource_limits{namespace=\"$namespace\", resource=\"memory\"}) > 0))"
              refId        = "A"
              legendFormat = "{{pod}} {{container}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory of the limit"
          description = "At 100 % the kernel kills the container. Only the fullest ten."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 0
            y = 10
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.9
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "topk(10, sum by (pod, container) (rate(container_cpu_cfs_throttled_periods_total{namespace=\"$namespace\", container!=\"\"}[$__rate_interval])) / (sum by (pod, container) (rate(container_cpu_cfs_periods_total{namespace=\"$namespace\", container!=\"\"}[$__rate_interval])) > 0))"
              refId        = "A"
              legendFormat = "{{pod}} {{container}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Throttled periods"
          description = "Share of periods in which a container waited for its CPU limit; the worst ten."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 6
            y = 10
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.1
                    color = "yellow"
                  },
                  {
                    value = 0.25
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod, container) (increase(kube_pod_container_status_restarts_total{namespace=\"$namespace\"}[1h])) > 0"
              refId        = "A"
              legendFormat = "{{pod}} {{container}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum(increase(kube_pod_container_status_restarts_total{namespace=\"$namespace\"}[1h]))"
              refId        = "B"
              legendFormat = "all"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Restarts in an hour"
          description = "Any: the last log lines before it, and `kubectl describe pod`, say why."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 12
            y = 10
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 8
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod, container) (kube_pod_container_status_last_terminated_reason{namespace=\"$namespace\", reason=\"OOMKilled\"})"
              refId        = "A"
              legendFormat = "{{pod}} {{container}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "count(kube_pod_container_status_last_terminated_reason{namespace=\"$namespace\", reason=\"OOMKilled\"}) or vector(0)"
              refId        = "B"
              legendFormat = "all"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Containers last killed for memory"
          description = "Raise the limit, or find the leak."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 18
            y = 10
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 9
        },
        {
          type      = "row"
          collapsed = false
          id        = 10
          panels    = []
          title     = "Volumes and nodes"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 18
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "1 - kubelet_volume_stats_available_bytes{namespace=\"$namespace\"} / (kubelet_volume_stats_capacity_bytes{namespace=\"$namespace\"} > 0)"
              refId        = "A"
              legendFormat = "{{persistentvolumeclaim}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Volumes: used"
          description = "Full volumes stop whoever writes. The StorageClass lets a claim be made larger."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 19
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              max  = 1
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.9
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 11
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "label_replace(sum by (k8s_node_name) (k8s_node_cpu_usage), \"node\", \"$1\", \"k8s_node_name\", \"(.+)\") / on (node) (sum by (node) (kube_node_status_allocatable{resource=\"cpu\"}) > 0)"
              refId        = "A"
              legendFormat = "{{node}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Nodes: CPU of what pods may use"
          description = "Nodes of all namespaces. All of them high: the node groups are at their largest."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 19
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.9
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 12
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (k8s_node_name) (k8s_node_memory_available_bytes)"
              refId        = "A"
              legendFormat = "{{k8s_node_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Nodes: memory free"
          description = "Below some hundred MiB the kubelet evicts pods."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 27
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 13
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    annotations = {
      grafana_folder = "Observability"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-kubernetes-saturation"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-logs-explorer" {
  data = {
    "logs-explorer.json" = jsonencode({
      schemaVersion = 41
      templating = {
        list = [
          {
            type        = "query"
            name        = "namespace"
            label       = "Namespace"
            skipUrlSync = false
            query       = "label_values(traces_span_metrics_calls_total, deployment_environment_name)"
            datasource = {
              type = "prometheus"
              uid  = "prometheus"
            }
            multi            = false
            allowCustomValue = true
            refresh          = 2
            sort             = 1
            includeAll       = false
            auto             = false
            auto_min         = "10s"
            auto_count       = 30
          },
          {
            type        = "query"
            name        = "service"
            label       = "Service"
            skipUrlSync = false
            query       = "label_values(traces_span_metrics_calls_total{deployment_environment_name=\"$namespace\"}, service_name)"
            datasource = {
              type = "prometheus"
              uid  = "prometheus"
            }
            multi            = false
            allowCustomValue = true
            refresh          = 2
            sort             = 1
            includeAll       = false
            auto             = false
            auto_min         = "10s"
            auto_count       = 30
          },
          {
            type             = "textbox"
            name             = "search"
            label            = "Search"
            skipUrlSync      = false
            query            = ""
            multi            = false
            allowCustomValue = true
            includeAll       = false
            auto             = false
            auto_min         = "10s"
            auto_count       = 30
          },
        ]
      }
      annotations  = {}
      uid          = "logs-explorer"
      title        = "Logs explorer"
      description  = "Lines of a service that contain what is searched for (a regular expression, upper and lower case alike). A line with a trace id links to its trace."
      tags         = ["logs"]
      timezone     = "browser"
      editable     = false
      graphTooltip = 1
      time = {
        from = "now-1h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "How many"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (detected_level) (rate({deployment_environment_name=\"$namespace\", service_name=\"$service\"} |~ `(?i)$search` [$__auto]))"
              refId        = "A"
              legendFormat = "{{detected_level}}"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Lines by level"
          description = "Lines per second that were found. A jump shows when it began."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 1
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
              custom = {
                drawStyle   = "bars"
                fillOpacity = 60
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (k8s_container_name) (bytes_rate({deployment_environment_name=\"$namespace\", service_name=\"$service\"} [$__auto]))"
              refId        = "A"
              legendFormat = "{{k8s_container_name}}"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Bytes by container"
          description = "Bytes per second of all lines of the service: what they cost."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 1
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "Bps"
              custom = {
                drawStyle   = "bars"
                fillOpacity = 60
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type      = "row"
          collapsed = false
          id        = 4
          panels    = []
          title     = "Lines"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 9
          }
        },
        {
          type = "logs"
          targets = [
            {
              expr  = "{deployment_environment_name=\"$namespace\", service_name=\"$service\"} |~ `(?i)$search` | detected_level=~\"error|fatal\" | trace_id!=\"\""
              refId = "A"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Errors with a trace"
          description = "Errors that belong to a request: open the trace to see what led to them."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 10
          }
          repeatDirection = "h"
          options = {
            showLabels           = false
            showCommonLabels     = false
            showTime             = true
            showLogContextToggle = false
            wrapLogMessage       = true
            prettifyLogMessage   = false
            enableLogDetails     = true
            sortOrder            = "Descending"
            dedupStrategy        = "none"
          }
          id = 5
        },
        {
          type = "logs"
          targets = [
            {
              expr  = "{deployment_environment_name=\"$namespace\", service_name=\"$service\"} |~ `(?i)$search`"
              refId = "A"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "All lines"
          description = "Newest first; details of a line show its pod."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 14
            w = 24
            x = 0
            y = 18
          }
          repeatDirection = "h"
          options = {
            showLabels           = false
            showCommonLabels     = false
            showTime             = true
            showLogContextToggle = false
            wrapLogMessage       = true
            prettifyLogMessage   = false
            enableLogDetails     = true
            sortOrder            = "Descending"
            dedupStrategy        = "none"
          }
          id = 6
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    annotations = {
      grafana_folder = "Services"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-logs-explorer"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-observability-overview" {
  data = {
    "observability-overview.json" = jsonencode({
      schemaVersion = 41
      templating    = {}
      annotations   = {}
      uid           = "observability-overview"
      title         = "observability overview"
      description   = "What runs in observability and how it does. A click on a service opens its golden signals."
      tags          = ["namespace", "observability"]
      timezone      = "browser"
      editable      = false
      graphTooltip  = 1
      time = {
        from = "now-1h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "At a glance"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "count(ALERTS{namespace=~\"observability\", alertstate=\"firing\", severity=~\"critical|warning\"}) or vector(0)"
              refId        = "A"
              legendFormat = "alerts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Alerts firing"
          description = "Alerts of this namespace that fire, without those that only inform. Open them in Alerting; each links to its runbook."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 0
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 5
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(kube_pod_status_phase{namespace=\"observability\", phase=~\"Pending|Failed|Unknown\"}) or vector(0)"
              refId        = "A"
              legendFormat = "pods"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Pods not running"
          description = "Pods that wait, failed or are unknown. `kubectl get pods` and `kubectl describe pod` say why."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 4
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 3
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(increase(kube_pod_container_status_restarts_total{namespace=\"observability\"}[1h]))"
              refId        = "A"
              legendFormat = "restarts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Restarts in an hour"
          description = "Restarts of containers. Several: out of memory, or a probe that fails?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 8
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "short"
              decimals = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 5
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type      = "row"
          collapsed = false
          id        = 5
          panels    = []
          title     = "Pods"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 5
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (rate(container_cpu_usage_seconds_total{namespace=\"observability\", container!=\"\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "CPU"
          description = "Cores by pod. Compare with the quota; who uses much more than it requests slows down its neighbours."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 6
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (container_memory_working_set_bytes{namespace=\"observability\", container!=\"\"})"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory"
          description = "Working set by pod: what counts against the limit."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 6
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "kube_resourcequota{namespace=\"observability\", type=\"used\"} / ignoring (type) (kube_resourcequota{namespace=\"observability\", type=\"hard\"} > 0)"
              refId        = "A"
              legendFormat = "{{resource}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Quota used"
          description = "Share of the namespace's ResourceQuota. At 100 % new pods are refused: raise it in the settings, or request less."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 6
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.95
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 8
        },
        {
          type      = "row"
          collapsed = false
          id        = 9
          panels    = []
          title     = "Logs"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 14
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (detected_level) (rate({deployment_environment_name=\"observability\"} [$__auto]))"
              refId        = "A"
              legendFormat = "{{detected_level}}"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Log lines by level"
          description = "Lines per second. A jump of errors goes with a jump of lines; debug lines cost money."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 15
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
              custom = {
                drawStyle   = "bars"
                fillOpacity = 60
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 10
        },
        {
          type = "logs"
          targets = [
            {
              expr  = "{deployment_environment_name=\"observability\"} | detected_level=~\"warn|error|fatal\""
              refId = "A"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Warnings and errors"
          description = "Newest first. A line with a trace id links to its trace."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 14
            w = 24
            x = 0
            y = 23
          }
          repeatDirection = "h"
          options = {
            showLabels           = false
            showCommonLabels     = false
            showTime             = true
            showLogContextToggle = false
            wrapLogMessage       = true
            prettifyLogMessage   = false
            enableLogDetails     = true
            sortOrder            = "Descending"
            dedupStrategy        = "none"
          }
          id = 11
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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

resource "kubernetes_config_map_v1" "dashboard-prd-overview" {
  data = {
    "prd-overview.json" = jsonencode({
      schemaVersion = 41
      templating    = {}
      annotations   = {}
      uid           = "prd-overview"
      title         = "prd overview"
      description   = "What runs in prd and how it does. A click on a service opens its golden signals."
      tags          = ["namespace", "prd"]
      timezone      = "browser"
      editable      = false
      graphTooltip  = 1
      time = {
        from = "now-1h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "At a glance"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests"
          description = "Requests per second of all services. 0: does the gateway receive anything (Pipeline)?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 0
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "(sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval]))) / (sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors"
          description = "Share of failed requests of all services. Above 1 %: the table below says whose."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 4
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "percentunit"
              decimals = 2
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval])))"
              refId        = "A"
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "p95 latency"
          description = "One request in twenty of all services takes longer; a mixture, so look at each below."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 8
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "count(ALERTS{namespace=~\"prd|prd-telemetry\", alertstate=\"firing\", severity=~\"critical|warning\"}) or vector(0)"
              refId        = "A"
              legendFormat = "alerts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Alerts firing"
          description = "Alerts of this namespace that fire, without those that only inform. Open them in Alerting; each links to its runbook."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 12
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 5
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 5
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(kube_pod_status_phase{namespace=\"prd\", phase=~\"Pending|Failed|Unknown\"}) or vector(0)"
              refId        = "A"
              legendFormat = "pods"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Pods not running"
          description = "Pods that wait, failed or are unknown. `kubectl get pods` and `kubectl describe pod` say why."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 16
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 3
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(increase(kube_pod_container_status_restarts_total{namespace=\"prd\"}[1h]))"
              refId        = "A"
              legendFormat = "restarts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Restarts in an hour"
          description = "Restarts of containers. Several: out of memory, or a probe that fails?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 20
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "short"
              decimals = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 5
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type      = "row"
          collapsed = false
          id        = 8
          panels    = []
          title     = "Services"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 5
          }
        },
        {
          type = "table"
          targets = [
            {
              expr         = "sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval]))"
              refId        = "A"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "(sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval]))) / (sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval])) > 0)"
              refId        = "B"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "histogram_quantile(0.95, sum by (service_name, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval])))"
              refId        = "C"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"prd\", sli=\"availability\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"prd\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"prd\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"}))"
              refId        = "D"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Availability budget left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"prd\", sli=\"latency\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"prd\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"prd\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"}))"
              refId        = "E"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Latency budget left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Services"
          description = "The busiest first. A click opens the golden signals of a service."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 6
          }
          repeatDirection = "h"
          transformations = [
            {
              id      = "merge"
              options = {}
            },
            {
              id = "organize"
              options = {
                excludeByName = {
                  Time = true
                }
                renameByName = {
                  "Value #A" = "Requests"
                  "Value #B" = "Errors"
                  "Value #C" = "p95"
                  "Value #D" = "Availability budget left"
                  "Value #E" = "Latency budget left"
                }
                indexByName = {
                  service_name = 0
                  "Value #A"   = 1
                  "Value #B"   = 2
                  "Value #C"   = 3
                  "Value #D"   = 4
                  "Value #E"   = 5
                }
              }
            },
          ]
          options = {
            frameIndex    = 0
            showHeader    = true
            showTypeIcons = false
            sortBy = [
              {
                displayName = "Requests"
                desc        = true
              },
            ]
            footer = {
              show      = false
              reducer   = []
              countRows = false
            }
            cellHeight = "sm"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
            }
            overrides = [
              {
                matcher = {
                  id      = "byName"
                  options = "Requests"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "reqps"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Errors"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 0.01
                          color = "yellow"
                        },
                        {
                          value = 0.05
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "p95"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "s"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Availability budget left"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Latency budget left"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "service_name"
                }
                properties = [
                  {
                    id = "links"
                    value = [
                      {
                        title = "Open"
                        url   = "/d/service-golden-signals?$${__url_time_range}&var-namespace=prd&var-service=$${__data.fields.service_name}"
                      },
                    ]
                  },
                ]
              },
            ]
          }
          id = 9
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests"
          description = "Requests per second that each service answered. One that ended: is it deployed, and does it send to otel-gateway in its namespace?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              links = [
                {
                  title       = "Open"
                  type        = "link"
                  icon        = ""
                  tooltip     = ""
                  tags        = []
                  asDropdown  = false
                  targetBlank = false
                  includeVars = false
                  keepTime    = false
                  url         = "/d/service-golden-signals?$${__url_time_range}&var-namespace=prd&var-service=$${__field.labels.service_name}"
                },
              ]
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 10
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "(sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval]))) / (sum by (service_name) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors"
          description = "Share of requests whose span has the status error. Open the traces of one: errors are never sampled away."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
              links = [
                {
                  title       = "Open"
                  type        = "link"
                  icon        = ""
                  tooltip     = ""
                  tags        = []
                  asDropdown  = false
                  targetBlank = false
                  includeVars = false
                  keepTime    = false
                  url         = "/d/service-golden-signals?$${__url_time_range}&var-namespace=prd&var-service=$${__field.labels.service_name}"
                },
              ]
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 11
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (service_name, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"prd\"}[$__rate_interval])))"
              refId        = "A"
              exemplar     = true
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Latency, 95th percentile"
          description = "One request in twenty took longer. The dots are exemplars; one that was not sampled has no trace."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              links = [
                {
                  title       = "Open"
                  type        = "link"
                  icon        = ""
                  tooltip     = ""
                  tags        = []
                  asDropdown  = false
                  targetBlank = false
                  includeVars = false
                  keepTime    = false
                  url         = "/d/service-golden-signals?$${__url_time_range}&var-namespace=prd&var-service=$${__field.labels.service_name}"
                },
              ]
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 12
        },
        {
          type      = "row"
          collapsed = false
          id        = 13
          panels    = []
          title     = "Pods"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 22
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (rate(container_cpu_usage_seconds_total{namespace=\"prd\", container!=\"\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "CPU"
          description = "Cores by pod. Compare with the quota; who uses much more than it requests slows down its neighbours."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 14
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (container_memory_working_set_bytes{namespace=\"prd\", container!=\"\"})"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory"
          description = "Working set by pod: what counts against the limit."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 15
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "kube_resourcequota{namespace=\"prd\", type=\"used\"} / ignoring (type) (kube_resourcequota{namespace=\"prd\", type=\"hard\"} > 0)"
              refId        = "A"
              legendFormat = "{{resource}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Quota used"
          description = "Share of the namespace's ResourceQuota. At 100 % new pods are refused: raise it in the settings, or request less."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 23
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.95
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 16
        },
        {
          type      = "row"
          collapsed = false
          id        = 17
          panels    = []
          title     = "Logs"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 31
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (detected_level) (rate({deployment_environment_name=\"prd\"} [$__auto]))"
              refId        = "A"
              legendFormat = "{{detected_level}}"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Log lines by level"
          description = "Lines per second. A jump of errors goes with a jump of lines; debug lines cost money."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 32
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
              custom = {
                drawStyle   = "bars"
                fillOpacity = 60
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 18
        },
        {
          type = "logs"
          targets = [
            {
              expr  = "{deployment_environment_name=\"prd\"} | detected_level=~\"warn|error|fatal\""
              refId = "A"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Warnings and errors"
          description = "Newest first. A line with a trace id links to its trace."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 14
            w = 24
            x = 0
            y = 40
          }
          repeatDirection = "h"
          options = {
            showLabels           = false
            showCommonLabels     = false
            showTime             = true
            showLogContextToggle = false
            wrapLogMessage       = true
            prettifyLogMessage   = false
            enableLogDetails     = true
            sortOrder            = "Descending"
            dedupStrategy        = "none"
          }
          id = 19
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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

resource "kubernetes_config_map_v1" "dashboard-service-golden-signals" {
  data = {
    "service-golden-signals.json" = jsonencode({
      schemaVersion = 41
      templating = {
        list = [
          {
            type        = "query"
            name        = "namespace"
            label       = "Namespace"
            skipUrlSync = false
            query       = "label_values(traces_span_metrics_calls_total, deployment_environment_name)"
            datasource = {
              type = "prometheus"
              uid  = "prometheus"
            }
            multi            = false
            allowCustomValue = true
            refresh          = 2
            sort             = 1
            includeAll       = false
            auto             = false
            auto_min         = "10s"
            auto_count       = 30
          },
          {
            type        = "query"
            name        = "service"
            label       = "Service"
            skipUrlSync = false
            query       = "label_values(traces_span_metrics_calls_total{deployment_environment_name=\"$namespace\"}, service_name)"
            datasource = {
              type = "prometheus"
              uid  = "prometheus"
            }
            multi            = false
            allowCustomValue = true
            refresh          = 2
            sort             = 1
            includeAll       = false
            auto             = false
            auto_min         = "10s"
            auto_count       = 30
          },
        ]
      }
      annotations  = {}
      uid          = "service-golden-signals"
      title        = "Service golden signals"
      description  = "Latency, traffic, errors and saturation of one service. From the top down: is the objective in danger, which route is it, what do its traces and logs say."
      tags         = ["service", "golden-signals"]
      timezone     = "browser"
      editable     = false
      graphTooltip = 1
      time = {
        from = "now-1h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "At a glance"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests"
          description = "Requests per second that the service answers. 0: is it deployed, and does it send to otel-gateway in its namespace?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 0
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "(sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval]))) / (sum (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors"
          description = "Share of requests with the span status error. Above 1 %: look at Errors below."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 4
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "percentunit"
              decimals = 2
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "A"
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "p95 latency"
          description = "One request in twenty takes longer. Compare with the objective's threshold."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 8
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "blue"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(increase(kube_pod_container_status_restarts_total{namespace=\"$namespace\"}[1h]) * on (pod) group_left () (0 * label_replace(sum by (k8s_pod_name) (k8s_pod_memory_working_set_bytes{deployment_environment_name=\"$namespace\", service_name=\"$service\"}), \"pod\", \"$1\", \"k8s_pod_name\", \"(.+)\") + 1))"
              refId        = "A"
              legendFormat = "restarts"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Restarts in an hour"
          description = "Restarts of the service's containers. Any: see why with `kubectl describe pod`."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 12
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "short"
              decimals = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 3
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 5
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"$namespace\", service_name=\"$service\", sli=\"availability\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"$namespace\", service_name=\"$service\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"$namespace\", service_name=\"$service\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"})"
              refId        = "A"
              legendFormat = "left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Availability budget left"
          description = "Of 30 days. Below half: slow down risky releases. Below 0 the objective is missed."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 16
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "red"
                  },
                  {
                    value = 0.1
                    color = "yellow"
                  },
                  {
                    value = 0.5
                    color = "green"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"$namespace\", service_name=\"$service\", sli=\"latency\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"$namespace\", service_name=\"$service\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"$namespace\", service_name=\"$service\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"})"
              refId        = "A"
              legendFormat = "left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Latency budget left"
          description = "Of 30 days. Below half: look for the slow route. Below 0 the objective is missed."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 20
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "red"
                  },
                  {
                    value = 0.1
                    color = "yellow"
                  },
                  {
                    value = 0.5
                    color = "green"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type      = "row"
          collapsed = false
          id        = 8
          panels    = []
          title     = "Traffic"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 5
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (http_route) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{http_route}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests by route"
          description = "A route that stopped, or one that nobody expected? A route that is missing here has no `http.route`: see the runbook on instrumenting."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 6
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 30
                showPoints  = "never"
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 9
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (http_response_status_code) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{http_response_status_code}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests by status code"
          description = "HTTP status codes. A wall of 4xx comes from a caller, 5xx from here."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 6
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 30
                showPoints  = "never"
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 10
        },
        {
          type      = "row"
          collapsed = false
          id        = 11
          panels    = []
          title     = "Errors"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 14
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "(sum by (http_route) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (http_route) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval]))) / (sum by (http_route) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "{{http_route}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Share of errors by route"
          description = "One bad route points to a release or to what only that route calls; all of them to something shared: a database, a quota, the network."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 15
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 12
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (span_kind, span_name) (rate(traces_span_metrics_calls_total{deployment_environment_name=\"$namespace\", service_name=\"$service\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{span_kind}} {{span_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Errors by operation"
          description = "Failed spans per second, also of calls to others (CLIENT). A failing client span just before the server's is the cause."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 15
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 13
        },
        {
          type      = "row"
          collapsed = false
          id        = 14
          panels    = []
          title     = "Latency"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 23
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.5, sum by (le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "A"
              exemplar     = true
              legendFormat = "p50"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "histogram_quantile(0.95, sum by (le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "B"
              exemplar     = true
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "histogram_quantile(0.99, sum by (le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "C"
              exemplar     = true
              legendFormat = "p99"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Latency"
          description = "Dots are exemplars: a click opens that request's trace, if it was kept."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 24
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 15
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (http_route, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "A"
              exemplar     = true
              legendFormat = "{{http_route}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "p95 by route"
          description = "Which route is slow. Then open a slow trace of it below."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 24
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 16
        },
        {
          type = "table"
          targets = [
            {
              expr         = "sum by (http_route) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval]))"
              refId        = "A"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Requests"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "(sum by (http_route) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\", status_code=\"STATUS_CODE_ERROR\"}[$__rate_interval])) or 0 * sum by (http_route) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval]))) / (sum by (http_route) (rate(traces_span_metrics_calls_total{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])) > 0)"
              refId        = "B"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Errors"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "histogram_quantile(0.95, sum by (http_route, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "C"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "p95"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "histogram_quantile(0.99, sum by (http_route, le) (rate(traces_span_metrics_duration_seconds_bucket{span_kind=~\"SPAN_KIND_(SERVER|CONSUMER)\", deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "D"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "p99"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Routes"
          description = "Each route with its traffic, errors and latency now, the busiest first."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 32
          }
          repeatDirection = "h"
          transformations = [
            {
              id      = "merge"
              options = {}
            },
            {
              id = "organize"
              options = {
                excludeByName = {
                  Time = true
                }
                renameByName = {
                  "Value #A" = "Requests"
                  "Value #B" = "Errors"
                  "Value #C" = "p95"
                  "Value #D" = "p99"
                }
                indexByName = {
                  http_route = 0
                  "Value #A" = 1
                  "Value #B" = 2
                  "Value #C" = 3
                  "Value #D" = 4
                }
              }
            },
          ]
          options = {
            frameIndex    = 0
            showHeader    = true
            showTypeIcons = false
            sortBy = [
              {
                displayName = "Requests"
                desc        = true
              },
            ]
            footer = {
              show      = false
              reducer   = []
              countRows = false
            }
            cellHeight = "sm"
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
            }
            overrides = [
              {
                matcher = {
                  id      = "byName"
                  options = "Requests"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "reqps"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Errors"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 0.01
                          color = "yellow"
                        },
                        {
                          value = 0.05
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "p95"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "s"
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "p99"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "s"
                  },
                ]
              },
            ]
          }
          id = 17
        },
        {
          type      = "row"
          collapsed = false
          id        = 18
          panels    = []
          title     = "Saturation"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 40
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "label_replace(sum by (k8s_pod_name) (k8s_pod_cpu_usage{deployment_environment_name=\"$namespace\", service_name=\"$service\"}), \"pod\", \"$1\", \"k8s_pod_name\", \"(.+)\") / on (pod) (sum by (pod) (kube_pod_container_resource_limits{namespace=\"$namespace\", resource=\"cpu\"}) > 0)"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "CPU of the limit"
          description = "Above 80 % for long: raise the limit or the replicas; see also what is throttled."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 41
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.95
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 19
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "label_replace(sum by (k8s_pod_name) (k8s_pod_memory_working_set_bytes{deployment_environment_name=\"$namespace\", service_name=\"$service\"}), \"pod\", \"$1\", \"k8s_pod_name\", \"(.+)\") / on (pod) (sum by (pod) (kube_pod_container_resource_limits{namespace=\"$namespace\", resource=\"memory\"}) > 0)"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory of the limit"
          description = "At 100 % the kernel kills the container. A line that only rises is a leak."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 41
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.8
                    color = "yellow"
                  },
                  {
                    value = 0.9
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 20
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "(sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{namespace=\"$namespace\", container!=\"\"}[$__rate_interval])) / (sum by (pod) (rate(container_cpu_cfs_periods_total{namespace=\"$namespace\", container!=\"\"}[$__rate_interval])) > 0)) * on (pod) (0 * label_replace(sum by (k8s_pod_name) (k8s_pod_memory_working_set_bytes{deployment_environment_name=\"$namespace\", service_name=\"$service\"}), \"pod\", \"$1\", \"k8s_pod_name\", \"(.+)\") + 1)"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Throttled periods"
          description = "Share of 100 ms periods in which a pod waited for its CPU limit: latency nobody sees in the CPU graph. Above 25 %: raise the limit."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 41
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.1
                    color = "yellow"
                  },
                  {
                    value = 0.25
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 21
        },
        {
          type      = "row"
          collapsed = false
          id        = 22
          panels    = []
          title     = "As the application measures it"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 49
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (http_route, le) (rate(http_server_request_duration_seconds_bucket{deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "A"
              legendFormat = "{{http_route}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "HTTP server p95"
          description = "`http.server.request.duration` of the SDK. Much lower than the latency above: the time is spent before the application, or in what it does not measure."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 0
            y = 50
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 23
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (http_request_method) (http_server_active_requests{deployment_environment_name=\"$namespace\", service_name=\"$service\"})"
              refId        = "A"
              legendFormat = "{{http_request_method}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests in flight"
          description = "`http.server.active_requests`. It rises when answers become slow: the queue before the trouble."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 6
            y = 50
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 24
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (server_address, le) (rate(http_client_request_duration_seconds_bucket{deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "A"
              legendFormat = "{{server_address}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Calls to other services, p95"
          description = "`http.client.request.duration` by the service called. Is the slow one there?"
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 12
            y = 50
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 25
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (db_system_name, db_operation_name, le) (rate(db_client_operation_duration_seconds_bucket{deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval])))"
              refId        = "A"
              legendFormat = "{{db_system_name}} {{db_operation_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Database operations, p95"
          description = "`db.client.operation.duration` by operation. Slow and steady: an index; slow in bursts: locks or connections."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 18
            y = 50
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 26
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (direction) (rate(k8s_pod_network_io_bytes_total{deployment_environment_name=\"$namespace\", service_name=\"$service\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{direction}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Network"
          description = "Bytes per second of the service's pods, by direction. Unexpected growth costs money between zones."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 58
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "Bps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 27
        },
        {
          type      = "row"
          collapsed = false
          id        = 28
          panels    = []
          title     = "Traces and logs"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 66
          }
        },
        {
          type = "table"
          targets = [
            {
              refId     = "A"
              filters   = []
              queryType = "traceql"
              query     = "{ resource.deployment.environment.name=\"$namespace\" && resource.service.name=\"$service\" && status=error }"
              limit     = 50
              datasource = {
                type = "tempo"
                uid  = "tempo"
              }
            },
          ]
          title       = "Failed traces"
          description = "Every trace with an error is kept. Open one and look for the deepest red span."
          transparent = false
          datasource = {
            type = "tempo"
            uid  = "tempo"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 67
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
            }
            overrides = []
          }
          id = 29
        },
        {
          type = "table"
          targets = [
            {
              refId     = "A"
              filters   = []
              queryType = "traceql"
              query     = "{ resource.deployment.environment.name=\"$namespace\" && resource.service.name=\"$service\" && duration>500ms }"
              limit     = 50
              datasource = {
                type = "tempo"
                uid  = "tempo"
              }
            },
          ]
          title       = "Slow traces"
          description = "Traces slower than half a second; those above the stage's `slow_trace_ms` are all kept."
          transparent = false
          datasource = {
            type = "tempo"
            uid  = "tempo"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 67
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
            }
            overrides = []
          }
          id = 30
        },
        {
          type = "logs"
          targets = [
            {
              expr  = "{deployment_environment_name=\"$namespace\", service_name=\"$service\"} | detected_level=~\"warn|error|fatal\""
              refId = "A"
              datasource = {
                type = "loki"
                uid  = "loki"
              }
            },
          ]
          title       = "Logs: warnings and errors"
          description = "Newest first. A line with a trace id links to its trace. All lines: Logs above."
          transparent = false
          datasource = {
            type = "loki"
            uid  = "loki"
          }
          gridPos = {
            h = 14
            w = 24
            x = 0
            y = 75
          }
          repeatDirection = "h"
          options = {
            showLabels           = false
            showCommonLabels     = false
            showTime             = true
            showLogContextToggle = false
            wrapLogMessage       = true
            prettifyLogMessage   = false
            enableLogDetails     = true
            sortOrder            = "Descending"
            dedupStrategy        = "none"
          }
          id = 31
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    annotations = {
      grafana_folder = "Services"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-service-golden-signals"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-slo-error-budget" {
  data = {
    "slo-error-budget.json" = jsonencode({
      schemaVersion = 41
      templating = {
        list = [
          {
            type        = "query"
            name        = "namespace"
            label       = "Namespace"
            skipUrlSync = false
            query       = "label_values(traces_span_metrics_calls_total, deployment_environment_name)"
            datasource = {
              type = "prometheus"
              uid  = "prometheus"
            }
            multi            = false
            allowCustomValue = true
            refresh          = 2
            sort             = 1
            includeAll       = false
            auto             = false
            auto_min         = "10s"
            auto_count       = 30
          },
        ]
      }
      annotations  = {}
      uid          = "slo-error-budget"
      title        = "Objectives and error budgets"
      description  = "Objectives per stage come from the settings and count over 30 days. Alerts fire on burn rates (SRE Workbook, chapter 5): 14.4 over an hour or 6 over six hours page, 1 over three days is a ticket."
      tags         = ["slo"]
      timezone     = "browser"
      editable     = false
      graphTooltip = 1
      time = {
        from = "now-24h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "Availability"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "table"
          targets = [
            {
              expr         = "max by (service_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"$namespace\", sli=\"availability\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"$namespace\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"$namespace\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"}))"
              refId        = "A"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Budget left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (namespace_service_sli:bad_requests:ratio_rate1h{deployment_environment_name=\"$namespace\", sli=\"availability\"} / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"}))"
              refId        = "B"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Burn rate 1h"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (namespace_service_sli:bad_requests:ratio_rate6h{deployment_environment_name=\"$namespace\", sli=\"availability\"} / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"}))"
              refId        = "C"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Burn rate 6h"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (namespace_service_sli:bad_requests:ratio_rate3d{deployment_environment_name=\"$namespace\", sli=\"availability\"} / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"}))"
              refId        = "D"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Burn rate 3d"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Availability: budgets"
          description = "Bad requests are those with the span status error. Budget left below half: slow down; below 0: the objective of 30 days is missed. A click opens the service."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 1
          }
          repeatDirection = "h"
          transformations = [
            {
              id      = "merge"
              options = {}
            },
            {
              id = "organize"
              options = {
                excludeByName = {
                  Time = true
                }
                renameByName = {
                  "Value #A" = "Budget left"
                  "Value #B" = "Burn rate 1h"
                  "Value #C" = "Burn rate 6h"
                  "Value #D" = "Burn rate 3d"
                }
                indexByName = {
                  service_name = 0
                  "Value #A"   = 1
                  "Value #B"   = 2
                  "Value #C"   = 3
                  "Value #D"   = 4
                }
              }
            },
          ]
          options = {
            frameIndex    = 0
            showHeader    = true
            showTypeIcons = false
            sortBy = [
              {
                displayName = "Budget left"
                desc        = true
              },
            ]
            footer = {
              show      = false
              reducer   = []
              countRows = false
            }
            cellHeight = "sm"
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
            }
            overrides = [
              {
                matcher = {
                  id      = "byName"
                  options = "Budget left"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Burn rate 1h"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "short"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 1
                          color = "yellow"
                        },
                        {
                          value = 14.4
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Burn rate 6h"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "short"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 1
                          color = "yellow"
                        },
                        {
                          value = 6
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Burn rate 3d"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "short"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 1
                          color = "yellow"
                        },
                        {
                          value = 1
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "service_name"
                }
                properties = [
                  {
                    id = "links"
                    value = [
                      {
                        title = "Open"
                        url   = "/d/service-golden-signals?$${__url_time_range}&var-namespace=$namespace&var-service=$${__data.fields.service_name}"
                      },
                    ]
                  },
                ]
              },
            ]
          }
          id = 2
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "1 - namespace_service_sli:bad_requests:ratio_rate1h{deployment_environment_name=\"$namespace\", sli=\"availability\"}"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "namespace:slo_objective:ratio{deployment_environment_name=\"$namespace\", sli=\"availability\"}"
              refId        = "B"
              legendFormat = "objective"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Availability: share of good requests in an hour"
          description = "Bad requests are those with the span status error. The line of the objective is what 30 days must reach together."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 9
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              max  = 1
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "namespace_service_sli:bad_requests:ratio_rate1h{deployment_environment_name=\"$namespace\", sli=\"availability\"} / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"availability\"})"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Availability: burn rate in an hour"
          description = "1 uses up exactly the budget of 30 days; at 14.4 2 % of it go in an hour, and somebody is paged."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 9
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 6
                    color = "yellow"
                  },
                  {
                    value = 14.4
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type      = "row"
          collapsed = false
          id        = 5
          panels    = []
          title     = "Latency"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 17
          }
        },
        {
          type = "table"
          targets = [
            {
              expr         = "max by (service_name) (1 - sum by (deployment_environment_name, service_name) (sum_over_time((namespace_service_sli:bad_requests:ratio_rate5m{deployment_environment_name=\"$namespace\", sli=\"latency\"} * on (deployment_environment_name, service_name) group_left () namespace_service:requests:rate5m{deployment_environment_name=\"$namespace\"})[30d:5m])) / (sum by (deployment_environment_name, service_name) (sum_over_time(namespace_service:requests:rate5m{deployment_environment_name=\"$namespace\"}[30d:5m])) > 0) / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"}))"
              refId        = "A"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Budget left"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (namespace_service_sli:bad_requests:ratio_rate1h{deployment_environment_name=\"$namespace\", sli=\"latency\"} / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"}))"
              refId        = "B"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Burn rate 1h"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (namespace_service_sli:bad_requests:ratio_rate6h{deployment_environment_name=\"$namespace\", sli=\"latency\"} / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"}))"
              refId        = "C"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Burn rate 6h"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max by (service_name) (namespace_service_sli:bad_requests:ratio_rate3d{deployment_environment_name=\"$namespace\", sli=\"latency\"} / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"}))"
              refId        = "D"
              instant      = true
              range        = false
              format       = "table"
              legendFormat = "Burn rate 3d"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Latency: budgets"
          description = "Bad requests are those slower than the stage's latency_threshold_ms. Budget left below half: slow down; below 0: the objective of 30 days is missed. A click opens the service."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 18
          }
          repeatDirection = "h"
          transformations = [
            {
              id      = "merge"
              options = {}
            },
            {
              id = "organize"
              options = {
                excludeByName = {
                  Time = true
                }
                renameByName = {
                  "Value #A" = "Budget left"
                  "Value #B" = "Burn rate 1h"
                  "Value #C" = "Burn rate 6h"
                  "Value #D" = "Burn rate 3d"
                }
                indexByName = {
                  service_name = 0
                  "Value #A"   = 1
                  "Value #B"   = 2
                  "Value #C"   = 3
                  "Value #D"   = 4
                }
              }
            },
          ]
          options = {
            frameIndex    = 0
            showHeader    = true
            showTypeIcons = false
            sortBy = [
              {
                displayName = "Budget left"
                desc        = true
              },
            ]
            footer = {
              show      = false
              reducer   = []
              countRows = false
            }
            cellHeight = "sm"
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
            }
            overrides = [
              {
                matcher = {
                  id      = "byName"
                  options = "Budget left"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "percentunit"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "red"
                        },
                        {
                          value = 0.1
                          color = "yellow"
                        },
                        {
                          value = 0.5
                          color = "green"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Burn rate 1h"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "short"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 1
                          color = "yellow"
                        },
                        {
                          value = 14.4
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Burn rate 6h"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "short"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 1
                          color = "yellow"
                        },
                        {
                          value = 6
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "Burn rate 3d"
                }
                properties = [
                  {
                    id    = "unit"
                    value = "short"
                  },
                  {
                    id = "custom.cellOptions"
                    value = {
                      type = "color-text"
                    }
                  },
                  {
                    id = "color"
                    value = {
                      mode = "thresholds"
                    }
                  },
                  {
                    id = "thresholds"
                    value = {
                      mode = "absolute"
                      steps = [
                        {
                          value = null
                          color = "green"
                        },
                        {
                          value = 1
                          color = "yellow"
                        },
                        {
                          value = 1
                          color = "red"
                        },
                      ]
                    }
                  },
                ]
              },
              {
                matcher = {
                  id      = "byName"
                  options = "service_name"
                }
                properties = [
                  {
                    id = "links"
                    value = [
                      {
                        title = "Open"
                        url   = "/d/service-golden-signals?$${__url_time_range}&var-namespace=$namespace&var-service=$${__data.fields.service_name}"
                      },
                    ]
                  },
                ]
              },
            ]
          }
          id = 6
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "1 - namespace_service_sli:bad_requests:ratio_rate1h{deployment_environment_name=\"$namespace\", sli=\"latency\"}"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "namespace:slo_objective:ratio{deployment_environment_name=\"$namespace\", sli=\"latency\"}"
              refId        = "B"
              legendFormat = "objective"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Latency: share of good requests in an hour"
          description = "Bad requests are those slower than the stage's latency_threshold_ms. The line of the objective is what 30 days must reach together."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 26
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              max  = 1
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "namespace_service_sli:bad_requests:ratio_rate1h{deployment_environment_name=\"$namespace\", sli=\"latency\"} / on (deployment_environment_name) group_left () (1 - namespace:slo_objective:ratio{sli=\"latency\"})"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Latency: burn rate in an hour"
          description = "1 uses up exactly the budget of 30 days; at 14.4 2 % of it go in an hour, and somebody is paged."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 26
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 6
                    color = "yellow"
                  },
                  {
                    value = 14.4
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 8
        },
        {
          type      = "row"
          collapsed = false
          id        = 9
          panels    = []
          title     = "Traffic behind it"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 34
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "namespace_service:requests:rate5m{deployment_environment_name=\"$namespace\"}"
              refId        = "A"
              legendFormat = "{{service_name}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests"
          description = "An objective over few requests jumps: of 20 a day, one failure is 5 %."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 35
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 10
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    annotations = {
      grafana_folder = "Services"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-slo-error-budget"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-telemetry-pipeline" {
  data = {
    "telemetry-pipeline.json" = jsonencode({
      schemaVersion = 41
      templating    = {}
      annotations   = {}
      uid           = "telemetry-pipeline"
      title         = "Telemetry pipeline"
      description   = "Does telemetry arrive, and is anything lost on the way? From left to right as data flows: received, refused, queued, sent; then the back ends and their buckets."
      tags          = ["pipeline"]
      timezone      = "browser"
      editable      = false
      graphTooltip  = 1
      time = {
        from = "now-3h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "Lost or at risk now"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "(sum(increase(otelcol_receiver_refused_spans_total[1h])) or vector(0)) + (sum(increase(otelcol_receiver_refused_metric_points_total[1h])) or vector(0)) + (sum(increase(otelcol_receiver_refused_log_records_total[1h])) or vector(0))"
              refId        = "A"
              legendFormat = "Refused in an hour"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Refused in an hour"
          description = "Senders were told to try again: the collector's memory is full, or a back end is slow. Not lost yet: SDKs repeat for a while."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 0
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "short"
              decimals = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 1000
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 2
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "(sum(increase(otelcol_exporter_enqueue_failed_spans_total[1h])) or vector(0)) + (sum(increase(otelcol_exporter_enqueue_failed_metric_points_total[1h])) or vector(0)) + (sum(increase(otelcol_exporter_enqueue_failed_log_records_total[1h])) or vector(0))"
              refId        = "A"
              legendFormat = "Dropped in an hour"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Dropped in an hour"
          description = "The queue was full. Lost, unless the sender repeats: see Queues below."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 4
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "short"
              decimals = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 1000
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 3
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "(sum(increase(otelcol_exporter_send_failed_spans_total[1h])) or vector(0)) + (sum(increase(otelcol_exporter_send_failed_metric_points_total[1h])) or vector(0)) + (sum(increase(otelcol_exporter_send_failed_log_records_total[1h])) or vector(0))"
              refId        = "A"
              legendFormat = "Given up in an hour"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Given up in an hour"
          description = "A back end refused them for good, or was away for too long. Lost: the collector's log says why."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 8
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "short"
              decimals = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 1000
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "(sum(increase(loki_discarded_samples_total[1h])) or vector(0)) + (sum(increase(tempo_discarded_spans_total[1h])) or vector(0))"
              refId        = "A"
              legendFormat = "Refused by Loki and Tempo in an hour"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Refused by Loki and Tempo in an hour"
          description = "Lines and spans over a limit of their tenant. The reason is below."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 12
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit     = "short"
              decimals = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 1000
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 5
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "max(otelcol_exporter_queue_size / (otelcol_exporter_queue_capacity > 0))"
              refId        = "A"
              legendFormat = "queue"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Fullest queue"
          description = "Of all collectors and exporters. Above half: a back end does not keep up."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 16
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.5
                    color = "yellow"
                  },
                  {
                    value = 0.8
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type = "stat"
          targets = [
            {
              expr         = "sum(externalsecret_status_condition{condition=\"Ready\", status=\"False\"}) or vector(0)"
              refId        = "A"
              legendFormat = "secrets"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Secrets not ready"
          description = "ExternalSecrets that could not be read. A pod that needs one does not start."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 4
            w = 4
            x = 20
            y = 1
          }
          repeatDirection = "h"
          options = {
            graphMode         = "area"
            colorMode         = "value"
            justifyMode       = "auto"
            textMode          = "auto"
            wideLayout        = true
            showPercentChange = false
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            percentChangeColorMode = "standard"
            orientation            = "auto"
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 1
                    color = "yellow"
                  },
                  {
                    value = 1
                    color = "red"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 7
        },
        {
          type      = "row"
          collapsed = false
          id        = 8
          panels    = []
          title     = "Received and sent"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 5
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace) (rate(otelcol_receiver_accepted_spans_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Received: spans"
          description = "Spans per second by namespace. 0 in a stage: nothing sends, or nothing reaches its gateway."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 6
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 9
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace, exporter) (rate(otelcol_exporter_sent_spans_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}} {{exporter}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Sent: spans"
          description = "Spans per second by exporter. Much less than received, for long: the queues fill."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 6
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 10
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace) (rate(otelcol_receiver_refused_spans_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "refused {{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum by (namespace) (rate(otelcol_exporter_enqueue_failed_spans_total[$__rate_interval]))"
              refId        = "B"
              legendFormat = "dropped {{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum by (namespace) (rate(otelcol_exporter_send_failed_spans_total[$__rate_interval]))"
              refId        = "C"
              legendFormat = "given up {{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Refused, dropped, given up: spans"
          description = "Anything above 0 has a cause: memory (refused), a full queue (dropped), a back end's refusal (given up)."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 6
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 11
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace) (rate(otelcol_receiver_accepted_metric_points_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Received: data points"
          description = "Data points per second by namespace. 0 in a stage: nothing sends, or nothing reaches its gateway."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 12
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace, exporter) (rate(otelcol_exporter_sent_metric_points_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}} {{exporter}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Sent: data points"
          description = "Data points per second by exporter. Much less than received, for long: the queues fill."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 13
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace) (rate(otelcol_receiver_refused_metric_points_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "refused {{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum by (namespace) (rate(otelcol_exporter_enqueue_failed_metric_points_total[$__rate_interval]))"
              refId        = "B"
              legendFormat = "dropped {{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum by (namespace) (rate(otelcol_exporter_send_failed_metric_points_total[$__rate_interval]))"
              refId        = "C"
              legendFormat = "given up {{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Refused, dropped, given up: data points"
          description = "Anything above 0 has a cause: memory (refused), a full queue (dropped), a back end's refusal (given up)."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 14
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 14
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace) (rate(otelcol_receiver_accepted_log_records_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Received: log records"
          description = "Log records per second by namespace. 0 in a stage: nothing sends, or nothing reaches its gateway."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 22
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 15
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace, exporter) (rate(otelcol_exporter_sent_log_records_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}} {{exporter}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Sent: log records"
          description = "Log records per second by exporter. Much less than received, for long: the queues fill."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 22
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 16
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace) (rate(otelcol_receiver_refused_log_records_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "refused {{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum by (namespace) (rate(otelcol_exporter_enqueue_failed_log_records_total[$__rate_interval]))"
              refId        = "B"
              legendFormat = "dropped {{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum by (namespace) (rate(otelcol_exporter_send_failed_log_records_total[$__rate_interval]))"
              refId        = "C"
              legendFormat = "given up {{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Refused, dropped, given up: log records"
          description = "Anything above 0 has a cause: memory (refused), a full queue (dropped), a back end's refusal (given up)."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 22
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 17
        },
        {
          type      = "row"
          collapsed = false
          id        = 18
          panels    = []
          title     = "Collectors"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 30
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "max by (namespace, pod, exporter) (otelcol_exporter_queue_size / (otelcol_exporter_queue_capacity > 0))"
              refId        = "A"
              legendFormat = "{{namespace}} {{pod}} {{exporter}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Queues"
          description = "Share of each queue that is full. It grows while a back end is away, and must shrink after that."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 31
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              max  = 1
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.5
                    color = "yellow"
                  },
                  {
                    value = 0.8
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 19
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "max by (namespace, pod) (otelcol_process_memory_rss_bytes)"
              refId        = "A"
              legendFormat = "{{namespace}} {{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Memory"
          description = "Resident memory. From 60 % of the container's limit on, new data is refused."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 12
            y = 31
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 20
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace, pod) (rate(otelcol_process_cpu_seconds_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}} {{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "CPU"
          description = "Cores. Gateways get replicas from 70 % of their request on."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 18
            y = 31
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 21
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace, sampled) (rate(otelcol_processor_tail_sampling_global_count_traces_sampled_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}} kept: {{sampled}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Traces sampled"
          description = "Traces per second decided by the gateways: kept (true) or not (false)."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 39
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 22
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace) (rate(otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Traces dropped before the decision"
          description = "More traces at a time than fit into a gateway's memory: add replicas, or raise the size. Above 0, errors may be lost."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 39
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 23
        },
        {
          type      = "row"
          collapsed = false
          id        = 24
          panels    = []
          title     = "Prometheus and Thanos"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 47
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "max by (namespace, pod) (prometheus_tsdb_head_series)"
              refId        = "A"
              legendFormat = "{{namespace}} {{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Series in memory"
          description = "Of the platform's Prometheus (observability) and of each stage's. The bound of its memory; docs/operations/capacity.md has each size's."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 0
            y = 48
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 25
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace, pod) (rate(prometheus_tsdb_head_samples_appended_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}} {{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Samples"
          description = "Samples per second taken, scraped and pushed."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 6
            y = 48
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 26
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace, pod) (rate(prometheus_tsdb_too_old_samples_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{namespace}} {{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Samples too late"
          description = "Pushed after the out-of-order window of 30 minutes, and lost. A gateway's queue was held up for longer."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 12
            y = 48
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 27
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{rule_group}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Rules that failed"
          description = "Evaluations per second that failed. Alerts of that group are blind."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 18
            y = 48
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 28
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "max by (namespace, pod) (prometheus_tsdb_storage_blocks_bytes)"
              refId        = "A"
              legendFormat = "{{namespace}} {{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Blocks on the volume"
          description = "Prometheus' own blocks; it deletes the oldest before the volume is full."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 0
            y = 56
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "bytes"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 29
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (namespace, pod) (increase(thanos_shipper_uploads_total[2h]))"
              refId        = "A"
              legendFormat = "{{namespace}} {{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum by (namespace, pod) (increase(thanos_shipper_upload_failures_total[2h]))"
              refId        = "B"
              legendFormat = "{{namespace}} {{pod}} failed"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Uploads to the bucket"
          description = "Blocks of two hours: one every two hours from each replica. Failures: role, key or bucket policy."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 6
            y = 56
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 30
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum(increase(thanos_compact_iterations_total[6h]))"
              refId        = "A"
              legendFormat = "rounds"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum(increase(thanos_compact_group_compactions_failures_total[6h]))"
              refId        = "B"
              legendFormat = "failures"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "max(thanos_compact_halted)"
              refId        = "C"
              legendFormat = "halted"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Compactor"
          description = "Rounds and failures in six hours. Halted (1): it found blocks it must not touch; see the runbook ThanosCompactorHalted."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 12
            y = 56
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 31
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (operation) (rate(thanos_objstore_bucket_operations_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{operation}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests to the bucket"
          description = "By operation; they are paid for. Failures below."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 18
            y = 56
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 32
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (operation) (rate(thanos_objstore_bucket_operation_failures_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{operation}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Requests to the bucket that failed"
          description = "Above 0 for long: role, key, endpoint or throttling."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 64
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 33
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (thanos_bucket_store_blocks_loaded)"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Blocks that the store gateway knows"
          description = "It must be what the bucket has. None: long ranges in Grafana are empty."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 64
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 34
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (integration) (increase(alertmanager_notifications_total[1h]))"
              refId        = "A"
              legendFormat = "{{integration}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
            {
              expr         = "sum by (integration) (increase(alertmanager_notifications_failed_total[1h]))"
              refId        = "B"
              legendFormat = "{{integration}} failed"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Notifications"
          description = "Alertmanager's notifications in an hour by integration, and failed ones."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 64
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 35
        },
        {
          type      = "row"
          collapsed = false
          id        = 36
          panels    = []
          title     = "Loki and Tempo"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 72
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (tenant) (rate(loki_distributor_lines_received_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{tenant}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Loki: lines"
          description = "Lines per second by tenant, which is the namespace."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 0
            y = 73
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 37
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (tenant, reason) (rate(loki_discarded_samples_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{tenant}} {{reason}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Loki: lines refused"
          description = "By reason: rate_limited (raise the size), greater_than_max_sample_age (a queue was held up), ..."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 6
            y = 73
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 38
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (tenant) (loki_ingester_memory_streams)"
              refId        = "A"
              legendFormat = "{{tenant}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Loki: streams in memory"
          description = "Each combination of labels is one. A jump: a label with too many values."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 12
            y = 73
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 39
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "(sum by (route) (rate(loki_request_duration_seconds_count{status_code=~\"5..\"}[$__rate_interval])) or 0 * sum by (route) (rate(loki_request_duration_seconds_count[$__rate_interval]))) / (sum by (route) (rate(loki_request_duration_seconds_count[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "{{route}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Loki: share of requests that fail"
          description = "Answers of 500 and above, by route."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 18
            y = 73
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 40
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (tenant) (rate(tempo_distributor_spans_received_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{tenant}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Tempo: spans"
          description = "Spans per second by tenant, after sampling."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 0
            y = 81
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 41
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (tenant, reason) (rate(tempo_discarded_spans_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{tenant}} {{reason}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Tempo: spans refused"
          description = "By reason: rate_limited, trace_too_large, live_traces_exceeded, ..."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 6
            y = 81
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 42
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (tenant) (tempo_ingester_live_traces)"
              refId        = "A"
              legendFormat = "{{tenant}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Tempo: traces in memory"
          description = "Traces under way; its memory follows."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 12
            y = 81
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 43
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "(sum by (route) (rate(tempo_request_duration_seconds_count{status_code=~\"5..\"}[$__rate_interval])) or 0 * sum by (route) (rate(tempo_request_duration_seconds_count[$__rate_interval]))) / (sum by (route) (rate(tempo_request_duration_seconds_count[$__rate_interval])) > 0)"
              refId        = "A"
              legendFormat = "{{route}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Tempo: share of requests that fail"
          description = "Answers of 500 and above, by route."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 6
            x = 18
            y = 81
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 0.01
                    color = "yellow"
                  },
                  {
                    value = 0.05
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 44
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (pod) (rate(tempo_ingester_failed_flushes_total[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{pod}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Tempo: blocks that could not be written"
          description = "Flushes per second that failed. Traces pile up on the volume meanwhile."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 89
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 45
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "max by (tenant) (prometheus_remote_storage_highest_timestamp_in_seconds) - min by (tenant) (prometheus_remote_storage_queue_highest_sent_timestamp_seconds)"
              refId        = "A"
              legendFormat = "{{tenant}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Service graph: how late Prometheus gets it"
          description = "Newest sample made minus newest sample taken by Prometheus. Above two minutes: Prometheus refuses or is away."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 89
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "green"
                  },
                  {
                    value = 60
                    color = "yellow"
                  },
                  {
                    value = 120
                    color = "red"
                  },
                ]
              }
              custom = {
                thresholdsStyle = {
                  mode = "dashed"
                }
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 46
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "time() - max(loki_compactor_apply_retention_last_successful_run_timestamp_seconds)"
              refId        = "A"
              legendFormat = "since"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Loki: since retention was applied"
          description = "Grows to the compaction interval and falls back. Hours: logs are kept too long."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 89
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 47
        },
        {
          type = "bargauge"
          targets = [
            {
              expr         = "avg by (namespace, job) (up)"
              refId        = "A"
              instant      = true
              range        = false
              legendFormat = "{{namespace}} {{job}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Targets up"
          description = "Share of each job's targets that answer. Below 100 %: `kubectl get pods` in its namespace."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 97
          }
          repeatDirection = "h"
          options = {
            displayMode   = "basic"
            valueMode     = "color"
            namePlacement = "auto"
            showUnfilled  = true
            sizing        = "auto"
            minVizWidth   = 8
            minVizHeight  = 16
            legend = {
              displayMode = "list"
              placement   = "bottom"
              showLegend  = false
              calcs       = []
            }
            reduceOptions = {
              calcs = ["lastNotNull"]
            }
            maxVizHeight = 300
            orientation  = "horizontal"
          }
          fieldConfig = {
            defaults = {
              unit = "percentunit"
              min  = 0
              max  = 1
              thresholds = {
                mode = "absolute"
                steps = [
                  {
                    value = null
                    color = "red"
                  },
                  {
                    value = 0.5
                    color = "yellow"
                  },
                  {
                    value = 1
                    color = "green"
                  },
                ]
              }
            }
            overrides = []
          }
          id = 48
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Traces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/traces-service-graph"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    annotations = {
      grafana_folder = "Observability"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-telemetry-pipeline"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "dashboard-traces-service-graph" {
  data = {
    "traces-service-graph.json" = jsonencode({
      schemaVersion = 41
      templating = {
        list = [
          {
            type        = "query"
            name        = "namespace"
            label       = "Namespace"
            skipUrlSync = false
            query       = "label_values(traces_span_metrics_calls_total, deployment_environment_name)"
            datasource = {
              type = "prometheus"
              uid  = "prometheus"
            }
            multi            = false
            allowCustomValue = true
            refresh          = 2
            sort             = 1
            includeAll       = false
            auto             = false
            auto_min         = "10s"
            auto_count       = 30
          },
          {
            type        = "query"
            name        = "service"
            label       = "Service"
            skipUrlSync = false
            query       = "label_values(traces_span_metrics_calls_total{deployment_environment_name=\"$namespace\"}, service_name)"
            datasource = {
              type = "prometheus"
              uid  = "prometheus"
            }
            multi            = false
            allowCustomValue = true
            refresh          = 2
            sort             = 1
            includeAll       = false
            auto             = false
            auto_min         = "10s"
            auto_count       = 30
          },
        ]
      }
      annotations  = {}
      uid          = "traces-service-graph"
      title        = "Traces and service graph"
      description  = "Who calls whom in a stage, which calls fail or are slow, and the traces to open."
      tags         = ["traces"]
      timezone     = "browser"
      editable     = false
      graphTooltip = 1
      time = {
        from = "now-1h"
        to   = "now"
      }
      fiscalYearStartMonth = 0
      refresh              = "1m"
      panels = [
        {
          type      = "row"
          collapsed = false
          id        = 1
          panels    = []
          title     = "Service graph"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 0
          }
        },
        {
          type = "nodeGraph"
          targets = [
            {
              refId           = "A"
              filters         = []
              queryType       = "serviceMap"
              serviceMapQuery = "{deployment_environment_name=\"$namespace\"}"
              datasource = {
                type = "tempo"
                uid  = "tempo"
              }
            },
          ]
          title       = "Service graph"
          description = "From the traces kept: edges are right, rates are those after sampling. A service that is missing is not instrumented, or loses the trace context."
          transparent = false
          datasource = {
            type = "tempo"
            uid  = "tempo"
          }
          gridPos = {
            h = 16
            w = 24
            x = 0
            y = 1
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
            }
            overrides = []
          }
          id = 2
        },
        {
          type      = "row"
          collapsed = false
          id        = 3
          panels    = []
          title     = "Calls between services"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 17
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (client, server) (rate(traces_service_graph_request_total{deployment_environment_name=\"$namespace\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{client}} → {{server}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Calls kept"
          description = "Calls per second between two services, of the traces that were kept."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 0
            y = 18
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 4
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (client, server) (rate(traces_service_graph_request_failed_total{deployment_environment_name=\"$namespace\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "{{client}} → {{server}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Failed calls kept"
          description = "Failed calls per second. All failures are kept, so compare these with each other and not with the calls kept."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 8
            y = 18
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "reqps"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 5
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "histogram_quantile(0.95, sum by (client, server, le) (rate(traces_service_graph_request_server_seconds_bucket{deployment_environment_name=\"$namespace\"}[$__rate_interval])))"
              refId        = "A"
              legendFormat = "{{client}} → {{server}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "p95 of calls kept"
          description = "How long the server took. Slow traces are all kept, so this is higher than the truth."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 8
            x = 16
            y = 18
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "s"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 8
                showPoints  = "never"
              }
            }
            overrides = []
          }
          id = 6
        },
        {
          type      = "row"
          collapsed = false
          id        = 7
          panels    = []
          title     = "Traces"
          gridPos = {
            h = 1
            w = 24
            x = 0
            y = 26
          }
        },
        {
          type = "timeseries"
          targets = [
            {
              expr         = "sum by (sampled) (rate(otelcol_processor_tail_sampling_global_count_traces_sampled_total{namespace=\"$namespace\"}[$__rate_interval]))"
              refId        = "A"
              legendFormat = "kept: {{sampled}}"
              datasource = {
                type = "prometheus"
                uid  = "prometheus"
              }
            },
          ]
          title       = "Traces decided by the gateway"
          description = "Traces per second that were kept (true) and not (false). Few kept and many slow: see sampling in the settings."
          transparent = false
          datasource = {
            type = "prometheus"
            uid  = "prometheus"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 27
          }
          repeatDirection = "h"
          options = {
            legend = {
              displayMode = "table"
              placement   = "bottom"
              showLegend  = true
              calcs       = ["mean", "lastNotNull"]
            }
            tooltip = {
              mode = "multi"
              sort = "desc"
            }
          }
          fieldConfig = {
            defaults = {
              unit = "short"
              min  = 0
              custom = {
                lineWidth   = 1
                fillOpacity = 30
                showPoints  = "never"
                stacking = {
                  mode = "normal"
                }
              }
            }
            overrides = []
          }
          id = 8
        },
        {
          type = "table"
          targets = [
            {
              refId     = "A"
              filters   = []
              queryType = "traceql"
              query     = "{ resource.deployment.environment.name=\"$namespace\" && resource.service.name=\"$service\" && status=error }"
              limit     = 50
              datasource = {
                type = "tempo"
                uid  = "tempo"
              }
            },
          ]
          title       = "Failed traces of the service"
          description = "Look for the deepest red span: that is where it began."
          transparent = false
          datasource = {
            type = "tempo"
            uid  = "tempo"
          }
          gridPos = {
            h = 8
            w = 12
            x = 0
            y = 35
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
            }
            overrides = []
          }
          id = 9
        },
        {
          type = "table"
          targets = [
            {
              refId     = "A"
              filters   = []
              queryType = "traceql"
              query     = "{ resource.deployment.environment.name=\"$namespace\" && resource.service.name=\"$service\" && duration>500ms }"
              limit     = 50
              datasource = {
                type = "tempo"
                uid  = "tempo"
              }
            },
          ]
          title       = "Slow traces of the service"
          description = "Slower than half a second. Look for the widest span without children."
          transparent = false
          datasource = {
            type = "tempo"
            uid  = "tempo"
          }
          gridPos = {
            h = 8
            w = 12
            x = 12
            y = 35
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
            }
            overrides = []
          }
          id = 10
        },
        {
          type = "table"
          targets = [
            {
              refId     = "A"
              filters   = []
              queryType = "traceql"
              query     = "{ resource.deployment.environment.name=\"$namespace\" && resource.service.name=\"$service\" } && { resource.deployment.environment.name=\"$namespace\" && status=error }"
              limit     = 50
              datasource = {
                type = "tempo"
                uid  = "tempo"
              }
            },
          ]
          title       = "Traces that cross services with an error"
          description = "The service is part of a trace in which something failed, perhaps elsewhere."
          transparent = false
          datasource = {
            type = "tempo"
            uid  = "tempo"
          }
          gridPos = {
            h = 8
            w = 24
            x = 0
            y = 43
          }
          repeatDirection = "h"
          fieldConfig = {
            defaults = {
              unit = "short"
            }
            overrides = []
          }
          id = 11
        },
      ]
      links = [
        {
          title       = "All namespaces"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/global-overview"
        },
        {
          title       = "Service"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/service-golden-signals"
        },
        {
          title       = "Objectives"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/slo-error-budget"
        },
        {
          title       = "Logs"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/logs-explorer"
        },
        {
          title       = "Saturation"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/kubernetes-saturation"
        },
        {
          title       = "Pipeline"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/telemetry-pipeline"
        },
        {
          title       = "Cost"
          type        = "link"
          icon        = ""
          tooltip     = ""
          tags        = []
          asDropdown  = false
          targetBlank = false
          includeVars = true
          keepTime    = true
          url         = "/d/cost-cardinality"
        },
        {
          title       = "Namespaces"
          type        = "dashboards"
          icon        = ""
          tooltip     = "Overview of one namespace"
          tags        = ["namespace"]
          asDropdown  = true
          targetBlank = false
          includeVars = false
          keepTime    = true
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    annotations = {
      grafana_folder = "Services"
    }
    labels = {
      grafana_dashboard = "1"
    }
    name      = "dashboard-traces-service-graph"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "door-agent_config" {
  data = {
    "nginx.conf" = <<EOT
worker_processes 1;
pid /run/nginx/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 2048; }
http {
  server_tokens off;
  client_body_temp_path /run/nginx/client_body;
  proxy_temp_path /run/nginx/proxy;
  fastcgi_temp_path /run/nginx/fastcgi;
  uwsgi_temp_path /run/nginx/uwsgi;
  scgi_temp_path /run/nginx/scgi;
  # Refusals alone: a line for each push would be collected, pushed through here, logged, ...
  map $status $refused { "~^4" 1; default 0; }
  log_format refusals escape=json '{"time":"$time_iso8601","level":"warn","status":$status,'
    '"method":"$request_method","target":"$request_uri","client":"$remote_addr"}';
  access_log /dev/stdout refusals if=$refused;
  resolver kube-dns.kube-system.svc.cluster.local valid=10s ipv6=off;
  merge_slashes off;
  client_max_body_size 16m;
  # A client that sends half a request holds nothing for long.
  client_header_timeout 10s;
  client_body_timeout 30s;
  send_timeout 30s;
  # Straight through: a door keeps nothing that the back end has not acknowledged.
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_connect_timeout 5s;
  grpc_connect_timeout 5s;
  proxy_read_timeout 300s;
  grpc_read_timeout 300s;
  proxy_http_version 1.1;
  # Of a request to become a web socket (Grafana follows logs by one) and of no other.
  map $http_upgrade $websocket_connection { "~^websocket\z" upgrade; default ""; }
  map $http_upgrade $websocket_upgrade { "~^websocket\z" websocket; default ""; }
  upstream loki {
    zone loki 64k;
    server loki.observability.svc.cluster.local:3100 resolve;
    keepalive 16;
  }
  upstream prometheus-0 {
    zone prometheus-0 64k;
    server prometheus-kps-0.prometheus-operated.observability.svc.cluster.local:9090 resolve;
    keepalive 16;
  }
  map $http_x_scope_orgid $tenant_8080_0 {
    "~^observability\\z" observability;
    "~^dev\\z" dev;
    "~^hml\\z" hml;
    "~^prd\\z" prd;
    default "";
  }
  server {
    listen 8080;
    http2 on;
    location = /otlp/v1/logs {
      if ($request_uri != "/otlp/v1/logs") { return 403; }
      if ($request_method != POST) { return 403; }
      if ($tenant_8080_0 = "") { return 403; }
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Type $http_content_type;
      proxy_set_header Content-Encoding $http_content_encoding;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;
      proxy_set_header X-Scope-OrgID $tenant_8080_0;
      proxy_pass http://loki/otlp/v1/logs;
    }
    location = /prometheus-0/api/v1/otlp/v1/metrics {
      if ($request_uri != "/prometheus-0/api/v1/otlp/v1/metrics") { return 403; }
      if ($request_method != POST) { return 403; }
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Type $http_content_type;
      proxy_set_header Content-Encoding $http_content_encoding;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;
      proxy_set_header X-Scope-OrgID "";
      proxy_pass http://prometheus-0/api/v1/otlp/v1/metrics;
    }
    location / {
      return 403;
    }
  }
  server { listen 8081; location / { return 200; } }
}
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-agent"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-agent"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "door-grafana_config" {
  data = {
    "nginx.conf" = <<EOT
worker_processes 1;
pid /run/nginx/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 2048; }
http {
  server_tokens off;
  client_body_temp_path /run/nginx/client_body;
  proxy_temp_path /run/nginx/proxy;
  fastcgi_temp_path /run/nginx/fastcgi;
  uwsgi_temp_path /run/nginx/uwsgi;
  scgi_temp_path /run/nginx/scgi;
  # Refusals alone: a line for each push would be collected, pushed through here, logged, ...
  map $status $refused { "~^4" 1; default 0; }
  log_format refusals escape=json '{"time":"$time_iso8601","level":"warn","status":$status,'
    '"method":"$request_method","target":"$request_uri","client":"$remote_addr"}';
  access_log /dev/stdout refusals if=$refused;
  resolver kube-dns.kube-system.svc.cluster.local valid=10s ipv6=off;
  merge_slashes off;
  client_max_body_size 16m;
  # A client that sends half a request holds nothing for long.
  client_header_timeout 10s;
  client_body_timeout 30s;
  send_timeout 30s;
  # Straight through: a door keeps nothing that the back end has not acknowledged.
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_connect_timeout 5s;
  grpc_connect_timeout 5s;
  proxy_read_timeout 300s;
  grpc_read_timeout 300s;
  proxy_http_version 1.1;
  # Of a request to become a web socket (Grafana follows logs by one) and of no other.
  map $http_upgrade $websocket_connection { "~^websocket\z" upgrade; default ""; }
  map $http_upgrade $websocket_upgrade { "~^websocket\z" websocket; default ""; }
  upstream loki {
    zone loki 64k;
    server loki.observability.svc.cluster.local:3100 resolve;
    keepalive 16;
  }
  upstream loki-rules {
    zone loki-rules 64k;
    server loki.observability.svc.cluster.local:3100 resolve;
    keepalive 16;
  }
  upstream tempo {
    zone tempo 64k;
    server tempo.observability.svc.cluster.local:3200 resolve;
    keepalive 16;
  }
  upstream alertmanager {
    zone alertmanager 64k;
    server kps-alertmanager.observability.svc.cluster.local:9093 resolve;
    keepalive 16;
  }
  map "$request_method $request_uri" $read_3100 {
    "~^(?:GET) /loki/api/v1/(?:query|query_range|tail|labels|series|patterns|format_query|drilldown-limits|detected_labels|detected_fields|index/stats|index/volume|index/volume_range|label/[.]?[A-Za-z0-9_](?:[A-Za-z0-9_.:-]|%(?!2[eEfF]|5[cC]|00)[0-9A-Fa-f]{2})*/values|detected_field/[.]?[A-Za-z0-9_](?:[A-Za-z0-9_.:-]|%(?!2[eEfF]|5[cC]|00)[0-9A-Fa-f]{2})*/values)(\\?.*)?\\z" loki;
    "~^(?:GET) /(?:loki/api/v1/rules|prometheus/api/v1/rules|prometheus/api/v1/alerts)(\\?.*)?\\z" loki-rules;
    default "";
  }
  server {
    listen 3100;
    http2 on;
    location / {
      if ($read_3100 = "") { return 403; }
      proxy_set_header X-Scope-OrgID "observability|dev|hml|prd";
      proxy_set_header Connection $websocket_connection;
      proxy_set_header Upgrade $websocket_upgrade;
      proxy_pass http://$read_3100;
    }
  }
  map "$request_method $request_uri" $read_3200 {
    "~^(?:GET) /api/(?:echo|status/buildinfo|search|search/tags|v2/search/tags|traces/[0-9A-Fa-f]{1,32}|v2/traces/[0-9A-Fa-f]{1,32}|search/tag/[.]?[A-Za-z0-9_](?:[A-Za-z0-9_.:-]|%(?!2[eEfF]|5[cC]|00)[0-9A-Fa-f]{2})*/values|v2/search/tag/[.]?[A-Za-z0-9_](?:[A-Za-z0-9_.:-]|%(?!2[eEfF]|5[cC]|00)[0-9A-Fa-f]{2})*/values|metrics/query|metrics/query_range|metrics/summary)(\\?.*)?\\z" tempo;
    default "";
  }
  server {
    listen 3200;
    http2 on;
    location = /tempopb.StreamingQuerier/Search {
      if ($request_uri != "/tempopb.StreamingQuerier/Search") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "observability|dev|hml|prd";
      grpc_pass grpc://tempo;
    }
    location = /tempopb.StreamingQuerier/SearchTags {
      if ($request_uri != "/tempopb.StreamingQuerier/SearchTags") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "observability|dev|hml|prd";
      grpc_pass grpc://tempo;
    }
    location = /tempopb.StreamingQuerier/SearchTagsV2 {
      if ($request_uri != "/tempopb.StreamingQuerier/SearchTagsV2") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "observability|dev|hml|prd";
      grpc_pass grpc://tempo;
    }
    location = /tempopb.StreamingQuerier/SearchTagValues {
      if ($request_uri != "/tempopb.StreamingQuerier/SearchTagValues") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "observability|dev|hml|prd";
      grpc_pass grpc://tempo;
    }
    location = /tempopb.StreamingQuerier/SearchTagValuesV2 {
      if ($request_uri != "/tempopb.StreamingQuerier/SearchTagValuesV2") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "observability|dev|hml|prd";
      grpc_pass grpc://tempo;
    }
    location = /tempopb.StreamingQuerier/MetricsQueryRange {
      if ($request_uri != "/tempopb.StreamingQuerier/MetricsQueryRange") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "observability|dev|hml|prd";
      grpc_pass grpc://tempo;
    }
    location = /tempopb.StreamingQuerier/MetricsQueryInstant {
      if ($request_uri != "/tempopb.StreamingQuerier/MetricsQueryInstant") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "observability|dev|hml|prd";
      grpc_pass grpc://tempo;
    }
    location / {
      if ($read_3200 = "") { return 403; }
      proxy_set_header X-Scope-OrgID "observability|dev|hml|prd";
      proxy_set_header Connection $websocket_connection;
      proxy_set_header Upgrade $websocket_upgrade;
      proxy_pass http://$read_3200;
    }
  }
  map "$request_method $request_uri" $read_9093 {
    "~^(?:GET) /api/v2/(?:status|alerts|alerts/groups|receivers)(\\?.*)?\\z" alertmanager;
    "~^(?:GET|POST) /api/v2/silences(\\?.*)?\\z" alertmanager;
    "~^(?:GET|DELETE) /api/v2/silence/[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\\z" alertmanager;
    default "";
  }
  server {
    listen 9093;
    http2 on;
    location / {
      if ($read_9093 = "") { return 403; }
      proxy_set_header X-Scope-OrgID "";
      proxy_set_header Connection $websocket_connection;
      proxy_set_header Upgrade $websocket_upgrade;
      proxy_pass http://$read_9093;
    }
  }
  server { listen 8081; location / { return 200; } }
}
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-grafana"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-grafana"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "door-stage-dev_config" {
  data = {
    "nginx.conf" = <<EOT
worker_processes 1;
pid /run/nginx/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 2048; }
http {
  server_tokens off;
  client_body_temp_path /run/nginx/client_body;
  proxy_temp_path /run/nginx/proxy;
  fastcgi_temp_path /run/nginx/fastcgi;
  uwsgi_temp_path /run/nginx/uwsgi;
  scgi_temp_path /run/nginx/scgi;
  # Refusals alone: a line for each push would be collected, pushed through here, logged, ...
  map $status $refused { "~^4" 1; default 0; }
  log_format refusals escape=json '{"time":"$time_iso8601","level":"warn","status":$status,'
    '"method":"$request_method","target":"$request_uri","client":"$remote_addr"}';
  access_log /dev/stdout refusals if=$refused;
  resolver kube-dns.kube-system.svc.cluster.local valid=10s ipv6=off;
  merge_slashes off;
  client_max_body_size 16m;
  # A client that sends half a request holds nothing for long.
  client_header_timeout 10s;
  client_body_timeout 30s;
  send_timeout 30s;
  # Straight through: a door keeps nothing that the back end has not acknowledged.
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_connect_timeout 5s;
  grpc_connect_timeout 5s;
  proxy_read_timeout 300s;
  grpc_read_timeout 300s;
  proxy_http_version 1.1;
  # Of a request to become a web socket (Grafana follows logs by one) and of no other.
  map $http_upgrade $websocket_connection { "~^websocket\z" upgrade; default ""; }
  map $http_upgrade $websocket_upgrade { "~^websocket\z" websocket; default ""; }
  upstream loki {
    zone loki 64k;
    server loki.observability.svc.cluster.local:3100 resolve;
    keepalive 16;
  }
  upstream tempo {
    zone tempo 64k;
    server tempo.observability.svc.cluster.local:4317 resolve;
    keepalive 16;
  }
  upstream prometheus-0 {
    zone prometheus-0 64k;
    server prometheus-stage-0.prometheus-operated.dev-telemetry.svc.cluster.local:9090 resolve;
    keepalive 16;
  }
  server {
    listen 8080;
    http2 on;
    location = /otlp/v1/logs {
      if ($request_uri != "/otlp/v1/logs") { return 403; }
      if ($request_method != POST) { return 403; }
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Type $http_content_type;
      proxy_set_header Content-Encoding $http_content_encoding;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;
      proxy_set_header X-Scope-OrgID "dev";
      proxy_pass http://loki/otlp/v1/logs;
    }
    location = /opentelemetry.proto.collector.trace.v1.TraceService/Export {
      if ($request_uri != "/opentelemetry.proto.collector.trace.v1.TraceService/Export") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "dev";
      grpc_pass grpc://tempo;
    }
    location = /prometheus-0/api/v1/otlp/v1/metrics {
      if ($request_uri != "/prometheus-0/api/v1/otlp/v1/metrics") { return 403; }
      if ($request_method != POST) { return 403; }
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Type $http_content_type;
      proxy_set_header Content-Encoding $http_content_encoding;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;
      proxy_set_header X-Scope-OrgID "";
      proxy_pass http://prometheus-0/api/v1/otlp/v1/metrics;
    }
    location / {
      return 403;
    }
  }
  server { listen 8081; location / { return 200; } }
}
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-dev"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-dev"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "door-stage-hml_config" {
  data = {
    "nginx.conf" = <<EOT
worker_processes 1;
pid /run/nginx/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 2048; }
http {
  server_tokens off;
  client_body_temp_path /run/nginx/client_body;
  proxy_temp_path /run/nginx/proxy;
  fastcgi_temp_path /run/nginx/fastcgi;
  uwsgi_temp_path /run/nginx/uwsgi;
  scgi_temp_path /run/nginx/scgi;
  # Refusals alone: a line for each push would be collected, pushed through here, logged, ...
  map $status $refused { "~^4" 1; default 0; }
  log_format refusals escape=json '{"time":"$time_iso8601","level":"warn","status":$status,'
    '"method":"$request_method","target":"$request_uri","client":"$remote_addr"}';
  access_log /dev/stdout refusals if=$refused;
  resolver kube-dns.kube-system.svc.cluster.local valid=10s ipv6=off;
  merge_slashes off;
  client_max_body_size 16m;
  # A client that sends half a request holds nothing for long.
  client_header_timeout 10s;
  client_body_timeout 30s;
  send_timeout 30s;
  # Straight through: a door keeps nothing that the back end has not acknowledged.
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_connect_timeout 5s;
  grpc_connect_timeout 5s;
  proxy_read_timeout 300s;
  grpc_read_timeout 300s;
  proxy_http_version 1.1;
  # Of a request to become a web socket (Grafana follows logs by one) and of no other.
  map $http_upgrade $websocket_connection { "~^websocket\z" upgrade; default ""; }
  map $http_upgrade $websocket_upgrade { "~^websocket\z" websocket; default ""; }
  upstream loki {
    zone loki 64k;
    server loki.observability.svc.cluster.local:3100 resolve;
    keepalive 16;
  }
  upstream tempo {
    zone tempo 64k;
    server tempo.observability.svc.cluster.local:4317 resolve;
    keepalive 16;
  }
  upstream prometheus-0 {
    zone prometheus-0 64k;
    server prometheus-stage-0.prometheus-operated.hml-telemetry.svc.cluster.local:9090 resolve;
    keepalive 16;
  }
  server {
    listen 8080;
    http2 on;
    location = /otlp/v1/logs {
      if ($request_uri != "/otlp/v1/logs") { return 403; }
      if ($request_method != POST) { return 403; }
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Type $http_content_type;
      proxy_set_header Content-Encoding $http_content_encoding;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;
      proxy_set_header X-Scope-OrgID "hml";
      proxy_pass http://loki/otlp/v1/logs;
    }
    location = /opentelemetry.proto.collector.trace.v1.TraceService/Export {
      if ($request_uri != "/opentelemetry.proto.collector.trace.v1.TraceService/Export") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "hml";
      grpc_pass grpc://tempo;
    }
    location = /prometheus-0/api/v1/otlp/v1/metrics {
      if ($request_uri != "/prometheus-0/api/v1/otlp/v1/metrics") { return 403; }
      if ($request_method != POST) { return 403; }
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Type $http_content_type;
      proxy_set_header Content-Encoding $http_content_encoding;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;
      proxy_set_header X-Scope-OrgID "";
      proxy_pass http://prometheus-0/api/v1/otlp/v1/metrics;
    }
    location / {
      return 403;
    }
  }
  server { listen 8081; location / { return 200; } }
}
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-hml"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-hml"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "door-stage-prd_config" {
  data = {
    "nginx.conf" = <<EOT
worker_processes 1;
pid /run/nginx/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 2048; }
http {
  server_tokens off;
  client_body_temp_path /run/nginx/client_body;
  proxy_temp_path /run/nginx/proxy;
  fastcgi_temp_path /run/nginx/fastcgi;
  uwsgi_temp_path /run/nginx/uwsgi;
  scgi_temp_path /run/nginx/scgi;
  # Refusals alone: a line for each push would be collected, pushed through here, logged, ...
  map $status $refused { "~^4" 1; default 0; }
  log_format refusals escape=json '{"time":"$time_iso8601","level":"warn","status":$status,'
    '"method":"$request_method","target":"$request_uri","client":"$remote_addr"}';
  access_log /dev/stdout refusals if=$refused;
  resolver kube-dns.kube-system.svc.cluster.local valid=10s ipv6=off;
  merge_slashes off;
  client_max_body_size 16m;
  # A client that sends half a request holds nothing for long.
  client_header_timeout 10s;
  client_body_timeout 30s;
  send_timeout 30s;
  # Straight through: a door keeps nothing that the back end has not acknowledged.
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_connect_timeout 5s;
  grpc_connect_timeout 5s;
  proxy_read_timeout 300s;
  grpc_read_timeout 300s;
  proxy_http_version 1.1;
  # Of a request to become a web socket (Grafana follows logs by one) and of no other.
  map $http_upgrade $websocket_connection { "~^websocket\z" upgrade; default ""; }
  map $http_upgrade $websocket_upgrade { "~^websocket\z" websocket; default ""; }
  upstream loki {
    zone loki 64k;
    server loki.observability.svc.cluster.local:3100 resolve;
    keepalive 16;
  }
  upstream tempo {
    zone tempo 64k;
    server tempo.observability.svc.cluster.local:4317 resolve;
    keepalive 16;
  }
  upstream prometheus-0 {
    zone prometheus-0 64k;
    server prometheus-stage-0.prometheus-operated.prd-telemetry.svc.cluster.local:9090 resolve;
    keepalive 16;
  }
  server {
    listen 8080;
    http2 on;
    location = /otlp/v1/logs {
      if ($request_uri != "/otlp/v1/logs") { return 403; }
      if ($request_method != POST) { return 403; }
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Type $http_content_type;
      proxy_set_header Content-Encoding $http_content_encoding;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;
      proxy_set_header X-Scope-OrgID "prd";
      proxy_pass http://loki/otlp/v1/logs;
    }
    location = /opentelemetry.proto.collector.trace.v1.TraceService/Export {
      if ($request_uri != "/opentelemetry.proto.collector.trace.v1.TraceService/Export") { return 403; }
      if ($request_method != POST) { return 403; }
      grpc_set_header X-Scope-OrgID "prd";
      grpc_pass grpc://tempo;
    }
    location = /prometheus-0/api/v1/otlp/v1/metrics {
      if ($request_uri != "/prometheus-0/api/v1/otlp/v1/metrics") { return 403; }
      if ($request_method != POST) { return 403; }
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Type $http_content_type;
      proxy_set_header Content-Encoding $http_content_encoding;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;
      proxy_set_header X-Scope-OrgID "";
      proxy_pass http://prometheus-0/api/v1/otlp/v1/metrics;
    }
    location / {
      return 403;
    }
  }
  server { listen 8081; location / { return 200; } }
}
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-prd"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-prd"
    namespace = "observability"
  }
}

resource "kubernetes_config_map_v1" "door-tempo_config" {
  data = {
    "nginx.conf" = <<EOT
worker_processes 1;
pid /run/nginx/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 2048; }
http {
  server_tokens off;
  client_body_temp_path /run/nginx/client_body;
  proxy_temp_path /run/nginx/proxy;
  fastcgi_temp_path /run/nginx/fastcgi;
  uwsgi_temp_path /run/nginx/uwsgi;
  scgi_temp_path /run/nginx/scgi;
  # Refusals alone: a line for each push would be collected, pushed through here, logged, ...
  map $status $refused { "~^4" 1; default 0; }
  log_format refusals escape=json '{"time":"$time_iso8601","level":"warn","status":$status,'
    '"method":"$request_method","target":"$request_uri","client":"$remote_addr"}';
  access_log /dev/stdout refusals if=$refused;
  resolver kube-dns.kube-system.svc.cluster.local valid=10s ipv6=off;
  merge_slashes off;
  client_max_body_size 16m;
  # A client that sends half a request holds nothing for long.
  client_header_timeout 10s;
  client_body_timeout 30s;
  send_timeout 30s;
  # Straight through: a door keeps nothing that the back end has not acknowledged.
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_connect_timeout 5s;
  grpc_connect_timeout 5s;
  proxy_read_timeout 300s;
  grpc_read_timeout 300s;
  proxy_http_version 1.1;
  # Of a request to become a web socket (Grafana follows logs by one) and of no other.
  map $http_upgrade $websocket_connection { "~^websocket\z" upgrade; default ""; }
  map $http_upgrade $websocket_upgrade { "~^websocket\z" websocket; default ""; }
  upstream prometheus-dev-0 {
    zone prometheus-dev-0 64k;
    server prometheus-stage-0.prometheus-operated.dev-telemetry.svc.cluster.local:9090 resolve;
    keepalive 16;
  }
  upstream prometheus-hml-0 {
    zone prometheus-hml-0 64k;
    server prometheus-stage-0.prometheus-operated.hml-telemetry.svc.cluster.local:9090 resolve;
    keepalive 16;
  }
  upstream prometheus-prd-0 {
    zone prometheus-prd-0 64k;
    server prometheus-stage-0.prometheus-operated.prd-telemetry.svc.cluster.local:9090 resolve;
    keepalive 16;
  }
  map $http_x_scope_orgid $tenant_8080_0 {
    "~^dev\\z" dev;
    "~^hml\\z" hml;
    "~^prd\\z" prd;
    default "";
  }
  map $http_x_scope_orgid $upstream_8080_0 {
    "~^dev\\z" prometheus-dev-0;
    "~^hml\\z" prometheus-hml-0;
    "~^prd\\z" prometheus-prd-0;
    default "";
  }
  server {
    listen 8080;
    http2 on;
    location = /prometheus-0/api/v1/write {
      if ($request_uri != "/prometheus-0/api/v1/write") { return 403; }
      if ($request_method != POST) { return 403; }
      if ($tenant_8080_0 = "") { return 403; }
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Type $http_content_type;
      proxy_set_header Content-Encoding $http_content_encoding;
      proxy_set_header User-Agent $http_user_agent;
      proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;
      proxy_set_header X-Scope-OrgID $tenant_8080_0;
      proxy_pass http://$upstream_8080_0/api/v1/write;
    }
    location / {
      return 403;
    }
  }
  server { listen 8081; location / { return 200; } }
}
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-tempo"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-tempo"
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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

resource "kubernetes_deployment_v1" "door-agent" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-agent"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-agent"
    namespace = "observability"
  }

  spec {
    replicas = "2"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-agent"
      }
    }
    strategy {
      rolling_update {
        max_surge       = "1"
        max_unavailable = "0"
      }
    }
    template {
      metadata {
        annotations = {
          "door/config" = "bd09ba15b0efcc8565b8cceabe3a70645125f355431472883caf9db32ea86d9b"
        }
        labels = {
          "app.kubernetes.io/managed-by" = "terraform"
          "app.kubernetes.io/name"       = "door-agent"
          "app.kubernetes.io/part-of"    = "doors"
          "app.kubernetes.io/version"    = "1.31.3"
        }
      }
      spec {
        automount_service_account_token = false
        enable_service_links            = false
        service_account_name            = "door-agent"

        container {
          image = "docker.io/nginxinc/nginx-unprivileged:1.31.3-alpine"
          name  = "nginx"

          liveness_probe {
            failure_threshold = 4
            period_seconds    = 30

            http_get {
              path = "/"
              port = "8081"
            }
          }
          port {
            container_port = 8080
            name           = "http-8080"
          }
          readiness_probe {
            period_seconds = 5

            http_get {
              path = "/"
              port = "8081"
            }
          }
          resources {
            limits = {
              cpu    = "500m"
              memory = "128Mi"
            }
            requests = {
              cpu    = "20m"
              memory = "32Mi"
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
            mount_path = "/etc/nginx/nginx.conf"
            name       = "config"
            read_only  = true
            sub_path   = "nginx.conf"
          }
          volume_mount {
            mount_path = "/run/nginx"
            name       = "scratch"
          }
        }
        security_context {
          run_as_group    = "101"
          run_as_non_root = true
          run_as_user     = "101"

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
              "app.kubernetes.io/name" = "door-agent"
            }
          }
        }
        volume {
          name = "config"

          config_map {
            name = kubernetes_config_map_v1.door-agent_config.metadata[0].name
          }
        }
        volume {
          name = "scratch"

          empty_dir {
            size_limit = "64Mi"
          }
        }
      }
    }
  }
}

resource "kubernetes_deployment_v1" "door-grafana" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-grafana"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-grafana"
    namespace = "observability"
  }

  spec {
    replicas = "2"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-grafana"
      }
    }
    strategy {
      rolling_update {
        max_surge       = "1"
        max_unavailable = "0"
      }
    }
    template {
      metadata {
        annotations = {
          "door/config" = "17398a17ebe400e50a5b7e8a90cf99d9e8512b83ad80bf5df2063ae051244222"
        }
        labels = {
          "app.kubernetes.io/managed-by" = "terraform"
          "app.kubernetes.io/name"       = "door-grafana"
          "app.kubernetes.io/part-of"    = "doors"
          "app.kubernetes.io/version"    = "1.31.3"
        }
      }
      spec {
        automount_service_account_token = false
        enable_service_links            = false
        service_account_name            = "door-grafana"

        container {
          image = "docker.io/nginxinc/nginx-unprivileged:1.31.3-alpine"
          name  = "nginx"

          liveness_probe {
            failure_threshold = 4
            period_seconds    = 30

            http_get {
              path = "/"
              port = "8081"
            }
          }
          port {
            container_port = 3100
            name           = "http-3100"
          }
          port {
            container_port = 3200
            name           = "http-3200"
          }
          port {
            container_port = 9093
            name           = "http-9093"
          }
          readiness_probe {
            period_seconds = 5

            http_get {
              path = "/"
              port = "8081"
            }
          }
          resources {
            limits = {
              cpu    = "500m"
              memory = "128Mi"
            }
            requests = {
              cpu    = "20m"
              memory = "32Mi"
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
            mount_path = "/etc/nginx/nginx.conf"
            name       = "config"
            read_only  = true
            sub_path   = "nginx.conf"
          }
          volume_mount {
            mount_path = "/run/nginx"
            name       = "scratch"
          }
        }
        security_context {
          run_as_group    = "101"
          run_as_non_root = true
          run_as_user     = "101"

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
              "app.kubernetes.io/name" = "door-grafana"
            }
          }
        }
        volume {
          name = "config"

          config_map {
            name = kubernetes_config_map_v1.door-grafana_config.metadata[0].name
          }
        }
        volume {
          name = "scratch"

          empty_dir {
            size_limit = "64Mi"
          }
        }
      }
    }
  }
}

resource "kubernetes_deployment_v1" "door-stage-dev" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-dev"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-dev"
    namespace = "observability"
  }

  spec {
    replicas = "2"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-stage-dev"
      }
    }
    strategy {
      rolling_update {
        max_surge       = "1"
        max_unavailable = "0"
      }
    }
    template {
      metadata {
        annotations = {
          "door/config" = "7c0404ca6eef877ed18118e1ba9b5e461dfc18c2931449c7f7b802eb52968b58"
        }
        labels = {
          "app.kubernetes.io/managed-by" = "terraform"
          "app.kubernetes.io/name"       = "door-stage-dev"
          "app.kubernetes.io/part-of"    = "doors"
          "app.kubernetes.io/version"    = "1.31.3"
        }
      }
      spec {
        automount_service_account_token = false
        enable_service_links            = false
        service_account_name            = "door-stage-dev"

        container {
          image = "docker.io/nginxinc/nginx-unprivileged:1.31.3-alpine"
          name  = "nginx"

          liveness_probe {
            failure_threshold = 4
            period_seconds    = 30

            http_get {
              path = "/"
              port = "8081"
            }
          }
          port {
            container_port = 8080
            name           = "http-8080"
          }
          readiness_probe {
            period_seconds = 5

            http_get {
              path = "/"
              port = "8081"
            }
          }
          resources {
            limits = {
              cpu    = "500m"
              memory = "128Mi"
            }
            requests = {
              cpu    = "20m"
              memory = "32Mi"
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
            mount_path = "/etc/nginx/nginx.conf"
            name       = "config"
            read_only  = true
            sub_path   = "nginx.conf"
          }
          volume_mount {
            mount_path = "/run/nginx"
            name       = "scratch"
          }
        }
        security_context {
          run_as_group    = "101"
          run_as_non_root = true
          run_as_user     = "101"

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
              "app.kubernetes.io/name" = "door-stage-dev"
            }
          }
        }
        volume {
          name = "config"

          config_map {
            name = kubernetes_config_map_v1.door-stage-dev_config.metadata[0].name
          }
        }
        volume {
          name = "scratch"

          empty_dir {
            size_limit = "64Mi"
          }
        }
      }
    }
  }
}

resource "kubernetes_deployment_v1" "door-stage-hml" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-hml"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-hml"
    namespace = "observability"
  }

  spec {
    replicas = "2"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-stage-hml"
      }
    }
    strategy {
      rolling_update {
        max_surge       = "1"
        max_unavailable = "0"
      }
    }
    template {
      metadata {
        annotations = {
          "door/config" = "7d3d7758aaa3d43d0a68a3af858171b3c7a8e094b7951ffac2db85f05aae8cad"
        }
        labels = {
          "app.kubernetes.io/managed-by" = "terraform"
          "app.kubernetes.io/name"       = "door-stage-hml"
          "app.kubernetes.io/part-of"    = "doors"
          "app.kubernetes.io/version"    = "1.31.3"
        }
      }
      spec {
        automount_service_account_token = false
        enable_service_links            = false
        service_account_name            = "door-stage-hml"

        container {
          image = "docker.io/nginxinc/nginx-unprivileged:1.31.3-alpine"
          name  = "nginx"

          liveness_probe {
            failure_threshold = 4
            period_seconds    = 30

            http_get {
              path = "/"
              port = "8081"
            }
          }
          port {
            container_port = 8080
            name           = "http-8080"
          }
          readiness_probe {
            period_seconds = 5

            http_get {
              path = "/"
              port = "8081"
            }
          }
          resources {
            limits = {
              cpu    = "500m"
              memory = "128Mi"
            }
            requests = {
              cpu    = "20m"
              memory = "32Mi"
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
            mount_path = "/etc/nginx/nginx.conf"
            name       = "config"
            read_only  = true
            sub_path   = "nginx.conf"
          }
          volume_mount {
            mount_path = "/run/nginx"
            name       = "scratch"
          }
        }
        security_context {
          run_as_group    = "101"
          run_as_non_root = true
          run_as_user     = "101"

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
              "app.kubernetes.io/name" = "door-stage-hml"
            }
          }
        }
        volume {
          name = "config"

          config_map {
            name = kubernetes_config_map_v1.door-stage-hml_config.metadata[0].name
          }
        }
        volume {
          name = "scratch"

          empty_dir {
            size_limit = "64Mi"
          }
        }
      }
    }
  }
}

resource "kubernetes_deployment_v1" "door-stage-prd" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-prd"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-prd"
    namespace = "observability"
  }

  spec {
    replicas = "2"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-stage-prd"
      }
    }
    strategy {
      rolling_update {
        max_surge       = "1"
        max_unavailable = "0"
      }
    }
    template {
      metadata {
        annotations = {
          "door/config" = "25137a0ecfd1e3f689a7ca953b864893a1a3d7eae511937440b09e1abdff3ad6"
        }
        labels = {
          "app.kubernetes.io/managed-by" = "terraform"
          "app.kubernetes.io/name"       = "door-stage-prd"
          "app.kubernetes.io/part-of"    = "doors"
          "app.kubernetes.io/version"    = "1.31.3"
        }
      }
      spec {
        automount_service_account_token = false
        enable_service_links            = false
        service_account_name            = "door-stage-prd"

        container {
          image = "docker.io/nginxinc/nginx-unprivileged:1.31.3-alpine"
          name  = "nginx"

          liveness_probe {
            failure_threshold = 4
            period_seconds    = 30

            http_get {
              path = "/"
              port = "8081"
            }
          }
          port {
            container_port = 8080
            name           = "http-8080"
          }
          readiness_probe {
            period_seconds = 5

            http_get {
              path = "/"
              port = "8081"
            }
          }
          resources {
            limits = {
              cpu    = "500m"
              memory = "128Mi"
            }
            requests = {
              cpu    = "20m"
              memory = "32Mi"
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
            mount_path = "/etc/nginx/nginx.conf"
            name       = "config"
            read_only  = true
            sub_path   = "nginx.conf"
          }
          volume_mount {
            mount_path = "/run/nginx"
            name       = "scratch"
          }
        }
        security_context {
          run_as_group    = "101"
          run_as_non_root = true
          run_as_user     = "101"

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
              "app.kubernetes.io/name" = "door-stage-prd"
            }
          }
        }
        volume {
          name = "config"

          config_map {
            name = kubernetes_config_map_v1.door-stage-prd_config.metadata[0].name
          }
        }
        volume {
          name = "scratch"

          empty_dir {
            size_limit = "64Mi"
          }
        }
      }
    }
  }
}

resource "kubernetes_deployment_v1" "door-tempo" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-tempo"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-tempo"
    namespace = "observability"
  }

  spec {
    replicas = "2"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-tempo"
      }
    }
    strategy {
      rolling_update {
        max_surge       = "1"
        max_unavailable = "0"
      }
    }
    template {
      metadata {
        annotations = {
          "door/config" = "00f672c379ec24bb9aa4ae2b7b9e4df6b4114355c43a031abd0a08bc0e6159e6"
        }
        labels = {
          "app.kubernetes.io/managed-by" = "terraform"
          "app.kubernetes.io/name"       = "door-tempo"
          "app.kubernetes.io/part-of"    = "doors"
          "app.kubernetes.io/version"    = "1.31.3"
        }
      }
      spec {
        automount_service_account_token = false
        enable_service_links            = false
        service_account_name            = "door-tempo"

        container {
          image = "docker.io/nginxinc/nginx-unprivileged:1.31.3-alpine"
          name  = "nginx"

          liveness_probe {
            failure_threshold = 4
            period_seconds    = 30

            http_get {
              path = "/"
              port = "8081"
            }
          }
          port {
            container_port = 8080
            name           = "http-8080"
          }
          readiness_probe {
            period_seconds = 5

            http_get {
              path = "/"
              port = "8081"
            }
          }
          resources {
            limits = {
              cpu    = "500m"
              memory = "128Mi"
            }
            requests = {
              cpu    = "20m"
              memory = "32Mi"
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
            mount_path = "/etc/nginx/nginx.conf"
            name       = "config"
            read_only  = true
            sub_path   = "nginx.conf"
          }
          volume_mount {
            mount_path = "/run/nginx"
            name       = "scratch"
          }
        }
        security_context {
          run_as_group    = "101"
          run_as_non_root = true
          run_as_user     = "101"

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
              "app.kubernetes.io/name" = "door-tempo"
            }
          }
        }
        volume {
          name = "config"

          config_map {
            name = kubernetes_config_map_v1.door-tempo_config.metadata[0].name
          }
        }
        volume {
          name = "scratch"

          empty_dir {
            size_limit = "64Mi"
          }
        }
      }
    }
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    replicas = "2"

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
            "--endpoint.sd-config={\"endpoints\": [{\"address\": \"dnssrv+_grpc._tcp.thanos-store.observability.svc.cluster.local\"}, {\"address\": \"dnssrv+_grpc._tcp.kps-thanos-discovery.observability.svc.cluster.local\"}, {\"address\": \"dnssrv+_grpc._tcp.stage-thanos-discovery.dev-telemetry.svc.cluster.local\"}, {\"address\": \"dnssrv+_grpc._tcp.stage-thanos-discovery.hml-telemetry.svc.cluster.local\"}, {\"address\": \"dnssrv+_grpc._tcp.stage-thanos-discovery.prd-telemetry.svc.cluster.local\"}]}",
            "--query.replica-label=prometheus_replica",
            "--query.auto-downsampling",
            "--query.max-concurrent=20",
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
              cpu    = "2"
              memory = "1536Mi"
            }
            requests = {
              cpu    = "100m"
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

resource "kubernetes_limit_range_v1" "dev-telemetry_limit-range" {
  metadata {
    name      = "container-defaults"
    namespace = kubernetes_namespace_v1.dev-telemetry.metadata[0].name
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

resource "kubernetes_limit_range_v1" "hml-telemetry_limit-range" {
  metadata {
    name      = "container-defaults"
    namespace = kubernetes_namespace_v1.hml-telemetry.metadata[0].name
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

resource "kubernetes_limit_range_v1" "prd-telemetry_limit-range" {
  metadata {
    name      = "container-defaults"
    namespace = kubernetes_namespace_v1.prd-telemetry.metadata[0].name
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

resource "kubernetes_namespace_v1" "dev-telemetry" {
  metadata {
    labels = {
      "deployment.environment.name"        = "dev"
      "pod-security.kubernetes.io/enforce" = "baseline"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
    name = "dev-telemetry"
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

resource "kubernetes_namespace_v1" "hml-telemetry" {
  metadata {
    labels = {
      "deployment.environment.name"        = "hml"
      "pod-security.kubernetes.io/enforce" = "baseline"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
    name = "hml-telemetry"
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

resource "kubernetes_namespace_v1" "prd-telemetry" {
  metadata {
    labels = {
      "deployment.environment.name"        = "prd"
      "pod-security.kubernetes.io/enforce" = "baseline"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
    name = "prd-telemetry"
  }
}

resource "kubernetes_network_policy_v1" "dev-telemetry_allow-dns" {
  metadata {
    name      = "allow-dns"
    namespace = kubernetes_namespace_v1.dev-telemetry.metadata[0].name
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

resource "kubernetes_network_policy_v1" "dev-telemetry_deny-all" {
  metadata {
    name      = "deny-all"
    namespace = kubernetes_namespace_v1.dev-telemetry.metadata[0].name
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    pod_selector {
    }
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

resource "kubernetes_network_policy_v1" "hml-telemetry_allow-dns" {
  metadata {
    name      = "allow-dns"
    namespace = kubernetes_namespace_v1.hml-telemetry.metadata[0].name
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

resource "kubernetes_network_policy_v1" "hml-telemetry_deny-all" {
  metadata {
    name      = "deny-all"
    namespace = kubernetes_namespace_v1.hml-telemetry.metadata[0].name
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

resource "kubernetes_network_policy_v1" "prd-telemetry_allow-dns" {
  metadata {
    name      = "allow-dns"
    namespace = kubernetes_namespace_v1.prd-telemetry.metadata[0].name
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

resource "kubernetes_network_policy_v1" "prd-telemetry_deny-all" {
  metadata {
    name      = "deny-all"
    namespace = kubernetes_namespace_v1.prd-telemetry.metadata[0].name
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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

resource "kubernetes_network_policy_v1" "traffic-dev-telemetry_otel-gateway" {
  depends_on = [
    kubernetes_namespace_v1.dev-telemetry,
    kubernetes_resource_quota_v1.dev-telemetry_quota,
    kubernetes_limit_range_v1.dev-telemetry_limit-range,
    kubernetes_network_policy_v1.dev-telemetry_deny-all,
    kubernetes_network_policy_v1.dev-telemetry_allow-dns,
  ]

  metadata {
    name      = "otel-gateway"
    namespace = "dev-telemetry"
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
            "kubernetes.io/metadata.name" = "dev-telemetry"
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
            "app.kubernetes.io/name" = "door-stage-dev"
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
          cidr = "10.20.240.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.20.244.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.20.248.0/22"
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
            "kubernetes.io/metadata.name" = "dev-telemetry"
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

resource "kubernetes_network_policy_v1" "traffic-dev-telemetry_prometheus" {
  depends_on = [
    kubernetes_namespace_v1.dev-telemetry,
    kubernetes_resource_quota_v1.dev-telemetry_quota,
    kubernetes_limit_range_v1.dev-telemetry_limit-range,
    kubernetes_network_policy_v1.dev-telemetry_deny-all,
    kubernetes_network_policy_v1.dev-telemetry_allow-dns,
  ]

  metadata {
    name      = "prometheus"
    namespace = "dev-telemetry"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports = []

      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev"
          }
        }
        pod_selector {
          match_labels = {}
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
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "door-stage-dev"
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
            "app.kubernetes.io/name" = "door-tempo"
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
      ports {
        port     = "9090"
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
        port     = "8080"
        protocol = "TCP"
      }
      ports {
        port     = "10902"
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
            "app.kubernetes.io/name" = "thanos-querier"
          }
        }
      }
      ports {
        port     = "10901"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "prometheus"
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
            "kubernetes.io/metadata.name" = "dev-telemetry"
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
            "kubernetes.io/metadata.name" = "dev-telemetry"
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

resource "kubernetes_network_policy_v1" "traffic-hml-telemetry_otel-gateway" {
  depends_on = [
    kubernetes_namespace_v1.hml-telemetry,
    kubernetes_resource_quota_v1.hml-telemetry_quota,
    kubernetes_limit_range_v1.hml-telemetry_limit-range,
    kubernetes_network_policy_v1.hml-telemetry_deny-all,
    kubernetes_network_policy_v1.hml-telemetry_allow-dns,
  ]

  metadata {
    name      = "otel-gateway"
    namespace = "hml-telemetry"
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
            "kubernetes.io/metadata.name" = "hml-telemetry"
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
            "app.kubernetes.io/name" = "door-stage-hml"
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
          cidr = "10.20.240.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.20.244.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.20.248.0/22"
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
            "kubernetes.io/metadata.name" = "hml-telemetry"
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

resource "kubernetes_network_policy_v1" "traffic-hml-telemetry_prometheus" {
  depends_on = [
    kubernetes_namespace_v1.hml-telemetry,
    kubernetes_resource_quota_v1.hml-telemetry_quota,
    kubernetes_limit_range_v1.hml-telemetry_limit-range,
    kubernetes_network_policy_v1.hml-telemetry_deny-all,
    kubernetes_network_policy_v1.hml-telemetry_allow-dns,
  ]

  metadata {
    name      = "prometheus"
    namespace = "hml-telemetry"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports = []

      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml"
          }
        }
        pod_selector {
          match_labels = {}
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
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "door-stage-hml"
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
            "app.kubernetes.io/name" = "door-tempo"
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
      ports {
        port     = "9090"
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
        port     = "8080"
        protocol = "TCP"
      }
      ports {
        port     = "10902"
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
            "app.kubernetes.io/name" = "thanos-querier"
          }
        }
      }
      ports {
        port     = "10901"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "prometheus"
      }
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
            "kubernetes.io/metadata.name" = "hml-telemetry"
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
            "kubernetes.io/metadata.name" = "hml-telemetry"
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

resource "kubernetes_network_policy_v1" "traffic-observability_door-agent" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "door-agent"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "3100"
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
            "app.kubernetes.io/name" = "loki"
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
    ingress {
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
      ports {
        port     = "8080"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-agent"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-observability_door-grafana" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "door-grafana"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "3100"
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
            "app.kubernetes.io/name" = "loki"
          }
        }
      }
    }
    egress {
      ports {
        port     = "3200"
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
        port     = "3100"
        protocol = "TCP"
      }
      ports {
        port     = "3200"
        protocol = "TCP"
      }
      ports {
        port     = "9093"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-grafana"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-observability_door-stage-dev" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "door-stage-dev"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "3100"
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
            "app.kubernetes.io/name" = "loki"
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
            "kubernetes.io/metadata.name" = "dev-telemetry"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev-telemetry"
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
        port     = "8080"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-stage-dev"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-observability_door-stage-hml" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "door-stage-hml"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "3100"
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
            "app.kubernetes.io/name" = "loki"
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
            "kubernetes.io/metadata.name" = "hml-telemetry"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml-telemetry"
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
        port     = "8080"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-stage-hml"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-observability_door-stage-prd" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "door-stage-prd"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "3100"
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
            "app.kubernetes.io/name" = "loki"
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
            "kubernetes.io/metadata.name" = "prd-telemetry"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd-telemetry"
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
        port     = "8080"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-stage-prd"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-observability_door-tempo" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "door-tempo"
    namespace = "observability"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports {
        port     = "9090"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev-telemetry"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml-telemetry"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd-telemetry"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
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
            "app.kubernetes.io/name" = "tempo"
          }
        }
      }
      ports {
        port     = "8080"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-tempo"
      }
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
    ingress {
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "door-stage-dev"
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
            "app.kubernetes.io/name" = "door-stage-hml"
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
            "app.kubernetes.io/name" = "door-stage-prd"
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
            "app.kubernetes.io/name" = "door-agent"
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
            "app.kubernetes.io/name" = "door-grafana"
          }
        }
      }
      ports {
        port     = "3100"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "loki"
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
            "app.kubernetes.io/name" = "door-agent"
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
          cidr = "10.20.240.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.20.244.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.20.248.0/22"
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
          cidr = "10.20.0.0/18"
        }
      }
      to {
        ip_block {
          cidr = "10.20.64.0/18"
        }
      }
      to {
        ip_block {
          cidr = "10.20.128.0/18"
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
            "app.kubernetes.io/name" = "door-tempo"
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
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "door-stage-dev"
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
            "app.kubernetes.io/name" = "door-stage-hml"
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
            "app.kubernetes.io/name" = "door-stage-prd"
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
            "app.kubernetes.io/name" = "door-grafana"
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

resource "kubernetes_network_policy_v1" "traffic-observability_thanos-querier-stages" {
  depends_on = [
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
  ]

  metadata {
    name      = "thanos-querier-stages"
    namespace = "observability"
  }

  spec {
    ingress      = []
    policy_types = ["Egress"]

    egress {
      ports {
        port     = "10901"
        protocol = "TCP"
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "dev-telemetry"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "hml-telemetry"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "prometheus"
          }
        }
      }
      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd-telemetry"
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
        "app.kubernetes.io/name" = "thanos-querier"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "traffic-prd-telemetry_otel-gateway" {
  depends_on = [
    kubernetes_namespace_v1.prd-telemetry,
    kubernetes_resource_quota_v1.prd-telemetry_quota,
    kubernetes_limit_range_v1.prd-telemetry_limit-range,
    kubernetes_network_policy_v1.prd-telemetry_deny-all,
    kubernetes_network_policy_v1.prd-telemetry_allow-dns,
  ]

  metadata {
    name      = "otel-gateway"
    namespace = "prd-telemetry"
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
            "kubernetes.io/metadata.name" = "prd-telemetry"
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
            "app.kubernetes.io/name" = "door-stage-prd"
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
          cidr = "10.20.240.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.20.244.0/22"
        }
      }
      to {
        ip_block {
          cidr = "10.20.248.0/22"
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
            "kubernetes.io/metadata.name" = "prd-telemetry"
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

resource "kubernetes_network_policy_v1" "traffic-prd-telemetry_prometheus" {
  depends_on = [
    kubernetes_namespace_v1.prd-telemetry,
    kubernetes_resource_quota_v1.prd-telemetry_quota,
    kubernetes_limit_range_v1.prd-telemetry_limit-range,
    kubernetes_network_policy_v1.prd-telemetry_deny-all,
    kubernetes_network_policy_v1.prd-telemetry_allow-dns,
  ]

  metadata {
    name      = "prometheus"
    namespace = "prd-telemetry"
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    egress {
      ports = []

      to {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "prd"
          }
        }
        pod_selector {
          match_labels = {}
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
      from {
        namespace_selector {
          match_labels = {
            "kubernetes.io/metadata.name" = "observability"
          }
        }
        pod_selector {
          match_labels = {
            "app.kubernetes.io/name" = "door-stage-prd"
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
            "app.kubernetes.io/name" = "door-tempo"
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
      ports {
        port     = "9090"
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
        port     = "8080"
        protocol = "TCP"
      }
      ports {
        port     = "10902"
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
            "app.kubernetes.io/name" = "thanos-querier"
          }
        }
      }
      ports {
        port     = "10901"
        protocol = "TCP"
      }
    }
    pod_selector {
      match_labels = {
        "app.kubernetes.io/name" = "prometheus"
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
            "kubernetes.io/metadata.name" = "prd-telemetry"
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
            "kubernetes.io/metadata.name" = "prd-telemetry"
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

resource "kubernetes_pod_disruption_budget_v1" "door-agent_disruption-budget" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-agent"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-agent"
    namespace = "observability"
  }

  spec {
    max_unavailable = "1"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-agent"
      }
    }
  }
}

resource "kubernetes_pod_disruption_budget_v1" "door-grafana_disruption-budget" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-grafana"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-grafana"
    namespace = "observability"
  }

  spec {
    max_unavailable = "1"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-grafana"
      }
    }
  }
}

resource "kubernetes_pod_disruption_budget_v1" "door-stage-dev_disruption-budget" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-dev"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-dev"
    namespace = "observability"
  }

  spec {
    max_unavailable = "1"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-stage-dev"
      }
    }
  }
}

resource "kubernetes_pod_disruption_budget_v1" "door-stage-hml_disruption-budget" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-hml"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-hml"
    namespace = "observability"
  }

  spec {
    max_unavailable = "1"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-stage-hml"
      }
    }
  }
}

resource "kubernetes_pod_disruption_budget_v1" "door-stage-prd_disruption-budget" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-prd"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-prd"
    namespace = "observability"
  }

  spec {
    max_unavailable = "1"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-stage-prd"
      }
    }
  }
}

resource "kubernetes_pod_disruption_budget_v1" "door-tempo_disruption-budget" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-tempo"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-tempo"
    namespace = "observability"
  }

  spec {
    max_unavailable = "1"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "door-tempo"
      }
    }
  }
}

resource "kubernetes_pod_disruption_budget_v1" "thanos-querier_disruption-budget" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    max_unavailable = "1"

    selector {
      match_labels = {
        "app.kubernetes.io/name" = "thanos-querier"
      }
    }
  }
}

resource "kubernetes_resource_quota_v1" "dev-telemetry_quota" {
  metadata {
    name      = "quota"
    namespace = kubernetes_namespace_v1.dev-telemetry.metadata[0].name
  }

  spec {
    hard = {
      "limits.cpu"           = "11"
      "limits.memory"        = "15Gi"
      persistentvolumeclaims = "1"
      pods                   = "9"
      "requests.cpu"         = "4"
      "requests.memory"      = "9Gi"
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
      "limits.cpu"           = "12"
      "limits.memory"        = "32Gi"
      persistentvolumeclaims = "10"
      pods                   = "80"
      "requests.cpu"         = "6"
      "requests.memory"      = "24Gi"
    }
  }
}

resource "kubernetes_resource_quota_v1" "hml-telemetry_quota" {
  metadata {
    name      = "quota"
    namespace = kubernetes_namespace_v1.hml-telemetry.metadata[0].name
  }

  spec {
    hard = {
      "limits.cpu"           = "11"
      "limits.memory"        = "15Gi"
      persistentvolumeclaims = "1"
      pods                   = "9"
      "requests.cpu"         = "4"
      "requests.memory"      = "9Gi"
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
      "limits.cpu"           = "16"
      "limits.memory"        = "48Gi"
      persistentvolumeclaims = "10"
      pods                   = "80"
      "requests.cpu"         = "8"
      "requests.memory"      = "32Gi"
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
      "limits.cpu"           = "72"
      "limits.memory"        = "128Gi"
      persistentvolumeclaims = "40"
      pods                   = "200"
      "requests.cpu"         = "24"
      "requests.memory"      = "96Gi"
    }
  }
}

resource "kubernetes_resource_quota_v1" "prd-telemetry_quota" {
  metadata {
    name      = "quota"
    namespace = kubernetes_namespace_v1.prd-telemetry.metadata[0].name
  }

  spec {
    hard = {
      "limits.cpu"           = "11"
      "limits.memory"        = "15Gi"
      persistentvolumeclaims = "1"
      pods                   = "9"
      "requests.cpu"         = "4"
      "requests.memory"      = "9Gi"
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
      "limits.cpu"           = "80"
      "limits.memory"        = "192Gi"
      persistentvolumeclaims = "30"
      pods                   = "300"
      "requests.cpu"         = "40"
      "requests.memory"      = "160Gi"
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

resource "kubernetes_service_account_v1" "door-agent_service-account" {
  automount_service_account_token = false
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-agent"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-agent"
    namespace = "observability"
  }
}

resource "kubernetes_service_account_v1" "door-grafana_service-account" {
  automount_service_account_token = false
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-grafana"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-grafana"
    namespace = "observability"
  }
}

resource "kubernetes_service_account_v1" "door-stage-dev_service-account" {
  automount_service_account_token = false
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-dev"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-dev"
    namespace = "observability"
  }
}

resource "kubernetes_service_account_v1" "door-stage-hml_service-account" {
  automount_service_account_token = false
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-hml"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-hml"
    namespace = "observability"
  }
}

resource "kubernetes_service_account_v1" "door-stage-prd_service-account" {
  automount_service_account_token = false
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-prd"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-prd"
    namespace = "observability"
  }
}

resource "kubernetes_service_account_v1" "door-tempo_service-account" {
  automount_service_account_token = false
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-tempo"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-tempo"
    namespace = "observability"
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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

resource "kubernetes_service_v1" "door-agent_service" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-agent"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-agent"
    namespace = "observability"
  }

  spec {
    selector = {
      "app.kubernetes.io/name" = "door-agent"
    }

    port {
      name        = "http-8080"
      port        = 8080
      target_port = "8080"
    }
  }
}

resource "kubernetes_service_v1" "door-grafana_service" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-grafana"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-grafana"
    namespace = "observability"
  }

  spec {
    selector = {
      "app.kubernetes.io/name" = "door-grafana"
    }

    port {
      name        = "http-3100"
      port        = 3100
      target_port = "3100"
    }
    port {
      name        = "http-3200"
      port        = 3200
      target_port = "3200"
    }
    port {
      name        = "http-9093"
      port        = 9093
      target_port = "9093"
    }
  }
}

resource "kubernetes_service_v1" "door-stage-dev_service" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-dev"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-dev"
    namespace = "observability"
  }

  spec {
    selector = {
      "app.kubernetes.io/name" = "door-stage-dev"
    }

    port {
      name        = "http-8080"
      port        = 8080
      target_port = "8080"
    }
  }
}

resource "kubernetes_service_v1" "door-stage-hml_service" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-hml"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-hml"
    namespace = "observability"
  }

  spec {
    selector = {
      "app.kubernetes.io/name" = "door-stage-hml"
    }

    port {
      name        = "http-8080"
      port        = 8080
      target_port = "8080"
    }
  }
}

resource "kubernetes_service_v1" "door-stage-prd_service" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-stage-prd"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-stage-prd"
    namespace = "observability"
  }

  spec {
    selector = {
      "app.kubernetes.io/name" = "door-stage-prd"
    }

    port {
      name        = "http-8080"
      port        = 8080
      target_port = "8080"
    }
  }
}

resource "kubernetes_service_v1" "door-tempo_service" {
  depends_on = [
    kubernetes_storage_class_v1.storage-class,
    kubernetes_namespace_v1.observability,
    kubernetes_resource_quota_v1.observability_quota,
    kubernetes_limit_range_v1.observability_limit-range,
    kubernetes_network_policy_v1.observability_deny-all,
    kubernetes_network_policy_v1.observability_allow-dns,
    kubernetes_service_account_v1.observability_secrets-reader,
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
  ]

  metadata {
    labels = {
      "app.kubernetes.io/managed-by" = "terraform"
      "app.kubernetes.io/name"       = "door-tempo"
      "app.kubernetes.io/part-of"    = "doors"
      "app.kubernetes.io/version"    = "1.31.3"
    }
    name      = "door-tempo"
    namespace = "observability"
  }

  spec {
    selector = {
      "app.kubernetes.io/name" = "door-tempo"
    }

    port {
      name        = "http-8080"
      port        = 8080
      target_port = "8080"
    }
  }
}

resource "kubernetes_service_v1" "gateway-address-dev" {
  depends_on = [
    kubernetes_namespace_v1.dev,
    kubernetes_resource_quota_v1.dev_quota,
    kubernetes_limit_range_v1.dev_limit-range,
    kubernetes_network_policy_v1.dev_deny-all,
    kubernetes_network_policy_v1.dev_allow-dns,
    kubernetes_service_account_v1.dev_secrets-reader,
    kubernetes_network_policy_v1.traffic-dev_send-telemetry,
    kubernetes_network_policy_v1.traffic-dev_be-scraped,
  ]

  metadata {
    name      = "otel-gateway"
    namespace = "dev"
  }

  spec {
    external_name = "otel-gateway.dev-telemetry.svc.cluster.local"
    type          = "ExternalName"
  }
}

resource "kubernetes_service_v1" "gateway-address-hml" {
  depends_on = [
    kubernetes_namespace_v1.hml,
    kubernetes_resource_quota_v1.hml_quota,
    kubernetes_limit_range_v1.hml_limit-range,
    kubernetes_network_policy_v1.hml_deny-all,
    kubernetes_network_policy_v1.hml_allow-dns,
    kubernetes_service_account_v1.hml_secrets-reader,
    kubernetes_network_policy_v1.traffic-hml_send-telemetry,
    kubernetes_network_policy_v1.traffic-hml_be-scraped,
  ]

  metadata {
    name      = "otel-gateway"
    namespace = "hml"
  }

  spec {
    external_name = "otel-gateway.hml-telemetry.svc.cluster.local"
    type          = "ExternalName"
  }
}

resource "kubernetes_service_v1" "gateway-address-prd" {
  depends_on = [
    kubernetes_namespace_v1.prd,
    kubernetes_resource_quota_v1.prd_quota,
    kubernetes_limit_range_v1.prd_limit-range,
    kubernetes_network_policy_v1.prd_deny-all,
    kubernetes_network_policy_v1.prd_allow-dns,
    kubernetes_service_account_v1.prd_secrets-reader,
    kubernetes_network_policy_v1.traffic-prd_send-telemetry,
    kubernetes_network_policy_v1.traffic-prd_be-scraped,
  ]

  metadata {
    name      = "otel-gateway"
    namespace = "prd"
  }

  spec {
    external_name = "otel-gateway.prd-telemetry.svc.cluster.local"
    type          = "ExternalName"
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
            "--retention.resolution-raw=15d",
            "--retention.resolution-5m=90d",
            "--retention.resolution-1h=400d",
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
              memory = "3Gi"
            }
            requests = {
              cpu    = "100m"
              memory = "512Mi"
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
            storage = "90Gi"
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
    kubernetes_network_policy_v1.traffic-observability_door-stage-dev,
    kubernetes_network_policy_v1.traffic-observability_door-stage-hml,
    kubernetes_network_policy_v1.traffic-observability_door-stage-prd,
    kubernetes_network_policy_v1.traffic-observability_door-agent,
    kubernetes_network_policy_v1.traffic-observability_door-tempo,
    kubernetes_network_policy_v1.traffic-observability_door-grafana,
    kubernetes_network_policy_v1.traffic-observability_loki,
    kubernetes_network_policy_v1.traffic-observability_tempo,
    kubernetes_network_policy_v1.traffic-observability_otel-agent,
    kubernetes_network_policy_v1.traffic-observability_thanos-querier-stages,
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
            "--index-cache-size=256MB",
            "--chunk-pool-size=768MB",
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
              cpu    = "2"
              memory = "2Gi"
            }
            requests = {
              cpu    = "100m"
              memory = "768Mi"
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
            storage = "10Gi"
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
