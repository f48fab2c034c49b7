terraform {
  required_version = ">= 1.10"

  backend "s3" {
    bucket       = "obs-dev-111122223333-us-east-1-tfstate"
    encrypt      = true
    key          = "dev/network.tfstate"
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

resource "aws_default_security_group" "vpc_default-security-group" {
  tags = {
    Name = "obs-dev-closed"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_eip" "vpc_nat-address-us-east-1a" {
  domain = "vpc"
  tags = {
    Name = "obs-dev-nat-us-east-1a"
  }
}

resource "aws_flow_log" "flow-logs" {
  depends_on = [
    aws_s3_bucket.flow-logs_bucket,
    aws_s3_bucket_public_access_block.flow-logs_bucket_public-access-block,
    aws_s3_bucket_ownership_controls.flow-logs_bucket_ownership,
    aws_s3_bucket_server_side_encryption_configuration.flow-logs_bucket_encryption,
    aws_s3_bucket_versioning.flow-logs_bucket_versioning,
    aws_s3_bucket_policy.flow-logs_bucket_policy,
    aws_s3_bucket_lifecycle_configuration.flow-logs_bucket_lifecycle,
  ]
  log_destination      = aws_s3_bucket.flow-logs_bucket.arn
  log_destination_type = "s3"
  tags = {
    Name = "obs-dev"
  }
  traffic_type = "ALL"
  vpc_id       = aws_vpc.vpc.id

  destination_options {
    file_format                = "parquet"
    hive_compatible_partitions = true
    per_hour_partition         = true
  }
}

resource "aws_internet_gateway" "vpc_internet-gateway" {
  tags = {
    Name = "obs-dev"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_kms_alias" "flow-logs_key_alias" {
  name          = "alias/obs-dev-flow-logs"
  target_key_id = aws_kms_key.flow-logs_key.key_id
}

resource "aws_kms_key" "flow-logs_key" {
  deletion_window_in_days = 7
  description             = "VPC flow logs of obs-dev"
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
      {
        Sid    = "LogDeliveryEncrypts"
        Effect = "Allow"
        Principal = {
          Service = "delivery.logs.amazonaws.com"
        }
        Action = [
          "kms:Decrypt",
          "kms:DescribeKey",
          "kms:Encrypt",
          "kms:GenerateDataKey*",
          "kms:ReEncrypt*",
        ]
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = "111122223333"
          }
          ArnLike = {
            "aws:SourceArn" = "arn:aws:logs:us-east-1:111122223333:*"
          }
        }
      },
    ]
  })

  lifecycle {
    prevent_destroy = false
  }
}

resource "aws_nat_gateway" "vpc_nat-us-east-1a" {
  allocation_id = aws_eip.vpc_nat-address-us-east-1a.id
  depends_on    = [aws_internet_gateway.vpc_internet-gateway]
  subnet_id     = aws_subnet.vpc_public-us-east-1a.id
  tags = {
    Name = "obs-dev-nat-us-east-1a"
  }
}

resource "aws_route" "vpc_private-us-east-1a-nat" {
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.vpc_nat-us-east-1a.id
  route_table_id         = aws_route_table.vpc_private-us-east-1a-routes.id
}

resource "aws_route" "vpc_private-us-east-1b-nat" {
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.vpc_nat-us-east-1a.id
  route_table_id         = aws_route_table.vpc_private-us-east-1b-routes.id
}

resource "aws_route" "vpc_private-us-east-1c-nat" {
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.vpc_nat-us-east-1a.id
  route_table_id         = aws_route_table.vpc_private-us-east-1c-routes.id
}

resource "aws_route" "vpc_public-internet" {
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.vpc_internet-gateway.id
  route_table_id         = aws_route_table.vpc_public-routes.id
}

