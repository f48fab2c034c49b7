"""Velero: values and chart contract."""
