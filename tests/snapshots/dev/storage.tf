terraform {
  required_version = ">= 1.10"

  backend "s3" {
    bucket       = "obs-dev-111122223333-us-east-1-tfstate"
    encrypt      = true
    key          = "dev/storage.tfstate"
    kms_key_id   = "arn:aws:kms:us-east-1:111122223333:alias/obs-dev-tfstate"
    region       = "us-east-1"
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "aws"
      version = ">= 5.100, < 7"
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

resource "aws_iam_role" "role-cluster-autoscaler" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = ["system:serviceaccount:observability:cluster-autoscaler"]
          }
        }
      },
    ]
  })
  description = "cluster-autoscaler in observability"
  name        = "obs-dev-cluster-autoscaler"
}

resource "aws_iam_role" "role-loki" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = ["system:serviceaccount:observability:loki"]
          }
        }
      },
    ]
  })
  description = "loki in observability"
  name        = "obs-dev-loki"
}

resource "aws_iam_role" "role-ns-dev" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = ["system:serviceaccount:dev:secrets-reader"]
          }
        }
      },
    ]
  })
  description = "secrets-reader in dev"
  name        = "obs-dev-ns-dev"
}

resource "aws_iam_role" "role-ns-hml" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = ["system:serviceaccount:hml:secrets-reader"]
          }
        }
      },
    ]
  })
  description = "secrets-reader in hml"
  name        = "obs-dev-ns-hml"
}

resource "aws_iam_role" "role-ns-observability" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = ["system:serviceaccount:observability:secrets-reader"]
          }
        }
      },
    ]
  })
  description = "secrets-reader in observability"
  name        = "obs-dev-ns-observability"
}

resource "aws_iam_role" "role-ns-prd" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = ["system:serviceaccount:prd:secrets-reader"]
          }
        }
      },
    ]
  })
  description = "secrets-reader in prd"
  name        = "obs-dev-ns-prd"
}

resource "aws_iam_role" "role-tempo" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = ["system:serviceaccount:observability:tempo"]
          }
        }
      },
    ]
  })
  description = "tempo in observability"
  name        = "obs-dev-tempo"
}

resource "aws_iam_role" "role-thanos-reader" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = ["system:serviceaccount:observability:thanos-store"]
          }
        }
      },
    ]
  })
  description = "thanos-store in observability"
  name        = "obs-dev-thanos-reader"
}

resource "aws_iam_role" "role-thanos-uploader" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = [
              "system:serviceaccount:dev-telemetry:stage-prometheus",
              "system:serviceaccount:hml-telemetry:stage-prometheus",
              "system:serviceaccount:prd-telemetry:stage-prometheus",
            ]
          }
        }
      },
    ]
  })
  description = "stage-prometheus in dev-telemetry, hml-telemetry, prd-telemetry"
  name        = "obs-dev-thanos-uploader"
}

resource "aws_iam_role" "role-thanos-writer" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = [
              "system:serviceaccount:observability:kps-prometheus",
              "system:serviceaccount:observability:thanos-compactor",
            ]
          }
        }
      },
    ]
  })
  description = "kps-prometheus, thanos-compactor in observability"
  name        = "obs-dev-thanos-writer"
}

resource "aws_iam_role" "role-velero" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = data.terraform_remote_state.cluster.outputs.oidc_provider_arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${data.terraform_remote_state.cluster.outputs.oidc_issuer}:sub" = ["system:serviceaccount:observability:velero"]
          }
        }
      },
    ]
  })
  description = "velero in observability"
  name        = "obs-dev-velero"
}

