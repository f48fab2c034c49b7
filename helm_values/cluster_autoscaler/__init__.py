"""Cluster autoscaler: values and chart contract."""
