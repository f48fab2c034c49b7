terraform {
  required_version = ">= 1.10"

  backend "s3" {
    bucket       = "obs-prd-444455556666-us-east-1-tfstate"
    encrypt      = true
    key          = "prd/cluster.tfstate"
    kms_key_id   = "arn:aws:kms:us-east-1:444455556666:alias/obs-prd-tfstate"
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

locals {
  control-plane_oidc_issuer = replace(aws_eks_cluster.control-plane.identity[0].oidc[0].issuer, "https://", "")
}

data "terraform_remote_state" "network" {
  backend = "s3"
  config = {
    bucket     = "obs-prd-444455556666-us-east-1-tfstate"
    encrypt    = true
    key        = "prd/network.tfstate"
    kms_key_id = "arn:aws:kms:us-east-1:444455556666:alias/obs-prd-tfstate"
    region     = "us-east-1"
  }
}

resource "aws_cloudwatch_log_group" "control-plane_logs" {
  kms_key_id        = aws_kms_key.control-plane_key.arn
  name              = "/aws/eks/obs-prd/cluster"
  retention_in_days = 365
}

resource "aws_eks_access_entry" "access_entry-break-glass" {
  cluster_name  = aws_eks_cluster.control-plane.name
  principal_arn = "arn:aws:iam::444455556666:role/break-glass"
  type          = "STANDARD"
}

resource "aws_eks_access_entry" "access_entry-developers" {
  cluster_name  = aws_eks_cluster.control-plane.name
  principal_arn = "arn:aws:iam::444455556666:role/developers"
  type          = "STANDARD"
}

resource "aws_eks_access_entry" "access_entry-platform-admin" {
  cluster_name  = aws_eks_cluster.control-plane.name
  principal_arn = "arn:aws:iam::444455556666:role/platform-admin"
  type          = "STANDARD"
}

resource "aws_eks_access_policy_association" "access_policy-break-glass" {
  cluster_name  = aws_eks_cluster.control-plane.name
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
  principal_arn = aws_eks_access_entry.access_entry-break-glass.principal_arn

  access_scope {
    type = "cluster"
  }
}

resource "aws_eks_access_policy_association" "access_policy-developers" {
  cluster_name  = aws_eks_cluster.control-plane.name
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
  principal_arn = aws_eks_access_entry.access_entry-developers.principal_arn

  access_scope {
    namespaces = ["dev", "hml"]
    type       = "namespace"
  }
}

resource "aws_eks_access_policy_association" "access_policy-platform-admin" {
  cluster_name  = aws_eks_cluster.control-plane.name
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
  principal_arn = aws_eks_access_entry.access_entry-platform-admin.principal_arn

  access_scope {
    type = "cluster"
  }
}

resource "aws_eks_addon" "coredns" {
  addon_name    = "coredns"
  addon_version = "v1.14.3-eksbuild.3"
  cluster_name  = aws_eks_cluster.control-plane.name
  depends_on = [
    aws_launch_template.nodes-observability_launch-template,
    aws_eks_node_group.nodes-observability_us-east-1a,
    aws_eks_node_group.nodes-observability_us-east-1b,
    aws_eks_node_group.nodes-observability_us-east-1c,
  ]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}

resource "aws_eks_addon" "ebs-csi" {
  addon_name    = "aws-ebs-csi-driver"
  addon_version = "v1.63.1-eksbuild.1"
  cluster_name  = aws_eks_cluster.control-plane.name
  depends_on = [
    aws_launch_template.nodes-observability_launch-template,
    aws_eks_node_group.nodes-observability_us-east-1a,
    aws_eks_node_group.nodes-observability_us-east-1b,
    aws_eks_node_group.nodes-observability_us-east-1c,
    aws_iam_role.ebs-csi-role,
    aws_iam_role_policy_attachment.ebs-csi-role_AmazonEBSCSIDriverPolicyV2,
  ]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  pod_identity_association {
    role_arn        = aws_iam_role.ebs-csi-role.arn
    service_account = "ebs-csi-controller-sa"
  }
}

resource "aws_eks_addon" "kube-proxy" {
  addon_name                  = "kube-proxy"
  addon_version               = "v1.36.0-eksbuild.14"
  cluster_name                = aws_eks_cluster.control-plane.name
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}

resource "aws_eks_addon" "pod-identity-agent" {
  addon_name                  = "eks-pod-identity-agent"
  addon_version               = "v1.3.10-eksbuild.3"
  cluster_name                = aws_eks_cluster.control-plane.name
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}

resource "aws_eks_addon" "vpc-cni" {
  addon_name    = "vpc-cni"
  addon_version = "v1.22.4-eksbuild.3"
  cluster_name  = aws_eks_cluster.control-plane.name
  configuration_values = jsonencode({
    enableNetworkPolicy = "true"
    env = {
      ENABLE_PREFIX_DELEGATION = "true"
      WARM_PREFIX_TARGET       = "1"
    }
  })
  depends_on = [
    aws_iam_role.vpc-cni-role,
    aws_iam_role_policy_attachment.vpc-cni-role_AmazonEKS_CNI_Policy,
  ]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  service_account_role_arn    = aws_iam_role.vpc-cni-role.arn
}

resource "aws_eks_cluster" "control-plane" {
  bootstrap_self_managed_addons = false
  depends_on = [
    aws_cloudwatch_log_group.control-plane_logs,
    aws_iam_role.control-plane_role,
    aws_iam_role_policy.control-plane_role_policy,
    aws_iam_role_policy_attachment.control-plane_role_AmazonEKSClusterPolicy,
  ]
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  name                      = "obs-prd"
  role_arn                  = aws_iam_role.control-plane_role.arn
  version                   = "1.36"

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = aws_kms_key.control-plane_key.arn
    }
  }

  kubernetes_network_config {
    service_ipv4_cidr = "172.20.0.0/16"
  }

  lifecycle {
    prevent_destroy = true
  }

  upgrade_policy {
    support_type = "STANDARD"
  }

  vpc_config {
    endpoint_private_access = true
    endpoint_public_access  = false
    security_group_ids      = [aws_security_group.control-plane_api-security-group.id]
    subnet_ids              = data.terraform_remote_state.network.outputs.intra_subnet_ids
  }

  zonal_shift_config {
    enabled = true
  }
}