resource "aws_iam_role_policy" "role-cluster-autoscaler_policy" {
  name = "obs-dev-cluster-autoscaler"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "autoscaling:DescribeAutoScalingGroups",
          "autoscaling:DescribeAutoScalingInstances",
          "autoscaling:DescribeLaunchConfigurations",
          "autoscaling:DescribeScalingActivities",
          "ec2:DescribeImages",
          "ec2:DescribeInstanceTypes",
          "ec2:DescribeLaunchTemplateVersions",
          "ec2:GetInstanceTypesFromInstanceRequirements",
        ]
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = ["eks:DescribeNodegroup"]
        Resource = "arn:aws:eks:*:*:nodegroup/${data.terraform_remote_state.cluster.outputs.cluster_name}/*/*"
      },
      {
        Effect = "Allow"
        Action = [
          "autoscaling:SetDesiredCapacity",
          "autoscaling:TerminateInstanceInAutoScalingGroup",
        ]
        Resource = "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*"
        Condition = {
          StringEquals = {
            "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled"                                                     = "true"
            "aws:ResourceTag/k8s.io/cluster-autoscaler/${data.terraform_remote_state.cluster.outputs.cluster_name}" = "owned"
          }
        }
      },
    ]
  })
  role = aws_iam_role.role-cluster-autoscaler.name
}

resource "aws_iam_role_policy" "role-loki_policy" {
  name = "obs-dev-loki"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.logs.arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = "${aws_s3_bucket.logs.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.key.arn
      },
    ]
  })
  role = aws_iam_role.role-loki.name
}

resource "aws_iam_role_policy" "role-ns-dev_policy" {
  name = "obs-dev-ns-dev"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "secretsmanager:DescribeSecret",
          "secretsmanager:GetSecretValue",
          "secretsmanager:ListSecretVersionIds",
        ]
        Resource = "arn:aws:secretsmanager:us-east-1:111122223333:secret:obs/dev/dev/*"
      },
    ]
  })
  role = aws_iam_role.role-ns-dev.name
}

resource "aws_iam_role_policy" "role-ns-hml_policy" {
  name = "obs-dev-ns-hml"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "secretsmanager:DescribeSecret",
          "secretsmanager:GetSecretValue",
          "secretsmanager:ListSecretVersionIds",
        ]
        Resource = "arn:aws:secretsmanager:us-east-1:111122223333:secret:obs/dev/hml/*"
      },
    ]
  })
  role = aws_iam_role.role-ns-hml.name
}

resource "aws_iam_role_policy" "role-ns-observability_policy" {
  name = "obs-dev-ns-observability"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "secretsmanager:DescribeSecret",
          "secretsmanager:GetSecretValue",
          "secretsmanager:ListSecretVersionIds",
        ]
        Resource = "arn:aws:secretsmanager:us-east-1:111122223333:secret:obs/dev/observability/*"
      },
    ]
  })
  role = aws_iam_role.role-ns-observability.name
}

resource "aws_iam_role_policy" "role-ns-prd_policy" {
  name = "obs-dev-ns-prd"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "secretsmanager:DescribeSecret",
          "secretsmanager:GetSecretValue",
          "secretsmanager:ListSecretVersionIds",
        ]
        Resource = "arn:aws:secretsmanager:us-east-1:111122223333:secret:obs/dev/prd/*"
      },
    ]
  })
  role = aws_iam_role.role-ns-prd.name
}

resource "aws_iam_role_policy" "role-tempo_policy" {
  name = "obs-dev-tempo"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.traces.arn
      },
      {
        Effect = "Allow"
        Action = [
          "s3:DeleteObject",
          "s3:GetObject",
          "s3:GetObjectTagging",
          "s3:PutObject",
          "s3:PutObjectTagging",
        ]
        Resource = "${aws_s3_bucket.traces.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.key.arn
      },
    ]
  })
  role = aws_iam_role.role-tempo.name
}

resource "aws_iam_role_policy" "role-thanos-reader_policy" {
  name = "obs-dev-thanos-reader"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.metrics.arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = "${aws_s3_bucket.metrics.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = aws_kms_key.key.arn
      },
    ]
  })
  role = aws_iam_role.role-thanos-reader.name
}

