"""Constructs of Kubernetes objects and Helm releases, one per file."""