resource "aws_eks_node_group" "nodes-dev" {
  ami_type      = "AL2023_x86_64_STANDARD"
  capacity_type = "SPOT"
  cluster_name  = aws_eks_cluster.control-plane.name
  depends_on = [
    aws_eks_addon.vpc-cni,
    aws_eks_addon.pod-identity-agent,
    aws_eks_addon.kube-proxy,
    aws_iam_role.node-role,
    aws_iam_role_policy_attachment.node-role_AmazonEKSWorkerNodePolicy,
    aws_iam_role_policy_attachment.node-role_AmazonEC2ContainerRegistryPullOnly,
  ]
  instance_types = ["m7i.large", "m6i.large"]
  labels = {
    "deployment.environment.name" = "dev"
  }
  node_group_name = "dev"
  node_role_arn   = aws_iam_role.node-role.arn
  subnet_ids = [
    element(data.terraform_remote_state.network.outputs.private_subnet_ids, 0),
    element(data.terraform_remote_state.network.outputs.private_subnet_ids, 1),
    element(data.terraform_remote_state.network.outputs.private_subnet_ids, 2),
  ]
  version = "1.36"

  launch_template {
    id      = aws_launch_template.nodes-dev_launch-template.id
    version = aws_launch_template.nodes-dev_launch-template.latest_version
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  node_repair_config {
    enabled = true
  }

  scaling_config {
    desired_size = 1
    max_size     = 4
    min_size     = 1
  }

  taint {
    effect = "NO_SCHEDULE"
    key    = "deployment.environment.name"
    value  = "dev"
  }

  update_config {
    max_unavailable_percentage = 33
  }
}

resource "aws_eks_node_group" "nodes-hml" {
  ami_type      = "AL2023_x86_64_STANDARD"
  capacity_type = "ON_DEMAND"
  cluster_name  = aws_eks_cluster.control-plane.name
  depends_on = [
    aws_eks_addon.vpc-cni,
    aws_eks_addon.pod-identity-agent,
    aws_eks_addon.kube-proxy,
    aws_iam_role.node-role,
    aws_iam_role_policy_attachment.node-role_AmazonEKSWorkerNodePolicy,
    aws_iam_role_policy_attachment.node-role_AmazonEC2ContainerRegistryPullOnly,
  ]
  instance_types = ["m7i.large", "m6i.large"]
  labels = {
    "deployment.environment.name" = "hml"
  }
  node_group_name = "hml"
  node_role_arn   = aws_iam_role.node-role.arn
  subnet_ids = [
    element(data.terraform_remote_state.network.outputs.private_subnet_ids, 0),
    element(data.terraform_remote_state.network.outputs.private_subnet_ids, 1),
    element(data.terraform_remote_state.network.outputs.private_subnet_ids, 2),
  ]
  version = "1.36"

  launch_template {
    id      = aws_launch_template.nodes-hml_launch-template.id
    version = aws_launch_template.nodes-hml_launch-template.latest_version
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  node_repair_config {
    enabled = true
  }

  scaling_config {
    desired_size = 2
    max_size     = 6
    min_size     = 2
  }

  taint {
    effect = "NO_SCHEDULE"
    key    = "deployment.environment.name"
    value  = "hml"
  }

  update_config {
    max_unavailable_percentage = 33
  }
}

resource "aws_eks_node_group" "nodes-observability_us-east-1a" {
  ami_type      = "AL2023_x86_64_STANDARD"
  capacity_type = "ON_DEMAND"
  cluster_name  = aws_eks_cluster.control-plane.name
  depends_on = [
    aws_eks_addon.vpc-cni,
    aws_eks_addon.pod-identity-agent,
    aws_eks_addon.kube-proxy,
    aws_iam_role.node-role,
    aws_iam_role_policy_attachment.node-role_AmazonEKSWorkerNodePolicy,
    aws_iam_role_policy_attachment.node-role_AmazonEC2ContainerRegistryPullOnly,
  ]
  instance_types = ["m7i.xlarge"]
  labels = {
    "deployment.environment.name" = "observability"
  }
  node_group_name = "observability-us-east-1a"
  node_role_arn   = aws_iam_role.node-role.arn
  subnet_ids      = [element(data.terraform_remote_state.network.outputs.private_subnet_ids, 0)]
  version         = "1.36"

  launch_template {
    id      = aws_launch_template.nodes-observability_launch-template.id
    version = aws_launch_template.nodes-observability_launch-template.latest_version
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  node_repair_config {
    enabled = true
  }

  scaling_config {
    desired_size = 1
    max_size     = 3
    min_size     = 1
  }

  update_config {
    max_unavailable_percentage = 33
  }
}

resource "aws_eks_node_group" "nodes-observability_us-east-1b" {
  ami_type      = "AL2023_x86_64_STANDARD"
  capacity_type = "ON_DEMAND"
  cluster_name  = aws_eks_cluster.control-plane.name
  depends_on = [
    aws_eks_addon.vpc-cni,
    aws_eks_addon.pod-identity-agent,
    aws_eks_addon.kube-proxy,
    aws_iam_role.node-role,
    aws_iam_role_policy_attachment.node-role_AmazonEKSWorkerNodePolicy,
    aws_iam_role_policy_attachment.node-role_AmazonEC2ContainerRegistryPullOnly,
  ]
  instance_types = ["m7i.xlarge"]
  labels = {
    "deployment.environment.name" = "observability"
  }
  node_group_name = "observability-us-east-1b"
  node_role_arn   = aws_iam_role.node-role.arn
  subnet_ids      = [element(data.terraform_remote_state.network.outputs.private_subnet_ids, 1)]
  version         = "1.36"

  launch_template {
    id      = aws_launch_template.nodes-observability_launch-template.id
    version = aws_launch_template.nodes-observability_launch-template.latest_version
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  node_repair_config {
    enabled = true
  }

  scaling_config {
    desired_size = 1
    max_size     = 3
    min_size     = 1
  }

  update_config {
    max_unavailable_percentage = 33
  }
}

resource "aws_eks_node_group" "nodes-observability_us-east-1c" {
  ami_type      = "AL2023_x86_64_STANDARD"
  capacity_type = "ON_DEMAND"
  cluster_name  = aws_eks_cluster.control-plane.name
  depends_on = [
    aws_eks_addon.vpc-cni,
    aws_eks_addon.pod-identity-agent,
    aws_eks_addon.kube-proxy,
    aws_iam_role.node-role,
    aws_iam_role_policy_attachment.node-role_AmazonEKSWorkerNodePolicy,
    aws_iam_role_policy_attachment.node-role_AmazonEC2ContainerRegistryPullOnly,
  ]
  instance_types = ["m7i.xlarge"]
  labels = {
    "deployment.environment.name" = "observability"
  }
  node_group_name = "observability-us-east-1c"
  node_role_arn   = aws_iam_role.node-role.arn
  subnet_ids      = [element(data.terraform_remote_state.network.outputs.private_subnet_ids, 2)]
  version         = "1.36"

  launch_template {
    id      = aws_launch_template.nodes-observability_launch-template.id
    version = aws_launch_template.nodes-observability_launch-template.latest_version
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  node_repair_config {
    enabled = true
  }

  scaling_config {
    desired_size = 1
    max_size     = 3
    min_size     = 1
  }

  update_config {
    max_unavailable_percentage = 33
  }
}

resource "aws_eks_node_group" "nodes-prd" {
  ami_type      = "AL2023_x86_64_STANDARD"
  capacity_type = "ON_DEMAND"
  cluster_name  = aws_eks_cluster.control-plane.name
  depends_on = [
    aws_eks_addon.vpc-cni,
    aws_eks_addon.pod-identity-agent,
    aws_eks_addon.kube-proxy,
    aws_iam_role.node-role,
    aws_iam_role_policy_attachment.node-role_AmazonEKSWorkerNodePolicy,
    aws_iam_role_policy_attachment.node-role_AmazonEC2ContainerRegistryPullOnly,
  ]
  instance_types = ["m7i.xlarge", "m6i.xlarge"]
  labels = {
    "deployment.environment.name" = "prd"
  }
  node_group_name = "prd"
  node_role_arn   = aws_iam_role.node-role.arn
  subnet_ids = [
    element(data.terraform_remote_state.network.outputs.private_subnet_ids, 0),
    element(data.terraform_remote_state.network.outputs.private_subnet_ids, 1),
    element(data.terraform_remote_state.network.outputs.private_subnet_ids, 2),
  ]
  version = "1.36"

  launch_template {
    id      = aws_launch_template.nodes-prd_launch-template.id
    version = aws_launch_template.nodes-prd_launch-template.latest_version
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  node_repair_config {
    enabled = true
  }

  scaling_config {
    desired_size = 3
    max_size     = 12
    min_size     = 3
  }

  taint {
    effect = "NO_SCHEDULE"
    key    = "deployment.environment.name"
    value  = "prd"
  }

  update_config {
    max_unavailable_percentage = 33
  }
}

resource "aws_iam_openid_connect_provider" "control-plane_oidc-provider" {
  client_id_list = ["sts.amazonaws.com"]
  url            = aws_eks_cluster.control-plane.identity[0].oidc[0].issuer
}

resource "aws_iam_role" "control-plane_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "eks.amazonaws.com"
        }
        Action = "sts:AssumeRole"
      },
    ]
  })
  description = "Control plane of obs-prd"
  name        = "obs-prd-cluster"
}