resource "aws_iam_role_policy" "role-thanos-uploader_policy" {
  name = "obs-dev-thanos-uploader"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.metrics.arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${aws_s3_bucket.metrics.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.key.arn
      },
    ]
  })
  role = aws_iam_role.role-thanos-uploader.name
}

resource "aws_iam_role_policy" "role-thanos-writer_policy" {
  name = "obs-dev-thanos-writer"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.metrics.arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = "${aws_s3_bucket.metrics.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.key.arn
      },
    ]
  })
  role = aws_iam_role.role-thanos-writer.name
}

resource "aws_iam_role_policy" "role-velero_policy" {
  name = "obs-dev-velero"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.backups.arn
      },
      {
        Effect = "Allow"
        Action = [
          "s3:AbortMultipartUpload",
          "s3:DeleteObject",
          "s3:GetObject",
          "s3:ListMultipartUploadParts",
          "s3:PutObject",
          "s3:PutObjectTagging",
        ]
        Resource = "${aws_s3_bucket.backups.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.key.arn
      },
      {
        Effect   = "Allow"
        Action   = ["ec2:DescribeSnapshots", "ec2:DescribeVolumes"]
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = ["ec2:CreateSnapshot"]
        Resource = "arn:aws:ec2:*:*:volume/*"
        Condition = {
          StringEquals = {
            "aws:ResourceTag/ebs.csi.aws.com/cluster" = "true"
          }
        }
      },
      {
        Effect   = "Allow"
        Action   = ["ec2:CreateSnapshot"]
        Resource = "arn:aws:ec2:*::snapshot/*"
      },
      {
        Effect   = "Allow"
        Action   = ["ec2:CreateVolume"]
        Resource = "arn:aws:ec2:*:*:volume/*"
      },
      {
        Effect   = "Allow"
        Action   = ["ec2:CreateVolume"]
        Resource = "arn:aws:ec2:*::snapshot/*"
        Condition = {
          StringEquals = {
            "aws:ResourceTag/ebs.csi.aws.com/cluster" = "true"
          }
        }
      },
      {
        Effect   = "Allow"
        Action   = ["ec2:CreateTags"]
        Resource = ["arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*::snapshot/*"]
        Condition = {
          StringEquals = {
            "ec2:CreateAction" = ["CreateSnapshot", "CreateVolume"]
          }
        }
      },
      {
        Effect   = "Allow"
        Action   = ["ec2:DeleteSnapshot"]
        Resource = "arn:aws:ec2:*::snapshot/*"
        Condition = {
          StringEquals = {
            "aws:ResourceTag/ebs.csi.aws.com/cluster" = "true"
          }
        }
      },
    ]
  })
  role = aws_iam_role.role-velero.name
}

resource "aws_kms_alias" "key_alias" {
  name          = "alias/obs-dev-data"
  target_key_id = aws_kms_key.key.key_id
}

resource "aws_kms_key" "key" {
  deletion_window_in_days = 7
  description             = "Metrics, logs, traces and backups of obs-dev"
  enable_key_rotation     = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "IamPoliciesOfTheAccount"
        Effect = "Allow"
        Principal = {
          AWS = "arn:aws:iam::111122223333:root"
        }
        Action   = "kms:*"
        Resource = "*"
      },
    ]
  })

  lifecycle {
    prevent_destroy = false
  }
}

resource "aws_s3_bucket" "backups" {
  bucket              = "obs-dev-111122223333-us-east-1-backups"
  force_destroy       = true
  object_lock_enabled = true

  lifecycle {
    prevent_destroy = false
  }
}

resource "aws_s3_bucket" "logs" {
  bucket              = "obs-dev-111122223333-us-east-1-logs"
  force_destroy       = true
  object_lock_enabled = false

  lifecycle {
    prevent_destroy = false
  }
}

