"""A real Kubernetes control plane on this computer, and what it says of the observability stack."""