resource "aws_iam_role" "ebs-csi-role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "pods.eks.amazonaws.com"
        }
        Action = ["sts:AssumeRole", "sts:TagSession"]
      },
    ]
  })
  description = "EBS CSI driver: volumes of this driver only"
  name        = "obs-prd-ebs-csi"
}

resource "aws_iam_role" "node-role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "ec2.amazonaws.com"
        }
        Action = "sts:AssumeRole"
      },
    ]
  })
  description = "EC2 nodes: join the cluster and pull images, nothing else"
  name        = "obs-prd-node"
}

resource "aws_iam_role" "vpc-cni-role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = aws_iam_openid_connect_provider.control-plane_oidc-provider.arn
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${local.control-plane_oidc_issuer}:aud" = "sts.amazonaws.com"
            "${local.control-plane_oidc_issuer}:sub" = ["system:serviceaccount:kube-system:aws-node"]
          }
        }
      },
    ]
  })
  description = "VPC CNI: addresses for pods"
  name        = "obs-prd-vpc-cni"
}

resource "aws_iam_role_policy" "control-plane_role_policy" {
  name = "obs-prd-cluster"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"]
        Resource = aws_kms_key.control-plane_key.arn
      },
    ]
  })
  role = aws_iam_role.control-plane_role.name
}