resource "aws_s3_bucket" "metrics" {
  bucket              = "obs-dev-111122223333-us-east-1-metrics"
  force_destroy       = true
  object_lock_enabled = false

  lifecycle {
    prevent_destroy = false
  }
}

resource "aws_s3_bucket" "traces" {
  bucket              = "obs-dev-111122223333-us-east-1-traces"
  force_destroy       = true
  object_lock_enabled = false

  lifecycle {
    prevent_destroy = false
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "backups_lifecycle" {
  bucket     = aws_s3_bucket.backups.id
  depends_on = [aws_s3_bucket_versioning.backups_versioning]

  rule {
    id     = "deleted-backups"
    status = "Enabled"

    expiration {
      expired_object_delete_marker = true
    }
    filter {
      prefix = ""
    }
    noncurrent_version_expiration {
      noncurrent_days = 10
    }
  }

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
    filter {
      prefix = ""
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs_lifecycle" {
  bucket     = aws_s3_bucket.logs.id
  depends_on = [aws_s3_bucket_versioning.logs_versioning]

  rule {
    id     = "observability-retention"
    status = "Enabled"

    expiration {
      days = 10
    }
    filter {
      prefix = "observability/"
    }
  }

  rule {
    id     = "dev-retention"
    status = "Enabled"

    expiration {
      days = 10
    }
    filter {
      prefix = "dev/"
    }
  }

  rule {
    id     = "hml-retention"
    status = "Enabled"

    expiration {
      days = 10
    }
    filter {
      prefix = "hml/"
    }
  }

  rule {
    id     = "prd-retention"
    status = "Enabled"

    expiration {
      days = 17
    }
    filter {
      prefix = "prd/"
    }
  }

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
    filter {
      prefix = ""
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "metrics_lifecycle" {
  bucket     = aws_s3_bucket.metrics.id
  depends_on = [aws_s3_bucket_versioning.metrics_versioning]

  rule {
    id     = "blocks"
    status = "Enabled"

    expiration {
      days = 93
    }
    filter {
      prefix = ""
    }
  }

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
    filter {
      prefix = ""
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "traces_lifecycle" {
  bucket     = aws_s3_bucket.traces.id
  depends_on = [aws_s3_bucket_versioning.traces_versioning]

  rule {
    id     = "observability-retention"
    status = "Enabled"

    expiration {
      days = 6
    }
    filter {
      prefix = "observability/"
    }
  }

  rule {
    id     = "dev-retention"
    status = "Enabled"

    expiration {
      days = 6
    }
    filter {
      prefix = "dev/"
    }
  }

  rule {
    id     = "hml-retention"
    status = "Enabled"

    expiration {
      days = 6
    }
    filter {
      prefix = "hml/"
    }
  }

  rule {
    id     = "prd-retention"
    status = "Enabled"

    expiration {
      days = 10
    }
    filter {
      prefix = "prd/"
    }
  }

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
    filter {
      prefix = ""
    }
  }
}

resource "aws_s3_bucket_object_lock_configuration" "backups_object-lock" {
  bucket     = aws_s3_bucket.backups.id
  depends_on = [aws_s3_bucket_versioning.backups_versioning]

  rule {
    default_retention {
      days = 7
      mode = "GOVERNANCE"
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "backups_ownership" {
  bucket = aws_s3_bucket.backups.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_ownership_controls" "logs_ownership" {
  bucket = aws_s3_bucket.logs.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_ownership_controls" "metrics_ownership" {
  bucket = aws_s3_bucket.metrics.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_ownership_controls" "traces_ownership" {
  bucket = aws_s3_bucket.traces.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "backups_policy" {
  bucket     = aws_s3_bucket.backups.id
  depends_on = [aws_s3_bucket_public_access_block.backups_public-access-block]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.backups.arn, "${aws_s3_bucket.backups.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })
}

resource "aws_s3_bucket_policy" "logs_policy" {
  bucket     = aws_s3_bucket.logs.id
  depends_on = [aws_s3_bucket_public_access_block.logs_public-access-block]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })
}

resource "aws_s3_bucket_policy" "metrics_policy" {
  bucket     = aws_s3_bucket.metrics.id
  depends_on = [aws_s3_bucket_public_access_block.metrics_public-access-block]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.metrics.arn, "${aws_s3_bucket.metrics.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })
}

resource "aws_s3_bucket_policy" "traces_policy" {
  bucket     = aws_s3_bucket.traces.id
  depends_on = [aws_s3_bucket_public_access_block.traces_public-access-block]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.traces.arn, "${aws_s3_bucket.traces.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })
}

resource "aws_s3_bucket_public_access_block" "backups_public-access-block" {
  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.backups.id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_public_access_block" "logs_public-access-block" {
  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.logs.id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_public_access_block" "metrics_public-access-block" {
  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.metrics.id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_public_access_block" "traces_public-access-block" {
  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.traces.id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "backups_encryption" {
  bucket = aws_s3_bucket.backups.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.key.arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs_encryption" {
  bucket = aws_s3_bucket.logs.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.key.arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "metrics_encryption" {
  bucket = aws_s3_bucket.metrics.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.key.arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "traces_encryption" {
  bucket = aws_s3_bucket.traces.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.key.arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_versioning" "backups_versioning" {
  bucket = aws_s3_bucket.backups.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_versioning" "logs_versioning" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Disabled"
  }
}

resource "aws_s3_bucket_versioning" "metrics_versioning" {
  bucket = aws_s3_bucket.metrics.id

  versioning_configuration {
    status = "Disabled"
  }
}

resource "aws_s3_bucket_versioning" "traces_versioning" {
  bucket = aws_s3_bucket.traces.id

  versioning_configuration {
    status = "Disabled"
  }
}

output "backups_bucket_name" {
  description = "Bucket of Velero"
  value       = aws_s3_bucket.backups.bucket
}

output "cluster_autoscaler_role_arn" {
  description = "Role of the cluster autoscaler"
  value       = aws_iam_role.role-cluster-autoscaler.arn
}

output "data_key_arn" {
  description = "KMS key that encrypts the four buckets"
  value       = aws_kms_key.key.arn
}

output "logs_bucket_name" {
  description = "Bucket of Loki"
  value       = aws_s3_bucket.logs.bucket
}

output "loki_role_arn" {
  description = "Role of Loki"
  value       = aws_iam_role.role-loki.arn
}

output "metrics_bucket_name" {
  description = "Bucket of Thanos blocks"
  value       = aws_s3_bucket.metrics.bucket
}

output "secrets_reader_role_arns" {
  description = "Roles that read the secrets of one namespace, by namespace"
  value = {
    dev           = aws_iam_role.role-ns-dev.arn
    hml           = aws_iam_role.role-ns-hml.arn
    observability = aws_iam_role.role-ns-observability.arn
    prd           = aws_iam_role.role-ns-prd.arn
  }
}

output "tempo_role_arn" {
  description = "Role of Tempo"
  value       = aws_iam_role.role-tempo.arn
}

output "thanos_reader_role_arn" {
  description = "Role of the Thanos store gateway"
  value       = aws_iam_role.role-thanos-reader.arn
}

output "thanos_uploader_role_arn" {
  description = "Role of the Thanos sidecars in the stages' Prometheus"
  value       = aws_iam_role.role-thanos-uploader.arn
}

output "thanos_writer_role_arn" {
  description = "Role of the Thanos sidecar and compactor"
  value       = aws_iam_role.role-thanos-writer.arn
}

output "traces_bucket_name" {
  description = "Bucket of Tempo"
  value       = aws_s3_bucket.traces.bucket
}

output "velero_role_arn" {
  description = "Role of Velero"
  value       = aws_iam_role.role-velero.arn
}
