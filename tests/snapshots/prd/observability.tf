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
      "limits.cpu"           = "48"
      "limits.memory"        = "128Gi"
      persistentvolumeclaims = "40"
      pods                   = "200"
      "requests.cpu"         = "24"
      "requests.memory"      = "96Gi"
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
