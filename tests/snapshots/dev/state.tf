terraform {
  required_version = ">= 1.10"

  backend "local" {
    path = "../../../../terraform-state/dev/state.tfstate"
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

resource "aws_budgets_budget" "bill" {
  budget_type  = "COST"
  limit_amount = "800"
  limit_unit   = "USD"
  name         = "obs-dev"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    subscriber_email_addresses = ["platform-team@example.com"]
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    subscriber_email_addresses = ["platform-team@example.com"]
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    subscriber_email_addresses = ["platform-team@example.com"]
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
  }
}

resource "aws_ce_anomaly_monitor" "bill_monitor" {
  monitor_dimension = "SERVICE"
  monitor_type      = "DIMENSIONAL"
  name              = "obs-dev"
}

resource "aws_ce_anomaly_subscription" "bill_anomalies" {
  frequency        = "DAILY"
  monitor_arn_list = [aws_ce_anomaly_monitor.bill_monitor.arn]
  name             = "obs-dev"

  subscriber {
    address = "platform-team@example.com"
    type    = "EMAIL"
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = ["50"]
    }
  }
}

resource "aws_kms_alias" "key_alias" {
  name          = "alias/obs-dev-tfstate"
  target_key_id = aws_kms_key.key.key_id
}

resource "aws_kms_key" "key" {
  deletion_window_in_days = 7
  description             = "Terraform states of obs-dev"
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

resource "aws_s3_bucket" "bucket" {
  bucket              = "obs-dev-111122223333-us-east-1-tfstate"
  force_destroy       = true
  object_lock_enabled = false

  lifecycle {
    prevent_destroy = false
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "bucket_lifecycle" {
  bucket     = aws_s3_bucket.bucket.id
  depends_on = [aws_s3_bucket_versioning.bucket_versioning]

  rule {
    id     = "replaced-states"
    status = "Enabled"

    expiration {
      expired_object_delete_marker = true
    }
    filter {
      prefix = ""
    }
    noncurrent_version_expiration {
      noncurrent_days = 90
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

resource "aws_s3_bucket_ownership_controls" "bucket_ownership" {
  bucket = aws_s3_bucket.bucket.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "bucket_policy" {
  bucket     = aws_s3_bucket.bucket.id
  depends_on = [aws_s3_bucket_public_access_block.bucket_public-access-block]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.bucket.arn, "${aws_s3_bucket.bucket.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })
}

resource "aws_s3_bucket_public_access_block" "bucket_public-access-block" {
  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.bucket.id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bucket_encryption" {
  bucket = aws_s3_bucket.bucket.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.key.arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_versioning" "bucket_versioning" {
  bucket = aws_s3_bucket.bucket.id

  versioning_configuration {
    status = "Enabled"
  }
}

output "state_bucket_name" {
  description = "Bucket of the Terraform states"
  value       = aws_s3_bucket.bucket.bucket
}

output "state_key_arn" {
  description = "KMS key that encrypts the states"
  value       = aws_kms_key.key.arn
}
