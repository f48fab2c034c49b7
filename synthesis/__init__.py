"""From settings to files: Terraform JSON, readable HCL, snapshots, dashboards, rules."""