resource "aws_iam_role_policy_attachment" "control-plane_role_AmazonEKSClusterPolicy" {
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
  role       = aws_iam_role.control-plane_role.name
}

resource "aws_iam_role_policy_attachment" "ebs-csi-role_AmazonEBSCSIDriverPolicyV2" {
  policy_arn = "arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicyV2"
  role       = aws_iam_role.ebs-csi-role.name
}

resource "aws_iam_role_policy_attachment" "node-role_AmazonEC2ContainerRegistryPullOnly" {
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
  role       = aws_iam_role.node-role.name
}

resource "aws_iam_role_policy_attachment" "node-role_AmazonEKSWorkerNodePolicy" {
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
  role       = aws_iam_role.node-role.name
}

resource "aws_iam_role_policy_attachment" "vpc-cni-role_AmazonEKS_CNI_Policy" {
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
  role       = aws_iam_role.vpc-cni-role.name
}

resource "aws_kms_alias" "control-plane_key_alias" {
  name          = "alias/obs-prd-cluster"
  target_key_id = aws_kms_key.control-plane_key.key_id
}

resource "aws_kms_key" "control-plane_key" {
  deletion_window_in_days = 30
  description             = "Kubernetes secrets and control-plane logs of obs-prd"
  enable_key_rotation     = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "IamPoliciesOfTheAccount"
        Effect = "Allow"
        Principal = {
          AWS = "arn:aws:iam::444455556666:root"
        }
        Action   = "kms:*"
        Resource = "*"
      },
      {
        Sid    = "ControlPlaneLogs"
        Effect = "Allow"
        Principal = {
          Service = "logs.us-east-1.amazonaws.com"
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
          ArnEquals = {
            "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:us-east-1:444455556666:log-group:/aws/eks/obs-prd/cluster"
          }
        }
      },
    ]
  })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_launch_template" "nodes-dev_launch-template" {
  description            = "Nodes of namespace dev"
  name                   = "${aws_eks_cluster.control-plane.name}-dev"
  update_default_version = true

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      delete_on_termination = "true"
      encrypted             = "true"
      volume_size           = 50
      volume_type           = "gp3"
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_put_response_hop_limit = 1
    http_tokens                 = "required"
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-dev"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }

  tag_specifications {
    resource_type = "volume"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-dev"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }

  tag_specifications {
    resource_type = "network-interface"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-dev"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }
}

resource "aws_launch_template" "nodes-hml_launch-template" {
  description            = "Nodes of namespace hml"
  name                   = "${aws_eks_cluster.control-plane.name}-hml"
  update_default_version = true

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      delete_on_termination = "true"
      encrypted             = "true"
      volume_size           = 50
      volume_type           = "gp3"
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_put_response_hop_limit = 1
    http_tokens                 = "required"
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-hml"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }

  tag_specifications {
    resource_type = "volume"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-hml"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }

  tag_specifications {
    resource_type = "network-interface"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-hml"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }
}

resource "aws_launch_template" "nodes-observability_launch-template" {
  description            = "Nodes of namespace observability"
  name                   = "${aws_eks_cluster.control-plane.name}-observability"
  update_default_version = true

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      delete_on_termination = "true"
      encrypted             = "true"
      volume_size           = 80
      volume_type           = "gp3"
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_put_response_hop_limit = 1
    http_tokens                 = "required"
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-observability"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }

  tag_specifications {
    resource_type = "volume"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-observability"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }

  tag_specifications {
    resource_type = "network-interface"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-observability"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }
}

resource "aws_launch_template" "nodes-prd_launch-template" {
  description            = "Nodes of namespace prd"
  name                   = "${aws_eks_cluster.control-plane.name}-prd"
  update_default_version = true

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      delete_on_termination = "true"
      encrypted             = "true"
      volume_size           = 50
      volume_type           = "gp3"
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_put_response_hop_limit = 1
    http_tokens                 = "required"
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-prd"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }

  tag_specifications {
    resource_type = "volume"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-prd"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }

  tag_specifications {
    resource_type = "network-interface"
    tags = {
      CostCenter  = "cc-1002"
      Environment = "prd"
      ManagedBy   = "terraform"
      Name        = "${aws_eks_cluster.control-plane.name}-prd"
      Owner       = "platform-team"
      Project     = "obs"
    }
  }
}

resource "aws_security_group" "control-plane_api-security-group" {
  description = "Kubernetes API from networks outside the cluster"
  name        = "obs-prd-kubernetes-api"
  tags = {
    Name = "obs-prd-kubernetes-api"
  }
  vpc_id = data.terraform_remote_state.network.outputs.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "control-plane_api-from-10-30-0-0_16" {
  cidr_ipv4         = "10.30.0.0/16"
  description       = "Kubernetes API from a network outside the cluster"
  from_port         = 443
  ip_protocol       = "tcp"
  security_group_id = aws_security_group.control-plane_api-security-group.id
  to_port           = 443
}

output "cluster_certificate_authority_data" {
  description = "Certificate of the Kubernetes API, base64"
  value       = aws_eks_cluster.control-plane.certificate_authority[0].data
}

output "cluster_endpoint" {
  description = "URL of the Kubernetes API"
  value       = aws_eks_cluster.control-plane.endpoint
}

output "cluster_name" {
  description = "EKS cluster"
  value       = aws_eks_cluster.control-plane.name
}

output "cluster_security_group_id" {
  description = "Security group of control plane and nodes"
  value       = aws_eks_cluster.control-plane.vpc_config[0].cluster_security_group_id
}

output "oidc_issuer" {
  description = "Issuer of service account tokens, without https://"
  value       = local.control-plane_oidc_issuer
}

output "oidc_provider_arn" {
  description = "IAM OIDC provider of the cluster"
  value       = aws_iam_openid_connect_provider.control-plane_oidc-provider.arn
}