resource "aws_route_table" "vpc_intra-routes" {
  tags = {
    Name = "obs-dev-intra"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table" "vpc_private-us-east-1a-routes" {
  tags = {
    Name = "obs-dev-private-us-east-1a"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table" "vpc_private-us-east-1b-routes" {
  tags = {
    Name = "obs-dev-private-us-east-1b"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table" "vpc_private-us-east-1c-routes" {
  tags = {
    Name = "obs-dev-private-us-east-1c"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table" "vpc_public-routes" {
  tags = {
    Name = "obs-dev-public"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table_association" "vpc_intra-us-east-1a-association" {
  route_table_id = aws_route_table.vpc_intra-routes.id
  subnet_id      = aws_subnet.vpc_intra-us-east-1a.id
}

resource "aws_route_table_association" "vpc_intra-us-east-1b-association" {
  route_table_id = aws_route_table.vpc_intra-routes.id
  subnet_id      = aws_subnet.vpc_intra-us-east-1b.id
}

resource "aws_route_table_association" "vpc_intra-us-east-1c-association" {
  route_table_id = aws_route_table.vpc_intra-routes.id
  subnet_id      = aws_subnet.vpc_intra-us-east-1c.id
}

resource "aws_route_table_association" "vpc_private-us-east-1a-association" {
  route_table_id = aws_route_table.vpc_private-us-east-1a-routes.id
  subnet_id      = aws_subnet.vpc_private-us-east-1a.id
}

resource "aws_route_table_association" "vpc_private-us-east-1b-association" {
  route_table_id = aws_route_table.vpc_private-us-east-1b-routes.id
  subnet_id      = aws_subnet.vpc_private-us-east-1b.id
}

resource "aws_route_table_association" "vpc_private-us-east-1c-association" {
  route_table_id = aws_route_table.vpc_private-us-east-1c-routes.id
  subnet_id      = aws_subnet.vpc_private-us-east-1c.id
}

resource "aws_route_table_association" "vpc_public-us-east-1a-association" {
  route_table_id = aws_route_table.vpc_public-routes.id
  subnet_id      = aws_subnet.vpc_public-us-east-1a.id
}

resource "aws_route_table_association" "vpc_public-us-east-1b-association" {
  route_table_id = aws_route_table.vpc_public-routes.id
  subnet_id      = aws_subnet.vpc_public-us-east-1b.id
}

resource "aws_route_table_association" "vpc_public-us-east-1c-association" {
  route_table_id = aws_route_table.vpc_public-routes.id
  subnet_id      = aws_subnet.vpc_public-us-east-1c.id
}

resource "aws_s3_bucket" "flow-logs_bucket" {
  bucket              = "obs-dev-111122223333-us-east-1-flow-logs"
  force_destroy       = true
  object_lock_enabled = false

  lifecycle {
    prevent_destroy = false
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "flow-logs_bucket_lifecycle" {
  bucket     = aws_s3_bucket.flow-logs_bucket.id
  depends_on = [aws_s3_bucket_versioning.flow-logs_bucket_versioning]

  rule {
    id     = "flow-logs"
    status = "Enabled"

    expiration {
      days = 14
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

resource "aws_s3_bucket_ownership_controls" "flow-logs_bucket_ownership" {
  bucket = aws_s3_bucket.flow-logs_bucket.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "flow-logs_bucket_policy" {
  bucket     = aws_s3_bucket.flow-logs_bucket.id
  depends_on = [aws_s3_bucket_public_access_block.flow-logs_bucket_public-access-block]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.flow-logs_bucket.arn, "${aws_s3_bucket.flow-logs_bucket.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
      {
        Sid    = "AWSLogDeliveryWrite"
        Effect = "Allow"
        Principal = {
          Service = "delivery.logs.amazonaws.com"
        }
        Action   = "s3:PutObject"
        Resource = "arn:aws:s3:::obs-dev-111122223333-us-east-1-flow-logs/AWSLogs/aws-account-id=111122223333/*"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = "111122223333"
            "s3:x-amz-acl"      = "bucket-owner-full-control"
          }
          ArnLike = {
            "aws:SourceArn" = "arn:aws:logs:us-east-1:111122223333:*"
          }
        }
      },
      {
        Sid    = "AWSLogDeliveryAclCheck"
        Effect = "Allow"
        Principal = {
          Service = "delivery.logs.amazonaws.com"
        }
        Action   = ["s3:GetBucketAcl", "s3:ListBucket"]
        Resource = "arn:aws:s3:::obs-dev-111122223333-us-east-1-flow-logs"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = "111122223333"
          }
          ArnLike = {
            "aws:SourceArn" = "arn:aws:logs:us-east-1:111122223333:*"
          }
        }
      },
    ]
  })
}

resource "aws_s3_bucket_public_access_block" "flow-logs_bucket_public-access-block" {
  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.flow-logs_bucket.id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "flow-logs_bucket_encryption" {
  bucket = aws_s3_bucket.flow-logs_bucket.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.flow-logs_key.arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_versioning" "flow-logs_bucket_versioning" {
  bucket = aws_s3_bucket.flow-logs_bucket.id

  versioning_configuration {
    status = "Disabled"
  }
}

resource "aws_subnet" "vpc_intra-us-east-1a" {
  availability_zone       = "us-east-1a"
  cidr_block              = "10.10.240.0/22"
  map_public_ip_on_launch = false
  tags = {
    Name = "obs-dev-intra-us-east-1a"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "vpc_intra-us-east-1b" {
  availability_zone       = "us-east-1b"
  cidr_block              = "10.10.244.0/22"
  map_public_ip_on_launch = false
  tags = {
    Name = "obs-dev-intra-us-east-1b"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "vpc_intra-us-east-1c" {
  availability_zone       = "us-east-1c"
  cidr_block              = "10.10.248.0/22"
  map_public_ip_on_launch = false
  tags = {
    Name = "obs-dev-intra-us-east-1c"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "vpc_private-us-east-1a" {
  availability_zone       = "us-east-1a"
  cidr_block              = "10.10.0.0/18"
  map_public_ip_on_launch = false
  tags = {
    Name                              = "obs-dev-private-us-east-1a"
    "kubernetes.io/role/internal-elb" = "1"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "vpc_private-us-east-1b" {
  availability_zone       = "us-east-1b"
  cidr_block              = "10.10.64.0/18"
  map_public_ip_on_launch = false
  tags = {
    Name                              = "obs-dev-private-us-east-1b"
    "kubernetes.io/role/internal-elb" = "1"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "vpc_private-us-east-1c" {
  availability_zone       = "us-east-1c"
  cidr_block              = "10.10.128.0/18"
  map_public_ip_on_launch = false
  tags = {
    Name                              = "obs-dev-private-us-east-1c"
    "kubernetes.io/role/internal-elb" = "1"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "vpc_public-us-east-1a" {
  availability_zone       = "us-east-1a"
  cidr_block              = "10.10.192.0/20"
  map_public_ip_on_launch = false
  tags = {
    Name                     = "obs-dev-public-us-east-1a"
    "kubernetes.io/role/elb" = "1"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "vpc_public-us-east-1b" {
  availability_zone       = "us-east-1b"
  cidr_block              = "10.10.208.0/20"
  map_public_ip_on_launch = false
  tags = {
    Name                     = "obs-dev-public-us-east-1b"
    "kubernetes.io/role/elb" = "1"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "vpc_public-us-east-1c" {
  availability_zone       = "us-east-1c"
  cidr_block              = "10.10.224.0/20"
  map_public_ip_on_launch = false
  tags = {
    Name                     = "obs-dev-public-us-east-1c"
    "kubernetes.io/role/elb" = "1"
  }
  vpc_id = aws_vpc.vpc.id
}

resource "aws_vpc" "vpc" {
  cidr_block           = "10.10.0.0/16"
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags = {
    Name = "obs-dev"
  }
}

resource "aws_vpc_endpoint" "endpoints_s3" {
  route_table_ids = [
    aws_route_table.vpc_private-us-east-1a-routes.id,
    aws_route_table.vpc_private-us-east-1b-routes.id,
    aws_route_table.vpc_private-us-east-1c-routes.id,
    aws_route_table.vpc_intra-routes.id,
  ]
  service_name = "com.amazonaws.us-east-1.s3"
  tags = {
    Name = "obs-dev-s3"
  }
  vpc_endpoint_type = "Gateway"
  vpc_id            = aws_vpc.vpc.id
}

output "flow_logs_bucket_name" {
  description = "Bucket of the VPC flow logs"
  value       = aws_s3_bucket.flow-logs_bucket.bucket
}

output "intra_subnet_ids" {
  description = "Subnets of the control plane, without a way out"
  value = [
    aws_subnet.vpc_intra-us-east-1a.id,
    aws_subnet.vpc_intra-us-east-1b.id,
    aws_subnet.vpc_intra-us-east-1c.id,
  ]
}

output "private_subnet_ids" {
  description = "Subnets of nodes and pods, one per zone"
  value = [
    aws_subnet.vpc_private-us-east-1a.id,
    aws_subnet.vpc_private-us-east-1b.id,
    aws_subnet.vpc_private-us-east-1c.id,
  ]
}

output "public_subnet_ids" {
  description = "Subnets of internet-facing load balancers"
  value = [
    aws_subnet.vpc_public-us-east-1a.id,
    aws_subnet.vpc_public-us-east-1b.id,
    aws_subnet.vpc_public-us-east-1c.id,
  ]
}

output "vpc_id" {
  description = "VPC"
  value       = aws_vpc.vpc.id
}
